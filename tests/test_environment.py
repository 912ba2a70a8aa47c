"""The two commands: a real environment made from toy wheels, and each fault that can come."""

import ast
import errno
import json
import os
import shutil
import signal
import socket
import sys
import time
from pathlib import Path

import pytest
from toy_checkout import OURS, PYTHON, ToyCheckout, report, silent_index, write_wheel

import dragonn_lite
from dragonn_lite import __main__ as commands
from dragonn_lite import _environment, _installer
from dragonn_lite._project import FIRST_LESSON

OLD = (
    "import sys; sys.version_info = (3, 10, 0, 'final', 0); "
    "from dragonn_lite.__main__ import main; sys.exit(main())"
)


@pytest.fixture
def toy(tmp_path):
    return ToyCheckout(tmp_path)


@pytest.fixture(scope="module")
def standing(tmp_path_factory):
    """A checkout whose environment stands; tests that change it take `toy`."""
    toy = ToyCheckout(tmp_path_factory.mktemp("standing"))
    toy.first = toy.start("lab", "--no-browser")
    return toy


def assert_refused(process, *words):
    """Exit code 2, and a last line that is one sentence: no traceback, no list of options."""
    assert process.returncode == 2, process.stderr
    assert "Traceback" not in process.stderr
    sentence = process.stderr.splitlines()[-1]
    assert sentence.startswith("dragonn_lite: ") and sentence.endswith((".", ")"))
    for word in words:
        assert word in sentence


# --- what the commands do --------------------------------------------------------------------


def test_first_start_makes_the_environment_and_says_so(standing):
    seen = report(standing.first)
    assert Path(seen["prefix"]) == standing.venv
    assert "Making the environment" in standing.first.stderr
    assert "put in place 1 of 1 packages" in standing.first.stderr
    assert f"--ServerApp.root_dir={standing.folder}" in seen["arguments"]
    assert "--no-browser" in seen["arguments"]
    assert seen["variables"]["TF_CPP_MIN_LOG_LEVEL"] == "3"
    assert seen["variables"]["TF_CPP_MIN_LOG_LEVEL"] == "3"
    assert seen["variables"]["VIRTUAL_ENV"] == str(standing.venv)


def test_the_counter_follows_what_pip_says(tmp_path):
    (tmp_path / "pip-1.dist-info").mkdir()
    counter = _installer._Counter("lock", 4, str(tmp_path), say=print)
    for line in (
        "Ignoring a: markers 'sys_platform == \"win32\"' don't match your environment",
        "Collecting b==1.0 (from -r lock (line 1))",
        "  Downloading b-1.0-py3-none-any.whl (2.5 MB)",
        "Processing ./c-1.0-py3-none-any.whl (from -r lock (line 2))",
    ):
        counter.see(line + "\n")
    assert counter._state().startswith("fetched 2 of 3 packages, 2 MB, ")
    counter.see("Installing collected packages: b, c\n")
    assert counter._state().startswith("put in place 0 of 2 packages, ")
    (tmp_path / "b-1.0.dist-info").mkdir()
    assert counter._state().startswith("put in place 1 of 2 packages, ")


def test_second_start_takes_seconds_and_installs_nothing(standing):
    report(standing.first)
    began = time.perf_counter()
    second = standing.start("lab", "--no-browser")
    assert time.perf_counter() - began < 5
    report(second)
    assert "Making" not in second.stderr and "stands" not in second.stderr


@pytest.mark.slow
def test_packages_are_compiled_at_once_where_python_keeps_no_bytecode(toy):
    report(toy.start("lab", "--no-browser", PYTHONDONTWRITEBYTECODE="1"))
    (package,) = toy.venv.glob("lib/*/site-packages/jupyterlab")
    compiled = {path.name.split(".")[0] for path in package.glob("__pycache__/*.pyc")}
    assert compiled == {"__init__", "__main__"}


def test_lab_fetches_no_news(standing):
    report(standing.first)
    text = (standing.venv / "share/jupyter/lab/settings/overrides.json").read_text()
    assert '"fetchNews": "false"' in text and '"windowingMode": "none"' in text


def test_lab_says_its_address_and_errors_and_no_warnings(standing):
    assert "--log-level=ERROR" in report(standing.first)["arguments"]
    text = (standing.venv / "etc/ipython/ipython_kernel_config.json").read_text()
    assert json.loads(text) == {"IPKernelApp": {"log_level": "ERROR"}}


