"""One small training run, for tests that need it in a process of its own.

``python training_run.py WEIGHTS [CHECKPOINT [EPOCH]]`` trains, and saves the final weights in the
file WEIGHTS; it kills itself after the given epoch.
"""

import os
import signal
import sys

from dragonn_lite._quiet import quiet_keras

quiet_keras()

import numpy as np

from dragonn_lite.assays import simulate
from dragonn_lite.networks import architectures, training


def run(checkpoint=None, progress=None, epochs=5):
    """Train a network with dropout and normalisation, on augmented data."""
    data = simulate.single_motif_detection(
        "CTCF_known1", length=40, n_positive=150, n_negative=150, rng=0
    )
    model = architectures.reference_network(40, n_filters=4, rng=1)
    settings = training.Settings(batch_size=32, reverse_complement=True, steps_per_execution=4)
    return training.fit(
        model, data.sequences, data.labels, epochs=epochs, settings=settings, rng=2,
        weights="balanced", checkpoint=checkpoint, progress=progress,
    )  # fmt: skip


def kill_after(last):
    """A progress callback that ends this process as a power cut would."""

    def progress(history, epoch, epochs, seconds):
        if epoch == last:
            os.kill(os.getpid(), signal.SIGKILL)

    return progress


def arrays(model):
    """The weights of a model, as numpy arrays."""
    return [np.asarray(variable).copy() for variable in model.weights]


if __name__ == "__main__":
    weights, *rest = sys.argv[1:]
    progress = kill_after(int(rest[1])) if len(rest) > 1 else None
    trained = run(checkpoint=rest[0] if rest else None, progress=progress)
    np.savez(weights, *arrays(trained.model))
