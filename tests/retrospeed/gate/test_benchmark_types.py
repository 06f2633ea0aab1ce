"""A worker for time_ or track_ imports little of asv_runner; what it finds there is the same nevertheless."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from retrospeed.gate import benchmark_types

SUITE = """
def time_sum():
    sum(range(10))

def timeraw_sum():
    return "sum(range(10))"

def track_sum():
    return 45
"""
FOUND = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("benchmark_types", sys.argv[1])
types = importlib.util.module_from_spec(spec)
spec.loader.exec_module(types)
before = set(sys.modules)
if sys.argv[3] == "lean":
    types.load()
from asv_runner.discovery import get_benchmark_from_name
imported = sorted({"cProfile", "hashlib", "importlib.metadata", "pathlib", "pympler", "subprocess", "tempfile"}
    & set(sys.modules) - before)
names = ("suite.time_sum", "suite.timeraw_sum", "suite.track_sum")
found = [get_benchmark_from_name(sys.argv[2], name) for name in names]
found[1].do_setup()
timed = found[1]._get_timer().timeit(1) > 0
import asv_runner.benchmarks.timeraw, hashlib, pathlib, subprocess
print(json.dumps({
    "imported": imported,
    "versions": [one.version for one in found],
    "timed": timed,
    "told": found[2].do_run(),
    "the suite's own": [hashlib.new("sha256").name, pathlib.Path("a").name, subprocess.PIPE],
    "deferred": asv_runner.benchmarks.timeraw.subprocess.PIPE == subprocess.PIPE,
}))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What a process sees that imports all of asv_runner, and one that imports little."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "__init__.py").touch()
    (folder / "suite.py").write_text(SUITE)
    script = Path(benchmark_types.__file__)
    told = {}
    for how in ("whole", "lean"):
        command = [sys.executable, "-c", FOUND, str(script), str(folder), how]
        told[how] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=folder).stdout)
    return told


def test_little_is_imported(found: dict[str, dict[str, object]]) -> None:
    assert found["lean"]["imported"] == []
    assert {"hashlib", "importlib.metadata", "pathlib", "subprocess", "tempfile"} <= set(found["whole"]["imported"])  # type: ignore[call-overload]


def test_benchmarks_are_the_same(found: dict[str, dict[str, object]]) -> None:
    whole, lean = ({key: value for key, value in found[how].items() if key != "imported"} for how in ("whole", "lean"))
    assert whole == lean
    assert lean["timed"] is True and lean["told"] == 45


def test_a_plug_in_on_the_path_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert not benchmark_types.plugins_on_the_path()
    (tmp_path / "asv_bench_memray-0.1.dist-info").mkdir()
    assert benchmark_types.plugins_on_the_path()
