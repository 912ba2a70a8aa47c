"""What was planted? Example sequences of each label with their sites, over where sites lie.

Call this as ``charts.simulation_picture(...)``: :mod:`dragonn_lite.display.charts` is its front
door.
"""

from __future__ import annotations

import json

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite.display import tables, theme

_N_GROUPS_MAX = 8
_ROW_PX = 15


def simulation_picture(
    simulation,
    *,
    n_examples: int = 4,
    n_bins: int = 40,
    title: str | None = None,
    subtitle: str | None = None,
) -> alt.VConcatChart:
    """Return a few sequences of each label with their planted sites, above a count by position.

    Sequences are grey lines, sites coloured bars whose arrow points along their strand; below,
    where the sites of all sequences lie. The examples are the first ones of each label, not
    selected.

    Parameters
    ----------
    simulation : Simulation
        Anything with ``sequences`` (n, length, 4), ``labels`` (n,) or (n, n_tasks), ``sites`` (a
        table of sites) and ``tasks`` (names of the labels' columns).
    n_examples : int
        Sequences drawn of each label, 1 to 10.
    n_bins : int
        Bins of the count, 5 to 100.
    title, subtitle : str, optional
        By default how many sequences and sites there are.

    Raises
    ------
    ValueError
        If there is no sequence, there are more than seven motifs, or `n_examples` or `n_bins` is
        out of range.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> sites = pd.DataFrame({"sequence": [0], "motif": ["SPI1"], "start": [40], "stop": [48],
    ...                       "strand": ["+"], "score": [9.0]})
    >>> simulated = SimpleNamespace(sequences=np.zeros((2, 100, 4), np.uint8),
    ...                             labels=np.array([1, 0]), sites=sites, tasks=("bound",))
    >>> simulation_picture(simulated).title.text
    ['1 planted site in 2 sequences of 100 bp']
    """
    if not 1 <= n_examples <= 10:
        raise ValueError(f"n_examples is {n_examples!r}, expected 1 to 10")
    if not 5 <= n_bins <= 100:
        raise ValueError(f"n_bins is {n_bins!r}, expected 5 to 100")
    sites = simulation.sites
    tables.require_columns(sites, ["sequence", "motif", "start", "stop", "strand"], "sites")
    n, length = np.shape(simulation.sequences)[:2]
    if not n:
        raise ValueError("simulation holds no sequence, expected at least one to draw")
    colours = motif_colours(simulation)
    groups = label_groups(np.asarray(simulation.labels), simulation.tasks)
    drawn = first_groups(groups)
    rows = example_rows(drawn, n_examples)
    x_scale = alt.Scale(domain=[0, length], nice=False)
    # The count below carries the axis, where there is one.
    panels = [examples(rows, sites, colours, length, x_scale, axis=not len(sites))]
    if len(sites):
        counts = _position_counts(sites, groups, np.ndim(simulation.labels), length, n_bins)
        panels.append(_count_lines(counts, colours, x_scale))
    finding = (
        f"{tables.counted(len(sites), 'planted site')} in {tables.counted(n, 'sequence')} "
        f"of {length:,} bp"
    )
    finding = finding if title is None else title
    said = _count_words(groups, sites, colours)
    if len(drawn) < len(groups):
        said[0] += f"; {len(groups) - len(drawn)} of the {len(groups)} labels are not drawn"
    lines = said if subtitle is None else [subtitle]
    return alt.vconcat(*panels, spacing=8).properties(
        title=theme.heading(finding, lines), description=f"{finding}. {'. '.join(said)}."
    )


def _count_words(groups: dict, sites: pd.DataFrame, motifs) -> list[str]:
    counted = sites["motif"].value_counts()
    labels = "; ".join(f"{name} {len(members):,}" for name, members in groups.items())
    planted = "; ".join(f"{name} {counted[name]:,}" for name in motifs)
    return [f"sequences: {labels}", *([f"sites: {planted}"] if planted else [])]


def motif_colours(simulation) -> dict[str, str]:
    """Slate, ochre, sage, plum, then greys; the legend names each."""
    names = list(dict.fromkeys(simulation.sites["motif"]))
    known = [motif.name for motif in getattr(simulation, "motifs", ())]
    names = sorted(names, key=lambda name: known.index(name) if name in known else len(known))
    palette = (*theme.SERIES, *theme.BASELINES)
    if len(names) > len(palette):
        raise ValueError(
            f"simulation plants {len(names)} motifs, expected at most {len(palette)}: draw some "
            "with simulation.take(...)"
        )
    return dict(zip(names, palette, strict=False))


def label_groups(labels: np.ndarray, tasks) -> dict[str, np.ndarray]:
    """Rows of each label, bound first; of several tasks, each set of bound tasks is a label."""
    if labels.ndim == 1:
        groups = {"bound": labels == 1, "unbound": labels == 0, "ambiguous": labels < 0}
    else:
        names = [
            " + ".join(task for task, y in zip(tasks, row, strict=True) if y == 1) or "none"
            for row in labels.tolist()
        ]
        order = sorted(set(names), key=lambda name: (name == "none", name.count(" + "), name))
        groups = {name: np.array([other == name for other in names]) for name in order}
    return {name: np.flatnonzero(rows) for name, rows in groups.items() if rows.any()}


def first_groups(groups: dict) -> dict:
    """As many labels as a picture can hold, the sequences without any among them."""
    kept = list(groups)[:_N_GROUPS_MAX]
    if "none" in groups and "none" not in kept:
        kept[-1] = "none"
    return {name: groups[name] for name in kept}


