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
const BRUSHED = /^(whole|range)/;
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
    let panel = null, first = 0, mouse = null;

    const draw = () => {
      page.innerHTML = model.get("picture");
      const svg = page.querySelector("svg");
      if (svg) Object.assign(svg.style, {display: "block", maxWidth: "100%", height: "auto"});
      if (mouse) follow(mouse);  // what is under it may have moved
    };
    const show = (box, from, to, high = 0, low = 1) => {
      const {left, top} = el.getBoundingClientRect();
      Object.assign(band.style, {
        display: "block",
        left: box.left - left + from * box.width + "px", width: (to - from) * box.width + "px",
        top: box.top - top + high * box.height + "px", height: (low - high) * box.height + "px",
      });
    };
    const hide = () => { band.style.display = "none"; };
    const across = (event, {box}) => share(event.clientX, box.left, box.width);
    const down = (event, {box}) => share(event.clientY, box.top, box.height);
    const hover = (event, over) => {
      const [n, rows] = model.get("cells")[over.name] || [];
      if (!n) return hide();
      const column = Math.min(Math.floor(n * across(event, over)), n - 1);
      const row = Math.min(Math.floor(rows * down(event, over)), rows - 1);
      show(over.box, column / n, (column + 1) / n, row / rows, (row + 1) / rows);
    };

    page.addEventListener("pointerdown", event => {
      panel = event.button === 0 ? pressed(el, event) : null;
      if (!panel) return;
      event.preventDefault();
      first = across(event, panel);
      page.setPointerCapture(event.pointerId);
    });
    const follow = event => {
      mouse = event;
      const over = panel || pressed(el, event), brush = over && BRUSHED.test(over.name);
      page.style.cursor = over ? (brush ? "ew-resize" : "pointer") : "";
      if (panel && brush) {
        const at = across(event, panel);
        show(panel.box, Math.min(first, at), Math.max(first, at));
      } else if (over) hover(event, over);
      else hide();
    };
    page.addEventListener("pointermove", follow);
    page.addEventListener("pointerup", event => {
      if (!panel) return;
      model.send({panel: panel.name, from: first, to: across(event, panel),
                  down: down(event, panel)});
      panel = null;
      follow(event);
    });
    page.addEventListener("pointercancel", () => { panel = mouse = null; hide(); });
    page.addEventListener("pointerleave", () => { mouse = null; if (!panel) hide(); });
    model.on("change:picture", draw);
    draw();
  },
};
"""


class PressablePicture(anywidget.AnyWidget):
    """Shows one chart after another in the same place of a widget, and is told of presses.

    Panels that can be pressed have a name (``chart.properties(name=...)``); over one whose name
    begins with ``whole`` or ``range`` the mouse can be dragged. The picture needs no network.

    Parameters
    ----------
    on_press : callable
        Called as ``on_press(panel, from_, to, down)``: the panel's name, where across it the mouse
        went down and up, and how far down: shares from 0 to 1, from its left and its top.

    Attributes
    ----------
    picture : str
        The SVG that is shown.
    cells : dict of str to (int, int)
        Columns and rows of the panels whose cells are outlined under the mouse.

    Examples
    --------
    >>> PressablePicture(print).picture
    ''
    """

    _esm = _SCRIPT
    picture = traitlets.Unicode("").tag(sync=True)
    cells = traitlets.Dict().tag(sync=True)

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
