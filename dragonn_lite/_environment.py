"""The environment of the two commands: ``.venv`` in the checkout, made from the hash locks.

Standard library only, and nothing newer than Python 3.6: an old Python has to get as far as
the sentence that says which one is needed. What stands is written down in a stamp inside
``.venv``; an installation that was cut short leaves a stamp that says so, and is made anew.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time

from dragonn_lite import _installer
from dragonn_lite._installer import Fault

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OLDEST, NEWEST = (3, 11), (3, 13)
LOCKS = {"lab": ["requirements.txt"], "test": ["requirements.txt", "requirements-test.txt"]}
STAMP = "dragonn_lite.json"
SPACE_MB = 3000  # .venv, and the downloads beside it while they are unpacked

# TensorFlow reads these on import: without both, every kernel starts with lines of its log.
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}


def is_checkout(root=ROOT):
    """Whether `root` is a checkout, and not the site-packages of an installation."""
    return all(os.path.isfile(os.path.join(root, n)) for n in ("pyproject.toml", *LOCKS["lab"]))


def inside(root=ROOT):
    """Whether this interpreter is the ``.venv`` of the checkout."""
    return os.path.realpath(sys.prefix) == os.path.realpath(os.path.join(root, ".venv"))


def installed(root=ROOT):
    """Whether dragonn-lite is installed in this interpreter (by pip, in Binder, in Colab)."""
    if sys.version_info < OLDEST:
        return False
    from importlib import metadata

    # An egg-info in the checkout itself is no installation, so the checkout is left out.
    paths = [p for p in sys.path if os.path.realpath(p) != os.path.realpath(root)]
    return any(True for _ in metadata.distributions(name="dragonn-lite", path=paths))


def variables(root=ROOT):
    """Return the environment variables for a process that runs in ``.venv``."""
    result = dict(QUIET, **os.environ)
    result.pop("PYTHONHOME", None)
    folder = os.path.join(root, ".venv")
    result["VIRTUAL_ENV"] = folder
    result["PATH"] = os.pathsep.join(
        [os.path.dirname(python_of(folder)), result.get("PATH", os.defpath)]
    )
    result["JUPYTER_PREFER_ENV_PATH"] = "1"  # a kernel in the user's home never hides this one
    return result


def ensure(purpose, root=ROOT, say=None):
    """Make or mend ``.venv`` for a purpose and return the path of its Python.

    Parameters
    ----------
    purpose : {"lab", "test"}
        Which locks have to be installed.
    root : str
        The checkout.
    say : callable, optional
        Takes each line of progress; printed on stderr if left out.

    Raises
    ------
    Fault
        With one sentence that says what stands in the way, and the mend.
    """
    say = say or (lambda line: print(line, file=sys.stderr, flush=True))
    folder = os.path.join(root, ".venv")
    wanted = {name: _digest(os.path.join(root, name)) for name in LOCKS[purpose]}
    if _stands(folder, wanted):
        return python_of(folder)
    started = time.time()
    try:
        with _installer.only_one(folder + ".lock", say) as holder:
            if not _stands(folder, wanted):  # it may have been made while this start waited
                _make(folder, wanted, holder, say)
                say("The environment stands (%s)." % _installer.clock(time.time() - started))
    except OSError as error:
        raise Fault(_installer.explain_os_error(error, folder))
    return python_of(folder)


def python_of(folder):
    """Return the path of the Python inside an environment."""
    parts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(folder, *parts)


def unsuitable(version, system, machine):
    """Say why TensorFlow cannot be had, or return an empty text.

    >>> unsuitable((3, 12), "Linux", "x86_64")
    ''
    >>> unsuitable((3, 10), "Linux", "x86_64")
    'Python 3.10 is too old: dragonn_lite needs Python 3.11, 3.12 or 3.13'
    """
    if (system, machine) == ("Darwin", "x86_64"):
        return "TensorFlow is no longer built for Macs with an Intel processor"
    needed = "dragonn_lite needs Python 3.11, 3.12 or 3.13"
    if version < OLDEST:
        return "Python %d.%d is too old: %s" % (version + (needed,))
    if version > NEWEST:
        return "TensorFlow is not built for Python %d.%d yet: %s" % (version + (needed,))
    return ""


def find_python(path=None):
    """Return the first suitable Python on the search path, newest first, or None.

    >>> find_python(path="")
    """
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which("python3.%d" % minor, path=path)
        # The name alone proves nothing: version managers put stand-ins there that only fail.
        if found and _version_of(found) == (3, minor):
            return found
    return None


def _base_python(say):
    """Return the Python from which ``.venv`` is made: this one, or a suitable one found."""
    system, machine = platform.system(), platform.machine()
    reason = unsuitable(sys.version_info[:2], system, machine)
    if not reason:
        # In a virtual environment the interpreter beneath it: the new one may replace the old.
        return getattr(sys, "_base_executable", None) or sys.executable
    found = None if unsuitable(OLDEST, system, machine) else find_python()
    if found is None:
        raise Fault(reason + ("." if system == "Darwin" else " (none of them is on the PATH)."))
    say("%s. Using %s instead." % (reason, found))
    return found


def _version_of(python):
    code = "import sys; print('%d %d' % sys.version_info[:2])"
    try:
        text = subprocess.check_output([python, "-c", code], stderr=subprocess.DEVNULL, timeout=20)
        return tuple(int(part) for part in text.split())
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


# --- what stands -----------------------------------------------------------------------------


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read().replace(b"\r\n", b"\n")).hexdigest()


def _read_stamp(folder):
    try:
        with open(os.path.join(folder, STAMP), encoding="utf-8") as file:
            stamp = json.load(file)
        return stamp if isinstance(stamp, dict) and "locks" in stamp else None
    except (OSError, ValueError):
        return None


def _write_stamp(folder, stamp):
    path = os.path.join(folder, STAMP)
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(stamp, file, indent=1)
    os.replace(path + ".new", path)  # at once: a reader sees the old stamp or the new one


def _is_whole(folder, stamp):
    """Whether nothing was cut short, moved or taken away since the stamp was written."""
    if not stamp or stamp.get("unfinished") or stamp.get("folder") != os.path.realpath(folder):
        return False
    if not os.path.exists(python_of(folder)):  # also when the Python beneath it was removed
        return False
    return set(stamp.get("contents", [])) <= set(_contents(folder))


def _stands(folder, wanted):
    stamp = _read_stamp(folder)
    return _is_whole(folder, stamp) and all(stamp["locks"].get(n) == d for n, d in wanted.items())


def _site_packages(folder):
    if os.name == "nt":
        return os.path.join(folder, "Lib", "site-packages")
    parent = os.path.join(folder, "lib")
    for name in sorted(os.listdir(parent)) if os.path.isdir(parent) else []:
        if name.startswith("python3"):
            return os.path.join(parent, name, "site-packages")
    return os.path.join(parent, "site-packages")


def _contents(folder):
    """Return what lies in site-packages, but for versions: an upgrade by hand is no damage."""
    site = _site_packages(folder)
    names = os.listdir(site) if os.path.isdir(site) else []
    return sorted(n for n in names if not n.endswith((".dist-info", "__pycache__")))


# --- making it -------------------------------------------------------------------------------


def _make(folder, wanted, holder, say):
    stamp = _read_stamp(folder)
    if not _is_whole(folder, stamp):
        base = _base_python(say)
        _check_space(folder)
        _clear(folder, stamp, say)
        stamp = {"folder": os.path.realpath(folder), "locks": {}, "unfinished": "venv"}
        os.mkdir(folder)
        _write_stamp(folder, stamp)
        say("Making the environment in .venv: once, about 450 MB to fetch and 2 GB on disk.")
        try:
            _installer.make_venv(base, folder)
        except Fault:
            shutil.rmtree(folder)
            raise
        with open(os.path.join(_site_packages(folder), "dragonn_lite.pth"), "w") as file:
            file.write(os.path.dirname(folder) + "\n")  # any kernel, wherever it runs, imports it
        stamp["unfinished"] = ""
        _write_stamp(folder, stamp)
    for name, digest in wanted.items():
        if stamp["locks"].get(name) == digest:
            continue
        _write_stamp(folder, dict(stamp, unfinished=name))
        lock = os.path.join(os.path.dirname(folder), name)
        try:
            _installer.install(python_of(folder), lock, _site_packages(folder), holder, say)
        except _installer.NothingChanged:
            _write_stamp(folder, stamp)  # what stood before stands still
            raise
        stamp["locks"][name] = digest
        stamp["contents"] = _contents(folder)
        _write_stamp(folder, stamp)


def _clear(folder, stamp, say):
    """Take a half-made environment away; keep one that somebody else made."""
    if not os.path.lexists(folder):
        return
    if stamp is None and (not os.path.isdir(folder) or os.listdir(folder)):
        number = 1
        while os.path.lexists("%s.old%d" % (folder, number)):
            number += 1
        say("The .venv here was not made by this command: it is kept as .venv.old%d." % number)
        os.rename(folder, "%s.old%d" % (folder, number))
        return
    if stamp:
        say("The environment in .venv is not whole (cut short, moved or damaged): made anew.")
    shutil.rmtree(folder)


def _check_space(folder):
    free = shutil.disk_usage(os.path.dirname(folder)).free // 10**6
    if free < SPACE_MB:
        raise Fault(
            "The environment needs about %d MB, and the disk of %s has %d MB left: make room and "
            "run the same command again." % (SPACE_MB, os.path.dirname(folder), free)
        )
