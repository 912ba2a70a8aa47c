"""BED files and their relatives: narrowPeak, regionPeak and broadPeak."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from dragonn_lite._files import created, read_text
from dragonn_lite.dna.intervals import FARTHEST, as_intervals

_BED = ["chromosome", "start", "stop", "name", "score", "strand"]
_PEAK = ["signal", "p_value", "q_value", "summit"]
_REMARK = re.compile(r"#|(track|browser)(\s|$)")
# A blank or a control character in the name of a chromosome: the file is no BED, or damaged.
_UNFIT = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]|^$")


def read_intervals(path) -> pd.DataFrame:
    """Read intervals from a BED, narrowPeak, regionPeak or broadPeak file.

    Parameters
    ----------
    path : str or path
        Plain or gzipped. Columns are parted by tabs, or by spaces where the first line has no tab.
        Comments, ``track`` and ``browser`` lines and blank lines are skipped.

    Returns
    -------
    interval table
        In the order of the file: `chromosome`, `start`, `stop`; `name`, `score` and `strand` where
        the file has them; and of peaks `signal`, `p_value` and `q_value` (-log10), and `summit`, a
        position on the chromosome, -1 where the file gives none. Numbers not given (".", or a p or
        q value of -1) are NaN. The later columns of BED7 to BED12 (thick parts, colours, blocks)
        are not read. Ten columns are peaks with a summit; nine are peaks (broadPeak) unless
        columns 7 and 8 are positions within the interval or column 9 is a colour (BED9).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a line is something else; the line is named.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "peaks.narrowPeak")
    >>> _ = path.write_text("chr1\\t10\\t20\\ta\\t1000\\t.\\t5.5\\t-1\\t3\\t4\\n")
    >>> read_intervals(path)
      chromosome  start  stop name   score strand  signal  p_value  q_value  summit
    0       chr1     10    20    a  1000.0      .     5.5      NaN      3.0      14
    """
    rows, lines = _rows(path)
    columns = dict(enumerate(zip(*rows, strict=True)))
    n_columns = len(columns)
    start, stop = (_positions(path, lines, columns[i], i + 1) for i in (1, 2))
    _refuse(path, lines, start < 0, lambda i: f"start {start[i]}, expected 0 or more")
    _refuse(
        path, lines, start >= stop,
        lambda i: f"start {start[i]} and stop {stop[i]}, expected a start before the stop",
    )  # fmt: skip
    unfit = np.array([_UNFIT.search(name) is not None for name in columns[0]])
    _refuse(path, lines, unfit, lambda i: f"chromosome {columns[0][i][:40]!r}, expected one word")
    table = {"chromosome": columns[0], "start": start, "stop": stop}
    if n_columns > 3:
        table["name"] = columns[3]
    if n_columns > 4:
        table["score"] = _numbers(path, lines, columns[4], 5)
    if n_columns > 5:
        strand = np.array(columns[5], dtype=object)
        wrong = ~np.isin(strand, ["+", "-", "."])
        _refuse(path, lines, wrong, lambda i: f"strand {strand[i]!r}, expected +, - or .")
        table["strand"] = strand
    if n_columns == 10 or (n_columns == 9 and not _has_thick(columns, start, stop)):
        for i, name in enumerate(_PEAK[:3], 6):
            table[name] = _numbers(path, lines, columns[i], i + 1)
            if name != "signal":
                table[name][table[name] == -1] = np.nan
    if n_columns == 10:
        offset = _positions(path, lines, columns[9], 10)
        outside = (offset < -1) | (offset >= stop - start)
        _refuse(
            path, lines, outside,
            lambda i: f"summit {offset[i]}, expected its distance from the start, or -1",
        )  # fmt: skip
        table["summit"] = np.where(offset < 0, -1, start + offset)
    texts = {name: "str" for name in ("chromosome", "name", "strand") if name in table}
    return pd.DataFrame(table).astype(texts)


def write_bed(path, intervals: pd.DataFrame) -> None:
    """Write intervals as BED3 to BED6, or with a signal or summit as narrowPeak.

    Parameters
    ----------
    path : str or path
        Gzipped where it ends in ``.gz``.
    intervals : interval table
        Other columns than those of an interval table are not written.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If there is no interval, one begins before 0, a summit lies outside of its interval, or a
        column holds what could not be read again.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "places.bed")
    >>> write_bed(path, pd.DataFrame({"chromosome": ["chr1"], "start": [10], "stop": [20]}))
    >>> path.read_text()
    'chr1\\t10\\t20\\n'
    """
    intervals = as_intervals(intervals)
    if not len(intervals):
        raise ValueError("intervals is empty, expected at least one to write")
    if (intervals["start"] < 0).any():
        raise ValueError("intervals has a start below 0; leave such rows out")
    has_peaks = any(name in intervals for name in _PEAK)
    width = 10 if has_peaks else max(i for i, c in enumerate(_BED, 1) if c in intervals)
    columns = [_written(intervals, name) for name in [*_BED, *_PEAK][:width]]
    with created(path) as file:
        for row in zip(*columns, strict=True):
            file.write(("\t".join(row) + "\n").encode())


def _rows(path) -> tuple[list[list[str]], np.ndarray]:
    """The lines cut into columns, and their numbers in the file."""
    rows, lines, separator = [], [], None
    for line, text in enumerate(read_text(path).split("\n"), 1):
        if not text.strip() or _REMARK.match(text):
            if text.startswith("##gff"):
                raise ValueError(f"{path} line {line} says that it is GFF, {_GFF}")
            continue
        if not rows:
            separator = "\t" if "\t" in text else None
        row = text.rstrip().split(separator) if separator is None else text.split(separator)
        if not rows or len(row) != len(rows[0]):
            _check_row(path, line, text, row, rows)
        rows.append(row)
        lines.append(line)
    if not rows:
        raise ValueError(f"{path} holds no interval, expected a BED file with at least one")
    return rows, np.array(lines)


_GFF = "whose positions are 1-based: write BED (start - 1, stop) instead"


def _check_row(path, line, text, row, rows) -> None:
    if text.startswith((">", "@")):
        kind = "FASTA" if text.startswith(">") else "FASTQ or SAM"
        raise ValueError(f"{path} line {line} is {kind}, expected a BED file of intervals")
    if not 3 <= len(row) <= 12:
        raise ValueError(
            f"{path} line {line} has {len(row)} column{'s' * (len(row) != 1)} ({text[:40]!r}), "
            "expected 3 to 12: chromosome, start, stop, ..."
        )
    if rows:
        raise ValueError(
            f"{path} line {line} has {len(row)} columns and the lines before {len(rows[0])}, "
            "expected the same in all; is the file whole?"
        )
    if len(row) == 9 and row[3].isdigit() and row[4].isdigit() and not row[1].isdigit():
        raise ValueError(f"{path} line {line} looks like GFF, {_GFF}")


def _refuse(path, lines, wrong, words) -> None:
    if wrong.any():
        i = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"{path} line {lines[i]} has the {words(i)}")


def _positions(path, lines, column, number) -> np.ndarray:
    try:
        positions = np.array(list(map(_whole, column)), np.int64)
    except ValueError:
        i = _first_failing(_whole, column)
        header = "; remove the header" if i == 0 and column[i].strip()[:1].isalpha() else ""
        raise ValueError(
            f"{path} line {lines[i]} has {column[i][:40]!r} in column {number}, expected a whole "
            f"number{header}"
        ) from None
    far = np.abs(positions) >= FARTHEST
    _refuse(path, lines, far, lambda i: f"position {positions[i]}, beyond any chromosome")
    return positions


def _numbers(path, lines, column, number) -> np.ndarray:
    try:
        return np.array(list(map(_number, column)), float)
    except ValueError:
        i = _first_failing(_number, column)
        raise ValueError(
            f"{path} line {lines[i]} has {column[i][:40]!r} in column {number}, expected a number"
        ) from None


def _whole(text: str) -> int:
    """As int, which also takes digits of other scripts, 1_000, and numbers of any size."""
    if "_" in text or not text.isascii() or len(text) > 18:
        raise ValueError
    return int(text)


def _number(text: str) -> float:
    if text == ".":
        return np.nan
    if "_" in text or not text.isascii():
        raise ValueError
    return float(text)


def _first_failing(convert, column) -> int:
    for i, text in enumerate(column):
        try:
            convert(text)
        except ValueError:
            return i
    raise AssertionError("nothing fails")


def _has_thick(columns, start, stop) -> bool:
    """Whether columns 7 to 9 are the thick part and colour of BED9, not measures of broadPeak."""
    if any("," in colour for colour in columns[8]):
        return True
    try:
        thick_start, thick_stop = (np.array(list(map(_whole, columns[i]))) for i in (6, 7))
    except ValueError:
        return False
    return bool(((start <= thick_start) & (thick_stop <= stop)).all())


def _written(intervals, name) -> list[str]:
    if name not in intervals:
        default = {"score": "0", "signal": "0", "p_value": "-1", "q_value": "-1", "summit": "-1"}
        return [default.get(name, ".")] * len(intervals)
    column = intervals[name]
    if name == "summit":
        offset = np.where(column < 0, -1, column - intervals["start"])
        if ((column >= 0) & ((offset < 0) | (column >= intervals["stop"]))).any():
            raise ValueError("intervals has a summit outside of its interval; set it to -1")
        return [str(value) for value in offset]
    if name in ("score", "signal", "p_value", "q_value"):
        missing = "-1" if name in ("p_value", "q_value") else "."
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(float, na_value=np.nan)
        _check_written(name, column[np.isnan(numbers) & column.notna()], "numbers")
        return [missing if np.isnan(v) else repr(float(v)).removesuffix(".0") for v in numbers]
    texts = ["." if pd.isna(value) else str(value) for value in column]
    broken = [text for text in texts if not text or "\t" in text or len(text.splitlines()) != 1]
    _check_written(name, broken, "text without a tab")
    if name == "chromosome":
        unfit = [text for text in texts if _UNFIT.search(text) or _REMARK.match(text)]
        _check_written(name, unfit, "one word that begins no remark")
    if name == "strand":
        _check_written(name, [text for text in texts if text not in ("+", "-", ".")], "+, - or .")
    return texts


def _check_written(name, wrong, expected) -> None:
    if len(wrong):
        raise ValueError(f"intervals[{name!r}] holds {next(iter(wrong))!r}, expected {expected}")
