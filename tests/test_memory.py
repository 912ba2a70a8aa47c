"""Grammars that need memory: what is planted, what is remembered, and what must not give it away.

Counts are compared by chi-square tests over several fixed seeds; a test fails where p < 1e-4.
"""

import itertools
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import reference
from scipy import stats

from dragonn_lite.assays import grammar as g
from dragonn_lite.assays import memory, simulate
from dragonn_lite.display import charts
from dragonn_lite.dna import sequences as dna
from dragonn_lite.dna.motifs import Motif
from dragonn_lite.evaluation import baselines, metrics

SEEDS = range(3)
ONE_BASE = {base: Motif(base * 2, np.eye(4)[["ACGT".index(base)] * 2]) for base in "ACGT"}
SMALL = {"n_positive": 60, "n_negative": 60}
MAKE = {
    "brackets": lambda rng: memory.brackets(**SMALL, rng=rng),
    "motif_order": lambda rng: memory.motif_order(**SMALL, rng=rng),
    "even_count": lambda rng: memory.even_count(**SMALL, rng=rng),
}
each_grammar = pytest.mark.parametrize("make", MAKE.values(), ids=MAKE.keys())
each_seed = pytest.mark.parametrize("seed", SEEDS)


def words_of(simulation):
    """The sites of each sequence from left to right, as one text of ( and ), or 0, 1, 2 ..."""
    names = [motif.name for motif in simulation.motifs]
    marks = "()" if simulation.title == "brackets" else "012345"
    words = [""] * len(simulation.labels)
    for site in simulation.sites.itertuples():
        words[site.sequence] += marks[names.index(site.motif)]
    return np.array(words)


# --- motifs in an order --------------------------------------------------------------------------
@each_seed
@pytest.mark.parametrize("min_spacing", [0, 1])
def test_every_arrangement_in_order_is_as_probable(min_spacing, seed):
    # C, G, C in this order and an A anywhere else, two bp each.
    parts = [g.Plant(ONE_BASE["A"]), g.Ordered([ONE_BASE[b] for b in "CGC"], min_spacing)]
    n = 12_000
    free, length = min_spacing, 11 + 3 * min_spacing
    simulation = simulate.simulate([simulate.Group(n, parts)], length=length, rng=seed)
    expected = set()
    for a, *ordered in itertools.product(range(length - 1), repeat=4):
        stops = [0, *(start + 2 for start in ordered)]
        spaced = all(b - a >= free for a, b in zip(stops, [*ordered, length], strict=True))
        # What is kept free on the left of each, and right of the last, stays free of others.
        kept = {i for start in ordered for i in range(start - free, start + 2)}
        kept |= set(range(stops[-1], stops[-1] + free))
        if spaced and not kept & {a, a + 1}:
            expected.add((a, *ordered))
    sites = simulation.sites
    free = sites["motif"] == "AA"
    starts = sites["start"][~free].to_numpy().reshape(n, 3)
    assert (sites["motif"][~free].to_numpy().reshape(n, 3) == ["CC", "GG", "CC"]).all()
    found = Counter(zip(sites["start"][free], *starts.T, strict=True))
    assert set(found) <= expected and n / len(expected) > 5
    assert stats.chisquare([found[key] for key in expected]).pvalue > 1e-4


@each_seed
def test_an_order_follows_its_position(seed):
    # Weights of starts multiply, as those of sites that are drawn alone and kept if in order.
    position, length, n = g.normal(4, 2), 9, 8_000
    ordered = g.Ordered([ONE_BASE["C"], ONE_BASE["G"]], position=position)
    simulation = simulate.simulate([simulate.Group(n, [ordered])], length=length, rng=seed)
    weights = stats.norm.pdf(np.arange(length - 1) + 1, 4, 2)
    pairs = {
        (c, d): weights[c] * weights[d] for c in range(length - 1) for d in range(c + 2, length - 1)
    }
    starts = simulation.sites["start"].to_numpy().reshape(n, 2)
    found = Counter(zip(*starts.T.tolist(), strict=True))
    expected = np.array(list(pairs.values())) * n / sum(pairs.values())
    common = expected > 5
    counts = np.array([found[pair] for pair in pairs])[common]
    assert common.sum() > 10 and set(found) <= set(pairs)
    assert stats.chisquare(counts, expected[common] * counts.sum() / expected[common].sum())[1] > (
        1e-4
    )


