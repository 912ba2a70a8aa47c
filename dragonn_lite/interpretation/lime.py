"""A straight line through what the network says when some groups of positions are replaced."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from dragonn_lite._contract import as_count, as_rng
from dragonn_lite.interpretation import shapley
from dragonn_lite.interpretation.explanations import Explanation, checked
from dragonn_lite.interpretation.references import References

_KERNEL_WIDTH = 0.25
_RIDGE = 1e-3  # of the total weight: settles groups that the samples do not tell apart


def lime(
    model: Callable,
    sequences: np.ndarray,
    *,
    target: int = 0,
    width_bp: int = 10,
    groups: np.ndarray | None = None,
    kernel: str = "proximity",
    n_samples: int = 1000,
    references="shuffled",
    n_references: int = 1,
    rng=0,
) -> Explanation:
    """Fit a linear model to random coalitions of groups: one coefficient for each group.

    The groups that are left out take their bases from references. The coefficient of a group is
    spread evenly over its known bases. Where `n_samples` reaches the number of all coalitions,
    each is taken once.

    *What it does not show*: interactions. The line is an average over what else is replaced, and
    which average that is depends on the kernel.

    Parameters
    ----------
    model : keras.Model or callable
        From one-hot (n, length, 4) to logits (n,) or (n, n_tasks).
    sequences : array (n, length, 4)
        One-hot sequences.
    target : int
        Which output is explained.
    width_bp : int
        Width of the groups in bp; the last one may be narrower.
    groups : int (length,), optional
        Instead: the number of the group of each position, from 0.
    kernel : str
        "proximity" counts samples the more, the more of the sequence they keep (ridge
        regression); "shapley" weighs them such that the coefficients converge to Shapley values.
    n_samples : int
        Coalitions for each sequence.
    references, n_references
        Where absent groups take their bases from, as in :func:`shapley.exact`.
    rng : Generator or int
        Source of the coalitions and of the shuffles.

    Returns
    -------
    Explanation
        Complete with the kernel "shapley" only.

    Raises
    ------
    ValueError
        If the kernel has another name, there are fewer than two groups, or the groups or the
        references have another shape.

    References
    ----------
    Ribeiro et al. 2016, doi:10.1145/2939672.2939778; kernel "shapley": Lundberg & Lee 2017,
    doi:10.48550/arXiv.1705.07874

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> both = lambda x: x[:, 0, 2] * x[:, 1, 2]  # a G and another G
    >>> found = lime(both, one_hot("GG"), width_bp=1, kernel="shapley", references=one_hot("AA"))
    >>> found.contributions.round(3).tolist()
    [[0.5, 0.5]]
    """
    if kernel not in ("proximity", "shapley"):
        raise ValueError(f"kernel is {kernel!r}, expected 'proximity' or 'shapley'")
    rng, n_samples = as_rng(rng), as_count(n_samples, "n_samples", 2)
    sequences, logits = checked(model, sequences, target)
    groups = shapley.as_groups(groups, sequences.shape[1], width_bp)
    compared = References(references, sequences.shape, n_references, rng)
    n_groups = int(groups.max()) + 1
    if n_groups < 2:
        raise ValueError("groups has 1 group, expected at least 2; choose a smaller width_bp")
    values, empty = np.zeros((len(sequences), n_groups)), np.empty(len(sequences))
    for i, sequence in enumerate(sequences):
        kept, weights = _samples(n_groups, n_samples, kernel, rng)
        ends = np.array([np.zeros(n_groups, bool), np.ones(n_groups, bool)])
        coalitions = np.concatenate([ends, kept])
        against = compared.of(sequences, slice(i, i + 1))[0]
        worth = shapley.worths(model, sequence, groups, coalitions, against, target)
        empty[i] = worth[0]
        fit = _complete_line if kernel == "shapley" else _ridge_line
        present = np.unique(groups[sequence.any(axis=1)])  # others hold no known base
        if len(present):
            values[i, present] = fit(kept[:, present].astype(float), weights, worth)
    found = shapley.explained("lime", sequences, values, groups, logits, empty, target)
    # A line through samples promises no completeness.
    return found if kernel == "shapley" else dataclasses.replace(found, completeness_error=None)


def _samples(n_groups, n_samples, kernel, rng):
    """Coalitions (n, n_groups) other than all and none of the groups, and their weights."""
    size = np.arange(1, n_groups)
    # Of a size together, and so that what a group adds counts alike in every order of adding.
    by_size = (n_groups - 1) / (size * (n_groups - size))
    if 2**n_groups <= n_samples:
        kept = shapley.every_coalition(n_groups)[1:-1]
        counts = np.array([math.comb(n_groups, k) for k in size])
        weights = (by_size / counts)[kept.sum(axis=1) - 1]
    elif kernel == "shapley":
        drawn = rng.choice(size, n_samples, p=by_size / by_size.sum())
        order = rng.random((n_samples, n_groups)).argsort(axis=1)
        kept, weights = order < drawn[:, None], np.ones(n_samples)
    else:
        kept = rng.random((n_samples, n_groups)) < 0.5
    if kernel == "proximity":
        distance = 1 - np.sqrt(kept.mean(axis=1))
        weights = np.exp(-((distance / _KERNEL_WIDTH) ** 2))
    return kept, weights


def _ridge_line(kept, weights, worth):
    """Coefficients of weighted ridge regression; the sequence itself is a sample."""
    kept = np.concatenate([kept, np.ones((1, kept.shape[1]))])
    weights, worth = np.append(weights, 1.0), np.append(worth[2:], worth[1])
    weights = weights / weights.sum()
    kept, worth = kept - weights @ kept, worth - weights @ worth  # the intercept is not shrunk
    weighted = kept * weights[:, None]
    return np.linalg.solve(weighted.T @ kept + _RIDGE * np.eye(kept.shape[1]), weighted.T @ worth)


def _complete_line(kept, weights, worth):
    """Coefficients of weighted least squares that add up to what all groups add to none."""
    total = worth[1] - worth[0]
    others, last = kept[:, :-1] - kept[:, -1:], kept[:, -1]
    rows = np.sqrt(weights)
    left = worth[2:] - worth[0] - last * total
    found = np.linalg.lstsq(others * rows[:, None], left * rows, rcond=None)[0]
    return np.append(found, total - found.sum())
