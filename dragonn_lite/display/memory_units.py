"""The heat map of the memory explorer: one row a unit, and beside it what each unit holds."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import panels
from dragonn_lite.display.attribution_state import minus
from dragonn_lite.display.memory_cells import MARKED, WIDTH, cells, colours, column, frames, over
from dragonn_lite.display.memory_recording import Recording
from dragonn_lite.display.memory_state import View

N_CELLS_MAX = 2500  # the whole chart has fewer than 5,000 rows
_ROWS_PX = 320  # all rows together, about
_GAP_PX, _HEADER_PX = 3, 15  # between clusters, and above the units of one direction
_BAR_PX = 28  # of the largest state
_BARS_AT = WIDTH + 12 + _BAR_PX
_CLUSTERS_AT = _BARS_AT + _BAR_PX + 10
_GREY = "#666666"
_READS = {
    "forward": "→ units that read from the left",
    "backward": "← units that read from the right",
}


def rows(recording: Recording) -> pd.DataFrame:
    """Return the rows of units from the top: ``unit``, ``cluster``, ``direction``, ``y``, ``y2``.

    Units of a cluster stand together, and those that read from the left above the others.
    """
    order = recording.order
    directions = np.asarray(recording.states.directions)[order]
    clusters = recording.clusters[order]
    both = len(set(directions)) > 1
    height = float(np.clip(_ROWS_PX // len(order), 3, 12))
    new_direction = np.r_[True, directions[1:] != directions[:-1]]
    new_cluster = np.r_[False, clusters[1:] != clusters[:-1]] & ~new_direction
    above = np.cumsum(_GAP_PX * new_cluster + _HEADER_PX * both * new_direction)
    top = height * np.arange(len(order)) + above
    number = np.cumsum(new_cluster | new_direction)  # in the order of rows, from 1
    return pd.DataFrame(
        {"unit": order, "cluster": number, "direction": directions, "y": top, "y2": top + height}
    )


def units(view: View) -> alt.LayerChart:
    """Return all units as a heat map, those that were found marked; beside it, what they hold."""
    recording, state = view.recording, view.state
    table = rows(recording)
    x = panels.base_axis(state.window)
    limit = recording.limit(state.quantity)
    values = recording.values(state.quantity)[state.sequence] / limit  # (steps, units)
    height = float(table["y2"].iloc[0] - table["y"].iloc[0])
    gap = 1 if height > 5 else 0
    bottom = float(table["y2"].max())
    readers = [
        (direction, each["y"].min(), each["y2"].max())
        for direction, each in table.groupby("direction", sort=False)
    ]
    over_all = [*over(view, bottom, readers=readers), *column(view, bottom), *_marked(view, table)]
    layers = [
        cells(view, values[:, recording.order], table["y"], height - gap, x, N_CELLS_MAX),
        frames(over_all, x),
        *_names(view, table),
        *_bars(view, table, values[view.at, np.arange(recording.n_units)], limit),
    ]
    title = f"{recording.quantities[state.quantity]} of each unit"
    return panels.panel(layers, "range_units", bottom, title, width=WIDTH)


def unit_at(recording: Recording, down: float) -> int:
    """Return the unit whose row lies at a share of the panel's height from its top."""
    table = rows(recording)
    middle = (table["y"] + table["y2"]) / 2
    return int(table["unit"][(middle - down * table["y2"].max()).abs().idxmin()])


def _y(field: str = "y:Q") -> alt.Y:
    return alt.Y(field, scale=None, axis=None, title=None)


def _names(view: View, table: pd.DataFrame) -> list[alt.Chart]:
    """Numbers of units, where rows are high enough; those that were found stand out."""
    found = table["unit"].isin(view.found.units)
    middle = table.assign(y=(table["y"] + table["y2"]) / 2, text=table["unit"].astype(str))
    readable = (table["y2"] - table["y"] >= 8) | (table["unit"] == view.state.unit)
    plain, bold = middle[~found & readable], middle[found]
    heading = pd.DataFrame({"text": ["unit"], "y": [-8.0]})
    look = {"align": "right", "fontSize": 9}
    named = [_said(pd.concat([plain[["text", "y"]], heading]), color=_GREY, x=-5, **look)]
    if len(bold):
        bold = bold.assign(text=bold["text"] + " ▶")
        named.append(_said(bold, color=MARKED, x=-2, **look))
    if table["direction"].nunique() > 1:
        heads = table.groupby("direction", sort=False)["y"].min().reset_index()
        heads = heads.assign(text=heads["direction"].map(_READS), y=heads["y"] - _HEADER_PX / 2)
        named.append(_said(heads, align="left", fontSize=10, color=_GREY, x=0))
    return named


