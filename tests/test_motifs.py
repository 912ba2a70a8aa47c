import dataclasses
import gzip
import math
import pickle

import numpy as np
import pytest
import reference
from scipy import stats
from shared_data import shared_data

from dragonn_lite.dna import motifs, sequences
from dragonn_lite.dna.motifs import Motif

SEEDS = (0, 1, 2)
LEAST_P = 1e-4


def random_motif(seed, width, name="random"):
    rng = np.random.default_rng(seed)
    return Motif(name, rng.dirichlet([0.3] * 4, width))


# --- what a motif is ---


def test_a_motif_does_not_change():
    probabilities = np.full((3, 4), 0.25)
    motif = Motif("flat", probabilities)
    probabilities[:] = 0
    assert motif.probabilities.tolist() == [[0.25] * 4] * 3
    with pytest.raises(ValueError, match="read-only"):
        motif.probabilities[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        motif.name = "other"
    copy = pickle.loads(pickle.dumps(motif))
    assert copy.name == "flat" and np.array_equal(copy.probabilities, motif.probabilities)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": ""}, "name is ''"),
        ({"name": None}, "name is None"),
        ({"probabilities": [[0.2, 0.2, 0.2, 0.2]]}, "sum to 0.8 at position 0"),
        ({"probabilities": [[0.25] * 4, [4, 5, 6, 7]]}, "position 1.*from_counts"),
        ({"probabilities": [[1.5, -0.5, 0, 0]]}, "at least 0"),
        ({"probabilities": [[math.nan, 1, 0, 0]]}, "at least 0"),
        ({"probabilities": []}, r"shape \(0,\)"),
        ({"probabilities": np.zeros((0, 4))}, r"shape \(0, 4\)"),
        ({"probabilities": [[0.5, 0.5]]}, r"shape \(1, 2\)"),
        ({"probabilities": [[0.5], [0.5, 0.5]]}, "not a table"),
        ({"probabilities": "ACGT"}, "not a table"),
        ({"n_sites": 0}, "n_sites"),
        ({"n_sites": math.inf}, "n_sites"),
        ({"n_sites": math.nan}, "n_sites"),
    ],
)
def test_a_motif_checks_what_it_is_made_of(arguments, message):
    with pytest.raises(ValueError, match=message):
        Motif(**{"name": "m", "probabilities": [[0.25] * 4], **arguments})


def test_counts_become_probabilities():
    motif = Motif.from_counts("m", [[8, 0, 1, 1], [0, 30, 10, 0]], accession="MA1")
    assert motif.probabilities.tolist() == [[0.8, 0, 0.1, 0.1], [0, 0.75, 0.25, 0]]
    assert (motif.n_sites, motif.accession) == (40, "MA1")
    with pytest.raises(ValueError, match="all zero at position 1"):
        Motif.from_counts("m", [[1, 0, 0, 0], [0, 0, 0, 0]])
    with pytest.raises(ValueError, match="counts of motif 'm' are too large"):
        Motif.from_counts("m", [[1e308, 1e308, 0, 0]])
    assert Motif.from_counts("m", [[1, 0, 0, 0]], n_sites=7).n_sites == 7


def test_text_is_no_number():
    with pytest.raises(TypeError, match="n_sites is 'x', expected a number"):
        Motif("m", [[0.25] * 4], n_sites="x")
    with pytest.raises(TypeError, match="pseudocount is '1', expected a number"):
        Motif("m", [[0.25] * 4]).with_pseudocount("1")


@pytest.mark.parametrize(
    ("spelled", "name"),
    [("MYC/MAX", "MAX::MYC"), ("jun/fos", "FOS::JUN"), ("NF-kB", "NFKB1"), ("nf-kb", "NFKB1")],
)
def test_names_as_papers_spell_them(spelled, name):
    assert motifs.builtin(spelled).name == name


def test_a_matrix_written_as_rows_is_one_query():
    rows = motifs.builtin("CTCF").probabilities.tolist()
    assert motifs.best_match(rows)["motif"].tolist() == ["CTCF_known1"]
    assert len(motifs.best_match([rows, rows])) == 2
    with pytest.raises(TypeError, match=r"take motifs.builtin\('CTCF'\)"):
        motifs.best_match("CTCF")
    with pytest.raises(ValueError, match=r"queries\[0\] is not a table"):
        motifs.best_match([[1, 0, 0, 0], [1]])


