"""Letters: outlines that fill their square, and logos that draw every letter once."""

import dataclasses
import itertools
import re

import numpy as np
import pandas as pd
import pytest

from dragonn_lite.display import filters, glyphs, logos, tables, theme
from dragonn_lite.dna import motifs


def area(outline):
    x, y = np.array(outline).T
    return 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))


def crossings(outline):
    """Count pairs of edges that cross properly: touching, as along the bridge of the A, is none."""
    points = np.array(outline)
    edges = list(zip(points, np.roll(points, -1, axis=0), strict=True))

    def side(a, b, c):
        return np.sign(round((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]), 12))

    return sum(
        side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0
        for (a, b), (c, d) in itertools.combinations(edges, 2)
    )


@pytest.mark.parametrize("letter", "ACGTN")
def test_outlines_fill_the_unit_square(letter):
    outline = np.array(glyphs.outline(letter))
    assert outline.min() >= 0 and outline.max() <= 1
    assert outline[:, 1].min() <= 0.005 and outline[:, 1].max() >= 0.995
    assert outline[:, 0].min() <= 0.005 and outline[:, 0].max() >= 0.95
    assert len(outline) <= 120
    assert crossings(outline) == 0
    assert 0.3 < area(outline) < 0.7  # bold, with air


def test_the_hole_of_the_a_is_empty():
    x, y = np.array(glyphs.outline("A")).T
    # Winding number of a point in the hole, and of one in the crossbar.
    for point, expected in (((0.45, 0.5), 0), ((0.45, 0.3), 1)):
        angle = np.arctan2(y - point[1], x - point[0])
        steps = (np.diff(np.append(angle, angle[0])) + np.pi) % (2 * np.pi) - np.pi
        assert abs(round(steps.sum() / (2 * np.pi))) == expected


def test_an_unknown_letter():
    with pytest.raises(ValueError, match="letter is 'U'"):
        glyphs.outline("U")


