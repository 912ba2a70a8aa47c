"""How good is a score? Metrics that ignore ambiguous labels and treat ties as ties.

Each metric takes labels, ``int8`` of shape (n,) or (n, n_tasks) with 1 bound, 0 unbound and -1
ambiguous (ignored), and scores of the same shape: logits or any other score, larger where bound
is more likely; infinite ones rank too. A single column (n, 1) goes with (n,). It returns a float,
or an array of one value a task.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn import metrics as sklearn_metrics

from dragonn_lite._contract import as_labels_and_scores, as_number


def auroc(labels, scores) -> float | np.ndarray:
    """Area under the ROC curve: the probability that a bound example outranks an unbound one.

    *What it does not show*: with few positives a value near 1 can go with a list of predictions
    that are mostly wrong; see :func:`recall_at_fdr`.

    Parameters
    ----------
    labels : int8 (n,) or (n, n_tasks)
    scores : float, the same shape

    Returns
    -------
    float or (n_tasks,)

    Raises
    ------
    ValueError
        If shapes differ, a score is NaN, or a task has one class only.

    References
    ----------
    Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747

    Examples
    --------
    >>> auroc([0, 0, 1, 1, -1], [0.1, 0.4, 0.35, 0.8, 9.0])
    0.75
    """
    return _each_task(_of_ranks(sklearn_metrics.roc_auc_score), labels, scores)


def auprc(labels, scores) -> float | np.ndarray:
    """Average precision: the area under the precision-recall curve as a sum of steps.

    The trapezoid between the points of that curve is not used: precision does not change linearly
    with recall, so straight lines between points promise what no threshold reaches. Scores that
    are all the same show it: every example is called at once, the precision is the prevalence.

    *What it does not show*: it averages over all recalls; whether the top of the list can be
    trusted is :func:`recall_at_fdr`.

    Parameters
    ----------
    labels : int8 (n,) or (n, n_tasks)
    scores : float, the same shape

    Returns
    -------
    float or (n_tasks,)

    Raises
    ------
    ValueError
        As in :func:`auroc`.

    References
    ----------
    Davis & Goadrich 2006, doi:10.1145/1143844.1143874

    Examples
    --------
    >>> auprc([1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5])
    0.25
    """
    return _each_task(_of_ranks(sklearn_metrics.average_precision_score), labels, scores)


def recall_at_fdr(labels, scores, *, fdr: float = 0.05) -> float | np.ndarray:
    """Largest recall of any threshold whose false discovery rate is at most `fdr`.

    All thresholds are looked at: precision does not fall steadily with recall, so a search that
    stops at the first failure reports too little. Examples of equal score are called together.

    Parameters
    ----------
    labels : int8 (n,) or (n, n_tasks)
    scores : float, the same shape
    fdr : float
        Largest accepted share of false calls, from 0 to 1.

    Returns
    -------
    float or (n_tasks,)
        0 where no threshold is good enough.

    Raises
    ------
    ValueError
        As in :func:`auroc`, or if `fdr` is not from 0 to 1.

    Examples
    --------
    >>> recall_at_fdr([1, 1, 0, 1, 0, 0], [6, 5, 4, 3, 2, 1], fdr=0.25)
    1.0
    >>> round(recall_at_fdr([1, 1, 0, 1, 0, 0], [6, 5, 4, 3, 2, 1], fdr=0.2), 3)
    0.667
    """
    if not 0 <= as_number(fdr, "fdr") <= 1:
        raise ValueError(f"fdr is {fdr!r}, expected a fraction from 0 to 1")

    def one_task(y, s):
        true, called, _ = _calls(y, s)
        accepted = called - true <= fdr * called * (1 + 1e-12)  # 1 of 20 is 5 %, if rounded
        return max(true[accepted], default=0) / true[-1]

    return _each_task(one_task, labels, scores)


def accuracy(labels, scores, *, threshold: float = 0.0) -> float | np.ndarray:
    """Share of examples on the right side of a threshold.

    *What it does not show*: at 1 % positives, calling everything unbound is 99 % accurate.

    Parameters
    ----------
    labels : int8 (n,) or (n, n_tasks)
    scores : float, the same shape
    threshold : float
        Scores from it on are called bound; 0 is a probability of one half for logits.

    Returns
    -------
    float or (n_tasks,)

    Raises
    ------
    ValueError
        If shapes differ, a score is NaN, or a task has no labelled example.

    Examples
    --------
    >>> accuracy([1, 0, 1, -1], [2.0, -1.0, -0.5, 3.0])  # doctest: +ELLIPSIS
    0.666...
    """
    return _each_task(
        lambda y, s: np.mean((s >= threshold) == (y == 1)), labels, scores, both_classes=False
    )


def evaluate(labels, scores, *, tasks=None) -> pd.DataFrame:
    """All metrics of each task in one table.

    Parameters
    ----------
    labels : int8 (n,) or (n, n_tasks)
    scores : float, the same shape
    tasks : sequence of str, optional
        Names of the tasks.

    Returns
    -------
    DataFrame
        One row a task: task, n_bound, n_unbound, n_ambiguous, prevalence, auroc, auprc, recall
        at 5, 10 and 20 % FDR, accuracy.

    Raises
    ------
    ValueError
        As in :func:`auroc`.

    Examples
    --------
    >>> table = evaluate([0, 0, 1, 1, -1], [0.1, 0.4, 0.35, 0.8, 9.0])
    >>> table[["task", "n_ambiguous", "auroc"]].to_dict("records")
    [{'task': 'bound', 'n_ambiguous': 1, 'auroc': 0.75}]
    """
    labels, scores = as_labels_and_scores(labels, scores)
    by_task = labels.reshape(len(labels), -1)
    n_tasks = by_task.shape[1]
    if tasks is None:
        tasks = ["bound"] if n_tasks == 1 else [f"task {i}" for i in range(n_tasks)]
    if len(tasks) != n_tasks:
        raise ValueError(f"tasks holds {len(tasks)} names, expected one for each of {n_tasks}")
    n_bound, n_unbound, n_ambiguous = (np.sum(by_task == value, axis=0) for value in (1, 0, -1))
    return pd.DataFrame(
        {
            "task": list(tasks),
            "n_bound": n_bound,
            "n_unbound": n_unbound,
            "n_ambiguous": n_ambiguous,
            "prevalence": n_bound / (n_bound + n_unbound).clip(1),
            "auroc": auroc(labels, scores),
            "auprc": auprc(labels, scores),
            **{
                f"recall_at_{percent}_percent_fdr": recall_at_fdr(labels, scores, fdr=percent / 100)
                for percent in (5, 10, 20)
            },
            "accuracy": accuracy(labels, scores),
        }
    )


def roc_curve(labels, scores) -> pd.DataFrame:
    """Every point of the ROC curve of one task.

    Parameters
    ----------
    labels : int8 (n,)
    scores : float (n,)

    Returns
    -------
    DataFrame
        false_positive_rate, recall and the threshold that reaches them (call scores >= it).

    Raises
    ------
    ValueError
        As in :func:`auroc`.

    Examples
    --------
    >>> roc_curve([0, 1], [0.2, 0.9])["recall"].tolist()
    [0.0, 1.0, 1.0]
    """
    y, s = _one_task(labels, scores)
    true, called, threshold = _calls(y, s)
    return pd.DataFrame(
        {
            "false_positive_rate": np.append(0.0, (called - true) / (called - true)[-1]),
            "recall": np.append(0.0, true / true[-1]),
            "threshold": np.append(np.inf, threshold),
        }
    )


def precision_recall_curve(labels, scores) -> pd.DataFrame:
    """Every point of the precision-recall curve of one task, from the strictest threshold on.

    Parameters
    ----------
    labels : int8 (n,)
    scores : float (n,)

    Returns
    -------
    DataFrame
        recall, precision and the threshold that reaches them (call scores >= it).

    Raises
    ------
    ValueError
        As in :func:`auroc`.

    Examples
    --------
    >>> precision_recall_curve([0, 1], [0.2, 0.9])["precision"].tolist()
    [1.0, 0.5]
    """
    y, s = _one_task(labels, scores)
    true, called, threshold = _calls(y, s)
    return pd.DataFrame(
        {"recall": true / true[-1], "precision": true / called, "threshold": threshold}
    )


def _calls(y, s):
    """True calls, all calls and the threshold, at every distinct score from the top down."""
    order = np.argsort(-s, kind="stable")
    y, s = y[order], s[order]
    last = np.flatnonzero(np.append(s[1:] != s[:-1], True))  # the last example of each tie
    return np.cumsum(y == 1)[last], last + 1, s[last]


def _one_task(labels, scores):
    labels, scores = as_labels_and_scores(labels, scores)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels, scores = labels[:, 0], scores[:, 0]
    if labels.ndim == 2:
        raise ValueError(f"labels have {labels.shape[1]} tasks, expected one: pass a single column")
    _check_classes(labels[labels >= 0], "")
    return labels[labels >= 0], scores[labels >= 0]


def _each_task(metric, labels, scores, both_classes=True):
    labels, scores = as_labels_and_scores(labels, scores)
    values = []
    columns = (labels.reshape(len(labels), -1).T, scores.reshape(len(scores), -1).T)
    for task, (y, s) in enumerate(zip(*columns, strict=True)):
        known = y >= 0
        _check_classes(y[known], f" of task {task}" if labels.ndim == 2 else "", both_classes)
        values.append(float(metric(y[known], s[known])))
    return np.array(values) if labels.ndim == 2 else values[0]


def _of_ranks(metric):
    """The metric of the ranks: scikit-learn refuses infinite scores."""
    return lambda y, s: metric(y, np.unique(s, return_inverse=True)[1])


def _check_classes(y, where, both_classes=True):
    present = np.unique(y)
    if not len(present):
        raise ValueError(f"the labels{where} are all -1 (ambiguous); there is nothing to judge by")
    if both_classes and len(present) == 1:
        raise ValueError(
            f"the labels{where} are all {present[0]}; this metric needs bound (1) and unbound (0) "
            "examples"
        )