@pytest.mark.parametrize("seed", SEEDS)
def test_information_is_two_bits_minus_entropy(seed):
    motif = random_motif(seed, 12)
    entropy = stats.entropy(motif.probabilities, axis=1, base=2)
    assert motif.information_bits == pytest.approx(2 - entropy)
    background = np.array([0.4, 0.1, 0.2, 0.3])
    against = stats.entropy(motif.probabilities, background[None], axis=1, base=2)
    assert motif.relative_entropy_bits(background) == pytest.approx(against)
    mean_score = (motif.probabilities * motif.log_odds(background, pseudocount=1e-12)).sum(axis=1)
    assert motif.relative_entropy_bits(background) == pytest.approx(mean_score, abs=1e-6)


@pytest.mark.parametrize(
    ("row", "letter"),
    [
        ([1, 0, 0, 0], "A"),
        ([0.2, 0.6, 0.1, 0.1], "C"),
        ([0.3, 0.6, 0.05, 0.05], "M"),  # not more than twice the next
        ([0.5, 0.2, 0.2, 0.1], "N"),
        ([0.4, 0.1, 0.4, 0.1], "R"),
        ([0.1, 0.4, 0.1, 0.4], "Y"),
        ([0.1, 0.4, 0.4, 0.1], "S"),
        ([0.4, 0.1, 0.1, 0.4], "W"),
        ([0.1, 0.1, 0.4, 0.4], "K"),
        ([0.25, 0.25, 0.25, 0.25], "N"),
    ],
)
def test_consensus_follows_its_rule(row, letter):
    motif = Motif("m", [row])
    assert motif.consensus == letter
    assert motif.reverse_complement().consensus == reference.reverse_complement(letter)


def test_pseudocounts_and_log_odds():
    motif = random_motif(0, 5)
    smoothed = motif.with_pseudocount(0.01)
    assert smoothed.probabilities == pytest.approx((motif.probabilities + 0.01) / 1.04)
    background = [0.4, 0.1, 0.2, 0.3]
    expected = np.log2(smoothed.probabilities / background)
    assert motif.log_odds(background, pseudocount=0.01) == pytest.approx(expected)
    assert smoothed.log_odds(background, pseudocount=0) == pytest.approx(expected)
    for wrong in (-0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match="pseudocount is"):
            motif.with_pseudocount(wrong)
    for wrong in ([0.5, 0.5, 0, 0], [0.1] * 4, [0.5, 0.5], None):
        with pytest.raises(ValueError, match="background"):
            motif.log_odds(wrong)


@pytest.mark.parametrize("seed", SEEDS)
def test_samples_follow_the_motif(seed):
    motif = random_motif(seed, 6)
    sites = motif.sample(50_000, rng=seed)
    assert sites.dtype == np.uint8 and sites.shape == (50_000, 6)
    for column, probabilities in zip(sites.T, motif.probabilities):
        counts = np.bincount(column, minlength=4)
        # Expected counts below five have no place in a chi-square: those bases as one.
        order = np.argsort(probabilities)[::-1]
        kept = max(1, int((probabilities * 50_000 >= 5).sum()))
        together = np.append(np.arange(kept), np.full(4 - kept, max(0, kept - 1)))
        groups = np.bincount(together, counts[order])
        expected = np.bincount(together, probabilities[order]) * 50_000
        assert len(groups) == 1 or stats.chisquare(groups, expected).pvalue > LEAST_P
    assert np.array_equal(sites, motif.sample(50_000, rng=np.random.default_rng(seed)))
    certain = Motif("TAC", [[0, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]])
    assert np.array_equal(certain.sample(1000, rng=seed), [[3, 0, 1]] * 1000)
    # Positions are drawn each for itself.
    assert abs(np.corrcoef(random_motif(9, 2).sample(100_000, rng=seed).T)[0, 1]) < 0.02


# --- the collection ---


