"""Where the filters of a layer respond, for the output that is asked about."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
from keras import layers, ops

from dragonn_lite.interpretation import _backend
from dragonn_lite.interpretation._rules import Rule, rebuild
from dragonn_lite.interpretation.explanations import Explanation, batches, checked_network
from dragonn_lite.interpretation.signals import guided_backpropagation


def grad_cam(
    model: keras.Model, sequences: np.ndarray, *, target: int = 0, layer: str | None = None
) -> Explanation:
    """Where the filters of a convolution respond, each weighted by its mean gradient.

    What is negative in the sum counts as 0. Between the positions of the layer the map is
    interpolated; each position stands at the middle of the bases that it sees.

    *What it does not show*: single bases: the map is as coarse as the layer that it is made of.
    What lowers the logit is left out.

    Parameters
    ----------
    model, sequences, target
        As in :func:`slopes.saliency`.
    layer : str, optional
        Name of the layer to look at, by default the last convolution.

    Returns
    -------
    Explanation
        Its contributions are never negative.

    Raises
    ------
    TypeError, ValueError
        As :func:`slopes.saliency`, or if there is no such layer.

    References
    ----------
    Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.filter_bank(50, rng=0)
    >>> grad_cam(model, random_sequences(2, 50, rng=1)).contributions.shape
    (2, 50)
    """
    network, sequences, logits = checked_network(model, sequences, target)
    chosen = _layer(network, layer)
    key = ("grad_cam", chosen.name, target)
    run = _backend.remembered(model, key, lambda: _activation_map(network, chosen, target))
    length = sequences.shape[1]
    maps = [run(sequences[rows]) for rows in batches(network, *sequences.shape[:2], copies=4)]
    coarse = np.concatenate(maps)  # (n, positions)
    middles = _middles(chosen, coarse.shape[1], length)
    fine = np.stack([np.interp(np.arange(length), middles, row) for row in coarse])
    fine = fine * sequences.any(axis=2)  # (n, length); no base, no contribution
    return Explanation(sequences, fine.astype(np.float32), None, logits, "grad_cam", target)


def guided_grad_cam(
    model: keras.Model, sequences: np.ndarray, *, target: int = 0, layer: str | None = None
) -> Explanation:
    """Guided backpropagation, weighted by Grad-CAM: sharp, and asked about one output.

    *What it does not show*: which bases lower the logit.

    Parameters
    ----------
    model, sequences, target, layer
        As in :func:`grad_cam`; the network needs a ReLU.

    Returns
    -------
    Explanation
        Products of the contributions of both.

    Raises
    ------
    TypeError, ValueError
        As :func:`grad_cam` and :func:`guided_backpropagation`.

    References
    ----------
    Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.filter_bank(50, rng=0)
    >>> guided_grad_cam(model, random_sequences(2, 50, rng=1)).method
    'guided_grad_cam'
    """
    where = grad_cam(model, sequences, target=target, layer=layer)
    guided = guided_backpropagation(model, sequences, target=target)
    return dataclasses.replace(
        guided,
        contributions=where.contributions * guided.contributions,
        hypothetical=where.contributions[..., None] * guided.hypothetical,
        method="guided_grad_cam",
    )


def _layer(network, name):
    """The layer of this name, by default the last convolution."""
    if name is None:
        convolutions = [x for x in network.layers if isinstance(x, layers.Conv1D)]
        if not convolutions:
            raise ValueError(
                f"model {network.name} has no Conv1D layer; name another one with layer="
            )
        return convolutions[-1]
    known = {
        x.name: x
        for x in network.layers
        if not isinstance(x, (layers.InputLayer, keras.Model))
        and len(getattr(x.output, "shape", ())) == 3
    }
    if name not in known:
        raise ValueError(
            f"layer is {name!r}, expected one that gives (positions, channels): {', '.join(known)}"
        )
    return known[name]


def _activation_map(network, layer, target):
    """Compile: sequences to the map of a layer, (n, positions)."""
    rebuilt = rebuild(network, Rule()).network
    # The last step of the layer is its activation, if it has one.
    step = [x for x in rebuilt.layers if getattr(x, "operation", None) is layer][-1]
    head, taken, added = keras.Model(rebuilt.inputs[0], step.output), step.function, [0.0]
    step.function = lambda *tensors: taken(*tensors) + added[0]

    def run(x):
        def score(change):
            added[0] = change
            logits = rebuilt(x)[:, target]
            added[0] = 0.0
            return logits

        responses = head(x)  # (n, positions, channels)
        slopes = _backend.value_and_gradient(score, ops.zeros_like(responses))[1]
        weights = ops.mean(slopes, axis=1, keepdims=True)
        return ops.relu(ops.sum(weights * responses, axis=2))

    return _backend.compiled(run, rebuilt)


def _middles(layer, n_positions, length):
    """The middle of the bases that each position of a layer sees, from strides and widths."""
    first, stride = 0.0, 1.0
    for before, n_read in reversed(list(_way(layer.output))):
        width = getattr(before, "kernel_size", getattr(before, "pool_size", (1,)))[0]
        width = 1 + (width - 1) * getattr(before, "dilation_rate", (1,))[0]
        step = getattr(before, "strides", (1,))[0]
        padding = getattr(before, "padding", "valid")
        if isinstance(before, layers.ZeroPadding1D):
            first -= stride * padding[0]
        elif isinstance(before, layers.Cropping1D):
            first += stride * before.cropping[0]
        elif isinstance(before, layers.UpSampling1D):
            first -= stride * (1 - 1 / before.size) / 2
            stride /= before.size
        elif isinstance(before, layers.Conv1DTranspose):
            cut_off = max(width - step, 0) // 2 if padding == "same" else 0
            stride /= step
            first += stride * (cut_off - (width - 1) / 2)
        else:
            missing = max(width - ((n_read or 0) % step or step), 0)
            outside = {"same": missing // 2, "causal": width - 1}.get(padding, 0)
            first += stride * ((width - 1) / 2 - outside)
            stride *= step
    return (first + stride * np.arange(n_positions)).clip(0, length - 1)


def _way(tensor):
    """Layers from a tensor back to the input, and how many positions each of them reads.

    Of several branches, the first one that has as many positions as what they become.
    """
    while sources := (node := _node(tensor)).input_tensors:
        alike = [source for source in sources if source.shape[1:2] == tensor.shape[1:2]]
        source = (alike or sources)[0]
        if isinstance(node.operation, keras.Model):
            yield from _way(node.operation.outputs[0])
        else:
            yield node.operation, source.shape[1]
        tensor = source


def _node(tensor):
    layer, index, _ = tensor._keras_history
    return layer._inbound_nodes[index]
