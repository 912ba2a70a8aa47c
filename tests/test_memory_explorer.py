"""The memory explorer: what it shows against slow counts, and its widget driven from Python."""

import dataclasses
import html
import re
from types import SimpleNamespace

import altair as alt
import ipywidgets
import numpy as np
import pandas as pd
import pytest

from dragonn_lite.display import charts, memory_cells, theme, widgets
from dragonn_lite.display import memory_panels as panels
from dragonn_lite.display import memory_state as ms
from dragonn_lite.display import memory_units as units
from dragonn_lite.display.memory_recording import Recording, alike
from dragonn_lite.display.memory_state import MemoryState, view
from dragonn_lite.dna.sequences import decode
from dragonn_lite.interpretation.recurrent import match, select

N, LENGTH, UNITS = 5, 40, 6
SITES = pd.DataFrame(
    {"sequence": [0, 1, 3], "motif": ["SPI1", "IRF", "SPI1"], "start": [10, 20, 4],
     "stop": [16, 26, 10], "strand": ["+", "-", "+"]}
)  # fmt: skip
LABELS = np.array([1, 0, 1, 0, -1])


def states(hidden, *, directions=None, starts=None, stops=None, cell="LSTM"):
    n_steps, n_units = hidden.shape[1:]
    rng = np.random.default_rng(5)
    names = {"LSTM": ("input", "forget", "output", "candidate"), "GRU": ("update", "reset")}
    hidden = hidden.astype(np.float32)
    return SimpleNamespace(
        cell=cell,
        hidden=hidden,
        memory=3 * hidden if cell == "LSTM" else None,
        gates={name: rng.random(hidden.shape, np.float32) for name in names[cell]},
        directions=np.array(["forward"] * n_units if directions is None else directions),
        starts=np.arange(n_steps) if starts is None else starts,
        stops=np.arange(n_steps) + 1 if stops is None else stops,
    )


def hidden_of(n=N, length=LENGTH, n_units=UNITS, seed=0):
    """Unit 1 and 4 are on inside the sites and nowhere else; the others are not at all."""
    hidden = np.random.default_rng(seed).uniform(-1, 0.25, (n, length, n_units))
    for site in SITES[SITES["sequence"] < n].itertuples():
        hidden[site.sequence, site.start : site.stop, [1, 4]] = [[0.8], [0.6]]
    return hidden


def sequences(n=N, length=LENGTH, seed=1):
    return np.eye(4, dtype=np.uint8)[np.random.default_rng(seed).integers(0, 4, (n, length))]


def outputs(n=N, length=LENGTH, seed=2):
    return np.random.default_rng(seed).normal(size=(n, length)).cumsum(axis=1)


def recording(**changes):
    given = {
        "states": states(hidden_of()),
        "sequences": sequences(),
        "temporal_output": outputs(),
        "select": select,
        "match": match,
        "sites": SITES,
        "labels": LABELS,
        "tracks": {"grammar": np.where(np.arange(LENGTH) < 20, "outside", "inside")[None].repeat(N, 0)},
    }  # fmt: skip
    return Recording(**(given | changes))


def both_directions(**changes):
    read = states(hidden_of(), directions=["forward"] * 3 + ["backward"] * 3, cell="GRU")
    output = {"forward": outputs(), "backward": outputs(seed=3)}
    return recording(states=read, temporal_output=output, **changes)


def pooled(**changes):
    """Ten steps of four bases, of which each reads six."""
    starts = 4 * np.arange(9)
    read = states(hidden_of(length=9), starts=starts, stops=starts + 6)
    return recording(states=read, **changes)


def spec_of(there, **state):
    return panels.view_chart(view(there, MemoryState(**state))).to_dict()


def layers(spec):
    for panel in spec["vconcat"]:
        for layer in panel["layer"]:
            data = layer.get("data") or panel["data"]  # one table for all layers stands above them
            yield panel["name"], layer, spec["datasets"][data["name"]]


def framed(spec, panel, kind):
    return [
        (row["x"], row["x2"], row["y"], row["y2"])
        for name, _, rows in layers(spec)
        for row in rows
        if name == panel and row.get("kind") == kind
    ]


def n_rows(spec):
    return sum(map(len, spec["datasets"].values()))


# --- a recording ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_units_that_are_alike_against_scipy(seed):
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(4, 30, 3)) @ rng.normal(size=(3, 12)) + rng.normal(size=(4, 30, 12))
    distance = 1 - np.corrcoef(hidden.reshape(-1, 12).T)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    expected = fcluster(tree, 0.5, "distance")
    found = alike(hidden, ["forward"] * 12)
    same = np.equal.outer(expected, expected)
    assert np.array_equal(np.equal.outer(found, found), same) and 1 < len(set(found)) < 12
    assert set(found) == set(range(len(set(found))))


