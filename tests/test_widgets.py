"""Widgets driven from Python: a changed control changes the state, and the state the picture."""

import contextlib
import io
import re
import sys

import altair as alt
import ipywidgets
import numpy as np
import pandas as pd
import pytest

from dragonn_lite.display import live, theme, widgets
from dragonn_lite.dna import motifs, sequences

TOY = motifs.Motif("toy", [[0.97, 0.01, 0.01, 0.01]] * 2 + [[0.01, 0.01, 0.01, 0.97]] * 3)
SEQUENCE = "GCGCGCAATTTGCGCGC"


@pytest.fixture
def explorer():
    return widgets.motif_explorer(TOY, SEQUENCE)


def control(explorer, label):
    """Find a control by what a reader is told: its description."""

    def walk(widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from walk(child)

    return next(w for w in walk(explorer) if getattr(w, "description", "") == label)


def picture(explorer):
    return explorer.children[-1].value


def message(explorer):
    return re.sub("<[^>]*>", "", explorer.children[2].value)


def test_the_best_site_against_a_loop():
    rng = np.random.default_rng(5)
    for _ in range(10):
        text = "".join(rng.choice(list("ACGT"), 30))
        state = widgets.MotifState(TOY, text)
        scored = {}
        log_odds = np.log2((TOY.probabilities + 0.001) / (1 + 0.004) / 0.25)
        for strand, read in (("+", text), ("-", sequences.reverse_complement(text))):
            for start in range(26):
                score = sum(log_odds[i, "ACGT".index(read[start + i])] for i in range(5))
                scored[start if strand == "+" else 25 - start, strand] = score
        site = state.best_site()
        best = max(scored.values())
        assert site["score"] == pytest.approx(best, abs=1e-6)
        assert scored[site["start"], site["strand"]] == pytest.approx(best, abs=1e-6)
        assert site["score"] == pytest.approx(float(state.scores.max()), abs=1e-3)


def test_equal_states_give_equal_pictures_and_the_widget_shows_its_twin(explorer):
    state = widgets.MotifState(TOY, SEQUENCE)
    twin = theme.svg(widgets.motif_explorer_chart(state))
    assert picture(explorer) == twin == theme.svg(widgets.motif_explorer_chart(state))
    assert "Best site AATTT at 6 (+ strand)" in state.words()


@pytest.mark.slow
def test_each_control_changes_state_and_picture(explorer):
    steps = [
        ("Position ▲", 6, lambda s: s.position == 6),
        ("its base", "C", lambda s: s.sequence == "GCGCGCCATTTGCGCGC"),
        ("Bound from", 3.5, lambda s: s.threshold_bits == 3.5),
        ("Strand", "-", lambda s: s.strand == "-"),
        ("Sequence", "GCAATTTGCGG", lambda s: s.sequence == "GCAATTTGCGG"),
        ("Motif", "TAL1_known4", lambda s: s.motif.name == "TAL1_known4"),
    ]
    for label, value, reached in steps:
        before = picture(explorer)
        control(explorer, label).value = value
        assert reached(explorer.explored), label
        assert picture(explorer) != before, label
        assert picture(explorer) == theme.svg(widgets.motif_explorer_chart(explorer.explored))
        assert message(explorer) == ""


def test_controls_follow_the_state(explorer):
    control(explorer, "Sequence").value = "aattt gcgc"
    assert explorer.explored.sequence == "AATTTGCGC"
    assert control(explorer, "Position ▲").max == 8
    control(explorer, "Position ▲").value = 8
    assert control(explorer, "its base").value == "C"
    control(explorer, "Sequence").value = "AATTTNN"
    assert explorer.explored.position == 6
    assert control(explorer, "its base").value is None  # N is none of the four


def test_planting_raises_the_score_to_the_highest(explorer):
    control(explorer, "Position ▲").value = 0
    control(explorer, "Plant the motif at ▲").click()
    assert explorer.explored.sequence.startswith("AATTT")
    assert control(explorer, "Sequence").value == explorer.explored.sequence
    control(explorer, "Position ▲").value = len(SEQUENCE) - 1  # no room: it moves left
    control(explorer, "Plant the motif at ▲").click()
    assert explorer.explored.sequence.endswith("AATTT")


def test_the_reverse_complement_moves_the_site_to_the_other_strand(explorer):
    before = explorer.explored.best_site()
    control(explorer, "Reverse complement").click()
    after = explorer.explored.best_site()
    assert (before["strand"], after["strand"]) == ("+", "-")
    assert after["score"] == pytest.approx(before["score"])
    assert after["start"] == len(SEQUENCE) - before["stop"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("AAXTT", "sequence holds the letter 'X', expected A, C, G, T or N."),
        ("<b>AATTT", "sequence holds the letter '&lt;', expected A, C, G, T or N."),
        ("AAT", "sequence has 3 bp, expected 5 (the width of the motif) to 120."),
        ("", "sequence is empty, expected at least one base."),
        ("A" * 121, "sequence has 121 bp, expected 5 (the width of the motif) to 120."),
    ],
)
def test_a_wrong_sequence_is_a_sentence_and_the_picture_stays(explorer, typed, sentence):
    before = picture(explorer)
    control(explorer, "Sequence").value = typed
    assert message(explorer) == sentence
    assert picture(explorer) == before and explorer.explored.sequence == SEQUENCE
    control(explorer, "Sequence").value = SEQUENCE.lower() + "A"
    assert message(explorer) == "" and picture(explorer) != before


