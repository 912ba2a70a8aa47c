"""Families of tasks: each lies as far from the base as it says, and as its sequences show.

What is measured is held against what is stated over several fixed seeds.
"""

import numpy as np
import pandas as pd
import pytest
import reference
from scipy import stats
from scipy.spatial.distance import jensenshannon

from dragonn_lite.assays import families as f
from dragonn_lite.assays.backgrounds import FromSequences, Independent, Markov
from dragonn_lite.dna import motifs
from dragonn_lite.dna import sequences as dna
from dragonn_lite.dna.motifs import Motif
from dragonn_lite.evaluation import metrics

SEEDS = range(3)
DRIFTS = (0.0, 0.2, 0.4, 0.5, 0.7, 0.9, 1.0)
SIX5 = Motif("SIX5 cut", motifs.builtin("SIX5_known1").probabilities[:10])
STICKY = np.full((4, 4), 0.2) + 0.2 * np.eye(4)
ALTERNATING = np.full((4, 4), 0.3) - 0.2 * np.eye(4)

SINGLE = (
    f.Task("TAL1_known4", background=0.4, cofactor="GATA1", cofactor_share=0.8, length=120),
    f.Task(SIX5, background=0.6, cofactor="GATA1", cofactor_share=0.1, length=120),
)
PAIR = (
    f.Task("TAL1_known4", "GATA1", {2: 0.25, 3: 0.75}, 0.55, length=120),
    f.Task(SIX5, f.shuffled("GATA1", rng=1), {6: 0.5, 11: 0.5}, 0.35, "CEBPB", 0.5, 120),
)
# One spacing widens, and the chain of one is pulled towards independent bases.
MARKOV = (
    f.Task("TAL1_known4", SIX5, 5, Markov(STICKY), length=120),
    f.Task("TAL1_known4", SIX5, {k: 0.2 for k in range(3, 8)}, 0.3, length=120),
)
CHAINS = (
    f.Task("TAL1_known4", background=Markov(STICKY), length=120),
    f.Task(f.shuffled("TAL1_known4", rng=2), background=Markov(ALTERNATING), length=120),
)
each_family = pytest.mark.parametrize(
    "ends", [SINGLE, PAIR, MARKOV, CHAINS], ids=["single", "pair", "markov", "chains"]
)


def all_axes(drift):
    return dict.fromkeys(f.AXES, drift)


def assert_same(simulation, other):
    assert simulation.sequences.tobytes() == other.sequences.tobytes()
    assert simulation.labels.tobytes() == other.labels.tobytes()
    pd.testing.assert_frame_equal(simulation.sites, other.sites)


# --- the ends ------------------------------------------------------------------------------------
@each_family
def test_without_drift_it_is_the_base_and_with_all_of_it_the_far_task(ends):
    base, far = ends
    assert f.drifted(base, far) == base
    assert_same(f.drifted(base, far, **all_axes(0)).simulate(60, rng=3), base.simulate(60, rng=3))
    assert_same(f.drifted(base, far, **all_axes(1)).simulate(60, rng=3), far.simulate(60, rng=3))
    assert f.distance(base, base) == (0, 0, 0, 0)


@each_family
def test_axes_move_apart(ends):
    base, far = ends
    whole = f.distance(base, far)
    for i, axis in enumerate(f.AXES):
        moved = f.distance(base, f.drifted(base, far, **{axis: 0.5}))
        assert moved[i] == pytest.approx(whole[i] / 2, abs=1e-9)
        assert [d for j, d in enumerate(moved) if j != i] == [0, 0, 0]


