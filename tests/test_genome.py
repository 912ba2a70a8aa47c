import gzip
import struct
import sys
import zlib

import numpy as np
import pandas as pd
import pytest
import reference
from shared_data import shared_data

from dragonn_lite.dna import genome
from dragonn_lite.dna import sequences as dna

YEAST = "Saccharomyces_cerevisiae.R64-1-1.dna.toplevel.fa.gz"
BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def table(*rows, columns=("chromosome", "start", "stop")):
    return pd.DataFrame(rows, columns=list(columns))


def rows_of(intervals):
    return list(intervals[["chromosome", "start", "stop"]].itertuples(index=False, name=None))


def random_table(rng, n, *, names=("I", "II", "III"), longest=12, size=60):
    start = rng.integers(0, size - longest, n)
    stop = start + rng.integers(1, longest + 1, n)
    return pd.DataFrame({"chromosome": rng.choice(names, n), "start": start, "stop": stop})


def random_genome(rng, sizes):
    return genome.Genome({name: rng.integers(0, 5, n, dtype=np.uint8) for name, n in sizes.items()})


def bgzipped(content):
    """Cut into blocks as bgzip does: members of a gzip file that say their own size."""
    blocks = b""
    for i in range(0, len(content), 10):
        part = content[i : i + 10]
        packer = zlib.compressobj(wbits=-15)
        packed = packer.compress(part) + packer.flush()
        extra = b"BC" + struct.pack("<HH", 2, len(packed) + 25)
        blocks += bytes.fromhex("1f8b08040000000000ff0600") + extra + packed
        blocks += struct.pack("<II", zlib.crc32(part), len(part))
    return blocks + BGZIP_END


# --- genomes ---------------------------------------------------------------------------------

FASTA = b">I one\nACGTNacg\nRT\n>II\nTTTT\n>III\nG\n"


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bgzipped])
def test_a_genome_in_every_dress(tmp_path, pack):
    path = tmp_path / "genome.fa"
    path.write_bytes(pack(FASTA))
    read = genome.read_genome(path)
    assert {name: codes.tolist() for name, codes in read.codes.items()} == {
        "I": [0, 1, 2, 3, 4, 0, 1, 2, 4, 3], "II": [3, 3, 3, 3], "III": [2],
    }  # fmt: skip
    assert read.sizes == {"I": 10, "II": 4, "III": 1}
    assert repr(read) == "<Genome of 3 chromosomes, 15 bp>"
    assert list(genome.read_genome(path, chromosomes=["III", "I"]).sizes) == ["I", "III"]


@pytest.mark.parametrize("pack", [gzip.compress, bgzipped])
def test_a_genome_cut_short_is_refused(tmp_path, pack):
    path = tmp_path / "genome.fa.gz"
    path.write_bytes(pack(FASTA * 9)[:-30])
    with pytest.raises(ValueError, match="ends too early; copy it again|two records 'I'"):
        genome.read_genome(path)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (b"", {}, "is empty"),
        (b"chr1\t0\t10\n", {}, "line 1 has text before the first header"),
        (FASTA + FASTA, {}, "has two records 'I'"),
        (
            FASTA,
            {"chromosomes": ["IV"]},
            "chromosomes names IV, and .* has I, II, III; leave it out",
        ),
        (FASTA, {"chromosomes": ["chr2"]}, r"\(chr2 is II\): see genome.rename_chromosomes"),
        (FASTA, {"chromosomes": []}, "chromosomes is empty"),
    ],
)
def test_what_is_no_genome_is_refused(tmp_path, content, options, message):
    path = tmp_path / "genome.fa"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        genome.read_genome(path, **options)


def test_a_genome_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        genome.read_genome(tmp_path / "none.fa")
    with pytest.raises(TypeError, match=r"chromosomes is 'IV', expected a list: \['IV'\]"):
        genome.read_genome(tmp_path / "none.fa", chromosomes="IV")


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ({}, "codes is empty"),
        ({1: np.zeros(3, np.uint8)}, "codes has the name 1, expected text such as '1'"),
        ({"I": np.zeros(3)}, "codes.'I'. is no uint8 array"),
        ({"I": np.zeros((3, 4), np.uint8)}, "codes.'I'. is no uint8 array"),
        ({"I": np.full(3, 5, np.uint8)}, "holds a number over 4"),
        ({"I": np.empty(0, np.uint8)}, "is empty"),
    ],
)
def test_a_genome_of_other_things_is_refused(codes, message):
    with pytest.raises(ValueError, match=message):
        genome.Genome(codes)


