"""The attribution explorer as a widget. Call it as ``widgets.attribution_explorer(...)``."""

from __future__ import annotations

import html

import ipywidgets

from dragonn_lite.display import attribution_state as states
from dragonn_lite.display import theme
from dragonn_lite.display.attribution_panels import attribution_chart
from dragonn_lite.display.attribution_state import Attributions, AttributionState
from dragonn_lite.display.pictures import Picture
from dragonn_lite.display.windows import brushed
from dragonn_lite.dna.encoding import BASES

_ALONE = "none: one method alone"
_HOW = "Press a letter of the four rows to write it; drag over a small track to move the window."
_UNSEEN = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"
_STYLE = {"description_width": "90px"}


class AttributionExplorer(ipywidgets.VBox):
    """The attribution explorer: controls and mouse change what is chosen, and its picture follows.

    Every control can be reached and used from the keyboard; a line says the finding to screen
    readers, and which method is at work while one is.

    Parameters
    ----------
    study : Attributions
        Sequences and the methods that explain them.

    Attributes
    ----------
    explored : AttributionState
        What is shown now.
    view : View
        What is known of it.

    Examples
    --------
    >>> import numpy as np
    >>> study = Attributions({"one": len, "two": len}, np.eye(4, dtype=np.uint8)[None])
    >>> AttributionExplorer(study).explored.methods
    ('one', 'two')
    """

    def __init__(self, study: Attributions):
        self._study = study
        self._syncing = True
        self._controls = _controls(study)
        self._said = ipywidgets.HTML()
        self._list = ipywidgets.HTML()
        self._picture = _pressable(self._press) if theme.can_draw() else Picture()
        c = self._controls
        for name in ("sequence", "target", "method", "second", "window", "position", "base"):
            c[name].observe(lambda change, name=name: self._on_change(name, change["new"]), "value")
        c["undo"].on_click(lambda _: self._undo())
        c["reset"].on_click(lambda _: self._move(mutations=()))
        rows = [
            [c["sequence"], c["choice"], *([c["target"]] if len(study.targets) > 1 else [])],
            [c["method"], c["second"]] if len(study.names) > 1 else [c["method"]],
            [c["window"]],
            [c["position"], c["base"]],
            [c["undo"], c["reset"], self._list],
        ]
        picture = getattr(self._picture, "widget", self._picture)
        super().__init__(
            children=[*(_row(row) for row in rows), self._said, picture],
            layout=ipywidgets.Layout(max_width="660px"),
        )
        self.explored = AttributionState()
        self._look()

    def _on_change(self, name: str, value) -> None:
        if self._syncing:
            return
        if name == "base":
            if value is not None:
                self._mutate(self.explored.position, value)
        elif name in ("method", "second"):
            self._move(methods=self._methods(name, value))
        else:
            self._move(**{name: tuple(value) if name == "window" else value})

    def _methods(self, name: str, value: str) -> tuple[str, ...]:
        """The methods once one is chosen; one that was in the other place changes places."""
        now = self.explored.methods
        first, second = now[0], (*now, _ALONE)[1]
        if name == "method":
            first, second = value, first if value == second else second
        elif value == first and second != _ALONE:
            first, second = second, first
        else:
            second = value
        return (first,) if second in (_ALONE, first) else (first, second)

    def _undo(self) -> None:
        """Take back the last mutation, and show where it was."""
        *others, (position, _) = self.explored.mutations
        self._move(mutations=tuple(others), position=position)

    def _press(self, panel: str, first: float, last: float, down: float) -> None:
        """Do what a press on a panel means."""
        start, stop = self.explored.window
        position = min(start + int(last * (stop - start)), stop - 1)
        if panel.startswith("whole"):
            window = brushed(first, last, self.explored.window, self._study.length)
            self._move(window=window)
        elif panel == "bases" and stop - start <= states.N_LETTERS_MAX:
            self._mutate(position, BASES[min(int(4 * down), 3)])
        else:
            self._move(position=position)

    def _mutate(self, position: int, base: str) -> None:
        changed = self.view.letters[position] != base
        mutations = self.explored.mutations + (((position, base),) if changed else ())
        self._move(position=position, mutations=mutations)

    def _move(self, **changes) -> None:
        self.explored = states.moved(self.explored, self._study.length, **changes)
        self._look()

    def _look(self) -> None:
        """Explain what is chosen, if it is not yet, and show it."""
        waits = self._study.waits_for(self.explored)
        if waits:
            self._say(f"{' and '.join(waits)} at work …", shown=True)
        self.view = self._study.view(self.explored)
        self.explored = self.view.state
        self._sync()
        start, stop = self.explored.window
        cells = {f"letters_{i}": [stop - start, 1] for i in range(2)} | {"bases": [stop - start, 4]}
        self._picture.cells = cells  # what the mouse is over is outlined
        self._picture.show(attribution_chart(self.view))
        self._say(f"{self.view.words()}.", shown=False)

    def _say(self, words: str, *, shown: bool) -> None:
        """Say words to screen readers, and show them or how the explorer is used."""
        words = html.escape(words, quote=False)
        style = "" if shown else f' style="{_UNSEEN}"'
        how = _HOW if theme.can_draw() else ""
        told = f'<span role="status"{style}>{words}</span>'
        self._said.value = told if shown else f'{told}<span style="color: #555555">{how}</span>'

    def _sync(self) -> None:
        """Set every control to the state, without being told of it again."""
        self._syncing = True
        state, c = self.explored, self._controls
        letter = self.view.letters[state.position]
        values = {
            "sequence": state.sequence,
            "target": state.target,
            "method": state.methods[0],
            "second": state.methods[1] if len(state.methods) > 1 else _ALONE,
            "window": state.window,
            "position": state.position,
            "base": letter if letter in BASES else None,
        }
        for name, value in values.items():
            c[name].value = value
        c["undo"].disabled = c["reset"].disabled = not state.mutations
        mutated = html.escape(self.view.mutation_words()) or "nothing mutated"
        self._list.value = f"<span>{mutated}</span>"
        self._syncing = False


