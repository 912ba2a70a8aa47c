"""Lesson 07: what is right, and three hints for each exercise."""

from __future__ import annotations

import zlib

import numpy as np

from dragonn_lite._exercises import exercise, number
from dragonn_lite.dna.encoding import BASES, one_hot


@exercise(
    "07.mutants",
    "at each position there are three letters that are not there already.",
    "1,000 positions times 3, and one more sequence.",
    "3 * 1000 + 1.",
    remark="The loop of round 1 scores some of them more often than it needs to: which?",
)
def _(answer):
    wrong = number(answer, 3001, 0)
    said = {
        3000: "Those are the mutants; the effects are differences to one more sequence.",
        4000: "At each position one of the four letters is no change.",
        4001: "At each position one of the four letters is no change.",
        1001: "Each position can be changed to more than one letter.",
        1000: "Each position can be changed to more than one letter.",
    }
    return said.get(int(float(answer)), wrong) if wrong.endswith("is not it.") else wrong


@exercise(
    "07.mutagenesis",
    "two loops: over the positions, and over the four letters.",
    "the mutant is dna[:i] + letter + dna[i + 1:]; from its score subtract that of dna.",
    'return [{b: score(dna[:i] + b + dna[i + 1:]) - score(dna) for b in "ACGT"} '
    "for i in range(len(dna))].",
)
def _(answer):
    rng = np.random.default_rng(0)
    for trial in range(10):
        dna = "".join(rng.choice(list(BASES), rng.integers(1, 13)))

        def score(text, salt=trial):  # no two strings alike: nothing can be guessed
            if not isinstance(text, str):
                raise TypeError(f"score was given {type(text).__name__}, expected a str")
            return zlib.crc32(f"{salt}{text}".encode()) / 2**32

        got = answer(score, dna)
        if got is None:
            return "Your function returns nothing: end it with return."
        if not isinstance(got, (list, tuple)) or len(got) != len(dna):
            held = f" of {len(got)}" if hasattr(got, "__len__") else ""
            return (
                f"Expected a list of {len(dna)} items for {dna!r}, one a position, got "
                f"{type(got).__name__}{held}."
            )
        for i, found in enumerate(got):
            if not isinstance(found, dict) or set(found) != set(BASES):
                return f"Expected a dictionary with A, C, G and T at each position, got {found!r}."
            for base in BASES:
                wrong = _wrong_change(score, dna, i, base, float(found[base]))
                if wrong:
                    return wrong
    return ""


def _wrong_change(score, dna, i, base, value):
    """Say what is wrong with the change of one score, "" where nothing is."""
    after, before = score(dna[:i] + base + dna[i + 1 :]), score(dna)
    if np.isclose(value, after - before):
        return ""
    others = {
        before - after: "the sign is turned: subtract the score before from the one after.",
        after: "that is the score of the mutant; subtract the score of the sequence itself.",
        score(dna[:i] + base + dna[i:]) - before: "that inserts a letter; it should replace one.",
        score("".join(base if j <= i else c for j, c in enumerate(dna)))
        - before: "start each mutant from the sequence itself: earlier changes are still in it.",
    }
    shown = f"Position {i} of {dna!r} changed to {base} gave {value:.3f}"
    for other, why in others.items():
        if np.isclose(value, other):
            return f"{shown}: {why}"
    return f"{shown}, expected {after - before:.3f}."


@exercise(
    "07.unseen",
    "write the word twice, and think what is left after the loss of one.",
    "with two, the loss of one still moves the logit from 1 to 0.95: two are not enough.",
    'my_answer = "GATTACAG" * 3 + 36 * "C".',
    remark="Remove all the words at once, and the network says unbound: ablate them together, or "
    "insert one into other DNA.",
)
def _(answer, length=60):
    from dragonn_lite.interpretation import perturbation, truth

    if not isinstance(answer, str):
        return f"Expected DNA as a str, got {type(answer).__name__}."
    dna = answer.upper()
    if len(dna) != length or set(dna) - set(BASES):
        return f"Expected {length} letters A, C, G and T, got {len(dna)}: {answer[:length]!r}."
    found = perturbation.in_silico_mutagenesis(truth.either_suffices(length), one_hot(dna))
    logit = float(found.logits[0])
    if logit < 0.99:
        return f"The logit is {logit:.2f}, expected 1."
    effects = found.hypothetical[0] - found.contributions[0][:, None]  # less the letter present
    i, base = np.unravel_index(np.abs(effects).argmax(), effects.shape)
    if abs(effects[i, base]) > 1e-3:
        return f"Position {i} changed to {BASES[base]} moves the logit by {effects[i, base]:+.2f}."
    return ""
