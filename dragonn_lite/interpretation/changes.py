"""A logit before and after: what every experiment gives, and what experiments share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dragonn_lite.interpretation.explanations import checked

_BASES_AT_ONCE = 1 << 22  # bases made for one call of the model: 16 MB


@dataclass(frozen=True, eq=False)
class Change:
    """A logit before and after a change.

    Attributes
    ----------
    before, after : float32 (n,)

    Examples
    --------
    >>> Change(np.array([1.0]), np.array([3.0])).difference.tolist()
    [2.0]
    """

    before: np.ndarray
    after: np.ndarray

    @property
    def difference(self) -> np.ndarray:
        """What the change added to the logit: float32 (n,)."""
        return self.after - self.before


def logits_of(model: Callable, sequences: np.ndarray, target: int) -> np.ndarray:
    """Score sequences by one output of a model: float32 (n,).

    Examples
    --------
    >>> logits_of(lambda x: x[:, 0, :2], np.array([[[0, 1, 0, 0]]]), 1).tolist()
    [1.0]
    """
    return checked(model, sequences, target)[1]


def parts(n: int, length: int) -> list[slice]:
    """Cut `n` sequences that are yet to be made into parts that fit into memory.

    Examples
    --------
    >>> parts(10_000, 1_000)
    [slice(0, 4194, None), slice(4194, 8388, None), slice(8388, 12582, None)]
    """
    size = max(1, _BASES_AT_ONCE // length)
    return [slice(low, low + size) for low in range(0, n, size)]
