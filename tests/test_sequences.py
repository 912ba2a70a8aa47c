import tracemalloc
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import reference
from scipy import stats

from dragonn_lite.dna import sequences

SEEDS = (0, 1, 2)
LETTERS = "ACGTRYSWKMBDHVNacgtryswkmbdhvn"
# A fair draw falls below this about once in ten thousand runs of a test.
LEAST_P = 1e-4


def texts(seed, n=30, length=40, letters=LETTERS):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list(letters), length)) for _ in range(n)]


@pytest.mark.parametrize("seed", SEEDS)
def test_one_hot_agrees_with_the_letters(seed):
    letters = texts(seed)
    x = sequences.one_hot(letters)
    assert x.dtype == np.uint8 and x.flags.c_contiguous
    assert x.tolist() == reference.one_hot(letters)
    known = [s.upper().translate(str.maketrans("RYSWKMBDHV", "NNNNNNNNNN")) for s in letters]
    assert sequences.decode(x) == known
    assert sequences.from_codes(sequences.codes(x)).tolist() == x.tolist()


def test_one_hot_takes_every_kind_of_text():
    expected = reference.one_hot(["ACGT", "TTNA"])
    for letters in (
        ("ACGT", "TTNA"),
        [b"ACGT", b"TTNA"],
        np.array(["ACGT", "TTNA"]),
        np.array(["ACGT", "TTNA"], dtype=object),
        pd.Series(["ACGT", "TTNA"], index=[7, 3]),
        iter(["ACGT", "TTNA"]),
    ):
        assert sequences.one_hot(letters).tolist() == expected
    assert sequences.one_hot("ACGT").tolist() == expected[:1]


@pytest.mark.parametrize(
    ("letters", "length", "expected"),
    [("ACGTA", 3, "CGT"), ("ACGTA", 2, "CG"), ("AC", 5, "NACNN"), ("AC", 4, "NACN"), ("A", 1, "A")],
)
def test_length_crops_and_pads_around_the_centre(letters, length, expected):
    assert sequences.decode(sequences.one_hot([letters, "A" * length], length=length)) == [
        expected,
        "A" * length,
    ]


@pytest.mark.parametrize(
    ("letters", "message"),
    [
        ([], "sequences is empty"),
        (["ACGT", ""], r"sequences\[1\] is empty"),
        (["ACGT", "ACG"], r"sequences\[1\] has 3 bp; give length="),
        (["ACGT", "AC-T"], r"sequences\[1\] has '-' at position 2.*gaps"),
        (["ACGU"], "position 3.*replace U by T"),
        (["ACGJ"], "'J' at position 3"),
        (["ACG\u00c5"], r"'\u00c5' at position 3"),
        (["ACGT\n"], "white space"),
        ("peaks/positive.fa", "read_fasta"),
        (">seq1", "read_fasta"),
    ],
)
def test_one_hot_explains_what_is_no_dna(letters, message):
    with pytest.raises(ValueError, match=message):
        sequences.one_hot(letters)


@pytest.mark.parametrize("letters", [["ACGT", float("nan")], [1], 3, [["A", "C"]], None])
def test_one_hot_explains_what_is_no_text(letters):
    with pytest.raises(TypeError, match="expected a string"):
        sequences.one_hot(letters)


def test_a_bad_letter_is_found_beyond_the_crop():
    with pytest.raises(ValueError, match="'!' at position 0"):
        sequences.one_hot(["!ACGT"], length=1)


def test_codes_and_their_errors():
    assert sequences.codes(sequences.one_hot("ACGTN").astype(float)).tolist() == [[0, 1, 2, 3, 4]]
    assert (
        sequences.codes(sequences.one_hot(["ACGTA"] * 6)[::2, ::-1]).tolist()
        == [[0, 3, 2, 1, 0]] * 3
    )
    for wrong in ([[5]], [[-1]], [[0.5]], [0, 1], [["A"]]):
        with pytest.raises(ValueError, match="codes"):
            sequences.from_codes(wrong)
    with pytest.raises(ValueError, match="not one-hot"):
        sequences.codes(np.ones((1, 2, 4)))