def test_the_collection_holds_what_it_lists():
    table = motifs.builtin_table()
    assert len(table) == 40 and table["name"].is_unique and table["accession"].is_unique
    assert (table[["source", "doi", "licence", "accession"]] != "").all(axis=None)
    for row, motif in zip(table.itertuples(), motifs.builtin_motifs()):
        assert motifs.builtin(row.name) is motif
        assert motifs.builtin(row.accession) is motif
        for short in filter(None, row.short_names.split(", ")):
            assert motifs.builtin(short) is motif
        assert (motif.width_bp, motif.consensus) == (row.width_bp, row.consensus)
        assert motif.information_bits.sum() == pytest.approx(row.information_bits)
    names = (
        "TAL1 CTCF ZNF143 SIX5 SPI1 IRF GATA1 REST USF1 GABPA MYC MAX MYC::MAX JUN FOS FOS::JUN "
        "NFKB1 NFKB CEBPB FOXA1 SOX2 POU5F1 TBP Reb1 Abf1 Rap1 Mcm1 Ume6 Cbf1"
    )
    for name in names.split():
        assert motifs.builtin(name).information_bits.sum() > 8


@pytest.mark.parametrize(
    ("name", "consensus"),
    [
        ("TAL1_known4", "CAGMTG"),  # the E-box
        ("SPI1_known4", "GGAA"),
        ("IRF_known20", "GAAAC"),
        ("CTCF_known1", "AGRKGGC"),
        ("MYC", "CACGTG"),
        ("FOS::JUN", "TGAGTCA"),
        ("TBP", "TATAAA"),
        ("REB1", "TTACCCG"),
        ("UME6", "AGCCGCC"),
        ("CBF1", "TCACGTGA"),
        ("POU5F1", "ATGCAAA"),
        ("CEBPB", "TTGCGCAA"),
        ("GABPA", "ACTTCCTG"),
        ("USF1", "GTCATGTGAC"),
    ],
)
def test_the_collection_holds_what_textbooks_say(name, consensus):
    x = sequences.one_hot(consensus.translate(str.maketrans("MRK", "AAG")))
    motif = motifs.builtin(name)
    # The textbook's site scores within the motif: pad with unknown bases, which score nothing.
    text = "N" * motif.width_bp + sequences.decode(x)[0] + "N" * motif.width_bp
    best = motifs.best_scores(sequences.one_hot(text), motif)[0]
    assert best > 0.8 * len(consensus)
    strict = max(consensus in motif.consensus, consensus in motif.reverse_complement().consensus)
    assert strict or best > len(consensus)


def test_unknown_names_get_close_ones():
    with pytest.raises(ValueError, match="close names are CTCF_known1"):
        motifs.builtin("CTFC")
    with pytest.raises(TypeError, match="expected the name"):
        motifs.builtin(None)


def test_the_collection_is_what_its_sources_say():
    path = shared_data("motifs", "encode_motifs.txt.gz")
    encode = {motif.accession: motif for motif in motifs.read_jaspar(path)}
    jaspar = {}
    for file in ("JASPAR2022_vertebrates.pfm", "JASPAR2022_fungi.pfm"):
        for motif in motifs.read_jaspar(shared_data("motifs", file)):
            jaspar[motif.name.split("_")[0]] = motif
    n_found = 0
    for motif in motifs.builtin_motifs():
        source = encode.get(motif.name) or jaspar[motif.accession]
        assert np.array_equal(source.probabilities, motif.probabilities)
        assert source.n_sites == motif.n_sites
        n_found += 1
    assert n_found == 40


# --- scanning ---


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("width", [1, 4, 5, 6, 13])
def test_scan_agrees_with_the_letters(seed, width):
    rng = np.random.default_rng(seed)
    motif = random_motif(seed, width)
    background = rng.dirichlet([20] * 4)
    letters = ["".join(rng.choice(list("ACGTN"), 40)) for _ in range(6)]
    scores = motifs.scan(sequences.one_hot(letters), motif, background=background)
    assert scores.dtype == np.float32 and scores.shape == (6, 41 - width, 2)
    log_odds = motif.log_odds(background).tolist()
    expected = [reference.scan(text, log_odds) for text in letters]
    assert scores == pytest.approx(np.array(expected), abs=1e-4)


def test_scan_is_the_same_on_the_other_strand():
    x = sequences.random_sequences(50, 60, rng=0)
    motif = random_motif(1, 11)
    scores = motifs.scan(x, motif)
    turned = motifs.scan(sequences.reverse_complement(x), motif)
    assert turned == pytest.approx(scores[:, ::-1, ::-1], abs=1e-4)
    assert motifs.scan(x, motif.reverse_complement()) == pytest.approx(scores[..., ::-1], abs=1e-4)
    assert np.array_equal(motifs.best_scores(x, motif), scores.max(axis=(1, 2)))


