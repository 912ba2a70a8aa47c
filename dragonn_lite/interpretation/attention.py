"""Where does a network pay attention, and does it matter? The front door.

What is attended to?
    :func:`layers`, :func:`weights`, whose :class:`Attention` holds them by head, aligned to bases
As explanations
    :func:`attention`, :func:`attention_times_gradient`
Does the score depend on it?
    :func:`reweighted`
"""

from __future__ import annotations

from dragonn_lite.interpretation.attention_weights import (
    Attention,
    attention,
    attention_times_gradient,
    layers,
    reweighted,
    weights,
)

__all__ = [
    "Attention",
    "attention",
    "attention_times_gradient",
    "layers",
    "reweighted",
    "weights",
]
