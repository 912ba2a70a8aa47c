"""The pictures of a signal and its labels: every window in its colour, and each one counted."""

import numpy as np
import pandas as pd
import pytest

from dragonn_lite.display import charts

WINDOWS = pd.DataFrame({"chromosome": "I", "start": [0, 200, 400], "stop": [200, 400, 600]})
SITES = pd.DataFrame(
    {
        "chromosome": ["I", "I", "II"],
        "start": [590, 600, 10],
        "stop": [602, 612, 22],
        "score": 9.0,
        "occupancy": [0.5, 0.7, 0.9],
    }
)


def rows(chart):
    """The rows of every table of a chart, together."""
    return [row for table in chart.to_dict()["datasets"].values() for row in table]


def test_track_draws_each_window_in_the_colour_of_its_label():
    signal = [30.0, np.nan, 9.0]
    chart = charts.signal_track(WINDOWS, signal, [1, -1, -1], positive_at=20, negative_at=8)
    bars = [(r["start"], r["stop"], r["signal"], r["label"]) for r in rows(chart) if "stop" in r]
    assert bars == [(0, 200, 30.0, "bound"), (400, 600, 9.0, "ambiguous")]
    assert {r["signal"] for r in rows(chart) if "stop" not in r} == {8, 20}
    assert chart.title.subtitle == [
        "dashed: unbound below 8, bound from 20; 1 window without signal not drawn"
    ]


def test_track_draws_the_sites_of_its_stretch_alone():
    chart = charts.signal_track(WINDOWS, [1.0, 2, 3], [0, 0, 0], sites=SITES)
    assert [r["start"] for r in rows(chart) if "occupancy" in r] == [596.0]
    assert "below: 1 site, by the share of time occupied" in chart.title.subtitle


@pytest.mark.parametrize("whole", [True, False])
def test_histogram_counts_every_window_once_under_its_label(whole):
    rng = np.random.default_rng(0)
    signal = rng.gamma(0.5, 30, 2000)
    signal = signal.round() if whole else signal
    labels = np.select([signal >= 31, signal < 12], [1, 0], -1)
    signal[:7] = np.nan
    chart = charts.signal_histogram(signal, labels, positive_at=31, negative_at=12)
    bars = pd.DataFrame([r for r in rows(chart) if "count" in r])
    known = ~np.isnan(signal)
    for label, name in ((1, "bound"), (0, "unbound"), (-1, "ambiguous")):
        of_label = bars[bars["label"] == name]
        assert of_label["count"].sum() == (labels[known] == label).sum() > 0
        for bar in of_label.itertuples():
            inside = (signal >= bar.low - 1e-9) & (signal < bar.high - 1e-9) & (labels == label)
            assert inside.sum() == bar.count
    widths = bars["high"] - bars["low"]
    assert np.allclose(widths, widths[0])
    assert not ((bars["low"] < 11.999) & (bars["high"] > 12.001)).any()
    assert (widths % 1 == 0).all() == whole


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: charts.signal_track(WINDOWS, [1.0], [0]), r"signal has shape \(1,\)"),
        (lambda: charts.signal_track(WINDOWS, [1.0] * 3, [0]), r"labels has shape \(1,\)"),
        (lambda: charts.signal_track(WINDOWS, [1.0] * 3, [[0]] * 3), "expected one task"),
        (lambda: charts.signal_track(WINDOWS[:0], [], []), "windows has 0 rows"),
        (
            lambda: charts.signal_track(pd.concat([WINDOWS] * 400), [1.0] * 1200, [0] * 1200),
            "windows has 1,200 rows, expected 1 to 1,000: pass a stretch",
        ),
        (
            lambda: charts.signal_track(SITES, [1.0] * 3, [0] * 3),
            "windows lie on 2 chromosomes",
        ),
        (lambda: charts.signal_track(WINDOWS[["start"]], [], []), "no column 'chromosome'"),
        (
            lambda: charts.signal_track(WINDOWS, [1.0] * 3, [0] * 3, sites=WINDOWS),
            "sites has no column 'score'",
        ),
        (lambda: charts.signal_histogram([np.inf], [1]), "signal holds 1 infinite"),
        (lambda: charts.signal_histogram([np.nan], [-1]), "signal holds no number"),
        (lambda: charts.signal_histogram([], []), "signal holds no number"),
        (lambda: charts.signal_histogram([1.0], [3]), "labels holds the value 3"),
        (
            lambda: charts.signal_histogram([1.0], [1], positive_at=np.nan),
            "bound from is nan, expected a number",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(call, said):
    with pytest.raises(ValueError, match=said):
        call()
