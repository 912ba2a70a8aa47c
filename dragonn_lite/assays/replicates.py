"""Replicates: how far they agree, what that leaves a model to reach, and IDR.

A model is judged by one experiment's labels. Where a second experiment disagrees with the first,
no model can agree with both: the agreement of replicates is the ceiling of every model.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations, permutations
from typing import NamedTuple

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_fraction, as_labels, as_number, as_rng
from dragonn_lite.assays.concordance import (
    concordance,
    match_peaks,
    peak_agreement,
    peak_concordance,
)
from dragonn_lite.assays.reproducibility import Idr, idr
from dragonn_lite.evaluation.shares import wilson_interval

__all__ = [
    "Ceiling",
    "Idr",
    "Replicates",
    "agreement",
    "ceiling",
    "concordance",
    "idr",
    "match_peaks",
    "peak_agreement",
    "peak_concordance",
    "recall_ceiling",
    "simulate_replicates",
]


class Replicates(NamedTuple):
    """Simulated replicates of one truth.

    Attributes
    ----------
    signal : float (n, n_replicates)
    reproducible : bool (n,)
        False where each replicate shows noise of its own instead of the truth.
    """

    signal: np.ndarray
    reproducible: np.ndarray


class Ceiling(NamedTuple):
    """What replicates reach in predicting each other.

    Attributes
    ----------
    pairs : DataFrame
        One row an ordered pair: predictor, judge, n_bound, n_unbound, auroc, auprc, recall_at_fdr.
    summary : DataFrame
        One row a metric: metric, mean, lowest and highest over the pairs.
    """

    pairs: pd.DataFrame
    summary: pd.DataFrame


def simulate_replicates(
    truth, *, noise: float, n_replicates: int = 2, irreproducible: float = 0.0, rng
) -> Replicates:
    """Measure one truth several times, each time with normal noise of its own.

    A share of the findings can be irreproducible: these are standard normal noise in each
    replicate, whatever their truth. With normal truths of mean m and sd t, the ranks then follow
    the very mixture of :func:`idr`: mean m, sd s = sqrt(t² + noise²), correlation t² / s².

    *What it does not show*: real noise grows with the signal, and has a background that replicates
    share.

    Parameters
    ----------
    truth : float (n,)
        Expected signal of each finding.
    noise : float
        Standard deviation around the truth, in its unit.
    n_replicates : int
    irreproducible : float
        Share of the findings, from 0 to 1, drawn at random: exactly this many, rounded.
    rng : numpy.random.Generator or int

    Returns
    -------
    Replicates

    Raises
    ------
    ValueError
        If `truth` is not a list of finite numbers, `noise` is negative, or a share is not from 0
        to 1.

    Examples
    --------
    >>> simulated = simulate_replicates([0.0, 3.0, 5.0], noise=0.1, irreproducible=1 / 3, rng=1)
    >>> simulated.signal.shape, int(simulated.reproducible.sum())
    ((3, 2), 2)
    """
    truth = np.asarray(truth)
    if truth.ndim != 1 or truth.dtype.kind not in "biuf" or not np.isfinite(truth).all():
        raise ValueError(f"truth has shape {truth.shape}, expected finite numbers (n,)")
    if not 0 <= as_number(noise, "noise") < np.inf:
        raise ValueError(f"noise is {noise!r}, expected a standard deviation from 0 on")
    shape = (len(truth), as_count(n_replicates, "n_replicates", minimum=1))
    rng = as_rng(rng)
    n_lost = round(as_fraction(irreproducible, "irreproducible") * len(truth))
    reproducible = np.ones(len(truth), bool)
    reproducible[rng.permutation(len(truth))[:n_lost]] = False
    drawn = rng.standard_normal(shape)
    signal = np.where(reproducible[:, None], truth[:, None] + noise * drawn, drawn)
    return Replicates(signal, reproducible)


def agreement(labels, *, names=None) -> pd.DataFrame:
    """How far the labels of replicates agree, pair by pair.

    Only examples that both replicates label 0 or 1 count.

    Parameters
    ----------
    labels : int8 (n, n_replicates)
        1 bound, 0 unbound, -1 ambiguous.
    names : list of str, optional
        Of the replicates; by default "1", "2" ...

    Returns
    -------
    DataFrame
        One row a pair: replicate_a, replicate_b, the counts n, n_both, n_only_a, n_only_b and
        n_neither (bound), and

        - jaccard: bound in both / bound in either,
        - kappa: Cohen's, agreement beyond what chance gives; NaN where chance alone agrees always,
        - agreeing_positives: of the examples bound in one replicate, the share bound in the other
          (both directions together), the :func:`recall_ceiling`.

    Raises
    ------
    ValueError
        If there is one replicate only, or a pair labels no example both, or none bound.

    References
    ----------
    Cohen 1960, doi:10.1177/001316446002000104

    Examples
    --------
    >>> table = agreement([[1, 1], [1, 0], [0, 0], [0, 0], [1, -1]])
    >>> table[["n", "n_both", "jaccard", "kappa"]].to_dict("records")
    [{'n': 4, 'n_both': 1, 'jaccard': 0.5, 'kappa': 0.5}]
    """
    labels = _labels(labels)
    names = _names(names, labels.shape[1])
    rows = []
    for first, second in combinations(range(labels.shape[1]), 2):
        known = (labels[:, [first, second]] >= 0).all(axis=1)
        a, b = labels[known][:, [first, second]].T == 1
        where = f"replicates {names[first]} and {names[second]}"
        _check_positives(len(a), (a | b).sum(), where)
        n_both, n_only_a, n_only_b = (a & b).sum(), (a & ~b).sum(), (b & ~a).sum()
        n_either = n_both + n_only_a + n_only_b
        by_chance = a.mean() * b.mean() + (1 - a.mean()) * (1 - b.mean())
        rows.append(
            {
                "replicate_a": names[first],
                "replicate_b": names[second],
                "n": len(a),
                "n_both": n_both,
                "n_only_a": n_only_a,
                "n_only_b": n_only_b,
                "n_neither": len(a) - n_either,
                "jaccard": n_both / n_either,
                "kappa": np.nan
                if by_chance == 1
                else ((a == b).mean() - by_chance) / (1 - by_chance),
                "agreeing_positives": 2 * n_both / (n_either + n_both),
            }
        )
    return pd.DataFrame(rows)


def recall_ceiling(
    labels_by_criterion: Mapping[str, np.ndarray], *, confidence: float = 0.95
) -> pd.DataFrame:
    """Return the highest recall that replicates leave to a model, under several criteria.

    A model that had learned one replicate by heart would find those positives of another in which
    the two agree. Technical replicates share the sample, biological ones the laboratory at most:
    the ceiling is a range, and it depends on what the model is asked to predict.

    The share is taken over all ordered pairs of a criterion's replicates together. Its interval is
    Wilson's, at the number of independent examples that have the variance of this ratio: an example
    seen by several pairs counts once. Examples are taken to be independent; neighbouring windows
    of a genome are not, and for them the interval is too narrow.

    Parameters
    ----------
    labels_by_criterion : mapping of str to int8 (n, n_replicates)
        Such as ``{"technical": ..., "one laboratory": ..., "across laboratories": ...}``; n may
        differ. Ambiguous labels (-1) do not count.
    confidence : float
        Of the interval.

    Returns
    -------
    DataFrame
        One row a criterion: criterion, n_replicates, n_positive (examples bound in at least one
        replicate), recall_ceiling, low, high.

    Raises
    ------
    ValueError
        If it is no mapping, or a criterion has one replicate only, nothing labelled, or nothing
        bound.

    References
    ----------
    Dean & Pagano 2015, doi:10.1093/jssam/smv024 (such intervals, where examples count several
    times)

    Examples
    --------
    >>> technical = [[1, 1]] * 9 + [[1, 0]] * 2 + [[0, 0]] * 20
    >>> table = recall_ceiling({"technical": technical, "across": [[1, 1], [1, 0], [0, 1]]})
    >>> table["recall_ceiling"].round(2).tolist()
    [0.9, 0.5]
    """
    if not isinstance(labels_by_criterion, Mapping) or not labels_by_criterion:
        raise ValueError(
            "labels_by_criterion is no mapping of criterion to labels; pass {'technical': labels}"
        )
    rows = []
    for criterion, labels in labels_by_criterion.items():
        labels = _labels(labels, f"labels_by_criterion[{criterion!r}]")
        asked, found = _positives_by_pair(labels)
        known = (labels >= 0).sum(axis=1) >= 2
        _check_positives(known.sum(), asked.sum(), f"the replicates of {criterion!r}")
        n_positive = int((asked > 0).sum())
        share = found.sum() / asked.sum()
        spread = np.sum((found - share * asked) ** 2) / asked.sum() ** 2
        n_independent = share * (1 - share) / spread if spread > 0 else n_positive
        low, high = wilson_interval(share, n_independent, confidence)
        rows.append((criterion, labels.shape[1], n_positive, share, float(low), float(high)))
    columns = ["criterion", "n_replicates", "n_positive", "recall_ceiling", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def ceiling(labels, signal, *, fdr: float = 0.05, names=None) -> Ceiling:
    """Let each replicate's signal predict each other's labels: what a model can hope for.

    *What it does not show*: a limit in principle. One replicate is a noisy predictor; a model that
    averages the noise away, or is trained on several replicates, can do better than it.

    Parameters
    ----------
    labels : int8 (n, n_replicates)
    signal : float (n, n_replicates)
        Larger where bound is more likely.
    fdr : float
        For `recall_at_fdr`.
    names : list of str, optional
        Of the replicates; by default "1", "2" ...

    Returns
    -------
    Ceiling

    Raises
    ------
    ValueError
        If there is one replicate only, the shapes differ, a signal is NaN, or the labels of a
        replicate are all ambiguous or of one class.

    Examples
    --------
    >>> signal = simulate_replicates(np.repeat([0.0, 3.0], [900, 100]), noise=1.0, rng=1).signal
    >>> found = ceiling((signal > 2).astype(int), signal)
    >>> found.pairs["n_bound"].tolist(), found.summary["metric"].tolist()
    ([108, 113], ['auroc', 'auprc', 'recall_at_fdr'])
    """
    from dragonn_lite.evaluation import metrics  # brings scikit-learn: nothing else needs it

    labels = _labels(labels)
    signal = np.asarray(signal)
    if signal.shape != labels.shape:
        raise ValueError(
            f"signal has shape {signal.shape} and labels {labels.shape}, expected the same: "
            "(n, n_replicates)"
        )
    if signal.dtype.kind not in "biuf" or np.isnan(signal).any():
        raise ValueError(f"signal has dtype {signal.dtype} or holds NaN, expected numbers only")
    names = _names(names, labels.shape[1])
    rows = []
    for predictor, judge in permutations(range(labels.shape[1]), 2):
        truth, scores = labels[:, judge], signal[:, predictor]
        n_bound, n_unbound = (int((truth == value).sum()) for value in (1, 0))
        if not n_bound or not n_unbound:
            raise ValueError(
                f"labels of replicate {names[judge]} hold {n_bound} bound and {n_unbound} unbound "
                "examples, expected both: nothing else can be predicted"
            )
        reached = (
            metrics.auroc(truth, scores),
            metrics.auprc(truth, scores),
            metrics.recall_at_fdr(truth, scores, fdr=fdr),
        )
        rows.append((names[predictor], names[judge], n_bound, n_unbound, *reached))
    measured = ["auroc", "auprc", "recall_at_fdr"]
    pairs = pd.DataFrame(rows, columns=["predictor", "judge", "n_bound", "n_unbound", *measured])
    summary = pairs[measured].agg(["mean", "min", "max"]).T.reset_index()
    return Ceiling(pairs, summary.set_axis(["metric", "mean", "lowest", "highest"], axis=1))


def _positives_by_pair(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each example, how often one replicate's positive is put to another, and is found."""
    n_bound, n_known = (labels == 1).sum(axis=1), (labels >= 0).sum(axis=1)
    return n_bound * (n_known - 1).clip(0), n_bound * (n_bound - 1).clip(0)


def _check_positives(n_known: int, n_positive: int, whose: str) -> None:
    if not n_known:
        raise ValueError(f"{whose} label no example both: where one says 0 or 1, others are all -1")
    if not n_positive:
        raise ValueError(f"{whose} have no positive among the {n_known} examples labelled by both")


def _labels(labels, name: str = "labels") -> np.ndarray:
    labels = as_labels(labels, len(labels) if np.iterable(labels) else 1, name)
    if labels.ndim != 2 or labels.shape[1] < 2 or not len(labels):
        raise ValueError(
            f"{name} has shape {labels.shape}, expected (n, n_replicates) with at least two "
            "replicates: one alone has nothing to agree with"
        )
    return labels


def _names(names, n_replicates: int) -> list[str]:
    names = [str(i + 1) for i in range(n_replicates)] if names is None else list(names)
    if len(names) != n_replicates:
        raise ValueError(
            f"names holds {len(names)}, expected one for each of {n_replicates} columns"
        )
    return names
