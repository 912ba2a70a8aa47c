"""The exercises of lesson 09: right answers pass, wrong ones are told what is wrong."""

import numpy as np
import pytest

from answers import first_try, said  # noqa: F401 - the first is used by every test

from dragonn_lite import interpretation
from dragonn_lite._exercises import EXERCISES, verdict


def test_shapley_values_of_two_sites():
    assert verdict("09.shapley", 0.5).startswith("Right! Both together get all")
    assert verdict("09.shapley", (0.95 + 0.05) / 2).startswith("Right!")
    for answer, why in (
        (0.05, "0.05: that is what is lost"), (0.95, "where it is alone"),
        (1, "shared between two equals"), (0.1, "mutagenesis gives to both"),
        (0.7, "0.7 is not it."), ("half", "Expected a number, got str"),
    ):  # fmt: skip
        assert why in said("09.shapley", answer)


def deletion(model, sequence, shuffle, contributions, order=None):
    order = np.argsort(-contributions) if order is None else order
    steps = [sequence.copy()]
    for place in order:
        one = steps[-1].copy()
        one[place] = shuffle[place]
        steps.append(one)
    return model(np.stack(steps))


def alone(model, sequence, shuffle, contributions):
    steps = [sequence]
    for place in np.argsort(-contributions):
        steps.append(sequence.copy())
        steps[-1][place] = shuffle[place]
    return model(np.stack(steps))


def test_right_deletion_curves_pass():
    assert verdict("09.deletion", deletion) == "Right!"
    assert verdict("09.deletion", lambda *a: [float(v) for v in deletion(*a)]) == "Right!"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda m, s, o, c: None, "returns nothing"),
        (lambda m, s, o, c: deletion(m, s, o, c)[1:], "the first of the sequence as it is"),
        (lambda m, s, o, c: deletion(m, s, o, c, np.argsort(c)), "The least important letters"),
        (lambda m, s, o, c: deletion(m, s, o, c, np.argsort(-abs(c))), "taken by size"),
        (lambda m, s, o, c: deletion(m, s, o, c, range(len(c))), "from left to right"),
        (lambda m, s, o, c: deletion(m, o, s, c), "That is an insertion"),
        (alone, "Each letter was exchanged alone"),
        (lambda m, s, o, c: deletion(m, s, o, c)[::-1], "After 0 letters the logit is"),
        (lambda m, s, o, c: m(s), "ValueError: model was given shape"),
        (lambda m, s, o: m(s), "TypeError"),
    ],
)
def test_wrong_deletion_curves_are_told_why(answer, why):
    assert why in said("09.deletion", answer)


def explained(model, x, target, method):
    return interpretation.explain(model, x, method=method, target=target).contributions


def smoothed(model, x, target=0, width=3):
    rows = explained(model, x, target, "in_silico_mutagenesis")
    return np.array([np.convolve(row, np.ones(width) / width, mode="same") for row in rows])


def added(model, x, target=0):
    parts = (explained(model, x, target, name)
             for name in ("in_silico_mutagenesis", "window_shuffle"))  # fmt: skip
    return sum(part / abs(part).max(axis=1, keepdims=True) for part in parts)


def test_methods_that_are_good_by_both_judges_pass_and_others_are_told_their_scores():
    for answer in (smoothed, added):
        assert verdict("09.both", answer) == "Right!"
    for answer in (
        lambda m, x, target: explained(m, x, target, "in_silico_mutagenesis"),
        lambda m, x, target: interpretation.explain(m, x, method="window_shuffle"),
        lambda m, x, target: smoothed(m, x, width=9),
        lambda m, x, target: np.random.default_rng(0).normal(size=x.shape[:2]),
    ):
        assert "to beat is" in said("09.both", answer)
    for answer, why in (
        (lambda m, x, target: None, "returns nothing"),
        (lambda m, x, target: x, "a number for each letter present, got (20, 100, 4)"),
        (lambda m, x, target: np.full(x.shape[:2], np.nan), "not finite"),
        (lambda m, x: 0, "unexpected keyword argument 'target'"),
    ):
        assert why in said("09.both", answer)


def test_the_hints_of_the_open_exercise_lead_to_it():
    assert "np.ones(3) / 3" in EXERCISES["09.both"].hints[1]
    assert "add the two maps" in EXERCISES["09.both"].hints[2]
