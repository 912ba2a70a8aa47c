"""DeepLIFT: complete through every layer, and what its paper says of small networks."""

import keras
import numpy as np
import pytest
import reference
from keras import layers

from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation._differences import Differences
from dragonn_lite.interpretation.deeplift import deeplift
from dragonn_lite.networks import prediction

pytestmark = pytest.mark.slow  # every network is compiled; the doctests are quick

LENGTH = 24
RULES = ("genomics", "rescale", "revealcancel")


def residual(z):
    inner = layers.Conv1D(6, 3, padding="same", activation="relu")(z)
    return layers.Add()([z, inner])


def gated(z):
    return layers.Multiply()(
        [layers.Conv1D(6, 3, activation="sigmoid")(z), layers.Conv1D(6, 3, activation="tanh")(z)]
    )


def nested(z):
    inside = keras.Input(z.shape[1:])
    inner = keras.Model(inside, layers.MaxPooling1D(2)(layers.Conv1D(5, 3)(inside)))
    return layers.ReLU()(inner(z))


def attention(z):
    return layers.MultiHeadAttention(2, 4)(z, z)


#: What stands between a first convolution with six filters and the head.
EXACT = {
    "strides": lambda z: layers.Conv1D(5, 4, strides=3, activation="relu")(z),
    "dilation": lambda z: layers.Conv1D(5, 3, dilation_rate=3, activation="relu")(z),
    "same": lambda z: layers.Conv1D(5, 4, padding="same", activation="relu")(z),
    "same, strides": lambda z: layers.Conv1D(5, 4, padding="same", strides=2)(z),
    "causal": lambda z: layers.Conv1D(5, 4, padding="causal", dilation_rate=2)(z),
    "separable": lambda z: layers.SeparableConv1D(5, 4, activation="relu")(z),
    "transposed": lambda z: layers.Conv1DTranspose(5, 4, strides=2, activation="relu")(z),
    "batch normalisation": lambda z: layers.ReLU()(layers.BatchNormalization()(z)),
    "layer normalisation": lambda z: layers.ReLU()(layers.LayerNormalization()(z)),
    "layer normalisation, scaled": lambda z: layers.LayerNormalization(rms_scaling=True)(z),
    "dropout": lambda z: layers.ReLU()(layers.Dropout(0.5)(z)),
    "maximum": lambda z: layers.MaxPooling1D(4)(z),
    "maximum, overlapping": lambda z: layers.MaxPooling1D(5, strides=2)(z),
    "maximum, same": lambda z: layers.MaxPooling1D(5, strides=3, padding="same")(z),
    "maximum, rest": lambda z: layers.MaxPooling1D(5)(z),
    "maximum after": lambda z: layers.MaxPooling1D(3)(layers.ReLU()(z)),
    "mean": lambda z: layers.AveragePooling1D(4, padding="same")(layers.ReLU()(z)),
    "global maximum": lambda z: layers.GlobalMaxPooling1D()(z),
    "global maximum kept": lambda z: layers.GlobalMaxPooling1D(keepdims=True)(z),
    "global mean": lambda z: layers.GlobalAveragePooling1D()(layers.ReLU()(z)),
    "residual": residual,
    "gate": gated,
    "nested": nested,
    "concatenation": lambda z: layers.Concatenate()([layers.ReLU()(z), z]),
    "larger of two": lambda z: layers.Maximum()([layers.Conv1D(6, 1)(z), z]),
    "prelu": lambda z: layers.PReLU(alpha_initializer="uniform")(z),
    "operations": lambda z: keras.ops.tanh(z) * z - 0.5 * z,
} | {
    name: lambda z, name=name: layers.Activation(name)(z)
    for name in ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softplus",
                 "softsign", "hard_sigmoid", "exponential", "mish", "linear")
}  # fmt: skip

#: Layers without a rule of their own.
FOLLOWED = {
    "lstm": lambda z: layers.LSTM(4)(z),
    "lstm, all": lambda z: layers.LSTM(4, return_sequences=True)(z),
    "gru": lambda z: layers.GRU(4)(z),
    "both ways": lambda z: layers.Bidirectional(layers.LSTM(3))(z),
    "lstm, its state": lambda z: layers.LSTM(4, return_state=True)(z)[2],
    "attention": attention,
    "softmax": lambda z: layers.Softmax()(z),
}


