"""What comes back from a logit to the bases: shared by the methods of one backward pass."""

from __future__ import annotations

import numpy as np

from dragonn_lite.interpretation import _backend
from dragonn_lite.interpretation._rules import rebuild
from dragonn_lite.interpretation.contributions import project
from dragonn_lite.interpretation.explanations import Explanation, batches


def compiled_gradient(model, network, rule, target):
    """Compile the way back by a rule (its type, what it is made of), and return the rule too."""

    def make():
        taken = rule[0](*rule[1:])
        rebuilt = rebuild(network, taken).network

        def run(x):
            return _backend.value_and_gradient(lambda x: rebuilt(x)[:, target], x)[1]

        return _backend.compiled(run, rebuilt), taken

    return _backend.remembered(model, ("gradient", rule, target), make)


def signal_of(model, network, rule, sequences, target):
    """What comes back to each base, (n, length, 4), and the rule that it went by."""
    gradient, taken = compiled_gradient(model, network, rule, target)
    parts = [gradient(sequences[rows]) for rows in batches(network, *sequences.shape[:2], copies=4)]
    return np.concatenate(parts), taken


def times_input(signal, sequences, logits, method, target):
    present = project(signal, sequences).astype(np.float32)
    return Explanation(sequences, present, signal, logits, method, target)
