"""IDR against scipy, pair by pair; against simulated truth; against two real replicates."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import optimize, stats
from shared_data import shared_data

from dragonn_lite.assays import replicates, reproducibility
from dragonn_lite.dna import genome

# Mean, sd, correlation and share of the reproducible part. The first is the design of the
# simulated data of the method's own R package (simu.idr).
DESIGNS = [(2.5, 1.0, 0.84, 0.65), (2.6, 1.3, 0.8, 0.7), (2.5, 1.0, 0.84, 0.05)]


def simulated(design, n, seed):
    """Replicates whose ranks follow a mixture with these parameters exactly."""
    mean, sd, correlation, proportion = design
    rng = np.random.default_rng(seed)
    truth = rng.normal(mean, sd * np.sqrt(correlation), n)
    noise = sd * np.sqrt(1 - correlation)
    return replicates.simulate_replicates(
        truth, noise=noise, irreproducible=1 - proportion, rng=rng
    )


def random_mixtures(rng, n):
    for _ in range(n):
        yield reproducibility._Mixture(
            rng.uniform(0, 5), rng.uniform(0.1, 3), rng.uniform(0, 0.99), rng.uniform(0.01, 0.99)
        )


def margin(mixture):
    """Distribution of one replicate's values, by scipy."""
    share, one = mixture.proportion, stats.norm(mixture.mean, mixture.sd)
    return SimpleNamespace(
        cdf=lambda x: (1 - share) * stats.norm.cdf(x) + share * one.cdf(x),
        pdf=lambda x: (1 - share) * stats.norm.pdf(x) + share * one.pdf(x),
    )


def quantile(cdf, rank):
    """The value below which `rank` of the values lie, by root search."""
    return optimize.brentq(lambda x: cdf(x) - rank, -50, 50, xtol=1e-12)


def parts(values, mixture):
    """Densities of the pairs in the irreproducible and the reproducible part, by scipy."""
    mean, sd, correlation, proportion = mixture
    signal = stats.multivariate_normal(
        [mean] * 2, sd**2 * np.array([[1, correlation], [correlation, 1]])
    )
    noise = stats.multivariate_normal([0, 0])
    return (1 - proportion) * noise.pdf(values.T), proportion * signal.pdf(values.T)


def test_values_are_the_quantiles_of_the_mixture():
    rng = np.random.default_rng(1)
    for mixture in random_mixtures(rng, 20):
        ranks = np.sort(np.append(rng.uniform(0, 1, 20), [1e-5, 1 - 1e-5]))
        cdf = margin(mixture).cdf
        exact = [quantile(cdf, rank) for rank in ranks]
        np.testing.assert_allclose(reproducibility._values(ranks, mixture), exact, atol=1e-4)


def test_densities_and_log_likelihood_are_those_of_scipy():
    rng = np.random.default_rng(2)
    for mixture in random_mixtures(rng, 20):
        ranks = rng.uniform(0.001, 0.999, (2, 50))
        values = reproducibility._values(ranks, mixture)
        noise, signal = parts(values, mixture)
        np.testing.assert_allclose(
            reproducibility._reproducible(values, mixture), signal / (noise + signal), atol=1e-12
        )
        alone = margin(mixture).pdf(values)
        expected = np.sum(np.log(noise + signal)) - np.sum(np.log(alone))
        reached = reproducibility._log_likelihoods(ranks, reproducibility._place(mixture)).sum()
        assert reached == pytest.approx(expected, abs=1e-8)


def test_a_step_of_em_never_makes_given_values_less_likely():
    rng = np.random.default_rng(3)
    for _ in range(30):
        # A narrower start could shrink onto a single pair, whose density knows no bound.
        mixture = reproducibility._Mixture(*rng.uniform([0, 0.5, 0, 0.1], [4, 3, 0.9, 0.9]))
        values = rng.normal(0, 1, (2, 200)) + np.where(rng.random(200) < 0.4, 2, 0)
        before = np.log(np.sum(parts(values, mixture), axis=0)).sum()
        for _ in range(5):
            mixture = reproducibility._refitted(values, mixture)
            after = np.log(np.sum(parts(values, mixture), axis=0)).sum()
            assert after >= before - 1e-9
            before = after


def slow_log_likelihood(ranks, mixture):
    """Of ranks: quantiles by root search, densities by scipy; and the probability of noise."""
    both = margin(mixture)
    values = np.array([[quantile(both.cdf, rank) for rank in row] for row in ranks])
    noise, signal = parts(values, mixture)
    likelihood = np.log(noise + signal).sum() - np.log(both.pdf(values)).sum()
    return likelihood, np.where(values.sum(axis=0) < 0, 1, noise / (noise + signal))