def network(middle, seed, n_tasks=2):
    """A convolution, the layers asked for, a dense layer, the head; random weights."""
    inputs = keras.Input((LENGTH, 4))
    z = middle(layers.Conv1D(6, 5)(inputs))
    z = layers.Flatten()(z)
    z = layers.Dense(7, activation="relu")(z)
    model = keras.Model(inputs, layers.Dense(n_tasks)(z))
    scatter(model, seed)
    return model


def scatter(model, seed):
    rng = np.random.default_rng(seed)
    for variable in model.weights:
        if "seed" not in variable.path:
            values = rng.normal(0, 0.3, variable.shape)
            variable.assign(np.abs(values) + 0.5 if "variance" in variable.path else values)


def difference(model, x, references, target):
    """Logits of the sequences, less the mean over those of their references."""
    scores = prediction.predict(model, x).reshape(len(x), -1)[:, target].astype(float)
    flat = references.reshape(-1, *x.shape[1:])
    against = np.asarray(model(flat.astype(np.float32)))[:, target].astype(float)
    return scores - against.reshape(len(x), -1).mean(axis=1)


def noise(shape, seed):
    """References that are nothing like a constant, and nothing like one-hot."""
    return np.random.default_rng(seed).dirichlet(np.ones(4), size=shape).astype(np.float32)


#: Convolutions with an activation, where RevealCancel is another rule.
CANCELLED = ("strides", "dilation", "same", "causal", "residual", "gate", "batch normalisation")


@pytest.mark.filterwarnings("ignore:You passed `rms_scaling:UserWarning")
@pytest.mark.parametrize(
    ("name", "rule"),
    [(name, "genomics") for name in EXACT] + [(name, "revealcancel") for name in CANCELLED],
)
def test_contributions_are_complete_through_every_layer(name, rule):
    model = network(EXACT[name], seed=len(name))
    x = dna.random_sequences(3, LENGTH, rng=1)
    references = noise((3, 2, LENGTH), seed=2)
    explained = deeplift(model, x, target=1, rule=rule, references=references)
    expected = difference(model, x, references, target=1)
    error = np.abs(explained.contributions.sum(axis=1, dtype=float) - expected)
    assert (error <= 1e-4 * np.abs(expected) + 2e-6).all()
    assert explained.completeness_error == pytest.approx(0, abs=1e-5)
    assert np.abs(expected).max() > 1e-3  # there was something to explain


@pytest.mark.parametrize("name", FOLLOWED)
def test_contributions_are_complete_through_layers_without_a_rule(name):
    model = network(FOLLOWED[name], seed=len(name))
    x = dna.random_sequences(3, LENGTH, rng=1)
    references = noise((3, 2, LENGTH), seed=2)
    explained = deeplift(model, x, references=references)
    expected = difference(model, x, references, target=0)
    error = np.abs(explained.contributions.sum(axis=1, dtype=float) - expected)
    assert (error <= 1e-4 * np.abs(expected) + 2e-6).all()


def test_a_layer_that_cannot_be_treated_exactly_is_named():
    class Jump(layers.Layer):
        def call(self, z):
            return keras.ops.cast(z > 0, "float32")

    model = network(lambda z: Jump(name="jump")(z), seed=1)
    x = dna.random_sequences(3, LENGTH, rng=1)
    with pytest.warns(UserWarning, match=r"up to [\d.]+; no exact rule for layers jump; see comp"):
        explained = deeplift(model, x, references="uniform")
    expected = difference(model, x, np.full((3, 1, LENGTH, 4), 0.25), target=0)
    missing = expected - explained.contributions.sum(axis=1, dtype=float)
    assert explained.completeness_error == pytest.approx(missing, abs=1e-5)
    assert np.abs(missing).max() > 0.01


# --- closed forms --------------------------------------------------------------------------------


def toy(build, weights):
    """A network of the first base at each of two positions: inputs i1, i2 = x[0, 0], x[1, 0]."""
    inputs = keras.Input((2, 4))
    pick = layers.Dense(2, use_bias=False, name="pick")
    model = keras.Model(inputs, build(pick(layers.Flatten()(inputs))))
    kernel = np.zeros((8, 2), np.float32)
    kernel[0, 0] = kernel[4, 1] = 1
    pick.set_weights([kernel])
    for name, values in weights.items():
        model.get_layer(name).set_weights([np.array(v, np.float32) for v in values])
    return model


