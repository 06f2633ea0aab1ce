"""What is measured of every index over the log: building it, growing it, asking it, and how good its answers are."""

import pickle
import shutil
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import logs, subject
from .blocks import MOST_BLOCKS, measure, measure_anew
from .protocol_benchmark import Figure, Figures, Inputs, ProtocolBenchmark, repeats
from .quality import losses
from .workloads import synthetic
from .workloads.workload import Query

LATE = 100
APPENDS = 6

INDEX = (
    Figure("search_p50", "p50", "warm", "search"),
    Figure("search_p95", "p95", "warm", "search"),
    Figure("build", "throughput", "cold", "build, for 1,000 events"),
    Figure("catch_up", "build", "warm", f"catch up with {LATE} new events"),
    Figure("peak_memory", "peak_memory", "warm", "a process that opened the index and searched it", unit="bytes"),
    Figure("index_bytes", "index_bytes", "", "index on disk", unit="bytes"),
    Figure("recall_loss", "quality", "", "1 - recall@10 against the exact engine", "loss", deterministic=True),
    Figure("facts_loss", "quality", "", "1 - recall@10 on planted facts", "loss", deterministic=True),
)

Asked = list[tuple[Query, Any]]
"""Questions with a known answer, and what the index is searched with for each."""


class IndexBenchmark(ProtocolBenchmark):
    """Engines that follow the log. What is asked of an index has grown by appends, as a memory does."""

    passes = ("build", "ask")

    @abstractmethod
    def opened(self, inputs: Inputs, folder: Path, engine: str) -> Any:
        """The index of this engine in `folder`."""

    @abstractmethod
    def asked(self, tier: str) -> Asked:
        """The questions."""

    def inputs(self, tier: str) -> Inputs:
        """See the base; the log, filled, and the questions."""
        subject.need("ingest", self.layer, "registry")
        log = logs.new_folder(f"log-{tier}").resolve()
        logs.fill(log, synthetic.load(tier))
        questions = log / "questions.pickle"
        questions.write_bytes(pickle.dumps(self.asked(tier)))
        return {"tier": tier, "log": str(log), "questions": str(questions)}

    def extended(self, inputs: Inputs, entries: Sequence[Any]) -> Any:
        """A function that lets an index take in the entries from one place to another."""
        return lambda index, start, end: index.extend(entries[start:end])

    def build(self, inputs: Inputs, engine: str) -> Figures:
        """Build it whole several times, and once half-way and then on by appends; this one is kept."""
        entries = logs.read(inputs["log"])
        extend = self.extended(inputs, entries)
        count = len(entries)
        late = min(LATE, count // (2 * APPENDS))
        built = measure_anew(
            lambda: self.opened(inputs, logs.new_folder("build"), engine),
            lambda index: extend(index, 0, count),
            times=repeats(6 if count <= 1_000 else 3 if count <= 10_000 else 1),
            units=count / 1000,
        )
        folder = self.folder(inputs, engine)
        shutil.rmtree(folder, ignore_errors=True)
        index = self.opened(inputs, folder, engine)
        starts = range(count - APPENDS * late, count, late)
        extend(index, 0, starts[0])
        left = iter(starts)
        appended = measure_anew(
            lambda: next(left), lambda start: extend(index, start, start + late), times=repeats(APPENDS)
        )
        for start in left:
            extend(index, start, start + late)
        index.close()
        return {"build": built["wall"], "catch_up": appended["wall"]}

    def ask(self, inputs: Inputs, engine: str) -> Figures:
        """Open what was built and ask every question."""
        asked: Asked = pickle.loads(Path(inputs["questions"]).read_bytes())
        index = self.opened(inputs, self.folder(inputs, engine), engine)
        measured = measure(index.search, [argument for _, argument in asked], most=repeats(MOST_BLOCKS))
        used = logs.bytes_at_peak()
        answers = self.answers(index, asked)
        return {
            "search_p50": measured["p50"],
            "search_p95": measured["p95"],
            "peak_memory": used,
            "index_bytes": index.size_bytes(),
            "recall_loss": self.recall_loss(inputs, engine, answers),
            "facts_loss": self.facts_loss(inputs, index, asked, answers),
        }

    def answers(self, index: Any, asked: Asked) -> list[list[str]]:
        """What is found for each question: ids of which the order does not count."""
        return [index.search(argument) for _, argument in asked]

    def facts_loss(self, inputs: Inputs, index: Any, asked: Asked, answers: Sequence[Sequence[str]]) -> float:
        """How much of what was planted is not found."""
        found = {query.query_id: ids for (query, _), ids in zip(asked, answers, strict=True)}
        return losses([query for query, _ in asked], lambda query: found[query.query_id])["recall"]
