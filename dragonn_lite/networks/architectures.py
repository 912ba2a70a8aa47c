"""Networks that read DNA: one-hot ``(length, 4)`` in, one logit a task out.

Max pooling stands before ReLU: both orders give the same numbers, and ReLU then has less to do.
"""

from __future__ import annotations

import keras
from keras import layers

from dragonn_lite.networks import attention, recurrent
from dragonn_lite.networks._parts import begin, convolution, end, pooling


def one_filter(length: int, *, width_bp: int = 15, n_tasks: int = 1, rng) -> keras.Model:
    """A single motif detector: its best match anywhere in the sequence is the score.

    The head starts positive. With a negative first weight the filter would be asked to match
    bound sequences worse than all others, which the best of hundreds of places cannot do: such a
    network learns nothing.

    Parameters
    ----------
    length : int
        Length of the sequences in bp.
    width_bp : int
        Width of the filter in bp.
    n_tasks : int
        Number of outputs.
    rng : int or Generator
        Source of the first weights.

    Returns
    -------
    keras.Model
        From (n, length, 4) to logits (n, n_tasks).

    Examples
    --------
    >>> one_filter(100, rng=0).count_params()
    63
    """
    inputs, seed = begin(length, n_tasks, rng)
    x = convolution(inputs, 1, width_bp, seed, name="filter")
    x = layers.GlobalMaxPooling1D(name="best_match")(x)
    logits = layers.Dense(n_tasks, kernel_initializer="ones", name="logits")(x)
    return keras.Model(inputs, logits, name="one_filter")


def filter_bank(
    length: int, *, n_filters: int = 32, width_bp: int = 19, n_tasks: int = 1, rng
) -> keras.Model:
    """Many motif detectors side by side, each reporting its best match anywhere.

    Each filter is a ticket in a lottery: about half start with a head that can only vote against,
    and the others need a first match to grow from. With 15 or more, some always win.

    *What it cannot learn*: how often or where a motif stands, or what stands beside it.

    Parameters
    ----------
    length, width_bp, n_tasks, rng
        As in :func:`one_filter`.
    n_filters : int
        Number of filters.

    Returns
    -------
    keras.Model
        From (n, length, 4) to logits (n, n_tasks).

    Examples
    --------
    >>> filter_bank(100, n_tasks=3, rng=0).output_shape
    (None, 3)
    """
    inputs, seed = begin(length, n_tasks, rng)
    x = convolution(inputs, n_filters, width_bp, seed)
    x = layers.GlobalMaxPooling1D(name="best_match")(x)
    x = layers.ReLU()(x)
    return end(inputs, x, n_tasks, seed, "filter_bank")


def filter_counter(
    length: int,
    *,
    n_filters: int = 32,
    width_bp: int = 15,
    pool_bp: int = 20,
    n_tasks: int = 1,
    rng,
) -> keras.Model:
    """Many motif detectors, each adding up its best match in every window of the sequence.

    *What it cannot learn*: where a motif stands, or what stands beside it.

    Parameters
    ----------
    length, n_filters, width_bp, n_tasks, rng
        As in :func:`filter_bank`.
    pool_bp : int
        Width of the windows in bp; each counts its best match once.

    Returns
    -------
    keras.Model
        From (n, length, 4) to logits (n, n_tasks).

    Examples
    --------
    >>> filter_counter(100, rng=0).output_shape
    (None, 1)
    """
    inputs, seed = begin(length, n_tasks, rng)
    x = convolution(inputs, n_filters, width_bp, seed)
    x = pooling(x, pool_bp)
    x = layers.ReLU()(x)
    n_windows = float(x.shape[1])
    x = layers.GlobalAveragePooling1D(name="mean_match")(x)
    x = layers.Rescaling(n_windows, name="total_match")(x)  # a sum: matches, not their density
    return end(inputs, x, n_tasks, seed, "filter_counter")


def filter_pairs(
    length: int,
    *,
    n_filters: int = 32,
    width_bp: int = 15,
    pool_bp: int = 4,
    n_tasks: int = 1,
    rng,
) -> keras.Model:
    """Two layers: filters, and filters of filters that see how motifs stand to each other.

    Parameters
    ----------
    length, n_filters, width_bp, n_tasks, rng
        As in :func:`filter_bank`; both layers have `n_filters` filters.
    pool_bp : int
        Positions of the first layer that become one for the second, which sees 9 of them.

    Returns
    -------
    keras.Model
        From (n, length, 4) to logits (n, n_tasks).

    Examples
    --------
    >>> filter_pairs(100, rng=0).output_shape
    (None, 1)
    """
    inputs, seed = begin(length, n_tasks, rng)
    x = convolution(inputs, n_filters, width_bp, seed)
    x = pooling(x, pool_bp)
    x = layers.ReLU()(x)
    x = convolution(x, n_filters, 9, seed, name="motif_pairs")
    x = layers.GlobalMaxPooling1D(name="best_pair")(x)
    x = layers.ReLU()(x)
    return end(inputs, x, n_tasks, seed, "filter_pairs")


