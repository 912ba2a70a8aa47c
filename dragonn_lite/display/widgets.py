"""Widgets: small, each over a pure ``state -> chart`` function.

:func:`motif_explorer` (twin: :func:`motif_explorer_chart`), :func:`threshold_explorer` (twin:
:func:`threshold_explorer_chart`), :func:`attribution_explorer` (twin:
``charts.attribution_panels``), :func:`memory_explorer` (of a ``charts.Recording``; twin:
``charts.memory_chart``), :func:`training_picture`, and :func:`follow`, which makes a widget of one
control and any function that returns a chart.

The picture inside a widget is an SVG in an HTML widget: it works with ipywidgets 7.7 (Colab) and 8,
needs neither scripts nor a network, does not flicker, and is drawn in about a tenth of a second.
Where vl-convert is not installed, as it may be in Colab, an Output widget shows the chart itself.
(``altair.JupyterChart`` would fetch scripts from a content network, and so fails in a classroom
without one.) In the attribution and the memory explorer the same SVG is shown by a short script in
the package (anywidget), so that Python is told where it is pressed.
"""

from __future__ import annotations

import dataclasses
import html

import ipywidgets

from dragonn_lite.display import theme
from dragonn_lite.display.attribution_explorer import AttributionExplorer, attribution_explorer
from dragonn_lite.display.explorer import LENGTH_MAX, MotifState, motif_explorer_chart
from dragonn_lite.display.live import (
    TrainingPicture,
    TrainingState,
    training_chart,
    training_picture,
)
from dragonn_lite.display.memory_explorer import MemoryExplorer, memory_explorer
from dragonn_lite.display.pictures import Picture
from dragonn_lite.display.threshold_explorer import ThresholdState
from dragonn_lite.display.threshold_panels import threshold_explorer_chart
from dragonn_lite.display.threshold_widget import ThresholdExplorer, threshold_explorer
from dragonn_lite.dna import motifs, sequences

__all__ = [
    "AttributionExplorer",
    "MemoryExplorer",
    "MotifExplorer",
    "MotifState",
    "ThresholdExplorer",
    "ThresholdState",
    "TrainingPicture",
    "TrainingState",
    "attribution_explorer",
    "follow",
    "memory_explorer",
    "motif_explorer",
    "motif_explorer_chart",
    "threshold_explorer",
    "threshold_explorer_chart",
    "training_chart",
    "training_picture",
]

_STYLE = {"description_width": "80px"}


def follow(chart_of, control) -> ipywidgets.VBox:
    """Return a control over a picture that follows its value.

    Parameters
    ----------
    chart_of : callable
        Takes the control's value and returns a chart: it is the plain twin as well.
    control : ipywidgets widget
        A slider, a list, or whatever else has a value.

    Raises
    ------
    TypeError
        If the control has no value to follow.

    Examples
    --------
    >>> from dragonn_lite.display import logos
    >>> names = [motif.name for motif in motifs.builtin_motifs()]
    >>> control = ipywidgets.Dropdown(options=names, description="Motif")
    >>> widget = follow(lambda name: logos.motif_logo(motifs.builtin(name)), control)
    >>> widget.children[0].description
    'Motif'
    """
    if not control.has_trait("value"):
        raise TypeError(f"control is {type(control).__name__}, expected a widget with a value")
    picture = Picture()
    control.observe(lambda change: picture.show(chart_of(change["new"])), names="value")
    picture.show(chart_of(control.value))
    return ipywidgets.VBox(children=[control, picture.widget])


