"""Topics: making them from segments whose events' vectors are inputs, and finding the nearest to a query's vector."""

import itertools
from functools import cached_property
from pathlib import Path
from typing import Any

from . import logs, subject, tiers
from .blocks import BUILDS, measure, measure_anew, one_pass, samples
from .metric import metric
from .tiers import Prepared
from .workloads import embedded, synthetic
from .workloads.workload import Query

_LAYERS = ("ingest", "toc", "vector", "topics")


def prepare_parts(tier: str) -> dict[str, str]:
    """Folders of a log, of the table of contents and of the vectors that topics stand on."""
    subject.need(*_LAYERS)
    workload = synthetic.load(tier)
    parts = {name: logs.new_folder(f"{name}-{tier}") for name in ("log", "toc", "vector")}
    entries = logs.fill(parts["log"], workload)
    toc = subject.open_toc(parts["toc"])
    toc.extend(entries)
    toc.close()
    nearest = subject.open_vector(parts["vector"])
    nearest.extend(entries, embedded.load(workload).events)
    nearest.close()
    return {name: str(folder) for name, folder in parts.items()}


def _open(parts: dict[str, str], folder: Path) -> subject.Topics:
    return subject.open_topics(folder, Path(parts["toc"]), Path(parts["vector"]))


def _build(parts: dict[str, str], folder: Path) -> None:
    topics = _open(parts, folder)
    topics.extend(logs.read(parts["log"]))
    topics.close()


def _measured_build(parts: dict[str, str]) -> dict[str, list[float]]:
    entries = logs.read(parts["log"])
    return measure_anew(
        lambda: _open(parts, logs.new_folder("build")),
        lambda topics: topics.extend(entries),
        times=BUILDS,
        units=len(entries) / 1000,
    )


def subjects(tier: str) -> list[tuple[Query, Any]]:
    """The questions for everything about a subject, and their vectors."""
    workload = synthetic.load(tier)
    vector_of = embedded.load(workload).questions
    return [(query, vector_of[query.query_id]) for query in workload.category("subject")]


def _prepare_cold(tier: str) -> dict[str, Any]:
    import numpy as np

    parts = prepare_parts(tier)
    index = logs.new_folder(f"index-{tier}")
    _build(parts, index)
    question = Path(f"question-{tier}.npy")
    np.save(question, subjects(tier)[0][1])
    return {"parts": parts, "index": str(index), "question": str(question), "build": _measured_build(parts)}


class ColdTopics:
    """New topics, or topics opened by a new process."""

    params = (tiers.NAMES,)
    param_names = ("tier",)
    timeout = tiers.TIMEOUT
    number, repeat, rounds, warmup_time = 1, 6, 1, 0

    def setup_cache(self) -> Prepared:
        return tiers.prepare(_prepare_cold)

    def setup(self, prepared: Prepared, tier: str) -> None:
        self.case = tiers.taken(prepared, tier)

    def _samples(self, tier: str, which: str) -> Any:
        measured = tiers.once(self.case["build"], lambda: _measured_build(self.case["parts"]), f"{which}-{tier}")
        return samples(measured[which])

    @metric("topics", "throughput", "cold", "build, for 1,000 events")
    def track_build(self, prepared: Prepared, tier: str) -> Any:
        return self._samples(tier, "wall")

    @metric("topics", "cpu", "cold", "processor time of a build, for 1,000 events")
    def track_build_cpu(self, prepared: Prepared, tier: str) -> Any:
        return self._samples(tier, "cpu")

    @metric("topics", "p50", "cold", "first search of a new process, imports included")
    def timeraw_first_search(self, prepared: Prepared, tier: str) -> tuple[str, str]:
        parts, index, question = self.case["parts"], self.case["index"], self.case["question"]
        return logs.in_new_process(
            "import numpy\n"
            f"topics = subject.open_topics(Path({index!r}), Path({parts['toc']!r}), Path({parts['vector']!r}))\n"
            f"topics.search(numpy.load({question!r}))"
        )

    @metric("topics", "peak_memory", "cold", "build, with the events", unit="bytes")
    def peakmem_build(self, prepared: Prepared, tier: str) -> None:
        _build(self.case["parts"], logs.new_folder("peak"))

    @metric("topics", "baseline_memory", "cold", "the events and open indexes alone", unit="bytes")
    def peakmem_baseline(self, prepared: Prepared, tier: str) -> None:
        _open(self.case["parts"], logs.new_folder("peak"))
        logs.read(self.case["parts"]["log"])


