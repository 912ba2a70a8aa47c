"""Which findings would come up again? The irreproducible discovery rate of two replicates.

Call these as ``replicates.idr(...)``: :mod:`dragonn_lite.assays.replicates` is their front door.
"""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from dragonn_lite._contract import as_count
from dragonn_lite.assays.concordance import as_signals

_FEWEST_PAIRS = 20
# Where the climb begins: few, half or most of the pairs reproducible. The best end counts.
_STARTS = ((2.0, 1.0, 0.8, 0.1), (1.0, 1.0, 0.5, 0.5), (1.0, 1.0, 0.8, 0.95))
_TOLERANCE = 1e-8  # nats a pair that the last step may still gain
_EM_TOLERANCE = 1e-6
_MOST_EM_STEPS = 60  # where nearly all is reproducible EM creeps; the climb does not
_LONGEST_STEP = 0.5
# Twice the gain over independent ranks that 4 parameters bring by chance once in 1,000 (chi2).
_LEAST_GAIN = 18.47 / 2


class Idr(NamedTuple):
    """How reproducible each pair is, and the mixture that says so.

    Attributes
    ----------
    local_idr : float (n,)
        Probability that the pair is irreproducible, given its two ranks; 1 where it is weaker
        than the mean of the noise.
    global_idr : float (n,)
        Expected share of irreproducible pairs among all that are at least as reproducible: call
        the pairs at or below 0.05 and about 5 % of them will not come up again.
    mean, sd, correlation : float
        Of the reproducible component, on the scale where the irreproducible one is a standard
        normal; NaN where there is none.
    proportion : float
        Share of reproducible pairs.
    log_likelihood : float
        Of the ranks, in nats; 0 for replicates that have nothing to do with each other.
    n_iterations : int
        Steps from the start that won.
    converged : bool
        Whether the log-likelihood came to rest.
    """

    local_idr: np.ndarray
    global_idr: np.ndarray
    mean: float
    sd: float
    correlation: float
    proportion: float
    log_likelihood: float
    n_iterations: int
    converged: bool


class _Mixture(NamedTuple):
    """Reproducible component (mean, sd, correlation) and its proportion."""

    mean: float
    sd: float
    correlation: float
    proportion: float


def idr(signal_a, signal_b, *, max_iterations: int = 600) -> Idr:
    """Estimate the irreproducible discovery rate of pairs, from their ranks in two replicates.

    A part of the pairs is strong in both replicates and strong together (normal with a common
    mean and sd, and a positive correlation), the rest is independent noise (standard normal). Only
    ranks are used, so the signals may be on any scale. EM alternates with turning ranks into
    values by the quantiles of the current mixture (Li et al. 2011), accelerated by extrapolation
    (Varadhan & Roland 2008). Where that rests, the ranks are not yet most likely (Bilgrau et al.
    2016): with 1,000 pairs, an sd of 1 is found as 0.7. So their likelihood is climbed from there.
    Of three fixed starts the likeliest end wins. Equal signals are scattered over their ranks, in
    each replicate in another order: at one rank, many equal pairs would pass for a narrow
    reproducible part however little the replicates agree. The orders are fixed, so the same input
    gives the same result, and pairs equal in both replicates share one rate.

    Where the ranks are no more likely than independent ones (likelihood ratio, p = 0.001), or their
    correlation is below 0 by three standard errors, no pair is called reproducible: the proportion
    is 0 and every rate is 1. Neither are pairs called that are weaker than the mean of the noise:
    their local rate is 1, as in the tool that ENCODE uses.

    *What it does not show*: whether a finding is true. A bias that both replicates share, such as
    a sticky region of the genome, is reproducible. Nor does a sharply cut list work: it needs the
    weak end, where replicates disagree.

    Parameters
    ----------
    signal_a, signal_b : float (n,)
        Of the same n >= 20 findings; larger is stronger. For two files of peaks, see
        :func:`match_peaks`.
    max_iterations : int
        Steps from each start.

    Returns
    -------
    Idr

    Raises
    ------
    ValueError
        If there are fewer than 20 pairs, the lengths differ, or a signal is NaN or always the
        same.

    References
    ----------
    Li, Brown, Huang & Bickel 2011, doi:10.1214/11-AOAS466; Varadhan & Roland 2008,
    doi:10.1111/j.1467-9469.2007.00585.x; Bilgrau et al. 2016, doi:10.18637/jss.v070.i02

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> strength = np.where(np.arange(2000) < 1000, rng.normal(3, 1, 2000), 0)
    >>> result = idr(*(strength + rng.normal(0, 0.5 + 0.5 * (strength == 0), (2, 2000))))
    >>> bool(result.converged), round(result.proportion, 1), round(result.correlation, 1)
    (True, 0.5, 0.8)
    """
    ranks = _ranks(signal_a, signal_b)  # (2, n)
    limit = as_count(max_iterations, "max_iterations", minimum=3)
    fits = [_fit(ranks, _Mixture(*start), limit) for start in _STARTS]
    mixture, gain, n_iterations, converged = max(fits, key=lambda fit: fit[1])
    # Those that contradict each other meet in the middle, as a narrow reproducible part would.
    contradict = np.corrcoef(ranks)[0, 1] * math.sqrt(ranks.shape[1]) < -3
    if gain < _LEAST_GAIN or contradict:
        mixture, gain = _Mixture(math.nan, math.nan, math.nan, 0.0), 0.0
        local = np.ones(ranks.shape[1])
    else:
        values = _values(ranks, mixture)
        weak = values.sum(axis=0) < 0  # a wide reproducible component claims these corners too
        local = np.where(weak, 1.0, 1 - _reproducible(values, mixture))
        local = _shared_by_equals(local, signal_a, signal_b)
    return Idr(local, _global(local), *map(float, mixture), gain, n_iterations, converged)


