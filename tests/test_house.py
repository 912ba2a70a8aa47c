"""The floors of the house: who may import what, what an import may do, what may be tracked."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import dragonn_lite
from dragonn_lite._project import FIRST_LESSON, SLUG

PACKAGE = Path(dragonn_lite.__file__).parent
ROOT = PACKAGE.parent
FILES = sorted(PACKAGE.rglob("*.py"))

# Which rooms a room may use: what lies upstream of it, never what lies downstream.
ROOMS = {
    "dna": set(),
    "assays": {"dna", "evaluation"},
    "evaluation": {"dna"},
    "networks": {"dna", "evaluation"},
    "interpretation": {"dna", "evaluation", "networks"},
    "display": {"dna", "evaluation"},
}
# The files beside the rooms: these stand above all of them, the rest beneath.
ABOVE = {"lesson", "_exercises", "_inputs", "cli", "comparison", "reports", "__main__"}
ABOVE |= {f"_exercises_{lesson:02}" for lesson in range(12)}
DATA = {"numpy", "pandas", "tqdm"}
LIBRARIES = {
    "dna": DATA | {"pybigtools"},
    "assays": DATA | {"pooch"},
    "evaluation": DATA | {"sklearn", "scipy"},
    "networks": DATA | {"h5py", "keras", "sklearn"},
    "interpretation": DATA | {"h5py", "keras", "sklearn", "threadpoolctl"},
    "display": DATA | {"altair", "ipywidgets", "IPython", "vl_convert", "anywidget", "traitlets"},
}
ENTRANCE = ("__init__", "__main__", "_environment", "_installer", "_project")
BACKENDS = {"tensorflow", "jax", "torch"}


def imports(path, text=None):
    """List what a file imports, as (package, room, inside a function)."""
    folder = ("dragonn_lite", *path.relative_to(PACKAGE).parts[:-1])
    found = []

    def visit(node, lazy):
        if isinstance(node, ast.Import):
            found.extend((*alias.name.split("."), None)[:2] + (lazy,) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else ()
            name = (*above, *(node.module.split(".") if node.module else ()))
            for alias in node.names:
                found.append(((*name, alias.name)[:2]) + (lazy,))
        for child in ast.iter_child_nodes(node):
            visit(child, lazy or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))

    visit(ast.parse(text if text is not None else path.read_text(encoding="utf-8")), False)
    return found


def room_of(path):
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def trespasses(path, text=None):
    """List what a file imports against the floors."""
    room = room_of(path)
    wrong = []
    for package, name, _ in imports(path, text):
        if package in sys.stdlib_module_names:
            continue
        if package in BACKENDS:
            allowed = path.name == "_backend.py" and room in ("networks", "interpretation")
        elif package == "dragonn_lite":
            within_reach = ROOMS.get(room, set()) | {room}
            allowed = room in ABOVE or name in within_reach or name not in ABOVE | set(ROOMS)
        else:
            allowed = room not in ROOMS or package in LIBRARIES[room]
        if not allowed:
            wrong.append(f"{package}.{name}" if package == "dragonn_lite" else package)
    return wrong


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_what_lies_upstream(path):
    assert trespasses(path) == []


@pytest.mark.parametrize(
    ("file", "line", "wrong"),
    [
        ("dna/sequences.py", "import keras", ["keras"]),
        ("dna/sequences.py", "from ..display import theme", ["dragonn_lite.display"]),
        ("display/theme.py", "def f():\n    from keras import ops", ["keras"]),
        ("networks/training.py", "import tensorflow as tf", ["tensorflow"]),
        ("networks/training.py", "from dragonn_lite import lesson", ["dragonn_lite.lesson"]),
        ("_contract.py", "from .dna import sequences", ["dragonn_lite.dna"]),
        ("lesson.py", "import jax.numpy", ["jax"]),
        ("interpretation/_backend.py", "import jax, torch", []),
        ("display/logos.py", "from . import theme\nfrom ..dna import motifs\nimport json", []),
        ("assays/simulate.py", "from dragonn_lite._contract import as_rng", []),
    ],
)
def test_the_floors_are_felt(file, line, wrong):
    assert trespasses(PACKAGE / file, line) == wrong


@pytest.mark.parametrize("name", ENTRANCE)
def test_the_entrance_needs_nothing_but_python(name):
    for package, inner, lazy in imports(PACKAGE / (name + ".py")):
        ours = package == "dragonn_lite" and (inner in ENTRANCE or inner is None)
        # The commands on data load only once the environment stands.
        later = (name, inner, lazy) == ("__main__", "cli", True)
        assert package in sys.stdlib_module_names or ours or later, (package, inner)


def test_every_library_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = sum(project["optional-dependencies"].values(), project["dependencies"])
    declared = {re.match(r"[\w-]+", line)[0].replace("-", "_") for line in lines}
    # scikit-learn is imported by another name and needs scipy and threadpoolctl; ipywidgets needs
    # the last two.
    declared |= {"dragonn_lite", "sklearn", "scipy", "threadpoolctl", "vl_convert"}
    declared |= {"IPython", "traitlets"}
    used = {package for path in FILES for package, _, _ in imports(path)}
    assert used - declared - set(sys.stdlib_module_names) - BACKENDS == set()


# --- what an import may do -------------------------------------------------------------------

QUIET_IMPORT = """
import importlib, os, random, sys, warnings
import numpy

