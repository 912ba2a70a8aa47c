"""Gradients: held against finite differences, loops, and networks whose answer is known."""

import keras
import numpy as np
import pytest
import reference
from keras import layers
from test_deeplift import noise, scatter

from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation import gradients
from dragonn_lite.networks import architectures, prediction

pytestmark = pytest.mark.slow  # every network is compiled; the doctests are quick

LENGTH = 30
METHODS = (
    "saliency", "gradient_times_input", "smoothgrad", "integrated_gradients", "expected_gradients",
    "deconvnet", "guided_backpropagation", "grad_cam", "guided_grad_cam", "layerwise_relevance",
)  # fmt: skip


def network(activation="relu", seed=1, use_bias=True):
    inputs = keras.Input((LENGTH, 4))
    z = layers.Conv1D(6, 5, use_bias=use_bias)(inputs)
    z = layers.Activation(activation)(z)
    z = layers.AveragePooling1D(2)(z)
    z = layers.Conv1D(5, 3, activation=activation, use_bias=use_bias)(z)
    z = layers.MaxPooling1D(3)(z)
    model = keras.Model(inputs, layers.Dense(2, use_bias=use_bias)(layers.Flatten()(z)))
    scatter(model, seed)
    return model


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("target", [0, 1])
def test_gradients_against_finite_differences(activation, target):
    model, x = network(activation), dna.random_sequences(1, LENGTH, rng=3)
    explained = gradients.gradient_times_input(model, x, target=target)
    score, step = _loops(model, activation, target), 1e-6
    assert explained.logits[0] == pytest.approx(score(x[0].astype(float)), abs=1e-5)
    expected = np.empty((LENGTH, 4))
    for place in np.ndindex(LENGTH, 4):
        moved = [x[0].astype(float) for _ in range(2)]
        moved[0][place] -= step
        moved[1][place] += step
        expected[place] = (score(moved[1]) - score(moved[0])) / (2 * step)
    assert explained.hypothetical[0] == pytest.approx(expected, abs=2e-5)
    present = (expected * x[0]).sum(axis=1)
    assert explained.contributions[0] == pytest.approx(present, abs=2e-5)
    strongest = gradients.saliency(model, x, target=target).contributions[0]
    assert strongest == pytest.approx(np.abs(expected).max(axis=1), abs=2e-5)


def _loops(model, activation, target):
    weights = [w.astype(float) for w in model.get_weights()]
    function = {"tanh": np.tanh, "relu": lambda z: max(z, 0.0)}[activation]
    return lambda x: reference.small_network(x, weights, function)[target]


def test_noise_averages_out_in_a_linear_network_and_blurs_others():
    inputs = keras.Input((LENGTH, 4))
    linear = keras.Model(inputs, layers.Dense(1)(layers.Flatten()(inputs)))
    x = dna.random_sequences(3, LENGTH, rng=0)
    plain = gradients.gradient_times_input(linear, x)
    noisy = gradients.smoothgrad(linear, x, n_samples=3, noise=2.0)
    assert noisy.contributions == pytest.approx(plain.contributions, abs=1e-5)
    model = network()
    sharp = gradients.gradient_times_input(model, x)
    still = gradients.smoothgrad(model, x, n_samples=2, noise=0)
    assert still.contributions == pytest.approx(sharp.contributions, abs=1e-5)
    blurred = [gradients.smoothgrad(model, x, rng=rng).contributions for rng in (1, 1, 2)]
    assert np.array_equal(blurred[0], blurred[1])
    assert not np.array_equal(blurred[0], blurred[2])
    assert np.abs(blurred[0] - sharp.contributions).max() > 0.01


