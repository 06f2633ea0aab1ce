"""rank-bm25: its scores for every document, a sort by numpy. It brings no tokenizer, so it gets strata's."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Okapi

from peers.peer import Document, Embed, Query
from peers.per_agent import PerAgent
from strata.tokens import terms


class RankBm25:
    """The package itself, with its usual class; an index a conversation, as it has no filter."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._parts = PerAgent(lambda documents, _: BM25Okapi([terms(document.text) for document in documents]))

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        self._parts.build(documents, vectors)

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        index, ids = self._parts.of(query)
        scores = index.get_scores(terms(query.text))
        return [ids[row] for row in np.argsort(-scores, kind="stable")[:k] if scores[row] > 0]
