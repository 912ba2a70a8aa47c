"""Which bases a step of a layer reads, through the convolutions and pooling before it."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from dragonn_lite._contract import as_count
from dragonn_lite.interpretation._rules import activation_name, name_of
from dragonn_lite.interpretation._spans import listed
from dragonn_lite.interpretation.explanations import is_functional

#: Layers that read a sequence step by step; a step is that of what they read.
RECURRENT = (layers.RNN, layers.Bidirectional)  # LSTM, GRU and SimpleRNN are kinds of RNN

_POOLING = (layers.MaxPooling1D, layers.AveragePooling1D)
_WINDOWED = (
    layers.Conv1D, layers.SeparableConv1D, layers.DepthwiseConv1D, *_POOLING,
)  # fmt: skip

#: Names, in lower case without "_", of those that keep to their step: they read channels, or, as
#: attention does, ask from one step what others hold.
_STEP_BY_STEP = {
    "dense", "einsumdense", "activation", "softmax", "relu", "leakyrelu", "prelu", "elu",
    "batchnormalization", "layernormalization", "groupnormalization", "unitnormalization",
    "rescaling", "dropout", "spatialdropout1d", "gaussiandropout", "gaussiannoise",
    "alphadropout", "activityregularization", "identity", "timedistributed", "masking",
    "add", "subtract", "multiply", "divide", "truedivide", "average", "maximum", "minimum",
    "concatenate", "multiheadattention", "groupqueryattention", "attention", "additiveattention",
}  # fmt: skip


def bases_read(
    model: keras.Model, layer: str, *, length: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """From which base to which each step of a layer reads, in bp.

    What counts is what leads to the step itself: of convolutions and pooling the width, of
    recurrent layers and attention, which know other steps too, the step at which they stand. The
    steps of a recurrent layer and of a softmax along the steps are those of what they read.

    Parameters
    ----------
    model : keras.Model
        A functional or sequential network that reads (n, length, 4).
    layer : str or KerasTensor
        Name of the layer, or a tensor (n, steps, ...) within the network.
    length : int, optional
        Of a sequence in bp, needed where the network reads any.

    Returns
    -------
    starts, stops : int64 (steps,)
        Half-open. A step that reads nothing but padding starts where it stops.

    Raises
    ------
    TypeError
        If the model is no functional Keras model.
    ValueError
        If there is no such layer, its length is not known, or a layer before it moves steps about.

    Examples
    --------
    >>> inputs = keras.Input((12, 4))
    >>> x = layers.MaxPooling1D(4)(layers.Conv1D(2, 5)(inputs))
    >>> model = keras.Model(inputs, layers.LSTM(3, name="memory")(x))
    >>> starts, stops = bases_read(model, "memory")
    >>> starts.tolist(), stops.tolist()
    ([0, 4], [8, 12])
    """
    if not (isinstance(model, keras.Model) and is_functional(model)):
        raise TypeError(f"model is a {type(model).__name__}, expected a functional Keras model")
    tensor = layer if isinstance(layer, keras.KerasTensor) else _steps_of(model, layer)
    known_length = model.inputs[0].shape[1]
    if known_length is None and length is None:
        raise ValueError(f"model {model.name} reads any length; say which with length=")
    if known_length not in (None, length) and length is not None:
        raise ValueError(f"length is {length}, but model {model.name} reads {known_length} bp")
    length = as_count(known_length or length, "length", 1)
    first = np.arange(length)
    return _traced(tensor, {id(model.inputs[0]): (first, first + 1)}, length)


def spread(values: np.ndarray, starts: np.ndarray, stops: np.ndarray, length: int) -> np.ndarray:
    """Share the value of each step out evenly among the bases that it reads.

    The sum over a sequence stays what it was, but for steps that read nothing.

    Parameters
    ----------
    values : array (n, steps)
        In any unit.
    starts, stops : int (steps,)
        As :func:`bases_read` gives them.
    length : int
        Of a sequence in bp.

    Returns
    -------
    float32 (n, length)

    Raises
    ------
    ValueError
        If steps and values do not go together.

    Examples
    --------
    >>> spread(np.array([[4.0, 1.0]]), np.array([0, 2]), np.array([4, 3]), 5).tolist()
    [[1.0, 1.0, 2.0, 1.0, 0.0]]
    """
    values, starts, stops = np.asarray(values), np.asarray(starts), np.asarray(stops)
    if values.ndim != 2 or not values.shape[1] == len(starts) == len(stops):
        raise ValueError(
            f"values have shape {values.shape}, expected (n, {len(starts)}): one column for each "
            "step"
        )
    base = np.arange(length)
    read = (base >= starts[:, None]) & (base < stops[:, None])  # (steps, length)
    shares = read / np.maximum(read.sum(axis=1, keepdims=True), 1)
    return (values.astype(np.float64) @ shares).astype(np.float32)


def _steps_of(model, name):
    """The tensor whose steps are those of the layer of this name."""
    found = {layer.name: layer for layer in model.layers}.get(name)
    if found is None:
        known = ", ".join(layer.name for layer in model.layers)
        raise ValueError(f"layer is {name!r}, which model {model.name} does not have: {known}")
    node = node_of(model, found)
    if isinstance(found, (*RECURRENT, layers.Softmax)):
        return node.input_tensors[0]
    output = node.output_tensors[0]
    if len(output.shape) < 3:
        raise ValueError(f"layer {name} gives shape {output.shape}, which has no steps")
    return output


def node_of(model: keras.Model, layer: layers.Layer):
    """Where a layer stands in the graph of a network: what it reads there, and what it gives.

    The layer may stand in other networks too.

    Raises
    ------
    ValueError
        If it stands there never or more than once, or the network has several ends.
    """
    try:
        _, steps, nodes = listed(model)
    except NotImplementedError as reason:
        raise ValueError(f"model {model.name}: {reason}") from None
    places = zip(steps, nodes, strict=True)  # one place for each tensor that is given there
    found = list({id(node): node for step, node in places if step.layer is layer}.values())
    if len(found) != 1:
        raise ValueError(
            f"layer {layer.name} is used {len(found)} times by model {model.name}, expected once"
        )
    return found[0]


def _traced(tensor, known, length):
    """Starts and stops of the steps of a tensor, in bases."""
    if id(tensor) not in known:
        operation, index, _ = tensor._keras_history
        node = operation._inbound_nodes[index]
        known[id(tensor)] = _passed(operation, node, tensor, known, length)
    return known[id(tensor)]


def _passed(operation, node, tensor, known, length):
    sources = node.input_tensors
    if isinstance(operation, keras.Model):
        first = _traced(sources[0], known, length)
        inner = {id(operation.inputs[0]): first}
        return _traced(operation.outputs[0], inner, length)
    if not sources or len(tensor.shape) < 3:
        raise ValueError(f"{_named(operation)} gives shape {tensor.shape}, which has no steps")
    if name_of(operation) == "concatenate" and operation.axis % len(tensor.shape) == 1:
        ends = [_traced(source, known, length) for source in sources]
        return tuple(np.concatenate(each) for each in zip(*ends, strict=True))
    if isinstance(operation, _ATTENTION):
        sources = [attended(node)["query"]]  # values and keys are asked from its steps
    stepped = [x for x in sources if len(x.shape) > 2]
    if not stepped:
        raise ValueError(f"{_named(operation)} makes steps of what has none: they read everything")
    starts, stops = _joined([_traced(x, known, length) for x in stepped])
    if isinstance(operation, RECURRENT):
        back = getattr(operation, "go_backwards", False)  # what a Bidirectional gives is in order
        return (starts[::-1], stops[::-1]) if back else (starts, stops)
    if not _along_steps(operation, len(sources[0].shape)):
        raise ValueError(f"{_named(operation)} mixes steps: which bases they read is not known")
    if isinstance(operation, _WINDOWED):
        return _windowed(operation, starts, stops)
    if isinstance(operation, layers.Conv1DTranspose):
        return _upsampled(operation, starts, stops, tensor)
    if isinstance(operation, layers.UpSampling1D):
        return np.repeat(starts, operation.size), np.repeat(stops, operation.size)
    if isinstance(operation, layers.Cropping1D):
        before, after = operation.cropping
        kept = slice(before, len(starts) - after)
        return starts[kept], stops[kept]
    if isinstance(operation, layers.ZeroPadding1D):
        (before, after), end = operation.padding, [starts.min(), stops.max()]
        return tuple(
            np.concatenate([np.full(before, end[0]), each, np.full(after, end[1])])
            for each in (starts, stops)
        )
    if name_of(operation) in _STEP_BY_STEP or activation_name(operation):
        return starts, stops
    raise ValueError(
        f"{_named(operation)} may move steps about: which bases they read is not known"
    )


_ATTENTION = tuple(
    getattr(layers, name)
    for name in ("MultiHeadAttention", "GroupQueryAttention", "Attention", "AdditiveAttention")
)


def attended(node) -> dict[str, keras.KerasTensor]:
    """Query, value and, where it is given, key that a layer of attention reads at a node."""
    args, kwargs = node.arguments.args, node.arguments.kwargs
    if not isinstance(node.operation, (layers.MultiHeadAttention, layers.GroupQueryAttention)):
        args, kwargs = (args[0] if args else kwargs["inputs"]), {}
    return dict(zip(("query", "value", "key"), args, strict=False)) | kwargs


def _along_steps(operation, rank):
    """Whether the second axis of what a layer reads is that of the steps, and stays it."""
    if isinstance(operation, layers.EinsumDense):
        read, _, given = operation.equation.replace("->", ",").split(",")
        others = "0123456789"[: rank - len(read.replace("...", ""))]
        return read.replace("...", others)[1] == given.replace("...", others)[1]
    return getattr(operation, "data_format", "channels_last") == "channels_last"


def _joined(ends):
    """What any of several branches reads, step by step; those of one step go with every step."""
    n_steps = max(len(starts) for starts, _ in ends)
    alike = [each for each in ends if len(each[0]) == n_steps]
    return (
        np.min([starts for starts, _ in alike], axis=0),
        np.max([stops for _, stops in alike], axis=0),
    )


def _windowed(layer, starts, stops):
    """Through windows: (steps,) -> (fewer steps,)."""
    width, stride, dilation, before, n_windows = window_of(layer, len(starts))
    taps = np.arange(n_windows)[:, None] * stride - before + np.arange(width) * dilation
    inside = (taps >= 0) & (taps < len(starts))
    taps = taps.clip(0, len(starts) - 1)
    return (
        np.where(inside, starts[taps], starts.max()).min(axis=1),
        np.where(inside, stops[taps], stops.min()).max(axis=1),
    )


def window_of(layer: layers.Layer, n_steps: int) -> tuple[int, int, int, int, int]:
    """How a convolution or pooling layer reads so many steps.

    Returns
    -------
    width, stride, dilation : int
        In steps.
    before : int
        Steps of padding before the first one.
    n_windows : int
        Steps that come out.

    Examples
    --------
    >>> window_of(layers.MaxPooling1D(4, padding="same"), 10)
    (4, 4, 1, 1, 3)
    """
    width = layer.pool_size if isinstance(layer, _POOLING) else layer.kernel_size
    width, stride = (x[0] if isinstance(x, (tuple, list)) else x for x in (width, layer.strides))
    dilation = getattr(layer, "dilation_rate", 1)
    dilation = dilation[0] if isinstance(dilation, (tuple, list)) else dilation
    reach = (width - 1) * dilation + 1
    if layer.padding == "same":
        n_windows = -(-n_steps // stride)
        before = max((n_windows - 1) * stride + reach - n_steps, 0) // 2
    else:
        before = reach - 1 if layer.padding == "causal" else 0
        n_windows = max(0, (n_steps + before - reach) // stride + 1)
    return width, stride, dilation, before, n_windows


def _upsampled(layer, starts, stops, tensor):
    """Through a transposed convolution: which steps each new one is made of."""
    width, stride = layer.kernel_size[0], layer.strides[0]
    cut = max(width - stride, 0) // 2 if layer.padding == "same" else 0
    n_steps = layer.compute_output_shape((None, len(starts), 1))[1]
    places = np.arange(n_steps) + cut
    low = (-((width - 1 - places) // stride)).clip(0, len(starts) - 1)  # rounded up
    high = (places // stride).clip(0, len(starts) - 1)
    return starts[low], stops[high]


def _named(operation):
    name = getattr(operation, "name", "")
    return f"layer {name} ({type(operation).__name__})"
