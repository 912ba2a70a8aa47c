"""A network beside its baselines: from labelled sequences to a table of metrics with intervals.

For the commands in a terminal, the reports and the lessons alike.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dragonn_lite._contract import as_rng
from dragonn_lite.assays import examples
from dragonn_lite.assays.examples import Examples
from dragonn_lite.evaluation import baselines, metrics
from dragonn_lite.networks import prediction

_ENOUGH = 8  # chromosomes; of 95 % intervals from 3 about 70 % hold the truth, from 8 some 80 %


def evaluate_files(
    positive,
    negative,
    *,
    genome=None,
    length: int | None = None,
    model=None,
    hold_out=None,
    by_chromosome: bool = False,
    rng,
) -> pd.DataFrame:
    """From two files of one's own to a table of metrics with intervals.

    The baselines (k-mers, the best known motif, GC content) learn from what is not held out, and
    all are judged by what is. A network that is given without `hold_out` is judged by everything,
    beside the two baselines that learn next to nothing from the same sequences.

    Parameters
    ----------
    positive, negative : path
        Bound and unbound: FASTA files, or with `genome` BED or narrowPeak files.
    genome : Genome or path, optional
        What the intervals are cut out of.
    length : int, optional
        Crop and pad to so many bp; with `genome` by default the length that the network reads.
    model : keras.Model, optional
        A network to judge as well.
    hold_out : sequence of str, optional
        Chromosomes to judge by; without them and a network, a random fifth.
    by_chromosome : bool
        Resample whole chromosomes for the intervals.
    rng : int or Generator

    Returns
    -------
    DataFrame
        One row for each that was judged: scores (its name), and the columns of
        :func:`dragonn_lite.evaluation.metrics.evaluate` with intervals.

    Raises
    ------
    FileNotFoundError, ValueError
        As :func:`dragonn_lite.assays.examples.read`, and as the metrics do.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from dragonn_lite.assays import simulate
    >>> from dragonn_lite.dna import fasta
    >>> from dragonn_lite.dna import sequences as dna
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> data = simulate.single_motif_detection(
    ...     "CTCF", length=60, n_positive=100, n_negative=100, rng=0)
    >>> for label, name in ((1, "bound.fa"), (0, "unbound.fa")):
    ...     letters = dna.decode(data.sequences[data.labels == label])
    ...     fasta.write_fasta(folder / name, [(f"s{i}", text) for i, text in enumerate(letters)])
    >>> found = evaluate_files(folder / "bound.fa", folder / "unbound.fa", rng=0)
    >>> found["scores"].tolist()
    ['k-mers', 'CTCF_known1', 'GC content']
    >>> bool(found["auroc_low"][1] <= found["auroc"][1] <= found["auroc_high"][1])
    True
    """
    rng = as_rng(rng)
    if model is not None and length is None and genome is not None:
        length = model.input_shape[1]
    data = examples.read(positive, negative, length=length, genome=genome)
    rest, judged, _ = sides(data, hold_out, trained=model is not None, rng=rng)
    scores = baseline_scores(rest, judged)
    if model is not None:
        scores = {"network": prediction.predict(model, judged.sequences)} | scores
    return table(judged, scores, by_chromosome=by_chromosome, rng=rng)


def sides(
    data: Examples, hold_out=None, *, trained: bool, rng
) -> tuple[Examples | None, Examples, str]:
    """What the baselines learn from, what all are judged by, and which that is in words.

    Parameters
    ----------
    data : Examples
    hold_out : sequence of str, optional
        Chromosomes.
    trained : bool
        A network was trained on others: without `hold_out` it is judged by all.
    rng : int or Generator

    Examples
    --------
    >>> from dragonn_lite.dna import sequences as dna
    >>> data = Examples(dna.one_hot(["ACGT", "TTTT"]), np.array([1, 0]), np.array(["a", "b"]))
    >>> sides(data, trained=True, rng=0)[2]
    'all'
    """
    if trained and hold_out is None:
        return None, data, "all"
    return examples.hold_out(data, hold_out, rng=rng)


def baseline_scores(rest: Examples | None, judged: Examples) -> dict[str, np.ndarray]:
    """Scores of the baselines for the judged examples.

    Parameters
    ----------
    rest : Examples or None
        What they learn from. None: the motif and the direction of GC content are chosen on the
        judged examples themselves, which flatters them a little; a regression on k-mers would
        know these by heart and is left out.
    judged : Examples

    Examples
    --------
    >>> from dragonn_lite.dna import sequences as dna
    >>> x = dna.one_hot(["ACGT" * 5, "TTTT" * 5])
    >>> data = Examples(x, np.array([1, 0]), np.array(["a", "b"]))
    >>> list(baseline_scores(None, data))[-1]
    'GC content'
    """
    if rest is None:
        few = (baselines.best_motif, baselines.gc_content)
        return baselines.compare(judged.sequences, judged.labels, judged.sequences, learn=few)
    return baselines.compare(rest.sequences, rest.labels, judged.sequences)


def table(
    judged: Examples,
    scores: dict[str, np.ndarray],
    *,
    by_chromosome: bool = False,
    prevalence: float | None = None,
    rng,
) -> pd.DataFrame:
    """All metrics of several scores of the same examples, with intervals.

    *What it does not show*: whether two scores differ by more than chance. Each interval is of one
    score alone, and two that overlap may still differ: :func:`lead` tells.

    Parameters
    ----------
    judged : Examples
    scores : dict of str to float (n,)
    by_chromosome : bool
        Resample whole chromosomes, which the names of the examples must give.
    prevalence : float, optional
        Judge as if this share were bound, as :func:`dragonn_lite.evaluation.metrics.evaluate` does.
    rng : int or Generator

    Returns
    -------
    DataFrame
        One row for each of the scores, its name in the column "scores".

    Raises
    ------
    ValueError
        If a name gives no chromosome, all give the same, or as the metrics do.

    Examples
    --------
    >>> from dragonn_lite.dna import sequences as dna
    >>> names = np.array(["chr1:0-4", "chr2:0-4"] * 10)
    >>> judged = Examples(dna.one_hot(["ACGT", "TTTT"] * 10), np.array([1, 0] * 10), names)
    >>> found = table(judged, {"GC content": np.array([2.0, 1.0] * 10)}, rng=0)
    >>> found[["scores", "auroc_low"]].values.tolist()
    [['GC content', 1.0]]
    """
    blocks = _blocks(judged.names) if by_chromosome else None
    seed = int(as_rng(rng).integers(2**63))  # one for all, so that no row depends on those above it
    options = {"intervals": True, "blocks": blocks, "prevalence": prevalence, "rng": seed}
    rows = [
        metrics.evaluate(judged.labels, values, tasks=[name], **options)
        for name, values in scores.items()
    ]
    return pd.concat(rows, ignore_index=True).rename(columns={"task": "scores"})


def lead(
    judged: Examples,
    scores: dict[str, np.ndarray],
    *,
    by_chromosome: bool = False,
    prevalence: float | None = None,
    rng,
) -> pd.DataFrame:
    """How far the network is ahead of the best baseline, by the same resamples of the examples.

    The best is the one of largest auPRC on the judged examples, at the same prevalence, which
    flatters it a little.

    Parameters
    ----------
    judged : Examples
    scores : dict of str to float (n,)
        "network", and one baseline or more.
    by_chromosome, prevalence, rng
        As in :func:`table`.

    Returns
    -------
    DataFrame
        One row: scores ("network less k-mers"), and the columns of
        :func:`dragonn_lite.evaluation.metrics.difference`.

    Raises
    ------
    ValueError
        If there is no network or no baseline, or as :func:`table`.

    Examples
    --------
    >>> judged = Examples(np.zeros((6, 4, 4), np.uint8), np.array([1, 0] * 3), np.array(["a"] * 6))
    >>> scores = {"network": judged.labels, "GC content": np.array([2, 1, 1, 2, 2, 1])}
    >>> lead(judged, scores, rng=0)[["scores", "auroc"]].round(3).values.tolist()
    [['network less GC content', 0.333]]
    """
    rivals = {name: values for name, values in scores.items() if name != "network"}
    if "network" not in scores or not rivals:
        raise ValueError(f"scores are of {sorted(scores)}, expected of a network and a baseline")

    def auprc(name):
        found = metrics.evaluate(judged.labels, rivals[name], prevalence=prevalence)
        return found["auprc"][0]

    best = max(rivals, key=auprc)
    blocks = _blocks(judged.names) if by_chromosome else None
    found = metrics.difference(
        judged.labels, scores["network"], rivals[best],
        tasks=[f"network less {best}"], blocks=blocks, prevalence=prevalence, rng=rng,
    )  # fmt: skip
    return found.rename(columns={"task": "scores"})


def few_chromosomes(judged: Examples) -> str:
    """Say so where intervals from whole chromosomes have too few to draw from, else "".

    Examples
    --------
    >>> names = np.array(["chr1:0-4", "chr2:0-4"])
    >>> few_chromosomes(Examples(np.zeros((2, 4, 4), np.uint8), np.array([1, 0]), names))[:53]
    'the intervals are drawn from 2 chromosomes only and a'
    """
    n = len(np.unique(_blocks(judged.names)))
    if n >= _ENOUGH:
        return ""
    return (
        f"the intervals are drawn from {n} chromosomes only and are too narrow: judge by "
        f"{_ENOUGH} or more, better by twenty"
    )


def _blocks(names) -> np.ndarray:
    found = examples.chromosomes(names)
    if (found == "").any():
        unplaced = np.asarray(names)[found == ""]
        raise ValueError(
            f"{len(unplaced):,} of {len(found):,} names give no chromosome (the first is "
            f"{str(unplaced[0])!r}), expected names such as chr1:100-200; leave out by_chromosome"
        )
    if (found == found[0]).all():
        raise ValueError(
            f"all {len(found):,} examples lie on {found[0]}, expected two chromosomes or more to "
            "draw from; judge by more of them, or leave out by_chromosome"
        )
    return found
