"""What is attended to: over the bases, and from step to step.

Call these as ``charts.attention_track(...)``: :mod:`dragonn_lite.display.charts` is their front
door. A base at position ``p`` fills ``p - 0.5`` to ``p + 0.5``, so that ticks stand under letters.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import glyphs, panels, tables, theme
from dragonn_lite.display.tracks import N_LETTERS_MAX, position_axis

_HEAD_PX = 64
_MAP_PX = ((480, 340), (226, 226))  # a single map, and each of two side by side
_MOST_ROWS = 4_900
_MOST_HEADS = 8
_PAIRS = ["head", "query_start", "query_stop", "key_start", "key_stop", "weight"]


def attention_track(
    table: pd.DataFrame,
    x=None,
    sites: pd.DataFrame | None = None,
    *,
    title: str | None = None,
    subtitle: str = "",
) -> alt.VConcatChart:
    """Return attention along one sequence, a panel for each head, over the planted sites.

    Parameters
    ----------
    table : DataFrame
        ``head``, ``position`` (bp), ``weight`` (of a base; each head's sum to 1), as
        ``Attention.base_table`` makes it.
    x : str or array (length, 4), optional
        The sequence, whose letters are written below up to 120 bp.
    sites : DataFrame, optional
        ``motif``, ``start``, ``stop``, ``strand`` of this sequence alone: labelled bands.
    title, subtitle : str
        The finding (by default where most weight lies); then method, data and n.

    Raises
    ------
    ValueError
        If a column is missing, a weight is not finite, there are more than 8 heads or 4,900 rows,
        or `x` is of another length.

    Examples
    --------
    >>> table = pd.DataFrame({"head": 0, "position": range(4), "weight": [0.1, 0.1, 0.7, 0.1]})
    >>> attention_track(table, "ACGT").title.text
    ['Most attention lies on base 2: 70 % of it']
    """
    tables.require_columns(table, ["head", "position", "weight"], "table")
    _check_size(table, 1)
    heads = sorted(table["head"].unique())
    window = (int(table["position"].min()), int(table["position"].max()) + 1)
    letters = None if x is None else tables.as_letters(x)
    if letters is not None and len(letters) != window[1] - window[0]:
        raise ValueError(
            f"x is {len(letters)} bp long, but table tells of {window[1] - window[0]} positions"
        )
    written = letters is not None and len(letters) <= N_LETTERS_MAX
    bands = panels.bands(sites, window)
    top = float(table["weight"].max()) or 1.0
    stacked = [
        _head_panel(
            table[table["head"] == head],
            head,
            "weight of a base" if len(heads) == 1 else f"head {head}",
            bands,
            window,
            top,
            head == heads[0],
            head == heads[-1] and not written,  # else the axis stands below the letters
        )
        for head in heads
    ]
    if written:
        stacked.append(_letter_row(letters, window))
    mean = table.groupby("position")["weight"].mean()
    finding = title if title is not None else _where_most(mean, bands)
    even = "dashed: evenly shared out"
    return alt.vconcat(*stacked, spacing=4).properties(
        title=theme.heading(finding, f"{subtitle}; {even}" if subtitle else even),
        description=f"{finding}. Attention of {tables.counted(len(heads), 'head')} over "
        f"{window[1] - window[0]} bases; the most attended base is {int(mean.idxmax())}."
        + "".join(f" {b.motif} at {b.start} to {b.stop}." for b in bands.itertuples()),
    )


def attention_map(
    table: pd.DataFrame,
    sites: pd.DataFrame | None = None,
    *,
    title: str = "",
    subtitle: str = "",
) -> alt.HConcatChart:
    """Return which step attends to which in one sequence, one map for each head, on the bases.

    Parameters
    ----------
    table : DataFrame
        ``head``, ``query_start``, ``query_stop``, ``key_start``, ``key_stop`` (bp), ``weight``, as
        ``Attention.pair_table`` makes it. A step is drawn at the middle of the bases it reads.
    sites : DataFrame, optional
        ``motif``, ``start``, ``stop``, ``strand`` of this sequence alone: marked on both axes.
    title, subtitle : str
        The finding; then method, data and n.

    Raises
    ------
    ValueError
        If a column is missing, a weight is not finite, or there are more than 8 heads or 4,900
        pairs.

    Examples
    --------
    >>> pairs = [(0, q, q + 1, k, k + 1, 0.5) for q in range(2) for k in range(2)]
    >>> len(attention_map(pd.DataFrame(pairs, columns=_PAIRS)).hconcat)
    1
    """
    tables.require_columns(table, _PAIRS, "table")
    _check_size(table, 2)
    heads = sorted(table["head"].unique())
    table = _with_cells(_with_cells(table, "key"), "query")
    ends = [table[name].min() for name in ("key_low", "query_low")]
    stops = [table[name].max() for name in ("key_high", "query_high")]
    window = (float(min(ends)), float(max(stops)))
    scale = alt.Scale(scheme="viridis", domain=[0, float(table["weight"].max()) or 1.0])
    colour = alt.Color(
        "weight:Q",
        scale=scale,
        legend=alt.Legend(
            title="weight", type="gradient", orient="right", gradientLength=120, tickCount=4
        ),
    )
    size = len(heads) > 1
    maps = [
        _head_map(
            table[table["head"] == head], head, sites, window, colour, i % 2 == 0, _MAP_PX[size]
        )
        for i, head in enumerate(heads)
    ]
    pairs = [alt.hconcat(*maps[i : i + 2], spacing=16) for i in range(0, len(maps), 2)]
    whole = pairs[0] if len(pairs) == 1 else alt.vconcat(*pairs, spacing=16)
    strongest = table.loc[table["weight"].idxmax()]
    return whole.properties(
        title=theme.heading(title, subtitle),
        description=f"{title or 'Attention between steps'}. {tables.counted(len(heads), 'head')}; "
        f"the largest weight, {strongest['weight']:.2f}, goes from the step around "
        f"{strongest['query_low']:.0f} to that around {strongest['key_low']:.0f}."
        + _site_words(sites),
    )


def _check_size(table, n_panels):
    tables.check_finite(table["weight"], "table['weight']")
    n_heads = table["head"].nunique()
    if not 0 < n_heads <= _MOST_HEADS or len(table) > _MOST_ROWS:
        mend = "take some heads, or pool more" if n_panels == 2 else "take some heads or positions"
        raise ValueError(
            f"table has {n_heads} heads and {len(table):,} rows, expected up to {_MOST_HEADS} heads "
            f"and {_MOST_ROWS:,} rows: {mend}"
        )


def _where_most(mean, bands):
    inside = np.zeros(len(mean), bool)
    for band in bands.itertuples():
        inside |= (mean.index >= band.start) & (mean.index < band.stop)
    total = mean.sum() or 1.0
    if inside.any():
        shares = mean[inside].sum() / total, inside.mean()
        return "{:.0f} % of the attention lies on the sites, {:.0f} % of the bases".format(
            *(100 * share for share in shares)
        )
    most = 100 * mean.max() / total
    return f"Most attention lies on base {int(mean.idxmax())}: {most:.0f} % of it"


def _head_panel(table, head, name, bands, window, top, labelled, last):
    axis = {"axis": position_axis(), "title": "position (bp)"} if last else {}
    x = panels.base_axis(window, **axis)
    n_lanes = int(bands["lane"].max()) + 1 if labelled and len(bands) else 0
    height = _HEAD_PX + panels.LANE_PX * n_lanes + 4
    y_scale = alt.Scale(domain=[0, top * height / _HEAD_PX], nice=False)
    y_axis = alt.Axis(tickCount=3, minExtent=theme.AXIS_PX, format=".2~g")
    y = alt.Y("weight:Q", title=name, scale=y_scale, axis=y_axis)
    bars = alt.Chart(
        table.assign(x=table["position"] - 0.5, x2=table["position"] + 0.5)[
            ["x", "x2", "position", "weight"]
        ]
    )
    tooltip = [
        alt.Tooltip("position:Q", title="position (bp)", format=",d"),
        alt.Tooltip("weight:Q", format=".4f"),
    ]
    even = alt.Chart(pd.DataFrame({"weight": [1 / (window[1] - window[0])]}))
    layers = [
        panels.spans(bands, x, opacity=0.2),
        bars.mark_rect(color=theme.MODEL, stroke=theme.MODEL, strokeWidth=0.4).encode(
            x, y, x2="x2:Q", y2=alt.Y2Datum(0), tooltip=tooltip
        ),
        even.mark_rule(color=theme.INK, strokeDash=[4, 3]).encode(y),
        panels.labels(bands, x) if labelled else None,
    ]
    return panels.panel(layers, f"head_{head}", height)


def _letter_row(letters, window):
    table = pd.DataFrame({"position": np.arange(*window), "base": list(letters)})
    row = glyphs.letters(
        table.assign(y0=0.0, y1=1.0),
        x=panels.base_axis(window, axis=position_axis(), title="position (bp)"),
        y=alt.Y("y:Q", scale=alt.Scale(domain=[0, 1]), axis=None),
        tooltip=[alt.Tooltip("position:Q", title="position (bp)"), alt.Tooltip("base:N")],
    )
    return panels.panel([row], "letters", 16)


def _with_cells(table, side):
    """Cells from midpoint to midpoint of neighbouring steps: `<side>_low`, `<side>_high`."""
    middles = (table[f"{side}_start"] + table[f"{side}_stop"] - 1) / 2
    places = np.sort(middles.unique())
    gaps = np.diff(places) / 2 if len(places) > 1 else np.array([0.5])
    low = dict(zip(places, places - np.r_[gaps[:1], gaps], strict=True))
    high = dict(zip(places, places + np.r_[gaps, gaps[-1:]], strict=True))
    if len(places) == 1:
        low, high = {places[0]: places[0] - 0.5}, {places[0]: places[0] + 0.5}
    return table.assign(**{f"{side}_low": middles.map(low), f"{side}_high": middles.map(high)})


def _head_map(table, head, sites, window, colour, first, size):
    scale = {"domain": list(window), "nice": False}
    axis = {"format": ",d", "tickCount": 5}
    x = alt.X(
        "key_low:Q", title="attended step (bp)", scale=alt.Scale(**scale), axis=alt.Axis(**axis)
    )
    y = alt.Y(
        "query_low:Q",
        title="asking step (bp)" if first else None,
        scale=alt.Scale(**scale, reverse=True),
        axis=alt.Axis(**axis, minExtent=theme.AXIS_PX if first else 0),
    )
    drawn = table[["key_low", "key_high", "query_low", "query_high", "weight"]]
    # A trifle wider than they are: no background shines through between neighbours.
    more = (window[1] - window[0]) / 800
    drawn = drawn.assign(
        key_end=(drawn["key_high"] + more).clip(upper=window[1]),
        query_end=(drawn["query_high"] + more).clip(upper=window[1]),
    )
    tooltip = [
        alt.Tooltip("query_low:Q", title="asking, from", format=".0f"),
        alt.Tooltip("key_low:Q", title="attended, from", format=".0f"),
        alt.Tooltip("weight:Q", format=".3f"),
    ]
    cells = alt.Chart(drawn).mark_rect(strokeWidth=0)
    layers = [cells.encode(x, y, x2="key_end:Q", y2="query_end:Q", color=colour, tooltip=tooltip)]
    if sites is not None and len(sites):
        layers += _marked_sites(sites, x, y, window, size[0])
    look = {"fontSize": 12, "fontWeight": "normal", "anchor": "middle", "offset": 4}
    heading = alt.Title(f"head {head}", **look)
    return alt.layer(*layers).properties(width=size[0], height=size[1], title=heading)


def _marked_sites(sites, x, y, window, width):
    """Sites as bars along both axes, with their names and lines where they begin and end."""
    bars = panels.bands(sites, window, width=width)
    bars = bars.assign(
        low=np.maximum(bars["start"] - 0.5, window[0]),
        high=np.minimum(bars["stop"] - 0.5, window[1]),
        y_px=-14 - panels.LANE_PX * bars["lane"],
    )[["label", "motif", "low", "high", "middle", "y_px", "lane"]]
    ends = pd.DataFrame({"at": [*bars["low"], *bars["high"]]})
    line = {"color": "white", "opacity": 0.75, "strokeWidth": 1, "strokeDash": [3, 3]}
    bar = {"color": theme.OCHRE, "strokeWidth": 6, "clip": False}
    base, at = alt.Chart(bars), alt.Chart(ends)
    return [
        at.mark_rule(**line).encode(alt.X("at:Q", **panels.shared(x))),
        at.mark_rule(**line).encode(alt.Y("at:Q", **panels.shared(y))),
        base.mark_rule(**bar).encode(
            alt.X("low:Q", **panels.shared(x)), x2="high:Q", y=alt.value(-4), tooltip="motif:N"
        ),
        base.mark_rule(**bar).encode(
            alt.Y("low:Q", **panels.shared(y)), y2="high:Q", x=alt.value(-4), tooltip="motif:N"
        ),
        base.mark_text(color="#7A4A10", clip=False).encode(
            alt.X("middle:Q", **panels.shared(x)),
            alt.Y("y_px:Q", scale=None, title=None, axis=None),
            text="label:N",
        ),
    ]


def _site_words(sites):
    if sites is None:
        return ""
    return "".join(f" {s.motif} at {s.start} to {s.stop}." for s in sites.itertuples())
