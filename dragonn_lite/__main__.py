"""The commands: ``python3 -m dragonn_lite ...`` in a checkout, ``dragonn-lite ...`` installed.

Standard library only, and nothing newer than Python 3.6, until the environment stands. `test`
always runs in the ``.venv`` of the checkout. The others run in this interpreter where
dragonn-lite is installed in it (by pip, in Binder, in Colab), and else in that ``.venv``.
"""

import argparse
import errno
import json
import os
import socket
import subprocess
import sys
import webbrowser

import dragonn_lite
from dragonn_lite import _environment
from dragonn_lite._installer import Fault
from dragonn_lite._project import FIRST_LESSON, REPOSITORY

USAGE = """\
usage: python3 -m dragonn_lite COMMAND [options]

  lab        open the lessons in JupyterLab      lab [--no-browser] [--port N]
  test       run the tests                       test [--quick] [pytest's arguments]

  train      train a network on your sequences   train --positive pos.fa --negative neg.fa --out DIR
  evaluate   measure a trained model             evaluate --model DIR --positive ... --negative ...
  predict    score sequences                     predict --model DIR --sequences x.fa --out x.tsv
  interpret  explain the scores                  interpret --model DIR --sequences x.fa --out DIR2

  --version, --help; each command knows --help too.
From a checkout, the first start makes the environment in .venv (about a minute).
"""
DATA_COMMANDS = ("train", "evaluate", "predict", "interpret")
QUICK = "not slow and not lesson and not browser"
# Not more than two: each may execute a lesson, which takes 1.5 GB.
PROCESSES = ["-n", "logical", "--maxprocesses", "2"]
FIRST_PORT = 8888

# No news fetched, no versions asked for; whole notebooks drawn at once, so that widgets and
# charts further down keep their state while the page scrolls.
LAB_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}
# A kernel would warn in the terminal that it and JupyterLab, on one machine, talk unencrypted.
KERNEL_SETTINGS = {"IPKernelApp": {"log_level": "ERROR"}}


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Fault("%s: %s --help tells more." % (message, self.prog))


def main(argv=None):
    """Run a command and return its exit code: 2, with one sentence, for whatever is in the way."""
    argv = list(sys.argv[1:] if argv is None else argv)
    command, rest = (argv[0], argv[1:]) if argv else ("--help", [])
    try:
        if command in ("-h", "--help", "help"):
            print(USAGE, end="")
            return 0
        if command == "--version":
            print("dragonn_lite " + dragonn_lite.__version__)
            return 0
        if command == "lab":
            return _lab(rest)
        if command == "test":
            return _test(rest)
        if command in DATA_COMMANDS:
            return _data(command, rest)
        known = ", ".join(("lab", "test") + DATA_COMMANDS)
        raise Fault("There is no command %r: use one of %s." % (command, known))
    except Fault as fault:
        print("dragonn_lite: %s" % fault, file=sys.stderr)
    except KeyboardInterrupt:
        print("\ndragonn_lite: Stopped: the same command starts again.", file=sys.stderr)
    return 2


def _lab(arguments):
    parser = _Parser("dragonn_lite lab", description="Open the lessons.")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--port", type=int, help="from %d on if left out" % FIRST_PORT)
    options = parser.parse_args(arguments)
    port = choose_port(options.port)  # before a minute is spent on the environment
    if _environment.installed() and not _environment.inside():
        root = _environment.ROOT if _environment.is_checkout() else os.getcwd()
        python, variables = sys.executable, dict(_environment.QUIET, **os.environ)
    else:
        python = _need_checkout("lab")
        root, variables = _environment.ROOT, _environment.variables()
        _write_lab_settings(os.path.join(root, ".venv"))
    if options.port is None and port != FIRST_PORT:
        _say("Port %d is taken, so port %d is used." % (FIRST_PORT, port))
    command = [python, "-m", "jupyterlab", "--ServerApp.root_dir=" + root]
    command += ["--ServerApp.port=%d" % port]
    # The address is logged as critical, so it is still said.
    command += ["--log-level=ERROR", "--LabApp.log_level=ERROR"]
    command += ["--LabApp.default_url=" + _first_page(root)]
    if options.port is not None:
        command.append("--ServerApp.port_retries=0")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container one often is
    if options.no_browser or not _has_browser():
        command.append("--no-browser")
        if not options.no_browser:
            _say("No browser was found here: open the address below in yours.")
    _say("JupyterLab starts on port %d; Ctrl-C twice here stops it." % port)
    return _become(command, variables, root)


