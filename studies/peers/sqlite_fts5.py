"""SQLite FTS5: its Porter stemming, its bm25(); conversations are a column that is not indexed."""

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peers.peer import Document, Embed, Query

_WORD = re.compile(r"\w+")


class SqliteFts5:
    """A table in a file of its own, texts included."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._connection = sqlite3.connect(folder / "fts5.db")

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        with self._connection as connection:
            connection.execute(
                "CREATE VIRTUAL TABLE document USING fts5 "
                "(doc_id UNINDEXED, agent UNINDEXED, text, tokenize = 'porter unicode61')"
            )
            connection.executemany(
                "INSERT INTO document VALUES (?, ?, ?)",
                ((document.doc_id, document.agent, document.text) for document in documents),
            )
            connection.execute("INSERT INTO document(document) VALUES ('optimize')")

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        words = " OR ".join(f'"{word}"' for word in _WORD.findall(query.text))
        inside, values = ("", ()) if query.agent is None else ("AND agent = ?", (query.agent,))
        rows = self._connection.execute(
            f"SELECT doc_id FROM document WHERE document MATCH ? {inside} ORDER BY rank LIMIT ?", (words, *values, k)
        )
        return [doc_id for (doc_id,) in rows]
