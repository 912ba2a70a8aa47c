"""What every explanation shares: from the score of each base to the contribution of the one there."""

from __future__ import annotations

import numpy as np

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
