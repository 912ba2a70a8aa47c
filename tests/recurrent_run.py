"""Small networks with memory or attention, trained on one Keras backend: prints JSON."""

import json
import sys

from dragonn_lite._quiet import quiet_keras

quiet_keras()

import keras
import numpy as np

from dragonn_lite.assays import simulate
from dragonn_lite.networks import architectures, training
from dragonn_lite.networks.prediction import predict

DATA = simulate.single_motif_detection(
    "CTCF_known1", length=40, n_positive=80, n_negative=80, rng=0
)


def network(name):
    """Build it with weights that are the same on every backend."""
    sizes = {"n_units": 6} if "recurrent" in name else {"n_filters": 6}
    model = architectures.BUILDERS[name](40, rng=1, **sizes)
    rng = np.random.default_rng(3)
    for variable in model.weights:
        variable.assign(rng.normal(0, 0.3, variable.shape))
    return model


def train(name, epochs=2, **more):
    """Train it with a last batch that is smaller than the others."""
    settings = training.Settings(batch_size=48, learning_rate=0.005, steps_per_execution=2)
    return training.fit(
        network(name), DATA.sequences, DATA.labels, epochs=epochs, settings=settings, rng=4, **more
    )


def run(name):
    """First logits, history and last weights."""
    logits = predict(network(name), DATA.sequences[:9])
    trained = train(name)
    weights = [np.asarray(variable) for variable in trained.model.weights]
    return logits.tolist(), trained.history["value"].tolist(), weights


if __name__ == "__main__":
    found = {}
    for name in sys.argv[1:]:
        logits, history, _ = run(name)
        found[name] = {"logits": logits, "history": history}
    print(json.dumps({"backend": keras.backend.backend(), "found": found}))