@pytest.mark.parametrize("seed", SEEDS)
def test_reverse_complement_agrees_with_the_letters(seed):
    letters = texts(seed)
    expected = [reference.reverse_complement(s) for s in letters]
    assert sequences.reverse_complement(letters) == expected
    assert sequences.reverse_complement(letters[0]) == expected[0]
    x = sequences.one_hot(letters)
    turned = sequences.reverse_complement(x)
    assert turned.tolist() == reference.one_hot(expected)
    assert turned.dtype == np.uint8
    assert np.array_equal(sequences.reverse_complement(turned), x)
    with pytest.raises(ValueError, match="'U' at position 1"):
        sequences.reverse_complement("AUG")


def test_layouts_of_other_packages():
    x = sequences.one_hot(texts(0))
    first, dragonn = sequences.to_tangermeme(x), sequences.to_dragonn(x)
    assert first.shape == (30, 4, 40) and dragonn.shape == (30, 1, 4, 40)
    assert np.array_equal(first[3, :, 7], x[3, 7])
    assert np.array_equal(dragonn[:, 0], first)
    assert np.array_equal(sequences.from_tangermeme(first), x)
    assert np.array_equal(sequences.from_dragonn(dragonn), x)
    for read, wrong in ((sequences.from_tangermeme, x), (sequences.from_dragonn, first)):
        with pytest.raises(ValueError, match="has shape"):
            read(wrong)


@pytest.mark.parametrize("seed", SEEDS)
def test_composition_and_words_agree_with_the_letters(seed):
    letters = texts(seed, letters="ACGTN")
    x = sequences.one_hot(letters)
    for k in (1, 2, 3):
        words = [[text[i : i + k] for i in range(len(text) - k + 1)] for text in letters]
        numbers = [[-1 if "N" in w else _number(w) for w in row] for row in words]
        assert sequences.kmer_codes(x, k).tolist() == numbers
        counts = sequences.kmer_counts(x, k)
        columns = ["".join(word) for word in np.array(list("ACGT"))[_places(k)]]
        for row, text in zip(counts, letters):
            assert row.tolist() == [reference.words(text, k)[word] for word in columns]
    for row, gc, text in zip(sequences.composition(x), sequences.gc_fraction(x), letters):
        known = text.replace("N", "")
        assert row.tolist() == pytest.approx([known.count(base) / len(known) for base in "ACGT"])
        assert gc == pytest.approx((known.count("C") + known.count("G")) / len(known))


def _number(word):
    return int("".join(str("ACGT".index(base)) for base in word), base=4)


def _places(k):
    return np.stack(np.unravel_index(np.arange(4**k), (4,) * k), axis=1)


def test_kmer_counts_refuses_what_it_cannot_count():
    for k in (0, 5, 13, 1.5):
        with pytest.raises(ValueError, match="k is"):
            sequences.kmer_counts(sequences.one_hot("ACGT"), k)
        with pytest.raises(ValueError, match="k is"):
            sequences.kmer_codes(sequences.one_hot("ACGT"), k)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("gc_fraction", [0.5, 0.4, 0.01, 1.0])
def test_random_sequences_have_exact_probabilities(seed, gc_fraction):
    # 20 million bases tell 0.3 from 77/256, what one byte alone could do, by eight sigma.
    x = sequences.random_sequences(20_000, 1000, gc_fraction=gc_fraction, rng=seed)
    counts = x.sum(axis=(0, 1), dtype=np.int64)
    assert counts.sum() == 20_000_000
    assert _p_value(counts, sequences.gc_probabilities(gc_fraction)) > LEAST_P


