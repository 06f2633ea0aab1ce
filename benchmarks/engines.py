"""Every engine of every layer, side by side: how each protocol is measured, and what its engines are to reach.

The series of the other modules follow the engine that each commit uses by default; these follow every engine by name.
Targets hold at every tier unless one is named, so what is meant for 100,000 events stands for fewer as well.
"""

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import logs, subject, topics
from .blocks import MOST_BLOCKS, measure, measure_anew
from .index_benchmark import INDEX, Asked, IndexBenchmark
from .protocol_benchmark import Figure, Figures, Inputs, ProtocolBenchmark, aimed, over, repeats, under
from .quality import losses
from .tiers import Prepared
from .workloads import embedded, synthetic, vectors
from .workloads.workload import Query

MEGABYTE = 1e6
FACTS = ("literal", "paraphrase")
MESSAGES = 30
# The graph is made anew at each append, so that catching up is a build; and it is small.
TOPICS = (
    *(figure for figure in INDEX if figure.name not in ("catch_up", "index_bytes", "recall_loss", "facts_loss")),
    Figure("recall_loss", "quality", "", "1 - share of the exact engine's topic", "loss", deterministic=True),
    Figure("facts_loss", "quality", "", "1 - F1 of the first topic", "loss", deterministic=True),
)

EMBEDDER = (
    Figure("query_p50", "p50", "warm", "embed one query"),
    Figure("query_p95", "p95", "warm", "embed one query"),
    Figure("batch", "throughput", "warm", "embed, for 1,000 texts"),
    Figure("peak_memory", "peak_memory", "warm", "model loaded and used", unit="bytes"),
    Figure("recall_loss", "quality", "", "1 - recall@10 against the exact engine", "loss", deterministic=True),
    Figure("facts_loss", "quality", "", "1 - recall@10 on planted facts", "loss", deterministic=True),
)
STORE = (
    Figure("append", "throughput", "cold", "append, for 1,000 events"),
    Figure("append_p50", "p50", "warm", "append one event"),
    Figure("append_p95", "p95", "warm", "append one event"),
    Figure("read", "throughput", "warm", "read, for 1,000 events"),
    Figure("peak_memory", "peak_memory", "cold", "append the workload", unit="bytes"),
    Figure("log_bytes", "index_bytes", "", "log on disk", unit="bytes"),
)


def _embedded_facts(tier: str) -> Asked:
    workload = synthetic.load(tier)
    vector_of = embedded.load(workload).questions
    return [(query, vector_of[query.query_id]) for query in workload.category(*FACTS)]


class KeywordEngines(IndexBenchmark):
    """BM25 over the events."""

    layer, exact = "bm25", "bm25s"
    engines = ("rank-bm25", "bm25s", "tantivy")
    figures = aimed(
        INDEX,
        search_p50=under(0.001),
        search_p95=under(0.002),
        build=over(5_000),
        catch_up=under(0.25),
        peak_memory=under(500 * MEGABYTE),
        index_bytes=under(100 * MEGABYTE, small=MEGABYTE, medium=10 * MEGABYTE),
        recall_loss=under(0.02),
        facts_loss=under(0.55, small=0.35, medium=0.5),
    )

    def setup_cache(self) -> Prepared:
        return self.prepare()

    def opened(self, inputs: Inputs, folder: Path, engine: str) -> subject.Bm25:
        return subject.open_bm25(folder, engine)

    def asked(self, tier: str) -> Asked:
        return [(query, query.text) for query in synthetic.load(tier).category(*FACTS)]


