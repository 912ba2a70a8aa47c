"""Loss and training on one Keras backend from given weights: prints JSON."""

import json

from dragonn_lite._quiet import quiet_keras

quiet_keras()

import keras
import numpy as np

from dragonn_lite.assays import simulate
from dragonn_lite.networks import _backend, architectures, training
from dragonn_lite.networks.prediction import predict


def run():
    """Loss before training and the history of two epochs, from the same weights everywhere."""
    data = simulate.multi_motif_embedding(["CTCF_known1", "GATA1"], length=40, n=200, rng=0)
    labels = data.labels.copy()
    labels[::7, 0] = -1
    model = architectures.filter_pairs(60, n_filters=4, n_tasks=2, rng=1)
    sequences = np.pad(data.sequences, ((0, 0), (10, 10), (0, 0)))
    rng = np.random.default_rng(3)
    for variable in model.weights:  # each backend draws other first weights
        variable.assign(rng.normal(0, 0.2, variable.shape))
    targets = np.concatenate([labels, labels >= 0], axis=1).astype(np.float32)
    loss = float(_backend.masked_cross_entropy(targets, predict(model, sequences)))
    settings = training.Settings(batch_size=64, learning_rate=0.001, steps_per_execution=2)
    trained = training.fit(model, sequences, labels, epochs=2, settings=settings, rng=4)
    return {
        "backend": keras.backend.backend(),
        "loss": loss,
        "history": trained.history["value"].tolist(),
    }


if __name__ == "__main__":
    print(json.dumps(run()))
