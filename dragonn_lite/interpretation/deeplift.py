"""DeepLIFT: what a difference from a reference contributes, complete by construction."""

from __future__ import annotations

import warnings

import keras
import numpy as np
from keras import layers, ops

from dragonn_lite.interpretation import _backend
from dragonn_lite.interpretation._differences import Differences
from dragonn_lite.interpretation._rules import rebuild
from dragonn_lite.interpretation.explanations import Explanation, checked_network
from dragonn_lite.interpretation.references import References, compare

#: Layers whose following activations RevealCancel treats.
_CANCELLED = {
    "rescale": (),
    "revealcancel": (layers.Dense, layers.Conv1D),
    "genomics": (layers.Dense,),
}


def deeplift(
    model: keras.Model,
    sequences: np.ndarray,
    *,
    target: int = 0,
    rule: str = "genomics",
    references="shuffled",
    n_references: int = 20,
    rng=0,
) -> Explanation:
    """Contributions by DeepLIFT: differences from a reference, shared out layer by layer.

    They add up to the logit less that of the reference, whatever saturates in between. Over
    several references contributions are averaged, which is known as DeepSHAP.

    Dense layers, convolutions, normalisations, pooling, every activation, sums, products and
    maxima of tensors have exact rules. Other layers (recurrent ones, attention, your own) are
    followed along the straight path from reference to sequence; where that leaves an error, a
    warning names them.

    *What it does not show*: what the network would do with another sequence. The contributions
    are those of this difference to these references, and another reference may tell another story.
    Rescale gives nothing to inputs that cancel each other; RevealCancel does.

    Parameters
    ----------
    model : keras.Model
        A functional or sequential network.
    sequences : array (n, length, 4)
        One-hot sequences.
    target : int
        Which output is explained.
    rule : "genomics", "rescale" or "revealcancel"
        How activations share out a difference. "genomics" takes Rescale after convolutions and
        RevealCancel after dense layers. RevealCancel needs the linear layer directly before the
        activation, or only a normalisation or dropout in between, or a max pooling, with which an
        activation that never falls changes places; elsewhere Rescale is taken.
    references : "shuffled", "uniform", "zero" or array
        Dinucleotide shuffles of each sequence, a quarter of each base, nothing, or given ones:
        (length, 4), (n_references, length, 4) or (n, n_references, length, 4).
    n_references : int
        Shuffles of each sequence.
    rng : Generator or int
        Source of the shuffles.

    Returns
    -------
    Explanation
        With hypothetical contributions and the completeness error.

    Raises
    ------
    TypeError
        If the model has no gradients.
    ValueError
        If sequences, target, rule or references are not as stated.

    Warns
    -----
    UserWarning
        If contributions do not add up, with the layers at fault and the error.

    References
    ----------
    Shrikumar et al. 2017, doi:10.48550/arXiv.1704.02685; Lundberg & Lee 2017,
    doi:10.48550/arXiv.1705.07874

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.dragonn_one_layer(100, rng=0)
    >>> explained = deeplift(model, random_sequences(3, 100, rng=1), references="uniform")
    >>> explained.contributions.shape
    (3, 100)
    >>> bool((abs(explained.completeness_error) < 1e-5).all())
    True
    """
    if rule not in _CANCELLED:
        raise ValueError(f"rule is {rule!r}, expected one of {', '.join(map(repr, _CANCELLED))}")
    network, sequences, logits = checked_network(model, sequences, target)
    compared = References(references, sequences.shape, n_references, rng)

    def compile_():
        differences = Differences(compared.n_each, _CANCELLED[rule])
        rebuilt = rebuild(network, differences).network
        return _multipliers(rebuilt, compared.n_each, target), differences

    key = ("deeplift", rule, compared.n_each, target)
    run, differences = _backend.remembered(model, key, compile_)
    contributions, hypothetical, error = compare(
        network, sequences, logits, compared,
        lambda x, against, _: run(x, against), 4 * (compared.n_each + 1),
    )  # fmt: skip
    _warn(error, contributions, sorted(set(differences.approximated)))
    return Explanation(
        sequences, contributions, hypothetical, logits, f"deeplift ({rule})", target, error
    )


def _multipliers(network, n_references, target):
    """Compile what :func:`references.compare` asks for."""

    def run(sequences, references):
        length = sequences.shape[1]
        rows = ops.concatenate([sequences[:, None], references], axis=1)
        rows = ops.reshape(rows, (-1, length, 4))  # a sequence, then its references
        scores, multipliers = _backend.value_and_gradient(lambda x: network(x)[:, target], rows)
        multipliers = ops.reshape(multipliers, (-1, n_references + 1, length, 4))[:, 1:]
        scores = ops.reshape(scores, (-1, n_references + 1))
        return (
            ops.mean(scores[:, 1:], axis=1),
            ops.mean(multipliers, axis=1),
            ops.sum(multipliers * references, axis=(1, 3)) / n_references,
        )

    return _backend.compiled(run, network)


def _warn(error, contributions, approximated):
    size = np.abs(contributions).sum(axis=1)
    if (np.abs(error) <= 1e-4 * size + 1e-6).all():
        return
    named = f"; no exact rule for layers {', '.join(approximated)}" if approximated else ""
    warnings.warn(
        f"contributions miss the logit difference by up to {np.abs(error).max():.2g}{named}; see "
        "completeness_error",
        stacklevel=3,
    )
