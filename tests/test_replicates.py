"""Agreement and ceilings against loops, scikit-learn and integrals over the truth."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from shared_data import shared_data
from sklearn import metrics as sklearn_metrics

from dragonn_lite.assays import replicates
from dragonn_lite.display import charts
from dragonn_lite.dna import genome
from dragonn_lite.evaluation import metrics
from dragonn_lite.evaluation.shares import wilson_interval


def random_labels(rng, n_replicates=3):
    """Labels that agree more than by chance, some ambiguous."""
    truth = rng.random(60) < 0.4
    labels = np.where(rng.random((60, n_replicates)) < 0.75, truth[:, None], ~truth[:, None])
    return np.where(rng.random(labels.shape) < 0.2, -1, labels).astype(np.int8)


def random_peaks(rng, n):
    """Peaks on two chromosomes, some of them overlapping, some of equal signal."""
    start = rng.integers(0, 400, n)
    return pd.DataFrame(
        {
            "chromosome": rng.choice(["I", "II"], n),
            "start": start,
            "stop": start + rng.integers(1, 40, n),
            "signal": rng.integers(0, 15, n) / 2,
        }
    )


def shared_bp(p, q):
    same = p.chromosome == q.chromosome
    return max(0, min(p.stop, q.stop) - max(p.start, q.start)) if same else 0


# --- agreement ---------------------------------------------------------------------------------


def test_agreement_is_that_of_scikit_learn_and_of_counting():
    rng = np.random.default_rng(1)
    for _ in range(50):
        labels = random_labels(rng)
        table = replicates.agreement(labels, names=["x", "y", "z"])
        assert table["replicate_a"].str.cat(table["replicate_b"]).tolist() == ["xy", "xz", "yz"]
        pairs = itertools.combinations(labels.T, 2)
        for row, (a, b) in zip(table.itertuples(), pairs, strict=True):
            seen = [(p, q) for p, q in zip(a, b, strict=True) if p >= 0 and q >= 0]
            assert row.n == len(seen)
            counts = row.n_both, row.n_only_a, row.n_only_b, row.n_neither
            assert counts == tuple(seen.count(pair) for pair in [(1, 1), (1, 0), (0, 1), (0, 0)])
            a, b = np.array(seen).T
            assert row.kappa == pytest.approx(sklearn_metrics.cohen_kappa_score(a, b))
            assert row.jaccard == pytest.approx(sklearn_metrics.jaccard_score(a, b))
            assert row.agreeing_positives == pytest.approx(sklearn_metrics.f1_score(a, b))


def test_kappa_says_nothing_where_all_is_bound():
    table = replicates.agreement([[1, 1], [1, 1]])
    assert np.isnan(table["kappa"][0])
    assert table["jaccard"][0] == 1


# --- the ceiling of recall -----------------------------------------------------------------------


def test_the_recall_ceiling_is_the_share_of_positives_found_again():
    rng = np.random.default_rng(2)
    for n_replicates in (2, 3, 4):
        labels = random_labels(rng, n_replicates)
        asked = found = 0
        for i, j in itertools.permutations(range(n_replicates), 2):
            for row in labels:
                asked += row[i] == 1 and row[j] >= 0
                found += row[i] == 1 and row[j] == 1
        table = replicates.recall_ceiling({"technical": labels, "other": labels[::-1]})
        assert table["criterion"].tolist() == ["technical", "other"]
        assert table["n_replicates"].tolist() == [n_replicates] * 2
        assert table["recall_ceiling"].to_numpy() == pytest.approx(found / asked)
        assert ((table["low"] < found / asked) & (found / asked < table["high"])).all()
        if n_replicates == 2:
            agreed = replicates.agreement(labels)["agreeing_positives"][0]
            assert table["recall_ceiling"][0] == pytest.approx(agreed)


def test_wilsons_interval_is_that_of_scipy():
    for found, n, confidence in [(0, 7, 0.95), (3, 7, 0.9), (7, 7, 0.99), (480, 1000, 0.95)]:
        expected = stats.binomtest(found, n).proportion_ci(confidence, method="wilson")
        assert wilson_interval(found / n, n, confidence) == pytest.approx(expected)


def test_complete_agreement_has_an_interval_too():
    table = replicates.recall_ceiling({"technical": [[1, 1]] * 20 + [[0, 0]] * 5})
    assert table[["n_positive", "recall_ceiling", "high"]].to_numpy().tolist() == [[20, 1, 1]]
    assert table["low"][0] == pytest.approx(
        stats.binomtest(20, 20).proportion_ci(method="wilson").low
    )


def expected_ceiling(density, bound):
    """Exact P(bound in one replicate | bound in another): the truth is integrated out."""
    twice = integrate.quad(lambda t: density(t) * bound(t) ** 2, 0, 60, limit=200)[0]
    return twice / integrate.quad(lambda t: density(t) * bound(t), 0, 60, limit=200)[0]


@pytest.mark.parametrize("n_replicates", [2, 4])
@pytest.mark.parametrize("noise", ["normal", "Poisson"])
def test_the_simulated_ceiling_agrees_with_the_known_truth_within_its_interval(noise, n_replicates):
    # A skewed truth: most places weak, few strong. Bound is what is measured at 7 or above.
    truth = stats.gamma(1.2, scale=2.5)
    bound = {
        "normal": lambda t: stats.norm.sf(7, t, 1.5),
        "Poisson": lambda t: stats.poisson.sf(6, t),
    }[noise]
    exact = expected_ceiling(truth.pdf, bound)
    rows = []
    for seed in range(400):
        rng = np.random.default_rng(seed)
        strength = truth.rvs(1500, random_state=rng)
        if noise == "normal":
            simulated = replicates.simulate_replicates(
                strength, noise=1.5, n_replicates=n_replicates, rng=rng
            )
            signal = simulated.signal
        else:
            signal = rng.poisson(strength[:, None], (1500, n_replicates))
        rows.append(replicates.recall_ceiling({noise: (signal >= 7).astype(int)}))
    table = pd.concat(rows)
    assert 0.5 < exact < 0.75
    assert table["recall_ceiling"].mean() == pytest.approx(exact, abs=0.005)
    covered = ((table["low"] <= exact) & (exact <= table["high"])).mean()
    assert 0.92 <= covered <= 0.98  # 95 % of 400, give or take three deviations


def test_one_replicate_predicts_another_as_well_as_the_truth_allows():
    # Truth 0 or 3, noise 1, bound is 2 or more: the exact auROC follows from four normals.
    share, level = np.array([0.9, 0.1]), np.array([0.0, 3.0])
    bound = stats.norm.sf(2 - level)
    strong, weak = share * bound, share * (1 - bound)
    better = stats.norm.cdf((level[:, None] - level) / np.sqrt(2))
    exact = strong / strong.sum() @ better @ (weak / weak.sum())
    reached = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        truth = rng.choice(level, 4000, p=share)
        signal = replicates.simulate_replicates(truth, noise=1, n_replicates=3, rng=rng).signal
        summary = replicates.ceiling((signal >= 2).astype(int), signal).summary
        reached.append(summary.set_index("metric").loc["auroc", "mean"])
    deviation = np.std(reached) / np.sqrt(20)
    assert np.mean(reached) == pytest.approx(exact, abs=3 * deviation)
    assert deviation < 0.003


def test_the_ceiling_is_each_metric_of_each_ordered_pair():
    rng = np.random.default_rng(3)
    labels, signal = random_labels(rng), rng.normal(size=(60, 3))
    pairs, summary = replicates.ceiling(labels, signal, fdr=0.5, names=["x", "y", "z"])
    assert (pairs["predictor"] + pairs["judge"]).tolist() == ["xy", "xz", "yx", "yz", "zx", "zy"]
    column = {"x": 0, "y": 1, "z": 2}
    for row in pairs.itertuples():
        case = labels[:, column[row.judge]], signal[:, column[row.predictor]]
        assert (row.n_bound, row.n_unbound) == ((case[0] == 1).sum(), (case[0] == 0).sum())
        assert row.auroc == metrics.auroc(*case)
        assert row.auprc == metrics.auprc(*case)
        assert row.recall_at_fdr == metrics.recall_at_fdr(*case, fdr=0.5)
    for row in summary.itertuples():
        values = pairs[row.metric]
        expected = values.mean(), values.min(), values.max()
        assert (row.mean, row.lowest, row.highest) == pytest.approx(expected)


def test_simulated_replicates_share_what_they_should():
    truth = np.random.default_rng(0).normal(5, 2, 20_000)
    signal, reproducible = replicates.simulate_replicates(
        truth, noise=1, n_replicates=3, irreproducible=0.25, rng=1
    )
    assert signal.shape == (20_000, 3)
    assert (~reproducible).sum() == 5000
    together = np.corrcoef(signal[reproducible].T)[np.triu_indices(3, 1)]
    assert together == pytest.approx(4 / 5, abs=0.02)
    apart = np.corrcoef(signal[~reproducible].T)[np.triu_indices(3, 1)]
    assert apart == pytest.approx(0, abs=0.05)
    assert (signal - truth[:, None])[reproducible].std() == pytest.approx(1, abs=0.02)
    assert signal[~reproducible].std() == pytest.approx(1, abs=0.02)
    again = replicates.simulate_replicates(
        truth, noise=1, n_replicates=3, irreproducible=0.25, rng=1
    )
    np.testing.assert_array_equal(again.signal, signal)


# --- concordance ---------------------------------------------------------------------------------


def test_concordance_counts_the_tops_that_two_rankings_share():
    rng = np.random.default_rng(4)
    a, b = rng.permutation(40), rng.permutation(40)
    table = replicates.concordance(a, b, k=range(1, 41))
    for row in table.itertuples():
        shared = set(np.argsort(-a)[: row.k]) & set(np.argsort(-b)[: row.k])
        assert row.shared == len(shared)
        assert row.concordance == len(shared) / row.k
        assert row.chance == row.k / 40
    assert table["concordance"].iloc[-1] == 1


def test_ties_at_the_border_are_expected_values():
    rng = np.random.default_rng(5)
    a, b = rng.integers(0, 4, (2, 30))
    expected = np.zeros(30)
    for _ in range(4000):
        first, second = (np.lexsort((rng.random(30), -signal)) for signal in (a, b))
        expected += [len(set(first[:k]) & set(second[:k])) for k in range(1, 31)]
    table = replicates.concordance(a, b, k=range(1, 31))
    np.testing.assert_allclose(table["shared"], expected / 4000, atol=0.15)


def test_sizes_are_round_and_end_with_all():
    sizes = replicates.concordance(np.arange(777), np.arange(777))["k"].tolist()
    assert sizes[:10] == [10, 12, 15, 20, 25, 30, 40, 50, 60, 80]
    assert sizes[10:] == [100, 120, 150, 200, 250, 300, 400, 500, 600, 777]
    assert replicates.concordance([1, 2, 3], [3, 2, 1])["k"].tolist() == [3]
    assert replicates.concordance(range(100), range(100))["k"].tolist()[-2:] == [80, 100]


@pytest.mark.parametrize("seed", range(8))
def test_peaks_that_overlap_are_found_one_by_one(seed):
    rng = np.random.default_rng(seed)
    a, b = random_peaks(rng, 50), random_peaks(rng, 35)
    listed = [list(peaks.itertuples()) for peaks in (a, b)]
    overlap = np.array([[shared_bp(p, q) for q in listed[1]] for p in listed[0]])
    table = replicates.peak_agreement(a, b).set_index("peaks")
    assert table["n"].tolist() == [50, 35]
    assert table["n_shared"].tolist() == [(overlap.any(axis=i)).sum() for i in (1, 0)]
    assert table.loc["a", "n_shared"] == genome.overlaps(a, b).sum()

    order = [sorted(range(len(p)), key=lambda i, p=p: -p["signal"][i]) for p in (a, b)]
    for row in replicates.peak_concordance(a, b, k=range(1, 36)).itertuples():
        top = overlap[np.ix_(order[0][: row.k], order[1][: row.k])]
        assert row.shared == top.any(axis=1).sum()
        assert row.concordance == row.shared / row.k

    # Matching: take the best pair left, again and again.
    rank = [np.argsort(o) for o in order]
    left = {(i, j): overlap[i, j] for i, j in zip(*overlap.nonzero(), strict=True)}
    expected = []
    while left:
        pair = min(
            left,
            key=lambda ij: (
                -left[ij],
                rank[0][ij[0]] + rank[1][ij[1]],
                min(rank[0][ij[0]], rank[1][ij[1]]),
            ),
        )
        expected.append((*pair, left[pair]))
        left = {ij: bp for ij, bp in left.items() if ij[0] != pair[0] and ij[1] != pair[1]}
    pairs = replicates.match_peaks(a, b)
    assert pairs[["index_a", "index_b", "overlap_bp"]].apply(tuple, axis=1).tolist() == sorted(
        expected
    )
    assert pairs["signal_a"].tolist() == a["signal"][pairs["index_a"]].tolist()
    assert pairs["signal_b"].tolist() == b["signal"][pairs["index_b"]].tolist()
    assert len(pairs) > 10


def encode_replicates():
    paths = [
        shared_data("idr_replicates", f"ENCFF000X{x}-chr21.regionPeak.gz") for x in ("UK", "UL")
    ]
    return [genome.read_intervals(path) for path in paths]


def test_the_figures_of_two_real_replicates():
    a, b = encode_replicates()
    table = replicates.peak_agreement(a, b)
    assert table["n"].tolist() == [8218, 7930]
    # 3,071 peaks of the first overlap one of the second; seen from there they are 3,077.
    assert table["n_shared"].tolist() == [3071, 3077]
    top = replicates.peak_concordance(a, b, k=[100, 500, 1000, 2000, 4000])
    assert top["shared"].tolist() == [90, 436, 804, 1328, 1894]
    assert top["concordance"].round(2).tolist() == [0.90, 0.87, 0.80, 0.66, 0.47]
    pairs = replicates.match_peaks(a, b)
    assert len(pairs) == 3060  # each peak once
    assert stats.spearmanr(pairs["signal_a"], pairs["signal_b"]).statistic == pytest.approx(
        0.775, abs=0.0005
    )
    other_way = replicates.match_peaks(b, a)
    swapped = pairs[["index_a", "index_b"]].sort_values("index_b").to_numpy()[:, ::-1]
    np.testing.assert_array_equal(other_way[["index_a", "index_b"]], swapped)


def test_the_picture_says_what_is_shared_at_the_top():
    table = replicates.peak_concordance(*encode_replicates())
    chart = charts.concordance({"ChIP-seq": table}, ceiling=(0.374, "found again at all"))
    assert chart.title.text == [
        "Replicates share 90 % of their top 100 but 38 % of their top 7,930"
    ]
    assert "found again at all 37 %" in chart.description
    same = replicates.concordance(range(1000), range(1000))
    title = charts.concordance({"same": same}).title.text
    assert title == ["Replicates share 100 % of their top 100, where chance gives 10 %"]


# --- bad input -----------------------------------------------------------------------------------

TWO = np.array([[1, 0], [0, 1], [1, 1]])
PEAKS = pd.DataFrame({"chromosome": ["I"], "start": [0], "stop": [9], "signal": [1.0]})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: replicates.agreement([1, 0, 1]), r"labels has shape \(3,\).*at least two"),
        (lambda: replicates.agreement([[1], [0]]), r"labels has shape \(2, 1\).*at least two"),
        (lambda: replicates.agreement(np.zeros((0, 2))), r"labels has shape \(0, 2\)"),
        (lambda: replicates.agreement([[1, 0], [1]]), "labels has rows of different lengths"),
        (lambda: replicates.agreement([[1, 0.5]]), "labels holds the value 0.5"),
        (lambda: replicates.agreement([[0, 0]] * 3), "replicates 1 and 2 have no positive"),
        (lambda: replicates.agreement([[1, -1], [-1, 1]]), "replicates 1 and 2 label no example"),
        (lambda: replicates.agreement(TWO, names=["x"]), "names holds 1, expected one for each"),
        (lambda: replicates.recall_ceiling(TWO), "labels_by_criterion is no mapping"),
        (lambda: replicates.recall_ceiling({}), "labels_by_criterion is no mapping"),
        (lambda: replicates.recall_ceiling({"t": [1, 0]}), r"labels_by_criterion\['t'\] has shape"),
        (lambda: replicates.recall_ceiling({"t": [[0, 0]]}), "replicates of 't' have no positive"),
        (lambda: replicates.recall_ceiling({"t": [[-1, 1]]}), "replicates of 't' label no example"),
        (lambda: replicates.recall_ceiling({"t": TWO}, confidence=1), "confidence is 1, expected"),
        (lambda: replicates.recall_ceiling({"t": TWO}, confidence=95), "confidence is 95"),
        (
            lambda: replicates.ceiling(TWO, TWO[:2]),
            r"signal has shape \(2, 2\) and labels \(3, 2\)",
        ),
        (lambda: replicates.ceiling(TWO[:, :1], TWO[:, :1]), "at least two replicates"),
        (lambda: replicates.ceiling(TWO, TWO * np.nan), "signal has dtype float64 or holds NaN"),
        (lambda: replicates.ceiling([[1, 0], [1, 1]], np.eye(2)), "replicate 1 hold 2 bound and 0"),
        (lambda: replicates.ceiling([[1, -1], [0, -1]], np.eye(2)), "replicate 2 hold 0 bound"),
        (lambda: replicates.concordance([1, 2], [1, 2, 3]), "signal_a has 2 values and signal_b 3"),
        (lambda: replicates.concordance([], []), r"signal_a has shape \(0,\)"),
        (lambda: replicates.concordance([1, 2], [1, np.nan]), "signal_b holds 1 values"),
        (lambda: replicates.concordance([1, 2], [2, 1], k=3), "k is 3, expected 1 to 2"),
        (lambda: replicates.concordance([1, 2], [2, 1], k=[0, 1]), "k is 0, expected 1 to 2"),
        (lambda: replicates.concordance([1, 2], [2, 1], k=0.5), "k is 0.5, expected a whole"),
        (
            lambda: replicates.peak_concordance(PEAKS, PEAKS, k=2),
            "k is 2, expected 1 to 1.*shorter",
        ),
        (lambda: replicates.match_peaks(PEAKS, PEAKS[:0]), "peaks_b is empty"),
        (lambda: replicates.match_peaks(PEAKS, PEAKS.drop(columns="signal")), "peaks_b has no col"),
        (
            lambda: replicates.match_peaks(PEAKS.assign(signal=np.nan), PEAKS),
            r"peaks_a\['signal'\] holds 1",
        ),
        (lambda: replicates.peak_agreement(PEAKS, PEAKS.assign(chromosome="chrI")), "'I'.*'chrI'"),
        (lambda: replicates.simulate_replicates([1, np.nan], noise=1, rng=1), "truth has shape"),
        (lambda: replicates.simulate_replicates([[1.0]], noise=1, rng=1), r"shape \(1, 1\)"),
        (lambda: replicates.simulate_replicates([1], noise=-1, rng=1), "noise is -1"),
        (
            lambda: replicates.simulate_replicates([1], noise=1, irreproducible=2, rng=1),
            "irreproducible is 2",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_peaks_must_be_tables():
    with pytest.raises(TypeError, match="peaks_b is a list"):
        replicates.match_peaks(PEAKS, [("I", 0, 9)])
