"""What the readers and writers of motif files share."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dragonn_lite._files import as_path, created, read_text
from dragonn_lite.dna.matrices import Motif

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


class Lines:
    """The lines of a file that are not blank, and the number of the one in hand for errors."""

    def __init__(self, path):
        self.path = as_path(path)
        self.all = [line.strip() for line in read_text(path).split("\n")]
        self.number = 0

    def __iter__(self):
        return self

    def __next__(self) -> str:
        while self.number < len(self.all):
            self.number += 1
            if line := self.all[self.number - 1]:
                return line
        raise StopIteration

    def peek(self) -> str:
        """The next line that is not blank, or nothing at the end."""
        for i in range(self.number, len(self.all)):
            if self.all[i]:
                return self.all[i]
        return ""

    def error(self, what: str) -> ValueError:
        return ValueError(f"{self.path} line {self.number} {what}")

    def motif(self, make, **fields) -> Motif:
        """Make a motif; an error of it names the file."""
        try:
            return make(**fields)
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from None


def as_numbers(words: list[str]) -> list[float] | None:
    """The numbers that words spell, or None; Python's own float() would take '1_0' and 'nan'."""
    if not words or not all(_NUMBER.fullmatch(word) for word in words):
        return None
    return [float(word) for word in words]


def as_motifs(motifs: Iterable[Motif]) -> list[Motif]:
    """Check that there are motifs to write."""
    motifs = [motifs] if isinstance(motifs, Motif) else list(motifs)
    if not motifs:
        raise ValueError("motifs is empty, expected at least one motif to write")
    for i, motif in enumerate(motifs):
        if not isinstance(motif, Motif):
            raise TypeError(f"motifs[{i}] is a {type(motif).__name__}, expected a Motif")
    return motifs


def title(motif: Motif) -> str:
    """Accession and name, as headers have them."""
    words = [motif.accession, motif.name] if motif.accession else [motif.name]
    return " ".join(map(one_word, words))


def one_word(word: str) -> str:
    """Check that a word can be read again as one."""
    if word.split() != [word]:
        raise ValueError(f"motifs has {word!r} in a header, expected it without white space")
    return word


def write_lines(path, lines: list[str]) -> None:
    """Write lines, gzipped where the name of the file ends in ``.gz``."""
    with created(path) as file:
        file.write(("\n".join(lines) + "\n").encode("utf-8"))
