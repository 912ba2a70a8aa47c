"""The steps of training, compiled: the only file of this room that imports a backend."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

_STEPS_FOR_XLA = 400  # what compiling takes, in short steps, with a margin for its memory


def masked_cross_entropy(targets, logits):
    """Mean binary cross-entropy over the labels that count.

    Parameters
    ----------
    targets : tensor (n, 2 * n_tasks)
        The labels of all tasks, then the weights of all labels (0 for those that do not count).
    logits : tensor (n, n_tasks)

    Returns
    -------
    scalar tensor
        Weighted mean, in nats.

    Examples
    --------
    >>> import numpy as np
    >>> loss = masked_cross_entropy(np.array([[1.0, -1.0, 1.0, 0.0]]), np.zeros((1, 2)))
    >>> round(float(loss), 4)  # one label counts, and it costs log 2
    0.6931
    """
    n_tasks = logits.shape[-1]
    targets, logits = ops.cast(targets, "float32"), ops.cast(logits, "float32")
    labels, weights = targets[:, :n_tasks], targets[:, n_tasks:]  # (n, 2 t) -> (n, t) twice
    losses = ops.relu(logits) - logits * labels + ops.softplus(-ops.absolute(logits))
    return ops.sum(weights * losses) / ops.maximum(ops.sum(weights), 1e-7)


def compiled_steps(
    model: keras.Model, optimizer: keras.Optimizer, batch_size: int, n_steps: int
) -> Callable[[np.ndarray, np.ndarray], float]:
    """Return a function that takes one step for each batch of the examples it is given, in order.

    TensorFlow runs all of them in one compiled loop, in about two thirds of the time of
    ``model.fit``; other backends use that. On processors it compiles the steps of recurrent
    networks with XLA. Their layers are loops over the positions, and TensorFlow looks up and
    starts each small operation of each turn anew, forth and back; XLA makes one program of them:
    half the time again, and less where other programs share the cores. Compiling takes as long as
    some 200 short steps, and 80 to 150 MB that are never given back: a training of less than 400
    steps goes without.

    Parameters
    ----------
    model : keras.Model
        Trained in place.
    optimizer : keras.Optimizer
        Built for the model's variables.
    batch_size : int
        Examples in one step.
    n_steps : int
        Steps of the whole training, at most.

    Returns
    -------
    callable
        From sequences uint8 (n, length, 4) and targets float32 (n, 2 * n_tasks) to the mean loss.
    """
    tensorflow = keras.backend.backend() == "tensorflow"
    return (_tensorflow_steps if tensorflow else keras_steps)(model, optimizer, batch_size, n_steps)


def keras_steps(model, optimizer, batch_size, n_steps):
    """Return the same function by ``model.fit``, for every backend."""
    jit = keras.backend.backend() == "jax"
    model.compile(optimizer, masked_cross_entropy, jit_compile=jit)

    def steps(sequences, targets):
        run = model.fit(sequences, targets, batch_size=batch_size, shuffle=False, verbose=0)
        return run.history["loss"][-1]

    return steps


def _tensorflow_steps(model, optimizer, batch_size, n_steps):
    import tensorflow as tf

    length, n_tasks = model.input_shape[1], model.output_shape[-1]
    # Not on a GPU: there the layers call cuDNN, which XLA cannot.
    pays = n_steps >= _STEPS_FOR_XLA and not tf.config.list_physical_devices("GPU")
    xla = pays and _is_recurrent(model)
    # XLA compiles for one size of batch, in seconds. A short last batch is filled up with its last
    # example, of weight 0.
    fills = xla and not _counts_examples(model)

    def filled(x, y):
        rows, n = tf.range(batch_size), tf.shape(x)[0]
        x, y = (tf.gather(part, tf.minimum(rows, n - 1)) for part in (x, y))
        return x, tf.where((rows < n)[:, None], y, 0.0)

    @tf.function(jit_compile=xla)
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = masked_cross_entropy(y, model(tf.cast(x, tf.float32), training=True))
            loss += sum(model.losses)  # of regularised layers
        variables = model.trainable_variables
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    @tf.function(
        input_signature=[
            tf.TensorSpec((None, length, 4), tf.uint8),
            tf.TensorSpec((None, 2 * n_tasks), tf.float32),
        ]
    )
    def steps(sequences, targets):
        n = tf.shape(sequences)[0]
        total = tf.constant(0.0)
        for start in tf.range(0, n, batch_size):
            x = sequences[start : start + batch_size]
            y = targets[start : start + batch_size]
            loss = step(*filled(x, y)) if fills else step(x, y)
            total += loss * tf.cast(tf.shape(x)[0], tf.float32)
        return total / tf.cast(n, tf.float32)

    return lambda sequences, targets: float(steps(sequences, targets))


def _is_recurrent(model):
    return any(isinstance(layer, keras.layers.RNN) for layer in model._flatten_layers())


def _counts_examples(model):
    """Whether examples of weight 0 count: a layer keeps statistics, or its output is regularised."""
    regularised = (layer.activity_regularizer for layer in model._flatten_layers())
    return bool(model.non_trainable_weights) or any(regularised)