def drawn_letters(chart):
    """The filled paths of an SVG by colour: their corners as arrays of (x, y), y downwards."""
    by_colour = {colour.lower(): base for base, colour in theme.BASE_COLOURS.items()}
    found = []
    for tag in re.findall(r"<path[^>]*>", theme.svg(chart)):
        fill = re.search(r'fill="(#[0-9a-fA-F]{6})"', tag)
        path = re.search(r' d="([^"]*)"', tag)
        if fill and path and fill[1].lower() in by_colour:
            numbers = np.array(re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", path[1]), float)
            found.append((by_colour[fill[1].lower()], numbers.reshape(-1, 2)))
    return found


def test_a_logo_draws_each_letter_once_and_negative_ones_hang():
    matrix = np.array([[1.0, 0, 0, -0.5], [0, 2.0, 0, 0], [0, 0, -1.0, 0]])
    letters = drawn_letters(logos.logo(matrix))
    assert sorted(base for base, _ in letters) == ["A", "C", "G", "T"]
    box = {base: (xy[:, 1].min(), xy[:, 1].max()) for base, xy in letters}
    zero = box["A"][1]
    assert box["C"][1] == pytest.approx(zero, abs=0.1)  # stand on the line
    assert box["T"][0] == pytest.approx(zero, abs=0.1)  # hang from it
    assert box["G"][0] == pytest.approx(zero, abs=0.1)
    heights = {base: low_high[1] - low_high[0] for base, low_high in box.items()}
    assert heights["C"] == pytest.approx(2 * heights["A"], rel=0.01)
    # Upside down: the bar of a hanging T is at the bottom, where the letter is widest.
    t = next(xy for base, xy in letters if base == "T")
    widest = t[np.abs(t[:, 0] - t[:, 0].mean()) > 0.45 * np.ptp(t[:, 0])]
    assert widest[:, 1].min() > t[:, 1].mean()


def test_letters_stand_over_their_ticks():
    (_, a), (_, c) = drawn_letters(logos.logo([[1.0, 0, 0, 0], [0, 1.0, 0, 0]]))
    assert abs(a[:, 0].mean() - c[:, 0].mean()) == pytest.approx(theme.WIDTH / 2, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_information_against_the_definition(seed):
    p = np.random.default_rng(seed).dirichlet([0.4] * 4, size=8)
    p[0] = [1, 0, 0, 0]
    for row, heights in zip(p, tables.information_heights(p), strict=True):
        bits = 2 + sum(value * np.log2(value) for value in row if value > 0)
        assert heights == pytest.approx(row * bits, abs=1e-12)


def test_motif_logo_kinds():
    motif = [[0.5, 0.5, 0, 0], [0.25, 0.25, 0.25, 0.25]]
    data = next(iter(logos.motif_logo(motif, kind="probability").to_dict()["datasets"].values()))
    assert data is not None
    letters = drawn_letters(logos.motif_logo(motif, kind="probability"))
    assert len(letters) == 6
    assert len(drawn_letters(logos.motif_logo(motif))) == 2  # no information, no letters


def test_the_table_of_best_match_is_taken_as_it_is():
    known = motifs.builtin("SPI1")
    learned = dataclasses.replace(known.reverse_complement(), name="filter_7")
    matches = motifs.best_match([learned])
    spec = filters.filters_beside_motifs([learned], matches, motifs.builtin_motifs()).to_dict()
    assert known.name in spec["description"] and "r = 1.00" in spec["description"]
    left, right = (spec["datasets"][column["data"]["name"]] for column in spec["hconcat"])
    learned, known = (
        {(row["position"], row["base"]): row["height"] for row in rows} for rows in (left, right)
    )
    assert learned == pytest.approx(known)  # bits on both sides, turned to the filter's strand


def test_a_reverse_match_is_drawn_reverse_complemented():
    motif = np.eye(4)[[0, 0, 1]]  # AAC, so its reverse complement is GTT
    matches = pd.DataFrame({"query": ["f"], "motif": ["m"], "strand": ["-"], "offset_bp": [2]})
    chart = filters.filters_beside_motifs({"f": np.eye(4)}, matches, {"m": motif})
    spec = chart.to_dict()
    rows = spec["datasets"][spec["hconcat"][1]["data"]["name"]]
    assert [(row["position"], row["base"]) for row in rows] == [(2, "G"), (3, "T"), (4, "T")]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: logos.logo(np.zeros((161, 4))), "161 positions, expected at most 160"),
        (lambda: logos.motif_logo([[1, 1, 0, 0]]), "sum to 2 at position 0"),
        (lambda: logos.motif_logo([[1, 0, 0, 0]], kind="bits"), "kind is 'bits'"),
        (lambda: logos.logo([[np.nan, 0, 0, 0]]), "matrix holds 1 of 4"),
        (lambda: logos.logo_stack({}), "motifs holds 0, expected 1 to 30"),
        (lambda: logos.logo_stack({"a": [[1, 0, 0, 0]]}, kind="x"), "kind is 'x'"),
        (
            lambda: filters.filters_beside_motifs(
                {"f": np.eye(4)}, pd.DataFrame({"query": ["f"], "motif": ["z"]}), {"m": np.eye(4)}
            ),
            "matches names 'z', which is not in motifs",
        ),
        (
            lambda: filters.filters_beside_motifs(
                {"f": np.eye(4)}, motifs.best_match([np.eye(4)]), motifs.builtin_motifs()
            ),
            "matches names '0', which is not in filters",
        ),
        (
            lambda: filters.filters_beside_motifs(
                {"f": np.eye(4)},
                pd.DataFrame({"query": ["f", "f"], "motif": ["m", "m"]}),
                {"m": np.eye(4)},
            ),
            "matches names 'f' twice",
        ),
    ],
)
def test_bad_input_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
