"""Transfer: copies that change nothing, layers that stay, heads that start where they are told."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import transfer_run
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dragonn_lite.assays import simulate
from dragonn_lite.dna import sequences as dna
from dragonn_lite.networks import architectures, training, transfer
from dragonn_lite.networks.prediction import predict

HERE = Path(__file__).parent
DATA = simulate.multi_motif_embedding(["CTCF_known1", "GATA1"], length=60, n=120, rng=0)
X, Y = DATA.sequences, DATA.labels[:, 0]
LONG = dna.random_sequences(8, 90, rng=1)
SETTINGS = transfer.FineTuning(batch_size=40)


def weights(model):
    return [np.asarray(w).copy() for w in model.weights]


def weights_by_layer(model):
    return {layer.name: weights(layer) for layer in model.layers if layer.weights}


def moved(before, after):
    """Names of the layers of which some weight, or running statistic, differs."""
    a, b = weights_by_layer(before), weights_by_layer(after)
    return [n for n in a if any(not np.array_equal(*pair) for pair in zip(a[n], b[n], strict=True))]


def drawn(model, seed=5):
    """Give every weight another value than its first one, statistics too, as training does."""
    rng = np.random.default_rng(seed)
    model.set_weights(
        [
            rng.normal(0, 0.4, w.shape) if w.ndim > 1 else rng.uniform(0.2, 0.6, w.shape)
            for w in weights(model)
        ]
    )
    return model


def reference(n_tasks=1, length=60):
    return drawn(architectures.reference_network(length, n_filters=4, n_tasks=n_tasks, rng=1))


def bank(n_tasks=1):
    return drawn(architectures.filter_bank(60, n_filters=4, n_tasks=n_tasks, rng=1))


def sequential():
    parts = [layers.Conv1D(3, 5, name="filters"), layers.GlobalMaxPooling1D()]
    return drawn(keras.Sequential([keras.Input((60, 4)), *parts, layers.Dense(1, name="logits")]))


def branched():
    """A network within a network, a layer used twice, and operations that are no layers."""
    inner = keras.Sequential([keras.Input((60, 4)), layers.Conv1D(3, 5), layers.ReLU()], name="in")
    inputs = keras.Input((60, 4))
    both = layers.Add()([inner(inputs), inner(inputs[:, ::-1, ::-1]) * 2])
    logits = layers.Dense(2, name="logits", use_bias=False)(layers.GlobalMaxPooling1D()(both))
    return drawn(keras.Model(inputs, logits))


# --- the model that is given ----------------------------------------------------------------------
CALLS = {
    "weighted_layers": lambda m: transfer.weighted_layers(m),
    "features": lambda m: transfer.features(m, X),
    "at_length": lambda m: transfer.at_length(m, 90),
    "new_head": lambda m: transfer.new_head(m, 3, rng=0),
    "warm_head": lambda m: transfer.warm_head(m, [0, (0, 0)]),
    "linear_head": lambda m: transfer.linear_head(m, X, Y),
    "fine_tune": lambda m: transfer.fine_tune(m, X, Y, frozen=1, epochs=1, rng=0),
    "one_pass": lambda m: transfer.one_pass(m, X, Y, rng=0),
    "thaw": lambda m: transfer.thaw(m, X, Y, epochs=1, rng=0),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_given_model_is_never_changed(name):
    model = reference()
    model.get_layer("filters").trainable = False
    before = model.to_json(), weights(model), [w.trainable for w in model.weights]
    scores = predict(model, X)
    CALLS[name](model)
    assert (model.to_json(), [w.trainable for w in model.weights]) == (before[0], before[2])
    for old, new in zip(before[1], weights(model), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(scores, predict(model, X))


@pytest.mark.parametrize("name", [*architectures.BUILDERS, "sequential", "branched"])
def test_every_network_can_be_taken_over(name):
    own = {"sequential": sequential, "branched": branched}
    model = own[name]() if name in own else architectures.BUILDERS[name](90, n_tasks=2, rng=1)
    n_old, x = model.output_shape[-1], LONG[:, : model.input_shape[1]]
    wanted = predict(model, x).reshape(8, n_old)
    again = transfer.warm_head(model, range(n_old))
    np.testing.assert_allclose(predict(again, x).reshape(8, n_old), wanted, atol=1e-5)
    assert transfer.new_head(model, 5, rng=0).output_shape == (None, 5)
    assert not {id(w) for w in again.weights} & {id(w) for w in model.weights}
    assert transfer.weighted_layers(model)


# --- another length -------------------------------------------------------------------------------
def test_another_length_is_the_network_built_for_it():
    old = reference()
    built = architectures.reference_network(90, n_filters=4, rng=1)
    built.set_weights(weights(old))
    found = transfer.at_length(old, 90)
    np.testing.assert_allclose(predict(found, LONG), predict(built, LONG), atol=1e-6)
    assert np.ptp(predict(found, LONG)) > 1e-3


@pytest.mark.parametrize(
    ("build", "length", "message"),
    [
        (architectures.dragonn_one_layer, 200, "layer logits has weights for each position"),
        (architectures.filter_bank, 5, "length is 5, for which the layers of filter_bank cannot"),
        (architectures.filter_bank, 0, "length is 0, expected a whole number of at least 1"),
    ],
)
def test_a_length_that_the_layers_refuse(build, length, message):
    with pytest.raises(ValueError, match=message):
        transfer.at_length(build(60, rng=0), length)


# --- heads ----------------------------------------------------------------------------------------
def test_features_are_what_the_head_reads():
    model = bank(2)
    kernel, bias = weights(model.get_layer("logits"))
    found = transfer.features(model, X)
    np.testing.assert_allclose(found @ kernel + bias, predict(model, X), atol=1e-4)
    assert transfer.features(architectures.one_filter(60, rng=0), X).shape == (len(X), 1)


def test_a_new_head_is_drawn_anew_and_the_trunk_is_kept():
    model = reference()
    first, same, other = (transfer.new_head(model, rng=seed) for seed in (3, 3, 4))
    assert moved(model, first) == ["logits"]
    assert moved(first, same) == []
    assert moved(first, other) == ["logits"]


@pytest.mark.parametrize("build", [lambda: reference(4), branched])
def test_warm_heads_score_as_the_mean_of_old_tasks(build):
    """Heads are linear: the mean of their weights gives the mean of their logits."""
    model = build()
    old = predict(model, X[:20])
    last = old.shape[1] - 1
    found = predict(transfer.warm_head(model, [last, (0, 1), [1], (0, 0, last)]), X[:20])
    wanted = [old[:, [last]], old[:, [0, 1]], old[:, [1]], old[:, [0, 0, last]]]
    np.testing.assert_allclose(found, np.stack([w.mean(1) for w in wanted], 1), atol=1e-4)


def test_a_linear_head_is_scikit_learns_regression():
    labels = DATA.labels.copy()
    labels[::7, 0], labels[1::5, 1] = -1, -1
    model = reference()
    found = predict(transfer.linear_head(model, X, labels, penalty=2.0), X)
    x = transfer.features(model, X)
    for task, y in enumerate(labels.T):
        known = y >= 0
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=0.5, tol=1e-6))
        pipeline.fit(x[known], y[known])
        np.testing.assert_allclose(found[:, task], pipeline.decision_function(x), atol=2e-3)
    assert moved(transfer.new_head(model, 2, rng=0), transfer.linear_head(model, X, labels)) == [
        "logits"
    ]


def test_a_dead_feature_does_not_spoil_a_linear_head():
    model = bank()
    kernel, bias = weights(model.get_layer("filters"))
    kernel[..., 0], bias[0] = 0, 1
    model.get_layer("filters").set_weights([kernel, bias])
    assert np.isfinite(predict(transfer.linear_head(model, X, Y), X)).all()


# --- what stays -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("frozen", "n_still"),
    [(0, 0), (1, 2), (2, 4), ("filters", 1), ("filter_pairs", 3)],
)
def test_layers_stay_as_deep_as_told(frozen, n_still):
    model = reference()
    names = list(weights_by_layer(model))  # filters, normalised, filter_pairs, normalised, logits
    tuned = transfer.fine_tune(model, X, Y, frozen=frozen, epochs=2, settings=SETTINGS, rng=0)
    assert moved(model, tuned.model) == names[n_still:]


def test_depth_is_set_anew_by_each_call():
    """Also within networks in networks: none of their layers stays behind."""
    nested = transfer.fine_tune(branched(), X, DATA.labels, frozen=1, epochs=1, rng=0).model
    assert len(nested.trainable_weights) == 1
    assert len(transfer.new_head(nested, rng=0).trainable_weights) == 4
    model = bank()
    tuned = transfer.fine_tune(model, X, Y, frozen=1, epochs=1, rng=0).model
    again = transfer.fine_tune(tuned, X, Y, epochs=1, rng=0).model
    assert moved(tuned, again) == ["filters", "logits"]


# --- how fast -------------------------------------------------------------------------------------
def one_step(settings):
    """How far each weight of trunk and head goes in one step."""
    model = bank()
    tuned = transfer.fine_tune(model, X, Y, epochs=1, settings=settings, rng=0).model
    before, after = weights_by_layer(model), weights_by_layer(tuned)
    return [np.abs(after[n][0] - before[n][0]).max() for n in ("filters", "logits")]


def test_trunk_and_head_have_learning_rates_of_their_own():
    """Adam's first step is as long as its learning rate, whatever the gradient."""
    for share in (0.1, 3.0):
        settings = transfer.FineTuning(
            batch_size=500, learning_rate=0.02, trunk_learning_rate=0.02 * share
        )
        trunk, head = one_step(settings)
        assert trunk / head == pytest.approx(share, rel=0.02)


