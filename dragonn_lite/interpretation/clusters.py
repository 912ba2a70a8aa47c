"""Clusters of hidden states and the automaton that they trace: ``recurrent.cluster_states``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_rng
from dragonn_lite.interpretation.selection import checked_states
from dragonn_lite.interpretation.tracking import at_steps

if TYPE_CHECKING:
    from dragonn_lite.interpretation.recurrent import States

_MOST_STEPS = 20_000  # from which clusters are made; all steps are then put into one
_N_STARTS = 4  # of k-means, of which the best is kept


@dataclass(frozen=True, eq=False)
class TracedAutomaton:
    """The automaton that clusters trace, beside the one of the grammar.

    Attributes
    ----------
    names : tuple of str
        Of the grammar's states.
    clusters : DataFrame
        `cluster`, `state` (the grammar's, at most of its steps), `share` (of its steps with this
        state), `n_steps`.
    states : int8 (n, steps)
        The state that the cluster of each step is named after.
    transitions : DataFrame
        `state`, `next`, and how many times a sequence takes this step in the mean: `traced` by the
        clusters and `grammar`.
    agreement : DataFrame
        `measure`, `value`, `control` (mean of the shuffles), `high` (the largest of the shuffles),
        `p_value`; NaN where there is one step or the state never changes. Measures: "adjusted mutual
        information" of clusters and states; "steps" with the right state; "transitions" from a step
        to the next that are the grammar's; "changes" of the grammar's state with the right state
        half-way through the stretches before and after.
    """

    names: tuple[str, ...]
    clusters: pd.DataFrame
    states: np.ndarray
    transitions: pd.DataFrame
    agreement: pd.DataFrame

    def __repr__(self):
        """Say what there is, in a line."""
        steps = self.agreement.set_index("measure").loc["steps"]
        return (
            f"TracedAutomaton({', '.join(self.names)}: {len(self.clusters)} clusters, right at "
            f"{steps['value']:.0%} of the steps, by chance {steps['control']:.0%})"
        )


@dataclass(frozen=True, eq=False)
class Clusters:
    """Clusters of the hidden states of a layer.

    Attributes
    ----------
    source : States
        What was clustered.
    direction : "forward" or "backward"
        Of the units that were clustered.
    clusters : int16 (n, steps)
        The cluster of each step; the largest is cluster 0.
    centres : float32 (n_clusters, units)
        Mean state of each, of the units of this direction.
    """

    source: States
    direction: str
    clusters: np.ndarray
    centres: np.ndarray

    def __repr__(self):
        """Say what there is, in a line."""
        n, n_steps = self.clusters.shape
        return (
            f"Clusters({self.source.layer}, {self.direction}: {len(self.centres)} clusters of "
            f"{n * n_steps:,} states, n = {n})"
        )

    @property
    def transitions(self) -> np.ndarray:
        """How often a step in one cluster is followed by one in another, (from, to), as read."""
        n = len(self.centres)
        return _counts(*_pairs(self._as_read(self.clusters)), n, n)

    def automaton(
        self,
        grammar_states: np.ndarray,
        names: Sequence[str] | None = None,
        *,
        n_shuffles: int = 99,
        rng,
    ) -> TracedAutomaton:
        """Name each cluster after the grammar's state at most of its steps, and compare.

        The control pairs each sequence with the states of another one and names the clusters anew:
        it keeps how frequent states are, and when.

        *What it does not show*: a state of the grammar that is held apart from others within a
        cluster; with as many clusters as steps everything would agree.

        Parameters
        ----------
        grammar_states : int (n, length)
            Number of the grammar's state after each base, from 0 on.
        names : sequence of str, optional
            Of the grammar's states; by default their numbers.
        n_shuffles : int
            Of the control; at least 19.
        rng : int or Generator

        Returns
        -------
        TracedAutomaton

        Raises
        ------
        TypeError
            If `grammar_states` are no whole numbers.
        ValueError
            If shapes do not go together, a state is negative or has no name, or there is one only.
        """
        n_shuffles, rng = as_count(n_shuffles, "n_shuffles", 19), as_rng(rng)
        grammar, names = self._grammar(grammar_states, names)
        clusters = self._as_read(self.clusters)
        middles = _stretches(grammar)
        shuffles = (clusters[rng.permutation(len(clusters))] for _ in range(n_shuffles))
        control = np.array([_agreement(part, grammar, middles) for part in shuffles])
        found = _agreement(clusters, grammar, middles)
        p_value = (1 + (control >= found).sum(axis=0)) / (1 + n_shuffles)
        agreement = pd.DataFrame(
            {
                "measure": ["adjusted mutual information", "steps", "transitions", "changes"],
                "value": found,
                "control": control.mean(axis=0),
                "high": control.max(axis=0),
                "p_value": np.where(np.isnan(found), np.nan, p_value),
            }
        )
        counts = _counts(clusters, grammar, len(self.centres), len(names))
        majority = counts.argmax(axis=1)
        table = pd.DataFrame(
            {
                "cluster": np.arange(len(counts)),
                "state": np.array(names, object)[majority],
                "share": counts.max(axis=1) / counts.sum(axis=1),
                "n_steps": counts.sum(axis=1),
            }
        )
        named = majority.astype(np.int8)
        transitions = _both(named[clusters], grammar, names)
        return TracedAutomaton(names, table, named[self.clusters], transitions, agreement)

    def _as_read(self, values):
        """Steps in the order in which they were read, without those that read nothing."""
        values = values[:, self.source.starts < self.source.stops]
        return values if self.direction == "forward" else values[:, ::-1]

    def _grammar(self, grammar_states, names):
        grammar_states = np.asarray(grammar_states)
        if grammar_states.dtype.kind not in "iu":
            raise TypeError(
                f"grammar_states has dtype {grammar_states.dtype}, expected whole numbers"
            )
        n = len(self.clusters)
        if grammar_states.ndim != 2 or len(grammar_states) != n:
            raise ValueError(
                f"grammar_states has shape {grammar_states.shape}, expected ({n}, length)"
            )
        n_states = int(grammar_states.max(initial=0)) + 1
        names = tuple(map(str, range(n_states) if names is None else names))
        if grammar_states.min(initial=0) < 0 or n_states > len(names):
            raise ValueError(
                f"grammar_states holds values from {grammar_states.min()} to {n_states - 1}, "
                f"expected 0 to {len(names) - 1}: the numbers of "
                f"{len(names)} {'state' if len(names) == 1 else 'states'}"
            )
        at_step = at_steps(grammar_states, self.source, self.direction, "grammar_states")
        grammar = self._as_read(at_step).astype(int)
        if (grammar == grammar.flat[0]).all():
            raise ValueError(
                f"grammar_states is {grammar.flat[0]} at every step: there is nothing to compare"
            )
        return grammar, names


def cluster_states(
    states: States, n_clusters: int, *, of: str = "hidden", direction: str = "forward", rng
) -> Clusters:
    """Put the states of all steps into clusters, by k-means on units scaled to equal variance.

    Clusters of the states of a network that recognises what a finite automaton does are its states,
    or parts of them: paths to one state may be held apart (Ghosh and Karamcheti). From step to step
    they trace an automaton; :meth:`Clusters.automaton` compares it with the grammar's own.

    *What it does not show*: that the network works like an automaton. Any states at all fall into
    as many clusters as are asked for: look at the agreement and its control.

    Parameters
    ----------
    states : States
    n_clusters : int
        Some more than the states of the grammar, so that each can have several.
    of : "hidden" or "memory"
        The hidden state, or the cell state of an LSTM: what it holds, shown or not.
    direction : "forward" or "backward"
        Units of which direction.
    rng : int or Generator

    Returns
    -------
    Clusters

    Raises
    ------
    TypeError
        If `states` are none.
    ValueError
        If no unit has this direction, there is no cell state, or there are fewer different states
        than clusters.

    References
    ----------
    Ghosh & Karamcheti 1992, doi:10.1117/12.140112
    Giles et al. 1992, doi:10.1162/neco.1992.4.3.393
    Omlin & Giles 1996, doi:10.1016/0893-6080(95)00086-0

    Examples
    --------
    >>> from dragonn_lite.interpretation.recurrent import States
    >>> inside = np.array([[0, 1, 1, 0], [0, 0, 1, 1], [1, 0, 0, 0]])
    >>> hidden, step = inside[:, :, None].astype(np.float32), np.arange(4)
    >>> states = States("memory", "GRU", hidden, None, {}, np.array(["forward"]), step, step + 1)
    >>> found = cluster_states(states, 2, rng=0)
    >>> found
    Clusters(memory, forward: 2 clusters of 12 states, n = 3)
    >>> found.transitions
    array([[3, 2],
           [2, 2]])
    >>> traced = found.automaton(inside, ["outside", "inside"], rng=0)
    >>> traced
    TracedAutomaton(outside, inside: 2 clusters, right at 100% of the steps, by chance 69%)
    >>> traced.clusters["state"].tolist()
    ['outside', 'inside']
    >>> traced.agreement["value"].round(6).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    from sklearn.cluster import KMeans  # loaded when first asked for
    from threadpoolctl import threadpool_limits

    n_clusters, rng = as_count(n_clusters, "n_clusters", 2), as_rng(rng)
    units = np.flatnonzero(checked_states(states).directions == direction)
    if not len(units):
        known = ", ".join(np.unique(states.directions))
        raise ValueError(f"direction is {direction!r}, but the units read {known}")
    if of not in ("hidden", "memory") or getattr(states, of) is None:
        known = "hidden" if states.memory is None else "hidden, memory"
        raise ValueError(f"of is {of!r}, expected one of what these states hold: {known}")
    n, n_steps, _ = states.hidden.shape
    steps = getattr(states, of)[:, :, units].reshape(-1, len(units))
    scale = steps.std(axis=0)
    scale[scale == 0] = 1
    steps = steps / scale
    chosen = steps
    if len(steps) > _MOST_STEPS:
        chosen = steps[rng.choice(len(steps), _MOST_STEPS, replace=False)]
    n_different = len(np.unique(chosen, axis=0))
    if n_different < n_clusters:
        raise ValueError(
            f"n_clusters is {n_clusters}, but there are {n_different} different states"
        )
    means = KMeans(n_clusters, n_init=_N_STARTS, random_state=int(rng.integers(2**31)))
    with threadpool_limits(1):  # sums in one order: the same clusters on every machine
        found = means.fit(chosen).predict(steps)
    order = np.argsort(-np.bincount(found, minlength=n_clusters), kind="stable")
    clusters = np.argsort(order)[found].reshape(n, n_steps).astype(np.int16)
    return Clusters(states, direction, clusters, means.cluster_centers_[order] * scale)


