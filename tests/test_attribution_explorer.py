"""The attribution explorer: what it shows against slow counts, and its widget driven from Python."""

import html
import re
import warnings
from types import SimpleNamespace

import altair as alt
import ipywidgets
import numpy as np
import pandas as pd
import pytest

from dragonn_lite.display import attribution_panels as panels
from dragonn_lite.display import charts, theme, widgets
from dragonn_lite.display.attribution_state import (
    Attributions,
    AttributionState,
    Explained,
    moved,
)
from dragonn_lite.dna.sequences import decode, one_hot

LENGTH = 40
SITES = pd.DataFrame(
    {"sequence": [0, 1], "motif": ["SPI1", "IRF"], "start": [5, 12], "stop": [13, 20],
     "strand": ["+", "-"]}
)  # fmt: skip


class Linear:
    """A linear model that explains itself, and counts how often it is asked."""

    def __init__(self, length=LENGTH, *, seed=0, error=None):
        self.weights = np.random.default_rng(seed).normal(size=(length, 4))
        self.error = error
        self.asked = []

    def __call__(self, x, *, target):
        assert x.shape == (1, *self.weights.shape) and x.dtype == np.uint8
        self.asked.append((decode(x)[0], target))
        contributions = (x * self.weights).sum(axis=2) * (target + 1)
        return SimpleNamespace(
            contributions=contributions.astype(np.float32),
            logits=contributions.sum(axis=1) + 2,
            completeness_error=None if self.error is None else [self.error],
        )

    def logit(self, letters, target=0):
        """One base after the other."""
        each = (self.weights[i, "ACGT".index(base)] for i, base in enumerate(letters))
        return (target + 1) * sum(each) + 2


def refused(x, *, target):
    raise ValueError("model is a function, which has\nno gradients to follow")


def sequences(n=3, length=LENGTH, seed=1):
    return np.eye(4, dtype=np.uint8)[np.random.default_rng(seed).integers(0, 4, (n, length))]


def study(explainers=None, x=None, **options):
    explainers = explainers or {"one": Linear(), "two": Linear(seed=1, error=0.25)}
    return Attributions(explainers, sequences() if x is None else x, **options)


def drawn(chart):
    """All that is written in a picture, in order, and its description."""
    picture = theme.svg(chart)
    written = re.findall("<text[^>]*>(.*?)</text>", picture)
    words = [html.unescape(re.sub("<[^>]*>", " ", each)) for each in written]
    return words, html.unescape(re.search('aria-label="([^"]*)"', picture)[1])


# --- what is explained ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_a_view_against_a_slow_count(seed):
    rng = np.random.default_rng(seed)
    x, one = sequences(seed=seed), Linear(seed=seed)
    mutations = [(int(rng.integers(LENGTH)), "ACGT"[rng.integers(4)]) for _ in range(6)]
    sequence, target = int(rng.integers(3)), int(rng.integers(2))
    there = AttributionState(sequence, ("one",), target, tuple(mutations))
    view = study({"one": one}, x, targets=["bound", "open"]).view(there)

    before = decode(x)[sequence]
    letters = list(before)
    for position, base in mutations:
        letters[position] = base
    assert (view.letters, view.letters_before) == ("".join(letters), before)
    assert view.mutated == [i for i in range(LENGTH) if letters[i] != before[i]]
    assert view.tracks[0].logit == pytest.approx(one.logit(letters, target))
    assert view.before[0].logit == pytest.approx(one.logit(before, target))
    for i, base in enumerate(letters):
        expected = (target + 1) * one.weights[i, "ACGT".index(base)]
        assert view.tracks[0].contributions[i] == pytest.approx(expected, abs=1e-6)
    assert view.state.position == mutations[-1][0]


