"""The exercises: right answers pass, wrong ones are told what is wrong, hints grow."""

import keras
import numpy as np
import pandas as pd
import pytest
from answers import first_try  # noqa: F401 - used by every test
from shared_data import shared_data

from dragonn_lite._exercises import EXERCISES, exercise, number, verdict
from dragonn_lite.assays import datasets, grammar, labels, simulate
from dragonn_lite.dna import genome, motifs, sequences
from dragonn_lite.evaluation import baselines, metrics


# --- what all exercises share ------------------------------------------------------------------


@pytest.mark.parametrize("name", EXERCISES)
def test_every_exercise_has_three_hints_at_most_and_waits_for_an_answer(name):
    judge, hints, _ = EXERCISES[name]
    assert callable(judge) and 1 <= len(hints) <= 3
    for hint in hints:
        assert hint.endswith(".") and hint == hint.strip()
    for _ in range(4):  # runs without a try give nothing away
        assert verdict(name, None) == f"Not yet. Hint 1: {hints[0]}"
    wrong = object()
    for i, hint in enumerate([*hints, hints[-1]]):
        assert verdict(name, wrong).endswith(f"Hint {min(i + 1, len(hints))}: {hint}")


def test_an_answer_that_fails_is_told_how():
    def divides(*_):
        return 1 / 0

    said = verdict("00.reverse_complement", divides)
    assert said.startswith("Your answer stopped with ZeroDivisionError: division by zero. Hint 1: ")


def test_a_right_answer_starts_the_hints_anew():
    name = "00.site_score"
    assert "Hint 1" in verdict(name, lambda site, w: 0)
    assert "Hint 2" in verdict(name, lambda site, w: 1)
    assert verdict(name, site_score) == "Right!"
    assert "Hint 1" in verdict(name, None)


def test_an_unknown_exercise_is_named():
    with pytest.raises(ValueError, match=r"exercise is '00\.nothing', expected one of 00\."):
        verdict("00.nothing", 1)


def test_numbers_are_judged_within_their_tolerance():
    assert number(1.04, 1, 0.05) == "" and number(np.float32(1), 1, 0) == ""
    assert number(1.06, 1, 0.05) == "1.06 is not it."
    assert number(float("nan"), 1, 0.05) == "nan is not it."
    assert number("one", 1, 0.05) == "Expected a number, got str."
    assert number([1], 1, 0.05) == "Expected a number, got list."


def test_an_exercise_is_registered_under_its_name():
    try:

        @exercise("99.test", "think.")
        def judge(answer):
            return "" if answer == 1 else "No."

        assert verdict("99.test", 1) == "Right!"
        assert verdict("99.test", 2) == "No. Hint 1: think."
    finally:
        EXERCISES.pop("99.test")


# --- lesson 00 ---------------------------------------------------------------------------------

PARTNER = {"A": "T", "C": "G", "G": "C", "T": "A", "N": "N"}


def reverse_complement(dna):
    return "".join(PARTNER[base] for base in reversed(dna))


def site_score(site, log_odds):
    return sum(log_odds[i]["ACGT".index(base)] for i, base in enumerate(site))


BEST = "TGGCCACCAGGGGGCGCTA"

RIGHT_00 = [
    ("00.reverse_complement", reverse_complement),
    ("00.reverse_complement", sequences.reverse_complement),
    ("00.site_score", site_score),
    ("00.site_score", lambda site, w: (sequences.one_hot(site)[0] * w).sum()),
    ("00.both_strands", BEST + sequences.reverse_complement(BEST)),
    ("00.both_strands", BEST.lower() + "n" + sequences.reverse_complement(BEST)),
]

