"""The parts of a trained network that a transfer takes apart: trunk, head, and their copies."""

from __future__ import annotations

import keras
import numpy as np

from dragonn_lite._contract import as_count
from dragonn_lite.networks.prediction import probability_end

_NORMALISING = (
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.GroupNormalization,
)


def functional(model):
    """The model as a graph of layers."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"model is a {type(model).__name__}, expected a trained Keras model")
    if not getattr(model, "inputs", None):
        raise TypeError(
            f"model {model.name} is not functional: make it keras.Model(inputs, logits)"
        )
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs, model.outputs, name=model.name)
    return model


def head(model):
    """The Dense layer that gives the logits."""
    model = functional(model)
    if end := probability_end(model):
        raise ValueError(
            f"the model ends in {end}, expected logits: leave out the activation of its last layer"
        )
    for layer in reversed(model.layers):
        dense = isinstance(layer, keras.layers.Dense) and layer.output is model.outputs[0]
        if dense and layer.activation is keras.activations.linear:
            return layer
    raise ValueError(
        f"model {model.name} ends in {type(model.layers[-1]).__name__}, expected a Dense layer "
        "without activation, which gives the logits"
    )


def trunk(model):
    """All layers but the head, from the sequence up."""
    last = head(model)
    return [layer for layer in functional(model).layers if layer is not last]


def counts(layer):
    """Whether depth is counted in this layer."""
    return bool(layer.weights) and not isinstance(layer, _NORMALISING)


def weights_of(layer):
    """Kernel and bias of a Dense layer."""
    kernel, *rest = (np.asarray(weights) for weights in layer.weights)
    return kernel, rest[0] if rest else np.zeros(kernel.shape[1], np.float32)


def copy(model, length=None):
    """The same network in layers of its own, all of them trainable; for another length if given."""
    head(model)
    model = functional(model)
    if length is None:
        new = keras.models.clone_model(model)
    else:
        if len(model.inputs) != 1:
            raise ValueError(f"model {model.name} has {len(model.inputs)} inputs, expected one")
        inputs = keras.Input((length, *model.inputs[0].shape[2:]), name="sequence")
        try:
            new = keras.models.clone_model(model, input_tensors=inputs)
        except ValueError as error:
            raise ValueError(
                f"length is {length}, for which the layers of {model.name} cannot be built "
                f"({str(error).strip().splitlines()[0][:200]}); take another length"
            ) from error
    for layer, twin in zip(model.layers, new.layers, strict=True):
        shapes = [[tuple(w.shape) for w in each.weights] for each in (layer, twin)]
        if shapes[0] != shapes[1]:
            raise ValueError(
                f"length is {length}, but layer {layer.name} has weights for each position: "
                f"{shapes[0]} would become {shapes[1]}; take a network with global pooling"
            )
        twin.set_weights([np.asarray(weights) for weights in layer.weights])
    for layer in new._flatten_layers():  # a model's own switch does not reach them
        layer.trainable = True
    return new


def with_head(model, n_tasks, **options):
    """A copy with another head, of the same name."""
    new = copy(model)
    old = head(new)
    logits = keras.layers.Dense(n_tasks, name=old.name, **options)(old.input)
    return keras.Model(new.inputs, logits, name=new.name)


def freeze(network, frozen):
    """Make the layers of the trunk untrainable, up to a depth or a name."""
    layers = trunk(network)
    names = [layer.name for layer in layers]
    counted = [i for i, layer in enumerate(layers) if counts(layer)]
    if isinstance(frozen, str):
        if frozen not in names:
            raise ValueError(
                f"frozen is {frozen!r}, expected a layer before the head: {', '.join(names)}"
            )
        n_frozen = names.index(frozen) + 1
    else:
        depth = as_count(frozen, "frozen")
        if depth > len(counted):
            raise ValueError(
                f"frozen is {depth}, but there are {len(counted)} weighted layers before the head: "
                f"{', '.join(names[i] for i in counted)}"
            )
        n_frozen = 0 if not depth else [*counted, len(layers)][depth]
    for layer in layers[:n_frozen]:
        layer.trainable = False
