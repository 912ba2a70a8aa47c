"""Which units of a memory follow a property of the sequence? Call ``recurrent.tracking_units``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_rng
from dragonn_lite.interpretation.selection import checked_states

if TYPE_CHECKING:
    from dragonn_lite.interpretation.recurrent import States

#: Share of the searches without any relation in which some unit may be said to follow.
FAMILY_WISE = 0.05

_AT_ONCE = 1_000  # sequences that are compared with all others at a time
_FEWEST_SHUFFLES = 40  # with fewer, no p-value of the further half is below 5 %


def tracking_units(
    states: States, followed: np.ndarray, *, n_shuffles: int = 200, rng
) -> pd.DataFrame:
    """Find the units whose state follows a property: inside the brackets, sites read so far, ...

    The association of a unit with a yes-or-no property is the area under the ROC curve, over all
    steps of all sequences; with a count it is Spearman's rank correlation. The control compares each
    sequence with the property of another one: it keeps what both owe to time, such as a unit that
    counts steps and a bracket that is likelier to be open half-way. Of the shuffles, the first half
    says what is usual for each unit (mean and standard deviation), the other half how many standard
    deviations the furthest of all units strays: a unit has to stray further. The chance that any
    unit at all is wrongly said to follow is at most 5 %.

    *What it does not show*: whether the network uses the unit, or has learned to. A unit may follow a
    property because it follows another that goes with it; in an untrained network too, states that
    the opening motif has moved fade while the bracket is open. Compare the effect with that of the
    network before training. And a property held by many units together escapes.

    Parameters
    ----------
    states : States
        Of sequences that are independent of each other.
    followed : int (n, length)
        The property after each base: 0 or 1, or counts from 0 on; -1 is ignored. What goes with a
        step is the property at the last base that it reads: the rightmost for units that read
        forward, the leftmost for those that read backward.
    n_shuffles : int
        Of the control; at least 40.
    rng : int or Generator

    Returns
    -------
    DataFrame
        One row a unit, the one furthest from its control first: `unit`, `direction`, `measure`
        ("auROC" or "rank correlation"), `association`, `control` (mean of the shuffles), `effect`
        (their difference), `low`, `high` (the family-wise line: beyond it `p_value` is at most .05),
        `p_value` (family-wise), `verdict` ("follows", "follows inversely", "not shown", "constant").

    Raises
    ------
    TypeError
        If `followed` holds no numbers, or `states` are none.
    ValueError
        If shapes do not go together, a value is negative but -1, or the property is the same at all
        steps or in all sequences.

    References
    ----------
    Karpathy, Johnson & Fei-Fei 2015, arXiv:1506.02078
    Westfall & Young 1993, Resampling-Based Multiple Testing, ISBN 978-0-471-55761-6 (maximum of all)

    Examples
    --------
    >>> from dragonn_lite.interpretation.recurrent import States
    >>> rng = np.random.default_rng(0)
    >>> inside = rng.random((20, 30)) < 0.3
    >>> hidden = rng.normal(size=(20, 30, 3)).astype(np.float32)
    >>> hidden[:, :, 1] += 3 * inside
    >>> step, forward = np.arange(30), np.repeat("forward", 3)
    >>> states = States("memory", "GRU", hidden, None, {}, forward, step, step + 1)
    >>> tracking_units(states, inside, rng=0)[["unit", "verdict"]].values.tolist()
    [[1, 'follows'], [0, 'not shown'], [2, 'not shown']]
    """
    n_shuffles, rng = as_count(n_shuffles, "n_shuffles", _FEWEST_SHUFFLES), as_rng(rng)
    hidden = checked_states(states).hidden
    followed = _as_followed(followed, hidden.shape[0])
    ways = np.unique(states.directions)
    at_step = {way: _checked(at_steps(followed, states, way, "followed")) for way in ways}
    yes_or_no = all(np.isin(property_, (-1, 0, 1)).all() for property_ in at_step.values())
    orders = np.tile(np.arange(len(hidden)), (n_shuffles + 1, 1))
    orders[1:] = rng.permuted(orders[1:], axis=1)
    targets = {way: _target(property_) for way, property_ in at_step.items()}
    found = [
        _associations(hidden[:, :, unit], *targets[way], orders, yes_or_no)
        for unit, way in enumerate(states.directions)
    ]
    return _judged(states, np.array(found), "auROC" if yes_or_no else "rank correlation")


def _as_followed(followed, n):
    followed = np.asarray(followed)
    if followed.dtype.kind not in "biuf":
        raise TypeError(f"followed has dtype {followed.dtype}, expected numbers")
    if followed.ndim != 2 or len(followed) != n:
        raise ValueError(
            f"followed has shape {followed.shape}, expected ({n}, length): one row a sequence"
        )
    followed = followed.astype(float)
    if not (followed >= 0)[followed != -1].all():
        raise ValueError(
            "followed holds NaN or a negative number, expected 0 and 1, counts, or -1 to ignore"
        )
    return followed


def at_steps(values, states, direction, name) -> np.ndarray:
    """What goes with each step: that of the last base it reads, (n, length) -> float (n, steps).

    -1 where a step reads nothing but padding.

    Raises
    ------
    ValueError
        If there are fewer columns than bases are read.
    """
    length = values.shape[1]
    if length < states.stops.max():
        raise ValueError(
            f"{name} has {length} columns, but the steps read {states.stops.max()} bases: "
            "expected one column for each base of the sequences"
        )
    last = states.stops - 1 if direction == "forward" else states.starts
    at_step = values[:, last.clip(0, length - 1)].astype(float)
    at_step[:, states.starts >= states.stops] = -1
    return at_step


def _checked(at_step):
    """Refuse a property that nothing could be told to follow."""
    known = at_step[at_step >= 0]
    if not len(known) or (known == known[0]).all():
        what = f"{known[0]:g}" if len(known) else "-1 (ignored)"
        raise ValueError(f"followed is {what} at every step: there is nothing to follow")
    if (at_step == at_step[0]).all():
        raise ValueError(
            "followed is the same in every sequence: no control can tell it from the time that "
            "has passed"
        )
    return at_step


def _target(property_):
    """Ranks of the property among the steps that count."""
    counts = property_ >= 0
    ranks = np.zeros(property_.shape)
    ranks[counts] = _ranks(property_[counts])
    return ranks, counts


def _ranks(values):
    """Ranks, centred and doubled: whole numbers, also where values are tied."""
    order, first, end = _ascending(values)
    ranks = np.empty(values.size)
    ranks[order] = first + end - values.size
    return ranks.reshape(values.shape)


def _ascending(values):
    """Order of the values, and in this order the place where the ties of each begin and end."""
    order = np.argsort(values, axis=None)
    ascending = values.ravel()[order]
    begins = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))
    n_tied = np.diff(begins, append=values.size)
    return order, np.repeat(begins, n_tied), np.repeat(begins + n_tied, n_tied)


def _associations(values, target, counts, orders, yes_or_no):
    """Association of one unit with the property in each order of its rows: (n_orders,)."""
    # Where the same steps count in all sequences, the ranks of the states are always the same.
    fixed = (counts == counts[0]).all()
    covariance, squares = (_fixed if fixed else _moving)(values, target, counts, orders)
    if yes_or_no:
        n, n_yes = counts.sum(), (target > 0).sum()
        return 0.5 + covariance / (2.0 * n * n_yes * (n - n_yes))
    scale = np.sqrt(squares) * np.sqrt(np.square(target).sum())
    return np.divide(covariance, scale, out=np.zeros(len(orders)), where=scale > 0)


def _fixed(values, target, counts, orders):
    """Sum of the products of ranks in each order, and the sum of squares of the states' ranks."""
    ranks, target = _ranks(values[:, counts[0]]), target[:, counts[0]]
    covariance = np.zeros(len(orders))
    for low in range(0, len(values), _AT_ONCE):
        rows = np.arange(low, min(low + _AT_ONCE, len(values)))
        pairs = ranks[rows] @ target.T  # each sequence's states with each property
        covariance += pairs[rows - low, orders[:, rows]].sum(axis=1)
    return covariance, np.full(len(orders), np.square(ranks).sum())


