"""What was learned? The filters of a first layer beside the known motifs they look like.

Call this as ``charts.filters_beside_motifs(...)``: :mod:`dragonn_lite.display.charts` is its front
door.
"""

from __future__ import annotations

import altair as alt
import pandas as pd

from dragonn_lite.display import tables, theme
from dragonn_lite.display.glyphs import letter_marks, with_outlines
from dragonn_lite.display.logos import as_named, name_motifs, position_x, zero_rule

_COLUMN_PX = 240


def filters_beside_motifs(
    filters,
    matches: pd.DataFrame,
    motifs,
    *,
    title: str = "",
    subtitle: str = "",
    row_height: int = 52,
) -> alt.HConcatChart:
    """Return the filters of a first layer beside the best known motif of each.

    Parameters
    ----------
    filters : mapping of name to Motif or array (width, 4), or a list of Motif
        Motifs are drawn in bits; arrays are weights, drawn signed, each row on its own scale. At
        most 30.
    matches : pandas.DataFrame
        As :func:`dna.motifs.best_match` makes it: ``query`` (the filter) and ``motif``; if there
        are any also ``strand`` (``"-"`` draws the reverse complement), ``offset_bp`` (from the
        filter's first position to the motif's) and ``correlation``. A filter without a row
        stands alone.
    motifs : mapping of name to Motif or array (width, 4), or a list of Motif
        Holds every motif that `matches` names.

    Raises
    ------
    ValueError
        If `matches` names an unknown filter or motif, or a filter twice.

    Examples
    --------
    >>> table = pd.DataFrame({"query": ["filter 0"], "motif": ["A box"], "correlation": [0.9]})
    >>> chart = filters_beside_motifs({"filter 0": [[1, -1, 0, 0]]}, table,
    ...                               {"A box": [[1, 0, 0, 0]]})
    >>> len(chart.hconcat)
    2
    """
    filters, motifs = name_motifs(filters), as_named(motifs)
    known = _matched_heights(filters, matches, motifs)
    in_bits = all(hasattr(motif, "probabilities") for motif in filters.values())
    heights = tables.information_heights if in_bits else tables.as_matrix
    left = [tables.logo_table(heights(m)).assign(logo=name) for name, m in filters.items()]
    # A filter without a match keeps its row: one letter of no height holds the place.
    right = [(known[name][1] if name in known else _blank()).assign(logo=name) for name in filters]
    left, right = _visible(pd.concat(left)), _visible(pd.concat(right))
    first = int(min(0, right["position"].min()))
    last = int(max(left["position"].max(), right["position"].max()))
    labels = {name: known[name][0] if name in known else "no match" for name in filters}
    column = {"first": first, "n": last - first + 1, "height": row_height, "names": list(filters)}

    def bits():
        return alt.Y("y:Q", title="bits", scale=alt.Scale(domain=[0, 2]))

    learned = _logo_column(
        left.assign(label=left["logo"]),
        **column,
        y=bits() if in_bits else alt.Y("y:Q", title="weight"),
        x_title="learned, position (bp)",
    )
    chart = alt.hconcat(
        learned if in_bits else learned.resolve_scale(y="independent"),
        _logo_column(
            right.assign(label=right["logo"].map(labels)),
            **column,
            y=bits(),
            x_title="most similar known motif, position (bp)",
        ),
        spacing=20,
    )
    said = "; ".join(f"{name}: {label}" for name, label in labels.items())
    return chart.properties(
        title=theme.heading(title, subtitle), description=f"{title or 'Filters'}. {said}."
    )


def _matched_heights(filters: dict, matches: pd.DataFrame, motifs: dict) -> dict:
    """For each filter with a match: its label and the logo table of the motif, shifted."""
    tables.require_columns(matches, ["query", "motif"], "matches")
    found = {}
    for row in matches.assign(query=matches["query"].astype(str)).to_dict("records"):
        name = row["query"]
        if name in found:
            raise ValueError(f"matches names {name!r} twice, expected one motif for each filter")
        for what, known in ((name, filters), (row["motif"], motifs)):
            if what not in known:
                where = "filters" if known is filters else "motifs"
                raise ValueError(f"matches names {what!r}, which is not in {where}")
        heights = tables.information_heights(motifs[row["motif"]])
        reverse = row.get("strand", "+") == "-"
        label = f"{row['motif']}{' (−)' if reverse else ''}"
        if "correlation" in row:
            label += f", r = {row['correlation']:.2f}"
        oriented = heights[::-1, ::-1] if reverse else heights
        found[name] = (label, tables.logo_table(oriented, start=int(row.get("offset_bp", 0))))
    return found


def _visible(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out letters lower than half a pixel, which are most of those of many motifs."""
    heights = table.groupby("logo")["height"]
    highest = heights.transform(lambda height: height.abs().max())
    return table[table["height"].abs() >= 0.01 * highest]


def _blank() -> pd.DataFrame:
    return pd.DataFrame({"position": [0], "base": ["N"], "height": [0.0], "y0": [0.0], "y1": [0.0]})


def _logo_column(table, *, first, n, height, names, y, x_title) -> alt.FacetChart:
    y.axis = alt.Axis(tickCount=2, titlePadding=2, minExtent=24, maxExtent=24)
    x = position_x(first, n, _COLUMN_PX)
    x.title = x_title
    label = (
        alt.Chart()
        .transform_aggregate(n="count()", groupby=["logo", "label"])
        .mark_text(align="left", baseline="bottom")
        .encode(text="label:N", x=alt.value(2), y=alt.value(-3))
    )
    rows = alt.layer(zero_rule(), letter_marks(alt.Chart(), x=x, y=y), label)
    rows = rows.properties(width=_COLUMN_PX, height=height)
    # Names stand over the rows, and rows are spaced by their frames alone ("flush"): headers and
    # tick labels would shift one column against the other.
    row = alt.Row("logo:N", sort=names, header=alt.Header(labels=False, title=None))
    return with_outlines(rows.facet(row=row, data=table, spacing=30, bounds="flush"))
