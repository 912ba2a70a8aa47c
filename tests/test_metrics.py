"""Metrics against scikit-learn, exact fractions over all thresholds, and pairs one by one."""

import tracemalloc
from functools import partial

import numpy as np
import pandas as pd
import pytest
import reference
from scipy import stats
from sklearn import metrics as sklearn_metrics

from dragonn_lite.evaluation import _ranking, metrics

METRICS = [
    metrics.auroc,
    metrics.auprc,
    metrics.recall_at_fdr,
    partial(metrics.fdr_at_recall, recall=0.5),
    partial(metrics.precision_at_k, k=2),
    metrics.accuracy,
]


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


@pytest.mark.parametrize("recall", ["0.01", "0.3", "0.5", "0.8", "1"])
def test_fdr_at_recall_is_the_best_of_all_thresholds(recall):
    rng = np.random.default_rng(int(float(recall) * 100))
    seen = set()
    for _ in range(200):
        labels, scores = random_case(rng)
        expected = reference.fdr_at_recall(labels.tolist(), scores.tolist(), recall)
        assert metrics.fdr_at_recall(labels, scores, recall=float(recall)) == float(expected)
        seen.add(expected)
    assert len(seen) > 20


def test_precision_at_k_is_the_mean_over_all_orders_of_ties():
    rng = np.random.default_rng(7)
    for _ in range(60):
        n = int(rng.integers(2, 8))
        labels = np.append(rng.choice([0, 1, -1], n - 2), [0, 1]).astype(np.int8)
        scores = rng.integers(0, 3, n)
        for k in range(1, np.count_nonzero(labels >= 0) + 1):
            expected = reference.precision_at_k(labels.tolist(), scores.tolist(), k)
            found = metrics.precision_at_k(labels, scores, k=k)
            assert found == pytest.approx(float(expected), abs=1e-12)


def test_a_binary_search_on_the_precision_curve_is_wrong_and_always_too_low():
    rng = np.random.default_rng(11)
    short = []
    for _ in range(1000):  # small, with ties
        labels, scores = random_case(rng)
        pair = labels.tolist(), scores.tolist()
        best = reference.recall_at_fdr(*pair, "0.25")
        assert metrics.recall_at_fdr(labels, scores, fdr=0.25) == float(best)
        short.append(float(best - reference.binary_search_recall_at_fdr(*pair, "0.25")))
    assert min(short) == 0
    assert np.count_nonzero(short) > 50 and max(short) > 0.5, (np.count_nonzero(short), max(short))

    short = []
    for _ in range(100):  # 2 % bound: wrong in about a quarter of the draws, by up to 0.35
        labels = np.repeat([1, 0], [100, 4900])
        scores = rng.normal(size=5000) + 3 * labels
        best = metrics.recall_at_fdr(labels, scores, fdr=0.05)
        found = reference.binary_search_recall_at_fdr(labels.tolist(), scores.tolist(), "0.05")
        short.append(best - float(found))
    assert min(short) > -1e-12
    assert np.mean(np.array(short) > 0.005) > 0.12 and max(short) > 0.15, sorted(short)[-20:]


# At 1 bound example in 100 unbound ones, 25 % FDR at full recall: 100 false calls of 400, which
# are 0.33 % of the unbound. How the 400 are ordered is told by strings of f (false) and t (true).
ORDERS = {"false first": 100 * "f" + 300 * "t", "one false to three true": 100 * "fttt"}


def figure_of_the_review(order):
    called = np.array([letter == "t" for letter in ORDERS[order]])
    labels = np.append(called, np.zeros(30_000 - 100)).astype(np.int8)
    return labels, -np.arange(len(labels), dtype=float)


@pytest.mark.parametrize("order", ORDERS)
def test_near_perfect_areas_can_go_with_nothing_to_pick(order):
    labels, scores = figure_of_the_review(order)
    assert (labels.sum(), len(labels)) == (300, 30_300)  # 1 to 100: 0.99 % bound
    assert metrics.recall_at_fdr(labels, scores, fdr=0.1) == 0
    assert metrics.recall_at_fdr(labels, scores, fdr=0.2499) == 0
    assert metrics.recall_at_fdr(labels, scores, fdr=0.25) == 1
    assert metrics.fdr_at_recall(labels, scores, recall=1) == 0.25
    curve = metrics.roc_curve(labels, scores)
    rate = curve.loc[curve["recall"] == 1, "false_positive_rate"].min()
    assert round(100 * rate, 2) == 0.33
    if order == "false first":
        assert round(metrics.auroc(labels, scores), 4) == 0.9967
        assert metrics.auprc(labels, scores) == pytest.approx(0.539, abs=1e-3)
    else:
        assert round(metrics.auroc(labels, scores), 4) == 0.9983
        assert metrics.auprc(labels, scores) == pytest.approx(0.746, abs=1e-3)


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