def test_units_of_two_directions_are_never_alike():
    one = np.sin(np.arange(60.0)).reshape(2, 30, 1)
    there = np.concatenate([one, one, one, np.zeros_like(one)], axis=2)
    found = alike(there, ["forward", "backward", "forward", "backward"])
    assert found[0] == found[2] != found[1] and len(set(found)) == 3  # one unit never changes


def test_rows_stand_by_direction_and_cluster():
    there = both_directions(clusters=np.array([2, 0, 2, 0, 7, 0]))
    assert there.order.tolist() == [1, 0, 2, 3, 5, 4]
    table = units.rows(there)
    assert table["unit"].tolist() == there.order.tolist()
    assert table["cluster"].tolist() == [1, 2, 2, 3, 3, 4]
    assert (table["y"].to_numpy()[1:] >= table["y2"].to_numpy()[:-1]).all()
    for row in table.itertuples():
        middle = (row.y + row.y2) / 2 / table["y2"].max()
        assert units.unit_at(there, middle) == row.unit


def test_cells_end_where_select_says_that_steps_end():
    from dragonn_lite.interpretation import selection

    for there in (recording(), pooled()):
        assert np.array_equal(there.edges + 0.5, selection._edges(there.states))
    assert recording().edges[:3].tolist() == [-0.5, 0.5, 1.5]
    assert pooled().edges[[0, 1, -1]].tolist() == [-0.5, 4.5, 37.5]


def test_what_was_recorded_and_how_far_its_colours_reach():
    there = recording()
    assert list(there.quantities) == ["hidden", "memory", "input", "forget", "output", "candidate"]
    assert list(both_directions().quantities) == ["hidden", "update", "reset"]
    largest = np.abs(there.states.hidden).max()
    assert there.limit("hidden") == pytest.approx(largest)
    assert there.limit("memory") == pytest.approx(3 * largest)
    assert there.limit("forget") == 1
    assert Recording(states(np.zeros((N, LENGTH, 2))), sequences(), outputs()).limit("hidden") == 1


# --- what is found -------------------------------------------------------------------------------


def test_the_units_of_a_site_and_where_they_are_on_again():
    seen = view(recording(), MemoryState(pattern=(0, 10, 16)))
    assert seen.found.units == (1, 4)
    assert [tuple(place) for place in seen.found.places] == [
        (1, 20, 26, "IRF", "unbound"),
        (3, 4, 10, "SPI1", "unbound"),
    ]
    assert seen.words() == "2 units are on over 10 to 15 of sequence 0 and off elsewhere"
    assert seen.match_words() == "2 other places where they are on together"
    assert [place.sequence for place in seen.listed] == [0, 1, 3]
    assert seen.here == [(10, 16, True)]
    there = view(recording(), MemoryState(sequence=3, pattern=(0, 10, 16)))
    assert there.here == [(4, 10, False)] and there.state.unit == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"threshold": 0.7}, "Unit 1 is on over 10 to 15 of sequence 0 and off elsewhere"),
        ({"threshold": 0.9}, "No unit is on over 10 to 15 of sequence 0 and off elsewhere"),
        ({"margin_bp": 5}, "2 units are on over 10 to 15 of sequence 0 and off 5 bp around"),
        ({"pattern": (0, 9, 16)}, "No unit is on over 9 to 15 of sequence 0 and off elsewhere"),
    ],
)
def test_the_words_follow_what_is_asked(changes, words):
    seen = view(recording(), MemoryState(**{"pattern": (0, 10, 16)} | changes))
    assert seen.words() == words
    if not seen.found.units:
        assert seen.match_words() == "no unit whose other places could be sought"


def test_a_margin_is_what_select_is_asked_for():
    hidden = hidden_of()
    hidden[0, 30, 1] = 0.9  # on again, further away
    there = recording(states=states(hidden))
    assert view(there, MemoryState(pattern=(0, 10, 16))).found.units == (4,)
    near = view(there, MemoryState(pattern=(0, 10, 16), margin_bp=10))
    assert set(near.found.units) == {1, 4}
    alone = view(there, MemoryState(pattern=(0, 10, 16), margin_bp=10, threshold=0.7))
    assert [tuple(place)[:3] for place in alone.found.places] == [
        (1, 20, 26),
        (3, 4, 10),
        (0, 30, 31),
    ]


def test_places_where_only_some_of_the_units_are_on_are_left_out():
    hidden = hidden_of()
    hidden[1, 20:26, 4] = 0
    seen = view(recording(states=states(hidden)), MemoryState(pattern=(0, 10, 16)))
    assert [place.sequence for place in seen.found.places] == [3]
    assert seen.match_words() == "1 other place where they are on together"


