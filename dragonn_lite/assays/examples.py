"""Labelled examples from one's own FASTA files, and honest ways to hold some of them out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from dragonn_lite._contract import as_rng
from dragonn_lite.dna import fasta
from dragonn_lite.dna import sequences as dna


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
        If a file is not FASTA, or the sequences have different lengths and no `length` is given.

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
    records = [record for part in parts for record in part]
    return Examples(
        dna.one_hot([record.sequence for record in records], length=length),
        np.repeat(np.array([1, 0], np.int8), [len(part) for part in parts]),
        np.array([record.name for record in records]),
    )


def chromosomes(names: Sequence[str]) -> np.ndarray:
    """Chromosome that each name gives (``chr1:10-20``), "" where it gives none.

    Examples
    --------
    >>> chromosomes(["chr1:10-20", "chrX:5-15_shuffled", "peak_7"]).tolist()
    ['chr1', 'chrX', '']
    """
    regions = (fasta.parse_region(name) for name in names)
    return np.array([region.chromosome if region else "" for region in regions])


def hold_out_chromosomes(
    examples: Examples, held_out: Sequence[str]
) -> tuple[Examples, Examples]:
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
        raise ValueError(
            f"no example lies on {', '.join(missing) or 'no chromosome'}; the names give "
            f"{', '.join(sorted(set(found)))}"
        )
    is_held_out = np.isin(found, list(held_out))
    if is_held_out.all():
        raise ValueError("held_out names every chromosome; leave some to train on")
    return examples.take(~is_held_out), examples.take(is_held_out)


def split(examples: Examples, fraction: float, *, rng) -> tuple[Examples, Examples]:
    """Hold out a random share; copies of a sequence, and its reverse complement, stay together.

    *What it does not prevent*: overlapping windows of one region on both sides. Where names give
    places, :func:`hold_out_chromosomes` is the honest split.

    Parameters
    ----------
    examples : Examples
    fraction : float
        Share to hold out, between 0 and 1.
    rng : int or Generator

    Returns
    -------
    (rest, held out) : Examples

    Raises
    ------
    ValueError
        If one side would be empty.

    Examples
    --------
    >>> x = dna.one_hot(["ACGG", "ACGG", "CCGT", "TTTT"])  # the third is the first one reversed
    >>> four = Examples(x, np.array([1, 1, 1, 0], np.int8), np.array(list("abcd")))
    >>> sorted(len(side.names) for side in split(four, 0.5, rng=0))
    [1, 3]
    """
    rng = as_rng(rng)
    codes = dna.codes(examples.sequences)
    turned = dna.codes(dna.reverse_complement(examples.sequences))
    keys = [min(a.tobytes(), b.tobytes()) for a, b in zip(codes, turned, strict=True)]
    group = np.unique(keys, return_inverse=True)[1]
    order = rng.permutation(group.max(initial=0) + 1)
    held_out = order[group] < round(fraction * len(order))
    if not 0 < held_out.sum() < len(held_out):
        raise ValueError(
            f"fraction is {fraction!r} of {len(order)} different sequences, expected a share that "
            "leaves some on both sides"
        )
    return examples.take(~held_out), examples.take(held_out)
