"""The picture of the motif explorer: a pure function from what is chosen to a chart."""

from __future__ import annotations

from dataclasses import dataclass, field

import altair as alt
import numpy as np
import pandas as pd

from dragonn_lite._contract import as_count
from dragonn_lite.display import scans, tables, theme
from dragonn_lite.display.glyphs import letter_marks, with_outlines, zero_line
from dragonn_lite.dna import motifs, sequences

LENGTH_MAX = 120


@dataclass(frozen=True)
class MotifState:
    """What the motif explorer shows: all of it, so that equal states give equal pictures.

    Parameters
    ----------
    motif : str or Motif
        The name of a built-in motif, or a motif.
    sequence : str
        A, C, G, T and N, at least as long as the motif and at most 120 bp. By default a short
        sequence that holds one site.
    strand : {"both", "+", "-"}
        Where sites are looked for.
    threshold_bits : float
        From this score on, a site is called.
    position : int
        The base that is edited, counted from 0.

    Raises
    ------
    ValueError
        If the sequence holds other letters, is too short or too long, the motif has more than
        120 bp, or a choice is unknown.

    Examples
    --------
    >>> state = MotifState("TAL1_known4", strand="+")
    >>> state.best_site()["strand"]
    '+'
    """

    motif: motifs.Motif | str = "TAL1_known4"
    sequence: str | None = None
    strand: str = "both"
    threshold_bits: float = 8.0
    position: int = 0
    scores: np.ndarray = field(init=False, repr=False, compare=False)

    def __post_init__(self):
        motif = motifs.builtin(self.motif) if isinstance(self.motif, str) else self.motif
        if not isinstance(motif, motifs.Motif):
            raise TypeError(f"motif is {motif!r}, expected a Motif or the name of a built-in one")
        if motif.width_bp > LENGTH_MAX:
            raise ValueError(
                f"motif {motif.name!r} has {motif.width_bp} bp, expected at most {LENGTH_MAX}"
            )
        if not isinstance(self.sequence, (str, type(None))):
            raise TypeError(f"sequence is {self.sequence!r}, expected a string of DNA letters")
        set_ = object.__setattr__  # the one way to complete a frozen dataclass
        set_(self, "motif", motif)
        sequence = _example(motif) if self.sequence is None else self.sequence
        sequence = tables.as_letters("".join(sequence.split()), "sequence")
        if not motif.width_bp <= len(sequence) <= LENGTH_MAX:
            raise ValueError(
                f"sequence has {len(sequence)} bp, expected {motif.width_bp} (the width of the "
                f"motif) to {LENGTH_MAX}"
            )
        set_(self, "sequence", sequence)
        if self.strand not in ("both", "+", "-"):
            raise ValueError(f"strand is {self.strand!r}, expected 'both', '+' or '-'")
        tables.check_finite([self.threshold_bits], "threshold_bits")
        if as_count(self.position, "position") >= len(sequence):
            raise ValueError(f"position is {self.position}, expected 0 to {len(sequence) - 1}")
        # The exact scores of all windows, by position and strand: (n_positions, 2)
        x = sequences.one_hot([sequence])
        windows = motifs.find_sites(x, motif, threshold_bits=-np.inf)
        set_(self, "scores", windows["score"].to_numpy().reshape(-1, 2))

    def best_site(self) -> dict:
        """Return the best site: start, stop, strand, score (bits), bases, contributions (bits).

        The bases are read along the strand of the site; their contributions add up to the score.
        """
        allowed = {"both": [0, 1], "+": [0], "-": [1]}[self.strand]
        start, column = np.unravel_index(
            self.scores[:, allowed].argmax(), (len(self.scores), len(allowed))
        )
        strand = "+-"[allowed[column]]
        stop = int(start) + self.motif.width_bp
        bases = self.sequence[start:stop]
        bases = bases if strand == "+" else sequences.reverse_complement(bases)
        log_odds = self.motif.log_odds(motifs.UNIFORM, pseudocount=0.001)
        contributions = [
            float(log_odds[i, "ACGT".index(base)]) if base in "ACGT" else 0.0
            for i, base in enumerate(bases)
        ]
        return {
            "start": int(start),
            "stop": stop,
            "strand": strand,
            "score": float(self.scores[start, allowed[column]]),
            "bases": bases,
            "contributions": contributions,
        }

    def words(self) -> str:
        """Return the finding in a sentence: the same for eyes and for a screen reader."""
        site = self.best_site()
        called = "bound" if site["score"] >= self.threshold_bits else "not bound"
        return (
            f"Best site {site['bases']} at {site['start']} ({_minus(site['strand'])} strand): "
            f"{_minus(format(site['score'], '.1f'))} bits, {called}"
        )


def motif_explorer_chart(state: MotifState) -> alt.VConcatChart:
    """Return the picture of the motif explorer: sequence, scan on both strands, best site.

    The plain twin of :func:`widgets.motif_explorer`.

    Parameters
    ----------
    state : MotifState

    Examples
    --------
    >>> chart = motif_explorer_chart(MotifState("TAL1_known4", threshold_bits=5.0))
    >>> len(chart.vconcat)
    3
    """
    site = state.best_site()
    scan = scans.scan_track(
        state.scores,
        threshold_bits=state.threshold_bits,
        strand=state.strand,
        length=len(state.sequence),
        title="",
    )
    subtitle = (
        f"{state.motif.name}, {state.motif.width_bp} bp, against uniform bases; called from "
        f"{state.threshold_bits:.1f} bits on; best site shaded"
    )
    chosen = f"base {state.sequence[state.position]} at {state.position} is chosen"
    return alt.vconcat(
        _sequence_panel(state, site),
        scan,
        _site_panel(state, site),
        spacing=14,
        title=theme.heading(state.words(), subtitle),
        description=f"{state.words()}. Sequence {state.sequence}, {chosen}. {subtitle}.",
    )


