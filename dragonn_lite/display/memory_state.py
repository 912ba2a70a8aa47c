"""What is chosen in the memory explorer, and what there is to be seen of it.

Its picture is :mod:`dragonn_lite.display.memory_panels`, its widget
``widgets.memory_explorer(...)``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_fraction
from dragonn_lite.display.attribution_state import minus, signed
from dragonn_lite.display.memory_recording import N_MATCHES, Found, Place, Recording
from dragonn_lite.display.tables import counted
from dragonn_lite.display.windows import within
from dragonn_lite.dna.encoding import decode

WINDOW_MIN_BP, WINDOW_MAX_BP = 10, 160
N_LISTED = 9
WINDOW_BP = 120  # at first, where the sequence is longer than can be shown


@dataclass(frozen=True)
class MemoryState:
    """What is chosen in the memory explorer.

    Parameters
    ----------
    sequence : int
        Which sequence is shown, counted from 0.
    window : (int, int), optional
        Start and stop of what is shown large, 10 to 160 bp. By default all of a sequence of at
        most 160 bp, else its first 120 bp.
    quantity : str
        What the heat map shows: ``"hidden"``, ``"memory"`` (cell state), or the name of a gate.
    pattern : (int, int, int), optional
        Sequence, start and stop of the range whose units are sought.
    threshold : float
        From this hidden state on, 0 to 1, a unit is on.
    margin_bp : int, optional
        A unit has to be off so far on either side of the range; by default in all of the sequence.
    unit : int, optional
        Whose gates are shown. By default the first one that switches on over the range, else the
        one whose hidden state changes most.
    step : int, optional
        The step that was read last, counted from 0 and from the left. By default all are read.

    Examples
    --------
    >>> MemoryState(pattern=(0, 40, 52)).threshold
    0.3
    """

    sequence: int = 0
    window: tuple[int, int] | None = None
    quantity: str = "hidden"
    pattern: tuple[int, int, int] | None = None
    threshold: float = 0.3
    margin_bp: int | None = None
    unit: int | None = None
    step: int | None = None


class View(NamedTuple):
    """A state and all that its picture needs."""

    recording: Recording
    state: MemoryState  # with window and unit filled in
    letters: str
    outputs: dict[str, np.ndarray]  # direction -> (length,)
    found: Found
    sites: pd.DataFrame | None
    tracks: dict[str, np.ndarray]  # name -> (length,)

    @property
    def directions(self) -> list[str]:
        """Where units read from: "forward", "backward" or both."""
        there = self.recording.states.directions
        return [name for name in ("forward", "backward") if name in there]

    @property
    def at(self) -> np.ndarray:
        """The step at which each unit has come to, int (units,)."""
        if self.state.step is not None:
            return np.full(self.recording.n_units, self.state.step)
        backward = np.asarray(self.recording.states.directions) == "backward"
        return np.where(backward, 0, self.recording.n_steps - 1)

    @property
    def read(self) -> tuple[int, int] | None:
        """Start and stop of the bases that are just read; None where all have been read."""
        states, step = self.recording.states, self.state.step
        return None if step is None else (int(states.starts[step]), int(states.stops[step]))

    def of_unit(self) -> np.ndarray:
        """All that was recorded of the chosen unit, float (steps, quantities)."""
        i, unit = self.state.sequence, self.state.unit
        named = self.recording.quantities
        return np.stack([self.recording.values(name)[i, :, unit] for name in named], axis=1)

    @property
    def here(self) -> list[tuple[int, int, bool]]:
        """Start and stop of the range and of its matches in what is shown; whether it is its own."""
        places = self.everywhere
        at = self.state.sequence
        return [(p.start, p.stop, p is places[0]) for p in places if p.sequence == at]

    @property
    def everywhere(self) -> list[Place]:
        """The range itself, and its matches."""
        if self.state.pattern is None:
            return []
        label = self.recording.label_of(self.state.pattern[0])
        return [Place(*self.state.pattern, "the range", label), *self.found.places]

    @property
    def listed(self) -> list[Place]:
        """Those of them that the picture lists."""
        return self.everywhere[:N_LISTED]

    def words(self) -> str:
        """Return the finding: what switches on over the range, else what the output does."""
        return self.output_words() if self.state.pattern is None else self.pattern_words()

    def pattern_words(self) -> str:
        """Return which units are on over the range and off elsewhere."""
        sequence, start, stop = self.state.pattern
        units, margin = self.found.units, self.state.margin_bp
        who = "No unit is" if not units else f"{len(units)} units are"
        who = f"Unit {units[0]} is" if len(units) == 1 else who
        off = "elsewhere" if margin is None else f"{margin} bp around"
        return f"{who} on over {start:,} to {stop - 1:,} of sequence {sequence:,} and off {off}"

    def match_words(self) -> str:
        """Return how often the units of the range are on together again."""
        if not self.found.units:
            return "no unit whose other places could be sought"
        n = len(self.found.places)
        most = "at least " if n >= N_MATCHES else ""
        they = "it is on" if len(self.found.units) == 1 else "they are on together"
        return f"{most}{counted(n, 'other place')} where {they}"

    def said(self) -> str:
        """Return all that is new, for who listens."""
        words = [self.words()]
        if self.state.pattern is not None:
            words += [self.match_words(), self.output_words()]
        return ". ".join(words) + "."

    def output_words(self) -> str:
        """Return what the output has come to, and which base moved it most."""
        direction = next(iter(self.outputs))
        values, letters = self.outputs[direction], np.array(list(self.letters))
        bases = np.arange(len(values))
        if direction == "backward":  # in the order in which they are read
            values, letters, bases = values[::-1], letters[::-1], bases[::-1]
        n = len(values)
        if self.read is not None:
            n = self.read[1] if direction == "forward" else n - self.read[0]
        logit = f"{self.recording.target}: logit {minus(f'{values[n - 1]:.2f}')}"
        if n < 2:
            return logit if self.read is None else f"{logit} after 1 of {len(values):,} bases"
        changes = np.diff(values[:n])
        last = n - 2 if self.read is not None else int(np.abs(changes).argmax())
        change = signed(float(changes[last])).replace("−0.00", "+0.00")
        heard = f"{change} by {letters[last + 1]} at {bases[last + 1]:,}"
        if self.read is None:
            return f"{logit}; moved most, {heard}"
        return f"{logit} after {n:,} of {len(values):,} bases, {heard}"

    def unit_words(self) -> str:
        """Return the chosen unit, and its direction where there are two."""
        unit = self.state.unit
        reads = self.recording.states.directions[unit]
        return f"unit {unit}, {reads}" if len(self.directions) > 1 else f"unit {unit}"


def check(recording: Recording, state: MemoryState) -> MemoryState:
    """Return a state as it was given, its numbers checked.

    Raises
    ------
    ValueError
        If something is chosen that there is not.
    """
    limits = {"sequence": len(recording.sequences), "unit": recording.n_units}
    for name, n in (limits | {"step": recording.n_steps}).items():
        value = getattr(state, name)
        if (value is not None or name == "sequence") and as_count(value, name) >= n:
            raise ValueError(f"{name} is {value}, expected 0 to {n - 1}")
    if state.quantity not in recording.quantities:
        raise ValueError(
            f"quantity is {state.quantity!r}, expected one of {', '.join(recording.quantities)}"
        )
    as_fraction(state.threshold, "threshold")
    if state.margin_bp is not None:
        as_count(state.margin_bp, "margin_bp", 1)
    window = state.window
    if window is not None:
        window = _range(window, recording.length, "window")
        shortest = min(WINDOW_MIN_BP, recording.length)
        if not shortest <= window[1] - window[0] <= WINDOW_MAX_BP:
            raise ValueError(
                f"window is {window}, expected {shortest} to {WINDOW_MAX_BP} bp between its ends"
            )
    return replace(state, window=window, pattern=_pattern(recording, state.pattern))


def view(recording: Recording, state: MemoryState) -> View:
    """Return all that the picture of a state needs; what is not yet sought, is now.

    Raises
    ------
    ValueError
        As :func:`check` does.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> hidden = np.zeros((1, 3, 2), np.float32)
    >>> read = SimpleNamespace(cell="GRU", hidden=hidden, memory=None, gates={},
    ...                        directions=np.array(["forward", "forward"]),
    ...                        starts=np.arange(3), stops=np.arange(3) + 1)
    >>> recording = Recording(read, np.eye(4, dtype=np.uint8)[None, :3], np.arange(3.0)[None])
    >>> view(recording, MemoryState(step=1)).words()
    'bound: logit 1.00 after 2 of 3 bases, +1.00 by C at 1'
    """
    state = check(recording, state)
    i, length = state.sequence, recording.length
    found = Found()
    if state.pattern is not None:
        found = recording.found(state.pattern, state.threshold, state.margin_bp)
    if state.window is None:
        state = replace(state, window=(0, length if length <= WINDOW_MAX_BP else WINDOW_BP))
    if state.unit is None:
        changing = int(np.ptp(recording.states.hidden[i], axis=0).argmax())
        state = replace(state, unit=found.units[0] if found.units else changing)
    sites = recording.sites
    return View(
        recording,
        state,
        decode(recording.sequences[i : i + 1])[0],
        {name: values[i] for name, values in recording.temporal_output.items()},
        found,
        None if sites is None else sites[sites["sequence"] == i],
        {name: values[i] for name, values in recording.tracks.items()},
    )


def moved(recording: Recording, state: MemoryState, **changes) -> MemoryState:
    """Return a changed state: its window is no wider than can be shown, and follows the step.

    Another sequence is shown as a whole and to its end; the range whose units are sought stays.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> recording = SimpleNamespace(length=500, states=SimpleNamespace(starts=range(500)))
    >>> moved(recording, MemoryState(window=(0, 100)), step=300).window
    (250, 350)
    >>> moved(recording, MemoryState(), window=(100, 400)).window
    (170, 330)
    """
    if changes.get("sequence", state.sequence) != state.sequence:
        changes = {"window": None, "step": None} | changes
    if "pattern" in changes or "threshold" in changes or "margin_bp" in changes:
        changes = {"unit": None} | changes  # one of those that now switch on
    state = replace(state, **changes)
    if state.window is None:
        return state
    start, stop = state.window
    widest = min(WINDOW_MAX_BP, recording.length)
    width = min(max(stop - start, WINDOW_MIN_BP), widest)
    if width != stop - start:
        start, stop = within((start + stop - width) // 2, width, recording.length)
    if changes.get("step") is not None:
        read = int(recording.states.starts[state.step])
        if not start <= read < stop:
            start, stop = within(read - width // 2, width, recording.length)
    return replace(state, window=(start, stop))


def shown(recording: Recording, state: MemoryState, place) -> MemoryState:
    """Return the state in which a place, (sequence, start, stop), can be seen.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> recording = SimpleNamespace(length=500)
    >>> shown(recording, MemoryState(), (3, 200, 212)).window
    (146, 266)
    """
    sequence, start, stop = place[:3]
    state = moved(recording, state, sequence=sequence, step=None)
    whole = (0, recording.length if recording.length <= WINDOW_MAX_BP else WINDOW_BP)
    low, high = state.window or whole
    if not (low <= start and stop <= high):
        low, high = within((start + stop - high + low) // 2, high - low, recording.length)
    return replace(state, window=(low, high))


def step_at(recording: Recording, base: int) -> int:
    """Return the step in whose cell a base lies.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> recording = SimpleNamespace(edges=np.array([-0.5, 3.5, 7.5]), n_steps=2)
    >>> step_at(recording, 3), step_at(recording, 4), step_at(recording, 9)
    (0, 1, 1)
    """
    step = int(np.searchsorted(recording.edges, base, side="right")) - 1
    return min(max(step, 0), recording.n_steps - 1)


def _pattern(recording: Recording, pattern) -> tuple[int, int, int] | None:
    if pattern is None:
        return None
    if recording.select is None:
        raise ValueError("pattern is given, but the recording has no select and match to seek it")
    ends = list(pattern) if np.iterable(pattern) else []
    if len(ends) != 3:
        raise ValueError(f"pattern is {pattern}, expected a sequence, a start and a stop")
    if as_count(ends[0], "pattern") >= len(recording.sequences):
        raise ValueError(
            f"pattern is {pattern}, expected a sequence of 0 to {len(recording.sequences) - 1}"
        )
    return int(ends[0]), *_range(ends[1:], recording.length, "pattern")


def _range(ends, length: int, name: str) -> tuple[int, int]:
    ends = list(ends) if np.iterable(ends) else []
    right = len(ends) == 2 and as_count(ends[0], name) < as_count(ends[1], name) <= length
    if not right:
        raise ValueError(
            f"{name} is {tuple(ends)}, expected a start and a later stop within 0 to {length}"
        )
    return int(ends[0]), int(ends[1])
