"""Tests of explanations, tried on explanations whose worth is known: perfect, random, reversed."""

import functools
import itertools
import json

import keras
import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from dragonn_lite.assays import simulate
from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation import (
    contributions,
    curves,
    deeplift,
    gradients,
    perturbation,
    sanity,
    truth,
)
from dragonn_lite.interpretation.explanations import Explanation
from dragonn_lite.networks import architectures, prediction


def mutagenesis(model, x, target=0):
    """As for any callable: a prediction a mutant."""
    return perturbation.in_silico_mutagenesis(
        lambda x: prediction.predict(model, x), x, target=target
    )


def simulation(seed, n=30):
    return simulate.single_motif_detection(
        "CTCF", length=60, n_positive=n, n_negative=n, gc_fraction=0.5, rng=seed
    )


def explanation_of(x, values, target=0):
    zeros = np.zeros(len(x), np.float32)
    return Explanation(x, values.astype(np.float32), None, zeros, "made up", target)


# --- sites found -----------------------------------------------------------------------------


def values_of(found, metric):
    return found.table[found.table["metric"] == metric].set_index("over")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("absolute", [False, True])
def test_site_recovery_against_scikit_learn_a_sequence_at_a_time(seed, absolute):
    data = simulation(seed)
    values = np.random.default_rng(seed).normal(size=(60, 60)).round(1)  # with ties
    within = np.zeros((60, 60), int)
    for site in data.sites.itertuples():
        values[site.sequence, site.start : site.stop] -= 0.5
        within[site.sequence, site.start : site.stop] = 1
    found = truth.site_recovery(values, data.sites, absolute=absolute, rng=seed)
    rows = [i for i in range(60) if within[i].any()]
    assert found.rows.tolist() == rows and len(rows) == 30
    scored = abs(values) if absolute else values
    for name, each, judge, chance in (
        ("auROC", found.auroc, roc_auc_score, 0.5),
        ("auPRC", found.auprc, average_precision_score, within[rows].mean()),
    ):
        expected = [judge(within[i], scored[i]) for i in rows]
        assert each == pytest.approx(expected)
        table = values_of(found, name)
        pooled = judge(within[rows].ravel(), scored[rows].ravel())
        assert table["value"].to_dict() == pytest.approx(
            {"all positions": pooled, "mean of sequences": np.mean(expected)}
        )
        assert table["chance"].tolist() == pytest.approx([chance, chance])
        assert (table["low"] < table["value"]).all() and (table["value"] < table["high"]).all()
        # The limits are about two standard errors of a mean away.
        width = 1.96 * np.std(expected, ddof=1) / np.sqrt(30)
        row = table.loc["mean of sequences"]
        assert row["value"] - row["low"] == pytest.approx(width, rel=0.25)
        assert row["high"] - row["value"] == pytest.approx(width, rel=0.25)


@pytest.mark.parametrize("seed", range(3))
def test_perfect_reversed_and_random_explanations(seed):
    data = simulation(seed)
    within = contributions.inside(data.sites, 60, 60).astype(float)
    noise = np.random.default_rng(seed).normal(size=within.shape)
    perfect = truth.site_recovery(explanation_of(data.sequences, within), data.sites, rng=0)
    assert (perfect.table[["value", "low", "high"]] == 1).all(axis=None)
    reverse = values_of(truth.site_recovery(-within, data.sites, rng=0), "auROC")
    assert (reverse[["value", "low", "high"]] == 0).all(axis=None)
    absolute = truth.site_recovery(-within, data.sites, absolute=True, rng=0)
    assert (absolute.table["value"] == 1).all()
    random = truth.site_recovery(noise, data.sites, rng=0)
    assert random.table["value"].to_numpy() == pytest.approx(random.table["chance"], abs=0.1)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    # Inside N(d, 1), outside N(0, 1): auROC = P(inside > outside) = Phi(d / sqrt 2), where each
    # sequence has a d of its own, so that positions of a sequence hang together.
    d = np.linspace(-1, 2, 4001)
    expected = stats.norm.cdf(d / np.sqrt(2)).mean()
    sites = pd.DataFrame({"sequence": range(25), "start": 5, "stop": 15})
    held = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        values = rng.normal(size=(25, 30))
        values[:, 5:15] += rng.uniform(-1, 2, size=(25, 1))
        table = values_of(truth.site_recovery(values, sites, n_resamples=200, rng=seed), "auROC")
        held.append((table["low"] <= expected) & (expected <= table["high"]))
    # 95 % are promised; percentile intervals of 25 sequences hold about 93 %. Of 100, less than
    # 85 would come up once in some hundred times.
    assert (np.mean(held, axis=0) >= 0.85).all()
    assert not np.all(held)


