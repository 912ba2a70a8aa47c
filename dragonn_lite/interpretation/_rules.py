"""A network rebuilt with other backward rules: same weights, same scores, other gradients."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import layers, ops

from dragonn_lite.interpretation.explanations import is_functional

#: Layers whose `activation=` is split off as a step of its own.
_WEIGHTED = (
    layers.Dense, layers.EinsumDense, layers.Conv1D, layers.Conv1DTranspose,
    layers.SeparableConv1D, layers.DepthwiseConv1D, layers.Conv2D,
)  # fmt: skip

#: Names, in lower case without "_", of functions and layers that treat each number on its own.
_ELEMENTWISE = """
    relu relu6 leakyrelu prelu elu selu celu gelu silu swish mish softplus softsign sigmoid tanh
    hardsigmoid hardsilu hardswish hardtanh tanhshrink softshrink hardshrink threshold logsigmoid
    squareplus sparseplus sparsesigmoid exponential exp log sqrt square absolute
    """.split()

#: Those of them that never fall: of a maximum the same as the maximum of them.
_RISING = "relu relu6 leakyrelu elu selu softplus sigmoid tanh".split()

#: Layers and operations that are linear (or affine) in all they read, when nothing is trained.
_LINEAR = """
    dense einsumdense conv1d conv1dtranspose separableconv1d depthwiseconv1d conv2d
    batchnormalization rescaling flatten reshape permute repeatvector zeropadding1d cropping1d
    upsampling1d averagepooling1d globalaveragepooling1d averagepooling2d globalaveragepooling2d
    dropout spatialdropout1d gaussiandropout gaussiannoise alphadropout activityregularization
    add subtract average concatenate identity mean sum getitem squeeze expanddims flip stack
    transpose negative
    """.split()


@dataclass(frozen=True)
class Source:
    """The linear layer that an activation follows, what it reads, and what scales it after."""

    layer: layers.Layer
    inputs: keras.KerasTensor
    scaled_by: tuple[layers.BatchNormalization, ...] = ()


class Rule:
    """How each step of a network is taken; this one takes it as it is.

    The methods return tensors that have the value of the step, and the gradient of the rule.
    """

    def activation(self, name: str, function: Callable, z):
        """Take an elementwise activation of the tensor `z`, known by its name."""
        return function(z)

    def layer(self, operation, function: Callable, tensors: list):
        """Take any other step, ``function(*tensors)``.

        A step that is a layer with all of its arguments is also ``function(*tensors, by=other)``:
        `other` is called with them in place of the layer.
        """
        return function(*tensors)

    def wants(self, source: Source | None) -> bool:
        """Whether this rule treats an activation and the linear layer before it as one."""
        return False

    def activation_of(self, source: Source, function: Callable, z, inputs):
        """Take an activation of `z`, which the source made of `inputs`."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Rebuilt:
    """A network with other rules.

    Attributes
    ----------
    network : keras.Model
        From (n, length, 4) to logits (n, n_tasks).
    first : KerasTensor or None
        What the first layer gives, where it is linear and alone reads the sequence.
    """

    network: keras.Model
    first: keras.KerasTensor | None

    def halves(self) -> tuple[keras.Model, keras.Model] | None:
        """Cut behind the first layer, where it is linear and alone reads the sequence."""
        if self.first is None or self.first is self.network.outputs[0]:
            return None
        return (
            keras.Model(self.network.inputs[0], self.first),
            keras.Model(self.first, self.network.outputs[0]),
        )


class _Step(layers.Layer):
    """One step of a rebuilt network."""

    def __init__(self, function, operation, spec):
        super().__init__()
        self.function, self.spec = function, spec
        self.operation = operation  # keeps its weights among those of the rebuilt network
        self.built = True

    def call(self, inputs):
        return self.function(*(inputs if isinstance(inputs, (list, tuple)) else [inputs]))

    def compute_output_spec(self, inputs):
        return keras.tree.map_structure(lambda z: keras.KerasTensor(z.shape, z.dtype), self.spec)


