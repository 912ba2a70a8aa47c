"""What a network has to beat: GC content, the best known motif, and words of DNA.

Each function learns what little it needs from training sequences and returns a
:class:`Baseline`, which scores others; :func:`compare` takes all three. Labels -1 are ignored.
The scores of a sequence and of its reverse complement are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from dragonn_lite._contract import as_labels, as_one_hot
from dragonn_lite.dna import motifs as dna_motifs
from dragonn_lite.dna import sequences as dna
from dragonn_lite.dna.motifs import Motif
from dragonn_lite.evaluation import metrics
from dragonn_lite.evaluation._ranking import check_classes

_K = 7
_PRIOR_VARIANCE = 3.0  # of the logit of a sequence, before any is seen
_BATCH = 1 << 22  # bases scored at once


@dataclass(frozen=True, eq=False)
class Baseline:
    """A simple way to score sequences, ready to be called on them.

    Attributes
    ----------
    name : str

    Examples
    --------
    >>> baseline = gc_content(dna.one_hot(["ACGT", "TTTT"]), [1, 0])
    >>> baseline.name, baseline(dna.one_hot(["CCCA"])).tolist()
    ('GC content', [0.75])
    """

    name: str
    _score: Callable = field(repr=False)

    def __call__(self, sequences) -> np.ndarray:
        """Score sequences, larger where bound is more likely.

        Parameters
        ----------
        sequences : array (n, length, 4)

        Returns
        -------
        float (n,), or (n, n_tasks) as the labels were
        """
        return self._score(as_one_hot(sequences))


def gc_content(sequences, labels) -> Baseline:
    """Share of G and C, in whichever direction separates better on the training sequences.

    Parameters
    ----------
    sequences : uint8 (n, length, 4)
    labels : int8 (n,) or (n, n_tasks)

    Returns
    -------
    Baseline
        A sequence without a known base scores as the training sequences do on average.

    Raises
    ------
    ValueError
        If the shapes do not fit, or a task has one class only.

    Examples
    --------
    >>> gc_content(dna.one_hot(["ACGT", "TTTT"]), [0, 1])(dna.one_hot(["CCCA"])).tolist()
    [-0.75]
    """
    sequences, labels = _training(sequences, labels)
    gc = dna.gc_fraction(sequences)
    known = np.isfinite(gc)
    typical = gc[known].mean() if known.any() else 0.5
    direction = np.where(_aurocs(labels, np.where(known, gc, typical)) >= 0.5, 1.0, -1.0)

    def score(x):
        gc = dna.gc_fraction(x)
        gc = np.where(np.isfinite(gc), gc, typical)
        return gc * direction if labels.ndim == 1 else gc[:, None] * direction

    return Baseline("GC content", score)


def best_motif(sequences, labels, *, motifs: Iterable[Motif] | None = None) -> Baseline:
    """Best site, in bits, of the one motif that separates best on the training sequences.

    Parameters
    ----------
    sequences : uint8 (n, length, 4)
    labels : int8 (n,) or (n, n_tasks)
        Each task has a motif of its own.
    motifs : iterable of Motif, optional
        To choose among, by auROC; the built-in ones by default. Those longer than the sequences
        are left out.

    Returns
    -------
    Baseline
        Named after the motif, or the motifs.

    Raises
    ------
    ValueError
        If no motif fits into the sequences, the shapes do not fit, or a task has one class only.

    References
    ----------
    Stormo 2000, doi:10.1093/bioinformatics/16.1.16.

    Examples
    --------
    >>> from dragonn_lite.assays import simulate
    >>> data = simulate.single_motif_detection(
    ...     "SPI1", length=60, n_positive=50, n_negative=50, rng=0)
    >>> best_motif(data.sequences, data.labels).name
    'SPI1_known4'
    """
    sequences, labels = _training(sequences, labels)
    motifs = dna_motifs.builtin_motifs() if motifs is None else list(motifs)
    fitting = [m for m in motifs if m.width_bp <= sequences.shape[1]]
    if not fitting:
        raise ValueError(
            f"motifs holds {len(motifs)} motifs, none of at most {sequences.shape[1]} bp, the "
            "length of the sequences; give a shorter one"
        )
    # (n_motifs, n_tasks), or (n_motifs,)
    value = np.array([_aurocs(labels, dna_motifs.best_scores(sequences, m)) for m in fitting])
    best = [fitting[i] for i in np.atleast_1d(value.argmax(axis=0))]

    def score(x):
        scores = np.column_stack([dna_motifs.best_scores(x, motif) for motif in best])
        return scores[:, 0] if labels.ndim == 1 else scores

    return Baseline(", ".join(dict.fromkeys(motif.name for motif in best)), score)


def kmer_logistic_regression(sequences, labels, *, k: int = _K) -> Baseline:
    """Count the words of `k` bases on both strands and let a logistic regression weigh them.

    A word and its reverse complement are one. Each count is divided by its standard deviation, so
    that a rare word, such as a binding site, may weigh as much as a common one, and the penalty is
    such that the logit of a sequence has a variance of about 3 a priori. Chosen on chromosomes set
    aside from the training ones, of 200-bp windows of yeast and 101-bp CTCF peaks: among penalties,
    this one was near the best for `k` from 6 to 8; 7 did better than 6 on both, and 8 no longer on
    both. A few thousand sequences or less are better served by 6.

    *What it does not show*: what a gapped or long site is worth, as only whole words count.

    Parameters
    ----------
    sequences : uint8 (n, length, 4)
    labels : int8 (n,) or (n, n_tasks)
        Each task has a regression of its own; the words are counted once.
    k : int
        Word length in bp, 1 to 12.

    Returns
    -------
    Baseline
        Scores are logits.

    Raises
    ------
    ValueError
        If `k` exceeds 12 or the length, the shapes do not fit, or a task has one class only.

    References
    ----------
    Ghandi et al. 2014, doi:10.1371/journal.pcbi.1003711, on words and their limits.

    Examples
    --------
    >>> x = dna.one_hot(["AACC", "AACT", "CTCT", "GAGA"])
    >>> score = kmer_logistic_regression(x, [1, 1, 0, 0], k=3)
    >>> score(dna.one_hot(["GGTT", "AGAG"])).round(1).tolist()
    [0.5, -0.5]
    """
    sequences, labels = _training(sequences, labels)
    number, n_words = _collapsed(sequences, k)
    scaler = StandardScaler(with_mean=False, copy=False)
    counts = scaler.fit_transform(_counts(sequences, k, number, n_words))
    fits = []
    for task in labels.reshape(len(labels), -1).T:
        fit = LogisticRegression(C=_PRIOR_VARIANCE / n_words, max_iter=1000)
        fits.append(fit.fit(counts[task >= 0] if (task < 0).any() else counts, task[task >= 0]))
    weights = np.concatenate([fit.coef_ for fit in fits]).T / scaler.scale_[:, None]
    shift = np.concatenate([fit.intercept_ for fit in fits])

    def score(x):
        step = max(1, _BATCH // x.shape[1])
        batches = [x[i : i + step] for i in range(0, len(x), step)]
        scores = [_counts(batch, k, number, n_words) @ weights + shift for batch in batches]
        scores = np.concatenate([np.zeros((0, len(shift))), *scores])
        return scores[:, 0] if labels.ndim == 1 else scores

    return Baseline("k-mers", score)


def compare(
    sequences,
    labels,
    others,
    *,
    learn=(kmer_logistic_regression, best_motif, gc_content),
) -> dict[str, np.ndarray]:
    """Scores of all baselines, learned from some sequences, for others.

    Parameters
    ----------
    sequences : uint8 (n, length, 4)
        To learn from.
    labels : int8 (n,) or (n, n_tasks)
    others : uint8 (m, length, 4)
        To score.
    learn : sequence of functions
        The baselines, in the order wanted: functions of sequences and labels that return a
        :class:`Baseline`.

    Returns
    -------
    dict of str to float (m,) or (m, n_tasks)
        ``"k-mers"``, the name of the best known motif, and ``"GC content"``. The first two are
        left out where the sequences are shorter than the words or every motif.

    Raises
    ------
    ValueError
        If the shapes do not fit, a task has one class only, or two baselines have one name.

    Examples
    --------
    >>> from dragonn_lite.assays import simulate
    >>> data = simulate.single_motif_detection(
    ...     "SPI1", length=60, n_positive=50, n_negative=50, rng=0)
    >>> list(compare(data.sequences, data.labels, data.sequences[:5]))
    ['k-mers', 'SPI1_known4', 'GC content']
    """
    sequences, labels = _training(sequences, labels)
    shortest_motif = min(motif.width_bp for motif in dna_motifs.builtin_motifs())
    needed_bp = {kmer_logistic_regression: _K, best_motif: shortest_motif}
    fitting = [f for f in learn if sequences.shape[1] >= needed_bp.get(f, 0)]
    found = {}
    for baseline in (function(sequences, labels) for function in fitting):
        if baseline.name in found:
            raise ValueError(f"learn gives two baselines called {baseline.name!r}, expected one")
        found[baseline.name] = baseline(others)
    return found


def _training(sequences, labels):
    sequences = as_one_hot(sequences)
    labels = as_labels(labels, len(sequences))
    for task, column in enumerate(labels.reshape(len(labels), -1).T):
        check_classes(column, f" of task {task}" if labels.ndim == 2 else "")
    return sequences, labels


def _aurocs(labels, scores):
    """Return the auROC of the same scores for each task."""
    return metrics.auroc(labels, np.broadcast_to(scores, labels.shape[::-1]).T)


def _collapsed(sequences, k):
    """Number each word and its reverse complement alike: (4**k,), and how many there are."""
    dna.kmer_codes(sequences[:1], k)  # refuses a k that does not fit
    word = np.arange(4**k)
    reverse, rest = np.zeros_like(word), word
    for _ in range(k):
        reverse, rest = reverse * 4 + 3 - rest % 4, rest // 4
    distinct, number = np.unique(np.minimum(word, reverse), return_inverse=True)
    return number.astype(np.int32), len(distinct)


def _counts(sequences, k, number, n_words):
    """Count the words of each sequence: sparse (n, n_words)."""
    word = dna.kmer_codes(sequences, k)
    known = word >= 0
    first = np.concatenate([[0], np.cumsum(known.sum(axis=1))])
    columns = number[word[known]]
    ones = np.ones(len(columns), np.float32)
    counts = sparse.csr_matrix((ones, columns, first), shape=(len(sequences), n_words))
    counts.sum_duplicates()
    return counts
