"""Every method by its name: what the table says of it is so, and each answers bad input."""

import functools
import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import explanation_run
import keras
import numpy as np
import pytest
from keras import layers

from dragonn_lite import interpretation
from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation import _backend, catalogue

pytestmark = pytest.mark.slow  # every network is compiled; the doctests are quick

HERE = Path(__file__).parent
LENGTH = 30
TABLE = interpretation.methods(LENGTH).set_index("method")
#: Fewer draws than by default, where draws are many.
QUICK = {
    "lime": {"n_samples": 20},
    "optimal_mask": {"n_steps": 3},
    "shapley": {"n_permutations": 2, "n_references": 2},
    "smoothgrad": {"n_samples": 3},
    "integrated_gradients": {"n_steps": 5},
    "expected_gradients": {"n_references": 5},
}


#: Families of methods that need a layer of one kind.
OF_ONE_LAYER = ("memory", "attention")


def explain(name, model, x, **options):
    return interpretation.explain(model, x, method=name, **QUICK.get(name, {}) | options)


def ends(x, n_tasks=2):
    return layers.Dense(n_tasks)(layers.Flatten()(x))


def network(length=LENGTH, name="saliency"):
    """A network that the method of this name can explain."""
    inputs = keras.Input((length, 4))
    if TABLE.family[name] == "memory":
        return weighted(keras.Model(inputs, layers.Dense(2)(layers.LSTM(5)(inputs))))
    z = layers.Conv1D(6, 5, padding="same", activation="relu")(inputs)
    if TABLE.family[name] == "attention":
        weights = layers.Softmax(axis=1)(layers.Dense(1)(z))
        z = layers.Flatten()(layers.Dot(axes=1)([weights, z]))
        return weighted(keras.Model(inputs, layers.Dense(2)(z)))
    z = layers.Conv1D(5, 3, padding="same", activation="relu")(z)
    z = layers.GlobalMaxPooling1D()(z) if length is None else layers.Flatten()(z)
    return weighted(keras.Model(inputs, layers.Dense(2)(z)))


def weighted(model):
    rng = np.random.default_rng(1)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(0, 0.5, variable.shape))
    return model


class Own(keras.Model):
    """A model of one's own: Keras knows no layers in order."""

    def __init__(self):
        super().__init__()
        self.last = layers.Dense(2)

    def call(self, x):
        return self.last(keras.ops.reshape(x, (-1, LENGTH * 4)))


@pytest.fixture(scope="module")
def known():
    return {}


@pytest.fixture
def model(request, known):
    """The same network for all methods of a family."""
    name = request.node.callspec.params.get("name") if hasattr(request.node, "callspec") else None
    family = TABLE.family[name or "saliency"]
    family = family if family in OF_ONE_LAYER else "others"
    if family not in known:
        known[family] = network(name=name or "saliency")
    return known[family]


@pytest.fixture
def x():
    return dna.random_sequences(3, LENGTH, rng=0)


@pytest.fixture(scope="module")
def models():
    """Models that no method, or only those without gradients, can explain."""
    inputs, others = keras.Input((LENGTH, 4)), keras.Input((LENGTH, 4))
    broken = network()
    broken.layers[-1].bias.assign([np.nan, np.nan])
    return {
        "none": None,
        "two inputs": keras.Model([inputs, others], ends(layers.Add()([inputs, others]))),
        "two outputs": keras.Model(inputs, [ends(inputs), ends(inputs)]),
        "5 channels": keras.Model(z := keras.Input((LENGTH, 5)), ends(z)),
        "a score each base": keras.Model(inputs, layers.Conv1D(1, 3, padding="same")(inputs)),
        "broken": broken,
        "own": Own(),
        "callable": lambda x: x[:, 3:9, 2].sum(axis=1),
        "one score for all": lambda x: x[0, 0],
        "shape of the input": lambda x: x,
    }


