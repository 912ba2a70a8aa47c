"""How good is it? ROC, precision-recall, score histograms and confusion, each a tidy table drawn.

Call these as ``charts.roc(...)``: :mod:`dragonn_lite.display.charts` is their front door.
"""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from . import tables, theme

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
    """Draw curves in the unit square, chance dashed, and a table of areas in the emptiest corner."""
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
    colour = alt.Color("series:N", scale=_scale(colours), legend=None)
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
    corner = _corner_text(
        [*texts, chance_label],
        [*(colours[str(name)] for name in ranked), theme.BASELINE],
        _emptiest_corner(table[[x_name, y_name]].to_numpy(), chance.to_numpy()),
        width,
    )
    best = next((name for name in ranked if name not in baselines), ranked[0])
    finding = f"{best} reaches {measure} {areas[best]:.3f}" if title is None else title
    return alt.layer(no_skill, lines, corner).properties(
        width=width,
        height=_HEIGHT,
        title=theme.heading(finding, subtitle),
        description=f"{finding}. {y_name} against {x_name}. {'; '.join(texts)}; {chance_label}.",
    )


def _emptiest_corner(points: np.ndarray, chance: np.ndarray) -> tuple[bool, bool]:
    """Return (right, top) of the corner that lies furthest from every curve."""
    dense = np.concatenate(
        [np.linspace(a, b, 20) for a, b in zip(points[:-1], points[1:], strict=True)]
        + [np.linspace(*chance, 50)]
    )
    clear = {}
    for right in (False, True):
        for top in (False, True):
            # The labels fill about half the width and a quarter of the height.
            corner = np.array([0.75 if right else 0.25, 0.85 if top else 0.15])
            clear[right, top] = np.abs((dense - corner) / [1.0, 0.5]).max(axis=1).min()
    return max(clear, key=clear.get)


def _corner_text(texts, colours, corner: tuple[bool, bool], width: int) -> alt.Chart:
    right, top = corner
    first = 14 if top else _HEIGHT - 14 - 17 * (len(texts) - 1)
    table = pd.DataFrame({"text": texts, "colour": colours})
    table["y_px"] = first + 17 * np.arange(len(texts))
    return (
        alt.Chart(table)
        .mark_text(align="right" if right else "left", fontSize=12, fontWeight="bold")
        .encode(
            x=alt.value(width - 8 if right else 8),
            y=alt.Y("y_px:Q", scale=None, title=None, axis=None),
            text="text:N",
            color=alt.Color("colour:N", scale=None),
        )
    )


