"""Windows of a sequence and what fills them: the one mechanism of all methods by change."""

from __future__ import annotations

import numpy as np

from dragonn_lite._contract import as_count
from dragonn_lite.interpretation._spans import span_network
from dragonn_lite.interpretation.explanations import (
    Explanation,
    batches,
    check_scores,
    checked,
)

_FILLED_AT_ONCE = 1 << 24  # bases of fillings in memory


def explained(method, model, sequences, width_bp, stride_bp, filler, target):
    """Spread the loss of each window's mean filling over its known bases."""
    sequences, logits = checked(model, sequences, target)
    n, length = sequences.shape[:2]
    width = as_count(width_bp, "width_bp", 1)
    stride = as_count(stride_bp, "stride_bp", 1)
    if width > length:
        raise ValueError(f"width_bp is {width}, but the sequences have only {length} bp")
    if stride > width:
        raise ValueError(
            f"stride_bp is {stride}, expected at most width_bp, {width}: bases between the windows "
            "would never be replaced"
        )
    starts = np.unique(np.append(np.arange(0, length - width + 1, stride), length - width))
    covered = starts[:, None] + np.arange(width)  # (windows, width)

    def fillings(i):
        return filler(sequences[i], sequences[i][covered], starts)

    loss = -effects(model, sequences, logits, starts, fillings, target).mean(axis=2)
    known = sequences.any(axis=2)
    share = loss / np.maximum(known[:, covered].sum(axis=2), 1)  # (n, windows)
    n_covering = np.bincount(covered.ravel(), minlength=length)
    total = np.zeros((n, length))
    for i in range(width):  # no window twice in one step
        total[:, covered[:, i]] += share
    contributions = (total / n_covering * known).astype(np.float32)
    return Explanation(sequences, contributions, None, logits, method, target)


def effects(model, sequences, logits, starts, fillings, target, report=None):
    """Change of the logit with each filling in each window, (n, windows, fillings).

    ``fillings(i)`` gives those of sequence i, (windows, fillings, width, 4).
    """
    moved = []
    network = span_network(model)
    n, at_once, low = len(sequences), 1, 0
    while low < n:
        some = slice(low, min(low + at_once, n))
        filled = np.stack([fillings(i) for i in range(some.start, some.stop)])
        at_once = max(1, min(100, _FILLED_AT_ONCE // filled[0].size))
        if network is not None:
            found = network.differences(sequences[some], starts, filled, target)
        else:
            found = np.stack(
                [
                    _plain_logits(model, *pair, starts, target) - logit
                    for *pair, logit in zip(sequences[some], filled, logits[some])
                ]
            )
        moved.append(found)
        low = some.stop
        if report is not None:
            report(some.stop - some.start)
    moved = np.concatenate(moved)
    check_scores(moved, " for altered sequences")
    return moved


def _plain_logits(model, sequence, filled, starts, target):
    """Score every altered sequence as a whole: (windows, fillings, width, 4) -> (..., fillings)."""
    n_windows, n_fillings, width = filled.shape[:3]
    filled = filled.reshape(-1, width, 4)
    places = np.repeat(starts, n_fillings)[:, None] + np.arange(width)
    score = getattr(model, "predict_on_batch", model)
    logits = np.empty(len(filled), np.float32)
    for some in batches(model, len(filled), len(sequence)):
        altered = np.repeat(sequence[None].astype(np.float32), some.stop - some.start, axis=0)
        altered[np.arange(len(altered))[:, None], places[some]] = filled[some]
        logits[some] = np.asarray(score(altered)).reshape(len(altered), -1)[:, target]
    return logits.reshape(n_windows, n_fillings)
