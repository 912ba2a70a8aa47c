"""Motifs: what they are, the built-in collection, files, scanning and comparison."""

from __future__ import annotations

from .collection import builtin, builtin_table
from .matrices import UNIFORM, Motif

__all__ = ["UNIFORM", "Motif", "builtin", "builtin_table"]
