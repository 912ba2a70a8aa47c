import numpy as np
import pandas as pd
import pytest
import reference
from shared_data import shared_data

from dragonn_lite.assays import leakage
from dragonn_lite.dna import fasta, genome
from dragonn_lite.dna import sequences as dna


def related(rng, n, length, *, alphabet="ACGTN"):
    """Strings cut from one another's, either strand, so that words are shared by some."""
    found = ["".join(rng.choice(list(alphabet), length)) for _ in range(2)]
    while len(found) < n:
        source = found[rng.integers(len(found))]
        if rng.random() < 0.5:
            source = reference.reverse_complement(source)
        cut = int(rng.integers(length + 1))
        fresh = "".join(rng.choice(list(alphabet), length))
        found.append((source[cut:] + fresh)[:length])
    return [found[i] for i in rng.permutation(n)]


@pytest.mark.parametrize("k", [1, 2, 5, 12, 31, 32, 33, 40, 64, 65, 70])
@pytest.mark.parametrize("seed", range(3))
def test_shared_words_are_those_of_a_set_of_strings(seed, k):
    rng = np.random.default_rng([seed, k])
    alphabet = "ACGTN" if k < 12 else "ACGT"
    letters = related(rng, 24, max(2 * k, 8), alphabet=alphabet)
    x = dna.one_hot(letters)
    expected = reference.shared_words(letters[:9], letters[9:], k)
    assert leakage.shares_word(x[:9], x[9:], k=k).tolist() == expected
    earlier = [reference.shared_words([s], letters[:i], k)[0] for i, s in enumerate(letters)]
    assert leakage.shares_earlier_word(x, k=k).tolist() == earlier
    if k > 5:
        assert 0 < sum(earlier) < len(earlier)  # else nothing is compared


@pytest.mark.parametrize("k", [32, 33, 40, 64, 65, 96])
def test_a_single_different_base_is_seen_wherever_it_stands(k):
    word = dna.random_sequences(1, k, rng=k)
    others = np.repeat(word, k, axis=0)
    for i in range(k):
        others[i, i] = np.roll(others[i, i], 1)
    assert not leakage.shares_word(others, word, k=k).any()
    assert leakage.shares_word(dna.reverse_complement(word), word, k=k).all()


def test_the_memory_of_words_does_not_change_them(monkeypatch):
    x = dna.one_hot(related(np.random.default_rng(0), 30, 50))
    whole = leakage.shares_earlier_word(x, k=20)
    monkeypatch.setattr(leakage, "_BATCH", 1)
    assert np.array_equal(leakage.shares_earlier_word(x, k=20), whole)


@pytest.mark.parametrize("seed", range(4))
def test_the_report_counts_each_kind(seed):
    rng = np.random.default_rng(seed)
    train, test = dna.random_sequences(40, 200, rng=rng), dna.random_sequences(25, 200, rng=rng)
    test[:3] = train[5]  # copies of one
    test[3] = dna.reverse_complement(train[6:7])[0]
    test[4:8] = dna.dinucleotide_shuffle(train[10:14], rng=rng)
    test[8, 100:] = train[20, 30:130]
    report = leakage.leakage_report(train, test).set_index("shared")
    assert report["n_test"].to_dict() == {
        "same sequence": 4, "word of 40 bp": 5, "shuffled twin": 4,
    }  # fmt: skip
    assert report["n_train"].to_dict() == {
        "same sequence": 2, "word of 40 bp": 3, "shuffled twin": 4,
    }  # fmt: skip
    assert report.loc["word of 40 bp", ["of_test", "of_train"]].tolist() == [5 / 25, 3 / 40]
    nothing = leakage.leakage_report(train[:10], train[10:])
    assert (nothing[["n_test", "n_train"]] == 0).all(axis=None)


