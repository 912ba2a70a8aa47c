"""Real data sets: where each file comes from, fetched once, checked, and read.

A file is looked for below the folder that the environment variable ``DRAGONN_LITE_DATA`` names,
as ``<data set>/<file>``, then in the cache (the system's place for caches, or the folder that
``DRAGONN_LITE_CACHE`` names), and is fetched only where neither has it. Wherever it is found, its
sha256 must be the one that this package knows: everybody computes on the same bytes.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.resources
import json
import logging
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pandas as pd
from tqdm import tqdm

from dragonn_lite.assays import _dataset_files

_SERVER = "https://raw.githubusercontent.com"
_N_CONNECTIONS = 8  # many files are small: the time goes into waiting for answers
_TIMEOUT_S = 30
_told: set[str] = set()


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Mapping):
    """A data set on this computer: a mapping from the names of its parts to what they hold.

    Attributes
    ----------
    name : str
    what : str
        What it is, in words.
    parts : dict
        As :func:`load` lists them; also ``dataset["name of a part"]``.
    files : dict of str to Path
        The files as they were published, by their path within the data set.
    sources : DataFrame
        One row for each group of files of one origin: what it `holds`, `licence`, `archive`
        (accession of the original data, "" where none is known), `citation`, `repository`,
        `commit`.

    Examples
    --------
    >>> toy = Dataset("toy", "two lengths", {"widths": [200, 101]}, {}, pd.DataFrame())
    >>> toy["widths"], list(toy)
    ([200, 101], ['widths'])
    >>> toy
    Dataset('toy': widths)
    """

    name: str
    what: str
    parts: dict
    files: dict[str, Path]
    sources: pd.DataFrame

    def __getitem__(self, part):
        """Take one of the parts."""
        if part not in self.parts:
            raise KeyError(f"part is {part!r}, expected one of {', '.join(self.parts)}")
        return self.parts[part]

    def __iter__(self) -> Iterator[str]:
        """Name the parts one after the other."""
        return iter(self.parts)

    def __len__(self) -> int:
        """Count the parts."""
        return len(self.parts)

    def __repr__(self) -> str:
        """Name the data set and its parts."""
        return f"Dataset({self.name!r}: {', '.join(self.parts)})"


class _File(NamedTuple):
    name: str  # within its data set
    url: str
    sha256: str
    n_bytes: int


def available() -> pd.DataFrame:
    """List the data sets that :func:`load` knows; fetches nothing.

    Returns
    -------
    DataFrame
        One row a data set: `name`, `what` it is, `n_files`, `size_mb` (of the download, in
        millions of bytes), `licence` and `source` (the archive of the original data where one is
        known, else the repository that publishes the files); of all its files, each once.

    Examples
    --------
    >>> available().loc[:1, ["name", "n_files", "size_mb"]].values.tolist()
    [['ctcf_keras_genomics', 4, 2.7], ['ctcf_dragonn_1kb', 2, 5.0]]
    """
    rows = []
    for name, entry in _registry().items():
        groups, files = entry["groups"], _files_of(entry)
        sources = [group["archive"] or group["repository"] for group in groups]
        rows.append(
            {
                "name": name,
                "what": entry["what"],
                "n_files": len(files),
                "size_mb": round(sum(file.n_bytes for file in files) / 1e6, 1),
                "licence": "; ".join(dict.fromkeys(group["licence"] for group in groups)),
                "source": "; ".join(dict.fromkeys(sources)),
            }
        )
    return pd.DataFrame(rows)


def load(name: str) -> Dataset:
    """Fetch a data set where it is not at hand, check every file, and read it.

    The licence and what to cite are printed, once a session. What was fetched before a connection
    broke off is kept; half a file never is.

    Parameters
    ----------
    name : str
        One of :func:`available`. Its parts:

        - ``"ctcf_keras_genomics"``: `train` (the file that its authors call test) and `valid`,
          Examples of 101 bp, half bound.
        - ``"ctcf_dragonn_1kb"``: `examples`, Examples of 1 kb, half bound.
        - ``"encode_chip_101bp"``: for each experiment, such as `GABPA_GM12878`, a dict of
          `peaks`, Examples that are all bound, strongest first, and `test`, Examples.
        - ``"dream5_negatives"``: for each factor, such as `TF_25`, a dict of Examples with the
          same bound sequences against `dinucleotide_shuffled`, `genomic` and `full_genomic`
          negatives. Two of TF_31's genomic ones are shorter; they are padded with N on both sides.
        - ``"yeast_genome"``: `genome` (Genome, chromosomes I to XVI and Mito), `peaks` (dict of
          51 interval tables of 1 bp, strongest first), `excluded` (intervals that the authors left
          out) and `replicate` (the sites of an older experiment on Reb1 as intervals of 1 bp, with
          `signal`, the occupancy, and `n_replicates`). All are named as in the genome; the
          replicate was mapped to an older assembly: chromosome XI is moved by 352 bp, the others
          agree within 10 bp.
        - ``"idr_replicates"``: `replicate_1`, `replicate_2` and `pooled`, interval tables of peaks
          on chr21; `small_1` and `small_2`, two short ones.
        - ``"satmut_mpra"``, ``"golden_dragonn_weights"``, ``"motifs"``: the paths of the files, by
          their names.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If there is no such data set, or a file is not the one that is known by its sha256.
    FileNotFoundError
        If `DRAGONN_LITE_DATA` names a folder that does not exist.
    ConnectionError
        If a file cannot be fetched; the message says where to lay it by hand.
    OSError
        If the cache cannot be written.

    Examples
    --------
    ::

        yeast = datasets.load("yeast_genome")
        peaks = yeast["peaks"]["Reb1"]

    >>> load("yeast")
    Traceback (most recent call last):
    ValueError: name is 'yeast', expected one of ctcf_keras_genomics, ctcf_dragonn_1kb, ...
    """
    registry = _registry()
    if not isinstance(name, str) or name not in registry:
        raise ValueError(f"name is {name!r}, expected one of {', '.join(registry)}")
    entry = registry[name]
    files = _gather(name, _files_of(entry))
    columns = ["holds", "licence", "archive", "citation", "repository", "commit"]
    sources = pd.DataFrame(entry["groups"])[columns]
    if name not in _told:
        _told.add(name)
        print(_credits(name, entry))
    parts = _dataset_files.READERS.get(name, dict)(files)
    return Dataset(name, entry["what"], parts, files, sources)


@functools.cache
def _registry() -> dict[str, dict]:
    text = (importlib.resources.files(__package__) / "datasets.json").read_text(encoding="utf-8")
    return {entry.pop("name"): entry for entry in json.loads(text)}


def _files_of(entry: dict) -> list[_File]:
    return [
        _File(name, "/".join((_SERVER, group["repository"], group["commit"], quote(path))), *rest)
        for group in entry["groups"]
        for name, path, *rest in group["files"]
    ]


def _credits(name: str, entry: dict) -> str:
    lines = [f"{name}: {entry['what']}"]
    for group in entry["groups"]:
        archive = f"; original data {group['archive']}" if group["archive"] else ""
        lines.append(f"- {group['holds']}: cite {group['citation']}{archive}")
        lines.append(f"  licence {group['licence']}; from github.com/{group['repository']}")
    return "\n".join(lines)


def _gather(name: str, files: list[_File]) -> dict[str, Path]:
    """Find or fetch all files of a data set."""
    import pooch  # here, because it is of use to nobody who brings data of their own

    cache = Path(os.environ.get("DRAGONN_LITE_CACHE") or pooch.os_cache("dragonn_lite"), name)
    paths = {file.name: _laid(name, file) or cache / file.name for file in files}
    missing = [
        file
        for file in files
        if paths[file.name] == cache / file.name and not _is_whole(cache / file.name, file)
    ]
    if missing:
        n_bytes = sum(file.n_bytes for file in missing)
        with (
            tqdm(total=n_bytes, unit="B", unit_scale=True, desc=f"Fetching {name}") as bar,
            _quiet(pooch.get_logger()),
            ThreadPoolExecutor(_N_CONNECTIONS) as pool,
        ):
            for file, _ in zip(missing, pool.map(lambda f: _fetch(name, f, cache), missing)):
                bar.update(file.n_bytes)
    return paths


def _laid(name: str, file: _File) -> Path | None:
    """Find a file below the folder of DRAGONN_LITE_DATA."""
    if not (folder := os.environ.get("DRAGONN_LITE_DATA")):
        return None
    if not Path(folder).is_dir():
        raise FileNotFoundError(
            f"DRAGONN_LITE_DATA is {folder!r}, and there is no such folder; unset the variable, or "
            "name the folder with the data"
        )
    path = Path(folder, name, file.name)
    if not path.is_file():
        return None
    if not _is_whole(path, file):
        raise ValueError(
            f"{path} is damaged or another version (its sha256 is not the one known); remove it, "
            "and it will be fetched"
        )
    return path


def _is_whole(path: Path, file: _File) -> bool:
    import pooch

    return path.is_file() and pooch.file_hash(str(path)) == file.sha256


def _fetch(name: str, file: _File, cache: Path) -> None:
    """Fetch one file; it appears under its name when it is complete and has been checked."""
    import pooch

    path = cache / file.name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pooch.retrieve(
            file.url,
            known_hash=f"sha256:{file.sha256}",
            path=path.parent,
            fname=path.name,
            # Not as a stream, which stays open after a fault; the files fit into memory.
            downloader=pooch.HTTPDownloader(stream=False, timeout=_TIMEOUT_S),
        )
    except ValueError:
        raise ValueError(
            f"{file.url} sent something else than what is known by its sha256, and nothing of it "
            "was kept; try again, and if it stays so, tell the project"
        ) from None
    except OSError as error:
        if hasattr(error, "response"):  # as the errors of requests have, which are OSErrors too
            raise ConnectionError(
                f"{file.url} could not be fetched ({_reason(error)}); try again later, or lay the "
                f"file by hand at {path}, or as {name}/{file.name} in a folder that the "
                "environment variable DRAGONN_LITE_DATA names"
            ) from None
        is_closed = isinstance(error, PermissionError)
        raise OSError(
            f"{path.parent} cannot be written ("
            f"{'no permission' if is_closed else error.strerror or error}); make room there, or "
            "name another folder in the environment variable DRAGONN_LITE_CACHE"
        ) from None


def _reason(error: OSError) -> str:
    if error.response is not None:
        return f"the server answers {error.response.status_code}"
    kind = type(error).__name__
    if "Timeout" in kind:
        return f"no answer in {_TIMEOUT_S} seconds"
    return "the connection broke off" if kind == "ChunkedEncodingError" else "no connection"


@contextlib.contextmanager
def _quiet(logger: logging.Logger):
    """Leave the account of what is fetched to the progress bar."""
    disabled, logger.disabled = logger.disabled, True  # a new level would not be felt
    try:
        yield
    finally:
        logger.disabled = disabled
