"""Gradients and compilation: the only file of this room that imports a backend."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Hashable

import keras
import numpy as np


def value_and_gradient(function: Callable, x) -> tuple:
    """Compute ``function(x)``, and the gradient of its sum with respect to the tensor `x`.

    Called within a function that :func:`compiled` compiles. Where each row of the result depends
    on its own row of `x` alone, this is the gradient of each row.

    Parameters
    ----------
    function : callable
        From a tensor to a tensor, differentiable.
    x : tensor

    Returns
    -------
    value : tensor
    gradient : tensor
        Of the shape of `x`; zeros where `function` does not depend on it.
    """
    return _GRADIENTS[keras.backend.backend()](function, x)


def compiled(function: Callable, network: keras.Model) -> Callable:
    """Compile a function of arrays that calls a network.

    Parameters
    ----------
    function : callable
        From tensors to a tensor or a tuple of them.
    network : keras.Model
        Its weights are read anew at each call: training goes on underneath without harm.

    Returns
    -------
    callable
        From float32 arrays to arrays.

    Examples
    --------
    >>> inputs = keras.Input((3,))
    >>> square = keras.Model(inputs, inputs**2)
    >>> slope = compiled(lambda x: value_and_gradient(square, x), square)
    >>> slope(np.array([[1.0, 2.0, 3.0]], np.float32))[1].tolist()
    [[2.0, 4.0, 6.0]]
    """
    run = _COMPILERS[keras.backend.backend()](function, network)

    def on_arrays(*arrays):
        results = run(*(np.asarray(array, np.float32) for array in arrays))
        return keras.tree.map_structure(keras.ops.convert_to_numpy, results)

    return on_arrays


def remembered(model: keras.Model, key: Hashable, make: Callable):
    """Return what ``make()`` returned when it was last called for this model and key.

    Compiling takes longer than explaining a sequence. What is remembered is forgotten with the
    model, and made anew when a layer has other settings, if all layers tell theirs; weights are
    always read anew.

    Parameters
    ----------
    model : keras.Model
    key : hashable
    make : callable
    """
    settings = _settings(model)
    known = _REMEMBERED.setdefault(model, {})
    if key not in known or known[key][0] != settings:
        known[key] = settings, make()
    return known[key][1]


def _settings(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that functions without a name cannot be read back
        try:
            return model.to_json()
        except (NotImplementedError, TypeError):  # a layer that does not tell its own
            return ""


_REMEMBERED: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def _tensorflow_gradient(function, x):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return value, tf.convert_to_tensor(tape.gradient(value, x, unconnected_gradients="zero"))


def _jax_gradient(function, x):
    import jax

    value, pull_back = jax.vjp(function, x)
    return value, pull_back(jax.numpy.ones_like(value))[0]


def _torch_gradient(function, x):
    import torch

    with torch.enable_grad():
        x = x.detach().requires_grad_(True)
        value = function(x)
        (found,) = torch.autograd.grad(value.sum(), x, allow_unused=True)
    return value.detach(), torch.zeros_like(x) if found is None else found


def _tensorflow_compiled(function, network):
    import tensorflow as tf

    graphs = {}  # one for each shape of a row: any number of rows is the same graph

    def run(*arrays):
        rows = tuple(array.shape[1:] for array in arrays)
        if rows not in graphs:
            signature = [tf.TensorSpec((None, *row), tf.float32) for row in rows]
            graph = tf.function(function, autograph=False)
            # Traced here: called, it would be taken for one function that is traced too often,
            # since those of all networks share their code.
            graphs[rows] = graph.get_concrete_function(*signature)
        return graphs[rows](*(tf.constant(array) for array in arrays))

    return run


def _jax_compiled(function, network):
    import jax

    variables = network.variables

    @jax.jit
    def run(values, *arrays):
        # Weights go in as arguments: those seen while tracing would stay for ever.
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return function(*arrays)

    return lambda *arrays: run([variable.value for variable in variables], *arrays)


def _torch_compiled(function, network):
    return lambda *arrays: function(*(keras.ops.convert_to_tensor(array) for array in arrays))


_GRADIENTS = {
    "tensorflow": _tensorflow_gradient,
    "jax": _jax_gradient,
    "torch": _torch_gradient,
}
_COMPILERS = {
    "tensorflow": _tensorflow_compiled,
    "jax": _jax_compiled,
    "torch": _torch_compiled,
}
