"""The exact likelihood of a simulated sequence: no network can rank better than this."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dragonn_lite._contract import as_one_hot
from dragonn_lite.assays.grammar import Layout, Outcome, Site
from dragonn_lite.dna import sequences as dna

_BLOCK = 500  # sequences at a time: bounds the memory at a few (block, length) tables a layout


def outcome_likelihoods(
    sequences: np.ndarray,
    layouts: Sequence[Layout],
    outcomes: Sequence[Outcome],
    background: np.ndarray,
) -> np.ndarray:
    """Likelihood of each sequence under each content of a grammar, relative to pure background.

    Sums over every arrangement of the blocks that does not overlap, by a forward recursion over
    the number of blocks already placed: exact, not sampled.

    Parameters
    ----------
    sequences : uint8 (n, length, 4)
        One-hot sequences; an unknown base says nothing for or against.
    layouts, outcomes
        As :func:`dragonn_lite.assays.grammar.expand` gives them.
    background : float (4,)
        Probability of A, C, G and T outside of planted sites.

    Returns
    -------
    float (n, n_outcomes)
        P(sequence | content) / P(sequence | background).

    Raises
    ------
    ValueError
        If a site has a minimum score: its likelihood has no such closed form. If a content has
        no room in sequences of this length.
    """
    sequences = as_one_hot(sequences)
    length = sequences.shape[1]
    starts = [layout.position.probabilities(length, layout.width_bp) for layout in layouts]
    states = [counts for counts, _ in outcomes]
    arrangements = _forward([p[None] for p in starts], layouts, states, length)
    if not (arrangements > 0).all():
        raise ValueError(
            f"sequences of {length} bp have no room for every content of the grammar; pass "
            "sequences of the simulation's length"
        )
    likelihoods = np.empty((len(sequences), len(outcomes)))
    for low in range(0, len(sequences), _BLOCK):
        codes = dna.codes(sequences[low : low + _BLOCK])  # (n, length, 4) -> (n, length)
        sites = {id(site): site for layout in layouts for site, _ in layout.sites}
        ratios = {key: _site_ratio(codes, site, background) for key, site in sites.items()}
        weights = [
            p * _layout_ratio(ratios, layout, len(p))
            for p, layout in zip(starts, layouts, strict=True)
        ]
        likelihoods[low : low + _BLOCK] = (
            _forward(weights, layouts, states, length, n=len(codes)) / arrangements
        )
    return likelihoods


def probability_of_room(
    layouts: Sequence[Layout], outcomes: Sequence[Outcome], length: int
) -> np.ndarray:
    """Probability that the blocks of each content, each placed on its own, do not overlap.

    Blocks in an order are placed together (see :func:`ordered_within`); where there is no room for
    them alone the probability is 0.

    Returns
    -------
    float (n_outcomes,)

    Examples
    --------
    >>> from dragonn_lite.assays.grammar import Plant, expand
    >>> probability_of_room(*expand([Plant("TAL1_known4", 2)]), length=21).round(3).tolist()
    [0.042]
    """
    states = [counts for counts, _ in outcomes]
    starts = [layout.position.probabilities(length, layout.width_bp)[None] for layout in layouts]
    n_ways = [float(math.prod(map(math.factorial, counts))) for counts in states]
    ordered = [
        tuple(k * (layout.rank > 0) for k, layout in zip(counts, layouts, strict=True))
        for counts in states
    ]
    together, alone = _forward(starts, layouts, states + ordered, length)[0].reshape(2, -1)
    return np.divide(together * n_ways, alone, out=np.zeros(len(states)), where=alone > 0)


def ordered_within(layouts: Sequence[Layout], length: int) -> list[np.ndarray | None]:
    """How much probability each ranked block and those left of it have inside the first bases.

    Returns
    -------
    list of float (length + 1,) or None
        Entry i of a ranked layout: of the arrangements in order, the weight of those that end
        within i bases. None for a layout without a rank.
    """
    within = []
    for layout in layouts:
        if not layout.rank:
            within.append(None)
            continue
        p = layout.position.probabilities(length, layout.width_bp)
        before = within[-1][: len(p)] if layout.rank > 1 else 1.0
        within.append(np.concatenate([np.zeros(layout.width_bp), (before * p).cumsum()]))
    return within


def _forward(weights, layouts, states, length, n=1):
    """Sum of the products of weights over all arrangements, (n, n_states)."""
    placed = {}

    def within(state):
        """Column i: arrangements of `state` inside the first i bases."""
        if state not in placed:
            ending = np.zeros((n, length + 1))
            for j, (weight, layout) in enumerate(zip(weights, layouts, strict=True)):
                if state[j] and _may_be_last(layouts, state, layout.rank):
                    rest = within(state[:j] + (state[j] - 1,) + state[j + 1 :])
                    ending[:, layout.width_bp :] += rest[:, : weight.shape[1]] * weight
            placed[state] = ending.cumsum(axis=1)
        return placed[state]

    placed[(0,) * len(layouts)] = np.ones((n, length + 1))
    return np.stack([within(state)[:, -1] for state in states], axis=1)


def _may_be_last(layouts, state, rank):
    """Whether no block that is placed belongs right of one with this rank."""
    return not rank or all(other.rank <= rank for k, other in zip(state, layouts, strict=True) if k)


def _layout_ratio(ratios, layout, n_starts):
    """P(bases | block) / P(bases | background) of a block at each start, (n, starts)."""
    ratio = 1.0
    for site, offset in layout.sites:
        ratio = ratio * ratios[id(site)][:, offset : offset + n_starts]
    return ratio


def _site_ratio(codes, site: Site, background):
    """P(bases | site) / P(bases | background) of a site at each start, (n, starts)."""
    if site.minimum_bits is not None:
        raise ValueError(
            f"sites of {site.motif.name} have minimum_bits={site.minimum_bits:g}: their exact "
            "likelihood is not available; plant them without a minimum score"
        )
    forward = site.finished.probabilities / background
    reverse = site.finished.probabilities[::-1, ::-1] / background
    n_starts = codes.shape[1] - len(forward) + 1
    total = 0.0
    for table, share in ((forward, 1 - site.reverse_fraction), (reverse, site.reverse_fraction)):
        if not share:
            continue
        product = np.full((len(codes), n_starts), float(share))
        for i, row in enumerate(table):
            # Code 4 is an unknown base: as likely in a site as outside.
            product *= np.append(row, 1.0)[codes[:, i : i + n_starts]]
        total = total + product
    return total