# --- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("references", ["zero", "uniform", "shuffled", "given"])
def test_integrated_gradients_against_a_loop_over_steps(references):
    model, x = network("tanh"), dna.random_sequences(2, LENGTH, rng=4)
    x[1, 3:6] = 0
    given = {
        "zero": np.zeros((2, 1, LENGTH, 4)),
        "uniform": np.full((2, 1, LENGTH, 4), 0.25),
        "shuffled": dna.dinucleotide_shuffle(np.repeat(x, 3, axis=0), rng=9).reshape(2, 3, -1, 4),
        "given": noise((2, 3, LENGTH), seed=1),
    }[references]
    explained = gradients.integrated_gradients(
        model, x, references=given if references == "given" else references,
        n_references=3, n_steps=7, tolerance=np.inf, rng=9,
    )  # fmt: skip
    one = x.astype(float)[:, None]
    multipliers = np.zeros(given.shape)
    for k in range(7):
        between = given + (k + 0.5) / 7 * (one - given)
        for i, r in np.ndindex(*given.shape[:2]):
            multipliers[i, r] += _slope(model, between[i, r]) / 7
    expected = (multipliers * (one - given)).sum(axis=3).mean(axis=1)
    assert explained.contributions == pytest.approx(expected, abs=1e-5)
    of_reference = (multipliers * given).sum(axis=3, keepdims=True)
    assert explained.hypothetical == pytest.approx((multipliers - of_reference).mean(1), abs=1e-5)
    scores = prediction.predict(model, x)[:, 0]
    flat = given.reshape(-1, LENGTH, 4).astype(np.float32)
    against = np.asarray(model(flat))[:, 0].reshape(2, -1).mean(axis=1)
    missing = scores - against - expected.sum(axis=1)
    assert explained.completeness_error == pytest.approx(missing, abs=2e-5)