@pytest.mark.parametrize("seed", SEEDS)
def test_random_bases_are_independent(seed):
    p = np.array([0.1234, 0.5, 0.3, 0.0766])
    x = sequences.random_sequences(4000, 501, base_probabilities=p, rng=seed)
    pairs = sequences.kmer_counts(x, 2).sum(axis=0)
    assert _p_value(pairs, np.outer(p, p).ravel()) > LEAST_P
    assert len(set(sequences.decode(x))) == 4000


def _p_value(counts, probabilities):
    possible = np.asarray(probabilities) > 0
    assert not counts[~possible].any()
    expected = np.asarray(probabilities)[possible] * counts.sum()
    return stats.chisquare(counts[possible], expected).pvalue


TRANSITIONS = np.array(
    [[0.4, 0.2, 0.1, 0.3], [0.25, 0.3, 0.05, 0.4], [0.2, 0.3, 0.3, 0.2], [0.1, 0.2, 0.3, 0.4]]
)


@pytest.mark.parametrize("seed", SEEDS)
def test_markov_sequences_follow_their_transitions(seed):
    x = sequences.random_sequences(20_000, 51, transitions=TRANSITIONS, rng=seed)
    stationary = sequences.stationary_probabilities(TRANSITIONS)
    assert stationary @ TRANSITIONS == pytest.approx(stationary)
    pairs = sequences.kmer_counts(x, 2).sum(axis=0).reshape(4, 4)
    for counts, probabilities in zip(pairs, TRANSITIONS):
        assert _p_value(counts, probabilities) > LEAST_P
    assert _p_value(x[:, 0].sum(axis=0), stationary) > LEAST_P
    assert _p_value(x[:, -1].sum(axis=0), stationary) > LEAST_P
    first = sequences.random_sequences(
        100, 5, transitions=np.roll(np.eye(4), 1, axis=1), base_probabilities=[1, 0, 0, 0], rng=seed
    )
    assert set(sequences.decode(first)) == {"ACGTA"}


def test_the_same_rng_gives_the_same_bytes():
    draws = (
        lambda rng: sequences.random_sequences(40, 100, gc_fraction=0.4, rng=rng),
        lambda rng: sequences.random_sequences(40, 100, transitions=TRANSITIONS, rng=rng),
        lambda rng: sequences.shuffle(sequences.one_hot(texts(3)), rng=rng),
        lambda rng: sequences.dinucleotide_shuffle(sequences.one_hot(texts(3)), rng=rng),
    )
    for draw in draws:
        assert draw(5).tobytes() == draw(np.random.default_rng(5)).tobytes()
        assert draw(5).tobytes() != draw(6).tobytes()
        with pytest.raises(TypeError, match="rng is None"):
            draw(None)
    assert sequences.random_sequences(0, 7, rng=0).shape == (0, 7, 4)


@pytest.mark.parametrize(
    "arguments",
    [
        {"gc_fraction": 1.5},
        {"gc_fraction": float("nan")},
        {"gc_fraction": "half"},
        {"gc_fraction": 0.5, "base_probabilities": [0.25] * 4},
        {"gc_fraction": 0.5, "transitions": TRANSITIONS},
        {"base_probabilities": [0.3, 0.3, 0.3, 0.3]},
        {"base_probabilities": [1.5, -0.5, 0, 0]},
        {"base_probabilities": "ACGT"},
        {"transitions": np.eye(3)},
        {"transitions": np.full((4, 4), 0.5)},
    ],
)
def test_random_sequences_refuses_wrong_probabilities(arguments):
    with pytest.raises(ValueError, match=next(iter(arguments))):
        sequences.random_sequences(2, 10, rng=0, **arguments)
    for n, length in ((-1, 5), (2, 0), (1.5, 5)):
        with pytest.raises(ValueError, match="whole number"):
            sequences.random_sequences(n, length, rng=0)


