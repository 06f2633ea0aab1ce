"""Topics from a graph of similar segments: all that does not depend on which library finds the communities.

A segment's vector is the mean direction of its events' vectors, so nothing is embedded for it. Segments whose cosine
is high are linked; a community of the graph is a topic; its centre is its segment of highest PageRank, whose id names
it. The graph is built anew at each `extend`.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from strata.errors import StoreError
from strata.event import LogEntry
from strata.generation import Generations
from strata.hit import EVERYTHING, Hit, Scope
from strata.protocols import Embedder, Toc, TocNode, Topic, VectorIndex
from strata.topics.importance import importance
from strata.topics.labels import IN_LABEL, distinctive

NEIGHBOURS = 8
THRESHOLD = 0.45
"""Cosine from which two segments may be linked."""
SMALLEST = 2
"""Segments that make a topic."""
LINKS = 5
BLOCK = 2048
DECIMALS = 6


class Similar(NamedTuple):
    """The graph of similar segments: nodes 0 to `nodes` - 1, each pair once, in the order in which it was found."""

    nodes: int
    pairs: dict[tuple[int, int], float]


class _Member(msgspec.Struct, frozen=True):
    """What a scope asks of a segment: its time and its agents, with its topic's place."""

    topic: int
    start: int
    end: int
    agents: tuple[str, ...]


class _Graph(msgspec.Struct, frozen=True):
    topics: list[Topic]
    members: list[_Member]
    segments: int


