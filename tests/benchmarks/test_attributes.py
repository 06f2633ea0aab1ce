"""What asv finds in the suite, and what every benchmark says of itself."""

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from asv_runner.discovery import disc_benchmarks
from benchmarks.protocol_benchmark import ProtocolBenchmark
from benchmarks.workloads import checksums

from benchmarks import engines, metric
from strata.engines import ENGINES

ROOT = Path(__file__).resolve().parents[2]
LAYERS = {"ingest", "toc", "bm25", "vector", "embed", "topics", "route"}
BENCHMARKS = {benchmark.name: benchmark for benchmark in disc_benchmarks(str(ROOT / "benchmarks"))}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_says_what_it_measures(name: str) -> None:
    said = vars(BENCHMARKS[name])
    assert said["layer"] in LAYERS
    assert said["metric"]
    assert said["label"]
    assert said["mode"] in ("cold", "warm", "")
    assert said["direction"] == "lower"
    assert said["unit"] in ("seconds", "bytes", "loss", "ratio")


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if not name.startswith("sources.")])
def test_the_version_of_a_benchmark_holds_the_checksum_of_its_workload(name: str) -> None:
    assert BENCHMARKS[name].version == metric.SYNTHETIC == f"1-{checksums.short('synthetic-')}"


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name.startswith("engines.")])
def test_every_figure_of_an_engine_has_a_target(name: str) -> None:
    said = vars(BENCHMARKS[name])
    assert said["target"] > 0
    known = {value for values in BENCHMARKS[name]._params for value in values}
    assert set(said["target_of"]) <= known
    assert all(limit > 0 for limit in said["target_of"].values())


def test_every_engine_that_the_stack_knows_is_measured_but_the_table_of_contents_which_has_one() -> None:
    measured = {
        {"ingest": "store", "embed": "embedder"}.get(case.layer, case.layer): {*case.engines, *case.on_servers}
        for case in vars(engines).values()
        if inspect.isclass(case) and issubclass(case, ProtocolBenchmark) and not inspect.isabstract(case)
    }
    for layer in set(ENGINES) - {"toc"}:
        assert measured[layer] >= set(ENGINES[layer])
    assert len(ENGINES["toc"]) == 1


def test_the_version_changes_with_any_recorded_checksum(monkeypatch: pytest.MonkeyPatch) -> None:
    before = checksums.short("synthetic-")
    changed = checksums.recorded() | {"synthetic-large-multi": "0" * 64}
    monkeypatch.setattr(checksums, "recorded", lambda: changed)
    assert checksums.short("synthetic-") != before


def test_every_layer_has_cold_and_warm_latencies_memory_size_and_throughput() -> None:
    measured: dict[str, set[tuple[str, str]]] = {}
    for benchmark in BENCHMARKS.values():
        if not benchmark.name.startswith("sources."):
            measured.setdefault(benchmark.layer, set()).add((benchmark.metric, benchmark.mode))
    assert set(measured) == LAYERS
    for layer, found in measured.items():
        assert {("p50", "cold"), ("p50", "warm"), ("p90", "warm"), ("p99", "warm")} <= found, layer
        metrics = {name for name, _ in found}
        assert {"peak_memory", "cpu"} <= metrics, layer
        assert layer == "route" or "throughput" in metrics, layer
        assert layer in ("embed", "route") or "index_bytes" in metrics, layer
        assert layer in ("ingest", "toc") or "quality" in metrics, layer


def test_no_class_takes_its_cache_from_a_base_class() -> None:
    # asv tells caches apart by file and line: a subclass would be handed the cache of its base.
    for benchmark in BENCHMARKS.values():
        owner = inspect.getmodule(benchmark.func)
        assert owner is not None
        holder: Any = type(benchmark.func.__self__)
        if hasattr(holder, "setup_cache"):
            assert "setup_cache" in vars(holder), benchmark.name


def test_listing_the_suite_imports_neither_the_stack_nor_the_embedder() -> None:
    listing = (
        "import sys\n"
        "from asv_runner.discovery import disc_benchmarks, update_sys_path\n"
        "update_sys_path(sys.argv[1])\n"
        "assert len(list(disc_benchmarks(sys.argv[1]))) > 40\n"
        "print(sorted({'strata', 'torch', 'sentence_transformers', 'scipy'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", listing, str(ROOT / "benchmarks")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", BENCHMARKS)
def test_asv_finds_no_function_where_it_looks_for_a_setting(name: str) -> None:
    # asv takes a benchmark's attributes from its function, its class, and then from the module's own names.
    for setting in ("number", "repeat", "rounds", "warmup_time", "timeout", "timer", "processes"):
        found = getattr(BENCHMARKS[name], setting, None)
        assert setting == "timer" or not callable(found), setting
