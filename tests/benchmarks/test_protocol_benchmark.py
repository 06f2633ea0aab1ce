"""The base class: an implementation that names itself gets every figure, and one that fails fails alone."""

import inspect
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from asv_runner.discovery import _get_benchmark
from benchmarks.protocol_benchmark import Figure, Figures, Inputs, ProtocolBenchmark, aimed, over, under
from benchmarks.tiers import Prepared

ROOT = Path(__file__).resolve().parents[2]
CALLS = Figure("calls_p95", "p95", "warm", "a call")
FILES = Figure("files", "throughput", "cold", "read, for 1,000 files")
LOSS = Figure("recall_loss", "quality", "", "1 - recall@10", "loss", deterministic=True)


class Reader(ProtocolBenchmark):
    """A protocol of somebody else's."""

    layer = "bm25"
    passes = ("read", "ask")

    def inputs(self, tier: str) -> Inputs:
        return {"tier": tier, "files": 3}

    def read(self, inputs: Inputs, engine: str) -> Figures:
        if engine == "absent":
            raise NotImplementedError("its library is not installed")
        if engine == "broken":
            raise ValueError("no such file")
        return {"files": [0.5, 0.7, 0.6]}

    def ask(self, inputs: Inputs, engine: str) -> Figures:
        answers = {"whole": [["a", "b"], ["c"]], "half": [["a", "x"], ["c"]]}[engine]
        return {"calls_p95": [0.001], "recall_loss": self.recall_loss(inputs, engine, answers)}


class Readers(Reader):
    engines = ("half", "whole", "absent", "broken")
    exact = "whole"
    figures = aimed((CALLS, FILES, LOSS), calls_p95=under(2.0, half=1.0), files=over(100), recall_loss=under(0.1))

    def setup_cache(self) -> Prepared:
        return self.prepare()


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepared:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETROSPEED_TIERS", "small")
    return Readers().setup_cache()


def value(prepared: Prepared, name: str, engine: str, tier: str = "small") -> Any:
    readers = Readers()
    readers.setup(prepared, tier, engine)
    return getattr(readers, name)(prepared, tier, engine)


def test_every_named_engine_gets_every_figure(prepared: Prepared) -> None:
    assert Readers.params == (("small", "medium", "large"), ("half", "whole", "absent", "broken"))
    assert value(prepared, "track_files", "half") == {"samples": [0.5, 0.7, 0.6], "number": 1}
    assert value(prepared, "track_recall_loss", "whole") == 0
    # Of two questions one is answered whole, the other by half.
    assert value(prepared, "track_recall_loss", "half") == 0.25


def test_a_later_round_takes_new_samples(prepared: Prepared) -> None:
    assert value(prepared, "track_calls_p95", "half") == value(prepared, "track_calls_p95", "half")
    assert (Path.cwd() / "taken-calls_p95-small-half").exists()


def test_asv_is_told_target_and_direction(prepared: Prepared) -> None:
    found = _get_benchmark("track_files", inspect.getmodule(Readers), Readers, Readers.track_files)  # type: ignore[attr-defined]
    assert found.name.endswith("Readers.track_files")
    said = json.loads(json.dumps({key: vars(found)[key] for key in ("layer", "unit", "direction", "target")}))
    # Over 100 files a second is under 10 s for 1,000 of them.
    assert said == {"layer": "bm25", "unit": "seconds", "direction": "lower", "target": 10.0}
    assert Readers.track_calls_p95.target_of == {"half": 1.0}  # type: ignore[attr-defined]


def test_what_is_absent_is_skipped_and_what_is_broken_fails_alone(prepared: Prepared) -> None:
    with pytest.raises(NotImplementedError, match="its library is not installed"):
        value(prepared, "track_files", "absent")
    with pytest.raises(RuntimeError, match=r"(?s)the engine broken failed.*no such file"):
        value(prepared, "track_files", "broken")
    with pytest.raises(NotImplementedError, match="medium is not enabled"):
        value(prepared, "track_files", "half", "medium")


def test_without_the_exact_engine_there_is_nothing_to_hold_answers_against(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Readers, "exact", "absent")
    assert math.isnan(value(Readers().prepare(), "track_recall_loss", "half"))


def test_a_commit_without_the_layer_is_skipped_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lacks(self: Readers, tier: str) -> Inputs:
        raise NotImplementedError("this commit has no such layer")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Readers, "inputs", lacks)
    with pytest.raises(NotImplementedError, match="this commit has no such layer"):
        value(Readers().prepare(), "track_files", "half")


def test_a_subclass_must_not_inherit_its_cache() -> None:
    with pytest.raises(TypeError, match="More must define setup_cache itself"):
        type("More", (Readers,), {"engines": ("whole",)})


@pytest.mark.parametrize(
    "targets", [{"calls_p95": under(1)}, {"calls_p95": under(1), "files": over(1), "other": under(1)}]
)
def test_every_figure_needs_one_target(targets: Any) -> None:
    with pytest.raises(TypeError, match="each of calls_p95, files needs a target"):
        aimed((CALLS, FILES), **targets)


@pytest.mark.parametrize(
    ("variables", "figures", "engines"),
    [
        ({}, {"search_p50", "search_p95", "build", "catch_up", "peak_memory", "index_bytes", "recall_loss"}, 3),
        ({"RETROSPEED_GATE": "1"}, {"recall_loss"}, 3),
        ({"RETROSPEED_GATE": "1", "RETROSPEED_ENGINES": "tantivy"}, {"search_p95", "recall_loss"}, 1),
        ({"RETROSPEED_ENGINES": "usearch"}, set(), 0),
    ],
)
def test_the_gate_asks_only_what_is_deterministic_unless_engines_are_named(
    variables: dict[str, str], figures: set[str], engines: int
) -> None:
    code = (
        "import json\n"
        "from benchmarks.engines import KeywordEngines as case\n"
        "print(json.dumps([[n[6:] for n in vars(case) if n.startswith('track_')], list(case.params[-1])]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "", **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    found, named = json.loads(done.stdout)
    assert figures <= set(found)
    assert ("search_p95" in found) == ("search_p95" in figures)
    assert len(named) == engines


@pytest.mark.parametrize(
    ("variables", "times"),
    [({}, 6), ({"RETROSPEED_GATE": "1"}, 1), ({"RETROSPEED_GATE": "1", "RETROSPEED_ENGINES": "tantivy"}, 6)],
)
def test_what_nobody_asks_for_is_measured_once(variables: dict[str, str], times: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from benchmarks.protocol_benchmark import repeats\nprint(repeats(6))"],
        cwd=ROOT,
        env={"PATH": "", **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == times


@pytest.mark.parametrize(("variables", "shown"), [({}, False), ({"STRATA_SERVERS": "postgresql://here/test"}, True)])
def test_engines_on_servers_are_measured_where_a_server_is_named(variables: dict[str, str], shown: bool) -> None:
    code = "from benchmarks.engines import VectorEngines as case\nprint(*case.params[-1])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": "", **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("pgvector" in done.stdout.split()) == shown
