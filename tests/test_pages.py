"""Pages and reports: one file, read anywhere, with nothing in it that was not meant."""

import os
import re
from html.parser import HTMLParser

import altair as alt
import numpy as np
import pandas as pd
import pytest

from dragonn_lite import comparison, reports
from dragonn_lite.assays import simulate
from dragonn_lite.assays.examples import Examples
from dragonn_lite.display import charts, pages
from dragonn_lite.dna import motifs
from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation import contributions

VOID = {"meta", "br", "img", "hr"}


class Nesting(HTMLParser):
    """Open tags must be closed in the order in which they were opened."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def parsed(path):
    parser = Nesting()
    parser.feed(path.read_text(encoding="utf-8"))
    assert parser.open == []
    return parser


def chart():
    table = pd.DataFrame({"name": ["one"], "value": [0.5]})
    return charts.bars(table, title="One bar < two", value_title="value")


@pytest.mark.parametrize("name", ["page.html", "chart.svg", "chart.json", "chart.png"])
def test_what_cannot_be_written_leaves_what_was_there(name, tmp_path, monkeypatch):
    from dragonn_lite.display import theme

    path = tmp_path / name
    path.write_text("old")
    monkeypatch.setattr(os, "replace", lambda *paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        if name == "page.html":
            pages.write_page(path, "Title", [])
        else:
            theme.save(chart(), path)
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_a_page_has_text_tables_and_charts_in_order(tmp_path):
    table = pd.DataFrame({"name": ["a<b"], "value": [0.12345]})
    sections = [("First & last", "Text with <b>tags</b>.", table, chart()), ("Second",)]
    path = pages.write_page(tmp_path / "new" / "page.html", 'Title "of" <all>', sections)
    page = parsed(path)
    body = [tag for tag in page.seen if tag in ("h1", "h2", "p", "table", "svg", "section")]
    assert body == ["h1", "section", "h2", "p", "table", "svg", "section", "h2"]
    text = path.read_text(encoding="utf-8")
    assert "<b>" not in text and "<all>" not in text and "a&lt;b" in text and "0.123<" in text
    assert text.startswith("<!doctype html>") and '<meta charset="utf-8">' in text


def test_a_page_fetches_nothing(tmp_path):
    text = pages.write_page(tmp_path / "page.html", "T", [("S", chart())]).read_text()
    assert not re.findall(r"(?:src|href)=\"?(?!#|url)[^\"]*//", text)
    assert "<script" not in text and "@import" not in text


def test_numbers_of_a_picture_are_short_and_unmoved(tmp_path):
    drawn = charts.contribution_track("ACGT" * 10, np.linspace(-1, 1, 40) ** 3)
    text = pages.write_page(tmp_path / "page.html", "T", [("S", drawn)]).read_text()
    outlines = re.findall(r' d="([^"]+)"', text)
    assert len(outlines) > 40
    assert not any(re.search(r"[0-9]\.[0-9]{3}", outline) for outline in outlines)
    assert pages._rounded(re.match(".*", "M-1.23456,0.5L100.999,7")) == "M-1.23,0.5L101.00,7"


def test_items_of_another_kind_are_refused(tmp_path):
    with pytest.raises(TypeError, match="item is int, expected text, a DataFrame or a chart"):
        pages.write_page(tmp_path / "page.html", "T", [("S", 3)])
    assert not (tmp_path / "page.html").exists()


# --- the sections of reports -------------------------------------------------------------------


def simulated(seed, n=200, length=80):
    data = simulate.single_motif_detection(
        "GATA1", length=length, n_positive=n, n_negative=n, gc_fraction=0.4, rng=seed
    )
    names = np.array([f"s{i}" for i in range(2 * n)])
    return Examples(data.sequences, data.labels, names), data.sites


def in_sites(data, sites):
    """Contributions of a network that sees the planted sites, and a little of everything else."""
    present = np.random.default_rng(0).normal(0, 0.01, data.sequences.shape[:2])
    for row in sites.itertuples():
        present[row.sequence, row.start : row.stop] += 1
    return present


@pytest.mark.parametrize("seed", range(3))
def test_the_known_motif_is_the_one_under_the_contributions(seed):
    data, planted = simulated(seed)
    present = in_sites(data, planted)
    # Of two motifs that filters resemble, the more familiar one is not where the letters are.
    matches = pd.DataFrame({"motif": ["CTCF_known1", "GATA1"], "correlation": [0.9, 0.5]})
    motif, sites, share = reports.known_sites(data.sequences, present, matches)
    assert motif.name == "GATA1" and share > 0.5
    assert not sites["sequence"].duplicated().any()
    assert share == contributions.share_in_sites(present, sites)
    # A site this good stands in at most a tenth of random sequences.
    x = dna.random_sequences(3000, 80, rng=seed)
    by_chance = reports.known_sites(x, np.ones(x.shape[:2]), matches.tail(1))
    assert by_chance is None or len(by_chance[1]) <= 0.1 * len(x)


def test_no_known_motif_where_none_fits():
    matches = pd.DataFrame({"motif": ["CTCF_known1"], "correlation": [0.9]})
    x = dna.one_hot(["A" * 30, "ACGT" + "A" * 26])
    assert reports.known_sites(x, np.ones((2, 30)), matches) is None
    assert reports.known_sites(x[:, :5], np.ones((2, 5)), matches) is None


@pytest.mark.parametrize(
    "length", [80, *(pytest.param(n, marks=pytest.mark.slow) for n in (300, 5000))]
)
def test_all_sections_make_a_page_at_any_length(length, tmp_path):
    data, planted = simulated(0, n=12, length=length)
    present = in_sites(data, planted)
    found = [motifs.Motif("filter_0", motifs.builtin("GATA1").probabilities)]
    scores = {"network": data.labels + np.linspace(0, 0.1, 24)}
    scores["GC content"] = -scores["network"]
    table = comparison.table(data, scores, rng=0)
    lead = comparison.lead(data, scores, rng=0)
    explained = data.names, scores["network"], data.sequences, present, found
    sections = [
        reports.sequences_section(data, "A note."),
        *reports.performance_sections(data, scores, table, lead=lead),
        *reports.explanation_sections(*explained, motifs.best_match(found), "by hand."),
    ]
    known = (str, pd.DataFrame, alt.TopLevelMixin)
    assert all(isinstance(item, known) for section in sections for item in section)
    page = parsed(pages.write_page(tmp_path / "page.html", "All", sections))
    assert page.seen.count("svg") == 10
    assert "By auPRC the network is ahead of GC content, the best baseline: +" in " ".join(
        page.text
    )
    assert "network less GC content" in " ".join(page.text)
    # So short a motif says nothing in a long sequence: chance writes it too often.
    said = "of the known motif GATA1 in each sequence" in " ".join(page.text)
    assert said == (length < 5000)
