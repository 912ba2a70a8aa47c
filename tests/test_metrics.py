"""Metrics against scikit-learn, exact fractions over all thresholds, and pairs one by one."""

import numpy as np
import pandas as pd
import pytest
import reference
from sklearn import metrics as sklearn_metrics

from dragonn_lite.evaluation import metrics

METRICS = [metrics.auroc, metrics.auprc, metrics.recall_at_fdr, metrics.accuracy]


def random_case(rng):
    """Labels with both classes and some -1, scores with many ties."""
    n = int(rng.integers(2, 40))
    labels = rng.choice([0, 1, -1], n, p=rng.dirichlet([2, 2, 1]))
    labels[rng.permutation(n)[:2]] = [0, 1]
    scores = rng.integers(-4, 5, n) + labels * rng.integers(0, 4)
    return labels.astype(np.int8), scores * rng.choice([1.0, 0.25])


@pytest.mark.parametrize("fdr", ["0", "0.05", "0.1", "0.2", "0.25", "0.5", "1"])
def test_recall_at_fdr_is_the_best_of_all_thresholds(fdr):
    rng = np.random.default_rng(int(float(fdr) * 100))
    seen = set()
    for _ in range(400):  # 2,800 cases in all
        labels, scores = random_case(rng)
        expected = reference.recall_at_fdr(labels.tolist(), scores.tolist(), fdr)
        assert metrics.recall_at_fdr(labels, scores, fdr=float(fdr)) == float(expected)
        seen.add(expected)
    assert len(seen) > 5 or fdr == "1"


@pytest.mark.parametrize("false_in_100", [5, 7, 10, 20, 29])
@pytest.mark.parametrize("k", [1, 7, 997, 20_000])
def test_recall_at_fdr_at_the_very_limit(k, false_in_100):
    # One tie of 100 k calls of which exactly the accepted share is false; below it only worse.
    n_bound, n_false = (100 - false_in_100) * k, false_in_100 * k
    labels = np.repeat([1, 0, 0, 1], [n_bound, n_false, 100 * k, 5])
    scores = np.repeat([1.0, 1.0, 0.0, -1.0], [n_bound, n_false, 100 * k, 5])
    fdr = false_in_100 / 100
    assert metrics.recall_at_fdr(labels, scores, fdr=fdr) == n_bound / (n_bound + 5)
    labels[0] = 0  # one false call more than accepted
    assert metrics.recall_at_fdr(labels, scores, fdr=fdr) == 0


def test_recall_looks_beyond_a_first_failure():
    # Precision is 0 at the top, then high: a search along the curve would stop and say 0.
    labels = [0] + [1] * 30
    assert metrics.recall_at_fdr(labels, np.arange(31)[::-1], fdr=0.05) == 1.0


def test_areas_and_curves_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    for _ in range(300):
        labels, scores = random_case(rng)
        y, s = labels[labels >= 0], scores[labels >= 0]
        assert metrics.auroc(labels, scores) == pytest.approx(reference.auroc(y, s), abs=1e-12)
        assert metrics.auroc(labels, scores) == pytest.approx(sklearn_metrics.roc_auc_score(y, s))
        expected = sklearn_metrics.average_precision_score(y, s)
        assert metrics.auprc(labels, scores) == pytest.approx(expected, abs=1e-12)
        assert metrics.accuracy(labels, scores) == pytest.approx(np.mean((s >= 0) == y))

        curve = metrics.roc_curve(labels, scores)
        x_axis, y_axis, thresholds = sklearn_metrics.roc_curve(y, s, drop_intermediate=False)
        np.testing.assert_allclose(curve["false_positive_rate"], x_axis, atol=1e-12)
        np.testing.assert_allclose(curve["recall"], y_axis, atol=1e-12)
        np.testing.assert_array_equal(curve["threshold"], thresholds)

        curve = metrics.precision_recall_curve(labels, scores)
        precision, recall, thresholds = sklearn_metrics.precision_recall_curve(y, s)
        np.testing.assert_allclose(curve["precision"], precision[:-1][::-1], atol=1e-12)
        np.testing.assert_allclose(curve["recall"], recall[:-1][::-1], atol=1e-12)
        np.testing.assert_array_equal(curve["threshold"], thresholds[::-1])
        steps = np.diff(curve["recall"], prepend=0) * curve["precision"]
        assert steps.sum() == pytest.approx(metrics.auprc(labels, scores))


