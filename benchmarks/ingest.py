"""The log: appending a workload to a new store, single events to a full one, and a bare SQLite table beside it."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

from . import bare_sqlite, logs, subject, tiers
from .blocks import CALLS, WARM_UP, measure_anew, measure_in_turns, rounds, samples
from .metric import metric
from .tiers import Prepared
from .workloads import synthetic
from .workloads.workload import Fields

AGENTS = synthetic.AGENTS
APPENDED = 50
MOST_APPENDED = 40
"""Blocks of single events at most."""


def _measured_append(tier: str, agents: str) -> dict[str, list[float]]:
    new = subject.events(synthetic.load(tier, agents).events)
    return measure_anew(
        lambda: subject.open_log(logs.new_folder("log")), lambda log: log.append(new), units=len(new) / 1000
    )


class ColdIngest:
    """A new log, or a log opened by a new process. Every append is durable when it returns."""

    params = (tiers.NAMES, AGENTS)
    param_names = ("tier", "agents")
    timeout = tiers.TIMEOUT

    def setup(self, tier: str, agents: str) -> None:
        tiers.need(tier)
        subject.need("ingest")

    @metric("ingest", "throughput", "cold", "append, for 1,000 events")
    def track_append(self, tier: str, agents: str) -> Any:
        return samples(_measured_append(tier, agents)["wall"])

    @metric("ingest", "cpu", "cold", "processor time of appending 1,000 events")
    def track_append_cpu(self, tier: str, agents: str) -> Any:
        return samples(_measured_append(tier, agents)["cpu"])


class ColdIngestProcess:
    """What does not depend on how many agents there are."""

    params = (tiers.NAMES,)
    param_names = ("tier",)
    timeout = tiers.TIMEOUT
    number, repeat, rounds, warmup_time = 1, 6, 1, 0

    def setup(self, tier: str) -> None:
        tiers.need(tier)
        subject.need("ingest")
        self.workload = synthetic.load(tier)

    @metric("ingest", "p50", "cold", "open a log of this size and append one event in a new process, imports included")
    def timeraw_first_append(self, tier: str) -> tuple[str, str]:
        folder = logs.new_folder("log")
        logs.fill(folder, self.workload)
        late = _late(self.workload.events, 1)
        statement, setup = logs.in_new_process(
            f"subject.open_log(Path({str(folder.resolve())!r})).append(subject.events(late))"
        )
        return statement, f"{setup}\nlate = {late!r}"

    @metric("ingest", "peak_memory", "cold", "append the workload", unit="bytes")
    def peakmem_append(self, tier: str) -> None:
        subject.open_log(logs.new_folder("log")).append(subject.events(self.workload.events))

    @metric("ingest", "baseline_memory", "cold", "the workload alone", unit="bytes")
    def peakmem_baseline(self, tier: str) -> None:
        subject.open_log(logs.new_folder("log")).append(subject.events(self.workload.events[:1]))

    @metric("ingest", "ratio", "cold", "append: times as long as a bare executemany of the same rows", unit="ratio")
    def track_times_bare_sqlite(self, tier: str) -> Any:
        """Both durable (write-ahead log, synchronous FULL), alternating, each into a new file. Target: at most 2."""
        new = subject.events(self.workload.events)
        rows = bare_sqlite.rows(self.workload.events)
        ratios = []
        for _ in rounds():
            ours = measure_anew(lambda: subject.open_log(logs.new_folder("log")), lambda log: log.append(new), times=1)
            bare = measure_anew(
                lambda: bare_sqlite.table(logs.new_folder("bare")), lambda table: bare_sqlite.fill(table, rows), times=1
            )
            ratios.append(ours["wall"][0] / bare["wall"][0])
        return samples(ratios)


def _late(events: list[Fields], count: int) -> list[Fields]:
    """Events that the log does not hold, after all it holds."""
    last = events[-1]["timestamp"]
    return [
        events[number % len(events)] | {"event_id": f"late-{number}", "timestamp": last + 1000 * (number + 1)}
        for number in range(count)
    ]


def _measured_one_by_one(tier: str, names: Sequence[str] = AGENTS) -> dict[str, dict[str, list[float]]]:
    """By agents, in turns: a disk that is busy for a second is met by all."""
    with ExitStack() as opened:
        asked: list[tuple[Callable[[Any], None], list[Any]]] = []
        for agents in names:
            workload = synthetic.load(tier, agents)
            log = opened.enter_context(closing(subject.open_log(logs.new_folder("log"))))
            log.append(subject.events(workload.events))
            late = subject.events(_late(workload.events, MOST_APPENDED * CALLS + 2 * WARM_UP))
            asked.append((partial(_append_one, log), late))
        return dict(zip(names, measure_in_turns(asked, most=MOST_APPENDED), strict=True))


def _append_one(log: subject.Log, event: Any) -> None:
    log.append([event])


def _size(tier: str, agents: str) -> int:
    folder = logs.new_folder("log")
    logs.fill(folder, synthetic.load(tier, agents))
    with closing(subject.open_log(folder)) as log:
        return log.size_bytes()


def _prepare_warm(tier: str) -> dict[str, dict[str, Any]]:
    subject.need("ingest")
    return {"bytes": {agents: _size(tier, agents) for agents in AGENTS}, "append": _measured_one_by_one(tier)}


class WarmIngest:
    """A log that is open and holds the workload: one event at a time, each durable when `append` returns."""

    params = (tiers.NAMES, AGENTS)
    param_names = ("tier", "agents")
    timeout = tiers.TIMEOUT

    def setup_cache(self) -> Prepared:
        return tiers.prepare(_prepare_warm)

    def setup(self, prepared: Prepared, tier: str, agents: str) -> None:
        self.case = tiers.taken(prepared, tier)

    def _append(self, tier: str, agents: str, which: str) -> Any:
        measured = tiers.once(
            self.case["append"][agents],
            lambda: _measured_one_by_one(tier, [agents])[agents],
            f"append-{which}-{tier}-{agents}",
        )
        return samples(measured[which])

    @metric("ingest", "p50", "warm", "append one event")
    def track_append_p50(self, prepared: Prepared, tier: str, agents: str) -> Any:
        return self._append(tier, agents, "p50")

    @metric("ingest", "p90", "warm", "append one event")
    def track_append_p90(self, prepared: Prepared, tier: str, agents: str) -> Any:
        return self._append(tier, agents, "p90")

    @metric("ingest", "p99", "warm", "append one event")
    def track_append_p99(self, prepared: Prepared, tier: str, agents: str) -> Any:
        return self._append(tier, agents, "p99")

    @metric("ingest", "index_bytes", "", "log on disk", unit="bytes", deterministic=True)
    def track_log_bytes(self, prepared: Prepared, tier: str, agents: str) -> int:
        return int(self.case["bytes"][agents])
