"""The exercises of lesson 08: what is right, and three hints for each."""

from __future__ import annotations

import numpy as np

from dragonn_lite._exercises import exercise
from dragonn_lite.dna import sequences

_BOTH = "GATTACAGCACGTG"
_FIRST = 8  # letters of its first word


def _shaped(got, length: int) -> str:
    if got is None:
        return "Your function returns nothing: end it with return."
    if np.shape(got) == (length, 4):
        return "That is a number for each of the four letters: add them up at each position."
    if np.shape(got) != (length,):
        numbers = "1 number" if length == 1 else f"{length} numbers"
        return (
            f"For {length} bp expected {numbers}, one for each position, got shape {np.shape(got)}."
        )
    return ""


@exercise(
    "08.by_hand",
    "the gradient of a linear network is its weights, whatever the sequence.",
    "times the input: of the four weights of a position, the sequence picks that of its letter.",
    "(weights * sequence).sum(axis=1) picks and adds up; axis 1 is that of the four letters.",
)
def _(answer):
    rng = np.random.default_rng(0)
    for length in (1, 8, 30):
        x = sequences.random_sequences(1, length, rng=rng)[0].astype(float)
        weights = rng.normal(size=(length, 4))
        got = answer(x, weights)
        if wrong := _shaped(got, length):
            return wrong
        got, picked = np.asarray(got, float), (weights * x).sum(axis=1)
        if np.allclose(got, picked):
            continue
        others = (
            (np.abs(weights).max(axis=1), "that is saliency: it does not look at the sequence."),
            (weights.max(axis=1), "that is the best letter of each position, not the one there."),
            (np.abs(picked), "the sign is lost: a wrong letter pushes the logit down."),
            (weights.sum(axis=1), "that adds up the weights of all four letters."),
            (
                (weights * x).max(axis=1),
                "the largest of four products is 0 where the weight is negative: add them up.",
            ),
            (picked - weights.mean(axis=1), "the mean of the four weights has no part in it."),
        )
        for value, why in others:
            if np.allclose(got, value):
                return f"Not quite: {why}"
        i = int(np.abs(got - picked).argmax())
        return f"Position {i} got {got[i]:.3f}, expected {picked[i]:.3f}."
    return ""


@exercise(
    "08.integrated",
    "points on the way: reference + a * (sequence - reference), with a between 0 and 1.",
    "average the gradients of n_steps such points, a = (i + 0.5) / n_steps; then multiply by "
    "(sequence - reference), and add up the four letters.",
    "slopes = np.mean([gradient(reference + (i + 0.5) / n_steps * (sequence - reference)) for i in "
    "range(n_steps)], axis=0); return (slopes * (sequence - reference)).sum(axis=1).",
)
def _(answer):
    rng = np.random.default_rng(0)
    for length, kind, n_steps in ((6, "zero", 400), (9, "uniform", 400), (9, "uniform", 800)):
        x = sequences.random_sequences(1, length, rng=rng)[0].astype(float)
        reference = np.full((length, 4), 0.25 if kind == "uniform" else 0.0)
        weights = rng.normal(size=(length, 4))
        calls = []

        def gradient(at, weights=weights, calls=calls):
            at = np.asarray(at, float)
            calls.append(at)
            return weights / np.cosh((weights * at).sum() + 0.5) ** 2  # of tanh of a weighted sum

        def rise(a, b, weights=weights):
            return np.tanh((weights * b).sum() + 0.5) - np.tanh((weights * a).sum() + 0.5)

        got = answer(gradient, x, reference, n_steps)
        if wrong := _shaped(got, length):
            return wrong
        got = np.asarray(got, float)
        share = (weights * (x - reference)).sum(axis=1)  # each input's part of the weighted sum
        expected = share / share.sum() * rise(reference, x)
        if np.allclose(got, expected, atol=0.01 * np.abs(expected).sum()):
            if not n_steps - 1 <= len(calls) <= n_steps + 2:
                return f"Asked for {n_steps} steps, you took {len(calls)} gradients."
            continue
        end = (gradient(x) * (x - reference)).sum(axis=1)
        from_zero = (weights * x).sum(axis=1)
        from_zero = from_zero / from_zero.sum() * rise(0 * x, x)
        others = (
            (end, "that is the slope at the end alone: average it over the way."),
            (expected * n_steps, "that is the sum of the slopes: their mean is asked for."),
            (from_zero, "your way begins at zero: it has to begin at the reference."),
        )
        for value, why in others:
            if np.allclose(got, value, atol=0.01 * np.abs(value).sum()):
                return f"Not quite: {why}"
        times_input = expected / share * (weights * x).sum(axis=1)
        if kind == "uniform" and np.allclose(got, times_input, atol=0.02 * np.abs(expected).sum()):
            return "Multiply by (sequence - reference), not by the sequence alone."
        return (
            f"They add up to {got.sum():.3f}; the rise from the reference is {expected.sum():.3f}."
        )
    return ""


@exercise(
    "08.two_stories",
    "where reference and sequence hold the same letter there is no difference to explain.",
    "to give all to the first word, take a reference that has the second one already.",
    "eight letters that match GATTACAG nowhere, then CACGTG; and GATTACAG, then six letters that "
    "match CACGTG nowhere.",
    remark="The first asks what the first word adds once the second is there, the other the reverse.",
)
def _(answer):
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return "Expected a pair of references, ('ACGT...', 'ACGT...')."
    if answer[0] == answer[1]:
        return "Both references are the same: they tell one story."
    model, x = _smaller_of_two(), sequences.one_hot(_BOTH)
    from dragonn_lite.interpretation.deeplift import deeplift
    from dragonn_lite.networks.prediction import predict

    for dna, which in zip(answer, ("first", "second"), strict=True):
        if not isinstance(dna, str) or len(dna) != len(_BOTH) or set(dna.upper()) - set("ACGT"):
            return f"{dna!r} is no reference: expected {len(_BOTH)} letters A, C, G or T."
        given = sequences.one_hot(dna)
        logit = float(predict(model, given).item())
        if abs(logit) > 1e-6:
            return f"The logit of {dna} is {logit:.2f}, expected 0: one word must not match at all."
        found = deeplift(model, x, references=given[0])
        credit = found.contributions[0, :_FIRST].sum(), found.contributions[0, _FIRST:].sum()
        share = credit[which == "second"] / sum(credit)
        if share < 0.99:
            return f"With {dna} the {which} word gets {100 * share:.0f} % of the credit, not all."
    return ""


def _smaller_of_two():
    """The network of round 3: first - relu(first - second)."""
    import keras
    from keras import layers

    first, second = np.zeros((2, len(_BOTH), 4))
    first[:_FIRST] = sequences.one_hot(_BOTH[:_FIRST])[0]
    second[_FIRST:] = 0.75 * sequences.one_hot(_BOTH[_FIRST:])[0]
    inputs = keras.Input(first.shape)
    flat = layers.Flatten()(inputs)
    surplus = layers.Dense(1, activation="relu", name="surplus")(flat)
    merged = layers.Concatenate()([flat, surplus])
    model = keras.Model(inputs, layers.Dense(1, name="logit")(merged))
    model.get_layer("surplus").set_weights([(first - second).reshape(-1, 1), np.zeros(1)])
    model.get_layer("logit").set_weights([np.append(first.ravel(), -1.0)[:, None], np.zeros(1)])
    return model
