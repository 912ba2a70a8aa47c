"""The parts of a simulation: what is planted, how often, where, and how well it fits its motif.

A grammar is a tuple of parts: :class:`Plant` (one motif), :class:`Pair` (two motifs at a spacing),
:class:`Ordered` (motifs in an order, at any distance) and :class:`Subset` (a random choice of other
parts). Each part is a finite distribution over
how many blocks of which layout a sequence receives. Sampling (:mod:`dragonn_lite.assays.simulate`)
and the exact likelihood (:mod:`dragonn_lite.assays.likelihood`) read this one description.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import NamedTuple

import numpy as np

from dragonn_lite._contract import as_count, as_fraction
from dragonn_lite.assays.positions import (
    Position,
    anywhere,
    at,
    inside_centre,
    normal,
    outside_centre,
)
from dragonn_lite.assays.sites import Site
from dragonn_lite.dna import motifs

__all__ = [
    "Ordered", "Pair", "Plant", "Position", "Site", "Subset", "anywhere", "at", "bernoulli", "expand",
    "inside_centre", "normal", "outside_centre", "poisson", "uniform", "zero_inflated",
]  # fmt: skip

_MOST_OUTCOMES = 20_000


# --- how many -----------------------------------------------------------------------------------
def uniform(minimum: int, maximum: int) -> dict[int, float]:
    """Counts from `minimum` to `maximum`, all as probable.

    Examples
    --------
    >>> uniform(2, 3)
    {2: 0.5, 3: 0.5}
    """
    as_count(minimum, "minimum")
    as_count(maximum, "maximum", minimum)
    return {k: 1 / (maximum - minimum + 1) for k in range(minimum, maximum + 1)}


def bernoulli(probability: float) -> dict[int, float]:
    """One with the given probability, otherwise none.

    Examples
    --------
    >>> bernoulli(0.25)
    {0: 0.75, 1: 0.25}
    """
    as_fraction(probability, "probability")
    return {0: 1 - probability, 1: probability}


def poisson(mean: float, maximum: int) -> dict[int, float]:
    """Poisson counts, truncated at `maximum` and renormalised.

    Examples
    --------
    >>> {k: round(p, 2) for k, p in poisson(1.0, 2).items()}
    {0: 0.4, 1: 0.4, 2: 0.2}
    """
    if not (isinstance(mean, Real) and math.isfinite(mean) and mean > 0):
        raise ValueError(f"mean is {mean!r}, expected a positive number of sites")
    as_count(maximum, "maximum")
    logs = [k * math.log(mean) - math.lgamma(k + 1) for k in range(maximum + 1)]
    weights = [math.exp(log - max(logs)) for log in logs]
    return {k: weight / sum(weights) for k, weight in enumerate(weights)}


def zero_inflated(counts: int | Mapping[int, float], probability_zero: float) -> dict[int, float]:
    """No site with `probability_zero`, otherwise as `counts` says.

    Examples
    --------
    >>> zero_inflated(2, 0.5)
    {0: 0.5, 2: 0.5}
    """
    as_fraction(probability_zero, "probability_zero")
    inflated = {0: probability_zero}
    for k, probability in _counts(counts, "counts").items():
        inflated[k] = inflated.get(k, 0.0) + (1 - probability_zero) * probability
    return inflated


# --- parts of a grammar -------------------------------------------------------------------------
class Layout(NamedTuple):
    """A block that is planted as a whole: its width, its sites with their offsets, its position.

    A block of rank 2 stands right of the one of rank 1, and so on; rank 0 stands anywhere.
    """

    width_bp: int
    sites: tuple[tuple[Site, int], ...]
    position: Position
    rank: int = 0


#: One possible content of a sequence: blocks of each layout, and its probability.
Outcome = tuple[tuple[int, ...], float]


@dataclass(frozen=True)
class Plant:
    """A motif planted `count` times.

    Parameters
    ----------
    site : Site, Motif or str
        What is planted.
    count : int or mapping
        How often, or the probability of each number (:func:`uniform`, :func:`poisson`, ...).
    position : Position
        Where.

    Examples
    --------
    >>> Plant("TAL1_known4", uniform(1, 2), inside_centre(100)).outcomes()
    [((1,), 0.5), ((2,), 0.5)]
    """

    site: Site | motifs.Motif | str
    count: int | Mapping[int, float] = 1
    position: Position = anywhere()

    def __post_init__(self):
        object.__setattr__(self, "site", _site(self.site))
        object.__setattr__(self, "count", _counts(self.count, "count"))

    def layouts(self) -> tuple[Layout, ...]:
        """The blocks this part plants."""
        return (Layout(self.site.width_bp, ((self.site, 0),), self.position),)

    def outcomes(self) -> list[Outcome]:
        """How many blocks of each layout, with what probability."""
        return [((k,), probability) for k, probability in self.count.items()]

    def words(self) -> str:
        """This part in a few words."""
        return f"{_count_words(self.count)} {self.site.motif.name} {self.position.words}"


@dataclass(frozen=True)
class Pair:
    """Two motifs side by side at a given spacing.

    Parameters
    ----------
    first, second : Site, Motif or str
        What is planted, from left to right.
    spacing_bp : int or mapping
        Base pairs between the two, or the probability of each number.
    count : int or mapping
        How many pairs.
    position : Position
        Where the whole block lies.
    any_order : bool
        Either motif may come first, with equal probability.

    Examples
    --------
    >>> Pair("SPI1_known4", "IRF_known20", uniform(2, 5)).words()
    '1 SPI1_known4-IRF_known20 pair, 2 to 5 bp apart, anywhere'
    """

    first: Site | motifs.Motif | str
    second: Site | motifs.Motif | str
    spacing_bp: int | Mapping[int, float] = 0
    count: int | Mapping[int, float] = 1
    position: Position = anywhere()
    any_order: bool = False

    def __post_init__(self):
        object.__setattr__(self, "first", _site(self.first))
        object.__setattr__(self, "second", _site(self.second))
        object.__setattr__(self, "spacing_bp", _counts(self.spacing_bp, "spacing_bp"))
        object.__setattr__(self, "count", _counts(self.count, "count"))

    def layouts(self) -> tuple[Layout, ...]:
        """One block for each order and spacing."""
        orders = [(self.first, self.second)]
        if self.any_order:
            orders.append((self.second, self.first))
        return tuple(
            Layout(
                left.width_bp + spacing + right.width_bp,
                ((left, 0), (right, left.width_bp + spacing)),
                self.position,
            )
            for left, right in orders
            for spacing in self.spacing_bp
        )

    def outcomes(self) -> list[Outcome]:
        """How many blocks of each layout, with what probability."""
        each = [p / (2 if self.any_order else 1) for p in self.spacing_bp.values()]
        each *= 2 if self.any_order else 1
        outcomes = []
        for k, probability in self.count.items():
            _check_listable(math.comb(len(each) + k - 1, k))
            for chosen in itertools.combinations_with_replacement(range(len(each)), k):
                counts = tuple(np.bincount(chosen, minlength=len(each)).tolist())
                ways = math.factorial(k) / math.prod(map(math.factorial, counts))
                outcomes.append((counts, probability * ways * math.prod(each[i] for i in chosen)))
        return outcomes

    def words(self) -> str:
        """This part in a few words."""
        return (
            f"{_count_words(self.count)} {self.first.motif.name}-{self.second.motif.name} pair, "
            f"{_count_words(self.spacing_bp)} bp apart{', in either order' * self.any_order}, "
            f"{self.position.words}"
        )


@dataclass(frozen=True)
class Ordered:
    """Motifs from left to right in a given order, at any distance.

    Of all arrangements, each is as probable as the positions of its sites say: with sites anywhere,
    all that keep the order are equally probable.

    Parameters
    ----------
    sites : sequence of Site, Motif or str
        What is planted, from left to right; a motif may come more than once.
    min_spacing : int
        At least as many bp between neighbours, and from the ends of the sequence.
    position : Position
        Where each of them lies, together with the space that is kept free on its left.

    Examples
    --------
    >>> Ordered(["GATA1", "SPI1_known4", "GATA1"]).words()
    'GATA1, SPI1_known4, GATA1 in this order, anywhere'
    """

    sites: Sequence
    min_spacing: int = 0
    position: Position = anywhere()

    def __post_init__(self):
        if isinstance(self.sites, str):
            raise TypeError(f"sites is the text {self.sites!r}, expected a list of motifs or names")
        object.__setattr__(self, "sites", tuple(_site(site) for site in self.sites))
        if not self.sites:
            raise ValueError("sites is empty, expected at least one motif")
        as_count(self.min_spacing, "min_spacing")

    def layouts(self) -> tuple[Layout, ...]:
        """One block a site, ranked, with the space on its left; the last also on its right."""
        free, last = self.min_spacing, len(self.sites)
        return tuple(
            Layout(
                free + site.width_bp + free * (rank == last), ((site, free),), self.position, rank
            )
            for rank, site in enumerate(self.sites, 1)
        )

    def outcomes(self) -> list[Outcome]:
        """How many blocks of each layout, with what probability."""
        return [((1,) * len(self.sites), 1.0)]

    def words(self) -> str:
        """This part in a few words."""
        names = ", ".join(site.motif.name for site in self.sites)
        apart = f" {self.min_spacing} bp or more apart," if self.min_spacing else ""
        return f"{names} in this order,{apart} {self.position.words}"


@dataclass(frozen=True)
class Subset:
    """A random subset of other parts, each at most once.

    Parameters
    ----------
    parts : sequence of Plant, Pair or Subset
        What to choose from.
    size : int or mapping
        How many are chosen, or the probability of each number; all subsets of one size are as
        probable. With two parts and `size=1` this is "one or the other" (XOR).

    Examples
    --------
    >>> either = Subset([Plant("GATA1"), Plant("SPI1_known4")], size=1)
    >>> either.outcomes()
    [((1, 0), 0.5), ((0, 1), 0.5)]
    """

    parts: Sequence
    size: int | Mapping[int, float] = 1

    def __post_init__(self):
        object.__setattr__(self, "parts", tuple(self.parts))
        object.__setattr__(self, "size", _counts(self.size, "size"))
        if max(self.size) > len(self.parts):
            raise ValueError(
                f"size goes up to {max(self.size)}, but there are {len(self.parts)} parts to "
                "choose from; each is planted at most once"
            )

    def layouts(self) -> tuple[Layout, ...]:
        """The layouts of all parts, one after the other."""
        return tuple(layout for part in self.parts for layout in part.layouts())

    def outcomes(self) -> list[Outcome]:
        """How many blocks of each layout, with what probability."""
        absent = [[((0,) * len(part.layouts()), 1.0)] for part in self.parts]
        outcomes = []
        for size, probability in self.size.items():
            n_subsets = math.comb(len(self.parts), size)
            _check_listable(n_subsets)
            for chosen in itertools.combinations(range(len(self.parts)), size):
                options = [
                    part.outcomes() if i in chosen else absent[i]
                    for i, part in enumerate(self.parts)
                ]
                outcomes += _product(options, probability / n_subsets)
                _check_listable(len(outcomes))
        return outcomes

    def words(self) -> str:
        """This part in a few words."""
        return f"{_count_words(self.size)} of [{'; '.join(part.words() for part in self.parts)}]"


def expand(grammar: Sequence) -> tuple[tuple[Layout, ...], list[Outcome]]:
    """All layouts of a grammar, and every content it may give to a sequence.

    Raises
    ------
    ValueError
        If there are too many different contents to list, or two orders at once in one of them.
    """
    grammar = tuple(grammar)
    layouts = tuple(layout for part in grammar for layout in part.layouts())
    outcomes = _product([part.outcomes() for part in grammar], 1.0)
    first = [layout.rank == 1 for layout in layouts]
    if any(sum(itertools.compress(counts, first)) > 1 for counts, _ in outcomes):
        raise ValueError(
            "two parts of a grammar are Ordered, and how they mix is not said; write one Ordered "
            "of all their sites, or choose one of them by Subset"
        )
    return layouts, outcomes


def _product(options, probability):
    _check_listable(math.prod(map(len, options)))
    return [
        (sum((counts for counts, _ in combined), ()),
         probability * math.prod(p for _, p in combined))
        for combined in itertools.product(*options)
    ]  # fmt: skip


def _check_listable(n_outcomes):
    if n_outcomes > _MOST_OUTCOMES:
        raise ValueError(
            f"the grammar has {n_outcomes} or more different contents, at most {_MOST_OUTCOMES} "
            "can be listed; plant fewer parts or narrow their counts"
        )


def _site(site):
    return site if isinstance(site, Site) else Site(site)


def _counts(count, name) -> dict[int, float]:
    if not isinstance(count, Mapping):
        return {as_count(count, name): 1.0}
    counts = {as_count(k, name): float(p) for k, p in count.items()}
    if not counts or min(counts.values()) < 0 or not math.isclose(sum(counts.values()), 1):
        raise ValueError(
            f"{name} is {dict(count)}, expected numbers and probabilities that add to 1"
        )
    return {k: p for k, p in sorted(counts.items()) if p > 0}


def _count_words(counts):
    if len(counts) == 1:
        return str(next(iter(counts)))
    return f"{min(counts)} to {max(counts)}"
