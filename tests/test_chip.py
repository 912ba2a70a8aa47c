"""The simulated ChIP experiment: what the table says stands in the sequence, and noise is as told.

Moments are compared over several fixed seeds, within four standard errors of the theory (five for
variances), which the tests compute.
"""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import reference
from scipy import stats

from dragonn_lite.assays import chip
from dragonn_lite.assays.chip import Experiment, SimulatedGenome
from dragonn_lite.dna import genome, motifs, sequences

SEEDS = range(3)
SHORT = motifs.Motif("short", [[0.7, 0.1, 0.1, 0.1], [0.05, 0.85, 0.05, 0.05]] * 4)
PALINDROME = motifs.Motif("palindrome", np.eye(4)[[0, 1, 2, 3] * 2] * 0.8 + 0.05)
QUIET = Experiment(sample_cv=0, laboratory_cv=0)


def simulate(motif="CTCF", rng=0, **options):
    options = {"sizes": {"one": 60_000, "two": 33_400}, "sites_per_kb": 1.0, **options}
    return chip.simulate_genome(motif, rng=rng, **options)


def by_hand(middles, occupancy, background=1.0, sizes=None):
    """A genome with sites of 10 bp at given places of a chromosome of 20 kb."""
    sizes = {"one": 20_000} if sizes is None else sizes
    start = np.array(middles) - 5
    sites = {"chromosome": "one", "start": start, "stop": start + 10, "occupancy": occupancy}
    chromatin = genome.windows(sizes, 1000).assign(background=background)
    codes = {name: np.zeros(size, np.uint8) for name, size in sizes.items()}
    return SimulatedGenome(genome.Genome(codes), SHORT, 8.0, pd.DataFrame(sites), chromatin)


def around(middles, reach_bp):
    starts = np.array(middles) - reach_bp
    return pd.DataFrame({"chromosome": "one", "start": starts, "stop": starts + 2 * reach_bp})


# --- the genome ----------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", SEEDS)
def test_every_site_stands_where_the_table_says_with_its_score(seed):
    simulated = simulate(SHORT, rng=seed)
    log_odds = SHORT.log_odds([0.3, 0.2, 0.2, 0.3])
    letters = sequences.decode(simulated.genome.sequences(simulated.sites))
    scores = [reference.scan(site, log_odds.tolist())[0][0] for site in letters]
    assert np.allclose(simulated.sites["score"], scores)
    assert simulated.sites["planted"].sum() > 50
    assert set(simulated.sites["strand"]) == {"+", "-"}
    assert set(simulated.sites["motif"]) == {"short"}


def test_every_site_that_arose_by_chance_is_listed_once():
    simulated = simulate(SHORT, sizes={"one": 9_000, "two": 1_500}, sites_per_kb=2, rng=3)
    log_odds = SHORT.log_odds([0.3, 0.2, 0.2, 0.3]).tolist()
    sites = simulated.sites
    listed = set(sites[["chromosome", "start", "strand"]].itertuples(index=False, name=None))
    assert len(listed) == len(sites)
    strong = set()
    for name, codes in simulated.genome.codes.items():
        letters = "".join("ACGT"[code] for code in codes)
        for start, scores in enumerate(reference.scan(letters, log_odds)):
            for strand, score in zip("+-", scores, strict=True):
                if score >= simulated.half_occupied_bits - 5:
                    strong.add((name, start, strand))
    weak = sites["score"] < simulated.half_occupied_bits - 5
    assert strong == listed - set(sites.loc[weak, ["chromosome", "start", "strand"]].itertuples(
        index=False, name=None))  # fmt: skip
    assert sites.loc[weak, "planted"].all()
    assert (~sites["planted"]).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_as_many_sites_are_planted_as_asked(seed):
    simulated = chip.simulate_genome("CTCF", sites_per_kb=0.5, rng=seed)
    assert abs(simulated.sites["planted"].sum() - 1000) < 4 * 1000**0.5
    assert simulated.genome.sizes == chip.SIZES
    sites = simulated.sites
    assert sites["chromosome"].drop_duplicates().tolist() == list(chip.SIZES)
    assert (sites.groupby("chromosome")["start"].diff().dropna() >= 0).all()
    assert (sites["stop"] <= sites["chromosome"].map(chip.SIZES)).all()