def _slope(model, x):
    import tensorflow as tf

    x = tf.constant(x[None].astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = model(x)[0, 0]
    return tape.gradient(score, x).numpy()[0]


def test_steps_are_added_until_the_tolerance_is_met():
    model, x = network("relu"), dna.random_sequences(20, LENGTH, rng=4)
    errors = []
    for tolerance in (np.inf, 0.01, 0.001):
        explained = gradients.integrated_gradients(
            model, x, references="zero", n_steps=8, tolerance=tolerance
        )
        start = np.asarray(model(np.zeros((1, LENGTH, 4), np.float32)))[0, 0]
        errors.append(np.abs(explained.completeness_error) / np.abs(explained.logits - start))
        sums = explained.contributions.sum(axis=1) + explained.completeness_error
        assert sums == pytest.approx(explained.logits - start, abs=1e-5)
    assert errors[0].max() > 0.01  # eight steps are not enough
    assert (errors[1] <= 0.01).mean() >= 0.9 and errors[2].mean() < errors[1].mean()
    fine = gradients.integrated_gradients(
        model, x, references="zero", n_steps=1000, tolerance=np.inf
    )
    assert np.abs(fine.completeness_error).max() < 1e-3


def test_steps_do_not_depend_on_batches_nor_on_where_the_network_is_cut(monkeypatch):
    model, x = network("tanh"), dna.random_sequences(5, LENGTH, rng=4)
    whole = gradients.integrated_gradients(model, x, references=noise((5, 2, LENGTH), 1))
    monkeypatch.setattr("dragonn_lite.interpretation.explanations._NUMBERS_AT_ONCE", 1)
    one = gradients.integrated_gradients(model, x, references=noise((5, 2, LENGTH), 1))
    assert one.contributions == pytest.approx(whole.contributions, abs=1e-6)
    # A second reader of the sequence: nothing can be shared, the numbers are the same.
    inputs = keras.Input((LENGTH, 4))
    also = layers.Dense(2, kernel_initializer="zeros")(layers.Flatten()(inputs))
    uncut = keras.Model(inputs, layers.Add()([model(inputs), also]))
    same = gradients.integrated_gradients(uncut, x, references=noise((5, 2, LENGTH), 1))
    assert same.contributions == pytest.approx(whole.contributions, abs=1e-5)


def test_expected_gradients_come_to_integrated_gradients():
    model, x = network("relu"), dna.random_sequences(3, LENGTH, rng=4)
    given = noise((LENGTH,), seed=1)
    exact = gradients.integrated_gradients(
        model, x, references=given, n_steps=500, tolerance=np.inf
    )
    missed = []
    for n in (20, 2000):
        many = np.broadcast_to(given, (n, LENGTH, 4))
        sampled = gradients.expected_gradients(model, x, references=many, rng=5)
        missed.append(np.abs(sampled.contributions - exact.contributions).max())
    assert missed[1] < missed[0] / 4 and missed[1] < 0.02
    shuffled = gradients.expected_gradients(model, x, n_references=7, rng=5)
    again = gradients.expected_gradients(model, x, n_references=7, rng=5)
    assert np.array_equal(shuffled.contributions, again.contributions)


# --- other rules at the ReLU ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["deconvnet", "guided_backpropagation"])
@pytest.mark.parametrize("seed", range(3))
def test_signals_through_relus_against_loops(name, seed):
    inputs = keras.Input((3, 4))
    z = layers.Dense(6, activation="relu")(layers.Flatten()(inputs))
    z = layers.ReLU()(layers.Dense(5)(z))
    model = keras.Model(inputs, layers.Dense(1)(z))
    scatter(model, seed)
    x = dna.random_sequences(4, 3, rng=seed)
    found = getattr(gradients, name)(model, x)
    weights = [w.tolist() for w in model.get_weights()]
    for i in range(4):
        signal = reference.signal_through_relus(x[i].ravel().tolist(), weights, name)
        assert found.hypothetical[i].ravel() == pytest.approx(signal, abs=1e-6)
    present = (found.hypothetical * x).sum(axis=2)
    assert found.contributions == pytest.approx(present, abs=1e-6)


def test_relevance_is_gradient_times_input_with_relu_and_only_there():
    x = dna.random_sequences(3, LENGTH, rng=0)
    for activation, equal in (("relu", True), ("tanh", False), ("softplus", False)):
        model = network(activation)
        relevance = gradients.layerwise_relevance(model, x, epsilon=1e-7).contributions
        plain = gradients.gradient_times_input(model, x).contributions
        assert np.allclose(relevance, plain, atol=1e-4) == equal, activation


@pytest.mark.parametrize("epsilon", [1e-6, 0.1])
def test_relevance_against_loops(epsilon):
    inputs = keras.Input((3, 4))
    z = layers.Dense(6, activation="tanh")(layers.Flatten()(inputs))
    model = keras.Model(inputs, layers.Dense(1)(layers.Dense(5, activation="relu")(z)))
    scatter(model, 1)
    x = dna.random_sequences(4, 3, rng=1)
    found = gradients.layerwise_relevance(model, x, epsilon=epsilon)
    weights = [w.tolist() for w in model.get_weights()]
    for i in range(4):
        expected = reference.relevance(x[i].ravel().tolist(), weights, epsilon)
        assert found.contributions[i] == pytest.approx(
            np.reshape(expected, (3, 4)).sum(axis=1), abs=1e-5
        )


def test_relevance_hands_down_the_whole_logit_without_biases():
    model, x = network("tanh", use_bias=False), dna.random_sequences(3, LENGTH, rng=0)
    explained = gradients.layerwise_relevance(model, x, epsilon=1e-7)
    assert explained.contributions.sum(axis=1) == pytest.approx(explained.logits, abs=1e-4)


def test_a_network_without_relu_is_refused_where_relu_matters():
    model, x = network("tanh"), dna.random_sequences(1, LENGTH, rng=0)
    for name in ("deconvnet", "guided_backpropagation", "guided_grad_cam"):
        with pytest.raises(ValueError, match="has no ReLU, where"):
            getattr(gradients, name)(model, x)


# --- activation maps -----------------------------------------------------------------------------


@pytest.mark.parametrize("target", [0, 1])
def test_the_activation_map_against_loops(target):
    model, x = network("relu"), dna.random_sequences(2, LENGTH, rng=2)
    responses = keras.Model(model.input, model.layers[4].output)(x.astype(np.float32))
    responses = np.asarray(responses)  # (n, 11, 5), and then the best of each three
    head = model.layers[-1].get_weights()[0].reshape(3, 5, 2)[:, :, target]
    found = gradients.grad_cam(model, x, target=target)
    for i in range(2):
        slopes = np.zeros((11, 5))
        for window, channel in np.ndindex(3, 5):
            best = responses[i, 3 * window : 3 * window + 3, channel]
            slopes[3 * window + best.argmax(), channel] += head[window, channel]
        weighted = (slopes.mean(axis=0) * responses[i]).sum(axis=1).clip(0)
        # Position j sees the bases 2j to 2j + 9: the middle of these is 2j + 4.5.
        places = 2 * np.arange(11) + 4.5
        expected = np.interp(np.arange(LENGTH), places, weighted)
        assert found.contributions[i] == pytest.approx(expected, abs=1e-5)
    guided = gradients.guided_backpropagation(model, x, target=target)
    both = gradients.guided_grad_cam(model, x, target=target)
    assert both.contributions == pytest.approx(found.contributions * guided.contributions, abs=1e-6)


@pytest.mark.parametrize("options", [{"padding": "same"}, {"padding": "causal"}, {"strides": 3},
                                     {"dilation_rate": 2}, {"padding": "same", "strides": 2}])  # fmt: skip
def test_the_map_stands_where_the_filter_looks(options):
    inputs = keras.Input((41, 4))
    z = layers.Conv1D(1, 5, activation="relu", **options)(inputs)
    model = keras.Model(inputs, layers.Dense(1)(layers.GlobalMaxPooling1D()(z)))
    kernel = np.full((5, 4, 1), -1, np.float32)
    kernel[:, 2] = 1  # a run of five G
    model.layers[1].set_weights([kernel, np.zeros(1, np.float32)])
    model.layers[-1].set_weights([np.ones((1, 1), np.float32), np.zeros(1, np.float32)])
    step = options.get("dilation_rate", 1)
    letters = ["A"] * 41
    for i in range(18, 18 + 5 * step, step):
        letters[i] = "G"
    found = gradients.grad_cam(model, dna.one_hot("".join(letters))).contributions[0]
    middle = 18 + 2 * step
    if options.get("padding") == "same" and options.get("strides"):
        assert abs(found.argmax() - middle) <= 1  # no window need stand exactly there
    else:
        assert found.argmax() == middle


def looking(z):
    return layers.Conv1D(1, 5, activation="relu", name="look")(z)


def beside_another(z):
    other = layers.MaxPooling1D(3)(layers.Conv1D(2, 7, strides=2, name="other")(z))
    found = [layers.GlobalMaxPooling1D(keepdims=True)(x) for x in (other, looking(z))]
    return layers.Concatenate()(found)


#: What comes before or beside a filter that looks for a run of five G, and the layer of the map.
WAYS = {
    "padded": (lambda z: looking(layers.ZeroPadding1D((6, 1))(z)), "look"),
    "cropped": (lambda z: looking(layers.Cropping1D((6, 2))(z)), "look"),
    "nested": (
        lambda z: looking(keras.Sequential([keras.Input((41, 4)), layers.ZeroPadding1D(6)])(z)),
        "look",
    ),
    "repeated": (lambda z: layers.UpSampling1D(4, name="map")(looking(z)), "map"),
    "transposed": (
        lambda z: layers.Conv1DTranspose(1, 3, strides=2, name="map")(looking(z)), "map",
    ),
    "transposed, same": (
        lambda z: layers.Conv1DTranspose(1, 5, padding="same", name="map")(looking(z)), "map",
    ),
    "beside another": (beside_another, "look"),
}  # fmt: skip


@pytest.mark.parametrize("name", WAYS)
def test_the_map_is_followed_back_to_the_bases(name):
    build, chosen = WAYS[name]
    inputs = keras.Input((41, 4))
    model = keras.Model(inputs, layers.Dense(1)(layers.GlobalMaxPooling1D()(build(inputs))))
    for layer in model.layers:
        if layer.weights and layer.name != "other":
            layer.set_weights([np.zeros(w.shape, np.float32) for w in layer.weights])
    kernel = np.full((5, 4, 1), -1, np.float32)
    kernel[:, 2] = 1
    model.get_layer("look").set_weights([kernel, np.zeros(1, np.float32)])
    if name.startswith("transposed"):  # the middle tap alone
        weights = model.get_layer("map").get_weights()
        weights[0][len(weights[0]) // 2] = 1
        model.get_layer("map").set_weights(weights)
    head = model.layers[-1].get_weights()
    head[0][-1] = 1
    model.layers[-1].set_weights(head)
    x = dna.one_hot("A" * 18 + "GGGGG" + "A" * 18)
    found = gradients.grad_cam(model, x, layer=chosen).contributions[0]
    assert found.argmax() == 20


def test_the_map_of_a_layer_that_can_be_passed_by():
    inputs = keras.Input((LENGTH, 4))
    z = layers.Conv1D(6, 3, padding="same", name="before")(inputs)
    inner = layers.Conv1D(6, 3, padding="same", activation="relu", name="inner")(z)
    z = layers.Add(name="sum")([z, inner])
    model = keras.Model(inputs, layers.Dense(1)(layers.GlobalAveragePooling1D()(z)))
    x = dna.random_sequences(2, LENGTH, rng=0)
    weights = model.get_weights()[-2][:, 0] / LENGTH
    for name, chosen in ((None, "inner"), ("inner", "inner"), ("sum", "sum")):
        layer = model.get_layer(chosen)
        responses = np.asarray(keras.Model(inputs, layer.output)(x.astype(np.float32)))
        expected = (responses * weights).sum(axis=2).clip(0)
        found = gradients.grad_cam(model, x, layer=name).contributions
        assert found == pytest.approx(expected, abs=1e-6)
    for name in ("head", model.layers[0].name):  # the input has no responses
        with pytest.raises(ValueError, match="expected one that gives .*: before, inner, sum$"):
            gradients.grad_cam(model, x, layer=name)
    inputs = keras.Input((LENGTH, 4))
    dense = keras.Model(inputs, layers.Dense(1)(layers.Flatten()(inputs)))
    with pytest.raises(ValueError, match="has no Conv1D layer; name another one"):
        gradients.grad_cam(dense, x)


# --- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", METHODS)
def test_every_method_answers_bad_input_with_one_sentence(name):
    method = getattr(gradients, name)
    model, x = network(), dna.random_sequences(2, LENGTH, rng=0)
    for arguments, message in [
        ((model, x[0]), r"one sequence without its axis; pass sequences\[None\]"),
        ((model, x[:, :20]), "20 bp long, but the model reads 30"),
        ((model, x * 0.5), "is not one-hot"),
        ((model, x[:0]), "sequences is empty"),
        ((model, x.transpose(0, 2, 1)), "channels come last"),
    ]:
        with pytest.raises(ValueError, match=message):
            method(*arguments)
    for target, message in ((2, "the model has 2 outputs"), (-1, "target is -1"), (None, "None")):
        with pytest.raises(ValueError, match=message):
            method(model, x, target=target)
    with pytest.raises(TypeError, match="whose layers are not known"):
        method(lambda x: x[:, 0, 0], x)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_returns_what_is_promised(name):
    model, x = network(), dna.random_sequences(3, LENGTH, rng=0)
    x[0, 4] = 0
    explained = getattr(gradients, name)(model, x, target=1)
    assert explained.method == name and explained.target == 1
    assert np.array_equal(explained.sequences, x) and explained.sequences.dtype == np.uint8
    assert explained.contributions.shape == (3, LENGTH)
    assert explained.contributions.dtype == explained.logits.dtype == np.float32
    assert explained.logits == pytest.approx(prediction.predict(model, x)[:, 1], abs=1e-6)
    promises = name in ("integrated_gradients", "expected_gradients")
    assert (explained.completeness_error is not None) == promises
    assert np.isfinite(explained.contributions).all() and explained.contributions.any()
    if not promises:  # against a uniform reference, there is something to lose
        assert explained.contributions[0, 4] == 0


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("smoothgrad", {"noise": -1}, "noise is -1"),
        ("smoothgrad", {"n_samples": 0}, "n_samples is 0"),
        ("integrated_gradients", {"n_steps": 0}, "n_steps is 0"),
        ("integrated_gradients", {"tolerance": -1}, "tolerance is -1"),
        ("layerwise_relevance", {"epsilon": 0}, "epsilon is 0"),
    ],
)
def test_wrong_settings_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        getattr(gradients, name)(network(), dna.random_sequences(1, LENGTH, rng=0), **options)