def test_batches_do_not_show(monkeypatch):
    x = sequences.random_sequences(50, 60, rng=0)
    motif = random_motif(1, 11)
    whole = motifs.scan(x, motif), motifs.find_sites(x, motif, threshold_bits=0)
    from dragonn_lite.dna import scanning

    monkeypatch.setattr(scanning, "_BATCH", 130)
    assert np.array_equal(motifs.scan(x, motif), whole[0])
    assert motifs.find_sites(x, motif, threshold_bits=0).equals(whole[1])


@pytest.mark.parametrize("seed", SEEDS)
def test_sites_are_all_positions_above_the_threshold(seed):
    x = sequences.random_sequences(40, 80, rng=seed)
    motif = random_motif(seed, 5, name="short")
    everywhere = motifs.find_sites(x, motif, threshold_bits=-np.inf)["score"].to_numpy()
    scores = everywhere.reshape(40, 76, 2)
    assert motifs.scan(x, motif) == pytest.approx(scores, abs=1e-4)
    threshold = float(np.quantile(scores, 0.98))
    sites = motifs.find_sites(x, motif, threshold_bits=threshold)
    expected = [
        (n, "short", p, p + 5, strand, float(scores[n, p, s]))
        for n in range(40)
        for p in range(76)
        for s, strand in enumerate("+-")
        if scores[n, p, s] >= threshold - 1e-9
    ]
    assert list(sites.itertuples(index=False, name=None)) == expected
    assert len(expected) > 50
    assert [str(t) for t in sites.dtypes[["sequence", "start", "stop", "score"]]] == [
        "int64", "int64", "int64", "float64",
    ]  # fmt: skip
    letters = sequences.decode(x)
    log_odds = motif.log_odds().tolist()
    for site in sites.itertuples():
        text = letters[site.sequence][site.start : site.stop]
        forward, reverse = reference.scan(text, log_odds)[0]
        assert site.score == pytest.approx(forward if site.strand == "+" else reverse, abs=1e-4)


def test_the_best_possible_site_reaches_the_best_possible_score():
    for motif in motifs.builtin_motifs():
        best = sequences.from_codes(motif.probabilities.argmax(axis=1)[None])
        threshold = motif.log_odds().max(axis=1).sum()
        both = np.concatenate([best, sequences.reverse_complement(best)])
        found = motifs.find_sites(both, motif, threshold_bits=threshold)
        assert {(0, "+"), (1, "-")} <= set(zip(found["sequence"], found["strand"], strict=True))
        assert len(motifs.find_sites(both, motif, threshold_bits=threshold + 1e-6)) == 0
    with pytest.raises(TypeError, match="threshold_bits is '8', expected a number of bits"):
        motifs.find_sites(best, motif, threshold_bits="8")


def test_no_site_is_an_empty_table_of_the_same_types():
    x = sequences.one_hot("ACGTACGT")
    motif = random_motif(0, 4)
    none = motifs.find_sites(x, motif, threshold_bits=100)
    some = motifs.find_sites(x, motif, threshold_bits=-100)
    assert len(none) == 0 and len(some) == 10
    assert (none.dtypes == some.dtypes).all()


def test_scan_without_pseudocount_keeps_the_impossible():
    motif = Motif("AC", [[1, 0, 0, 0], [0, 1, 0, 0]])
    scores = motifs.scan(sequences.one_hot("ACGT"), motif, pseudocount=0)[0]
    assert scores.tolist() == [[4, -np.inf], [-np.inf, -np.inf], [-np.inf, 4]]


def test_scan_refuses_what_does_not_fit():
    x = sequences.one_hot("ACGT")
    with pytest.raises(ValueError, match="has 5 bp, expected at most"):
        motifs.scan(x, random_motif(0, 5))
    with pytest.raises(TypeError, match="expected a Motif"):
        motifs.scan(x, "CTCF")
    with pytest.raises(TypeError, match="encode it first"):
        motifs.scan(["ACGT"], random_motif(0, 3))
    with pytest.raises(ValueError, match="threshold_bits"):
        motifs.find_sites(x, random_motif(0, 3), threshold_bits=math.nan)


def test_sampled_sites_are_found_again():
    motif = motifs.builtin("CTCF")
    x = sequences.random_sequences(200, 100, rng=0)
    x[:, 40:59] = sequences.from_codes(motif.sample(200, rng=1))
    x[100:] = sequences.reverse_complement(x[100:])
    best = motifs.scan(x, motif).reshape(200, -1).argmax(axis=1)
    planted = np.where(np.arange(200) < 100, 40 * 2, 41 * 2 + 1)
    assert (best == planted).mean() > 0.97


