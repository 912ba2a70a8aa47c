"""What a changed window changes downstream: spans of change, passed on from layer to layer.

A base reaches only a span of each layer's outputs. The original sequence is run once; then each
altered one carries, through every layer, where its span starts and how the values in it differ.
Exact but for rounding; layers that mix all positions (recurrence, attention) are not treated, and
:func:`unsupported` says which.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import keras
import numpy as np
from keras import layers

_FLOATS_AT_ONCE = 1 << 24  # in the widest layer of a block: 64 MB


@dataclasses.dataclass
class _Tensor:
    """One tensor of the network: its originals, and the changes of every altered sequence.

    Where `starts` is None, there are no positions (any more): values (n, channels) and changes
    (n, windows, fillings, channels). `flat` says that the network has flattened the positions.
    """

    values: np.ndarray  # (n, length, channels)
    changes: np.ndarray  # (n, windows, fillings, width, channels); 0 beyond the ends
    starts: np.ndarray | None  # (windows,), the same in all sequences; may lie before 0
    flat: bool = False

    @property
    def length(self):
        return self.values.shape[1]

    @property
    def width(self):
        return self.changes.shape[3]


def unsupported(model: Callable) -> str:
    """Say why spans of change cannot be passed through a model.

    Parameters
    ----------
    model : keras.Model or callable

    Returns
    -------
    str
        The reason; empty where there is none.

    Examples
    --------
    >>> from dragonn_lite.networks import architectures
    >>> unsupported(architectures.dragonn_one_layer(100, rng=0))
    ''
    >>> unsupported(len)
    'the model is no functional Keras model'
    """
    try:
        _plan(model)
    except NotImplementedError as reason:
        return str(reason)
    return ""


class SpanNetwork:
    """A functional Keras model that scores altered sequences by what differs.

    Parameters
    ----------
    model : keras.Model
        One that :func:`unsupported` has nothing against.
    """

    def __init__(self, model: keras.Model):
        self._steps = _plan(model)

    def differences(self, sequences, starts, fillings, target) -> np.ndarray:
        """How far an output moves when a window is replaced.

        Parameters
        ----------
        sequences : uint8 (n, length, 4)
            One-hot sequences.
        starts : int (windows,)
            Where the windows start, the same for all sequences.
        fillings : uint8 or float (n, windows, fillings, width, 4)
            What is put there instead.
        target : int
            Which output.

        Returns
        -------
        float32 (n, windows, fillings)
        """
        n, n_windows, n_fillings, width = fillings.shape[:4]
        ends = np.unique([0, n_windows // 2, n_windows - 1])
        probe = _run(self._steps, _changed(sequences[:1], starts[ends], fillings[:1, ends, :1]))
        rows = max(1, _FLOATS_AT_ONCE // (3 * probe.widest))
        windows_at_once = max(1, min(n_windows, rows // n_fillings))
        at_once = max(1, rows // (n_fillings * windows_at_once))
        moved = np.empty((n, n_windows, n_fillings), np.float32)
        for some, here in itertools.product(
            (slice(low, low + at_once) for low in range(0, n, at_once)),
            (slice(low, low + windows_at_once) for low in range(0, n_windows, windows_at_once)),
        ):
            tensor = _changed(sequences[some], starts[here], fillings[some, here])
            moved[some, here] = _vector(_run(self._steps, tensor).output).changes[..., target]
        return moved


def _changed(sequences, starts, fillings):
    values = sequences.astype(np.float32)
    old = _context(values, starts, fillings.shape[3])
    changes = fillings.astype(np.float32) - old[:, :, None]
    return _Tensor(values, changes, np.asarray(starts))


# --- the network as a list of steps


@dataclasses.dataclass
class _Step:
    layer: keras.layers.Layer
    sources: list[int]
    result: int
    done_with: list[int]  # tensors that nobody needs any more


@dataclasses.dataclass
class _Run:
    output: _Tensor
    widest: int  # floats a window holds in the layer where it holds most


def _plan(model):
    """List the steps from a model's input to its output; NotImplementedError says why not."""
    own = isinstance(model, keras.Model) and type(model).__module__.startswith("keras.")
    if not own or not model.built or not getattr(model, "inputs", None):
        raise NotImplementedError("the model is no functional Keras model")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise NotImplementedError("the model has several inputs or outputs")
    steps, known = [], {id(model.inputs[0])}
    stack = [(model.outputs[0], False)]
    while stack:  # depth first, without recursion: networks may be deep
        tensor, ready = stack.pop()
        if id(tensor) in known:
            continue
        layer, node_index, _ = tensor._keras_history
        node = layer._inbound_nodes[node_index]
        if not ready:
            _check(layer, node)
            stack += [(tensor, True), *((source, False) for source in node.input_tensors)]
            continue
        known.add(id(tensor))
        steps.append(_Step(layer, [id(source) for source in node.input_tensors], id(tensor), []))
    last_use = {source: step for step in steps for source in step.sources}
    for tensor, step in last_use.items():
        step.done_with.append(tensor)
    return [(id(model.inputs[0]), id(model.outputs[0])), *steps]


