"""What the attribution explorer shows: choices, and what explainers say of them.

Its picture is :mod:`dragonn_lite.display.attribution_panels`, its widget
``widgets.attribution_explorer(...)``.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_one_hot
from dragonn_lite.display import tables
from dragonn_lite.display.windows import within
from dragonn_lite.dna.encoding import BASES, decode

LENGTH_MAX = 4000
WINDOW_MIN_BP = 10
WINDOW_BP = 60  # at first, where the sequence is longer than can be shown in letters
N_LETTERS_MAX = 120


@dataclass(frozen=True)
class AttributionState:
    """What is chosen in the attribution explorer.

    Parameters
    ----------
    sequence, target : int
        Which sequence, and which output of the model, counted from 0.
    methods : tuple of str
        One method or two. By default the first two that there are.
    mutations : tuple of (int, str)
        Positions and the bases written there, one after the other.
    window : (int, int), optional
        Start and stop of what is shown large. By default all of a sequence of at most 120 bp, else
        60 bp about the position.
    position : int, optional
        The base that the controls change. By default the last mutated one, else the one with the
        largest contribution.

    Examples
    --------
    >>> AttributionState(mutations=((3, "A"),)).sequence
    0
    """

    sequence: int = 0
    methods: tuple[str, ...] = ()
    target: int = 0
    mutations: tuple[tuple[int, str], ...] = ()
    window: tuple[int, int] | None = None
    position: int | None = None


class Explained(NamedTuple):
    """What one method says of one sequence.

    Without contributions, `sentence` says why there are none; else it is what the method warned of.
    """

    method: str
    contributions: np.ndarray | None = None
    logit: float | None = None
    completeness_error: float | None = None
    sentence: str = ""

    def words(self) -> str:
        """Return whether the contributions add up to the logit, in words."""
        if self.contributions is None:
            return self.sentence
        if self.completeness_error is None:
            return "does not promise that contributions add up"
        error = abs(self.completeness_error)
        missed = f"{error:.2f}" if error >= 0.1 else f"{error:.1g}"
        total = signed(float(self.contributions.sum()))
        return f"adds up to {total}; misses the logit difference by {missed}"


class View(NamedTuple):
    """A state and all that its picture needs: equal views give equal pictures."""

    state: AttributionState  # with nothing left to be filled in
    target: str
    letters: str
    letters_before: str
    tracks: list[Explained]
    before: list[Explained]
    sites: pd.DataFrame | None

    @property
    def mutated(self) -> list[int]:
        """Positions whose base is not the original one."""
        return [
            i
            for i, (a, b) in enumerate(zip(self.letters_before, self.letters, strict=True))
            if a != b
        ]

    def mutation_words(self) -> str:
        """Return what was mutated, such as ``57 C→A, 60 G→T``."""
        return ", ".join(f"{i} {self.letters_before[i]}→{self.letters[i]}" for i in self.mutated)

    def words(self) -> str:
        """Return the finding: the logit, and where it came from."""
        now, before = (_logit(tracks) for tracks in (self.tracks, self.before))
        if now is None:
            return f"{self.target}: no logit, as no method could explain this sequence"
        if not self.mutated or before is None:
            return f"{self.target}: logit {minus(f'{now:.2f}')}"
        was, is_ = minus(f"{before:.2f}"), minus(f"{now:.2f}")
        if was == is_:
            return f"{self.target}: logit stays at {is_}"
        return f"{self.target}: logit moved from {was} to {is_} ({signed(now - before)})"


class Attributions:
    """Sequences and the methods that explain them; nothing is explained twice.

    Parameters
    ----------
    explainers : mapping of str to callable
        Each takes one sequence, uint8 (1, length, 4), and ``target=``, and returns what has
        ``contributions`` (1, length), ``logits`` (1,) and ``completeness_error`` (1,) or None.
    sequences : uint8 (n, length, 4)
        At most 4,000 bp long.
    targets : sequence of str
        A name for each output of the model.
    sites : pandas.DataFrame, optional
        ``sequence``, ``motif``, ``start``, ``stop``, ``strand``: labelled bands.

    Raises
    ------
    TypeError
        If an explainer cannot be called, or a name is no text.
    ValueError
        If there is no explainer, sequence or target, or the sequences are too long.

    Examples
    --------
    >>> Attributions({"zero": len}, np.eye(4, dtype=np.uint8)[None]).names
    ['zero']
    """

    def __init__(
        self,
        explainers: Mapping[str, Callable],
        sequences: np.ndarray,
        targets: Sequence[str] = ("bound",),
        sites: pd.DataFrame | None = None,
    ):
        if not isinstance(explainers, Mapping) or not explainers:
            raise ValueError(
                f"explainers is {explainers!r}, expected at least one name and its callable, as in "
                "{'deeplift': f}"
            )
        for name, explainer in explainers.items():
            if not callable(explainer):
                raise TypeError(
                    f"explainers[{name!r}] is {explainer!r}, expected a callable "
                    "f(sequences, target=...)"
                )
        self.sequences = as_one_hot(sequences)
        n, length = self.sequences.shape[:2]
        if not n or not 0 < length <= LENGTH_MAX:
            raise ValueError(
                f"sequences has shape {self.sequences.shape}, expected at least one sequence of 1 "
                f"to {LENGTH_MAX:,} bp"
            )
        self.targets = [targets] if isinstance(targets, str) else [str(name) for name in targets]
        if not self.targets:
            raise ValueError("targets is empty, expected a name for each output of the model")
        if sites is not None:
            columns = ["sequence", "motif", "start", "stop", "strand"]
            tables.require_columns(sites, columns, "sites")
        self.explainers = {str(name): explainer for name, explainer in explainers.items()}
        self.sites = sites
        self._explained: dict[tuple, Explained] = {}

    @property
    def names(self) -> list[str]:
        """Names of the methods."""
        return list(self.explainers)

    @property
    def length(self) -> int:
        """Length of the sequences in bp."""
        return self.sequences.shape[1]

    def check(self, state: AttributionState) -> AttributionState:
        """Return a state with its methods filled in and its bases in upper case.

        Raises
        ------
        ValueError
            If something is chosen that there is not.
        """
        for name, n in (("sequence", len(self.sequences)), ("target", len(self.targets))):
            if as_count(getattr(state, name), name) >= n:
                raise ValueError(f"{name} is {getattr(state, name)}, expected 0 to {n - 1}")
        named = (state.methods,) if isinstance(state.methods, str) else tuple(state.methods)
        methods = named or tuple(self.names[:2])
        for method in methods:
            if method not in self.explainers:
                raise ValueError(f"methods names {method!r}, expected among {self.names}")
        if len(set(methods)) != len(methods) or len(methods) > 2:
            raise ValueError(f"methods is {methods}, expected one method or two different ones")
        mutations = tuple((self._position(at), _base(base)) for at, base in _pairs(state.mutations))
        if state.position is not None:
            self._position(state.position, "position")
        window = None if state.window is None else self._window(state.window)
        return replace(state, methods=methods, mutations=mutations, window=window)

    def _position(self, position, name: str = "mutations") -> int:
        if as_count(position, name) >= self.length:
            raise ValueError(f"{name} is at {position}, expected 0 to {self.length - 1}")
        return int(position)

    def _window(self, window) -> tuple[int, int]:
        ends = list(window) if np.iterable(window) else []
        if len(ends) != 2 or not as_count(ends[0], "window") < as_count(ends[1], "window"):
            ends = []
        if not ends or ends[1] > self.length:
            raise ValueError(
                f"window is {window}, expected a start and a later stop within 0 to {self.length}"
            )
        return int(ends[0]), int(ends[1])

    def mutated(self, state: AttributionState) -> np.ndarray:
        """Return the chosen sequence with its mutations, uint8 (length, 4)."""
        x = self.sequences[state.sequence].copy()
        for position, base in state.mutations:
            x[position] = np.eye(4, dtype=np.uint8)[BASES.index(base)]
        return x

    def waits_for(self, state: AttributionState) -> list[str]:
        """Return the methods that have still to explain something of a state."""
        state = self.check(state)
        both = self.mutated(state), self.sequences[state.sequence]
        return [
            method
            for method in state.methods
            if any((method, state.target, x.tobytes()) not in self._explained for x in both)
        ]

    def view(self, state: AttributionState) -> View:
        """Return all that the picture of a state needs; what is not yet explained, is now.

        Raises
        ------
        ValueError
            As :meth:`check` does.
        """
        state = self.check(state)
        before, x = self.sequences[state.sequence], self.mutated(state)
        tracks, tracks_before = (
            [self._explain(method, state.target, each) for method in state.methods]
            for each in (x, before)
        )
        sites = self.sites
        if sites is not None:
            sites = sites[sites["sequence"] == state.sequence]
        if state.position is None:
            state = replace(state, position=_first_position(state, tracks))
        if state.window is None:
            width = self.length if self.length <= N_LETTERS_MAX else WINDOW_BP
            state = replace(state, window=within(state.position - width // 2, width, self.length))
        letters = decode(x[None])[0], decode(before[None])[0]
        return View(state, self.targets[state.target], *letters, tracks, tracks_before, sites)

    def _explain(self, method: str, target: int, x: np.ndarray) -> Explained:
        key = method, target, x.tobytes()
        if key not in self._explained:
            try:
                with warnings.catch_warnings(record=True) as warned:
                    warnings.simplefilter("always")
                    result = self.explainers[method](x[None], target=target)
                explained = _read(method, result, len(x))
                said = [w.message for w in warned if not issubclass(w.category, _FOR_AUTHORS)]
                self._explained[key] = explained._replace(sentence=_sentence(said))
            except Exception as error:  # noqa: BLE001 - whatever fails is said in its place
                words = _sentence([error]) or type(error).__name__
                self._explained[key] = Explained(method, sentence=words)
        return self._explained[key]


# Warnings that speak to who writes a method, not to who uses it.
_FOR_AUTHORS = (DeprecationWarning, PendingDeprecationWarning)


def _sentence(said: list[Exception]) -> str:
    """What errors or warnings say, each once, on one line."""
    return "; ".join(dict.fromkeys(" ".join(str(each).split()) for each in said))


def _read(method: str, result, length: int) -> Explained:
    if not (hasattr(result, "contributions") and hasattr(result, "logits")):
        raise ValueError(
            f"{method} returned a {type(result).__name__}, expected contributions and logits, as "
            "interpretation.explain returns them"
        )
    contributions = np.asarray(result.contributions, dtype=float)
    if contributions.size != length:
        raise ValueError(
            f"contributions have shape {contributions.shape}, expected (1, {length}): one for each "
            "base present"
        )
    tables.check_finite(contributions, "contributions")
    logit = np.ravel(result.logits).astype(float)
    tables.check_finite(logit, "logits")
    error = getattr(result, "completeness_error", None)
    if error is not None:
        error = np.ravel(error).astype(float)
        tables.check_finite(error, "completeness_error")
        error = float(error[0])
    return Explained(method, contributions.reshape(length), float(logit[0]), error)


def _first_position(state: AttributionState, tracks: list[Explained]) -> int:
    if state.mutations:
        return state.mutations[-1][0]
    drawn = [track.contributions for track in tracks if track.contributions is not None]
    inside = slice(*state.window) if state.window else slice(None)
    start = inside.start or 0
    return start + int(np.abs(drawn[0][inside]).argmax()) if drawn else start


def _pairs(mutations) -> list:
    pairs = list(mutations)
    if isinstance(mutations, str) or any(not np.iterable(p) or len(p) != 2 for p in pairs):
        raise ValueError(
            f"mutations is {mutations!r}, expected positions and bases, as in [(57, 'A')]"
        )
    return pairs


def _base(base) -> str:
    if not isinstance(base, str) or base.upper() not in tuple(BASES):
        raise ValueError(f"mutations hold the base {base!r}, expected A, C, G or T")
    return base.upper()


def _logit(tracks: list[Explained]) -> float | None:
    return next((track.logit for track in tracks if track.logit is not None), None)


def moved(state: AttributionState, length: int, **changes) -> AttributionState:
    """Return a changed state whose position lies in its window.

    Another sequence starts without mutations, at its own window. A position outside the window
    becomes its middle, and a window that leaves the position behind takes it along.

    Examples
    --------
    >>> state = AttributionState(window=(10, 30), position=12)
    >>> moved(state, 100, position=40).window, moved(state, 100, window=(50, 70)).position
    ((30, 50), 50)
    """
    if changes.get("sequence", state.sequence) != state.sequence:
        changes = {"mutations": (), "window": None, "position": None} | changes
    state = replace(state, **changes)
    if state.window is None or state.position is None:
        return state
    start, stop = state.window
    if stop - start < min(WINDOW_MIN_BP, length):
        middle = (start + stop) // 2
        start, stop = within(middle - WINDOW_MIN_BP // 2, WINDOW_MIN_BP, length)
    if "window" in changes:
        return replace(
            state, window=(start, stop), position=min(max(state.position, start), stop - 1)
        )
    if not start <= state.position < stop:
        start, stop = within(state.position - (stop - start) // 2, stop - start, length)
    return replace(state, window=(start, stop))


def minus(text: str) -> str:
    """Return a number's text with a minus as wide as a plus.

    Examples
    --------
    >>> minus("-0.5")
    '−0.5'
    """
    return text.replace("-", "−")


def signed(value: float) -> str:
    """Return a number with two decimals and its sign.

    Examples
    --------
    >>> signed(1.238), signed(-0.5)
    ('+1.24', '−0.50')
    """
    return minus(f"{value:+.2f}")