# --- comparison ---


@pytest.mark.parametrize("seed", SEEDS)
def test_best_match_agrees_with_the_definition(seed):
    known = [random_motif(seed + 10 * i, width, f"m{i}") for i, width in enumerate((4, 9, 13))]
    query = random_motif(seed + 99, 7)
    table = motifs.best_match(query, known, n_best=3)
    expected = {
        m.name: reference.best_correlation(query.probabilities.tolist(), m.probabilities.tolist())
        for m in known
    }
    assert table["correlation"].is_monotonic_decreasing and len(table) == 3
    for row in table.itertuples():
        correlation, offset, strand = expected[row.motif]
        assert row.correlation == pytest.approx(correlation)
        assert (row.offset_bp, row.strand) == (offset, strand)
        width = {m.name: m.width_bp for m in known}[row.motif]
        assert row.overlap_bp == min(7, offset + width) - max(0, offset)


def test_best_match_knows_every_builtin_motif():
    turned = [motif.reverse_complement() for motif in motifs.builtin_motifs()]
    table = motifs.best_match(turned)
    assert table["correlation"].to_numpy() == pytest.approx(1)
    assert table["query"].tolist() == [motif.name for motif in turned]
    # The ENCODE and JASPAR forms of one matrix are as good as each other.
    same = {"CTCF_MA0139.1": "CTCF_known1", "ZNF143_MA0088.2": "ZNF143_known2"}
    assert [same.get(m, m) for m in table["motif"]] == [same.get(q, q) for q in table["query"]]
    # Weights, as a filter has them: scaled, shifted at each position, cut and noisy.
    rng = np.random.default_rng(0)
    weights = motifs.builtin("REST").probabilities[2:17] * 3 + rng.normal(0, 0.1, (15, 4)) - 1
    row = motifs.best_match(weights).iloc[0]
    assert (row["motif"], row["offset_bp"], row["strand"]) == ("REST", -2, "+")


def test_best_match_refuses_what_it_cannot_compare():
    for wrong, message in (
        ([np.zeros((3, 4))], "prefers no base"),
        ([np.ones((3, 5))], "shape"),
        ([np.full((3, 4), np.nan)], "not finite"),
    ):
        with pytest.raises(ValueError, match=message):
            motifs.best_match(wrong)
    with pytest.raises(ValueError, match="collection is empty"):
        motifs.best_match(random_motif(0, 3), [])


# --- files ---


def same(a, b, places=8):
    assert (a.name, a.accession, a.n_sites) == (b.name, b.accession, b.n_sites)
    assert a.probabilities == pytest.approx(b.probabilities, abs=2 * 10**-places)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_what_is_written_is_read_again(tmp_path, suffix):
    collection = [dataclasses.replace(m, url="") for m in motifs.builtin_motifs()]
    collection.append(Motif("bare", [[0.1, 0.2, 0.3, 0.4]] * 4, url="https://example.org/a=b"))
    meme, jaspar = tmp_path / f"m.meme{suffix}", tmp_path / f"m.jaspar{suffix}"
    motifs.write_meme(meme, collection, background=[0.3, 0.2, 0.2, 0.3])
    motifs.write_jaspar(jaspar, iter(collection))
    assert (meme.read_bytes()[:2] == b"\x1f\x8b") == (suffix == ".gz")
    for read in (motifs.read_meme(meme), motifs.read_jaspar(jaspar)):
        assert len(read) == 41
        for a, b in zip(read, collection):
            same(a, dataclasses.replace(b, n_sites=a.n_sites))
            assert a.n_sites == (b.n_sites and pytest.approx(b.n_sites))
    assert motifs.read_meme(meme)[-1].url == "https://example.org/a=b"
    motifs.write_meme(meme, collection[0])
    same(motifs.read_meme(meme)[0], collection[0])


def test_what_cannot_be_read_again_is_not_written(tmp_path):
    fine = Motif("fine", [[1, 0, 0, 0]])
    for write in (motifs.write_meme, motifs.write_jaspar):
        for wrong, error in (
            ([], ValueError),
            ([fine, dataclasses.replace(fine, name="two words")], ValueError),
            ([dataclasses.replace(fine, accession="two\nlines")], ValueError),
            ([fine, "CTCF"], TypeError),
        ):
            with pytest.raises(error, match="motifs"):
                write(tmp_path / "out", wrong)
    with pytest.raises(ValueError, match="motifs has"):
        motifs.write_meme(tmp_path / "out", dataclasses.replace(fine, url="a b"))
    assert not list(tmp_path.iterdir())


