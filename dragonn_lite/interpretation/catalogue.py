"""Every explanation under one name: :func:`explain` calls it, :func:`methods` lists them all."""

from __future__ import annotations

import difflib
import importlib
import inspect
import math
import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count
from dragonn_lite.dna.sequences import random_sequences

if TYPE_CHECKING:
    from dragonn_lite.interpretation.explanations import Explanation


class _Method(NamedTuple):
    """A row of the table; words on the columns are in :func:`methods`."""

    place: str  # module and function, imported when it is called
    family: str
    needs: str
    passes: str
    completeness: str
    signed: bool
    hypothetical: bool
    compared_with: str
    source: str


_ANY, _BACK, _MEMORY, _LSTM = "any callable", "gradients", "a recurrent network", "an LSTM"
_ATTENDING = "an attention layer"
_WINDOWS = "(ceil((length - width_bp) / stride_bp) + 1)"
_METHODS = {
    "in_silico_mutagenesis": _Method(
        "perturbation.in_silico_mutagenesis", "perturbation", _ANY, "3 * length",
        "none", True, True, "other bases", "10.1038/nmeth.3547",
    ),
    "occlusion": _Method(
        "perturbation.occlusion", "perturbation", _ANY, _WINDOWS,
        "none", True, False, "covered windows", "10.1007/978-3-319-10590-1_53",
    ),
    "window_shuffle": _Method(
        "perturbation.window_shuffle", "perturbation", _ANY, _WINDOWS + " * n_samples",
        "none", True, False, "random windows", "10.1371/journal.pone.0171410",
    ),
    "marginal_substitution": _Method(
        "perturbation.marginal_substitution", "perturbation", _ANY, _WINDOWS + " * n_samples",
        "none", True, False, "plausible windows", "10.48550/arXiv.1702.04595",
    ),
    "lime": _Method(
        "lime.lime", "perturbation", _ANY,
        "min(n_samples + 2, 2 ** ceil(length / width_bp)) * n_references",
        "none", True, False, "references", "10.1145/2939672.2939778",
    ),
    "optimal_mask": _Method(
        "masks.optimal_mask", "perturbation", _BACK, "n_steps + 1",
        "none", False, False, "uniform bases", "10.1109/ICCV.2017.371",
    ),
    "saliency": _Method(
        "gradients.saliency", "gradient", _BACK, "1",
        "none", False, True, "nothing", "10.48550/arXiv.1312.6034",
    ),
    "gradient_times_input": _Method(
        "gradients.gradient_times_input", "gradient", _BACK, "1",
        "none", True, True, "nothing", "10.48550/arXiv.1605.01713",
    ),
    "smoothgrad": _Method(
        "gradients.smoothgrad", "gradient", _BACK, "n_samples",
        "none", True, True, "nothing", "10.48550/arXiv.1706.03825",
    ),
    "integrated_gradients": _Method(
        "gradients.integrated_gradients", "gradient", _BACK, "n_steps + 1",
        "to a tolerance", True, True, "references", "10.48550/arXiv.1703.01365",
    ),
    "expected_gradients": _Method(
        "gradients.expected_gradients", "gradient", _BACK, "2 * n_references",
        "on average", True, True, "references", "10.1038/s42256-021-00343-w",
    ),
    "deconvnet": _Method(
        "gradients.deconvnet", "signal", _BACK, "1",
        "none", True, True, "nothing", "10.48550/arXiv.1311.2901",
    ),
    "guided_backpropagation": _Method(
        "gradients.guided_backpropagation", "signal", _BACK, "1",
        "none", True, True, "nothing", "10.48550/arXiv.1412.6806",
    ),
    "layerwise_relevance": _Method(
        "gradients.layerwise_relevance", "signal", _BACK, "1",
        "none", True, True, "nothing", "10.1371/journal.pone.0130140",
    ),
    "grad_cam": _Method(
        "gradients.grad_cam", "activation map", _BACK, "1",
        "none", False, False, "nothing", "10.1109/ICCV.2017.74",
    ),
    "guided_grad_cam": _Method(
        "gradients.guided_grad_cam", "activation map", _BACK, "2",
        "none", True, True, "nothing", "10.1109/ICCV.2017.74",
    ),
    "deeplift": _Method(
        "deeplift.deeplift", "difference", _BACK, "n_references + 1",
        "to rounding", True, True, "references", "10.48550/arXiv.1704.02685",
    ),
    "shapley": _Method(
        "shapley.sampled", "coalition", _ANY,
        "2 * n_permutations * (ceil(length / width_bp) + 1) * n_references",
        "to rounding", True, False, "references", "10.1007/s10115-013-0679-x",
    ),
    "temporal_output": _Method(
        "prefixes.temporal_increments", "memory", _MEMORY, "1",
        "to rounding", True, False, "nothing read", "10.1142/9789813207813_0025",
    ),
    "lstm_decomposition": _Method(
        "decomposition.decompose", "memory", _LSTM, "1",
        "to rounding", True, False, "nothing read", "10.48550/arXiv.1702.02540",
    ),
    "attention": _Method(
        "attention.attention", "attention", _ATTENDING, "1",
        "none", False, False, "nothing", "10.48550/arXiv.1409.0473",
    ),
    "attention_times_gradient": _Method(
        "attention.attention_times_gradient", "attention", _ATTENDING, "3",
        "where linear", True, False, "weights of 0", "10.48550/arXiv.1608.05745",
    ),
}  # fmt: skip