# --- the distance that is stated -----------------------------------------------------------------
def slow_distance(task, other):
    """Position by position with scipy, and spacings by the value of each sequence."""
    bits = [
        jensenshannon((p + 0.001) / 1.004, (q + 0.001) / 1.004, base=2) ** 2
        for a, b in ((task.motif, other.motif), (task.partner, other.partner))
        if a is not None
        for p, q in zip(a.probabilities, b.probabilities, strict=True)
    ]
    spacing = stats.wasserstein_distance(
        *(list(t.spacing_bp) for t in (task, other)),
        *(list(t.spacing_bp.values()) for t in (task, other)),
    )
    joint = []
    for t in (task, other):
        p = t.background.base_probabilities
        chain = getattr(t.background, "transitions", np.tile(p, (4, 1)))
        joint.append([p[i] * chain[i][j] for i in range(4) for j in range(4)])
    share = abs(task.cofactor_share - other.cofactor_share)
    return np.mean(bits), spacing, jensenshannon(*joint, base=2) ** 2, share


@each_family
def test_distance_is_that_of_scipy_and_grows_by_the_drift(ends):
    base, far = ends
    whole = np.array(slow_distance(base, far))
    np.testing.assert_allclose(f.distance(base, far), whole, atol=1e-12)
    np.testing.assert_allclose(f.distance(far, base), whole, atol=1e-12)
    for drift in DRIFTS:
        task = f.drifted(base, far, **all_axes(drift))
        np.testing.assert_allclose(f.distance(base, task), drift * whole, atol=1e-9)
        np.testing.assert_allclose(slow_distance(base, task), drift * whole, atol=1e-9)


# --- the distance that is measured ---------------------------------------------------------------
def sampled(simulation, motif):
    """Share of each base at each position of the planted sites, (width, 4)."""
    counts = np.zeros((motif.width_bp, 4))
    letters = dna.decode(simulation.sequences)
    for site in simulation.sites[simulation.sites["motif"] == motif.name].itertuples():
        word = letters[site.sequence][site.start : site.stop]
        if site.strand == "-":
            word = reference.reverse_complement(word)
        for i, letter in enumerate(word):
            counts[i, "ACGT".index(letter)] += 1
    return counts / counts.sum(axis=1, keepdims=True)


def spacings(simulation, task):
    bound = simulation.sites[simulation.labels[simulation.sites["sequence"]] == 1]
    left = bound[bound["motif"] == task.motif.name].set_index("sequence")["stop"]
    right = bound[bound["motif"] == task.partner.name].set_index("sequence")["start"]
    return (right - left).to_numpy()


def measured(task, other, n, rng):
    simulations = [t.simulate(n, rng=rng) for t in (task, other)]
    pairs = [(t, s) for t, s in zip((task, other), simulations, strict=True)]
    matrices = [sampled(s, t.motif) for t, s in pairs]
    spacing = 0.0
    if task.partner is not None:
        matrices = [np.vstack([m, sampled(s, t.partner)]) for m, (t, s) in zip(matrices, pairs)]
        spacing = stats.wasserstein_distance(*(spacings(s, t) for t, s in pairs))
    bits = np.mean([jensenshannon(p, q, base=2) ** 2 for p, q in zip(*matrices, strict=True)])
    # Unbound sequences of the background alone show it; those of a pair hold sites.
    only = [t.background.draw(n, t.length, np.random.default_rng(rng)) for t in (task, other)]
    background = jensenshannon(*(dna.kmer_counts(x, 2).sum(axis=0) for x in only), base=2) ** 2
    shares = [
        0.0 if t.cofactor is None else (s.sites["motif"] == t.cofactor.name).sum() / (n / 2)
        for t, s in pairs
    ]
    return bits, spacing, background, abs(shares[0] - shares[1])


@each_family
@pytest.mark.parametrize("seed", SEEDS)
def test_sampled_sites_lie_as_far_apart_as_stated(ends, seed):
    base, far = ends
    for drift in (0.5, 1.0):
        axes = all_axes(drift) | ({"cofactor": 0} if ends is PAIR else {})
        task = f.drifted(base, far, **axes)
        stated, seen = f.distance(base, task), measured(base, task, 3_000, seed)
        np.testing.assert_allclose(seen, stated, atol=0.04, rtol=0.02)
        assert seen[0] == pytest.approx(stated[0], abs=0.012)
        assert seen[2] == pytest.approx(stated[2], abs=0.002)


