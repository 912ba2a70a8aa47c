"""Scanning: the score of a motif at every position of both strands."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_number, as_one_hot
from dragonn_lite.dna.encoding import UNKNOWN, codes
from dragonn_lite.dna.matrices import UNIFORM, Motif

_BATCH = 1 << 17  # bases scanned at once: the temporary arrays stay in the cache
_ROUNDING_BITS = 1e-9  # sums of the same bits in another order differ by less
_WORD = 5  # bases looked up at once: 5 ** 5 entries of 8 bytes stay in it too


def scan(x, motif: Motif, *, background=UNIFORM, pseudocount: float = 0.001) -> np.ndarray:
    """Score a motif at every position of both strands, in bits.

    The score is the log-odds of the bases under the motif and under the background. An unknown
    base scores 0, as if nothing were known of it.

    Parameters
    ----------
    x : array (n_sequences, length, 4)
    motif : Motif
    background : array (4,)
        Probabilities of A, C, G, T outside of sites, all above 0.
    pseudocount : float
        Added to every probability of the motif, see :meth:`Motif.with_pseudocount`.

    Returns
    -------
    array (n_sequences, positions, 2), float32
        ``positions = length - motif.width_bp + 1``; the last axis is the strand, ``"+"`` then
        ``"-"``. Position p is the window from p to p + width on the forward strand for both.

    Raises
    ------
    ValueError
        If the motif is longer than the sequences, or another argument is out of its range.

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> motif = Motif("TAC", [[0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]])
    >>> scan(one_hot("TACGTA"), motif, pseudocount=1e-9)[0].round(1).argmax(axis=0).tolist()
    [0, 3]
    """
    x = as_one_hot(x, "x")
    tables = _word_tables(motif, background, pseudocount)
    n_positions = _n_positions(x, motif)
    scores = np.empty((len(x), n_positions, 2), np.float32)
    for start, batch in _scan_batches(x, tables, n_positions):
        scores[start : start + len(batch)] = batch
    return scores


def best_scores(x, motif: Motif, *, background=UNIFORM, pseudocount: float = 0.001) -> np.ndarray:
    """Score of the best site of each sequence on either strand, in bits.

    Parameters
    ----------
    x : array (n_sequences, length, 4)
    motif, background, pseudocount
        As for :func:`scan`.

    Returns
    -------
    array (n_sequences,), float32

    Raises
    ------
    ValueError
        As for :func:`scan`.

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> motif = Motif("TA", [[0, 0, 0, 1], [1, 0, 0, 0]])
    >>> best_scores(one_hot(["CTAC", "CCCC"]), motif, pseudocount=0.25).tolist()
    [2.643856..., -2.0]
    """
    x = as_one_hot(x, "x")
    tables = _word_tables(motif, background, pseudocount)
    n_positions = _n_positions(x, motif)
    best = np.empty(len(x), np.float32)
    for start, batch in _scan_batches(x, tables, n_positions):
        best[start : start + len(batch)] = batch.reshape(len(batch), -1).max(axis=1)
    return best


def find_sites(
    x, motif: Motif, *, threshold_bits: float, background=UNIFORM, pseudocount: float = 0.001
) -> pd.DataFrame:
    """List the sites that score at least a threshold.

    Overlapping sites are all listed; a palindrome is found on both strands. The scores are those
    of :func:`scan`, added up to double precision: a site of the best possible score reaches
    ``motif.log_odds().max(axis=1).sum()``.

    Parameters
    ----------
    x : array (n_sequences, length, 4)
    motif : Motif
    threshold_bits : float
        Least score of a site, less 1e-9 bits for rounding; ``-np.inf`` lists every window.
    background, pseudocount
        As for :func:`scan`.

    Returns
    -------
    DataFrame
        One row a site, by sequence, start and strand: `sequence` (row of `x`), `motif` (name),
        `start`, `stop` (0-based, half-open, on the forward strand), `strand`, `score` (bits).

    Raises
    ------
    ValueError
        If the threshold is not a number, or as for :func:`scan`.

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> motif = Motif("TAC", [[0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]])
    >>> find_sites(one_hot("TACGTA"), motif, threshold_bits=5).round(2)
       sequence motif  start  stop strand  score
    0         0   TAC      0     3      +   5.99
    1         0   TAC      3     6      -   5.99
    """
    x = as_one_hot(x, "x")
    threshold = as_number(threshold_bits, "threshold_bits", "bits") - _ROUNDING_BITS
    tables = _word_tables(motif, background, pseudocount)
    weights = _strand_weights(motif, background, pseudocount)
    # float32 may come out this much too low: such windows are judged by their exact score.
    error = len(tables) * np.finfo(np.float32).eps * np.abs(weights[np.isfinite(weights)]).sum()
    n_positions = _n_positions(x, motif)
    found = [(np.zeros(0, np.intp),) * 3 + (np.zeros(0),)]
    for first, batch in _scan_batches(x, tables, n_positions):
        sites = np.nonzero(batch >= threshold - error)
        score = _exact_scores(codes(x[first : first + len(batch)]), weights, *sites)
        sequence, start, strand = (place[score >= threshold] for place in sites)
        found.append((sequence + first, start, strand, score[score >= threshold]))
    sequence, start, strand, score = map(np.concatenate, zip(*found))
    return sites_table(
        sequence=sequence,
        motif=motif.name,
        start=start,
        stop=start + motif.width_bp,
        strand=np.array(["+", "-"], dtype=object)[strand],
        score=score,
    )


def sites_table(*, sequence, motif, start, stop, strand, score) -> pd.DataFrame:
    """Make a table of sites, with the columns and types that all rooms share.

    Parameters
    ----------
    sequence, start, stop : array (n_sites,)
    motif : str, or array (n_sites,)
        An array of text, or quicker a pandas Categorical.
    strand : array (n_sites,)
        ``"+"`` or ``"-"``, as text or Categorical.
    score : array (n_sites,)
        In bits.

    Returns
    -------
    DataFrame
        `sequence`, `start`, `stop` int64; `motif`, `strand` str; `score` float64.

    Examples
    --------
    >>> sites_table(sequence=[0], motif="A", start=[2], stop=[3], strand=["+"], score=[1.5])
       sequence motif  start  stop strand  score
    0         0     A      2     3      +    1.5
    """
    sequence = np.asarray(sequence, dtype=np.int64)
    return pd.DataFrame(
        {
            "sequence": sequence,
            "motif": _as_texts(motif, sequence.shape),
            "start": np.asarray(start, dtype=np.int64),
            "stop": np.asarray(stop, dtype=np.int64),
            "strand": _as_texts(strand, sequence.shape),
            "score": np.asarray(score, dtype=np.float64),
        },
        copy=False,
    )


def _as_texts(values, shape):
    if isinstance(values, pd.Categorical):  # a few texts, each many times
        return pd.array(list(values.categories), dtype="str").take(values.codes)
    return pd.Series(np.broadcast_to(np.asarray(values, dtype=object), shape)).astype("str")


def _n_positions(x: np.ndarray, motif: Motif) -> int:
    length = x.shape[1]
    if motif.width_bp > length:
        raise ValueError(
            f"motif {motif.name!r} has {motif.width_bp} bp, expected at most the length of the "
            f"sequences, {length} bp"
        )
    return length - motif.width_bp + 1


def _strand_weights(motif: Motif, background, pseudocount: float) -> np.ndarray:
    """Bits of each base as the forward and as the reverse strand reads it: (width, 5, 2)."""
    if not isinstance(motif, Motif):
        raise TypeError(f"motif is a {type(motif).__name__}, expected a Motif")
    forward = motif.log_odds(background, pseudocount=pseudocount)
    weights = np.stack([forward, forward[::-1, ::-1]], axis=-1)
    return np.pad(weights, ((0, 0), (0, 1), (0, 0)))  # an unknown base has 0 bits


def _exact_scores(numbered: np.ndarray, weights: np.ndarray, sequence, start, strand) -> np.ndarray:
    """Scores of a few windows, added up in double precision."""
    score = np.zeros(len(sequence))
    for i, bits in enumerate(weights):
        score += bits[numbered[sequence, start + i], strand]
    return score


def _word_tables(motif: Motif, background, pseudocount: float) -> np.ndarray:
    """Score of every word of five letters at each fifth position: (n_words, 5**5) complex.

    The real part is the score on the forward strand, the imaginary part on the reverse strand:
    one addition of complex numbers adds up both.
    """
    weights = _strand_weights(motif, background, pseudocount)
    n_words = -(-motif.width_bp // _WORD)
    padded = np.zeros((n_words * _WORD, UNKNOWN + 1, 2))  # 0 beyond the motif's end
    padded[: motif.width_bp] = weights
    tables = np.zeros((n_words, 1, 2))
    padded = padded.reshape(n_words, _WORD, UNKNOWN + 1, 2)
    for place in range(_WORD):
        # (n_words, words so far, 2) with one more letter -> (n_words, 5 * words so far, 2)
        tables = (tables[:, :, None] + padded[:, place, None]).reshape(n_words, -1, 2)
    return tables.astype(np.float32).view(np.complex64)[..., 0]


def _scan_batches(
    x: np.ndarray, tables: np.ndarray, n_positions: int
) -> Iterator[tuple[int, np.ndarray]]:
    n_sequences, length = x.shape[:2]
    step = max(1, _BATCH // length)
    for start in range(0, n_sequences, step):
        numbered = codes(x[start : start + step])
        # Words that begin near the end reach beyond it: there they read N.
        padded = np.pad(numbered, ((0, 0), (0, _WORD - 1)), constant_values=UNKNOWN)
        word = padded[:, :length].astype(np.intp)
        for place in range(1, _WORD):
            word *= UNKNOWN + 1
            word += padded[:, place : place + length]
        scores = np.zeros((len(numbered), n_positions), np.complex64)
        for i, table in enumerate(tables):
            # mode="clip" spares a check; no index lies outside.
            scores += table.take(word[:, i * _WORD : i * _WORD + n_positions], mode="clip")
        yield start, scores.view(np.float32).reshape(len(numbered), n_positions, 2)
