"""What each layer of a network gives for every prefix (or suffix) of a sequence, in one pass.

A layer whose steps do not depend on where the part ends is run once, and a part keeps its first
steps (of a suffix, the last). Only a memory that begins to read at the cut has to read again: then
all parts that still have a step before them take it together, as rows of one batch.
"""

from __future__ import annotations

import os
from concurrent import futures
from dataclasses import dataclass, replace

import keras
import numpy as np
from keras import layers

from dragonn_lite.interpretation._cells import Cell, cells, features_of
from dragonn_lite.interpretation._span_layers import MERGES, STEPS, _array
from dragonn_lite.interpretation._spans import check_layer, libraries, listed
from dragonn_lite.interpretation.alignment import RECURRENT, window_of

_FLOATS_AT_ONCE = 1 << 16  # gates of the rows that take a step together: they stay in the cache
_WORKERS = min(4, os.cpu_count() or 1)
_WINDOWED = (layers.Conv1D, layers.MaxPooling1D, layers.AveragePooling1D)
_POOLED = (layers.GlobalMaxPooling1D, layers.GlobalAveragePooling1D)
_SHAPING = (layers.ZeroPadding1D, layers.Cropping1D)


@dataclass(frozen=True, eq=False)
class Steps:
    """A tensor with steps: a part of the sequence has the first `counts` of them, or the last."""

    values: np.ndarray  # (n, steps, channels)
    counts: np.ndarray  # (parts,)
    suffixes: bool


@dataclass(frozen=True, eq=False)
class Rows:
    """A tensor without steps."""

    values: np.ndarray  # (n, parts, channels)


@dataclass(frozen=True, eq=False)
class Reread:
    """The states of a memory whose steps depend on the cut: good for pooling over all of them."""

    layer: layers.Layer
    cells: list[Cell]
    read: Steps


def outputs_of_parts(network: keras.Model, sequences: np.ndarray, suffixes: bool) -> np.ndarray:
    """Outputs of a network for parts of sequences of every length, nothing at all included.

    Parameters
    ----------
    network : keras.Model
        Functional.
    sequences : uint8 (n, length, 4)
    suffixes : bool
        Cut off the beginning, not the end.

    Returns
    -------
    float32 (n, length + 1, n_tasks)
        By the number of bases in the part.

    Raises
    ------
    NotImplementedError
        With the reason, if a layer has no exact answer.
    """
    n, length = sequences.shape[:2]
    if not suffixes:
        given = Steps(sequences.astype(np.float32), np.arange(length + 1), False)
        return _passed(network, given).values
    # Windows of a suffix are counted from its own beginning: with a stride of 4 every fourth
    # suffix has the same ones.
    stride, found = _total_stride(network), None
    for phase in range(min(stride, length)):
        counts = np.arange(length - phase, 0, -stride)
        given = Steps(sequences[:, phase:].astype(np.float32), np.append(counts, 0), True)
        given = _passed(network, given).values
        if found is None:
            found = np.empty((n, length + 1, given.shape[2]), np.float32)
        found[:, np.append(counts, 0)] = given
    return found


def _total_stride(model):
    total = 1
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            total *= _total_stride(layer)
        elif isinstance(layer, _WINDOWED):
            total *= window_of(layer, 1)[1]
    return total


def _passed(model, given):
    """Through all layers of a functional network."""
    (source, result), steps, nodes = listed(model)
    tensors = {source: given}
    for step, node in zip(steps, nodes, strict=True):
        if isinstance(step.layer, RECURRENT):
            features_of(step.layer, node)  # refused where it reads more than the steps
    for step, node in zip(steps, nodes, strict=True):
        tensors[step.result] = _through(step.layer, node, [tensors[key] for key in step.sources])
    return tensors[result]


