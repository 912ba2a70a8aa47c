"""Sites: stacked into a logo, read letter by letter, and counted against chance.

Call these as ``charts.site_stack(...)``: :mod:`dragonn_lite.display.charts` is their front door.
A base at position ``p`` fills ``p - 0.5`` to ``p + 0.5``, so that ticks stand under letters.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from ..dna import motifs, sequences
from . import tables, theme
from .explorer import MotifState
from .glyphs import letter_marks, letters, with_outlines, zero_line

N_STACKED_MAX = 40
_AXIS_PX = 42
_BAND = {"color": theme.OCHRE, "opacity": 0.16}


def site_stack(
    sites, *, n_shown: int = 20, title: str | None = None, subtitle: str = ""
) -> alt.VConcatChart:
    """Return sites written under each other, above the logo that their columns make.

    Parameters
    ----------
    sites : str or list of str, or array (n, width, 4)
        Sites of one width, all of them in the logo.
    n_shown : int
        As many of them are written out, 1 to 40: the first ones.
    title, subtitle : str, optional
        By default the number of sites and of bits.

    Raises
    ------
    ValueError
        If `n_shown` is out of range or a column holds no known base.

    References
    ----------
    Schneider, Stephens 1990, doi:10.1093/nar/18.20.6097.

    Examples
    --------
    >>> site_stack(["TACG", "TACC"]).title.text
    ['2 sites, one logo: 7.0 bits']
    """
    if not 1 <= n_shown <= N_STACKED_MAX:
        raise ValueError(f"n_shown is {n_shown!r}, expected 1 to {N_STACKED_MAX}")
    x = sites if isinstance(sites, np.ndarray) else sequences.one_hot(sites)
    motif = motifs.Motif.from_counts("sites", x.sum(axis=0, dtype=float))
    written = sequences.decode(x[:n_shown])
    table = pd.DataFrame(
        [(row, i, base) for row, site in enumerate(written) for i, base in enumerate(site)],
        columns=["site", "position", "base"],
    )
    finding = f"{len(x)} sites, one logo: {motif.information_bits.sum():.1f} bits"
    finding = finding if title is None else title
    across = _across(motif.width_bp)
    stack = (
        alt.Chart(table)
        .mark_text(fontSize=13, fontWeight="bold")
        .encode(
            across("position", None),
            alt.Y("site:O", title="site", axis=_quiet_axis(ticks=False, domain=False)),
            text="base:N",
            color=alt.Color("base:N", scale=theme.base_scale(), legend=None),
            tooltip=["site:O", alt.Tooltip("position:Q", title="position (bp)"), "base:N"],
        )
        .properties(width=theme.WIDTH, height=14 * len(written))
    )
    logo = alt.layer(
        zero_line(),
        letters(
            tables.logo_table(tables.information_heights(motif)),
            x=across("x", "position in the site (bp)"),
            y=_bits("logo (bits)", [0, 2], values=[0, 1, 2]),
        ),
    ).properties(width=theme.WIDTH, height=90)
    n_more = len(x) - len(written)
    notes = [subtitle, f"{n_more} more sites are in the logo, not written out" if n_more else ""]
    return alt.vconcat(stack, logo, spacing=6).properties(
        title=theme.heading(finding, [note for note in notes if note]),
        description=f"{finding}. {len(written)} sites as rows of letters above a logo with the "
        f"consensus {motif.consensus}.",
    )


def reading(
    motif, sequence: str, *, threshold_bits: float, title: str | None = None, subtitle: str = ""
) -> alt.VConcatChart:
    """Return how a motif reads a sequence: DNA, logo, bits of each base, and the scan.

    Parameters
    ----------
    motif : str or Motif
        The name of a built-in motif, or a motif.
    sequence : str
        A, C, G, T and N, at most 120 bp.
    threshold_bits : float
        From this score on, a site is called.
    title, subtitle : str, optional
        By default the score of the best site; then method and data.

    Raises
    ------
    ValueError
        If the sequence holds other letters, is too short or too long.

    Examples
    --------
    >>> chart = reading("TAL1_known4", "GGACCATCTGTTAACC", threshold_bits=8)
    >>> chart.title.text
    ['TAL1_known4 scores ACCATCTGTT with 13.6 bits']
    """
    state = MotifState(motif, sequence, threshold_bits=float(threshold_bits))
    site = state.best_site()
    finding = f"{state.motif.name} scores {site['bases']} with {site['score']:.1f} bits"
    finding = finding if title is None else title
    panels = [_strands(state, site), _site_logo(state, site), _site_bits(state, site)]
    return alt.vconcat(*panels, _starts(state, site), spacing=8).properties(
        title=theme.heading(finding, subtitle),
        description=f"{finding}. Four rows over the same {len(state.sequence)} bp: both strands of "
        f"the DNA with the site from {site['start']} to {site['stop']} shaded; the logo of "
        f"{state.motif.name} over that site; the bits of each of its bases; the score of every "
        f"start on both strands. {state.words()}.",
    )


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


# --- pieces of the reading ---------------------------------------------------------------------


def _across(length: int):
    """A maker of x encodings that share one scale over `length` bases."""
    scale = alt.Scale(domain=[-0.5, length - 0.5], nice=False)

    def encode(field: str, title: str | None) -> alt.X:
        axis = alt.Axis(format="d", tickCount=min(length, 12), tickMinStep=1) if title else None
        return alt.X(f"{field}:Q", title=title, scale=scale, axis=axis)

    return encode


def _quiet_axis(**shown) -> alt.Axis:
    """An axis without labels, as wide as the others: letters stand over each other."""
    return alt.Axis(**{"labels": False, "minExtent": _AXIS_PX, "maxExtent": _AXIS_PX} | shown)


def _bits(title: str, domain: list[float], **axis) -> alt.Y:
    axis = alt.Axis(**{"tickCount": 3, "minExtent": _AXIS_PX, "maxExtent": _AXIS_PX} | axis)
    return alt.Y("y:Q", title=title, scale=alt.Scale(domain=domain, nice=False), axis=axis)


def _band(site: dict, x: alt.X) -> alt.Chart:
    table = pd.DataFrame({"x": [site["start"] - 0.5], "x2": [site["stop"] - 0.5]})
    return alt.Chart(table).mark_rect(**_BAND).encode(x, x2="x2:Q")


def _strands(state: MotifState, site: dict) -> alt.LayerChart:
    """Both strands as letters, joined by a bar for each base pair."""
    length = len(state.sequence)
    below = sequences.reverse_complement(state.sequence)[::-1]
    table = pd.DataFrame(
        [(i, base, row) for row, text in ((0.8, state.sequence), (0.2, below))
         for i, base in enumerate(text)],
        columns=["x", "base", "y"],
    )  # fmt: skip
    table["opacity"] = np.where((table["y"] > 0.5) == (site["strand"] == "+"), 1.0, 0.45)
    across = _across(length)
    y = alt.Y(
        "y:Q",
        title="strand",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=_quiet_axis(
            labels=True,
            ticks=False,
            domain=False,
            values=[0.2, 0.8],
            labelExpr="datum.value > 0.5 ? '+' : '−'",
        ),
    )
    pairs = alt.Chart(pd.DataFrame({"x": range(length), "y": 0.6, "y2": 0.4}))
    return alt.layer(
        _band(site, across("x", None)),
        pairs.mark_rule(color="#BBBBBB").encode(across("x", None), y, y2="y2:Q"),
        alt.Chart(table)
        .mark_text(fontSize=float(np.clip(1.2 * theme.WIDTH / length, 5, 15)), fontWeight="bold")
        .encode(
            across("x", None),
            y,
            text="base:N",
            opacity=alt.Opacity("opacity:Q", scale=None),
            color=alt.Color("base:N", scale=theme.base_scale(), legend=None),
        ),
        width=theme.WIDTH,
        height=50,
    )


def _site_logo(state: MotifState, site: dict) -> alt.LayerChart:
    """The logo where it fits best, letters that the site lacks pale."""
    heights = tables.information_heights(state.motif)
    heights = heights if site["strand"] == "+" else heights[::-1, ::-1]
    table = tables.logo_table(heights, start=site["start"])
    table["opacity"] = [
        1.0 if base == state.sequence[position] else 0.3
        for position, base in zip(table["position"], table["base"], strict=True)
    ]
    across = _across(len(state.sequence))
    marks = letter_marks(
        alt.Chart(table),
        x=across("x", None),
        y=_bits("logo (bits)", [0, 2], values=[0, 1, 2]),
        opacity=alt.Opacity("opacity:Q", scale=None),
    )
    return alt.layer(
        _band(site, across("x", None)),
        zero_line(),
        with_outlines(marks),
        width=theme.WIDTH,
        height=70,
    )


def _site_bits(state: MotifState, site: dict) -> alt.LayerChart:
    """The bits of each base of the site: they add up to its score."""
    bits = site["contributions"] if site["strand"] == "+" else site["contributions"][::-1]
    places = range(site["start"], site["stop"])
    table = pd.DataFrame({"position": places, "height": bits, "y0": 0.0, "y1": bits})
    table["base"] = list(state.sequence[site["start"] : site["stop"]])
    across = _across(len(state.sequence))
    low, high = min(0.0, *bits), max(0.0, *bits)
    y = _bits("score (bits)", [low, high * 1.1 + 0.1])
    total = pd.DataFrame({"x": [site["stop"]], "text": [f"sum {site['score']:.1f} bits"]})
    return alt.layer(
        _band(site, across("x", None)),
        zero_line(),
        letters(table, x=across("x", None), y=y),
        alt.Chart(total)
        .mark_text(align="left", fontSize=13, fontWeight="bold", color="#7A4A10")
        .encode(across("x", None), y=alt.value(14), text="text:N"),
        width=theme.WIDTH,
        height=80,
    )


def _starts(state: MotifState, site: dict) -> alt.LayerChart:
    """The score of a site that starts here: + strand up, - strand down; below 0 not drawn."""
    x = _across(len(state.sequence))("x", "position in the DNA, or start of a site (bp)")
    rows = [
        (start, sign * float(score), bool(score >= state.threshold_bits))
        for column, sign in ((0, 1), (1, -1))
        for start, score in enumerate(state.scores[:, column])
        if score > 0
    ]
    table = pd.DataFrame(rows, columns=["start", "y", "called"])
    table["x"], table["x2"] = table["start"] - 0.4, table["start"] + 0.4
    top = 1.15 * max(state.threshold_bits, float(state.scores.max()), 2.0)
    y = _bits("scan (bits)", [-top, top], labelExpr="abs(datum.value)", tickCount=5)
    rules = alt.Chart(pd.DataFrame({"y": [state.threshold_bits, -state.threshold_bits]}))
    names = pd.DataFrame({"text": ["+ strand", "− strand"], "px": [9, 91]})
    return alt.layer(
        _band(site, x),
        zero_line(),
        alt.Chart(table)
        .mark_rect(strokeWidth=0)
        .encode(
            x,
            y,
            x2="x2:Q",
            y2=alt.Y2Datum(0),
            color=alt.condition("datum.called", alt.value(theme.MODEL), alt.value("#C9CED6")),
        ),
        rules.mark_rule(color=theme.INK, strokeDash=[4, 3]).encode(y),
        alt.Chart(names)
        .mark_text(align="right", color="#666666", x=theme.WIDTH - 4)
        .encode(y=alt.Y("px:Q", scale=None, title=None, axis=None), text="text:N"),
        width=theme.WIDTH,
        height=100,
    )


# --- pieces of the thresholds ------------------------------------------------------------------


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
    axis = alt.Axis(format="~s", values=powers, minExtent=_AXIS_PX)
    y = alt.Y("hits:Q", title=hits_title, scale=log, axis=axis)
    colour = alt.Color("motif:N", scale=_scale(colours), legend=None)
    first = table.loc[table.groupby("motif", sort=False)["threshold_bits"].idxmin()]
    layers = [
        alt.Chart(table).mark_line(strokeWidth=2).encode(x, y, colour),
        alt.Chart(first)
        .mark_text(align="left", baseline="bottom", dx=6, dy=-4, fontSize=13, fontWeight="bold")
        .encode(x, y, colour, text="motif:N"),
        alt.Chart(marked).mark_point(filled=True, size=70, opacity=1).encode(x, y, colour),
        # Above the highest curve and below the others there is room for words.
        *(
            alt.Chart(rows).mark_text(align=align, dx=dx, dy=dy).encode(x, y, colour, text="label:N")
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
        axis=alt.Axis(format="%", tickCount=3, minExtent=_AXIS_PX),
    )
    colour = alt.Color("motif:N", scale=_scale(colours), legend=None)
    return alt.layer(
        alt.Chart(table).mark_line(strokeWidth=2).encode(x, y, colour),
        alt.Chart(marked).mark_point(filled=True, size=70, opacity=1).encode(x, y, colour),
    ).properties(width=theme.WIDTH, height=90)


def _scale(colours: dict) -> alt.Scale:
    return alt.Scale(domain=list(colours), range=list(colours.values()))
