"""Unbound sequences to set against bound ones: the choice that decides what a score means.

Shuffles leave only the order of the bases to be learned, random windows of the genome also their
GC content and all else that sets bound regions apart; windows of matched GC stand between.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_rng
from dragonn_lite.dna import sequences as dna
from dragonn_lite.dna.genome import Genome, as_intervals, overlaps

#: Partners may differ by this much in their fraction of G and C.
GC_TOLERANCE = 0.02
#: Windows with a larger share of unknown bases are not taken.
MOST_UNKNOWN = 0.1


def dinucleotide_shuffled(sequences: np.ndarray, *, rng) -> np.ndarray:
    """Shuffle each bound sequence so that every dinucleotide stays as frequent as it was.

    *What it does not show*: how well a network tells binding sites in a genome. It may learn what
    genomes never hold, the broken repeats and genes of a shuffle.

    Parameters
    ----------
    sequences : uint8 (n, length, 4)
    rng : int or Generator

    Returns
    -------
    array (n, length, 4), uint8
        Row i is the shuffle of sequence i: keep both on one side of a split.

    Raises
    ------
    ValueError
        If `sequences` is not one-hot.

    References
    ----------
    Altschul, Erickson (1985), https://doi.org/10.1093/oxfordjournals.molbev.a040370

    Examples
    --------
    >>> x = dinucleotide_shuffled(dna.one_hot(["AACAGATA"]), rng=0)
    >>> dna.kmer_counts(x, 2)[0, :4].tolist()  # AA, AC, AG, AT
    [1, 1, 1, 1]
    """
    return dna.dinucleotide_shuffle(sequences, rng=rng)


def genomic(
    genome: Genome,
    positives: pd.DataFrame,
    *,
    n: int | None = None,
    exclude: pd.DataFrame | None = None,
    rng,
) -> pd.DataFrame:
    """Draw windows of the genome that are not bound.

    *What it does not show*: whether a network knows more than GC content, which bound regions and
    the rest of a genome mostly differ in. Set :func:`gc_matched` windows beside these.

    Parameters
    ----------
    genome : Genome
        Its chromosomes are all drawn from: read only those that the assay covers.
    positives : interval table
        Bound windows, of one width.
    n : int, optional
        How many to draw; as many as there are positives where not given.
    exclude : interval table, optional
        Regions to keep clear of as well, such as those where an assay cannot measure, or peaks too
        weak to be positives.
    rng : int or Generator

    Returns
    -------
    interval table (n rows)
        In the order of the genome, as wide as the positives. No two overlap each other, none a
        positive or an excluded region, and none has more than a tenth of unknown bases.

    Raises
    ------
    ValueError
        If the genome has not so many such windows, or the positives do not lie in it.

    Examples
    --------
    >>> codes = np.random.default_rng(0).integers(0, 4, 1000, np.uint8)
    >>> bound = pd.DataFrame({"chromosome": ["I"], "start": [100], "stop": [120]})
    >>> genomic(Genome({"I": codes}), bound, n=5, rng=0).shape
    (5, 3)
    """
    rng = as_rng(rng)
    width_bp = genome.sequences(positives).shape[1]
    n = as_count(len(positives) if n is None else n, "n", minimum=1)
    pool, _ = _pool(genome, width_bp, positives, exclude, rng)
    if n > len(pool):
        raise ValueError(
            f"n is {n:,}, and the genome has {len(pool):,} windows of {width_bp:,} bp that keep "
            "clear of the positives and of what is excluded; draw fewer with n="
        )
    return pool.iloc[np.sort(rng.choice(len(pool), n, replace=False))].reset_index(drop=True)


def gc_matched(
    genome: Genome,
    positives: pd.DataFrame,
    *,
    n: int | None = None,
    exclude: pd.DataFrame | None = None,
    rng,
) -> pd.DataFrame:
    """Draw windows of the genome that are not bound, with the GC content of those that are.

    Each positive gets a partner of its own fraction of G and C, or, where there is none left, of
    one that differs by at most 0.02.

    *What it does not show*: what else sets bound regions apart, such as CpG, repeats or genes
    nearby. And the share of bound windows is not that of a genome: recall at a false discovery rate
    needs all windows.

    Parameters
    ----------
    genome, positives, n, exclude, rng
        As for :func:`genomic`. With another `n` than there are positives, each has `n` divided by
        their number of partners, rounded up or down.

    Returns
    -------
    interval table (n rows)
        As of :func:`genomic`.

    Raises
    ------
    ValueError
        As :func:`genomic`, and if the genome has too few windows of some GC content: it is named.

    Examples
    --------
    >>> codes = np.random.default_rng(0).integers(0, 4, 9000, np.uint8)
    >>> whole = Genome({"I": codes})
    >>> bound = pd.DataFrame({"chromosome": "I", "start": [100, 300], "stop": [150, 350]})
    >>> drawn = gc_matched(whole, bound, rng=0)
    >>> sorted(dna.gc_fraction(whole.sequences(drawn)).round(2).tolist())
    [0.38, 0.6]
    >>> sorted(dna.gc_fraction(whole.sequences(bound)).round(2).tolist())
    [0.38, 0.6]
    """
    rng = as_rng(rng)
    bound = genome.sequences(positives)
    gc, width_bp = dna.gc_fraction(bound), bound.shape[1]
    if np.isnan(gc).any():
        raise ValueError(
            f"{np.isnan(gc).sum()} of the {len(gc)} positives have no known base, so that there is "
            "no GC content to match; leave them out"
        )
    n = as_count(len(gc) if n is None else n, "n", minimum=1)
    pool, level_of_row = _pool(genome, width_bp, positives, exclude, rng)
    # Levels: the number of G and C in a window without unknown bases.
    level = np.rint(gc * width_bp).astype(np.int64)
    each = rng.permutation(np.resize(rng.permutation(len(level)), n))
    wanted = np.bincount(level[each], minlength=width_bp + 1)
    taken = _matched(wanted, np.bincount(level_of_row, minlength=width_bp + 1), width_bp)
    # In each level the first of a random order.
    order = rng.permutation(len(pool))
    order = order[np.argsort(level_of_row[order], kind="stable")]
    levels = level_of_row[order]
    place = np.arange(len(order)) - np.searchsorted(levels, levels)
    return pool.iloc[np.sort(order[place < taken[levels]])].reset_index(drop=True)


def _pool(genome, width_bp, positives, exclude, rng) -> tuple[pd.DataFrame, np.ndarray]:
    """All windows to draw from, and how many of `width_bp` known bases would be G or C.

    They tile each chromosome from a random place on, so that no two can overlap.
    """
    parts, levels = [], []
    for name, codes in genome.codes.items():
        offset = int(rng.integers(min(width_bp, max(len(codes) - width_bp + 1, 1))))
        n_windows = (len(codes) - offset) // width_bp
        tiles = codes[offset : offset + n_windows * width_bp].reshape(n_windows, width_bp)
        n_known = (tiles != dna.UNKNOWN).sum(axis=1)
        n_gc = ((tiles == 1) | (tiles == 2)).sum(axis=1)
        kept = n_known >= (1 - MOST_UNKNOWN) * width_bp
        start = offset + width_bp * np.flatnonzero(kept)
        parts.append(pd.DataFrame({"chromosome": name, "start": start, "stop": start + width_bp}))
        levels.append(np.rint(n_gc[kept] / n_known[kept] * width_bp).astype(np.int64))
    pool, level = pd.concat(parts, ignore_index=True), np.concatenate(levels)
    clear = ~overlaps(pool, positives)
    if exclude is not None:
        clear &= ~overlaps(pool, as_intervals(exclude, "exclude"))
    return pool[clear].reset_index(drop=True), level[clear]


def _matched(wanted: np.ndarray, there: np.ndarray, width_bp: int) -> np.ndarray:
    """How many windows to take of each level: its own first, then those of the nearest ones."""
    wanted, left = wanted.copy(), there.copy()
    farthest = int(GC_TOLERANCE * width_bp)
    for step in sorted(range(-farthest, farthest + 1), key=abs):
        of = slice(max(-step, 0), len(wanted) - max(step, 0))
        at = slice(max(step, 0), len(wanted) - max(-step, 0))
        taken = np.minimum(wanted[of], left[at])
        wanted[of] -= taken
        left[at] -= taken
    if wanted.any():
        lacking = np.flatnonzero(wanted)[[0, -1]] / width_bp
        raise ValueError(
            f"there is no partner for {wanted.sum():,} of {wanted.sum() + (there - left).sum():,} "
            f"windows: the genome has too few with a GC content of {lacking[0]:.2f} to "
            f"{lacking[1]:.2f} that keep clear of the positives and of what is excluded; leave out "
            "positives of such GC content, or draw fewer with n="
        )
    return there - left
