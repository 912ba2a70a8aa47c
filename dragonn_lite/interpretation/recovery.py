"""Do contributions find the planted sites? Call these as ``truth.site_recovery(...)``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_rng
from dragonn_lite.evaluation import metrics
from dragonn_lite.interpretation.contributions import inside
from dragonn_lite.interpretation.explanations import Explanation


@dataclass(frozen=True, eq=False)
class SiteRecovery:
    """How well contributions tell the positions in sites from those outside.

    Attributes
    ----------
    table : DataFrame
        `metric` ("auROC", "auPRC"), `over` ("all positions": pooled, so that sequences have to
        share one scale; "mean of sequences": each ranked by itself), `value`, `low`, `high` (limits
        of the 95 % interval), `chance` (of a random order), `n_sequences`.
    auroc, auprc : float (n_sequences,)
        Of each sequence.
    rows : int (n_sequences,)
        Which sequences these are: those with positions both inside and outside of sites.
    """

    table: pd.DataFrame
    auroc: np.ndarray
    auprc: np.ndarray
    rows: np.ndarray


def site_recovery(
    explanation: Explanation | np.ndarray,
    sites: pd.DataFrame,
    *,
    absolute: bool = False,
    n_resamples: int = 1000,
    rng,
) -> SiteRecovery:
    """Score contributions against the planted sites: inside should rank above outside.

    The intervals come from drawing whole sequences with replacement. By default contributions
    count with their sign: a planted site of the bound class pushes the logit up, and a method that
    says it pushes it down is wrong, which absolute values would hide. But a site as planted also has
    bases that its motif does not favour: they push the logit down, and rank last, rightly. Methods
    that give sizes alone, such as saliency, are spared this: compare them by `absolute`.

    *What it does not show*: whether the network uses the sites; a faithful explanation of a network
    that does not, scores badly. And not every base of a site matters alike, so that even a perfect
    explanation stays below 1.

    Parameters
    ----------
    explanation : Explanation, or float (n, length)
        Contributions of the bases present.
    sites : DataFrame
        Table of sites of these sequences: `sequence` (row), `start`, `stop`. Sequences without a
        site are left out.
    absolute : bool
        Rank by size, for sites that may push either way.
    n_resamples : int
    rng : int or Generator
        For the intervals.

    Returns
    -------
    SiteRecovery

    Raises
    ------
    ValueError
        If the shape is another one, contributions are not finite, a site lies outside, or less
        than two sequences have positions inside and outside.

    Examples
    --------
    >>> sites = pd.DataFrame({"sequence": [0, 1], "start": [1, 0], "stop": [3, 2]})
    >>> found = site_recovery(np.array([[0.0, 2, 1, 0], [1, 2, 0, -3]]), sites, rng=0)
    >>> found.table[["metric", "over", "value"]].values.tolist()
    [['auROC', 'all positions', 1.0], ['auROC', 'mean of sequences', 1.0],
     ['auPRC', 'all positions', 1.0], ['auPRC', 'mean of sequences', 1.0]]
    """
    values = as_contributions(explanation)
    within = inside(sites, *values.shape)
    rows = np.flatnonzero(within.any(axis=1) & ~within.all(axis=1))
    if len(rows) < 2:
        raise ValueError(
            f"{len(rows)} of {len(values)} sequences have positions inside and outside of sites, "
            "expected two or more"
        )
    rng = as_rng(rng)
    values, within = values[rows], within[rows].astype(np.int8)
    values = np.abs(values) if absolute else values
    blocks = np.repeat(np.arange(len(rows)), values.shape[1])
    table, each = [], {}
    for name, metric, chance in (
        ("auROC", metrics.auroc, (0.5, 0.5)),
        ("auPRC", metrics.auprc, (within.mean(), within.mean(axis=1).mean())),
    ):
        pooled = metrics.bootstrap_interval(
            metric, within.ravel(), values.ravel(), rng=rng, blocks=blocks, n_resamples=n_resamples
        )
        each[name] = np.array([metric(y, s) for y, s in zip(within, values, strict=True)])
        found = pooled[:3], mean_interval(each[name], rng=rng, n_resamples=n_resamples)
        for over, interval, by_chance in zip(
            ("all positions", "mean of sequences"), found, chance, strict=True
        ):
            table.append([name, over, *interval, float(by_chance), len(rows)])
    columns = ["metric", "over", "value", "low", "high", "chance", "n_sequences"]
    table = pd.DataFrame(table, columns=columns)
    return SiteRecovery(table, each["auROC"], each["auPRC"], rows)


def as_contributions(
    explanation: Explanation | np.ndarray, sequences: np.ndarray | None = None
) -> np.ndarray:
    """Take the contributions of the bases present: float (n, length).

    Raises
    ------
    ValueError
        If the shape is another one, or not that of the sequences, or a value is not finite.

    Examples
    --------
    >>> as_contributions([[1, 2]]).tolist()
    [[1.0, 2.0]]
    """
    if isinstance(explanation, Explanation):
        explanation = explanation.contributions
    values = np.asarray(explanation)
    if values.ndim != 2 or values.dtype.kind not in "biuf":
        raise ValueError(
            f"contributions have shape {values.shape} and dtype {values.dtype}, expected numbers "
            "(n, length); project them first"
        )
    if sequences is not None and values.shape != sequences.shape[:2]:
        raise ValueError(
            f"contributions have shape {values.shape}, expected that of the sequences, "
            f"{sequences.shape[:2]}"
        )
    if not np.isfinite(values).all():
        raise ValueError("contributions hold a value that is not finite; check the model's scores")
    return values if values.dtype.kind == "f" else values.astype(float)


def mean_interval(values, *, rng, n_resamples: int = 1000) -> tuple[float, float, float]:
    """Mean of one value a sequence, with the limits of its 95 % bootstrap interval.

    Parameters
    ----------
    values : float (n,)
        NaN, for a sequence without a value, is left out.
    rng : int or Generator
    n_resamples : int

    Returns
    -------
    (value, low, high)
        NaN where there is no value at all.

    Examples
    --------
    >>> mean_interval([2.0, 2.0, np.nan], rng=0)
    (2.0, 2.0, 2.0)
    """
    values = np.asarray(values, float)
    values = values[~np.isnan(values)]
    n_resamples = as_count(n_resamples, "n_resamples", 20)
    if not len(values):
        return (np.nan,) * 3
    drawn = as_rng(rng).integers(len(values), size=(n_resamples, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return float(values.mean()), float(low), float(high)