# --- bad input -----------------------------------------------------------------------------------
SEQUENCES = {
    "single": (lambda x: x[0], ValueError, r"pass sequences\[None\]"),
    "flat": (lambda x: x[0, 0], ValueError, r"shape \(4,\)"),
    "channels first": (lambda x: x.transpose(0, 2, 1), ValueError, "channels come last"),
    "5 channels": (lambda x: np.zeros((3, LENGTH, 5)), ValueError, "shape"),
    "shorter": (lambda x: x[:, :20], ValueError, "20 bp long, but the model reads 30"),
    "soft": (lambda x: 0.7 * x + 0.05, ValueError, "not one-hot"),
    "negative": (lambda x: -1.0 * x, ValueError, "not one-hot"),
    "NaN": (lambda x: np.where(x == 1, np.nan, 0), ValueError, "not one-hot"),
    "two letters": (lambda x: np.ones_like(x), ValueError, "not one-hot"),
    "none": (lambda x: x[:0], ValueError, "is empty"),
    "of no length": (lambda x: x[:, :0], ValueError, "at least one base"),
    "text": (lambda x: ["ACGT"], TypeError, "is text"),
    "ragged": (lambda x: [[[1, 0, 0, 0]], []], ValueError, "different lengths"),
    "nothing": (lambda x: None, ValueError, "shape"),
}
TARGETS = (-1, 2, True, 0.0, "0", None, [0])
MODELS = {
    "none": (TypeError, TypeError),
    "two inputs": (ValueError, ValueError),
    "two outputs": (ValueError, ValueError),
    "5 channels": (ValueError, ValueError),
    "a score each base": (ValueError, ValueError),
    "broken": (ValueError, ValueError),
    "own": (TypeError, None),
    "callable": (TypeError, None),
    "one score for all": (TypeError, ValueError),
    "shape of the input": (TypeError, ValueError),
}  # where gradients are needed, and where not


def refused(call, expected, argument, words=None):
    """The call raises this very error, in one sentence that names the argument."""
    with pytest.raises(Exception, match=words) as error:
        call()
    sentence = str(error.value)
    assert type(error.value) is expected, sentence
    assert re.search(rf"\b{argument}\b", sentence) and "\n" not in sentence, sentence
    assert 20 < len(sentence) < 250, sentence


@pytest.mark.parametrize("case", SEQUENCES)
@pytest.mark.parametrize("name", TABLE.index)
def test_every_method_refuses_wrong_sequences(name, case, model, x):
    change, error, words = SEQUENCES[case]
    refused(lambda: explain(name, model, change(x)), error, "sequences", words)


@pytest.mark.parametrize("target", TARGETS, ids=repr)
@pytest.mark.parametrize("name", TABLE.index)
def test_every_method_refuses_wrong_targets(name, target, model, x):
    refused(lambda: explain(name, model, x, target=target), ValueError, "target")


@pytest.mark.parametrize("case", MODELS)
@pytest.mark.parametrize("name", TABLE.index)
def test_every_method_refuses_models_that_it_cannot_explain(name, case, models, x):
    error = MODELS[case][TABLE.needs[name] == "any callable"]
    if error is None:
        found = explain(name, models[case], x)
        assert found.contributions.shape == x.shape[:2] and found.contributions.any()
    else:
        refused(lambda: explain(name, models[case], x), error, "model")


@pytest.mark.parametrize("rng", [None, "1", -1, 0.5, True])
@pytest.mark.parametrize("name", TABLE.index)
def test_methods_that_draw_refuse_other_sources_of_chance(name, rng, model, x):
    if "rng" in inspect.signature(catalogue._function(name)).parameters:
        options = {"references": "shuffled"} if name == "integrated_gradients" else {}
        refused(lambda: explain(name, model, x, rng=rng, **options), TypeError, "rng")
    else:
        assert explain(name, model, x, rng=rng).contributions.any()


def test_names_that_are_none_are_answered_with_the_nearest(model, x):
    for name, words in (
        ("deeplft", "did you mean 'deeplift'"),
        ("DeepLIFT", "did you mean 'deeplift'"),
        ("grad-cam", "did you mean 'grad_cam'"),
        ("ISM", "did you mean 'in_silico_mutagenesis'"),
        ("Integrated Gradients", "did you mean 'integrated_gradients'"),
        ("tea leaves", "which is none"),
        (None, "which is none"),
    ):
        call = functools.partial(interpretation.explain, model, x, method=name)
        refused(call, ValueError, "method", words)
    for name, option, words in (
        ("occlusion", "rule", "no option of occlusion, which has width_bp, stride_bp, fill"),
        ("saliency", "references", "no option of saliency, which has none"),
        ("deeplift", "n_reference", "which has rule, references, n_references"),
    ):
        call = functools.partial(explain, name, model, x, **{option: 1})
        refused(call, TypeError, option, words)
    assert not hasattr(interpretation, "explian")