def test_a_kernel_in_any_folder_imports_the_checkout(standing, tmp_path):
    report(standing.first)
    code = "import dragonn_lite; print(dragonn_lite.__file__)"
    python = _environment.python_of(standing.venv)
    found = standing.start(python=python, how=["-c", code], cwd=tmp_path, PYTHONPATH=None)
    assert Path(found.stdout.strip()).parent.parent == standing.folder


def test_test_adds_its_own_lock_and_hands_arguments_on(standing):
    report(standing.first)
    seen = report(standing.start("test", "--quick", "-k", "shuffle", cwd=standing.venv))
    assert seen["arguments"] == [*commands.PROCESSES, "-m", commands.QUICK, "-k", "shuffle"]
    assert Path(seen["folder"]) == standing.folder
    alone = report(standing.start("test", "-n", "0"))  # pytest takes the last of two
    assert alone["arguments"] == [*commands.PROCESSES, "-n", "0"]


def test_data_commands_run_in_the_environment_and_in_the_users_folder(standing, tmp_path):
    report(standing.first)
    seen = report(standing.start("predict", "--model", "m", cwd=tmp_path))
    assert seen["arguments"] == ["predict", "--model", "m"]
    assert Path(seen["folder"]) == tmp_path
    assert Path(seen["prefix"]) == standing.venv
    assert seen["variables"]["TF_CPP_MIN_LOG_LEVEL"] == "3"


def test_where_the_package_is_installed_that_interpreter_is_used(toy, tmp_path):
    info = tmp_path / "site" / "dragonn_lite-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dragonn-lite\nVersion: 0.1.0\n")
    seen = report(toy.start("train", PYTHONPATH=str(info.parent)))
    assert Path(seen["prefix"]) == Path(sys.base_prefix)
    assert not toy.venv.exists()


def test_an_egg_info_in_the_checkout_is_no_installation(standing):
    report(standing.first)
    info = standing.folder / "dragonn_lite.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: dragonn-lite\nVersion: 0.1.0\n")
    assert Path(report(standing.start("train"))["prefix"]) == standing.venv


def test_the_first_lesson_opens(tmp_path):
    assert commands._first_page(str(tmp_path)) == "/lab"
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("LICENSE", "05_b.ipynb", "03_a.ipynb"):
        (folder / name).write_text("")
    assert commands._first_page(str(tmp_path)) == "/lab/tree/notebooks/03_a.ipynb"
    (tmp_path / FIRST_LESSON).write_text("")
    (folder / "00_a.ipynb").write_text("")
    assert commands._first_page(str(tmp_path)) == "/lab/tree/" + FIRST_LESSON


def test_version_help_and_an_unknown_command(capsys):
    assert commands.main(["--version"]) == 0
    assert capsys.readouterr().out == f"dragonn_lite {dragonn_lite.__version__}\n"
    assert commands.main([]) == commands.main(["--help"]) == 0
    assert capsys.readouterr().out == 2 * commands.USAGE
    assert commands.main(["trian"]) == 2
    assert "no command 'trian'" in capsys.readouterr().err


def test_the_ci_command_finds_the_data_and_keeps_the_exit_code(standing, tmp_path):
    report(standing.first)
    folder = standing.folder / ".ci"
    folder.mkdir()
    shutil.copy(Path(_environment.ROOT) / ".ci" / "run", folder)
    for name, text in (("python3", f'exec {PYTHON} "$@"'), ("chromium", "exit 0")):
        (tmp_path / name).write_text("#!/bin/sh\n" + text + "\n")
        (tmp_path / name).chmod(0o755)
    (standing.folder.parent / "shared" / "data").mkdir(parents=True)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    changes = dict(python=str(folder / "run"), how=[], cwd=tmp_path, PATH=path, PYTHONPATH=None)
    seen = report(standing.start("--quick", DRAGONN_LITE_DATA=None, **changes))
    assert seen["arguments"] == [*commands.PROCESSES, "-m", commands.QUICK]
    assert seen["variables"]["DRAGONN_LITE_DATA"] == str(standing.folder.parent / "shared/data")
    failed = standing.start(DRAGONN_LITE_DATA="elsewhere", TOY_EXIT_CODE="3", **changes)
    assert failed.returncode == 3 and '"DRAGONN_LITE_DATA": "elsewhere"' in failed.stdout


# --- changes, damage and interruptions -------------------------------------------------------


@pytest.mark.slow
def test_a_changed_lock_is_installed_into_the_environment_that_stands(toy):
    report(toy.start("lab"))
    (toy.venv / "mark").write_text("")
    toy.lock("requirements.txt", write_wheel(toy.wheels, "jupyterlab", "2.0"))
    again = toy.start("lab")
    report(again)
    assert (toy.venv / "mark").exists() and "Making" not in again.stderr
    assert (toy.site_packages() / "jupyterlab-2.0.dist-info").is_dir()


