"""Explanations: what they say of networks whose reasons are known."""

import keras
import numpy as np
import pandas as pd
import pytest

from dragonn_lite.assays import simulate
from dragonn_lite.dna import motifs
from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation import contributions, filters, perturbation
from dragonn_lite.networks import architectures, prediction, training

BASES = "ACGT"


def mutagenesis_by_strings(score, sequences):
    """Every base in every place, a letter at a time."""
    table = []
    for letters in sequences:
        rows = []
        for i in range(len(letters)):
            scores = [score(letters[:i] + base + letters[i + 1 :]) for base in BASES]
            rows.append([value - sum(scores) / 4 for value in scores])
        table.append(rows)
    return np.array(table)


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("build", ["filter_pairs", "dragonn_one_layer", "reference_network"])
def test_mutagenesis_of_a_network_against_a_loop_over_strings(build, target):
    model = architectures.BUILDERS[build](60, n_tasks=2, rng=4)
    letters = dna.decode(dna.random_sequences(2, 60, rng=5))
    letters[1] = letters[1][:20] + "NN" + letters[1][22:]

    def score(changed):
        return float(np.asarray(model(dna.one_hot(changed).astype(np.float32)))[0, target])

    explained = perturbation.in_silico_mutagenesis(model, dna.one_hot(letters), target=target)
    found = explained.hypothetical
    assert found.dtype == np.float32
    assert found == pytest.approx(mutagenesis_by_strings(score, letters), abs=2e-5)


@pytest.mark.parametrize("seed", range(3))
def test_mutagenesis_of_a_sum_of_weights_is_the_weights(seed):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(11, 4))
    x = dna.random_sequences(5, 11, rng=rng)
    seen = []
    found = perturbation.in_silico_mutagenesis(
        lambda x: (x * weights).sum(axis=(1, 2)), x, progress=lambda *done: seen.append(done)
    ).hypothetical
    expected = np.broadcast_to(weights - weights.mean(axis=1, keepdims=True), x.shape)
    assert found == pytest.approx(expected, abs=1e-5)
    assert seen[0] == (1, 5) and seen[-1] == (5, 5)  # the first one says how long they take
    # The difference of two entries is the effect of that mutation.
    assert found[0, 3, 2] - found[0, 3, 1] == pytest.approx(weights[3, 2] - weights[3, 1], abs=1e-5)


def test_mutagenesis_leaves_its_input_alone():
    x = dna.random_sequences(2, 8, rng=0)
    before = x.copy()
    perturbation.in_silico_mutagenesis(lambda x: x[:, 0, 0], x)
    assert np.array_equal(x, before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, x: perturbation.in_silico_mutagenesis(m, x, target=1), "target is 1, but the"),
        (lambda m, x: perturbation.in_silico_mutagenesis(m, x, target=-1), "target is -1"),
        (lambda m, x: perturbation.in_silico_mutagenesis(m, x[:, :40]), "40 bp long, but the mod"),
        (lambda m, x: perturbation.in_silico_mutagenesis(m, x[0]), r"shape \(50, 4\)"),
        (lambda m, x: contributions.project(np.zeros((3, 50)), x), r"expected that of the seq"),
        (lambda m, x: filters.motifs(m, x, fraction=1.5), "fraction is 1.5"),
        (lambda m, x: filters.motifs(m, x[:, :10]), "is 15 bp wide, but sequences have 10"),
        (lambda m, x: contributions.share_in_sites(np.zeros((2, 3, 4)), SITES), "project them"),
        (lambda m, x: contributions.share_in_sites(np.zeros((1, 5)), SITES), "outside of 1 seq"),
        (lambda m, x: contributions.share_in_sites(np.zeros((2, 3)), SITES), "outside of 2 seq"),
        (lambda m, x: contributions.share_in_sites(np.full((2, 5), np.nan), SITES), "not finite"),
        (lambda m, x: contributions.share_in_sites(ONES, SITES.drop(columns="stop")), "'stop'"),
        (lambda m, x: contributions.share_in_sites(ONES, SITES.assign(stop=0)), "stop before they"),
        (lambda m, x: filters.motifs(m, x[:0]), "sequences is empty"),
    ],
)
def test_bad_input_is_one_sentence(call, message):
    model = architectures.one_filter(50, rng=0)
    with pytest.raises(ValueError, match=message):
        call(model, dna.random_sequences(2, 50, rng=0))