WRONG_00 = [
    ("00.reverse_complement", lambda dna: dna[::-1], "'GCAA': read backwards, but the bases"),
    ("00.reverse_complement", lambda dna: "".join(map(PARTNER.get, dna)), "not read backwards"),
    ("00.reverse_complement", lambda dna: None, "returns nothing"),
    ("00.reverse_complement", lambda dna: list(reverse_complement(dna)), "got list"),
    ("00.reverse_complement", lambda dna: reverse_complement(dna).replace("N", ""), "partner of N"),
    ("00.reverse_complement", lambda dna: reverse_complement(dna[1:]), "expected 'CGTT'"),
    ("00.reverse_complement", "CGTT", "TypeError"),
    ("00.site_score", lambda site, w: None, "returns nothing"),
    ("00.site_score", lambda site, w: w.max(axis=1).sum(), "best score that any site can get"),
    ("00.site_score", lambda site, w: w.sum(), "adds up all bases"),
    ("00.site_score", lambda site, w: site_score(site, w) / len(site), "mean"),
    ("00.site_score", lambda site, w: w[0], "Expected one number for a site, got 4"),
    ("00.site_score", lambda site, w: 2 ** site_score(site, w), "ratio of probabilities"),
    ("00.site_score", lambda site, w: np.prod([site_score(b, w[i:]) for i, b in enumerate(site)]),
     "logarithms are added"),
    ("00.site_score", lambda site, w: site_score(site, w[:, [0, 1, 3, 2]]), "expected"),
    ("00.site_score", lambda site, w: site_score(site[::-1], w), "expected"),
    ("00.both_strands", "", "has 0 bp, expected 19 to 40"),
    ("00.both_strands", BEST * 3, "has 57 bp"),
    ("00.both_strands", BEST, "bits on the - strand, expected 12"),
    ("00.both_strands", sequences.reverse_complement(BEST), "bits on the + strand, expected 12"),
    ("00.both_strands", "A" * 30, "on the + strand and"),
    ("00.both_strands", 40, "Expected DNA as a str, got int"),
    ("00.both_strands", "CTCF" * 6, "'F'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer"), RIGHT_00)
def test_right_answers_of_lesson_00_pass(name, answer):
    assert verdict(name, answer) == "Right!"


@pytest.mark.parametrize(("name", "answer", "says"), WRONG_00)
def test_wrong_answers_of_lesson_00_are_told_why(name, answer, says):
    said = verdict(name, answer)
    assert says in said and " Hint 1: " in said and not said.startswith("Not yet")


def test_the_last_hint_of_lesson_00_solves_the_open_exercise():
    assert f"'{BEST}'" in EXERCISES["00.both_strands"].hints[-1]
    motif = motifs.builtin("CTCF")
    assert "".join("ACGT"[i] for i in motif.probabilities.argmax(axis=1)) == BEST


# --- lesson 02 ---------------------------------------------------------------------------------


def xor(n, length, rng, *, bound=1, unbound=None, share=0.5, motifs=("TAL1_known4", "GATA1")):
    both = [grammar.Plant(name) for name in motifs]
    groups = [
        simulate.Group(int(n * share), [grammar.Subset(both, bound)], 1),
        simulate.Group(n - int(n * share), [grammar.Subset(both, unbound or {0: 0.5, 2: 0.5})], 0),
    ]
    return simulate.simulate(groups, length=length, rng=rng)


