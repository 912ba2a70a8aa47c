"""The picture of the attribution explorer: tracks of one sequence, and the letters of a window.

Call it as ``charts.attribution_panels(...)``; the widget draws the same from each of its states.
"""

from __future__ import annotations

import textwrap

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import panels, tables, theme
from dragonn_lite.display.attribution_state import (
    N_LETTERS_MAX,
    Attributions,
    AttributionState,
    Explained,
    View,
)
from dragonn_lite.display.glyphs import letters, zero_line
from dragonn_lite.display.tracks import position_axis
from dragonn_lite.dna.encoding import BASES

_ROW_PX = 15
_OVERVIEW_PX, _TRACK_PX = 40, 92
_BEFORE = "#C9C9C9"
# Plain dictionaries: altair copies them many times faster than its own objects.
_AXIS = position_axis().to_dict()
_LEFT = {"minExtent": theme.AXIS_PX, "maxExtent": theme.AXIS_PX}


def attribution_panels(
    explainers, sequences, *, targets=("bound",), sites: pd.DataFrame | None = None, **state
) -> alt.VConcatChart:
    """Return the picture of the attribution explorer at one state: its plain-function twin.

    Parameters
    ----------
    explainers : mapping of str to callable
        Each takes one sequence, uint8 (1, length, 4), and ``target=``, and returns what has
        ``contributions`` (1, length), ``logits`` (1,) and ``completeness_error`` (1,) or None, as
        ``functools.partial(interpretation.explain, model, method="deeplift")`` does.
    sequences : uint8 (n, length, 4)
        At most 4,000 bp long.
    targets : sequence of str
        A name for each output of the model.
    sites : pandas.DataFrame, optional
        ``sequence``, ``motif``, ``start``, ``stop``, ``strand``: labelled bands.
    **state
        What is chosen, as in :class:`AttributionState`: ``sequence``, ``methods``, ``target``,
        ``mutations``, ``window``, ``position``.

    Raises
    ------
    TypeError
        If an explainer cannot be called, or there is no such choice.
    ValueError
        If something is chosen that there is not. What an explainer raises is written in its place.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> def gc(x, target):
    ...     found = x[:, :, 1:3].sum(axis=2, dtype=float)
    ...     return SimpleNamespace(contributions=found, logits=found.sum(1), completeness_error=[0])
    >>> chart = attribution_panels({"GC": gc}, np.eye(4, dtype=np.uint8)[None],
    ...                            mutations=[(0, "G")])
    >>> chart.title.text
    ['bound: logit moved from 2.00 to 3.00 (+1.00)']
    """
    study = Attributions(explainers, sequences, targets, sites)
    return attribution_chart(study.view(AttributionState(**state)))


def attribution_chart(view: View) -> alt.VConcatChart:
    """Return the picture of a view.

    Parameters
    ----------
    view : View
        From :meth:`Attributions.view`.

    Examples
    --------
    >>> study = Attributions({"not yet": len}, np.eye(4, dtype=np.uint8)[None])
    >>> len(attribution_chart(study.view(AttributionState())).vconcat)
    3
    """
    bands = panels.bands(view.sites, view.state.window)
    pairs = list(zip(view.tracks, view.before, strict=True))
    drawn = [
        *(_whole(view, i, now, before, bands) for i, (now, before) in enumerate(pairs)),
        *(_letters(view, i, now, before, bands) for i, (now, before) in enumerate(pairs)),
        _bases(view),
    ]
    return alt.vconcat(
        *drawn,
        spacing=8,
        title=theme.heading(view.words(), _notes(view)),
        description=_description(view, bands),
    )


def _notes(view: View) -> str:
    state, length = view.state, len(view.letters)
    start, stop = state.window
    notes = f"Sequence {state.sequence}, {length:,} bp"
    if stop - start < length:
        notes += f"; below, {start:,} to {stop - 1:,} enlarged"
    if not view.mutated:
        return notes + "; nothing mutated"
    shown = textwrap.shorten(view.mutation_words(), 120, placeholder=" …")
    return f"{notes}; mutated (▲; before: grey, dashed): {shown}"


def _description(view: View, bands: pd.DataFrame) -> str:
    said = [view.words(), _notes(view)]
    for track in view.tracks:
        if track.contributions is None:
            said.append(f"{track.method}: {track.words()}")
            continue
        at = int(np.abs(track.contributions).argmax())
        strongest = f"strongest {view.letters[at]} at {at}, {track.contributions[at]:+.3g}"
        warned = f"; {track.sentence}" if track.sentence else ""
        said.append(f"{track.method}: {track.words()}{warned}; {strongest}")
    if len(bands):
        said.append(
            "Sites: " + ", ".join(f"{b.label} {b.start} to {b.stop}" for b in bands.itertuples())
        )
    position = view.state.position
    said.append(f"Base {view.letters[position]} at {position} is chosen")
    return ". ".join(said) + "."


