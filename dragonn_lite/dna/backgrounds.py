"""Random DNA, the background that sites are planted in: independent bases or a Markov chain."""

from __future__ import annotations

import numpy as np

from dragonn_lite._contract import as_count, as_rng
from dragonn_lite.dna.encoding import UNKNOWN, from_codes

_BATCH = 1 << 19  # bases drawn at once, so that temporary arrays stay small


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
    bases, and another draw the few that bytes cannot share out exactly.

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
    >>> random_sequences(3, 8, gc_fraction=0.4, rng=1).shape
    (3, 8, 4)
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
    # One random byte gives a base: each base owns so many of the 256 values. Where that is not
    # exact, a small share of all places is drawn again from what is missing.
    owned = np.floor(probabilities * 256)
    while owned.sum() < 256:
        owned[np.argmax(probabilities / (owned + 1))] += 1
    kept = (probabilities[owned > 0] * 256 / owned[owned > 0]).min()
    missing = np.cumsum(np.maximum(probabilities - kept * owned / 256, 0))
    limits = np.cumsum(owned).astype(int)[:3].tolist()
    rows = np.empty(n * length, "<u4")
    above = np.empty(min(_BATCH, rows.size), bool)
    for start in range(0, rows.size, _BATCH):
        part = rows[start : start + _BATCH]
        drawn = _random_bytes(part.size, rng)
        base = (drawn >= limits[0]).view(np.uint8)
        for limit in limits[1:]:
            np.greater_equal(drawn, limit, out=above[: part.size])
            base += above[: part.size].view(np.uint8)  # else numpy converts bool first
        if kept < 1:
            again = _random_places(part.size, 1 - kept, rng)
            base[again] = np.searchsorted(missing, (1 - rng.random(again.size)) * missing[-1])
        np.multiply(base, 8, out=part, casting="unsafe")
        np.left_shift(np.uint32(1), part, out=part)
    return rows.view(np.uint8).reshape(n, length, 4)


def _random_places(size, share, rng) -> np.ndarray:
    # A Poisson number of darts hits each place for itself; some are hit twice.
    return rng.integers(0, size, rng.poisson(-np.log1p(-share) * size))


def _markov_bases(n, length, first, transitions, rng) -> np.ndarray:
    # A byte gives the next base by a table for each base that may stand before; the few values
    # that no base owns in full are decided by another draw.
    owned = np.floor(transitions * 256).astype(int)
    table = np.full((4, 256), UNKNOWN, np.uint8)
    for row, counts in zip(table, owned):
        row[: counts.sum()] = np.repeat(np.arange(4), counts)
    left_over = np.cumsum(transitions * 256 - owned, axis=1)
    table = table.ravel()
    first = np.cumsum(first)[:3]
    sequences = np.empty((n, length, 4), np.uint8)
    step = max(1, 2 * _BATCH // length)
    for start in range(0, n, step):
        size = min(step, n - start)
        drawn = _random_bytes(length * size, rng).reshape(length, size)
        bases = np.empty((length, size), np.uint8)
        bases[0] = np.searchsorted(first, rng.random(size), side="right")
        for i in range(1, length):
            before = bases[i - 1].astype(np.intp)
            bases[i] = table.take(before * 256 + drawn[i], mode="clip")
            undecided = np.flatnonzero(bases[i] == UNKNOWN)
            limits = left_over[before[undecided]]  # (n_undecided, 4)
            draw = (1 - rng.random(undecided.size)) * limits[:, 3]
            bases[i, undecided] = (limits < draw[:, None]).sum(axis=1)
        sequences[start : start + size] = from_codes(bases.T)
    return sequences


def _random_bytes(n: int, rng: np.random.Generator) -> np.ndarray:
    words = rng.integers(0, 1 << 64, -(-n // 8), dtype=np.uint64)
    return words.astype("<u8", copy=False).view(np.uint8)[:n]
