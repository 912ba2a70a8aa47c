"""Real genomes: chromosomes from FASTA, intervals from BED, windows, overlaps and signal."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np
import pandas as pd

from dragonn_lite.dna.bed import read_intervals, write_bed
from dragonn_lite.dna.chromosomes import check_chromosomes, matching_names
from dragonn_lite.dna.encoding import CODE_OF_LETTER, UNKNOWN, from_codes
from dragonn_lite.dna.fasta import iterate_fasta
from dragonn_lite.dna.intervals import (
    as_intervals,
    by_chromosome,
    centred,
    overlap_bp,
    overlaps,
    rename_chromosomes,
    windows,
)
from dragonn_lite.dna.sequences import reverse_complement
from dragonn_lite.dna.signal import read_signal

__all__ = [
    "Genome",
    "as_intervals",
    "by_chromosome",
    "centred",
    "matching_names",
    "overlap_bp",
    "overlaps",
    "read_genome",
    "read_intervals",
    "read_signal",
    "rename_chromosomes",
    "windows",
    "write_bed",
]


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Genome:
    """Chromosomes in memory, one byte a base.

    Parameters
    ----------
    codes : dict of str to uint8 array (length,)
        For each chromosome its bases: A 0, C 1, G 2, T 3, unknown 4.

    Raises
    ------
    ValueError
        If there is no chromosome, or one is empty or holds something else.

    Examples
    --------
    >>> Genome({"I": np.array([0, 1, 2, 3, 4], np.uint8)})
    <Genome of 1 chromosome, 5 bp>
    """

    codes: dict[str, np.ndarray]

    def __post_init__(self):
        if not self.codes:
            raise ValueError("codes is empty, expected at least one chromosome")
        for name, codes in self.codes.items():
            if not isinstance(name, str):
                raise ValueError(
                    f"codes has the name {name!r}, expected text such as {str(name)!r}"
                )
            if not isinstance(codes, np.ndarray) or codes.dtype != np.uint8 or codes.ndim != 1:
                raise ValueError(f"codes[{name!r}] is no uint8 array of shape (length,)")
            if not len(codes) or codes.max() > UNKNOWN:
                raise ValueError(f"codes[{name!r}] is empty or holds a number over {UNKNOWN}")

    def __repr__(self):
        n = len(self.codes)
        total = sum(self.sizes.values())
        return f"<Genome of {n} chromosome{'s' * (n != 1)}, {total:,} bp>"

    @property
    def sizes(self) -> dict[str, int]:
        """Length in bp of each chromosome, in the order of the file."""
        return {name: len(codes) for name, codes in self.codes.items()}

    def contains(self, intervals: pd.DataFrame) -> np.ndarray:
        """Tell which intervals lie on a chromosome of the genome from start to stop.

        Parameters
        ----------
        intervals : interval table (n rows)

        Returns
        -------
        array (n,), bool

        Examples
        --------
        >>> table = pd.DataFrame({"chromosome": ["I", "I"], "start": [-1, 0], "stop": [4, 5]})
        >>> Genome({"I": np.zeros(5, np.uint8)}).contains(table).tolist()
        [False, True]
        """
        intervals = as_intervals(intervals)
        size = intervals["chromosome"].map(self.sizes).fillna(-1)
        return ((intervals["start"] >= 0) & (intervals["stop"] <= size)).to_numpy(bool)

    def sequences(self, intervals: pd.DataFrame) -> np.ndarray:
        """Cut out the sequences of intervals of one width.

        Parameters
        ----------
        intervals : interval table (n rows)
            Those with the strand "-" give the reverse complement.

        Returns
        -------
        array (n, width, 4), uint8

        Raises
        ------
        ValueError
            If there is no interval, their widths differ, or one lies on no chromosome of the genome
            or beyond its ends.

        Examples
        --------
        >>> from dragonn_lite.dna import sequences
        >>> table = pd.DataFrame(
        ...     {"chromosome": "I", "start": [0, 1], "stop": [3, 4], "strand": ["+", "-"]}
        ... )
        >>> sequences.decode(Genome({"I": np.array([0, 0, 1, 2], np.uint8)}).sequences(table))
        ['AAC', 'CGT']
        """
        intervals = as_intervals(intervals)
        if not len(intervals):
            raise ValueError("intervals is empty, expected at least one")
        widths = (intervals["stop"] - intervals["start"]).unique()
        if len(widths) > 1:
            raise ValueError(
                f"intervals are {widths.min():,} to {widths.max():,} bp wide, expected one width; "
                "see genome.centred(intervals, width_bp)"
            )
        self._check_inside(intervals)
        numbered = np.empty((len(intervals), widths[0]), np.uint8)
        start = intervals["start"].to_numpy()
        for name, rows in intervals.groupby("chromosome").indices.items():
            every = np.lib.stride_tricks.sliding_window_view(self.codes[name], widths[0])
            numbered[rows] = every[start[rows]]
        x = from_codes(numbered)
        if "strand" in intervals:
            turned = (intervals["strand"] == "-").to_numpy()
            x[turned] = reverse_complement(x[turned])
        return x

    def _check_inside(self, intervals) -> None:
        names = intervals["chromosome"].unique()
        check_chromosomes(names, self.sizes, "intervals", "the genome has")
        outside = np.flatnonzero(~self.contains(intervals))
        if len(outside):
            row = intervals.iloc[outside[0]]
            raise ValueError(
                f"{len(outside):,} of {len(intervals):,} intervals lie beyond their chromosome (the"
                f" first is {row['chromosome']}:{row['start']}-{row['stop']} of "
                f"{self.sizes[row['chromosome']]:,} bp); keep intervals[genome.contains(intervals)]"
            )


def read_genome(path, *, chromosomes: Iterable[str] | None = None) -> Genome:
    """Read a genome from a FASTA file.

    Parameters
    ----------
    path : str or path
        Plain, gzipped or bgzipped.
    chromosomes : list of str, optional
        Keep only these, by the first word of their header.

    Returns
    -------
    Genome
        Chromosomes in the order of the file, one byte a base in memory.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no FASTA file or damaged, two records share a name, or a chromosome is not in it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "genome.fa")
    >>> _ = path.write_text(">I first\\nACGTN\\nACGT\\n>II\\nTTT\\n")
    >>> read_genome(path).sizes
    {'I': 9, 'II': 3}
    """
    if isinstance(chromosomes, str):
        raise TypeError(f"chromosomes is {chromosomes!r}, expected a list: [{chromosomes!r}]")
    wanted = None if chromosomes is None else list(map(str, chromosomes))
    if wanted == []:
        raise ValueError("chromosomes is empty, expected names, or None for all")
    codes = {}
    for name, sequence, _ in iterate_fasta(path):
        if name in codes:
            raise ValueError(f"{path} has two records {name!r}, expected one for each chromosome")
        codes[name] = None  # seen, and not wanted
        if wanted is None or name in wanted:
            letters = sequence.encode("ascii").translate(CODE_OF_LETTER)
            codes[name] = np.frombuffer(letters, np.uint8)
    check_chromosomes(wanted or [], list(codes), "chromosomes", f"{path} has")
    return Genome({name: part for name, part in codes.items() if part is not None})