@pytest.mark.slow
def test_an_installation_that_was_killed_is_noticed_and_made_anew(toy):
    with silent_index() as (address, asked, released):
        with toy.begin("lab", PIP_NO_INDEX=None, PIP_INDEX_URL=address) as first:
            assert asked.wait(60)
            first.kill()  # its pip lives on, and holds the lock
            first.communicate()
        with toy.begin("lab") as second:
            assert "Another start" in second.stderr.readline()
            released.set()
            output, errors = second.communicate(timeout=60)
    assert second.returncode == 0, errors
    assert "not whole" in errors
    assert str(toy.venv) in output


@pytest.mark.slow
def test_damage_and_a_moved_checkout_are_noticed(toy):
    report(toy.start("lab"))
    shutil.rmtree(toy.site_packages() / "jupyterlab")
    damaged = toy.start("lab")
    report(damaged)
    assert "not whole" in damaged.stderr
    toy.folder = toy.folder.rename(toy.folder.with_name("moved"))
    toy.venv = toy.folder / ".venv"
    moved = toy.start("lab")
    assert Path(report(moved)["prefix"]) == toy.venv
    assert "not whole" in moved.stderr


@pytest.mark.slow
def test_two_starts_at_once_make_one_environment(toy):
    with toy.begin("lab") as first, toy.begin("lab") as second:
        said = [process.communicate(timeout=120)[1] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), said
    for words in ("Making the environment", "The environment stands"):
        assert sum(words in text for text in said) == 1


@pytest.mark.slow
def test_an_environment_of_unknown_origin_is_kept(toy):
    toy.venv.mkdir()
    (toy.venv / "mine").write_text("precious")
    process = toy.start("lab")
    report(process)
    assert "kept as .venv.old1" in process.stderr
    assert (toy.folder / ".venv.old1" / "mine").read_text() == "precious"


@pytest.mark.slow
def test_ctrl_c_while_fetching_leaves_a_sentence_and_no_pip(toy):
    with silent_index() as (address, asked, _):
        with toy.begin("lab", PIP_NO_INDEX=None, PIP_INDEX_URL=address) as process:
            assert asked.wait(60)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert errors.endswith("Stopped while fetching: the same command goes on from here.\n")
    again = toy.start("lab")  # at once: nothing holds the lock any more
    report(again)
    assert "Making" not in again.stderr and "Another start" not in again.stderr


# --- faults ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_without_a_network_one_sentence_and_then_recovery(toy):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        address = f"http://127.0.0.1:{unused.getsockname()[1]}/simple"
        changes = dict(PIP_NO_INDEX=None, PIP_INDEX_URL=address, PIP_FIND_LINKS=None)
        cut = toy.start("lab", PIP_RETRIES="1", **changes)
    assert_refused(cut, "network", "same command again")
    again = toy.start("lab")
    report(again)
    assert "Making" not in again.stderr  # the empty environment was good and is used


@pytest.mark.slow
def test_a_package_that_is_not_the_locked_one_is_refused(toy):
    line = write_wheel(toy.wheels, "jupyterlab", "3.0")
    toy.lock("requirements.txt", line[:-9] + "00000000\n")
    assert_refused(toy.start("lab"), "hash")


@pytest.mark.slow
def test_a_package_without_a_build_is_named(toy):
    toy.lock("requirements.txt", "tensorflow==99.0 --hash=sha256:" + "0" * 64 + "\n")
    assert_refused(toy.start("lab"), "tensorflow==99.0", "no build")


def test_an_old_python_is_refused_before_anything_is_made(toy):
    for command in ("lab", "test", "train"):
        refused = toy.start(command, how=["-c", OLD], PATH="")
        assert_refused(refused, "Python 3.10 is too old", "3.11, 3.12 or 3.13")
    assert not toy.venv.exists()


@pytest.mark.slow
def test_an_old_python_uses_a_suitable_one_it_finds(toy, tmp_path):
    folder = tmp_path / "path"
    folder.mkdir()
    broken = folder / "python3.13"
    suitable = folder / f"python3.{sys.version_info[1]}"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    suitable.unlink(missing_ok=True)
    suitable.write_text(f'#!/bin/sh\nexec {PYTHON} "$@"\n')
    suitable.chmod(0o755)
    assert _environment.find_python(path=str(folder)) == str(suitable)
    process = toy.start("lab", how=["-c", OLD], PATH=str(folder))
    report(process)
    assert f"Using {suitable} instead" in process.stderr