# --- panels --------------------------------------------------------------------------------------


def _whole(
    view: View, i: int, track: Explained, before: Explained, bands: pd.DataFrame
) -> alt.LayerChart:
    """All of a sequence, small; the window is grey."""
    x = panels.base_axis([0, len(view.letters)], axis=_AXIS if i == len(view.tracks) - 1 else None)
    start, stop = view.state.window
    window = pd.DataFrame({"x": [start - 0.5], "x2": [stop - 0.5]})
    shade = 0.09 if stop - start < len(view.letters) else 0  # all of it is no window
    layers = [
        panels.spans(bands, x, opacity=0.25),
        alt.Chart(window).mark_rect(color="#000000", opacity=shade).encode(x, alt.X2("x2:Q")),
    ]
    if track.contributions is None:
        layers.append(
            panels.words("no contributions", x=6, y=_OVERVIEW_PX / 2 - 7, color="#666666")
        )
    else:
        was = _before(track, before)
        y = _y(np.concatenate([track.contributions, was]), None, 2)
        layers += [
            _bars(was, 0, x, y, grey=True),
            zero_line(),
            _bars(track.contributions, 0, x, y),
        ]
    layers.append(_marks(view, x, 3))
    return panels.panel(layers, f"whole_{i}", _OVERVIEW_PX, track.method)


def _letters(
    view: View, i: int, track: Explained, before: Explained, bands: pd.DataFrame
) -> alt.LayerChart:
    """The window of one method: letters, or bars where they would be too narrow."""
    start, stop = view.state.window
    x = panels.base_axis([start, stop])
    bands = bands[(bands["stop"] > start) & (bands["start"] < stop)]
    title, notes = f"{track.method}: {track.words()}", ""
    layers = [panels.spans(bands, x, opacity=0.15)]
    n_lanes = int(bands["lane"].max()) + 1 if len(bands) and i == 0 else 0
    height = _TRACK_PX + panels.LANE_PX * n_lanes
    if track.contributions is None:
        title = f"{track.method} explains nothing here"
        words = textwrap.wrap(track.sentence, 88)[:6]
        layers.append(
            panels.words(words, x=8, y=height - _TRACK_PX + 16, color=theme.BASE_COLOURS["T"])
        )
    else:
        layers += _drawn(view, track, before, x, panels.LANE_PX * n_lanes, height)
        notes = track.sentence
    layers.append(_marks(view, x, height - 4))
    if i == 0:
        layers.append(panels.labels(bands, x))
    return panels.panel(layers, f"letters_{i}", height, title, notes)


def _drawn(view, track, before, x, room_px, height) -> list[alt.Chart]:
    start, stop = view.state.window
    values = track.contributions
    was = _before(track, before)
    y = _y(np.concatenate([values, was]), "contribution", 4, share=room_px / height)
    table = tables.contribution_table(view.letters[start:stop], values[start:stop], start=start)
    grey = _bars(was[start:stop], start, x, y, grey=True)
    if len(table) > N_LETTERS_MAX:
        return [grey, zero_line(), _bars(values[start:stop], start, x, y)]
    upright = table.rename(columns={"contribution": "height"}).assign(y0=0.0)
    upright["y1"] = upright["height"]
    tooltip = [
        alt.Tooltip("position:Q", title="position (bp)", format=",d"),
        alt.Tooltip("base:N"),
        alt.Tooltip("height:Q", title="contribution", format="+.4f"),
    ]
    upright = upright[upright["height"] != 0]
    return [grey, zero_line(), letters(upright, x=x, y=y, tooltip=tooltip)]


def _before(track: Explained, before: Explained) -> np.ndarray:
    """What the contributions were before the mutations, where they are not that any more."""
    now = track.contributions
    was = now if before.contributions is None else before.contributions
    return np.where(np.abs(was - now) > 0.005 * np.ptp([*now, *was, 0]), was, 0.0)