ONES = np.ones((2, 5))
SITES = pd.DataFrame({"sequence": [0, 1, 1], "start": [1, 0, 2], "stop": [3, 3, 5]})


@pytest.mark.parametrize("seed", range(3))
def test_project_and_share_against_loops(seed):
    rng = np.random.default_rng(seed)
    letters = ["ACGTN", "TTNGA"]
    hypothetical = rng.normal(size=(2, 5, 4))
    present = contributions.project(hypothetical, dna.one_hot(letters))
    inside = total = 0.0
    for i, sequence in enumerate(letters):
        for j, base in enumerate(sequence):
            value = 0.0 if base == "N" else hypothetical[i, j, BASES.index(base)]
            assert present[i, j] == pytest.approx(value)
            total += max(value, 0)
            covered = any(s.sequence == i and s.start <= j < s.stop for s in SITES.itertuples())
            inside += max(value, 0) * covered
    assert contributions.share_in_sites(present, SITES) == pytest.approx(inside / total)
    assert contributions.share_in_sites(present, SITES.head(0)) == 0
    assert contributions.share_in_sites(-np.abs(present), SITES) == 0


def planted_network(motif, length, bias=0.0):
    """A network of two filters: the log-odds of a motif, and nothing."""
    model = architectures.filter_bank(length, n_filters=2, width_bp=motif.width_bp, rng=0)
    kernel = np.zeros((motif.width_bp, 4, 2), np.float32)
    kernel[:, :, 0] = motif.log_odds(pseudocount=0.01)
    filters.first_convolution(model).set_weights([kernel, np.array([bias, 0], np.float32)])
    return model


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("bias", [0.0, -30.0, 12.0])
def test_a_filter_that_is_a_motif_is_found_whatever_its_bias(seed, bias):
    data = simulate.single_motif_detection(
        "CTCF", length=80, n_positive=400, n_negative=100, gc_fraction=0.5, rng=seed
    )
    known = motifs.builtin("CTCF")
    found = filters.motifs(planted_network(known, 80, bias), data.sequences)
    assert [motif.name for motif in found] == ["filter_0"]  # the other one says nothing
    assert found[0].n_sites == int(found[0].n_sites) and 200 < found[0].n_sites < 600
    best = motifs.best_match(found).iloc[0]
    assert best["motif"].startswith("CTCF") and best["correlation"] > 0.95


def test_filter_motifs_against_a_loop():
    x = dna.random_sequences(7, 30, rng=1)
    model = architectures.filter_bank(30, n_filters=3, width_bp=6, rng=2)
    kernel = filters.first_convolution(model).get_weights()[0]
    for i, motif in enumerate(filters.motifs(model, x, fraction=0.6)):
        windows = [s[j : j + 6] for s in x for j in range(25)]
        response = np.array([(window * kernel[:, :, i]).sum() for window in windows])
        least = response.mean() + 0.6 * (response.max() - response.mean())
        counts = sum(w.astype(float) for w, r in zip(windows, response) if r >= least) + 0.25
        assert motif.name == f"filter_{i}"
        assert motif.n_sites == (response >= least).sum()
        assert motif.probabilities == pytest.approx(counts / counts.sum(axis=1, keepdims=True))


def test_filter_motifs_do_not_depend_on_how_they_are_cut_into_blocks(monkeypatch):
    x = dna.random_sequences(50, 40, rng=1)
    model = architectures.filter_bank(40, n_filters=4, width_bp=8, rng=2)
    whole = filters.motifs(model, x)
    monkeypatch.setattr(filters, "_AT_ONCE", 7)
    for a, b in zip(whole, filters.motifs(model, x), strict=True):
        assert a.n_sites == b.n_sites and np.array_equal(a.probabilities, b.probabilities)


