"""Which is better, and when? Learning curves, bars with intervals, grammar by architecture.

Call these as ``charts.learning_curve(...)``: :mod:`dragonn_lite.display.charts` is their front
door.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import tables, theme

_SPLITS = {"training": theme.TRAINING, "validation": theme.VALIDATION}
_METRIC_TITLES = {"loss": "loss (nats an example)", "auroc": "auROC", "auprc": "auPRC"}


def learning_curve(
    history: pd.DataFrame,
    *,
    best_epoch: int | None = None,
    n_epochs: int | None = None,
    title: str | None = None,
    subtitle: str = "",
) -> alt.HConcatChart:
    """Return the course of training: one panel a metric, training light and validation dark.

    Parameters
    ----------
    history : pandas.DataFrame
        ``epoch``, ``split`` (``"training"`` or ``"validation"``), ``metric``, ``value``; at most
        three metrics. Values that are not finite are left out and counted in the subtitle.
    best_epoch : int, optional
        The epoch whose weights were kept, marked by a rule; by default the one of lowest
        validation loss, or of highest validation auROC where there is no loss.
    n_epochs : int, optional
        The axis reaches this far: a picture that fills up while a network trains.
    title, subtitle : str
        The finding (by default the best validation value); then method, data and n.

    Raises
    ------
    ValueError
        If a column is missing, the table is empty, or it holds more than three metrics.

    Examples
    --------
    >>> history = pd.DataFrame({"epoch": [1, 2] * 2, "split": ["training"] * 2 + ["validation"] * 2,
    ...                         "metric": "loss", "value": [0.7, 0.4, 0.7, 0.5]})
    >>> learning_curve(history).title.text
    ['Validation loss is 0.500 after epoch 2, where it is lowest']
    """
    tables.require_columns(history, ["epoch", "split", "metric", "value"], "history")
    metrics = list(dict.fromkeys(history["metric"]))
    if not 1 <= len(metrics) <= 3:
        raise ValueError(f"history holds {len(metrics)} metrics, expected 1 to 3: select some rows")
    unknown = set(history["split"]) - set(_SPLITS)
    if unknown:
        raise ValueError(f"history has the split {min(unknown)!r}, expected {' or '.join(_SPLITS)}")
    finite = np.isfinite(history["value"].to_numpy(float))
    shown = history[finite]
    best, finding = _best_epoch(shown, best_epoch)
    notes = [subtitle] if subtitle else []
    if not finite.all():
        n_bad = int((~finite).sum())
        notes.append(f"not drawn: {tables.counted(n_bad, 'value')}, NaN or infinite")
    first, last = int(history["epoch"].min()), int(max(history["epoch"].max(), n_epochs or 0))
    width = (theme.WIDTH - 60 * (len(metrics) - 1)) // len(metrics)
    panels = [
        _metric_panel(shown[shown["metric"] == metric], metric, best, (first, last), width)
        for metric in metrics
    ]
    name = finding if title is None else title
    return alt.hconcat(*panels, spacing=16).properties(
        title=theme.heading(name, notes),
        description=f"{name}. {', '.join(metrics)} over epochs {first} to {last}.",
    )


def _best_epoch(history: pd.DataFrame, best_epoch: int | None) -> tuple[int | None, str]:
    """The epoch whose weights are kept, and what the validation says of it."""
    validation = history[history["split"] == "validation"]
    loss = validation[validation["metric"] == "loss"].set_index("epoch")["value"]
    auroc = validation[validation["metric"] == "auroc"].set_index("epoch")["value"]
    if best_epoch is None and len(loss) + len(auroc):
        best_epoch = int(loss.idxmin() if len(loss) else auroc.idxmax())
    shown = auroc if best_epoch in auroc.index else loss
    if best_epoch not in shown.index:
        return best_epoch, "Training"
    name = "auROC" if shown is auroc else "loss"
    its = "its loss" if shown is auroc else "it"
    lowest = f", where {its} is lowest" if loss.get(best_epoch) == loss.min() else ""
    return (
        best_epoch,
        f"Validation {name} is {shown[best_epoch]:.3f} after epoch {best_epoch}{lowest}",
    )


def _metric_panel(rows, metric, best, epochs, width) -> alt.LayerChart:
    first, last = epochs
    drawn = [split for split in _SPLITS if (rows["split"] == split).any()]
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**6) if (last - first) / s <= 8)
    x = alt.X(
        "epoch:Q",
        title="epoch",
        scale=alt.Scale(domain=[first - 0.5, last + 0.5], nice=False, zero=False),
        axis=alt.Axis(values=list(range(-(-first // step) * step, last + 1, step)), format="d"),
    )
    y = alt.Y(
        "value:Q",
        title=_METRIC_TITLES.get(metric, metric),
        scale=alt.Scale(domain=_padded(rows["value"]), nice=True),
        axis=alt.Axis(tickCount=5, minExtent=36),
    )
    # Both splits, always: panels of one picture share their scale of colours.
    colour = alt.Color("split:N", scale=theme.colour_scale(_SPLITS), legend=None)
    lines = (
        alt.Chart(rows)
        .mark_line(strokeWidth=2, point={"size": 22} if last - first < 60 else False)
        .encode(
            x,
            y,
            colour,
            tooltip=[
                alt.Tooltip("split:N"),
                alt.Tooltip("epoch:Q"),
                alt.Tooltip("value:Q", title=metric, format=".4f"),
            ],
        )
    )
    layers = [lines, *_split_labels(drawn, width)]
    if best is not None and len(rows):
        rule = alt.Chart(pd.DataFrame({"epoch": [best]}))
        layers.insert(0, rule.mark_rule(color=theme.BASELINE, strokeDash=[3, 3]).encode(x))
    return alt.layer(*layers).properties(width=width, height=200)


def _padded(values: pd.Series) -> list[float]:
    """The range of the values, never narrower than 0.01: a first epoch is a single point."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    pad = max(0.03 * (high - low), 0.005)
    return [low - pad, high + pad]


