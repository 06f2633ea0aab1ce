"""The only door to the stack under test. A team with another stack replaces this module and keeps all the rest.

Every commit of the history is measured through this file, so it must serve them all:

- nothing of the stack is imported before a function is called, and only the layer that is asked for;
- a layer that a commit does not have raises NotImplementedError, which asv takes for "skip". Anything else that goes
  wrong is a failure of that commit and is let through;
- where a commit's interface differs from today's, this module bridges the difference, nothing else does.

What must be supplied (`folder` is an empty or an earlier folder; `entries` and `events` are opaque to the caller):

    events(fields) -> events                     plain dicts to the stack's own events; not timed
    open_log(folder, name) -> Log                append(events) -> int, entries(after=0), size_bytes(), close()
    open_toc(folder) -> Toc                      extend(entries), node_ids(), node(id), search(query, k), …
    open_bm25(folder, name) -> Bm25              extend(entries), search(query, k, agent=None), …
    open_vector(folder, name) -> Vector          extend(entries, vectors), search(vector, k, agent=None), …
    open_topics(folder, toc_folder, vector_folder, name) -> Topics
                                                 extend(entries), search(vector, k), segments_of(topic_id), …
    open_embedder(name) -> Embedder              embed(texts) -> float32 array (n, dimensions)
    build_stack(folder, fields, vectors)         a store in `folder` with every index, or without those over vectors
    open_stack(folder) -> Stack                  route(query, …) -> Answer: event ids, layers attempted, intent, …

`name` is an engine's (engines.py lists them); without one it is what this suite has always measured, on every commit.
Every `search` returns ids, best first; every index also has `size_bytes()` and `close()`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    # Not at run time: what the stack imports is part of its cold start, and must not be paid for here.
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
_ENGINES = {
    "ingest": ("strata.sqlite_store", "SqliteStore"),
    "toc": ("strata.toc.sqlite_toc", "SqliteToc"),
    "bm25": ("strata.bm25.rank_bm25", "RankBm25"),
    "vector": ("strata.vector.numpy_exact", "NumpyExact"),
    "embed": ("strata.embed.minilm", "MiniLm"),
    "topics": ("strata.topics.networkx", "NetworkxTopics"),
    "stack": ("strata.stack", "Strata"),
    "route": ("strata.route.router", "route"),
    "registry": ("strata.engines", "ENGINES"),
}
SERVERS = "STRATA_SERVERS"
"""The variable that names the servers of engines that live on servers."""
_LAYER = {"ingest": "store", "embed": "embedder"}
"""What the stack's registry calls a layer, where this suite has another name for it."""


def need(*layers: str) -> None:
    """Raises NotImplementedError if this commit lacks one of the layers."""
    for layer in layers:
        module, _ = _ENGINES[layer]
        parts = module.split(".")
        for length in range(1, len(parts) + 1):
            if find_spec(".".join(parts[:length])) is None:
                raise NotImplementedError(f"this commit has no {layer} layer: there is no {module}")


def _engine(layer: str, name: str | None = None) -> Any:
    """The class of a layer's engine: the one that this suite has always measured, or the one of that name.

    Raises NotImplementedError if this commit has no engine of that name, or its library is not installed here.
    """
    need(layer)
    if name is None:
        module, attribute = _ENGINES[layer]
        return getattr(import_module(module), attribute)
    need("registry")
    registry = import_module("strata.engines")
    engines = registry.ENGINES.get(_LAYER.get(layer, layer), {})
    if name not in engines:
        raise NotImplementedError(f"this commit has no {layer} engine {name}")
    try:
        return registry.load(_LAYER.get(layer, layer), name)
    except ImportError as error:
        raise NotImplementedError(f"the {layer} engine {name} cannot be had here: {error}") from error
    except import_module("strata.errors").StrataError as error:
        raise NotImplementedError(str(error)) from error


def _scope(agent: str | None) -> Any:
    return import_module("strata.hit").Scope(agent=agent)


def events(fields: Sequence[dict[str, Any]]) -> list[Any]:
    """The stack's own events, from plain dicts with every field."""
    need("ingest")
    make = import_module("strata.event").Event
    return [make(**each) for each in fields]


class Log:
    """The durable log of events."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._store = _engine("ingest", name)(folder / "events.db")

    def append(self, new: Sequence[Any]) -> int:
        """Store events durably before returning; how many were new."""
        return int(self._store.append(new).added)

    def entries(self, after: int = 0) -> list[Any]:
        """What the indexes take in: everything after a position of the log (positions start at 1)."""
        return list(self._store.read(after))

    def size_bytes(self) -> int:
        return int(self._store.size_bytes())

    def close(self) -> None:
        self._store.close()


class _Index:
    """What every index has in common."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def extend(self, entries: Sequence[Any]) -> None:
        """Take in entries durably."""
        self._index.extend(entries)

    def size_bytes(self) -> int:
        return int(self._index.size_bytes())

    def close(self) -> None:
        self._index.close()


