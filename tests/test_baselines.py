"""Baselines against slow obvious versions, invariances, and the figures of real data."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
import reference
from shared_data import shared_data
from sklearn.linear_model import LogisticRegression

from dragonn_lite.assays import simulate
from dragonn_lite.dna import fasta, motifs
from dragonn_lite.dna import sequences as dna
from dragonn_lite.evaluation import baselines, metrics

SEEDS = range(3)
LEARN = (baselines.gc_content, baselines.best_motif, baselines.kmer_logistic_regression)


def simulated(seed, n=200, length=80):
    data = simulate.single_motif_detection(
        "GATA1", length=length, n_positive=n, n_negative=n, gc_fraction=0.4, rng=seed
    )
    return data.sequences, data.labels


def with_gaps(sequences, seed):
    """The same sequences with one base in fifty unknown."""
    rng = np.random.default_rng(seed)
    return sequences * (rng.random(sequences.shape[:2]) > 0.02)[..., None].astype(np.uint8)


# --- all of them -----------------------------------------------------------------------------


@pytest.mark.parametrize("learn", LEARN)
@pytest.mark.parametrize("seed", SEEDS)
def test_both_strands_score_alike(learn, seed):
    x, y = simulated(seed)
    x = with_gaps(x, seed)
    baseline = learn(x, y)
    assert baseline(x) == pytest.approx(baseline(dna.reverse_complement(x)), abs=1e-4)
    turned = np.where((np.arange(len(x)) % 2)[:, None, None], dna.reverse_complement(x), x)
    assert learn(turned, y)(x) == pytest.approx(baseline(x), abs=1e-4)


@pytest.mark.parametrize("learn", LEARN)
def test_tasks_are_learned_each_for_itself_and_ambiguous_labels_ignored(learn):
    (x, y), rng = simulated(0), np.random.default_rng(0)
    ambiguous = np.where(rng.random(len(y)) < 0.3, -1, y)
    tasks = np.stack([y, 1 - y, ambiguous], axis=1)
    scores = learn(x, tasks)(x[:50])
    assert scores.shape == (50, 3)
    for task in range(2):
        assert scores[:, task] == pytest.approx(learn(x, tasks[:, task])(x[:50]), abs=1e-5)
    known = ambiguous >= 0
    ranked = metrics.auroc(y[:50], np.tile(scores[:, 2:], 1)[:, 0])
    alone = learn(x[known], y[known])(x[:50])
    # The words are scaled by all sequences, labelled or not: nearly the same.
    assert ranked == pytest.approx(metrics.auroc(y[:50], alone), abs=0.03)
    assert learn(x, y[:, None])(x).shape == (400, 1)
    assert learn(x, y)(x[:0]).shape == (0,)


@pytest.mark.parametrize("learn", LEARN)
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 1, 1], "the labels are all 1"),
        ([-1, -1, -1], "the labels are all -1"),
        ([[1, 1], [0, 1], [0, 1]], "the labels of task 1 are all 1"),
        ([1, 0], r"labels has shape \(2,\)"),
        ([1, 0, 0.5], "labels holds the value 0.5"),
        ([], r"labels has shape \(0,\)"),
    ],
)
def test_bad_labels_are_one_sentence(learn, labels, message):
    x = dna.one_hot(["ACGTACGTACGTACGTACGTACGT"] * 3)
    for call in (learn, lambda x, y: baselines.compare(x, y, x)):
        with pytest.raises(ValueError, match=message) as caught:
            call(x, labels)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("learn", LEARN)
def test_bad_sequences_are_one_sentence(learn):
    x, y = simulated(0, n=20)
    baseline = learn(x, y)
    with pytest.raises(ValueError, match="sequences has shape"):
        learn(x[0], y)
    with pytest.raises(ValueError, match="sequences has shape"):
        baseline(x[0])
    with pytest.raises(TypeError, match="sequences is text"):
        baseline("ACGT")


# --- GC content and motifs -------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_gc_content_is_turned_to_where_the_bound_are(seed):
    x = dna.random_sequences(100, 60, gc_fraction=0.3, rng=seed)
    y = dna.random_sequences(100, 60, gc_fraction=0.6, rng=seed)
    both, labels = np.concatenate([x, y]), np.repeat([1, 0], 100)
    poor, rich = (baselines.gc_content(both, labels ^ turn)(both) for turn in (0, 1))
    assert rich.tolist() == dna.gc_fraction(both).tolist() == (-poor).tolist()


def test_a_sequence_without_a_base_scores_as_the_training_sequences_do():
    x = dna.one_hot(["GCGC", "AAAG", "NNNN"])
    assert baselines.gc_content(x, [1, 0, 0])(x).tolist() == [1.0, 0.25, 0.625]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_planted_motif_is_the_best(seed):
    x, y = simulated(seed)
    baseline = baselines.best_motif(x, y)
    assert baseline.name == "GATA1"
    others = simulated(seed + 10)[0]
    best = motifs.best_scores(others, motifs.builtin("GATA1"))
    assert baseline(others).tolist() == best.tolist()


def test_a_motif_is_chosen_on_the_training_sequences_among_those_given():
    x, y = simulated(0)
    given = [motifs.builtin("CTCF"), motifs.builtin("SPI1"), motifs.builtin("TAL1")]
    value = [metrics.auroc(y, motifs.best_scores(x, motif)) for motif in given]
    assert baselines.best_motif(x, y, motifs=given).name == given[int(np.argmax(value))].name
    tasks = baselines.best_motif(x, np.stack([y, y], axis=1), motifs=iter(given[:1]))
    assert tasks.name == given[0].name
    with pytest.raises(ValueError, match="motifs holds 1 motifs, none of at most 10 bp"):
        baselines.best_motif(x[:, :10], y, motifs=given[:1])
    with pytest.raises(ValueError, match="motifs holds 0 motifs"):
        baselines.best_motif(x, y, motifs=[])


# --- words -----------------------------------------------------------------------------------


def words_on_both_strands(letters, k):
    """Counts of each word and its reverse complement together, loops over strings."""
    every = ["".join(word) for word in product("ACGT", repeat=k)]
    names = sorted({min(word, reference.reverse_complement(word)) for word in every})
    rows = []
    for text in letters:
        found = Counter()
        for word, count in reference.words(text, k).items():
            if "N" not in word:
                found[min(word, reference.reverse_complement(word))] += count
        rows.append([found[name] for name in names])
    return np.array(rows, float)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_regression_is_that_of_words_counted_letter_by_letter(seed, k):
    x, y = simulated(seed, n=100, length=40)
    x = with_gaps(x, seed)
    counts = words_on_both_strands(dna.decode(x), k)
    spread = counts.std(axis=0)
    spread[spread == 0] = 1
    # A variance of 3, shared by the words, is a penalty of 1 / C on their weights.
    slow = LogisticRegression(C=3 / counts.shape[1], solver="newton-cholesky", tol=1e-10)
    slow.fit(counts / spread, y)
    fast = baselines.kmer_logistic_regression(x, y, k=k)(x)
    assert fast == pytest.approx(slow.decision_function(counts / spread), abs=0.01)


def test_words_across_an_unknown_base_do_not_count():
    x, y = simulated(0, n=50, length=40)
    baseline = baselines.kmer_logistic_regression(x, y, k=3)
    empty = baseline(np.zeros((2, 40, 4), np.uint8))
    assert empty[0] == empty[1]
    joined = baseline(dna.one_hot(["AC" + "N" * 38, "N" * 40]))  # no word of three
    assert joined.tolist() == empty.tolist()


def test_batches_do_not_show(monkeypatch):
    x, y = simulated(0)
    baseline = baselines.kmer_logistic_regression(x, y)
    whole = baseline(x)
    monkeypatch.setattr(baselines, "_BATCH", 7 * x.shape[1])
    assert baseline(x).tolist() == whole.tolist()


def test_a_word_must_fit():
    x, y = simulated(0, n=20, length=20)
    for k in (0, 13, 21, 2.5):
        with pytest.raises(ValueError, match="k is"):
            baselines.kmer_logistic_regression(x, y, k=k)
    with pytest.raises(ValueError, match="k is 7, expected at most 12 and at most the length"):
        baselines.kmer_logistic_regression(x, y)(x[:, :5])


# --- all together ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_compare_learns_from_some_and_scores_others(seed):
    x, y = simulated(seed)
    others, truth = simulated(seed + 10)
    found = baselines.compare(x, y, others)
    assert list(found) == ["k-mers", "GATA1", "GC content"]
    for name, learn in zip(found, reversed(LEARN)):
        assert found[name].tolist() == learn(x, y)(others).tolist()
    # What was planted is a motif: nothing does better.
    auroc = {name: metrics.auroc(truth, scores) for name, scores in found.items()}
    assert auroc["GATA1"] > auroc["k-mers"] > 0.6
    few = baselines.compare(x, y, others, learn=LEARN[:1])
    assert list(few) == ["GC content"]
    with pytest.raises(ValueError, match="two baselines called 'GC content'"):
        baselines.compare(x, y, others, learn=[LEARN[0], LEARN[0]])


def test_short_sequences_leave_out_what_does_not_fit():
    x = dna.one_hot(["ACG", "TTT", "NNN"])
    found = baselines.compare(x, [1, 0, 0], x)
    assert list(found) == ["GC content"] and np.isfinite(found["GC content"]).all()


# --- real data -------------------------------------------------------------------------------


def test_ctcf_peaks_with_three_chromosomes_held_out():
    records, labels = [], []
    for part in ("valid", "test"):
        records += fasta.read_fasta(shared_data("ctcf_keras_genomics", f"{part}.fa"))
        labels.append(np.loadtxt(shared_data("ctcf_keras_genomics", f"{part}.target"))[:, 0])
    labels = np.concatenate(labels).astype(np.int8)
    held_out = np.array([r.name.split(":")[0] in ("chr1", "chr8", "chr21") for r in records])
    assert (held_out.sum(), (~held_out).sum()) == (3335, 17209)
    x = dna.one_hot([record.sequence for record in records])
    found = baselines.compare(x[~held_out], labels[~held_out], x[held_out])
    judged = labels[held_out]
    measured = {name: metrics.auroc(judged, scores) for name, scores in found.items()}
    # An earlier regression on words of six had reached .884 / .886.
    assert measured["k-mers"] == pytest.approx(0.896, abs=0.005)
    assert metrics.auprc(judged, found["k-mers"]) == pytest.approx(0.900, abs=0.005)
    assert measured["CTCF_known1"] == pytest.approx(0.932, abs=0.01)
    assert measured["GC content"] < 0.75


ROMAN = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI".split()
YEAST = {"Reb1": (0.86, 0.40), "Ume6": (0.965, 0.50), "Cbf1": (0.85, 0.45), "Rap1": (0.94, 0.38),
         "Abf1": (0.77, 0.07)}  # fmt: skip


@pytest.mark.slow
def test_five_yeast_factors_in_windows_of_the_genome():
    folder = shared_data("yeast_genome")
    genome = fasta.read_fasta(folder / "Saccharomyces_cerevisiae.R64-1-1.dna.toplevel.fa.gz")
    of = {record.name: record.sequence for record in genome}
    places = [(i + 1, s) for i, n in enumerate(ROMAN) for s in range(0, len(of[n]) - 199, 200)]
    assert len(places) == 60_349
    x = dna.one_hot([of[ROMAN[c - 1]][s : s + 200] for c, s in places])
    row = {place: i for i, place in enumerate(places)}
    labels = np.zeros((len(places), len(YEAST)), np.int8)
    for task, factor in enumerate(YEAST):
        for line in (folder / "rossi2021" / f"{factor}_CX.bed").read_text().splitlines():
            chromosome, start = line.split()[:2]
            place = int(chromosome[3:]), int(start) // 200 * 200
            if place in row:  # not in the incomplete last window of a chromosome
                labels[row[place], task] = 1
    held_out = np.isin([c for c, _ in places], [4, 12, 15])
    scores = baselines.kmer_logistic_regression(x[~held_out], labels[~held_out])(x[held_out])
    judged = labels[held_out]
    # Measured: .870/.436, .977/.574, .865/.529, .953/.425, .791/.094. An untuned regression on
    # words of six had reached .847/.288, .962/.367, .886/.284, .918/.245, .764/.050.
    floors = np.array(list(YEAST.values())).T
    assert (metrics.auroc(judged, scores) > floors[0]).all()
    assert (metrics.auprc(judged, scores) > floors[1]).all()
