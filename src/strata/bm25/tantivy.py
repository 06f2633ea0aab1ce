"""Keyword search with tantivy: an index on disk, mapped into memory, to which a batch is added in one commit.

tantivy proposes the events whose own words fit best, with BM25 of its own constants (k1 = 1.2, b = 0.75, lengths in
one byte). Of these and their neighbours in the session, those for which the scores around them add up to most are
scored exactly (`strata.bm25.rescored`). An event may be missed only if that sum is lower than hundreds of others'.

Its commit comes before the generation's. A process that is killed in between leaves events in tantivy that the next
`extend` brings again: the log never changes, so these are the same, and are not added twice; until then none is shown.
"""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tantivy

from strata.bm25.rescored import Corpus, Proposal, Rescored
from strata.errors import StoreError

FETCHED = 4
"""Events that tantivy is asked for, for each that is then scored exactly."""
HEAP = 64_000_000
"""Bytes that tantivy may use before it writes a part of the index out."""


class TantivyIndex(Rescored):
    """KeywordIndex for a log that grows all day: an append costs what it holds, not what the index holds."""

    format = "tantivy"
    version = 1

    def __init__(self, path: Path) -> None:
        """Open the index under `path`, a folder of its own. Raises StoreError if it cannot be read."""
        # Named by its version, so that what an older program wrote is never added to.
        self._folder = path / f"tantivy-{self.version}"
        self._index: Any = None
        self._searcher: Any = None
        super().__init__(path)

    def _grow(self, folder: Path, corpus: Corpus, documents: list[list[str]]) -> None:
        self._folder.mkdir(exist_ok=True)
        index = tantivy.Index(_schema(), str(self._folder), reuse=True)
        present = index.searcher().num_docs
        first = len(corpus.rows) - len(documents)
        if present < first:
            raise StoreError(f"{self._folder} has lost events: delete {self._path} to rebuild it")
        writer = index.writer(heap_size=HEAP, num_threads=1)
        for row, document in enumerate(documents[present - first :], present):
            writer.add_document(tantivy.Document(terms=" ".join(document), row=row))
        writer.commit()
        writer.wait_merging_threads()
        self._use(index)

    def _open(self, folder: Path, corpus: Corpus) -> None:
        try:
            index = tantivy.Index.open(str(self._folder))
        except ValueError as error:
            raise StoreError(f"{self._folder} cannot be read ({error}): delete {self._path} to rebuild it") from error
        self._use(index)
        if self._searcher.num_docs < len(corpus.rows):
            raise StoreError(f"{self._folder} has lost events: delete {self._path} to rebuild it")

    def _use(self, index: Any) -> None:
        index.config_reader("manual", 1)
        index.reload()
        self._index, self._searcher = index, index.searcher()

    def _propose(self, weights: dict[str, float], count: int) -> Proposal:
        one_of = [
            (tantivy.Occur.Should, tantivy.Query.term_query(self._index.schema, "terms", term)) for term in weights
        ]
        fetched = FETCHED * count
        found = self._searcher.search(tantivy.Query.boolean_query(one_of), limit=fetched, count=False).hits
        rows = np.array(self._searcher.fast_field_values("row", [address for _, address in found]), np.int64)
        own = np.array([score for score, _ in found], np.float64)
        # Without what a killed process left: rows that the generation does not have yet.
        kept = rows < len(self._corpus.rows)
        rows, own = rows[kept], own[kept]
        owner, beside, share = self._corpus.near.around(rows)
        together = np.bincount(beside, own[owner] * share, len(self._corpus.rows))
        near = np.flatnonzero(together)
        if len(near) <= count:
            best, cut = near, False
        else:
            best = near[np.argpartition(together[near], -count)[-count:]]
            order = np.sort(together[best])
            cut = bool(order[0] >= order[-max(1, count // 4)])
        if len(found) < fetched and len(near) <= count:
            return Proposal(best, 0.0)
        # Nothing bounds the score of an event by these sums, so the best of them have to do; but not if the last is as
        # good as the first quarter, and events that tie with those may lie beyond it.
        tied = cut or (len(found) == fetched and found[-1][0] >= found[count // 4 - 1][0])
        return Proposal(best, math.inf if tied else sys.float_info.min)

    def size_bytes(self) -> int:
        """See `Index.size_bytes`."""
        files = self._folder.iterdir() if self.position else ()
        return super().size_bytes() + sum(file.stat().st_size for file in files)

    def close(self) -> None:
        """Let go of the files."""
        self._index = self._searcher = None


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    # An integer field: an unsigned one panics at the value 0.
    builder.add_integer_field("row", fast=True)
    return builder.build()
