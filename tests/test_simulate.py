"""Simulations: what is planted stands there, as often and where and how it was asked for.

Counts are compared by chi-square tests over several fixed seeds; a test fails where p < 1e-4.
"""

import itertools
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import reference
from scipy import stats

from dragonn_lite.assays import grammar as g
from dragonn_lite.assays import simulate
from dragonn_lite.dna import motifs
from dragonn_lite.dna import sequences as dna
from dragonn_lite.dna.motifs import Motif

SEEDS = range(3)
SMALL = {"length": 120, "n_positive": 40, "n_negative": 30}
THREE = ("CTCF_known1", "ZNF143_known2", "SIX5_known1")
SIMULATIONS = {
    "single_motif_detection": lambda rng: simulate.single_motif_detection(
        "TAL1_known4", **SMALL, rng=rng
    ),
    "motif_counting": lambda rng: simulate.motif_counting("TAL1_known4", **SMALL, rng=rng),
    "motif_density_localization": lambda rng: simulate.motif_density_localization(
        "TAL1_known4", center_size=70, **SMALL, rng=rng
    ),
    "multi_motif_embedding": lambda rng: simulate.multi_motif_embedding(
        THREE, length=150, n=70, rng=rng
    ),
    "differential_accessibility": lambda rng: simulate.differential_accessibility(
        ["GATA1", "TAL1_known4"], ["SPI1_known4", "GATA1"], **SMALL, rng=rng
    ),
    "heterodimer_grammar": lambda rng: simulate.heterodimer_grammar(
        "SPI1_known4", "IRF_known20", **SMALL, rng=rng
    ),
}
each_simulation = pytest.mark.parametrize("make", SIMULATIONS.values(), ids=SIMULATIONS.keys())
ONE_BASE = {base: Motif(base * 3, np.eye(4)[["ACGT".index(base)] * 3]) for base in "ACGT"}


def plant(*parts, n=2_000, length=60, background=0.4, rng=0):
    groups = [simulate.Group(n, parts)]
    return simulate.simulate(groups, length=length, background=background, rng=rng)


def assert_as_probable(observed, expected_probabilities):
    """Chi-square over all values with an expected probability; others must not be seen."""
    observed = Counter(np.asarray(observed).tolist())
    assert set(observed) <= set(expected_probabilities)
    n = sum(observed.values())
    expected = {k: n * p for k, p in expected_probabilities.items()}
    counts = [observed[k] for k in expected]
    assert min(expected.values()) >= 5  # else the test is not to be trusted
    if len(counts) > 1:
        assert stats.chisquare(counts, list(expected.values()), sum_check=False).pvalue > 1e-4


def uniform(values):
    values = list(values)
    return dict.fromkeys(values, 1 / len(values))


# --- truth ---------------------------------------------------------------------------------------
@each_simulation
def test_same_seed_same_bytes(make):
    first, again = make(4), make(np.random.default_rng(4))
    assert first.sequences.tobytes() == again.sequences.tobytes()
    assert first.labels.tobytes() == again.labels.tobytes()
    pd.testing.assert_frame_equal(first.sites, again.sites)
    assert make(5).sequences.tobytes() != first.sequences.tobytes()


@each_simulation
def test_types_follow_the_contract(make):
    simulation = make(0)
    assert simulation.sequences.dtype == np.uint8 and simulation.sequences.flags.c_contiguous
    assert (simulation.sequences.sum(axis=2) == 1).all()
    assert simulation.labels.dtype == np.int8 and set(np.unique(simulation.labels)) == {0, 1}
    assert simulation.sites.columns.tolist() == [
        "sequence", "motif", "start", "stop", "strand", "score",
    ]  # fmt: skip
    assert [str(simulation.sites[c].dtype) for c in ("sequence", "start", "stop", "score")] == [
        "int64", "int64", "int64", "float64",
    ]  # fmt: skip
    assert simulation.sites.equals(simulation.sites.sort_values(["sequence", "start"]))