def test_sites_cut_off_by_the_end_of_a_chromosome_are_not_listed():
    sizes = {f"contig{i}": 1_010 for i in range(150)}
    simulated = simulate(sizes=sizes, sites_per_kb=2.0)
    assert (simulated.sites["stop"] <= 1_010).all()
    assert (simulated.sites["stop"] > 991).any()  # but those just before it are
    assert simulated.genome.sizes == sizes


@pytest.mark.parametrize("motif", [SHORT, PALINDROME, "CTCF"])
@pytest.mark.parametrize("seed", SEEDS)
def test_occupancy_is_that_of_a_loop_over_clumps(motif, seed):
    simulated = simulate(motif, rng=seed)
    columns = ["chromosome", "start", "stop", "score", "accessible"]
    rows = list(simulated.sites[columns].itertuples(index=False, name=None))
    expected = reference.occupancies(rows, simulated.half_occupied_bits)
    assert np.allclose(simulated.sites["occupancy"], expected)
    assert not simulated.sites["accessible"].all()


@pytest.mark.parametrize("seed", SEEDS)
def test_occupancy_of_lone_open_sites_grows_with_the_score(seed):
    sites = simulate(rng=seed, half_occupied_bits=18.0).sites
    apart = sites["start"].diff().fillna(99).abs() >= 19
    lone = sites[apart & apart.shift(-1, fill_value=True) & sites["accessible"]]
    lone = lone.sort_values("score")
    assert len(lone) > 30
    assert (lone["occupancy"].diff().dropna() >= 0).all()
    assert ((lone["occupancy"] >= 0.5) == (lone["score"] >= 18)).all()
    assert (sites.loc[~sites["accessible"], "occupancy"] == 0).all()


def test_a_palindrome_is_not_bound_twice():
    sites = simulate(PALINDROME, open_fraction=1.0).sites
    both = sites.groupby(["chromosome", "start"])["occupancy"].agg(["size", "sum"])
    assert (both.loc[both["size"] == 2, "sum"] <= 1).all()
    assert both["sum"].max() > 0.9
    assert (both["size"] == 2).sum() > 20


def test_half_of_the_motifs_own_mean_by_default_and_more_protein_binds_more():
    simulated = simulate()
    planted = simulated.sites.loc[simulated.sites["planted"], "score"]
    error = planted.std() / len(planted) ** 0.5
    assert abs(planted.mean() - simulated.half_occupied_bits) < 4 * error
    more = simulate(half_occupied_bits=simulated.half_occupied_bits - 3)
    assert more.sites["occupancy"].sum() > 1.2 * simulated.sites["occupancy"].sum()


@pytest.mark.parametrize("seed", SEEDS)
def test_chromatin_is_open_and_background_spread_as_told(seed):
    chromatin = chip.simulate_genome("CTCF", open_fraction=0.7, rng=seed).chromatin
    assert abs(chromatin["accessible"].mean() - 0.7) < 4 * (0.21 / 2000) ** 0.5
    # Zhang et al.: a gamma distribution.
    assert stats.kstest(chromatin["background"], stats.gamma(4, scale=0.25).cdf).pvalue > 1e-4
    assert len(chromatin) == 2000


def test_same_seed_same_bytes():
    windows = genome.windows({"one": 60_000}, 200)
    first, again, other = simulate(rng=5), simulate(rng=np.random.default_rng(5)), simulate(rng=6)
    for name, codes in first.genome.codes.items():
        assert codes.tobytes() == again.genome.codes[name].tobytes()
        assert codes.tobytes() != other.genome.codes[name].tobytes()
    pd.testing.assert_frame_equal(first.sites, again.sites)
    pd.testing.assert_frame_equal(first.chromatin, again.chromatin)
    counts = [chip.replicates(first, windows, n=3, rng=rng).tobytes() for rng in (1, 1, 2)]
    assert counts[0] == counts[1] != counts[2]


