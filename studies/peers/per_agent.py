"""For libraries without a filter: an index of its own for each conversation, as their users do."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peers.peer import Document, Query


class PerAgent:
    """One index an agent; without agents it is one index."""

    def __init__(self, make: Callable[[Sequence[Document], NDArray[np.float32]], Any]) -> None:
        """`make` builds a library's index of some documents and their vectors."""
        self._make = make
        self._of: dict[str, tuple[Any, list[str]]] = {}

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        rows: dict[str, list[int]] = defaultdict(list)
        for row, document in enumerate(documents):
            rows[document.agent].append(row)
        for agent, chosen in rows.items():
            held = [documents[row] for row in chosen]
            self._of[agent] = self._make(held, vectors[chosen]), [document.doc_id for document in held]

    def of(self, query: Query) -> tuple[Any, list[str]]:
        """The index that answers the query, and the ids of its documents in order."""
        return self._of[query.agent or ""]
