"""Scores of a model, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dragonn_lite._contract import as_count, as_one_hot

#: Bases in one batch: large enough to keep two cores busy, small enough for 2 GB of memory.
_BASES_AT_ONCE = 500_000

#: Activations and layers that turn logits into probabilities.
_PROBABILITIES = ("sigmoid", "hard_sigmoid", "softmax")


def predict(
    model: Callable,
    sequences: np.ndarray,
    *,
    batch_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Score sequences with a Keras model, or with any callable.

    Parameters
    ----------
    model : keras.Model or callable
        From one-hot (n, length, 4) to scores (n,) or (n, n_tasks).
    sequences : array (n, length, 4)
        One-hot sequences.
    batch_size : int, optional
        Sequences at a time; by default about half a million bases.
    progress : callable, optional
        Called with the number of sequences done and the number of all, after each batch.

    Returns
    -------
    float32 (n,) or (n, n_tasks)
        The scores; a single task has no second axis.

    Raises
    ------
    ValueError
        If the sequences are not of the length that the model reads, there are none, or the model
        does not give one row of scores for each.

    Examples
    --------
    >>> from dragonn_lite.dna import sequences
    >>> predict(lambda x: x[:, :, 2].sum(axis=1), sequences.one_hot(["GGA", "ACG"])).tolist()
    [2.0, 1.0]
    """
    sequences = as_one_hot(sequences)
    n, length = sequences.shape[:2]
    if not n:
        raise ValueError("sequences is empty, expected at least one")
    if not length:
        raise ValueError(f"sequences has shape {sequences.shape}, expected at least one base each")
    shape = getattr(model, "input_shape", None)
    expected = shape[1] if isinstance(shape, tuple) and len(shape) == 3 else None
    if expected not in (None, length):
        raise ValueError(
            f"sequences are {length} bp long, but the model reads {expected} bp; bring them to "
            f"that length with dna.sequences.one_hot(..., length={expected})"
        )
    if batch_size is None:
        batch_size = max(1, _BASES_AT_ONCE // length)
    as_count(batch_size, "batch_size", 1)
    compiled = hasattr(model, "predict_on_batch")
    score = model.predict_on_batch if compiled else model
    scores = []
    for low in range(0, n, batch_size):
        batch = sequences[low : low + batch_size].astype(np.float32)
        # A short last batch is filled up, so that a compiled model meets one shape only.
        fill = batch_size - len(batch) if low and compiled else 0
        padded = np.pad(batch, ((0, fill), (0, 0), (0, 0))) if fill else batch
        scored = np.asarray(score(padded), np.float32)
        if scored.shape[:1] != (len(padded),):
            raise ValueError(
                f"the model gave scores of shape {scored.shape} for {len(padded)} sequences, "
                "expected one row for each"
            )
        scores.append(scored[: len(batch)])
        if progress is not None:
            progress(min(low + batch_size, n), n)
    joined = np.concatenate(scores)
    return joined[:, 0] if joined.ndim == 2 and joined.shape[1] == 1 else joined


def probability_end(model) -> str | None:
    """Name the activation by which a Keras model gives probabilities; None if it gives logits.

    Parameters
    ----------
    model : keras.Model
        Anything else gives None.

    Examples
    --------
    >>> import keras
    >>> inputs = keras.Input((4,))
    >>> probability_end(keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(inputs)))
    'sigmoid'
    """
    last = model
    while layers := getattr(last, "layers", None):
        last = layers[-1]
    name = getattr(getattr(last, "activation", last), "__name__", type(last).__name__.lower())
    return name if name in _PROBABILITIES else None
