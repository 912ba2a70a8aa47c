"""Networks with attention: each step gets a weight, and the score is made of the weighted steps."""

from __future__ import annotations

import keras
from keras import layers

from dragonn_lite._contract import as_count
from dragonn_lite.networks import _parts


def additive_attention(
    length: int,
    *,
    n_filters: int = 32,
    width_bp: int = 15,
    pool_bp: int = 4,
    cell: str | None = None,
    n_units: int = 32,
    bidirectional: bool = True,
    n_tasks: int = 1,
    rng,
) -> keras.Model:
    """Weigh the steps by a small network of what stands there, and add them up.

    Layer ``attention`` gives the weights, (n, steps, 1); they sum to 1 over the steps.

    Parameters
    ----------
    length : int
        Length of the sequences in bp.
    n_filters : int
        Number of filters in layer ``filters``.
    width_bp : int
        Width of the filters in bp.
    pool_bp : int
        Positions that become one step: their best match.
    cell : "lstm" or "gru", optional
        Read the matches in order before weighing, in layer ``memory``.
    n_units : int
        Number of units of the memory, for each direction, and of the network that weighs.
    bidirectional : bool
        Whether the memory reads from both ends.
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
    Bahdanau, Cho & Bengio 2014, arxiv.org/abs/1409.0473
    Deming et al. 2016, arxiv.org/abs/1605.07156 (for DNA)

    Examples
    --------
    >>> additive_attention(100, rng=0).get_layer("attention").output.shape
    (None, 21, 1)
    """
    inputs, seed = _parts.begin(length, n_tasks, rng)
    x = _parts.pooled_filters(inputs, n_filters, width_bp, pool_bp, seed)
    if cell is not None:
        x = _parts.memory(x, cell, n_units, bidirectional, seed, every_step=True)
    as_count(n_units, "n_units", 1)
    compared = _parts.dense(n_units, seed, activation="tanh", name="comparison")(x)
    x = _weighted_sum(compared, x, seed)
    return _parts.end(inputs, x, n_tasks, seed, "additive_attention")


def retain(
    length: int,
    *,
    n_filters: int = 32,
    width_bp: int = 15,
    pool_bp: int = 4,
    cell: str = "gru",
    n_units: int = 16,
    n_tasks: int = 1,
    rng,
) -> keras.Model:
    """Weigh the steps, and the filters in each step; nothing else stands before the score.

    The memory only sets the weights: of the steps in layer ``attention`` (n, steps, 1), of the
    filters in layer ``gates`` (n, steps, n_filters), from -1 to 1. The logit is therefore a sum
    over steps and filters of weight x gate x match x weight of the head. One memory, read from
    both ends, serves both; the original has one for each.

    Parameters
    ----------
    length, n_filters, width_bp, pool_bp, n_tasks, rng
        As in :func:`additive_attention`.
    cell : "lstm" or "gru"
        Kind of the units in layer ``memory``.
    n_units : int
        Number of units for each direction.

    Returns
    -------
    keras.Model
        From (n, length, 4) to logits (n, n_tasks).

    References
    ----------
    Choi et al. 2016 (RETAIN), arxiv.org/abs/1608.05745

    Examples
    --------
    >>> retain(100, n_filters=8, rng=0).get_layer("gates").output.shape
    (None, 21, 8)
    """
    inputs, seed = _parts.begin(length, n_tasks, rng)
    x = _parts.pooled_filters(inputs, n_filters, width_bp, pool_bp, seed)
    states = _parts.memory(x, cell, n_units, True, seed, every_step=True)
    gates = _parts.dense(n_filters, seed, activation="tanh", name="gates")(states)
    x = _weighted_sum(states, layers.Multiply(name="gated")([gates, x]), seed)
    return _parts.end(inputs, x, n_tasks, seed, "retain")


def self_attention(
    length: int,
    *,
    n_filters: int = 32,
    width_bp: int = 15,
    pool_bp: int = 4,
    n_heads: int = 2,
    n_tasks: int = 1,
    rng,
) -> keras.Model:
    """Let every step look at all others, and weigh what it finds there: a small transformer.

    Layer ``attention`` (``MultiHeadAttention``) gives weights (n, n_heads, steps, steps): of each
    step for each other one.

    Parameters
    ----------
    length, n_filters, width_bp, pool_bp, n_tasks, rng
        As in :func:`additive_attention`.
    n_heads : int
        Number of heads, each with its own weights; `n_filters` is a multiple of it.

    Returns
    -------
    keras.Model
        From (n, length, 4) to logits (n, n_tasks).

    References
    ----------
    Vaswani et al. 2017, arxiv.org/abs/1706.03762

    Examples
    --------
    >>> self_attention(100, rng=0).get_layer("attention").output.shape
    (None, 21, 32)
    """
    inputs, seed = _parts.begin(length, n_tasks, rng)
    x = _parts.pooled_filters(inputs, n_filters, width_bp, pool_bp, seed)
    if as_count(n_filters, "n_filters", 1) % as_count(n_heads, "n_heads", 1):
        raise ValueError(
            f"n_filters is {n_filters}, expected a multiple of n_heads, which is {n_heads}"
        )
    x = layers.EinsumDense(  # a bias of its own for every step says where it is
        "nsf,fg->nsg", (x.shape[1], n_filters), bias_axes="sg", name="positions",
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed()),
        bias_initializer=keras.initializers.RandomNormal(stddev=0.1, seed=seed()),
    )(x)  # fmt: skip
    attention = layers.MultiHeadAttention(
        n_heads, n_filters // n_heads, use_bias=False, name="attention"
    )
    x = layers.Add()([x, attention(x, x)])
    _start_apart(attention, n_filters, seed)
    x = layers.LayerNormalization()(x)
    x = layers.GlobalMaxPooling1D(name="best_step")(x)
    return _parts.end(inputs, x, n_tasks, seed, "self_attention")


def _weighted_sum(read, values, seed):
    """Weights from what is read at each step, and the weighted sum of the values, (n, features)."""
    # Without a bias: what is added to the scores of all steps leaves the weights as they are.
    scores = _parts.dense(1, seed, use_bias=False, name="relevance")(read)
    weights = layers.Softmax(axis=1, name="attention")(scores)
    return layers.Flatten()(layers.Dot(axes=1, name="context")([weights, values]))


def _start_apart(attention, n_features, seed):
    """First weights from seeds: Keras would copy one initializer, and queries would equal keys."""
    width = (3 / n_features) ** 0.5  # Glorot & Bengio's, for a square matrix
    for variable in attention.weights:  # kernels of queries, keys, values and output
        initial = keras.initializers.RandomUniform(-width, width, seed=seed())
        variable.assign(initial(variable.shape))