def test_the_words_say_where_the_logit_came_from():
    one, x = Linear(), one_hot("A" * LENGTH)
    there = study({"one": one}, x)
    was, now = one.logit("A" * LENGTH), one.logit("A" * 7 + "G" + "A" * 32)
    assert there.view(AttributionState()).words() == f"bound: logit {was:.2f}".replace("-", "−")
    mutated = there.view(AttributionState(mutations=((7, "g"),)))
    expected = f"bound: logit moved from {was:.2f} to {now:.2f} ({now - was:+.2f})"
    assert mutated.words() == expected.replace("-", "−")
    assert mutated.mutation_words() == "7 A→G"
    back = there.view(AttributionState(mutations=((7, "G"), (7, "A"))))
    assert (back.mutated, back.words()) == ([], there.view(AttributionState()).words())
    one.weights[3] = 0.5  # all its bases count the same
    same = study({"one": one}, x).view(AttributionState(mutations=((3, "T"),)))
    assert "stays at" in same.words()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (None, "does not promise that contributions add up"),
        (0.0, "adds up to +3.00; misses the logit difference by 0"),
        (-0.00021, "adds up to +3.00; misses the logit difference by 0.0002"),
        (-1.234, "adds up to +3.00; misses the logit difference by 1.23"),
    ],
)
def test_completeness_in_words(error, words):
    assert Explained("one", np.array([1.0, 2.0]), 4.0, error).words() == words


def test_nothing_is_explained_twice():
    one, two = Linear(), Linear(seed=1)
    there = study({"one": one, "two": two}, targets=["bound", "open"])
    first = AttributionState(methods=("one",))
    assert there.waits_for(first) == ["one"]
    there.view(first)
    assert there.waits_for(first) == [] and len(one.asked) == 1 and two.asked == []
    mutated = AttributionState(mutations=((3, "A"), (3, "C"), (9, "T")))
    assert there.waits_for(mutated) == ["one", "two"]
    there.view(mutated)
    # The same bases, written in another order, in another window.
    again = AttributionState(mutations=((9, "T"), (3, "C")), window=(2, 20), position=4)
    assert there.waits_for(again) == []
    there.view(again)
    assert len(one.asked) == 2 and len(two.asked) == 2  # two: also before the mutation
    there.view(AttributionState(methods=("one",), target=1))
    assert one.asked[-1] == (decode(there.sequences)[0], 1) and len(one.asked) == 3
    for asked in (one.asked, two.asked):
        assert len(set(asked)) == len(asked)


def test_the_sequences_stay_as_they_are():
    x = sequences()
    before = x.copy()
    study(x=x).view(AttributionState(mutations=((0, "A"), (0, "C"), (1, "G"))))
    assert np.array_equal(x, before)


def test_where_it_looks_first():
    one = Linear(500)
    one.weights[:] = 0.01
    one.weights[321] = -3
    there = study({"one": one}, sequences(length=500)).view(AttributionState()).state
    assert (there.position, there.window) == (321, (291, 351))
    short = study({"one": Linear(120)}, sequences(length=120)).view(AttributionState()).state
    assert short.window == (0, 120)
    there = study({"one": one}, sequences(length=500)).view(AttributionState(window=(0, 60))).state
    assert (there.position, there.window) == (0, (0, 60))


@pytest.mark.parametrize("seed", range(10))
def test_moves_keep_the_position_in_a_window_in_the_sequence(seed):
    rng = np.random.default_rng(seed)
    length = int(rng.integers(1, 300))
    state = AttributionState(window=(0, length), position=0)
    for _ in range(50):
        if rng.random() < 0.5:
            ends = sorted(rng.choice(length + 1, 2, replace=False).tolist())
            state = moved(state, length, window=tuple(ends))
            assert (
                state.window[0] <= ends[0]
                and ends[1] <= state.window[1]
                or length < 10
                or (ends[1] - ends[0] < 10)
            )
        else:
            position = int(rng.integers(length))
            state = moved(state, length, position=position)
            assert state.position == position
        start, stop = state.window
        assert 0 <= start <= state.position < stop <= length
        assert stop - start >= min(10, length)
    assert moved(state, length, sequence=5) == AttributionState(sequence=5)