@pytest.mark.parametrize(
    ("version", "system", "machine", "word"),
    [
        ((3, 10), "Linux", "x86_64", "too old"),
        ((2, 7), "Windows", "AMD64", "too old"),
        ((3, 14), "Linux", "aarch64", "not built for Python 3.14"),
        ((3, 12), "Darwin", "x86_64", "Intel"),
    ],
)
def test_what_tensorflow_is_not_built_for(version, system, machine, word):
    assert word in _environment.unsuitable(version, system, machine)


def test_what_tensorflow_is_built_for():
    for minor in (11, 12, 13):
        for system, machine in (("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "arm64")):
            assert _environment.unsuitable((3, minor), system, machine) == ""


@pytest.mark.parametrize("name", OURS)
def test_the_first_files_parse_on_old_pythons(name):
    path = Path(dragonn_lite.__file__).with_name(name + ".py")
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 6))
    future = [node for node in ast.walk(tree) if getattr(node, "module", "") == "__future__"]
    assert not future  # `annotations` is a syntax error before 3.7


def without_ensurepip(tmp_path):
    folder = tmp_path / "without" / "ensurepip"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("raise ImportError('Debian keeps it in python3-venv')\n")
    return str(folder.parent)


def test_a_python_without_ensurepip_is_told_the_package(toy, tmp_path):
    process = toy.start("lab", PYTHONPATH=without_ensurepip(tmp_path), PATH="")
    assert_refused(process, "ensurepip", "apt install python3-venv")
    assert not toy.venv.exists()


@pytest.mark.slow
def test_a_python_without_ensurepip_uses_virtualenv(toy, tmp_path):
    folder = tmp_path / "path"
    folder.mkdir()
    tool = folder / "virtualenv"  # called as: virtualenv --python BASE FOLDER
    tool.write_text('#!/bin/sh\nunset PYTHONPATH\nexec "$2" -m venv "$3"\n')
    tool.chmod(0o755)
    path = f"{folder}:/usr/bin:/bin" if not _has_uv("/usr/bin:/bin") else str(folder)
    process = toy.start("lab", PYTHONPATH=without_ensurepip(tmp_path), PATH=path)
    assert Path(report(process)["prefix"]) == toy.venv


def _has_uv(path):
    return any(os.path.exists(os.path.join(folder, "uv")) for folder in path.split(":"))


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    usage = type("usage", (), {"free": 300 * 10**6})
    monkeypatch.setattr(_environment.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(_installer.Fault, match="300 MB left: make room"):
        _environment._check_space(str(tmp_path / ".venv"))
    full = _installer.explain_os_error(OSError(errno.ENOSPC, "No space left"), "/a/.venv")
    assert full.startswith("The disk is full")


def test_a_read_only_checkout_is_one_sentence():
    for number in (errno.EROFS, errno.EACCES):
        error = OSError(number, os.strerror(number))
        sentence = _installer.explain_os_error(error, os.path.join("there", ".venv"))
        assert "cannot be written in there" in sentence and "copy the checkout" in sentence


def test_a_file_in_the_way_of_the_lock_is_one_sentence(toy):
    (toy.folder / ".venv.lock").mkdir()
    assert_refused(toy.start("lab"), "could not be made", ".venv.lock")


def test_outside_a_checkout_the_repository_is_named(toy):
    (toy.folder / "pyproject.toml").unlink()
    assert_refused(toy.start("lab"), "git clone", "https://")


# --- ports and browsers ----------------------------------------------------------------------


def test_a_port_that_is_taken_is_refused_if_asked_for_and_passed_over_if_not(monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(_installer.Fault, match=f"Port {port} is taken"):
            commands.choose_port(port)
        monkeypatch.setattr(commands, "FIRST_PORT", port)
        chosen = commands.choose_port()
    assert port < chosen < port + 100
    assert commands.choose_port(port) == port  # free again at once


def test_a_taken_port_is_said_before_anything_is_made(toy):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert_refused(toy.start("lab", "--port", str(taken.getsockname()[1])), "is taken")
    assert_refused(toy.start("lab", "--port", "70000"), "1 to 65535")
    assert_refused(toy.start("lab", "--port", "abc"), "invalid int value: 'abc'")
    assert not toy.venv.exists()


def test_without_a_browser_the_address_is_left_to_the_reader(standing):
    report(standing.first)
    process = standing.start("lab", DISPLAY=None, WAYLAND_DISPLAY=None, BROWSER=None)
    assert "--no-browser" in report(process)["arguments"]
    assert "open the address" in process.stderr
    with_one = standing.start("lab", BROWSER="/bin/true")
    assert "--no-browser" not in report(with_one)["arguments"]
