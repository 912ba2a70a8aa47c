"""Measure the memory and the time of every explanation: 1,000 sequences of 1,000 bp.

Run ``python tests/benchmarks/bench_memory.py``. Each method of ``interpretation.methods()`` that
can explain the network runs with its default options in a process of its own, on DragoNN's networks
of one and of three layers (15 filters of 15 bp). ``--methods NAME ...`` measures only those. Where a method would take longer
than ``--limit`` seconds, judged by its first sequences, it gets only as many as it can do: its
batches are as large, and the table says how many there were. The peak is that of the whole process;
the line "nothing" is what Python, TensorFlow, the network and the sequences take without it.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BOUND_MB = 1_500
NETWORKS = ("dragonn_one_layer", "dragonn_three_layer")
FIRST = 16  # sequences by which the time is judged


def measure(network, method, n, length, limit):
    """Explain in this process; seconds, sequences and peak memory in MB."""
    sys.path.insert(0, str(ROOT))
    from dragonn_lite._quiet import quiet_keras

    quiet_keras()
    from dragonn_lite import interpretation
    from dragonn_lite.dna import sequences
    from dragonn_lite.networks import architectures

    x = sequences.random_sequences(n, length, rng=0)
    model = getattr(architectures, network)(length, rng=1)
    model.predict_on_batch(x[:1].astype("float32"))
    seconds, done = 0.0, 0
    if method != "nothing":
        interpretation.explain(model, x[:1], method=method)  # compiles
        began = time.perf_counter()
        interpretation.explain(model, x[:FIRST], method=method)
        each = (time.perf_counter() - began) / min(FIRST, n)
        done = n if each * n <= limit else max(FIRST, int(limit / each))
        began = time.perf_counter()
        interpretation.explain(model, x[:done], method=method)
        seconds = time.perf_counter() - began
    return {"seconds": seconds, "n": done, "peak_mb": peak_mb()}


def peak_mb():
    """Most memory that this process has held."""
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # not ru_maxrss there: a process starts with the peak of its parent
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    import resource  # Windows has none

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # bytes on macOS


def apart(network, method, n, length, limit=300.0):
    """The same in a process of its own."""
    task = json.dumps([network, method, n, length, limit])
    done = subprocess.run(
        [sys.executable, __file__, "--one", task], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{method} on {network} failed: {done.stderr.strip()[-2_000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="+", metavar="NAME")
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument("--n", type=int, default=1_000, help="sequences")
    parser.add_argument("--length", type=int, default=1_000, help="in bp")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds a method")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(*json.loads(arguments.one))))
        return
    sys.path.insert(0, str(ROOT))
    from dragonn_lite._quiet import quiet_keras

    quiet_keras()
    from dragonn_lite import interpretation
    from dragonn_lite.networks import architectures

    over = []
    print(f"{'network':22}{'method':26}{'sequences':>10}{'seconds':>9}{'peak, MB':>10}")
    for network in arguments.networks:
        small = getattr(architectures, network)(100, rng=1)
        names = arguments.methods or interpretation.methods(model=small)["method"]
        for name in ("nothing", *names):
            found = apart(network, name, arguments.n, arguments.length, arguments.limit)
            over += [f"{name} ({network})"] * (found["peak_mb"] > BOUND_MB)
            print(
                f"{network:22}{name:26}{found['n']:>10,}{found['seconds']:>9.1f}"
                f"{found['peak_mb']:>10,.0f}",
                flush=True,
            )
    print(f"over {BOUND_MB:,} MB: {', '.join(over) or 'none'}")


if __name__ == "__main__":
    main()
