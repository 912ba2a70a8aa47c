"""The parts that networks are built of: input, filters, pooling, memory and head."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from dragonn_lite._contract import as_count, as_rng

CELLS = {"lstm": layers.LSTM, "gru": layers.GRU}


def begin(length, n_tasks, rng):
    """Input, and a source of seeds."""
    as_count(n_tasks, "n_tasks", 1)
    generator = as_rng(rng)
    inputs = keras.Input((as_count(length, "length", 1), 4), name="sequence")
    return inputs, lambda: int(generator.integers(2**31))


def convolution(x, n_filters, width_bp, seed, name="filters", padding="valid"):
    """Filters, without an activation: max pooling stands before it."""
    as_count(n_filters, "n_filters", 1)
    as_count(width_bp, "width_bp", 1)
    if padding == "valid" and width_bp > x.shape[1]:
        raise ValueError(
            f"width_bp is {width_bp}, but layer {name} reads only {x.shape[1]} positions; take "
            "longer sequences, narrower filters or less pooling"
        )
    initial = keras.initializers.GlorotUniform(seed=seed())
    return layers.Conv1D(
        n_filters, width_bp, padding=padding, kernel_initializer=initial, name=name
    )(x)


def pooling(x, pool_bp, padding="same"):
    """Best match in each window; "valid" windows leave the last positions unseen, as DragoNN's."""
    as_count(pool_bp, "pool_bp", 1)
    if pool_bp > x.shape[1]:
        raise ValueError(
            f"pool_bp is {pool_bp}, but only {x.shape[1]} positions are left to pool; take longer "
            "sequences, narrower filters or less pooling"
        )
    return layers.MaxPooling1D(pool_bp, padding=padding)(x)


def pooled_filters(x, n_filters, width_bp, pool_bp, seed):
    """Filters, their best match in each window, ReLU: (n, length, 4) -> (n, steps, n_filters)."""
    x = convolution(x, n_filters, width_bp, seed)
    return layers.ReLU()(pooling(x, pool_bp, padding="valid"))


def memory(x, cell, n_units, bidirectional, seed, *, every_step=False, name="memory"):
    """Read step by step; give the last state of each direction, or the state after every step.

    Gates start so that some units forget within a few steps and others only after a whole
    sequence (Tallec & Ollivier 2018, arxiv.org/abs/1804.11188): with Keras's own start, all units
    forget within ten bases.
    """
    if cell not in CELLS:
        raise ValueError(f"cell is {cell!r}, expected one of {', '.join(map(repr, CELLS))}")
    as_count(n_units, "n_units", 1)

    def reader(**options):
        return CELLS[cell](
            n_units,
            return_sequences=every_step,
            kernel_initializer=keras.initializers.GlorotUniform(seed=seed()),
            recurrent_initializer=keras.initializers.Orthogonal(seed=seed()),
            **options,
        )

    if bidirectional:  # with a backward reader of its own: a copy would start with the same weights
        layer = layers.Bidirectional(
            reader(), backward_layer=reader(go_backwards=True, name="backward"), name=name
        )
    else:
        layer = reader(name=name)
    states = layer(x)
    readers = [layer.forward_layer, layer.backward_layer] if bidirectional else [layer]
    for each in readers:
        _spread_memories(each, x.shape[1], np.random.default_rng(seed()))
    return states


def dense(n_units, seed, **options):
    """A dense layer that starts from a seed."""
    initial = keras.initializers.GlorotUniform(seed=seed())
    return layers.Dense(n_units, kernel_initializer=initial, **options)


def end(inputs, x, n_tasks, seed, name):
    """The head: one logit a task."""
    return keras.Model(inputs, dense(n_tasks, seed, name="logits")(x), name=name)


def _spread_memories(layer, n_steps, rng):
    """Biases of the gates: memories of 1 to n_steps steps, evenly over the units."""
    bias = np.zeros(layer.cell.bias.shape, np.float32)
    keep = np.log(rng.uniform(1, max(2, n_steps - 1), layer.units))
    parts = bias.reshape(-1, bias.shape[-1])[0].reshape(-1, layer.units)  # a view: (gates, units)
    if isinstance(layer, layers.LSTM):  # input, forget, candidate, output
        parts[0], parts[1] = -keep, keep
    else:  # update (1 keeps the old state), reset, candidate
        parts[0] = keep
    layer.cell.bias.assign(bias)
