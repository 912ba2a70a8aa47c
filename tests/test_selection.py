"""Units that switch on over a range, and the same pattern elsewhere."""

import numpy as np
import pandas as pd
import pytest
import reference
from test_tracking import made

from dragonn_lite.interpretation.recurrent import cluster_states, match, select, tracking_units

SITES = pd.DataFrame(
    {
        "sequence": [0, 1, 1, 1],
        "motif": ["GATA1", "TAL1", "GATA1", "CTCF"],
        "start": [2, 8, 3, 20],
        "stop": [6, 12, 7, 30],
    }
)


def uneven(rng, n=4, n_steps=30, n_units=6):
    """States that stay on for a while."""
    return np.tanh(rng.normal(size=(n, n_steps, n_units)).cumsum(axis=1) / 2)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("margin_bp", [None, 0, 1, 4])
def test_selected_units_are_those_of_the_slow_version(seed, margin_bp):
    rng = np.random.default_rng(seed)
    states = made(uneven(rng, n_units=60))
    start = int(rng.integers(0, 26))
    stop = start + int(rng.integers(1, 5))
    sequence, threshold = int(rng.integers(4)), float(rng.uniform(0, 0.9))
    margin = 30 if margin_bp is None else margin_bp
    around = range(max(0, start - margin), min(30, stop + margin))
    others = [step for step in around if not start <= step < stop]
    known = reference.selected(states.hidden[sequence], range(start, stop), others, threshold)
    table = select(states, sequence, start, stop, threshold=threshold, margin_bp=margin_bp)
    assert sorted(table["unit"]) == known
    if margin_bp == 0:
        assert known
        assert table["highest_outside"].isna().all()
    contrast = table["lowest"] - table["highest_outside"].fillna(0)
    assert contrast.is_monotonic_decreasing


def test_a_state_at_the_threshold_is_on():
    states = made([[[0.5], [0.25]]])
    assert select(states, 0, 0, 1, threshold=0.5)["unit"].tolist() == [0]
    assert select(states, 0, 0, 1, threshold=0.25)["unit"].tolist() == []
    assert list(select(states, 0, 0, 1, threshold=2)) == [
        "unit", "direction", "lowest", "highest_outside",
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
def test_matches_are_those_of_the_slow_version_in_its_order(seed):
    rng = np.random.default_rng(seed)
    states = made(uneven(rng, n=12))
    units = rng.permutation(6)[: 1 + seed % 3].tolist()
    table = match(states, units, threshold=0.4, n=None)
    found = table.assign(last=table["stop"] - 1)
    found = found[["sequence", "start", "last", "units_on", "others_on"]]
    known = reference.matches(states.hidden.tolist(), units, 0.4)
    assert [tuple(row) for row in found.values.tolist()] == known
    assert len(known) > 8
    assert match(states, units, threshold=0.4, n=3).equals(table[:3])


def test_a_pattern_that_was_selected_is_found_where_it_was_planted():
    rng = np.random.default_rng(0)
    hidden = rng.uniform(-0.2, 0.2, (50, 40, 20))
    planted = rng.integers(5, 30, 50)
    for i, start in enumerate(planted):
        hidden[i, start : start + 6, [3, 11]] = 0.8
    states = made(hidden)
    sites = pd.DataFrame({"sequence": np.arange(50), "motif": "GATA1", "start": planted})
    sites["stop"] = sites["start"] + 6
    chosen = select(states, 7, int(planted[7]), int(planted[7]) + 6)
    assert sorted(chosen["unit"]) == [3, 11]
    places = match(states, chosen, sites=sites, n=None)
    assert places.sort_values("sequence")["start"].tolist() == planted.tolist()
    assert (places["stop"] - places["start"] == 6).all()
    assert (places["motif"] == "GATA1").all()
    assert (places["units_on"] == 2).all()


def test_steps_through_a_convolution_share_the_bases_out():
    hidden = np.zeros((1, 5, 2))
    hidden[0, 2] = 0.9
    starts, stops = np.arange(0, 20, 4), np.arange(0, 20, 4) + 10  # middles at 5, 9, 13, ...
    states = made(hidden, starts=starts, stops=stops)
    place = match(states, [0]).iloc[0]
    assert (place["start"], place["stop"]) == (11, 15)
    assert select(states, 0, 11, 15)["unit"].tolist() == [0, 1]
    assert select(states, 0, 14, 15)["unit"].tolist() == [0, 1]
    assert select(states, 0, 10, 15)["unit"].tolist() == []
    hidden[0, 0] = 0.9
    states = made(hidden, starts=starts, stops=stops)
    assert select(states, 0, 11, 15, margin_bp=4)["unit"].tolist() == [0, 1]
    assert select(states, 0, 11, 15, margin_bp=5)["unit"].tolist() == []
    assert match(states, [0], n=1)[["start", "stop"]].values.tolist() == [[0, 7]]  # to the end


def test_a_step_of_padding_alone_is_no_place():
    hidden = np.array([[[0.9], [0.1], [0.9]]], np.float32)
    states = made(hidden, starts=[0, 0, 2], stops=[0, 2, 4])
    assert match(states, [0])[["start", "stop"]].values.tolist() == [[2, 4]]


def test_places_tell_the_motifs_that_they_overlap_and_the_label():
    hidden = np.zeros((2, 40, 1))
    hidden[0, 6:9] = hidden[1, 5:9] = 0.9
    hidden[0, 5] = hidden[1, 35] = 0.9
    table = match(made(hidden), [0], sites=SITES, labels=[1, -1])
    assert table.values.tolist() == [
        [0, 5, 9, 1, 0, "GATA1", 1],
        [1, 5, 9, 1, 0, "GATA1, TAL1", -1],
        [1, 35, 36, 1, 0, "", -1],
    ]
    assert list(match(made(hidden), [0]))[-1] == "others_on"
    nothing = match(made(hidden), [0], threshold=2, sites=SITES, labels=[1, -1])
    assert list(nothing) == list(table)
    assert len(nothing) == 0


STATES = made(np.zeros((2, 8, 3)))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((2, 0, 3), "sequence is 2, but there are states of 2: expected 0 to 1"),
        ((-1, 0, 3), "sequence is -1, expected a whole number of at least 0"),
        ((0, 3, 3), "the range is 3 to 3, expected whole numbers with start before stop"),
        ((0, -1, 3), "from 0 to 8, the bases that are read"),
        ((0, 2, 9), "from 0 to 8, the bases that are read"),
        ((0, 2.5, 4), "the range is 2.5 to 4"),
    ],
)
def test_a_wrong_range_is_told(arguments, words):
    with pytest.raises(ValueError, match=words):
        select(STATES, *arguments)


