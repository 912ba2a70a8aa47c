"""Letters to one-hot arrays and back: the encoding that every other room works on."""

from __future__ import annotations

import numpy as np

from dragonn_lite._contract import as_count, as_one_hot

BASES = "ACGT"
UNKNOWN = 4  # the code of N; one-hot rows of it are all zeros

_AMBIGUOUS = "NRYSWKMBDHV"
_INVALID = 255


def _letter_table() -> bytes:
    table = np.full(256, _INVALID, np.uint8)
    for letter in _AMBIGUOUS:
        table[[ord(letter), ord(letter.lower())]] = UNKNOWN
    for code, letter in enumerate(BASES):
        table[[ord(letter), ord(letter.lower())]] = code
    return table.tobytes()


CODE_OF_LETTER = _letter_table()
KNOWN_LETTERS = bytes(byte for byte in range(256) if CODE_OF_LETTER[byte] != _INVALID)
_LETTER_OF_CODE = bytes(BASES + "N", "ascii").ljust(256, b"?")


def one_hot(sequences, *, length: int | None = None) -> np.ndarray:
    """Encode DNA letters as one-hot arrays.

    Parameters
    ----------
    sequences : str, bytes, or sequence of them
        Upper or lower case. ``N`` and the other ambiguous IUPAC letters become four zeros.
        A single string is one sequence.
    length : int, optional
        Length in bp that every sequence shall have: longer ones are cropped and shorter ones
        padded with ``N``, both around their centre. Without it all must be equally long.

    Returns
    -------
    array (n_sequences, length, 4), uint8
        Channels A, C, G, T.

    Raises
    ------
    TypeError
        If something other than text is among the sequences.
    ValueError
        If there is no sequence, one is empty, one holds a letter that is not DNA, or the
        lengths differ and `length` is not given.

    Examples
    --------
    >>> one_hot(["ACGT", "aNNa"])[1].tolist()
    [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    >>> one_hot(["ACGTA", "C"], length=3).shape
    (2, 3, 4)
    """
    buffers = _as_bytes(sequences)
    joined = b"".join(buffers)
    if joined.translate(None, KNOWN_LETTERS):  # what is left is not DNA
        _raise_for_letter(buffers)
    if length is not None:
        length = as_count(length, "length", minimum=1)
        buffers = [_centred(buffer, length) for buffer in buffers]
        joined = b"".join(buffers)
    else:
        length = len(buffers[0])
        if len(joined) != length * len(buffers) or any(len(b) != length for b in buffers):
            _raise_for_lengths(buffers)
    encoded = np.frombuffer(joined.translate(CODE_OF_LETTER), np.uint8)
    return _expand(encoded.reshape(len(buffers), length))


def decode(x) -> list[str]:
    """Write one-hot sequences as letters, upper case; an all-zero row is ``N``.

    Parameters
    ----------
    x : array (n_sequences, length, 4)

    Returns
    -------
    list of str
        One string of `length` letters for each sequence.

    Raises
    ------
    ValueError
        If `x` is not one-hot.

    Examples
    --------
    >>> decode(one_hot(["acgtn", "TTRAA"]))
    ['ACGTN', 'TTNAA']
    """
    x = codes(x)
    n_sequences, length = x.shape
    text = x.tobytes().translate(_LETTER_OF_CODE).decode("ascii")
    return [text[i * length : (i + 1) * length] for i in range(n_sequences)]


def codes(x) -> np.ndarray:
    """Number the bases: A 0, C 1, G 2, T 3, and 4 where the base is unknown.

    Parameters
    ----------
    x : array (n_sequences, length, 4)

    Returns
    -------
    array (n_sequences, length), uint8

    Raises
    ------
    ValueError
        If `x` is not one-hot.

    Examples
    --------
    >>> codes(one_hot("ACGTN")).tolist()
    [[0, 1, 2, 3, 4]]
    """
    x = np.ascontiguousarray(as_one_hot(x, "x"))
    # The four bytes of a row, read as one integer, are 1 << 8 * code, or 0. Multiplying moves
    # byte 3 - code of the factor to the top: 4, 3, 2, 1 for A, C, G, T, and 0 for N.
    rows = x.view("<u4")[..., 0]  # (n, length, 4) -> (n, length)
    rows = rows * np.uint32(0x04030201)
    rows >>= np.uint32(24)
    return np.uint8(4) - rows.astype(np.uint8)


