"""The parts of a simulation: what is planted, how often, where, and how well it fits its motif.

A grammar is a tuple of parts: :class:`Plant` (one motif), :class:`Pair` (two motifs at a spacing)
and :class:`Subset` (a random choice of other parts). Each part is a finite distribution over
how many blocks of which layout a sequence receives. Sampling (:mod:`dragonn_lite.assays.simulate`)
and the exact likelihood (:mod:`dragonn_lite.assays.likelihood`) read this one description.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import NamedTuple

import numpy as np

from dragonn_lite._contract import as_count
from dragonn_lite.dna import motifs

#: Added to every probability of a motif before sites are drawn from it, as in DragoNN.
PSEUDOCOUNT = 0.001

_MOST_OUTCOMES = 20_000
_MOST_DRAWS = 10_000


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
    _check_fraction(probability, "probability")
    return {0: 1 - probability, 1: probability}


def poisson(mean: float, maximum: int) -> dict[int, float]:
    """Poisson counts, truncated at `maximum` and renormalised.

    Examples
    --------
    >>> {k: round(p, 2) for k, p in poisson(1.0, 2).items()}
    {0: 0.4, 1: 0.4, 2: 0.2}
    """
    if not (math.isfinite(mean) and mean > 0):
        raise ValueError(f"mean is {mean!r}, expected a positive number of sites")
    as_count(maximum, "maximum")
    weights = [math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(maximum + 1)]
    return {k: weight / sum(weights) for k, weight in enumerate(weights)}


def zero_inflated(counts: int | Mapping[int, float], probability_zero: float) -> dict[int, float]:
    """No site with `probability_zero`, otherwise as `counts` says.

    Examples
    --------
    >>> zero_inflated(2, 0.5)
    {0: 0.5, 2: 0.5}
    """
    _check_fraction(probability_zero, "probability_zero")
    inflated = {0: probability_zero}
    for k, probability in _counts(counts, "counts").items():
        inflated[k] = inflated.get(k, 0.0) + (1 - probability_zero) * probability
    return inflated


# --- where --------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Position:
    """Where a block may start.

    Parameters
    ----------
    words : str
        As it is said in a description: "anywhere", "inside the central 150 bp".
    weights : callable
        From the sequence length and the block's width, both in bp, to the weight of each
        start 0, 1, ..., length - width (an array, not negative).
    """

    words: str
    weights: Callable[[int, int], np.ndarray]

    def probabilities(self, length: int, width: int) -> np.ndarray:
        """Probability of each start, shape (length - width + 1,).

        Raises
        ------
        ValueError
            If no start has room for the block, or the weights are not one a start.
        """
        weights = np.asarray(self.weights(length, width), float) if width <= length else np.zeros(0)
        if weights.shape != (max(length - width + 1, 0),) or not (weights >= 0).all():
            raise ValueError(
                f"the weights {self.words} have shape {weights.shape} or hold a negative value, "
                f"expected one of at least 0 for each of {length - width + 1} starts"
            )
        total = weights.sum()
        if total <= 0:
            raise ValueError(
                f"a block of {width} bp has no room {self.words} of a sequence of {length} bp; "
                "make length larger or plant less"
            )
        return weights / total


def anywhere() -> Position:
    """Every start with room for the whole block, all as probable."""
    return Position("anywhere", lambda length, width: np.ones(length - width + 1))


def at(start: int) -> Position:
    """Always at the same start (0-based)."""
    as_count(start, "start")
    return Position(f"at position {start}", lambda length, width: _starts(length, width) == start)


def normal(mean_bp: float, sd_bp: float) -> Position:
    """Block centres from a normal distribution, in bp from the sequence's start."""
    if not sd_bp > 0:
        raise ValueError(f"sd_bp is {sd_bp!r}, expected a positive number of bp")

    def weights(length, width):
        z = (_starts(length, width) + width / 2 - mean_bp) / sd_bp
        return np.exp(-0.5 * (z**2 - (z**2).min()))  # relative to the best start: no underflow

    return Position(f"around position {mean_bp:g} (sd {sd_bp:g} bp)", weights)


def inside_centre(size_bp: int) -> Position:
    """Whole block inside the central `size_bp` base pairs."""
    as_count(size_bp, "size_bp", 1)
    return Position(
        f"inside the central {size_bp} bp", lambda length, width: _is_central(length, width, size_bp)
    )


def outside_centre(size_bp: int) -> Position:
    """No base of the block inside the central `size_bp` base pairs."""
    as_count(size_bp, "size_bp", 1)

    def weights(length, width):
        low = (length - size_bp) // 2
        start = _starts(length, width)
        return (start + width <= low) | (start >= low + size_bp)

    return Position(f"outside the central {size_bp} bp", weights)


def _starts(length, width):
    return np.arange(length - width + 1)


def _is_central(length, width, size_bp):
    low = (length - size_bp) // 2
    start = _starts(length, width)
    return (start >= low) & (start + width <= low + size_bp)


