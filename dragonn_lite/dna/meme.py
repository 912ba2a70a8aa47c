"""MEME's motif format, in and out."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dragonn_lite.dna._motif_text import Lines, as_motifs, as_numbers, one_word, title, write_lines
from dragonn_lite.dna.encoding import BASES
from dragonn_lite.dna.matrices import UNIFORM, Motif, as_background

_MATRIX = "letter-probability matrix"
# What may follow a matrix without a blank line between; "---" ends it in MEME's full output.
_NEXT = ("MOTIF", "URL", _MATRIX, "log-odds matrix", "---", "***", "#")


def read_meme(path) -> list[Motif]:
    """Read the motifs of a MEME file (minimal format, versions 4 and 5).

    Parameters
    ----------
    path : str or path
        Plain or gzipped, which the content decides. Log-odds matrices beside the probabilities,
        the background, E-values and comments are passed over.

    Returns
    -------
    list of Motif
        From ``MOTIF MA0004.1 Arnt`` the second word is the name and the first the accession;
        a single word is the name.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, has no MEME header, another alphabet than ACGT, no motif, a
        motif without a complete matrix of probabilities, or a row that does not sum to 1
        within 0.001. The line or the motif is named.

    References
    ----------
    Bailey et al. (2015), doi:10.1093/nar/gkv416.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "example.meme")
    ...     write_meme(path, [Motif("TA", [[0, 0, 0, 1], [1, 0, 0, 0]], n_sites=20)])
    ...     read_meme(path)
    [Motif('TA', 2 bp, TA, 4.0 bits)]
    """
    lines = Lines(path)
    if not any(line.startswith("MEME version") for line in lines.all):
        raise ValueError(f"{lines.path} has no line 'MEME version', expected a MEME file")
    found: list[dict] = []
    name, accession = None, ""  # of a motif whose matrix has not come yet
    for line in lines:
        if line.startswith("ALPHABET"):
            _check_alphabet(lines, line)
        elif line.split(None, 1)[0] == "MOTIF":
            _check_complete(lines, name)
            name, accession = _motif_title(lines, line)
        elif line.startswith(_MATRIX):
            if name is None:
                raise lines.error("has a matrix without a MOTIF line of its own before it")
            found.append({"name": name, "accession": accession, **_matrix(lines, line, name)})
            name = None
        elif line.startswith("URL") and found and name is None:
            url = line[3:].strip()
            found[-1]["url"] = "" if url == "none" else url
    _check_complete(lines, name)
    if not found:
        raise ValueError(f"{lines.path} has no motif, expected at least one MOTIF line")
    return [lines.motif(Motif, **fields) for fields in found]


def write_meme(path, motifs: Iterable[Motif], *, background=UNIFORM) -> None:
    """Write motifs in MEME format (minimal, version 4), to eight decimals.

    Parameters
    ----------
    path : str or path
        Gzipped where the name ends in ``.gz``.
    motifs : iterable of Motif
    background : array (4,)
        Probabilities of A, C, G, T to put on record.

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
    ...     path = pathlib.Path(folder, "example.meme")
    ...     write_meme(path, [Motif("A", [[1, 0, 0, 0]])])
    ...     path.read_text().splitlines()[-1]
    '1.00000000 0.00000000 0.00000000 0.00000000'
    """
    frequencies = zip(BASES, as_background(background))
    lines = [
        "MEME version 4\n",
        "ALPHABET= ACGT\n",
        "strands: + -\n",
        "Background letter frequencies",
        " ".join(f"{base} {frequency:.8g}" for base, frequency in frequencies),
    ]
    for motif in as_motifs(motifs):
        sites = "" if motif.n_sites is None else f" nsites= {motif.n_sites:.17g}"
        lines += [
            f"\nMOTIF {title(motif)}",
            f"{_MATRIX}: alength= 4 w= {motif.width_bp}{sites} E= 0",
            *(" ".join(f"{p:.8f}" for p in row) for row in motif.probabilities),
        ]
        if motif.url:
            lines.append(f"URL {one_word(motif.url)}")
    write_lines(path, lines)


def _check_alphabet(lines: Lines, line: str) -> None:
    if re.match(r"ALPHABET\s*=", line):
        symbols = set(line.partition("=")[2].split("#")[0].strip().upper())
    else:  # a block, one symbol or complementary pair a line: A "Adenine" CC0000 ~ T "Thymine"
        symbols = set()
        for entry in lines:
            if entry.startswith("END ALPHABET"):
                break
            entry = re.sub(r'"[^"]*"', " ", entry).split("#")[0]
            if "=" not in entry:  # other lines define ambiguous symbols
                symbols |= {side.split()[0] for side in entry.split("~") if side.split()}
        else:
            raise lines.error("ends within the ALPHABET block; copy the file again")
    if symbols != set(BASES):
        raise lines.error(f"has the alphabet {''.join(sorted(symbols))!r}, expected 'ACGT'")


def _check_complete(lines: Lines, name: str | None) -> None:
    if name is not None:
        raise ValueError(
            f"{lines.path} has no {_MATRIX} for motif {name!r}; if it has only log-odds, convert "
            "them first; if it ends too early, copy it again"
        )


def _motif_title(lines: Lines, line: str) -> tuple[str, str]:
    # Full MEME output goes on with "MEME width = 18 sites = 20 ...", which is no name.
    words = re.sub(r"\s(MEME\s+)?width\s*=.*", "", line[5:]).split()
    if not words:
        raise lines.error("has a MOTIF without a name")
    return (words[1], words[0]) if len(words) > 1 else (words[0], "")


def _matrix(lines: Lines, line: str, name: str) -> dict:
    fields = dict(re.findall(r"(\w+)\s*=\s*(\S+)", line))
    if fields.get("alength", "4") != "4":
        raise lines.error(f"has alength= {fields['alength']}, expected 4")
    rows = []
    while (numbers := as_numbers(lines.peek().split())) is not None:
        next(lines)
        if len(numbers) != 4:
            raise lines.error(f"has {len(numbers)} numbers in a row of motif {name!r}, expected 4")
        rows.append(numbers)
    after = lines.all[lines.number : lines.number + 1]
    if any(after) and not after[0].startswith(_NEXT) or re.match(r"[-+]?\.?[0-9]", lines.peek()):
        next(lines)
        raise lines.error(f"is no row of four numbers, expected one of motif {name!r}, or its end")
    if not rows or fields.get("w", str(len(rows))) != str(len(rows)):
        raise lines.error(
            f"ends the matrix of motif {name!r} with {len(rows)} rows, expected "
            f"w= {fields.get('w', 'at least 1')}"
        )
    n_sites = as_numbers([fields.get("nsites", "")])
    # Some writers say 0 where they do not know.
    known = n_sites is not None and n_sites[0] != 0
    return {"probabilities": rows, "n_sites": n_sites[0] if known else None}
