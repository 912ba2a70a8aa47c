"""Recurrent networks explained: states, temporal output and decomposition against slow loops."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import memory_run
import numpy as np
import pytest
import reference
from keras import layers

from dragonn_lite import interpretation
from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation import alignment, recurrent
from dragonn_lite.networks import architectures
from dragonn_lite.networks import recurrent as networks

HERE = Path(__file__).parent
LENGTH = memory_run.LENGTH
Both = layers.Bidirectional


def built(body, length=LENGTH, seed=0):
    return memory_run.built(body, length, seed)


def refused(call, error, *words):
    """The call raises this very error, in one sentence that holds these words."""
    with pytest.raises(Exception) as found:
        call()
    sentence = str(found.value)
    assert type(found.value) is error, sentence
    assert all(word in sentence for word in words), sentence
    assert "\n" not in sentence and 20 < len(sentence) < 250, sentence


@pytest.fixture(scope="module")
def x():
    return dna.random_sequences(4, LENGTH, rng=0)


# --- which bases a step reads --------------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    [
        lambda z: layers.AveragePooling1D(3)(layers.Conv1D(2, 5)(z)),
        lambda z: layers.AveragePooling1D(3, padding="same")(
            layers.Conv1D(2, 5, padding="same")(z)
        ),
        lambda z: layers.AveragePooling1D(4, 2)(
            layers.Conv1D(2, 5, padding="causal", dilation_rate=2)(z)
        ),
        lambda z: layers.Conv1D(2, 4, strides=3, padding="same")(
            layers.SeparableConv1D(2, 5, padding="same", dilation_rate=3)(z)
        ),
        lambda z: layers.Add()(
            [layers.Conv1D(2, 4, padding="same")(z), layers.Conv1D(2, 9, padding="same")(z)]
        ),
        lambda z: layers.Concatenate(axis=1)([layers.Conv1D(2, 4)(z), layers.Conv1D(2, 9)(z)]),
        lambda z: layers.Conv1DTranspose(2, 5, strides=3, padding="same")(z),
        lambda z: layers.UpSampling1D(3)(layers.Cropping1D((2, 3))(layers.Conv1D(2, 4)(z))),
        lambda z: layers.Conv1D(2, 4)(layers.ZeroPadding1D((2, 3))(z)),
        lambda z: keras.ops.concatenate([layers.Conv1D(2, 4)(z), layers.Conv1D(2, 9)(z)], axis=1),
        lambda z: layers.EinsumDense("...sx,sxy->...sy", (LENGTH, 2))(z),
        lambda z: layers.EinsumDense("nsx,xy->nsy", (LENGTH, 2))(z),
    ],
)
def test_steps_read_the_bases_that_change_them(body, x):
    inputs = keras.Input((LENGTH, 4))
    tensor = body(inputs)
    model = memory_run.weighted(keras.Model(inputs, tensor), 0)
    starts, stops = alignment.bases_read(model, tensor)
    before = np.asarray(model(x[:1].astype("f")))
    moved = np.empty((LENGTH, before.shape[1]), bool)
    for position in range(LENGTH):
        other = x[:1].astype("f")
        other[0, position] = [3, 5, 7, 11]
        moved[position] = np.abs(np.asarray(model(other)) - before).max(axis=(0, 2)) > 1e-6
    for step in range(before.shape[1]):
        assert starts[step] == np.flatnonzero(moved[:, step])[0]
        assert stops[step] == np.flatnonzero(moved[:, step])[-1] + 1


def test_steps_of_a_memory_and_of_a_softmax_are_those_that_they_read():
    inputs = keras.Input((LENGTH, 4))
    z = layers.MaxPooling1D(4)(layers.Conv1D(3, 5)(inputs))
    z = layers.LSTM(3, return_sequences=True, go_backwards=True, name="memory")(z)
    weights = layers.Softmax(axis=1, name="attention")(layers.Dense(1)(z))
    context = layers.Flatten()(layers.Dot(axes=1)([weights, z]))
    model = keras.Model(inputs, layers.Dense(1)(context))
    starts, stops = alignment.bases_read(model, "memory")
    assert starts.tolist() == list(range(0, 4 * 6, 4)) and (stops - starts == 8).all()
    # What is read backwards is given backwards.
    assert alignment.bases_read(model, "attention")[0].tolist() == starts[::-1].tolist()


@pytest.mark.parametrize("seed", range(3))
def test_values_are_spread_evenly_and_keep_their_sum(seed):
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, 15, 6)
    stops = starts + rng.integers(1, 6, 6)
    values = rng.normal(size=(3, 6))
    found = alignment.spread(values, starts, stops, 20)
    slow = np.zeros((3, 20))
    for row in range(3):
        for step in range(6):
            for base in range(starts[step], stops[step]):
                slow[row, base] += values[row, step] / (stops[step] - starts[step])
    assert found == pytest.approx(slow, abs=1e-6)
    assert found.sum(axis=1) == pytest.approx(values.sum(axis=1), abs=1e-5)
    assert not alignment.spread(values[:, :1], [3], [3], 20).any()  # reads nothing
    refused(lambda: alignment.spread(values, starts[1:], stops[1:], 20), ValueError, "(3, 6)", "5")


def test_alignment_says_what_it_does_not_know():
    inputs = keras.Input((LENGTH, 4))
    moved = layers.LSTM(2, name="memory")(keras.ops.flip(inputs, axis=1))
    model = keras.Model(inputs, layers.Dense(1, name="logits")(moved))
    refused(lambda: alignment.bases_read(model, "memory"), ValueError, "may move steps", "flip")
    refused(lambda: alignment.bases_read(model, "logits"), ValueError, "logits", "no steps")
    refused(lambda: alignment.bases_read(model, "tea"), ValueError, "'tea'", "memory")
    mixed = layers.EinsumDense("...sx,st->...tx", (7, 4))
    sideways = layers.AveragePooling1D(2, data_format="channels_first")
    for layer in (mixed, sideways):
        model = built(lambda z, layer=layer: layers.LSTM(2, name="memory")(layer(z)))
        call = functools.partial(alignment.bases_read, model, "memory")
        refused(call, ValueError, "mixes steps", layer.name)
    refused(lambda: alignment.bases_read(len, "memory"), TypeError, "model")
    free = built(layers.LSTM(2, name="memory"), None)
    refused(lambda: alignment.bases_read(free, "memory"), ValueError, "length=")
    assert alignment.bases_read(free, "memory", length=7)[1].tolist() == list(range(1, 8))
    fixed = built(layers.LSTM(2, name="memory"))
    refused(lambda: alignment.bases_read(fixed, "memory", length=7), ValueError, "7", str(LENGTH))


# --- states --------------------------------------------------------------------------------------
LAYERS = {
    "LSTM": lambda: layers.LSTM(4),
    "LSTM, other activations": lambda: layers.LSTM(
        4, activation="softsign", recurrent_activation="hard_sigmoid"
    ),
    "LSTM, no bias, dropout": lambda: layers.LSTM(
        4, use_bias=False, dropout=0.3, recurrent_dropout=0.3
    ),
    "LSTM, backwards": lambda: layers.LSTM(4, go_backwards=True, unroll=True),
    "GRU": lambda: layers.GRU(4),
    "GRU, reset before": lambda: layers.GRU(4, reset_after=False, recurrent_activation="tanh"),
    "GRU, no bias, backwards": lambda: layers.GRU(4, use_bias=False, go_backwards=True),
    "SimpleRNN": lambda: layers.SimpleRNN(4),
    "SimpleRNN, relu": lambda: layers.SimpleRNN(4, activation="relu", use_bias=False),
    "both ways": lambda: Both(layers.LSTM(4)),
    "both ways, added": lambda: Both(layers.GRU(4), merge_mode="sum"),
    "both ways, others": lambda: Both(
        layers.LSTM(4, go_backwards=True), backward_layer=layers.LSTM(4, activation="softsign")
    ),
}


def slow_states(layer, features):
    """By the scalar loops of the reference, for one sequence; both directions along the units."""
    both = isinstance(layer, Both)
    found = []
    for each in (layer.forward_layer, layer.backward_layer) if both else (layer,):
        cell = each.cell
        weights = [np.asarray(w, float).tolist() for w in each.weights[:2]]
        bias = np.asarray(cell.bias, float) if cell.use_bias else np.zeros(len(weights[0][0]))
        steps = features[::-1] if each.go_backwards else features
        names = [getattr(f, "__name__", None) for f in (
            cell.activation, getattr(cell, "recurrent_activation", None))]  # fmt: skip
        ran = reference.recurrent_states(
            type(each).__name__, np.asarray(steps, float).tolist(), *weights, bias.tolist(), *names,
            getattr(cell, "reset_after", False),
        )  # fmt: skip
        ran = {name: np.array(values) for name, values in ran.items()}
        found.append({k: v[::-1] for k, v in ran.items()} if each.go_backwards else ran)
    return {name: np.concatenate([each[name] for each in found], axis=1) for name in found[0]}


@pytest.mark.parametrize("case", LAYERS)
def test_states_equal_scalar_loops_and_keras_itself(case, x):
    layer = LAYERS[case]()
    inputs = keras.Input((LENGTH, 4))
    z = layers.Conv1D(3, 4, strides=2, name="before")(inputs)
    model = memory_run.weighted(keras.Model(inputs, layers.Dense(1)(layer(z))), 3)
    found = recurrent.states(model, x)
    features = np.asarray(keras.Model(inputs, z)(x.astype("f")))
    slow = [slow_states(layer, each) for each in features]
    held = {"hidden": found.hidden} | found.gates
    held |= {} if found.memory is None else {"memory": found.memory}
    assert held.keys() == slow[0].keys()
    for name, values in held.items():
        assert values == pytest.approx(np.stack([each[name] for each in slow]), abs=1e-5), name
        assert values.dtype == np.float32
    # Keras's own layer, every state of each direction
    parts = (layer.forward_layer, layer.backward_layer) if isinstance(layer, Both) else (layer,)
    each = found.hidden.shape[2] // len(parts)
    for i, part in enumerate(parts):
        whole = type(part).from_config(part.get_config() | {"return_sequences": True})
        whole.build(features.shape)
        whole.set_weights(part.get_weights())
        own = np.asarray(whole(features))
        own = own[:, ::-1] if part.go_backwards else own
        assert found.hidden[..., i * each : (i + 1) * each] == pytest.approx(own, abs=1e-5)
        way = "backward" if part.go_backwards else "forward"
        assert (found.directions[i * each : (i + 1) * each] == way).all()
    assert found.starts.tolist() == list(range(0, LENGTH - 3, 2))
    assert (found.stops - found.starts == 4).all()
    assert found.layer == layer.name


@pytest.mark.parametrize("kind", [layers.LSTM, layers.GRU])
def test_each_gate_has_a_softmax_of_its_own(kind, x):
    model = built(kind(3, recurrent_activation="softmax"))
    own = keras.Model(model.inputs[0], model.layers[1].output)(x.astype("f"))
    assert recurrent.states(model, x).hidden[:, -1] == pytest.approx(np.asarray(own), abs=1e-6)


def test_both_directions_may_be_given_apart_and_states_beside_the_output(x):
    apart = built(lambda z: layers.Subtract()(Both(layers.GRU(3), merge_mode=None)(z)))
    both = keras.Model(apart.inputs[0], apart.layers[1].output)(x.astype("f"))
    found = recurrent.states(apart, x).hidden
    assert found[:, -1, :3] == pytest.approx(np.asarray(both[0]), abs=1e-6)
    assert found[:, 0, 3:] == pytest.approx(np.asarray(both[1]), abs=1e-6)
    held = built(lambda z: layers.Concatenate()(layers.LSTM(3, return_state=True)(z)[1:]))
    last = keras.Model(held.inputs[0], held.layers[-2].output)(x.astype("f"))
    found = recurrent.states(held, x)
    last_states = np.concatenate([found.hidden[:, -1], found.memory[:, -1]], axis=1)
    assert last_states == pytest.approx(np.asarray(last), abs=1e-6)


def test_layers_are_chosen_by_name_and_weights_are_read_anew(x):
    inputs = keras.Input((LENGTH, 4))
    first = layers.GRU(3, return_sequences=True, name="first")(inputs)
    model = keras.Model(inputs, layers.Dense(1)(layers.SimpleRNN(2, name="last")(first)))
    assert recurrent.states(model, x).layer == "last"
    before = recurrent.states(model, x, layer="first")
    assert before.cell == "GRU" and before.hidden.shape == (4, LENGTH, 3)
    whole = keras.Model(inputs, first)(x.astype("f"))
    assert before.hidden == pytest.approx(np.asarray(whole), abs=1e-5)
    model.get_layer("first").set_weights([w + 1 for w in model.get_layer("first").get_weights()])
    assert np.abs(recurrent.states(model, x, layer="first").hidden - before.hidden).max() > 0.1
    refused(lambda: recurrent.states(model, x, layer="dense"), ValueError, "layer", "first, last")
    refused(lambda: recurrent.states(len, x), TypeError, "model", "layers are not known")


class Own(layers.Layer):
    units = state_size = 2

    def call(self, x, states):
        return states[0] + x[:, :2], [states[0] + x[:, :2]]

    def get_config(self):
        return {}


UNKNOWN = {
    "stateful": (lambda z: layers.LSTM(2, stateful=True)(z), "stateful"),
    "masked": (lambda z: layers.LSTM(2)(layers.Masking()(z)), "masked"),
    "masked within a network": (
        lambda z: layers.LSTM(2)(
            layers.Dropout(0.1)(keras.Sequential([keras.Input((LENGTH, 4)), layers.Masking()])(z))
        ),
        "masked",
    ),
    "given a mask": (
        lambda z: layers.LSTM(2)(z, mask=keras.ops.any(keras.ops.not_equal(z, 0), axis=-1)),
        "masked",
    ),
    "given a state": (
        lambda z: layers.LSTM(4)(z, initial_state=[layers.GlobalMaxPooling1D()(z)] * 2),
        "first state",
    ),
    "mixed": (lambda z: layers.LSTM(2, dtype="mixed_float16")(z), "float16"),
    "own cell": (lambda z: layers.RNN(Own())(z), "cell of its own"),
    "two kinds": (
        lambda z: Both(layers.LSTM(2), backward_layer=layers.GRU(2, go_backwards=True))(z),
        "LSTM and GRU",
    ),
    "none": (lambda z: layers.GlobalMaxPooling1D()(z), "no recurrent layer of its own"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_is_not_followed_exactly_is_refused(case):
    body, words = UNKNOWN[case]
    inputs = keras.Input(batch_shape=(4 if case == "stateful" else None, LENGTH, 4))
    model = keras.Model(inputs, layers.Dense(1)(body(inputs)))
    x = dna.random_sequences(4, LENGTH, rng=0)
    refused(lambda: recurrent.states(model, x), ValueError, words)
    refused(lambda: recurrent.decompose(model, x), ValueError, words)
    if case != "none":
        refused(lambda: recurrent.temporal_output(model, x), ValueError, words)


# --- temporal output -----------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("case", memory_run.BODIES)
def test_temporal_output_is_that_of_every_prefix_alone(case, direction, x):
    body = memory_run.BODIES[case]
    model = built(body)
    if (case, direction) in memory_run.NOT_FOLLOWED:
        words = memory_run.NOT_FOLLOWED[case, direction]
        with pytest.raises(ValueError, match=words):
            recurrent.temporal_output(model, x, direction=direction)
        return
    found = recurrent.temporal_output(model, x, target=1, direction=direction)
    assert found.shape == (4, LENGTH) and found.dtype == np.float32
    n_run, of_any_length = 0, built(body, None)
    for part in range(1, LENGTH + 1):
        place = part - 1 if direction == "forward" else LENGTH - part
        try:
            alone = built(body, part) if part < 7 else of_any_length
        except ValueError:  # too short for this network: as if nothing had been read
            short = found[:, place]
            continue
        n_run += 1
        alone.set_weights(model.get_weights())
        cut = x[:, :part] if direction == "forward" else x[:, LENGTH - part :]
        own = np.asarray(alone(cut.astype("f")))[:, 1]
        assert found[:, place] == pytest.approx(own, abs=2e-5), part
    assert n_run >= LENGTH - 6
    if n_run < LENGTH and case != "several branches":
        assert len(np.unique(short)) == 1


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_increments_add_up(direction, x):
    model = built(memory_run.BODIES["filters, both ways"])
    found = recurrent.temporal_increments(model, x, target=1, direction=direction)
    output = recurrent.temporal_output(model, x, target=1, direction=direction)
    steps = output if direction == "forward" else output[:, ::-1]
    moved = found.contributions if direction == "forward" else found.contributions[:, ::-1]
    assert moved[:, 1:] == pytest.approx(np.diff(steps, axis=1), abs=1e-6)
    assert np.abs(found.completeness_error).max() < 1e-5
    nothing = found.logits - found.contributions.sum(axis=1)
    assert nothing == pytest.approx(np.repeat(steps[:1, 0], 4), abs=1e-5)  # too short for a step
    shared = recurrent.temporal_increments(model, x, target=1, direction=direction, width_bp=4)
    slow = np.zeros((4, LENGTH))
    for base in range(LENGTH):  # in the order of reading
        read = range(max(0, base - 3), base + 1)
        slow[:, read] += moved[:, base, None] / len(read)
    slow = slow if direction == "forward" else slow[:, ::-1]
    assert shared.contributions == pytest.approx(slow, abs=1e-6)
    assert np.abs(shared.completeness_error).max() < 1e-5
    refused(
        lambda: recurrent.temporal_increments(model, x, width_bp=0), ValueError, "width_bp", "0"
    )
    refused(
        lambda: recurrent.temporal_output(model, x, direction="up"), ValueError, "direction", "'up'"
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (lambda z: layers.LSTM(3)(layers.Conv1D(3, 4, padding="same")(z)), '"same"'),
        (layers.Flatten(), "weight for every position"),
        (lambda z: layers.GlobalMaxPooling1D()(layers.MultiHeadAttention(1, 2)(z, z)), "Attention"),
        (lambda z: layers.GlobalMaxPooling1D()(layers.Softmax(axis=1)(z)), "axis 1"),
        (lambda z: layers.LSTM(3)(Both(layers.LSTM(3, return_sequences=True))(z)), "every cut"),
        (lambda z: layers.GlobalMaxPooling1D()(layers.ZeroPadding1D(2)(z)), "positions"),
    ],
)
def test_what_a_prefix_does_not_settle_is_refused(body, words, x):
    model = built(body)
    refused(lambda: recurrent.temporal_output(model, x), ValueError, "prefix by prefix", words)


# --- decomposition -------------------------------------------------------------------------------
def weighted_like(name):
    return built(memory_run.LSTMS[name], seed=2)


@pytest.mark.parametrize("variant", ["gamma", "beta"])
@pytest.mark.parametrize("name", memory_run.LSTMS)
def test_contributions_add_up_to_the_logit_and_their_exponentials_multiply(name, variant, x):
    model = weighted_like(name)
    found = recurrent.decompose(model, x, target=1, variant=variant)
    bias = found.logits - found.contributions.sum(axis=1)
    assert np.abs(found.completeness_error).max() < 1e-4
    assert np.ptp(bias) < 1e-4  # the same for all sequences
    if name != "normalised":
        assert bias == pytest.approx(np.repeat(float(model.layers[-1].bias[1]), 4), abs=1e-4)
    product = np.exp(bias) * np.exp(found.contributions).prod(axis=1)
    assert product == pytest.approx(np.exp(found.logits), rel=1e-3)
    assert found.method == f"lstm_decomposition ({variant})"


@pytest.mark.parametrize("both", [False, True])
def test_contributions_are_those_of_the_formulas(both, x):
    layer = Both(layers.LSTM(3)) if both else layers.LSTM(3)
    model = built(layer, seed=5)
    states = recurrent.states(model, x)
    weights = np.asarray(model.layers[-1].kernel, float)[:, 1]
    for variant in ("beta", "gamma"):
        slow = np.zeros((4, LENGTH))
        for row in range(4):
            for unit, way in enumerate(states.directions):
                order = range(LENGTH) if way == "forward" else range(LENGTH)[::-1]
                slow[row] += reference.lstm_contributions(
                    [float(states.memory[row, step, unit]) for step in order],
                    [float(states.gates["forget"][row, step, unit]) for step in order],
                    float(states.gates["output"][row, order[-1], unit]),
                    weights[unit],
                    variant,
                )[:: 1 if way == "forward" else -1]
        found = recurrent.decompose(model, x, target=1, variant=variant)
        assert found.contributions == pytest.approx(slow, abs=1e-5)


def test_a_trained_network_is_taken_apart_exactly():
    from dragonn_lite.assays import simulate
    from dragonn_lite.networks import training

    data = simulate.single_motif_detection(
        "TAL1_known4", length=60, n_positive=200, n_negative=200, rng=0
    )
    model = networks.convolution_recurrent(60, n_filters=8, n_units=8, bidirectional=True, rng=0)
    before = model.get_weights()
    training.fit(model, data.sequences, data.labels, epochs=3, rng=0)
    assert any(np.abs(a - b).max() > 0.01 for a, b in zip(before, model.get_weights()))
    for variant in ("beta", "gamma"):
        found = recurrent.decompose(model, data.sequences[:50], variant=variant)
        assert np.abs(found.completeness_error).max() < 1e-4
        assert np.abs(found.contributions).sum(axis=1).min() > 0.01


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (layers.GRU(3), ("gru", "no cell state")),
        (lambda z: layers.Dense(3, activation="relu")(layers.LSTM(3)(z)), ("dense", "not linear")),
        (lambda z: layers.ReLU()(layers.LSTM(3)(z)), ("re_lu", "not linear")),
        (Both(layers.LSTM(3), merge_mode="mul"), ("'mul'",)),
        (layers.LSTM(3, activation="sigmoid"), ("empty cell state",)),
        (
            lambda z: layers.GlobalMaxPooling1D()(layers.LSTM(3, return_sequences=True)(z)),
            ("more than its last state",),
        ),
        (
            lambda z: layers.Concatenate()([layers.LSTM(3)(z), layers.GlobalMaxPooling1D()(z)]),
            ("more than the last state",),
        ),
    ],
)
def test_what_cannot_be_taken_apart_is_refused(body, words, x):
    refused(lambda: recurrent.decompose(built(body), x), ValueError, *words)
    model = built(layers.LSTM(3))
    refused(lambda: recurrent.decompose(model, x, variant="delta"), ValueError, "variant", "delta")


# --- methods that know nothing of memories -------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["recurrent_reader", "convolution_recurrent", "additive_attention", "retain", "self_attention"],
)
def test_gradients_and_differences_pass_memories_and_attention(name, x):
    size = {"n_units": 4} if "recurrent" in name else {"n_filters": 4}
    model = memory_run.weighted(architectures.BUILDERS[name](LENGTH, rng=0, **size), 0)
    for variable in model.weights:  # attention that is all at one step is followed less exactly
        variable.assign(variable / 2)
    ones, at = x[:1].astype("f"), (0, LENGTH // 2, 1)
    slope = interpretation.explain(model, x[:1], method="saliency").hypothetical[at]
    scores = []
    for step in (0.01, -0.01):
        moved = ones.copy()
        moved[at] += step
        scores.append(float(np.asarray(model(moved))[0, 0]))
    assert slope == pytest.approx((scores[0] - scores[1]) / 0.02, rel=0.05, abs=1e-4)
    found = interpretation.explain(model, x[:2], n_references=2)  # no warning: they add up
    size = np.abs(found.contributions).sum(axis=1)
    assert (np.abs(found.completeness_error) < 1e-4 * size + 1e-6).all() and size.min() > 1e-3


# --- other backends ------------------------------------------------------------------------------
@pytest.mark.slow
def test_jax_gives_the_same_states_outputs_and_contributions():
    pytest.importorskip("jax", reason="JAX is not installed")
    here = memory_run.run()
    assert here.pop("backend") == "tensorflow"
    done = subprocess.run(
        [sys.executable, str(HERE / "memory_run.py")],
        cwd=HERE.parent, env=os.environ | {"KERAS_BACKEND": "jax"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout.splitlines()[-1])
    assert there.pop("backend") == "jax" and there.keys() == here.keys()
    for name, values in here.items():
        np.testing.assert_allclose(there[name], values, atol=1e-5, err_msg=name)
