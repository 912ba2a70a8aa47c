"""What do the first filters of a network look for?"""

from __future__ import annotations

import keras
import numpy as np

from dragonn_lite._contract import as_one_hot
from dragonn_lite.dna.motifs import Motif
from dragonn_lite.networks.prediction import predict


def first_convolution(model: keras.Model) -> keras.layers.Conv1D:
    """The convolution that reads the sequence.

    Raises
    ------
    ValueError
        If the model has none.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv1D) and layer.input.shape[-1] == 4:
            return layer
    raise ValueError(
        f"model {model.name} has no Conv1D layer that reads the four bases; this method looks at "
        "such filters only"
    )


def weights(model: keras.Model) -> np.ndarray:
    """Weights of the first filters, one matrix a filter.

    The mean over the four bases is taken from each position: it adds the same to every sequence.

    Parameters
    ----------
    model : keras.Model
        A network whose first layer is a Conv1D.

    Returns
    -------
    float32 (n_filters, width, 4)

    Raises
    ------
    ValueError
        If no Conv1D reads the sequence.

    Examples
    --------
    >>> from dragonn_lite.networks import architectures
    >>> weights(architectures.one_filter(50, width_bp=8, rng=0)).shape
    (1, 8, 4)
    """
    kernel = np.asarray(first_convolution(model).get_weights()[0])  # (width, 4, n_filters)
    kernel = kernel.transpose(2, 0, 1)
    return kernel - kernel.mean(axis=2, keepdims=True)


def motifs(model: keras.Model, sequences: np.ndarray, *, fraction: float = 0.5) -> list[Motif]:
    """What each first filter responds to in real sequences, as a motif.

    Every place where a filter reaches `fraction` of its largest response in these sequences is
    cut out, and the bases are counted.

    *What it does not show*: whether the network uses the filter, or how filters work together.

    Parameters
    ----------
    model : keras.Model
        A network whose first layer is a Conv1D of stride and dilation 1.
    sequences : array (n, length, 4)
        One-hot sequences to look at.
    fraction : float
        Share of the largest response, from 0 to 1.

    Returns
    -------
    list of Motif
        One for each filter with a positive response, named "filter_0", "filter_1", ... and with
        the number of places as `n_sites`; filters that never respond are left out.

    Raises
    ------
    ValueError
        If no Conv1D reads the sequence.

    References
    ----------
    Alipanahi et al. 2015, doi:10.1038/nbt.3300

    Examples
    --------
    >>> from dragonn_lite.dna import sequences
    >>> from dragonn_lite.networks import architectures
    >>> x = sequences.random_sequences(100, 50, rng=0)
    >>> found = motifs(architectures.one_filter(50, width_bp=8, rng=0), x)
    >>> found[0].name, found[0].width_bp
    ('filter_0', 8)
    """
    sequences = as_one_hot(sequences)
    layer = first_convolution(model)
    if layer.strides != (1,) or layer.dilation_rate != (1,):
        raise ValueError(f"layer {layer.name} has strides or dilation; its places cannot be cut out")
    responses = predict(keras.Model(model.input, layer.output), sequences)  # (n, places, filters)
    width = layer.kernel_size[0]
    # With "same" padding the first places hang over the edge; only whole ones are cut out.
    overhang = (responses.shape[1] - (sequences.shape[1] - width + 1)) // 2
    responses = responses[:, overhang : overhang + sequences.shape[1] - width + 1]
    found = []
    for i in range(responses.shape[2]):
        response = responses[:, :, i]
        row, start = np.nonzero(response >= fraction * response.max())
        if response.max() <= 0:
            continue
        counts = np.stack(
            [sequences[row, start + offset].sum(axis=0, dtype=float) for offset in range(width)]
        )  # (places, 4) -> (width, 4)
        found.append(Motif.from_counts(f"filter_{i}", counts + 0.25))
    return found
