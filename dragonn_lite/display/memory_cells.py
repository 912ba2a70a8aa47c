"""Pieces of the memory explorer's picture: cells of a heat map, and what lies over them."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import theme
from dragonn_lite.display.memory_state import View

WIDTH = 470
"""Width of the base axis in pixels: to its right stands what is held at one step."""
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
    ends = {
        sign: np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
        for sign, colour in ((-1, theme.NEGATIVE), (1, theme.POSITIVE))
    }
    found = []
    for value in np.clip(np.asarray(values, float), -1, 1):
        mixed = 255 + abs(value) * (ends[1 if value > 0 else -1] - 255)
        found.append("#{:02X}{:02X}{:02X}".format(*(int(channel) for channel in mixed)))
    return found


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


def future(view: View, direction: str, x: alt.X, top: float, bottom: float) -> alt.Chart | None:
    """Return the veil over what a reader has not read yet; None where it has read all."""
    if view.state.step is None:
        return None
    edges, step = view.recording.edges, view.state.step
    forward = direction == "forward"
    low, high = (edges[step + 1], edges[-1]) if forward else (edges[0], edges[step])
    return veil(view, x, low, high, top, bottom)


def veil(
    view: View, x: alt.X, low: float, high: float, top: float, bottom: float
) -> alt.Chart | None:
    """Return a white veil over part of the window; None where it would be empty."""
    start, stop = view.state.window
    low, high = max(low, start - 0.5), min(high, stop - 0.5)
    if low >= high:
        return None
    mark = alt.Chart(pd.DataFrame({"x": [low], "x2": [high]})).mark_rect(
        color="white", opacity=0.82
    )
    return mark.encode(x, alt.X2("x2:Q"), alt.YValue(top), alt.Y2Value(bottom))


def outlines(view: View, x: alt.X) -> list[alt.Chart]:
    """Return the outlines of the range and, dashed, of its matches."""
    low, high = x["scale"]["domain"]
    drawn = []
    for ranges, dash in ((view.here[:1], []), (view.here[1:], [3, 2])):
        inside = [(a - 0.5, b - 0.5) for a, b in ranges if a - 0.5 < high and b - 0.5 > low]
        if inside:
            table = pd.DataFrame(inside, columns=["x", "x2"]).clip(low, high)
            mark = alt.Chart(table).mark_rect(
                filled=False, stroke=theme.INK, strokeWidth=1, strokeDash=dash
            )
            drawn.append(mark.encode(x, alt.X2("x2:Q")))
    return drawn


def column(view: View, x: alt.X) -> alt.Chart | None:
    """Return the outline of what was just read, as high as the panel; None where all is read."""
    if view.state.step is None:
        return None
    edges, step = view.recording.edges, view.state.step
    start, stop = view.state.window
    low, high = max(edges[step], start - 0.5), min(edges[step + 1], stop - 0.5)
    if low >= high:
        return None
    table = pd.DataFrame({"x": [low], "x2": [high]})
    mark = alt.Chart(table).mark_rect(filled=False, stroke=theme.INK, strokeWidth=1.2)
    return mark.encode(x, alt.X2("x2:Q"))
