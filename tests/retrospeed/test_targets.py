"""What a suite wants a benchmark to reach, wherever results are told."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from retrospeed import targets
from retrospeed.benchmarks_file import Benchmark
from retrospeed.cli import app
from retrospeed.measurement import SeriesKey
from tests.retrospeed.doctored import Given, Suite
from tests.retrospeed.watch.histories import stepped, write_history

P95 = Benchmark(
    name="engines.track_p95", unit="seconds", metric="p95", params=[["'small'", "'large'"], ["'flat'", "'graph'"]],
    param_names=["tier", "engine"], target=0.02, target_of={"graph": 0.002},
)  # fmt: skip
LARGE = {engine: SeriesKey(P95.name, ("'large'", f"'{engine}'")) for engine in ("flat", "graph")}


def test_a_value_of_a_parameter_may_have_a_target_of_its_own() -> None:
    assert targets.target(P95, LARGE["flat"]) == 0.02
    assert targets.target(P95, LARGE["graph"]) == 0.002
    assert targets.target(Benchmark(name="a"), SeriesKey("a", ())) is None


@pytest.mark.parametrize(
    ("engine", "value", "met"), [("flat", 0.02, True), ("flat", 0.021, False), ("graph", 0.003, False)]
)
def test_lower_values_meet_it(engine: str, value: float, met: bool) -> None:
    assert targets.is_met(P95, LARGE[engine], value) is met


@pytest.mark.parametrize(
    ("unit", "metric", "direction", "target", "words", "below"),
    [
        ("seconds", "p95", "lower", 0.002, "under 2 ms", True),
        ("files/s", "rate", "higher", 100.0, "over 100 files/s", False),
        ("seconds", "throughput", "lower", 0.2, "over 5,000/s", True),
        ("loss", "quality", "lower", 0.01, "over 0.990", True),
        ("bytes", "peak_memory", "lower", 512 * 2**20, "under 512 MiB", True),
    ],
)
def test_it_is_said_as_results_are_shown(
    unit: str, metric: str, direction: str, target: float, words: str, below: bool
) -> None:
    benchmark = Benchmark(name="a", unit=unit, metric=metric, direction=direction, target=target)  # type: ignore[arg-type]
    key = SeriesKey("a", ())
    assert targets.in_words(benchmark, key) == words
    assert targets.is_met(benchmark, key, target * 0.9) is below
    assert targets.is_met(benchmark, key, target * 1.1) is not below


def test_show_names_what_misses_its_target(suite: Suite) -> None:
    described = {"layer": "vector", "metric": "p95", "unit": "seconds", "target": 0.02, "target_of": {"graph": 0.002}}
    params = [["'flat'", "'graph'"]]
    suite.describe(engines__track_p95=described | {"params": params, "param_names": ["engine"]})
    suite.measured(suite.commits[1], {"engines.track_p95": Given([0.019, 0.0031], params=params)})
    output = CliRunner().invoke(app, ["show"]).stdout
    assert "Targets missed:\n  engines.track_p95('graph'): 3.10 ms, target under 2 ms\n" in output
    assert "('flat')" not in output
    shown = json.loads(CliRunner().invoke(app, ["show", "--json"]).stdout)["series"]
    assert [(one["target"], one["target_met"]) for one in shown] == [(0.02, True), (0.002, False)]


def test_watch_says_where_each_series_stands_against_its_target(tmp_path: Path) -> None:
    columns = {"search.time_query": stepped(30, 18, 1.5), "search.time_other": stepped(30, 30, 1.0, seed=1)}
    described = {"layer": "bm25", "metric": "p95", "unit": "seconds"}
    write_history(
        tmp_path,
        columns,
        search__time_query=described | {"target": 0.012},
        search__time_other=described | {"target": 0.012},
    )
    arguments = ["watch", "--config", str(tmp_path / "asv.conf.json"), "--all", "--json", str(tmp_path / "out.json")]
    output = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"}).output
    assert "missed: under 12 ms" in output
    assert "1 of 2 targets are met" in output
    trends = json.loads((tmp_path / "out.json").read_text())["trends"]
    met = {one["benchmark"]: (one["target"], one["target_met"]) for one in trends}
    assert met == {"search.time_query": (0.012, False), "search.time_other": (0.012, True)}