def _said(table: pd.DataFrame, **look) -> alt.Chart:
    return alt.Chart(table[["text", "y"]]).mark_text(**look).encode(_y(), alt.Text("text:N"))


def _bars(view: View, table: pd.DataFrame, values: np.ndarray, limit: float) -> list[alt.Chart]:
    """What each unit holds after the step, as a bar beside its row."""
    now = values[table["unit"]]
    drawn = table.assign(
        y=table["y"] + 0.5,
        y2=table["y2"] - 1,
        x_px=_BARS_AT,
        x2_px=_BARS_AT + _BAR_PX * now,
        colour=colours(now),
        value=(now * limit).round(3),
    )
    x = alt.X("x_px:Q", scale=None, axis=None, title=None)
    bars = alt.Chart(drawn).mark_rect(stroke="#888888", strokeWidth=0.4)
    colour = alt.Color("colour:N", scale=None)
    tooltip = alt.Tooltip(["unit:Q", "value:Q"])
    bottom = float(table["y2"].max())
    written = pd.DataFrame(
        {
            "text": [after_words(view), "cluster", minus(f"-{limit:.2g}"), "0", f"+{limit:.2g}"],
            "x_px": [_BARS_AT, _CLUSTERS_AT, *(_BARS_AT + _BAR_PX * i for i in (-1, 0, 1))],
            "y": [-8, -8, bottom + 7, bottom + 7, bottom + 7],
        }
    )
    said = alt.Chart(written).mark_text(fontSize=9, color=_GREY)
    # Beside it, which units are alike: a line along their rows, and a number.
    each = table.groupby("cluster").agg(y=("y", "min"), y2=("y2", "max")).reset_index()
    lines = each.assign(y=each["y"] + 1, y2=each["y2"] - 2, x_px=_CLUSTERS_AT, width=2.0)
    lines.loc[len(lines)] = {"y": 0.0, "y2": bottom, "x_px": _BARS_AT, "width": 1.0}
    rules = alt.Chart(lines[["y", "y2", "x_px", "width"]]).mark_rule(color="#888888")
    numbers = each.assign(y=(each["y"] + each["y2"]) / 2, text=each["cluster"].astype(str))
    numbers = numbers[each["y2"] - each["y"] >= 8]
    width = alt.StrokeWidth("width:Q", scale=None)
    return [
        bars.encode(x, _y(), alt.X2("x2_px:Q"), alt.Y2("y2:Q"), colour, tooltip),
        rules.encode(x, _y(), alt.Y2("y2:Q"), width),
        said.encode(x, _y(), alt.Text("text:N")),
        _said(numbers, x=_CLUSTERS_AT + 4, fontSize=9, color=_GREY, align="left"),
    ]


def after_words(view: View) -> str:
    """Return when the bars and the numbers are what they are."""
    if view.read is None:
        return "at the end"
    backward = view.directions == ["backward"]
    return f"after {view.read[0] if backward else view.read[1] - 1:,}"


def _marked(view: View, table: pd.DataFrame) -> list[tuple]:
    """Frames of the chosen unit's row, and of each unit that was found, where it is on."""
    chosen = table[table["unit"] == view.state.unit].iloc[0]
    found = table[table["unit"].isin(view.found.units)]
    on = [
        (start - 0.5, stop - 0.5, y - 0.5, y2 - 0.5, "on")
        for start, stop, _ in view.here
        for y, y2 in zip(found["y"], found["y2"], strict=True)
    ]
    return [(-np.inf, np.inf, chosen["y"] - 0.5, chosen["y2"] - 0.5, "unit"), *on]
