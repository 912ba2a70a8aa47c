"""The look of every picture: colours, fonts, sizes, and how a chart becomes a file.

Nothing happens on import. :func:`register` and :func:`use_renderer` are called once, by the set-up
cell of a lesson.

Letters, row labels and direct labels always carry the meaning as well: colour only repeats it.
The four base colours stay at least 22 apart (CIEDE2000) for readers who lack one kind of cone.

References
----------
Machado, Oliveira, Fernandes 2009, doi:10.1109/TVCG.2009.113 (simulated colour vision);
Sharma, Wu, Dalal 2005, doi:10.1002/col.20070 (the colour difference).
"""

from __future__ import annotations

import hashlib
import html
import io
import os
import re
import sys
import textwrap
from pathlib import Path

import altair as alt

from dragonn_lite._files import created
from dragonn_lite.display import sliders

BASE_COLOURS = {"A": "#2E9E83", "C": "#0B4F98", "G": "#DDA41C", "T": "#BA2F27", "N": "#9A9A9A"}
MODEL = "#3A6EA5"
BASELINE = "#949494"
OCHRE = "#B8731F"
SAGE = "#8FBF86"
PLUM = "#4A1F3D"
BASELINES = (BASELINE, "#666666", "#BDBDBD")
SERIES = (MODEL, OCHRE, SAGE, PLUM)
TRAINING, VALIDATION = "#A3BEDC", "#1F4A78"
NEGATIVE, POSITIVE = "#6F4A9E", "#D9741E"
INK, FAINT = "#222222", "#DDDDDD"

WIDTH = 520
"""Width of the plotting area in pixels; with its axis a chart is 560 to 640 wide."""
AXIS_PX = 42
"""Width of a left axis in pixels, where the panels of a chart stand over each other."""

RENDERER_VARIABLE = "DRAGONN_LITE_RENDERER"
_FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"


def _config() -> dict:
    axis = {
        "labelFontSize": 11,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": "#888888",
        "tickColor": "#888888",
        "grid": False,
        "labelOverlap": True,
    }
    return {
        "background": "white",
        "font": _FONT,
        "padding": 6,
        "view": {"stroke": None, "continuousWidth": WIDTH, "continuousHeight": 260},
        "axis": axis,
        "header": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"},
        "legend": {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal"},
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "fontSize": 15,
            "fontWeight": "bold",
            "subtitleFontSize": 12,
            "subtitleColor": "#555555",
            "subtitlePadding": 4,
            "offset": 10,
            "color": INK,
        },
        "text": {"fontSize": 11, "color": INK},
    }


def register() -> None:
    """Register and enable the altair theme ``dragonn_lite`` (white background, 600 px wide).

    Examples
    --------
    >>> register()
    >>> alt.theme.active
    'dragonn_lite'
    >>> _ = alt.theme.enable("default")
    """

    @alt.theme.register("dragonn_lite", enable=True)
    def _theme() -> alt.theme.ThemeConfig:
        return alt.theme.ThemeConfig({"config": _config()})


def use_renderer(name: str | None = None) -> str:
    """Choose how notebooks show charts, and return the choice.

    Parameters
    ----------
    name : {"default", "svg"}, optional
        ``"default"`` is the live chart of JupyterLab and Colab; ``"svg"`` a static picture, for
        notebooks that papermill executes. By default the environment variable
        ``DRAGONN_LITE_RENDERER`` decides, else ``"default"``.

    Notes
    -----
    Altair's own default fetches scripts from a content network and shows an error where there is
    none. JupyterLab draws Vega by itself, so it is given that, with the picture for whatever shows
    the saved notebook. Colab is always online, and may lack the package that compiles to Vega.

    Raises
    ------
    ValueError
        If `name`, or the variable, is something else.

    Examples
    --------
    >>> use_renderer("default")
    'default'
    """
    name = name or renderer()
    if name not in ("default", "svg"):
        raise ValueError(f"name is {name!r}, expected 'default' (live) or 'svg' (static)")
    bundles = {"svg": _svg_bundle, "default": _live_bundle}
    if name == "default" and ("google.colab" in sys.modules or not can_draw()):
        alt.renderers.enable("default")
        return name
    alt.renderers.register(f"dragonn_lite_{name}", bundles[name])
    alt.renderers.enable(f"dragonn_lite_{name}")
    return name


