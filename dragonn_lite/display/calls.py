"""How good are the calls? Scores of both classes at a threshold, and the four counts it makes.

Call these as ``charts.score_histogram(...)``: :mod:`dragonn_lite.display.charts` is their front
door.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite._contract import as_labels_and_scores
from dragonn_lite.display import tables, theme


def score_histogram(
    labels,
    scores,
    *,
    threshold: float | None = 0.0,
    n_bins: int = 40,
    score_title: str = "score (logit)",
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
    score_title : str
        What the scores are, with their unit.
    title, subtitle : str
        The finding (by default recall and false discoveries at the threshold); then method.

    Raises
    ------
    ValueError
        If the shapes differ, a label is not 1, 0 or -1, a class is missing, or a score is not
        finite.

    Examples
    --------
    >>> score_histogram([0, 0, 1, 1], [-1, 0.5, 0.2, 2]).title.text
    ['At threshold 0.00, recall is 100 % and 33 % of the calls are false']
    """
    labels, scores = _one_task(labels, scores)
    if not 1 <= n_bins <= 200:
        raise ValueError(f"n_bins is {n_bins!r}, expected 1 to 200")
    used = labels >= 0
    tables.check_finite(scores[used], "scores")
    classes = {"unbound": scores[labels == 0], "bound": scores[labels == 1]}
    for name, values in classes.items():
        if not len(values):
            raise ValueError(f"labels holds no {name} example, expected both 0 and 1")
    finding, notes = _threshold_words(classes, threshold)
    finding = title if title is not None else finding
    n_left_out = int((~used).sum())
    notes += (
        [f"left out: {tables.counted(n_left_out, 'example')} labelled -1"] if n_left_out else []
    )
    colours = {"unbound": theme.BASELINE, "bound": theme.MODEL}
    x = alt.X(
        "score:Q",
        title=score_title,
        scale=alt.Scale(nice=False, zero=False),
        axis=alt.Axis(tickCount=10),
    )
    layers = [
        histogram_outlines(histogram_table(classes, scores[used], n_bins), x, colours),
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


def histogram_outlines(table: pd.DataFrame, x: alt.X, colours: dict) -> alt.Chart:
    """Return an outline for each class of a table of histograms."""
    axis = alt.Axis(format="%", minExtent=34)
    return (
        alt.Chart(table)
        .mark_area(interpolate="step-after", opacity=0.45, line={"strokeWidth": 1.5})
        .encode(
            x,
            alt.Y("share:Q", title="share of its class", stack=None, axis=axis),
            alt.Color("class:N", scale=theme.colour_scale(colours), legend=None),
            tooltip=[
                alt.Tooltip("class:N"),
                alt.Tooltip("score:Q", title="score from", format=".2f"),
                alt.Tooltip("share:Q", format=".1%"),
            ],
        )
    )


def histogram_table(classes: dict, scores: np.ndarray, n_bins: int) -> pd.DataFrame:
    """Return the share of each class in bins over the range of all scores."""
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
                color=theme.text_colour(colours[name]),
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
        If the shapes differ, a label is not 1, 0 or -1, there is no example, or a score is NaN.

    Examples
    --------
    >>> confusion([0, 0, 1, 1], [-1, 0.5, 0.2, 2]).title.text
    ['3 of 4 calls are right']
    """
    labels, scores = _one_task(labels, scores)
    labels, scores = labels[labels >= 0], scores[labels >= 0]
    if not len(labels):
        raise ValueError("labels are all -1 (ambiguous), expected bound or unbound examples")
    called = scores >= threshold
    rows = [
        (
            f"{truth} (n = {(labels == y).sum():,})",
            f"called {call}",
            (called == c)[labels == y].sum(),
        )
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


def _one_task(labels, scores) -> tuple[np.ndarray, np.ndarray]:
    labels, scores = as_labels_and_scores(labels, scores)
    if labels.ndim == 2 and labels.shape[1] > 1:
        raise ValueError(f"labels have {labels.shape[1]} tasks, expected one: pick a column")
    return labels.ravel(), scores.ravel().astype(float)
