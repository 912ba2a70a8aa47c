"""The front door: what the README shows runs, and what it links to is there."""

import re
import shlex
from pathlib import Path

import pytest

from dragonn_lite import _options
from dragonn_lite.interpretation import catalogue

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_ten_lines_run(capsys):
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in program.splitlines() if line]) == 10
    exec(compile(program, "README.md", "exec"), {})  # noqa: S102 - our own front door
    _, reached, _, ceiling = capsys.readouterr().out.split()
    assert 0.95 < float(reached) < float(ceiling) + 0.002 < 1


def test_links_lead_somewhere():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).is_file()] == []


def test_every_lesson_is_in_the_table():
    names = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert names == set(re.findall(r"\]\(notebooks/([^/)]+\.ipynb)\)", README))


def test_the_commands_are_understood():
    lines = re.findall(r"python3 -m dragonn_lite ((?:train|evaluate|predict|interpret) .*)", README)
    assert len(lines) == 5
    commands = dict.fromkeys(["train", "evaluate", "predict", "interpret"])
    for line in lines:
        _options.parser(commands, catalogue).parse_args(shlex.split(line))


def test_methods_and_architectures_it_names_are_offered():
    assert int(re.search(r"the (\d+) methods", README)[1]) == len(catalogue.methods())
    named = set(re.findall(r"`interpret --method (\w+)`|`--method (\w+)`", README))
    assert {"".join(each) for each in named} <= set(catalogue.methods()["method"])
    assert {"recurrent_reader", "additive_attention"} <= set(_options.ARCHITECTURES)
