"""strata behind the protocol of the peers: one layer's index for keyword and vector, the routed query for hybrid."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

import strata
from peers.peer import Document, Embed, Query
from strata.embed.minilm import MiniLm
from strata.engines import DEFAULTS, load
from strata.event import LogEntry
from strata.hit import Scope


class Bm25:
    """The bm25 layer with its default engine."""

    engine: ClassVar[str] = DEFAULTS["bm25"]

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._index = load("bm25", self.engine)(folder / "bm25")

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        self._index.extend(_entries(documents))

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        return [hit.doc_id for hit in self._index.search(query.text, k, Scope(agent=query.agent))]


class Bm25WithBm25s(Bm25):
    """The same with the engine bm25s."""

    engine = "bm25s"


class Bm25WithTantivy(Bm25):
    """The same with the engine tantivy."""

    engine = "tantivy"


class Vector:
    """The vector layer with its default engine."""

    engine: ClassVar[str] = DEFAULTS["vector"]

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._index = load("vector", self.engine)(folder / "vector", MiniLm())

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        self._index.extend_vectors(_entries(documents), vectors)

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        return [hit.doc_id for hit in self._index.search(query.vector, k, Scope(agent=query.agent))]


class VectorHalf(Vector):
    """The same with the engine numpy-half."""

    engine = "numpy-half"


class VectorWithFaiss(Vector):
    """The same with the engine faiss."""

    engine = "faiss"


class VectorWithUsearch(Vector):
    """The same with the engine usearch."""

    engine = "usearch"


class Routed:
    """The routed query over every layer; what it returns comes with texts and an explanation."""

    embedder: ClassVar[str] = DEFAULTS["embedder"]

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._stack = strata.open(folder / "store", embedder=self.embedder)
        self._stack.__dict__["embedder"] = _Given(embed)

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`. It makes the log and all its indexes."""
        self._stack.ingest(document.event for document in documents)
        self._stack.build()

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        return [hit.doc_id for hit in self._stack.route(query.text, k, agent=query.agent).hits]


class RoutedOnnx(Routed):
    """The same with the embedder onnx."""

    embedder = "onnx"


class _Given:
    """The study's embedding in the place of the store's: the model is the same, documents come from the cache."""

    space = MiniLm.space
    dimensions = MiniLm.dimensions

    def __init__(self, embed: Embed) -> None:
        self.embed = embed


def _entries(documents: Sequence[Document]) -> list[LogEntry]:
    return [LogEntry(position, document.event) for position, document in enumerate(documents, 1)]
