"""What every notebook shares: its first cell, its reported results, and checks of its exercises."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dragonn_lite._contract import as_count, as_rng
from dragonn_lite._quiet import quiet_keras

_ARENA_MAX, _TRIM_THRESHOLD = -8, -1  # of malloc.h
_RESULT = "application/vnd.dragonn.result+json"


def begin() -> None:
    """Set a notebook up: Keras loaded, the theme of the charts, and a line about the machine.

    Under papermill (``DRAGONN_LITE_RENDERER=svg``) charts are drawn as pictures.
    """
    _share_heaps()
    quiet_keras()
    import keras

    import dragonn_lite
    from dragonn_lite.display import theme

    theme.register()
    theme.use_renderer()
    gpu = _gpu()
    where = f"on {gpu}" if gpu else f"on {_n_cores()} CPU cores, no GPU"
    print(f"dragonn_lite {dragonn_lite.__version__}, Keras on {keras.backend.backend()}, {where}.")
    if gpu:
        print("With a GPU you can raise n_sequences and epochs in the next cell tenfold.")


def _share_heaps() -> None:
    """Let all threads allocate from two heaps, before TensorFlow starts its own.

    The GNU library gives every thread a heap that holds on to what was freed: a sixth of the
    memory of a lesson, where Binder has 2 GB.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
        if mallopt is not None:
            for option, value in ((_ARENA_MAX, 2), (_TRIM_THRESHOLD, 65536)):
                mallopt(option, value)


def report(**values) -> None:
    """Keep results of a notebook where tests and papermill find them, and show them.

    Parameters
    ----------
    **values : float, int, bool, str, or lists and mappings of them
        Results by name.

    Raises
    ------
    TypeError
        If a value cannot be written as JSON.

    Examples
    --------
    >>> report(auroc=0.981)
    auroc = 0.981
    """
    plain = {name: _plain(value) for name, value in values.items()}
    words = "\n".join(
        f"{name} = {value:.4g}" if isinstance(value, float) else f"{name} = {value}"
        for name, value in plain.items()
    )
    from IPython import get_ipython

    if get_ipython() is None:
        print(words)
        return
    from IPython.display import display

    display({_RESULT: plain, "text/plain": words}, raw=True)


def results(notebook: str | os.PathLike) -> dict:
    """Read the results that an executed notebook reported.

    Parameters
    ----------
    notebook : path
        An executed ``.ipynb`` file.

    Returns
    -------
    dict
        All reported values by name; a later one replaces an earlier one.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no notebook, or reported nothing: it was not executed.
    """
    path = Path(notebook)
    if not path.is_file():
        raise FileNotFoundError(f"notebook {path} does not exist; execute it with papermill first")
    found: dict = {}
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{path} is not a notebook; name an executed .ipynb file") from None
    for cell in cells:
        for output in cell.get("outputs", []):
            found |= output.get("data", {}).get(_RESULT, {})
    if not found:
        raise ValueError(f"notebook {path} holds no results; execute it with papermill first")
    return found


def check(exercise: str, answer) -> None:
    """Say whether an answer to an exercise is right, or give a hint, a stronger one each time.

    Parameters
    ----------
    exercise : str
        Its name, as the exercise gives it.
    answer
        What you found: a number, an array, or a function that is then tried on random inputs.

    Raises
    ------
    ValueError
        If there is no exercise of that name.

    Examples
    --------
    >>> check("00.reverse_complement", None)
    Not yet. Hint 1: it takes two steps: swap each base ...
    >>> from dragonn_lite.dna import sequences
    >>> check("00.reverse_complement", sequences.reverse_complement)
    Right!
    """
    from dragonn_lite import _exercises

    print(_exercises.verdict(exercise, answer))


def own_examples(positive="", negative="", *, most_sequences: int = 0, rng):
    """Read bound and unbound sequences of one's own, or make two example files; say which.

    Parameters
    ----------
    positive, negative : path
        FASTA files. Where both are empty, two example files are written to a temporary folder:
        CTCF sequences from the folder that ``DRAGONN_LITE_DATA`` names, else simulated ones.
    most_sequences : int
        Draw as many at random where there are more; 0 takes all.
    rng : int or Generator

    Returns
    -------
    Examples

    Raises
    ------
    FileNotFoundError, ValueError
        As :func:`dragonn_lite.assays.examples.read`, or if only one file is named.
    """
    from dragonn_lite.assays import examples

    rng = as_rng(rng)
    as_count(most_sequences, "most_sequences")
    if bool(positive) != bool(negative):
        missing = "negative" if positive else "positive"
        raise ValueError(f"{missing} is empty; name both FASTA files, or neither for an example")
    if not positive:
        positive, negative, words = examples.example_files(tempfile.mkdtemp(), rng=rng)
        print(words)
    data = examples.read(positive, negative)
    n = len(data.labels)
    if 0 < most_sequences < n:
        data = data.take(np.sort(rng.permutation(n)[:most_sequences]))
        print(f"{len(data.labels):,} of {n:,} sequences are used: most_sequences says so.")
    return data


def _plain(value):
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise TypeError(
        f"a result is {type(value).__name__}, expected numbers, text, lists or mappings"
    )


def _n_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _gpu() -> str:
    import keras

    return ", ".join(keras.distribution.list_devices("gpu"))
