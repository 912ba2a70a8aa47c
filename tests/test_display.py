"""Every chart, in its usual and its extreme states: valid, drawn, small, described, one width."""

import re
from types import SimpleNamespace

import altair as alt
import numpy as np
import pandas as pd
import pytest

from dragonn_lite.assays import memory
from dragonn_lite.display import charts, logos, theme
from dragonn_lite.evaluation import metrics

LETTERS = np.array(list("ACGT"))


def letters(length, seed=0):
    return "".join(np.random.default_rng(seed).choice(LETTERS, length))


def history(n_epochs, metric_names=("loss", "auroc"), seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        (epoch, split, metric, 0.5 + 0.4 * rng.random())
        for epoch in range(1, n_epochs + 1)
        for split in ("training", "validation")
        for metric in metric_names
    ]
    return pd.DataFrame(rows, columns=["epoch", "split", "metric", "value"])


def labelled(n, seed=0, prevalence=0.5):
    rng = np.random.default_rng(seed)
    labels = (rng.random(n) < prevalence).astype(int)
    labels[:2] = [0, 1]
    return labels, rng.normal(size=n) + 1.5 * labels


def curves(kind, n=5000, names=("network", "k-mers", "GC content")):
    curve = {"roc": metrics.roc_curve, "pr": metrics.precision_recall_curve}[kind]
    return {name: curve(*labelled(n, seed)) for seed, name in enumerate(names)}


def uniform(n, seed=0):
    return np.random.default_rng(seed).random(n)


def tops(seed, n=2000):
    """Concordance of two replicates, falling with k."""
    share = np.random.default_rng(seed).uniform(0.7, 0.9, n) - np.linspace(0, 0.5, n)
    return pd.DataFrame({"k": np.geomspace(10, 9000, n).round(), "concordance": share})


def signal_windows(n, seed=0, missing=False):
    """Windows of 200 bp, their signal and labels."""
    signal = np.random.default_rng(seed).gamma(0.5, 8, n).round()
    if missing:
        signal[::3] = np.nan
    windows = pd.DataFrame({"chromosome": "I", "start": np.arange(n) * 200})
    labels = np.select([signal >= 20, signal < 8], [1, 0], -1)
    return windows.assign(stop=windows["start"] + 200), signal, labels


def bound_sites(n, seed=0):
    start = np.random.default_rng(seed).integers(0, 20_000, n)
    table = pd.DataFrame({"chromosome": "I", "start": start, "stop": start + 12, "score": 9.0})
    return table.assign(occupancy=np.linspace(0, 1, n))


def sites(n_sequences, length, names, per_sequence=1, seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        (i, name, int(start), int(start) + 12, rng.choice(["+", "-"]), 9.0)
        for i in range(n_sequences)
        for name in names
        for start in rng.integers(0, length - 12, per_sequence)
    ]
    columns = ["sequence", "motif", "start", "stop", "strand", "score"]
    return pd.DataFrame(rows, columns=columns)


def simulated(n, length, labels, table, tasks=("bound",)):
    return SimpleNamespace(
        sequences=np.zeros((n, length, 4), np.uint8), labels=labels, sites=table, tasks=tasks
    )


def remembered(make, n_examples=4, n=12, **kwargs):
    data = make(n_positive=n, n_negative=n, rng=2, **kwargs)
    return charts.reading_states(data, memory.reading_states(data), n_examples=n_examples)


def grid(n_grammars, n_architectures, **extra):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        [
            (f"grammar number {i}", f"net {j}", 0.5 + 0.5 * rng.random())
            for i in range(n_grammars)
            for j in range(n_architectures)
        ],
        columns=["grammar", "architecture", "value"],
    )
    return table.assign(**{k: table["value"] + v for k, v in extra.items()})


def contributions(length, seed=0):
    return np.random.default_rng(seed).normal(size=length)


def spacings(strands):
    """Interactions of two motifs, as experiments.spacing lists them."""
    rng = np.random.default_rng(0)
    rows = [
        (order, pair, distance, rng.normal(), 0.1)
        for pair in strands
        for order in ("first upstream", "second upstream")
        for distance in range(9)
    ]
    columns = ["order", "strands", "distance_bp", "interaction", "standard_error"]
    return pd.DataFrame(rows, columns=columns).sort_values("order", kind="stable")


