"""What-if experiments and variants, against loops over strings and models whose answer is known."""

import gzip

import numpy as np
import pandas as pd
import pytest
from shared_data import shared_data

from dragonn_lite.assays import datasets
from dragonn_lite.dna import motifs, variants
from dragonn_lite.dna import sequences as dna
from dragonn_lite.dna.genome import Genome
from dragonn_lite.interpretation import changes, contributions, experiments
from dragonn_lite.networks import architectures

TURNED = {"A": "T", "C": "G", "G": "C", "T": "A", "N": "N"}


def turned(letters):
    return "".join(TURNED[letter] for letter in reversed(letters))


def words_model(seed):
    """A score of strings and the same as a model: words of three, each position its own weight."""
    weights = np.random.default_rng(seed).normal(size=(200, 5, 5, 5))

    def score(letters):
        numbers = ["ACGTN".index(letter) for letter in letters]
        return sum(weights[i, *numbers[i : i + 3]] for i in range(len(numbers) - 2))

    def model(x):
        return np.array([score(letters) for letters in dna.decode(x)])

    return score, model


def counting(word):
    """A model that counts a word, on the forward strand."""
    return lambda x: np.array([letters.count(word) for letters in dna.decode(x)], float)


def with_insert(letters, insert, start):
    return letters[:start] + insert + letters[start + len(insert) :]


BACKGROUNDS = dna.decode(dna.random_sequences(7, 30, rng=1))


# --- marginalize -----------------------------------------------------------------------------


@pytest.mark.parametrize("strand", ["+", "-", "both"])
@pytest.mark.parametrize("position", [None, 0, 24])
def test_marginalize_against_strings(strand, position):
    score, model = words_model(3)
    start = 12 if position is None else position
    found = experiments.marginalize(
        model, "GATTAC", dna.one_hot(BACKGROUNDS), position=position, strand=strand
    )
    for i, letters in enumerate(BACKGROUNDS):
        forward, reverse = (
            score(with_insert(letters, insert, start)) for insert in ("GATTAC", "GTAATC")
        )
        expected = {"+": forward, "-": reverse, "both": (forward + reverse) / 2}[strand]
        assert found.before[i] == pytest.approx(score(letters), abs=1e-4)
        assert found.after[i] == pytest.approx(expected, abs=1e-4)
    assert found.difference == pytest.approx(found.after - found.before)


def test_marginalize_puts_in_the_most_probable_bases_or_one_insert_a_background():
    motif = motifs.builtin("CTCF")
    best = "".join("ACGT"[row.argmax()] for row in motif.probabilities)
    model = counting(best)
    x = dna.random_sequences(4, 60, rng=0)
    assert experiments.marginalize(model, motif, x).difference.tolist() == [1] * 4
    each = dna.from_codes(motif.sample(4, rng=0))
    letters = dna.decode(each)
    seen = []
    experiments.marginalize(lambda x: seen.append(dna.decode(x)) or np.zeros(len(x)), each, x)
    start = (60 - motif.width_bp) // 2
    assert [row[start : start + motif.width_bp] for row in seen[-1]] == letters


def test_marginalize_explains_the_target_of_a_network():
    network = architectures.filter_pairs(60, n_tasks=2, rng=4)
    x = dna.random_sequences(3, 60, rng=5)
    found = experiments.marginalize(network, "GGG", x, position=5, target=1)
    x[:, 5:8] = [0, 0, 1, 0]
    assert found.after == pytest.approx(np.asarray(network(x.astype(np.float32)))[:, 1], abs=1e-5)


# --- ablate ----------------------------------------------------------------------------------

SITES = pd.DataFrame({"sequence": [2, 0, 0], "start": [0, 3, 6], "stop": [5, 8, 30]})


