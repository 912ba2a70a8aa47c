"""Damaged files: only documented errors, and not one base or row lost in silence."""

import gzip
import re
import zlib

import pytest
import reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dragonn_lite.dna import fasta, genome, motifs

# Every example is read in these six dresses, each of them one case.
N_DRESSES = 6
N_CASES = {"quick": 3_200, "slow": 137_600}  # over the four readers

MEME = b"""MEME version 4

ALPHABET= ACGT

strands: + -

Background letter frequencies
A 0.25 C 0.25 G 0.25 T 0.25

MOTIF MA0001.1 first
log-odds matrix: alength= 4 w= 1 E= 0
 -40 -57 -72 77

letter-probability matrix: alength= 4 w= 3 nsites= 20 E= 0
0.1 0.2 0.3 0.4
1 0 0 0
.25 .25 2.5e-1 0.25
URL https://example.org

MOTIF second
letter-probability matrix: alength= 4 w= 2
0 0 0 1
0 1 0 0
"""
JASPAR = b""">MA0001.1 first
A [ 1 2 3 ]
C [ 0 0 9 ]
G [ 4 4 0 ]
T [ 5 0 0 ]
# comment
>second
1 2 3 4 5
0 0 0 0 1
6 7 8 9 0
9 9 9 9 9
>third
1.5 2 3 4
0 0 1 0
0.0 0 1e2 0
"""
FASTA = b">chr1:1-9 first one\nACGTNacgtn\nRYSW\n>two\nKMBDHV\nTTTT\n\n>chr1:1-9\nA\n"
PEAKS = b"""track name=peaks
chr1\t10\t200\tfirst one\t1000\t+\t5.5\t-1\t3e0\t40
chr2\t0\t9\t.\t.\t.\t0\t2\t0.1\t-1
# comment
chr1\t100\t140\tlast\t0.5\t-\t7\t1\t1\t0
"""
BITS = [
    b">", b"\n", b"\r", b"\r\n", b"\n\n", b" ", b"\t", b"\x00", b"\xff", b"\xef\xbb\xbf", b";", b"#",
    b"-", b"ACGT", b"acgtn", b"U", b"*", b"\n>x\n", b"\nMOTIF x\n", b"0.5", b"nan", b"1_0", b"-1",
    b"1e999", b"[", b"]", b"=", b"w= 2", b"alength= 4", b"letter-probability matrix:", b"\xc3\x85",
    b"\xe2\x80\xa8", b"\x85", b"\x1f\x8b", b"\x0b", b"\x1c", b"ALPHABET", b"END ALPHABET", b"~",
    b"\x7f", b"9" * 400, "\uff11".encode(), b"MEME version 4\n",
    b"\t", b"\t9\t", b"\t.\t", b"track ", b"chr1\t5\t7\n", b"0x1",
]  # fmt: skip
PLACE = st.integers(0, 1 << 16)
CHANGE = st.one_of(
    st.tuples(st.just("cut"), PLACE, st.integers(0, 40)),
    st.tuples(st.just("copy"), PLACE, st.integers(0, 40)),
    st.tuples(st.just("flip"), PLACE, st.integers(1, 255)),
    st.tuples(st.just("put"), PLACE, st.integers(0, len(BITS) - 1)),
    st.tuples(st.just("drop line"), PLACE, st.just(0)),
    st.tuples(st.just("repeat line"), PLACE, st.just(0)),
    st.tuples(st.just("end"), PLACE, st.just(0)),
)


def changed(content, changes):
    for kind, place, size in changes:
        i = place % (len(content) + 1)
        if kind == "cut":
            content = content[:i] + content[i + size :]
        elif kind == "copy":
            content = content[: i + size] + content[i:]
        elif kind == "flip" and i < len(content):
            content = content[:i] + bytes([content[i] ^ size]) + content[i + 1 :]
        elif kind == "put":
            content = content[:i] + BITS[size] + content[i:]
        elif kind == "end":
            content = content[:i]
        elif kind.endswith("line"):
            lines = content.splitlines(keepends=True) or [b""]
            i = place % len(lines)
            times = 2 if kind == "repeat line" else 0
            lines[i] *= times
            content = b"".join(lines)
    return content


def dresses(content, place):
    """The same content six times: line ends of three kinds, gzipped, and gzipped but damaged."""
    packed = gzip.compress(content, 1, mtime=0)
    i = place % len(packed)
    yield content
    yield content.replace(b"\n", b"\r\n")
    yield content.replace(b"\n", b"\r")
    yield packed
    yield packed[:i]
    yield packed[:i] + bytes([packed[i] ^ 1 << place % 8]) + packed[i + 1 :]


