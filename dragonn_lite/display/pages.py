"""A web page of text, tables and charts in one file that needs no network to be read."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterable
from pathlib import Path

import altair as alt
import pandas as pd

import dragonn_lite
from dragonn_lite._files import created
from dragonn_lite.display import theme

_STYLE = """
body { max-width: 720px; margin: 2em auto; padding: 0 1em; color: #222; background: #fff;
       font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin-top: 2em; }
figure { margin: 1.5em 0; }
table { border-collapse: collapse; display: block; overflow-x: auto; font-size: .9em; }
th, td { padding: .25em .7em; border-bottom: 1px solid #ddd; text-align: right; }
th:first-child, td:first-child { text-align: left; }
svg { max-width: 100%; height: auto; }
footer { margin-top: 3em; font-size: .8em; color: #666; }
"""


_PATH = re.compile(r' d="[^"]+"')
_LONG_NUMBER = re.compile(r"-?[0-9]+\.[0-9]{3,}")


def write_page(path: str | os.PathLike, title: str, sections: Iterable[tuple]) -> Path:
    """Write a page.

    Parameters
    ----------
    path : path
        The HTML file to write; its folder is made.
    title : str
        The page's title.
    sections : iterable of (heading, item, item, ...)
        Items are paragraphs (str), tables (DataFrame) and altair charts.

    Raises
    ------
    TypeError
        If an item is something else.
    ValueError
        If charts cannot be drawn here.

    Examples
    --------
    >>> import tempfile
    >>> page = write_page(tempfile.mkdtemp() + "/report.html", "Results", [("Scores", "All < 1.")])
    >>> "All &lt; 1." in page.read_text()
    True
    """
    path = Path(path)
    body = [f"<h1>{html.escape(title)}</h1>"]
    for heading, *items in sections:
        body.append(f"<section><h2>{html.escape(heading)}</h2>")
        body += [_item(item) for item in items]
        body.append("</section>")
    text = (
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n"
        f"<main>\n{chr(10).join(body)}\n</main>\n"
        f"<footer>Made with dragonn_lite {dragonn_lite.__version__}.</footer>\n</html>\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with created(path) as file:
        file.write(text.encode())
    return path


def _item(item) -> str:
    if isinstance(item, str):
        return f"<p>{html.escape(item)}</p>"
    if isinstance(item, pd.DataFrame):
        return item.to_html(index=False, border=0, float_format="{:.3f}".format)
    if isinstance(item, alt.TopLevelMixin):
        return f"<figure>{_PATH.sub(_rounded, theme.element(item))}</figure>"
    raise TypeError(f"item is {type(item).__name__}, expected text, a DataFrame or a chart")


def _rounded(path: re.Match) -> str:
    # A hundredth of a pixel is seen by nobody, and the outlines of letters fill a page.
    return _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.2f}", path[0])
