"""The data commands: ``python3 -m dragonn_lite train | evaluate | predict | interpret``."""

from __future__ import annotations

import json
import sys
import textwrap
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from dragonn_lite import _inputs, _options
from dragonn_lite._files import created
from dragonn_lite._inputs import say
from dragonn_lite._quiet import quiet_keras
from dragonn_lite.dna import motifs
from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation import catalogue

_EXPLAINED_AT_ONCE = 10  # sequences; an interrupt keeps what is done
_CONTENTS = """\
What this folder holds.
{said}

contributions.tsv.gz  a line a base: name, position (from 0), base, contribution
contributions.npz     numpy.load gives, for n sequences of the same length:
  names          (n,)            names of the sequences, highest logit first
  scores         (n,)            logit of each
  sequences      (n, length, 4)  one-hot, bases A, C, G, T; zeros where a base is unknown
  contributions  (n, length)     of the base that is there
"""
_HYPOTHETICAL = """\
  hypothetical   (n, length, 4)  of each base, were it in that place
"""
_FILTER_CONTENTS = """\
filters.meme          what each filter of the first layer responds to in these sequences
filters.tsv           the known motif most like each filter: Pearson correlation, strand and
                      offset_bp (start of the known motif less that of the filter)
"""


def main(argv: list[str]) -> int:
    """Run one command; return its exit code, 2 with one sentence for bad input."""
    try:
        options = _options.parser(COMMANDS, catalogue).parse_args(argv)
        _inputs.check_outputs(options)
        options.run(options)
    except (ValueError, TypeError, OSError) as error:
        command = argv[0] if argv else ""
        print(f"dragonn_lite {command}: {_sentence(error)}", file=sys.stderr)
        return 2
    return 0


# --- the commands -------------------------------------------------------------------------------
def _train(options):
    out = Path(options.out)
    if (out / "model.keras").exists():
        raise ValueError(f"--out {out} holds a model already; name another folder, or delete it")
    data = _inputs.read(
        options.positive, options.negative, options.length, _inputs.LENGTH, options.genome
    )
    _inputs.say_counts(data)
    rng = np.random.default_rng(options.seed)
    parts, how = _inputs.split(options, data, rng)
    _inputs.check_writable(out, options.report)

    quiet_keras()
    from dragonn_lite import comparison
    from dragonn_lite.networks import folders, training

    sources = _inputs.sources(options)  # now: while it trains, the files may change or go
    settings = training.Settings(reverse_complement=True)
    result = _fit(options, *parts[:2], settings, rng)
    rest, validation, held_out = parts
    scores = {"network": _scores(result.model, held_out.sequences, "held-out scores")}
    say("baselines learn from the same sequences")
    scores |= comparison.baseline_scores(rest, held_out)
    table = comparison.table(held_out, scores, rng=options.seed)
    lead = comparison.lead(held_out, scores, rng=options.seed)
    _write_table(out / "history.tsv", result.history)
    judged = _score_table(held_out.names, scores["network"]).assign(label=held_out.labels)
    _write_table(out / "held_out.tsv", judged)
    card = {
        "architecture": options.architecture,
        "length_bp": data.sequences.shape[1],
        "seed": options.seed,
        "epochs": options.epochs,
        "settings": vars(settings),
        "best_epoch": result.best_epoch,
        "interrupted": result.interrupted,
        "seconds": round(result.seconds, 1),
        "data": sources,
        "split": {
            "held_out": how,
            "n_training": len(rest.labels),
            "n_validation": len(validation.labels),
            "n_held_out": len(held_out.labels),
        },
        **_metrics(table, lead),
    }
    folders.save(out, result.model, card, files=("history.tsv", "held_out.tsv"))
    (out / "checkpoint.npz").unlink(missing_ok=True)
    _say_metrics(table, lead)
    say(f"{out} holds the model ({result.seconds:.0f} s of training)")
    if options.report:
        _report_training(options, data, parts, how, result, scores, table, lead)


