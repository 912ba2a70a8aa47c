"""Time DeepLIFT and integrated gradients: sequences a second, beside a plain loop of Keras.

Run ``python tests/benchmarks/bench_explanations.py``. The network is DragoNN's with one layer (15
filters of 15 bp, pooling 35), the sequences are 100 of 500 bp. DeepLIFT has 20 shuffled
references, integrated gradients 50 steps from zero. ``--tangermeme PYTHON`` measures the DeepLIFT
of that package too, with an interpreter that has it, on the same weights and references.
The first call compiles and is told apart; then the quickest of several rounds by turns counts.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
N, LENGTH, N_REFERENCES, N_STEPS = 100, 500, 20, 50

TANGERMEME = """
import json, sys, time
import numpy as np
import torch
from tangermeme.deep_lift_shap import deep_lift_shap
data = np.load(sys.argv[1])
n_windows = (data["x"].shape[1] - 14) // 35
class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.filters = torch.nn.Conv1d(4, 15, 15)
        self.pooling, self.relu = torch.nn.MaxPool1d(35), torch.nn.ReLU()
        self.logits = torch.nn.Linear(15 * n_windows, 1)
    def forward(self, x):
        z = self.relu(self.pooling(self.filters(x)))
        return self.logits(z.permute(0, 2, 1).reshape(len(x), -1))
model = Network().eval()
with torch.no_grad():
    for name, value in [("filters.weight", data["w0"].transpose(2, 1, 0)),
                        ("filters.bias", data["w1"]), ("logits.weight", data["w2"].T),
                        ("logits.bias", data["w3"])]:
        model.get_parameter(name).copy_(torch.from_numpy(np.ascontiguousarray(value)))
x = torch.from_numpy(data["x"].transpose(0, 2, 1).astype("float32").copy())
references = torch.from_numpy(data["references"].transpose(0, 1, 3, 2).astype("float32").copy())
seconds = []
for _ in range(int(sys.argv[2])):
    began = time.perf_counter()
    found = deep_lift_shap(model, x, references=references, device="cpu")
    seconds.append(time.perf_counter() - began)
print(json.dumps([seconds, found.sum(dim=1).tolist()]))
"""


def loop_of_keras(model, x):
    """Integrated gradients as one writes them down: all steps of a few sequences at a time."""
    import numpy as np
    import tensorflow as tf

    places = ((np.arange(N_STEPS) + 0.5) / N_STEPS).astype(np.float32)[:, None, None]

    @tf.function(reduce_retracing=True)
    def slopes(between):
        with tf.GradientTape() as tape:
            tape.watch(between)
            score = model(between)[:, 0]
        return tape.gradient(score, between)

    def explain():
        found = []
        for low in range(0, len(x), 10):
            part = x[low : low + 10].astype(np.float32)[:, None]
            between = (places * part).reshape(-1, *x.shape[1:])
            mean = slopes(between).numpy().reshape(len(part), N_STEPS, *x.shape[1:]).mean(axis=1)
            found.append((mean * part[:, 0]).sum(axis=2))
        return np.concatenate(found)

    return explain


def seconds_of(contestants, rounds):
    """Seconds of each round, by turns."""
    found = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, run in contestants.items():
            began = time.perf_counter()
            run()
            found[name].append(time.perf_counter() - began)
    return found


def of_tangermeme(python, model, x, references, rounds):
    """Seconds of each round and contributions, or why there are none."""
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "data.npz")
        weights = {f"w{i}": w for i, w in enumerate(model.get_weights())}
        np.savez(path, x=x, references=references, **weights)
        done = subprocess.run(
            [python, "-W", "ignore", "-c", TANGERMEME, str(path), str(rounds + 1)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        return None, (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    seconds, contributions = json.loads(done.stdout.splitlines()[-1])
    return seconds, np.array(contributions)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tangermeme", metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from dragonn_lite._quiet import quiet_keras

    quiet_keras()
    import numpy as np

    from dragonn_lite.dna import sequences as dna
    from dragonn_lite.interpretation import gradients
    from dragonn_lite.interpretation.deeplift import deeplift
    from dragonn_lite.networks import architectures

    model, x = (
        architectures.dragonn_one_layer(LENGTH, rng=1),
        dna.random_sequences(N, LENGTH, rng=0),
    )
    loop = loop_of_keras(model, x)
    contestants = {
        "deeplift": lambda: deeplift(model, x, n_references=N_REFERENCES),
        "integrated gradients": lambda: gradients.integrated_gradients(
            model, x, references="zero", n_steps=N_STEPS, tolerance=np.inf
        ),
        "plain loop of Keras": loop,
    }
    apart = contestants["integrated gradients"]().contributions - loop()
    print(f"integrated gradients and the plain loop differ by {np.abs(apart).max():.1g} at most")
    found = seconds_of(contestants, arguments.rounds + 1)
    if arguments.tangermeme:
        copies = np.repeat(x, N_REFERENCES, axis=0)
        references = dna.dinucleotide_shuffle(copies, rng=0).reshape(N, N_REFERENCES, LENGTH, 4)
        seconds, theirs = of_tangermeme(
            arguments.tangermeme, model, x, references, arguments.rounds
        )
        if seconds is None:
            print(f"tangermeme is left out ({theirs})")
        else:
            found["deeplift of tangermeme"] = seconds
            apart = deeplift(model, x, references=references).contributions - theirs
            print(f"deeplift and tangermeme's differ by {np.abs(apart).max():.1g} at most")
    print(f"{N} sequences of {LENGTH} bp, {arguments.rounds} rounds by turns")
    print(f"{'':26}{'sequences a second':>20}{'first call, s':>16}")
    for name, seconds in found.items():
        print(f"{name:26}{N / min(seconds[1:]):>20,.0f}{seconds[0]:>16.2f}")


if __name__ == "__main__":
    main()
