"""The memory explorer as a widget. Call it as ``widgets.memory_explorer(...)``."""

from __future__ import annotations

import html
from dataclasses import replace

import ipywidgets

from dragonn_lite.display import memory_state as states
from dragonn_lite.display import theme
from dragonn_lite.display.memory_panels import view_chart
from dragonn_lite.display.memory_recording import Recording
from dragonn_lite.display.memory_state import MemoryState
from dragonn_lite.display.memory_units import unit_at
from dragonn_lite.display.pictures import Picture
from dragonn_lite.display.windows import brushed

_HOW = "Press a letter to read up to it, a row to look into its unit."
_DRAG = " Drag over letters or units to choose a range."
_NONE = " No unit fits: lower “On from”, or ask for units that are off a few bp around."
_UNSEEN = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"
_STYLE = {"description_width": "90px"}
# To a list of ipywidgets, None is no choice at all.
_ELSEWHERE, _NOWHERE = 0, -1
_MARGINS = [("elsewhere", _ELSEWHERE), *((f"{n} bp around", n) for n in (2, 5, 10, 20))]
_NO_RANGE = "choose a range first", _NOWHERE
_CHOOSE = "the range, or one of its matches", _NOWHERE


class MemoryExplorer(ipywidgets.VBox):
    """The memory explorer: controls and mouse change what is chosen, and its picture follows.

    Every control can be reached and used from the keyboard; a line says the finding to screen
    readers.

    Parameters
    ----------
    recording : Recording
        The units of a network while it reads sequences.

    Attributes
    ----------
    explored : MemoryState
        What is shown now.
    view : View
        What there is to be seen of it.
    """

    def __init__(self, recording: Recording):
        self._recording = recording
        self._syncing = True
        self._controls = _controls(recording)
        self._said = ipywidgets.HTML()
        self._picture = _pressable(self._press) if theme.can_draw() else Picture()
        c = self._controls
        for name in ("sequence", "quantity", "unit", "window", "pattern", "threshold", "margin_bp",
                     "place", "step"):  # fmt: skip
            c[name].observe(lambda change, name=name: self._on_change(name, change["new"]), "value")
        c["clear"].on_click(lambda _: self._move(pattern=None))
        for name, to in (("start", 0), ("back", -1), ("next", 1), ("end", None)):
            c[name].on_click(lambda _, name=name, to=to: self._step(name, to))
        sought = [[c["pattern"], c["clear"]], [c["threshold"], c["margin_bp"]], [c["place"]]]
        rows = [
            [c["sequence"], c["choice"], c["quantity"]],
            [c["window"]],
            *(sought if recording.select is not None else []),
            [c["unit"], c["step"]],
            [c["start"], c["back"], c["next"], c["end"]],
        ]
        picture = getattr(self._picture, "widget", self._picture)
        super().__init__(
            children=[*(_row(row) for row in rows), self._said, picture],
            layout=ipywidgets.Layout(max_width="660px"),
        )
        self.explored, self._place = MemoryState(), None
        self._look()

    def _on_change(self, name: str, value) -> None:
        if self._syncing:
            return
        if name == "place":
            if value != _NOWHERE:
                self._go(self.view.everywhere[value])
        elif name == "margin_bp":
            self._move(margin_bp=value or None)
        elif name == "pattern":
            start, stop = value
            self._move(pattern=(self.explored.sequence, start, stop) if stop > start else None)
        else:
            self._move(**{name: tuple(value) if name == "window" else value})

    def _step(self, name: str, to: int | None) -> None:
        """Go to the first step, one back or on, or to where all has been read."""
        step, last = self.explored.step, self._recording.n_steps - 1
        backward = self.view.directions == ["backward"]
        if name in ("back", "next"):
            at = (0 if backward else last) if step is None else step
            to = min(max(at + (-to if backward else to), 0), last)
        elif name == "start" and backward:
            to = last
        self._move(step=to)

    def _press(self, panel: str, first: float, last: float, down: float) -> None:
        """Do what a press on a panel, or a drag over it, means."""
        window = start, stop = self.explored.window
        width = stop - start
        if panel == "whole":
            self._move(window=brushed(first, last, window, self._recording.length))
        elif panel == "matches":
            row = min(int(down * len(self.view.listed)), len(self.view.listed) - 1)
            self._go(self.view.listed[row])
        elif panel.startswith("range"):
            a, b = (min(start + int(share * width), stop - 1) for share in sorted((first, last)))
            if b > a and self._recording.select is not None:
                self._move(pattern=(self.explored.sequence, a, b + 1))
            elif panel == "range_units":
                self._move(unit=unit_at(self._recording, down))
            else:
                self._move(step=states.step_at(self._recording, b))

    def _go(self, place) -> None:
        self._place = place
        self.explored = states.shown(self._recording, self.explored, place)
        self._look()

    def _move(self, **changes) -> None:
        self.explored = states.moved(self._recording, self.explored, **changes)
        self._look()

    def _look(self) -> None:
        """Seek what is chosen, if it has not been yet, and show it."""
        self.view = states.view(self._recording, self.explored)
        # A unit that was not chosen is another one for another range.
        self.explored = replace(self.view.state, unit=self.explored.unit)
        self._sync()
        start, stop = self.explored.window
        one = [stop - start, 1]
        cells = {"range_letters": one, "range_output": one, "matches": [1, len(self.view.listed)]}
        self._picture.cells = cells  # what the mouse is over is outlined
        self._picture.show(view_chart(self.view))
        words = html.escape(self.view.said(), quote=False)
        how = _HOW + (_DRAG if self._recording.select is not None else "")
        if self.explored.pattern is not None and not self.view.found.units:
            how = _HOW + _NONE
        self._said.value = (
            f'<span role="status" style="{_UNSEEN}">{words}</span>'
            f'<span style="color: #555555">{how if theme.can_draw() else ""}</span>'
        )

    def _sync(self) -> None:
        """Set every control to the state, without being told of it again."""
        self._syncing = True
        state, c = self.view.state, self._controls
        everywhere = self.view.everywhere
        options = [(place.words(), i) for i, place in enumerate(everywhere)]
        here = [i for i, place in enumerate(everywhere) if place.sequence == state.sequence]
        if self._place in everywhere and everywhere.index(self._place) in here:
            here = [everywhere.index(self._place)]  # of several in one sequence, the one chosen
        if not here:
            options.insert(0, _CHOOSE if options else _NO_RANGE)
        c["place"].options = options
        c["place"].disabled = not everywhere
        step = self.view.at[0] if state.step is None else state.step
        values = {
            "sequence": state.sequence,
            "quantity": state.quantity,
            "unit": state.unit,
            "window": state.window,
            "pattern": (0, 0) if state.pattern is None else state.pattern[1:],
            "threshold": state.threshold,
            "margin_bp": state.margin_bp or _ELSEWHERE,
            "place": here[0] if here else _NOWHERE,
            "step": int(step),
        }
        for name, value in values.items():
            c[name].value = value
        c["clear"].disabled = state.pattern is None
        self._syncing = False


