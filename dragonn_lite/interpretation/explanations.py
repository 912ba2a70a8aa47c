"""What every explanation returns, and what every method checks before it begins."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import numpy as np

from dragonn_lite._contract import as_count, as_one_hot
from dragonn_lite.networks.prediction import predict, probability_end

#: Numbers that a network may hold for one batch: 128 MB of float32.
_NUMBERS_AT_ONCE = 1 << 25


@dataclass(frozen=True, eq=False)
class Explanation:
    """Contributions of the bases of some sequences to one logit of a model.

    Attributes
    ----------
    sequences : uint8 (n, length, 4)
        What was explained.
    contributions : float32 (n, length)
        Of the bases present; positive pushes the logit up. Where the base is unknown it is 0, or,
        against a reference that knows one there, what is lost with it; where a network is followed
        step by step (temporal output, LSTM decomposition, attention times gradient), what the step
        adds.
    hypothetical : float32 (n, length, 4) or None
        Score of every possible base, where the method gives it.
    logits : float32 (n,)
        Of the target.
    method : str
        Name of the method.
    target : int
        Which output of the model was explained.
    completeness_error : float32 (n,) or None
        Logit difference to the reference less the sum of the contributions, where the method
        promises that they are equal; None where it promises nothing.
    standard_error : float32 (n, length) or None
        Of each contribution, where the method draws and reckons how far that may be off.
    """

    sequences: np.ndarray
    contributions: np.ndarray
    hypothetical: np.ndarray | None
    logits: np.ndarray
    method: str
    target: int
    completeness_error: np.ndarray | None = None
    standard_error: np.ndarray | None = None

    def __repr__(self):
        """Say what there is, in a line: the numbers themselves would fill pages."""
        held = (
            f"{name} {getattr(self, name).shape}"
            for name in ("contributions", "hypothetical", "logits", "standard_error")
            if getattr(self, name) is not None
        )
        error = self.completeness_error
        last = () if error is None else (f"completeness_error up to {np.abs(error).max():.1g}",)
        return f"Explanation({self.method}, target {self.target}: {', '.join([*held, *last])})"


def checked(model: Callable, sequences: np.ndarray, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Check what every method is given, and score the sequences.

    Parameters
    ----------
    model : keras.Model or callable
        From one-hot (n, length, 4) to logits (n,) or (n, n_tasks).
    sequences : array (n, length, 4)
        One-hot sequences.
    target : int
        Which output is explained.

    Returns
    -------
    sequences : uint8 (n, length, 4)
    logits : float32 (n,)
        Of the target.

    Raises
    ------
    TypeError
        If the model cannot be called.
    ValueError
        If the sequences are not one-hot, empty, a single one without its axis, or of another
        length than the model reads; or the model has no such target, or its scores are not finite.

    Warns
    -----
    UserWarning
        If the model ends in a sigmoid or softmax: its scores are no logits.

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> checked(lambda x: x[:, 0, 2], one_hot(["GA", "CA"]), 0)[1].tolist()
    [1.0, 0.0]
    """
    shape = getattr(sequences, "shape", ())
    if len(shape) == 2 and shape[1] == 4:
        raise ValueError(
            f"sequences has shape {shape}, one sequence without its axis; pass sequences[None]"
        )
    sequences = as_one_hot(sequences)
    as_count(target, "target")
    if not callable(model):
        raise TypeError(f"model is {model!r}, expected a Keras model or a callable")
    if isinstance(model, keras.Model):
        _check_ends(model)
        if end := probability_end(model):
            warnings.warn(
                f"model {model.name} ends in {end}: what is explained are probabilities, which "
                "hardly move where they are near 0 or 1; leave out its last activation",
                stacklevel=3,
            )
    logits = predict(model, sequences)
    if logits.ndim > 2:
        raise ValueError(
            f"model gives scores of shape {logits.shape}, expected (n,) or (n, n_tasks)"
        )
    logits = logits.reshape(len(sequences), -1)
    if target >= logits.shape[1]:
        outputs = "1 output" if logits.shape[1] == 1 else f"{logits.shape[1]} outputs"
        raise ValueError(
            f"target is {target}, but the model has {outputs}; the first one is target 0"
        )
    logits = logits[:, target]
    check_scores(logits)
    return sequences, logits


def check_scores(scores: np.ndarray, given: str = "") -> None:
    """Raise a ValueError if a model gives scores that are not finite, and say for what.

    Examples
    --------
    >>> check_scores(np.array([1.0, 2.0]))
    """
    n = int((~np.isfinite(scores)).sum())
    if n:
        raise ValueError(
            f"model gives {n} scores that are not finite{given}; look for a diverged network or a "
            "division by zero"
        )


