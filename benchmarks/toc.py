"""The table of contents: building it, catching up with the log, reading nodes and searching them."""

import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

from . import logs, subject, tiers
from .blocks import BUILDS, measure, measure_anew, one_pass, samples
from .metric import metric
from .tiers import Prepared
from .workloads import synthetic

LATE = 100


def _build(folder: Path, entries: list[Any]) -> None:
    index = subject.open_toc(folder)
    index.extend(entries)
    index.close()


def _measured_build(log: str) -> dict[str, list[float]]:
    entries = logs.read(log)
    return measure_anew(
        lambda: subject.open_toc(logs.new_folder("build")),
        lambda index: index.extend(entries),
        times=BUILDS,
        units=len(entries) / 1000,
    )


def _prepare_cold(tier: str) -> dict[str, Any]:
    subject.need("ingest", "toc")
    log, index = logs.new_folder(f"log-{tier}"), logs.new_folder(f"index-{tier}")
    _build(index, logs.fill(log, synthetic.load(tier)))
    toc = subject.open_toc(index)
    last = toc.node_ids()[-1]
    toc.close()
    return {"log": str(log), "index": str(index), "node": last, "build": _measured_build(str(log))}


class ColdToc:
    """A new index, or an index opened by a new process."""

    params = (tiers.NAMES,)
    param_names = ("tier",)
    timeout = tiers.TIMEOUT
    number, repeat, rounds, warmup_time = 1, 6, 1, 0

    def setup_cache(self) -> Prepared:
        return tiers.prepare(_prepare_cold)

    def setup(self, prepared: Prepared, tier: str) -> None:
        self.case = tiers.taken(prepared, tier)
        # Its peaks have always been those of a process that has numpy.
        import numpy  # noqa: F401

    def _samples(self, tier: str, which: str) -> Any:
        measured = tiers.once(self.case["build"], lambda: _measured_build(self.case["log"]), f"{which}-{tier}")
        return samples(measured[which])

    @metric("toc", "throughput", "cold", "build, for 1,000 events")
    def track_build(self, prepared: Prepared, tier: str) -> Any:
        return self._samples(tier, "wall")

    @metric("toc", "cpu", "cold", "processor time of a build, for 1,000 events")
    def track_build_cpu(self, prepared: Prepared, tier: str) -> Any:
        return self._samples(tier, "cpu")

    @metric("toc", "p50", "cold", "first node read by a new process, imports included")
    def timeraw_first_node(self, prepared: Prepared, tier: str) -> tuple[str, str]:
        index, node = self.case["index"], self.case["node"]
        return logs.in_new_process(f"subject.open_toc(Path({index!r})).node({node!r})")

    @metric("toc", "peak_memory", "cold", "build, with the events", unit="bytes")
    def peakmem_build(self, prepared: Prepared, tier: str) -> None:
        _build(logs.new_folder("peak"), logs.read(self.case["log"]))

    @metric("toc", "baseline_memory", "cold", "the events alone", unit="bytes")
    def peakmem_baseline(self, prepared: Prepared, tier: str) -> None:
        logs.read(self.case["log"])


def _measured_nodes(index: str) -> dict[str, list[float]]:
    toc = subject.open_toc(Path(index))
    measured = measure(toc.node, toc.node_ids())
    toc.close()
    return measured


def _queries(tier: str) -> list[str]:
    return [query.text for query in synthetic.load(tier).category("phrasing", "literal")]


def _measured_search(index: str, tier: str) -> dict[str, list[float]]:
    toc = subject.open_toc(Path(index))
    measured = measure(toc.search, _queries(tier))
    toc.close()
    return measured


def _measured_catch_up(log: str) -> dict[str, list[float]]:
    entries = logs.read(log)
    base = logs.new_folder("before")
    _build(base, entries[:-LATE])

    def copied() -> subject.Toc:
        folder = logs.new_folder("behind")
        shutil.copytree(base, folder, dirs_exist_ok=True)
        return subject.open_toc(folder)

    return measure_anew(copied, lambda index: index.extend(entries[-LATE:]))


def _prepare_warm(tier: str) -> dict[str, Any]:
    subject.need("ingest", "toc")
    log, folder = logs.new_folder(f"log-{tier}"), logs.new_folder(f"index-{tier}")
    _build(folder, logs.fill(log, synthetic.load(tier)))
    toc = subject.open_toc(folder)
    size, nodes = toc.size_bytes(), toc.node_ids()
    toc.close()
    return {
        "log": str(log),
        "index": str(folder),
        "bytes": size,
        "node_ids": nodes,
        "queries": _queries(tier),
        "nodes": _measured_nodes(str(folder)),
        "search": _measured_search(str(folder), tier),
        "catch_up": _measured_catch_up(str(log)),
    }


class WarmToc:
    """An index that is open and has answered before."""

    params = (tiers.NAMES,)
    param_names = ("tier",)
    timeout = tiers.TIMEOUT

    def setup_cache(self) -> Prepared:
        return tiers.prepare(_prepare_warm)

    def setup(self, prepared: Prepared, tier: str) -> None:
        self.case = tiers.taken(prepared, tier)

    def _nodes(self, tier: str, which: str) -> Any:
        measured = tiers.once(self.case["nodes"], lambda: _measured_nodes(self.case["index"]), f"nodes-{which}-{tier}")
        return samples(measured[which])

    @metric("toc", "p50", "warm", "read a node")
    def track_node_p50(self, prepared: Prepared, tier: str) -> Any:
        return self._nodes(tier, "p50")

    @metric("toc", "p90", "warm", "read a node")
    def track_node_p90(self, prepared: Prepared, tier: str) -> Any:
        return self._nodes(tier, "p90")

    @metric("toc", "p99", "warm", "read a node")
    def track_node_p99(self, prepared: Prepared, tier: str) -> Any:
        return self._nodes(tier, "p99")

    @metric("toc", "p50", "warm", "search the nodes")
    def track_search_p50(self, prepared: Prepared, tier: str) -> Any:
        measured = tiers.once(self.case["search"], lambda: _measured_search(self.case["index"], tier), f"search-{tier}")
        return samples(measured["p50"])

    @cached_property
    def _opened(self) -> subject.Toc:
        return subject.open_toc(Path(self.case["index"]))

    @metric("toc", "pass", "warm", "read every node once", instructions=True)
    def time_nodes(self, prepared: Prepared, tier: str) -> None:
        for node in one_pass(self.case["node_ids"]):
            self._opened.node(node)

    @metric("toc", "pass", "warm", "search, every query once", instructions=True)
    def time_search(self, prepared: Prepared, tier: str) -> None:
        for query in one_pass(self.case["queries"]):
            self._opened.search(query)

    @metric("toc", "build", "warm", f"catch up with {LATE} new events")
    def track_catch_up(self, prepared: Prepared, tier: str) -> Any:
        measured = tiers.once(self.case["catch_up"], lambda: _measured_catch_up(self.case["log"]), f"catch-up-{tier}")
        return samples(measured["wall"])

    @metric("toc", "index_bytes", "", "index on disk", unit="bytes", deterministic=True)
    def track_index_bytes(self, prepared: Prepared, tier: str) -> int:
        return int(self.case["bytes"])
