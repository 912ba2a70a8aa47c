"""The options of the data commands."""

from __future__ import annotations

import argparse

# Named here too, so that --help need not wait for Keras.
ARCHITECTURES = (
    "one_filter", "filter_bank", "filter_counter", "filter_pairs", "dragonn_one_layer",
    "dragonn_three_layer", "reference_network", "recurrent_reader", "convolution_recurrent",
    "additive_attention", "retain", "self_attention",
)  # fmt: skip


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise ValueError(f"{message}; {self.prog} --help tells more")


def _whole(least):
    def parse(text):
        if not text.isascii() or not text.isdigit() or int(text) < least:
            raise argparse.ArgumentTypeError(
                f"expected a whole number of at least {least}, got {text!r}"
            )
        return int(text)

    return parse


def _method_of(catalogue):
    def parse(text):
        if text in catalogue.NAMES:
            return text
        near = catalogue.nearest(text)
        meant = f"did you mean {near!r}?" if near else f"choose from {', '.join(catalogue.NAMES)}"
        raise argparse.ArgumentTypeError(f"invalid choice: {text!r}, {meant}")

    return parse


def _share(text):
    try:
        share = float(text)
    except ValueError:
        share = 0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(
            f"expected a share between 0 and 1, such as 0.01, got {text!r}"
        )
    return share


def _path(text):
    if not text.strip():
        raise argparse.ArgumentTypeError(f"expected a name, got {text!r}")
    return text


def parser(run, catalogue) -> argparse.ArgumentParser:
    """Make the parser; `run` gives the function of each command, kept as ``options.run``.

    `catalogue` is that of the explanations, which this file does not import.
    """
    whole = _Parser("dragonn_lite", description="The commands on your own sequences.")
    commands = whole.add_subparsers(required=True, metavar="command")

    def command(name, words, *parts):
        sub = commands.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
        sub.set_defaults(run=run[name])
        for add in parts:
            add(sub.add_argument)
        return sub.add_argument

    add = command("train", "train a network on bound and unbound sequences", _labelled)
    add("--out", required=True, type=_path, metavar="DIR", help="folder for the model")
    add("--valid-positive", type=_path, metavar="FASTA", help="bound sequences to stop by")
    add("--valid-negative", type=_path, metavar="FASTA", help="unbound sequences to stop by")
    add("--architecture", choices=ARCHITECTURES, default="reference_network")
    add("--epochs", type=_whole(1), default=20, metavar="N", help="at most (default 20)")
    add("--seed", type=_whole(0), default=1, metavar="N", help="same seed, same result (default 1)")
    add("--length", type=_whole(1), metavar="N", help="crop and pad sequences around their centre")
    _report(add)

    words = "measure a trained network, or the baselines alone, on labelled sequences"
    add = command("evaluate", words, _labelled)
    add("--model", type=_path, metavar="DIR", help="folder made by train; else the baselines alone")
    _fit_length(add)
    add("--length", type=_whole(1), metavar="N", help="crop and pad sequences around their centre")
    add(
        "--by-chromosome", action="store_true",
        help="intervals from whole chromosomes, which neighbours that are alike call for",
    )  # fmt: skip
    add(
        "--prevalence", type=_share, metavar="P",
        help="judge as if this share were bound, such as 0.01: unbound sequences count as often",
    )  # fmt: skip
    add("--seed", type=_whole(0), default=1, metavar="N", help="same seed, same result (default 1)")
    add("--json", action="store_true", help="print the metrics as JSON")
    _report(add)

    add = command("predict", "score sequences", _trained, _unlabelled)
    add("--out", required=True, type=_path, metavar="TSV", help="table of name, logit, probability")

    words = "explain the scores of sequences, base by base"
    add = command("interpret", words, _trained, _unlabelled)
    add("--out", required=True, type=_path, metavar="DIR", help="folder for the results")
    add(
        "--most", type=_whole(0), default=200, metavar="N",
        help="explain the N highest-scoring sequences (default 200; 0 for all)",
    )  # fmt: skip
    add(
        "--method", type=_method_of(catalogue), default=catalogue.NAMES[0], metavar="NAME",
        help=f"how they are explained: {', '.join(catalogue.NAMES)} (default {catalogue.NAMES[0]})",
    )  # fmt: skip
    _report(add)
    return whole


def _labelled(add):
    for name, words in (("--positive", "bound"), ("--negative", "unbound")):
        words += " sequences, or with --genome intervals (BED, narrowPeak); gzipped or not"
        add(name, required=True, type=_path, metavar="FILE", help=words)
    add("--genome", type=_path, metavar="FASTA", help="what the intervals are cut out of")
    add(
        "--hold-out", metavar="CHROM[,CHROM]",
        help="judge by these chromosomes, read off the names; else by a random fifth (evaluate "
        "with --model: by all)",
    )  # fmt: skip


def _unlabelled(add):
    add("--sequences", required=True, type=_path, metavar="FASTA", help="sequences, gzipped or not")


def _trained(add):
    add("--model", required=True, type=_path, metavar="DIR", help="folder made by train")
    _fit_length(add)


def _fit_length(add):
    add(
        "--fit-length", action="store_true",
        help="crop and pad sequences around their centre to the length the model reads",
    )  # fmt: skip


def _report(add):
    add("--report", type=_path, metavar="HTML", help="also write a page with charts")
