"""The exercises of lesson 11, *Where does it pay attention?*"""

from __future__ import annotations

import numpy as np

from dragonn_lite._exercises import exercise


@exercise(
    "11.adds",
    "the logit is a sum over steps; each of its parts is a product.",
    "weight times worth, step by step; a minus stays a minus.",
    "0.7 * -1, 0.2 * 4 and 0.1 * 3.",
    remark="By the weights alone you would have named the first step, which speaks against; the "
    "second adds most.",
)
def _(answer):
    weights, worth = np.array([0.7, 0.2, 0.1]), np.array([-1.0, 4.0, 3.0])
    got = np.asarray(answer, float).ravel()
    if got.size == 1 and np.isclose(got[0], weights @ worth, atol=0.005):
        return "That is what they add up to; hand in the three parts."
    if got.shape != (3,):
        return f"Expected three numbers, one for each step, got {got.size}."
    said = {
        "These are the weights: how much each step is looked at, not what it adds.": weights,
        "This is what stands there; each step counts only by its weight.": worth,
        "A step that speaks against takes something away: mind its sign.": abs(weights * worth),
        "Nothing has to be shared out: the parts need not add up to 1.": weights
        * worth
        / (weights @ worth),
    }
    if np.allclose(got, weights * worth, atol=0.005):
        return ""
    return next(
        (why for why, values in said.items() if np.allclose(got, values, atol=0.005)),
        f"{', '.join(f'{v:g}' for v in got)} is not it.",
    )


def _pooled(scores, values):
    """Attention pooling, slowly: for each sequence, weights and then their sum."""
    found = []
    for s, v in zip(scores, values, strict=True):
        weights = [np.exp(each - max(s)) for each in s]
        found.append(sum(w * step for w, step in zip(weights, v, strict=True)) / sum(weights))
    return np.array(found)


@exercise(
    "11.pooling",
    "softmax first: np.exp of the scores, divided by their sum over the steps, axis=1 "
    "(keepdims=True keeps the shape).",
    "np.exp grows without limit; subtract each sequence's largest score before, which changes no "
    "weight.",
    "weights = np.exp(scores - scores.max(axis=1, keepdims=True)); weights = weights / "
    "weights.sum(axis=1, keepdims=True); return (weights[:, :, None] * values).sum(axis=1).",
)
def _(answer):
    rng = np.random.default_rng(0)
    for size in (1.0, 3.0, 2000.0):
        for _ in range(5):
            n, n_steps, n_features = rng.integers(2, 6, size=3)
            n_steps += 4  # more than features, and than sequences: a wrong axis shows
            scores = rng.normal(size=(n, n_steps)) * size
            values = rng.normal(size=(n, n_steps, n_features))
            with np.errstate(all="ignore"):
                got = answer(scores.copy(), values.copy())
            if got is None:
                return "Your function returns nothing: end it with return."
            got = np.asarray(got, float)
            if got.shape != (n, n_features):
                return (
                    f"Scores {scores.shape} and values {values.shape} make sums of shape "
                    f"{(int(n), int(n_features))}, got {got.shape}."
                )
            if not np.isfinite(got).all():
                return (
                    "With large scores your sums are not finite: np.exp is infinite there, or all "
                    "the weights of a sequence are 0."
                )
            if not np.allclose(got, _pooled(scores, values), atol=1e-6):
                return _why(got, scores, values, size)
    return ""


def _why(got, scores, values, size):
    """What was probably done instead of attention pooling."""
    if size > 3:
        return "Scores of moderate size are right; with large ones the sums are wrong."
    raised = np.exp(scores)
    slips = {
        "The weights do not add up to 1: divide by their sum over the steps.": raised,
        "The weights add up to 1 over the sequences; it should be over the steps of each.": raised
        / raised.sum(axis=0),
        "The weights add up to 1 over everything; it should be over the steps of each sequence.":
        raised / raised.sum(),
        "All steps count alike: the scores play no part.": np.full_like(scores, 1 / len(scores[0])),
        "You weigh by the scores themselves; weights are made of them by the softmax.": scores,
    }  # fmt: skip
    for why, weights in slips.items():
        if np.allclose(got, (weights[:, :, None] * values).sum(axis=1), atol=1e-6):
            return why
    best = values[np.arange(len(values)), scores.argmax(axis=1)]
    if np.allclose(got, best, atol=1e-6):
        return (
            "You take the step of the largest score alone; the others count, too, by their weight."
        )
    return f"The first sum should be {_pooled(scores, values)[0, 0]:.3f}, yours is {got[0, 0]:.3f}."


@exercise(
    "11.elsewhere",
    "the sum is weights @ worth. Of the other steps, find one that is worth more than this, and one "
    "that is worth less.",
    "two weights are enough: w on the one, 1 - w on the other, and w * high + (1 - w) * low is the "
    "sum.",
    "w = (total - low) / (high - low), with the largest and the smallest worth among the other "
    "steps.",
    remark="Now count, in the lesson's networks, for how many sequences such weights exist.",
)
def _(answer):
    rng = np.random.default_rng(0)
    for _ in range(30):
        n_steps = int(rng.integers(3, 9))
        worth = rng.normal(size=n_steps)
        weights = rng.dirichlet(np.ones(n_steps))
        most = int(weights.argmax())
        others = np.delete(worth, most)
        if not others.min() < weights @ worth < others.max():
            continue  # there are no such weights
        got = answer(weights.copy(), worth.copy())
        if got is None:
            return "Your function returns nothing: end it with return."
        got = np.asarray(got, float)
        if got.shape != weights.shape:
            return f"Expected {n_steps} weights, one for each step, got shape {got.shape}."
        wrong = _no_such_weights(got, weights, worth, most)
        if wrong:
            return wrong
    return ""


def _no_such_weights(got, weights, worth, most):
    if not np.isfinite(got).all():
        return "Some weights are not finite: is there a division by zero?"
    if got.min() < -1e-9:
        return f"A weight is {got.min():.3f}, below 0: no softmax gives this."
    if abs(got.sum() - 1) > 1e-6:
        return f"The weights add up to {got.sum():.3f}, not to 1."
    if got[most] > 1e-6:
        return f"The step that had most, {weights[most]:.2f}, still has {got[most]:.2f}."
    if abs(got @ worth - weights @ worth) > 1e-4:
        return (
            f"With your weights the steps add up to {got @ worth:.3f}; with the network's to "
            f"{weights @ worth:.3f}."
        )
    return ""
