"""The exact likelihood against a sum over everything that a simulation can do."""

import numpy as np
import pytest
import reference

from dragonn_lite.assays import grammar as g
from dragonn_lite.assays import memory, simulate
from dragonn_lite.assays.likelihood import outcome_likelihoods
from dragonn_lite.dna import sequences as dna
from dragonn_lite.dna.motifs import Motif

RNG = np.random.default_rng(1)
A, B, C = (
    Motif(name, RNG.dirichlet([0.5] * 4, width)) for name, width in (("A", 2), ("B", 3), ("C", 2))
)
SHORT_A, SHORT_B = (Motif(name, RNG.dirichlet([0.5] * 4, 1)) for name in ("a", "b"))
TIGHT = {"min_spacing": 1, "length": 11, "n_positive": 4, "n_negative": 4, "rng": 3}
SIZES = {"length": 14, "n_positive": 4, "n_negative": 6, "rng": 3}


def general(*parts, negative=(), gc_fraction=0.3, length=14, n=3):
    groups = [
        simulate.Group(n, parts, 1),
        simulate.Group(n + 2, negative, 0),
        simulate.Group(1, [g.Plant(A)], 0),
    ]
    return simulate.simulate(groups, length=length, background=gc_fraction, rng=5)


GRAMMARS = {
    "single_motif_detection": lambda: simulate.single_motif_detection(B, **SIZES),
    "motif_counting": lambda: simulate.motif_counting(
        A, positive_counts=(2, 3), negative_counts=(0, 1), **SIZES
    ),
    "motif_density_localization": lambda: simulate.motif_density_localization(
        B, center_size=9, counts=(1, 2), **SIZES
    ),
    "multi_motif_embedding": lambda: simulate.multi_motif_embedding(
        [A, B, C], min_motifs=0, max_motifs=2, length=14, n=6, gc_fraction=0.6, rng=4
    ),
    "multi_motif_embedding, one or three": lambda: simulate.simulate(
        [simulate.Group(5, [g.Subset([g.Plant(m) for m in (A, B, C)], {1: 0.75, 3: 0.25})], None)],
        length=12,
        rng=4,
    ),
    "differential_accessibility": lambda: simulate.differential_accessibility(
        [A, B], [B, C], min_motifs=1, **SIZES
    ),
    "heterodimer_grammar": lambda: simulate.heterodimer_grammar(
        A, B, min_spacing=1, max_spacing=3, **SIZES
    ),
    "pairs in any order": lambda: general(
        g.Pair(A, B, {0: 0.2, 2: 0.8}, count={1: 0.4, 2: 0.6}, any_order=True), n=2
    ),
    "one or the other": lambda: general(g.Subset([g.Plant(B, 2), g.Pair(A, C, 1)], 1)),
    "positions": lambda: general(
        g.Plant(A, 1, g.normal(4, 2.5)),
        g.Plant(B, 1, g.inside_centre(8)),
        negative=[g.Plant(C, g.bernoulli(0.3), g.outside_centre(6)), g.Plant(A, 1, g.at(5))],
    ),
    "in an order": lambda: general(
        g.Ordered([A, B, A]), negative=[g.Ordered([B, A, A], 1)], length=12
    ),
    "one order or another, and a site anywhere": lambda: general(
        g.Subset([g.Ordered([A, B]), g.Ordered([B, A], 2, g.normal(5, 3))], 1),
        g.Plant(C),
        negative=[g.Plant(C), g.Ordered([A, B], 1, g.inside_centre(11))],
        length=13,
    ),
    "brackets": lambda: memory.brackets(SHORT_A, SHORT_B, n_pairs=(1, 2), **TIGHT),
    "motif_order": lambda: memory.motif_order([A, SHORT_B, C], **TIGHT),
    "sites": lambda: general(
        g.Plant(g.Site(A, reverse_fraction=0.1, mutation_rate=0.2), g.poisson(1.3, 3)),
        g.Plant(g.Site(B, best=True, mutation_rate=0.1, reverse_fraction=1.0)),
        negative=[g.Plant(g.Site(B, reverse_fraction=0.0), g.zero_inflated(2, 0.4))],
    ),
}


