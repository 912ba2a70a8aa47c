"""Recurrent networks: they read a sequence step by step and remember what they have read."""

from __future__ import annotations

import keras

from dragonn_lite.networks import _parts


def recurrent_reader(
    length: int,
    *,
    cell: str = "lstm",
    n_units: int = 32,
    bidirectional: bool = False,
    n_tasks: int = 1,
    rng,
) -> keras.Model:
    """Read base by base; the score is a weighted sum of the state after the last base.

    Parameters
    ----------
    length : int
        Length of the sequences in bp.
    cell : "lstm" or "gru"
        Kind of the units in layer ``memory``.
    n_units : int
        Number of units, for each direction.
    bidirectional : bool
        Read a second time from the other end, with as many units more.
    n_tasks : int
        Number of outputs.
    rng : int or Generator
        Source of the first weights.

    Returns
    -------
    keras.Model
        From (n, length, 4) to logits (n, n_tasks).

    References
    ----------
    Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735 (LSTM)
    Cho et al. 2014, doi:10.3115/v1/D14-1179 (GRU)
    Schuster & Paliwal 1997, doi:10.1109/78.650093 (bidirectional)

    Examples
    --------
    >>> recurrent_reader(100, n_units=16, rng=0).count_params()  # 4 gates of 16 (4 + 16 + 1), head
    1361
    """
    inputs, seed = _parts.begin(length, n_tasks, rng)
    x = _parts.memory(inputs, cell, n_units, bidirectional, seed)
    return _parts.end(inputs, x, n_tasks, seed, "recurrent_reader")


def convolution_recurrent(
    length: int,
    *,
    n_filters: int = 32,
    width_bp: int = 15,
    pool_bp: int = 4,
    cell: str = "lstm",
    n_units: int = 32,
    bidirectional: bool = False,
    n_tasks: int = 1,
    rng,
) -> keras.Model:
    """Find motifs with filters, then read their matches in order.

    Parameters
    ----------
    length, cell, n_units, bidirectional, n_tasks, rng
        As in :func:`recurrent_reader`.
    n_filters : int
        Number of filters in layer ``filters``.
    width_bp : int
        Width of the filters in bp.
    pool_bp : int
        Positions that become one step for the memory: their best match.

    Returns
    -------
    keras.Model
        From (n, length, 4) to logits (n, n_tasks).

    References
    ----------
    Quang & Xie 2016 (DanQ), doi:10.1093/nar/gkw226

    Examples
    --------
    >>> convolution_recurrent(100, rng=0).get_layer("memory").input.shape  # (100 - 14) // 4 steps
    (None, 21, 32)
    """
    inputs, seed = _parts.begin(length, n_tasks, rng)
    x = _parts.pooled_filters(inputs, n_filters, width_bp, pool_bp, seed)
    x = _parts.memory(x, cell, n_units, bidirectional, seed)
    return _parts.end(inputs, x, n_tasks, seed, "convolution_recurrent")
