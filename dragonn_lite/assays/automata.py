"""What a reader of sites has to remember: an automaton, and its state after each base.

Call these as ``memory.reading_states(...)``: :mod:`dragonn_lite.assays.memory` is their front door.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from dragonn_lite.assays.simulate import Simulation


@dataclass(frozen=True)
class Automaton:
    """A finite automaton that reads sites from left to right.

    Attributes
    ----------
    states : tuple of str
        Names of the states; reading begins in the first.
    motifs : tuple of str
        Names of the motifs that are read; other motifs change nothing.
    next_state : tuple of tuples of int (n_states, n_motifs)
        Number of the state after a site of each motif.
    accepting : tuple of int
        Where reading has to end for a sequence to be bound.

    Examples
    --------
    >>> even = Automaton(("even", "odd"), ("GATA1",), ((1,), (0,)), (0,))
    >>> [even.states[i] for i in even.read(["GATA1", "GATA1", "GATA1"])]
    ['odd', 'even', 'odd']
    >>> even.accepts(["GATA1", "GATA1"])
    True
    """

    states: tuple[str, ...]
    motifs: tuple[str, ...]
    next_state: tuple[tuple[int, ...], ...]
    accepting: tuple[int, ...]

    def read(self, names: Sequence[str]) -> list[int]:
        """Number of the state after each of these sites, read from left to right."""
        states, state = [], 0
        for name in names:
            if name in self.motifs:
                state = self.next_state[state][self.motifs.index(name)]
            states.append(state)
        return states

    def accepts(self, names: Sequence[str]) -> bool:
        """Whether a sequence with these sites, from left to right, is bound."""
        return ([0, *self.read(names)])[-1] in self.accepting

    @property
    def transitions(self) -> pd.DataFrame:
        """The table of the automaton, one row a state and a motif.

        Returns
        -------
        DataFrame
            Columns state, motif, next (names) and accepted (whether reading may end in `next`).
        """
        rows = [
            (state, motif, self.states[after], after in self.accepting)
            for state, row in zip(self.states, self.next_state, strict=True)
            for motif, after in zip(self.motifs, row, strict=True)
        ]
        return pd.DataFrame(rows, columns=["state", "motif", "next", "accepted"])


# --- what there is to remember ------------------------------------------------------------------
def reading_states(simulation: Simulation) -> np.ndarray:
    """State of the grammar's automaton after each base has been read.

    The state changes with the last base of a site. Only planted sites count, not those that the
    background holds by chance.

    Parameters
    ----------
    simulation : Simulation
        With an automaton, as those of :mod:`dragonn_lite.assays.memory` have.

    Returns
    -------
    int8 (n, length)
        Numbers of ``simulation.automaton.states``.

    Raises
    ------
    ValueError
        If the simulation has no automaton.

    Examples
    --------
    >>> from dragonn_lite.assays.memory import brackets
    >>> simulation = brackets(n_positive=3, n_negative=3, rng=0)
    >>> last = reading_states(simulation)[:, -1]
    >>> bool(((last == 0) == (simulation.labels == 1)).all())
    True
    """
    automaton = simulation.automaton
    if automaton is None:
        raise ValueError(
            f"the simulation {simulation.title!r} has no automaton; use one of brackets, "
            "motif_order and even_count"
        )
    tracks = np.zeros(simulation.sequences.shape[:2], np.int8)
    for row, sites in simulation.sites.groupby("sequence", sort=False):
        for stop, state in zip(sites["stop"], automaton.read(sites["motif"]), strict=True):
            tracks[row, stop - 1 :] = state
    return tracks


def inside_site(simulation: Simulation, motif: str | None = None) -> np.ndarray:
    """Whether each base lies in a planted site.

    Parameters
    ----------
    simulation : Simulation
    motif : str, optional
        Sites of this motif only.

    Returns
    -------
    int8 (n, length)
        1 inside, 0 elsewhere.

    Examples
    --------
    >>> from dragonn_lite.assays.memory import brackets
    >>> simulation = brackets(n_pairs=(3, 3), n_positive=1, n_negative=1, rng=0)
    >>> inside_site(simulation, "GATA1").sum(axis=1).tolist()  # three sites of 11 bp
    [33, 33]
    """
    sites = _sites_of(simulation, motif)
    steps = np.zeros((len(simulation.sequences), simulation.sequences.shape[1] + 1), np.int8)
    np.add.at(steps, (sites["sequence"], sites["start"]), 1)
    np.add.at(steps, (sites["sequence"], sites["stop"]), -1)
    return steps[:, :-1].cumsum(axis=1, dtype=np.int8)


def count_so_far(simulation: Simulation, motif: str | None = None) -> np.ndarray:
    """Number of planted sites that have been read to their last base.

    Parameters
    ----------
    simulation : Simulation
    motif : str, optional
        Sites of this motif only.

    Returns
    -------
    int16 (n, length)

    Examples
    --------
    >>> from dragonn_lite.assays.memory import brackets
    >>> simulation = brackets(n_pairs=(3, 3), n_positive=1, n_negative=1, rng=0)
    >>> count_so_far(simulation)[:, [0, -1]].tolist()
    [[0, 6], [0, 6]]
    """
    sites = _sites_of(simulation, motif)
    steps = np.zeros(simulation.sequences.shape[:2], np.int16)
    np.add.at(steps, (sites["sequence"], sites["stop"] - 1), 1)
    return steps.cumsum(axis=1, dtype=np.int16)


def _sites_of(simulation, motif):
    names = [known.name for known in simulation.motifs]
    if motif is None:
        return simulation.sites
    if motif not in names:
        raise ValueError(f"motif is {motif!r}, expected one of those planted: {', '.join(names)}")
    return simulation.sites[simulation.sites["motif"] == motif]
