"""What explanations cost: memory within bounds, and each network compiled without complaint."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from dragonn_lite import interpretation
from dragonn_lite.dna import sequences as dna
from dragonn_lite.networks import architectures

pytestmark = pytest.mark.slow

BENCHMARK = Path(__file__).parent / "benchmarks" / "bench_memory.py"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell the peak of a process")
@pytest.mark.parametrize(
    ("network", "method"),
    [("dragonn_three_layer", "in_silico_mutagenesis"), ("dragonn_three_layer", "deeplift")],
)
def test_memory_is_bounded_by_batches(network, method):
    # What 1,000 sequences take more than 64 is their own arrays, 5 bytes a base and 16 a score.
    task = json.dumps([network, method, 64, 1_000, 600.0])
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--one", task], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["n"] == 64
    assert 300 < found["peak_mb"] < 1_450  # with TensorFlow, which alone takes half of it


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a warning of TensorFlow")
def test_many_networks_are_explained_without_a_warning_of_tracing(caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("tensorflow"), "propagate", True)
    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        for seed in range(6):
            model = architectures.dragonn_one_layer(60, rng=seed)
            x = dna.random_sequences(1 + seed, 60, rng=seed)
            for method in ("saliency", "deeplift"):
                interpretation.explain(model, x, method=method)
    # Keras's own predict says it too; lessons and commands keep that quiet.
    said = [record.getMessage() for record in caplog.records]
    assert not [
        words for words in said if "retracing" in words and "TensorFlowTrainer" not in words
    ]