def from_codes(codes) -> np.ndarray:
    """Encode numbered bases (A 0, C 1, G 2, T 3, unknown 4) as one-hot arrays.

    Parameters
    ----------
    codes : array (n_sequences, length)
        Whole numbers from 0 to 4.

    Returns
    -------
    array (n_sequences, length, 4), uint8

    Raises
    ------
    ValueError
        If the shape is another one or a number lies outside 0 to 4.

    Examples
    --------
    >>> decode(from_codes([[3, 0, 4]]))
    ['TAN']
    """
    try:
        codes = np.asarray(codes)
    except ValueError:
        raise ValueError("codes has rows of different lengths, expected the same for all") from None
    if codes.ndim != 2:
        raise ValueError(f"codes has shape {codes.shape}, expected (n_sequences, length)")
    if codes.size and not np.issubdtype(codes.dtype, np.integer):
        raise ValueError(f"codes has dtype {codes.dtype}, expected whole numbers from 0 to 4")
    if codes.size and not (codes.min() >= 0 and codes.max() <= UNKNOWN):
        raise ValueError(
            f"codes holds numbers from {codes.min()} to {codes.max()}, expected 0, 1, 2, 3 for "
            "A, C, G, T and 4 for an unknown base"
        )
    return _expand(codes)


def to_tangermeme(x) -> np.ndarray:
    """Move the channels first, as tangermeme and most PyTorch networks expect.

    Parameters
    ----------
    x : array (n_sequences, length, 4)

    Returns
    -------
    array (n_sequences, 4, length), uint8

    Raises
    ------
    ValueError
        If `x` is not one-hot.

    Examples
    --------
    >>> to_tangermeme(one_hot("ACGTACG")).shape
    (1, 4, 7)
    """
    return np.ascontiguousarray(as_one_hot(x, "x").transpose(0, 2, 1))


def from_tangermeme(x) -> np.ndarray:
    """Take sequences with the channels first; the inverse of :func:`to_tangermeme`.

    Parameters
    ----------
    x : array (n_sequences, 4, length)

    Returns
    -------
    array (n_sequences, length, 4), uint8

    Raises
    ------
    ValueError
        If the shape is another one, or `x` is not one-hot.

    Examples
    --------
    >>> decode(from_tangermeme(to_tangermeme(one_hot("ACGTACG"))))
    ['ACGTACG']
    """
    x = np.asarray(x)
    if x.ndim != 3 or x.shape[1] != 4:
        raise ValueError(f"x has shape {x.shape}, expected (n_sequences, 4, length)")
    return np.ascontiguousarray(as_one_hot(x.transpose(0, 2, 1), "x"))


def to_dragonn(x) -> np.ndarray:
    """Shape the sequences as DragoNN's networks expect them.

    Parameters
    ----------
    x : array (n_sequences, length, 4)

    Returns
    -------
    array (n_sequences, 1, 4, length), uint8

    Raises
    ------
    ValueError
        If `x` is not one-hot.

    Examples
    --------
    >>> to_dragonn(one_hot("ACGTACG")).shape
    (1, 1, 4, 7)
    """
    return to_tangermeme(x)[:, None]


