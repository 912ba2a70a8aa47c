"""DNA sequences: encoding, reverse complement, composition, random and shuffled sequences."""

from __future__ import annotations

import numpy as np

from .._contract import as_count, as_one_hot, as_rng
from .encoding import (
    BASES,
    UNKNOWN,
    codes,
    decode,
    from_codes,
    from_dragonn,
    from_tangermeme,
    one_hot,
    to_dragonn,
    to_tangermeme,
)
from .shuffles import dinucleotide_shuffle, shuffle

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
    "kmer_counts",
    "one_hot",
    "random_sequences",
    "reverse_complement",
    "shuffle",
    "to_dragonn",
    "to_tangermeme",
]

_LETTERS = "ACGTRYSWKMBDHVN"
_COMPLEMENTS = "TGCAYRSWMKVHDBN"
_COMPLEMENT = str.maketrans(
    _LETTERS + _LETTERS.lower(), _COMPLEMENTS + _COMPLEMENTS.lower()
)
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
                "another IUPAC letter"
            )
        return x.translate(_COMPLEMENT)[::-1]
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
        If `x` is not one-hot, or `k` exceeds 12 or the length.

    Examples
    --------
    >>> kmer_counts(one_hot("AACAN"), 2)[0, [0, 1, 4]].tolist()  # AA, AC, CA
    [1, 1, 1]
    """
    numbered = codes(x)
    n_sequences, length = numbered.shape
    k = as_count(k, "k", minimum=1)
    if k > min(12, length):
        raise ValueError(f"k is {k}, expected at most 12 and at most the length, {length} bp")
    counts = np.empty((n_sequences, 4**k), np.int32)
    step = max(1, _BATCH // max(length, 4**k))
    for start in range(0, n_sequences, step):
        batch = numbered[start : start + step]
        counts[start : start + step] = _count_words(batch, k)
    return counts


def random_sequences(
    n: int,
    length: int,
    *,
    gc_fraction: float | None = None,
    base_probabilities=None,
    transitions=None,
    rng,
) -> np.ndarray:
    """Draw random DNA, each base for itself or following the base before it.

    The probabilities are exact, to the rounding of float64: one random byte decides most
    bases, and the few bytes that fall between two bases are decided by another draw.

    Parameters
    ----------
    n : int
        Number of sequences.
    length : int
        Length of each in bp.
    gc_fraction : float, optional
        Probability of C or G, half each; 0.5 where no other choice is made.
    base_probabilities : array (4,), optional
        Probabilities of A, C, G, T, instead of `gc_fraction`. With `transitions`, those of the
        first base (by default the stationary ones).
    transitions : array (4, 4), optional
        Row: the base before, column: the base after; each row sums to 1.
    rng : Generator or int

    Returns
    -------
    array (n, length, 4), uint8
        The same for the same `rng`.

    Raises
    ------
    ValueError
        If a probability is outside 0 to 1, a sum is not 1, or `gc_fraction` meets one of the
        other two.

    Examples
    --------
    >>> decode(random_sequences(2, 8, gc_fraction=0.4, rng=1)) == decode(
    ...     random_sequences(2, 8, gc_fraction=0.4, rng=1))
    True
    >>> random_sequences(2, 8, gc_fraction=1.0, rng=1).sum(axis=(0, 1))[[0, 3]].tolist()
    [0, 0]
    """
    n = as_count(n, "n")
    length = as_count(length, "length", minimum=1)
    rng = as_rng(rng)
    if gc_fraction is not None and (base_probabilities is not None or transitions is not None):
        raise ValueError("gc_fraction and another choice of probabilities are given, expected one")
    if base_probabilities is not None:
        first = as_probabilities(base_probabilities, "base_probabilities", (4,))
    elif gc_fraction is not None or transitions is None:
        first = gc_probabilities(0.5 if gc_fraction is None else gc_fraction)
    if transitions is None:
        return _independent_bases(n, length, first, rng)
    transitions = as_probabilities(transitions, "transitions", (4, 4))
    if base_probabilities is None:
        first = stationary_probabilities(transitions)
    return _markov_bases(n, length, first, transitions, rng)


def gc_probabilities(gc_fraction: float) -> np.ndarray:
    """Probabilities of A, C, G and T at a GC fraction, the strands being alike.

    Parameters
    ----------
    gc_fraction : float
        From 0 to 1.

    Returns
    -------
    array (4,), float64

    Raises
    ------
    ValueError
        If `gc_fraction` is not a number from 0 to 1.

    Examples
    --------
    >>> gc_probabilities(0.4).tolist()
    [0.3, 0.2, 0.2, 0.3]
    """
    try:
        within = 0 <= gc_fraction <= 1
    except (TypeError, ValueError):
        within = False
    if not within:
        raise ValueError(f"gc_fraction is {gc_fraction!r}, expected a number from 0 to 1")
    return np.array([1 - gc_fraction, gc_fraction, gc_fraction, 1 - gc_fraction]) / 2


def stationary_probabilities(transitions) -> np.ndarray:
    """Base probabilities that a first-order Markov background keeps at every position.

    Parameters
    ----------
    transitions : array (4, 4)
        Row: the base before, column: the base after; each row sums to 1.

    Returns
    -------
    array (4,), float64

    Raises
    ------
    ValueError
        If `transitions` is not a table of probabilities.

    Examples
    --------
    >>> stationary_probabilities([[0.1, 0.3, 0.3, 0.3]] * 4).round(2).tolist()
    [0.1, 0.3, 0.3, 0.3]
    """
    transitions = as_probabilities(transitions, "transitions", (4, 4))
    # p T = p together with sum(p) = 1, as least squares: it also settles on one solution where
    # the chain falls apart into several.
    equations = np.vstack([transitions.T - np.eye(4), np.ones(4)])
    solution = np.linalg.lstsq(equations, np.array([0, 0, 0, 0, 1.0]), rcond=None)[0]
    solution = np.clip(solution, 0, None)
    return solution / solution.sum()


def as_probabilities(values, name: str, shape: tuple) -> np.ndarray:
    """Check probabilities over A, C, G, T and return them with sums of exactly 1.

    Parameters
    ----------
    values : array
        Of the given shape; the last axis sums to 1 (to 1e-6).
    name : str
        The argument's name, for the message.
    shape : tuple

    Returns
    -------
    array of that shape, float64

    Raises
    ------
    ValueError
        If the shape, a value or a sum is another one.

    Examples
    --------
    >>> as_probabilities([0.3, 0.2, 0.2, 0.3], "background", (4,)).sum().item()
    1.0
    """
    try:
        values = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {values!r}, expected {shape} probabilities") from None
    if values.shape != shape:
        raise ValueError(f"{name} has shape {values.shape}, expected {shape}")
    totals = values.sum(axis=-1, keepdims=True)
    if not ((values >= 0).all() and (abs(totals - 1) <= 1e-6).all()):
        raise ValueError(
            f"{name} is {values.tolist()}, expected probabilities of A, C, G, T that sum to 1"
        )
    return values / totals


def _independent_bases(n, length, probabilities, rng) -> np.ndarray:
    # Of the 256 values of a byte each base owns floor(256 p), in order; at most three values
    # are left over, and a further draw with the probabilities not yet spent decides them.
    owned = np.floor(probabilities * 256)
    limits = np.cumsum(owned).astype(int).tolist()
    spent = limits.pop()
    left_over = np.cumsum(probabilities * 256 - owned)
    rows = np.empty(n * length, "<u4")
    for start in range(0, rows.size, _BATCH):
        part = rows[start : start + _BATCH]
        words = rng.integers(0, 1 << 64, -(-part.size // 8), dtype=np.uint64)
        drawn = words.astype("<u8", copy=False).view(np.uint8)[: part.size]
        base = np.zeros(part.size, np.uint8)
        for limit in limits:
            base += drawn >= limit
        if spent < 256:
            undecided = np.flatnonzero(drawn >= spent)
            draw = (1 - rng.random(undecided.size)) * left_over[-1]  # above 0
            base[undecided] = np.searchsorted(left_over, draw)
        np.multiply(base, 8, out=part, casting="unsafe")
        np.left_shift(np.uint32(1), part, out=part)
    return rows.view(np.uint8).reshape(n, length, 4)


def _markov_bases(n, length, first, transitions, rng) -> np.ndarray:
    sequences = np.empty((n, length, 4), np.uint8)
    cumulative = np.cumsum(transitions, axis=1)[:, :3].T.copy()  # (4, 4) -> (3, 4)
    first = np.cumsum(first)[:3]
    step = max(1, _BATCH // length)
    for start in range(0, n, step):
        size = min(step, n - start)
        bases = np.empty((length, size), np.uint8)
        bases[0] = np.searchsorted(first, rng.random(size), side="right")
        for i in range(1, length):
            draw = rng.random(size)
            before = bases[i - 1]
            bases[i] = (draw >= cumulative[:, before]).sum(axis=0)
        sequences[start : start + size] = from_codes(bases.T)
    return sequences


def _count_words(numbered: np.ndarray, k: int) -> np.ndarray:
    n_sequences, length = numbered.shape
    n_windows = length - k + 1
    word = np.zeros((n_sequences, n_windows), np.int64)
    known = np.ones(word.shape, bool)
    for offset in range(k):
        base = numbered[:, offset : offset + n_windows]
        word = word * 4 + base
        known &= base != UNKNOWN
    word += np.arange(n_sequences)[:, None] * 4**k
    return np.bincount(word[known], minlength=n_sequences * 4**k).reshape(n_sequences, 4**k)