def test_sites_that_fill_the_length_find_their_place():
    ordered = g.Ordered([ONE_BASE[base] for base in "CGCAGG"], min_spacing=3)
    simulation = simulate.simulate([simulate.Group(50, [ordered])], length=33, rng=0)
    assert (
        simulation.sites["start"].to_numpy().reshape(50, 6).tolist()
        == [[3, 8, 13, 18, 23, 28]] * 50
    )
    with pytest.raises(ValueError, match="6 sites find hardly any room"):
        simulate.simulate([simulate.Group(1, [ordered])], length=32, rng=0)


def test_two_orders_at_once_are_refused_and_one_of_two_is_not():
    orders = [g.Ordered([ONE_BASE["C"], ONE_BASE["G"]]), g.Ordered([ONE_BASE["A"]])]
    with pytest.raises(ValueError, match="two parts of a grammar are Ordered"):
        simulate.simulate([simulate.Group(2, orders)], rng=0)
    one = simulate.simulate([simulate.Group(200, [g.Subset(orders, 1)])], rng=0)
    assert set(np.bincount(one.sites["sequence"])) == {1, 2}


# --- what is planted -----------------------------------------------------------------------------
@each_grammar
def test_same_seed_same_bytes(make):
    first, again = make(4), make(np.random.default_rng(4))
    assert first.sequences.tobytes() == again.sequences.tobytes()
    assert first.labels.tobytes() == again.labels.tobytes()
    assert make(5).sequences.tobytes() != first.sequences.tobytes()


@each_grammar
def test_the_automaton_accepts_the_bound_ones_only(make):
    simulation = make(1)
    for row in range(120):
        names = simulation.sites["motif"][simulation.sites["sequence"] == row].tolist()
        assert simulation.automaton.accepts(names) == simulation.labels[row]
    taken = simulation.take(simulation.labels == 1)
    assert taken.automaton is simulation.automaton


@each_seed
def test_brackets_are_closed_in_the_positives_and_slip_once_in_the_negatives(seed):
    simulation = memory.brackets(n_pairs=(1, 3), n_positive=300, n_negative=600, rng=seed)
    words = words_of(simulation)
    assert Counter(words[simulation.labels == 1]) == {"()": 100, "()()": 100, "()()()": 100}
    assert Counter(words[simulation.labels == 0]) == {
        ")(": 200, "(())": 100, ")(()": 50, "())(": 50, "(())()": 50, "()(())": 50, "())(()": 100,
    }  # fmt: skip
    sites = simulation.sites
    gap = sites["start"].to_numpy()[1:] - sites["stop"].to_numpy()[:-1]
    gap = gap[np.diff(sites["sequence"]) == 0]
    assert gap.min() == 10 and gap.max() > 40
    assert sites["start"].min() == 10 and sites["stop"].max() == 150 - 10


def test_four_pairs_slip_inside():
    simulation = memory.brackets(
        n_pairs=(4, 4), min_spacing=2, n_positive=1, n_negative=12, length=200, rng=0
    )
    assert Counter(words_of(simulation)[simulation.labels == 0]) == {
        "(())()()": 2, "()(())()": 2, "()()(())": 2, "())(()()": 3, "()())(()": 3,
    }  # fmt: skip


