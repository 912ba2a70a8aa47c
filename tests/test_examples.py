"""One's own examples: what is read, what is refused, and what is held out."""

import itertools

import numpy as np
import pytest

from dragonn_lite import lesson
from dragonn_lite.assays import examples
from dragonn_lite.assays.examples import Examples
from dragonn_lite.dna import fasta, genome
from dragonn_lite.dna import sequences as dna


def of(letters, labels, names=None):
    names = names or [f"s{i}" for i in range(len(letters))]
    return Examples(dna.one_hot(letters), np.array(labels, np.int8), np.array(names))


def random_examples(seed, n=40, n_different=15):
    """Examples of which many are copies or reverse complements of each other, within a class."""
    rng = np.random.default_rng(seed)
    letters = dna.decode(dna.random_sequences(n_different, 12, rng=rng))
    rows = rng.integers(0, n_different, n)
    turned = rng.random(n) < 0.5
    chosen = [dna.reverse_complement(letters[r]) if t else letters[r] for r, t in zip(rows, turned)]
    return of(chosen, rows % 2)


def files(folder, bound, unbound):
    paths = folder / "bound.fa", folder / "unbound.fa"
    for path, letters in zip(paths, (bound, unbound), strict=True):
        fasta.write_fasta(path, [(f"{path.stem}{i}", s) for i, s in enumerate(letters)])
    return paths


def same(a, b):
    return a == b or a == dna.reverse_complement(b)


def test_reading_keeps_order_names_and_labels(tmp_path):
    data = examples.read(*files(tmp_path, ["ACGT", "aacc"], ["GGNG"]))
    assert dna.decode(data.sequences) == ["ACGT", "AACC", "GGNG"]
    assert data.labels.tolist() == [1, 1, 0] and data.labels.dtype == np.int8
    assert data.names.tolist() == ["bound0", "bound1", "unbound0"]


def test_a_length_crops_and_pads(tmp_path):
    data = examples.read(*files(tmp_path, ["AACCGG", "TT"], ["GGG"]), length=4)
    assert dna.decode(data.sequences) == ["ACCG", "NTTN", "GGGN"]


@pytest.mark.parametrize("copy", ["ACGGT", "accgt"])
def test_a_sequence_in_both_files_is_refused(copy, tmp_path):
    paths = files(tmp_path, ["TTTTT", "ACGGT"], ["CCCCC", copy, "ACGGT"])
    with pytest.raises(ValueError, match=r"2 of the 3 sequences .* \(the first is 'unbound1'\)"):
        examples.read(*paths)


