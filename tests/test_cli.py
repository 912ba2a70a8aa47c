"""The commands in a terminal: from FASTA files to a model, its scores and its reasons."""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from shared_data import shared_data

from dragonn_lite import _inputs, cli, interpretation
from dragonn_lite.assays import examples, simulate
from dragonn_lite.dna import fasta, motifs
from dragonn_lite.dna import sequences as dna
from dragonn_lite.evaluation import metrics
from dragonn_lite.interpretation import contributions, perturbation
from dragonn_lite.networks import folders, prediction

ROOT = Path(__file__).parent.parent
LENGTH, N = 60, 300


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Simulated FASTA files of 300 bound and 300 unbound sequences, placed on chr1 to chr5."""
    folder = tmp_path_factory.mktemp("files")
    data = simulate.single_motif_detection(
        "CTCF", length=LENGTH, n_positive=N, n_negative=N, gc_fraction=0.5, rng=3
    )
    for name, label in (("bound", 1), ("unbound", 0)):
        letters = dna.decode(data.sequences[data.labels == label])
        records = [
            (f"chr{i % 5 + 1}:{1000 * i}-{1000 * i + LENGTH}_{name}", s)
            for i, s in enumerate(letters)
        ]
        fasta.write_fasta(folder / f"{name}.fa", records)
    return folder


def labelled(files):
    return ["--positive", str(files / "bound.fa"), "--negative", str(files / "unbound.fa")]


def train(files, out, *more, epochs=3):
    options = ["--architecture", "filter_bank", "--epochs", str(epochs), "--out", str(out), *more]
    return cli.main(["train", *labelled(files), *options])


@pytest.fixture(scope="module")
def trained(files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    report = folder / "report.html"
    options = ("--hold-out", "chr1, chr3", "--report", str(report))
    assert train(files, folder / "model", *options, epochs=12) == 0
    return folder / "model"


# --- what goes well ----------------------------------------------------------------------------


def test_train_leaves_a_model_with_a_complete_card(trained, files):
    names = {path.name for path in trained.iterdir()}
    assert names == {"model.keras", "card.json", "history.tsv", "held_out.tsv"}
    card = json.loads((trained / "card.json").read_text())
    assert (card["architecture"], card["seed"], card["length_bp"]) == ("filter_bank", 1, LENGTH)
    assert card["versions"]["keras"] == keras.__version__
    assert {"tensorflow", "numpy", "python", "dragonn_lite"} <= set(card["versions"])
    for name in ("model.keras", "history.tsv", "held_out.tsv"):
        assert card["files"][name] == folders.checksum(trained / name)
    assert card["data"]["positive"]["sha256"] == folders.checksum(files / "bound.fa")
    split = card["split"]
    parts = [split[part] for part in ("n_training", "n_validation", "n_held_out")]
    assert sum(parts) == 2 * N and parts[2] == 2 * N * 2 // 5
    held_out = pd.read_csv(trained / "held_out.tsv", sep="\t")
    assert set(examples.chromosomes(held_out["name"])) == {"chr1", "chr3"}
    assert metrics.auroc(held_out["label"], held_out["logit"]) == card["metrics"]["auroc"] > 0.9
    assert card["lead"]["scores"].startswith("network less ")
    history = pd.read_csv(trained / "history.tsv", sep="\t")
    assert list(history) == ["epoch", "split", "metric", "value"]


def test_the_report_of_train_is_one_file_that_says_how_good(trained):
    text = (trained.parent / "report.html").read_text(encoding="utf-8")
    assert text.count("<svg") == 5
    for words in ("The sequences", "Training", "Is it better", "GC content", "CTCF", "chr1, chr3"):
        assert words in text
    assert "http" not in text.replace("http://www.w3.org/", "")  # nothing is fetched to read it


def test_evaluate_agrees_with_the_metrics(trained, files, capsys, tmp_path):
    report = tmp_path / "new" / "report.html"
    command = ["evaluate", "--model", str(trained), *labelled(files)]
    assert cli.main([*command, "--json", "--report", str(report)]) == 0
    found = json.loads(capsys.readouterr().out)
    data = examples.read(files / "bound.fa", files / "unbound.fa")
    scores = prediction.predict(folders.load(trained).model, data.sequences)
    assert found["auroc"] == metrics.auroc(data.labels, scores)
    assert (found["n_bound"], found["n_unbound"]) == (N, N)
    assert report.read_text().count("<svg") == 4
    assert found["auroc_low"] < found["auroc"] <= found["auroc_high"]
    assert set(found["baselines"]) > {"GC content"}
    best = max(found["baselines"], key=lambda name: found["baselines"][name]["auprc"])
    lead = found["lead"]
    assert lead["scores"] == f"network less {best}"
    assert lead["auprc"] == pytest.approx(found["auprc"] - found["baselines"][best]["auprc"])
    assert lead["auprc_low"] <= lead["auprc"] <= lead["auprc_high"]
    assert lead["scores"] in report.read_text()
    assert cli.main(command) == 0
    printed = capsys.readouterr().out
    assert re.search(rf"network +{found['auroc']:.3f} \[{found['auroc_low']:.3f} to", printed)
    assert f"{lead['scores']} " in printed and "the best baseline" in printed.splitlines()[-1]


def test_predict_scores_in_the_order_of_the_file(trained, files, tmp_path, monkeypatch):
    monkeypatch.setattr(_inputs, "_AT_ONCE", 70)  # so that there are several blocks
    out = tmp_path / "deep" / "scores.tsv"
    command = ["predict", "--model", str(trained), "--out", str(out)]
    assert cli.main([*command, "--sequences", str(files / "bound.fa")]) == 0
    table = pd.read_csv(out, sep="\t")
    records = fasta.read_fasta(files / "bound.fa")
    assert table["name"].tolist() == [record.name for record in records]
    x = dna.one_hot([record.sequence for record in records])
    expected = prediction.predict(folders.load(trained).model, x)
    assert table["logit"].to_numpy() == pytest.approx(expected, abs=1e-5)
    assert table["probability"].to_numpy() == pytest.approx(1 / (1 + np.exp(-expected)), abs=1e-6)
    assert [path.name for path in out.parent.iterdir()] == ["scores.tsv"]


@pytest.mark.parametrize("form", ["gzip", "crlf", "lower case", "wrapped"])
def test_the_form_of_a_file_changes_nothing(form, trained, files, tmp_path):
    text = (files / "bound.fa").read_bytes()
    changed = {
        "gzip": lambda: gzip.compress(text),
        "crlf": lambda: text.replace(b"\n", b"\r\n"),
        "lower case": lambda: b"".join(
            line if line.startswith(b">") else line.lower() for line in text.splitlines(True)
        ),
        "wrapped": lambda: b"".join(
            line if line.startswith(b">") else line[:17] + b"\n" + line[17:]
            for line in text.splitlines(True)
        ),
    }[form]()
    (tmp_path / "x.fa").write_bytes(changed)
    outs = []
    for path in (files / "bound.fa", tmp_path / "x.fa"):
        outs.append(tmp_path / f"{path.stem}.tsv")
        options = ["--model", str(trained), "--sequences", str(path), "--out", str(outs[-1])]
        assert cli.main(["predict", *options]) == 0
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_runs_of_n_are_counted_and_scored(trained, tmp_path, capsys):
    rng = np.random.default_rng(0)
    bound, unbound = (dna.decode(dna.random_sequences(20, LENGTH, rng=rng)) for _ in range(2))
    bound = [s[:20] + "N" * 30 + s[50:] for s in bound]
    write(tmp_path / "bound.fa", bound), write(tmp_path / "unbound.fa", unbound)
    assert cli.main(["evaluate", "--model", str(trained), *labelled(tmp_path)]) == 0
    assert "25.00% of the bases unknown" in capsys.readouterr().err
    half = bound[0][:20] + "N" * 30 + bound[0][:10]
    write(tmp_path / "half_n.fa", [half, half])
    options = ["--sequences", str(tmp_path / "half_n.fa"), "--out", str(tmp_path / "n.tsv")]
    assert cli.main(["predict", "--model", str(trained), *options]) == 0
    assert "50.00% of the bases in" in capsys.readouterr().err
    assert np.isfinite(pd.read_csv(tmp_path / "n.tsv", sep="\t")["logit"]).all()


def test_interpret_explains_the_highest_scores_and_finds_the_planted_motif(
    trained, files, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(_inputs, "_AT_ONCE", 100)
    out, report = tmp_path / "reasons", tmp_path / "reasons.html"
    options = ["--sequences", str(files / "bound.fa"), "--out", str(out), "--most", "30"]
    assert cli.main(["interpret", "--model", str(trained), *options, "--report", str(report)]) == 0
    assert "explaining the 30 highest-scoring of 300 sequences" in capsys.readouterr().err
    names = {path.name for path in out.iterdir()}
    text = (out / "README.txt").read_text()
    assert all(name in text for name in names - {"README.txt"}) and len(names) == 5

    found = np.load(out / "contributions.npz")
    model = folders.load(trained).model
    records = fasta.read_fasta(files / "bound.fa")
    scores = prediction.predict(model, dna.one_hot([record.sequence for record in records]))
    best = np.argsort(-scores, kind="stable")[:30]
    assert found["names"].tolist() == [records[i].name for i in best]
    assert dna.decode(found["sequences"]) == [records[i].sequence for i in best]
    assert found["scores"] == pytest.approx(scores[best], abs=1e-4)
    expected = perturbation.in_silico_mutagenesis(model, found["sequences"][:2])
    assert found["hypothetical"][:2] == pytest.approx(expected.hypothetical, abs=1e-5)
    assert np.array_equal(
        found["contributions"], contributions.project(found["hypothetical"], found["sequences"])
    )
    table = pd.read_csv(out / "contributions.tsv.gz", sep="\t")
    assert len(table) == 30 * LENGTH
    assert "".join(table["base"][:LENGTH]) == records[best[0]].sequence
    assert table["contribution"].to_numpy() == pytest.approx(
        found["contributions"].ravel(), rel=1e-3, abs=1e-6
    )
    matches = pd.read_csv(out / "filters.tsv", sep="\t")
    assert matches["correlation"].is_monotonic_decreasing
    assert matches["motif"][0].startswith("CTCF") and matches["correlation"][0] > 0.7
    assert {m.name for m in motifs.read_meme(out / "filters.meme")} == set(matches["query"])
    page = report.read_text()
    assert page.count("<svg") == 6 and "best site of the known motif CTCF" in page


@pytest.mark.parametrize("method", ["deeplift", "occlusion", "saliency"])
def test_interpret_explains_by_the_method_that_it_is_told(method, trained, files, tmp_path, capsys):
    out, report = tmp_path / "reasons", tmp_path / "reasons.html"
    options = ["--sequences", str(files / "bound.fa"), "--out", str(out), "--most", "12"]
    options += ["--method", method, "--report", str(report)]
    assert cli.main(["interpret", "--model", str(trained), *options]) == 0
    found, model = np.load(out / "contributions.npz"), folders.load(trained).model
    first = interpretation.explain(model, found["sequences"][:10], method=method)
    assert found["contributions"].shape == (12, LENGTH)
    assert found["contributions"][:10] == pytest.approx(first.contributions, abs=1e-5)
    assert ("hypothetical" in found) == (first.hypothetical is not None)
    text = (out / "README.txt").read_text()
    assert ("hypothetical" in text) == ("hypothetical" in found) and f"by {method}: " in text
    # Both, and the terminal, say how nearly they add up, where they should.
    for words in (text, report.read_text(), capsys.readouterr().err):
        assert ("the completeness error" in words) == (method == "deeplift")
    page = report.read_text()
    assert f"contributions to the logit by {method}<" in page and "mutagenesis" not in page
    assert ("hang down" in page) == (method != "saliency")
    with pytest.raises(SystemExit) as done:
        cli.main(["interpret", "--help"])
    assert not done.value.code
    said = capsys.readouterr().out
    assert all(name in said for name in interpretation.methods()["method"])
    assert cli.main(["interpret", "--model", str(trained), *options, "--method", "tea"]) == 2
    assert "invalid choice: 'tea', choose from in_silico" in capsys.readouterr().err
    assert cli.main(["interpret", "--model", str(trained), *options, "--method", "DeepLIFT"]) == 2
    assert "invalid choice: 'DeepLIFT', did you mean 'deeplift'?" in capsys.readouterr().err


def test_interpret_says_which_network_a_method_needs(trained, files, tmp_path, capsys):
    options = ["--model", str(trained), "--sequences", str(files / "bound.fa")]
    options += ["--out", str(tmp_path / "out"), "--method", "lstm_decomposition"]
    assert cli.main(["interpret", *options]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("dragonn_lite interpret: model ") and "no recurrent layer" in said


def test_interpret_explains_all_where_most_is_0(trained, files, tmp_path):
    records = fasta.read_fasta(files / "bound.fa")[:7]
    fasta.write_fasta(tmp_path / "x.fa", records)
    options = ["--sequences", str(tmp_path / "x.fa"), "--out", str(tmp_path), "--most", "0"]
    assert cli.main(["interpret", "--model", str(trained), *options]) == 0
    found = np.load(tmp_path / "contributions.npz")
    assert sorted(found["names"]) == sorted(record.name for record in records)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_scores_and_another_seed_others(files, tmp_path):
    for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        assert train(files, tmp_path / name, "--seed", seed) == 0
    a, b, c = (pd.read_csv(tmp_path / name / "held_out.tsv", sep="\t") for name in "abc")
    pd.testing.assert_frame_equal(a, b)
    assert set(a["name"]) != set(c["name"])


def validation_files(folder, n=20, chromosome="chr9"):
    for seed, name in enumerate(("bound", "unbound"), start=50):
        letters = random_letters(n, seed=seed)
        records = [(f"{chromosome}:{100 * i}-{100 * i + LENGTH}", s) for i, s in enumerate(letters)]
        fasta.write_fasta(folder / f"valid_{name}.fa", records)
    return {f"--valid-{p}": str(folder / f"valid_{n}.fa") for p, n in SIDES}


SIDES = (("positive", "bound"), ("negative", "unbound"))


def flat(options):
    return [word for pair in options.items() for word in pair]


def test_validation_files_are_used_as_they_are(files, tmp_path, capsys):
    given = flat(validation_files(tmp_path))
    assert train(files, tmp_path / "model", *given, epochs=1) == 0
    assert "480 sequences to train on, 40 to stop by, 120 held out" in capsys.readouterr().err


def test_the_card_tells_the_files_as_they_were_read(files, tmp_path, monkeypatch):
    from dragonn_lite.networks import training

    for name in ("bound.fa", "unbound.fa"):
        shutil.copy(files / name, tmp_path)
    expected = folders.checksum(files / "bound.fa")
    fit = training.fit

    def fit_and_lose(*given, **options):
        (tmp_path / "bound.fa").unlink()
        (tmp_path / "unbound.fa").write_text("other")
        return fit(*given, **options)

    monkeypatch.setattr(training, "fit", fit_and_lose)
    assert train(tmp_path, tmp_path / "model", epochs=1) == 0
    sources = json.loads((tmp_path / "model" / "card.json").read_text())["data"]
    assert sources["positive"]["sha256"] == expected
    assert sources["negative"]["sha256"] == folders.checksum(files / "unbound.fa")


def test_evaluate_says_when_it_judges_by_what_was_learned(trained, files, tmp_path, capsys):
    command = ["evaluate", "--model", str(trained), "--json"]
    assert cli.main([*command, *labelled(files)]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["trained_on"] is True
    assert "was trained on sequences of these very files" in captured.err
    write(tmp_path / "bound.fa", random_letters(12))
    write(tmp_path / "unbound.fa", random_letters(12, seed=1))
    assert cli.main([*command, *labelled(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["trained_on"] is False
    assert "these very files" not in captured.err


def test_interpret_goes_on_where_the_filters_say_nothing(trained, tmp_path, capsys):
    (tmp_path / "x.fa").write_text(">a\n" + "A" * LENGTH + "\n")
    out, report = tmp_path / "reasons", tmp_path / "reasons.html"
    options = ["--sequences", str(tmp_path / "x.fa"), "--out", str(out), "--report", str(report)]
    assert cli.main(["interpret", "--model", str(trained), *options]) == 0
    said = capsys.readouterr().err
    assert "without motifs of the filters: no filter tells one place" in said
    names = {path.name for path in out.iterdir()}
    assert names == {"contributions.npz", "contributions.tsv.gz", "README.txt"}
    assert "filters" not in (out / "README.txt").read_text()
    assert "No filter tells one place" in report.read_text()


@pytest.mark.parametrize("kind", ["dense", "dilated"])
def test_interpret_explains_networks_without_such_filters(kind, files, tmp_path, capsys):
    inputs = keras.Input((LENGTH, 4))
    dilated = keras.layers.Conv1D(2, 5, dilation_rate=2)
    inner = dilated(inputs) if kind == "dilated" else inputs
    outputs = keras.layers.Dense(1)(keras.layers.Flatten()(inner))
    folders.save(tmp_path / "model", keras.Model(inputs, outputs), {})
    options = ["--sequences", str(files / "bound.fa"), "--out", str(tmp_path / "out")]
    command = ["interpret", "--model", str(tmp_path / "model"), *options, "--most", "2"]
    assert cli.main(command) == 0
    assert "without motifs of the filters: " in capsys.readouterr().err
    assert len(np.load(tmp_path / "out" / "contributions.npz")["names"]) == 2


def small_network(length=LENGTH, n_tasks=1, activation=None):
    inputs = keras.Input((length, 4))
    inner = keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(2, 5)(inputs))
    if activation == "layer":
        return keras.Model(inputs, keras.layers.Softmax()(keras.layers.Dense(2)(inner)))
    return keras.Model(inputs, keras.layers.Dense(n_tasks, activation=activation)(inner))


def test_networks_of_other_shapes_are_kept_but_not_for_the_commands(files, tmp_path, capsys):
    for name, model, says in (
        ("two", small_network(n_tasks=2), "reads 60 bp and gives 2 logits"),
        ("any", small_network(length=None), "reads any bp and gives 1 logits"),
    ):
        folders.save(tmp_path / name, model, {})
        assert folders.load(tmp_path / name).model.output_shape == model.output_shape
        options = ["--sequences", str(files / "bound.fa"), "--out", str(tmp_path / "x.tsv")]
        refused(["predict", "--model", str(tmp_path / name), *options], says, capsys)


@pytest.mark.parametrize("activation", ["sigmoid", "softmax", "layer"])
def test_networks_that_give_no_logits_are_neither_kept_nor_loaded(activation, tmp_path):
    model = small_network(n_tasks=2, activation=activation)
    with pytest.raises(ValueError, match="model ends in s.*max|sigmoid, expected logits"):
        folders.save(tmp_path / "kept", model, {})
    assert not (tmp_path / "kept").exists()
    save_model(model, tmp_path / "model.keras")
    with pytest.raises(ValueError, match="model.keras ends in .*, expected logits"):
        folders.load(tmp_path)


def test_a_folder_that_cannot_be_replaced_stays_as_it_was(tmp_path, monkeypatch):
    folders.save(tmp_path, small_network(), {"seed": 1})
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(TypeError, match="card cannot be written as JSON"):
        folders.save(tmp_path, small_network(), {"seed": np.arange(3)})
    monkeypatch.setattr(os, "replace", lambda *paths: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        folders.save(tmp_path, small_network(), {"seed": 2})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_length_crops_for_training_and_fit_length_for_the_rest(files, tmp_path):
    assert train(files, tmp_path / "model", "--length", "50", epochs=1) == 0
    given = ["--model", str(tmp_path / "model"), "--fit-length"]
    assert folders.load(tmp_path / "model").model.input_shape == (None, 50, 4)
    assert cli.main(["evaluate", *given, *labelled(files)]) == 0
    options = ["--sequences", str(files / "bound.fa"), "--out", str(tmp_path / "x.tsv")]
    assert cli.main(["predict", *given, *options]) == 0


@pytest.mark.parametrize("command", ["train", "evaluate", "predict", "interpret"])
def test_each_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main([command, "--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    assert f"usage: dragonn_lite {command}" in said and "FASTA" in said


def test_the_architectures_are_those_that_there_are():
    from dragonn_lite import _options
    from dragonn_lite.networks import architectures

    assert set(_options.ARCHITECTURES) == set(architectures.BUILDERS)


# --- what goes wrong: exit code 2 and one sentence ---------------------------------------------


def write(path, sequences):
    fasta.write_fasta(path, [(f"s{i}", s) for i, s in enumerate(sequences)])


def random_letters(n, length=LENGTH, seed=0):
    return dna.decode(dna.random_sequences(n, length, rng=seed))


BAD_FILES = {
    "missing": (None, "no_such.fa"),
    "empty": (b"", "is empty"),
    "a protein": (b">p\nMKLVPE\n", "has 'L' in a sequence, expected A, C, G"),
    "RNA": (b">r\n" + b"ACGU" * 15 + b"\n", "has 'U' in a sequence"),
    "no FASTA": (b"name,sequence\n", "text before the first header"),
    "half a gzip": (gzip.compress(b">a\nACGT\n" * 1000)[:40], "ends too early; copy it again"),
    "binary": (bytes(range(256)), "no_such.fa"),
    "unequal lengths": (b">a\nACGT\n>b\nACG\n", "--length 3"),
}


@pytest.mark.parametrize("fault", BAD_FILES)
def test_a_bad_file_is_refused_in_one_sentence(fault, files, tmp_path, capsys):
    content, says = BAD_FILES[fault]
    path = tmp_path / "no_such.fa"
    if content is not None:
        path.write_bytes(content)
    options = ["--positive", str(files / "bound.fa"), "--negative", str(path)]
    refused(["train", *options, "--out", str(tmp_path / "model")], says, capsys)
    assert not (tmp_path / "model").exists()


def refused(command, says, capsys):
    assert cli.main(command) == 2
    captured = capsys.readouterr()
    last = captured.err.strip().splitlines()[-1]
    assert says in last, last
    assert last.startswith(f"dragonn_lite {command[0]}: ") and "Traceback" not in captured.err
    assert captured.out == ""
    return captured.err


def bad_training(files, tmp_path):
    """Name of the fault: (options that replace or add to good ones, what must be said)."""
    write(tmp_path / "few.fa", random_letters(9))
    copied = fasta.read_fasta(files / "unbound.fa")
    turned = dna.reverse_complement(fasta.read_fasta(files / "bound.fa")[7].sequence)
    fasta.write_fasta(tmp_path / "both.fa", [*copied, ("turned", turned)])
    write(tmp_path / "short.fa", random_letters(20, 30))
    fasta.write_fasta(tmp_path / "one.fa", [r for r in copied if r.name.startswith("chr2:")])
    (tmp_path / "file").write_text("")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "model.keras").write_text("")
    t = str(tmp_path)
    valid = {f"--valid-{p}": str(files / f"{n}.fa") for p, n in SIDES}
    return {
        "validation to train on": (valid, "600 of the 600 sequences in --valid-positive and"),
        "validation held out": (
            validation_files(tmp_path, chromosome="chr3") | {"--hold-out": "chr3"},
            "40 of the 40 sequences in --valid-positive and --valid-negative are on the chrom",
        ),
        "a length that makes all alike": (
            {"--length": "3"},
            "once cut to the 3 bp that --length keeps",
        ),  # fmt: skip
        "an empty name": ({"--out": ""}, "argument --out: expected a name, got ''"),
        "an empty report": ({"--report": " "}, "argument --report: expected a name, got ' '"),
        "report on the input": (
            {"--positive": t + "/both.fa", "--report": t + "/../" + tmp_path.name + "/both.fa"},
            "is a file to be read; name another file",
        ),
        "the same file": ({"--negative": str(files / "bound.fa")}, "are the same file"),
        "one in both": ({"--negative": t + "/both.fa"}, "1 of the 301 sequences in"),
        "too few": ({"--positive": t + "/few.fa"}, "--positive holds 9 sequences, expected 10"),
        "other length": ({"--negative": t + "/short.fa"}, "have 30 to 60 bp; bring them to one"),
        "too short": ({"--length": "12"}, "cannot read sequences of 12 bp"),
        "no such chromosome": ({"--hold-out": "chr9"}, "no example lies on chr9; the names give"),
        "no chromosome": ({"--hold-out": ""}, "held_out is empty; the names give"),
        "all held out": ({"--hold-out": "chr1,chr2,chr3,chr4,chr5"}, "leave some to train on"),
        "a class gone": (
            {"--negative": t + "/one.fa", "--hold-out": "chr1"},
            "held out (chr1) are all bound",
        ),
        "names without places": (
            {"--positive": t + "/few.fa", "--hold-out": "chr1"},
            "--positive holds 9",
        ),
        "half of a validation": ({"--valid-positive": str(files / "bound.fa")}, "go together"),
        "validation of another length": (
            {"--valid-positive": t + "/short.fa", "--valid-negative": t + "/few.fa"},
            "--length 30",
        ),
        "an old model": ({"--out": t + "/old"}, "holds a model already"),
        "out in a file": ({"--out": t + "/file/model"}, "name another folder"),
        "report on a folder": ({"--report": t}, "is a folder, expected a name"),
        "no epochs": ({"--epochs": "0"}, "argument --epochs: expected a whole number of at least"),
        "half an epoch": ({"--epochs": "1.5"}, "got '1.5'"),
        "a negative seed": ({"--seed": "-1"}, "got '-1'"),
        "no length": ({"--length": "0"}, "at least 1, got '0'"),
        "no such network": ({"--architecture": "transformer"}, "invalid choice: 'transformer'"),
        "no such option": ({"--depth": "3"}, "unrecognized arguments: --depth 3"),
    }


FAULTS = (
    "the same file", "one in both", "too few", "other length", "too short", "no such chromosome",
    "no chromosome", "all held out", "a class gone", "names without places",
    "half of a validation", "validation of another length", "an old model", "out in a file",
    "report on a folder", "no epochs", "half an epoch", "a negative seed", "no length",
    "no such network", "no such option", "validation to train on", "validation held out",
    "a length that makes all alike", "an empty name", "an empty report", "report on the input",
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_training_is_refused_in_one_sentence(fault, files, tmp_path, capsys):
    faults = bad_training(files, tmp_path)
    assert set(faults) == set(FAULTS)
    change, says = faults[fault]
    kept = (tmp_path / "both.fa").read_bytes()
    given = {"--positive": str(files / "bound.fa"), "--negative": str(files / "unbound.fa")}
    given |= {"--out": str(tmp_path / "model"), "--architecture": "filter_bank"} | change
    refused(["train", *flat(given)], says, capsys)
    assert not (tmp_path / "model" / "model.keras").exists()
    assert (tmp_path / "both.fa").read_bytes() == kept


@pytest.mark.parametrize("command", ["predict", "interpret"])
def test_sequences_of_another_length_are_refused(command, trained, tmp_path, capsys):
    write(tmp_path / "x.fa", [*random_letters(3), *random_letters(1, 61)])
    options = ["--model", str(trained), "--sequences", str(tmp_path / "x.fa")]
    out = tmp_path / "scores.tsv"
    says = "s3 has 61 bp, but the model reads 60"
    said = refused([command, *options, "--out", str(out)], says, capsys)
    assert "sequences/s" not in said  # no bar of nothing above the sentence
    assert {path.name for path in tmp_path.iterdir()} == {"x.fa"}


@pytest.mark.parametrize("command", ["predict", "interpret"])
def test_what_is_no_dna_is_refused(command, trained, tmp_path, capsys):
    protein = "".join(np.random.default_rng(0).choice(list("ACDGHKMNRSTVWY"), LENGTH))
    out = tmp_path / "out"
    options = ["--model", str(trained), "--sequences", str(tmp_path / "x.fa"), "--out", str(out)]
    for sequence in (protein, "N" * LENGTH):
        (tmp_path / "x.fa").write_text(f">a\n{sequence}\n")
        refused([command, *options], "are no A, C, G or T, so", capsys)
        assert not out.exists()
    (tmp_path / "x.fa").write_text("")
    refused([command, *options], "is empty", capsys)
    assert {path.name for path in tmp_path.iterdir()} == {"x.fa"}


def test_predict_does_not_replace_what_it_reads(trained, tmp_path, capsys):
    write(tmp_path / "x.fa", random_letters(3))
    (tmp_path / "link.fa").symlink_to("x.fa")
    before = (tmp_path / "x.fa").read_bytes()
    for out in ("x.fa", "link.fa"):
        options = ["--sequences", str(tmp_path / "x.fa"), "--out", str(tmp_path / out)]
        refused(["predict", "--model", str(trained), *options], "is a file to be read", capsys)
    assert (tmp_path / "x.fa").read_bytes() == before


def test_evaluate_refuses_another_length(trained, tmp_path, capsys):
    write(tmp_path / "bound.fa", random_letters(12, 61))
    write(tmp_path / "unbound.fa", random_letters(12, 61, seed=1))
    command = ["evaluate", "--model", str(trained), *labelled(tmp_path)]
    refused(command, "--fit-length crops and pads", capsys)


def test_an_old_table_of_scores_survives_a_failure(trained, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_inputs, "_AT_ONCE", 2)
    write(tmp_path / "x.fa", [*random_letters(5), "ACGT"])
    out = tmp_path / "scores.tsv"
    out.write_text("old")
    options = ["--model", str(trained), "--sequences", str(tmp_path / "x.fa")]
    refused(["predict", *options, "--out", str(out)], "s5 has 4 bp", capsys)
    assert out.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"x.fa", "scores.tsv"}


def lambda_model():
    inputs = keras.Input((LENGTH, 4))
    outputs = keras.layers.Lambda(lambda x: x[:, 0, :1], output_shape=(1,))(inputs)
    return keras.Model(inputs, outputs)


def dense_model():
    return keras.Sequential([keras.Input((7,)), keras.layers.Dense(1)])


def save_model(model, path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np, "array", np.asarray)  # Keras copies in a way that numpy 2 deprecates
        model.save(path)


BAD_MODELS = {
    "missing": (lambda folder: None, "holds no model.keras"),
    "corrupt": (lambda folder: (folder / "model.keras").write_bytes(b"PK nonsense"), "Keras model"),
    "cut": (lambda folder: cut(folder / "model.keras"), "is not the file that its card.json"),
    "cut, no card": (
        lambda folder: (cut(folder / "model.keras"), (folder / "card.json").unlink()),
        "cannot be read as a Keras model",
    ),
    "code inside": (lambda folder: save_model(lambda_model(), folder / "model.keras"), "Lambda"),
    "foreign": (
        lambda folder: save_model(dense_model(), folder / "model.keras"),
        "expected a network from one-hot sequences",
    ),
    "foreign card": (lambda folder: (folder / "card.json").write_text("[]"), "is not a card"),
}


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("fault", BAD_MODELS)
def test_a_bad_model_is_refused(fault, trained, files, tmp_path, capsys):
    folder = tmp_path / "model"
    if fault.startswith(("cut", "foreign card")):
        shutil.copytree(trained, folder)
    else:
        folder.mkdir()
    break_it, says = BAD_MODELS[fault]
    break_it(folder)
    options = ["--sequences", str(files / "bound.fa"), "--out", str(tmp_path / "x.tsv")]
    refused(["predict", "--model", str(folder), *options], says, capsys)
    assert not (tmp_path / "x.tsv").exists()


def test_predict_refuses_a_folder_as_its_table(trained, files, tmp_path, capsys):
    options = ["--sequences", str(files / "bound.fa"), "--out", str(tmp_path)]
    refused(["predict", "--model", str(trained), *options], "expected the name of a file", capsys)


IS_ROOT = not hasattr(os, "geteuid") or os.geteuid() == 0


@pytest.mark.skipif(IS_ROOT, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_named_before_training(files, tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert train(files, tmp_path / "model") == 2
    assert "name another" in capsys.readouterr().err


def test_a_report_that_cannot_be_drawn_is_named_first(files, tmp_path, monkeypatch, capsys):
    from dragonn_lite.display import theme

    monkeypatch.setattr(theme, "can_draw", lambda: False)
    assert train(files, tmp_path / "model", "--report", str(tmp_path / "report.html")) == 2
    assert "pip install vl-convert-python" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()


# --- in a process of its own -------------------------------------------------------------------

# Sends itself a signal after an epoch: no test waits for the right moment.
STOPPED = """\
import os, signal, sys
from dragonn_lite import cli
from dragonn_lite.display import live
shown = live.TrainingPicture.__call__
def show(self, history, epoch, n_epochs, seconds):
    shown(self, history, epoch, n_epochs, seconds)
    if epoch == {epoch}:
        os.kill(os.getpid(), signal.{signal})
