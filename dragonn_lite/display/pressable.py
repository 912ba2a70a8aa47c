"""A picture that tells Python where it was pressed, or over what it was dragged."""

from __future__ import annotations

from collections.abc import Callable

import anywidget
import traitlets

from dragonn_lite.display import theme

# The names of panels stand in the class of their groups; all else is the picture of `theme.svg`.
# Where a press is told as shares of the panel's width and height, from its left and top: so a
# picture that is shown smaller than drawn, as in a narrow window, tells the same.
_SCRIPT = """
const NAMED = /(?:^|\\s)(\\w+)_group(?:\\s|$)/;
const share = (at, from, size) => Math.min(Math.max((at - from) / size, 0), 1);

function panels(el) {
  return [...el.querySelectorAll("g.role-scope")].flatMap(group => {
    const name = (group.getAttribute("class").match(NAMED) || [])[1];
    const back = group.querySelector("path.background");
    return name && back ? [{name, box: back.getBoundingClientRect()}] : [];
  });
}

function pressed(el, {clientX: x, clientY: y}) {
  return panels(el).find(({box}) =>
    x >= box.left && x <= box.right && y >= box.top && y <= box.bottom);
}

export default {
  render({model, el}) {
    const page = document.createElement("div"), band = document.createElement("div");
    page.style.position = el.style.position = "relative";
    band.style.cssText = "position: absolute; display: none; pointer-events: none; " +
      "background: rgba(0, 0, 0, .12); border: 1px solid #222; box-sizing: border-box";
    el.append(page, band);
    let panel = null, first = 0;

    const draw = () => {
      page.innerHTML = model.get("picture");
      const svg = page.querySelector("svg");
      if (svg) Object.assign(svg.style, {display: "block", maxWidth: "100%", height: "auto"});
    };
    const shown = at => {
      const {left, top} = el.getBoundingClientRect(), {box} = panel;
      const from = Math.min(first, at), to = Math.max(first, at);
      Object.assign(band.style, {
        display: "block", left: box.left - left + from * box.width + "px",
        top: box.top - top + "px", width: (to - from) * box.width + "px", height: box.height + "px",
      });
    };
    const across = event => share(event.clientX, panel.box.left, panel.box.width);

    page.addEventListener("pointerdown", event => {
      panel = event.button === 0 ? pressed(el, event) : null;
      if (!panel) return;
      event.preventDefault();
      first = across(event);
      page.setPointerCapture(event.pointerId);
    });
    page.addEventListener("pointermove", event => {
      const over = panel || pressed(el, event);
      page.style.cursor = over ? (over.name.startsWith("whole") ? "ew-resize" : "pointer") : "";
      if (panel && panel.name.startsWith("whole")) shown(across(event));
    });
    page.addEventListener("pointerup", event => {
      if (!panel) return;
      model.send({panel: panel.name, from: first, to: across(event),
                  down: share(event.clientY, panel.box.top, panel.box.height)});
      panel = null;
      band.style.display = "none";
    });
    page.addEventListener("pointercancel", () => { panel = null; band.style.display = "none"; });
    model.on("change:picture", draw);
    draw();
  },
};
"""


class PressablePicture(anywidget.AnyWidget):
    """Shows one chart after another in the same place of a widget, and is told of presses.

    Panels that can be pressed have a name (``chart.properties(name=...)``); over one whose name
    begins with ``whole`` the mouse can be dragged. The picture needs no network.

    Parameters
    ----------
    on_press : callable
        Called as ``on_press(panel, from_, to, down)``: the panel's name, where across it the mouse
        went down and up, and how far down: shares from 0 to 1, from its left and its top.

    Examples
    --------
    >>> PressablePicture(print).picture
    ''
    """

    _esm = _SCRIPT
    picture = traitlets.Unicode("").tag(sync=True)

    def __init__(self, on_press: Callable):
        super().__init__()
        self._on_press = on_press
        self.on_msg(self._told)

    def show(self, chart) -> None:
        """Replace what is shown by `chart`."""
        self.picture = theme.svg(chart)

    def _told(self, _, content: dict, buffers) -> None:
        panel, *shares = (content[key] for key in ("panel", "from", "to", "down"))
        self._on_press(str(panel), *map(float, shares))
