"""Logos in altair itself: one tidy row a letter, its outline looked up while it is drawn.

A letter at position ``p`` fills ``p - 0.5`` to ``p + 0.5``, so that ticks stand under letters.
Negative letters hang upside down, and the zero line is always there.
"""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import tables, theme
from dragonn_lite.display.glyphs import letter_marks, letters, with_outlines, zero_line

N_LETTERS_MAX = 160
_LABEL_PX = 130


def logo(
    matrix,
    *,
    title: str = "",
    subtitle: str = "",
    y_title: str = "height",
    y_domain: tuple[float, float] | None = None,
    start: int = 0,
    width: int = theme.WIDTH,
    height: int = 130,
) -> alt.LayerChart:
    """Return a logo of any numbers: letters up where positive, hanging down where negative.

    Parameters
    ----------
    matrix : array (length, 4)
        The height of A, C, G, T at each position; at most 160 positions.
    title, subtitle : str
        The finding; then method, data and n.
    y_title : str
        What the heights are, with their unit.
    y_domain : (low, high), optional
        By default the range of the stacks.
    start : int
        The coordinate of the first position, in bp.

    Raises
    ------
    ValueError
        If `matrix` has another shape, is longer than 160, or holds a NaN.

    References
    ----------
    Schneider, Stephens 1990, doi:10.1093/nar/18.20.6097.

    Examples
    --------
    >>> chart = logo([[1, -1, 0, 0]], title="A, never C", y_title="weight")
    >>> type(chart).__name__
    'LayerChart'
    """
    table = tables.logo_table(matrix, start=start)
    n_positions = len(tables.as_matrix(matrix))
    _check_length(n_positions)
    chart = alt.layer(
        zero_line(),
        letters(table, x=position_x(start, n_positions), y=_y(y_title, y_domain or _range(table))),
    )
    name = title or f"Logo of {n_positions} positions"
    return chart.properties(
        width=width,
        height=height,
        title=theme.heading(title, subtitle),
        description=f"{name}. Tallest letters: {_tallest(matrix)}.",
    )


def motif_logo(
    motif,
    *,
    kind: str = "information",
    title: str | None = None,
    subtitle: str | None = None,
    width: int = theme.WIDTH,
    height: int = 130,
) -> alt.LayerChart:
    """Return the logo of a motif, in bits or as probabilities.

    Parameters
    ----------
    motif : Motif or array (width, 4)
        Base probabilities.
    kind : {"information", "probability"}
        Letters as tall as their share of the information (0 to 2 bits), or of the probability.
    title, subtitle : str, optional
        By default the motif's name, its width and its information content.

    Raises
    ------
    ValueError
        If `kind` is another one, or `motif` holds no probabilities.

    Examples
    --------
    >>> motif_logo([[1, 0, 0, 0], [0, 0, 0, 1]]).title.subtitle
    ['2 bp, 4.0 bits of information, uniform background']
    """
    if kind not in ("information", "probability"):
        raise ValueError(f"kind is {kind!r}, expected 'information' or 'probability'")
    bits = tables.information_heights(motif)
    if kind == "information":
        heights, y_title, top = bits, "information (bits)", 2
    else:
        heights, y_title, top = tables.as_matrix(motif, "motif"), "probability", 1
    if subtitle is None:
        subtitle = f"{len(bits)} bp, {bits.sum():.1f} bits of information, uniform background"
    return logo(
        heights,
        title=getattr(motif, "name", "") if title is None else title,
        subtitle=subtitle,
        y_title=y_title,
        y_domain=(0, top),
        width=width,
        height=height,
    )


def logo_stack(
    motifs,
    *,
    title: str = "",
    subtitle: str = "",
    kind: str = "information",
    y_title: str | None = None,
    row_height: int = 56,
) -> alt.FacetChart:
    """Return several small logos under each other, with letters of one size and a name each.

    Parameters
    ----------
    motifs : mapping of name to Motif or array (width, 4), or a list of Motif
        At most 30.
    kind : {"information", "probability", "weight"}
        ``"weight"`` draws the numbers as they are, signed, each row on its own scale.
    y_title : str, optional
        What the heights are; by default it follows from `kind`.

    Raises
    ------
    ValueError
        If there are no motifs or more than 30, or `kind` is another one.

    Examples
    --------
    >>> chart = logo_stack({"one": [[1, 0, 0, 0]], "two": [[0, 0, 0.5, 0.5]]})
    >>> chart.facet.row.shorthand
    'logo:N'
    """
    named = name_motifs(motifs)
    titles = {"information": "bits", "probability": "probability", "weight": "weight"}
    if kind not in titles:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(titles)}")
    heights = {
        name: tables.information_heights(m) if kind == "information" else tables.as_matrix(m)
        for name, m in named.items()
    }
    widest = max(map(len, heights.values()))
    _check_length(widest)
    table = pd.concat([tables.logo_table(h).assign(logo=name) for name, h in heights.items()])
    top = {"information": 2, "probability": 1, "weight": None}[kind]
    ticks = {"values": [0, top / 2, top]} if top else {"tickCount": 3}
    y = alt.Y(
        "y:Q",
        title=y_title or titles[kind],
        axis=alt.Axis(titlePadding=4, minExtent=30, maxExtent=30, **ticks),
        scale=alt.Scale(domain=[0, top]) if top else alt.Undefined,
    )
    label_px = min(_LABEL_PX, 7 * max(map(len, named)))
    rows = alt.layer(
        zero_rule(),
        letter_marks(alt.Chart(), x=position_x(0, widest), y=y),
    ).properties(width=theme.WIDTH - label_px, height=row_height)
    # The outlines are looked up above the facet: Vega-Lite finds no look-up table inside one.
    chart = with_outlines(
        rows.facet(row=_name_header("logo:N", list(named)), data=table, spacing=16)
    )
    if kind == "weight":
        chart = chart.resolve_scale(y="independent")
    return chart.properties(
        title=theme.heading(title, subtitle),
        description=f"{title or 'Logos'}. Rows: {', '.join(named)}.",
    )