def _pressable(on_press):
    from dragonn_lite.display.pressable import PressablePicture

    return PressablePicture(on_press)


def _row(children: list) -> ipywidgets.HBox:
    return ipywidgets.HBox(children=children, layout=ipywidgets.Layout(flex_flow="row wrap"))


def _controls(recording: Recording) -> dict:
    n, length = len(recording.sequences), recording.length
    return {
        "sequence": _number("Sequence", n - 1),
        "choice": ipywidgets.Label(f"of 0 to {n - 1:,}", layout=ipywidgets.Layout(width="116px")),
        "quantity": _list("Colours show", [(v, k) for k, v in recording.quantities.items()]),
        "window": _slider(ipywidgets.IntRangeSlider, "Window", (0, length), length, "620px"),
        "pattern": _slider(ipywidgets.IntRangeSlider, "Range", (0, 0), length, "540px"),
        "clear": _button("Clear", "Choose no range"),
        "threshold": ipywidgets.FloatSlider(
            value=0.3,
            min=0,
            max=1,
            step=0.05,
            description="On from",
            continuous_update=False,
            style=_STYLE,
            layout=ipywidgets.Layout(width="310px"),
        ),
        "margin_bp": _list("and off", _MARGINS),
        "place": _list("Go to", [_NO_RANGE], "620px"),
        "unit": _number("Unit", recording.n_units - 1),
        "step": _slider(ipywidgets.IntSlider, "Read to", 0, recording.n_steps - 1, "426px"),
        "start": _button("|◀ First", "Read the first step alone"),
        "back": _button("◀ Back", "Forget the last step"),
        "next": _button("Next ▶", "Read one step more"),
        "end": _button("All ▶|", "Read all steps"),
    }


def _number(name: str, largest: int) -> ipywidgets.BoundedIntText:
    return ipywidgets.BoundedIntText(
        value=0,
        min=0,
        max=largest,
        description=name,
        style=_STYLE,
        layout=ipywidgets.Layout(width="190px"),
    )


def _slider(kind, name: str, value, largest: int, width: str):
    return kind(
        value=value,
        min=0,
        max=largest,
        description=name,
        continuous_update=False,
        style=_STYLE,
        layout=ipywidgets.Layout(width=width),
    )


def _list(name: str, options: list, width: str = "310px") -> ipywidgets.Dropdown:
    return ipywidgets.Dropdown(
        options=options,
        value=options[0][1],
        description=name,
        style=_STYLE,
        layout=ipywidgets.Layout(width=width),
    )


def _button(name: str, what: str) -> ipywidgets.Button:
    layout = ipywidgets.Layout(width="76px")
    return ipywidgets.Button(description=name, tooltip=what, layout=layout)


def memory_explorer(recording: Recording) -> MemoryExplorer:
    """Return a widget to see what a recurrent network holds while it reads a sequence.

    Drag over letters or units: those units are marked that are on there and off elsewhere, and the
    places listed where they are on together again. Step through the sequence base by base, and look
    into the gates of a unit. Its plain-function twin is ``charts.memory_chart(...)``.

    Parameters
    ----------
    recording : Recording
        The units of a network while it reads sequences.

    Raises
    ------
    TypeError
        If `recording` is something else.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> hidden = np.zeros((1, 3, 2), np.float32)
    >>> read = SimpleNamespace(cell="GRU", hidden=hidden, memory=None, gates={},
    ...                        directions=np.array(["forward", "forward"]),
    ...                        starts=np.arange(3), stops=np.arange(3) + 1)
    >>> recording = Recording(read, np.eye(4, dtype=np.uint8)[None, :3], np.arange(3.0)[None])
    >>> memory_explorer(recording).view.words()
    'bound: logit 2.00; moved most, +1.00 by C at 1'
    """
    if not isinstance(recording, Recording):
        raise TypeError(
            f"recording is a {type(recording).__name__}, expected a Recording: states, sequences "
            "and temporal output"
        )
    return MemoryExplorer(recording)