def text_of(content):
    """Decompressed, decoded, with one kind of line end; None if that cannot be done."""
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error):
            return None
    try:
        return re.sub("\r\n?", "\n", content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None


def check_fasta(path, content):
    expected = reference.read_fasta(content)
    try:
        read = [(record.name, record.sequence) for record in fasta.iterate_fasta(path)]
    except ValueError as error:
        assert type(error) is ValueError and path.name in str(error)
        read = None
    assert read == expected


def check_motifs(read, n_motifs, n_numbers, path, content):
    try:
        found = read(path)
    except ValueError as error:
        assert type(error) is ValueError and path.name in str(error)
        return
    text = text_of(content)
    assert text is not None
    assert len(found) == n_motifs(text)
    assert 4 * sum(motif.width_bp for motif in found) == n_numbers(text)
    assert all(abs(motif.probabilities.sum(axis=1) - 1).max() < 1e-9 for motif in found)


REMARKS = ("track", "browser")


def check_intervals(read, path, content):
    try:
        found = read(path)
    except ValueError as error:
        assert type(error) is ValueError and path.name in str(error)
        return
    text = text_of(content)
    assert text is not None
    rows = [line for line in text.split("\n") if line.strip()]
    rows = [row for row in rows if row[0] != "#" and re.split(r"\s", row)[0] not in REMARKS]
    separator = "\t" if "\t" in rows[0] else None
    expected = [row.split(separator)[:3] for row in rows]
    places = found[["chromosome", "start", "stop"]].to_numpy(object).tolist()
    assert places == [[name, int(start), int(stop)] for name, start, stop in expected]
    assert (found["start"] >= 0).all() and (found["start"] < found["stop"]).all()


def n_jaspar_numbers(text):
    lines = [line.strip() for line in text.split("\n")]
    rows = [line for line in lines if line and line[0] not in "#>"]
    words = [word for row in rows for word in re.split(r"[\s\[\]]+", row)]
    return sum(any(letter.isdigit() for letter in word) for word in words)


def n_meme_numbers(text):
    """How many words stand on lines that start with a digit, after a matrix's header."""
    total, inside = 0, False
    for line in text.split("\n"):
        if line.strip().startswith("letter-probability matrix"):
            inside = True
        elif inside and line.strip() and not re.match(r"[-+]?\.?[0-9]", line.strip()):
            inside = False
        elif inside:
            total += len(line.split())
    return total


def n_headers(text):
    return sum(line.strip().startswith(">") for line in text.split("\n"))


def n_titles(text):
    return sum(line.split()[:1] == ["MOTIF"] for line in text.split("\n"))


CHECKS = {
    "bed": (PEAKS, check_intervals, (genome.read_intervals,)),
    "fasta": (FASTA, check_fasta, ()),
    "meme": (MEME, check_motifs, (motifs.read_meme, n_titles, n_meme_numbers)),
    "jaspar": (JASPAR, check_motifs, (motifs.read_jaspar, n_headers, n_jaspar_numbers)),
}


@pytest.mark.parametrize("size", ["quick", pytest.param("slow", marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", CHECKS)
def test_damaged_files_lose_nothing_in_silence(tmp_path, kind, size):
    valid, check, arguments = CHECKS[kind]
    path = tmp_path / "fuzzed.file"
    contents = st.one_of(
        *[st.builds(changed, st.just(valid), st.lists(CHANGE, max_size=n)) for n in (1, 1, 2, 6)],
        st.builds(b"".join, st.lists(st.sampled_from(BITS), max_size=12)) | st.binary(max_size=60),
    )
    n_cases = 0

    @settings(
        max_examples=N_CASES[size] // len(CHECKS) // N_DRESSES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(contents, PLACE)
    def fuzz(content, place):
        nonlocal n_cases
        for dressed in dresses(content, place):
            path.unlink(missing_ok=True)  # some disks take 2 ms to overwrite a file
            path.write_bytes(dressed)
            check(*arguments, path, dressed)
            n_cases += 1

    fuzz()
    assert n_cases >= N_CASES[size] // len(CHECKS) * 0.98


@pytest.mark.parametrize("kind", CHECKS)
def test_the_undamaged_files_are_read_in_every_whole_dress(tmp_path, kind):
    valid, check, arguments = CHECKS[kind]
    path = tmp_path / "whole.file"
    for dressed in list(dresses(valid, 0))[:4]:
        path.write_bytes(dressed)
        check(*arguments, path, dressed)
        assert len((arguments or (fasta.read_fasta,))[0](path)) == {"meme": 2}.get(kind, 3)
