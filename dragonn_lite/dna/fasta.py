"""FASTA files: reading as a stream, writing, and the regions written in record names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dragonn_lite._contract import as_count
from dragonn_lite._files import as_path, created, opened
from dragonn_lite.dna.encoding import KNOWN_LETTERS, mend_for_letter

_BLOCK_BYTES = 1 << 20
_HEADER_BYTES = 1 << 20  # more than that is no header
_BLANKS = b" \t\n"
# Surrogates are halves of letters: no file can hold one.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_WITHOUT_KNOWN = dict.fromkeys(KNOWN_LETTERS)
_REGION = re.compile(
    r"(?:^|::)(?P<chromosome>[^\s:]+):(?P<start>[0-9]+)-(?P<stop>[0-9]+)"
    r"(?:\((?P<strand>[+\-.])\))?(?![0-9])",
)


class FastaRecord(NamedTuple):
    """One sequence of a FASTA file.

    Parameters
    ----------
    name : str
        The first word of the header.
    sequence : str
        As written, lower case included.
    description : str
        The rest of the header.

    Examples
    --------
    >>> FastaRecord("chr1:10-14", "ACgt").sequence
    'ACgt'
    """

    name: str
    sequence: str
    description: str = ""


class Region(NamedTuple):
    """A stretch of a chromosome, with the numbers as written.

    Parameters
    ----------
    chromosome : str
    start, stop : int
    strand : str
        ``"+"``, ``"-"``, or ``"."`` where none is written.

    Examples
    --------
    >>> Region("chr1", 10, 20).strand
    '.'
    """

    chromosome: str
    start: int
    stop: int
    strand: str = "."


def iterate_fasta(path) -> Iterator[FastaRecord]:
    """Read a FASTA file record by record; the memory in use is that of one record.

    Parameters
    ----------
    path : str or path
        Plain or gzipped, which the content decides and not the name. Line ends of any kind,
        wrapped lines, blank lines, white space within sequences and a byte order mark are fine.

    Yields
    ------
    FastaRecord
        In the order of the file. Records of the same name are all kept.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If `path` is a folder; if the file is empty, damaged, or not text; if text stands before
        the first header; if a record has no name or no sequence; or if a sequence holds
        something else than IUPAC letters of DNA. The line is named. Except for the folder, a
        stream raises where it meets the fault, after the records before it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "example.fa")
    ...     _ = path.write_text(">first one\\nACG\\nT\\n>second\\nnnac\\n")
    ...     for record in iterate_fasta(path):
    ...         print(record)
    FastaRecord(name='first', sequence='ACGT', description='one')
    FastaRecord(name='second', sequence='nnac', description='')
    """
    return _records(as_path(path))


def read_fasta(path) -> list[FastaRecord]:
    """Read a whole FASTA file.

    Parameters
    ----------
    path : str or path
        As for :func:`iterate_fasta`.

    Returns
    -------
    list of FastaRecord

    Raises
    ------
    FileNotFoundError, ValueError
        As :func:`iterate_fasta`; a file without any record is an error too.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "example.fa.gz")
    ...     write_fasta(path, [("first", "ACGT"), ("second", "TT")])
    ...     [record.sequence for record in read_fasta(path)]
    ['ACGT', 'TT']
    """
    return list(iterate_fasta(path))


def write_fasta(path, records: Iterable, *, width: int = 60) -> None:
    """Write a FASTA file; gzipped where the name ends in ``.gz``.

    Parameters
    ----------
    path : str or path
    records : iterable of FastaRecord or of (name, sequence)
    width : int
        Letters on a line.

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    ValueError
        If a name is empty or has white space, a sequence is empty or not DNA, or there is no
        record at all: what is written can always be read again.
    TypeError
        If a record is something else.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "example.fa")
    ...     write_fasta(path, [FastaRecord("first", "ACGTA", "with words")], width=4)
    ...     path.read_text()
    '>first with words\\nACGT\\nA\\n'
    """
    width = as_count(width, "width", minimum=1)
    n_records = 0
    if not isinstance(records, Iterable):
        raise TypeError(f"records is a {type(records).__name__}, expected a list of FastaRecord")
    with created(path) as file:
        for i, record in enumerate(records):
            file.write(_written(i, record, width))
            n_records += 1
        if not n_records:
            raise ValueError("records is empty, expected at least one record to write")


def parse_region(name: str) -> Region | None:
    """Find the region that a record's name gives, to hold out whole chromosomes.

    Parameters
    ----------
    name : str
        Such as ``chr1:10-20``, with anything behind it (``chr1:10-20_shuffled``), or as
        bedtools writes it, ``peak1::chr1:10-20(+)``.

    Returns
    -------
    Region or None
        None where no region is written. The numbers are taken as they stand: bedtools writes
        0-based, half-open ones, other tools do not.

    Examples
    --------
    >>> parse_region("peak1::chr1:10-20(-)")
    Region(chromosome='chr1', start=10, stop=20, strand='-')
    >>> parse_region("chr1") is None
    True
    """
    found = _REGION.search(name)
    if found is None or len(found["start"]) > 18 or len(found["stop"]) > 18:
        return None
    start, stop = int(found["start"]), int(found["stop"])
    if start > stop:
        return None
    return Region(found["chromosome"], start, stop, found["strand"] or ".")


def _records(path) -> Iterator[FastaRecord]:
    title, title_line = None, 0
    pieces: list[bytes] = []
    line = 1  # where the text in hand begins
    with opened(path) as file:
        for block, continues in _blocks(file, path):
            if continues:
                rest, newline, block = block.partition(b"\n")
                pieces.append(_letters(rest, path, line, title))
                line += len(newline)
            # The added newline stands for the end of line - 1.
            body, *parts = (b"\n" + block).split(b"\n>")
            pieces.append(_letters(body, path, line - 1, title))
            part_line = line + body.count(b"\n")
            for part in parts:
                if title is not None:
                    yield _record(title, pieces, path, title_line)
                title, _, body = part.partition(b"\n")
                title_line = part_line
                pieces = [_letters(body, path, title_line + 1, title)]
                part_line += part.count(b"\n") + 1
            line += block.count(b"\n")
    if title is None:
        raise ValueError(f"{path} is empty, expected a FASTA file with at least one record")
    yield _record(title, pieces, path, title_line)


def _blocks(file, path) -> Iterator[tuple[bytes, bool]]:
    """Cut a file into blocks, and say of each whether it starts in the middle of a line.

    Only a sequence line is ever cut, so that a chromosome on one line is read piece by piece.
    """
    carried, continues, is_first = b"", False, True
    while chunk := file.read(_BLOCK_BYTES):
        while chunk.endswith(b"\r") and (following := file.read(1)):
            chunk += following  # do not take \r\n apart
        if is_first:
            chunk, is_first = _without_mark(chunk, path), False
        text = carried + chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        end = text.rfind(b"\n") + 1
        carried = b""
        if text.startswith(b">", end) and not (continues and end == 0):
            text, carried = text[:end], text[end:]
            if len(carried) > _HEADER_BYTES:
                raise ValueError(f"{path} has a header of more than 1 MiB; it is no FASTA file")
        if text:
            yield text, continues
            continues = not text.endswith(b"\n")
    if carried:
        yield carried, False


def _without_mark(chunk: bytes, path) -> bytes:
    if chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError(f"{path} is UTF-16 text; save it as plain text (ASCII or UTF-8)")
    return chunk.removeprefix(b"\xef\xbb\xbf")


def _letters(text: bytes, path, line: int, title: bytes | None) -> bytes:
    letters = text.translate(None, _BLANKS)
    wrong = letters if title is None else letters.translate(None, KNOWN_LETTERS)
    if not wrong:
        return letters
    line += text[: text.index(wrong[:1])].count(b"\n")
    if title is None:
        mend = "; BED files of intervals go with a genome" if b"\t" in text else ""
        raise ValueError(
            f"{path} line {line} has text before the first header, expected a FASTA file, which "
            f"starts with '>'{mend}"
        )
    letter = wrong[:1].decode("latin-1")
    raise ValueError(
        f"{path} line {line} has {letter!r} in a sequence, expected A, C, G, T, N or another "
        f"IUPAC letter{mend_for_letter(letter)}"
    )


def _record(title: bytes, pieces: list[bytes], path, line: int) -> FastaRecord:
    try:
        header = title.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path} line {line} has a header that is not ASCII or UTF-8") from None
    if _CONTROL.search(header):
        raise ValueError(f"{path} line {line} has a control character in its header; remove it")
    name, _, description = header.replace("\t", " ").strip(" ").partition(" ")
    if not name:
        raise ValueError(f"{path} line {line} has a header without a name; write one after '>'")
    sequence = b"".join(pieces).decode("ascii")
    if not sequence:
        raise ValueError(
            f"{path} line {line} has the record {name[:80]!r} without a sequence; remove it or "
            "copy the file again"
        )
    return FastaRecord(name, sequence, description.strip(" "))


def _written(i: int, record, width: int) -> bytes:
    if not isinstance(record, (tuple, list)) or not 2 <= len(record) <= 3:
        raise TypeError(f"records[{i}] is {str(record)[:40]!r}, expected (name, sequence)")
    name, sequence, description = FastaRecord(*record)
    if not isinstance(name, str) or name.split() != [name] or _CONTROL.search(name):
        raise ValueError(f"records[{i}] has the name {name!r}, expected one word")
    if not isinstance(description, str):
        raise TypeError(f"records[{i}] has the description {description!r}, expected text or ''")
    if _CONTROL.search(description):
        raise ValueError(f"records[{i}] has a control character in its description; remove it")
    if not isinstance(sequence, str):
        raise TypeError(f"records[{i}] ({name!r}) has {type(sequence).__name__}, expected letters")
    wrong = sequence.translate(_WITHOUT_KNOWN)
    if wrong or not sequence:
        what = repr(wrong[0]) if wrong else "no base"
        raise ValueError(
            f"records[{i}] ({name!r}) has {what} in its sequence, expected A, C, G, T, N or "
            "another IUPAC letter"
        )
    lines = [f">{name} {description}".rstrip(" ")]
    lines += [sequence[start : start + width] for start in range(0, len(sequence), width)]
    return ("\n".join(lines) + "\n").encode("utf-8")