@each_simulation
def test_planted_sites_stand_in_the_sequences(make):
    simulation = make(1)
    background = simulation.background.base_probabilities
    known = {motif.name: motif for motif in simulation.motifs}
    sequences = dna.decode(simulation.sequences)
    stops = {}
    assert len(simulation.sites) > 20
    for site in simulation.sites.itertuples():
        letters = sequences[site.sequence][site.start : site.stop]
        if site.strand == "-":
            letters = reference.reverse_complement(letters)
        probabilities = known[site.motif].probabilities
        assert len(letters) == len(probabilities)
        score = sum(
            np.log2((row[i] + 0.001) / 1.004 / background[i])
            for row, i in zip(probabilities, map("ACGT".index, letters), strict=True)
        )
        assert score == pytest.approx(site.score, abs=1e-6)
        assert site.start >= stops.get(site.sequence, 0)  # none overlap
        stops[site.sequence] = site.stop


def test_scores_are_those_of_a_scan():
    simulation = SIMULATIONS["heterodimer_grammar"](2)
    for motif in simulation.motifs:
        sites = simulation.sites[simulation.sites["motif"] == motif.name]
        scores = motifs.scan(
            simulation.sequences, motif, background=simulation.background.base_probabilities
        )
        strand = (sites["strand"] == "-").to_numpy().astype(int)
        found = scores[sites["sequence"], sites["start"], strand]
        np.testing.assert_allclose(found, sites["score"], atol=1e-4)  # a scan is float32


@pytest.mark.parametrize("seed", SEEDS)
def test_sites_follow_their_motif_and_the_rest_its_background(seed):
    motif = motifs.builtin("TAL1_known4")
    simulation = plant(g.Plant(motif), n=4_000, rng=seed)
    planted = np.zeros(simulation.sequences.shape[:2], bool)
    sites = simulation.sites
    columns = sites["start"].to_numpy()[:, None] + np.arange(motif.width_bp)
    planted[sites["sequence"].to_numpy()[:, None], columns] = True
    codes = dna.codes(simulation.sequences)
    assert_as_probable(codes[~planted], dict(enumerate([0.3, 0.2, 0.2, 0.3])))
    found = codes[sites["sequence"].to_numpy()[:, None], columns]
    reverse = (sites["strand"] == "-").to_numpy()
    found[reverse] = 3 - found[reverse, ::-1]
    expected = (motif.probabilities + 0.001) / 1.004
    for column, row in zip(found.T, expected, strict=True):
        counts = np.bincount(column, minlength=4)
        deviation = np.sqrt(len(column) * row * (1 - row))
        assert (abs(counts - len(column) * row) < 5 * deviation + 1).all()


