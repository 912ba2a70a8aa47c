"""Explanations by change against loops: a letter, a window, a whole network at a time."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import span_networks
from keras import layers

from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation import _spans, _windows, catalogue, explanations, perturbation
from dragonn_lite.networks import architectures

pytestmark = pytest.mark.slow  # every network is compiled; the doctests are quick

HERE = Path(__file__).parent
#: Of the largest effect; the effects are differences of float32 scores.
ROUNDING = 3e-5


# --- spans of change -----------------------------------------------------------------------------
@pytest.mark.parametrize("head", span_networks.HEADS)
def test_spans_of_change_are_exact_after_every_head(head):
    for body in ("pool, same", "deep", "same"):
        model = span_networks.network(body, head, seed=1)
        assert span_networks.largest_error(model, width=2) < ROUNDING


@pytest.mark.parametrize("body", span_networks.BODIES)
@pytest.mark.parametrize(("width", "stride", "head"), [(1, 1, "flat"), (6, 4, "best and mean")])
def test_spans_of_change_are_exact_through_every_layer(body, width, stride, head):
    model = span_networks.network(body, head)
    assert span_networks.largest_error(model, width=width, stride=stride) < ROUNDING


@pytest.mark.parametrize("seed", range(6))
def test_random_stacks_of_layers(seed):
    rng = np.random.default_rng(seed)
    inputs = x = keras.Input((span_networks.LENGTH, 4))
    for _ in range(4):
        options = {"padding": rng.choice(["same", "valid"])}
        width, stride = (int(i) for i in rng.integers(1, 5, 2))
        kind = rng.integers(3)
        if x.shape[1] < 8:
            break
        if kind == 0:
            dilation = int(rng.integers(1, 4)) if stride == 1 else 1
            x = layers.Conv1D(
                4, width, stride, dilation_rate=dilation, activation="relu", **options
            )(x)
        else:
            x = (layers.MaxPooling1D, layers.AveragePooling1D)[kind - 1](width, stride, **options)(
                x
            )
    x = layers.Dense(2)(span_networks.HEADS[rng.choice(list(span_networks.HEADS))](x))
    model = span_networks.randomised(keras.Model(inputs, x), seed)
    assert span_networks.largest_error(model, width=1 + seed % 3, seed=seed) < ROUNDING


def test_blocks_do_not_show(monkeypatch):
    model = span_networks.network("deep", "flat")
    x = dna.random_sequences(5, span_networks.LENGTH, rng=0)
    whole = perturbation.in_silico_mutagenesis(model, x)
    monkeypatch.setattr(_spans, "_FLOATS_AT_ONCE", 5_000)
    monkeypatch.setattr(_windows, "_FILLED_AT_ONCE", 1_000)
    cut = perturbation.in_silico_mutagenesis(model, x)
    assert cut.hypothetical == pytest.approx(whole.hypothetical, abs=1e-5)


def test_jax_passes_the_same_spans():
    pytest.importorskip("jax", reason="the second backend, JAX, is not installed")
    done = subprocess.run(
        [sys.executable, str(HERE / "span_networks.py")],
        cwd=HERE.parent, env=os.environ | {"KERAS_BACKEND": "jax"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["backend"] == "jax" and len(found["errors"]) == len(span_networks.BODIES)
    assert max(found["errors"].values()) < ROUNDING


class Doubled(layers.ReLU):
    def call(self, x):
        return super().call(2 * x)


@keras.saving.register_keras_serializable()
class Shifted(keras.Model):
    def call(self, x):
        return super().call(x[:, ::-1])


def over_positions(x):
    return keras.ops.softmax(x, axis=1)


def test_what_spans_cannot_pass_says_why_and_is_scored_as_a_whole():
    length = span_networks.LENGTH
    inputs = keras.Input((length, 4))

    def ends(x):
        return keras.Model(inputs, layers.Dense(1)(layers.Flatten()(x)))

    grouped = layers.Conv1D(4, 3, groups=2, name="halves")
    x = layers.Conv1D(4, 3, padding="same")(inputs)
    for model, reason in (
        (ends(layers.LSTM(3, name="memory")(inputs)), "layer memory (LSTM) is none that"),
        (ends(Doubled(name="twice")(x)), "layer twice (Doubled) is none that"),
        (ends(layers.BatchNormalization(axis=1, name="odd")(x)), "layer odd (BatchNormalization) "
         "works along axis 1"),
        (ends(grouped(inputs)), "layer halves (Conv1D) has groups 2"),
        (ends(layers.Add(name="one")([x, layers.GlobalMaxPooling1D(keepdims=True)(x)])),
         "layer one (Add) joins shapes that differ"),
        (ends(keras.ops.sin(x)), "(Sin) is none that"),
        (ends(layers.Activation(over_positions, name="where")(x)), "layer where (Activation) has "
         "an activation that may mix positions"),
        (ends(layers.Conv1D(3, 2, activation=over_positions)(x)), "that may mix positions"),
        (Shifted(inputs, layers.Dense(1)(layers.Flatten()(x))), "the model is no functional"),
        (lambda x: x[:, :5].sum(axis=(1, 2)), "the model is no functional"),
    ):  # fmt: skip
        assert reason in _spans.unsupported(model)
        x_ = dna.random_sequences(2, length, rng=0)
        found = perturbation.in_silico_mutagenesis(model, x_)
        assert found.hypothetical[:, 3] == pytest.approx(mutants_at(model, x_, 3), abs=1e-5)


class Trained(keras.Model):
    def train_step(self, data):
        return super().train_step(data)


def test_a_way_to_train_of_its_own_changes_nothing():
    inputs = keras.Input((span_networks.LENGTH, 4))
    model = Trained(inputs, layers.Dense(2)(layers.Flatten()(layers.Conv1D(3, 4)(inputs))))
    assert span_networks.largest_error(model) < ROUNDING


def pooled(inputs):
    x = layers.Conv1D(5, 4, padding="same", activation="tanh")(inputs)
    return layers.MaxPooling1D(5)(x)


def attended(x):
    y = layers.Conv1D(4, 3, padding="same")(x)  # read by both branches: no cut between
    return layers.Add()([y, layers.MultiHeadAttention(1, 4, name="attention")(y, y)])


BEGINNINGS = {  # what follows one convolution and pooling, and the layers left to the rest
    "memory": (lambda x: layers.LSTM(3)(x), 3),
    "both ways": (
        lambda x: layers.GlobalMaxPooling1D()(
            layers.Bidirectional(layers.GRU(2, return_sequences=True))(x)
        ), 4,
    ),
    "flat": (lambda x: Doubled()(layers.Flatten()(x)), 3),
    "gone": (lambda x: Doubled()(layers.GlobalAveragePooling1D()(x)), 3),
    "attention": (lambda x: layers.Flatten()(attended(x)), 5),
    "a way round": (
        lambda x: layers.Concatenate()(
            [layers.LSTM(3)(x), layers.GlobalMaxPooling1D()(layers.Conv1D(3, 2)(x))]
        ), 6,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BEGINNINGS)
@pytest.mark.parametrize("floats_at_once", [3_000, 1 << 23])
def test_spans_go_as_far_as_they_can(name, floats_at_once, monkeypatch):
    monkeypatch.setattr(_spans, "_FLOATS_AT_ONCE", floats_at_once)
    follows, n_left = BEGINNINGS[name]
    inputs = keras.Input((span_networks.LENGTH, 4))
    outputs = layers.Dense(2)(follows(pooled(inputs)))
    model = span_networks.randomised(keras.Model(inputs, outputs), 1)
    network = _spans.span_network(model)
    assert len(network._rest[0].layers) == n_left  # with its input
    for width in (1, 4):
        assert span_networks.largest_error(model, width=width, whole=False) < ROUNDING


def test_spans_that_get_nowhere_leave_the_model_as_it_is():
    inputs = keras.Input((span_networks.LENGTH, 4))
    for x in (layers.LSTM(3)(inputs), layers.LSTM(3)(layers.Dropout(0.1)(inputs))):
        assert _spans.span_network(keras.Model(inputs, layers.Dense(1)(x))) is None


def test_a_rest_that_gives_one_score_or_trains_on_is_scored_as_the_model_predicts():
    inputs = keras.Input((span_networks.LENGTH, 4))
    z = layers.GaussianNoise(0.5)(layers.LSTM(3)(pooled(inputs)), training=True)
    model = keras.Model(inputs, layers.Dense(1)(z)[:, 0])
    span_networks.randomised(model, 1)
    x = dna.random_sequences(2, span_networks.LENGTH, rng=0)
    found = perturbation.in_silico_mutagenesis(model, x)
    plain = perturbation.in_silico_mutagenesis(lambda x: model.predict_on_batch(x), x)
    assert found.hypothetical == pytest.approx(plain.hypothetical, abs=1e-5)


def mutants_at(model, x, position):
    """Scores of the four bases at one position, less their mean."""
    columns = []
    for base in np.eye(4, dtype=np.uint8):
        changed = x.copy()
        changed[:, position] = base
        columns.append(np.asarray(model(changed.astype(np.float32))).reshape(len(x)))
    columns = np.stack(columns, axis=1)
    return columns - columns.mean(axis=1, keepdims=True)


# --- mutagenesis ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("method", "options"),
    [("in_silico_mutagenesis", {}), ("occlusion", {}), ("shapley", {"references": "uniform"})],
)
def test_scores_of_altered_sequences_that_are_not_finite_are_refused(method, options):
    def model(x):  # of sequences that begin with C alone
        return np.where(x[:, 0, 1] == 1, 1.0, np.nan)

    with pytest.raises(ValueError, match=r"model gives \d+ scores that are not finite for altered"):
        catalogue.explain(model, dna.one_hot("CATTACATTA"), method=method, **options)


@pytest.mark.parametrize("build", architectures.BUILDERS)
def test_mutagenesis_of_every_architecture_equals_that_of_the_model_as_a_callable(build):
    model = span_networks.randomised(architectures.BUILDERS[build](120, n_tasks=2, rng=0), 1)
    x = dna.random_sequences(3, 120, rng=2)
    x[1, 40:45] = 0
    fast = perturbation.in_silico_mutagenesis(model, x, target=1)
    slow = perturbation.in_silico_mutagenesis(lambda x: np.asarray(model(x)), x, target=1)
    scale = float(np.abs(slow.hypothetical).max())
    assert fast.hypothetical == pytest.approx(slow.hypothetical, abs=ROUNDING * scale)
    assert fast.logits == pytest.approx(slow.logits, rel=1e-5)
    assert (fast.contributions[1, 40:45] == 0).all() and fast.contributions[1, 39] != 0
    assert (fast.method, fast.target, fast.completeness_error) == ("in_silico_mutagenesis", 1, None)


@pytest.mark.parametrize("shift", [1, 7])
def test_contributions_move_with_the_sequence(shift):
    # Filters and a global maximum see no positions: flanks of N let the rest slide.
    model = span_networks.randomised(architectures.filter_bank(80, rng=0), 3)
    x = np.zeros((2, 80, 4), np.uint8)
    x[:, 20:55] = dna.random_sequences(2, 35, rng=1)
    moved = np.roll(x, shift, axis=1)
    for method in (
        perturbation.in_silico_mutagenesis,
        lambda m, x: perturbation.occlusion(m, x, width_bp=6, fill="uniform"),
    ):
        here, there = method(model, x).contributions, method(model, moved).contributions
        assert np.abs(here).max() > 0
        assert np.roll(here, shift, axis=1) == pytest.approx(there, abs=1e-5)


# --- windows and fillers -------------------------------------------------------------------------
class Recorder:
    """A model that remembers what it is asked."""

    def __init__(self, length, seed):
        self.weights = np.random.default_rng(seed).normal(size=(length, 4))
        self.seen = []

    def __call__(self, x):
        self.seen.append(np.array(x))
        return np.tanh((x * self.weights).sum(axis=(1, 2)))


def spread_by_loop(x, starts, width, losses):
    """A window's loss over its known bases; the mean over the windows of a position."""
    contributions = np.zeros(x.shape[:2])
    for i, position in np.ndindex(*x.shape[:2]):
        shares = []
        for start, loss in zip(starts, losses[i]):
            if start <= position < start + width:
                shares.append(loss / max(1, x[i, start : start + width].sum()))
        contributions[i, position] = x[i, position].sum() * np.mean(shares)
    return contributions


