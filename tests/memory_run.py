"""Recurrent networks of every kind, explained on one Keras backend: prints JSON."""

import json

from dragonn_lite._quiet import quiet_keras

quiet_keras()

import keras
import numpy as np
from keras import layers

from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation import recurrent

LENGTH = 29
Both = layers.Bidirectional


def states_of(z):
    return layers.LSTM(3, return_sequences=True)(z)


#: From bases to what a dense head reads.
BODIES = {
    "LSTM": lambda z: layers.LSTM(3)(z),
    "GRU, reset before": lambda z: layers.GRU(3, reset_after=False)(z),
    "backwards": lambda z: layers.SimpleRNN(3, go_backwards=True)(z),
    "both ways": lambda z: Both(layers.LSTM(3))(z),
    "both ways, product": lambda z: Both(layers.GRU(3), merge_mode="mul")(z),
    "both ways, of two kinds": lambda z: Both(
        layers.LSTM(3), backward_layer=layers.LSTM(3, go_backwards=True, activation="softsign")
    )(z),
    "filters": lambda z: layers.LSTM(3)(
        layers.BatchNormalization()(
            layers.MaxPooling1D(3)(layers.Conv1D(5, 4, activation="relu")(z))
        )
    ),
    "filters, both ways": lambda z: layers.Dense(4, activation="relu")(
        Both(layers.LSTM(3))(layers.MaxPooling1D(3, strides=2)(layers.Conv1D(5, 4)(z)))
    ),
    "causal": lambda z: layers.LSTM(3)(layers.Conv1D(5, 4, padding="causal", dilation_rate=2)(z)),
    "stacked": lambda z: layers.GRU(2)(layers.LayerNormalization()(states_of(z))),
    "best state": lambda z: layers.GlobalMaxPooling1D()(states_of(z)),
    "best state, both ways": lambda z: layers.BatchNormalization()(
        layers.GlobalMaxPooling1D()(Both(layers.LSTM(3, return_sequences=True))(z))
    ),
    "mean state, both ways": lambda z: layers.GlobalAveragePooling1D()(
        Both(layers.LSTM(3, return_sequences=True), merge_mode="ave")(
            layers.Conv1D(3, 4, strides=3)(z)
        )
    ),
    "best state, backwards": lambda z: layers.GlobalMaxPooling1D()(
        layers.GRU(3, return_sequences=True, go_backwards=True)(z)
    ),
    "several branches": lambda z: layers.Concatenate()(
        [
            layers.LSTM(3)(z),
            layers.GlobalMaxPooling1D()(layers.Conv1D(4, 3)(z)),
            Both(layers.GRU(2))(layers.AveragePooling1D(2)(z)),
        ]
    ),
    "no memory": lambda z: layers.GlobalAveragePooling1D()(layers.Conv1D(4, 3)(z)),
    "network within": lambda z: _inner(z)(z),
}

#: Where a suffix is another matter than a prefix, and what is said.
NOT_FOLLOWED = {("causal", "backward"): "is causal", ("stacked", "backward"): "every cut"}

#: Those that can be taken apart.
LSTMS = {
    "LSTM": lambda z: layers.LSTM(3)(z),
    "backwards, no bias": lambda z: layers.LSTM(3, go_backwards=True, use_bias=False)(z),
    "both ways": lambda z: Both(layers.LSTM(3))(z),
    "both ways, added": lambda z: Both(layers.LSTM(3), merge_mode="sum")(z),
    "both ways, mean": lambda z: Both(layers.LSTM(3), merge_mode="ave")(z),
    "filters": lambda z: layers.LSTM(3)(layers.MaxPooling1D(3)(layers.Conv1D(5, 4)(z))),
    "normalised": lambda z: layers.BatchNormalization()(
        layers.Dropout(0.2)(layers.Activation("linear")(layers.LSTM(3)(z)))
    ),
    "stacked": lambda z: layers.LSTM(3)(Both(layers.GRU(2, return_sequences=True))(z)),
}


def _inner(z):
    inputs = keras.Input(z.shape[1:])
    return keras.Model(inputs, layers.GRU(3)(layers.Conv1D(4, 3)(inputs)))


def weighted(model, seed):
    """The same weights on every backend."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        values = rng.normal(0, 0.6, variable.shape)
        variable.assign(np.abs(values) + 0.5 if "variance" in variable.path else values)
    return model


def built(body, length=LENGTH, seed=0):
    inputs = keras.Input((length, 4))
    return weighted(keras.Model(inputs, layers.Dense(2)(body(inputs))), seed)


def run():
    """States, temporal outputs and contributions of all of them."""
    x, found = dna.random_sequences(2, LENGTH, rng=0), {"backend": keras.backend.backend()}
    for name, body in BODIES.items():
        for direction in ("forward", "backward"):
            if (name, direction) not in NOT_FOLLOWED:
                output = recurrent.temporal_output(built(body), x, direction=direction)
                found[f"{direction} output, {name}"] = output.tolist()
    for name, body in LSTMS.items():
        model = built(body)
        found[f"states, {name}"] = recurrent.states(model, x).memory.tolist()
        found[f"decomposed, {name}"] = recurrent.decompose(model, x).contributions.tolist()
    return found


if __name__ == "__main__":
    print(json.dumps(run()))
