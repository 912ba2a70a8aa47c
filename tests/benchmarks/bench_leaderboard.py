"""Score every explanation on four grammars and two networks, and put each to three more tests.

Run ``python tests/benchmarks/bench_leaderboard.py --folder FOLDER``; what was done is kept there,
and a run that was interrupted goes on. Trains the networks (seeded), explains bound sequences of
200 bp, and prints how well each method finds the planted positions, by sign and by size, with
intervals, ranks and paired differences; then randomised weights, redundant sites, and the maps of
two classes. ``--table FILE`` writes the whole leaderboard as CSV.
"""

import argparse
import functools
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LENGTH, N_TRAIN, N_TEST, EPOCHS = 200, 6000, 1000, 8


def grammars(n, rng):
    from dragonn_lite.assays import simulate

    half = {"length": LENGTH, "n_positive": n // 2, "n_negative": n // 2, "rng": rng}
    three = ["CTCF_known1", "ZNF143_known2", "SIX5_known1"]
    return {
        "one motif": simulate.single_motif_detection("TAL1_known4", **half),
        "three motifs": simulate.multi_motif_embedding(three, length=LENGTH, n=n, rng=rng),
        "how many": simulate.motif_counting("TAL1_known4", **half),
        "side by side": simulate.heterodimer_grammar("SPI1_known4", "IRF_known20", **half),
    }


def trained(seed):
    """Networks by architecture and grammar; their auROC is printed."""
    import numpy as np

    from dragonn_lite.evaluation import metrics
    from dragonn_lite.networks import architectures, prediction, training

    seen, unseen = grammars(N_TRAIN, seed), grammars(N_TEST, seed + 1000)
    networks: dict = {}
    for name, build in (
        ("best match", architectures.filter_bank),
        ("filters of filters", architectures.filter_pairs),
    ):
        networks[name] = {}
        for grammar, data in seen.items():
            model = build(LENGTH, n_tasks=len(data.tasks), rng=seed)
            training.fit(model, data.sequences, data.labels, epochs=EPOCHS, rng=seed)
            networks[name][grammar] = model
            scores = prediction.predict(model, unseen[grammar].sequences)
            auroc = np.mean(metrics.auroc(unseen[grammar].labels, scores))
            print(f"  {name:20}{grammar:14}auROC {auroc:.3f}", flush=True)
    return networks, unseen


def by_chance(model, sequences, target):
    import numpy as np

    return np.random.default_rng(target).normal(size=sequences.shape[:2])


def explainers(model):
    from dragonn_lite import interpretation

    names = interpretation.methods(model=model)["method"]
    methods = {name: functools.partial(interpretation.explain, method=name) for name in names}
    return methods | {"random order": by_chance}


def checks(methods, networks, unseen, seed):
    """One row a method: randomised weights, redundant sites, maps of other classes."""
    import pandas as pd

    from dragonn_lite.interpretation import truth

    rows = []
    one, three = unseen["one motif"], unseen["three motifs"]
    bound = one.sequences[one.labels == 1][:20]
    several = three.sequences[three.labels.sum(axis=1) >= 2][:20]
    for name, explain in methods.items():
        began = time.perf_counter()
        row = {"method": name}
        for network, models in networks.items():
            found = truth.randomised_weights(
                models["one motif"], explain, bound, cascade=False, rng=seed
            ).set_index("map")["rank_correlation"]
            row |= {("random weights", network): found["signed"]}
            row |= {("random weights, size", network): found["absolute"]}
            found = truth.class_specificity(models["three motifs"], explain, several, rng=seed)
            row |= {("classes alike", network): found["map_correlation"].mean()}
        found = truth.saturation(explain, rng=seed).set_index("n_sites")["relative"]
        row |= {("redundant", "2 sites"): found[2], ("redundant", "3 sites"): found[3]}
        rows.append(row | {"seconds": time.perf_counter() - began})
    table = pd.DataFrame(rows).set_index("method")
    table.columns = [" / ".join(name) if isinstance(name, tuple) else name for name in table]
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", help="where results are kept; an interrupted run goes on")
    parser.add_argument("--table", metavar="FILE", help="write the leaderboard as CSV")
    parser.add_argument("--n-sequences", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    from dragonn_lite._quiet import quiet_keras

    quiet_keras()
    import pandas as pd

    from dragonn_lite.interpretation import truth

    pd.set_option("display.width", 250, "display.max_columns", 30, "display.max_rows", 100)
    began, processor = time.perf_counter(), time.process_time()
    networks, unseen = trained(arguments.seed)
    trained_s = time.perf_counter() - began
    methods = explainers(networks["filters of filters"]["one motif"])

    def progress(done, n):
        if done % len(methods) == 0 or done == n:
            print(f"  {done} of {n} cells, {time.perf_counter() - began:.0f} s", flush=True)

    table = truth.leaderboard(
        methods, unseen, networks, n_sequences=arguments.n_sequences, seed=arguments.seed,
        folder=arguments.folder, progress=progress,
    )  # fmt: skip
    board_s = time.perf_counter() - began
    print(f"\n{table.groupby(['grammar', 'network', 'task']).ngroups} cells a method of "
          f"{arguments.n_sequences} sequences of {LENGTH} bp")  # fmt: skip
    for problem in (
        table.loc[table["problem"] != "", ["method", "problem"]].drop_duplicates().values
    ):
        print("refused:", *problem)
    if arguments.table:
        table.to_csv(arguments.table, index=False)
    for by in ("size", "sign"):
        for metric in ("auPRC", "auROC"):
            found = truth.ranking(table, metric=metric, by=by, rng=arguments.seed)
            print(f"\n{metric} of positions by {by}, mean of sequences, then of cells")
            print(found.drop(columns="n_cells").round(3).to_string(index=False))
    cells = table[(table["over"] == "mean of sequences") & (table["metric"] == "auPRC")]
    for by in ("size", "sign"):
        print(f"\nauPRC by {by}, cell by cell")
        found = cells[cells["by"] == by]
        found = found.assign(method=pd.Categorical(found["method"], list(methods)))
        print(found.pivot_table("value", "method", ["network", "grammar"], observed=True).round(2))
    cost = cells[cells["by"] == "size"].groupby("method", sort=False)
    print("\nseconds of all cells, and the largest error of completeness")
    print(pd.DataFrame({"seconds": cost["seconds"].sum().round(1),
                        "completeness_error": cost["completeness_error"].max()}))  # fmt: skip
    print("\nrandomised weights, redundant sites (credit beside that of one), maps of two classes")
    print(checks(methods, networks, unseen, arguments.seed).round(2))
    print(f"\ntraining {trained_s:.0f} s, leaderboard {board_s - trained_s:.0f} s, all "
          f"{time.perf_counter() - began:.0f} s; {time.process_time() - processor:.0f} s of processor")  # fmt: skip


if __name__ == "__main__":
    main()
