"""Charts: a tidy table, or arrays, in; an altair chart out. The front door of all but the logos.

How good is it?
    :func:`roc`, :func:`precision_recall`, :func:`score_histogram`, :func:`confusion`,
    :func:`threshold_explorer`, :func:`reliability`
What is a label?
    :func:`signal_track`, :func:`signal_histogram`
Which is better, and when?
    :func:`learning_curve`, :func:`bars`, :func:`grammar_by_architecture`
Along the sequence
    :func:`contribution_track`, :func:`scan_track`, :func:`one_hot_grid`
What was planted, what was learned?
    :func:`simulation_picture`, :func:`filters_beside_motifs`
What has to be remembered, and what is?
    :func:`reading_states`, :func:`memory_chart` (of a :class:`Recording`), :func:`tracking_units`,
    :func:`unit_course`, :func:`automata`
What is attended to, and does it matter?
    :func:`attention_track`, :func:`attention_map`, :func:`faithfulness`
Do replicates agree?
    :func:`concordance`
What if?
    :func:`spacing`, :func:`variant_effects`
Which explanation is right?
    :func:`leaderboard`, :func:`attribution_panels`
What does a motif see?
    :func:`site_stack`, :func:`reading`, :func:`hits_by_threshold`

The title of each states the finding, the subtitle method, data and n; all are 560 to 640 px wide,
have a description for screen readers, and hold fewer than 5,000 rows.
"""

from __future__ import annotations

from dragonn_lite.display.attention import attention_map, attention_track
from dragonn_lite.display.attribution_panels import attribution_panels
from dragonn_lite.display.automata import automata
from dragonn_lite.display.calls import confusion, score_histogram
from dragonn_lite.display.comparisons import bars, grammar_by_architecture, learning_curve
from dragonn_lite.display.concordance import concordance
from dragonn_lite.display.experiments import spacing, variant_effects
from dragonn_lite.display.filters import filters_beside_motifs
from dragonn_lite.display.interventions import faithfulness
from dragonn_lite.display.leaderboards import leaderboard
from dragonn_lite.display.memory_panels import memory_chart
from dragonn_lite.display.memory_recording import Recording
from dragonn_lite.display.performance import precision_recall, roc
from dragonn_lite.display.readings import reading_states
from dragonn_lite.display.reliability import reliability
from dragonn_lite.display.scans import scan_track
from dragonn_lite.display.signals import signal_histogram, signal_track
from dragonn_lite.display.simulations import simulation_picture
from dragonn_lite.display.sites import reading, site_stack
from dragonn_lite.display.threshold_panels import threshold_explorer
from dragonn_lite.display.thresholds import hits_by_threshold
from dragonn_lite.display.tracking import tracking_units, unit_course
from dragonn_lite.display.tracks import contribution_track, one_hot_grid

__all__ = [
    "Recording",
    "attention_map",
    "attention_track",
    "attribution_panels",
    "automata",
    "bars",
    "concordance",
    "confusion",
    "contribution_track",
    "faithfulness",
    "filters_beside_motifs",
    "grammar_by_architecture",
    "hits_by_threshold",
    "leaderboard",
    "learning_curve",
    "memory_chart",
    "one_hot_grid",
    "precision_recall",
    "reading",
    "reading_states",
    "reliability",
    "roc",
    "scan_track",
    "score_histogram",
    "signal_histogram",
    "signal_track",
    "simulation_picture",
    "site_stack",
    "spacing",
    "threshold_explorer",
    "tracking_units",
    "unit_course",
    "variant_effects",
]
