"""The ways from one task of a family to another: motif, spacing, background.

Each `..._between` takes a drift above 0, the share of the distance; 1 gives the far end itself.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from dragonn_lite.assays.backgrounds import Independent, Markov
from dragonn_lite.assays.sites import PSEUDOCOUNT
from dragonn_lite.dna.matrices import Motif

_HALVINGS = 60  # of an interval, until its ends differ in the last digit only


def matrix(motif):
    """What sites are drawn from, (width, 4)."""
    return motif.with_pseudocount(PSEUDOCOUNT).probabilities


def divergence_bits(p, q):
    """Jensen-Shannon divergence along the last axis."""
    middle = (p + q) / 2

    def relative_entropy(p):
        ratio = np.divide(p, middle, out=np.ones_like(middle), where=p > 0)
        return (p * np.log2(ratio)).sum(axis=-1)

    return np.maximum((relative_entropy(p) + relative_entropy(q)) / 2, 0.0)


def _partway(divergence, bits):
    """The share of a way at which a divergence that grows along it reaches so many bits."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if divergence(middle) < bits else (low, middle)
    return high


def _mixture_bits(p, q, share):
    return divergence_bits(p, p + share * (q - p))


def motif_between(base, far, drift):
    """Position by position: changed ones are the far motif's, one is a mixture."""
    if drift == 1 or np.array_equal(base.probabilities, far.probabilities):
        return far
    start, stop = matrix(base), matrix(far)
    each = divergence_bits(start, stop)  # (width, 4) -> (width,)
    left = drift * each.sum()
    between = base.probabilities.copy()
    for i in _even_order(each, far.information_bits - base.information_bits):
        share = 1.0
        if left < each[i]:
            way = partial(_mixture_bits, start[i], stop[i])
            share = _partway(way, left)
        between[i] += share * (far.probabilities[i] - between[i])
        left -= each[i]
        if left <= 0:
            break
    return Motif(f"{base.name} to {far.name} {drift:g}", between)


def _even_order(distances, gains):
    """Positions in an order in which information grows, or falls, in step with the distance."""
    slope = gains.sum() / distances.sum()
    excess, order, remaining = 0.0, [], list(range(len(gains)))
    while remaining:
        each = [abs(excess + gains[i] - slope * distances[i]) for i in remaining]
        order.append(remaining.pop(int(np.argmin(each))))
        excess += gains[order[-1]] - slope * distances[order[-1]]
    return order


def spacing_bp(spacing, other):
    """Earth mover's distance of two distributions {spacing: probability}."""
    widest = max(*spacing, *other)
    steps = [np.cumsum([s.get(k, 0.0) for k in range(widest + 1)]) for s in (spacing, other)]
    return abs(steps[0] - steps[1]).sum()


def spacing_between(base, far, drift):
    """Each share of the sequences moves from its spacing to the other's, the order kept."""
    if drift == 1:
        return far
    steps = [np.cumsum(list(spacing.values())) for spacing in (base, far)]
    levels = np.unique(np.concatenate([[0.0], *steps]).round(12))
    share, middle = np.diff(levels), (levels[1:] + levels[:-1]) / 2
    start, stop = (
        np.array(list(spacing))[np.minimum(np.searchsorted(step, middle), len(spacing) - 1)]
        for spacing, step in zip((base, far), steps, strict=True)
    )
    place = start + drift * (stop - start)
    below = np.floor(place).astype(int)
    # Between two whole numbers both occur, so that their mean is right.
    weights = np.bincount(
        np.concatenate([below, below + 1]),
        np.concatenate([share * (1 - (place - below)), share * (place - below)]),
    )
    return {k: float(p) for k, p in enumerate(weights / weights.sum()) if p > 0}


def _dinucleotides(background):
    """Probability of each two neighbours, (16,)."""
    first = background.base_probabilities
    independent = isinstance(background, Independent)
    return np.ravel(first[:, None] * (first if independent else np.asarray(background.transitions)))


def background_bits(base, far):
    """Jensen-Shannon divergence of the dinucleotides."""
    return divergence_bits(_dinucleotides(base), _dinucleotides(far))


def background_between(base, far, drift):
    """By the GC fraction where both are of independent bases, else by the dinucleotides."""
    bits = background_bits(base, far)
    if drift == 1 or not bits:
        return far
    if isinstance(base, Independent) and isinstance(far, Independent):

        def at(share):
            return Independent(base.gc_fraction + share * (far.gc_fraction - base.gc_fraction))
    else:

        def at(share):
            # A mixture of dinucleotides has one and the same marginal on both sides.
            joint = (1 - share) * _dinucleotides(base) + share * _dinucleotides(far)
            joint = joint.reshape(4, 4)
            return Markov(joint / joint.sum(axis=1, keepdims=True))

    return at(_partway(lambda share: background_bits(base, at(share)), drift * bits))
