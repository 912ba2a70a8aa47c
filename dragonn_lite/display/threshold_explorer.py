"""The state of the threshold explorer: what a threshold finds, and what it costs.

Its picture is :mod:`dragonn_lite.display.threshold_panels`, its widget
``widgets.threshold_explorer(...)``, and its page without a kernel
``charts.threshold_explorer(...)``.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_labels_and_scores, as_number
from dragonn_lite.display import tables
from dragonn_lite.evaluation import metrics

N_WINDOWS = 1000
FDR = 0.1
# From 0.1 to 50 %, for a slider: steps of about a quarter, all easy to say.
PREVALENCES = tuple(
    round(digit * 10.0**power, 6)
    for power in (-3, -2, -1)
    for digit in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
    if digit * 10.0**power <= 0.5
)
# Half a window is counted as one, also where a product of fractions falls just short of the half.
HALF = 0.5 + 1e-9


class Windows(NamedTuple):
    """What becomes of 1,000 windows: these four add up to them."""

    missed: int
    hits: int
    wrong: int
    left_alone: int


@dataclass(frozen=True, eq=False)
class ThresholdState:
    """What the threshold explorer shows: all of it, so that equal states give equal pictures.

    Windows whose score reaches the threshold are picked: they are tested at the bench. A hit gains
    1, a wrong pick costs `cost`.

    Parameters
    ----------
    labels : int8 (n,)
        1 bound, 0 unbound, -1 ambiguous (left out and counted).
    scores : float (n,)
        Logits, or any other finite score that is larger where bound is more likely.
    threshold : float
        Windows are picked from this score on.
    prevalence : float, optional
        Share of bound windows where the model will be used, above 0 and below 1: the two classes
        are weighted to it. By default their share among `labels`.
    cost : float
        What a wrong pick costs, in units of what a hit gains; from 0 on.

    Attributes
    ----------
    rows : pandas.DataFrame
        ``threshold``, ``recall``, ``false_positive_rate`` of the points that the pictures need,
        from the strictest on: no curve is off by more than 0.002, and the best threshold at any
        prevalence and cost is among them.
    stops : array
        About 100 thresholds for a slider, from lax to strict: even steps of recall, and of the
        logarithm of the false positive rate.

    Raises
    ------
    ValueError
        If shapes differ, a score is not finite, a class is missing, there are several tasks, or a
        number is out of its range.

    Notes
    -----
    At prevalence pi the precision is ``pi TPR / (pi TPR + (1 - pi) FPR)``. A test pays where the
    precision of what is added is above ``cost / (1 + cost)``.

    References
    ----------
    Saito, Rehmsmeier 2015, doi:10.1371/journal.pone.0118432 (prevalence in ROC and PR);
    Vickers, Elkin 2006, doi:10.1177/0272989X06295361 (net benefit of a threshold).

    Examples
    --------
    >>> state = ThresholdState([0, 0, 0, 1, 1], [-2.0, -1.0, 1.5, 1.0, 2.0], prevalence=0.01)
    >>> state.windows()
    Windows(missed=0, hits=10, wrong=330, left_alone=660)
    >>> state.words()
    'Of 1,000 windows 10 are bound. You test 340: 10 hits, 330 wrong'
    """

    labels: np.ndarray = field(repr=False)
    scores: np.ndarray = field(repr=False)
    threshold: float = 0.0
    prevalence: float | None = None
    cost: float = 1.0
    rows: pd.DataFrame = field(init=False, repr=False)
    stops: np.ndarray = field(init=False, repr=False)
    n_ambiguous: int = field(init=False)
    _curve: pd.DataFrame = field(init=False, repr=False)

    def __post_init__(self):
        labels, scores = as_labels_and_scores(self.labels, self.scores)
        curve = metrics.roc_curve(labels, scores)  # one task, both classes
        labels, scores = labels.ravel(), scores.ravel()
        used = labels >= 0
        tables.check_finite(scores[used], "scores")
        # Stricter than the highest score, and still on the axis.
        low, high = float(scores[used].min()), float(scores[used].max())
        curve.loc[0, "threshold"] = high + (0.03 * (high - low) or 0.5)
        set_ = object.__setattr__  # the one way to complete a frozen dataclass
        set_(self, "labels", labels[used])
        set_(self, "scores", scores[used])
        set_(self, "n_ambiguous", int((~used).sum()))
        set_(self, "_curve", curve)
        if self.prevalence is None:
            set_(self, "prevalence", float(np.mean(labels[used])))
        stops = _stops(curve)
        set_(self, "rows", _rows(curve, stops))
        set_(self, "stops", np.unique(curve["threshold"].to_numpy()[stops]))
        self._check()

    def _check(self) -> None:
        tables.check_finite([as_number(self.threshold, "threshold")], "threshold")
        if not 0 < as_number(self.prevalence, "prevalence") < 1:
            raise ValueError(
                f"prevalence is {self.prevalence!r}, expected a share above 0 and below 1"
            )
        if not 0 <= as_number(self.cost, "cost") < math.inf:
            raise ValueError(f"cost is {self.cost!r}, expected a number from 0 on, such as 1")

    def at(self, **changes) -> ThresholdState:
        """Return the state with another `threshold`, `prevalence` or `cost`.

        Raises
        ------
        ValueError
            As the state itself does.

        Examples
        --------
        >>> ThresholdState([0, 1], [-1.0, 1.0]).at(prevalence=0.01).windows().wrong
        0
        """
        unknown = set(changes) - {"threshold", "prevalence", "cost"}
        if unknown:
            raise TypeError(f"{min(unknown)} cannot change: threshold, prevalence and cost can")
        moved = copy.copy(self)  # the curves stay as they are
        for name, value in changes.items():
            object.__setattr__(moved, name, value)
        moved._check()
        return moved

    def rates(self, threshold: float | None = None) -> tuple[float, float]:
        """Return recall and false positive rate of the picks from a threshold on."""
        threshold = self.threshold if threshold is None else threshold
        descending = self._curve["threshold"].to_numpy()
        # The last point whose threshold is reached; the first has no picks.
        row = max(np.searchsorted(-descending, -threshold, side="right") - 1, 0)
        point = self._curve.iloc[row]
        return float(point["recall"]), float(point["false_positive_rate"])

    def windows(self) -> Windows:
        """Return what becomes of 1,000 windows, each count rounded to the nearest."""
        recall, false_positive_rate = self.rates()
        n_bound = math.floor(N_WINDOWS * self.prevalence + HALF)
        hits = math.floor(N_WINDOWS * self.prevalence * recall + HALF)
        wrong = math.floor(N_WINDOWS * (1 - self.prevalence) * false_positive_rate + HALF)
        wrong = min(wrong, N_WINDOWS - n_bound)  # where both halves were rounded up
        return Windows(n_bound - hits, hits, wrong, N_WINDOWS - n_bound - wrong)

    def precision(self) -> np.ndarray:
        """Return the precision of each of the rows at this prevalence; NaN without picks."""
        return _precision(self.rows, self.prevalence)

    def net_gain(self) -> np.ndarray:
        """Return hits - cost * wrong picks of 1,000 windows, expected at each of the rows."""
        bound, unbound = self.prevalence, 1 - self.prevalence
        loss = self.cost * unbound * self.rows["false_positive_rate"]
        return N_WINDOWS * (bound * self.rows["recall"] - loss).to_numpy()

    def best(self) -> tuple[float, float]:
        """Return the threshold of the highest net gain, the strictest of them, and that gain."""
        gain = self.net_gain()
        return float(self.rows["threshold"].iloc[gain.argmax()]), float(gain.max())

    def recall_at_fdr(self) -> float:
        """Return the largest recall with at most 10 % false discoveries at this prevalence."""
        trusted = _precision(self._curve, self.prevalence) >= 1 - FDR - 1e-9
        return float(self._curve["recall"].to_numpy()[trusted].max(initial=0))

    def words(self) -> str:
        """Return the finding in a sentence: the same for eyes and for a screen reader."""
        n = self.windows()
        n_bound, n_tested = n.missed + n.hits, n.hits + n.wrong
        bound = f"{n_bound or 'fewer than one'} {'is' if n_bound <= 1 else 'are'} bound"
        hits = f"{n.hits} hit{'' if n.hits == 1 else 's'}"
        rounded_away = "fewer than one" if any(self.rates()) else "none"
        tested = f"{n_tested}: {hits}, {n.wrong} wrong" if n_tested else rounded_away
        return f"Of 1,000 windows {bound}. You test {tested}"

    def net_words(self) -> str:
        """Return the sum behind the net gain, from the counts that are shown."""
        n = self.windows()
        net = short(n.hits - self.cost * n.wrong)
        return f"Net gain: {n.hits} hits − {short(self.cost)} × {n.wrong} wrong = {net}"


def short(value: float) -> str:
    """Return a number with at most two decimals and a minus as wide as a plus.

    Examples
    --------
    >>> short(-18.0), short(0.25)
    ('−18', '0.25')
    """
    rounded = math.floor(100 * value + HALF) / 100
    return f"{rounded:,.2f}".rstrip("0").rstrip(".").replace("-", "−")


def _precision(curve: pd.DataFrame, prevalence: float) -> np.ndarray:
    true = prevalence * curve["recall"].to_numpy()
    false = (1 - prevalence) * curve["false_positive_rate"].to_numpy()
    with np.errstate(invalid="ignore"):  # nothing is picked, nothing is known
        return true / (true + false)


def _stops(curve: pd.DataFrame) -> np.ndarray:
    """Rows of a curve for the stops of a slider, among them nothing and everything."""
    recall = np.searchsorted(curve["recall"], np.linspace(0, 1, 51))
    false = np.searchsorted(curve["false_positive_rate"], np.geomspace(1e-4, 1, 49))
    return np.unique(np.concatenate([[0, len(curve) - 1], recall, false]))


def _rows(curve: pd.DataFrame, stops: np.ndarray) -> pd.DataFrame:
    """The points that pictures need; where no score lies, nothing changes: a tread of a stair."""
    threshold = curve["threshold"].to_numpy()
    wide = 1 + np.flatnonzero(-np.diff(threshold) > 0.01 * (threshold[0] - threshold[-1]))
    treads = curve.iloc[wide - 1].assign(threshold=np.nextafter(threshold[wide], np.inf))
    kept = np.unique(np.concatenate([_drawn(curve, stops), wide - 1, wide]))
    rows = pd.concat([curve.iloc[kept], treads])
    return rows.sort_values("threshold", ascending=False, kind="stable", ignore_index=True)


def _drawn(curve: pd.DataFrame, stops: np.ndarray) -> np.ndarray:
    """Rows of a curve that its pictures need, whatever the prevalence and the cost."""
    across, up = curve["false_positive_rate"].to_numpy(), curve["recall"].to_numpy()
    # Within a run of one class only its ends matter: (n,) -> corners
    turns = (np.diff(across) > 0)[1:] != (np.diff(across) > 0)[:-1]
    turns |= (np.diff(up) > 0)[1:] != (np.diff(up) > 0)[:-1]
    turns |= ((np.diff(across) > 0) & (np.diff(up) > 0))[1:]
    corners = np.concatenate([[0], np.flatnonzero(turns) + 1, [len(curve) - 1]])
    x, y = across[corners], up[corners]
    kept = [_hull(x, y), tables.thin(x, y, n_max=200)]
    balanced = y[1:] / (x + y)[1:]
    for odds in (1e-3, 1e-2, 1e-1, 1.0):
        precision = odds * balanced / (odds * balanced + 1 - balanced)
        kept.append(1 + tables.thin(y[1:], precision, n_max=200))
    return np.unique(np.concatenate([stops, corners[np.concatenate(kept)]]))


def _hull(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Corners of the upper convex hull: one of them is best, whatever the prices.

    Provost, Fawcett 2001, doi:10.1023/A:1007601015854; Andrew's monotone chain.
    """
    kept: list[int] = []
    for i in range(len(x)):
        while len(kept) > 1:
            a, b = kept[-2:]
            if (x[b] - x[a]) * (y[i] - y[a]) < (y[b] - y[a]) * (x[i] - x[a]):
                break
            kept.pop()
        kept.append(i)
    return np.array(kept)
