"""Families of related tasks: worlds that drift away from one of them by a stated distance.

Two tasks span a family. Between them lie four axes (motif, spacing, background, co-factor), and
along each of them a drift from 0, the one task, to 1, the other, is that share of their distance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_fraction, as_rng
from dragonn_lite.assays import _drift
from dragonn_lite.assays import grammar as g
from dragonn_lite.assays.backgrounds import GC_FRACTION, Independent, Markov
from dragonn_lite.assays.simulate import Group, Simulation, simulate
from dragonn_lite.dna import motifs

_AT_ONCE = 1_000  # sequences from one stream of random numbers, half of them bound


class Distance(NamedTuple):
    """How far two tasks lie apart, on each axis.

    Attributes
    ----------
    motif_bits : float
        Mean Jensen-Shannon divergence of the positions of the motifs, in bits, from 0 to 1: what
        one base of a site tells on average about which of the two tasks it comes from. A motif's
        positions are compared as they stand.
    spacing_bp : float
        How far the second site of a pair moves on average, in bp (earth mover's distance).
    background_bits : float
        Jensen-Shannon divergence of the dinucleotides, in bits.
    cofactor_share : float
        Difference of the shares of bound sequences that hold the co-factor.

    References
    ----------
    Lin 1991, doi:10.1109/18.61115
    """

    motif_bits: float
    spacing_bp: float
    background_bits: float
    cofactor_share: float


#: The axes, in the order of :class:`Distance`.
AXES = ("motif", "spacing", "background", "cofactor")


@dataclass(frozen=True)
class Task:
    """Bound or unbound: the rules of one task of a family.

    Without a partner, bound sequences hold one site of the motif and unbound ones none. With a
    partner both hold both motifs: side by side where bound, anywhere where unbound.

    Parameters
    ----------
    motif : Motif or str
        What is bound.
    partner : Motif or str, optional
        The second motif of a pair, right of the first.
    spacing_bp : int or mapping
        Base pairs between the two, or the probability of each number.
    background : float, Independent or Markov
        A GC fraction, or what the sites are planted into. The exact ceiling
        (:meth:`Simulation.log_odds`) needs independent bases.
    cofactor : Motif or str, optional
        A motif that some of the bound sequences hold too, anywhere.
    cofactor_share : float
        How many of them, from 0 to 1.
    length : int
        Length of each sequence in bp.

    Raises
    ------
    TypeError
        If a motif or the background is something else.
    ValueError
        If a fraction or the spacing is out of range, or there is a share without a co-factor.

    Examples
    --------
    >>> task = Task("SPI1_known4", "IRF_known20", spacing_bp=3, length=200)
    >>> simulation = task.simulate(20, rng=0)
    >>> simulation.sequences.shape, int(simulation.labels.sum())
    ((20, 200, 4), 10)
    """

    motif: motifs.Motif | str
    partner: motifs.Motif | str | None = None
    spacing_bp: int | Mapping[int, float] = 0
    background: float | Independent | Markov = GC_FRACTION
    cofactor: motifs.Motif | str | None = None
    cofactor_share: float = 0.0
    length: int = 500

    def __post_init__(self):
        for name in ("motif", "partner", "cofactor"):
            value = getattr(self, name)
            if value is not None or name == "motif":
                object.__setattr__(self, name, g.Site(value).motif)
        if not isinstance(self.background, (Independent, Markov)):
            if hasattr(self.background, "draw"):
                raise TypeError(
                    f"background is {type(self.background).__name__}, expected a GC fraction, "
                    "Independent or Markov: others have no distance"
                )
            gc_fraction = as_fraction(self.background, "the GC fraction of the background")
            object.__setattr__(self, "background", Independent(gc_fraction))
        # A pair checks the spacing, also where there is none.
        spacing = g.Pair(self.motif, self.motif, self.spacing_bp).spacing_bp
        object.__setattr__(self, "spacing_bp", spacing)
        as_fraction(self.cofactor_share, "cofactor_share")
        if self.cofactor_share and self.cofactor is None:
            raise ValueError(
                f"cofactor_share is {self.cofactor_share}, but there is no co-factor; pass "
                "cofactor= as well"
            )
        as_count(self.length, "length", 1)

    def simulate(self, n: int, *, rng) -> Simulation:
        """Simulate `n` sequences, bound and unbound in turn.

        Sets of one seed are nested: a larger one begins with the sequences, labels and sites of
        the smaller one, so that a curve over sizes compares like with like.

        Parameters
        ----------
        n : int
            Number of sequences, at least 2.
        rng : int or Generator
            Source of all randomness.

        Returns
        -------
        Simulation
            Its :meth:`~Simulation.log_odds` are the exact ceiling of this task.

        Raises
        ------
        ValueError
            If `n` is below 2, or the sites do not fit into the length.

        Examples
        --------
        >>> task = Task("TAL1_known4", length=100)
        >>> few, many = task.simulate(20, rng=1), task.simulate(2_000, rng=1)
        >>> bool((many.sequences[:20] == few.sequences).all())
        True
        """
        n = as_count(n, "n", 2)
        streams = as_rng(rng).spawn(math.ceil(n / _AT_ONCE))  # the first are always the same
        drawn = [self._in_turn(stream) for stream in streams]
        sites = [
            part.sites.assign(sequence=part.sites["sequence"] + i * _AT_ONCE)
            for i, part in enumerate(drawn)
        ]
        return replace(
            drawn[0],
            sequences=np.concatenate([part.sequences for part in drawn])[:n],
            labels=np.concatenate([part.labels for part in drawn])[:n],
            sites=pd.concat(sites, ignore_index=True).query("sequence < @n"),
            groups=self._groups(n),
        )

    def _groups(self, n) -> tuple[Group, Group]:
        bound, unbound = [g.Plant(self.motif)], []
        if self.partner is not None:
            bound = [g.Pair(self.motif, self.partner, self.spacing_bp)]
            unbound = [g.Plant(self.motif), g.Plant(self.partner)]
        if self.cofactor_share:
            bound.append(g.Plant(self.cofactor, g.bernoulli(self.cofactor_share)))
        return Group(n - n // 2, tuple(bound), 1), Group(n // 2, tuple(unbound), 0)

    def _in_turn(self, stream) -> Simulation:
        simulation = simulate(
            self._groups(_AT_ONCE),
            length=self.length,
            background=self.background,
            title="one task of a family",
            rng=stream,
        )
        rows = [np.flatnonzero(simulation.labels == label) for label in (1, 0)]
        return simulation.take(np.stack(rows, axis=1).ravel())


def shuffled(motif: motifs.Motif | str, *, rng) -> motifs.Motif:
    """A motif with its positions in another order: as much information, another sequence.

    Parameters
    ----------
    motif : Motif or str
        A motif, or the name of a built-in one.
    rng : int or Generator
        Source of all randomness.

    Returns
    -------
    Motif

    Examples
    --------
    >>> shuffled("TAL1_known4", rng=0)
    Motif('TAL1_known4 shuffled', 10 bp, KTCGACYNNC, 14.1 bits)
    """
    motif = g.Site(motif).motif
    matrix = as_rng(rng).permutation(motif.probabilities)
    return motifs.Motif(f"{motif.name} shuffled", matrix)


def distance(task: Task, other: Task) -> Distance:
    """How far two tasks lie apart.

    Parameters
    ----------
    task, other : Task
        Of one length, with or without a partner both, their motifs of one width.

    Returns
    -------
    Distance

    Raises
    ------
    ValueError
        If the two are not of one kind.

    Notes
    -----
    *What it does not show*: how hard either task is, or how alike two motifs would be if one were
    moved or turned (:func:`dragonn_lite.dna.comparison.best_match`).

    Examples
    --------
    >>> base = Task("TAL1_known4", background=0.4)
    >>> far = Task(shuffled("TAL1_known4", rng=0), background=0.6)
    >>> [round(each, 3) for each in distance(base, far)]
    [0.435, 0.0, 0.057, 0.0]
    """
    _check_one_kind(task, other)
    rows, spacing = [_drift.matrix(t.motif) for t in (task, other)], 0.0
    if task.partner is not None:
        rows = [np.vstack([rows[i], _drift.matrix(t.partner)]) for i, t in enumerate((task, other))]
        spacing = _drift.spacing_bp(task.spacing_bp, other.spacing_bp)
    return Distance(
        float(_drift.divergence_bits(*rows).mean()),
        float(spacing),
        float(_drift.background_bits(task.background, other.background)),
        float(abs(task.cofactor_share - other.cofactor_share)),
    )


def drifted(
    base: Task,
    far: Task,
    *,
    motif: float = 0.0,
    spacing: float = 0.0,
    background: float = 0.0,
    cofactor: float = 0.0,
) -> Task:
    """A task between two others, each axis moved for itself.

    A drift of 0.25 along an axis gives a quarter of the distance of `far` from `base`. The motifs
    change position by position: those that have changed are the far motif's, one is a mixture,
    the others are the base's. Their order keeps the information of the motif about the same on
    the way, and with it how hard the task is. The spacing moves as a whole; between two numbers
    of bp it is one or the other. The background goes by its GC fraction where both ends are of
    independent bases, else by its dinucleotides.

    Parameters
    ----------
    base, far : Task
        The ends.
    motif, spacing, background, cofactor : float
        Drift along each axis, from 0 (`base`) to 1 (`far`); the motif's takes the partner along.

    Returns
    -------
    Task
        `base` itself without any drift, and `far` with all of them 1.

    Raises
    ------
    ValueError
        If the ends are not of one kind or a drift is not from 0 to 1.

    References
    ----------
    Yosinski et al. 2014, doi:10.48550/arXiv.1411.1792: what transfers, against distance.

    Examples
    --------
    >>> base = Task("TAL1_known4")
    >>> far = Task(shuffled("TAL1_known4", rng=0))
    >>> drifted(base, far, motif=0.5).motif.consensus
    'KTCGKCTGNY'
    >>> round(distance(base, drifted(base, far, motif=0.5)).motif_bits, 3)
    0.217
    """
    _check_one_kind(base, far)
    for axis, drift in zip(AXES, (motif, spacing, background, cofactor), strict=True):
        as_fraction(drift, axis)
    changed = {}
    if motif:
        changed["motif"] = _drift.motif_between(base.motif, far.motif, motif)
        if base.partner is not None:
            changed["partner"] = _drift.motif_between(base.partner, far.partner, motif)
    if spacing:
        changed["spacing_bp"] = _drift.spacing_between(base.spacing_bp, far.spacing_bp, spacing)
    if background:
        ends = base.background, far.background
        changed["background"] = _drift.background_between(*ends, background)
    if cofactor:
        shares = base.cofactor_share, far.cofactor_share
        changed["cofactor"] = far.cofactor if base.cofactor is None else base.cofactor
        changed["cofactor_share"] = float(np.dot([1 - cofactor, cofactor], shares))
    return replace(base, **changed)


def family(
    base: Task, far: Task, *, drifts: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0)
) -> pd.DataFrame:
    """Tasks at several drifts along each axis in which two tasks differ, and along all at once.

    Parameters
    ----------
    base, far : Task
        The ends.
    drifts : sequence of float
        From 0 to 1.

    Returns
    -------
    DataFrame
        One row a task: `axis` ("motif", "spacing", "background", "cofactor", or "together" where
        they differ in more than one), `drift`, its distance from `base` (the columns of
        :class:`Distance`), and the `task`.

    Raises
    ------
    ValueError
        If the ends are not of one kind, do not differ, or a drift is not from 0 to 1.

    Examples
    --------
    >>> base = Task("TAL1_known4", background=0.4)
    >>> far = Task(shuffled("TAL1_known4", rng=0), background=0.6)
    >>> relatives = family(base, far, drifts=[0, 1])
    >>> relatives[["axis", "drift", "motif_bits", "background_bits"]].round(3)
             axis  drift  motif_bits  background_bits
    0       motif    0.0       0.000            0.000
    1       motif    1.0       0.435            0.000
    2  background    0.0       0.000            0.000
    3  background    1.0       0.000            0.057
    4    together    0.0       0.000            0.000
    5    together    1.0       0.435            0.057
    """
    apart = [axis for axis, far_off in zip(AXES, distance(base, far), strict=True) if far_off > 0]
    if not apart:
        raise ValueError("base and far do not differ on any axis; give far another motif or more")
    ways = {axis: [axis] for axis in apart}
    if len(apart) > 1:
        ways["together"] = apart
    rows = []
    for name, axes in ways.items():
        for drift in drifts:
            task = drifted(base, far, **dict.fromkeys(axes, drift))
            rows.append((name, float(drift), *distance(base, task), task))
    return pd.DataFrame(rows, columns=["axis", "drift", *Distance._fields, "task"])


def _check_one_kind(base, far):
    for name, task in (("base", base), ("far", far)):
        if not isinstance(task, Task):
            raise TypeError(f"the {name} task is {type(task).__name__}, expected a Task")
    if base.length != far.length:
        raise ValueError(
            f"one task has length {base.length}, the other {far.length}; make them one"
        )
    if (base.partner is None) != (far.partner is None):
        raise ValueError("one task has a partner, the other has none; give it to both or to none")
    for one, other in ((base.motif, far.motif), (base.partner, far.partner)):
        if one is not None and one.width_bp != other.width_bp:
            raise ValueError(
                f"{one.name} has {one.width_bp} bp and {other.name} {other.width_bp}, expected one "
                "width; cut the wider, as in Motif(name, motif.probabilities[:width])"
            )
    known = [t.cofactor for t in (base, far) if t.cofactor is not None]
    if len(known) == 2 and not np.array_equal(known[0].probabilities, known[1].probabilities):
        raise ValueError(
            f"the co-factors are {known[0].name} and {known[1].name}; only the share of one can "
            "drift, take the same for both"
        )
