"""Time the dna room against its slow references, per sequence of 500 bp, in one run.

Run ``python tests/benchmarks/bench_dna.py``.
"""

import pathlib
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

LENGTH = 500


def seconds(function, repeats=5):
    """Best of several runs."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return best


def main():
    import reference

    from dragonn_lite.dna import fasta, motifs, sequences

    n, n_slow = 10_000, 20
    x = sequences.random_sequences(n, LENGTH, gc_fraction=0.4, rng=0)
    text = sequences.decode(x)
    motif = motifs.builtin("REST")
    log_odds = motif.log_odds().tolist()
    transitions = np.full((4, 4), 0.25)
    rng, bases = np.random.default_rng(0), list("ACGT")

    def plain_scan():  # one multiplication a position, as numpy is used at first
        windows = np.lib.stride_tricks.sliding_window_view(x[:200], motif.width_bp, axis=1)
        for matrix in (motif.log_odds(), motif.log_odds()[::-1, ::-1]):
            np.einsum("npbw,wb->np", windows, matrix)

    rows = [
        ("one_hot", lambda: sequences.one_hot(text), lambda: reference.one_hot(text[:n_slow])),
        (
            "random_sequences, GC 0.4",
            lambda: sequences.random_sequences(n, LENGTH, gc_fraction=0.4, rng=0),
            lambda: [rng.choice(bases, LENGTH, p=[0.3, 0.2, 0.2, 0.3]) for _ in range(n_slow)],
        ),
        (
            "random_sequences, GC 0.5",
            lambda: sequences.random_sequences(n, LENGTH, rng=0),
            lambda: [rng.choice(bases, LENGTH) for _ in range(n_slow)],
        ),
        (
            "random_sequences, Markov",
            lambda: sequences.random_sequences(n, LENGTH, transitions=transitions, rng=0),
            None,
        ),
        ("shuffle", lambda: sequences.shuffle(x, rng=0), None),
        (
            "dinucleotide_shuffle",
            lambda: sequences.dinucleotide_shuffle(x, rng=0),
            lambda: [reference.dinucleotide_shuffle(t, 0) for t in text[:n_slow]],
        ),
        (
            "scan, 21 bp, both strands",
            lambda: motifs.scan(x, motif),
            lambda: [reference.scan(t, log_odds) for t in text[:n_slow]],
        ),
        (
            "reverse_complement",
            lambda: sequences.reverse_complement(x),
            lambda: [reference.reverse_complement(t) for t in text[:n_slow]],
        ),
        ("kmer_counts, k=6", lambda: sequences.kmer_counts(x, 6), None),
        ("Motif.sample", lambda: motif.sample(n, rng=0), None),
    ]
    print(f"{'':28}{'10,000 x 500 bp':>18}{'a second':>14}{'reference':>12}")
    for name, fast, slow in rows:
        time_fast = seconds(fast)
        ratio = ""
        if slow:
            ratio = f"{seconds(slow, repeats=2) / n_slow / (time_fast / n):,.0f} x"
        print(f"{name:28}{time_fast * 1e3:>15.1f} ms{n / time_fast:>14,.0f}{ratio:>12}")
    ratio = seconds(plain_scan) / 200 / (seconds(rows[6][1]) / n)
    print(f"{'scan against einsum':28}{ratio:>42,.0f} x")

    with tempfile.TemporaryDirectory() as folder:
        for name, records in (
            ("20,000 records of 500 bp", [(f"r{i}", t) for i, t in enumerate(text * 2)]),
            ("one record of 10 Mb", [("chr", "".join(text * 2))]),
        ):
            for suffix in ("", ".gz"):
                path = pathlib.Path(folder, "x.fa" + suffix)
                fasta.write_fasta(path, records)
                n_bases = sum(len(sequence) for _, sequence in records)
                taken = seconds(lambda path=path: fasta.read_fasta(path), repeats=3)
                print(f"read_fasta{suffix}, {name}: {n_bases / taken / 1e6:,.0f} Mb/s")
    collection = motifs.builtin_motifs()
    taken = seconds(lambda: motifs.best_match(collection[:20]))
    print(f"best_match, 20 queries x {len(collection)} motifs: {taken * 1e3:.1f} ms")


if __name__ == "__main__":
    main()
