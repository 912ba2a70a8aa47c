"""Labelled examples from one's own FASTA files, and honest ways to hold some of them out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_labels, as_rng
from dragonn_lite.assays import simulate
from dragonn_lite.assays.copies import numbered, same_sequence, shuffled_twins
from dragonn_lite.dna import fasta
from dragonn_lite.dna import sequences as dna
from dragonn_lite.dna.genome import Genome

_MOST_BYTES = 8e9  # of one-hot sequences: training needs some of it again
#: Shares of padding in the two classes may differ by this much.
_MOST_PADDING_APART = 0.01


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
) -> Examples:
    """Read bound and unbound sequences from two FASTA files.

    Parameters
    ----------
    positive, negative : path
        FASTA files, gzip or not.
    length : int, optional
        Crop and pad all sequences around their centre to this many bp.

    Returns
    -------
    Examples
        The positives (label 1), then the negatives (label 0).

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If a file is not FASTA, the sequences have different lengths and no `length` is given,
        both are one file, more than half of one is no A, C, G or T, they need more than 8 GB of
        memory, a sequence (or its reverse complement) is in both, or one class would be padded
        more than the other.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> fasta.write_fasta(folder / "bound.fa", [("a", "ACGT")])
    >>> fasta.write_fasta(folder / "unbound.fa", [("b", "TTTT"), ("c", "GGGG")])
    >>> read(folder / "bound.fa", folder / "unbound.fa").labels.tolist()
    [1, 0, 0]
    """
    parts = [fasta.read_fasta(path) for path in (positive, negative)]
    if Path(positive).samefile(negative):
        raise ValueError(
            f"positive and negative are the same file, {positive}; name the file of the unbound "
            "sequences as negative"
        )
    for path, part in zip((positive, negative), parts, strict=True):
        check_known(path, *count_known(record.sequence for record in part))
    records = [record for part in parts for record in part]
    lengths = {len(record.sequence) for record in records}
    if length is None and len(lengths) > 1:
        raise ValueError(
            f"the sequences have {min(lengths)} to {max(lengths)} bp; bring them to one length "
            f"with length={min(lengths)}, which crops them around their centre"
        )
    if length is not None:
        _check_padding(parts, length)
    n_bytes = 4 * len(records) * (length or max(lengths))
    if n_bytes > _MOST_BYTES:
        raise ValueError(
            f"{len(records):,} sequences of {length or max(lengths):,} bp take {n_bytes / 1e9:.0f} "
            "GB of memory; take fewer, or shorter ones with length="
        )
    examples = Examples(
        dna.one_hot([record.sequence for record in records], length=length),
        np.repeat(np.array([1, 0], np.int8), [len(part) for part in parts]),
        # As objects: an array of text takes as much for every name as for the longest.
        np.array([record.name for record in records], dtype=object),
    )
    groups = [(same_sequence(examples.sequences), "; remove them from one of the two files")]
    if length is not None:
        letters = [record.sequence.upper() for record in records]
        groups.insert(0, (numbered(letters, dna.reverse_complement(letters)), groups[0][1]))
        groups[1] = groups[1][0], f" once cut to the {length} bp that length= keeps; keep more"
    for group, mend in groups:
        in_both = np.isin(group, group[examples.labels == 1]) & (examples.labels == 0)
        if in_both.any():
            name = examples.names[in_both][0]
            raise ValueError(
                f"{in_both.sum()} of the {len(parts[1])} sequences in {negative} are in {positive} "
                f"too, as they are or as reverse complement (the first is {name!r}){mend}"
            )
    return examples


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


def chromosomes(names: Sequence[str]) -> np.ndarray:
    """Chromosome that each name gives (``chr1:10-20``), "" where it gives none.

    Examples
    --------
    >>> chromosomes(["chr1:10-20", "chrX:5-15_shuffled", "peak_7"]).tolist()
    ['chr1', 'chrX', '']
    """
    regions = (fasta.parse_region(name) for name in names)
    return np.array([region.chromosome if region else "" for region in regions])


def hold_out_chromosomes(examples: Examples, held_out: Sequence[str]) -> tuple[Examples, Examples]:
    """Split by the chromosomes that the names give.

    Parameters
    ----------
    examples : Examples
        With names such as ``chr1:10-20``.
    held_out : sequence of str
        Chromosomes to hold out.

    Returns
    -------
    (rest, held out) : Examples

    Raises
    ------
    ValueError
        If a name gives no chromosome, a chromosome has no example, or all would be held out.

    Examples
    --------
    >>> x = dna.one_hot(["ACGT", "TTTT"])
    >>> both = Examples(x, np.array([1, 0], np.int8), np.array(["chr1:0-4", "chr2:0-4"]))
    >>> rest, held = hold_out_chromosomes(both, ["chr2"])
    >>> held.names.tolist()
    ['chr2:0-4']
    """
    found = chromosomes(examples.names)
    if (found == "").any():
        unplaced = examples.names[found == ""]
        raise ValueError(
            f"{len(unplaced)} of {len(found)} names give no chromosome (the first is "
            f"{str(unplaced[0])!r}), expected names such as chr1:100-200; hold out a random share"
        )
    missing = sorted(set(held_out) - set(found))
    if missing or not held_out:
        what = f"no example lies on {', '.join(missing)}" if missing else "held_out is empty"
        raise ValueError(f"{what}; the names give {', '.join(sorted(set(found)))}")
    is_held_out = np.isin(found, list(held_out))
    if is_held_out.all():
        raise ValueError("held_out names every chromosome; leave some to train on")
    return examples.take(~is_held_out), examples.take(is_held_out)


def split(examples: Examples, fraction: float, *, rng) -> tuple[Examples, Examples]:
    """Hold out a random share of each class; copies of a sequence stay on one side.

    The reverse complement counts as a copy.

    *What it does not prevent*: overlapping windows of one region on both sides. Where names give
    places, :func:`hold_out_chromosomes` is the honest split.

    Parameters
    ----------
    examples : Examples
    fraction : float
        Share to hold out, between 0 and 1, of the different sequences of each class; at least one
        of each stays on either side.
    rng : int or Generator

    Returns
    -------
    (rest, held out) : Examples

    Raises
    ------
    ValueError
        If `fraction` is another number, or a class has fewer than two different sequences.

    Examples
    --------
    >>> x = dna.one_hot(["ACGG", "ACGG", "CCGT", "AAGA", "TTTT", "GGGG"])  # three are one
    >>> six = Examples(x, np.array([1, 1, 1, 1, 0, 0], np.int8), np.array(list("abcdef")))
    >>> sorted(len(side.names) for side in split(six, 0.5, rng=0))
    [2, 4]
    """
    rng = as_rng(rng)
    if not 0 < fraction < 1:
        raise ValueError(f"fraction is {fraction!r}, expected a share between 0 and 1")
    group = same_sequence(examples.sequences)
    held_out = np.zeros(len(group), bool)
    for label in np.unique(examples.labels):
        groups = rng.permutation(np.unique(group[examples.labels == label]))
        if len(groups) < 2:
            raise ValueError(
                f"examples hold {len(groups)} different sequence of label {label}, expected at "
                "least two: one for either side"
            )
        n_held_out = min(max(round(fraction * len(groups)), 1), len(groups) - 1)
        held_out |= np.isin(group, groups[:n_held_out])
    return examples.take(~held_out), examples.take(held_out)
