"""Bootstrap intervals: against plain resampling of examples, and against simulated truth."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from dragonn_lite.evaluation import _ranking, metrics

MEASURES = {
    "auroc": metrics.auroc,
    "auprc": metrics.auprc,
    "recall at FDR": partial(metrics.recall_at_fdr, fdr=0.3),
    "FDR at recall": partial(metrics.fdr_at_recall, recall=0.4),
    "precision at k": partial(metrics.precision_at_k, k=30),
    "accuracy": partial(metrics.accuracy, threshold=0.7),
}


def some_case(seed, *, n=400, dtype=float, steps=4):
    """Labels with some -1, scores with ties, ten blocks."""
    rng = np.random.default_rng(seed)
    labels = rng.choice([0, 1, -1], n, p=[0.6, 0.3, 0.1]).astype(np.int8)
    scores = np.round(steps * (rng.normal(size=n) + labels)) / steps
    return labels, scores.astype(dtype), rng.integers(0, 10, n)


def plain(metric):
    """The same metric as a function that nothing is known of: called for each resample."""
    return lambda labels, scores: metric(labels, scores)


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_drawn_as_counts_are_blocks_drawn_as_examples(name, dtype, monkeypatch):
    monkeypatch.setattr(_ranking, "STEP", 70)  # counted in several parts
    labels, scores, blocks = some_case(1, dtype=dtype)
    options = {"blocks": blocks, "n_resamples": 60, "rng": 3}  # the same draws for both
    fast = metrics.bootstrap_interval(MEASURES[name], labels, scores, **options)
    slow = metrics.bootstrap_interval(plain(MEASURES[name]), labels, scores, **options)
    assert fast.low < fast.value < fast.high
    np.testing.assert_allclose(fast, slow, atol=1e-12)


@pytest.mark.parametrize("name", MEASURES)
@pytest.mark.parametrize("steps", [4, 0.5])  # single examples are drawn, or whole ties
def test_examples_drawn_as_counts_are_spread_as_if_drawn_one_by_one(name, steps):
    labels, scores, _ = some_case(2, n=1000, steps=steps)
    ranking = _ranking.rank(labels, scores, thresholds=[0.7])
    assert (np.sum(labels == 1) > 20 * len(ranking.bound)) == (steps == 0.5)
    fast, slow = (
        metrics.bootstrap_interval(m, labels, scores, n_resamples=1500, confidence=0.8, rng=4)
        for m in (MEASURES[name], plain(MEASURES[name]))
    )
    assert fast.value == slow.value
    # Both limits are quantiles of 1,500 draws: each is known to about a fifteenth of the width.
    width = slow.high - slow.low
    assert width > 0
    np.testing.assert_allclose([fast.low, fast.high], [slow.low, slow.high], atol=0.2 * width)


def test_the_stratified_interval_covers_the_truth_of_binormal_scores():
    truth = stats.norm.cdf(1 / np.sqrt(2))
    covered = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        labels = np.repeat([1, 0], [80, 200])
        scores = rng.normal(size=280) + labels
        found = metrics.bootstrap_interval(metrics.auroc, labels, scores, n_resamples=300, rng=rng)
        covered.append(found.low <= truth <= found.high)
    # 95 % is meant; 400 data sets tell it to 1.1 points, and percentiles fall a little short.
    assert 0.91 <= np.mean(covered) <= 0.98, np.mean(covered)


@pytest.mark.parametrize("n_unbound", [300, 3000])
def test_intervals_of_a_stated_prevalence_cover_the_truth_of_binormal_scores(n_unbound):
    prevalence, fdr, distance = 0.01, 0.05, 3

    def excess(threshold):
        true, false = stats.norm.sf([threshold - distance, threshold])
        return (1 - prevalence) * false * (1 - fdr) - prevalence * true * fdr

    truth = stats.norm.sf(optimize.brentq(excess, 0, 9) - distance)
    covered = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        labels = np.repeat([1, 0], [300, n_unbound])
        scores = rng.normal(size=len(labels)) + distance * labels
        options = {"prevalence": prevalence, "intervals": True, "n_resamples": 60, "rng": rng}
        found = metrics.evaluate(labels, scores, **options).iloc[0]
        low, high = (found[f"recall_at_5_percent_fdr_{end}"] for end in ("low", "high"))
        covered.append(low <= truth <= high)
    # From the resamples alone 2 of 100 do with 300 unbound examples, which no FDR of 5 % allows.
    assert np.mean(covered) >= 0.9, np.mean(covered)


def test_only_blocks_cover_the_truth_where_blocks_differ():
    n_blocks, size, spread = 25, 20, 1.0
    # The area expected: pairs of one block share its level, pairs of two blocks do not.
    within = stats.norm.cdf(1 / np.sqrt(2 + spread**2))
    between = stats.norm.cdf(1 / np.sqrt(2 + 3 * spread**2))
    truth = within / n_blocks + between * (1 - 1 / n_blocks)
    labels = np.tile(np.repeat([1, 0], size // 2), n_blocks)
    blocks = np.repeat(np.arange(n_blocks), size)
    covered = {"blocks": [], "examples": []}
    for seed in range(200):
        rng = np.random.default_rng(seed)
        level, distance = rng.normal(size=(2, n_blocks)) * spread
        scores = rng.normal(size=len(labels)) + level[blocks] + labels * (1 + distance[blocks])
        for name, value in (("blocks", blocks), ("examples", None)):
            found = metrics.bootstrap_interval(
                metrics.auroc, labels, scores, blocks=value, n_resamples=200, rng=rng
            )
            covered[name].append(found.low <= truth <= found.high)
    share = {name: np.mean(values) for name, values in covered.items()}
    assert 0.87 <= share["blocks"] <= 0.98, share  # 200 data sets: to 1.7 points
    assert share["examples"] < 0.8, share


def test_no_resample_is_dropped_and_none_lacks_a_class():
    # Two of six blocks hold the bound examples: one draw in eleven misses both.
    labels = np.repeat([1, 0, 0, 0, 0, 0, 1, 0], 5)
    blocks = np.repeat([0, 0, 1, 2, 3, 4, 5, 5], 5)
    seen = []

    def watched(y, s):
        seen.append((np.sum(y == 1), np.sum(y == 0)))
        return metrics.auroc(y, s)

    found = metrics.bootstrap_interval(
        watched, labels, np.arange(40.0), blocks=blocks, n_resamples=300, rng=0
    )
    assert (len(seen), found.n_resamples) == (301, 300)
    assert np.min(seen) > 0 and len(set(seen)) >= 4
    seen.clear()
    metrics.bootstrap_interval(watched, labels, np.arange(40.0), n_resamples=300, rng=0)
    assert seen == [(10, 30)] * 301  # without blocks every class keeps its size


def test_several_tasks_each_have_their_interval():
    labels, scores, blocks = some_case(5)
    labels, scores = (np.stack([a, np.roll(a, 7)], 1) for a in (labels, scores))
    for of_blocks in (None, blocks):
        found = metrics.bootstrap_interval(
            MEASURES["recall at FDR"], labels, scores, blocks=of_blocks, rng=1, n_resamples=100
        )
        assert found.value.shape == found.low.shape == found.high.shape == (2,)
        assert found.value.tolist() == MEASURES["recall at FDR"](labels, scores).tolist()
        assert (found.low < found.high).all()
    one = metrics.bootstrap_interval(metrics.auprc, labels[:, 0], scores[:, 0], rng=1)
    assert isinstance(one.value, float) and isinstance(one.low, float)
    column = metrics.bootstrap_interval(metrics.auprc, labels[:, :1], scores[:, :1], rng=1)
    assert (column.value.shape, column.low.tolist()) == ((1,), [one.low])


def test_the_seed_decides_and_confidence_widens():
    labels, scores, _ = some_case(6)
    first, again, other = (
        metrics.bootstrap_interval(metrics.auroc, labels, scores, rng=seed) for seed in (0, 0, 1)
    )
    assert first == again and first.low != other.low
    wide, narrow = (
        metrics.bootstrap_interval(metrics.auroc, labels, scores, rng=0, confidence=share)
        for share in (0.99, 0.5)
    )
    assert wide.low < first.low < narrow.low < narrow.high < first.high < wide.high
    assert (wide.confidence, first.n_resamples) == (0.99, 1000)


def test_the_signal_of_ambiguous_examples_is_drawn_along():
    labels, scores, blocks = some_case(7)
    scores += np.random.default_rng(0).normal(size=400)
    for of_blocks in (None, blocks):
        for signal, value in ((scores**3, 1), (-scores, -1)):
            metric = partial(metrics.rank_correlation_of_ambiguous, signal=signal)
            options = {"blocks": of_blocks, "rng": 0, "n_resamples": 50}
            found = metrics.bootstrap_interval(metric, labels, scores, **options)
            np.testing.assert_allclose(found[:3], value, atol=1e-12)
            pair = np.stack([labels] * 2, 1), np.stack([scores] * 2, 1)
            metric = partial(metrics.rank_correlation_of_ambiguous, signal=pair[1])
            assert metrics.bootstrap_interval(metric, *pair, **options).low.shape == (2,)


@pytest.mark.parametrize("of_blocks", [None, np.arange(40) // 2])
def test_a_resample_without_an_order_of_the_ambiguous_is_drawn_again(of_blocks):
    labels = np.tile([1, 0], 20)
    labels[10:14] = -1  # of four, one in 64 resamples holds the same one four times
    signal = np.arange(40.0)
    metric = partial(metrics.rank_correlation_of_ambiguous, signal=signal)
    options = {"blocks": of_blocks, "rng": 0, "n_resamples": 500}
    found = metrics.bootstrap_interval(metric, labels, np.sin(signal), **options)
    assert -1 <= found.low < found.high <= 1


def test_evaluate_adds_the_limits_of_every_metric():
    labels, scores, blocks = some_case(8)
    bare = metrics.evaluate(labels, scores, signal=scores)
    for of_blocks in (None, blocks):
        options = {"blocks": of_blocks, "n_resamples": 200}
        table = metrics.evaluate(labels, scores, signal=scores, intervals=True, rng=9, **options)
        pd.testing.assert_frame_equal(table[bare.columns], bare)
        stems = bare.columns[list(bare.columns).index("auroc") :]
        expected = [stem + end for stem in stems for end in ("", "_low", "_high")]
        assert table.columns[-len(expected) :].tolist() == expected
        for name, metric in (("auroc", metrics.auroc), ("accuracy", metrics.accuracy),
                             ("recall_at_20_percent_fdr", partial(metrics.recall_at_fdr, fdr=0.2)),
                             ("fdr_at_50_percent_recall",
                              partial(metrics.fdr_at_recall, recall=0.5))):  # fmt: skip
            found = metrics.bootstrap_interval(metric, labels, scores, rng=9, **options)
            assert table[[name, f"{name}_low", f"{name}_high"]].iloc[0].tolist() == list(found[:3])
    pair = np.stack([labels, labels], 1), np.stack([scores, -scores], 1)
    table = metrics.evaluate(*pair, intervals=True, rng=9, blocks=blocks, n_resamples=50)
    assert (table["auroc_low"] < table["auroc"]).all() and table["auroc_low"].nunique() == 2


def test_a_difference_is_that_of_the_same_resampled_examples():
    labels, scores, blocks = some_case(10)
    others = np.round(scores + np.random.default_rng(1).normal(size=len(scores)), 1)
    rows = np.arange(len(labels))
    for of_blocks in (None, blocks):
        options = {"blocks": of_blocks, "rng": 3, "n_resamples": 100}
        table = metrics.difference(labels, scores, others, **options)
        assert "accuracy" not in table and table["task"].tolist() == ["bound"]
        for name, metric in (("auroc", metrics.auroc), ("auprc", metrics.auprc),
                             ("recall_at_20_percent_fdr", partial(metrics.recall_at_fdr, fdr=0.2)),
                             ("fdr_at_50_percent_recall",
                              partial(metrics.fdr_at_recall, recall=0.5))):  # fmt: skip

            def slow(y, chosen, metric=metric):  # each metric anew, of the examples drawn
                ours, theirs = (s[chosen.astype(int)] for s in (scores, others))
                return metric(y, ours) - metric(y, theirs)

            found = metrics.bootstrap_interval(slow, labels, rows, **options)
            values = table[[name, f"{name}_low", f"{name}_high"]].iloc[0]
            np.testing.assert_allclose(values.to_numpy(), found[:3], atol=1e-12)
            assert found.low < found.high


@pytest.mark.parametrize("seed", range(3))
def test_a_difference_is_as_wide_as_that_of_delong(seed):
    labels, scores, _ = some_case(seed)
    others = scores + np.random.default_rng(seed).normal(size=len(scores)) / 2

    def parts(s):  # by bound and by unbound example: the share of the others it is right about
        above = np.sign(s[labels == 1][:, None] - s[labels == 0]) / 2 + 0.5
        return above.mean(axis=1), above.mean(axis=0)

    less = [p - q for p, q in zip(parts(scores), parts(others), strict=True)]
    error = np.sqrt(sum(part.var(ddof=1) / len(part) for part in less))
    table = metrics.difference(labels, scores, others, rng=seed).iloc[0]
    assert table["auroc"] == pytest.approx(less[0].mean())
    # 1,000 resamples know the width to some 4 %
    assert table["auroc_high"] - table["auroc_low"] == pytest.approx(2 * 1.96 * error, rel=0.15)
    single = metrics.evaluate(labels, others, intervals=True, rng=seed).iloc[0]
    assert table["auroc_high"] - table["auroc_low"] < 0.9 * (
        single["auroc_high"] - single["auroc_low"]
    )


def test_a_difference_from_itself_is_nothing_and_turns_its_sign():
    labels, scores, blocks = some_case(4)
    for of_blocks in (None, blocks):
        options = {"blocks": of_blocks, "rng": 0, "n_resamples": 50}
        same = metrics.difference(labels, scores, scores, **options)
        assert (same.drop(columns="task") == 0).all(axis=None)
        ahead = metrics.difference(labels, scores, -scores, tasks=["CTCF"], **options).iloc[0]
        behind = metrics.difference(labels, -scores, scores, **options).iloc[0]
        assert ahead["task"] == "CTCF" and ahead["auroc"] == -behind["auroc"]
        assert ahead["auroc_low"] == pytest.approx(-behind["auroc_high"])
        column = labels[:, None], scores[:, None], -scores  # one task, however it is written
        pd.testing.assert_series_equal(
            metrics.difference(*column, tasks=["CTCF"], **options).iloc[0], ahead
        )
    pair = np.stack([labels] * 2, 1), np.stack([scores, -scores], 1), np.stack([-scores] * 2, 1)
    table = metrics.difference(*pair, rng=0, n_resamples=20)
    assert table["task"].tolist() == ["task 0", "task 1"]
    assert table["auroc"][0] != 0 == table["auroc_low"][1] == table["auroc_high"][1]
    for others, words in ((scores[:-1], "others"), (np.full(len(scores), np.nan), "others")):
        with pytest.raises(ValueError, match=words):
            metrics.difference(labels, scores, others, rng=0)
    with pytest.raises(ValueError, match="tasks holds 2 names"):
        metrics.difference(labels, scores, scores, tasks=["a", "b"], rng=0)


def test_accuracy_of_one_class_has_an_interval():
    found = metrics.bootstrap_interval(metrics.accuracy, [1] * 8, [1.0, -1.0] * 4, rng=0)
    assert found.low < found.value < found.high


def test_names_of_blocks_may_be_anything():
    labels, scores, blocks = some_case(9)
    names = np.array([f"chr{b}" for b in blocks])
    results = [
        metrics.bootstrap_interval(metrics.auroc, labels, scores, blocks=b, rng=0, n_resamples=50)
        for b in (names, list(names), pd.Series(names, index=np.arange(400)[::-1]))
    ]
    assert results[0] == results[1] == results[2]


Y, S = [1, 0, 1, 0], [4.0, 3.0, 2.0, 1.0]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (
            {"blocks": [1, 2, 3]},
            ValueError,
            r"blocks have shape \(3,\), expected one for each of 4",
        ),
        ({"blocks": [1, 2, None, 3]}, ValueError, "blocks are missing for 1 examples"),
        ({"blocks": ["a"] * 4}, ValueError, "blocks are all 'a', expected two or more"),
        ({"blocks": [1, 2, 1, 3]}, ValueError, "one of the 3 blocks holds all bound examples"),
        ({"blocks": [1, 2, 3, 2]}, ValueError, "one of the 3 blocks holds all unbound examples"),
        ({"n_resamples": 19}, ValueError, "n_resamples is 19"),
        ({"confidence": 95}, ValueError, "confidence is 95, expected above 0 and below 1"),
        ({"confidence": "high"}, TypeError, "confidence is 'high'"),
        ({"rng": None}, TypeError, "rng is None"),
        ({"labels": [1, 1, 1, 1]}, ValueError, "all 1"),
        ({"scores": [1, 2, np.nan, 3]}, ValueError, "NaN"),
        ({"labels": [], "scores": []}, ValueError, "empty"),
        ({"metric": partial(metrics.recall_at_fdr, fdr=2)}, ValueError, "fdr is 2"),
        ({"metric": lambda y, s: np.nan}, ValueError, "the metric is NaN"),
        ({"metric": "auroc"}, TypeError, "metric is 'auroc', expected a function"),
        ({"metric": metrics.rank_correlation_of_ambiguous}, TypeError, "signal="),
        ({"metric": partial(metrics.rank_correlation_of_ambiguous)}, TypeError, "signal="),
    ],
)
def test_wrong_input_is_refused(options, error, words):
    options = {"metric": metrics.auroc, "labels": Y, "scores": S, "rng": 0} | options
    with pytest.raises(error, match=words) as caught:
        metrics.bootstrap_interval(**options)
    assert "\n" not in str(caught.value)


def test_evaluate_refuses_intervals_that_cannot_be():
    with pytest.raises(TypeError, match="rng is None"):
        metrics.evaluate(Y, S, intervals=True)
    with pytest.raises(ValueError, match="intervals=True"):
        metrics.evaluate(Y, S, blocks=[1, 2, 1, 2])
    with pytest.raises(ValueError, match="n_resamples is 3"):
        metrics.evaluate(Y, S, intervals=True, n_resamples=3, rng=0)
    with pytest.raises(ValueError, match="of task 1, expected two or more"):
        metrics.evaluate(
            [[1, 1], [0, 0], [1, 0], [0, 0]], [[1, 2]] * 4,
            intervals=True, rng=0, blocks=[1, 1, 2, 2],
        )  # fmt: skip