METHODS = {
    "zero": lambda *a, **k: perturbation.occlusion(*a, **k),
    "uniform": lambda *a, **k: perturbation.occlusion(*a, fill="uniform", **k),
    "random": lambda *a, **k: perturbation.window_shuffle(*a, n_samples=3, rng=5, **k),
    "dinucleotide": lambda *a, **k: perturbation.window_shuffle(
        *a, n_samples=3, fill="dinucleotide", rng=5, **k
    ),
    "marginal": lambda *a, **k: perturbation.marginal_substitution(*a, n_samples=3, rng=5, **k),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("width", "stride"), [(1, 1), (5, 1), (6, 4), (23, 2)])
def test_windows_are_filled_and_their_loss_is_spread(method, width, stride):
    x = dna.one_hot(["ACGTTGCANNACGATTACAGGTA", "GGGCGCGATATCGCGCGGGTTTA"])
    model = Recorder(23, 0)
    found = METHODS[method](model, x, width_bp=width, stride_bp=stride)
    original, *altered = model.seen
    altered = np.concatenate(altered)
    starts = sorted({*range(0, 23 - width + 1, stride), 23 - width})
    altered = altered.reshape(2, len(starts), -1, 23, 4)
    for i, (j, start) in itertools.product((0, 1), enumerate(starts)):
        outside = np.delete(altered[i, j], np.s_[start : start + width], axis=1)
        assert (outside == np.delete(x[i], np.s_[start : start + width], axis=0)).all()
        window, inside = x[i, start : start + width], altered[i, j, :, start : start + width]
        if method == "dinucleotide" and width > 1:
            repeated = np.repeat(window[None], 3, axis=0)
            assert (dna.kmer_counts(inside.astype(int), 2) == dna.kmer_counts(repeated, 2)).all()
        else:
            total = {"zero": 0, "uniform": window.sum(axis=1)}.get(method, window.sum(axis=1))
            assert (inside.sum(axis=2) == total).all()
            assert method != "uniform" or set(inside.ravel()) <= {0, 0.25}
    scores = np.tanh((altered * model.weights).sum(axis=(3, 4))).mean(axis=2)
    losses = found.logits[:, None] - scores
    assert found.contributions == pytest.approx(spread_by_loop(x, starts, width, losses), abs=1e-5)
    assert found.contributions.dtype == np.float32 and found.hypothetical is None
    assert (found.contributions[0, 8:10] == 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_networks_and_callables_get_the_same_windows(method):
    model = span_networks.randomised(architectures.dragonn_three_layer(100, pool_bp=9, rng=0), 2)
    x = dna.random_sequences(2, 100, rng=1)
    fast = METHODS[method](model, x, width_bp=8, stride_bp=3)
    slow = METHODS[method](lambda x: np.asarray(model(x)), x, width_bp=8, stride_bp=3)
    scale = float(np.abs(slow.contributions).max())
    assert fast.contributions == pytest.approx(slow.contributions, abs=ROUNDING * scale)


def test_fillings_that_could_stand_there_follow_the_chain_of_the_neighbourhood():
    # Exact: the chance of every filling, by enumeration over strings.
    letters, start, width, reach = "ACACGACCACTGACACAGTACCA", 9, 3, 8
    around = [letters[max(0, start - reach) : start], letters[start + width :][:reach]]
    counts = np.ones((4, 4))
    for part in around:
        for a, b in zip(part, part[1:]):
            counts["ACGT".index(a), "ACGT".index(b)] += 1
    chain = counts / counts.sum(axis=1, keepdims=True)
    expected = {}
    for filling in itertools.product(range(4), repeat=width):
        path = ["ACGT".index(letters[start - 1]), *filling, "ACGT".index(letters[start + width])]
        expected[filling] = np.prod([chain[a, b] for a, b in zip(path, path[1:])])
    total = sum(expected.values())
    model = Recorder(len(letters), 0)
    n = 40_000
    perturbation.marginal_substitution(
        model, dna.one_hot(letters), width_bp=width, stride_bp=3, neighbourhood_bp=reach,
        n_samples=n, rng=0,
    )  # fmt: skip
    altered = np.concatenate(model.seen[1:]).reshape(-1, n, len(letters), 4)[start // 3]
    drawn = altered[:, start : start + width].argmax(axis=2)
    values, found = np.unique(drawn, axis=0, return_counts=True)
    share = dict(zip(map(tuple, values.tolist()), found / n))
    for filling, chance in expected.items():
        chance /= total
        error = 5 * np.sqrt(chance / n) + 1e-4  # five standard errors
        assert share.get(filling, 0) == pytest.approx(chance, abs=error)


def test_windows_repeat_with_their_seed_and_input_stays_as_it_is():
    x = dna.random_sequences(3, 60, rng=0)
    before, model = x.copy(), architectures.filter_pairs(60, rng=0)
    for method in METHODS.values():
        once, again = (method(model, x, width_bp=7) for _ in range(2))
        assert np.array_equal(once.contributions, again.contributions)
    assert np.array_equal(x, before)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width_bp": 51}, "width_bp is 51, but the sequences have only 50 bp"),
        ({"width_bp": 0}, "width_bp is 0"),
        ({"stride_bp": 0}, "stride_bp is 0"),
        ({"width_bp": 5, "stride_bp": 6}, "stride_bp is 6, expected at most width_bp, 5"),
        ({"fill": "white"}, "fill is 'white'"),
        ({"target": 1}, "target is 1, but the model has 1 output;"),
        ({"n_samples": 0}, "n_samples is 0"),
        ({"neighbourhood_bp": 0}, "neighbourhood_bp is 0"),
    ],
)
def test_bad_input_is_one_sentence(options, message):
    model, x = architectures.one_filter(50, rng=0), dna.random_sequences(2, 50, rng=0)
    methods = [perturbation.window_shuffle, perturbation.marginal_substitution]
    for method in methods:
        known = method.__kwdefaults__.keys()
        if options.keys() <= known:
            with pytest.raises(ValueError, match=message):
                method(model, x, rng=0, **options)
    if options.keys() <= perturbation.occlusion.__kwdefaults__.keys():
        with pytest.raises(ValueError, match=message):
            perturbation.occlusion(model, x, **options)
    assert not any(np.isnan(explanations.checked(model, x, 0)[1]))


@pytest.mark.parametrize(
    "method",
    [perturbation.in_silico_mutagenesis, perturbation.occlusion],
)
def test_sequences_are_checked_at_the_door(method):
    model, x = architectures.one_filter(50, rng=0), dna.random_sequences(2, 50, rng=0)
    for bad, message in (
        (x[0], "sequences\\[None\\]"),
        (x * 0.5, "is not one-hot"),
        (x[:, :40], "40 bp long, but the model reads 50 bp"),
        (x[:0], "sequences is empty"),
        (np.swapaxes(x, 1, 2), "expected \\(n_sequences, length, 4\\)"),
    ):
        with pytest.raises(ValueError, match=message):
            method(model, bad)
