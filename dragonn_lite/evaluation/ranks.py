"""How well are examples ranked? One number a task.

Call these as ``metrics.auroc(...)``: :mod:`dragonn_lite.evaluation.metrics` is their front door
and says what labels and scores are.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy import stats

from dragonn_lite._contract import as_count, as_fraction, as_labels_and_scores, as_number
from dragonn_lite.evaluation import _ranking
from dragonn_lite.evaluation._ranking import each_task


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
    TypeError
        If labels or scores are no numbers.
    ValueError
        If shapes differ, a score is NaN, a label is not 1, 0 or -1, or a task has one class only.

    References
    ----------
    Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747

    Examples
    --------
    >>> auroc([0, 0, 1, 1, -1], [0.1, 0.4, 0.35, 0.8, 9.0])
    0.75
    """
    return each_task(_ranking.auroc, labels, scores)


def auprc(labels, scores) -> float | np.ndarray:
    """Average precision: the area under the precision-recall curve as a sum of steps.

    The trapezoid between the points of that curve is not used: precision does not change linearly
    with recall, and straight lines between points promise what no threshold reaches, above all
    the line up to the customary first point, precision 1 at recall 0. A score of two values that
    knows nothing, below, has precision .008 at every threshold, the prevalence; the trapezoid
    says .326.

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
    TypeError, ValueError
        As in :func:`auroc`.

    References
    ----------
    Davis & Goadrich 2006, doi:10.1145/1143844.1143874

    Examples
    --------
    >>> labels = np.repeat([1, 0, 1, 0], [25, 3100, 14, 1736])
    >>> scores = np.repeat([1.0, 1.0, 0.0, 0.0], [25, 3100, 14, 1736])
    >>> precision, recall = [1, 25 / 3125, 39 / 4875], [0, 25 / 39, 1]
    >>> round(auprc(labels, scores), 3), round(float(np.trapezoid(precision, recall)), 3)
    (0.008, 0.326)
    """
    return each_task(_ranking.auprc, labels, scores)


def recall_at_fdr(labels, scores, *, fdr: float = 0.05) -> float | np.ndarray:
    """Largest recall of any threshold whose false discovery rate is at most `fdr`.

    All thresholds are looked at: precision does not fall steadily with recall, so a search that
    stops at the first failure, or halves the curve as if it were sorted, reports too little.
    Examples of equal score are called together.

    *What it does not show*: how sure it is; a handful of false calls at the top moves it far.
    See :func:`bootstrap_interval`.

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
    TypeError, ValueError
        As in :func:`auroc`, or if `fdr` is not from 0 to 1.

    Examples
    --------
    >>> recall_at_fdr([1, 1, 0, 1, 0, 0], [6, 5, 4, 3, 2, 1], fdr=0.25)
    1.0
    >>> round(recall_at_fdr([1, 1, 0, 1, 0, 0], [6, 5, 4, 3, 2, 1], fdr=0.2), 3)
    0.667
    """
    fdr = as_fraction(as_number(fdr, "fdr"), "fdr")
    return each_task(partial(_ranking.recall_at_fdr, fdr=fdr), labels, scores)


def fdr_at_recall(labels, scores, *, recall: float) -> float | np.ndarray:
    """Smallest false discovery rate of any threshold that reaches a recall of at least `recall`.

    *What it does not show*: as in :func:`recall_at_fdr`.

    Parameters
    ----------
    labels : int8 (n,) or (n, n_tasks)
    scores : float, the same shape
    recall : float
        Share of the bound examples to find, above 0 and up to 1.

    Returns
    -------
    float or (n_tasks,)

    Raises
    ------
    TypeError, ValueError
        As in :func:`auroc`, or if `recall` is not above 0 and up to 1.

    Examples
    --------
    >>> fdr_at_recall([1, 1, 0, 1, 0, 0], [6, 5, 4, 3, 2, 1], recall=1)
    0.25
    """
    if as_fraction(as_number(recall, "recall"), "recall") == 0:
        raise ValueError("recall is 0, expected above 0: calling nothing has no FDR")
    return each_task(partial(_ranking.fdr_at_recall, recall=float(recall)), labels, scores)


