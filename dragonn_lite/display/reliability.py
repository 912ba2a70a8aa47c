"""Can a probability be taken at its word? What was predicted against what was observed.

Call this as ``charts.reliability(...)``: :mod:`dragonn_lite.display.charts` is its front door.
"""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import theme
from dragonn_lite.evaluation import calibration

_HEIGHT, _STRIP_HEIGHT, _N_BARS = 320, 34, 50
_N_SERIES = 3
_RARE = 0.1  # share of bound examples below which nearly all points would crowd near 0


def reliability(
    labels,
    probabilities: Mapping[str, np.ndarray],
    *,
    n_bins: int = 10,
    title: str | None = None,
    subtitle: str = "",
) -> alt.VConcatChart:
    """Return the observed share of bound examples against the predicted one, with 95 % intervals.

    Below it stand the counts of the probabilities, as far as the curve goes: where there are
    nearly none, the curve says little. Axes end at the largest probability; where less than a
    tenth is bound they are square roots, which keep the diagonal straight.

    *What it does not show*: how well the examples are ranked.

    Parameters
    ----------
    labels : array (n,)
        1 bound, 0 unbound, -1 ambiguous (left out).
    probabilities : mapping of name to array (n,)
        At most three series, such as before and after calibration.
    n_bins : int
        Bins of about equal counts, 1 to 100.
    title, subtitle : str
        The finding (by default the expected calibration errors); then method, data and n.

    Raises
    ------
    ValueError
        If the shapes differ, a probability is not from 0 to 1, no example is labelled, or there
        are too many series or bins.

    References
    ----------
    Niculescu-Mizil & Caruana 2005, doi:10.1145/1102351.1102430.

    Examples
    --------
    >>> p = np.array([0.1, 0.2, 0.7, 0.8])
    >>> reliability([0, 0, 1, 1], {"network": p}, n_bins=2).title.text
    ['Expected calibration error 0.200 (network)']
    """
    if not isinstance(probabilities, Mapping) or not 1 <= len(probabilities) <= _N_SERIES:
        raise ValueError(
            f"probabilities is no mapping of 1 to {_N_SERIES} series; pass {{'network': array}}"
        )
    if not 1 <= n_bins <= 100:
        raise ValueError(f"n_bins is {n_bins!r}, expected 1 to 100")
    labels = np.asarray(labels).ravel()
    curve = {
        n: calibration.reliability_curve(labels, p, n_bins=n_bins) for n, p in probabilities.items()
    }
    error = {
        name: calibration.expected_calibration_error(labels, p, n_bins=n_bins)
        for name, p in probabilities.items()
    }
    known = {str(name): np.asarray(p).ravel()[labels >= 0] for name, p in probabilities.items()}
    end = _axis_end(max(p.max() for p in known.values()))
    colours = theme.series_colours(list(known))
    words = ", ".join(f"{value:.3f} ({name})" for name, value in error.items())
    finding = f"Expected calibration error {words}" if title is None else title
    table = pd.concat([rows.assign(series=str(name)) for name, rows in curve.items()])
    rare = np.mean(labels[labels >= 0]) < _RARE
    panels = [_curves(table, colours, end, rare), *_strips(known, colours, end, rare)]
    n_ambiguous = int((labels < 0).sum())
    n = len(labels) - n_ambiguous
    notes = f"bars: 95 % intervals; dashed: predicted as observed; {n:,} examples"
    notes += f"; left out: {n_ambiguous:,} labelled -1" if n_ambiguous else ""
    return alt.vconcat(*panels, spacing=4).properties(
        title=theme.heading(finding, [line for line in (subtitle, notes) if line]),
        description=f"{finding}. Observed share of bound examples against the predicted "
        f"probability, from 0 to {end:g}, in bins of equal counts. Calibration errors: {words}.",
    )


def _axis_end(largest: float) -> float:
    """Return the least round number that is as large: 1, 0.5, 0.2, 0.1, 0.05, ..."""
    ends = [digit * 10.0**power for power in range(-6, 0) for digit in (1, 2, 5)]
    return next((round(end, 6) for end in ends if end >= largest), 1.0)


def _x(end: float, rare: bool, field: str, title: str | None) -> alt.X:
    axis = _axis(end, rare) if title else alt.Axis(labels=False, ticks=False)
    return alt.X(f"{field}:Q", title=title, scale=_scale(end, rare), axis=axis)


