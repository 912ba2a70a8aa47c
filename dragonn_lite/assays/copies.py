"""Sequences that are copies of each other, turned or not, and those that are shuffles."""

from __future__ import annotations

import numpy as np

from dragonn_lite.dna import sequences as dna


def same_sequence(sequences: np.ndarray) -> np.ndarray:
    """Number the different sequences; a sequence and its reverse complement are one.

    Parameters
    ----------
    sequences : uint8 (n, length, 4)

    Returns
    -------
    int (n,)
        Equal numbers for equal sequences, from 0 on.

    Examples
    --------
    >>> same_sequence(dna.one_hot(["ACGG", "TTTT", "CCGT"])).tolist()
    [0, 1, 0]
    """
    both = (sequences, dna.reverse_complement(sequences))
    return numbered(*([row.tobytes() for row in dna.codes(strand)] for strand in both))


def numbered(forward, turned) -> np.ndarray:
    """Number the different ones; equal numbers where a text or its other form is the same.

    Parameters
    ----------
    forward, turned : list
        Sequences, and in the same order their reverse complements.

    Returns
    -------
    int (n,)
        From 0 on, in the order in which they first occur.

    Examples
    --------
    >>> numbered(["AC", "TT", "GT"], ["GT", "AA", "AC"]).tolist()
    [0, 1, 0]
    """
    numbers: dict = {}
    pairs = map(min, zip(forward, turned, strict=True))
    return np.array([numbers.setdefault(key, len(numbers)) for key in pairs], dtype=np.int64)


def shuffled_twins(examples) -> np.ndarray:
    """Find unbound sequences with exactly the dinucleotides of a bound one: its shuffles.

    Chance makes two sequences of 50 bp and more so alike next to never. Twins show what the
    negatives leave to be learned: only the order.

    Parameters
    ----------
    examples : Examples

    Returns
    -------
    int64 (n_twins, 2)
        Row of the bound and row of the unbound example. Each that has a twin is in a pair; not
        every pair is listed where there are several of the same dinucleotides.

    Examples
    --------
    >>> x = dna.one_hot(["AACAGATA", "AAGACATA", "TTTTTTTT"])
    >>> from dragonn_lite.assays.examples import Examples
    >>> shuffled_twins(Examples(x, np.array([1, 0, 0]), np.array(list("abc")))).tolist()
    [[0, 1]]
    """
    counts = [row.tobytes() for row in dna.kmer_counts(examples.sequences, 2)]
    rows = [np.flatnonzero(examples.labels == label) for label in (1, 0)]
    bound, unbound = ({counts[row]: row for row in side[::-1]} for side in rows)  # each one's first
    pairs = {(row, unbound[counts[row]]) for row in rows[0] if counts[row] in unbound}
    pairs |= {(bound[counts[row]], row) for row in rows[1] if counts[row] in bound}
    return np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
