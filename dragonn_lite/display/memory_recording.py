"""What the memory explorer shows: the units of a recurrent network, recorded while it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_labels, as_one_hot
from dragonn_lite.display import tables

LENGTH_MAX = 2000
UNITS_MAX = 128
N_MATCHES = 20
QUANTITIES = {
    "hidden": "hidden state",
    "memory": "cell state",
    "input": "input gate",
    "forget": "forget gate",
    "output": "output gate",
    "update": "update gate",
    "reset": "reset gate",
    "candidate": "candidate",
}


CALLED = {1: "bound", 0: "unbound", -1: "ambiguous"}


class Found(NamedTuple):
    """The units that switch on over a range and not elsewhere, and places where they do again."""

    units: tuple[int, ...] = ()
    places: tuple[Place, ...] = ()


class Place(NamedTuple):
    """Where a pattern was found again: start and stop in bp, what is planted there, the label."""

    sequence: int
    start: int
    stop: int
    motif: str = ""
    label: str = ""

    def columns(self) -> tuple[str, str, str]:
        """Return where it lies, what is planted there, and the label.

        Examples
        --------
        >>> Place(3, 40, 52, "SPI1", "bound").columns()
        ('sequence 3, 40 to 51', 'SPI1', 'bound')
        """
        where = f"sequence {self.sequence:,}, {self.start:,} to {self.stop - 1:,}"
        return where, self.motif, self.label

    def words(self) -> str:
        """Return the place in words.

        Examples
        --------
        >>> Place(3, 40, 52, "SPI1", "bound").words()
        'sequence 3, 40 to 51: SPI1, bound'
        """
        where, *known = self.columns()
        known = ", ".join(filter(None, known))
        return f"{where}: {known}" if known else where


@dataclass(frozen=True, eq=False)
class Recording:
    """The units of a recurrent network while it reads sequences, and what is known of these.

    Parameters
    ----------
    states : States
        From ``interpretation.recurrent.states(...)``: ``hidden`` (n, steps, units), ``memory`` or
        None, ``gates`` by name, ``directions`` (units,), ``starts`` and ``stops`` (steps,), the
        bases that each step reads. At most 128 units.
    sequences : uint8 (n, length, 4)
        Those that were read; at most 2,000 bp long.
    temporal_output : float (n, length), or mapping of "forward" and "backward" to such
        The logit after each prefix has been read, or each suffix.
    select, match : callable, optional
        ``interpretation.recurrent.select`` and ``.match``: which units switch on over a range, and
        where they do so again. Without them no range can be chosen.
    sites : pandas.DataFrame, optional
        ``sequence``, ``motif``, ``start``, ``stop``, ``strand``: labelled bands.
    labels : int8 (n,), optional
        1 bound, 0 unbound, -1 ambiguous.
    tracks : mapping of str to array (n, length), optional
        What is said of every base in words or whole numbers, such as the states of the grammar's
        automaton, ``np.array(automaton.states)[reading_states(simulation)]``: each is a strip.
    clusters : int (units,), optional
        Which units are alike. By default those whose hidden states are correlated.
    target : str
        Name of the output.

    Raises
    ------
    TypeError
        If `select` or `match` cannot be called, or the sequences are text.
    ValueError
        If shapes do not fit each other, something is not finite, or there is too much to be drawn.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> hidden = np.zeros((1, 3, 2), np.float32)
    >>> read = SimpleNamespace(cell="GRU", hidden=hidden, memory=None, gates={},
    ...                        directions=np.array(["forward", "forward"]),
    ...                        starts=np.arange(3), stops=np.arange(3) + 1)
    >>> recording = Recording(read, np.eye(4, dtype=np.uint8)[None, :3], np.zeros((1, 3)))
    >>> recording.n_units, recording.quantities
    (2, {'hidden': 'hidden state'})
    """

    states: Any
    sequences: np.ndarray
    temporal_output: Any
    select: Callable | None = None
    match: Callable | None = None
    sites: pd.DataFrame | None = None
    labels: np.ndarray | None = None
    tracks: Mapping[str, np.ndarray] = field(default_factory=dict)
    clusters: np.ndarray | None = None
    target: str = "bound"
    _known: dict = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self):
        x = as_one_hot(self.sequences)
        n, length = x.shape[:2]
        if not n or not 0 < length <= LENGTH_MAX:
            raise ValueError(
                f"sequences has shape {x.shape}, expected at least one sequence of 1 to "
                f"{LENGTH_MAX:,} bp"
            )
        _check_states(self.states, n, length)
        for name in ("select", "match"):
            if getattr(self, name) is not None and not callable(getattr(self, name)):
                raise TypeError(
                    f"{name} is {getattr(self, name)!r}, expected a callable such as "
                    f"interpretation.recurrent.{name}"
                )
        if (self.select is None) != (self.match is None):
            raise ValueError("select and match are given one without the other, expected both")
        if self.sites is not None:
            columns = ["sequence", "motif", "start", "stop", "strand"]
            tables.require_columns(self.sites, columns, "sites")
        units = self.states.hidden.shape[2]
        clusters = self.clusters
        if clusters is None:
            clusters = alike(self.states.hidden, self.states.directions)
        if np.shape(clusters) != (units,):
            raise ValueError(
                f"clusters has shape {np.shape(clusters)}, expected ({units},): one for each unit"
            )
        labels = None if self.labels is None else as_labels(self.labels, n)
        if labels is not None and labels.ndim != 1:
            raise ValueError(f"labels has shape {labels.shape}, expected ({n},): those of one task")
        tracks = {
            str(name): _for_each_base(f"tracks[{name!r}]", values, (n, length))
            for name, values in dict(self.tracks).items()
        }
        filled = {
            "sequences": x,
            "temporal_output": _outputs(self.temporal_output, (n, length)),
            "clusters": np.asarray(clusters),
            "labels": labels,
            "tracks": tracks,
        }
        for name, value in filled.items():
            object.__setattr__(self, name, value)  # as a frozen dataclass fills itself in

    @property
    def length(self) -> int:
        """Length of the sequences in bp."""
        return self.sequences.shape[1]

    @property
    def n_steps(self) -> int:
        """Number of steps in which a sequence is read: its length, if base by base."""
        return self.states.hidden.shape[1]

    @property
    def n_units(self) -> int:
        """Number of units, of both directions."""
        return self.states.hidden.shape[2]

    @property
    def quantities(self) -> dict[str, str]:
        """What was recorded of each unit, and what it is called."""
        there = {"hidden", *self.states.gates}
        if self.states.memory is not None:
            there.add("memory")
        return {name: words for name, words in QUANTITIES.items() if name in there}

    def label_of(self, sequence: int) -> str:
        """Return what a sequence is called, as its label says; nothing where there is none."""
        return "" if self.labels is None else CALLED[int(self.labels[sequence])]

    @property
    def order(self) -> np.ndarray:
        """Units in the order of rows: by direction, then by cluster."""
        backward = np.asarray(self.states.directions) == "backward"
        return np.lexsort((self.clusters, backward))

    @property
    def edges(self) -> np.ndarray:
        """Where the cells of steps begin and end on the axis of bases, float (steps + 1,).

        A base belongs to the step whose middle is nearest, as ``recurrent.select`` has it.
        """
        starts, stops = np.asarray(self.states.starts), np.asarray(self.states.stops)
        middles = starts + stops  # doubled
        between = (middles[1:] + middles[:-1]) // 4
        return np.concatenate([starts[:1], between, stops[-1:]]) - 0.5

    @property
    def output_range(self) -> tuple[float, float]:
        """Lowest and highest output of all sequences, and 0, with a little room."""
        low = min(0.0, *(float(values.min()) for values in self.temporal_output.values()))
        high = max(0.0, *(float(values.max()) for values in self.temporal_output.values()))
        room = 0.05 * (high - low) or 1.0
        return low - room, high + room

    def values(self, name: str) -> np.ndarray:
        """Return what was recorded under a name, float (n, steps, units)."""
        if name in ("hidden", "memory"):
            return getattr(self.states, name)
        return self.states.gates[name]

    def limit(self, name: str) -> float:
        """Return the largest deviation from 0 that a colour has to show: 1 for gates."""
        if name not in ("hidden", "memory"):
            return 1.0
        key = "limit", name
        if key not in self._known:
            values = self.values(name)
            self._known[key] = float(max(values.max(), -values.min())) or 1.0
        return self._known[key]

    def found(self, pattern: tuple[int, int, int], threshold: float, margin_bp) -> Found:
        """Return what switches on over a range and where else it does: nothing is sought twice.

        Parameters
        ----------
        pattern : (int, int, int)
            Sequence, start and stop in bp.
        threshold : float
            From this hidden state on, a unit is on.
        margin_bp : int or None
            It has to be off so far on either side of the range; None: in all of the sequence.
        """
        key = pattern, threshold, margin_bp
        if key not in self._known:
            self._known[key] = self._search(*key)
        return self._known[key]

    def _search(self, pattern, threshold, margin_bp) -> Found:
        sequence, start, stop = pattern
        read = max(start, int(self.states.starts[0])), min(stop, int(self.states.stops[-1]))
        if read[0] >= read[1]:
            return Found()  # bases that no step reads, as at the end of what is pooled
        table = self.select(self.states, sequence, *read, threshold=threshold, margin_bp=margin_bp)
        units = tuple(int(unit) for unit in table["unit"])
        if not units:
            return Found()
        known = {"sites": self.sites, "labels": self.labels}
        table = self.match(self.states, units, threshold=threshold, n=N_MATCHES + 1, **known)
        table = table[table["units_on"] == len(units)]  # all of them
        others = [
            place
            for place in map(_place, table.to_dict("records"))
            if place.sequence != sequence or place.stop <= start or place.start >= stop
        ]
        return Found(units, tuple(others[:N_MATCHES]))


def alike(hidden: np.ndarray, directions, *, correlation: float = 0.5) -> np.ndarray:
    """Return a cluster for each unit: units of one direction whose states go up and down together.

    Clusters grow while the mean correlation between their units is at least `correlation` (average
    linkage); they are numbered from 0 in the order of the tree.

    Parameters
    ----------
    hidden : float (n, steps, units)
    directions : sequence of str (units,)
    correlation : float

    Examples
    --------
    >>> hidden = np.sin(np.arange(40))[None, :, None] * [1, -1, 2]
    >>> alike(hidden, ["forward"] * 3)
    array([0, 1, 0])
    """
    flat = np.reshape(hidden, (-1, np.shape(hidden)[2]))  # (n, steps, units) -> (n * steps, units)
    flat = flat[:: -(-len(flat) // 20_000)].astype(float)  # as many tell as much
    flat = flat - flat.mean(axis=0)
    norm = np.sqrt((flat**2).sum(axis=0))
    likeness = flat.T @ flat / np.maximum(np.outer(norm, norm), 1e-12)
    same = np.equal.outer(np.asarray(directions), np.asarray(directions))
    likeness = np.where(same, likeness, -2.0)
    np.fill_diagonal(likeness, -np.inf)
    trees = [[[i]] for i in range(len(likeness))]  # each a list of clusters, in the tree's order
    size = np.ones(len(likeness))
    for _ in range(len(likeness) - 1):
        a, b = sorted(np.unravel_index(likeness.argmax(), likeness.shape))
        joined = likeness[a, b] >= correlation
        trees[a] = (
            [[unit for tree in (trees[a], trees[b]) for part in tree for unit in part]]
            if joined
            else trees[a] + trees[b]
        )
        mean = (size[a] * likeness[a] + size[b] * likeness[b]) / (size[a] + size[b])
        likeness[a], likeness[:, a] = mean, mean
        likeness[b], likeness[:, b], likeness[a, a] = -np.inf, -np.inf, -np.inf
        size[a] += size[b]
    clusters = np.zeros(len(size), int)
    for number, units in enumerate(trees[0]):
        clusters[units] = number
    return clusters


def _check_states(states, n: int, length: int) -> None:
    for name in ("hidden", "memory", "gates", "directions", "starts", "stops"):
        if not hasattr(states, name):
            raise ValueError(
                f"states is a {type(states).__name__} without {name}, expected what "
                "interpretation.recurrent.states(...) returns"
            )
    shape = np.shape(states.hidden)
    if len(shape) != 3 or shape[0] != n or not shape[1]:
        raise ValueError(
            f"states.hidden has shape {shape}, expected ({n}, steps, units): those of the sequences"
        )
    if not 1 <= shape[2] <= UNITS_MAX:
        raise ValueError(
            f"states has {shape[2]} units, expected 1 to {UNITS_MAX}: more rows cannot be told "
            "apart"
        )
    others = {"memory": states.memory} | {f"gates[{name!r}]": v for name, v in states.gates.items()}
    for name, values in {"hidden": states.hidden, **others}.items():
        if values is None:
            continue
        if np.shape(values) != shape:
            raise ValueError(f"states.{name} has shape {np.shape(values)}, expected {shape}")
        if not np.isfinite([np.min(values), np.max(values)]).all():  # makes no copy
            tables.check_finite(values, f"states.{name}")
    for name, size in (("directions", shape[2]), ("starts", shape[1]), ("stops", shape[1])):
        if np.shape(getattr(states, name)) != (size,):
            raise ValueError(
                f"states.{name} has shape {np.shape(getattr(states, name))}, expected ({size},)"
            )
    if np.min(states.starts) < 0 or np.max(states.stops) > length:
        raise ValueError(f"states reads beyond base {length - 1}, the last one of the sequences")


def _outputs(given, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    by_direction = given if isinstance(given, Mapping) else {"forward": given}
    if not by_direction or set(by_direction) - {"forward", "backward"}:
        raise ValueError(
            f"temporal_output has the keys {list(by_direction)}, expected 'forward', 'backward'"
        )
    outputs = {}
    for name in ("forward", "backward"):
        if name in by_direction:
            outputs[name] = _for_each_base("temporal_output", by_direction[name], shape)
            tables.check_finite(outputs[name], "temporal_output")
    return outputs


def _for_each_base(name: str, values, shape: tuple[int, int]) -> np.ndarray:
    values = np.asarray(values)
    if values.shape != shape:
        raise ValueError(f"{name} has shape {values.shape}, expected {shape}: one for each base")
    return values


def _place(row: dict) -> Place:
    motif, label = (None if pd.isna(row.get(name)) else row[name] for name in ("motif", "label"))
    return Place(
        *(int(row[name]) for name in ("sequence", "start", "stop")),
        str(motif or ""),
        "" if label is None else CALLED.get(label, str(label)),
    )