def board():
    """A leaderboard of six methods, one of which refuses."""
    rng = np.random.default_rng(0)
    rows = [
        (method, grammar, network, "auROC", "mean of sequences", value, value - 0.1, value + 0.05)
        for i, method in enumerate(["ISM", "saliency", "integrated gradients", "DeepLIFT", "LIME"])
        for grammar in ("one motif", "counting", "heterodimer", "three tasks")
        for network in ("shallow", "deep")
        for value in [0.9 - 0.06 * i + 0.05 * rng.normal()]
    ]
    columns = ["method", "grammar", "network", "metric", "over", "value", "low", "high"]
    table = pd.DataFrame(rows, columns=columns).assign(chance=0.5)
    refused = table[:1].assign(method="Grad-CAM", metric=np.nan, value=np.nan)
    return pd.concat([table, refused], ignore_index=True)


def attended(n_heads, length, seed=0):
    """Weights of bases by head, and of pairs of steps of 4 bp, as interpretation.attention's."""
    rng = np.random.default_rng(seed)
    bases = pd.DataFrame(
        [
            (head, i, w)
            for head in range(n_heads)
            for i, w in enumerate(rng.dirichlet([0.2] * length))
        ],
        columns=["head", "position", "weight"],
    )
    n_steps = (length - 14) // 4
    pairs = [
        (head, 4 * q, 4 * q + 18, 4 * k, 4 * k + 18, w)
        for head in range(n_heads)
        for q in range(n_steps)
        for k, w in enumerate(rng.dirichlet([0.3] * n_steps))
    ]
    names = ["head", "query_start", "query_stop", "key_start", "key_stop", "weight"]
    return bases, pd.DataFrame(pairs, columns=names)


def changed(networks=()):
    """What changes of attention do, as attention.faithfulness lists it."""
    tests = ("attended", "random", "gradient_times_input")
    tests = [f"{name} bases shuffled" for name in tests] + ["weights permuted", "weights averaged"]
    rows = [
        (test, measure, sign * value, sign * value - 0.1, sign * value + 0.1, network)
        for network in networks or ("",)
        for value, test in zip((0.9, 0.2, 0.8, 0.4, 0.5), tests, strict=True)
        for measure, sign in (("logit", -1), ("size", 1), ("flips", 1), ("auROC", -1))
    ]
    columns = ["test", "measure", "value", "low", "high", "network"]
    table = pd.DataFrame(rows, columns=columns)
    return table if networks else table.drop(columns="network")


def matrix(width, seed=0):
    return np.random.default_rng(seed).dirichlet([0.4] * 4, size=width)


LONG = "A finding that needs a good many words to be said, as findings now and then do " * 2
TASKS = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)])

