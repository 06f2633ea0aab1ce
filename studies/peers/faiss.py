"""faiss: the flat index, and HNSW with an effort that finds nearly everything; conversations by its batch selector."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from peers.peer import Document, Embed, Query

CONNECTIVITY = 16
EFFORT_BUILD = 100
EFFORT_SEARCH = 64


class Flat:
    """Every vector is looked at."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        faiss.omp_set_num_threads(1)
        self._index = self._empty()

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        self._ids = [document.doc_id for document in documents]
        self._index.add(np.ascontiguousarray(vectors))
        agents = np.array([document.agent for document in documents])
        self._inside = {
            agent: self._parameters(faiss.IDSelectorBitmap(np.packbits(agents == agent, bitorder="little")))
            for agent in np.unique(agents).tolist()
        }

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        inside = None if query.agent is None else self._inside[query.agent]
        _, (rows,) = self._index.search(query.vector[None], k, params=inside)
        return [self._ids[row] for row in rows if row >= 0]

    def _empty(self) -> Any:
        return faiss.IndexFlatIP(384)

    def _parameters(self, selector: Any) -> Any:
        return faiss.SearchParameters(sel=selector)


class Hnsw(Flat):
    """A graph of near vectors is walked."""

    def _empty(self) -> Any:
        index = faiss.IndexHNSWFlat(384, CONNECTIVITY, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = EFFORT_BUILD
        index.hnsw.efSearch = EFFORT_SEARCH
        return index

    def _parameters(self, selector: Any) -> Any:
        return faiss.SearchParametersHNSW(sel=selector, efSearch=EFFORT_SEARCH)