class GraphTopics(ABC):
    """TopicGraph over segments and the vectors of their events; an engine gives `_communities` and `_ranks`."""

    format: ClassVar[str]
    version: ClassVar[int]

    # The graph is made of the whole log each time, so one step takes all there is.
    batch_size = 1_000_000_000

    def __init__(self, path: Path, toc: Toc, vector: VectorIndex, embedder: Embedder) -> None:
        """Open the graph under `path`, a folder of its own. Raises StoreError if it cannot be read."""
        self._toc = toc
        self._vector = vector
        self._embedder = embedder
        self._generations = Generations(path, format=self.format, version=self.version)
        nothing = (_Graph([], [], 0), np.empty((0, embedder.dimensions), np.float32))
        self.position, (self._graph, self._centroids) = self._generations.load(_load) or (0, nothing)

    def extend(self, entries: Sequence[LogEntry]) -> None:
        """See `Index.extend`. Raises StoreError if the table of contents or the vectors lack one of the entries."""
        if not entries:
            return
        position = entries[-1].position
        for name, index in (("table of contents", self._toc), ("vector index", self._vector)):
            if index.position < position:
                raise StoreError(
                    f"topics up to position {position} need the {name}, which is at {index.position}: build it first"
                )
        graph, centroids = self._made()
        with self._generations.write(position, follows=self.position) as folder:
            (folder / "graph.msgpack").write_bytes(msgspec.msgpack.encode(graph))
            np.save(folder / "centroids.npy", centroids)
        self._graph, self._centroids, self.position = graph, centroids, position

    def topics(self) -> list[Topic]:
        """See `TopicGraph.topics`."""
        return sorted(self._graph.topics, key=lambda topic: (-topic.importance, topic.topic_id))

    def search(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """See `TopicGraph.search`. Raises ModelError if the query cannot be embedded."""
        return self.nearest(self._embedder.embed([query])[0], k, scope)

    def nearest(self, vector: NDArray[np.float32], k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """See `TopicGraph.nearest`. The score is the cosine with the topic's centroid."""
        scores = np.round(self._centroids @ vector, DECIMALS)
        topics = self._graph.topics
        admitted = sorted({member.topic for member in self._graph.members if _admits(scope, member)})
        best = sorted(admitted, key=lambda place: (-scores[place], topics[place].topic_id))[: max(0, k)]
        return [
            Hit(
                doc_id=topics[place].topic_id,
                score=float(scores[place]),
                layer="topics",
                timestamp=topics[place].last_seen,
                agent=scope.agent or "",
                text=f"{topics[place].label}: {', '.join(topics[place].keywords)}",
            )
            for place in best
        ]

    def __len__(self) -> int:
        """Number of topics."""
        return len(self._graph.topics)

    def size_bytes(self) -> int:
        """See `Index.size_bytes`."""
        return self._generations.size_bytes()

    def close(self) -> None:  # noqa: B027 (not abstract: doing nothing is what these engines want)
        """Nothing stays open between calls."""

    @abstractmethod
    def _communities(self, graph: Similar) -> Iterable[Collection[int]]:
        """The nodes of each community, by modularity of the weighted graph; the same for the same graph."""

    @abstractmethod
    def _ranks(self, graph: Similar) -> Mapping[int, float]:
        """The PageRank (damping 0.85) of each node of the weighted graph."""

    def _made(self) -> tuple[_Graph, NDArray[np.float32]]:
        segments, vectors = self._segments()
        graph = _similar(vectors)
        communities = self._communities(graph) if graph.nodes else []
        # The order of communities and of their members must not depend on how a set happens to be laid out.
        groups = sorted(sorted(group) for group in communities if len(group) >= SMALLEST)
        rank = self._ranks(graph) if graph.nodes else {}
        central = [sorted(group, key=lambda node: (-round(rank[node], 9), node)) for group in groups]
        keywords = distinctive(
            [Counter(word for node in group for word in segments[node].keywords) for group in groups]
        )
        ids = [f"topic:{segments[group[0]].node_id}" for group in central]
        links = _links(graph, groups)
        newest = max((segment.end for segment in segments), default=0)
        topics = [
            Topic(
                topic_id=ids[place],
                label=", ".join(keywords[place][:IN_LABEL]) or segments[group[0]].title,
                keywords=keywords[place],
                segment_ids=tuple(segments[node].node_id for node in group),
                importance=importance(len(group), newest - max(segments[node].end for node in group)),
                last_seen=max(segments[node].end for node in group),
                links=tuple(ids[other] for other in links[place]),
            )
            for place, group in enumerate(central)
        ]
        members = [
            _Member(place, segments[node].start, segments[node].end, segments[node].agents)
            for place, group in enumerate(groups)
            for node in group
        ]
        centroids = [_direction(vectors[group].sum(axis=0)) for group in groups]
        stacked = np.array(centroids, np.float32).reshape(len(groups), self._embedder.dimensions)
        return _Graph(topics, members, len(segments)), stacked

    def _segments(self) -> tuple[list[TocNode], NDArray[np.float32]]:
        """The segments that have a vector, oldest first, and their unit vectors."""
        segments, vectors = [], []
        for segment in self._toc.segments():
            own = self._vector.vectors_of(self._toc.events_of(segment.node_id))
            if own:
                segments.append(segment)
                vectors.append(_direction(np.sum(list(own.values()), axis=0)))
        return segments, np.array(vectors, np.float32).reshape(len(segments), self._embedder.dimensions)


def _similar(vectors: NDArray[np.float32]) -> Similar:
    """The graph of each segment's nearest neighbours above the threshold, weighted by cosine."""
    pairs: dict[tuple[int, int], float] = {}
    for start in range(0, len(vectors), BLOCK):
        block = np.round(vectors[start : start + BLOCK] @ vectors.T, DECIMALS)
        block[np.arange(len(block)), np.arange(start, start + len(block))] = -1
        most = min(NEIGHBOURS, block.shape[1])
        nearest = np.argsort(-block, axis=1, kind="stable")[:, :most] if most else np.empty((0, 0), np.int64)
        for row, columns in enumerate(nearest.tolist(), start):
            for column in columns:
                if (weight := float(block[row - start, column])) >= THRESHOLD:
                    pairs[(column, row) if (column, row) in pairs else (row, column)] = weight
    return Similar(len(vectors), pairs)


def _links(graph: Similar, groups: list[list[int]]) -> list[list[int]]:
    """For each group the others it is linked to, by the weight of the edges between them."""
    group_of = {node: place for place, group in enumerate(groups) for node in group}
    between: list[dict[int, float]] = [{} for _ in groups]
    for (one, other), weight in sorted((tuple(sorted(pair)), weight) for pair, weight in graph.pairs.items()):
        left, right = group_of.get(one), group_of.get(other)
        if left is not None and right is not None and left != right:
            between[left][right] = between[left].get(right, 0.0) + weight
            between[right][left] = between[right].get(left, 0.0) + weight
    return [sorted(near, key=lambda place: (-near[place], place))[:LINKS] for near in between]


def _direction(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else vector


def _admits(scope: Scope, member: _Member) -> bool:
    return (
        (scope.agent is None or scope.agent in member.agents)
        and (scope.since is None or member.end >= scope.since)
        and (scope.until is None or member.start < scope.until)
    )


def _load(folder: Path) -> tuple[_Graph, NDArray[np.float32]]:
    graph = msgspec.msgpack.decode((folder / "graph.msgpack").read_bytes(), type=_Graph)
    return graph, np.load(folder / "centroids.npy")