AA = dna.one_hot(["AA"])


def test_a_saturated_sum_is_shared():
    """Figure 1 of the paper: y = 1 - relu(1 - i1 - i2), where each gradient is 0 at (1, 1)."""
    model = toy(
        lambda i: layers.Dense(1, name="out")(layers.Dense(1, activation="relu", name="h")(i)),
        {"h": ([[-1], [-1]], [1]), "out": ([[-1]], [1])},
    )
    for rule in RULES:
        explained = deeplift(model, AA, rule=rule, references="zero")
        assert explained.contributions == pytest.approx(np.array([[0.5, 0.5]]), abs=1e-6)
    assert explained.logits == pytest.approx([1])


@pytest.mark.parametrize("bias", [-0.4, 0.0, 0.7])
def test_a_thresholded_relu_is_rescaled(bias):
    """Figure 2: y = relu(i1 + b); gradient times input jumps there, Rescale is the difference."""
    model = toy(
        lambda i: layers.Dense(1, activation="relu", name="out")(i), {"out": ([[1], [0]], [bias])}
    )
    explained = deeplift(model, AA, rule="rescale", references="zero")
    expected = max(1 + bias, 0) - max(bias, 0)
    assert explained.contributions == pytest.approx(np.array([[expected, 0]]), abs=1e-6)


@pytest.mark.parametrize("values", [(0.9, 0.4), (0.3, 0.8), (0.5, 0.5)])
def test_the_minimum_of_two_inputs(values):
    """Section 3.5.3: o = i1 - relu(i1 - i2). Rescale credits one input, RevealCancel both."""

    def build(i):
        h = layers.Dense(1, activation="relu", name="h")(i)
        return layers.Dense(1, name="out")(layers.Concatenate()([i, h]))

    model = toy(build, {"h": ([[1], [-1]], [0]), "out": ([[1], [0], [-1]], [0])})
    reference_ = np.zeros((2, 4), np.float32)
    reference_[:, 0] = 1 - np.array(values)  # the difference from (1, 1) is what counts
    found = {
        rule: deeplift(model, AA, rule=rule, references=reference_).contributions[0]
        for rule in RULES
    }
    for rule in RULES:
        expected = reference.deeplift_of_minimum((1, 1), 1 - np.array(values), rule)
        assert found[rule] == pytest.approx(expected, abs=1e-6), rule


@pytest.mark.parametrize("seed", range(5))
def test_the_minimum_is_shared_by_reveal_cancel_as_in_the_paper(seed):
    """From reference 0 RevealCancel gives min(i1, i2) / 2 to each, Rescale all to the smaller."""
    rng = np.random.default_rng(seed)
    i1, i2 = rng.uniform(0.1, 1, 2)
    expected = min(i1, i2)
    assert reference.deeplift_of_minimum((i1, i2), (0, 0), "revealcancel") == pytest.approx(
        [expected / 2, expected / 2]
    )
    smaller = [expected, 0] if i1 < i2 else [0, expected]
    assert reference.deeplift_of_minimum((i1, i2), (0, 0), "rescale") == pytest.approx(smaller)


@pytest.mark.parametrize("rule", ["rescale", "revealcancel"])
@pytest.mark.parametrize("seed", range(3))
def test_two_dense_layers_against_loops(rule, seed):
    rng = np.random.default_rng(seed)
    inputs = keras.Input((3, 4))
    z = layers.Dense(5, activation="tanh")(layers.Flatten()(inputs))
    z = layers.Dense(4, activation="relu")(z)
    model = keras.Model(inputs, layers.Dense(1)(z))
    scatter(model, seed)
    weights = [w.tolist() for w in model.get_weights()]
    x = dna.random_sequences(2, 3, rng=rng)
    references = noise((2, 1, 3), seed=seed)
    references[:, 0, 0] = x[:, 0]  # inputs that do not change have multipliers too
    explained = deeplift(model, x, rule=rule, references=references)
    for i in range(2):
        multipliers = reference.deeplift_multipliers(
            x[i].ravel().tolist(), references[i, 0].ravel().tolist(), weights, rule
        )
        change = x[i].ravel() - references[i, 0].ravel()
        expected = (np.array(multipliers) * change).reshape(3, 4).sum(axis=1)
        assert explained.contributions[i] == pytest.approx(expected, abs=1e-5)
        every_base = np.array(multipliers).reshape(3, 4)
        of_reference = (every_base * references[i, 0]).sum(axis=1, keepdims=True)
        assert explained.hypothetical[i] == pytest.approx(every_base - of_reference, abs=1e-5)


