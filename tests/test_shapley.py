"""Shapley values against all orders of adding groups, and their approximations against them."""

import itertools

import numpy as np
import pytest

from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation import shapley
from dragonn_lite.interpretation.lime import lime
from dragonn_lite.networks import architectures

LENGTH, GROUPS = 12, np.array([0, 0, 1, 2, 2, 2, 3, 4, 4, 1, 5, 5])


def additive(seed):
    weights = np.random.default_rng(seed).normal(size=(LENGTH, 4))
    return lambda x: (x * weights).sum(axis=(1, 2))


def interacting(seed):
    weights = np.random.default_rng(seed).normal(size=(LENGTH, 4, 3))

    def score(x):
        hidden = np.einsum("nlb,lbh->nh", x, weights)
        return np.maximum(hidden, 0).prod(axis=1) + hidden[:, 0] ** 2

    return score


def shapley_by_orders(score, sequence, groups, references):
    """Every order of adding the groups, one after the other; mean over the orders."""
    n_groups = max(groups) + 1

    def worth(members):
        total = 0.0
        for reference in references:
            mixed = reference.copy()
            for position, group in enumerate(groups):
                if group in members:
                    mixed[position] = sequence[position]
            mixed[~sequence.any(axis=1)] = 0
            total += float(score(mixed[None].astype(np.float32))[0])
        return total / len(references)

    known = {frozenset(): worth(())}
    values = np.zeros(n_groups)
    orders = list(itertools.permutations(range(n_groups)))
    for order in orders:
        members = frozenset()
        for group in order:
            larger = members | {group}
            if larger not in known:
                known[larger] = worth(larger)
            values[group] += known[larger] - known[members]
            members = larger
    return values / len(orders)


def by_group(explanation):
    return np.stack([np.bincount(GROUPS, row) for row in explanation.contributions])


@pytest.fixture
def data():
    x = dna.random_sequences(2, LENGTH, rng=1)
    x[1, 7:10] = 0  # one position of group 1, all of group 4
    return x, dna.random_sequences(3, LENGTH, rng=2)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("model", [additive, interacting])
def test_exact_values_are_the_mean_over_all_orders(model, seed, data):
    x, references = data
    score = model(seed)
    found = shapley.exact(score, x, groups=GROUPS, references=references)
    for i, row in enumerate(by_group(found)):
        assert row == pytest.approx(shapley_by_orders(score, x[i], GROUPS, references), abs=1e-5)
    assert found.completeness_error == pytest.approx(0, abs=1e-5)
    assert (found.contributions[1, 7:10] == 0).all()
    # Evenly over the known bases of a group.
    assert found.contributions[0, 3] == found.contributions[0, 5] != 0


@pytest.mark.parametrize("seed", range(3))
def test_of_an_additive_model_all_find_the_weights(seed, data):
    x, references = data
    score = additive(seed)
    exact = by_group(shapley.exact(score, x, groups=GROUPS, references=references))
    for found in (
        shapley.sampled(score, x, groups=GROUPS, references=references, n_permutations=2),
        lime(score, x, groups=GROUPS, references=references, kernel="shapley", n_samples=40, rng=0),
    ):
        assert by_group(found) == pytest.approx(exact, abs=1e-4)
    # Ridge regression shrinks by its penalty.
    near = by_group(lime(score, x, groups=GROUPS, references=references, rng=0))
    assert near == pytest.approx(exact, abs=0.05 * np.abs(exact).max())


@pytest.mark.parametrize("seed", range(3))
def test_sampled_values_converge_and_know_their_error(seed, data):
    x, references = data
    score = interacting(seed)
    exact = shapley.exact(score, x, groups=GROUPS, references=references).contributions
    errors = []
    for n_permutations in (8, 256):
        found = shapley.sampled(
            score, x, groups=GROUPS, references=references, n_permutations=n_permutations, rng=seed
        )
        off = np.abs(found.contributions - exact)
        assert found.completeness_error == pytest.approx(0, abs=1e-3)
        errors.append(off.mean())
    assert (off <= 5 * found.standard_error + 1e-4).all()
    assert found.standard_error.max() > 0 and errors[1] < errors[0] / 2


@pytest.mark.parametrize("seed", range(3))
def test_lime_with_the_shapley_kernel_converges_to_shapley_values(seed, data):
    x, references = data
    score = interacting(seed)
    exact = by_group(shapley.exact(score, x, groups=GROUPS, references=references))

    def off(n_samples):
        found = lime(
            score,
            x,
            groups=GROUPS,
            references=references,
            kernel="shapley",
            n_samples=n_samples,
            rng=seed,
        )
        assert found.completeness_error == pytest.approx(0, abs=1e-3)
        return np.abs(by_group(found) - exact).max() / np.abs(exact).max()

    assert off(64) < 1e-4  # all 2**6 coalitions
    assert off(63) > 1e-4  # sampled