def _sequence_panel(state: MotifState, site: dict) -> alt.LayerChart:
    length = len(state.sequence)
    table = pd.DataFrame({"position": np.arange(length), "base": list(state.sequence)})
    scale = alt.Scale(domain=[-0.5, length - 0.5], nice=False)
    # The axis is empty but as wide as those below: the letters stand over their scores.
    empty = alt.Axis(
        labels=False, ticks=False, domain=False, minExtent=theme.AXIS_PX, maxExtent=theme.AXIS_PX
    )
    y = alt.Y("y:Q", title=" ", scale=alt.Scale(domain=[0, 1], nice=False), axis=empty)
    band = pd.DataFrame({"x": [site["start"] - 0.5], "x2": [site["stop"] - 0.5]})
    cursor = pd.DataFrame({"x": [state.position], "y": [0.14]})
    x = alt.X("x:Q", title=None, scale=scale, axis=None)
    return alt.layer(
        alt.Chart(band).mark_rect(color=theme.OCHRE, opacity=0.2).encode(x, x2="x2:Q"),
        alt.Chart(cursor)
        .mark_point(shape="triangle-up", filled=True, size=45, color=theme.INK, opacity=1)
        .encode(x, y),
        # Text here, not outlines: this picture is drawn anew at each key.
        alt.Chart(table)
        .mark_text(
            fontSize=float(np.clip(0.95 * theme.WIDTH / length, 6, 17)), fontWeight="bold", y=16
        )
        .encode(
            alt.X("position:Q", title=None, scale=scale, axis=None),
            text="base:N",
            color=alt.Color("base:N", scale=theme.base_scale(), legend=None),
            tooltip=[alt.Tooltip("position:Q", title="position (bp)"), alt.Tooltip("base:N")],
        ),
        width=theme.WIDTH,
        height=40,
    )


def _site_panel(state: MotifState, site: dict) -> alt.LayerChart:
    """The site's bases over the logo: letters that match are dark, each with its bits."""
    logo = tables.logo_table(tables.information_heights(state.motif))
    logo["opacity"] = [
        1.0 if base == site["bases"][position] else 0.22
        for position, base in zip(logo["position"], logo["base"], strict=True)
    ]
    width = state.motif.width_bp
    read = pd.DataFrame(
        {
            "position": np.arange(width),
            "base": list(site["bases"]),
            "bits": site["contributions"],
        }
    )
    read["colour"] = np.where(read["bits"] < 0, theme.NEGATIVE, "#A85510")
    scale = alt.Scale(domain=[-0.5, width - 0.5], nice=False)
    axis = alt.Axis(values=list(range(0, width, 1 if width <= 25 else 5)), format="d")
    x = alt.X("x:Q", title="position in the motif (bp)", scale=scale, axis=axis)
    y = alt.Y(
        "y:Q",
        title="logo (bits)",
        scale=alt.Scale(domain=[0, 2], nice=False),
        axis=alt.Axis(values=[0, 1, 2], minExtent=theme.AXIS_PX, maxExtent=theme.AXIS_PX),
    )
    opacity = alt.Opacity("opacity:Q", scale=None)
    return alt.layer(
        zero_line(),
        with_outlines(letter_marks(alt.Chart(logo), x=x, y=y, opacity=opacity)),
        *_contribution_text(read, scale, axis),
        width=theme.WIDTH,
        height=100,
        title=alt.Title(
            f"Bits of each base of the site: together {_minus(format(site['score'], '.1f'))}",
            fontSize=12,
            fontWeight="normal",
            offset=6,
        ),
    )


def _contribution_text(read: pd.DataFrame, scale, axis) -> list[alt.Chart]:
    x = alt.X("position:Q", title="position in the motif (bp)", scale=scale, axis=axis)
    base = alt.Chart(read).encode(x, tooltip=["base:N", alt.Tooltip("bits:Q", format="+.2f")])
    size = 11 if len(read) <= 18 else 9
    return [
        base.mark_text(fontSize=13, fontWeight="bold", y=-26).encode(
            text="base:N", color=alt.Color("base:N", scale=theme.base_scale(), legend=None)
        ),
        base.mark_text(fontSize=size, y=-10).encode(
            text=alt.Text("bits:Q", format="+.1f"), color=alt.Color("colour:N", scale=None)
        ),
    ]


def _example(motif: motifs.Motif) -> str:
    """Forty bases or more with the consensus in the middle, spelled with certain letters."""
    site = "".join("ACGT"[i] for i in motif.probabilities.argmax(axis=1))
    flank = "ATCGGATTACAGCTTGACCATGTCAGTACGTTAGCA"
    n_left = min(max(4, (44 - len(site)) // 2), (LENGTH_MAX - len(site)) // 2)
    return flank[:n_left] + site + flank[::-1][:n_left]


def _minus(text: str) -> str:
    """Print a minus as wide as a plus, in place of the hyphen."""
    return text.replace("-", "−")
