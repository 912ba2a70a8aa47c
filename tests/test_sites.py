"""Pictures of sites and of thresholds: stacked, read by a motif, counted against chance."""

import altair as alt
import numpy as np
import pandas as pd
import pytest

from dragonn_lite.display import charts, tables, theme
from dragonn_lite.dna import motifs, sequences

DNA = "AATTCATACAATAGCCACCAGATGGCGTATATGTGCAGTGC"


@pytest.fixture(autouse=True)
def own_theme():
    theme.register()
    yield
    alt.theme.enable("default")


def rows_of(chart):
    """All the tables inside a chart, by their columns."""
    data = chart.to_dict()["datasets"].values()
    return [pd.DataFrame(rows) for rows in data]


def with_columns(chart, *columns):
    return next(table for table in rows_of(chart) if set(columns) <= set(table.columns))


def thresholds(**changes):
    bits = np.arange(0, 12, 0.5)
    parts = [
        pd.DataFrame({"motif": name, "threshold_bits": bits, "hits": top * 2.0**-bits,
                      "found": np.linspace(1, low, len(bits))})
        for name, top, low in (("CTCF", 1e7, 0.7), ("GATA1", 1e8, 0.1))
    ]  # fmt: skip
    return pd.concat(parts).assign(**changes)


CHARTS = {
    "stack": lambda: charts.site_stack(["TACG", "TACN", "ttcg"]),
    "stack, more than are shown": lambda: charts.site_stack(["TACG"] * 30, n_shown=3),
    "reading": lambda: charts.reading("CTCF", DNA, threshold_bits=10),
    "reading, other strand": lambda: charts.reading(
        "CTCF", sequences.reverse_complement(DNA), threshold_bits=10
    ),
    "reading, unknown bases": lambda: charts.reading(
        "TAL1", "N" * 12 + "ACCATCTGTT", threshold_bits=1
    ),
    "reading, 120 bp": lambda: charts.reading("GATA1", "ACGTTATC" * 15, threshold_bits=30),
    "thresholds": lambda: charts.hits_by_threshold(thresholds(observed=1e5)),
    "thresholds, all too strict": lambda: charts.hits_by_threshold(thresholds(found=0.5)),
    "thresholds, reference": lambda: charts.hits_by_threshold(
        thresholds(), reference=(5e4, "real")
    ),
}


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_draws_and_says_what_it_shows(name):
    chart = CHARTS[name]()
    drawn = theme.svg(chart)
    assert "NaN" not in drawn and len(drawn) > 5000
    assert len(chart.description) > 60
    assert max(map(len, rows_of(chart))) < 5000


def test_a_stack_counts_all_its_sites_and_writes_the_first():
    chart = charts.site_stack(["AC"] * 3 + ["AG"] * 5, n_shown=2)
    written = with_columns(chart, "site")
    assert written["base"].tolist() == list("ACAC")
    logo = with_columns(chart, "y0", "y1").set_index(["position", "base"])["height"]
    entropy = -(3 / 8 * np.log2(3 / 8) + 5 / 8 * np.log2(5 / 8))
    assert logo[0, "A"] == pytest.approx(2)
    assert logo[1, "G"] == pytest.approx((2 - entropy) * 5 / 8)
    assert "6 more sites" in " ".join(chart.title.subtitle)


@pytest.mark.parametrize("dna", [DNA, sequences.reverse_complement(DNA)], ids=["+", "-"])
def test_a_reading_lays_logo_and_bits_over_the_site(dna):
    chart = charts.reading("CTCF", dna, threshold_bits=10)
    motif = motifs.builtin("CTCF")
    scores = motifs.scan(sequences.one_hot([dna]), motif)[0]
    start = int(scores.max(axis=1).argmax())
    logo = with_columns(chart, "y0", "opacity")
    bits = next(t for t in rows_of(chart) if set(t) == {"position", "height", "y0", "y1", "base"})
    assert logo["position"].min() == bits["position"].min() == start
    assert "".join(bits["base"]) == dna[start : start + 19]
    assert bits["height"].sum() == pytest.approx(scores.max(), abs=1e-4)
    # The tallest letter of the logo is one that the site has: it is not pale.
    tallest = logo.loc[logo["height"].idxmax()]
    assert tallest["opacity"] == 1 and dna[int(tallest["position"])] == tallest["base"]
    pale = logo[logo["opacity"] < 1]
    assert all(dna[int(p)] != base for p, base in zip(pale["position"], pale["base"], strict=True))
    bars = with_columns(chart, "called")
    assert bars["called"].sum() == 1 and abs(bars["y"]).max() == pytest.approx(
        scores.max(), abs=1e-4
    )


def test_both_strands_are_written():
    letters = with_columns(charts.reading("CTCF", DNA, threshold_bits=10), "base", "x", "opacity")
    above, below = letters[letters["y"] > 0.5], letters[letters["y"] < 0.5]
    assert "".join(above["base"]) == DNA
    assert "".join(below["base"])[::-1] == sequences.reverse_complement(DNA)
    assert above["opacity"].min() > below["opacity"].max()


def test_the_mark_stands_where_the_share_of_found_sites_falls():
    table = thresholds()
    marked = with_columns(charts.hits_by_threshold(table, found=0.75), "label")
    for name, row in marked.set_index("motif").iterrows():
        own = table[table["motif"] == name]
        assert row["threshold_bits"] == own.loc[own["found"] >= 0.75, "threshold_bits"].max()
        assert "75 % of sites" in row["label"]


@pytest.mark.parametrize(
    ("hits", "words"),
    [(12_900_000, "13 million"), (163_200, "160,000"), (1_234, "1,200"), (87.6, "88")],
)
def test_large_numbers_are_said_in_words(hits, words):
    table = pd.DataFrame({"motif": "A", "threshold_bits": [0, 1], "hits": hits, "found": 1.0})
    label = with_columns(charts.hits_by_threshold(table), "label")["label"][0]
    assert label.startswith(words + " where")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: charts.site_stack(["ACGT"], n_shown=0), "n_shown is 0"),
        (lambda: charts.site_stack(["AN", "CN"]), "all zero at position 1"),
        (lambda: charts.reading("CTCF", "ACGT", threshold_bits=1), "sequence has 4 bp"),
        (lambda: charts.reading("CTCF", "XYZ" * 10, threshold_bits=1), "letter"),
        (lambda: charts.hits_by_threshold(thresholds(hits=0.0)), "hits of 0"),
        (lambda: charts.hits_by_threshold(thresholds(found=np.nan)), "NaN"),
        (lambda: charts.hits_by_threshold(thresholds().drop(columns="hits")), "column 'hits'"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_outlines_of_a_stack_are_its_information():
    x = sequences.one_hot(["TACG", "TACC", "TAGG"])
    heights = tables.information_heights(motifs.Motif.from_counts("sites", x.sum(axis=0)))
    assert charts.site_stack(x).title.text == [f"3 sites, one logo: {heights.sum():.1f} bits"]