def _check(layer, node):
    name = f"layer {layer.name} ({type(layer).__name__})"
    if isinstance(layer, keras.Model):
        return _plan(layer)
    if type(layer) not in _STEPS:
        raise NotImplementedError(f"{name} is none that spans of change pass through")
    if layer.compute_dtype != "float32":
        raise NotImplementedError(f"{name} computes in {layer.compute_dtype}")
    only = {"data_format": "channels_last", "groups": 1, "quantization_mode": None}
    for attribute, wanted in only.items():
        if getattr(layer, attribute, wanted) != wanted:
            raise NotImplementedError(f"{name} has {attribute} {getattr(layer, attribute)!r}")
    shapes = [tuple(tensor.shape) for tensor in node.input_tensors]
    axis = getattr(layer, "axis", -1)
    axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
    if axis not in (-1, len(shapes[0]) - 1):
        raise NotImplementedError(f"{name} works along axis {axis}, not along the channels")
    if isinstance(layer, tuple(_MERGES)) and len({shape[:-1] for shape in shapes}) > 1:
        raise NotImplementedError(f"{name} joins shapes that differ in more than channels")
    if not isinstance(layer, layers.Concatenate) and len(set(shapes)) > 1:
        raise NotImplementedError(f"{name} joins shapes that differ")
    return None


def _run(steps, tensor):
    (source, result), *steps = steps
    tensors, widest = {source: tensor}, tensor.changes[0, 0, 0].size
    for step in steps:
        found = [tensors[key] for key in step.sources]
        if isinstance(step.layer, keras.Model):
            inner = _run(_plan(step.layer), found[0])
            made, widest = inner.output, max(widest, inner.widest)
        else:
            made = _STEPS[type(step.layer)](step.layer, *found)
        for key in step.done_with:
            del tensors[key]
        tensors[step.result] = made
        live = sum(tensor.changes[0, 0, 0].size for tensor in tensors.values())
        widest = max(widest, live)
    return _Run(tensors[result], widest)


# --- windows of the originals


def _context(values, starts, width, fill=0.0):
    """Original values where the spans are: (n, length, channels) -> (n, windows, width, c)."""
    before = max(0, -int(starts.min()))
    after = max(0, int(starts.max()) + width - values.shape[1])
    if before or after:
        values = np.pad(values, ((0, 0), (before, after), (0, 0)), constant_values=fill)
    every = np.lib.stride_tricks.sliding_window_view(values, width, axis=1).swapaxes(2, 3)
    starts = starts + before
    if len(starts) > 1 and (np.diff(starts) == 1).all():  # a view: nothing is copied
        return every[:, starts[0] : starts[-1] + 1]
    return every[:, starts]


def _settled(values, changes, starts):
    """A tensor whose spans end where the sequence does; a span as long as all becomes all."""
    length, width = values.shape[1], changes.shape[3]
    position = starts[:, None] + np.arange(width)  # (windows, width)
    inside = (position >= 0) & (position < length)
    over = ~inside.all(axis=1)
    if width < length or (width == length and not over.any()):
        if over.any():
            kept = inside[over][:, None, :, None]
            changes[:, over] = np.where(kept, changes[:, over], np.float32(0))
        return _Tensor(values, changes, starts)
    return _Tensor(values, _spread(changes, starts, length), np.zeros_like(starts))


def _spread(changes, starts, length):
    """Changes at all positions: (n, windows, fillings, width, c) -> (..., length, c)."""
    whole = np.zeros((*changes.shape[:3], length, changes.shape[4]), np.float32)
    width = changes.shape[3]
    for start in np.unique(starts):
        rows = starts == start
        low, high = max(0, start), min(length, start + width)
        if low < high:
            whole[:, rows, :, low:high] = changes[:, rows, :, low - start : high - start]
    return whole


def _vector(tensor):
    """A tensor whose positions are gone: flattened ones are written out."""
    if tensor.starts is None:
        return tensor
    whole = _spread(tensor.changes, tensor.starts, tensor.length)
    values = tensor.values.reshape(len(tensor.values), -1)
    return _Tensor(values, whole.reshape(*whole.shape[:3], -1), None)


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
    return _activated(layer, _settled(values, changes, starts))


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
    changed = _context(x.values, x.starts, x.width, -np.inf)[:, :, None] + x.changes
    changes = np.zeros((*x.changes.shape[:3], width, x.values.shape[2]), np.float32)
    for rows, offset in groups:
        here = changed[:, rows]
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
    return _settled(values, changes, starts)


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
    return _settled(values, changes, starts)