def test_reveal_cancel_of_a_convolution_is_that_of_the_same_dense_layer():
    rng = np.random.default_rng(3)
    inputs = keras.Input((6, 4))
    z = layers.Conv1D(5, 6)(inputs)
    z = layers.Activation("tanh")(layers.BatchNormalization()(z))
    by_convolution = keras.Model(inputs, layers.Dense(1)(layers.Flatten()(z)))
    scatter(by_convolution, 1)
    z = layers.Dense(5)(layers.Flatten()(inputs))
    z = layers.Activation("tanh")(layers.BatchNormalization()(z))
    by_dense = keras.Model(inputs, layers.Dense(1)(z))
    kernel, *others = by_convolution.get_weights()
    by_dense.set_weights([kernel.reshape(24, 5), *others])
    x = dna.random_sequences(3, 6, rng=rng)
    found = [
        deeplift(model, x, rule=rule, references=noise((3, 2, 6), 1)).hypothetical
        for model, rule in [
            (by_convolution, "revealcancel"), (by_dense, "revealcancel"),
            (by_dense, "genomics"), (by_convolution, "genomics"), (by_dense, "rescale"),
        ]
    ]  # fmt: skip
    assert found[0] == pytest.approx(found[1], abs=1e-5)
    assert np.array_equal(found[1], found[2])
    assert found[3] == pytest.approx(found[4], abs=1e-5)
    assert np.abs(found[0] - found[3]).max() > 1e-3


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("pooling", ["windows", "all", "hanging over"])
def test_reveal_cancel_reaches_a_convolution_through_max_pooling(pooling, activation):
    pool = {
        "windows": layers.MaxPooling1D(4),
        "all": layers.GlobalMaxPooling1D(keepdims=True),
        "hanging over": layers.MaxPooling1D(3, 2, padding="same"),
    }[pooling]
    convolution, activate = layers.Conv1D(6, 5), layers.Activation(activation)
    head = layers.Dense(2)
    inputs = keras.Input((LENGTH, 4))
    z = convolution(inputs)
    before = keras.Model(inputs, head(layers.Flatten()(pool(activate(z)))))
    after = keras.Model(inputs, head(layers.Flatten()(activate(pool(z)))))
    scatter(before, 3)
    x = dna.random_sequences(3, LENGTH, rng=2)
    assert prediction.predict(after, x) == pytest.approx(prediction.predict(before, x), abs=1e-6)
    given = noise((3, 2, LENGTH), seed=1)
    found = [
        deeplift(model, x, references=given, rule=rule).contributions
        for model, rule in (
            (before, "revealcancel"), (after, "revealcancel"), (after, "rescale"),
        )
    ]  # fmt: skip
    assert found[1] == pytest.approx(found[0], abs=1e-5)
    assert np.abs(found[2] - found[0]).max() > 1e-3


# --- references ----------------------------------------------------------------------------------


def test_a_linear_network_gives_its_weights():
    inputs = keras.Input((LENGTH, 4))
    model = keras.Model(inputs, layers.Dense(1)(layers.Flatten()(inputs)))
    scatter(model, 1)
    weights = model.get_weights()[0].reshape(LENGTH, 4)
    x = dna.random_sequences(4, LENGTH, rng=0)
    x[1, 5:8] = 0
    zero = deeplift(model, x, references="zero")
    assert zero.hypothetical == pytest.approx(np.broadcast_to(weights, x.shape), abs=1e-6)
    uniform = deeplift(model, x, references="uniform")
    centred = weights - weights.mean(axis=1, keepdims=True)
    assert uniform.hypothetical == pytest.approx(np.broadcast_to(centred, x.shape), abs=1e-6)
    assert uniform.contributions[1, 5] == pytest.approx(-weights[5].mean(), abs=1e-6)


