"""The place in a widget where pictures follow one another."""

from __future__ import annotations

import ipywidgets

from dragonn_lite.display import theme


class Picture:
    """Shows one chart after another in the same place of a widget.

    Attributes
    ----------
    widget : ipywidgets.HTML or ipywidgets.Output
        To be put into a box.
    """

    def __init__(self):
        self.widget = ipywidgets.HTML() if theme.can_draw() else ipywidgets.Output()

    def show(self, chart) -> None:
        """Replace what is shown by `chart`."""
        if isinstance(self.widget, ipywidgets.HTML):
            self.widget.value = theme.svg(chart)
            return
        from IPython.display import clear_output, display

        with self.widget:
            clear_output(wait=True)
            display(chart)
