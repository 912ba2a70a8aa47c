"""Honest ways to hold some of the examples out.

Call these as ``examples.split(...)``: :mod:`dragonn_lite.assays.examples` is their front door.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dragonn_lite._contract import as_rng
from dragonn_lite.assays.copies import same_sequence
from dragonn_lite.dna import fasta

if TYPE_CHECKING:
    from dragonn_lite.assays.examples import Examples


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
    TypeError
        If `held_out` is a single name.
    ValueError
        If a name gives no chromosome, a chromosome has no example, or all would be held out.

    Examples
    --------
    >>> from dragonn_lite.assays.examples import Examples
    >>> from dragonn_lite.dna import sequences as dna
    >>> x = dna.one_hot(["ACGT", "TTTT"])
    >>> both = Examples(x, np.array([1, 0], np.int8), np.array(["chr1:0-4", "chr2:0-4"]))
    >>> rest, held = hold_out_chromosomes(both, ["chr2"])
    >>> held.names.tolist()
    ['chr2:0-4']
    """
    if isinstance(held_out, str):
        raise TypeError(f"held_out is {held_out!r}, expected a list of names: [{held_out!r}]")
    held_out = list(map(str, held_out))
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
    is_held_out = np.isin(found, held_out)
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
    >>> from dragonn_lite.assays.examples import Examples
    >>> from dragonn_lite.dna import sequences as dna
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


def hold_out(
    examples: Examples, chromosomes: Sequence[str] | None = None, *, rng
) -> tuple[Examples, Examples, str]:
    """Hold out chromosomes, or where none are named a random fifth.

    Parameters
    ----------
    examples : Examples
    chromosomes : sequence of str, optional
    rng : int or Generator

    Returns
    -------
    (rest, held out, words) : Examples, Examples, str
        The words say what was held out.

    Raises
    ------
    ValueError
        As :func:`hold_out_chromosomes` and :func:`split`.

    Examples
    --------
    >>> from dragonn_lite.assays.examples import Examples
    >>> from dragonn_lite.dna import sequences as dna
    >>> x = dna.one_hot(["ACGG", "CCCC", "AAGA", "TTCT"])
    >>> four = Examples(x, np.array([1, 1, 0, 0], np.int8), np.array(list("abcd")))
    >>> hold_out(four, rng=0)[2]
    'a random fifth'
    """
    if chromosomes is not None:
        return *hold_out_chromosomes(examples, chromosomes), ", ".join(chromosomes)
    return *split(examples, 0.2, rng=rng), "a random fifth"
