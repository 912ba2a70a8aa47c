"""What the test data share with the training data: a network may have seen the answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_one_hot
from dragonn_lite.assays.copies import same_sequence, shuffled_twins
from dragonn_lite.assays.examples import Examples
from dragonn_lite.dna import sequences as dna
from dragonn_lite.dna.genome import overlaps

_LETTERS_A_WORD = 32  # of two bits each in 64
_BATCH = 1 << 20  # words made at once: bounds the memory of the temporary arrays


def leakage_report(
    train: np.ndarray,
    test: np.ndarray,
    *,
    k: int = 40,
    train_intervals: pd.DataFrame | None = None,
    test_intervals: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Count what two sides of a split have in common.

    *What it does not show*: relatives whose letters differ more often than every `k` bases, such as
    old repeats and gene families. Only whole chromosomes, or species, keep those apart.

    Parameters
    ----------
    train : uint8 (n_train, length, 4)
    test : uint8 (n_test, length, 4)
    k : int
        Length in bp of the words that count as shared. By chance two sequences share one of 40 bp
        never, one of 10 bp mostly.
    train_intervals, test_intervals : interval table, optional
        Where the sequences lie; a row for each.

    Returns
    -------
    DataFrame
        A row for each kind: the same sequence, windows that overlap (where intervals are given), a
        shared word of `k` bp, and a shuffled twin (the very dinucleotides, and no copy). Columns
        `shared`; `n_test` and `of_test`, how many sequences of the test data share this with some
        of the training data, and which fraction; `n_train` and `of_train`. Both strands count, but
        for the twins.

    Raises
    ------
    ValueError
        If the sides differ in length, one is empty, `k` exceeds the length, or there are intervals
        of one side only or not one for each sequence.

    Examples
    --------
    >>> train = dna.one_hot(["ACGGATTT", "CCCCCCCC"])
    >>> test = dna.one_hot(["AAATCCGT", "GATTTGGG", "TATATATA"])
    >>> leakage_report(train, test, k=5)[["shared", "n_test", "n_train"]]
                          shared  n_test  n_train
    0              same sequence       1        1
    1               word of 5 bp       2        1
    2              shuffled twin       0        0
    """
    train, test = as_one_hot(train, "train"), as_one_hot(test, "test")
    _check_sides(train, test)
    n_test = len(test)
    both = np.concatenate([test, train])
    same = same_sequence(both)
    is_copy = np.isin(same[:n_test], same[n_test:]), np.isin(same[n_test:], same[:n_test])
    kinds = {"same sequence": is_copy}
    if train_intervals is not None or test_intervals is not None:
        _check_intervals(train_intervals, len(train), "train_intervals")
        _check_intervals(test_intervals, n_test, "test_intervals")
        kinds["overlapping window"] = (
            overlaps(test_intervals, train_intervals),
            overlaps(train_intervals, test_intervals),
        )
    number = _numbered_words(both, k)
    kinds[f"word of {k} bp"] = (
        _found(number[:n_test], number[n_test:]),
        _found(number[n_test:], number[:n_test]),
    )
    # The test data as one class and the training data as the other.
    labels = (np.arange(len(both)) < n_test).astype(np.int8)
    pairs = shuffled_twins(Examples(both, labels, np.arange(len(both))))
    is_twin = np.isin(np.arange(len(both)), pairs)
    kinds["shuffled twin"] = is_twin[:n_test] & ~is_copy[0], is_twin[n_test:] & ~is_copy[1]
    return pd.DataFrame(
        [
            {
                "shared": kind,
                "n_test": int(of_test.sum()),
                "of_test": float(of_test.mean()),
                "n_train": int(of_train.sum()),
                "of_train": float(of_train.mean()),
            }
            for kind, (of_test, of_train) in kinds.items()
        ]
    )


def shares_word(sequences: np.ndarray, others: np.ndarray, *, k: int = 40) -> np.ndarray:
    """Tell which sequences have `k` bases in a row that one of the others has too.

    Parameters
    ----------
    sequences : uint8 (n, length, 4)
    others : uint8 (n_others, length, 4)
    k : int
        In bp. A reverse complement counts; a word with an unknown base does not.

    Returns
    -------
    array (n,), bool

    Raises
    ------
    ValueError
        If the lengths differ, one is empty, or `k` exceeds the length.

    Examples
    --------
    >>> x = dna.one_hot(["ACGGATTT", "CCCCCCCC"])
    >>> shares_word(x, dna.one_hot(["TTAATCCG"]), k=5).tolist()
    [True, False]
    """
    sequences, others = as_one_hot(sequences), as_one_hot(others, "others")
    _check_sides(sequences, others, ("sequences", "others"))
    number = _numbered_words(np.concatenate([sequences, others]), k)
    return _found(number[: len(sequences)], number[len(sequences) :])


