"""Where the tests find real data files, which are no part of this repository."""

import os
from pathlib import Path

import pytest


def shared_data(*parts: str) -> Path:
    """Path of a data file below the folder DRAGONN_LITE_DATA, or skip the test."""
    folder = os.environ.get("DRAGONN_LITE_DATA")
    if not folder:
        pytest.skip("needs real data: set DRAGONN_LITE_DATA to the folder that holds it")
    path = Path(folder, *parts)
    if not path.exists():
        pytest.skip(f"needs real data: {'/'.join(parts)} is not in DRAGONN_LITE_DATA")
    return path