def test_nothing_is_sought_twice():
    asked = []

    def counted(*args, **options):
        asked.append(args[1:])
        return select(*args, **options)

    there = recording(select=counted)
    for _ in range(2):
        view(there, MemoryState(pattern=(0, 10, 16)))
        view(there, MemoryState(sequence=2, pattern=(0, 10, 16), step=7, unit=2))
        view(there, MemoryState(pattern=(1, 10, 16)))
    assert asked == [(0, 10, 16), (1, 10, 16)]


def test_bases_that_no_step_reads_have_no_unit():
    assert view(pooled(), MemoryState(pattern=(0, 38, 40))).found.units == ()
    view(pooled(), MemoryState(pattern=(0, 30, 40)))  # partly read


# --- words of the output -------------------------------------------------------------------------


@pytest.mark.parametrize("step", [None, 0, 1, 17, LENGTH - 1])
def test_what_the_output_does_against_a_slow_count(step):
    there = recording()
    seen = view(there, MemoryState(sequence=2, step=step))
    values, letters = there.temporal_output["forward"][2], decode(there.sequences)[2]
    changes = [values[i] - values[i - 1] for i in range(1, LENGTH)]
    if step is None:
        at = int(np.argmax(np.abs(changes))) + 1
        expected = f"bound: logit {values[-1]:.2f}; moved most, {changes[at - 1]:+.2f} by "
        expected += f"{letters[at]} at {at}"
    elif step == 0:
        expected = f"bound: logit {values[0]:.2f} after 1 of 40 bases"
    else:
        expected = f"bound: logit {values[step]:.2f} after {step + 1} of 40 bases, "
        expected += f"{changes[step - 1]:+.2f} by {letters[step]} at {step}"
    assert seen.words() == expected.replace("-", "−")


def test_a_network_that_reads_from_the_right():
    values = outputs()
    read = states(hidden_of(), directions=["backward"] * UNITS)
    there = recording(states=read, temporal_output={"backward": values})
    letters = decode(there.sequences)[0]
    seen = view(there, MemoryState(step=30))
    change = values[0, 30] - values[0, 31]
    expected = f"bound: logit {values[0, 30]:.2f} after 10 of 40 bases, {change:+.2f} by "
    assert seen.words() == expected.replace("-", "−") + f"{letters[30]} at 30"
    assert view(there, MemoryState()).at.tolist() == [0] * UNITS  # where its reading ends
    assert (
        view(there, MemoryState())
        .words()
        .startswith(f"bound: logit {values[0, 0]:.2f}".replace("-", "−"))
    )
    spec = spec_of(there, step=30)
    for panel in ("range_output", "range_letters", "range_units", "range_gates"):
        assert [row[:2] for row in framed(spec, panel, "veil")] == [(-0.5, 29.5)]


def test_both_directions_end_at_their_own_end():
    there = both_directions()
    assert view(there, MemoryState()).at.tolist() == [39, 39, 39, 0, 0, 0]
    assert view(there, MemoryState(step=7)).at.tolist() == [7] * 6
    spec = spec_of(there, step=7)
    veils = framed(spec, "range_units", "veil")
    table = units.rows(there).groupby("direction")
    assert veils == [
        (7.5, 39.5, table["y"].min()["forward"], table["y2"].max()["forward"]),
        (-0.5, 6.5, table["y"].min()["backward"], table["y2"].max()["backward"]),
    ]
    # A letter has been read by one of the two.
    assert framed(spec, "range_letters", "veil") == framed(spec, "range_output", "veil") == []
    for unit, expected in ((0, (7.5, 39.5)), (5, (-0.5, 6.5))):
        assert [
            v[:2] for v in framed(spec_of(there, step=7, unit=unit), "range_gates", "veil")
        ] == [expected]


# --- moves ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_moves_keep_the_window_in_the_sequence_and_the_step_in_the_window(seed):
    rng = np.random.default_rng(seed)
    length = int(rng.integers(10, 600))
    there = SimpleNamespace(length=length, states=SimpleNamespace(starts=np.arange(length)))
    state = ms.moved(there, MemoryState(), window=(0, min(length, 120)))
    for _ in range(50):
        if rng.random() < 0.5:
            ends = sorted(rng.choice(length + 1, 2, replace=False).tolist())
            state = ms.moved(there, state, window=tuple(ends))
            if min(10, length) <= ends[1] - ends[0] <= 160:
                assert state.window == tuple(ends)
        else:
            step = int(rng.integers(length))
            state = ms.moved(there, state, step=step)
            assert state.window[0] <= step < state.window[1]
        start, stop = state.window
        assert 0 <= start < stop <= length and min(10, length) <= stop - start <= 160
    assert ms.moved(there, state, sequence=3) == dataclasses.replace(
        state, sequence=3, window=None, step=None
    )


