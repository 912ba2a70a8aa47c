"""Is it any good? Metrics that ignore ambiguous labels and treat ties as ties. The front door.

How well are examples ranked?
    :func:`auroc`, :func:`auprc`
What can be picked for the bench?
    :func:`recall_at_fdr`, :func:`fdr_at_recall`, :func:`precision_at_k`
At every threshold
    :func:`roc_curve`, :func:`precision_recall_curve`
From a given threshold on
    :func:`accuracy`
And the examples that no metric counts?
    :func:`rank_correlation_of_ambiguous`
How sure is a metric?
    :func:`bootstrap_interval`
All in one table
    :func:`evaluate`
Is one list of scores ahead of another by more than chance?
    :func:`difference`

Each takes labels, ``int8`` of shape (n,) or (n, n_tasks) with 1 bound, 0 unbound and -1 ambiguous
(ignored), and scores of the same shape: logits or any other score, larger where bound is more
likely; infinite ones rank too. A single column (n, 1) goes with (n,). A metric returns a float, or
an array of one value a task. Nothing is rounded: equal scores are ties, others are not.
"""

from __future__ import annotations

from dragonn_lite.evaluation.curves import precision_recall_curve, roc_curve
from dragonn_lite.evaluation.intervals import BootstrapInterval, bootstrap_interval
from dragonn_lite.evaluation.ranks import (
    accuracy,
    auprc,
    auroc,
    fdr_at_recall,
    precision_at_k,
    rank_correlation_of_ambiguous,
    recall_at_fdr,
)
from dragonn_lite.evaluation.summary import difference, evaluate

__all__ = [
    "BootstrapInterval",
    "accuracy",
    "auprc",
    "auroc",
    "bootstrap_interval",
    "difference",
    "evaluate",
    "fdr_at_recall",
    "precision_at_k",
    "precision_recall_curve",
    "rank_correlation_of_ambiguous",
    "recall_at_fdr",
    "roc_curve",
]
