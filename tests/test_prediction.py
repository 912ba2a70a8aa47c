"""Prediction: the same scores for every batch size, of networks and of plain functions."""

import numpy as np
import pytest

from dragonn_lite.dna import sequences as dna
from dragonn_lite.networks import architectures
from dragonn_lite.networks.prediction import predict

X = dna.random_sequences(23, 40, rng=0)


def count_g(x):
    return x[:, :, 2].sum(axis=1)


@pytest.mark.parametrize("build", [architectures.filter_bank, architectures.reference_network])
def test_batches_change_nothing(build):
    model = build(40, n_filters=4, n_tasks=2, rng=0)
    expected = np.asarray(model(X.astype(np.float32), training=False))
    for batch_size in (None, 1, 5, 22, 23, 100):
        np.testing.assert_allclose(predict(model, X, batch_size=batch_size), expected, atol=1e-6)


def test_a_function_is_as_good_as_a_model():
    expected = X[:, :, 2].sum(axis=1)
    for batch_size in (None, 1, 7, 23, 100):
        scores = predict(count_g, X, batch_size=batch_size)
        assert scores.dtype == np.float32 and np.array_equal(scores, expected)
    assert predict(lambda x: x.sum(axis=1), X).shape == (23, 4)
    assert predict(lambda x: count_g(x)[:, None], X).shape == (23,)


def test_a_function_sees_its_sequences_only():
    seen = []
    predict(lambda x: seen.append(x) or count_g(x), X, batch_size=9)
    assert [len(batch) for batch in seen] == [9, 9, 5]
    assert all(batch.dtype == np.float32 for batch in seen)
    assert np.array_equal(np.concatenate(seen), X)


def test_a_model_meets_one_shape_only():
    class Model:
        input_shape = (None, 40, 4)

        def predict_on_batch(self, x):
            shapes.append(x.shape)
            return count_g(x)[:, None]

    shapes = []
    assert np.array_equal(predict(Model(), X, batch_size=9), X[:, :, 2].sum(axis=1))
    assert shapes == [(9, 40, 4)] * 3


def test_progress():
    told = []
    predict(count_g, X, batch_size=9, progress=lambda done, n: told.append((done, n)))
    assert told == [(9, 23), (18, 23), (23, 23)]


def test_memory_is_bounded_by_batches():
    sizes = []
    predict(lambda x: sizes.append(x.size) or count_g(x), np.zeros((3_000, 1_000, 4), np.uint8))
    assert max(sizes) <= 4 * 500_000
    long = np.zeros((2, 600_000, 4), np.uint8)
    assert predict(count_g, long).tolist() == [0, 0]  # longer than a batch: one at a time


@pytest.mark.parametrize(
    ("model", "x", "arguments", "error", "words"),
    [
        (count_g, X[:0], {}, ValueError, "sequences is empty"),
        (count_g, X[:, :0], {}, ValueError, r"shape \(23, 0, 4\), expected at least one base"),
        (count_g, X[0], {}, ValueError, r"x\[None\]"),
        (count_g, "ACGT", {}, TypeError, "is text"),
        (count_g, X, {"batch_size": 0}, ValueError, "batch_size is 0"),
        (lambda x: count_g(x).sum(), X, {}, ValueError, r"scores of shape \(\) for 23"),
        (lambda x: np.zeros(46), X, {}, ValueError, r"\(46,\) for 23 sequences"),
    ],
)
def test_wrong_input_is_refused(model, x, arguments, error, words):
    with pytest.raises(error, match=words):
        predict(model, x, **arguments)


def test_a_wrong_length_is_refused():
    model = architectures.filter_bank(50, n_filters=1, rng=0)
    with pytest.raises(ValueError, match="40 bp long, but the model reads 50 bp"):
        predict(model, X)
