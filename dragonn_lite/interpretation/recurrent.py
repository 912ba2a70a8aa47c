"""What does it remember? Networks that read a sequence step by step. The front door.

What does the network hold after each base?
    :func:`states`
Which bases does a step read?
    :func:`bases_read`, :func:`spread`

Each takes a functional or sequential Keras model with an LSTM, GRU or SimpleRNN, of one direction
or both.
"""

from __future__ import annotations

from dragonn_lite.interpretation.alignment import bases_read, spread
from dragonn_lite.interpretation.states import States, states

__all__ = ["States", "bases_read", "spread", "states"]
