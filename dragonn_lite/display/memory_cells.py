"""Pieces of the memory explorer's picture: cells of a heat map, and what lies over them."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import theme
from dragonn_lite.display.memory_state import View

MARKED = "#8A4B08"
WIDTH = 470
"""Width of the base axis in pixels: to its right stands what is held at one step."""
_NONE = "rgba(255,255,255,0)"
_LOOKS = {  # fill, stroke, width of the stroke
    "veil": ("rgba(255,255,255,0.82)", _NONE, 0.0),
    "read": (_NONE, theme.INK, 1.4),
    "range": (_NONE, theme.INK, 1.2),
    "match": (_NONE, "#888888", 1.0),
    "unit": (_NONE, theme.INK, 0.8),
    "on": (_NONE, MARKED, 1.8),
}
_ENDS = theme.NEGATIVE, theme.POSITIVE
_FAINTEST = 0.03  # what is closer to 0 is white, and so is not drawn


def cells(
    view: View, values: np.ndarray, tops, height_px: float, x: alt.X, n_max: int
) -> alt.Chart:
    """Return values at each step as coloured cells, one row under the other.

    Neighbours in a row that are nearly the same are one cell, so that there are at most `n_max`.

    Parameters
    ----------
    view : View
        Its window is shown.
    values : float (steps, rows)
        From -1 (purple) to 1 (orange).
    tops : float (rows,)
        Where each row begins, in pixels.
    height_px : float
        Height of a row.
    x : altair encoding
        The axis of bases.
    n_max : int
        At least the number of rows.
    """
    first, last = shown_steps(view)
    edges = view.recording.edges
    table = merged(values[first:last], n_max)
    table = table[np.abs(table["value"]) > _FAINTEST]
    low, high = view.state.window
    overlap = 0.35 * (high - low) / WIDTH
    table = pd.DataFrame(
        {
            "x": np.maximum(edges[first + table["first"].to_numpy()], low - 0.5),
            # A little over its neighbour, so that no seam is seen between the two.
            "x2": np.minimum(overlap + edges[first + table["stop"].to_numpy()], high - 0.5),
            "y_px": np.asarray(tops)[table["row"]],
            "value": table["value"].to_numpy().round(3),
        }
    )
    table = table.assign(y2_px=table["y_px"] + height_px, colour=colours(table["value"]))
    y = alt.Y("y_px:Q", scale=None, axis=None, title=None)
    drawn = alt.Chart(table).mark_rect(strokeWidth=0, clip=True)
    colour = alt.Color("colour:N", scale=None)
    return drawn.encode(x, y, alt.X2("x2:Q"), alt.Y2("y2_px:Q"), colour)


def shown_steps(view: View) -> tuple[int, int]:
    """Return the first step and the stop of those of which something lies in the window."""
    edges = view.recording.edges
    start, stop = view.state.window
    inside = np.flatnonzero((edges[1:] > start - 0.5) & (edges[:-1] < stop - 0.5))
    return (int(inside[0]), int(inside[-1]) + 1) if len(inside) else (0, 0)


def merged(values: np.ndarray, n_max: int, *, tolerance: float = 0.05) -> pd.DataFrame:
    """Return runs of values that differ little, so few that there are at most `n_max`.

    A run's value is in the middle of its lowest and its highest; none is further from it than half
    the tolerance, which is doubled until the runs are few enough.

    Parameters
    ----------
    values : float (steps, rows)
    n_max : int
        At least the number of rows.

    Returns
    -------
    pandas.DataFrame
        ``row``, ``first`` and ``stop`` (steps), ``value``.

    Examples
    --------
    >>> merged(np.array([[0.0, 0.0], [0.01, 0.5]]), 10)
       row  first  stop  value
    0    0      0     2  0.005
    1    1      0     1  0.000
    2    1      1     2  0.500
    """
    n_steps, n_rows = values.shape
    begins = np.ones((n_steps, n_rows), bool)
    low, high = values[:1].copy().squeeze(0), values[:1].copy().squeeze(0)
    for step in range(1, n_steps):
        low_, high_ = np.minimum(low, values[step]), np.maximum(high, values[step])
        new = begins[step] = high_ - low_ > tolerance
        low, high = np.where(new, values[step], low_), np.where(new, values[step], high_)
    if begins.sum() > max(n_max, n_rows):
        return merged(values, n_max, tolerance=2 * tolerance)
    starts = np.flatnonzero(begins.T)  # row by row
    rows, firsts = np.divmod(starts, n_steps)
    flat = values.T.ravel()
    middle = (np.minimum.reduceat(flat, starts) + np.maximum.reduceat(flat, starts)) / 2
    stops = np.append(starts[1:], flat.size) - rows * n_steps
    return pd.DataFrame({"row": rows, "first": firsts, "stop": stops, "value": middle})


def colours(values) -> list[str]:
    """Return the colours of values from -1 (purple) over 0 (white) to 1 (orange).

    Examples
    --------
    >>> colours([-1, 0, 0.5])
    ['#6F4A9E', '#FFFFFF', '#ECB98E']
    """
    values = np.clip(np.asarray(values, float), -1, 1)[..., None]  # (n,) -> (n, 1)
    negative, positive = ([int(end[i : i + 2], 16) for i in (1, 3, 5)] for end in _ENDS)
    ends = np.where(values > 0, positive, negative)
    mixed = (255 + np.abs(values) * (ends - 255)).astype(int) @ [1 << 16, 1 << 8, 1]
    return [f"#{colour:06X}" for colour in mixed]


def segments(values: np.ndarray, start: int) -> pd.DataFrame:
    """Return stretches of one value: ``x`` and ``x2`` on the axis of bases, ``value``.

    Examples
    --------
    >>> segments(np.array(["in", "in", "out"]), 10)
          x    x2 value
    0   9.5  11.5    in
    1  11.5  12.5   out
    """
    firsts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    ends = np.append(firsts[1:], len(values))
    return pd.DataFrame(
        {"x": start + firsts - 0.5, "x2": start + ends - 0.5, "value": values[firsts]}
    )


def frames(rows: list[tuple], x: alt.X) -> alt.Chart | None:
    """Return what lies over a panel, as far as it can be seen; None where nothing does.

    Parameters
    ----------
    rows : list of (float, float, float, float, str)
        From and to on the axis of bases, from and to in pixels from the top, and the kind: a
        ``"veil"`` over what has not been read, or the outline of what was just ``"read"``, of the
        chosen ``"range"``, of a ``"match"``, of the chosen ``"unit"``, or of one that is ``"on"``.
    x : altair encoding
        The axis of bases.
    """
    low, high = x["scale"]["domain"]
    table = pd.DataFrame(rows, columns=["x", "x2", "y", "y2", "kind"])
    table = table[(table["x"] < high) & (table["x2"] > low)]
    if table.empty:
        return None
    table = table.assign(x=table["x"].clip(lower=low), x2=table["x2"].clip(upper=high))
    looks = pd.DataFrame([_LOOKS[kind] for kind in table["kind"]], index=table.index)
    table[["fill", "stroke", "width"]] = looks
    return (
        alt.Chart(table)
        .mark_rect()
        .encode(
            x,
            alt.X2("x2:Q"),
            alt.Y("y:Q", scale=None, axis=None, title=None),
            alt.Y2("y2:Q"),
            alt.Fill("fill:N", scale=None),
            alt.Stroke("stroke:N", scale=None),
            alt.StrokeWidth("width:Q", scale=None),
        )
    )


def over(view: View, height: float, *, readers=()) -> list[tuple]:
    """Return the frames of a whole panel: the range, its matches, and what has not been read.

    Parameters
    ----------
    view : View
    height : float
        Of the panel in pixels.
    readers : list of (str, float, float)
        Direction of units, and from where to where they stand in pixels. By default one that
        reads all of the panel's height; where units read from both ends, there is none.
    """
    ranges = [(a - 0.5, b - 0.5, 0.0, height, "match") for a, b, own in view.here if not own]
    ranges += [(a - 0.5, b - 0.5, 0.0, height, "range") for a, b, own in view.here if own]
    step = view.state.step
    if step is None:
        return ranges
    edges = view.recording.edges
    before, after = edges[step], edges[step + 1]
    if not readers and len(view.directions) == 1:
        readers = [(view.directions[0], 0.0, height)]
        before, after = (base - 0.5 for base in view.read)  # all that the step reads
    veils = []
    for direction, top, bottom in readers:
        unread = (after, np.inf) if direction == "forward" else (-np.inf, before)
        veils.append((*unread, top, bottom, "veil"))
    return [*veils, *ranges]


def column(view: View, height: float) -> list[tuple]:
    """Return the frame of what was just read; none where all has been."""
    step = view.state.step
    if step is None:
        return []
    return [(*view.recording.edges[step : step + 2], 0.0, height, "read")]
