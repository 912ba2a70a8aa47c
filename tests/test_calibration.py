"""Calibration against scikit-learn, scipy, and models whose true probabilities are known."""

import pickle

import numpy as np
import pytest
from scipy import stats
from sklearn.calibration import _SigmoidCalibration, calibration_curve

from dragonn_lite.evaluation import calibration, metrics

SEEDS = range(4)
FITS = pytest.mark.parametrize("fit", [calibration.platt, calibration.isotonic])


def gaussians(n, share, seed):
    """Labels and scores of two Gaussians one apart on either side, whose log odds are 2 s."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < share).astype(np.int8)
    return labels, rng.normal(2.0 * labels - 1)


def posterior(scores, share):
    bound, unbound = (stats.norm.pdf(scores, mean) for mean in (1, -1))
    return share * bound / (share * bound + (1 - share) * unbound)


# --- fitting ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scale", [1, 1e-4, 1e6])
def test_platt_is_that_of_scikit_learn(seed, scale):
    labels, scores = gaussians(400, 0.2, seed)
    theirs = _SigmoidCalibration().fit(scores, labels)
    grid = np.linspace(-4, 4, 50)
    ours = calibration.platt(labels, scale * scores).probabilities(scale * grid)
    assert ours == pytest.approx(theirs.predict(grid), abs=2e-4)  # they stop earlier


@pytest.mark.parametrize("seed", SEEDS)
def test_platt_is_where_the_likelihood_of_smoothed_targets_is_flat(seed):
    labels, scores = gaussians(60, 0.3, seed)
    n = labels.sum()
    target = np.where(labels == 1, (n + 1) / (n + 2), 1 / (60 - n + 2))
    # Asked one by one, together with another score: the fitted array itself is refused.
    excess = target - calibration.platt(labels, scores).probabilities(np.append(scores, 0))[:-1]
    assert excess.sum() == pytest.approx(0, abs=1e-8)
    assert excess @ scores == pytest.approx(0, abs=1e-8)


def test_platt_of_separable_scores():
    apart = calibration.platt([0, 0, 1, 1], [-2.0, -1, 1, 2]).probabilities([-9.0, 0, 9])
    assert 0 < apart[0] < 0.01 and apart[1] == pytest.approx(0.5) and 0.99 < apart[2] < 1


@pytest.mark.parametrize("seed", SEEDS)
def test_isotonic_is_the_closest_rising_curve(seed):
    labels, scores = gaussians(200, 0.4, seed)
    order = np.argsort(scores)
    y = labels[order]
    # The min-max formula: the largest over starts of the smallest over ends of the mean between.
    total = np.concatenate([[0], np.cumsum(y)])
    closest = [
        max(
            min((total[b] - total[a]) / (b - a) for b in range(i + 1, len(y) + 1))
            for a in range(i + 1)
        )
        for i in range(len(y))
    ]
    found = calibration.isotonic(labels, scores).probabilities(np.append(scores[order], 0))
    assert found[:-1] == pytest.approx(closest, abs=1e-12)


@FITS
@pytest.mark.parametrize("seed", SEEDS)
def test_a_monotone_map_is_found_and_undone(fit, seed):
    labels, scores = gaussians(40_000, 0.3, seed)
    distorted = 5 * scores + 3  # a logit that is neither centred nor of the right scale
    given = calibration.probabilities(distorted[20_000:])
    fitted = fit(labels[:20_000], distorted[:20_000]).probabilities(distorted[20_000:])
    truth = posterior(scores[20_000:], 0.3)
    assert np.abs(given - truth).mean() > 0.15
    assert np.abs(fitted - truth).mean() < 0.02  # seeds 0 to 3: at most 0.012
    judged = labels[20_000:]
    before, after = (calibration.expected_calibration_error(judged, p) for p in (given, fitted))
    assert after < 0.02 < 0.15 < before


@pytest.mark.parametrize("seed", SEEDS)
def test_calibration_does_not_rank_anew(seed):
    labels, scores = gaussians(4000, 0.3, seed)
    fit, judge = slice(0, 2000), slice(2000, None)
    before = metrics.auroc(labels[judge], scores[judge])
    platt = calibration.platt(labels[fit], scores[fit]).probabilities(scores[judge])
    assert metrics.auroc(labels[judge], platt) == before
    steps = calibration.isotonic(labels[fit], scores[fit]).probabilities(scores[judge])
    assert metrics.auroc(labels[judge], steps) == pytest.approx(before, abs=0.01)  # by ties
    assert (np.diff(steps[np.argsort(scores[judge])]) >= 0).all()


@FITS
def test_ambiguous_examples_do_not_count(fit):
    labels, scores = gaussians(300, 0.3, 0)
    more = np.append(labels, [-1, -1]), np.append(scores, [40.0, np.nan])
    grid = np.linspace(-3, 3, 9)
    expected = fit(labels, scores).probabilities(grid)
    assert fit(*more).probabilities(grid).tolist() == expected.tolist()
    assert (fit(*more).n_bound, fit(*more).n_unbound) == (labels.sum(), 300 - labels.sum())


@FITS
def test_far_scores_stay_at_the_ends(fit):
    labels, scores = gaussians(300, 0.3, 0)
    fitted = fit(labels, scores)
    assert fitted.probabilities([-np.inf, -1e300, 1e300, np.inf]).tolist() == [0, 0, 1, 1]


# --- the data it was fitted on ---------------------------------------------------------------


@FITS
def test_what_was_fitted_on_is_not_transformed(fit):
    labels, scores = gaussians(100, 0.5, 0)
    everything = np.concatenate([scores, scores + 0.5])
    fitted = fit(labels, everything[:100])
    for same in (
        everything[:100],  # a view into the same memory
        everything[50:99],  # a part of it
        everything[99::-2],
        everything,  # the base it is a part of
        scores,  # a copy
        scores.tolist(),
        scores[:, None],
    ):
        with pytest.raises(ValueError, match="scores are those that this .* was fitted on"):
            fitted.probabilities(same)
    assert len(fitted.probabilities(everything[100:])) == 100  # its neighbour in memory
    logits = scores.astype(np.float32)  # as networks give them
    with pytest.raises(ValueError, match="was fitted on"):
        fit(labels, logits).probabilities(logits.copy())


@FITS
def test_it_is_known_again_after_a_change_and_after_a_trip_to_disk(fit):
    labels, scores = gaussians(100, 0.5, 0)
    before = scores.copy()
    fitted = fit(labels, scores)
    scores += 1.0
    for kept in (fitted, pickle.loads(pickle.dumps(fitted))):
        with pytest.raises(ValueError, match="was fitted on"):
            kept.probabilities(before)
    assert fit(labels, [*before]).probabilities(before + 1).shape == (100,)


# --- the prior -------------------------------------------------------------------------------


@pytest.mark.parametrize(("trained", "used"), [(0.5, 0.01), (0.01, 0.5), (0.3, 0.3), (0.9, 0.2)])
def test_the_corrected_prior_is_the_exact_posterior(trained, used):
    scores = np.linspace(-8, 8, 101)
    corrected = calibration.correct_prior(posterior(scores, trained), trained=trained, used=used)
    assert corrected == pytest.approx(posterior(scores, used), rel=1e-9)


def test_the_corrected_prior_shifts_the_logit():
    p = np.array([[0.1, 0.5], [0.9, 0.999]])
    odds = np.log(calibration.correct_prior(p, trained=0.5, used=0.01))
    odds -= np.log1p(-np.exp(odds))
    assert odds == pytest.approx(np.log(p / (1 - p)) + np.log(0.01 / 0.99), rel=1e-9)
    ends = calibration.correct_prior([0.0, 1.0], trained=0.5, used=0.01)
    assert ends.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("seed", SEEDS)
def test_trained_balanced_and_used_at_one_percent(seed):
    """As a network would be: fitted on balanced data, judged where few are bound."""
    fitted = calibration.platt(*gaussians(20_000, 0.5, seed))
    labels, scores = gaussians(50_000, 0.01, seed + 100)
    naive = fitted.probabilities(scores)
    corrected = calibration.correct_prior(naive, trained=0.5, used=0.01)
    wrong, right = (calibration.expected_calibration_error(labels, p) for p in (naive, corrected))
    assert right < 0.005 < 0.1 < wrong
    assert metrics.auroc(labels, corrected) == metrics.auroc(labels, naive)


# --- reliability -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("decimals", [9, 1])
def test_the_curve_is_that_of_scikit_learn(seed, decimals):
    labels, scores = gaussians(3000, 0.1, seed)
    p = calibration.probabilities(scores).round(decimals)  # one decimal: nearly all are ties
    curve = calibration.reliability_curve(labels, p, n_bins=7)
    observed, predicted = calibration_curve(labels, p, n_bins=7, strategy="quantile")
    assert curve["observed"].to_numpy() == pytest.approx(observed)
    assert curve["predicted"].to_numpy() == pytest.approx(predicted)
    assert curve["n"].sum() == 3000
    for row in curve.itertuples():
        bound = round(row.observed * row.n)
        interval = stats.binomtest(bound, row.n).proportion_ci(method="wilson")
        assert (row.low, row.high) == pytest.approx(tuple(interval), abs=1e-12)


def test_equal_counts_and_ambiguous_examples():
    labels = np.tile([0, 1, -1], 100)
    p = np.where(labels < 0, np.nan, np.arange(300) / 300)
    curve = calibration.reliability_curve(labels, p, n_bins=8)
    assert curve["n"].tolist() == [25] * 8
    assert calibration.reliability_curve([1, 0, 1], [0.4] * 3)["n"].tolist() == [3]


def test_calibration_error_by_hand():
    # Bins {0.1, 0.2}, {0.4, 0.6}: |0 - 0.15| and |1 - 0.5|, each of half the weight.
    assert calibration.expected_calibration_error(
        [0, 0, 1, 1, -1], [0.1, 0.2, 0.4, 0.6, 0.9], n_bins=2
    ) == pytest.approx(0.325)
    # Unequal bins, as ties stay together: three of 0.5 (one bound), one of 1.
    assert calibration.expected_calibration_error(
        [0, 0, 1, 0], [0.5, 0.5, 0.5, 1.0], n_bins=2
    ) == pytest.approx(0.75 * (0.5 - 1 / 3) + 0.25)


@pytest.mark.parametrize("seed", SEEDS)
def test_true_probabilities_are_calibrated(seed):
    rng = np.random.default_rng(seed)
    p = rng.random(200_000)
    labels = (rng.random(200_000) < p).astype(np.int8)
    # Chance alone: 10 bins of 20,000, each off by about 0.8 * sqrt(p (1 - p) / n) < 0.003.
    assert calibration.expected_calibration_error(labels, p) < 0.004
    assert calibration.expected_calibration_error(labels, p**2) > 0.1
    curve = calibration.reliability_curve(labels, p, n_bins=20)
    inside = (curve["low"] <= curve["predicted"]) & (curve["predicted"] <= curve["high"])
    assert inside.sum() >= 16  # 19 of 20 expected


def test_logits_at_their_word():
    logits = np.array([-1000.0, -1.0, 0.0, 1.0, 1000.0])
    assert calibration.probabilities(logits)[1:4] == pytest.approx(stats.logistic.cdf(logits[1:4]))
    assert calibration.probabilities(logits)[[0, 4]].tolist() == [0.0, 1.0]
    assert calibration.probabilities(3).shape == ()


# --- bad input -------------------------------------------------------------------------------

Y, S = [0, 1, 0, 1], [0.1, 0.6, 0.7, 0.9]


@FITS
@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([], [], "labels and scores are empty"),
        ([1, 1], [0.1, 0.2], "labels are all 1"),
        ([-1, -1], [0.1, 0.2], "labels are all -1"),
        ([0, 1], [0.1, np.nan], "scores hold 1 values that are NaN"),
        ([0, 1, -1], [5, 5, 6], "scores are all 5, expected at least two values"),
        ([0, 1], [0.1, np.inf], "scores hold 1 infinite values"),
        ([0, 1, 1], [0.1, 0.2], r"labels have shape \(3,\) and scores \(2,\)"),
        ([0, 2], [0.1, 0.2], "labels holds the value 2"),
        (np.eye(2), np.eye(2), "labels have 2 tasks, expected one"),
    ],
)
def test_bad_data_to_fit_on(fit, labels, scores, message):
    with pytest.raises(ValueError, match=message) as caught:
        fit(labels, scores)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: calibration.reliability_curve(Y, [0.1, 0.6, 1.7, -2]), "go from -2 to 1.7"),
        (lambda: calibration.reliability_curve([-1], [0.5]), "labels are all -1"),
        (lambda: calibration.reliability_curve([], []), "labels and probabilities are empty"),
        (lambda: calibration.reliability_curve(Y, S, n_bins=0), "n_bins is 0"),
        (lambda: calibration.reliability_curve(Y, S[:3]), r"probabilities \(3,\)"),
        (lambda: calibration.expected_calibration_error(Y, [*S[:3], np.nan]), "1 values that are"),
        (lambda: calibration.correct_prior([0.5, 2], trained=0.5, used=0.1), "go from 0.5 to 2"),
        (lambda: calibration.correct_prior([0.5], trained=0, used=0.1), "trained is 0"),
        (lambda: calibration.correct_prior([0.5], trained=0.5, used=1), "used is 1"),
        (lambda: calibration.correct_prior([np.nan], trained=0.5, used=0.1), "probabilities hold"),
        (lambda: calibration.platt(Y, S).probabilities([np.nan]), "scores hold 1 values"),
        (lambda: calibration.platt(Y, S).probabilities([[1.0, 2.0]]), r"shape \(1, 2\)"),
    ],
)
def test_bad_input_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_text_is_no_number():
    with pytest.raises(TypeError, match="scores have dtype"):
        calibration.platt(Y, S).probabilities(["a"])
    with pytest.raises(TypeError, match="probabilities have dtype"):
        calibration.correct_prior(["a"], trained=0.5, used=0.1)