def checked_network(
    model: keras.Model, sequences: np.ndarray, target: int
) -> tuple[keras.Model, np.ndarray, np.ndarray]:
    """Check the same for a method that follows what layers do: it needs those of a network.

    Returns
    -------
    network : keras.Model
        The same layers as a functional model.
    sequences : uint8 (n, length, 4)
    logits : float32 (n,)
        Of the target.

    Raises
    ------
    TypeError
        If the model is no functional or sequential Keras model.
    ValueError
        As :func:`checked`.

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> checked_network(len, one_hot(["GA", "CA"]), 0)
    Traceback (most recent call last):
      ...
    TypeError: model is a builtin_function_or_method, whose layers are not known; pass a
    functional Keras model, or choose a method that needs scores alone, such as
    in_silico_mutagenesis
    """
    network = _as_functional(model)
    if network is None:
        raise TypeError(
            f"model is a {type(model).__name__}, whose layers are not known; pass a functional "
            "Keras model, or choose a method that needs scores alone, such as "
            "in_silico_mutagenesis"
        )
    for inputs in network.inputs:
        if not keras.backend.is_float_dtype(inputs.dtype):
            raise TypeError(
                f"model {network.name} reads {inputs.dtype}, through which no gradient comes back; "
                "give it a float32 keras.Input, or use a method of interpretation.perturbation"
            )
    return network, *checked(model, sequences, target)


def batches(model: Callable, n: int, length: int, *, copies: int = 1) -> Iterator[slice]:
    """Cut `n` sequences into batches that fit into memory.

    Parameters
    ----------
    model : keras.Model or callable
        Its layers say how many numbers a sequence needs; a callable is taken to need 64 a base.
    n : int
        Number of sequences.
    length : int
        Their length in bp.
    copies : int
        Inputs that the network sees at once for each of them: mutants, references, steps.

    Yields
    ------
    slice
        Of consecutive sequences, at least one in each.

    Examples
    --------
    >>> list(batches(len, 5, 1_000, copies=200))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    size = max(1, _NUMBERS_AT_ONCE // (numbers_each(model, length) * copies))
    size = -(-n // max(1, -(-n // size)))  # as few batches, but of one size
    for low in range(0, n, size):
        yield slice(low, min(low + size, n))


def numbers_each(model: Callable, length: int) -> int:
    """Numbers that a model holds for one sequence: its input and what its layers give.

    Examples
    --------
    >>> numbers_each(len, 100)
    6400
    """
    if not isinstance(model, keras.Model):
        return 64 * length
    return 4 * length + sum(_numbers_of_layer(layer, length) for layer in model.layers)


def _numbers_of_layer(layer, length):
    if isinstance(layer, keras.Model):
        return numbers_each(layer, length)
    try:
        outputs = keras.tree.flatten(layer.output)
    except AttributeError:  # used more than once in the network, or not yet
        return 64 * length
    return sum(math.prod(size or length for size in output.shape[1:]) for output in outputs)


def is_functional(model: keras.Model) -> bool:
    """Whether what a Keras model does is its graph, and not code of its own.

    Examples
    --------
    >>> is_functional(keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]))
    True
    """
    return bool(getattr(model, "inputs", None)) and type(model).call.__module__.startswith("keras.")


def _as_functional(model):
    """The graph of a network, or None where Keras knows none."""
    if not isinstance(model, keras.Model) or not is_functional(model):
        return None
    try:
        ends = [x[0] if len(x) == 1 else x for x in (model.inputs, model.outputs)]
        if len(model.outputs) == 1 and len(ends[1].shape) == 1:  # (n,) -> (n, 1)
            ends[1] = keras.ops.expand_dims(ends[1], 1)
        return keras.Model(*ends, name=model.name)
    except (AttributeError, TypeError, ValueError):
        return None


def _check_ends(model: keras.Model) -> None:
    network = _as_functional(model)
    if network is None:
        return  # what it gives is checked when it has given it
    for side, tensors in (("inputs", network.inputs), ("outputs", network.outputs)):
        if len(tensors) != 1:
            raise ValueError(
                f"model {model.name} has {len(tensors)} {side}, expected one; wrap it in a "
                "keras.Model with one input, the sequence, and one output, the logits"
            )
    shape = tuple(network.inputs[0].shape)
    if len(shape) != 3 or shape[2] != 4:
        raise ValueError(f"model {model.name} reads shape {shape}, expected (n, length, 4)")
