"""The comparison with peers: each keeps the protocol and finds what was planted; the study runs and tells failures."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strata.event import Event
from tests.studies.test_growth import ROOT, study

STUDIES = ROOT / "studies"
sys.path.insert(0, str(STUDIES))

from peers.inputs import environment  # noqa: E402
from peers.peer import Document, Query  # noqa: E402
from peers.registry import REGISTRY  # noqa: E402
from peers.report import Row, verdict  # noqa: E402

K = 10
THINGS = ("anchor", "beacon", "cobalt", "dynamo", "ember", "falcon", "granite", "harbour")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    environment(monkeypatch.setenv)


def planted() -> tuple[list[Document], Any]:
    """Two conversations that tell of the same things: 16 planted turns among 84 others, and a direction for each."""
    documents, vectors = [], np.random.default_rng(3).standard_normal((100, 384)).astype(np.float32)
    for row in range(100):
        agent = ("left", "right")[row % 2]
        thing = THINGS[row // 2] if row < 2 * len(THINGS) else "nothing"
        text = f"The {thing} was moved to shelf {row} by nobody at all."
        documents.append(_document(row, agent, text))
    return documents, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _document(row: int, agent: str, text: str) -> Document:
    # A session of its own each: strata would count the words of neighbours too.
    time = 1_700_000_000_000 + row
    return Document.of(Event(event_id=f"{agent}/{row}", session_id=f"s{row}", timestamp=time, text=text, agent=agent))


@pytest.mark.parametrize("name", REGISTRY)
def test_a_peer_finds_what_was_planted_in_the_conversation_that_is_asked(name: str, tmp_path: Path) -> None:
    entry = REGISTRY[name]
    try:
        entry.versions()
        peer_class = entry.load()
    except ImportError as error:
        pytest.skip(f"{name}: {error}")
    documents, vectors = planted()
    known = {document.text: vector for document, vector in zip(documents, vectors, strict=True)}

    def embed(texts: Any) -> Any:
        return np.stack([known.get(text, known[documents[-1].text]) for text in texts])

    peer = peer_class(tmp_path, embed)
    peer.build(documents, vectors)
    for number, thing in enumerate(THINGS):
        for side, agent in enumerate(("left", "right")):
            row = 2 * number + side
            text = f"Where is the {thing}?"
            known[text] = vectors[row]
            found = peer.search(Query(text, agent, vectors[row] if entry.kind == "vector" else None), K)
            assert found[0] == documents[row].doc_id
            assert len(found) == len(set(found)) <= K
            assert all(doc_id.startswith(agent) for doc_id in found)


def test_every_module_of_a_peer_is_in_the_registry() -> None:
    helpers = {"__init__", "inputs", "peer", "per_agent", "registry", "report", "worker"}
    modules = {path.stem for path in (STUDIES / "peers").glob("*.py")} - helpers
    assert modules == {entry.place.partition(":")[0] for entry in REGISTRY.values()}


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    (folder / "qrels").mkdir(parents=True)
    rows = [{"_id": f"d{n}", "title": "", "text": f"{thing} is kept at place {n}"} for n, thing in enumerate(THINGS)]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = [{"_id": f"q{n}", "text": f"the {thing}"} for n, thing in enumerate(THINGS)]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked))
    judged = "".join(f"q{n}\td{n}\t1\n" for n in range(len(THINGS)))
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged)
    return folder


def test_the_study_compares_a_peer_with_strata(collection: Path, tmp_path: Path) -> None:
    paths = {name: tmp_path / f"peers.{name}" for name in ("json", "markdown")}
    done = study(
        "against_peers", "--beir", str(collection), "--peers", "sqlite-fts5", "--queries", "20", "--rounds", "2",
        "--cache", str(tmp_path / "embeddings"), "--json", str(paths["json"]), "--markdown", str(paths["markdown"]),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ours, fts5 = json.loads(paths["json"].read_text())["tiny"]["keyword"]
    assert (ours["name"], fts5["name"]) == ("strata bm25", "sqlite-fts5")
    for row in (ours, fts5):
        figures = {name: value for name, (value,) in row["figures"].items()}
        assert (figures["ndcg"], figures["recall"], figures["nearest"]) == (1, 1, None)
        assert 0 < figures["p50_ms"] <= figures["p99_ms"] < 1000
        assert 0 < figures["build_s"] < 60
        assert 20 < figures["before_mb"] <= figures["peak_mb"] < 1000
    assert "Fastest peer of like quality: sqlite-fts5" in " ".join(done.stdout.split())
    assert "| sqlite-fts5 |" in paths["markdown"].read_text()


def test_the_study_names_the_peers_there_are(collection: Path) -> None:
    done = study("against_peers", "--beir", str(collection), "--peers", "lucene")
    assert done.returncode == 2
    assert "sqlite-fts5" in done.stderr


def test_a_peer_that_is_missing_or_breaks_has_a_line_and_the_others_their_figures(
    collection: Path, tmp_path: Path
) -> None:
    # What Python imports at the start of every process, the workers' too.
    (tmp_path / "sitecustomize.py").write_text(
        "import sqlite3, sys\n"
        "sys.modules['rank_bm25'] = None\n"
        "def refuse(*args, **options):\n"
        "    raise sqlite3.OperationalError('no such module: fts5')\n"
        "sqlite3.connect = refuse\n"
    )
    done = study(
        "against_peers", "--beir", str(collection), "--peers", "sqlite-fts5", "--peers", "numpy", "--rounds", "1",
        "--cache", str(tmp_path / "embeddings"), "--json", str(tmp_path / "peers.json"),
        PYTHONPATH=f"{tmp_path}:{ROOT / 'src'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    tables = json.loads((tmp_path / "peers.json").read_text())["tiny"]
    failures = {row["name"]: row["failure"] for rows in tables.values() for row in rows}
    assert failures == {
        "strata bm25": "not installed: rank_bm25",
        "sqlite-fts5": "broke: OperationalError: no such module: fts5",
        "strata vector": "",
        "numpy": "",
    }
    assert "no such module: fts5" in done.stdout


def row(name: str, milliseconds: float, gain: float, nearest: float | None = None) -> Row:
    figures = {"p50_ms": [milliseconds], "ndcg": [gain], "nearest": [nearest]}
    return Row(name=name, figures=figures)  # type: ignore[arg-type]


def test_the_verdict_counts_only_peers_of_like_quality() -> None:
    ours = row("strata vector", 1.0, 0.65, 1.0)
    flat, graph = row("faiss-flat", 0.8, 0.65, 1.0), row("faiss-hnsw", 0.1, 0.64, 0.95)
    assert verdict("vector", [ours, flat, graph]) == (
        "Fastest peer of like quality: faiss-flat. strata vector takes 1.25 times as long."
    )
    ours_too, nearly = row("strata vector, usearch", 0.45, 0.65, 1.0), row("usearch", 0.5, 0.65, 0.993)
    assert verdict("vector", [ours, ours_too, flat, nearly]) == (
        "Fastest peer of like quality: usearch. strata vector takes 2.00 times as long, strata vector, usearch 0.90 "
        "times; beside the fastest that misses nothing, faiss-flat, 1.25 times."
    )
    assert verdict("keyword", [row("strata bm25", 1, 0.6), row("bm25s", 0.1, 0.5)]) == (
        "No peer is of like quality. The fastest is bm25s: strata bm25 10.00 times."
    )
    assert verdict("hybrid", [row("strata routed", 9, 0.7), row("txtai", 8, 0.69), row("langchain", 30, 0.72)]) == (
        "strata routed is ahead of 1 of 2 peers at the median and of 1 of 2 in nDCG@10."
    )