def _ranks(signal_a, signal_b) -> np.ndarray:
    """Ranks (2, n) from just above 0 to just below 1, equal signals in a scattered order."""
    signals = as_signals(signal_a, signal_b, mend="match peaks first with match_peaks(...)")
    n = len(signals[0])
    if n < _FEWEST_PAIRS:
        raise ValueError(
            f"signal_a has {n} values, expected at least {_FEWEST_PAIRS} pairs: four parameters "
            "cannot be fitted to fewer"
        )
    for name, signal in zip(("signal_a", "signal_b"), signals, strict=True):
        if (signal == signal[0]).all():
            raise ValueError(f"{name} is {signal[0]} for every pair, expected a signal that ranks")
    scattered = np.empty((2, n))
    in_order = np.lexsort(signals[::-1])  # so that the order of the pairs does not matter
    scattered[:, in_order] = np.random.default_rng(0).random((2, n))  # the same for everybody
    ranks = np.empty((2, n))
    for rank, key, signal in zip(ranks, scattered, signals, strict=True):
        rank[np.lexsort((key, signal))] = np.arange(1, n + 1) / (n + 1)
    return ranks


def _shared_by_equals(rate, signal_a, signal_b) -> np.ndarray:
    """The mean rate of the pairs that are equal in both signals, for each of them."""
    places = [np.unique(signal, return_inverse=True)[1] for signal in (signal_a, signal_b)]
    pair = places[0] * (places[1].max() + 1) + places[1]
    _, pair, count = np.unique(pair, return_inverse=True, return_counts=True)
    return (np.bincount(pair, rate) / count)[pair]


def _fit(ranks, start: _Mixture, max_iterations: int) -> tuple[_Mixture, float, int, bool]:
    """Mixture, log-likelihood, steps and whether it rests, from one start."""
    place, n_steps = _settle(ranks, _place(start), min(max_iterations, _MOST_EM_STEPS))
    return _climb(ranks, place, n_steps, max_iterations)


def _settle(ranks, place: np.ndarray, max_iterations: int) -> tuple[np.ndarray, int]:
    """Iterate EM until the likelihood rests.

    Two steps of EM tell a direction and how the steps shrink along it. From there it goes on by
    the length that would bring it to the end, if the steps went on shrinking like that.
    """
    reached, n_steps = -math.inf, 0
    while n_steps + 3 <= max_iterations:
        once = _em(ranks, place)
        twice = _em(ranks, once)
        step, bend = once - place, twice - 2 * once + place
        curved = np.linalg.norm(bend)
        stretch = max(np.linalg.norm(step) / curved, 1.0) if curved > 0 else 1.0
        place = _em(ranks, place + _short(2 * stretch * step + stretch**2 * bend))
        n_steps += 3
        before, reached = reached, _log_likelihoods(ranks, place).sum()
        if abs(reached - before) < _EM_TOLERANCE * ranks.shape[1]:
            break
    return place, n_steps


def _climb(ranks, place: np.ndarray, n_steps: int, max_iterations: int):
    """Climb the likelihood of the ranks by the slopes of every pair, as :func:`_fit` returns it.

    Their products stand for its curvature; a step that leads down is halved.
    """
    here = _log_likelihoods(ranks, place)
    while n_steps < max_iterations:
        n_steps += 1
        slopes = np.stack(
            [
                (_log_likelihoods(ranks, place + by) - _log_likelihoods(ranks, place - by)) / 2e-3
                for by in 1e-3 * np.eye(len(place))
            ]
        )  # (4, n)
        curvature = slopes @ slopes.T
        curvature += np.eye(len(place)) * (1e-6 * np.trace(curvature) + 1e-9)
        step = _short(np.linalg.solve(curvature, slopes.sum(axis=1)))
        for _ in range(12):
            there = _log_likelihoods(ranks, place + step)
            if there.sum() >= here.sum():
                break
            step = step / 2
        else:
            return _mixture(place), float(here.sum()), n_steps, True
        gain = there.sum() - here.sum()
        place, here = place + step, there
        if gain < _TOLERANCE * len(here):
            return _mixture(place), float(here.sum()), n_steps, True
    return _mixture(place), float(here.sum()), n_steps, False


