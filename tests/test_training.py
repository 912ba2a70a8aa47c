"""Training: what counts in the loss, and runs that repeat, resume, stop and refuse as promised."""

import json
import os
import subprocess
import sys
from pathlib import Path

import backend_run
import keras
import numpy as np
import pandas as pd
import pytest
import training_run

from dragonn_lite.assays import simulate
from dragonn_lite.dna import sequences as dna
from dragonn_lite.networks import _backend, _run, architectures, training
from dragonn_lite.networks.prediction import predict

DATA = simulate.single_motif_detection(
    "CTCF_known1", length=40, n_positive=120, n_negative=120, rng=0
)
X, Y = DATA.sequences, DATA.labels
HELD_OUT = (X[180:], Y[180:])
HERE = Path(__file__).parent
arrays = training_run.arrays


def fit(x=X[:180], y=Y[:180], *, n_tasks=1, model=None, **arguments):
    model = model or architectures.filter_bank(40, n_filters=3, n_tasks=n_tasks, rng=1)
    settings = training.Settings(**{"batch_size": 60} | arguments.pop("settings", {}))
    arguments = {"validation": HELD_OUT, "epochs": 2, "rng": 2} | arguments
    return training.fit(model, x, y, settings=settings, **arguments)


def assert_same_weights(*models):
    first, *others = [arrays(m) if isinstance(m, keras.Model) else m for m in models]
    for other in others:
        assert all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def assert_other_weights(a, b):
    assert not all(np.array_equal(*pair) for pair in zip(arrays(a), arrays(b), strict=True))


def cross_entropy(y, logits, weights=1.0):
    """Mean over the labels that count, as it is written in a textbook."""
    p = 1 / (1 + np.exp(-np.asarray(logits, float)))
    losses = -np.where(y == 1, np.log(p), np.log(1 - p))
    weights = weights * (y >= 0)
    return (losses * weights).sum() / weights.sum()


# --- what counts ---------------------------------------------------------------------------------
def test_loss_is_the_textbooks():
    rng = np.random.default_rng(0)
    for n_tasks in (1, 3):
        y = rng.choice([-1, 0, 1], (30, n_tasks))
        logits = rng.normal(0, 5, (30, n_tasks)).astype(np.float32)
        weights = rng.random((30, n_tasks)) * (y >= 0)
        targets = np.concatenate([y, weights], axis=1).astype(np.float32)
        found = float(_backend.masked_cross_entropy(targets, logits))
        assert found == pytest.approx(cross_entropy(y, logits, weights), rel=1e-5)


def test_loss_is_finite_where_a_probability_is_not():
    targets = np.array([[1, 1], [0, 1]], np.float32)
    assert float(_backend.masked_cross_entropy(targets, np.array([[-500.0], [500.0]]))) == 500
    nothing = np.array([[-1, 0], [-1, 0]], np.float32)
    assert float(_backend.masked_cross_entropy(nothing, np.ones((2, 1)))) == 0


def test_ambiguous_examples_leave_no_trace():
    y = Y[:180].copy()
    y[::5] = -1
    trained = fit(y=y)
    other = X[:180].copy()
    other[::5] = dna.random_sequences(36, 40, rng=9)
    assert_same_weights(trained.model, fit(x=other, y=y).model)
    # A weight of zero is the same thing.
    weights = (y >= 0).astype(float)
    assert_same_weights(trained.model, fit(weights=weights).model)
    assert_other_weights(trained.model, fit().model)