def test_what_a_method_cannot_do_is_said_in_its_place():
    def short(x, *, target):
        return SimpleNamespace(contributions=np.zeros((1, 3)), logits=[0.0])

    def undefined(x, *, target):
        return SimpleNamespace(contributions=np.full((1, LENGTH), np.nan), logits=[0.0])

    def silent(x, *, target):
        raise KeyError

    def without_logit(x, *, target):
        return SimpleNamespace(contributions=np.ones((1, LENGTH)), logits=[np.nan])

    def bare(x, *, target):
        return np.ones((1, LENGTH))

    explainers = {"linear": Linear(), "a": refused, "b": short, "c": undefined, "d": silent}
    explainers |= {"e": without_logit, "f": bare, "g": Linear(error=np.inf)}
    there = study(explainers)
    said = {
        name: there.view(AttributionState(methods=(name,))).tracks[0].sentence
        for name in explainers
    }
    assert said == {
        "linear": "",
        "a": "model is a function, which has no gradients to follow",
        "b": f"contributions have shape (1, 3), expected (1, {LENGTH}): one for each base present",
        "c": "contributions holds 40 of 40 values that are NaN or infinite; drop or replace them "
        "first",
        "d": "KeyError",
        "e": "logits holds 1 of 1 values that are NaN or infinite; drop or replace them first",
        "f": "f returned a ndarray, expected contributions and logits, as interpretation.explain "
        "returns them",
        "g": "completeness_error holds 1 of 1 values that are NaN or infinite; drop or replace "
        "them first",
    }
    words, description = drawn(
        panels.attribution_chart(there.view(AttributionState(methods=("linear", "a"))))
    )
    assert {"a explains nothing here", said["a"], "no contributions"} <= set(words)
    assert f"a: {said['a']}." in description
    alone = there.view(AttributionState(methods=("a",), mutations=((1, "A"),)))
    assert alone.words() == "bound: no logit, as no method could explain this sequence"
    drawn(panels.attribution_chart(alone))


def test_warnings_stand_under_the_title_of_their_method():
    def warns(x, *, target):
        warnings.warn("the layer gate costs 0.3", stacklevel=1)
        warnings.warn("the layer gate costs 0.3", stacklevel=1)
        warnings.warn("use another name", DeprecationWarning, stacklevel=1)
        return Linear()(x, target=target)

    there = study({"warns": warns})
    view = there.view(AttributionState())
    assert view.tracks[0].sentence == "the layer gate costs 0.3"
    assert view.tracks[0].contributions is not None
    words, description = drawn(panels.attribution_chart(view))
    assert any("the layer gate costs 0.3" in each for each in words)
    assert "the layer gate costs 0.3" in description
    assert there.view(AttributionState()).tracks[0].sentence  # also when it is remembered


# --- the picture ---------------------------------------------------------------------------------


def rows_of(spec):
    return sum(map(len, spec["datasets"].values()))


def layers(spec):
    """Yield each layer with the name of its panel, and its rows."""
    for panel in spec["vconcat"]:
        for layer in panel["layer"]:
            name = layer.get("data", panel.get("data", {})).get("name")
            yield panel["name"], layer, spec["datasets"].get(name, [])


@pytest.mark.parametrize(("length", "window"), [(40, None), (500, None), (4000, (0, 4000))])
def test_pictures_stay_small(length, window):
    explainers = {"one": Linear(length), "two": Linear(length, seed=1)}
    every = tuple((i, "A") for i in range(0, length, 3))
    there = study(explainers, sequences(length=length))
    spec = panels.attribution_chart(
        there.view(AttributionState(mutations=every, window=window))
    ).to_dict()
    assert rows_of(spec) < 5000
    assert 560 <= float(re.search('width="([0-9.]+)"', theme.svg(spec))[1]) <= 640


