"""Parts of the explorers' pictures: named panels over one base axis, and the sites on it.

A base at position ``p`` fills ``p - 0.5`` to ``p + 0.5``, so that ticks stand under letters.
"""

from __future__ import annotations

import textwrap

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import tables, theme

LANE_PX = 15
_LETTER_PX = 7  # of a site's label


def panel(
    layers: list,
    name: str,
    height: float,
    title: str = "",
    notes: str = "",
    *,
    width: float = theme.WIDTH,
) -> alt.LayerChart:
    """Return layers as a panel whose presses are told by its name; what is None is left out.

    Examples
    --------
    >>> panel([None, words("nothing", x=0, y=0)], "letters", 20).name
    'letters'
    """
    look = {"fontSize": 12, "fontWeight": "normal", "offset": 3, "frame": "group"}
    if notes:
        look |= {"subtitle": textwrap.wrap(notes, 84)[:3], "subtitlePadding": 1}
    heading = alt.Title(title, **look)
    options = {"title": heading} if title else {}
    drawn = [layer for layer in layers if layer is not None]
    return alt.layer(*drawn, name=name, width=width, height=height, **options)


def base_axis(window, *, axis: dict | None = None, title: str | None = None) -> alt.X:
    """Return the axis of the bases of a window, hidden unless `axis` says how it looks.

    Examples
    --------
    >>> base_axis((10, 30))["scale"]["domain"]
    [9.5, 29.5]
    """
    start, stop = window
    scale = {"domain": [start - 0.5, stop - 0.5], "nice": False}
    return alt.X("x:Q", title=title, scale=scale, axis=axis)


def shared(encoding) -> dict:
    """Return title, scale and axis of an encoding, for another field on the same axis.

    Examples
    --------
    >>> sorted(shared(base_axis((10, 30))))
    ['axis', 'scale', 'title']
    """
    return {name: encoding[name] for name in ("title", "scale", "axis")}


def bands(sites: pd.DataFrame | None, window, *, width: float = theme.WIDTH) -> pd.DataFrame:
    """Return sites as bands whose labels, in a window, keep to lanes of their own.

    Examples
    --------
    >>> len(bands(None, (0, 60)))
    0
    """
    start, stop = window
    if sites is None:
        sites = pd.DataFrame({name: [] for name in ("motif", "start", "stop", "strand")})
    return tables.site_table(sites, letter_bp=_LETTER_PX * (stop - start) / width)


def spans(sites: pd.DataFrame, x: alt.X, *, opacity: float) -> alt.Chart | None:
    """Return the bands of sites, as high as the panel; None where there are none.

    Examples
    --------
    >>> spans(bands(None, (0, 60)), base_axis((0, 60)), opacity=0.2) is None
    True
    """
    if sites.empty:
        return None
    table = sites.assign(x=sites["start"] - 0.5, x2=sites["stop"] - 0.5)
    rect = alt.Chart(table).mark_rect(color=theme.OCHRE, opacity=opacity, clip=True)
    return rect.encode(
        x,
        alt.X2("x2:Q"),
        tooltip=[alt.Tooltip(f"{name}:N") for name in ("motif", "start", "stop", "strand")],
    )


def labels(sites: pd.DataFrame, x: alt.X, *, width: float = theme.WIDTH) -> alt.Chart | None:
    """Return the labels of sites, each in its lane at the top of the panel.

    Examples
    --------
    >>> labels(bands(None, (0, 60)), base_axis((0, 60))) is None
    True
    """
    if sites.empty:
        return None
    low, high = x["scale"]["domain"]
    half = _LETTER_PX * (high - low) / width * sites["label"].str.len() / 2
    middle = np.minimum(np.maximum(sites["middle"] - 0.5, low + half), high - half)
    table = sites.assign(x=middle, y_px=LANE_PX * (sites["lane"] + 0.5) + 2)
    return (
        alt.Chart(table)
        .mark_text(color="#7A4A10", clip=True)
        .encode(x, alt.Y("y_px:Q", scale=None, title=None, axis=None), alt.Text("label:N"))
    )


def words(text, *, x: float, y: float, color: str = theme.INK) -> alt.Chart:
    """Return lines of text at a place in pixels.

    Examples
    --------
    >>> words(["two", "lines"], x=0, y=0).mark.lineBreak
    '\\n'
    """
    table = pd.DataFrame({"text": ["\n".join([text] if isinstance(text, str) else text)]})
    mark = alt.Chart(table).mark_text(
        align="left", baseline="top", lineBreak="\n", fontSize=12, color=color, x=x, y=y
    )
    return mark.encode(alt.Text("text:N"))