def test_ablating_by_unknown_bases_against_strings():
    score, model = words_model(4)
    found = experiments.ablate(model, dna.one_hot(BACKGROUNDS), SITES, fill="unknown", rng=0)
    whole = list(BACKGROUNDS)
    for i, (row, start, stop) in enumerate(SITES.itertuples(index=False)):
        letters = BACKGROUNDS[row]
        gone = with_insert(letters, "N" * (stop - start), start)
        whole[row] = with_insert(whole[row], "N" * (stop - start), start)
        assert found.each.before[i] == pytest.approx(score(letters), abs=1e-4)
        assert found.each.after[i] == pytest.approx(score(gone), abs=1e-4)
    assert found.together.before == pytest.approx([score(x) for x in BACKGROUNDS], abs=1e-4)
    assert found.together.after == pytest.approx([score(x) for x in whole], abs=1e-4)


def test_ablating_by_shuffles_changes_the_site_alone_and_keeps_every_base_known():
    seen = []
    x = dna.one_hot(BACKGROUNDS)
    experiments.ablate(lambda x: seen.append(x) or np.zeros(len(x)), x, SITES, n_fills=3, rng=0)
    whole, each = np.stack(seen[1::2]), np.stack(seen[2::2])  # (3 fills, n or n_sites, 30, 4)
    assert (whole.sum(axis=-1) == 1).all()
    site = contributions.inside(SITES, *x.shape[:2])
    assert (whole == x)[:, ~site].all()
    assert not (whole == x)[:, site].all()
    for i, (row, start, stop) in enumerate(SITES.itertuples(index=False)):
        kept = np.ones(30, bool)
        kept[start:stop] = False
        assert (each[:, i] == x[row])[:, kept].all()
        assert not (each[:, i] == x[row]).all()
    assert not np.array_equal(whole[0], whole[1])  # every fill is another one


def test_a_site_is_filled_from_a_shuffle_of_its_own_sequence():
    x = dna.one_hot(["AC" * 15, "GG" * 15, "TG" * 15])
    seen = []
    experiments.ablate(lambda x: seen.append(dna.decode(x)) or np.zeros(len(x)), x, SITES, rng=0)
    assert [set(letters) for letters in seen[-1]] == [set("GT"), set("AC"), set("AC")]


@pytest.mark.parametrize("seed", range(3))
def test_one_of_two_sites_that_stand_in_for_each_other_is_worth_nothing_alone(seed):
    word = "GATTACAG"
    x = dna.random_sequences(20, 80, rng=seed)
    for start in (10, 50):
        x[:, start : start + 8] = dna.one_hot(word)
    count = counting(word)
    sites = pd.DataFrame(
        {"sequence": np.repeat(range(20), 2), "start": [10, 50] * 20, "stop": [18, 58] * 20}
    )
    either = experiments.ablate(lambda x: count(x).clip(max=1), x, sites, rng=seed)
    total = experiments.ablate(count, x, sites, rng=seed)
    # A shuffle brings such a word back less than once in a thousand times.
    assert either.each.difference.mean() == pytest.approx(0, abs=0.01)
    assert either.together.difference.mean() == pytest.approx(-1, abs=0.01)
    assert total.each.difference.mean() == pytest.approx(-1, abs=0.01)
    assert total.together.difference.mean() == pytest.approx(-2, abs=0.02)


# --- spacing ---------------------------------------------------------------------------------


def test_spacing_against_strings():
    score, model = words_model(5)
    first, second = "GAT", "CCTA"
    found = experiments.spacing(
        model, first, second, dna.one_hot(BACKGROUNDS), distances=[0, 2, 7], strands=["++", "-+"]
    )
    assert len(found) == 2 * 2 * 3
    start = (30 - 3) // 2
    for row in found.itertuples():
        one = first if row.strands[0] == "+" else turned(first)
        after = row.order == "first upstream"
        place = start + 3 + row.distance_bp if after else start - row.distance_bp - 4
        parts = []
        for letters in BACKGROUNDS:
            alone = with_insert(letters, one, start)
            other = with_insert(letters, second, place)
            both = with_insert(alone, second, place)
            none, *rest = map(score, (letters, alone, other, both))
            parts.append([value - none for value in rest])
        means = np.mean(parts, axis=0)
        each = [both - one - two for one, two, both in parts]
        assert [row.first, row.second, row.both] == pytest.approx(means, abs=1e-4)
        assert row.interaction == pytest.approx(np.mean(each), abs=1e-4)
        assert row.standard_error == pytest.approx(np.std(each, ddof=1) / np.sqrt(7), abs=1e-4)


