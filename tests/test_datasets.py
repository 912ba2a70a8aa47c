import csv
import errno
import gzip
import hashlib
import http.server
import re
import threading

import numpy as np
import pandas as pd
import pooch
import pytest
from shared_data import shared_data

from dragonn_lite.assays import datasets

FILES = {"first.txt": b"a short text\n" * 9, "deep/second (2).gz": gzip.compress(b"ACGT" * 50_000)}
NAMES = datasets.available()["name"].tolist()


def digest(content):
    return hashlib.sha256(content).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):  # noqa: N802, the name that http.server calls
        server = self.server
        path = self.path.removeprefix("/owner/repository/c0ffee/").replace("%20", " ")
        path = path.replace("%28", "(").replace("%29", ")")
        server.requests.append(path)
        fault = server.faults.get(path)
        if fault == "silent":
            server.over.wait(60)
            return
        if fault in (404, 500):
            self.send_error(fault)
            return
        content = b"something else" if fault == "wrong" else FILES[path]
        self.send_response(200)
        if fault == "packed":  # as the server of the repositories sends its text files
            content = gzip.compress(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if fault == "cut" else content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch, tmp_path):
    """A server on this computer with the two files of the data set "toy", and its faults."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # so that closing it waits for every answer
    server.requests, server.faults, server.over = [], {}, threading.Event()
    files = [[name, name, digest(content), len(content)] for name, content in FILES.items()]
    group = {
        "holds": "two files", "repository": "owner/repository", "commit": "c0ffee",
        "licence": "CC0", "archive": "GEO GSE0", "citation": "Toy (2026), doi:10.0/0",
        "files": files,
    }  # fmt: skip
    registry = {"toy": {"what": "a toy", "groups": [group]}}
    monkeypatch.setattr(datasets, "_registry", lambda: registry)
    monkeypatch.setattr(datasets, "_SERVER", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(datasets, "_told", set())
    monkeypatch.setenv("DRAGONN_LITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DRAGONN_LITE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


def held(tmp_path):
    """What lies in the cache."""
    root = tmp_path / "cache" / "toy"
    paths = [path for path in root.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


# --- fetching ----------------------------------------------------------------------------------


@pytest.mark.parametrize("faults", [{}, {"first.txt": "packed"}])
def test_a_data_set_is_fetched_once(server, tmp_path, capsys, faults):
    server.faults = faults
    toy = datasets.load("toy")
    assert sorted(server.requests) == sorted(FILES) and held(tmp_path) == FILES
    assert toy["first.txt"] == tmp_path / "cache" / "toy" / "first.txt"
    assert {name: path.read_bytes() for name, path in toy.items()} == FILES
    out, err = capsys.readouterr()
    for words in ("CC0", "doi:10.0/0", "GEO GSE0", "owner/repository"):
        assert words in out
    assert "Fetching toy: 100%" in err
    server.requests.clear()
    assert datasets.load("toy").files == toy.files
    assert server.requests == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("cut", ConnectionError, "the connection broke off"),
        (404, ConnectionError, "the server answers 404"),
        (500, ConnectionError, "the server answers 500"),
        ("silent", ConnectionError, "no answer in 1 seconds"),
        ("wrong", ValueError, "something else than what is known by its sha256"),
    ],
)
def test_a_fault_leaves_nothing_broken_and_the_next_load_works(
    server, tmp_path, monkeypatch, fault, kind, words
):
    if fault == "silent":
        monkeypatch.setattr(datasets, "_TIMEOUT_S", 1)
    faulty, good = "deep/second (2).gz", "first.txt"
    server.faults = {faulty: fault}
    with pytest.raises(kind, match=words) as caught:
        datasets.load("toy")
    message = str(caught.value)
    assert "\n" not in message and "second%20%282%29.gz" in message and "; " in message
    if kind is ConnectionError:
        assert str(tmp_path / "cache" / "toy" / faulty) in message
        assert "toy/deep/second (2).gz" in message and "DRAGONN_LITE_DATA" in message
    assert held(tmp_path) == {good: FILES[good]}  # no half file, no temporary one
    server.faults = {}
    server.requests.clear()
    datasets.load("toy")
    assert server.requests == [faulty]
    assert held(tmp_path) == FILES


def test_without_a_network_the_file_can_be_laid_by_hand(server, tmp_path, monkeypatch):
    address = datasets._SERVER
    monkeypatch.setattr(datasets, "_SERVER", "http://127.0.0.1:1")
    with pytest.raises(ConnectionError, match="no connection") as caught:
        datasets.load("toy")
    place = re.search(r"by hand at (.+), or as toy/(.+) in a folder", str(caught.value))
    assert place[1].endswith(place[2]) and held(tmp_path) == {}
    for name, content in FILES.items():
        path = tmp_path / "cache" / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert set(datasets.load("toy")) == set(FILES)
    monkeypatch.setattr(datasets, "_SERVER", address)
    assert server.requests == []


def test_a_file_that_was_damaged_in_the_cache_is_fetched_again(server, tmp_path):
    path = datasets.load("toy")["first.txt"]
    path.write_bytes(b"half")
    server.requests.clear()
    datasets.load("toy")
    assert server.requests == ["first.txt"] and held(tmp_path) == FILES


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (PermissionError("| Pooch could not write"), "no permission"),
    ],
)
def test_a_cache_that_cannot_be_written(server, tmp_path, monkeypatch, error, words):
    def fail(self, url, output_file, pooch):
        raise error

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", fail)
    with pytest.raises(OSError, match=words) as caught:
        datasets.load("toy")
    assert not isinstance(caught.value, ConnectionError)
    assert str(tmp_path / "cache" / "toy") in str(caught.value)
    assert "DRAGONN_LITE_CACHE" in str(caught.value) and "\n" not in str(caught.value)
    assert held(tmp_path) == {}


def test_a_cache_that_is_no_folder(server, tmp_path):
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(OSError, match=r"cache.* cannot be written .*; .*DRAGONN_LITE_CACHE"):
        datasets.load("toy")
    assert server.requests == []


def test_the_account_of_pooch_is_kept_quiet_for_us_alone(server, monkeypatch):
    logger, said = pooch.get_logger(), []
    monkeypatch.setattr(logger, "handle", lambda record: said.append(record.getMessage()))
    logger.info("heard before")
    datasets.load("toy")
    logger.info("heard after")
    assert said == ["heard before", "heard after"]


# --- files that are there already --------------------------------------------------------------


def lay(tmp_path, monkeypatch, files):
    folder = tmp_path / "data"
    for name, content in files.items():
        path = folder / "toy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    monkeypatch.setenv("DRAGONN_LITE_DATA", str(folder))
    return folder / "toy"


def test_files_in_the_folder_of_the_variable_need_no_network(server, tmp_path, monkeypatch):
    folder = lay(tmp_path, monkeypatch, FILES)
    assert datasets.load("toy").files == {name: folder / name for name in FILES}
    assert server.requests == [] and held(tmp_path) == {}


def test_only_what_that_folder_lacks_is_fetched(server, tmp_path, monkeypatch):
    folder = lay(tmp_path, monkeypatch, {"first.txt": FILES["first.txt"]})
    assert datasets.load("toy")["first.txt"] == folder / "first.txt"
    assert server.requests == ["deep/second (2).gz"]
    assert list(held(tmp_path)) == server.requests
    assert [path.name for path in folder.rglob("*")] == ["first.txt"]


def test_a_damaged_file_in_that_folder_is_refused(server, tmp_path, monkeypatch):
    lay(tmp_path, monkeypatch, {**FILES, "first.txt": b"half"})
    with pytest.raises(ValueError, match=r"first\.txt is damaged or another version .*; remove"):
        datasets.load("toy")
    assert server.requests == []


def test_a_folder_that_is_not_there(server, tmp_path, monkeypatch):
    monkeypatch.setenv("DRAGONN_LITE_DATA", str(tmp_path / "mistyped"))
    with pytest.raises(FileNotFoundError, match="DRAGONN_LITE_DATA is '.*mistyped'"):
        datasets.load("toy")


@pytest.mark.parametrize("name", ["Toy", "", None, 3, ["yeast_genome"]])
def test_another_name(name):
    with pytest.raises(ValueError, match="expected one of ctcf_keras_genomics, .*motifs"):
        datasets.load(name)


def test_another_part(server):
    toy = datasets.load("toy")
    with pytest.raises(KeyError, match="part is 'genome', expected one of first.txt"):
        toy["genome"]
    assert "genome" not in toy and len(toy) == 2


# --- the registry ------------------------------------------------------------------------------


def test_every_source_has_a_licence_or_an_archive_and_a_citation():
    for name, entry in datasets._registry().items():
        for group in entry["groups"]:
            assert group["licence"], name
            assert not group["licence"].startswith("none stated") or group["archive"], name
            assert re.search(r"doi:10\.\d{4,}/\S+$|DragoNN|tangermeme", group["citation"]), name
            assert re.fullmatch(r"[0-9a-f]{40}", group["commit"])
        files = datasets._files_of(entry)
        assert len({file.name for file in files}) == len(files)


def test_available_counts_what_the_registry_lists():
    table = datasets.available()
    assert table["n_files"].sum() == 126
    assert table.columns.tolist() == ["name", "what", "n_files", "size_mb", "licence", "source"]
    assert not table.isna().any(axis=None) and (table != "").all(axis=None)


def test_the_registry_agrees_with_the_manifest_of_the_shared_files():
    text = shared_data("manifest.tsv").read_text(encoding="utf-8").splitlines()
    known = {}
    for name, entry in datasets._registry().items():
        licences = [group["licence"] for group in entry["groups"] for _ in group["files"]]
        for file, licence in zip(datasets._files_of(entry), licences, strict=True):
            known[f"{name}/{file.name}"] = file, licence
    rows = list(csv.DictReader(text, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert {row["file"] for row in rows} == set(known)
    for row in rows:
        file, licence = known[row["file"]]
        assert file.url.replace("%28", "(").replace("%29", ")") == "/".join(
            ["https://raw.githubusercontent.com", row["repository"], row["commit"], row["path"]]
        )
        assert (file.sha256, file.n_bytes) == (row["sha256"], int(row["bytes"]))
        assert row["licence"].startswith(licence) or licence.startswith(row["licence"])


# --- what the real data sets hold --------------------------------------------------------------


def load(name, monkeypatch, tmp_path):
    """Load a real data set that is at hand; a fetch would fail."""
    shared_data(name)
    monkeypatch.setattr(datasets, "_SERVER", "http://127.0.0.1:1")
    monkeypatch.setenv("DRAGONN_LITE_CACHE", str(tmp_path))
    dataset = datasets.load(name)
    assert not any(tmp_path.iterdir())
    return dataset


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_the_one_known(name, monkeypatch, tmp_path):
    dataset = load(name, monkeypatch, tmp_path)
    files = {file.name: file for file in datasets._files_of(datasets._registry()[name])}
    assert set(dataset.files) == set(files)
    for file, path in dataset.files.items():
        content = path.read_bytes()
        assert (digest(content), len(content)) == (files[file].sha256, files[file].n_bytes)
    assert len(dataset.sources) == len(datasets._registry()[name]["groups"])
    assert len(dataset) > 0 and dataset.what


def test_keras_genomics_labels_its_shuffles_unbound(monkeypatch, tmp_path):
    dataset = load("ctcf_keras_genomics", monkeypatch, tmp_path)
    for part, n_sequences in (("train", 19_544), ("valid", 1_000)):
        examples = dataset[part]
        assert examples.sequences.shape == (n_sequences, 101, 4)
        is_shuffle = [name.endswith("_shuf") for name in examples.names]
        np.testing.assert_array_equal(examples.labels == 0, is_shuffle)


def test_dragonn_has_2500_bound_and_2500_unbound(monkeypatch, tmp_path):
    examples = load("ctcf_dragonn_1kb", monkeypatch, tmp_path)["examples"]
    assert examples.sequences.shape == (5000, 1000, 4)
    assert examples.labels.tolist() == [1] * 2500 + [0] * 2500


@pytest.mark.slow
def test_deepbind_peaks_and_tests(monkeypatch, tmp_path):
    dataset = load("encode_chip_101bp", monkeypatch, tmp_path)
    assert len(dataset) == 10
    for name, parts in dataset.items():
        peaks, test = parts["peaks"], parts["test"]
        assert (peaks.labels == 1).all() and np.bincount(test.labels).tolist() == [500, 500]
        assert peaks.sequences.shape[1:] == test.sequences.shape[1:] == (101, 4)
        ranks = [int(label.split("_")[1]) for label in peaks.names]
        assert ranks == sorted(ranks) and not set(peaks.names) & set(test.names), name
        is_peak = [label.endswith("_peak") for label in test.names]
        np.testing.assert_array_equal(test.labels == 1, is_peak)
    assert len(dataset["FOXA1_HepG2"]["peaks"].labels) == 42_614  # lines of the file, less one


def test_dream5_has_the_same_peaks_against_three_negative_sets(monkeypatch, tmp_path):
    dataset = load("dream5_negatives", monkeypatch, tmp_path)
    assert list(dataset) == ["TF_23", "TF_25", "TF_31", "TF_40", "TF_44"]
    for name, parts in dataset.items():
        assert set(parts) == {"dinucleotide_shuffled", "genomic", "full_genomic"}
        bound = [part.sequences[part.labels == 1] for part in parts.values()]
        n_bound = 498 if name in ("TF_25", "TF_44") else 500
        assert [len(sequences) for sequences in bound] == [n_bound] * 3
        assert all((sequences == bound[0]).all() for sequences in bound)
        negatives = {part.sequences[part.labels == 0].tobytes() for part in parts.values()}
        assert len(negatives) == 3
    # One of 55 and one of 87 of 101 bp.
    assert (~dataset["TF_31"]["genomic"].sequences.any(axis=2)).sum() == 46 + 14


def nearest(sites, peaks):
    """Distance of each site to the nearest peak of its chromosome, by a slow loop."""
    distances = []
    for chromosome, start in zip(sites["chromosome"], sites["start"], strict=True):
        on_it = peaks.loc[peaks["chromosome"] == chromosome, "start"]
        distances.append((on_it - start).abs().min())
    return np.array(distances)


def test_yeast_speaks_of_one_genome(monkeypatch, tmp_path):
    yeast = load("yeast_genome", monkeypatch, tmp_path)
    sizes = yeast["genome"].sizes
    assert sum(sizes.values()) == 12_157_105 and len(sizes) == 17 and sizes["IV"] == 1_531_933
    assert len(yeast["peaks"]) == 51
    # The numbers of peaks as the authors' files have lines.
    known = {"Reb1": 1078, "Ume6": 322, "Cbf1": 200, "Rap1": 388, "Abf1": 724, "Sua7": 7726}
    assert {factor: len(yeast["peaks"][factor]) for factor in known} == known
    for peaks in yeast["peaks"].values():
        assert set(peaks["chromosome"]) <= set(sizes)
        assert (peaks["stop"] - peaks["start"] == 1).all()
        assert (peaks["stop"] <= peaks["chromosome"].map(sizes)).all()
        # Their names still give the old ones: chr14_412603_412604.
        number = peaks["name"].str.extract(r"chr(\d+)_")[0].astype(int)
        assert (peaks["chromosome"] == number.map(lambda n: list(sizes)[:16][n - 1])).all()
    assert len(yeast["excluded"]) == 419
    assert set(yeast["excluded"]["chromosome"]) - set(sizes) == {"chr2-micron"}


def test_the_older_reb1_sites_lie_on_the_newer_peaks(monkeypatch, tmp_path):
    yeast = load("yeast_genome", monkeypatch, tmp_path)
    sites, peaks = yeast["replicate"], yeast["peaks"]["Reb1"]
    assert len(sites) == 1776 and set(sites["chromosome"]) <= set(yeast["genome"].sizes)
    assert sites.columns.tolist() == ["chromosome", "start", "stop", "n_replicates", "signal"]
    strong = sites.nlargest(500, "signal")
    distance = pd.Series(nearest(strong, peaks)).groupby(strong["chromosome"].to_numpy())
    medians = distance.median()[distance.size() >= 20]
    assert "XI" in medians and len(medians) >= 8
    assert (medians <= 10).all()  # without its shift, XI would be at 350


def test_idr_replicates(monkeypatch, tmp_path):
    dataset = load("idr_replicates", monkeypatch, tmp_path)
    lengths = {name: len(table) for name, table in dataset.items()}
    assert lengths == {
        "replicate_1": 7930, "replicate_2": 8218, "pooled": 24201, "small_1": 122, "small_2": 173,
    }  # fmt: skip
    for name in ("replicate_1", "replicate_2", "pooled"):
        table = dataset[name]
        assert (table["chromosome"] == "chr21").all() and table["signal"].notna().all()
        assert ((table["start"] <= table["summit"]) & (table["summit"] <= table["stop"])).all()