@each_seed
def test_an_order_of_motifs_and_its_swaps(seed):
    simulation = memory.motif_order(n_positive=40, n_negative=41, rng=seed)
    words = words_of(simulation)
    assert set(words[simulation.labels == 1]) == {"012"}
    assert sorted(Counter(words[simulation.labels == 0]).items()) in (
        [("021", 20), ("102", 21)], [("021", 21), ("102", 20)],
    )  # fmt: skip


@each_seed
def test_even_and_odd_counts_have_one_mean(seed):
    simulation = memory.even_count(largest=4, n_positive=3_000, n_negative=3_000, rng=seed)
    counts = np.bincount(simulation.sites["sequence"], minlength=6_000)
    even, odd = counts[simulation.labels == 1], counts[simulation.labels == 0]
    assert stats.chisquare(np.bincount(even)[[2, 4]]).pvalue > 1e-4 and set(even) == {2, 4}
    assert stats.chisquare(np.bincount(odd)[[1, 3, 5]], [750, 1500, 750]).pvalue > 1e-4
    assert set(odd) == {1, 3, 5}


# --- what must not give it away ------------------------------------------------------------------
@each_seed
def test_no_shortcut_tells_brackets_from_slips(seed):
    simulation = memory.brackets(n_pairs=(3, 3), n_positive=2_000, n_negative=2_000, rng=seed)
    x, y = simulation.sequences, simulation.labels
    words = words_of(simulation)
    assert {(word.count("("), word.count(")")) for word in words} == {(3, 3)}
    assert {word[0] + word[-1] for word in words} == {"()"}
    starts = simulation.sites["start"].to_numpy().reshape(-1, 6)
    opens = np.array([[mark == "(" for mark in word] for word in words])
    place = (starts * np.where(opens, -1, 1)).sum(axis=1)
    assert abs(metrics.auroc(y, place) - 0.5) < 0.05  # the closings lie no further right
    half = slice(0, 2_000), slice(2_000, None)
    for learn in (
        baselines.gc_content,
        lambda x, y: baselines.kmer_logistic_regression(x, y, k=6),
        lambda x, y: baselines.best_motif(x, y, motifs=simulation.motifs),
    ):
        score = learn(x[half[0]], y[half[0]])
        assert abs(metrics.auroc(y[half[1]], score(x[half[1]])) - 0.5) < 0.06  # 4.7 deviations


@each_seed
@pytest.mark.parametrize("name", ["brackets", "motif_order"])
def test_windows_of_the_spacing_hold_the_same_in_both_classes(name, seed):
    # What each window of 10 bp shows of the sites, over all windows of a sequence.
    simulation = MAKE[name](seed)
    seen = {}
    for row in range(120):
        sites = simulation.sites[simulation.sites["sequence"] == row]
        shown = [None] * 150
        for site in sites.itertuples():
            shown[site.start : site.stop] = [(site.motif, i) for i in range(site.stop - site.start)]
        windows = Counter(tuple(shown[i : i + 10]) for i in range(141))
        seen.setdefault(len(sites), set()).add(frozenset(windows.items()))
    assert {n: len(kinds) for n, kinds in seen.items()} == dict.fromkeys(seen, 1)


@each_seed
@pytest.mark.parametrize("name", MAKE)
def test_what_is_lost_is_lost_by_chance_sites_and_mutations_only(name, seed):
    simulation = MAKE[name](seed)
    assert metrics.auroc(simulation.labels, np.clip(simulation.log_odds(), -1e3, 1e3)) > 0.99


def test_a_prefix_has_log_odds_of_its_own():
    # Unknown bases say nothing, so that a sequence without its end is a prefix. Nothing is known
    # before the first site; a bracket that opens twice settles it.
    simulation = memory.brackets(n_pairs=(2, 2), n_positive=200, n_negative=200, rng=0)
    words = words_of(simulation)
    stops = simulation.sites["stop"].to_numpy().reshape(400, 4)
    read = np.arange(simulation.sequences.shape[1])

    def after(n_sites):
        stop = stops[:, n_sites - 1] if n_sites else np.zeros(400, int)
        return simulation.log_odds(simulation.sequences * (read < stop[:, None])[..., None])

    assert after(0) == pytest.approx(0, abs=1e-9)
    twice = words == "(())"
    assert np.median(after(2)[twice]) < -5 and np.median(after(1)[twice]) > 0.1
    assert np.median(after(2)[simulation.labels == 1]) > 0.1


