"""How each layer passes spans of change on: see :mod:`dragonn_lite.interpretation._spans`."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
from keras import layers

from dragonn_lite.interpretation._span_tensors import (
    Tensor,
    context,
    settled,
    vector,
    widened,
)  # fmt: skip


def _array(tensor):
    """A variable or tensor of the backend as numpy's."""
    if isinstance(tensor, keras.Variable):
        return np.array(tensor.numpy())
    return np.array(keras.ops.convert_to_numpy(tensor))  # a copy: JAX's may not be written to


# --- layers that read windows


def _padding(layer, length, reach, stride):
    """Zeros before the first and after the last position."""
    if layer.padding == "valid":
        return 0, 0
    if layer.padding == "causal":
        return reach - 1, 0
    total = max((-(-length // stride) - 1) * stride + reach - length, 0)
    return total // 2, total - total // 2


def _reading(tensor, reach, stride, before, n_outputs):
    """Which outputs read the spans.

    Returns their starts (windows,), their number, and groups of windows that lie alike to them:
    (rows, where the first output begins to read, counted from the start of the span).
    """
    starts, width = tensor.starts, tensor.width
    if width == tensor.length and not starts.any():
        return starts, n_outputs, [(slice(None), -before)]
    first = -((reach - 1 - before - starts) // stride)  # rounded up
    last = (starts + width - 1 + before) // stride
    offsets = first * stride - before - starts
    groups = [(_rows(offsets == offset), int(offset)) for offset in np.unique(offsets)]
    return first, int((last - first).max()) + 1, groups


def _rows(chosen):
    """Chosen windows as a slice where they are evenly spaced: that copies nothing."""
    rows = np.flatnonzero(chosen)
    step = rows[1] - rows[0] if len(rows) > 1 else 1
    if (np.diff(rows) == step).all():
        return slice(int(rows[0]), int(rows[-1]) + 1, int(step))
    return rows


def _convolution(layer, x):
    kernel = _array(layer.kernel)  # (taps, channels, filters)
    stride, dilation = layer.strides[0], layer.dilation_rate[0]
    reach = (len(kernel) - 1) * dilation + 1
    padding = _padding(layer, x.length, reach, stride)
    padded = np.pad(x.values, ((0, 0), padding, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=1)
    windows = windows[:, ::stride, :, ::dilation]  # (n, outputs, channels, taps)
    values = np.tensordot(windows, kernel, axes=((2, 3), (1, 0)))
    if layer.use_bias:
        values = values + _array(layer.bias)
    starts, width, groups = _reading(x, reach, stride, padding[0], values.shape[1])
    shape = (*x.changes.shape[:3], width, kernel.shape[2])
    changes = np.empty(shape, np.float32) if len(groups) > 1 else None
    for rows, offset in groups:
        found = _convolved(x.changes[:, rows], kernel, offset, stride, dilation, width)
        if changes is None:
            changes = found
        else:
            changes[:, rows] = found
    return _activated(layer, settled(values, changes, starts))


def _convolved(changes, kernel, offset, stride, dilation, width_out):
    """Convolve spans that lie alike, as products with the matrix of a stretch of outputs."""
    n_taps, channels, filters = kernel.shape
    reach, width = (n_taps - 1) * dilation + 1, changes.shape[3]
    rows = changes.shape[:3]
    # One product for all outputs wastes work on zeros where the span is much wider than the
    # kernel; then the outputs are made a stretch at a time.
    stretch = width_out if width <= 3 * reach else -(-reach // stride)
    parts = []
    for first in range(0, width_out, stretch):
        n_outputs = min(stretch, width_out - first)
        begin = offset + first * stride
        low, high = max(0, begin), min(width, begin + (n_outputs - 1) * stride + reach)
        if high <= low:
            parts.append(np.zeros((*rows, n_outputs, filters), np.float32))
            continue
        matrix = np.zeros((high - low, channels, n_outputs, filters), np.float32)
        for output in range(n_outputs):
            for tap in range(n_taps):
                at = begin + output * stride + tap * dilation - low
                if 0 <= at < high - low:
                    matrix[at, :, output] = kernel[tap]
        read = changes[:, :, :, low:high].reshape(-1, (high - low) * channels)
        made = read @ matrix.reshape(read.shape[1], -1)
        parts.append(made.reshape(*rows, n_outputs, filters))
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=3)


def _max_pooling(layer, x):
    size, stride = layer.pool_size[0], layer.strides[0]
    padding = _padding(layer, x.length, size, stride)
    padded = np.pad(x.values, ((0, 0), padding, (0, 0)), constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, ::stride]
    windows = windows.swapaxes(2, 3)  # (n, outputs, size, channels)
    left = np.maximum.accumulate(windows, axis=2)
    right = np.maximum.accumulate(windows[:, :, ::-1], axis=2)  # of the last 1, 2, ... positions
    values = np.ascontiguousarray(left[:, :, -1])
    starts, width, groups = _reading(x, size, stride, padding[0], values.shape[1])
    old = context(x.values, x.starts, x.width, -np.inf)[:, :, None]
    changes = np.zeros((*x.changes.shape[:3], width, x.values.shape[2]), np.float32)
    for rows, offset in groups:
        here = old[:, rows] + x.changes[:, rows]  # few at a time: they stay in the cache
        for i in range(width):
            begin = offset + i * stride
            low, high = max(0, begin), min(x.width, begin + size)
            if low >= high:  # a window beside the span: no change
                continue
            output = np.clip(starts[rows] + i, 0, values.shape[1] - 1)
            best = _greatest(here[:, :, :, low:high])
            if begin < 0:  # the window begins before the span
                best = np.maximum(best, left[:, output, -begin - 1][:, :, None])
            beyond = begin + size - x.width
            if beyond > 0:
                best = np.maximum(best, right[:, output, beyond - 1][:, :, None])
            changes[:, :, :, i][:, rows] = best - values[:, output][:, :, None]
    return settled(values, changes, starts)


def _greatest(values):
    """Maxima over the fourth axis, by halves: long stretches of memory are compared at a time."""
    while (n := values.shape[3]) > 1:
        half = n // 2
        best = np.maximum(values[:, :, :, :half], values[:, :, :, half : 2 * half])
        if n % 2:
            np.maximum(best[:, :, :, :1], values[:, :, :, -1:], out=best[:, :, :, :1])
        values = best
    return values[:, :, :, 0]


def _average_pooling(layer, x):
    size, stride = layer.pool_size[0], layer.strides[0]
    padding = _padding(layer, x.length, size, stride)

    def window_sums(padded):
        windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)[:, ::stride]
        return windows.sum(axis=3)  # (n, outputs, channels)

    counts = window_sums(np.pad(np.ones((1, x.length, 1), np.float32), ((0, 0), padding, (0, 0))))
    values = window_sums(np.pad(x.values, ((0, 0), padding, (0, 0)))) / counts
    starts, width, groups = _reading(x, size, stride, padding[0], values.shape[1])
    changes = np.zeros((*x.changes.shape[:3], width, x.values.shape[2]), np.float32)
    for rows, offset in groups:
        here = x.changes[:, rows]
        for i in range(width):
            low, high = max(0, offset + i * stride), min(x.width, offset + i * stride + size)
            if low < high:
                output = np.clip(starts[rows] + i, 0, values.shape[1] - 1)
                sums = here[:, :, :, low:high].sum(axis=3)
                changes[:, :, :, i][:, rows] = sums / counts[:, output][:, :, None]
    return settled(values, changes, starts)


def _zero_padding(layer, x):
    before, after = layer.padding
    values = np.pad(x.values, ((0, 0), (before, after), (0, 0)))
    return Tensor(values, x.changes, x.starts + before)


def _cropping(layer, x):
    before, after = layer.cropping
    values = x.values[:, before : x.length - after]
    return settled(values, x.changes.copy(), x.starts - before)


# --- layers that take the positions away


def _global_max(layer, x):
    least = np.full((len(x.values), 1, x.values.shape[2]), -np.inf, np.float32)
    left = np.concatenate([least, np.maximum.accumulate(x.values, axis=1)], axis=1)
    right = np.concatenate([least, np.maximum.accumulate(x.values[:, ::-1], axis=1)], axis=1)
    before = np.clip(x.starts, 0, x.length)  # positions before the span, and after it
    after = np.clip(x.length - x.starts - x.width, 0, x.length)
    best = _greatest(context(x.values, x.starts, x.width, -np.inf)[:, :, None] + x.changes)
    outside = np.maximum(left[:, before], right[:, after])  # (n, windows, channels)
    values = left[:, -1]
    return _global(layer, values, np.maximum(best, outside[:, :, None]) - values[:, None, None])


def _global_average(layer, x):
    return _global(layer, x.values.mean(axis=1), x.changes.sum(axis=3) / x.length)


def _global(layer, values, changes):
    if not layer.keepdims:
        return Tensor(values, changes, None)
    starts = np.zeros(changes.shape[1], int)
    return Tensor(values[:, None], changes[:, :, :, None], starts)


def _flatten(layer, x):
    return x if x.starts is None else dataclasses.replace(x, flat=True)


def _dense(layer, x):
    kernel = _array(layer.kernel)
    if not x.flat:
        values, changes = x.values @ kernel, x.changes @ kernel
    else:
        values = x.values.reshape(len(x.values), -1) @ kernel
        by_position = kernel.reshape(x.length, -1, kernel.shape[1])
        changes = np.zeros((*x.changes.shape[:3], kernel.shape[1]), np.float32)
        for start in np.unique(x.starts):
            rows = np.flatnonzero(x.starts == start)
            low, high = max(0, start), min(x.length, start + x.width)
            if low < high:
                read = x.changes[:, rows, :, low - start : high - start]
                read = read.reshape(*read.shape[:3], -1)
                changes[:, rows] = read @ by_position[low:high].reshape(read.shape[3], -1)
    if layer.use_bias:
        values = values + _array(layer.bias)
    return _activated(layer, Tensor(values, changes, None if x.flat else x.starts))


# --- layers that look at one position at a time


def _activated(layer, x):
    if layer.activation is keras.activations.linear:
        return x
    return _pointwise(_activation(layer.activation), x)


def _activation(function):
    if function is keras.activations.relu:
        return lambda values: np.maximum(values, np.float32(0))
    return lambda values: _array(function(keras.ops.convert_to_tensor(values)))


def _pointwise(function, x):
    """Apply a function of the channels of one position."""
    if x.starts is None:
        old, values = x.values[:, None, None], function(x.values)
        return Tensor(values, function(old + x.changes) - values[:, None, None], None)
    values = function(x.values)
    old = context(x.values, x.starts, x.width)[:, :, None]
    changes = function(old + x.changes)
    changes -= context(values, x.starts, x.width)[:, :, None]
    return dataclasses.replace(settled(values, changes, x.starts), flat=x.flat)


def _activation_layer(layer, x):
    x = vector(x) if x.flat else x  # a softmax is one of all that is flattened
    return _pointwise(_activation(layer.activation), x)


def _relu(layer, x):
    if not layer.negative_slope and not layer.threshold and layer.max_value is None:
        return _pointwise(_activation(keras.activations.relu), x)
    return _called(layer, x)


def _called(layer, x):
    """A layer that treats every position alike, called as it is."""
    x = vector(x) if x.flat else x

    def function(values):
        rows = values.reshape(-1, *(1,) * (x.starts is not None), values.shape[-1])
        rows = keras.ops.convert_to_tensor(np.ascontiguousarray(rows))
        return _array(layer(rows)).reshape(values.shape)

    return _pointwise(function, x)


def _batch_normalization(layer, x):
    x = vector(x) if x.flat else x
    mean, variance = _array(layer.moving_mean), _array(layer.moving_variance)
    scale = 1 / np.sqrt(variance + np.float32(layer.epsilon))
    if layer.scale:
        scale = scale * _array(layer.gamma)
    shift = -mean * scale
    if layer.center:
        shift = shift + _array(layer.beta)
    return dataclasses.replace(x, values=x.values * scale + shift, changes=x.changes * scale)


def _same(layer, x):
    return x


# --- layers that join


def _concatenate(arrays):
    return np.concatenate(arrays, axis=-1)


MERGES = {
    layers.Add: sum,
    layers.Average: lambda arrays: sum(arrays) / np.float32(len(arrays)),
    layers.Subtract: lambda arrays: arrays[0] - arrays[1],
    layers.Concatenate: _concatenate,
    layers.Multiply: lambda arrays: np.prod(arrays, axis=0),
    layers.Maximum: lambda arrays: np.max(arrays, axis=0),
    layers.Minimum: lambda arrays: np.min(arrays, axis=0),
}
_LINEAR = (layers.Add, layers.Average, layers.Subtract, layers.Concatenate)


def _merge(layer, *tensors):
    join = MERGES[type(layer)]
    if any(x.flat for x in tensors) or tensors[0].starts is None:
        tensors = [vector(x) for x in tensors]
        olds = [x.values[:, None, None] for x in tensors]
        changes, starts = [x.changes for x in tensors], None
    else:
        starts = np.min([x.starts for x in tensors], axis=0)
        width = int(np.max([x.starts + x.width - starts for x in tensors]))
        olds = [context(x.values, starts, width)[:, :, None] for x in tensors]
        changes = [widened(x, starts, width) for x in tensors]
    values = join([x.values for x in tensors])
    if isinstance(layer, _LINEAR):
        moved = join(changes)
    else:
        moved = join([old + change for old, change in zip(olds, changes)]) - join(olds)
    if starts is None:
        return Tensor(values, moved, None)
    return settled(values, moved, starts)


STEPS = {
    layers.Conv1D: _convolution,
    layers.MaxPooling1D: _max_pooling,
    layers.AveragePooling1D: _average_pooling,
    layers.ZeroPadding1D: _zero_padding,
    layers.Cropping1D: _cropping,
    layers.GlobalMaxPooling1D: _global_max,
    layers.GlobalAveragePooling1D: _global_average,
    layers.Flatten: _flatten,
    layers.Dense: _dense,
    layers.Activation: _activation_layer,
    layers.ReLU: _relu,
    layers.BatchNormalization: _batch_normalization,
    **dict.fromkeys(
        (layers.LeakyReLU, layers.ELU, layers.Softmax, layers.LayerNormalization,
         layers.Rescaling), _called,
    ),
    **dict.fromkeys(
        (layers.Dropout, layers.SpatialDropout1D, layers.GaussianNoise, layers.GaussianDropout,
         layers.AlphaDropout, layers.ActivityRegularization), _same,
    ),
    **dict.fromkeys(MERGES, _merge),
}  # fmt: skip
