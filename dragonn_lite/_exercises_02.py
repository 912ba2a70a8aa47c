"""The exercises of lesson 02: what is right, and three hints for each."""

from __future__ import annotations

import numpy as np

from dragonn_lite._exercises import exercise, number


@exercise(
    "02.head_weights",
    "a filter of 15 bp has 1000 - 15 + 1 places; the windows of 35 cut these places, not the bp.",
    "28 whole windows fit into 986 places, and each window has the best match of 15 filters.",
    "a weight for each of 28 * 15 matches, and the constant: 28 * 15 + 1.",
)
def _(answer):
    said = number(answer, 421, 0.5)
    wrong = {
        420: "you forgot the constant.",
        436: "a window that does not fit in whole is left out.",
        435: "a window that does not fit in whole is left out, and there is a constant.",
        14_791: "that is a weight for every place; but only the best of each window goes on.",
        29: "each window has the best match of 15 filters, and each of these a weight.",
        1_336: "that is the whole network; how many has the last layer?",
    }
    near = [why for value, why in wrong.items() if said and said == f"{value:g} is not it."]
    return f"{float(answer):g}: {near[0]}" if near else said


@exercise(
    "02.xor",
    "bound: Subset([Plant('TAL1_known4'), Plant('GATA1')], 1) plants one or the other.",
    "unbound: none or both, so the size of the subset is 0 or 2, each with probability 0.5.",
    "the groups are Group(n // 2, [Subset(both, 1)], 1) and "
    "Group(n // 2, [Subset(both, {0: 0.5, 2: 0.5})], 0), with both = [Plant(...), Plant(...)].",
)
def _(answer):
    from dragonn_lite.assays import simulate

    n, length, names = 1_000, 120, {"TAL1_known4", "GATA1"}
    got = answer(n, length, np.random.default_rng(0))
    if got is None:
        return "Your function returns nothing: end it with return."
    if not isinstance(got, simulate.Simulation):
        return f"Expected what simulate.simulate returns, got {type(got).__name__}."
    if got.sequences.shape != (n, length, 4) or got.labels.shape != (n,):
        return (
            f"Asked for {n} sequences of {length} bp with a label each, got sequences "
            f"{got.sequences.shape} and labels {got.labels.shape}."
        )
    planted = set(got.sites["motif"])
    if planted != names:
        found = ", ".join(sorted(planted)) or "nothing"
        return f"Planted: {found}; expected TAL1_known4 and GATA1."
    holds = got.sites.groupby(["motif", "sequence"]).size().unstack("motif")
    holds = holds.reindex(range(n)).fillna(0).to_numpy(int)  # (n, 2): how many of each motif
    if holds.max() > 1:
        return "Some sequences hold the same motif twice."
    n_motifs = holds.sum(axis=1)
    for label, right, words in ((1, (1,), "exactly one"), (0, (0, 2), "none or both")):
        wrong = n_motifs[(got.labels == label) & ~np.isin(n_motifs, right)]
        if len(wrong):
            kind = ("none", "one", "both")[wrong[0]]
            name = ("unbound", "bound")[label]
            return f"{len(wrong)} {name} sequences hold {kind} of the sites, expected {words}."
    if abs(got.labels.mean() - 0.5) > 0.01:
        return f"{got.labels.mean():.0%} of the sequences are bound, expected half."
    for motif, column in zip(sorted(names), holds.T, strict=True):
        of_bound, of_unbound = (column[got.labels == label].mean() for label in (1, 0))
        if abs(of_bound - of_unbound) > 0.15:  # nearly five standard errors
            return (
                f"{motif} alone tells something: it is in {of_bound:.0%} of the bound and "
                f"{of_unbound:.0%} of the unbound sequences."
            )
    return ""


@exercise(
    "02.both",
    "one branch that knows the place and one that knows neighbours, from the same first filters.",
    "end both branches in one Dense(1): layers.Concatenate()([pairs, places]).",
    "x = MaxPooling1D(4)(Conv1D(32, 15)(inputs)); pairs = GlobalMaxPooling1D()(Conv1D(32, 9, "
    "activation='relu')(x)); places = Flatten()(MaxPooling1D(8)(x)).",
)
def _(answer):
    import keras

    from dragonn_lite.assays import simulate
    from dragonn_lite.evaluation import metrics
    from dragonn_lite.networks import prediction, training

    length = 200
    rules = {
        "where": lambda n, rng: simulate.motif_density_localization(
            "TAL1_known4", center_size=70, length=length, n_positive=n, n_negative=n, rng=rng),
        "side by side": lambda n, rng: simulate.heterodimer_grammar(
            "SPI1_known4", "IRF_known20", length=length, n_positive=n, n_negative=n, rng=rng),
    }  # fmt: skip
    for rule, make in rules.items():
        model = answer(length)  # a new one for each rule
        if model is None:
            return "Your function returns nothing: end it with return keras.Model(inputs, logit)."
        if not isinstance(model, keras.Model):
            return f"Expected a keras.Model, got {type(model).__name__}."
        shapes = tuple(model.input_shape[1:]), tuple(model.output_shape[1:])
        if shapes != ((length, 4), (1,)):
            expected = f"expected ({length}, 4) to (1,)"
            return f"Your network goes from {shapes[0]} to {shapes[1]}, {expected}."
        seen, unseen = make(2_000, 1), make(750, 2)
        training.fit(model, seen.sequences, seen.labels, epochs=8, rng=1)
        auroc = metrics.auroc(unseen.labels, prediction.predict(model, unseen.sequences))
        if not auroc > 0.9:
            return f"'{rule}' reaches {auroc:.2f}, expected more than 0.9."
    return ""
