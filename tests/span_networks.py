"""Networks of every kind of layer that spans of change pass through; prints how exact they are."""

import json

from dragonn_lite._quiet import quiet_keras

quiet_keras()

import keras
import numpy as np
from keras import layers

from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation import _spans

LENGTH = 37


def randomised(model, seed):
    """Weights that make every unit matter; variances stay positive."""
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        values = rng.normal(0, 0.5, variable.shape)
        variable.assign(np.exp(values) if "variance" in variable.path else values)
    return model


def convolution(**options):
    return layers.Conv1D(5, 4, **options)


def residual(x):
    y = layers.Conv1D(6, 3, padding="same", activation="relu")(x)
    z = layers.Conv1D(6, 5, padding="causal", dilation_rate=2)(y)
    return layers.Add()([y, layers.Activation("tanh")(z)])


def gated(x):
    gate = layers.Conv1D(4, 3, padding="same", activation="sigmoid")(x)
    return layers.Multiply()([gate, layers.Conv1D(4, 7, padding="same")(x)])


def joined(kind):
    def body(x):
        narrow = layers.Conv1D(4, 1)(x)
        wide = layers.Conv1D(4, 6, padding="same")(x)
        return kind()([layers.MaxPooling1D(2)(narrow), layers.AveragePooling1D(2)(wide)])

    return body


def nested(x):
    inner = keras.Sequential([keras.Input((x.shape[1], 4)), convolution(), layers.ReLU()])
    return layers.MaxPooling1D(3)(inner(x))


def chain(*parts):
    def build(x):
        for part in parts:
            x = part(x)
        return x

    return build


BODIES = {
    "valid": lambda: chain(convolution()),
    "same": lambda: chain(convolution(padding="same", activation="relu")),
    "causal": lambda: chain(convolution(padding="causal", dilation_rate=3)),
    "dilated": lambda: chain(convolution(dilation_rate=4, use_bias=False)),
    "same, dilated": lambda: chain(convolution(padding="same", dilation_rate=5)),
    "strides": lambda: chain(convolution(strides=3), layers.ReLU()),
    "same, strides": lambda: chain(convolution(strides=2, padding="same"), convolution(strides=3)),
    "strides wider than kernels": lambda: chain(convolution(strides=6), layers.ReLU()),
    "deep": lambda: chain(*(convolution(activation="relu", padding="same") for _ in range(5))),
    "wide spans": lambda: chain(
        layers.Conv1D(3, 12, activation="relu"), layers.Conv1D(3, 2), layers.Conv1D(2, 2)
    ),
    "pool": lambda: chain(convolution(), layers.MaxPooling1D(5), layers.ReLU()),
    "pool, same": lambda: chain(convolution(), layers.MaxPooling1D(7, padding="same")),
    "pool, overlapping": lambda: chain(convolution(), layers.MaxPooling1D(5, strides=2)),
    "pool, gaps": lambda: chain(convolution(), layers.MaxPooling1D(2, strides=5)),
    "pool the bases": lambda: chain(layers.MaxPooling1D(3, strides=1, padding="same")),
    "mean": lambda: chain(convolution(), layers.AveragePooling1D(4)),
    "mean, same": lambda: chain(convolution(), layers.AveragePooling1D(6, 4, padding="same")),
    "normalised": lambda: chain(convolution(), layers.BatchNormalization(), layers.ReLU()),
    "unscaled": lambda: chain(layers.BatchNormalization(center=False, scale=False)),
    "layer norm": lambda: chain(convolution(), layers.LayerNormalization()),
    "leaky": lambda: chain(convolution(), layers.LeakyReLU(), layers.Dropout(0.5)),
    "capped": lambda: chain(convolution(), layers.ReLU(max_value=0.5, negative_slope=0.1)),
    "elu": lambda: chain(convolution(), layers.ELU(), layers.SpatialDropout1D(0.5)),
    "softmax": lambda: chain(convolution(), layers.Softmax(), layers.Rescaling(3.0, 1.0)),
    "gelu": lambda: chain(convolution(activation="gelu"), layers.GaussianNoise(0.1)),
    "dense": lambda: chain(layers.Dense(6, activation="tanh"), convolution()),
    "padded": lambda: chain(layers.ZeroPadding1D((2, 3)), convolution(activation="sigmoid")),
    "cropped": lambda: chain(convolution(activation="exponential"), layers.Cropping1D((9, 2))),
    "residual": lambda: residual,
    "gated": lambda: gated,
    "nested": lambda: nested,
    "joined": lambda: joined(layers.Concatenate),
    "subtracted": lambda: joined(layers.Subtract),
    "averaged": lambda: joined(layers.Average),
    "larger": lambda: joined(layers.Maximum),
    "smaller": lambda: joined(layers.Minimum),
}
HEADS = {
    "flat": lambda x: layers.Flatten()(x),
    "flat, normalised": lambda x: layers.BatchNormalization()(layers.Flatten()(x)),
    "flat, softmax": lambda x: layers.Activation("softmax")(layers.Flatten()(x)),
    "flat, hidden": lambda x: layers.Dense(7, activation="relu")(
        layers.Dropout(0.1)(layers.ReLU()(layers.Flatten()(x)))
    ),
    "best": lambda x: layers.GlobalMaxPooling1D()(x),
    "best and mean": lambda x: layers.Concatenate()(
        [layers.GlobalMaxPooling1D()(x), layers.GlobalAveragePooling1D()(x)]
    ),
    "kept": lambda x: layers.Flatten()(layers.GlobalAveragePooling1D(keepdims=True)(x)),
}


def network(body, head, seed=0):
    inputs = keras.Input((LENGTH, 4))
    outputs = layers.Dense(2)(HEADS[head](BODIES[body]()(inputs)))
    return randomised(keras.Model(inputs, outputs), seed)


def effects_of_whole_sequences(model, x, starts, filled, target):
    """Score every altered sequence as a whole, less the score of the original."""
    n, n_windows, n_fillings, width = filled.shape[:4]
    altered = np.repeat(x, n_windows * n_fillings, axis=0).astype(np.float32)
    for row, (i, j, k) in zip(altered, np.ndindex(n, n_windows, n_fillings)):
        row[starts[j] : starts[j] + width] = filled[i, j, k]
    scores, originals = (
        np.asarray(model.predict_on_batch(batch.astype(np.float32)))[:, target]
        for batch in (altered, x)
    )
    return scores.reshape(n, n_windows, n_fillings) - originals[:, None, None]


def largest_error(model, *, width=1, stride=1, seed=0, whole=True):
    """Spans of change against whole sequences, in units of the largest effect (or of 0.1)."""
    assert (_spans.unsupported(model) == "") == whole
    rng = np.random.default_rng(seed)
    x = dna.random_sequences(2, LENGTH, rng=rng)
    x[1, 10:13] = 0  # unknown
    starts = np.arange(0, LENGTH - width + 1, stride)
    filled = np.eye(4, dtype=np.uint8)[rng.integers(4, size=(2, len(starts), 2, width))]
    found = _spans.SpanNetwork(model).differences(x, starts, filled, 1)
    expected = effects_of_whole_sequences(model, x, starts, filled, 1)
    return float(np.abs(found - expected).max() / max(0.1, np.abs(expected).max()))


if __name__ == "__main__":
    heads = list(HEADS)
    errors = {
        body: largest_error(network(body, heads[i % len(heads)]), width=1 + i % 3)
        for i, body in enumerate(BODIES)
    }
    print(json.dumps({"backend": keras.backend.backend(), "errors": errors}))
