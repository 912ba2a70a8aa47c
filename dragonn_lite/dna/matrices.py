"""What a motif is: the probability of each base at each position of a binding site."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dragonn_lite._contract import as_count, as_number, as_rng
from dragonn_lite.dna.backgrounds import as_probabilities
from dragonn_lite.dna.encoding import BASES

UNIFORM = np.full(4, 0.25)
UNIFORM.setflags(write=False)

# Letters for two bases, by their places in ACGT.
_PAIR_LETTERS = {(0, 2): "R", (1, 3): "Y", (1, 2): "S", (0, 3): "W", (2, 3): "K", (0, 1): "M"}


@dataclass(frozen=True, eq=False, repr=False)
class Motif:
    """A position probability matrix with its name and origin; it does not change.

    Parameters
    ----------
    name : str
    probabilities : array (width, 4)
        Probabilities of A, C, G, T at each position. Rows must sum to 1 within 0.001 and are
        divided by their sums, so that rounded numbers from a file become probabilities.
    n_sites : float, optional
        Number of sites the motif was made from, where it is known.
    accession, source, licence, doi, url : str, optional
        Where the motif comes from.

    Raises
    ------
    ValueError
        If the name is empty, or a row holds something else than probabilities.

    Examples
    --------
    >>> motif = Motif("TATA", [[0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]])
    >>> motif
    Motif('TATA', 4 bp, TATA, 8.0 bits)
    >>> motif.width_bp, motif.information_bits.tolist()
    (4, [2.0, 2.0, 2.0, 2.0])
    """

    name: str
    probabilities: np.ndarray
    n_sites: float | None = None
    accession: str = ""
    source: str = ""
    licence: str = ""
    doi: str = ""
    url: str = ""

    def __post_init__(self):
        if not isinstance(self.name, str) or not self.name.strip():
            raise ValueError(f"name is {self.name!r}, expected the motif's name")
        # A frozen dataclass can only be completed this way.
        object.__setattr__(self, "probabilities", _checked(self.name, self.probabilities))
        n_sites = 1 if self.n_sites is None else as_number(self.n_sites, "n_sites")
        if not 0 < n_sites < np.inf:
            raise ValueError(
                f"n_sites of motif {self.name!r} is {self.n_sites!r}, expected a positive number"
            )

    def __repr__(self):
        total = self.information_bits.sum()
        return f"Motif({self.name!r}, {self.width_bp} bp, {self.consensus}, {total:.1f} bits)"

    @classmethod
    def from_counts(cls, name: str, counts, **origin) -> Motif:
        """Make a motif from the number of sites that have each base.

        Parameters
        ----------
        name : str
        counts : array (width, 4)
            Each row is divided by its own sum; `n_sites` is the largest sum, unless it is given.
        **origin
            The other fields of :class:`Motif`.

        Returns
        -------
        Motif

        Raises
        ------
        ValueError
            If a count is negative or not finite, or a row is all zeros.

        Examples
        --------
        >>> motif = Motif.from_counts("example", [[8, 0, 1, 1], [0, 5, 5, 0]])
        >>> motif.probabilities[0].tolist(), motif.n_sites
        ([0.8, 0.0, 0.1, 0.1], 10.0)
        """
        counts = _as_matrix(name, counts, "counts")
        with np.errstate(over="ignore"):
            totals = counts.sum(axis=1, keepdims=True)
        if not np.isfinite(totals).all():
            raise ValueError(f"counts of motif {name!r} are too large to be added up")
        if not (totals > 0).all():
            raise ValueError(
                f"counts of motif {name!r} are all zero at position {int(totals.argmin())}, "
                "expected at least one site; leave the position out"
            )
        return cls(name, counts / totals, **{"n_sites": float(totals.max()), **origin})

    @property
    def width_bp(self) -> int:
        """Number of positions."""
        return len(self.probabilities)

    @property
    def information_bits(self) -> np.ndarray:
        """Information at each position, (width,): 2 bits minus its entropy."""
        return self.relative_entropy_bits(UNIFORM)

    def relative_entropy_bits(self, background) -> np.ndarray:
        """Information at each position in bits, as seen against unequal bases.

        Parameters
        ----------
        background : array (4,)
            Probabilities of A, C, G, T outside of sites, all above 0.

        Returns
        -------
        array (width,), float64
            The mean log-odds of a site's base; :attr:`information_bits` where all are 0.25.

        Raises
        ------
        ValueError
            If `background` is not four positive probabilities.

        Examples
        --------
        >>> Motif("A", [[1, 0, 0, 0]]).relative_entropy_bits([0.5, 0.1, 0.1, 0.3]).tolist()
        [1.0]
        """
        background = as_background(background)
        ratio = np.where(self.probabilities > 0, self.probabilities / background, 1.0)
        return np.maximum((self.probabilities * np.log2(ratio)).sum(axis=1), 0.0)

    @property
    def consensus(self) -> str:
        """The motif in IUPAC letters.

        A base with more than half of the probability and more than twice that of the next is
        written as itself; two bases with more than three quarters together as their letter; all
        else as N (Cavener 1987, doi:10.1093/nar/15.4.1353).
        """
        letters = []
        # Rounded, because a half is not more than a half, whatever its last digit.
        for row in self.probabilities.round(9):
            second, first = np.argsort(row, kind="stable")[-2:]
            if row[first] > 0.5 and row[first] > 2 * row[second]:
                letters.append(BASES[first])
            elif row[first] + row[second] > 0.75:
                letters.append(_PAIR_LETTERS[min(first, second), max(first, second)])
            else:
                letters.append("N")
        return "".join(letters)

    def reverse_complement(self) -> Motif:
        """The same motif as the other strand shows it.

        Examples
        --------
        >>> Motif("AC", [[1, 0, 0, 0], [0, 1, 0, 0]]).reverse_complement().consensus
        'GT'
        """
        return replace(self, probabilities=self.probabilities[::-1, ::-1])

    def with_pseudocount(self, pseudocount: float) -> Motif:
        """Add the same amount to every probability, so that none is 0.

        Parameters
        ----------
        pseudocount : float
            Added to each of the four probabilities before they are divided by their new sum.

        Returns
        -------
        Motif

        Raises
        ------
        ValueError
            If `pseudocount` is negative or not finite.

        Examples
        --------
        >>> Motif("A", [[1, 0, 0, 0]]).with_pseudocount(0.25).probabilities.tolist()
        [[0.625, 0.125, 0.125, 0.125]]
        """
        if not 0 <= as_number(pseudocount, "pseudocount") < np.inf:
            raise ValueError(f"pseudocount is {pseudocount!r}, expected a number of at least 0")
        return replace(
            self, probabilities=(self.probabilities + pseudocount) / (1 + 4 * pseudocount)
        )

    def log_odds(self, background=UNIFORM, *, pseudocount: float = 0.001) -> np.ndarray:
        """Score of each base at each position in bits: log2 of motif over background.

        Parameters
        ----------
        background : array (4,)
            Probabilities of A, C, G, T outside of sites, all above 0.
        pseudocount : float
            As in :meth:`with_pseudocount`. With 0, a base that never occurs scores -inf.

        Returns
        -------
        array (width, 4), float64

        Raises
        ------
        ValueError
            If `background` is not four positive probabilities or `pseudocount` is negative.

        Examples
        --------
        >>> Motif("A", [[0.5, 0.25, 0.25, 0]]).log_odds(pseudocount=0).tolist()
        [[1.0, 0.0, 0.0, -inf]]
        """
        background = as_background(background)
        with np.errstate(divide="ignore"):
            return np.log2(self.with_pseudocount(pseudocount).probabilities / background)

    def sample(self, n: int, *, rng) -> np.ndarray:
        """Draw sites, each position for itself.

        Parameters
        ----------
        n : int
            Number of sites.
        rng : Generator or int

        Returns
        -------
        array (n, width), uint8
            Numbered bases: A 0, C 1, G 2, T 3.

        Raises
        ------
        ValueError
            If `n` is not a whole number of at least 0.

        Examples
        --------
        >>> Motif("AC", [[1, 0, 0, 0], [0, 1, 0, 0]]).sample(2, rng=0).tolist()
        [[0, 1], [0, 1]]
        """
        n = as_count(n, "n")
        # The last limit stays out: rounding may leave it a little below 1.
        limits = np.cumsum(self.probabilities, axis=1).T[:3]  # (3, width)
        draw = as_rng(rng).random((n, self.width_bp))
        sites = np.zeros(draw.shape, np.uint8)
        for limit in limits:
            sites += (draw >= limit).view(np.uint8)  # else numpy converts bool first
        return sites


def as_background(background) -> np.ndarray:
    """Check the base probabilities outside of sites, all above 0.

    Parameters
    ----------
    background : array (4,)
        Probabilities of A, C, G, T.

    Returns
    -------
    array (4,), float64

    Raises
    ------
    ValueError
        If they are not four positive numbers that sum to 1.

    Examples
    --------
    >>> as_background([0.3, 0.2, 0.2, 0.3]).tolist()
    [0.3, 0.2, 0.2, 0.3]
    """
    background = as_probabilities(background, "background", (4,))
    if not (background > 0).all():
        raise ValueError(f"background is {background.tolist()}, expected every base to be possible")
    return background


def _as_matrix(name: str, matrix, what: str) -> np.ndarray:
    try:
        matrix = np.array(matrix, dtype=np.float64)  # a copy: nobody else may change it
    except (TypeError, ValueError):
        raise ValueError(
            f"{what} of motif {name!r} are not a table of numbers, expected (width, 4)"
        ) from None
    if matrix.ndim != 2 or matrix.shape[1] != 4 or not len(matrix):
        raise ValueError(f"{what} of motif {name!r} have shape {matrix.shape}, expected (width, 4)")
    wrong = ~(np.isfinite(matrix) & (matrix >= 0))
    if wrong.any():
        position = int(wrong.any(axis=1).argmax())
        raise ValueError(
            f"{what} of motif {name!r} at position {position} are {matrix[position].tolist()}, "
            "expected numbers of at least 0"
        )
    return matrix


def _checked(name: str, probabilities) -> np.ndarray:
    probabilities = _as_matrix(name, probabilities, "probabilities")
    totals = probabilities.sum(axis=1, keepdims=True)
    wrong = abs(totals[:, 0] - 1) > 1e-3
    if wrong.any():
        position = int(wrong.argmax())
        raise ValueError(
            f"probabilities of motif {name!r} sum to {totals[position, 0]:.6g} at position "
            f"{position}, expected 1 within 0.001; for counts use Motif.from_counts(...)"
        )
    probabilities /= totals
    probabilities.setflags(write=False)
    return probabilities
