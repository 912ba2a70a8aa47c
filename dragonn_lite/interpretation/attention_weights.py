"""What a network attends to, aligned to the bases. Call these as ``attention.weights(...)``."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd

from dragonn_lite.interpretation._attention import AttentionNetwork, attention_layers, steps_of
from dragonn_lite.interpretation.alignment import bases_read, node_of, spread
from dragonn_lite.interpretation.explanations import (
    Explanation,
    batches,
    check_scores,
    checked_network,
    is_functional,
)


@dataclass(frozen=True, eq=False)
class Attention:
    """Weights of one attention layer for some sequences.

    Attributes
    ----------
    layer : str
        Name of the layer.
    matrix : float32 (n, heads, queries, keys)
        How much each step (query) attends to each step (key); sums to 1 over the keys. A layer
        that pools has a single query.
    starts, stops : int64 (keys,)
        Bases that the step of each key reads, half-open.
    query_starts, query_stops : int64 (queries,) or None
        The same of the queries; None where the layer pools.
    length : int
        Of a sequence in bp.
    """

    layer: str
    matrix: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    query_starts: np.ndarray | None
    query_stops: np.ndarray | None
    length: int

    @property
    def steps(self) -> np.ndarray:
        """Weight that each step receives, the mean over the queries: float32 (n, heads, keys)."""
        return self.matrix.mean(axis=2)

    @property
    def bases(self) -> np.ndarray:
        """The same, shared out evenly among the bases of a step: float32 (n, heads, length).

        What a step of nothing but padding receives lies on no base.
        """
        n, n_heads, n_keys = self.steps.shape
        flat = self.steps.reshape(-1, n_keys)
        return spread(flat, self.starts, self.stops, self.length).reshape(n, n_heads, -1)

    def base_table(self, row: int) -> pd.DataFrame:
        """Of one sequence, to draw: `head`, `position` (bp), `weight` (:attr:`bases`)."""
        bases = self.bases[row]
        head, position = np.indices(bases.shape).reshape(2, -1)
        return pd.DataFrame({"head": head, "position": position, "weight": bases.ravel()})

    def pair_table(self, row: int) -> pd.DataFrame:
        """Of one sequence, to draw: who asks whom, and the weight of each such pair of steps.

        `head`, `query_start`, `query_stop`, `key_start`, `key_stop` (bp, half-open), `weight`.
        """
        if self.query_starts is None:
            raise ValueError(f"layer {self.layer} pools: no steps ask; use base_table")
        matrix = self.matrix[row]
        head, query, key = np.indices(matrix.shape).reshape(3, -1)
        return pd.DataFrame(
            {
                "head": head,
                "query_start": self.query_starts[query],
                "query_stop": self.query_stops[query],
                "key_start": self.starts[key],
                "key_stop": self.stops[key],
                "weight": matrix.ravel(),
            }
        )

    def __repr__(self):
        """Say what there is, in a line."""
        n, n_heads, n_queries, n_keys = self.matrix.shape
        asked = "pooled" if self.query_starts is None else f"asked by {n_queries} steps"
        heads = "1 head" if n_heads == 1 else f"{n_heads} heads"
        return f"Attention({self.layer}: {heads}, {n_keys} steps, {asked}, n = {n})"


def layers(model: keras.Model) -> tuple[str, ...]:
    """Name the attention layers of a network, in its order.

    These are softmax layers along the steps, (n, steps) or (n, steps, heads), and the layers
    ``MultiHeadAttention``, ``Attention`` and ``AdditiveAttention`` of Keras.

    Parameters
    ----------
    model : keras.Model
        A functional or sequential network.

    Returns
    -------
    tuple of str
        Empty where the network has none.

    Raises
    ------
    TypeError
        If the model is no functional or sequential Keras model.

    Examples
    --------
    >>> from dragonn_lite.networks.attention import self_attention
    >>> layers(self_attention(60, rng=0))
    ('attention',)
    """
    if not (isinstance(model, keras.Model) and is_functional(model)):
        raise TypeError(f"model is a {type(model).__name__}, expected a functional Keras model")
    return tuple(attention_layers(keras.Model(model.inputs, model.outputs)))


def weights(model: keras.Model, sequences: np.ndarray, *, layer: str | None = None) -> Attention:
    """Read the weights of an attention layer, aligned to the bases.

    *What it does not show*: why a step is attended to, nor whether the score depends on it;
    :func:`~dragonn_lite.interpretation.faithfulness.faithfulness` tries the latter. A step that a
    recurrent layer or another attention layer made also holds what stands elsewhere.

    Parameters
    ----------
    model : keras.Model
        A functional or sequential network with an attention layer (:func:`layers`).
    sequences : array (n, length, 4)
        One-hot sequences.
    layer : str, optional
        Name of the layer, by default the last one.

    Returns
    -------
    Attention

    Raises
    ------
    TypeError
        If the model is no functional or sequential Keras model.
    ValueError
        If there is no such layer, sequences do not fit, or steps cannot be traced to bases.

    References
    ----------
    Bahdanau, Cho & Bengio 2014, doi:10.48550/arXiv.1409.0473 (steps of a recurrent network);
    Vaswani et al. 2017, doi:10.48550/arXiv.1706.03762 (queries and keys);
    Deming et al. 2016, doi:10.48550/arXiv.1605.07156 (on DNA)

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks.attention import additive_attention
    >>> found = weights(additive_attention(60, rng=0), random_sequences(2, 60, rng=1))
    >>> found
    Attention(attention: 1 head, 11 steps, pooled, n = 2)
    >>> found.bases.shape, bool(np.allclose(found.bases.sum(axis=2), 1))
    ((2, 1, 60), True)
    """
    return read(model, sequences, layer, 0).attention


def reweighted(
    model: keras.Model,
    sequences: np.ndarray,
    matrix: np.ndarray,
    *,
    layer: str | None = None,
    target: int = 0,
) -> np.ndarray:
    """Score sequences with other weights in place of those that the network would choose.

    All else that the layer and the network do stays as it is.

    Parameters
    ----------
    model, sequences, layer
        As in :func:`weights`.
    matrix : float (n, heads, queries, keys)
        As :attr:`Attention.matrix`.
    target : int
        Which output.

    Returns
    -------
    float32 (n,)
        Logits.

    Raises
    ------
    TypeError, ValueError
        As :func:`weights`, or if the weights have another shape or are not finite.

    References
    ----------
    Jain & Wallace 2019, doi:10.18653/v1/N19-1357

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks.attention import additive_attention
    >>> model, x = additive_attention(60, rng=0), random_sequences(2, 60, rng=1)
    >>> own = weights(model, x).matrix
    >>> bool(np.allclose(reweighted(model, x, own), np.asarray(model(x))[:, 0], atol=1e-5))
    True
    """
    return read(model, sequences, layer, target).with_weights(matrix)


def attention(
    model: keras.Model, sequences: np.ndarray, *, target: int = 0, layer: str | None = None
) -> Explanation:
    """Attention weights as if they explained the score: the mean over heads, shared among bases.

    For self-attention, what each step receives on average over the steps that ask.

    *What it does not show*: whether a base speaks for or against, which target it speaks for (all
    share the weights), or whether the score depends on what is attended to.

    Parameters
    ----------
    model, sequences, layer
        As in :func:`weights`.
    target : int
        Of the logits alone; the weights are the same for all.

    Returns
    -------
    Explanation
        Its contributions are never negative.

    Raises
    ------
    TypeError, ValueError
        As :func:`weights`.

    References
    ----------
    Bahdanau, Cho & Bengio 2014, doi:10.48550/arXiv.1409.0473

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks.attention import additive_attention
    >>> attention(additive_attention(60, rng=0), random_sequences(2, 60, rng=1)).method
    'attention'
    """
    found = read(model, sequences, layer, target)
    received = found.attention.bases.mean(axis=1) * found.sequences.any(axis=2)
    return Explanation(
        found.sequences, received.astype(np.float32), None, found.logits, "attention", target
    )


def attention_times_gradient(
    model: keras.Model, sequences: np.ndarray, *, target: int = 0, layer: str | None = None
) -> Explanation:
    """Attention weights, each times how strongly the logit reacts to it, shared among bases.

    Where all that stands behind the weights is linear, as in pooling by attention and in RETAIN,
    this is what each step adds to the logit, exactly: the contributions sum to the logit less that
    with weights of 0. Elsewhere it is a first estimate; `completeness_error` says how far it is off.

    *What it does not show*: why a step is attended to: what the weights themselves depend on.

    Parameters
    ----------
    model, sequences, target, layer
        As in :func:`attention`.

    Returns
    -------
    Explanation

    Raises
    ------
    TypeError, ValueError
        As :func:`weights`.

    References
    ----------
    Choi et al. 2016, doi:10.48550/arXiv.1608.05745 (exact, in RETAIN);
    Serrano & Smith 2019, doi:10.18653/v1/P19-1282 (as a ranking)

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks.attention import retain
    >>> explained = attention_times_gradient(retain(60, rng=0), random_sequences(2, 60, rng=1))
    >>> bool((abs(explained.completeness_error) < 1e-5).all())
    True
    """
    found = read(model, sequences, layer, target)
    own = found.attention
    slopes = found.each_batch(lambda x, given: found.network.slope(x, given)[1], own.matrix)
    added = (own.matrix * slopes).sum(axis=(1, 2))  # (n, heads, queries, keys) -> (n, keys)
    nothing = found.with_weights(np.zeros_like(own.matrix))
    contributions = spread(added, own.starts, own.stops, own.length)
    error = found.logits - nothing - contributions.sum(axis=1, dtype=float)
    return Explanation(
        found.sequences, contributions, None, found.logits, "attention_times_gradient", target,
        error.astype(np.float32),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Reading:
    """Sequences, what a network made of them, and the network itself, whose weights can be set."""

    sequences: np.ndarray
    logits: np.ndarray
    attention: Attention
    network: AttentionNetwork
    model: keras.Model

    def with_weights(self, matrix) -> np.ndarray:
        """Logits with given weights: (n, heads, queries, keys) -> (n,)."""
        matrix = np.asarray(matrix, np.float32)
        if matrix.shape != self.attention.matrix.shape:
            raise ValueError(
                f"matrix has shape {matrix.shape}, expected that of the weights, "
                f"{self.attention.matrix.shape}"
            )
        if not np.isfinite(matrix).all():
            raise ValueError("matrix holds a weight that is not finite")
        logits = self.each_batch(self.network.overrule, matrix)
        check_scores(logits, " with these weights")
        return logits

    def each_batch(self, function, *more):
        """Apply a function of sequences, and of what belongs to them, to all in batches."""
        rows = batches(self.model, *self.sequences.shape[:2], copies=4)
        parts = [function(self.sequences[r], *(each[r] for each in more)) for r in rows]
        return np.concatenate(parts)


def read(model: keras.Model, sequences: np.ndarray, layer: str | None, target: int) -> Reading:
    """Check what is given, and read the weights of a layer."""
    network, sequences, logits = checked_network(model, sequences, target)
    operation = _named(network, layer)
    length = sequences.shape[1]
    keys, queries = steps_of(node_of(network, operation))
    ends = bases_read(network, keys, length=length)
    asked = (None, None) if queries is None else bases_read(network, queries, length=length)
    taken = AttentionNetwork.of(model, network, operation, target)
    parts = [
        taken.read(sequences[rows]) for rows in batches(network, *sequences.shape[:2], copies=4)
    ]
    matrix = np.concatenate(parts)
    check_scores(matrix, " as weights of attention")
    return Reading(
        sequences, logits, Attention(operation.name, matrix, *ends, *asked, length), taken, network
    )


def _named(network, layer):
    found = attention_layers(network)
    if not found:
        raise ValueError(
            f"model {network.name} has no attention layer of its own: no softmax along the steps, "
            "MultiHeadAttention, Attention or AdditiveAttention; take one that attends, such as "
            "networks.attention.additive_attention makes"
        )
    if layer is not None and layer not in found:
        raise ValueError(f"layer is {layer!r}, expected one that attends: {', '.join(found)}")
    return found[layer or list(found)[-1]]
