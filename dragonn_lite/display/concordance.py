"""Do two replicates agree at the top? The share of the k strongest they have in common.

Call this as ``charts.concordance(...)``: :mod:`dragonn_lite.display.charts` is its front door.
"""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import tables, theme

_HEIGHT = 300
_MOST_POINTS = 800


def concordance(
    curves: Mapping[str, pd.DataFrame],
    *,
    ceiling: tuple[float, str] | None = None,
    title: str | None = None,
    subtitle: str = "",
) -> alt.LayerChart:
    """Return how much of their top k two replicates share, against k.

    Parameters
    ----------
    curves : mapping of name to DataFrame
        ``k`` and ``concordance``, as ``replicates.concordance`` and ``replicates.peak_concordance``
        make them; at most four. ``chance``, where a table has it, is drawn once, in grey.
    ceiling : (share, label), optional
        A dashed rule, such as the share of positives that agree.
    title, subtitle : str
        The finding (by default what the first curve shares at the top, and at its end or by
        chance); then method, data and n.

    Raises
    ------
    ValueError
        If a column is missing or holds NaN, a `k` is below 1, or there are too many curves.

    References
    ----------
    Li, Brown, Huang & Bickel 2011, doi:10.1214/11-AOAS466 (correspondence along the ranking).

    Examples
    --------
    >>> table = pd.DataFrame({"k": [100, 2000], "concordance": [0.9, 0.45]})
    >>> concordance({"replicates": table}).title.text
    ['Replicates share 90 % of their top 100 but 45 % of their top 2,000']
    """
    table = _tidy(curves)
    colours = theme.series_colours(list(curves))
    low, high = int(table["k"].min()), int(table["k"].max())
    x = alt.X(
        "k:Q",
        title="k strongest of each replicate",
        scale=alt.Scale(type="log", domain=[low, max(high, low + 1)], nice=False),
        axis=alt.Axis(format="~s", values=[s * 10**p for p in range(8) for s in (1, 2, 5)]),
    )
    y = alt.Y(
        "concordance:Q",
        title="shared by both",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(format="%", tickCount=5, minExtent=theme.AXIS_PX),
    )
    tooltip = [
        alt.Tooltip("series:N", title="replicates"),
        alt.Tooltip("k:Q", format=","),
        alt.Tooltip("concordance:Q", title="shared", format=".1%"),
    ]
    lines = alt.Chart(table).mark_line(strokeWidth=2, point={"size": 18})
    colour = alt.Color("series:N", scale=theme.colour_scale(colours), legend=None)
    layers = [
        *_reference_layers(table, ceiling, x),
        lines.encode(x, y, colour, tooltip=tooltip),
        _names(colours),
    ]
    finding = _finding(table) if title is None else title
    ends = table.groupby("series", sort=False).agg(["first", "last"])
    said = "; ".join(
        f"{name}: {_percent(row['concordance', 'first'])} of the top {row['k', 'first']:,.0f}, "
        f"{_percent(row['concordance', 'last'])} of the top {row['k', 'last']:,.0f}"
        for name, row in ends.iterrows()
    )
    limit = f"; {ceiling[1]} {_percent(ceiling[0])}" if ceiling else ""
    return alt.layer(*layers).properties(
        width=theme.WIDTH,
        height=_HEIGHT,
        title=theme.heading(finding, subtitle),
        description=f"{finding}. Share of the k strongest in common, against k. {said}{limit}.",
    )


def _tidy(curves) -> pd.DataFrame:
    if not isinstance(curves, Mapping) or not curves:
        raise ValueError(
            "curves is no mapping of name to table; pass {'replicates': "
            "replicates.concordance(...)}"
        )
    columns = ["k", "concordance"]
    parts = []
    for name, curve in curves.items():
        tables.require_columns(curve, columns, f"curves[{name!r}]")
        shown = [*columns, *(["chance"] if "chance" in curve.columns else [])]
        tables.check_finite(curve[shown], f"curves[{name!r}]")
        if len(curve) == 0 or (curve["k"] < 1).any():
            raise ValueError(f"curves[{name!r}] needs rows with a k of 1 or more, for a log scale")
        if len(curve) > _MOST_POINTS:
            kept = tables.thin(np.log10(curve["k"]), curve["concordance"], n_max=_MOST_POINTS)
            curve = curve.iloc[kept]
        parts.append(curve[shown].assign(series=str(name)))
    return pd.concat(parts, ignore_index=True)


def _reference_layers(table: pd.DataFrame, ceiling, x) -> list[alt.Chart]:
    """What chance gives, where the tables know it, and the ceiling, where there is one."""
    layers = []
    if "chance" in table.columns:
        chance = table.dropna(subset="chance").drop_duplicates("k").sort_values("k")
        # Straight in k, so bent on the log scale: drawn through enough points.
        k = np.geomspace(chance["k"].iloc[0], chance["k"].iloc[-1], 60)
        share = np.interp(k, chance["k"], chance["chance"])
        line = alt.Chart(pd.DataFrame({"k": k, "share": share}))
        dashed = line.mark_line(color=theme.BASELINE, strokeDash=[4, 3], strokeWidth=1)
        layers.append(dashed.encode(x, _share("share")))
        label = alt.Chart(pd.DataFrame({"k": [k[45]], "share": [share[45]], "text": ["chance"]}))
        layers.append(
            label.mark_text(
                align="right", baseline="bottom", dx=-4, color=theme.text_colour(theme.BASELINE)
            ).encode(x, _share("share"), text="text:N")
        )
    if ceiling is not None:
        share, label = ceiling
        rule = alt.Chart(pd.DataFrame({"share": [float(share)], "text": [label]}))
        layers.append(rule.mark_rule(color=theme.INK, strokeDash=[4, 3]).encode(_share("share")))
        layers.append(
            rule.mark_text(align="left", baseline="bottom", dx=4, dy=-3).encode(
                _share("share"), x=alt.value(0), text="text:N"
            )
        )
    return layers


def _share(column: str) -> alt.Y:
    return alt.Y(f"{column}:Q", title="shared by both")


def _names(colours: dict[str, str]) -> alt.Chart:
    """The names of the curves, over each other in the lower left: what agrees begins high."""
    inks = [theme.text_colour(colour) for colour in colours.values()]
    table = pd.DataFrame({"text": list(colours), "ink": inks})
    table["y_px"] = _HEIGHT - 17 * np.arange(len(table), 0, -1)
    return (
        alt.Chart(table)
        .mark_text(align="left", fontSize=12, fontWeight="bold")
        .encode(
            x=alt.value(8),
            y=alt.Y("y_px:Q", scale=None, title=None, axis=None),
            text="text:N",
            color=alt.Color("ink:N", scale=None),
        )
    )


def _finding(table: pd.DataFrame) -> str:
    first = table[table["series"] == table["series"].iloc[0]]
    top = first.loc[(np.log(first["k"] / 100)).abs().idxmin()]  # fewer than 100 say little
    said = f"Replicates share {_percent(top['concordance'])} of their top {top['k']:,.0f}"
    if "chance" in first.columns:
        return f"{said}, where chance gives {_percent(top['chance'])}"
    last = first.iloc[-1]
    if last["k"] == top["k"]:
        return said
    joint = "but" if last["concordance"] < top["concordance"] else "and"
    return f"{said} {joint} {_percent(last['concordance'])} of their top {last['k']:,.0f}"


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")
