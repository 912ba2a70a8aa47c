"""Can a probability be taken at its word? Scores to probabilities, and the check of them.

A network trained on as many bound as unbound sequences and used on a genome where one window in a
hundred is bound gives logits that rank well and probabilities that are far too high.
:func:`correct_prior` mends what the prevalence did; :func:`platt` and :func:`isotonic` learn the
rest from held-out examples; :func:`reliability_curve` and :func:`expected_calibration_error` judge
the result, by examples that nothing was fitted on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from dragonn_lite._contract import as_count, as_number
from dragonn_lite.evaluation._ranking import check_classes, one_task
from dragonn_lite.evaluation.shares import wilson_interval


@dataclass(frozen=True, eq=False)
class Calibration:
    """A map from scores to probabilities, learned from held-out examples.

    Attributes
    ----------
    method : str
        ``"Platt"`` or ``"isotonic"``.
    n_bound, n_unbound : int
        The examples it was fitted on.

    Examples
    --------
    >>> platt([0, 1, 0, 1], [-1.0, 0.2, 0.5, 2.0])
    Calibration(method='Platt', n_bound=2, n_unbound=2)
    """

    method: str
    n_bound: int
    n_unbound: int
    _map: Callable = field(repr=False)  # scores to probabilities
    _fitted_on: np.ndarray = field(repr=False)  # to know a view into it again
    _digest: str = field(repr=False)  # to know a copy of it again

    def probabilities(self, scores) -> np.ndarray:
        """Probability of being bound, for other examples than those it was fitted on.

        *What it does not show*: whether a part of the scores was fitted on. Only the same array, a
        view into it, or one with the same values is recognised; keep your splits apart.

        Parameters
        ----------
        scores : float (n,)
            From the same network. Beyond the fitted ones, isotonic probabilities stay level.

        Returns
        -------
        float (n,)

        Raises
        ------
        TypeError
            If the scores are no numbers.
        ValueError
            If they are those it was fitted on, have another shape, or hold a NaN.

        Examples
        --------
        >>> fitted = platt([0, 1, 0, 1], [-1.0, 0.2, 0.5, 2.0])
        >>> fitted.probabilities([-5.0, 5.0]).round(2).tolist()
        [0.03, 0.95]
        """
        given = np.asarray(scores)
        scores = _as_numbers(given, "scores")
        if scores.shape not in ((scores.size,), (scores.size, 1)):
            raise ValueError(f"scores have shape {scores.shape}, expected (n,)")
        scores = scores.ravel()
        if np.shares_memory(given, self._fitted_on) or _digest(scores) == self._digest:
            raise ValueError(
                f"scores are those that this {self.method} calibration was fitted on, which "
                "flatters it; give the scores of other examples, and judge it by those"
            )
        return self._map(scores)


def platt(labels, scores) -> Calibration:
    """Fit a logistic curve to held-out scores: two numbers, a slope and a shift.

    The targets are Platt's, a little inside of 0 and 1, so that a perfect separation does not
    give an infinite slope. Nothing else is penalised.

    *What it does not show*: whether a logistic curve fits; :func:`reliability_curve` does.

    Parameters
    ----------
    labels : int8 (n,)
        1 bound, 0 unbound, -1 ambiguous (left out). Of examples that the network was not trained
        on and that will not judge the probabilities.
    scores : float (n,)

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        If shapes differ, a score is NaN or infinite, or there is one class or one score only.

    References
    ----------
    Platt 1999, "Probabilistic outputs for support vector machines"; Lin, Lin & Weng 2007,
    doi:10.1007/s10994-007-5018-6.

    Examples
    --------
    >>> y, s = np.array([0, 1, 0, 1]), np.array([-1.0, 0.2, 0.5, 2.0])
    >>> platt(y, s).probabilities([0.35]).round(2).tolist()
    [0.49]
    """
    labels, scores, facts = _held_out(labels, scores)
    centre, spread = scores.mean(), scores.std()
    high, low = (facts["n_bound"] + 1) / (facts["n_bound"] + 2), 1 / (facts["n_unbound"] + 2)
    target = np.where(labels == 1, high, low)
    # An example of target t is two: a bound one of weight t and an unbound one of weight 1 - t.
    x = np.tile((scores - centre) / spread, 2)[:, None]
    y = np.repeat([1, 0], len(target))
    fit = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    fit.fit(x, y, sample_weight=np.concatenate([target, 1 - target]))
    slope = fit.coef_[0, 0] / spread
    curve = partial(_logistic, slope=slope, intercept=fit.intercept_[0] - slope * centre)
    return Calibration("Platt", _map=curve, **facts)


def isotonic(labels, scores) -> Calibration:
    """Fit the rising curve that is closest to held-out labels, straight between its corners.

    It assumes nothing but the order of the scores, and so needs more examples than
    :func:`platt`: some hundreds of the rarer class.

    *What it does not show*: an order where the curve is level; equal probabilities are ties, so
    ranking metrics may change a little. A probability of exactly 0 or 1 only says that the held-out
    examples there were all of one class.

    Parameters
    ----------
    labels : int8 (n,)
        As for :func:`platt`.
    scores : float (n,)

    Returns
    -------
    Calibration

    Raises
    ------
    ValueError
        As for :func:`platt`.

    References
    ----------
    Zadrozny & Elkan 2002, doi:10.1145/775047.775151.

    Examples
    --------
    >>> y, s = np.array([0, 1, 0, 1]), np.array([-1.0, 0.2, 0.5, 2.0])
    >>> isotonic(y, s).probabilities([-9, 0.2, 0.5, 9]).tolist()
    [0.0, 0.5, 0.5, 1.0]
    """
    labels, scores, facts = _held_out(labels, scores)
    fit = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    return Calibration("isotonic", _map=partial(_interpolated, fit), **facts)


def correct_prior(probabilities, *, trained: float, used: float) -> np.ndarray:
    """Move probabilities from the prevalence of training to that of use, by Bayes' rule.

    Each logit moves by the same amount, ``logit(used) - logit(trained)``. This is exact where only
    the prevalence differs: bound sequences look like bound ones in both places, and so do unbound
    ones. The order of the examples stays as it is, and so does every metric of it.

    *What it does not show*: whether the unbound sequences are of the same kind. If a network was
    trained against shuffled sequences and used on a genome, no prior mends that.

    Parameters
    ----------
    probabilities : float, any shape
        From 0 to 1; those of logits are ``probabilities(logits)``.
    trained, used : float
        Share of bound examples in training and in use, between 0 and 1.

    Returns
    -------
    float, the same shape

    Raises
    ------
    ValueError
        If a probability is not from 0 to 1, or a share not between them.

    References
    ----------
    Elkan 2001, "The foundations of cost-sensitive learning"; Saerens, Latinne & Decaestecker
    2002, doi:10.1162/089976602753284446.

    Examples
    --------
    >>> correct_prior([0.5, 0.99], trained=0.5, used=0.01).round(3).tolist()
    [0.01, 0.5]
    """
    probabilities = _as_probabilities(probabilities, "probabilities")
    for name, share in (("trained", trained), ("used", used)):
        if not 0 < as_number(share, name) < 1:
            raise ValueError(f"{name} is {share!r}, expected a share between 0 and 1")
    bound = probabilities * (used / trained)
    unbound = (1 - probabilities) * ((1 - used) / (1 - trained))
    return bound / (bound + unbound)


def probabilities(logits) -> np.ndarray:
    """Take logits at their word: the probability that each one claims.

    Parameters
    ----------
    logits : float, any shape

    Returns
    -------
    float, the same shape

    Raises
    ------
    TypeError
        If `logits` are no numbers.

    Examples
    --------
    >>> probabilities([-2.0, 0.0, 2.0]).round(2).tolist()
    [0.12, 0.5, 0.88]
    """
    return _logistic(_as_numbers(np.asarray(logits), "logits"))


def reliability_curve(labels, probabilities, *, n_bins: int = 10) -> pd.DataFrame:
    """Hold what was predicted against what was observed, in bins of about equal counts.

    *What it does not show*: whether the probabilities are of any use. To call everything bound
    with the probability of the prevalence is perfectly calibrated.

    Parameters
    ----------
    labels : int8 (n,)
        1 bound, 0 unbound, -1 ambiguous (left out).
    probabilities : float (n,)
        From 0 to 1.
    n_bins : int
        Bins; fewer come out where equal probabilities, which stay together, leave some empty.

    Returns
    -------
    DataFrame
        One row a bin, rising: `predicted` (mean probability), `observed` (share of bound),
        `low`, `high` (Wilson's 95 % interval of `observed`), `n`.

    Raises
    ------
    ValueError
        If shapes differ, a probability is not from 0 to 1, or no example is labelled.

    References
    ----------
    Niculescu-Mizil & Caruana 2005, doi:10.1145/1102351.1102430; Wilson 1927,
    doi:10.1080/01621459.1927.10502953.

    Examples
    --------
    >>> reliability_curve([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.8], n_bins=2).round(2)
       predicted  observed   low  high  n
    0        0.2       0.0  0.00  0.66  2
    1        0.7       1.0  0.34  1.00  2
    """
    labels, p = one_task(labels, probabilities, "probabilities")
    known = labels >= 0
    check_classes(labels, "", both=False)
    labels, p = labels[known], _as_probabilities(p[known], "probabilities")
    edges = np.quantile(p, np.linspace(0, 1, as_count(n_bins, "n_bins", minimum=1) + 1))
    table = pd.DataFrame({"bin": np.searchsorted(edges[1:-1], p), "p": p, "y": labels})
    table = table.groupby("bin").agg(
        predicted=("p", "mean"), observed=("y", "mean"), n=("y", "size")
    )
    low, high = wilson_interval(table["observed"], table["n"])
    table = table.assign(low=low, high=high).reset_index(drop=True)
    return table[["predicted", "observed", "low", "high", "n"]]


def expected_calibration_error(labels, probabilities, *, n_bins: int = 10) -> float:
    """Mean distance of what was predicted from what was observed, over bins of equal counts.

    *What it does not show*: zero, even for a perfect model. Chance moves each bin by about
    ``sqrt(p * (1 - p) / n)``, and this counts as distance whichever way it goes; compare models on
    the same examples.

    Parameters
    ----------
    labels, probabilities, n_bins
        As for :func:`reliability_curve`.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        As for :func:`reliability_curve`.

    References
    ----------
    Naeini, Cooper & Hauskrecht 2015, doi:10.1609/aaai.v29i1.9602.

    Examples
    --------
    >>> round(expected_calibration_error([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.8], n_bins=2), 3)
    0.25
    """
    curve = reliability_curve(labels, probabilities, n_bins=n_bins)
    return float(np.average((curve["observed"] - curve["predicted"]).abs(), weights=curve["n"]))


def _held_out(labels, scores):
    """The labelled examples, and what a Calibration is to know of them all."""
    given = np.asarray(scores)
    labels, scores = one_task(labels, scores)
    scores = scores.astype(float)  # logits are float32: too coarse for Newton, another digest
    check_classes(labels, "")
    known = labels >= 0
    n_infinite = int(np.isinf(scores[known]).sum())
    if n_infinite:
        raise ValueError(f"scores hold {n_infinite} infinite values, expected finite ones")
    if np.ptp(scores[known]) == 0:
        raise ValueError(
            f"scores are all {scores[known][0]:g}, expected at least two values; look for a "
            "network that has collapsed"
        )
    facts = {
        "n_bound": int((labels == 1).sum()),
        "n_unbound": int((labels == 0).sum()),
        "_fitted_on": given,
        "_digest": _digest(scores),
    }
    return labels[known], scores[known], facts


def _as_numbers(values: np.ndarray, name: str) -> np.ndarray:
    if not (np.issubdtype(values.dtype, np.number) or values.dtype == bool):
        raise TypeError(f"{name} have dtype {values.dtype}, expected numbers")
    if np.isnan(values).any():
        raise ValueError(f"{name} hold {int(np.isnan(values).sum())} values that are NaN")
    return values.astype(float)


def _as_probabilities(values, name: str) -> np.ndarray:
    values = _as_numbers(np.asarray(values), name)
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(
            f"{name} go from {values.min():.3g} to {values.max():.3g}, expected 0 to 1; turn "
            "logits into them with calibration.probabilities(logits)"
        )
    return values


def _digest(scores: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(scores).tobytes()).hexdigest()


def _logistic(scores, *, slope=1.0, intercept=0.0):
    with np.errstate(over="ignore"):  # far below, exp is infinite and its inverse the right 0
        return 1 / (1 + np.exp(-(slope * scores + intercept)))


def _interpolated(fit: IsotonicRegression, scores):
    return fit.predict(np.clip(scores, fit.X_min_, fit.X_max_))
