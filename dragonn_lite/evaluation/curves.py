"""Recall, precision and false positive rate at every threshold, as tidy tables.

Call these as ``metrics.roc_curve(...)``: :mod:`dragonn_lite.evaluation.metrics` is their front
door and says what labels and scores are.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dragonn_lite.evaluation import _ranking


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
    TypeError, ValueError
        As in :func:`auroc`, or if there are several tasks.

    References
    ----------
    Fawcett 2006, doi:10.1016/j.patrec.2005.10.010

    Examples
    --------
    >>> roc_curve([0, 1], [0.2, 0.9])["recall"].tolist()
    [0.0, 1.0, 1.0]
    """
    true, false, threshold = _calls(labels, scores)
    return pd.DataFrame(
        {
            "false_positive_rate": np.append(0.0, false / false[-1]),
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
    TypeError, ValueError
        As in :func:`auroc`, or if there are several tasks.

    References
    ----------
    Davis & Goadrich 2006, doi:10.1145/1143844.1143874

    Examples
    --------
    >>> precision_recall_curve([0, 1], [0.2, 0.9])["precision"].tolist()
    [1.0, 0.5]
    """
    true, false, threshold = _calls(labels, scores)
    return pd.DataFrame(
        {"recall": true / true[-1], "precision": true / (true + false), "threshold": threshold}
    )


def _calls(labels, scores):
    """True and false calls and the threshold, at every distinct score from the top down."""
    labels, scores = _ranking.one_task(labels, scores)
    _ranking.check_classes(labels, "")
    ranking = _ranking.rank(labels, scores, thresholds=np.unique(scores[labels >= 0]))
    top_down = slice(None, None, -1)
    thresholds = ranking.thresholds.astype(float)
    return ranking.true[top_down], ranking.false[top_down], thresholds[top_down]
