"""Sites: stacked into a logo, and read letter by letter by a motif.

Call these as ``charts.site_stack(...)``: :mod:`dragonn_lite.display.charts` is their front door.
A base at position ``p`` fills ``p - 0.5`` to ``p + 0.5``, so that ticks stand under letters.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import tables, theme
from dragonn_lite.display.explorer import MotifState
from dragonn_lite.display.glyphs import letter_marks, letters, with_outlines, zero_line
from dragonn_lite.dna import motifs, sequences

N_STACKED_MAX = 40
_EXTENT = {"minExtent": theme.AXIS_PX, "maxExtent": theme.AXIS_PX}
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
    return alt.Axis(**{"labels": False, **_EXTENT, **shown})


def _bits(title: str, domain: list[float], **axis) -> alt.Y:
    axis = alt.Axis(**{"tickCount": 3, **_EXTENT, **axis})
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
