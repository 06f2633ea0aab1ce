"""The contracts between layers. An engine is one module that keeps one of them; nothing else is promised.

Data flows one way: events -> EventStore -> segments -> Toc -> {KeywordIndex, VectorIndex, TopicGraph} -> router.
Every index follows the log: `position` is the last log position it holds durably, and `extend` takes the
entries after it. `extend` is all or nothing, also when the process is killed half-way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from strata.event import Event, LogEntry
from strata.hit import EVERYTHING, Hit, Scope

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class AppendResult(msgspec.Struct, frozen=True):
    """How many of the events of one append were new, and how many were already stored with the same content."""

    added: int
    duplicates: int


class EventStore(Protocol):
    """Durable, idempotent log of events."""

    def append(self, events: Iterable[Event]) -> AppendResult:
        """Store the events durably in one transaction, with an outbox row for the indexes.

        Raises ConflictError, and stores nothing, if an id is already stored with other content.
        """
        ...

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[LogEntry]:
        """Yield the entries with `position > after` in log order."""
        ...

    def get(self, event_ids: Sequence[str]) -> dict[str, Event]:
        """Return the events that exist among `event_ids`."""
        ...

    @property
    def position(self) -> int:
        """The last position of the log; 0 when it is empty."""
        ...

    def agents(self) -> list[str]:
        """Every agent named in the log, sorted."""
        ...

    def newest(self, agent: str | None = None) -> int | None:
        """The time of the newest event, of one agent if it is given, epoch ms; None if there is none."""
        ...

    def acknowledge(self, index: str, position: int) -> None:
        """Tell the outbox that `index` holds everything up to `position`."""
        ...

    def pending(self) -> int:
        """Number of events that the outbox still holds for some index."""
        ...

    def size_bytes(self) -> int:
        """Bytes on disk."""
        ...

    def close(self) -> None: ...


class Index(Protocol):
    """What every index over the log has in common."""

    @property
    def position(self) -> int:
        """The last log position the index holds durably; 0 when it is empty."""
        ...

    def extend(self, entries: Sequence[LogEntry]) -> None:
        """Take in the entries that follow `position`, durably, all or nothing."""
        ...

    def __len__(self) -> int: ...

    def size_bytes(self) -> int:
        """Bytes on disk."""
        ...

    def close(self) -> None: ...


class Grip(msgspec.Struct, frozen=True, kw_only=True):
    """Provenance of a bullet: an excerpt of at most 200 characters and the events it came from."""

    grip_id: str
    excerpt: str
    event_ids: tuple[str, ...]
    timestamp: int


class Bullet(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence of a node's summary, with the grips that prove it."""

    text: str
    grip_ids: tuple[str, ...]


class TocNode(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the table of contents. `level` is year, month, week, day or segment; times are epoch ms."""

    node_id: str
    level: str
    title: str
    start: int
    end: int
    bullets: tuple[Bullet, ...]
    keywords: tuple[str, ...]
    child_ids: tuple[str, ...]
    agents: tuple[str, ...]
    event_count: int


class Toc(Index, Protocol):
    """Year -> month -> ISO week -> day -> segment, browsed from the top or searched."""

    def roots(self) -> list[TocNode]:
        """The years, oldest first."""
        ...

    def node(self, node_id: str) -> TocNode:
        """Raises UnknownNameError if there is no such node."""
        ...

    def nodes(self, node_ids: Sequence[str]) -> list[TocNode]:
        """The nodes of these ids, in that order."""
        ...

    def segments(self, scope: Scope = EVERYTHING) -> list[TocNode]:
        """Every segment that overlaps the scope, oldest first."""
        ...

    def events_of(self, segment_id: str) -> list[str]:
        """Ids of the segment's own events (without its overlap), in log order."""
        ...

    def overlap_of(self, segment_id: str) -> list[str]:
        """Ids of the events just before the segment, in its session, that give it context."""
        ...

    def segments_of(self, event_ids: Sequence[str]) -> dict[str, str]:
        """The segment that each event belongs to."""
        ...

    def grip(self, grip_id: str) -> Grip:
        """Raises UnknownNameError if there is no such grip."""
        ...

    def search(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """The nodes whose title, bullets and keywords share most words with the query; `doc_id` is the node id.

        Of equal nodes, the one with fewest events comes first, then the lower id.
        """
        ...


class KeywordIndex(Index, Protocol):
    """BM25 over the events ("teleport"). Events of a retired session (`strata.retired`) are never found."""

    def search(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """The k best events by (score descending, id ascending).

        Only events that share a word with the query, or stand in their session beside one that does.
        """
        ...


class Embedder(Protocol):
    """Text to unit vectors."""

    @property
    def space(self) -> str:
        """Name and checksum of the vector space: vectors of different spaces are never compared."""
        ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimensions)."""
        ...


class VectorIndex(Index, Protocol):
    """Nearest events by cosine similarity. Events of a retired session (`strata.retired`) are never found."""

    def extend_vectors(self, entries: Sequence[LogEntry], vectors: NDArray[np.float32]) -> None:
        """As `extend`, with vectors computed elsewhere, shape (len(entries), dimensions)."""
        ...

    def search(self, vector: NDArray[np.float32], k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """The k nearest events by (score descending, id ascending). `vector` has shape (dimensions,)."""
        ...

    def rank(
        self, vector: NDArray[np.float32], event_ids: Sequence[str], k: int, scope: Scope = EVERYTHING
    ) -> list[Hit]:
        """As `search`, among these events only; those that the index does not hold are left out."""
        ...

    def vectors_of(self, event_ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The stored vectors of those events that the index holds, each of shape (dimensions,)."""
        ...


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """A community of segments. `importance` follows size and recency; `links` are the ids of related topics."""

    topic_id: str
    label: str
    keywords: tuple[str, ...]
    segment_ids: tuple[str, ...]
    importance: float
    last_seen: int
    links: tuple[str, ...]


class TopicGraph(Index, Protocol):
    """Communities of similar segments."""

    def topics(self) -> list[Topic]:
        """By importance, highest first."""
        ...

    def search(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """The topics nearest to the query by relevance, not by importance; `doc_id` is the topic id."""
        ...

    def nearest(self, vector: NDArray[np.float32], k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """As `search`, for a query embedded already, shape (dimensions,)."""
        ...
