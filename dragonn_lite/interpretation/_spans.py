"""What a changed window changes downstream: spans of change, passed on from layer to layer.

A base reaches only a span of each layer's outputs. The original sequence is run once; then each
altered one carries, through every layer, where its span starts and how the values in it differ.
Exact but for rounding; layers that mix all positions (recurrence, attention) are not treated, and
:func:`unsupported` says which.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable
from concurrent import futures

import keras
import numpy as np
from keras import layers

from dragonn_lite.interpretation._span_layers import MERGES, STEPS, Tensor, context, vector

_FLOATS_AT_ONCE = 1 << 23  # in the widest layer of a block: 32 MB
_WORKERS = min(4, os.cpu_count() or 1)  # blocks at once: numpy leaves the other threads alone


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
        n, n_windows, n_fillings = fillings.shape[:3]
        ends = np.unique([0, n_windows // 2, n_windows - 1])
        probe = _run(self._steps, _changed(sequences[:1], starts[ends], fillings[:1, ends, :1]))
        rows = max(1, _FLOATS_AT_ONCE // (3 * probe.widest))
        windows_at_once = max(1, min(n_windows, rows // n_fillings))
        at_once = max(1, rows // (n_fillings * windows_at_once))
        moved = np.empty((n, n_windows, n_fillings), np.float32)
        blocks = itertools.product(
            (slice(low, low + at_once) for low in range(0, n, at_once)),
            (slice(low, low + windows_at_once) for low in range(0, n_windows, windows_at_once)),
        )

        def score(block):
            some, here = block
            tensor = _changed(sequences[some], starts[here], fillings[block])
            moved[block] = vector(_run(self._steps, tensor).output).changes[..., target]

        with futures.ThreadPoolExecutor(_WORKERS) as pool:
            for _ in pool.map(score, blocks):  # asked for, so that errors are raised
                pass
        return moved


def _changed(sequences, starts, fillings):
    values = sequences.astype(np.float32)
    old = context(values, starts, fillings.shape[3])
    changes = fillings.astype(np.float32) - old[:, :, None]
    return Tensor(values, changes, np.asarray(starts))


# --- the network as a list of steps


@dataclasses.dataclass
class _Step:
    layer: keras.layers.Layer
    sources: list[int]
    result: int
    done_with: list[int]  # tensors that nobody needs any more


@dataclasses.dataclass
class _Run:
    output: Tensor
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
    if type(layer) not in STEPS:
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
    if isinstance(layer, tuple(MERGES)) and len({shape[:-1] for shape in shapes}) > 1:
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
            made = STEPS[type(step.layer)](step.layer, *found)
        for key in step.done_with:
            del tensors[key]
        tensors[step.result] = made
        live = sum(tensor.changes[0, 0, 0].size for tensor in tensors.values())
        widest = max(widest, live)
    return _Run(tensors[result], widest)
