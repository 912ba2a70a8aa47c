"""Grammars that need memory: brackets, an order, a number that is even.

Whoever reads such a sequence base by base must carry something from one site to the next, at any
distance: a state of the grammar's :class:`Automaton`. :func:`reading_states` says what that is
after every base, :func:`inside_site` and :func:`count_so_far` say what else could be remembered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from dragonn_lite._contract import as_count
from dragonn_lite.assays import grammar as g
from dragonn_lite.assays.automata import Automaton, count_so_far, inside_site, reading_states
from dragonn_lite.assays.backgrounds import GC_FRACTION
from dragonn_lite.assays.simulate import Group, Simulation, simulate

__all__ = [
    "MUTATION_RATE", "Automaton", "brackets", "count_so_far", "even_count", "inside_site",
    "motif_order", "reading_states",
]  # fmt: skip

#: Share of a planted site's bases that differ from its motif's best sequence.
MUTATION_RATE = 0.02


def brackets(
    opening="GATA1",
    closing="TAL1_known4",
    *,
    n_pairs: tuple[int, int] = (2, 3),
    min_spacing: int = 10,
    length: int = 150,
    n_positive: int = 4_000,
    n_negative: int = 4_000,
    gc_fraction: float = GC_FRACTION,
    rng,
) -> Simulation:
    """Each opening motif is closed before the next one opens; in the negatives two are swapped.

    Both classes hold the same motifs in the same numbers, at any distance. A negative differs
    from a positive by one swap of two neighbours: in half of them an opening comes too early, in the
    other half a closing, so that how far left the openings lie says nothing on average. (Of a single
    pair the closing always does.) From three pairs on, the negatives too begin with an opening and
    end with a closing.

    What a shortcut still finds: where sites nearly fill the sequence, the place of a site says
    which one it is, and a network that weighs every position for itself needs no memory. A linear
    model of where the sites lie reaches an auROC of 0.9 at 150 bp and of 0.74 at 200 bp. GC
    content, words of DNA and all that is pooled over the sequence from up to `min_spacing` bp at a
    time stay at 0.5.

    Parameters
    ----------
    opening, closing : Site, Motif or str
        What opens and what closes. Motifs and names are planted on the + strand, at their best, and
        2 in 100 bases mutated; pass a :class:`~dragonn_lite.assays.grammar.Site` for other choices.
    n_pairs : (int, int)
        Smallest and largest number of pairs, each number as frequent in both classes.
    min_spacing : int
        At least as many bp between neighbouring sites, and from the ends: what spans less never
        sees two sites, or a site and an end.
    length : int
        Length of each sequence in bp.
    n_positive, n_negative : int
        Number of sequences with label 1 and 0.
    gc_fraction : float
        GC fraction of the background.
    rng : int or Generator
        Source of all randomness.

    Returns
    -------
    Simulation
        Its ``automaton`` has the states outside, inside and broken.

    Raises
    ------
    ValueError
        If the two motifs have one name, there is no pair, or the sites do not fit.

    Examples
    --------
    >>> simulation = brackets(n_positive=3, n_negative=3, rng=0)
    >>> simulation.sequences.shape, simulation.labels.tolist()
    ((6, 150, 4), [1, 1, 1, 0, 0, 0])
    >>> simulation.automaton.transitions.head(4)
         state        motif     next  accepted
    0  outside        GATA1   inside     False
    1  outside  TAL1_known4   broken     False
    2   inside        GATA1   broken     False
    3   inside  TAL1_known4  outside      True
    """
    sites = _distinct([opening, closing])
    least, most = _between(n_pairs, "n_pairs")
    numbers = range(least, most + 1)
    groups = []
    for n, label in ((n_positive, 1), (n_negative, 0)):
        for pairs, share in zip(numbers, _shared(n, [1] * len(numbers)), strict=True):
            words = {(0, 1) * pairs: 1.0} if label else _slips(pairs)
            groups += _groups(sites, words, min_spacing, share, label)
    automaton = Automaton(
        ("outside", "inside", "broken"), _names(sites), ((1, 2), (2, 0), (2, 2)), (0,)
    )
    return _simulated(groups, automaton, length, gc_fraction, "brackets", rng)


def motif_order(
    motifs: Sequence = ("GATA1", "TAL1_known4", "SPI1_known4"),
    *,
    min_spacing: int = 10,
    length: int = 150,
    n_positive: int = 4_000,
    n_negative: int = 4_000,
    gc_fraction: float = GC_FRACTION,
    rng,
) -> Simulation:
    """One site of each motif, in the order given; in the negatives two neighbours are swapped.

    Parameters
    ----------
    motifs : sequence of Site, Motif or str
        Two or more, from left to right, planted as in :func:`brackets`.
    min_spacing, length, n_positive, n_negative, gc_fraction, rng
        As in :func:`brackets`.

    Returns
    -------
    Simulation
        The states of its ``automaton`` are how many motifs were read in order, and broken.

    Examples
    --------
    >>> simulation = motif_order(["GATA1", "SPI1_known4"], n_positive=2, n_negative=2, rng=0)
    >>> simulation.automaton.states
    ('none read', '1 read', '2 read', 'broken')
    """
    if isinstance(motifs, str) or not np.iterable(motifs):
        raise TypeError(f"motifs is {motifs!r}, expected a list of motifs or names")
    sites = _distinct(motifs)
    n = len(sites)
    if n < 2:
        raise ValueError(f"motifs holds {n} of the two or more that an order needs")
    order = tuple(range(n))
    swapped = dict.fromkeys(_swapped(order, range(n - 1)), 1.0)
    groups = [
        *_groups(sites, {order: 1.0}, min_spacing, n_positive, 1),
        *_groups(sites, swapped, min_spacing, n_negative, 0),
    ]
    states = ("none read", *(f"{k} read" for k in range(1, n + 1)), "broken")
    following = [[k + 1 if k == motif else n + 1 for motif in order] for k in range(n + 2)]
    automaton = Automaton(states, _names(sites), tuple(map(tuple, following)), (n,))
    return _simulated(groups, automaton, length, gc_fraction, "motif order", rng)


def even_count(
    motif="GATA1",
    *,
    largest: int = 4,
    length: int = 150,
    n_positive: int = 4_000,
    n_negative: int = 4_000,
    gc_fraction: float = GC_FRACTION,
    rng,
) -> Simulation:
    """An even number of sites in the positives, an odd one in the negatives.

    Positives hold 2, 4, ... sites; negatives are as many on average, so that more sites are not
    more bound: half of the sequences hold one site less than a positive, half one more.

    Parameters
    ----------
    motif : Site, Motif or str
        What is counted, planted as in :func:`brackets`.
    largest : int
        The largest even number.
    length, n_positive, n_negative, gc_fraction, rng
        As in :func:`brackets`.

    Returns
    -------
    Simulation
        The states of its ``automaton`` are even and odd.

    Examples
    --------
    >>> simulation = even_count(n_positive=4, n_negative=4, rng=0)
    >>> (np.bincount(simulation.sites["sequence"]) % 2 == 0).tolist()
    [True, True, False, True, True, False, False, False]
    >>> simulation.labels.tolist()
    [1, 1, 0, 1, 1, 0, 0, 0]
    """
    if as_count(largest, "largest", 2) % 2:
        raise ValueError(f"largest is {largest}, expected an even number")
    (site,) = _distinct([motif])
    even = dict.fromkeys(range(2, largest + 1, 2), 1.0)
    odd = {k: (even.get(k - 1, 0) + even.get(k + 1, 0)) / 2 for k in range(1, largest + 2, 2)}
    groups = []
    for n, shares, label in ((n_positive, even, 1), (n_negative, odd, 0)):
        counts = {k: share / sum(shares.values()) for k, share in shares.items()}
        groups.append(Group(n, [g.Plant(site, counts)], label))
    automaton = Automaton(("even", "odd"), _names([site]), ((1,), (0,)), (0,))
    return _simulated(groups, automaton, length, gc_fraction, "even count", rng)


def _simulated(groups, automaton, length, gc_fraction, title, rng) -> Simulation:
    simulation = simulate(groups, length=length, background=gc_fraction, title=title, rng=rng)
    return replace(simulation, automaton=automaton)


def _slips(n_pairs: int) -> dict[tuple[int, ...], float]:
    """Closed brackets with one swap, as words of 0 (opening) and 1 (closing), and their shares."""
    word = (0, 1) * n_pairs
    opened_twice = _swapped(word, range(1, len(word) - 2, 2))
    ends = 2 if n_pairs > 2 else 0  # leave the first and the last motif where they are
    closed_twice = _swapped(word, range(ends, len(word) - ends, 2))
    return {slip: 1 / len(slips) for slips in (opened_twice, closed_twice) for slip in slips}


def _swapped(word, places):
    return [(*word[:i], word[i + 1], word[i], *word[i + 2 :]) for i in places]


def _groups(sites, words: Mapping, min_spacing: int, n: int, label: int) -> list[Group]:
    """One group a word, of its share of `n` sequences."""
    return [
        Group(share, [g.Ordered([sites[i] for i in word], min_spacing)], label)
        for word, share in zip(words, _shared(n, list(words.values())), strict=True)
    ]


def _shared(n: int, weights: Sequence[float]) -> list[int]:
    """`n` split by weights, to the nearest whole numbers that add up to it."""
    stops = np.cumsum(weights) / np.sum(weights) * as_count(n, "n")
    return np.diff(np.rint(stops).astype(int), prepend=0).tolist()


def _distinct(chosen) -> list[g.Site]:
    sites = [
        site if isinstance(site, g.Site)
        else g.Site(site, reverse_fraction=0.0, best=True, mutation_rate=MUTATION_RATE)
        for site in chosen
    ]  # fmt: skip
    names = _names(sites)
    if len(set(names)) < len(names):
        raise ValueError(f"one motif comes twice in {', '.join(names)}; each must differ")
    return sites


def _names(sites) -> tuple[str, ...]:
    return tuple(site.motif.name for site in sites)


def _between(bounds, name):
    try:
        least, most = bounds
        return as_count(least, name, 1), as_count(most, name, least)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} is {bounds!r}, expected the smallest and the largest number, such as (2, 3)"
        ) from None
