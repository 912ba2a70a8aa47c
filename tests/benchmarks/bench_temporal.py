"""Time the temporal output in one pass against running every prefix, in one run.

Run ``python tests/benchmarks/bench_temporal.py``. LSTM readers of one direction and of both, 32
units, sequences of 500 bp. Every prefix is run by the fairest means: one network of the same
weights that reads any length, compiled once for all lengths (nothing is traced again), all
sequences in one batch. ``predict_on_batch`` of Keras stands beside it, with what it traces again
for new lengths. Where ``--stride`` is above 1 only every so many prefixes are run, and the seconds
are multiplied: a prefix in the middle stands for its neighbours. The quickest of the rounds counts;
the largest difference between the outputs stands beside the times.
"""

import argparse
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def every_prefix(run, x, lengths):
    """Seconds, and the outputs (n, prefixes)."""
    import numpy as np

    began = time.perf_counter()
    found = [np.asarray(run(x[:, :length]))[:, 0] for length in lengths]
    return time.perf_counter() - began, np.stack(found, axis=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=100, help="sequences")
    parser.add_argument("--length", type=int, default=500, help="in bp")
    parser.add_argument("--units", type=int, default=32)
    parser.add_argument("--stride", type=int, default=1, help="prefixes that one stands for")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from dragonn_lite._quiet import quiet_keras

    quiet_keras()
    import keras
    import numpy as np

    from dragonn_lite.dna import sequences
    from dragonn_lite.interpretation import _backend, recurrent
    from dragonn_lite.networks import recurrent as networks

    x = sequences.random_sequences(arguments.n, arguments.length, rng=0)
    ones = x.astype(np.float32)
    stride = arguments.stride
    lengths = list(range((stride + 1) // 2, arguments.length + 1, stride))
    share = len(lengths) / arguments.length
    print(f"{keras.backend.backend()}, {arguments.n} sequences of {arguments.length} bp, "
          f"{arguments.units} units, {len(lengths)} prefixes run")  # fmt: skip
    print(f"{'network':16}{'way':44}{'seconds':>9}{'ratio':>8}{'largest difference':>20}")
    for both in (False, True):
        model = networks.recurrent_reader(
            arguments.length, n_units=arguments.units, bidirectional=both, rng=0
        )
        free = keras.Sequential([keras.Input((None, 4)), *model.layers[1:]])
        compiled = _backend.compiled(lambda z, free=free: free(z, training=False), free)
        every_prefix(compiled, ones[:, :20], [5, 10, 15])
        recurrent.temporal_output(model, x[:2])
        one, slow = [], []
        for _ in range(arguments.rounds):  # by turns
            began = time.perf_counter()
            found = recurrent.temporal_output(model, x)
            one.append(time.perf_counter() - began)
            seconds, prefixes = every_prefix(compiled, ones, lengths)
            slow.append(seconds / share)
        keras_s, by_keras = every_prefix(free.predict_on_batch, ones, lengths)
        name, fast = "both directions" if both else "one direction", min(one)
        print(f"{name:16}{'one pass':44}{fast:>9.2f}")
        for way, seconds, given in (
            ("every prefix, compiled once", min(slow), prefixes),
            ("every prefix, predict_on_batch, with tracing", keras_s / share, by_keras),
        ):
            apart = np.abs(given - found[:, np.array(lengths) - 1]).max()
            print(f"{name:16}{way:44}{seconds:>9.2f}{seconds / fast:>8.1f}{apart:>20.1e}")
        ratios = ", ".join(f"{s / f:.1f}" for f, s in zip(one, slow, strict=True))
        print(f"{'':16}ratios of the rounds, compiled once: {ratios}", flush=True)


if __name__ == "__main__":
    main()