def plain_layers(length, *, filters, width, pool, place=True, pairs=True, n_outputs=1):
    """A network of a branch for places, one for pairs, or both; the same weights every time."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((length, 4))
    x = keras.layers.Conv1D(filters, width, activation="relu")(inputs)
    x = keras.layers.MaxPooling1D(pool)(x)
    ends = []
    if pairs:
        second = keras.layers.Conv1D(filters, 9, activation="relu")(x)
        ends.append(keras.layers.GlobalMaxPooling1D()(second))
    if place:
        ends.append(keras.layers.Flatten()(keras.layers.MaxPooling1D(8)(x)))
    x = keras.layers.Concatenate()(ends) if len(ends) > 1 else ends[0]
    return keras.Model(inputs, keras.layers.Dense(n_outputs)(x))


def of(**changes):
    return lambda length: plain_layers(length, **{"filters": 32, "width": 15, "pool": 4, **changes})


RIGHT_02 = [
    ("02.head_weights", 421),
    ("02.head_weights", np.int64(421)),
    ("02.xor", xor),
]

WRONG_02 = [
    ("02.head_weights", 420, "420: you forgot the constant"),
    ("02.head_weights", 29 * 15 + 1, "does not fit in whole"),
    ("02.head_weights", 986 * 15 + 1, "only the best of each window"),
    ("02.head_weights", 28 + 1, "15 filters"),
    ("02.head_weights", 1000, "1000 is not it"),
    ("02.head_weights", "many", "Expected a number, got str"),
    ("02.xor", lambda n, length, rng: None, "returns nothing"),
    ("02.xor", lambda n, length, rng: xor(n, length, rng).sequences, "got ndarray"),
    ("02.xor", lambda n, length, rng: xor(n // 2, length, rng), "Asked for 1000 sequences"),
    ("02.xor", lambda n, length, rng: xor(n, length, rng, motifs=("GATA1", "SPI1_known4")),
     "Planted: GATA1, SPI1_known4"),
    ("02.xor", lambda n, length, rng: xor(n, length, rng, bound={1: 0.5, 2: 0.5}),
     "bound sequences hold both of the sites, expected exactly one"),
    ("02.xor", lambda n, length, rng: xor(n, length, rng, unbound={0: 1 / 3, 1: 1 / 3, 2: 1 / 3}),
     "unbound sequences hold one of the sites, expected none or both"),
    ("02.xor", lambda n, length, rng: xor(n, length, rng, unbound={0: 1.0}), "alone tells something"),
    ("02.xor", lambda n, length, rng: xor(n, length, rng, unbound={2: 1.0}), "alone tells something"),
    ("02.xor", lambda n, length, rng: xor(n, length, rng, share=0.25), "25% of the sequences are"),
    ("02.both", lambda length: None, "returns nothing"),
    ("02.both", lambda length: keras.Input((length, 4)), "Expected a keras.Model"),
    ("02.both", of(n_outputs=2), "to (2,), expected (200, 4) to (1,)"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer"), RIGHT_02)
def test_right_answers_of_lesson_02_pass(name, answer):
    assert verdict(name, answer) == "Right!"


@pytest.mark.parametrize(("name", "answer", "says"), WRONG_02)
def test_wrong_answers_of_lesson_02_are_told_what_is_wrong(name, answer, says):
    said = verdict(name, answer)
    assert says in said and " Hint 1: " in said and not said.startswith("Not yet")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (of(), "Right!"),  # .98 and .98
        (of(place=False), "'where' reaches 0.7"),
        (of(pairs=False), "'side by side' reaches 0.5"),
    ],
)
def test_the_open_exercise_of_lesson_02_wants_both_rules(answer, says):
    assert says in verdict("02.both", answer)


# --- lesson 03 ---------------------------------------------------------------------------------


def hold_out(names, held_out):
    return [name.split("::")[-1].split(":")[0] in held_out for name in names]


def pair_by_pair(bound, rng):
    """A shuffle of pairs that do not overlap: it looks like the real one, and is not."""
    return np.stack([x.reshape(-1, 2, 4)[rng.permutation(40)].reshape(80, 4) for x in bound])


RIGHT_03 = [
    ("03.genome", 900 / (900 + 9990)),
    ("03.genome", 0.0826),
    ("03.hold_out", hold_out),
    ("03.hold_out", lambda names, held: np.array(hold_out(names, held))),
    ("03.unbound", lambda bound, rng: sequences.dinucleotide_shuffle(bound, rng=rng)),
]

WRONG_03 = [
    ("03.genome", 0.9, "that is the recall"),
    ("03.genome", 0.989, "equally many"),
    ("03.genome", 0.9174, "share of the calls that is wrong"),
    ("03.genome", 8.26, "in percent"),
    ("03.genome", 0.3, "0.3 is not it"),
    ("03.genome", "few", "Expected a number, got str"),
    ("03.hold_out", lambda names, held: [n.startswith(tuple(held)) for n in names], "held out"),
    ("03.hold_out", lambda names, held: [any(h in n for h in held) for n in names], "is held out"),
    ("03.hold_out", lambda names, held: [n.split(":")[0] in held for n in names], "is not held"),
    ("03.hold_out", lambda names, held: None, "returns nothing"),
    ("03.hold_out", lambda names, held: [True], "for each of 12 names"),
    ("03.unbound", lambda bound, rng: bound, "come back unchanged"),
    ("03.unbound", lambda bound, rng: bound[:, ::-1, ::-1], "reverse complements"),
    ("03.unbound", lambda bound, rng: None, "returns nothing"),
    ("03.unbound", lambda bound, rng: bound[:10], "Expected an array of shape"),
    ("03.unbound", lambda bound, rng: bound * 0, "not one-hot"),
    ("03.unbound", lambda bound, rng: sequences.random_sequences(50, 80, rng=rng), "GC content"),
    ("03.unbound", lambda bound, rng: sequences.shuffle(bound, rng=rng), "Pairs tell them apart"),
    ("03.unbound", pair_by_pair, "Pairs tell them apart"),
]


@pytest.mark.parametrize(("name", "answer"), RIGHT_03)
def test_right_answers_of_lesson_03_pass(name, answer):
    assert verdict(name, answer) == "Right!"


@pytest.mark.parametrize(("name", "answer", "says"), WRONG_03)
def test_wrong_answers_of_lesson_03_are_told_what_is_wrong(name, answer, says):
    said = verdict(name, answer)
    assert says in said and "Hint 1: " in said


# --- lesson 01 ---------------------------------------------------------------------------------


def best_match(sequence, weights):
    width = len(weights)
    places = range(len(sequence) - width + 1)
    return max((sequence[i : i + width] * weights).sum() for i in places)


def test_weights_of_the_smallest_network():
    assert verdict("01.weights", 83) == "Right!"
    assert verdict("01.weights", 80).startswith("Those are the weights of the filter alone. Hint 1")
    assert verdict("01.weights", 81).startswith("Those are the filter's; the last layer has two")
    assert verdict("01.weights", 82).startswith("Nearly: the filter, too")
    assert verdict("01.weights", 63).startswith("That is the network with 15 positions")
    assert verdict("01.weights", 75).startswith("75 is not it.")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda x, w: None, "Your function returns nothing"),
        (lambda x, w: (x[: len(w)] * w).sum(), "That is the match at the first place only"),
        (lambda x, w: max(best_match(x, w), 0), "The best match may be below zero"),
        (lambda x, w: best_match(x[:-1], w) if len(x) > len(w) else best_match(x, w),
         "The last place is missing"),
        (lambda x, w: np.convolve(x[:, 0], w[:, 0]), "Expected one number"),
        (lambda x, w: best_match(x, w) + 1, "Expected "),
    ],
)  # fmt: skip
def test_a_wrong_best_match_is_told_why(wrong, said):
    assert verdict("01.best_match", best_match) == "Right!"
    assert verdict("01.best_match", wrong).startswith(said)


def test_a_short_filter_cannot_reach_the_ceiling():
    assert verdict("01.short_filter", 0.75) == "Right!"
    assert verdict("01.short_filter", 0.99).startswith("0.99 is out of reach")
    assert verdict("01.short_filter", "high").startswith("Expected a number, got str.")


# --- lesson 04 ---------------------------------------------------------------------------------


def thresholds(labels, scores, strict=False):
    """Hits, wrong picks and recall of every threshold, from the strictest on."""
    for threshold in sorted(set(scores), reverse=True):
        picked = scores > threshold if strict else scores >= threshold
        hits = int(labels[picked].sum())
        yield hits, int(picked.sum()) - hits, hits / int(labels.sum())


def good(hits, wrong, fdr):
    return wrong <= fdr * (hits + wrong)


def recall_at_fdr(labels, scores, fdr, strict=False):
    found = thresholds(labels, scores, strict)
    return max((recall for hits, wrong, recall in found if good(hits, wrong, fdr)), default=0)


def until_it_fails(labels, scores, fdr):
    best = 0
    for hits, wrong, recall in thresholds(labels, scores):
        if not good(hits, wrong, fdr):
            break
        best = recall
    return best


def fewer_than_fdr(labels, scores, fdr):
    found = thresholds(labels, scores)
    return max((recall for hits, wrong, recall in found if wrong < fdr * (hits + wrong)), default=0)


def by_halving(labels, scores, fdr):
    curve = metrics.precision_recall_curve(labels, scores)[::-1]
    place = np.searchsorted(np.append(curve["precision"], 1), 1 - fdr)
    return np.append(curve["recall"], 0)[place]


def one_by_one(labels, scores, fdr):
    broken = scores - 1e-6 * np.arange(len(scores))
    return recall_at_fdr(labels, broken, fdr)


def one_list(n_first=240, depth=405, wrong_first=1, block=8):
    """Bound windows in blocks behind wrong ones, and the others further down."""
    n_blocks = n_first // block
    top = n_blocks * (wrong_first * [0] + block * [1])
    labels = top + depth * [0] + (300 - n_first) * [1]
    return labels + (30_000 - labels.count(0)) * [0]


RIGHT_04 = [
    ("04.tests", 20),
    ("04.tests", 8 / 0.4),
    ("04.recall_at_fdr", recall_at_fdr),
    ("04.recall_at_fdr", lambda y, s, fdr: metrics.recall_at_fdr(y, s, fdr=fdr)),
    ("04.one_list", one_list()),
    ("04.one_list", np.array(one_list(), bool)),
]

WRONG_04 = [
    ("04.tests", 8, "only if no pick is wrong"),
    ("04.tests", 12.8, "not 60 % on top of the hits"),
    ("04.tests", 8 / 0.6, "if 60 % were right"),
    ("04.tests", 25, "25 is not it"),
    ("04.tests", "few", "Expected a number, got str"),
    ("04.recall_at_fdr", lambda y, s, fdr: None, "returns nothing"),
    ("04.recall_at_fdr", lambda y, s, fdr: y / y.sum(), "Expected one number, got 3"),
    ("04.recall_at_fdr", by_halving, "a search that halves needs a sorted list"),
    ("04.recall_at_fdr", until_it_fails, "do not stop at the first threshold that fails"),
    ("04.recall_at_fdr", fewer_than_fdr, "(<=, not <)"),
    ("04.recall_at_fdr", one_by_one, "windows of equal score go together"),
    ("04.recall_at_fdr", lambda y, s, fdr: recall_at_fdr(y, s, fdr, strict=True), "(>=, not >)"),
    ("04.recall_at_fdr",
     lambda y, s, fdr: max(hits / (hits + wrong) for hits, wrong, _ in thresholds(y, s)),
     "that is the largest precision"),
    ("04.recall_at_fdr", lambda y, s, fdr: recall_at_fdr(y, -s, fdr), "expected"),
    ("04.one_list", [], "0 bound and 0 unbound"),
    ("04.one_list", "bbbw", "list of zeros and ones"),
    ("04.one_list", 100 * [0] + 300 * [1] + 29_900 * [0], "auPRC is 0.539, expected above 0.6"),
    ("04.one_list", 100 * [0, 1, 1, 1] + 29_900 * [0], "auROC is 0.9983, expected 0.9967"),
    ("04.one_list", one_list(block=12), "Recall at 10 % FDR is 0.80"),
    ("04.one_list", one_list(depth=600), "auROC is 0.9954, expected 0.9967"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer"), RIGHT_04)
def test_right_answers_of_lesson_04_pass(name, answer):
    assert verdict(name, answer) == "Right!"


@pytest.mark.parametrize(("name", "answer", "says"), WRONG_04)
def test_wrong_answers_of_lesson_04_are_told_what_is_wrong(name, answer, says):
    said = verdict(name, answer)
    assert says in said and " Hint 1: " in said and not said.startswith("Not yet")


# --- lesson 05 ---------------------------------------------------------------------------------


def labels_of(signal, high, low):
    return np.array([1 if x >= high else 0 if x < low else -1 for x in signal])


def largest_recall(judge, predictor):
    asked = [b for a, b in zip(judge, predictor, strict=True) if a == 1 and b >= 0]
    return sum(b == 1 for b in asked) / len(asked)


def known_only(judge, predictor):
    known = (judge >= 0) & (predictor >= 0)
    return judge[known] == 1, predictor[known] == 1


def jaccard(judge, predictor):
    a, b = known_only(judge, predictor)
    return (a & b).sum() / (a | b).sum()


def accuracy(judge, predictor):
    a, b = known_only(judge, predictor)
    return (a == b).mean()


def most_distinct(signal):
    """Otsu's threshold: the two sides differ most in their means."""
    ordered = np.sort(signal)
    k, total = np.arange(1, len(ordered)), ordered.cumsum()
    gap = total[:-1] / k - (total[-1] - total[:-1]) / (len(ordered) - k)
    return ordered[1 + (k * (len(ordered) - k) * gap**2).argmax()]