def from_dragonn(x) -> np.ndarray:
    """Take sequences shaped for DragoNN; the inverse of :func:`to_dragonn`.

    Parameters
    ----------
    x : array (n_sequences, 1, 4, length)

    Returns
    -------
    array (n_sequences, length, 4), uint8

    Raises
    ------
    ValueError
        If the shape is another one, or `x` is not one-hot.

    Examples
    --------
    >>> decode(from_dragonn(to_dragonn(one_hot("ACGTACG"))))
    ['ACGTACG']
    """
    x = np.asarray(x)
    if x.ndim != 4 or x.shape[1:3] != (1, 4):
        raise ValueError(f"x has shape {x.shape}, expected (n_sequences, 1, 4, length)")
    return from_tangermeme(x[:, 0])


def _expand(codes: np.ndarray) -> np.ndarray:
    """One-hot of codes known to be valid; the only array it makes is the result."""
    rows = codes.astype("<u4", order="C")
    rows <<= np.uint32(3)
    # A shift by 32, the code of N, gives 0 in numpy.
    np.left_shift(np.uint32(1), rows, out=rows)
    return rows.view(np.uint8).reshape(*codes.shape, 4)


def _as_bytes(sequences) -> list[bytes]:
    if isinstance(sequences, (str, bytes)):
        sequences = [sequences]
    try:
        sequences = list(sequences)
    except TypeError:
        raise TypeError(
            f"sequences is a {type(sequences).__name__}, expected a string or a list of strings"
        ) from None
    if not sequences:
        raise ValueError("sequences is empty, expected at least one sequence")
    buffers = []
    for i, sequence in enumerate(sequences):
        if isinstance(sequence, str):
            if not sequence.isascii():
                position = next(p for p, c in enumerate(sequence) if not c.isascii())
                raise _letter_error(i, sequence[position], position)
            sequence = sequence.encode("ascii")
        elif not isinstance(sequence, bytes):
            raise TypeError(
                f"sequences[{i}] is {_shown(sequence)}, expected a string of DNA letters"
            )
        if not sequence:
            raise ValueError(f"sequences[{i}] is empty, expected at least one base; leave it out")
        buffers.append(sequence)
    return buffers


def _shown(value) -> str:
    text = repr(value)
    return f"a {type(value).__name__}" + (f", {text}" if len(text) <= 20 else "")


def _centred(buffer: bytes, length: int) -> bytes:
    extra = len(buffer) - length
    if extra >= 0:
        return buffer[extra // 2 : extra // 2 + length]
    left = -extra // 2
    return b"N" * left + buffer + b"N" * (-extra - left)


def _raise_for_lengths(buffers: list[bytes]) -> None:
    lengths = [len(buffer) for buffer in buffers]
    odd = next(i for i, length in enumerate(lengths) if length != lengths[0])
    raise ValueError(
        f"sequences have unequal lengths: sequences[0] has {lengths[0]} bp, sequences[{odd}] has "
        f"{lengths[odd]} bp; give length= to crop and pad them around their centres"
    )


def _raise_for_letter(buffers: list[bytes]) -> None:
    for i, buffer in enumerate(buffers):
        wrong = buffer.translate(None, KNOWN_LETTERS)
        if not wrong:
            continue
        letter, position = wrong[:1], buffer.index(wrong[:1])
        raise _letter_error(i, letter.decode("latin-1"), position, _mend(letter, buffer))


def _letter_error(i: int, letter: str, position: int, mend: str = "") -> ValueError:
    return ValueError(
        f"sequences[{i}] has {letter!r} at position {position}, expected A, C, G, T, N or another "
        f"IUPAC letter{mend}"
    )


def _mend(letter: bytes, buffer: bytes) -> str:
    if buffer.startswith(b">") or b"/" in buffer or b".fa" in buffer or b".gz" in buffer:
        return "; to read a FASTA file use dna.fasta.read_fasta(path)"
    return mend_for_letter(letter.decode("latin-1"))


def mend_for_letter(letter: str) -> str:
    """What to do about a letter that is not DNA, to end a message with."""
    if letter in "Uu":
        return "; this looks like RNA: replace U by T"
    if letter in "-.":
        return "; this looks like an alignment: remove its gaps"
    if letter == ";":
        return "; remove comment lines"
    if letter.isspace():
        return "; remove white space"
    return ""
