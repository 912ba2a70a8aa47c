"""The checks at the public doors: what passes unchanged, and the sentence where nothing passes."""

import numpy as np
import pytest

from dragonn_lite import _contract
from dragonn_lite.dna import sequences as dna

X = dna.one_hot(["ACGTN", "TTTTT"])


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, bool])
def test_one_hot_of_any_dtype_passes(dtype):
    checked = _contract.as_one_hot(X.astype(dtype))
    assert checked.dtype == np.uint8 and np.array_equal(checked, X)


def test_one_hot_is_not_copied_without_need():
    assert _contract.as_one_hot(X) is X
    assert np.array_equal(_contract.as_one_hot(X.tolist()), X)
    assert _contract.as_one_hot(X[:0]).shape == (0, 5, 4)


def two_bases():
    x = X.copy()
    x[0, 0] = [1, 1, 0, 0]
    return x


WRONG_ONE_HOT = {
    "text": ("ACGT", TypeError, r"text; encode it first with dna.sequences.one_hot"),
    "list of text": (["ACGT"], TypeError, "is text"),
    "array of text": (np.array(["ACGT"]), TypeError, "is text"),
    "nothing": (None, ValueError, r"shape \(\)"),
    "number": (5, ValueError, r"shape \(\)"),
    "empty": ([], ValueError, r"shape \(0,\)"),
    "one sequence": (X[0], ValueError, r"x\[None\]"),
    "tangermeme": (np.zeros((2, 4, 9)), ValueError, "from_tangermeme"),
    "dragonn": (np.zeros((2, 1, 4, 9)), ValueError, "from_dragonn"),
    "five columns": (np.zeros((2, 9, 5)), ValueError, r"expected \(n_sequences, length, 4\)"),
    "ragged": ([[1, 2], [3]], ValueError, "different lengths"),
    "two bases": (two_bases(), ValueError, "single 1"),
    "255 and 1": (X * np.uint8(255) + np.roll(X, 1, axis=2), ValueError, "single 1"),
    "probabilities": (X * 0.5, ValueError, "single 1"),
    "256": (X.astype(int) * 256, ValueError, "single 1"),
    "negative": (-X.astype(int), ValueError, "single 1"),
    "NaN": (np.full((1, 3, 4), np.nan), ValueError, "single 1"),
    "infinite": (np.full((1, 3, 4), np.inf), ValueError, "single 1"),
    "objects": (np.full((1, 3, 4), None), TypeError, "dtype object"),
}


@pytest.mark.parametrize("case", WRONG_ONE_HOT)
def test_what_is_not_one_hot_is_refused(case):
    x, error, words = WRONG_ONE_HOT[case]
    with pytest.raises(error, match=words) as caught:
        _contract.as_one_hot(x, "reads")
    assert str(caught.value).startswith("reads") and "\n" not in str(caught.value)


def test_labels_of_any_dtype_pass():
    for y in ([1, 0, -1], [1.0, 0.0, -1.0], np.array([1, 0, -1], np.int32)):
        checked = _contract.as_labels(y, 3)
        assert checked.dtype == np.int8 and checked.tolist() == [1, 0, -1]
    assert _contract.as_labels([True, False], 2).tolist() == [1, 0]
    assert _contract.as_labels(np.zeros((3, 2)), 3).shape == (3, 2)


WRONG_LABELS = {
    "too few": ([1, 0], ValueError, r"shape \(2,\), expected \(3,\)"),
    "nothing": (None, ValueError, r"shape \(\)"),
    "three axes": (np.zeros((3, 1, 1)), ValueError, "one row for each sequence"),
    "ragged": ([[1], [1, 0], [0]], ValueError, "different lengths"),
    "signal": ([0.0, 0.5, 1.0], ValueError, "holds the value 0.5"),
    "two": ([0, 1, 2], ValueError, "holds the value 2"),
    "NaN": ([0, 1, np.nan], ValueError, "holds the value nan"),
    "text": (["a", "b", "c"], TypeError, "expected numbers"),
    "none": ([0, 1, None], TypeError, "expected numbers"),
}


@pytest.mark.parametrize("case", WRONG_LABELS)
def test_what_is_not_a_label_is_refused(case):
    y, error, words = WRONG_LABELS[case]
    with pytest.raises(error, match=words) as caught:
        _contract.as_labels(y, 3, "truth")
    assert str(caught.value).startswith("truth") and "\n" not in str(caught.value)


def test_generators_and_seeds():
    generator = np.random.default_rng(3)
    assert _contract.as_rng(generator) is generator
    assert _contract.as_rng(3).random() == _contract.as_rng(np.int64(3)).random()
    for wrong in (None, -1, 1.0, True, "3", np.random.RandomState(3)):
        with pytest.raises(TypeError, match="expected a non-negative integer seed"):
            _contract.as_rng(wrong)


def test_counts():
    assert _contract.as_count(np.int64(3), "n") == 3 and _contract.as_count(0, "n") == 0
    for wrong in (-1, 2.0, True, "3", None, np.nan):
        with pytest.raises(ValueError, match="n is .*, expected a whole number of at least 0"):
            _contract.as_count(wrong, "n")
    with pytest.raises(ValueError, match="at least 2"):
        _contract.as_count(1, "n", 2)