@pytest.mark.parametrize(("width", "letters"), [(120, True), (121, False)])
def test_letters_up_to_120_bp_and_bars_beyond(width, letters):
    one = Linear(200)
    x = sequences(length=200)
    spec = panels.attribution_chart(
        study({"one": one}, x).view(AttributionState(window=(30, 30 + width)))
    ).to_dict()
    own = [(layer, rows) for name, layer, rows in layers(spec) if name == "letters_0"]
    lines = [rows for layer, rows in own if layer["mark"]["type"] == "line"]
    assert len(lines) == letters
    read = decode(x)[0][30 : 30 + width]
    if letters:
        seen = {row["position"]: (row["base"], row["y1"]) for row in lines[0]}
        for i, base in enumerate(read, 30):
            assert seen[i][0] == base
            assert seen[i][1] == pytest.approx(one.weights[i, "ACGT".index(base)], abs=1e-6)
    pressed = [rows for name, _, rows in layers(spec) if name == "bases"]
    filled = [rows for rows in pressed if rows and "position" in rows[0] and "x" in rows[0]]
    assert ["".join(row["base"] for row in rows) for rows in filled] == [read] * letters
    words, _ = drawn(spec_chart(spec))
    assert ("narrow the window to 120 bp or fewer to see its bases" in words) != letters


def spec_chart(spec):
    """A chart of which the picture is drawn as it is."""
    return SimpleNamespace(to_dict=lambda validate: spec)


def test_bars_of_many_positions_keep_the_highest_and_the_lowest():
    values = np.random.default_rng(3).normal(size=4000)
    x, y = panels.panels.base_axis([0, 4000]), panels._y(values, None, 2)
    table = panels._bars(values, 0, x, y).data
    assert len(table) <= 2 * 520
    for row in table.itertuples():
        inside = values[int(row.x + 0.5) : int(row.x2 + 0.5)]
        assert row.y == (max(inside) if row.y > 0 else min(inside))
    assert table["y"].max() == values.max() and table["y"].min() == values.min()
    low, high = y["scale"]["domain"]
    assert low < values.min() and high > values.max()


def test_mutations_and_sites_are_marked():
    there = study(sites=SITES)
    letters = decode(there.sequences)[0]
    base = "A" if letters[7] != "A" else "C"
    view = there.view(AttributionState(mutations=((7, base), (35, letters[35]))))
    spec = panels.attribution_chart(view).to_dict()
    marks = [
        [row["x"] for row in rows]
        for name, layer, rows in layers(spec)
        if layer["mark"].get("shape") == "triangle-up"
    ]
    assert marks == [[7]] * 4  # in every track, and not where the base is what it was
    before = [rows for _, layer, rows in layers(spec) if layer["mark"].get("stroke") == theme.PLUM]
    assert [(row["base"], row["x"]) for row in before[0]] == [(letters[7], 6.5)]
    labels = [name for name, _, rows in layers(spec) if rows and rows[0].get("y_px")]
    assert labels == ["letters_0"]  # where there is room for them
    words, description = drawn(spec_chart(spec))
    assert words.count("SPI1 →") == 1 and "← IRF" not in words
    assert f"mutated (▲; before: grey, dashed): 7 {letters[7]}→{base}" in " ".join(words)
    assert "Sites: SPI1 → 5 to 13" in description
    plain, _ = drawn(panels.attribution_chart(study().view(AttributionState())))
    assert "nothing mutated" in " ".join(plain) and "SPI1 →" not in plain


def test_grey_is_what_the_contributions_were():
    one = Linear()
    there = study({"one": one}, one_hot("A" * LENGTH))
    view = there.view(AttributionState(mutations=((11, "T"),)))
    spec = panels.attribution_chart(view).to_dict()
    for panel in ("whole_0", "letters_0"):
        grey = [
            (row["x"] + 0.5, row["y"])
            for name, layer, rows in layers(spec)
            for row in rows
            if name == panel and row.get("colour") == panels._BEFORE
        ]
        assert grey == [(11, pytest.approx(one.weights[11, 0], abs=1e-6))]


