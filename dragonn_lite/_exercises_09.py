"""The exercises of lesson 09, *Which explanation is right?*"""

from __future__ import annotations

import functools

import numpy as np

from dragonn_lite._exercises import exercise, number
from dragonn_lite.dna import sequences


@exercise(
    "09.shapley",
    "write down both orders: who comes first adds something, who comes second adds something else.",
    "the first adds 0.95, the second only what is missing to 1; each site is first in one of the "
    "two orders.",
    "(0.95 + 0.05) / 2 for each of them.",
    remark="Both together get all of the 1, which is what the logit gained: Shapley values are "
    "complete, and fair to equals.",
)
def _(answer):
    wrong = number(answer, 0.5, 0.005)
    if not wrong.endswith("is not it."):
        return wrong
    said = {
        0.05: "that is what is lost with one site where the other stays: mutagenesis asks this.",
        0.95: "that is what a site brings where it is alone, or comes first.",
        1: "that is what both bring together; it is shared between two equals.",
        0.1: "that is what mutagenesis gives to both together.",
    }
    value = float(answer)
    return next((f"{value:g}: {why}" for v, why in said.items() if abs(value - v) < 0.005), wrong)


@exercise(
    "09.deletion",
    "np.argsort(-contributions) is the order of the positions, the most important one first.",
    "keep a copy of the sequence, write one row of the shuffle into it at each step, and keep what "
    "you have after each; do not forget the untouched one at the start.",
    "steps = [sequence.copy()]; for each place: one = steps[-1].copy(); one[place] = "
    "shuffle[place]; steps.append(one). At last, return model(np.stack(steps)).",
)
def _(answer):
    rng = np.random.default_rng(0)
    for _ in range(20):
        length = int(rng.integers(4, 12))
        weights = rng.normal(size=(length, 4)), rng.normal(size=(length, 4))

        def model(x, weights=weights):
            x = np.asarray(x)
            if x.ndim != 3 or x.shape[1:] != weights[0].shape:
                raise ValueError(
                    f"model was given shape {x.shape}, expected (n, *{weights[0].shape})"
                )
            linear, other = (np.einsum("nlb,lb->n", x, w) for w in weights)
            return linear + np.maximum(other, 0)

        sequence, shuffle = sequences.random_sequences(2, length, rng=rng)
        contributions = rng.normal(size=length)
        got = answer(model, sequence.copy(), shuffle.copy(), contributions.copy())
        if got is None:
            return "Your function returns nothing: end it with return."
        got = np.asarray(got, float).squeeze()
        if got.shape != (length + 1,):
            return (
                f"Expected {length + 1} logits for {length} letters, the first of the sequence as "
                f"it is, got shape {got.shape}."
            )
        walks = {
            "": np.argsort(-contributions),
            "the least important letters came first.": np.argsort(contributions),
            "letters were taken by size; a large negative number speaks against, and comes "
            "last.": np.argsort(-abs(contributions)),
            "letters were taken from left to right.": np.arange(length),
        }
        curves = {why: _walk(model, sequence, shuffle, order) for why, order in walks.items()}
        curves["each letter was exchanged alone; those before it must stay exchanged."] = np.append(
            curves[""][0], [_walk(model, sequence, shuffle, [place])[-1] for place in walks[""]]
        )
        curves["that is an insertion: it begins with the shuffle."] = _walk(
            model, shuffle, sequence, walks[""]
        )
        fitting = [why for why, curve in curves.items() if np.allclose(got, curve, atol=1e-5)]
        if "" not in fitting:
            wrong = int(np.argmax(~np.isclose(got, curves[""], atol=1e-5)))
            return (
                fitting[0].capitalize()
                if fitting
                else f"After {wrong} letters the logit is {got[wrong]:.3f}, expected "
                f"{curves[''][wrong]:.3f}."
            )
    return ""


def _walk(model, begin, end, order):
    """Logits while one position after the other is exchanged."""
    now, logits = begin.copy(), [model(begin[None])[0]]
    for place in order:
        now[place] = end[place]
        logits.append(model(now[None])[0])
    return np.array(logits)


@functools.cache
def _unseen():
    """A network, bound sequences with sites that the lesson did not show, and what to beat."""
    from dragonn_lite import interpretation
    from dragonn_lite.assays import simulate
    from dragonn_lite.networks import architectures, training

    both = [
        simulate.single_motif_detection(
            "CTCF_known1", length=100, n_positive=n, n_negative=n, rng=rng
        )
        for n, rng in ((1500, 0), (20, 1))
    ]
    network = architectures.filter_bank(100, rng=0)
    training.fit(network, both[0].sequences, both[0].labels, epochs=6, rng=0)
    bound = both[1].take(both[1].labels == 1)
    rivals = {
        name: _two_judges(
            network, bound, interpretation.explain(network, bound.sequences, method=name)
        )
        for name in ("in_silico_mutagenesis", "window_shuffle")
    }
    return network, bound, rivals["in_silico_mutagenesis"][0], rivals["window_shuffle"][1]


def _two_judges(network, bound, explanation):
    """Mean auPRC of positions, and mean logit lost by deletion beyond chance."""
    from dragonn_lite.interpretation import truth

    found = truth.site_recovery(explanation, bound.sites, n_resamples=20, rng=0).auprc
    curve = truth.deletion_curve(
        network, explanation, bound.sequences, n_steps=20, n_shuffles=3, rng=0
    )
    return found.mean(), curve.advantage.mean()


@exercise(
    "09.both",
    "take the map of mutagenesis and smooth it a little: what is its neighbours' is partly its own.",
    "np.convolve(row, np.ones(3) / 3, mode='same') smooths one sequence; try how wide the window may "
    "be before the deletion curve suffers.",
    "add the two maps, of in_silico_mutagenesis and of window_shuffle, each divided by its largest "
    "value in the sequence.",
)
def _(answer):
    network, bound, sites_to_beat, deletion_to_beat = _unseen()
    got = answer(network, bound.sequences.copy(), target=0)
    if got is None:
        return "Your function returns nothing: end it with return."
    got = getattr(got, "contributions", got)
    if np.shape(got) != bound.sequences.shape[:2]:
        return (
            f"Expected contributions of shape {bound.sequences.shape[:2]}, a number for each "
            f"letter present, got {np.shape(got)}."
        )
    if not np.isfinite(np.asarray(got, float)).all():
        return "Some contributions are not finite: is there a division by zero?"
    sites, deletion = _two_judges(network, bound, np.asarray(got, float))
    if sites > sites_to_beat and deletion > deletion_to_beat:
        return ""
    return (
        f"Sites: auPRC {sites:.3f}, to beat is {sites_to_beat:.3f}. Deletion: {deletion:.3f}, to "
        f"beat is {deletion_to_beat:.3f}."
    )
