"""Score explanations of recurrent networks against planted motifs, over seeds.

Run ``python tests/benchmarks/bench_recurrent.py --folder FOLDER``; explanations that are done are
kept there. For each seed an LSTM that reads base by base, one behind filters, and one behind
filters that reads both ways are trained on a grammar of one motif and on brackets, and bound
sequences are explained by temporal output, by LSTM decomposition and by methods that know nothing
of memories. Printed is how well each ranks the planted positions (auROC, mean of the sequences), by
sign and by size: the mean of the seeds, its 95 % interval by Student's t, and by how much it is
ahead of the gradient (times input), seed by seed. A network that has not learned is left out, and
said.
"""

import argparse
import functools
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LENGTH, N_TEST = 100, 600
GRADIENT = "gradient_times_input"


def grammars(n, rng, names):
    from dragonn_lite.assays import memory, simulate

    half = {"length": LENGTH, "n_positive": n // 2, "n_negative": n // 2, "rng": rng}
    found = {
        "one motif": lambda: simulate.single_motif_detection("TAL1_known4", **half),
        "brackets": lambda: memory.brackets(**half | {"length": 150}),
    }
    return {name: found[name]() for name in names}


def networks(length, rng):
    from dragonn_lite.networks import recurrent

    few = {"n_filters": 16, "n_units": 16, "pool_bp": 3, "rng": rng}
    return {
        "reader": recurrent.recurrent_reader(length, n_units=32, rng=rng),
        "filters, one way": recurrent.convolution_recurrent(length, **few),
        "filters, both ways": recurrent.convolution_recurrent(length, bidirectional=True, **few),
    }


def methods():
    from dragonn_lite import interpretation

    options = {
        "temporal_output": [{}, {"direction": "backward"}, {"width_bp": 15}],
        "lstm_decomposition": [{"variant": "gamma"}, {"variant": "beta"}],
        "saliency": [{}],
        GRADIENT: [{}],
        "integrated_gradients": [{}],
        "deeplift": [{"n_references": 10}],
        "in_silico_mutagenesis": [{}],
    }
    return {
        " ".join([name, *(str(value) for value in each.values() if name != "deeplift")]):
            functools.partial(interpretation.explain, method=name, **each)
        for name, choices in options.items()
        for each in choices
    }  # fmt: skip


def board(arguments, seed):
    """Leaderboard of one seed: rows of auROC."""
    import warnings

    import pandas as pd

    from dragonn_lite.evaluation import metrics
    from dragonn_lite.interpretation import truth
    from dragonn_lite.networks import prediction, training

    seen = grammars(arguments.n, seed, arguments.grammars)
    unseen = grammars(N_TEST, seed + 1000, arguments.grammars)
    tables = []
    for grammar, data in seen.items():
        for name, model in networks(data.sequences.shape[1], seed).items():
            if name not in arguments.networks:
                continue
            began, test = time.perf_counter(), unseen[grammar]
            training.fit(model, data.sequences, data.labels, epochs=arguments.epochs, rng=seed)
            auroc = metrics.auroc(test.labels, prediction.predict(model, test.sequences))
            learned = auroc >= arguments.learned
            print(f"seed {seed}  {grammar:12}{name:20}auROC {auroc:.3f}  "
                  f"{time.perf_counter() - began:.0f} s"
                  f"{'' if learned else '  not learned: left out'}", flush=True)  # fmt: skip
            if learned:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)  # told by completeness_error
                    tables.append(
                        truth.leaderboard(
                            methods(), {grammar: test}, {name: {grammar: model}},
                            n_sequences=arguments.n_sequences, seed=seed, folder=arguments.folder,
                        )
                    )  # fmt: skip
    found = pd.concat(tables) if tables else pd.DataFrame(columns=["metric", "over"])
    for problem in (
        found.loc[found["problem"] != "", ["method", "problem"]].values if tables else ()
    ):
        print("refused:", *problem)
    kept = (found["metric"] == "auROC") & (found["over"] == "mean of sequences")
    return found[kept].assign(seed=seed)


def summary(table):
    """Mean over the seeds and its interval, and the lead over the gradient."""
    import numpy as np
    import pandas as pd
    from scipy import stats

    def interval(values):
        if len(values) < 2:
            return values.mean(), np.nan
        half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
        return values.mean(), half

    rows = []
    for (by, grammar, network), cell in table.groupby(["by", "grammar", "network"], sort=False):
        by_seed = cell.pivot_table("value", "seed", "method", sort=False)
        for method in by_seed:
            values = by_seed[method].dropna()
            mean, half = interval(values)
            lead, lead_half = interval((by_seed[method] - by_seed[GRADIENT]).dropna())
            rows.append({"by": by, "grammar": grammar, "network": network, "method": method,
                         "auROC": mean, "+-": half, "over gradient": lead, "+- ": lead_half,
                         "seeds": len(values)})  # fmt: skip
    return pd.DataFrame(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", help="where explanations are kept; an interrupted run goes on")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--grammars", nargs="+", default=["one motif", "brackets"])
    kinds = ["reader", "filters, one way", "filters, both ways"]
    parser.add_argument("--networks", nargs="+", choices=kinds, default=kinds)
    parser.add_argument("--n", type=int, default=6000, help="sequences to train on")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--n-sequences", type=int, default=50, help="explained")
    parser.add_argument("--learned", type=float, default=0.85, help="auROC from which it has")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from dragonn_lite._quiet import quiet_keras

    quiet_keras()
    import pandas as pd

    pd.set_option("display.width", 200, "display.max_rows", 200)
    tables = [board(arguments, seed) for seed in arguments.seeds]
    print(f"\nauROC of positions, {arguments.n_sequences} bound sequences a seed")
    print(summary(pd.concat(tables)).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