def _evaluate(options):
    if options.model is None:
        data, scores, trained_on = _judged_data(options, options.length, _inputs.LENGTH), {}, None
    else:
        model, length, card = _inputs.load(options.model)
        if options.length not in (None, length):
            raise ValueError(
                f"--length is {options.length}, but the model reads {length} bp; leave it out"
            )
        fit = length if options.fit_length or options.length or options.genome else None
        data = _judged_data(options, fit, "--fit-length")
        if data.sequences.shape[1] != length:
            raise ValueError(
                f"the sequences have {data.sequences.shape[1]} bp, but the model reads {length} "
                "bp; --fit-length crops and pads them around their centre"
            )
        trained_on = _is_trained_on(card, options)
    from dragonn_lite import comparison

    chosen = _inputs.held_out_chromosomes(options)
    trained = options.model is not None
    rest, judged, how = comparison.sides(data, chosen, trained=trained, rng=options.seed)
    say(f"{len(judged.labels):,} sequences to judge by ({how})")
    if trained:
        scores = {"network": _scores(model, judged.sequences, "scores")}
    else:
        _inputs.warn_of_random(chosen)
    scores |= comparison.baseline_scores(rest, judged)
    how_to = {name: getattr(options, name) for name in ("by_chromosome", "prevalence")}
    table = comparison.table(judged, scores, **how_to, rng=options.seed)
    lead = comparison.lead(judged, scores, **how_to, rng=options.seed) if trained else None
    few = comparison.few_chromosomes(judged) if options.by_chromosome else ""
    if few:
        say(few)
    if options.prevalence:
        say(
            "each unbound sequence stands for many: above the best of few, all seems free of errors"
        )
    if options.json:
        found = _metrics(table, lead)
        network = found.pop("metrics", {})
        print(json.dumps({**network, **found, "trained_on": trained_on}, indent=1))
    else:
        _say_metrics(table, lead)
    if trained and table["auroc"].iloc[0] < 0.4:
        say("an auROC below one half ranks the wrong way round: are the two files swapped?")
    if options.report:
        from dragonn_lite import reports

        words = f"judged by: {how}"
        if rest is None:
            words += "; the known motif is the one that does best on these very sequences"
        if trained_on:
            words += "; the network was trained on some of them"
        words += f"; {few}" if few else ""
        if options.prevalence:
            words += f"; the table counts as if {options.prevalence:.2%} were bound, no curve does"
        sections = [
            reports.sequences_section(judged),
            *reports.performance_sections(judged, scores, table, words, lead),
        ]
        judge = f"The network in {options.model}" if trained else "Baselines"
        _write_report(options.report, f"{judge} on {options.positive}", sections)


def _judged_data(options, length, mend):
    data = _inputs.read(options.positive, options.negative, length, mend, options.genome)
    _inputs.say_counts(data)
    _inputs.check_writable(None, options.report)
    return data


def _is_trained_on(card, options):
    sources = _inputs.sources(options, ("positive", "negative"))  # a genome may be large
    checksums = [source["sha256"] for source in sources.values()]
    found = any(known and known in json.dumps(card.get("data")) for known in checksums)
    if found and options.hold_out is None:
        say(
            "the network was trained on sequences of these very files, which flatters it; its "
            "held_out.tsv and card.json judge it by others"
        )
    return found


def _predict(options):
    model, length, _ = _inputs.load(options.model)
    out = Path(options.out)
    if out.is_dir():
        raise ValueError(f"--out {out} is a folder, expected the name of a file such as scores.tsv")
    out.parent.mkdir(parents=True, exist_ok=True)
    n = 0
    # A refusal, which comes early, is not to stand under a bar of nothing.
    with created(out) as file, tqdm(unit=" sequences", delay=0.5) as bar:
        for names, sequences in _inputs.blocks(options, length):
            table = _score_table(names, _scores(model, sequences))
            table.to_csv(file, sep="\t", index=False, header=n == 0, mode="wb")
            n += len(names)
            bar.update(len(names))
    say(f"{out} holds the scores of {n:,} sequences")


