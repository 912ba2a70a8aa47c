"""Motifs: what they are, the built-in collection, files, scanning and comparison."""

from __future__ import annotations

from .collection import builtin, builtin_motifs, builtin_table
from .comparison import best_match
from .jaspar import read_jaspar, write_jaspar
from .matrices import UNIFORM, Motif
from .meme import read_meme, write_meme
from .scanning import best_scores, find_sites, scan, sites_table

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
