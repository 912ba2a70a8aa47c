"""Which explanation is right? Tests of explanations, most of them against planted sites.

Does it find what was planted?
    :func:`site_recovery`, and :func:`leaderboard` for many methods, grammars and networks, whose
    :func:`ranking` says which methods are really better
Does the model agree, where nothing was planted?
    :func:`deletion_curve`, :func:`insertion_curve`
Could it be right at all?
    :func:`randomised_weights` (does it look at the network?), :func:`saturation` (does it see sites
    that stand in for each other?), :func:`class_specificity` (does it tell tasks apart?)
"""

from __future__ import annotations

from dragonn_lite.interpretation.curves import Curve, deletion_curve, insertion_curve
from dragonn_lite.interpretation.leaderboard import leaderboard
from dragonn_lite.interpretation.ranking import ranking
from dragonn_lite.interpretation.recovery import SiteRecovery, site_recovery
from dragonn_lite.interpretation.sanity import (
    class_specificity,
    either_suffices,
    randomised_weights,
    saturation,
)

__all__ = [
    "Curve",
    "SiteRecovery",
    "class_specificity",
    "deletion_curve",
    "either_suffices",
    "insertion_curve",
    "leaderboard",
    "randomised_weights",
    "ranking",
    "saturation",
    "site_recovery",
]