def test_another_range_forgets_the_unit_and_a_place_is_shown():
    there = SimpleNamespace(length=500, states=SimpleNamespace(starts=np.arange(500)))
    state = MemoryState(window=(0, 120), unit=3, step=9)
    assert ms.moved(there, state, pattern=(0, 1, 5)).unit is None
    assert ms.moved(there, state, threshold=0.5).unit is None
    assert ms.moved(there, state, step=4).unit == 3
    found = ms.shown(there, state, (0, 300, 312))
    assert (found.window, found.step) == ((246, 366), None)
    assert ms.shown(there, state, (0, 50, 62)).window == (0, 120)
    assert ms.shown(there, state, (4, 490, 500)).window == (380, 500)


def test_a_long_sequence_is_shown_in_part():
    there = recording(
        states=states(hidden_of(length=500)), sequences=sequences(length=500),
        temporal_output=outputs(length=500), tracks={},
    )  # fmt: skip
    seen = view(there, MemoryState())
    assert seen.state.window == (0, 120)
    spec = panels.view_chart(seen).to_dict()
    assert spec["vconcat"][0]["name"] == "whole"
    whole = [
        rows
        for name, layer, rows in layers(spec)
        if name == "whole" and layer["mark"]["type"] == "line"
    ]
    assert max(row["x"] for row in whole[0]) == 499
    short = [panel["name"] for panel in spec_of(recording())["vconcat"]]
    assert short == ["range_output", "range_letters", "range_units", "range_gates"]


# --- cells ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_max", [30, 200, 10_000])
def test_cells_are_few_and_near_to_the_values(n_max):
    values = np.random.default_rng(4).normal(size=(80, 9)).cumsum(axis=0) / 10
    table = memory_cells.merged(values, n_max)
    assert len(table) <= n_max
    drawn = np.full(values.shape, np.nan)
    for row in table.itertuples():
        assert np.isnan(drawn[row.first : row.stop, row.row]).all()
        drawn[row.first : row.stop, row.row] = row.value
    error = np.abs(drawn - values).max()
    tolerance = 0.05
    while memory_cells.merged(values, 10**9, tolerance=tolerance).shape[0] > n_max:
        tolerance *= 2
    assert error <= tolerance / 2 + 1e-12
    if n_max == 10_000:
        assert error <= 0.025 + 1e-12


def test_colours_are_symmetric_about_white():
    ends = memory_cells.colours([-1, 1, 0, -5, 5])
    assert ends == [theme.NEGATIVE, theme.POSITIVE, "#FFFFFF", theme.NEGATIVE, theme.POSITIVE]


def test_each_cell_has_the_colour_of_its_value():
    there = recording()
    there.states.hidden[0, 12, 2], there.states.hidden[0, 13, 2] = 0.9, -0.9
    spec = spec_of(there, window=(10, 30))
    rows = units.rows(there).set_index("unit")
    drawn = next(r for name, _, r in layers(spec) if name == "range_units")
    at = {row["x"]: row for row in drawn if row["y_px"] == rows["y"][2]}
    limit = there.limit("hidden")
    for base in (12, 13):
        value = float(there.states.hidden[0, base, 2]) / limit
        assert at[base - 0.5]["value"] == pytest.approx(value, abs=0.001)
        assert at[base - 0.5]["colour"] == memory_cells.colours([round(value, 3)])[0]
    assert min(at) >= 9.5 and max(row["x2"] for row in drawn) <= 29.5


# --- the picture ---------------------------------------------------------------------------------


def test_units_that_are_found_are_marked_where_they_are_on():
    there = recording()
    spec = spec_of(there, pattern=(0, 10, 16))
    table = units.rows(there).set_index("unit")
    boxes = framed(spec, "range_units", "on")
    assert sorted(boxes) == sorted(
        (9.5, 15.5, table["y"][unit] - 0.5, table["y2"][unit] - 0.5) for unit in (1, 4)
    )
    assert {
        row["text"] for _, _, rows in layers(spec) for row in rows if "▶" in row.get("text", "")
    } == {"1 ▶", "4 ▶"}
    for panel in ("range_output", "range_letters", "range_gates"):
        assert [row[:2] for row in framed(spec, panel, "range")] == [(9.5, 15.5)]
    elsewhere = spec_of(there, sequence=3, pattern=(0, 10, 16))
    assert [row[:2] for row in framed(elsewhere, "range_letters", "match")] == [(3.5, 9.5)]
    listed = next(rows for name, _, rows in layers(elsewhere) if name == "matches")
    assert [row["where"] for row in listed] == [
        "sequence 0, 10 to 15", "sequence 1, 20 to 25", "sequence 3, 4 to 9"]  # fmt: skip
    assert [row["here"] for row in listed] == ["", "", "▶"]
    assert [row["motif"] for row in listed] == ["the range", "IRF", "SPI1"]
    assert [row["label"] for row in listed] == ["bound", "unbound", "unbound"]