# --- how many, where, which strand ---------------------------------------------------------------
COUNTS = {
    "fixed": (2, {2: 1.0}),
    "uniform": (g.uniform(0, 3), uniform(range(4))),
    "Bernoulli": (g.bernoulli(0.3), {0: 0.7, 1: 0.3}),
    "Poisson": (g.poisson(1.5, 4), None),
    "zero-inflated": (g.zero_inflated(g.uniform(1, 2), 0.4), {0: 0.4, 1: 0.3, 2: 0.3}),
    "mapping": ({1: 0.25, 4: 0.75}, {1: 0.25, 4: 0.75}),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", COUNTS)
def test_counts(name, seed):
    counts, expected = COUNTS[name]
    if expected is None:
        weights = stats.poisson.pmf(range(5), 1.5)
        expected = dict(enumerate(weights / weights.sum()))
    simulation = plant(g.Plant(ONE_BASE["C"], counts), rng=seed)
    found = np.bincount(simulation.sites["sequence"], minlength=2_000)
    assert_as_probable(found, expected)


POSITIONS = {
    "anywhere": (g.anywhere(), lambda start: 1.0),
    "at": (g.at(7), lambda start: start == 7),
    "normal": (g.normal(12, 4), lambda start: stats.norm.pdf(start + 1.5, 12, 4)),
    "inside_centre": (g.inside_centre(10), lambda start: 10 <= start and start + 3 <= 20),
    "outside_centre": (g.outside_centre(10), lambda start: start + 3 <= 10 or start >= 20),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", POSITIONS)
def test_positions(name, seed):
    position, weight = POSITIONS[name]
    weights = {start: float(weight(start)) for start in range(28)}
    simulation = plant(g.Plant(ONE_BASE["C"], 1, position), length=30, n=4_000, rng=seed)
    total = sum(weights.values())
    expected = {start: w / total for start, w in weights.items() if w > 0}
    rare = [start for start, p in expected.items() if p * 4_000 < 5]  # tails of the normal
    common = simulation.sites["start"][~simulation.sites["start"].isin(rare)]
    share = sum(p for start, p in expected.items() if start not in rare)
    assert len(common) >= 4_000 * share - 5 * np.sqrt(4_000 * (1 - share)) - 1
    assert_as_probable(common, {k: p / share for k, p in expected.items() if k not in rare})


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("reverse_fraction", [0, 0.2, 0.5, 1])
def test_strands(reverse_fraction, seed):
    site = g.Site("TAL1_known4", reverse_fraction=reverse_fraction)
    simulation = plant(g.Plant(site, 2), rng=seed)
    expected = {"-": reverse_fraction, "+": 1 - reverse_fraction}
    assert_as_probable(simulation.sites["strand"], {k: p for k, p in expected.items() if p})


@pytest.mark.parametrize("seed", SEEDS)
def test_arrangements_are_uniform(seed):
    # Two sites of 3 bp and one of 2 bp in 11 bp: every arrangement without overlap, as probable.
    short = Motif("GG", np.eye(4)[[2, 2]])
    simulation = plant(g.Plant(ONE_BASE["C"], 2), g.Plant(short), length=11, n=6_000, rng=seed)
    expected = set()
    for a, b, c in itertools.product(range(9), range(9), range(10)):
        taken = [*range(a, a + 3), *range(b, b + 3), *range(c, c + 2)]
        if len(set(taken)) == 8:
            expected.add((*sorted((a, b)), c))
    sites = simulation.sites
    pairs = sites[sites["motif"] == "CCC"]["start"].to_numpy().reshape(-1, 2)
    found = np.column_stack([pairs, sites[sites["motif"] == "GG"]["start"]])
    found = [f"{a} {b} {c}" for a, b, c in found]
    assert_as_probable(found, uniform(f"{a} {b} {c}" for a, b, c in expected))


@pytest.mark.parametrize("seed", SEEDS)
def test_spacing_of_pairs(seed):
    spacing = {1: 0.2, 4: 0.8}
    simulation = plant(g.Pair("SPI1_known4", "IRF_known20", spacing), rng=seed)
    first, second = simulation.sites.iloc[::2], simulation.sites.iloc[1::2]
    assert (first["motif"] == "SPI1_known4").all() and (second["motif"] == "IRF_known20").all()
    gap = second["start"].to_numpy() - first["stop"].to_numpy()
    assert_as_probable(gap, spacing)
    strands = first["strand"].to_numpy() + second["strand"].to_numpy()
    assert_as_probable(strands, uniform(["++", "+-", "-+", "--"]))
    width = sum(motifs.builtin(name).width_bp for name in ("SPI1_known4", "IRF_known20"))
    for bp in spacing:  # the block as a whole lies anywhere
        starts = first["start"].to_numpy()[gap == bp]
        assert_as_probable(starts, uniform(range(60 - width - bp + 1)))


@pytest.mark.parametrize("seed", SEEDS)
def test_pairs_in_any_order(seed):
    pair = g.Pair("SPI1_known4", "GATA1", g.uniform(0, 2), any_order=True)
    simulation = plant(pair, rng=seed)
    motif, gap = simulation.sites["motif"].to_numpy(), simulation.sites
    gap = gap["start"].to_numpy()[1::2] - gap["stop"].to_numpy()[::2]
    kinds = [f"{name} {bp}" for name, bp in zip(motif[::2], gap, strict=True)]
    expected = uniform(f"{name} {bp}" for name in ("SPI1_known4", "GATA1") for bp in range(3))
    assert_as_probable(kinds, expected)
    assert (motif[::2] != motif[1::2]).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_several_pairs_each_have_their_own_spacing(seed):
    pair = g.Pair(ONE_BASE["C"], ONE_BASE["G"], {0: 0.3, 2: 0.7}, count=2)
    simulation = plant(pair, length=40, rng=seed)
    starts = simulation.sites["start"].to_numpy().reshape(-1, 2, 2)
    gap = starts[..., 1] - starts[..., 0] - 3
    assert_as_probable(gap.sum(axis=1), {0: 0.09, 2: 0.42, 4: 0.49})


@pytest.mark.parametrize("seed", SEEDS)
def test_one_or_the_other(seed):
    parts = [g.Plant(ONE_BASE["C"]), g.Pair(ONE_BASE["A"], ONE_BASE["G"], 1)]
    simulation = plant(g.Subset(parts, 1), rng=seed)
    planted = simulation.sites.groupby("sequence")["motif"].agg("".join)
    assert len(planted) == 2_000
    assert_as_probable(planted, uniform(["CCC", "AAAGGG"]))


# --- DragoNN's six -------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", SEEDS)
def test_single_motif_detection_plants_in_positives_only(seed):
    simulation = simulate.single_motif_detection(
        "SIX5_known1", length=80, n_positive=300, n_negative=500, rng=seed
    )
    n_sites = np.bincount(simulation.sites["sequence"], minlength=800)
    assert np.array_equal(n_sites, simulation.labels)
    assert simulation.labels.sum() == 300
    assert abs(np.flatnonzero(simulation.labels).mean() - 399.5) < 60  # the classes are mixed


@pytest.mark.parametrize("seed", SEEDS)
def test_motif_counting_counts_both_classes_for_themselves(seed):
    simulation = simulate.motif_counting(
        "TAL1_known4", positive_counts=(3, 5), negative_counts=(0, 2), length=200,
        n_positive=900, n_negative=1_200, rng=seed,
    )  # fmt: skip
    found = np.bincount(simulation.sites["sequence"], minlength=2_100)
    assert_as_probable(found[simulation.labels == 1], uniform(range(3, 6)))
    assert_as_probable(found[simulation.labels == 0], uniform(range(3)))


@pytest.mark.parametrize("seed", SEEDS)
def test_motif_density_localization(seed):
    simulation = simulate.motif_density_localization(
        "TAL1_known4", center_size=80, counts=(2, 4), length=240,
        n_positive=600, n_negative=600, rng=seed,
    )  # fmt: skip
    sites = simulation.sites
    label = simulation.labels[sites["sequence"]]
    inside = (sites["start"] >= 80) & (sites["stop"] <= 160)
    assert inside[label == 1].all()
    assert 0.2 < inside[label == 0].mean() < 0.4  # 71 of 231 starts, a little less by crowding
    found = np.bincount(sites["sequence"], minlength=1_200)
    for value in (0, 1):
        assert_as_probable(found[simulation.labels == value], uniform((2, 3, 4)))


@pytest.mark.parametrize("seed", SEEDS)
def test_multi_motif_embedding_plants_distinct_motifs(seed):
    simulation = simulate.multi_motif_embedding(
        THREE, min_motifs=1, max_motifs=2, length=120, n=1_500, rng=seed
    )
    assert simulation.tasks == THREE
    table = pd.crosstab(simulation.sites["sequence"], simulation.sites["motif"])
    table = table.reindex(range(1_500), fill_value=0)[list(THREE)]
    assert np.array_equal(table.to_numpy(), simulation.labels)  # so each at most once
    kinds = ["".join(map(str, row)) for row in simulation.labels]
    # One or two motifs, as probable; then all subsets of that size, as probable.
    assert_as_probable(kinds, uniform(["100", "010", "001", "110", "101", "011"]))


@pytest.mark.parametrize("seed", SEEDS)
def test_differential_accessibility(seed):
    simulation = simulate.differential_accessibility(
        ["GATA1", "TAL1_known4"], ["SPI1_known4"], max_motifs=1, length=60,
        n_positive=500, n_negative=400, rng=seed,
    )  # fmt: skip
    label = simulation.labels[simulation.sites["sequence"]]
    assert_as_probable(simulation.sites["motif"][label == 1], uniform(["GATA1", "TAL1_known4"]))
    assert set(simulation.sites["motif"][label == 0]) == {"SPI1_known4"}
    assert len(simulation.sites) == 900


@pytest.mark.parametrize("seed", SEEDS)
def test_heterodimer_grammar(seed):
    simulation = simulate.heterodimer_grammar(
        "SPI1_known4", "IRF_known20", min_spacing=2, max_spacing=5, length=100,
        n_positive=800, n_negative=600, rng=seed,
    )  # fmt: skip
    sites = simulation.sites
    start = sites.pivot(index="sequence", columns="motif", values="start")
    gap = start["IRF_known20"] - start["SPI1_known4"] - motifs.builtin("SPI1_known4").width_bp
    assert_as_probable(gap[simulation.labels == 1], uniform(range(2, 6)))
    assert (gap[simulation.labels == 0] < 0).mean() == pytest.approx(0.5, abs=0.1)
    assert gap[simulation.labels == 0].between(2, 5).mean() < 0.12


# --- sites and backgrounds -----------------------------------------------------------------------
@pytest.mark.parametrize("seed", SEEDS)
def test_best_sites_and_their_mutations(seed):
    motif = motifs.builtin("CTCF_known1")
    best = plant(g.Plant(g.Site(motif, best=True, reverse_fraction=0)), n=50, rng=seed)
    consensus = "".join("ACGT"[i] for i in motif.probabilities.argmax(axis=1))
    for sequence, site in zip(dna.decode(best.sequences), best.sites.itertuples(), strict=True):
        assert sequence[site.start : site.stop] == consensus
    for minimum_bits in (None, 1.0):  # mutated by their probabilities, or one by one
        site = g.Site(
            ONE_BASE["C"], best=True, reverse_fraction=0, mutation_rate=0.3,
            minimum_bits=minimum_bits,
        )  # fmt: skip
        mutated = plant(g.Plant(site), rng=seed)
        rows, starts = mutated.sites["sequence"].to_numpy(), mutated.sites["start"].to_numpy()
        letters = dna.codes(mutated.sequences)[rows[:, None], starts[:, None] + np.arange(3)]
        assert_as_probable(letters.ravel(), {0: 0.1, 1: 0.7, 2: 0.1, 3: 0.1})


@pytest.mark.parametrize("seed", SEEDS)
def test_minimum_bits(seed):
    free = plant(g.Plant("TAL1_known4"), n=3_000, rng=seed).sites["score"]
    least = float(free.median())
    site = g.Site("TAL1_known4", minimum_bits=least)
    kept = plant(g.Plant(site), n=3_000, rng=seed + 50).sites["score"]
    assert kept.min() >= least
    # The same distribution as that of the free sites which reach it.
    assert stats.ks_2samp(kept, free[free >= least]).pvalue > 1e-4
    mutated = g.Site("TAL1_known4", minimum_bits=least, mutation_rate=0.5)
    assert plant(g.Plant(mutated), rng=seed).sites["score"].min() < least


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("gc_fraction", [0, 0.3, 0.5, 1])
def test_independent_background(gc_fraction, seed):
    simulation = plant(n=200, length=500, background=gc_fraction, rng=seed)
    p = [(1 - gc_fraction) / 2, gc_fraction / 2] * 2
    expected = {i: p[i if i < 2 else 3 - i] for i in range(4) if p[i if i < 2 else 3 - i]}
    assert_as_probable(dna.codes(simulation.sequences).ravel(), expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_markov_background(seed):
    transitions = np.random.default_rng(seed).dirichlet([2] * 4, 4)
    simulation = plant(n=400, length=300, background=simulate.Markov(transitions), rng=seed)
    codes = dna.codes(simulation.sequences)
    for base in range(4):
        after = codes[:, 1:][codes[:, :-1] == base]
        assert_as_probable(after, dict(enumerate(transitions[base])))
    shares = np.bincount(codes.ravel()) / codes.size
    np.testing.assert_allclose(simulation.background.base_probabilities, shares, atol=0.01)


def test_shuffled_and_real_backgrounds():
    given = dna.random_sequences(5, 80, gc_fraction=0.6, rng=3)
    shuffled = plant(n=40, length=80, background=simulate.FromSequences(given), rng=1)
    counts = {tuple(row) for row in dna.kmer_counts(given, 2)}
    assert {tuple(row) for row in dna.kmer_counts(shuffled.sequences, 2)} == counts
    assert not set(dna.decode(shuffled.sequences)) & set(dna.decode(given))
    real = simulate.FromSequences(given, dinucleotide_shuffled=False)
    drawn = plant(n=40, length=80, background=real, rng=1)
    assert set(dna.decode(drawn.sequences)) == set(dna.decode(given))
    before = given.copy()
    planted = plant(g.Plant("CTCF_known1"), n=40, length=80, background=real, rng=1)
    assert np.array_equal(given, before)  # sites are written into copies
    site = planted.sites.iloc[0]
    outside = np.r_[0 : site["start"], site["stop"] : 80]
    assert any((planted.sequences[0, outside] == x[outside]).all() for x in given)
    assert "40 sequences of 80 bp, real bases from 5" in planted.describe()


def test_real_backgrounds_in_any_memory_order_and_with_unknown_bases():
    given = dna.random_sequences(5, 60, rng=3)
    given[:, 10:20] = 0
    other = np.asfortranarray(given)
    background = simulate.FromSequences(other, dinucleotide_shuffled=False)
    site = g.Plant("TAL1_known4", 1, g.at(30))
    simulation = plant(site, n=20, background=background, rng=2)
    assert (simulation.sequences[:, 10:20] == 0).all()
    assert (simulation.sequences.sum(axis=2)[:, 20:] == 1).all()
    assert background.base_probabilities.sum() == pytest.approx(1)


# --- the simulation as a whole -------------------------------------------------------------------
@each_simulation
@pytest.mark.parametrize("rows", [slice(5, 40), np.arange(70)[::-3], np.arange(70) % 3 == 1])
def test_take_keeps_labels_and_sites_together(make, rows):
    simulation = make(3)
    taken = simulation.take(rows)
    kept = np.arange(70)[rows]
    assert np.array_equal(taken.sequences, simulation.sequences[kept])
    assert np.array_equal(taken.labels, simulation.labels[kept])
    for new, old in enumerate(kept):
        a = taken.sites[taken.sites["sequence"] == new].drop(columns="sequence")
        b = simulation.sites[simulation.sites["sequence"] == old].drop(columns="sequence")
        pd.testing.assert_frame_equal(a.reset_index(drop=True), b.reset_index(drop=True))
    assert len(taken.sites) == simulation.sites["sequence"].isin(kept).sum()
    with pytest.raises(ValueError, match="twice"):
        simulation.take([1, 1])


@each_simulation
def test_describe_says_and_draws_every_class(make):
    simulation = make(0)
    text = simulation.describe(n_drawn=1)
    length = simulation.sequences.shape[1]
    assert text.startswith(f"{simulation.title}: 70 sequences of {length} bp")
    for motif in simulation.motifs:
        assert f"{motif.name} is " in text
    drawn = [line for line in text.splitlines() if line.endswith("|")]
    assert len(drawn) == len(np.unique(simulation.labels, axis=0))
    assert len({len(line) for line in drawn}) == 1


def test_a_drawing_puts_each_site_where_it_is():
    site = g.Site(ONE_BASE["C"], reverse_fraction=0)
    text = plant(g.Plant(site, 1, g.at(0)), n=1).describe(n_drawn=1)
    assert "|·>" in text  # the middle of 0 to 3 of 60 bp
    site = g.Site(ONE_BASE["C"], reverse_fraction=1)
    assert "<·|" in plant(g.Plant(site, 1, g.at(57)), n=1).describe(n_drawn=1)


def test_nothing_to_simulate_is_allowed():
    empty = simulate.single_motif_detection("TAL1_known4", n_positive=0, n_negative=0, rng=0)
    assert empty.sequences.shape == (0, 500, 4) and not len(empty.sites)
    negatives = simulate.single_motif_detection("TAL1_known4", n_positive=0, n_negative=4, rng=0)
    assert not negatives.labels.any() and negatives.sites["start"].dtype == np.int64
    positives = simulate.single_motif_detection("TAL1_known4", n_positive=4, n_negative=0, rng=0)
    assert positives.labels.all() and len(positives.sites) == 4
    full = simulate.single_motif_detection(
        "TAL1_known4", length=10, n_positive=4, n_negative=0, rng=0
    )
    assert (full.sites["start"] == 0).all() and (full.sites["stop"] == 10).all()


def test_motifs_of_the_same_name_must_agree():
    copy = Motif("GATA1", motifs.builtin("GATA1").probabilities)
    assert len(plant(g.Plant(copy), g.Plant("GATA1")).motifs) == 1
    other = Motif("GATA1", ONE_BASE["C"].probabilities)
    with pytest.raises(ValueError, match="two different motifs are named GATA1"):
        plant(g.Plant(other), g.Plant("GATA1"))


REFUSED = {
    "5 bp; make length larger": lambda: plant(g.Plant("TAL1_known4"), length=5),
    "no room at position 600": lambda: plant(g.Plant("TAL1_known4", 1, g.at(600))),
    "no room inside the central 5 bp": lambda: plant(g.Plant("TAL1_known4", 1, g.inside_centre(5))),
    "find hardly any room without overlap": lambda: plant(g.Plant("TAL1_known4", 7), n=3),
    "hardly ever reach": lambda: plant(g.Plant(g.Site("TAL1_known4", minimum_bits=99)), n=2),
    "minimum_bits is nan": lambda: g.Site("TAL1_known4", minimum_bits=np.nan),
    "gc_fraction|background": lambda: plant(background=1.5),
    "GC fraction of the background is '0.4'": lambda: plant(background="0.4"),
    "expected every base to be possible": lambda: plant(g.Plant("TAL1_known4"), background=0),
    "length is 0": lambda: plant(length=0),
    "n is -1": lambda: plant(n=-1),
    "n is 2.0": lambda: plant(n=2.0),
    "label of a group is 2": lambda: simulate.simulate([simulate.Group(1, label=2)], rng=0),
    "label all of them or none": lambda: simulate.simulate(
        [simulate.Group(1), simulate.Group(1, label=None)], rng=0
    ),
    "at least one Group": lambda: simulate.simulate([], rng=0),
    "one motif twice": lambda: simulate.multi_motif_embedding(["GATA1", "GATA1"], rng=0),
    "size goes up to 3, but there are 2": lambda: simulate.multi_motif_embedding(
        ["GATA1", "TAL1_known4"], max_motifs=3, rng=0
    ),
    "spacing is .2, 1., expected the smallest and the largest": lambda: (
        simulate.heterodimer_grammar("GATA1", "TAL1_known4", min_spacing=2, max_spacing=1, rng=0)
    ),
    "pass length=60": lambda: plant(
        length=50, background=simulate.FromSequences(dna.random_sequences(2, 60, rng=0))
    ),
    "shape .0, 60, 4.": lambda: plant(
        background=simulate.FromSequences(np.zeros((0, 60, 4), np.uint8))
    ),
    "transitions": lambda: plant(background=simulate.Markov(np.ones((4, 4)))),
    "probabilities that add to 1": lambda: g.Plant("GATA1", {1: 0.5, 2: 0.4}),
    "count is -1": lambda: g.Plant("GATA1", -1),
    "reverse_fraction is 2": lambda: g.Site("GATA1", reverse_fraction=2),
    "mutation_rate is nan": lambda: g.Site("GATA1", mutation_rate=np.nan),
    "sd_bp is 0": lambda: g.normal(10, 0),
    "mean is 0": lambda: g.poisson(0, 3),
    "the weights by hand": lambda: plant(
        g.Plant("GATA1", 1, g.Position("by hand", lambda length, width: np.full(51, np.nan)))
    ),
    "shape .3,.": lambda: plant(
        g.Plant("GATA1", 1, g.Position("by hand", lambda length, width: np.ones(3)))
    ),
    "2704156 or more different contents": lambda: plant(
        g.Subset([g.Plant("GATA1")] * 24, 12), length=500
    ),
    "different contents": lambda: plant(
        g.Pair("GATA1", "GATA1", g.uniform(0, 50), count=10), length=900
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_impossible_requests_are_refused_in_one_sentence(words):
    with pytest.raises(ValueError, match=words) as caught:
        REFUSED[words]()
    assert "\n" not in str(caught.value) and ". " not in str(caught.value).replace("0. ", "")


def test_wrong_kinds_are_refused():
    with pytest.raises(TypeError, match="motif is int"):
        g.Site(3)
    with pytest.raises(TypeError, match="motifs is the text 'GATA1'"):
        simulate.multi_motif_embedding("GATA1", rng=0)
    with pytest.raises(TypeError, match="rng is None"):
        plant(rng=None)