def _through(layer, node, tensors):
    if isinstance(layer, keras.Model):
        return _passed(layer, tensors[0])
    if isinstance(layer, RECURRENT):
        return _remembered(layer, tensors[0])
    first, name = tensors[0], f"layer {layer.name} ({type(layer).__name__})"
    if type(layer) not in STEPS:
        raise NotImplementedError(f"{name} may ask at one position what stands at others")
    check_layer(layer, node)
    if isinstance(layer, _POOLED) and not layer.keepdims:
        return _POOLING[type(layer)](first)
    if isinstance(layer, layers.Flatten) and not isinstance(first, Rows):
        raise NotImplementedError(f"{name} has a weight for every position, of one length only")
    if any(isinstance(x, Reread) for x in tensors):
        raise NotImplementedError(
            f"{name} reads all states of layer {first.layer.name}, which are others for every cut"
        )
    if isinstance(layer, _WINDOWED):
        return _windowed(layer, first, name)
    if isinstance(layer, (*_SHAPING, *_POOLED)):
        raise NotImplementedError(f"{name} moves the positions")
    if isinstance(layer, tuple(MERGES)):
        alike = all(type(x) is type(first) and _same_counts(x, first) for x in tensors)
        if not alike:
            raise NotImplementedError(f"{name} joins steps that end at different bases")
    if isinstance(first, Steps):
        return replace(first, values=_called(layer, [x.values for x in tensors]))
    given = _called(layer, [x.values.reshape(-1, x.values.shape[2]) for x in tensors])
    return Rows(given.reshape(*first.values.shape[:2], -1))


def _same_counts(tensor, other):
    return isinstance(tensor, Rows) or np.array_equal(tensor.counts, other.counts)


def _called(layer, arrays):
    """What a layer gives for arrays."""
    tensors = [keras.ops.convert_to_tensor(np.ascontiguousarray(x)) for x in arrays]
    return _array(layer(tensors if len(tensors) > 1 else tensors[0], training=False))


def _windowed(layer, x, name):
    if layer.padding == "same" and window_of(layer, 1)[:2] != (1, 1):
        raise NotImplementedError(f'{name} has padding "same", which moves with the cut')
    if layer.padding == "causal" and x.suffixes:
        raise NotImplementedError(f"{name} is causal: a suffix has its padding in another place")
    counts = np.array([window_of(layer, count)[-1] if count else 0 for count in x.counts])
    if not counts.max():
        channels = layer.compute_output_shape((None, 10**6, x.values.shape[2]))[2]
        return Steps(np.zeros((len(x.values), 0, channels), np.float32), counts, x.suffixes)
    return Steps(_called(layer, [x.values]), counts, x.suffixes)


# --- layers with a memory


def _remembered(layer, x):
    name = f"layer {layer.name} ({type(layer).__name__})"
    if not isinstance(x, Steps):
        raise NotImplementedError(
            f"{name} reads all states of layer {x.layer.name}, which are others for every cut"
        )
    if layer.return_state:
        raise NotImplementedError(f"{name} gives its states beside its output")
    each = cells(layer)
    if len(each) == 2 and layer.return_sequences and each[0].backward:
        raise NotImplementedError(f"{name} joins steps in an order that Keras leaves reversed")
    if layer.return_sequences:
        if len(each) == 1 and not (each[0].backward or x.suffixes):
            return replace(x, values=_states(each[0], x))
        return Reread(layer, each, x)
    last = [_last_states(cell, x) for cell in each]
    return Rows(_merged(layer, last))


def _merged(layer, parts):
    """What a layer makes of the states of its directions, (..., units)."""
    if len(parts) == 1:
        return parts[0]
    if layer.merge_mode not in _MERGED:
        raise NotImplementedError(f"layer {layer.name} has merge_mode {layer.merge_mode!r}")
    return _MERGED[layer.merge_mode](*parts)


_MERGED = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1),
    "sum": np.add,
    "mul": np.multiply,
    "ave": lambda a, b: (a + b) / np.float32(2),
}


def _states(cell, x):
    """Hidden states after each step was read, (n, steps, units)."""
    hidden = np.empty((*x.values.shape[:2], cell.n_units), np.float32)

    def keep(step, state, gates):
        hidden[:, step] = state[0]

    cell.run(x.values, keep)
    return hidden


