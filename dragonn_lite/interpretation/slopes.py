"""Gradients at the sequence itself: which small change would change the logit."""

from __future__ import annotations

import keras
import numpy as np

from dragonn_lite._contract import as_count, as_number, as_rng
from dragonn_lite.interpretation._rules import Rule
from dragonn_lite.interpretation._signals import compiled_gradient, signal_of, times_input
from dragonn_lite.interpretation.explanations import Explanation, batches, checked_network


def saliency(model: keras.Model, sequences: np.ndarray, *, target: int = 0) -> Explanation:
    """How strongly the logit reacts to a small change at each position, without direction.

    The largest absolute gradient over the four bases, of which one is present.

    *What it does not show*: whether a position speaks for or against. Where the network is
    saturated, as with several sites of which one suffices, gradients vanish with all importance.

    Parameters
    ----------
    model : keras.Model
        A functional or sequential network.
    sequences : array (n, length, 4)
        One-hot sequences.
    target : int
        Which output is explained.

    Returns
    -------
    Explanation
        Its contributions are never negative; `hypothetical` is the gradient.

    Raises
    ------
    TypeError, ValueError
        If the model has no gradients, or sequences or target do not fit it.

    References
    ----------
    Simonyan et al. 2013, doi:10.48550/arXiv.1312.6034

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.one_filter(50, rng=0)
    >>> bool((saliency(model, random_sequences(2, 50, rng=1)).contributions >= 0).all())
    True
    """
    network, sequences, logits = checked_network(model, sequences, target)
    signal, _ = signal_of(model, network, (Rule,), sequences, target)
    # No base, no contribution: (n, length, 4) -> (n, length)
    strength = np.abs(signal).max(axis=2) * sequences.any(axis=2)
    return Explanation(sequences, strength, signal, logits, "saliency", target)


def gradient_times_input(
    model: keras.Model, sequences: np.ndarray, *, target: int = 0
) -> Explanation:
    """Gradient of the logit at the bases that are present.

    *What it does not show*: what a base adds once the network is saturated; nor how the other
    three bases would do, from whose gradients it cannot be told apart from a common shift.

    Parameters
    ----------
    model, sequences, target
        As in :func:`saliency`.

    Returns
    -------
    Explanation
        `hypothetical` is the gradient.

    Raises
    ------
    TypeError, ValueError
        As :func:`saliency`.

    References
    ----------
    Shrikumar et al. 2016, doi:10.48550/arXiv.1605.01713

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.one_filter(50, rng=0)
    >>> explained = gradient_times_input(model, random_sequences(2, 50, rng=1))
    >>> int((explained.contributions != 0).sum(axis=1)[0])  # the best match, 15 bp wide
    15
    """
    network, sequences, logits = checked_network(model, sequences, target)
    signal, _ = signal_of(model, network, (Rule,), sequences, target)
    return times_input(signal, sequences, logits, "gradient_times_input", target)


def smoothgrad(
    model: keras.Model,
    sequences: np.ndarray,
    *,
    target: int = 0,
    noise: float = 0.15,
    n_samples: int = 50,
    rng=0,
) -> Explanation:
    """Gradient times input, the gradient averaged over noisy copies of the input.

    *What it does not show*: how the network treats DNA: the noisy copies are not one-hot, and
    the network never met the like.

    Parameters
    ----------
    model, sequences, target
        As in :func:`saliency`.
    noise : float
        Standard deviation of the normal noise that is added to each of the four channels.
    n_samples : int
        Noisy copies of each sequence.
    rng : Generator or int
        Source of the noise.

    Returns
    -------
    Explanation
        `hypothetical` is the mean gradient.

    Raises
    ------
    TypeError, ValueError
        As :func:`saliency`, or if `noise` is negative or there are no samples.

    References
    ----------
    Smilkov et al. 2017, doi:10.48550/arXiv.1706.03825

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.one_filter(50, rng=0)
    >>> smoothgrad(model, random_sequences(2, 50, rng=1), n_samples=5).contributions.shape
    (2, 50)
    """
    if not 0 <= as_number(noise, "noise") < np.inf:
        raise ValueError(f"noise is {noise!r}, expected a finite number of at least 0")
    as_count(n_samples, "n_samples", 1)
    rng = as_rng(rng)
    network, sequences, logits = checked_network(model, sequences, target)
    gradient, _ = compiled_gradient(model, network, (Rule,), target)
    signal = np.empty(sequences.shape, np.float32)
    for rows in batches(network, *sequences.shape[:2], copies=4 * n_samples):
        copies = np.repeat(sequences[rows].astype(np.float32), n_samples, axis=0)
        copies += np.float32(noise) * rng.standard_normal(copies.shape, np.float32)
        signal[rows] = gradient(copies).reshape(-1, n_samples, *sequences.shape[1:]).mean(axis=1)
    return times_input(signal, sequences, logits, "smoothgrad", target)