class VectorEngines(IndexBenchmark):
    """Nearest events; the vectors are inputs."""

    layer, exact = "vector", "numpy"
    engines = ("numpy", "numpy-half", "usearch", "faiss")
    on_servers = ("pgvector", "pgvector-hnsw")
    figures = aimed(
        INDEX,
        search_p50=under(0.01, usearch=0.001),
        search_p95=under(0.02, usearch=0.002),
        build=over(1_000),
        catch_up=under(0.1),
        peak_memory=under(500 * MEGABYTE),
        index_bytes=under(600 * MEGABYTE, small=6 * MEGABYTE, medium=60 * MEGABYTE),
        recall_loss=under(0.01),
        facts_loss=under(0.55, small=0.35, medium=0.5),
    )

    def setup_cache(self) -> Prepared:
        return self.prepare()

    def opened(self, inputs: Inputs, folder: Path, engine: str) -> subject.Vector:
        return subject.open_vector(folder, engine)

    def asked(self, tier: str) -> Asked:
        return _embedded_facts(tier)

    def extended(self, inputs: Inputs, entries: Sequence[Any]) -> Any:
        held = embedded.load(synthetic.load(inputs["tier"])).events
        return lambda index, start, end: index.extend(entries[start:end], held[start:end])


class TopicsEngines(IndexBenchmark):
    """Communities of segments, over a table of contents and vectors that are inputs."""

    layer, exact = "topics", "networkx"
    engines = ("networkx", "rustworkx", "igraph")
    figures = aimed(
        TOPICS,
        search_p50=under(0.001),
        search_p95=under(0.002),
        build=over(1_000),
        peak_memory=under(1000 * MEGABYTE),
        recall_loss=under(0.05),
        facts_loss=under(0.5),
    )

    def setup_cache(self) -> Prepared:
        return self.prepare()

    def inputs(self, tier: str) -> Inputs:
        parts = topics.prepare_parts(tier)
        return super().inputs(tier) | {name: str(Path(parts[name]).resolve()) for name in ("toc", "vector")}

    def opened(self, inputs: Inputs, folder: Path, engine: str) -> subject.Topics:
        return subject.open_topics(folder, Path(inputs["toc"]), Path(inputs["vector"]), engine)

    def asked(self, tier: str) -> Asked:
        return topics.subjects(tier)

    def answers(self, index: Any, asked: Asked) -> list[list[str]]:
        """The segments of the first topic: its name is the engine's own."""
        segments_of = index.segments_of()
        return [[held for topic in index.search(vector, 1) for held in segments_of[topic]] for _, vector in asked]

    def facts_loss(self, inputs: Inputs, index: Any, asked: Asked, answers: Sequence[Sequence[str]]) -> float:
        """1 - F1 of the first topic for each subject."""
        return topics.subject_loss(index, subject.open_toc(Path(inputs["toc"])), inputs["tier"])


