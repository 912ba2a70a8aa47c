"""The exercises of lesson 04: what is right, and three hints for each."""

from __future__ import annotations

import numpy as np

from dragonn_lite._exercises import exercise, number


@exercise(
    "04.tests",
    "the FDR is a share of the picks, not of the hits; ask what share of the picks is right.",
    "of n tested windows, (1 - 0.6) * n are hits; you want 8.",
    "8 / (1 - 0.6).",
)
def _(answer):
    said = {
        8: "8 tests give 8 hits only if no pick is wrong.",
        12.8: "60 % of the tests are wrong, not 60 % on top of the hits.",
        13: "60 % of the tests are wrong, not 60 % on top of the hits.",
        40 / 3: "60 % of the picks are wrong; that is the number if 60 % were right.",
        14: "60 % of the picks are wrong; that is the number if 60 % were right.",
        12: "12 of them may be wrong; the hits have to be tested too.",
        3.2: "that is the number of hits in 8 tests.",
    }
    wrong = number(answer, 20, 0.01)
    if not wrong.endswith("is not it."):
        return wrong
    near = [why for value, why in said.items() if abs(float(answer) - value) < 0.01]
    return f"{float(answer):g}: {near[0]}" if near else wrong


@exercise(
    "04.recall_at_fdr",
    "try every score as the threshold: pick all windows with scores >= it, and count.",
    "precision is not sorted: do not stop at the first threshold that fails, nor halve; keep the "
    "largest recall of all thresholds where wrong picks / picks <= fdr.",
    "for t in np.unique(scores): picked = scores >= t; hits = labels[picked].sum(); if "
    "picked.sum() - hits <= fdr * picked.sum(): best = max(best, hits / labels.sum()).",
)
def _(answer):
    rng = np.random.default_rng(0)
    first, mistakes = "", None  # the first wrong answer, and what explains all answers so far
    for trial in range(300):
        n, n_values = 3 + trial // 8, int(rng.choice([2, 4, 8, 1000]))  # small lists first
        labels = rng.permutation((np.arange(n) < max(1, rng.integers(n))).astype(np.int8))
        scores = (rng.integers(n_values, size=n) + rng.integers(2) * n_values * labels / 2) - 3.0
        # Of these shares, a half and a quarter may be met exactly.
        fdr = float(rng.choice([0.25, 0.5, 0.123, 0.301, 0.0]))
        got = answer(labels.copy(), scores.copy(), fdr)
        if got is None:
            return "Your function returns nothing: end it with return."
        if np.shape(got) != ():
            return f"Expected one number, got {np.size(got)}: keep the largest recall."
        recall = _largest_recall(*_picks(labels, scores), fdr)
        fitting = {
            why for why, value in _wrong_recalls(labels, scores, fdr).items()
            if abs(float(got) - value) < 1e-9
        }  # fmt: skip
        mistakes = fitting if mistakes is None else mistakes & fitting
        if abs(float(got) - recall) > 1e-9 and not first:
            first = (
                f"For labels {labels.tolist()}, scores {scores.tolist()} and fdr {fdr:g}: "
                f"{float(got):.3g}, expected {recall:.3g}"
            )
    return first and "; ".join([first, *sorted(mistakes)[:1]]) + "."


def _picks(labels, scores, strict=False):
    """Hits and picks from every threshold on, the strictest first."""
    thresholds = np.unique(scores)[::-1, None]
    picked = scores > thresholds if strict else scores >= thresholds  # (thresholds, n)
    return picked @ labels.astype(int), picked.sum(axis=1)


def _largest_recall(hits, picks, fdr, n_bound=None):
    """Recall of the best of some thresholds; no share is rounded where it is just accepted."""
    good = picks - hits <= fdr * picks
    return float(hits[good].max(initial=0) / (n_bound or hits[-1]))


def _wrong_recalls(labels, scores, fdr):
    """What each of the usual mistakes gives."""
    hits, picks = _picks(labels, scores)
    precision, recall = hits / picks, hits / hits[-1]
    one_by_one = np.cumsum(labels[np.argsort(-scores, kind="stable")])
    n_before_failure = np.argmax(np.append(picks - hits > fdr * picks, True))
    halved = np.searchsorted(np.append(precision[::-1], 1), 1 - fdr)
    strictly_fewer = hits[picks - hits < fdr * picks]
    return {
        "windows of equal score go together": _largest_recall(
            one_by_one, np.arange(1, len(labels) + 1), fdr
        ),
        "a search that halves needs a sorted list, and precision is not": np.append(
            recall[::-1], 0
        )[halved],
        "do not stop at the first threshold that fails, a looser one may be good again": np.append(
            recall, 0
        )[n_before_failure - 1],
        "a window that scores just the threshold is picked too (>=, not >)": _largest_recall(
            *_picks(labels, scores, strict=True), fdr, n_bound=hits[-1]
        ),
        "an FDR of just fdr is good enough (<=, not <)": strictly_fewer.max(initial=0) / hits[-1],
        "that is the largest precision; recall is the share of the bound": precision.max(),
    }


@exercise(
    "04.one_list",
    "give up finding everything at 25 % FDR: let some of the bound windows fall far down the list.",
    "one wrong window before every eight bound ones keeps the FDR just above 10 %, and precision "
    "near .9; the bound windows that are left then bring auROC down.",
    "30 * ([0] + 8 * [1]), then the other 60 bound ones: auROC is 1 - (mean number of unbound "
    "windows above a bound one) / 30000, and this mean has to be 99.",
)
def _(answer, n_bound=300, n_unbound=30_000):
    from dragonn_lite.evaluation import metrics

    labels = np.asarray(answer)
    if labels.ndim != 1 or labels.dtype.kind not in "biuf" or not np.isin(labels, (0, 1)).all():
        return "Expected a list of zeros and ones, the best rank first."
    counts = int(labels.sum()), int((labels == 0).sum())
    if counts != (n_bound, n_unbound):
        return f"Your list has {counts[0]} bound and {counts[1]} unbound windows."
    ranks = -np.arange(len(labels))
    recall = metrics.recall_at_fdr(labels, ranks, fdr=0.1)
    if recall > 0:
        return f"Recall at 10 % FDR is {recall:.2f}: some beginning of the list is too good."
    auroc, auprc = metrics.auroc(labels, ranks), metrics.auprc(labels, ranks)
    if round(auroc, 4) != 0.9967:
        return f"auROC is {auroc:.4f}, expected 0.9967 (auPRC is {auprc:.3f})."
    return "" if auprc > 0.6 else f"auPRC is {auprc:.3f}, expected above 0.6; the rest is right."