def test_a_wrong_margin_or_threshold_is_told():
    with pytest.raises(ValueError, match="margin_bp is -1"):
        select(STATES, 0, 1, 2, margin_bp=-1)
    with pytest.raises(TypeError, match="threshold is '0.3', expected a number"):
        select(STATES, 0, 1, 2, threshold="0.3")
    with pytest.raises(TypeError, match="threshold is None, expected a number"):
        match(STATES, [0], threshold=None)


@pytest.mark.parametrize(
    ("units", "options", "words"),
    [
        ([], {}, "units is empty: no unit was selected"),
        (pd.DataFrame({"unit": []}), {}, "units is empty"),
        (pd.DataFrame({"row": [1]}), {}, "expected one named unit"),
        ([3], {}, r"units is \[3\], expected different whole numbers from 0 to 2"),
        ([1, 1], {}, "expected different whole numbers"),
        ([0.5], {}, "expected different whole numbers"),
        ([0], {"n": -1}, "n is -1"),
        ([0], {"labels": [1]}, "labels has shape"),
        ([0], {"labels": [[1], [0]]}, "labels have shape"),
        ([0], {"sites": pd.DataFrame({"start": [0]})}, "sites lacks the column sequence"),
    ],
)
def test_a_wrong_pattern_is_told(units, options, words):
    with pytest.raises(ValueError, match=words):
        match(STATES, units, **options)


@pytest.mark.parametrize(
    "function",
    [
        lambda states: select(states, 0, 1, 2),
        lambda states: match(states, [0]),
        lambda states: tracking_units(states, np.eye(3), rng=0),
        lambda states: cluster_states(states, 2, rng=0),
    ],
)
@pytest.mark.parametrize("states", [len, np.zeros((1, 2, 3))])
def test_what_is_no_states_is_told(function, states):
    with pytest.raises(TypeError, match=f"states is a {type(states).__name__}, expected what"):
        function(states)
