"""LanceDB: a table on disk without a vector index, which its documentation advises below 100,000 rows."""

from collections.abc import Sequence
from pathlib import Path

import lancedb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from peers.peer import Document, Embed, Query


class LanceDb:
    """A row a document; a conversation is a condition that is applied before the search."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._database = lancedb.connect(folder)

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        self._table = self._database.create_table("document", table_of(documents, vectors))

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        search = self._table.search(query.vector).metric("cosine").select(["doc_id", "_distance"]).limit(k)
        if query.agent is not None:
            search = search.where(condition(query.agent), prefilter=True)
        return [str(row["doc_id"]) for row in search.to_list()]


def table_of(documents: Sequence[Document], vectors: NDArray[np.float32]) -> pa.Table:
    """The documents and their vectors as an Arrow table."""
    flat = pa.array(np.ascontiguousarray(vectors).reshape(-1))
    return pa.table(
        {
            "doc_id": [document.doc_id for document in documents],
            "agent": [document.agent for document in documents],
            "text": [document.text for document in documents],
            "vector": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
        }
    )


def condition(agent: str) -> str:
    """The SQL condition that a row is of the conversation."""
    quoted = agent.replace("'", "''")
    return f"agent = '{quoted}'"
