"""What a sequence is compared with: references, shared by the methods that need any."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from dragonn_lite._contract import as_count, as_rng
from dragonn_lite.dna.shuffles import dinucleotide_shuffle
from dragonn_lite.interpretation.explanations import batches


class References:
    """References for sequences, made as they are needed.

    Parameters
    ----------
    kind : "shuffled", "uniform", "zero" or array
        Dinucleotide shuffles of each sequence; a quarter of each base everywhere; nothing; or
        given ones, (length, 4) or (n_references, length, 4) for all sequences alike, or
        (n, n_references, length, 4).
    shape : (n, length, 4)
        Of the sequences.
    n_references : int
        Shuffles of each sequence.
    rng : Generator or int
        Source of the shuffles.

    Attributes
    ----------
    n_each : int
        References of each sequence.

    Raises
    ------
    TypeError, ValueError
        If `kind` is none of these or an array of another shape.

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> x = one_hot(["ACG", "TTT"])
    >>> References("uniform", x.shape).of(x, slice(0, 2))[0, 0, 0].tolist()
    [0.25, 0.25, 0.25, 0.25]
    """

    def __init__(self, kind, shape: tuple, n_references: int = 1, rng=0):
        self._kind = kind
        if isinstance(kind, str):
            if kind not in ("shuffled", "uniform", "zero"):
                raise ValueError(
                    f"references is {kind!r}, expected 'shuffled', 'uniform', 'zero' or an array"
                )
            self.n_each = 1
            if kind == "shuffled":
                self.n_each, self._rng = as_count(n_references, "n_references", 1), as_rng(rng)
            return
        try:
            given = np.asarray(kind, np.float32)
        except (TypeError, ValueError):
            raise TypeError(
                f"references is a {type(kind).__name__}, expected 'shuffled', 'uniform', 'zero' or "
                "an array of numbers"
            ) from None
        n, length = shape[:2]
        fits = given.shape == (length, 4) or (
            given.shape[-2:] == (length, 4)
            and (given.ndim == 3 or (given.ndim == 4 and len(given) == n))
        )
        if not fits or not given.size:
            raise ValueError(
                f"references has shape {given.shape}, expected ({length}, 4), (n_references, "
                f"{length}, 4) or ({n}, n_references, {length}, 4)"
            )
        if not np.isfinite(given).all():
            raise ValueError("references hold a value that is not finite")
        self._kind = np.broadcast_to(given, (n, *given.shape[-3:]) if given.ndim > 2 else shape)
        if given.ndim == 2:
            self._kind = self._kind[:, None]
        self.n_each = self._kind.shape[1]

    def of(self, sequences: np.ndarray, rows: slice) -> np.ndarray:
        """Return the references of some rows of the sequences.

        Parameters
        ----------
        sequences : uint8 (n, length, 4)
        rows : slice

        Returns
        -------
        float32 (rows, n_each, length, 4)
        """
        if not isinstance(self._kind, str):
            return self._kind[rows]
        chosen = sequences[rows]
        if self._kind == "shuffled":
            copies = np.repeat(chosen, self.n_each, axis=0)
            shuffled = dinucleotide_shuffle(copies, rng=self._rng)
            return shuffled.reshape(len(chosen), self.n_each, *chosen.shape[1:]).astype(np.float32)
        value = 0.25 if self._kind == "uniform" else 0.0
        return np.full((len(chosen), 1, *chosen.shape[1:]), value, np.float32)


def compare(
    model: keras.Model,
    sequences: np.ndarray,
    logits: np.ndarray,
    references: References,
    multipliers: Callable,
    copies: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Turn multipliers between sequences and references into contributions.

    Parameters
    ----------
    model : keras.Model
    sequences : uint8 (n, length, 4)
    logits : float32 (n,)
        As the model itself gives them, so that the error tells of a network rebuilt wrongly too.
    references : References
    multipliers : callable
        From some sequences, their references and logits to the mean logit of the references (n,),
        the multipliers averaged over the references (n, length, 4), and the average of each
        multiplier times its reference, summed over the bases, (n, length).
    copies : int
        Rows that the network holds for each sequence.

    Returns
    -------
    contributions : float32 (n, length)
    hypothetical : float32 (n, length, 4)
    completeness_error : float32 (n,)
    """
    contributions = np.empty(sequences.shape[:2], np.float32)
    hypothetical = np.empty(sequences.shape, np.float32)
    error = np.empty(len(sequences), np.float32)
    for rows in batches(model, *sequences.shape[:2], copies=copies):
        chosen = sequences[rows].astype(np.float32)
        against = references.of(sequences, rows)
        start, multiplier, of_reference = multipliers(chosen, against, logits[rows])
        # Each base in turn instead of the reference, (n, length, 4), and the base that is there.
        hypothetical[rows] = multiplier - of_reference[..., None]
        contributions[rows] = np.einsum("nlb,nlb->nl", multiplier, chosen) - of_reference
        error[rows] = logits[rows] - start - contributions[rows].sum(axis=1, dtype=float)
    return contributions, hypothetical, error