def dragonn_one_layer(
    length: int,
    *,
    n_filters: int = 15,
    width_bp: int = 15,
    pool_bp: int = 35,
    n_tasks: int = 1,
    rng,
) -> keras.Model:
    """DragoNN's one-layer network: filters, local pooling, and a weight for every position.

    Parameters
    ----------
    length, n_filters, width_bp, n_tasks, rng
        As in :func:`filter_bank`.
    pool_bp : int
        Width of the pooling windows in bp.

    Returns
    -------
    keras.Model
        From (n, length, 4) to logits (n, n_tasks).

    References
    ----------
    Kundaje laboratory, DragoNN (github.com/kundajelab/dragonn).

    Examples
    --------
    >>> dragonn_one_layer(500, rng=0).count_params()
    1111
    """
    return _dragonn(length, 1, n_filters, width_bp, pool_bp, n_tasks, rng)


def dragonn_three_layer(
    length: int,
    *,
    n_filters: int = 15,
    width_bp: int = 15,
    pool_bp: int = 35,
    n_tasks: int = 1,
    rng,
) -> keras.Model:
    """DragoNN's three-layer network: as its one-layer network, with three convolutions.

    Parameters
    ----------
    length, n_filters, width_bp, pool_bp, n_tasks, rng
        As in :func:`dragonn_one_layer`; every layer has `n_filters` filters of `width_bp`.

    Returns
    -------
    keras.Model
        From (n, length, 4) to logits (n, n_tasks).

    References
    ----------
    Kundaje laboratory, DragoNN (github.com/kundajelab/dragonn).

    Examples
    --------
    >>> len(dragonn_three_layer(500, rng=0).weights)
    8
    """
    return _dragonn(length, 3, n_filters, width_bp, pool_bp, n_tasks, rng)


def reference_network(
    length: int, *, n_filters: int = 64, width_bp: int = 19, n_tasks: int = 1, rng
) -> keras.Model:
    """A wider network for real sequences: two normalised convolutions, best and mean matches.

    Parameters
    ----------
    length, n_filters, width_bp, n_tasks, rng
        As in :func:`filter_bank`.

    Returns
    -------
    keras.Model
        From (n, length, 4) to logits (n, n_tasks).

    References
    ----------
    Kelley, Snoek & Rinn 2016 (Basset), doi:10.1101/gr.200535.115

    Examples
    --------
    >>> reference_network(101, rng=0).output_shape
    (None, 1)
    """
    inputs, seed = begin(length, n_tasks, rng)
    x = convolution(inputs, n_filters, width_bp, seed)
    x = layers.BatchNormalization(momentum=0.9)(x)  # small data: few steps to settle in
    x = layers.MaxPooling1D(4, padding="same")(x)
    x = layers.ReLU()(x)
    x = layers.Dropout(0.1, seed=seed())(x)
    x = convolution(x, n_filters, 7, seed, name="filter_pairs", padding="same")
    x = layers.BatchNormalization(momentum=0.9)(x)
    x = layers.ReLU()(x)
    x = layers.Concatenate()([layers.GlobalMaxPooling1D()(x), layers.GlobalAveragePooling1D()(x)])
    x = layers.Dropout(0.3, seed=seed())(x)
    return end(inputs, x, n_tasks, seed, "reference_network")


def _dragonn(length, n_layers, n_filters, width_bp, pool_bp, n_tasks, rng):
    inputs, seed = begin(length, n_tasks, rng)
    x = inputs
    for i in range(n_layers):
        x = convolution(x, n_filters, width_bp, seed, name=f"filters_{i + 1}")
        if i < n_layers - 1:
            x = layers.ReLU()(x)
    x = pooling(x, pool_bp, padding="valid")
    x = layers.ReLU()(x)
    x = layers.Flatten()(x)
    return end(inputs, x, n_tasks, seed, f"dragonn_{n_layers}_layer")


#: Every network of the room by its name.
BUILDERS = {
    build.__name__: build
    for build in (
        one_filter,
        filter_bank,
        filter_counter,
        filter_pairs,
        dragonn_one_layer,
        dragonn_three_layer,
        reference_network,
        recurrent.recurrent_reader,
        recurrent.convolution_recurrent,
        attention.additive_attention,
        attention.retain,
        attention.self_attention,
    )
}
