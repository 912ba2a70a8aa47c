"""A simulated genome and a ChIP-like experiment on it, with everything known that is hidden in life.

What is simulated, step by step:

1. *Sequence*: random bases with sites of one motif planted at random places, each drawn from the
   motif, so that strong and weak ones occur as often as it says. Sites that arise by chance count
   as well.
2. *Occupancy*: a site of S bits is occupied a share ``w / (1 + w)`` of the time, with
   ``w = 2 ** (S - half_occupied_bits)``: the log-odds score is a binding energy, and twice as much
   protein lowers the score that is half occupied by one bit (Berg & von Hippel 1987). Sites that
   overlap exclude each other. In closed chromatin nothing binds, which no sequence tells.
3. *Reads*: a site that is always occupied gives `depth` fragments on average. A fragment holds its
   site and counts where its middle lies, so a window beside a site has reads but no motif. To
   them comes a background whose rate differs from stretch to stretch, as a gamma distribution
   (Zhang et al. 2008). Given the rates, fragments are a Poisson process.
4. *Noise*: laboratories differ in the yield of every site, of all sites together, and in their
   background; samples of one laboratory in the yield of every site; sequencing one sample twice
   in nothing but chance. Each of these factors is gamma distributed with mean 1, so counts are
   negative binomial (Cairns et al. 2014).

References
----------
Berg & von Hippel 1987, doi:10.1016/0022-2836(87)90354-8;
Zhang, Rozowsky, Snyder, Chang & Gerstein 2008, doi:10.1371/journal.pcbi.1000158;
Cairns, Lynch & Tavaré 2014, doi:10.3389/fgene.2014.00399.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_fraction, as_number, as_rng
from dragonn_lite.assays import grammar
from dragonn_lite.assays.backgrounds import GC_FRACTION, Independent
from dragonn_lite.assays.simulate import Group, simulate
from dragonn_lite.assays.sites import PSEUDOCOUNT, Site
from dragonn_lite.dna import motifs
from dragonn_lite.dna.genome import Genome, as_intervals
from dragonn_lite.dna.sequences import codes

#: Three chromosomes, 2 Mb together: enough to hold one out.
SIZES = {"chr1": 1_000_000, "chr2": 600_000, "chr3": 400_000}
#: What replicates may share, from least to most: each level shares what the one before it shares.
KINDS = ("laboratory", "biological", "technical")

_TILE_BP = 5_000  # sites are planted tile by tile and never lie across two
_MOST_SITES_PER_KB = 2.0  # beyond, tiles with many sites have hardly any room for them
_STRETCH_BP = 1_000  # of chromatin and background
_BACKGROUND_CV = 0.5
_WEAKEST_BITS = 5  # chance sites occupied less than 1 / (1 + 2**5) = 3 % are left out


@dataclass(frozen=True)
class Experiment:
    """How a ChIP experiment is done, and how well.

    Parameters
    ----------
    depth : float
        Fragments that a site gives if it is always occupied.
    fragment_bp : int
        Length of the fragments.
    background_per_kb : float
        Fragments that come from nowhere in particular, for each 1,000 bp.
    sample_cv : float
        Standard deviation, relative to the mean, of a site's yield between samples.
    laboratory_cv : float
        The same between laboratories: of each site, of all sites together, and of the background
        of each stretch.

    Raises
    ------
    ValueError
        If a number is negative or not finite.

    Examples
    --------
    >>> Experiment(depth=200).fragment_bp
    200
    """

    depth: float = 60.0
    fragment_bp: int = 200
    background_per_kb: float = 10.0
    sample_cv: float = 0.3
    laboratory_cv: float = 0.3

    def __post_init__(self):
        as_count(self.fragment_bp, "fragment_bp", 1)
        for name in ("depth", "background_per_kb", "sample_cv", "laboratory_cv"):
            value = as_number(getattr(self, name), name)
            if not 0 <= value < np.inf:
                raise ValueError(f"{name} is {value!r}, expected a number of at least 0")


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


def expected_signal(
    simulated: SimulatedGenome, windows: pd.DataFrame, *, experiment: Experiment = Experiment()
) -> np.ndarray:
    """Mean number of fragments in each window over all laboratories, samples and reads.

    Parameters
    ----------
    simulated : SimulatedGenome
    windows : DataFrame
        chromosome, start, stop; they may overlap.
    experiment : Experiment

    Returns
    -------
    float (n_windows,)

    Raises
    ------
    ValueError
        If a window lies outside of the genome.

    Examples
    --------
    >>> simulated = simulate_genome("CTCF", sizes={"chr1": 100_000}, rng=0)
    >>> window = pd.DataFrame({"chromosome": ["chr1"], "start": [0], "stop": [100_000]})
    >>> everywhere = expected_signal(simulated, window, experiment=Experiment(depth=0))
    >>> bool(abs(everywhere[0] - 1000) < 200)  # 10 in 1 kb
    True
    """
    start, stop = _places(simulated, windows, experiment)
    rates = _rates(simulated, experiment, 1.0, 1.0)
    return np.diff(np.interp([start, stop], rates.position, rates.expected), axis=0)[0]


def signal(
    simulated: SimulatedGenome,
    windows: pd.DataFrame,
    *,
    experiment: Experiment = Experiment(),
    rng,
) -> np.ndarray:
    """Fragments counted in each window by one experiment.

    Parameters
    ----------
    simulated, windows, experiment
        As in :func:`expected_signal`.
    rng : int or Generator

    Returns
    -------
    float (n_windows,)

    Raises
    ------
    ValueError
        If a window lies outside of the genome.

    Examples
    --------
    >>> simulated = simulate_genome("CTCF", sizes={"chr1": 100_000}, rng=0)
    >>> window = pd.DataFrame({"chromosome": ["chr1"], "start": [1000], "stop": [1200]})
    >>> signal(simulated, window, rng=1).shape
    (1,)
    """
    return replicates(simulated, windows, n=1, experiment=experiment, rng=rng)[:, 0]


def replicates(
    simulated: SimulatedGenome,
    windows: pd.DataFrame,
    *,
    n: int = 2,
    kind: str = "biological",
    experiment: Experiment = Experiment(),
    rng,
) -> np.ndarray:
    """Fragments counted in each window by experiments that share more or less with each other.

    Every single experiment is as noisy, whatever the kind: the kind says what they have in common.
    So technical replicates may agree well and be wrong together.

    Parameters
    ----------
    simulated, windows, experiment
        As in :func:`expected_signal`.
    n : int
        Number of experiments.
    kind : {"technical", "biological", "laboratory"}
        The same sample sequenced again; another sample of the same laboratory; another laboratory.
    rng : int or Generator

    Returns
    -------
    float (n_windows, n)

    Raises
    ------
    ValueError
        If `kind` or `n` is something else, or a window lies outside of the genome.

    Examples
    --------
    >>> simulated = simulate_genome("CTCF", sizes={"chr1": 100_000}, rng=0)
    >>> window = pd.DataFrame({"chromosome": ["chr1"], "start": [1000], "stop": [1200]})
    >>> replicates(simulated, window, n=3, kind="technical", rng=1).shape
    (1, 3)
    """
    rng = as_rng(rng)
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}, expected one of {', '.join(KINDS)}")
    n = as_count(n, "n", 1)
    start, stop = _places(simulated, windows, experiment)
    n_sites, n_stretches = len(simulated.sites), len(simulated.chromatin)
    counts = np.empty((len(windows), n))
    for i in range(n):
        if i == 0 or kind == "laboratory":
            antibody = _factors(experiment.laboratory_cv, n_sites, rng)
            antibody *= _factors(experiment.laboratory_cv, 1, rng)
            stretches = _factors(experiment.laboratory_cv, n_stretches, rng)
        if i == 0 or kind != "technical":
            sample = _factors(experiment.sample_cv, n_sites, rng)
        rates = _rates(simulated, experiment, antibody * sample, stretches)
        middles = _fragments(rates, rng)
        counts[:, i] = np.diff(np.searchsorted(middles, [start, stop]), axis=0)[0]
    return counts


# --- the genome ----------------------------------------------------------------------------------
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
                    "background": _factors(_BACKGROUND_CV, len(start), rng),
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
    weight = np.exp2(np.minimum(sites["score"] - half, 60))
    occupancy = accessible * weight / (1 + np.bincount(clump, weight)[clump])
    columns = ["chromosome", "start", "stop", "motif", "strand", "score", "planted"]
    sites = sites[columns].astype({"chromosome": "str"})
    return sites.assign(accessible=accessible, occupancy=occupancy)


# --- the experiment ------------------------------------------------------------------------------
class _Rates(NamedTuple):
    """Mean number of fragments to the left of each position: straight lines between these."""

    position: np.ndarray
    expected: np.ndarray


def _rates(simulated, experiment, site_yield, stretch_yield) -> _Rates:
    sites, chromatin = simulated.sites, simulated.chromatin
    offset = _offsets(simulated, experiment)
    middle = (sites["start"] + sites["stop"]) / 2 + sites["chromosome"].map(offset)
    reach = experiment.fragment_bp / 2  # a fragment's middle lies no farther from its site
    per_bp = experiment.depth * sites["occupancy"] * site_yield / experiment.fragment_bp
    shift = chromatin["chromosome"].map(offset)
    background = experiment.background_per_kb / 1000 * chromatin["background"] * stretch_yield
    # Each site and each stretch raises the rate where it begins and lowers it where it ends.
    position = np.concatenate(
        [middle - reach, middle + reach, chromatin["start"] + shift, chromatin["stop"] + shift]
    )
    change = np.concatenate([per_bp, -per_bp, background, -background])
    order = np.argsort(position, kind="stable")
    position, rate = position[order], np.maximum(change[order].cumsum(), 0)  # no rounding below 0
    return _Rates(position, np.append(0, np.cumsum(rate[:-1] * np.diff(position))))


def _fragments(rates: _Rates, rng) -> np.ndarray:
    """Middles of the fragments of one experiment, sorted: a Poisson process with these rates."""
    total = rates.expected[-1]
    drawn = np.sort(rng.random(rng.poisson(total))) * total
    return np.interp(drawn, rates.expected, rates.position)


def _factors(cv: float, n: int, rng) -> np.ndarray:
    """Gamma distributed factors with mean 1."""
    return rng.gamma(cv**-2, cv**2, n) if cv else np.ones(n)


def _offsets(simulated, experiment) -> dict[str, int]:
    """Where each chromosome begins, side by side so far apart that no fragment reaches over."""
    sizes = simulated.genome.sizes
    starts = np.cumsum([0, *(size + experiment.fragment_bp for size in sizes.values())])
    return dict(zip(sizes, starts.tolist(), strict=False))


def _places(simulated, windows, experiment) -> tuple[np.ndarray, np.ndarray]:
    windows = as_intervals(windows, "windows")
    outside = np.flatnonzero(~simulated.genome.contains(windows))
    if len(outside):
        row = windows.iloc[outside[0]]
        raise ValueError(
            f"windows hold {row['chromosome']}:{row['start']}-{row['stop']}, which lies outside of "
            f"the simulated genome; cut them by genome.windows(simulated.genome.sizes, width_bp)"
        )
    shift = windows["chromosome"].map(_offsets(simulated, experiment)).to_numpy(np.int64)
    return windows["start"].to_numpy() + shift, windows["stop"].to_numpy() + shift
