"""Time the steps of training networks with memory against plain Keras ``model.fit``, in one run.

Run ``python tests/benchmarks/bench_recurrent_training.py``; ``KERAS_BACKEND=jax`` before it measures
JAX. All contestants take the same steps on the same sequences, by turns: ``model.fit`` as Keras
comes, our loop without XLA, and what ``training.fit`` takes. The first call compiles; the ratios
compare the quickest of the later ones. Wall time says how long one waits on a quiet machine; time
of the processors says the same where other programs share the cores.
"""

import argparse
import resource
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from dragonn_lite._quiet import quiet_keras

quiet_keras()

import keras
import numpy as np

from dragonn_lite.dna import sequences as dna
from dragonn_lite.networks import _backend, architectures, training

BATCH_SIZE = 128
NETWORKS = {
    "LSTM, 80 bp": ("recurrent_reader", 80, {"n_units": 32}),
    "LSTM, 150 bp": ("recurrent_reader", 150, {"n_units": 32}),
    "GRU, 150 bp": ("recurrent_reader", 150, {"n_units": 32, "cell": "gru"}),
    "both directions, 150 bp": ("recurrent_reader", 150, {"bidirectional": True}),
    "filters and LSTM, 150 bp": ("convolution_recurrent", 150, {}),
    "RETAIN, 101 bp": ("retain", 101, {}),
}


def plain_keras(model, optimizer):
    """What a plain script does: compile and fit."""
    model.compile(optimizer, keras.losses.BinaryCrossentropy(from_logits=True))
    return lambda x, targets: model.fit(
        x, targets[:, :1], batch_size=BATCH_SIZE, shuffle=False, verbose=0
    )


def without_xla(model, optimizer):
    """Our loop as it is for networks without memory."""
    kept, _backend._is_recurrent = _backend._is_recurrent, lambda layer: False
    try:
        return _backend.compiled_steps(model, optimizer, BATCH_SIZE, 10**6)
    finally:
        _backend._is_recurrent = kept


def ours(model, optimizer):
    """What ``training.fit`` takes."""
    return _backend.compiled_steps(model, optimizer, BATCH_SIZE, 10**6)


CONTESTANTS = {"model.fit": plain_keras, "our loop, no XLA": without_xla, "training.fit": ours}


def measure(network, n_steps, rounds):
    """Wall and processor seconds of each contestant's calls, the first of which compiles."""
    name, length, sizes = network
    n = n_steps * BATCH_SIZE
    x = dna.random_sequences(n, length, rng=0)
    targets = np.stack([np.arange(n) % 2, np.ones(n)], axis=1).astype(np.float32)
    steps = {}
    for contestant, make in CONTESTANTS.items():
        if contestant == "our loop, no XLA" and keras.backend.backend() != "tensorflow":
            continue
        model = architectures.BUILDERS[name](length, rng=0, **sizes)
        steps[contestant] = make(model, training._optimizer(model, training.Settings(), 10_000))
    found = {contestant: [] for contestant in steps}
    for _ in range(1 + rounds):
        for contestant, run in steps.items():
            wall, processors = time.perf_counter(), time.process_time()
            run(x, targets)
            spent = time.perf_counter() - wall, time.process_time() - processors
            found[contestant].append(spent)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=32, help="steps in one call")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", help="networks whose name holds this")
    options = parser.parse_args()
    print(f"{keras.backend.backend()}, {options.steps} steps of {BATCH_SIZE} sequences; "
          "microseconds a sequence, quickest [slowest] call")  # fmt: skip
    head = f"{'network':28}{'steps by':20}{'first call, s':>14}{'wall':>16}{'processors':>16}"
    print(f"{head}   times as fast as model.fit (wall, processors)")
    for title, network in NETWORKS.items():
        if options.only and options.only not in title:
            continue
        found = measure(network, options.steps, options.rounds)
        n = options.steps * BATCH_SIZE / 1e6
        quickest = {name: np.min(times[1:], axis=0) for name, times in found.items()}
        for name, times in found.items():
            slowest = np.max(times[1:], axis=0)
            spread = [f"{a / n:.0f} [{b / n:.0f}]" for a, b in zip(quickest[name], slowest)]
            ratios = quickest["model.fit"] / quickest[name]
            print(f"{title:28}{name:20}{times[0][0]:14.1f}{spread[0]:>16}{spread[1]:>16}"
                  f"   {ratios[0]:.2f} {ratios[1]:.2f}", flush=True)  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"largest memory of this process: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