def _scale(end: float, rare: bool) -> alt.Scale:
    return alt.Scale(type="sqrt" if rare else "linear", domain=[0, end], nice=False)


def _axis(end: float, rare: bool, **options) -> alt.Axis:
    if not rare:
        return alt.Axis(tickCount=5, **options)
    values = [round(end * share, 9) for share in (0, 0.01, 0.05, 0.1, 0.2, 0.5, 1)]
    return alt.Axis(values=values, format="~g", **options)


def _curves(table: pd.DataFrame, colours: dict, end: float, rare: bool) -> alt.LayerChart:
    top = _axis_end(max(end, table["high"].max()))
    scale = _scale(top, rare)
    axis = _axis(top, rare, minExtent=theme.AXIS_PX, maxExtent=theme.AXIS_PX)
    title = "observed (bound, of the examples in the bin)"
    x, y = (
        _x(end, rare, "predicted", None),
        alt.Y("observed:Q", title=title, scale=scale, axis=axis),
    )
    colour = alt.Color("series:N", scale=theme.colour_scale(colours), legend=None)
    base = alt.Chart(table).encode(x, color=colour)
    ideal = pd.DataFrame({"predicted": [0.0, end], "observed": [0.0, end]})
    return alt.layer(
        alt.Chart(ideal)
        .mark_line(color=theme.BASELINE, strokeDash=[4, 3], strokeWidth=1)
        .encode(x, y),
        base.mark_rule(strokeWidth=1.5, opacity=0.6).encode(
            alt.Y("low:Q", title=title, scale=scale, axis=axis), alt.Y2("high")
        ),
        base.mark_line(strokeWidth=1.5).encode(y),
        base.mark_point(filled=True, size=45, opacity=1).encode(
            y,
            tooltip=[
                alt.Tooltip("series:N"),
                alt.Tooltip("predicted:Q", format=".3f"),
                alt.Tooltip("observed:Q", format=".3f"),
                alt.Tooltip("low:Q", format=".3f"),
                alt.Tooltip("high:Q", format=".3f"),
                alt.Tooltip("n:Q", format=","),
            ],
        ),
    ).properties(width=theme.WIDTH, height=_HEIGHT)


def _strips(known: dict, colours: dict, end: float, rare: bool) -> list[alt.LayerChart]:
    """One histogram a series, on a scale on which a few examples show beside many thousands."""
    edges = end * np.linspace(0, 1, _N_BARS + 1) ** (2 if rare else 1)  # all equally wide
    counts = {name: np.histogram(p, edges)[0] for name, p in known.items()}
    most = max(count.max() for count in counts.values())
    title = "predicted probability" + (" (square-root scale)" if rare else "")
    strips = []
    for i, (name, count) in enumerate(counts.items()):
        rows = pd.DataFrame({"start": edges[:-1], "stop": edges[1:], "count": count})
        x = _x(end, rare, "start", title if i == len(counts) - 1 else None)
        bars = (
            alt.Chart(rows[rows["count"] > 0])
            .mark_rect(color=colours[name], opacity=0.75)
            .encode(
                x,
                alt.X2("stop"),
                alt.Y(
                    "count:Q",
                    title="count",
                    scale=alt.Scale(type="pow", exponent=0.3, domain=[0, int(most)], nice=False),
                    axis=alt.Axis(
                        values=[0, int(most)],
                        format=",d",
                        minExtent=theme.AXIS_PX,
                        maxExtent=theme.AXIS_PX,
                    ),
                ),
                alt.Y2(datum=0),
                tooltip=[
                    alt.Tooltip("start:Q", title="from", format=".3f"),
                    alt.Tooltip("stop:Q", title="to", format=".3f"),
                    alt.Tooltip("count:Q", format=","),
                ],
            )
        )
        label = (
            alt.Chart(pd.DataFrame({"text": [name]}))
            .mark_text(align="right", baseline="bottom", fontSize=12, fontWeight="bold")
            .encode(
                text="text:N",
                x=alt.value(theme.WIDTH),
                y=alt.value(-2),
                color=alt.value(theme.text_colour(colours[name])),
            )
        )
        strips.append(alt.layer(bars, label).properties(width=theme.WIDTH, height=_STRIP_HEIGHT))
    return strips
