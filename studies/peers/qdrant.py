"""Qdrant's client in its local mode, in memory; conversations by its payload filter."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qdrant_client import QdrantClient, models

from peers.peer import Document, Embed, Query


class QdrantLocal:
    """The same interface as the server, computed with numpy in this process."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._client = QdrantClient(":memory:")

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        self._client.create_collection(
            "document", vectors_config=models.VectorParams(size=vectors.shape[1], distance=models.Distance.COSINE)
        )
        payload = [{"doc_id": document.doc_id, "agent": document.agent} for document in documents]
        self._client.upload_collection("document", vectors=vectors, payload=payload, ids=range(len(documents)))

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        inside = None
        if query.agent is not None:
            inside = models.Filter(
                must=[models.FieldCondition(key="agent", match=models.MatchValue(value=query.agent))]
            )
        found = self._client.query_points("document", query=query.vector, query_filter=inside, limit=k)
        return [point.payload["doc_id"] for point in found.points]
