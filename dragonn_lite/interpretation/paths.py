"""Gradients averaged on the way from a reference to the sequence."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from dragonn_lite._contract import as_count, as_number, as_rng
from dragonn_lite.interpretation import _backend
from dragonn_lite.interpretation._rules import Rule, rebuild
from dragonn_lite.interpretation.explanations import Explanation, checked_network
from dragonn_lite.interpretation.references import References, compare

#: Integrated gradients take no more than this many times the steps they were asked for.
_MOST_TIMES = 16


def integrated_gradients(
    model: keras.Model,
    sequences: np.ndarray,
    *,
    target: int = 0,
    references="uniform",
    n_references: int = 20,
    n_steps: int = 50,
    tolerance: float = 0.01,
    rng=0,
) -> Explanation:
    """Gradients averaged along the straight line from a reference to the sequence.

    They add up to the logit less that of the reference, but for the error of the sum over steps:
    for each sequence the steps are doubled until that error is within the tolerance, or there are
    16 times as many as at first; the error that is left is returned.

    *What it does not show*: how the network treats DNA: the points between are not one-hot.
    Another reference gives other contributions.

    Parameters
    ----------
    model, sequences, target
        As in :func:`slopes.saliency`.
    references : "uniform", "zero", "shuffled" or array
        A quarter of each base, nothing, dinucleotide shuffles of each sequence, or given ones:
        (length, 4), (n_references, length, 4) or (n, n_references, length, 4). Contributions are
        averaged over several.
    n_references : int
        Shuffles of each sequence.
    n_steps : int
        Points on each line, at first.
    tolerance : float
        Largest completeness error, as a share of the logit difference; ``numpy.inf`` for no more
        steps than `n_steps`.
    rng : Generator or int
        Source of the shuffles.

    Returns
    -------
    Explanation
        With hypothetical contributions and the completeness error.

    Raises
    ------
    TypeError, ValueError
        As :func:`slopes.saliency`, or if references, steps or tolerance are not as stated.

    References
    ----------
    Sundararajan et al. 2017, doi:10.48550/arXiv.1703.01365

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.filter_bank(50, rng=0)
    >>> explained = integrated_gradients(model, random_sequences(2, 50, rng=1), references="zero")
    >>> bool((abs(explained.completeness_error) < 0.01).all())
    True
    """
    as_count(n_steps, "n_steps", 1)
    if not as_number(tolerance, "tolerance") >= 0:
        raise ValueError(f"tolerance is {tolerance!r}, expected a number of at least 0")
    network, sequences, logits = checked_network(model, sequences, target)
    compared = References(references, sequences.shape, n_references, rng)
    along = _gradients_along(model, network, target)

    def multipliers(x, against, logits):
        found = _at(along, x, against, n_steps)
        difference = logits - found[0]
        for doubling in range(1, _MOST_TIMES.bit_length()):
            added = np.einsum("nlb,nlb->n", found[1], x) - found[2].sum(axis=1)
            wrong = np.abs(difference - added) > tolerance * np.abs(difference)
            if not wrong.any():
                break
            finer = _in_parts(along, x[wrong], against[wrong], n_steps << doubling, n_steps)
            for old, new in zip(found, finer, strict=True):
                old[wrong] = new
        return found

    contributions, hypothetical, error = compare(
        network, sequences, logits, compared, multipliers, 2 * n_steps * compared.n_each
    )
    return Explanation(
        sequences, contributions, hypothetical, logits, "integrated_gradients", target, error
    )


def expected_gradients(
    model: keras.Model,
    sequences: np.ndarray,
    *,
    target: int = 0,
    references="shuffled",
    n_references: int = 100,
    rng=0,
) -> Explanation:
    """Gradients at one random point on the line to each of many references, averaged.

    In expectation they are integrated gradients, averaged over the references; the completeness
    error is what this sample misses.

    *What it does not show*: the same as :func:`integrated_gradients`; and two runs differ, by
    about as much as the completeness error says.

    Parameters
    ----------
    model, sequences, target
        As in :func:`slopes.saliency`.
    references, n_references, rng
        As in :func:`integrated_gradients`; `rng` also draws the points.

    Returns
    -------
    Explanation
        With hypothetical contributions and the completeness error.

    Raises
    ------
    TypeError, ValueError
        As :func:`integrated_gradients`.

    References
    ----------
    Erion et al. 2021, doi:10.1038/s42256-021-00343-w

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.filter_bank(50, rng=0)
    >>> expected_gradients(model, random_sequences(2, 50, rng=1)).hypothetical.shape
    (2, 50, 4)
    """
    rng = as_rng(rng)
    network, sequences, logits = checked_network(model, sequences, target)
    compared = References(references, sequences.shape, n_references, rng)
    along = _gradients_along(model, network, target)

    def multipliers(x, against, logits):
        return along(x, against, rng.random((*against.shape[:2], 1), np.float32))

    contributions, hypothetical, error = compare(
        network, sequences, logits, compared, multipliers, 4 * compared.n_each
    )
    return Explanation(
        sequences, contributions, hypothetical, logits, "expected_gradients", target, error
    )


def _gradients_along(model, network, target):
    """Compile what :func:`references.compare` asks for, given points on the lines (n, r, k)."""
    return _backend.remembered(
        model, ("along", target), lambda: _compiled_along(rebuild(network, Rule()), target)
    )


def _compiled_along(rebuilt, target):
    halves = rebuilt.halves()
    # What is linear before the first activation is passed once for all points of a line.
    first, tail = halves or (None, rebuilt.network)
    head = first and (lambda x: ops.cast(first(x), "float32"))

    def run(sequences, references, points):
        n_references, n_points = points.shape[1:]
        length = sequences.shape[1]
        references_in_rows = ops.reshape(references, (-1, length, 4))
        end, start = sequences, references_in_rows
        if head is not None:
            end, start = head(end), head(start)
        shape = start.shape[1:]
        of_references = ops.reshape(tail(start)[:, target], (-1, n_references))
        start = ops.reshape(start, (-1, n_references, 1, *shape))
        end = ops.reshape(end, (-1, 1, 1, *shape))
        points = ops.reshape(points, (-1, n_references, n_points, *(1 for _ in shape)))
        between = ops.reshape(start + points * (end - start), (-1, *shape))
        slopes = _backend.value_and_gradient(lambda x: tail(x)[:, target], between)[1]
        slopes = ops.mean(ops.reshape(slopes, (-1, n_points, *shape)), axis=1)
        if head is not None:
            slopes = _backend.value_and_gradient(lambda x: head(x) * slopes, references_in_rows)[1]
        slopes = ops.reshape(slopes, (-1, n_references, length, 4))
        return (
            ops.mean(of_references, axis=1),
            ops.mean(slopes, axis=1),
            ops.sum(slopes * references, axis=(1, 3)) / n_references,
        )

    return _backend.compiled(run, rebuilt.network)


def _at(along, x, against, n_steps, places=None):
    """The same at evenly spread points: the middles of so many equal steps, or some of them."""
    places = np.arange(n_steps) if places is None else places
    points = np.broadcast_to((places + 0.5) / n_steps, (*against.shape[:2], len(places)))
    return [np.array(part) for part in along(x, against, points)]


def _in_parts(along, x, against, n_steps, n_at_once):
    """The same with more steps than memory was reckoned for: every so many of them at a time."""
    n_parts = n_steps // n_at_once
    parts = [
        _at(along, x, against, n_steps, np.arange(i, n_steps, n_parts)) for i in range(n_parts)
    ]
    return [np.mean(part, axis=0) for part in zip(*parts, strict=True)]
