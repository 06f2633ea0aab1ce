"""BM25 with the statistics of the rank-bm25 package, over postings, in the context of the session.

The idf is that of BM25+ (Lv and Zhai, CIKM 2011), ln((N + 1) / df), which is above 0 for every word; its constant
`delta`, which no ranking of the events that hold a word depends on, is left out.

An event counts the words of its neighbours in the session too (`strata.neighbours`), before saturation: three
neighbours that each say a word once do not add up to three saturated scores. The author's name counts for the
event's own turn only. An event alone in its session has exactly its plain BM25 score.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rank_bm25 import BM25Plus

from strata.author import author
from strata.bm25.postings import Postings, no_postings
from strata.errors import QueryError
from strata.event import LogEntry
from strata.generation import Generations
from strata.hit import EVERYTHING, Hit, Scope
from strata.neighbours import Neighbourhood
from strata.rows import Rows, no_rows
from strata.tokens import terms, words

K1 = 0.9
B = 0.6


class RankBm25:
    """KeywordIndex over arrays. It is written anew at each `extend`; only the new events are tokenized."""

    def __init__(self, path: Path) -> None:
        """Open the index under `path`, a folder of its own. Raises StoreError if it cannot be read."""
        self._generations = Generations(path, format="rank-bm25", version=7)
        nothing = (no_rows(), no_postings(), no_postings())
        self.position, (rows, whole, authors) = self._generations.load(_load) or (0, nothing)
        self._take(rows, whole, authors)

    def _take(self, rows: Rows, whole: Postings, authors: Postings) -> None:
        self._rows, self._whole, self._authors = rows, whole, authors
        self._model = _Statistics(whole, k1=K1, b=B, delta=0) if whole.vocabulary else None
        self._near = Neighbourhood(rows.session)
        if self._model is not None:
            lengths = self._near.spread((whole.lengths - authors.lengths).astype(np.float64)) + authors.lengths
            self._norm = K1 * (1 - B + B * lengths / lengths.mean())

    def extend(self, entries: Sequence[LogEntry]) -> None:
        """See `Index.extend`."""
        if not entries:
            return
        rows = self._rows.extended(entries)
        names = [terms(author(entry.event)) for entry in entries]
        whole = self._whole.extended(
            [name + terms(entry.event.text) for name, entry in zip(names, entries, strict=True)]
        )
        authors = self._authors.extended(names)
        with self._generations.write(entries[-1].position, follows=self.position) as folder:
            rows.save(folder / "events.msgpack")
            whole.save(folder, "whole")
            authors.save(folder, "author")
        self._take(rows, whole, authors)
        self.position = entries[-1].position

    def search(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """The k best events that hold a word of the query or stand near one that does.

        Near is at most `neighbours.REACH` events away in the session; the scope restricts which events are returned,
        not which neighbours count. Raises QueryError if the query has no word.
        """
        asked = Counter(terms(query))
        if not asked and not words(query):
            raise QueryError(f"the query {query!r} has no word in it: give at least one")
        if self._model is None or not (known := [term for term in asked if term in self._whole.vocabulary]):
            return []
        # One pass over the columns of all terms: each numpy call costs more than what most columns hold.
        columns = [self._counts(term) for term in known]
        rows = np.concatenate([reached for reached, _ in columns], dtype=np.intp)
        counts = np.concatenate([count for _, count in columns], dtype=np.float64)
        weights = [asked[term] * self._model.idf[term] * (K1 + 1) for term in known]
        parts = np.repeat(weights, [len(reached) for reached, _ in columns])
        parts *= counts
        counts += self._norm.take(rows)
        parts /= counts
        scores = np.bincount(rows, parts, len(self._rows)).astype(np.float64, copy=False)
        inside = self._rows.inside(scope)
        found = (scores > 0) & self._rows.worded
        candidates = np.flatnonzero(found if inside is None else found & inside)
        return self._rows.best("bm25", candidates, scores[candidates], k)

    def _counts(self, term: str) -> tuple[NDArray[np.integer], NDArray[np.number]]:
        """The rows that a term counts for, and how much: its own author and text, and its neighbours' text."""
        rows, counts = self._whole.of(term)
        if self._near.alone:
            return rows, counts
        own, times = self._authors.of(term)
        if not len(own):
            return self._near.spread_sparse(rows, counts.astype(np.float64))
        text = np.zeros(len(self._rows))
        text[rows] = counts
        text[own] -= times
        spread = self._near.spread(text)
        spread[own] += times
        reached = np.flatnonzero(spread)
        return reached, spread[reached]

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


def _load(folder: Path) -> tuple[Rows, Postings, Postings]:
    rows = Rows.load(folder / "events.msgpack")
    return rows, Postings.load(folder, "whole"), Postings.load(folder, "author")
