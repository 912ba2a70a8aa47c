"""What a threshold costs: hits by chance, against the true sites it still finds.

Call this as ``charts.hits_by_threshold(...)``: :mod:`dragonn_lite.display.charts` is its front
door.
"""

from __future__ import annotations

import altair as alt
import pandas as pd

from dragonn_lite.display import tables, theme


def hits_by_threshold(
    table: pd.DataFrame,
    *,
    found: float = 0.9,
    reference: tuple[float, str] | None = None,
    hits_title: str = "hits by chance",
    title: str = "",
    subtitle: str = "",
) -> alt.VConcatChart:
    """Return what a threshold costs: hits by chance, above the share of true sites it keeps.

    Parameters
    ----------
    table : pandas.DataFrame
        ``motif``, ``threshold_bits``, ``hits`` (expected, above 0) and ``found`` (share of the
        motif's own sites that reach the threshold); ``observed`` hits, drawn as dots, if there
        are any. At most four motifs.
    found : float
        The threshold that still finds this share is marked on each curve.
    reference : (hits, label), optional
        A dashed rule, such as the number of sites that are really bound.
    hits_title : str
        What is counted.
    title, subtitle : str
        The finding; then method, data and n.

    Raises
    ------
    ValueError
        If a column is missing or holds a value that cannot be drawn.

    Examples
    --------
    >>> table = pd.DataFrame({"motif": "A", "threshold_bits": [0.0, 1.0, 2.0],
    ...                       "hits": [100.0, 30.0, 8.0], "found": [1.0, 0.9, 0.5]})
    >>> len(hits_by_threshold(table).vconcat)
    2
    """
    columns = ["motif", "threshold_bits", "hits", "found"]
    tables.require_columns(table, columns, "table")
    tables.check_finite(table[columns[1:]], "table")
    if not (table["hits"] > 0).all():
        raise ValueError("table holds hits of 0, which a log scale cannot show: leave them out")
    colours = theme.series_colours(list(dict.fromkeys(table["motif"])))
    domain = [float(table["threshold_bits"].min()), float(table["threshold_bits"].max())]
    table = table.reset_index(drop=True)
    kept = table[table["found"] >= found]
    marked = kept.loc[kept.groupby("motif", sort=False)["threshold_bits"].idxmax()]
    marked = marked.assign(
        label=[f"{_rounded(hits)} where {found:.0%} of sites are found".replace("%", " %")
               for hits in marked["hits"]]
    )  # fmt: skip
    said = "; ".join(f"{row.motif}: {row.label}" for row in marked.itertuples())
    return alt.vconcat(
        _hit_curves(table, marked, colours, domain, hits_title, reference),
        _found_curves(table, marked, colours, domain),
        spacing=10,
    ).properties(
        title=theme.heading(title, subtitle),
        description=f"{title or 'The price of a threshold'}. Over the threshold in bits: above, "
        f"{hits_title}; below, the share of true sites found. {said or 'No curve is marked'}.",
    )


def _rounded(hits: float) -> str:
    """Two digits and a word for the size: nobody expects the last hit exactly."""
    hits = float(f"{hits:.2g}")
    return f"{hits / 1e6:,g} million" if hits >= 1e6 else f"{hits:,g}"


def _threshold_axis(domain: list[float], title: str | None) -> alt.X:
    scale = alt.Scale(domain=domain, nice=False)
    axis = alt.Axis(tickCount=10) if title else alt.Axis(tickCount=10, labels=False)
    return alt.X("threshold_bits:Q", title=title, scale=scale, axis=axis)


def _hit_curves(table, marked, colours, domain, hits_title, reference) -> alt.LayerChart:
    x = _threshold_axis(domain, None)
    log = alt.Scale(type="log", nice=False)
    powers = [10.0**power for power in range(-12, 13)]
    axis = alt.Axis(format="~s", values=powers, minExtent=theme.AXIS_PX)
    y = alt.Y("hits:Q", title=hits_title, scale=log, axis=axis)
    colour = alt.Color("motif:N", scale=theme.colour_scale(colours), legend=None)
    ink = alt.Color("ink:N", scale=None)
    inks = {name: theme.text_colour(shade) for name, shade in colours.items()}
    table, marked = (rows.assign(ink=rows["motif"].map(inks)) for rows in (table, marked))
    first = table.loc[table.groupby("motif", sort=False)["threshold_bits"].idxmin()]
    layers = [
        alt.Chart(table).mark_line(strokeWidth=2).encode(x, y, colour),
        alt.Chart(first)
        .mark_text(align="left", baseline="bottom", dx=6, dy=-4, fontSize=13, fontWeight="bold")
        .encode(x, y, ink, text="motif:N"),
        alt.Chart(marked).mark_point(filled=True, size=70, opacity=1).encode(x, y, colour),
        # Above the highest curve and below the others there is room for words.
        *(
            alt.Chart(rows)
            .mark_text(align=align, dx=dx, dy=dy)
            .encode(x, y, ink, text="label:N")
            for rows, align, dx, dy in (
                (marked[marked["hits"] == marked["hits"].max()], "left", 9, -7),
                (marked[marked["hits"] < marked["hits"].max()], "right", -13, 7),
            )
        ),
    ]
    if "observed" in table.columns:
        seen = table[table["observed"] > 0]
        circles = alt.Chart(seen).mark_point(size=28, strokeWidth=1.2, opacity=1)
        tooltip = ["motif:N", "threshold_bits:Q", alt.Tooltip("observed:Q", format=",.0f")]
        layers.append(
            circles.encode(x, alt.Y("observed:Q", title=hits_title), colour, tooltip=tooltip)
        )
    if reference is not None:
        rule = alt.Chart(pd.DataFrame({"hits": [float(reference[0])], "text": [reference[1]]}))
        layers.append(rule.mark_rule(color=theme.INK, strokeDash=[4, 3]).encode(y))
        layers.append(
            rule.mark_text(align="right", baseline="bottom", dy=-3).encode(
                y, x=alt.value(theme.WIDTH), text="text:N"
            )
        )
    return alt.layer(*layers).properties(width=theme.WIDTH, height=260)


def _found_curves(table, marked, colours, domain) -> alt.LayerChart:
    x = _threshold_axis(domain, "threshold (bits)")
    y = alt.Y(
        "found:Q",
        title="true sites found",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(format="%", tickCount=3, minExtent=theme.AXIS_PX),
    )
    colour = alt.Color("motif:N", scale=theme.colour_scale(colours), legend=None)
    return alt.layer(
        alt.Chart(table).mark_line(strokeWidth=2).encode(x, y, colour),
        alt.Chart(marked).mark_point(filled=True, size=70, opacity=1).encode(x, y, colour),
    ).properties(width=theme.WIDTH, height=90)