def _questions(tier: str) -> list[Any]:
    return list(embedded.load(synthetic.load(tier)).questions.values())


def _measured_search(parts: dict[str, str], index: str, tier: str) -> dict[str, list[float]]:
    return measure(_open(parts, Path(index)).search, _questions(tier))


def subject_loss(topics: subject.Topics, toc: subject.Toc, tier: str) -> float:
    """1 - F1 of the first topic found for "everything about" each subject, over the events, averaged.

    An event belongs to its session's subject, and to a topic if its segment does.
    """
    workload = synthetic.load(tier)
    segments_of = topics.segments_of()
    asked = subjects(tier)
    total = 0.0
    for query, vector in asked:
        name = query.query_id.removeprefix("subject-")
        wanted = {event["event_id"] for event in workload.events if workload.subjects[event["session_id"]] == name}
        found = topics.search(vector, 1)
        held = set(itertools.chain(*(toc.events_of(segment) for topic in found for segment in segments_of[topic])))
        total += 2 * len(wanted & held) / (len(wanted) + len(held))
    return round(1 - total / len(asked), 9)


def _prepare_warm(tier: str) -> dict[str, Any]:
    parts = prepare_parts(tier)
    index = logs.new_folder(f"index-{tier}")
    _build(parts, index)
    return {
        "parts": parts,
        "index": str(index),
        "bytes": _open(parts, index).size_bytes(),
        "loss": subject_loss(_open(parts, index), subject.open_toc(Path(parts["toc"])), tier),
        "questions": _questions(tier),
        "search": _measured_search(parts, str(index), tier),
    }


class WarmTopics:
    """Topics that are open and have answered before."""

    params = (tiers.NAMES,)
    param_names = ("tier",)
    timeout = tiers.TIMEOUT

    def setup_cache(self) -> Prepared:
        return tiers.prepare(_prepare_warm)

    def setup(self, prepared: Prepared, tier: str) -> None:
        self.case = tiers.taken(prepared, tier)

    def _search(self, tier: str, which: str) -> Any:
        measured = tiers.once(
            self.case["search"],
            lambda: _measured_search(self.case["parts"], self.case["index"], tier),
            f"search-{which}-{tier}",
        )
        return samples(measured[which])

    @metric("topics", "p50", "warm", "search")
    def track_search_p50(self, prepared: Prepared, tier: str) -> Any:
        return self._search(tier, "p50")

    @metric("topics", "p90", "warm", "search")
    def track_search_p90(self, prepared: Prepared, tier: str) -> Any:
        return self._search(tier, "p90")

    @metric("topics", "p99", "warm", "search")
    def track_search_p99(self, prepared: Prepared, tier: str) -> Any:
        return self._search(tier, "p99")

    @cached_property
    def _opened(self) -> tuple[Any, list[Any]]:
        return _open(self.case["parts"], Path(self.case["index"])), one_pass(self.case["questions"])

    @metric("topics", "pass", "warm", "search, every query once")
    def time_search(self, prepared: Prepared, tier: str) -> None:
        topics, questions = self._opened
        for question in questions:
            topics.search(question)

    @metric("topics", "index_bytes", "", "index on disk", unit="bytes", deterministic=True)
    def track_index_bytes(self, prepared: Prepared, tier: str) -> int:
        return int(self.case["bytes"])

    @metric("topics", "quality", "", "1 - F1 of the first topic", unit="loss", deterministic=True)
    def track_subject_loss(self, prepared: Prepared, tier: str) -> float:
        return float(self.case["loss"])
