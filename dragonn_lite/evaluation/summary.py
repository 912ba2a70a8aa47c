"""All metrics of a list of predictions, or of two to be compared: one row a task.

Call it as ``metrics.evaluate(...)``: :mod:`dragonn_lite.evaluation.metrics` is its front door and
says what labels and scores are.
"""

from __future__ import annotations

from functools import partial
from itertools import islice

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_labels_and_scores, as_number, as_rng
from dragonn_lite.evaluation import _ranking
from dragonn_lite.evaluation.intervals import (
    as_blocks,
    bootstrap_interval,
    middle,
    resampled,
    resampled_together,
)
from dragonn_lite.evaluation.ranks import as_signal, rank_correlation_of_ambiguous

_METRICS = {
    "auroc": _ranking.auroc,
    "auprc": _ranking.auprc,
    **{
        f"recall_at_{percent}_percent_fdr": partial(_ranking.recall_at_fdr, fdr=percent / 100)
        for percent in (5, 10, 20)
    },
    "fdr_at_50_percent_recall": partial(_ranking.fdr_at_recall, recall=0.5),
    "precision_at_n_bound": _ranking.precision_at_k,
    "accuracy": _ranking.accuracy,
}
_CORRELATION = "rank_correlation_of_ambiguous"


def evaluate(
    labels,
    scores,
    *,
    tasks=None,
    signal=None,
    intervals: bool = False,
    blocks=None,
    n_resamples: int = 1000,
    rng=None,
    prevalence: float | None = None,
) -> pd.DataFrame:
    """All metrics of each task in one table, with 95 % intervals if asked for.

    Ten million predictions at 1 % positives take a fraction of a second and about 30 MB beyond
    them; nothing is rounded. ``float32`` scores are the fastest.

    *What it does not show*: which of the metrics matters to you. At the bench it is recall at the
    FDR that you can pay for.

    Parameters
    ----------
    labels : int8 (n,) or (n, n_tasks)
    scores : float, the same shape
    tasks : sequence of str, optional
        Names of the tasks.
    signal : float, the same shape, optional
        The measurement that the labels were made from, for the rank correlation of the ambiguous
        examples.
    intervals : bool
        Add the limits of a bootstrap interval beside each metric. One set of resamples serves all;
        what they assume is told in :func:`bootstrap_interval`.
    blocks : (n,), optional
        The block of each example, such as its chromosome: whole blocks are resampled.
    n_resamples : int
        At least 20.
    rng : Generator or int
        Needed for intervals.
    prevalence : float, optional
        Judge as if this share were bound, between 0 and 1: each unbound example stands for as many
        as it takes. So says a balanced test what to expect of a genome, if the unbound examples
        are like those of the genome. The fewer they are, the less is known of the best scores:
        what is above all of them seems free of errors, and recall at an FDR too good. So the
        intervals reach as far as one more unbound example, above all others, would move a metric.

    Returns
    -------
    DataFrame
        One row a task: task, n_bound, n_unbound, n_ambiguous, prevalence; auroc, auprc,
        recall_at_5_percent_fdr and the same at 10 and 20 %, fdr_at_50_percent_recall,
        precision_at_n_bound (of as many picks as there are bound examples), accuracy (threshold
        0), rank_correlation_of_ambiguous (with `signal`). With intervals each is followed by the
        same name and ``_low``, ``_high``.

    Raises
    ------
    TypeError, ValueError
        As in :func:`auroc` and :func:`bootstrap_interval`, or if names and tasks do not match.

    Examples
    --------
    >>> table = evaluate([0, 0, 1, 1, -1], [0.1, 0.4, 0.35, 0.8, 9.0])
    >>> table[["task", "n_ambiguous", "auroc"]].to_dict("records")
    [{'task': 'bound', 'n_ambiguous': 1, 'auroc': 0.75}]
    >>> labels, scores = np.repeat([1, 0], 50), np.arange(100)[::-1] % 80
    >>> table = evaluate(labels, scores, intervals=True, rng=0)
    >>> table[["auroc_low", "auroc", "auroc_high"]].round(2).values.tolist()
    [[0.57, 0.68, 0.79]]
    """
    labels, scores = as_labels_and_scores(labels, scores)
    columns = _ranking.tasks(labels, scores)
    tasks = _names(tasks, len(columns))
    if blocks is not None and not intervals:
        raise ValueError("blocks are for intervals, expected intervals=True with them")
    if intervals:
        rng, blocks = as_rng(rng), as_blocks(blocks, len(labels))
        n_resamples = as_count(n_resamples, "n_resamples", minimum=20)
        resampling = {"rng": rng, "blocks": blocks, "n_resamples": n_resamples}
    prevalence = _as_prevalence(prevalence)
    correlations = None
    if signal is not None:
        correlations = np.atleast_1d(rank_correlation_of_ambiguous(labels, signal, scores))
        signal = as_signal(signal, labels).reshape(len(labels), -1)
    rows = []
    for task, (y, s, where) in enumerate(columns):
        _ranking.check_classes(y, where)
        ranking = _ranking.rank(y, s, thresholds=[0.0])
        weighed = ranking.at_prevalence(prevalence)
        row = {name: measure(weighed) for name, measure in _METRICS.items()}
        if intervals:
            row |= _limits(ranking, y, s, where=where, prevalence=prevalence, **resampling)
        if signal is not None:
            row[_CORRELATION] = correlations[task]
        if signal is not None and intervals:
            of_signal = partial(rank_correlation_of_ambiguous, signal=signal[:, task])
            found = bootstrap_interval(of_signal, y, s, **resampling)
            row |= {f"{_CORRELATION}_low": found.low, f"{_CORRELATION}_high": found.high}
        rows.append({"task": tasks[task], **_class_counts(y, prevalence), **row})
    table = pd.DataFrame(rows)
    return table[_in_order(table.columns)]


