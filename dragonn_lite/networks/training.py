"""Training: one loop that stops early, can be interrupted or killed, and tells its story."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_labels, as_one_hot, as_rng
from dragonn_lite.networks._backend import compiled_steps
from dragonn_lite.networks._run import Batches, Run
from dragonn_lite.networks.prediction import predict, probability_end


@dataclass(frozen=True)
class Settings:
    """How a network is trained. The defaults were chosen by ``tests/benchmarks/bench_training.py``.

    Parameters
    ----------
    batch_size : int
        Sequences in one step.
    learning_rate : float
        Adam's largest step size; it rises over the first tenth of all steps and then falls
        along a cosine.
    patience : int
        Epochs without a lower validation loss before training stops.
    reverse_complement : bool
        Show each sequence as it is or as its reverse complement, at random, anew every epoch.
    steps_per_execution : int
        Steps between two returns to Python, where an interrupt is heard.

    Examples
    --------
    >>> Settings(batch_size=64).patience
    5
    """

    batch_size: int = 128
    learning_rate: float = 0.01
    patience: int = 5
    reverse_complement: bool = False
    steps_per_execution: int = 64

    def __post_init__(self):
        for name in ("batch_size", "patience", "steps_per_execution"):
            as_count(getattr(self, name), name, 1)
        rate = self.learning_rate
        if not (isinstance(rate, Real) and 0 < rate < 10):
            raise ValueError(f"learning_rate is {rate!r}, expected a number such as 0.01")

    def _adam(self, schedule, model):
        """The optimizer at these learning rates; the settings of a transfer have two."""
        return keras.optimizers.Adam(schedule)


class Training(NamedTuple):
    """A trained network and how it got there.

    Attributes
    ----------
    model : keras.Model
        With the weights of the best epoch.
    history : DataFrame
        epoch (1, 2, ...), split ("training" or "validation"), metric ("loss", "auroc"), value.
    best_epoch : int
        The epoch with the lowest validation loss.
    seconds : float
        Time spent, in all sessions together.
    interrupted : bool
        Whether training was stopped by hand.
    """

    model: keras.Model
    history: pd.DataFrame
    best_epoch: int
    seconds: float
    interrupted: bool


def fit(
    model: keras.Model,
    sequences: np.ndarray,
    labels: np.ndarray,
    *,
    validation: float | tuple[np.ndarray, np.ndarray] = 0.2,
    epochs: int = 10,
    weights: str | Mapping[int, float] | np.ndarray | None = None,
    settings: Settings = Settings(),
    progress: Callable[[pd.DataFrame, int, int, float], None] | None = None,
    checkpoint: str | os.PathLike | None = None,
    rng,
) -> Training:
    """Train a network on labelled sequences, in place, and leave it with its best weights.

    Labels of -1 count in no loss and no metric. An interrupt (Ctrl-C, or the notebook's stop
    button) ends training early and keeps the best weights so far.

    Parameters
    ----------
    model : keras.Model
        From one-hot sequences to logits (n, n_tasks).
    sequences : array (n, length, 4)
        One-hot sequences.
    labels : array (n,) or (n, n_tasks)
        1 bound, 0 unbound, -1 ambiguous.
    validation : float or (sequences, labels)
        Share of the examples held out at random, or other examples to validate on.
    epochs : int
        Largest number of passes over the data.
    weights : "balanced", mapping, array (n,) or (n, n_tasks), optional
        "balanced": both classes of a task weigh as much. A mapping gives the weight of each
        class, ``{0: 1.0, 1: 5.0}``. An array gives the weight of each training example; the
        validation loss is weighed by class only.
    settings : Settings
        Batch size, learning rate, patience, augmentation.
    progress : callable, optional
        Called after each epoch with the history, the epoch, the number of epochs, and the
        seconds so far (:func:`dragonn_lite.display.widgets.training_picture` draws it); a method
        ``finish``, where there is one, is called at the end.
    checkpoint : path, optional
        A file written after each epoch. The same call resumes from it after a kill, and ends with
        the weights that an undisturbed run would have.
    rng : int or Generator
        Source of the order of the examples, the random hold-out and the augmentation.

    Returns
    -------
    Training

    Raises
    ------
    ValueError
        If shapes disagree, a class is missing, the loss is not finite, or the checkpoint belongs
        to other data, another network or other settings.

    Examples
    --------
    >>> from dragonn_lite.assays import simulate
    >>> from dragonn_lite.networks import architectures
    >>> data = simulate.single_motif_detection(
    ...     "CTCF_known1", length=60, n_positive=300, n_negative=300, rng=0)
    >>> training = fit(architectures.filter_bank(60, rng=1), data.sequences, data.labels,
    ...                epochs=5, rng=2)
    >>> sorted(training.history["metric"].unique())
    ['auroc', 'loss']
    """
    started = time.perf_counter()
    rng = as_rng(rng)
    training, held_out = _split(sequences, labels, weights, validation, rng)
    _check_model(model, *training[:2])
    _check_model(model, *held_out)
    batches = Batches(training[0], training[2], settings, int(rng.integers(2**31)))
    # Weights of classes hold for validation too, so that both losses say the same thing.
    of_classes = weights if isinstance(weights, (str, Mapping)) else None
    held_out_targets = _with_weights(held_out[1], of_classes)
    n_steps = as_count(epochs, "epochs", 1) * len(batches)
    optimizer = _optimizer(model, settings, n_steps)
    batch_size = min(settings.batch_size, len(training[0]))  # what is compiled is filled up to it
    steps = compiled_steps(model, optimizer, batch_size, n_steps)
    run = Run(model, optimizer, batches, epochs, checkpoint)
    spent = run.seconds  # of the sessions before this one
    interrupted = False
    try:
        while run.epoch < epochs and run.epoch - run.best_epoch < settings.patience:
            losses = [steps(x, y) * len(x) for x, y in batches.of_epoch(run.epoch)]
            logits = predict(model, held_out[0])
            run.record(sum(losses) / len(training[0]), logits, held_out[1], held_out_targets)
            run.seconds = spent + time.perf_counter() - started
            run.save()
            if progress is not None:
                progress(run.history(), run.epoch, epochs, run.seconds)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        run.restore_best()
        getattr(progress, "finish", lambda: None)()  # a live picture draws its last state
    return Training(model, run.history(), run.best_epoch, run.seconds, interrupted)


def _optimizer(model, settings, n_steps):
    schedule = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate * 0.05,
        n_steps,
        alpha=0.02,
        warmup_target=settings.learning_rate,
        warmup_steps=max(1, n_steps // 10),
    )
    optimizer = settings._adam(schedule, model)
    optimizer.build(model.trainable_variables)
    return optimizer


def _split(sequences, labels, weights, validation, rng):
    """Sequences, labels and targets to train on; sequences and labels to validate on."""
    sequences = as_one_hot(sequences)
    labels = as_labels(labels, len(sequences))
    training = sequences, labels, _with_weights(labels, weights)
    if isinstance(validation, (tuple, list)):
        if len(validation) != 2:
            raise ValueError(
                f"validation holds {len(validation)} parts, expected (sequences, labels)"
            )
        held_out = as_one_hot(validation[0], "validation sequences")
        held_out = held_out, as_labels(validation[1], len(held_out), "validation labels")
    else:
        is_share = isinstance(validation, Real) and 0 < validation < 1
        n_held_out = round(validation * len(sequences)) if is_share else 0
        if not 0 < n_held_out < len(sequences):
            raise ValueError(
                f"validation is {validation!r} of {len(sequences)} sequences, expected a share "
                "between 0 and 1 that leaves some on both sides, or (sequences, labels)"
            )
        order = rng.permutation(len(sequences))
        held_out = tuple(part[order[:n_held_out]] for part in (sequences, labels))
        training = tuple(part[order[n_held_out:]] for part in training)
    for name, y in (("training", training[1]), ("validation", held_out[1])):
        if not len(y):
            raise ValueError(f"there are no {name} sequences, expected at least two")
        for task, column in enumerate(y.reshape(len(y), -1).T):
            if not {0, 1} <= set(np.unique(column)):
                raise ValueError(
                    f"the {name} labels of task {task} lack a class, expected bound (1) and "
                    "unbound (0) examples; add examples or change the split"
                )
    return training, held_out


def _check_model(model, sequences, labels):
    if not isinstance(model, keras.Model) or not model.built:
        raise TypeError(
            "model is no built keras.Model; make one with networks.architectures, or give its "
            "first layer keras.Input((length, 4))"
        )
    if end := probability_end(model):
        raise ValueError(
            f"the model ends in {end}, expected logits: leave out the activation of its last layer"
        )
    length, n_tasks = sequences.shape[1], labels.reshape(len(labels), -1).shape[1]
    if tuple(model.input_shape[1:]) not in ((length, 4), (None, 4)):
        raise ValueError(
            f"the model reads {model.input_shape[1:]}, but sequences are {(length, 4)}; build it "
            f"with length={length}"
        )
    if model.output_shape[-1] != n_tasks:
        raise ValueError(
            f"the model has {model.output_shape[-1]} outputs, but labels have {n_tasks} tasks; "
            f"build it with n_tasks={n_tasks}"
        )


def _with_weights(labels, weights):
    """Labels and their weights side by side, (n, 2 n_tasks) float32."""
    y = labels[:, None] if labels.ndim == 1 else labels
    known = y >= 0
    if weights is None:
        w = np.ones(y.shape)
    elif isinstance(weights, str) and weights == "balanced":
        of_its_class = np.where(y == 1, (y == 1).sum(axis=0), (y == 0).sum(axis=0))
        w = 0.5 * known.sum(axis=0) / of_its_class.clip(1)
    elif isinstance(weights, Mapping) and set(weights) == {0, 1}:
        w = np.where(y == 1, *np.array([weights[1], weights[0]], float))
    else:
        w = np.asarray(weights, float) if not isinstance(weights, (str, Mapping)) else np.zeros(0)
        if w.shape not in ((len(y),), y.shape):
            raise ValueError(
                f"weights is {weights if isinstance(weights, (str, Mapping)) else w.shape}, "
                f'expected "balanced", a weight for 0 and for 1, or an array of shape '
                f"({len(y)},) or {y.shape}"
            )
        w = w.reshape(len(w), -1) * np.ones(y.shape)
    if not (np.isfinite(w).all() and (w >= 0).all() and w.any()):
        raise ValueError("weights are negative, undefined or all 0, expected positive numbers")
    return np.concatenate([y, w * known], axis=1).astype(np.float32)
