"""txtai with `hybrid` on: faiss and its own BM25, ten times k of each, combined as it does by default."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from txtai import Embeddings

from peers.peer import Document, Embed, Query
from peers.per_agent import PerAgent


class Txtai:
    """An index a conversation: its SQL filters what has been found, so that too little is left."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._parts = PerAgent(self._indexed)

        # It calls a function, and takes any other object for a class.
        def transform(texts: Sequence[str]) -> NDArray[np.float32]:
            return embed(texts)

        self._transform = transform

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        self._parts.build(documents, vectors)

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        index, ids = self._parts.of(query)
        return [ids[row] for row, _ in index.search(query.text, k)]

    def _indexed(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> Any:
        index = Embeddings(method="external", transform=self._transform, hybrid=True)
        index.index([(row, document.text, None) for row, document in enumerate(documents)])
        return index