CASES = {
    "learning curve": lambda: charts.learning_curve(history(20), subtitle="data"),
    "learning curve, first epoch": lambda: charts.learning_curve(history(1), n_epochs=30),
    "learning curve, loss alone": lambda: charts.learning_curve(history(300, ("loss",))),
    "learning curve, NaN": lambda: charts.learning_curve(
        pd.concat([history(3), history(1).assign(epoch=4, value=np.nan)])
    ),
    "roc": lambda: charts.roc(curves("roc"), baselines=("k-mers", "GC content"), title=LONG),
    "roc, two examples": lambda: charts.roc({"n": metrics.roc_curve([0, 1], [1.0, 0.0])}),
    "precision recall": lambda: charts.precision_recall(curves("pr"), subtitle="n = 5,000"),
    "precision recall, rare": lambda: charts.precision_recall(
        {"n": metrics.precision_recall_curve(*labelled(20_000, prevalence=0.01))}
    ),
    "concordance": lambda: charts.concordance(
        {f"pair {i}": tops(i) for i in range(4)}, ceiling=(0.4, "all that agree"), title=LONG
    ),
    "concordance, chance known": lambda: charts.concordance(
        {"n": tops(1).assign(chance=lambda table: table["k"] / 9000)}
    ),
    "concordance, one point": lambda: charts.concordance({"n": tops(1)[:1]}),
    "signal track": lambda: charts.signal_track(
        *signal_windows(100), positive_at=20, negative_at=8, sites=bound_sites(30), title=LONG
    ),
    "signal track, 1000 windows": lambda: charts.signal_track(*signal_windows(1000), title=LONG),
    "signal track, one window": lambda: charts.signal_track(
        *signal_windows(1), positive_at=20, sites=bound_sites(0)
    ),
    "signal track, missing": lambda: charts.signal_track(*signal_windows(9, missing=True)),
    "signal histogram": lambda: charts.signal_histogram(
        *signal_windows(20_000)[1:], positive_at=20, negative_at=8
    ),
    "signal histogram, missing": lambda: charts.signal_histogram(
        *signal_windows(9, missing=True)[1:], positive_at=2000
    ),
    "signal histogram, one value": lambda: charts.signal_histogram([0.25], [1], negative_at=0.25),
    "reliability": lambda: charts.reliability(
        labelled(900)[0], {n: uniform(900, i) for i, n in enumerate("abc")}, title=LONG
    ),
    "reliability, rare": lambda: charts.reliability(
        labelled(20_000, prevalence=0.01)[0], {"n": uniform(20_000) ** 4}, n_bins=100
    ),
    "reliability, one probability": lambda: charts.reliability([0, 1, -1], {"n": [0.3, 0.3, 0.9]}),
    "spacing": lambda: charts.spacing(spacings(("++", "+-", "-+", "--")), subtitle="n = 40"),
    "spacing, one order": lambda: charts.spacing(spacings(("++",))[:9]),
    "spacing, nothing": lambda: charts.spacing(spacings(("++",)).assign(interaction=0.0)),
    "variants": lambda: charts.variant_effects(*contributions(400).reshape(2, 200)),
    "variants, named": lambda: charts.variant_effects(
        np.arange(9.0), np.arange(9.0) ** 2, highlight={"C228T": 8, "C250T": 3}, title=LONG
    ),
    "leaderboard": lambda: charts.leaderboard(board(), subtitle="two networks"),
    "leaderboard, one cell": lambda: charts.leaderboard(board()[:1], metric="auROC"),
    "histogram": lambda: charts.score_histogram(*labelled(500)),
    "histogram, one score": lambda: charts.score_histogram([0, 1, -1], [1.0, 1.0, np.nan]),
    "confusion": lambda: charts.confusion(*labelled(500)),
    "bars": lambda: charts.bars(
        pd.DataFrame({"name": ["a", "b" * 40], "value": [0.9, 0.1], "low": 0.05, "high": 0.95}),
        baselines=("a",),
        reference=(0.97, "ceiling"),
    ),
    "bars, signed": lambda: charts.bars(pd.DataFrame({"name": ["a", "b"], "value": [-1.0, 2.0]})),
    "grammars": lambda: charts.grammar_by_architecture(
        grid(8, 4, low=-0.05, high=0.02, ceiling=0.03), title=LONG
    ),
    "grammars, one": lambda: charts.grammar_by_architecture(grid(1, 1)),
    "contributions": lambda: charts.contribution_track(
        letters(120), contributions(120), sites(1, 120, ["SPI1", "a_long_name_known1"], 2)
    ),
    "contributions, 1500 bp": lambda: charts.contribution_track(
        letters(1500), contributions(1500), sites(1, 1500, ["SPI1"], 3), title=LONG
    ),
    "contributions, negative": lambda: charts.contribution_track(letters(30), -np.ones(30)),
    "contributions, zero": lambda: charts.contribution_track("ACGTN", np.zeros(5)),
    "contributions, genome": lambda: charts.contribution_track(
        letters(60), contributions(60), start=110_000_000
    ),
    "scan": lambda: charts.scan_track(contributions(180).reshape(90, 2) * 5, threshold_bits=6),
    "scan, one strand": lambda: charts.scan_track(contributions(180).reshape(90, 2), strand="-"),
    "scan, 9000 bp": lambda: charts.scan_track(contributions(18_000).reshape(9000, 2)),
    "scan, nothing": lambda: charts.scan_track(np.full((50, 2), -9.0), threshold_bits=6),
    "attention": lambda: charts.attention_track(
        attended(2, 120)[0], letters(120), sites(1, 120, ["SPI1", "IRF"], 2)
    ),
    "attention, 8 heads": lambda: charts.attention_track(attended(8, 600)[0], title=LONG),
    "attention, one base": lambda: charts.attention_track(attended(1, 1)[0], "N"),
    "attention map": lambda: charts.attention_map(
        attended(2, 120)[1], sites(1, 120, ["SPI1", "IRF"], 2), title=LONG
    ),
    "attention map, 5 heads": lambda: charts.attention_map(attended(5, 100)[1], title="five"),
    "attention map, one head": lambda: charts.attention_map(attended(1, 30)[1], subtitle="n = 1"),
    "faithfulness": lambda: charts.faithfulness(changed(), subtitle="n = 5"),
    "faithfulness, networks": lambda: charts.faithfulness(
        changed(("pooled", "retain", "self")), measure="auROC", title=LONG
    ),
    "one-hot": lambda: charts.one_hot_grid(letters(30) + "N", title="Letters become numbers"),
    "one-hot, one": lambda: charts.one_hot_grid("N"),
    "simulation": lambda: charts.simulation_picture(
        simulated(40, 500, np.arange(40) % 2, sites(40, 500, ["SPI1", "IRF"], 2))
    ),
    "simulation, one sequence": lambda: charts.simulation_picture(
        simulated(1, 37, np.array([1]), sites(1, 37, ["a_very_long_motif_name_known12"]))
    ),
    "simulation, nothing planted": lambda: charts.simulation_picture(
        simulated(4, 100, np.array([1, 0, -1, 0]), sites(0, 100, []))
    ),
    "simulation, tasks": lambda: charts.simulation_picture(
        simulated(8, 500, TASKS, sites(8, 500, ["A", "B", "C"]), tasks=("A", "B", "C"))
    ),
    "states of brackets": lambda: remembered(memory.brackets),
    "states of an order": lambda: remembered(memory.motif_order, 10),
    "states of a count": lambda: remembered(memory.even_count, 1, length=500),
    "states of one sequence": lambda: remembered(
        lambda **sizes: memory.brackets(**{**sizes, "n_negative": 0}), n=1
    ),
    "logo": lambda: logos.logo(matrix(20) - 0.3, title="finding", y_title="weight"),
    "logo, one": lambda: logos.logo([[0, 0, 0, -1]]),
    "logo, long": lambda: logos.logo(matrix(160) - 0.3, start=1_000_000),
    "logo, zeros": lambda: logos.logo(np.zeros((5, 4))),
    "motif logo": lambda: logos.motif_logo(matrix(19), title=LONG),
    "motif logo, probability": lambda: logos.motif_logo(matrix(3), kind="probability"),
    "logo stack": lambda: logos.logo_stack({"CTCF": matrix(19), "a" * 40: matrix(5)}, title="two"),
    "logo stack, weights": lambda: logos.logo_stack(
        {f"filter {i}": matrix(15, i) - 0.25 for i in range(30)}, kind="weight"
    ),
    "filters": lambda: charts.filters_beside_motifs(
        {f"filter {i}": matrix(15, i) - 0.25 for i in range(15)},
        pd.DataFrame(
            {
                "query": ["filter 1", "filter 14"],
                "motif": "CTCF",
                "correlation": 0.9,
                "offset_bp": -3,
            }
        ),
        {"CTCF": matrix(19)},
        title="One",
    ),
}


