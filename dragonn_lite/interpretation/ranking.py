"""Which methods are really better? From a leaderboard to ranks and paired differences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_rng

_MEAN = "mean of sequences"
_SUBJECT = ["grammar", "task"]  # the same sequences, whatever the network
_CELL = ["network", *_SUBJECT]


def ranking(
    table: pd.DataFrame,
    *,
    metric: str = "auPRC",
    by: str = "sign",
    against: str | None = None,
    n_resamples: int = 1000,
    rng,
) -> pd.DataFrame:
    """Rank the methods of a leaderboard, and compare each with one of them sequence by sequence.

    Methods are judged by the same sequences, and some sequences are hard for all: the interval of a
    difference is far narrower than those of the two scores suggest. Sequences are drawn with
    replacement within each grammar, the same ones for all methods and networks.

    *What it does not show*: which method would be ahead on other grammars or networks, which are
    not drawn; and the first of many is first in part by luck.

    Parameters
    ----------
    table : DataFrame
        As :func:`~dragonn_lite.interpretation.leaderboard.leaderboard` makes it. A cell that some
        method refused is left out for all.
    metric : "auROC" or "auPRC"
        Mean of the sequences; then the mean of the cells (networks by tasks of grammars).
    by : "sign" or "size"
        How positions were ranked.
    against : str, optional
        The method that the others are compared with; by default the best.
    n_resamples : int
    rng : int or Generator

    Returns
    -------
    DataFrame
        The best method first: `method`, `score`, `low`, `high` (95 %); `rank` with `rank_low` and
        `rank_high`; `difference` to `against` with `difference_low` and `difference_high`: where
        these do not hold 0, one of the two is better on these grammars; `n_cells`.

    Raises
    ------
    ValueError
        If the table is no leaderboard, has no such rows, no cell that all methods answered, or no
        method `against`.

    Examples
    --------
    >>> cell = {"network": "n", "grammar": "g", "task": "t", "metric": "auPRC", "by": "sign",
    ...     "over": "mean of sequences"}
    >>> each = {"A": [0.9, 0.5, 0.7, 0.2], "B": [0.8, 0.4, 0.6, 0.1]}
    >>> board = pd.DataFrame([{**cell, "method": m, "each": e} for m, e in each.items()])
    >>> found = ranking(board, rng=0).round(2)
    >>> found[["method", "low", "high"]].values.tolist()  # they overlap, and yet
    [['A', 0.32, 0.8], ['B', 0.22, 0.7]]
    >>> found[["difference", "difference_low", "difference_high"]].values.tolist()
    [[0.0, 0.0, 0.0], [-0.1, -0.1, -0.1]]
    """
    n_resamples = as_count(n_resamples, "n_resamples", 20)
    methods, cells = _cells(table, metric, by)
    if against is not None and against not in methods:
        raise ValueError(f"against is {against!r}, expected one of {', '.join(methods)}")
    rng = as_rng(rng)
    drawn: dict = {}
    scores = np.zeros((len(methods), n_resamples + 1))  # the first as it is, the others resampled
    for (_, *subject), values in cells.items():  # values: (n_methods, n_sequences)
        n = values.shape[1]
        if (place := (*subject, n)) not in drawn:
            rows = rng.integers(n, size=(n_resamples, n))
            drawn[place] = np.stack([np.bincount(row, minlength=n) for row in rows], axis=1) / n
        scores[:, 0] += values.mean(axis=1)
        scores[:, 1:] += values @ drawn[place]  # (n_methods, n) @ (n, n_resamples)
    scores /= len(cells)
    order = np.argsort(-scores[:, 0], kind="stable")
    methods, scores = [methods[i] for i in order], scores[order]
    ranks = pd.DataFrame(-scores).rank(method="average").to_numpy()
    differences = scores - scores[methods.index(against) if against is not None else 0]
    parts = {"score": scores, "rank": ranks, "difference": differences}
    columns: dict = {"method": methods}
    for name, values in parts.items():
        low, high = np.quantile(values[:, 1:], [0.025, 0.975], axis=1)
        prefix = "" if name == "score" else f"{name}_"
        columns |= {name: values[:, 0], f"{prefix}low": low, f"{prefix}high": high}
    return pd.DataFrame(columns).assign(n_cells=len(cells))


def _cells(table, metric, by):
    """The values of the sequences by method, for each cell that all methods answered."""
    for column in ("method", *_CELL, "by", "metric", "over", "each"):
        if column not in table:
            raise ValueError(f"table has no column {column!r}; pass a leaderboard")
    asked = (table["metric"] == metric) & (table["by"] == by) & (table["over"] == _MEAN)
    rows = table[asked]
    if rows.empty:
        raise ValueError(f"table has no rows of {metric!r} by {by!r}; pass a leaderboard")
    methods = list(dict.fromkeys(table["method"]))
    cells = {}
    for names, cell in rows.groupby(_CELL, sort=False):
        each = dict(zip(cell["method"], cell["each"], strict=True))
        if set(each) == set(methods):
            cells[names] = np.array([each[method] for method in methods], float)
    if not cells:
        raise ValueError("table has no cell that all methods answered; leave some methods out")
    return methods, cells
