"""Time and memory of the table of metrics against scikit-learn's functions, and of intervals.

Run ``python tests/benchmarks/bench_metrics.py [n]``; n is ten million predictions by default, 1 %
of them bound. Memory is the peak beyond the inputs that tracemalloc sees, in a second pass; it
counts the arrays of numpy, in which all of these work.
"""

import bisect
import pathlib
import sys
import time
import tracemalloc
from functools import partial

import numpy as np
from sklearn import metrics as sklearn_metrics

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT)]

PERCENTS = (5, 10, 20)


def scikit_learn(labels, scores):
    """ROC and PR areas and recall at FDR, each by the function that is there for it."""
    precision, recall, _ = sklearn_metrics.precision_recall_curve(labels, scores)
    return [
        sklearn_metrics.roc_auc_score(labels, scores),
        sklearn_metrics.average_precision_score(labels, scores),
        *(recall[1 - precision <= percent / 100].max() for percent in PERCENTS),
    ]


def binary_search(labels, scores):
    """DragoNN's way: a curve for each number, and a search that takes precision for sorted."""
    found = []
    for percent in PERCENTS:
        precision, recall, _ = sklearn_metrics.precision_recall_curve(labels, scores)
        found.append(recall[bisect.bisect_left(precision, 1 - percent / 100)])
    precision, recall, _ = sklearn_metrics.precision_recall_curve(labels, scores)
    return [
        sklearn_metrics.roc_auc_score(labels, scores),
        sklearn_metrics.auc(recall, precision),  # the trapezoid
        *found,
    ]


def measured(function, *data, repeats=2):
    """Result, seconds (best of some) and peak memory in MB beyond the inputs."""
    seconds = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        result = function(*data)
        seconds = min(seconds, time.perf_counter() - start)
    tracemalloc.start()
    function(*data)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return result, seconds, peak


def main(n):
    from dragonn_lite.evaluation import metrics

    def ours(labels, scores):
        table = metrics.evaluate(labels, scores).iloc[0]
        names = ["auroc", "auprc", *(f"recall_at_{p}_percent_fdr" for p in PERCENTS)]
        return table[names].astype(float).to_list()

    rng = np.random.default_rng(0)
    labels = (rng.random(n, dtype=np.float32) < 0.01).astype(np.int8)
    scores = rng.standard_normal(n, dtype=np.float32)
    scores += 3 * labels
    print(f"{n:,} predictions, {labels.mean():.2%} bound")
    print(f"{'':34}{'seconds':>8}{'ratio':>8}{'MB':>7}   auROC, auPRC, recall at {PERCENTS} % FDR")
    base = None
    for name, function, data in (
        ("scikit-learn, float32", scikit_learn, scores),
        ("DragoNN's way, float32", binary_search, scores),
        ("evaluate, float32", ours, scores),
        ("evaluate, float64", ours, scores.astype(float)),
        ("evaluate, float32, many ties", ours, np.round(scores, 2)),
    ):
        found, seconds, peak = measured(function, labels, data)
        base = base or seconds
        values = " ".join(f"{value:.6f}" for value in found)
        print(f"{name:34}{seconds:>8.2f}{base / seconds:>6.1f} x{peak:>7.0f}   {values}")

    print("\n1,000 resamples of 20,000 examples, seconds")
    labels, scores = labels[:20_000], scores[:20_000]
    balanced = np.arange(20_000) % 2
    blocks = np.arange(20_000) // 1000
    for name, y, of_blocks in (
        ("1 % bound", labels, None),
        ("1 % bound, 20 blocks", labels, blocks),
        ("balanced", balanced, None),
        ("balanced, 20 blocks", balanced, blocks),
    ):
        s = scores - 3 * labels + 2 * y
        words = []
        for metric in (metrics.auroc, metrics.auprc):
            interval = partial(metrics.bootstrap_interval, metric, blocks=of_blocks, rng=0)
            words.append(f"{metric.__name__} {measured(interval, y, s, repeats=1)[1]:.2f}")
        whole = partial(metrics.evaluate, intervals=True, blocks=of_blocks, rng=0)
        words.append(f"evaluate {measured(whole, y, s, repeats=1)[1]:.2f}")
        print(f"{name:34}{', '.join(words)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
