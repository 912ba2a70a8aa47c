"""Does attention matter? What changes of it do to the score: ``charts.faithfulness(...)``."""

from __future__ import annotations

import altair as alt
import pandas as pd

from dragonn_lite.display import tables, theme

_ROW_PX = 26
_TESTS_PX = 190
_TABLE = ["test", "measure", "value", "low", "high"]
_AXES = {
    "logit": "mean change of the logit",
    "size": "mean size of the change of the logit",
    "flips": "share of sequences whose logit changes its sign",
    "auROC": "change of the auROC",
}


def faithfulness(
    table: pd.DataFrame, *, measure: str = "size", title: str | None = None, subtitle: str = ""
) -> alt.LayerChart:
    """Return what each change of bases or of weights does to the score, with its interval.

    Parameters
    ----------
    table : DataFrame
        As ``attention.faithfulness`` makes it. With a column ``network``, up to four networks are
        drawn beside each other.
    measure : "logit", "size", "flips" or "auROC"
    title, subtitle : str
        The finding (by default how attended bases compare with random ones); then method, data
        and n.

    Raises
    ------
    ValueError
        If a column is missing, there are no rows of this measure, or more than four networks.

    Examples
    --------
    >>> rows = [("attended bases shuffled", "size", 2.0, 1.8, 2.2),
    ...         ("random bases shuffled", "size", 0.5, 0.4, 0.6)]
    >>> faithfulness(pd.DataFrame(rows, columns=_TABLE)).title.text
    ['Attended bases move the logit 4.0 times as much as random ones']
    """
    tables.require_columns(table, _TABLE, "table")
    shown = table[table["measure"] == measure]
    if shown.empty:
        known = ", ".join(dict.fromkeys(table["measure"]))
        raise ValueError(f"table has no rows of the measure {measure!r}, expected one of {known}")
    tables.check_finite(shown[["value", "low", "high"]], "table")
    kinds = shown.get("network", shown["test"].map(_kind))
    shown = shown[_TABLE].assign(kind=kinds)
    by_network = "network" in table
    colours = theme.series_colours(list(kinds)) if by_network else _KINDS
    order = list(dict.fromkeys(shown["test"]))
    name = _AXES.get(measure, measure)
    y = alt.Y(
        "test:N",
        sort=order,
        title=None,
        axis=alt.Axis(minExtent=_TESTS_PX, labelLimit=_TESTS_PX + 20, ticks=False),
    )
    apart = {"yOffset": alt.YOffset("kind:N", sort=list(colours), title=None)} if by_network else {}
    legend = alt.Legend(orient="top", title=None, symbolOpacity=1) if by_network else None
    colour = alt.Color("kind:N", scale=theme.colour_scale(colours), legend=legend)
    tooltip = [
        *(["kind:N"] if by_network else []),
        alt.Tooltip("test:N"),
        *(alt.Tooltip(f"{end}:Q", format=".3f") for end in ("value", "low", "high")),
    ]
    finding = title if title is not None else _compared(shown, measure, by_network)
    base = alt.Chart(shown)
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=theme.INK, strokeDash=[4, 3])
    said = "dots: mean, with 95 % interval over sequences"
    return alt.layer(
        zero.encode(alt.X("zero:Q", title=name)),
        base.mark_rule(strokeWidth=2.5, opacity=0.7).encode(
            alt.X("low:Q", title=name), y, x2="high:Q", color=colour, **apart
        ),
        base.mark_circle(size=70, opacity=1).encode(
            alt.X("value:Q", title=name), y, color=colour, tooltip=tooltip, **apart
        ),
    ).properties(
        width=theme.WIDTH - _TESTS_PX + 40,
        height=len(order) * (_ROW_PX if not by_network else 11 * len(colours) + 14),
        title=theme.heading(finding, f"{subtitle}; {said}" if subtitle else said),
        description=f"{finding}. {name}: "
        + "; ".join(f"{row.test} {row.value:.3g}" for row in shown.itertuples()),
    )


_KINDS = {"attended": theme.MODEL, "random": theme.BASELINE, "yardstick": theme.OCHRE,
          "weights": theme.PLUM}  # fmt: skip


def _kind(test):
    first = test.split(" ")[0]
    return first if first in _KINDS else "yardstick"


def _compared(shown, measure, by_network):
    if by_network:
        return f"What attention does to the score: {_AXES.get(measure, measure)}"
    values = shown.set_index("test")["value"]
    attended, random = (values.get(f"{name} bases shuffled") for name in ("attended", "random"))
    if attended is None or random is None or measure in ("logit", "auROC") or random <= 0:
        return f"What attention does to the score: {_AXES.get(measure, measure)}"
    if measure == "flips":
        turned = f"{100 * attended:.0f} % of the calls, random ones {100 * random:.0f} %"
        return f"Attended bases turn {turned}"
    return f"Attended bases move the logit {attended / random:.1f} times as much as random ones"
