"""How good is the ranking? ROC and precision-recall curves.

Call these as ``charts.roc(...)``: :mod:`dragonn_lite.display.charts` is their front door.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import tables, theme

_HEIGHT = 340


def roc(
    curves: Mapping[str, pd.DataFrame],
    *,
    baselines: tuple[str, ...] = (),
    title: str | None = None,
    subtitle: str = "",
    width: int = theme.WIDTH,
) -> alt.LayerChart:
    """Return ROC curves, each labelled with the area under it.

    Parameters
    ----------
    curves : mapping of name to DataFrame
        ``false_positive_rate`` and ``recall``, as :func:`evaluation.metrics.roc_curve` makes them.
        At most four besides the baselines. A curve is thinned to the vertices a screen can show
        (none is moved by more than 0.001).
    baselines : tuple of str
        The names drawn in grey.
    title, subtitle : str
        The finding (by default the best area); then method, data and n.
    width : int
        Of the plotting area, in pixels.

    Raises
    ------
    ValueError
        If a column is missing or holds a NaN, or there are too many curves.

    References
    ----------
    Fawcett 2006, doi:10.1016/j.patrec.2005.10.010.

    Examples
    --------
    >>> curve = pd.DataFrame({"false_positive_rate": [0, 0, 1], "recall": [0, 0.8, 1]})
    >>> roc({"network": curve}).title.text
    ['network reaches auROC 0.900']
    """
    areas = {
        name: float(np.trapezoid(curve["recall"], curve["false_positive_rate"]))
        for name, curve in _checked(curves, ["false_positive_rate", "recall"]).items()
    }
    chance = pd.DataFrame({"false_positive_rate": [0.0, 1.0], "recall": [0.0, 1.0]})
    return _curve_chart(
        curves,
        ("false_positive_rate", "false positive rate (called bound, of the unbound)"),
        ("recall", "recall (called bound, of the bound)"),
        areas,
        chance,
        baselines=baselines,
        measure="auROC",
        chance_label="no skill 0.500",
        title=title,
        subtitle=subtitle,
        width=width,
    )


def precision_recall(
    curves: Mapping[str, pd.DataFrame],
    *,
    baselines: tuple[str, ...] = (),
    prevalence: float | None = None,
    title: str | None = None,
    subtitle: str = "",
    width: int = theme.WIDTH,
) -> alt.LayerChart:
    """Return precision-recall curves, each labelled with its average precision.

    Parameters
    ----------
    curves : mapping of name to DataFrame
        ``recall`` and ``precision`` from the strictest threshold on, as
        :func:`evaluation.metrics.precision_recall_curve` makes them.
    baselines, title, subtitle, width
        As in :func:`roc`.
    prevalence : float, optional
        Share of bound examples, drawn as the level of no skill. By default the precision where
        everything is called bound.

    Raises
    ------
    ValueError
        If a column is missing or holds a NaN, or there are too many curves.

    References
    ----------
    Davis, Goadrich 2006, doi:10.1145/1143844.1143874.

    Examples
    --------
    >>> curve = pd.DataFrame({"recall": [0.5, 1.0], "precision": [1.0, 0.5]})
    >>> precision_recall({"network": curve}).title.text
    ['network reaches auPRC 0.750']
    """
    areas = {
        name: float(np.sum(np.diff(curve["recall"], prepend=0) * curve["precision"]))
        for name, curve in _checked(curves, ["recall", "precision"]).items()
    }
    if prevalence is None:
        prevalence = float(next(iter(curves.values()))["precision"].iloc[-1])
    chance = pd.DataFrame({"recall": [0.0, 1.0], "precision": [prevalence, prevalence]})
    return _curve_chart(
        curves,
        ("recall", "recall (found, of the bound)"),
        ("precision", "precision (bound, of those called)"),
        areas,
        chance,
        baselines=baselines,
        measure="auPRC",
        chance_label=f"no skill {prevalence:.3f}",
        title=title,
        subtitle=subtitle,
        width=width,
    )


def _curve_chart(
    curves, x, y, areas, chance, *, baselines, measure, chance_label, title, subtitle, width
) -> alt.LayerChart:
    """Draw curves in the unit square, chance dashed, their areas in the emptiest corner."""
    colours = theme.series_colours(list(curves), baselines)
    (x_name, x_title), (y_name, y_title) = x, y
    thinned = []
    for name, curve in curves.items():
        kept = tables.thin(curve[x_name], curve[y_name], n_max=800)
        thinned.append(curve[[x_name, y_name]].iloc[kept].assign(series=str(name)))
    table = pd.concat(thinned, ignore_index=True)
    table["step"] = np.arange(len(table))
    unit = alt.Scale(domain=[0, 1], nice=False)
    across = alt.X(f"{x_name}:Q", title=x_title, scale=unit, axis=alt.Axis(tickCount=5))
    up = alt.Y(f"{y_name}:Q", title=y_title, scale=unit, axis=alt.Axis(minExtent=34, tickCount=5))
    colour = alt.Color("series:N", scale=theme.colour_scale(colours), legend=None)
    lines = (
        alt.Chart(table)
        .mark_line(strokeWidth=2)
        .encode(
            across,
            up,
            colour,
            order="step:Q",
            tooltip=[
                alt.Tooltip("series:N"),
                alt.Tooltip(f"{x_name}:Q", format=".3f"),
                alt.Tooltip(f"{y_name}:Q", format=".3f"),
            ],
        )
    )
    no_skill = (
        alt.Chart(chance)
        .mark_line(color=theme.BASELINE, strokeDash=[4, 3], strokeWidth=1)
        .encode(across, up)
    )
    ranked = sorted(areas, key=areas.get, reverse=True)
    texts = [f"{name} {measure} {areas[name]:.3f}" for name in ranked]
    labels = [*texts, chance_label]
    points = [rows[[x_name, y_name]].to_numpy() for rows in thinned]
    key = _corner_key(
        labels,
        [*(colours[str(name)] for name in ranked), theme.BASELINE],
        _emptiest_corner(points, chance.to_numpy(), labels, width),
        width,
    )
    best = next((name for name in ranked if name not in baselines), ranked[0])
    finding = f"{best} reaches {measure} {areas[best]:.3f}" if title is None else title
    return alt.layer(no_skill, lines, *key).properties(
        width=width,
        height=_HEIGHT,
        title=theme.heading(finding, subtitle),
        description=f"{finding}. {y_name} against {x_name}. {'; '.join(texts)}; {chance_label}.",
    )


def _emptiest_corner(curves, chance, labels: list[str], width: int) -> tuple[bool, bool]:
    """Return (right, top) of the corner that curves cross least and stay furthest from."""
    dense = np.concatenate(
        [np.linspace(a, b, 20) for points in curves for a, b in pairwise(points)]
        + [np.linspace(*chance, 50)]
    )
    margin = np.array([8 / width, 0])
    size = np.array([(26 + 6.5 * max(map(len, labels))) / width, 17 * (len(labels) + 1) / _HEIGHT])
    found = {}
    for right in (False, True):
        for top in (False, True):
            middle = np.where([right, top], 1 - margin - size / 2, margin + size / 2)
            distance = np.abs((dense - middle) / (size / 2)).max(axis=1)
            found[right, top] = -(distance < 1).sum(), distance.min()
    return max(found, key=found.get)


def _corner_key(texts, colours, corner: tuple[bool, bool], width: int) -> list[alt.Chart]:
    """Words, each beside a stroke like its curve, as greys dark enough to read look alike."""
    right, top = corner
    first = 14 if top else _HEIGHT - 14 - 17 * (len(texts) - 1)
    table = pd.DataFrame(
        {
            "text": texts,
            "colour": colours,
            "ink": [theme.text_colour(colour) for colour in colours],
            "y_px": first + 17 * np.arange(len(texts)),
        }
    )
    outer, inner, words = (width - 8, width - 28, width - 34) if right else (8, 28, 34)
    y = alt.Y("y_px:Q", scale=None, title=None, axis=None)
    stroke = alt.Color("colour:N", scale=None)
    return [
        alt.Chart(table[:-1])
        .mark_rule(strokeWidth=2)
        .encode(y, stroke, x=alt.value(inner), x2=alt.value(outer)),
        alt.Chart(table[-1:])
        .mark_rule(strokeDash=[4, 3])
        .encode(y, stroke, x=alt.value(inner), x2=alt.value(outer)),
        alt.Chart(table)
        .mark_text(align="right" if right else "left", fontSize=12, fontWeight="bold")
        .encode(y, alt.Color("ink:N", scale=None), x=alt.value(words), text="text:N"),
    ]


def _checked(curves, columns: list[str]) -> Mapping[str, pd.DataFrame]:
    if not isinstance(curves, Mapping) or not curves:
        raise ValueError("curves is no mapping of name to table; pass {'network': roc_curve(...)}")
    for name, curve in curves.items():
        tables.require_columns(curve, columns, f"curves[{name!r}]")
        tables.check_finite(curve[columns], f"curves[{name!r}]")
        if len(curve) == 0:
            raise ValueError(f"curves[{name!r}] is empty, expected at least one point")
    return curves
