"""Arithmetic on tables of genomic intervals: windows, overlaps, names of chromosomes.

An **interval table** is a DataFrame with the columns `chromosome`, `start` and `stop` (0-based,
half-open), one interval a row. What files give besides keeps its place: `name`, `score`, `strand`,
`signal`, `p_value`, `q_value` and `summit`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count
from dragonn_lite.dna.chromosomes import check_chromosomes, listed, matching_names

FARTHEST = 1 << 40  # no chromosome is longer; keeps all positions on one axis within int64


def as_intervals(table, name: str = "intervals") -> pd.DataFrame:
    """Check a table of intervals, and give its columns their types.

    Parameters
    ----------
    table : DataFrame
        With the columns `chromosome`, `start` and `stop`; others are kept. A missing `summit` is
        -1.
    name : str
        The argument's name, for the message.

    Returns
    -------
    DataFrame

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If a column is missing, a position is no whole number, or an interval has no length.

    Examples
    --------
    >>> as_intervals(pd.DataFrame({"chromosome": ["I"], "start": [5.0], "stop": [9.0]}))
      chromosome  start  stop
    0          I      5     9
    """
    if not isinstance(table, pd.DataFrame):
        raise TypeError(
            f"{name} is a {type(table).__name__}, expected a table with the columns chromosome, "
            "start and stop, such as genome.read_intervals(path) gives"
        )
    missing = {"chromosome", "start", "stop"} - set(table.columns)
    if missing:
        raise ValueError(
            f"{name} has no column {min(missing)!r} but {', '.join(map(str, table.columns))};"
            " expected chromosome, start and stop"
        )
    places = {column: _whole(table[column], f"{name}[{column!r}]") for column in ("start", "stop")}
    if "summit" in table:
        summit = table["summit"]
        places["summit"] = _whole(summit.mask(summit.isna(), -1), f"{name}['summit']")
    empty = np.flatnonzero(places["start"] >= places["stop"])
    if len(empty):
        raise ValueError(
            f"{name} has {_shown(table, empty[0])} in row {empty[0]}, expected a start before the "
            "stop (0-based, half-open)"
        )
    chromosome = table["chromosome"]
    if chromosome.isna().any():
        raise ValueError(f"{name} has a row without a chromosome; leave it out")
    if not pd.api.types.is_string_dtype(chromosome):  # numbers or categories
        chromosome = chromosome.astype(str)
    return table.assign(chromosome=chromosome, **places)


def windows(
    sizes: Mapping[str, int], width_bp: int, *, stride_bp: int | None = None
) -> pd.DataFrame:
    """Cut chromosomes into windows of one width.

    Parameters
    ----------
    sizes : dict of str to int
        Length in bp of each chromosome, such as ``Genome.sizes``.
    width_bp : int
    stride_bp : int, optional
        From the start of a window to that of the next; `width_bp` where not given, so that
        windows touch and do not overlap.

    Returns
    -------
    interval table
        In the order of the chromosomes. A last window that would pass the end of its chromosome is
        left out, and so is a chromosome shorter than a window.

    Raises
    ------
    ValueError
        If `width_bp` or `stride_bp` is less than 1, or no chromosome holds a window.

    Examples
    --------
    >>> windows({"I": 10, "II": 3}, 4)
      chromosome  start  stop
    0          I      0     4
    1          I      4     8
    """
    if not isinstance(sizes, Mapping):
        raise TypeError(f"sizes is a {type(sizes).__name__}, expected a dict such as genome.sizes")
    width_bp = as_count(width_bp, "width_bp", minimum=1)
    stride_bp = as_count(width_bp if stride_bp is None else stride_bp, "stride_bp", minimum=1)
    names = list(sizes)
    lengths = [as_count(sizes[name], f"sizes[{name!r}]") for name in names]
    starts = [np.arange(0, length - width_bp + 1, stride_bp) for length in lengths]
    start = np.concatenate([np.empty(0, np.int64), *starts])
    if not len(start):
        raise ValueError(
            f"width_bp is {width_bp:,}, and none of the {len(names)} chromosomes is that long "
            f"(the longest has {max(lengths, default=0):,} bp)"
        )
    chromosome = np.repeat(np.array(names, dtype=object), list(map(len, starts)))
    return pd.DataFrame(
        {"chromosome": chromosome, "start": start, "stop": start + width_bp}
    ).astype({"chromosome": "str"})


def centred(intervals: pd.DataFrame, width_bp: int) -> pd.DataFrame:
    """Bring intervals to one width, around their summit, or their middle where there is none.

    Parameters
    ----------
    intervals : interval table
        A `summit` of -1 is none.
    width_bp : int

    Returns
    -------
    interval table
        As `intervals`, with other `start` and `stop`. Near the end of a chromosome they may lie
        beyond it: ``Genome.contains`` tells which.

    Examples
    --------
    >>> table = pd.DataFrame({"chromosome": "I", "start": 10, "stop": [20, 20], "summit": [-1, 18]})
    >>> centred(table, 4)[["start", "stop"]].to_numpy().tolist()
    [[13, 17], [16, 20]]
    """
    intervals = as_intervals(intervals)
    width_bp = as_count(width_bp, "width_bp", minimum=1)
    middle = (intervals["start"] + intervals["stop"]) // 2
    if "summit" in intervals:
        middle = middle.where(intervals["summit"] < 0, intervals["summit"])
    start = middle - width_bp // 2
    return intervals.assign(start=start, stop=start + width_bp)


def overlap_bp(intervals: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    """Count the bases that each interval shares with that of the others it shares most with.

    Parameters
    ----------
    intervals : interval table (n rows)
    others : interval table
        In any order; they may overlap each other. Strands do not matter.

    Returns
    -------
    array (n,), int64
        In bp; 0 where there is no overlap.

    Raises
    ------
    ValueError
        If one is no interval table, or both call the same chromosomes by other names.

    Examples
    --------
    >>> bins = windows({"I": 30}, 10)
    >>> peaks = pd.DataFrame({"chromosome": "I", "start": [4, 8], "stop": [9, 12]})
    >>> overlap_bp(bins, peaks).tolist()
    [5, 2, 0]
    """
    intervals, others = as_intervals(intervals), as_intervals(others, "others")
    _check_names(intervals, others)
    if not len(others) or not len(intervals):
        return np.zeros(len(intervals), np.int64)
    (start, stop), (other_start, other_stop) = on_one_axis(intervals, others)
    order = np.lexsort((-other_stop, other_start))
    other_start, other_stop = other_start[order], other_stop[order]
    # What lies within another one never shares more than that does. Without those, starts and
    # stops both rise.
    reach = np.maximum.accumulate(other_stop)
    kept = np.append(True, other_stop[1:] > reach[:-1])
    other_start, other_stop = other_start[kept], other_stop[kept]
    # The others within an interval are the rows first to last - 1; one more may stand out on
    # either side.
    first = np.searchsorted(other_start, start)
    last = np.searchsorted(other_stop, stop, side="right")
    shared = _largest(other_stop - other_start, first, last)
    for row in (first - 1, last):
        row_there = np.clip(row, 0, len(other_start) - 1)
        shared_there = np.minimum(stop, other_stop[row_there])
        shared_there -= np.maximum(start, other_start[row_there])
        np.maximum(shared, shared_there, out=shared)
    return shared


def overlaps(intervals: pd.DataFrame, others: pd.DataFrame, *, minimum_bp: int = 1) -> np.ndarray:
    """Tell which intervals share at least `minimum_bp` bases with any one of the others.

    Parameters
    ----------
    intervals : interval table (n rows)
    others : interval table
    minimum_bp : int

    Returns
    -------
    array (n,), bool

    Raises
    ------
    ValueError
        As :func:`overlap_bp`, or if `minimum_bp` is less than 1.

    Examples
    --------
    >>> bins = windows({"I": 30}, 10)
    >>> peaks = pd.DataFrame({"chromosome": ["I"], "start": [4], "stop": [12]})
    >>> overlaps(bins, peaks, minimum_bp=3).tolist()
    [True, False, False]
    """
    return overlap_bp(intervals, others) >= as_count(minimum_bp, "minimum_bp", minimum=1)


def by_chromosome(intervals: pd.DataFrame, held_out: Iterable[str]) -> np.ndarray:
    """Tell which intervals lie on the chromosomes held out.

    Parameters
    ----------
    intervals : interval table (n rows)
    held_out : list of str

    Returns
    -------
    array (n,), bool

    Raises
    ------
    TypeError
        If `held_out` is a single name.
    ValueError
        If it is empty, or nothing lies on one of its chromosomes.

    Examples
    --------
    >>> by_chromosome(windows({"I": 20, "II": 10}, 10), ["II"]).tolist()
    [False, False, True]
    """
    intervals = as_intervals(intervals)
    if isinstance(held_out, str):
        raise TypeError(f"held_out is {held_out!r}, expected a list of names: [{held_out!r}]")
    held_out = list(map(str, held_out))  # as those of the table
    if not held_out:
        raise ValueError("held_out is empty, expected names of chromosomes")
    known = intervals["chromosome"].unique()
    check_chromosomes(held_out, known, "held_out", "the intervals lie on")
    return intervals["chromosome"].isin(held_out).to_numpy()


def rename_chromosomes(intervals: pd.DataFrame, mapping: Mapping[str, str]) -> pd.DataFrame:
    """Call chromosomes by other names.

    Parameters
    ----------
    intervals : interval table
    mapping : dict of str to str
        From the names in the table to new ones, such as :func:`matching_names` makes. Other names
        stay as they are.

    Returns
    -------
    interval table

    Raises
    ------
    ValueError
        If the table has none of the names.

    Examples
    --------
    >>> table = pd.DataFrame({"chromosome": ["chr4", "chrM"], "start": [0, 0], "stop": [9, 9]})
    >>> rename_chromosomes(table, {"chr4": "IV"})["chromosome"].tolist()
    ['IV', 'chrM']
    """
    intervals = as_intervals(intervals)
    mapping = {str(name): str(other) for name, other in mapping.items()}  # as those of the table
    known = intervals["chromosome"].unique()
    if len(known) and not set(known) & set(mapping):
        raise ValueError(
            f"mapping has none of the names in the table, which are {listed(known)}; it has "
            f"{listed(mapping)}"
        )
    names = {name: mapping.get(name, name) for name in known}
    return intervals.assign(chromosome=intervals["chromosome"].map(names))


def _check_names(intervals, others) -> None:
    """Refuse two tables that share no name but would after renaming: nothing would overlap."""
    names = [table["chromosome"].unique() for table in (intervals, others)]
    if not set(names[0]) & set(names[1]) and matching_names(names[1], names[0]):
        check_chromosomes(names[1], names[0], "others", "the intervals lie on")


def on_one_axis(*tables):
    """Starts and stops of tables on a line that holds all chromosomes one after the other."""
    names = np.concatenate([table["chromosome"].to_numpy(object) for table in tables])
    start, stop = (
        np.concatenate([table[column].to_numpy() for table in tables])
        for column in ("start", "stop")
    )
    number, unique = pd.factorize(names)
    stop -= start.min()
    start -= start.min()
    sizes = np.zeros(len(unique), np.int64)
    np.maximum.at(sizes, number, stop)
    offset = (np.cumsum(sizes) - sizes)[number]
    cuts = np.cumsum([len(table) for table in tables])[:-1]
    return zip(np.split(start + offset, cuts), np.split(stop + offset, cuts), strict=True)


def _largest(values: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The largest of values[first:last] for each pair, 0 where that is empty.

    Row r of a table holds the largest of 2**r values from each place on: two of them cover any
    stretch.
    """
    table = [values]
    while 2 ** len(table) <= len(values):
        half = 2 ** (len(table) - 1)
        row = table[-1].copy()
        np.maximum(row[:-half], table[-1][half:], out=row[:-half])
        table.append(row)
    largest = np.zeros(len(first), values.dtype)
    n = last - first
    for r, row in enumerate(table):
        here = (n >= 2**r) & (n < 2 ** (r + 1))
        largest[here] = np.maximum(row[first[here]], row[last[here] - 2**r])
    return largest


def _whole(column: pd.Series, name: str) -> np.ndarray:
    if pd.api.types.is_integer_dtype(column) and not column.hasnans:
        numbers = column.to_numpy(np.int64)
    else:
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)
    wrong = np.flatnonzero(~(np.abs(numbers) < FARTHEST) | (numbers != np.rint(numbers)))
    if len(wrong):
        value = column.to_numpy(object)[wrong[0]]
        raise ValueError(f"{name} holds {value!r} in row {wrong[0]}, expected whole numbers")
    return numbers.astype(np.int64)


def _shown(table: pd.DataFrame, row: int) -> str:
    chromosome, start, stop = (table[c].iloc[row] for c in ("chromosome", "start", "stop"))
    return f"{chromosome}:{start}-{stop}"