def test_description_says_how_many():
    simulated = simulate()
    said = simulated.describe()
    assert f"{simulated.sites['planted'].sum()} sites of CTCF_known1 planted" in said
    assert "93,400 bp on one, two" in said
    assert f"{(~simulated.sites['accessible']).sum()} sites in closed chromatin" in said


# --- the expected signal ---------------------------------------------------------------------------
@pytest.mark.parametrize("seed", SEEDS)
def test_expected_signal_is_that_of_a_loop(seed):
    simulated = simulate(rng=seed, sizes={"one": 20_000, "two": 4_300})
    experiment = Experiment(depth=37, fragment_bp=151, background_per_kb=3)
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 3_800, 80)
    start[:2] = 0, 3_800
    windows = pd.DataFrame({"chromosome": rng.choice(["one", "two"], 80), "start": start})
    windows["stop"] = start + rng.integers(1, 501, 80)
    found = chip.expected_signal(simulated, windows, experiment=experiment)
    sites, chromatin = simulated.sites, simulated.chromatin
    rows = [
        list(table.itertuples(index=False, name=None))
        for table in (
            windows,
            sites[["chromosome", "start", "stop", "occupancy"]],
            chromatin[["chromosome", "start", "stop", "background"]],
        )
    ]
    expected = [
        reference.expected_fragments(window, rows[1], rows[2], 37, 151, 3) for window in rows[0]
    ]
    assert np.allclose(found, expected)
    assert max(expected) > 10


def test_nothing_reaches_over_the_end_of_a_chromosome():
    sizes = {"one": 2_000, "two": 2_000}
    simulated = by_hand([1_995], 1.0, background=0.0, sizes=sizes)
    ends = pd.DataFrame({"chromosome": ["one", "two"], "start": [1_800, 0], "stop": [2_000, 200]})
    assert np.allclose(chip.expected_signal(simulated, ends), [80 * 105 / 200, 0])
    assert chip.signal(simulated, ends, rng=0)[1] == 0


def test_a_genome_without_any_site_has_background_only():
    simulated = simulate(sizes={"one": 1_000}, sites_per_kb=1e-9, half_occupied_bits=25.0)
    assert len(simulated.sites) == 0
    whole = genome.windows(simulated.genome.sizes, 1_000)
    expected = 10 * simulated.chromatin["background"]
    assert np.allclose(chip.expected_signal(simulated, whole), expected)
    assert chip.replicates(simulated, whole, rng=0).shape == (1, 2)


def test_a_window_beside_a_site_has_reads_but_no_motif():
    simulated = by_hand([1_050], 1.0, background=0.0)
    windows = pd.DataFrame({"chromosome": "one", "start": [800, 1_000], "stop": [1_000, 1_200]})
    assert chip.expected_signal(simulated, windows, experiment=Experiment(depth=100)).tolist() == [
        25.0,
        75.0,
    ]


# --- noise -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", chip.KINDS)
def test_mean_signal_is_the_expected_one_whatever_the_kind(kind, seed):
    middles = np.arange(500, 20_000, 500)
    occupancy = np.random.default_rng(seed).random(len(middles))
    simulated = by_hand(middles, occupancy, background=1.5)
    windows = around(middles, 150)
    experiment = Experiment(sample_cv=0.3, laboratory_cv=0.2)
    rng = np.random.default_rng(seed)
    counts = [
        chip.replicates(simulated, windows, kind=kind, experiment=experiment, rng=rng).mean(axis=1)
        for _ in range(60)
    ]
    expected = chip.expected_signal(simulated, windows, experiment=experiment)
    total = np.sum(counts, axis=1)  # of all windows together
    assert abs(total.mean() - expected.sum()) < 4 * total.std(ddof=1) / 60**0.5
    z = (np.mean(counts, axis=0) - expected) / (np.std(counts, axis=0, ddof=1) / 60**0.5)
    assert abs(z).max() < 5  # of 39 windows


