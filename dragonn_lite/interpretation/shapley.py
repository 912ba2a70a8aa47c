"""Shapley values: what each group of positions adds, averaged over all orders of adding them.

A coalition is a set of groups that keep their bases; the others are taken from references. Its
worth is the mean logit over the references. Unknown bases stay unknown in all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dragonn_lite._contract import as_count, as_rng
from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation.explanations import Explanation, batches, checked

_MOST_GROUPS = 12  # 4,096 coalitions


class SampledShapley(NamedTuple):
    """Sampled Shapley values and how far they may be off.

    Attributes
    ----------
    explanation : Explanation
    standard_error : float32 (n, length)
        Of each contribution, from the spread over the permutations.
    """

    explanation: Explanation
    standard_error: np.ndarray


def exact(
    model: Callable,
    sequences: np.ndarray,
    groups: np.ndarray,
    *,
    references: np.ndarray | None = None,
    n_references: int = 20,
    target: int = 0,
    rng=None,
) -> Explanation:
    """Shapley values of a few groups of positions, from every coalition of them.

    *What it does not show*: which base within a group matters: its value is spread evenly over
    its known bases.

    Parameters
    ----------
    model : keras.Model or callable
        From one-hot (n, length, 4) to logits (n,) or (n, n_tasks).
    sequences : array (n, length, 4)
        One-hot sequences.
    groups : int (length,)
        Number of the group of each position, from 0; at most 12 groups. :func:`windows` cuts the
        sequence into equal ones.
    references : array (n_references, length, 4), optional
        Where absent groups take their bases from, in all sequences.
    n_references : int
        Where none are given: dinucleotide shuffles of each sequence.
    target : int
        Which output is explained.
    rng : Generator or int, optional
        Needed for the shuffles.

    Returns
    -------
    Explanation
        Complete: the contributions add up to the logit less the mean logit of the references.

    Raises
    ------
    ValueError
        If there are too many groups, or they or the references have another shape.

    References
    ----------
    Shapley 1953, doi:10.1515/9781400881970-018

    Examples
    --------
    >>> both = lambda x: x[:, 0, 2] * x[:, 1, 2]  # a G and another G
    >>> found = exact(both, dna.one_hot("GGA"), [0, 1, 2], references=dna.one_hot(["AAA"]))
    >>> found.contributions.tolist()
    [[0.5, 0.5, 0.0]]
    """
    sequences, logits, groups, draw = _checked(
        model, sequences, groups, references, n_references, target, rng
    )
    n_groups = int(groups.max()) + 1
    if n_groups > _MOST_GROUPS:
        raise ValueError(
            f"groups has {n_groups} groups, expected at most {_MOST_GROUPS}; use shapley.sampled "
            "for more"
        )
    coalitions = every_coalition(n_groups)
    size = coalitions.sum(axis=1)
    values, empty = np.empty((len(sequences), n_groups)), np.empty(len(sequences))
    for i, sequence in enumerate(sequences):
        worth = worths(model, sequence, groups, coalitions, draw(sequence), target)
        empty[i] = worth[0]
        for group in range(n_groups):
            without = np.flatnonzero(~coalitions[:, group])
            chance = [1 / (n_groups * math.comb(n_groups - 1, k)) for k in size[without]]
            values[i, group] = np.dot(chance, worth[without | 1 << group] - worth[without])
    return explained("shapley.exact", sequences, values, groups, logits, empty, target)


def sampled(
    model: Callable,
    sequences: np.ndarray,
    groups: np.ndarray,
    *,
    n_permutations: int = 100,
    references: np.ndarray | None = None,
    n_references: int = 20,
    target: int = 0,
    rng,
) -> SampledShapley:
    """Shapley values of many groups of positions, from random orders of adding them.

    Each order is followed by its reverse, which takes part of the spread away.

    *What it does not show*: as :func:`exact`; nor the error that few references make.

    Parameters
    ----------
    model, sequences, groups, references, n_references, target
        As in :func:`exact`, with any number of groups.
    n_permutations : int
        Orders, each with its reverse; at least 2. Each costs twice the groups times the
        references, in sequences scored.
    rng : Generator or int

    Returns
    -------
    SampledShapley
        The explanation, complete as :func:`exact`, and its standard error.

    Raises
    ------
    ValueError
        If the groups or the references have another shape.

    References
    ----------
    Štrumbelj & Kononenko 2014, doi:10.1007/s10115-013-0679-x

    Examples
    --------
    >>> found = sampled(lambda x: x[:, 0, 2] + 2 * x[:, 1, 2], dna.one_hot("GGA"), [0, 1, 2],
    ...                 references=dna.one_hot(["AAA"]), n_permutations=2, rng=0)
    >>> found.explanation.contributions.tolist(), found.standard_error.tolist()
    ([[1.0, 2.0, 0.0]], [[0.0, 0.0, 0.0]])
    """
    rng, n_permutations = as_rng(rng), as_count(n_permutations, "n_permutations", 2)
    sequences, logits, groups, draw = _checked(
        model, sequences, groups, references, n_references, target, rng
    )
    n_groups = int(groups.max()) + 1
    n, steps = len(sequences), np.arange(n_groups + 1)[:, None]
    values, errors, empty = np.empty((n, n_groups)), np.empty((n, n_groups)), np.empty(n)
    for i, sequence in enumerate(sequences):
        found, drawn = np.empty((n_permutations, n_groups)), draw(sequence)
        for k in range(n_permutations):
            place = rng.permutation(n_groups)  # of each group in the order
            pair = []
            for order in (place, n_groups - 1 - place):
                worth = worths(model, sequence, groups, order < steps, drawn, target)
                pair.append(np.diff(worth)[order])  # what each group added in its turn
            found[k], empty[i] = np.mean(pair, axis=0), worth[0]
        values[i] = found.mean(axis=0)
        errors[i] = found.std(axis=0, ddof=1) / np.sqrt(n_permutations)
    explanation = explained("shapley.sampled", sequences, values, groups, logits, empty, target)
    return SampledShapley(explanation, spread(errors, groups, sequences))


def windows(length: int, width_bp: int) -> np.ndarray:
    """Groups of neighbouring positions, `width_bp` each; the last one may be narrower.

    Returns
    -------
    int (length,)

    Examples
    --------
    >>> windows(5, 2).tolist()
    [0, 0, 1, 1, 2]
    """
    return np.arange(as_count(length, "length", 1)) // as_count(width_bp, "width_bp", 1)


def every_coalition(n_groups: int) -> np.ndarray:
    """All sets of groups, (2**n_groups, n_groups): row i holds the groups of the bits of i.

    Examples
    --------
    >>> every_coalition(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    return (np.arange(2**n_groups)[:, None] >> np.arange(n_groups) & 1).astype(bool)


def worths(model, sequence, groups, coalitions, references, target) -> np.ndarray:
    """Mean logit over the references, with the groups of each coalition kept.

    Returns
    -------
    float64 (n_coalitions,)

    Examples
    --------
    >>> worths(lambda x: x[:, 0, 2], dna.one_hot("GA")[0], np.array([0, 1]),
    ...        np.array([[True, False], [False, True]]), dna.one_hot(["TT"]), 0).tolist()
    [1.0, 0.0]
    """
    score = getattr(model, "predict_on_batch", model)
    references = references * sequence.any(axis=1, keepdims=True)  # unknown bases stay unknown
    found = np.empty(len(coalitions))
    for some in batches(model, len(coalitions), len(sequence), copies=len(references)):
        kept = coalitions[some][:, None, groups, None]  # (coalitions, 1, length, 1)
        mixed = np.where(kept, sequence, references).astype(np.float32)
        logits = np.asarray(score(mixed.reshape(-1, *sequence.shape)))
        logits = logits.reshape(*mixed.shape[:2], -1)[..., target]
        found[some] = logits.mean(axis=1, dtype=float)
    return found


def explained(method, sequences, values, groups, logits, empty, target) -> Explanation:
    """Explanation from the values (n, n_groups) of groups and the worth (n,) of none of them."""
    contributions = spread(values, groups, sequences)
    total = contributions.sum(axis=1, dtype=float)
    error = (logits - empty - total).astype(np.float32)
    return Explanation(sequences, contributions, None, logits, method, target, error)


def spread(values, groups, sequences) -> np.ndarray:
    """Values of groups, (n, n_groups), spread evenly over their known bases: (n, length)."""
    known = sequences.any(axis=2)
    counts = np.stack([np.bincount(groups, row, values.shape[1]) for row in known])
    share = values / np.maximum(counts, 1)
    return (share[:, groups] * known).astype(np.float32)


def _checked(model, sequences, groups, references, n_references, target, rng):
    """Check the arguments; also a function from a sequence to its references."""
    sequences, logits = checked(model, sequences, target)
    return (
        sequences,
        logits,
        as_groups(groups, sequences.shape[1]),
        as_references(references, n_references, sequences.shape[1], rng),
    )


def as_groups(groups, length) -> np.ndarray:
    """Check the number of the group of each position."""
    groups = np.asarray(groups)
    if groups.shape != (length,) or groups.dtype.kind not in "iu":
        raise ValueError(
            f"groups has shape {groups.shape} and dtype {groups.dtype}, expected a whole number "
            f"for each of {length} positions; see shapley.windows"
        )
    if groups.min() != 0 or len(np.unique(groups)) != groups.max() + 1:
        raise ValueError("groups leave out a number, expected 0, 1, ... without gaps")
    return groups


def as_references(references, n_references, length, rng) -> Callable:
    """Check references; return a function from a sequence to those that it is held against."""
    if references is None:
        if rng is None:
            raise TypeError("rng is None, but shuffled references need a seed or a Generator")
        rng, n_references = as_rng(rng), as_count(n_references, "n_references", 1)
        return lambda sequence: dna.dinucleotide_shuffle(
            np.repeat(sequence[None], n_references, axis=0), rng=rng
        )
    references = np.asarray(references)
    if references.ndim != 3 or references.shape[1:] != (length, 4) or not len(references):
        raise ValueError(
            f"references has shape {references.shape}, expected (n_references, {length}, 4)"
        )
    return lambda sequence: references
