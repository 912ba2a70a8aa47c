"""What explanations share: from the score of each base to the contribution of the one there."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_one_hot


def project(hypothetical: np.ndarray, sequences: np.ndarray) -> np.ndarray:
    """Contribution of the bases that are present.

    Parameters
    ----------
    hypothetical : float (n, length, 4)
        Contribution that each base would have at each position, in logits.
    sequences : array (n, length, 4)
        One-hot sequences.

    Returns
    -------
    float (n, length)
        0 where the base is unknown.

    Raises
    ------
    ValueError
        If the shapes differ.

    Examples
    --------
    >>> from dragonn_lite.dna import sequences
    >>> project(np.array([[[1.0, 2.0, 3.0, 4.0]]]), sequences.one_hot("T")).tolist()
    [[4.0]]
    """
    sequences = as_one_hot(sequences)
    hypothetical = np.asarray(hypothetical)
    if hypothetical.shape != sequences.shape:
        raise ValueError(
            f"hypothetical has shape {hypothetical.shape}, expected that of the sequences, "
            f"{sequences.shape}"
        )
    return np.einsum("nlb,nlb->nl", hypothetical, sequences)  # (n, length, 4) -> (n, length)


def share_in_sites(contributions: np.ndarray, sites: pd.DataFrame) -> float:
    """Share of the upward contributions that lies inside given sites.

    Compare it with the share of the positions that lies inside them: that is what contributions
    spread evenly would give.

    *What it does not show*: whether the network recognises the sites, or only what surrounds them.

    Parameters
    ----------
    contributions : float (n, length)
        Of the bases present, as :func:`project` makes them.
    sites : DataFrame
        Table of sites; `sequence` is the row of `contributions`. Overlaps count once.

    Returns
    -------
    float
        From 0 to 1; 0 where nothing contributes upwards.

    Raises
    ------
    ValueError
        If the shape is another one, a contribution is not finite, a column is missing, or a site
        lies outside or stops before it starts.

    Examples
    --------
    >>> sites = pd.DataFrame({"sequence": [0], "start": [1], "stop": [3]})
    >>> share_in_sites(np.array([[1.0, 2.0, 1.0, -5.0]]), sites)
    0.75
    """
    contributions = np.asarray(contributions, dtype=float)
    if contributions.ndim != 2:
        raise ValueError(
            f"contributions has shape {contributions.shape}, expected (n, length); project them "
            "first"
        )
    if not np.isfinite(contributions).all():
        raise ValueError("contributions hold a value that is not finite; check the scores")
    covered = inside(sites, *contributions.shape)
    upward = contributions.clip(0)
    return float(upward[covered].sum() / upward.sum()) if upward.any() else 0.0


def inside(sites: pd.DataFrame, n: int, length: int) -> np.ndarray:
    """Tell which positions of sequences lie in a site.

    Parameters
    ----------
    sites : DataFrame
        Table of sites: `sequence` (row), `start`, `stop`.
    n, length : int
        Number and length of the sequences.

    Returns
    -------
    bool (n, length)

    Raises
    ------
    ValueError
        If a column is missing or holds other than whole numbers, or a site lies outside or stops
        before it starts.

    Examples
    --------
    >>> sites = pd.DataFrame({"sequence": [1], "start": [1], "stop": [3]})
    >>> inside(sites, 2, 3).astype(int).tolist()
    [[0, 0, 0], [0, 1, 1]]
    """
    missing = {"sequence", "start", "stop"} - set(sites)
    if missing:
        raise ValueError(f"sites lack the column {min(missing)!r}; expected a table of sites")
    steps = np.zeros((n, length + 1), np.int64)
    places = []
    for name in ("sequence", "start", "stop"):
        if len(sites) and sites[name].dtype.kind not in "iu":
            raise ValueError(
                f"sites[{name!r}] has dtype {sites[name].dtype}, expected whole numbers; leave out "
                "rows where one is missing, then use .astype(int)"
            )
        places.append(sites[name].to_numpy(np.int64))
    if len(sites) and not (
        (0 <= places[0]).all() and (places[0] < n).all() and (0 <= places[1]).all()
        and (places[2] <= length).all()
    ):  # fmt: skip
        raise ValueError(f"sites lie outside of {n} sequences of {length} bp; pass their own sites")
    if (places[2] < places[1]).any():
        raise ValueError("sites stop before they start, expected start <= stop")
    np.add.at(steps, (places[0], places[1]), 1)
    np.add.at(steps, (places[0], places[2]), -1)
    return steps.cumsum(axis=1)[:, :length] > 0  # (n, length + 1) -> (n, length)
