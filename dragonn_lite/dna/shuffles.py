"""Shuffled sequences: the same letters, or the same pairs of letters, in another order."""

from __future__ import annotations

import itertools

import numpy as np

from dragonn_lite._contract import as_one_hot, as_rng
from dragonn_lite.dna.encoding import UNKNOWN, codes, from_codes

_BATCH = 1 << 20  # bases handled at once: bounds the memory of the temporary arrays
_N_LETTERS = UNKNOWN + 1  # N is shuffled as a letter of its own


def shuffle(x, *, rng) -> np.ndarray:
    """Shuffle the letters of each sequence: its composition stays, everything else goes.

    Parameters
    ----------
    x : array (n_sequences, length, 4)
        Unknown bases are shuffled along with the others.
    rng : Generator or int

    Returns
    -------
    array (n_sequences, length, 4), uint8

    Raises
    ------
    ValueError
        If `x` is not one-hot.

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import decode, one_hot
    >>> sorted(decode(shuffle(one_hot("AACGT"), rng=0))[0])
    ['A', 'A', 'C', 'G', 'T']
    """
    rng = as_rng(rng)
    return from_codes(rng.permuted(codes(x), axis=1))


def dinucleotide_shuffle(x, *, rng) -> np.ndarray:
    """Shuffle each sequence, keeping the count of every pair of neighbouring letters.

    All sequences with the same pair counts and the same first letter are equally likely; they
    share the last letter too. This is the usual negative set for a motif: it keeps the effects
    of composition and of CpG depletion, and destroys longer words.

    Parameters
    ----------
    x : array (n_sequences, length, 4)
        An unknown base counts as a fifth letter.
    rng : Generator or int

    Returns
    -------
    array (n_sequences, length, 4), uint8

    Raises
    ------
    ValueError
        If `x` is not one-hot.

    Notes
    -----
    A sequence is a path over the letters that uses each pair once (an Eulerian path). The last
    exits from the letters form a tree that leads to the last letter; here the tree is drawn
    from its exact distribution among all 125, so nothing has to be tried twice.

    References
    ----------
    Altschul and Erickson (1985), doi:10.1093/oxfordjournals.molbev.a040370.

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import decode, kmer_counts, one_hot
    >>> x = one_hot("ACGACTTACGA")
    >>> shuffled = dinucleotide_shuffle(x, rng=0)
    >>> bool((kmer_counts(x, 2) == kmer_counts(shuffled, 2)).all())
    True
    """
    x = as_one_hot(x, "x")
    rng = as_rng(rng)
    shuffled = np.empty(x.shape, np.uint8)
    step = max(1, _BATCH // max(1, x.shape[1]))
    for start in range(0, len(x), step):
        batch = codes(x[start : start + step])
        if batch.shape[1] > 2:  # shorter ones have a single order
            batch = _euler_shuffle(batch, rng)
        shuffled[start : start + step] = from_codes(batch)
    return shuffled


def _exit_trees() -> np.ndarray:
    """All trees that lead to a letter: (last letter, tree, letter) -> the letter it exits to."""
    trees = []
    for root in range(_N_LETTERS):
        found = []
        for exits in itertools.product(range(_N_LETTERS), repeat=_N_LETTERS):
            if exits[root] != root:
                continue  # the last letter has no last exit; it stands for itself
            reached = range(_N_LETTERS)
            for _ in range(_N_LETTERS):
                reached = [exits[letter] for letter in reached]
            if set(reached) == {root}:
                found.append(exits)
        trees.append(found)
    return np.array(trees, dtype=np.intp)  # (5, 125, 5)


_TREES = _exit_trees()


def _euler_shuffle(numbered: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    n_sequences, length = numbered.shape
    exits = _last_exits(numbered, rng)  # (n, 5)
    before, after = numbered[:, :-1], numbered[:, 1:]

    # One key an exit: its letter, 58 random bits, where it leads. Sorted, each letter's exits
    # stand together in random order; the last ones get the highest bits.
    keys = rng.integers(0, 1 << 64, before.shape, dtype=np.uint64)
    keys >>= np.uint64(6)
    rows = np.arange(n_sequences)
    pairs = before * np.uint8(_N_LETTERS) + after
    for letter in range(_N_LETTERS):
        wanted = (letter * _N_LETTERS + exits[:, letter]).astype(np.uint8)
        is_pair = pairs == wanted[:, None]
        position = is_pair.argmax(axis=1)
        found = is_pair[rows, position] & (numbered[:, -1] != letter)
        keys[rows[found], position[found]] = (1 << 58) - 1
    keys <<= np.uint64(3)
    keys |= after
    keys |= before.astype(np.uint64) << np.uint64(61)
    keys.sort(axis=1)
    targets = (keys & np.uint64(7)).astype(np.uint8)

    # Walk: from each letter take its next unused exit, in all sequences at once.
    counts = np.stack([(before == letter).sum(axis=1) for letter in range(_N_LETTERS)], axis=1)
    first_exit = np.cumsum(counts, axis=1) - counts
    next_exit = (first_exit + rows[:, None] * (length - 1)).ravel()
    targets = targets.ravel()
    row_offset = rows * _N_LETTERS
    path = np.empty((length, n_sequences), np.uint8)
    path[0] = numbered[:, 0]
    for i in range(1, length):
        at = row_offset + path[i - 1]
        exit_ = next_exit[at]
        path[i] = targets[exit_]
        next_exit[at] = exit_ + 1
    return np.ascontiguousarray(path.T)  # (length, n) -> (n, length)


def _last_exits(numbered: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the last exit of each letter, (n, 5), in proportion to the orders it allows."""
    n_sequences = len(numbered)
    last = numbered[:, -1].astype(np.intp)
    pairs = numbered[:, :-1] * np.uint8(_N_LETTERS) + numbered[:, 1:]
    counts = np.zeros((n_sequences, _N_LETTERS**2))
    for pair in range(_N_LETTERS**2):
        counts[:, pair] = (pairs == pair).sum(axis=1)
    counts = counts.reshape(n_sequences, _N_LETTERS, _N_LETTERS)
    # A letter that does not occur exits straight to the last one, in a single way.
    rows = np.arange(n_sequences)
    absent = counts.sum(axis=2) == 0
    row, letter = np.nonzero(absent)
    counts[row, letter, last[row]] = 1
    # The last one "exits" to itself in every tree, which is not to be weighed.
    counts[rows, last, last] = 1

    weights = np.ones((n_sequences, _TREES.shape[1]))  # (n, 125)
    for letter in range(_N_LETTERS):
        weights *= counts[rows[:, None], letter, _TREES[last, :, letter]]
    cumulative = np.cumsum(weights, axis=1)
    draw = (1 - rng.random(n_sequences)) * cumulative[:, -1]  # above 0: no tree without weight
    tree = (cumulative < draw[:, None]).sum(axis=1)
    return _TREES[last, tree]