class Toc(_Index):
    """The table of contents."""

    def node_ids(self) -> list[str]:
        """Every node, from the years down to the segments, breadth first."""
        level, found = self._index.roots(), []
        while level:
            found += [node.node_id for node in level]
            level = self._index.nodes([child for node in level for child in node.child_ids])
        return found

    def node(self, node_id: str) -> Any:
        """One node with its summary."""
        return self._index.node(node_id)

    def events_of(self, segment_id: str) -> list[str]:
        """Ids of a segment's events."""
        return list(self._index.events_of(segment_id))

    def search(self, query: str, k: int = 10, agent: str | None = None) -> list[str]:
        return [hit.doc_id for hit in self._index.search(query, k, _scope(agent))]


class Bm25(_Index):
    """Keyword search over the events."""

    def search(self, query: str, k: int = 10, agent: str | None = None) -> list[str]:
        return [hit.doc_id for hit in self._index.search(query, k, _scope(agent))]


class Vector(_Index):
    """Nearest events by vectors that the caller gives."""

    def extend(self, entries: Sequence[Any], vectors: Vectors | None = None) -> None:
        """Take in entries with their vectors, shape (len(entries), dimensions)."""
        self._index.extend_vectors(entries, vectors)

    def search(self, vector: Vectors, k: int = 10, agent: str | None = None) -> list[str]:
        return [hit.doc_id for hit in self._index.search(vector, k, _scope(agent))]


class Topics(_Index):
    """Communities of segments."""

    def search(self, vector: Vectors, k: int = 10) -> list[str]:
        """Ids of the topics nearest to a query's vector."""
        return [hit.doc_id for hit in self._index.nearest(vector, k)]

    def segments_of(self) -> dict[str, list[str]]:
        """Topic id -> ids of its segments, which are nodes of the table of contents."""
        return {topic.topic_id: list(topic.segment_ids) for topic in self._index.topics()}


class Embedder:
    """Texts to unit vectors; the model is loaded by the first `embed`."""

    def __init__(self, name: str | None = None) -> None:
        self._embedder = _engine("embed", name)()

    def embed(self, texts: Sequence[str]) -> Vectors:
        vectors: Vectors = self._embedder.embed(texts)
        return vectors


class _GivenVectors:
    """An Embedder of the stack that embeds nothing: vectors are given, so no index build pays for a model."""

    def __init__(self) -> None:
        embedder = _engine("embed")
        self.space, self.dimensions = embedder.space, embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        raise AssertionError("this index was to be given its vectors, and asked for a model")


class Answer(NamedTuple):
    """What routing a query gave: event ids best first, and the way it took."""

    ids: list[str]
    layers: tuple[str, ...]
    """Every layer that was attempted, in order: bm25, vector, topics, agentic."""
    intent: str
    """explore, answer, locate or time-boxed."""
    tier: str
    """full, hybrid, semantic, keyword or agentic."""
    fallback: bool
    """Whether a later step of the chain had to answer."""


class Stack:
    """A store with all its indexes, and the router over them."""

    def __init__(self, stack: Any) -> None:
        self._stack = stack

    def route(
        self,
        query: str,
        k: int = 10,
        agent: str | None = None,
        now: int | None = None,
        intent: str | None = None,
        tier: str | None = None,
    ) -> Answer:
        """`now` (epoch ms) is when it is asked; `intent` and `tier` force what is otherwise chosen."""
        result = self._stack.route(query, k, agent=agent, now=now, intent=intent, tier=tier)
        why = result.explanation
        layers = tuple(report.layer for report in why.layers)
        return Answer([hit.doc_id for hit in result.hits], layers, why.intent, why.tier, why.fallback)

    def close(self) -> None:
        self._stack.close()


def open_log(folder: Path, name: str | None = None) -> Log:
    return Log(folder, name)


def open_toc(folder: Path) -> Toc:
    # The engine keeps one file; a folder of its own lets every index be copied alike.
    return Toc(_engine("toc")(folder / "toc.db"))


def open_bm25(folder: Path, name: str | None = None) -> Bm25:
    return Bm25(_engine("bm25", name)(folder))


def open_vector(folder: Path, name: str | None = None) -> Vector:
    return Vector(_engine("vector", name)(folder, _GivenVectors()))


def open_embedder(name: str | None = None, models: Path | None = None) -> Embedder:
    """`models` is where an engine keeps models that it makes once, unless STRATA_CACHE says it."""
    if models:
        os.environ.setdefault("STRATA_CACHE", str(models))
    return Embedder(name)


def open_topics(folder: Path, toc_folder: Path, vector_folder: Path, name: str | None = None) -> Topics:
    given = _GivenVectors()
    toc = _engine("toc")(toc_folder / "toc.db")
    return Topics(_engine("topics", name)(folder, toc, _engine("vector")(vector_folder, given), given))


def build_stack(folder: Path, fields: Sequence[dict[str, Any]], vectors: Vectors | None) -> None:
    """A store in `folder`; without vectors it has only the table of contents and bm25."""
    need("ingest", "toc", "bm25", "vector", "topics", "stack", "route")
    stack = import_module("strata").open(folder)
    stack.ingest(events(fields))
    stack.build(["toc", "bm25"])
    if vectors is not None:
        stack.vector.extend_vectors(list(stack.store.read()), vectors)
        stack.build()
    stack.close()


def open_stack(folder: Path) -> Stack:
    need("stack", "route")
    return Stack(import_module("strata").open(folder))