def _moving(values, target, counts, orders):
    """The same where the steps that count differ: ranks among those of each order, one sort."""
    place, first, end = _ascending(values)
    n = int(counts.sum())
    covariance, squares = np.empty(len(orders)), np.empty(len(orders))
    for i, rows in enumerate(orders):
        counted = counts[rows].ravel()[place]
        before = np.append(0, np.cumsum(counted, dtype=np.int32))
        ranks = (before[first] + before[end] - n).astype(float)
        covariance[i] = np.einsum("i,i", ranks, target[rows].ravel()[place])
        squares[i] = np.einsum("i,i,i", ranks, ranks, counted)
    return covariance, squares


def _judged(states, associations, measure):
    """The table of (units, 1 + shuffles) associations, the observed ones first."""
    n_usual = 1 + (associations.shape[1] - 1) // 2
    usual, others = associations[:, 1:n_usual], associations[:, n_usual:]
    control, sd = usual.mean(axis=1), usual.std(axis=1)
    observed = associations[:, 0]
    strays = _in_sd(observed - control, sd)
    furthest = _in_sd(others - control[:, None], sd[:, None]).max(axis=0)
    n_further = (furthest >= strays[:, None]).sum(axis=1)
    # As many of the furthest may lie beyond the line as leave p at most 5 %.
    line = np.sort(furthest)[-int(FAMILY_WISE * (len(furthest) + 1))]
    table = pd.DataFrame(
        {
            "unit": np.arange(len(observed)),
            "direction": states.directions,
            "measure": measure,
            "association": observed,
            "control": control,
            "effect": observed - control,
            "low": control - line * sd,
            "high": control + line * sd,
            "p_value": (1 + n_further) / (1 + len(furthest)),
        }
    )
    follows = table["p_value"] <= FAMILY_WISE
    flat = np.ptp(states.hidden, axis=(0, 1)) == 0
    table["verdict"] = np.select(
        [flat, follows & (table["effect"] > 0), follows],
        ["constant", "follows", "follows inversely"],
        "not shown",
    )
    furthest_first = table["effect"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[furthest_first].reset_index(drop=True)


def _in_sd(difference, sd):
    """How many standard deviations; none of a unit that never strays."""
    difference, sd = np.broadcast_arrays(np.abs(difference), sd)
    exact = np.where(difference > 0, np.inf, 0.0)
    return np.divide(difference, sd, out=exact, where=sd > 0)