def a_third_of_the_way(signal):
    return np.median(signal) + (np.quantile(signal, 0.99) - np.median(signal)) / 3


RIGHT_05 = [
    ("05.labels", labels_of),
    ("05.labels", lambda x, high, low: np.where(x >= high, 1, np.where(x < low, 0, -1))),
    ("05.ceiling", largest_recall),
    ("05.ceiling", lambda a, b: (b[(a == 1) & (b >= 0)] == 1).mean()),
    ("05.blind", a_third_of_the_way),
    ("05.blind", most_distinct),
]

WRONG_05 = [
    ("05.labels", lambda x, high, low: None, "returns nothing"),
    ("05.labels", lambda x, high, low: 1, "got shape ()"),
    ("05.labels", lambda x, high, low: (x >= high).astype(int), "10 became 0, expected -1"),
    ("05.labels", lambda x, high, low: np.where(np.isnan(x), -1, x >= high), "expected -1"),
    ("05.labels", lambda x, high, low: np.where(x > high, 1, np.where(x < low, 0, -1)),
     "('from ... on' holds the number itself)"),
    ("05.labels", lambda x, high, low: np.where(x >= high, 1, np.where(x <= low, 0, -1)),
     "('below' does not)"),
    ("05.labels", lambda x, high, low: np.where(x >= high, 1, np.where(x >= low, -1, 0)),
     "missing signal became 0: nobody knows"),
    ("05.ceiling", lambda a, b: None, "returns nothing"),
    ("05.ceiling", lambda a, b: b == 1, "Expected one number, got 200"),
    ("05.ceiling", lambda a, b: (b[a == 1] == 1).mean(), "calls ambiguous count for neither"),
    ("05.ceiling", lambda a, b: largest_recall(b, a), "the precision"),
    ("05.ceiling", jaccard, "(Jaccard)"),
    ("05.ceiling", accuracy, "a recall asks of the bound ones"),
    ("05.ceiling", lambda a, b: (a == b).mean(), "counts all windows"),
    ("05.ceiling", lambda a, b: ((a == 1) & (b == 1)).mean(), "shared over all windows"),
    ("05.ceiling", lambda a, b: 0.5, "Expected 0."),
    ("05.blind", lambda x: None, "returns nothing"),
    ("05.blind", lambda x: x, "Expected one threshold, got 2000"),
    ("05.blind", lambda x: 40, "At a depth of 30 your threshold 40.0 is too high"),
    ("05.blind", lambda x: np.quantile(x, 0.9), "At a depth of 60 your threshold"),
    ("05.blind", np.max, "too high"),
    ("05.blind", np.median, "too low"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer"), RIGHT_05)
def test_right_answers_of_lesson_05_pass(name, answer):
    assert verdict(name, answer) == "Right!"


@pytest.mark.parametrize(("name", "answer", "says"), WRONG_05)
def test_wrong_answers_of_lesson_05_are_told_why(name, answer, says):
    said = verdict(name, answer)
    assert says.lower() in said.lower() and " Hint 1: " in said and not said.startswith("Not yet")


# --- lesson 06 ---------------------------------------------------------------------------------


def leaks(train, test, k, turn=sequences.reverse_complement, more=1):
    known = {s[i : i + k] for t in train for s in (t, turn(t)) for i in range(len(s) - k + more)}
    return [any(s[i : i + k] in known for i in range(len(s) - k + more)) for s in test]


RIGHT_06 = [
    ("06.prevalence", 0.018 / 0.518),
    ("06.prevalence", 0.035),
    ("06.leaks", leaks),
    ("06.leaks", lambda train, test, k: np.array(leaks(train, test, k))),
]

WRONG_06 = [
    ("06.prevalence", 3.47, "in percent"),
    ("06.prevalence", 0.1, "share of wrong picks"),
    ("06.prevalence", 0.0177, "half of the bound windows only"),
    ("06.prevalence", 0.00398, "one of two picks"),
    ("06.prevalence", 0.0385, "not ten"),
    ("06.prevalence", 0.9, "share of right picks"),
    ("06.prevalence", 0.3, "0.3 is not it"),
    ("06.prevalence", "rare", "Expected a number, got str"),
    ("06.leaks", lambda train, test, k: None, "returns nothing"),
    ("06.leaks", lambda train, test, k: True, "for each of 4 test sequences"),
    ("06.leaks", lambda train, test, k: leaks(train, test, k, lambda s: s), "the other strand"),
    ("06.leaks", lambda train, test, k: leaks(train, test, k, lambda s: s[::-1]), "expected"),
    ("06.leaks", lambda train, test, k: leaks(train, test, k, more=0), "the last word is missing"),
    ("06.leaks", lambda train, test, k: [s in train for s in test], "not whole sequences"),
    ("06.leaks", lambda train, test, k: leaks(train, test, k - 1), "expected False"),
    ("06.factor", None, "Not yet"),
    ("06.factor", 0.9, "Expected a name and a table"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer"), RIGHT_06)
def test_right_answers_of_lesson_06_pass(name, answer):
    said = {"06.prevalence": "Right! None of the five is as common"}.get(name, "Right!")
    assert verdict(name, answer).startswith(said)


@pytest.mark.parametrize(("name", "answer", "says"), WRONG_06)
def test_wrong_answers_of_lesson_06_are_told_why(name, answer, says):
    said = verdict(name, answer)
    assert says in said and " Hint 1: " in said


def test_another_factor_of_lesson_06_has_to_beat_gc_content_on_the_held_out_windows():
    shared_data("yeast_genome")
    yeast = datasets.load("yeast_genome")["genome"]
    sizes = {name: yeast.sizes[name] for name in ("IV", "XII", "XV", "XVI")}
    every = genome.windows(sizes, 200)
    rest = genome.by_chromosome(every, ["XVI"])
    held_out = every[~rest].reset_index(drop=True)
    peaks = datasets.load("yeast_genome")["peaks"]["Mbp1"]
    x = yeast.sequences(every)
    rule = baselines.kmer_logistic_regression(x[rest], labels.from_peaks(every, peaks)[rest], k=6)
    good = held_out.assign(score=rule(x[~rest]))
    gc = held_out.assign(score=sequences.gc_fraction(x[~rest]))
    wrong = {
        "try to reach twice": ("Mbp1", gc),
        "has been done": ("Reb1", good),
        "There are no peaks of 'MBP1'": ("MBP1", good),
        "has no column 'score'": ("Mbp1", held_out),
        "Chromosome XVI was there": ("Mbp1", every.assign(score=1.0)),
        "Expected each of 18,502 held-out": ("Mbp1", good[:5000]),
        "auPRC 1.000: really?": ("Mbp1", held_out.assign(score=labels.from_peaks(held_out, peaks))),
        "once, got": ("Mbp1", pd.concat([good[50:], good[50:100]])),
        "values that are NaN": ("Mbp1", good.assign(score=np.nan)),
    }
    assert verdict("06.factor", ("Mbp1", good)) == "Right!"
    for says, answer in wrong.items():
        said = verdict("06.factor", answer)
        assert says in said and " Hint " in said, said


# --- lesson 08 ---------------------------------------------------------------------------------


def integrated(gradient, x, reference, n_steps, *, shift=0.5, start=None, times=None):
    start = reference if start is None else start
    slopes = [gradient(start + (i + shift) / n_steps * (x - start)) for i in range(n_steps)]
    return (np.mean(slopes, axis=0) * (x - start if times is None else times)).sum(axis=1)


RIGHT_08 = [
    ("08.by_hand", lambda x, w: (x * w).sum(axis=1)),
    ("08.by_hand", lambda x, w: [float(w[i][row.argmax()]) for i, row in enumerate(x)]),
    ("08.integrated", integrated),
    ("08.integrated", lambda *a: integrated(*a, shift=0)),
    ("08.integrated", lambda *a: integrated(*a, shift=1)),
    ("08.two_stories", ("CCCCCTTTCACGTG", "GATTACAGTTTTCT")),
    ("08.two_stories", ["cccccttccacgtg", "GATTACAGAGTACA"]),
]

WRONG_08 = [
    ("08.by_hand", lambda x, w: None, "returns nothing"),
    ("08.by_hand", lambda x, w: x * w, "add them up at each position"),
    ("08.by_hand", lambda x, w: (x * w).sum(), "one for each position, got shape ()"),
    ("08.by_hand", lambda x, w: np.abs(w).max(axis=1), "that is saliency"),
    ("08.by_hand", lambda x, w: w.max(axis=1), "the best letter"),
    ("08.by_hand", lambda x, w: np.abs(x * w).sum(axis=1), "the sign is lost"),
    ("08.by_hand", lambda x, w: w.sum(axis=1), "all four letters"),
    ("08.by_hand", lambda x, w: (x * w).max(axis=1), "the largest of four products"),
    ("08.by_hand", lambda x, w: (x * w).sum(axis=1) - w.mean(axis=1), "has no part in it"),
    ("08.by_hand", lambda x, w: (x * w).sum(axis=1) + 1, "Position 0 got"),
    ("08.integrated", lambda *a: None, "returns nothing"),
    ("08.integrated", lambda g, x, r, n: (g(x) * (x - r)).sum(axis=1), "the slope at the end"),
    ("08.integrated", lambda g, x, r, n: n * integrated(g, x, r, n), "the sum of the slopes"),
    ("08.integrated", lambda g, x, r, n: integrated(g, x, r, n, start=0 * x), "begins at zero"),
    ("08.integrated", lambda g, x, r, n: integrated(g, x, r, n, times=x), "not by the sequence"),
    ("08.integrated", lambda g, x, r, n: integrated(g, x, r, 50), "you took 50 gradients"),
    ("08.integrated", lambda g, x, r, n: integrated(g, x, r, n) + 1, "They add up to"),
    ("08.two_stories", "GATTACAGTTTTCT", "Expected a pair"),
    ("08.two_stories", ("GATTACAGTTTTCT",) * 2, "they tell one story"),
    ("08.two_stories", ("CCCC", "GATTACAGTTTTCT"), "expected 14 letters"),
    ("08.two_stories", ("GATTACAGCACGTG", "GATTACAGTTTTCT"), "is 4.50, expected 0"),
    ("08.two_stories", ("GATTACAGTTTTCT", "CCCCCTTTCACGTG"), "gets 0 % of the credit"),
    ("08.two_stories", ("CCCCCTTTTTTTCT", "GATTACAGTTTTCT"), "% of the credit, not all"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer"), RIGHT_08)
def test_right_answers_of_lesson_08_pass(name, answer):
    assert verdict(name, answer).startswith("Right!")


@pytest.mark.parametrize(("name", "answer", "says"), WRONG_08)
def test_wrong_answers_of_lesson_08_are_told_why(name, answer, says):
    said = verdict(name, answer)
    assert says in said and " Hint 1: " in said


# --- lesson 07 ---------------------------------------------------------------------------------


def mutagenesis(score, dna, change=lambda dna, i, b: dna[:i] + b + dna[i + 1 :]):
    return [{b: score(change(dna, i, b)) - score(dna) for b in "ACGT"} for i in range(len(dna))]


def changed(function):
    """Mutagenesis of which every number has been changed."""
    return lambda score, dna: [
        {b: function(value, score(dna)) for b, value in row.items()}
        for row in mutagenesis(score, dna)
    ]


def pile_up(dna, i, b):
    return "".join(b if j <= i else c for j, c in enumerate(dna))


RIGHT_07 = [
    ("07.mutants", 3001),
    ("07.mutants", "3001"),
    ("07.mutagenesis", mutagenesis),
    ("07.unseen", "GATTACAG" * 3 + 36 * "C"),
    ("07.unseen", "ccc" + "gattacagc" * 6 + "ccc"),
]

WRONG_07 = [
    ("07.mutants", 3000, "differences to one more sequence"),
    ("07.mutants", 4000, "one of the four letters is no change"),
    ("07.mutants", 1001, "more than one letter"),
    ("07.mutants", 17, "17 is not it"),
    ("07.mutants", "many", "Expected a number, got str"),
    ("07.mutagenesis", lambda score, dna: None, "returns nothing"),
    ("07.mutagenesis", [{"A": 0.0}], "the function itself"),
    ("07.mutagenesis", lambda score, dna: [], "one a position, got list of 0"),
    ("07.mutagenesis", lambda score, dna: [0.0] * len(dna), "Expected a dictionary"),
    ("07.mutagenesis", lambda score, dna: [{"A": 0.0}] * len(dna), "Expected a dictionary"),
    ("07.mutagenesis", changed(lambda value, before: -value), "the sign is turned"),
    ("07.mutagenesis", changed(lambda value, before: value + before), "score of the mutant"),
    ("07.mutagenesis", changed(lambda value, before: value + 1), ", expected "),
    ("07.mutagenesis", lambda s, d: mutagenesis(s, d, lambda d, i, b: d[:i] + b + d[i:]),
     "inserts a letter"),
    ("07.mutagenesis", lambda s, d: mutagenesis(s, d, pile_up), "earlier changes are still in it"),
    ("07.mutagenesis", lambda s, d: [s(list(d))], "score was given list"),
    ("07.unseen", 60, "Expected DNA as a str"),
    ("07.unseen", "GATTACAG" * 3, "Expected 60 letters A, C, G and T, got 24"),
    ("07.unseen", "GATTACAN" * 7 + "AAAA", "Expected 60 letters A, C, G and T"),
    ("07.unseen", 60 * "A", "The logit is 0.00"),
    ("07.unseen", "GATTACAG" + 52 * "A", "The logit is 0.95"),
    ("07.unseen", "GATTACAG" * 2 + 44 * "A", "moves the logit by -0.05"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answer"), RIGHT_07)
def test_right_answers_of_lesson_07_pass(name, answer):
    assert verdict(name, answer).startswith("Right!")


@pytest.mark.parametrize(("name", "answer", "says"), WRONG_07)
def test_wrong_answers_of_lesson_07_are_told_why(name, answer, says):
    said = verdict(name, answer)
    assert says in said and " Hint 1: " in said
