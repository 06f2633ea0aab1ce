"""Nearest events: building the index, catching up with the log, and asking it. The vectors are inputs, never timed."""

import shutil
from functools import cached_property
from pathlib import Path
from typing import Any

from . import logs, subject, tiers
from .blocks import BUILDS, measure, measure_anew, one_pass, samples
from .metric import metric
from .quality import Losses, losses
from .tiers import Prepared
from .workloads import embedded, synthetic
from .workloads.workload import Query

LATE = 100


def _vectors(tier: str) -> Any:
    """Vectors of the workload's events, in the order of the log, shape (events, 384)."""
    return embedded.load(synthetic.load(tier)).events


def _questions(tier: str) -> list[tuple[Query, Any]]:
    """The questions on planted facts and their vectors."""
    workload = synthetic.load(tier)
    vector_of = embedded.load(workload).questions
    return [(query, vector_of[query.query_id]) for query in workload.category("literal", "paraphrase")]


def _build(folder: Path, entries: list[Any], vectors: Any) -> None:
    index = subject.open_vector(folder)
    index.extend(entries, vectors)
    index.close()


def _measured_build(log: str, tier: str) -> dict[str, list[float]]:
    entries, vectors = logs.read(log), _vectors(tier)
    return measure_anew(
        lambda: subject.open_vector(logs.new_folder("build")),
        lambda index: index.extend(entries, vectors),
        times=BUILDS,
        units=len(entries) / 1000,
    )


def _prepare_cold(tier: str) -> dict[str, Any]:
    import numpy as np

    subject.need("ingest", "vector")
    log, index = logs.new_folder(f"log-{tier}"), logs.new_folder(f"index-{tier}")
    _build(index, logs.fill(log, synthetic.load(tier)), _vectors(tier))
    question = Path(f"question-{tier}.npy")
    np.save(question, _questions(tier)[0][1])
    return {
        "log": str(log),
        "index": str(index),
        "question": str(question),
        "build": _measured_build(str(log), tier),
    }


class ColdVector:
    """A new index, or an index opened by a new process."""

    params = (tiers.NAMES,)
    param_names = ("tier",)
    timeout = tiers.TIMEOUT
    number, repeat, rounds, warmup_time = 1, 6, 1, 0

    def setup_cache(self) -> Prepared:
        return tiers.prepare(_prepare_cold)

    def setup(self, prepared: Prepared, tier: str) -> None:
        self.case = tiers.taken(prepared, tier)

    def _samples(self, tier: str, which: str) -> Any:
        measured = tiers.once(self.case["build"], lambda: _measured_build(self.case["log"], tier), f"{which}-{tier}")
        return samples(measured[which])

    @metric("vector", "throughput", "cold", "build, for 1,000 events")
    def track_build(self, prepared: Prepared, tier: str) -> Any:
        return self._samples(tier, "wall")

    @metric("vector", "cpu", "cold", "processor time of a build, for 1,000 events")
    def track_build_cpu(self, prepared: Prepared, tier: str) -> Any:
        return self._samples(tier, "cpu")

    @metric("vector", "p50", "cold", "first search of a new process, imports included")
    def timeraw_first_search(self, prepared: Prepared, tier: str) -> tuple[str, str]:
        index, question = self.case["index"], self.case["question"]
        return logs.in_new_process(
            f"import numpy\nsubject.open_vector(Path({index!r})).search(numpy.load({question!r}))"
        )

    @metric("vector", "peak_memory", "cold", "build, with the events and their vectors", unit="bytes")
    def peakmem_build(self, prepared: Prepared, tier: str) -> None:
        _build(logs.new_folder("peak"), logs.read(self.case["log"]), _vectors(tier))

    @metric("vector", "baseline_memory", "cold", "the events and their vectors alone", unit="bytes")
    def peakmem_baseline(self, prepared: Prepared, tier: str) -> None:
        logs.read(self.case["log"])
        _vectors(tier)


def _measured_search(index: str, tier: str) -> dict[str, list[float]]:
    return measure(subject.open_vector(Path(index)).search, [vector for _, vector in _questions(tier)])


def _measured_catch_up(log: str, tier: str) -> dict[str, list[float]]:
    entries, vectors = logs.read(log), _vectors(tier)
    base = logs.new_folder("before")
    _build(base, entries[:-LATE], vectors[:-LATE])

    def copied() -> subject.Vector:
        folder = logs.new_folder("behind")
        shutil.copytree(base, folder, dirs_exist_ok=True)
        return subject.open_vector(folder)

    return measure_anew(copied, lambda index: index.extend(entries[-LATE:], vectors[-LATE:]))


def _quality(index: subject.Vector, tier: str) -> Losses:
    questions = _questions(tier)
    of = {query.query_id: vector for query, vector in questions}
    return losses([query for query, _ in questions], lambda query: index.search(of[query.query_id]))


def _prepare_warm(tier: str) -> dict[str, Any]:
    subject.need("ingest", "vector")
    log, folder = logs.new_folder(f"log-{tier}"), logs.new_folder(f"index-{tier}")
    _build(folder, logs.fill(log, synthetic.load(tier)), _vectors(tier))
    index = subject.open_vector(folder)
    return {
        "log": str(log),
        "index": str(folder),
        "bytes": index.size_bytes(),
        "loss": _quality(index, tier),
        "questions": [vector for _, vector in _questions(tier)],
        "search": _measured_search(str(folder), tier),
        "catch_up": _measured_catch_up(str(log), tier),
    }


class WarmVector:
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

    @metric("vector", "p50", "warm", "search")
    def track_search_p50(self, prepared: Prepared, tier: str) -> Any:
        return self._search(tier, "p50")

    @metric("vector", "p90", "warm", "search")
    def track_search_p90(self, prepared: Prepared, tier: str) -> Any:
        return self._search(tier, "p90")

    @metric("vector", "p99", "warm", "search")
    def track_search_p99(self, prepared: Prepared, tier: str) -> Any:
        return self._search(tier, "p99")

    @metric("vector", "cpu", "warm", "processor time of a search")
    def track_search_cpu(self, prepared: Prepared, tier: str) -> Any:
        return self._search(tier, "cpu")

    @cached_property
    def _opened(self) -> tuple[subject.Vector, Any]:
        return subject.open_vector(Path(self.case["index"])), one_pass(self.case["questions"])

    @metric("vector", "pass", "warm", "search, every query once")
    def time_search(self, prepared: Prepared, tier: str) -> None:
        index, questions = self._opened
        for question in questions:
            index.search(question)

    @metric("vector", "build", "warm", f"catch up with {LATE} new events")
    def track_catch_up(self, prepared: Prepared, tier: str) -> Any:
        again = tiers.once(
            self.case["catch_up"], lambda: _measured_catch_up(self.case["log"], tier), f"catch-up-{tier}"
        )
        return samples(again["wall"])

    @metric("vector", "index_bytes", "", "index on disk", unit="bytes", deterministic=True)
    def track_index_bytes(self, prepared: Prepared, tier: str) -> int:
        return int(self.case["bytes"])

    @metric("vector", "quality", "", "1 - recall@10 on planted facts", unit="loss", deterministic=True)
    def track_recall_loss(self, prepared: Prepared, tier: str) -> float:
        return float(self.case["loss"]["recall"])

    @metric("vector", "quality", "", "1 - nDCG@10 on planted facts", unit="loss", deterministic=True)
    def track_ndcg_loss(self, prepared: Prepared, tier: str) -> float:
        return float(self.case["loss"]["ndcg"])