# --- what ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Site:
    """One binding site: its motif, its strand, and how well it fits.

    Parameters
    ----------
    motif : Motif or str
        A motif, or the name of a built-in one.
    reverse_fraction : float
        Share of sites planted as reverse complement.
    best : bool
        Plant the most probable sequence instead of sampling from the motif.
    minimum_bits : float, optional
        Sample again until the log-odds score reaches this many bits.
    mutation_rate : float
        Probability that a base of the finished site is replaced by one of the other three.
    """

    motif: motifs.Motif | str
    reverse_fraction: float = 0.5
    best: bool = False
    minimum_bits: float | None = None
    mutation_rate: float = 0.0

    def __post_init__(self):
        _check_fraction(self.reverse_fraction, "reverse_fraction")
        _check_fraction(self.mutation_rate, "mutation_rate")
        if self.minimum_bits is not None and not math.isfinite(self.minimum_bits):
            raise ValueError(f"minimum_bits is {self.minimum_bits!r}, expected a number of bits")
        if isinstance(self.motif, str):
            object.__setattr__(self, "motif", motifs.builtin(self.motif))
        elif not isinstance(self.motif, motifs.Motif):
            raise TypeError(
                f"motif is {type(self.motif).__name__}, expected a Motif or a built-in name"
            )

    @property
    def width_bp(self) -> int:
        """Length of the site in bp."""
        return self.motif.width_bp

    def smoothed(self) -> np.ndarray:
        """Probability of each base with the pseudocount, (width, 4)."""
        smoothed = self.motif.probabilities + PSEUDOCOUNT
        return smoothed / smoothed.sum(axis=1, keepdims=True)

    def matrix(self) -> np.ndarray:
        """Probability of each base of a finished site without a minimum score, (width, 4)."""
        matrix = self.smoothed()
        if self.best:
            matrix = np.eye(4)[matrix.argmax(axis=1)]
        return matrix + self.mutation_rate * (1 - 4 * matrix) / 3

    def draw(self, n: int, background: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Letter codes of `n` sites on the forward strand, (n, width) ``uint8``.

        Raises
        ------
        ValueError
            If sites of `minimum_bits` are impossible or too rare to sample.
        """
        if self.minimum_bits is None:
            return _sample(self.matrix(), n, rng)
        matrix = np.eye(4)[self.smoothed().argmax(axis=1)] if self.best else self.smoothed()
        log_odds = np.log2(self.smoothed() / background)
        codes = _sample(matrix, n, rng)
        for _ in range(_MOST_DRAWS):
            low = np.flatnonzero(site_scores(codes, log_odds) < self.minimum_bits)
            if not len(low):
                break
            codes[low] = _sample(matrix, len(low), rng)
        else:
            raise ValueError(
                f"minimum_bits is {self.minimum_bits:g}, which sites of {self.motif.name} hardly "
                f"ever reach (their best is {log_odds.max(axis=1).sum():.1f} bits); lower it"
            )
        mutated = rng.random(codes.shape) < self.mutation_rate
        shift = rng.integers(1, 4, codes.shape, dtype=np.uint8)
        return np.where(mutated, (codes + shift) % 4, codes).astype(np.uint8)


def site_scores(codes: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """Log-odds score in bits of sites given as letter codes (n, width), shape (n,)."""
    return log_odds.ravel().take(codes + 4 * np.arange(len(log_odds))).sum(axis=1)


def _sample(matrix, n, rng):
    cumulative = matrix.cumsum(axis=1)[:, :3]
    draws = rng.random((n, len(matrix)))
    codes = np.zeros(draws.shape, np.uint8)
    for column in cumulative.T:  # a draw passes as many thresholds as its letter's code
        codes += draws >= column
    return codes


# --- parts of a grammar -------------------------------------------------------------------------
class Layout(NamedTuple):
    """A block that is planted as a whole: its width, its sites with their offsets, its position."""

    width_bp: int
    sites: tuple[tuple[Site, int], ...]
    position: Position


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
class Subset:
    """A random subset of other parts, each at most once.

    Parameters
    ----------
    parts : sequence of Plant, Pair or Subset
        What to choose from.
    size : int or mapping
        How many are chosen, or the probability of each number; all subsets of one size are as
        probable. With two parts and `size=1` this is "one or the other" (XOR).
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


Grammar = tuple  # of Plant, Pair and Subset


def expand(grammar: Sequence) -> tuple[tuple[Layout, ...], list[Outcome]]:
    """All layouts of a grammar, and every content it may give to a sequence.

    Raises
    ------
    ValueError
        If there are too many different contents to list.
    """
    grammar = tuple(grammar)
    layouts = tuple(layout for part in grammar for layout in part.layouts())
    return layouts, _product([part.outcomes() for part in grammar], 1.0)


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
        raise ValueError(f"{name} is {dict(count)}, expected numbers with probabilities that add to 1")
    return {k: p for k, p in sorted(counts.items()) if p > 0}


def _count_words(counts):
    if len(counts) == 1:
        return str(next(iter(counts)))
    return f"{min(counts)} to {max(counts)}"


def _check_fraction(value, name):
    if not (isinstance(value, Real) and 0 <= value <= 1):
        raise ValueError(f"{name} is {value!r}, expected a number from 0 to 1")