# --- curves ----------------------------------------------------------------------------------


def test_curves_against_strings(monkeypatch):
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(23, 4, 4))

    def score(letters):
        numbers = ["ACGT".index(letter) for letter in letters]
        return sum(weights[i, a, b] for i, (a, b) in enumerate(itertools.pairwise(numbers)))

    x = dna.random_sequences(3, 23, rng=1)
    letters, other = dna.decode(x), dna.decode(dna.random_sequences(3, 23, rng=2))
    monkeypatch.setattr(curves, "dinucleotide_shuffle", lambda x, rng: dna.one_hot(other))
    values = rng.normal(size=(3, 23))
    for kind, sign, call in (
        ("deletion", -1, truth.deletion_curve), ("insertion", 1, truth.insertion_curve)
    ):  # fmt: skip
        begin, end = (letters, other) if kind == "deletion" else (other, letters)
        found = call(
            lambda x: np.array([score(text) for text in dna.decode(x)]), values, x, n_steps=4, rng=0
        )
        counts = [0, 6, 12, 17, 23]  # quarters of 23: 5.75, 11.5 (halves go to even), 17.25
        assert found.kind == kind and (found.fraction * 23).round().tolist() == counts
        for i in range(3):
            first = sorted(range(23), key=lambda j, i=i: -values[i, j])
            expected = []
            for count in counts:
                text = list(begin[i])
                for j in first[:count]:
                    text[j] = end[i][j]
                expected.append(score("".join(text)))
            assert found.logits[i] == pytest.approx(expected, abs=1e-4)
            assert found.random[i, [0, -1]] == pytest.approx(found.logits[i, [0, -1]], abs=1e-4)
            widths = np.diff(counts) / 23
            for line, area in ((found.logits[i], found.area[i]),):
                assert area == pytest.approx(((line[1:] + line[:-1]) / 2) @ widths, abs=1e-4)
            by_chance = ((found.random[i, 1:] + found.random[i, :-1]) / 2) @ widths
            advantage = sign * (found.area[i] - by_chance)
            assert found.advantage[i] == pytest.approx(advantage, abs=1e-4)
        table = found.table()
        mean = table[table["order"] == "by contribution"]["logit"]
        assert mean.to_numpy() == pytest.approx(found.logits.mean(axis=0))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("curve", [truth.deletion_curve, truth.insertion_curve])
def test_a_right_order_beats_a_random_one_and_a_reversed_one_loses(curve, seed):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(80, 4))
    x = dna.random_sequences(20, 80, rng=rng)
    right = explanation_of(x, (x * weights).sum(axis=2), target=1)

    def model(x):
        total = (x * weights).sum(axis=(1, 2))
        return np.stack([-total, total], axis=1)

    def advantage(explanation, **options):
        return curve(model, explanation, rng=seed, **options).advantage.mean()

    wrong = explanation_of(x, -right.contributions, target=1)
    assert advantage(right) > 3
    assert advantage(wrong) < -3
    assert advantage(right, target=0) < -3  # the other output is the opposite
    noise = explanation_of(x, rng.normal(size=(20, 80)), target=1)
    assert abs(advantage(noise)) < 1.5
    constant = explanation_of(x, np.zeros((20, 80)), target=1)
    assert abs(advantage(constant)) < 1.5  # ties are no order