@pytest.mark.parametrize("seed", range(5))
def test_sequences_are_those_cut_from_the_text(seed):
    rng = np.random.default_rng(seed)
    whole = random_genome(rng, {"I": 50, "II": 30, "III": 20})
    letters = {name: "".join("ACGTN"[c] for c in codes) for name, codes in whole.codes.items()}
    places = [place for place in reference.windows(whole.sizes, 7, 1) if rng.random() < 0.5]
    places = [(*places[i], rng.choice(["+", "-", "."])) for i in rng.permutation(len(places))]
    intervals = table(*places, columns=["chromosome", "start", "stop", "strand"])
    intervals.index = rng.permutation(len(intervals))  # rows count, not their labels
    expected = [reference.cut(letters[place[0]], *place[1:]) for place in places]
    assert dna.decode(whole.sequences(intervals)) == expected
    assert whole.sequences(intervals).dtype == np.uint8


@pytest.mark.parametrize(
    ("intervals", "message"),
    [
        (table(("I", 0, 4), ("I", 0, 5)), "4 to 5 bp wide, expected one width"),
        (table(("I", 0, 4), ("I", 7, 11)), "1 of 2 intervals lie beyond .*I:7-11 of 10 bp"),
        (table(("I", -1, 4)), "I:-1-4"),
        (table(("IV", 0, 4)), "intervals names IV, and the genome has I, II; leave it out"),
        (table(("chr1", 0, 4)), r"\(chr1 is I\): see genome.rename_chromosomes"),
        (table(("1", 0, 4)), r"\(1 is I\)"),
        (table(), "intervals is empty"),
        (table(("I", 4, 4)), "I:4-4 in row 0, expected a start before the stop"),
        (table(("I", 0.5, 4)), "holds 0.5 in row 0, expected whole numbers"),
        (table(("I", 0, np.inf)), "holds inf in row 0"),
        (table(("I", 0, "x")), "holds 'x' in row 0"),
        (
            table(("I", 0), columns=["chromosome", "start"]),
            "no column 'stop' but chromosome, start",
        ),
    ],
)
def test_what_cannot_be_cut_out_is_refused(intervals, message):
    whole = genome.Genome({"I": np.zeros(10, np.uint8), "II": np.zeros(5, np.uint8)})
    with pytest.raises(ValueError, match=message):
        whole.sequences(intervals)


def test_intervals_are_a_table():
    with pytest.raises(TypeError, match="intervals is a list, expected a table with the columns"):
        genome.centred([("I", 0, 4)], 2)
    kept = genome.as_intervals(table((1, 2.0, 3.0)).assign(mine="x"))
    assert kept.to_dict("records") == [{"chromosome": "1", "start": 2, "stop": 3, "mine": "x"}]
    assert kept["start"].dtype == np.int64
    lettered = table(("II", 0, 4), ("I", 2, 6)).astype({"chromosome": "category"})
    whole = genome.Genome({"I": np.zeros(10, np.uint8)})
    assert whole.contains(lettered).tolist() == [False, True]
    with pytest.raises(ValueError, match="intervals has a row without a chromosome"):
        genome.centred(table((None, 0, 4)), 2)


# --- windows and overlaps --------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_windows_are_those_found_by_stepping(seed):
    rng = np.random.default_rng(seed)
    sizes = {name: int(rng.integers(1, 40)) for name in ("I", "II", "III")}
    sizes["IV"] = 40
    width, stride = map(int, rng.integers(1, 15, 2))
    found = genome.windows(sizes, width, stride_bp=stride)
    assert rows_of(found) == reference.windows(sizes, width, stride)
    assert rows_of(genome.windows(sizes, width)) == reference.windows(sizes, width, width)
    assert genome.as_intervals(found).dtypes.equals(found.dtypes)


