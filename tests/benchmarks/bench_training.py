"""Time training against a plain PyTorch loop on the same network and data, in one run.

Run ``python tests/benchmarks/bench_training.py --torch PYTHON``, where PYTHON is an interpreter
that has PyTorch, by default this one. To make one::

    python -m venv torch-env
    torch-env/bin/python -m pip install torch==2.13.0 numpy

The network is DragoNN's with one layer (15 filters of 15 bp, pooling 35), the data are 16,000
sequences of 500 bp, trained for four epochs with Adam and binary cross-entropy of the logits.
``fit`` does all that it always does: it validates, keeps the best weights, follows a schedule.
Every run is a process of its own, by turns; all times count the start of training and its first
step, and a second column also the start of Python and the libraries. ``--grid`` instead measures
our own settings, each against the defaults. The ratios compare the quickest rounds: where other
programs share the cores, PyTorch's threads wait for each other, and its medians say more about
the machine than about PyTorch; ``--threads 1`` keeps that out.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
LENGTH, N_TRAINING, N_HELD_OUT, EPOCHS = 500, 16_000, 4_000, 4

OURS = """
import json, sys, time
start = time.perf_counter()
import numpy as np
from dragonn_lite._quiet import quiet_keras
quiet_keras()
from dragonn_lite.evaluation import metrics
from dragonn_lite.networks import architectures, training
task = json.loads(sys.argv[1])
data = np.load(task["data"])
n = task["n_training"]
x, y = data["x"], data["y"]
if task.get("activation_first"):
    import keras
    from keras import layers
    inputs = keras.Input((x.shape[1], 4))
    z = layers.Conv1D(15, 15, activation="relu")(inputs)
    z = layers.Flatten()(layers.MaxPooling1D(35)(z))
    model = keras.Model(inputs, layers.Dense(1)(z))
else:
    model = architectures.dragonn_one_layer(x.shape[1], rng=1)
if task.get("keras_fit"):
    from dragonn_lite.networks import _backend
    training.compiled_steps = _backend.keras_steps
settings = training.Settings(**{"patience": 99} | task.get("settings", {}))
began = time.perf_counter()
trained = training.fit(model, x[:n], y[:n], validation=(x[n:], y[n:]), epochs=task["epochs"],
                       settings=settings, rng=2)
