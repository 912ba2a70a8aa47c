"""DNA sequences: encoding, reverse complement, composition, random and shuffled sequences."""

from __future__ import annotations

import numpy as np

from dragonn_lite._contract import as_count, as_one_hot
from dragonn_lite.dna.backgrounds import (
    gc_probabilities,
    random_sequences,
    stationary_probabilities,
)
from dragonn_lite.dna.encoding import (
    BASES,
    UNKNOWN,
    codes,
    decode,
    from_codes,
    from_dragonn,
    from_tangermeme,
    mend_for_letter,
    one_hot,
    to_dragonn,
    to_tangermeme,
)
from dragonn_lite.dna.shuffles import dinucleotide_shuffle, shuffle

__all__ = [
    "BASES",
    "UNKNOWN",
    "codes",
    "composition",
    "decode",
    "dinucleotide_shuffle",
    "from_codes",
    "from_dragonn",
    "from_tangermeme",
    "gc_fraction",
    "gc_probabilities",
    "kmer_codes",
    "kmer_counts",
    "one_hot",
    "random_sequences",
    "reverse_complement",
    "shuffle",
    "stationary_probabilities",
    "to_dragonn",
    "to_tangermeme",
]

_LETTERS = "ACGTRYSWKMBDHVN"
_COMPLEMENTS = "TGCAYRSWMKVHDBN"
_COMPLEMENT = str.maketrans(_LETTERS + _LETTERS.lower(), _COMPLEMENTS + _COMPLEMENTS.lower())
_COUNTS_MAX = 1 << 28  # 1 GiB
_BATCH = 1 << 20  # bases handled at once, so that temporary arrays stay in the cache


def reverse_complement(x):
    """Read the other strand, from its own 5' end.

    Parameters
    ----------
    x : array (n_sequences, length, 4), str, or sequence of str
        Letters keep their case; ambiguous IUPAC letters have complements of their own.

    Returns
    -------
    array (n_sequences, length, 4) of uint8, str, or list of str
        The same kind as `x`.

    Raises
    ------
    ValueError
        If `x` is not one-hot or holds a letter that is not DNA.

    Examples
    --------
    >>> reverse_complement("AACgR")
    'YcGTT'
    >>> decode(reverse_complement(one_hot(["AACGN"])))
    ['NCGTT']
    """
    if isinstance(x, str):
        wrong = x.translate(dict.fromkeys(_COMPLEMENT))
        if wrong:
            raise ValueError(
                f"x has {wrong[0]!r} at position {x.index(wrong[0])}, expected A, C, G, T, N or "
                f"another IUPAC letter{mend_for_letter(wrong[0])}"
            )
        return x.translate(_COMPLEMENT)[::-1]
    if getattr(x, "ndim", 0) == 1:  # an array or a column of a table
        x = list(x)
    if isinstance(x, (list, tuple)) and all(isinstance(sequence, str) for sequence in x):
        return [reverse_complement(sequence) for sequence in x]
    x = np.ascontiguousarray(as_one_hot(x, "x"))
    # Reversing the four bytes of a row swaps A with T and C with G.
    rows = x.view("<u4")[:, ::-1].byteswap()  # (n, length, 1)
    return rows.view(np.uint8)


def composition(x) -> np.ndarray:
    """Fraction of A, C, G and T among the known bases of each sequence.

    Parameters
    ----------
    x : array (n_sequences, length, 4)

    Returns
    -------
    array (n_sequences, 4), float64
        Each row sums to 1; NaN for a sequence without a known base.

    Raises
    ------
    ValueError
        If `x` is not one-hot.

    Examples
    --------
    >>> composition(one_hot(["AACGN", "NNNNN"])).tolist()
    [[0.5, 0.25, 0.25, 0.0], [nan, nan, nan, nan]]
    """
    counts = as_one_hot(x, "x").sum(axis=1, dtype=np.int64)  # (n, length, 4) -> (n, 4)
    known = counts.sum(axis=1, keepdims=True)
    return np.divide(counts, known, out=np.full(counts.shape, np.nan), where=known > 0)