def test_windows_that_cannot_be():
    with pytest.raises(ValueError, match="width_bp is 50, and none of the 1 chromosomes is that"):
        genome.windows({"I": 49}, 50)
    with pytest.raises(ValueError, match="width_bp is 0"):
        genome.windows({"I": 49}, 0)
    with pytest.raises(TypeError, match="sizes is a list, expected a dict such as genome.sizes"):
        genome.windows([49], 5)
    with pytest.raises(ValueError, match="stride_bp is 0"):
        genome.windows({"I": 49}, 5, stride_bp=0)
    with pytest.raises(ValueError, match=r"sizes\['I'\] is 49.0, expected a whole number"):
        genome.windows({"I": 49.0}, 5)


@pytest.mark.parametrize("seed", range(40))
def test_shared_bases_are_those_counted_one_by_one(seed):
    rng = np.random.default_rng(seed)
    longest = int(rng.choice([3, 12, 50]))
    intervals = random_table(rng, 40, longest=longest)
    others = random_table(rng, int(rng.integers(1, 40)), names=["III", "I", "V"], longest=longest)
    if seed % 2:
        intervals["start"] -= 20  # before the chromosome
        intervals["stop"] -= 20
    expected = [reference.overlap_bp(row, rows_of(others)) for row in rows_of(intervals)]
    assert genome.overlap_bp(intervals, others).tolist() == expected
    for least in (1, 2, 5):
        found = genome.overlaps(intervals, others, minimum_bp=least)
        assert found.tolist() == [shared >= least for shared in expected]
    shuffled = others.sample(frac=1, random_state=seed)
    assert genome.overlap_bp(intervals, shuffled).tolist() == expected


def test_nothing_overlaps_where_there_is_nothing():
    some = table(("I", 0, 4))
    assert genome.overlap_bp(some, some[:0]).tolist() == [0]
    assert genome.overlap_bp(some[:0], some).tolist() == []
    assert genome.overlaps(some, table(("I", 4, 6))).tolist() == [False]
    assert genome.overlaps(some, table(("II", 0, 4))).tolist() == [False]


def test_two_names_for_one_chromosome_are_noticed():
    ours, theirs = table(("chr4", 0, 4)), table(("IV", 0, 4))
    with pytest.raises(ValueError, match="others names IV.* on chr4; these are other names.*IV is"):
        genome.overlaps(ours, theirs)
    renamed = genome.rename_chromosomes(theirs, genome.matching_names(["IV"], ["chr4"]))
    assert genome.overlaps(ours, renamed).tolist() == [True]
    # The chromosome X is not the tenth.
    assert genome.overlaps(table(("chr10", 0, 4)), table(("chrX", 0, 4))).tolist() == [False]
    with pytest.raises(ValueError, match="minimum_bp is 0"):
        genome.overlaps(ours, renamed, minimum_bp=0)


@pytest.mark.parametrize(
    ("names", "known", "expected"),
    [
        (["chr1", "chr10"], ["I", "II", "X"], {"chr1": "I", "chr10": "X"}),
        (["I", "XVI"], ["chr1", "chr16"], {"I": "chr1", "XVI": "chr16"}),
        (["1", "X", "MT"], ["chr1", "chr10", "chrX", "chrM"],
         {"1": "chr1", "X": "chrX", "MT": "chrM"}),
        (["chr1", "I"], ["chr1", "I"], {}),
        (["chrUn", "2-micron"], ["I", "II"], {}),
        (["chr39"], ["XXXIX"], {"chr39": "XXXIX"}),
        (["chr1"], ["I"], {"chr1": "I"}),
        (["chr10"], ["X"], {}),
    ],
)  # fmt: skip
def test_names_are_matched(names, known, expected):
    assert genome.matching_names(names, known) == expected


def test_numbers_name_chromosomes_as_text_does(tmp_path):
    places = table((1, 0, 4), (2, 0, 4))  # as pandas reads them
    assert genome.by_chromosome(places, [2]).tolist() == [False, True]
    assert rows_of(genome.rename_chromosomes(places, {1: "I"}))[0] == ("I", 0, 4)
    (tmp_path / "genome.fa").write_text(">1\nACGT\n>2\nAC\n")
    assert genome.read_genome(tmp_path / "genome.fa", chromosomes=[2]).sizes == {"2": 2}


