"""The embedder: loading the model, one query, a batch of texts. One process pays for all of it.

The model's libraries take seconds to import, so a single measuring pass feeds every benchmark but the cold one. What is
embedded does not depend on the tier.
"""

from typing import Any

from . import logs, subject, tiers
from .blocks import DEAR_CALLS, FIRST_COPY, Anew, Blocks, samples, take_in_turns
from .metric import metric
from .tiers import Prepared
from .workloads import embedded, synthetic
from .workloads.workload import Workload

BATCH = 40


def _sample() -> list[int]:
    """Places of some messages, spread over the small workload; tool results are so long that they would rule it."""
    events = synthetic.load("small").events
    messages = [place for place, event in enumerate(events) if event["kind"] in ("user_message", "assistant_message")]
    return messages[:: len(messages) // BATCH][:BATCH]


def _measured() -> dict[str, Any]:
    # Of what is compared to the process with the model, numpy is a part.
    import numpy  # noqa: F401

    subject.need("embed")
    baseline = logs.bytes_at_peak()
    embedder = subject.open_embedder()
    workload = synthetic.load("small")
    queries = [query.text for query in workload.category("phrasing", "literal", "paraphrase")]
    places = _sample()
    texts = [workload.texts()[place] for place in places]
    # In turns, so that what slows the machine for a second does not meet all the batches there are.
    single, batch = take_in_turns(
        [
            Blocks(lambda text: embedder.embed([text]), queries, DEAR_CALLS),
            Anew(lambda: texts, embedder.embed, units=len(texts) / 1000),
        ]
    )
    return {
        "single": single,
        "batch": batch,
        "drift": _drift(embedder, workload, places) if FIRST_COPY else None,
        "peak": logs.bytes_at_peak(),
        "baseline": baseline,
    }


def _drift(embedder: subject.Embedder, workload: Workload, places: list[int]) -> float:
    import numpy as np

    expected = embedded.load(workload).events[places]
    found = embedder.embed([workload.texts()[place] for place in places])
    return round(1 - float(np.mean(np.sum(expected * found, axis=1))), 6)


class ColdEmbed:
    """A new process."""

    number, repeat, rounds, warmup_time = 1, 3, 1, 0
    timeout = tiers.TIMEOUT

    def setup(self) -> None:
        subject.need("embed")

    @metric("embed", "p50", "cold", "load the model and embed one query in a new process, imports included")
    def timeraw_first_embed(self) -> tuple[str, str]:
        return logs.in_new_process("subject.open_embedder().embed(['how heavy is the telescope'])")


class WarmEmbed:
    """A model that is loaded and has embedded before."""

    timeout = tiers.TIMEOUT

    def setup_cache(self) -> Prepared:
        return tiers.prepare(lambda _: _measured(), ["all"])

    def setup(self, prepared: Prepared) -> None:
        self.case = tiers.taken(prepared, "all")

    def _samples(self, part: str, which: str) -> Any:
        return samples(tiers.once(self.case, _measured, f"{part}-{which}")[part][which])

    @metric("embed", "p50", "warm", "embed one query")
    def track_query_p50(self, prepared: Prepared) -> Any:
        return self._samples("single", "p50")

    @metric("embed", "p90", "warm", "embed one query")
    def track_query_p90(self, prepared: Prepared) -> Any:
        return self._samples("single", "p90")

    @metric("embed", "p99", "warm", "embed one query")
    def track_query_p99(self, prepared: Prepared) -> Any:
        return self._samples("single", "p99")

    @metric("embed", "throughput", "warm", "embed, for 1,000 texts")
    def track_batch(self, prepared: Prepared) -> Any:
        return self._samples("batch", "wall")

    @metric("embed", "cpu", "warm", "processor time of embedding 1,000 texts")
    def track_batch_cpu(self, prepared: Prepared) -> Any:
        return self._samples("batch", "cpu")

    @metric("embed", "peak_memory", "warm", "model loaded and used", unit="bytes")
    def track_peak_memory(self, prepared: Prepared) -> int:
        return int(self.case["peak"])

    @metric("embed", "baseline_memory", "warm", "the same process before the model", unit="bytes")
    def track_baseline_memory(self, prepared: Prepared) -> int:
        return int(self.case["baseline"])

    @metric("embed", "quality", "", "1 - cosine to the reference vectors", unit="loss", deterministic=True)
    def track_drift_loss(self, prepared: Prepared) -> float:
        return float(self.case["drift"])