def gc_fraction(x) -> np.ndarray:
    """Fraction of C and G among the known bases of each sequence.

    Parameters
    ----------
    x : array (n_sequences, length, 4)

    Returns
    -------
    array (n_sequences,), float64
        NaN for a sequence without a known base.

    Raises
    ------
    ValueError
        If `x` is not one-hot.

    Examples
    --------
    >>> gc_fraction(one_hot(["ACGN", "NNNN"])).round(3).tolist()
    [0.667, nan]
    """
    fractions = composition(x)
    return fractions[:, 1] + fractions[:, 2]


def kmer_codes(x, k: int) -> np.ndarray:
    """Number the overlapping words of `k` bases, alphabetically: AA 0, AC 1, AG 2, AT 3, CA 4, ...

    Parameters
    ----------
    x : array (n_sequences, length, 4)
    k : int
        Word length in bp, 1 to 12.

    Returns
    -------
    array (n_sequences, length - k + 1), int32
        From 0 to 4**k - 1; -1 for a word with an unknown base.

    Raises
    ------
    ValueError
        If `x` is not one-hot, or `k` exceeds 12 or the length.

    Examples
    --------
    >>> kmer_codes(one_hot("AACAN"), 2).tolist()
    [[0, 1, 4, -1]]
    """
    numbered = codes(x)
    return _number_words(numbered, _word_length(k, numbered.shape[1]))


def kmer_counts(x, k: int) -> np.ndarray:
    """Count the overlapping words of `k` bases of each sequence, on the strand given.

    Parameters
    ----------
    x : array (n_sequences, length, 4)
    k : int
        Word length in bp, 1 to 12. A word with an unknown base is not counted.

    Returns
    -------
    array (n_sequences, 4**k), int32
        Columns in alphabetical order: AA, AC, AG, AT, CA, ...

    Raises
    ------
    ValueError
        If `x` is not one-hot, `k` exceeds 12 or the length, or the counts fill over 1 GiB.

    Examples
    --------
    >>> kmer_counts(one_hot("AACAN"), 2)[0, [0, 1, 4]].tolist()  # AA, AC, CA
    [1, 1, 1]
    """
    numbered = codes(x)
    n_sequences, length = numbered.shape
    k = _word_length(k, length)
    if n_sequences * 4**k > _COUNTS_MAX:
        raise ValueError(
            f"k is {k}: {n_sequences:,} sequences have {n_sequences * 4**k:,} counts, expected at "
            f"most {_COUNTS_MAX:,}; take fewer sequences at a time or shorter words"
        )
    counts = np.empty((n_sequences, 4**k), np.int32)
    step = max(1, _BATCH // max(length, 4**k))
    for start in range(0, n_sequences, step):
        batch = numbered[start : start + step]
        counts[start : start + step] = _count_words(batch, k)
    return counts


def _word_length(k, length: int) -> int:
    k = as_count(k, "k", minimum=1)
    if k > min(12, length):
        raise ValueError(f"k is {k}, expected at most 12 and at most the length, {length} bp")
    return k


def _number_words(numbered: np.ndarray, k: int) -> np.ndarray:
    n_windows = numbered.shape[1] - k + 1
    word = np.zeros((len(numbered), n_windows), np.int32)
    known = np.ones(word.shape, bool)
    for offset in range(k):
        base = numbered[:, offset : offset + n_windows]
        word *= 4
        word += base
        known &= base != UNKNOWN
    word[~known] = -1
    return word


def _count_words(numbered: np.ndarray, k: int) -> np.ndarray:
    n_sequences = len(numbered)
    word = _number_words(numbered, k)
    row = np.arange(n_sequences)[:, None] * 4**k
    known = (row + word)[word >= 0]
    return np.bincount(known, minlength=n_sequences * 4**k).reshape(n_sequences, 4**k)
