"""A trained network in a folder: ``model.keras``, and ``card.json``: how it was made."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

import dragonn_lite
from dragonn_lite._files import created
from dragonn_lite.networks.prediction import probability_end

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
    """Write a network and its card, both whole; after an error, what was there before still is.

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
    TypeError
        If the card cannot be written as JSON.
    ValueError
        If the model is none that :func:`load` would take.

    Examples
    --------
    >>> import tempfile
    >>> from dragonn_lite.networks import architectures
    >>> folder = save(tempfile.mkdtemp(), architectures.one_filter(50, rng=0), {"seed": 0})
    >>> sorted(load(folder).card)
    ['files', 'seed', 'versions']
    """
    _check(model, "model")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        # Keras reads its own variables in a way that numpy 2 deprecates.
        warnings.filterwarnings("ignore", "__array__", DeprecationWarning)
        model.save(Path(scratch, MODEL))
        content = Path(scratch, MODEL).read_bytes()
    checksums = {MODEL: hashlib.sha256(content).hexdigest()}
    checksums |= {name: checksum(folder / name) for name in files}
    try:
        text = json.dumps({**card, "versions": versions(), "files": checksums}, indent=1)
    except (TypeError, ValueError) as error:
        raise TypeError(f"card cannot be written as JSON ({error}); use numbers and text") from None
    with created(folder / MODEL) as model_file, created(folder / CARD) as card_file:
        model_file.write(content)
        card_file.write(text.encode() + b"\n")
    return folder


def load(folder: str | os.PathLike) -> Trained:
    """Read a network from a folder, in Keras's safe mode: no code is run from it.

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
        sequences to logits.
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
    _check(model, str(path))
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


def _check(model, name: str) -> None:
    inputs, outputs = (getattr(model, side, None) for side in ("input_shape", "output_shape"))
    ranks = [len(shape) if isinstance(shape, tuple) else 0 for shape in (inputs, outputs)]
    if ranks != [3, 2] or inputs[2] != 4:
        raise ValueError(
            f"{name} maps {inputs} to {outputs}, expected a network from one-hot sequences "
            "(None, length, 4) to logits (None, n_tasks)"
        )
    if end := probability_end(model):
        raise ValueError(f"{name} ends in {end}, expected logits; leave its last activation out")