MEME = """MEME version 5.4.1 (Release date: x)

ALPHABET= ACGT

strands: + -

Background letter frequencies (from somewhere):
A 0.30 C 0.20
G 0.20 T 0.30

MOTIF MA0001.1 FIRST
log-odds matrix: alength= 4 w= 2 E= 0
  -40  -57  -72  77
  116 -353  59 -493

letter-probability matrix: alength= 4 w= 2 nsites= 20 E= 1.2e-3
0.1 0.2 0.3 0.4
1e0 0 .0 0.

URL https://example.org/1

MOTIF second
letter-probability matrix: nsites=0
0 0 0 1
0 0 1 0
0 1 0 0
URL none
"""
ALPHABET_BLOCK = """ALPHABET "DNA" DNA-LIKE # comment
A "Adenine" CC0000 ~ T "Thymine = yes" 008000
C "Cytosine" 0000CC ~ G "Guanine" FFB300
N "Any base" = ACGT
X = ACGT
R = AG
END ALPHABET"""


def write_text(folder, text, name="file"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        MEME,
        MEME.replace("\n", "\r\n"),
        MEME.replace("ALPHABET= ACGT", ALPHABET_BLOCK),
        MEME.replace("ALPHABET= ACGT\n", ""),
        MEME.replace("ALPHABET= ACGT", "ALPHABET = acgt"),
        "*****\n" + MEME.replace("5.4.1", "4"),
        MEME.replace("FIRST", "FIRST width = 2 sites = 20"),
        "\ufeff" + MEME.rstrip(),
        gzip.compress(MEME.encode()),
    ],
)
def test_meme_in_every_dress(tmp_path, text):
    first, second = motifs.read_meme(write_text(tmp_path, text))
    same(first, Motif("FIRST", [[0.1, 0.2, 0.3, 0.4], [1, 0, 0, 0]], 20, "MA0001.1"))
    same(second, Motif("second", [[0, 0, 0, 1], [0, 0, 1, 0], [0, 1, 0, 0]]))
    assert (first.url, second.url) == ("https://example.org/1", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (MEME, "", "no line 'MEME version'"),
        ("MEME version", "version", "no line 'MEME version'"),
        ("= ACGT", "= ACGU", "alphabet 'ACGU', expected 'ACGT'"),
        ("= ACGT", "= ACDEFGHIKLMNPQRSTVWY", "expected 'ACGT'"),
        ("ALPHABET= ACGT", ALPHABET_BLOCK.replace("END ALPHABET", ""), "within the ALPHABET"),
        ("1e0 0 .0 0.\n", "", "1 rows, expected w= 2"),
        ("1e0 0 .0 0.", "1 0 0", "line 18 has 3 numbers"),
        ("1e0 0 .0 0.", "1 0 0 0 0", "has 5 numbers"),
        ("1e0 0 .0 0.", "0.9 0 0 0", "'FIRST' sum to 0.9 at position 1"),
        ("1e0 0 .0 0.", "nan 0 0 0", "line 18 is no row of four numbers"),
        ("1e0 0 .0 0.", "1_0 0 0 0", "line 18 is no row of four numbers"),
        ("0 1 0 0\n", "\n\n0x1 0 0 0\n", "line 28 is no row of four numbers"),
        ("0 1 0 0\n", "\n\nremark\n", None),
        ("1e0 0 .0 0.", "1e999 0 0 0", "at least 0"),
        ("1e0 0 .0 0.", "-1 2 0 0", "at least 0"),
        ("1e0 0 .0 0.", "1 0 0 0\n1 0 0 0", "3 rows, expected w= 2"),
        ("alength= 4 w= 2 nsites", "alength= 20 w= 2 nsites", "alength= 20"),
        ("w= 2 nsites", "w= two nsites", "expected w= two"),
        ("nsites= 20", "nsites= -3", "n_sites"),
        ("MOTIF second\n", "", "without a MOTIF line"),
        ("MOTIF second", "MOTIF third\nMOTIF second", "no letter-probability matrix.*'third'"),
        ("MOTIF second", "MOTIF  ", "without a name"),
        ("letter-probability matrix: nsites=0", "other:", "for motif 'second'"),
        (MEME[MEME.index("MOTIF") :], "", "has no motif"),
        ("0 0 0 1\n", "", None),
    ],
)
def test_faults_of_meme_files_are_named(tmp_path, old, new, message):
    assert old in MEME
    path = write_text(tmp_path, MEME.replace(old, new, 1))
    if message is None:  # without w= a missing row cannot be told
        assert motifs.read_meme(path)[1].width_bp == 2
        return
    with pytest.raises(ValueError, match=message) as caught:
        motifs.read_meme(path)
    assert str(path) in str(caught.value)


