"""Inputs that nobody here made: a trace, a git history, a BEIR folder, a source tree, whichever the environment names.

One pass a source: ingest, build, search, route, and quality where the source has judged questions. Vectors, and what
needs them, only up to `MOST_VECTORS` events: embedding more takes longer than anybody waits.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import logs, subject, tiers
from .blocks import FEWEST_CALLS, measure, measure_anew, samples
from .metric import metric
from .quality import losses
from .tiers import Prepared
from .workloads import beir, embedded, gitlog, trace, tree
from .workloads.synthetic import SUITE_VERSION
from .workloads.workload import Query, Workload, WorkloadError, checksum, digest

MOST_VECTORS = 10_000
MOST_QUESTIONS = 400
_UNSET = "unset"
_LAYERS = ("ingest", "toc", "bm25", "vector", "topics", "stack", "route")
_SOURCES: dict[str, tuple[Callable[[], Path | None], Callable[[Path], Workload]]] = {
    "trace": (trace.configured, trace.load),
    "gitlog": (gitlog.configured, gitlog.load),
    "beir": (beir.configured, beir.load),
    "tree": (tree.configured, tree.load),
}


def _configured() -> list[str]:
    return [name for name, (place, _) in _SOURCES.items() if place() is not None] or [_UNSET]


def _load(name: str) -> Workload:
    place, load = _SOURCES[name]
    path = place()
    assert path is not None
    return load(path)


def _version() -> str:
    """Of everything that is configured: any change of any source makes older results incomparable."""
    checksums = []
    for name in _configured():
        if name == _UNSET:
            return f"{SUITE_VERSION}-{_UNSET}"
        try:
            checksums.append(checksum(_load(name)))
        except WorkloadError as error:
            # asv imports this module to list benchmarks: a broken source must fail its own, not the list.
            checksums.append(str(error))
    return f"{SUITE_VERSION}-{digest(checksums)[:8]}"


_VERSION = _version()


def _questions(workload: Workload) -> list[Query]:
    """Judged questions, evenly chosen; of a source without any, the words of some of its events."""
    judged = workload.queries[:: max(1, len(workload.queries) // MOST_QUESTIONS)][:MOST_QUESTIONS]
    if judged:
        return judged
    spoken = [event for event in workload.events if len(event["text"].split()) > 3]
    chosen = spoken[:: max(1, len(spoken) // MOST_QUESTIONS)][:MOST_QUESTIONS]
    return [Query(query_id=event["event_id"], text=event["text"][:200]) for event in chosen]


def _measured_builds(workload: Workload) -> dict[str, dict[str, list[float]]]:
    """Ingest, table of contents and bm25, few times each: what outsiders bring is large."""
    units = len(workload.events) / 1000
    new = subject.events(workload.events)
    entries = logs.fill(logs.new_folder("log"), workload)
    return {
        "ingest": measure_anew(lambda: subject.open_log(logs.new_folder("log")), lambda log: log.append(new), 3, units),
        "toc": measure_anew(
            lambda: subject.open_toc(logs.new_folder("toc")), lambda index: index.extend(entries), 2, units
        ),
        "bm25": measure_anew(
            lambda: subject.open_bm25(logs.new_folder("bm25")), lambda index: index.extend(entries), 2, units
        ),
    }


def _measured(name: str) -> dict[str, Any]:
    subject.need(*_LAYERS)
    workload = _load(name)
    builds = _measured_builds(workload)
    folder = logs.new_folder("stack")
    with_vectors = len(workload.events) <= MOST_VECTORS
    vectors = embedded.load(workload).events if with_vectors else None
    subject.build_stack(folder, workload.events, vectors)
    questions = _questions(workload)
    stack = subject.open_stack(folder)
    route = measure(lambda query: stack.route(query.text, agent=query.agent, now=query.now), questions, FEWEST_CALLS)
    keyword = measure(lambda query: stack.route(query.text, agent=query.agent, tier="keyword"), questions, FEWEST_CALLS)
    judged = [query for query in questions if query.relevant]
    found: dict[str, dict[str, float]] = {}
    for tier in ("keyword", "semantic", None) if with_vectors else ("keyword",):
        if judged:
            found[tier or "routed"] = losses(
                judged, lambda query, tier=tier: stack.route(query.text, agent=query.agent, tier=tier).ids
            )
    stack.close()
    return {**builds, "route": route, "keyword": keyword, "losses": found}


class Source:
    """A store of the source, asked its judged questions, or words of its own where nobody judged any."""

    params = (_configured(),)
    param_names = ("source",)
    timeout = 4 * tiers.TIMEOUT

    def setup_cache(self) -> Prepared:
        return {name: tiers.prepare(_measured, [name]) for name in _configured() if name != _UNSET}

    def setup(self, prepared: Prepared, source: str) -> None:
        if source not in prepared:
            raise NotImplementedError(
                f"no source is named: set {', '.join((trace.VARIABLE, gitlog.VARIABLE, beir.VARIABLE, tree.VARIABLE))}"
            )
        self.case = tiers.taken(prepared[source], source)

    def _loss(self, of: str, which: str) -> float:
        # NaN is asv's "skipped": nobody judged the questions, or there are too many events to embed.
        return float(self.case["losses"].get(of, {}).get(which, float("nan")))

    @metric("ingest", "throughput", "cold", "append, for 1,000 events", version=_VERSION)
    def track_ingest(self, prepared: Prepared, source: str) -> Any:
        return samples(self.case["ingest"]["wall"])

    @metric("toc", "throughput", "cold", "build, for 1,000 events", version=_VERSION)
    def track_toc_build(self, prepared: Prepared, source: str) -> Any:
        return samples(self.case["toc"]["wall"])

    @metric("bm25", "throughput", "cold", "build, for 1,000 events", version=_VERSION)
    def track_bm25_build(self, prepared: Prepared, source: str) -> Any:
        return samples(self.case["bm25"]["wall"])

    @metric("route", "p50", "warm", "answer", version=_VERSION)
    def track_route_p50(self, prepared: Prepared, source: str) -> Any:
        return samples(self.case["route"]["p50"])

    @metric("route", "way_p50", "warm", "answer by keywords", version=_VERSION)
    def track_keyword_p50(self, prepared: Prepared, source: str) -> Any:
        return samples(self.case["keyword"]["p50"])

    @metric("bm25", "quality", "", "1 - nDCG@10", unit="loss", version=_VERSION, deterministic=True)
    def track_keyword_ndcg_loss(self, prepared: Prepared, source: str) -> float:
        return self._loss("keyword", "ndcg")

    @metric("vector", "quality", "", "1 - nDCG@10", unit="loss", version=_VERSION, deterministic=True)
    def track_semantic_ndcg_loss(self, prepared: Prepared, source: str) -> float:
        return self._loss("semantic", "ndcg")

    @metric("route", "quality", "", "1 - nDCG@10", unit="loss", version=_VERSION, deterministic=True)
    def track_routed_ndcg_loss(self, prepared: Prepared, source: str) -> float:
        return self._loss("routed", "ndcg")

    @metric("route", "quality", "", "1 - recall@10", unit="loss", version=_VERSION, deterministic=True)
    def track_routed_recall_loss(self, prepared: Prepared, source: str) -> float:
        return self._loss("routed", "recall")