def _interpret(options):
    model, length, _ = _inputs.load(options.model)
    out = Path(options.out)
    _inputs.check_writable(out, options.report)
    names, scores, sequences, n = _highest_scoring(options, model, length)
    if len(names) < n:
        say(f"explaining the {len(names)} highest-scoring of {n:,} sequences (--most 0: all)")
    found, matches = _filters(model, sequences)  # takes a moment, the rest may take hours
    present, hypothetical, said = _explain(model, sequences, options.method)
    names, scores, sequences = (part[: len(present)] for part in (names, scores, sequences))

    out.mkdir(parents=True, exist_ok=True)
    with created(out / "contributions.npz") as file:
        np.savez_compressed(
            file,
            names=names.astype(str), scores=scores, sequences=sequences, contributions=present,
            **({} if hypothetical is None else {"hypothetical": hypothetical}),
        )  # fmt: skip
    table = _contribution_table(names, sequences, present)
    _write_table(out / "contributions.tsv.gz", table, float_format="%.4g")
    contents = _CONTENTS.format(said=textwrap.fill(f"Contributions are by {said}", 100))
    if hypothetical is not None:
        contents += _HYPOTHETICAL
    if found:
        motifs.write_meme(out / "filters.meme", found)
        _write_table(out / "filters.tsv", matches, float_format="%.3f")
        contents += _FILTER_CONTENTS
    with created(out / "README.txt") as file:
        file.write(contents.encode())
    also = " and the motifs of the filters" if found else ""
    say(f"{out} holds the contributions of {len(names)} sequences{also}")
    if options.report:
        from dragonn_lite import reports

        sections = reports.explanation_sections(
            names, scores, sequences, present, found, matches, said
        )
        _write_report(options.report, f"What the network in {options.model} looks at", sections)


# --- parts --------------------------------------------------------------------------------------
def _fit(options, rest, validation, settings, rng):
    from dragonn_lite.display import live
    from dragonn_lite.networks import architectures, training

    length = rest.sequences.shape[1]
    try:
        model = architectures.BUILDERS[options.architecture](length, rng=rng)
    except ValueError as error:
        raise ValueError(
            f"--architecture {options.architecture} cannot read sequences of {length} bp ({error})"
        ) from error
    picture = live.training_picture()
    result = training.fit(
        model,
        rest.sequences,
        rest.labels,
        validation=(validation.sequences, validation.labels),
        epochs=options.epochs,
        settings=settings,
        progress=picture,
        checkpoint=Path(options.out) / "checkpoint.npz",
        rng=rng,
    )
    picture.finish()
    if not result.best_epoch:
        raise KeyboardInterrupt  # nothing is learned yet, so there is nothing to keep
    if result.interrupted:
        say(f"interrupted: the weights of epoch {result.best_epoch} are kept")
    return result


def _highest_scoring(options, model, length):
    """Names, scores and sequences of the best, best first, and how many there were."""
    n, kept = 0, None
    for names, sequences in _inputs.blocks(options, length):
        n += len(names)
        part = (names, _scores(model, sequences), sequences)
        kept = part if kept is None else tuple(map(np.concatenate, zip(kept, part, strict=True)))
        best = np.argsort(-kept[1], kind="stable")[: options.most or None]
        kept = tuple(values[best] for values in kept)
    return *kept, n


def _filters(model, sequences):
    """What the filters respond to, and the known motif most like each."""
    from dragonn_lite.interpretation import filters

    why = "no filter tells one place of these sequences from another"
    try:
        found = filters.motifs(model, sequences)
    except ValueError as error:  # another kind of network: its scores can be explained
        found, why = [], str(error)
    if not found:
        say(f"without motifs of the filters: {why}")
        return [], None
    matches = motifs.best_match(found).sort_values("correlation", ascending=False, kind="stable")
    best = matches.iloc[0]
    say(f"most familiar filter: {best['query']} ~ {best['motif']} (r = {best['correlation']:.2f})")
    return found, matches