def renderer() -> str:
    """Return what ``DRAGONN_LITE_RENDERER`` asks for, ``"default"`` where it is not set.

    Examples
    --------
    >>> renderer() in ("default", "svg")
    True
    """
    return os.environ.get(RENDERER_VARIABLE) or "default"


def save(chart: alt.TopLevelMixin, path: str | Path, *, scale: float = 2) -> Path:
    """Write a chart as a picture or a page, and return the path.

    Parameters
    ----------
    chart : altair chart
    path : path
        Ends in ``.svg``, ``.png``, ``.pdf``, ``.html`` or ``.json``; folders are made.
    scale : float
        Pixels of a PNG for each pixel of the chart.

    Raises
    ------
    ValueError
        If the ending is another one, or the package that draws is missing.

    Examples
    --------
    >>> import tempfile
    >>> chart = alt.Chart(alt.Data(values=[{"n": 1}])).mark_point().encode(x="n:Q")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(chart, Path(folder, "pictures", "one.json")).name
    'one.json'
    """
    path = Path(path)
    if path.suffix not in (".svg", ".png", ".pdf", ".html", ".json"):
        raise ValueError(f"path ends in {path.suffix!r}, expected .svg, .png, .pdf, .html or .json")
    if path.suffix in (".svg", ".png", ".pdf") and not can_draw():
        raise ValueError(f"path is {path.name!r}, which needs: pip install vl-convert-python")
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = path.suffix[1:]
    drawn = io.BytesIO() if kind in ("png", "pdf") else io.StringIO()
    if kind == "svg":
        drawn.write(svg(chart))
    elif kind == "html" and can_draw() and sliders.has_sliders(spec := chart.to_dict()):
        drawn.write(sliders.page(spec, _version()))
    else:
        chart.save(drawn, format=kind, **({"scale_factor": scale} if kind == "png" else {}))
    content = drawn.getvalue()
    with created(path) as file:  # all of it, or what was there before
        file.write(content.encode() if isinstance(content, str) else content)
    return path


def can_draw() -> bool:
    """Return whether charts can be drawn here without a browser (vl-convert is installed).

    Examples
    --------
    >>> can_draw() in (True, False)
    True
    """
    from importlib.util import find_spec

    return find_spec("vl_convert") is not None


def svg(chart: alt.TopLevelMixin | dict) -> str:
    """Return a chart as the text of an SVG picture, labelled with its description.

    Parameters
    ----------
    chart : altair chart, or what its ``to_dict()`` returns

    Raises
    ------
    ValueError
        If the package that draws is missing.

    Examples
    --------
    >>> chart = alt.Chart(alt.Data(values=[{"n": 1}])).mark_point().encode(x="n:Q")
    >>> svg(chart)[:15]
    '<svg role="img"'
    """
    # Charts of this package are valid as they are tested; checking again takes half the time.
    return _draw(chart if isinstance(chart, dict) else chart.to_dict(validate=False))


def element(chart: alt.TopLevelMixin) -> str:
    """Return a chart as an element of a web page: a picture, or with its sliders where it has some.

    Raises
    ------
    ValueError
        If the package that draws is missing.

    Examples
    --------
    >>> chart = alt.Chart(alt.Data(values=[{"n": 1}])).mark_point().encode(x="n:Q")
    >>> element(chart)[:15]
    '<svg role="img"'
    """
    spec = chart.to_dict(validate=False)
    drawn = _draw(spec)
    return sliders.frame(spec, _version()) if sliders.has_sliders(spec) else drawn


def _draw(spec: dict) -> str:
    if not can_draw():
        raise ValueError("chart cannot be drawn as SVG here: pip install vl-convert-python")
    import vl_convert

    # One label for the whole picture: a label for each of its marks would be read out in turn.
    spec = {**spec, "config": {**spec.get("config", {}), "aria": False}}
    picture = _stable_ids(vl_convert.vegalite_to_svg(spec, vl_version=_version()))
    label = html.escape(_description(spec), quote=True)
    return picture.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)


def _version() -> str:
    return ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])


def _stable_ids(picture: str) -> str:
    """Name clip paths after the picture: equal charts give equal bytes, others never share one.

    The names are counted up in each process, and two notebooks on one page would mix them up.
    """
    name = r'(?<=id=")clip(\d+)|(?<=url\(#)clip(\d+)'
    order = {n: i for i, n in enumerate(dict.fromkeys(m[0] for m in re.finditer(name, picture)))}
    plain = re.sub(name, lambda match: f"clip{order[match[0]]}", picture)
    digest = hashlib.sha256(plain.encode()).hexdigest()[:10]
    return re.sub(name, lambda match: f"{digest}-{match[0]}", plain)


