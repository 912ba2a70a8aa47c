"""The smallest mask that destroys a prediction, and the smallest that keeps it."""

from __future__ import annotations

import numpy as np
from keras import ops

from dragonn_lite._contract import as_count, as_number
from dragonn_lite.interpretation import _backend
from dragonn_lite.interpretation.explanations import Explanation, batches, checked_network

_RATE = 0.2  # of Adam, on the mask before its sigmoid
_START = 2.0  # almost all is kept, or almost nothing
_ROUNDED_OFF = 1e-3  # jumps of the mask
_SMALL = 1e-4  # slopes: below it a step is no longer of full length, but fades


def optimal_mask(
    model,
    sequences: np.ndarray,
    *,
    target: int = 0,
    goal: str = "destroy",
    area_weight: float = 1.0,
    smoothness: float = 0.5,
    n_steps: int = 200,
) -> Explanation:
    """Find by gradient descent the smallest mask that destroys, or that keeps, a prediction.

    Where the mask covers, the sequence fades into a quarter of each base. The logit, in units of
    its distance to that of a sequence covered all over, is weighed against the share of positions
    that the mask takes and against its jumps.

    *What it does not show*: how strongly a position acts, for the mask says only whether it is
    needed; and of two sites of which either suffices, the keeping mask shows one.

    Parameters
    ----------
    model : keras.Model
        Functional, from one-hot (n, length, 4) to logits (n, n_tasks).
    sequences : array (n, length, 4)
        One-hot sequences.
    target : int
        Which output is explained.
    goal : str
        "destroy": least covered, logit low; "keep": least left, logit high.
    area_weight : float
        Price of the whole sequence, in units of the distance between the logits.
    smoothness : float
        Price of the mean jump between neighbours, in the same units.
    n_steps : int
        Steps of descent.

    Returns
    -------
    Explanation
        `contributions` are no logits but from 0 to 1: how far each known base is covered
        ("destroy") or left ("keep").

    Raises
    ------
    TypeError
        If the model has no gradients.
    ValueError
        If the goal has another name, or a price is negative.

    References
    ----------
    Fong & Vedaldi 2017, doi:10.1109/ICCV.2017.371

    Examples
    --------
    >>> from dragonn_lite.dna import sequences
    >>> from dragonn_lite.networks import architectures
    >>> x = sequences.random_sequences(2, 50, rng=0)
    >>> found = optimal_mask(architectures.one_filter(50, width_bp=8, rng=0), x, n_steps=5)
    >>> found.contributions.shape
    (2, 50)
    """
    if goal not in ("destroy", "keep"):
        raise ValueError(f"goal is {goal!r}, expected 'destroy' or 'keep'")
    for price, name in ((area_weight, "area_weight"), (smoothness, "smoothness")):
        if as_number(price, name) < 0:
            raise ValueError(f"{name} is {price!r}, expected at least 0")
    as_count(n_steps, "n_steps", 1)
    network, sequences, logits = checked_network(model, sequences, target)
    prices = area_weight, smoothness
    run = _backend.remembered(
        model, ("mask", goal, prices, target), lambda: _compiled_cost(network, goal, prices, target)
    )
    found = np.empty(sequences.shape[:2], np.float32)
    for some in batches(model, len(sequences), sequences.shape[1], copies=2):
        x = sequences[some].astype(np.float32)
        faded = 0.25 * x.any(axis=2, keepdims=True).repeat(4, axis=2).astype(np.float32)
        away = np.asarray(model.predict_on_batch(faded)).reshape(len(x), -1)[:, target]
        scale = np.maximum(np.abs(logits[some] - away), 1e-6)
        start = np.full(x.shape[:2], -_START if goal == "destroy" else _START, np.float32)
        drive = _adam(lambda drive, x=x, scale=scale: run(drive, x, scale)[1], start, n_steps)
        found[some] = x.any(axis=2) / (1 + np.exp(-drive))
    return Explanation(sequences, found, None, logits, "optimal_mask", target)


def _compiled_cost(network, goal, prices, target):
    """Compile the cost of a mask before its sigmoid, and the slope of that."""
    sign = 1.0 if goal == "destroy" else -1.0

    def cost(drive, x, scale):
        taken = ops.sigmoid(drive)  # (n, length)
        covered = taken if goal == "destroy" else 1 - taken
        known = ops.max(x, axis=2, keepdims=True)  # unknown bases stay unknown
        mixed = x + covered[..., None] * (0.25 * known - x)
        score = ops.reshape(network(mixed, training=False), (ops.shape(x)[0], -1))[:, target]
        # Rounded off at 0, where the slope of a size would flip with the last digit.
        jumps = ops.sqrt((taken[:, 1:] - taken[:, :-1]) ** 2 + _ROUNDED_OFF**2)
        jumps = ops.sum(jumps, axis=1) / max(1, x.shape[1] - 1)
        score = ops.cast(score, "float32")
        return sign * score / scale + prices[0] * ops.mean(taken, axis=1) + prices[1] * jumps

    def run(drive, x, scale):
        return _backend.value_and_gradient(lambda drive: cost(drive, x, scale), drive)

    return _backend.compiled(run, network)


def _adam(slope, place, n_steps):
    """Descend `n_steps` times along a gradient (Kingma & Ba 2015, doi:10.48550/arXiv.1412.6980)."""
    mean, square = np.zeros_like(place), np.zeros_like(place)
    for step in range(1, n_steps + 1):
        gradient = slope(place)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        unbiased = mean / (1 - 0.9**step)
        place = place - _RATE * unbiased / (np.sqrt(square / (1 - 0.999**step)) + _SMALL)
    return place.astype(np.float32)
