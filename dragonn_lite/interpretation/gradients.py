"""Explanations by gradients: which small change of the input would change the logit, and how."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
from keras import layers, ops

from dragonn_lite._contract import as_count, as_number, as_rng
from dragonn_lite.interpretation import _backend
from dragonn_lite.interpretation._rules import Rule, as_if, is_linear, rebuild
from dragonn_lite.interpretation.contributions import project
from dragonn_lite.interpretation.explanations import Explanation, batches, checked_network
from dragonn_lite.interpretation.references import References, compare

#: Integrated gradients take no more than this many times the steps they were asked for.
_MOST_TIMES = 16


def saliency(model: keras.Model, sequences: np.ndarray, *, target: int = 0) -> Explanation:
    """How strongly the logit reacts to a small change at each position, without direction.

    The largest absolute gradient over the four bases, present or not.

    *What it does not show*: whether a position speaks for or against. Where the network is
    saturated, as with several sites of which one suffices, gradients vanish with all importance.

    Parameters
    ----------
    model : keras.Model
        A functional or sequential network.
    sequences : array (n, length, 4)
        One-hot sequences.
    target : int
        Which output is explained.

    Returns
    -------
    Explanation
        Its contributions are never negative; `hypothetical` is the gradient.

    Raises
    ------
    TypeError, ValueError
        If the model has no gradients, or sequences or target do not fit it.

    References
    ----------
    Simonyan et al. 2013, doi:10.48550/arXiv.1312.6034

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.one_filter(50, rng=0)
    >>> bool((saliency(model, random_sequences(2, 50, rng=1)).contributions >= 0).all())
    True
    """
    network, sequences, logits = checked_network(model, sequences, target)
    signal, _ = _signal(model, network, (Rule,), sequences, target)
    strength = np.abs(signal).max(axis=2)  # (n, length, 4) -> (n, length)
    return Explanation(sequences, strength, signal, logits, "saliency", target)


def gradient_times_input(
    model: keras.Model, sequences: np.ndarray, *, target: int = 0
) -> Explanation:
    """Gradient of the logit at the bases that are present.

    *What it does not show*: what a base adds once the network is saturated; nor how the other
    three bases would do, from whose gradients it cannot be told apart from a common shift.

    Parameters
    ----------
    model, sequences, target
        As in :func:`saliency`.

    Returns
    -------
    Explanation
        `hypothetical` is the gradient.

    Raises
    ------
    TypeError, ValueError
        As :func:`saliency`.

    References
    ----------
    Shrikumar et al. 2016, doi:10.48550/arXiv.1605.01713

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.one_filter(50, rng=0)
    >>> explained = gradient_times_input(model, random_sequences(2, 50, rng=1))
    >>> int((explained.contributions != 0).sum(axis=1)[0])  # the best match, 15 bp wide
    15
    """
    network, sequences, logits = checked_network(model, sequences, target)
    signal, _ = _signal(model, network, (Rule,), sequences, target)
    return _times_input(signal, sequences, logits, "gradient_times_input", target)


def smoothgrad(
    model: keras.Model,
    sequences: np.ndarray,
    *,
    target: int = 0,
    noise: float = 0.15,
    n_samples: int = 50,
    rng=0,
) -> Explanation:
    """Gradient times input, the gradient averaged over noisy copies of the input.

    *What it does not show*: how the network treats DNA: the noisy copies are not one-hot, and
    the network never met the like.

    Parameters
    ----------
    model, sequences, target
        As in :func:`saliency`.
    noise : float
        Standard deviation of the normal noise that is added to each of the four channels.
    n_samples : int
        Noisy copies of each sequence.
    rng : Generator or int
        Source of the noise.

    Returns
    -------
    Explanation
        `hypothetical` is the mean gradient.

    Raises
    ------
    TypeError, ValueError
        As :func:`saliency`, or if `noise` is negative or there are no samples.

    References
    ----------
    Smilkov et al. 2017, doi:10.48550/arXiv.1706.03825

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.one_filter(50, rng=0)
    >>> smoothgrad(model, random_sequences(2, 50, rng=1), n_samples=5).contributions.shape
    (2, 50)
    """
    if not 0 <= as_number(noise, "noise") < np.inf:
        raise ValueError(f"noise is {noise!r}, expected a finite number of at least 0")
    as_count(n_samples, "n_samples", 1)
    rng = as_rng(rng)
    network, sequences, logits = checked_network(model, sequences, target)
    gradient, _ = _compiled_gradient(model, network, (Rule,), target)
    signal = np.empty(sequences.shape, np.float32)
    for rows in batches(network, *sequences.shape[:2], copies=4 * n_samples):
        copies = np.repeat(sequences[rows].astype(np.float32), n_samples, axis=0)
        copies += np.float32(noise) * rng.standard_normal(copies.shape, np.float32)
        signal[rows] = gradient(copies).reshape(-1, n_samples, *sequences.shape[1:]).mean(axis=1)
    return _times_input(signal, sequences, logits, "smoothgrad", target)


def integrated_gradients(
    model: keras.Model,
    sequences: np.ndarray,
    *,
    target: int = 0,
    references="uniform",
    n_references: int = 20,
    n_steps: int = 50,
    tolerance: float = 0.01,
    rng=0,
) -> Explanation:
    """Gradients averaged along the straight line from a reference to the sequence.

    They add up to the logit less that of the reference, but for the error of the sum over steps:
    for each sequence the steps are doubled until that error is within the tolerance, or there are
    16 times as many as at first; the error that is left is returned.

    *What it does not show*: how the network treats DNA: the points between are not one-hot.
    Another reference gives other contributions.

    Parameters
    ----------
    model, sequences, target
        As in :func:`saliency`.
    references : "uniform", "zero", "shuffled" or array
        A quarter of each base, nothing, dinucleotide shuffles of each sequence, or given ones:
        (length, 4), (n_references, length, 4) or (n, n_references, length, 4). Contributions are
        averaged over several.
    n_references : int
        Shuffles of each sequence.
    n_steps : int
        Points on each line, at first.
    tolerance : float
        Largest completeness error, as a share of the logit difference; ``numpy.inf`` for no more
        steps than `n_steps`.
    rng : Generator or int
        Source of the shuffles.

    Returns
    -------
    Explanation
        With hypothetical contributions and the completeness error.

    Raises
    ------
    TypeError, ValueError
        As :func:`saliency`, or if references, steps or tolerance are not as stated.

    References
    ----------
    Sundararajan et al. 2017, doi:10.48550/arXiv.1703.01365

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.filter_bank(50, rng=0)
    >>> explained = integrated_gradients(model, random_sequences(2, 50, rng=1), references="zero")
    >>> bool((abs(explained.completeness_error) < 0.01).all())
    True
    """
    as_count(n_steps, "n_steps", 1)
    if not as_number(tolerance, "tolerance") >= 0:
        raise ValueError(f"tolerance is {tolerance!r}, expected a number of at least 0")
    network, sequences, logits = checked_network(model, sequences, target)
    compared = References(references, sequences.shape, n_references, rng)
    along = _gradients_along(model, network, target)

    def multipliers(x, against):
        found = _at(along, x, against, n_steps)
        for doubling in range(1, _MOST_TIMES.bit_length()):
            added = np.einsum("nlb,nlb->n", found[1], x) - found[2].sum(axis=1)
            wrong = np.abs(found[0] - added) > tolerance * np.abs(found[0])
            if not wrong.any():
                break
            finer = _in_parts(along, x[wrong], against[wrong], n_steps << doubling, n_steps)
            for old, new in zip(found, finer, strict=True):
                old[wrong] = new
        return found

    contributions, hypothetical, error = compare(
        network, sequences, compared, multipliers, 2 * n_steps * compared.n_each
    )
    return Explanation(
        sequences, contributions, hypothetical, logits, "integrated_gradients", target, error
    )


def expected_gradients(
    model: keras.Model,
    sequences: np.ndarray,
    *,
    target: int = 0,
    references="shuffled",
    n_references: int = 100,
    rng=0,
) -> Explanation:
    """Gradients at one random point on the line to each of many references, averaged.

    In expectation they are integrated gradients, averaged over the references; the completeness
    error is what this sample misses.

    *What it does not show*: the same as :func:`integrated_gradients`; and two runs differ, by
    about as much as the completeness error says.

    Parameters
    ----------
    model, sequences, target
        As in :func:`saliency`.
    references, n_references, rng
        As in :func:`integrated_gradients`; `rng` also draws the points.

    Returns
    -------
    Explanation
        With hypothetical contributions and the completeness error.

    Raises
    ------
    TypeError, ValueError
        As :func:`integrated_gradients`.

    References
    ----------
    Erion et al. 2021, doi:10.1038/s42256-021-00343-w

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.filter_bank(50, rng=0)
    >>> expected_gradients(model, random_sequences(2, 50, rng=1)).hypothetical.shape
    (2, 50, 4)
    """
    rng = as_rng(rng)
    network, sequences, logits = checked_network(model, sequences, target)
    compared = References(references, sequences.shape, n_references, rng)
    along = _gradients_along(model, network, target)

    def multipliers(x, against):
        return along(x, against, rng.random((*against.shape[:2], 1), np.float32))

    contributions, hypothetical, error = compare(
        network, sequences, compared, multipliers, 4 * compared.n_each
    )
    return Explanation(
        sequences, contributions, hypothetical, logits, "expected_gradients", target, error
    )


def deconvnet(model: keras.Model, sequences: np.ndarray, *, target: int = 0) -> Explanation:
    """Signals sent back through the network, at each ReLU only where the signal is positive.

    *What it does not show*: which bases lower the logit; nor which of several outputs they speak
    for: the signal hardly depends on it.

    Parameters
    ----------
    model, sequences, target
        As in :func:`saliency`; the network needs a ReLU.

    Returns
    -------
    Explanation
        The signal at the bases present; `hypothetical` is the signal.

    Raises
    ------
    TypeError, ValueError
        As :func:`saliency`, or if the network has no ReLU.

    References
    ----------
    Zeiler & Fergus 2013, doi:10.48550/arXiv.1311.2901

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.filter_bank(50, rng=0)
    >>> deconvnet(model, random_sequences(2, 50, rng=1)).method
    'deconvnet'
    """
    return _through_relus(model, sequences, target, (_ThroughReLU,), "deconvnet")


def guided_backpropagation(
    model: keras.Model, sequences: np.ndarray, *, target: int = 0
) -> Explanation:
    """Gradients, but at each ReLU only where both the signal and the ReLU's input are positive.

    *What it does not show*: the same as :func:`deconvnet`; it is sharp, but nearly blind to the
    output that it is asked about.

    Parameters
    ----------
    model, sequences, target
        As in :func:`saliency`; the network needs a ReLU.

    Returns
    -------
    Explanation
        The signal at the bases present; `hypothetical` is the signal.

    Raises
    ------
    TypeError, ValueError
        As :func:`deconvnet`.

    References
    ----------
    Springenberg et al. 2014, doi:10.48550/arXiv.1412.6806

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.filter_bank(50, rng=0)
    >>> guided_backpropagation(model, random_sequences(2, 50, rng=1)).method
    'guided_backpropagation'
    """
    return _through_relus(model, sequences, target, (_Guided,), "guided_backpropagation")


def grad_cam(
    model: keras.Model, sequences: np.ndarray, *, target: int = 0, layer: str | None = None
) -> Explanation:
    """Where the filters of a convolution respond, each weighted by its mean gradient.

    What is negative in the sum counts as 0. Between the positions of the layer the map is
    interpolated; each position stands at the middle of the bases that it sees.

    *What it does not show*: single bases: the map is as coarse as the layer that it is made of.
    What lowers the logit is left out.

    Parameters
    ----------
    model, sequences, target
        As in :func:`saliency`.
    layer : str, optional
        Name of the layer to look at, by default the last convolution. All that the network
        computes must pass through it.

    Returns
    -------
    Explanation
        Its contributions are never negative.

    Raises
    ------
    TypeError, ValueError
        As :func:`saliency`, or if there is no such layer, or a way around it.

    References
    ----------
    Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.filter_bank(50, rng=0)
    >>> grad_cam(model, random_sequences(2, 50, rng=1)).contributions.shape
    (2, 50)
    """
    network, sequences, logits = checked_network(model, sequences, target)
    chosen = _layer(network, layer)
    key = ("grad_cam", chosen.name, target)
    run = _backend.remembered(model, key, lambda: _activation_map(network, chosen, target))
    length = sequences.shape[1]
    maps = [run(sequences[rows]) for rows in batches(network, *sequences.shape[:2], copies=4)]
    coarse = np.concatenate(maps)  # (n, positions)
    middles = _middles(network, chosen, coarse.shape[1], length)
    fine = np.stack([np.interp(np.arange(length), middles, row) for row in coarse])
    return Explanation(sequences, fine.astype(np.float32), None, logits, "grad_cam", target)


def guided_grad_cam(
    model: keras.Model, sequences: np.ndarray, *, target: int = 0, layer: str | None = None
) -> Explanation:
    """Guided backpropagation, weighted by Grad-CAM: sharp, and asked about one output.

    *What it does not show*: which bases lower the logit.

    Parameters
    ----------
    model, sequences, target, layer
        As in :func:`grad_cam`; the network needs a ReLU.

    Returns
    -------
    Explanation
        Products of the contributions of both.

    Raises
    ------
    TypeError, ValueError
        As :func:`grad_cam` and :func:`guided_backpropagation`.

    References
    ----------
    Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model = architectures.filter_bank(50, rng=0)
    >>> guided_grad_cam(model, random_sequences(2, 50, rng=1)).method
    'guided_grad_cam'
    """
    where = grad_cam(model, sequences, target=target, layer=layer)
    guided = guided_backpropagation(model, sequences, target=target)
    return dataclasses.replace(
        guided,
        contributions=where.contributions * guided.contributions,
        hypothetical=where.contributions[..., None] * guided.hypothetical,
        method="guided_grad_cam",
    )


def layerwise_relevance(
    model: keras.Model, sequences: np.ndarray, *, target: int = 0, epsilon: float = 1e-6
) -> Explanation:
    """Layerwise relevance propagation: the logit, handed down in the shares of each layer's sums.

    With ReLU, and no other activation, this is gradient times input, as `epsilon` goes to 0.

    *What it does not show*: more than the gradient, in networks of ReLU; what biases take.

    Parameters
    ----------
    model, sequences, target
        As in :func:`saliency`.
    epsilon : float
        Added to the size of each sum before it divides: what a layer takes away from small ones.

    Returns
    -------
    Explanation
        `hypothetical` is the relevance that each base would have, were it there.

    Raises
    ------
    TypeError, ValueError
        As :func:`saliency`, or if `epsilon` is not positive.

    References
    ----------
    Bach et al. 2015, doi:10.1371/journal.pone.0130140; as a modified gradient, Ancona et al.
    2018, doi:10.48550/arXiv.1711.06104

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import random_sequences
    >>> from dragonn_lite.networks import architectures
    >>> model, x = architectures.filter_bank(50, rng=0), random_sequences(2, 50, rng=1)
    >>> relevance = layerwise_relevance(model, x).contributions
    >>> bool(np.allclose(relevance, gradient_times_input(model, x).contributions, atol=1e-4))
    True
    """
    if not 0 < as_number(epsilon, "epsilon") < np.inf:
        raise ValueError(f"epsilon is {epsilon!r}, expected a finite number above 0")
    network, sequences, logits = checked_network(model, sequences, target)
    rule = (_Relevance, epsilon)
    signal, _ = _signal(model, network, rule, sequences, target)
    return _times_input(signal, sequences, logits, "layerwise_relevance", target)


class _ThroughReLU(Rule):
    """Only positive signals go back through a ReLU."""

    where_active = False  # whether only through a ReLU that let its input pass
    met = False  # whether the network had a ReLU

    def activation(self, name, function, z):
        if name not in ("relu", "relu6"):
            return function(z)
        self.met = True

        @ops.custom_gradient
        def rectify(z):
            def back(*args, upstream=None):  # PyTorch names what the others only pass
                signal = ops.maximum(args[0] if upstream is None else upstream, 0)
                return signal * ops.cast(z > 0, z.dtype) if self.where_active else signal

            return function(z), back

        return rectify(z)


class _Guided(_ThroughReLU):
    where_active = True


class _Relevance(Rule):
    """The epsilon rule, as a gradient: each sum divides what it hands down."""

    def __init__(self, epsilon):
        self.epsilon = epsilon

    def _stable(self, z):
        return z + self.epsilon * ops.where(z < 0, -1.0, 1.0)

    def activation(self, name, function, z):
        z0 = ops.stop_gradient(z)
        return as_if(function(z0), (function(z0) / self._stable(z0), z))

    def layer(self, operation, function, tensors):
        z = function(*tensors)
        if not is_linear(operation) or not getattr(operation, "weights", None):
            return z
        fixed = ops.stop_gradient(z)
        return as_if(fixed, (fixed / self._stable(fixed), z))


def _compiled_gradient(model, network, rule, target):
    """Compile the way back by a rule (its type, what it is made of), and return the rule too."""

    def make():
        taken = rule[0](*rule[1:])
        rebuilt = rebuild(network, taken).network

        def run(x):
            return _backend.value_and_gradient(lambda x: rebuilt(x)[:, target], x)[1]

        return _backend.compiled(run, rebuilt), taken

    return _backend.remembered(model, ("gradient", rule, target), make)


def _signal(model, network, rule, sequences, target):
    """What comes back to each base, (n, length, 4), and the rule that it went by."""
    gradient, taken = _compiled_gradient(model, network, rule, target)
    parts = [gradient(sequences[rows]) for rows in batches(network, *sequences.shape[:2], copies=4)]
    return np.concatenate(parts), taken


def _times_input(signal, sequences, logits, method, target):
    present = project(signal, sequences).astype(np.float32)
    return Explanation(sequences, present, signal, logits, method, target)


def _through_relus(model, sequences, target, rule, method):
    network, sequences, logits = checked_network(model, sequences, target)
    signal, taken = _signal(model, network, rule, sequences, target)
    if not taken.met:
        raise ValueError(
            f"model {model.name} has no ReLU, where {method} differs from the gradient; use "
            "gradients.gradient_times_input"
        )
    return _times_input(signal, sequences, logits, method, target)


def _layer(network, name):
    """The layer of this name, by default the last convolution."""
    if name is None:
        convolutions = [x for x in network.layers if isinstance(x, layers.Conv1D)]
        if not convolutions:
            raise ValueError(
                f"model {network.name} has no Conv1D layer; name another one with layer="
            )
        return convolutions[-1]
    for layer in network.layers:
        if layer.name == name and len(layer.output.shape) == 3:
            return layer
    named = ", ".join(x.name for x in network.layers if len(x.output.shape) == 3)
    raise ValueError(f"layer is {name!r}, expected one that gives (positions, channels): {named}")


def _activation_map(network, layer, target):
    """Compile: sequences to the map of a layer, (n, positions)."""
    rebuilt = rebuild(network, Rule())
    features = rebuilt.outputs_of(layer)
    head = keras.Model(rebuilt.network.inputs[0], features)
    try:
        tail = keras.Model(features, rebuilt.network.outputs[0])
    except ValueError:
        raise ValueError(
            f"layer {layer.name} can be passed by in model {network.name}; name one with layer= "
            "that everything passes through"
        ) from None

    def run(x):
        responses = head(x)  # (n, positions, channels)
        slopes = _backend.value_and_gradient(lambda z: tail(z)[:, target], responses)[1]
        weights = ops.mean(slopes, axis=1, keepdims=True)
        return ops.relu(ops.sum(weights * responses, axis=2))

    return _backend.compiled(run, rebuilt.network)


def _middles(network, layer, n_positions, length):
    """The middle of the bases that each position of a layer sees, from strides and widths."""
    first, stride = 0.0, 1
    for before in network.layers:
        width = getattr(before, "kernel_size", getattr(before, "pool_size", (1,)))[0]
        step = getattr(before, "strides", (1,))[0]
        width = 1 + (width - 1) * getattr(before, "dilation_rate", (1,))[0]
        padding = getattr(before, "padding", "valid")
        read = before.input.shape[1] if width > 1 else 0
        missing = max((-(-read // step) - 1) * step + width - read, 0) if read else 0
        outside = {"same": missing // 2, "causal": width - 1}.get(padding, 0)
        first += stride * ((width - 1) / 2 - outside)
        stride *= step
        if before is layer:
            break
    return (first + stride * np.arange(n_positions)).clip(0, length - 1)


def _gradients_along(model, network, target):
    """Compile what :func:`references.compare` asks for, given points on the lines (n, r, k)."""
    return _backend.remembered(
        model, ("along", target), lambda: _compiled_along(rebuild(network, Rule()), target)
    )


def _compiled_along(rebuilt, target):
    halves = rebuilt.halves()
    # What is linear before the first activation is passed once for all points of a line.
    head, tail = halves or (None, rebuilt.network)

    def run(sequences, references, points):
        n_references, n_points = points.shape[1:]
        length = sequences.shape[1]
        references_in_rows = ops.reshape(references, (-1, length, 4))
        end, start = sequences, references_in_rows
        if head is not None:
            end, start = head(end), head(start)
        shape = start.shape[1:]
        difference = ops.reshape(tail(end)[:, target], (-1, 1)) - ops.reshape(
            tail(start)[:, target], (-1, n_references)
        )
        start = ops.reshape(start, (-1, n_references, 1, *shape))
        end = ops.reshape(end, (-1, 1, 1, *shape))
        points = ops.reshape(points, (-1, n_references, n_points, *(1 for _ in shape)))
        between = ops.reshape(start + points * (end - start), (-1, *shape))
        slopes = _backend.value_and_gradient(lambda x: tail(x)[:, target], between)[1]
        slopes = ops.mean(ops.reshape(slopes, (-1, n_points, *shape)), axis=1)
        if head is not None:
            slopes = _backend.value_and_gradient(lambda x: head(x) * slopes, references_in_rows)[1]
        slopes = ops.reshape(slopes, (-1, n_references, length, 4))
        return (
            ops.mean(difference, axis=1),
            ops.mean(slopes, axis=1),
            ops.sum(slopes * references, axis=(1, 3)) / n_references,
        )

    return _backend.compiled(run, rebuilt.network)


def _at(along, x, against, n_steps, places=None):
    """The same at evenly spread points: the middles of so many equal steps, or some of them."""
    places = np.arange(n_steps) if places is None else places
    points = np.broadcast_to((places + 0.5) / n_steps, (*against.shape[:2], len(places)))
    return [np.array(part) for part in along(x, against, points)]


def _in_parts(along, x, against, n_steps, n_at_once):
    """The same with more steps than memory was reckoned for: every so many of them at a time."""
    n_parts = n_steps // n_at_once
    parts = [
        _at(along, x, against, n_steps, np.arange(i, n_steps, n_parts)) for i in range(n_parts)
    ]
    return [np.mean(part, axis=0) for part in zip(*parts, strict=True)]