def test_two_chromosomes_can_change_names():
    renamed = genome.rename_chromosomes(table(("a", 0, 4), ("b", 0, 4)), {"a": "b", "b": "a"})
    assert renamed["chromosome"].tolist() == ["b", "a"]


def test_renaming_nothing_is_refused():
    with pytest.raises(ValueError, match="mapping has none of .* which are IV; it has chr4"):
        genome.rename_chromosomes(table(("IV", 0, 4)), {"chr4": "IV"})


def test_centred_on_summits_and_middles():
    peaks = table(("I", 0, 11), ("I", 20, 30)).assign(summit=[-1, 28])
    assert rows_of(genome.centred(peaks, 4)) == [("I", 3, 7), ("I", 26, 30)]
    assert rows_of(genome.centred(peaks.drop(columns="summit"), 5)) == [("I", 3, 8), ("I", 23, 28)]
    at_the_start = table(("I", 0, 11)).assign(summit=0)
    assert rows_of(genome.centred(at_the_start, 4)) == [("I", -2, 2)]
    wide = genome.centred(peaks, 20)
    whole = genome.Genome({"I": np.zeros(40, np.uint8)})
    assert whole.contains(wide).tolist() == [False, True]
    some = pd.concat([peaks, table(("I", 40, 50))])  # without a summit: NaN, and floats for all
    assert rows_of(genome.centred(some, 4))[1:] == [("I", 26, 30), ("I", 43, 47)]
    with pytest.raises(ValueError, match="summit'. holds 2.5 in row 0, expected whole numbers"):
        genome.centred(peaks.assign(summit=2.5), 4)
    with pytest.raises(ValueError, match="width_bp is -1"):
        genome.centred(peaks, -1)


def test_by_chromosome():
    places = table(("I", 0, 4), ("II", 0, 4), ("III", 0, 4))
    assert genome.by_chromosome(places, ["III", "I"]).tolist() == [True, False, True]
    with pytest.raises(TypeError, match=r"held_out is 'I', expected a list of names: \['I'\]"):
        genome.by_chromosome(places, "I")
    with pytest.raises(ValueError, match="held_out is empty"):
        genome.by_chromosome(places, [])
    with pytest.raises(ValueError, match=r"held_out names chr2, .*\(chr2 is II\)"):
        genome.by_chromosome(places, ["chr2"])


# --- BED -------------------------------------------------------------------------------------

SIX = "chr1\t10\t20\ta\t7.5\t+\nchr2\t0\t5\tb c\t.\t.\n"
SIX_ROWS = [
    {"chromosome": "chr1", "start": 10, "stop": 20, "name": "a", "score": 7.5, "strand": "+"},
    {"chromosome": "chr2", "start": 0, "stop": 5, "name": "b c", "score": -9, "strand": "."},
]


def read_text(folder, text, name="places.bed"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return genome.read_intervals(path)


@pytest.mark.parametrize(
    "dress",
    [
        SIX,
        SIX.rstrip("\n"),
        SIX.replace("\n", "\r\n"),
        "# remark\ntrack name=x\nbrowser position\n\n" + SIX + "\n \n",
        "track\tname=x\nbrowser\n" + SIX,
        "\ufeff" + SIX,
        gzip.compress(SIX.encode()),
    ],
)
def test_a_bed_file_in_every_dress(tmp_path, dress):
    read = read_text(tmp_path, dress)
    assert read.fillna({"score": -9}).to_dict("records") == SIX_ROWS
    kinds = [read[c].dtype.kind for c in ("start", "stop", "score")]
    assert kinds == ["i", "i", "f"]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("I 1 2\nI 3  4 \n", []),
        ("I\t1\t2\ta\n", ["name"]),
        ("I\t1\t2\ta\t0\n", ["name", "score"]),
        ("I\t1\t9\ta\t0\t+\t2\t5\t255,0,0\n", ["name", "score", "strand"]),
        ("I\t1\t9\ta\t0\t+\t0\t0\t255,0,0\n", ["name", "score", "strand"]),
        ("I\t1\t9\ta\t0\t+\t2\t5\t0\t1\t1,\t0,\n", ["name", "score", "strand"]),
        (
            "I\t1\t9\ta\t0\t.\t2.5\t-1\t0\n",
            ["name", "score", "strand", "signal", "p_value", "q_value"],
        ),
    ],
)
def test_bed_of_other_widths(tmp_path, text, columns):
    read = read_text(tmp_path, text)
    assert list(read) == ["chromosome", "start", "stop", *columns]
    assert read["start"].iloc[0] == 1
    if "signal" in columns:
        assert read["signal"].tolist() == [2.5]
        assert np.isnan(read["p_value"]).tolist() == [True]
        assert read["q_value"].tolist() == [0]


