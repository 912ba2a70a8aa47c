"""What has to be remembered? Example sequences with their sites, over the state after each base.

Call this as ``charts.reading_states(...)``: :mod:`dragonn_lite.display.charts` is its front door.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import simulations, theme

_TRAP = "#CFCFCF"
_REST = "#FFFFFF"
_TINTS = ("#F6DDBF", "#EDC391", "#DDA162", "#C98A45", "#B8731F", "#9A5C10")
_LEAST_SHARE = 0.1  # of the length, for a run of one state to be named


def reading_states(
    simulation,
    states,
    *,
    n_examples: int = 4,
    title: str | None = None,
    subtitle: str | None = None,
) -> alt.LayerChart:
    """Return a few sequences of each label with their sites, shaded by the automaton's state.

    Reading begins at the left. A band begins where the base that changed the state ends: with the
    end of a site. White is where reading begins, grey a state that is never left again without
    being accepted. The examples are the first ones of each label, not selected.

    Parameters
    ----------
    simulation : Simulation
        With ``sequences`` (n, length, 4), ``labels`` (n,), ``sites``, ``tasks`` and an
        ``automaton`` (``states``, their names; ``next_state``; ``accepting``).
    states : int (n, length)
        Number of the state after each base was read, as
        :func:`dragonn_lite.assays.memory.reading_states` gives it.
    n_examples : int
        Sequences drawn of each label, 1 to 10.
    title, subtitle : str, optional
        By default in which states the sequences of each label end.

    Raises
    ------
    ValueError
        If there is no sequence or no automaton, the states do not fit, there are more than eight
        of them, or `n_examples` is out of range.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> sites = pd.DataFrame({"sequence": [0], "motif": ["SPI1"], "start": [40], "stop": [48],
    ...                       "strand": ["+"], "score": [9.0]})
    >>> odd = SimpleNamespace(states=("even", "odd"), next_state=((1,), (0,)), accepting=(1,))
    >>> simulated = SimpleNamespace(sequences=np.zeros((2, 100, 4), np.uint8), automaton=odd,
    ...                             labels=np.array([1, 0]), sites=sites, tasks=("bound",))
    >>> states = np.array([[0] * 47 + [1] * 53, [0] * 100])
    >>> reading_states(simulated, states).title.text
    ['The bound end odd, the unbound even']
    """
    if not 1 <= n_examples <= 10:
        raise ValueError(f"n_examples is {n_examples!r}, expected 1 to 10")
    names, states = _checked(simulation, states)
    colours = simulations.motif_colours(simulation)
    groups = simulations.label_groups(np.asarray(simulation.labels), simulation.tasks)
    rows = simulations.example_rows(simulations.first_groups(groups), n_examples)
    length = states.shape[1]
    x_scale = alt.Scale(domain=[0, length], nice=False)
    lines = simulations.examples(rows, simulation.sites, colours, length, x_scale, axis=True)
    bands = _bands(_runs(rows, states, names), lines, _colours(simulation.automaton))
    ends = {label: dict.fromkeys(names[i] for i in np.unique(states[members, -1]))
            for label, members in groups.items()}  # fmt: skip
    said = ", ".join(
        f"the {label} {'end ' * (i == 0)}{' or '.join(found)}"
        for i, (label, found) in enumerate(ends.items())
    )
    finding = said[0].upper() + said[1:] if title is None else title
    counted = "; ".join(f"{name} {len(members):,}" for name, members in groups.items())
    said = f"shaded: what reading from the left must remember; sequences: {counted}"
    subtitle = said if subtitle is None else subtitle
    return alt.layer(*bands, lines, height=lines.height, width=lines.width).properties(
        title=theme.heading(finding, [subtitle]),
        description=f"{finding}. {len(rows)} sequences of {length} bp as lines with their sites, "
        f"in bands of the state after each base: {', '.join(names)}.",
    )


def _checked(simulation, states) -> tuple[tuple[str, ...], np.ndarray]:
    automaton = getattr(simulation, "automaton", None)
    if automaton is None:
        raise ValueError("simulation has no automaton, expected a grammar that needs memory")
    shape = np.shape(simulation.sequences)[:2]
    if not shape[0]:
        raise ValueError("simulation holds no sequence, expected at least one to draw")
    states, n_states = np.asarray(states), len(automaton.states)
    if states.shape != shape:
        raise ValueError(f"states has shape {states.shape}, expected {shape}: one state a base")
    if not np.isin(states, range(n_states)).all():
        raise ValueError(
            f"states holds values from {states.min()} to {states.max()}, expected 0 to "
            f"{n_states - 1}: the {n_states} states of the automaton"
        )
    if n_states > len(_TINTS) + 2:
        raise ValueError(f"automaton has {n_states} states, expected at most {len(_TINTS) + 2}")
    return tuple(automaton.states), states


def _colours(automaton) -> dict[str, str]:
    """White where reading begins, grey where nothing helps any more, tints in between."""
    tints = iter(_TINTS)
    colours = {}
    for i, (name, after) in enumerate(zip(automaton.states, automaton.next_state, strict=True)):
        trapped = set(after) == {i} and i not in automaton.accepting
        colours[name] = _REST if i == 0 else _TRAP if trapped else next(tints)
    return colours


def _runs(rows: pd.DataFrame, states: np.ndarray, names) -> pd.DataFrame:
    """One row a stretch of one state; after the last of its bases, before any the first state."""
    found = []
    for row in rows.itertuples():
        # State i stands between base i and base i + 1, and the first one before base 0.
        after = np.concatenate([[0], states[row.sequence]])
        starts = np.flatnonzero(np.diff(after, prepend=-1))
        stops = [*starts[1:], len(after) - 1]
        for start, stop in zip(starts, stops, strict=True):
            if stop > start:
                found.append((row.group, row.lane, start, stop, names[after[start]]))
    runs = pd.DataFrame(found, columns=["group", "lane", "start", "stop", "state"])
    wide = runs["stop"] - runs["start"] >= _LEAST_SHARE * states.shape[1]
    first = runs["lane"] == runs.groupby("group")["lane"].transform("min")
    middle = (runs["start"] + runs["stop"]) / 2
    return runs.assign(
        top=runs["lane"] - 0.5, bottom=runs["lane"] + 0.5, middle=middle, named=wide & first
    )


def _bands(runs: pd.DataFrame, lines: alt.LayerChart, colours: dict) -> list[alt.Chart]:
    x, y = lines.layer[0].encoding.x, lines.layer[0].encoding.y
    fill = alt.Fill(
        "state:N",
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=alt.Legend(title=None, orient="bottom", symbolType="square", symbolSize=160,
                          symbolStrokeColor="#888888", symbolStrokeWidth=0.5),
    )  # fmt: skip
    tooltip = [
        "state:N",
        alt.Tooltip("start:Q", title="bases read, from"),
        alt.Tooltip("stop:Q", title="to"),
    ]
    base = alt.Chart(runs)
    bands = base.mark_rect(strokeWidth=0).encode(
        x, alt.Y("top:Q", scale=y["scale"], axis=y["axis"], title=None), fill,
        x2="stop:Q", y2="bottom:Q", tooltip=tooltip,
    )  # fmt: skip
    words = (
        alt.Chart(runs[runs["named"]])
        .mark_text(fontSize=10, color="#555555", dy=-14, baseline="middle")
        .encode(alt.X("middle:Q", scale=x["scale"], title=x["title"]), y, text="state:N")
    )
    return [bands, words]
