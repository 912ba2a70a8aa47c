"""Tests that an explanation can fail without any planted site. Call as ``truth.saturation(...)``."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import keras
import numpy as np
import pandas as pd
from keras import layers

from dragonn_lite._contract import as_count, as_one_hot, as_rng
from dragonn_lite.dna.encoding import one_hot
from dragonn_lite.dna.sequences import random_sequences
from dragonn_lite.interpretation.changes import logits_of
from dragonn_lite.interpretation.recovery import as_contributions, mean_interval
from dragonn_lite.networks.prediction import predict

_WORD = "GATTACAG"
_ONE_SITE = 0.95  # logit of one site; two and more give 1


def randomised_weights(
    model: keras.Model,
    explain: Callable,
    sequences: np.ndarray,
    *,
    cascade: bool = True,
    target: int = 0,
    rng,
) -> pd.DataFrame:
    """Forget what the network has learned, from its last layer to its first: do the maps change?

    An explanation that looks the same with random weights does not explain the network. New
    weights come from a normal distribution as wide as the learned ones; biases and the like are
    permuted. The model itself is left as it is.

    *What it does not show*: that a map which changes is right.

    Parameters
    ----------
    model : keras.Model
    explain : callable
        ``explain(model, sequences, target=...)`` gives an Explanation, or contributions
        (n, length).
    sequences : array (n, length, 4)
    cascade : bool
        One layer after the other, each on top of those before; False is all at once.
    target : int
        Which output.
    rng : int or Generator

    Returns
    -------
    DataFrame
        After each step, for `signed` and `absolute` contributions (`map`): `layer`, `n_layers`
        randomised, `rank_correlation` with the map of the trained network (mean over sequences),
        `low`, `high` (95 %), and `n_sequences` that have one: a constant map has no ranks.

    Raises
    ------
    TypeError
        If the model is no Keras model.
    ValueError
        If it has no weights, or what `explain` gives is of another shape.

    References
    ----------
    Adebayo et al. 2018, doi:10.48550/arXiv.1810.03292

    Examples
    --------
    >>> from dragonn_lite.networks import architectures
    >>> network = architectures.filter_bank(40, rng=0)
    >>> x = random_sequences(3, 40, rng=0)
    >>> found = randomised_weights(network, lambda m, x, target: x[:, :, 2], x, rng=0)
    >>> found["rank_correlation"].tolist()  # it looks for G, whatever the network does
    [1.0, 1.0, 1.0, 1.0]
    """
    if not isinstance(model, keras.Model):
        raise TypeError(f"model is a {type(model).__name__}, expected a Keras model with weights")
    learned = [layer for layer in model.layers if layer.weights]
    if not learned:
        raise ValueError(f"model {model.name} has no weights to randomise")
    sequences, rng = as_one_hot(sequences), as_rng(rng)
    copy = keras.models.clone_model(model, clone_function=_copied)
    copy.set_weights(weights_of(model))
    before = as_contributions(explain(model, sequences, target=target), sequences)
    rows = []
    for n, layer in enumerate(reversed(learned), 1):
        mine = copy.get_layer(layer.name)
        mine.set_weights([_redrawn(weights, rng) for weights in weights_of(layer)])
        if not cascade and n < len(learned):
            continue
        after = as_contributions(explain(copy, sequences, target=target), sequences)
        for kind, turn in (("signed", np.asarray), ("absolute", np.abs)):
            each = rank_correlations(turn(before), turn(after))
            name = layer.name if cascade else "all layers"
            found = mean_interval(each, rng=rng)
            rows.append([kind, name, n, *found, int(np.isfinite(each).sum())])
    columns = ["map", "layer", "n_layers", "rank_correlation", "low", "high", "n_sequences"]
    return pd.DataFrame(rows, columns=columns)


def either_suffices(length: int) -> keras.Model:
    """A network for which one of several sites is as good as all: its weights are known.

    It counts the word GATTACAG, exactly spelled, on the forward strand. One gives a logit of 0.95,
    two or more give 1, none gives 0.

    Parameters
    ----------
    length : int
        Length of the sequences in bp.

    Returns
    -------
    keras.Model
        From (n, length, 4) to logits (n, 1).

    Examples
    --------
    >>> x = one_hot(["A" * 20, "GATTACAG" + "A" * 12, "GATTACAG" * 2 + "A" * 4])
    >>> predict(either_suffices(20), x)
    array([0.  , 0.95, 1.  ], dtype=float32)
    """
    as_count(length, "length", len(_WORD))
    inputs = layers.Input((length, 4), name="sequence")
    x = layers.Conv1D(1, len(_WORD), name="word")(inputs)
    x = layers.ReLU(name="found")(x)
    n_places = float(x.shape[1])
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    x = layers.Rescaling(n_places, name="count")(x)
    x = layers.Dense(1, name="missing")(x)
    x = layers.ReLU(name="still_missing")(x)
    model = keras.Model(inputs, layers.Dense(1, name="logits")(x), name="either_suffices")
    word = one_hot(_WORD)[0].astype(np.float32)  # (8, 4)
    model.get_layer("word").set_weights([word[:, :, None], np.array([1.0 - len(_WORD)])])
    model.get_layer("missing").set_weights([np.array([[-_ONE_SITE]]), np.array([1.0])])
    model.get_layer("logits").set_weights([np.array([[-1.0]]), np.array([1.0])])
    return model


def saturation(explain: Callable, *, n_sequences: int = 20, length: int = 100, rng) -> pd.DataFrame:
    """Give a network sites that stand in for each other: does a method still see them?

    The network is :func:`either_suffices`: the second site adds nearly nothing to the logit, and
    each can be lost without harm. Together they are the whole reason for it, as the one site is
    where it stands alone. A method that asks what one change does answers that neither matters.

    *What it does not show*: how much a method errs on networks that saturate less.

    Parameters
    ----------
    explain : callable
        ``explain(model, sequences, target=...)`` gives an Explanation, or contributions
        (n, length).
    n_sequences : int
        Random sequences with 1, 2 and 3 sites each.
    length : int
        In bp, at least 40.
    rng : int or Generator

    Returns
    -------
    DataFrame
        For each number of sites (`n_sites`): `gain`, the logit that they bring; `credit`, the
        contributions inside of them added up; `share`, credit / gain; and `relative`, the share
        over that of a single site: 1 where redundant sites get their due, 0 where they get
        nothing. NaN where a single site gets nothing already.

    References
    ----------
    Shrikumar, Greenside & Kundaje 2017, doi:10.48550/arXiv.1704.02685

    Examples
    --------
    >>> half = lambda model, x, target: np.full(x.shape[:2], 0.5)
    >>> saturation(half, rng=0)[["n_sites", "gain", "credit"]].round(3).values.tolist()
    [[1.0, 0.95, 4.0], [2.0, 1.0, 8.0], [3.0, 1.0, 12.0]]
    """
    n_sequences = as_count(n_sequences, "n_sequences", 1)
    length = as_count(length, "length", 5 * len(_WORD))
    rng = as_rng(rng)
    model = either_suffices(length)
    drawn = random_sequences(2 * n_sequences + 20, length, rng=rng)
    backgrounds = drawn[logits_of(model, drawn, 0) == 0][:n_sequences]  # without a word by chance
    starts = np.linspace(0, length - len(_WORD), 5).astype(int)[1:4]  # (3,), apart
    rows = []
    for n_sites, chosen in ((1, [1]), (2, [0, 2]), (3, [0, 1, 2])):
        within = np.zeros(length, bool)
        for start in starts[chosen]:
            within[start : start + len(_WORD)] = True
        x = backgrounds.copy()
        x[:, within] = np.tile(one_hot(_WORD), (1, n_sites, 1))
        contributions = as_contributions(explain(model, x, target=0), x)
        gain = (logits_of(model, x, 0) - logits_of(model, backgrounds, 0)).mean()
        credit = contributions[:, within].sum(axis=1).mean()
        rows.append([n_sites, float(gain), float(credit), float(credit / gain)])
    table = pd.DataFrame(rows, columns=["n_sites", "gain", "credit", "share"])
    single = table["share"][0]
    return table.assign(relative=table["share"] / single if abs(single) > 1e-6 else np.nan)


def class_specificity(
    model: Callable, explain: Callable, sequences: np.ndarray, *, rng
) -> pd.DataFrame:
    """Explain every output of a multi-task model: are the maps of two tasks the same?

    *What it does not show*: which maps are right. Tasks that share their sites have like maps for
    a reason; `logit_correlation` says how alike the outputs are.

    Parameters
    ----------
    model : keras.Model or callable
        With two outputs or more.
    explain : callable
        ``explain(model, sequences, target=...)`` gives an Explanation, or contributions
        (n, length).
    sequences : array (n, length, 4)
        Three or more.
    rng : int or Generator
        For the intervals.

    Returns
    -------
    DataFrame
        For each pair of outputs (`target1`, `target2`): `map_correlation`, the rank correlation of
        the two maps of a sequence, mean over the sequences; `low`, `high` (95 %);
        `logit_correlation`, rank correlation of the two logits over the sequences; `n_sequences`.

    Raises
    ------
    ValueError
        If the model has one output, or there are less than three sequences.

    References
    ----------
    Mahendran & Vedaldi 2016, doi:10.1007/978-3-319-46466-4_8

    Examples
    --------
    >>> x = random_sequences(5, 30, rng=0)
    >>> counts = lambda x: x.sum(axis=1)[:, :2]
    >>> found = class_specificity(counts, lambda m, x, target: x[:, :, 3], x, rng=0)
    >>> found["map_correlation"].tolist()
    [1.0]
    """
    sequences = as_one_hot(sequences)
    if len(sequences) < 3:
        raise ValueError(f"sequences holds {len(sequences)}, expected three or more to correlate")
    logits = predict(model, sequences)
    if logits.ndim != 2:
        raise ValueError("model has one output, expected two or more to compare their maps")
    rng = as_rng(rng)
    maps = [
        as_contributions(explain(model, sequences, target=target), sequences)
        for target in range(logits.shape[1])
    ]
    rows = []
    for one, other in combinations(range(len(maps)), 2):
        each = rank_correlations(maps[one], maps[other])
        outputs = rank_correlations(logits[None, :, one], logits[None, :, other])[0]
        n = int(np.isfinite(each).sum())
        rows.append([one, other, *mean_interval(each, rng=rng), float(outputs), n])
    columns = ["target1", "target2", "map_correlation", "low", "high", "logit_correlation"]
    return pd.DataFrame(rows, columns=[*columns, "n_sequences"])


def rank_correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each row with that of another array; NaN if constant.

    Parameters
    ----------
    one, other : float (n, length)

    Returns
    -------
    float (n,)

    Examples
    --------
    >>> rank_correlations(np.array([[1.0, 2, 3]]), np.array([[3.0, 9, 1]])).tolist()
    [-0.5]
    """
    one, other = (pd.DataFrame(x).rank(axis=1).to_numpy() for x in (one, other))
    one, other = (x - x.mean(axis=1, keepdims=True) for x in (one, other))
    scale = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    with np.errstate(invalid="ignore"):  # 0 / 0 of a constant row
        return (one * other).sum(axis=1) / scale


def weights_of(layer: keras.layers.Layer) -> list[np.ndarray]:
    """Copy the weights of a layer or model, in the order of ``set_weights``.

    Examples
    --------
    >>> [weights.shape for weights in weights_of(either_suffices(40))][:2]
    [(8, 4, 1), (1,)]
    """
    # get_weights() would do, but with JAX not without a warning from numpy 2.
    return [np.asarray(variable).copy() for variable in layer.weights]


def _copied(layer):
    """A layer with weights of its own; what cannot be copied, as a lambda, is shared."""
    try:
        return type(layer).from_config(layer.get_config())
    except (NotImplementedError, TypeError, ValueError):
        if layer.weights:
            raise
        return layer


def _redrawn(weights, rng):
    if weights.ndim < 2:  # biases, scales, moving means
        return rng.permutation(weights)
    return rng.normal(0, np.sqrt(np.mean(weights**2)), weights.shape).astype(weights.dtype)