# --- what there is to remember -------------------------------------------------------------------
@each_seed
def test_states_are_those_read_base_by_base(seed):
    simulation = memory.brackets(n_pairs=(1, 3), n_positive=30, n_negative=60, rng=seed)
    found = memory.reading_states(simulation)
    assert found.dtype == np.int8 and found.shape == (90, 150)
    for row in range(90):
        sites = simulation.sites[simulation.sites["sequence"] == row]
        marks = ["(" if name == "GATA1" else ")" for name in sites["motif"]]
        expected = reference.states_read(150, list(zip(sites["stop"], marks, strict=True)))
        assert found[row].tolist() == expected


def test_states_of_an_order_and_of_a_count():
    order, even = MAKE["motif_order"](0), MAKE["even_count"](0)
    states = memory.reading_states(order)
    assert set(states[order.labels == 1, -1]) == {3} and set(states[order.labels == 0, -1]) == {4}
    so_far = memory.count_so_far(order)
    bound = order.labels == 1
    assert np.array_equal(states[bound], so_far[bound])
    assert np.array_equal(memory.reading_states(even), memory.count_so_far(even) % 2)
    table = order.automaton.transitions
    assert table.loc[table["accepted"], ["state", "motif", "next"]].to_numpy().tolist() == [
        ["2 read", "SPI1_known4", "3 read"]
    ]


@each_grammar
def test_tracks_are_those_counted_base_by_base(make):
    simulation = make(2)
    length = simulation.sequences.shape[1]
    for motif in (None, simulation.motifs[-1].name):
        inside = memory.inside_site(simulation, motif)
        so_far = memory.count_so_far(simulation, motif)
        assert (inside.dtype, so_far.dtype) == (np.int8, np.int16)
        for row in range(0, 120, 7):
            sites = simulation.sites[simulation.sites["sequence"] == row]
            sites = sites if motif is None else sites[sites["motif"] == motif]
            spans = list(zip(sites["start"], sites["stop"], strict=True))
            expected = [sum(start <= i < stop for start, stop in spans) for i in range(length)]
            assert inside[row].tolist() == expected
            expected = [sum(stop <= i + 1 for _, stop in spans) for i in range(length)]
            assert so_far[row].tolist() == expected


def test_other_motifs_change_nothing():
    automaton = MAKE["brackets"](0).automaton
    assert automaton.read(["GATA1", "CTCF_known1", "TAL1_known4", "TAL1_known4", "GATA1"]) == [
        1, 1, 0, 2, 2,
    ]  # fmt: skip
    assert automaton.accepts([]) and not automaton.accepts(["GATA1"])


def test_nothing_to_read_is_allowed():
    empty = memory.brackets(n_positive=0, n_negative=0, rng=0)
    for track in (memory.reading_states, memory.inside_site, memory.count_so_far):
        assert track(empty).shape == (0, 150)


def test_sites_of_ones_own_are_planted_as_they_are():
    opening = g.Site("CTCF_known1", reverse_fraction=1.0, minimum_bits=12.0)
    simulation = memory.brackets(opening, n_positive=20, n_negative=20, length=200, rng=0)
    sites = simulation.sites[simulation.sites["motif"] == "CTCF_known1"]
    assert (sites["strand"] == "-").all() and sites["score"].min() >= 12
    assert (dna.gc_fraction(simulation.sequences) > 0).all()


