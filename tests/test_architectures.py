"""Networks: shapes, sizes, seeds, and what they can see."""

import json
import math

import h5py
import keras
import numpy as np
import pytest
from keras import layers
from shared_data import shared_data

from dragonn_lite.dna import sequences as dna
from dragonn_lite.networks import architectures, prediction

each_builder = pytest.mark.parametrize("name", architectures.BUILDERS)


def weights_of(model):
    return [np.asarray(variable) for variable in model.weights]


@each_builder
@pytest.mark.parametrize("n_tasks", [1, 3])
def test_one_hot_in_logits_out(name, n_tasks):
    model = architectures.BUILDERS[name](150, n_tasks=n_tasks, rng=0)
    assert model.input_shape == (None, 150, 4) and model.output_shape == (None, n_tasks)
    last = model.layers[-1]
    assert isinstance(last, layers.Dense) and last.activation is keras.activations.linear
    assert all(layer.count_params() < 200_000 for layer in model.layers)
    x = dna.random_sequences(5, 150, rng=0)
    scores = prediction.predict(model, x)
    assert scores.shape == ((5,) if n_tasks == 1 else (5, 3)) and np.isfinite(scores).all()


@each_builder
def test_the_seed_decides_the_first_weights(name):
    build = architectures.BUILDERS[name]
    first, again = weights_of(build(150, rng=1)), weights_of(build(150, rng=1))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    other = weights_of(build(150, rng=2))
    assert not np.array_equal(first[0], other[0])
    # The head of the one filter starts at 1: it has to vote for.
    assert np.array_equal(first[-2], other[-2]) == (name == "one_filter")
    generator = np.random.default_rng(1)
    assert np.array_equal(weights_of(build(150, rng=generator))[0], first[0])
    keras.utils.set_random_seed(9)  # a global seed has no say
    assert np.array_equal(weights_of(build(150, rng=1))[0], first[0])


@each_builder
def test_no_two_layers_start_alike(name):
    kernels = [w for w in weights_of(architectures.BUILDERS[name](150, rng=1)) if w.ndim > 1]
    starts = [kernel.ravel()[:1].item() for kernel in kernels]
    assert len(set(starts)) == len(starts)


@pytest.mark.parametrize("name", sorted(set(architectures.BUILDERS) - {"recurrent_reader"}))
def test_a_sequence_too_short_is_refused_in_a_sentence(name):
    build = architectures.BUILDERS[name]
    refused = 0
    for length in (1, 2, 14, 15, 18, 19, 30, 42, 49, 62, 77, 89):
        try:
            assert build(length, rng=0).output_shape == (None, 1)
        except ValueError as error:
            refused += 1
            assert "take longer sequences" in str(error) and "\n" not in str(error)
    assert 3 <= refused < 12  # no filter fits in fewer bases than it is wide


@pytest.mark.parametrize("argument", ["length", "n_filters", "width_bp", "pool_bp", "n_tasks"])
def test_sizes_are_whole_numbers(argument):
    arguments = {"length": 150}
    for wrong in (0, -1, 2.5, None):
        with pytest.raises(ValueError, match=f"{argument} is .*, expected a whole number"):
            architectures.dragonn_one_layer(**arguments | {argument: wrong}, rng=0)


def test_parameters_by_hand():
    # Filters of 15 bp on 4 bases with a bias; floor(486 / 35) = 13 windows of 15 filters; a bias.
    assert architectures.dragonn_one_layer(500, rng=0).count_params() == 15 * 61 + 13 * 15 + 1
    # Two layers more, each 15 filters of 15 positions on 15 filters; floor(458 / 35) = 13.
    deeper = 15 * 61 + 2 * 15 * (15 * 15 + 1) + 13 * 15 + 1
    assert architectures.dragonn_three_layer(500, rng=0).count_params() == deeper
    assert architectures.one_filter(500, rng=0).count_params() == 61 + 2
    bank = architectures.filter_bank(500, n_filters=7, width_bp=9, n_tasks=2, rng=0)
    assert bank.count_params() == 7 * 37 + 2 * 8


