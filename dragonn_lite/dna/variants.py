"""Variants: which bases are replaced by which others, where on the genome; VCF files."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd

from dragonn_lite._files import read_text
from dragonn_lite.dna.intervals import FARTHEST

_COLUMNS = ("position", "reference", "alternate")
_BASES = re.compile(r"[ACGTNacgtn]+")
# What stands in place of bases in a VCF: <DEL>, the allele * of another deletion, break-ends,
# and no allele at all.
_NO_BASES = re.compile(r"<[^>]*>|\*|\.|.*[\[\]].*|\.[A-Za-z]+|[A-Za-z]+\.")


def read_vcf(path) -> pd.DataFrame:
    """Read the variants of a VCF file; genotypes are not read.

    Parameters
    ----------
    path : str or path
        Plain, gzipped or bgzipped.

    Returns
    -------
    DataFrame
        One row an alternate allele (a line with two makes two rows), in the order of the file:
        `chromosome`, `position` (0-based: one less than in the file), `reference`, `alternate`
        (upper case), `name` (the ID, "." where there is none).

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If a line is something else; the line is named. Or if no variant is left.

    Warns
    -----
    UserWarning
        How many alleles were skipped, because no bases are given for them: ``<DEL>``, ``*``,
        break-ends, and lines without an alternate allele.

    References
    ----------
    Danecek et al. 2011, doi:10.1093/bioinformatics/btr330

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "variants.vcf")
    >>> _ = path.write_text("#CHROM\\tPOS\\tID\\tREF\\tALT\\nchr5\\t101\\trs1\\tG\\tA,GTT\\n")
    >>> read_vcf(path)
      chromosome  position reference alternate name
    0       chr5       100         G         A  rs1
    1       chr5       100         G       GTT  rs1
    """
    rows, n_skipped = [], 0
    for line, text in enumerate(read_text(path).split("\n"), 1):
        if not text.strip() or text.startswith("#"):
            continue
        chromosome, position, name, reference, alternates = _fields(path, line, text)
        for alternate in alternates.split(","):
            if _BASES.fullmatch(alternate):
                rows.append((chromosome, position, reference.upper(), alternate.upper(), name))
            elif _NO_BASES.fullmatch(alternate):
                n_skipped += 1
            else:
                raise _error(path, line, f"the alternate allele {alternate[:40]!r}")
    if not rows:
        raise ValueError(
            f"{path} has no variant with its bases ({n_skipped:,} alleles such as <DEL> or *)"
        )
    if n_skipped:
        warnings.warn(
            f"{path} has {n_skipped:,} alleles without their bases, such as <DEL>, * or none, "
            f"which are skipped; {len(rows):,} are kept",
            stacklevel=2,
        )
    table = pd.DataFrame(rows, columns=["chromosome", *_COLUMNS, "name"])
    return table.astype({name: "str" for name in table if name != "position"})


def as_variants(table, place: str = "chromosome") -> pd.DataFrame:
    """Check a table of variants, and give its columns their types.

    Parameters
    ----------
    table : DataFrame
        With `position` (0-based, of the first base of the reference allele), `reference` and
        `alternate` (bases; "" or "-" for none, as in a deletion), and the column of `place`;
        others are kept.
    place : str
        The column that says where the positions count: "chromosome", or "sequence" (a row).

    Returns
    -------
    DataFrame
        Alleles in upper case, "" for none.

    Raises
    ------
    TypeError
        If `table` is no DataFrame.
    ValueError
        If it is empty or lacks a column, a place is missing, a position is no whole number, or an
        allele has other letters than A, C, G, T and N or equals the other.

    Examples
    --------
    >>> rows = {"chromosome": ["I"], "position": [4], "reference": ["g"], "alternate": ["-"]}
    >>> as_variants(pd.DataFrame(rows))
      chromosome  position reference alternate
    0          I         4         G
    """
    if not isinstance(table, pd.DataFrame):
        raise TypeError(
            f"variants is a {type(table).__name__}, expected a table, such as "
            "dna.variants.read_vcf(path) gives"
        )
    missing = [name for name in (place, *_COLUMNS) if name not in table]
    if missing:
        raise ValueError(
            f"variants has no column {missing[0]!r}, expected {place}, {', '.join(_COLUMNS)}"
        )
    if not len(table):
        raise ValueError("variants is empty, expected at least one")
    alleles = {}
    for name in ("reference", "alternate"):
        alleles[name] = table[name].astype(str).str.upper().replace("-", "")
        wrong = ~alleles[name].str.fullmatch(r"[ACGTN]*").to_numpy(bool)
        _refuse(table, name, wrong, "bases (A, C, G, T, N), or - for none")
    same = (alleles["reference"] == alleles["alternate"]).to_numpy(bool)
    _refuse(table, "alternate", same, "another allele than the reference")
    position = pd.to_numeric(table["position"], errors="coerce").to_numpy(float)
    whole = (position >= 0) & (position < FARTHEST) & (position == np.floor(position))
    _refuse(table, "position", ~whole, "a whole number of at least 0, on a chromosome")
    _refuse(table, place, table[place].isna().to_numpy(bool), "where the position counts")
    return table.assign(position=position.astype(np.int64), **alleles)


def _fields(path, line, text):
    fields = text.split("\t")
    if len(fields) < 5:
        raise _error(path, line, f"{len(fields)} columns parted by tabs")
    chromosome, position, name, reference, alternates = (word.strip() for word in fields[:5])
    if not re.fullmatch(r"[0-9]{1,12}", position) or int(position) < 1:
        raise _error(path, line, f"the position {position[:40]!r}")
    if not chromosome:
        raise _error(path, line, "no chromosome")
    if not _BASES.fullmatch(reference):
        raise _error(path, line, f"the reference allele {reference[:40]!r}")
    return chromosome, int(position) - 1, name, reference, alternates


def _error(path, line, what):
    return ValueError(
        f"{path} line {line} has {what}, expected a line of VCF: chromosome, position from 1 on, "
        "name, reference and alternate bases, parted by tabs"
    )


def _refuse(table, name, wrong, expected):
    rows = np.flatnonzero(wrong)
    if len(rows):
        raise ValueError(
            f"variants[{name!r}] is {table[name].iloc[rows[0]]!r} in row {rows[0]}, expected "
            f"{expected}; {len(rows):,} of {len(table):,} rows are so"
        )