def test_a_motif_too_wide_for_the_sequence_is_refused(explorer):
    control(explorer, "Sequence").value = "AATTTG"
    control(explorer, "Motif").value = "CTCF_known1"
    assert "expected 19 (the width of the motif)" in message(explorer)
    assert control(explorer, "Motif").value == "toy"


def test_every_control_has_a_label_and_the_picture_a_text(explorer):
    def walk(widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from walk(child)

    for widget in walk(explorer):
        if isinstance(widget, (ipywidgets.HTML, ipywidgets.Box)):
            continue
        assert widget.description.strip(), widget
    label = re.search(r'aria-label="([^"]*)"', picture(explorer))[1]
    assert "Best site AATTT" in label and f"{SEQUENCE}, base G at 0 is chosen" in label


def test_without_vl_convert_the_chart_itself_is_shown(monkeypatch):
    monkeypatch.setattr(theme, "can_draw", lambda: False)
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    monkeypatch.setattr("IPython.display.clear_output", lambda wait: None)
    explorer = widgets.motif_explorer(TOY, SEQUENCE)
    assert isinstance(explorer.children[-1], ipywidgets.Output)
    control(explorer, "Position ▲").value = 4
    assert [type(chart) for chart in shown] == [alt.VConcatChart] * 2


@pytest.mark.parametrize(
    ("arguments", "message_"),
    [
        ({"strand": "x"}, "strand is 'x'"),
        ({"position": 99}, "position is 99, expected 0 to 16"),
        ({"threshold_bits": np.nan}, "threshold_bits holds 1 of 1"),
    ],
)
def test_wrong_states(arguments, message_):
    with pytest.raises(ValueError, match=message_):
        widgets.motif_explorer(TOY, SEQUENCE, **arguments)


# A control of one's own


def shifted(position):
    return widgets.motif_explorer_chart(widgets.MotifState(TOY, SEQUENCE, position=position))


def test_a_picture_follows_a_control():
    slider = ipywidgets.IntSlider(3, 0, 9, description="position")
    widget = widgets.follow(shifted, slider)
    assert widget.children[0] is slider
    assert picture(widget) == theme.svg(shifted(3))
    slider.value = 7
    assert picture(widget) == theme.svg(shifted(7)) != theme.svg(shifted(3))


def test_only_a_value_can_be_followed():
    with pytest.raises(TypeError, match="control is Button, expected a widget with a value"):
        widgets.follow(shifted, ipywidgets.Button())


# The training picture


def history(n_epochs):
    rows = [
        (epoch, split, metric, 1 / epoch)
        for epoch in range(1, n_epochs + 1)
        for split in ("training", "validation")
        for metric in ("loss", "auroc")
    ]
    return pd.DataFrame(rows, columns=["epoch", "split", "metric", "value"])


class Handle:
    """Stands for IPython's display: remembers what was shown."""

    def __init__(self, monkeypatch):
        self.shown = []
        monkeypatch.setattr("IPython.display.display", self.display)

    def display(self, picture, display_id):
        assert display_id is True
        self.shown.append(picture)
        return self

    def update(self, picture):
        self.shown.append(picture)


def run(picture, n, n_epochs, seconds=60.0):
    for epoch in range(1, n + 1):
        picture(history(epoch), epoch, n_epochs, seconds * epoch)


def test_a_notebook_updates_one_display(monkeypatch):
    handle = Handle(monkeypatch)
    run(widgets.TrainingPicture(show="picture"), 3, 3)
    texts = [picture.data for picture in handle.shown]
    assert len(texts) == 3 and len(set(texts)) == 3
    assert "epoch 1 of 3 · 60 s · about 2 min 00 s left" in texts[0]
    assert "interrupt (■) keeps the best weights" in texts[0]
    assert "epoch 3 of 3" in texts[-1] and "finished" in texts[-1]


def test_fast_epochs_are_drawn_together(monkeypatch):
    handle = Handle(monkeypatch)
    run(widgets.TrainingPicture(show="picture"), 200, 200, seconds=1e-6)
    assert len(handle.shown) == 2  # the first and the last


def test_papermill_gets_the_end_alone(monkeypatch):
    handle = Handle(monkeypatch)
    monkeypatch.setenv(theme.RENDERER_VARIABLE, "svg")
    picture = widgets.TrainingPicture(show="picture")
    run(picture, 4, 9)
    assert handle.shown == []
    picture.finish()  # an early stop
    picture.finish()
    assert len(handle.shown) == 1 and "epoch 4 of 9" in handle.shown[0].data
    assert "left" not in handle.shown[0].data


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_rewrites_one_line(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("COLUMNS", "60")
    run(widgets.TrainingPicture(), 3, 3)
    text = sys.stderr.getvalue()
    assert text.count("\r") == 3 and text.count("\n") == 1 and text.endswith("\n")
    assert all(len(line.strip("\n")) == 59 for line in text.split("\r")[1:])


def test_a_log_gets_one_line_an_epoch(capsys):
    picture = widgets.TrainingPicture(show="line")
    run(picture, 2, 9)
    picture.finish()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert "validation loss 0.500" in lines[1] and "Ctrl-C keeps the best weights" in lines[1]
    assert lines[2].endswith("finished")


def test_silent(capsys, monkeypatch):
    handle = Handle(monkeypatch)
    picture = widgets.training_picture(show="nothing")
    run(picture, 3, 3)
    assert picture.state.epoch == 3
    assert handle.shown == [] and capsys.readouterr() == ("", "")


def test_a_pure_function_draws_the_state():
    state = widgets.TrainingState(history(2), 2, 10, 8.0)
    first, second = (theme.svg(widgets.training_chart(state)) for _ in range(2))
    assert first == second and "about 32 s left" in first
    finished = widgets.TrainingState(history(2), 2, 10, 8.0, finished=True)
    assert theme.svg(widgets.training_chart(finished)) != first


def test_in_a_notebook_is_told_by_its_kernel(monkeypatch):
    assert not live._in_notebook()
    shell = type("Shell", (), {"kernel": object()})()
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    assert live._in_notebook()
    with contextlib.suppress(ValueError):
        assert widgets.training_picture().show == "picture"


def test_show_is_checked():
    with pytest.raises(ValueError, match="show is 'loud'"):
        widgets.TrainingPicture(show="loud")


def test_the_sentence_and_the_bars_call_the_same_sites():
    from dragonn_lite.display.explorer import MotifState

    for name in ("CTCF", "TAL1", "IRF"):
        state = MotifState(name)
        best = state.best_site()["score"]
        assert best == state.scores.max() == pytest.approx(sum(state.best_site()["contributions"]))
        for threshold in (best, np.nextafter(best, 100)):
            state = MotifState(name, threshold_bits=threshold)
            assert (state.scores >= threshold).any() == ("not bound" not in state.words())


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"motif": 5}, TypeError, "motif is 5, expected a Motif"),
        ({"sequence": 5}, TypeError, "sequence is 5, expected a string"),
        ({"position": 1.5}, ValueError, "position is 1.5, expected a whole number"),
        ({"motif": motifs.Motif("long", np.eye(4)[[0] * 121])}, ValueError, "has 121 bp"),
    ],
)
def test_states_that_cannot_be_are_refused(fields, error, words):
    from dragonn_lite.display.explorer import MotifState

    with pytest.raises(error, match=words):
        MotifState(**fields)


@pytest.mark.parametrize("width", [36, 113, 119, 120])
def test_a_long_motif_fits_into_its_own_example(width):
    from dragonn_lite.display.explorer import MotifState

    state = MotifState(motifs.Motif("long", np.eye(4)[[0, 1] * 60][:width]))
    assert len(state.sequence) <= 120 and state.best_site()["score"] > 0
