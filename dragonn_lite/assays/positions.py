"""Where a block of sites may start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dragonn_lite._contract import as_count


@dataclass(frozen=True)
class Position:
    """Where a block may start.

    Parameters
    ----------
    words : str
        As it is said in a description: "anywhere", "inside the central 150 bp".
    weights : callable
        From the sequence length and the block's width, both in bp, to the weight of each
        start 0, 1, ..., length - width (an array, not negative).

    Examples
    --------
    >>> ends = Position("at the ends", lambda length, width: [1] + [0] * (length - width - 1) + [1])
    >>> ends.probabilities(length=4, width=1).tolist()
    [0.5, 0.0, 0.0, 0.5]
    """

    words: str
    weights: Callable[[int, int], np.ndarray]

    def probabilities(self, length: int, width: int) -> np.ndarray:
        """Probability of each start, shape (length - width + 1,).

        Raises
        ------
        ValueError
            If no start has room for the block, or the weights are not one a start.
        """
        weights = np.asarray(self.weights(length, width), float) if width <= length else np.zeros(0)
        if weights.shape != (max(length - width + 1, 0),) or not (weights >= 0).all():
            raise ValueError(
                f"the weights {self.words} have shape {weights.shape} or hold a negative value, "
                f"expected one of at least 0 for each of {length - width + 1} starts"
            )
        total = weights.sum()
        if total <= 0:
            raise ValueError(
                f"a block of {width} bp has no room {self.words} of a sequence of {length} bp; "
                "make length larger or plant less"
            )
        return weights / total


def anywhere() -> Position:
    """Every start with room for the whole block, all as probable.

    Examples
    --------
    >>> anywhere().probabilities(length=12, width=8).tolist()
    [0.2, 0.2, 0.2, 0.2, 0.2]
    """
    return Position("anywhere", lambda length, width: np.ones(length - width + 1))


def at(start: int) -> Position:
    """Always at the same start (0-based).

    Examples
    --------
    >>> at(2).probabilities(length=10, width=8).tolist()
    [0.0, 0.0, 1.0]
    """
    as_count(start, "start")
    return Position(f"at position {start}", lambda length, width: _starts(length, width) == start)


def normal(mean_bp: float, sd_bp: float) -> Position:
    """Block centres from a normal distribution, in bp from the sequence's start.

    Examples
    --------
    >>> normal(50, 10).probabilities(length=100, width=10).argmax().item()
    45
    """
    if not sd_bp > 0:
        raise ValueError(f"sd_bp is {sd_bp!r}, expected a positive number of bp")

    def weights(length, width):
        z = (_starts(length, width) + width / 2 - mean_bp) / sd_bp
        return np.exp(-0.5 * (z**2 - (z**2).min()))  # relative to the best start: no underflow

    return Position(f"around position {mean_bp:g} (sd {sd_bp:g} bp)", weights)


def inside_centre(size_bp: int) -> Position:
    """Whole block inside the central `size_bp` base pairs.

    Examples
    --------
    >>> inside_centre(4).probabilities(length=8, width=3).tolist()
    [0.0, 0.0, 0.5, 0.5, 0.0, 0.0]
    """
    as_count(size_bp, "size_bp", 1)
    return Position(
        f"inside the central {size_bp} bp",
        lambda length, width: _is_central(length, width, size_bp),
    )


def outside_centre(size_bp: int) -> Position:
    """No base of the block inside the central `size_bp` base pairs.

    Examples
    --------
    >>> outside_centre(4).probabilities(length=8, width=2).tolist()
    [0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5]
    """
    as_count(size_bp, "size_bp", 1)

    def weights(length, width):
        low = (length - size_bp) // 2
        start = _starts(length, width)
        return (start + width <= low) | (start >= low + size_bp)

    return Position(f"outside the central {size_bp} bp", weights)


def _starts(length, width):
    return np.arange(length - width + 1)


def _is_central(length, width, size_bp):
    low = (length - size_bp) // 2
    start = _starts(length, width)
    return (start >= low) & (start + width <= low + size_bp)