@pytest.mark.parametrize("seed", SEEDS)
def test_cofactor_stands_in_its_share_of_the_bound_sequences_only(seed):
    task = f.drifted(*PAIR, cofactor=0.5)
    simulation = task.simulate(4_000, rng=seed)
    holding = simulation.sites.loc[simulation.sites["motif"] == "CEBPB", "sequence"]
    assert holding.is_unique and set(simulation.labels[holding]) == {1}
    assert stats.binomtest(len(holding), 2_000, 0.25).pvalue > 1e-4


@pytest.mark.parametrize("seed", range(8))
def test_a_shuffled_motif_keeps_its_information_on_the_way(seed):
    base = f.Task("TAL1_known4")
    far = f.Task(f.shuffled("TAL1_known4", rng=seed))
    rows = [tuple(row) for row in base.motif.probabilities]
    assert sorted(map(tuple, far.motif.probabilities)) == sorted(rows)
    total = base.motif.information_bits.sum()
    for drift in DRIFTS:
        bits = f.drifted(base, far, motif=drift).motif.information_bits
        assert abs(bits.sum() - total) < 2  # of 14: no more than one position holds


# --- sizes ---------------------------------------------------------------------------------------
@each_family
def test_a_larger_set_begins_with_the_smaller_one(ends):
    task = f.drifted(*ends, **all_axes(0.5))
    largest = task.simulate(2_100, rng=5)
    for n in (2, 20, 21, 1_000, 1_001, 2_000):
        smaller = task.simulate(n, rng=5)
        assert_same(largest.take(slice(n)), smaller)
        assert smaller.labels.tolist() == [1 - i % 2 for i in range(n)]
        assert [group.n for group in smaller.groups] == [n - n // 2, n // 2]
    assert len(np.unique(dna.codes(largest.sequences), axis=0)) == 2_100
    assert_same(task.simulate(20, rng=np.random.default_rng(5)), task.simulate(20, rng=5))
    assert task.simulate(20, rng=6).sequences.tobytes() != smaller.sequences[:20].tobytes()


def test_twenty_thousand():
    simulation = SINGLE[0].simulate(20_000, rng=0)
    assert simulation.sequences.shape == (20_000, 120, 4)
    assert simulation.labels.sum() == 10_000
    assert simulation.sites["sequence"].is_monotonic_increasing


# --- the ceiling ---------------------------------------------------------------------------------
def test_ceiling_is_that_of_the_drifted_task():
    """Summed in a loop over every place and strand of the site, for one motif."""
    base, far = (f.Task(m, background=gc, length=30) for m, gc in ((SIX5, 0.4), ("TAL1", 0.6)))
    task = f.drifted(base, far, motif=0.6, background=0.5)
    simulation = task.simulate(20, rng=1)
    site = (task.motif.probabilities + 0.001) / 1.004
    background = task.background.base_probabilities
    for word, log_odds in zip(dna.decode(simulation.sequences), simulation.log_odds(), strict=True):
        ratios = []
        for start in range(21):
            part = word[start : start + 10]
            for strand in (part, reference.reverse_complement(part)):
                codes = ["ACGT".index(letter) for letter in strand]
                outside = [background["ACGT".index(letter)] for letter in part]
                inside = [site[i, code] for i, code in enumerate(codes)]
                ratios.append(np.prod(inside) / np.prod(outside))
        assert log_odds == pytest.approx(np.log(np.mean(ratios)), abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_the_base_knows_serves_less_and_less(seed):
    base = f.Task("TAL1_known4", length=300)
    far = f.Task(SIX5, length=300)
    known = base.simulate(20, rng=0)
    ceilings, borrowed = [], []
    for drift in (0, 0.25, 0.5, 0.75, 1):
        simulation = f.drifted(base, far, motif=drift).simulate(1_000, rng=seed)
        ceilings.append(metrics.auroc(simulation.labels, simulation.log_odds()))
        borrowed.append(metrics.auroc(simulation.labels, known.log_odds(simulation.sequences)))
    assert ceilings[0] == borrowed[0]
    assert (np.diff(borrowed) < 0.03).all() and borrowed[-1] < 0.7
    assert borrowed[0] > 0.9
    assert min(ceilings) > 0.8


# --- the table -----------------------------------------------------------------------------------
def test_family_lists_each_axis_and_all_together():
    table = f.family(*SINGLE, drifts=(0, 0.5))
    assert (
        table["axis"].tolist()
        == ["motif"] * 2 + ["background"] * 2 + ["cofactor"] * 2 + ["together"] * 2
    )
    for row in table.itertuples():
        assert tuple(row[3:7]) == f.distance(SINGLE[0], row.task)
    whole = f.distance(*SINGLE)
    together = table.iloc[-1][list(f.Distance._fields)].astype(float)
    np.testing.assert_allclose(together, np.array(whole) / 2, atol=1e-9)
    alone = f.family(f.Task("TAL1"), f.Task("TAL1", background=0.5))
    assert set(alone["axis"]) == {"background"}


# --- what is refused -----------------------------------------------------------------------------
TAL1 = f.Task("TAL1")


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: f.Task("TAL1", cofactor_share=0.5), ValueError, "cofactor="),
        (lambda: f.Task("TAL1", cofactor="GATA1", cofactor_share=2), ValueError, "cofactor_share"),
        (lambda: f.Task("TAL1", background=1.5), ValueError, "GC fraction"),
        (lambda: f.Task("TAL1", background=FromSequences(np.zeros((1, 9, 4)))), TypeError,
         "FromSequences"),
        (lambda: f.Task("TAL1", spacing_bp=-1), ValueError, "spacing_bp"),
        (lambda: f.Task("TAL1", length=0), ValueError, "length"),
        (lambda: f.Task(None), TypeError, "motif is NoneType"),
        (lambda: f.Task("nonsense"), ValueError, "nonsense"),
        (lambda: TAL1.simulate(1, rng=0), ValueError, "n is 1"),
        (lambda: TAL1.simulate(20, rng="a"), TypeError, "rng"),
        (lambda: f.Task("TAL1", length=5).simulate(20, rng=0), ValueError, "5 bp"),
        (lambda: f.drifted(TAL1, "GATA1"), TypeError, "expected a Task"),
        (lambda: f.drifted(TAL1, f.Task("TAL1", length=100)), ValueError, "length 500"),
        (lambda: f.drifted(TAL1, f.Task("TAL1", "GATA1")), ValueError, "partner"),
        (lambda: f.drifted(TAL1, f.Task("CTCF")), ValueError, "10 bp and CTCF_known1 19"),
        (lambda: f.drifted(f.Task("TAL1", cofactor="CTCF"), f.Task("TAL1", cofactor="GATA1")),
         ValueError, "CTCF_known1 and GATA1"),
        (lambda: f.drifted(TAL1, TAL1, motif=1.1), ValueError, "motif is 1.1"),
        (lambda: f.drifted(TAL1, TAL1, spacing=np.nan), ValueError, "spacing is nan"),
        (lambda: f.family(TAL1, TAL1), ValueError, "do not differ"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence(call, error, words):
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert words in message and "\n" not in message


def test_the_ceiling_of_a_chain_is_refused():
    with pytest.raises(ValueError, match="independent bases"):
        CHAINS[0].simulate(20, rng=0).log_odds()
    assert f.Task("TAL1", background=Independent(0.4)) == f.Task(motifs.builtin("TAL1"))