def test_spacing_finds_the_one_arrangement_that_a_model_reads():
    # The first motif upstream, on its strand, three bases before the turned second one.
    def model(x):
        found = [
            letters[i + 9 : i + 15] == turned("CATCAT")
            for letters in dna.decode(x)
            for i in [letters.find("GGTTGG")]
        ]
        return np.array(found, float)

    x = dna.random_sequences(5, 60, rng=0)
    table = experiments.spacing(model, "GGTTGG", "CATCAT", x, distances=range(6))
    best = table[table["interaction"] > 0.5]
    assert best[["order", "strands", "distance_bp"]].values.tolist() == [
        ["first upstream", "+-", 3]
    ]
    assert table["interaction"].drop(best.index).abs().max() == 0


# --- VCF -------------------------------------------------------------------------------------

VCF = """##fileformat=VCFv4.2
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
1\t1\t.\ta\tc,GT\t.\tPASS\t.
2\t10\trs2\tCAG\tC\t.\t.\t.\r
"""


@pytest.mark.parametrize("name", ["x.vcf", "x.vcf.gz"])
def test_vcf_lines_with_two_alleles_are_split_and_positions_begin_at_0(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(VCF.encode()) if name.endswith("gz") else VCF.encode())
    found = variants.read_vcf(path)
    assert found.values.tolist() == [
        ["1", 0, "A", "C", "."], ["1", 0, "A", "GT", "."], ["2", 9, "CAG", "C", "rs2"]
    ]  # fmt: skip


def test_vcf_alleles_without_bases_are_skipped_and_counted(tmp_path):
    path = tmp_path / "x.vcf"
    lines = [f"1\t5\t.\tG\t{allele}" for allele in ("A,*", "<DEL>", ".", "G]17:198982]")]
    path.write_text("\n".join(lines))
    with pytest.warns(UserWarning, match="4 alleles without their bases.*1 are kept"):
        assert len(variants.read_vcf(path)) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"position": np.inf}, "position'. is .*inf.* in row 0, expected a whole number"),
        ({"position": 1e30}, "position'. is .*1e.30.* in row 0"),
        ({"position": -1}, "position'. is .*-1.* in row 0"),
        ({"chromosome": None}, "chromosome'. is None in row 0, expected where the position counts"),
        ({"reference": None}, "reference'. is None in row 0, expected bases"),
        ({"alternate": "g"}, "alternate'. is 'g' in row 0, expected another allele"),
    ],
)
def test_what_is_no_variant_is_refused(change, message):
    row = {"chromosome": "I", "position": 4, "reference": "G", "alternate": "A"} | change
    with pytest.raises(ValueError, match=message):
        variants.as_variants(pd.DataFrame([row]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no variant with its bases"),
        ("1\t5\t.\tG\t<DEL>\n", "no variant with its bases"),
        ("#x\n1 5 . G A\n", "line 2 has 1 columns"),
        ("1\t0\t.\tG\tA\n", "line 1 has the position '0'"),
        ("1\tx\t.\tG\tA\n", "line 1 has the position 'x'"),
        ("1\t5\t.\tG\tA\n1\t5\t.\t-\tA\n", "line 2 has the reference allele '-'"),
        ("1\t5\t.\tG\tA,\n", "line 1 has the alternate allele ''"),
        ("1\t5\t.\tG\tQ\n", "line 1 has the alternate allele 'Q'"),
        ("\t5\t.\tG\tA\n", "line 1 has no chromosome"),
    ],
)
def test_what_is_no_vcf_is_refused_with_its_line(tmp_path, text, message):
    path = tmp_path / "x.vcf"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        variants.read_vcf(path)


# --- variant effects -------------------------------------------------------------------------


def window_by_strings(chromosome, position, reference, allele, length):
    """Pad far on both sides, exchange the allele, cut from half a window before it."""
    far = "N" * 100
    changed = far + chromosome[:position] + allele + chromosome[position + len(reference) :] + far
    start = 100 + position - length // 2
    return changed[start : start + length]