def test_several_references_are_averaged():
    model = network(EXACT["maximum"], seed=5)
    x = dna.random_sequences(2, LENGTH, rng=1)
    references = noise((2, 3, LENGTH), seed=1)
    together = deeplift(model, x, references=references)
    apart = [deeplift(model, x, references=references[:, i : i + 1]) for i in range(3)]
    for name in ("contributions", "hypothetical"):
        mean = np.mean([getattr(one, name) for one in apart], axis=0)
        assert getattr(together, name) == pytest.approx(mean, abs=1e-5)
    same_for_all = deeplift(model, x, references=references[0])
    alone = deeplift(model, x[1:], references=references[:1])
    assert same_for_all.contributions[1:] == pytest.approx(alone.contributions, abs=1e-5)


def test_shuffles_repeat_by_seed_and_do_not_depend_on_other_sequences_being_batched(monkeypatch):
    model = network(EXACT["maximum"], seed=5)
    x = dna.random_sequences(5, LENGTH, rng=1)
    first = deeplift(model, x, n_references=3, rng=7)
    again = deeplift(model, x, n_references=3, rng=np.random.default_rng(7))
    other = deeplift(model, x, n_references=3, rng=8)
    assert np.array_equal(first.contributions, again.contributions)
    assert not np.array_equal(first.contributions, other.contributions)
    given = noise((5, 2, LENGTH), seed=1)
    whole = deeplift(model, x, references=given)
    monkeypatch.setattr("dragonn_lite.interpretation.explanations._NUMBERS_AT_ONCE", 1)
    assert deeplift(model, x, references=given).contributions == pytest.approx(
        whole.contributions, abs=1e-6
    )


def test_the_network_is_left_as_it_was():
    model = network(lambda z: layers.Conv1D(4, 3, activation="tanh")(z), seed=1)
    x = dna.random_sequences(2, LENGTH, rng=1)

    def state():
        nodes = [len(layer._inbound_nodes) for layer in model.layers]
        return prediction.predict(model, x).tolist(), model.to_json(), nodes

    before = state()
    deeplift(model, x, references="zero")
    assert state() == before


def test_weights_that_change_are_seen():
    model = network(EXACT["relu"], seed=1)
    x = dna.random_sequences(2, LENGTH, rng=1)
    first = deeplift(model, x, references="zero")
    scatter(model, 2)
    second = deeplift(model, x, references="zero")
    assert second.completeness_error == pytest.approx(0, abs=1e-5)
    assert not np.allclose(first.contributions, second.contributions)


def test_a_network_rebuilt_wrongly_is_seen(monkeypatch):
    monkeypatch.setattr(Differences, "activation", lambda self, name, function, z: 2 * z)
    x = dna.random_sequences(2, LENGTH, rng=1)
    with pytest.warns(UserWarning, match="contributions miss the logit difference by up to"):
        found = deeplift(network(EXACT["relu"], seed=1), x, references="zero", rule="rescale")
    assert np.abs(found.completeness_error).min() > 0.01


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "linear"}, "rule is 'linear', expected one of 'rescale', 'rev"),
        ({"references": "random"}, "references is 'random', expected 'shuffled', 'unif"),
        ({"references": np.zeros((3, 4))}, r"references has shape \(3, 4\), expected \(24, 4\)"),
        ({"references": np.zeros((2, 1, 1, 24, 4))}, "references has shape"),
        ({"references": np.zeros((0, 24, 4))}, "references has shape"),
        ({"references": np.full((24, 4), np.nan)}, "hold a value that is not finite"),
        ({"n_references": 0}, "n_references is 0, expected a whole number of at least 1"),
        ({"target": 2}, "target is 2, but the model has 2 outputs"),
    ],
)
def test_bad_input_is_one_sentence(options, message):
    model = network(EXACT["relu"], seed=1)
    with pytest.raises(ValueError, match=message) as error:
        deeplift(model, dna.random_sequences(2, LENGTH, rng=0), **options)
    assert "\n" not in str(error.value)
    with pytest.raises(TypeError, match="references is a dict"):
        deeplift(model, dna.random_sequences(2, LENGTH, rng=0), references={})
