"""JASPAR's motif format and its relatives, in and out."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from dragonn_lite.dna._motif_text import Lines, as_motifs, as_numbers, title, write_lines
from dragonn_lite.dna.encoding import BASES
from dragonn_lite.dna.matrices import Motif

_BRACKETED = re.compile(r"([ACGTacgt])\s*\[([^\[\]]*)\]")
_LETTERED = re.compile(r"([A-Za-z])\s+(.*)")


def read_jaspar(path, *, rows: str | None = None) -> list[Motif]:
    """Read the motifs of a JASPAR file, or of one of its relatives.

    Each motif is a header, ``>MA0004.1 Arnt``, and a table of counts: four rows ``A [4 19 0]``,
    four rows of bare numbers, or one row of four numbers for each position (GimmeMotifs, HOMER;
    with a letter before them in ENCODE's collection). Tables whose positions all sum to 1 are
    taken as probabilities.

    Parameters
    ----------
    path : str or path
        Plain or gzipped, which the content decides. Lines that start with ``#`` are comments.
    rows : {"bases", "positions"}, optional
        What a row is; by default each table's shape tells, and the other tables of the file
        where one of four rows and four columns does not.

    Returns
    -------
    list of Motif
        The first word of a header is the accession and the second the name; a single word is
        the name. `n_sites` is the largest number of sites at a position.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, has no motif, or a table that is not complete, has another shape
        or is ambiguous.

    References
    ----------
    Castro-Mondragon et al. (2022), doi:10.1093/nar/gkab1113.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "example.jaspar")
    ...     text = ">MA1 two\\nA [ 9 0 ]\\nC [ 0 0 ]\\nG [ 1 0 ]\\nT [ 0 10 ]\\n"
    ...     _ = path.write_text(text)
    ...     read_jaspar(path)[0].probabilities.tolist()
    [[0.9, 0.0, 0.1, 0.0], [0.0, 0.0, 0.0, 1.0]]
    """
    if rows not in (None, "bases", "positions"):
        raise ValueError(f"rows is {rows!r}, expected 'bases', 'positions' or None")
    lines = Lines(path)
    tables: list[_Table] = []
    for line in lines:
        if line.startswith(">"):
            tables.append(_Table(_title_words(lines, line)))
        elif not line.startswith("#"):
            if not tables:
                raise lines.error("has text before the first header, which starts with '>'")
            tables[-1].add(lines, line)
    if not tables:
        raise ValueError(f"{lines.path} has no motif, expected a header that starts with '>'")
    possible = [table.row_meanings(lines) for table in tables]
    told = {meanings[0] for meanings in possible if len(meanings) == 1}
    fallback = told.pop() if len(told) == 1 else None
    motifs = []
    for table, meanings in zip(tables, possible):
        meaning = rows or (meanings[0] if len(meanings) == 1 else fallback)
        if meaning not in meanings:
            raise ValueError(
                f"{lines.path}: rows is {rows!r}, but those of motif {table.words[0]!r} can be "
                f"{' or '.join(map(repr, meanings))}; say which with rows="
            )
        motifs.append(table.motif(lines, meaning))
    return motifs


def write_jaspar(path, motifs: Iterable[Motif]) -> None:
    """Write motifs in JASPAR format, as counts to six decimals.

    Where the number of sites is not known, probabilities are written to eight decimals.

    Parameters
    ----------
    path : str or path
        Gzipped where the name ends in ``.gz``.
    motifs : iterable of Motif

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If there is no motif, or a name has white space: it could not be read again.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "example.jaspar")
    ...     write_jaspar(path, [Motif.from_counts("two", [[9, 0, 1, 0], [0, 0, 0, 10]])])
    ...     print(path.read_text())
    >two
    A [ 9 0 ]
    C [ 0 0 ]
    G [ 1 0 ]
    T [ 0 10 ]
    """
    lines = []
    for motif in as_motifs(motifs):
        n_sites, decimals = (1.0, 8) if motif.n_sites is None else (motif.n_sites, 6)
        lines.append(f">{title(motif)}")
        for base, column in zip(BASES, motif.probabilities.T):
            numbers = [np.format_float_positional(p * n_sites, decimals, trim="-") for p in column]
            lines.append(f"{base} [ {' '.join(numbers)} ]")
    write_lines(path, lines)


class _Table:
    """The rows of one motif, before it is known what they mean."""

    def __init__(self, words: list[str]):
        self.words = words  # of the header
        self.letters: list[str] = []  # before the rows, "" where there is none
        self.rows: list[list[float]] = []
        self.is_bracketed = False

    def add(self, lines: Lines, line: str) -> None:
        bracketed = _BRACKETED.fullmatch(line)
        lettered = bracketed or _LETTERED.fullmatch(line)
        numbers = as_numbers((lettered[2] if lettered else line).split())
        if numbers is None:
            raise lines.error(f"is {line[:40]!r}, expected a row of numbers")
        self.letters.append(lettered[1].upper() if lettered else "")
        self.rows.append(numbers)
        self.is_bracketed |= bracketed is not None

    def row_meanings(self, lines: Lines) -> list[str]:
        """What the rows can be by their number, length and letters."""
        lengths = {len(row) for row in self.rows}
        meanings = []
        if len(lengths) == 1 and sorted(self.letters) in (list(BASES), [""] * 4):
            meanings.append("bases")
        if lengths == {4} and not self.is_bracketed and "".join(self.letters) != BASES:
            meanings.append("positions")
        if not meanings:
            raise ValueError(
                f"{lines.path}: motif {self.words[0]!r} has {len(self.rows)} rows of "
                f"{sorted(lengths)} numbers, expected four rows A, C, G, T or rows of four numbers"
            )
        return meanings

    def motif(self, lines: Lines, meaning: str) -> Motif:
        table = np.array(self.rows)
        if meaning == "bases":
            order = map(self.letters.index, BASES) if any(self.letters) else range(4)
            table = table[list(order)].T  # (4, width) -> (width, 4)
        accession, name = self.words[:2] if len(self.words) > 1 else ("", self.words[0])
        is_probability = (abs(table.sum(axis=1) - 1) <= 1e-3).all()
        make, what = (Motif, "probabilities") if is_probability else (Motif.from_counts, "counts")
        return lines.motif(make, name=name, accession=accession, **{what: table})


def _title_words(lines: Lines, line: str) -> list[str]:
    words = line[1:].split()
    if not words:
        raise lines.error("has a header without a name")
    return words