def test_what_is_still_to_be_read_is_veiled():
    spec = spec_of(recording(), step=12, window=(5, 30))
    for panel in ("range_output", "range_letters", "range_units", "range_gates"):
        assert [row[:2] for row in framed(spec, panel, "veil")] == [(12.5, 29.5)]
    for panel in ("range_letters", "range_units", "range_gates"):
        assert [row[:2] for row in framed(spec, panel, "read")] == [(11.5, 12.5)]
    assert framed(spec_of(recording()), "range_units", "veil") == []
    assert framed(spec_of(recording(), step=12, window=(20, 40)), "range_letters", "read") == []
    strided = spec_of(pooled(), step=3)
    assert framed(strided, "range_letters", "read")[0][:2] == (11.5, 17.5)  # all that it reads
    assert framed(strided, "range_units", "read")[0][:2] == tuple(pooled().edges[3:5])
    assert framed(strided, "range_output", "veil")[0][:2] == (17.5, 39.5)
    assert framed(strided, "range_units", "veil")[0][0] == pooled().edges[4]


def test_bars_are_the_states_of_the_step():
    there = recording()
    for state, step in (({"step": 12}, 12), ({}, 39)):
        for quantity in ("hidden", "memory", "forget"):
            spec = spec_of(there, sequence=1, quantity=quantity, **state)
            rows = next(r for _, _, r in layers(spec) if r and "x2_px" in r[0])
            values = there.values(quantity)[1, step]
            for row in rows:
                assert row["value"] == pytest.approx(values[row["unit"]], abs=0.001)
                share = values[row["unit"]] / there.limit(quantity)
                assert row["x2_px"] - row["x_px"] == pytest.approx(units._BAR_PX * share, rel=1e-4)


def test_the_gates_of_the_unit_are_written_beside_it():
    there = recording()
    spec = spec_of(there, sequence=1, unit=3, step=12)
    words = [
        row["text"]
        for name, _, rows in layers(spec)
        for row in rows
        if name == "range_gates" and "text" in row
    ]
    expected = [
        f"{name} {there.values(key)[1, 12, 3]:+.2f}".replace("-", "−")
        for key, name in there.quantities.items()
    ]
    assert words == expected
    assert spec["vconcat"][-1]["title"]["text"] == "inside unit 3; numbers: after 12"
    text = spec["description"]
    assert "Just read: " in text and "grammar: outside" in text and "unit 3: hidden state" in text


@pytest.mark.parametrize(("n_units", "length"), [(128, 160), (32, 150), (64, 2000)])
def test_the_picture_holds_few_rows_however_large(n_units, length):
    rng = np.random.default_rng(0)
    half = n_units // 2
    read = states(
        rng.uniform(-1, 1, (2, length, n_units)),
        directions=["forward"] * half + ["backward"] * half,
    )
    output = {name: rng.normal(size=(2, length)) for name in ("forward", "backward")}
    tracks = {name: rng.integers(0, 5, (2, length)) for name in ("one", "two")}
    there = Recording(read, sequences(2, length), output, select, match, tracks=tracks)
    window = (0, min(length, 160))
    assert n_rows(spec_of(there, window=window, pattern=(0, 10, 12), step=20)) < 5000


def test_the_picture_is_as_wide_as_others():
    for there in (recording(), both_directions()):
        drawn = theme.svg(panels.view_chart(view(there, MemoryState(pattern=(0, 10, 16), step=20))))
        assert 560 <= float(re.search('width="([0-9.]+)"', drawn)[1]) <= 640


def test_the_twin_takes_a_state_and_is_plain():
    chart = charts.memory_chart(recording(), sequence=2, step=3)
    assert isinstance(chart, alt.VConcatChart)
    assert chart.title.text == [view(recording(), MemoryState(sequence=2, step=3)).words()]
    with pytest.raises(TypeError, match="colour"):
        charts.memory_chart(recording(), colour="red")


# --- what is refused -----------------------------------------------------------------------------