def precision_at_k(labels, scores, *, k: int) -> float | np.ndarray:
    """Share of bound examples among the `k` of highest score.

    Where a tie straddles the border, the expected value over all orders of the tied examples is
    taken: two places left for four tied examples, of which one is bound, hold half a bound one.

    Parameters
    ----------
    labels : int8 (n,) or (n, n_tasks)
    scores : float, the same shape
    k : int
        Number of picks, from 1 to the number of examples that are not ambiguous.

    Returns
    -------
    float or (n_tasks,)

    Raises
    ------
    TypeError, ValueError
        As in :func:`auroc`, or if `k` is no such number.

    Examples
    --------
    >>> precision_at_k([1, 0, 1, 0, 0, 0], [3, 3, 2, 2, 2, 2], k=4)
    0.375
    """
    k = as_count(k, "k", minimum=1)
    return each_task(partial(_ranking.precision_at_k, k=k), labels, scores)


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
    TypeError, ValueError
        If labels or scores are no numbers, shapes differ, a score is NaN, or a task has no
        labelled example.

    Examples
    --------
    >>> accuracy([1, 0, 1, -1], [2.0, -1.0, -0.5, 3.0])
    0.666...
    """
    threshold = as_number(threshold, "threshold")
    measure = partial(_ranking.accuracy, threshold=threshold)
    return each_task(measure, labels, scores, thresholds=[threshold], both=False)


def rank_correlation_of_ambiguous(labels, signal, scores) -> float | np.ndarray:
    """Spearman's correlation of signal and score over the ambiguous examples, labelled -1.

    They are too close to the threshold to be judged as bound or unbound; whether a model puts
    them in the order of their signal can still be asked.

    *What it does not show*: whether they rank between the bound and the unbound examples.

    Parameters
    ----------
    labels : int8 (n,) or (n, n_tasks)
    signal : float, the same shape
        The measurement that the labels were made from.
    scores : float, the same shape

    Returns
    -------
    float or (n_tasks,)
        From -1 to 1.

    Raises
    ------
    TypeError, ValueError
        If something is no number, shapes differ, a task has fewer than three ambiguous examples,
        or their signal or score is NaN or the same for all.

    References
    ----------
    Spearman 1904, doi:10.2307/1412159

    Examples
    --------
    >>> rank_correlation_of_ambiguous([1, -1, -1, -1, 0], [90, 30, 20, 10, 1], [5, 3, 1, 2, 0])
    0.5
    """
    labels, scores = as_labels_and_scores(labels, scores)
    signal = as_signal(signal, labels)
    columns = zip(_ranking.tasks(labels, scores), signal.reshape(len(signal), -1).T, strict=True)
    values = [
        _spearman({"signal": x[y == -1], "scores": s[y == -1]}, where)
        for (y, s, where), x in columns
    ]
    return np.array(values) if labels.ndim == 2 else values[0]


def as_signal(signal, labels) -> np.ndarray:
    """Check that a signal holds one number a label and return it in the labels' shape."""
    signal = np.asarray(signal)
    if signal.dtype.kind not in "biuf":
        raise TypeError(f"signal has dtype {signal.dtype}, expected numbers")
    if signal.shape != labels.shape and signal.shape != (*labels.shape, 1):
        raise ValueError(
            f"signal has shape {signal.shape} and the labels {labels.shape}, expected the same"
        )
    return signal.reshape(labels.shape)


def _spearman(pair, where):
    n = len(pair["signal"])
    if n < 3:
        raise ValueError(f"the labels{where} hold {n} ambiguous examples (-1), expected 3 or more")
    for name, values in pair.items():
        if np.isnan(values).any():
            raise ValueError(
                f"the {name} of the ambiguous examples{where} hold NaN; leave them out"
            )
        if not has_order(values):
            raise ValueError(
                f"the {name} of the ambiguous examples{where} are all {values[0]:g}: there is no "
                "order to compare"
            )
    return float(np.corrcoef([stats.rankdata(values) for values in pair.values()])[0, 1])


def has_order(values) -> bool:
    """Whether there are three values or more, and not all the same."""
    return len(values) >= 3 and bool((values != values[0]).any())


# The metrics that need no more than a ranking: resampled as counts, not example by example.
OF_RANKING = {
    auroc: _ranking.auroc,
    auprc: _ranking.auprc,
    recall_at_fdr: _ranking.recall_at_fdr,
    fdr_at_recall: _ranking.fdr_at_recall,
    precision_at_k: _ranking.precision_at_k,
    accuracy: _ranking.accuracy,
}