BASES_ROWS = """>MA0004.1 Arnt
A  [ 4 19  0 ]
C  [16  0 20.0 ]
G  [ 0  1  0 ]
T  [ 0  0  0 ]
>MA0006.1\tAhr::Arnt
A [ 3 0 ]
C [8 0]
G [ 2 23 ]
T [ 11 1 ]
"""


@pytest.mark.parametrize(
    "text",
    [
        BASES_ROWS,
        "# comment\n\n" + BASES_ROWS.replace("\n", "\r\n\r\n"),
        BASES_ROWS.replace("[", "").replace("]", ""),
        BASES_ROWS.replace("A ", "a "),
        ">MA0004.1 Arnt\n4 19 0\n16 0 20\n0 1 0\n0 0 0\n>MA0006.1 Ahr::Arnt\n3 0\n8 0\n2 23\n11 1",
        ">MA0004.1 Arnt\n4 16 0 0\n19 0 1 0\n0 20 0 0\n>MA0006.1 Ahr::Arnt\n3 8 2 11\n0 0 23 1\n",
        ">MA0004.1 Arnt\nC 4 16 0 0\nA 19 0 1 0\nC 0 20 0 0\n"
        + ">MA0006.1 Ahr::Arnt\nT 3 8 2 11\nG 0 0 23 1\n",
        BASES_ROWS.replace("A  [ 4 19  0 ]\n", "").replace("0  0  0 ]\n", "0  0  0 ]\nA[4 19 0]\n"),
    ],
)
def test_jaspar_in_every_dress(tmp_path, text):
    for content in (text.encode(), gzip.compress(text.encode())):
        first, second = motifs.read_jaspar(write_text(tmp_path, content))
        assert (first.accession, first.name, first.n_sites) == ("MA0004.1", "Arnt", 20)
        same(first, Motif.from_counts("Arnt", [[4, 16, 0, 0], [19, 0, 1, 0], [0, 20, 0, 0]],
                                      accession="MA0004.1"))  # fmt: skip
        same(second, Motif.from_counts("Ahr::Arnt", [[3, 8, 2, 11], [0, 0, 23, 1]],
                                       accession="MA0006.1"))  # fmt: skip


SQUARE = ">square\n1 0 0 0\n1 0 0 0\n0 0 1 0\n1 0 2 3\n"