# --- good input ----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", TABLE.index)
def test_one_sequence_any_dtype_and_unknown_bases(name, model, x):
    x[1, 4:7], x[2] = 0, 0
    found = explain(name, model, x, target=1, rng=3)
    assert found.sequences.dtype == np.uint8 and np.array_equal(found.sequences, x)
    assert found.contributions.shape == (3, LENGTH) and found.target == 1
    assert found.contributions.dtype == found.logits.dtype == np.float32
    assert np.isfinite(found.contributions).all()
    # Maps are of positions, whatever they hold; against a reference what it has there is lost.
    if name not in (
        "saliency",
        "grad_cam",
        "integrated_gradients",
        "deeplift",
        "expected_gradients",
        "temporal_output",
        "lstm_decomposition",
        "attention_times_gradient",
    ):
        assert not found.contributions[1, 4:7].any() and not found.contributions[2].any()
    for dtype in (np.float32, np.float64, bool, np.int64):
        same = explain(name, model, x.astype(dtype), target=1, rng=3)
        assert np.array_equal(same.contributions, found.contributions)
    alone = explain(name, model, x[:1], target=np.int64(1), rng=3)
    assert alone.logits == pytest.approx(found.logits[:1], abs=1e-5)
    if name not in ("smoothgrad", "expected_gradients", "deeplift"):  # draw for all at once
        assert alone.contributions == pytest.approx(found.contributions[:1], abs=1e-3)


@pytest.mark.filterwarnings("ignore:You are using a softmax")  # of a single step
@pytest.mark.parametrize("length", [1, 2, 5])
@pytest.mark.parametrize("name", TABLE.index)
def test_short_sequences_are_explained_or_refused(name, length):
    short, x = network(length, name), dna.random_sequences(2, length, rng=0)
    if (TABLE.passes[name].startswith("(ceil((length - width_bp)")) or name == "lime":
        argument = "groups" if name == "lime" else "width_bp"
        refused(lambda: explain(name, short, x), ValueError, argument)
        if name == "lime" and length == 1:
            return
        found = explain(name, short, x, width_bp=1)
    else:
        found = explain(name, short, x)
    assert found.contributions.shape == (2, length) and np.isfinite(found.contributions).all()


@pytest.mark.parametrize("name", TABLE.index)
def test_a_network_of_any_length_is_explained(name):
    free = network(None, name)
    for length in (20, 30):
        found = explain(name, free, dna.random_sequences(2, length, rng=0))
        assert found.contributions.shape == (2, length) and np.isfinite(found.contributions).all()


# --- the table -----------------------------------------------------------------------------------
@pytest.mark.parametrize("name", TABLE.index)
def test_explaining_by_name_is_the_function_of_that_name(name, model, x):
    function = catalogue._function(name)
    assert function.__name__ == {
        "shapley": "sampled",
        "temporal_output": "temporal_increments",
        "lstm_decomposition": "decompose",
    }.get(name, name)
    assert f"doi:{TABLE.source[name]}" in function.__doc__
    options = QUICK.get(name, {})
    draws = "rng" in inspect.signature(function).parameters
    direct = function(model, x, target=1, **options | ({"rng": 5} if draws else {}))
    named = explain(name, model, x, target=1, rng=5)
    assert named.contributions == pytest.approx(direct.contributions, abs=1e-6)
    assert named.method.split(" ")[0] == name


@pytest.mark.parametrize("name", TABLE.index)
def test_promises_of_the_table_are_kept(name, model, x):
    found = interpretation.explain(model, x, method=name)
    assert (found.contributions < 0).any() == TABLE.signed[name]
    assert (found.hypothetical is not None) == TABLE.hypothetical[name]
    completeness = TABLE.completeness[name]
    assert (found.completeness_error is None) == (completeness == "none")
    if completeness != "none":
        size = np.abs(found.contributions).sum(axis=1)
        worst = (np.abs(found.completeness_error) / size).max()
        exact = completeness in ("to rounding", "where linear")
        assert worst < (
            1e-5 if exact else {"to a tolerance": 0.01, "on average": 0.2}[completeness]
        )
        assert exact or worst > 1e-5
    known = {"ceil", "min", "length"} | catalogue._options(catalogue._function(name)).keys()
    assert set(re.findall(r"[a-z]\w+", TABLE.passes[name])) <= known


