"""The way to tf-modisco-lite and back: its files without it, the worked example with and without.

tf-modisco-lite is an extra, with some 500 MB beside it and parts under the GPL, and in no lock of
ours: where it is not installed, what runs it is skipped.
"""

import importlib.util
import os
from pathlib import Path

import h5py
import numpy as np
import papermill
import pytest
from shared_data import shared_data
from traitlets.config import Config

from dragonn_lite import interpretation, lesson
from dragonn_lite.dna.sequences import one_hot, random_sequences
from dragonn_lite.interpretation import modisco

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "notebooks" / "extras" / "motifs_from_explanations.ipynb"
INSTALL = 'finding motifs needs the package modisco-lite: pip install "modisco-lite>=3"'
needs_modisco = pytest.mark.skipif(
    importlib.util.find_spec("modiscolite") is None,
    reason='needs tf-modisco-lite: pip install "modisco-lite>=3"',
)


def counts_g(x):
    """A logit that is exact and fast to explain: 1 for each G, -2 for each TA."""
    return x[:, :, 2].sum(axis=1) - 2.0 * (x[:, :-1, 3] * x[:, 1:, 0]).sum(axis=1)


def explained(sequences, method="in_silico_mutagenesis", **options):
    return interpretation.explain(counts_g, sequences, method=method, **options)


# --- there -------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [30, 31])
def test_the_files_hold_what_modisco_makes_contributions_of(tmp_path, length):
    explanation = explained(random_sequences(5, length, rng=length))
    sequences, hypothetical = modisco.write_inputs(explanation, tmp_path)
    x, scores = (np.load(path)["arr_0"] for path in (sequences, hypothetical))
    x, scores = (a.transpose(0, 2, 1) for a in (x, scores))  # as tf-modisco-lite does
    assert x.shape == scores.shape == (5, length + length % 2, 4)
    np.testing.assert_array_equal(x[:, :length], explanation.sequences)
    contributions = (x * scores).sum(axis=2)
    np.testing.assert_allclose(contributions[:, :length], explanation.contributions, atol=1e-6)
    assert not contributions[:, length:].any() and not x[:, length:].any()


def test_unknown_bases_may_lose_what_their_reference_has(tmp_path):
    from dragonn_lite.networks import architectures

    network = architectures.filter_bank(30, rng=0)
    explanation = interpretation.explain(network, one_hot("ACGTN" * 6), references="uniform")
    assert explanation.contributions[0, 4::5].any()
    paths = modisco.write_inputs(explanation, tmp_path)
    assert not np.load(paths[0])["arr_0"][0, :, 4].any()


@pytest.mark.parametrize(
    ("explanation", "error", "words"),
    [
        (lambda: {"sequences": 1}, TypeError, "explanation is a dict, expected what"),
        (
            lambda: explained(one_hot("GATTACA"), "occlusion", width_bp=1),
            ValueError,
            "by occlusion, which gives no hypothetical contributions; take deeplift",
        ),
        (lambda: saliency(), ValueError, "by saliency, whose contributions are not those of its"),
    ],
)
def test_what_modisco_cannot_read_is_refused_in_a_sentence(tmp_path, explanation, error, words):
    with pytest.raises(error, match=words) as found:
        modisco.write_inputs(explanation(), tmp_path)
    assert "\n" not in str(found.value)
    assert list(tmp_path.iterdir()) == []


def saliency():
    from dragonn_lite.networks import architectures

    network = architectures.filter_bank(30, rng=0)
    return interpretation.explain(network, random_sequences(2, 30, rng=1), method="saliency")


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder .*nowhere"):
        modisco.write_inputs(explained(one_hot("GATTACA")), tmp_path / "nowhere")


def test_without_the_extra_a_sentence_tells_how_to_install_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", {"modiscolite": None}.get)
    with pytest.raises(ImportError) as found:
        modisco.find_motifs(explained(one_hot("GATTACA")))
    assert str(found.value) == INSTALL


# --- and back ----------------------------------------------------------------------------------

STRONG = one_hot("GATTACA")[0].astype(float)


def write_results(path, patterns):
    """Results as `modisco motifs` writes them: {side: {name: (probabilities, strength, n)}}."""
    with h5py.File(path, "w") as file:
        file.attrs["window_size"] = 100
        for side, of_side in patterns.items():
            for name, (probabilities, strength, n_seqlets) in of_side.items():
                group = file.create_group(f"{side}/{name}")
                group["sequence"] = probabilities
                group["contrib_scores"] = probabilities * np.reshape(strength, (-1, 1))
                group["seqlets/n_seqlets"] = np.array([n_seqlets])