ended = time.perf_counter()
auroc = trained.history.query("metric == 'auroc'")["value"].max()
print(json.dumps([ended - began, ended - start, auroc]))
"""

TORCH = """
import json, sys, time
start = time.perf_counter()
import numpy as np
import torch
from torch import nn
task = json.loads(sys.argv[1])
data = np.load(task["data"])
n, size = task["n_training"], task["batch_size"]
torch.manual_seed(1)
began = time.perf_counter()
# (n, length, 4) -> (n, 4, length), as PyTorch's convolutions want it
x = torch.from_numpy(data["x"]).permute(0, 2, 1).float().contiguous()
y = torch.from_numpy(data["y"]).float()[:, None]
n_windows = (x.shape[2] - 14) // 35
model = nn.Sequential(nn.Conv1d(4, 15, 15), nn.ReLU(), nn.MaxPool1d(35), nn.Flatten(),
                      nn.Linear(15 * n_windows, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
loss_function = nn.BCEWithLogitsLoss()
if task["loader"]:
    from torch.utils.data import DataLoader, TensorDataset
    loader = DataLoader(TensorDataset(x[:n], y[:n]), batch_size=size, shuffle=True)
    batches = lambda: loader
else:
    batches = lambda: ((x[rows], y[rows]) for rows in torch.randperm(n).split(size))
losses = []
for epoch in range(task["epochs"]):
    for inputs, labels in batches():
        optimizer.zero_grad()
        loss = loss_function(model(inputs), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    if task["validate"]:
        with torch.no_grad():
            logits = torch.cat([model(part) for part in x[n:].split(1000)])
ended = time.perf_counter()
with torch.no_grad():
    logits = model(x[n:])[:, 0]
order = logits.argsort().argsort().double() + 1
bound = y[n:, 0] == 1
n_bound = bound.sum().item()
auroc = (order[bound].sum().item() - n_bound * (n_bound + 1) / 2) / n_bound / (len(bound) - n_bound)
print(json.dumps([ended - began, ended - start, auroc]))
"""

GRID = {
    "defaults": {},
    **{f"batch_size={size}": {"settings": {"batch_size": size}} for size in (64, 256, 512)},
    **{
        f"steps_per_execution={steps}": {"settings": {"steps_per_execution": steps}}
        for steps in (1, 16, 256)
    },
    "activation before pooling": {"activation_first": True},
    "steps by model.fit": {"keras_fit": True},
}


def run(python, code, task, threads):
    """Seconds of training, seconds with the start of the libraries, auROC on held-out data."""
    done = subprocess.run(
        [python, "-W", "ignore", "-c", code, json.dumps(task)],
        capture_output=True, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)}
        | (dict.fromkeys(THREADS, threads) if threads else {}),
    )  # fmt: skip
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    return json.loads(done.stdout.splitlines()[-1])


def spread(values, digits=0):
    """Median, and the range in brackets."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f} [{low:,.{digits}f} to {high:,.{digits}f}]"


def measure(contestants, task, rounds, threads):
    """Run all by turns; name: list of (seconds, seconds with start, auROC)."""
    found = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, (python, code, options) in contestants.items():
            result = run(python, code, task | options, threads)
            if isinstance(result, str):
                print(f"{name} is left out ({result}); see the head of this file")
                found[name] = None
            elif found[name] is not None:
                found[name].append(result)
    return {name: results for name, results in found.items() if results}


def report(found, baseline, epochs):
    """Print samples a second, seconds, and how many times the baseline's samples a second."""
    n = N_TRAINING * epochs
    own = [n / min(column) for column in list(zip(*found[baseline]))[:2]]
    print(f"{'':34}{'samples a second':>28}{'seconds':>24}{'with start':>24}{'auROC':>8}"
          f"   times {baseline} (with start)")  # fmt: skip
    for name, results in found.items():
        seconds, with_start, auroc = zip(*results)
        rates = [n / min(column) for column in (seconds, with_start)]
        ratios = [rate / other for rate, other in zip(rates, own)]
        print(f"{name:34}{spread([n / s for s in seconds]):>28}{spread(seconds, 2):>24}"
              f"{spread(with_start, 2):>24}{statistics.median(auroc):>8.3f}"
              f"   {ratios[0]:.2f} ({ratios[1]:.2f})")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--threads", metavar="N", help="threads of both (default: their own)")
    parser.add_argument("--grid", action="store_true", help="measure our own settings instead")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    import numpy as np

    from dragonn_lite.assays import simulate

    n = N_TRAINING + N_HELD_OUT
    data = simulate.single_motif_detection(
        "TAL1_known4", length=LENGTH, n_positive=n // 2, n_negative=n // 2, rng=0
    )
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "data.npz")
        np.savez(path, x=data.sequences, y=data.labels)
        task = {"data": str(path), "n_training": N_TRAINING, "epochs": arguments.epochs}
        if arguments.grid:
            contestants = {name: (sys.executable, OURS, options) for name, options in GRID.items()}
            baseline = "defaults"
        else:
            contestants, baseline = {}, "plain loop, batch 128"
            for size in (128, 256):
                options = {"settings": {"batch_size": size}}
                contestants[f"fit, batch {size}"] = (sys.executable, OURS, options)
                for loader in (False, True):
                    name = f"{'DataLoader' if loader else 'plain loop'}, batch {size}"
                    options = {"batch_size": size, "loader": loader, "validate": False}
                    contestants[name] = (arguments.torch, TORCH, options)
                name = f"plain loop + validation, batch {size}"
                options = {"batch_size": size, "loader": False, "validate": True}
                contestants[name] = (arguments.torch, TORCH, options)
        began = time.perf_counter()
        found = measure(contestants, task, arguments.rounds, arguments.threads)
    print(f"{N_TRAINING:,} sequences of {LENGTH} bp, {arguments.epochs} epochs, "
          f"{arguments.rounds} rounds by turns, {time.perf_counter() - began:.0f} s")  # fmt: skip
    report(found, baseline if baseline in found else next(iter(found)), arguments.epochs)


if __name__ == "__main__":
    main()