@pytest.mark.parametrize("metric", METRICS)
def test_ambiguous_labels_count_nowhere(metric):
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1, -1], 20).astype(np.int8)
    scores = rng.normal(size=60) + labels
    without = metric(labels[:40], scores[:40])
    for anything in (rng.normal(size=20) * 100, np.full(20, np.nan), np.full(20, np.inf)):
        scores[40:] = anything
        assert metric(labels, scores) == without


@pytest.mark.parametrize("metric", METRICS)
def test_several_tasks_are_each_measured_alone(metric):
    rng = np.random.default_rng(3)
    labels = rng.choice([0, 1, -1], (50, 3)).astype(np.int8)
    scores = rng.normal(size=(50, 3)) + labels
    found = metric(labels, scores)
    assert found.shape == (3,)
    assert found.tolist() == [metric(y, s) for y, s in zip(labels.T, scores.T, strict=True)]
    assert isinstance(metric(labels[:, 0], scores[:, 0]), float)
    assert metric(labels[:, :1], scores[:, :1]).shape == (1,)


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint8, bool])
def test_scores_of_any_number_type(dtype):
    labels = [1, 0, 1, 0, 0, 1]
    scores = np.array([1, 0, 1, 0, 1, 1]).astype(dtype)
    for metric in METRICS:
        assert metric(labels, scores) == metric(labels, scores.astype(float))
    assert metrics.auroc(labels, scores) == pytest.approx(reference.auroc(labels, scores.tolist()))


def test_equal_scores_promise_nothing():
    labels = np.repeat([1, 0], [10, 30])
    assert metrics.auroc(labels, np.zeros(40)) == 0.5
    assert metrics.auprc(labels, np.zeros(40)) == 0.25
    assert metrics.recall_at_fdr(labels, np.zeros(40), fdr=0.74) == 0
    assert metrics.recall_at_fdr(labels, np.zeros(40), fdr=0.75) == 1


def test_evaluate_gathers_all():
    rng = np.random.default_rng(4)
    labels = rng.choice([0, 1, -1], (80, 2)).astype(np.int8)
    scores = rng.normal(size=(80, 2)) + labels
    table = metrics.evaluate(labels, scores, tasks=["CTCF", "SIX5"])
    assert table["task"].tolist() == ["CTCF", "SIX5"]
    for column, metric in (("auroc", metrics.auroc), ("auprc", metrics.auprc),
                           ("accuracy", metrics.accuracy)):  # fmt: skip
        assert table[column].tolist() == metric(labels, scores).tolist()
    for percent in (5, 10, 20):
        expected = metrics.recall_at_fdr(labels, scores, fdr=percent / 100).tolist()
        assert table[f"recall_at_{percent}_percent_fdr"].tolist() == expected
    counts = table[["n_bound", "n_unbound", "n_ambiguous"]]
    assert (counts.sum(axis=1) == 80).all()
    assert table["n_bound"].tolist() == (labels == 1).sum(axis=0).tolist()
    np.testing.assert_allclose(table["prevalence"], table["n_bound"] / (80 - table["n_ambiguous"]))
    single = metrics.evaluate(labels[:, 0], scores[:, 0])
    pd.testing.assert_frame_equal(single.drop(columns="task"), table.iloc[:1].drop(columns="task"))
    assert metrics.evaluate(labels, scores)["task"].tolist() == ["task 0", "task 1"]
    with pytest.raises(ValueError, match="tasks holds 1 names"):
        metrics.evaluate(labels, scores, tasks=["CTCF"])


