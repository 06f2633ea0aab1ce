"""BM25 by the rank-bm25 package: Okapi BM25 with the idf of Trotman et al. (2014), floored at 0.25 of its mean."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from rank_bm25 import BM25Okapi

from strata.errors import QueryError
from strata.event import LogEntry
from strata.generation import Generations
from strata.hit import EVERYTHING, Hit, Scope
from strata.rows import Rows, no_rows
from strata.tokens import terms, words


class RankBm25:
    """KeywordIndex that scores every event for every query. It is written anew at each `extend`."""

    def __init__(self, path: Path) -> None:
        """Open the index under `path`, a folder of its own. Raises StoreError if it cannot be read."""
        self._generations = Generations(path, format="rank-bm25", version=2)
        self.position, (self._rows, self._documents) = self._generations.load(_load) or (0, (no_rows(), []))
        self._model = _model(self._documents)

    def extend(self, entries: Sequence[LogEntry]) -> None:
        """See `Index.extend`."""
        if not entries:
            return
        rows = self._rows.extended(entries)
        documents = self._documents + [terms(entry.event.text) for entry in entries]
        model = _model(documents)
        with self._generations.write(entries[-1].position) as folder:
            rows.save(folder / "rows.msgpack")
            (folder / "terms.msgpack").write_bytes(msgspec.msgpack.encode(documents))
        self._rows, self._documents, self._model = rows, documents, model
        self.position = entries[-1].position

    def search(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """See `KeywordIndex.search`. Raises QueryError if the query has no word."""
        if not words(query):
            raise QueryError(f"the query {query!r} has no word in it: give at least one")
        wanted = terms(query)
        if self._model is None:
            return []
        scores = self._model.get_scores(wanted)
        found = np.array([any(term in document for term in wanted) for document in self._model.doc_freqs])
        inside = self._rows.inside(scope)
        rows = np.flatnonzero(found if inside is None else found & inside)
        return self._rows.best("bm25", rows, scores[rows], k)

    def __len__(self) -> int:
        return len(self._rows)

    def size_bytes(self) -> int:
        """See `Index.size_bytes`."""
        return self._generations.size_bytes()

    def close(self) -> None:
        """Nothing stays open between calls."""


def _load(folder: Path) -> tuple[Rows, list[list[str]]]:
    documents = msgspec.msgpack.decode((folder / "terms.msgpack").read_bytes(), type=list[list[str]])
    return Rows.load(folder / "rows.msgpack"), documents


def _model(documents: list[list[str]]) -> BM25Okapi | None:
    return BM25Okapi(documents) if any(documents) else None