def rebuild(network: keras.Model, rule: Rule) -> Rebuilt:
    """Rebuild a functional network, each of its steps taken by a rule.

    Nothing of the given network changes: its layers are used within new ones.

    Parameters
    ----------
    network : keras.Model
        Functional; other networks within it are rebuilt too.
    rule : Rule

    Returns
    -------
    Rebuilt
    """
    sources = {}  # id of a tensor: the linear layer behind it
    pooled = {}  # id of a tensor: the max pooling behind it, and what that reads
    steps = []  # what is read, what is given, whether that is linear; keeps the tensors alive

    def step(function, tensors, operation, spec, linear=False):
        given = _Step(function, operation, spec)(tensors if len(tensors) > 1 else tensors[0])
        steps.append((tensors, given, linear))
        return given

    def activate(name, function, z, operation):
        pooling, before = pooled.get(id(z), (None, None))
        if name in _RISING and rule.wants(sources.get(id(before))):
            return call(pooling, activate(name, function, before, operation))
        source = sources.get(id(z))
        if rule.wants(source):
            return step(
                lambda z, inputs: rule.activation_of(source, function, z, inputs),
                [z, source.inputs], operation, z,
            )  # fmt: skip
        return step(lambda z: rule.activation(name, function, z), [z], operation, z)

    def call(operation, *args, **kwargs):
        if isinstance(operation, keras.Model) and is_functional(operation):
            inner = rebuild(keras.Model(operation.inputs, operation.outputs), rule).network
            given = inner(*args, **kwargs)
            steps.append((keras.tree.flatten(args), given, False))
            return given
        tensors, function = _as_function(operation, args, kwargs)
        if activation_name(operation):
            return activate(activation_name(operation), function, tensors[0], operation)
        spec = operation.compute_output_spec(*args, **kwargs)
        activation = operation.activation if isinstance(operation, _WEIGHTED) else None
        linear = function if activation is None else _without_activation(operation, function)
        given = step(
            lambda *tensors: rule.layer(operation, linear, list(tensors)),
            tensors, operation, spec, is_linear(operation) and len(tensors) == 1,
        )  # fmt: skip
        _trace_source(operation, tensors, given, sources)
        if isinstance(operation, (layers.MaxPooling1D, layers.GlobalMaxPooling1D)):
            pooled[id(given)] = operation, tensors[0]
        if activation in (None, keras.activations.linear):
            return given
        if name_of(activation) in _ELEMENTWISE:
            return activate(name_of(activation), activation, given, operation)
        return step(lambda z: rule.layer(activation, activation, [z]), [given], operation, spec)

    rebuilt = keras.models.clone_model(network, clone_function=lambda x: x, call_function=call)
    readers = [s for s in steps if any(tensor is rebuilt.inputs[0] for tensor in s[0])]
    alone = len(readers) == 1 and readers[0][2]
    return Rebuilt(rebuilt, readers[0][1] if alone else None)


def name_of(operation) -> str:
    """Name of the kind of a layer, operation or function: lower case, without "_"."""
    name = getattr(operation, "__name__", type(operation).__name__)
    return name.lower().replace("_", "")


def is_linear(operation) -> bool:
    """Whether a layer or operation of Keras is linear when nothing is trained."""
    return type(operation).__module__.startswith("keras") and name_of(operation) in _LINEAR


def activation_name(operation) -> str | None:
    """Name of what a layer or operation does to each number on its own; None if to several."""
    if isinstance(operation, layers.Activation):
        name = name_of(operation.activation)
    elif isinstance(operation, layers.ReLU) and operation.negative_slope:
        name = "leakyrelu"
    else:
        name = name_of(operation) if type(operation).__module__.startswith("keras") else ""
    return name if name in _ELEMENTWISE else None


def as_if(value, *terms):
    """A tensor with the given value, and with the gradient of a sum of products.

    Parameters
    ----------
    value : tensor
    *terms : (multiplier, tensor)
        The gradient is that of the sum of multiplier * tensor, the multipliers held constant.
    """
    value = ops.stop_gradient(value)
    for multiplier, tensor in terms:
        constant = ops.stop_gradient(ops.convert_to_tensor(multiplier))
        value = value + constant * (tensor - ops.stop_gradient(tensor))
    return value


def _as_function(operation, args, kwargs):
    """The tensors that an operation reads, and the operation as a function of only these.

    What is called in its place with all that it is called with may be given as `by`.
    """
    if kwargs.get("training"):  # nothing is trained here, as in `predict`
        kwargs = kwargs | {"training": False}
    flat = keras.tree.flatten((args, kwargs))
    places = [i for i, value in enumerate(flat) if isinstance(value, keras.KerasTensor)]

    def function(*tensors, by=operation):
        filled = list(flat)
        for place, tensor in zip(places, tensors, strict=True):
            filled[place] = tensor
        given, named = keras.tree.pack_sequence_as((args, kwargs), filled)
        return by(*given, **named)

    return [flat[i] for i in places], function


def _without_activation(layer, function):
    def linear(*tensors):
        with _activation_off(layer):
            return function(*tensors)

    return linear


@contextlib.contextmanager
def _activation_off(layer):
    activation, layer.activation = layer.activation, keras.activations.linear
    try:
        yield
    finally:
        layer.activation = activation


def _trace_source(operation, tensors, given, sources):
    """Remember from which linear layer a tensor comes: directly, or normalised after it."""
    before = sources.get(id(tensors[0]))
    own = is_linear(operation)  # and no kind of it that does something else
    whole = isinstance(operation, layers.Conv1D) and operation.groups == 1
    if own and (whole or isinstance(operation, layers.Dense)):
        sources[id(given)] = Source(operation, tensors[0])
    elif before and isinstance(operation, layers.BatchNormalization):
        if operation.axis in (-1, len(given.shape) - 1):
            sources[id(given)] = Source(before.layer, before.inputs, (*before.scaled_by, operation))
    elif before and isinstance(operation, (layers.Dropout, layers.Identity)):
        sources[id(given)] = before