def _explain(model, sequences, method):
    """Contributions up to an interrupt, hypothetical ones or None, and words on the method."""
    done, rng = [], np.random.default_rng(0)
    try:
        with tqdm(total=len(sequences), unit=" sequences") as bar, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of completeness, which is said below
            for low in range(0, len(sequences), _EXPLAINED_AT_ONCE):
                block = sequences[low : low + _EXPLAINED_AT_ONCE]
                done.append(catalogue.explain(model, block, method=method, rng=rng))
                bar.update(len(block))
    except KeyboardInterrupt:
        if not done:
            raise
        n = sum(len(found.sequences) for found in done)
        say(f"interrupted: the {n} sequences done so far are kept")

    def joined(name):
        parts = [getattr(found, name) for found in done]
        return None if parts[0] is None else np.concatenate(parts)

    present, error = joined("contributions"), joined("completeness_error")
    about = catalogue.methods().set_index("method").loc[method]
    said = f"{method}: {about['summary']} "
    if about["signed"]:
        said += "Positive ones speak for binding, negative ones against it."
    else:
        said += "They say how much a base matters, not whether it speaks for or against binding."
    if error is not None:
        against = about["compared_with"].replace("references", "the references")
        complete = (
            f"contributions add up to the logit less that of {against}, but for "
            f"{np.abs(error).max():.2g} at most (the completeness error)"
        )
        say(complete)
        said += f" {complete[0].upper()}{complete[1:]}."
    return present, joined("hypothetical"), said


def _scores(model, sequences, words=None):
    from dragonn_lite.networks import prediction

    with tqdm(total=len(sequences), desc=words, unit=" sequences", disable=words is None) as bar:
        return prediction.predict(
            model, sequences, progress=lambda done, _: bar.update(done - bar.n)
        )


def _score_table(names, scores):
    scores = scores.astype(float)
    return pd.DataFrame(
        {"name": names, "logit": scores, "probability": np.exp(-np.logaddexp(0, -scores))}
    )


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


def _write_table(path, table, **options):
    with created(path) as file:
        table.to_csv(file, sep="\t", index=False, mode="wb", **options)


def _report_training(options, data, parts, how, result, scores, table, lead):
    from dragonn_lite import reports

    rest, _, held_out = parts
    words = f"{options.architecture}, {len(rest.labels):,} sequences"
    sections = [
        reports.sequences_section(data, _inputs.split_words(*parts, how)),
        reports.training_section(result, words),
        *reports.performance_sections(held_out, scores, table, f"held out: {how}", lead),
    ]
    _write_report(options.report, f"A network trained on {options.positive}", sections)


def _write_report(path, title, sections):
    from dragonn_lite.display import pages, theme

    theme.register()
    say(f"{pages.write_page(path, title, sections)} holds the report")


# --- words --------------------------------------------------------------------------------------
def _metrics(table, lead):
    rows = {row.pop("scores"): row for row in table.to_dict("records")}
    found = {"metrics": rows.pop("network")} if "network" in rows else {}
    ahead = {} if lead is None else {"lead": lead.to_dict("records")[0]}
    return found | {"baselines": rows} | ahead


def _say_metrics(table, lead):
    from dragonn_lite import reports

    for name in ("n_bound", "n_unbound", "prevalence"):
        print(f"{name:10} {table[name].iloc[0]:.5g}")
    shown = reports.shown_table(table, lead).set_index("measure").T
    print(shown.to_string(col_space=12))
    print(reports.INTERVALS)
    if lead is not None:
        print(reports.leader(lead))


def _sentence(error):
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}; name another path"
    return " ".join(str(error).replace("by_chromosome", "--by-chromosome").split())


COMMANDS = {
    "train": _train, "evaluate": _evaluate, "predict": _predict, "interpret": _interpret,
}  # fmt: skip
