"""What do the first filters of a network look for?"""

from __future__ import annotations

import dataclasses

import keras
import numpy as np

from dragonn_lite._contract import as_one_hot
from dragonn_lite.dna.motifs import Motif
from dragonn_lite.networks.prediction import predict

_AT_ONCE = 2_000  # sequences whose responses are in memory


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

    Every place where the response of a filter comes up to `fraction` of the way from its mean to
    its largest one is cut out, and the bases there are counted.

    *What it does not show*: whether the network uses the filter, or how filters work together.
    Sequences that are all alike make every filter look like their common motif; places with an
    unknown base are passed over.

    Parameters
    ----------
    model : keras.Model
        A network whose first layer is a Conv1D of stride and dilation 1.
    sequences : array (n, length, 4)
        One-hot sequences to look at.
    fraction : float
        Where between the mean response (0) and the largest one (1) a place begins to count.

    Returns
    -------
    list of Motif
        One for each filter, named "filter_0", "filter_1", ... and with the number of places as
        `n_sites`; a filter that responds to everything alike is left out, its number with it, and
        all are where no place is without an unknown base.

    Raises
    ------
    ValueError
        If no Conv1D reads the sequence, it has strides or dilation, there are no sequences, or
        `fraction` is not from 0 to 1.

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
    if not len(sequences):
        raise ValueError("sequences is empty, expected at least one")
    if not 0 <= fraction <= 1:
        raise ValueError(f"fraction is {fraction!r}, expected a number from 0 to 1")
    layer = first_convolution(model)
    if layer.strides != (1,) or layer.dilation_rate != (1,):
        raise ValueError(
            f"layer {layer.name} has strides or dilation; motifs are cut out for filters without"
        )
    first = keras.Model(model.input, layer.output)
    width, length = layer.kernel_size[0], sequences.shape[1]
    n_places = length - width + 1
    if n_places < 1:
        raise ValueError(f"layer {layer.name} is {width} bp wide, but sequences have {length} bp")
    # With "same" padding the first places hang over the edge; only whole ones are cut out.
    overhang = (layer.output.shape[1] - n_places) // 2

    def blocks():
        for low in range(0, len(sequences), _AT_ONCE):
            block = sequences[low : low + _AT_ONCE]
            responses = predict(first, block).reshape(len(block), -1, layer.filters)
            known = np.lib.stride_tricks.sliding_window_view(block.any(axis=2), width, axis=1)
            whole = known.all(axis=2)[..., None]  # (n, n_places, 1)
            yield block, responses[:, overhang : overhang + n_places], whole

    n_filters, n_whole = layer.filters, 0
    total, largest = np.zeros(n_filters), np.full(n_filters, -np.inf)
    for _, responses, whole in blocks():
        n_whole += whole.sum()
        total += responses.sum(axis=(0, 1), dtype=float, where=whole)
        largest = responses.max(axis=(0, 1), initial=-np.inf, where=whole).clip(largest)
    if not n_whole:
        return []
    mean = total / n_whole
    counts = np.zeros((n_filters, width, 4))
    for block, responses, whole in blocks():
        row, start, filter_ = np.nonzero(whole & (responses - mean >= fraction * (largest - mean)))
        for offset in range(width):
            np.add.at(counts[:, offset], filter_, block[row, start + offset])
    alike = largest - mean <= 1e-6 * np.maximum(np.abs(mean), 1e-6)
    return [
        # A quarter of a base keeps one that was never seen from being impossible.
        dataclasses.replace(Motif.from_counts(f"filter_{i}", counts[i] + 0.25), n_sites=n_sites)
        for i, n_sites in enumerate(counts[:, 0].sum(axis=1))
        if not alike[i]
    ]