def test_motifs_are_read_trimmed_and_in_order(tmp_path):
    path = tmp_path / "results.h5"
    flanked = np.concatenate([np.full((9, 4), 0.25), STRONG, np.full((5, 4), 0.25)])
    # The weakest position inside is kept, and so is one of just 0.3 at the end.
    strength = np.array([0.1] * 9 + [-2, -1, -0.2, -1, -1, -1, -0.6] + [0.59] * 5)
    positive = {f"pattern_{i}": (STRONG, np.ones(7), 100 - i) for i in range(11)}
    write_results(path, {
        "neg_patterns": {"pattern_0": (flanked, strength, 30)}, "pos_patterns": positive,
    })  # fmt: skip
    found = modisco.read_motifs(path)
    names = [f"pos_patterns.pattern_{i}" for i in range(11)]  # 10 after 9, not after 1
    assert [motif.name for motif in found] == [*names, "neg_patterns.pattern_0"]
    assert [motif.n_sites for motif in found] == [*range(100, 89, -1), 30]
    for motif in found:
        np.testing.assert_allclose(motif.probabilities, STRONG)


def test_where_nothing_was_found_there_are_no_motifs(tmp_path):
    write_results(tmp_path / "results.h5", {})
    assert modisco.read_motifs(tmp_path / "results.h5") == []


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text.h5").write_text("motifs")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["weights"] = np.zeros(3)
    write_results(tmp_path / "half.h5", {"pos_patterns": {"pattern_0": (STRONG, np.ones(7), 9)}})
    with h5py.File(tmp_path / "half.h5", "a") as file:
        del file["pos_patterns/pattern_0/sequence"]
    for name in ("text.h5", "other.h5", "half.h5"):
        with pytest.raises(ValueError, match=f"{name} holds no results of `modisco motifs`, or"):
            modisco.read_motifs(tmp_path / name)


# --- the worked example ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """What the worked example reports, and what it printed."""
    shared_data("encode_chip_101bp")  # else these tests are skipped
    folder = tmp_path_factory.mktemp("example")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRAGONN_LITE_RENDERER", "svg")
        patch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
        notebook = papermill.execute_notebook(
            str(EXAMPLE),
            str(folder / "run.ipynb"),
            kernel_name="python3",
            cwd=str(folder),
            progress_bar=False,
            config=Config({"KernelManager": {"transport": "ipc"}}),
        )
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert not [o["text"] for o in outputs if o.get("name") == "stderr"]
    return lesson.results(folder / "run.ipynb"), "".join(o.get("text", "") for o in outputs)


@pytest.mark.slow
@pytest.mark.lesson
def test_the_example_runs_to_its_end_and_names_a_missing_extra(example):
    results, printed = example
    # Seeds 1 to 3 in brackets.
    assert results["auroc"] > 0.99 and results["real_auroc"] > 0.95  # 1.000 and [0.970, 0.973]
    assert 0.5 < results["gc"] < 0.68  # [0.583, 0.600]
    assert results["completeness_error"] < 1e-4
    is_there = importlib.util.find_spec("modiscolite") is not None
    assert printed.count(INSTALL) == (0 if is_there else 2)
    assert bool(results["found"]) == bool(results["real_found"]) == is_there


@needs_modisco
@pytest.mark.slow
@pytest.mark.lesson
def test_modisco_finds_what_was_planted_and_what_binds(example):
    found, real = example[0]["found"], example[0]["real_found"]
    sides = {(name.split(".")[0], motif) for name, (motif, _) in found.items()}
    assert sides == {
        ("pos_patterns", "SPI1_known4"),
        ("pos_patterns", "CTCF_known1"),
        ("neg_patterns", "IRF_known20"),
    }
    assert all(correlation > 0.85 for _, correlation in found.values())  # [0.93, 1.00]
    assert real["pos_patterns.pattern_0"][0] == "GABPA"
    assert real["pos_patterns.pattern_0"][1] > 0.6  # [0.75, 0.82]


@needs_modisco
@pytest.mark.slow
def test_modisco_stops_in_a_sentence_where_nothing_contributes():
    nothing = interpretation.explain(
        lambda x: np.zeros(len(x)), random_sequences(60, 31, rng=0), method="in_silico_mutagenesis"
    )
    with pytest.raises(ValueError, match="explanation made tf-modisco-lite stop with"):
        modisco.find_motifs(nothing)