def test_files_that_cannot_be_meant_are_refused(tmp_path, monkeypatch):
    bound, unbound = files(tmp_path, ["ACG", "ACGT"], ["TTTT"])
    with pytest.raises(ValueError, match="3 to 4 bp; bring them to one length with length="):
        examples.read(bound, unbound)
    with pytest.raises(ValueError, match="are the same file"):
        examples.read(unbound, tmp_path / ".." / tmp_path.name / "unbound.fa")
    with pytest.raises(FileNotFoundError, match="absent"):
        examples.read(bound, tmp_path / "absent.fa")
    monkeypatch.setattr(examples, "_MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="3 sequences of 100 bp take 0 GB of memory"):
        examples.read(bound, unbound, length=100)


def test_a_length_that_makes_sequences_alike_is_told_from_copies(tmp_path):
    paths = files(tmp_path, ["AACCGGTA", "ACGTTGCA"], ["TTCCGGTT", "GAGAGAGA"])
    assert len(examples.read(*paths, length=6).labels) == 4
    with pytest.raises(ValueError, match="1 of the 2 .* once cut to the 4 bp that length= keeps"):
        examples.read(*paths, length=4)
    paths = files(tmp_path, ["AACCGGTAA", "ACGTTGCAA"], ["gggggagag", "TTACCGGTT"])
    for length in (None, 4, 8):  # an odd number of bases goes, so the middles of a pair differ
        with pytest.raises(ValueError, match=r"\(the first is 'unbound1'\); remove them"):
            examples.read(*paths, length=length)


def test_files_of_unknown_bases_are_refused(tmp_path):
    paths = files(tmp_path, ["ACGTACGT"], ["NNNNRYST", "CCCCCCCA"])
    assert len(examples.read(*paths).labels) == 3  # 7 of 16
    paths = files(tmp_path, ["ACGTACGT"], ["NNNNRYST", "CCCCCNNA"])
    with pytest.raises(ValueError, match="56% of the letters in .*unbound.fa are no A, C, G or T"):
        examples.read(*paths)


def test_a_long_name_is_not_paid_for_by_all(tmp_path):
    fasta.write_fasta(tmp_path / "bound.fa", [("x" * 10_000, "ACGT"), ("y", "ACCC")])
    fasta.write_fasta(tmp_path / "unbound.fa", [("z", "TTTT")])
    data = examples.read(tmp_path / "bound.fa", tmp_path / "unbound.fa")
    assert data.names.nbytes < 100 and data.names.tolist() == ["x" * 10_000, "y", "z"]


@pytest.mark.parametrize("seed", range(3))
def test_same_sequence_against_a_loop(seed):
    data = random_examples(seed)
    letters, group = dna.decode(data.sequences), examples.same_sequence(data.sequences)
    for i, j in itertools.combinations(range(len(letters)), 2):
        assert (group[i] == group[j]) == same(letters[i], letters[j])
    assert sorted(set(group)) == list(range(group.max() + 1))


@pytest.mark.parametrize("seed", range(3))
def test_twins_are_found_and_chance_makes_none(seed):
    rng = np.random.default_rng(seed)
    bound = dna.random_sequences(30, 60, rng=rng)
    shuffled = dna.dinucleotide_shuffle(bound[[4, 20]], rng=rng)
    only_letters = dna.shuffle(bound[:10], rng=rng)
    unbound = np.concatenate([only_letters, shuffled, dna.random_sequences(20, 60, rng=rng)])
    data = Examples(
        np.concatenate([bound, unbound]), np.repeat([1, 0], [30, 32]), np.arange(62).astype(str)
    )
    assert examples.shuffled_twins(data).tolist() == [[4, 40], [20, 41]]


def test_every_sequence_with_a_twin_is_in_a_pair():
    letters = ["AACAGATA", "AAGACATA", "AACAGATA", "AAGACATA", "AACATAGA", "CCCCCCCC"]
    data = of(letters, [1, 1, 1, 0, 0, 0])
    pairs = examples.shuffled_twins(data)
    assert pairs.tolist() == [[0, 3], [0, 4], [1, 3], [2, 3]]
    row = examples.describe(data).set_index("what").loc["with a shuffled twin in the other class"]
    assert row.tolist() == ["3", "2"]


def test_description():
    data = of(
        ["ACGTACGGTA", "ACGTACGGTA", "TACCGTACGT", "GGGGGGGGGN"] + ["ATATATATAT"],
        [1, 1, 1, 0, 0], ["chr1:0-10", "a", "b", "chr2:5-15_x", "chr2:0-10"],
    )  # fmt: skip
    table = examples.describe(data).set_index("what")
    assert table["bound"].tolist() == ["3", "2", "10", "0.500 ± 0.000", "0.00%", "0", "1"]
    assert table["unbound"].tolist() == ["2", "0", "10", "0.500 ± 0.500", "5.00%", "0", "2"]


def test_description_of_nothing_but_n():
    table = examples.describe(of(["NNN", "ACG"], [1, 0])).set_index("what")
    assert table.loc["GC content, mean ± standard deviation", "bound"] == "-"


@pytest.mark.parametrize("seed", range(5))
def test_a_split_keeps_copies_together_and_both_classes_on_both_sides(seed):
    data = random_examples(seed)
    rest, held_out = examples.split(data, 0.3, rng=seed)
    assert sorted([*rest.names, *held_out.names]) == sorted(data.names)
    for a, b in itertools.product(dna.decode(rest.sequences), dna.decode(held_out.sequences)):
        assert not same(a, b)
    assert {0, 1} == set(rest.labels) == set(held_out.labels)


@pytest.mark.parametrize("seed", range(3))
def test_a_split_takes_its_share_of_each_class(seed):
    x = dna.random_sequences(1000, 30, rng=seed)
    data = Examples(x, np.repeat([1, 0], [100, 900]).astype(np.int8), np.arange(1000).astype(str))
    rest, held_out = examples.split(data, 0.2, rng=seed)
    assert (held_out.labels.sum(), len(held_out.labels)) == (20, 200)
    assert held_out.names.tolist() == examples.split(data, 0.2, rng=seed)[1].names.tolist()
    assert held_out.names.tolist() != examples.split(data, 0.2, rng=seed + 1)[1].names.tolist()


def test_splits_that_leave_a_side_empty_are_refused():
    with pytest.raises(ValueError, match="1 different sequence of label 0, expected at least two"):
        examples.split(of(["ACGT", "AAAA", "GGCC", "GGCC"], [1, 1, 0, 0]), 0.5, rng=0)
    for fraction in (0, 1, -0.2, 2):
        with pytest.raises(ValueError, match=f"fraction is {fraction}"):
            examples.split(of(["ACGT", "AAAA"], [1, 0]), fraction, rng=0)


def test_whole_chromosomes_are_held_out():
    names = ["chr1:0-4", "p::chr10:0-4(+)", "chr1:4-8_shuffled", "chr2:0-4"]
    data = of(["ACGT", "TTTT", "GGGG", "CCCC"], [1, 0, 1, 0], names)
    numbered = data._replace(names=np.char.replace(data.names.astype(str), "chr", ""))
    assert examples.hold_out_chromosomes(numbered, [1])[1].names[0].startswith("1:")
    rest, held_out = examples.hold_out_chromosomes(data, ["chr1"])
    assert held_out.names.tolist() == [names[0], names[2]] and rest.labels.tolist() == [0, 0]
    with pytest.raises(ValueError, match="no example lies on chr3, chr4; the names give chr1, chr"):
        examples.hold_out_chromosomes(data, ["chr3", "chr1", "chr4"])
    with pytest.raises(ValueError, match="held_out is empty; the names give chr1, chr10, chr2"):
        examples.hold_out_chromosomes(data, [])
    with pytest.raises(ValueError, match="names every chromosome"):
        examples.hold_out_chromosomes(data, ["chr1", "chr2", "chr10"])
    with pytest.raises(TypeError, match="held_out is 'chr1', expected a list of names"):
        examples.hold_out_chromosomes(data, "chr1")
    data = data._replace(names=np.array(["chr1:0-4", "peak_7", "peak_8", "chr2:0-4"]))
    with pytest.raises(ValueError, match=r"2 of 4 names give no chromosome \(the first is 'peak_7"):
        examples.hold_out_chromosomes(data, ["chr1"])


def test_example_files_are_simulated_without_data_and_repeat(tmp_path, monkeypatch):
    monkeypatch.delenv("DRAGONN_LITE_DATA", raising=False)
    texts = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        bound, unbound, words = examples.example_files(tmp_path / name, rng=1)
        assert "simulated" in words and "made-up places" in words and str(bound) in words
        texts.append(bound.read_text() + unbound.read_text())
    assert texts[0] == texts[1]
    data = examples.read(bound, unbound)
    held_out = examples.hold_out_chromosomes(data, ["chr1", "chr8", "chr21"])[1]
    assert {0, 1} == set(held_out.labels)


def test_example_files_are_real_where_there_is_data(tmp_path, monkeypatch):
    folder = tmp_path / "ctcf_keras_genomics"
    folder.mkdir()
    for part in ("test", "valid"):
        write = [(f"chr1:{i}-{i + 4}{part}", s) for i, s in enumerate(("ACGT", "GGCC", "TTTT"))]
        fasta.write_fasta(folder / f"{part}.fa", write)
        (folder / f"{part}.target").write_text("1\t0\n0\t1\n1\t0\n")
    monkeypatch.setenv("DRAGONN_LITE_DATA", str(tmp_path))
    bound, unbound, words = examples.example_files(tmp_path, rng=1)
    assert "Keras-genomics" in words
    assert [r.sequence for r in fasta.read_fasta(bound)] == ["ACGT", "TTTT"] * 2
    assert [r.sequence for r in fasta.read_fasta(unbound)] == ["GGCC"] * 2


@pytest.mark.parametrize("most", [1, 7, 29, 30, 31])
def test_a_lesson_draws_as_many_examples_as_it_is_told(most, tmp_path):
    letters = dna.decode(dna.random_sequences(30, 20, rng=most))
    paths = files(tmp_path, letters[:10], letters[10:])
    data = lesson.own_examples(*paths, most_sequences=most, rng=0)
    assert len(data.labels) == len(set(data.names)) == min(most, 30)


@pytest.mark.parametrize("text", ["no notebook", "[]", "{}"])
def test_results_of_what_is_no_notebook(text, tmp_path):
    (tmp_path / "x.ipynb").write_text(text)
    with pytest.raises(ValueError, match="is not a notebook; name an executed .ipynb"):
        lesson.results(tmp_path / "x.ipynb")


def test_padding_that_tells_the_classes_apart_is_refused(tmp_path):
    rng = np.random.default_rng(0)
    paths = []
    for name, length in (("bound", 100), ("unbound", 80)):
        letters = ["".join(rng.choice(list("ACGT"), length)) for _ in range(20)]
        paths.append(tmp_path / f"{name}.fa")
        fasta.write_fasta(paths[-1], [(f"{name}{i}", x) for i, x in enumerate(letters)])
    with pytest.raises(ValueError, match="80 to 100 bp; .* length=80, which crops"):
        examples.read(*paths)
    with pytest.raises(ValueError, match="0% of the bound .* 20% of the unbound .* take length=80"):
        examples.read(*paths, length=100)
    assert examples.read(*paths, length=80).sequences.shape == (40, 80, 4)
    # Cropping pads nothing.
    assert examples.read(paths[0], tmp_path / "unbound.fa", length=60).sequences.shape[1] == 60


# --- examples from a genome --------------------------------------------------------------------


def test_examples_from_a_genome_keep_their_places():
    rng = np.random.default_rng(0)
    whole = genome.Genome({"I": rng.integers(0, 4, 30, np.uint8), "II": np.zeros(9, np.uint8)})
    places = genome.windows(whole.sizes, 4).assign(strand="-")
    labels = np.arange(len(places)) % 3 - 1
    made = examples.from_intervals(whole, places, labels)
    assert made.names[:2].tolist() == ["I:0-4", "I:4-8"]
    assert made.labels.tolist() == labels.tolist()
    assert np.array_equal(made.sequences, whole.sequences(places))
    rest, held_out = examples.hold_out_chromosomes(made, ["II"])
    assert (len(rest.names), held_out.names.tolist()) == (7, ["II:0-4", "II:4-8"])
    for wrong in (labels[1:], np.stack([labels, labels], axis=1)):
        with pytest.raises(ValueError, match="labels ha.* shape .*, expected"):
            examples.from_intervals(whole, places, wrong)