class MotifExplorer(ipywidgets.VBox):
    """The motif explorer: its controls change a :class:`MotifState`, and its picture follows.

    Every control can be reached and used from the keyboard. Wrong letters in the sequence give a
    sentence under it and leave the picture as it was.

    Parameters
    ----------
    state : MotifState
        What is shown first.

    Attributes
    ----------
    explored : MotifState
        What is shown now.

    Examples
    --------
    >>> MotifExplorer(MotifState("CTCF")).explored.motif.name
    'CTCF_known1'
    """

    def __init__(self, state: MotifState):
        self.explored = state
        self._syncing = False
        self._controls = _controls(state)
        self._message = ipywidgets.HTML(value="")
        self._picture = Picture()
        for name in ("motif", "sequence", "strand", "threshold", "position", "base"):
            self._controls[name].observe(self._on_change, names="value")
        self._controls["plant"].on_click(lambda _: self._apply(sequence=self._planted()))
        self._controls["turn"].on_click(
            lambda _: self._apply(sequence=sequences.reverse_complement(self.explored.sequence))
        )
        c = self._controls
        super().__init__(
            children=[
                c["motif"],
                c["sequence"],
                self._message,
                ipywidgets.HBox(children=[c["position"], c["base"]]),
                ipywidgets.HBox(children=[c["threshold"], c["strand"]]),
                ipywidgets.HBox(children=[c["plant"], c["turn"]]),
                self._picture.widget,
            ]
        )
        self._show()

    def _on_change(self, change) -> None:
        if self._syncing:
            return
        c, name = self._controls, self._name_of(change["owner"])
        if name == "motif":
            # Another motif brings its own example; a sequence typed by hand stays.
            example = MotifState(self.explored.motif).sequence
            typed = self.explored.sequence != example
            self._apply(motif=self._motifs[c["motif"].value], keep_sequence=typed)
        elif name == "base":
            i, sequence = self.explored.position, self.explored.sequence
            self._apply(sequence=sequence[:i] + c["base"].value + sequence[i + 1 :])
        else:
            field = {"threshold": "threshold_bits"}.get(name, name)
            self._apply(**{field: change["new"]})

    def _apply(self, keep_sequence: bool = True, **changes) -> None:
        """Move to a changed state, or say in a sentence why that cannot be."""
        now = self.explored
        fields = {f.name: getattr(now, f.name) for f in dataclasses.fields(now) if f.init}
        fields |= changes
        if not keep_sequence:
            fields |= {"sequence": None, "position": 0}
        try:
            if fields["sequence"] is not None:
                letters = "".join(fields["sequence"].split())
                fields["position"] = min(fields["position"], max(len(letters) - 1, 0))
            self.explored = MotifState(**fields)
        except ValueError as error:
            self._say(f"{error}.")
            if "sequence" not in changes:
                self._sync()  # the control returns to what is shown
            return
        self._say("")
        self._sync()
        self._show()

    def _sync(self) -> None:
        """Set every control to the state, without being told of it again."""
        self._syncing = True
        try:
            state, c = self.explored, self._controls
            if c["motif"].value != state.motif.name:
                c["motif"].value = state.motif.name
            if "".join(c["sequence"].value.split()).upper() != state.sequence:
                c["sequence"].value = state.sequence
            c["position"].max = len(state.sequence) - 1
            c["position"].value = state.position
            base = state.sequence[state.position]
            c["base"].value = base if base in "ACGT" else None
            c["strand"].value = state.strand
            c["threshold"].value = state.threshold_bits
        finally:
            self._syncing = False

    def _show(self) -> None:
        self._picture.show(motif_explorer_chart(self.explored))

    def _say(self, sentence: str) -> None:
        escaped = html.escape(sentence, quote=False)  # it may quote what was typed
        span = f'<span role="alert" style="color:{theme.BASE_COLOURS["T"]}">{escaped}</span>'
        self._message.value = span if sentence else ""

    def _planted(self) -> str:
        """The sequence with the motif's best letters from the chosen position on."""
        state = self.explored
        site = "".join("ACGT"[i] for i in state.motif.probabilities.argmax(axis=1))
        start = min(state.position, len(state.sequence) - len(site))
        return state.sequence[:start] + site + state.sequence[start + len(site) :]

    def _name_of(self, control) -> str:
        return next(name for name, other in self._controls.items() if other is control)

    @property
    def _motifs(self) -> dict:
        return dict(_choices(self.explored.motif))


def _choices(motif) -> list[tuple[str, motifs.Motif]]:
    named = {m.name: m for m in motifs.builtin_motifs()}
    return sorted(({motif.name: motif} | named | {motif.name: motif}).items())


def _controls(state: MotifState) -> dict:
    wide = ipywidgets.Layout(width="620px")
    return {
        "motif": ipywidgets.Dropdown(
            options=[name for name, _ in _choices(state.motif)],
            value=state.motif.name,
            description="Motif",
            style=_STYLE,
            layout=wide,
        ),
        "sequence": ipywidgets.Text(
            value=state.sequence,
            description="Sequence",
            placeholder=f"A, C, G, T and N, up to {LENGTH_MAX} bp",
            style=_STYLE,
            layout=wide,
        ),
        **_dials(state),
        "plant": ipywidgets.Button(
            description="Plant the motif at ▲",
            tooltip="Write the motif's most frequent letters from the position on",
            layout=ipywidgets.Layout(width="180px"),
        ),
        "turn": ipywidgets.Button(
            description="Reverse complement",
            tooltip="Read the other strand",
            layout=ipywidgets.Layout(width="180px"),
        ),
    }


def _dials(state: MotifState) -> dict:
    """The controls with few values: sliders, and buttons that stay pressed."""
    half = ipywidgets.Layout(width="310px")
    # In ipywidgets 8 the label of ToggleButtons stands above them unless they are told.
    in_line = ipywidgets.Layout(display="flex", flex_flow="row nowrap", align_items="center")
    base = state.sequence[state.position]
    return {
        "position": ipywidgets.IntSlider(
            value=state.position,
            min=0,
            max=len(state.sequence) - 1,
            description="Position ▲",
            style=_STYLE,
            layout=half,
        ),
        "base": ipywidgets.ToggleButtons(
            options=list("ACGT"),
            value=base if base in "ACGT" else None,
            description="its base",
            style={"description_width": "60px", "button_width": "38px"},
            layout=in_line,
        ),
        "threshold": ipywidgets.FloatSlider(
            value=state.threshold_bits,
            min=min(0.0, state.threshold_bits),
            max=max(25.0, state.threshold_bits),
            step=0.5,
            description="Bound from",
            readout_format=".1f",
            style=_STYLE,
            layout=half,
        ),
        "strand": ipywidgets.ToggleButtons(
            options=[("both", "both"), ("+", "+"), ("−", "-")],
            value=state.strand,
            description="Strand",
            style={"description_width": "60px", "button_width": "50px"},
            layout=in_line,
        ),
    }


def motif_explorer(
    motif="TAL1_known4",
    sequence: str | None = None,
    *,
    strand: str = "both",
    threshold_bits: float = 8.0,
    position: int = 0,
) -> MotifExplorer:
    """Return a widget to change a sequence letter by letter and watch a motif's score follow.

    Parameters
    ----------
    motif : str or Motif
        The name of a built-in motif, or a motif.
    sequence : str, optional
        Up to 120 bp; by default a short one that holds one site.
    strand : {"both", "+", "-"}
    threshold_bits : float
        From this score on, a site is called bound.
    position : int
        The base that is edited first, counted from 0.

    Raises
    ------
    ValueError
        As :class:`MotifState` does.

    Examples
    --------
    >>> explorer = motif_explorer("TAL1_known4", strand="+")
    >>> explorer.explored.strand
    '+'
    """
    return MotifExplorer(MotifState(motif, sequence, strand, float(threshold_bits), position))