def score_histogram(
    labels,
    scores,
    *,
    threshold: float | None = 0.0,
    n_bins: int = 40,
    title: str | None = None,
    subtitle: str = "",
) -> alt.LayerChart:
    """Return the scores of bound and unbound examples as two histograms on one axis.

    Each is a share of its own class, so that a rare class stays visible. Examples labelled -1 are
    left out and counted in the subtitle.

    Parameters
    ----------
    labels : array (n,)
        1 bound, 0 unbound, -1 ambiguous.
    scores : array (n,)
        Logits.
    threshold : float, optional
        Drawn as a rule: scores from here on are called bound. None draws no rule.
    n_bins : int
        1 to 200.
    title, subtitle : str
        The finding (by default recall and false discoveries at the threshold); then method.

    Raises
    ------
    ValueError
        If the shapes differ, a class is missing, or a score is not finite.

    Examples
    --------
    >>> score_histogram([0, 0, 1, 1], [-1, 0.5, 0.2, 2]).title.text
    ['At threshold 0.00, recall is 100 % and 33 % of the calls are false']
    """
    labels, scores = np.asarray(labels), np.asarray(scores, dtype=float)
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise ValueError(
            f"labels has shape {labels.shape} and scores {scores.shape}, expected (n,) for both: "
            "pick one task"
        )
    if not 1 <= n_bins <= 200:
        raise ValueError(f"n_bins is {n_bins!r}, expected 1 to 200")
    used = labels >= 0
    tables.check_finite(scores[used], "scores")
    classes = {"unbound": scores[labels == 0], "bound": scores[labels == 1]}
    for name, values in classes.items():
        if not len(values):
            raise ValueError(f"labels holds no {name} example, expected both 0 and 1")
    table = _histogram_table(classes, scores[used], n_bins)
    finding, notes = _threshold_words(classes, threshold)
    finding = title if title is not None else finding
    n_left_out = int((~used).sum())
    notes += [f"{n_left_out:,} examples labelled -1 are left out"] if n_left_out else []
    colours = {"unbound": theme.BASELINE, "bound": theme.MODEL}
    x = alt.X("score:Q", title="score (logit)", scale=alt.Scale(nice=False, zero=False))
    layers = [
        alt.Chart(table)
        .mark_area(interpolate="step-after", opacity=0.45, line={"strokeWidth": 1.5})
        .encode(
            x,
            alt.Y(
                "share:Q",
                title="share of its class",
                stack=None,
                axis=alt.Axis(format="%", minExtent=34),
            ),
            alt.Color("class:N", scale=_scale(colours), legend=None),
            tooltip=[
                alt.Tooltip("class:N"),
                alt.Tooltip("score:Q", title="score from", format=".2f"),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        ),
        *_class_labels(classes, colours),
    ]
    if threshold is not None:
        rule = alt.Chart(pd.DataFrame({"score": [float(threshold)]}))
        layers.append(rule.mark_rule(color=theme.INK, strokeDash=[5, 3]).encode(x))
    return alt.layer(*layers).properties(
        width=theme.WIDTH,
        height=220,
        title=theme.heading(finding, [line for line in [subtitle, "; ".join(notes)] if line]),
        description=f"{finding}. Histograms of the scores of "
        + " and ".join(f"{len(v)} {name} examples" for name, v in classes.items()),
    )


def _histogram_table(classes: dict, scores: np.ndarray, n_bins: int) -> pd.DataFrame:
    low, high = float(scores.min()), float(scores.max())
    pad = 0.5 if high == low else 0.0
    edges = np.linspace(low - pad, high + pad, n_bins + 1)
    step = edges[1] - edges[0]
    parts = []
    for name, values in classes.items():
        share = np.histogram(values, edges)[0] / len(values)
        # Bars start and end on the axis: an empty bin at either side closes the outline.
        starts = np.concatenate([[edges[0] - step], edges])
        heights = np.concatenate([[0], share, [0]])
        parts.append(pd.DataFrame({"score": starts, "share": heights, "class": name}))
    return pd.concat(parts, ignore_index=True)


def _class_labels(classes: dict, colours: dict) -> list[alt.Chart]:
    """The two names over the outer edges: the bound score higher, so they stand at the right."""
    bound_is_right = np.median(classes["bound"]) >= np.median(classes["unbound"])
    layers = []
    for name, values in classes.items():
        right = (name == "bound") == bound_is_right
        text = pd.DataFrame({"text": [f"{name}, n = {len(values):,}"]})
        layers.append(
            alt.Chart(text)
            .mark_text(
                align="right" if right else "left",
                baseline="bottom",
                fontSize=12,
                fontWeight="bold",
                color=colours[name],
            )
            .encode(text="text:N", x=alt.value(theme.WIDTH if right else 0), y=alt.value(-2))
        )
    return layers


def _threshold_words(classes: dict, threshold: float | None) -> tuple[str, list[str]]:
    if threshold is None:
        return "Scores of bound and unbound sequences", []
    true = int((classes["bound"] >= threshold).sum())
    called = true + int((classes["unbound"] >= threshold).sum())
    recall = true / len(classes["bound"])
    if not called:
        return f"Nothing reaches the threshold {threshold:.2f}", []
    false = f"{1 - true / called:.0%}".replace("%", " %")
    finding = (
        f"At threshold {threshold:.2f}, recall is {100 * recall:.0f} % and {false} of the calls "
        "are false"
    )
    return finding, [f"dashed: threshold {threshold:.2f}"]


def confusion(
    labels,
    scores,
    *,
    threshold: float = 0.0,
    title: str | None = None,
    subtitle: str = "",
) -> alt.LayerChart:
    """Return the four counts of truth against call as a square of numbers.

    Parameters
    ----------
    labels : array (n,)
        1 bound, 0 unbound, -1 ambiguous (left out).
    scores : array (n,)
        Logits; from `threshold` on they are called bound.

    Raises
    ------
    ValueError
        If the shapes differ or a score is not finite.

    Examples
    --------
    >>> confusion([0, 0, 1, 1], [-1, 0.5, 0.2, 2]).title.text
    ['3 of 4 calls are right']
    """
    labels, scores = np.asarray(labels), np.asarray(scores, dtype=float)
    if labels.ndim != 1 or labels.shape != scores.shape:
        raise ValueError(f"labels has shape {labels.shape} and scores {scores.shape}, expected (n,)")
    labels, scores = labels[labels >= 0], scores[labels >= 0]
    tables.check_finite(scores, "scores")
    called = scores >= threshold
    rows = [
        (f"{truth} (n = {(labels == y).sum():,})", f"called {call}", (called == c)[labels == y].sum())
        for y, truth in ((1, "bound"), (0, "unbound"))
        for c, call in ((True, "bound"), (False, "unbound"))
    ]
    table = pd.DataFrame(rows, columns=["truth", "call", "count"])
    table["share"] = table["count"] / table.groupby("truth")["count"].transform("sum").clip(lower=1)
    table["label"] = [
        f"{count:,} ({100 * share:.0f} %)"
        for count, share in zip(table["count"], table["share"], strict=True)
    ]
    n_right = int((called == (labels == 1)).sum())
    finding = f"{n_right:,} of {len(labels):,} calls are right" if title is None else title
    base = alt.Chart(table).encode(
        alt.X("call:N", title=None, sort=None, axis=alt.Axis(orient="top", labelAngle=0)),
        alt.Y("truth:N", title=None, sort=None),
    )
    cells = base.mark_rect(stroke="white", strokeWidth=2).encode(
        alt.Color(
            "share:Q",
            scale=alt.Scale(domain=[0, 1], range=["#EEF2F7", theme.MODEL]),
            legend=None,
        )
    )
    numbers = base.mark_text(fontSize=14).encode(
        text="label:N",
        color=alt.condition("datum.share > 0.6", alt.value("white"), alt.value(theme.INK)),
    )
    return alt.layer(cells, numbers).properties(
        width=theme.WIDTH - 60,
        height=110,
        title=theme.heading(finding, subtitle or f"threshold {threshold:.2f} on the logit"),
        description=f"{finding}. " + "; ".join(f"{r[0]}, {r[1]}: {r[2]}" for r in rows) + ".",
    )


def _checked(curves, columns: list[str]) -> Mapping[str, pd.DataFrame]:
    if not isinstance(curves, Mapping) or not curves:
        raise ValueError("curves is no mapping of name to table; pass {'network': roc_curve(...)}")
    for name, curve in curves.items():
        tables.require_columns(curve, columns, f"curves[{name!r}]")
        tables.check_finite(curve[columns], f"curves[{name!r}]")
        if len(curve) == 0:
            raise ValueError(f"curves[{name!r}] is empty, expected at least one point")
    return curves


def _scale(colours: dict) -> alt.Scale:
    return alt.Scale(domain=list(colours), range=list(colours.values()))
