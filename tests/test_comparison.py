"""A network beside its baselines, from one's own files."""

import json

import numpy as np
import pandas as pd
import pytest

from dragonn_lite import cli, comparison, reports
from dragonn_lite.assays import examples, simulate
from dragonn_lite.dna import fasta
from dragonn_lite.dna import sequences as dna
from dragonn_lite.dna.genome import Genome, centred, read_intervals, write_bed
from dragonn_lite.evaluation import metrics
from dragonn_lite.networks import architectures

WIDTH = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The same examples as intervals of a genome and as sequences."""
    data = simulate.single_motif_detection(
        "CTCF", length=WIDTH, n_positive=300, n_negative=300, rng=0
    )
    folder = tmp_path_factory.mktemp("files")
    letters = dna.decode(data.sequences)
    names = [f"chr{1 + i // 100}" for i in range(600)]
    genome = {name: "" for name in dict.fromkeys(names)}
    rows = []
    for name, text in zip(names, letters, strict=True):
        rows.append((name, len(genome[name]), len(genome[name]) + WIDTH))
        genome[name] += text
    fasta.write_fasta(folder / "genome.fa", list(genome.items()))
    table = pd.DataFrame(rows, columns=["chromosome", "start", "stop"])
    for label, name in ((1, "bound"), (0, "unbound")):
        chosen = data.labels == label
        write_bed(folder / f"{name}.bed", table[chosen])
        records = [
            (f"{row.chromosome}:{row.start}-{row.stop}", text)
            for row, text in zip(table.itertuples(), letters, strict=True)
            if chosen[row.Index]
        ]
        fasta.write_fasta(folder / f"{name}.fa", records)
    return folder


def files(folder, kind):
    return folder / f"bound.{kind}", folder / f"unbound.{kind}"


def test_intervals_of_a_genome_are_the_sequences_they_name(folder):
    cut = examples.read(*files(folder, "bed"), genome=folder / "genome.fa")
    read = examples.read(*files(folder, "fa"))
    assert np.array_equal(cut.sequences, read.sequences)
    assert cut.names.tolist() == read.names.tolist()
    shorter = examples.read(*files(folder, "bed"), genome=folder / "genome.fa", length=20)
    assert np.array_equal(shorter.sequences, read.sequences[:, 20:40])


def test_both_kinds_of_files_give_one_table(folder):
    options = {"hold_out": ["chr1", "chr4"], "rng": 3}
    tables = [
        comparison.evaluate_files(*files(folder, "fa"), **options),
        comparison.evaluate_files(*files(folder, "bed"), genome=folder / "genome.fa", **options),
    ]
    pd.testing.assert_frame_equal(*tables)
    table = tables[0].set_index("scores")
    assert table.index.tolist() == ["k-mers", "CTCF_known1", "GC content"]
    assert (table["n_bound"] + table["n_unbound"] == 200).all()
    for name in ("auroc", "auprc", "recall_at_10_percent_fdr"):
        assert (table[f"{name}_low"] <= table[name]).all()
        assert (table[name] <= table[f"{name}_high"]).all()
    assert table["auroc"]["CTCF_known1"] > 0.95 > table["auroc"]["GC content"]


def test_a_network_is_judged_by_all_or_by_what_is_held_out(folder):
    model = architectures.one_filter(WIDTH, rng=0)
    all_of_them = comparison.evaluate_files(*files(folder, "fa"), model=model, rng=0)
    assert all_of_them["scores"].tolist() == ["network", "CTCF_known1", "GC content"]
    assert (all_of_them["n_bound"] == 300).all()
    some = comparison.evaluate_files(
        *files(folder, "fa"), model=model, hold_out=["chr2", "chr5"], rng=0
    )
    assert some["scores"].tolist() == ["network", "k-mers", "CTCF_known1", "GC content"]
    assert (some["n_bound"] + some["n_unbound"] == 200).all()


def test_all_scores_meet_the_same_resamples(folder):
    data = examples.read(*files(folder, "fa"))
    scores = np.random.default_rng(0).normal(data.labels)
    table = comparison.table(data, {"a": scores, "b": scores}, rng=0).set_index("scores")
    assert table.loc["a"].equals(table.loc["b"])
    expected = metrics.evaluate(data.labels, scores)
    assert table["auroc"]["a"] == expected["auroc"][0]


def test_whole_chromosomes_are_resampled(folder):
    data = examples.read(*files(folder, "fa"))
    row = np.array([int(name.split(":")[0][3:]) for name in data.names])
    scores = data.labels * np.where(row % 2, 1.0, -1.0)  # right on every other chromosome
    narrow, wide = (
        comparison.table(data, {"a": scores}, by_chromosome=by, rng=0).iloc[0]
        for by in (False, True)
    )
    assert wide["auroc_high"] - wide["auroc_low"] > 2 * (narrow["auroc_high"] - narrow["auroc_low"])
    unnamed = data._replace(names=np.arange(600).astype(str))
    with pytest.raises(ValueError, match="600 of 600 names give no chromosome"):
        comparison.table(unnamed, {"a": scores}, by_chromosome=True, rng=0)
    of_one = data._replace(names=np.array(["chr1:0-60"] * 600))
    with pytest.raises(ValueError, match="all 600 examples lie on chr1.*leave out by_chromosome"):
        comparison.table(of_one, {"a": scores}, by_chromosome=True, rng=0)


def test_the_lead_is_over_the_best_baseline_by_the_same_resamples(folder):
    data = examples.read(*files(folder, "fa"))
    noise = np.random.default_rng(0).normal(size=(3, 600))
    scores = {"GC content": data.labels + 3 * noise[0], "k-mers": data.labels + noise[1]}
    scores["network"] = scores["k-mers"] + data.labels + noise[2] / 10
    for by_chromosome in (False, True):
        options = {"prevalence": 0.1, "rng": 5}
        found = comparison.lead(data, scores, by_chromosome=by_chromosome, **options)
        assert found["scores"].tolist() == ["network less k-mers"]
        blocks = examples.chromosomes(data.names) if by_chromosome else None
        expected = metrics.difference(
            data.labels, scores["network"], scores["k-mers"], blocks=blocks, **options
        )
        pd.testing.assert_frame_equal(found.drop(columns="scores"), expected.drop(columns="task"))
        assert reports.leader(found).startswith("By auPRC the network is ahead of k-mers, the best")
    scores["network"] = scores["k-mers"] + 3 * noise[2]
    assert "is behind k-mers" in reports.leader(comparison.lead(data, scores, rng=5))
    scores["network"] = scores["k-mers"] + noise[2] / 100
    said = reports.leader(comparison.lead(data, scores, rng=5))
    assert "the network and k-mers, the best baseline, cannot be told apart: " in said
    # Ahead over the whole list, and behind where bound sequences are rare: the best of one
    # prevalence is not that of another.
    sure = np.where(data.labels, np.where(noise[1] > 0, 2, 0), noise[1] / 9)
    scores = {"network": noise[2], "steady": data.labels + 0.6 * noise[0], "sure": sure}
    for prevalence, best in ((None, "steady"), (0.001, "sure")):
        found = comparison.lead(data, scores, prevalence=prevalence, rng=5)
        assert found["scores"].tolist() == [f"network less {best}"]
    for some in ({"network": noise[0]}, {"k-mers": noise[0]}):
        with pytest.raises(ValueError, match="expected of a network and a baseline"):
            comparison.lead(data, some, rng=0)


def test_few_chromosomes_are_said(folder):
    data = examples.read(*files(folder, "fa"))
    assert (
        "6 chromosomes only and are too narrow: judge by 8 or more, better"
        in comparison.few_chromosomes(data)
    )
    for n, enough in ((7, False), (8, True)):
        names = np.array([f"chr{i % n}:0-60" for i in range(600)])
        assert (comparison.few_chromosomes(data._replace(names=names)) == "") == enough


def test_the_command_says_that_chromosomes_are_few(folder, capsys, tmp_path):
    positive, negative = files(folder, "fa")
    given = ["--positive", positive, "--negative", negative, "--hold-out", "chr1,chr2,chr4,chr5"]
    code, _, said = run(capsys, *given, "--by-chromosome", "--report", tmp_path / "report.html")
    assert code == 0
    assert "drawn from 4 chromosomes only and are too narrow" in said
    assert "drawn from 4 chromosomes only" in (tmp_path / "report.html").read_text()
    code, _, said = run(capsys, *given)
    assert code == 0 and "too narrow" not in said


def test_the_command_judges_at_a_stated_prevalence(folder, capsys, tmp_path):
    positive, negative = files(folder, "fa")
    report = tmp_path / "report.html"
    given = ["--positive", positive, "--negative", negative, "--hold-out", "chr1,chr4", "--json"]
    even = json.loads(run(capsys, *given)[1])["baselines"]["k-mers"]
    found = run(capsys, *given, "--prevalence", 0.01, "--report", report)
    rare = json.loads(found[1])["baselines"]["k-mers"]
    assert (rare["prevalence"], even["prevalence"]) == (0.01, 0.5)
    assert rare["auroc"] == pytest.approx(even["auroc"], abs=1e-12)
    assert rare["auprc"] < even["auprc"] and rare["auprc_high"] < even["auprc_high"]
    assert "the table counts as if 1.00% were bound, no curve does" in report.read_text()
    for wrong in ("1", "0", "1%", "nan"):
        code, _, said = run(capsys, *given, "--prevalence", wrong)
        assert (
            code == 2 and f"expected a share between 0 and 1, such as 0.01, got '{wrong}'" in said
        )


def run(capsys, *options):
    code = cli.main(["evaluate", *map(str, options)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_command_needs_no_network(folder, capsys, tmp_path):
    positive, negative = files(folder, "bed")
    given = ["--positive", positive, "--negative", negative, "--genome", folder / "genome.fa"]
    report = tmp_path / "report.html"
    chosen = ["--hold-out", "chr1,chr4", "--seed", 3, "--json", "--report", report]
    code, out, _ = run(capsys, *given, *chosen)
    found = json.loads(out)
    table = comparison.evaluate_files(
        positive, negative, genome=folder / "genome.fa", hold_out=["chr1", "chr4"], rng=3
    )
    assert code == 0
    assert list(found["baselines"]) == table["scores"].tolist()
    assert found["baselines"]["k-mers"]["auroc"] == table["auroc"][0]
    assert "How far do the baselines carry?" in report.read_text()
    code, out, said = run(capsys, *given)
    assert code == 0
    assert "in brackets: 95 % intervals" in out.lower()
    assert "a random fifth" in said


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"length": 5_000}, "bound.bed reach beyond their chromosome (the first as chr1:-"),
        ({"genome": "absent.fa"}, "absent.fa"),
        ({"genome": None}, "bound.bed"),
        ({"hold_out": "chr9"}, "no example lies on chr9"),
    ],
)
def test_what_the_command_refuses(folder, capsys, options, sentence):
    positive, negative = files(folder, "bed")
    given = {"positive": positive, "negative": negative, "genome": folder / "genome.fa"} | options
    words = [
        word
        for name, value in given.items()
        if value is not None
        for word in (f"--{name.replace('_', '-')}", value)
    ]
    code, _, said = run(capsys, *words)
    assert code == 2
    assert sentence in said.strip().splitlines()[-1]


def test_other_names_of_the_same_chromosomes_are_read(folder):
    letters = {record.name: record.sequence for record in fasta.read_fasta(folder / "genome.fa")}
    numerals = dict(zip(letters, ["I", "II", "III", "IV", "V", "VI"], strict=True))
    codes = {numerals[name]: dna.codes(dna.one_hot(text))[0] for name, text in letters.items()}
    renamed = examples.read(*files(folder, "bed"), genome=Genome(codes))
    plain = examples.read(*files(folder, "bed"), genome=folder / "genome.fa")
    assert np.array_equal(renamed.sequences, plain.sequences)
    assert set(examples.chromosomes(renamed.names)) == set(codes)
    with pytest.raises(ValueError, match="chr2"):
        examples.read(*files(folder, "bed"), genome=Genome({"I": codes["I"]}))


def test_peaks_of_one_base_need_a_length(folder, tmp_path, capsys):
    for name in ("bound", "unbound"):
        table = read_intervals(folder / f"{name}.bed")
        write_bed(tmp_path / f"{name}.bed", centred(table, 1))
    given = ["--positive", tmp_path / "bound.bed", "--negative", tmp_path / "unbound.bed"]
    given += ["--genome", folder / "genome.fa"]
    code, _, said = run(capsys, *given)
    assert code == 2
    assert "the intervals have 1 bp; say how many bp around them to read" in said
    assert "such as --length 200" in said
    assert run(capsys, *given, "--length", 20, "--hold-out", "chr1,chr2")[0] == 0
    code, _, said = run(capsys, *given, "--length", 20, "--hold-out", "chr1", "--by-chromosome")
    assert code == 2
    assert "--by-chromosome" in said