def test_layers_that_go_on_as_in_training_are_explained_as_they_predict():
    inputs = keras.Input((LENGTH, 4))
    normalise, drop = layers.BatchNormalization(), layers.Dropout(0.5)
    ends = [layers.GlobalAveragePooling1D(), layers.Dense(2)]
    convolution, x = layers.Conv1D(4, 5), dna.random_sequences(2, LENGTH, rng=0)
    models = []
    for training in (True, False):
        z = convolution(inputs)
        for layer in (normalise, drop):
            z = layer(z, training=training)
        z = keras.ops.tanh(z)
        for layer in ends:
            z = layer(z)
        models.append(keras.Model(inputs, z))
    scatter(models[0], 1)
    for name in ("saliency", "integrated_gradients"):
        found = [getattr(gradients, name)(model, x).contributions for model in models]
        assert found[0] == pytest.approx(found[1], abs=1e-6)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "guided_grad_cam"])
def test_one_output_needs_no_axis_of_its_own(name):
    model, x = network(), dna.random_sequences(2, LENGTH, rng=0)
    flat = keras.Model(model.input, model.output[:, 1])  # gives (n,)
    found = getattr(gradients, name)(flat, x)
    expected = getattr(gradients, name)(model, x, target=1)
    assert found.contributions == pytest.approx(expected.contributions, abs=1e-6)
    assert found.logits == pytest.approx(expected.logits, abs=1e-6)


