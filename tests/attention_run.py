"""Attention of several networks on one Keras backend from given weights: prints JSON."""

import inspect
import json

from dragonn_lite._quiet import quiet_keras

quiet_keras()

import keras
import numpy as np
from keras import layers

from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation import attention
from dragonn_lite.networks import attention as networks

LENGTH = 40


def features(width=5, n=6, pool=2):
    """Steps of what filters see: (n, length, 4) -> (n, 18, 6)."""
    inputs = keras.Input((LENGTH, 4))
    z = layers.MaxPooling1D(pool)(layers.Conv1D(n, width)(inputs))
    return inputs, layers.Activation("tanh")(z)


def ended(inputs, z):
    return keras.Model(inputs, layers.Dense(2)(z))


def pooled_by_keras(kind):
    inputs, z = features()
    query = layers.Dense(6, activation="tanh")(layers.GlobalAveragePooling1D()(z))
    query = layers.Reshape((1, 6))(query)
    return ended(inputs, layers.Flatten()(kind(name="attention")([query, z])))


def flat_softmax():
    inputs, z = features()
    weights = layers.Flatten()(layers.Dense(1)(z))
    weights = layers.Activation("softmax", name="attention")(weights)
    weights = layers.Reshape((18, 1))(weights)
    return ended(inputs, layers.GlobalAveragePooling1D()(layers.Multiply()([weights, z])))


def three_heads():
    inputs, z = features()
    weights = layers.Softmax(axis=1, name="attention")(layers.Dense(3)(z))
    return ended(inputs, layers.Flatten()(layers.Dot(axes=1)([weights, z])))


def crossed():
    """Queries of a coarser view; keys other than the values; dropout, which rests here."""
    inputs, z = features()
    coarse = layers.AveragePooling1D(3)(z)
    attend = layers.MultiHeadAttention(2, 3, value_dim=4, dropout=0.3, name="attention")
    z = attend(coarse, z, key=layers.Dense(5)(z))
    return ended(inputs, layers.GlobalMaxPooling1D()(z))


def gated():
    """Every step asks every other one, through a gate where Keras has some."""
    known = inspect.signature(layers.MultiHeadAttention.__init__).parameters
    options = {"use_gate": True} if "use_gate" in known else {}
    inputs, z = features()
    z = layers.MultiHeadAttention(2, 3, name="attention", **options)(z, z, use_causal_mask=True)
    return ended(inputs, layers.GlobalAveragePooling1D()(layers.Activation("tanh")(z)))


def sequential():
    steps = [keras.Input((LENGTH, 4)), layers.Conv1D(1, 3), layers.Flatten()]
    return keras.Sequential([*steps, layers.Activation("softmax", name="attention"),
                             layers.Dense(2)])  # fmt: skip


NETWORKS = {
    "additive": lambda: networks.additive_attention(LENGTH, n_filters=6, n_tasks=2, rng=0),
    "additive of a memory": lambda: networks.additive_attention(
        LENGTH, n_filters=6, cell="gru", n_units=4, n_tasks=2, rng=0
    ),
    "retain": lambda: networks.retain(LENGTH, n_filters=6, n_units=4, n_tasks=2, rng=0),
    "self": lambda: networks.self_attention(LENGTH, n_filters=6, n_tasks=2, rng=0),
    "dot product": lambda: pooled_by_keras(layers.Attention),
    "Bahdanau": lambda: pooled_by_keras(layers.AdditiveAttention),
    "flat softmax": flat_softmax,
    "three heads": three_heads,
    "crossed": crossed,
    "gated": gated,
    "sequential": sequential,
}


def network(name):
    """One of the networks, with weights that do not depend on the backend."""
    model = NETWORKS[name]()
    rng = np.random.default_rng(3)
    for variable in model.weights:
        if "seed" not in variable.path:
            variable.assign(rng.normal(0, 0.4, variable.shape))
    return model


def run():
    """Weights, products and logits under permuted weights of every network."""
    x, found = dna.random_sequences(3, LENGTH, rng=0), {}
    for name in NETWORKS:
        model = network(name)
        read = attention.weights(model, x)
        moved = np.random.default_rng(4).permuted(read.matrix, axis=3)
        found[name] = [
            read.matrix.ravel().tolist(),
            attention.attention(model, x).contributions.ravel().tolist(),
            attention.attention_times_gradient(model, x, target=1).contributions.ravel().tolist(),
            attention.reweighted(model, x, moved, target=1).tolist(),
        ]
    return {"backend": keras.backend.backend()} | found


if __name__ == "__main__":
    print(json.dumps(run()))
