"""Letters as marks of a chart: outlines of A, C, G, T and N, drawn for this package.

Each letter is one closed path, so that one filled line draws it: the hole of the A is reached over
a bridge that is walked in both directions and therefore has no area.
"""

from __future__ import annotations

from functools import cache

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import tables, theme

_GAP = 0.03  # empty share of a letter's cell at either side

_A = [
    (0.00, 0.00), (0.37, 1.00), (0.63, 1.00), (1.00, 0.00), (0.77, 0.00), (0.692, 0.22),
    (0.50, 0.22), (0.50, 0.39), (0.632, 0.39), (0.50, 0.775), (0.368, 0.39), (0.50, 0.39),
    (0.50, 0.22), (0.308, 0.22), (0.23, 0.00),
]  # fmt: skip
_T = [
    (0.00, 1.00), (1.00, 1.00), (1.00, 0.82), (0.615, 0.82), (0.615, 0.00), (0.385, 0.00),
    (0.385, 0.82), (0.00, 0.82),
]  # fmt: skip
_N = [
    (0.00, 0.00), (0.00, 1.00), (0.24, 1.00), (0.78, 0.36), (0.78, 1.00), (1.00, 1.00),
    (1.00, 0.00), (0.76, 0.00), (0.22, 0.64), (0.22, 0.00),
]  # fmt: skip


def _arc(width: float, height: float, first: float, last: float, n_points: int) -> list:
    """Points on a rounded rectangle-like curve about (0.5, 0.5), angles in degrees."""
    angle = np.radians(np.linspace(first, last, n_points))
    # An exponent above 2 (a superellipse) fills the corners, as bold letters do.
    squared = 2 / 2.3
    x = 0.5 + width * np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** squared
    y = 0.5 + height * np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** squared
    return list(zip(x, y, strict=True))


def _c() -> list:
    # The angles put both ends of a terminal at one height: a flat cut survives any stretching.
    return _arc(0.50, 0.50, 21, 339, 46) + _arc(0.25, 0.32, 324, 36, 38)


def _g() -> list:
    # The upright stem at the right tells a hanging G from an e.
    stem = [(0.86, 0.09), (0.96, 0.09), (0.96, 0.51), (0.53, 0.51), (0.53, 0.34), (0.74, 0.34)]
    return _arc(0.50, 0.50, 21, 306, 42) + stem + _arc(0.25, 0.32, 312, 36, 36)


@cache
def outline(letter: str) -> tuple[tuple[float, float], ...]:
    """Return the closed outline of a letter, in the unit square, y upwards.

    Parameters
    ----------
    letter : str
        One of A, C, G, T, N.

    Returns
    -------
    tuple of (x, y)
        The vertices; the last one is joined to the first.

    Raises
    ------
    ValueError
        If there is no such letter.

    Examples
    --------
    >>> len(outline("T"))
    8
    """
    shapes = {"A": _A, "C": _c(), "G": _g(), "T": _T, "N": _N}
    if letter not in shapes:
        raise ValueError(f"letter is {letter!r}, expected one of A, C, G, T, N")
    return tuple((round(float(x), 3), round(float(y), 3)) for x, y in shapes[letter])


@cache
def shape(letter: str, width_px: float, height_px: float) -> str:
    """Return a letter as the shape of a point of size ``height_px ** 2``: an SVG path about (0, 0).

    It is as wide and as high as its cell, but for a gap at either side, and has few vertices: for
    letters that are many and small.

    Examples
    --------
    >>> shape("T", 4, 16)[:12]
    'M-0.23,-1.00'
    """
    points = np.array(outline(letter))
    points = points[tables.thin(*points.T, tolerance=0.04)]
    across = (_GAP + (1 - 2 * _GAP) * points[:, 0] - 0.5) * 2 * width_px / height_px
    down = 1 - 2 * points[:, 1]
    return "M" + "L".join(f"{x:.2f},{y:.2f}" for x, y in zip(across, down, strict=True)) + "Z"


def letters(
    table: pd.DataFrame,
    *,
    x: alt.X | None = None,
    y: alt.Y | None = None,
    tooltip: list | None = None,
    opacity: alt.Opacity | None = None,
) -> alt.Chart:
    """Return the letters of a tidy table as a chart without title: the piece of every logo.

    Parameters
    ----------
    table : pandas.DataFrame
        ``position``, ``base`` (A, C, G, T or N), ``y0`` (foot) and ``y1`` (head); other columns
        may be used by `tooltip`, `opacity` or a facet.
    x, y : altair encodings, optional
        Of the fields ``x`` and ``y``.

    Examples
    --------
    >>> from dragonn_lite.display import tables
    >>> chart = letters(tables.logo_table([[1, 0, 0, 0]]))
    >>> chart.mark.type
    'line'
    """
    return with_outlines(letter_marks(alt.Chart(table), x=x, y=y, tooltip=tooltip, opacity=opacity))


def with_outlines(chart):
    """Return a chart whose data gain one row for each vertex of their letters, while it is drawn.

    Examples
    --------
    >>> from dragonn_lite.display import tables
    >>> len(with_outlines(alt.Chart(tables.logo_table([[1, 0, 0, 0]]))).transform)
    4
    """
    outlines = pd.DataFrame(
        [[base, *map(list, zip(*outline(base), strict=True))] for base in theme.BASE_COLOURS],
        columns=["base", "across", "up"],
    )
    outlines["vertex"] = [list(range(len(across))) for across in outlines["across"]]
    return (
        chart.transform_lookup(
            "base", from_=alt.LookupData(outlines, "base", ["across", "up", "vertex"])
        )
        .transform_flatten(["across", "up", "vertex"])
        .transform_calculate(
            x=f"datum.position - 0.5 + {_GAP} + {1 - 2 * _GAP} * datum.across",
            y="datum.y0 + (datum.y1 - datum.y0) * datum.up",
        )
    )


def letter_marks(chart: alt.Chart, *, x=None, y=None, tooltip=None, opacity=None) -> alt.Chart:
    """Return a chart that draws data with outlines: one closed path for every letter.

    Examples
    --------
    >>> letter_marks(alt.Chart()).mark.filled
    True
    """
    tooltip = tooltip or [
        alt.Tooltip("position:Q", title="position (bp)"),
        alt.Tooltip("base:N"),
        alt.Tooltip("height:Q", format=".3f"),
    ]
    optional = {} if opacity is None else {"opacity": opacity}
    return chart.mark_line(filled=True, strokeWidth=0, clip=True).encode(
        x=x or alt.X("x:Q"),
        y=y or alt.Y("y:Q"),
        detail=["position:Q", "y0:Q"],
        order="vertex:Q",
        color=alt.Color("base:N", scale=theme.base_scale(), legend=None),
        tooltip=tooltip,
        **optional,
    )


def zero_line() -> alt.Chart:
    """Return the line at height 0, for the layers of a logo.

    Examples
    --------
    >>> zero_line().mark.type
    'rule'
    """
    return (
        alt.Chart(pd.DataFrame({"zero": [0]}))
        .mark_rule(color="#888888", strokeWidth=1)
        .encode(y=alt.Y("zero:Q"))
    )
