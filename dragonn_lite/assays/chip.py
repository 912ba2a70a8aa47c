"""A ChIP-like experiment on a simulated genome: all is known that is hidden in life.

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

*What it does not have*: strands and read ends, places that reads cannot be mapped to, proteins that
bind together, and a background that follows the chromatin.

References
----------
Berg & von Hippel 1987, doi:10.1016/0022-2836(87)90354-8;
Zhang, Rozowsky, Snyder, Chang & Gerstein 2008, doi:10.1371/journal.pcbi.1000158;
Cairns, Lynch & Tavaré 2014, doi:10.3389/fgene.2014.00399.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_number, as_rng
from dragonn_lite.assays.occupancy import SIZES, SimulatedGenome, gamma_factors, simulate_genome
from dragonn_lite.dna.genome import as_intervals

__all__ = [
    "KINDS",
    "SIZES",
    "Experiment",
    "SimulatedGenome",
    "expected_signal",
    "replicates",
    "signal",
    "simulate_genome",
]

#: Kinds of replicates, from those with nothing in common to those of one sample.
KINDS = ("laboratory", "biological", "technical")


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

    depth: float = 80.0
    fragment_bp: int = 200
    background_per_kb: float = 10.0
    sample_cv: float = 0.3
    laboratory_cv: float = 0.2

    def __post_init__(self):
        as_count(self.fragment_bp, "fragment_bp", 1)
        for name in ("depth", "background_per_kb", "sample_cv", "laboratory_cv"):
            value = as_number(getattr(self, name), name)
            if not 0 <= value < np.inf:
                raise ValueError(f"{name} is {value!r}, expected a number of at least 0")


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
            antibody = gamma_factors(experiment.laboratory_cv, n_sites, rng)
            antibody *= gamma_factors(experiment.laboratory_cv, 1, rng)
            stretches = gamma_factors(experiment.laboratory_cv, n_stretches, rng)
        if i == 0 or kind != "technical":
            sample = gamma_factors(experiment.sample_cv, n_sites, rng)
        rates = _rates(simulated, experiment, antibody * sample, stretches)
        middles = _fragments(rates, rng)
        counts[:, i] = np.diff(np.searchsorted(middles, [start, stop]), axis=0)[0]
    return counts


class _Rates(NamedTuple):
    """Mean number of fragments to the left of each position: straight lines between these."""

    position: np.ndarray
    expected: np.ndarray


def _rates(simulated, experiment, site_yield, stretch_yield) -> _Rates:
    sites, chromatin = simulated.sites, simulated.chromatin
    offset = _offsets(simulated, experiment)
    middle = (sites["start"] + sites["stop"]) / 2
    middle += sites["chromosome"].map(offset).astype(float)  # of no site at all, these are objects
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