@pytest.mark.parametrize(
    ("published", "n_layers"),
    [("one_filter_dragonn", 1), ("multi_filter_dragonn", 1), ("multi_layer_dragonn", 3),
     ("regularized_multi_layer_dragonn", 3)],
)  # fmt: skip
def test_sizes_are_those_of_the_published_networks(published, n_layers):
    path = shared_data("golden_dragonn_weights", f"{published}.arch.json")
    parts = json.loads(path.read_text(encoding="utf-8"))["layers"]
    convolutions = [part for part in parts if part["name"] == "Convolution2D"]
    pooling = next(part for part in parts if part["name"] == "MaxPooling2D")
    assert len(convolutions) == n_layers
    build = {1: architectures.dragonn_one_layer, 3: architectures.dragonn_three_layer}[n_layers]
    model = build(
        convolutions[0]["input_shape"][2],
        n_filters=convolutions[0]["nb_filter"],
        width_bp=convolutions[0]["nb_col"],
        pool_bp=pooling["pool_size"][1],
        rng=0,
    )
    sizes = []
    with h5py.File(path.with_name(f"{published}.weights.h5")) as file:
        file.visititems(lambda _, item: sizes.append(getattr(item, "size", 0)))
    assert model.count_params() == sum(sizes)


@pytest.mark.parametrize("seed", range(3))
def test_pooling_before_relu_gives_the_same_numbers(seed):
    model = architectures.dragonn_one_layer(120, pool_bp=10, rng=seed)
    inputs = keras.Input((120, 4))
    x = layers.Conv1D(15, 15, activation="relu", name="filters_1")(inputs)
    x = layers.Flatten()(layers.MaxPooling1D(10)(x))
    usual = keras.Model(inputs, layers.Dense(1)(x))
    usual.set_weights(weights_of(model))
    x = dna.random_sequences(50, 120, rng=seed)
    expected = prediction.predict(usual, x)
    np.testing.assert_allclose(prediction.predict(model, x), expected, atol=1e-6)
    assert expected.std() > 0.01


def test_pooled_filters_do_not_see_where_a_motif_stands():
    x = np.zeros((2, 90, 4), np.uint8)
    site = dna.one_hot("ACGTTGACGTAAC")[0]
    x[0, 20:33] = x[1, 60:73] = site  # two windows of 20 apart
    for build in (architectures.filter_bank, architectures.filter_counter):
        here, there = prediction.predict(build(90, rng=3), x)
        assert here == pytest.approx(there, abs=1e-5)
    # DragoNN's head has a weight for every window, and sees it.
    here, there = prediction.predict(architectures.dragonn_one_layer(90, pool_bp=10, rng=3), x)
    assert abs(here - there) > 1e-3


def test_a_counter_counts():
    model = architectures.filter_counter(100, n_filters=1, width_bp=4, rng=0)
    kernel = np.where(dna.one_hot("ACGT")[0], 1.0, -1.0)[..., None]
    # 4 - 3 = 1 where ACGT stands, nothing elsewhere.
    model.set_weights([kernel, np.array([-3.0]), np.ones((1, 1)), np.zeros(1)])
    for n_sites in (0, 1, 5):  # one in each window of 20
        sequence = ("ACGT" + 16 * "C") * n_sites
        x = dna.one_hot([sequence + "C" * (100 - len(sequence))])
        assert prediction.predict(model, x)[0] == pytest.approx(n_sites, abs=1e-4)


def test_numbers_of_layers_are_readable_by_name():
    model = architectures.dragonn_three_layer(500, rng=0)
    assert [layer.name for layer in model.layers if "filters" in layer.name] == [
        "filters_1", "filters_2", "filters_3",
    ]  # fmt: skip
    assert math.prod(model.get_layer("filters_2").kernel.shape) == 15 * 15 * 15
