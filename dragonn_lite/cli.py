"""The data commands: ``python3 -m dragonn_lite train | evaluate | predict | interpret``."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

import dragonn_lite
from dragonn_lite._quiet import quiet_keras
from dragonn_lite.assays import examples
from dragonn_lite.dna import fasta, motifs
from dragonn_lite.dna import sequences as dna
from dragonn_lite.evaluation import metrics

_ARCHITECTURES = (
    "one_filter", "filter_bank", "filter_counter", "filter_pairs", "dragonn_one_layer",
    "dragonn_three_layer", "reference_network",
)  # fmt: skip
_AT_ONCE = 4_000  # sequences of a file in memory


def main(argv: list[str]) -> int:
    """Run one command; return its exit code, 2 with one sentence for bad input."""
    options = _parser().parse_args(argv)
    try:
        options.run(options)
    except (ValueError, TypeError, OSError) as error:
        print(f"dragonn_lite {argv[0]}: {_sentence(error)}", file=sys.stderr)
        return 2
    return 0


# --- the commands -------------------------------------------------------------------------------
def _train(options):
    out = Path(options.out)
    if (out / "model.keras").exists():
        raise ValueError(f"--out {out} holds a model already; name another folder, or delete it")
    data = examples.read(options.positive, options.negative, length=options.length)
    _say_counts(data)
    rng = np.random.default_rng(options.seed)
    if options.hold_out:
        chosen = options.hold_out.split(",")
        rest, held_out = examples.hold_out_chromosomes(data, chosen)
        how = f"on {', '.join(chosen)}"
    else:
        rest, held_out = examples.split(data, 0.2, rng=rng)
        how = "a random fifth; overlapping windows may flatter it, --hold-out chr1 is stricter"
    validation = _validation(options, data.sequences.shape[1])
    if validation is None:
        rest, validation = examples.split(rest, 0.2, rng=rng)
    _say(
        f"{len(rest.labels)} to train on, {len(validation.labels)} to stop by, "
        f"{len(held_out.labels)} held out ({how})"
    )

    quiet_keras()
    from dragonn_lite.display import live
    from dragonn_lite.networks import architectures, training

    model = architectures.BUILDERS[options.architecture](data.sequences.shape[1], rng=rng)
    result = training.fit(
        model,
        rest.sequences,
        rest.labels,
        validation=(validation.sequences, validation.labels),
        epochs=options.epochs,
        settings=training.Settings(reverse_complement=True),
        progress=live.training_picture(),
        checkpoint=out / "checkpoint.npz",
        rng=rng,
    )
    scores = _scores(model, held_out.sequences, "held-out scores")
    table = metrics.evaluate(held_out.labels, scores)
    out.mkdir(parents=True, exist_ok=True)
    model.save(out / "model.keras")
    result.history.to_csv(out / "history.tsv", sep="\t", index=False)
    _score_table(held_out.names, scores).assign(label=held_out.labels).to_csv(
        out / "held_out.tsv", sep="\t", index=False
    )
    card = {
        "dragonn_lite": dragonn_lite.__version__,
        "command": vars(options) | {"run": "train"},
        "length": data.sequences.shape[1],
        "n_training": len(rest.labels),
        "held_out": how,
        "best_epoch": result.best_epoch,
        "interrupted": result.interrupted,
        "metrics": table.to_dict("records"),
    }
    (out / "card.json").write_text(json.dumps(card, indent=1) + "\n")
    (out / "checkpoint.npz").unlink(missing_ok=True)
    if result.interrupted:
        _say(f"interrupted: the weights of epoch {result.best_epoch} are kept")
    _say_metrics(table)
    _say(f"{out} holds the model ({result.seconds:.0f} s of training)")
    if options.report:
        sections = [_training_section(result), *_evaluation_sections(held_out, scores, table)]
        _write_report(options.report, f"Training on {options.positive}", sections)


def _evaluate(options):
    model, length = _load(options.model)
    data = examples.read(options.positive, options.negative, length=_length(options, length))
    _say_counts(data)
    scores = _scores(model, data.sequences, "scores")
    table = metrics.evaluate(data.labels, scores)
    if options.json:
        print(json.dumps(table.to_dict("records"), indent=1))
    else:
        _say_metrics(table)
    if options.report:
        title = f"{options.model} on {options.positive}"
        _write_report(options.report, title, _evaluation_sections(data, scores, table))


def _predict(options):
    model, length = _load(options.model)
    out = Path(options.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(out.name + ".partial")
    n = 0
    try:
        with open(partial, "w", encoding="utf-8") as file, tqdm(unit=" sequences") as bar:
            for names, sequences in _blocks(options, length):
                table = _score_table(names, _scores(model, sequences))
                table.to_csv(file, sep="\t", index=False, header=n == 0)
                n += len(names)
                bar.update(len(names))
        os.replace(partial, out)
    finally:
        partial.unlink(missing_ok=True)
    _say(f"{out} holds the scores of {n} sequences")


def _interpret(options):
    from dragonn_lite.interpretation import contributions, filters, perturbation

    model, length = _load(options.model)
    blocks = list(_blocks(options, length))
    names = np.concatenate([names for names, _ in blocks])
    sequences = np.concatenate([sequences for _, sequences in blocks])
    scores = _scores(model, sequences, "scores")
    chosen = np.argsort(-scores, kind="stable")[: options.most or None]
    if len(chosen) < len(scores):
        _say(
            f"explaining the {len(chosen)} highest-scoring of {len(scores)} sequences "
            "(--most 0 explains all)"
        )
    hypothetical = []
    try:
        for i in tqdm(chosen, unit=" sequences"):
            hypothetical.append(perturbation.in_silico_mutagenesis(model, sequences[[i]])[0])
    except KeyboardInterrupt:
        if not hypothetical:
            raise
        _say(f"interrupted: the {len(hypothetical)} sequences done so far are kept")
    chosen = chosen[: len(hypothetical)]
    names, scores, sequences = names[chosen], scores[chosen], sequences[chosen]
    hypothetical = np.stack(hypothetical)
    present = contributions.project(hypothetical, sequences)

    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        out / "contributions.npz",
        names=names, scores=scores, sequences=sequences, hypothetical=hypothetical,
        contributions=present,
    )  # fmt: skip
    _contribution_table(names, sequences, present).to_csv(
        out / "contributions.tsv.gz", sep="\t", index=False, float_format="%.4g"
    )
    found = filters.motifs(model, sequences)
    matches = motifs.best_match(found)
    motifs.write_meme(out / "filters.meme", found)
    matches.to_csv(out / "filters.tsv", sep="\t", index=False, float_format="%.3f")
    best = matches.sort_values("correlation", ascending=False).iloc[0]
    _say(f"most familiar filter: {best['query']} ~ {best['motif']} (r = {best['correlation']:.2f})")
    _say(f"{out} holds the contributions of {len(names)} sequences and the motifs of the filters")
    if options.report:
        sections = _explanation_sections(names, scores, sequences, present, found, matches)
        _write_report(options.report, f"What {options.model} looks at", sections)


# --- parts --------------------------------------------------------------------------------------
def _validation(options, length):
    given = (options.valid_positive, options.valid_negative)
    if given == (None, None):
        return None
    if None in given:
        raise ValueError("--valid-positive and --valid-negative go together; give both or none")
    return examples.read(*given, length=length if options.length else None)


def _load(folder):
    path = Path(folder) / "model.keras"
    if not path.is_file():
        raise FileNotFoundError(f"--model {folder} holds no model.keras; train makes one")
    quiet_keras()
    import keras

    model = keras.models.load_model(path, compile=False)
    return model, model.input_shape[1]


def _length(options, length):
    return length if options.fit_length else None


def _blocks(options, length):
    """Names and one-hot sequences of a FASTA file, a few thousand at a time."""
    records = fasta.iterate_fasta(options.sequences)
    while block := list(itertools.islice(records, _AT_ONCE)):
        for record in block:
            if len(record.sequence) != length and not options.fit_length:
                raise ValueError(
                    f"{options.sequences}: {record.name} has {len(record.sequence)} bp, but the "
                    f"model reads {length} bp; --fit-length crops and pads around the centre"
                )
        sequences = dna.one_hot([record.sequence for record in block], length=length)
        yield np.array([record.name for record in block]), sequences


def _scores(model, sequences, words=None):
    from dragonn_lite.networks import prediction

    with tqdm(total=len(sequences), desc=words, unit=" sequences", disable=words is None) as bar:
        return prediction.predict(
            model, sequences, progress=lambda done, _: bar.update(done - bar.n)
        )


def _score_table(names, scores):
    probability = 1 / (1 + np.exp(-scores.astype(float)))
    return pd.DataFrame({"name": names, "logit": scores, "probability": probability})


def _contribution_table(names, sequences, present):
    n, length = present.shape
    return pd.DataFrame(
        {
            "name": np.repeat(names, length),
            "position": np.tile(np.arange(length), n),
            "base": list("".join(dna.decode(sequences))),
            "contribution": present.ravel(),
        }
    )


# --- reports ------------------------------------------------------------------------------------
def _training_section(result):
    from dragonn_lite.display import charts

    return "Training", charts.learning_curve(result.history, best_epoch=result.best_epoch)


def _evaluation_sections(data, scores, table):
    from dragonn_lite.display import charts

    candidates = {"network": scores, "GC content": dna.gc_fraction(data.sequences)}
    candidates = {k: np.nan_to_num(v) for k, v in candidates.items()}
    return [
        ("How good is it?", table.drop(columns="task"), charts.score_histogram(data.labels, scores)),
        (
            "Beside GC content alone",
            *(
                draw(
                    {name: curve(data.labels, s) for name, s in candidates.items()},
                    baselines=("GC content",),
                )
                for draw, curve in (
                    (charts.roc, metrics.roc_curve),
                    (charts.precision_recall, metrics.precision_recall_curve),
                )
            ),
        ),
    ]


def _explanation_sections(names, scores, sequences, present, found, matches):
    from dragonn_lite.display import charts

    tracks = [
        charts.contribution_track(
            sequences[i], present[i], title=f"{names[i]}: logit {scores[i]:.1f}",
            subtitle="in-silico mutagenesis: logit of each base less the mean of all four",
        )
        for i in range(min(5, len(names)))
    ]  # fmt: skip
    filters = {motif.name: motif for motif in found}
    return [
        ("The highest-scoring sequences", *tracks),
        (
            "The first filters and the known motifs most like them",
            charts.filters_beside_motifs(filters, matches, motifs.builtin_motifs()),
            matches,
        ),
    ]


def _write_report(path, title, sections):
    from dragonn_lite.display import pages, theme

    theme.register()
    _say(f"{pages.write_page(path, title, sections)} holds the report")


# --- words --------------------------------------------------------------------------------------
def _say(line):
    print(line, file=sys.stderr, flush=True)


def _say_counts(data):
    n_bound = int((data.labels == 1).sum())
    n, length = data.sequences.shape[:2]
    unknown = 1 - data.sequences.sum() / (n * length)
    _say(
        f"{n_bound} bound and {n - n_bound} unbound sequences of {length} bp"
        + (f", {unknown:.2%} of the bases unknown" if unknown else "")
    )


def _say_metrics(table):
    for name, value in table.iloc[0].items():
        if name != "task":
            print(f"{name:28s} {value:.4f}" if isinstance(value, float) else f"{name:28s} {value}")


def _sentence(error):
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _parser():
    parser = argparse.ArgumentParser("dragonn_lite", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name, run, words):
        sub = commands.add_parser(name, help=words, description=words)
        sub.set_defaults(run=run)
        return sub

    def labelled(sub):
        sub.add_argument("--positive", required=True, metavar="FASTA", help="bound sequences")
        sub.add_argument("--negative", required=True, metavar="FASTA", help="unbound sequences")

    def trained(sub):
        sub.add_argument("--model", required=True, metavar="DIR", help="folder made by train")
        sub.add_argument(
            "--fit-length", action="store_true",
            help="crop and pad sequences around their centre to the length the model reads",
        )  # fmt: skip

    def report(sub):
        sub.add_argument("--report", metavar="HTML", help="also write a page with charts")

    train = command("train", _train, "train a network on bound and unbound sequences")
    labelled(train)
    train.add_argument("--out", required=True, metavar="DIR", help="folder for the model")
    train.add_argument("--valid-positive", metavar="FASTA", help="bound sequences to stop by")
    train.add_argument("--valid-negative", metavar="FASTA", help="unbound sequences to stop by")
    train.add_argument(
        "--hold-out", metavar="CHROM[,CHROM]",
        help="judge by these chromosomes, read off the FASTA names; else by a random fifth",
    )  # fmt: skip
    train.add_argument("--architecture", choices=_ARCHITECTURES, default="reference_network")
    train.add_argument("--epochs", type=int, default=20)
    train.add_argument("--seed", type=int, default=1)
    train.add_argument("--length", type=int, help="crop and pad sequences around their centre")
    report(train)

    evaluate = command("evaluate", _evaluate, "measure a trained network on labelled sequences")
    trained(evaluate)
    labelled(evaluate)
    evaluate.add_argument("--json", action="store_true", help="print the metrics as JSON")
    report(evaluate)

    predict = command("predict", _predict, "score sequences")
    trained(predict)
    predict.add_argument("--sequences", required=True, metavar="FASTA")
    predict.add_argument("--out", required=True, metavar="TSV", help="name, logit, probability")

    interpret = command("interpret", _interpret, "explain the scores of sequences, base by base")
    trained(interpret)
    interpret.add_argument("--sequences", required=True, metavar="FASTA")
    interpret.add_argument("--out", required=True, metavar="DIR", help="folder for the results")
    interpret.add_argument(
        "--most", type=int, default=200, metavar="N",
        help="explain the N highest-scoring sequences (default 200; 0 for all)",
    )  # fmt: skip
    report(interpret)
    return parser
