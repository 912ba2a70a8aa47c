"""The picture of the threshold explorer: five panels that follow a threshold and its price.

Every number is worked out by Vega from one small table of (threshold, recall, false positive rate)
and three parameters: Python sets these and draws, or sliders do in a page without Python. It is one
chart, so both always say the same. Call it as ``charts.threshold_explorer(...)``, or from a
state as :func:`threshold_explorer_chart`.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import calls, tables, theme
from dragonn_lite.display import threshold_expressions as expressions
from dragonn_lite.display.threshold_explorer import FDR, N_WINDOWS, ThresholdState, short
from dragonn_lite.evaluation import metrics

_COLUMNS, _SQUARE_PX = 40, 6.5
_LEFT, _RIGHT = _COLUMNS * _SQUARE_PX, 234
# Hue says what is true (blue: bound), fullness what is tested.
_KINDS = {
    "missed": ("#FFFFFF", theme.MODEL, "bound, not tested: missed"),
    "hits": (theme.MODEL, theme.MODEL, "bound and tested: hits"),
    "wrong": (theme.OCHRE, theme.OCHRE, "unbound, tested: wrong picks"),
    "left_alone": ("#E3E3E3", "#E3E3E3", "unbound, rightly left alone"),
}


def threshold_explorer(
    labels,
    scores,
    *,
    threshold: float = 0.0,
    prevalence: float | None = None,
    cost: float = 1.0,
) -> alt.ConcatChart:
    """Return the threshold explorer with sliders of its own: it needs no Python once it is made.

    In a notebook, in HTML exported from one, and in a page of :func:`pages.write_page` the sliders
    work, without a network. As a picture it shows its first state.

    Parameters
    ----------
    labels : int8 (n,)
        1 bound, 0 unbound, -1 ambiguous (left out and counted).
    scores : float (n,)
        Logits.
    threshold : float
        Windows are tested from this score on, at first.
    prevalence : float, optional
        Share of bound windows where the model will be used; by default their share in `labels`.
    cost : float
        What a wrong pick costs, in units of what a hit gains.

    Raises
    ------
    ValueError
        As :class:`ThresholdState` does.

    Examples
    --------
    >>> chart = threshold_explorer([0, 0, 1, 1], [-1, 0.5, 0.2, 2], prevalence=0.01)
    >>> [p["bind"]["name"] for p in chart.to_dict()["params"] if "bind" in p]
    ['threshold (lax to strict)', 'prevalence (rare to common)', 'cost of a wrong pick']
    """
    state = ThresholdState(labels, scores, threshold, prevalence, cost)
    return threshold_explorer_chart(state, interactive=True)


def threshold_explorer_chart(
    state: ThresholdState, *, interactive: bool = False
) -> alt.ConcatChart:
    """Return the picture of the threshold explorer, the plain twin of its widget.

    Parameters
    ----------
    state : ThresholdState
    interactive : bool
        Whether it has sliders.

    Examples
    --------
    >>> state = ThresholdState([0, 0, 1, 1], [-1, 0.5, 0.2, 2], prevalence=0.01)
    >>> len(threshold_explorer_chart(state).concat)
    4
    """
    return alt.concat(
        _windows(),
        alt.vconcat(_histogram(state), _gain(state), spacing=6),
        _roc(state),
        _precision_recall(state),
        columns=2,
        spacing={"row": 16, "column": 14},
        title=alt.Title(alt.expr("finding"), subtitle=_notes(state), offset=12),
        **_said(state, interactive),
    )


def moved(spec: dict, state: ThresholdState) -> dict:
    """Return the specification of a picture at another threshold, prevalence or cost.

    The same as making the picture anew, in a fraction of the time.

    Examples
    --------
    >>> state = ThresholdState([0, 0, 1, 1], [-1, 0.5, 0.2, 2])
    >>> there = state.at(threshold=1.0)
    >>> spec = threshold_explorer_chart(state).to_dict()
    >>> moved(spec, there) == threshold_explorer_chart(there).to_dict()
    True
    """
    said = _said(state, False)
    return {**spec, **said, "params": [parameter.to_dict() for parameter in said["params"]]}


def _notes(state: ThresholdState) -> str:
    n_bound = int(state.labels.sum())
    notes = (
        f"Judged by {n_bound:,} bound and {len(state.labels) - n_bound:,} unbound examples, "
        "weighted to this prevalence"
    )
    left_out = tables.counted(state.n_ambiguous, "ambiguous one")
    return f"{notes}; {left_out} left out" if state.n_ambiguous else notes


def _said(state: ThresholdState, interactive: bool) -> dict:
    """The parts of a picture that say where the threshold is."""
    threshold, gain = state.best()
    told = "Sliders set threshold, prevalence and cost. At first: " if interactive else ""
    return {
        "params": [parameter.param for parameter in expressions.parameters(state, interactive)],
        "description": f"{told}{state.words()}. {state.net_words()}. The best threshold, "
        f"{threshold:.2f}, gains {short(gain)}. Recall at 10 % FDR: "
        f"{short(100 * state.recall_at_fdr())} %. {_notes(state)}.",
    }


# --- panels --------------------------------------------------------------------------------------


def _windows() -> alt.LayerChart:
    """1,000 squares in four kinds: the bound lie together, and so do the tested."""
    kind = (
        "datum.i < missed ? 'missed' : datum.i < n_bound ? 'hits' : "
        "datum.i < n_bound + wrong ? 'wrong' : 'left_alone'"
    )
    names = list(_KINDS)
    fill = alt.Scale(domain=names, range=[_KINDS[name][0] for name in names])
    stroke = alt.Scale(domain=names, range=[_KINDS[name][1] for name in names])
    squares = alt.Chart(alt.sequence(0, N_WINDOWS, as_="i")).transform_calculate(
        x=f"datum.i % {_COLUMNS}", y=f"floor(datum.i / {_COLUMNS})", kind=kind
    )
    key = pd.DataFrame(
        {"kind": names, "row": np.arange(4), "text": [_KINDS[name][2] for name in names]}
    )
    counted = alt.Chart(key).transform_calculate(
        count="[missed, hits, wrong, left_alone][datum.row]",
        x="-0.3",
        y="datum.row * 2.4 - 9.7",
    )
    n_rows = N_WINDOWS // _COLUMNS
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-0.5, _COLUMNS - 0.5], nice=False))
    y = alt.Y(
        "y:Q", axis=None, scale=alt.Scale(domain=[-11, n_rows - 0.5], nice=False, reverse=True)
    )
    colours = {
        "fill": alt.Fill("kind:N", scale=fill, legend=None),
        "stroke": alt.Stroke("kind:N", scale=stroke, legend=None),
    }
    square = {"shape": "square", "filled": True, "opacity": 1, "strokeWidth": 1}
    return alt.layer(
        squares.mark_point(size=22, **square).encode(x, y, **colours),
        counted.mark_point(size=70, **square).encode(x, y, **colours),
        counted.mark_text(align="right", dx=40, fontSize=13, fontWeight="bold").encode(
            x, y, text="count:Q"
        ),
        counted.mark_text(align="left", dx=48, fontSize=12).encode(x, y, text="text:N"),
        _line_above(_one_row().transform_calculate(text="setting")),
        width=_LEFT,
        height=_SQUARE_PX * (n_rows + 11),
        title=_panel_title("'Each square is one of 1,000 windows'"),
    )


def _histogram(state: ThresholdState) -> alt.LayerChart:
    classes = {
        name: state.scores[state.labels == label] for name, label in (("unbound", 0), ("bound", 1))
    }
    colours = {"unbound": theme.BASELINE, "bound": theme.MODEL}
    x = _threshold_axis(state, None)
    table = calls.histogram_table(classes, state.scores, 30)
    bars = calls.histogram_outlines(table, x, colours)
    bars.mark.clip = True
    bars.encoding.y = alt.Y("share:Q", title="share of class", stack=None, axis=_axis(format="%"))
    words = pd.DataFrame({"class": list(classes), "row": [0, 1]})
    right = np.median(classes["bound"]) >= np.median(classes["unbound"])
    named = [
        alt.Chart(words[words["class"] == name])
        .mark_text(
            align=align,
            baseline="bottom",
            fontWeight="bold",
            y=-3,
            x=at,
            color=theme.text_colour(colours[name]),
        )
        .encode(text="class:N")
        for name, (align, at) in zip(
            ("unbound", "bound"),
            (("left", 0), ("right", _RIGHT))[:: 1 if right else -1],
            strict=True,
        )
    ]
    return alt.layer(bars, _rule("threshold", x), *named, width=_RIGHT, height=92)


def _gain(state: ThresholdState) -> alt.LayerChart:
    x = _threshold_axis(state, "threshold: tested from this score on")
    most = f"{N_WINDOWS} * prevalence"
    y = alt.Y(
        "gain:Q",
        title="net gain",
        scale=alt.Scale(domain=[alt.expr(f"-{most}"), alt.expr(f"1.08 * {most}")], nice=False),
        axis=_axis(tickCount=3),
    )
    curve = (
        alt.Chart(state.rows)
        .transform_calculate(
            score="datum.threshold",
            gain=expressions.gain_of("datum.recall", "datum.false_positive_rate"),
        )
        .encode(x, y)
    )
    best = (
        curve.transform_joinaggregate(most="max(gain)")
        .transform_filter("datum.gain == datum.most")
        .transform_window(nth="row_number()")
        .transform_filter("datum.nth == 1")
        .transform_calculate(
            text="'▼ best: ' + "
            + expressions.short("datum.gain")
            + " + ' at threshold ' + format(datum.score, '.2f')"
        )
    )
    here = _here(x, y, score="threshold", gain=expressions.gain_of("recall", "false_rate"))
    zero = alt.Chart(pd.DataFrame({"gain": [0]})).mark_rule(color=theme.BASELINE).encode(y)
    return alt.layer(
        zero,
        curve.mark_line(color=theme.MODEL, strokeWidth=2, clip=True).encode(order=_STRICT_FIRST),
        _rule("threshold", x),
        best.mark_point(
            shape="triangle-down", filled=True, size=70, color=theme.INK, opacity=1
        ).encode(y=alt.value(5)),
        _line_above(best),
        here.transform_filter(f"datum.gain >= -{most}"),
        width=_RIGHT,
        height=92,
        title=_panel_title("net_words"),
    )


def _roc(state: ThresholdState) -> alt.LayerChart:
    x, y = _unit("x:Q", "false positive rate", alt.X), _unit("y:Q", "recall", alt.Y)
    curve = alt.Chart(state.rows).transform_calculate(
        x="datum.false_positive_rate", y="datum.recall"
    )
    chance = alt.Chart(pd.DataFrame({"x": [0, 1], "y": [0, 1]}))
    recall, false_rate = map(expressions.percent, ("recall", "false_rate"))
    rates = f"'recall ' + {recall} + ', false positives ' + {false_rate}"
    auroc = metrics.auroc(state.labels, state.scores)
    return alt.layer(
        chance.mark_line(color=theme.BASELINE, strokeDash=[4, 3], strokeWidth=1).encode(x, y),
        curve.mark_line(color=theme.MODEL, strokeWidth=2).encode(x, y, order=_STRICT_FIRST),
        _here(x, y, x="false_rate", y="recall"),
        _line_above(_one_row().transform_calculate(text=rates)),
        width=_LEFT,
        height=200,
        title=_panel_title(f"'auROC {auroc:.4f} at any prevalence'"),
    )


def _precision_recall(state: ThresholdState) -> alt.LayerChart:
    x, y = _unit("x:Q", "recall", alt.X), _unit("y:Q", "precision", alt.Y)
    curve = (
        alt.Chart(state.rows)
        .transform_calculate(
            x="datum.recall",
            y=expressions.precision_of("datum.recall", "datum.false_positive_rate"),
        )
        .transform_filter("isValid(datum.y)")
    )
    trusted = _one_row().transform_calculate(
        text=f"'dashed: 10 % FDR, recall ' + {expressions.percent('recall_at_fdr')} + "
        "'; below dotted: a loss'",
        y=f"{1 - FDR}",
    )
    break_even = _one_row().transform_calculate(y="cost / (1 + cost)")
    here = _here(x, y, x="recall", y=expressions.precision_of("recall", "false_rate"))
    return alt.layer(
        trusted.mark_rule(color=theme.INK, strokeDash=[4, 3]).encode(y),
        curve.mark_line(color=theme.MODEL, strokeWidth=2).encode(x, y, order=_STRICT_FIRST),
        break_even.mark_rule(color=theme.OCHRE, strokeDash=[2, 2]).encode(y),
        _line_above(trusted),
        here.transform_filter("isValid(datum.y)"),
        width=_RIGHT,
        height=200,
        title=_panel_title(
            "'Precision and recall at ' + "
            + expressions.short("100 * prevalence")
            + " + ' % bound'"
        ),
    )


# --- parts of panels -----------------------------------------------------------------------------

_STRICT_FIRST = alt.Order("threshold:Q", sort="descending")


def _panel_title(text: str) -> alt.Title:
    return alt.Title(alt.expr(text), fontSize=12, fontWeight="normal", offset=4)


def _line_above(chart: alt.Chart) -> alt.Chart:
    """The line of text between title and panel."""
    words = chart.mark_text(align="left", baseline="bottom", color="#555555")
    return words.encode(x=alt.value(-theme.AXIS_PX - 10), y=alt.value(-8), text="text:N")


def _axis(**options) -> alt.Axis:
    return alt.Axis(minExtent=theme.AXIS_PX - 14, **options)


def _threshold_axis(state: ThresholdState, title: str | None) -> alt.X:
    ends = f"min({state.scores.min()}, threshold)", f"max({state.stops[-1]}, threshold)"
    scale = alt.Scale(domain=[alt.expr(end) for end in ends], nice=False, zero=False)
    return alt.X(
        "score:Q", title=title, scale=scale, axis=alt.Axis(tickCount=6, labels=bool(title))
    )


def _unit(field: str, title: str, channel):
    axis = _axis(format="%", tickCount=5) if channel is alt.Y else alt.Axis(format="%", tickCount=5)
    return channel(field, title=title, scale=alt.Scale(domain=[0, 1], nice=False), axis=axis)


def _one_row() -> alt.Chart:
    return alt.Chart(pd.DataFrame({"one": [1]}))


def _rule(at: str, x: alt.X) -> alt.Chart:
    rule = _one_row().transform_calculate(score=at)
    return rule.mark_rule(color=theme.INK, strokeDash=[5, 3]).encode(x)


def _here(across, up, **values: str) -> alt.Chart:
    """A dot where the threshold is."""
    dot = _one_row().transform_calculate(**values).encode(across, up)
    return dot.mark_point(
        filled=True, size=90, color=theme.INK, stroke="white", strokeWidth=1, opacity=1
    )
