"""The exercises of lesson 01: what is right, and three hints for each."""

from __future__ import annotations

import numpy as np

from dragonn_lite._exercises import exercise, number
from dragonn_lite.dna import sequences


@exercise(
    "01.weights",
    "count layer by layer: the filter, then the last layer; pooling has nothing to learn.",
    "a layer also has one number for each of its outputs that it adds (the bias).",
    "the filter has 20 x 4 weights and a bias, the last layer a and b.",
)
def _(answer):
    said = {
        80: "Those are the weights of the filter alone.",
        81: "Those are the filter's; the last layer has two more.",
        82: "Nearly: the filter, too, has a number that it adds.",
        63: "That is the network with 15 positions; this one has 20.",
    }
    return said.get(answer) or number(answer, 83, 0)


@exercise(
    "01.best_match",
    "first the match at one place: multiply the bases there by the weights, and add up.",
    "place i covers sequence[i : i + len(weights)]; there are len(sequence) - len(weights) + 1.",
    "return max((sequence[i : i + len(weights)] * weights).sum() for i in the range of places).",
)
def _(answer):
    rng = np.random.default_rng(0)
    for length, width in ((20, 5), (6, 6), (50, 15), (30, 4), (12, 11)):
        sequence = sequences.random_sequences(1, length, rng=rng)[0]
        weights = rng.normal(size=(width, 4)) - 0.5
        if width == 15:  # the last place is the best
            weights = sequence[-width:] - 0.5
        places = range(length - width + 1)
        matches = [float((sequence[i : i + width] * weights).sum()) for i in places]
        got = answer(sequence, weights)
        if got is None:
            return "Your function returns nothing: end it with return."
        if np.shape(got) != ():
            return f"Expected one number, got {np.size(got)}: keep the best."
        got = float(got)
        if np.isclose(got, max(matches)):
            continue
        if np.isclose(got, matches[0]):
            return "That is the match at the first place only: slide along the sequence."
        if np.isclose(got, sum(matches)) or np.isclose(got, np.mean(matches)):
            return "That adds up all places: pooling keeps the best one."
        if len(matches) > 1 and np.isclose(got, max(matches[:-1])):
            return "The last place is missing: range(n) stops before n."
        if np.isclose(got, max(*matches, 0.0)):
            return "The best match may be below zero: do not start from 0."
        return f"Expected {max(matches):.3f} for a filter of {width} bp, got {got:.3f}."
    return ""


@exercise(
    "01.short_filter",
    "train architectures.one_filter(length, width_bp=6, rng=seed) with train_and_test.",
    "train_and_test returns two things: _, auroc = train_and_test(network, start).",
)
def _(answer):
    wrong = number(answer, 0.725, 0.225)
    if not wrong or not wrong.endswith("is not it."):
        return wrong
    return f"{float(answer):g} is out of reach for six bases of this motif; is it an auROC?"
