"""What does it remember? Networks that read a sequence step by step. The front door.

What does the network hold after each base?
    :func:`states`
What does it say after each base?
    :func:`temporal_output`, and as an explanation :func:`temporal_increments`
Which units switch on over a range, and where else?
    :func:`select`, :func:`match`
Which units follow a property of the sequence?
    :func:`tracking_units`
What has each step left in the memory?
    :func:`decompose`
Which automaton does it trace?
    :func:`cluster_states`
Which bases does a step read?
    :func:`bases_read`, :func:`spread`

What follows a network takes a functional or sequential Keras model with an LSTM, GRU or SimpleRNN,
of one direction or both; what looks at units and clusters takes the :class:`States` of one.
"""

from __future__ import annotations

from dragonn_lite.interpretation.alignment import bases_read, spread
from dragonn_lite.interpretation.clusters import Clusters, TracedAutomaton, cluster_states
from dragonn_lite.interpretation.decomposition import decompose
from dragonn_lite.interpretation.prefixes import temporal_increments, temporal_output
from dragonn_lite.interpretation.selection import match, select
from dragonn_lite.interpretation.states import States, states
from dragonn_lite.interpretation.tracking import tracking_units

__all__ = [
    "Clusters",
    "States",
    "TracedAutomaton",
    "bases_read",
    "cluster_states",
    "decompose",
    "match",
    "select",
    "spread",
    "states",
    "temporal_increments",
    "temporal_output",
    "tracking_units",
]