# --- random weights --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_layers_are_forgotten_from_the_last_to_the_first(seed):
    network = architectures.filter_pairs(60, n_filters=6, rng=seed)
    before = sanity.weights_of(network)
    names = [layer.name for layer in network.layers if layer.weights]
    seen = []

    def explain(model, x, target):
        seen.append({name: sanity.weights_of(model.get_layer(name))[0] for name in names})
        return np.random.default_rng(len(seen)).normal(size=x.shape[:2])

    x = dna.random_sequences(5, 60, rng=0)
    found = truth.randomised_weights(network, explain, x, rng=seed)
    assert found["layer"].tolist() == [name for name in names[::-1] for _ in range(2)]
    for step, weights in enumerate(seen):
        changed = [name for name in names if not np.array_equal(weights[name], seen[0][name])]
        assert changed == names[len(names) - step :]
    # The new weights are as wide as the learned ones.
    for name in names:
        old, new = seen[0][name], seen[-1][name]
        if old.size > 200:
            assert new.std() == pytest.approx(np.sqrt((old**2).mean()), rel=0.2)
    assert all(map(np.array_equal, before, sanity.weights_of(network)))
    assert abs(found["rank_correlation"]).max() < 0.3


def test_mutagenesis_forgets_with_the_network():
    network = architectures.filter_bank(40, rng=1)
    x = dna.random_sequences(8, 40, rng=0)
    found = truth.randomised_weights(network, mutagenesis, x, cascade=False, rng=0)
    assert found["layer"].tolist() == ["all layers"] * 2
    n_layers = sum(bool(layer.weights) for layer in network.layers)
    assert found["n_layers"].tolist() == [n_layers] * 2
    assert abs(found["rank_correlation"]).max() < 0.4
    assert (found["low"] < found["high"]).all()


def test_a_network_with_a_lambda_is_copied():
    inputs = keras.Input((20, 4))
    convolution = keras.layers.Conv1D(2, 5)
    both = [convolution(inputs), convolution(keras.layers.Lambda(lambda x: x[:, ::-1])(inputs))]
    pooled = [keras.layers.GlobalMaxPooling1D()(x) for x in both]
    network = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Add()(pooled)))
    found = truth.randomised_weights(network, mutagenesis, X, rng=0)
    assert found["n_layers"].tolist() == [1, 1, 2, 2]


def test_a_constant_map_has_no_correlation():
    network = architectures.filter_bank(40, rng=1)
    x = dna.random_sequences(4, 40, rng=0)
    flat = truth.randomised_weights(network, lambda m, x, target: np.zeros(x.shape[:2]), x, rng=0)
    assert flat["rank_correlation"].isna().all()
    assert (flat["n_sequences"] == 0).all()


# --- saturation and tasks --------------------------------------------------------------------


def test_mutagenesis_underestimates_redundant_sites_and_a_fair_share_does_not():
    table = truth.saturation(mutagenesis, rng=0).set_index("n_sites")
    assert table["gain"].to_dict() == pytest.approx({1: 0.95, 2: 1, 3: 1}, abs=1e-5)
    # Each of 8 bases is worth 3/4 of what its loss costs: 0.95 of one site, 0.05 of one of two.
    assert table["credit"].to_dict() == pytest.approx(
        {1: 8 * 0.75 * 0.95, 2: 16 * 0.75 * 0.05, 3: 0}, abs=1e-3
    )
    assert table["relative"].to_dict() == pytest.approx({1: 1, 2: 0.1, 3: 0}, abs=1e-3)

    def fair(model, x, target):
        words = [text.count("GATTACAG") for text in dna.decode(x)]
        logits = np.asarray(model(x.astype(np.float32)))[:, target]
        values = np.zeros(x.shape[:2])
        for i, text in enumerate(dna.decode(x)):
            for start in range(len(text) - 7):
                if text[start : start + 8] == "GATTACAG":
                    values[i, start : start + 8] = logits[i] / words[i] / 8
        return values

    assert truth.saturation(fair, rng=1)["relative"].tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    blind = truth.saturation(lambda m, x, target: np.zeros(x.shape[:2]), rng=1)
    assert blind["relative"].isna().all()


