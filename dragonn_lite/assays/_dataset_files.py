"""How the files of each data set of :mod:`dragonn_lite.assays.datasets` become its parts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from dragonn_lite._files import read_text
from dragonn_lite.assays import examples
from dragonn_lite.assays.examples import Examples
from dragonn_lite.dna import fasta, genome
from dragonn_lite.dna import sequences as dna

Files = dict[str, Path]


def _ctcf_keras_genomics(files: Files) -> dict[str, Examples]:
    parts = {}
    for part, stem in (("train", "test"), ("valid", "valid")):
        records = fasta.read_fasta(files[f"{stem}.fa"])
        lines = read_text(files[f"{stem}.target"]).splitlines()
        letters = [record.sequence for record in records]
        names = [record.name for record in records]
        parts[part] = _examples(letters, [line.split()[0] for line in lines], names)
    return parts


def _ctcf_dragonn_1kb(files: Files) -> dict[str, Examples]:
    pair = (files[f"example_{sign}_sequences.fa"] for sign in ("pos", "neg"))
    return {"examples": examples.read(*pair)}


def _encode_chip_101bp(files: Files) -> dict[str, dict[str, Examples]]:
    experiments: dict[str, dict[str, Examples]] = {}
    for name, path in files.items():  # such as MYC_H1-hESC_c-Myc_Stanford_AC.seq.gz
        factor, cells, *_ = name.split("_")
        part = "test" if name.endswith("_B.seq.gz") else "peaks"
        rows = [line.split("\t") for line in read_text(path).splitlines()[1:]]
        _, names, letters, labels = zip(*rows, strict=True)
        experiments.setdefault(f"{factor}_{cells}", {})[part] = _examples(letters, labels, names)
    return experiments


_NEGATIVES = {
    "dinuc": "dinucleotide_shuffled",
    "genomic": "genomic",
    "full_genomic": "full_genomic",
}


def _dream5_negatives(files: Files) -> dict[str, dict[str, Examples]]:
    factors: dict[str, dict[str, Examples]] = {}
    for name, path in files.items():  # such as TF_23_CHIP_100_full_genomic.seq
        factor, negatives = name.removesuffix(".seq").split("_CHIP_100_")
        letters, labels = zip(*(line.split() for line in read_text(path).splitlines()), strict=True)
        names = [f"{factor}_{row}" for row in range(len(letters))]
        part = _NEGATIVES[negatives]
        factors.setdefault(factor, {})[part] = _examples(letters, labels, names)
    return factors


def _yeast_genome(files: Files) -> dict[str, object]:
    sequence = genome.read_genome(next(p for name, p in files.items() if name.endswith(".fa.gz")))

    def named(table: pd.DataFrame) -> pd.DataFrame:
        known = genome.matching_names(table["chromosome"], sequence.sizes)
        return genome.rename_chromosomes(table, known)

    return {
        "genome": sequence,
        "peaks": {
            path.name.removesuffix("_CX.bed"): named(genome.read_intervals(path))
            for path in files.values()
            if path.name.endswith("_CX.bed")
        },
        "excluded": named(
            genome.read_intervals(files["rossi2021/ChExMix_Peak_Filter_List_190612.bed"])
        ),
        "replicate": named(_older_sites(files["replicate/reb1.saccer2.chipexo.tsv"])),
    }


def _older_sites(path: Path) -> pd.DataFrame:
    text = io.StringIO(read_text(path))
    table = pd.read_csv(text, sep="\t", header=0, usecols=[0, 1, 3, 4])
    table.columns = ["chromosome", "start", "n_replicates", "signal"]
    # Of sacCer2; sacCer3 differs by a shift where it matters at all.
    table["start"] += np.where(table["chromosome"] == "chrXI", 352, 0)
    table.insert(2, "stop", table["start"] + 1)
    return table.astype({"signal": float})


def _idr_replicates(files: Files) -> dict[str, pd.DataFrame]:
    first, second = "ENCFF000XUL-chr21", "ENCFF000XUK-chr21"
    names = {
        "replicate_1": f"{first}.regionPeak.gz",
        "replicate_2": f"{second}.regionPeak.gz",
        "pooled": f"{first}-{second}_pooled.regionPeak.gz",
        "small_1": "peak1_sub",
        "small_2": "peak2_sub",
    }
    return {part: genome.read_intervals(files[name]) for part, name in names.items()}


def _examples(letters: Sequence[str], labels: Sequence[str], names: Sequence[str]) -> Examples:
    return Examples(
        dna.one_hot(letters, length=101),
        np.array(labels).astype(np.int8),
        np.array(names, dtype=object),
    )


#: What turns the files of a data set into its parts; without one, the files are the parts.
READERS = {
    "ctcf_keras_genomics": _ctcf_keras_genomics,
    "ctcf_dragonn_1kb": _ctcf_dragonn_1kb,
    "encode_chip_101bp": _encode_chip_101bp,
    "dream5_negatives": _dream5_negatives,
    "yeast_genome": _yeast_genome,
    "idr_replicates": _idr_replicates,
}
