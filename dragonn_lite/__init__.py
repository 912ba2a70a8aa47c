"""dragonn_lite: learn, and check for yourself, what deep networks find in DNA.

The rooms, in the order in which data flows through them::

    dna ──▶ assays ──▶ networks ──▶ interpretation ──▶ display ──▶ lesson
     letters   labels     models        scores            pictures
                  └────▶ evaluation ─────────────────────────┘

- :mod:`dragonn_lite.dna` - what goes in? Sequences, genomes, intervals, motifs.
- :mod:`dragonn_lite.assays` - where do labels come from? Simulations with known
  truth, peaks and signals, replicates, real data sets.
- :mod:`dragonn_lite.networks` - what learns? Architectures and training.
- :mod:`dragonn_lite.evaluation` - is it any good? Metrics, calibration, baselines.
- :mod:`dragonn_lite.interpretation` - what did it learn? Explanations.
- :mod:`dragonn_lite.display` - what do people see? Tables, logos, charts, widgets.
- :mod:`dragonn_lite.lesson` - the set-up cell and the results of a notebook.

The contract, which every room keeps
------------------------------------
One-hot
    ``(n_sequences, length, 4)``, bases A, C, G, T, channels last, stored as ``uint8``.
    ``N`` and the other ambiguous IUPAC letters are all zeros.
Labels
    ``int8``, 1 bound, 0 unbound, -1 ambiguous or missing (ignored by every loss and metric);
    ``(n_sequences,)`` or ``(n_sequences, n_tasks)``.
Scores
    Logits, unless a name says ``probability``. Explanations explain the logit of one output.
Contributions
    The shape of the one-hot where a method scores every possible base (hypothetical),
    ``(n_sequences, length)`` after projection onto the bases present. Positive pushes the
    logit up.
Positions
    0-based, half-open intervals, as in BED. Strand is ``"+"`` or ``"-"``. Names end in their
    unit (``width_bp``, ``information_bits``).
Randomness
    Enters only through ``rng``, a :class:`numpy.random.Generator` or an integer seed. Nothing
    happens on import: no seeds, no themes, no filters, no downloads.
Models
    A Keras 3 model, or, for methods that only predict, any callable from one-hot to scores.
Bad input
    Raises ``ValueError``, ``TypeError`` or ``FileNotFoundError`` in one sentence that names the
    argument, what it got, and the mend. What is skipped is counted and said.
"""

__version__ = "0.1.0"

_ROOMS = ("dna", "assays", "networks", "evaluation", "interpretation", "display", "lesson")

__all__ = list(_ROOMS)


def __getattr__(name):
    # Rooms load when they are first used: the two commands run before anything is installed,
    # so this file may import nothing but the standard library.
    if name in _ROOMS:
        import importlib

        return importlib.import_module("dragonn_lite." + name)
    raise AttributeError("module 'dragonn_lite' has no attribute %r" % name)


def __dir__():
    return sorted(list(globals()) + list(_ROOMS))
