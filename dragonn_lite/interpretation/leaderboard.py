"""Methods by grammars by networks, scored against the truth. Call as ``truth.leaderboard(...)``."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count
from dragonn_lite._files import created
from dragonn_lite.interpretation.explanations import checked
from dragonn_lite.interpretation.recovery import as_contributions, site_recovery
from dragonn_lite.interpretation.sanity import weights_of

_CELL = ["method", "grammar", "network", "task"]
_COLUMNS = [
    *_CELL, "by", "metric", "over", "value", "low", "high", "chance", "n_sequences", "each",
    "seconds", "completeness_error", "problem",
]  # fmt: skip
_N_ROWS = 8  # of a cell: two ways to rank, two metrics, over all positions or a sequence at a time


def leaderboard(
    methods: Mapping[str, Callable],
    grammars: Mapping,
    networks: Mapping[str, Mapping],
    *,
    n_sequences: int = 50,
    seed: int = 0,
    folder=None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """Score every method on every grammar and network against the planted sites.

    Each cell is one method on the bound sequences of one task of one grammar, explained through
    one network. With a folder, each is written there as soon as it is done: an interrupted run goes
    on where it stopped, and gives the same numbers. A cell counts as done only for the same
    sequences, sites, weights, `n_sequences` and seed; a changed *method* is not noticed: give it
    another name.

    Positions are ranked twice: by their contribution as it is ("sign"), and by its size ("size"),
    which is fair to methods that give no sign, and hides a wrong one.

    *What it does not show*: which method is right where the network has learned something else
    than the sites; compare the rows of networks whose auROC is high.

    Parameters
    ----------
    methods : dict of str to callable
        ``method(model, sequences, target=...)`` gives an Explanation, or contributions
        (n, length).
    grammars : dict of str to Simulation
        Sequences that the networks were not trained on, with labels, sites and tasks.
    networks : dict of str to dict of str to model
        For each name of a network the trained model of each grammar.
    n_sequences : int
        Bound sequences of each task; the first ones.
    seed : int
        Of the intervals.
    folder : path, optional
        Where results are kept; made where it is missing.
    progress : callable, optional
        Called with the number of cells done and the number of all.

    Returns
    -------
    DataFrame
        Rows as of :func:`~dragonn_lite.interpretation.recovery.site_recovery`, eight to a cell:
        `method`, `grammar`, `network`, `task`, `by` ("sign", "size"), `metric`, `over`, `value`,
        `low`, `high`, `chance`, `n_sequences`; `each`, the values of the sequences one by one where
        the row is their mean (else None); `seconds` of the explanation, `completeness_error`
        (largest, NaN where the method promises none), and `problem`: a method that refuses a
        network has one row without a value, with its words (and is asked again the next time).

    Raises
    ------
    ValueError
        If a network lacks a grammar, or a grammar has less than two bound sequences with sites.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> sites = pd.DataFrame({"sequence": [0, 1], "motif": "GG", "start": [1, 0], "stop": [3, 2]})
    >>> toy = SimpleNamespace(
    ...     sequences=one_hot(["AGGT", "GGAC"]), labels=np.array([1, 1]), sites=sites, tasks=("GG",))
    >>> table = leaderboard(
    ...     {"is it a G?": lambda model, x, target: x[:, :, 2]}, {"toy": toy},
    ...     {"counter": {"toy": lambda x: x[:, :, 2].sum(axis=1)}})
    >>> table.loc[:1, ["method", "by", "metric", "value"]].values.tolist()
    [['is it a G?', 'sign', 'auROC', 1.0], ['is it a G?', 'sign', 'auROC', 1.0]]
    """
    as_count(n_sequences, "n_sequences", 2)
    as_count(seed, "seed")
    for name, kind in ((methods, "methods"), (grammars, "grammars"), (networks, "networks")):
        if not name:
            raise ValueError(f"{kind} is empty, expected at least one by its name")
    for name, models in networks.items():
        if missing := [grammar for grammar in grammars if grammar not in models]:
            raise ValueError(
                f"networks[{name!r}] has no model for {missing[0]!r}; train one for each grammar"
            )
    if folder is not None:
        folder = Path(folder)
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"folder is {str(folder)!r}, which is a file; name a folder")
        folder.mkdir(parents=True, exist_ok=True)
    cells = [
        (case, method)
        for network, grammar in itertools.product(networks, grammars)
        for case in _cases(grammars[grammar], networks[network][grammar], network, grammar,
                           n_sequences, seed)
        for method in methods
    ]  # fmt: skip
    tables = []
    for done, (case, method) in enumerate(cells, 1):
        tables.append(_kept_or_new(case, method, methods[method], folder))
        if progress is not None:
            progress(done, len(cells))
    return pd.DataFrame(list(itertools.chain.from_iterable(tables)), columns=_COLUMNS)


class _Case(NamedTuple):
    """What a method is asked: to explain some bound sequences through one output of a model."""

    names: tuple[str, str, str]  # grammar, network, task
    model: Callable
    sequences: np.ndarray
    sites: pd.DataFrame
    target: int
    seed: int
    digest: str


def _cases(simulation, model, network, grammar, n_sequences, seed):
    labels = np.asarray(simulation.labels).reshape(len(simulation.sequences), -1)
    for target, task in enumerate(simulation.tasks):
        sites = simulation.sites
        if labels.shape[1] > 1 and task in set(sites["motif"]):
            sites = sites[sites["motif"] == task]  # what was planted for this task
        planted = np.isin(np.arange(len(labels)), sites["sequence"])
        rows = np.flatnonzero((labels[:, target] == 1) & planted)[:n_sequences]
        if len(rows) < 2:
            raise ValueError(
                f"grammars[{grammar!r}] has {len(rows)} bound sequences with sites for the task "
                f"{task!r}, expected two or more"
            )
        sites = sites[sites["sequence"].isin(rows)]
        sites = sites.assign(sequence=np.searchsorted(rows, sites["sequence"]))
        sequences = simulation.sequences[rows]
        names = (grammar, network, str(task))
        places = sites[["sequence", "start", "stop"]].to_numpy(np.int64)
        digest = hashlib.sha256(repr((_COLUMNS, names, target, seed, sequences.shape)).encode())
        for part in (sequences, places, *_numbers_of(model, sequences, target)):
            digest.update(repr(part.shape).encode() + np.ascontiguousarray(part).tobytes())
        yield _Case(names, model, sequences, sites, target, seed, digest.hexdigest())


def _numbers_of(model, sequences, target):
    """What tells a model from another: its weights, or of a callable what it answers."""
    logits = checked(model, sequences, target)[1]
    return weights_of(model) if isinstance(model, keras.Model) else [logits]


def _kept_or_new(case, name, method, folder):
    if folder is None:
        return _rows(case, name, method)
    digest = hashlib.sha256((name + "\n" + case.digest).encode()).hexdigest()[:12]
    words = "-".join(re.sub(r"\W+", "_", part)[:40] for part in (name, *case.names))
    path = folder / f"{words}-{digest}.json"
    if (kept := _kept(path)) is not None:
        return kept
    rows = _rows(case, name, method)
    if all(not row[-1] for row in rows):
        with created(path) as file:
            file.write(json.dumps(rows).encode())
    return rows


def _kept(path):
    """Rows of a cell that is done; None where they are not there, or damaged: made again then."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    whole = isinstance(rows, list) and len(rows) == _N_ROWS
    whole = whole and all(isinstance(row, list) and len(row) == len(_COLUMNS) for row in rows)
    return rows if whole else None


def _rows(case, name, method):
    grammar, network, task = case.names
    cell = [name, grammar, network, task]
    began = time.perf_counter()
    try:
        explanation = method(case.model, case.sequences, target=case.target)
        values = as_contributions(explanation, case.sequences)
    except (ValueError, TypeError, NotImplementedError) as error:
        nothing = [np.nan] * (len(_COLUMNS) - len(cell) - 1)
        return [[*cell, *nothing, str(error)[:300] or type(error).__name__]]
    seconds = time.perf_counter() - began
    error = getattr(explanation, "completeness_error", None)
    error = np.nan if error is None else float(np.abs(error).max())
    # Of its own for each cell, so that it does not matter which were there already.
    rng = np.random.default_rng([case.seed, zlib.crc32("\n".join(cell).encode())])
    rows = []
    for by in ("sign", "size"):
        found = site_recovery(values, case.sites, absolute=by == "size", rng=rng)
        each = {"auROC": found.auroc.tolist(), "auPRC": found.auprc.tolist()}
        for row in found.table.astype(object).values.tolist():
            mean = row[1] == "mean of sequences"
            rows.append([*cell, by, *row, each[row[0]] if mean else None, seconds, error, ""])
    return rows