def state():
    return {
        "numpy": str(numpy.random.get_state()),
        "random": random.getstate(),
        "variables": dict(os.environ),
        "warnings": list(warnings.filters),
    }

before = state()
for name in sys.argv[1].split():
    importlib.import_module(name)
after = state()
loaded = {name.split(".")[0] for name in sys.modules}
print((loaded, {name for name in before if before[name] != after[name]} or {}))
"""


def run_python(code, names):
    """Run code in a fresh interpreter, with the names of modules as its argument."""
    command = [sys.executable, "-c", code, " ".join(names)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, check=False, text=True, timeout=120
    )


def effects_of_importing(names):
    """Import modules: which packages are loaded then, and which global state has changed."""
    done = run_python(QUIET_IMPORT, names)
    assert (done.returncode, done.stderr) == (0, "")
    return ast.literal_eval(done.stdout)


def modules_of(*rooms):
    found = [path.relative_to(ROOT).with_suffix("") for path in FILES if room_of(path) in rooms]
    return [".".join(path.parts).removesuffix(".__init__") for path in found]


@pytest.mark.parametrize(
    ("rooms", "absent"),
    [
        (("__init__",), {"pandas", "keras", "altair", "sklearn", "scipy", "ipywidgets"}),
        (
            ("dna", "assays"),
            {"keras", "altair", "sklearn", "scipy", "ipywidgets", "IPython", "pybigtools"},
        ),
    ],
)
def test_the_first_rooms_load_no_heavy_package_and_change_nothing(rooms, absent):
    loaded, changed = effects_of_importing(modules_of(*rooms))
    assert loaded & (absent | BACKENDS) == set()
    assert not changed


@pytest.mark.slow
def test_evaluation_and_pictures_load_no_network_library():
    loaded, changed = effects_of_importing(modules_of("evaluation"))
    assert loaded & ({"keras", "altair", "ipywidgets", "IPython"} | BACKENDS) == set()
    assert "numpy" not in changed  # scikit-learn itself touches the other three
    loaded, changed = effects_of_importing(modules_of("display"))
    assert loaded & ({"keras"} | BACKENDS) == set()
    assert "numpy" not in changed


def test_importing_pictures_leaves_altairs_theme_alone():
    code = "import altair, importlib, sys; before = altair.theme.active\n"
    code += "[importlib.import_module(name) for name in sys.argv[1].split()]\n"
    code += "assert altair.theme.active == before, altair.theme.active"
    done = run_python(code, modules_of("display"))
    assert done.returncode == 0, done.stderr


# --- what may be tracked ---------------------------------------------------------------------


def tracked():
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


def texts():
    """Yield the tracked text files, with their text."""
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data:
            yield path.relative_to(ROOT), data.decode("utf-8")


# Written in parts, so that this file does not find itself.
HOSTS = ["py" + "pi.org", "python" + "hosted.org", "registry." + "npmjs", "deb." + "debian.org"]
PLACES = ["/" + name + "/" for name in ("work", "farm", "root", "home", "Users")]


def test_no_file_names_a_package_index_or_a_place_on_one_machine():
    found = [(str(p), word) for p, text in texts() for word in HOSTS + PLACES if word in text]
    assert found == []


def test_no_file_is_large_and_no_lock_holds_addresses():
    files = tracked()
    assert ROOT / "pyproject.toml" in files
    assert [str(path) for path in files if path.stat().st_size > 2**20] == []
    addressed = {"uv.lock", "pylock.toml", "poetry.lock", "package-lock.json"}
    assert [path for path in files if path.name in addressed] == []


def test_notebooks_carry_no_outputs():
    for path in tracked():
        if path.suffix != ".ipynb":
            continue
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert "widgets" not in notebook["metadata"], path.name
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                assert (cell["outputs"], cell["execution_count"]) == ([], None), path.name


def test_every_address_of_the_project_is_the_one_stated():
    forms = r"github\.com/|colab\.research\.google\.com/github/|mybinder\.org/v2/gh/"
    address = re.compile(f"(?:{forms})([^/\\s)]+/dragonn[_-]lite)")
    seen = {(str(path), slug) for path, text in texts() for slug in address.findall(text)}
    assert {slug for _, slug in seen} == {SLUG}


def test_the_first_lesson_is_there():
    assert (ROOT / FIRST_LESSON).is_file()