@pytest.mark.parametrize("length", [LENGTH, 105])
@pytest.mark.parametrize("name", TABLE.index[TABLE.family != "memory"])
def test_passes_are_those_that_the_network_sees(name, length, monkeypatch):
    tensorflow = pytest.importorskip("tensorflow")
    model, x, counted = network(length, name), dna.random_sequences(1, length, rng=0), [0]
    last = model.layers[-1]
    call = last.call

    def counting(z, *args, **kwargs):
        if not isinstance(z, keras.KerasTensor):
            counted[0] += int(z.shape[0])
        return call(z, *args, **kwargs)

    # As a callable, so that mutagenesis scores whole mutants.
    asked = model if TABLE.needs[name] != "any callable" else lambda x: np.asarray(model(x))
    options = {"tolerance": np.inf} if name == "integrated_gradients" else {}
    monkeypatch.setitem(_backend._COMPILERS, "tensorflow", _backend._torch_compiled)  # as it is
    tensorflow.config.run_functions_eagerly(True)
    try:
        last.call = counting
        interpretation.explain(asked, x, method=name, **options)
    finally:
        tensorflow.config.run_functions_eagerly(False)
    scored = 2 if name == "guided_grad_cam" else 1  # the sequence itself, at the door
    table = interpretation.methods(length).set_index("method")
    assert counted[0] - scored == table.n_passes[name]


def test_the_table_leaves_out_what_cannot_explain_a_model(model, models):
    def listed(model):
        return set(interpretation.methods(model=model)["method"])

    memory, attention = (set(TABLE.index[TABLE.family == family]) for family in OF_ONE_LAYER)
    callables = set(TABLE.index[TABLE.needs == "any callable"])
    assert listed(models["callable"]) == listed(models["own"]) == callables
    assert listed(model) == set(TABLE.index) - memory - attention
    assert attention <= listed(network(name="attention"))
    reader = network(name="temporal_output")
    # Without ReLU and convolution some of the others have nothing to hold on to.
    refused_here = {"deconvnet", "guided_backpropagation", "grad_cam", "guided_grad_cam"}
    assert listed(reader) == set(TABLE.index) - refused_here - attention
    inputs = keras.Input((LENGTH, 4))
    of_gru = keras.Model(inputs, layers.Dense(1)(layers.GRU(3)(inputs)))
    assert memory & listed(of_gru) == {"temporal_output"}


# --- other backends ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def explained_on_tensorflow():
    explained = explanation_run.run()
    assert explained.pop("backend") == "tensorflow"
    return explained


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_give_the_same_explanations(backend, explained_on_tensorflow):
    pytest.importorskip(backend, reason=f"the backend {backend} is not installed")
    done = subprocess.run(
        [sys.executable, str(HERE / "explanation_run.py")],
        cwd=HERE.parent, env=os.environ | {"KERAS_BACKEND": backend}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    other = json.loads(done.stdout.splitlines()[-1])
    assert other.pop("backend") == backend
    assert other.keys() == explained_on_tensorflow.keys() and set(TABLE.index) <= other.keys()
    for name, values in explained_on_tensorflow.items():
        np.testing.assert_allclose(other[name], values, atol=1e-4, rtol=1e-4, err_msg=name)


@pytest.mark.parametrize("method", ["occlusion", "gradient_times_input"])
@pytest.mark.parametrize("end", ["sigmoid", "softmax", "layer"])
def test_a_network_that_gives_probabilities_is_told(method, end):
    inputs = keras.Input((30, 4))
    z = layers.Dense(2, activation=None if end == "layer" else end)(layers.Flatten()(inputs))
    model = keras.Model(inputs, layers.Softmax()(z) if end == "layer" else z)
    x = dna.random_sequences(2, 30, rng=0)
    name = "softmax" if end == "layer" else end
    with pytest.warns(UserWarning, match=f"ends in {name}: what is explained are probabilities"):
        interpretation.explain(model, x, method=method)