def _split_labels(splits: list[str], width: int) -> list[alt.Chart]:
    """The names of the two curves over the panel: their ends are too close to label there."""
    layers = []
    for split in splits:
        right = split == "validation"
        text = alt.Chart(pd.DataFrame({"text": [split]}))
        layers.append(
            text.mark_text(
                align="right" if right else "left",
                baseline="bottom",
                fontSize=12,
                fontWeight="bold",
                color=theme.text_colour(theme.VALIDATION if right else theme.TRAINING),
            ).encode(text="text:N", x=alt.value(width if right else 0), y=alt.value(-4))
        )
    return layers


def bars(
    table: pd.DataFrame,
    *,
    value_title: str = "value",
    baselines: tuple[str, ...] = (),
    reference: tuple[float, str] | None = None,
    title: str = "",
    subtitle: str = "",
    value_format: str = ".2f",
) -> alt.LayerChart:
    """Return named values as horizontal bars, with their intervals where there are any.

    Parameters
    ----------
    table : pandas.DataFrame
        ``name`` and ``value``, and for an interval ``low`` and ``high``; at most 40 rows, drawn in
        this order.
    value_title : str
        What the values are, with their unit.
    baselines : tuple of str
        The names drawn in grey.
    reference : (value, label), optional
        A dashed rule, such as a ceiling or chance.
    value_format : str
        How the numbers beside the bars are written (a d3 format).

    Raises
    ------
    ValueError
        If a column is missing, there are no rows or more than 40, or a value is not finite.

    Examples
    --------
    >>> chart = bars(pd.DataFrame({"name": ["network", "k-mers"], "value": [0.97, 0.88]}),
    ...              value_title="auROC", baselines=("k-mers",), title="The network wins")
    >>> chart.height
    48
    """
    tables.require_columns(table, ["name", "value"], "table")
    if not 1 <= len(table) <= 40:
        raise ValueError(f"table has {len(table)} rows, expected 1 to 40: select or group some")
    columns = ["value", *(c for c in ("low", "high") if c in table.columns)]
    tables.check_finite(table[columns], "table")
    unknown = [name for name in baselines if name not in set(table["name"])]
    if unknown:
        raise ValueError(f"baselines names {unknown[0]!r}, which is not in the table")
    shown = table.assign(
        colour=[theme.BASELINE if name in baselines else theme.MODEL for name in table["name"]]
    )
    has_interval = {"low", "high"} <= set(table.columns)
    x = alt.X("value:Q", title=value_title)
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=_LABEL_PX))
    base = alt.Chart(shown).encode(y)
    tooltip = [alt.Tooltip("name:N")]
    tooltip += [alt.Tooltip(f"{c}:Q", format=".3f") for c in columns]
    layers = [
        base.mark_bar(height={"band": 0.7}).encode(
            x, color=alt.Color("colour:N", scale=None), tooltip=tooltip
        )
    ]
    if has_interval:
        layers.append(
            base.mark_rule(color=theme.INK, strokeWidth=1.5).encode(
                alt.X("low:Q", title=value_title), x2="high:Q"
            )
        )
    label_px = min(_LABEL_PX, 5.8 * max(len(str(name)) for name in table["name"]))
    width = int(_TOTAL_PX - 40 - label_px)
    # The numbers stand in a column of their own, clear of intervals and rules.
    numbers = base.mark_text(align="left").encode(
        x=alt.value(width + 8), text=alt.Text("value:Q", format=value_format)
    )
    layers.append(numbers)
    if reference is not None:
        layers += _reference(reference, "value", value_title)
    said = "; ".join(
        f"{n} {v:,.0f}" if abs(v) >= 1000 else f"{n} {v:.3g}"
        for n, v in zip(table["name"], table["value"], strict=True)
    )
    return alt.layer(*layers).properties(
        width=width,
        height=24 * len(table),
        title=theme.heading(title, subtitle),
        description=f"{title or 'Bars of ' + value_title}. {said}.",
    )