def test_references_give_redundant_sites_their_due_and_plain_gradients_nothing():
    def relative(method):
        return truth.saturation(method, n_sequences=4, rng=0).set_index("n_sites")["relative"]

    # Two sites are past the bend: the gradient there is 0.
    assert relative(gradients.gradient_times_input).tolist() == pytest.approx([1, 0, 0], abs=1e-6)
    # Against a reference, all of the logit is shared out, nearly all of it among the sites.
    for method in (gradients.integrated_gradients, functools.partial(deeplift.deeplift, rng=0)):
        assert relative(method).between(0.9, 1.1).all()


def test_one_of_two_sites_suffices():
    model = truth.either_suffices(50)
    for text, expected in (("A" * 50, 0), ("GATTACAG", 0.95), ("GATTACAG" * 2, 1), ("GATTACAT", 0)):
        x = dna.one_hot(text.ljust(50, "C")).astype(np.float32)
        assert float(np.asarray(model(x))[0, 0]) == pytest.approx(expected, abs=1e-5)


def test_class_specificity_tells_own_maps_from_shared_ones():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(40, 4, 3))
    weights[..., 2] = -weights[..., 0]

    def model(x):
        return np.einsum("nlb,lbt->nt", x, weights)

    def own(model, x, target):
        return np.einsum("nlb,lb->nl", x, weights[..., target])

    x = dna.random_sequences(30, 40, rng=rng)
    table = truth.class_specificity(model, own, x, rng=0).set_index(["target1", "target2"])
    assert abs(table.loc[(0, 1), "map_correlation"]) < 0.15
    assert table.loc[(0, 2), "map_correlation"] == pytest.approx(-1)
    assert table.loc[(0, 2), "logit_correlation"] == pytest.approx(-1)
    logits = model(x)
    expected = stats.spearmanr(logits[:, 0], logits[:, 1]).statistic
    assert table.loc[(0, 1), "logit_correlation"] == pytest.approx(expected)
    same = truth.class_specificity(model, lambda m, x, target: own(m, x, 1), x, rng=0)
    assert same["map_correlation"].tolist() == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("seed", range(3))
def test_rank_correlations_against_scipy(seed):
    one, other = np.random.default_rng(seed).integers(6, size=(2, 4, 20)).astype(float)
    expected = [stats.spearmanr(a, b).statistic for a, b in zip(one, other)]
    assert sanity.rank_correlations(one, other) == pytest.approx(expected)
    assert np.isnan(sanity.rank_correlations(one, np.ones((4, 20)))).all()


# --- leaderboard -----------------------------------------------------------------------------


def scanner(word):
    """A model that counts a word, and a method that knows where the words stand."""
    return lambda x: np.array([text.count(word) for text in dna.decode(x)], float)


def noise(model, x, target):
    return np.random.default_rng(7).normal(size=x.shape[:2])


def refusing(model, x, target):
    raise TypeError("model has no gradients to follow")


@pytest.fixture(scope="module")
def boards():
    grammars = {
        "one motif": simulation(0),
        "two tasks": simulate.multi_motif_embedding(
            ["CTCF", "GABPA"], length=80, min_motifs=0, max_motifs=2, n=120, rng=1
        ),
    }
    networks = {
        name: {
            grammar: architectures.filter_bank(
                data.sequences.shape[1], n_filters=4, n_tasks=len(data.tasks), rng=seed
            )
            for grammar, data in grammars.items()
        }
        for seed, name in enumerate(("first", "second"))
    }
    return grammars, networks


def perfect_for(grammars):
    """A method that looks the sites up."""
    known = {}
    for data in grammars.values():
        for row, sequence in enumerate(dna.decode(data.sequences)):
            sites = data.sites[data.sites["sequence"] == row]
            known[sequence] = (data.tasks, sites)

    def perfect(model, x, target):
        values = np.zeros(x.shape[:2])
        for i, text in enumerate(dna.decode(x)):
            tasks, sites = known[text]
            for site in sites.itertuples():
                if len(tasks) == 1 or site.motif == tasks[target]:
                    values[i, site.start : site.stop] = 1
        return explanation_of(x, values, target)

    return perfect


