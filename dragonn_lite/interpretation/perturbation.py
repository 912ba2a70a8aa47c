"""Explanations by change: alter the sequence, look at the score again.

All methods are one loop: windows of the sequence are replaced by fillings, and the network scores
the result. They differ in the windows and in what fills them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dragonn_lite._contract import as_count, as_rng
from dragonn_lite.dna import sequences as dna
from dragonn_lite.interpretation._spans import unsupported
from dragonn_lite.interpretation._windows import effects, explained
from dragonn_lite.interpretation.contributions import project
from dragonn_lite.interpretation.explanations import Explanation, checked

_LETTERS = np.eye(4, dtype=np.uint8)


def in_silico_mutagenesis(
    model: Callable,
    sequences: np.ndarray,
    *,
    target: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Explanation:
    """Logit with every base at every position, exactly, less the mean over the four there.

    The effect of a mutation is the difference of two entries of a row of `hypothetical`: those of
    the new base and of the old one. In networks of convolutions and pooling only what a mutation
    reaches is computed again; behind a layer that mixes all positions, and in any other model, all
    is: :func:`computed_whole` says why.

    *What it does not show*: what two mutations do together. Where either of two sites suffices,
    a change in one of them alters nothing, and both look unimportant.

    Parameters
    ----------
    model : keras.Model or callable
        From one-hot (n, length, 4) to logits (n,) or (n, n_tasks).
    sequences : array (n, length, 4)
        One-hot sequences.
    target : int
        Which output is explained.
    progress : callable, optional
        Called with the number of sequences done and the number of all.

    Returns
    -------
    Explanation
        `hypothetical` is the logit with that base at that position, less the mean over the four
        bases there; `contributions` are its entries of the bases present.

    Raises
    ------
    ValueError
        If the model has no such target, or reads another length.

    References
    ----------
    Zhou & Troyanskaya 2015, doi:10.1038/nmeth.3547

    Examples
    --------
    >>> found = in_silico_mutagenesis(lambda x: x[:, 0, 2], dna.one_hot("GA"))
    >>> found.hypothetical[0].tolist()  # only a G at the first position counts
    [[-0.25, -0.25, 0.75, -0.25], [0.0, 0.0, 0.0, 0.0]]
    >>> found.contributions[0].tolist()
    [0.75, 0.0]
    """
    sequences, logits = checked(model, sequences, target)
    n, length = sequences.shape[:2]
    starts, bases = np.arange(length), np.arange(4)
    scores = np.zeros(sequences.shape, np.float32)  # less that of the sequence itself
    unknown = ~sequences.any(axis=2).all(axis=1)
    done = 0

    def report(n_more):
        nonlocal done
        done += n_more
        if progress is not None:
            progress(done, n)

    # Where all bases are known, the three others are tried; else all four everywhere.
    for rows, shifts in ((np.flatnonzero(~unknown), bases[1:]), (np.flatnonzero(unknown), bases)):
        if not len(rows):
            continue
        tried = (sequences[rows].argmax(axis=2)[..., None] + shifts) % 4  # (n, length, 3 or 4)

        def filler(i, tried=tried):
            return _LETTERS[tried[i]][:, :, None]  # (length, 3 or 4, width 1, 4)

        some = sequences[rows]
        moved = effects(model, some, logits[rows], starts, filler, target, report)
        changed = np.zeros(some.shape, np.float32)
        np.put_along_axis(changed, tried, moved, axis=2)
        scores[rows] = changed
    hypothetical = scores - scores.mean(axis=2, keepdims=True)
    contributions = project(hypothetical, sequences)
    return Explanation(
        sequences, contributions, hypothetical, logits, "in_silico_mutagenesis", target
    )


def computed_whole(model: Callable) -> str:
    """Say why a model computes more of an altered sequence than what a change reaches.

    The methods of this module are slower then, and no less exact.

    Parameters
    ----------
    model : keras.Model or callable

    Returns
    -------
    str
        The reason, with the name of the first layer at fault; empty where there is none.

    Examples
    --------
    >>> from dragonn_lite.networks import architectures
    >>> computed_whole(architectures.dragonn_three_layer(100, rng=0))
    ''
    >>> computed_whole(len)
    'the model is no functional Keras model'
    """
    return unsupported(model)


def occlusion(
    model: Callable,
    sequences: np.ndarray,
    *,
    target: int = 0,
    width_bp: int = 10,
    stride_bp: int = 1,
    fill: str = "zero",
) -> Explanation:
    """Cover a window, and see how much of the score goes: contributions in logits per bp.

    The loss is spread evenly over the known bases of the window, and a position that several
    windows cover gets the mean of its shares.

    *What it does not show*: the effect of any real sequence. Networks have never seen covered
    windows, and may answer them oddly; :func:`window_shuffle` puts DNA there.

    Parameters
    ----------
    model, sequences, target
        As in :func:`in_silico_mutagenesis`.
    width_bp : int
        Width of the window in bp.
    stride_bp : int
        From one window to the next, at most `width_bp`; the last one ends with the sequence.
    fill : str
        "zero" or "uniform" (a quarter of each base).

    Returns
    -------
    Explanation
        Without hypothetical contributions. Unknown bases stay unknown and contribute 0.

    Raises
    ------
    ValueError
        If the windows do not fit the sequences, or the fill has another name.

    References
    ----------
    Zeiler & Fergus 2014, doi:10.1007/978-3-319-10590-1_53

    Examples
    --------
    >>> score = lambda x: x[:, :, 2].sum(axis=1)
    >>> occlusion(score, dna.one_hot("GGAA"), width_bp=2, stride_bp=2).contributions.tolist()
    [[1.0, 1.0, 0.0, 0.0]]
    """
    if fill not in ("zero", "uniform"):
        raise ValueError(f"fill is {fill!r}, expected 'zero' or 'uniform'")
    value = np.float32(0.25 if fill == "uniform" else 0)

    def filler(sequence, windows, starts):
        known = windows.any(axis=2, keepdims=True)
        return np.repeat(known * value, 4, axis=2)[:, None]  # one filling of each window

    return explained("occlusion", model, sequences, width_bp, stride_bp, filler, target)


def window_shuffle(
    model: Callable,
    sequences: np.ndarray,
    *,
    target: int = 0,
    width_bp: int = 10,
    stride_bp: int = 1,
    fill: str = "random",
    n_samples: int = 10,
    rng=0,
) -> Explanation:
    """Replace a window by other DNA, and see how much of the score goes: logits per bp.

    The mean loss over the draws is spread as in :func:`occlusion`.

    *What it does not show*: sites narrower than the window; and new sites that the filling makes
    by chance look like a loss that the window prevents.

    Parameters
    ----------
    model, sequences, target, width_bp, stride_bp
        As in :func:`occlusion`.
    fill : str
        "random" (each base a quarter) or "dinucleotide" (the window's own letters, their pairs
        kept; an unknown base counts as a letter).
    n_samples : int
        Fillings of each window.
    rng : Generator or int
        Source of the fillings.

    Returns
    -------
    Explanation
        Without hypothetical contributions.

    Raises
    ------
    ValueError
        If the windows do not fit the sequences, or the fill has another name.

    References
    ----------
    Umarov & Solovyev 2017, doi:10.1371/journal.pone.0171410

    Examples
    --------
    >>> found = window_shuffle(lambda x: x[:, 1, 2], dna.one_hot("AGAA"), width_bp=2)
    >>> bool(found.contributions[0, 1] > 0), float(found.contributions[0, 3])
    (True, 0.0)
    """
    if fill not in ("random", "dinucleotide"):
        raise ValueError(f"fill is {fill!r}, expected 'random' or 'dinucleotide'")
    rng, n_samples = as_rng(rng), as_count(n_samples, "n_samples", 1)

    def filler(sequence, windows, starts):
        draws = np.repeat(windows, n_samples, axis=0)  # (windows * draws, width, 4)
        if fill == "random":
            known = draws.any(axis=2, keepdims=True)
            drawn = dna.random_sequences(len(draws), windows.shape[1], rng=rng) * known
        else:
            drawn = dna.dinucleotide_shuffle(draws, rng=rng)
        return drawn.reshape(len(windows), n_samples, -1, 4)

    return explained("window_shuffle", model, sequences, width_bp, stride_bp, filler, target)


def marginal_substitution(
    model: Callable,
    sequences: np.ndarray,
    *,
    target: int = 0,
    width_bp: int = 10,
    stride_bp: int = 1,
    neighbourhood_bp: int = 100,
    n_samples: int = 10,
    rng=0,
) -> Explanation:
    """Replace a window by what could as well stand there: loss in logits per bp.

    Fillings are drawn from the first-order Markov chain of the bases around the window, given the
    two bases beside it. The loss of the mean logit is spread as in :func:`occlusion`.

    *What it does not show*: a site that its neighbourhood repeats, since fillings then hold it too.

    Parameters
    ----------
    model, sequences, target, width_bp, stride_bp
        As in :func:`occlusion`.
    neighbourhood_bp : int
        How far to either side of a window its neighbourhood reaches, in bp.
    n_samples : int
        Fillings of each window.
    rng : Generator or int
        Source of the fillings.

    Returns
    -------
    Explanation
        Without hypothetical contributions. Unknown bases stay unknown and contribute 0.

    Raises
    ------
    ValueError
        If the windows do not fit the sequences.

    References
    ----------
    Zintgraf et al. 2017, doi:10.48550/arXiv.1702.04595

    Examples
    --------
    >>> x = dna.one_hot("AAAAGAAAA")  # few but As can be expected there
    >>> found = marginal_substitution(lambda x: x[:, 4, 2], x, width_bp=1, n_samples=50)
    >>> float(found.contributions[0].argmax())
    4.0
    """
    rng, n_samples = as_rng(rng), as_count(n_samples, "n_samples", 1)
    as_count(neighbourhood_bp, "neighbourhood_bp", 1)

    def filler(sequence, windows, starts):
        width = windows.shape[1]
        known = windows.any(axis=2, keepdims=True)[:, None]
        transitions = _transitions(sequence, starts, width, neighbourhood_bp)
        codes = _bridges(dna.codes(sequence[None])[0], starts, width, transitions, n_samples, rng)
        return _LETTERS[codes] * known

    return explained("marginal_substitution", model, sequences, width_bp, stride_bp, filler, target)


def _transitions(sequence, starts, width, reach):
    """Markov chain of the neighbourhood of each window, one pair added to each kind.

    Returns float (windows, 4, 4): row the base before, column the base after.
    """
    length = len(sequence)
    pairs = np.einsum("ia,ib->iab", sequence[:-1].astype(int), sequence[1:].astype(int))
    total = np.concatenate([np.zeros((1, 4, 4), int), pairs.cumsum(axis=0)])  # before pair i

    def between(low, high):  # pairs of bases that both lie in [low, high)
        return total[np.maximum(high - 1, low)] - total[low]

    left = between(np.maximum(starts - reach, 0), starts)
    stops = starts + width
    right = between(np.minimum(stops, length - 1), np.minimum(stops + reach, length))
    counts = left + right + 1.0
    return counts / counts.sum(axis=2, keepdims=True)


def _bridges(codes, starts, width, transitions, n_samples, rng):
    """Paths of Markov chains between the bases beside each window, (windows, draws, width)."""
    before = np.where(starts > 0, codes[starts - 1], 4)
    after = np.where(starts + width < len(codes), codes[(starts + width) % len(codes)], 4)
    each = np.arange(len(starts))
    known = np.minimum(after, 3)
    # Of each base, the chance to reach what follows the window: 1 where that is unknown.
    chance = np.where(after[:, None] < 4, transitions[each, :, known], 1.0)  # (windows, 4)
    ahead = [chance]
    for _ in range(width - 1):
        ahead.append(np.einsum("wab,wb->wa", transitions, ahead[-1]))
    found = np.empty((len(starts), n_samples, width), np.uint8)
    first = np.where(before[:, None] < 4, transitions[each, np.minimum(before, 3)], 0.25)
    step = np.repeat(first[:, None], n_samples, axis=1)  # (windows, draws, 4)
    for i in range(width):
        weights = (step * ahead[width - 1 - i][:, None]).cumsum(axis=2)
        draw = rng.random(weights.shape[:2])[..., None] * weights[..., -1:]
        found[:, :, i] = np.minimum((weights <= draw).sum(axis=2), 3)
        step = transitions[each[:, None], found[:, :, i]]
    return found