def test_one_learning_rate_is_plain_training():
    both = transfer.FineTuning(batch_size=40, learning_rate=0.003, trunk_learning_rate=0.003)
    plain, trained = training.Settings(batch_size=40, learning_rate=0.003), bank()
    tuned = transfer.fine_tune(trained, X, Y, epochs=2, settings=both, rng=1)
    training.fit(trained, X, Y, epochs=2, settings=plain, rng=1)
    assert moved(tuned.model, trained) == []


def test_one_pass_is_one_epoch_of_all_layers():
    model = bank()
    passed = transfer.one_pass(model, X, Y, settings=SETTINGS, rng=3)
    tuned = transfer.fine_tune(model, X, Y, settings=SETTINGS, epochs=1, rng=3)
    assert moved(passed.model, tuned.model) == []
    assert moved(model, passed.model) == ["filters", "logits"]
    assert set(passed.history["epoch"]) == {1}


def test_thawing_is_the_chain_written_out():
    model, arguments = bank(), {"settings": SETTINGS, "validation": (X[80:], Y[80:])}
    thawed = transfer.thaw(model, X[:80], Y[:80], epochs=2, rng=3, **arguments)
    seed = int(np.random.default_rng(3).integers(2**31))
    best, lowest, values, steps = model, np.inf, [], []
    for frozen in (1, 0):
        step = transfer.fine_tune(
            best, X[:80], Y[:80], frozen=frozen, epochs=2, rng=seed, **arguments
        )
        values += step.history["value"].tolist()
        loss = step.history.query("split == 'validation' and metric == 'loss'")["value"].min()
        steps.append(moved(best, step.model))
        if loss < lowest:
            best, lowest = step.model, loss
    assert steps == [["logits"], ["filters", "logits"]]
    assert thawed.history["value"].tolist() == values
    assert sorted(set(thawed.history["epoch"])) == [1, 2, 3, 4]
    assert moved(best, thawed.model) == []
    losses = thawed.history.query("split == 'validation' and metric == 'loss'")
    assert losses["epoch"].iloc[losses["value"].argmin()] == thawed.best_epoch


