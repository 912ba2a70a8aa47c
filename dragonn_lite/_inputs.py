"""What the data commands read, what they refuse, and what they say of it."""

from __future__ import annotations

import itertools
import os
import re
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from dragonn_lite._quiet import quiet_keras
from dragonn_lite.assays import examples
from dragonn_lite.dna import fasta
from dragonn_lite.dna import sequences as dna

_AT_ONCE = 4_000  # sequences of a file in memory
LENGTH = r"--length \1"  # what the commands say for length=
_LEAST = 10  # sequences of a class to train on


def fasta_files(options):
    """The files that a command was given, by the name of their option."""
    names = ("genome", "positive", "negative", "valid_positive", "valid_negative", "sequences")
    return {name: path for name in names if (path := getattr(options, name, None))}


def check_outputs(options):
    """No result takes the place of what it is made from."""
    for name in ("out", "report"):
        out = getattr(options, name, None)
        for path in fasta_files(options).values():
            if out and os.path.exists(out) and os.path.exists(path) and os.path.samefile(out, path):
                raise ValueError(f"--{name} {out} is a file to be read; name another file")


def sources(options, names=None):
    """Checksums of the files; none of what can be read only once, such as a pipe."""
    from dragonn_lite.networks import folders

    return {
        name: {"file": path, "sha256": folders.checksum(path) if os.path.isfile(path) else None}
        for name, path in fasta_files(options).items()
        if names is None or name in names
    }


def read(positive, negative, length, mend, genome=None):
    """Bound and unbound sequences; a refusal names the option `mend` in place of ``length=``."""
    try:
        return examples.read(positive, negative, length=length, genome=genome)
    except ValueError as error:
        raise ValueError(re.sub(r"length=(\d*)", mend, str(error)).replace("  ", " ")) from error


def split(options, data, rng):
    """Examples to train on, to stop by and to judge by, and how the last were chosen."""
    given = (options.valid_positive, options.valid_negative)
    if None in given and given != (None, None):
        raise ValueError("--valid-positive and --valid-negative go together; give both or none")
    for label, name in ((1, "--positive"), (0, "--negative")):
        n = int((data.labels == label).sum())
        if n < _LEAST:
            raise ValueError(f"{name} holds {n} sequences, expected {_LEAST} or more to learn from")
    chosen = held_out_chromosomes(options)
    rest, held_out, how = examples.hold_out(data, chosen, rng=rng)
    if given == (None, None):
        rest, validation = examples.split(rest, 0.2, rng=rng)
    else:
        length = data.sequences.shape[1]
        fit = length if options.length else None
        validation = read(*given, fit, LENGTH, options.genome)
        if validation.sequences.shape[1] != length:
            raise ValueError(
                f"--valid-positive and --valid-negative have {validation.sequences.shape[1]} bp, "
                f"but --positive and --negative {length} bp; --length N brings all to one length"
            )
        check_validation(data, validation, chosen or ())
    for part, words in ((rest, "to train on"), (held_out, f"held out ({how})")):
        if len(np.unique(part.labels)) < 2:
            raise ValueError(
                f"the sequences {words} are all {'bound' if part.labels.all() else 'unbound'}; "
                "choose --hold-out so that both classes are on either side"
            )
    say(split_words(rest, validation, held_out, how))
    warn_of_random(chosen)
    return (rest, validation, held_out), how


def held_out_chromosomes(options):
    """What --hold-out names, or None."""
    if options.hold_out is None:
        return None
    return [name.strip() for name in options.hold_out.split(",") if name.strip()]


def warn_of_random(chosen):
    """Say what a random share hides."""
    if chosen is None:
        say(
            "overlapping sequences make a random share look better than it is; --hold-out with "
            "chromosomes of yours is stricter"
        )


def check_validation(data, validation, held_out_chromosomes):
    """What a run is stopped by is neither what it learns from nor what it is judged by."""
    group = examples.same_sequence(np.concatenate([data.sequences, validation.sequences]))
    n = len(data.labels)
    n_shared = int(np.isin(group[n:], group[:n]).sum())
    n_held_out = int(np.isin(examples.chromosomes(validation.names), held_out_chromosomes).sum())
    for count, where in (
        (n_shared, "in --positive or --negative too, as they are or as reverse complement"),
        (n_held_out, f"on the chromosomes held out ({', '.join(held_out_chromosomes)})"),
    ):
        if count:
            raise ValueError(
                f"{count:,} of the {len(validation.labels):,} sequences in --valid-positive and "
                f"--valid-negative are {where}; leave them out, or leave out both options"
            )


def split_words(rest, validation, held_out, how):
    """How many sequences there are of each part."""
    return (
        f"{len(rest.labels):,} sequences to train on, {len(validation.labels):,} to stop by, "
        f"{len(held_out.labels):,} held out ({how})"
    )


def check_writable(folder, report):
    """Find out now, and not after minutes of work, that results cannot be written."""
    if report:
        from dragonn_lite.display import theme

        if not theme.can_draw():
            raise ValueError("--report draws charts, which needs: pip install vl-convert-python")
        if Path(report).is_dir():
            raise ValueError(f"--report {report} is a folder, expected a name such as report.html")
    for place in filter(None, (folder, report and Path(report).parent)):
        place = Path(place).absolute()
        there = next(path for path in (place, *place.parents) if path.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise PermissionError(f"{place} cannot be written to; name another folder")


def load(folder):
    """Network, the length that it reads, and its card."""
    quiet_keras()
    from dragonn_lite.networks import folders

    model, card = folders.load(folder)
    length, n_scores = model.input_shape[1], model.output_shape[1]
    if length is None or n_scores != 1:
        raise ValueError(
            f"the network in {folder} reads {length or 'any'} bp and gives {n_scores} logits; the "
            "commands take those of one length and one logit"
        )
    return model, length, card


def blocks(options, length):
    """Names and one-hot sequences of a FASTA file, a few thousand at a time."""
    records = fasta.iterate_fasta(options.sequences)
    n_known = n_letters = 0
    while block := list(itertools.islice(records, _AT_ONCE)):
        for record in block:
            if len(record.sequence) != length and not options.fit_length:
                raise ValueError(
                    f"{options.sequences}: {record.name} has {len(record.sequence)} bp, but the "
                    f"model reads {length} bp; --fit-length crops and pads around the centre"
                )
        letters = [record.sequence for record in block]
        counts = examples.count_known(letters)
        n_known, n_letters = n_known + counts[0], n_letters + counts[1]
        names = np.array([record.name for record in block], dtype=object)
        yield names, dna.one_hot(letters, length=length)
    examples.check_known(options.sequences, n_known, n_letters)
    if n_known < n_letters:
        say(f"{1 - n_known / n_letters:.2%} of the bases in {options.sequences} are unknown")


def say(line):
    """Print a line where the progress goes."""
    tqdm.write(line, file=sys.stderr)  # leaves a bar on the screen as it is


def say_counts(data):
    """Say what was read."""
    n_bound = int((data.labels == 1).sum())
    n, length = data.sequences.shape[:2]
    n_copies = n - len(np.unique(examples.same_sequence(data.sequences)))
    unknown = 1 - data.sequences.sum() / (n * length)
    say(
        f"{n_bound:,} bound and {n - n_bound:,} unbound sequences of {length} bp"
        + (f", {n_copies:,} of them copies of another one" if n_copies else "")
        + (f", {unknown:.2%} of the bases unknown" if unknown else "")
    )