class Mixing(layers.Layer):
    """Does not tell its settings, as its matrix cannot be written down."""

    def __init__(self, matrix):
        super().__init__()
        self.matrix = np.asarray(matrix, np.float32)

    def call(self, z):
        return keras.ops.matmul(z, self.matrix)


def test_layers_that_do_not_tell_their_settings_are_explained():
    inputs = keras.Input((LENGTH, 4))
    model = keras.Model(
        inputs, layers.Dense(1)(layers.GlobalAveragePooling1D()(Mixing(np.eye(4))(inputs)))
    )
    x = dna.random_sequences(2, LENGTH, rng=0)
    weights = model.get_weights()[0][:, 0]
    for name in ("gradient_times_input", "grad_cam"):
        options = {"layer": model.layers[1].name} if name == "grad_cam" else {}
        found = getattr(gradients, name)(model, x, **options).contributions
        expected = x @ weights / LENGTH
        expected = expected.clip(0) if name == "grad_cam" else expected
        assert found == pytest.approx(expected, abs=1e-6)


@keras.saving.register_keras_serializable()
class Reversed(keras.Model):
    """A functional network that does something else when called."""

    def call(self, x):
        return super().call(x[:, ::-1])


class Counting(keras.Model):
    """Counts G; Keras knows no graph of it."""

    def call(self, x):
        return keras.ops.sum(x[:, :, 2:3], axis=1)