def _description(spec: dict) -> str:
    return spec.get("description", "A chart without description.")


def _svg_bundle(spec: dict, **_) -> dict:
    # As altair's own, with a label for screen readers. Sliders work in HTML made of a notebook.
    live = {"text/html": sliders.frame(spec, _version())} if sliders.has_sliders(spec) else {}
    return {**live, "image/svg+xml": _draw(spec), "text/plain": _description(spec)}


def _live_bundle(spec: dict, **_) -> dict:
    import vl_convert

    # Compiled here, as the Vega-Lite in JupyterLab is years older than altair's. What it compiles
    # to has not changed between versions 5 and 6 of Vega, but for this line.
    vega = vl_convert.vegalite_to_vega(spec, vl_version=_version())
    vega["$schema"] = "https://vega.github.io/schema/vega/v5.json"
    return {"application/vnd.vega.v5+json": vega, **_svg_bundle(spec)}


def heading(title: str, subtitle: str | list[str] = "") -> alt.Title:
    """Return a title (the finding) over a subtitle (method, data, n), wrapped to the chart's width.

    Parameters
    ----------
    title, subtitle : str or list of str
        Each item of a list starts a line of its own.

    Examples
    --------
    >>> heading("One filter finds the motif", "held-out sequences, n = 400").text
    ['One filter finds the motif']
    """
    if not title and not subtitle:
        return alt.Title("", offset=0, fontSize=1)  # an empty title would still take its place
    lines = [subtitle] if isinstance(subtitle, str) else list(subtitle)
    wrapped = [row for line in lines for row in textwrap.wrap(line, 92)]
    options = {"subtitle": wrapped} if wrapped else {}
    return alt.Title(textwrap.wrap(title, 70) or [""], **options)


def colour_scale(colours: dict[str, str]) -> alt.Scale:
    """Return the scale that gives each name its colour.

    Examples
    --------
    >>> colour_scale({"bound": MODEL}).range
    ['#3A6EA5']
    """
    return alt.Scale(domain=list(colours), range=list(colours.values()))


def base_scale() -> alt.Scale:
    """Return the colour scale of the letters A, C, G, T and N.

    Examples
    --------
    >>> base_scale().domain
    ['A', 'C', 'G', 'T', 'N']
    """
    return colour_scale(BASE_COLOURS)


def text_colour(colour: str) -> str:
    """Return a colour for words: the same where they can be read on white, else as much darker.

    Its contrast with white is at least 4.5. Pale lines stay as they are; their labels do not.

    References
    ----------
    W3C, Web Content Accessibility Guidelines 2.2, 1.4.3 (contrast of text).

    Examples
    --------
    >>> text_colour(MODEL), text_colour("#BDBDBD")
    ('#3A6EA5', '#757575')
    """
    channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    for percent in range(100, -1, -1):
        darker = [percent * channel // 100 for channel in channels]
        linear = [_linear(channel / 255) for channel in darker]
        luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        if 1.05 / (luminance + 0.05) >= 4.5:
            break
    return "#{:02X}{:02X}{:02X}".format(*darker)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def series_colours(names: list[str], baselines: tuple[str, ...] | list[str] = ()) -> dict:
    """Return a colour for each series: baselines in greys, the others slate, ochre, sage, plum.

    Raises
    ------
    ValueError
        If there are more than three baselines or four others, or a baseline is unknown.

    Examples
    --------
    >>> series_colours(["network", "k-mers"], ["k-mers"])
    {'network': '#3A6EA5', 'k-mers': '#949494'}
    """
    names = list(dict.fromkeys(str(name) for name in names))
    unknown = [name for name in baselines if name not in names]
    if unknown:
        raise ValueError(f"baselines names {unknown[0]!r}, expected names among {names}")
    others = [name for name in names if name not in baselines]
    if len(others) > len(SERIES) or len(baselines) > len(BASELINES):
        raise ValueError(
            f"names has {len(baselines)} baselines and {len(others)} other series, expected at "
            f"most {len(BASELINES)} and {len(SERIES)}: draw them in several charts"
        )
    colours = dict(zip(others, SERIES, strict=False)) | dict(
        zip(baselines, BASELINES, strict=False)
    )
    return {name: colours[name] for name in names}
