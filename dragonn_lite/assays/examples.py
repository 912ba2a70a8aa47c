"""Labelled examples from one's own FASTA or BED files, and honest ways to hold some of them out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_labels
from dragonn_lite.assays import simulate
from dragonn_lite.assays.copies import numbered, same_sequence, shuffled_twins
from dragonn_lite.assays.splits import (  # noqa: F401 (the front door)
    chromosomes,
    hold_out,
    hold_out_chromosomes,
    split,
)
from dragonn_lite.dna import fasta
from dragonn_lite.dna import sequences as dna
from dragonn_lite.dna.genome import (
    Genome,
    centred,
    matching_names,
    read_genome,
    read_intervals,
    rename_chromosomes,
)

_MOST_BYTES = 8e9  # of one-hot sequences: training needs some of it again
#: Shares of padding in the two classes may differ by this much.
_MOST_PADDING_APART = 0.01
_LEAST_WIDTH = 8  # of intervals that are read as they are: a peak of 1 bp is a place


class Examples(NamedTuple):
    """Sequences with names and labels.

    Attributes
    ----------
    sequences : uint8 (n, length, 4)
    labels : int8 (n,)
    names : str (n,)
    """

    sequences: np.ndarray
    labels: np.ndarray
    names: np.ndarray

    def take(self, rows) -> Examples:
        """Some of the examples."""
        return Examples(*(part[rows] for part in self))


def read(
    positive: str | os.PathLike,
    negative: str | os.PathLike,
    *,
    length: int | None = None,
    genome: Genome | str | os.PathLike | None = None,
) -> Examples:
    """Read bound and unbound sequences from two FASTA files, or two BED files and a genome.

    Parameters
    ----------
    positive, negative : path
        FASTA files, or with `genome` BED or narrowPeak files; gzip or not.
    length : int, optional
        Crop and pad all sequences around their centre to this many bp. Intervals are cut so long
        around their summit, or else their middle.
    genome : Genome or path of its FASTA file, optional
        What the intervals are cut out of. Where the two name a chromosome differently (chr4 and
        IV), the genome's name is used.

    Returns
    -------
    Examples
        The positives (label 1), then the negatives (label 0). Cut out of a genome they are named
        as in :func:`from_intervals`.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is not what it should be, the sequences have different lengths and no `length`
        is given, both are one file, more than half of one is no A, C, G or T, they need more than
        8 GB of memory, a sequence (or its reverse complement) is in both, an interval reaches
        beyond its chromosome, or one class would be padded more than the other.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> fasta.write_fasta(folder / "bound.fa", [("a", "ACGT")])
    >>> fasta.write_fasta(folder / "unbound.fa", [("b", "TTTT"), ("c", "GGGG")])
    >>> read(folder / "bound.fa", folder / "unbound.fa").labels.tolist()
    [1, 0, 0]
    """
    if Path(positive).exists() and Path(negative).exists() and Path(positive).samefile(negative):
        raise ValueError(
            f"positive and negative are the same file, {positive}; name the file of the unbound "
            "sequences as negative"
        )
    files = positive, negative
    if genome is not None:
        examples = _cut_out(files, genome, length)
        _check_apart(examples, same_sequence(examples.sequences), files)
        return examples
    parts = [fasta.read_fasta(path) for path in files]
    for path, part in zip(files, parts, strict=True):
        check_known(path, *count_known(record.sequence for record in part))
    records = [record for part in parts for record in part]
    lengths = {len(record.sequence) for record in records}
    _check_lengths(lengths, length)
    if length is not None:
        _check_padding(parts, length)
    _check_memory(len(records), length or max(lengths))
    examples = Examples(
        dna.one_hot([record.sequence for record in records], length=length),
        _labels_of(parts),
        # As objects: an array of text takes as much for every name as for the longest.
        np.array([record.name for record in records], dtype=object),
    )
    mend = "; remove them from one of the two files"
    if length is not None:
        letters = [record.sequence.upper() for record in records]
        _check_apart(examples, numbered(letters, dna.reverse_complement(letters)), files)
        mend = f" once cut to the {length} bp that length= keeps; keep more"
    _check_apart(examples, same_sequence(examples.sequences), files, mend)
    return examples


def _cut_out(files, genome, length) -> Examples:
    if not isinstance(genome, Genome):
        genome = read_genome(genome)
    parts = []
    for path in files:
        part = read_intervals(path)
        # chr4 is IV: the same chromosome under its other name
        names = matching_names(part["chromosome"].unique(), genome.sizes)
        parts.append(rename_chromosomes(part, names) if names else part)
    labels = _labels_of(parts)
    widths = {width for part in parts for width in (part["stop"] - part["start"]).unique()}
    _check_lengths(widths, length)
    if length is None and max(widths) < _LEAST_WIDTH:
        raise ValueError(
            f"the intervals have {max(widths)} bp; say how many bp around them to read, such as "
            "length=200"
        )
    if length is not None:
        parts = [centred(part, length) for part in parts]
    for path, part in zip(files, parts, strict=True):
        _check_inside(path, part, genome)
    intervals = pd.concat(parts, ignore_index=True)
    _check_memory(len(intervals), length or max(widths))
    examples = from_intervals(genome, intervals, labels)
    for path, label in zip(files, (1, 0), strict=True):
        sequences = examples.sequences[labels == label]
        check_known(path, int(sequences.sum()), sequences[..., 0].size)
    return examples


def _check_inside(path, intervals, genome):
    named = intervals["chromosome"].isin(genome.sizes)  # other names are refused later
    beyond = intervals[named & ~genome.contains(intervals)]
    if len(beyond):
        first = beyond.iloc[0]
        raise ValueError(
            f"{len(beyond):,} of the {len(intervals):,} intervals in {path} reach beyond their "
            f"chromosome (the first as {first.chromosome}:{first.start}-{first.stop}, of "
            f"{genome.sizes[first.chromosome]:,} bp); take them out of the file"
        )


def _labels_of(parts) -> np.ndarray:
    return np.repeat(np.array([1, 0], np.int8), [len(part) for part in parts])


def _check_lengths(lengths, length):
    if length is None and len(lengths) > 1:
        raise ValueError(
            f"the sequences have {min(lengths)} to {max(lengths)} bp; bring them to one length "
            f"with length={min(lengths)}, which crops them around their centre"
        )


def _check_memory(n, length):
    n_bytes = 4 * n * length
    if n_bytes > _MOST_BYTES:
        raise ValueError(
            f"{n:,} sequences of {length:,} bp take {n_bytes / 1e9:.0f} GB of memory; take fewer, "
            "or shorter ones with length="
        )


def _check_apart(examples, group, files, mend="; remove them from one of the two files"):
    in_both = np.isin(group, group[examples.labels == 1]) & (examples.labels == 0)
    if in_both.any():
        raise ValueError(
            f"{in_both.sum()} of the {(examples.labels == 0).sum()} sequences in {files[1]} are in "
            f"{files[0]} too, as they are or as reverse complement (the first is "
            f"{examples.names[in_both][0]!r}){mend}"
        )


def from_intervals(genome: Genome, intervals: pd.DataFrame, labels) -> Examples:
    """Cut labelled sequences out of a genome.

    Parameters
    ----------
    genome : Genome
    intervals : interval table (n rows)
        Of one width; the strand "-" gives the reverse complement.
    labels : array (n,)
        1 bound, 0 unbound, -1 ambiguous.

    Returns
    -------
    Examples
        With names such as ``chr1:100-300``, by which whole chromosomes can be held out.

    Raises
    ------
    ValueError
        As ``Genome.sequences``, or if there is not one label for each interval.

    Examples
    --------
    >>> from dragonn_lite.dna.genome import windows
    >>> chromosomes = Genome({"I": np.zeros(8, np.uint8), "II": np.ones(4, np.uint8)})
    >>> rows = from_intervals(chromosomes, windows(chromosomes.sizes, 4), [1, 0, 0])
    >>> rest, held_out = hold_out_chromosomes(rows, ["II"])
    >>> held_out.names.tolist()
    ['II:0-4']
    """
    sequences = genome.sequences(intervals)
    labels = as_labels(labels, len(sequences))
    if labels.ndim != 1:
        raise ValueError(f"labels have shape {labels.shape}, expected ({len(labels)},)")
    places = zip(*(intervals[column] for column in ("chromosome", "start", "stop")), strict=True)
    names = [f"{chromosome}:{start}-{stop}" for chromosome, start, stop in places]
    return Examples(sequences, labels, np.array(names, dtype=object))


def _check_padding(parts, length):
    """Refuse padding that tells the classes apart: a network would read the N and nothing else."""
    shares = [
        np.mean([max(0, length - len(record.sequence)) / length for record in part])
        for part in parts
    ]
    if abs(shares[0] - shares[1]) > _MOST_PADDING_APART:
        shortest = min(len(record.sequence) for part in parts for record in part)
        raise ValueError(
            f"at length={length}, {shares[0]:.0%} of the bound bases and {shares[1]:.0%} of the "
            "unbound ones would be padding: a network would tell them by that; take "
            f"length={shortest}, or sequences cut alike"
        )


def count_known(sequences: Iterable[str]) -> tuple[int, int]:
    """Count the letters A, C, G and T, and all letters.

    Examples
    --------
    >>> count_known(["ACGT", "nnac"])
    (6, 8)
    """
    n_known = n_letters = 0
    for sequence in sequences:
        n_known += sum(map(sequence.count, "ACGTacgt"))
        n_letters += len(sequence)
    return n_known, n_letters


def check_known(path: str | os.PathLike, n_known: int, n_letters: int) -> None:
    """Refuse a file of mostly unknown bases: many a protein is spelled in letters that DNA has too.

    Parameters
    ----------
    path : path
        For the message.
    n_known, n_letters : int
        As :func:`count_known` counts them.

    Raises
    ------
    ValueError
        If less than half of the letters are known.

    Examples
    --------
    >>> check_known("x.fa", 1, 2)
    """
    if 2 * n_known < n_letters:
        raise ValueError(
            f"{1 - n_known / n_letters:.0%} of the letters in {path} are no A, C, G or T, so "
            "nearly nothing can be read from them; is it a protein?"
        )


def example_files(folder: str | os.PathLike, *, rng) -> tuple[Path, Path, str]:
    """Write two FASTA files to try things on, ``bound.fa`` and ``unbound.fa``.

    They hold sequences of 101 bp that CTCF does and does not bind, where the environment variable
    ``DRAGONN_LITE_DATA`` names a folder with the data set "ctcf_keras_genomics"; and else
    simulated ones, half with a CTCF site, whose names give places that are made up.

    Parameters
    ----------
    folder : path
        Exists already.
    rng : int or Generator
        For the simulation.

    Returns
    -------
    (bound, unbound, words)
        The two files, and a sentence about what they hold.

    Examples
    --------
    >>> import tempfile
    >>> bound, unbound, words = example_files(tempfile.mkdtemp(), rng=0)
    >>> len(fasta.read_fasta(bound)) > 1000
    True
    """
    source = Path(os.environ.get("DRAGONN_LITE_DATA") or "-", "ctcf_keras_genomics")
    if source.is_dir():
        records, labels = [], []
        for part in ("test", "valid"):
            records += fasta.read_fasta(source / f"{part}.fa")
            lines = (source / f"{part}.target").read_text().splitlines()
            labels += [line.split()[0] for line in lines]
        words = (
            "the test data of Keras-genomics (ChIP-seq of a factor that its motif says is CTCF; "
            "shuffles as unbound sequences)"
        )
    else:
        simulation = simulate.single_motif_detection(
            "CTCF", length=101, n_positive=6_000, n_negative=6_000, gc_fraction=0.5,
            rng=rng,
        )  # fmt: skip
        labels = simulation.labels.astype(str)
        places = ((f"chr{i % 22 + 1}", 1000 * i) for i in range(len(labels)))
        names = [f"{chromosome}:{start}-{start + 101}" for chromosome, start in places]
        records = list(map(fasta.FastaRecord, names, dna.decode(simulation.sequences)))
        words = "simulated sequences, half of them with a CTCF site, at made-up places"
    paths = Path(folder, "bound.fa"), Path(folder, "unbound.fa")
    for path, wanted in zip(paths, "10", strict=True):
        chosen = [r for r, label in zip(records, labels, strict=True) if label == wanted]
        fasta.write_fasta(path, chosen)
    return *paths, f"No files were named, so here are {words}: {paths[0]} and {paths[1].name}."


def describe(examples: Examples) -> pd.DataFrame:
    """What there is to know of one's sequences before anything is trained on them.

    Parameters
    ----------
    examples : Examples

    Returns
    -------
    DataFrame
        `what`, and its value among the `bound` and the `unbound` sequences, as text.

    Examples
    --------
    >>> x = dna.one_hot(["ACGG", "ACGG", "TTTN"])
    >>> describe(Examples(x, np.array([1, 1, 0]), np.array(list("abc")))).loc[1].tolist()
    ['copies of another sequence', '1', '0']
    """
    twins = shuffled_twins(examples)
    columns = {}
    for column, (label, name) in enumerate(((1, "bound"), (0, "unbound"))):
        rows = np.flatnonzero(examples.labels == label)
        sequences = examples.sequences[rows]
        n, length = sequences.shape[:2]
        gc = dna.gc_fraction(sequences)
        gc = gc[np.isfinite(gc)]
        n_placed = (chromosomes(examples.names[rows]) != "").sum()
        columns[name] = {
            "sequences": f"{n:,}",
            "copies of another sequence": f"{n - len(np.unique(same_sequence(sequences))):,}",
            "length (bp)": f"{length:,}",
            "GC content, mean ± standard deviation": f"{gc.mean():.3f} ± {gc.std():.3f}"
            if len(gc)
            else "-",
            "unknown bases (N)": f"{1 - sequences.sum() / max(n * length, 1):.2%}",
            "with a shuffled twin in the other class": f"{len(np.unique(twins[:, column])):,}",
            "with a chromosome in their name": f"{n_placed:,}",
        }
    return pd.DataFrame(columns).rename_axis("what").reset_index()
