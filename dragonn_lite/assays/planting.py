"""Where each block goes, and the letters of its sites written into the sequences."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from dragonn_lite.assays.likelihood import ordered_within
from dragonn_lite.assays.sites import site_scores
from dragonn_lite.dna import motifs

_MOST_ROUNDS = 20_000  # enough for the least room that simulate() lets pass
_PACKED_BASES = np.eye(4, dtype=np.uint8).view(np.uint32).ravel()  # one-hot of a base in one word
_SITES_AT_ONCE = 2_000  # bounds the memory beyond the output


def draw(probabilities, n, rng):
    """Numbers 0, 1, ... drawn `n` times with these probabilities."""
    possible = np.flatnonzero(probabilities)
    steps = probabilities[possible].cumsum()
    if np.ptp(probabilities[possible]) == 0:  # quicker than a search
        return possible[rng.integers(0, len(possible), n)]
    return possible[np.searchsorted(steps[:-1], rng.random(n) * steps[-1], side="right")]


class Blocks(NamedTuple):
    row: np.ndarray
    layout: np.ndarray
    start: np.ndarray


def arrange(rows, n_blocks, layouts, length, rng) -> Blocks:
    """Choose where each block starts; arrangements that overlap are drawn again as a whole."""
    if not layouts:
        return Blocks(*np.zeros((3, 0), int))
    # (n, n_layouts) -> one entry a block, the blocks of a sequence side by side
    layout = np.tile(np.arange(len(layouts)), len(rows)).repeat(n_blocks.ravel())
    row = rows.repeat(n_blocks.sum(axis=1))
    width = np.array([layout.width_bp for layout in layouts])[layout]
    start = np.empty(len(row), int)
    positions = [layout.position.probabilities(length, layout.width_bp) for layout in layouts]
    within = ordered_within(layouts, length)
    # Orders from right to left: each block lies left of the one drawn before it.
    turns = sorted(range(len(layouts)), key=lambda j: -j if layouts[j].rank else -np.inf)
    bound = np.zeros(rows.max(initial=0) + 1, int)
    pending = np.arange(len(row))
    for _ in range(_MOST_ROUNDS):
        bound[row[pending]] = length
        for j in turns:
            chosen = pending[layout[pending] == j]
            if within[j] is None:
                start[chosen] = draw(positions[j], len(chosen), rng)
                continue
            below = rng.random(len(chosen)) * within[j][bound[row[chosen]]]
            stop = np.searchsorted(within[j], below, side="right")
            start[chosen] = bound[row[chosen]] = stop - layouts[j].width_bp
        crowded = np.zeros(rows.max(initial=0) + 1, bool)
        crowded[_overlapping_rows(row[pending], start[pending], width[pending])] = True
        pending = pending[crowded[row[pending]]]
        if not len(pending):
            return Blocks(row, layout, start)
    raise ValueError(
        f"{crowded.sum()} sequences of {length} bp found no room for their sites without "
        "overlap; make length larger, plant fewer, or give them other positions"
    )


def _overlapping_rows(row, start, width):
    if len(row) < 2 or (row[1:] != row[:-1]).all():
        return row[:0]
    order = _by_place(row, start)
    row, start, stop = row[order], start[order], (start + width)[order]
    return row[1:][(row[1:] == row[:-1]) & (start[1:] < stop[:-1])]


def _by_place(row, start):
    # One key is sorted several times faster than two.
    # Most of it is in order already, which the stable sort makes use of.
    return np.argsort(row * (start.max(initial=0) + 1) + start, kind="stable")


def plant(sequences, blocks, layouts, background, rng):
    """Write the sites into the sequences; return one tuple of columns a motif and layout."""
    packed = sequences.view(np.uint32).reshape(-1)  # (n, length, 4) bytes -> n * length words
    planted = []
    for j, layout in enumerate(layouts):
        chosen = blocks.layout == j
        row, block_start = blocks.row[chosen], blocks.start[chosen]
        for site, offset in layout.sites:
            log_odds = site.log_odds(background)
            reverse = rng.random(len(row)) < site.reverse_fraction
            scores = np.empty(len(row))
            for low in range(0, len(row), _SITES_AT_ONCE):
                now = slice(low, low + _SITES_AT_ONCE)
                codes = site.draw(len(row[now]), background, rng)
                scores[now] = site_scores(codes, log_odds)
                codes = np.where(reverse[now, None], 3 - codes[:, ::-1], codes)
                first = row[now] * sequences.shape[1] + block_start[now] + offset
                packed[first[:, None] + np.arange(site.width_bp)] = _PACKED_BASES[codes]
            planted.append((site.motif.name, site.width_bp, row, block_start + offset,
                            reverse, scores))  # fmt: skip
    return planted


def site_table(planted) -> pd.DataFrame:
    """One row a site, by sequence and start, of what :func:`plant` returned."""

    def column(values):
        return np.concatenate(values or [np.zeros(0, int)])

    names, widths, rows, starts, reverse, scores = (
        zip(*planted, strict=True) if planted else [()] * 6
    )
    order = _by_place(column(rows), column(starts))
    n_sites = [len(part) for part in rows]
    known = list(dict.fromkeys(names))
    motif = np.array([known.index(name) for name in names], np.int16).repeat(n_sites)[order]
    start = column(starts)[order]
    return motifs.sites_table(
        sequence=column(rows)[order],
        motif=pd.Categorical.from_codes(motif, known),
        start=start,
        stop=start + np.array(widths, int).repeat(n_sites)[order],
        strand=pd.Categorical.from_codes(column(reverse)[order].astype(np.int8), ["+", "-"]),
        score=column(scores)[order],
    )
