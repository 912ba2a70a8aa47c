"""Where a training run stands, and the file that lets it go on after a kill."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from dragonn_lite._files import created
from dragonn_lite.evaluation import metrics
from dragonn_lite.networks._backend import masked_cross_entropy


class Batches:
    """Training examples, some batches at a time, in an order set by seed and epoch alone."""

    def __init__(self, sequences, targets, settings, seed):
        self.sequences, self.targets, self.settings, self.seed = sequences, targets, settings, seed

    def __len__(self):
        """Steps in one epoch."""
        return -(-len(self.sequences) // self.settings.batch_size)

    def of_epoch(self, epoch):
        """Yield sequences and targets of `steps_per_execution` steps at a time."""
        rng = np.random.default_rng([self.seed, epoch])
        order = rng.permutation(len(self.sequences))
        flipped = rng.random(len(self.sequences)) < 0.5
        size = self.settings.batch_size * self.settings.steps_per_execution
        for low in range(0, len(order), size):
            rows = order[low : low + size]
            x = self.sequences[rows]
            if self.settings.reverse_complement:
                turned = flipped[rows]
                x[turned] = x[turned][:, ::-1, ::-1]
            yield x, self.targets[rows]


class Run:
    """Where a training run stands: everything that a checkpoint holds."""

    def __init__(self, model, optimizer, batches, epochs, checkpoint):
        self.model, self.optimizer, self.batches = model, optimizer, batches
        self.epoch = self.best_epoch = 0
        self.best_loss, self.seconds = np.inf, 0.0
        self.rows: list[tuple[float, float, float]] = []  # training loss, validation loss, auROC
        self.best = self._read(model.variables)
        self.path = None if checkpoint is None else Path(checkpoint)
        if self.path is not None:
            self.fingerprint = _fingerprint(model, batches, epochs)
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
        with created(self.path) as file:  # a kill leaves the old file or the new one, never half
            np.savez(file, state=state, rows=self.rows, fingerprint=self.fingerprint, **arrays)

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

    def _all_variables(self):
        return self.model.variables + self.optimizer.variables

    @staticmethod
    def _read(variables):
        # np.array and variable.numpy() would do, but not without a warning from numpy 2.
        return [np.asarray(variable).copy() for variable in variables]

    @staticmethod
    def _write(variables, values):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def _fingerprint(model, batches, epochs):
    structure = model.to_json()
    for i, part in enumerate(model._flatten_layers()):
        structure = structure.replace(f'"{part.name}"', f'"{i}"')  # names count the models made
    digest = hashlib.sha256(structure.encode())
    for part in (batches.sequences, batches.targets, *map(np.asarray, model.weights)):
        digest.update(np.ascontiguousarray(part))
    digest.update(repr((batches.seed, epochs, sorted(asdict(batches.settings).items()))).encode())
    return digest.hexdigest()
