"""Tables against slow versions that read like the definition."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from dragonn_lite.display import tables


def slow_logo(matrix, start):
    rows = []
    for position, heights in enumerate(matrix):
        up = down = 0.0
        for height, base in sorted(
            zip(heights, "ACGT", strict=True), key=lambda letter: abs(letter[0])
        ):
            if height > 0:
                rows.append((position + start, base, height, up, up + height))
                up += height
            elif height < 0:
                rows.append((position + start, base, height, down, down + height))
                down += height
    return pd.DataFrame(rows, columns=["position", "base", "height", "y0", "y1"])


@pytest.mark.parametrize("seed", range(5))
def test_logo_table_equals_a_loop(seed):
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(30, 4)) * (rng.random((30, 4)) < 0.8)
    table = tables.logo_table(matrix, start=7)
    pd.testing.assert_frame_equal(table, slow_logo(matrix, 7), check_dtype=False)


def test_letters_of_a_position_do_not_overlap_and_negative_ones_hang():
    table = tables.logo_table([[0.2, -0.3, 0.5, -0.1]])
    spans = sorted(map(sorted, table[["y0", "y1"]].to_numpy().tolist()))
    assert all(before[1] <= after[0] + 1e-12 for before, after in pairwise(spans))
    hanging = table[table["height"] < 0]
    assert list(hanging["base"]) == ["T", "C"]
    assert (hanging["y1"] < hanging["y0"]).all() and (hanging["y0"] <= 0).all()


def test_an_empty_logo_keeps_its_columns():
    table = tables.logo_table(np.zeros((3, 4)))
    assert list(table.columns) == ["position", "base", "height", "y0", "y1"] and table.empty


def test_contributions_and_one_hot_read_the_same_letters():
    sequence = "ACGTNACG"
    one_hot = np.array([[base == letter for letter in "ACGT"] for base in sequence], np.uint8)
    table = tables.contribution_table(one_hot[None], np.arange(8.0), start=100)
    assert "".join(table["base"]) == sequence
    assert table["position"].tolist() == list(range(100, 108))
    cells = tables.one_hot_table(sequence).pivot(index="position", columns="base", values="value")
    assert np.array_equal(cells[list("ACGT")].to_numpy(), one_hot)


def test_lanes_keep_overlapping_sites_apart():
    rng = np.random.default_rng(3)
    start = rng.integers(0, 200, 40)
    sites = pd.DataFrame(
        {"motif": "M", "start": start, "stop": start + rng.integers(5, 30, 40), "strand": "+"}
    )
    bands = tables.site_table(sites)
    deepest = max(((bands.start <= p) & (bands.stop > p)).sum() for p in range(240))
    assert bands["lane"].max() + 1 == deepest  # no more lanes than sites over one base
    for _, lane in bands.groupby("lane"):
        assert (lane["start"].to_numpy()[1:] >= lane["stop"].to_numpy()[:-1]).all()


def test_labels_stay_within_the_axis_and_apart():
    sites = pd.DataFrame(
        {"motif": "a_long_name", "start": [0, 8, 92], "stop": [8, 16, 100], "strand": "+"}
    )
    bands = tables.site_table(sites, letter_bp=2, within=(0, 100))
    half = bands["label"].str.len()  # two bp a letter
    assert (bands["middle"] - half >= 0).all() and (bands["middle"] + half <= 100).all()
    assert bands["lane"].tolist() == [0, 1, 0]


def test_sites_of_one_sequence():
    sites = pd.DataFrame(
        {"sequence": [0, 1], "motif": "M", "start": 3, "stop": 9, "strand": ["+", "-"]}
    )
    assert tables.site_table(sites, sequence=1)["label"].tolist() == ["← M"]


@pytest.mark.parametrize("seed", range(3))
def test_a_thinned_curve_stays_within_the_tolerance(seed):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.random(20_000))
    y = np.sort(rng.random(20_000)) ** 0.3
    kept = tables.thin(x, y)
    assert kept[0] == 0 and kept[-1] == len(x) - 1 and len(kept) <= 800
    # Held against the vertical distance, which is never smaller than the distance itself.
    slope = np.gradient(y[kept], x[kept]).clip(0, None).max()
    assert np.abs(np.interp(x, x[kept], y[kept]) - y).max() <= 0.001 * np.hypot(1, slope)


def test_a_curve_that_is_too_rough_is_thinned_further():
    rng = np.random.default_rng(0)
    kept = tables.thin(np.linspace(0, 1, 5000), rng.random(5000), n_max=300)
    assert 2 < len(kept) <= 300


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: tables.logo_table([[0, 1, np.nan, 0]]), "matrix holds 1 of 4 values"),
        (lambda: tables.logo_table([[0, 1, 0]]), r"matrix has shape \(1, 3\)"),
        (lambda: tables.contribution_table("AC", [1.0]), r"contributions has shape \(1,\)"),
        (lambda: tables.contribution_table("AC", [1.0, np.inf]), "contributions holds 1 of 2"),
        (lambda: tables.contribution_table("AXC", [1.0]), "letter 'X'"),
        (lambda: tables.one_hot_table(np.zeros((2, 5, 4))), r"x\[0\]"),
        (lambda: tables.one_hot_table(""), "x is empty"),
        (lambda: tables.one_hot_table(np.ones((5, 4))), "not one-hot"),
        (lambda: tables.site_table(pd.DataFrame({"motif": ["M"]})), "no column 'start'"),
    ],
)
def test_bad_input_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_text_and_ragged_rows_are_no_heights():
    with pytest.raises(TypeError, match=r"matrix is text.*motifs.builtin\('CTCF'\)"):
        tables.as_matrix("CTCF")
    with pytest.raises(ValueError, match="motif is not a table of numbers"):
        tables.information_heights([[1, 0, 0, 0], [1]])
