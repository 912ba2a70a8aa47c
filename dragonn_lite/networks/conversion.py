"""Networks that DragoNN published, as Keras 3 models: nobody has to install Keras 0.3 and Theano.

Theano convolves truly: it turns each kernel around, along the sequence and along the bases, where
Keras lays it on as it stands. It also keeps its filters before its positions, and so DragoNN's
dense layer expects them, filter by filter. Kernels and dense weights are rearranged once, here.

A network read without the turn still scores well, and is wrong: filters turned around in both
directions are those of the other strand, where motifs stand as often.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import keras
import numpy as np
from keras import layers

from dragonn_lite._files import as_path, read_text

_KINDS = ("Convolution2D", "MaxPooling2D", "Flatten", "Dense", "Activation", "Dropout")
_ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh")


def read_dragonn(architecture: str | os.PathLike, weights: str | os.PathLike) -> keras.Model:
    """Convert a network that DragoNN saved with Keras 0.3 and Theano.

    Its layers may be convolutions that start with all four bases, max pooling, flattening and
    dense layers, with linear, ReLU, tanh or sigmoid activations, and dropout. Its last sigmoid is
    left out. Files are only read: nothing in them is run, and no link in them is followed.

    Parameters
    ----------
    architecture : path
        The file ``.arch.json``.
    weights : path
        Its twin ``.weights.h5`` or ``.weights.hd5``.

    Returns
    -------
    keras.Model
        From one-hot sequences (n, length, 4) to logits (n, n_tasks).

    Raises
    ------
    FileNotFoundError, TypeError
        If one of the two is no file, or no path.
    ValueError
        If one of them is damaged or something else, the two do not belong together, or a layer
        cannot be converted.

    References
    ----------
    Kundaje laboratory, DragoNN (github.com/kundajelab/dragonn).

    Examples
    --------
    ::

        published = datasets.load("golden_dragonn_weights")
        model = read_dragonn(
            published["in_vivo_ctcf_balanced_arch.arch.json"],
            published["in_vivo_ctcf_balanced_model.weights.hd5"],
        )

    >>> read_dragonn("ctcf.arch.json", "ctcf.weights.h5")
    Traceback (most recent call last):
      ...
    FileNotFoundError: path is 'ctcf.arch.json', and there is no such file
    """
    import h5py  # here: Keras brings it, and nothing else of this room needs it

    architecture, weights = as_path(architecture), as_path(weights)
    parts = _parts(architecture)
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(h5py.File(weights, "r"))
            n_layers = file.attrs.get("nb_layers")
        except Exception as error:  # a damaged file fails in many ways
            raise ValueError(
                f"{weights} is no HDF5 file, or damaged; give DragoNN's .weights.h5, or copy it "
                "again"
            ) from error
        if n_layers is None:
            raise ValueError(f"{weights} holds no weights of Keras 0.3; give DragoNN's .weights.h5")
        if not np.array_equal(n_layers, len(parts)):
            raise ValueError(
                f"{weights} holds {n_layers} layers, but {architecture} names {len(parts)}; give "
                "two files of one network"
            )
        return _build(_without_sigmoid(parts), file)


class _Part:
    """A layer as the architecture names it; its place is told in every message."""

    def __init__(self, path: Path, i: int, options: dict):
        self.path, self.i, self.options = path, i, options
        self.kind = options["name"]
        self.name = f"layer_{i}"  # as the weights file calls it

    def error(self, told: str) -> ValueError:
        return ValueError(f"{self.path}: layer {self.i} ({self.kind}) {told}")

    def one_of(self, key: str, *allowed):
        """Take an option that has one of a few values; the first where it is not named."""
        value = self.options.get(key, allowed[0])
        if value not in allowed:
            raise self.error(
                f"has {key} {value!r} and cannot be converted, expected "
                + " or ".join(map(repr, allowed))
            )
        return value

    def number(self, key: str) -> int:
        """Take an option that is a whole number."""
        return self.whole(key, self.options.get(key))

    def along_sequence(self, key: str, default=None) -> int:
        """Take the second of two numbers, (bases, positions); the first one must be 1."""
        value = self.options.get(key) or default
        if not (isinstance(value, list) and len(value) == 2 and value[0] == 1):
            raise self.error(f"has {key} {value!r} and cannot be converted, expected [1, width]")
        return self.whole(key, value[1])

    def whole(self, key: str, value) -> int:
        if not (type(value) is int and value > 0):
            raise self.error(f"has {key} {value!r}, expected a whole number of at least 1")
        return value


def _parts(path: Path) -> list[_Part]:
    try:
        options = json.loads(read_text(path))["layers"]
        parts = [_Part(path, i, each) for i, each in enumerate(options)]
        if not parts or not all(isinstance(part.kind, str) for part in parts):
            raise TypeError
    except (json.JSONDecodeError, KeyError, TypeError, RecursionError):
        raise ValueError(
            f"{path} is no architecture of Keras 0.3 (JSON with the names of layers); give "
            "DragoNN's .arch.json"
        ) from None
    if unknown := sorted({part.kind for part in parts} - set(_KINDS)):
        raise ValueError(
            f"{path} has layers that cannot be converted: {', '.join(unknown)}; only "
            f"{', '.join(_KINDS)} can"
        )
    return parts


def _without_sigmoid(parts: list[_Part]) -> list[_Part]:
    """Leave out the last activation; what is left ends in the dense layer of the logits."""
    *before, last = parts
    if last.kind not in ("Dense", "Activation") or last.options.get("activation") != "sigmoid":
        raise last.error("is the last one, expected a sigmoid: only then are there logits")
    if last.kind == "Dense":
        last.options["activation"] = "linear"
        return parts
    if not before or before[-1].kind != "Dense":
        raise last.error("is the last one, expected a Dense layer before it")
    before[-1].one_of("activation", "linear")
    return before


def _build(parts: list[_Part], file) -> keras.Model:
    x = inputs = keras.Input((_length(parts[0]), 4), name="sequence")
    flattened = None  # the positions and filters that the next dense layer reads as one axis
    for part in parts:
        _check_place(part, is_flat=len(x.shape) == 2)
        if part.kind == "Convolution2D":
            x = _convolution(part, file, x)
        elif part.kind == "MaxPooling2D":
            x = _pooling(part, x)
        elif part.kind == "Flatten" and len(x.shape) == 3:
            flattened = x.shape[1:]
            x = layers.Flatten(name=part.name)(x)
        elif part.kind == "Dense":
            x = _dense(part, file, x, flattened, "logits" if part is parts[-1] else part.name)
            flattened = None
        elif part.kind == "Dropout":
            x = _dropout(part, x)
        if part.kind in ("Convolution2D", "Dense", "Activation"):
            x = _activated(part, x)
    return keras.Model(inputs, x, name="dragonn")


def _check_place(part: _Part, is_flat: bool) -> None:
    reads_positions = part.kind in ("Convolution2D", "MaxPooling2D")
    if is_flat and reads_positions or not is_flat and part.kind == "Dense":
        side = "after" if is_flat else "before"
        raise part.error(f"stands {side} Flatten and cannot be converted there")


def _length(part: _Part) -> int:
    shape = part.options.get("input_shape")
    if part.kind != "Convolution2D" or not isinstance(shape, list) or shape[:-1] != [1, 4]:
        raise part.error(
            "is the first one and cannot be converted, expected a Convolution2D with input_shape "
            "[1, 4, length]"
        )
    return part.whole("input_shape", shape[-1])


def _convolution(part, file, x):
    part.one_of("dim_ordering", "th")
    part.one_of("border_mode", "valid")
    part.one_of("subsample", [1, 1])
    n_filters, width_bp = part.number("nb_filter"), part.number("nb_col")
    n_rows = part.one_of("nb_row", 4 if part.i == 0 else 1)  # the first reads all four bases
    n_positions, n_inputs = x.shape[1:]
    if width_bp > n_positions:
        raise part.error(f"is {width_bp} wide, but reads only {n_positions} positions")
    kernel, bias = _weights(
        part, file, (n_filters, n_inputs // n_rows, n_rows, width_bp), (n_filters,)
    )
    turned = kernel[:, :, ::-1, ::-1]
    # (filters, 1, bases, width) or (filters, inputs, 1, width) -> (width, inputs, filters)
    kernel = turned.reshape(n_filters, n_inputs, width_bp).transpose(2, 1, 0)
    layer = layers.Conv1D(n_filters, width_bp, kernel_initializer="zeros", name=part.name)
    return _given(layer, x, kernel, bias)


def _pooling(part, x):
    part.one_of("dim_ordering", "th")
    part.one_of("border_mode", "valid")
    width_bp = part.along_sequence("pool_size")
    step_bp = part.along_sequence("strides", default=[1, width_bp])
    if width_bp > x.shape[1]:
        raise part.error(f"is {width_bp} wide, but reads only {x.shape[1]} positions")
    return layers.MaxPooling1D(width_bp, strides=step_bp, name=part.name)(x)


def _dense(part, file, x, flattened, name):
    n_outputs = part.number("output_dim")
    kernel, bias = _weights(part, file, (x.shape[1], n_outputs), (n_outputs,))
    if flattened:
        n_positions, n_filters = flattened
        by_filter = kernel.reshape(n_filters, n_positions, n_outputs)
        kernel = by_filter.swapaxes(0, 1).reshape(kernel.shape)  # position by position
    layer = layers.Dense(n_outputs, kernel_initializer="zeros", name=name)
    return _given(layer, x, kernel, bias)


def _dropout(part, x):
    rate = part.options.get("p")
    if type(rate) not in (int, float) or not 0 <= rate < 1:
        raise part.error(f"has p {rate!r}, expected a number from 0 to 1")
    return layers.Dropout(rate, seed=part.i, name=part.name)(x) if rate else x


def _activated(part, x):
    activation = part.one_of("activation", *_ACTIVATIONS)
    name = part.name if part.kind == "Activation" else f"{part.name}_{activation}"
    if activation == "relu":
        return layers.ReLU(name=name)(x)
    return x if activation == "linear" else layers.Activation(activation, name=name)(x)


def _given(layer, x, *weights):
    x = layer(x)
    layer.set_weights(weights)
    return x


def _weights(part: _Part, file, *shapes: tuple) -> list[np.ndarray]:
    """Read a layer's arrays, once their shapes are known to be right."""
    found = []
    for i, shape in enumerate(shapes):
        name = f"{part.name}/param_{i}"
        where = f"{file.filename}: {name}"
        try:
            data = _own_array(file, name)
            kind = f"{data.dtype} {data.shape}"
            fits = data.shape == shape and data.dtype.kind == "f"
            array = data[:] if fits else None
        except Exception as error:  # a damaged file fails in many ways
            raise ValueError(f"{where} is missing or damaged; copy the file again") from error
        if array is None:
            raise ValueError(
                f"{where} holds {kind}, but the architecture's layer ({part.kind}) has numbers "
                f"{shape}; give two files of one network"
            )
        with np.errstate(over="ignore"):
            array = array.astype(np.float32)
        if not np.isfinite(array).all():
            raise ValueError(f"{where} holds values that are no numbers; copy the file again")
        found.append(array)
    return found


def _own_array(file, name: str):
    """Find an array that is wholly in this file: a link could fetch what stands in another."""
    import h5py

    found = file
    for step in name.split("/"):
        if not isinstance(found, h5py.Group):
            raise KeyError(name)
        if found.id.links.get_info(step.encode()).type != h5py.h5l.TYPE_HARD:
            raise KeyError(name)
        found = found[step]
    elsewhere = not isinstance(found, h5py.Dataset) or found.is_virtual or found.external
    # An array that was never written is as large as it says, and takes no place in the file.
    if elsewhere or found.id.get_storage_size() < found.nbytes:
        raise KeyError(name)
    return found
