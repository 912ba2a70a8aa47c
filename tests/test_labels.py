"""Labels: the fast code against a loop over bases, the rims, missing signal, and bad input."""

import numpy as np
import pandas as pd
import pytest
import reference
from shared_data import shared_data

from dragonn_lite.assays import labels
from dragonn_lite.dna import genome

ONE_PEAK = pd.DataFrame({"chromosome": ["I"], "start": [40], "stop": [60]})


def table(rows, *more):
    return pd.DataFrame(rows, columns=["chromosome", "start", "stop", *more])


def random_intervals(n, rng, widest):
    start = rng.integers(0, 300, n)
    stop = start + rng.integers(1, widest + 1, n)
    summit = np.where(rng.random(n) < 0.5, rng.integers(start, stop), -1)
    chromosome = rng.choice(["I", "II", "III"], n)
    columns = {"chromosome": chromosome, "start": start, "stop": stop, "summit": summit}
    return pd.DataFrame(columns)


# --- peaks ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("rule", "amount"),
    [("overlap", a) for a in ("0", "0.1", "0.5", "0.7", "1")]
    + [("summit", a) for a in ("2.5", "7", "20")],
)
def test_labels_are_those_of_a_loop_over_bases(rule, amount, seed):
    rng = np.random.default_rng(seed)
    windows = random_intervals(60, rng, widest=50)  # of many widths, some overlapping
    windows["stop"] = windows["stop"].where(rng.random(60) < 0.5, windows["start"] + 20)
    peaks = random_intervals(25, rng, widest=1 if seed == 0 else 60)
    lower = random_intervals(10, rng, widest=30)
    keyword = {"overlap": "minimum_overlap", "summit": "within_bp"}[rule]
    found = labels.from_peaks(windows, peaks, ambiguous_peaks=lower, **{keyword: float(amount)})
    rows = [list(each.itertuples(index=False, name=None)) for each in (windows, peaks, lower)]
    expected = [
        reference.label_from_peaks(window[:3], rows[1], rule, amount, rows[2]) for window in rows[0]
    ]
    assert set(expected) == {-1, 0, 1}
    assert found.tolist() == expected
    assert found.dtype == np.int8


def test_a_peak_of_one_base_labels_every_window_that_holds_it():
    windows = genome.windows({"I": 50}, 20, stride_bp=5)
    peaks = table([("I", 20, 21)])
    holds = (windows["start"] <= 20) & (windows["stop"] >= 21)
    assert labels.from_peaks(windows, peaks).tolist() == holds.astype(int).tolist()
    assert holds.any()
    assert not holds.all()


def test_of_25_bases_7_are_28_percent_although_floats_ask_for_a_little_more():
    windows = table([("I", 0, 47), ("I", 0, 46)])
    peak = table([("I", 40, 65)])
    assert 0.28 * 25 > 7
    assert labels.from_peaks(windows, peak, minimum_overlap=0.28).tolist() == [1, -1]


def test_the_rim_of_a_wide_peak_is_ambiguous():
    windows = table([("I", start, start + 20) for start in (19, 20, 21, 29, 30, 31, 50, 51, 60)])
    assert labels.from_peaks(windows, ONE_PEAK).tolist() == [0, 0, -1, -1, 1, 1, 1, -1, 0]


def test_lower_peaks_make_ambiguous_but_never_unmake_bound():
    windows = table([("I", 0, 20), ("I", 40, 60), ("I", 80, 100)])
    lower = table([("I", 35, 65), ("I", 99, 140)])
    found = labels.from_peaks(windows, ONE_PEAK, ambiguous_peaks=lower)
    assert found.tolist() == [0, 1, -1]


def test_a_summit_of_minus_one_is_the_middle():
    windows = table([("I", 40, 60)])
    for summit, within_bp, bound in ((-1, 0, 1), (50, 0.5, 1), (49, 0.5, 1), (50, 0, -1)):
        peak = ONE_PEAK.assign(summit=summit)
        assert labels.from_peaks(windows, peak, within_bp=within_bp).tolist() == [bound]


def test_each_peak_table_is_a_task():
    windows = genome.windows({"I": 100, "II": 40}, 20)
    tasks = [ONE_PEAK, table([("II", 5, 6)]), table([("I", 30, 55)])]
    found = labels.from_peaks(windows, tasks, minimum_overlap=0.6)
    assert found.shape == (7, 3)
    lower = [ONE_PEAK.iloc[:0], ONE_PEAK, ONE_PEAK]
    rims = labels.from_peaks(windows, tasks, ambiguous_peaks=lower)
    for task, peaks in enumerate(tasks):
        alone = labels.from_peaks(windows, peaks, minimum_overlap=0.6)
        assert found[:, task].tolist() == alone.tolist()
        alone = labels.from_peaks(windows, peaks, ambiguous_peaks=lower[task])
        assert rims[:, task].tolist() == alone.tolist()


def test_no_peak_is_all_unbound_and_no_window_no_label():
    windows = genome.windows({"I": 100}, 20)
    assert labels.from_peaks(windows, ONE_PEAK.iloc[:0]).tolist() == [0] * 5
    assert labels.from_peaks(windows.iloc[:0], ONE_PEAK).shape == (0,)


def test_peaks_on_other_chromosomes_are_said():
    windows = pd.DataFrame({"chromosome": "chr1", "start": [0, 10], "stop": [10, 20]})
    peaks = windows.assign(chromosome="NC_000001.11")
    with pytest.warns(UserWarning, match="lie on NC_000001.11 and windows on chr1: no window is b"):
        assert labels.from_peaks(windows, peaks).tolist() == [0, 0]


