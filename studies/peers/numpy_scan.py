"""Ten lines of numpy: the scan that a user writes before installing anything."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from peers.peer import Document, Embed, Query


class NumpyScan:
    """All vectors in memory; a conversation is a mask."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        pass

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        self._ids = [document.doc_id for document in documents]
        self._agents = np.array([document.agent for document in documents])
        self._vectors = np.array(vectors)

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        scores = self._vectors @ query.vector
        if query.agent is not None:
            scores[self._agents != query.agent] = -np.inf
        best = np.argpartition(-scores, k - 1)[:k] if k < len(scores) else np.arange(len(scores))
        ordered = best[np.argsort(-scores[best])]
        return [self._ids[row] for row in ordered if scores[row] > -np.inf]
