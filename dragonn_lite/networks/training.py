"""Training: one loop that stops early, can be interrupted or killed, and tells its story."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from numbers import Real
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import keras
import numpy as np
import pandas as pd
from keras import ops

from dragonn_lite._contract import as_count, as_labels, as_one_hot, as_rng
from dragonn_lite.evaluation import metrics
from dragonn_lite.networks.prediction import predict


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
        Steps that TensorFlow and JAX run without coming back to Python.

    Examples
    --------
    >>> Settings(batch_size=64).patience
    5
    """

    batch_size: int = 128
    learning_rate: float = 0.01
    patience: int = 5
    reverse_complement: bool = False
    steps_per_execution: int = 16

    def __post_init__(self):
        for name in ("batch_size", "patience", "steps_per_execution"):
            as_count(getattr(self, name), name, 1)
        if not 0 < self.learning_rate < 10:
            raise ValueError(f"learning_rate is {self.learning_rate!r}, expected 0.0001 to 0.1")


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
        class, ``{0: 1.0, 1: 5.0}``. An array gives the weight of each example.
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
    batches = _Batches(training[0], training[2], settings, int(rng.integers(2**31)))
    held_out_targets = _with_weights(held_out[1], None)
    _compile(model, settings, as_count(epochs, "epochs", 1) * len(batches))
    run = _Run(model, batches, settings, epochs, checkpoint)
    spent = run.seconds  # of the sessions before this one
    interrupted = False
    try:
        while run.epoch < epochs and run.epoch - run.best_epoch < settings.patience:
            logs = model.fit(
                batches, initial_epoch=run.epoch, epochs=run.epoch + 1, verbose=0, shuffle=False
            ).history
            logits = predict(model, held_out[0])
            run.record(logs["loss"][-1], logits, held_out[1], held_out_targets)
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


def masked_cross_entropy(targets, logits):
    """Mean binary cross-entropy over the labels that count.

    Parameters
    ----------
    targets : tensor (n, 2 * n_tasks)
        The labels of all tasks, then the weights of all labels (0 for those that do not count).
    logits : tensor (n, n_tasks)

    Returns
    -------
    scalar tensor
        Weighted mean, in nats.

    Examples
    --------
    >>> import numpy as np
    >>> loss = masked_cross_entropy(np.array([[1.0, -1.0, 1.0, 0.0]]), np.zeros((1, 2)))
    >>> round(float(loss), 4)  # one label counts, and it costs log 2
    0.6931
    """
    n_tasks = logits.shape[-1]
    targets, logits = ops.cast(targets, "float32"), ops.cast(logits, "float32")
    labels, weights = targets[:, :n_tasks], targets[:, n_tasks:]  # (n, 2 t) -> (n, t) twice
    losses = ops.relu(logits) - logits * labels + ops.softplus(-ops.absolute(logits))
    return ops.sum(weights * losses) / ops.maximum(ops.sum(weights), 1e-7)


