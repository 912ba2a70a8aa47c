"""The picture of the memory explorer: what a recurrent network holds while it reads a sequence.

Call it as ``charts.memory_chart(...)``; the widget draws the same from each of its states.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import memory_units, panels, theme
from dragonn_lite.display.attribution_state import minus
from dragonn_lite.display.glyphs import shape, zero_line
from dragonn_lite.display.memory_cells import WIDTH, cells, column, frames, over, segments
from dragonn_lite.display.memory_recording import Recording
from dragonn_lite.display.memory_state import MemoryState, View, view
from dragonn_lite.display.tables import thin
from dragonn_lite.display.tracks import position_axis

N_GATE_CELLS_MAX = 500
_OVERVIEW_PX, _OUTPUT_PX, _LETTER_PX, _STRIP_PX, _GATE_PX, _ROW_PX = 34, 64, 18, 15, 13, 16
_ROOM_PX = 180  # of a column of text
_LEFT = {"minExtent": theme.AXIS_PX, "maxExtent": theme.AXIS_PX}
_STRIPS = ("#EFEFEF", "#C9D8EA", "#F2D3AC", "#D5E6D1", "#D8CBD3", "#DDDDDD", "#A3BEDC", "#E8B877")
_LINES = {"forward": (theme.MODEL, []), "backward": (theme.PLUM, [4, 2])}
_ARROWS = {"forward": "→", "backward": "←"}


def memory_chart(recording: Recording, **state) -> alt.VConcatChart:
    """Return the picture of the memory explorer at one state: its plain-function twin.

    Parameters
    ----------
    recording : Recording
        The units of a network while it reads sequences.
    **state
        What is chosen, as in :class:`MemoryState`: ``sequence``, ``window``, ``quantity``,
        ``pattern``, ``threshold``, ``margin_bp``, ``unit``, ``step``.

    Raises
    ------
    TypeError
        If there is no such choice.
    ValueError
        If something is chosen that there is not.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> hidden = np.zeros((1, 3, 2), np.float32)
    >>> read = SimpleNamespace(cell="GRU", hidden=hidden, memory=None, gates={},
    ...                        directions=np.array(["forward", "forward"]),
    ...                        starts=np.arange(3), stops=np.arange(3) + 1)
    >>> recording = Recording(read, np.eye(4, dtype=np.uint8)[None, :3], np.arange(3.0)[None])
    >>> memory_chart(recording).title.text
    ['bound: logit 2.00; moved most, +1.00 by C at 1']
    """
    return view_chart(view(recording, MemoryState(**state)))


def view_chart(view: View) -> alt.VConcatChart:
    """Return the picture of a view.

    Parameters
    ----------
    view : View
        From :func:`~dragonn_lite.display.memory_state.view`.
    """
    start, stop = view.state.window
    drawn = [_whole(view)] if stop - start < len(view.letters) else []
    drawn += [_output(view), _letters(view), memory_units.units(view), _gates(view)]
    if view.state.pattern is not None:
        drawn.append(_matches(view))
    return alt.vconcat(
        *drawn,
        spacing=6,
        title=theme.heading(view.words(), _notes(view)),
        description=_description(view),
    )


def _notes(view: View) -> list[str]:
    state, recording = view.state, view.recording
    start, stop = state.window
    label = recording.label_of(state.sequence)
    first = [
        f"Sequence {state.sequence:,}",
        label and f"labelled {label}",
        f"{recording.length:,} bp",
    ]
    if stop - start < recording.length:
        first.append(f"{start:,} to {stop - 1:,} enlarged")
    notes = [", ".join(filter(None, first))]
    return notes if state.pattern is None else [*notes, view.output_words()]


def _description(view: View) -> str:
    """All that the picture shows, in words."""
    said = [view.words(), *_notes(view)]
    if view.found.units:
        said.append(f"Units: {', '.join(map(str, view.found.units))}")
    if view.state.pattern is not None:
        said.append(view.match_words())
    said += [place.words() for place in view.found.places[:5]]
    last = view.at[view.state.unit]
    if view.read is not None:
        start, stop = view.read
        said.append(f"Just read: {view.letters[start:stop]} at {start:,}")
    base = int(view.recording.states.stops[last]) - 1
    said += [f"{name}: {values[base]}" for name, values in view.tracks.items()]
    named = view.recording.quantities.values()
    values = zip(named, view.of_unit()[last], strict=True)
    said.append(f"{view.unit_words()}: " + ", ".join(f"{name} {v:+.2f}" for name, v in values))
    return ". ".join(said) + "."


# --- panels --------------------------------------------------------------------------------------


def _whole(view: View) -> alt.LayerChart:
    """The output along all of a sequence; the window is grey."""
    length = len(view.letters)
    x = panels.base_axis((0, length))
    start, stop = view.state.window
    window = pd.DataFrame({"x": [start - 0.5], "x2": [stop - 0.5]})
    y = _y(view, None, 2)
    layers = [
        panels.spans(panels.bands(view.sites, (0, length)), x, opacity=0.25),
        alt.Chart(window).mark_rect(color="#000000", opacity=0.09).encode(x, alt.X2("x2:Q")),
        zero_line(),
        *_lines(view, (0, length), x, y),
        frames([row for row in over(view, _OVERVIEW_PX) if row[-1] != "veil"], x),
    ]
    return panels.panel(layers, "whole", _OVERVIEW_PX, width=WIDTH)


def _output(view: View) -> alt.LayerChart:
    """The output after each prefix of the window, below the labels of its sites."""
    window = view.state.window
    x = panels.base_axis(window)
    bands = panels.bands(view.sites, window, width=WIDTH)
    bands = bands[(bands["stop"] > window[0]) & (bands["start"] < window[1])]
    n_lanes = int(bands["lane"].max()) + 1 if len(bands) else 0
    height = _OUTPUT_PX + panels.LANE_PX * n_lanes
    y = _y(view, "logit", 3, share=panels.LANE_PX * n_lanes / height)
    lines = _lines(view, window, x, y)
    layers = [
        panels.spans(bands, x, opacity=0.15),
        zero_line(),
        *lines,
        frames(over(view, height), x),
        *_now(view, x, y),
        panels.labels(bands, x, width=WIDTH),
        *_names_of_lines(view),
    ]
    title = "the logit, had the sequence ended here"
    if "backward" in view.outputs:
        title = "the logit, had the sequence ended (→) or begun (←) here"
    return panels.panel(layers, "range_output", height, title, width=WIDTH)


def _letters(view: View) -> alt.LayerChart:
    """The letters of the window, the one just read outlined, over what is said of each base."""
    start, stop = window = view.state.window
    x = panels.base_axis(window)
    height = _LETTER_PX + _STRIP_PX * len(view.tracks)
    tall = _LETTER_PX - 4
    written = pd.DataFrame({"x": np.arange(start, stop), "base": list(view.letters[start:stop])})
    shapes = {base: shape(base, WIDTH / (stop - start), tall) for base in theme.BASE_COLOURS}
    colours = theme.BASE_COLOURS
    written = alt.Chart(written).mark_point(filled=True, opacity=1, size=tall**2, strokeWidth=0)
    written = written.encode(
        x,
        alt.YValue(_LETTER_PX / 2),
        alt.Shape(
            "base:N", scale={"domain": list(shapes), "range": list(shapes.values())}, legend=None
        ),
        alt.Color(
            "base:N", scale={"domain": list(colours), "range": list(colours.values())}, legend=None
        ),
        alt.Tooltip(["x:Q", "base:N"]),
    )
    layers = [
        panels.spans(panels.bands(view.sites, window), x, opacity=0.15),
        written,
        *(layer for i in range(len(view.tracks)) for layer in _strip(view, i, x)),
        frames([*over(view, height), *_just_read(view)], x),
    ]
    return panels.panel(layers, "range_letters", height, width=WIDTH)


def _strip(view: View, i: int, x: alt.X) -> list[alt.Chart]:
    """One word a base, written once where it stays."""
    name, values = list(view.tracks.items())[i]
    start, stop = view.state.window
    table = segments(values[start:stop], start)
    known = list(pd.unique(view.recording.tracks[name].ravel()))  # as they first appear
    table["colour"] = [_STRIPS[known.index(value) % len(_STRIPS)] for value in table["value"]]
    table["text"] = table["value"].astype(str)
    top = _LETTER_PX + _STRIP_PX * i
    drawn = alt.Chart(table).mark_rect(stroke="white", strokeWidth=0.5)
    drawn = drawn.encode(
        x,
        alt.X2("x2:Q"),
        alt.YValue(top + 1),
        alt.Y2Value(top + _STRIP_PX),
        alt.Color("colour:N", scale=None),
        tooltip=[alt.Tooltip("text:N", title=name)],
    )
    room_px = (table["x2"] - table["x"]) * WIDTH / (stop - start)
    fits = table[room_px > 6 * table["text"].str.len() + 3]
    middle_px = alt.YValue(top + _STRIP_PX / 2 + 0.5)
    said = alt.Chart(fits.assign(x=(fits["x"] + fits["x2"]) / 2)).mark_text(fontSize=10)
    label = alt.Chart(pd.DataFrame({"text": [name]})).mark_text(
        align="left", fontSize=10, x=WIDTH + 6
    )
    return [
        drawn,
        said.encode(x, middle_px, alt.Text("text:N")),
        label.encode(middle_px, alt.Text("text:N")),
    ]


def _gates(view: View) -> alt.LayerChart:
    """All that was recorded of the chosen unit, and its values at the step."""
    recording, unit = view.recording, view.state.unit
    x = panels.base_axis(view.state.window, axis=position_axis().to_dict(), title="position (bp)")
    values = view.of_unit()
    limits = np.array([recording.limit(name) for name in recording.quantities])
    tops, height = np.arange(len(limits)) * _GATE_PX, _GATE_PX * len(limits)
    reader = (str(recording.states.directions[unit]), 0.0, height)
    names = [
        f"{name} {minus(f'{value:+.2f}')}"
        for name, value in zip(recording.quantities.values(), values[view.at[unit]], strict=True)
    ]
    said = pd.DataFrame({"text": names, "y_px": tops + _GATE_PX / 2})
    said = alt.Chart(said).mark_text(align="left", fontSize=10, x=WIDTH + 6)
    layers = [
        cells(view, values / limits, tops, _GATE_PX - 1, x, N_GATE_CELLS_MAX),
        frames([*over(view, height, readers=[reader]), *column(view, height)], x),
        said.encode(alt.Y("y_px:Q", scale=None, axis=None, title=None), alt.Text("text:N")),
    ]
    title = f"inside {view.unit_words()}; numbers: {memory_units.after_words(view)}"
    return panels.panel(layers, "range_gates", height, title, width=WIDTH)


def _matches(view: View) -> alt.LayerChart:
    """The range, and where its units switch on again; in the widget each can be pressed."""
    listed = view.listed
    table = pd.DataFrame(
        [
            (
                "▶" if place.sequence == view.state.sequence else "",
                *place.columns(),
                _ROW_PX * (row + 0.5),
            )
            for row, place in enumerate(listed)
        ],
        columns=["here", "where", "motif", "label", "y_px"],
    )
    y = alt.Y("y_px:Q", scale=None, axis=None, title=None)
    layers = []
    for column_, x_px in (("here", -12), ("where", 0), ("motif", 190), ("label", 380)):
        mark = alt.Chart(table).mark_text(align="left", x=x_px, limit=_ROOM_PX)
        layers.append(mark.encode(y, alt.Text(f"{column_}:N")))
    title, n = view.match_words(), len(listed) - 1
    title += f"; the first {n}:" if n < len(view.found.places) else ""
    return panels.panel(layers, "matches", _ROW_PX * len(listed), title, width=WIDTH)


# --- parts of panels -----------------------------------------------------------------------------


def _y(view: View, title: str | None, n_ticks: int, *, share: float = 0.0) -> alt.Y:
    """The range of the output in all sequences, with a share of the height left free above."""
    low, high = view.recording.output_range
    top = high + (high - low) * share / (1 - share)
    return alt.Y(
        "y:Q",
        title=title,
        scale={"domain": [low, top], "nice": False},
        axis={"tickCount": n_ticks, **_LEFT},
    )


def _lines(view: View, window, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    drawn = []
    for name, values in view.outputs.items():
        start, stop = window
        low, high = view.recording.output_range
        at = np.arange(start, stop)
        kept = thin((at - start) / WIDTH, (values[start:stop] - low) / (high - low), n_max=400)
        table = pd.DataFrame({"x": at[kept], "y": values[start:stop][kept]})
        colour, dash = _LINES[name]
        mark = alt.Chart(table).mark_line(color=colour, strokeDash=dash, strokeWidth=1.5)
        drawn.append(mark.encode(x, y))
    return drawn


def _names_of_lines(view: View) -> list[alt.Chart]:
    if len(view.outputs) < 2:
        return []
    drawn = []
    for row, name in enumerate(view.outputs):
        colour, _ = _LINES[name]
        label = pd.DataFrame({"text": [f"{_ARROWS[name]} {name}"]})
        mark = alt.Chart(label).mark_text(align="left", color=colour, x=WIDTH + 6, y=20 + 15 * row)
        drawn.append(mark.encode(alt.Text("text:N")))
    return drawn


def _just_read(view: View) -> list[tuple]:
    if view.read is None:
        return []
    start, stop = view.read
    return [(start - 0.5, stop - 0.5, 0.0, float(_LETTER_PX), "read")]


def _now(view: View, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """The output at what was just read: a point, and its value."""
    low, high = x["scale"]["domain"]
    drawn = []
    for name, values in view.outputs.items() if view.read else ():
        at = view.read[1] - 1 if name == "forward" else view.read[0]
        if not low < at < high:
            continue
        value = float(values[at])
        table = pd.DataFrame({"x": [at], "y": [value], "text": [minus(f"{value:.2f}")]})
        colour, _ = _LINES[name]
        right = name == "backward" or (len(view.outputs) == 1 and at < (low + high) / 2)
        point = alt.Chart(table).mark_point(color=colour, filled=True, size=45, opacity=1)
        label = alt.Chart(table).mark_text(
            color=colour, align="left" if right else "right", dx=7 if right else -7, dy=-7
        )
        drawn += [point.encode(x, y), label.encode(x, y, alt.Text("text:N"))]
    return drawn
