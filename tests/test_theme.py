"""Colours that every reader can tell apart, a theme that waits to be asked, files that open."""

import itertools
import json
import os
import re
import subprocess
import sys

import altair as alt
import numpy as np
import pandas as pd
import pytest

from dragonn_lite.display import theme

# Machado, Oliveira and Fernandes 2009 (10.1109/TVCG.2009.113), severity 1, on linear RGB.
DEFICIENCIES = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "normal": np.eye(3),
}


def linear_rgb(colour):
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
              [0.0193339, 0.1191920, 0.9503041]]  # fmt: skip
    xyz = np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.95047, 1.0, 1.08883]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def ciede2000(first, second):
    """Sharma, Wu and Dalal 2005 (10.1002/col.20070), the formula step by step."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    c_bar = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 0.5 * (1 - np.sqrt(c_bar**7 / (c_bar**7 + 25**7)))
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    dh = (h2 - h1 + 180) % 360 - 180
    big_dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(dh / 2))
    l_bar, c_bar = (l1 + l2) / 2, (c1 + c2) / 2
    h_bar = (h1 + h2) / 2 if abs(h1 - h2) <= 180 else ((h1 + h2 + 360) / 2) % 360
    waves = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    t = 1 + sum(size * np.cos(np.radians(k * h_bar + shift)) for size, k, shift in waves)
    s_l = 1 + 0.015 * (l_bar - 50) ** 2 / np.sqrt(20 + (l_bar - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c_bar, 1 + 0.015 * c_bar * t
    twist = -2 * np.sqrt(c_bar**7 / (c_bar**7 + 25**7))
    twist *= np.sin(np.radians(60 * np.exp(-(((h_bar - 275) / 25) ** 2))))
    chroma, hue = (c2 - c1) / s_c, big_dh / s_h
    return np.sqrt(((l2 - l1) / s_l) ** 2 + chroma**2 + hue**2 + twist * chroma * hue)


def closest(colours):
    return {
        name: min(
            ciede2000(lab(np.array(m) @ linear_rgb(a)), lab(np.array(m) @ linear_rgb(b)))
            for a, b in itertools.combinations(colours, 2)
        )
        for name, m in DEFICIENCIES.items()
    }


def test_ciede2000_gives_the_published_values():
    # Rows 1, 7, 16 and 25 of the table of test data in Sharma, Wu and Dalal 2005.
    pairs = [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ]
    for first, second, expected in pairs:
        assert ciede2000(first, second) == pytest.approx(expected, abs=5e-5)


def test_no_reader_confuses_two_bases():
    # CIEDE2000 after Machado's simulation; measured 22.1 (protan), 22.8 (deutan), 24.4 (tritan).
    assert min(closest([theme.BASE_COLOURS[base] for base in "ACGT"]).values()) >= 22


def test_series_stay_apart_too():
    # Five series with direct labels: 17 is less than for letters, which carry no other mark.
    assert min(closest([*theme.SERIES, theme.BASELINE]).values()) >= 17


def test_the_usual_four_colours_fail_the_same_test():
    usual = ["#109648", "#255C99", "#F7B32B", "#D62839"]
    assert min(closest(usual).values()) < 22


def test_training_is_light_and_validation_dark():
    assert lab(linear_rgb(theme.TRAINING))[0] > lab(linear_rgb(theme.VALIDATION))[0] + 30


@pytest.mark.slow
def test_import_changes_nothing():
    code = (
        "import altair as alt; before = alt.theme.active, alt.renderers.active;"
        "import dragonn_lite.display.widgets, dragonn_lite.display.charts, sys;"
        "assert (alt.theme.active, alt.renderers.active) == before;"
        "assert 'keras' not in sys.modules and 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env=os.environ)


@pytest.fixture
def restored():
    before = alt.theme.active, alt.renderers.active
    yield
    alt.theme.enable(before[0])
    alt.renderers.enable(before[1])


def point():
    table = pd.DataFrame({"x": [1.0]})
    return alt.Chart(table, description="One point").mark_point().encode(alt.X("x:Q"))


def test_register_gives_a_white_background_and_the_width(restored):
    alt.theme.enable("default")  # whatever was tested before in this process
    assert "background" not in point().to_dict()["config"]
    theme.register()
    config = point().to_dict()["config"]
    assert config["background"] == "white"
    assert config["view"]["continuousWidth"] == theme.WIDTH


def test_the_environment_chooses_the_renderer(restored, monkeypatch):
    monkeypatch.setenv(theme.RENDERER_VARIABLE, "svg")
    assert theme.use_renderer() == "svg" and alt.renderers.active == "dragonn_lite_svg"
    monkeypatch.delenv(theme.RENDERER_VARIABLE)
    assert theme.use_renderer() == "default" and alt.renderers.active == "dragonn_lite_default"
    monkeypatch.setenv(theme.RENDERER_VARIABLE, "mimetype")
    with pytest.raises(ValueError, match="'mimetype'"):
        theme.use_renderer()


@pytest.mark.parametrize(
    ("suffix", "start"),
    [(".svg", b"<svg"), (".png", b"\x89PNG"), (".html", b"<!DOCTYPE"), (".json", b"{")],
)
def test_save(tmp_path, suffix, start):
    path = theme.save(point(), tmp_path / "new" / f"chart{suffix}")
    assert path.read_bytes().lstrip().lower().startswith(start.lower())


def test_save_refuses_other_endings(tmp_path):
    with pytest.raises(ValueError, match=r"'.gif', expected .svg"):
        theme.save(point(), tmp_path / "chart.gif")


def test_a_picture_has_one_label():
    picture = theme.svg(point().properties(description='One "point" < 2'))
    assert picture.startswith("<svg ")
    assert re.findall('aria-label="([^"]*)"', picture) == ["One &quot;point&quot; &lt; 2"]


def test_papermill_gets_a_labelled_picture(restored):
    theme.use_renderer("svg")
    bundle = point()._repr_mimebundle_(None, None)
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    assert 'aria-label="One point"' in bundle["image/svg+xml"]
    assert bundle["text/plain"] == "One point"


def test_jupyterlab_gets_what_it_can_draw_by_itself(restored):
    theme.use_renderer("default")
    bundle = point()._repr_mimebundle_(None, None)
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    # JupyterLab 4 draws Vega 5; "text/html" would be chosen before it, and fetch scripts.
    assert set(bundle) == {"application/vnd.vega.v5+json", "image/svg+xml", "text/plain"}
    vega = bundle["application/vnd.vega.v5+json"]
    assert vega["marks"] and vega["description"] == "One point"
    addresses = re.findall(r"https?://[^\"]+", json.dumps(vega))
    assert addresses == ["https://vega.github.io/schema/vega/v5.json"]


def test_colab_and_bare_installations_get_altairs_own(restored, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert theme.use_renderer() == "default" == alt.renderers.active
    monkeypatch.delitem(sys.modules, "google.colab")
    theme.use_renderer()
    monkeypatch.setattr(theme, "can_draw", lambda: False)
    assert theme.use_renderer() == "default" == alt.renderers.active


def test_without_the_drawing_package(monkeypatch, tmp_path):
    monkeypatch.setattr(theme, "can_draw", lambda: False)
    with pytest.raises(ValueError, match="pip install vl-convert-python"):
        theme.svg(point())
    with pytest.raises(ValueError, match="pip install vl-convert-python"):
        theme.save(point(), tmp_path / "chart.png")


def test_heading_wraps():
    title = theme.heading("word " * 40, ["method", "data " * 40])
    assert max(map(len, title.text)) <= 70 and max(map(len, title.subtitle)) <= 92
    assert title.subtitle[0] == "method"


def test_a_colour_for_words_can_be_read_and_is_no_darker_than_needed():
    for colour in (*theme.BASELINES, *theme.SERIES, theme.TRAINING, "#FFFFFF", "#00FF00"):
        ink = theme.text_colour(colour)
        contrast = 1.05 / (np.dot([0.2126, 0.7152, 0.0722], linear_rgb(ink)) + 0.05)
        assert contrast >= 4.5
        assert ink == colour or contrast < 4.75
        assert np.allclose(np.sign(np.diff(linear_rgb(ink))), np.sign(np.diff(linear_rgb(colour))))
    assert theme.text_colour(theme.MODEL) == theme.MODEL


def test_series_colours():
    colours = theme.series_colours(["a", "b", "c"], ["b"])
    assert list(colours) == ["a", "b", "c"] and colours["b"] == theme.BASELINE
    assert colours["a"] == theme.MODEL
    with pytest.raises(ValueError, match="5 other series"):
        theme.series_colours(list("abcde"))
    with pytest.raises(ValueError, match="'z'"):
        theme.series_colours(["a"], ["z"])