def _test(arguments):
    parser = _Parser(
        "dragonn_lite test",
        description="Run the tests, in two processes where there are two cores.",
        epilog="Other arguments go to pytest: -n 0 keeps to one process, as a debugger needs it.",
    )
    parser.add_argument("--quick", action="store_true", help="only what takes under three minutes")
    options, passed_on = parser.parse_known_args(arguments)
    python = _need_checkout("test")
    quick = ["-m", QUICK] if options.quick else []
    command = [python, "-m", "pytest"] + PROCESSES + quick + passed_on
    return _become(command, _environment.variables(), _environment.ROOT)


def _data(command, arguments):
    if not _environment.installed():
        python = _need_checkout("lab")
        if not _environment.inside():
            again = [python, "-m", "dragonn_lite", command] + arguments
            return _become(again, _environment.variables(), os.getcwd())
    for name, value in _environment.QUIET.items():
        os.environ.setdefault(name, value)
    from dragonn_lite import cli

    return cli.main([command] + arguments)


def choose_port(asked=None):
    """Return the port to use: the one asked for, or the first free one.

    Raises
    ------
    Fault
        If the port asked for is taken or is no port.
    """
    if asked is not None:
        if not 1 <= asked <= 65535:
            raise Fault("--port is %d, expected a number from 1 to 65535." % asked)
        if not _is_free(asked):
            raise Fault("Port %d is taken: leave --port out, or name another one." % asked)
        return asked
    for port in range(FIRST_PORT, FIRST_PORT + 100):
        if _is_free(port):
            return port
    raise Fault("The ports %d to %d are all taken." % (FIRST_PORT, FIRST_PORT + 99))


def _is_free(port):
    addresses = socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM)
    for family, kind, protocol, _, address in addresses:
        try:
            listener = socket.socket(family, kind, protocol)
        except OSError:  # a machine without IPv6
            continue
        with listener:
            if os.name != "nt":  # there, it would let two servers share a port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(address)
            except OSError as error:
                if error.errno != errno.EADDRNOTAVAIL:
                    return False
    return True


def _has_browser():
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("BROWSER")
    ):
        return False  # a browser of the terminal would take the terminal over
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def _first_page(root):
    """Return the address of the first lesson, of another one, or of the bare lab."""
    folder = os.path.join(root, os.path.dirname(FIRST_LESSON))
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    lessons = [name for name in names if name.endswith(".ipynb")]
    if not lessons:
        return "/lab"
    first = os.path.basename(FIRST_LESSON)
    return "/lab/tree/notebooks/" + (first if first in lessons else lessons[0])


def _write_lab_settings(folder):
    for path, settings in (
        ("share/jupyter/lab/settings/overrides.json", LAB_SETTINGS),
        ("etc/ipython/ipython_kernel_config.json", KERNEL_SETTINGS),
    ):
        path = os.path.join(folder, *path.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            json.dump(settings, file, indent=1)


def _need_checkout(purpose):
    if not _environment.is_checkout():
        raise Fault("This command needs the whole project: run `git clone %s`." % REPOSITORY)
    return _environment.ensure(purpose)


def _become(command, variables, folder):
    """Go on as another program: it gets the signals, and its exit code is ours."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":  # exec would return to the shell at once there
        return subprocess.call(command, env=variables, cwd=folder)
    os.chdir(folder)
    return os.execve(command[0], command, variables)


def _say(line):
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