def _zero_padding(layer, x):
    before, after = layer.padding
    values = np.pad(x.values, ((0, 0), (before, after), (0, 0)))
    return _Tensor(values, x.changes, x.starts + before)


def _cropping(layer, x):
    before, after = layer.cropping
    values = x.values[:, before : x.length - after]
    return _settled(values, x.changes.copy(), x.starts - before)


# --- layers that take the positions away


def _global_max(layer, x):
    least = np.full((len(x.values), 1, x.values.shape[2]), -np.inf, np.float32)
    left = np.concatenate([least, np.maximum.accumulate(x.values, axis=1)], axis=1)
    right = np.concatenate([least, np.maximum.accumulate(x.values[:, ::-1], axis=1)], axis=1)
    before = np.clip(x.starts, 0, x.length)  # positions before the span, and after it
    after = np.clip(x.length - x.starts - x.width, 0, x.length)
    best = _greatest(_context(x.values, x.starts, x.width, -np.inf)[:, :, None] + x.changes)
    outside = np.maximum(left[:, before], right[:, after])  # (n, windows, channels)
    values = left[:, -1]
    return _global(layer, values, np.maximum(best, outside[:, :, None]) - values[:, None, None])


def _global_average(layer, x):
    return _global(layer, x.values.mean(axis=1), x.changes.sum(axis=3) / x.length)


def _global(layer, values, changes):
    if not layer.keepdims:
        return _Tensor(values, changes, None)
    starts = np.zeros(changes.shape[1], int)
    return _Tensor(values[:, None], changes[:, :, :, None], starts)


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
    return _activated(layer, _Tensor(values, changes, None if x.flat else x.starts))


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
        return _Tensor(values, function(old + x.changes) - values[:, None, None], None)
    values = function(x.values)
    old = _context(x.values, x.starts, x.width)[:, :, None]
    changes = function(old + x.changes)
    changes -= _context(values, x.starts, x.width)[:, :, None]
    return dataclasses.replace(_settled(values, changes, x.starts), flat=x.flat)


def _activation_layer(layer, x):
    x = _vector(x) if x.flat else x  # a softmax is one of all that is flattened
    return _pointwise(_activation(layer.activation), x)


def _relu(layer, x):
    if not layer.negative_slope and not layer.threshold and layer.max_value is None:
        return _pointwise(_activation(keras.activations.relu), x)
    return _called(layer, x)


def _called(layer, x):
    """A layer that treats every position alike, called as it is."""
    x = _vector(x) if x.flat else x

    def function(values):
        rows = values.reshape(-1, *(1,) * (x.starts is not None), values.shape[-1])
        rows = keras.ops.convert_to_tensor(np.ascontiguousarray(rows))
        return _array(layer(rows)).reshape(values.shape)

    return _pointwise(function, x)


def _batch_normalization(layer, x):
    x = _vector(x) if x.flat else x
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


_MERGES = {
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
    join = _MERGES[type(layer)]
    if any(x.flat for x in tensors) or tensors[0].starts is None:
        tensors = [_vector(x) for x in tensors]
        olds = [x.values[:, None, None] for x in tensors]
        changes, starts = [x.changes for x in tensors], None
    else:
        starts = np.min([x.starts for x in tensors], axis=0)
        width = int(np.max([x.starts + x.width - starts for x in tensors]))
        olds = [_context(x.values, starts, width)[:, :, None] for x in tensors]
        changes = [_widened(x, starts, width) for x in tensors]
    values = join([x.values for x in tensors])
    if isinstance(layer, _LINEAR):
        moved = join(changes)
    else:
        moved = join([old + change for old, change in zip(olds, changes)]) - join(olds)
    if starts is None:
        return _Tensor(values, moved, None)
    return _settled(values, moved, starts)


def _widened(x, starts, width):
    """Changes of a tensor in spans that hold its own."""
    shift = x.starts - starts
    if x.width == width and not shift.any():
        return x.changes
    wide = np.zeros((*x.changes.shape[:3], width, x.changes.shape[4]), np.float32)
    for offset in np.unique(shift):
        rows = np.flatnonzero(shift == offset)
        wide[:, rows, :, offset : offset + x.width] = x.changes[:, rows]
    return wide


_STEPS = {
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
    **dict.fromkeys(_MERGES, _merge),
}  # fmt: skip