NAMES = tuple(_METHODS)

#: What some are called elsewhere, for the question "did you mean".
_ELSEWHERE = {
    "ism": "in_silico_mutagenesis", "mutagenesis": "in_silico_mutagenesis",
    "gradient": "saliency", "vanilla_gradient": "saliency", "backprop": "saliency",
    "gxi": "gradient_times_input", "input_x_gradient": "gradient_times_input",
    "ig": "integrated_gradients", "gradient_shap": "expected_gradients",
    "deep_shap": "deeplift", "deeplift_shap": "deeplift", "lrp": "layerwise_relevance",
    "cam": "grad_cam", "shap": "shapley", "kernel_shap": "shapley",
    "shuffle": "window_shuffle", "prediction_difference": "marginal_substitution",
    "decompose": "lstm_decomposition", "decomposition": "lstm_decomposition",
    "temporal_increments": "temporal_output",
    "attention_weights": "attention", "retain": "attention_times_gradient",
}  # fmt: skip


def nearest(name: str) -> str:
    """Give the method that is most likely meant by a name that is none of them, "" if none is.

    Examples
    --------
    >>> nearest("ISM"), nearest("Deep LIFT"), nearest("tea")
    ('in_silico_mutagenesis', 'deeplift', '')
    """
    said = name.lower().replace(" ", "_").replace("-", "_")
    if said in _ELSEWHERE:
        return _ELSEWHERE[said]
    return "".join(difflib.get_close_matches(said, _METHODS, 1, cutoff=0.5))


def explain(
    model, sequences: np.ndarray, *, method: str = "deeplift", target: int = 0, rng=0, **options
) -> Explanation:
    """Contributions of each base to one logit, by any method of :func:`methods`.

    Parameters
    ----------
    model : keras.Model or callable
        From one-hot (n, length, 4) to logits (n,) or (n, n_tasks). Methods that need gradients
        need a functional or sequential Keras model.
    sequences : array (n, length, 4)
        One-hot sequences.
    method : str
        Name of the method.
    target : int
        Which output is explained.
    rng : Generator or int
        Goes to methods that draw; others do without.
    **options
        Of the method: those of the function of its name, which is in one of the modules
        ``perturbation``, ``lime``, ``masks``, ``gradients``, ``deeplift``, ``shapley``,
        ``recurrent`` and ``attention`` of this room, and says what they do.

    Returns
    -------
    Explanation
        With ``contributions`` (n, length) of the bases that are there, ``hypothetical``
        (n, length, 4) of all four where the method gives them, else None, ``logits`` (n,), and
        more: see :class:`~dragonn_lite.interpretation.explanations.Explanation`.

    Raises
    ------
    TypeError
        If the method has no such option, or needs gradients that the model does not give.
    ValueError
        If there is no such method, or sequences, target or options are not as it states.

    Examples
    --------
    >>> from dragonn_lite.dna.sequences import one_hot
    >>> has_g = lambda x: x[:, :, 2].max(axis=1)
    >>> explain(has_g, one_hot("AGA"), method="occlusion", width_bp=1).contributions.tolist()
    [[0.0, 1.0, 0.0]]
    >>> explain(has_g, one_hot("AGA"), method="oclusion")
    Traceback (most recent call last):
      ...
    ValueError: method is 'oclusion', did you mean 'occlusion'? interpretation.methods() lists all

    Tables of explainers. Leaderboards give each a network of theirs; the attribution explorer shows
    one network, which has to be in the table:

    >>> from functools import partial
    >>> names = ("occlusion", "lime")
    >>> for_leaderboards = {name: partial(explain, method=name) for name in names}
    >>> for_explorer = {name: partial(explain, has_g, method=name) for name in names}
    """
    if not (isinstance(method, str) and method in _METHODS):
        near = nearest(method) if isinstance(method, str) else ""
        meant = f"did you mean {near!r}?" if near else "which is none;"
        raise ValueError(f"method is {method!r}, {meant} interpretation.methods() lists all")
    function = _function(method)
    known = _options(function)
    given = options | ({"rng": rng} if "rng" in known else {})
    if strange := [name for name in options if name not in known]:
        raise TypeError(
            f"{strange[0]} is no option of {method}, which has "
            f"{', '.join(name for name in known if name != 'rng') or 'none'}"
        )
    return function(model, sequences, target=target, **given)


