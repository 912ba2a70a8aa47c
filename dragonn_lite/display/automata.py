"""The automaton that clusters trace beside the grammar's own: ``charts.automata``."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import tables, theme

_COLUMNS = ["state", "next", "traced", "grammar"]
_SIDE = 270
_RADIUS = 0.75
_NODE = 0.19  # radius of a state, where half the side of a panel is 1
_ROOM = 0.3  # above and below the outermost states
_LEAST = 0.01  # changes in a sequence, for an arrow
_MOST_STATES = 8


def automata(
    transitions: pd.DataFrame,
    agreement: pd.DataFrame | None = None,
    *,
    title: str | None = None,
    subtitle: str = "",
) -> alt.HConcatChart:
    """Return two automata, the grammar's own and the one traced: states and arrows.

    An arrow is as thick as the change is frequent, and says how many times a sequence makes it in
    the mean; a state says at how many steps a sequence is in it.

    Parameters
    ----------
    transitions : DataFrame
        `state`, `next`, `traced`, `grammar`, as ``Clusters.automaton(...).transitions``: up to eight
        states.
    agreement : DataFrame, optional
        `measure`, `value`, `control` as ``Clusters.automaton(...).agreement``: for the subtitle.
    title, subtitle : str
        The finding (by default how many of the changes agree); then method, data and n.

    Raises
    ------
    ValueError
        If a column is missing, or there are less than two states or more than eight.

    Examples
    --------
    >>> rows = [["a", "b", 1.0, 1.5], ["b", "a", 1.0, 1.5], ["a", "a", 40, 38], ["b", "b", 20, 22]]
    >>> automata(pd.DataFrame(rows, columns=_COLUMNS)).title.text
    ['The automaton that the states trace, beside the grammar']
    """
    tables.require_columns(transitions, _COLUMNS, "transitions")
    names = list(dict.fromkeys(transitions["state"]))
    if not 2 <= len(names) <= _MOST_STATES:
        raise ValueError(f"transitions has {len(names)} states, expected 2 to {_MOST_STATES}")
    finding, notes = title, [subtitle] * bool(subtitle)
    if agreement is not None:
        tables.require_columns(agreement, ["measure", "value", "control"], "agreement")
        rows = agreement.set_index("measure")
        shown = [
            f"{name} {row['value']:.2f} ({row['control']:.2f})" for name, row in rows.iterrows()
        ]
        notes.append("agreement (and of shuffled sequences): " + ", ".join(shown))
        if finding is None and "changes" in rows.index:
            finding = f"{rows.loc['changes', 'value']:.0%} of the grammar's changes are traced"
    finding = finding or "The automaton that the states trace, beside the grammar"
    notes.append("arrows: changes in a sequence, in the mean; circles: steps spent there")
    most = max(_changes(transitions, which)["times"].max() for which in ("grammar", "traced"))
    said = "; ".join(
        f"{row.state} to {row.next} {row.grammar:.2f} by the grammar, {row.traced:.2f} traced"
        for row in transitions[transitions["state"] != transitions["next"]].itertuples()
    )
    panels = [
        _panel(transitions, names, which, words, most)
        for which, words in (("grammar", "the grammar's own"), ("traced", "traced by the states"))
    ]
    return alt.hconcat(*panels, spacing=24).properties(
        title=theme.heading(finding, notes), description=f"{finding}. Changes: {said}."
    )


def _changes(transitions, which):
    rows = transitions.rename(columns={which: "times"})[["state", "next", "times"]]
    return rows[(rows["state"] != rows["next"]) & (rows["times"] >= _LEAST)]


def _places(names):
    """Where the states lie, on a circle: the first on the left, then clockwise."""
    angle = np.pi - 2 * np.pi * np.arange(len(names)) / len(names)
    if len(names) == 3:
        angle = np.pi * np.array([5 / 6, 1 / 6, -1 / 2])  # two on top, the third beneath
    return pd.DataFrame(
        {"state": names, "x": _RADIUS * np.cos(angle), "y": _RADIUS * np.sin(angle)}
    )


def _panel(transitions, names, which, words, most) -> alt.LayerChart:
    places = _places(names)
    spent = transitions.groupby("state")[which].sum()
    nodes = places.assign(steps=places["state"].map(spent), words=[
        tables.counted(round(spent[name]), "step") for name in places["state"]
    ])  # fmt: skip
    lines, heads = _arrows(_changes(transitions, which), places.set_index("state"))
    low, high = places["y"].min() - _ROOM, places["y"].max() + _ROOM
    across = alt.Scale(domain=[-1, 1], nice=False)
    along = alt.Scale(domain=[low, high], nice=False)
    x, y = alt.X("x:Q", scale=across, axis=None), alt.Y("y:Q", scale=along, axis=None)
    label_x = alt.X("label_x:Q", scale=across, axis=None)
    label_y = alt.Y("label_y:Q", scale=along, axis=None)
    colour = theme.MODEL if which == "traced" else theme.BASELINES[1]
    width = alt.StrokeWidth(
        "times:Q",
        scale=alt.Scale(type="sqrt", domain=[0, float(most)], range=[0.5, 7]),
        legend=None,
    )
    area = (_NODE * _SIDE) ** 2 * np.pi / 4  # of a circle, in square pixels
    tooltip = ["state:N", "next:N", alt.Tooltip("times:Q", format=".3f", title="in a sequence")]
    layers = [
        alt.Chart(lines)
        .mark_line(color=colour, opacity=0.85)
        .encode(x, y, width, detail="arrow:N", order="point:Q", tooltip=tooltip),
        alt.Chart(heads)
        .mark_point(shape="triangle", filled=True, size=90, color=colour, opacity=1)
        .encode(x, y, angle=alt.Angle("turn:Q", scale=None), tooltip=tooltip),
        *(
            alt.Chart(heads)
            .mark_text(fontSize=11, color=theme.INK, **halo)
            .encode(label_x, label_y, text=alt.Text("times:Q", format=".2f"))
            for halo in ({"stroke": "white", "strokeWidth": 4}, {})
        ),
        alt.Chart(nodes)
        .mark_point(shape="circle", filled=True, size=area, fill="white", stroke=colour,
                    strokeWidth=2, opacity=1)
        .encode(x, y),
        alt.Chart(nodes).mark_text(fontWeight="bold", dy=-6).encode(x, y, text="state:N"),
        alt.Chart(nodes).mark_text(dy=8, fontSize=10).encode(x, y, text="words:N"),
    ]  # fmt: skip
    label = alt.Title(words, anchor="middle", fontSize=12, fontWeight="normal")
    return alt.layer(*layers).properties(
        width=_SIDE, height=int(_SIDE * (high - low) / 2), title=label
    )


def _arrows(changes, places):
    """Curves from state to state, and their heads, each bent to the left of its way."""
    lines, heads = [], []
    for i, row in enumerate(changes.itertuples()):
        start, end = places.loc[row.state].to_numpy(float), places.loc[row.next].to_numpy(float)
        way = (end - start) / np.linalg.norm(end - start)
        bend = (start + end) / 2 + 0.28 * np.array([-way[1], way[0]])
        t = np.linspace(0, 1, 41)[:, None]
        curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
        outside = (np.linalg.norm(curve - start, axis=1) > _NODE) & (
            np.linalg.norm(curve - end, axis=1) > _NODE + 0.05
        )
        curve = curve[outside]
        known = {"state": row.state, "next": row.next, "times": row.times}
        lines += [{**known, "arrow": i, "point": j, "x": x, "y": y}
                  for j, (x, y) in enumerate(curve)]  # fmt: skip
        dx, dy = end - curve[-1]
        third = curve[len(curve) // 3] + 0.1 * np.array([-way[1], way[0]])  # apart from the others
        heads.append({**known, "x": curve[-1][0], "y": curve[-1][1],
                      "turn": np.degrees(np.arctan2(dx, dy)),
                      "label_x": third[0], "label_y": third[1]})  # fmt: skip
    columns = ["state", "next", "times", "x", "y"]
    return (
        pd.DataFrame(lines, columns=[*columns, "arrow", "point"]),
        pd.DataFrame(heads, columns=[*columns, "turn", "label_x", "label_y"]),
    )
