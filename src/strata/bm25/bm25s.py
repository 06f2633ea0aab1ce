"""Keyword search with bm25s and its numba backend: scores computed when the index is made, summed by compiled code.

The scores of most events lie in one segment, a matrix of terms by events that is never changed. Events that came
after it are scored exactly at each search, and so are those in it whose session went on; when they are many, a new
segment is made. A segment's scores are from the N, df and mean length of its time: they only propose, and the largest
factor by which those have moved since bounds what an event that was not proposed can score. So a search gives exactly
what an index made at once would give.

bm25s is given the matrix instead of token lists, because an event counts its neighbours' words by half, a quarter and
an eighth, and a token list can only count whole ones. Compiling takes seconds, once a process, at its first search.
"""

import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import bm25s
import numba
import numpy as np
from numpy.typing import NDArray

from strata.bm25.forward import number
from strata.bm25.rescored import K1, Corpus, Proposal, Rescored
from strata.neighbours import REACH

assert numba.__version__  # bm25s would do without, and be thirty times slower

ROUNDING = 1e-5
"""bm25s sums in single precision."""


class Segment(NamedTuple):
    """Scores of the first `rows` events, and the statistics they were made with."""

    rows: int
    mean: float
    terms: NDArray[np.uint64]
    idf: NDArray[np.float64]
    retriever: Any


class Bm25s(Rescored):
    """KeywordIndex for a log that is asked much more often than it grows."""

    format = "bm25s"
    version = 1
    # Making a segment costs what the whole log costs, so few steps are best.
    batch_size = 200_000
    tail: int = 1024
    """Events after the segment, from which on a new one is made if they are also a sixteenth of all."""

    def __init__(self, path: Path) -> None:
        """Open the index under `path`, a folder of its own. Raises StoreError if it cannot be read."""
        self._segment: Segment | None = None
        self._folder: Path | None = None
        self._loose: NDArray[np.int64] = np.empty(0, np.int64)
        super().__init__(path)

    def _grow(self, folder: Path, corpus: Corpus, documents: list[list[str]]) -> None:
        place = folder / "segment"
        count, held = len(corpus.rows), self._segment.rows if self._segment else 0
        if count - held >= max(self.tail, count // 16):
            place.mkdir()
            _make(place, corpus)
        elif self._folder is not None:
            shutil.copytree(self._folder, place, copy_function=_linked)
        else:
            place.mkdir()
        self._open(folder, corpus)

    def _open(self, folder: Path, corpus: Corpus) -> None:
        self._folder = folder / "segment"
        self._segment = _opened(self._folder)
        count, held = len(corpus.rows), self._segment.rows if self._segment else 0
        # What came later, and whatever stands so near to it in its session that its own counts have changed.
        _, beside, _ = corpus.near.around(np.arange(held, count))
        self._loose = np.unique(beside)

    def _propose(self, weights: dict[str, float], count: int) -> Proposal:
        segment, corpus = self._segment, self._corpus
        if segment is None or not len(segment.terms):
            return Proposal(self._loose, 0.0)
        numbers = np.array([number(term) for term in weights], np.uint64)
        place = np.minimum(np.searchsorted(segment.terms, numbers), len(segment.terms) - 1)
        known = segment.terms[place] == numbers
        if not known.any():
            return Proposal(self._loose, 0.0)
        now = np.array(list(weights.values()))[known]
        idf = corpus.idf(numbers[known].tolist())
        times = np.rint(now / idf).astype(int)
        query = np.repeat(place[known], times).tolist()
        limit = min(count, segment.rows)
        found = segment.retriever.retrieve([query], k=limit, sorted=True, show_progress=False)
        rows, scores = found.documents[0].astype(np.int64), found.scores[0]
        rows = np.union1d(rows[scores > 0], self._loose)
        if limit == segment.rows or scores[-1] <= 0:
            return Proposal(rows, 0.0)
        # For count c and norm n, c / (c + n) grows at most by n_old / n_new, and no more than the mean length did.
        growth = float((idf / segment.idf[place[known]]).max()) * max(1.0, corpus.mean / segment.mean)
        return Proposal(rows, float(scores[-1]) * growth * (1 + ROUNDING))


def _make(folder: Path, corpus: Corpus) -> None:
    """Write the segment of all rows of the corpus."""
    count = len(corpus.rows)
    entries, owner = corpus.forward.of(np.arange(count))
    codes = np.searchsorted(corpus.frequencies.terms, entries["term"])
    reached = [(codes * count + owner, (entries["text"] + entries["author"]).astype(np.float32))]
    for offset in (step for distance in range(1, REACH + 1) for step in (-distance, distance)):
        places, others, share = corpus.near.at(owner, offset)
        reached.append((codes[places] * count + others, entries["text"][places] * share))
    cells, where = np.unique(np.concatenate([cell for cell, _ in reached]), return_inverse=True)
    counts = np.bincount(where, np.concatenate([values for _, values in reached]), len(cells))
    idf = corpus.idf(corpus.frequencies.terms.tolist())
    column, rows = cells // count, cells % count
    scores = idf[column] * counts * (K1 + 1) / (counts + corpus.norm[rows])
    starts = np.searchsorted(column, np.arange(len(idf) + 1))
    columns = {
        "terms": corpus.frequencies.terms,
        "idf": idf,
        "statistics": np.array([count, corpus.mean]),
        "data": scores.astype(np.float32),
        "indices": rows.astype(np.int32),
        "indptr": starts.astype(np.int64),
    }
    for name, values in columns.items():
        np.save(folder / f"{name}.npy", values)


def _opened(folder: Path) -> Segment | None:
    if not (folder / "statistics.npy").exists():
        return None
    rows, mean = np.load(folder / "statistics.npy").tolist()
    known = {name: np.load(folder / f"{name}.npy") for name in ("terms", "idf")}
    retriever = bm25s.BM25(method="lucene", backend="numba")
    mapped = {
        name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in ("data", "indices", "indptr")
    }
    retriever.scores = {**mapped, "num_docs": int(rows)}
    # It leaves out of a query what it has no column for.
    retriever.unique_token_ids_set = range(len(known["terms"]))
    retriever.nonoccurrence_array = None
    return Segment(int(rows), mean, known["terms"], known["idf"], retriever)


def _linked(source: str, target: str) -> None:
    # The files of a segment never change, so that two generations can share them.
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
