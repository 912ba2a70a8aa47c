"""What if? Experiments on a model: put a motif in, take a site out, exchange an allele.

Each gives the logit before and after as a pair. They need predictions alone, so that any callable
from one-hot to scores will do for a model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_one_hot, as_rng
from dragonn_lite.dna.encoding import from_codes, one_hot
from dragonn_lite.dna.matrices import Motif
from dragonn_lite.dna.sequences import reverse_complement
from dragonn_lite.dna.shuffles import dinucleotide_shuffle
from dragonn_lite.interpretation.alleles import variant_effect
from dragonn_lite.interpretation.changes import Change, logits_of, parts
from dragonn_lite.interpretation.contributions import inside
from dragonn_lite.interpretation.explanations import checked

__all__ = ["Ablation", "Change", "ablate", "marginalize", "spacing", "variant_effect"]


@dataclass(frozen=True, eq=False)
class Ablation:
    """What sites are worth, one by one and all together.

    Attributes
    ----------
    each : Change (n_sites,)
        Of the sequence of each site with that site alone removed, in the order of the table.
    together : Change (n_sequences,)
        Of each sequence with all of its sites removed.
    """

    each: Change
    together: Change


def marginalize(
    model: Callable,
    motif: Motif | str | np.ndarray,
    backgrounds: np.ndarray,
    *,
    position: int | None = None,
    strand: str = "+",
    target: int = 0,
) -> Change:
    """Put a motif into many backgrounds: what it adds by itself, whatever stands around it.

    *What it does not show*: what the motif does beside another one, or elsewhere in the sequence.

    Parameters
    ----------
    model : keras.Model or callable
    motif : Motif, str, or one-hot (width, 4) or (n, width, 4)
        A motif is put in as its most probable bases; an array may hold one insert a background,
        such as sites that were drawn from a motif.
    backgrounds : array (n, length, 4)
        One-hot sequences without the motif: random or shuffled ones.
    position : int, optional
        Where its first base goes, 0-based; by default the motif stands in the middle.
    strand : "+", "-" or "both"
        "-" inserts the reverse complement; "both" gives the mean of the two.
    target : int
        Which output.

    Returns
    -------
    Change (n,)

    Raises
    ------
    ValueError
        If the motif does not fit, or as :func:`~dragonn_lite.interpretation.explanations.checked`.

    References
    ----------
    Kelley et al. 2016, doi:10.1101/gr.200535.115

    Examples
    --------
    >>> backgrounds = one_hot(["AAAAA", "CCCCC"])
    >>> marginalize(lambda x: x[:, 2, 2], "CGC", backgrounds).difference.tolist()
    [1.0, 1.0]
    """
    backgrounds, before = checked(model, backgrounds, target)
    insert = _as_insert(motif, "motif")
    if len(insert) not in (1, len(backgrounds)):
        raise ValueError(
            f"motif has {len(insert)} inserts, expected 1 or one for each of the "
            f"{len(backgrounds)} backgrounds"
        )
    if strand not in ("+", "-", "both"):
        raise ValueError(f"strand is {strand!r}, expected '+', '-' or 'both'")
    middle = _centre(backgrounds, insert)
    start = middle if position is None else as_count(position, "position")
    inserts = {"+": insert, "-": reverse_complement(insert)}
    after = [
        logits_of(model, _with_inserts(backgrounds, (inserts[way], start)), target)
        for way in ("+-" if strand == "both" else strand)
    ]
    return Change(before, np.mean(after, axis=0, dtype=np.float32))


def ablate(
    model: Callable,
    sequences: np.ndarray,
    sites: pd.DataFrame,
    *,
    fill: str = "shuffle",
    n_fills: int = 10,
    target: int = 0,
    rng,
) -> Ablation:
    """Take sites out of their sequences, one by one and all together.

    Where the sum over `each` is less than `together`, one site stands in for another.

    *What it does not show*: what a site is worth where the others are missing already.

    Parameters
    ----------
    model : keras.Model or callable
    sequences : array (n, length, 4)
        One-hot sequences.
    sites : DataFrame
        Table of sites: `sequence` (row), `start`, `stop`.
    fill : "shuffle" or "unknown"
        What takes their place: what stands there after a dinucleotide shuffle of the whole
        sequence, or unknown bases, which a network may never have met.
    n_fills : int
        Shuffles whose mean logit is given.
    target : int
        Which output.
    rng : int or Generator
        For the shuffles.

    Returns
    -------
    Ablation

    Raises
    ------
    ValueError
        If there is no site, one lies outside, or as
        :func:`~dragonn_lite.interpretation.explanations.checked`.

    Examples
    --------
    >>> sites = pd.DataFrame({"sequence": [0, 0], "start": [0, 3], "stop": [2, 5]})
    >>> found = ablate(
    ...     lambda x: x[:, [0, 4]].max(axis=(1, 2)), one_hot("GGAGG"), sites, fill="unknown", rng=0)
    >>> found.each.difference.tolist(), found.together.difference.tolist()  # either one suffices
    ([0.0, 0.0], [-1.0])
    """
    sequences, before = checked(model, sequences, target)
    every = inside(sites, *sequences.shape[:2])
    if not len(sites):
        raise ValueError("sites is empty, expected at least one")
    rng = as_rng(rng)
    if fill not in ("shuffle", "unknown"):
        raise ValueError(f"fill is {fill!r}, expected 'shuffle' or 'unknown'")
    n_fills = as_count(n_fills, "n_fills", 1) if fill == "shuffle" else 1
    row = sites["sequence"].to_numpy()
    place = np.arange(sequences.shape[1])
    removed = (sites[["start"]].to_numpy() <= place) & (place < sites[["stop"]].to_numpy())
    each = np.zeros(len(sites), np.float64)
    together = np.zeros(len(sequences), np.float64)
    for _ in range(n_fills):
        filler = np.zeros_like(sequences)
        if fill == "shuffle":
            filler = dinucleotide_shuffle(sequences, rng=rng)
        together += logits_of(model, np.where(every[..., None], filler, sequences), target)
        for part in parts(len(sites), sequences.shape[1]):
            changed = np.where(removed[part, :, None], filler[row[part]], sequences[row[part]])
            each[part] += logits_of(model, changed, target)
    each, together = ((total / n_fills).astype(np.float32) for total in (each, together))
    return Ablation(Change(before[row], each), Change(before, together))


def spacing(
    model: Callable,
    motif1: Motif | str | np.ndarray,
    motif2: Motif | str | np.ndarray,
    backgrounds: np.ndarray,
    *,
    distances: Iterable[int],
    strands: Iterable[str] = ("++", "+-", "-+", "--"),
    target: int = 0,
) -> pd.DataFrame:
    """Put two motifs into many backgrounds, at every distance and order: does it matter?

    The first motif stands in the middle, the second moves. Both are put in alone, too, at the same
    places: `interaction` = both - first - second + none is what the pair adds to its two parts.

    *What it does not show*: whether nature uses what the model does. On a scale other than that of
    the logit, the same numbers may show no interaction, or another.

    Parameters
    ----------
    model : keras.Model or callable
    motif1, motif2 : Motif, str, or one-hot (width, 4)
        A motif is put in as its most probable bases.
    backgrounds : array (n, length, 4)
        One-hot sequences without the motifs, at least two.
    distances : list of int
        Bases between the two motifs, from 0 on.
    strands : list of str
        Strands of the first and of the second motif, such as "+-".
    target : int
        Which output.

    Returns
    -------
    DataFrame
        One row for each order ("first upstream", "second upstream"), strands and distance:
        `order`, `strands`, `distance_bp`, then means over the backgrounds in logits: `first`,
        `second`, `both` (each less the background alone), `interaction`, its standard error
        `standard_error`, and `n_backgrounds`.

    Raises
    ------
    ValueError
        If a motif reaches beyond the backgrounds at some distance, or as
        :func:`~dragonn_lite.interpretation.explanations.checked`.

    References
    ----------
    Avsec et al. 2021, doi:10.1038/s41588-021-00782-6

    Examples
    --------
    >>> neighbours = lambda x: (x[:, :-1, 0] * x[:, 1:, 1]).sum(axis=1)  # counts AC
    >>> found = spacing(
    ...     neighbours, "A", "C", one_hot(["TTTTT"] * 2), distances=[0, 1], strands=["++"])
    >>> found[["order", "distance_bp", "interaction"]].values.tolist()
    [['first upstream', 0, 1.0], ['first upstream', 1, 0.0],
     ['second upstream', 0, 0.0], ['second upstream', 1, 0.0]]
    """
    backgrounds, none = checked(model, backgrounds, target)
    if len(backgrounds) < 2:
        raise ValueError("backgrounds has 1 sequence, expected two or more for a standard error")
    first, second = _as_insert(motif1, "motif1"), _as_insert(motif2, "motif2")
    if len(first) > 1 or len(second) > 1:
        raise ValueError("motif1 and motif2 hold several inserts, expected one each")
    distances = [distances] if np.isscalar(distances) else list(distances)
    distances = [as_count(distance, "distances", 0) for distance in distances]
    strands = [strands] if isinstance(strands, str) else list(strands)
    if not distances or not strands or not set(strands) <= {"++", "+-", "-+", "--"}:
        raise ValueError(
            f"distances are {distances} and strands {strands}, expected at least one of each, and "
            "strands from '++', '+-', '-+', '--'"
        )
    ways = {"+": (first, second), "-": (reverse_complement(first), reverse_complement(second))}
    at = _centre(backgrounds, first)
    places = {("first upstream", d): at + first.shape[1] + d for d in distances}
    places |= {("second upstream", d): at - d - second.shape[1] for d in distances}

    def score(*inserts):
        return logits_of(model, _with_inserts(backgrounds, *inserts), target).astype(float) - none

    alone = {way: score((ways[way][0], at)) for way in {pair[0] for pair in strands}}
    rows = []
    for pair in strands:
        one, other = ways[pair[0]][0], ways[pair[1]][1]
        for (order, distance), place in places.items():
            effect2 = score((other, place))
            both = score((one, at), (other, place))
            interaction = both - alone[pair[0]] - effect2
            error = interaction.std(ddof=1) / np.sqrt(len(none))
            means = [part.mean() for part in (alone[pair[0]], effect2, both, interaction)]
            rows.append([order, pair, distance, *means, error, len(none)])
    columns = ["order", "strands", "distance_bp", "first", "second", "both", "interaction"]
    return pd.DataFrame(rows, columns=[*columns, "standard_error", "n_backgrounds"])


def _as_insert(motif, name):
    """A motif as one-hot (n, width, 4)."""
    if isinstance(motif, Motif):
        return from_codes(motif.probabilities.argmax(axis=1)[None])
    if isinstance(motif, str):
        return one_hot(motif)
    array = np.asarray(motif)
    return as_one_hot(array[None] if array.ndim == 2 else array, name)


def _centre(backgrounds, insert):
    return (backgrounds.shape[1] - insert.shape[1]) // 2


def _with_inserts(backgrounds, *inserts):
    x = backgrounds.copy()
    for insert, start in inserts:
        stop = start + insert.shape[1]
        if start < 0 or stop > x.shape[1]:
            raise ValueError(
                f"a motif of {insert.shape[1]} bp would stand from {start} to {stop}, beyond "
                f"backgrounds of {x.shape[1]} bp; choose other positions or longer backgrounds"
            )
        x[:, start:stop] = insert
    return x
