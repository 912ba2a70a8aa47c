"""The threshold explorer as a widget. Call it as ``widgets.threshold_explorer(...)``."""

from __future__ import annotations

import ipywidgets

from dragonn_lite.display import theme
from dragonn_lite.display.pictures import Picture
from dragonn_lite.display.threshold_explorer import PREVALENCES, ThresholdState, short
from dragonn_lite.display.threshold_panels import moved, threshold_explorer_chart

_UNSEEN = "position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%)"


class ThresholdExplorer(ipywidgets.VBox):
    """The threshold explorer: sliders change a :class:`ThresholdState`, and its picture follows.

    Every slider can be reached and used from the keyboard; a line that only screen readers see says
    the finding.

    Parameters
    ----------
    state : ThresholdState
        What is shown first.

    Attributes
    ----------
    explored : ThresholdState
        What is shown now.

    Examples
    --------
    >>> explorer = ThresholdExplorer(ThresholdState([0, 1], [-1.0, 1.0]))
    >>> explorer.explored.cost
    1.0
    """

    def __init__(self, state: ThresholdState):
        self.explored = state
        self._spec = threshold_explorer_chart(state).to_dict(validate=False)
        self._words = ipywidgets.HTML()
        self._picture = Picture()
        controls = _controls(state)
        for name, control in controls.items():
            control.observe(lambda change, name=name: self._move(name, change["new"]), "value")
        super().__init__(children=[*controls.values(), self._words, self._picture.widget])
        self._show()

    def _move(self, name: str, value: float) -> None:
        self.explored = self.explored.at(**{name: value})
        self._show()

    def _show(self) -> None:
        now = self.explored
        self._words.value = (
            f'<span role="status" style="{_UNSEEN}">{now.words()}. {now.net_words()}.</span>'
        )
        # A chart is made once: its three numbers are all that changes.
        drawn = moved(self._spec, now) if theme.can_draw() else threshold_explorer_chart(now)
        self._picture.show(drawn)


def _controls(state: ThresholdState) -> dict:
    look = {
        "style": {"description_width": "150px"},
        "layout": ipywidgets.Layout(width="620px"),
    }
    thresholds = sorted({*state.stops.tolist(), float(state.threshold)})
    prevalences = sorted({*PREVALENCES, state.prevalence})
    return {
        "threshold": ipywidgets.SelectionSlider(
            options=[(f"{threshold:.2f}".replace("-", "−"), threshold) for threshold in thresholds],
            value=float(state.threshold),
            description="Threshold",
            **look,
        ),
        "prevalence": ipywidgets.SelectionSlider(
            options=[(f"{short(100 * share)} %", share) for share in prevalences],
            value=state.prevalence,
            description="Prevalence",
            **look,
        ),
        "cost": ipywidgets.FloatSlider(
            value=state.cost,
            min=0,
            max=max(10, state.cost),
            step=0.25,
            description="Cost of a wrong pick",
            **look,
        ),
    }


def threshold_explorer(
    labels,
    scores,
    *,
    threshold: float = 0.0,
    prevalence: float | None = None,
    cost: float = 1.0,
) -> ThresholdExplorer:
    """Return a widget to move threshold, prevalence and cost, and see the fate of 1,000 windows.

    ROC, precision-recall, the histogram of the scores and the net gain follow. Its twin that needs
    no Python is ``charts.threshold_explorer(...)``.

    Parameters
    ----------
    labels : int8 (n,)
        1 bound, 0 unbound, -1 ambiguous (left out and counted).
    scores : float (n,)
        Logits.
    threshold : float
        Windows are tested from this score on, at first.
    prevalence : float, optional
        Share of bound windows where the model will be used; by default their share in `labels`.
    cost : float
        What a wrong pick costs, in units of what a hit gains.

    Raises
    ------
    ValueError
        As :class:`ThresholdState` does.

    Examples
    --------
    >>> explorer = threshold_explorer([0, 0, 1, 1], [-1, 0.5, 0.2, 2], prevalence=0.01)
    >>> explorer.explored.words()
    'Of 1,000 windows 10 are bound. You test 505: 10 hits, 495 wrong'
    """
    return ThresholdExplorer(ThresholdState(labels, scores, threshold, prevalence, cost))