HARD = {
    "ties": ([0, 1, 1, 0, 1, 0, 0], [1, 1, 1, 2, 2, 0, 0]),
    "two": ([1, 0], [0.1, 0.2]),
    "two, tied": ([1, 0], [0.1, 0.1]),
    "all equal": ([1, 0, 0, 1, 0], [3.0] * 5),
    "zeros of both signs": ([1, 0, 1, 0], [0.0, -0.0, -1.0, -2.0]),
    "denormal": ([1, 0, 1, 0], [5e-324, 0.0, 1e-323, 5e-324]),
    "one bit apart": ([1, 0, 1, 0], [1.0, np.nextafter(1, 2), np.nextafter(1, 0), 1.0]),
    "unsigned": ([1, 0, 0], np.array([0, 255, 3], np.uint8)),
    "large": ([1, 0, 1, 0], [1e308, -1e308, 1e300, 1e308]),
}


@pytest.mark.parametrize("case", HARD)
def test_areas_of_hard_cases_are_those_of_scikit_learn(case):
    labels, scores = HARD[case]
    expected = sklearn_metrics.roc_auc_score(labels, scores)
    assert metrics.auroc(labels, scores) == pytest.approx(expected, abs=1e-12)
    expected = sklearn_metrics.average_precision_score(labels, scores)
    assert metrics.auprc(labels, scores) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("prevalence", [0.001, 0.5, 0.99])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_areas_of_many_examples_are_those_of_scikit_learn(prevalence, dtype, monkeypatch):
    monkeypatch.setattr(_ranking, "STEP", 1000)  # counted in many parts
    rng = np.random.default_rng(5)
    labels = (rng.random(50_000) < prevalence).astype(np.int8)
    scores = (100 * (rng.normal(size=50_000) + labels)).astype(dtype)
    table = metrics.evaluate(labels, scores).iloc[0]
    assert abs(table["auroc"] - sklearn_metrics.roc_auc_score(labels, scores)) < 1e-12
    assert abs(table["auprc"] - sklearn_metrics.average_precision_score(labels, scores)) < 1e-12
    precision, recall, _ = sklearn_metrics.precision_recall_curve(labels, scores)
    for percent in (5, 10, 20):
        best = recall[1 - precision <= percent / 100].max()
        assert table[f"recall_at_{percent}_percent_fdr"] == pytest.approx(best, abs=1e-12)
    best = (1 - precision[recall >= 0.5]).min()
    assert table["fdr_at_50_percent_recall"] == pytest.approx(best, abs=1e-12)
    order = np.argsort(-scores.astype(float), kind="stable")
    at = labels.sum()
    border = scores == scores[order[at - 1]]
    above = scores > scores[order[at - 1]]
    expected = labels[above].sum() + (at - above.sum()) * labels[border].mean()
    assert table["precision_at_n_bound"] == pytest.approx(expected / at, abs=1e-12)
    assert table["accuracy"] == np.mean((scores >= 0) == labels)


@pytest.mark.parametrize("threshold", [0.7, 0.3, -0.7, 0.0, 1e300, -1e300, np.inf, -np.inf])
def test_accuracy_of_float32_does_not_round_the_threshold(threshold):
    scores = np.array([0.7, 0.3, -0.7, -0.3, np.inf, -np.inf, 0.0], np.float32)
    for labels in (np.ones(7), np.arange(7) % 2):
        expected = np.mean((scores.astype(float) >= threshold) == labels)
        assert metrics.accuracy(labels, scores, threshold=threshold) == expected


def test_ten_million_predictions_would_take_less_than_150_mb():
    rng = np.random.default_rng(0)
    labels = (rng.random(2_000_000) < 0.01).astype(np.int8)
    scores = rng.standard_normal(2_000_000, dtype=np.float32)
    tracemalloc.start()
    metrics.evaluate(labels, scores)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15 * len(labels), f"{peak / len(labels):.1f} bytes an example"


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


@pytest.mark.parametrize("seed", range(3))
def test_a_stated_prevalence_counts_each_unbound_example_so_often(seed):
    rng = np.random.default_rng(seed)
    labels = rng.choice([0, 1, -1], 300, p=[0.5, 0.4, 0.1]).astype(np.int8)
    scores, others = labels + np.round(rng.normal(size=(2, 300)), 1)
    times = 7
    rows = np.repeat(np.arange(len(labels)), np.where(labels == 0, times, 1))
    share = (labels == 1).sum() / ((labels == 1).sum() + times * (labels == 0).sum())
    table = metrics.evaluate(labels, scores, prevalence=share).drop(columns="n_unbound")
    expected = metrics.evaluate(labels[rows], scores[rows]).drop(columns="n_unbound")
    pd.testing.assert_frame_equal(table, expected, rtol=1e-12)
    less = metrics.difference(labels, scores, others, prevalence=share, rng=0, n_resamples=20)
    now = metrics.evaluate(labels[rows], others[rows])
    for name in ("auroc", "auprc", "recall_at_20_percent_fdr"):
        assert less[name][0] == pytest.approx(expected[name][0] - now[name][0], abs=1e-12)
        assert less[f"{name}_low"][0] <= less[f"{name}_high"][0]
    for blocks in (None, np.arange(len(labels)) % 10):
        options = {"intervals": True, "rng": 0, "n_resamples": 50, "blocks": blocks}
        rare, even = (
            metrics.evaluate(labels, scores, prevalence=p, **options).iloc[0] for p in (0.01, 0.5)
        )
        assert rare["auroc"] == pytest.approx(even["auroc"], abs=1e-12)
        assert rare["auroc_low"] == pytest.approx(even["auroc_low"], abs=1e-12)
        assert rare["auprc_low"] <= rare["auprc"] < even["auprc"]
        assert rare["auprc_high"] <= even["auprc_high"]
        assert (rare["prevalence"], rare["n_unbound"]) == (0.01, (labels == 0).sum())