# --- comparing -------------------------------------------------------------------------------


def _pairs(values):
    return values[:, :-1], values[:, 1:]


def _counts(first, second, n_first, n_second):
    """How often values go together: int64 (n_first, n_second)."""
    both = first.astype(np.int64) * n_second + second
    return np.bincount(both.ravel(), minlength=n_first * n_second).reshape(n_first, n_second)


def _stretches(grammar):
    """Middles of the stretches before and after each change: (row, step, next step)."""
    n_steps = grammar.shape[1]
    begins = np.diff(grammar, axis=1, prepend=-1).ravel() != 0  # also each sequence, at 0 or above
    first = np.flatnonzero(begins)
    row, start = np.divmod(first, n_steps)
    stop = np.append(first[1:], grammar.size) - row * n_steps
    middle = (start + stop) // 2
    change = np.flatnonzero(row[1:] == row[:-1])
    return row[change], middle[change], middle[change + 1]


def _agreement(clusters, grammar, middles):
    """The four measures of one pairing of sequences."""
    n_clusters, n_states = clusters.max() + 1, grammar.max() + 1
    counts = _counts(clusters, grammar, n_clusters, n_states)
    right = counts.argmax(axis=1)[clusters] == grammar
    row, before, after = middles
    changes = (right[row, before] & right[row, after]).mean() if len(row) else np.nan
    pairs = np.logical_and(*_pairs(right))
    transitions = pairs.mean() if pairs.size else np.nan
    return _adjusted_mutual_information(counts), right.mean(), transitions, changes


def _adjusted_mutual_information(counts):
    """Of a table of counts, as scikit-learn has it of two lists of labels."""
    from sklearn.metrics.cluster import expected_mutual_information, mutual_info_score

    counts = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    found = mutual_info_score(None, None, contingency=counts)
    shares = [counts.sum(axis=axis) / counts.sum() for axis in (0, 1)]
    entropy = np.mean([-(share * np.log(share)).sum() for share in shares])
    expected = expected_mutual_information(counts, int(counts.sum()))
    return (found - expected) / max(entropy - expected, np.finfo(float).eps)


def _both(named, grammar, names):
    """How many times a sequence each step from state to state is taken, by both."""
    n = len(names)
    state, after = np.divmod(np.arange(n * n), n)
    traced, own = (_counts(*_pairs(part), n, n).ravel() / len(part) for part in (named, grammar))
    named_as = np.array(names, object)
    return pd.DataFrame(
        {"state": named_as[state], "next": named_as[after], "traced": traced, "grammar": own}
    )
