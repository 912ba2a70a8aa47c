"""Signals sent back through the network by other rules than the gradient's."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from dragonn_lite._contract import as_number
from dragonn_lite.interpretation._rules import Rule, as_if, is_linear
from dragonn_lite.interpretation._signals import signal_of, times_input
from dragonn_lite.interpretation.explanations import Explanation, checked_network


def deconvnet(model: keras.Model, sequences: np.ndarray, *, target: int = 0) -> Explanation:
    """Signals sent back through the network, at each ReLU only where the signal is positive.

    *What it does not show*: which bases lower the logit; nor which of several outputs they speak
    for: the signal hardly depends on it.

    Parameters
    ----------
    model, sequences, target
        As in :func:`slopes.saliency`; the network needs a ReLU.

    Returns
    -------
    Explanation
        The signal at the bases present; `hypothetical` is the signal.

    Raises
    ------
    TypeError, ValueError
        As :func:`slopes.saliency`, or if the network has no ReLU.

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
        As in :func:`slopes.saliency`; the network needs a ReLU.

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


def layerwise_relevance(
    model: keras.Model, sequences: np.ndarray, *, target: int = 0, epsilon: float = 1e-6
) -> Explanation:
    """Layerwise relevance propagation: the logit, handed down in the shares of each layer's sums.

    With ReLU, and no other activation, this is gradient times input, as `epsilon` goes to 0.

    *What it does not show*: more than the gradient, in networks of ReLU; what biases take. Through
    activations that are not 0 at 0, such as the sigmoid, relevance grows beyond all measure where
    their input is small.

    Parameters
    ----------
    model, sequences, target
        As in :func:`slopes.saliency`.
    epsilon : float
        Added to the size of each sum before it divides: what a layer takes away from small ones.

    Returns
    -------
    Explanation
        `hypothetical` is the relevance that each base would have, were it there.

    Raises
    ------
    TypeError, ValueError
        As :func:`slopes.saliency`, or if `epsilon` is not positive.

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
    >>> from dragonn_lite.interpretation.slopes import gradient_times_input
    >>> bool(np.allclose(relevance, gradient_times_input(model, x).contributions, atol=1e-4))
    True
    """
    if not 0 < as_number(epsilon, "epsilon") < np.inf:
        raise ValueError(f"epsilon is {epsilon!r}, expected a finite number above 0")
    network, sequences, logits = checked_network(model, sequences, target)
    rule = (_Relevance, epsilon)
    signal, _ = signal_of(model, network, rule, sequences, target)
    return times_input(signal, sequences, logits, "layerwise_relevance", target)


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


def _through_relus(model, sequences, target, rule, method):
    network, sequences, logits = checked_network(model, sequences, target)
    signal, taken = signal_of(model, network, rule, sequences, target)
    if not taken.met:
        raise ValueError(
            f"model {model.name} has no ReLU, where {method} differs from the gradient; use "
            "gradients.gradient_times_input"
        )
    return times_input(signal, sequences, logits, method, target)