@pytest.fixture(autouse=True)
def house_theme():
    before = alt.theme.active
    theme.register()
    yield
    alt.theme.enable(before)


@pytest.mark.parametrize("name", CASES)
def test_chart(name):
    chart = CASES[name]()
    spec = chart.to_dict()  # altair validates it against the schema
    assert len(spec["description"]) > 20
    assert max((len(rows) for rows in spec["datasets"].values()), default=0) < 5000
    assert type(chart.config) is type(alt.Undefined), "the theme alone configures"
    picture = theme.svg(chart)
    paths = "".join(re.findall(r' (?:d|x|y|transform)="([^"]*)"', picture))
    assert "NaN" not in paths and "Infinity" not in paths
    width = float(re.search(r'width="([\d.]+)"', picture)[1])
    assert 555 <= width <= 645, f"{width} px wide"


def fields(node):
    """Every encoded field of a specification."""
    if isinstance(node, dict):
        if "field" in node and "encoding" not in node:
            yield node
        for key, child in node.items():
            if key not in ("datasets", "transform", "sort"):
                yield from fields(child)
    elif isinstance(node, list):
        for child in node:
            yield from fields(child)


@pytest.mark.parametrize("name", CASES)
def test_axis_titles_are_words_said_once(name):
    chart = CASES[name]()
    titles = re.findall(r'role-axis-title".*?<text[^>]*>([^<]*)', theme.svg(chart), re.DOTALL)
    assert titles or "confusion" in name
    names = {d["field"] for d in fields(chart.to_dict())} - {"epoch", "count", "height"}
    for title in titles:
        # Vega-Lite joins the titles of layers that disagree by a comma.
        assert title.strip() not in names or title == "value" and "bars" in name
        assert not any(part in names for part in title.split(", ")[1:])


