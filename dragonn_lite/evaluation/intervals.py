"""How sure is a metric? Intervals by resampling the examples, or whole blocks of them.

Call these as ``metrics.bootstrap_interval(...)``: :mod:`dragonn_lite.evaluation.metrics` is their
front door and says what labels and scores are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from dragonn_lite._contract import as_count, as_labels_and_scores, as_number, as_rng
from dragonn_lite.evaluation import _ranking
from dragonn_lite.evaluation.ranks import (
    OF_RANKING,
    as_signal,
    has_order,
    rank_correlation_of_ambiguous,
)


class BootstrapInterval(NamedTuple):
    """A metric with its bootstrap interval; the first three hold an array if there are tasks.

    Attributes
    ----------
    value : float or (n_tasks,)
        The metric of the examples themselves.
    low, high : float or (n_tasks,)
        Limits of the interval.
    n_resamples : int
    confidence : float
        Share of resamples within the limits.
    """

    value: float | np.ndarray
    low: float | np.ndarray
    high: float | np.ndarray
    n_resamples: int
    confidence: float


def bootstrap_interval(
    metric: Callable,
    labels,
    scores,
    *,
    rng,
    blocks=None,
    n_resamples: int = 1000,
    confidence: float = 0.95,
) -> BootstrapInterval:
    """Metric with the interval that holds the middle `confidence` of its resampled values.

    *Without blocks* bound, unbound and ambiguous examples are drawn with replacement, each class
    for itself: no resample loses a class, and the prevalence is held fixed. This assumes that
    examples are independent. Windows of a genome are not: neighbours overlap and share a site, so
    that the interval comes out too narrow. *With blocks* (chromosomes, say) whole blocks are drawn
    with replacement, as many as there are; examples within a block may depend on each other in any
    way, blocks are taken to be independent and alike, and the prevalence varies with them. A draw
    that lacks a class is drawn again, as is one that leaves the ambiguous examples no order to
    correlate. Few blocks give a rough interval, mostly too narrow: three
    chromosomes can be drawn in ten ways only. Twenty and more are better.

    With few bound examples average precision and recall at an FDR of resamples lean upwards (an
    example drawn twice is a tie of its own), and where the largest recall is 0 because no bound
    example leads, the interval is 0 to 0 and says nothing.

    *What it does not show*: how much the training of the model varies; it stays as it is.

    Parameters
    ----------
    metric : callable
        A metric of :mod:`evaluation.metrics`, or ``functools.partial`` of one with its options;
        these are resampled as counts of a ranking made once (of
        ``rank_correlation_of_ambiguous`` with its signal, which is drawn along). Or any function of
        labels and scores of one task that returns a number, which is called for each resample.
    labels : int8 (n,) or (n, n_tasks)
    scores : float, the same shape
    rng : Generator or int
    blocks : (n,), optional
        The block that each example belongs to: names or numbers.
    n_resamples : int
        At least 20.
    confidence : float
        Above 0 and below 1.

    Returns
    -------
    BootstrapInterval

    Raises
    ------
    TypeError, ValueError
        As the metric itself, or if blocks do not fit the labels, or one block alone holds all
        examples of a class.

    References
    ----------
    Efron & Tibshirani 1993, doi:10.1201/9780429246593 (percentiles);
    Davison & Hinkley 1997, doi:10.1017/CBO9780511802843 (strata, blocks)

    Examples
    --------
    >>> from functools import partial
    >>> from dragonn_lite.evaluation import metrics
    >>> labels, scores = np.repeat([1, 0], 50), np.arange(100)[::-1] % 80
    >>> found = bootstrap_interval(metrics.auroc, labels, scores, rng=0)
    >>> [round(x, 2) for x in found[:3]]
    [0.68, 0.57, 0.79]
    >>> at_half = partial(metrics.recall_at_fdr, fdr=0.5)
    >>> bootstrap_interval(at_half, labels, scores, rng=0, blocks=np.arange(100) // 5).value
    1.0
    """
    rng = as_rng(rng)
    if not callable(metric):
        raise TypeError(f"metric is {metric!r}, expected a function of labels and scores")
    options = metric.keywords if isinstance(metric, partial) else {}
    if getattr(metric, "func", metric) is rank_correlation_of_ambiguous and "signal" not in options:
        raise TypeError("metric lacks its signal, expected functools.partial(..., signal=signal)")
    n_resamples = as_count(n_resamples, "n_resamples", minimum=20)
    if not 0 < as_number(confidence, "confidence") < 1:
        raise ValueError(f"confidence is {confidence!r}, expected above 0 and below 1, as 0.95")
    labels, scores = as_labels_and_scores(labels, scores)
    blocks = as_blocks(blocks, len(labels))
    measure, thresholds = _of_ranking(metric)
    judge, is_ordered = _of_examples(metric, labels)
    values, limits = [], []
    for task, (y, s, where) in enumerate(_ranking.tasks(labels, scores)):
        values.append(float(judge(y, s, task, slice(None))))
        if measure:
            ranking = _ranking.rank(y, s, thresholds=thresholds)
            draws = map(measure, resampled(ranking, y, s, rng=rng, blocks=blocks, where=where))
        else:
            drawn = _drawn_examples(y, blocks, rng, where)
            drawn = (examples for examples in drawn if is_ordered(y, s, task, examples))
            draws = (float(judge(y, s, task, examples)) for examples in drawn)
        limits.append(middle(list(islice(draws, n_resamples)), confidence))
    value, (low, high) = np.array(values), np.transpose(limits)
    if labels.ndim == 1:
        value, low, high = (float(x[0]) for x in (value, low, high))
    return BootstrapInterval(value, low, high, n_resamples, float(confidence))


def middle(values, confidence: float) -> np.ndarray:
    """Limits of the middle share of values, along the first axis."""
    if np.isnan(values).any():
        raise ValueError("the metric is NaN for some resamples, expected a number for each")
    return np.quantile(values, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)


def as_blocks(blocks, n: int) -> np.ndarray | None:
    """Number the blocks of n examples from 0 on."""
    if blocks is None:
        return None
    if np.shape(blocks) != (n,):
        raise ValueError(f"blocks have shape {np.shape(blocks)}, expected one for each of {n}")
    codes, names = pd.factorize(pd.Series(blocks))
    if (codes < 0).any():
        raise ValueError(f"blocks are missing for {(codes < 0).sum()} examples, expected a name")
    if len(names) == 1:
        raise ValueError(f"blocks are all {names[0]!r}, expected two or more to draw from")
    return codes


def resampled(ranking, labels, scores, *, rng, blocks=None, where="") -> Iterator:
    """Endless resamples of the ranking of one task, from labels and scores ranked in it."""
    if blocks is None:
        bound, unbound = (_drawer(counts, rng) for counts in (ranking.bound, ranking.unbound))
        while True:
            yield replace(ranking, bound=bound(), unbound=unbound())
    bound, unbound = (_counts_of_blocks(ranking, labels, scores, blocks, label) for label in (1, 0))
    for drawn in _drawn_blocks(labels, blocks, rng, where):
        times = np.bincount(drawn, minlength=blocks.max() + 1)
        yield replace(ranking, bound=bound @ times, unbound=unbound @ times)


def resampled_together(rankings, labels, scores, *, rng, blocks=None, where="") -> Iterator[list]:
    """Endless resamples of rankings of the same examples, all by the same draws."""
    bins = [ranking.bins_of(s) for ranking, s in zip(rankings, scores, strict=True)]
    for drawn in _drawn_examples(labels, blocks, rng, where):
        bound, unbound = (drawn[labels[drawn] == label] for label in (1, 0))
        yield [
            replace(
                ranking,
                bound=np.bincount(bin_of[bound], minlength=len(ranking.bound)),
                unbound=np.bincount(bin_of[unbound], minlength=len(ranking.bound)),
            )
            for ranking, bin_of in zip(rankings, bins, strict=True)
        ]


def _counts_of_blocks(ranking, labels, scores, blocks, label):
    """Examples of a class by bin and block, as a sparse table (bins, blocks)."""
    table = sparse.csr_array((len(ranking.bound), blocks.max() + 1), dtype=np.int64)
    for start in range(0, len(labels), _ranking.STEP):
        part = slice(start, start + _ranking.STEP)
        taken = labels[part] == label
        places = ranking.bins_of(scores[part][taken]), blocks[part][taken]
        ones = np.ones(len(places[0]), np.int64)
        table = table + sparse.coo_array((ones, places), table.shape).tocsr()
    return table


def _drawer(counts, rng):
    """A function that draws as many examples as there are from bins, with replacement."""
    n = counts.sum()
    if n > 20 * len(counts):  # many to a bin: whole bins are drawn faster than examples
        return lambda: rng.multinomial(n, counts / n)
    bins = np.repeat(np.arange(len(counts)), counts)
    return lambda: np.bincount(bins[rng.integers(max(n, 1), size=n)], minlength=len(counts))


def _drawn_examples(labels, blocks, rng, where):
    """Endless resamples as indices of examples, one after the other or in blocks."""
    if blocks is None:
        classes = [np.flatnonzero(labels == label) for label in (1, 0, -1)]
        while True:
            yield np.concatenate([c[rng.integers(len(c), size=len(c))] for c in classes if len(c)])
    starts = np.cumsum(np.bincount(blocks))[:-1]
    members = np.split(np.argsort(blocks, kind="stable"), starts)
    for drawn in _drawn_blocks(labels, blocks, rng, where):
        yield np.concatenate([members[block] for block in drawn])


def _drawn_blocks(labels, blocks, rng, where):
    """Endless draws of as many blocks as there are, drawn again if a class is lost."""
    n = blocks.max() + 1
    holders = []
    for label, word in ((1, "bound"), (0, "unbound")):
        held = np.bincount(blocks[labels == label], minlength=n) > 0
        if held.sum() == 1:
            raise ValueError(
                f"one of the {n} blocks holds all {word} examples{where}, expected two or more "
                "that do: take smaller blocks, or none"
            )
        if held.any():
            holders.append(held)
    while True:
        drawn = rng.integers(n, size=n)
        if all(held[drawn].any() for held in holders):
            yield drawn


def _of_ranking(metric):
    """The metric as a function of a ranking and the thresholds it asks for, or None."""
    options = metric.keywords if isinstance(metric, partial) else {}
    measure = OF_RANKING.get(metric.func if isinstance(metric, partial) else metric)
    return measure and partial(measure, **options), [options.get("threshold", 0.0)]


def _of_examples(metric, labels):
    """The metric of the labels and scores of a task and some examples; whether it is defined."""
    if getattr(metric, "func", None) is not rank_correlation_of_ambiguous:
        return lambda y, s, task, examples: metric(y[examples], s[examples]), lambda *_: True
    signal = as_signal(metric.keywords["signal"], labels).reshape(len(labels), -1)

    def judge(y, s, task, examples):
        return rank_correlation_of_ambiguous(y[examples], signal[examples, task], s[examples])

    def is_ordered(y, s, task, examples):
        ambiguous = examples[y[examples] == -1]
        return has_order(signal[ambiguous, task]) and has_order(s[ambiguous])

    return judge, is_ordered
