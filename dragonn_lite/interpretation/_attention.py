"""Attention layers of a network: their weights read, and others given in their place."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
from keras import layers, ops

from dragonn_lite.interpretation import _backend
from dragonn_lite.interpretation._rules import Rule, name_of, rebuild
from dragonn_lite.interpretation.alignment import attended

#: Layers that weigh values by queries and keys, and tell their weights when asked.
_MATRICES = (layers.MultiHeadAttention, layers.Attention)
#: Layers that change the shape of (n, steps, 1) to (n, steps).
_RESHAPES = ("flatten", "reshape", "squeeze")


class Attended(Rule):
    """Take one attention layer by weights that are given, and keep those that it used.

    Parameters
    ----------
    operation : layer or operation
        One of :func:`attention_layers`.

    Attributes
    ----------
    given : tensor (n, heads, queries, keys) or None
        Weights to use; None for the layer's own.
    used : tensor (n, heads, queries, keys)
        Those that were used last.
    """

    def __init__(self, operation):
        self.operation, self.given, self.used = operation, None, None

    def layer(self, operation, function, tensors):
        """Take the layer apart; any other step as it is."""
        if operation is not self.operation:
            return function(*tensors)
        if isinstance(operation, layers.MultiHeadAttention):
            apart = _heads_apart
        else:
            apart = _matrix_apart if isinstance(operation, layers.Attention) else _softmax_apart
        return function(*tensors, by=partial(apart, self))


def attention_layers(network: keras.Model) -> dict:
    """Find what weighs steps in a network: layers and operations by their names, in its order.

    Examples
    --------
    >>> from dragonn_lite.networks import attention
    >>> list(attention_layers(attention.retain(60, rng=0)))
    ['attention']
    """
    ends = {id(tensor) for tensor in network.outputs}
    return {
        operation.name: operation
        for operation in network.operations
        if isinstance(operation, _MATRICES)
        or (_weighs_steps(operation) and id(operation.output) not in ends)
    }


def steps_of(node) -> tuple[keras.KerasTensor, keras.KerasTensor | None]:
    """Find the tensors (n, steps, features) whose steps are an attention layer's keys and queries.

    Parameters
    ----------
    node : Node
        Where the layer stands in the network.

    Returns
    -------
    keys : KerasTensor
    queries : KerasTensor or None
        None where the layer pools: a single query, of no step of its own.
    """
    if not isinstance(node.operation, _MATRICES):
        return _before_reshape(node.input_tensors[0]), None
    named = attended(node)
    queries, keys = named["query"], named.get("key")
    return named["value"] if keys is None else keys, None if queries.shape[1] == 1 else queries


class AttentionNetwork:
    """A network of which one attention layer can be read and overruled.

    Parameters
    ----------
    model : keras.Model
        As the user gave it; what is compiled is remembered with it.
    network : keras.Model
        The same as a functional model.
    operation : layer or operation
        The attention layer.
    target : int
    """

    def __init__(self, model, network, operation, target):
        self.rule = Attended(operation)
        rebuilt = rebuild(network, self.rule).network

        def logits(x, given):
            self.rule.given = given
            try:
                return rebuilt(x)[:, target]
            finally:
                self.rule.given = None

        def own(x):
            logits(x, None)
            return self.rule.used

        def slope(x, given):
            return _backend.value_and_gradient(lambda weights: logits(x, weights), given)

        self.read, self.overrule, self.slope = (
            _backend.compiled(function, rebuilt) for function in (own, logits, slope)
        )

    @classmethod
    def of(cls, model, network, operation, target) -> AttentionNetwork:
        """Make it, or take what was made for this model before."""
        key = ("attention", operation.name, target)
        return _backend.remembered(model, key, lambda: cls(model, network, operation, target))


def _weighs_steps(operation):
    """Whether a layer or operation is a softmax over the steps of (n, steps, ...)."""
    function = operation.activation if isinstance(operation, layers.Activation) else operation
    if name_of(function) != "softmax":
        return False
    rank = len(operation.output.shape)
    axis = np.ravel(getattr(operation, "axis", -1))
    if len(axis) != 1 or axis[0] % rank != 1:
        return False
    read = operation._inbound_nodes[0].input_tensors[0]
    return rank == 3 or (rank == 2 and _before_reshape(read) is not read)


def _before_reshape(tensor):
    """(n, steps, 1) behind the (n, steps) that it was reshaped to; else the tensor itself."""
    operation, node, _ = tensor._keras_history
    if len(tensor.shape) != 2 or name_of(operation) not in _RESHAPES:
        return tensor
    source = operation._inbound_nodes[node].input_tensors[0]
    return source if source.shape[1:] == (tensor.shape[1], 1) else tensor


def _chosen(rule, own):
    rule.used = own if rule.given is None else rule.given
    return rule.used


def _softmax_apart(rule, z, **kwargs):
    own = rule.operation(z, **kwargs)  # (n, steps) or (n, steps, heads)
    flat = len(own.shape) == 2
    heads = own[:, None, None] if flat else ops.transpose(own, (0, 2, 1))[:, :, None]
    weights = _chosen(rule, heads)
    return weights[:, 0, 0] if flat else ops.transpose(weights[:, :, 0], (0, 2, 1))


def _matrix_apart(rule, inputs, **kwargs):
    given, own = rule.operation(inputs, return_attention_scores=True, **_without(kwargs))
    weights = _chosen(rule, own[:, None])  # one head
    if rule.given is not None:
        given = ops.matmul(weights[:, 0], inputs[1])
    return (given, weights[:, 0]) if kwargs.get("return_attention_scores") else given


def _heads_apart(rule, query, value, key=None, **kwargs):
    layer = rule.operation
    given, own = layer(query, value, key, return_attention_scores=True, **_without(kwargs))
    weights = _chosen(rule, own)
    if rule.given is not None:
        # (n, heads, queries, keys) of (n, keys, heads, width) -> (n, queries, heads, width)
        context = ops.einsum("nhqk,nkhd->nqhd", weights, layer.value_dense(value))
        if getattr(layer, "_use_gate", False):  # Keras 3.13 and later
            context = context * layer._gate_dense(query)
        given = layer.output_dense(context)
    return (given, weights) if kwargs.get("return_attention_scores") else given


def _without(kwargs):
    return {name: x for name, x in kwargs.items() if name != "return_attention_scores"}
