"""Commits from before a layer existed are skipped, broken ones fail; run as asv runs them, one process each."""

import json
import math
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUITE = ROOT / "benchmarks"


def asv_script() -> str:
    """The program that asv runs in a commit's environment; importing asv itself is not needed for that."""
    found = find_spec("asv")
    assert found is not None and found.origin is not None
    return str(Path(found.origin).with_name("benchmark.py"))


class Commit:
    """A copy of the stack to be altered, and a directory to run benchmarks in."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "src"
        self.work = folder / "work"
        self.work.mkdir()
        shutil.copytree(ROOT / "src" / "strata", self.source / "strata", ignore=shutil.ignore_patterns("__pycache__"))

    def _asv(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"ASV_PYTHONPATH": str(self.source), "RETROSPEED_TIERS": "small"}
        return subprocess.run(
            [sys.executable, asv_script(), *arguments],
            cwd=self.work, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def setup_cache(self, name: str) -> subprocess.CompletedProcess[str]:
        return self._asv("setup_cache", str(SUITE), name, "{}")

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        return self._asv("run", str(SUITE), name, "{}", "None", str(self.work / "result.json"))

    def result(self) -> object:
        return json.loads((self.work / "result.json").read_text())


@pytest.fixture
def commit(tmp_path: Path) -> Commit:
    return Commit(tmp_path)


def test_a_commit_without_a_layer_is_skipped_and_its_other_layers_are_measured(commit: Commit) -> None:
    shutil.rmtree(commit.source / "strata" / "bm25")
    assert commit.setup_cache("bm25.WarmBm25.track_search_p50").returncode == 0
    skipped = commit.run("bm25.WarmBm25.track_search_p50-0")
    assert skipped.returncode == 0, skipped.stderr
    assert math.isnan(commit.result())  # type: ignore[arg-type]
    assert "this commit has no bm25 layer" in skipped.stdout

    assert commit.setup_cache("toc.WarmToc.track_node_p50").returncode == 0
    measured = commit.run("toc.WarmToc.track_node_p50-0")
    assert measured.returncode == 0, measured.stderr
    assert len(commit.result()["samples"]) == 10  # type: ignore[index]


def test_a_commit_before_the_first_layer_skips_even_ingest(commit: Commit) -> None:
    (commit.source / "strata" / "sqlite_store.py").unlink()
    done = commit.run("ingest.ColdIngest.track_append-0")
    assert done.returncode == 0, done.stderr
    assert math.isnan(commit.result())  # type: ignore[arg-type]


def test_a_layer_that_is_there_and_broken_fails(commit: Commit) -> None:
    (commit.source / "strata" / "bm25" / "rank_bm25.py").write_text("import a_package_that_nobody_has\n")
    done = commit.setup_cache("bm25.WarmBm25.track_search_p50")
    assert done.returncode != 0
    assert "a_package_that_nobody_has" in done.stderr


def test_an_engine_that_a_commit_lacks_is_skipped_and_a_broken_one_fails_alone(commit: Commit) -> None:
    registry = commit.source / "strata" / "engines.py"
    lines = registry.read_text().splitlines(keepends=True)
    registry.write_text("".join(line for line in lines if '"tantivy"' not in line))
    (commit.source / "strata" / "bm25" / "bm25s.py").write_text("raise ValueError('no word of this engine is true')\n")
    assert commit.setup_cache("engines.KeywordEngines.track_build").returncode == 0

    measured = commit.run("engines.KeywordEngines.track_build-0")
    assert measured.returncode == 0, measured.stderr
    assert len(commit.result()["samples"]) == 6  # type: ignore[index]
    failed = commit.run("engines.KeywordEngines.track_build-1")
    assert failed.returncode != 0
    assert "no word of this engine is true" in failed.stderr
    skipped = commit.run("engines.KeywordEngines.track_build-2")
    assert skipped.returncode == 0, skipped.stderr
    assert math.isnan(commit.result())  # type: ignore[arg-type]
    assert "this commit has no bm25 engine tantivy" in skipped.stdout


def test_engines_of_a_commit_from_before_they_had_names_are_skipped(commit: Commit) -> None:
    (commit.source / "strata" / "engines.py").unlink()
    # A commit of that time had no module that asks the registry; the oldest layers do without it.
    for module in ("__init__.py", "stack.py", "parts.py"):
        (commit.source / "strata" / module).write_text("")
    assert commit.setup_cache("engines.KeywordEngines.track_build").returncode == 0
    skipped = commit.run("engines.KeywordEngines.track_build-0")
    assert skipped.returncode == 0, skipped.stderr
    assert "this commit has no registry layer" in skipped.stdout


def test_libraries_that_lie_apart_are_found(commit: Commit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "optional"
    (library / "a_library_that_lies_apart").mkdir(parents=True)
    (library / "a_library_that_lies_apart" / "__init__.py").write_text("")
    module = commit.source / "strata" / "bm25" / "tantivy.py"
    program = (
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import a_library_that_lies_apart'], check=True)"
    )
    module.write_text(f"import a_library_that_lies_apart\n{program}\n" + module.read_text())
    assert commit.setup_cache("engines.KeywordEngines.track_build").returncode == 0
    assert commit.run("engines.KeywordEngines.track_build-2").returncode == 0
    assert math.isnan(commit.result())  # type: ignore[arg-type]
    monkeypatch.setenv("RETROSPEED_OPTIONAL_PACKAGES", str(library))
    assert commit.setup_cache("engines.KeywordEngines.track_build").returncode == 0
    assert commit.run("engines.KeywordEngines.track_build-2").returncode == 0
    assert commit.result()["samples"]  # type: ignore[index]


def test_a_tier_that_is_not_enabled_is_skipped(commit: Commit) -> None:
    done = commit.run("ingest.ColdIngestProcess.track_times_bare_sqlite-1")
    assert done.returncode == 0, done.stderr
    assert math.isnan(commit.result())  # type: ignore[arg-type]
    assert "RETROSPEED_TIERS=medium" in done.stdout
