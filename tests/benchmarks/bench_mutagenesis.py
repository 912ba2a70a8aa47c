"""Time exact in-silico mutagenesis against other ways to get the same numbers, in one run.

Run ``python tests/benchmarks/bench_mutagenesis.py --torch PYTHON``, where PYTHON is an interpreter
that has PyTorch and tangermeme; without it, only the plain Keras loop is compared. To make one::

    python -m venv torch-env
    torch-env/bin/python -m pip install torch==2.13.0 tangermeme

DragoNN's networks of one and of three layers, the same weights for all, sequences of 500 bp. All
are given the same sequences, by turns, and the quickest round counts; slower ways get fewer of
them. The largest difference between the results stands beside the times.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LENGTH = 500
N = {"spans of change": 100, "plain Keras loop": 2, "tangermeme": 10}

TORCH = """
import json, sys, time
import numpy as np
import torch
from torch import nn
import tangermeme
from tangermeme.saturation_mutagenesis import saturation_mutagenesis
task = json.loads(sys.argv[1])
data = np.load(task["data"])
weights = [torch.from_numpy(data[f"w{i}"]) for i in range(task["n_weights"])]
n_layers, parts = (len(weights) - 2) // 2, []
for i in range(n_layers):
    kernel, bias = weights[2 * i : 2 * i + 2]  # (taps, channels, filters) -> (filters, channels, taps)
    layer = nn.Conv1d(kernel.shape[1], kernel.shape[2], kernel.shape[0])
    layer.weight.data, layer.bias.data = kernel.permute(2, 1, 0).contiguous(), bias
    parts += [layer] + ([nn.ReLU()] if i < n_layers - 1 else [])
kernel, bias = weights[-2:]
n_filters = weights[-4].shape[2]
dense = nn.Linear(kernel.shape[0], 1)
# Keras flattens (windows, filters), PyTorch (filters, windows)
dense.weight.data = kernel.reshape(-1, n_filters).T.reshape(1, -1).contiguous()
dense.bias.data = bias
model = nn.Sequential(*parts, nn.MaxPool1d(35), nn.ReLU(), nn.Flatten(), dense).eval()
x = torch.from_numpy(data["x"]).permute(0, 2, 1).float().contiguous()
best = None
for batch_size in (32, 64, 256):
    with torch.no_grad():
        began = time.perf_counter()
        original, mutants = saturation_mutagenesis(
            model, x, device="cpu", batch_size=batch_size, raw_outputs=True)
        seconds = time.perf_counter() - began
    best = min(best or seconds, seconds)
scores = mutants.reshape(len(x), 4, -1).permute(0, 2, 1).numpy()  # (n, length, 4)
np.save(task["out"], scores - scores.mean(axis=2, keepdims=True))
print(json.dumps([best, tangermeme.__version__]))
"""


def plain_loop(model, x):
    """One batch of all mutants of a sequence at a time, scored by the network as it is."""
    import numpy as np

    position, base = np.divmod(np.arange(4 * LENGTH), 4)
    scores = []
    for sequence in x.astype(np.float32):
        mutants = np.repeat(sequence[None], 4 * LENGTH, axis=0)
        mutants[np.arange(4 * LENGTH), position] = np.eye(4)[base]
        scores.append(np.asarray(model.predict_on_batch(mutants)).reshape(LENGTH, 4))
    scores = np.stack(scores)
    return scores - scores.mean(axis=2, keepdims=True)


def tangermeme(python, folder, model, x):
    """Seconds and scores of tangermeme's saturation mutagenesis; a sentence where it fails."""
    import numpy as np

    weights = {f"w{i}": value for i, value in enumerate(model.get_weights())}
    data, out = folder / "data.npz", folder / "scores.npy"
    np.savez(data, x=x, **weights)
    task = {"data": str(data), "out": str(out), "n_weights": len(weights)}
    done = subprocess.run(
        [python, "-W", "ignore", "-c", TORCH, json.dumps(task)], capture_output=True, text=True
    )
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    seconds, version = json.loads(done.stdout.splitlines()[-1])
    return seconds, np.load(out), version


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", metavar="PYTHON", help="an interpreter that has tangermeme")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from dragonn_lite._quiet import quiet_keras

    quiet_keras()
    import numpy as np

    from dragonn_lite.dna import sequences
    from dragonn_lite.interpretation import perturbation
    from dragonn_lite.networks import architectures

    x = sequences.random_sequences(max(N.values()), LENGTH, rng=0)
    ours = {
        "spans of change": lambda model, x: (
            perturbation.in_silico_mutagenesis(model, x).hypothetical
        ),
        "plain Keras loop": plain_loop,
    }
    for build in (architectures.dragonn_one_layer, architectures.dragonn_three_layer):
        model, seconds, scores = build(LENGTH, rng=1), {}, {}
        for _ in range(arguments.rounds):
            for name, run in ours.items():
                run(model, x[:1])
                began = time.perf_counter()
                scores[name] = run(model, x[: N[name]])
                took = time.perf_counter() - began
                seconds[name] = min(seconds.get(name, took), took)
            if arguments.torch:
                with tempfile.TemporaryDirectory() as folder:
                    few = x[: N["tangermeme"]]
                    found = tangermeme(arguments.torch, pathlib.Path(folder), model, few)
                if isinstance(found, str):
                    print(f"tangermeme is left out ({found}); see the head of this file")
                    arguments.torch = None
                    continue
                seconds["tangermeme"] = min(seconds.get("tangermeme", found[0]), found[0])
                scores["tangermeme"], version = found[1:]
        rate = {name: N[name] / value for name, value in seconds.items()}
        print(f"\n{model.name}, {LENGTH} bp, best of {arguments.rounds} rounds")
        for name, value in rate.items():
            label = f"{name} {version}" if name == "tangermeme" else name
            off = np.abs(scores[name] - scores["spans of change"][: N[name]]).max()
            print(f"{label:20}{value:>10,.1f} sequences a second   ours is "
                  f"{rate['spans of change'] / value:5.1f} times that   off by {off:.0e}")  # fmt: skip


if __name__ == "__main__":
    main()