def _pressable(on_press):
    from dragonn_lite.display.pressable import PressablePicture

    return PressablePicture(on_press)


def _row(children: list) -> ipywidgets.HBox:
    return ipywidgets.HBox(children=children, layout=ipywidgets.Layout(flex_flow="row wrap"))


def _controls(study: Attributions) -> dict:
    half, wide = (ipywidgets.Layout(width=width) for width in ("310px", "620px"))
    look = {"style": _STYLE, "layout": half}
    # In ipywidgets 8 the label of ToggleButtons stands above them unless they are told.
    in_line = ipywidgets.Layout(display="flex", flex_flow="row nowrap", align_items="center")
    n = len(study.sequences)
    button = ipywidgets.Layout(width="110px")
    return {
        "sequence": ipywidgets.BoundedIntText(
            value=0,
            min=0,
            max=n - 1,
            description="Sequence",
            style=_STYLE,
            layout=ipywidgets.Layout(width="190px"),
        ),
        "choice": ipywidgets.Label(f"of 0 to {n - 1:,}", layout=ipywidgets.Layout(width="116px")),
        "target": ipywidgets.Dropdown(
            options=[(name, i) for i, name in enumerate(study.targets)],
            value=0,
            description="Target",
            **look,
        ),
        "method": ipywidgets.Dropdown(
            options=study.names, value=study.names[0], description="Method", **look
        ),
        "second": ipywidgets.Dropdown(
            options=[_ALONE, *study.names], value=_ALONE, description="and below", **look
        ),
        "window": ipywidgets.IntRangeSlider(
            value=(0, study.length),
            min=0,
            max=study.length,
            description="Window",
            continuous_update=False,
            style=_STYLE,
            layout=wide,
        ),
        "position": ipywidgets.IntSlider(
            value=0,
            min=0,
            max=study.length - 1,
            description="Position",
            continuous_update=False,
            **look,
        ),
        "base": ipywidgets.ToggleButtons(
            options=list(BASES),
            value=None,
            description="its base",
            style={"description_width": "60px", "button_width": "38px"},
            layout=in_line,
        ),
        "undo": ipywidgets.Button(
            description="Undo", tooltip="Take back the last mutation", layout=button
        ),
        "reset": ipywidgets.Button(
            description="Reset", tooltip="Take back all mutations", layout=button
        ),
    }


def attribution_explorer(
    explainers, sequences, *, targets=("bound",), sites=None
) -> AttributionExplorer:
    """Return a widget to explain a sequence, mutate its bases, and watch the explanation follow.

    Choose a sequence, one method or two, and a target; drag a window over the track; press a base
    to mutate it. Its plain-function twin is ``charts.attribution_panels(...)``.

    Parameters
    ----------
    explainers : mapping of str to callable
        Each takes one sequence, uint8 (1, length, 4), and ``target=``, and returns what has
        ``contributions`` (1, length), ``logits`` (1,) and ``completeness_error`` (1,) or None, as
        ``functools.partial(interpretation.explain, model, method="deeplift")`` does.
    sequences : uint8 (n, length, 4)
        At most 4,000 bp long.
    targets : sequence of str
        A name for each output of the model.
    sites : pandas.DataFrame, optional
        ``sequence``, ``motif``, ``start``, ``stop``, ``strand``: labelled bands.

    Raises
    ------
    TypeError
        If an explainer cannot be called, or the sequences are text.
    ValueError
        If there is no explainer, sequence or target, the sequences are too long, or `sites` lacks
        a column. What an explainer raises is written in its place.

    Examples
    --------
    >>> import numpy as np
    >>> explorer = attribution_explorer({"not yet": len}, np.eye(4, dtype=np.uint8)[None])
    >>> explorer.view.words()
    'bound: no logit, as no method could explain this sequence'
    """
    return AttributionExplorer(Attributions(explainers, sequences, targets, sites))