def name_motifs(motifs) -> dict:
    """Return motifs under their names, from a mapping or from a list of motifs.

    Raises
    ------
    ValueError
        If there are none, more than 30, or two of one name.

    Examples
    --------
    >>> list(name_motifs({"one": [[1, 0, 0, 0]]}))
    ['one']
    """
    named = as_named(motifs)
    if not 1 <= len(named) <= 30:
        raise ValueError(f"motifs holds {len(named)}, expected 1 to 30: draw several charts")
    return named


def as_named(motifs) -> dict:
    """Return motifs under their names, however many, as :func:`name_motifs` does.

    Examples
    --------
    >>> as_named({})
    {}
    """
    if isinstance(motifs, Mapping):
        return {str(name): motif for name, motif in motifs.items()}
    motifs = list(motifs)
    named = {getattr(m, "name", f"motif {i + 1}"): m for i, m in enumerate(motifs)}
    if len(named) < len(motifs):
        raise ValueError("motifs holds two of one name; pass a mapping of name to motif")
    return named


def zero_rule() -> alt.Chart:
    """Return the zero line of each row of a facet.

    Examples
    --------
    >>> zero_rule().mark.type
    'rule'
    """
    counted = alt.Chart().transform_aggregate(n="count()", groupby=["logo"])
    return counted.mark_rule(color="#888888").encode(y=alt.datum(0))


def _name_header(field: str, names: list[str]) -> alt.Row:
    header = alt.Header(
        labelAngle=0, labelAlign="left", labelOrient="left", title=None, labelLimit=_LABEL_PX
    )
    return alt.Row(field, sort=names, header=header)


def position_x(start: int, n_positions: int, width: int = theme.WIDTH) -> alt.X:
    """Return the axis of the positions of a logo, with as many ticks as there is room for.

    Examples
    --------
    >>> position_x(0, 4).to_dict()["axis"]["values"]
    [0, 1, 2, 3]
    """
    label_px = 8 * len(f"{start + n_positions:,}") + 8
    room = max(2, min(20, width // label_px))
    step = next(nice for nice in (1, 2, 5, 10, 20, 50, 100) if n_positions / nice <= room)
    first = int(np.ceil(start / step)) * step
    return alt.X(
        "x:Q",
        title="position (bp)",
        scale=alt.Scale(domain=[start - 0.5, start + n_positions - 0.5], nice=False, zero=False),
        axis=alt.Axis(values=list(range(first, start + n_positions, step)), format=",d"),
    )


def _y(title: str, domain: tuple[float, float]) -> alt.Y:
    return alt.Y(
        "y:Q",
        title=title,
        scale=alt.Scale(domain=list(domain), nice=False),
        axis=alt.Axis(tickCount=4, minExtent=34),
    )


def _range(table: pd.DataFrame) -> tuple[float, float]:
    ends = pd.concat([table["y0"], table["y1"]])
    low, high = min(float(ends.min()), 0.0), max(float(ends.max()), 0.0)
    return (low, high) if high > low else (0.0, 1.0)  # a logo of zeros has no range


def _tallest(matrix) -> str:
    """The largest positive letter of each position, lower case where it is below half the top."""
    heights = tables.as_matrix(matrix)
    best, top = heights.max(axis=1), heights.max()
    letters_ = ["ACGT"[i] for i in heights.argmax(axis=1)]
    return "".join(
        "." if value <= 0 else (letter if value >= top / 2 else letter.lower())
        for letter, value in zip(letters_, best, strict=True)
    )


def _check_length(n_positions: int) -> None:
    if n_positions > N_LETTERS_MAX:
        raise ValueError(
            f"matrix has {n_positions} positions, expected at most {N_LETTERS_MAX}: letters would "
            "be too narrow to read; pass a slice, or draw bars with tracks.contribution_track(...)"
        )
