"""The exercises of the lessons: what is right, and three hints for each."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from dragonn_lite.dna import motifs, sequences


class Exercise(NamedTuple):
    """An exercise.

    Parameters
    ----------
    judge : callable
        From the answer to "" where it is right, or to what is wrong, in the student's terms.
    hints : tuple of str
        From a nudge to nearly the solution.
    remark : str
        Said to whoever is right.
    """

    judge: Callable[[object], str]
    hints: tuple[str, ...]
    remark: str = ""


EXERCISES: dict[str, Exercise] = {}
_tries: Counter = Counter()


def exercise(name: str, *hints: str, remark: str = ""):
    """Register a judge under the name of its exercise."""

    def register(judge):
        EXERCISES[name] = Exercise(judge, hints, remark)
        return judge

    return register


def verdict(name: str, answer) -> str:
    """One line: right, or what is wrong and the next hint."""
    if name not in EXERCISES:
        raise ValueError(f"exercise is {name!r}, expected one of {', '.join(sorted(EXERCISES))}")
    judge, hints, remark = EXERCISES[name]
    if answer is None:
        wrong = "Not yet."
    else:
        try:
            wrong = judge(answer)
        except Exception as error:  # noqa: BLE001 - a student's function may do anything
            wrong = f"Your answer stopped with {type(error).__name__}: {error}."
        if not wrong:
            _tries[name] = 0
            return f"Right! {remark}".rstrip()
    number = min(_tries[name], len(hints) - 1)
    _tries[name] += answer is not None  # a cell run without a try gives nothing away
    return f"{wrong} Hint {number + 1}: {hints[number]}"


def number(answer, expected: float, tolerance: float) -> str:
    """Judge a number."""
    try:
        value = float(answer)
    except (TypeError, ValueError):
        return f"Expected a number, got {type(answer).__name__}."
    return "" if abs(value - expected) <= tolerance else f"{value:g} is not it."


# --- lesson 00 ----------------------------------------------------------------------------------
@exercise(
    "00.reverse_complement",
    "it takes two steps: swap each base for its partner (A and T, C and G), and read backwards.",
    "a dictionary holds the partners: {'A': 'T', 'C': 'G', 'G': 'C', 'T': 'A', 'N': 'N'}.",
    "''.join(partner[base] for base in reversed(dna)) does both steps in one line.",
)
def _(answer):
    rng = np.random.default_rng(0)
    partner = dict(zip("ACGTN", "TGCAN", strict=True))
    tried = ["AACG", "T", "", *("".join(rng.choice(list("ACGTN"), 30)) for _ in range(20))]
    for dna in tried:
        got = answer(dna)
        backwards, swapped = dna[::-1], "".join(partner[base] for base in dna)
        if got == swapped[::-1]:
            continue
        shown = f"{dna!r} became {got!r}"
        if got is None:
            return "Your function returns nothing: end it with return."
        if not isinstance(got, str):
            return f"Expected a str, got {type(got).__name__}."
        if got == backwards:
            return f"{shown}: read backwards, but the bases are not swapped."
        if got == swapped:
            return f"{shown}: the bases are swapped, but it is not read backwards."
        if "N" in dna and "N" not in got:
            return f"{shown}: the partner of N is N, whatever it stands for."
        return f"{shown}, expected {swapped[::-1]!r}."
    return ""


@exercise(
    "00.site_score",
    "each base of the site picks one number: that of its row (position) and its column (base).",
    "the columns are in the order A, C, G, T: 'ACGT'.index(base) is the column.",
    "add up log_odds[i]['ACGT'.index(base)] over i, base in enumerate(site).",
)
def _(answer):
    rng = np.random.default_rng(0)
    for width in (1, 4, 10, 19, 10, 19):
        log_odds = rng.normal(size=(width, 4)).round(2)
        site = "".join(rng.choice(list("ACGT"), width))
        picked = np.array([log_odds[i]["ACGT".index(base)] for i, base in enumerate(site)])
        got = answer(site, log_odds)
        if got is None:
            return "Your function returns nothing: end it with return."
        if np.shape(got) != ():
            return f"Expected one number for a site, got {np.size(got)}: add them up."
        got = float(got)
        if np.isclose(got, picked.sum()):
            continue
        others = {
            log_odds.max(axis=1).sum(): "that is the best score that any site can get.",
            log_odds.sum(): "that adds up all bases, not only those of the site.",
            picked.mean(): "that is the mean: a score is the sum.",
            picked.prod(): "that multiplies: logarithms are added.",
            np.exp2(picked.sum()): "that is the ratio of probabilities: take its logarithm.",
        }
        for value, why in others.items():
            if np.isclose(got, value):
                return f"{site} scored {got:.2f}: {why}"
        return f"{site} scored {got:.2f}, expected {picked.sum():.2f}."
    return ""


@exercise(
    "00.both_strands",
    "take the best site that there is, and its reverse complement.",
    "sequences.reverse_complement(site) is a site on the - strand: write one after the other.",
    "best = 'TGGCCACCAGGGGGCGCTA'; my_dna = best + sequences.reverse_complement(best).",
)
def _(answer, threshold_bits=12, longest_bp=40):
    if not isinstance(answer, str):
        return f"Expected DNA as a str, got {type(answer).__name__}."
    if not 19 <= len(answer) <= longest_bp:
        return f"Your DNA has {len(answer)} bp, expected 19 to {longest_bp}."
    plus, minus = motifs.scan(sequences.one_hot(answer), motifs.builtin("CTCF"))[0].max(axis=0)
    weak = [f"{score:.1f} bits on the {strand} strand"
            for strand, score in (("+", plus), ("-", minus)) if score < threshold_bits]  # fmt: skip
    if weak:
        return f"The best site has only {' and '.join(weak)}, expected {threshold_bits}."
    return ""


# --- lesson 01 ----------------------------------------------------------------------------------
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


# --- lesson 02 ----------------------------------------------------------------------------------
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


# --- lesson 03 ----------------------------------------------------------------------------------
@exercise(
    "03.genome",
    "count windows, not shares: of the thousand bound ones, and of all the others.",
    "1 % of the 999,000 unbound windows is a big number: those are the false calls.",
    "right calls over all calls: 0.9 * 1000 / (0.9 * 1000 + 0.01 * 999_000).",
)
def _(answer):
    right = 900 / (900 + 9_990)
    wrong = {
        0.9: "that is the recall: the share of the bound windows that are found.",
        0.99: "that counts as if bound and unbound windows were equally many.",
        90 / 91: "that counts as if bound and unbound windows were equally many.",
        1 - right: "that is the share of the calls that is wrong.",
    }
    said = number(answer, right, 0.002)
    if not said or said.startswith("Expected"):
        return said
    if abs(float(answer) - 100 * right) < 0.2:
        return "That is in percent: give a number from 0 to 1."
    near = [why for value, why in wrong.items() if abs(float(answer) - value) < 0.001]
    return f"{float(answer):g}: {near[0]}" if near else said


@exercise(
    "03.hold_out",
    "chr1 is also the beginning of chr10: compare whole chromosomes, up to the colon.",
    "a name may begin with something else: what you want stands after the last '::', if any.",
    "name.split('::')[-1].split(':')[0] is the chromosome; then ask whether it is in held_out.",
)
def _(answer):
    rng = np.random.default_rng(0)
    for trial in range(20):
        placed = rng.choice(["chr1", "chr2", "chr10", "chr11", "chr21", "chrX"], 12)
        styles = rng.choice(["{}:{}-{}", "peak7::{}:{}-{}(+)", "{}:{}-{}_shuffled"], 12)
        starts = rng.integers(0, 10_000, 12)
        names = [s.format(c, a, a + 101) for s, c, a in zip(styles, placed, starts, strict=True)]
        held_out = [["chr1"], ["chr2", "chrX"], ["chr21", "chr1"]][trial % 3]
        got = answer(list(names), list(held_out))
        if got is None:
            return "Your function returns nothing: end it with return."
        if np.shape(got) != (12,):
            return f"Expected a True or False for each of 12 names, got shape {np.shape(got)}."
        for name, chromosome, says in zip(names, placed, got, strict=True):
            if bool(says) != (chromosome in held_out):
                verb = "is held out" if says else "is not held out"
                return f"{name} {verb}, where {' and '.join(held_out)} should be."
    return ""


@exercise(
    "03.unbound",
    "shuffle each bound sequence, but not just letter by letter.",
    "sequences.dinucleotide_shuffle keeps exactly the pairs of neighbours.",
    "return sequences.dinucleotide_shuffle(bound, rng=rng).",
)
def _(answer):
    bound = sequences.random_sequences(50, 80, gc_fraction=0.6, rng=0)
    got = answer(bound.copy(), np.random.default_rng(1))
    if got is None:
        return "Your function returns nothing: end it with return."
    got = np.asarray(got)
    if got.shape != bound.shape:
        return f"Expected an array of shape {bound.shape}, got {got.shape}."
    if not np.isin(got, (0, 1)).all() or not (got.sum(axis=2) == 1).all():
        return "What comes back is not one-hot: one 1 at each position."
    if (got == bound).all(axis=(1, 2)).mean() > 0.1:
        return "Sequences come back unchanged: they would be bound and unbound at once."
    if (got == bound[:, ::-1, ::-1]).all(axis=(1, 2)).mean() > 0.1:
        return "Those are reverse complements: the protein binds them just the same."
    gc = [float(sequences.gc_fraction(x).mean()) for x in (bound, got)]
    if abs(gc[0] - gc[1]) > 0.02:
        return f"GC content tells them apart: {gc[0]:.2f} became {gc[1]:.2f}."
    pairs = [sequences.kmer_counts(x, 2).mean(axis=0) for x in (bound, got)]
    worst = int(np.abs(pairs[0] - pairs[1]).argmax())
    if abs(pairs[0][worst] - pairs[1][worst]) > 0.05:
        pair = "ACGT"[worst // 4] + "ACGT"[worst % 4]
        return (
            f"Pairs tell them apart: {pair} stood {pairs[0][worst]:.2f} times in a sequence, and "
            f"now {pairs[1][worst]:.2f} times."
        )
    return ""


# --- lesson 04 ----------------------------------------------------------------------------------
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


# --- lesson 05 ----------------------------------------------------------------------------------
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
    "known = (judge >= 0) & (predictor >= 0); return (predictor[known & (judge == 1)] == 1).mean().",
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


# --- lesson 06 ----------------------------------------------------------------------------------
@exercise(
    "06.prevalence",
    "say that a share p of a million windows is bound; count right picks, and wrong ones.",
    "right are 0.5 * p, wrong 0.002 * (1 - p); nine right ones may bring one wrong one.",
    "solve 0.5 * p = 9 * 0.002 * (1 - p) for p.",
    remark="None of the five is as common: the commonest is bound in fewer than two windows of "
    "a hundred.",
)
def _(answer):
    expected = 9 * 0.002 / (0.5 + 9 * 0.002)
    wrong = number(answer, expected, 0.0006)
    if not wrong.endswith("is not it."):
        return wrong
    said = {
        100 * expected: "give the share itself, between 0 and 1, not in percent.",
        0.1: "that is the share of wrong picks.",
        9 * 0.002 / (1 + 9 * 0.002): "the network finds half of the bound windows only.",
        0.002 / (0.5 + 0.002): "that makes one of two picks right.",
        10 * 0.002 / (0.5 + 10 * 0.002): "nine right ones for one wrong one, not ten.",
        0.9: "that is the share of right picks.",
    }
    value = float(answer)
    near = [why for other, why in said.items() if abs(value - other) < 0.015 * other]
    return f"{value:g}: {near[0]}" if near else wrong


@exercise(
    "06.leaks",
    "collect all words of the training sequences in a set, and ask for each word of a test one.",
    "a sequence of n letters has n - k + 1 words; put the reverse complements into the set too.",
    "known = {s[i : i + k] for s in both for i in range(len(s) - k + 1)}, where both holds each "
    "training sequence and its reverse complement; then any(...) for each test sequence.",
)
def _(answer):
    rng = np.random.default_rng(0)
    mistakes = None  # what explains all answers so far
    for _ in range(200):
        k = int(rng.integers(3, 7))
        train, test = (
            ["".join(rng.choice(list("ACGT"), rng.integers(2, 14))) for _ in range(n)]
            for n in (3, 4)
        )
        expected = _leaks(train, test, k)
        got = answer(list(train), list(test), k)
        if got is None:
            return "Your function returns nothing: end it with return."
        if np.shape(got) != (len(test),):
            return f"Expected True or False for each of {len(test)} test sequences, got {got!r}."
        got = [bool(found) for found in got]
        fitting = {why for why, value in _wrong_leaks(train, test, k).items() if value == got}
        mistakes = fitting if mistakes is None else mistakes & fitting
        if got != expected:
            i = next(i for i in range(len(test)) if got[i] != expected[i])
            why = f": {min(mistakes)}" if mistakes else ""
            return (
                f"With k = {k}, train {train} and test {test[i]!r} you say {got[i]}, expected "
                f"{expected[i]}{why}."
            )
    return ""


def _leaks(train, test, k, *, turned=True, last=True):
    """Compare every word of every test sequence with every word of every training one."""

    def words(sequence):
        return [sequence[i : i + k] for i in range(len(sequence) - k + last)]

    known = [word for sequence in train for word in words(sequence)]
    if turned:
        known += [sequences.reverse_complement(word) for word in known]
    return [any(word in known for word in words(sequence)) for sequence in test]


def _wrong_leaks(train, test, k):
    """What each of the usual mistakes gives."""
    return {
        "the other strand counts too": _leaks(train, test, k, turned=False),
        "the last word is missing: there are len(s) - k + 1": _leaks(train, test, k, last=False),
        "words of k letters, not whole sequences": [sequence in train for sequence in test],
    }


@exercise(
    "06.factor",
    "a factor that reads DNA itself is the easiest: Swi4, Mbp1 or Tbf1, say.",
    'the function in the cell trains the network on any name: my_answer = another("Mbp1").',
    "where that falls short, replace the network: baselines.kmer_logistic_regression learns from "
    "all windows that are not held out, and its rule gives the scores.",
)
def _(answer, held_out=("IV", "XII", "XV"), seen_bp=218, at_most=0.99):
    from dragonn_lite.assays import datasets, labels
    from dragonn_lite.dna import genome
    from dragonn_lite.evaluation import metrics

    if not isinstance(answer, tuple) or len(answer) != 2 or not hasattr(answer[1], "columns"):
        return (
            "Expected a name and a table: my_answer = 'Mbp1', windows[held_out].assign(score=...)."
        )
    factor, table = answer
    yeast = datasets.load("yeast_genome")
    if factor not in yeast["peaks"]:
        return f"There are no peaks of {factor!r}; there are {', '.join(yeast['peaks'])}."
    if factor in ("Reb1", "Ume6", "Cbf1", "Rap1", "Abf1"):
        return f"{factor} has been done in the lesson; choose another."
    if missing := [c for c in ("chromosome", "start", "stop", "score") if c not in table]:
        return f"Your table has no column {missing[0]!r}."
    if seen := sorted(set(table["chromosome"]) - set(held_out)):
        return f"Chromosome {seen[0]} was there to learn from: hand in held-out windows only."
    every = genome.windows({name: yeast["genome"].sizes[name] for name in held_out}, 200)
    n_windows = int(yeast["genome"].contains(genome.centred(every, seen_bp)).sum())
    distinct = table.drop_duplicates(["chromosome", "start"])
    if len(distinct) != len(table) or not n_windows <= len(table) <= len(every):
        return f"Expected each of {n_windows:,} held-out windows once, got {len(table):,} rows."
    table = table[~genome.overlaps(table, yeast["excluded"])]
    y = labels.from_peaks(table, yeast["peaks"][factor])
    gc = sequences.gc_fraction(yeast["genome"].sequences(table[["chromosome", "start", "stop"]]))
    reached = metrics.auprc(y, table["score"])
    rival = max(metrics.auprc(y, gc), metrics.auprc(y, -gc))
    if reached > at_most:
        return (
            f"auPRC {reached:.3f}: really? Not even a second experiment foretells the first so "
            "well; the scores must come from the letters alone, not from the peaks."
        )
    said = f"auPRC {reached:.3f}, GC content {rival:.3f}, chance {y.mean():.3f}"
    if reached < 2 * max(rival, y.mean()):
        return f"{said}: try to reach twice what GC content does, or take another factor."
    return ""


# --- later lessons: a file each, which registers its judges with `exercise` when it is imported ---
for _lesson in ("07", "08"):
    importlib.import_module(f"dragonn_lite._exercises_{_lesson}")