@pytest.mark.slow
def test_types_are_explicit():
    for name, make in CASES.items():
        for definition in fields(make().to_dict()):
            secondary = set(definition) <= {"field", "title", "bandPosition"}
            assert "type" in definition or secondary, (name, definition)


def test_areas_are_those_of_the_metrics():
    labels, scores = labelled(3000, seed=4)
    roc = charts.roc({"n": metrics.roc_curve(labels, scores)})
    assert roc.title.text == [f"n reaches auROC {metrics.auroc(labels, scores):.3f}"]
    pr = charts.precision_recall({"n": metrics.precision_recall_curve(labels, scores)})
    assert pr.title.text == [f"n reaches auPRC {metrics.auprc(labels, scores):.3f}"]


def test_areas_stand_where_no_curve_crosses_them():
    # One curve stays high and ends half way down; the other rises steeply, falls, and ends low.
    recall = np.linspace(0, 1, 200)
    high = pd.DataFrame({"recall": recall, "precision": 1 - recall**20 / 2})
    low = high.assign(precision=np.minimum(recall / 0.02, 1) * (1 - recall**2))
    chart = charts.precision_recall({"half": high, "one in a hundred": low}, width=280)
    labels = chart.layer[-1].to_dict()
    texts = pd.DataFrame(chart.to_dict()["datasets"][labels["data"]["name"]])
    assert labels["mark"]["align"] == "left" and texts["y_px"].min() > 170  # bottom left


def test_the_best_method_stands_on_top_and_refusals_are_counted():
    chart = charts.leaderboard(board())
    table = board().dropna()
    means = table.groupby("method")["value"].mean().sort_values(ascending=False)
    assert chart.title.text == [f"ISM comes first: mean auROC {means['ISM']:.2f} over 8 cells"]
    assert "1 cell refused by the method" in " ".join(chart.title.subtitle)
    said = re.findall(r">(ISM|saliency|integrated gradients|DeepLIFT|LIME)<", theme.svg(chart))
    assert said == list(means.index)


def test_positions_of_attention_stand_below_the_letters():
    table = attended(2, 30)[0]
    for x, n_panels in ((None, 2), ("ACGTA" * 6, 3)):
        chart = charts.attention_track(table, x)
        titled = [
            any(layer["encoding"].get("x", {}).get("title") for layer in panel["layer"])
            for panel in chart.to_dict()["vconcat"]
        ]
        assert titled == [False] * (n_panels - 1) + [True]
        assert theme.svg(chart).count(">position (bp)<") == 1


def test_networks_that_answer_one_grammar_are_told_apart():
    table = board()
    table = table[table["grammar"] == "counting"].replace({"method": {"ISM": "mutagenesis"}})
    chart = charts.leaderboard(table)
    assert chart.title.text[0].startswith("Mutagenesis comes first")
    assert chart.title.text[0].endswith("over 2 networks")
    assert chart.title.subtitle[0].startswith("dots: networks, with")
    drawn = theme.svg(chart)
    assert ">shallow<" in drawn and ">deep<" in drawn and ">counting<" not in drawn


def test_a_method_that_refuses_the_hard_cells_is_not_ahead_for_that():
    def row(method, grammar, value):
        return [method, grammar, "net", "auROC", "mean of sequences", value, value, value, 0.5]

    columns = ["method", "grammar", "network", "metric", "over", "value", "low", "high", "chance"]
    rows = [row("A", "easy", 0.9), row("A", "hard", 0.6), row("B", "easy", 0.8)]
    chart = charts.leaderboard(pd.DataFrame(rows, columns=columns))
    assert chart.title.text == ["A comes first: mean auROC 0.90 over 1 cell"]
    assert "mean of the cells that all answered" in " ".join(chart.title.subtitle)
    chart = charts.leaderboard(pd.DataFrame(rows[1:], columns=columns))  # none in common
    assert chart.title.text == ["B comes first: mean auROC 0.80 over 1 cell"]


