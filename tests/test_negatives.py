import numpy as np
import pandas as pd
import pytest
from scipy import stats
from shared_data import shared_data

from dragonn_lite.assays import negatives
from dragonn_lite.dna import genome
from dragonn_lite.dna import sequences as dna

WIDTH_BP = 100


def patchy_genome(seed, *, length=400_000, names=("I", "II")):
    """Chromosomes whose GC content wanders between 0.3 and 0.6, with a stretch of N."""
    rng = np.random.default_rng(seed)
    codes = {}
    for name in names:
        gc = np.repeat(rng.uniform(0.3, 0.6, -(-length // 500)), 500)[:length]
        strong, second = rng.random(length) < gc, rng.random(length) < 0.5
        codes[name] = np.where(strong, 1 + second, 3 * second).astype(np.uint8)
        codes[name][length // 2 : length // 2 + 5_000] = dna.UNKNOWN
    return genome.Genome(codes)


def rich_windows(whole, n, seed):
    """Windows richer in GC than the genome: what promoters are."""
    places = genome.windows(whole.sizes, WIDTH_BP, stride_bp=70)
    gc = np.nan_to_num(dna.gc_fraction(whole.sequences(places)))
    weight = np.exp(6 * np.minimum(gc, 0.6)) * (gc > 0)
    rows = np.random.default_rng(seed).choice(
        len(places), n, replace=False, p=weight / weight.sum()
    )
    return places.iloc[rows]


def gc_of(whole, places):
    return dna.gc_fraction(whole.sequences(places))


def n_overlapping(places):
    """Pairs of neighbours, in the order of the genome, that share a base."""
    ordered = places.sort_values(["chromosome", "start"])
    same = ordered["chromosome"].eq(ordered["chromosome"].shift())
    return int((same & (ordered["start"] < ordered["stop"].shift())).sum())


@pytest.mark.parametrize("draw", [negatives.genomic, negatives.gc_matched])
def test_windows_with_more_than_a_tenth_of_unknown_bases_are_not_drawn(draw):
    codes = np.random.default_rng(0).integers(0, 4, (2, 100_000)).astype(np.uint8)
    codes[0, ::10] = codes[1, ::9] = dna.UNKNOWN  # 10 of 100, and 11 or 12
    whole = genome.Genome({"I": codes[0], "II": codes[1]})
    positives = pd.DataFrame({"chromosome": "I", "start": [0, 500], "stop": [100, 600]})
    assert set(draw(whole, positives, n=300, rng=0)["chromosome"]) == {"I"}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("draw", [negatives.genomic, negatives.gc_matched])
def test_what_is_drawn_keeps_clear(draw, seed):
    whole = patchy_genome(seed)
    positives = rich_windows(whole, 300, seed)
    exclude = genome.windows({"II": 80_000}, 30_000)
    drawn = draw(whole, positives, exclude=exclude, rng=seed)
    assert len(drawn) == 300
    assert list(drawn) == ["chromosome", "start", "stop"]
    assert (drawn["stop"] - drawn["start"] == WIDTH_BP).all()
    assert whole.contains(drawn).all()
    assert not genome.overlaps(drawn, positives).any()
    assert not genome.overlaps(drawn, exclude).any()
    assert n_overlapping(drawn) == 0
    assert set(drawn["chromosome"]) == {"I", "II"}
    pd.testing.assert_frame_equal(drawn, draw(whole, positives, exclude=exclude, rng=seed))
    assert not drawn.equals(draw(whole, positives, exclude=exclude, rng=seed + 1))


@pytest.mark.parametrize("seed", range(5))
def test_matched_windows_have_the_gc_content_of_the_positives(seed):
    whole = patchy_genome(seed)
    positives = rich_windows(whole, 400, seed)
    matched, plain = (
        draw(whole, positives, rng=seed) for draw in (negatives.gc_matched, negatives.genomic)
    )
    gc, of_matched, of_plain = (gc_of(whole, part) for part in (positives, matched, plain))
    # Partner by partner: within the tolerance once both are sorted.
    assert np.abs(np.sort(gc) - np.sort(of_matched)).max() <= negatives.GC_TOLERANCE + 1e-9
    assert stats.ks_2samp(gc, of_matched, method="asymp").statistic < 0.03
    assert (
        stats.ks_2samp(gc, of_plain, method="asymp").pvalue < 1e-6
    )  # so that there was something to match


@pytest.mark.parametrize("n", [7, 100, 250])
def test_other_numbers_of_partners(n):
    whole = patchy_genome(3)
    positives = rich_windows(whole, 100, 3)
    matched = negatives.gc_matched(whole, positives, n=n, rng=0)
    assert len(matched) == len(negatives.genomic(whole, positives, n=n, rng=0)) == n
    if n > 100:
        found = stats.ks_2samp(gc_of(whole, positives), gc_of(whole, matched), method="asymp")
        assert found.statistic < 0.06  # a positive has two partners or three


def test_plain_windows_come_from_all_over():
    whole = genome.Genome({"I": np.zeros(40_000, np.uint8), "II": np.zeros(10_000, np.uint8)})
    positives = pd.DataFrame({"chromosome": ["I"], "start": [0], "stop": [10]})
    start = [negatives.genomic(whole, positives, n=500, rng=seed) for seed in range(8)]
    drawn = pd.concat(start)
    assert (drawn["chromosome"] == "I").mean() == pytest.approx(0.8, abs=0.02)  # sd .006
    of_first = drawn["start"][drawn["chromosome"] == "I"]
    assert stats.kstest(of_first / 40_000, "uniform").pvalue > 1e-3
    assert drawn["start"].mod(10).nunique() > 4  # the windows do not stand on one grid


def test_shuffles_keep_their_dinucleotides():
    x = dna.random_sequences(20, 60, rng=0)
    shuffled = negatives.dinucleotide_shuffled(x, rng=0)
    assert np.array_equal(dna.kmer_counts(shuffled, 2), dna.kmer_counts(x, 2))
    assert not np.array_equal(shuffled, x)


def places(*rows):
    return pd.DataFrame(rows, columns=["chromosome", "start", "stop"])


def plain_and_rich():
    """A chromosome of A alone but for a rich end, of which the half is bound."""
    codes = np.zeros(1000, np.uint8)
    codes[800:] = 1
    return genome.Genome({"I": codes})


def test_too_few_windows_are_said():
    whole = plain_and_rich()
    bound = places(("I", 800, 820), ("I", 860, 880), ("I", 900, 920), ("I", 100, 120))
    with pytest.raises(ValueError, match="n is 60, and the genome has 4. windows of 20 bp"):
        negatives.genomic(whole, bound, n=60, rng=0)
    rest = places(("I", 700, 1000))
    with pytest.raises(
        ValueError,
        match="no partner for 3 of 4 windows: .* GC content of 1.00 to 1.00 that",
    ):
        negatives.gc_matched(whole, bound, exclude=rest, rng=0)


@pytest.mark.parametrize("draw", [negatives.genomic, negatives.gc_matched])
@pytest.mark.parametrize(
    ("bound", "options", "message"),
    [
        (places(), {}, "intervals is empty"),
        (places(("I", 0, 20), ("I", 0, 30)), {}, "20 to 30 bp wide, expected one width"),
        (places(("chr1", 0, 20)), {}, "intervals names chr1, and the genome has I"),
        (places(("I", 990, 1010)), {}, "lie beyond their chromosome"),
        (places(("I", 0, 20)), {"n": 0}, "n is 0"),
        (places(("I", 0, 20)), {"exclude": places(("I", 5, 5))}, "exclude has I:5-5 in row 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw, bound, options, message):
    with pytest.raises(ValueError, match=message):
        draw(plain_and_rich(), bound, rng=0, **options)
    with pytest.raises(TypeError, match="rng is None"):
        draw(plain_and_rich(), places(("I", 0, 20)), rng=None)


def test_positives_as_text_are_the_same_positives():
    bound = places(("I", 20, 40), ("I", 860, 880))
    drawn = [
        negatives.gc_matched(plain_and_rich(), table, rng=0)
        for table in (bound, bound.astype({"start": "str", "stop": "str"}))
    ]
    pd.testing.assert_frame_equal(*drawn)


def test_positives_of_unknown_bases_have_no_gc_content():
    whole = genome.Genome({"I": np.full(100, dna.UNKNOWN, np.uint8)})
    with pytest.raises(ValueError, match="1 of the 1 positives have no known base"):
        negatives.gc_matched(whole, places(("I", 0, 20)), rng=0)
    with pytest.raises(ValueError, match="n is 1, and the genome has 0 windows"):
        negatives.genomic(whole, places(("I", 0, 20)), rng=0)


# --- real data -------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", ["Reb1", "Sua7", "Abf1"])
def test_matched_windows_of_the_yeast_genome(factor):
    path = shared_data("yeast_genome", "Saccharomyces_cerevisiae.R64-1-1.dna.toplevel.fa.gz")
    yeast = genome.read_genome(path)
    peaks = genome.read_intervals(shared_data("yeast_genome", "rossi2021", f"{factor}_CX.bed"))
    mapping = genome.matching_names(peaks["chromosome"], yeast.sizes)
    peaks = genome.rename_chromosomes(peaks, mapping)
    bound = genome.centred(peaks, 200)
    bound = bound[yeast.contains(bound)]
    matched = negatives.gc_matched(yeast, bound, rng=0)
    plain = negatives.genomic(yeast, bound, rng=0)
    gc = gc_of(yeast, bound)
    assert len(matched) == len(plain) == len(bound)
    assert stats.ks_2samp(gc, gc_of(yeast, matched)).statistic < 0.01
    assert stats.ks_2samp(gc, gc_of(yeast, plain)).statistic > 0.04
