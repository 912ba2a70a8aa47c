"""Which units follow a property, and how? ``charts.tracking_units`` and ``charts.unit_course``."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_labels
from dragonn_lite.display import tables, theme

_COLUMNS = ["unit", "direction", "measure", "association", "control", "low", "high", "verdict"]
_ROW_PX = 17
_LANE_PX = 58
_BAND = "#F3DFC3"
_FOLLOWS, _SHOWN_NOT = "beyond the family-wise line", "not shown to follow"


def tracking_units(
    table: pd.DataFrame,
    *,
    property_name: str = "the property",
    n_units: int = 24,
    title: str | None = None,
    subtitle: str = "",
) -> alt.LayerChart:
    """Return the association of each unit with a property, over its control.

    Parameters
    ----------
    table : DataFrame
        As ``recurrent.tracking_units`` makes it; the first rows are drawn.
    property_name : str
        What was followed, as in "inside the brackets".
    n_units : int
        Rows at most, 1 to 100.
    title, subtitle : str
        The finding (by default the unit with the largest effect); then method, data and n.

    Raises
    ------
    ValueError
        If a column is missing, there is no row, or `n_units` is out of range.

    Examples
    --------
    >>> row = [3, "forward", "auROC", 0.91, 0.52, 0.45, 0.59, "follows"]
    >>> tracking_units(pd.DataFrame([row], columns=_COLUMNS)).title.text
    ['Unit 3 follows “the property”: auROC 0.91, control 0.52']
    """
    tables.require_columns(table, _COLUMNS, "table")
    if not len(table):
        raise ValueError("table has no rows, expected one a unit")
    if not 1 <= as_count(n_units, "n_units") <= 100:
        raise ValueError(f"n_units is {n_units}, expected 1 to 100")
    both = table["direction"].nunique() > 1
    name = table["unit"].map("unit {}".format) + (", " + table["direction"] if both else "")
    follows = table["verdict"].str.startswith("follows")
    drawn = table.assign(name=name, found=np.where(follows, _FOLLOWS, _SHOWN_NOT))[:n_units]
    finding = _finding(table, property_name) if title is None else title
    measure = table["measure"].iloc[0]
    ends = drawn[["association", "low", "high"]]
    least = -1.0 if measure == "rank correlation" else 0.0
    scale = alt.Scale(domain=_domain(ends.min().min(), ends.max().max(), least), nice=False)
    words = f"{measure} of hidden state and “{property_name}”"
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(ticks=False, minExtent=theme.AXIS_PX))
    colour = alt.Color(
        "found:N",
        scale=theme.colour_scale({_FOLLOWS: theme.MODEL, _SHOWN_NOT: theme.BASELINES[1]}),
        legend=alt.Legend(orient="top", title=None),
    )
    figures = ("association", "control", "low", "high", "effect", "p_value")
    tooltip = [alt.Tooltip("name:N", title="unit"), alt.Tooltip("verdict:N")]
    tooltip += [alt.Tooltip(f"{each}:Q", format=".3f") for each in figures if each in drawn]
    base = alt.Chart(drawn)
    notes = [subtitle] * bool(subtitle)
    left = f"; {len(table) - len(drawn)} units more" * (len(table) > len(drawn))
    notes.append(f"grey: control, to the line that no unit passes in 95 of 100 shuffles{left}")
    return alt.layer(
        base.mark_bar(color=theme.FAINT, height=_ROW_PX - 5).encode(
            alt.X("low:Q", title=words, scale=scale), alt.X2("high"), y
        ),
        base.mark_tick(color=theme.BASELINE, thickness=2, size=_ROW_PX - 5).encode(
            alt.X("control:Q", title=words, scale=scale), y
        ),
        base.mark_rule(strokeWidth=1.5).encode(
            alt.X("control:Q", title=words, scale=scale), alt.X2("association"), y, color=colour
        ),
        base.mark_circle(size=60, opacity=1).encode(
            alt.X("association:Q", title=words, scale=scale), y, color=colour, tooltip=tooltip
        ),
    ).properties(
        width=theme.WIDTH,
        height=_ROW_PX * len(drawn),
        title=theme.heading(finding, notes),
        description=f"{finding}. {int(follows.sum())} of {len(table)} units lie beyond the "
        "family-wise line.",
    )


def _finding(table, property_name):
    follows = table[table["verdict"].str.startswith("follows")]
    if not len(follows):
        return f"No unit is shown to follow “{property_name}”"
    best = follows.iloc[0]
    way = " when switched off" * (best["verdict"] == "follows inversely")
    return (
        f"Unit {best['unit']} follows “{property_name}”{way}: {best['measure']} "
        f"{best['association']:.2f}, control {best['control']:.2f}"
    )


def _domain(low, high, least):
    step = 0.1
    return [max(least, np.floor(low / step) * step), min(1.0, np.ceil(high / step) * step)]


def unit_course(
    states,
    unit: int,
    followed,
    labels,
    *,
    sites: pd.DataFrame | None = None,
    n_examples: int = 3,
    property_name: str = "the property",
    title: str | None = None,
    subtitle: str = "",
) -> alt.VConcatChart:
    """Return the hidden state of a unit along a few sequences, shaded where a property holds.

    The examples are the first ones of each label, not selected.

    Parameters
    ----------
    states : States
        From ``recurrent.states``: ``hidden`` (n, steps, units), ``directions``, ``starts``,
        ``stops``.
    unit : int
        Which unit.
    followed : int (n, length)
        Shaded where it is 1.
    labels : int8 (n,)
        1 bound, 0 unbound; ambiguous sequences are not drawn.
    sites : DataFrame, optional
        ``sequence``, ``motif``, ``start``, ``stop``: bars over each sequence, of up to four motifs.
    n_examples : int
        Sequences of each label, 1 to 6.
    property_name : str
        What is shaded, as in "inside the brackets".
    title, subtitle : str
        By default which unit; then method, data and n.

    Raises
    ------
    ValueError
        If shapes do not go together, there is no such unit, no labelled sequence, or `n_examples`
        is out of range.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> step = np.arange(5)
    >>> read = SimpleNamespace(hidden=np.zeros((2, 5, 1)), directions=np.array(["forward"]),
    ...                        starts=step, stops=step + 1)
    >>> unit_course(read, 0, np.eye(2, 5, dtype=int), [1, 0]).title.text
    ['Unit 0 along the sequence']
    """
    if not 1 <= as_count(n_examples, "n_examples") <= 6:
        raise ValueError(f"n_examples is {n_examples}, expected 1 to 6")
    n, _, n_units = states.hidden.shape
    if as_count(unit, "unit") >= n_units:
        raise ValueError(f"unit is {unit}, expected 0 to {n_units - 1}")
    labels, followed = as_labels(labels, n), np.asarray(followed)
    if labels.ndim != 1 or followed.ndim != 2 or len(followed) != n:
        raise ValueError(
            f"labels have shape {labels.shape} and followed {followed.shape}, expected ({n},) and "
            f"({n}, length)"
        )
    rows = [(i, word) for label, word in ((1, "bound"), (0, "unbound"))
            for i in np.flatnonzero(labels == label)[:n_examples]]  # fmt: skip
    if not rows:
        raise ValueError("labels are all -1 (ambiguous), expected bound or unbound sequences")
    backward = states.directions[unit] == "backward"
    known = np.asarray(states.stops if not backward else states.starts)
    length = followed.shape[1]
    colours = {} if sites is None else theme.series_colours(sorted(sites["motif"].unique()))
    top = max(1.0, float(np.abs(states.hidden[[i for i, _ in rows], :, unit]).max()))
    axis_title = f"bases read{' from the end, down to' * backward} (bp)"
    lanes = []
    for row, word in rows:
        there = None if sites is None else sites[sites["sequence"] == row]
        table = pd.DataFrame({"read": known, "state": states.hidden[row, :, unit]})
        shaded = _stretches(followed[row] == 1, backward)
        last = axis_title if row == rows[-1][0] else None
        lane = _lane(table, shaded, there, colours, last, (length, top))
        lanes.append(lane.properties(title=alt.Title(
            f"sequence {row}, {word}", fontSize=11, fontWeight="normal", offset=2
        )))  # fmt: skip
    finding = f"Unit {unit} along the sequence" if title is None else title
    note = f"line: state after each base; shaded: {property_name}; first sequences of each label"
    return (
        alt.vconcat(*lanes, spacing=8)
        .resolve_scale(color="shared")
        .properties(
            title=theme.heading(finding, [subtitle] * bool(subtitle) + [note]),
            description=f"{finding}. Hidden state of unit {unit} along {len(rows)} sequences of "
            f"{length} bp, shaded: {property_name}.",
        )
    )


def _stretches(holds, backward):
    """From where to where a property holds, in bases that were read."""
    ends = np.flatnonzero(np.diff(holds.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    # What holds after a base was read holds from behind this base on, in the way of reading.
    ends = (ends - 1 if backward else ends + 1).clip(0, len(holds))
    return pd.DataFrame(ends, columns=["start", "stop"])


def _lane(table, shaded, sites, colours, axis_title, ends) -> alt.LayerChart:
    length, top = ends
    scale = alt.Scale(domain=[0, length], nice=False)
    axis = alt.Axis(format=",d") if axis_title else alt.Axis(labels=False, ticks=False)

    def x(field):
        return alt.X(f"{field}:Q", scale=scale, title=axis_title, axis=axis)

    ticks = alt.Axis(values=[-1, 0, 1], minExtent=theme.AXIS_PX, maxExtent=theme.AXIS_PX)
    heights = alt.Scale(domain=[-top, top * 1.35], nice=False)

    def y(field):
        return alt.Y(f"{field}:Q", title=None, scale=heights, axis=ticks)

    layers = [alt.Chart(shaded).mark_rect(color=_BAND).encode(x("start"), alt.X2("stop"))]
    if sites is not None and len(sites):
        bars = sites[["motif", "start", "stop"]].assign(low=top * 1.1, high=top * 1.3)
        colour = alt.Color(
            "motif:N",
            scale=theme.colour_scale(colours),
            legend=alt.Legend(orient="top", title=None, symbolType="square"),
        )
        layers.append(
            alt.Chart(bars)
            .mark_rect()
            .encode(
                x("start"), alt.X2("stop"), y("low"),
                alt.Y2("high"), color=colour, tooltip=["motif:N", "start:Q", "stop:Q"],
            )
        )  # fmt: skip
    zero = alt.Chart(pd.DataFrame({"state": [0.0]})).mark_rule(color=theme.FAINT).encode(y("state"))
    line = alt.Chart(table).mark_line(color=theme.MODEL, strokeWidth=1.8).encode(
        x("read"), y("state"), tooltip=[alt.Tooltip("read:Q", title="bases read"),
                               alt.Tooltip("state:Q", format=".2f")],
    )  # fmt: skip
    return alt.layer(*layers, zero, line).properties(width=theme.WIDTH, height=_LANE_PX)