@pytest.mark.parametrize("seed", SEEDS)
def test_without_variation_counts_are_poisson(seed):
    middles = np.arange(500, 20_000, 500)
    simulated = by_hand(middles, 0.1)
    counts = chip.replicates(
        simulated, around(middles, 100), n=100, kind="laboratory", experiment=QUIET, rng=seed
    )
    expected = chip.expected_signal(simulated, around(middles, 100), experiment=QUIET)
    z = (counts - expected[:, None]) / expected[:, None] ** 0.5
    mu = expected[0]  # kurtosis of a Poisson count: 3 + 1 / mu
    error = ((2 + 1 / mu) / counts.size) ** 0.5
    assert abs((z**2).mean() - 1) < 5 * error
    assert abs((z[:, ::2] * z[:, 1::2]).mean()) < 4 * (2 / counts.size) ** 0.5
    assert (counts == counts.round()).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_number_of_fragments_in_all_is_poisson_too(seed):
    simulated = by_hand(np.arange(500, 20_000, 500), 0.5)
    whole = pd.DataFrame({"chromosome": ["one"], "start": [0], "stop": [20_000]})
    counts = chip.replicates(simulated, whole, n=400, experiment=QUIET, rng=seed)
    expected = 39 * 40 + 200
    assert abs(counts.mean() - expected) < 4 * (expected / 400) ** 0.5
    assert abs(counts.var() / expected - 1) < 5 * (2 / 400) ** 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_samples_share_no_yield_and_sequencing_a_sample_twice_does(seed):
    """With a coefficient of variation s: covariance s^2 a^2 of technical, 0 of biological pairs."""
    middles = np.arange(500, 400_000, 500)
    simulated = by_hand(middles, 0.5, background=0.0, sizes={"one": 400_000})
    experiment = Experiment(depth=80, sample_cv=0.5, laboratory_cv=0)
    pairs = {
        kind: chip.replicates(
            simulated, around(middles, 100), kind=kind, experiment=experiment, rng=seed
        )
        for kind in chip.KINDS
    }
    a, n = 40.0, len(middles)
    spread = a + 0.25 * a**2  # variance of each count: negative binomial
    for kind, pair in pairs.items():
        covariance = ((pair[:, 0] - a) * (pair[:, 1] - a)).mean()
        expected = 0.25 * a**2 if kind == "technical" else 0.0
        assert abs(covariance - expected) < 4 * 2 * spread / n**0.5
        # Kurtosis of gamma yields of this variance is 3 + 6 * 0.25: a wider error than normal.
        assert abs(((pair - a) ** 2).mean() - spread) < 5 * spread * (3.5 / n) ** 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_laboratories_differ_in_sites_all_sites_and_background(seed):
    middles = np.arange(1_500, 400_000, 2_000)
    simulated = by_hand(middles, 1.0, sizes={"one": 400_000})
    experiment = Experiment(depth=400, background_per_kb=500, sample_cv=0, laboratory_cv=0.2)
    rng = np.random.default_rng(seed)
    sites, empty = around(middles, 100), around(middles - 1_000, 400)
    both = pd.concat([sites, empty])
    n, a, b = len(middles), 400.0, 400.0
    between = []
    for _ in range(60):
        pair = chip.replicates(simulated, both, kind="laboratory", experiment=experiment, rng=rng)
        over = pair[:n].mean(axis=0) - 500 * 0.2 - a  # the yield of all sites together
        between.append(over / a)
        background = pair[n:]
        variance = ((background - b) ** 2).mean()
        assert abs(variance - (b + 0.04 * b**2)) < 5 * variance * (3 / background.size) ** 0.5
        covariance = ((background[:, 0] - b) * (background[:, 1] - b)).mean()
        assert abs(covariance) < 4 * variance / n**0.5
        within = pair[:n].var(axis=0, ddof=1) / pair[:n].mean(axis=0) ** 2
        assert (within > 0.02).all()
    assert abs(np.var(between) - 0.04) < 5 * 0.04 * (2.5 / 120) ** 0.5
    same = chip.replicates(simulated, both, kind="biological", experiment=experiment, rng=rng)
    assert np.corrcoef(same[:n].T)[0, 1] > 0.5
    assert np.corrcoef(same[n:].T)[0, 1] > 0.5


