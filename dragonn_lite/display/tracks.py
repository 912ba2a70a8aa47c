"""Along one sequence: contributions and the one-hot code, by position.

Call these as ``charts.contribution_track(...)``: :mod:`dragonn_lite.display.charts` is their front
door. A base at position ``p`` fills ``p - 0.5`` to ``p + 0.5``, so that ticks stand under letters.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import tables, theme
from dragonn_lite.display.glyphs import letters, zero_line

N_LETTERS_MAX = 120
N_POSITIONS_MAX = 4000
_LANE_PX = 15


def contribution_track(
    x,
    contributions,
    sites: pd.DataFrame | None = None,
    *,
    start: int = 0,
    title: str = "",
    subtitle: str = "",
    y_title: str = "contribution (logit)",
) -> alt.LayerChart | alt.VConcatChart:
    """Return the contribution of each base: letters up to 120 bp, else bars above a window.

    Longer sequences have an overview of bars above; drag the grey window over it and the letters
    below follow. It starts where contributions are largest.

    Parameters
    ----------
    x : str or array (length, 4)
        One sequence of at most 4,000 bp.
    contributions : array (length,)
        One number for each base present; positive pushes the logit up.
    sites : pandas.DataFrame, optional
        ``motif``, ``start``, ``stop``, ``strand`` of this sequence alone: labelled bands.
    start : int
        The coordinate of the first position; `sites` use the same coordinates.
    title, subtitle : str
        The finding; then method, data and n.
    y_title : str
        What the contributions are, with their unit.

    Raises
    ------
    ValueError
        If the lengths differ, a contribution is not finite, or `x` is too long.

    Examples
    --------
    >>> chart = contribution_track("ACGT", [0.1, 0.5, -0.2, 0.0], title="C matters")
    >>> type(chart).__name__
    'LayerChart'
    """
    table = tables.contribution_table(x, contributions, start=start)
    if len(table) > N_POSITIONS_MAX:
        raise ValueError(
            f"x has {len(table):,} positions, expected at most {N_POSITIONS_MAX:,}: pass a slice "
            "of x and of contributions"
        )
    bands = None
    if sites is not None and len(sites):
        span_bp = min(len(table), N_LETTERS_MAX)
        bands = tables.site_table(
            sites, letter_bp=6.5 * span_bp / theme.WIDTH, within=(start, start + len(table))
        )
        bands = bands[(bands["stop"] > start) & (bands["start"] < start + len(table))]
    strongest = table.loc[table["contribution"].abs().idxmax()]
    drawn = {"title": theme.heading(title, subtitle)}
    drawn["description"] = (
        f"{title or 'Contributions'}. {len(table)} positions; the strongest is "
        f"{strongest['base']} at {strongest['position']}, {strongest['contribution']:.3g}."
        + (f" Sites: {_site_words(bands)}." if bands is not None else "")
    )
    whole = [start - 0.5, start + len(table) - 0.5]
    if len(table) <= N_LETTERS_MAX:
        return _letter_panel(table, bands, alt.Scale(domain=whole, nice=False), y_title).properties(
            **drawn
        )
    window = _strongest_window(table, 100)
    brush = alt.selection_interval(encodings=["x"], value={"x": window}, name="window")
    overview = _overview(table, bands, alt.Scale(domain=whole, nice=False), brush, window)
    shown = alt.Scale(domain=alt.ParameterExtent(param="window", encoding="x"), nice=False)
    detail = _letter_panel(table, bands, shown, y_title)
    return alt.vconcat(overview, detail, spacing=12).properties(**drawn)


def _letter_panel(table, bands, x_scale, y_title) -> alt.LayerChart:
    values = table.rename(columns={"contribution": "height"}).assign(y0=0.0)
    values["y1"] = values["height"]
    n_lanes = 0 if bands is None or bands.empty else int(bands["lane"].max()) + 1
    height = 150 + _LANE_PX * n_lanes
    low, high = min(values["y1"].min(), 0), max(values["y1"].max(), 0)
    if low == high:
        high = low + 1.0
    # Room over the letters, in data units, for the names of the sites.
    top = high + (high - low) * (_LANE_PX * n_lanes + 4) / 146
    y_scale = alt.Scale(domain=[float(low), float(top)], nice=False)
    y_axis = alt.Axis(tickCount=5, minExtent=theme.AXIS_PX)
    y = alt.Y("y:Q", title=y_title, scale=y_scale, axis=y_axis)
    layers = [
        zero_line(),
        letters(
            values[values["height"] != 0],
            x=_across("x", x_scale),
            y=y,
            tooltip=[
                alt.Tooltip("position:Q", title="position (bp)", format=",d"),
                alt.Tooltip("base:N"),
                alt.Tooltip("height:Q", title="contribution", format="+.4f"),
            ],
        ),
    ]
    if n_lanes:
        layers = [*_bands(bands, x_scale), *layers]
    return alt.layer(*layers).properties(width=theme.WIDTH, height=height)


def position_axis() -> alt.Axis:
    """Return the axis of whole positions that all tracks share.

    Examples
    --------
    >>> position_axis().format
    ',d'
    """
    return alt.Axis(format=",d", tickMinStep=1, tickCount=10)


def _across(field: str, scale: alt.Scale) -> alt.X:
    return alt.X(f"{field}:Q", title="position (bp)", scale=scale, axis=position_axis())


def _bands(bands: pd.DataFrame, x_scale: alt.Scale) -> list[alt.Chart]:
    """Faint bands behind the letters of each site, and its name in a lane above them."""
    table = bands.assign(
        x=bands["start"] - 0.5,
        x2=bands["stop"] - 0.5,
        mid=bands["middle"] - 0.5,
        y_px=4 + _LANE_PX * bands["lane"] + _LANE_PX / 2,
    )
    base = alt.Chart(table)
    tooltip = ["motif:N", "start:Q", "stop:Q", "strand:N"]
    return [
        base.mark_rect(color=theme.OCHRE, opacity=0.13, clip=True).encode(
            _across("x", x_scale), x2="x2:Q", tooltip=tooltip
        ),
        base.mark_text(color="#7A4A10", fontSize=11, clip=True).encode(
            _across("mid", x_scale),
            y=alt.Y("y_px:Q", scale=None, title=None, axis=None),
            text="label:N",
        ),
    ]


def _overview(table, bands, x_scale, brush, window) -> alt.LayerChart:
    x = alt.X("x:Q", title=None, scale=x_scale, axis=position_axis())
    bars_table = table.assign(x=table["position"] - 0.5, x2=table["position"] + 0.5)
    y = alt.Y("contribution:Q", title="all", axis=alt.Axis(tickCount=3, minExtent=theme.AXIS_PX))
    layers = [
        alt.Chart(bars_table)
        .mark_rect(strokeWidth=0)
        .encode(
            x,
            y,
            x2="x2:Q",
            y2=alt.Y2Datum(0),
            color=alt.condition(
                "datum.contribution > 0", alt.value(theme.POSITIVE), alt.value(theme.NEGATIVE)
            ),
        )
        .add_params(brush)
    ]
    if bands is not None and len(bands):
        spans = alt.Chart(bands.assign(x=bands["start"] - 0.5, x2=bands["stop"] - 0.5))
        layers.insert(
            0, spans.mark_rect(color=theme.OCHRE, opacity=0.2).encode(x, x2="x2:Q", tooltip="label")
        )
    return alt.layer(*layers).properties(width=theme.WIDTH, height=60)


def _strongest_window(table: pd.DataFrame, width_bp: int) -> list[float]:
    total = np.convolve(table["contribution"].abs(), np.ones(width_bp), mode="valid")
    first = float(table["position"].iloc[int(total.argmax())])
    return [first - 0.5, first + width_bp - 0.5]


def one_hot_grid(x, *, title: str = "", subtitle: str = "", start: int = 0) -> alt.LayerChart:
    """Return a sequence as the network receives it: four rows of zeros and a single one.

    Parameters
    ----------
    x : str or array (length, 4)
        One sequence of at most 60 bp; N is a column of zeros.
    title, subtitle : str
        The finding; then a note.

    Raises
    ------
    ValueError
        If `x` is longer than 60 bp or not a sequence.

    Examples
    --------
    >>> one_hot_grid("ACGTN", title="Letters become numbers").height
    104
    """
    table = tables.one_hot_table(x, start=start)
    sequence = tables.as_letters(x)
    if len(sequence) > 60:
        raise ValueError(f"x has {len(sequence)} bp, expected at most 60: pass a slice")
    table["shown"] = np.where(table["value"] == 1, table["base"], "0")
    present = pd.DataFrame({"position": np.arange(len(sequence)) + start, "letter": list(sequence)})
    x_axis = alt.Axis(labelAngle=0, labelOverlap=True)
    across = alt.X("position:O", title="position (bp)", axis=x_axis)
    base = alt.Chart(table).encode(
        across, alt.Y("base:N", sort=list("ACGT"), title="channel", axis=alt.Axis(minExtent=24))
    )
    cells = base.mark_rect(stroke="#D5D5D5").encode(
        color=alt.condition(
            "datum.value == 1",
            alt.Color("base:N", scale=theme.base_scale(), legend=None),
            alt.value("white"),
        ),
        tooltip=["position:Q", "base:N", "value:Q"],
    )
    numbers = base.mark_text().encode(
        text="value:Q",
        color=alt.condition("datum.value == 1", alt.value("white"), alt.value("#757575")),
    )
    read = (
        alt.Chart(present)
        .mark_text(fontSize=14, fontWeight="bold", baseline="bottom")
        .encode(
            across,
            y=alt.value(-3),
            text="letter:N",
            color=alt.Color("letter:N", scale=theme.base_scale(), legend=None),
        )
    )
    return alt.layer(cells, numbers, read).properties(
        width=theme.WIDTH,
        height=104,
        title=theme.heading(title, subtitle),
        description=f"{title or 'One-hot code'} of {sequence}: one row for each of A, C, G, T.",
    )


def _site_words(bands: pd.DataFrame) -> str:
    return "; ".join(
        f"{row.motif} {row.start} to {row.stop} on {row.strand}" for row in bands.itertuples()
    )