def test_random_sequences_need_little_more_memory_than_they_fill():
    tracemalloc.start()
    try:
        x = sequences.random_sequences(50_000, 500, gc_fraction=0.4, rng=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.1 * x.nbytes


@pytest.mark.parametrize("seed", SEEDS)
def test_shuffle_keeps_the_letters_and_is_fair(seed):
    x = sequences.one_hot(["AACGN"] * 12_000)
    shuffled = Counter(sequences.decode(sequences.shuffle(x, rng=seed)))
    assert all(sorted(text) == sorted("AACGN") for text in shuffled)
    assert len(shuffled) == 60  # 5! / 2!
    assert stats.chisquare(list(shuffled.values())).pvalue > LEAST_P


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("length", [1, 2, 3, 4, 17, 200])
@pytest.mark.parametrize("letters", ["ACGTN", "ACGTACGTACGTN", "AC", "A"])
def test_dinucleotide_shuffle_keeps_every_pair(seed, length, letters):
    before = texts(seed, n=25, length=length, letters=letters)
    x = sequences.one_hot(before)
    after = sequences.decode(sequences.dinucleotide_shuffle(x, rng=seed))
    for old, new in zip(before, after):
        assert reference.words(old, 2) == reference.words(new, 2)
        assert reference.words(old, 1) == reference.words(new, 1)
        assert (old[0], old[-1]) == (new[0], new[-1])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    "text", ["ACGACTTACG", "AACAGATTCA", "GATACTATGAT", "NANCAGNTA", "AAAACAAAGA", "GGCGAGGAGT"]
)
def test_dinucleotide_shuffle_is_fair(seed, text):
    possible = reference.eulerian_sequences(text)
    n = 400 * len(possible)
    x = sequences.dinucleotide_shuffle(sequences.one_hot([text] * n), rng=seed)
    counts = Counter(sequences.decode(x))
    assert set(counts) <= set(possible)
    assert stats.chisquare([counts[other] for other in possible]).pvalue > LEAST_P


@pytest.mark.parametrize("seed", SEEDS)
def test_dinucleotide_shuffle_agrees_with_the_textbook(seed):
    text = texts(seed, n=1, length=60, letters="ACGT")[0]
    n = 1500
    fast = sequences.dinucleotide_shuffle(sequences.one_hot([text] * n), rng=seed)
    slow = sequences.one_hot([reference.dinucleotide_shuffle(text, i) for i in range(n)])
    words = [sequences.kmer_counts(x, 3).astype(float) for x in (fast, slow)]
    difference = words[0].mean(axis=0) - words[1].mean(axis=0)
    error = np.sqrt((words[0].var(axis=0) + words[1].var(axis=0)) / n)
    varies = error > 0
    assert np.array_equal(difference[~varies], np.zeros((~varies).sum()))
    # 64 words and three seeds: the largest of 192 normal numbers stays below 4.5.
    assert abs(difference[varies] / error[varies]).max() < 4.5


def test_shuffles_need_memory_for_a_batch_only():
    x = sequences.random_sequences(30_000, 500, rng=0)
    tracemalloc.start()
    try:
        sequences.dinucleotide_shuffle(x, rng=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * x.nbytes


def test_arrays_and_columns_of_text_are_turned():
    letters = ["AACG", "TT"]
    for x in (np.array(letters), np.array(letters, dtype=object), pd.Series(letters)):
        assert sequences.reverse_complement(x) == ["CGTT", "AA"]


def test_letters_and_shapes_are_named_as_they_were_given():
    with pytest.raises(ValueError, match="'U' at position 3.*this looks like RNA"):
        sequences.reverse_complement("ACGU")
    with pytest.raises(ValueError, match=r"sequences\[1\] has 'é' at position 2"):
        sequences.one_hot(["ACG", "ACé"])
    with pytest.raises(ValueError, match="codes has rows of different lengths"):
        sequences.from_codes([[0, 1], [2]])


def test_more_counts_than_memory_are_refused():
    x = np.zeros((17, 12, 4), np.uint8)
    with pytest.raises(ValueError, match="k is 12: 17 sequences have 285,212,672 counts"):
        sequences.kmer_counts(x, 12)
