"""Comparing motifs: which known motif does a filter look like?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count
from dragonn_lite.dna.collection import builtin_motifs
from dragonn_lite.dna.matrices import Motif

_COLUMNS = ["query", "motif", "accession", "correlation", "offset_bp", "strand", "overlap_bp"]


def best_match(queries, collection=None, *, n_best: int = 1) -> pd.DataFrame:
    """Find the known motifs most like each query, in the best alignment and strand.

    Similarity is Pearson's correlation over all positions that either of the two covers, four
    numbers each; where only one covers a position the other counts as uniform there. So it is 1
    for the same matrix, and a short overlap by chance cannot score high.

    Parameters
    ----------
    queries : Motif, array (width, 4) or its rows, or list of them
        An array may hold any weights, such as a filter's: only the differences between the
        bases of a position matter.
    collection : list of Motif, optional
        The known motifs; by default the built-in ones.
    n_best : int
        Matches listed for each query.

    Returns
    -------
    DataFrame
        One row a match, by query, best first: `query` (name, or number in `queries`), `motif`,
        `accession`, `correlation`, `offset_bp` (start of the known motif, after it is turned to
        `strand`, less that of the query), `strand`, `overlap_bp`.

    Raises
    ------
    TypeError
        If a query is text.
    ValueError
        If a query has another shape, holds a value that is not finite, or prefers no base
        anywhere; or if the collection is empty.

    Examples
    --------
    >>> from dragonn_lite.dna.collection import builtin
    >>> half = builtin("SPI1").reverse_complement().probabilities[:9]
    >>> best_match(half)[["motif", "correlation", "offset_bp", "strand"]].round(2)
             motif  correlation  offset_bp strand
    0  SPI1_known4         0.81          0      -
    """
    queries = _as_queries(queries)
    if collection is None:
        collection = builtin_motifs()
    if not len(collection):
        raise ValueError("collection is empty, expected motifs to compare with")
    n_best = min(as_count(n_best, "n_best", minimum=1), len(collection))
    known = [_profile(motif, f"collection[{i}]") for i, motif in enumerate(collection)]
    rows = []
    for number, query in enumerate(queries):
        name = query.name if isinstance(query, Motif) else number
        profile = _profile(query, f"queries[{number}]")
        correlation, offset, is_reverse = _correlations(profile, known)
        for i in np.argsort(-correlation, kind="stable")[:n_best]:
            motif = collection[i]
            overlap = min(len(profile), offset[i] + motif.width_bp) - max(0, offset[i])
            rows.append(
                {
                    "query": name,
                    "motif": motif.name,
                    "accession": motif.accession,
                    "correlation": float(correlation[i]),
                    "offset_bp": int(offset[i]),
                    "strand": "-" if is_reverse[i] else "+",
                    "overlap_bp": int(overlap),
                }
            )
    return pd.DataFrame(rows, columns=_COLUMNS)


def _as_queries(queries) -> list:
    """A list of queries, from one or several; rows of numbers are the rows of one matrix."""
    if isinstance(queries, (str, Motif)) or getattr(queries, "ndim", 3) == 2:
        return [queries]
    queries = list(queries)
    rows = bool(queries) and all(
        isinstance(row, (list, tuple, np.ndarray)) and len(row) and np.isscalar(row[0])
        for row in queries
    )
    return [queries] if rows else queries


def _profile(motif, name: str) -> np.ndarray:
    """Weights with mean 0 at each position and norm 1: their products are correlations."""
    if isinstance(motif, str):
        raise TypeError(f"{name} is text, expected a Motif: take motifs.builtin({motif!r})")
    try:
        profile = np.asarray(getattr(motif, "probabilities", motif), dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not a table of numbers, expected (width, 4)") from None
    if profile.ndim != 2 or profile.shape[1] != 4 or not len(profile):
        raise ValueError(f"{name} has shape {profile.shape}, expected (width, 4)")
    if not np.isfinite(profile).all():
        raise ValueError(f"{name} holds a value that is not finite")
    profile = profile - profile.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(profile)
    if not norm > 0:
        raise ValueError(f"{name} prefers no base at any position; leave it out")
    return profile / norm


def _correlations(query: np.ndarray, known: list[np.ndarray]):
    """Best correlation with each known motif, its offset, and whether it is turned: (m,) each."""
    width, widest = len(query), max(len(profile) for profile in known)
    # Between margins as wide as the query every offset is a window: (m, both strands, ...)
    turned = np.zeros((len(known), 2, widest + 2 * width, 4))
    for i, profile in enumerate(known):
        turned[i, 0, width : width + len(profile)] = profile
        turned[i, 1, width : width + len(profile)] = profile[::-1, ::-1]
    windows = np.lib.stride_tricks.sliding_window_view(turned, width, axis=2)
    products = np.einsum("msobw,wb->mso", windows, query)
    n_offsets = products.shape[2]
    best = products.reshape(len(known), -1).argmax(axis=1)
    correlation = products.reshape(len(known), -1).max(axis=1)
    # Window 0 begins one query width before the known motif.
    return correlation, width - best % n_offsets, best >= n_offsets
