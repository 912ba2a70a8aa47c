"""DeepLIFT's rules: contributions of differences from a reference, one step of a network at a time.

Rows come in groups: a sequence, then its references. The gradient of a reference's row is then the
multiplier between it and its sequence, and the sequence passes the network once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops

from dragonn_lite.interpretation._rules import Rule, Source, as_if, is_linear, name_of

_SAME = 1e-5  # differences below this are too small to divide by in float32
_STRETCHED = 5e-4  # half of the interval that stands for them
_N_NODES = 24  # points on the path through a layer that has no rule of its own


class Differences(Rule):
    """Multipliers instead of gradients.

    Parameters
    ----------
    n_references : int
        References of each sequence: the rows of a group, less one.
    cancelled : tuple of layer types
        Whose following activations are treated by RevealCancel; others by Rescale.

    Attributes
    ----------
    approximated : list of str
        Names of the layers that have no rule of their own.
    """

    def __init__(self, n_references: int, cancelled: tuple[type, ...] = ()):
        self.rows, self.cancelled = n_references + 1, cancelled
        self.approximated: list[str] = []

    def first_of_group(self, z):
        """Tensor of the sequences (n, ...), without their references."""
        return ops.reshape(z, (-1, self.rows, *z.shape[1:]))[:, 0]

    def partner(self, z):
        """The sequence's row of a tensor in the place of each row of its group."""
        return ops.repeat(self.first_of_group(z), self.rows, axis=0)

    # --- activations -----------------------------------------------------------------------------

    def activation(self, name, function, z):
        """Rescale: the slope from the reference to the sequence."""
        fixed = ops.stop_gradient(z)
        return as_if(function(fixed), (slope(function, fixed, self.partner(fixed)), z))

    def wants(self, source):
        return source is not None and isinstance(source.layer, self.cancelled)

    def activation_of(self, source, function, z, inputs):
        """RevealCancel: what pushes up and what pushes down, each before and after the other."""
        z, fixed = ops.stop_gradient(z), ops.stop_gradient(inputs)
        change = self.partner(fixed) - fixed
        parts = _parts(source, ops.cast(change > 0, z.dtype) + 0.5 * ops.cast(change == 0, z.dtype))
        up, down = parts(change)
        end = self.partner(z)
        when_up = slope(function, z, z + up) + slope(function, z + down, end)
        when_down = slope(function, z, z + down) + slope(function, z + up, end)
        of_up, of_down = parts(inputs)
        return as_if(function(z), (when_up / 2, of_up), (when_down / 2, of_down))

    # --- other steps -----------------------------------------------------------------------------

    def layer(self, operation, function, tensors):
        """Linear layers keep their gradient; others have a rule, or are followed along a path."""
        name = name_of(operation)
        by_constant = name == "multiply" and len(tensors) == 1
        if is_linear(operation) or by_constant:
            return function(*tensors)
        if name == "multiply":
            return self._product(tensors)
        if name == "maximum" and len({tuple(z.shape) for z in tensors}) == 1:
            stacked = ops.stack(tensors, axis=1)  # (rows, k, ...)
            shape = (-1, len(tensors), int(np.prod(stacked.shape[2:])))
            best = self._best(ops.reshape(stacked, shape))
            return ops.reshape(best, (-1, *tensors[0].shape[1:]))
        if isinstance(operation, layers.GlobalMaxPooling1D) and _channels_last(operation):
            best = self._best(tensors[0])
            return best if operation.keepdims else best[:, 0]
        if isinstance(operation, layers.MaxPooling1D) and _channels_last(operation):
            return self._best(tensors[0], operation)
        if isinstance(operation, layers.LayerNormalization):
            return self._normalised(operation, tensors[0])
        self.approximated.append(getattr(operation, "name", name))
        return self._along_path(function, tensors)

    def _product(self, tensors):
        """Each factor by the mean of the other over both ends: their Shapley values."""
        product = tensors[0]
        for factor in tensors[1:]:
            means = [
                (ops.stop_gradient(z) + self.partner(ops.stop_gradient(z))) / 2
                for z in (product, factor)
            ]
            value = ops.stop_gradient(product) * ops.stop_gradient(factor)
            product = as_if(value, (means[1], product), (means[0], factor))
        return product

    def _best(self, z, pooling=None):
        """Maxima over the windows of a pooling layer, or over all of axis 1.

        The higher of the two winners carries the whole difference. Its own difference is then at
        least that of the maxima, and of the same sign.
        """
        fixed = ops.stop_gradient(z)  # (rows, length, channels)
        windows, begins = (
            (fixed[:, None], np.zeros(1, int)) if pooling is None else _windows(pooling, fixed)
        )
        best, place = _highest(windows)
        place = place + ops.convert_to_tensor(begins[:, None], "int32")
        end = self.partner(best)
        place = ops.where(end > best, self.partner(place), place)
        rows = ops.arange(ops.shape(place)[0], dtype="int32")
        here = _looked_up(z, rows, place)
        there = _looked_up(fixed, rows // self.rows * self.rows, place)
        change = there - ops.stop_gradient(here)
        same = ops.abs(change) < 1e-30
        share = ops.where(same, 1.0, (end - best) / ops.where(same, 1.0, change))
        return as_if(best, (share, here))

    def _normalised(self, layer, z):
        """Layer normalisation, as a product of the centred tensor and one over its spread."""
        axes = layer.axis if isinstance(layer.axis, (list, tuple)) else [layer.axis]
        axes = tuple(axis % len(z.shape) for axis in axes)
        centred = z - ops.mean(z, axis=axes, keepdims=True)
        fixed = ops.stop_gradient(centred)
        variance = as_if(
            ops.mean(fixed**2, axis=axes, keepdims=True),
            (1.0, ops.mean((fixed + self.partner(fixed)) * centred, axis=axes, keepdims=True)),
        )
        spread = self.activation("rsqrt", lambda v: 1 / ops.sqrt(v + layer.epsilon), variance)
        # Under this name Keras divides by the spread about the mean, and leaves the mean in.
        result = self._product([z if layer.rms_scaling else centred, spread])
        shape = [z.shape[axis] if axis in axes else 1 for axis in range(len(z.shape))]
        if layer.gamma is not None:
            result = result * ops.reshape(layer.gamma, shape)
        return result if layer.beta is None else result + ops.reshape(layer.beta, shape)

    def _along_path(self, function, tensors):
        """The mean gradient of a layer along the straight line from reference to sequence."""
        nodes, weights = np.polynomial.legendre.leggauss(_N_NODES)
        moved = []
        for z in tensors:
            if not _is_float(z):  # a mask
                moved.append(ops.concatenate([z] * _N_NODES, axis=0))
                continue
            start = ops.stop_gradient(z)
            change = self.partner(start) - start
            points = [start + float(node + 1) / 2 * change for node in nodes]
            # Nothing is added, but the gradient of each point is that of the reference.
            moved.append(ops.concatenate([point + (z - start) for point in points], axis=0))

        def averaged(passed, value):
            if not _is_float(value):
                return value
            passed = ops.reshape(passed, (_N_NODES, -1, *passed.shape[1:]))
            mean = ops.tensordot(ops.cast(weights / 2, passed.dtype), passed, axes=1)
            return as_if(value, (1.0, mean))

        values = function(*(ops.stop_gradient(z) for z in tensors))
        return keras.tree.map_structure(averaged, function(*moved), values)


def slope(function: Callable, start, end):
    """Slope of the chord of an elementwise function; where it is a point, of its surroundings."""
    same = ops.abs(end - start) < _SAME
    middle = (start + end) / 2
    low = ops.where(same, middle - _STRETCHED, start)
    high = ops.where(same, middle + _STRETCHED, end)
    return (function(high) - function(low)) / (high - low)


def _highest(windows):
    """Maximum over axis 2, and the first place where it stands: (rows, n, k, c) -> (rows, n, c).

    Pooling finds both several times faster than `ops.max` and `ops.argmax` do. Its strides are
    named, since on JAX Keras has them wrong where they are not.
    """
    n, k, channels = windows.shape[1:]
    earliest = np.repeat(np.arange(k, 0, -1, dtype=np.float32), channels)

    def pooled(z):
        return ops.max_pool(ops.reshape(z, (-1, k, channels)), k, k, data_format="channels_last")

    best = ops.reshape(pooled(windows), (-1, n, 1, channels))
    is_best = ops.reshape(ops.cast(windows == best, "float32"), (-1, n, k * channels))
    place = k - ops.cast(pooled(is_best * earliest), "int32")
    place = ops.minimum(place, k - 1)  # of what is no number, any
    return best[:, :, 0], ops.reshape(place, (-1, n, channels))


def _looked_up(z, rows, places):
    """Numbers of some rows at given places of axis 1: (rows, length, c) -> (rows, n, c)."""
    length, channels = z.shape[1:]
    number = (rows[:, None, None] * length + places) * channels
    number = number + np.arange(channels, dtype=np.int32)
    return ops.take(ops.reshape(z, (-1,)), number, axis=0)


def _parts(source: Source, upward):
    """A function to what the inputs give the linear layer upwards, and what downwards."""
    layer = source.layer
    kernel = ops.convert_to_tensor(layer.kernel)
    for normalisation in source.scaled_by:
        scale = 1 / ops.sqrt(normalisation.moving_variance + normalisation.epsilon)
        kernel = kernel * (scale if normalisation.gamma is None else normalisation.gamma * scale)
    positive, negative = ops.maximum(kernel, 0), ops.minimum(kernel, 0)

    def apply(x, kernel):
        if isinstance(layer, layers.Dense):
            return ops.matmul(x, kernel)
        padding = layer.padding
        if padding == "causal":
            before = layer.dilation_rate[0] * (layer.kernel_size[0] - 1)
            x, padding = ops.pad(x, ((0, 0), (before, 0), (0, 0))), "valid"
        return ops.conv(
            x, kernel, layer.strides[0], padding,
            data_format="channels_last", dilation_rate=layer.dilation_rate[0],
        )  # fmt: skip

    def parts(x):
        rising, falling = x * upward, x * (1 - upward)
        return (
            apply(rising, positive) + apply(falling, negative),
            apply(rising, negative) + apply(falling, positive),
        )

    return parts


def _windows(layer, z):
    """Cut a tensor into the windows of a pooling layer, (rows, n, k, channels); where they begin."""
    length, k, stride = z.shape[1], layer.pool_size[0], layer.strides[0]
    n, before = (length - k) // stride + 1, 0
    if layer.padding == "same":
        n = -(-length // stride)
        missing = max((n - 1) * stride + k - length, 0)
        before = missing // 2
        z = ops.pad(z, ((0, 0), (before, missing - before), (0, 0)), constant_values=float("-inf"))
    begins = np.arange(n) * stride
    if k == stride:
        windows = z[:, : n * k]
    else:
        windows = ops.take(z, (begins[:, None] + np.arange(k)).ravel(), axis=1)
    return ops.reshape(windows, (-1, n, k, z.shape[2])), begins - before


def _is_float(z):
    return keras.backend.is_float_dtype(keras.backend.standardize_dtype(z.dtype))


def _channels_last(layer):
    return getattr(layer, "data_format", "channels_last") == "channels_last"
