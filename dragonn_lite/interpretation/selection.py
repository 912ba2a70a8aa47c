"""Units that switch on over a range, and where else they do: ``recurrent.select`` and ``match``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_labels, as_number

if TYPE_CHECKING:
    from dragonn_lite.interpretation.recurrent import States


def select(
    states: States,
    sequence: int,
    start: int,
    stop: int,
    *,
    threshold: float = 0.3,
    margin_bp: int | None = None,
) -> pd.DataFrame:
    """Find the units that are on all over a range of a sequence and off elsewhere.

    A unit is on where its hidden state is at least the threshold. With steps that read several
    bases, a base belongs to the step whose middle is nearest.

    *What it does not show*: that the units have to do with what stands in the range. In one
    sequence some may switch by chance: look where else they do, with :func:`match`.

    Parameters
    ----------
    states : States
    sequence : int
        Row of the sequence.
    start, stop : int
        The range in bp, half-open.
    threshold : float
        From this hidden state on, a unit is on.
    margin_bp : int, optional
        Units have to be off only so far on either side; by default in all of the sequence.

    Returns
    -------
    DataFrame
        `unit`, `direction`, `lowest` (hidden state in the range) and `highest_outside` (NaN where
        nothing is outside), the clearest contrast first; empty where no unit is found.

    Raises
    ------
    ValueError
        If there is no such sequence, the range does not lie within what is read, or `margin_bp` is
        negative.
    TypeError
        If `threshold` is no number, or `states` are none.

    References
    ----------
    Strobelt et al. 2018, doi:10.1109/TVCG.2017.2744158 (LSTMVis)

    Examples
    --------
    >>> from dragonn_lite.interpretation.recurrent import States
    >>> hidden = np.array([[[0.0, 0.5], [0.9, 0.5], [0.8, 0.5], [0.1, 0.2]]], np.float32)
    >>> step, forward = np.arange(4), np.array(["forward", "forward"])
    >>> states = States("memory", "GRU", hidden, None, {}, forward, step, step + 1)
    >>> select(states, 0, 1, 3)["unit"].tolist()
    [0]
    >>> select(states, 0, 1, 3, margin_bp=0)["unit"].tolist()  # whatever they do outside
    [0, 1]
    """
    threshold = as_number(threshold, "threshold", "the hidden state")
    n = len(checked_states(states).hidden)
    if as_count(sequence, "sequence") >= n:
        raise ValueError(
            f"sequence is {sequence}, but there are states of {n}: expected 0 to {n - 1}"
        )
    edges = _edges(states)
    within = _in_range(edges, start, stop)
    if margin_bp is None:
        outside = ~within
    else:
        margin_bp = as_count(margin_bp, "margin_bp")
        outside = _overlap(edges, start - margin_bp, stop + margin_bp) & ~within
    hidden = states.hidden[sequence]
    lowest = hidden[within].min(axis=0)
    highest = hidden[outside].max(axis=0) if outside.any() else np.full(len(lowest), np.nan)
    found = np.flatnonzero((lowest >= threshold) & ~(highest >= threshold))
    table = pd.DataFrame(
        {
            "unit": found,
            "direction": states.directions[found],
            "lowest": lowest[found],
            "highest_outside": highest[found],
        }
    )
    contrast = table["lowest"] - table["highest_outside"].fillna(0)
    clearest = contrast.sort_values(ascending=False, kind="stable").index
    return table.loc[clearest].reset_index(drop=True)


def match(
    states: States,
    units: pd.DataFrame | Sequence[int],
    *,
    threshold: float = 0.3,
    sites: pd.DataFrame | None = None,
    labels: np.ndarray | None = None,
    n: int | None = 20,
) -> pd.DataFrame:
    """Find the places where units are on together: the same pattern elsewhere in the data.

    A place reaches as far as the same ones of the units stay on. As in LSTMVis, first come the
    places with the most of these units on, then those with the fewest others on all over the place,
    then the longest. The place that the units were selected at is among them.

    *What it does not show*: how often such a place would be found by chance. Compare how many of
    the places hold a motif with how much of the sequences the motif fills.

    Parameters
    ----------
    states : States
        Of the sequences to be searched.
    units : DataFrame or sequence of int
        As :func:`select` returns it, or numbers of units.
    threshold : float
        From this hidden state on, a unit is on.
    sites : DataFrame, optional
        Planted or annotated sites: `sequence`, `motif`, `start`, `stop`.
    labels : int8 (n,), optional
        Of the sequences.
    n : int, optional
        Number of places at most; None for all of them.

    Returns
    -------
    DataFrame
        `sequence`, `start`, `stop` (bp, half-open), `units_on` (of those given), `others_on`; with
        `sites` also `motif` (what the place overlaps, from left to right, "" for nothing), with
        `labels` also `label`.

    Raises
    ------
    ValueError
        If there are no units, one is unknown, labels do not go with the sequences, or `sites`
        lacks a column.
    TypeError
        If `threshold` is no number, or `states` are none.

    References
    ----------
    Strobelt et al. 2018, doi:10.1109/TVCG.2017.2744158 (LSTMVis)

    Examples
    --------
    >>> from dragonn_lite.interpretation.recurrent import States
    >>> hidden = np.array([[[0.9], [0.1], [0.1]], [[0.1], [0.8], [0.9]]], np.float32)
    >>> step = np.arange(3)
    >>> states = States("memory", "GRU", hidden, None, {}, np.array(["forward"]), step, step + 1)
    >>> match(states, [0], labels=[0, 1])[["sequence", "start", "stop", "label"]].values.tolist()
    [[1, 1, 3, 1], [0, 0, 1, 0]]
    """
    threshold = as_number(threshold, "threshold", "the hidden state")
    n_sequences, n_steps, n_units = checked_states(states).hidden.shape
    units = _as_units(units, n_units)
    hidden = states.hidden.reshape(-1, n_units)  # (n, steps, units) -> (n * steps, units)
    on = hidden[:, units] >= threshold
    changes = (on[1:] != on[:-1]).any(axis=1)
    changes[n_steps - 1 :: n_steps] = True  # the next sequence begins
    first = np.flatnonzero(np.append(True, changes))
    last = np.append(first[1:], len(hidden)) - 1
    units_on = on[first].sum(axis=1)
    others = np.delete(hidden, units, axis=1)
    others_on = (np.minimum.reduceat(others, first) >= threshold).sum(axis=1)
    edges = _edges(states)
    table = pd.DataFrame(
        {
            "sequence": first // n_steps,
            "start": edges[first % n_steps],
            "stop": edges[last % n_steps + 1],
            "units_on": units_on,
            "others_on": others_on,
        }
    )
    length = table["stop"] - table["start"]
    best = np.lexsort((-length, others_on, -units_on))
    best = best[(units_on[best] > 0) & (length.to_numpy()[best] > 0)]  # not of padding alone
    table = table.iloc[best[: None if n is None else as_count(n, "n")]].reset_index(drop=True)
    if sites is not None:
        table["motif"] = _motifs(table, sites)
    if labels is not None:
        labels = as_labels(labels, n_sequences)
        if labels.ndim != 1:
            raise ValueError(f"labels have shape {labels.shape}, expected ({n_sequences},)")
        table["label"] = labels[table["sequence"]]
    return table


def checked_states(states) -> States:
    """Return what has hidden states, and refuse all else: a model, or an array."""
    if not hasattr(states, "hidden"):
        raise TypeError(
            f"states is a {type(states).__name__}, expected what recurrent.states(model, "
            "sequences) gives"
        )
    return states


def _edges(states):
    """Shares the bases out among the steps: step i has those from edge i to edge i + 1."""
    middles = states.starts + states.stops  # doubled
    between = (middles[:-1] + middles[1:]) // 4
    return np.concatenate([states.starts[:1], between, states.stops[-1:]])


def _overlap(edges, start, stop):
    return (edges[:-1] < stop) & (edges[1:] > start)


def _in_range(edges, start, stop):
    whole = all(isinstance(end, (int, np.integer)) for end in (start, stop))
    if not whole or not edges[0] <= start < stop <= edges[-1]:
        raise ValueError(
            f"the range is {start!r} to {stop!r}, expected whole numbers with start before stop, "
            f"from {edges[0]} to {edges[-1]}, the bases that are read"
        )
    return _overlap(edges, start, stop)


def _as_units(units, n_units):
    if isinstance(units, pd.DataFrame):
        if "unit" not in units:
            raise ValueError(f"units has the columns {list(units)}, expected one named unit")
        units = units["unit"]
    units = np.asarray(units)
    if not units.size:
        raise ValueError("units is empty: no unit was selected, so there is no pattern to look for")
    known = units.ndim == 1 and units.dtype.kind in "iu" and np.isin(units, range(n_units)).all()
    if not known or len(np.unique(units)) < len(units):
        raise ValueError(
            f"units is {units.tolist()}, expected different whole numbers from 0 to {n_units - 1}"
        )
    return units


def _motifs(places, sites):
    """What the places overlap, as words."""
    missing = [name for name in ("sequence", "motif", "start", "stop") if name not in sites]
    if missing:
        raise ValueError(f"sites lacks the column {missing[0]}, expected a table of sites")
    of_sequence = dict(tuple(sites.sort_values("start", kind="stable").groupby("sequence")))
    words = []
    for place in places.itertuples():
        there = of_sequence.get(place.sequence, sites[:0])
        overlaps = (there["start"] < place.stop) & (there["stop"] > place.start)
        words.append(", ".join(there["motif"][overlaps]))
    return words