def test_order_and_index_of_the_tables_do_not_matter():
    rng = np.random.default_rng(0)
    windows, peaks = random_intervals(200, rng, 40), random_intervals(40, rng, 50)
    order = rng.permutation(200)
    shuffled = labels.from_peaks(windows.iloc[order], peaks.sample(frac=1, random_state=1))
    assert shuffled.tolist() == labels.from_peaks(windows, peaks)[order].tolist()


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"minimum_overlap": 1.5}, ValueError, "minimum_overlap is 1.5"),
        ({"within_bp": -3}, ValueError, "within_bp is -3"),
        ({"within_bp": "near"}, TypeError, "within_bp is 'near', expected a number of bp"),
        ({"peaks": []}, ValueError, "peaks is a list of 0 tables"),
        ({"peaks": [ONE_PEAK], "ambiguous_peaks": ONE_PEAK}, ValueError, "as many in ambiguous"),
        ({"peaks": [ONE_PEAK] * 2, "ambiguous_peaks": [ONE_PEAK]}, ValueError, "list of 2 tables"),
        ({"peaks": ["peaks.bed"]}, TypeError, "read_intervals"),
        ({"peaks": "peaks.bed"}, TypeError, "peaks is a str.*read_intervals"),
        ({"peaks": ONE_PEAK.drop(columns="stop")}, ValueError, "peaks has no column 'stop'"),
        ({"windows": ONE_PEAK.assign(stop=np.nan)}, ValueError, "windows.*whole number"),
        ({"windows": ONE_PEAK.assign(stop=40)}, ValueError, "windows has I:40-40 in row 0"),
        ({"peaks": ONE_PEAK.assign(chromosome="chrI")}, ValueError, "rename_chromosomes"),
        ({"ambiguous_peaks": 5}, TypeError, "ambiguous_peaks is a int"),
    ],
)
def test_bad_peaks_are_refused_in_words(change, error, said):
    given = {"windows": genome.windows({"I": 100}, 20), "peaks": ONE_PEAK, **change}
    with pytest.raises(error, match=said):
        labels.from_peaks(given.pop("windows"), given.pop("peaks"), **given)


def test_share_of_bound_windows_in_yeast():
    """1.7 % of the 200-bp windows hold one of Reb1's 1-bp peaks, and none is ambiguous."""
    path = shared_data("yeast_genome", "Saccharomyces_cerevisiae.R64-1-1.dna.toplevel.fa.gz")
    sizes = genome.read_genome(path).sizes
    windows = genome.windows({name: sizes[name] for name in sizes if name != "Mito"}, 200)
    peaks = genome.read_intervals(shared_data("yeast_genome", "rossi2021", "Reb1_CX.bed"))
    names = genome.matching_names(peaks["chromosome"].unique(), sizes)
    found = labels.from_peaks(windows, genome.rename_chromosomes(peaks, names))
    assert (found >= 0).all()
    assert round(found.mean(), 3) == 0.017


# --- signal --------------------------------------------------------------------------------------
def test_signal_between_the_thresholds_or_missing_is_ambiguous():
    signal = np.array([[-np.inf, 4.999], [5, 19.999], [20, np.inf], [np.nan, 0]])
    found = labels.from_signal(signal, positive_at=20, negative_at=5)
    assert found.tolist() == [[0, 0], [-1, -1], [1, 1], [-1, 0]]
    assert found.dtype == np.int8
    assert found[:, 0].tolist() == labels.from_signal(
        signal[:, 0], positive_at=20, negative_at=5
    ).tolist()  # fmt: skip


def test_without_a_rim_only_missing_signal_is_ambiguous():
    signal = np.append(np.arange(10), np.nan)
    found = labels.from_signal(signal, positive_at=6, negative_at=6)
    assert found.tolist() == [0] * 6 + [1] * 4 + [-1]


@pytest.mark.parametrize(
    ("signal", "thresholds", "error", "said"),
    [
        ([1.0], (1, 2), ValueError, "negative_at is 2, above positive_at, which is 1"),
        ([1.0], (np.nan, 0), ValueError, "positive_at is nan"),
        ([1.0], ("high", 0), TypeError, "positive_at is 'high'"),
        (["many"], (2, 1), TypeError, "signal has dtype"),
        ([1j], (2, 1), TypeError, "signal has dtype complex128"),
        (5.0, (2, 1), ValueError, r"signal has shape \(\)"),
        (np.zeros((2, 2, 2)), (2, 1), ValueError, r"signal has shape \(2, 2, 2\)"),
        ([[1], [1, 2]], (2, 1), ValueError, "rows of different lengths"),
    ],
)
def test_bad_signal_is_refused_in_words(signal, thresholds, error, said):
    with pytest.raises(error, match=said):
        labels.from_signal(signal, positive_at=thresholds[0], negative_at=thresholds[1])


def test_description_counts_each_kind():
    assert labels.describe([]) == "0 bound, 0 unbound, 0 ambiguous or missing and left out"
    said = labels.describe(np.array([[1, 0], [0, 0], [-1, 0]]))
    assert said == "1 bound, 4 unbound (prevalence 20.0%), 1 ambiguous or missing and left out"
    with pytest.raises(ValueError, match="holds the value 2"):
        labels.describe([2])