@pytest.mark.parametrize("seed", range(3))
def test_no_mixture_nearby_makes_the_ranks_likelier(seed):
    signal = simulated((2.5, 1.0, 0.8, 0.5), 100, seed).signal
    found = replicates.idr(*signal.T)
    assert found.converged
    ranks = stats.rankdata(signal, axis=0).T / 101
    best = reproducibility._Mixture(*found[2:6])
    reached, local_idr = slow_log_likelihood(ranks, best)
    assert found.log_likelihood == pytest.approx(reached, abs=1e-3)
    np.testing.assert_allclose(found.local_idr, local_idr, atol=1e-4)
    for name in best._fields:
        for by in (-0.02, 0.02):
            nearby = best._replace(**{name: getattr(best, name) + by})
            assert slow_log_likelihood(ranks, nearby)[0] < reached


@pytest.mark.parametrize("seed", range(3))
def test_the_climb_leads_beyond_where_em_rests(seed):
    ranks = np.stack(reproducibility._ranks(*simulated(DESIGNS[0], 1000, seed).signal.T))
    start = reproducibility._place(reproducibility._Mixture(1, 1, 0.5, 0.5))
    settled, n_steps = reproducibility._settle(ranks, start, 600)
    assert n_steps < 600
    np.testing.assert_allclose(reproducibility._em(ranks, settled), settled, atol=0.02)
    rests = reproducibility._log_likelihoods(ranks, settled).sum()
    mixture, reached, _, converged = reproducibility._climb(ranks, settled, n_steps, 600)
    assert converged
    assert reached > rests + 1
    # EM alone finds too narrow a reproducible part; the true sd is 1.
    assert abs(mixture.sd - 1) < abs(reproducibility._mixture(settled).sd - 1)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("seed", range(3))
def test_a_known_share_of_irreproducible_pairs_is_found(design, seed):
    n = 4000
    signal, reproducible = simulated(design, n, seed)
    found = replicates.idr(*signal.T)
    mean, sd, correlation, proportion = design
    assert found.converged
    assert found.proportion == pytest.approx(proportion, abs=0.03)
    assert found.correlation == pytest.approx(correlation, abs=0.08)
    assert found.mean == pytest.approx(mean, abs=0.4 if proportion < 0.1 else 0.25)
    assert found.sd == pytest.approx(sd, abs=0.4 if proportion < 0.1 else 0.25)
    # Of what is called at 5 %, about 5 % or fewer are irreproducible: within three deviations.
    called = found.global_idr <= 0.05
    assert called.sum() > 0.6 * proportion * n
    assert (~reproducible[called]).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / called.sum())
    # Local rates add up to the number of irreproducible pairs.
    assert found.local_idr.sum() == pytest.approx((~reproducible).sum(), abs=0.05 * n)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [30, 1000])
def test_independent_replicates_hold_nothing_reproducible(n, seed):
    found = replicates.idr(*np.random.default_rng(seed).normal(size=(2, n)))
    assert (found.proportion, found.log_likelihood) == (0, 0)
    assert np.isnan([found.mean, found.sd, found.correlation]).all()
    assert (found.local_idr == 1).all()
    assert (found.global_idr == 1).all()


def test_replicates_that_never_disagree_are_all_called_but_the_weak():
    truth = np.random.default_rng(1).normal(size=500)
    found = replicates.idr(truth, truth**3)
    assert found.proportion > 0.99
    assert (found.global_idr <= 0.05)[truth > 0].all()


def test_only_ranks_count_and_neither_order_nor_sides_do():
    signal = simulated((2.5, 1.0, 0.8, 0.5), 400, 5).signal
    order = np.random.default_rng(1).permutation(400)
    for a, b in (signal.T, signal.round(1).T):  # the second with many ties
        found = replicates.idr(a, b)
        others = [
            (replicates.idr(np.exp(a), b * 3 - 100), found.local_idr),
            (replicates.idr(a[order], b[order]), found.local_idr[order]),
        ]
        if len(np.unique(a)) == 400:
            others.append((replicates.idr(b, a), found.local_idr))
        for other, local in others:
            np.testing.assert_allclose(other.local_idr, local, atol=1e-6)
            np.testing.assert_allclose(other[2:6], found[2:6], rtol=1e-6)
    pairs = {}
    for pair, rate in zip(zip(a, b, strict=True), found.local_idr, strict=True):
        assert pairs.setdefault(pair, rate) == rate  # equal pairs, equal rates
    assert len(pairs) < 400


def test_equal_signals_are_scattered_over_their_ranks_in_each_replicate_otherwise():
    signals = np.random.default_rng(1).integers(0, 2, (2, 600))
    ranks = reproducibility._ranks(*signals)
    for rank, signal in zip(ranks, signals, strict=True):
        np.testing.assert_allclose(np.sort(rank), np.arange(1, 601) / 601)
        assert rank[signal == 0].max() < rank[signal == 1].min()
    for pair in ((0, 0), (0, 1), (1, 0), (1, 1)):
        equal = (signals.T == pair).all(axis=1)
        assert abs(stats.spearmanr(*ranks[:, equal]).statistic) < 0.25