def methods(length: int = 200, *, model=None) -> pd.DataFrame:
    """List the methods that :func:`explain` knows, and what each needs, costs and promises.

    Parameters
    ----------
    length : int
        Of a sequence in bp, for which passes are counted.
    model : keras.Model or callable, optional
        Leave out the methods that cannot explain this model. Those that need more than a callable
        explain a sequence to find out.

    Returns
    -------
    DataFrame
        A row for each method:

        - `method`, `family`, and in a sentence its `summary` (``methods().style`` shows it whole
          in a notebook);
        - `needs`: "any callable", the "gradients" of a functional Keras model, "a recurrent
          network", "an LSTM" under a linear head, or "an attention layer";
        - `passes`: how many inputs the network is given for each sequence, by the options of the
          method. Where it needs gradients each also goes back. Mutagenesis computes only what a
          mutation reaches, where the network allows it; integrated gradients take up to 16 times
          their steps, until their tolerance is met;
        - `n_passes`: the same for a sequence of this length and the defaults of the options; 0
          where a window does not fit;
        - `completeness`: how nearly contributions add up to the logit less that of the references:
          "to rounding", "to a tolerance", "on average", "where linear" (to rounding, where all
          behind the attention weights is linear), or "none" is promised;
        - `signed`: whether contributions may be negative;
        - `hypothetical`: whether every possible base is scored, not only the one that is there;
        - `compared_with`: what stands in for the sequence; "references" are those of the option
          of that name, "nothing read" is the memory before the first base;
        - `source`: DOI of the publication.

    Raises
    ------
    ValueError
        If the length is no whole number of at least 1.

    Examples
    --------
    >>> table = methods().set_index("method")
    >>> table.loc["in_silico_mutagenesis", ["needs", "passes"]].tolist()
    ['any callable', '3 * length']
    >>> int(table.loc["smoothgrad", "n_passes"])
    50
    >>> sorted(table.index[table["completeness"] != "none"])
    ['attention_times_gradient', 'deeplift', 'expected_gradients', 'integrated_gradients',
    'lstm_decomposition', 'shapley', 'temporal_output']
    >>> has_g = lambda x: x[:, :, 2].max(axis=1)
    >>> methods(model=has_g)["needs"].unique().tolist()
    ['any callable']
    """
    as_count(length, "length", 1)
    rows = []
    for name, about in _METHODS.items():
        if model is not None and not _explains(name, model, length):
            continue
        numbers = _options(_function(name)) | {"length": length}
        n_passes = max(
            0, eval(about.passes, {"ceil": math.ceil, "min": min}, numbers)
        )  # one of ours, above
        summary = inspect.getdoc(_function(name)).split("\n")[0]
        rows.append((name, *about[1:4], n_passes, *about[4:], summary))
    columns = ["method", *_Method._fields[1:4], "n_passes", *_Method._fields[4:], "summary"]
    return pd.DataFrame(rows, columns=columns)


def _explains(method, model, length):
    """Whether a method can explain a model: tried, where more than a callable is needed."""
    if _METHODS[method].needs == _ANY:
        return True
    shape = getattr(model, "input_shape", None)
    length = (shape[1] if isinstance(shape, tuple) and len(shape) == 3 else None) or length
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of probabilities, of completeness
        try:
            _function(method)(model, random_sequences(1, length, rng=0))
        except (TypeError, ValueError):
            return False
    return True


def _function(method):
    module, name = _METHODS[method].place.split(".")
    return getattr(importlib.import_module("dragonn_lite.interpretation." + module), name)


def _options(function):
    """Options of a method other than the target, and their defaults."""
    parameters = inspect.signature(function).parameters.values()
    return {
        each.name: each.default
        for each in parameters
        if each.kind is each.KEYWORD_ONLY and each.name != "target"
    }