@pytest.mark.parametrize("metric", [*METRICS, metrics.evaluate, metrics.roc_curve,
                                    metrics.precision_recall_curve])  # fmt: skip
@pytest.mark.parametrize(
    ("labels", "scores", "error", "words"),
    [
        ([0, 1], [0.1], ValueError, "expected the same"),
        ([0, 1], [[0.1, 0.2], [0.2, 0.1]], ValueError, "expected the same"),
        ([0, 1], [[0.1], [0.2, 0.3]], ValueError, "rows of different lengths"),
        ([], [], ValueError, "empty"),
        ([0, 1, 1], [0.1, np.nan, 0.3], ValueError, "1 values that are NaN"),
        ([-1, -1], [0.1, 0.2], ValueError, "all -1"),
        ([0, 2], [0.1, 0.2], ValueError, "holds the value 2"),
        ([0, 1], ["a", "b"], TypeError, "scores have dtype"),
    ],
)
def test_wrong_input_is_refused(metric, labels, scores, error, words):
    with pytest.raises(error, match=words) as caught:
        metric(labels, scores)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("metric", METRICS)
def test_infinite_scores_rank_like_others(metric):
    for seed in range(20):
        labels, scores = random_case(np.random.default_rng(seed))
        low, high = scores == scores.min(), scores == scores.max()
        beyond = np.where(high, np.inf, np.where(low, -np.inf, scores))
        # As finite numbers of the same order and the same side of the threshold 0.
        finite = np.where(high, 1e9, np.where(low, -1e9, scores))
        assert metric(labels, beyond) == metric(labels, finite)
    assert metrics.roc_curve([0, 1], [-np.inf, np.inf])["recall"].tolist() == [0, 1, 1]


def test_a_single_column_is_one_task_however_it_is_written():
    labels, scores = random_case(np.random.default_rng(1))
    for metric in METRICS:
        assert metric(labels[:, None], scores) == metric(labels, scores[:, None])
        assert metric(labels[:, None], scores) == metric(labels, scores)
    for judge in (metrics.evaluate, metrics.roc_curve, metrics.precision_recall_curve):
        for pair in ((labels[:, None], scores), (labels, scores[:, None]),
                     (labels[:, None], scores[:, None])):  # fmt: skip
            assert judge(*pair).equals(judge(labels, scores))


def test_a_score_on_the_threshold_is_called_bound_by_all():
    labels, scores = [1, 0], [0.5, 0.5]
    assert metrics.accuracy(labels, scores, threshold=0.5) == 0.5
    assert metrics.accuracy([1, 1], [0.5, 0.5], threshold=0.5) == 1
    assert metrics.precision_recall_curve(labels, scores)["recall"].tolist() == [1]


def test_fdr_is_a_number():
    with pytest.raises(TypeError, match="fdr is '5', expected a number"):
        metrics.recall_at_fdr([0, 1], [0.0, 1.0], fdr="5")


def test_one_class_is_not_enough_where_classes_are_compared():
    for metric in (metrics.auroc, metrics.auprc, metrics.recall_at_fdr, metrics.roc_curve):
        with pytest.raises(ValueError, match="all 1"):
            metric([1, 1], [0.1, 0.2])
    with pytest.raises(ValueError, match="of task 1 are all 0"):
        metrics.auroc([[0, 0], [1, 0]], np.ones((2, 2)))
    assert metrics.accuracy([1, 1], [0.1, -0.2]) == 0.5
    with pytest.raises(ValueError, match="2 tasks, expected one"):
        metrics.roc_curve([[0, 1], [1, 0]], np.ones((2, 2)))
    for fdr in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="fdr is"):
            metrics.recall_at_fdr([0, 1], [0, 1], fdr=fdr)
