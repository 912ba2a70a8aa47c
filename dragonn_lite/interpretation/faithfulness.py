"""Does the score depend on what is attended to? Call this as ``attention.faithfulness(...)``."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_labels, as_number, as_rng
from dragonn_lite.dna.shuffles import dinucleotide_shuffle
from dragonn_lite.interpretation import catalogue
from dragonn_lite.interpretation.attention_weights import read
from dragonn_lite.interpretation.changes import logits_of
from dragonn_lite.interpretation.recovery import mean_interval

_AT_RANDOM = "random bases shuffled"
_N_RESAMPLES = 1000


def faithfulness(
    model: keras.Model,
    sequences: np.ndarray,
    labels: np.ndarray | None = None,
    *,
    layer: str | None = None,
    target: int = 0,
    share: float = 0.1,
    yardsticks: Sequence[str] = ("gradient_times_input",),
    n_draws: int = 5,
    rng,
) -> pd.DataFrame:
    """Change what a network attends to, and see whether the score changes.

    *The bases* that are attended to most are replaced by what stands there after a dinucleotide
    shuffle of the sequence. For comparison, as many are replaced elsewhere, in the same pattern
    moved along the sequence at random, and as many of the largest contributions by other methods.
    *The weights* are permuted among the steps, each head and query for itself, or all made equal;
    the sequence stays. If attention explains the score, its bases move the score more than others
    do, and other weights give other scores.

    *What it does not show*: whether another network could do without: one that is trained with
    equal weights from the start may score as well. Sequences with shuffled bases and weights that
    the network would never choose are none that it was trained on.

    Parameters
    ----------
    model, sequences, layer, target
        As in :func:`~dragonn_lite.interpretation.attention_weights.weights`.
    labels : int8 (n,), optional
        1 bound, 0 unbound, -1 ambiguous (left out).
    share : float
        Share of the bases that are replaced, above 0 and up to 1.
    yardsticks : sequence of str
        Methods of ``interpretation.methods()`` whose largest contributions are replaced as well.
    n_draws : int
        Shuffles, places and permutations, of which the mean is taken.
    rng : int or Generator

    Returns
    -------
    DataFrame
        Rows for each `test` ("attended bases shuffled", "random bases shuffled", "<yardstick>
        bases shuffled", "weights permuted", "weights averaged") and `measure`:

        - "logit": mean change of the logit, of bound sequences only where labels are given;
        - "size": mean size of that change, of all sequences;
        - "flips": share of the sequences whose logit changes its sign;
        - "auROC": change of the auROC, where labels are given.

        Each with its `value` and the limits `low` and `high` of the 95 % bootstrap interval over
        sequences; `over_random`, `over_random_low`, `over_random_high`: the same less that of
        random bases, sequence by sequence (NaN for weights); `n_sequences` and `n_draws`.

    Raises
    ------
    TypeError, ValueError
        As :func:`~dragonn_lite.interpretation.attention_weights.weights`; or if there are less
        than two sequences, labels do not fit or lack a class, or `share` is out of range.

    References
    ----------
    Jain & Wallace 2019, doi:10.18653/v1/N19-1357 (permuted weights);
    Wiegreffe & Pinter 2019, doi:10.18653/v1/D19-1002 (equal weights, and objections);
    Serrano & Smith 2019, doi:10.18653/v1/P19-1282 (removal, and flips)

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks.attention import additive_attention
    >>> x = random_sequences(20, 60, rng=1)
    >>> table = faithfulness(additive_attention(60, rng=0), x, rng=2)
    >>> table.loc[table["measure"] == "size", "test"].tolist()
    ['attended bases shuffled', 'random bases shuffled', 'gradient_times_input bases shuffled',
     'weights permuted', 'weights averaged']
    """
    rng, n_draws = as_rng(rng), as_count(n_draws, "n_draws", 1)
    if not 0 < as_number(share, "share") <= 1:
        raise ValueError(f"share is {share!r}, expected a number above 0 and up to 1")
    if isinstance(yardsticks, str):
        raise TypeError(f"yardsticks is {yardsticks!r}, expected a list of names of methods")
    found = read(model, sequences, layer, target)
    x, before = found.sequences, found.logits
    labels = _as_classes(labels, len(x))
    contributions = {"attended": found.attention.bases.mean(axis=1) * x.any(axis=2)}
    contributions |= {
        name: catalogue.explain(model, x, method=name, target=target, rng=rng).contributions
        for name in yardsticks
    }
    after = _with_bases_shuffled(model, x, contributions, share, target, n_draws, rng)
    matrix = found.attention.matrix
    after["weights permuted"] = np.stack(
        [found.with_weights(rng.permuted(matrix, axis=3)) for _ in range(n_draws)]
    )
    equal = np.full_like(matrix, 1 / matrix.shape[3])
    after["weights averaged"] = found.with_weights(equal)[None]
    return _table(before, after, labels, rng)


def _with_bases_shuffled(model, x, contributions, share, target, n_draws, rng):
    """Logits with the bases of largest contributions shuffled, and others: (n_draws, n) each."""
    n_bases = max(1, round(share * x.shape[1]))
    after = {}
    for _ in range(n_draws):
        shuffled = dinucleotide_shuffle(x, rng=rng)
        masks = {name: _largest(each, n_bases, rng) for name, each in contributions.items()}
        attended, *others = [(f"{name} bases shuffled", mask) for name, mask in masks.items()]
        for test, mask in (attended, (_AT_RANDOM, _moved(attended[1], rng)), *others):
            changed = np.where(mask[..., None], shuffled, x)
            after.setdefault(test, []).append(logits_of(model, changed, target))
    return {test: np.stack(each) for test, each in after.items()}


def _largest(values, count, rng):
    """Where the largest values of each row are; of equal ones, any: bool (n, length)."""
    order = np.lexsort((rng.random(values.shape), -values), axis=1)
    mask = np.zeros(values.shape, bool)
    np.put_along_axis(mask, order[:, :count], True, axis=1)
    return mask


def _moved(mask, rng):
    """The same pattern from another place on, across the end of the sequence: bool (n, length)."""
    n, length = mask.shape
    places = np.arange(length) + rng.integers(length, size=(n, 1))
    return np.take_along_axis(mask, places % length, axis=1)


def _table(before, after, labels, rng):
    known = np.full(len(before), True) if labels is None else labels >= 0
    bound = known if labels is None else labels == 1
    rows = []
    for test, logits in after.items():
        others = after[_AT_RANDOM] if test.endswith("shuffled") else None
        for measure, function, chosen in (
            ("logit", np.subtract, bound),
            ("size", lambda a, b: np.abs(a - b), known),
            ("flips", lambda a, b: (a > 0) != (b > 0), known),
        ):
            each = function(logits, before).mean(axis=0)[chosen]  # (n_draws, n) -> (n,)
            row = [test, measure, *mean_interval(each, rng=rng), *[np.nan] * 3]
            if others is not None:
                less = each - function(others, before).mean(axis=0)[chosen]
                row[5:] = mean_interval(less, rng=rng)
            rows.append([*row, int(chosen.sum()), len(logits)])
        if labels is not None:
            row = [test, "auROC", *_auroc_gain(labels, logits, before[None], rng), *[np.nan] * 3]
            if others is not None:
                row[5:] = _auroc_gain(labels, logits, others, rng)
            rows.append([*row, int(known.sum()), len(logits)])
    columns = ["test", "measure", "value", "low", "high"]
    columns += ["over_random", "over_random_low", "over_random_high", "n_sequences", "n_draws"]
    return pd.DataFrame(rows, columns=columns)


def _auroc_gain(labels, scores, others, rng):
    """Mean auROC of some draws less that of others, with its interval over the sequences."""
    classes = [np.flatnonzero(labels == y) for y in (0, 1)]
    times = np.zeros((_N_RESAMPLES + 1, len(labels)))  # how often each is drawn
    times[0, labels >= 0] = 1  # the first as they are
    for rows in classes:  # each for itself, so that no resample lacks one
        drawn = rng.integers(len(rows), size=(_N_RESAMPLES, len(rows)))
        times[1:, rows] = [np.bincount(row, minlength=len(rows)) for row in drawn]
    gains = _aurocs(labels, scores, times) - _aurocs(labels, others, times)
    return float(gains[0]), *np.quantile(gains[1:], [0.025, 0.975])


def _aurocs(labels, scores, times):
    """Mean auROC of some draws (n_draws, n) in each resample (n_resamples, n)."""
    total = np.zeros(len(times))
    for draw in scores:
        order = np.argsort(draw, kind="stable")
        firsts = np.flatnonzero(np.diff(draw[order], prepend=np.nan) != 0)  # equal scores: one bin
        unbound, bound = (
            np.add.reduceat((times * (labels == y))[:, order], firsts, axis=1) for y in (0, 1)
        )
        below = unbound.cumsum(axis=1) - unbound / 2  # half of those with the same score
        total += (bound * below).sum(axis=1) / (bound.sum(axis=1) * unbound.sum(axis=1))
    return total / len(scores)


def _as_classes(labels, n):
    if n < 2:
        raise ValueError("sequences hold 1 sequence, expected two or more to draw from")
    if labels is None:
        return None
    labels = as_labels(labels, n)
    if labels.ndim == 2:
        raise ValueError(
            f"labels has shape {labels.shape}, expected (n,): those of the target, labels[:, target]"
        )
    if missing := [word for y, word in ((1, "bound"), (0, "unbound")) if not (labels == y).any()]:
        raise ValueError(f"labels hold no {missing[0]} sequence; pass both, or no labels")
    return labels
