"""The router over the whole stack, the embedding of the query included.

The embedder's libraries take seconds to import, so one measuring pass in `setup_cache` feeds every warm benchmark.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from . import logs, subject, tiers
from .blocks import DEAR_CALLS, FIRST_COPY, GATED, measure, measure_in_turns, samples
from .metric import metric
from .quality import losses
from .tiers import Prepared
from .workloads import embedded, synthetic
from .workloads.queries import WAYS, Way, mix, ways
from .workloads.workload import Query, Workload

AGENTS = synthetic.AGENTS
FEW = 3 if GATED else 10
WAY_SECONDS = 0.4
_LAYERS = ("ingest", "toc", "bm25", "vector", "topics", "stack", "route")


def _build(tier: str, agents: str) -> str:
    subject.need(*_LAYERS)
    workload = synthetic.load(tier, agents)
    folder = logs.new_folder(f"stack-{tier}-{agents}")
    subject.build_stack(folder, workload.events, embedded.load(workload).events)
    return str(folder)


def _ask(stack: subject.Stack, query: Query) -> subject.Answer:
    return stack.route(query.text, agent=query.agent, now=query.now)


class ColdRoute:
    """A stack opened by a new process."""

    params = (tiers.NAMES,)
    param_names = ("tier",)
    timeout = tiers.TIMEOUT
    number, rounds, warmup_time = 1, 1, 0

    def setup_cache(self) -> Prepared:
        return tiers.prepare(lambda tier: _build(tier, "single"))

    def setup(self, prepared: Prepared, tier: str) -> None:
        self.folder = tiers.taken(prepared, tier)
        self.query = synthetic.load(tier).category("literal")[0].text

    def _first(self, tier: str) -> tuple[str, str]:
        return logs.in_new_process(f"subject.open_stack(Path({self.folder!r})).route({self.query!r}, tier={tier!r})")

    @metric("route", "p50", "cold", "first answer of a new process, imports and model included")
    def timeraw_first_answer(self, prepared: Prepared, tier: str) -> tuple[str, str]:
        return self._first("full")

    # Each sample imports the embedder's libraries, so there are as few as give an interval.
    timeraw_first_answer.repeat = 3  # type: ignore[attr-defined]

    @metric("route", "keyword_p50", "cold", "first answer of a new process by keywords alone")
    def timeraw_first_keyword_answer(self, prepared: Prepared, tier: str) -> tuple[str, str]:
        return self._first("keyword")

    timeraw_first_keyword_answer.repeat = 6  # type: ignore[attr-defined]


def _measured_mix(folder: str, tier: str, agents: str) -> dict[str, list[float]]:
    stack = subject.open_stack(Path(folder))
    # Tails are measured with one agent; several are there for the comparison of medians, in half the time.
    calls = DEAR_CALLS if agents == "single" else DEAR_CALLS // 2
    measured = measure(lambda query: _ask(stack, query), mix(synthetic.load(tier, agents)), calls)
    stack.close()
    return measured


def _on_its_way(stack: subject.Stack, way: Way, query: Query) -> subject.Answer:
    return stack.route(query.text, now=query.now, tier=way.tier if way.force_tier else None)


def _wrong_turn(stack: subject.Stack, way: Way) -> str | None:
    """What one of the queries did that is not the way; None if all keep to it."""
    for query in way.queries[:FEW]:
        answer = _on_its_way(stack, way, query)
        found = (answer.intent, answer.tier, tuple(sorted(answer.layers)), answer.fallback)
        expected = (way.intent, way.tier, way.layers, way.fallback)
        if found != expected:
            return f"{query.text!r} must go {expected} (intent, tier, layers, fallback), and went {found}"
    return None


def _measured_ways(folder: str, tier: str, names: Sequence[str] = WAYS) -> dict[str, dict[str, Any]]:
    stack = subject.open_stack(Path(folder))
    chosen = [way for way in ways(synthetic.load(tier)) if way.name in names]
    measured: dict[str, dict[str, Any]] = {way.name: {"wrong": _wrong_turn(stack, way)} for way in chosen}
    right = [way for way in chosen if not measured[way.name]["wrong"]]
    asked = [(partial(_on_its_way, stack, way), way.queries) for way in right]
    for way, found in zip(right, measure_in_turns(asked, FEW, WAY_SECONDS), strict=True):
        measured[way.name] |= found
    stack.close()
    return measured


def _losses(stack: subject.Stack, queries: Sequence[Query]) -> dict[str, float]:
    return losses(queries, lambda query: _ask(stack, query).ids)


def _prepare_warm(key: tuple[str, str]) -> dict[str, Any]:
    tier, agents = key
    folder = _build(tier, agents)
    workload = synthetic.load(tier, agents)
    case: dict[str, Any] = {"folder": folder, "mix": _measured_mix(folder, tier, agents), "peak": logs.bytes_at_peak()}
    if FIRST_COPY:
        case |= _quality(folder, workload, agents)
    if agents == "single":
        case["ways"] = _measured_ways(folder, tier)
    return case


def _quality(folder: str, workload: Workload, agents: str) -> dict[str, Any]:
    asked = {"facts": ("literal", "paraphrase"), "time": ("time",)}
    if agents == "multi":
        asked["agent"] = ("agent",)
    stack = subject.open_stack(Path(folder))
    found = {name: _losses(stack, workload.category(*categories)) for name, categories in asked.items()}
    stack.close()
    return found


class WarmRoute:
    """A stack that is open and has answered before, asked a constant mix of facts, overviews, searches and times."""

    params = (tiers.NAMES, AGENTS)
    param_names = ("tier", "agents")
    timeout = 2 * tiers.TIMEOUT

    def setup_cache(self) -> Prepared:
        return tiers.prepare(_prepare_warm, [(tier, agents) for tier in tiers.enabled() for agents in AGENTS])

    def setup(self, prepared: Prepared, tier: str, agents: str) -> None:
        self.case = tiers.taken(prepared, (tier, agents))

    def _mix(self, tier: str, agents: str, which: str) -> Any:
        measured = tiers.once(
            self.case["mix"],
            lambda: _measured_mix(self.case["folder"], tier, agents),
            f"mix-{which}-{tier}-{agents}",
        )
        return samples(measured[which])

    @metric("route", "p50", "warm", "answer")
    def track_answer_p50(self, prepared: Prepared, tier: str, agents: str) -> Any:
        return self._mix(tier, agents, "p50")

    @metric("route", "p90", "warm", "answer")
    def track_answer_p90(self, prepared: Prepared, tier: str, agents: str) -> Any:
        return self._mix(tier, agents, "p90")

    @metric("route", "p99", "warm", "answer")
    def track_answer_p99(self, prepared: Prepared, tier: str, agents: str) -> Any:
        return self._mix(tier, agents, "p99")

    @metric("route", "cpu", "warm", "processor time of an answer")
    def track_answer_cpu(self, prepared: Prepared, tier: str, agents: str) -> Any:
        return self._mix(tier, agents, "cpu")

    @metric("route", "peak_memory", "warm", "stack open, model loaded, having answered", unit="bytes")
    def track_peak_memory(self, prepared: Prepared, tier: str, agents: str) -> int:
        return int(self.case["peak"])

    @metric("route", "quality", "", "1 - recall@10 on planted facts", unit="loss", deterministic=True)
    def track_recall_loss(self, prepared: Prepared, tier: str, agents: str) -> float:
        return float(self.case["facts"]["recall"])

    @metric("route", "quality", "", "1 - nDCG@10 on planted facts", unit="loss", deterministic=True)
    def track_ndcg_loss(self, prepared: Prepared, tier: str, agents: str) -> float:
        return float(self.case["facts"]["ndcg"])

    @metric("route", "quality", "", "1 - MRR on planted facts", unit="loss", deterministic=True)
    def track_reciprocal_rank_loss(self, prepared: Prepared, tier: str, agents: str) -> float:
        return float(self.case["facts"]["reciprocal_rank"])

    @metric("route", "quality", "", "1 - nDCG@10 on dated reports", unit="loss", deterministic=True)
    def track_time_ndcg_loss(self, prepared: Prepared, tier: str, agents: str) -> float:
        return float(self.case["time"]["ndcg"])

    @metric("route", "quality", "", "1 - recall@10 on one agent's facts", unit="loss", deterministic=True)
    def track_agent_recall_loss(self, prepared: Prepared, tier: str, agents: str) -> float:
        # One agent alone contradicts nobody: NaN is asv's "skipped".
        return float(self.case["agent"]["recall"]) if agents == "multi" else float("nan")


class WarmRouteWays:
    """Each intent, each tier and the fallback apart; a query that takes another way fails its benchmark."""

    params = (tiers.NAMES, WAYS)
    param_names = ("tier", "way")
    timeout = 2 * tiers.TIMEOUT

    # The function of the class above: asv tells caches apart by where they are defined, so both share one pass.
    setup_cache = WarmRoute.setup_cache

    def setup(self, prepared: Prepared, tier: str, way: str) -> None:
        case = tiers.taken(prepared, (tier, "single"))
        self.folder, self.measured = case["folder"], case["ways"][way]
        if self.measured["wrong"]:
            raise AssertionError(f"the way {way} was not taken: {self.measured['wrong']}")

    @metric("route", "way_p50", "warm", "answer by this way")
    def track_p50(self, prepared: Prepared, tier: str, way: str) -> Any:
        measured = tiers.once(self.measured, lambda: _measured_ways(self.folder, tier, [way])[way], f"way-{tier}-{way}")
        return samples(measured["p50"])
