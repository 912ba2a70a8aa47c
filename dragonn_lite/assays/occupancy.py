"""A simulated genome whose binding sites are known, and how much of the time each is occupied.

Call these as ``chip.simulate_genome(...)``: :mod:`dragonn_lite.assays.chip` is their front door and
says what is simulated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_fraction, as_number, as_rng
from dragonn_lite.assays import grammar
from dragonn_lite.assays.backgrounds import GC_FRACTION, Independent
from dragonn_lite.assays.simulate import Group, simulate
from dragonn_lite.assays.sites import PSEUDOCOUNT, Site
from dragonn_lite.dna import motifs
from dragonn_lite.dna.genome import Genome
from dragonn_lite.dna.sequences import codes

#: Three chromosomes, 2 Mb together: enough to hold one out.
SIZES = {"chr1": 1_000_000, "chr2": 600_000, "chr3": 400_000}

_TILE_BP = 5_000  # sites are planted tile by tile and never lie across two
_MOST_SITES_PER_KB = 2.0  # beyond, tiles with many sites have hardly any room for them
_STRETCH_BP = 1_000  # of chromatin and background
_BACKGROUND_CV = 0.5
_WEAKEST_BITS = 5  # chance sites occupied less than 1 / (1 + 2**5) = 3 % are left out


@dataclass(frozen=True, eq=False)
class SimulatedGenome:
    """A genome whose binding sites are known.

    Attributes
    ----------
    genome : Genome
        The sequence.
    motif : Motif
    half_occupied_bits : float
        Score of a site that is occupied half of the time.
    sites : DataFrame
        One row a site, along the genome: chromosome, start, stop, motif, strand, score (bits),
        planted (else it arose by chance), accessible, occupancy (share of the time, 0 to 1).
    chromatin : DataFrame
        One row a stretch of 1 kb: chromosome, start, stop, accessible, background (its rate
        relative to the mean).
    """

    genome: Genome = field(repr=False)
    motif: motifs.Motif
    half_occupied_bits: float
    sites: pd.DataFrame = field(repr=False)
    chromatin: pd.DataFrame = field(repr=False)

    def describe(self) -> str:
        """What is in this genome, in words.

        Examples
        --------
        >>> print(simulate_genome("CTCF", sizes={"chr1": 200_000}, rng=0).describe())
        200,000 bp on chr1, 76% of the chromatin open
        38 sites of CTCF_known1 planted, 1 more by chance
        17 sites occupied at least half of the time: those of 19.2 bits or more in open chromatin
        10 sites in closed chromatin, where nothing binds
        """
        sizes = self.genome.sizes
        planted = int(self.sites["planted"].sum())
        occupied = int((self.sites["occupancy"] >= 0.5).sum())
        closed = int((~self.sites["accessible"]).sum())
        return "\n".join(
            [
                f"{sum(sizes.values()):,} bp on {', '.join(sizes)}, "
                f"{self.chromatin['accessible'].mean():.0%} of the chromatin open",
                f"{planted:,} sites of {self.motif.name} planted, "
                f"{len(self.sites) - planted:,} more by chance",
                f"{occupied:,} sites occupied at least half of the time: those of "
                f"{self.half_occupied_bits:.1f} bits or more in open chromatin",
                f"{closed:,} sites in closed chromatin, where nothing binds",
            ]
        )


def simulate_genome(
    motif: motifs.Motif | str,
    *,
    sizes: Mapping[str, int] = SIZES,
    sites_per_kb: float = 0.25,
    half_occupied_bits: float | None = None,
    open_fraction: float = 0.8,
    background: float | Independent = GC_FRACTION,
    rng,
) -> SimulatedGenome:
    """Simulate a genome with sites of one motif, and how much of the time each is occupied.

    Parameters
    ----------
    motif : Motif or str
        A motif, or the name of a built-in one.
    sizes : mapping
        Length of each chromosome in bp.
    sites_per_kb : float
        Mean number of planted sites in 1,000 bp, at most 2; their places are independent, but that
        they do not overlap.
    half_occupied_bits : float, optional
        Score of a site that is occupied half of the time, at least 5; by default the mean of the
        motif's own sites. One bit less is twice as much protein.
    open_fraction : float
        Share of the 1-kb stretches of chromatin that are open; nothing binds in the others.
    background : float or Independent
        A GC fraction, or :class:`~dragonn_lite.assays.backgrounds.Independent`.
    rng : int or Generator
        Source of all randomness: the same seed gives the same bytes.

    Returns
    -------
    SimulatedGenome

    Raises
    ------
    ValueError
        If a size, density, fraction or score is out of range.

    Examples
    --------
    >>> simulated = simulate_genome("CTCF", sizes={"chr1": 100_000}, rng=0)
    >>> simulated.genome.sizes
    {'chr1': 100000}
    >>> bool(simulated.sites["occupancy"].between(0, 1).all())
    True
    """
    rng, site = as_rng(rng), Site(motif)
    sizes = _checked_sizes(sizes, site.width_bp)
    if not 0 < as_number(sites_per_kb, "sites_per_kb") <= _MOST_SITES_PER_KB:
        raise ValueError(
            f"sites_per_kb is {sites_per_kb!r}, expected a number above 0 and at most "
            f"{_MOST_SITES_PER_KB:g}"
        )
    as_fraction(open_fraction, "open_fraction")
    if not hasattr(background, "base_probabilities"):
        background = Independent(as_fraction(background, "the GC fraction of the background"))
    if half_occupied_bits is None:
        bits = site.smoothed.probabilities * site.log_odds(background.base_probabilities)
        half_occupied_bits = bits.sum()
    half = as_number(half_occupied_bits, "half_occupied_bits", "bits")
    if not _WEAKEST_BITS <= half < np.inf:
        raise ValueError(
            f"half_occupied_bits is {half:.3g}, expected a number of at least {_WEAKEST_BITS}: at "
            "fewer bits, sites are everywhere by chance"
        )
    one_hot, planted = _planted_chromosomes(site, sizes, sites_per_kb, background, rng)
    found = [
        motifs.find_sites(
            x[None],
            site.motif,
            threshold_bits=half - _WEAKEST_BITS,
            background=background.base_probabilities,
            pseudocount=PSEUDOCOUNT,
        ).assign(chromosome=name, planted=False)
        for name, x in one_hot.items()
    ]
    chromatin = _chromatin(sizes, open_fraction, rng)
    sites = _occupied(pd.concat([planted, *found]), chromatin, sizes, half)
    genome = Genome({name: codes(x[None])[0] for name, x in one_hot.items()})
    return SimulatedGenome(genome, site.motif, half, sites, chromatin)


def _checked_sizes(sizes, width_bp) -> dict[str, int]:
    if not isinstance(sizes, Mapping) or not sizes:
        raise ValueError(f"sizes is {sizes!r}, expected chromosomes with their lengths in bp")
    return {
        str(name): as_count(size, f"the size of {name}", max(width_bp, _STRETCH_BP))
        for name, size in sizes.items()
    }


def _planted_chromosomes(site, sizes, sites_per_kb, background, rng):
    """One-hot sequence of each chromosome, and a table of the sites planted in them."""
    mean = sites_per_kb * _TILE_BP / 1000
    count = grammar.poisson(mean, int(mean + 6 * mean**0.5 + 3))  # no more is ever seen
    n_tiles = [-(-size // _TILE_BP) for size in sizes.values()]
    tiles = simulate(
        [Group(sum(n_tiles), [grammar.Plant(site, count)])],
        length=_TILE_BP,
        background=background,
        rng=rng,
    )
    first = np.cumsum([0, *n_tiles[:-1]])  # tile of each chromosome
    chromosome = np.searchsorted(first, tiles.sites["sequence"], side="right") - 1
    shift = (tiles.sites["sequence"] - first[chromosome]) * _TILE_BP
    planted = tiles.sites.assign(
        chromosome=np.array(list(sizes), dtype=object)[chromosome],
        start=tiles.sites["start"] + shift,
        stop=tiles.sites["stop"] + shift,
        planted=True,
    )
    inside = planted["stop"] <= np.array(list(sizes.values()))[chromosome]  # the last tile is cut
    one_hot = {
        name: tiles.sequences[low : low + n].reshape(-1, 4)[:size]
        for (name, size), low, n in zip(sizes.items(), first, n_tiles, strict=True)
    }
    return one_hot, planted[inside]


def _chromatin(sizes, open_fraction, rng) -> pd.DataFrame:
    parts = []
    for name, size in sizes.items():
        start = np.arange(0, size, _STRETCH_BP)
        parts.append(
            pd.DataFrame(
                {
                    "chromosome": name,
                    "start": start,
                    "stop": np.minimum(start + _STRETCH_BP, size),
                    "accessible": rng.random(len(start)) < open_fraction,
                    "background": gamma_factors(_BACKGROUND_CV, len(start), rng),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _occupied(sites, chromatin, sizes, half) -> pd.DataFrame:
    """The sites along the genome, each once, with the share of the time it is occupied."""
    sites = sites.drop_duplicates(["chromosome", "start", "strand"])  # planted ones come first
    order = {name: i for i, name in enumerate(sizes)}
    sites = sites.assign(rank=sites["chromosome"].map(order))
    sites = sites.sort_values(["rank", "start", "strand"], ignore_index=True)
    n_stretches = [-(-size // _STRETCH_BP) for size in sizes.values()]
    first = np.cumsum([0, *n_stretches[:-1]])
    middle = (sites["start"] + sites["stop"]) // 2
    stretch = first[sites["rank"]] + middle // _STRETCH_BP
    accessible = chromatin["accessible"].to_numpy()[stretch]
    # Of sites that overlap one is bound at a time: one partition function for the whole clump.
    apart = (sites["start"] >= sites["stop"].shift()) | (sites["rank"] != sites["rank"].shift())
    clump = apart.cumsum().to_numpy()
    weight = accessible * np.exp2(np.minimum(sites["score"] - half, 60))
    occupancy = weight / (1 + np.bincount(clump, weight)[clump])
    columns = ["chromosome", "start", "stop", "motif", "strand", "score", "planted"]
    sites = sites[columns].astype({"chromosome": "str"})
    return sites.assign(accessible=accessible, occupancy=occupancy)


def gamma_factors(cv: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` gamma distributed factors with mean 1 and this coefficient of variation."""
    return rng.gamma(cv**-2, cv**2, n) if cv else np.ones(n)
