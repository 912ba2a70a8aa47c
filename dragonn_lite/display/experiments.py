"""What if? Two motifs at every distance, and the effects of variants beside measured ones.

Call these as ``charts.spacing(...)``: :mod:`dragonn_lite.display.charts` is their front door.
"""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import tables, theme

_HEIGHT = 280
_PANEL = 244  # width of each of two panels
_COLUMNS = ["order", "strands", "distance_bp", "interaction", "standard_error"]
_MOST_ROWS = 4_000
_PAPER = "white"


def spacing(
    table: pd.DataFrame, *, title: str | None = None, subtitle: str = ""
) -> alt.HConcatChart:
    """Return what a pair of motifs adds to its two parts, by distance, order and strands.

    Parameters
    ----------
    table : DataFrame
        As ``experiments.spacing`` makes it.
    title, subtitle : str
        The finding (by default where the pair gains most); then method, data and n.

    Raises
    ------
    ValueError
        If a column is missing, a value is not finite, there is no row, or more than 4,000.

    Examples
    --------
    >>> rows = [["first upstream", "++", 2, 1.5, 0.1], ["first upstream", "++", 3, 0.5, 0.1]]
    >>> spacing(pd.DataFrame(rows, columns=_COLUMNS)).title.text
    ['The pair gains most (+1.5) at 2 bp, first motif upstream, strands ++']
    """
    tables.require_columns(table, _COLUMNS, "table")
    if not 0 < len(table) <= _MOST_ROWS:
        raise ValueError(f"table has {len(table):,} rows, expected 1 to {_MOST_ROWS:,} to draw")
    tables.check_finite(table[_COLUMNS[2:]], "table")
    table = table.assign(
        low=table["interaction"] - 2 * table["standard_error"],
        high=table["interaction"] + 2 * table["standard_error"],
    )[[*_COLUMNS, "low", "high"]]
    colours = theme.series_colours(list(table["strands"]))
    span = [min(0.0, table["low"].min()), max(0.0, table["high"].max())]
    y_scale = alt.Scale(domain=span if span[0] < span[1] else [-1, 1])
    orders = list(dict.fromkeys(table["order"]))
    panels = [
        _panel(table[table["order"] == order], colours, y_scale, (i, len(orders)))
        for i, order in enumerate(orders)
    ]
    best = table.loc[table["interaction"].abs().idxmax()]
    word = "gains" if best["interaction"] >= 0 else "loses"
    finding = title or (
        f"The pair {word} most ({best['interaction']:+.2g}) at {best['distance_bp']} bp, "
        f"{best['order'].replace(' ', ' motif ', 1)}, strands {best['strands']}"
    )
    return alt.hconcat(*panels, spacing=18).properties(
        title=theme.heading(finding, subtitle or "mean ± 2 standard errors over backgrounds"),
        description=f"{finding}. Interaction of two motifs in logits, against their distance, for "
        f"{len(orders)} orders and strands {', '.join(colours)}.",
    )


