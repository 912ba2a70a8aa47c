"""Attention: weights as by hand, other weights in their place, and whether any of it matters."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import attention_run
import keras
import memory_run
import numpy as np
import pandas as pd
import pytest
from attention_run import LENGTH, NETWORKS, network
from keras import layers

from dragonn_lite import interpretation
from dragonn_lite.dna import sequences as dna
from dragonn_lite.evaluation import metrics
from dragonn_lite.interpretation import attention, slopes, truth
from dragonn_lite.interpretation.alignment import spread
from dragonn_lite.networks import architectures
from dragonn_lite.networks.prediction import predict

pytestmark = pytest.mark.slow  # every network is compiled; the doctests are quick

HERE = Path(__file__).parent
ATTENDING = ("attention", "attention_times_gradient")
STEPS = {"additive": 6, "additive of a memory": 6, "retain": 6, "self": 6, "sequential": 38}
HEADS = {"self": 2, "crossed": 2, "gated": 2, "three heads": 3}
QUERIES = {"self": 6, "crossed": 6, "gated": 18}
#: All that stands behind the weights is linear in the others, or the best of linear sums.
NOT_LINEAR = ("self", "gated")


@pytest.fixture
def x():
    return dna.random_sequences(4, LENGTH, rng=0)


@pytest.fixture(scope="module")
def models():
    return {name: network(name) for name in NETWORKS}


def softmax(z):
    """Along the last axis, one row at a time."""
    rows = [[np.exp(v) for v in row] for row in z.reshape(-1, z.shape[-1])]
    return np.array([[v / sum(row) for v in row] for row in rows]).reshape(z.shape)


def inside(model, tensor, x):
    return np.asarray(keras.Model(model.inputs[0], tensor)(x.astype(np.float32)))


# --- weights -------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NETWORKS)
def test_weights_have_their_shape_and_sum_to_one(name, models, x):
    found = attention.weights(models[name], x)
    keys, heads, queries = STEPS.get(name, 18), HEADS.get(name, 1), QUERIES.get(name, 1)
    assert found.matrix.shape == (4, heads, queries, keys) and found.layer == "attention"
    assert found.starts.shape == found.stops.shape == (keys,)
    np.testing.assert_allclose(found.matrix.sum(axis=3), 1, atol=1e-5)
    assert found.bases.shape == (4, heads, LENGTH)
    np.testing.assert_allclose(found.bases.sum(axis=2), 1, atol=1e-5)
    assert (found.query_starts is not None) == (name in QUERIES)
    said = "1 head" if heads == 1 else f"{heads} heads"
    assert f": {said}, {keys} steps" in repr(found)


@pytest.mark.parametrize("name", ["additive", "additive of a memory", "retain"])
def test_pooling_weights_are_the_softmax_of_the_scores(name, models, x):
    scores = inside(models[name], models[name].get_layer("relevance").output, x)
    expected = softmax(scores[:, :, 0])
    found = attention.weights(models[name], x).matrix
    np.testing.assert_allclose(found[:, 0, 0], expected, atol=1e-6)


def test_heads_of_a_softmax_are_its_columns(models, x):
    model = models["three heads"]
    scores = inside(model, model.get_layer("attention").input, x)  # (n, steps, heads)
    found = attention.weights(model, x).matrix[:, :, 0]
    np.testing.assert_allclose(found, softmax(scores.transpose(0, 2, 1)), atol=1e-6)


def test_self_attention_is_the_softmax_of_scaled_dot_products(models, x):
    model = models["self"]
    layer = model.get_layer("attention")
    steps = inside(model, model.get_layer("positions").output, x)
    kernels = [np.asarray(side.kernel) for side in (layer.query_dense, layer.key_dense)]
    biases = [
        np.zeros((2, 3)) if side.bias is None else np.asarray(side.bias)
        for side in (layer.query_dense, layer.key_dense)
    ]
    expected = np.zeros((4, 2, 6, 6))
    for n in range(4):
        for head in range(2):
            q, k = (
                [steps[n, i] @ kernel[:, head] + bias[head] for i in range(6)]
                for kernel, bias in zip(kernels, biases, strict=True)
            )
            for i in range(6):
                expected[n, head, i] = softmax(np.array([q[i] @ k[j] / 3**0.5 for j in range(6)]))
    np.testing.assert_allclose(attention.weights(model, x).matrix, expected, atol=1e-5)


def test_a_weight_lies_on_the_bases_that_its_step_reads(models, x):
    found = attention.weights(models["three heads"], x)
    for step in range(18):  # convolution of 5 bp, then windows of 2
        assert (found.starts[step], found.stops[step]) == (2 * step, 2 * step + 6)
    by_hand = np.zeros((4, 3, LENGTH))
    for step in range(18):
        for base in range(2 * step, 2 * step + 6):
            by_hand[:, :, base] += found.steps[:, :, step] / 6
    np.testing.assert_allclose(found.bases, by_hand, atol=1e-6)
    crossed = attention.weights(models["crossed"], x)
    assert crossed.query_starts.tolist() == list(range(0, 36, 6))
    assert crossed.query_stops.tolist() == list(range(10, 46, 6))
    np.testing.assert_allclose(crossed.steps, crossed.matrix.sum(axis=2) / 6, atol=1e-6)


def test_tables_hold_what_is_drawn(models, x):
    found = attention.weights(models["crossed"], x)
    bases, pairs = found.base_table(2), found.pair_table(2)
    assert len(bases) == 2 * LENGTH and len(pairs) == 2 * 6 * 18
    for _, row in bases.iloc[::17].iterrows():
        assert row["weight"] == found.bases[2, int(row["head"]), int(row["position"])]
    for i, row in pairs.iloc[::31].iterrows():
        head, query, key = np.unravel_index(i, (2, 6, 18))
        assert row["weight"] == found.matrix[2, head, query, key] and row["head"] == head
        assert (row["query_start"], row["query_stop"]) == (6 * query, 6 * query + 10)
        assert (row["key_start"], row["key_stop"]) == (2 * key, 2 * key + 6)
    with pytest.raises(ValueError, match="layer attention pools"):
        attention.weights(models["retain"], x).pair_table(0)


def test_no_weight_where_a_mask_hides_the_steps_to_come(models, x):
    matrix = attention.weights(models["gated"], x).matrix
    assert not np.triu(matrix, 1).any() and matrix[:, :, 5, :6].all()


def test_layers_are_found_where_they_attend_and_nowhere_else(x):
    assert all(attention.layers(network(name)) == ("attention",) for name in NETWORKS)
    inputs, z = attention_run.features()
    first = layers.MultiHeadAttention(1, 4, name="first")(z, z)
    gate = layers.Softmax(name="channels")(first)  # along the channels
    second = layers.Softmax(axis=1, name="second")(layers.Dense(1)(gate))
    z = layers.Flatten()(layers.Dot(axes=1)([second, gate]))
    model = keras.Model(inputs, layers.Softmax(name="classes")(layers.Dense(3)(z)))
    assert attention.layers(model) == ("first", "second")
    assert attention.layers(architectures.filter_bank(LENGTH, rng=0)) == ()
    model = keras.Model(inputs, layers.Dense(2)(z))
    assert attention.weights(model, x).layer == "second"  # the last one
    assert attention.weights(model, x, layer="first").matrix.shape == (4, 1, 18, 18)


def test_a_network_of_any_length_is_read():
    inputs = keras.Input((None, 4))
    z = layers.Conv1D(3, 5)(inputs)
    weights = layers.Softmax(axis=1)(layers.Dense(1)(z))
    model = keras.Model(inputs, layers.Dense(1)(layers.Flatten()(layers.Dot(1)([weights, z]))))
    for length in (20, 33):
        found = attention.weights(model, dna.random_sequences(2, length, rng=0))
        assert found.matrix.shape == (2, 1, 1, length - 4) and found.stops[-1] == length


def test_a_layer_is_read_where_this_network_has_it(models, x):
    """It may also stand in another network, but not twice in this one."""
    first, inputs = models["additive"], keras.Input((LENGTH, 4))
    passed = {id(first.inputs[0]): inputs}
    for layer in first.layers[1:]:
        read = [passed[id(tensor)] for tensor in keras.tree.flatten(layer.input)]
        passed[id(layer.output)] = layer(read if len(read) > 1 else read[0])
    again = keras.Model(inputs, passed[id(first.outputs[0])])
    found = attention.weights(again, x)
    np.testing.assert_allclose(found.matrix, attention.weights(first, x).matrix, atol=1e-6)
    np.testing.assert_allclose(
        attention.reweighted(again, x, found.matrix), predict(first, x)[:, 0], atol=1e-5
    )
    inputs, z = attention_run.features()
    softmax = layers.Softmax(axis=1, name="attention")
    parts = [layers.Dot(axes=1)([softmax(layers.Dense(1)(z)), z]) for _ in range(2)]
    twice = attention_run.ended(inputs, layers.Flatten()(layers.Add()(parts)))
    with pytest.raises(ValueError, match="layer attention is used 2 times"):
        attention.weights(twice, x)


def masked_softmax(z):
    known = layers.Lambda(lambda scores: scores > -0.1)(scores := layers.Dense(1)(z))
    weights = layers.Softmax(axis=1, name="attention")(scores, mask=known)
    return layers.Flatten()(layers.Dot(axes=1)([weights, z]))


def told_scores(z):
    attend = layers.MultiHeadAttention(2, 3, name="attention")
    given, scores = attend(z, z, return_attention_scores=True)
    return layers.Concatenate()([layers.GlobalMaxPooling1D()(given), layers.Flatten()(scores)])


def told_matrix(z):
    attend = layers.Attention(name="attention")
    given, scores = attend([z, z], return_attention_scores=True)
    return layers.Concatenate()([layers.GlobalMaxPooling1D()(given), layers.Flatten()(scores)])


def named_arguments(z):
    coarse = layers.MaxPooling1D(3)(z)
    attend = layers.MultiHeadAttention(2, 3, name="inner")
    z = attend(query=coarse, value=z, key=layers.Dense(5)(z))  # its steps are those of the query
    weights = layers.Softmax(axis=1, name="attention")(layers.Dense(1)(z))
    return layers.Flatten()(layers.Dot(axes=1)([weights, z]))


@pytest.mark.parametrize("body", [masked_softmax, told_scores, told_matrix, named_arguments])
def test_masks_scores_that_are_used_and_named_arguments(body, x):
    inputs, z = attention_run.features()
    model = memory_run.weighted(attention_run.ended(inputs, body(z)), 0)
    found = attention.weights(model, x)
    assert found.matrix.shape[3] == len(found.starts)
    np.testing.assert_allclose(found.matrix.sum(axis=3), 1, atol=1e-5)
    logits = attention.reweighted(model, x, found.matrix)
    np.testing.assert_allclose(logits, predict(model, x)[:, 0], atol=1e-5)
    other = attention.reweighted(model, x, found.matrix[..., ::-1])
    assert np.abs(other - logits).max() > 1e-4
    if body is named_arguments:
        assert (found.stops - found.starts == 10).all()  # 5 wide filters, pooled by 2 and by 3


# --- other weights -------------------------------------------------------------------------------
@pytest.mark.parametrize("name", NETWORKS)
def test_its_own_weights_give_its_own_logits(name, models, x):
    own = attention.weights(models[name], x).matrix
    logits = predict(models[name], x)
    for target in (0, 1):
        again = attention.reweighted(models[name], x, own, target=target)
        np.testing.assert_allclose(again, logits[:, target], atol=1e-5)
        other = attention.reweighted(models[name], x, own[:, :, :, ::-1], target=target)
        assert np.abs(other - logits[:, target]).max() > 1e-3
    np.testing.assert_allclose(predict(models[name], x), logits, atol=1e-6)  # as it was


def by_hand():
    """Attends to G, and adds up what it attends to: 3 for C, 1 for G, 0 for others."""
    inputs = keras.Input((LENGTH, 4))
    scores = layers.Dense(1, use_bias=False, name="scores")(inputs)
    values = layers.Dense(1, use_bias=False, name="values")(inputs)
    weights = layers.Softmax(axis=1, name="attention")(scores)
    logits = layers.Flatten()(layers.Dot(axes=1)([weights, values]))
    model = keras.Model(inputs, layers.Dense(1, name="head")(logits))
    model.get_layer("scores").set_weights([np.array([[0.0], [0], [5], [0]])])
    model.get_layer("values").set_weights([np.array([[0.0], [3], [1], [0]])])
    model.get_layer("head").set_weights([np.array([[2.0]]), np.array([-0.5])])
    return model


def test_given_weights_give_the_closed_form(x):
    model = by_hand()
    value = 3 * x[:, :, 1] + 1 * x[:, :, 2]
    equal = np.full((4, 1, 1, LENGTH), 1 / LENGTH)
    found = attention.reweighted(model, x, equal)
    np.testing.assert_allclose(found, 2 * value.mean(axis=1) - 0.5, atol=1e-5)
    for step in (0, 7):
        one = np.zeros((4, 1, 1, LENGTH))
        one[..., step] = 1
        np.testing.assert_allclose(
            attention.reweighted(model, x, one), 2.0 * value[:, step] - 0.5, atol=1e-5
        )
    n_g = x[:, :, 2].sum(axis=1)
    weight_of_g = np.exp(5) / (n_g * np.exp(5) + LENGTH - n_g)
    found = attention.attention(model, x).contributions
    np.testing.assert_allclose((found * x[:, :, 2]).max(axis=1), weight_of_g, rtol=1e-4)


def test_self_attention_with_equal_weights_is_the_mean_of_the_values(x):
    inputs = keras.Input((LENGTH, 4))
    attend = layers.MultiHeadAttention(2, 3, name="attention")
    z = attend(inputs, inputs)
    model = keras.Model(inputs, layers.Dense(1)(layers.GlobalAveragePooling1D()(z)))
    steps = x.astype(float)
    value, out = (np.asarray(w) for w in (attend.value_dense.kernel, attend.output_dense.kernel))
    mean = np.einsum("nsc,chw->nhw", steps, value) / LENGTH
    head, bias = model.layers[-1].get_weights()
    expected = np.einsum("nhw,hwf->nf", mean, out) @ head + bias
    equal = np.full((4, 2, LENGTH, LENGTH), 1 / LENGTH)
    np.testing.assert_allclose(attention.reweighted(model, x, equal), expected[:, 0], atol=1e-5)


# --- as explanations -----------------------------------------------------------------------------
def test_retain_adds_up_weight_times_gate_times_match_times_head(models, x):
    model = models["retain"]
    parts = {
        name: inside(model, model.get_layer(name).output, x) for name in ("attention", "gates")
    }
    matches = inside(model, model.get_layer("gated").input[1], x)
    head, bias = model.get_layer("logits").get_weights()
    for target in (0, 1):
        found = attention.attention_times_gradient(model, x, target=target)
        by_step = np.zeros((4, 6))
        for n in range(4):
            for step in range(6):
                gated = parts["gates"][n, step] * matches[n, step]
                by_step[n, step] = parts["attention"][n, step, 0] * (gated @ head[:, target])
        read = attention.weights(model, x)
        by_base = np.zeros((4, LENGTH))
        for step, (start, stop) in enumerate(zip(read.starts, read.stops, strict=True)):
            by_base[:, start:stop] += by_step[:, [step]] / (stop - start)
        np.testing.assert_allclose(found.contributions, by_base, atol=1e-5)
        np.testing.assert_allclose(
            by_step.sum(axis=1) + bias[target], found.logits, atol=1e-5
        )  # fmt: skip
        assert np.abs(found.completeness_error).max() < 1e-5


@pytest.mark.parametrize("name", NETWORKS)
def test_products_sum_to_the_logit_where_all_behind_is_linear(name, models, x):
    found = attention.attention_times_gradient(models[name], x, target=1)
    nothing = attention.reweighted(
        models[name], x, 0 * attention.weights(models[name], x).matrix, target=1
    )
    off = found.logits - nothing - found.contributions.sum(axis=1)
    np.testing.assert_allclose(found.completeness_error, off, atol=1e-5)
    assert (np.abs(off).max() < 1e-5) == (name not in NOT_LINEAR)


@pytest.mark.parametrize("name", ["self", "three heads"])
def test_slopes_are_finite_differences(name, models, x):
    model, own = models[name], attention.weights(models[name], x)
    expected = np.zeros((4, own.matrix.shape[3]))
    for place in np.ndindex(own.matrix.shape[1:]):
        step = np.zeros(own.matrix.shape[1:])
        step[place] = 1e-3
        up, down = (attention.reweighted(model, x, own.matrix + s) for s in (step, -step))
        expected[:, place[2]] += own.matrix[(slice(None), *place)] * (up - down) / 2e-3
    found = attention.attention_times_gradient(model, x).contributions
    expected = spread(expected, own.starts, own.stops, LENGTH)
    np.testing.assert_allclose(found, expected, atol=5e-3 * np.abs(expected).max())


def test_attention_as_an_explanation_is_the_mean_over_heads(models, x):
    x[1, 5:9] = 0
    found = attention.attention(models["three heads"], x, target=1)
    bases = attention.weights(models["three heads"], x).bases.mean(axis=1)
    assert not found.contributions[1, 5:9].any()
    np.testing.assert_allclose(found.contributions[0], bases[0], atol=1e-6)
    np.testing.assert_allclose(found.logits, predict(models["three heads"], x)[:, 1], atol=1e-6)
    assert (found.target, found.method, found.completeness_error) == (1, "attention", None)


# --- does it matter? -----------------------------------------------------------------------------
def value_of(table, test, measure, column="value"):
    return table.set_index(["test", "measure"]).loc[(test, measure), column]


def deciding():
    """Looks for the base G at the first of its steps: all attention there, all of the score too."""
    inputs = keras.Input((LENGTH, 4))
    scores = layers.Dense(1, use_bias=False)(layers.ZeroPadding1D((0, 0))(inputs))
    weights = layers.Softmax(axis=1, name="attention")(scores)
    logits = layers.Flatten()(layers.Dot(axes=1)([weights, inputs]))
    model = keras.Model(inputs, layers.Dense(1)(logits))
    model.layers[2].set_weights([np.array([[0.0], [0], [20], [0]])])
    model.layers[-1].set_weights([np.array([[0.0], [0], [4], [0]]), np.array([-2.0])])
    return model


def few_g(n=40, rng=0):
    """Half of the sequences hold one G, the others none."""
    x = dna.random_sequences(n, LENGTH, rng=rng)
    x[x[:, :, 2] == 1] = [1, 0, 0, 0]
    x[: n // 2, 11] = [0, 0, 1, 0]
    return x, np.repeat([1, 0], [n // 2, n - n // 2])


def test_bases_that_decide_are_missed_when_attended_and_others_not():
    model, (x, labels) = deciding(), few_g()
    table = attention.faithfulness(model, x, labels, share=0.03, n_draws=20, rng=1)
    attended, random = "attended bases shuffled", "random bases shuffled"
    # One base of forty is shuffled: the G is where it was in one shuffle of about forty.
    assert value_of(table, attended, "logit") == pytest.approx(-4, abs=0.4)
    assert value_of(table, random, "logit") == pytest.approx(-4 / 40, abs=0.15)
    assert value_of(table, attended, "auROC") < -0.4 < value_of(table, random, "auROC")
    assert value_of(table, attended, "logit", "over_random_high") < -3
    assert value_of(table, attended, "flips") == pytest.approx(0.5, abs=0.05)
    assert value_of(table, "weights averaged", "logit") == pytest.approx(4 / 40 - 4, abs=1e-3)
    assert value_of(table, "weights averaged", "auROC") == pytest.approx(0, abs=1e-6)
    assert value_of(table, "weights permuted", "logit") == pytest.approx(4 / 40 - 4, abs=0.2)
    by_gradient = value_of(table, "gradient_times_input bases shuffled", "logit")
    assert by_gradient == pytest.approx(-4, abs=0.4)
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"]).all()
    assert np.isnan(value_of(table, "weights averaged", "size", "over_random"))
    n_sequences = table.groupby("measure")["n_sequences"].unique().to_dict()
    assert n_sequences == {"logit": [20], "size": [40], "flips": [40], "auROC": [40]}


def test_attention_that_decides_finds_what_was_planted():
    x, _ = few_g()
    sites = pd.DataFrame({"sequence": range(20), "start": 11, "stop": 12})
    board = truth.leaderboard(
        {name: functools.partial(interpretation.explain, method=name) for name in ATTENDING},
        {"one G": SimpleNamespace(sequences=x, labels=np.repeat([1, 0], 20),
                                  sites=sites.assign(motif="G"), tasks=("G",))},
        {"deciding": {"one G": deciding()}}, n_sequences=20,
    )  # fmt: skip
    found = board[(board["metric"] == "auROC") & (board["by"] == "sign")]
    assert (found["value"] > 0.999).all() and set(found["method"]) == set(ATTENDING)


def test_weights_that_nothing_depends_on_change_nothing(x):
    inputs = keras.Input((LENGTH, 4))
    weights = layers.Softmax(axis=1, name="attention")(layers.Dense(1)(inputs))
    constant = layers.Dense(1, kernel_initializer="zeros", bias_initializer="ones")(inputs)
    pooled = layers.Flatten()(layers.Dot(axes=1)([weights, constant]))  # 1, however weighed
    counted = layers.GlobalAveragePooling1D()(inputs)
    model = keras.Model(inputs, layers.Dense(1)(layers.Concatenate()([pooled, counted])))
    table = attention.faithfulness(model, x, rng=0, yardsticks=())
    assert set(table["measure"]) == {"logit", "size", "flips"}
    for test in ("weights permuted", "weights averaged"):
        assert value_of(table, test, "size", "high") < 1e-5
    assert value_of(table, "random bases shuffled", "size") > 1e-3


def test_auroc_and_its_interval_are_those_of_the_sequences(models):
    model, x = models["self"], dna.random_sequences(60, LENGTH, rng=5)
    logits = predict(model, x)[:, 1]
    labels = (logits + np.random.default_rng(0).normal(0, logits.std(), 60) > 0).astype(np.int8)
    labels[::9] = -1
    table = attention.faithfulness(model, x, labels, target=1, yardsticks=(), n_draws=2, rng=3)
    equal = np.full(attention.weights(model, x).matrix.shape, 1 / 6)
    after = attention.reweighted(model, x, equal, target=1)
    gain = metrics.auroc(labels, after) - metrics.auroc(labels, logits)
    assert value_of(table, "weights averaged", "auROC") == pytest.approx(gain, abs=1e-6)
    whole = metrics.difference(labels, after, logits, rng=0).iloc[0]
    for side in ("low", "high"):
        found = value_of(table, "weights averaged", "auROC", side)
        assert found == pytest.approx(whole[f"auroc_{side}"], abs=0.05)
    size = np.abs(after - logits)[labels >= 0].mean()
    assert value_of(table, "weights averaged", "size") == pytest.approx(size, rel=1e-5)


def test_the_same_seed_gives_the_same_table(models, x):
    tables = [attention.faithfulness(models["retain"], x, rng=seed) for seed in (1, 1, 2)]
    assert tables[0].equals(tables[1]) and not tables[0].equals(tables[2])


# --- bad input -----------------------------------------------------------------------------------
def test_bad_input_is_one_sentence(models, x):
    model, plain = models["self"], architectures.filter_bank(LENGTH, rng=0)
    own = attention.weights(model, x).matrix
    for call, error, words in (
        (lambda: attention.weights(plain, x), ValueError, "model filter_bank has no attention"),
        (lambda: attention.weights(model, x, layer="logits"), ValueError, "that attends: attention"),
        (lambda: attention.weights(len, x), TypeError, "model is a builtin_function"),
        (lambda: attention.weights(model, x[:, :9]), ValueError, "sequences are 9 bp long"),
        (lambda: attention.weights(model, x[0]), ValueError, r"pass sequences\[None\]"),
        (lambda: attention.attention(model, x, target=2), ValueError, "target is 2"),
        (lambda: attention.reweighted(model, x, own[:2]), ValueError, "matrix has shape"),
        (lambda: attention.reweighted(model, x, own * np.nan), ValueError, "matrix holds a weight"),
        (lambda: attention.faithfulness(model, x, rng=None), TypeError, "rng is None"),
        (lambda: attention.faithfulness(model, x, share=0, rng=0), ValueError, "share is 0"),
        (lambda: attention.faithfulness(model, x, share=2.0, rng=0), ValueError, "share is 2.0"),
        (lambda: attention.faithfulness(model, x, n_draws=0, rng=0), ValueError, "n_draws is 0"),
        (lambda: attention.faithfulness(model, x[:1], rng=0), ValueError, "hold 1 sequence"),
        (lambda: attention.faithfulness(model, x, [1, 1, 1, 1], rng=0), ValueError, "no unbound"),
        (lambda: attention.faithfulness(model, x, [1, 0], rng=0), ValueError, "labels has shape"),
        (lambda: attention.faithfulness(model, x, np.eye(4), rng=0), ValueError, r"labels\[:, tar"),
        (lambda: attention.faithfulness(model, x, yardsticks="ism", rng=0), TypeError, "yardsticks"),
        (lambda: attention.faithfulness(model, x, yardsticks=["ism"], rng=0), ValueError,
         "did you mean 'in_silico_mutagenesis'"),
    ):  # fmt: skip
        with pytest.raises(error, match=words) as raised:
            call()
        assert "\n" not in str(raised.value)
    broken = network("self")
    broken.get_layer("positions").bias.assign(np.full((6, 6), np.nan))
    with pytest.raises(ValueError, match="not finite"):
        attention.weights(broken, x)


def test_steps_that_are_none_of_the_sequence_are_refused(x):
    inputs, z = attention_run.features()
    slots = layers.RepeatVector(3, name="slots")(layers.GlobalMaxPooling1D()(z))
    z = layers.GlobalMaxPooling1D()(layers.MultiHeadAttention(1, 4)(z, slots))
    with pytest.raises(ValueError, match="layer slots .* makes steps of what has none"):
        attention.weights(attention_run.ended(inputs, z), x)


def test_training_goes_on_underneath(x):
    model = network("three heads")
    first = attention.weights(model, x).matrix
    for layer in model.layers:
        if isinstance(layer, layers.Dense):
            layer.set_weights([-2 * w for w in layer.get_weights()])
    second = attention.weights(model, x).matrix
    assert np.abs(first - second).max() > 0.01
    assert slopes.saliency(model, x).contributions.any()


# --- other backends ------------------------------------------------------------------------------
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_attend_alike(backend):
    pytest.importorskip(backend, reason=f"the backend {backend} is not installed")
    here = attention_run.run()
    assert here.pop("backend") == "tensorflow"
    done = subprocess.run(
        [sys.executable, str(HERE / "attention_run.py")],
        cwd=HERE.parent, env=os.environ | {"KERAS_BACKEND": backend}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    other = json.loads(done.stdout.splitlines()[-1])
    assert other.pop("backend") == backend
    assert other.keys() == here.keys()
    for name, parts in here.items():
        for mine, yours in zip(parts, other[name], strict=True):
            np.testing.assert_allclose(yours, mine, atol=1e-5, rtol=1e-4, err_msg=name)
