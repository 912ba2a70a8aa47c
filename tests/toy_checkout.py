"""A checkout in small: our commands, real locks with hashes, and wheels of a few lines.

The environment is really made and really installed into, by the same code and in seconds; only
the packages are toys, which report how they were called.
"""

import contextlib
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import dragonn_lite

PYTHON = getattr(sys, "_base_executable", None) or sys.executable
REPORT = """\
import json, os, sys
names = ("TF_CPP_MIN_LOG_LEVEL", "VIRTUAL_ENV", "DRAGONN_LITE_DATA")
print(json.dumps({"arguments": sys.argv[1:], "prefix": sys.prefix, "folder": os.getcwd(),
                  "variables": {name: os.environ.get(name) for name in names}}))
"""
OURS = ("__init__", "__main__", "_environment", "_installer", "_project")


def write_wheel(folder, name, version="1.0"):
    """Write a wheel that reports how it was called; return its line of a lock."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": f"__version__ = {version!r}\n",
        f"{name}/__main__.py": REPORT + "sys.exit(int(os.environ.get('TOY_EXIT_CODE', 0)))\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class ToyCheckout:
    """The folder, and starts of our command in it."""

    def __init__(self, folder):
        self.folder = folder / "checkout"
        self.wheels = folder / "wheels"
        self.venv = self.folder / ".venv"
        package = self.folder / "dragonn_lite"
        package.mkdir(parents=True)
        self.wheels.mkdir()
        for name in OURS:
            shutil.copy(Path(dragonn_lite.__file__).with_name(name + ".py"), package)
        called = REPORT.replace("sys.argv[1:]", "argv")
        called = "def main(argv):\n    " + called.replace("\n", "\n    ") + "return 0\n"
        (package / "cli.py").write_text(called)
        (self.folder / "pyproject.toml").write_text("")
        self.lock("requirements.txt", write_wheel(self.wheels, "jupyterlab"))
        self.lock("requirements-test.txt", write_wheel(self.wheels, "pytest"))

    def lock(self, name, lines):
        (self.folder / name).write_text(lines)

    def variables(self, **changes):
        """Return variables under which pip knows our wheels and nothing else."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
        kept.update(PIP_CONFIG_FILE=os.devnull, PIP_FIND_LINKS=str(self.wheels), PIP_NO_INDEX="1")
        kept.update(PIP_NO_CACHE_DIR="1", PIP_RETRIES="0", NO_PROXY="*", no_proxy="*")
        for name in ("TF_CPP_MIN_LOG_LEVEL", "DISPLAY", "BROWSER"):
            kept.pop(name, None)
        kept.update({k: v for k, v in changes.items() if v is not None})
        return {k: v for k, v in kept.items() if changes.get(k, "") is not None}

    def start(self, *arguments, **changes):
        """Run a command to its end; returns the completed process."""
        with self.begin(*arguments, **changes) as process:
            output, errors = process.communicate(timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def begin(self, *arguments, python=PYTHON, how=("-m", "dragonn_lite"), cwd=None, **changes):
        """Start a command, with changed variables (None takes one away); returns the process."""
        if cwd is not None:
            changes.setdefault("PYTHONPATH", str(self.folder))
        return subprocess.Popen(
            [python, *how, *arguments],
            cwd=cwd or self.folder,
            env=self.variables(**changes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def site_packages(self):
        return next(self.venv.glob("lib/python3*/site-packages"))


def report(process):
    """Read what a toy package reported."""
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


@contextlib.contextmanager
def silent_index():
    """A package index that takes requests and does not answer until it is released."""
    asked, released = threading.Event(), threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.set()
            released.wait(60)
            with contextlib.suppress(OSError):  # whoever asked may be gone
                self.send_error(404)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/simple", asked, released
        finally:
            released.set()
            server.shutdown()
            thread.join()
