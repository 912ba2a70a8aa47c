"""Along one sequence: contributions, motif scans and the one-hot code, by position.

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
    y = alt.Y("y:Q", title=y_title, scale=y_scale, axis=alt.Axis(tickCount=5, minExtent=42))
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


def _position_axis() -> alt.Axis:
    return alt.Axis(format=",d", tickMinStep=1, tickCount=10)


def _across(field: str, scale: alt.Scale) -> alt.X:
    return alt.X(f"{field}:Q", title="position (bp)", scale=scale, axis=_position_axis())


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
    x = alt.X("x:Q", title=None, scale=x_scale, axis=_position_axis())
    bars_table = table.assign(x=table["position"] - 0.5, x2=table["position"] + 0.5)
    y = alt.Y("contribution:Q", title="all", axis=alt.Axis(tickCount=3, minExtent=42))
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


def scan_track(
    scores,
    *,
    threshold_bits: float | None = None,
    strand: str = "both",
    start: int = 0,
    length: int | None = None,
    title: str | None = None,
    subtitle: str = "",
) -> alt.LayerChart:
    """Return the score of a motif at each position: the + strand up, the - strand down.

    Scores below 0 bits (a site less likely than background) are not drawn; where the score
    reaches the threshold it is dark.

    Parameters
    ----------
    scores : array (n_positions, 2)
        Log-odds in bits of a site that starts at each position, on the + and the - strand, as
        :func:`dna.motifs.scan` makes them for one sequence.
    threshold_bits : float, optional
        Drawn as a dashed rule on each strand.
    strand : {"both", "+", "-"}
        The strand, or strands, drawn.
    start : int
        The coordinate of the first position, in bp.
    length : int, optional
        Of the sequence, in bp: the axis then covers all of it.
    title, subtitle : str, optional
        By default the number of sites at the threshold, or the best score.

    Raises
    ------
    ValueError
        If the shape is another one, a score is NaN, or `strand` is unknown.

    Examples
    --------
    >>> chart = scan_track([[2.0, -1.0], [-3.0, 6.5]], threshold_bits=5)
    >>> chart.title.text
    ['1 site of at least 5.0 bits']
    """
    scores = np.asarray(scores, dtype=float)
    if scores.ndim == 3 and len(scores) == 1:
        scores = scores[0]
    if scores.ndim != 2 or scores.shape[1] != 2 or not len(scores):
        raise ValueError(
            f"scores has shape {scores.shape}, expected (n_positions, 2): one sequence"
        )
    if np.isnan(scores).any():
        raise ValueError(f"scores holds {int(np.isnan(scores).sum())} NaN, expected numbers")
    if strand not in ("both", "+", "-"):
        raise ValueError(f"strand is {strand!r}, expected 'both', '+' or '-'")
    table = _scan_table(scores, strand, start)
    shown, top = table[table["score"] > 0], 2.0
    top = max(top, float(table["score"].max()) * 1.25, (threshold_bits or 0) * 1.4)
    low, high = -top if strand != "+" else 0, top if strand != "-" else 0
    x = alt.X(
        "x:Q",
        title="start of the site (bp)",
        scale=alt.Scale(domain=[start - 0.5, start + (length or len(scores)) - 0.5], nice=False),
        axis=_position_axis(),
    )
    y = alt.Y(
        "height:Q",
        title="log-odds (bits)",
        scale=alt.Scale(domain=[low, high], nice=False),
        axis=alt.Axis(labelExpr="abs(datum.value)", tickCount=5, minExtent=42),
    )
    called = shown["score"] >= (threshold_bits if threshold_bits is not None else 0)
    shown = shown.assign(colour=np.where(called, theme.MODEL, "#C9CED6"))
    layers = [
        zero_line(),
        alt.Chart(shown)
        .mark_rect(strokeWidth=0)
        .encode(
            x,
            y,
            x2="x2:Q",
            y2=alt.Y2Datum(0),
            color=alt.Color("colour:N", scale=None),
            tooltip=[
                alt.Tooltip("position:Q", title="start (bp)", format=",d"),
                alt.Tooltip("strand:N"),
                alt.Tooltip("score:Q", title="log-odds (bits)", format=".2f"),
            ],
        ),
        _strand_names(strand),
    ]
    n_sites = 0
    if threshold_bits is not None:
        n_sites = int((table["score"] >= threshold_bits).sum())
        drawn = [
            t for t, s in ((threshold_bits, "+"), (-threshold_bits, "-")) if strand != _other(s)
        ]
        rules = alt.Chart(pd.DataFrame({"height": drawn}))
        layers.append(rules.mark_rule(color=theme.INK, strokeDash=[4, 3]).encode(y))
        found = f"{tables.counted(n_sites, 'site')} of at least {threshold_bits:.1f} bits"
    best = table.loc[table["score"].idxmax()]
    said = (
        f"Best score {best['score']:.1f} bits at {best['position']} on the {best['strand']} strand"
    )
    finding = found if threshold_bits is not None else said
    name = finding if title is None else title
    return alt.layer(
        *layers,
        width=theme.WIDTH,
        height=140 if strand == "both" else 90,
        title=theme.heading(name, subtitle),
        description=f"{name or finding}. {said}.",
    )


def _scan_table(scores: np.ndarray, strand: str, start: int) -> pd.DataFrame:
    """One row a window and strand; beyond 2,000 windows the best of each bin."""
    n = len(scores)
    width = max(1, int(np.ceil(n / 2000)))
    edges = np.arange(0, n, width)
    best = np.maximum.reduceat(scores, edges, axis=0)  # (n_positions, 2) -> (n_bins, 2)
    parts = [
        pd.DataFrame(
            {
                "position": edges + start,
                "x": edges + start - 0.5,
                "x2": np.minimum(edges + width, n) + start - 0.5,
                "strand": name,
                "score": best[:, column],
                "height": sign * best[:, column],
            }
        )
        for column, (name, sign) in enumerate((("+", 1), ("-", -1)))
        if strand in ("both", name)
    ]
    return pd.concat(parts, ignore_index=True)


def _strand_names(strand: str) -> alt.Chart:
    names = {"+": ("+ strand", 8), "-": ("− strand", 132 if strand == "both" else 82)}
    rows = [names[s] for s in "+-" if strand in ("both", s)]
    return (
        alt.Chart(pd.DataFrame(rows, columns=["text", "y_px"]))
        .mark_text(align="right", color="#666666", x=theme.WIDTH - 4)
        .encode(
            y=alt.Y("y_px:Q", scale=None, title=None, axis=None),
            text="text:N",
        )
    )


def _other(strand: str) -> str:
    return "-" if strand == "+" else "+"


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
        color=alt.condition("datum.value == 1", alt.value("white"), alt.value("#AAAAAA")),
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
