"""What each step left in an LSTM's memory, and what that adds to the logit."""

from __future__ import annotations

import keras
import numpy as np

from dragonn_lite.interpretation._cells import Cell, cells, recurrent_layer
from dragonn_lite.interpretation._rules import is_linear
from dragonn_lite.interpretation._spans import listed
from dragonn_lite.interpretation.alignment import bases_read, node_of, spread
from dragonn_lite.interpretation.explanations import Explanation, batches, checked_network
from dragonn_lite.interpretation.states import features_before

_VARIANTS = ("gamma", "beta")
_JOINED = {"concat": 1.0, "sum": 1.0, "ave": 0.5}  # weight of each direction in what is joined


def decompose(
    model: keras.Model, sequences: np.ndarray, *, target: int = 0, variant: str = "gamma"
) -> Explanation:
    r"""Share the logit of an LSTM out among its steps, exactly.

    The last hidden state is the output gate times the activation of the cell state, and the cell
    state has changed step by step. Each change, weighted as the head of the network weights it, is
    the contribution of its step; they add up to the logit less the bias of the head. Their
    exponentials are factors, whose product with that of the bias is the odds.

    With :math:`T` the last step, :math:`w` the weights of the head, :math:`o` the output gate,
    :math:`f` the forget gate and :math:`c` the cell state,

    - "beta" is :math:`w \cdot o_T (\tanh c_t - \tanh c_{t-1})`: how the memory changed;
    - "gamma" is :math:`w \cdot o_T (\tanh (f_{t+1} \cdots f_T c_t) - \tanh (f_t \cdots f_T
      c_{t-1}))`: what of it is left in the end.

    Where convolutions or pooling come first, a step shares its contribution out evenly among the
    bases that it reads; one that reads nothing but padding has none, and what it adds is left to
    the completeness error. An unknown base is a step too.

    *What it does not show*: why a gate stood open. A base that told the memory to listen to what
    comes later gets nothing for that; nor is it asked what another base would have done. Of several
    recurrent layers only the last is taken apart, and its steps know what the earlier ones read.

    Parameters
    ----------
    model : keras.Model
        A functional or sequential network that ends in an LSTM, of one direction or both, and a
        linear head upon its last state.
    sequences : array (n, length, 4)
        One-hot sequences.
    target : int
        Which output is explained.
    variant : "gamma" or "beta"
        Whether what is forgotten later counts.

    Returns
    -------
    Explanation
        With the completeness error: the logit less the bias of the head and the contributions.

    Raises
    ------
    TypeError
        If the model is no functional Keras model.
    ValueError
        If its last recurrent layer is no LSTM or gives more than its last state, the head is not
        linear or reads something else too, or arguments are not as stated.

    References
    ----------
    Murdoch & Szlam 2017, doi:10.48550/arXiv.1702.02540

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import recurrent
    >>> model = recurrent.recurrent_reader(50, n_units=4, rng=0)
    >>> explained = decompose(model, random_sequences(2, 50, rng=1))
    >>> explained.contributions.shape
    (2, 50)
    >>> bool((abs(explained.completeness_error) < 1e-4).all())
    True
    """
    if variant not in _VARIANTS:
        raise ValueError(f"variant is {variant!r}, expected 'gamma' or 'beta'")
    network, sequences, logits = checked_network(model, sequences, target)
    layer = recurrent_layer(network, None)
    directions = _directions(layer)
    weights, bias = _linear_head(network, layer, target)
    n, length = sequences.shape[:2]
    starts, stops = bases_read(network, layer.name, length=length)
    if len(directions) == 2 and layer.merge_mode == "concat":
        weights = np.split(weights, [directions[0].n_units])
    else:
        weights = [weights] * len(directions)
    share = _JOINED[layer.merge_mode] if len(directions) == 2 else 1.0
    parts = []
    for rows in batches(network, n, length, copies=8):
        features = features_before(model, network, layer, sequences[rows])
        each = zip(directions, weights, strict=True)
        parts.append(share * sum(_changes(cell, features, w, variant) for cell, w in each))
    contributions = spread(np.concatenate(parts), starts, stops, length)
    error = logits - bias - contributions.sum(axis=1)
    method = f"lstm_decomposition ({variant})"
    return Explanation(sequences, contributions, None, logits, method, target, error)


def _directions(layer) -> list[Cell]:
    """The cells of the layer, if it can be taken apart."""
    name, found = f"layer {layer.name} ({type(layer).__name__})", cells(layer)
    if found[0].kind != "LSTM":
        raise ValueError(
            f"{name} is a {found[0].kind}, which has no cell state to take apart; take an LSTM, or "
            "temporal_output"
        )
    if any(np.asarray(cell.activation(np.zeros(1, np.float32))).any() for cell in found):
        raise ValueError(f"{name} has an activation that makes something of an empty cell state")
    if layer.return_sequences or layer.return_state:
        raise ValueError(f"{name} gives more than its last state, from which the logit comes here")
    if len(found) == 2 and layer.merge_mode not in _JOINED:
        raise ValueError(
            f"{name} has merge_mode {layer.merge_mode!r}, expected one that adds: "
            f"{', '.join(_JOINED)}"
        )
    return found


def _linear_head(network, layer, target):
    """Weights (units,) and bias with which a logit is made of the last state."""
    state = node_of(network, layer).output_tensors[0]
    try:
        head = keras.Model(state, network.outputs[0])
        operations = [step.layer for step in listed(head)[1]]
    except (ValueError, NotImplementedError):
        raise ValueError(
            f"model {network.name} makes its logit of more than the last state of layer "
            f"{layer.name}: only that can be taken apart"
        ) from None
    for operation in operations:
        function = getattr(operation, "activation", None)
        linear = is_linear(operation) or isinstance(operation, keras.layers.Activation)
        if not linear or function not in (None, keras.activations.linear):
            raise ValueError(
                f"layer {operation.name} ({type(operation).__name__}) of model {network.name} is "
                f"not linear: between layer {layer.name} and the logit only linear layers add up"
            )
    probes = np.eye(state.shape[1] + 1, state.shape[1], dtype=np.float32)  # the last is zeros
    given = keras.ops.convert_to_numpy(head(probes, training=False))[:, target]
    return given[:-1] - given[-1], given[-1]


def _changes(cell, features, weights, variant):
    """Contribution of each step, (n, steps)."""
    n, n_steps = features.shape[:2]
    memories = np.zeros((n, n_steps + 1, cell.n_units), np.float32)  # in the order of reading
    forgets = np.ones_like(memories)
    leaves = []
    order = range(n_steps)[::-1] if cell.backward else range(n_steps)
    place = {step: i + 1 for i, step in enumerate(order)}

    def keep(step, state, gates):
        memories[:, place[step]], forgets[:, place[step]] = state[1], gates[1]
        leaves[:] = [gates[2]]

    cell.run(features, keep)
    if variant == "gamma":  # what will be left of each cell state: forgotten by all later steps
        later = np.cumprod(forgets[:, :0:-1], axis=1, dtype=np.float64)[:, ::-1]
        memories[:, :-1] *= later
    held = cell.activation(memories)  # (n, steps + 1, units)
    changes = np.einsum("nsu,nu->ns", np.diff(held, axis=1), leaves[0] * weights)
    return changes[:, ::-1] if cell.backward else changes
