"""The router over the whole stack, the embedding of the query included.

The embedder's libraries take seconds to import, so one measuring pass in `setup_cache` feeds every warm benchmark.
"""

from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from . import logs, subject, tiers
from .blocks import DEAR_CALLS, FIRST_COPY, GATED, Blocks, samples, take_in_turns
from .metric import metric
from .quality import losses
from .tiers import Prepared
from .workloads import embedded, synthetic
from .workloads.queries import WAYS, Way, mix, ways
from .workloads.workload import Query, Workload

AGENTS = synthetic.AGENTS
FEW = 3 if GATED else 10
WAY_SECONDS = 0.4
MIX_SECONDS = 2.0
"""In the gate, of each way and of a mix: `blocks.LONG_ENOUGH` for calls of tens of milliseconds."""
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


def _mix(stack: subject.Stack, tier: str, agents: str) -> Blocks[Query]:
    # Tails are measured with one agent; several are there for the comparison of medians, in half the time.
    calls = DEAR_CALLS if agents == "single" else DEAR_CALLS // 2
    return Blocks(lambda query: _ask(stack, query), mix(synthetic.load(tier, agents)), calls)


def _measured_mix(folder: str, tier: str, agents: str) -> dict[str, list[float]]:
    with closing(subject.open_stack(Path(folder))) as stack:
        (measured,) = take_in_turns([_mix(stack, tier, agents)], MIX_SECONDS)
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


def _chosen(stack: subject.Stack, tier: str, names: Sequence[str]) -> dict[str, Blocks[Query] | str]:
    """The ways to measure, or what is wrong with them."""
    return {
        way.name: _wrong_turn(stack, way) or Blocks(partial(_on_its_way, stack, way), way.queries, FEW)
        for way in ways(synthetic.load(tier))
        if way.name in names
    }


def _measured_way(folder: str, tier: str, name: str) -> dict[str, list[float]]:
    with closing(subject.open_stack(Path(folder))) as stack:
        found = _chosen(stack, tier, [name])[name]
        if isinstance(found, str):
            raise AssertionError(found)
        (measured,) = take_in_turns([found], WAY_SECONDS)
    return measured


def _measured_mix_and_ways(folder: str, tier: str) -> dict[str, Any]:
    """In turns: what slows the machine for a second does not meet one of them alone."""
    with closing(subject.open_stack(Path(folder))) as stack:
        mixed = _mix(stack, tier, "single")
        mixed.take()
        peak = logs.bytes_at_peak()
        chosen = _chosen(stack, tier, WAYS)
        right = {name: found for name, found in chosen.items() if not isinstance(found, str)}
        of_mix, *of_ways = take_in_turns([mixed, *right.values()], WAY_SECONDS)
    return {"mix": of_mix, "peak": peak, "ways": chosen | dict(zip(right, of_ways, strict=True))}


def _losses(stack: subject.Stack, queries: Sequence[Query]) -> dict[str, float]:
    return losses(queries, lambda query: _ask(stack, query).ids)


def _prepare_warm(key: tuple[str, str]) -> dict[str, Any]:
    tier, agents = key
    folder = _build(tier, agents)
    workload = synthetic.load(tier, agents)
    case: dict[str, Any] = {"folder": folder}
    if agents == "single":
        case |= _measured_mix_and_ways(folder, tier)
    else:
        case |= {"mix": _measured_mix(folder, tier, agents), "peak": logs.bytes_at_peak()}
    if FIRST_COPY:
        case |= _quality(folder, workload, agents)
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
        if isinstance(self.measured, str):
            raise AssertionError(f"the way {way} was not taken: {self.measured}")

    @metric("route", "way_p50", "warm", "answer by this way")
    def track_p50(self, prepared: Prepared, tier: str, way: str) -> Any:
        measured = tiers.once(self.measured, lambda: _measured_way(self.folder, tier, way), f"way-{tier}-{way}")
        return samples(measured["p50"])
