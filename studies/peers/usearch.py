"""usearch in single precision, with its own defaults; an index a conversation, as its Python form has no filter."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from usearch.index import Index

from peers.peer import Document, Embed, Query
from peers.per_agent import PerAgent


class Usearch:
    """HNSW over cosines."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._parts = PerAgent(_indexed)

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        self._parts.build(documents, vectors)

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        index, ids = self._parts.of(query)
        return [ids[row] for row in index.search(query.vector, k, threads=1).keys.tolist()]


def _indexed(documents: Sequence[Document], vectors: NDArray[np.float32]) -> Any:
    index = Index(ndim=vectors.shape[1], metric="cos", dtype="f32")
    index.add(np.arange(len(documents)), vectors, threads=1)
    return index
