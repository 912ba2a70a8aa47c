"""What a network says while it reads: its output after every prefix of a sequence."""

from __future__ import annotations

import keras
import numpy as np

from dragonn_lite._contract import as_count
from dragonn_lite.interpretation._cuts import outputs_of_parts
from dragonn_lite.interpretation.alignment import spread
from dragonn_lite.interpretation.explanations import Explanation, batches, checked_network


def temporal_output(
    model: keras.Model, sequences: np.ndarray, *, target: int = 0, direction: str = "forward"
) -> np.ndarray:
    """Logit after each prefix of a sequence, or of each suffix, without running each of them.

    What a memory has read does not change when it reads on, nor does what a convolution sees or
    what was the best match so far: one pass gives all prefixes. Only a memory that begins where the
    sequence is cut (the backward one of a bidirectional layer) reads again for each of them, all
    prefixes at once. The numbers are those that the network gives for the prefix alone.

    *What it does not show*: what a base contributes. A motif moves the output at its last bases,
    where it is recognised; and what the output would be had a base been another one is not asked.

    Parameters
    ----------
    model : keras.Model
        A functional or sequential network: of dense, recurrent and normalising layers,
        convolutions and pooling without padding at the cut, and global pooling.
    sequences : array (n, length, 4)
        One-hot sequences.
    target : int
        Which output is followed.
    direction : "forward" or "backward"
        Prefixes, or suffixes.

    Returns
    -------
    float32 (n, length)
        At each base the logit of the sequence up to it, the base included; for suffixes of the
        sequence from it on. A part too short for a single step of the memory gives the logit of a
        memory of zeros, in which nothing has been read.

    Raises
    ------
    TypeError
        If the model is no functional Keras model.
    ValueError
        If a layer has no exact answer for a prefix, such as attention, padding that depends on the
        length, or weights for every position; or arguments are not as stated.

    References
    ----------
    Lanchantin et al. 2017, doi:10.1142/9789813207813_0025

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import recurrent
    >>> model = recurrent.recurrent_reader(50, n_units=4, rng=0)
    >>> x = random_sequences(2, 50, rng=1)
    >>> found = temporal_output(model, x)
    >>> found.shape
    (2, 50)
    >>> bool(np.allclose(found[:, -1], model.predict(x, verbose=0)[:, 0], atol=1e-5))
    True
    """
    _, _, outputs = _outputs(model, sequences, target, direction)
    return outputs[:, 1:] if direction == "forward" else outputs[:, :0:-1]


def temporal_increments(
    model: keras.Model,
    sequences: np.ndarray,
    *,
    target: int = 0,
    direction: str = "forward",
    width_bp: int = 1,
) -> Explanation:
    """By how much each base moved the logit when it was read: differences of the temporal output.

    They add up to the logit less that of a memory in which nothing has been read.

    *What it does not show*: what earlier bases had prepared. The base at which the memory
    recognises a motif gets it all (`width_bp` shares it out among those just before, blindly), and
    one that is needed later gets nothing.

    Parameters
    ----------
    model, sequences, target, direction
        As in :func:`temporal_output`.
    width_bp : int
        Bases among which a difference is shared out evenly, in bp: the one that was read last, and
        those read just before it.

    Returns
    -------
    Explanation
        With the completeness error.

    Raises
    ------
    TypeError, ValueError
        As :func:`temporal_output`, or if the width is no whole number of at least 1.

    References
    ----------
    Lanchantin et al. 2017, doi:10.1142/9789813207813_0025

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import recurrent
    >>> model = recurrent.recurrent_reader(50, n_units=4, rng=0)
    >>> temporal_increments(model, random_sequences(2, 50, rng=1)).contributions.shape
    (2, 50)
    """
    as_count(width_bp, "width_bp", 1)
    sequences, logits, outputs = _outputs(model, sequences, target, direction)
    length = sequences.shape[1]
    read = np.arange(length)  # (n, length) in the order of reading, and then of the bases
    moved = spread(np.diff(outputs, axis=1), (read - width_bp + 1).clip(0), read + 1, length)
    moved = moved if direction == "forward" else moved[:, ::-1]
    error = logits - outputs[:, 0] - moved.sum(axis=1)
    return Explanation(sequences, moved, None, logits, "temporal_output", target, error)


def _outputs(model, sequences, target, direction):
    """Sequences, logits, and the outputs for parts of every length, (n, length + 1)."""
    if direction not in ("forward", "backward"):
        raise ValueError(f"direction is {direction!r}, expected 'forward' or 'backward'")
    network, sequences, logits = checked_network(model, sequences, target)
    n, length = sequences.shape[:2]
    try:
        found = [
            outputs_of_parts(network, sequences[rows], direction == "backward")[:, :, target]
            for rows in batches(network, n, length, copies=4)
        ]
    except NotImplementedError as reason:
        raise ValueError(
            f"model {network.name} cannot be followed prefix by prefix: {reason}"
        ) from None
    return sequences, logits, np.concatenate(found)