def broken(**changes):
    read = states(hidden_of())
    for name, value in changes.items():
        setattr(read, name, value)
    return read


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"sequences": "ACGT"}, TypeError, "sequences is text"),
        ({"sequences": sequences()[:0]}, ValueError, "expected at least one sequence"),
        ({"sequences": sequences(N, 2001)}, ValueError, "of 1 to 2,000 bp"),
        ({"states": 5}, ValueError, "states is a int without hidden"),
        ({"states": states(hidden_of(4))}, ValueError, r"states.hidden has shape \(4, 40, 6\)"),
        ({"states": states(np.zeros((N, LENGTH, 129)))}, ValueError, "states has 129 units"),
        ({"states": broken(memory=np.zeros(3))}, ValueError, r"states.memory has shape \(3,\)"),
        ({"states": broken(directions=["forward"])}, ValueError, "states.directions has shape"),
        ({"states": broken(stops=np.arange(LENGTH) + 2)}, ValueError, "reads beyond base 39"),
        ({"states": broken(hidden=np.full((N, LENGTH, UNITS), np.nan))}, ValueError,
         "states.hidden holds 1200 of 1200 values that are NaN"),
        ({"temporal_output": outputs()[:, :5]}, ValueError, r"temporal_output has shape \(5, 5\)"),
        ({"temporal_output": {"up": outputs()}}, ValueError, r"temporal_output has the keys \['up'\]"),
        ({"temporal_output": outputs() * np.nan}, ValueError, "temporal_output holds 200 of 200"),
        ({"select": 5}, TypeError, "select is 5, expected a callable"),
        ({"match": None}, ValueError, "select and match are given one without the other"),
        ({"sites": SITES.drop(columns="strand")}, ValueError, "sites has no column 'strand'"),
        ({"labels": LABELS[:2]}, ValueError, r"labels has shape \(2,\)"),
        ({"labels": np.zeros((N, 2), int)}, ValueError, "those of one task"),
        ({"tracks": {"grammar": np.zeros(4)}}, ValueError, r"tracks\['grammar'\] has shape \(4,\)"),
        ({"clusters": [1, 2]}, ValueError, r"clusters has shape \(2,\), expected \(6,\)"),
    ],
)  # fmt: skip
def test_wrong_recordings_are_a_sentence(arguments, error, words):
    with pytest.raises(error, match=words):
        recording(**arguments)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"sequence": 5}, "sequence is 5, expected 0 to 4"),
        ({"sequence": None}, "sequence is None, expected a whole number"),
        ({"unit": 6}, "unit is 6, expected 0 to 5"),
        ({"step": 40}, "step is 40, expected 0 to 39"),
        ({"step": 0.5}, "step is 0.5, expected a whole number"),
        ({"quantity": "update"}, "quantity is 'update', expected one of hidden, memory"),
        ({"threshold": 1.5}, "threshold is 1.5, expected a number from 0 to 1"),
        ({"margin_bp": 0}, "margin_bp is 0, expected a whole number of at least 1"),
        ({"window": (0, 5)}, "expected 10 to 160 bp between its ends"),
        ({"window": (10, 41)}, "within 0 to 40"),
        ({"window": 7}, "expected a start and a later stop"),
        ({"pattern": (0, 12, 10)}, "expected a start and a later stop"),
        ({"pattern": (9, 10, 12)}, "expected a sequence of 0 to 4"),
        ({"pattern": (10, 12)}, "expected a sequence, a start and a stop"),
    ],
)
def test_wrong_choices_are_a_sentence(state, words):
    with pytest.raises(ValueError, match=words):
        charts.memory_chart(recording(), **state)


def test_a_range_needs_something_that_seeks():
    alone = recording(select=None, match=None)
    with pytest.raises(ValueError, match="no select and match to seek it"):
        charts.memory_chart(alone, pattern=(0, 1, 3))
    with pytest.raises(TypeError, match="recording is a dict, expected a Recording"):
        widgets.memory_explorer({})


# --- the widget ----------------------------------------------------------------------------------


@pytest.fixture
def explorer():
    return widgets.memory_explorer(recording())