live.TrainingPicture.__call__ = show
sys.exit(cli.main(sys.argv[1:]))
"""


def run(*command, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, **options
    )


def train_options(files, out, *more):
    base = ["train", *labelled(files), "--out", str(out), "--epochs", "6"]
    return [*base, "--architecture", "filter_bank", *more]


@pytest.mark.slow
def test_an_interrupt_keeps_the_best_weights(files, tmp_path):
    stop = STOPPED.format(epoch=3, signal="SIGINT")
    done = run("-c", stop, *train_options(files, tmp_path / "model"))
    assert done.returncode == 0, done.stderr
    assert "interrupted: the weights of epoch" in done.stderr
    card = json.loads((tmp_path / "model" / "card.json").read_text())
    assert card["interrupted"] and card["best_epoch"] <= 3
    history = pd.read_csv(tmp_path / "model" / "history.tsv", sep="\t")
    assert history["epoch"].max() == 3
    loss = history[(history["split"] == "validation") & (history["metric"] == "loss")]
    assert loss.loc[loss["value"].idxmin(), "epoch"] == card["best_epoch"]
    held_out = pd.read_csv(tmp_path / "model" / "held_out.tsv", sep="\t")
    assert metrics.auroc(held_out["label"], held_out["logit"]) == card["metrics"]["auroc"]


@pytest.mark.slow
def test_a_kill_is_resumed_to_the_very_same_result(files, tmp_path):
    command = train_options(files, tmp_path / "killed")
    done = run("-c", STOPPED.format(epoch=3, signal="SIGKILL"), *command)
    assert done.returncode == -signal.SIGKILL
    assert {path.name for path in (tmp_path / "killed").iterdir()} == {"checkpoint.npz"}
    assert "epoch 1 of" in done.stderr

    other = run("-m", "dragonn_lite", *command, "--seed", "2")
    assert other.returncode == 2 and "belongs to other data" in other.stderr.splitlines()[-1]

    again = run("-m", "dragonn_lite", *command)
    assert again.returncode == 0, again.stderr
    assert "epoch 3 of" not in again.stderr and "epoch 4 of" in again.stderr
    whole = run("-m", "dragonn_lite", *train_options(files, tmp_path / "whole"))
    assert whole.returncode == 0, whole.stderr
    for name in ("held_out.tsv", "history.tsv"):
        killed, undisturbed = ((tmp_path / run / name).read_text() for run in ("killed", "whole"))
        assert killed == undisturbed


@pytest.mark.slow
def test_a_terminal_shows_progress_and_no_greetings(trained, files, tmp_path):
    sequences = ["--sequences", str(files / "bound.fa")]
    model = ["--model", str(trained), *sequences]
    for command in (
        ["predict", *model, "--out", str(tmp_path / "x.tsv")],
        ["interpret", *model, "--out", str(tmp_path / "reasons"), "--most", "5"],
    ):
        done = run("-m", "dragonn_lite", *command)
        assert done.returncode == 0 and done.stdout == ""
        said = [line for line in done.stderr.replace("\r", "\n").splitlines() if line.strip()]
        known = ("sequences", "most familiar filter")
        assert [line for line in said if not any(word in line for word in known)] == []
        assert any("100%" in line or "300 sequences" in line for line in said)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_real_ctcf_sequences_are_learned(seed, tmp_path, monkeypatch, capsys):
    # Seeds 1 to 3 gave 0.977, 0.979 and 0.979, in 25 to 54 s of training on two shared cores.
    folder = shared_data("ctcf_keras_genomics")
    monkeypatch.setenv("DRAGONN_LITE_DATA", str(folder.parent))
    examples.example_files(tmp_path, rng=0)
    options = ["--hold-out", "chr1,chr8,chr21", "--seed", str(seed), "--out", str(tmp_path / "m")]
    assert cli.main(["train", *labelled(tmp_path), *options]) == 0
    card = json.loads((tmp_path / "m" / "card.json").read_text())
    assert card["split"]["n_held_out"] == 3335
    assert card["metrics"]["auroc"] >= 0.97
    if seed == 1:
        reasons = ["--sequences", str(tmp_path / "bound.fa"), "--out", str(tmp_path / "reasons")]
        assert cli.main(["interpret", "--model", str(tmp_path / "m"), *reasons]) == 0
        assert "~ CTCF" in capsys.readouterr().err