def shares_earlier_word(sequences: np.ndarray, *, k: int = 40) -> np.ndarray:
    """Tell which sequences have `k` bases in a row that one before them has too.

    Where many do, a random split puts near copies on both sides.

    Parameters
    ----------
    sequences : uint8 (n, length, 4)
    k : int
        As for :func:`shares_word`.

    Returns
    -------
    array (n,), bool

    Raises
    ------
    ValueError
        If there is no sequence, or `k` exceeds the length.

    Examples
    --------
    >>> shares_earlier_word(dna.one_hot(["ACGGATTT", "CCCCCCCC", "TTAATCCG"]), k=5).tolist()
    [False, False, True]
    """
    sequences = as_one_hot(sequences)
    _check_any(sequences, "sequences")
    number = _numbered_words(sequences, k)
    row = np.broadcast_to(np.arange(len(number))[:, None], number.shape)
    first = np.full(number.max(initial=-1) + 2, len(number))
    np.minimum.at(first, number, row)
    return ((first[number] < row) & (number >= 0)).any(axis=1)


def _check_sides(first, second, names=("train", "test")) -> None:
    _check_any(first, names[0])
    _check_any(second, names[1])
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"{names[0]} has sequences of {first.shape[1]:,} bp and {names[1]} of "
            f"{second.shape[1]:,}, expected one length"
        )


def _check_any(sequences, name) -> None:
    if not len(sequences):
        raise ValueError(f"{name} is empty, expected at least one sequence")


def _check_intervals(intervals, n, name) -> None:
    if intervals is None:
        raise ValueError(f"{name} is missing; give the intervals of both sides, or of none")
    if len(intervals) != n:
        raise ValueError(
            f"{name} has {len(intervals):,} rows for {n:,} sequences, expected a row each"
        )


def _found(number, others) -> np.ndarray:
    there = np.zeros(max(number.max(initial=-1), others.max(initial=-1)) + 2, bool)
    there[others] = True
    there[-1] = False  # the place of -1
    return there[number].any(axis=1)


def _numbered_words(x: np.ndarray, k: int) -> np.ndarray:
    """Number all words of `k` bases, a word and its reverse complement alike; -1 with an unknown.

    (n, length, 4) -> (n, length - k + 1). A word is packed into as many integers of 64 bits as it
    needs, two bits a base; all are compared, so that equal numbers are equal words for any `k`.
    """
    numbered = dna.codes(x)
    n_sequences, length = numbered.shape
    k = as_count(k, "k", minimum=1)
    if k > length:
        raise ValueError(f"k is {k}, expected at most the length of the sequences, {length} bp")
    shape = n_sequences, length - k + 1
    n_parts = -(-k // _LETTERS_A_WORD)
    words = np.empty((n_parts, *shape), np.uint64)
    known = np.empty(shape, bool)
    step = max(1, _BATCH // length)
    for start in range(0, n_sequences, step):
        rows = slice(start, start + step)
        words[:, rows], known[rows] = _canonical_words(numbered[rows], k, n_parts)
    words = words[:, known]  # (n_parts, n, positions) -> (n_parts, n_words)
    order = np.lexsort(words)
    words = words[:, order]
    is_new = (words[:, 1:] != words[:, :-1]).any(axis=0)
    number_of_word = np.zeros(len(order), np.int64)
    number_of_word[order[1:]] = np.cumsum(is_new)
    number = np.full(shape, -1, np.int64)
    number[known] = number_of_word
    return number


def _canonical_words(numbered, k, n_parts) -> tuple[np.ndarray, np.ndarray]:
    """Of each word and its reverse complement the smaller, and whether all its bases are known."""
    turned = np.where(numbered == dna.UNKNOWN, dna.UNKNOWN, 3 - numbered)[:, ::-1]
    forward = _packed(numbered, k, n_parts)
    backward = _packed(turned, k, n_parts)[:, :, ::-1]
    smaller = np.zeros(forward.shape[1:], bool)
    for ours, theirs in zip(forward[::-1], backward[::-1], strict=True):
        smaller = (theirs < ours) | ((theirs == ours) & smaller)
    n_unknown = np.cumsum(numbered == dna.UNKNOWN, axis=1, dtype=np.int32)
    n_unknown = np.pad(n_unknown, ((0, 0), (1, 0)))
    known = n_unknown[:, k:] == n_unknown[:, :-k]
    return np.where(smaller, backward, forward), known


def _packed(numbered, k, n_parts) -> np.ndarray:
    n_windows = numbered.shape[1] - k + 1
    words = np.zeros((n_parts, len(numbered), n_windows), np.uint64)
    for offset in range(k):
        part = words[offset // _LETTERS_A_WORD]
        part <<= np.uint64(2)
        part |= numbered[:, offset : offset + n_windows] & np.uint8(3)
    return words
