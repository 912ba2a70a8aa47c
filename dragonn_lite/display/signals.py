"""From a signal to labels: along a stretch of genome, and as a histogram with its two thresholds.

Call these as ``charts.signal_track(...)``: :mod:`dragonn_lite.display.charts` is their front door.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite._contract import as_labels, as_number
from dragonn_lite.display import tables, theme

N_WINDOWS_MAX = 1000
_COLOURS = {"unbound": theme.BASELINE, "ambiguous": theme.OCHRE, "bound": theme.MODEL}
_NAMES = {0: "unbound", -1: "ambiguous", 1: "bound"}
_N_BINS = 80
_LANE_PX = 46


def signal_track(
    windows: pd.DataFrame,
    signal,
    labels,
    *,
    positive_at: float | None = None,
    negative_at: float | None = None,
    sites: pd.DataFrame | None = None,
    signal_title: str = "fragments in the window",
    title: str | None = None,
) -> alt.VConcatChart:
    """Return the signal of windows along a stretch of genome, coloured by label, over its sites.

    Parameters
    ----------
    windows : pandas.DataFrame (n rows)
        ``chromosome``, ``start``, ``stop`` of at most 1,000 windows of one chromosome.
    signal : array (n,)
        One number a window; NaN where it is missing.
    labels : array (n,)
        1 bound, 0 unbound, -1 ambiguous.
    positive_at, negative_at : float, optional
        The thresholds that made the labels: two rules.
    sites : pandas.DataFrame, optional
        ``chromosome``, ``start``, ``stop``, ``score``, ``occupancy`` (0 to 1); those within the
        stretch are drawn below, as high as they are occupied.
    signal_title : str
        What the signal is, with its unit.
    title : str, optional
        The finding, by default how many windows are bound.

    Raises
    ------
    ValueError
        If lengths differ, there is no window or too many, they lie on several chromosomes, or a
        label is not 1, 0 or -1.

    Examples
    --------
    >>> windows = pd.DataFrame({"chromosome": "I", "start": [0, 200], "stop": [200, 400]})
    >>> chart = signal_track(windows, [3.0, 40.0], [0, 1], positive_at=20, negative_at=8)
    >>> chart.title.text
    ['1 of 2 windows is bound']
    """
    tables.require_columns(windows, ["chromosome", "start", "stop"], "windows")
    signal, labels = _one_a_window(signal, labels, len(windows))
    if not 0 < len(windows) <= N_WINDOWS_MAX:
        raise ValueError(
            f"windows has {len(windows):,} rows, expected 1 to {N_WINDOWS_MAX:,}: pass a stretch"
        )
    chromosomes = windows["chromosome"].unique()
    if len(chromosomes) > 1:
        raise ValueError(f"windows lie on {len(chromosomes)} chromosomes, expected one: pick it")
    table = windows[["start", "stop"]].assign(
        signal=signal, zero=0, label=[_NAMES[y] for y in labels.tolist()]
    )
    domain = [int(table["start"].min()), int(table["stop"].max())]
    x = _along(domain, None if sites is not None else f"position on {chromosomes[0]} (bp)")
    at, dashed = _thresholds(positive_at, negative_at)
    panels = [_bars(table, x, at, signal_title)]
    said = [dashed, _missing_words(signal)]
    if sites is not None:
        tables.require_columns(
            sites, ["chromosome", "start", "stop", "score", "occupancy"], "sites"
        )
        inside = (sites["stop"] > domain[0]) & (sites["start"] < domain[1])
        shown = sites[inside & (sites["chromosome"] == chromosomes[0])]
        panels.append(_lane(shown, _along(domain, f"position on {chromosomes[0]} (bp)")))
        said.append(f"below: {tables.counted(len(shown), 'site')}, by the share of time occupied")
    n_bound = int((labels == 1).sum())
    are = "is" if n_bound == 1 else "are"
    finding = title if title is not None else f"{n_bound:,} of {len(labels):,} windows {are} bound"
    said = "; ".join(line for line in said if line)
    return alt.vconcat(*panels, spacing=4).properties(
        title=theme.heading(finding, said),
        description=f"{finding}. Signal of {len(labels)} windows on {chromosomes[0]} from "
        f"{domain[0]:,} to {domain[1]:,} bp: {_counts_words(labels)}. {said}.",
    )


def signal_histogram(
    signal,
    labels,
    *,
    positive_at: float | None = None,
    negative_at: float | None = None,
    signal_title: str = "fragments in the window",
    title: str | None = None,
    subtitle: str = "",
) -> alt.LayerChart:
    """Return how many windows have how much signal, coloured by label, on a log scale.

    Parameters
    ----------
    signal, labels : array (n,)
        As in :func:`signal_track`, of any number of windows.
    positive_at, negative_at : float, optional
        The thresholds that made the labels: two rules.
    signal_title : str
        What the signal is, with its unit.
    title, subtitle : str, optional
        The finding (by default which shares are bound and ambiguous); then method, data and n.

    Raises
    ------
    ValueError
        If lengths differ, no window has a signal, one is infinite, or a label is not 1, 0 or -1.

    Examples
    --------
    >>> chart = signal_histogram([1, 2, 2, 9, 30], [0, 0, 0, -1, 1], positive_at=20, negative_at=8)
    >>> chart.title.text
    ['20.0 % of 5 windows are bound, 20.0 % ambiguous']
    """
    signal, labels = _one_a_window(signal, labels, np.size(signal))
    known = ~np.isnan(signal)
    if not known.any():
        raise ValueError("signal holds no number, expected that of at least one window")
    table = _histogram(signal[known], labels[known], negative_at)
    bound, ambiguous = (100 * (labels == y).mean() for y in (1, -1))
    finding = (
        f"{bound:.1f} % of {len(labels):,} windows are bound, {ambiguous:.1f} % ambiguous"
        if title is None
        else title
    )
    most = 2 * float(table["count"].max())
    scale = alt.Scale(type="log", domain=[0.5, most], nice=False)
    axis = alt.Axis(values=[10.0**power for power in range(9)], format="~s", minExtent=34)
    edges = [float(table["low"].min()), float(table["high"].max())]
    x = alt.X("low:Q", title=signal_title, scale=alt.Scale(domain=edges, nice=False))
    bars = (
        alt.Chart(table)
        .mark_rect(opacity=0.85, stroke="white", strokeWidth=0.3)
        .encode(
            x,
            alt.Y("count:Q", title="windows (log scale)", scale=scale, axis=axis),
            x2="high:Q",
            y2="floor:Q",
            color=_label_colour(),
            tooltip=[
                alt.Tooltip("low:Q", title="signal from", format="~g"),
                alt.Tooltip("high:Q", title="to below", format="~g"),
                alt.Tooltip("count:Q", title="windows", format=",d"),
                "label:N",
            ],
        )
    )
    at, dashed = _thresholds(positive_at, negative_at)
    shown = pd.DataFrame({"low": [value for value in at if edges[0] <= value <= edges[1]]})
    rules = alt.Chart(shown).mark_rule(color=theme.INK, strokeDash=[5, 3]).encode(x)
    said = [line for line in (_counts_words(labels), dashed, _missing_words(signal)) if line]
    return alt.layer(*([bars, rules] if len(shown) else [bars])).properties(
        width=theme.WIDTH,
        height=200,
        title=theme.heading(finding, [line for line in (subtitle, "; ".join(said)) if line]),
        description=f"{finding}. Histogram of the signal. {'; '.join(said)}.",
    )


def _one_a_window(signal, labels, n) -> tuple[np.ndarray, np.ndarray]:
    signal = np.asarray(signal, dtype=float)
    if signal.shape != (n,):
        raise ValueError(f"signal has shape {signal.shape}, expected one number a window: ({n},)")
    if np.isinf(signal).any():
        raise ValueError(f"signal holds {np.isinf(signal).sum()} infinite values: leave them out")
    labels = as_labels(labels, n)
    if labels.ndim == 2:
        raise ValueError(f"labels have shape {labels.shape}, expected one task: pass a column")
    return signal, labels


def _thresholds(positive_at, negative_at) -> tuple[list[float], str]:
    """Where rules stand, and what they say."""
    given = {"unbound below": negative_at, "bound from": positive_at}
    given = {name: as_number(at, name) for name, at in given.items() if at is not None}
    words = ", ".join(f"{name} {at:g}" for name, at in given.items())
    return list(given.values()), f"dashed: {words}" if words else ""


def _along(domain: list[int], title: str | None) -> alt.X:
    axis = alt.Axis(format=",d", tickCount=6, labels=title is not None, ticks=title is not None)
    return alt.X("start:Q", title=title, scale=alt.Scale(domain=domain, nice=False), axis=axis)


def _label_colour() -> alt.Color:
    legend = alt.Legend(title=None, orient="top", symbolType="square", symbolStrokeWidth=0)
    return alt.Color("label:N", scale=theme.colour_scale(_COLOURS), legend=legend)


def _bars(table: pd.DataFrame, x: alt.X, thresholds: list[float], title: str) -> alt.LayerChart:
    y = alt.Y("signal:Q", title=title, axis=alt.Axis(tickCount=5, minExtent=theme.AXIS_PX))
    bars = (
        alt.Chart(table[table["signal"].notna()])
        .mark_rect(stroke="white", strokeWidth=0.4 if len(table) <= 150 else 0)
        .encode(
            x,
            y,
            x2="stop:Q",
            y2="zero:Q",
            color=_label_colour(),
            tooltip=[
                alt.Tooltip("start:Q", title="start (bp)", format=",d"),
                alt.Tooltip("stop:Q", title="stop (bp)", format=",d"),
                alt.Tooltip("signal:Q", format=".4~g"),
                "label:N",
            ],
        )
    )
    rules = alt.Chart(pd.DataFrame({"signal": thresholds}))
    rules = rules.mark_rule(color=theme.INK, strokeDash=[5, 3]).encode(y)
    layers = [bars, rules] if thresholds else [bars]
    return alt.layer(*layers).properties(width=theme.WIDTH, height=180)


def _lane(sites: pd.DataFrame, x: alt.X) -> alt.LayerChart:
    """Pins as high as their sites are occupied; an open head where nothing binds."""
    table = pd.DataFrame(
        {
            "start": (sites["start"] + sites["stop"]) / 2,
            "score": sites["score"],
            "occupancy": sites["occupancy"],
            "zero": 0,
            "head": np.where(sites["occupancy"] > 0, theme.INK, "white"),
        }
    )
    y = alt.Y(
        "occupancy:Q",
        title="occupied",
        scale=alt.Scale(domain=[0, 1.15], nice=False),
        axis=alt.Axis(values=[0, 1], format="%", minExtent=theme.AXIS_PX),
    )
    base = alt.Chart(table).encode(x, y)
    tooltip = [
        alt.Tooltip("start:Q", title="middle of the site (bp)", format=",.0f"),
        alt.Tooltip("score:Q", title="score (bits)", format=".1f"),
        alt.Tooltip("occupancy:Q", format=".0%"),
    ]
    return alt.layer(
        base.mark_rule(color=theme.INK).encode(y2="zero:Q"),
        base.mark_point(size=26, strokeWidth=1.2, opacity=1, stroke=theme.INK).encode(
            fill=alt.Fill("head:N", scale=None), tooltip=tooltip
        ),
    ).properties(width=theme.WIDTH, height=_LANE_PX)


def _histogram(signal: np.ndarray, labels: np.ndarray, anchor: float | None) -> pd.DataFrame:
    """Windows of each label in bins of one width; whole numbers are not parted unevenly."""
    width = (np.ptp(signal) or 1.0) / _N_BINS
    if (signal == signal.round()).all():
        width = max(1.0, float(np.ceil(width)))
    anchor = float(signal.min()) if anchor is None else float(anchor)  # no bin across the threshold
    number = np.floor((signal - anchor) / width).astype(int)
    counts = pd.DataFrame({"number": number, "label": labels}).value_counts().reset_index()
    # Where one bin holds two labels, the smaller count stands in front.
    counts = counts.sort_values(["count", "number"], ascending=[False, True], ignore_index=True)
    low = anchor + counts["number"] * width
    names = counts["label"].map(_NAMES)
    return counts.assign(low=low, high=low + width, floor=0.5, label=names)


def _counts_words(labels: np.ndarray) -> str:
    return ", ".join(f"{(labels == y).sum():,} {_NAMES[y]}" for y in (1, -1, 0))


def _missing_words(signal: np.ndarray) -> str:
    n = int(np.isnan(signal).sum())
    return f"{tables.counted(n, 'window')} without signal not drawn" if n else ""
