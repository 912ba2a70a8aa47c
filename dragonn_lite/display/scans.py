"""A motif along one sequence: the score of a site at each position of both strands.

Call this as ``charts.scan_track(...)``: :mod:`dragonn_lite.display.charts` is its front door.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import tables, theme
from dragonn_lite.display.glyphs import zero_line
from dragonn_lite.display.tracks import position_axis


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
    scores = _checked(scores, strand)
    table = _scan_table(scores, strand, start)
    top = max(2.0, float(table["score"].max()) * 1.25, (threshold_bits or 0) * 1.4)
    low, high = -top if strand != "+" else 0, top if strand != "-" else 0
    x = alt.X(
        "x:Q",
        title="start of the site (bp)",
        scale=alt.Scale(domain=[start - 0.5, start + (length or len(scores)) - 0.5], nice=False),
        axis=position_axis(),
    )
    y = alt.Y(
        "height:Q",
        title="log-odds (bits)",
        scale=alt.Scale(domain=[low, high], nice=False),
        axis=alt.Axis(labelExpr="abs(datum.value)", tickCount=5, minExtent=theme.AXIS_PX),
    )
    layers = [zero_line(), _bars(table, threshold_bits, x, y), _strand_names(strand)]
    best = table.loc[table["score"].idxmax()]
    said = (
        f"Best score {best['score']:.1f} bits at {best['position']} on the {best['strand']} strand"
    )
    finding = said
    if threshold_bits is not None:
        n_sites = int((table["score"] >= threshold_bits).sum())
        finding = f"{tables.counted(n_sites, 'site')} of at least {threshold_bits:.1f} bits"
        layers.append(_threshold_rules(threshold_bits, strand, y))
    name = finding if title is None else title
    return alt.layer(
        *layers,
        width=theme.WIDTH,
        height=140 if strand == "both" else 90,
        title=theme.heading(name, subtitle),
        description=f"{name or finding}. {said}.",
    )


def _checked(scores, strand: str) -> np.ndarray:
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
    return scores


def _bars(table: pd.DataFrame, threshold_bits: float | None, x: alt.X, y: alt.Y) -> alt.Chart:
    shown = table[table["score"] > 0]
    called = shown["score"] >= (threshold_bits if threshold_bits is not None else 0)
    return (
        alt.Chart(shown.assign(colour=np.where(called, theme.MODEL, "#C9CED6")))
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
        )
    )


def _threshold_rules(threshold_bits: float, strand: str, y: alt.Y) -> alt.Chart:
    signs = {"both": (1, -1), "+": (1,), "-": (-1,)}[strand]
    rules = alt.Chart(pd.DataFrame({"height": [sign * threshold_bits for sign in signs]}))
    return rules.mark_rule(color=theme.INK, strokeDash=[4, 3]).encode(y)


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