def test_lime_sampled_converges_where_there_are_too_many_coalitions():
    # 14 groups of one position: no enumeration; only pairs interact, so halves are exact.
    x, zeros = dna.one_hot("G" * 14), np.zeros((1, 14, 4), np.uint8)
    score = lambda x: x[:, 0, 2] * x[:, 1, 2] + 2 * x[:, 5, 2] - x[:, 9, 2] * x[:, 2, 2]
    expected = np.zeros(14)
    expected[[0, 1, 5, 2, 9]] = 0.5, 0.5, 2, -0.5, -0.5
    errors = []
    for n_samples in (200, 8_000):
        found = lime(
            score, x, width_bp=1, references=zeros, kernel="shapley", n_samples=n_samples, rng=0
        )
        errors.append(np.abs(found.contributions[0] - expected).max())
    assert errors[1] < 0.03 and errors[1] < errors[0] / 2


def test_proximity_weighs_what_is_close():
    # A G counts only among all Gs: near the sequence it matters, far from it nothing does.
    x, zeros = dna.one_hot("GGGG"), np.zeros((1, 4, 4), np.uint8)
    found = lime(lambda x: x[:, :, 2].prod(axis=1), x, width_bp=1, references=zeros, rng=0)
    samples = np.array(list(itertools.product((0, 1), repeat=4)), float)[1:]
    weights = np.exp(-(((1 - np.sqrt(samples.mean(axis=1))) / 0.25) ** 2))
    weights /= weights.sum()
    centred = samples - weights @ samples
    y = (samples.prod(axis=1)) - weights @ samples.prod(axis=1)
    inner = (centred * weights[:, None]).T
    expected = np.linalg.solve(inner @ centred + 1e-3 * np.eye(4), inner @ y)
    assert found.contributions[0] == pytest.approx(expected, abs=1e-5)
    assert found.completeness_error is None


def test_shuffled_references_come_from_the_sequence_and_repeat():
    model = architectures.filter_bank(40, n_filters=4, width_bp=6, n_tasks=2, rng=0)
    x = dna.random_sequences(2, 40, rng=0)
    runs = [shapley.exact(model, x, width_bp=5, target=1, n_references=5, rng=3) for _ in range(2)]
    assert np.array_equal(runs[0].contributions, runs[1].contributions)
    assert np.abs(runs[0].completeness_error).max() < 1e-5
    assert runs[0].contributions.any()
    seen = []

    def score(x):
        seen.append(np.array(x, np.uint8))
        return x[:, 0, 0]

    shapley.exact(score, x[:1], width_bp=5, n_references=4)
    empty = seen[1][:4]  # no group kept
    assert (dna.kmer_counts(empty, 2) == dna.kmer_counts(x[:1], 2)).all()
    assert not (empty == x[:1]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": GROUPS[:5]}, r"groups has shape \(5,\)"),
        ({"groups": GROUPS * 1.0}, "dtype float64"),
        ({"groups": GROUPS + 1}, "groups leave out a number"),
        ({"groups": 2 * GROUPS}, "groups leave out a number"),
        ({"references": np.zeros((2, 9, 4))}, r"references has shape \(2, 9, 4\)"),
        ({"references": np.zeros((0, LENGTH, 4))}, r"references has shape \(0, 12, 4\)"),
        ({"n_references": 0}, "n_references is 0"),
        ({"target": 1}, "target is 1"),
    ],
)
@pytest.mark.parametrize("method", [shapley.exact, shapley.sampled, lime])
def test_bad_input_is_one_sentence(method, options, message, data):
    with pytest.raises(ValueError, match=message):
        method(additive(0), data[0], **({"groups": GROUPS, "rng": 0} | options))


def test_bad_input_of_one_method_only(data):
    x, references = data
    with pytest.raises(ValueError, match="groups has 13 groups, expected at most 12"):
        shapley.exact(lambda x: x[:, 0, 0], dna.one_hot("A" * 13), width_bp=1)
    with pytest.raises(TypeError, match="rng is None"):
        shapley.exact(additive(0), x, groups=GROUPS, rng=None)
    with pytest.raises(ValueError, match="n_permutations is 1"):
        shapley.sampled(additive(0), x, groups=GROUPS, n_permutations=1, rng=0)
    with pytest.raises(ValueError, match="kernel is 'triangle'"):
        lime(additive(0), x, groups=GROUPS, kernel="triangle", rng=0)
    with pytest.raises(ValueError, match="groups has 1 group"):
        lime(additive(0), x, groups=np.zeros(LENGTH, int))
    with pytest.raises(ValueError, match=r"sequences\[None\]"):
        shapley.exact(additive(0), x[0], groups=GROUPS, references=references)