def test_a_step_that_makes_it_worse_is_taken_back():
    settings = transfer.FineTuning(batch_size=40, learning_rate=1e-3, trunk_learning_rate=2.0)
    model = transfer.linear_head(bank(), X, Y)
    thawed = transfer.thaw(model, X, Y, epochs=1, settings=settings, rng=3)
    assert thawed.best_epoch == 1
    assert moved(model, thawed.model) == ["logits"]


def test_an_interrupt_ends_the_thawing():
    def progress(history, epoch, epochs, seconds):
        raise KeyboardInterrupt

    thawed = transfer.thaw(bank(), X, Y, epochs=3, settings=SETTINGS, progress=progress, rng=0)
    assert thawed.interrupted
    assert set(thawed.history["epoch"]) == {1}


# --- what is refused ------------------------------------------------------------------------------
def no_dense_end():
    inputs = keras.Input((60, 4))
    x = layers.GlobalMaxPooling1D(name="best")(layers.Conv1D(1, 5)(inputs))
    return keras.Model(inputs, x, name="headless")


def probabilities():
    inputs = keras.Input((60, 4))
    x = layers.GlobalMaxPooling1D()(layers.Conv1D(2, 5)(inputs))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: transfer.new_head(np.mean, rng=0), "model is a .*, expected a trained Keras"),
        (lambda: transfer.new_head(no_dense_end(), rng=0), "headless ends in GlobalMaxPooling1D"),
        (lambda: transfer.new_head(probabilities(), rng=0), "the model ends in sigmoid, expected"),
        (lambda: transfer.new_head(bank(), 0, rng=0), "n_tasks is 0, expected"),
        (lambda: transfer.new_head(bank(), rng=None), "rng is None, expected"),
        (lambda: transfer.warm_head(bank(2), [2]), r"old_tasks holds \[2\], expected .*, 0 to 1"),
        (lambda: transfer.warm_head(bank(2), [()]), r"old_tasks holds \[\], expected tasks"),
        (lambda: transfer.warm_head(bank(2), ["a"]), r"old_tasks holds \['a'\], expected tasks"),
        (lambda: transfer.warm_head(bank(2), []), "old_tasks is empty, expected an old task"),
        (lambda: transfer.linear_head(bank(), X, np.ones(len(X))), "labels of task 0 lack a class"),
        (lambda: transfer.linear_head(bank(), X, Y[:9]), r"labels has shape \(9,\), expected"),
        (
            lambda: transfer.linear_head(bank(), X, Y, penalty=0),
            "penalty is 0, expected a positive",
        ),
        (lambda: transfer.features(bank(), LONG), "sequences are 90 bp long, but the model reads"),
        (lambda: transfer.fine_tune(bank(), X, Y, frozen=2, rng=0), "frozen is 2, but there are 1"),
        (lambda: transfer.fine_tune(bank(), X, Y, frozen="conv", rng=0), "frozen is 'conv', expec"),
        (lambda: transfer.fine_tune(bank(), X, Y, frozen=-1, rng=0), "frozen is -1, expected a wh"),
        (lambda: transfer.one_pass(bank(), X, Y, epochs=2, rng=0), "one_pass takes no epochs"),
        (lambda: transfer.thaw(bank(), X, Y, checkpoint="a", rng=0), "thaw takes no checkpoint"),
        (lambda: transfer.FineTuning(trunk_learning_rate=0), "trunk_learning_rate is 0, expected"),
        (lambda: transfer.FineTuning(learning_rate=0), "learning_rate is 0, expected"),
    ],
)
def test_what_does_not_fit_is_told_in_one_sentence(call, message):
    with pytest.raises((TypeError, ValueError), match=message) as told:
        call()
    assert "\n" not in str(told.value)


# --- another backend ------------------------------------------------------------------------------
@pytest.mark.slow
def test_jax_gives_the_same_losses():
    pytest.importorskip("jax", reason="the second backend, JAX, is not installed")
    done = subprocess.run(
        [sys.executable, str(HERE / "transfer_run.py")], check=False,
        cwd=HERE.parent, env=os.environ | {"KERAS_BACKEND": "jax"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    jax, tensorflow = json.loads(done.stdout.splitlines()[-1]), transfer_run.run()
    assert (jax.pop("backend"), tensorflow.pop("backend")) == ("jax", "tensorflow")
    for name, values in tensorflow.items():
        np.testing.assert_allclose(jax[name], values, rtol=2e-3, atol=1e-5, err_msg=name)
