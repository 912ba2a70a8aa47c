"""Shapley values: what each group of positions adds, averaged over all orders of adding them.

A coalition is a set of groups that keep their bases; the others are taken from references. Its
worth is the mean logit over the references. Unknown bases stay unknown in all of them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from dragonn_lite._contract import as_count, as_rng
from dragonn_lite.interpretation.explanations import (
    Explanation,
    batches,
    check_scores,
    checked,
)
from dragonn_lite.interpretation.references import References

_MOST_GROUPS = 12  # 4,096 coalitions


def exact(
    model: Callable,
    sequences: np.ndarray,
    *,
    target: int = 0,
    width_bp: int = 10,
    groups: np.ndarray | None = None,
    references="shuffled",
    n_references: int = 20,
    rng=0,
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
    target : int
        Which output is explained.
    width_bp : int
        Width of the groups in bp; at most 12 of them.
    groups : int (length,), optional
        Instead: the number of the group of each position, from 0.
    references : "shuffled", "uniform", "zero" or array
        Where absent groups take their bases from: dinucleotide shuffles of each sequence, a
        quarter of each base, nothing, or given ones: (length, 4), (n_references, length, 4) or
        (n, n_references, length, 4).
    n_references : int
        Shuffles of each sequence.
    rng : Generator or int
        Source of the shuffles.

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
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> both = lambda x: x[:, 0, 2] * x[:, 1, 2]  # a G and another G
    >>> found = exact(both, one_hot("GGA"), width_bp=1, references=one_hot("AAA"))
    >>> found.contributions.tolist()
    [[0.5, 0.5, 0.0]]
    """
    sequences, logits = checked(model, sequences, target)
    groups = as_groups(groups, sequences.shape[1], width_bp)
    compared = References(references, sequences.shape, n_references, rng)
    n_groups = int(groups.max()) + 1
    if n_groups > _MOST_GROUPS:
        raise ValueError(
            f"groups has {n_groups} groups, expected at most {_MOST_GROUPS}; choose a "
            "larger width_bp, or use shapley.sampled"
        )
    coalitions = every_coalition(n_groups)
    size = coalitions.sum(axis=1)
    values, empty = np.empty((len(sequences), n_groups)), np.empty(len(sequences))
    for i, sequence in enumerate(sequences):
        against = compared.of(sequences, slice(i, i + 1))[0]
        worth = worths(model, sequence, groups, coalitions, against, target)
        empty[i] = worth[0]
        for group in range(n_groups):
            without = np.flatnonzero(~coalitions[:, group])
            chance = [1 / (n_groups * math.comb(n_groups - 1, k)) for k in size[without]]
            values[i, group] = np.dot(chance, worth[without | 1 << group] - worth[without])
    return explained("shapley (exact)", sequences, values, groups, logits, empty, target)


def sampled(
    model: Callable,
    sequences: np.ndarray,
    *,
    target: int = 0,
    width_bp: int = 10,
    groups: np.ndarray | None = None,
    n_permutations: int = 20,
    references="shuffled",
    n_references: int = 5,
    rng=0,
) -> Explanation:
    """Shapley values of many groups of positions, from random orders of adding them.

    Each order is followed by its reverse, which takes part of the spread away.

    *What it does not show*: as :func:`exact`; nor the error that few references make.

    Parameters
    ----------
    model, sequences, target, width_bp, groups, references, n_references
        As in :func:`exact`, with any number of groups.
    n_permutations : int
        Orders, each with its reverse; at least 2. Each costs twice the groups times the
        references, in sequences scored.
    rng : Generator or int
        Source of the orders and of the shuffles.

    Returns
    -------
    Explanation
        Complete as :func:`exact`, with its standard error.

    Raises
    ------
    ValueError
        If the groups or the references have another shape.

    References
    ----------
    Štrumbelj & Kononenko 2014, doi:10.1007/s10115-013-0679-x

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> found = sampled(lambda x: x[:, 0, 2] + 2 * x[:, 1, 2], one_hot("GGA"), width_bp=1,
    ...                 references=one_hot("AAA"), n_permutations=2)
    >>> found.contributions.tolist(), found.standard_error.tolist()
    ([[1.0, 2.0, 0.0]], [[0.0, 0.0, 0.0]])
    """
    rng, n_permutations = as_rng(rng), as_count(n_permutations, "n_permutations", 2)
    sequences, logits = checked(model, sequences, target)
    groups = as_groups(groups, sequences.shape[1], width_bp)
    compared = References(references, sequences.shape, n_references, rng)
    n_groups = int(groups.max()) + 1
    n, steps = len(sequences), np.arange(n_groups + 1)[:, None]
    values, errors, empty = np.empty((n, n_groups)), np.empty((n, n_groups)), np.empty(n)
    for i, sequence in enumerate(sequences):
        found = np.empty((n_permutations, n_groups))
        against = compared.of(sequences, slice(i, i + 1))[0]
        for k in range(n_permutations):
            place = rng.permutation(n_groups)  # of each group in the order
            pair = []
            for order in (place, n_groups - 1 - place):
                worth = worths(model, sequence, groups, order < steps, against, target)
                pair.append(np.diff(worth)[order])  # what each group added in its turn
            found[k], empty[i] = np.mean(pair, axis=0), worth[0]
        values[i] = found.mean(axis=0)
        errors[i] = found.std(axis=0, ddof=1) / np.sqrt(n_permutations)
    explanation = explained("shapley", sequences, values, groups, logits, empty, target)
    return dataclasses.replace(explanation, standard_error=spread(errors, groups, sequences))


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
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> worths(lambda x: x[:, 0, 2], one_hot("GA")[0], np.array([0, 1]),
    ...        np.array([[True, False], [False, True]]), one_hot("TT"), 0).tolist()
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
    check_scores(found, " for altered sequences")
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


def as_groups(groups, length: int, width_bp: int) -> np.ndarray:
    """Check the number of the group of each position; where none are given, cut windows.

    Returns
    -------
    int (length,)

    Examples
    --------
    >>> as_groups(None, 5, 2).tolist()
    [0, 0, 1, 1, 2]
    """
    if groups is None:
        return np.arange(length) // as_count(width_bp, "width_bp", 1)
    groups = np.asarray(groups)
    if groups.shape != (length,) or groups.dtype.kind not in "iu":
        raise ValueError(
            f"groups has shape {groups.shape} and dtype {groups.dtype}, expected a whole number "
            f"for each of {length} positions"
        )
    if groups.min() != 0 or len(np.unique(groups)) != groups.max() + 1:
        raise ValueError("groups leave out a number, expected 0, 1, ... without gaps")
    return groups
