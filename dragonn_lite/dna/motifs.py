"""Motifs: what they are, the built-in collection, files, scanning and comparison."""

from __future__ import annotations

from dragonn_lite.dna.collection import builtin, builtin_motifs, builtin_table
from dragonn_lite.dna.comparison import best_match
from dragonn_lite.dna.jaspar import read_jaspar, write_jaspar
from dragonn_lite.dna.matrices import UNIFORM, Motif
from dragonn_lite.dna.meme import read_meme, write_meme
from dragonn_lite.dna.scanning import best_scores, find_sites, scan, sites_table

__all__ = [
    "UNIFORM",
    "Motif",
    "best_match",
    "best_scores",
    "builtin",
    "builtin_motifs",
    "builtin_table",
    "find_sites",
    "read_jaspar",
    "read_meme",
    "scan",
    "sites_table",
    "write_jaspar",
    "write_meme",
]
