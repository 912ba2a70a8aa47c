"""Where does a network pay attention, and does it matter? The front door.

What is attended to?
    :func:`layers`, :func:`weights`, whose :class:`Attention` holds them by head, aligned to bases
As explanations
    :func:`attention`, :func:`attention_times_gradient`
Does the score depend on it?
    :func:`faithfulness`, and :func:`reweighted`, the score with weights of your own
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
from dragonn_lite.interpretation.faithfulness import faithfulness

__all__ = [
    "Attention",
    "attention",
    "attention_times_gradient",
    "faithfulness",
    "layers",
    "reweighted",
    "weights",
]
