"""The sections of a report: for the commands in a terminal and for the lessons alike.

A section is a heading and what stands under it: text, tables and charts, as
:func:`dragonn_lite.display.pages.write_page` takes them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from dragonn_lite.assays import examples
from dragonn_lite.assays.examples import Examples
from dragonn_lite.display import charts, tracks
from dragonn_lite.dna import motifs
from dragonn_lite.dna import sequences as dna
from dragonn_lite.dna.motifs import Motif
from dragonn_lite.evaluation import metrics
from dragonn_lite.interpretation import contributions

_SHOWN = {
    "auroc": "auROC",
    "auprc": "auPRC",
    "recall_at_5_percent_fdr": "recall at 5 % FDR",
    "recall_at_10_percent_fdr": "recall at 10 % FDR",
    "recall_at_20_percent_fdr": "recall at 20 % FDR",
}
INTERVALS = (
    "In brackets: 95 % intervals, by resampling the judged sequences, or with --by-chromosome "
    "whole chromosomes of them."
)
_TRACKS, _FILTERS = 5, 12  # as many of each are drawn


def composition_chart(data: Examples):
    """GC content of the bound and of the unbound sequences, which should not tell them apart.

    Parameters
    ----------
    data : Examples
        Of both classes.

    Examples
    --------
    >>> data = Examples(dna.one_hot(["ACGT", "TTTT"]), np.array([1, 0]), np.array(["a", "b"]))
    >>> composition_chart(data).title.text
    ['GC content alone reaches auROC 1.000']
    """
    gc = _gc(data.sequences)
    return charts.score_histogram(
        data.labels, gc, threshold=None, score_title="GC content (share of G and C)",
        title=f"GC content alone reaches auROC {metrics.auroc(data.labels, gc):.3f}",
        subtitle="0.5: composition says nothing; far from it, a network may learn nothing else",
    )  # fmt: skip


def sequences_section(data: Examples, *notes: str) -> tuple:
    """What went in: counts, composition, copies and twins of the sequences.

    Parameters
    ----------
    data : Examples
    *notes : str
        Paragraphs to stand above the table, such as how the examples were split.

    Examples
    --------
    >>> data = Examples(dna.one_hot(["ACGT", "TTTT"]), np.array([1, 0]), np.array(["a", "b"]))
    >>> sequences_section(data, "Nothing was held out.")[0]
    'The sequences'
    """
    return "The sequences", *notes, examples.describe(data), composition_chart(data)


def training_section(training, words: str = "") -> tuple:
    """How training went.

    Parameters
    ----------
    training : Training
        As :func:`dragonn_lite.networks.training.fit` returns it.
    words : str
        Stands under the title of the picture.
    """
    picture = charts.learning_curve(
        training.history, best_epoch=training.best_epoch, subtitle=words
    )
    return "Training", picture


def performance_sections(
    judged: Examples, scores: dict, table: pd.DataFrame, words="", lead: pd.DataFrame | None = None
) -> list:
    """How good the scores of a network are, beside those of the baselines.

    Parameters
    ----------
    judged : Examples
    scores : dict of str to float (n,)
        The network's logits first, or at most three baselines alone; baselines are drawn in grey.
    table : DataFrame
        As :func:`dragonn_lite.comparison.table` makes it.
    words : str
        Which examples these are; stands under the titles.
    lead : DataFrame, optional
        As :func:`dragonn_lite.comparison.lead` makes it.

    Examples
    --------
    >>> from dragonn_lite import comparison
    >>> judged = Examples(dna.one_hot(["ACGT"] * 4), np.array([0, 0, 1, 1]), np.array(list("abcd")))
    >>> scores = {"network": np.array([-2.0, 0.5, 0.2, 2.0])}
    >>> sections = performance_sections(judged, scores, comparison.table(judged, scores, rng=0))
    >>> [heading for heading, *_ in sections]
    ['How good is it?', 'Is it better than something simple?']
    """
    labels = judged.labels
    drawn = [
        draw(
            {name: curve(labels, s) for name, s in scores.items()},
            baselines=tuple(name for name in scores if name != "network"),
            subtitle=words,
        )
        for draw, curve in (
            (charts.roc, metrics.roc_curve),
            (charts.precision_recall, metrics.precision_recall_curve),
        )
    ]
    who = () if lead is None else (leader(lead),)
    heading = "Is it better than something simple?"
    beside = heading, *who, shown_table(table, lead), INTERVALS, *drawn
    if "network" not in scores:
        return [("How far do the baselines carry?", *beside[1:])]
    counts, right = table.iloc[0], metrics.accuracy(labels, scores["network"])
    said = (
        f"{counts['n_bound']:,} bound and {counts['n_unbound']:,} unbound sequences. From logit 0 "
        f"on called bound, the network is right on {right:.1%} of them. Recall at 5 % "
        "FDR is the share of the bound sequences found when one call in twenty may be wrong."
    )
    return [
        (
            "How good is it?",
            said,
            charts.score_histogram(labels, scores["network"], subtitle=words),
        ),
        beside,
    ]


def leader(lead: pd.DataFrame) -> str:
    """One sentence: is the network ahead of the best baseline by more than chance, by auPRC?

    Parameters
    ----------
    lead : DataFrame
        As :func:`dragonn_lite.comparison.lead` makes it.

    Examples
    --------
    >>> leader(pd.DataFrame({"scores": ["network less k-mers"], "auprc": [0.052],
    ...                      "auprc_low": [0.03], "auprc_high": [0.071]}))
    'By auPRC the network is ahead of k-mers, the best baseline: +0.052 [+0.030 to +0.071].'
    """
    row = lead.iloc[0]
    over = row["scores"].removeprefix("network less ")
    difference = _with_limits(row, "auprc", "+.3f")
    if row["auprc_low"] <= 0 <= row["auprc_high"]:
        both = f"the network and {over}, the best baseline,"
        return f"By auPRC {both} cannot be told apart: {difference}."
    stands = "ahead of" if row["auprc_low"] > 0 else "behind"
    return f"By auPRC the network is {stands} {over}, the best baseline: {difference}."


def shown_table(table: pd.DataFrame, lead: pd.DataFrame | None = None) -> pd.DataFrame:
    """The metrics that matter most as text, with their intervals, one column for each score.

    Parameters
    ----------
    table : DataFrame
        As :func:`dragonn_lite.comparison.table` makes it.
    lead : DataFrame, optional
        As :func:`dragonn_lite.comparison.lead` makes it: one more column, of differences.

    Examples
    --------
    >>> from dragonn_lite import comparison
    >>> judged = Examples(dna.one_hot(["ACGT"] * 4), np.array([0, 0, 1, 1]), np.array(list("abcd")))
    >>> scores = {"network": np.array([-2.0, 0.5, 0.2, 2.0])}
    >>> shown_table(comparison.table(judged, scores, rng=0))["network"][0]
    '0.750 [0.000 to 1.000]'
    """
    rows = [(row, ".3f") for row in table.to_dict("records")]
    if lead is not None:
        rows.append((lead.iloc[0], "+.3f"))
    columns = {
        row["scores"]: [_with_limits(row, name, form) for name in _SHOWN] for row, form in rows
    }
    return pd.DataFrame({"measure": list(_SHOWN.values()), **columns})


def _with_limits(row, name, form):
    return f"{row[name]:{form}} [{row[f'{name}_low']:{form}} to {row[f'{name}_high']:{form}}]"


def known_sites(
    sequences: np.ndarray, present: np.ndarray, matches: pd.DataFrame
) -> tuple[Motif, pd.DataFrame, float] | None:
    """The known motif that accounts for most of the contributions, and its best sites.

    Only motifs that a filter resembles are tried. A site counts where a sequence of random bases
    would have one as good with a probability of at most a tenth: a log-odds score of s bits is
    reached by chance at one place in 2**s at most.

    Parameters
    ----------
    sequences : uint8 (n, length, 4)
    present : float (n, length)
        Contributions of the bases present.
    matches : DataFrame
        As :func:`dragonn_lite.dna.motifs.best_match` makes it from the network's filters.

    Returns
    -------
    (Motif, sites table, share) or None
        At most one site a sequence; `share` is that of the upward contributions inside the sites.
        None where no motif has a site.
    """
    best = None
    for name in matches.sort_values("correlation", ascending=False)["motif"].unique()[:_FILTERS]:
        motif = motifs.builtin(name)
        n_places = 2 * (sequences.shape[1] - motif.width_bp + 1)
        if n_places < 1:
            continue
        sites = motifs.find_sites(sequences, motif, threshold_bits=np.log2(n_places / 0.1))
        sites = sites.sort_values(["sequence", "score"], ascending=[True, False], kind="stable")
        sites = sites.drop_duplicates("sequence").reset_index(drop=True)
        share = contributions.share_in_sites(present, sites)
        if len(sites) and (best is None or share > best[2]):
            best = motif, sites, share
    return best


def explanation_sections(names, scores, sequences, present, found, matches, how) -> list:
    """What the network looks at: the highest-scoring sequences, and the filters.

    Parameters
    ----------
    names : str (n,)
    scores : float (n,)
        Logits.
    sequences : uint8 (n, length, 4)
    present : float (n, length)
        Contributions of the bases present.
    found : list of Motif
        What the filters respond to; may be empty.
    matches : DataFrame
        The known motif most like each, as :func:`dragonn_lite.dna.motifs.best_match` makes it;
        unused where nothing is found.
    how : str
        By which method: its name, a colon, what it is, and how well contributions add up.
    """
    order = np.argsort(-np.asarray(scores), kind="stable")[:_TRACKS]
    known = known_sites(sequences, present, matches) if found else None
    said = "Each letter is as tall as its contribution"
    said += "; those of negative ones hang down" if (present < 0).any() else ""
    said += f". Contributions are by {how} "
    sites = None
    if known is not None:
        motif, sites, share = known
        inside = (sites["stop"] - sites["start"]).sum() / present.size
        said += (
            f"Bands mark the best site of the known motif {motif.name} in each sequence; "
            f"{len(sites):,} of the {len(present):,} explained sequences have one. These sites are "
            f"{inside:.0%} of all bases and hold {share:.0%} of the upward contributions."
        )
    shown = [
        _track(
            sequences[i], present[i],
            None if sites is None else sites[sites["sequence"] == i],
            title=f"{names[i]} scores {scores[i]:.1f}",
            subtitle=f"contributions to the logit by {how.partition(':')[0]}",
        )
        for i in order
    ]  # fmt: skip
    heading = "What do the first filters look for?"
    asked = "What speaks for binding" if (present < 0).any() else "What matters"
    first = (f"{asked} in the highest-scoring sequences?", said, *shown)
    if not found:
        return [first, (heading, "No filter tells one place of these sequences from another.")]
    matches = matches.sort_values("correlation", ascending=False, kind="stable")
    top = matches.head(_FILTERS).reset_index(drop=True)
    by_name = {motif.name: motif for motif in found}
    beside = charts.filters_beside_motifs(
        {name: by_name[name] for name in top["query"]},
        top,
        motifs.builtin_motifs(),
        title=f"{top['query'][0]} looks most like a known motif: {top['motif'][0]}",
        subtitle=f"the {len(top)} of {len(matches)} filters most like a known motif; what each "
        "responds to in these sequences",
    )
    listed = top[["query", "motif", "strand", "correlation"]].rename(
        columns={"query": "filter", "motif": "known motif"}
    )
    listed.insert(1, "consensus", [by_name[name].consensus for name in top["query"]])
    return [first, (heading, beside, listed)]


def _track(sequence, present, sites, **words):
    start, length = 0, len(present)
    if length > tracks.N_POSITIONS_MAX:  # the stretch around the strongest base
        start = int(np.clip(np.abs(present).argmax() - 500, 0, length - 1000))
        length = 1000
    window = slice(start, start + length)
    return charts.contribution_track(sequence[window], present[window], sites, start=start, **words)


def _gc(sequences):
    gc = dna.gc_fraction(sequences)
    known = np.isfinite(gc)
    return np.where(known, gc, gc[known].mean() if known.any() else 0.5)
