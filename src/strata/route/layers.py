"""The layers a router may ask, and how each answers: ranked event ids, from all time and from inside a window."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from strata.errors import ModelError, StrataError
from strata.hit import Hit, Missing, Scope, missing_from
from strata.protocols import Embedder, EventStore, KeywordIndex, Toc, TopicGraph, VectorIndex
from strata.route.agentic import browse
from strata.route.bounds import Meter
from strata.route.explanation import LayerReport, Status, TopicReached
from strata.route.tiers import Layer

TOPICS = 3
"""Topics whose events a query looks at."""


class Stack(Protocol):
    """What a router needs of a stack; a layer that is not ready is not touched."""

    @property
    def store(self) -> EventStore: ...
    @property
    def toc(self) -> Toc: ...
    @property
    def bm25(self) -> KeywordIndex: ...
    @property
    def embedder(self) -> Embedder: ...
    @property
    def vector(self) -> VectorIndex: ...
    @property
    def topics(self) -> TopicGraph: ...


class Found(msgspec.Struct):
    """What one layer found: event ids best first, and those inside the window apart, if there is a window."""

    ids: list[str] = []
    boxed: list[str] | None = None


class Layers:
    """The layers as one query meets them: each is asked at most once."""

    def __init__(self, stack: Stack, query: str, scope: Scope, box: Scope | None, meter: Meter) -> None:
        """`box` is the scope narrowed to the query's time window, if it has one."""
        self._stack = stack
        self._query = query
        self._scope = scope
        self._box = box
        self._meter = meter
        self._vector: NDArray[np.float32] | None = None
        self._cosines: dict[str, float] = {}
        self._asked: dict[Layer, Found] = {}
        self._missing: dict[str, Missing] = {}
        self.reports: list[LayerReport] = []
        self.topics: tuple[TopicReached, ...] = ()
        self.segment_ids: tuple[str, ...] = ()

    def ask(self, layer: Layer, k: int) -> Found:
        """What the layer finds; a layer that fails finds nothing, and its report says why."""
        if layer not in self._asked:
            answers: dict[Layer, Callable[[int], Found]] = {
                "bm25": self._bm25,
                "vector": self._nearest,
                "topics": self._topics,
                "agentic": self._agentic,
            }
            start = time.perf_counter()
            self._missing = {}
            found, note = Found(), ""
            status: Status = "failed"
            try:
                found = answers[layer](k)
                status = "answered" if found.ids else "empty"
            except ModelError as error:
                note = str(error)
            ms = (time.perf_counter() - start) * 1000
            boxed = None if found.boxed is None else len(found.boxed)
            self._asked[layer] = found
            self.reports.append(
                LayerReport(
                    layer=layer,
                    status=status,
                    ms=ms,
                    candidates=len(found.ids),
                    boxed=boxed,
                    note=note,
                    missing=tuple(self._missing.values()),
                )
            )
        return self._asked[layer]

    def _both(self, search: Callable[[int, Scope], Sequence[str]]) -> Found:
        """The search over all time and inside the window; one candidate too many tells that there are more."""
        most = self._meter.bounds.max_candidates
        lists = []
        for scope in (self._scope, self._box):
            if scope is not None and not self._meter.out_of_time():
                ids = list(search(most + 1, scope))
                if len(ids) > most:
                    self._meter.note("max_candidates")
                lists.append(ids[:most])
            else:
                lists.append([])
        return Found(ids=lists[0], boxed=lists[1] if self._box is not None else None)

    def _bm25(self, k: int) -> Found:
        return self._both(lambda most, scope: [hit.doc_id for hit in self._stack.bm25.search(self._query, most, scope)])

    def _nearest(self, k: int) -> Found:
        return self._both(lambda most, scope: self._near(self._stack.vector.search(self._embedded(), most, scope)))

    def _near(self, hits: Sequence[Hit]) -> list[str]:
        """The ids of hits of the vector index that point the query's way at all; their cosines are kept."""
        self._cosines.update((hit.doc_id, hit.score) for hit in hits)
        self._missing.update((part.partition, part) for part in missing_from(hits))
        return [hit.doc_id for hit in hits if hit.score > 0]

    def _topics(self, k: int) -> Found:
        hits = self._stack.topics.nearest(self._embedded(), TOPICS, self._scope)
        known = {topic.topic_id: topic for topic in self._stack.topics.topics()}
        self.topics = tuple(
            TopicReached(
                topic_id=hit.doc_id,
                label=known[hit.doc_id].label,
                score=hit.score,
                segment_ids=known[hit.doc_id].segment_ids,
            )
            for hit in hits
        )
        event_ids: list[str] = []
        for segment_id in (segment_id for topic in self.topics for segment_id in topic.segment_ids):
            if self._meter.out_of_time():
                break
            event_ids.extend(self._stack.toc.events_of(segment_id))
        return self._both(
            lambda most, scope: self._near(self._stack.vector.rank(self._embedded(), event_ids, most, scope))
        )

    def _agentic(self, k: int) -> Found:
        found = Found()
        # Inside the window every event counts, whatever its words: "what happened yesterday?" has none to match.
        for scope in (self._box, self._scope):
            if scope is not None and not found.ids:
                inside = scope is self._box
                browsed = browse(
                    self._stack.toc, self._stack.store, self._query, k, scope, self._meter, any_event=inside
                )
                self.segment_ids += tuple(browsed.segment_ids)
                found = Found(ids=browsed.event_ids, boxed=browsed.event_ids if inside else found.boxed)
        return found

    def _embedded(self) -> NDArray[np.float32]:
        if self._vector is None:
            self._vector = self._stack.embedder.embed([self._query])[0]
        return self._vector

    def cosine(self, event_id: str) -> float:
        """The event's cosine with the query, if a layer that compares vectors found it; 0 otherwise."""
        return self._cosines.get(event_id, 0.0)

    def failure(self) -> StrataError | None:
        """The reason, if every layer that was asked has failed."""
        if self.reports and all(report.status == "failed" for report in self.reports):
            return ModelError(self.reports[0].note)
        return None