@pytest.mark.parametrize("mean", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_coarse_counts_that_do_not_agree_are_not_called(mean, seed):
    found = replicates.idr(*np.random.default_rng(seed).poisson(mean, (2, 2000)))
    assert (found.global_idr > 0.05).all()


def test_coarse_counts_that_agree_are_called():
    rng = np.random.default_rng(1)
    reproducible = np.arange(2000) < 600
    mean = np.where(reproducible, rng.gamma(4, 5, 2000), 1.0)
    called = replicates.idr(*rng.poisson(mean, (2, 2000))).global_idr <= 0.05
    assert called.sum() > 400
    assert (~reproducible[called]).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / called.sum())


@pytest.mark.parametrize("correlation", [-0.5, -0.9, -0.99, -1.0])
def test_replicates_that_contradict_each_other_hold_nothing_reproducible(correlation):
    a, b = np.random.default_rng(1).normal(size=(2, 500))
    found = replicates.idr(a, correlation * a + np.sqrt(1 - correlation**2) * b)
    assert found.proportion == 0
    assert (found.global_idr == 1).all()


def test_the_start_whose_ranks_are_likeliest_wins():
    apart = []
    for seed in range(4):  # few pairs, hardly apart: not every start finds the same mixture
        signal = simulated((1.0, 1.0, 0.5, 0.5), 300, seed).signal
        ranks = np.stack(reproducibility._ranks(*signal.T))
        gains = [
            reproducibility._fit(ranks, reproducibility._Mixture(*start), 600)[1]
            for start in reproducibility._STARTS
        ]
        assert replicates.idr(*signal.T).log_likelihood == max(gains)
        apart.append(max(gains) - min(gains))
    assert max(apart) > 1


def test_pairs_weaker_than_noise_are_never_called():
    # A reproducible part wider than the noise is likelier than it in both corners.
    signal = simulated((1.5, 2.5, 0.95, 0.5), 2000, 1).signal
    found = replicates.idr(*signal.T)
    assert found.sd > 2
    weak = np.argsort(signal.sum(axis=1))[:100]
    assert (found.local_idr[weak] == 1).all()
    mixture = reproducibility._Mixture(*found[2:6])
    values = reproducibility._values(stats.rankdata(signal, axis=0).T / 2001, mixture)
    assert reproducibility._reproducible(values, mixture)[weak].mean() > 0.9  # but for the rule


def test_the_global_rate_is_the_mean_of_all_that_are_as_reproducible():
    local = np.random.default_rng(1).integers(0, 20, 100) / 20
    expected = [local[local <= rate].mean() for rate in local]
    np.testing.assert_allclose(reproducibility._global(local), expected)


def test_too_few_steps_are_said():
    signal = simulated((2.5, 1.0, 0.8, 0.5), 300, 1).signal
    found = replicates.idr(*signal.T, max_iterations=3)
    assert (found.converged, found.n_iterations) == (False, 3)


GOOD = np.arange(30.0)


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (GOOD[:19], GOOD[:19], "signal_a has 19 values, expected at least 20 pairs"),
        ([], [], "signal_a has 0 values|signal_a has shape"),
        (GOOD, GOOD[:25], "signal_a has 30 values and signal_b 25.*match_peaks"),
        (GOOD, np.where(GOOD == 3, np.nan, GOOD), "signal_b holds 1 values that are NaN"),
        (GOOD, np.full(30, 2.0), "signal_b is 2.0 for every pair"),
        (GOOD[None], GOOD, r"signal_a has shape \(1, 30\)"),
        (GOOD, ["x"] * 30, "signal_b has shape .* expected numbers"),
    ],
)
def test_bad_signals_are_named(a, b, message):
    with pytest.raises(ValueError, match=message):
        replicates.idr(a, b)


def test_two_real_replicates():
    paths = [
        shared_data("idr_replicates", f"ENCFF000X{x}-chr21.regionPeak.gz") for x in ("UK", "UL")
    ]
    pairs = replicates.match_peaks(*map(genome.read_intervals, paths))
    found = replicates.idr(pairs["signal_a"], pairs["signal_b"])
    assert found.converged
    # Two good replicates of one factor: about half of the shared peaks would come up again.
    assert 0.4 < found.proportion < 0.55
    assert found.correlation > 0.9
    called = found.global_idr <= 0.05
    assert 1000 < called.sum() < 1300
    strength = pairs[["signal_a", "signal_b"]].rank(pct=True).min(axis=1).to_numpy()
    assert called[strength > 0.9].all()
    assert not called[strength < 0.3].any()


def test_two_real_lists_without_common_order():
    # Their 71 pairs of peaks have a rank correlation of 0.21 (p = 0.08).
    peaks = [genome.read_intervals(shared_data("idr_replicates", f"peak{i}_sub")) for i in (1, 2)]
    pairs = replicates.match_peaks(*peaks)
    assert len(pairs) == 71
    assert stats.spearmanr(pairs["signal_a"], pairs["signal_b"]).pvalue > 0.05
    assert replicates.idr(pairs["signal_a"], pairs["signal_b"]).proportion == 0
