"""BM25 with the statistics of the rank-bm25 package, scored over the postings of the query's words only.

The idf is that of BM25+ (Lv and Zhai, CIKM 2011), ln((N + 1) / df), which is above 0 for every word; its constant
`delta`, which no ranking of the events that hold a word depends on, is left out.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rank_bm25 import BM25Plus

from strata.author import attributed
from strata.bm25.postings import Postings, no_postings
from strata.errors import QueryError
from strata.event import LogEntry
from strata.generation import Generations
from strata.hit import EVERYTHING, Hit, Scope
from strata.rows import Rows, no_rows
from strata.tokens import terms, words

K1 = 0.9
B = 0.6


class RankBm25:
    """KeywordIndex over arrays. It is written anew at each `extend`; only the new events are tokenized."""

    def __init__(self, path: Path) -> None:
        """Open the index under `path`, a folder of its own. Raises StoreError if it cannot be read."""
        self._generations = Generations(path, format="rank-bm25", version=6)
        self.position, (self._rows, self._postings) = self._generations.load(_load) or (0, (no_rows(), no_postings()))
        self._model = _model(self._postings)

    def extend(self, entries: Sequence[LogEntry]) -> None:
        """See `Index.extend`."""
        if not entries:
            return
        rows = self._rows.extended(entries)
        postings = self._postings.extended([terms(attributed(entry.event)) for entry in entries])
        model = _model(postings)
        with self._generations.write(entries[-1].position, follows=self.position) as folder:
            rows.save(folder / "events.msgpack")
            postings.save(folder)
        self._rows, self._postings, self._model = rows, postings, model
        self.position = entries[-1].position

    def search(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """See `KeywordIndex.search`. Raises QueryError if the query has no word."""
        if not words(query):
            raise QueryError(f"the query {query!r} has no word in it: give at least one")
        if self._model is None:
            return []
        model = self._model
        scores = np.zeros(len(self._rows))
        found = np.zeros(len(self._rows), np.bool_)
        for term in terms(query):
            if (posting := self._postings.of(term)) is not None:
                rows, counts = posting
                norm = model.k1 * (1 - model.b + model.b * self._postings.lengths[rows] / model.avgdl)
                scores[rows] += model.idf[term] * counts * (model.k1 + 1) / (counts + norm)
                found[rows] = True
        inside = self._rows.inside(scope)
        candidates = np.flatnonzero(found if inside is None else found & inside)
        return self._rows.best("bm25", candidates, scores[candidates], k)

    def __len__(self) -> int:
        return len(self._rows)

    def size_bytes(self) -> int:
        """See `Index.size_bytes`."""
        return self._generations.size_bytes()

    def close(self) -> None:
        """Nothing stays open between calls."""


class _Statistics(BM25Plus):  # type: ignore[misc]
    """rank-bm25's corpus statistics and idf, from postings instead of token lists."""

    def _initialize(self, corpus: Postings) -> dict[str, int]:
        self.corpus_size = len(corpus.lengths)
        self.avgdl = float(corpus.lengths.mean())
        return dict(zip(corpus.vocabulary, corpus.frequencies().tolist(), strict=True))


def _model(postings: Postings) -> _Statistics | None:
    return _Statistics(postings, k1=K1, b=B, delta=0) if postings.vocabulary else None


def _load(folder: Path) -> tuple[Rows, Postings]:
    return Rows.load(folder / "events.msgpack"), Postings.load(folder)
