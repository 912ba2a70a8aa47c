"""From peaks, or from a signal, to labels of genome windows: bound, unbound, or ambiguous.

Between what is surely bound and what is surely not lies a rim: windows at the edge of a peak,
windows with some reads but not many. A label forced on them is a coin toss, in training and in the
test. Here they are labelled -1, which every loss and metric of the package leaves out.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_fraction, as_labels, as_number
from dragonn_lite.dna.chromosomes import listed
from dragonn_lite.dna.genome import as_intervals, overlaps

BOUND, UNBOUND, AMBIGUOUS = np.array([1, 0, -1], np.int8)


def from_peaks(
    windows: pd.DataFrame,
    peaks: pd.DataFrame | Sequence[pd.DataFrame],
    *,
    minimum_overlap: float = 0.5,
    within_bp: float | None = None,
    ambiguous_peaks: pd.DataFrame | Sequence[pd.DataFrame] | None = None,
) -> np.ndarray:
    """Label windows by the peaks they overlap.

    A window is *bound* (1) if it shares at least `minimum_overlap` of its bases, or of those of
    the peak where that is shorter, with any one peak: a peak of 1 bp belongs to every window that
    holds it. This is the rule of the Kundaje laboratory's seqdataloader. DeepSEA's is stricter
    with short peaks: half of the 200-bp window, whatever the peak. A window is *ambiguous* (-1) if
    it touches a peak but shares less, or touches one of `ambiguous_peaks`. All others are
    *unbound* (0).

    Parameters
    ----------
    windows : interval table (n rows)
    peaks : interval table, or a list of them
        A list gives one task a table.
    minimum_overlap : float
        From 0 to 1; at least one base is shared, even with 0.
    within_bp : float, optional
        Another rule for bound instead: the centre of the window lies at most so far from the
        peak's `summit`, or from its middle where the table gives no summit (or -1).
    ambiguous_peaks : interval table, or a list of them, optional
        Peaks called at a lower threshold, as many tables as `peaks`. They never unmake a bound
        window, so `peaks` may be among them.

    Returns
    -------
    int8 (n,) or (n, n_tasks)

    Raises
    ------
    TypeError
        If something is no table.
    ValueError
        If a table lacks a column, a number is out of range, or windows and peaks call the same
        chromosomes by other names.

    Warns
    -----
    UserWarning
        If no peak lies on a chromosome of the windows: all are unbound then.

    References
    ----------
    Zhou & Troyanskaya 2015 (DeepSEA), doi:10.1038/nmeth.3547; github.com/kundajelab/seqdataloader,
    ``peak_percent_overlap_with_bin_classification``.

    Examples
    --------
    >>> from dragonn_lite.dna import genome
    >>> windows = genome.windows({"I": 1000}, 200)
    >>> peaks = pd.DataFrame({"chromosome": "I", "start": [250, 700], "stop": [450, 701]})
    >>> from_peaks(windows, peaks).tolist()  # the first peak lies mostly in the second window
    [0, 1, -1, 1, 0]
    >>> from_peaks(windows, peaks, within_bp=60).tolist()
    [0, 1, -1, 1, 0]
    """
    if isinstance(peaks, (list, tuple)):
        others = [None] * len(peaks) if ambiguous_peaks is None else ambiguous_peaks
        if not isinstance(others, (list, tuple)) or len(others) != len(peaks) or not peaks:
            raise ValueError(
                f"peaks is a list of {len(peaks)} tables, expected at least one, and as many in "
                "ambiguous_peaks"
            )
        rule = {"minimum_overlap": minimum_overlap, "within_bp": within_bp}
        columns = [
            from_peaks(windows, of_task, ambiguous_peaks=other, **rule)
            for of_task, other in zip(peaks, others, strict=True)
        ]
        return np.stack(columns, axis=1)  # n_tasks times (n,) -> (n, n_tasks)
    windows, peaks = as_intervals(windows, "windows"), as_intervals(peaks, "peaks")
    labels = np.where(overlaps(windows, peaks), AMBIGUOUS, UNBOUND)
    ours, theirs = windows["chromosome"].unique(), peaks["chromosome"].unique()
    if len(ours) and len(theirs) and not set(ours) & set(theirs):
        warnings.warn(
            f"peaks lie on {listed(theirs)} and windows on {listed(ours)}: no window is bound; see "
            "genome.rename_chromosomes",
            stacklevel=2,
        )
    if ambiguous_peaks is not None:
        labels[overlaps(windows, as_intervals(ambiguous_peaks, "ambiguous_peaks"))] = AMBIGUOUS
    if within_bp is None:
        bound = _bound_by_overlap(windows, peaks, as_fraction(minimum_overlap, "minimum_overlap"))
    else:
        bound = _bound_by_summit(windows, peaks, as_number(within_bp, "within_bp", "bp"))
    labels[bound] = BOUND
    return labels


def from_signal(signal, *, positive_at: float, negative_at: float) -> np.ndarray:
    """Label a continuous signal by two thresholds.

    Parameters
    ----------
    signal : array (n,) or (n, n_tasks)
        Reads, coverage or enrichment of each window; NaN where it is missing.
    positive_at : float
        From here on a window is bound.
    negative_at : float
        Below this a window is unbound. Between the two it is ambiguous, and so is one whose signal
        is missing; with ``negative_at=positive_at`` there is no rim.

    Returns
    -------
    int8, the same shape

    Raises
    ------
    TypeError
        If the signal, or a threshold, is no number.
    ValueError
        If the signal has another shape, or `negative_at` is above `positive_at`.

    Examples
    --------
    >>> from_signal([0.0, 9.0, 10.0, 30.0, np.nan], positive_at=30, negative_at=10).tolist()
    [0, 0, -1, 1, -1]
    """
    positive_at = as_number(positive_at, "positive_at")
    negative_at = as_number(negative_at, "negative_at")
    if negative_at > positive_at:
        raise ValueError(
            f"negative_at is {negative_at:g}, above positive_at, which is {positive_at:g}; "
            "expected the lower of the two thresholds"
        )
    try:
        signal = np.asarray(signal)
    except ValueError:
        raise ValueError("signal has rows of different lengths, expected (n, n_tasks)") from None
    if signal.dtype.kind not in "biuf":
        raise TypeError(f"signal has dtype {signal.dtype}, expected numbers")
    if signal.ndim not in (1, 2):
        raise ValueError(f"signal has shape {signal.shape}, expected (n,) or (n, n_tasks)")
    # A comparison with NaN is never true: what is missing stays ambiguous.
    return np.where(
        signal >= positive_at, BOUND, np.where(signal < negative_at, UNBOUND, AMBIGUOUS)
    )


def describe(labels) -> str:
    """Say how many windows are bound, unbound and ambiguous; of several tasks, all together.

    Parameters
    ----------
    labels : int8 (n,) or (n, n_tasks)

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If a label is not 1, 0 or -1.

    Examples
    --------
    >>> describe([1, 0, 0, 0, -1])
    '1 bound, 3 unbound (prevalence 25.0%), 1 ambiguous or missing and left out'
    """
    labels = as_labels(labels, len(labels))
    n_bound, n_unbound, n_left_out = ((labels == y).sum() for y in (BOUND, UNBOUND, AMBIGUOUS))
    prevalence = f" (prevalence {n_bound / (n_bound + n_unbound):.1%})" if n_bound else ""
    return (
        f"{n_bound:,} bound, {n_unbound:,} unbound{prevalence}, "
        f"{n_left_out:,} ambiguous or missing and left out"
    )


def _bound_by_overlap(windows, peaks, fraction) -> np.ndarray:
    def starts(peaks, width_bp):
        """The first and the last start of a window that shares enough with each peak."""
        shorter = np.minimum(width_bp, peaks["stop"] - peaks["start"])
        needed = np.maximum(np.ceil(fraction * shorter - 1e-9), 1)  # 0.1 * 30 is a little over 3
        return peaks["start"] + needed - width_bp, peaks["stop"] - needed

    return _starts_within(windows, peaks, starts)


def _bound_by_summit(windows, peaks, within_bp) -> np.ndarray:
    if within_bp < 0:
        raise ValueError(f"within_bp is {within_bp:g}, expected a distance of at least 0 bp")
    middle = (peaks["start"] + peaks["stop"]) / 2
    if "summit" in peaks:  # the middle of that base
        middle = (peaks["summit"] + 0.5).where(peaks["summit"] >= 0, middle)
    peaks = peaks.assign(middle=middle)

    def starts(peaks, width_bp):
        centred = peaks["middle"] - width_bp / 2
        return centred - within_bp, centred + within_bp

    return _starts_within(windows, peaks, starts)


def _starts_within(windows, peaks, starts) -> np.ndarray:
    """Which windows begin where any one peak of their chromosome makes them bound."""
    start = windows["start"].to_numpy()
    keys = [windows["chromosome"].to_numpy(object), (windows["stop"] - windows["start"]).to_numpy()]
    of_chromosome = dict(list(peaks.groupby("chromosome")))
    bound = np.zeros(len(windows), bool)
    for (chromosome, width_bp), rows in windows.groupby(keys).indices.items():
        if chromosome in of_chromosome:
            low, high = starts(of_chromosome[chromosome], width_bp)
            # More such stretches have begun than have ended: at least one is open here.
            n_begun = np.searchsorted(np.sort(low), start[rows], side="right")
            bound[rows] = n_begun > np.searchsorted(np.sort(high), start[rows], side="left")
    return bound
