"""The cells of Keras's recurrent layers, one step at a time in numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from dragonn_lite.interpretation._span_layers import _activation, _array
from dragonn_lite.interpretation.alignment import RECURRENT


@dataclass(frozen=True, eq=False)
class Cell:
    """One direction of a recurrent layer, with the weights that it has now.

    Attributes
    ----------
    kind : "LSTM", "GRU" or "SimpleRNN"
    backward : bool
        Whether it begins with the last step.
    """

    kind: str
    backward: bool
    kernel: np.ndarray  # (channels, gates * units)
    recurrent: np.ndarray  # (units, gates * units)
    bias: np.ndarray  # (gates * units,), added to what is read
    recurrent_bias: np.ndarray  # the same, added to what is remembered: of GRU's reset_after
    activation: Callable
    gate_activation: Callable
    reset_after: bool = False

    @property
    def n_units(self):
        return len(self.recurrent)

    def read(self, features):
        """What the input alone gives all gates: (..., channels) -> (..., gates * units)."""
        return features @ self.kernel + self.bias

    def begin(self, shape):
        """The state in which nothing has been read: hidden state, and an LSTM's cell state."""
        n_tensors = 2 if self.kind == "LSTM" else 1
        return tuple(np.zeros((*shape, self.n_units), np.float32) for _ in range(n_tensors))

    def step(self, read, state):
        """Take one step.

        Parameters
        ----------
        read : array (..., gates * units)
            Of this step, as :meth:`read` gives it; rows of states that share it are broadcast.
        state : tuple of arrays (..., units)

        Returns
        -------
        state : tuple of arrays (..., units)
        gates : tuple of arrays (..., units)
            In the order of :data:`GATES`.
        """
        return _STEPS[self.kind](self, read, *state)

    def run(self, features, keep=lambda step, state, gates: None):
        """Read all steps of some sequences: call `keep` after each; the last state is returned."""
        read = self.read(features)
        state = self.begin(features.shape[:1])
        steps = range(features.shape[1])
        for step in reversed(steps) if self.backward else steps:
            state, gates = self.step(read[:, step], state)
            keep(step, state, gates)
        return state


def _lstm(cell, read, hidden, memory):
    z = read + hidden @ cell.recurrent
    z = z.reshape(*z.shape[:-1], 4, cell.n_units)
    gates = cell.gate_activation(z[..., :2, :])
    enter, forget = gates[..., 0, :], gates[..., 1, :]
    candidate = cell.activation(z[..., 2, :])
    leave = cell.gate_activation(z[..., 3, :])
    memory = forget * memory + enter * candidate
    return (leave * cell.activation(memory), memory), (enter, forget, leave, candidate)


def _gru(cell, read, hidden):
    u = cell.n_units
    whole = cell.recurrent if cell.reset_after else cell.recurrent[:, : 2 * u]
    recalled = hidden @ whole + cell.recurrent_bias[: whole.shape[1]]
    z = read[..., : 2 * u] + recalled[..., : 2 * u]
    gates = cell.gate_activation(z.reshape(*z.shape[:-1], 2, u))  # a softmax is one of each gate
    update, reset = gates[..., 0, :], gates[..., 1, :]
    if cell.reset_after:
        old = reset * recalled[..., 2 * u :]
    else:
        old = (reset * hidden) @ cell.recurrent[:, 2 * u :]
    candidate = cell.activation(read[..., 2 * u :] + old)
    return (update * hidden + (1 - update) * candidate,), (update, reset, candidate)


def _simple(cell, read, hidden):
    return (cell.activation(read + hidden @ cell.recurrent),), ()


_STEPS = {"LSTM": _lstm, "GRU": _gru, "SimpleRNN": _simple}

#: What the gates of each kind are called, in the order in which a step gives them.
GATES = {
    "LSTM": ("input", "forget", "output", "candidate"),
    "GRU": ("update", "reset", "candidate"),
    "SimpleRNN": (),
}


def recurrent_layer(model: keras.Model, name: str | None) -> layers.Layer:
    """The recurrent layer of this name, by default the last one; else a ValueError."""
    found = {layer.name: layer for layer in model.layers if isinstance(layer, RECURRENT)}
    if not found:
        raise ValueError(
            f"model {model.name} has no recurrent layer of its own; take one with an LSTM, GRU or "
            "SimpleRNN"
        )
    if name is not None and name not in found:
        raise ValueError(f"layer is {name!r}, expected one that is recurrent: {', '.join(found)}")
    return found[name] if name is not None else list(found.values())[-1]


def features_of(layer: layers.Layer, node) -> keras.KerasTensor:
    """The tensor (n, steps, channels) that a recurrent layer reads; refused if it reads more."""
    name, sources = f"layer {layer.name}", node.input_tensors
    if node.arguments.kwargs.get("mask") is not None or _is_masked(sources[0]):
        raise ValueError(f"{name} skips masked steps, which is not followed; leave out the mask")
    if len(sources) != 1:
        raise ValueError(f"{name} is given a first state, expected one that begins with zeros")
    return sources[0]


def _is_masked(tensor):
    """Whether steps are masked; that a network within a network does so shows in it alone."""
    tensors, seen = [tensor], set()
    while tensors:
        tensor = tensors.pop()
        if getattr(tensor, "_keras_mask", None) is not None:
            return True
        operation, index, _ = tensor._keras_history
        within = operation.outputs if isinstance(operation, keras.Model) else []
        if id(tensor) not in seen and (within or getattr(operation, "supports_masking", False)):
            tensors += [*within, *operation._inbound_nodes[index].input_tensors]  # handed on
        seen.add(id(tensor))
    return False


def cells(layer: layers.Layer) -> list[Cell]:
    """The cells of a recurrent layer: of one that is bidirectional two, in Keras's order.

    Raises
    ------
    ValueError
        If the layer does what is not followed here, with the reason.
    """
    both = isinstance(layer, layers.Bidirectional)
    found = [_cell(x) for x in ((layer.forward_layer, layer.backward_layer) if both else (layer,))]
    if len({cell.kind for cell in found}) > 1:
        kinds = " and ".join(cell.kind for cell in found)
        raise ValueError(f"layer {layer.name} is made of {kinds}, expected two of one kind")
    return found


def _cell(layer):
    name = f"layer {layer.name} ({type(layer).__name__})"
    if type(layer) not in (layers.LSTM, layers.GRU, layers.SimpleRNN):
        raise ValueError(f"{name} has a cell of its own; LSTM, GRU and SimpleRNN are followed")
    if layer.stateful:
        raise ValueError(f"{name} is stateful: what it holds depends on the batches before")
    if layer.compute_dtype != "float32":
        raise ValueError(f"{name} computes in {layer.compute_dtype}, expected float32")
    cell = layer.cell
    kernel, recurrent = _array(cell.kernel), _array(cell.recurrent_kernel)
    biases = _array(cell.bias) if cell.use_bias else np.zeros(kernel.shape[1], np.float32)
    biases = np.atleast_2d(biases)
    return Cell(
        type(layer).__name__,
        layer.go_backwards,
        kernel,
        recurrent,
        biases[0],
        biases[1] if len(biases) == 2 else np.zeros_like(biases[0]),
        _function(cell.activation),
        _function(getattr(cell, "recurrent_activation", None)),
        getattr(cell, "reset_after", False),
    )


def _function(activation):
    return _NUMPY.get(activation) or _activation(activation)


_NUMPY = {
    keras.activations.tanh: np.tanh,
    keras.activations.sigmoid: lambda z: np.float32(0.5) * (np.tanh(z * np.float32(0.5)) + 1),
    keras.activations.linear: lambda z: z,
}