def grammar_by_architecture(
    table: pd.DataFrame,
    *,
    value_title: str = "auROC",
    chance: float = 0.5,
    title: str = "",
    subtitle: str = "",
) -> alt.FacetChart:
    """Return small multiples: a row for each grammar, a column for each architecture.

    A dot with its interval is what was reached, a short black rule the ceiling of that grammar,
    and a hollow plum dot an architecture that failed: its interval reaches down to chance.

    Parameters
    ----------
    table : pandas.DataFrame
        ``grammar``, ``architecture``, ``value``; if there are any also ``low`` and ``high`` (the
        interval or the range over seeds) and ``ceiling`` (the best any network can do). Rows and
        columns keep the table's order; at most five architectures.
    value_title : str
        What the values are.
    chance : float
        The value of no skill, drawn dashed.

    Raises
    ------
    ValueError
        If a column is missing, a pair is there twice, or a value is not finite.

    Examples
    --------
    >>> table = pd.DataFrame({"grammar": ["spacing"] * 2, "architecture": ["1 layer", "3 layers"],
    ...                       "value": [0.54, 0.96], "low": [0.49, 0.95], "high": [0.58, 0.97]})
    >>> chart = grammar_by_architecture(table, title="Spacing needs depth")
    >>> chart.facet.column.shorthand
    'architecture:N'
    """
    tables.require_columns(table, ["grammar", "architecture", "value"], "table")
    if table.duplicated(["grammar", "architecture"]).any():
        raise ValueError("table holds a grammar and architecture twice; summarise the seeds first")
    grammars = list(dict.fromkeys(table["grammar"]))
    architectures = list(dict.fromkeys(table["architecture"]))
    if not 1 <= len(architectures) <= 5:
        raise ValueError(f"table has {len(architectures)} architectures, expected 1 to 5")
    columns = [c for c in ("value", "low", "high", "ceiling") if c in table.columns]
    tables.check_finite(table[columns], "table")
    shown = table.assign(
        low=table.get("low", table["value"]),
        high=table.get("high", table["value"]),
        ceiling=table.get("ceiling", pd.Series(np.nan, index=table.index)),
    )
    shown["failed"] = shown["low"] <= chance
    label_px = min(_LABEL_PX, 5.8 * max(len(str(g)) for g in grammars))
    width = int((_TOTAL_PX + 16 - label_px) / len(architectures)) - 16
    low = np.floor(20 * min(chance, float(shown["low"].min()))) / 20
    layers = _grammar_layers(value_title, chance, [low, 1.0], grammars)
    cell = alt.layer(*layers).properties(width=width, height=26 * len(grammars))
    header = alt.Header(title=None, labelLimit=width + 10, labelFontWeight="bold")
    failed = shown[shown["failed"]]
    said = [f"{r.architecture} on {r.grammar} {r.value:.2f}" for r in shown.itertuples()]
    return cell.facet(
        column=alt.Column("architecture:N", sort=architectures, header=header),
        data=shown,
        spacing=16,
    ).properties(
        title=theme.heading(title, subtitle),
        description=f"{title or 'Grammar by architecture'}. {len(failed)} of {len(shown)} failed. "
        f"{value_title}: {'; '.join(said)}.",
    )


