"""Keyword search: building the index, catching up with the log, and asking it."""

import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

from . import logs, subject, tiers
from .blocks import BUILDS, measure, measure_anew, one_pass, samples
from .metric import metric
from .quality import Losses, losses
from .tiers import Prepared
from .workloads import synthetic

LATE = 100


def _build(folder: Path, entries: list[Any]) -> None:
    index = subject.open_bm25(folder)
    index.extend(entries)
    index.close()


def _measured_build(log: str) -> dict[str, list[float]]:
    entries = logs.read(log)
    return measure_anew(
        lambda: subject.open_bm25(logs.new_folder("build")),
        lambda index: index.extend(entries),
        times=BUILDS,
        units=len(entries) / 1000,
    )


def _prepare_cold(tier: str) -> dict[str, Any]:
    subject.need("ingest", "bm25")
    workload = synthetic.load(tier)
    log, index = logs.new_folder(f"log-{tier}"), logs.new_folder(f"index-{tier}")
    _build(index, logs.fill(log, workload))
    first = workload.category("literal")[0].text
    return {"log": str(log), "index": str(index), "query": first, "build": _measured_build(str(log))}


class ColdBm25:
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

    @metric("bm25", "throughput", "cold", "build, for 1,000 events")
    def track_build(self, prepared: Prepared, tier: str) -> Any:
        return self._samples(tier, "wall")

    @metric("bm25", "cpu", "cold", "processor time of a build, for 1,000 events")
    def track_build_cpu(self, prepared: Prepared, tier: str) -> Any:
        return self._samples(tier, "cpu")

    @metric("bm25", "p50", "cold", "first search of a new process, imports included")
    def timeraw_first_search(self, prepared: Prepared, tier: str) -> tuple[str, str]:
        index, query = self.case["index"], self.case["query"]
        return logs.in_new_process(f"subject.open_bm25(Path({index!r})).search({query!r})")

    @metric("bm25", "peak_memory", "cold", "build, with the events", unit="bytes")
    def peakmem_build(self, prepared: Prepared, tier: str) -> None:
        _build(logs.new_folder("peak"), logs.read(self.case["log"]))

    @metric("bm25", "baseline_memory", "cold", "the events alone", unit="bytes")
    def peakmem_baseline(self, prepared: Prepared, tier: str) -> None:
        logs.read(self.case["log"])


def _queries(tier: str) -> list[str]:
    return [query.text for query in synthetic.load(tier).category("phrasing", "literal", "paraphrase")]


def _measured_search(index: str, tier: str) -> dict[str, list[float]]:
    return measure(subject.open_bm25(Path(index)).search, _queries(tier))


def _measured_catch_up(log: str) -> dict[str, list[float]]:
    entries = logs.read(log)
    base = logs.new_folder("before")
    _build(base, entries[:-LATE])

    def copied() -> subject.Bm25:
        folder = logs.new_folder("behind")
        shutil.copytree(base, folder, dirs_exist_ok=True)
        return subject.open_bm25(folder)

    return measure_anew(copied, lambda index: index.extend(entries[-LATE:]))


def _quality(index: subject.Bm25, tier: str) -> Losses:
    return losses(synthetic.load(tier).category("literal", "paraphrase"), lambda query: index.search(query.text))


def _prepare_warm(tier: str) -> dict[str, Any]:
    subject.need("ingest", "bm25")
    log, folder = logs.new_folder(f"log-{tier}"), logs.new_folder(f"index-{tier}")
    _build(folder, logs.fill(log, synthetic.load(tier)))
    index = subject.open_bm25(folder)
    return {
        "log": str(log),
        "index": str(folder),
        "bytes": index.size_bytes(),
        "loss": _quality(index, tier),
        "queries": _queries(tier),
        "search": _measured_search(str(folder), tier),
        "catch_up": _measured_catch_up(str(log)),
    }


class WarmBm25:
    """An index that is open and has answered before."""

    params = (tiers.NAMES,)
    param_names = ("tier",)
    timeout = tiers.TIMEOUT

    def setup_cache(self) -> Prepared:
        return tiers.prepare(_prepare_warm)

    def setup(self, prepared: Prepared, tier: str) -> None:
        self.case = tiers.taken(prepared, tier)

    def _search(self, tier: str, which: str) -> Any:
        measured = tiers.once(
            self.case["search"], lambda: _measured_search(self.case["index"], tier), f"search-{which}-{tier}"
        )
        return samples(measured[which])

    @metric("bm25", "p50", "warm", "search")
    def track_search_p50(self, prepared: Prepared, tier: str) -> Any:
        return self._search(tier, "p50")

    @metric("bm25", "p90", "warm", "search")
    def track_search_p90(self, prepared: Prepared, tier: str) -> Any:
        return self._search(tier, "p90")

    @metric("bm25", "p99", "warm", "search")
    def track_search_p99(self, prepared: Prepared, tier: str) -> Any:
        return self._search(tier, "p99")

    @metric("bm25", "cpu", "warm", "processor time of a search")
    def track_search_cpu(self, prepared: Prepared, tier: str) -> Any:
        return self._search(tier, "cpu")

    @cached_property
    def _opened(self) -> tuple[subject.Bm25, list[str]]:
        return subject.open_bm25(Path(self.case["index"])), one_pass(self.case["queries"])

    @metric("bm25", "pass", "warm", "search, every query once")
    def time_search(self, prepared: Prepared, tier: str) -> None:
        index, queries = self._opened
        for query in queries:
            index.search(query)

    @metric("bm25", "build", "warm", f"catch up with {LATE} new events")
    def track_catch_up(self, prepared: Prepared, tier: str) -> Any:
        again = tiers.once(self.case["catch_up"], lambda: _measured_catch_up(self.case["log"]), f"catch-up-{tier}")
        return samples(again["wall"])

    @metric("bm25", "index_bytes", "", "index on disk", unit="bytes", deterministic=True)
    def track_index_bytes(self, prepared: Prepared, tier: str) -> int:
        return int(self.case["bytes"])

    @metric("bm25", "quality", "", "1 - recall@10 on planted facts", unit="loss", deterministic=True)
    def track_recall_loss(self, prepared: Prepared, tier: str) -> float:
        return float(self.case["loss"]["recall"])

    @metric("bm25", "quality", "", "1 - nDCG@10 on planted facts", unit="loss", deterministic=True)
    def track_ndcg_loss(self, prepared: Prepared, tier: str) -> float:
        return float(self.case["loss"]["ndcg"])
