"""Charts with sliders of their own, as HTML that needs neither Python nor a network."""

from __future__ import annotations

import functools
import html
import json

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
body {{ margin: 0; background: #fff; color: #222; font: 13px/1.8 Helvetica, Arial, sans-serif; }}
.vega-bind > label {{ display: flex; align-items: center; gap: 8px; }}
.vega-bind-name {{ width: 190px; }}
.vega-bind input {{ width: 280px; }}
.vega-bind input + span {{ display: none; }}  /* long decimals: the chart says it in words */
#said {{ position: absolute; left: -9999px; }}
</style>
<script>{scripts}</script>
</head>
<body>
<div id="sliders"></div>
<div id="chart"></div>
<p id="said" role="status"></p>
<noscript>{title}</noscript>
<script>
vegaEmbed("#chart", {spec}, {{actions: false, renderer: "svg", bind: "#sliders"}}).then(chart => {{
  const view = chart.view, said = document.getElementById("said");
  if ("finding" in view.getState().signals) {{
    said.textContent = view.signal("finding");
    view.addSignalListener("finding", (name, words) => {{ said.textContent = words; }});
  }}
  const frame = window.frameElement;
  if (frame) frame.style.height = document.body.offsetHeight + 16 + "px";
}});
</script>
</body>
</html>
"""


def has_sliders(spec: dict) -> bool:
    """Return whether a chart, as Vega-Lite, has controls of its own.

    Examples
    --------
    >>> has_sliders({"params": [{"name": "cost", "bind": {"input": "range"}}]})
    True
    """
    return any("bind" in parameter for parameter in spec.get("params", ()))


def page(spec: dict, version: str) -> str:
    """Return a chart with its controls as a whole page; what draws it is in the page.

    What a chart's parameter ``finding`` says is read out by screen readers when it changes.

    Parameters
    ----------
    spec : dict
        The chart as Vega-Lite.
    version : str
        Of Vega-Lite, such as ``"6.1"``.

    Examples
    --------
    >>> spec = {"data": {"values": []}, "mark": "point", "description": "Nothing yet"}
    >>> "<title>Nothing yet</title>" in page(spec, "5.20")
    True
    """
    # Screen readers are told the finding, not each of the marks in turn.
    spec = {**spec, "config": {**spec.get("config", {}), "aria": False}}
    return _PAGE.format(
        title=html.escape(spec.get("description", "A chart with sliders.")),
        scripts=_scripts(version),
        spec=json.dumps(spec).replace("</", "<\\/"),
    )


def frame(spec: dict, version: str) -> str:
    """Return a chart with its controls as an element of a page, kept apart from what else is there.

    Examples
    --------
    >>> frame({"data": {"values": []}, "mark": "point"}, "5.20")[:8]
    '<iframe '
    """
    inside = html.escape(page(spec, version))
    title = html.escape(spec.get("description", "A chart with sliders."))
    style = "width: 100%; max-width: 680px; height: 760px; border: 0"
    return f'<iframe title="{title}" style="{style}" srcdoc="{inside}"></iframe>'


@functools.cache
def _scripts(version: str) -> str:
    import vl_convert

    return vl_convert.javascript_bundle(vl_version=version).replace("</script", "<\\/script")
