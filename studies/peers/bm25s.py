"""bm25s with its numba backend, its own tokenizer, English stop words and the stemmer that its README adds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
import Stemmer
from numpy.typing import NDArray

from peers.peer import Document, Embed, Query
from peers.per_agent import PerAgent


class Bm25s:
    """An index a conversation: its mask for filters wants a weight for every document at every query."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._stemmer = Stemmer.Stemmer("english")
        self._parts = PerAgent(self._indexed)

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        self._parts.build(documents, vectors)

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        index, ids = self._parts.of(query)
        tokens = self._tokens([query.text])
        found, _ = index.retrieve(tokens, k=min(k, len(ids)), show_progress=False)
        return [ids[row] for row in found[0]]

    def _indexed(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> Any:
        index = bm25s.BM25(backend="numba")
        index.index(self._tokens([document.text for document in documents]), show_progress=False)
        return index

    def _tokens(self, texts: list[str]) -> Any:
        return bm25s.tokenize(texts, stopwords="en", stemmer=self._stemmer, show_progress=False)
