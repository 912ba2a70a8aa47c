"""Spans of change as arrays: where they lie, and what the originals are there.

See :mod:`dragonn_lite.interpretation._spans`.
"""

from __future__ import annotations

import dataclasses

import numpy as np


@dataclasses.dataclass
class Tensor:
    """One tensor of the network: its originals, and the changes of every altered sequence.

    Where `starts` is None, there are no positions (any more): values (n, channels) and changes
    (n, windows, fillings, channels). `flat` says that the network has flattened the positions.
    """

    values: np.ndarray  # (n, length, channels)
    changes: np.ndarray  # (n, windows, fillings, width, channels); 0 beyond the ends
    starts: np.ndarray | None  # (windows,), the same in all sequences; may lie before 0
    flat: bool = False

    @property
    def length(self):
        return self.values.shape[1]

    @property
    def width(self):
        return self.changes.shape[3]


def context(values, starts, width, fill=0.0):
    """Original values where the spans are: (n, length, channels) -> (n, windows, width, c)."""
    before = max(0, -int(starts.min()))
    after = max(0, int(starts.max()) + width - values.shape[1])
    if before or after:
        values = np.pad(values, ((0, 0), (before, after), (0, 0)), constant_values=fill)
    every = np.lib.stride_tricks.sliding_window_view(values, width, axis=1).swapaxes(2, 3)
    starts = starts + before
    if len(starts) > 1 and (np.diff(starts) == 1).all():  # a view: nothing is copied
        return every[:, starts[0] : starts[-1] + 1]
    return every[:, starts]


def settled(values, changes, starts):
    """A tensor whose spans end where the sequence does; a span as long as all becomes all."""
    length, width = values.shape[1], changes.shape[3]
    position = starts[:, None] + np.arange(width)  # (windows, width)
    inside = (position >= 0) & (position < length)
    over = ~inside.all(axis=1)
    if width < length or (width == length and not over.any()):
        if over.any():
            kept = inside[over][:, None, :, None]
            changes[:, over] = np.where(kept, changes[:, over], np.float32(0))
        return Tensor(values, changes, starts)
    return Tensor(values, spread(changes, starts, length), np.zeros_like(starts))


def spread(changes, starts, length):
    """Changes at all positions: (n, windows, fillings, width, c) -> (..., length, c)."""
    whole = np.zeros((*changes.shape[:3], length, changes.shape[4]), np.float32)
    width = changes.shape[3]
    for start in np.unique(starts):
        rows = starts == start
        low, high = max(0, start), min(length, start + width)
        if low < high:
            whole[:, rows, :, low:high] = changes[:, rows, :, low - start : high - start]
    return whole


def vector(tensor):
    """A tensor whose positions are gone: flattened ones are written out."""
    if tensor.starts is None:
        return tensor
    whole = spread(tensor.changes, tensor.starts, tensor.length)
    values = tensor.values.reshape(len(tensor.values), -1)
    return Tensor(values, whole.reshape(*whole.shape[:3], -1), None)


def widened(x, starts, width):
    """Changes of a tensor in spans that hold its own."""
    shift = x.starts - starts
    if x.width == width and not shift.any():
        return x.changes
    wide = np.zeros((*x.changes.shape[:3], width, x.changes.shape[4]), np.float32)
    for offset in np.unique(shift):
        rows = np.flatnonzero(shift == offset)
        wide[:, rows, :, offset : offset + x.width] = x.changes[:, rows]
    return wide
