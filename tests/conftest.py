"""What holds for all tests, in one process or dealt out to several (`pytest -n`)."""

import collections
import signal

import pytest

# A shell without job control starts what it puts into the background with the interrupt ignored,
# and all that follows from it inherits this: then no test could interrupt anything.
signal.signal(signal.SIGINT, signal.default_int_handler)

LONG = ("lesson", "browser", "slow")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Deal out whole files: what the tests of a file share, an executed lesson say, is made once."""
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False  # they come in the order below
    return LoadFileScheduling(config, log)


def pytest_collection_modifyitems(config, items):
    """Put the longest files first, so that no process still runs long after the others."""
    if hasattr(config, "workerinput"):
        long = (item.path for item in items if any(map(item.get_closest_marker, LONG)))
        n_long = collections.Counter(long)
        items.sort(key=lambda item: -n_long[item.path])  # within a file the order stays


def pytest_make_parametrize_id(config, val):
    """Name bytes by their number: gzip writes the time into them, and processes must agree."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None
