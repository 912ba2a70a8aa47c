import gzip
import tracemalloc

import pytest
import reference
from shared_data import shared_data

from dragonn_lite.dna import fasta

PLAIN = b">one first of all\nACGT\nacgt\n>two\nNNRY\n"
RECORDS = [("one", "ACGTacgt", "first of all"), ("two", "NNRY", "")]


def write(folder, content, name="example.fa"):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.rstrip(b"\n"),
        PLAIN.replace(b"\n", b"\r\n"),
        PLAIN.replace(b"\n", b"\r"),
        PLAIN.replace(b"\n", b"\n\n"),
        PLAIN.replace(b"\n", b" \t\n"),
        b"\n \r\n" + PLAIN,
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.replace(b"CGT", b"C GT"),
        PLAIN.replace(b">one ", b">  one\t"),
        gzip.compress(PLAIN),
        gzip.compress(PLAIN[:20]) + gzip.compress(PLAIN[20:]),
    ],
)
@pytest.mark.parametrize("name", ["example.fa", "example.fa.gz", "no_suffix"])
def test_the_same_records_in_every_dress(tmp_path, content, name):
    path = write(tmp_path, content, name)
    assert [tuple(record) for record in fasta.read_fasta(path)] == RECORDS
    assert list(fasta.iterate_fasta(str(path))) == fasta.read_fasta(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (gzip.compress(b""), "is empty"),
        (b"ACGT\n", "line 1 has text before the first header, .* starts with '>'$"),
        (b"chr1\t10\t20\n", "starts with '>'; BED files of intervals go with a genome"),
        (b"\n\n  x\n>a\nAC", "line 3 has text before the first header"),
        (b">a\n>b\nAC\n", "line 1 has the record 'a' without a sequence"),
        (b">a\nAC\n\n>b\n\n", "line 4 has the record 'b' without a sequence"),
        (b">a", "line 1 has the record 'a' without"),
        (b">\nAC\n", "line 1 has a header without a name"),
        (b">a\nAC\n> \t\nAC\n", "line 3 has a header without a name"),
        (b">a\nACGT\nAC-T\n", "line 3 has '-' in a sequence.*gaps"),
        (b">a\nACGU\n", "line 2 has 'U' in a sequence.*RNA"),
        (b">a\nAC\n;remark\n", "line 3 has ';'.*comment"),
        (b">a\r\nAC\r\nA>C\r\n", "line 3 has '>' in a sequence"),
        (b">a\rAC\rA*\r", r"line 3 has '\*'"),
        (b">a\nMKV\n>b\nEE\n", "line 4 has 'E' in a sequence"),
        (b">a\x00\nAC\n", "control character"),
        (b">a\xff\nAC\n", "not ASCII or UTF-8"),
        (PLAIN.decode().encode("utf-16"), "UTF-16"),
        (PLAIN.decode().encode("utf-16-be"), "before the first header"),
        (gzip.compress(PLAIN)[:-9], "ends too early"),
        (gzip.compress(PLAIN)[:12] + b"\xff\xff" + gzip.compress(PLAIN)[14:], "damaged gzip"),
        (gzip.compress(PLAIN) + b"junk", "damaged gzip"),
        (b"\x1f\x8b", "ends too early"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "before the first header"),
        (b">" + b"a" * (3 << 20), "header of more than 1 MiB"),
    ],
)
def test_faults_are_named(tmp_path, content, message):
    path = write(tmp_path, content)
    with pytest.raises(ValueError, match=message) as caught:
        fasta.read_fasta(path)
    assert str(path) in str(caught.value)
    assert type(caught.value) is ValueError


