"""Explanations of three networks on one Keras backend from given weights: prints JSON."""

import json

from dragonn_lite._quiet import quiet_keras

quiet_keras()

import keras
import numpy as np
from keras import layers

from dragonn_lite import interpretation
from dragonn_lite.dna import sequences as dna


def network():
    """Convolutions, both kinds of pooling, a normalised residual block, a gate, an LSTM, heads."""
    inputs = keras.Input((30, 4))
    z = layers.MaxPooling1D(2)(layers.Conv1D(6, 5, activation="relu")(inputs))
    inner = layers.BatchNormalization()(layers.Conv1D(6, 3, padding="same")(z))
    z = layers.Add()([z, layers.ReLU()(inner)])
    z = layers.LayerNormalization()(z)
    z = layers.Multiply()([z, layers.Dense(6, activation="sigmoid")(z)])
    best = layers.GlobalMaxPooling1D()(z)
    z = layers.Concatenate()([best, layers.LSTM(3)(z), layers.Flatten()(z)])
    z = layers.Dense(5, activation="elu")(z)
    return weighted(keras.Model(inputs, layers.Dense(2)(z)))


def reader():
    """An LSTM of both directions behind a convolution, for the methods that need a memory."""
    inputs = keras.Input((30, 4))
    z = layers.MaxPooling1D(2)(layers.Conv1D(4, 5)(inputs))
    z = layers.Bidirectional(layers.LSTM(3))(z)
    return weighted(keras.Model(inputs, layers.Dense(2)(z)))


def attending():
    """Attention of two heads behind a convolution, for the methods that need some."""
    inputs = keras.Input((30, 4))
    z = layers.MaxPooling1D(2)(layers.Conv1D(4, 5)(inputs))
    weights = layers.Softmax(axis=1)(layers.Dense(2)(z))
    z = layers.Flatten()(layers.Dot(axes=1)([weights, z]))
    return weighted(keras.Model(inputs, layers.Dense(2)(z)))


def weighted(model):
    rng = np.random.default_rng(3)
    for variable in model.weights:  # each backend draws other first weights
        values = rng.normal(0, 0.4, variable.shape)
        variable.assign(np.abs(values) + 0.5 if "variance" in variable.path else values)
    return model


#: Sums near 0 divide what relevance hands down: a larger epsilon keeps the last digits out of it.
OPTIONS = {
    "layerwise_relevance": {"epsilon": 0.1},
    "lime": {"width_bp": 5, "n_samples": 20},
    "optimal_mask": {"n_steps": 10},
    "shapley": {"width_bp": 5, "n_permutations": 2, "n_references": 2},
}


def run():
    """Contributions by every method."""
    model, x, found = network(), dna.random_sequences(2, 30, rng=0), {}
    for each in (reader(), attending(), model):  # the last one answers where several do
        for name in interpretation.methods(model=each)["method"]:
            options = OPTIONS.get(name, {})
            found[name] = interpretation.explain(each, x, method=name, target=1, **options)
    for rule in ("rescale", "revealcancel", "genomics"):
        found[rule] = interpretation.explain(model, x, target=1, rule=rule, n_references=3)
    return {"backend": keras.backend.backend()} | {
        name: explained.contributions.tolist() for name, explained in found.items()
    }


if __name__ == "__main__":
    print(json.dumps(run()))
