"""Which explanation finds what was planted? Call this as ``charts.leaderboard(...)``."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import tables, theme

_COLUMNS = ["method", "grammar", "network", "metric", "over", "value", "low", "high", "chance"]
_ROW_PX = 34
_NAMES_PX = 160
_WIDTH = theme.WIDTH - 110
_MOST_ROWS = 1_000


def leaderboard(
    table: pd.DataFrame,
    *,
    metric: str = "auROC",
    over: str = "mean of sequences",
    by: str = "sign",
    title: str | None = None,
    subtitle: str = "",
) -> alt.LayerChart:
    """Return every method's scores, cell by cell, and their mean; the best method on top.

    Means are of the cells that all of these methods answered, where there is one: who refuses the
    hard ones is not ahead for that.

    Parameters
    ----------
    table : DataFrame
        As ``truth.leaderboard`` makes it. Rows without a value (a method refused) are counted in
        the subtitle and not drawn.
    metric, over, by : str
        Which of its rows; a table without a column `by` holds one way to rank.
    title, subtitle : str
        The finding (by default the best method); then method, data and n.

    Raises
    ------
    ValueError
        If a column is missing, there is no such row, more than 1,000 of them, or more than four
        grammars.

    Examples
    --------
    >>> row = ["ISM", "one motif", "CNN", "auROC", "mean of sequences", 0.9, 0.8, 0.95, 0.5]
    >>> leaderboard(pd.DataFrame([row], columns=_COLUMNS)).title.text
    ['ISM comes first: mean auROC 0.90 over 1 cell']
    """
    tables.require_columns(table, _COLUMNS, "table")
    n_refused = int(table["value"].isna().sum())
    asked = (table["metric"] == metric) & (table["over"] == over)
    shown = table[asked & (table.get("by", by) == by)]
    if not 0 < len(shown) <= _MOST_ROWS:
        raise ValueError(
            f"table has {len(shown):,} rows of {metric!r} over {over!r} by {by!r}, expected 1 to "
            f"{_MOST_ROWS:,}"
        )
    judged = _answered_by_all(shown)
    shown = shown[_COLUMNS]
    # Of one grammar, networks are told apart.
    networks = 1 == shown["grammar"].nunique() < shown["network"].nunique() <= len(theme.SERIES)
    series, cell = ("network", "network") if networks else ("grammar", "cell")
    colours = theme.series_colours(list(shown[series]))
    means = judged.groupby("method")["value"].agg(["mean", "size"]).sort_values(
        "mean", ascending=False
    )  # fmt: skip
    order = list(means.index)
    best = means.iloc[0]
    finding = title or (
        f"{order[0][:1].upper()}{order[0][1:]} comes first: mean {metric} {best['mean']:.2f} over "
        f"{tables.counted(int(best['size']), cell)}"
    )
    mean = means.reset_index().assign(label=means["mean"].map("{:.2f}".format).to_numpy())
    low = float(min(shown["low"].min(), shown["chance"].min()))
    scale = alt.Scale(domain=[np.floor((low - 0.02) * 20) / 20, 1], nice=False)
    y = alt.Y(
        "method:N",
        sort=order,
        title=None,
        axis=alt.Axis(minExtent=_NAMES_PX, labelLimit=_NAMES_PX, ticks=False),
    )
    place = f"{metric} of positions by {by}, {over}" if "by" in table else f"{metric}, {over}"
    x = alt.X("value:Q", title=place, scale=scale, axis=alt.Axis(tickCount=6))
    colour = alt.Color(
        f"{series}:N",
        scale=theme.colour_scale(colours),
        legend=alt.Legend(orient="top", title=None, symbolOpacity=1),
    )
    apart = alt.YOffset(f"{series}:N", sort=list(colours), title=None)
    tooltip = [
        *(alt.Tooltip(f"{name}:N") for name in ("method", "grammar", "network")),
        *(alt.Tooltip(f"{name}:Q", format=".3f") for name in ("value", "low", "high")),
    ]
    cells = alt.Chart(shown)
    chance = pd.DataFrame({"value": [float(shown["chance"].mean())]})
    of_all = f" of the {cell}s that all answered" * (len(judged) < len(shown))
    in_all = f"dots: {cell}s, with 95 % interval; bar: mean{of_all}; dashed: chance; {subtitle}"
    in_all = in_all.rstrip("; ")
    refused = f"; {tables.counted(n_refused, cell)} refused by the method" * (n_refused > 0)
    return alt.layer(
        alt.Chart(chance).mark_rule(color=theme.INK, strokeDash=[4, 3]).encode(x),
        cells.mark_rule(opacity=0.5).encode(
            alt.X("low:Q", title=place, scale=scale), y, x2="high:Q", color=colour, yOffset=apart
        ),
        cells.mark_circle(size=34, opacity=0.8).encode(
            x, y, color=colour, yOffset=apart, tooltip=tooltip
        ),
        alt.Chart(mean)
        .mark_tick(color=theme.INK, thickness=3, size=_ROW_PX - 8)
        .encode(alt.X("mean:Q", title=place, scale=scale), y),
        alt.Chart(mean).mark_text(align="left", fontWeight="bold", dx=10).encode(
            y, x=alt.value(_WIDTH), text="label:N"
        ),
    ).properties(
        width=_WIDTH,
        height=_ROW_PX * len(order),
        title=theme.heading(finding, in_all + refused),
        description=f"{finding}. "
        + "; ".join(f"{name} {row['mean']:.2f}" for name, row in means.iterrows()),
    )  # fmt: skip


def _answered_by_all(rows):
    """Rows of the cells that every method answered; all rows where there is no such cell."""
    cell = [name for name in ("network", "grammar", "task") if name in rows]
    whole = rows.groupby(cell)["method"].transform("nunique") == rows["method"].nunique()
    return rows[whole] if whole.any() else rows
