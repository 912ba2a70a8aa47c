"""Do two replicates find the same things first? Peaks shared, and the top of two rankings.

Call these as ``replicates.concordance(...)``: :mod:`dragonn_lite.assays.replicates` is their front
door.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dragonn_lite.dna.intervals import as_intervals, on_one_axis
from dragonn_lite.evaluation.shares import wilson_interval


def concordance(signal_a, signal_b, *, k=None) -> pd.DataFrame:
    """How many of the k strongest in one replicate are among the k strongest in the other.

    Parameters
    ----------
    signal_a, signal_b : float (n,)
        Of the same n examples (windows, matched peaks); larger is stronger.
    k : int or list of int, optional
        By default round numbers from 10 on, ten for each power of ten, and n.

    Returns
    -------
    DataFrame
        One row a `k`: k, shared, concordance (shared / k) and chance (k / n, what two rankings
        that have nothing to do with each other share). Where equal signals lie across the border
        of the top k, `shared` is the expected number when each replicate draws lots among them.

    Raises
    ------
    ValueError
        If a signal is empty or NaN, the lengths differ, or a k is not from 1 to n.

    Examples
    --------
    >>> concordance([9, 8, 7, 1, 0], [7, 9, 1, 8, 0], k=[1, 2, 3])["shared"].tolist()
    [0.0, 1.0, 2.0]
    """
    a, b = as_signals(signal_a, signal_b, mend="for two lists of peaks use peak_concordance(...)")
    sizes = _sizes(k, len(a), "examples")
    ordered = [np.sort(signal)[::-1] for signal in (a, b)]
    shared = [
        np.prod([_in_top(s, o, size) for s, o in zip((a, b), ordered, strict=True)], axis=0).sum()
        for size in sizes
    ]
    table = pd.DataFrame({"k": sizes, "shared": shared, "concordance": shared / sizes})
    return table.assign(chance=sizes / len(a))


def peak_concordance(peaks_a: pd.DataFrame, peaks_b: pd.DataFrame, *, k=None) -> pd.DataFrame:
    """How many of the k strongest peaks of `peaks_a` overlap one of the k strongest of `peaks_b`.

    Parameters
    ----------
    peaks_a, peaks_b : interval table
        With the column `signal`. Peaks of equal signal stay in the order given.
    k : int or list of int, optional
        By default round numbers from 10 on, ten for each power of ten, and the length of the
        shorter list.

    Returns
    -------
    DataFrame
        One row a `k`: k, shared, concordance (shared / k).

    Raises
    ------
    ValueError
        If a table is empty, has no column `signal` or holds NaN there, the two have no chromosome
        in common, or a k is larger than the shorter list.

    Examples
    --------
    >>> a = pd.DataFrame({"chromosome": "I", "start": [0, 50], "stop": [9, 59], "signal": [8, 9]})
    >>> peak_concordance(a, a.assign(signal=[9, 8]), k=[1, 2])["concordance"].tolist()
    [0.0, 1.0]
    """
    a, b = _peaks(peaks_a, peaks_b, "signal")
    sizes = _sizes(k, min(len(a), len(b)), "peaks in the shorter list")
    in_a, in_b, _ = _overlapping(a, b)
    rank_a, rank_b = (_rank(peaks["signal"].to_numpy()) for peaks in (a, b))
    best = np.full(len(a), len(a) + len(b))  # the strongest of b that overlaps, if any does
    np.minimum.at(best, in_a, rank_b[in_b])
    needed = np.sort(np.maximum(best, rank_a))  # the top k share it from this k on, less one
    shared = np.searchsorted(needed, sizes)
    return pd.DataFrame({"k": sizes, "shared": shared, "concordance": shared / sizes})


def peak_agreement(
    peaks_a: pd.DataFrame, peaks_b: pd.DataFrame, *, confidence: float = 0.95
) -> pd.DataFrame:
    """How many peaks of each list overlap a peak of the other by at least one base.

    The two counts need not be equal: one wide peak may overlap two narrow ones.

    Parameters
    ----------
    peaks_a, peaks_b : interval table
    confidence : float
        Of the interval around each share (Wilson's).

    Returns
    -------
    DataFrame
        Two rows, ``peaks`` "a" and "b": n, n_shared, share, low, high.

    Raises
    ------
    ValueError
        If a table is empty, or the two have no chromosome in common.

    References
    ----------
    Wilson 1927, doi:10.1080/01621459.1927.10502953

    Examples
    --------
    >>> a = pd.DataFrame({"chromosome": "I", "start": [0, 20, 90], "stop": [9, 29, 99]})
    >>> b = pd.DataFrame({"chromosome": ["I"], "start": [5], "stop": [25]})
    >>> peak_agreement(a, b)["n_shared"].tolist()
    [2, 1]
    """
    a, b = _peaks(peaks_a, peaks_b)
    in_a, in_b, _ = _overlapping(a, b)
    n = np.array([len(a), len(b)])
    n_shared = np.array([len(np.unique(in_a)), len(np.unique(in_b))])
    low, high = wilson_interval(n_shared / n, n, confidence)
    columns = {"n": n, "n_shared": n_shared, "share": n_shared / n, "low": low, "high": high}
    return pd.DataFrame({"peaks": ["a", "b"], **columns})


def match_peaks(peaks_a: pd.DataFrame, peaks_b: pd.DataFrame) -> pd.DataFrame:
    """Pair each peak with at most one overlapping peak of the other list, for :func:`idr`.

    The pair that shares most bases is matched first; each peak is used once. Where pairs share
    equally many, the one whose peaks rank higher goes first. Which list is called `a` does not
    matter. A peak without a partner is left out: IDR judges only what both replicates have seen.

    Parameters
    ----------
    peaks_a, peaks_b : interval table
        With the column `signal`.

    Returns
    -------
    DataFrame
        One row a pair, in the order of `peaks_a`: index_a and index_b (row numbers from 0),
        overlap_bp, signal_a, signal_b.

    Raises
    ------
    ValueError
        As :func:`peak_concordance`.

    Examples
    --------
    >>> a = pd.DataFrame({"chromosome": "I", "start": [0, 20], "stop": [9, 29], "signal": [8, 9]})
    >>> b = pd.DataFrame({"chromosome": ["I"], "start": [5], "stop": [25], "signal": [7]})
    >>> match_peaks(a, b).to_dict("records")
    [{'index_a': 1, 'index_b': 0, 'overlap_bp': 5, 'signal_a': 9, 'signal_b': 7}]
    """
    a, b = _peaks(peaks_a, peaks_b, "signal")
    in_a, in_b, shared_bp = _overlapping(a, b)
    rank_a, rank_b = (_rank(peaks["signal"].to_numpy()) for peaks in (a, b))
    first, second = rank_a[in_a], rank_b[in_b]
    order = np.lexsort((np.minimum(first, second), first + second, -shared_bp))
    free_a, free_b = np.ones(len(a), bool), np.ones(len(b), bool)
    chosen = []
    for pair in order:
        i, j = in_a[pair], in_b[pair]
        if free_a[i] and free_b[j]:
            free_a[i] = free_b[j] = False
            chosen.append(pair)
    chosen = np.array(chosen, np.int64)
    chosen = chosen[np.argsort(in_a[chosen])]
    i, j = in_a[chosen], in_b[chosen]
    signals = {"signal_a": a["signal"].to_numpy()[i], "signal_b": b["signal"].to_numpy()[j]}
    return pd.DataFrame({"index_a": i, "index_b": j, "overlap_bp": shared_bp[chosen], **signals})


def _overlapping(a: pd.DataFrame, b: pd.DataFrame):
    """Every pair of rows that share a base, and how many: three arrays (n_pairs,)."""
    (start_a, stop_a), (start_b, stop_b) = on_one_axis(a, b)
    order = np.argsort(start_b, kind="stable")
    start_b, stop_b = start_b[order], stop_b[order]
    # Candidates begin before a peak stops, and something up to them reaches beyond its start.
    last = np.searchsorted(start_b, stop_a)
    first = np.searchsorted(np.maximum.accumulate(stop_b), start_a, side="right")
    count = np.maximum(last - first, 0)
    in_a = np.repeat(np.arange(len(a)), count)
    in_b = np.arange(count.sum()) + np.repeat(first - np.cumsum(count) + count, count)
    shared_bp = np.minimum(stop_a[in_a], stop_b[in_b]) - np.maximum(start_a[in_a], start_b[in_b])
    kept = shared_bp > 0
    return in_a[kept], order[in_b[kept]], shared_bp[kept]


def _peaks(peaks_a, peaks_b, *columns: str) -> list[pd.DataFrame]:
    tables = []
    for name, peaks in (("peaks_a", peaks_a), ("peaks_b", peaks_b)):
        peaks = as_intervals(peaks, name)
        if len(peaks) == 0:
            raise ValueError(f"{name} is empty, expected at least one peak")
        missing = [column for column in columns if column not in peaks.columns]
        if missing:
            raise ValueError(
                f"{name} has no column {missing[0]!r}; name what ranks its peaks, such as "
                "peaks.assign(signal=peaks['score'])"
            )
        for column in columns:
            _signal(peaks[column], f"{name}[{column!r}]")
        tables.append(peaks)
    known = [set(peaks["chromosome"]) for peaks in tables]
    if not known[0] & known[1]:
        raise ValueError(
            f"peaks_a has the chromosome {min(known[0])!r} and peaks_b {min(known[1])!r}, expected "
            "at least one in common: rename them with genome.rename_chromosomes(...)"
        )
    return tables


def as_signals(signal_a, signal_b, *, mend: str) -> list[np.ndarray]:
    """Check two signals of the same findings; `mend` is said where their numbers differ."""
    signals = [_signal(signal_a, "signal_a"), _signal(signal_b, "signal_b")]
    n_a, n_b = map(len, signals)
    if n_a != n_b:
        raise ValueError(
            f"signal_a has {n_a} values and signal_b {n_b}, expected one of each for every "
            f"finding; {mend}"
        )
    return signals


def _signal(signal, name: str) -> np.ndarray:
    signal = np.asarray(signal)
    if signal.ndim != 1 or not len(signal) or signal.dtype.kind not in "biuf":
        raise ValueError(
            f"{name} has shape {signal.shape} and dtype {signal.dtype}, expected numbers (n,)"
        )
    if np.isnan(signal).any():
        raise ValueError(
            f"{name} holds {int(np.isnan(signal).sum())} values that are NaN; leave "
            "these findings out"
        )
    return signal


def _rank(signal: np.ndarray) -> np.ndarray:
    """0 for the strongest; equal signals in the order given."""
    rank = np.empty(len(signal), np.int64)
    rank[np.argsort(-signal.astype(float), kind="stable")] = np.arange(len(signal))
    return rank


def _sizes(k, n: int, what: str) -> np.ndarray:
    if k is None:
        steps = np.array([10, 12, 15, 20, 25, 30, 40, 50, 60, 80])
        sizes = np.concatenate([steps * 10**power for power in range(len(str(n)))])
        return np.append(sizes[sizes < n], n)
    sizes = np.atleast_1d(np.asarray(k))
    if sizes.dtype.kind not in "iu" or sizes.ndim != 1 or not len(sizes):
        raise ValueError(f"k is {k!r}, expected a whole number or a list of them")
    if sizes.min() < 1 or sizes.max() > n:
        wrong = sizes.min() if sizes.min() < 1 else sizes.max()
        raise ValueError(f"k is {wrong}, expected 1 to {n}: there are {n} {what}")
    return sizes


def _in_top(signal: np.ndarray, ordered: np.ndarray, k: int) -> np.ndarray:
    """Probability that each is among the k strongest, where equal ones at the border draw lots."""
    border = ordered[k - 1]
    above, level = signal > border, signal == border
    return above + level * ((k - above.sum()) / level.sum())
