"""Transfer: what a trained network knows, put to work on another task.

Every function leaves the network that it is given as it was and works on a copy. The *head* is the
last Dense layer, one logit a task; the *trunk* is all that stands before it. Depth is counted in
weighted layers of the trunk (:func:`weighted_layers`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

import keras
import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count, as_labels, as_rng
from dragonn_lite.networks import _trunks
from dragonn_lite.networks.prediction import predict
from dragonn_lite.networks.training import Settings, Training, fit


@dataclass(frozen=True)
class FineTuning(Settings):
    """How a trained network is trained on: a learning rate for the head, another for the trunk.

    Parameters
    ----------
    learning_rate : float
        Adam's largest step size for the head.
    trunk_learning_rate : float
        The same for the layers before it, which have been trained already. Both rise and fall
        together.
    batch_size, patience, reverse_complement, steps_per_execution
        As in :class:`dragonn_lite.networks.training.Settings`.

    Examples
    --------
    >>> FineTuning(trunk_learning_rate=1e-4).learning_rate
    0.01
    """

    trunk_learning_rate: float = 0.001

    def __post_init__(self):
        super().__post_init__()
        rate = self.trunk_learning_rate
        if not (isinstance(rate, Real) and 0 < rate < 10):
            raise ValueError(
                f"trunk_learning_rate is {rate!r}, expected a number such as 0.001; to leave "
                "layers as they are, give frozen="
            )

    def _adam(self, schedule, model):
        of_head = {id(variable) for variable in _trunks.head(model).trainable_variables}
        share = self.trunk_learning_rate / self.learning_rate
        return _Adam(
            schedule, [1.0 if id(v) in of_head else share for v in model.trainable_variables]
        )


class _Adam(keras.optimizers.Adam):
    """Adam that takes a share of the step for each variable."""

    def __init__(self, schedule, shares):
        super().__init__(schedule, name="adam")
        self._shares = tuple(shares)

    def update_step(self, gradient, variable, learning_rate):
        share = self._shares[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * share)


# --- the parts of a network ----------------------------------------------------------------------
def weighted_layers(model: keras.Model) -> list[str]:
    """Name the layers of the trunk that depth is counted in, from the sequence up.

    A layer that normalises belongs to the one before it and is not counted; neither is the head.

    Parameters
    ----------
    model : keras.Model
        Functional or sequential, ending in a Dense layer.

    Returns
    -------
    list of str

    Raises
    ------
    TypeError, ValueError
        If the model is no such network.

    Examples
    --------
    >>> from dragonn_lite.networks import architectures
    >>> weighted_layers(architectures.reference_network(101, rng=0))
    ['filters', 'filter_pairs']
    """
    return [layer.name for layer in _trunks.trunk(model) if _trunks.counts(layer)]


def features(model: keras.Model, sequences: np.ndarray) -> np.ndarray:
    """What the head reads: the trunk's description of each sequence.

    Parameters
    ----------
    model : keras.Model
    sequences : array (n, length, 4)
        One-hot sequences.

    Returns
    -------
    array (n, n_features)
        float32.

    Raises
    ------
    TypeError, ValueError
        If the model ends in no Dense layer, or the sequences do not fit it.

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> network = architectures.filter_bank(60, n_filters=5, rng=0)
    >>> features(network, random_sequences(3, 60, rng=0)).shape
    (3, 5)
    """
    trunk = keras.Model(_trunks.functional(model).inputs, _trunks.head(model).input)
    return predict(trunk, sequences).reshape(len(sequences), -1)


def at_length(model: keras.Model, length: int) -> keras.Model:
    """A copy that reads sequences of another length, with the same weights.

    It works where no weight belongs to a position: behind global pooling, or a recurrent layer.

    Parameters
    ----------
    model : keras.Model
    length : int
        In bp.

    Returns
    -------
    keras.Model
        From (n, length, 4) to logits.

    Raises
    ------
    ValueError
        If a layer has weights for each position, or the sequences are too short for it.

    Examples
    --------
    >>> from dragonn_lite.networks import architectures
    >>> at_length(architectures.reference_network(101, rng=0), 1000).input_shape
    (None, 1000, 4)
    """
    return _trunks.copy(model, as_count(length, "length", 1))


# --- new heads -----------------------------------------------------------------------------------
def new_head(model: keras.Model, n_tasks: int = 1, *, rng) -> keras.Model:
    """A copy with an untrained head for new tasks.

    Parameters
    ----------
    model : keras.Model
    n_tasks : int
        Outputs of the new head.
    rng : int or Generator
        Source of its first weights.

    Returns
    -------
    keras.Model
        To logits (n, n_tasks).

    Raises
    ------
    TypeError, ValueError
        If the model ends in no Dense layer.

    Examples
    --------
    >>> from dragonn_lite.networks import architectures
    >>> new_head(architectures.filter_bank(60, rng=0), 3, rng=1).output_shape
    (None, 3)
    """
    as_count(n_tasks, "n_tasks", 1)
    initial = keras.initializers.GlorotUniform(seed=int(as_rng(rng).integers(2**31)))
    return _trunks.with_head(model, n_tasks, kernel_initializer=initial)


def warm_head(model: keras.Model, old_tasks: Sequence[int | Sequence[int]]) -> keras.Model:
    """A copy whose new tasks start as old ones: each is copied from one, or the mean of several.

    Parameters
    ----------
    model : keras.Model
    old_tasks : sequence of int or of sequences of int
        For each new task the old one that it starts as, or all those to average: ``[2, (0, 1)]``.

    Returns
    -------
    keras.Model
        To logits (n, len(old_tasks)).

    Raises
    ------
    TypeError, ValueError
        If the model ends in no Dense layer, or there is no such task.

    Examples
    --------
    >>> from dragonn_lite.networks import architectures
    >>> network = architectures.filter_bank(60, n_tasks=3, rng=0)
    >>> warm_head(network, [2, (0, 1)]).output_shape
    (None, 2)
    """
    kernel, bias = _trunks.weights_of(_trunks.head(model))
    groups = [np.atleast_1d(np.asarray(group)) for group in old_tasks]
    n_old = kernel.shape[1]
    for group in groups:
        whole = group.ndim == 1 and group.size and np.issubdtype(group.dtype, np.integer)
        if not (whole and ((group >= 0) & (group < n_old)).all()):
            raise ValueError(
                f"old_tasks holds {group.tolist()}, expected tasks of the model, 0 to {n_old - 1}"
            )
    if not groups:
        raise ValueError("old_tasks is empty, expected an old task for each new one")
    network = _trunks.with_head(model, len(groups))
    kernels = [kernel[:, group].mean(axis=1) for group in groups]
    # (n_features,) a task -> (n_features, n_tasks)
    _trunks.head(network).set_weights(
        [np.stack(kernels, 1), np.array([bias[g].mean() for g in groups])]
    )
    return network


def linear_head(
    model: keras.Model, sequences: np.ndarray, labels: np.ndarray, *, penalty: float = 1.0
) -> keras.Model:
    """A copy whose head is a logistic regression on the features; the trunk stays as it is.

    The quickest transfer, and a good start for :func:`fine_tune` (an untrained head first pulls
    the features out of shape; Kumar et al. 2022).

    Parameters
    ----------
    model : keras.Model
    sequences : array (n, length, 4)
        One-hot sequences.
    labels : array (n,) or (n, n_tasks)
        1 bound, 0 unbound, -1 ambiguous (left out, task by task).
    penalty : float
        How strongly large weights are held back (L2, for features of standard deviation 1).

    Returns
    -------
    keras.Model
        To logits (n, n_tasks).

    Raises
    ------
    TypeError, ValueError
        If the model ends in no Dense layer, shapes disagree, or a task lacks a class.

    References
    ----------
    Kumar et al. 2022, doi:10.48550/arXiv.2202.10054

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> x = random_sequences(40, 60, rng=0)
    >>> network = architectures.filter_bank(60, rng=0)
    >>> linear_head(network, x, x[:, 30, 2]).output_shape
    (None, 1)
    """
    from sklearn.linear_model import LogisticRegression

    if not (isinstance(penalty, Real) and 0 < penalty < np.inf):
        raise ValueError(f"penalty is {penalty!r}, expected a positive number such as 1.0")
    found = features(model, sequences).astype(float)
    labels = as_labels(labels, len(found)).reshape(len(found), -1)
    kernel, bias = np.zeros((found.shape[1], labels.shape[1])), np.zeros(labels.shape[1])
    for task, y in enumerate(labels.T):
        if not {0, 1} <= set(y.tolist()):
            raise ValueError(
                f"the labels of task {task} lack a class, expected bound (1) and unbound (0) "
                "examples; leave the task out or add examples"
            )
        x = found[y >= 0]
        centre, spread = x.mean(axis=0), x.std(axis=0)
        spread[spread < 1e-6] = 1.0  # a filter that never matches, or always as well
        regression = LogisticRegression(C=1 / penalty, max_iter=2000)
        regression.fit((x - centre) / spread, y[y >= 0])
        kernel[:, task] = regression.coef_[0] / spread
        bias[task] = regression.intercept_[0] - centre @ kernel[:, task]
    network = _trunks.with_head(model, labels.shape[1])
    _trunks.head(network).set_weights([kernel, bias])
    return network


# --- training on ---------------------------------------------------------------------------------
def fine_tune(
    model: keras.Model,
    sequences: np.ndarray,
    labels: np.ndarray,
    *,
    frozen: int | str = 0,
    settings: Settings = FineTuning(),
    rng,
    **options,
) -> Training:
    """Train a copy on with its first layers frozen.

    A frozen layer of batch normalisation keeps the statistics of the data that it was trained on.
    The copy that comes back stays frozen as deep; each call here sets the depth anew.

    Parameters
    ----------
    model : keras.Model
        With a head for the tasks (:func:`new_head`, :func:`warm_head`, :func:`linear_head`).
    sequences : array (n, length, 4)
        One-hot sequences.
    labels : array (n,) or (n, n_tasks)
        1 bound, 0 unbound, -1 ambiguous.
    frozen : int or str
        How many of the :func:`weighted_layers` keep their weights, normalisation behind them
        included; or the name of the last layer that does.
    settings : FineTuning or Settings
        Learning rates and the like; plain settings have one learning rate for all layers.
    rng : int or Generator
        Source of all that is random.
    **options
        `validation`, `epochs`, `weights`, `progress`, `checkpoint`, as in
        :func:`dragonn_lite.networks.training.fit`.

    Returns
    -------
    Training
        With the trained copy as its `model`.

    Raises
    ------
    TypeError, ValueError
        If the network has no such layer, or as in `fit`.

    References
    ----------
    Yosinski et al. 2014, doi:10.48550/arXiv.1411.1792

    Examples
    --------
    >>> from dragonn_lite.assays import simulate
    >>> from dragonn_lite.networks import architectures
    >>> data = simulate.single_motif_detection(
    ...     "CTCF_known1", length=60, n_positive=60, n_negative=60, rng=0)
    >>> old = architectures.filter_bank(60, rng=1)
    >>> tuned = fine_tune(old, data.sequences, data.labels, frozen="filters", epochs=2, rng=2)
    >>> bool((old.get_weights()[0] == tuned.model.get_weights()[0]).all())
    True
    """
    network = _trunks.copy(model)
    _trunks.freeze(network, frozen)
    return fit(network, sequences, labels, settings=settings, rng=rng, **options)


def one_pass(
    model: keras.Model,
    sequences: np.ndarray,
    labels: np.ndarray,
    *,
    settings: Settings = FineTuning(),
    rng,
    **options,
) -> Training:
    """Train a copy on, all layers, through the new examples once, as Basset did for new cells.

    Parameters
    ----------
    model, sequences, labels, settings, rng, **options
        As in :func:`fine_tune`, but for `epochs`.

    Returns
    -------
    Training

    Raises
    ------
    TypeError, ValueError
        As in :func:`fine_tune`.

    References
    ----------
    Kelley, Snoek & Rinn 2016 (Basset), doi:10.1101/gr.200535.115

    Examples
    --------
    >>> from dragonn_lite.assays import simulate
    >>> from dragonn_lite.networks import architectures
    >>> data = simulate.single_motif_detection(
    ...     "CTCF_known1", length=60, n_positive=60, n_negative=60, rng=0)
    >>> old = architectures.filter_bank(60, rng=1)
    >>> one_pass(old, data.sequences, data.labels, rng=2).best_epoch
    1
    """
    if "epochs" in options:
        raise TypeError("one_pass takes no epochs: it is one; call fine_tune for more")
    return fine_tune(model, sequences, labels, settings=settings, rng=rng, epochs=1, **options)


def thaw(
    model: keras.Model,
    sequences: np.ndarray,
    labels: np.ndarray,
    *,
    settings: Settings = FineTuning(),
    rng,
    **options,
) -> Training:
    """Train the head of a copy, then thaw one weighted layer more at a time, from the top down.

    Every step starts from the best weights so far and validates on the same examples.

    Parameters
    ----------
    model, sequences, labels, settings, rng, **options
        As in :func:`fine_tune`, but for `checkpoint`; `epochs` are those of each step, at most.

    Returns
    -------
    Training
        The best network of all steps; epochs are counted through them.

    Raises
    ------
    TypeError, ValueError
        As in :func:`fine_tune`.

    References
    ----------
    Howard & Ruder 2018 (ULMFiT), doi:10.18653/v1/P18-1031

    Examples
    --------
    >>> from dragonn_lite.assays import simulate
    >>> from dragonn_lite.networks import architectures
    >>> data = simulate.single_motif_detection(
    ...     "CTCF_known1", length=60, n_positive=60, n_negative=60, rng=0)
    >>> old = architectures.filter_bank(60, rng=1)
    >>> thawed = thaw(old, data.sequences, data.labels, epochs=2, rng=2)
    >>> thawed.history["epoch"].max()  # the head alone, then the filters too
    np.int64(4)
    """
    if "checkpoint" in options:
        raise TypeError("thaw takes no checkpoint; call fine_tune for each depth, with one each")
    seed = int(as_rng(rng).integers(2**31))  # the same in each step, so the same examples held out
    best, histories, lowest, best_epoch, n_epochs, seconds = model, [], np.inf, 0, 0, 0.0
    for frozen in range(len(weighted_layers(model)), -1, -1):
        step = fine_tune(
            best, sequences, labels, frozen=frozen, settings=settings, rng=seed, **options
        )
        histories.append(step.history.assign(epoch=step.history["epoch"] + n_epochs))
        loss = _validation_losses(step.history).min()
        if loss < lowest or best is model:
            best, lowest, best_epoch = step.model, loss, n_epochs + step.best_epoch
        n_epochs += int(step.history["epoch"].max()) if len(step.history) else 0
        seconds += step.seconds
        if step.interrupted:
            break
    history = pd.concat(histories, ignore_index=True)
    return Training(best, history, best_epoch, seconds, step.interrupted)


def _validation_losses(history):
    return history["value"][(history["split"] == "validation") & (history["metric"] == "loss")]
