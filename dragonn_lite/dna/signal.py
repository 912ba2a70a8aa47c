"""Signal along the genome, from bigWig files."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dragonn_lite._files import as_path
from dragonn_lite.dna.chromosomes import check_chromosomes, matching_names
from dragonn_lite.dna.intervals import as_intervals

_STATISTICS = {"mean": np.mean, "max": np.max}


def read_signal(path, intervals: pd.DataFrame, *, statistic: str = "mean") -> np.ndarray:
    """Read one number for each interval from a bigWig file.

    This needs the package pybigtools: ``pip install "dragonn-lite[bigwig]"``.

    Parameters
    ----------
    path : str or path
    intervals : interval table (n rows)
    statistic : str
        ``"mean"`` or ``"max"`` over the bases of the interval.

    Returns
    -------
    array (n,), float64
        In the unit of the file. Bases that the file does not cover count 0, and so do chromosomes
        that it does not name: writers of bigWig leave out those without any signal.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ImportError
        If pybigtools is missing.
    ValueError
        If the file is no bigWig or damaged, none of the chromosomes is in it or one is but by
        another name, an interval lies beyond its chromosome, or the statistic is another one.

    Examples
    --------
    >>> import pathlib, pybigtools, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "coverage.bw")
    >>> pybigtools.open(str(path), "w").write({"I": 20}, [("I", 3, 5, 1.5)])
    >>> table = pd.DataFrame({"chromosome": "I", "start": [0, 10], "stop": [6, 16]})
    >>> read_signal(path, table).tolist()
    [0.5, 0.0]
    """
    if statistic not in _STATISTICS:
        raise ValueError(f"statistic is {statistic!r}, expected {' or '.join(_STATISTICS)}")
    path, intervals = as_path(path), as_intervals(intervals)
    try:
        import pybigtools
    except ImportError:
        raise ImportError(
            'reading bigWig needs the package pybigtools: pip install "dragonn-lite[bigwig]"'
        ) from None
    try:
        with pybigtools.open(str(path)) as file:
            if not file.is_bigwig:
                raise ValueError(f"{path} is a bigBed file, expected a bigWig")
            _check(intervals, file.chroms(), path)
            return _summaries(file, intervals, _STATISTICS[statistic])
    except pybigtools.BBIReadError:
        raise ValueError(f"{path} is no bigWig file, or damaged; copy it again") from None
    except BaseException as error:
        # Data that do not unpack stop the library with a panic, which is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError(f"{path} is damaged; copy it again") from None


def _check(intervals, sizes, path) -> None:
    names = list(intervals["chromosome"].unique())
    if matching_names(names, sizes) or not set(names) & set(sizes):
        check_chromosomes(names, list(sizes), "intervals", f"{path} has")
    size = intervals["chromosome"].map(sizes).fillna(np.inf)
    outside = np.flatnonzero((intervals["start"] < 0) | (intervals["stop"] > size))
    if len(outside):
        row = intervals.iloc[outside[0]]
        raise ValueError(
            f"intervals has {row['chromosome']}:{row['start']}-{row['stop']}, beyond the chromosome"
            f" in {path}; are they of the same assembly?"
        )


def _summaries(file, intervals, summary) -> np.ndarray:
    sizes = file.chroms()
    signal = np.zeros(len(intervals))
    places = zip(intervals["chromosome"], intervals["start"], intervals["stop"], strict=True)
    for i, (chromosome, start, stop) in enumerate(places):
        if chromosome in sizes:
            signal[i] = summary(file.values(chromosome, start, stop, fillna=0.0))
    return signal
