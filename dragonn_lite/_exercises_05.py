"""The exercises of lesson 05: what is right, and three hints for each."""

from __future__ import annotations

import numpy as np

from dragonn_lite._exercises import exercise


@exercise(
    "05.labels",
    "ask two things of the whole array: is it high enough? Is it low enough? A NaN is neither.",
    "np.where(question, yes, no) may stand inside another np.where.",
    "return np.where(signal >= positive_at, 1, np.where(signal < negative_at, 0, -1)).",
)
def _(answer):
    rng = np.random.default_rng(0)
    for low, high in ((10, 40), (5, 5), (12, 60), (3, 20)):
        signal = rng.integers(0, 80, 60).astype(float)
        signal[:2] = high, low
        signal[2:5] = np.nan
        got = answer(signal.copy(), high, low)
        if got is None:
            return "Your function returns nothing: end it with return."
        if np.shape(got) != signal.shape:
            return f"Expected a label for each of {len(signal)} windows, got shape {np.shape(got)}."
        got = np.asarray(got)
        for value, label in zip(signal, got, strict=True):
            expected = 1 if value >= high else 0 if value < low else -1
            if label == expected:
                continue
            if np.isnan(value):
                return f"A missing signal became {label:g}: nobody knows, so it is -1."
            edge = {high: " ('from ... on' holds the number itself)", low: " ('below' does not)"}
            return (
                f"With positive_at={high} and negative_at={low}, a signal of {value:g} became "
                f"{label:g}, expected {expected}{edge.get(value, '')}."
            )
    return ""


@exercise(
    "05.ceiling",
    "first choose the windows that both label 0 or 1; the rest is a recall.",
    "of these windows, take those that are bound in judge: which share is bound in predictor, too? "
    "That is a mean of True and False.",
    "known = (judge >= 0) & (predictor >= 0); "
    "return (predictor[known & (judge == 1)] == 1).mean().",
)
def _(answer):
    rng = np.random.default_rng(0)
    for trial in range(20):
        p = [0.2, 0.6, 0.2] if trial else [0, 0.7, 0.3]
        judge, other = rng.choice([-1, 0, 1], (2, 200), p=p)
        kept = rng.random(200) < 0.6
        predictor = np.where(kept, judge, other)
        got = answer(judge.copy(), predictor.copy())
        if got is None:
            return "Your function returns nothing: end it with return."
        if np.shape(got) != ():
            return f"Expected one number, got {np.size(got)}."
        got = float(got)
        known = (judge >= 0) & (predictor >= 0)
        n_both = ((judge == 1) & (predictor == 1)).sum()
        n_judge, n_predictor = ((known & (y == 1)).sum() for y in (judge, predictor))
        if np.isclose(got, n_both / n_judge):
            continue
        others = {
            n_both
            / (judge == 1).sum(): "windows that predictor calls ambiguous count for neither side.",
            n_both / n_predictor: "that is the share of the predictor's positives: the precision.",
            n_both / (n_judge + n_predictor - n_both): "that is shared over either (Jaccard).",
            n_both
            / known.sum(): "that is shared over all windows; divide by the judge's positives.",
            (judge == predictor)[
                known
            ].mean(): "that counts the unbound windows too: a recall asks of the bound ones.",
            (
                judge == predictor
            ).mean(): "that counts all windows: a recall asks of the bound ones.",
        }
        for value, why in others.items():
            if np.isclose(got, value):
                return f"{got:.3f}: {why}"
        return f"Expected {n_both / n_judge:.3f}, got {got:.3f}."
    return ""


@exercise(
    "05.blind",
    "most windows hold nothing and tell of the background; the strongest few tell of full sites.",
    "a site that is occupied half of the time lies half-way between background and full site; but "
    "the strongest windows lie above a full site, by luck and where two sites share a window.",
    "go about a third of the way from np.median(signal) to np.quantile(signal, 0.99).",
)
def _(answer):
    from dragonn_lite.assays import chip, labels
    from dragonn_lite.dna import genome
    from dragonn_lite.evaluation import metrics

    for rng, (depth, sites_per_kb) in enumerate(((30, 0.8), (60, 0.2), (160, 0.5))):
        simulated = chip.simulate_genome(
            "CTCF", sizes={"chr1": 800_000}, sites_per_kb=sites_per_kb, open_fraction=1, rng=rng
        )
        windows = genome.windows(simulated.genome.sizes, 400)
        experiment = chip.Experiment(depth=depth)
        signal = chip.signal(simulated, windows, experiment=experiment, rng=rng)
        truth = labels.from_peaks(windows, simulated.sites[simulated.sites["occupancy"] >= 0.5])
        got = answer(signal.copy())
        if got is None:
            return "Your function returns nothing: end it with return."
        if np.shape(got) != ():
            return f"Expected one threshold, got {np.size(got)} numbers."
        curve = metrics.precision_recall_curve(truth, signal)
        recall, precision = curve["recall"], curve["precision"]
        f1 = 2 * recall * precision / (recall + precision).clip(lower=1e-9)
        bound = signal[truth >= 0] >= float(got)
        known = truth[truth >= 0] == 1
        reached = 2 * (bound & known).sum() / max(bound.sum() + known.sum(), 1)
        if not reached >= 0.9 * f1.max():
            best = curve["threshold"][f1.idxmax()]
            way = "too low" if float(got) < best else "too high"
            return (
                f"At a depth of {depth} your threshold {float(got):.1f} is {way}: F1 is "
                f"{reached:.2f}, and {f1.max():.2f} can be reached."
            )
    return ""