@pytest.mark.parametrize("name", GRAMMARS)
def test_log_odds_are_those_of_enumeration(name):
    simulation = GRAMMARS[name]()
    background = simulation.background.base_probabilities.tolist()
    found = simulation.log_odds().reshape(len(simulation.labels), -1)
    expected = np.array(
        [
            reference.log_odds(sequence, simulation.groups, background, simulation.tasks)
            for sequence in dna.decode(simulation.sequences)
        ]
    )
    assert np.ptp(expected) > 0.1  # the sequences differ
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_each_content_is_that_of_enumeration():
    parts = [g.Plant(A, g.uniform(0, 2)), g.Pair(B, C, g.uniform(0, 1), position=g.normal(9, 3))]
    layouts, outcomes = g.expand(parts)
    background = np.array([0.1, 0.2, 0.3, 0.4])
    x = dna.random_sequences(3, 13, rng=8)
    found = outcome_likelihoods(x, layouts, outcomes, background)
    known = list(reference.all_contents(parts))
    np.testing.assert_allclose([p for _, p in outcomes], [p for p, _ in known], rtol=1e-12)
    for row, sequence in zip(found, dna.decode(x), strict=True):
        by_chance = np.prod([background["ACGT".index(letter)] for letter in sequence])
        expected = [
            reference.content_probability(sequence, blocks, background) / by_chance
            for _, blocks in known
        ]
        np.testing.assert_allclose(row, expected, rtol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_likelihoods_of_background_sequences_average_to_one(seed):
    # E[P(x | content) / P(x | background)] over x from the background is 1; 5 standard errors.
    parts = [g.Plant(B, g.uniform(0, 2), g.normal(9, 4)), g.Pair(A, C, g.uniform(0, 3))]
    layouts, outcomes = g.expand(parts)
    background = dna.gc_probabilities(0.4)
    x = dna.random_sequences(20_000, 20, gc_fraction=0.4, rng=seed)
    ratios = outcome_likelihoods(x, layouts, outcomes, background)
    error = ratios.std(axis=0) / np.sqrt(len(x))
    assert (abs(ratios.mean(axis=0) - 1) < 5 * error).all()
    assert error.max() < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_log_odds_are_calibrated(seed):
    # Among sequences of log-odds l, bound ones are sigmoid(l + log prior odds); 4.5 deviations.
    simulation = simulate.heterodimer_grammar(
        "SPI1_known4", "GATA1", max_spacing=20, length=60, n_positive=3_000, n_negative=6_000,
        rng=seed,
    )  # fmt: skip
    probability = 1 / (1 + np.exp(-(simulation.log_odds() + np.log(3_000 / 6_000))))
    bins = np.minimum((probability * 10).astype(int), 9)
    for k in range(10):
        inside = bins == k
        expected = probability[inside].sum()
        deviation = np.sqrt((probability * (1 - probability))[inside].sum())
        assert abs(simulation.labels[inside].sum() - expected) < 4.5 * deviation + 1
    assert (np.bincount(bins, minlength=10) > 50).sum() >= 6


def test_unknown_bases_say_nothing():
    simulation = simulate.single_motif_detection(B, **SIZES)
    unknown = np.zeros((1, 14, 4), np.uint8)
    assert simulation.log_odds(unknown) == pytest.approx(0, abs=1e-12)
    # One unknown base: the probabilities of the four letters that it may be, added up.
    one = dna.one_hot(["ACGTNACGTACGTA"])
    letters = dna.one_hot(["ACGT" + base + "ACGTACGTA" for base in "ACGT"])
    mean = np.exp(simulation.log_odds(letters)) @ simulation.background.base_probabilities
    assert np.exp(simulation.log_odds(one)[0]) == pytest.approx(mean, rel=1e-12)


def test_batches_change_nothing():
    simulation = simulate.single_motif_detection(
        "TAL1_known4", length=40, n_positive=600, n_negative=600, rng=1
    )
    together = simulation.log_odds()
    rows = [0, 499, 500, 1199]
    one_by_one = [simulation.log_odds(simulation.sequences[i : i + 1])[0] for i in rows]
    np.testing.assert_allclose(together[rows], one_by_one, rtol=1e-12)


def test_a_label_that_is_impossible_is_infinite():
    certain = g.Site(Motif("AC", [[1, 0, 0, 0], [0, 1, 0, 0]]), best=True, reverse_fraction=0)
    groups = [simulate.Group(2, [g.Plant(certain)], 1), simulate.Group(2, [], 0)]
    simulation = simulate.simulate(groups, length=8, rng=0)
    found = simulation.log_odds(dna.one_hot(["TTTTTTTT", "TTACTTTT"]))
    assert found[0] == -np.inf and found[1] > 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: general(g.Plant(g.Site(A, minimum_bits=0.1))).log_odds(), "minimum_bits=0.1"),
        (
            lambda: simulate.single_motif_detection(A, **SIZES | {"n_negative": 0}).log_odds(),
            "one label only",
        ),
        (
            lambda: simulate.simulate(
                [simulate.Group(3, [g.Plant(A)]), simulate.Group(3, label=0)],
                length=14,
                background=simulate.Markov(np.full((4, 4), 0.25)),
                rng=0,
            ).log_odds(),
            "independent bases",
        ),
        (
            lambda: simulate.motif_counting(A, **SIZES).log_odds(np.zeros((1, 5, 4), np.uint8)),
            "no room for every content",
        ),
        (
            lambda: simulate.motif_counting(A, **SIZES).log_odds(np.zeros((1, 1, 4), np.uint8)),
            "2 bp has no room",
        ),
    ],
)
def test_what_has_no_likelihood_is_said(make, words):
    with pytest.raises(ValueError, match=words):
        make()
