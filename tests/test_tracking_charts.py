"""Pictures of units that follow a property, and of automata: valid, drawn, small, right."""

import re

import numpy as np
import pandas as pd
import pytest
from test_clusters import NAMES, read, remembered
from test_display import fields, house_theme
from test_tracking import made, switching

from dragonn_lite.display import charts, theme
from dragonn_lite.interpretation.recurrent import cluster_states, tracking_units

__all__ = ["house_theme"]  # a fixture that is used for all tests here

SITES = pd.DataFrame({"sequence": [0, 2, 2], "motif": ["SPI1", "IRF", "SPI1"],
                      "start": [3, 5, 20], "stop": [9, 12, 29]})  # fmt: skip


def followed(seed=0, n=40, n_steps=30):
    return switching(n, n_steps, np.random.default_rng(seed))


def held(n_units=40, strength=1.0, kind=1):
    """States of which unit 1 holds the property, and unit 2 its opposite."""
    property_ = followed() * kind
    hidden = np.random.default_rng(1).normal(size=(*property_.shape, n_units)) * 0.2
    hidden[:, :, 1] += strength * property_
    hidden[:, :, 2] -= strength * property_ / 2
    return made(hidden), property_


def table(**options):
    states, property_ = held(**options)
    return tracking_units(states, property_, rng=0)


def traced(n_states=3):
    rng = np.random.default_rng(0)
    grammar = read(30, 40, rng).clip(max=n_states - 1)
    states = made(remembered(grammar, rng, noise=0.8))
    return cluster_states(states, 5, rng=0).automaton(grammar, NAMES[:n_states], rng=0)


def course(unit=1, labels=None, **options):
    states, property_ = held(n_units=4)
    labels = np.arange(40) % 2 if labels is None else labels
    return charts.unit_course(states, unit, property_, labels, **options)