def _short(step: np.ndarray) -> np.ndarray:
    return step * min(1.0, _LONGEST_STEP / max(np.abs(step).max(), 1e-300))


def _em(ranks, place: np.ndarray) -> np.ndarray:
    mixture = _mixture(place)
    return _place(_refitted(_values(ranks, mixture), mixture))


def _refitted(values, mixture: _Mixture) -> _Mixture:
    """One step of EM: the mixture that fits best, given who is now how likely reproducible."""
    weight = _reproducible(values, mixture)
    total = max(weight.sum(), 1e-12)
    mean = (weight * values).sum() / 2 / total
    apart = values - mean  # (2, n)
    variance = max((weight * apart**2).sum() / 2 / total, 1e-12)
    correlation = (weight * apart[0] * apart[1]).sum() / total / variance
    return _Mixture(mean, math.sqrt(variance), correlation, total / values.shape[1])


# EM runs on an unbounded scale, where a leap cannot land on a mixture that makes no sense; the
# limits keep it off the edge. A reproducible component is never weaker than noise (mean), nor do
# its replicates avoid each other (correlation).
_LOWEST, _HIGHEST = _Mixture(0.0, 0.02, 0.0, 1e-4), _Mixture(20.0, 20.0, 0.999, 1 - 1e-4)


def _place(mixture: _Mixture) -> np.ndarray:
    mean, sd, correlation, proportion = np.clip(mixture, _LOWEST, _HIGHEST)
    odds = proportion / (1 - proportion)
    return np.array([mean, math.log(sd), math.atanh(correlation), math.log(odds)])


def _mixture(place: np.ndarray) -> _Mixture:
    mean, log_sd, z, log_odds = np.clip(place, _place(_LOWEST), _place(_HIGHEST))
    return _Mixture(mean, math.exp(log_sd), math.tanh(z), 1 / (1 + math.exp(-log_odds)))


def _values(ranks: np.ndarray, mixture: _Mixture) -> np.ndarray:
    """Quantiles of the mixture's margin at `ranks`: interpolated, to about 1e-5."""
    steps = np.linspace(-9, 9, 4001)
    grid = np.sort(np.concatenate([steps, mixture.mean + mixture.sd * steps]))
    below = (1 - mixture.proportion) * _normal_cdf(grid)
    below += mixture.proportion * _normal_cdf((grid - mixture.mean) / mixture.sd)
    return np.interp(ranks, below, grid)


def _normal_cdf(x: np.ndarray) -> np.ndarray:
    return np.interp(x, *_normal_table())


@cache
def _normal_table() -> tuple[np.ndarray, np.ndarray]:
    x = np.linspace(-10, 10, 20001)
    return x, np.array([math.erfc(-value / math.sqrt(2)) / 2 for value in x])


def _log_densities(values, mixture: _Mixture) -> tuple[np.ndarray, np.ndarray]:
    """Log density of each pair in the irreproducible and the reproducible part, with its share."""
    mean, sd, correlation, proportion = mixture
    noise = math.log1p(-proportion) - (values**2).sum(axis=0) / 2
    a, b = (values - mean) / sd  # (2, n)
    left = 1 - correlation**2
    signal = (a * a - 2 * correlation * a * b + b * b) / (-2 * left)
    signal += math.log(proportion) - 2 * math.log(sd) - math.log(left) / 2
    return noise - math.log(2 * math.pi), signal - math.log(2 * math.pi)


def _reproducible(values, mixture: _Mixture) -> np.ndarray:
    """Probability that each pair belongs to the reproducible component."""
    noise, signal = _log_densities(values, mixture)
    return np.exp(signal - np.logaddexp(noise, signal))


def _log_likelihoods(ranks, place: np.ndarray) -> np.ndarray:
    """Of each pair of ranks: what the two have in common, beyond what either has alone."""
    mixture = _mixture(place)
    values = _values(ranks, mixture)
    mean, sd, _, proportion = mixture
    alone = np.logaddexp(
        math.log1p(-proportion) - values**2 / 2,
        math.log(proportion / sd) - ((values - mean) / sd) ** 2 / 2,
    )
    together = np.logaddexp(*_log_densities(values, mixture))
    return together - alone.sum(axis=0) + math.log(2 * math.pi)


def _global(local: np.ndarray) -> np.ndarray:
    """Mean local rate of all pairs at least as reproducible; equal rates are called together."""
    rate, place, count = np.unique(local, return_inverse=True, return_counts=True)
    return (np.cumsum(rate * count) / np.cumsum(count))[place]
