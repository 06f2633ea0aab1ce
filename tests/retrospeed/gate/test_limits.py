"""The gate's defaults, and a repository's thresholds over them."""

from pathlib import Path

import pytest

from retrospeed.benchmarks_file import Benchmark
from retrospeed.errors import ThresholdsError
from retrospeed.gate import limits

TIME = Benchmark(name="bench.time_it", type="time", unit="seconds")


def test_without_a_file_times_warn_at_one_percent(tmp_path: Path) -> None:
    found = limits.load(None, tmp_path).rules.limits(TIME)
    assert (found.warning_relative, found.severe_relative) == (0.01, 0.05)
    assert (found.warning_absolute, found.severe_absolute) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("[unit.seconds]\nwarning = { absolute = 1e-4 }\nsevere = { absolute = 1e-4 }", (0.01, 0.05)),
        ("[unit.seconds]\nwarning = { relative = 0.1 }", (0.1, 0.2)),
        ("[unit.seconds]\nwarning = { relative = 0.3 }", (0.3, 0.3)),
        ("[unit.seconds]\nsevere = { relative = 0.5 }", (0.05, 0.5)),
        ("[default]\nwarning = { relative = 0.02 }\nsevere = { relative = 0.04 }", (0.02, 0.04)),
        ('[[benchmark]]\nmatch = "time_it"\nwarning = { relative = 0.1 }', (0.1, 0.2)),
        ("[layer.bm25.unit.seconds]\nwarning = { relative = 0.1 }", (0.01, 0.05)),
    ],
)
def test_a_rule_of_the_repository_is_made_whole(tmp_path: Path, rule: str, expected: tuple[float, float]) -> None:
    (tmp_path / "thresholds.toml").write_text(f"schema = 1\n{rule}\n")
    found = limits.load(None, tmp_path).rules.limits(TIME)
    assert (found.warning_relative, found.severe_relative) == expected


def test_this_suites_own_thresholds_hold_for_every_layer_and_metric() -> None:
    rules = limits.load(None, Path(__file__).parents[3] / "benchmarks").rules
    for layer in ("ingest", "toc", "bm25", "vector", "topics", "embed", "route"):
        for metric in ("p50", "p90", "p99", "build", "throughput", "cpu", "peak_memory", "index_bytes", "quality"):
            unit = {"peak_memory": "bytes", "index_bytes": "bytes", "quality": "loss"}.get(metric, "seconds")
            found = rules.limits(Benchmark(name=f"{layer}.track_it", unit=unit, layer=layer, metric=metric))
            assert found.warning_relative <= found.severe_relative


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ThresholdsError, match="no thresholds file"):
        limits.load(tmp_path / "none.toml", tmp_path)
