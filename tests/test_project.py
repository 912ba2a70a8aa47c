"""The project's files: locks that hold what is declared, Binder, Colab, licences."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import dragonn_lite
from dragonn_lite._environment import NEWEST, OLDEST, ROOT
from dragonn_lite._project import REPOSITORY

ROOT = Path(ROOT)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# What Colab ships (August 2026).
COLAB = {
    "altair": "5.5.0",
    "anywidget": "0.9.18",
    "ipywidgets": "7.7.1",
    "keras": "3.13.0",
    "numpy": "2.1.0",
    "pandas": "2.2.2",
    "pooch": "1.8.2",
    "scikit-learn": "1.6.1",
    "tensorflow": "2.20.0",
    "tqdm": "4.67.1",
}
PLATFORMS = {
    "Linux": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "Linux on ARM": {"sys_platform": "linux", "platform_machine": "aarch64"},
    "Mac": {"sys_platform": "darwin", "platform_machine": "arm64"},
    "Windows": {"sys_platform": "win32", "platform_machine": "AMD64"},
}


def declared(name):
    """Read the requirements of an .in file."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]


def locked(name):
    """Read a lock: pairs of a requirement and the number of its hashes."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", "")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(Requirement(line.split(" --hash")[0]), line.count("--hash=sha256:")) for line in lines]


def environment(version, platform):
    full = f"{version[0]}.{version[1]}.9"
    python = {"python_version": full.rsplit(".", 1)[0], "python_full_version": full}
    return {**default_environment(), **PLATFORMS[platform], **python}


def applies(requirement, where):
    return requirement.marker is None or requirement.marker.evaluate(where)


def test_the_lab_lock_is_asked_for_what_the_package_declares():
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]]
    expected = {str(Requirement(line)) for line in wanted}
    asked = declared("requirements.in")
    cpu = [r for r in asked if r.name == "tensorflow-cpu"]
    assert {f"{r.name}{r.specifier}" for r in asked if r not in cpu} == expected
    full = next(r for r in asked if r.name == "tensorflow")
    assert [r.specifier for r in cpu] == [full.specifier]


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("minor", range(OLDEST[1], NEWEST[1] + 1))
def test_the_locks_hold_one_version_of_everything(platform, minor):
    where = environment((3, minor), platform)
    versions = {}
    for name in ("requirements", "requirements-test"):
        lock = [r for r, _ in locked(name + ".txt") if applies(r, where)]
        here = {canonicalize_name(r.name): str(r.specifier) for r in lock}
        assert len(here) == len(lock)
        for package, version in here.items():
            assert versions.setdefault(package, version) == version
        for requirement in declared(name + ".in"):
            if applies(requirement, where):
                version = here[canonicalize_name(requirement.name)].removeprefix("==")
                assert requirement.specifier.contains(version, prereleases=True)
    light = platform == "Linux"
    assert ("tensorflow-cpu" in versions, "tensorflow" in versions) == (light, not light)
    assert "torch" not in versions


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_a_lock_holds_hashes_and_no_address(name):
    lock = locked(name)
    assert len(lock) > 20
    for requirement, n_hashes in lock:
        assert n_hashes > 0 and requirement.url is None, requirement
        assert re.fullmatch(r"==[\w.]+", str(requirement.specifier)), requirement
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"://|index-url|find-links|file:", text)


def test_colab_has_all_that_the_package_needs():
    assert "3.13" in PROJECT["requires-python"].replace("<3.14", "3.13")
    for line in PROJECT["dependencies"]:
        requirement = Requirement(line)
        version = COLAB[requirement.name]
        assert requirement.specifier.contains(Version(version)), f"Colab has {version}: {line}"


def test_conda_and_binder_make_the_same_environment():
    of_root = (ROOT / "environment.yml").read_text(encoding="utf-8")
    of_binder = (ROOT / "binder" / "environment.yml").read_text(encoding="utf-8")
    assert of_binder == of_root.replace("-r requirements.txt", "-r ../requirements.txt")
    assert "- python=3.11\n" in of_binder and of_root != of_binder


def test_binder_renders_its_image_without_building_it():
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, check=False, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "python=3.11" in done.stderr
    update = re.search(r"env update -p \S+ --file \"binder/environment.yml\"", done.stdout)
    install = re.search(r"^RUN \./binder/postBuild", done.stdout, re.MULTILINE)
    assert update and install and update.start() < install.start()
    # A lock that is named by a path needs the whole repository before the environment is made.
    assert re.search(r"COPY \S+ src/ \$\{REPO_DIR\}", done.stdout).start() < update.start()


@pytest.mark.parametrize("name", [".ci/run", "binder/postBuild"])
def test_scripts_can_be_run(name):
    assert os.access(ROOT / name, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / name], check=True)


def test_post_build_adds_only_the_package():
    assert "pip install --no-deps ." in (ROOT / "binder" / "postBuild").read_text(encoding="utf-8")


def test_the_citation_names_this_version_and_place():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {dragonn_lite.__version__}\n" in text
    assert f"\nrepository-code: {REPOSITORY}\n" in text
    assert f"## {dragonn_lite.__version__} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_code_and_lessons_have_their_licences():
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    assert "CC BY 4.0" in (ROOT / "notebooks" / "LICENSE").read_text(encoding="utf-8")
