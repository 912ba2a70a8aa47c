"""The exercises of lesson 03: what is right, and three hints for each."""

from __future__ import annotations

import numpy as np

from dragonn_lite._exercises import exercise, number
from dragonn_lite.dna import sequences


@exercise(
    "03.genome",
    "count windows, not shares: of the thousand bound ones, and of all the others.",
    "1 % of the 999,000 unbound windows is a big number: those are the false calls.",
    "right calls over all calls: 0.9 * 1000 / (0.9 * 1000 + 0.01 * 999_000).",
)
def _(answer):
    right = 900 / (900 + 9_990)
    wrong = {
        0.9: "that is the recall: the share of the bound windows that are found.",
        0.99: "that counts as if bound and unbound windows were equally many.",
        90 / 91: "that counts as if bound and unbound windows were equally many.",
        1 - right: "that is the share of the calls that is wrong.",
    }
    said = number(answer, right, 0.002)
    if not said or said.startswith("Expected"):
        return said
    if abs(float(answer) - 100 * right) < 0.2:
        return "That is in percent: give a number from 0 to 1."
    near = [why for value, why in wrong.items() if abs(float(answer) - value) < 0.001]
    return f"{float(answer):g}: {near[0]}" if near else said


@exercise(
    "03.hold_out",
    "chr1 is also the beginning of chr10: compare whole chromosomes, up to the colon.",
    "a name may begin with something else: what you want stands after the last '::', if any.",
    "name.split('::')[-1].split(':')[0] is the chromosome; then ask whether it is in held_out.",
)
def _(answer):
    rng = np.random.default_rng(0)
    for trial in range(20):
        placed = rng.choice(["chr1", "chr2", "chr10", "chr11", "chr21", "chrX"], 12)
        styles = rng.choice(["{}:{}-{}", "peak7::{}:{}-{}(+)", "{}:{}-{}_shuffled"], 12)
        starts = rng.integers(0, 10_000, 12)
        names = [s.format(c, a, a + 101) for s, c, a in zip(styles, placed, starts, strict=True)]
        held_out = [["chr1"], ["chr2", "chrX"], ["chr21", "chr1"]][trial % 3]
        got = answer(list(names), list(held_out))
        if got is None:
            return "Your function returns nothing: end it with return."
        if np.shape(got) != (12,):
            return f"Expected a True or False for each of 12 names, got shape {np.shape(got)}."
        for name, chromosome, says in zip(names, placed, got, strict=True):
            if bool(says) != (chromosome in held_out):
                verb = "is held out" if says else "is not held out"
                return f"{name} {verb}, where {' and '.join(held_out)} should be."
    return ""


@exercise(
    "03.unbound",
    "shuffle each bound sequence, but not just letter by letter.",
    "sequences.dinucleotide_shuffle keeps exactly the pairs of neighbours.",
    "return sequences.dinucleotide_shuffle(bound, rng=rng).",
)
def _(answer):
    bound = sequences.random_sequences(50, 80, gc_fraction=0.6, rng=0)
    got = answer(bound.copy(), np.random.default_rng(1))
    if got is None:
        return "Your function returns nothing: end it with return."
    got = np.asarray(got)
    if got.shape != bound.shape:
        return f"Expected an array of shape {bound.shape}, got {got.shape}."
    if not np.isin(got, (0, 1)).all() or not (got.sum(axis=2) == 1).all():
        return "What comes back is not one-hot: one 1 at each position."
    if (got == bound).all(axis=(1, 2)).mean() > 0.1:
        return "Sequences come back unchanged: they would be bound and unbound at once."
    if (got == bound[:, ::-1, ::-1]).all(axis=(1, 2)).mean() > 0.1:
        return "Those are reverse complements: the protein binds them just the same."
    gc = [float(sequences.gc_fraction(x).mean()) for x in (bound, got)]
    if abs(gc[0] - gc[1]) > 0.02:
        return f"GC content tells them apart: {gc[0]:.2f} became {gc[1]:.2f}."
    pairs = [sequences.kmer_counts(x, 2).mean(axis=0) for x in (bound, got)]
    worst = int(np.abs(pairs[0] - pairs[1]).argmax())
    if abs(pairs[0][worst] - pairs[1][worst]) > 0.05:
        pair = "ACGT"[worst // 4] + "ACGT"[worst % 4]
        return (
            f"Pairs tell them apart: {pair} stood {pairs[0][worst]:.2f} times in a sequence, and "
            f"now {pairs[1][worst]:.2f} times."
        )
    return ""
