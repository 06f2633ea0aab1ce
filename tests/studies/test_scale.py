"""The study of scale: engines against their targets, the routed query, and growth with its picture."""

from pathlib import Path
from typing import Any

import pytest
from benchmarks.workloads import vectors

from strata.embed.made import cache_folder
from tests.studies.test_growth import figures, study

CACHE = {"STRATA_CACHE": str(cache_folder()), "OMP_NUM_THREADS": "1"}


def test_every_engine_is_held_against_its_targets(tmp_path: Path) -> None:
    file = tmp_path / "bm25.json"
    done = study("scale", "engines", "bm25", "--tier", "small", "--engine", "tantivy", "--json", str(file), **CACHE)
    assert done.returncode == 0, done.stderr
    found = figures(file)["engines"]
    # The exact engine is there too, for the others' recall.
    assert set(found) == {"bm25s", "tantivy"}
    assert len(found["tantivy"]["search_p95"]) == 10 and found["bm25s"]["recall_loss"] == 0
    rows = [line for line in done.stdout.splitlines() if "tantivy" in line]
    assert rows and f"{found['tantivy']['recall_loss']:.4g}" in rows[0]


@pytest.mark.skipif(
    not vectors.folder().exists(), reason="the workload's vectors are not cached here: embedding takes long"
)
def test_the_routed_query_is_asked_of_every_stack(tmp_path: Path) -> None:
    done = study("scale", "routed", "--tier", "small", "--json", str(tmp_path / "routed.json"), **CACHE)
    assert done.returncode == 0, done.stderr
    stacks: list[dict[str, Any]] = figures(tmp_path / "routed.json")["stacks"]
    assert [stack["embedder"] for stack in stacks] == ["minilm", "onnx", "onnx"]
    for stack in stacks:
        # Not that the embedding is the smaller part: each has minutes of its own, and other work may share them.
        assert stack["embedding"] > 0 and 0 < stack["p50"] <= stack["p95"]
        assert stack["peak_bytes"] > 50e6


@pytest.mark.parametrize("layer", ["bm25", "vector"])
def test_growth_is_measured_in_batches_and_drawn(tmp_path: Path, layer: str) -> None:
    file, picture = tmp_path / "growth.json", tmp_path / "growth.svg"
    engines = {"bm25": ("rank-bm25", "tantivy"), "vector": ("numpy", "usearch")}[layer]
    for engine in engines:
        done = study(
            "scale",
            "growth",
            layer,
            "--to",
            "3000",
            "--engine",
            engine,
            "--json",
            str(file),
            "--svg",
            str(picture),
            **CACHE,
        )
        assert done.returncode == 0, done.stderr
    found = figures(file)
    assert [(row["engine"], row["events"]) for row in found] == [
        (name, size) for name in engines for size in (1000, 3000)
    ]
    assert all(row["search_p95"] >= row["search_p50"] > 0 for row in found)
    assert found[0]["seconds"] < found[1]["seconds"] and found[0]["disk_bytes"] < found[1]["disk_bytes"]
    drawn = picture.read_text()
    assert drawn.startswith("<svg") and all(f"{layer}: {name}" in drawn for name in engines)