def _bases(view: View) -> alt.LayerChart:
    """Four rows, in which the base that is there is filled: in the widget each can be pressed."""
    start, stop = view.state.window
    x = panels.base_axis([start, stop], axis=_AXIS, title="position (bp)")
    names = {"ticks": False, "domain": False, "labelPadding": 7, **_LEFT}
    y = alt.Y("base:N", title="base", sort=list(BASES), axis=names)
    rows = pd.DataFrame({"base": list(BASES), "x": start - 0.5, "x2": stop - 0.5})
    rows = alt.Chart(rows).mark_rect(color="#F3F3F3", stroke="white")
    layers = [rows.encode(x, y, alt.X2("x2:Q"))]
    position = view.state.position
    cursor = alt.Chart(pd.DataFrame({"x": [position - 0.5], "x2": [position + 0.5]}))
    outline = {"filled": False, "stroke": theme.INK, "strokeWidth": 1.5}
    cursor = cursor.mark_rect(**outline).encode(x, alt.X2("x2:Q"))
    if stop - start <= N_LETTERS_MAX:
        layers += [*_cells(view, x, y), cursor]
    else:
        narrower = f"narrow the window to {N_LETTERS_MAX} bp or fewer to see its bases"
        layers.append(panels.words(narrower, x=8, y=2 * _ROW_PX - 7, color="#666666"))
    return panels.panel(layers, "bases", 4 * _ROW_PX)


def _cells(view: View, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    start, stop = view.state.window
    present = view.letters[start:stop]
    table = pd.DataFrame({"position": np.arange(start, stop), "base": list(present)})
    table = table[table["base"] != "N"].assign(x=lambda t: t["position"] - 0.5)
    table["x2"] = table["position"] + 0.5
    filled = alt.Chart(table).mark_rect(stroke="white", strokeWidth=0.5)
    cells = [
        filled.encode(
            x, y, alt.X2("x2:Q"), alt.Color("base:N", scale=theme.base_scale(), legend=None)
        )
    ]
    px = theme.WIDTH / len(present)
    others = pd.DataFrame(
        [(i, base, base == there) for i, there in enumerate(present, start) for base in BASES],
        columns=["position", "base", "present"],
    )
    if px < 8:  # too narrow for letters that are not there
        others = others[others["present"]]
    white = alt.condition("datum.present", alt.value("white"), alt.value("#6E6E6E"))
    letter = alt.Chart(others).mark_text(fontSize=min(11.0, 1.1 * px))
    middle = alt.X("position:Q", **panels.shared(x))
    cells.append(letter.encode(middle, y, alt.Text("base:N"), color=white))
    was = [(i - 0.5, i + 0.5, view.letters_before[i]) for i in view.mutated if start <= i < stop]
    was = pd.DataFrame(was, columns=["x", "x2", "base"])
    ring = alt.Chart(was[was["base"] != "N"]).mark_rect(
        filled=False, stroke=theme.PLUM, strokeWidth=1.5, strokeDash=[2, 2]
    )
    return [*cells, ring.encode(x, y, alt.X2("x2:Q"))]


# --- parts of panels -----------------------------------------------------------------------------


def _y(values, title: str | None, n_ticks: int, *, share: float = 0.0) -> alt.Y:
    """The range of values, with a share of the height left free above."""
    low, high = min(float(np.min(values)), 0.0), max(float(np.max(values)), 0.0)
    high = high if high > low else 1.0
    margin = 0.04 * (high - low)
    top = high + margin + (high - low) * share / (1 - share)
    return alt.Y(
        "y:Q",
        title=title,
        scale={"domain": [low - margin, top], "nice": False},
        axis={"tickCount": n_ticks, "titleLimit": 90, **_LEFT},
    )


def _bars(values, start: int, x: alt.X, y: alt.Y, *, grey: bool = False) -> alt.Chart:
    """Bars of contributions; where there are more than pixels, the highest and lowest of each."""
    per_bar = -(-len(values) // theme.WIDTH)
    first = np.arange(0, len(values), per_bar)
    highest = np.maximum(np.maximum.reduceat(values, first), 0)
    lowest = np.minimum(np.minimum.reduceat(values, first), 0)
    edges = start - 0.5 + np.append(first, len(values))
    table = pd.DataFrame(
        {"x": np.tile(edges[:-1], 2), "x2": np.tile(edges[1:], 2), "y": [*highest, *lowest]}
    )
    table["colour"] = np.where(table["y"] > 0, theme.POSITIVE, theme.NEGATIVE)
    table["colour"] = _BEFORE if grey else table["colour"]
    return (
        alt.Chart(table[table["y"] != 0])
        .mark_rect(strokeWidth=0)
        .encode(x, y, alt.X2("x2:Q"), alt.Color("colour:N", scale=None), y2=alt.Y2Datum(0))
    )


def _marks(view: View, x: alt.X, y_px: float) -> alt.Chart | None:
    """A triangle at each mutated base."""
    low, high = x["scale"]["domain"]
    at = [i for i in view.mutated if low < i < high]
    if not at:
        return None
    triangle = {"shape": "triangle-up", "filled": True, "size": 60, "opacity": 1}
    table = pd.DataFrame({"x": at})
    return alt.Chart(table).mark_point(color=theme.PLUM, **triangle).encode(x, y=alt.value(y_px))
