"""What did it learn? Explanations of a network's scores.

:func:`~dragonn_lite.interpretation.catalogue.explain` calls any of them by its name,
:func:`~dragonn_lite.interpretation.catalogue.methods` lists them.
"""

__all__ = ["explain", "methods"]


def __getattr__(name):
    if name not in __all__:  # loaded when first asked for: it is not every reader of this room's
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dragonn_lite.interpretation import catalogue

    return getattr(catalogue, name)


def __dir__():
    return sorted([*globals(), *__all__])
