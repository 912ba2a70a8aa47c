"""The exercises of lesson 06: what is right, and three hints for each."""

from __future__ import annotations

import numpy as np

from dragonn_lite._exercises import exercise, number
from dragonn_lite.dna import sequences


@exercise(
    "06.prevalence",
    "say that a share p of a million windows is bound; count right picks, and wrong ones.",
    "right are 0.5 * p, wrong 0.002 * (1 - p); nine right ones may bring one wrong one.",
    "solve 0.5 * p = 9 * 0.002 * (1 - p) for p.",
    remark="None of the five is as common: the commonest is bound in fewer than two windows of "
    "a hundred.",
)
def _(answer):
    expected = 9 * 0.002 / (0.5 + 9 * 0.002)
    wrong = number(answer, expected, 0.0006)
    if not wrong.endswith("is not it."):
        return wrong
    said = {
        100 * expected: "give the share itself, between 0 and 1, not in percent.",
        0.1: "that is the share of wrong picks.",
        9 * 0.002 / (1 + 9 * 0.002): "the network finds half of the bound windows only.",
        0.002 / (0.5 + 0.002): "that makes one of two picks right.",
        10 * 0.002 / (0.5 + 10 * 0.002): "nine right ones for one wrong one, not ten.",
        0.9: "that is the share of right picks.",
    }
    value = float(answer)
    near = [why for other, why in said.items() if abs(value - other) < 0.015 * other]
    return f"{value:g}: {near[0]}" if near else wrong


@exercise(
    "06.leaks",
    "collect all words of the training sequences in a set, and ask for each word of a test one.",
    "a sequence of n letters has n - k + 1 words; put the reverse complements into the set too.",
    "known = {s[i : i + k] for s in both for i in range(len(s) - k + 1)}, where both holds each "
    "training sequence and its reverse complement; then any(...) for each test sequence.",
)
def _(answer):
    rng = np.random.default_rng(0)
    mistakes = None  # what explains all answers so far
    for _ in range(200):
        k = int(rng.integers(3, 7))
        train, test = (
            ["".join(rng.choice(list("ACGT"), rng.integers(2, 14))) for _ in range(n)]
            for n in (3, 4)
        )
        expected = _leaks(train, test, k)
        got = answer(list(train), list(test), k)
        if got is None:
            return "Your function returns nothing: end it with return."
        if np.shape(got) != (len(test),):
            return f"Expected True or False for each of {len(test)} test sequences, got {got!r}."
        got = [bool(found) for found in got]
        fitting = {why for why, value in _wrong_leaks(train, test, k).items() if value == got}
        mistakes = fitting if mistakes is None else mistakes & fitting
        if got != expected:
            i = next(i for i in range(len(test)) if got[i] != expected[i])
            why = f": {min(mistakes)}" if mistakes else ""
            return (
                f"With k = {k}, train {train} and test {test[i]!r} you say {got[i]}, expected "
                f"{expected[i]}{why}."
            )
    return ""


def _leaks(train, test, k, *, turned=True, last=True):
    """Compare every word of every test sequence with every word of every training one."""

    def words(sequence):
        return [sequence[i : i + k] for i in range(len(sequence) - k + last)]

    known = [word for sequence in train for word in words(sequence)]
    if turned:
        known += [sequences.reverse_complement(word) for word in known]
    return [any(word in known for word in words(sequence)) for sequence in test]


def _wrong_leaks(train, test, k):
    """What each of the usual mistakes gives."""
    return {
        "the other strand counts too": _leaks(train, test, k, turned=False),
        "the last word is missing: there are len(s) - k + 1": _leaks(train, test, k, last=False),
        "words of k letters, not whole sequences": [sequence in train for sequence in test],
    }


@exercise(
    "06.factor",
    "a factor that reads DNA itself is the easiest: Swi4, Mbp1 or Tbf1, say.",
    'the function in the cell trains the network on any name: my_answer = another("Mbp1").',
    "where that falls short, replace the network: baselines.kmer_logistic_regression learns from "
    "all windows that are not held out, and its rule gives the scores.",
)
def _(answer, held_out=("IV", "XII", "XV"), seen_bp=218, at_most=0.99):
    from dragonn_lite.assays import datasets, labels
    from dragonn_lite.dna import genome
    from dragonn_lite.evaluation import metrics

    if not isinstance(answer, tuple) or len(answer) != 2 or not hasattr(answer[1], "columns"):
        return (
            "Expected a name and a table: my_answer = 'Mbp1', windows[held_out].assign(score=...)."
        )
    factor, table = answer
    yeast = datasets.load("yeast_genome")
    if factor not in yeast["peaks"]:
        return f"There are no peaks of {factor!r}; there are {', '.join(yeast['peaks'])}."
    if factor in ("Reb1", "Ume6", "Cbf1", "Rap1", "Abf1"):
        return f"{factor} has been done in the lesson; choose another."
    if missing := [c for c in ("chromosome", "start", "stop", "score") if c not in table]:
        return f"Your table has no column {missing[0]!r}."
    if seen := sorted(set(table["chromosome"]) - set(held_out)):
        return f"Chromosome {seen[0]} was there to learn from: hand in held-out windows only."
    every = genome.windows({name: yeast["genome"].sizes[name] for name in held_out}, 200)
    n_windows = int(yeast["genome"].contains(genome.centred(every, seen_bp)).sum())
    distinct = table.drop_duplicates(["chromosome", "start"])
    if len(distinct) != len(table) or not n_windows <= len(table) <= len(every):
        return f"Expected each of {n_windows:,} held-out windows once, got {len(table):,} rows."
    table = table[~genome.overlaps(table, yeast["excluded"])]
    y = labels.from_peaks(table, yeast["peaks"][factor])
    gc = sequences.gc_fraction(yeast["genome"].sequences(table[["chromosome", "start", "stop"]]))
    reached = metrics.auprc(y, table["score"])
    rival = max(metrics.auprc(y, gc), metrics.auprc(y, -gc))
    if reached > at_most:
        return (
            f"auPRC {reached:.3f}: really? Not even a second experiment foretells the first so "
            "well; the scores must come from the letters alone, not from the peaks."
        )
    said = f"auPRC {reached:.3f}, GC content {rival:.3f}, chance {y.mean():.3f}"
    if reached < 2 * max(rival, y.mean()):
        return f"{said}: try to reach twice what GC content does, or take another factor."
    return ""
