"""The exercises of lesson 11: right answers pass, wrong ones are told what is wrong."""

import numpy as np
import pytest

from answers import first_try, said  # noqa: F401 - the first is used by every test

from dragonn_lite._exercises import EXERCISES, verdict


def test_what_each_step_adds():
    assert verdict("11.adds", [-0.7, 0.8, 0.3]).startswith("Right! By the weights alone")
    assert verdict("11.adds", np.array([0.7, 0.2, 0.1]) * [-1, 4, 3]).startswith("Right!")
    for answer, why in (
        ([0.7, 0.2, 0.1], "These are the weights"), ([-1, 4, 3], "This is what stands there"),
        ([0.7, 0.8, 0.3], "mind its sign"), ([-1.75, 2, 0.75], "need not add up to 1"),
        (0.4, "hand in the three parts"), ([1, 2], "Expected three numbers, one for each step, got 2"),
        ([1, 2, 3], "1, 2, 3 is not it"), ("all", "ValueError"),
    ):  # fmt: skip
        assert why in said("11.adds", answer)


def softmax(scores, axis=1):
    raised = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return raised / raised.sum(axis=axis, keepdims=True)


def summed(weights, values):
    return np.einsum("ns,nsf->nf", weights, values)


def test_right_attention_pooling_passes():
    assert verdict("11.pooling", lambda s, v: summed(softmax(s), v)) == "Right!"
    assert verdict("11.pooling", lambda s, v: summed(softmax(s), v).tolist()) == "Right!"


def less_the_largest_of_all(scores, values):
    raised = np.exp(scores - scores.max())
    return summed(raised / raised.sum(axis=1, keepdims=True), values)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda s, v: None, "returns nothing"),
        (lambda s, v: summed(np.exp(s), v), "do not add up to 1"),
        (lambda s, v: summed(softmax(s, 0), v), "over the sequences"),
        (lambda s, v: summed(np.exp(s) / np.exp(s).sum(), v), "over everything"),
        (lambda s, v: v.mean(axis=1), "the scores play no part"),
        (lambda s, v: summed(s, v), "by the scores themselves"),
        (lambda s, v: v[np.arange(len(v)), s.argmax(axis=1)], "the others count, too"),
        (lambda s, v: softmax(s), "make sums of shape"),
        (lambda s, v: summed(np.exp(s) / np.exp(s).sum(axis=1, keepdims=True), v), "not finite"),
        (less_the_largest_of_all, "or all the weights of a sequence are 0"),
        (lambda s, v: summed(softmax(s.clip(-20, 20)), v), "with large ones the sums are wrong"),
        (lambda s, v: summed(softmax(-s), v), "The first sum should be"),
        (lambda s: s, "TypeError"),
    ],
)
def test_wrong_attention_pooling_is_told_why(answer, why):
    assert why in said("11.pooling", answer)


def elsewhere(weights, worth, low=None):
    total, most = weights @ worth, weights.argmax()
    others = np.delete(np.arange(len(worth)), most)
    high, low = others[worth[others].argmax()], others[worth[others].argmin()]
    new = np.zeros_like(weights)
    new[high] = (total - worth[low]) / (worth[high] - worth[low])
    new[low] = 1 - new[high]
    return new


def without_the_first(weights, worth):
    new = np.where(np.arange(len(weights)) == weights.argmax(), 0, weights)
    return new / new.sum()


def test_other_weights_with_the_same_sum_pass_and_all_others_are_told_why():
    assert verdict("11.elsewhere", elsewhere).startswith("Right! Now count")
    for answer, why in (
        (lambda w, v: None, "returns nothing"),
        (lambda w, v: w, "The step that had most"),
        (without_the_first, "With your weights the steps add up to"),
        (lambda w, v: w[:-1], "one for each step, got shape"),
        (lambda w, v: elsewhere(w, v) * 2, "add up to 2.000, not to 1"),
        (lambda w, v: elsewhere(w, v) + 2 * (np.arange(len(w)) == 0) - 1, "below 0"),
        (lambda w, v: w / 0, "not finite"),
        (lambda w: w, "TypeError"),
    ):
        with np.errstate(all="ignore"):
            assert why in said("11.elsewhere", answer)


def test_the_cases_of_the_open_exercise_differ_from_the_networks_weights():
    new = elsewhere(np.array([0.6, 0.2, 0.2]), np.array([1.0, 0.0, 2.0]))
    assert np.allclose(new, [0, 0.5, 0.5])


def test_the_last_hints_lead_there():
    assert "scores.max(axis=1" in EXERCISES["11.pooling"].hints[2]
    assert "(high - low)" in EXERCISES["11.elsewhere"].hints[2]
