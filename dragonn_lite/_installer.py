"""How ``.venv`` is filled: one process at a time, with progress, and faults in one sentence.

Standard library only, and nothing newer than Python 3.6, like :mod:`dragonn_lite._environment`.
"""

import contextlib
import errno
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time


class Fault(Exception):
    """What stands in the way, in one plain sentence."""


class NothingChanged(Fault):
    """A fault that came before any package was put in place."""


def clock(seconds):
    """Return a duration as minutes and seconds.

    >>> clock(75)
    '1:15'
    """
    return "%d:%02d" % divmod(int(seconds), 60)


@contextlib.contextmanager
def only_one(path, say):
    """Hold a lock file, waiting while another start holds it; yields the open file.

    The system drops the lock when the last process that has the file open ends. pip inherits
    it: if a start is killed, the next one waits until its pip has ended too.
    """
    with open(path, "a") as holder:
        if not _try_to_hold(holder):
            say("Another start is making the environment: waiting for it (Ctrl-C to stop).")
            while not _try_to_hold(holder, wait=True):
                pass  # Windows waits ten seconds at a time
        yield holder


def _try_to_hold(holder, wait=False):
    try:
        if os.name == "nt":
            import msvcrt

            holder.seek(0)
            msvcrt.locking(holder.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(holder, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise
    return True


def make_venv(base, folder):
    """Make an empty environment with pip: by ``venv``, else by uv or virtualenv.

    Raises
    ------
    Fault
        If Python lacks its ``ensurepip`` module and neither tool is on the PATH.
    """
    uv, virtualenv = shutil.which("uv"), shutil.which("virtualenv")
    if subprocess.call([base, "-c", "import ensurepip"], stderr=subprocess.DEVNULL) == 0:
        command = [base, "-m", "venv", folder]
    elif uv:
        command = [uv, "venv", "--seed", "--allow-existing", "--python", base, folder]
    elif virtualenv:
        command = [virtualenv, "--python", base, folder]
    else:
        raise Fault(
            "This Python has no `ensurepip` module, so it cannot make an environment: on Debian "
            "or Ubuntu run `sudo apt install python3-venv`, then the same command again."
        )
    done = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
    )
    text = done.communicate()[0]
    if done.returncode:
        raise Fault(_explain(text, "`%s` failed" % " ".join(map(os.path.basename, command[:3]))))


def install(python, lock, site_packages, holder, say):
    """Install a hash lock by pip, with a live counter; what pip says goes to ``install.log``.

    Raises
    ------
    Fault
        In one sentence, from what pip said; `NothingChanged` if it failed while fetching.
    """
    command = [python, "-m", "pip", "install", "--require-hashes", "--requirement", lock]
    command += ["--only-binary", ":all:", "--no-input", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "--no-warn-script-location"]
    if not sys.dont_write_bytecode:
        # Compiled when first imported: that takes 5 seconds once, compiling all of it here takes 20.
        # Where Python may not keep what it compiles, every process would take these 5 seconds.
        command.append("--no-compile")
    settings = {k: v for k, v in os.environ.items() if k not in ("PIP_TARGET", "PIP_PREFIX")}
    settings.update(PIP_USER="0", PYTHONUNBUFFERED="1", PYTHONIOENCODING="utf-8")
    settings.pop("PYTHONHOME", None)
    keep_locked = {} if os.name == "nt" else {"pass_fds": (holder.fileno(),)}
    pip = subprocess.Popen(
        command,
        env=settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        errors="replace",
        **keep_locked,
    )
    counter = _Counter(os.path.basename(lock), _names_in(lock), site_packages, say)
    log = os.path.join(os.path.dirname(os.path.dirname(python)), "install.log")
    try:
        with open(log, "a", encoding="utf-8") as file:
            for line in _lines(pip):
                if line is not None:
                    file.write(line)
                counter.see(line)
    except BaseException as error:
        pip.kill()
        pip.wait()
        if isinstance(error, KeyboardInterrupt) and not counter.placing:
            raise NothingChanged("Stopped while fetching: the same command goes on from here.")
        raise
    counter.close()
    if pip.wait():
        kind = Fault if counter.placing else NothingChanged
        raise kind(_explain(counter.text(), "pip failed (see .venv/install.log)"))


def _lines(process, every=0.5):
    """Yield the lines a process writes, and None whenever it has been silent for a while."""
    waiting = queue.Queue()

    def read():
        for line in process.stdout:
            waiting.put(line)
        waiting.put("")

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = waiting.get(timeout=every)
        except queue.Empty:
            line = None
        if line == "":
            return
        yield line


def _names_in(lock):
    with open(lock, encoding="utf-8") as file:
        return len(re.findall(r"^[A-Za-z0-9]", file.read(), re.MULTILINE))


class _Counter:
    """Counts packages from what pip says, then, as it falls silent, from what is in place."""

    def __init__(self, name, total, site_packages, say):
        self.name, self.total, self.site_packages, self.say = name, total, site_packages, say
        self.started = self.shown = time.time()
        self.fetched = self.megabytes = 0
        self.placing = 0  # how many packages pip said it will put in place
        self.before = self._in_place()  # now: pip may be done before its words are read
        self.live = sys.stderr.isatty()
        self.said = []

    def see(self, line):
        if line:
            self.said = self.said[-400:] + [line]
            self._count(line.strip())
        pause = 0.5 if self.live else 15
        if time.time() - self.shown >= pause:
            self.shown = time.time()
            self._show(self._state())

    def text(self):
        return "".join(self.said)

    def close(self):
        if self.live:
            sys.stderr.write("\r\033[K")
        self.say("  %s: %s" % (self.name, self._state()))

    def _count(self, line):
        if line.startswith("Ignoring "):  # for another platform or Python
            self.total -= 1
        elif line.startswith(("Collecting ", "Processing ", "Requirement already satisfied")):
            self.fetched += 1
        elif line.startswith(("Downloading ", "Using cached ")):
            self.megabytes += _megabytes(line)
        elif line.startswith("Installing collected packages:"):
            self.placing = line.count(",") + 1

    def _in_place(self):
        return {name for name in os.listdir(self.site_packages) if name.endswith(".dist-info")}

    def _state(self):
        took = clock(time.time() - self.started)
        if self.placing:
            count = len(self._in_place() - self.before)
            return "put in place %d of %d packages, %s" % (count, self.placing, took)
        return "fetched %d of %d packages, %d MB, %s" % (
            min(self.fetched, self.total),
            self.total,
            self.megabytes,
            took,
        )

    def _show(self, state):
        if self.live:
            sys.stderr.write("\r\033[K  %s: %s" % (self.name, state))
            sys.stderr.flush()
        else:
            self.say("  %s: %s" % (self.name, state))


def _megabytes(line):
    """Return the size that pip states.

    >>> _megabytes("Downloading a-1-py3-none-any.whl (2.5 MB)"), _megabytes("Using cached a-1.whl")
    (2.5, 0.0)
    """
    found = re.search(r"\(([\d.]+) (kB|MB|GB)\)", line)
    unit = {"kB": 0.001, "MB": 1.0, "GB": 1000.0}
    return float(found.group(1)) * unit[found.group(2)] if found else 0.0


# --- faults, in words ------------------------------------------------------------------------

_SIGNS = [
    (
        r"No space left on device|Errno 28|Disk quota exceeded",
        "The disk is full: make room (about 3 GB) and run the same command again.",
    ),
    (
        r"DO NOT MATCH THE HASHES",
        "A package that was fetched is not the one the lock names (its hash differs), so nothing "
        "of it was used: try again, or try from another network.",
    ),
    (
        r"Retrying \(Retry|NewConnectionError|NameResolutionError|Connection refused|ReadTimeout"
        r"|Connection broken|ConnectionResetError|IncompleteRead|ProxyError|SSLError|dns error"
        r"|client error \(Connect\)",
        "No package could be fetched: the network is cut, or the package index does not answer; "
        "connect, and run the same command again.",
    ),
    (
        r"No matching distribution found for (\S+)",
        "The package index has no build of %s for this computer (%s), or could not be reached.",
    ),
]


def _explain(text, otherwise):
    """Turn what a tool said into one sentence.

    >>> _explain("OSError: [Errno 28] No space left on device", "pip failed")
    'The disk is full: make room (about 3 GB) and run the same command again.'
    >>> _explain("noise\\nERROR: something odd\\n", "pip failed")
    'pip failed: something odd.'
    """
    for sign, sentence in _SIGNS:
        found = re.search(sign, text)
        if found:
            return sentence % (found.group(1), sys.platform) if found.groups() else sentence
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")] or lines[-1:]
    detail = re.sub(r"^error:?\s*", "", errors[0], flags=re.IGNORECASE) if errors else "no word"
    return "%s: %s." % (otherwise, detail.rstrip("."))


def explain_os_error(error, folder):
    """Turn a refusal of the system into one sentence that names the folder."""
    where = os.path.dirname(folder)
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return (
            "The environment cannot be written in %s (%s): copy the checkout to a folder of your "
            "own and run the same command there." % (where, error.strerror)
        )
    if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
        return _explain("Errno 28", "")
    return "The environment could not be made in %s: %s." % (where, error)