# --- the picture ---------------------------------------------------------------------------------
@each_grammar
def test_bands_are_the_states_of_the_sequences_drawn(make):
    simulation = make(0)
    states = memory.reading_states(simulation)
    chart = charts.reading_states(simulation, states, n_examples=5)
    tables = [pd.DataFrame(rows) for rows in chart.to_dict()["datasets"].values()]
    rows = next(table for table in tables if "sequence" in table and "motif" not in table)
    bands = next(table for table in tables if "state" in table and len(table) >= len(rows))
    names = simulation.automaton.states
    assert len(rows) == 10
    for row in rows.itertuples():
        shown = np.full(150, -1)
        for band in bands[bands["lane"] == row.lane].itertuples():
            shown[band.start : band.stop] = names.index(band.state)
        # Between the bases: what was known after the one on the left.
        assert shown.tolist() == [0, *states[row.sequence, :-1]]
    assert chart.title.text == [
        {
            "brackets": "The bound end outside, the unbound broken",
            "motif order": "The bound end 3 read, the unbound broken",
            "even count": "The bound end even, the unbound odd",
        }[simulation.title]
    ]


REFUSED = {
    "comes twice in GATA1, GATA1": lambda: memory.brackets("GATA1", "GATA1", rng=0),
    r"n_pairs is \(0, 2\), expected the smallest": lambda: memory.brackets(n_pairs=(0, 2), rng=0),
    r"n_pairs is \(3, 2\)": lambda: memory.brackets(n_pairs=(3, 2), rng=0),
    "n_pairs is 2": lambda: memory.brackets(n_pairs=2, rng=0),
    "min_spacing is -1": lambda: memory.brackets(min_spacing=-1, rng=0),
    "sites find hardly any room": lambda: memory.brackets(length=60, rng=0),
    "motifs holds 1 of the two": lambda: memory.motif_order(["GATA1"], rng=0),
    "motifs is 'GATA1', expected a list": lambda: memory.motif_order("GATA1", rng=0),
    "motifs is 5, expected a list": lambda: memory.motif_order(5, rng=0),
    "largest is 3, expected an even number": lambda: memory.even_count(largest=3, rng=0),
    "largest is 0": lambda: memory.even_count(largest=0, rng=0),
    "has no automaton": lambda: memory.reading_states(
        simulate.single_motif_detection("GATA1", n_positive=1, n_negative=1, rng=0)
    ),
    "motif is 'CTCF', expected one of those planted: GATA1": lambda: memory.count_so_far(
        MAKE["even_count"](0), "CTCF"
    ),
    "simulation has no automaton": lambda: charts.reading_states(
        simulate.single_motif_detection("GATA1", n_positive=1, n_negative=1, rng=0), []
    ),
    "states holds values from 0 to 9, expected 0 to 1": lambda: charts.reading_states(
        MAKE["even_count"](0), np.r_[9, np.zeros(120 * 150 - 1, int)].reshape(120, 150)
    ),
    r"states has shape \(3,\), expected \(120, 150\)": lambda: charts.reading_states(
        MAKE["even_count"](0), [0, 1, 0]
    ),
    "n_examples is 0": lambda: charts.reading_states(MAKE["even_count"](0), [], n_examples=0),
    "simulation holds no sequence": lambda: charts.reading_states(
        memory.brackets(n_positive=0, n_negative=0, rng=0), []
    ),
    "automaton has 9 states": lambda: charts.reading_states(
        SimpleNamespace(
            sequences=np.zeros((1, 2, 4)),
            automaton=SimpleNamespace(states="abcdefghi", next_state=(), accepting=()),
        ),
        [[0, 0]],
    ),
    "sites is the text 'GATA1'": lambda: g.Ordered("GATA1"),
    "sites is empty": lambda: g.Ordered([]),
}


@pytest.mark.parametrize("words", REFUSED)
def test_what_is_wrong_is_said(words):
    with pytest.raises((ValueError, TypeError), match=words):
        REFUSED[words]()