def test_the_leaderboard_has_a_row_for_everything_and_a_refusal_is_told(boards):
    grammars, networks = boards
    seen = []
    methods = {"perfect": perfect_for(grammars), "noise": noise, "refusing": refusing}
    table = truth.leaderboard(
        methods, grammars, networks, n_sequences=20, progress=lambda *done: seen.append(done)
    )
    assert seen == [(i, 18) for i in range(1, 19)]  # 3 methods, 3 tasks, 2 networks
    cells = table.groupby(["method", "grammar", "network", "task"]).size()
    assert cells["perfect"].tolist() == cells["noise"].tolist() == [8] * 6
    assert cells["refusing"].tolist() == [1] * 6
    told = table[table["method"] == "refusing"]
    assert set(told["problem"]) == {"model has no gradients to follow"}
    assert told["value"].isna().all()
    best = table[table["method"] == "perfect"]
    assert (best[["value", "low", "high"]] == 1).all(axis=None)
    assert set(best["n_sequences"]) == {20} and (best["problem"] == "").all()
    other = table[table["method"] == "noise"]
    assert (abs(other["value"] - other["chance"]) < 0.12).all()
    assert set(best["task"]) == {*grammars["one motif"].tasks, *grammars["two tasks"].tasks}


def test_an_interrupted_leaderboard_goes_on_where_it_stopped(boards, tmp_path):
    grammars, networks = boards
    calls = []

    def counted(model, x, target):
        calls.append(target)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return noise(model, x, target)

    options = {"n_sequences": 10, "folder": tmp_path / "board"}
    with pytest.raises(KeyboardInterrupt):
        truth.leaderboard({"noise": counted}, grammars, networks, **options)
    assert len(list((tmp_path / "board").iterdir())) == 3
    resumed = truth.leaderboard({"noise": counted}, grammars, networks, **options)
    assert len(calls) == 4 + 3  # of six cells three were there, and the fourth is made again
    plain = truth.leaderboard({"noise": noise}, grammars, networks, n_sequences=10)
    pd.testing.assert_frame_equal(
        resumed.drop(columns="seconds"), plain.drop(columns="seconds"), check_dtype=False
    )
    truth.leaderboard({"noise": counted}, grammars, networks, **options)
    assert len(calls) == 7  # nothing was left to do


def test_a_refusal_is_not_kept_but_asked_for_again(boards, tmp_path):
    grammars = {"one motif": boards[0]["one motif"]}
    networks = {"first": boards[1]["first"]}
    options = {"n_sequences": 5, "folder": tmp_path}
    table = truth.leaderboard({"method": refusing}, grammars, networks, **options)
    assert table["problem"].tolist() == ["model has no gradients to follow"]
    assert not list(tmp_path.iterdir())
    table = truth.leaderboard({"method": noise}, grammars, networks, **options)
    assert table["problem"].tolist() == [""] * 8
    ragged = {"method": lambda model, x, target: np.zeros((len(x), 3))}
    [problem] = truth.leaderboard(ragged, grammars, networks)["problem"]
    assert "expected that of the sequences" in problem


def test_what_changed_or_was_damaged_is_made_again(boards, tmp_path):
    grammars = {"one motif": boards[0]["one motif"]}
    networks = {"first": {"one motif": keras.models.clone_model(boards[1]["first"]["one motif"])}}
    calls = []

    def counted(model, x, target):
        calls.append(len(x))
        return noise(model, x, target)

    def run(**options):
        options = {"n_sequences": 10, "folder": tmp_path, **options}
        return truth.leaderboard({"noise": counted}, grammars, networks, **options)

    run()
    run()
    assert calls == [10]
    run(n_sequences=12)
    run(seed=1)
    assert calls == [10, 12, 10]
    [path, *_] = sorted(tmp_path.iterdir())
    path.write_text(path.read_text()[:40])
    for options in ({}, {"seed": 1}, {"n_sequences": 12}):
        run(**options)
    assert len(calls) == 4
    whole = path.read_bytes()
    for damaged in (b"\xff\x00", b"null", b"[]", b"[[1, 2]]", whole[:-1] + b', ["odd"]]', b""):
        path.write_bytes(damaged)
        calls_before = len(calls)
        for options in ({}, {"seed": 1}, {"n_sequences": 12}):
            run(**options)
        assert len(calls) == calls_before + 1
        assert len(json.loads(path.read_text())) == 8
    with pytest.raises(ValueError, match="which is a file; name a folder"):
        run(folder=path)
    calls[4:] = []
    layer = networks["first"]["one motif"].layers[-1]
    layer.set_weights([2 * weights for weights in sanity.weights_of(layer)])
    run()
    assert len(calls) == 5


