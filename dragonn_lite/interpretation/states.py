"""What a recurrent network holds in memory after each base that it has read."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from dragonn_lite.interpretation import _backend
from dragonn_lite.interpretation._cells import GATES, cells, features_of, recurrent_layer
from dragonn_lite.interpretation.alignment import bases_read, node_of
from dragonn_lite.interpretation.explanations import batches, checked_network


@dataclass(frozen=True, eq=False)
class States:
    """States of every unit of a recurrent layer at every step of some sequences.

    Attributes
    ----------
    layer : str
        Name of the layer.
    cell : "LSTM", "GRU" or "SimpleRNN"
    hidden : float32 (n, steps, units)
        After the step was read; of a bidirectional layer the units of both directions, forward
        ones first as a rule, whatever the layer makes of the two afterwards.
    memory : float32 (n, steps, units) or None
        Cell state of an LSTM.
    gates : dict of float32 (n, steps, units)
        As they stood at the step: "input", "forget", "output" and "candidate" of an LSTM,
        "update", "reset" and "candidate" of a GRU, none of a SimpleRNN.
    directions : str (units,)
        "forward" or "backward". A backward unit has come from the end of the sequence: its state
        at a step is the one after it read this step.
    starts, stops : int64 (steps,)
        The bases that a step reads, half-open.
    """

    layer: str
    cell: str
    hidden: np.ndarray
    memory: np.ndarray | None
    gates: dict[str, np.ndarray]
    directions: np.ndarray
    starts: np.ndarray
    stops: np.ndarray

    def __repr__(self):
        """Say what there is, in a line."""
        n, n_steps, n_units = self.hidden.shape
        return f"States({self.layer}: {n_units} units of {self.cell}, {n_steps} steps, n = {n})"


def states(model: keras.Model, sequences: np.ndarray, *, layer: str | None = None) -> States:
    """Hidden state, cell state and gates of every unit after each step.

    They are the layer's own: its weights are applied a step at a time to what it reads.

    *What it does not show*: what the states are used for. A unit may follow a property of the
    sequence that the output never asks about.

    Parameters
    ----------
    model : keras.Model
        A functional or sequential network with a recurrent layer.
    sequences : array (n, length, 4)
        One-hot sequences. Each takes 24 bytes a step and unit of an LSTM: 1,000 of 500 bp with 32
        units fill 400 MB.
    layer : str, optional
        Name of the recurrent layer, by default the last one.

    Returns
    -------
    States

    Raises
    ------
    TypeError
        If the model is no functional Keras model.
    ValueError
        If there is no such layer; or it is stateful, masked, given a first state, of mixed
        precision or of a cell that is none of Keras's three; or sequences do not fit the model.

    References
    ----------
    Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; Cho et al. 2014,
    doi:10.3115/v1/D14-1179; Karpathy et al. 2015, doi:10.48550/arXiv.1506.02078

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> inputs = keras.Input((20, 4))
    >>> x = keras.layers.Bidirectional(keras.layers.GRU(3), name="memory")(inputs)
    >>> model = keras.Model(inputs, keras.layers.Dense(1)(x))
    >>> found = states(model, random_sequences(2, 20, rng=0))
    >>> found
    States(memory: 6 units of GRU, 20 steps, n = 2)
    >>> sorted(found.gates), found.directions[2:4].tolist()
    (['candidate', 'reset', 'update'], ['forward', 'backward'])
    """
    network, sequences, _ = checked_network(model, sequences, 0)
    found = recurrent_layer(network, layer)
    each = cells(found)
    starts, stops = bases_read(network, found.name, length=sequences.shape[1])
    features = features_before(model, network, found, sequences)
    parts = [_followed(cell, features) for cell in each]
    hidden, *rest = (np.concatenate(both, axis=2) for both in zip(*parts, strict=True))
    memory = rest.pop(0) if each[0].kind == "LSTM" else None
    directions = np.repeat(
        ["backward" if cell.backward else "forward" for cell in each],
        [cell.n_units for cell in each],
    )
    gates = dict(zip(GATES[each[0].kind], rest, strict=True))
    return States(found.name, each[0].kind, hidden, memory, gates, directions, starts, stops)


def features_before(model, network, layer, sequences) -> np.ndarray:
    """What a recurrent layer of a network reads, float32 (n, steps, channels)."""
    tensor = features_of(layer, node_of(network, layer))
    if tensor is network.inputs[0]:
        return sequences.astype(np.float32)

    def compile_():
        before = keras.Model(network.inputs[0], tensor)
        return _backend.compiled(lambda x: before(x, training=False), before)

    run = _backend.remembered(model, ("features", layer.name), compile_)
    n, length = sequences.shape[:2]
    return np.concatenate([run(sequences[rows]) for rows in batches(network, n, length)])


def _followed(cell, features):
    """Hidden state, cell state and gates at all steps, each (n, steps, units)."""
    n_kept = (2 if cell.kind == "LSTM" else 1) + len(GATES[cell.kind])
    kept = np.empty((n_kept, *features.shape[:2], cell.n_units), np.float32)

    def keep(step, state, gates):
        for place, values in zip(kept, (*state, *gates), strict=True):
            place[:, step] = values

    cell.run(features, keep)
    return list(kept)