class _Batches(keras.utils.PyDataset):
    """Batches in an order that depends on the seed and the epoch alone."""

    def __init__(self, sequences, targets, settings, seed):
        super().__init__()
        self.sequences, self.targets, self.settings = sequences, targets, settings
        self.seed = seed
        self.start_epoch(0)

    def start_epoch(self, epoch):
        rng = np.random.default_rng([self.seed, epoch])
        self.order = rng.permutation(len(self.sequences))
        self.flipped = rng.random(len(self.sequences)) < 0.5

    def __len__(self):
        return -(-len(self.sequences) // self.settings.batch_size)

    def __getitem__(self, index):
        size = self.settings.batch_size
        rows = self.order[index * size : (index + 1) * size]
        x = self.sequences[rows]
        if self.settings.reverse_complement:
            x = np.where(self.flipped[rows, None, None], x[:, ::-1, ::-1], x)
        return x, self.targets[rows]


class _Run:
    """Where a training run stands: everything that a checkpoint holds."""

    def __init__(self, model, batches, settings, epochs, checkpoint):
        self.model, self.batches = model, batches
        self.epoch = self.best_epoch = 0
        self.best_loss, self.seconds = np.inf, 0.0
        self.rows: list[tuple[float, float, float]] = []  # training loss, validation loss, auROC
        self.best = self._read(model.variables)
        self.path = None if checkpoint is None else Path(checkpoint)
        if self.path is not None:
            self.fingerprint = _fingerprint(model, batches, settings, epochs)
            if self.path.exists():
                self._load()

    def record(self, training_loss, logits, labels, targets):
        two_dimensional = logits.reshape(len(logits), -1)
        loss = float(masked_cross_entropy(targets, two_dimensional))
        if not np.isfinite([training_loss, loss]).all():
            raise ValueError(
                f"the loss became {training_loss} in epoch {self.epoch + 1}; lower "
                f"learning_rate (now {self.batches.settings.learning_rate})"
            )
        auroc = np.mean(metrics.auroc(labels.reshape(two_dimensional.shape), two_dimensional))
        self.rows.append((training_loss, loss, auroc))
        self.epoch += 1
        if loss < self.best_loss:
            self.best_loss, self.best_epoch = loss, self.epoch
            self.best = self._read(self.model.variables)
        self.batches.start_epoch(self.epoch)

    def history(self) -> pd.DataFrame:
        keys = [("training", "loss"), ("validation", "loss"), ("validation", "auroc")]
        return pd.DataFrame(
            [
                (epoch, split, metric, float(value))
                for epoch, values in enumerate(self.rows, start=1)
                for (split, metric), value in zip(keys, values, strict=True)
            ],
            columns=["epoch", "split", "metric", "value"],
        )

    def restore_best(self):
        self._write(self.model.variables, self.best)

    def save(self):
        if self.path is None:
            return
        now = self._read(self._all_variables())
        arrays = {f"now_{i}": value for i, value in enumerate(now)}
        arrays |= {f"best_{i}": value for i, value in enumerate(self.best)}
        state = [self.epoch, self.best_epoch, self.best_loss, self.seconds]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(self.path.name + ".partial")
        with open(partial, "wb") as file:
            np.savez(file, state=state, rows=self.rows, fingerprint=self.fingerprint, **arrays)
        os.replace(partial, self.path)  # a kill leaves the old file or the new one, never half

    def _load(self):
        try:
            with open(self.path, "rb") as file:
                saved = dict(np.load(file, allow_pickle=False))
            fingerprint = str(saved["fingerprint"])
        except (OSError, ValueError, TypeError, KeyError, EOFError, BadZipFile) as error:
            raise ValueError(
                f"checkpoint {self.path} cannot be read ({error}); delete it to start again"
            ) from error
        if fingerprint != self.fingerprint:
            raise ValueError(
                f"checkpoint {self.path} belongs to other data, another network, other first "
                "weights or other settings; give another path, or delete it to start again"
            )
        epoch, best_epoch, self.best_loss, self.seconds = saved["state"].tolist()
        self.epoch, self.best_epoch = int(epoch), int(best_epoch)
        self.rows = [tuple(row) for row in saved["rows"].tolist()]
        self.best = [saved[f"best_{i}"] for i in range(len(self.best))]
        variables = self._all_variables()
        self._write(variables, [saved[f"now_{i}"] for i in range(len(variables))])
        self.batches.start_epoch(self.epoch)

    def _all_variables(self):
        return self.model.variables + self.model.optimizer.variables

    @staticmethod
    def _read(variables):
        # np.array and variable.numpy() would do, but not without a warning from numpy 2.
        return [np.asarray(variable).copy() for variable in variables]

    @staticmethod
    def _write(variables, values):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def _compile(model, settings, n_steps):
    schedule = keras.optimizers.schedules.CosineDecay(
        settings.learning_rate * 0.05,
        n_steps,
        alpha=0.02,
        warmup_target=settings.learning_rate,
        warmup_steps=max(1, n_steps // 10),
    )
    optimizer = keras.optimizers.Adam(schedule)
    optimizer.build(model.trainable_variables)
    jax = keras.backend.backend() == "jax"
    model.compile(
        optimizer,
        masked_cross_entropy,
        steps_per_execution=settings.steps_per_execution,
        jit_compile=jax,  # XLA is slower than TensorFlow's own kernels on these small networks
    )


def _split(sequences, labels, weights, validation, rng):
    """Sequences, labels and targets to train on; sequences and labels to validate on."""
    sequences = as_one_hot(sequences)
    labels = as_labels(labels, len(sequences))
    training = sequences, labels, _with_weights(labels, weights)
    if isinstance(validation, (tuple, list)) and len(validation) == 2:
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
        w = np.where(y == 1, float(weights[1]), float(weights[0]))
    else:
        w = np.asarray(weights, float) if not isinstance(weights, (str, Mapping)) else np.zeros(0)
        if w.shape not in ((len(y),), y.shape):
            raise ValueError(
                f"weights is {weights if isinstance(weights, (str, Mapping)) else w.shape}, "
                f'expected "balanced", a weight for 0 and for 1, or an array of shape '
                f"({len(y)},) or {y.shape}"
            )
        w = w.reshape(len(w), -1) * np.ones(y.shape)
    if not (np.isfinite(w).all() and (w >= 0).all()):
        raise ValueError("weights hold a negative or undefined value, expected zeros and more")
    return np.concatenate([y, w * known], axis=1).astype(np.float32)


def _fingerprint(model, batches, settings, epochs):
    structure = model.to_json()
    for i, part in enumerate((model, model.optimizer, *model.layers)):
        structure = structure.replace(f'"{part.name}"', f'"{i}"')  # names count the models made
    digest = hashlib.sha256(structure.encode())
    for part in (batches.sequences, batches.targets, *map(np.asarray, model.weights)):
        digest.update(np.ascontiguousarray(part))
    digest.update(repr((batches.seed, epochs, sorted(asdict(settings).items()))).encode())
    return digest.hexdigest()