def test_places_beyond_the_edge_are_not_cut_out():
    inputs = keras.Input((20, 4))
    layer = keras.layers.Conv1D(1, 5, padding="same")
    model = keras.Model(inputs, keras.layers.GlobalMaxPooling1D()(layer(inputs)))
    kernel = np.zeros((5, 4, 1), np.float32)
    kernel[:, 1:3] = 1  # C and G
    layer.set_weights([kernel, np.zeros(1, np.float32)])
    letters = "C" * 5 + "A" * 10 + "G" * 5  # the strongest whole places are at the ends
    (found,) = filters.motifs(model, dna.one_hot(letters), fraction=1.0)
    assert found.n_sites == 2
    assert found.probabilities[:, [1, 2]] == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("sign", [1, -1])
def test_places_with_an_unknown_base_do_not_count(sign):
    # Where every known base speaks against the motif, runs of N give the largest response.
    model = architectures.one_filter(40, width_bp=4, rng=0)
    kernel = -np.ones((4, 4, 1), np.float32)
    kernel[:, 0] = -0.5
    filters.first_convolution(model).set_weights([sign * kernel, np.zeros(1, np.float32)])
    letters = "CGTC" + "N" * 16 + ("AAAAC" if sign > 0 else "CCCCA") + "N" * 15
    (found,) = filters.motifs(model, dna.one_hot(letters), fraction=1.0)
    assert found.n_sites == (1 if sign > 0 else 2)
    assert found.consensus == ("AAAA" if sign > 0 else "CSYC")
    assert filters.motifs(model, dna.one_hot(["N" * 40, "ACNTGNA" * 5 + "NNNNN"])) == []
    assert filters.motifs(model, dna.one_hot("A" * 40)) == []


def test_weights_are_those_of_the_first_layer_centred():
    model = planted_network(motifs.builtin("SPI1"), 50)
    found = filters.weights(model)
    expected = motifs.builtin("SPI1").log_odds(pseudocount=0.01)
    expected = expected - expected.mean(axis=1, keepdims=True)
    assert found[0] == pytest.approx(expected, abs=1e-4)
    assert found[1] == pytest.approx(0, abs=1e-6)


def test_networks_without_such_filters_are_refused():
    inputs = keras.Input((20, 4))
    dense = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Flatten()(inputs)))
    with pytest.raises(ValueError, match="has no Conv1D layer that reads the four bases"):
        filters.weights(dense)
    strided = keras.Model(inputs, keras.layers.Conv1D(1, 5, strides=2, name="jump")(inputs))
    with pytest.raises(ValueError, match="layer jump has strides or dilation"):
        filters.motifs(strided, dna.one_hot("A" * 20))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_trained_network_shows_the_planted_motif_and_looks_at_the_planted_sites(seed):
    data = simulate.single_motif_detection(
        "CTCF", length=100, n_positive=1500, n_negative=1500, gc_fraction=0.4, rng=seed
    )
    model = architectures.filter_bank(100, n_filters=16, rng=seed)
    training.fit(model, data.sequences, data.labels, epochs=10, rng=seed)
    scores = prediction.predict(model, data.sequences)
    top = np.argsort(-scores)[:100]
    x = data.sequences[top]
    best = motifs.best_match(filters.motifs(model, x)).sort_values("correlation").iloc[-1]
    assert best["motif"].startswith("CTCF") and best["correlation"] > 0.8
    present = perturbation.in_silico_mutagenesis(model, x).contributions
    sites = data.sites[data.sites["sequence"].isin(top)]
    row = {int(sequence): i for i, sequence in enumerate(top)}
    share = contributions.share_in_sites(present, sites.assign(sequence=sites["sequence"].map(row)))
    assert share > 0.6  # the sites are a fifth of all bases
