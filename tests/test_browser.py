"""JupyterLab in Chromium, as a student has it: lessons run to their end, the explorer is used.

The real command starts it, in a folder where all but the notebooks is a link to this checkout: the
notebooks are copies, so that nothing can be saved over them. Screenshots are kept in the folder
DRAGONN_LITE_ARTEFACTS where that is set.
"""

import html
import inspect
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import altair as alt
import nbformat
import numpy as np
import psutil
import pytest
from playwright.sync_api import expect, sync_playwright

from dragonn_lite.display import charts, theme, widgets

ROOT = Path(__file__).parent.parent
LESSONS = sorted(path.stem for path in (ROOT / "notebooks").glob("0[01]_*.ipynb"))
EXPLORER = "00_what_does_a_protein_see"
VEGA = "application/vnd.vega.v5+json"
WIDGET = "application/vnd.jupyter.widget-view+json"

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip

# Far more than each step takes on a quiet machine, as other work may share its cores.
SECONDS = 60
RUN_SECONDS = 150  # all cells of a lesson

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not CHROMIUM, reason=f"no browser: none of {', '.join(NAMES)} on the PATH"),
    pytest.mark.skipif(
        not (ROOT / ".venv" / "dragonn_lite.json").is_file(),
        reason="no environment for the lab: start the tests by python3 -m dragonn_lite test",
    ),
]


# --- the lab, and a browser that sees it ---------------------------------------------------------


class Lab:
    """JupyterLab, started by our command in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("dragonn_lite", ".venv", "pyproject.toml", "requirements.txt"):
            (folder / name).symlink_to(ROOT / name)
        skip = shutil.ignore_patterns(".*")
        shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=skip)
        settings = folder / "config"
        settings.mkdir()
        shown = {"LabApp": {"expose_app_in_browser": True}}
        (settings / "jupyter_lab_config.json").write_text(json.dumps(shown))
        self.port = free_port()
        kept = {k: v for k, v in os.environ.items() if k != "DRAGONN_LITE_RENDERER"}
        # Nothing of the user's is read, and nothing left behind in the user's folders.
        own = {f"JUPYTER_{n}_DIR": str(folder / n.lower()) for n in ("CONFIG", "DATA", "RUNTIME")}
        own |= {"JUPYTER_TOKEN": "test", "IPYTHONDIR": str(folder / "ipython")}
        command = [sys.executable, "-m", "dragonn_lite", "lab", "--no-browser"]
        with open(folder / "lab.log", "wb") as log:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port)], cwd=folder, env=kept | own,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def address(self, lesson):
        # A workspace for each lesson: else the next one would open beside it.
        page = f"lab/workspaces/{lesson}/tree/notebooks/{lesson}.ipynb?token=test"
        return f"http://localhost:{self.port}/{page}"

    def wait(self):
        """Wait until it answers; say what it said if it ends instead."""
        for _ in range(10 * SECONDS):
            try:
                socket.create_connection(("localhost", self.port), timeout=SECONDS).close()
                return
            except OSError:
                pass
            try:
                self.process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        raise AssertionError("the lab did not start:\n" + self.log())

    def log(self):
        return (self.folder / "lab.log").read_text(encoding="utf-8", errors="replace")

    def stop(self):
        """End the server, which ends its kernels; return the processes that were left."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            pass  # it is among those found below
        left = [p for p in psutil.process_iter() if self._is_ours(p)]
        for process in left:
            process.kill()
        return left

    def _is_ours(self, process):
        try:
            # A kernel names its connection file, which lies in our folder; the server, its root.
            return any(str(self.folder) in word for word in process.cmdline())
        except psutil.Error:
            return False


