"""Fine-tuning on one Keras backend from given weights: prints JSON."""

import json

from dragonn_lite._quiet import quiet_keras

quiet_keras()

import keras
import numpy as np

from dragonn_lite.assays import simulate
from dragonn_lite.networks import architectures, transfer
from dragonn_lite.networks.prediction import predict


def run():
    """Logits of a network resized, and the history of two epochs at two learning rates."""
    data = simulate.single_motif_detection(
        "CTCF_known1", length=80, n_positive=60, n_negative=60, rng=0
    )
    old = architectures.filter_pairs(60, n_filters=4, n_tasks=3, rng=1)
    rng = np.random.default_rng(3)
    old.set_weights([rng.normal(0, 0.2, w.shape) for w in old.get_weights()])
    model = transfer.warm_head(transfer.at_length(old, 80), [(0, 2)])
    settings = transfer.FineTuning(batch_size=32, learning_rate=0.001, trunk_learning_rate=1e-4)
    arguments = {"settings": settings, "rng": 4}
    x, y = data.sequences, data.labels
    tuned = transfer.fine_tune(model, x, y, frozen=1, epochs=2, **arguments)
    passed = transfer.one_pass(transfer.linear_head(model, x, y), x, y, **arguments)
    return {
        "backend": keras.backend.backend(),
        "logits": predict(model, x).tolist(),
        "tuned": tuned.history["value"].tolist(),
        "passed": passed.history["value"].tolist(),
    }


if __name__ == "__main__":
    print(json.dumps(run()))
