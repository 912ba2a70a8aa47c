"""Replace the most important bases first. Call these as ``truth.deletion_curve(...)``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_rng
from dragonn_lite.dna.shuffles import dinucleotide_shuffle
from dragonn_lite.interpretation.changes import logits_of
from dragonn_lite.interpretation.explanations import Explanation, checked
from dragonn_lite.interpretation.recovery import as_contributions


@dataclass(frozen=True, eq=False)
class Curve:
    """Logits while positions are exchanged, in the order of contributions and in random order.

    Attributes
    ----------
    kind : "deletion" or "insertion"
    fraction : float (n_steps + 1,)
        Share of the positions exchanged so far, from 0 to 1.
    logits, random : float32 (n, n_steps + 1)
        In the order of the contributions, and in random order.
    """

    kind: str
    fraction: np.ndarray
    logits: np.ndarray
    random: np.ndarray

    @property
    def area(self) -> np.ndarray:
        """Mean logit along the curve: (n,). The better the order, the less for a deletion."""
        return np.trapezoid(self.logits, self.fraction, axis=1)

    @property
    def advantage(self) -> np.ndarray:
        """Mean logit by which the order beats a random one: (n,). 0 is no better than chance."""
        gain = self.area - np.trapezoid(self.random, self.fraction, axis=1)
        return -gain if self.kind == "deletion" else gain

    def table(self) -> pd.DataFrame:
        """Mean over the sequences: `order`, `fraction`, `logit`."""
        orders = {"by contribution": self.logits, "random": self.random}
        return pd.concat(
            pd.DataFrame({"order": name, "fraction": self.fraction, "logit": logits.mean(axis=0)})
            for name, logits in orders.items()
        ).reset_index(drop=True)


def deletion_curve(
    model: Callable,
    explanation: Explanation | np.ndarray,
    sequences: np.ndarray | None = None,
    *,
    n_steps: int = 20,
    n_shuffles: int = 5,
    target: int | None = None,
    rng,
) -> Curve:
    """Replace the most important bases first: the logit should fall at once.

    A base is replaced by what stands in its place after a dinucleotide shuffle of the sequence: no
    base is unknown to the network, and the composition stays. Equal contributions are taken in
    random order. It needs no planted truth, so that it serves on real data.

    *What it does not show*: which of two redundant sites matters; and sequences half exchanged are
    none that the network was trained on.

    Parameters
    ----------
    model : keras.Model or callable
    explanation : Explanation, or float (n, length)
        Contributions of the bases present; the largest comes first.
    sequences : array (n, length, 4), optional
        Needed where `explanation` is an array.
    n_steps : int
        Steps from none to all of the positions.
    n_shuffles : int
        Shuffles, and random orders, of which the mean is taken.
    target : int, optional
        Which output; by default that of the explanation, or 0.
    rng : int or Generator

    Returns
    -------
    Curve

    Raises
    ------
    ValueError
        If the shapes differ, or as :func:`~dragonn_lite.interpretation.explanations.checked`.

    References
    ----------
    Petsiuk, Das & Saenko 2018, doi:10.48550/arXiv.1806.07421;
    Samek et al. 2017, doi:10.1109/TNNLS.2016.2599820

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> x = random_sequences(5, 50, rng=0)
    >>> model = lambda x: x[:, 20:30, 2].sum(axis=1)  # counts G in ten places
    >>> exact = x[:, :, 2] * ((np.arange(50) >= 20) & (np.arange(50) < 30))
    >>> curve = deletion_curve(model, exact, x, rng=0)
    >>> bool((curve.advantage > 0).all())
    True
    """
    return _curve("deletion", model, explanation, sequences, n_steps, n_shuffles, target, rng)


def insertion_curve(
    model: Callable,
    explanation: Explanation | np.ndarray,
    sequences: np.ndarray | None = None,
    *,
    n_steps: int = 20,
    n_shuffles: int = 5,
    target: int | None = None,
    rng,
) -> Curve:
    """Put the most important bases back into a shuffled sequence: the logit should rise at once.

    All else is as for :func:`deletion_curve`.

    *What it does not show*: as there; of redundant sites, the first to be complete suffices.

    Parameters
    ----------
    model, explanation, sequences, n_steps, n_shuffles, target, rng
        As for :func:`deletion_curve`.

    Returns
    -------
    Curve

    Raises
    ------
    ValueError
        As for :func:`deletion_curve`.

    References
    ----------
    Petsiuk, Das & Saenko 2018, doi:10.48550/arXiv.1806.07421

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> x = random_sequences(5, 50, rng=0)
    >>> model = lambda x: x[:, :, 2].sum(axis=1)  # counts G
    >>> bool((insertion_curve(model, x[:, :, 2], x, rng=0).advantage > 0).all())
    True
    """
    return _curve("insertion", model, explanation, sequences, n_steps, n_shuffles, target, rng)


def _curve(kind, model, explanation, sequences, n_steps, n_shuffles, target, rng):
    if isinstance(explanation, Explanation):
        sequences = explanation.sequences if sequences is None else sequences
        target = explanation.target if target is None else target
    if sequences is None:
        raise ValueError("sequences are not given, and contributions alone do not hold them")
    target = target or 0
    sequences, _ = checked(model, sequences, target)
    contributions = as_contributions(explanation, sequences)
    length = sequences.shape[1]
    n_steps, n_shuffles = as_count(n_steps, "n_steps", 1), as_count(n_shuffles, "n_shuffles", 1)
    counts = np.unique(np.linspace(0, length, n_steps + 1).round().astype(int))
    rng = as_rng(rng)
    logits = np.zeros((2, len(sequences), len(counts)))
    for _ in range(n_shuffles):
        shuffled = dinucleotide_shuffle(sequences, rng=rng)
        begin, end = (sequences, shuffled) if kind == "deletion" else (shuffled, sequences)
        for row, values in zip(logits, (contributions, np.zeros_like(contributions)), strict=True):
            place = _places(values, rng)
            for step, count in enumerate(counts):
                x = np.where((place < count)[..., None], end, begin)
                row[:, step] += logits_of(model, x, target)
    by_contribution, random = (logits / n_shuffles).astype(np.float32)
    return Curve(kind, counts / length, by_contribution, random)


def _places(values, rng):
    """Place of each position in the order from the largest value on; ties in random order."""
    order = np.lexsort((rng.random(values.shape), -values), axis=1)
    return order.argsort(axis=1)