@pytest.mark.parametrize("length", [10, 11])
def test_variant_effects_against_strings(length):
    rng = np.random.default_rng(2)
    letters = {name: dna.decode(dna.random_sequences(1, 40, rng=rng))[0] for name in "ab"}
    genome = Genome({name: dna.codes(dna.one_hot(text))[0] for name, text in letters.items()})
    score, model = words_model(6)
    rows = []
    for i in range(60):
        name, position, width = "ab"[i % 2], int(rng.integers(38)), int(rng.integers(3))
        reference = letters[name][position : position + width]
        alternate = "".join(rng.choice(list("ACGT"), size=rng.integers(4)))
        if reference != alternate:
            rows.append((name, position, reference, alternate or "-"))
    rows += [("a", 0, letters["a"][0], "-"), ("b", 39, letters["b"][39], "-"), ("b", 40, "", "AC")]
    table = pd.DataFrame(rows, columns=["chromosome", "position", "reference", "alternate"])
    found = experiments.variant_effect(model, genome, table, length=length)
    for i, (name, position, reference, alternate) in enumerate(rows):
        before, after = (
            score(window_by_strings(letters[name], position, reference, allele, length))
            for allele in (reference, alternate.replace("-", ""))
        )
        assert found.before[i] == pytest.approx(before, abs=1e-4), rows[i]
        assert found.after[i] == pytest.approx(after, abs=1e-4), rows[i]


def test_single_bases_of_sequences_are_what_mutagenesis_says(monkeypatch):
    score, model = words_model(7)
    x = dna.one_hot(BACKGROUNDS)
    rows = [
        (i, p, letters[p], base)
        for i, letters in enumerate(BACKGROUNDS)
        for p in range(30)
        for base in "ACGT"
        if base != letters[p]
    ]
    table = pd.DataFrame(rows, columns=["sequence", "position", "reference", "alternate"])
    monkeypatch.setattr(changes, "_BASES_AT_ONCE", 1000)  # many batches
    found = experiments.variant_effect(model, x, table)
    for i in range(0, len(rows), 37):
        row, position, _, base = rows[i]
        changed = with_insert(BACKGROUNDS[row], base, position)
        expected = score(changed) - score(BACKGROUNDS[row])
        assert found.difference[i] == pytest.approx(expected, abs=1e-4)


GENOME = Genome({"chr1": dna.codes(dna.one_hot("ACGTACGTAC"))[0]})


def variant(chromosome="chr1", position=1, reference="C", alternate="G"):
    return pd.DataFrame(
        {"chromosome": [chromosome], "position": [position], "reference": [reference],
         "alternate": [alternate]}
    )  # fmt: skip


def effect(table, genome=GENOME, length=4, model=None):
    return experiments.variant_effect(model or FLAT, genome, table, length=length)