def test_paths_are_checked_before_anything_is_read(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        fasta.iterate_fasta(tmp_path / "none.fa")
    with pytest.raises(ValueError, match="a folder"):
        fasta.iterate_fasta(tmp_path)
    with pytest.raises(ValueError, match="cannot be opened|a folder"):
        fasta.iterate_fasta("x" * 100_000)
    for wrong in (None, 3, [">a", "ACGT"], b">a\nACGT"):
        with pytest.raises(TypeError, match="path is a"):
            fasta.read_fasta(wrong)


@pytest.mark.parametrize("block", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_no_cut_between_blocks_shows(tmp_path, monkeypatch, block, end):
    content = (PLAIN + b"\n>three x\nACG\nTT\nA\n").replace(b"\n", end)
    monkeypatch.setattr(fasta, "_BLOCK_BYTES", block)
    monkeypatch.setattr(fasta, "_HEADER_BYTES", 1000)
    for variant in (content, gzip.compress(content)):
        read = fasta.read_fasta(write(tmp_path, variant))
        assert [record[:2] for record in read] == reference.read_fasta(content)
    for fault, faulty_line, message in (
        (b">x\nA-C", 2, "has '-' in a sequence"),
        (b">x\nA>C", 2, "has '>' in a sequence"),
        (b">\nAC", 1, "has a header without a name"),
        (b">x\n>y\nA", 1, "has the record 'x' without a sequence"),
    ):
        broken = content + fault.replace(b"\n", end)
        line = content.count(end) + faulty_line
        with pytest.raises(ValueError, match=f"line {line} {message}"):
            fasta.read_fasta(write(tmp_path, broken))


def test_names_may_be_shared(tmp_path):
    path = write(tmp_path, b">a\nA\n>b\nC\n>a\nG\n")
    records = fasta.read_fasta(path)
    assert [record.sequence for record in records] == ["A", "C", "G"]


@pytest.mark.parametrize("name", ["out.fa", "out.fa.gz"])
@pytest.mark.parametrize("width", [1, 3, 60])
def test_what_is_written_is_read_again(tmp_path, name, width):
    path = tmp_path / name
    records = [fasta.FastaRecord(*record) for record in RECORDS] + [("three", "a" * 61)]
    fasta.write_fasta(path, iter(records), width=width)
    first = path.read_bytes()
    assert (first[:2] == b"\x1f\x8b") == name.endswith("gz")
    assert fasta.read_fasta(path) == [*RECORDS, ("three", "a" * 61, "")]
    fasta.write_fasta(path, records, width=width)
    assert path.read_bytes() == first
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("records", "error", "message"),
    [
        ([], ValueError, "records is empty"),
        ([("a", "")], ValueError, "no base"),
        ([("a", "AC-")], ValueError, "'-' in its sequence"),
        ([("a", "A\u00c5")], ValueError, "in its sequence"),
        ([("a b", "AC")], ValueError, "'a b', expected one word"),
        ([("", "AC")], ValueError, "expected one word"),
        ([("a", "AC", "x\n>b")], ValueError, "control character"),
        (["AC"], TypeError, r"records\[1\]"),
        ([("a",)], TypeError, r"records\[1\]"),
        ([3], TypeError, r"records\[1\]"),
    ],
)
def test_what_cannot_be_read_again_is_not_written(tmp_path, records, error, message):
    with pytest.raises(error, match=message):
        fasta.write_fasta(tmp_path / "out.fa", [("fine", "ACGT")] * len(records) + records)
    assert not list(tmp_path.iterdir())


def test_writing_checks_its_path_and_width(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        fasta.write_fasta(tmp_path / "none" / "out.fa", [("a", "A")])
    with pytest.raises(ValueError, match="a folder"):
        fasta.write_fasta(tmp_path, [("a", "A")])
    with pytest.raises(ValueError, match="width is 0"):
        fasta.write_fasta(tmp_path / "out.fa", [("a", "A")], width=0)


def test_a_large_file_streams_in_little_memory(tmp_path):
    path = tmp_path / "large.fa"
    record = b">name\n" + b"ACGTACGTAC" * 50 + b"\n"
    with open(path, "wb") as file:
        file.writelines(record * 1000 for _ in range(100))  # 51 MB
    tracemalloc.start()
    try:
        n_bases = sum(len(each.sequence) for each in fasta.iterate_fasta(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert n_bases == 50_000_000
    assert peak < 10e6


def test_one_long_line_is_read_in_pieces(tmp_path):
    path = write(tmp_path, b">chr\n" + b"ACGTN" * 2_000_000)
    tracemalloc.start()
    try:
        (record,) = fasta.iterate_fasta(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert record.sequence == "ACGTN" * 2_000_000
    assert peak < 4 * 10e6


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("chr12:82386381-82386481", ("chr12", 82386381, 82386481, ".")),
        ("chr12:82386381-82386481_shuf", ("chr12", 82386381, 82386481, ".")),
        ("peak_7::chrX:5-10(-)", ("chrX", 5, 10, "-")),
        ("chr1:5-10(+)", ("chr1", 5, 10, "+")),
        ("chrUn_KI270742v1:1-2", ("chrUn_KI270742v1", 1, 2, ".")),
        ("chr1", None),
        ("chr1:10-5", None),
        ("a:b:1-5", None),
        ("chr1:x-5", None),
        ("", None),
    ],
)
def test_regions_in_names(name, expected):
    region = fasta.parse_region(name)
    assert region == expected if expected is None else tuple(region) == expected


def test_real_files_agree_with_the_letter_by_letter_reader():
    for folder, name in (
        ("ctcf_keras_genomics", "valid.fa"),
        ("ctcf_dragonn_1kb", "example_pos_sequences.fa"),
    ):
        path = shared_data(folder, name)
        read = [record[:2] for record in fasta.read_fasta(path)]
        assert read == reference.read_fasta(path.read_bytes())
    records = fasta.read_fasta(shared_data("ctcf_keras_genomics", "test.fa"))
    regions = [fasta.parse_region(record.name) for record in records]
    assert len(regions) == 19_544 and None not in regions
    genome = fasta.read_fasta(
        shared_data("yeast_genome", "Saccharomyces_cerevisiae.R64-1-1.dna.toplevel.fa.gz")
    )
    assert len(genome) == 17 and sum(len(r.sequence) for r in genome) == 12_157_105


@pytest.mark.parametrize(
    ("records", "error", "words"),
    [
        (None, TypeError, "records is a NoneType"),
        ([("a", "ACGT", None)], TypeError, "has the description None"),
        ([("a", "ACGT", "\ud800")], ValueError, "control character in its description"),
        ([("a\ud800", "ACGT")], ValueError, "expected one word"),
        ([("a", "ACé")], ValueError, "has 'é' in its sequence"),
    ],
)
def test_what_cannot_be_written_is_named(tmp_path, records, error, words):
    with pytest.raises(error, match=words):
        fasta.write_fasta(tmp_path / "out.fa", records)
    assert not list(tmp_path.iterdir())