def walk(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def control(explorer, label):
    """Find a control by what a reader is told: its description."""
    return next(w for w in walk(explorer) if label in getattr(w, "description", ""))


def picture(explorer):
    return explorer.children[-1].picture


def said(explorer):
    """What is told to screen readers."""
    return html.unescape(re.search('role="status"[^>]*>([^<]*)<', explorer.children[-2].value)[1])


def press(explorer, panel, first, last=None, down=0.5):
    """What the script sends when the mouse goes down and up."""
    last = first if last is None else last
    content = {"panel": panel, "from": first, "to": last, "down": down}
    explorer.children[-1]._handle_custom_msg(content, [])


def shows_its_twin(explorer):
    chosen = {f.name: getattr(explorer.explored, f.name) for f in dataclasses.fields(MemoryState)}
    return picture(explorer) == theme.svg(charts.memory_chart(recording(), **chosen))


def test_each_control_changes_state_and_picture(explorer):
    steps = [
        ("Range", (10, 16), lambda s: s.pattern == (0, 10, 16)),
        ("On from", 0.7, lambda s: s.threshold == 0.7),
        ("and off", 5, lambda s: s.margin_bp == 5),
        ("Colours show", "memory", lambda s: s.quantity == "memory"),
        ("Go to", 1, lambda s: s.sequence == 1 and s.pattern == (0, 10, 16)),
        ("Read to", 22, lambda s: s.step == 22),
        ("Unit", 3, lambda s: s.unit == 3),
        ("Window", (10, 30), lambda s: s.window == (10, 30)),
        ("Sequence", 3, lambda s: s.sequence == 3 and s.step is None),
    ]
    for label, value, reached in steps:
        before = picture(explorer)
        control(explorer, label).value = value
        assert reached(explorer.explored), (label, explorer.explored)
        assert control(explorer, label).value == value
        assert picture(explorer) != before, label
        assert said(explorer) == explorer.view.said()
    assert shows_its_twin(explorer)
    assert control(explorer, "Go to").value == 2  # the match that is shown
    control(explorer, "Clear").click()
    assert explorer.explored.pattern is None and control(explorer, "Range").value == (0, 0)
    assert control(explorer, "Go to").disabled and control(explorer, "Clear").disabled


def test_no_list_is_ever_blank(explorer):
    lists = [w for w in walk(explorer) if isinstance(w, ipywidgets.Dropdown)]
    assert len(lists) == 3 and all(each.label for each in lists)
    control(explorer, "Range").value = (10, 16)
    control(explorer, "and off").value = 20
    for sequence in (2, 1, 0):
        control(explorer, "Sequence").value = sequence
        assert all(each.label for each in lists)
    assert control(explorer, "Go to").label.startswith("sequence 0, 10 to 15: the range")
    control(explorer, "and off").value = 0
    assert explorer.explored.margin_bp is None
    assert control(explorer, "and off").label == "elsewhere"


def test_a_range_is_dragged_and_its_match_pressed(explorer):
    for panel in ("range_letters", "range_units", "range_output", "range_gates"):
        control(explorer, "Clear").click()
        press(explorer, panel, 10.5 / LENGTH, 15.5 / LENGTH)
        assert explorer.explored.pattern == (0, 10, 16), panel
    assert explorer.view.found.units == (1, 4) and explorer.view.state.unit == 1
    assert control(explorer, "Range").value == (10, 16)
    assert said(explorer).startswith(
        "2 units are on over 10 to 15 of sequence 0 and off elsewhere. 2 other"
    )
    options = [words for words, _ in control(explorer, "Go to").options]
    assert options[1:] == [
        "sequence 1, 20 to 25: IRF, unbound",
        "sequence 3, 4 to 9: SPI1, unbound",
    ]
    press(explorer, "matches", 0.3, down=2.5 / 3)
    assert explorer.explored.sequence == 3 and explorer.explored.pattern == (0, 10, 16)
    press(explorer, "matches", 0.3, down=0)
    assert explorer.explored.sequence == 0
    press(explorer, "range_letters", 20.5 / LENGTH, 12.5 / LENGTH)  # to the left
    assert explorer.explored.pattern == (0, 12, 21)
    control(explorer, "Sequence").value = 1
    press(explorer, "range_units", 1.0, 0.9)
    assert explorer.explored.pattern == (1, 36, 40)


def test_where_no_unit_fits_it_says_what_to_try(explorer):
    def line():
        return explorer.children[-2].value

    press(explorer, "range_units", 10.5 / LENGTH, 15.5 / LENGTH)
    assert "No unit fits" not in line()
    control(explorer, "On from").value = 0.95
    assert explorer.view.found.units == () and "No unit fits: lower “On from”, or " in line()
    control(explorer, "Clear").click()
    assert "No unit fits" not in line() and "Drag over letters" in line()


def test_every_place_can_be_reached_from_the_one_before():
    hidden = hidden_of()
    hidden[0, [25, 26, 32, 33]] = hidden[0, 10]  # the same pattern twice more in one sequence
    explorer = widgets.memory_explorer(recording(states=states(hidden)))
    control(explorer, "and off").value = 5
    press(explorer, "range_letters", 10.5 / LENGTH, 15.5 / LENGTH)
    box = control(explorer, "Go to")
    assert box.value == 0 and len(box.options) == 5
    for i in (1, 2, 3, 4, 3, 0):
        box.value = i
        assert box.value == i
        assert explorer.explored.sequence == explorer.view.everywhere[i].sequence


def test_a_press_reads_up_to_a_letter_or_looks_into_a_unit(explorer):
    press(explorer, "range_letters", 12.5 / LENGTH)
    assert explorer.explored.step == 12 == control(explorer, "Read to").value
    press(explorer, "range_output", 1.0)
    assert explorer.explored.step == LENGTH - 1
    table = units.rows(recording())
    for row in table.itertuples():
        press(explorer, "range_units", 0.5, down=(row.y + row.y2) / 2 / table["y2"].max())
        assert explorer.explored.unit == row.unit == control(explorer, "Unit").value
    assert explorer.explored.step == LENGTH - 1  # only the unit is another one


def test_steps_by_buttons(explorer):
    first, back, next_, end = (control(explorer, word) for word in ("First", "Back", "Next", "All"))
    back.click()
    assert explorer.explored.step == LENGTH - 2
    first.click()
    assert explorer.explored.step == 0
    back.click()
    assert explorer.explored.step == 0
    for step in (1, 2, 3):
        next_.click()
        assert explorer.explored.step == step == control(explorer, "Read to").value
    assert said(explorer).startswith("bound: logit") and "after 4 of 40 bases" in said(explorer)
    assert shows_its_twin(explorer)
    end.click()
    assert explorer.explored.step is None and control(explorer, "Read to").value == LENGTH - 1
    next_.click()
    assert explorer.explored.step == LENGTH - 1


def test_steps_from_the_right():
    read = states(hidden_of(), directions=["backward"] * UNITS)
    there = widgets.memory_explorer(recording(states=read, temporal_output={"backward": outputs()}))
    assert control(there, "Read to").value == 0
    control(there, "First").click()
    assert there.explored.step == LENGTH - 1
    control(there, "Next").click()
    assert there.explored.step == LENGTH - 2
    control(there, "Back").click()
    assert there.explored.step == LENGTH - 1


def test_the_window_is_dragged_and_follows_the_step():
    there = recording(
        states=states(hidden_of(length=300)), sequences=sequences(length=300),
        temporal_output=outputs(length=300), tracks={},
    )  # fmt: skip
    explorer = widgets.memory_explorer(there)
    press(explorer, "whole", 0.5, 0.6)
    assert explorer.explored.window == (150, 180)
    control(explorer, "Read to").value = 200
    assert explorer.explored.window == (185, 215)
    press(explorer, "whole", 0.0)
    assert explorer.explored.window == (0, 30)
    press(explorer, "range_letters", 0.5)
    assert explorer.explored.step == 15
    control(explorer, "Window").value = (0, 300)
    assert control(explorer, "Window").value == explorer.explored.window == (70, 230)


def test_without_select_no_range_is_offered():
    explorer = widgets.memory_explorer(recording(select=None, match=None))
    labels = {getattr(w, "description", "") for w in walk(explorer)}
    assert not {"Range", "On from", "and off", "Go to", "Clear"} & labels
    press(explorer, "range_letters", 0.1, 0.4)
    assert explorer.explored.pattern is None
    assert "Drag" not in explorer.children[-2].value


def test_every_control_has_a_label_and_the_picture_a_text(explorer):
    shown = (ipywidgets.HTML, ipywidgets.Box, ipywidgets.Label)
    for widget in walk(explorer):
        if hasattr(widget, "picture") or isinstance(widget, shown):
            continue
        assert widget.description.strip(), widget
    label = html.unescape(re.search(r'aria-label="([^"]*)"', picture(explorer))[1])
    assert label.startswith("bound: logit") and "labelled bound, 40 bp" in label


def test_the_panels_that_are_pressed_are_in_the_picture(explorer):
    control(explorer, "Range").value = (10, 16)
    groups = re.findall(r'class="[^"]*\b(\w+)_group', picture(explorer))
    assert {"range_output", "range_letters", "range_units", "range_gates", "matches"} <= set(groups)
    assert explorer.children[-1].cells["matches"] == [1, 3]


def test_without_vl_convert_the_chart_itself_is_shown(monkeypatch):
    monkeypatch.setattr(theme, "can_draw", lambda: False)
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    monkeypatch.setattr("IPython.display.clear_output", lambda wait: None)
    explorer = widgets.memory_explorer(recording())
    assert isinstance(explorer.children[-1], ipywidgets.Output)
    control(explorer, "Read to").value = 4
    assert [type(chart) for chart in shown] == [alt.VConcatChart] * 2
    assert "Press" not in explorer.children[-2].value
