"""Explanations by change: alter the sequence, look at the score again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dragonn_lite._contract import as_count, as_one_hot
from dragonn_lite.networks.prediction import predict


def in_silico_mutagenesis(
    model: Callable,
    sequences: np.ndarray,
    *,
    target: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """Score every base at every position, exactly: one prediction for each possible mutation.

    The effect of a mutation is the difference of two entries of a row: those of the new base and
    of the old one. The contribution of the base present, relative to the mean of all four, is
    ``contributions.project(result, sequences)``.

    *What it does not show*: what two mutations do together. Where either of two sites suffices,
    a change in one of them alters nothing, and both look unimportant.

    Parameters
    ----------
    model : keras.Model or callable
        From one-hot (n, length, 4) to logits (n,) or (n, n_tasks).
    sequences : array (n, length, 4)
        One-hot sequences.
    target : int
        Which output is explained.
    progress : callable, optional
        Called with the number of sequences done and the number of all.

    Returns
    -------
    float32 (n, length, 4)
        Logit with that base at that position, less the mean over the four bases there.

    Raises
    ------
    ValueError
        If the model has no such target, or reads another length.

    References
    ----------
    Zhou & Troyanskaya 2015, doi:10.1038/nmeth.3547

    Examples
    --------
    >>> from dragonn_lite.dna import sequences
    >>> scores = in_silico_mutagenesis(lambda x: x[:, 0, 2], sequences.one_hot("GA"))
    >>> scores[0].tolist()  # only a G at the first position counts
    [[-0.25, -0.25, 0.75, -0.25], [0.0, 0.0, 0.0, 0.0]]
    """
    sequences = as_one_hot(sequences)
    as_count(target, "target")
    n, length = sequences.shape[:2]
    scores = np.empty(sequences.shape, np.float32)
    position, base = np.divmod(np.arange(4 * length), 4)
    for i, sequence in enumerate(sequences):
        mutants = np.repeat(sequence[None], 4 * length, axis=0)  # (4 length, length, 4)
        mutants[np.arange(4 * length), position] = np.eye(4, dtype=np.uint8)[base]
        logits = predict(model, mutants).reshape(4 * length, -1)
        if target >= logits.shape[1]:
            raise ValueError(
                f"target is {target}, but the model has {logits.shape[1]} outputs; the first one "
                "is target 0"
            )
        scores[i] = logits[:, target].reshape(length, 4)
        if progress is not None:
            progress(i + 1, n)
    return scores - scores.mean(axis=2, keepdims=True)
