"""Explanations by following the logit back through the network. The front door.

At the sequence itself
    :func:`saliency`, :func:`gradient_times_input`, :func:`smoothgrad`
On the way from a reference
    :func:`integrated_gradients`, :func:`expected_gradients`
By other rules than the gradient's
    :func:`deconvnet`, :func:`guided_backpropagation`, :func:`layerwise_relevance`
By the responses of a layer
    :func:`grad_cam`, :func:`guided_grad_cam`

Each takes a functional or sequential Keras model, one-hot sequences and a target, and returns an
:class:`~dragonn_lite.interpretation.explanations.Explanation`. DeepLIFT stands in
:mod:`dragonn_lite.interpretation.deeplift`.
"""

from __future__ import annotations

from dragonn_lite.interpretation.activation_maps import grad_cam, guided_grad_cam
from dragonn_lite.interpretation.paths import expected_gradients, integrated_gradients
from dragonn_lite.interpretation.signals import (
    deconvnet,
    guided_backpropagation,
    layerwise_relevance,
)
from dragonn_lite.interpretation.slopes import gradient_times_input, saliency, smoothgrad

__all__ = [
    "deconvnet",
    "expected_gradients",
    "grad_cam",
    "gradient_times_input",
    "guided_backpropagation",
    "guided_grad_cam",
    "integrated_gradients",
    "layerwise_relevance",
    "saliency",
    "smoothgrad",
]
