"""What sites are planted into: random bases, or real sequences."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from dragonn_lite._contract import as_one_hot
from dragonn_lite.dna import sequences as dna

#: The default GC fraction of all backgrounds, as in DragoNN's tutorials.
GC_FRACTION = 0.4


@dataclass(frozen=True)
class Independent:
    """Every base drawn on its own, with a given GC fraction.

    Examples
    --------
    >>> Independent(0.4).base_probabilities.round(2).tolist()
    [0.3, 0.2, 0.2, 0.3]
    """

    gc_fraction: float = GC_FRACTION

    @property
    def base_probabilities(self) -> np.ndarray:
        """Probability of A, C, G and T."""
        return dna.gc_probabilities(self.gc_fraction)

    def draw(self, n: int, length: int, rng: np.random.Generator) -> np.ndarray:
        """`n` one-hot sequences."""
        return dna.random_sequences(n, length, gc_fraction=self.gc_fraction, rng=rng)

    def words(self) -> str:
        """This background in a few words."""
        return f"independent bases, {self.gc_fraction:.0%} GC"


@dataclass(frozen=True, eq=False)
class Markov:
    """Every base drawn given the one before it.

    Parameters
    ----------
    transitions : array (4, 4)
        Row: the base before, column: the next base; rows add to 1.
    """

    transitions: np.ndarray

    @property
    def base_probabilities(self) -> np.ndarray:
        """Stationary probability of A, C, G and T."""
        return dna.stationary_probabilities(self.transitions)

    def draw(self, n: int, length: int, rng: np.random.Generator) -> np.ndarray:
        """`n` one-hot sequences."""
        return dna.random_sequences(n, length, transitions=self.transitions, rng=rng)

    def words(self) -> str:
        """This background in a few words."""
        return "a first-order Markov chain"


@dataclass(frozen=True, eq=False)
class FromSequences:
    """Given sequences, drawn at random, shuffled or as they are (semi-synthetic data).

    Parameters
    ----------
    sequences : array (n_given, length, 4)
        One-hot sequences of the simulation's length.
    dinucleotide_shuffled : bool
        Shuffle each draw and keep its dinucleotide counts; otherwise plant into the real sequence.
    """

    sequences: np.ndarray = field(repr=False)
    dinucleotide_shuffled: bool = True

    @property
    def base_probabilities(self) -> np.ndarray:
        """Share of A, C, G and T over all given sequences."""
        total = as_one_hot(self.sequences).sum(axis=(0, 1), dtype=float)
        return total / total.sum()

    def draw(self, n: int, length: int, rng: np.random.Generator) -> np.ndarray:
        """`n` one-hot sequences.

        Raises
        ------
        ValueError
            If the given sequences are of another length.
        """
        given = as_one_hot(self.sequences)
        if given.shape[1] != length or not len(given):
            raise ValueError(
                f"the background sequences have shape {given.shape}, expected at least one of "
                f"length {length}; pass length={given.shape[1]}"
            )
        drawn = given[rng.integers(0, len(given), n)]
        return dna.dinucleotide_shuffle(drawn, rng=rng) if self.dinucleotide_shuffled else drawn

    def words(self) -> str:
        """This background in a few words."""
        kind = "dinucleotide shuffles of" if self.dinucleotide_shuffled else "real bases from"
        return f"{kind} {len(self.sequences)} given sequences"