def test_baselines_are_grey_and_the_model_is_not():
    picture = theme.svg(charts.roc(curves("roc", names=("k-mers", "net")), baselines=("k-mers",)))
    texts = dict(re.findall(r'fill="(#\w+)"[^>]*>(k-mers|net) auROC', picture))
    assert {name: colour.upper() for colour, name in texts.items()} == {
        "k-mers": theme.text_colour(theme.BASELINE),
        "net": theme.MODEL,
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_words_can_be_read(name):
    # Letters of the four bases are as coloured everywhere, and say what they are by their form.
    picture = theme.svg(CASES[name]())
    said = [
        (fill.upper(), text)
        for fill, text in re.findall(r'<text[^>]*fill="([^"]+)"[^>]*>([^<]+)</text>', picture)
        if text not in theme.BASE_COLOURS and fill not in ("white", "transparent")
    ]
    assert said
    for fill, text in said:
        colour = "#000000" if fill in ("BLACK", "#000") else fill
        assert len(colour) == 7 and theme.text_colour(colour) == colour, (text, fill)


def test_attention_says_what_share_of_it_lies_on_the_sites():
    table = pd.DataFrame(
        {"head": 0, "position": range(10), "weight": [0.0, 0.3, 0.4] + 7 * [0.3 / 7]}
    )
    site = pd.DataFrame({"motif": ["SPI1"], "start": [1], "stop": [3], "strand": ["+"]})
    found = charts.attention_track(table, sites=site).title.text
    assert found == ["70 % of the attention lies on the sites, 20 % of the bases"]


def test_steps_of_a_map_meet_halfway_between_their_middles():
    spec = charts.attention_map(attended(1, 30)[1]).to_dict()  # steps of 18 bp from 0, 4, 8, 12
    cells = pd.DataFrame(next(r for r in spec["datasets"].values() if "key_low" in r[0]))
    assert sorted(cells["key_low"].unique()) == [6.5, 10.5, 14.5, 18.5]
    assert cells["query_high"].max() == 22.5 and len(cells) == 16


def test_changes_of_attention_are_compared_with_random_ones():
    title = charts.faithfulness(changed()).title.text
    assert title == ["Attended bases move the logit 4.5 times as much as random ones"]
    title = charts.faithfulness(changed(), measure="flips").title.text
    assert title == ["Attended bases turn 90 % of the calls, random ones 20 %"]


def test_the_histogram_shows_shares_of_each_class():
    labels = np.array([0] * 90 + [1] * 10 + [-1] * 5)
    scores = np.concatenate([np.linspace(-3, 0.5, 90), np.linspace(0, 3, 10), np.full(5, 99.0)])
    spec = charts.score_histogram(labels, scores).to_dict()
    rows = pd.DataFrame(next(r for r in spec["datasets"].values() if "share" in r[0]))
    assert rows.groupby("class")["share"].sum().to_numpy() == pytest.approx([1, 1])
    assert rows["score"].max() <= 3.0  # the ambiguous ones do not stretch the axis
    assert "left out: 5 examples labelled -1" in " ".join(spec["title"]["subtitle"])


def test_recall_and_false_discoveries_of_the_histogram():
    title = charts.score_histogram([1, 1, 0, 0, 0], [1.0, -1, 1, -1, -1]).title.text
    assert title == ["At threshold 0.00, recall is 50 % and 50 % of the calls are false"]


def test_best_epoch_is_that_of_the_kept_weights():
    table = history(6)
    loss = table[(table["metric"] == "loss") & (table["split"] == "validation")]
    best = int(loss.loc[loss["value"].idxmin(), "epoch"])
    assert f"after epoch {best}, where its loss is lowest" in " ".join(
        charts.learning_curve(table).title.text
    )
    other = best % 6 + 1
    title = " ".join(charts.learning_curve(table, best_epoch=other).title.text)
    assert title.endswith(f"after epoch {other}")


def test_failed_architectures_are_told_apart():
    table = grid(1, 2).assign(value=[0.5, 0.9], low=[0.45, 0.85], high=[0.55, 0.95])
    chart = charts.grammar_by_architecture(table)
    assert "1 of 2 failed" in chart.description
    assert theme.PLUM.lower() in theme.svg(chart).lower()


def test_the_window_starts_where_contributions_are_largest():
    values = np.zeros(800)
    values[600:620] = -1.0
    spec = charts.contribution_track(letters(800), values).to_dict()
    low, high = next(p for p in spec["params"] if p["name"] == "window")["value"]["x"]
    assert low <= 599.5 and high >= 619.5 and high - low == 100


def test_sites_outside_the_track_are_not_drawn():
    table = sites(1, 50, ["M"]).assign(start=500, stop=510)
    chart = charts.contribution_track(letters(50), contributions(50), table)
    assert "M →" not in theme.svg(chart) and "← M" not in theme.svg(chart)


def test_a_binned_scan_keeps_the_best_score():
    scores = np.full((9000, 2), -5.0)
    scores[4567, 1] = 11.0
    chart = charts.scan_track(scores, threshold_bits=8)
    assert chart.title.text == ["1 site of at least 8.0 bits"]
    assert "11.0 bits at 4565 on the - strand" in chart.description  # the bin that holds it


def test_labels_that_are_not_drawn_are_counted():
    tasks = tuple("ABCD")
    labels = np.array([[int(b) for b in f"{i:04b}"] for i in range(16)])
    picture = charts.simulation_picture(
        simulated(16, 100, labels, sites(16, 100, ["A"]), tasks=tasks)
    )
    assert "8 of the 16 labels are not drawn" in " ".join(picture.title.subtitle)
    assert ">none<" in theme.svg(picture)


def test_position_counts_add_up():
    table = sites(40, 503, ["SPI1", "IRF"], 3)
    spec = charts.simulation_picture(simulated(40, 503, np.arange(40) % 2, table)).to_dict()
    rows = pd.DataFrame(next(r for r in spec["datasets"].values() if "count" in r[0]))
    last = rows.groupby(["motif", "label"])["count"].apply(lambda c: c.iloc[:-1].sum())
    assert last.sum() == len(table)


def test_reliability_shows_the_curve_every_count_and_the_error():
    labels, p = np.tile([0, 0, 1, 1, -1], 20), np.tile([0.0, 0.2, 0.7, 1.0, 0.5], 20)
    spec = charts.reliability(labels, {"n": p, "m": p / 10}, n_bins=4).to_dict()
    assert (
        spec["title"]["text"]
        == [
            "Expected calibration error 0.125 (n), 0.463 (m)"  # (0.2 + 0.3) / 4, (0.02 + 0.93 + 0.9) / 4
        ]
    )
    assert "80 examples; left out: 20 labelled -1" in " ".join(spec["title"]["subtitle"])
    tables_ = [pd.DataFrame(rows) for rows in spec["datasets"].values()]
    curve = next(t for t in tables_ if "observed" in t and "low" in t)
    assert curve["observed"].tolist() == [0, 0, 1, 1] * 2
    assert [t["count"].sum() for t in tables_ if "start" in t] == [80, 80]
    # The axes are linear here, and square roots where few are bound.
    assert spec["vconcat"][0]["layer"][0]["encoding"]["x"]["scale"]["type"] == "linear"
    rare = charts.reliability([0] * 19 + [1], {"n": np.arange(20) / 1000}).to_dict()
    scale = rare["vconcat"][0]["layer"][0]["encoding"]["x"]["scale"]
    assert scale == {"type": "sqrt", "domain": [0, 0.02], "nice": False}


BAD = np.array([0.0, np.nan])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: charts.learning_curve(history(2).drop(columns="split")), "no column 'split'"),
        (lambda: charts.learning_curve(history(0)), "history holds 0 metrics"),
        (lambda: charts.learning_curve(history(1).assign(split="test")), "the split 'test'"),
        (lambda: charts.roc({}), "curves is no mapping"),
        (
            lambda: charts.roc({"n": pd.DataFrame({"false_positive_rate": BAD, "recall": 0.0})}),
            r"curves\['n'\] holds 1 of 4",
        ),
        (lambda: charts.roc(curves("roc", 50, "abcde")), "5 other series"),
        (lambda: charts.precision_recall(curves("roc", 50)), "no column 'precision'"),
        (lambda: charts.concordance(tops(1)), "curves is no mapping of name to table"),
        (lambda: charts.concordance({"n": tops(1)[["k"]]}), "no column 'concordance'"),
        (lambda: charts.concordance({"n": tops(1)[:0]}), r"curves\['n'\] needs rows with a k"),
        (lambda: charts.concordance({"n": tops(1).assign(k=0)}), "needs rows with a k of 1"),
        (lambda: charts.concordance({"n": tops(1).assign(k=np.nan)}), r"curves\['n'\] holds"),
        (lambda: charts.spacing(spacings(("++",))[:0]), "table has 0 rows"),
        (lambda: charts.spacing(spacings(("++",)).drop(columns="order")), "order"),
        (lambda: charts.variant_effects([1, 2, 3], [1, 2]), r"measured \(2,\), expected one"),
        (lambda: charts.variant_effects([1, 2], [1, 2]), "has 2 values, expected 3"),
        (lambda: charts.variant_effects([1, 2, np.nan], [1, 2, 3]), "NaN or infinite"),
        (lambda: charts.variant_effects([1, 2, 3], [1, 2, 3], highlight={"a": 3}), "no row of 3"),
        (lambda: charts.leaderboard(board(), metric="auPRC"), "0 rows of 'auPRC'"),
        (lambda: charts.reliability([0, 1], [0.1, 0.9]), "no mapping of 1 to 3 series"),
        (lambda: charts.reliability([0, 1], dict.fromkeys("abcd", [0, 1])), "1 to 3 series"),
        (lambda: charts.reliability([0, 1], {"n": [0, 9]}), "go from 0 to 9"),
        (lambda: charts.reliability([0, 1], {"n": [0.5]}), r"probabilities \(1,\)"),
        (lambda: charts.reliability([0, 1], {"n": [0, 1]}, n_bins=101), "n_bins is 101"),
        (lambda: charts.score_histogram([0, 1], BAD), "scores hold 1 values that are NaN"),
        (lambda: charts.score_histogram([1, 1], [0.0, 1.0]), "no unbound example"),
        (lambda: charts.score_histogram([0, 1], [0.0, 1.0], n_bins=0), "n_bins is 0"),
        (lambda: charts.confusion([0, 1], [0.0]), r"scores \(1,\)"),
        (
            lambda: charts.simulation_picture(
                SimpleNamespace(
                    sequences=np.zeros((0, 9, 4)),
                    labels=np.zeros(0),
                    tasks=("bound",),
                    sites=pd.DataFrame(columns=["sequence", "motif", "start", "stop", "strand"]),
                )
            ),
            "simulation holds no sequence",
        ),
        (lambda: charts.confusion([], []), "labels and scores are empty"),
        (lambda: charts.confusion([-1], [0.0]), "labels are all -1"),
        (lambda: charts.confusion([0, 2], [0.0, 1.0]), "holds the value 2"),
        (lambda: charts.score_histogram([0, 1, 2], [0.0, 1.0, 2.0]), "holds the value 2"),
        (lambda: charts.score_histogram([[0, 1], [1, 0]], np.ones((2, 2))), "2 tasks"),
        (lambda: charts.score_histogram([0, 1], [0.0, np.inf]), "scores holds 1 of 2"),
        (lambda: charts.bars(pd.DataFrame({"name": ["a"], "value": [np.nan]})), "table holds 1"),
        (lambda: charts.bars(pd.DataFrame({"name": [], "value": []})), "table has 0 rows"),
        (lambda: charts.grammar_by_architecture(grid(1, 6)), "6 architectures, expected 1 to 5"),
        (
            lambda: charts.grammar_by_architecture(pd.concat([grid(1, 1)] * 2)),
            "summarise the seeds first",
        ),
        (lambda: charts.contribution_track("ACGT", [1, 2, 3, np.nan]), "contributions holds 1"),
        (lambda: charts.contribution_track("A" * 4001, np.zeros(4001)), "expected at most 4,000"),
        (lambda: charts.scan_track(np.zeros((5, 3))), r"scores has shape \(5, 3\)"),
        (lambda: charts.scan_track(np.full((5, 2), np.nan)), "scores holds 10 NaN"),
        (lambda: charts.scan_track(np.zeros((5, 2)), strand="x"), "strand is 'x'"),
        (lambda: charts.attention_track(attended(1, 9)[0], "ACGT"), "x is 4 bp long, but table"),
        (lambda: charts.attention_track(attended(9, 9)[0]), "9 heads and 81 rows"),
        (lambda: charts.attention_track(attended(1, 9)[1][["head"]]), "no column 'position'"),
        (lambda: charts.attention_track(attended(1, 9)[0].assign(weight=np.nan)), "holds 9 of 9"),
        (lambda: charts.attention_map(attended(3, 200)[1]), "6,348 rows, expected up to"),
        (lambda: charts.faithfulness(changed(), measure="loss"), "no rows of the measure 'loss'"),
        (lambda: charts.faithfulness(changed(list("abcde"))), "5 other series"),
        (lambda: charts.one_hot_grid("A" * 61), "61 bp, expected at most 60"),
        (
            lambda: charts.simulation_picture(
                simulated(1, 99, np.ones(1), sites(1, 99, list("ABCDEFGH")))
            ),
            "plants 8 motifs, expected at most 7",
        ),
        (
            lambda: charts.simulation_picture(
                simulated(1, 99, np.ones(1), sites(1, 99, "A")), n_examples=0
            ),
            "n_examples is 0",
        ),
    ],
)
def test_bad_input_is_one_sentence(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