def test_a_square_of_numbers_is_never_guessed(tmp_path):
    with pytest.raises(ValueError, match="'bases' or 'positions'; say which"):
        motifs.read_jaspar(write_text(tmp_path, SQUARE))
    numbers = np.array([[1, 0, 0, 1], [1, 0, 0, 0], [0, 2, 1, 0], [1, 0, 2, 3]])
    text = ">square\n" + "\n".join(" ".join(map(str, row)) for row in numbers) + "\n"
    for rows, table in (("bases", numbers.T), ("positions", numbers)):
        (read,) = motifs.read_jaspar(write_text(tmp_path, text), rows=rows)
        same(read, Motif.from_counts("square", table))
    # The other tables of the file settle it.
    (read, _) = motifs.read_jaspar(write_text(tmp_path, text + ">long\n" + "1 2 3 4\n" * 5))
    same(read, Motif.from_counts("square", numbers))
    (read, _) = motifs.read_jaspar(write_text(tmp_path, text + ">long\n" + "1 2 3 4 5\n" * 4))
    same(read, Motif.from_counts("square", numbers.T))
    # With its letters a square is no riddle.
    lettered = "".join(f"{b} {' '.join(map(str, row))}\n" for b, row in zip("ACGT", numbers))
    (read,) = motifs.read_jaspar(write_text(tmp_path, ">square\n" + lettered))
    same(read, Motif.from_counts("square", numbers.T))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (BASES_ROWS, "", "has no motif"),
        (">MA0004.1 Arnt\n", "", "line 1 has text before"),
        ("T  [ 0  0  0 ]\n", "", "'MA0004.1' has 3 rows"),
        ("T [ 11 1 ]\n", "", "'MA0006.1' has 3 rows"),
        ("T [ 11 1 ]", "T [ 11 1", "line 10 is"),
        ("T [ 11 1 ]", "T [ 11 ]", r"4 rows of \[1, 2\] numbers"),
        ("T [ 11 1 ]", "T [ ]", "line 10 is"),
        ("T [ 11 1 ]", "T [ x 1 ]", "line 10 is"),
        ("T [ 11 1 ]", "A [ 11 1 ]", "expected four rows A, C, G, T"),
        ("T [ 11 1 ]", "T [ -11 1 ]", "at least 0"),
        ("T [ 11 1 ]", "T [ 1e999 1 ]", "at least 0"),
        (">MA0004.1 Arnt", ">", "line 1 has a header without a name"),
        ("A [ 3 0 ]", ">MA2\nA [ 3 0 ]", "'MA0006.1' has 0 rows"),
        ("[ 2 23 ]", "[ 2 0 ]", None),
    ],
)
def test_faults_of_jaspar_files_are_named(tmp_path, old, new, message):
    assert old in BASES_ROWS
    path = write_text(tmp_path, BASES_ROWS.replace(old, new, 1))
    if message is None:
        assert motifs.read_jaspar(path)[1].n_sites == 24
        return
    with pytest.raises(ValueError, match=message) as caught:
        motifs.read_jaspar(path)
    assert str(path) in str(caught.value)


def test_rows_must_fit(tmp_path):
    path = write_text(tmp_path, BASES_ROWS)
    with pytest.raises(ValueError, match="rows is 'positions', but those of"):
        motifs.read_jaspar(path, rows="positions")
    with pytest.raises(ValueError, match="rows is 'columns'"):
        motifs.read_jaspar(path, rows="columns")


@pytest.mark.parametrize("read", [motifs.read_meme, motifs.read_jaspar])
def test_motif_readers_check_their_path(tmp_path, read):
    with pytest.raises(FileNotFoundError, match="no such file"):
        read(tmp_path / "none")
    with pytest.raises(ValueError, match="a folder"):
        read(tmp_path)
    with pytest.raises(ValueError, match="not a text file"):
        read(write_text(tmp_path, "MEME version".encode("utf-16")))
    with pytest.raises(ValueError, match="ends too early"):
        read(write_text(tmp_path, gzip.compress(MEME.encode())[:-4]))
    with pytest.raises(TypeError, match="path is a"):
        read(None)


@pytest.mark.parametrize(
    ("read", "file", "n_motifs", "first", "width"),
    [
        (motifs.read_jaspar, "JASPAR2022_vertebrates.pfm", 838, "MA0004.1_MA0004.1.Arnt", 6),
        (motifs.read_jaspar, "JASPAR2022_fungi.pfm", 179, "MA0266.1_MA0266.1.ABF2", 7),
        (motifs.read_jaspar, "HOCOMOCOv10_HUMAN_mono_homer_format_0.001.motif.gz", 640,
         "AHR_HUMAN.H10MO.B", 9),
        (motifs.read_jaspar, "encode_motifs.txt.gz", 2067,
         "SIX5_GM12878_encode-Myers_seq_hsa_r1:MEME#1#Intergenic", 10),
        (motifs.read_meme, "macisaac_yeast.v1.meme", 124, "ABF1", 15),
        (motifs.read_meme, "test.meme", 12, "MEOX1_homeodomain_1", 10),
    ],
)  # fmt: skip
def test_real_collections_are_read(tmp_path, read, file, n_motifs, first, width):
    path = shared_data("motifs", file)
    collection = read(path)
    assert len(collection) == n_motifs
    assert (collection[0].name, collection[0].width_bp) == (first, width)
    motifs.write_meme(tmp_path / "copy.meme", collection)
    for a, b in zip(motifs.read_meme(tmp_path / "copy.meme"), collection):
        same(a, b, places=7)


def test_no_queries_make_an_empty_table_with_its_columns():
    table = motifs.best_match([])
    assert len(table) == 0
    assert list(table) == list(motifs.best_match(motifs.builtin("TAL1")))