X = dna.one_hot(BACKGROUNDS)
FLAT = counting("A")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: effect(variant(reference="G", alternate="A")), "1 of 1 variants is not what"),
        (lambda: effect(variant(position=10, reference="A")), "nothing and not A"),
        (lambda: effect(variant("1")), "see genome.rename_chromosomes"),
        (lambda: effect(variant(alternate="CAAAA")), "beyond the window of 4 bp"),
        (lambda: effect(variant(alternate="C")), "another allele than the reference"),
        (lambda: effect(variant(alternate="X")), "variants\\['alternate'\\] is 'X' in row 0"),
        (lambda: effect(variant(position=1.5)), "whole number of at least 0"),
        (lambda: effect(variant(position=-1)), "whole number of at least 0"),
        (lambda: effect(variant().drop(columns="reference")), "no column 'reference'"),
        (lambda: effect(variant().iloc[:0]), "variants is empty"),
        (lambda: effect("x.vcf"), "variants is a str"),
        (lambda: effect(variant(), length=None), "length is not given"),
        (lambda: effect(variant(), length=0), "length is 0"),
        (lambda: effect(variant(), genome=X, length=None), "no column 'sequence'"),
        (lambda: effect(variant().assign(sequence=7), genome=X, length=None), "sequence 7, and"),
        (lambda: effect(variant().assign(sequence=0), genome=X), "leave it out"),
        (lambda: experiments.marginalize(FLAT, "A" * 31, X), "beyond backgrounds of 30 bp"),
        (lambda: experiments.marginalize(FLAT, "AA", X, position=29), "from 29 to 31"),
        (lambda: experiments.marginalize(FLAT, "AA", X, position=-1), "position is -1"),
        (lambda: experiments.marginalize(FLAT, X[:2], X), "motif has 2 inserts"),
        (lambda: experiments.marginalize(FLAT, "A", X, strand="."), "strand is '.'"),
        (lambda: experiments.marginalize(FLAT, "A", X, target=1), "target is 1, but"),
        (lambda: experiments.marginalize(FLAT, "A", X[0]), "pass sequences"),
        (lambda: experiments.ablate(FLAT, X, SITES, fill="gap", rng=0), "fill is 'gap'"),
        (lambda: experiments.ablate(FLAT, X, SITES, n_fills=0, rng=0), "n_fills is 0"),
        (lambda: experiments.ablate(FLAT, X, SITES[:0], rng=0), "sites is empty"),
        (lambda: experiments.ablate(FLAT, X[:2], SITES, rng=0), "outside of 2 sequences"),
        (lambda: experiments.ablate(FLAT, X, SITES.drop(columns="stop"), rng=0), "column 'stop'"),
        (lambda: experiments.spacing(FLAT, "A", "C", X, distances=[]), "expected at least one"),
        (lambda: experiments.spacing(FLAT, "A", "C", X, distances=[-1]), "distances is -1"),
        (lambda: experiments.spacing(FLAT, "A", "C", X, distances=0.5), "distances is 0.5"),
        (lambda: experiments.spacing(FLAT, "A", "C", X, distances=[20]), "beyond backgrounds"),
        (lambda: experiments.spacing(FLAT, "A", "C", X[:1], distances=[2]), "two or more"),
        (
            lambda: experiments.spacing(FLAT, "A", "C", X, distances=[2], strands=["+"]),
            "strands from",
        ),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, message):
    with pytest.raises((ValueError, TypeError), match=message) as error:
        call()
    assert "\n" not in str(error.value)


# --- real mutations --------------------------------------------------------------------------


def test_the_two_mutations_of_the_tert_promoter_make_a_gabpa_site():
    shared_data("satmut_mpra", "elements.tsv.gz")
    path = datasets.load("satmut_mpra")["elements.tsv.gz"]
    table = pd.read_csv(path, sep="\t", dtype={"Chrom": str})
    table = table[(table["Element"] == "TERT-HEK") & (table["Release"] == "GRCh38")]
    table = table.astype({"Pos": int}).rename(
        columns={"Chrom": "chromosome", "Ref": "reference", "Alt": "alternate"}
    )
    table = table.assign(position=table["Pos"] - 1).reset_index(drop=True)
    numbered = np.full(table["Pos"].max(), 4, np.uint8)  # all that was not mutated is unknown
    numbered[table["position"]] = table["reference"].map("ACGT".index)
    gabpa = motifs.builtin("GABPA")

    def occupancy(x):  # all places together, in bits
        return np.logaddexp2.reduce(motifs.scan(x, gabpa).reshape(len(x), -1), axis=1)

    found = experiments.variant_effect(occupancy, Genome({"5": numbered}), table, length=31)
    assert len(table) == 975 and (table["alternate"] == "-").sum() > 190  # deletions of one base
    effects = pd.Series(found.difference, table["position"].astype(str) + table["alternate"])
    # C228T and C250T; both read G to A on the forward strand, and make the site CCGGAAG.
    rank = effects[table["alternate"].to_numpy() != "-"].rank(ascending=False)
    assert (effects[["1295112A", "1295134A"]] > 1).all()
    assert rank[["1295112A", "1295134A"]].max() <= 8