def test_windows_that_overlap_across_a_split_are_counted():
    whole = genome.Genome({"I": np.random.default_rng(0).integers(0, 4, 400, np.uint8)})
    places = genome.windows(whole.sizes, 100, stride_bp=50)  # each overlaps the next
    sequences = whole.sequences(places)
    is_test = places["start"] >= 200  # 150-250 reaches into the test data
    report = leakage.leakage_report(
        sequences[~is_test], sequences[is_test],
        train_intervals=places[~is_test], test_intervals=places[is_test],
    ).set_index("shared")  # fmt: skip
    assert report.loc["overlapping window", ["n_test", "n_train"]].tolist() == [1, 1]
    assert report.loc["word of 40 bp", ["n_test", "n_train"]].tolist() == [1, 1]
    assert list(report.index)[1] == "overlapping window"


SOME = dna.one_hot(["ACGTACGT", "AAAACCCC"])
PLACES = pd.DataFrame({"chromosome": "I", "start": [0, 8], "stop": [8, 16]})


@pytest.mark.parametrize(
    ("train", "test", "options", "message"),
    [
        (SOME[:0], SOME, {"k": 4}, "train is empty"),
        (SOME, SOME[:0], {"k": 4}, "test is empty"),
        (SOME, SOME[:, :7], {"k": 4}, "train has sequences of 8 bp and test of 7"),
        (SOME[0], SOME, {"k": 4}, "train has shape"),
        (SOME, SOME, {}, "k is 40, expected at most the length of the sequences, 8 bp"),
        (SOME, SOME, {"k": 0}, "k is 0"),
        (SOME, SOME, {"k": 4, "train_intervals": PLACES}, "test_intervals is missing"),
        (SOME, SOME, {"k": 4, "test_intervals": PLACES}, "train_intervals is missing"),
        (SOME, SOME, {"k": 4, "train_intervals": PLACES, "test_intervals": PLACES[:1]},
         "test_intervals has 1 rows for 2 sequences"),
    ],
)  # fmt: skip
def test_what_cannot_be_reported_is_refused(train, test, options, message):
    with pytest.raises(ValueError, match=message):
        leakage.leakage_report(train, test, **options)


def test_words_of_nothing_are_refused():
    with pytest.raises(ValueError, match="k is 40, expected at most"):
        leakage.shares_earlier_word(SOME)
    with pytest.raises(ValueError, match="sequences is empty"):
        leakage.shares_earlier_word(SOME[:0], k=4)
    with pytest.raises(ValueError, match="others is empty"):
        leakage.shares_word(SOME, SOME[:0], k=4)


# --- real data -------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_random_split_of_dragonns_example_leaks():
    """76 % of the negatives share 40 bp with an earlier one."""
    negatives = dna.one_hot(
        [r.sequence for r in fasta.read_fasta(
            shared_data("ctcf_dragonn_1kb", "example_neg_sequences.fa")
        )]
    )  # fmt: skip
    earlier = leakage.shares_earlier_word(negatives)
    assert (len(earlier), int(earlier.sum())) == (2_500, 1_918)  # 76.7 %
    for seed in range(2):
        is_test = np.random.default_rng(seed).random(len(negatives)) < 0.2
        report = leakage.leakage_report(negatives[~is_test], negatives[is_test])
        shared = report.set_index("shared")["of_test"]
        assert shared["word of 40 bp"] > 0.75
        assert shared["same sequence"] == 0  # nothing that a search for duplicates would find


def test_the_keras_genomics_set_holds_shuffled_twins():
    """Its unbound sequences are shuffles; a fifth of them lie in one file with their source."""
    records = fasta.read_fasta(shared_data("ctcf_keras_genomics", "test.fa"))
    x = dna.one_hot([record.sequence for record in records])
    text = shared_data("ctcf_keras_genomics", "test.target").read_text()
    bound = np.array([line.split()[0] == "1" for line in text.splitlines()])
    report = leakage.leakage_report(x[bound], x[~bound]).set_index("shared")
    assert report["n_test"].to_dict() == {
        "same sequence": 0, "word of 40 bp": 0, "shuffled twin": 1_938,
    }  # fmt: skip