def test_ambiguous_examples_are_as_if_removed():
    # In one batch, where the order of the examples only rounds: to 1e-5.
    y = Y[:180].copy()
    y[::5] = -1
    marked = fit(y=y, epochs=3, settings={"batch_size": 180})
    removed = fit(x=X[:180][y >= 0], y=y[y >= 0], epochs=3, settings={"batch_size": 180})
    np.testing.assert_allclose(marked.history["value"], removed.history["value"], rtol=1e-5)
    for a, b in zip(arrays(marked.model), arrays(removed.model), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_class_weights_are_weights_of_their_examples():
    by_class = fit(weights={0: 1.0, 1: 3.0}, epochs=1)
    each = np.where(Y[:180] == 1, 3.0, 1.0)
    assert_same_weights(by_class.model, fit(weights=each, epochs=1).model)
    assert_other_weights(by_class.model, fit(epochs=1).model)


def test_balanced_classes_weigh_as_much_in_each_task():
    rng = np.random.default_rng(5)
    y = np.stack([Y[:180], rng.random(180) < 0.1], axis=1).astype(np.int8)
    y[::9, 0] = -1
    held_out = (X[180:], np.repeat(Y[180:, None], 2, axis=1))
    weights = np.zeros(y.shape)
    for task in range(2):
        for value in (0, 1):
            its = y[:, task] == value
            weights[its, task] = 0.5 * (y[:, task] >= 0).sum() / its.sum()
    balanced = fit(y=y, n_tasks=2, weights="balanced", validation=held_out, epochs=1)
    by_hand = fit(y=y, n_tasks=2, weights=weights, validation=held_out, epochs=1)
    same = "split == 'training' or metric == 'auroc'"  # weights of examples leave validation alone
    found, expected = (run.history.query(same)["value"] for run in (balanced, by_hand))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    for a, b in zip(arrays(balanced.model), arrays(by_hand.model), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert balanced.model.output_shape == (None, 2)


def test_weights_follow_their_examples_into_a_random_split():
    # Weight 0 for the second half: its sequences leave no trace, wherever the split puts them.
    weights = np.repeat([1.0, 0.0], 120)
    other = X.copy()
    other[120:] = dna.random_sequences(120, 40, rng=9)
    first = fit(X, Y, weights=weights, validation=0.25, settings={"patience": 9})
    second = fit(other, Y, weights=weights, validation=0.25, settings={"patience": 9})
    losses = [run.history.query("split == 'training'")["value"].tolist() for run in (first, second)]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("reverse_complement", [False, True])
def test_batches_hold_each_example_once_and_flip_half(reverse_complement):
    settings = training.Settings(
        batch_size=32, steps_per_execution=3, reverse_complement=reverse_complement
    )
    targets = np.stack([np.arange(240), np.ones(240)], axis=1)
    batches = _run.Batches(X, targets, settings, seed=1)
    flips = []
    for epoch in (0, 1):
        parts = list(batches.of_epoch(epoch))
        x, y = (np.concatenate(part) for part in zip(*parts, strict=True))
        rows = y[:, 0].astype(int)
        assert sorted(rows) == list(range(240)) and rows.tolist() != list(range(240))
        same = (x == X[rows]).all(axis=(1, 2))
        assert np.array_equal(x[~same], dna.reverse_complement(X[rows][~same]))
        flips.append(set(rows[~same]))
    if reverse_complement:
        assert 80 < len(flips[0]) < 160 and flips[0] != flips[1]  # 120, 5 standard deviations
    else:
        assert not flips[0] and not flips[1]


# --- runs that repeat and resume -----------------------------------------------------------------
def in_another_process(*arguments):
    command = [sys.executable, str(HERE / "training_run.py"), *map(str, arguments)]
    return subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True)


def saved_weights(path):
    with np.load(path) as file:
        return [file[f"arr_{i}"] for i in range(len(file.files))]


@pytest.fixture(scope="module")
def undisturbed():
    return training_run.run()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_in_any_process(undisturbed, tmp_path):
    assert_same_weights(undisturbed.model, training_run.run().model)
    assert in_another_process(tmp_path / "w.npz").returncode == 0
    assert_same_weights(undisturbed.model, saved_weights(tmp_path / "w.npz"))


def test_another_seed_gives_other_weights():
    assert_other_weights(fit(epochs=1, rng=2).model, fit(epochs=1, rng=3).model)


@pytest.mark.slow
def test_a_killed_run_resumes_as_if_undisturbed(undisturbed, tmp_path):
    checkpoint = tmp_path / "run" / "checkpoint.npz"
    killed = in_another_process(tmp_path / "w.npz", checkpoint, 2)
    assert killed.returncode == -9 and not (tmp_path / "w.npz").exists()
    resumed = training_run.run(checkpoint=checkpoint)
    assert_same_weights(undisturbed.model, resumed.model)
    pd.testing.assert_frame_equal(undisturbed.history, resumed.history)
    assert resumed.best_epoch == undisturbed.best_epoch
    # Once more: nothing is left to do.
    again = training_run.run(checkpoint=checkpoint, progress=lambda *_: pytest.fail("trained"))
    assert_same_weights(undisturbed.model, again.model)
    assert again.seconds == pytest.approx(resumed.seconds)
    assert [path.name for path in checkpoint.parent.iterdir()] == ["checkpoint.npz"]


def test_an_error_after_an_epoch_loses_nothing(tmp_path):
    class PowerCut(Exception):
        pass

    def fail(history, epoch, epochs, seconds):
        if epoch == 1:
            raise PowerCut

    with pytest.raises(PowerCut):
        fit(epochs=3, checkpoint=tmp_path / "c", progress=fail)
    resumed = fit(epochs=3, checkpoint=tmp_path / "c")
    assert_same_weights(resumed.model, fit(epochs=3).model)


def test_a_model_without_logits_or_without_shape_is_refused():
    inputs = keras.Input((40, 4))
    probabilities = keras.layers.Dense(1, activation="sigmoid")(keras.layers.Flatten()(inputs))
    with pytest.raises(ValueError, match="ends in sigmoid, expected logits"):
        fit(model=keras.Model(inputs, probabilities))
    for wrong in ("m", keras.Sequential([keras.layers.Dense(1)])):
        with pytest.raises(TypeError, match="model is no built keras.Model"):
            fit(model=wrong)


def test_weights_of_classes_weigh_both_losses():
    plain, weighed = (
        fit(model=architectures.filter_bank(40, n_filters=3, rng=1), weights=weights, epochs=1)
        for weights in (None, {0: 1.0, 1: 9.0})
    )
    scores = predict(weighed.model, HELD_OUT[0])
    losses = np.logaddexp(0, np.where(HELD_OUT[1] == 1, -scores, scores))
    found = weighed.history.query("split == 'validation' and metric == 'loss'")["value"].iloc[0]
    expected = np.average(losses, weights=np.where(HELD_OUT[1] == 1, 9.0, 1.0))
    assert found == pytest.approx(expected, rel=1e-4)
    assert (
        found != plain.history.query("split == 'validation' and metric == 'loss'")["value"].iloc[0]
    )


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path = tmp_path / "c"
    fit(epochs=1, checkpoint=path)
    other_x, other_y = X[:180].copy(), Y[:180].copy()
    other_x[0] = other_x[1]
    other_y[0] = 1 - other_y[0]
    others = {
        "data": {"x": other_x},
        "labels": {"y": other_y},
        "weights": {"weights": "balanced"},
        "network": {"model": architectures.filter_bank(40, n_filters=4, rng=1)},
        "first weights": {"model": architectures.filter_bank(40, n_filters=3, rng=5)},
        "order": {"rng": 3},
        "epochs": {"epochs": 2},
        "settings": {"settings": {"learning_rate": 0.02}},
    }
    for arguments in others.values():
        with pytest.raises(ValueError, match="belongs to other data, another network"):
            fit(**{"epochs": 1, "checkpoint": path} | arguments)
    assert fit(epochs=1, checkpoint=path).best_epoch == 1


def test_a_broken_checkpoint_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "c"
    fit(epochs=1, checkpoint=path)
    whole = path.read_bytes()
    turned = bytearray(whole)
    turned[200] ^= 255
    for content in (b"", whole[:5], whole[: len(whole) // 2], whole[:-5], bytes(turned), b"text"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="cannot be read .*; delete it to start") as error:
            fit(epochs=1, checkpoint=path)
        assert "\n" not in str(error.value)
    np.savez(path.with_suffix(".npz"), something=1)
    with pytest.raises(ValueError, match="cannot be read"):
        fit(epochs=1, checkpoint=path.with_suffix(".npz"))
    with pytest.raises(ValueError, match="cannot be read"):
        fit(epochs=1, checkpoint=tmp_path)


# --- the story it tells --------------------------------------------------------------------------
def test_history_is_one_tidy_table_and_the_best_epoch_is_kept():
    told = []
    trained = fit(epochs=4, progress=lambda *told_now: told.append(told_now))
    history = trained.history
    assert history.columns.tolist() == ["epoch", "split", "metric", "value"]
    assert history["epoch"].tolist() == [epoch for epoch in (1, 2, 3, 4) for _ in range(3)]
    assert list(zip(history["split"], history["metric"], strict=True)) == 4 * [
        ("training", "loss"), ("validation", "loss"), ("validation", "auroc"),
    ]  # fmt: skip
    losses = history.query("split == 'validation' and metric == 'loss'")["value"]
    assert trained.best_epoch == losses.argmin() + 1 and not trained.interrupted
    found = cross_entropy(HELD_OUT[1], predict(trained.model, HELD_OUT[0]))
    assert found == pytest.approx(losses.min(), rel=1e-5)
    assert [(epoch, epochs) for _, epoch, epochs, _ in told] == [(i, 4) for i in (1, 2, 3, 4)]
    pd.testing.assert_frame_equal(told[1][0], history[history["epoch"] <= 2])
    seconds = [now for *_, now in told]
    assert 0 < seconds[0] < seconds[1] < seconds[3] == trained.seconds


def test_training_stops_early_and_goes_back_to_its_best():
    labels = np.random.default_rng(1).permutation(Y[:180])  # nothing to learn but by heart
    trained = fit(y=labels, epochs=30, settings={"patience": 2, "learning_rate": 0.05})
    assert trained.history["epoch"].max() == trained.best_epoch + 2 < 30
    losses = trained.history.query("split == 'validation' and metric == 'loss'")["value"]
    found = cross_entropy(HELD_OUT[1], predict(trained.model, HELD_OUT[0]))
    assert found == pytest.approx(losses.min(), rel=1e-5)


def test_both_ways_to_take_the_steps_agree(monkeypatch):
    losses = []
    for steps in (_backend._tensorflow_steps, _backend.keras_steps):
        monkeypatch.setattr(training, "compiled_steps", steps)
        run = fit(model=architectures.filter_bank(40, n_filters=3, rng=1), epochs=3)
        losses.append(run.history["value"])
    np.testing.assert_allclose(*losses, rtol=1e-3)


def fit_interrupted(monkeypatch, at, **options):
    """Train, with an interrupt in the middle of an epoch when the weights are half done."""
    model = architectures.filter_bank(40, n_filters=3, rng=1)
    usual = _backend.compiled_steps

    def compiled_steps(*arguments):
        steps, call = usual(*arguments), iter(range(1, 99))

        def interrupted(*batch):
            if next(call) == at:
                model.set_weights([np.full(variable.shape, 7.0) for variable in model.weights])
                raise KeyboardInterrupt
            return steps(*batch)

        return interrupted

    monkeypatch.setattr(training, "compiled_steps", compiled_steps)
    return fit(model=model, **options)


def test_an_interrupt_keeps_the_best_weights(monkeypatch):
    trained = fit_interrupted(monkeypatch, at=3, epochs=6)  # an epoch is one call here
    assert trained.interrupted and trained.history["epoch"].max() == 2
    losses = trained.history.query("split == 'validation' and metric == 'loss'")["value"]
    found = cross_entropy(HELD_OUT[1], predict(trained.model, HELD_OUT[0]))
    assert found == pytest.approx(losses.min(), rel=1e-5)


def test_an_interrupt_in_the_first_epoch_keeps_the_first_weights(monkeypatch):
    trained = fit_interrupted(monkeypatch, at=1)
    assert trained.interrupted and trained.best_epoch == 0 and not len(trained.history)
    assert trained.history.columns.tolist() == ["epoch", "split", "metric", "value"]
    assert_same_weights(trained.model, architectures.filter_bank(40, n_filters=3, rng=1))


def test_a_loss_that_is_no_number_is_said():
    model = architectures.filter_bank(40, n_filters=3, rng=1)
    model.get_layer("logits").bias.assign([np.nan])
    with pytest.raises(ValueError, match="loss became nan in epoch 1; lower learning_rate"):
        fit(model=model)


# --- what is refused -----------------------------------------------------------------------------
AMBIGUOUS = np.full(180, -1, np.int8)
REFUSED = {
    "the model reads .40, 4., but sequences are .30, 4.; build it with length=30": {
        "x": X[:180, :30], "validation": (X[180:, :30], Y[180:])
    },
    "sequences are .30, 4.": {"validation": (X[180:, :30], Y[180:])},
    "1 outputs, but labels have 2 tasks; build it with n_tasks=2": {
        "y": np.stack([Y[:180]] * 2, axis=1), "validation": 0.2
    },
    "labels has shape .179,.": {"y": Y[:179]},
    "validation labels has shape": {"validation": (X[180:], Y[:20])},
    "no validation sequences": {"validation": (X[:0], Y[:0])},
    "validation is None": {"validation": None},
    "validation is 0 of 180": {"validation": 0},
    "validation is 1.0 of": {"validation": 1.0},
    "validation is 0.001 of 180": {"validation": 0.001},
    "validation is nan of": {"validation": np.nan},
    "the training labels of task 0 lack a class": {"y": AMBIGUOUS},
    "the validation labels of task 0 lack a class": {"validation": (X[180:], Y[180:] * 0)},
    "holds the value 0.5": {"y": Y[:180] * 0.5},
    "sequences is not one-hot": {"x": X[:180] * 0.5},
    "weights is heavy": {"weights": "heavy"},
    "weights is {1: 2}": {"weights": {1: 2}},
    "weights is .9,.": {"weights": np.ones(9)},
    "weights are negative, undefined": {"weights": {0: -1, 1: 1}},
    "weights are negative, undefined or": {"weights": np.full(180, np.nan)},
    "weights are negative, undefined or all 0": {"weights": {0: 0, 1: 0}},
    "validation holds 3 parts": {"validation": (X[180:], Y[180:], Y[180:])},
    "epochs is 0": {"epochs": 0},
}  # fmt: skip


@pytest.mark.parametrize("words", REFUSED)
def test_wrong_input_is_refused_before_training(words):
    arguments = REFUSED[words] | {"progress": lambda *_: pytest.fail("trained")}
    with pytest.raises(ValueError, match=words) as error:
        fit(**arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("batch_size", 0), ("patience", 1.5), ("steps_per_execution", None), ("learning_rate", 0),
     ("learning_rate", np.nan)],
)  # fmt: skip
def test_wrong_settings_are_refused(setting, value):
    with pytest.raises(ValueError, match=f"{setting} is "):
        training.Settings(**{setting: value})


# --- two backends --------------------------------------------------------------------------------
@pytest.mark.slow
def test_jax_gives_the_same_losses():
    pytest.importorskip("jax", reason="the second backend, JAX, is not installed")
    assert keras.backend.backend() == "tensorflow"
    done = subprocess.run(
        [sys.executable, str(HERE / "backend_run.py")],
        cwd=HERE.parent, env=os.environ | {"KERAS_BACKEND": "jax"}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    jax, tensorflow = json.loads(done.stdout.splitlines()[-1]), backend_run.run()
    assert jax["backend"] == "jax" and tensorflow["backend"] == "tensorflow"
    assert jax["loss"] == pytest.approx(tensorflow["loss"], rel=1e-5)
    np.testing.assert_allclose(jax["history"], tensorflow["history"], rtol=1e-3)