def test_summits_are_positions_on_the_chromosome(tmp_path):
    read = read_text(
        tmp_path, "I\t10\t20\t.\t0\t.\t1e3\t2\t3\t9\nI\t30\t40\t.\t0.5\t.\t1\t-1\t-1\t-1\n"
    )
    assert read["summit"].tolist() == [19, -1]
    assert read["signal"].tolist() == [1000, 1]
    assert read["p_value"].fillna(-9).tolist() == [2, -9]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no interval, expected a BED file"),
        ("# nothing\n", "holds no interval"),
        (">I\nACGT\n", "line 1 is FASTA, expected a BED file"),
        ("@I\nACGT\n", "line 1 is FASTQ or SAM"),
        ("I\t1\n", "line 1 has 2 columns .*expected 3 to 12"),
        ("I\n", "line 1 has 1 column .*expected 3 to 12"),
        ("\t".join("I12345678901234"), "line 1 has 15 columns"),
        ("I\t1\t2\nI\t1\t2\ta\n", "line 2 has 4 columns and the lines before 3"),
        ("I\t1\t2\ta\n\n#\nI\t1\t2\n", "line 4 has 3 columns and the lines before 4"),
        ("I\t1\t2\nI\t5\t5\n", "line 2 has the start 5 and stop 5, expected a start before"),
        ("#\nI\t5\t4\n", "line 2 has the start 5 and stop 4"),
        ("I\t-1\t4\n", "line 1 has the start -1, expected 0 or more"),
        ("I\t1.5\t4\n", "line 1 has '1.5' in column 2, expected a whole number$"),
        ("I\t1\t\n", "line 1 has '' in column 3"),
        ("I\t1\t9999999999999999999\n", "line 1 has '9999999999999999999' in column 3"),
        ("I\t1\t999999999999999999999999\n", "line 1 has '9+' in column 3"),
        ("chrom\tstart\tend\nI\t1\t2\n", "line 1 has 'start' in column 2.*remove the header"),
        ("chr\tpeak_start\tend\nI\t1\t2\n", "line 1 has 'peak_start' in.*remove the header"),
        ("I\t1\t9999999999999\n", "line 1 has the position 9999999999999, beyond any chromosome"),
        ("I\t1\t1_000\n", "line 1 has '1_000' in column 3"),
        ("\t1\t2\n", "line 1 has the chromosome '', expected one word"),
        ("I I\t1\t2\n", "line 1 has the chromosome 'I I', expected one word"),
        ("I\t1\t2\ta\tx\n", "line 1 has 'x' in column 5, expected a number"),
        ("I\t1\t2\ta\t0\t*\n", "line 1 has the strand '\\*', expected \\+, - or \\."),
        ("I\t1\t9\t.\t0\t.\t1\t1\t1\t8\n", "line 1 has the summit 8, expected its distance"),
        ("I\t1\t9\t.\t0\t.\t1\t1\t1\t-2\n", "line 1 has the summit -2"),
        ("I\tsgd\tgene\t335\t649\t.\t+\t.\tID=x\n", "line 1 looks like GFF, .* 1-based"),
        ("##gff-version 3\nI\tsgd\n", "line 1 says that it is GFF, .* 1-based"),
        (b"I\t1\t2\t\xff\n", "not a text file"),
        (gzip.compress(SIX.encode())[:-9], "ends too early"),
    ],
)
def test_what_is_no_bed_file_is_refused(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_text(tmp_path, text)


def test_a_bed_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        genome.read_intervals(tmp_path / "none.bed")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_columns", [3, 4, 6, 9, 10])
@pytest.mark.parametrize("name", ["places.bed", "places.bed.gz"])
def test_what_is_written_is_read_again(tmp_path, seed, n_columns, name):
    rng = np.random.default_rng(seed)
    places = random_table(rng, 20).astype({"chromosome": "str"})
    more = {
        "name": pd.Series([f"peak {i}" for i in range(20)], dtype="str"),
        "score": rng.random(20),
        "strand": pd.Series(rng.choice(list("+-."), 20), dtype="str"),
        "signal": rng.random(20) * 1e3,
        "p_value": np.where(rng.random(20) < 0.3, np.nan, rng.random(20)),
        "q_value": rng.integers(0, 5, 20).astype(float),
        "summit": np.where(rng.random(20) < 0.3, -1, places["start"]),
    }
    places = places.assign(**dict(list(more.items())[: n_columns - 3]))
    genome.write_bed(tmp_path / name, places)
    read = genome.read_intervals(tmp_path / name)
    if n_columns == 9:  # written as narrowPeak
        assert (read.pop("summit") == -1).all()
    pd.testing.assert_frame_equal(read, places)


def test_what_is_missing_is_written_as_missing(tmp_path):
    lacking = {"name": ["a", None], "strand": ["-", np.nan], "summit": [14.0, np.nan]}
    genome.write_bed(tmp_path / "x", table(("I", 10, 20), ("I", 10, 20)).assign(**lacking))
    read = genome.read_intervals(tmp_path / "x")
    assert read["name"].tolist() == ["a", "."] and read["strand"].tolist() == ["-", "."]
    assert read["summit"].tolist() == [14, -1]


@pytest.mark.parametrize(
    ("intervals", "message"),
    [
        (table(), "intervals is empty"),
        (table(("I", -1, 2)), "a start below 0"),
        (table(("#I", 0, 2)), r"intervals\['chromosome'\] holds '#I', expected one word"),
        (table(("I a", 0, 2)), r"intervals\['chromosome'\] holds 'I a', expected one word"),
        (table(("I", 0, 2)).assign(strand="+-"), r"\['strand'\] holds '\+-', expected \+, - or"),
        (table(("I", 0, 2)).assign(score="x"), r"\['score'\] holds 'x', expected numbers"),
        (table(("I\t", 0, 2)), r"intervals\['chromosome'\] holds 'I\\t', expected text without"),
        (table(("I", 0, 2)).assign(name="a\nb"), "holds 'a.*b', expected text without a tab"),
        (table(("I", 0, 2)).assign(summit=2), "a summit outside of its interval"),
        (table(("I", 3, 5)).assign(summit=2), "a summit outside of its interval"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(tmp_path, intervals, message):
    path = tmp_path / "places.bed"
    with pytest.raises(ValueError, match=message):
        genome.write_bed(path, intervals)
    assert not path.exists()


# --- bigWig ----------------------------------------------------------------------------------


def write_bigwig(path, sizes, values):
    import pybigtools

    pybigtools.open(str(path), "w").write(sizes, values)
    return path


@pytest.mark.parametrize("seed", range(3))
def test_signal_is_that_of_every_base(tmp_path, seed):
    rng = np.random.default_rng(seed)
    signal = np.where(rng.random(300) < 0.4, rng.integers(-8, 9, 300) / 4, 0)
    covered = [("I", i, i + 1, signal[i]) for i in np.flatnonzero(signal).tolist()]
    path = write_bigwig(tmp_path / "signal.bw", {"I": 300, "II": 100}, covered)
    places = random_table(rng, 50, names=["I", "II"], size=100)  # nothing is known of II
    parts = [signal[a:b] if c == "I" else np.zeros(b - a) for c, a, b in rows_of(places)]
    for statistic in ("mean", "max"):
        expected = [getattr(np, statistic)(part) for part in parts]
        found = genome.read_signal(path, places, statistic=statistic)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert genome.read_signal(path, places).tolist() == [
        pytest.approx(part.mean()) for part in parts
    ]


def test_what_has_no_signal_is_refused(tmp_path):
    path = write_bigwig(tmp_path / "signal.bw", {"II": 100}, [("II", 0, 90, 1.0)])
    for place, message in [
        (("II", 95, 101), "II:95-101, beyond the chromosome"),
        (("II", -1, 4), "II:-1-4, beyond the chromosome"),
        (("chr2", 0, 4), r"\(chr2 is II\)"),
        (("III", 0, 4), "intervals names III, and .* has II"),
    ]:
        with pytest.raises(ValueError, match=message):
            genome.read_signal(path, table(place))
    with pytest.raises(ValueError, match="statistic is 'median', expected mean or max"):
        genome.read_signal(path, table(("II", 0, 4)), statistic="median")
    with pytest.raises(FileNotFoundError, match="no such file"):
        genome.read_signal(tmp_path / "none.bw", table(("II", 0, 4)))


def test_a_damaged_bigwig_is_refused(tmp_path):
    values = (("I", i, i + 1, float(i % 7)) for i in range(20_000))
    path = write_bigwig(tmp_path / "signal.bw", {"I": 20_000}, values)
    whole, place = path.read_bytes(), table(("I", 0, 20_000))
    for content in (b"", b"I\t0\t5\t1\n", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is no bigWig file, or damaged; copy it again"):
            genome.read_signal(path, place)
    path.write_bytes(whole[:2000] + bytes(500) + whole[2500:])
    with pytest.raises(ValueError, match="is damaged; copy it again"):
        genome.read_signal(path, place)


def test_without_pybigtools_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pybigtools", None)
    (tmp_path / "signal.bw").touch()
    with pytest.raises(ImportError, match=r'pip install "dragonn-lite\[bigwig\]"'):
        genome.read_signal(tmp_path / "signal.bw", table(("I", 0, 4)))


# --- real data -------------------------------------------------------------------------------


def test_the_yeast_genome_has_60349_windows():
    """All windows of 200 bp on the sixteen chromosomes; no region is left out."""
    yeast = genome.read_genome(shared_data("yeast_genome", YEAST))
    assert len(yeast.sizes) == 17 and sum(yeast.sizes.values()) == 12_157_105  # R64-1-1
    sizes = {name: size for name, size in yeast.sizes.items() if name != "Mito"}
    bins = genome.windows(sizes, 200)
    assert len(bins) == 60_349
    sequences = yeast.sequences(bins)
    assert sequences.shape == (60_349, 200, 4)
    assert dna.gc_fraction(sequences).mean() == pytest.approx(0.383, abs=0.001)

    peaks = genome.read_intervals(shared_data("yeast_genome", "rossi2021", "Reb1_CX.bed"))
    with pytest.raises(ValueError, match="these are other names of the same"):
        genome.overlaps(bins, peaks)
    mapping = genome.matching_names(peaks["chromosome"], yeast.sizes)
    peaks = genome.rename_chromosomes(peaks, mapping)
    assert set(peaks["chromosome"]) == set(sizes)
    bound = genome.overlaps(bins, peaks)
    keys = set(zip(bins["chromosome"], bins["start"] // 200, strict=True))
    hit = set(zip(peaks["chromosome"], peaks["start"] // 200, strict=True)) & keys
    assert bound.sum() == len(hit) > 1000


def test_all_peak_files_of_yeast_are_read():
    folder = shared_data("yeast_genome", "rossi2021")
    files = sorted(folder.glob("*_CX.bed"))
    assert len(files) == 51
    for path in files:
        peaks = genome.read_intervals(path)
        assert len(peaks) == len(path.read_text().splitlines())
    assert len(genome.read_intervals(folder / "ChExMix_Peak_Filter_List_190612.bed")) == 419


def test_peaks_of_replicates_are_read():
    first, second = (
        genome.read_intervals(shared_data("idr_replicates", f"ENCFF000X{name}-chr21.regionPeak.gz"))
        for name in ("UK", "UL")
    )
    assert (len(first), len(second)) == (8_218, 7_930)
    assert first["p_value"].isna().all()  # -1 in the file
    assert ((first["start"] <= first["summit"]) & (first["summit"] < first["stop"])).all()
    assert genome.overlaps(first, second).sum() == 3_071
