"""A trained network in a folder: ``model.keras``, and ``card.json``, which tells how it was made."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

import dragonn_lite

MODEL, CARD = "model.keras", "card.json"


class Trained(NamedTuple):
    """A network and its card.

    Attributes
    ----------
    model : keras.Model
    card : dict
        What `save` was told, ``versions`` and ``files``; empty where there is no card.
    """

    model: keras.Model
    card: dict


def save(folder: str | os.PathLike, model: keras.Model, card: dict, files=()) -> Path:
    """Write a network and its card; the model file appears last, and only whole.

    Parameters
    ----------
    folder : path
        Is made if it is missing.
    model : keras.Model
    card : dict
        What should be remembered of how the network was made, to be written as JSON.
    files : iterable of str
        Names of further files in the folder, listed with their checksums.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OSError
        If the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from dragonn_lite.networks import architectures
    >>> folder = save(tempfile.mkdtemp(), architectures.one_filter(50, rng=0), {"seed": 0})
    >>> sorted(load(folder).card)
    ['files', 'seed', 'versions']
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / ("partial." + MODEL)
    try:
        with warnings.catch_warnings():
            # Keras reads its own variables in a way that numpy 2 deprecates.
            warnings.filterwarnings("ignore", "__array__", DeprecationWarning)
            model.save(partial)
        checksums = {name: checksum(folder / name) for name in files}
        complete = {
            **card,
            "versions": versions(),
            "files": {MODEL: checksum(partial), **checksums},
        }
        (folder / CARD).write_text(json.dumps(complete, indent=1) + "\n", encoding="utf-8")
        os.replace(partial, folder / MODEL)
    finally:
        partial.unlink(missing_ok=True)
    return folder


def load(folder: str | os.PathLike) -> Trained:
    """Read a network with one output from a folder, in Keras's safe mode: no code is run from it.

    Parameters
    ----------
    folder : path

    Returns
    -------
    Trained

    Raises
    ------
    FileNotFoundError
        If there is no model in the folder.
    ValueError
        If the model cannot be read, is not the one of its card, or is no network from one-hot
        sequences of one length to one logit.
    """
    folder = Path(folder)
    path = folder / MODEL
    if not path.is_file():
        raise FileNotFoundError(f"{folder} holds no {MODEL}; name a folder that train has made")
    card = _card(folder / CARD)
    if card and card["files"][MODEL] != checksum(path):
        raise ValueError(f"{path} is not the file that its {CARD} describes; copy the folder again")
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # a damaged archive fails in many ways
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else "damaged"
        raise ValueError(
            f"{path} cannot be read as a Keras model ({reason}); copy it again or train anew"
        ) from error
    shapes = (getattr(model, "input_shape", None), getattr(model, "output_shape", None))
    if not _reads_dna(*shapes):
        raise ValueError(
            f"{path} maps {shapes[0]} to {shapes[1]}, expected a network from one-hot sequences "
            "(None, length, 4) to one logit (None, 1)"
        )
    return Trained(model, card)


def versions() -> dict[str, str]:
    """Versions of what made a result.

    Examples
    --------
    >>> versions()["keras"] == keras.__version__
    True
    """
    backend = keras.backend.backend()
    return {
        "dragonn_lite": dragonn_lite.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "keras": keras.__version__,
        backend: sys.modules[backend].__version__,
    }


def checksum(path: str | os.PathLike) -> str:
    """SHA-256 of a file, in hexadecimal.

    Examples
    --------
    >>> checksum(os.devnull)[:8]
    'e3b0c442'
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _card(path: Path) -> dict:
    if not path.exists():
        return {}
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(card["files"][MODEL], str):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is not a card that train wrote; copy the folder again") from None
    return card


def _reads_dna(inputs, outputs) -> bool:
    return (
        isinstance(inputs, tuple)
        and len(inputs) == 3
        and isinstance(inputs[1], int)
        and inputs[2] == 4
        and outputs == (None, 1)
    )