def _grammar_layers(value_title, chance, domain, grammars) -> list[alt.Chart]:
    scale = alt.Scale(domain=domain, nice=False)
    ticks = alt.Axis(tickCount=3, format=".1f", grid=True, gridColor="#EEEEEE")
    x = alt.X("value:Q", title=value_title, scale=scale, axis=ticks)
    y = alt.Y("grammar:N", sort=grammars, title=None, axis=alt.Axis(labelLimit=_LABEL_PX))
    base = alt.Chart().encode(y)
    colour = alt.condition("datum.failed", alt.value(theme.PLUM), alt.value(theme.MODEL))
    tooltip = [alt.Tooltip("architecture:N"), alt.Tooltip("grammar:N")]
    tooltip += [
        alt.Tooltip(f"{name}:Q", format=".3f") for name in ("value", "low", "high", "ceiling")
    ]
    return [
        alt.Chart()
        .transform_aggregate(n="count()", groupby=["architecture"])
        .mark_rule(color=theme.BASELINE, strokeDash=[3, 3])
        .encode(x=alt.XDatum(chance, scale=scale)),
        base.mark_tick(color=theme.INK, thickness=2, size=18).encode(
            alt.X("ceiling:Q", title=value_title, scale=scale, axis=ticks)
        ),
        base.mark_rule(strokeWidth=2).encode(
            alt.X("low:Q", title=value_title, scale=scale, axis=ticks), x2="high:Q", color=colour
        ),
        base.mark_point(size=60, strokeWidth=2, opacity=1).encode(
            x,
            stroke=colour,
            fill=alt.condition("datum.failed", alt.value("white"), alt.value(theme.MODEL)),
            tooltip=tooltip,
        ),
    ]


_LABEL_PX = 170
_TOTAL_PX = 575


def _reference(reference, field: str, value_title: str) -> list[alt.Chart]:
    value, label = reference
    rule = alt.Chart(pd.DataFrame({field: [float(value)], "label": [label]}))
    x = alt.X(f"{field}:Q", title=value_title)
    return [
        rule.mark_rule(color=theme.INK, strokeDash=[4, 3]).encode(x),
        rule.mark_text(baseline="bottom", align="center").encode(
            x, y=alt.value(-3), text="label:N"
        ),
    ]
