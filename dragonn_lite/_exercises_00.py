"""The exercises of lesson 00: what is right, and three hints for each."""

from __future__ import annotations

import numpy as np

from dragonn_lite._exercises import exercise
from dragonn_lite.dna import motifs, sequences


@exercise(
    "00.reverse_complement",
    "it takes two steps: swap each base for its partner (A and T, C and G), and read backwards.",
    "a dictionary holds the partners: {'A': 'T', 'C': 'G', 'G': 'C', 'T': 'A', 'N': 'N'}.",
    "''.join(partner[base] for base in reversed(dna)) does both steps in one line.",
)
def _(answer):
    rng = np.random.default_rng(0)
    partner = dict(zip("ACGTN", "TGCAN", strict=True))
    tried = ["AACG", "T", "", *("".join(rng.choice(list("ACGTN"), 30)) for _ in range(20))]
    for dna in tried:
        got = answer(dna)
        backwards, swapped = dna[::-1], "".join(partner[base] for base in dna)
        if got == swapped[::-1]:
            continue
        shown = f"{dna!r} became {got!r}"
        if got is None:
            return "Your function returns nothing: end it with return."
        if not isinstance(got, str):
            return f"Expected a str, got {type(got).__name__}."
        if got == backwards:
            return f"{shown}: read backwards, but the bases are not swapped."
        if got == swapped:
            return f"{shown}: the bases are swapped, but it is not read backwards."
        if "N" in dna and "N" not in got:
            return f"{shown}: the partner of N is N, whatever it stands for."
        return f"{shown}, expected {swapped[::-1]!r}."
    return ""


@exercise(
    "00.site_score",
    "each base of the site picks one number: that of its row (position) and its column (base).",
    "the columns are in the order A, C, G, T: 'ACGT'.index(base) is the column.",
    "add up log_odds[i]['ACGT'.index(base)] over i, base in enumerate(site).",
)
def _(answer):
    rng = np.random.default_rng(0)
    for width in (1, 4, 10, 19, 10, 19):
        log_odds = rng.normal(size=(width, 4)).round(2)
        site = "".join(rng.choice(list("ACGT"), width))
        picked = np.array([log_odds[i]["ACGT".index(base)] for i, base in enumerate(site)])
        got = answer(site, log_odds)
        if got is None:
            return "Your function returns nothing: end it with return."
        if np.shape(got) != ():
            return f"Expected one number for a site, got {np.size(got)}: add them up."
        got = float(got)
        if np.isclose(got, picked.sum()):
            continue
        others = {
            log_odds.max(axis=1).sum(): "that is the best score that any site can get.",
            log_odds.sum(): "that adds up all bases, not only those of the site.",
            picked.mean(): "that is the mean: a score is the sum.",
            picked.prod(): "that multiplies: logarithms are added.",
            np.exp2(picked.sum()): "that is the ratio of probabilities: take its logarithm.",
        }
        for value, why in others.items():
            if np.isclose(got, value):
                return f"{site} scored {got:.2f}: {why}"
        return f"{site} scored {got:.2f}, expected {picked.sum():.2f}."
    return ""


@exercise(
    "00.both_strands",
    "take the best site that there is, and its reverse complement.",
    "sequences.reverse_complement(site) is a site on the - strand: write one after the other.",
    "best = 'TGGCCACCAGGGGGCGCTA'; my_dna = best + sequences.reverse_complement(best).",
)
def _(answer, threshold_bits=12, longest_bp=40):
    if not isinstance(answer, str):
        return f"Expected DNA as a str, got {type(answer).__name__}."
    if not 19 <= len(answer) <= longest_bp:
        return f"Your DNA has {len(answer)} bp, expected 19 to {longest_bp}."
    plus, minus = motifs.scan(sequences.one_hot(answer), motifs.builtin("CTCF"))[0].max(axis=0)
    weak = [f"{score:.1f} bits on the {strand} strand"
            for strand, score in (("+", plus), ("-", minus)) if score < threshold_bits]  # fmt: skip
    if weak:
        return f"The best site has only {' and '.join(weak)}, expected {threshold_bits}."
    return ""