def test_no_area_is_above_1_however_unbound_examples_are_weighed():
    for n in range(2, 60):
        labels = np.repeat([1, 0], [n, 61 - n])
        scores = labels + np.arange(61) * 7 % 61 / 100
        area = metrics.evaluate(labels, scores, prevalence=0.3)["auroc"][0]
        assert area <= 1 and area == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("prevalence", "error"),
    [(0, ValueError), (1, ValueError), (50, ValueError), ("1 %", TypeError)],
)
def test_what_is_no_prevalence(prevalence, error):
    for judge in (metrics.evaluate, partial(metrics.difference, others=[1.0, 0.0], rng=0)):
        with pytest.raises(error, match="prevalence is "):
            judge([1, 0], [1.0, 0.0], prevalence=prevalence)


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
        ([0, 0.5], [0.1, 0.2], ValueError, "holds the value 0.5"),
        (["0", "1"], [0.1, 0.2], TypeError, "labels has dtype"),
        ([0, 1], [0.1j, 0.2], TypeError, "scores have dtype complex"),
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


def test_the_rank_correlation_of_ambiguous_examples_is_spearmans():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        labels = rng.choice([0, 1, -1], (40, 2)).astype(np.int8)
        signal, scores = rng.integers(0, 9, (40, 2)), rng.integers(0, 9, (40, 2)).astype(float)
        found = metrics.rank_correlation_of_ambiguous(labels, signal, scores)
        for y, x, s, value in zip(labels.T, signal.T, scores.T, found, strict=True):
            known = y == -1
            expected = reference.spearman(x[known].tolist(), s[known].tolist())
            assert value == pytest.approx(expected, abs=1e-12)
            assert value == pytest.approx(stats.spearmanr(x[known], s[known])[0], abs=1e-12)
            assert metrics.rank_correlation_of_ambiguous(y, x[:, None], s) == value
    table = metrics.evaluate(labels, scores, signal=signal)
    assert table["rank_correlation_of_ambiguous"].tolist() == found.tolist()


@pytest.mark.parametrize(
    ("labels", "signal", "scores", "error", "words"),
    [
        ([1, -1, -1], [1, 2, 3], [1, 2, 3], ValueError, "hold 2 ambiguous examples"),
        ([-1, -1, -1], [1, 1, 1], [1, 2, 3], ValueError, "the signal .* are all 1"),
        ([-1, -1, -1], [1, 2, 3], [5, 5, 5], ValueError, "the scores .* are all 5"),
        ([-1, -1, -1], [1, 2, 3], [5, np.nan, 5], ValueError, "the scores .* NaN"),
        ([-1, -1, -1], [1, np.nan, 3], [5, 6, 7], ValueError, "the signal .* NaN"),
        ([-1, -1, -1], [1, 2], [5, 6, 7], ValueError, r"signal has shape \(2,\)"),
        ([-1, -1, -1], ["a", "b", "c"], [5, 6, 7], TypeError, "signal has dtype"),
        ([[0, -1]] * 3, [[1, 2]] * 3, [[1, 2]] * 3, ValueError, "of task 0 hold 0 ambiguous"),
    ],
)
def test_a_rank_correlation_that_cannot_be_is_refused(labels, signal, scores, error, words):
    with pytest.raises(error, match=words) as caught:
        metrics.rank_correlation_of_ambiguous(labels, signal, scores)
    assert "\n" not in str(caught.value)


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
    for recall in (0, -0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="recall is"):
            metrics.fdr_at_recall([0, 1], [0.0, 1.0], recall=recall)
    for k in (0, 1.0, True, 3):
        with pytest.raises(ValueError, match="k is"):
            metrics.precision_at_k([0, 1, -1], [0.0, 1.0, 2.0], k=k)


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


def test_7_percent_of_100_are_7_although_floats_ask_for_a_little_more():
    assert 0.07 * 100 > 7
    labels, scores = np.repeat([1, 0, 1], [7, 50, 93]), -np.arange(150.0)
    assert metrics.fdr_at_recall(labels, scores, recall=0.07) == 0