def test_networks_with_code_of_their_own():
    inputs, x = keras.Input((LENGTH, 4)), dna.random_sequences(2, LENGTH, rng=0)
    odd = Reversed(inputs, layers.Dense(1)(layers.Flatten()(inputs)))
    with pytest.raises(TypeError, match="model is a Reversed, whose layers are not known"):
        gradients.saliency(odd, x)
    for inner, expected in ((Counting(), x[:, :, 2]), (odd, None)):
        outer = keras.Model(inputs, inner(inputs))
        found = gradients.gradient_times_input(outer, x).contributions
        if expected is None:  # linear, so that contributions add up
            expected = x[:, ::-1].reshape(2, -1) * odd.get_weights()[0][:, 0]
            expected = expected.reshape(2, LENGTH, 4).sum(axis=2)[:, ::-1]
        assert found == pytest.approx(expected, abs=1e-6)


def test_networks_of_other_numbers():
    x = dna.random_sequences(2, LENGTH, rng=0)
    inputs = keras.Input((LENGTH, 4), dtype="uint8")
    whole = keras.Model(inputs, layers.Dense(1)(layers.Flatten()(inputs)))
    with pytest.raises(TypeError, match="reads uint8, through which no gradient comes back"):
        gradients.saliency(whole, x)
    inputs = keras.Input((LENGTH, 4))
    z = layers.Conv1D(4, 5, activation="tanh", dtype="mixed_float16")(inputs)
    half = keras.Model(inputs, layers.Dense(1)(layers.Flatten()(z)))
    found = gradients.integrated_gradients(half, x)
    assert np.abs(found.completeness_error).max() < 0.02 * np.abs(found.contributions).sum()


def test_the_map_of_a_network_for_any_length():
    x = dna.random_sequences(2, LENGTH, rng=0)
    maps = []
    for length in (LENGTH, None):
        inputs = keras.Input((length, 4))
        z = layers.Conv1D(4, 5, padding="same", strides=2, activation="relu")(inputs)
        model = keras.Model(inputs, layers.Dense(1)(layers.GlobalMaxPooling1D()(z)))
        scatter(model, 1)
        maps.append(gradients.grad_cam(model, x).contributions)
    assert np.array_equal(*maps) and maps[0].any()


def test_a_network_of_one_linear_layer_is_explained():
    inputs = keras.Input((LENGTH, 4))
    model = keras.Model(inputs, layers.GlobalAveragePooling1D()(inputs))
    x = dna.random_sequences(2, LENGTH, rng=0)
    found = gradients.integrated_gradients(model, x, target=2)
    assert found.contributions == pytest.approx((x[:, :, 2] - 0.25) / LENGTH, abs=1e-7)


def test_a_sequential_model_is_explained_too():
    x = dna.random_sequences(2, LENGTH, rng=0)
    model = network()
    stacked = keras.Sequential([keras.Input((LENGTH, 4)), *model.layers[1:]])
    for name in ("gradient_times_input", "guided_backpropagation"):
        found = [getattr(gradients, name)(m, x).contributions for m in (model, stacked)]
        assert np.array_equal(*found)


def test_architectures_of_the_package_are_explained():
    x = dna.random_sequences(2, 60, rng=0)
    for name in ("filter_pairs", "reference_network"):
        model = architectures.BUILDERS[name](60, rng=1)
        assert gradients.guided_grad_cam(model, x).contributions.shape == (2, 60)