def _last_states(cell, x):
    """The state after all steps of each part, (n, parts, units); nothing read leaves zeros."""
    n_steps = x.values.shape[1]
    if cell.backward == x.suffixes:  # the end at which it begins is that which stays
        hidden = _from_fixed_end(_states(cell, x), x)
        nothing = np.zeros((len(hidden), 1, cell.n_units), np.float32)
        by_count = np.concatenate([nothing, hidden], axis=1)
    else:
        by_count = np.zeros((len(x.values), n_steps + 1, cell.n_units), np.float32)

        def begin(some):
            def keep(step, rows):
                if step == 0:  # (n, parts, units), the longest part first
                    by_count[some, 1:] = rows[:, ::-1]

            return keep

        _read_again(cell, x, begin)
    return by_count[:, x.counts]


def _read_again(cell, x, begin):
    """Let a cell begin at every cut, and read to the end that stays.

    After each step what ``begin(sequences)`` returned is called with the step, counted from that
    end, and the states (n, rows, units) of the parts that have it, the longest first.
    """
    values = _from_fixed_end(x.values, x)
    n, n_steps = values.shape[:2]
    gates = 4 * cell.n_units * max(1, n_steps)
    size = max(1, min(_FLOATS_AT_ONCE // gates, -(-n // _WORKERS)))

    def run(low):
        some = slice(low, low + size)
        read, keep = cell.read(values[some]), begin(some)
        state = cell.begin((len(read), n_steps))
        for step in range(n_steps - 1, -1, -1):
            active = n_steps - step
            rows = tuple(each[:, :active] for each in state)
            for old, new in zip(rows, cell.step(read[:, step, None], rows)[0], strict=True):
                old[:] = new
            keep(step, rows[0])

    # The library of linear algebra keeps to one core: each worker has its own.
    with libraries().limit(limits=1, user_api="blas"), futures.ThreadPoolExecutor(_WORKERS) as pool:
        for _ in pool.map(run, range(0, n, size)):  # asked for, so that errors are raised
            pass


# --- pooling over all steps of a part


def _pooled_maximum(x):
    return Rows(_pooled(x, np.maximum, -np.inf))


def _pooled_mean(x):
    counts = (x.read if isinstance(x, Reread) else x).counts
    return Rows(_pooled(x, np.add, 0.0) / np.maximum(counts, 1).astype(np.float32)[:, None])


_POOLING = {
    layers.GlobalMaxPooling1D: _pooled_maximum,
    layers.GlobalAveragePooling1D: _pooled_mean,
}


def _pooled(x, combine, start):
    """Combine the steps of each part, (n, parts, channels); of no step at all zeros."""
    if isinstance(x, Steps):
        read, by_count = x, combine.accumulate(_from_fixed_end(x.values, x), axis=1)
    else:
        read, by_count = x.read, _pooled_again(x, combine, start)
    nothing = np.zeros((len(by_count), 1, by_count.shape[2]), np.float32)
    return np.concatenate([nothing, by_count], axis=1)[:, read.counts]


def _pooled_again(x, combine, start):
    """Combine states that are others for every cut while they are made, (n, counts, units)."""
    read, fixed = x.read, [cell.backward == x.read.suffixes for cell in x.cells]
    known = [  # the states of a direction that begins at the end that stays
        _from_fixed_end(_states(cell, read), read) if stays else None
        for cell, stays in zip(x.cells, fixed, strict=True)
    ]
    if all(fixed):
        return combine.accumulate(known[0], axis=1)
    width = x.layer.compute_output_shape((None, *read.values.shape[1:]))[2]
    pooled = np.full((*read.values.shape[:2], width), start, np.float32)  # longest part first

    def begin(some):
        def keep(step, rows):
            parts = [
                np.broadcast_to(states[some, step, None], (*rows.shape[:2], states.shape[2]))
                if stays
                else rows
                for states, stays in zip(known, fixed, strict=True)
            ]
            here = pooled[some, : rows.shape[1]]
            combine(here, _merged(x.layer, parts), out=here)

        return keep

    _read_again(x.cells[fixed.index(False)], read, begin)
    return pooled[:, ::-1]


def _from_fixed_end(values, x):
    """Steps counted from the end that stays: the beginning, of suffixes the end."""
    return values[:, ::-1] if x.suffixes else values
