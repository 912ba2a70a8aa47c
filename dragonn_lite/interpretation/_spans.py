"""What a changed window changes downstream: spans of change, passed on from layer to layer.

A base reaches only a span of each layer's outputs. The original sequence is run once; then each
altered one carries, through every layer, where its span starts and how the values in it differ.
Exact but for rounding. Layers that mix all positions (recurrence, attention) are not treated:
:func:`unsupported` says which, and from there on altered sequences are scored as a whole.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import itertools
import os
from collections.abc import Callable
from concurrent import futures

import keras
import numpy as np
import threadpoolctl
from keras import layers

from dragonn_lite.interpretation import _backend
from dragonn_lite.interpretation._span_layers import MERGES, STEPS
from dragonn_lite.interpretation._span_tensors import Tensor, context, spread, vector
from dragonn_lite.interpretation.explanations import batches, is_functional

_FLOATS_AT_ONCE = 1 << 23  # in the widest layer of a block: 32 MB
_READING = (layers.Conv1D, layers.MaxPooling1D, layers.AveragePooling1D, keras.Model)
_WORKERS = min(4, os.cpu_count() or 1)  # blocks at once: numpy leaves the other threads alone


def unsupported(model: Callable) -> str:
    """Say why spans of change cannot be passed through all of a model.

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


def span_network(model: Callable) -> SpanNetwork | None:
    """The model as a network of spans, as far as they go; None where that is nowhere.

    Examples
    --------
    >>> span_network(len) is None
    True
    """
    try:
        return SpanNetwork(model)
    except NotImplementedError:
        return None


class SpanNetwork:
    """A functional Keras model that scores altered sequences by what differs.

    Parameters
    ----------
    model : keras.Model
        One that begins with convolutions or pooling. Where there is a layer that spans cannot
        pass, and all that follows reads one tensor before it, that part is the rest: it scores
        what the spans have become, written out at all positions.

    Raises
    ------
    NotImplementedError
        With the reason, where spans do not get through a single convolution or pooling layer.
    """

    def __init__(self, model: keras.Model):
        try:
            self._steps, self._rest = _plan(model), None
        except NotImplementedError as reason:
            self._steps, rest = _beginning(model, reason)
            self._rest = (
                rest,
                _backend.remembered(
                    model,
                    "rest",
                    lambda: _backend.compiled(lambda z: rest(z, training=False), rest),
                ),
            )

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
        widest = max(probe.widest, 0 if self._rest is None else probe.output.values[0].size)
        rows = max(1, _FLOATS_AT_ONCE // (3 * widest))
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
            moved[block] = self._scored(_run(self._steps, tensor).output, target)

        # The library of linear algebra keeps to one core each: its own threads, when they wait
        # for work, wait busily, and take from the others.
        with (
            libraries().limit(limits=1, user_api="blas"),
            futures.ThreadPoolExecutor(_WORKERS) as pool,
        ):
            for _ in pool.map(score, blocks):  # asked for, so that errors are raised
                pass
        return moved

    def _scored(self, tensor, target):
        """How far the output moves, (n, windows, fillings)."""
        if self._rest is None:
            return vector(tensor).changes[..., target]
        rest, run = self._rest
        tensor = vector(tensor) if tensor.flat else tensor
        changes, each = tensor.changes, tensor.values.shape[1:]
        if tensor.starts is not None:
            changes = spread(changes, tensor.starts, tensor.length)
        altered = (tensor.values[:, None, None] + changes).reshape(-1, *each)
        rows = np.concatenate([tensor.values, altered])
        scores = [run(rows[some]) for some in batches(rest, len(rows), each[0])]
        scores = np.concatenate(scores).reshape(len(rows), -1)[:, target]
        before, after = np.split(scores, [len(tensor.values)])
        return after.reshape(changes.shape[:3]) - before[:, None, None]


@functools.cache
def libraries():
    return threadpoolctl.ThreadpoolController()


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
    ends, steps, nodes = listed(model)
    for step, node in zip(steps, nodes, strict=True):
        check_layer(step.layer, node)
    return _ordered(ends, steps)


def _beginning(model, reason):
    """The steps that spans can take, and the rest as a network; else the reason is raised."""
    (source, _), steps, nodes = listed(model)
    for n_steps, (step, node) in enumerate(zip(steps, nodes, strict=True)):
        try:
            check_layer(step.layer, node)
        except NotImplementedError:
            break
    for n in range(n_steps, 0, -1):
        made = {source, *(step.result for step in steps[:n])}
        reading = any(isinstance(step.layer, _READING) for step in steps[:n])
        if reading and made & {key for step in steps[n:] for key in step.sources} == {
            steps[n - 1].result
        }:
            rest = keras.Model(nodes[n - 1].output_tensors[0], model.outputs[0])
            return _ordered((source, steps[n - 1].result), steps[:n]), rest
    raise reason


def listed(model):
    """Ends of a functional network, its steps in an order they can be taken, and their nodes."""
    if not (isinstance(model, keras.Model) and is_functional(model)):
        raise NotImplementedError("the model is no functional Keras model")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise NotImplementedError("the model has several inputs or outputs")
    steps, nodes, known = [], [], {id(model.inputs[0])}
    stack = [(model.outputs[0], False)]
    while stack:  # depth first, without recursion: networks may be deep
        tensor, ready = stack.pop()
        if id(tensor) in known:
            continue
        layer, node_index, _ = tensor._keras_history
        node = layer._inbound_nodes[node_index]
        if not ready:
            stack += [(tensor, True), *((source, False) for source in node.input_tensors)]
            continue
        known.add(id(tensor))
        steps.append(_Step(layer, [id(source) for source in node.input_tensors], id(tensor), []))
        nodes.append(node)
    return (id(model.inputs[0]), id(model.outputs[0])), steps, nodes


def _ordered(ends, steps):
    """Steps that know which tensors nobody needs any more, after the ends of the network."""
    last_use = {source: step for step in steps for source in step.sources}
    for tensor, step in last_use.items():
        step.done_with.append(tensor)
    return [ends, *steps]


def check_layer(layer, node):
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
    function = getattr(layer, "activation", None)
    if function is not None and not _is_of_keras(function):
        raise NotImplementedError(f"{name} has an activation that may mix positions")
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


def _is_of_keras(function):
    """Whether an activation is a function of Keras: those mix channels at most."""
    return inspect.isfunction(function) and function.__module__.startswith("keras.")


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
