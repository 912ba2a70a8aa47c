"""Motifs from explanations: the way to tf-modisco-lite and back.

TF-MoDISco cuts out the stretches of many sequences that contribute most, and clusters them into
motifs. It is a program of its own, and an extra: ``pip install "modisco-lite>=3"``, which is what
``dragonn-lite[modisco]`` asks for. Of what comes with it, leidenalg and igraph are under the GPL;
nothing of it is part of this package, which writes its input files, starts its command and reads
its results.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from dragonn_lite._contract import as_count
from dragonn_lite._files import as_path, created
from dragonn_lite.dna.matrices import Motif
from dragonn_lite.interpretation.contributions import project
from dragonn_lite.interpretation.explanations import Explanation

#: Where a motif begins and ends: the first and last position of this share of the largest one.
_TRIM = 0.3


def find_motifs(explanation: Explanation, *, max_seqlets: int = 20_000) -> list[Motif]:
    """Cluster what contributes in many sequences into motifs, by tf-modisco-lite.

    It takes some ten seconds, and longer the first time. Hundreds of sequences are needed: a
    cluster has at least 20 stretches (*seqlets*).

    *What it does not show*: what contributes in few sequences, how motifs act together, and
    whether the explanation is right: it finds the motifs of the explanation.

    Parameters
    ----------
    explanation : Explanation
        With hypothetical contributions, as of DeepLIFT.
    max_seqlets : int
        At most so many seqlets are clustered, of those that raise the logit and of those that
        lower it.

    Returns
    -------
    list of Motif
        As :func:`read_motifs`.

    Raises
    ------
    ImportError
        If tf-modisco-lite is not installed.
    TypeError
        If `explanation` is none.
    ValueError
        As :func:`write_inputs`, or if tf-modisco-lite stops, as where it finds too little.

    References
    ----------
    Shrikumar et al. 2018, doi:10.48550/arXiv.1811.00416

    Examples
    --------
    >>> from dragonn_lite import interpretation
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> find_motifs(interpretation.explain(
    ...     lambda x: x[:, 0, 2], one_hot("GA"), method="occlusion", width_bp=1))
    Traceback (most recent call last):
      ...
    ValueError: explanation is by occlusion, which gives no hypothetical contributions; take
    deeplift, in_silico_mutagenesis or another method that does
    """
    as_count(max_seqlets, "max_seqlets", minimum=1)
    with tempfile.TemporaryDirectory() as folder:
        inputs, results = write_inputs(explanation, folder), Path(folder, "results.h5")
        if importlib.util.find_spec("modiscolite") is None:
            raise ImportError(
                'finding motifs needs the package modisco-lite: pip install "modisco-lite>=3"'
            )
        command = ["motifs", "-s", str(inputs[0]), "-a", str(inputs[1]), "-o", str(results)]
        command += ["-n", str(max_seqlets), "-w", str(_even(explanation.sequences.shape[1]))]
        start = [sys.executable, "-c", "from modiscolite.cli import cli; cli()"]
        done = subprocess.run(start + command, capture_output=True, check=False, text=True)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            raise ValueError(
                f"explanation made tf-modisco-lite stop with {said!r}; if it found too little, "
                "explain more sequences"
            )
        return read_motifs(results)


def write_inputs(explanation: Explanation, folder) -> tuple[Path, Path]:
    """Write the two files that ``modisco motifs`` reads.

    Then, in a terminal, with their length after ``-w``::

        modisco motifs -s sequences.npz -a contributions.npz -n 20000 -w 200 -o results.h5

    Parameters
    ----------
    explanation : Explanation
        With hypothetical contributions; tf-modisco-lite projects them onto the sequences.
    folder : path
        An existing folder.

    Returns
    -------
    sequences, contributions : Path
        ``sequences.npz`` and ``contributions.npz``: one array (n, 4, length) each, one-hot and
        hypothetical. An odd length is made even by an unknown base at the end, which contributes
        nothing: tf-modisco-lite would cut a base off.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    TypeError
        If `explanation` is none.
    ValueError
        If its method gives no hypothetical contributions, or others than those it projects.

    Examples
    --------
    >>> from dragonn_lite import interpretation
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> explained = interpretation.explain(
    ...     lambda x: x[:, 0, 2], one_hot(["GAT", "CAT"]), method="in_silico_mutagenesis")
    >>> paths = write_inputs(explained, tempfile.mkdtemp())
    >>> [np.load(path)["arr_0"].shape for path in paths]
    [(2, 4, 4), (2, 4, 4)]
    """
    if not isinstance(explanation, Explanation):
        raise TypeError(
            f"explanation is a {type(explanation).__name__}, expected what interpretation.explain "
            "returns"
        )
    sequences, hypothetical = explanation.sequences, explanation.hypothetical
    if hypothetical is None:
        raise ValueError(
            f"explanation is by {explanation.method}, which gives no hypothetical contributions; "
            "take deeplift, in_silico_mutagenesis or another method that does"
        )
    known = sequences.any(axis=2)  # (n, length, 4) -> (n, length)
    if not np.allclose(project(hypothetical, sequences)[known], explanation.contributions[known]):
        raise ValueError(
            f"explanation is by {explanation.method}, whose contributions are not those of its "
            "hypothetical ones at the bases present, all that tf-modisco-lite reads; take "
            "gradient_times_input or another method"
        )
    paths = Path(folder, "sequences.npz"), Path(folder, "contributions.npz")
    length = sequences.shape[1]
    for path, values in zip(paths, (sequences, hypothetical), strict=True):
        values = np.pad(values, ((0, 0), (0, _even(length) - length), (0, 0)))
        with created(path) as file:
            np.savez_compressed(file, values.transpose(0, 2, 1))  # (n, length, 4) -> (n, 4, length)
    return paths


def _even(length: int) -> int:
    return length + length % 2


def read_motifs(path) -> list[Motif]:
    """Read the motifs that ``modisco motifs`` found.

    Parameters
    ----------
    path : path
        The HDF5 file of its results.

    Returns
    -------
    list of Motif
        Those that raise the logit, then those that lower it, each in the order of the file. Names
        are those of the file, such as ``pos_patterns.pattern_0`` or ``neg_patterns.pattern_0``;
        `n_sites` is the number of seqlets. Flanks that contribute less than 0.3 of the strongest
        position are cut off, as in the reports of tf-modisco-lite.

    Raises
    ------
    FileNotFoundError, TypeError, ValueError
        If there is no such file, or it holds something else.

    Examples
    --------
    >>> read_motifs("results.h5")
    Traceback (most recent call last):
      ...
    FileNotFoundError: path is 'results.h5', and there is no such file
    """
    import h5py

    path = as_path(path)
    try:
        with h5py.File(path, "r") as file:
            if "window_size" not in file.attrs:
                raise KeyError
            return [
                _motif(f"{side}.{name}", file[side][name])
                for side in ("pos_patterns", "neg_patterns")
                for name in sorted(file.get(side, ()), key=_number)
            ]
    except (KeyError, OSError):
        raise ValueError(f"{path} holds no results of `modisco motifs`, or is damaged") from None


def _number(name: str) -> int:
    return int(name.removeprefix("pattern_"))


def _motif(name, pattern) -> Motif:
    strength = np.abs(pattern["contrib_scores"][:]).sum(axis=1)  # (width, 4) -> (width,)
    strong = np.flatnonzero(strength >= _TRIM * strength.max())
    rows = slice(strong[0], strong[-1] + 1)
    n_sites = float(pattern["seqlets"]["n_seqlets"][0])
    frequencies = pattern["sequence"][rows]
    return Motif.from_counts(name, n_sites * frequencies, n_sites=n_sites, source="TF-MoDISco")