def example_rows(groups: dict, n_examples: int) -> pd.DataFrame:
    parts, first = [], 0.0
    for name, members in groups.items():
        chosen = members[:n_examples]
        lane = first + np.arange(len(chosen))
        parts.append(pd.DataFrame({"group": name, "sequence": chosen, "lane": lane}))
        # A gap between labels, and room for a label of several lines.
        first += max(len(chosen), 0.9 * (name.count(" + ") + 1)) + 0.9
    return pd.concat(parts, ignore_index=True)


def examples(rows, sites, colours, length, x_scale, *, axis: bool) -> alt.LayerChart:
    """Sequences as grey lines, their sites as bars with an arrow."""
    middles = rows.groupby("group", sort=False)["lane"].mean()
    last = float(rows["lane"].max()) + 0.6
    names = {f"{value:.3f}": name for name, value in middles.items()}
    y = alt.Y(
        "lane:Q",
        title=None,
        scale=alt.Scale(domain=[last, -0.6], nice=False, zero=False),
        axis=alt.Axis(
            values=list(middles),
            labelExpr=f"split({json.dumps(names)}[format(datum.value, '.3f')], ' + ')",
            ticks=False,
            domain=False,
            labelLimit=_AXIS_PX,
            labelFontSize=11,
            minExtent=_AXIS_PX,
            maxExtent=_AXIS_PX,
            labelOverlap=False,
        ),
    )
    shown, title = (alt.Axis(format=",d"), "position (bp)") if axis else (None, None)
    x = alt.X("start:Q", scale=x_scale, axis=shown, title=title)
    drawn = rows.assign(start=0, stop=length)
    planted = sites.merge(rows, on="sequence")
    planted = planted.assign(
        tip=np.where(planted["strand"] == "+", planted["stop"], planted["start"]),
        top=planted["lane"] - 0.25,
        bottom=planted["lane"] + 0.25,
    )
    layers = [alt.Chart(drawn).mark_rule(color="#BBBBBB", strokeWidth=2).encode(x, y, x2="stop:Q")]
    if len(planted):
        layers += _site_marks(planted, colours, x, y, x_scale)
    height = int(_ROW_PX * (last + 0.6))
    return alt.layer(*layers).properties(width=_PLOT_PX, height=height)


def _site_marks(planted, colours, x, y, x_scale) -> list[alt.Chart]:
    colour = _motif_colour(colours)
    tooltip = [
        alt.Tooltip("motif:N"),
        alt.Tooltip("start:Q", title="start (bp)"),
        alt.Tooltip("stop:Q", title="stop (bp)"),
        alt.Tooltip("strand:N"),
    ]
    base = alt.Chart(planted)
    body = base.mark_rect().encode(
        x, alt.Y("top:Q", scale=y["scale"], axis=y["axis"], title=None), colour,
        x2="stop:Q", y2="bottom:Q", tooltip=tooltip,
    )  # fmt: skip
    tips = [
        base.transform_filter(f"datum.strand === '{strand}'")
        .mark_point(filled=True, shape=shape, size=110, opacity=1)
        .encode(alt.X("tip:Q", scale=x_scale, title=x["title"]), y, colour, tooltip=tooltip)
        for strand, shape in (("+", "triangle-right"), ("-", "triangle-left"))
    ]
    return [body, *tips]


def _position_counts(sites, groups, labels_ndim, length, n_bins) -> pd.DataFrame:
    """Sites a bin, for each motif; bound and unbound apart where there is one task."""
    width = next(w for w in _NICE_BP if length / w <= n_bins)
    edges = np.arange(0, length + width, width)
    middle = (sites["start"] + sites["stop"]) / 2
    parts = []
    for label, members in groups.items() if labels_ndim == 1 else [("all", None)]:
        of_label = sites["sequence"].isin(members) if members is not None else sites["start"] >= 0
        for motif in dict.fromkeys(sites.loc[of_label, "motif"]):
            count = np.histogram(middle[of_label & (sites["motif"] == motif)], edges)[0]
            # The last step needs an end; the last bin may be cut by the end of the sequence.
            start = np.minimum(edges, length)
            count = np.append(count, count[-1])
            parts.append(
                pd.DataFrame({"start": start, "count": count, "motif": motif, "label": label})
            )
    return pd.concat(parts, ignore_index=True).assign(width_bp=width)


def _count_lines(counts: pd.DataFrame, colours: dict, x_scale: alt.Scale) -> alt.Chart:
    labels = list(dict.fromkeys(counts["label"]))
    dashes = alt.Scale(domain=labels, range=[[1, 0], [4, 3], [1, 2]][: len(labels)])
    legend = alt.Legend(title=None, orient="top") if len(labels) > 1 else None
    return (
        alt.Chart(counts)
        .mark_line(interpolate="step-after", strokeWidth=1.8)
        .encode(
            alt.X("start:Q", title="position (bp)", scale=x_scale, axis=alt.Axis(format=",d")),
            alt.Y(
                "count:Q",
                title=["sites in", f"{counts['width_bp'].iloc[0]} bp"],
                axis=alt.Axis(tickCount=3, minExtent=_AXIS_PX - 24, maxExtent=_AXIS_PX - 24),
            ),
            _motif_colour(colours),
            strokeDash=alt.StrokeDash("label:N", scale=dashes, legend=legend),
            tooltip=["motif:N", "label:N", alt.Tooltip("start:Q", format=".0f"), "count:Q"],
        )
        .properties(width=_PLOT_PX, height=80)
    )


_NICE_BP = (1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 10**9)
_AXIS_PX = 110
_PLOT_PX = theme.WIDTH - 60


def _motif_colour(colours: dict) -> alt.Color:
    legend = alt.Legend(
        title=None, orient="top", labelLimit=300, symbolType="square", symbolStrokeWidth=0
    )
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color("motif:N", scale=scale, legend=legend)