def test_unknown_bases_have_no_letter_and_can_be_written():
    x = one_hot("ACGTN" * 8)
    spec = panels.attribution_chart(study(x=x).view(AttributionState())).to_dict()
    lines = [rows for _, layer, rows in layers(spec) if layer["mark"]["type"] == "line"]
    assert lines and all(row["base"] != "N" for rows in lines for row in rows)
    view = study(x=x).view(AttributionState(mutations=((4, "G"),)))
    assert view.mutation_words() == "4 N→G"
    drawn(panels.attribution_chart(view))


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"explainers": {}}, ValueError, "explainers is {}, expected at least one name"),
        ({"explainers": [len]}, ValueError, "explainers is .*, expected at least one name"),
        ({"explainers": {"a": 5}}, TypeError, r"explainers\['a'\] is 5, expected a callable"),
        ({"sequences": np.eye(4)}, ValueError, r"sequences has shape \(4, 4\)"),
        ({"sequences": sequences()[:0]}, ValueError, "expected at least one sequence"),
        ({"sequences": sequences(length=4001)}, ValueError, "of 1 to 4,000 bp"),
        ({"sequences": "ACGT"}, TypeError, "sequences is text"),
        ({"targets": []}, ValueError, "targets is empty"),
        ({"sites": SITES.drop(columns="strand")}, ValueError, "sites has no column 'strand'"),
        ({"sites": "SPI1"}, TypeError, "sites is a str"),
        ({"sequence": 3}, ValueError, "sequence is 3, expected 0 to 2"),
        ({"sequence": 0.5}, ValueError, "sequence is 0.5, expected a whole number"),
        ({"target": 1}, ValueError, "target is 1, expected 0 to 0"),
        ({"methods": ("lime",)}, ValueError, r"methods names 'lime', expected among \['one'\]"),
        ({"methods": ("one", "one")}, ValueError, "expected one method or two different ones"),
        ({"mutations": [(40, "A")]}, ValueError, "mutations is at 40, expected 0 to 39"),
        ({"mutations": [(0, "N")]}, ValueError, "mutations hold the base 'N', expected A, C, G"),
        ({"mutations": "A7"}, ValueError, r"mutations is 'A7', expected .*\[\(57, 'A'\)\]"),
        ({"position": -1}, ValueError, "position is -1"),
        ({"window": (10, 5)}, ValueError, r"window is \(10, 5\), expected a start and a later"),
        ({"window": (10, 41)}, ValueError, "within 0 to 40"),
        ({"window": 10}, ValueError, "window is 10, expected a start and a later stop"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_a_sentence(arguments, error, words):
    given = {"explainers": {"one": Linear()}, "sequences": sequences()} | arguments
    with pytest.raises(error, match=words):
        charts.attribution_panels(**given)


def test_names_may_be_anything_that_has_a_name():
    x = sequences()
    chart = charts.attribution_panels({"one": Linear()}, x, methods="one", targets="open")
    assert chart.title.text[0].startswith("open: logit")


# --- the widget ----------------------------------------------------------------------------------


@pytest.fixture
def explorer():
    explainers = {"one": Linear(), "two": Linear(seed=1, error=0.25), "refused": refused}
    return widgets.attribution_explorer(
        explainers, sequences(), targets=["bound", "open"], sites=SITES
    )


def walk(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from walk(child)


def control(explorer, label):
    """Find a control by what a reader is told: its description."""
    return next(w for w in walk(explorer) if getattr(w, "description", "") == label)


def picture(explorer):
    return explorer.children[-1].picture


def said(explorer):
    """What is told to screen readers."""
    return html.unescape(re.search('role="status"[^>]*>([^<]*)<', explorer.children[-2].value)[1])


def shows_its_twin(explorer):
    there = study(
        {"one": Linear(), "two": Linear(seed=1, error=0.25), "refused": refused},
        targets=["bound", "open"],
        sites=SITES,
    )
    view = there.view(explorer.explored)
    return picture(explorer) == theme.svg(panels.attribution_chart(view))


def test_each_control_changes_state_and_picture(explorer):
    letters = decode(sequences())
    other = "A" if letters[2][9] != "A" else "G"
    steps = [
        ("Sequence", 2, lambda s: s.sequence == 2),
        ("Target", 1, lambda s: s.target == 1),
        ("Position", 9, lambda s: s.position == 9),
        ("its base", other, lambda s: s.mutations == ((9, other),)),
        ("Window", (4, 24), lambda s: s.window == (4, 24)),
        ("Method", "refused", lambda s: s.methods == ("refused", "two")),
        ("and below", "one", lambda s: s.methods == ("refused", "one")),
    ]
    for label, value, reached in steps:
        before = picture(explorer)
        control(explorer, label).value = value
        assert reached(explorer.explored), label
        assert control(explorer, label).value == value
        assert picture(explorer) != before, label
        assert said(explorer) == explorer.view.words() + "."
    assert shows_its_twin(explorer)
    control(explorer, "Sequence").value = 0
    assert explorer.explored.mutations == () and explorer.explored.window == (0, LENGTH)


def test_the_widget_shows_its_plain_twin():
    explainers = {"one": Linear(), "two": Linear(seed=1)}
    explorer = widgets.attribution_explorer(explainers, sequences(), sites=SITES)
    twin = charts.attribution_panels(explainers, sequences(), sites=SITES)
    assert picture(explorer) == theme.svg(twin)
    explorer._press("bases", 0.5, 0.51, 0.1)
    mutated = explorer.explored
    twin = charts.attribution_panels(
        explainers, sequences(), sites=SITES, mutations=[(20, "A")], window=mutated.window
    )
    assert mutated.mutations in (((20, "A"),), ()) and picture(explorer) == theme.svg(twin)


def press(explorer, panel, first, last=None, down=0.5):
    """What the script sends when the mouse goes down and up."""
    last = first if last is None else last
    content = {"panel": panel, "from": first, "to": last, "down": down}
    explorer.children[-1]._handle_custom_msg(content, [])


def test_a_pressed_base_is_written_and_everything_follows(explorer):
    one, letters = Linear(), list(decode(sequences())[0])
    control(explorer, "Window").value = (10, 30)
    for position, row in ((10, 0), (29, 3), (17, 2), (17, 1)):
        press(explorer, "bases", (position - 10 + 0.5) / 20, down=(row + 0.5) / 4)
        letters[position] = "ACGT"[row]
        assert explorer.view.letters == "".join(letters)
        assert explorer.explored.position == position
        assert explorer.view.tracks[0].logit == pytest.approx(one.logit(letters))
        assert said(explorer) == explorer.view.words() + "."
        assert control(explorer, "its base").value == "ACGT"[row]
    assert explorer.view.mutation_words() in explorer.children[-3].children[-1].value
    assert shows_its_twin(explorer)
    n = len(explorer.explored.mutations)
    press(explorer, "bases", 0.999, down=0.999)  # what is there already is no mutation
    assert len(explorer.explored.mutations) == n


def test_presses_at_the_very_edge_stay_inside(explorer):
    press(explorer, "bases", 1.0, down=1.0)
    assert explorer.explored.position == LENGTH - 1 and explorer.view.letters[-1] == "T"
    press(explorer, "bases", 0.0, down=0.0)
    assert explorer.explored.position == 0 and explorer.view.letters[0] == "A"
    press(explorer, "letters_1", 1.0)
    assert explorer.explored.position == LENGTH - 1


def test_the_window_is_dragged_over_a_track(explorer):
    press(explorer, "whole_0", 0.25, 0.75)
    assert explorer.explored.window == (10, 30)
    press(explorer, "whole_1", 1.0, 0.5)  # to the left
    assert explorer.explored.window == (20, 40)
    press(explorer, "whole_0", 0.0)  # a mere press brings the window there
    assert explorer.explored.window == (0, 20)
    press(explorer, "whole_0", 0.5, 0.6)  # as narrow as 10 bp
    assert explorer.explored.window == (17, 27)
    assert control(explorer, "Window").value == (17, 27)
    press(explorer, "letters_0", 0.95)
    assert explorer.explored.position == 26 == control(explorer, "Position").value
    control(explorer, "Position").value = 2  # the window follows
    assert explorer.explored.window == (0, 10)


def test_where_bases_are_too_narrow_to_see_a_press_only_chooses():
    explorer = widgets.attribution_explorer({"one": Linear(300)}, sequences(length=300))
    control(explorer, "Window").value = (0, 300)
    press(explorer, "bases", 0.5, down=0.1)
    assert (explorer.explored.position, explorer.explored.mutations) == (150, ())


def test_undo_and_reset(explorer):
    undo, reset = control(explorer, "Undo"), control(explorer, "Reset")
    first = picture(explorer)
    position = explorer.explored.position
    assert undo.disabled and reset.disabled
    others = [base for base in "ACGT" if base != explorer.view.letters[5]]
    control(explorer, "Position").value = 5
    for base in others:
        control(explorer, "its base").value = base
    control(explorer, "Position").value = 30
    assert not undo.disabled and len(explorer.explored.mutations) == 3
    undo.click()
    assert explorer.explored.position == 5 and explorer.view.letters[5] == others[1]
    assert control(explorer, "its base").value == others[1]
    reset.click()
    assert explorer.explored.mutations == () and undo.disabled and reset.disabled
    control(explorer, "Position").value = position
    assert picture(explorer) == first


def test_a_method_is_never_above_itself(explorer):
    method, second = control(explorer, "Method"), control(explorer, "and below")
    method.value = "two"
    assert explorer.explored.methods == (method.value, second.value) == ("two", "one")
    second.value = "two"
    assert explorer.explored.methods == (method.value, second.value) == ("one", "two")
    second.value = second.options[0]
    assert explorer.explored.methods == ("one",) and second.value.startswith("none")
    second.value = "one"
    assert explorer.explored.methods == ("one",) and second.value.startswith("none")
    method.value = "two"
    assert explorer.explored.methods == ("two",)


def test_it_says_which_method_is_at_work():
    seen = []

    class Slow(Linear):
        def __call__(self, x, *, target):
            if here:
                seen.append((said(here[0]), 'style="pos' in here[0].children[-2].value))
            return super().__call__(x, target=target)

    here = []
    explainers = {"one": Slow(), "a < b": Slow(seed=1)}
    here.append(widgets.attribution_explorer(explainers, sequences()))
    press(here[0], "bases", 0.5, down=0.1)
    press(here[0], "bases", 0.5, down=0.4)
    assert set(seen) == {("one and a < b at work …", False)} and len(seen) >= 2
    assert "logit moved" in said(here[0])
    n = len(seen)
    control(here[0], "Undo").click()
    control(here[0], "Position").value = 3
    assert len(seen) == n  # nothing is explained twice


def test_one_method_and_one_target_leave_their_lists_out():
    explorer = widgets.attribution_explorer({"one": Linear()}, sequences(1))
    labels = {getattr(w, "description", "") for w in walk(explorer)}
    assert "Method" in labels and not {"and below", "Target"} & labels
    assert control(explorer, "Sequence").max == 0


def test_every_control_has_a_label_and_the_picture_a_text(explorer):
    shown = (ipywidgets.HTML, ipywidgets.Box, ipywidgets.Label)
    for widget in walk(explorer):
        if hasattr(widget, "picture") or isinstance(widget, shown):
            continue
        assert widget.description.strip(), widget
    label = html.unescape(re.search(r'aria-label="([^"]*)"', picture(explorer))[1])
    assert label.startswith("bound: logit") and "is chosen." in label
    assert "two: adds up to" in label and "misses the logit difference by 0.25" in label


def test_the_panels_that_are_pressed_are_in_the_picture(explorer):
    control(explorer, "Window").value = (0, 20)
    groups = re.findall(r'class="[^"]*\b(\w+)_group', picture(explorer))
    named = {"whole_0", "whole_1", "letters_0", "letters_1", "bases"}
    assert named <= set(groups)
    assert explorer.children[-1].cells == {"letters_0": [20, 1], "letters_1": [20, 1],
                                           "bases": [20, 4]}  # fmt: skip
    assert picture(explorer).count('class="background"') >= len(named)


def test_without_vl_convert_the_chart_itself_is_shown(monkeypatch):
    monkeypatch.setattr(theme, "can_draw", lambda: False)
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    monkeypatch.setattr("IPython.display.clear_output", lambda wait: None)
    explorer = widgets.attribution_explorer({"one": Linear()}, sequences())
    assert isinstance(explorer.children[-1], ipywidgets.Output)
    control(explorer, "Position").value = 4
    assert [type(chart) for chart in shown] == [alt.VConcatChart] * 2
    assert "Press" not in explorer.children[-2].value
