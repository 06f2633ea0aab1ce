"""LanceDB's hybrid search: its full-text index with English stems, its exact vector scan, its rank fusion."""

from collections.abc import Sequence
from pathlib import Path

import lancedb
import numpy as np
from lancedb.rerankers import RRFReranker
from numpy.typing import NDArray

from peers.lancedb import condition, table_of
from peers.peer import Document, Embed, Query


class LanceDbHybrid:
    """A row a document; a conversation is a condition that is applied before both searches."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._database = lancedb.connect(folder)
        self._embed = embed
        self._fusion = RRFReranker()

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        self._table = self._database.create_table("document", table_of(documents, vectors))
        self._table.create_fts_index("text", language="English", stem=True, remove_stop_words=True)

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        (vector,) = self._embed([query.text])
        # It fuses only as many of each as it returns: ten times k, as others do, then the first k.
        search = self._table.search(query_type="hybrid").vector(vector).text(query.text).metric("cosine")
        if query.agent is not None:
            search = search.where(condition(query.agent), prefilter=True)
        return [str(row["doc_id"]) for row in search.limit(10 * k).rerank(self._fusion).to_list()[:k]]