def difference(
    labels,
    scores,
    others,
    *,
    tasks=None,
    blocks=None,
    n_resamples: int = 1000,
    rng,
    prevalence: float | None = None,
) -> pd.DataFrame:
    """All metrics of the scores less those of other scores of the same examples, with intervals.

    Both meet the same resamples: what is hard for one is mostly hard for the other, so that the
    difference is known better than either, and two whose own intervals overlap may still differ.
    An interval without 0 says that one is ahead by more than chance. A difference of FDR speaks for
    the scores where it is negative.

    *What it does not show*: whether another training would be ahead too; both stay as they are.

    Parameters
    ----------
    labels : int8 (n,) or (n, n_tasks)
    scores, others : float, the same shape
    tasks, blocks, n_resamples, rng, prevalence
        As in :func:`evaluate`.

    Returns
    -------
    DataFrame
        One row a task: task, and the metrics of :func:`evaluate`, each followed by its limits, but
        for accuracy: a threshold of 0 means nothing to most scores.

    Raises
    ------
    TypeError, ValueError
        As :func:`evaluate`.

    References
    ----------
    Efron & Tibshirani 1993, doi:10.1201/9780429246593

    Examples
    --------
    >>> labels, noise = np.repeat([1, 0], 50), np.arange(100) * 37 % 100
    >>> table = difference(labels, noise + 30 * labels, noise + 10 * labels, rng=0)
    >>> table[["auroc_low", "auroc", "auroc_high"]].round(2).values.tolist()
    [[0.13, 0.16, 0.19]]
    """
    labels, scores = as_labels_and_scores(labels, scores)
    others = as_labels_and_scores(labels, others, "others")[1].reshape(scores.shape)
    rng, blocks = as_rng(rng), as_blocks(blocks, len(labels))
    n_resamples = as_count(n_resamples, "n_resamples", minimum=20)
    prevalence = _as_prevalence(prevalence)
    measures = {name: measure for name, measure in _METRICS.items() if name != "accuracy"}

    def less(both):
        ours, theirs = (ranking.at_prevalence(prevalence) for ranking in both)
        return [measure(ours) - measure(theirs) for measure in measures.values()]

    rows = []
    for (y, s, where), (_, o, _) in zip(
        _ranking.tasks(labels, scores), _ranking.tasks(labels, others), strict=True
    ):
        _ranking.check_classes(y, where)
        rankings = [_ranking.rank(y, column, thresholds=[]) for column in (s, o)]
        draws = resampled_together(rankings, y, (s, o), rng=rng, blocks=blocks, where=where)
        low, high = middle([less(both) for both in islice(draws, n_resamples)], 0.95)
        found = zip(measures, less(rankings), low, high, strict=True)
        rows.append(
            {
                name + end: float(x)
                for name, *values in found
                for end, x in zip(("", "_low", "_high"), values, strict=True)
            }
        )
    table = pd.DataFrame(rows)
    table.insert(0, "task", _names(tasks, len(rows)))
    return table


def _names(tasks, n):
    """The names of n tasks."""
    if tasks is None:
        tasks = ["bound"] if n == 1 else [f"task {i}" for i in range(n)]
    if len(tasks) != n:
        raise ValueError(f"tasks holds {len(tasks)} names, expected one for each of {n}")
    return tasks


def _as_prevalence(prevalence):
    if prevalence is not None and not 0 < as_number(prevalence, "prevalence") < 1:
        raise ValueError(f"prevalence is {prevalence!r}, expected a share between 0 and 1, as 0.01")
    return prevalence


def _class_counts(labels, prevalence):
    counts = [np.count_nonzero(labels == label) for label in (1, 0, -1)]
    names = ("n_bound", "n_unbound", "n_ambiguous")
    share = counts[0] / sum(counts[:2]) if prevalence is None else prevalence
    return {**dict(zip(names, counts, strict=True)), "prevalence": share}


def _limits(ranking, labels, scores, *, rng, blocks, n_resamples, where, prevalence):
    """The limits of all metrics of a ranking, from one set of resamples."""
    draws = resampled(ranking, labels, scores, rng=rng, blocks=blocks, where=where)
    unseen = (0,) if prevalence is None else (0, 1)
    values = [
        [
            [measure(weighed) for measure in _METRICS.values()]
            for weighed in (draw.at_prevalence(prevalence, unseen=n) for n in unseen)
        ]
        for draw in islice(draws, n_resamples)
    ]
    low, high = middle(values, 0.95)  # (n_resamples, 1 or 2, n_metrics) -> (1 or 2, n_metrics)
    return {
        f"{name}_{side}": float(value)
        for side, limits in (("low", low.min(axis=0)), ("high", high.max(axis=0)))
        for name, value in zip(_METRICS, limits, strict=True)
    }


def _in_order(columns):
    """Each metric followed by its limits."""
    stems = [name for name in columns if not name.endswith(("_low", "_high"))]
    return [stem + end for stem in stems for end in ("", "_low", "_high") if stem + end in columns]