class EmbedderEngines(ProtocolBenchmark):
    """Texts to vectors. What is embedded, some questions and thirty messages, does not depend on the tier."""

    by_tier = False
    layer, exact = "embed", "minilm"
    engines = ("minilm", "minilm-bf16", "onnx", "static")
    passes = ("embed",)
    figures = aimed(
        EMBEDDER,
        query_p50=under(0.015, static=0.0005),
        query_p95=under(0.03, static=0.001),
        batch=over(20, static=2_000),
        peak_memory=under(1000 * MEGABYTE, onnx=400 * MEGABYTE, static=250 * MEGABYTE),
        recall_loss=under(0.001, minilm_bf16=0.05, static=0.75),
        facts_loss=under(0.5, static=0.65),
    )
    chunks = 5

    def setup_cache(self) -> Prepared:
        return self.prepare()

    def inputs(self, tier: str) -> Inputs:
        """The questions of every tenth fact, the messages that answer them, and others up to thirty."""
        subject.need("embed", "registry")
        workload = synthetic.load("small")
        queries = workload.category(*FACTS)[::10]
        wanted = {answer for query in queries for answer in query.relevant}
        spoken = [event for event in workload.events if event["role"] in ("user", "assistant")]
        others = [event for event in spoken if event["event_id"] not in wanted]
        chosen = [event for event in spoken if event["event_id"] in wanted]
        chosen += others[:: max(1, len(others) // max(1, MESSAGES - len(chosen)))][: max(0, MESSAGES - len(chosen))]
        texts = {event["event_id"]: event["text"] for event in chosen}
        kept = Path("texts.pickle").resolve()
        kept.write_bytes(pickle.dumps((queries, texts)))
        return {"tier": tier, "texts": str(kept)}

    def embed(self, inputs: Inputs, engine: str) -> Figures:
        """One model, one process."""
        import numpy as np

        queries: list[Query]
        texts: dict[str, str]
        queries, texts = pickle.loads(Path(inputs["texts"]).read_bytes())
        embedder = subject.open_embedder(engine, models=vectors.folder())
        single = measure(lambda query: embedder.embed([query.text]), queries, calls=10, most=repeats(MOST_BLOCKS))
        ids = sorted(texts, key=lambda name: (len(texts[name]), name))
        # Dealt out by length, so that each part is as much work as the others.
        parts = iter([ids[number :: self.chunks] for number in range(self.chunks)])
        found: dict[str, Any] = {}

        def embed(part: list[str]) -> None:
            found.update(zip(part, embedder.embed([texts[name] for name in part]), strict=True))

        batch = measure_anew(
            lambda: next(parts), embed, times=repeats(self.chunks), units=len(ids) / self.chunks / 1000
        )
        while (left := next(parts, None)) is not None:
            embed(left)
        matrix = np.stack([found[name] for name in ids])
        scores = embedder.embed([query.text for query in queries]) @ matrix.T
        answers = [[ids[place] for place in np.argsort(-row, kind="stable")[:10]] for row in scores]
        answer_of = {query.query_id: answer for query, answer in zip(queries, answers, strict=True)}
        return {
            "query_p50": single["p50"],
            "query_p95": single["p95"],
            "batch": batch["wall"],
            "peak_memory": logs.bytes_at_peak(),
            "recall_loss": self.recall_loss(inputs, engine, answers),
            "facts_loss": losses(queries, lambda query: answer_of[query.query_id])["recall"],
        }


class StoreEngines(ProtocolBenchmark):
    """The log: every append is durable when it returns."""

    layer = "ingest"
    engines = ("sqlite",)
    on_servers = ("postgresql",)
    passes = ("append",)
    figures = aimed(
        STORE,
        append=over(10_000),
        append_p50=under(0.001),
        append_p95=under(0.005),
        read=over(50_000),
        peak_memory=under(1000 * MEGABYTE),
        log_bytes=under(100 * MEGABYTE, small=MEGABYTE, medium=10 * MEGABYTE),
    )

    def setup_cache(self) -> Prepared:
        return self.prepare()

    def inputs(self, tier: str) -> Inputs:
        subject.need("ingest", "registry")
        return {"tier": tier}

    def append(self, inputs: Inputs, engine: str) -> Figures:
        """A new log filled at once, then by single events, then read."""
        fields = synthetic.load(inputs["tier"]).events
        late = [
            event | {"event_id": f"late-{number}", "timestamp": fields[-1]["timestamp"] + number}
            for number, event in enumerate((fields * 2)[: 10 * 20 + 10])
        ]
        new, units = subject.events(fields), len(fields) / 1000
        whole = measure_anew(
            lambda: subject.open_log(logs.new_folder("log"), engine), lambda log: log.append(new), times=6, units=units
        )
        used = logs.bytes_at_peak()
        log = subject.open_log(logs.new_folder("log"), engine)
        log.append(new)
        size = log.size_bytes()
        single = measure(lambda event: log.append([event]), subject.events(late), calls=20)
        read = measure_anew(lambda: log, lambda log: log.entries(), times=6, units=units)
        log.close()
        return {
            "append": whole["wall"],
            "append_p50": single["p50"],
            "append_p95": single["p95"],
            "read": read["wall"],
            "peak_memory": used,
            "log_bytes": size,
        }
