"""A list of scores as counts: the one thing that every metric of a ranking is computed from.

No threshold between two neighbouring scores of bound examples is ever the best: the stricter one
calls the same bound examples and fewer others. So only the bound scores need to be told apart; the
many unbound examples are counted above, on and between them. That is exact, ties included, and
ten million examples at 1 % positives need no sorted copy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dragonn_lite._contract import as_labels_and_scores

STEP = 2**20  # examples sorted at a time: 4 or 8 MB, and hardly slower than all at once


@dataclass(frozen=True)
class Ranking:
    """Examples counted in bins: below, on and between m thresholds, from the lowest on.

    Bin 2 j + 1 holds the examples whose score is threshold j, bin 2 j those between it and the
    one before. Every bound example lies on a threshold, so that within a bin all are ties or
    unbound. The counts may as well be those of a resample, or fractions of examples.
    """

    thresholds: np.ndarray  # (m,) ascending
    bound: np.ndarray  # (2 m + 1,)
    unbound: np.ndarray  # (2 m + 1,)

    @cached_property
    def n_bound(self) -> int:
        """Number of bound examples."""
        return self.bound.sum().item()

    @cached_property
    def n_unbound(self) -> int | float:
        """Number of unbound examples."""
        return self.unbound.sum().item()

    @cached_property
    def true(self) -> np.ndarray:
        """Bound examples called at each threshold: those of at least that score."""
        return np.cumsum(self.bound[::-1])[::-1][1::2]

    @cached_property
    def false(self) -> np.ndarray:
        """Unbound examples called at each threshold."""
        return np.cumsum(self.unbound[::-1])[::-1][1::2]

    def at_prevalence(self, prevalence: float | None, *, unseen: int = 0) -> Ranking:
        """The same with each unbound example counted as often as makes up that prevalence.

        And with so many unseen ones more, above all scores.
        """
        if prevalence is None:
            return self
        times = self.n_bound * (1 / prevalence - 1) / self.n_unbound
        unbound = self.unbound * times
        unbound[-1] += unseen * times
        return replace(self, unbound=unbound)

    def bins_of(self, scores) -> np.ndarray:
        """The bin of each score."""
        left, right = (np.searchsorted(self.thresholds, scores, side) for side in ("left", "right"))
        return left + right


def rank(labels, scores, *, thresholds) -> Ranking:
    """Rank the examples of one task; -1 is left out.

    Parameters
    ----------
    labels : int8 (n,)
    scores : float32 or float64 (n,)
    thresholds : float (k,)
        Further thresholds, besides the scores of bound examples.
    """
    further = _of_dtype(thresholds, scores.dtype)
    thresholds = np.unique(np.concatenate([scores[labels == 1], further]))
    return Ranking(thresholds, *(_counts(labels, scores, label, thresholds) for label in (1, 0)))


def _of_dtype(thresholds, dtype):
    """The smallest numbers of a dtype that are no smaller: the same scores lie above them."""
    exact = np.asarray(thresholds, float)
    with np.errstate(over="ignore"):
        rounded = exact.astype(dtype)
    return np.where(rounded < exact, np.nextafter(rounded, dtype.type(np.inf)), rounded)


def _counts(labels, scores, label, thresholds):
    below = np.zeros(2 * len(thresholds) + 1, np.int64)  # below each bin's upper end
    step = max(STEP, 4 * len(thresholds))  # else the thresholds cost more than the scores
    for start in range(0, len(scores), step):
        part = slice(start, start + step)
        ordered = scores[part][labels[part] == label]
        ordered.sort()
        below[0:-1:2] += np.searchsorted(ordered, thresholds, "left")
        below[1::2] += np.searchsorted(ordered, thresholds, "right")
        below[-1] += len(ordered)
    return np.diff(below, prepend=0)


# --- the tasks one by one --------------------------------------------------------------------


def tasks(labels, scores) -> list[tuple]:
    """Labels, scores and words for the messages of each task, of checked labels and scores."""
    if labels.ndim == 1:
        return [(labels, scores, "")]
    columns = zip(labels.T, scores.T, strict=True)
    return [(y, s, f" of task {task}") for task, (y, s) in enumerate(columns)]


def one_task(labels, scores, name: str = "scores") -> tuple[np.ndarray, np.ndarray]:
    """Check the labels and scores of a single task and return both as (n,)."""
    labels, scores = as_labels_and_scores(labels, scores, name)
    if labels.ndim == 2 and labels.shape[1] > 1:
        raise ValueError(f"labels have {labels.shape[1]} tasks, expected one: pass a single column")
    return labels.ravel(), scores.ravel()


def each_task(measure, labels, scores, *, thresholds=(), both=True) -> float | np.ndarray:
    """Measure the ranking of each task: one float, or an array if there is an axis of tasks."""
    labels, scores = as_labels_and_scores(labels, scores)
    values = []
    for y, s, where in tasks(labels, scores):
        check_classes(y, where, both=both)
        values.append(measure(rank(y, s, thresholds=thresholds)))
    return np.array(values) if labels.ndim == 2 else values[0]


def check_classes(labels, where, *, both=True):
    """Refuse labels that hold no class, or one where both are needed."""
    present = [label for label in (0, 1) if (labels == label).any()]
    if not present:
        raise ValueError(f"the labels{where} are all -1 (ambiguous); there is nothing to judge by")
    if both and len(present) == 1:
        raise ValueError(
            f"the labels{where} are all {present[0]}; this metric needs bound (1) and unbound (0) "
            "examples"
        )


# --- metrics of a ranking --------------------------------------------------------------------


def auroc(ranking: Ranking) -> float:
    """Bound examples above unbound ones, of all pairs; a tie counts half."""
    twice_below = 2 * np.cumsum(ranking.unbound) - ranking.unbound
    # Whole numbers up to here, unless weighed: the only rounding is that of the division.
    area = (ranking.bound @ twice_below).item() / (2 * ranking.n_bound * ranking.n_unbound)
    return min(area, 1.0)


def auprc(ranking: Ranking) -> float:
    """Mean precision over the bound examples."""
    weight = ranking.bound[1::2]
    some = weight > 0
    true, false = ranking.true[some], ranking.false[some]
    return float(weight[some] @ (true / (true + false))) / ranking.n_bound


def recall_at_fdr(ranking: Ranking, fdr: float) -> float:
    """Largest recall of the thresholds that hold the FDR."""
    called = ranking.true + ranking.false
    accepted = ranking.false <= fdr * called * (1 + 1e-12)  # 1 of 20 is 5 %, if rounded
    return int(ranking.true[accepted].max(initial=0)) / ranking.n_bound


def fdr_at_recall(ranking: Ranking, recall: float) -> float:
    """Smallest FDR of the thresholds that reach the recall."""
    reached = ranking.true >= max(1, recall * ranking.n_bound * (1 - 1e-12))
    true, false = ranking.true[reached], ranking.false[reached]
    return float((false / (true + false)).min())


def precision_at_k(ranking: Ranking, k: int | None = None) -> float:
    """Expected share of bound examples among the k of highest score; k is n_bound by default."""
    k = ranking.n_bound if k is None else k
    n = ranking.n_bound + ranking.n_unbound
    if k > n:
        raise ValueError(f"k is {k}, but only {n} examples are labelled: expected 1 to {n}")
    bound = ranking.bound[::-1]
    size = bound + ranking.unbound[::-1]
    called = np.cumsum(size)
    border = np.searchsorted(called, k)  # the bin that the k-th example lies in
    above = k - (called[border] - size[border])  # of this bin, this many are among the k
    return float((bound[:border].sum() + above * bound[border] / size[border]) / k)


def accuracy(ranking: Ranking, threshold: float = 0.0) -> float:
    """Share of examples on the right side of a threshold, which the ranking has to hold."""
    at = _of_dtype(threshold, ranking.thresholds.dtype)
    at = np.searchsorted(ranking.thresholds, at)
    right = ranking.true[at] + ranking.n_unbound - ranking.false[at]
    return right.item() / (ranking.n_bound + ranking.n_unbound)
