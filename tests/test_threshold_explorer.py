"""The threshold explorer: its counts against slow obvious ones, and Vega against Python.

Every number of the picture is worked out twice: by the state, and by Vega in the picture itself.
"""

import html
import math
import re
import shutil
from fractions import Fraction

import altair as alt
import ipywidgets
import nbformat
import numpy as np
import pytest

from dragonn_lite.display import charts, pages, sliders, theme, threshold_panels, widgets
from dragonn_lite.display.threshold_explorer import ThresholdState, short
from dragonn_lite.evaluation import metrics

PREVALENCES = [Fraction(1, 1000), Fraction(1, 100), Fraction(21, 2000), Fraction(1, 2)]


def predictions(seed, n=1000, *, share=0.1, ties=True):
    """Random labels of both classes and scores that know something of them, with ties."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < share).astype(int)
    labels[:2] = [0, 1]
    scores = rng.normal(size=n) + rng.uniform(0, 3) * labels
    return labels, np.round(scores, 1) if ties else scores


def counted(labels, scores, threshold, prevalence):
    """Count one example after the other, in whole numbers."""
    true = false = bound = 0
    for label, score in zip(labels, scores, strict=True):
        bound += label == 1
        true += label == 1 and score >= threshold
        false += label == 0 and score >= threshold
    half = Fraction(1, 2)
    n_bound = math.floor(1000 * prevalence + half)
    hits = math.floor(1000 * prevalence * Fraction(int(true), int(bound)) + half)
    unbound = len(labels) - int(bound)
    wrong = math.floor(1000 * (1 - prevalence) * Fraction(int(false), unbound) + half)
    wrong = min(wrong, 1000 - n_bound)
    return n_bound - hits, hits, wrong, 1000 - n_bound - wrong


# --- the state -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_the_windows_against_a_slow_count(seed):
    labels, scores = predictions(seed)
    own = ThresholdState(labels, scores)
    for threshold in [*np.random.default_rng(seed).choice(scores, 5), 0.05, -99.0, 99.0]:
        # At their own prevalence 1,000 examples are the 1,000 windows.
        called = scores >= threshold
        assert own.at(threshold=threshold).windows() == tuple(
            int(np.sum((labels == label) & (called == call)))
            for label, call in ((1, False), (1, True), (0, True), (0, False))
        )
        for prevalence in PREVALENCES:
            state = own.at(threshold=float(threshold), prevalence=float(prevalence))
            assert state.windows() == counted(labels, scores, threshold, prevalence)
            assert sum(state.windows()) == 1000 and min(state.windows()) >= 0


def test_ambiguous_examples_change_nothing_and_are_counted():
    labels, scores = predictions(1)
    more = np.append(labels, [-1, -1]), np.append(scores, [np.nan, 50.0])
    plain, mixed = ThresholdState(labels, scores), ThresholdState(*more)
    assert (plain.n_ambiguous, mixed.n_ambiguous) == (0, 2)
    assert mixed.windows() == plain.windows() and mixed.rows.equals(plain.rows)
    assert "2 ambiguous ones left out" in texts(theme.svg(widgets.threshold_explorer_chart(mixed)))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("cost", [0.0, 0.25, 1.0, 9.0])
def test_the_best_threshold_against_all_of_them(seed, cost):
    labels, scores = predictions(seed, ties=seed % 2)
    bound, unbound = (labels == 1).sum(), (labels == 0).sum()
    for prevalence in (0.001, 0.03, 0.5):
        gains = {np.inf: 0.0}
        for threshold in set(scores):
            called = scores >= threshold
            true, false = (labels[called] == 1).sum() / bound, (labels[called] == 0).sum() / unbound
            gains[threshold] = 1000 * (prevalence * true - cost * (1 - prevalence) * false)
        state = ThresholdState(labels, scores, prevalence=prevalence, cost=cost)
        threshold, gain = state.best()
        assert gain == pytest.approx(max(gains.values()), abs=1e-9)
        reached = gains[threshold] if threshold <= scores.max() else 0.0
        assert reached == pytest.approx(gain, abs=1e-9)


def test_what_is_rounded_away_is_not_called_nothing():
    # One bound window in 10,000, a tenth of them found, and no wrong pick.
    state = ThresholdState([0, *[1] * 10], [-1.0, *range(10)], threshold=9.0, prevalence=1e-4)
    for there, words in (
        (state, "fewer than one is bound. You test fewer than one"),
        (state.at(threshold=10.0), "fewer than one is bound. You test none"),
        (state.at(prevalence=0.001), "1 is bound. You test fewer than one"),
    ):
        assert there.words() == f"Of 1,000 windows {words}"
        says(there, texts(theme.svg(widgets.threshold_explorer_chart(there))))


def test_recall_at_fdr_is_exact_where_only_a_part_of_the_curve_is_drawn():
    labels, scores = predictions(3, 100_000, share=0.2, ties=False)
    scores += 2 * labels
    state = ThresholdState(labels, scores)
    assert state.recall_at_fdr() == metrics.recall_at_fdr(labels, scores, fdr=0.1) > 0.1
    drawn = state.rows["recall"].to_numpy()[state.precision() >= 0.9].max()
    assert drawn < state.recall_at_fdr()


@pytest.mark.parametrize("seed", range(10))
def test_recall_at_fdr_is_that_of_the_metrics_and_follows_prevalence(seed):
    labels, scores = predictions(seed, share=0.5, ties=seed % 2)
    state = ThresholdState(labels, scores)
    assert state.recall_at_fdr() == metrics.recall_at_fdr(labels, scores, fdr=0.1)
    # Unbound examples, each seen thirty times, are what a rarer class means.
    many = np.repeat(np.arange(len(labels)), np.where(labels == 1, 1, 30))
    expected = metrics.recall_at_fdr(labels[many], scores[many], fdr=0.1)
    rarer = state.at(prevalence=labels[many].mean())
    assert rarer.recall_at_fdr() == pytest.approx(expected, abs=1e-12)


def test_few_rows_draw_the_curves_of_many_examples():
    labels, scores = predictions(3, 100_000, share=0.02, ties=False)
    state = ThresholdState(labels, scores, prevalence=0.05)
    full = metrics.roc_curve(labels, scores).iloc[1:]
    assert len(full) == 100_000 and len(state.rows) < 2000
    assert len(np.unique(state.stops)) > 80
    recall, false = full["recall"].to_numpy(), full["false_positive_rate"].to_numpy()
    precision = 0.05 * recall / (0.05 * recall + 0.95 * false)
    known = ~np.isnan(state.precision())
    rows = state.rows[known]
    for drawn, points in (
        ((rows["false_positive_rate"], rows["recall"]), (false, recall)),
        ((rows["recall"], state.precision()[known]), (recall, precision)),
    ):
        line = np.column_stack(drawn)
        for point in np.column_stack(points)[::97]:
            assert distance(point, line) < 0.0025
    assert state.rows["threshold"].is_monotonic_decreasing


def distance(point, line):
    """The distance of a point to the nearest of the segments of a line."""
    first, along = line[:-1], np.diff(line, axis=0)
    length = np.maximum((along**2).sum(axis=1), 1e-30)
    share = np.clip(((point - first) * along).sum(axis=1) / length, 0, 1)
    return np.linalg.norm(point - first - share[:, None] * along, axis=1).min()


def in_order(letters):
    """A state from the classes of examples, from the highest score down: B bound, U unbound."""
    labels = [int(letter == "B") for letter in letters]
    return ThresholdState(labels, -np.arange(len(labels)) / 100)


def test_the_best_threshold_is_kept_where_the_curve_bends_slowly():
    # Ever fewer bound ones for each unbound one: each run is best at a cost of its own.
    runs = range(100, 1, -1)
    state = in_order("".join(("B" * run + "U") * 10 for run in runs))
    n_bound, n_unbound = int(state.labels.sum()), 10 * len(runs)
    assert len(state.rows) < 1000
    for run in runs[:-1]:
        # All of these runs are tested, but not the unbound one that ends them.
        hits, wrong = 10 * sum(range(run, 101)), 10 * (101 - run) - 1
        cost = (run - 0.5) * n_unbound / n_bound
        gain = 500 * (hits / n_bound - cost * wrong / n_unbound)
        assert state.at(prevalence=0.5, cost=cost).best()[1] == pytest.approx(gain, abs=1e-9)


def test_the_one_threshold_that_can_be_trusted_is_kept():
    # After the first, wrong picks are a little more than one in ten, but for one place half-way.
    block = "B" * 9 + "U"
    state = in_order("B" * 5000 + "U" * 558 + block * 5050 + "B" * 24 + "UUUU" + block * 4950)
    recall = (5000 + 9 * 5050 + 24) / (5000 + 9 * 10_000 + 24)
    assert state.recall_at_fdr() == recall
    assert metrics.recall_at_fdr(state.labels, state.scores, fdr=0.1) == recall
    assert len(state.rows) < 1000


def test_where_no_score_lies_nothing_changes():
    state = ThresholdState([0, 0, 1, 1], [-5.0, -4.0, 4.0, 5.0], cost=1.0)
    gain = dict(zip(state.rows["threshold"], state.net_gain(), strict=True))
    assert gain[4.0] == gain[np.nextafter(-4.0, 0)] == 500.0 and gain[-4.0] == 250.0
    for row in state.rows.itertuples():
        assert state.rates(row.threshold) == (row.recall, row.false_positive_rate)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([1, 1], [0.0, 1.0]), "the labels are all 1"),
        (([-1, -1], [0.0, 1.0]), "the labels are all -1"),
        (([], []), "labels and scores are empty"),
        (([0, 1], [0.0, np.nan]), "scores hold 1 values that are NaN"),
        (([0, 1], [0.0, np.inf]), "scores holds 1 of 2 values that are NaN or infinite"),
        (([0, 1, 1], [0.0, 1.0]), "expected the same"),
        (([[0, 1], [1, 0]], [[0.0, 1.0], [1.0, 0.0]]), "2 tasks"),
        (([0, 1], [0.0, 1.0], np.inf), "threshold holds 1 of 1"),
        (([0, 1], [0.0, 1.0], 0.0, 0), "prevalence is 0, expected a share above 0"),
        (([0, 1], [0.0, 1.0], 0.0, 1.0), "prevalence is 1.0, expected a share above 0"),
        (([0, 1], [0.0, 1.0], 0.0, None, -1), "cost is -1, expected a number from 0 on"),
        (([0, 1], [0.0, 1.0], 0.0, None, np.inf), "cost is inf, expected a number from 0 on"),
    ],
)
def test_what_cannot_be_explored_is_said_in_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        ThresholdState(*arguments)


def test_only_three_things_change():
    state = ThresholdState([0, 1], [0.0, 1.0])
    with pytest.raises(TypeError, match="labels cannot change"):
        state.at(labels=[0, 1])
    with pytest.raises(ValueError, match="prevalence is 2"):
        state.at(prevalence=2)
    with pytest.raises(TypeError, match="cost is 'much'"):
        state.at(cost="much")


# --- the picture ---------------------------------------------------------------------------------


def texts(picture):
    """All text of an SVG picture, with a bar between its pieces."""
    return "|".join(
        html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", picture)
    )


def says(state, seen):
    """Compare what a picture says with what Python says of the state."""
    n, (threshold, gain) = state.windows(), state.best()
    assert state.words() in seen and state.net_words() in seen
    for count, kind in zip(
        n,
        (
            "bound, not tested: missed",
            "bound and tested: hits",
            "unbound, tested: wrong picks",
            "unbound, rightly left alone",
        ),
        strict=True,
    ):
        assert kind in seen, count
    assert "|".join(map(str, n)) in seen
    best = f"best: {short(gain)} at threshold {threshold:.2f}".replace("-", "−")
    assert best in seen
    recall, false = (short(round(1000 * rate + 1e-7) / 10) for rate in state.rates())
    assert f"recall {recall} %, false positives {false} %" in seen
    trusted = short(math.floor(1000 * state.recall_at_fdr() + 0.5 + 1e-9) / 10)
    assert f"10 % FDR, recall {trusted} %" in seen
    percent = short(100 * state.prevalence)
    setting = f"Threshold {state.threshold:.2f} · {percent} % bound".replace("-", "−")
    assert f"{setting} · cost {short(state.cost)}" in seen


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_picture_says_what_python_says(seed):
    state = ThresholdState(*predictions(seed, share=0.2))
    rng = np.random.default_rng(seed)
    for prevalence in (state.prevalence, *map(float, PREVALENCES)):
        there = state.at(
            threshold=float(rng.normal()), prevalence=prevalence, cost=float(rng.integers(9) / 4)
        )
        says(there, texts(theme.svg(widgets.threshold_explorer_chart(there))))


def squares(picture):
    """How many of the small squares have each fill."""
    small = re.findall(r'<path[^>]*transform="translate[^>]*d="M-2\.3[^>]*fill="([^"]+)"', picture)
    return {colour: small.count(colour) for colour in set(small)}


def test_the_squares_are_as_many_as_the_counts():
    state = ThresholdState(*predictions(5), prevalence=0.05)
    picture = theme.svg(widgets.threshold_explorer_chart(state))
    n = state.windows()
    assert min(n) > 0
    colours = [threshold_panels._KINDS[kind][0].lower() for kind in n._fields]
    seen = {colour.lower(): count for colour, count in squares(picture).items()}
    assert seen == dict(zip(colours, n, strict=True))


def test_the_figure_of_the_review():
    # One bound in a hundred; every bound one is found only where a quarter of the picks are wrong.
    labels = np.repeat([0, 1, 0], [333, 1000, 99_667])
    scores = np.repeat([2.0, 1.0, -1.0], [333, 1000, 99_667])
    state = ThresholdState(labels, scores, threshold=1.0)
    assert state.recall_at_fdr() == 0.0
    assert state.words() == "Of 1,000 windows 10 are bound. You test 13: 10 hits, 3 wrong"
    seen = texts(theme.svg(widgets.threshold_explorer_chart(state)))
    assert "auROC 0.9967 at any prevalence" in seen and "10 % FDR, recall 0 %" in seen


def test_moving_is_the_same_as_drawing_anew_and_rows_stay_few():
    state = ThresholdState(*predictions(0, 20_000, share=0.05, ties=False))
    there = state.at(threshold=1.5, prevalence=0.01, cost=2.5)
    spec = widgets.threshold_explorer_chart(state).to_dict()
    anew = widgets.threshold_explorer_chart(there).to_dict()
    assert threshold_panels.moved(spec, there) == anew != spec
    assert sum(map(len, spec["datasets"].values())) < 2500
    assert there.words() in anew["description"]


# --- the widget ----------------------------------------------------------------------------------


def test_the_widget_shows_its_twin_and_says_it_in_words():
    widget = widgets.threshold_explorer(*predictions(2, ties=False), prevalence=0.02)
    threshold, prevalence, cost, words, picture = widget.children
    seen = set()
    for control, name, value in (
        (threshold, "threshold", threshold.options[70][1]),
        (prevalence, "prevalence", 0.2),
        (cost, "cost", 2.25),
    ):
        control.value = value
        assert getattr(widget.explored, name) == value
        assert picture.value == theme.svg(widgets.threshold_explorer_chart(widget.explored))
        now = f"{widget.explored.words()}. {widget.explored.net_words()}."
        assert 'role="status"' in words.value and now in words.value
        seen.add(picture.value)
    assert len(seen) == 3
    assert (widget.explored.prevalence, widget.explored.cost) == (0.2, 2.25)


def test_sliders_reach_what_is_shown_first_and_step_evenly():
    labels, scores = predictions(2, 5000, share=0.01, ties=False)
    widget = widgets.threshold_explorer(labels, scores, threshold=9.5, prevalence=1e-4, cost=40)
    threshold, prevalence, cost = widget.children[:3]
    assert (threshold.value, prevalence.value, cost.value) == (9.5, pytest.approx(1e-4), 40)
    assert widget.explored.prevalence == 1e-4
    # A step of the slider adds little recall, and in a hundredth of the unbound there are many.
    rates = np.array([widget.explored.rates(value) for _, value in threshold.options])
    assert -np.diff(rates[:, 0]).min() <= 0.04
    assert (rates[:, 1] < 0.01).sum() >= 15
    # Prevalences are round numbers, each at most a third more than the one before.
    assert [name for name, _ in prevalence.options[:4]] == ["0.01 %", "0.1 %", "0.12 %", "0.15 %"]
    shares = np.array([share for _, share in prevalence.options[1:]])
    assert (shares[1:] / shares[:-1]).max() < 1.34 and shares[-1] == 0.5 and 0.01 in shares
    threshold.index = 0
    assert widget.explored.words().endswith("You test 1000: 0 hits, 1000 wrong")


def test_without_what_draws_the_widget_shows_the_chart_itself(monkeypatch):
    monkeypatch.setattr(theme, "can_draw", lambda: False)
    widget = widgets.threshold_explorer([0, 1], [-1.0, 1.0])
    assert isinstance(widget.children[-1], ipywidgets.Output)
    widget.children[2].value = 3.0
    assert widget.explored.cost == 3.0


# --- its twin without Python ---------------------------------------------------------------------


def listed(spec, name):
    """What the positions of a slider stand for."""
    return next(p["value"] for p in spec["params"] if p["name"] == name)


def test_the_twin_says_what_python_says_at_every_slider():
    labels, scores = predictions(6, share=0.3)
    spec = charts.threshold_explorer(labels, scores, prevalence=0.05).to_dict()
    assert sliders.has_sliders(spec)
    start = ThresholdState(labels, scores, prevalence=0.05)
    says(start, texts(theme.svg(spec)))
    dials = {p["name"]: p for p in spec["params"] if "bind" in p}
    stops, prevalences = (listed(spec, name) for name in ("stops", "prevalences"))
    assert dials["stop"]["bind"]["max"] == len(stops) - 1
    assert dials["rarity"]["bind"]["max"] == len(prevalences) - 1
    for stop, rarity, cost in ((0, 0, 0), (30, 15, 0.5), (len(stops) - 1, 27, 10)):
        for name, value in (("stop", stop), ("rarity", rarity), ("cost", cost)):
            dials[name]["value"] = value
        there = start.at(threshold=stops[stop], prevalence=prevalences[rarity], cost=cost)
        says(there, texts(theme.svg(spec)))


def test_a_chart_with_sliders_is_live_wherever_html_is():
    chart = charts.threshold_explorer([0, 0, 1, 1], [-1.0, 0.5, 0.2, 2.0])
    spec = chart.to_dict()
    for bundle in (theme._svg_bundle(spec), theme._live_bundle(spec)):
        assert bundle["text/html"].startswith("<iframe title=") and "image/svg+xml" in bundle
    plain = alt.Chart(alt.Data(values=[{"n": 1}])).mark_point().encode(x="n:Q").to_dict()
    assert "text/html" not in theme._svg_bundle(plain) | theme._live_bundle(plain)


NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)


def written(kind, chart, folder):
    """The chart in a file of HTML: in a page, alone, or in a notebook that was exported."""
    path = folder / f"{kind}.html"
    if kind == "page":
        return pages.write_page(path, "Is it any good?", [("Explore", chart)])
    if kind == "alone":
        return theme.save(chart, path)
    from nbconvert import HTMLExporter

    notebook = nbformat.v4.new_notebook()
    output = nbformat.v4.new_output("display_data", theme._svg_bundle(chart.to_dict()))
    notebook.cells = [nbformat.v4.new_code_cell("chart", outputs=[output], execution_count=1)]
    path.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield opened
        opened.close()


@pytest.mark.browser
@pytest.mark.timeout(300)
@pytest.mark.skipif(not CHROMIUM, reason=f"no browser: none of {', '.join(NAMES)} on the PATH")
@pytest.mark.parametrize("kind", ["page", "alone", "notebook"])
def test_sliders_work_in_a_browser_without_python_or_network(kind, browser, tmp_path):
    from playwright.sync_api import expect

    labels, scores = predictions(8, 3000, share=0.1, ties=False)
    state = ThresholdState(labels, scores, prevalence=0.01)
    chart = charts.threshold_explorer(labels, scores, prevalence=0.01)
    stops, prevalences = (listed(chart.to_dict(), name) for name in ("stops", "prevalences"))
    page = browser.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.route(re.compile("^https?:"), lambda route: route.abort())  # there is no network
    page.goto(written(kind, chart, tmp_path).as_uri())
    inside = page.main_frame if kind == "alone" else page.frame_locator("iframe")

    def dial(name):
        return inside.get_by_role("slider", name=name)

    def shows(there):
        expect(inside.locator("#said")).to_have_text(there.words())
        # The picture is drawn in the next frame of the browser.
        expect(inside.locator("#chart svg text").filter(has_text=there.words())).to_have_count(1)
        says(there, "|".join(inside.locator("#chart svg text").all_text_contents()))

    shows(state)
    dial("threshold").fill("40")
    shows(state := state.at(threshold=stops[40]))
    dial("threshold").press("ArrowRight")
    shows(state := state.at(threshold=stops[41]))
    dial("prevalence").fill("20")
    shows(state := state.at(prevalence=prevalences[20]))
    dial("cost").fill("2.5")
    shows(state.at(cost=2.5))
    if kind != "alone":
        height = page.locator("iframe").evaluate("frame => frame.clientHeight")
        needed = inside.locator("body").evaluate("body => body.scrollHeight")
        assert needed <= height < needed + 40
    assert faults == []
    page.close()