def free_port():
    with socket.create_server(("localhost", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    started = Lab(tmp_path_factory.mktemp("lab"))
    try:
        started.wait()
        yield started
    finally:
        left = started.stop()
    assert left == [], f"processes outlive the lab: {left}"


@pytest.fixture(scope="module")
def browser():
    expect.set_options(timeout=1000 * SECONDS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


class Lesson:
    """A lesson in the browser, with all its cells run."""

    def __init__(self, lab, browser, name):
        self.name = name
        self.page = browser.new_page(viewport={"width": 1280, "height": 900})
        self.faults, self.elsewhere = [], set()
        self.page.set_default_timeout(1000 * SECONDS)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        # A classroom may have no network: whatever is asked for elsewhere does not come.
        self.page.route(re.compile(r"^https?://(?!localhost[:/])"), self._refuse)
        self.page.goto(lab.address(name))
        self._run()
        self.notebook = self.page.evaluate(f"{CURRENT}.content.model.toJSON()")

    def _refuse(self, route):
        self.elsewhere.add(route.request.url)
        route.abort()

    def _run(self):
        page = self.page
        page.wait_for_function("window.jupyterapp")
        page.evaluate("jupyterapp.restored")
        path = f"notebooks/{self.name}.ipynb"
        page.wait_for_function(f"{CURRENT}?.context?.path === '{path}'")
        page.evaluate(f"Promise.all([{CURRENT}.context.ready, {CURRENT}.sessionContext.ready])")
        page.evaluate(f"{CURRENT}.sessionContext.session.kernel.info")
        # Not awaited in one call, which would have no limit.
        page.evaluate(
            "() => { jupyterapp.commands.execute('notebook:run-all-cells')"
            ".then(() => { window.allCellsRan = true }) }"
        )
        page.wait_for_function("window.allCellsRan", timeout=1000 * RUN_SECONDS)

    def outputs(self):
        """Yield the id of a cell and each of its outputs."""
        for cell in self.notebook["cells"]:
            for output in cell.get("outputs", []):
                yield cell["id"], output

    def cell(self, name):
        """The cell of this id, on the page."""
        index = [cell["id"] for cell in self.notebook["cells"]].index(name)
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def keep(self, folder, part, locator=None):
        path = folder / f"{self.name[:2]}-{part}.png"
        (locator or self.page).screenshot(path=path, timeout=1000 * SECONDS)


CURRENT = "jupyterapp.shell.currentWidget"


@pytest.fixture(scope="module")
def lessons(lab, browser):
    """Open a lesson and run it, once for all tests."""
    ran = {}

    def open_(name):
        if name not in ran:
            ran[name] = Lesson(lab, browser, name)
        return ran[name]

    return open_


@pytest.fixture
def artefacts(tmp_path):
    folder = Path(os.environ.get("DRAGONN_LITE_ARTEFACTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# --- lessons -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_to_its_end(lessons, artefacts, name):
    lesson = lessons(name)
    # Not one red line: no error, and nothing that TensorFlow or a warning writes.
    for where, output in lesson.outputs():
        assert output["output_type"] != "error", (where, output)
        assert output.get("name") != "stderr", (where, output)
    code = [cell for cell in lesson.notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    assert lesson.faults == []
    lesson.keep(artefacts, "window")


@pytest.mark.parametrize("name", LESSONS)
def test_every_chart_is_drawn_without_a_network(lessons, artefacts, name):
    lesson = lessons(name)
    sent = sum(VEGA in output.get("data", {}) for _, output in lesson.outputs())
    canvases = lesson.page.locator(".jp-OutputArea-output .vega-embed canvas")
    expect(canvases).to_have_count(sent)
    colours = canvases.evaluate_all(COLOURS)
    assert sent > 3 and min(colours) > 10, colours
    # A widget is more than its controls.
    for where, output in lesson.outputs():
        if WIDGET in output.get("data", {}):
            drawn = lesson.cell(where).locator("svg[role=img], canvas")
            assert drawn.count() > 0, f"the widget of cell {where} shows no picture"
    # The picture at the top comes with the lesson; the badges lead out of it.
    picture = lesson.page.locator(f".jp-MarkdownCell img[src*='{name[:2]}.svg']")
    assert picture.evaluate("image => image.naturalWidth") > 500
    hosts = {re.match(r"https?://([^/]+)", url)[1] for url in lesson.elsewhere}
    assert hosts <= {"colab.research.google.com", "mybinder.org"}
    keep_whole(lesson, artefacts)


# How many colours each canvas shows: one that stayed blank shows one.
COLOURS = """canvases => canvases.map(canvas => {
    const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return new Set(new Uint32Array(data.buffer)).size;
})"""


def keep_whole(lesson, folder):
    """Keep the lesson window by window, as one reads it."""
    panel = lesson.page.locator(".jp-WindowedPanel-outer")
    whole, seen = panel.evaluate("panel => [panel.scrollHeight, panel.clientHeight]")
    for number, top in enumerate(range(0, whole, seen - 40)):
        panel.evaluate("(panel, top) => { panel.scrollTop = top }", top)
        lesson.keep(folder, f"page-{number:02}", panel)


def drag(page, handle, px):
    """Drag by mouse to the right."""
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + px, y, steps=3)
    page.mouse.up()


def test_the_explorer_follows_mouse_and_keyboard(lessons, artefacts):
    lesson = lessons(EXPLORER)
    cell = lesson.cell("play-widget")
    cell.scroll_into_view_if_needed()
    picture = cell.locator("svg[role=img]")
    readout = cell.locator(".widget-readout").first

    def row(label):
        return cell.locator(".jupyter-widgets", has=lesson.page.get_by_text(label, exact=True)).last

    def says(*words):
        expect(picture).to_have_attribute("aria-label", re.compile(".*".join(words)))

    says("15.3 bits, bound", "called from 10.0 bits")
    lesson.keep(artefacts, "explorer", cell)

    # By mouse: the slider dragged a little to the right.
    handle = row("Position ▲").locator(".noUi-handle")
    drag(lesson.page, handle, 30)
    expect(readout).not_to_have_text("20")
    assert 25 < int(readout.inner_text()) < 35
    says(f"base . at {readout.inner_text()} is chosen")

    # By keyboard: to the start, then on to a letter of the site, which is changed by mouse.
    handle.focus()
    handle.press("Home")
    for _ in range(15):
        handle.press("ArrowRight")
    says("base C at 15 is chosen")
    row("its base").get_by_role("button", name="T", exact=True).click()
    says("TAGCTACCAGATGGCGTAT", "not bound", "base T at 15 is chosen")
    row("Bound from").locator(".noUi-handle").press("ArrowLeft")
    says("called from 9.5 bits")
    lesson.keep(artefacts, "explorer-broken", cell)

    # A list, and text.
    row("Motif").locator("select").select_option("GATA1")
    says("GATA1")
    row("Sequence").locator("input").fill("ccccAGATAAGGcccc")
    says("Sequence CCCCAGATAAGGCCCC")
    drawn = picture.inner_html()
    row("Sequence").locator("input").fill("ccccAGAXAAGGcccc")
    expect(cell.get_by_role("alert")).to_have_text(
        "sequence holds the letter 'X', expected A, C, G, T or N."
    )
    assert picture.inner_html() == drawn
    lesson.keep(artefacts, "explorer-sentence", cell)
    assert lesson.faults == []


# --- the threshold explorer ----------------------------------------------------------------------


def simulated():
    """Labels and scores, of which the notebook makes the same."""
    rng = np.random.default_rng(7)
    labels = (rng.random(4000) < 0.05).astype(int)
    return labels, rng.normal(-2, 1.5, 4000) + 3 * labels


CELLS = {
    "setup": "import numpy as np\nfrom dragonn_lite import lesson\n"
    "from dragonn_lite.display import charts, widgets\nlesson.begin()\n"
    f"{inspect.getsource(simulated)}\nlabels, scores = simulated()",
    "widget": "widgets.threshold_explorer(labels, scores, prevalence=0.01)",
    "chart": "charts.threshold_explorer(labels, scores, prevalence=0.01)",
}


@pytest.fixture(scope="module")
def thresholds(lab, lessons):
    """A notebook of simulated scores, with the explorer as a widget and as a chart with sliders."""
    return lessons(written(lab, "thresholds", CELLS))


def written(lab, name, sources):
    """Write a notebook of these cells where the lab finds it, and return its name."""
    cells = [nbformat.v4.new_code_cell(source, id=cell) for cell, source in sources.items()]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, lab.folder / "notebooks" / f"{name}.ipynb")
    return name


@pytest.fixture
def state():
    """What that explorer shows first, worked out here."""
    before = alt.theme.active
    theme.register()
    yield widgets.ThresholdState(*simulated(), prevalence=0.01)
    alt.theme.enable(before)


def words_of(picture):
    """All that is written in an SVG picture, in order."""
    return list(map(html.unescape, re.findall("<text[^>]*>([^<]*)</text>", picture)))


def test_the_threshold_explorer_follows_mouse_and_keyboard(thresholds, state, artefacts):
    cell = thresholds.cell("widget")
    cell.scroll_into_view_if_needed()
    picture = cell.locator("svg[role=img]")
    stops = sorted({*state.stops.tolist(), state.threshold})

    def handle(name):
        return cell.locator(".widget-hslider", has_text=name).locator(".noUi-handle")

    def shows(there):
        drawn = theme.svg(widgets.threshold_explorer_chart(there))
        said = html.unescape(re.search('aria-label="([^"]*)"', drawn)[1])
        expect(picture).to_have_attribute("aria-label", said)
        seen = picture.locator("text").all_text_contents()
        assert seen == words_of(drawn) and {there.words(), there.net_words()} <= set(seen)
        expect(cell.get_by_role("status")).to_have_text(f"{there.words()}. {there.net_words()}.")

    shows(state)
    thresholds.keep(artefacts, "widget", cell)
    first = stops.index(state.threshold)
    handle("Threshold").focus()
    for _ in range(3):
        handle("Threshold").press("ArrowRight")
    shows(state := state.at(threshold=stops[first + 3]))
    drag(thresholds.page, handle("Threshold"), 60)
    expect(cell.get_by_role("status")).not_to_contain_text(state.words())
    reached = round(float(handle("Threshold").get_attribute("aria-valuenow")))
    assert first + 10 < reached < len(stops)
    shows(state := state.at(threshold=stops[reached]))
    handle("Prevalence").press("ArrowLeft")
    shows(state := state.at(prevalence=0.008))
    handle("Cost").press("ArrowRight")
    shows(state.at(cost=1.25))
    thresholds.keep(artefacts, "widget-moved", cell)
    assert thresholds.faults == []


# The last test of this notebook: its kernel is gone after it.
def test_the_chart_with_sliders_needs_no_kernel(thresholds, state, artefacts):
    page, cell = thresholds.page, thresholds.cell("chart")
    cell.scroll_into_view_if_needed()
    page.evaluate(f"{CURRENT}.sessionContext.shutdown()")
    inside = cell.frame_locator("iframe")
    spec = charts.threshold_explorer(state.labels, state.scores, prevalence=0.01).to_dict()
    stops, prevalences = (
        next(p["value"] for p in spec["params"] if p["name"] == name)
        for name in ("stops", "prevalences")
    )

    def dial(name):
        return inside.get_by_role("slider", name=name)

    def shows(there):
        expect(inside.locator("#said")).to_have_text(there.words())
        # The picture is drawn in the next frame of the browser, all of it at once.
        seen = words_of(theme.svg(widgets.threshold_explorer_chart(there)))
        assert {there.words(), there.net_words()} <= set(seen)
        expect(inside.locator("#chart svg text")).to_have_text(seen)

    shows(state)
    thresholds.keep(artefacts, "chart", cell)
    for _ in range(3):
        dial("threshold").press("ArrowRight")
    reached = stops.index(state.threshold) + 3
    shows(state := state.at(threshold=stops[reached]))
    drag(page, dial("threshold"), 60)
    dragged = int(dial("threshold").input_value())
    assert reached + 10 < dragged < len(stops)
    shows(state := state.at(threshold=stops[dragged]))
    dial("prevalence").press("ArrowLeft")
    shows(state := state.at(prevalence=prevalences[prevalences.index(0.01) - 1]))
    dial("cost").press("ArrowRight")
    shows(state.at(cost=1.25))
    thresholds.keep(artefacts, "chart-moved", cell)
    assert thresholds.faults == []


# --- the attribution explorer --------------------------------------------------------------------


def explained(x, *, target):
    """A logit that counts TATA, near the middle; the contributions fall short of it by 0.5."""
    from types import SimpleNamespace

    tata = [3, 0, 3, 0]
    length = x.shape[1]
    found = np.zeros((1, length))
    for start in range(length - 3):
        if all(x[0, start + i, base] for i, base in enumerate(tata)):
            found[0, start : start + 4] += 1.5 - target
    logits = found.sum(axis=1) + 0.5
    return SimpleNamespace(contributions=found, logits=logits, completeness_error=[0.5])


def broken(x, *, target):
    """A method that cannot explain."""
    raise ValueError(f"model has no gradients to follow for target {target}")


ATTRIBUTION_CELLS = {
    "setup": "import numpy as np, pandas as pd\nfrom dragonn_lite import lesson\n"
    "from dragonn_lite.display import charts, widgets\nlesson.begin()\n"
    f"{inspect.getsource(explained)}\n{inspect.getsource(broken)}\n"
    "codes = np.arange(2 * 500).reshape(2, 500) * 7 // 3 % 3\n"
    "codes[:, 240:244] = codes[1, 400:404] = 3, 0, 3, 0\n"
    "x = np.eye(4, dtype=np.uint8)[codes]\n"
    "sites = pd.DataFrame({'sequence': [0, 1, 1], 'motif': 'TATA', 'start': [240, 240, 400],\n"
    "                      'stop': [244, 244, 404], 'strand': '+'})\n"
    "explainers = {'one': explained, 'two': explained, 'none': broken}\n"
    "choices = dict(targets=('bound', 'open'), sites=sites)",
    "widget": "widgets.attribution_explorer(explainers, x, **choices)",
    "chart": "charts.attribution_panels(explainers, x, mutations=[(241, 'C')], **choices)",
}


@pytest.fixture(scope="module")
def attributions(lab, lessons):
    """A notebook with the attribution explorer, as a widget and as its plain picture."""
    return lessons(written(lab, "attributions", ATTRIBUTION_CELLS))


def picture_says(picture, *words):
    """Wait until the picture's words for screen readers hold these, in this order."""
    expect(picture).to_have_attribute("aria-label", re.compile(".*".join(words)))


def press_panel(page, picture, name, across, down=0.5, to=None, before_release=None):
    """Press a panel at shares of its width and height, or drag over it as far as `to`."""
    panel = picture.locator(f"g.{name}_group path.background").first
    panel.evaluate("panel => panel.scrollIntoView({block: 'center'})")
    box = panel.bounding_box()
    y = box["y"] + down * box["height"]
    page.mouse.move(box["x"] + across * box["width"], y)
    page.mouse.down()
    if to is not None:
        page.mouse.move(box["x"] + to * box["width"], y, steps=4)
    if before_release is not None:
        before_release()
    page.mouse.up()


def test_the_attribution_explorer_follows_mouse_and_keyboard(attributions, artefacts):
    page, cell = attributions.page, attributions.cell("widget")
    cell.scroll_into_view_if_needed()
    picture = cell.locator("svg[role=img]")
    status = cell.get_by_role("status")

    says, press = partial(picture_says, picture), partial(press_panel, page, picture)

    def row(label):
        return cell.locator(".widget-inline-hbox", has_text=label).last

    says("bound: logit 6.50", "500 bp; below, 210 to 269 enlarged", "Base T at 240 is chosen")
    attributions.keep(artefacts, "first", cell)

    # By mouse: the letter C of base 241, in the second of four rows.
    press("bases", 31.5 / 60, 1.5 / 4)
    says(r"bound: logit moved from 6.50 to 0.50 \(−6.00\)", "241 A→C", "Base C at 241 is chosen")
    expect(status).to_have_text("bound: logit moved from 6.50 to 0.50 (−6.00).")
    expect(cell.get_by_text("241 A→C", exact=True)).to_be_visible()
    # The base under the mouse is outlined.
    outline = cell.locator("div[style*='pointer-events: none']").bounding_box()
    whole = picture.locator("g.bases_group path.background").first.bounding_box()
    seen = [outline["x"] - whole["x"], outline["y"] - whole["y"], outline["width"]]
    assert seen == pytest.approx([31 * 26 / 3, whole["height"] / 4, 26 / 3], abs=1)
    attributions.keep(artefacts, "mutated", cell)
    # The window is dragged over the track, and a base of it chosen by its letter.
    press("whole_1", 0.75, to=0.85)
    says("below, 375 to 424 enlarged", "Base . at 375 is chosen")
    press("letters_0", 10.5 / 50)
    says("Base . at 385 is chosen")
    attributions.keep(artefacts, "brushed", cell)

    # By keyboard: back to the base, which is written again.
    handle = row("Position").locator(".noUi-handle")
    handle.focus()
    handle.press("Home")
    says("Base . at 0 is chosen")
    cell.get_by_role("button", name="Undo").press("Enter")
    says("bound: logit 6.50", "nothing mutated", "Base A at 241 is chosen")
    handle.press("ArrowRight")
    says("Base T at 242 is chosen")
    cell.get_by_role("button", name="G", exact=True).press("Enter")
    says("242 T→G")
    handle.press("ArrowLeft")
    cell.get_by_role("button", name="T", exact=True).press("Enter")
    says("mutated .*: 241 A→T, 242 T→G")
    cell.get_by_role("button", name="Reset").press("Enter")
    says("bound: logit 6.50", "nothing mutated")

    # Lists, and a method that fails in its place.
    row("Target").locator("select").select_option("open")
    says("open: logit 2.50")
    row("and below").locator("select").select_option("none")
    says("none: model has no gradients to follow for target 1")
    attributions.keep(artefacts, "failed", cell)
    row("Sequence").locator("input").fill("1")
    row("Sequence").locator("input").press("Enter")
    says("open: logit 4.50", "Sequence 1")
    # A narrow window shows all of it smaller, and is pressed where it is seen.
    page.set_viewport_size({"width": 700, "height": 900})
    expect(picture).to_be_visible()
    press("bases", 31.5 / 60, 1.5 / 4)
    says("open: logit moved from 4.50 to 2.50", "241 A→C")
    attributions.keep(artefacts, "narrow", cell)
    assert attributions.faults == []


def test_the_plain_picture_of_the_attribution_explorer_is_drawn(attributions, artefacts):
    attributions.page.set_viewport_size({"width": 1280, "height": 900})
    cell = attributions.cell("chart")
    cell.scroll_into_view_if_needed()
    canvas = cell.locator(".vega-embed canvas")
    expect(canvas).to_have_count(1)
    assert min(canvas.evaluate_all(COLOURS)) > 10
    attributions.keep(artefacts, "plain", cell)


# --- the memory explorer -------------------------------------------------------------------------

MEMORY_CELLS = {
    "setup": """import numpy as np, pandas as pd
from dragonn_lite import lesson
from dragonn_lite.display import charts, widgets
from dragonn_lite.interpretation.recurrent import States, match, select
lesson.begin()
rng = np.random.default_rng(0)
x = np.eye(4, dtype=np.uint8)[np.arange(4 * 60).reshape(4, 60) * 7 // 3 % 4]
sites = pd.DataFrame({'sequence': [0, 2], 'motif': 'SPI1', 'start': [20, 40], 'stop': [30, 50],
                      'strand': '+'})
hidden = rng.uniform(-0.9, 0.2, (4, 60, 8)).astype(np.float32)
for site in sites.itertuples():
    hidden[site.sequence, site.start:site.stop, [2, 5]] = 0.8
gates = {name: rng.random(hidden.shape) for name in ('input', 'forget', 'output', 'candidate')}
steps = np.arange(60)
states = States('memory', 'LSTM', hidden, 2 * hidden, gates, np.array(['forward'] * 8), steps,
                steps + 1)
output = np.add.accumulate(np.ones((4, 60)) / 10, axis=1)
recording = charts.Recording(
    states, x, output, select, match, sites=sites, labels=[1, 0, 1, 0],
    tracks={'grammar': np.where(steps < 20, 'outside', 'inside')[None].repeat(4, 0)})""",
    "widget": "widgets.memory_explorer(recording)",
    "chart": "charts.memory_chart(recording, pattern=(0, 20, 30), step=45)",
}


@pytest.fixture(scope="module")
def memories(lab, lessons):
    """A notebook with the memory explorer, as a widget and as its plain picture."""
    return lessons(written(lab, "memories", MEMORY_CELLS))


def test_the_memory_explorer_follows_mouse_and_keyboard(memories, artefacts):
    page, cell = memories.page, memories.cell("widget")
    cell.scroll_into_view_if_needed()
    picture = cell.locator("svg[role=img]")
    status = cell.get_by_role("status")

    says, press = partial(picture_says, picture), partial(press_panel, page, picture)

    def row(label):
        return cell.locator(".jupyter-widgets", has=page.get_by_text(label, exact=True)).last

    found = "2 units are on over 20 to 29 of sequence 0 and off elsewhere"
    says("bound: logit 6.00", "labelled bound, 60 bp")
    memories.keep(artefacts, "first", cell)

    # By mouse: a range is dragged over the units, and its match pressed.
    dragging = partial(memories.keep, artefacts, "dragging", cell)
    press("range_units", 20.5 / 60, to=29.5 / 60, before_release=dragging)
    says(found, "1 other place where they are on together", "sequence 2, 40 to 49: SPI1, bound")
    expect(status).to_contain_text(f"{found}. 1 other place where they are on together.")
    memories.keep(artefacts, "range", cell)
    press("matches", 0.2, down=0.75)
    says(found, "Sequence 2, labelled bound")
    memories.keep(artefacts, "match", cell)
    press("range_letters", 44.5 / 60)  # read up to this letter
    says("logit 4.50 after 45 of 60 bases", "Just read: . at 44")
    press("range_units", 0.5, down=0.01)  # the topmost row
    says("unit [0-7]: hidden state")
    memories.keep(artefacts, "reading", cell)

    # By keyboard alone: back to where it began, and the same again.
    cell.get_by_role("button", name="All").press("Enter")
    box = row("Go to").locator("select")
    box.focus()
    box.press("Home")
    says(found, "Sequence 0, labelled bound")
    cell.get_by_role("button", name="Clear").press("Enter")
    says("bound: logit 6.00; moved most")
    expect(row("Range").locator(".widget-readout")).to_have_text("0 – 0")  # the slider as well
    low, high = (row("Range").locator(".noUi-handle").nth(i) for i in (0, 1))
    high.focus()
    for _ in range(30):
        high.press("ArrowRight")
    low.focus()
    for _ in range(20):
        low.press("ArrowRight")
    says(found, "sequence 2, 40 to 49: SPI1, bound")
    threshold = row("On from").locator(".noUi-handle")
    threshold.focus()
    threshold.press("End")
    says("No unit is on over 20 to 29", "no unit whose other places could be sought")
    threshold.press("Home")
    says("(No unit|[0-9] units?|Unit [0-9]) (is|are) on over 20 to 29")
    cell.get_by_role("button", name="First").press("Enter")
    says("logit 0.10 after 1 of 60 bases", "Just read: . at 0")
    cell.get_by_role("button", name="Next").press("Enter")
    says("logit 0.20 after 2 of 60 bases", "Just read: . at 1")
    expect(row("Read to").locator(".widget-readout")).to_have_text("1")
    step = row("Read to").locator(".noUi-handle")
    step.focus()
    step.press("ArrowRight")
    says("logit 0.30 after 3 of 60 bases", "Just read: . at 2")
    step.press("ArrowLeft")
    step.press("ArrowLeft")
    says("logit 0.10 after 1 of 60 bases")
    row("Colours show").locator("select").select_option("forget gate")
    expect(picture.get_by_text("forget gate of each unit")).to_be_visible()
    row("Unit").locator("input").fill("7")
    row("Unit").locator("input").press("Enter")
    says("unit 7: hidden state")
    row("Sequence").locator("input").fill("3")
    row("Sequence").locator("input").press("Enter")
    says("Sequence 3, labelled unbound")
    memories.keep(artefacts, "keyboard", cell)
    # A narrow window shows all of it smaller, and is pressed where it is seen.
    page.set_viewport_size({"width": 700, "height": 900})
    expect(picture).to_be_visible()
    press("range_letters", 12.5 / 60)
    says("logit 1.30 after 13 of 60 bases")
    memories.keep(artefacts, "narrow", cell)
    assert memories.faults == []


def test_the_plain_picture_of_the_memory_explorer_is_drawn(memories, artefacts):
    memories.page.set_viewport_size({"width": 1280, "height": 900})
    cell = memories.cell("chart")
    cell.scroll_into_view_if_needed()
    canvas = cell.locator(".vega-embed canvas")
    expect(canvas).to_have_count(1)
    assert min(canvas.evaluate_all(COLOURS)) > 10
    memories.keep(artefacts, "plain", cell)