def variant_effects(
    predicted,
    measured,
    *,
    highlight: Mapping[str, int] | None = None,
    title: str | None = None,
    subtitle: str = "",
) -> alt.LayerChart:
    """Return the predicted effect of each variant against the measured one.

    Parameters
    ----------
    predicted, measured : float (n,)
        At most 4,000.
    highlight : mapping of name to row, optional
        Variants that are named in the chart.
    title, subtitle : str
        The finding (by default the rank correlation); then method, data and n.

    Raises
    ------
    ValueError
        If the lengths differ, a value is not finite, there are less than 3 or more than 4,000, or
        a highlighted row is not there.

    Examples
    --------
    >>> variant_effects([0.1, 0.5, 2.0], [0.0, 1.0, 3.0]).title.text
    ['Predicted and measured effects: Spearman correlation 1.00']
    """
    predicted, measured = (np.asarray(x, float) for x in (predicted, measured))
    if predicted.ndim != 1 or predicted.shape != measured.shape:
        raise ValueError(
            f"predicted has shape {predicted.shape} and measured {measured.shape}, expected one "
            "number for each variant"
        )
    if not 3 <= len(predicted) <= _MOST_ROWS:
        raise ValueError(f"predicted has {len(predicted):,} values, expected 3 to {_MOST_ROWS:,}")
    tables.check_finite(np.stack([predicted, measured]), "predicted and measured")
    highlight = dict(highlight or {})
    if wrong := [name for name, row in highlight.items() if not 0 <= row < len(predicted)]:
        raise ValueError(f"highlight[{wrong[0]!r}] is no row of {len(predicted)} variants")
    table = pd.DataFrame({"predicted": predicted, "measured": measured})
    named = table.iloc[list(highlight.values())].assign(name=list(highlight))
    rho = table["predicted"].rank().corr(table["measured"].rank())
    finding = title or f"Predicted and measured effects: Spearman correlation {rho:.2f}"
    x = alt.X("measured:Q", title="measured effect")
    y = alt.Y("predicted:Q", title="predicted effect (logit)")
    tooltip = [alt.Tooltip("measured:Q", format=".2f"), alt.Tooltip("predicted:Q", format=".2f")]
    points = alt.Chart(table).mark_circle(size=22, opacity=0.45, color=theme.BASELINE)
    marked = alt.Chart(named)
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=theme.FAINT)
    return alt.layer(
        zero.encode(x=alt.X("zero:Q", title="measured effect")),
        zero.encode(y=alt.Y("zero:Q", title="predicted effect (logit)")),
        points.encode(x, y, tooltip=tooltip),
        marked.mark_circle(size=70, opacity=1, color=theme.OCHRE).encode(x, y, tooltip=tooltip),
        marked.mark_text(
            align="right", dx=-8, fontWeight="bold", color=theme.text_colour(theme.OCHRE),
            stroke=_PAPER, strokeWidth=3, strokeOpacity=0.8,
        ).encode(x, y, text="name:N"),
        marked.mark_text(
            align="right", dx=-8, fontWeight="bold", color=theme.text_colour(theme.OCHRE)
        ).encode(x, y, text="name:N"),
    ).properties(
        width=theme.WIDTH,
        height=_HEIGHT + 40,
        title=theme.heading(finding, subtitle or tables.counted(len(table), "variant")),
        description=f"{finding}. {tables.counted(len(table), 'variant')}; "
        + "; ".join(
            f"{row['name']}: measured {row['measured']:.2f}, predicted {row['predicted']:.2f}"
            for _, row in named.iterrows()
        ),
    )  # fmt: skip


def _panel(table, colours, y_scale, which):
    """One order of the two motifs, the i-th of n."""
    first, order = which[0] == 0, table["order"].iloc[0]
    place = f"bases between, {order.replace(' ', ' motif ', 1)}"
    x = alt.X("distance_bp:Q", title=place, axis=alt.Axis(tickMinStep=1, format="d"))
    axis = (
        alt.Axis(minExtent=theme.AXIS_PX, tickCount=6)
        if first
        else alt.Axis(labels=False, ticks=False, tickCount=6)
    )
    name = "interaction (logit)" if first else ""
    y = alt.Y("interaction:Q", title=name, scale=y_scale, axis=axis)
    colour = alt.Color(
        "strands:N",
        title="strands",
        scale=theme.colour_scale(colours),
        legend=alt.Legend(orient="top", symbolType="stroke", symbolOpacity=1, titleOrient="left"),
    )
    lines = alt.Chart(table)
    tooltip = [
        alt.Tooltip("strands:N"),
        alt.Tooltip("distance_bp:Q", title="bases between"),
        alt.Tooltip("interaction:Q", format="+.2f"),
        alt.Tooltip("standard_error:Q", title="standard error", format=".2f"),
    ]
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=theme.INK, strokeDash=[4, 3])
    return alt.layer(
        zero.encode(y=alt.Y("zero:Q", title=name)),
        lines.mark_rule(strokeWidth=1.5, opacity=0.6).encode(
            x, alt.Y("low:Q", title=name, scale=y_scale, axis=axis), y2="high:Q", color=colour
        ),
        lines.mark_line(strokeWidth=2, point={"size": 22}).encode(
            x, y, color=colour, tooltip=tooltip
        ),
    ).properties(
        width=_PANEL if which[1] > 1 else theme.WIDTH,
        height=_HEIGHT,
    )
