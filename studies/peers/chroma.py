"""Chroma in one process, on disk, with its defaults; conversations by its metadata filter."""

from collections.abc import Sequence
from pathlib import Path

import chromadb
import numpy as np
from chromadb.config import Settings
from numpy.typing import NDArray

from peers.peer import Document, Embed, Query

BATCH = 5000


class Chroma:
    """A collection of cosines; texts are stored with it."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        client = chromadb.PersistentClient(str(folder), settings=Settings(anonymized_telemetry=False))
        self._collection = client.create_collection("document", metadata={"hnsw:space": "cosine"})

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        for start in range(0, len(documents), BATCH):
            part = documents[start : start + BATCH]
            self._collection.add(
                ids=[document.doc_id for document in part],
                embeddings=vectors[start : start + BATCH],
                metadatas=[{"agent": document.agent or "all"} for document in part],
                documents=[document.text for document in part],
            )

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        where = None if query.agent is None else {"agent": query.agent}
        found = self._collection.query(query_embeddings=query.vector[None], n_results=k, where=where, include=[])
        return found["ids"][0]