@pytest.mark.parametrize("seed", range(5))
def test_technical_replicates_agree_best_and_laboratories_least(seed):
    simulated = chip.simulate_genome("CTCF", rng=seed)
    windows = genome.windows(simulated.genome.sizes, 200)
    near = windows[chip.expected_signal(simulated, windows) >= 8]
    assert len(near) > 200
    agreement = [
        np.mean(
            [
                stats.spearmanr(*chip.replicates(simulated, near, kind=kind, rng=100 + i).T)[0]
                for i in range(8)
            ]
        )
        for kind in ("technical", "biological", "laboratory")
    ]
    assert agreement[0] > agreement[1] + 0.02
    assert agreement[1] > agreement[2] + 0.02


def test_overlapping_windows_count_the_same_fragments():
    simulated = simulate()
    fine = genome.windows(simulated.genome.sizes, 100)
    half = chip.signal(simulated, fine, rng=1)
    coarse = genome.windows({"one": 60_000}, 200, stride_bp=100)
    whole = chip.signal(simulated, coarse, rng=1)
    assert (whole == half[:599] + half[1:600]).all()
    assert whole.max() > 10


# --- bad input -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"motif": 7}, TypeError, "motif is int"),
        ({"sizes": {}}, ValueError, "sizes is {}"),
        ({"sizes": [1000]}, ValueError, r"sizes is \[1000\]"),
        ({"sizes": {"one": 0}}, ValueError, "the size of one is 0"),
        ({"sizes": {"one": 1e6}}, ValueError, "the size of one is 1000000.0"),
        ({"sites_per_kb": 0}, ValueError, "sites_per_kb is 0"),
        ({"sites_per_kb": 3}, ValueError, "at most 2"),
        ({"sites_per_kb": "many"}, TypeError, "sites_per_kb is 'many'"),
        ({"half_occupied_bits": np.nan}, ValueError, "half_occupied_bits is nan"),
        ({"half_occupied_bits": np.inf}, ValueError, "half_occupied_bits is inf"),
        ({"half_occupied_bits": 2}, ValueError, "half_occupied_bits is 2, expected"),
        ({"open_fraction": 1.2}, ValueError, "open_fraction is 1.2"),
        ({"background": -1}, ValueError, "GC fraction of the background is -1"),
        ({"rng": None}, TypeError, "rng is None"),
    ],
)
def test_a_bad_genome_is_refused_in_words(options, error, said):
    with pytest.raises(error, match=said):
        simulate(**options)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"depth": -1}, ValueError, "depth is -1"),
        ({"sample_cv": np.inf}, ValueError, "sample_cv is inf"),
        ({"background_per_kb": "low"}, TypeError, "background_per_kb is 'low'"),
        ({"fragment_bp": 0}, ValueError, "fragment_bp is 0"),
    ],
)
def test_a_bad_experiment_is_refused_in_words(options, error, said):
    with pytest.raises(error, match=said):
        Experiment(**options)
    with pytest.raises(error, match=said):
        dataclasses.replace(QUIET, **options)


@pytest.mark.parametrize(
    ("windows", "options", "said"),
    [
        (around([5_000], 100), {"kind": "friendly"}, "kind is 'friendly', expected one of"),
        (around([5_000], 100), {"n": 0}, "n is 0"),
        (around([50], 100), {}, "windows hold one:-50-150"),
        (around([20_000], 100), {}, "windows hold one:19900-20100"),
        (around([500], 9).assign(chromosome="two"), {}, "genome.windows"),
        (pd.DataFrame({"start": [5]}), {}, "windows has no column 'chromosome'"),
    ],
)
def test_bad_windows_and_kinds_are_refused_in_words(windows, options, said):
    with pytest.raises(ValueError, match=said):
        chip.replicates(by_hand([500], 1.0), windows, rng=0, **options)
