"""The checks behind the contract of :mod:`dragonn_lite`, in one place for every public door."""

from __future__ import annotations

from numbers import Real

import numpy as np


def as_one_hot(x, name: str = "sequences") -> np.ndarray:
    """Check one-hot sequences and return them as ``uint8``.

    Parameters
    ----------
    x : array (n_sequences, length, 4)
        Ones and zeros of any numeric dtype; an all-zero row is an unknown base.
    name : str
        The argument's name, for the message.

    Raises
    ------
    TypeError
        If `x` is text: it has to be encoded first.
    ValueError
        If the shape is another one or a row is not one-hot.
    """
    try:
        x = np.asarray(x)
    except ValueError:
        raise ValueError(
            f"{name} has rows of different lengths, expected (n_sequences, length, 4)"
        ) from None
    if x.size and isinstance(x.flat[0], (str, bytes)):
        raise TypeError(f"{name} is text; encode it first with dna.sequences.one_hot(...)")
    if x.ndim != 3 or x.shape[2] != 4:
        hint = _shape_hint(x.shape)
        raise ValueError(f"{name} has shape {x.shape}, expected (n_sequences, length, 4){hint}")
    if not (np.issubdtype(x.dtype, np.number) or x.dtype == bool):
        raise TypeError(f"{name} has dtype {x.dtype}, expected the zeros and ones of a one-hot")
    with np.errstate(invalid="ignore"):  # NaN and the like are found by the comparison below
        encoded = x if x.dtype == np.uint8 else x.astype(np.uint8)
    total = np.einsum("nlb->nl", encoded)  # (n, length, 4) -> (n, length); 255 + 1 wraps to 0
    valid = total.size == 0 or (encoded.max() <= 1 and total.max() <= 1)
    if not valid or (encoded is not x and not np.array_equal(encoded, x)):
        raise ValueError(
            f"{name} is not one-hot: each row of four must hold a single 1, or only zeros for an "
            "unknown base"
        )
    return encoded


def as_labels(y, n_sequences: int, name: str = "labels") -> np.ndarray:
    """Check labels and return them as ``int8``, of shape (n,) or (n, n_tasks).

    Raises
    ------
    ValueError
        If the number of rows differs from `n_sequences`, or a value is not 1, 0 or -1.
    """
    try:
        y = np.asarray(y)
    except ValueError:
        raise ValueError(f"{name} has rows of different lengths, expected (n, n_tasks)") from None
    if y.ndim not in (1, 2) or len(y) != n_sequences:
        raise ValueError(
            f"{name} has shape {y.shape}, expected ({n_sequences},) or ({n_sequences}, n_tasks): "
            "one row for each sequence"
        )
    if not (np.issubdtype(y.dtype, np.number) or y.dtype == bool):
        raise TypeError(f"{name} has dtype {y.dtype}, expected numbers: 1 bound, 0 unbound")
    allowed = (y == 0) | (y == 1) | (y == -1)
    if not allowed.all():
        raise ValueError(
            f"{name} holds the value {y[~allowed].flat[0]!s}, expected 1 (bound), 0 (unbound) or "
            "-1 (ambiguous); turn a signal into labels by thresholds first"
        )
    return y.astype(np.int8)


def as_labels_and_scores(labels, scores, name: str = "scores") -> tuple[np.ndarray, np.ndarray]:
    """Check labels and their scores and return both in one shape, as ``int8`` and floats.

    ``float32`` and ``float64`` scores stay what they are (ten million are not copied for nothing),
    others become ``float64``. One column (n, 1) on one side and (n,) on the other are the same
    thing: both become (n,). Infinite scores rank like others; ambiguous examples may have any.

    Raises
    ------
    TypeError
        If the scores are no numbers.
    ValueError
        If there is no example, the shapes differ, or a label or score is not allowed.
    """
    try:
        scores = np.asarray(scores)
    except ValueError:
        raise ValueError(f"{name} have rows of different lengths, expected (n, n_tasks)") from None
    if scores.dtype.kind not in "biuf":
        raise TypeError(f"{name} have dtype {scores.dtype}, expected numbers")
    if scores.dtype.type not in (np.float32, np.float64):
        scores = scores.astype(float)  # also: a negated unsigned integer would change its order
    labels = as_labels(labels, len(labels) if np.iterable(labels) else 1)
    if {labels.shape, scores.shape} == {(len(labels),), (len(labels), 1)}:
        labels, scores = labels.ravel(), scores.ravel()
    if labels.shape != scores.shape:
        raise ValueError(
            f"labels have shape {labels.shape} and {name} {scores.shape}, expected the same: "
            "(n,) or (n, n_tasks)"
        )
    if scores.size == 0:
        raise ValueError(f"labels and {name} are empty, expected at least one example")
    broken = np.isnan(scores) & (labels >= 0)
    if broken.any():
        raise ValueError(
            f"{name} hold {int(broken.sum())} values that are NaN; look for a diverged network or "
            "a division by zero"
        )
    return labels, scores


def as_rng(rng) -> np.random.Generator:
    """Return a generator from a generator or an integer seed.

    Raises
    ------
    TypeError
        If `rng` is neither.
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return np.random.default_rng(int(rng))
    raise TypeError(
        f"rng is {rng!r}, expected a non-negative integer seed or a numpy.random.Generator"
    )


def as_count(value, name: str, minimum: int = 0) -> int:
    """Return a whole number of at least `minimum`.

    Raises
    ------
    ValueError
        If `value` is not a whole number or is too small.
    """
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < minimum:
        raise ValueError(f"{name} is {value!r}, expected a whole number of at least {minimum}")
    return int(value)


def as_fraction(value, name: str) -> float:
    """Return a number from 0 to 1.

    Raises
    ------
    ValueError
        If `value` is no such number.
    """
    if not (isinstance(value, Real) and 0 <= value <= 1):
        raise ValueError(f"{name} is {value!r}, expected a number from 0 to 1")
    return float(value)


def as_number(value, name: str, unit: str = "") -> float:
    """Return a number; it may be infinite.

    Raises
    ------
    TypeError
        If `value` is text or something else that is no number.
    ValueError
        If it is NaN.
    """
    expected = f"expected a number{' of ' if unit else ''}{unit}"
    if not isinstance(value, (int, float, np.number)) or isinstance(value, (bool, complex)):
        raise TypeError(f"{name} is {value!r}, {expected}")
    if np.isnan(value):
        raise ValueError(f"{name} is {value!r}, {expected}")
    return float(value)


def _shape_hint(shape: tuple) -> str:
    if len(shape) == 2 and shape[1] == 4:
        return "; add the sequence axis with x[None]"
    if len(shape) == 3 and shape[1] == 4:
        return "; channels come last, see dna.sequences.from_tangermeme(...)"
    if len(shape) == 4 and shape[1:3] == (1, 4):
        return "; see dna.sequences.from_dragonn(...)"
    return ""