def test_the_leaderboard_ranks_by_sign_and_by_size(boards):
    grammars, networks = boards
    perfect = perfect_for(grammars)

    def reversed_(model, x, target):
        return -perfect(model, x, target).contributions

    table = truth.leaderboard(
        {"perfect": perfect, "reversed": reversed_, "noise": noise}, grammars, networks,
        n_sequences=10,
    )  # fmt: skip
    auroc = table[table["metric"] == "auROC"].groupby(["method", "by"])["value"].agg(["min", "max"])
    assert auroc.loc[("perfect", "sign")].tolist() == [1, 1]
    assert auroc.loc[("reversed", "sign")].tolist() == [0, 0]
    assert auroc.loc[("reversed", "size")].tolist() == [1, 1]
    mean = table[table["over"] == "mean of sequences"]
    assert mean["value"].tolist() == pytest.approx([np.mean(each) for each in mean["each"]])
    assert {len(each) for each in mean["each"]} == {10}
    assert table.loc[table["over"] == "all positions", "each"].isna().all()


# --- bad input -------------------------------------------------------------------------------

X = dna.random_sequences(3, 20, rng=0)
ONES = np.ones((3, 20))
SITES = pd.DataFrame({"sequence": [0, 1], "start": [1, 0], "stop": [3, 20]})
COUNT = scanner("A")


def board(grammar=None, networks=None, **options):
    grammars = {"g": grammar or simulation(0, n=4)}
    networks = networks if networks is not None else {"n": {"g": COUNT}}
    return truth.leaderboard({"noise": noise}, grammars, networks, **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: truth.site_recovery(ONES, SITES, rng=0), "1 of 3 sequences have positions"),
        (lambda: truth.site_recovery(ONES[:1], SITES, rng=0), "outside of 1 sequences"),
        (lambda: truth.site_recovery(X, SITES, rng=0), "project them first"),
        (lambda: truth.site_recovery(ONES * np.nan, SITES, rng=0), "not finite"),
        (lambda: truth.site_recovery(ONES, SITES[["start"]], rng=0), "lack the column"),
        (lambda: truth.site_recovery(ONES, SITES.astype(float), rng=0), "has dtype float64"),
        (lambda: truth.deletion_curve(COUNT, ONES, rng=0), "sequences are not given"),
        (lambda: truth.deletion_curve(COUNT, ONES[:2], X, rng=0), r"expected that of the sequ"),
        (lambda: truth.insertion_curve(COUNT, ONES, X, n_steps=0, rng=0), "n_steps is 0"),
        (lambda: truth.insertion_curve(COUNT, ONES, X, n_shuffles=0, rng=0), "n_shuffles is 0"),
        (lambda: truth.insertion_curve(COUNT, ONES, X, target=3, rng=0), "target is 3"),
        (lambda: truth.randomised_weights(COUNT, noise, X, rng=0), "expected a Keras model"),
        (lambda: truth.saturation(lambda m, x, target: ONES, rng=0), r"shape \(3, 20\)"),
        (lambda: truth.saturation(noise, length=39, rng=0), "length is 39"),
        (lambda: truth.class_specificity(COUNT, noise, X[:2], rng=0), "holds 2, expected three"),
        (lambda: truth.class_specificity(COUNT, noise, X, rng=0), "model has one output"),
        (lambda: board(networks={}), "networks is empty"),
        (lambda: board(networks={"n": {}}), r"networks\['n'\] has no model for 'g'"),
        (lambda: board(n_sequences=1), "n_sequences is 1"),
        (lambda: board(seed=-1), "seed is -1"),
        (lambda: board(simulation(0, n=1)), "has 1 bound sequences with sites"),
    ],
)
def test_bad_input_is_one_sentence(call, message):
    with pytest.raises((ValueError, TypeError), match=message) as error:
        call()
    assert "\n" not in str(error.value)