def ring(n_states):
    """Each state leads to the next and the one opposite."""
    steps = [(i, (i + k) % n_states, 1 / k) for i in range(n_states) for k in (1, n_states // 2)]
    rows = [(f"state {i}", f"state {j}", times, times / 2) for i, j, times in steps]
    return pd.DataFrame(rows, columns=["state", "next", "traced", "grammar"])


LONG = "A finding that takes many words to say, more than fit into a single line of the title"
CASES = {
    "units": lambda: charts.tracking_units(table(), property_name="inside", subtitle="n = 40"),
    "units, none follows": lambda: charts.tracking_units(table(strength=0, n_units=3), title=LONG),
    "units, counts": lambda: charts.tracking_units(table(kind=3), n_units=100),
    "unit, one": lambda: charts.tracking_units(table()[:1]),
    "course": lambda: course(sites=SITES, subtitle="LSTM", title=LONG),
    "course, one label": lambda: course(labels=np.r_[np.ones(2), -np.ones(38)], n_examples=6),
    "course, many": lambda: course(n_examples=6, sites=SITES[:0]),
    "automata": lambda: charts.automata(traced().transitions, traced().agreement, subtitle="LSTM"),
    "automata, two states": lambda: charts.automata(traced(2).transitions, title=LONG),
    "automata, eight states": lambda: charts.automata(ring(8)),
    "automata, nothing changes": lambda: charts.automata(
        pd.DataFrame(
            [["a", "a", 3.0, 2.0], ["b", "b", 1.0, 2.0]],
            columns=["state", "next", "traced", "grammar"],
        )
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_chart(name):
    chart = CASES[name]()
    spec = chart.to_dict()  # altair validates it against the schema
    assert len(spec["description"]) > 20
    assert max(len(rows) for rows in spec["datasets"].values()) < 5000
    for definition in fields(spec):
        assert "type" in definition or set(definition) <= {"field", "title"}, definition
    picture = theme.svg(chart)
    paths = "".join(re.findall(r' (?:d|x|y|transform)="([^"]*)"', picture))
    assert "NaN" not in paths and "Infinity" not in paths
    width = float(re.search(r'width="([\d.]+)"', picture)[1])
    assert 555 <= width <= 645, f"{width} px wide"
    titles = re.findall(r'role-axis-title".*?<text[^>]*>([^<]*)', picture, re.DOTALL)
    assert all(title.count("auROC") + title.count("bp") <= 1 for title in titles)


def rows_of(chart, *columns):
    """The one dataset that has all of these columns."""
    sets = [pd.DataFrame(rows) for rows in chart.to_dict()["datasets"].values() if rows]
    (found,) = [rows for rows in sets if set(columns) <= set(rows)]
    return found


def test_the_units_drawn_are_the_first_of_the_table_and_the_rest_is_counted():
    known = table()
    chart = charts.tracking_units(known, property_name="inside", n_units=5)
    drawn = rows_of(chart, "association")
    assert drawn["unit"].tolist() == known["unit"][:5].tolist()
    assert drawn["found"][:2].tolist() == ["beyond the family-wise line"] * 2
    assert drawn["found"][2:].unique().tolist() == ["not shown to follow"]
    best = known.iloc[0]
    assert chart.title.text[0].startswith(f"Unit 1 follows “inside”: auROC {best.association:.2f}")
    assert "35 units more" in " ".join(chart.title.subtitle)
    inverse = charts.tracking_units(known[known["unit"] == 2], property_name="inside")
    assert inverse.title.text[0].startswith("Unit 2 follows “inside” when switched off: auROC 0")
    nobody = charts.tracking_units(known[known["verdict"] == "not shown"])
    assert nobody.title.text == ["No unit is shown to follow “the property”"]


def test_units_of_two_directions_are_told_apart():
    known = table(n_units=4).assign(direction=["forward", "backward"] * 2)
    drawn = rows_of(charts.tracking_units(known), "association")
    assert drawn["name"][:2].tolist() == ["unit 1, forward", "unit 2, backward"]


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_the_shade_is_where_the_state_drawn_belongs_to_a_step_with_the_property(direction):
    property_ = followed(n=1, n_steps=40)
    states = made(property_[:, :, None], directions=[direction])
    chart = charts.unit_course(states, 0, property_, [1])
    line, shades = rows_of(chart, "state", "read"), rows_of(chart, "start", "stop")
    way = 0.5 if direction == "forward" else -0.5  # just behind what was read, as it is read
    for read_, state in zip(line["read"] + way, line["state"]):
        within = ((shades["start"] < read_) & (read_ < shades["stop"])).any()
        assert within == (state == 1) or not 0 < read_ < 40


def test_the_examples_are_the_first_of_each_label():
    chart = course(labels=np.r_[-1, np.arange(39) % 2], n_examples=2)
    assert [lane.title.text for lane in chart.vconcat] == [
        "sequence 2, bound", "sequence 4, bound", "sequence 1, unbound", "sequence 3, unbound",
    ]  # fmt: skip
    assert "4 sequences of 30 bp" in chart.description


def test_arrows_lead_from_state_to_state_and_say_how_often():
    found = traced()
    chart = charts.automata(found.transitions, found.agreement)
    sets = [pd.DataFrame(rows) for rows in chart.to_dict()["datasets"].values()]
    lines = [rows for rows in sets if "point" in rows]
    nodes = [rows.set_index("state") for rows in sets if "words" in rows]
    changes = found.transitions[found.transitions["state"] != found.transitions["next"]]
    for which, drawn, places in zip(("grammar", "traced"), lines, nodes, strict=True):
        shown = changes[changes[which] >= 0.01].set_index(["state", "next"])[which]
        ends = drawn.groupby("arrow").agg(["first", "last"])
        assert len(ends) == len(shown) > 2
        for _, arrow in ends.iterrows():
            state, after = arrow["state", "first"], arrow["next", "first"]
            assert arrow["times", "first"] == pytest.approx(shown[state, after])
            for end, name in (("first", state), ("last", after)):
                distance = np.hypot(*(places.loc[name, k] - arrow[k, end] for k in "xy"))
                assert distance < 0.35
        assert places["steps"].sum() == pytest.approx(39)
    assert chart.title.text[0].endswith("of the grammar's changes are traced")
    assert "adjusted mutual information" in " ".join(chart.title.subtitle)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda: charts.tracking_units(table().drop(columns="low")), "low"),
        (lambda: charts.tracking_units(table()[:0]), "table has no rows"),
        (lambda: charts.tracking_units(table(), n_units=101), "n_units is 101, expected 1 to 100"),
        (lambda: course(n_examples=7), "n_examples is 7, expected 1 to 6"),
        (lambda: course(unit=4), "unit is 4, expected 0 to 3"),
        (lambda: course(labels=-np.ones(40)), "labels are all -1"),
        (lambda: course(labels=np.ones(3)), "labels has shape"),
        (lambda: course(labels=np.ones((40, 2))), r"labels have shape \(40, 2\)"),
        (lambda: charts.automata(ring(9)), "transitions has 9 states, expected 2 to 8"),
        (lambda: charts.automata(ring(3).drop(columns="traced")), "traced"),
        (lambda: charts.automata(ring(3), pd.DataFrame({"value": [1]})), "measure"),
    ],
)
def test_what_cannot_be_drawn_is_told(draw, words):
    with pytest.raises(ValueError, match=words):
        draw()
