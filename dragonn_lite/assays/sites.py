"""One binding site: its motif, its strand, and how well it fits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dragonn_lite._contract import as_fraction
from dragonn_lite.dna import motifs
from dragonn_lite.dna.matrices import as_background

#: Added to every probability of a motif before sites are drawn from it, as in DragoNN.
PSEUDOCOUNT = 0.001

_MOST_DRAWS = 10_000


@dataclass(frozen=True)
class Site:
    """One binding site: its motif, its strand, and how well it fits.

    Parameters
    ----------
    motif : Motif or str
        A motif, or the name of a built-in one.
    reverse_fraction : float
        Share of sites planted as reverse complement.
    best : bool
        Plant the most probable sequence instead of sampling from the motif.
    minimum_bits : float, optional
        Sample again until the log-odds score reaches this many bits.
    mutation_rate : float
        Probability that a base of the finished site is replaced by one of the other three.

    Examples
    --------
    >>> site = Site("CTCF_known1", best=True)
    >>> site.width_bp, site.draw(2, motifs.UNIFORM, np.random.default_rng(0)).shape
    (19, (2, 19))
    """

    motif: motifs.Motif | str
    reverse_fraction: float = 0.5
    best: bool = False
    minimum_bits: float | None = None
    mutation_rate: float = 0.0

    def __post_init__(self):
        as_fraction(self.reverse_fraction, "reverse_fraction")
        as_fraction(self.mutation_rate, "mutation_rate")
        if self.minimum_bits is not None and not math.isfinite(self.minimum_bits):
            raise ValueError(f"minimum_bits is {self.minimum_bits!r}, expected a number of bits")
        if isinstance(self.motif, str):
            object.__setattr__(self, "motif", motifs.builtin(self.motif))
        elif not isinstance(self.motif, motifs.Motif):
            raise TypeError(
                f"motif is {type(self.motif).__name__}, expected a Motif or a built-in name"
            )

    @property
    def width_bp(self) -> int:
        """Length of the site in bp."""
        return self.motif.width_bp

    @cached_property
    def smoothed(self) -> motifs.Motif:
        """The motif with the pseudocount."""
        return self.motif.with_pseudocount(PSEUDOCOUNT)

    @cached_property
    def finished(self) -> motifs.Motif:
        """Probability of each base of a finished site without a minimum score."""
        matrix = self._drawn.probabilities
        return motifs.Motif(self.motif.name, matrix + self.mutation_rate * (1 - 4 * matrix) / 3)

    @cached_property
    def _drawn(self) -> motifs.Motif:
        """What sites are drawn from, before mutation."""
        matrix = self.smoothed.probabilities
        if not self.best:
            return self.smoothed
        return motifs.Motif(self.motif.name, np.eye(4)[matrix.argmax(axis=1)])

    def log_odds(self, background: np.ndarray) -> np.ndarray:
        """Score of each base in bits, (width, 4)."""
        return np.log2(self.smoothed.probabilities / as_background(background))

    def draw(self, n: int, background: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Letter codes of `n` sites on the forward strand, (n, width) ``uint8``.

        Raises
        ------
        ValueError
            If sites of `minimum_bits` are impossible or too rare to sample.
        """
        if self.minimum_bits is None:
            return self.finished.sample(n, rng=rng)
        log_odds = self.log_odds(background)
        codes = self._drawn.sample(n, rng=rng)
        for _ in range(_MOST_DRAWS):
            low = np.flatnonzero(site_scores(codes, log_odds) < self.minimum_bits)
            if not len(low):
                break
            codes[low] = self._drawn.sample(len(low), rng=rng)
        else:
            raise ValueError(
                f"minimum_bits is {self.minimum_bits:g}, which sites of {self.motif.name} hardly "
                f"ever reach (their best is {log_odds.max(axis=1).sum():.1f} bits); lower it"
            )
        mutated = rng.random(codes.shape) < self.mutation_rate
        shift = rng.integers(1, 4, codes.shape, dtype=np.uint8)
        return np.where(mutated, (codes + shift) % 4, codes).astype(np.uint8)


def site_scores(codes: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """Log-odds score in bits of sites given as letter codes (n, width), shape (n,)."""
    return log_odds.ravel().take(codes + 4 * np.arange(len(log_odds))).sum(axis=1)
