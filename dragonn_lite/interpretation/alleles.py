"""What variants do to a model's score. Call it as ``experiments.variant_effect(...)``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_one_hot
from dragonn_lite.dna.chromosomes import check_chromosomes
from dragonn_lite.dna.encoding import BASES, CODE_OF_LETTER, UNKNOWN, codes, from_codes
from dragonn_lite.dna.genome import Genome
from dragonn_lite.dna.variants import as_variants
from dragonn_lite.interpretation.changes import Change, logits_of, parts


def variant_effect(
    model: Callable,
    genome: Genome | np.ndarray,
    variants: pd.DataFrame,
    *,
    length: int | None = None,
    target: int = 0,
) -> Change:
    """Score the reference and the alternate allele of variants in the sequence around them.

    *What it does not show*: the effect of two variants together, and of those whose change reaches
    farther than the window.

    Parameters
    ----------
    model : keras.Model or callable
    genome : Genome or one-hot (m, length, 4)
        Where the variants lie. On a genome the window is centred on the first base of the
        reference allele; a sequence is its own window. Bases beyond the ends are unknown.
    variants : DataFrame
        `chromosome` (or `sequence`, the row, if `genome` is an array), `position` (0-based),
        `reference`, `alternate` ("" or "-" for none); such as
        :func:`~dragonn_lite.dna.variants.read_vcf` gives. With an insertion or deletion the
        window keeps its length and its left part: on the right, bases leave it or come in.
    length : int, optional
        Of the window on a genome, in bp; by default what the model reads.
    target : int
        Which output.

    Returns
    -------
    Change (n_variants,)
        `before` is the reference allele, `after` the alternate one.

    Raises
    ------
    ValueError
        If the genome has something else than the reference allele in some place, a chromosome is
        not in it, an allele is too long for the window, or as
        :func:`~dragonn_lite.interpretation.explanations.checked`.

    References
    ----------
    Zhou & Troyanskaya 2015, doi:10.1038/nmeth.3547

    Examples
    --------
    >>> from dragonn_lite.dna.encoding import one_hot
    >>> table = pd.DataFrame(
    ...     {"sequence": [0, 0], "position": [1, 1], "reference": ["C", "CG"],
    ...      "alternate": ["G", "C"]})
    >>> variant_effect(lambda x: x[:, :, 2].sum(axis=1), one_hot("ACGT"), table).difference.tolist()
    [1.0, -1.0]
    """
    on_genome = isinstance(genome, Genome)
    variants = as_variants(variants, "chromosome" if on_genome else "sequence")
    if on_genome:
        length = _window_length(model, length)
        names = variants["chromosome"].astype(str)
        check_chromosomes(names.unique(), genome.sizes, "variants", "the genome has")
        home = {name: genome.codes[name] for name in names.unique()}
    else:
        if length is not None:
            raise ValueError("length is for a genome; a sequence is its own window, leave it out")
        home = dict(enumerate(codes(as_one_hot(genome, "genome"))))
        names = variants["sequence"]
        if not names.isin(list(home)).all():
            raise ValueError(
                f"variants name sequence {names[~names.isin(list(home))].iloc[0]}, and there are "
                f"{len(home)}, the first of which is 0"
            )
        length = genome.shape[1]
    rows = [
        (home[name], position, *(_numbered(allele) for allele in alleles))
        for name, position, *alleles in zip(
            names, *(variants[c] for c in ("position", "reference", "alternate")), strict=True
        )
    ]
    _check_alleles(rows, names, variants, length, centred=on_genome)
    before, after = np.empty((2, len(rows)), np.float32)
    for part in parts(len(rows), length):
        pairs = [_allele_windows(*row, length, centred=on_genome) for row in rows[part]]
        reference, alternate = (from_codes(np.stack(side)) for side in zip(*pairs, strict=True))
        before[part] = logits_of(model, reference, target)
        after[part] = logits_of(model, alternate, target)
    return Change(before, after)


def _window_length(model, length):
    shape = getattr(model, "input_shape", None)
    read = shape[1] if isinstance(shape, tuple) and len(shape) == 3 else None
    if length is None and read is None:
        raise ValueError("length is not given, and the model does not say what it reads; give it")
    return as_count(read if length is None else length, "length", 1)


def _numbered(allele):
    return np.frombuffer(allele.encode().translate(CODE_OF_LETTER), np.uint8)


def _check_alleles(rows, names, variants, length, *, centred):
    wrong, too_long = [], []
    for i, (home, position, reference, alternate) in enumerate(rows):
        found = home[position : position + len(reference)]
        if position > len(home) or not np.array_equal(found, reference):
            wrong.append(i)
        n_left = length // 2 if centred else position
        if n_left + max(len(reference), len(alternate)) > length:
            too_long.append(i)
    if wrong:
        first, (home, position, reference, _) = wrong[0], rows[wrong[0]]
        found = (
            "".join((BASES + "N")[c] for c in home[position : position + len(reference)])
            or "nothing"
        )
        raise ValueError(
            f"the reference allele of {len(wrong):,} of {len(rows):,} variants is not what stands "
            f"there (the first is {names.iloc[first]}:{position}, {found} and not "
            f"{variants['reference'].iloc[first]}); is it another assembly, or are the positions "
            "1-based?"
        )
    if too_long:
        raise ValueError(
            f"{len(too_long):,} of {len(rows):,} variants have an allele that reaches beyond the "
            f"window of {length} bp; leave them out, or take longer windows"
        )


def _allele_windows(home, position, reference, alternate, length, *, centred):
    """The window with the reference and with the alternate allele, as codes (length,)."""
    start = position - length // 2 if centred else 0
    left = _cut(home, start, position)
    windows = []
    for allele in (reference, alternate):
        n_right = max(0, length - len(left) - len(allele))
        after = position + len(reference)
        window = np.concatenate([left, allele, _cut(home, after, after + n_right)])
        windows.append(window[:length])
    return windows


def _cut(home, start, stop):
    """Codes from start to stop, unknown beyond the ends."""
    part = home[max(start, 0) : max(stop, 0)]
    before = min(max(-start, 0), stop - start)
    return np.pad(part, (before, stop - start - before - len(part)), constant_values=UNKNOWN)
