"""Recurrent networks and attention: what they are made of, how they start, how they are trained."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import recurrent_run
from keras import layers

from dragonn_lite.dna import sequences as dna
from dragonn_lite.networks import (
    _backend,
    architectures,
    attention,
    folders,
    prediction,
    recurrent,
    training,
)

HERE = Path(__file__).parent
NEW = ["recurrent_reader", "convolution_recurrent", "additive_attention", "retain"]
NEW += ["self_attention"]
each_network = pytest.mark.parametrize("name", NEW)
each_cell = pytest.mark.parametrize("cell", ["lstm", "gru"])


# --- what they are made of -----------------------------------------------------------------------
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def read_by_hand(layer, steps):
    """The last state of an LSTM or GRU, a step and a formula at a time."""
    kernel, recurrent_kernel, bias = (np.asarray(w, float) for w in layer.weights)
    h = c = np.zeros(layer.units)
    for x in steps:
        if isinstance(layer, layers.LSTM):
            i, f, g, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        else:
            z, r, g = np.split(x @ kernel + bias[0], 3)
            hz, hr, hg = np.split(h @ recurrent_kernel + bias[1], 3)
            z = sigmoid(z + hz)
            h = z * h + (1 - z) * np.tanh(g + sigmoid(r + hr) * hg)
    return h


@each_cell
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_reader_reads_base_by_base(cell, bidirectional):
    model = recurrent.recurrent_reader(
        30, cell=cell, n_units=5, bidirectional=bidirectional, n_tasks=2, rng=3
    )
    x = dna.random_sequences(4, 30, rng=0)
    memory, head = model.get_layer("memory"), model.get_layer("logits")
    weights, bias = (np.asarray(w, float) for w in head.weights)
    for sequence, logits in zip(x, prediction.predict(model, x), strict=True):
        if bidirectional:
            forward = read_by_hand(memory.forward_layer, sequence)
            backward = read_by_hand(memory.backward_layer, sequence[::-1])
            state = np.concatenate([forward, backward])
        else:
            state = read_by_hand(memory, sequence)
        assert logits == pytest.approx(state @ weights + bias, abs=1e-5)


def test_filters_come_before_the_memory():
    model = recurrent.convolution_recurrent(
        53, n_filters=6, width_bp=8, pool_bp=5, n_units=4, rng=1
    )
    x = dna.random_sequences(3, 53, rng=0)
    kernel, bias = (np.asarray(w, float) for w in model.get_layer("filters").weights)
    head = [np.asarray(w, float) for w in model.get_layer("logits").weights]
    for sequence, logit in zip(x, prediction.predict(model, x), strict=True):
        matches = [np.einsum("wb,wbf->f", sequence[i : i + 8], kernel) + bias for i in range(46)]
        # Nine whole windows of five; the last position is left over.
        steps = [np.max(matches[i : i + 5], axis=0).clip(0) for i in range(0, 45, 5)]
        state = read_by_hand(model.get_layer("memory"), steps)
        assert logit == pytest.approx((state @ head[0] + head[1])[0], abs=1e-5)


@pytest.mark.parametrize("cell", [None, "lstm", "gru"])
def test_additive_attention_is_a_weighted_mean(cell):
    model = attention.additive_attention(60, n_filters=6, cell=cell, n_units=5, rng=2)
    x = dna.random_sequences(4, 60, rng=0).astype(np.float32)
    read = model.get_layer("comparison").input
    parts = keras.Model(model.input, [read, model.get_layer("attention").output])
    values, weights = (np.asarray(part, float) for part in parts(x))
    assert weights.shape == (4, 11, 1) and values.shape == (4, 11, 6 if cell is None else 10)
    assert weights.sum(axis=1) == pytest.approx(1) and weights.min() > 0
    compare, relevance, head = (
        [np.asarray(w, float) for w in model.get_layer(name).weights]
        for name in ("comparison", "relevance", "logits")
    )
    scores = np.tanh(values @ compare[0] + compare[1]) @ relevance[0]
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert weights == pytest.approx(expected, abs=1e-5)
    logits = np.einsum("ns,nsf->nf", expected[..., 0], values) @ head[0] + head[1]
    assert np.asarray(model(x)) == pytest.approx(logits, abs=1e-5)


@each_cell
def test_the_logit_of_retain_is_a_sum_over_steps_and_filters(cell):
    model = attention.retain(60, n_filters=6, cell=cell, n_units=5, rng=2)
    x = dna.random_sequences(4, 60, rng=0).astype(np.float32)
    names = ("attention", "gates", "re_lu")
    found = {n: layer.output for n in names for layer in model.layers if layer.name.startswith(n)}
    alpha, beta, matches = (
        np.asarray(v) for v in keras.Model(model.input, list(found.values()))(x)
    )
    assert np.abs(beta).max() <= 1 and alpha.sum(axis=1) == pytest.approx(1)
    weights, bias = (np.asarray(w) for w in model.get_layer("logits").weights)
    logits = np.einsum("nsz,nsf,nsf,ft->nt", alpha, beta, matches, weights) + bias
    assert np.asarray(model(x)) == pytest.approx(logits, abs=1e-5)


def test_self_attention_knows_where_it_is_and_looks_everywhere():
    model = attention.self_attention(60, n_filters=8, n_heads=4, rng=2)
    layer, positions = model.get_layer("attention"), model.get_layer("positions")
    assert positions.bias.shape == (11, 8)
    steps = np.random.default_rng(0).normal(size=(2, 11, 8)).astype(np.float32)
    found, weights = layer(steps, steps, return_attention_scores=True)
    assert weights.shape == (2, 4, 11, 11)
    query, key, value, out = (np.asarray(w, float) for w in layer.weights)
    q, k, v = (np.einsum("nsf,fhd->nhsd", steps, kernel) for kernel in (query, key, value))
    scores = np.einsum("nhsd,nhtd->nhst", q, k) / np.sqrt(2)
    expected = np.exp(scores) / np.exp(scores).sum(axis=3, keepdims=True)
    assert np.asarray(weights) == pytest.approx(expected, abs=1e-5)
    context = np.einsum("nhst,nhtd,hdf->nsf", expected, v, out)
    assert np.asarray(found) == pytest.approx(context, abs=1e-5)
    # The same bases in every place: without positions all steps would be alike.
    x = np.zeros((1, 60, 4), np.float32)
    x[..., 0] = 1
    told = np.asarray(keras.Model(model.input, positions.output)(x))[0]
    assert np.ptp(told, axis=0).min() > 0.05


# --- how they start ------------------------------------------------------------------------------
@each_cell
@pytest.mark.parametrize("bidirectional", [False, True])
def test_memories_start_long_and_short(cell, bidirectional):
    model = recurrent.recurrent_reader(
        200, cell=cell, n_units=400, bidirectional=bidirectional, rng=0
    )
    memory = model.get_layer("memory")
    readers = [memory.forward_layer, memory.backward_layer] if bidirectional else [memory]
    for layer in readers:
        _, recurrent_kernel, bias = (np.asarray(w) for w in layer.weights)
        square = recurrent_kernel @ recurrent_kernel.T  # rows of an orthogonal matrix
        assert square == pytest.approx(np.eye(400), abs=1e-4)
        gate = np.split(bias if cell == "lstm" else bias[0], 4 if cell == "lstm" else 3)
        keep = gate[1] if cell == "lstm" else gate[0]
        # The share kept a step, 1 - 1 / (1 + T): memories of T from 1 to 199 steps, evenly.
        spans = np.exp(keep)
        assert 1 <= spans.min() < 5 and 190 < spans.max() <= 199
        assert spans.mean() == pytest.approx(100, abs=4 * 57 / 20)  # four standard errors
        if cell == "lstm":
            assert gate[0] == pytest.approx(-keep) and not gate[2].any() and not gate[3].any()
        else:
            assert not gate[1].any() and not gate[2].any() and not bias[1].any()
    if bidirectional:
        for a, b in zip(readers[0].weights, readers[1].weights, strict=True):
            assert not np.array_equal(np.asarray(a), np.asarray(b))


def test_queries_keys_and_values_start_apart():
    weights = attention.self_attention(60, rng=2).get_layer("attention").weights
    kernels = [np.asarray(w).ravel() for w in weights]
    assert len(kernels) == 4
    assert np.abs(np.corrcoef(kernels) - np.eye(4)).max() < 0.15  # 4 standard errors of 1,024
    for kernel in kernels:
        assert kernel.var() == pytest.approx(1 / 32, rel=0.15)  # Glorot's, for 32 to 32


# --- kept and found again ------------------------------------------------------------------------
@each_network
def test_they_are_saved_and_loaded_in_safe_mode(name, tmp_path):
    model = architectures.BUILDERS[name](60, n_tasks=2, rng=1)
    x = dna.random_sequences(5, 60, rng=0)
    folders.save(tmp_path, model, {})
    loaded = folders.load(tmp_path).model
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in model.layers]
    assert np.array_equal(prediction.predict(loaded, x), prediction.predict(model, x))


@pytest.mark.parametrize(
    ("build", "arguments", "said"),
    [
        (recurrent.recurrent_reader, {"cell": "rnn"}, "cell is 'rnn', expected one of 'lstm', 'gru'"),
        (recurrent.recurrent_reader, {"cell": None}, "cell is None, expected one of"),
        (recurrent.recurrent_reader, {"n_units": 0}, "n_units is 0, expected a whole number"),
        (recurrent.convolution_recurrent, {"n_units": 2.0}, "n_units is 2.0, expected"),
        (recurrent.convolution_recurrent, {"pool_bp": 50}, "pool_bp is 50, but only 46 positions"),
        (attention.additive_attention, {"n_units": -1}, "n_units is -1, expected"),
        (attention.additive_attention, {"cell": "LSTM"}, "cell is 'LSTM', expected"),
        (attention.additive_attention, {"n_filters": 0}, "n_filters is 0, expected"),
        (attention.retain, {"width_bp": 61}, "width_bp is 61, but layer filters reads only 60"),
        (attention.retain, {"n_units": None}, "n_units is None, expected"),
        (attention.self_attention, {"n_heads": 3}, "n_filters is 32, expected a multiple of n_hea"),
        (attention.self_attention, {"n_heads": 0}, "n_heads is 0, expected"),
        (attention.self_attention, {"n_tasks": 0}, "n_tasks is 0, expected"),
    ],
)  # fmt: skip
def test_wrong_sizes_are_refused_in_a_sentence(build, arguments, said):
    with pytest.raises(ValueError, match=said) as error:
        build(60, **arguments, rng=0)
    assert "\n" not in str(error.value)


# --- how they are trained ------------------------------------------------------------------------
def steps_by_hand(model, optimizer, batch_size, n_steps):
    """One step after the other, each operation by itself."""
    import tensorflow as tf

    def steps(sequences, targets):
        total = 0.0
        for start in range(0, len(sequences), batch_size):
            x, y = (part[start : start + batch_size] for part in (sequences, targets))
            with tf.GradientTape() as tape:
                loss = _backend.masked_cross_entropy(y, model(x.astype(np.float32), training=True))
                loss += sum(model.losses)
            optimizer.apply(tape.gradient(loss, model.trainable_variables))
            total += float(loss) * len(x)
        return total / len(sequences)

    return steps


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "steps_for_xla"), [*((name, 0) for name in NEW), ("recurrent_reader", 10**6)]
)
def test_training_equals_a_plain_loop(name, steps_for_xla, monkeypatch):
    monkeypatch.setattr(_backend, "_STEPS_FOR_XLA", steps_for_xla)
    _, history, weights = recurrent_run.run(name)
    monkeypatch.setattr(training, "compiled_steps", steps_by_hand)
    _, expected, plain = recurrent_run.run(name)
    np.testing.assert_allclose(history, expected, rtol=1e-4)
    start = [np.asarray(w) for w in recurrent_run.network(name).weights]
    moved = max(np.abs(b - a).max() for a, b in zip(start, plain, strict=True))
    assert moved > 0.005  # many times what may differ
    for a, b in zip(weights, plain, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-4)


def shares(x):
    """Each base among those that are known: without any, a division by 0."""
    return x / keras.ops.sum(x, axis=(1, 2), keepdims=True)


PLAIN = {
    "normalised": ({}, layers.BatchNormalization),
    "regularised": ({"kernel_regularizer": keras.regularizers.L2(0.5)}, layers.Identity),
    "output regularised": ({"activity_regularizer": keras.regularizers.L2(0.5)}, layers.Identity),
    "of shares": ({}, layers.Identity),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", PLAIN)
def test_a_short_last_batch_is_trained_as_in_a_plain_loop(kind, monkeypatch):
    monkeypatch.setattr(_backend, "_STEPS_FOR_XLA", 0)
    options, then = PLAIN[kind]

    def run():
        inputs = keras.Input((30, 4))
        x = layers.Lambda(shares)(inputs) if kind == "of shares" else inputs
        x = then()(layers.GRU(3, seed=0, **options)(x))
        model = keras.Model(inputs, layers.Dense(1)(x))
        rng = np.random.default_rng(0)
        for variable in model.weights:
            variable.assign(np.abs(rng.normal(0, 0.3, variable.shape)))
        x, y = dna.random_sequences(50, 30, rng=1), np.arange(50) % 2
        settings = training.Settings(batch_size=16)  # and a last batch of 8
        return training.fit(model, x, y, epochs=2, settings=settings, rng=2).history["value"]

    found = run()
    monkeypatch.setattr(training, "compiled_steps", steps_by_hand)
    np.testing.assert_allclose(found, run(), rtol=1e-4)


def test_batches_are_no_larger_than_the_data(monkeypatch):
    sizes = []

    def steps(model, optimizer, batch_size, n_steps):
        sizes.append(batch_size)
        return steps_by_hand(model, optimizer, batch_size, n_steps)

    monkeypatch.setattr(training, "compiled_steps", steps)
    model = recurrent.recurrent_reader(30, n_units=2, rng=0)
    x, y = dna.random_sequences(50, 30, rng=1), np.arange(50) % 2
    training.fit(model, x, y, epochs=1, settings=training.Settings(batch_size=4096), rng=2)
    assert sizes == [40]  # 10 are held out


def test_only_recurrent_networks_are_compiled_with_xla():
    compiled = {
        name: _backend._is_recurrent(build(150, rng=0))
        for name, build in architectures.BUILDERS.items()
    }
    recurrent_ones = {"recurrent_reader", "convolution_recurrent", "retain"}
    assert {name for name, is_recurrent in compiled.items() if is_recurrent} == recurrent_ones
    inner = recurrent.recurrent_reader(60, bidirectional=True, rng=0)
    nested = keras.Sequential([keras.Input((60, 4)), inner, layers.Dense(1)])
    assert _backend._is_recurrent(nested)


def test_an_interrupt_keeps_the_best_weights_and_a_checkpoint_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(_backend, "_STEPS_FOR_XLA", 0)

    def run(**more):
        return recurrent_run.train("recurrent_reader", epochs=4, **more)

    def stop(history, epoch, epochs, seconds):
        if epoch == 2:
            raise KeyboardInterrupt

    whole = run()
    stopped = run(progress=stop, checkpoint=tmp_path / "c")
    assert stopped.interrupted and stopped.history["epoch"].max() == 2
    resumed = run(checkpoint=tmp_path / "c")
    assert not resumed.interrupted
    for a, b in zip(whole.model.weights, resumed.model.weights, strict=True):
        assert np.array_equal(np.asarray(a), np.asarray(b))
    assert resumed.history.equals(whole.history)


def test_layers_within_layers_are_known_again_by_a_checkpoint(tmp_path):
    def run(**more):
        inner = recurrent.recurrent_reader(30, n_units=2, bidirectional=True, rng=0)
        model = keras.Sequential([keras.Input((30, 4)), inner])  # names count all layers ever made
        x, y = dna.random_sequences(50, 30, rng=1), np.arange(50) % 2
        return training.fit(model, x, y, epochs=1, checkpoint=tmp_path / "c", rng=2)

    assert run().history.equals(run().history)


@pytest.mark.slow
def test_jax_gives_the_same_losses():
    pytest.importorskip("jax", reason="the second backend, JAX, is not installed")
    assert keras.backend.backend() == "tensorflow"
    done = subprocess.run(
        [sys.executable, str(HERE / "recurrent_run.py"), *NEW],
        cwd=HERE.parent, env=os.environ | {"KERAS_BACKEND": "jax"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    jax = json.loads(done.stdout.splitlines()[-1])
    assert jax["backend"] == "jax"
    for name in NEW:
        logits, history, _ = recurrent_run.run(name)
        np.testing.assert_allclose(jax["found"][name]["logits"], logits, atol=1e-5, err_msg=name)
        np.testing.assert_allclose(jax["found"][name]["history"], history, rtol=2e-3, err_msg=name)
