"""BM25 in two steps: a library proposes events, and the events it proposes are scored exactly.

The score is BM25 as Lucene has it (Robertson and Zaragoza, 2009), idf = ln(1 + (N - df + 0.5) / (df + 0.5)), with an
event's words counted together with its neighbours' in the session (`strata.neighbours`), as the rank-bm25 engine
counts them. The proposals may come from statistics that are a little old, or without the neighbours: N, df and the
mean length of the score are always those of the whole log, so it does not matter when or how the library's own index
was made. What a library must promise is in `Proposal`.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from strata.author import author
from strata.bm25.forward import Forward, Frequencies, append, entries_of, mapped, number
from strata.errors import QueryError
from strata.event import LogEntry
from strata.generation import Generations, unchanged_by_failure
from strata.hit import EVERYTHING, Hit, Scope
from strata.neighbours import Neighbourhood
from strata.rows import Rows, no_rows
from strata.tokens import terms, words

K1 = 0.9
B = 0.6


class Proposal(NamedTuple):
    """Rows that may be among the best, and what no other row scores more than; 0 if no other row scores at all."""

    rows: NDArray[np.int64]
    ceiling: float


class Corpus(msgspec.Struct, frozen=True, dict=True):
    """Everything that the exact score needs."""

    rows: Rows
    forward: Forward
    frequencies: Frequencies
    near: Neighbourhood
    norm: NDArray[np.float64]
    """k1 * (1 - b + b * length / mean length) of each row."""
    mean: float
    """Mean length of a row, its neighbours' words included."""

    @staticmethod
    def of(rows: Rows, forward: Forward, frequencies: Frequencies) -> "Corpus":
        """The corpus of these rows."""
        near = Neighbourhood(rows.session)
        text, named = forward.lengths()
        lengths = near.spread(text) + named
        mean = float(lengths.mean()) if len(lengths) else 0.0
        norm = K1 * (1 - B + B * lengths / mean) if mean else np.full(len(lengths), K1)
        return Corpus(rows, forward, frequencies, near, norm, mean)

    def idf(self, numbers: Sequence[int]) -> NDArray[np.float64]:
        """ln(1 + (N - df + 0.5) / (df + 0.5)) of each term."""
        df = self.frequencies.of(numbers)
        return np.log1p((len(self.rows) - df + 0.5) / (df + 0.5))

    def scores(self, rows: NDArray[np.int64], weights: dict[int, float]) -> NDArray[np.float64]:
        """The score of each of `rows`, for terms of these weights (idf times their count in the query)."""
        owner, beside, share = self.near.around(rows)
        # Marked in a column over all rows, which costs less than a sort of these.
        reading = np.zeros(len(self.rows), np.bool_)
        reading[beside] = True
        read = np.flatnonzero(reading)
        place_of = np.empty(len(reading), np.int64)
        place_of[read] = np.arange(len(read))
        place, own = place_of[beside], place_of[rows]
        entries, holder = self.forward.of(read)
        scores = np.zeros(len(rows))
        for term, weight in weights.items():
            same = np.flatnonzero(entries["term"] == term)
            held = entries[same]
            text, named = np.zeros(len(read)), np.zeros(len(read))
            text[holder[same]], named[holder[same]] = held["text"], held["author"]
            counts = np.bincount(owner, text[place] * share, len(rows)) + named[own]
            scores += weight * counts * (K1 + 1) / (counts + self.norm[rows])
        return scores


class Rescored(ABC):
    """KeywordIndex over proposals; an engine says in `_grow` and `_propose` what its library does."""

    format: ClassVar[str]
    version: ClassVar[int]
    proposed: ClassVar[int] = 256
    """Events that are proposed at first, at least; four times as many whenever they do not suffice."""
    few: ClassVar[int] = 2000
    """A scope of at most so many events is scored whole."""

    def __init__(self, path: Path) -> None:
        """Open the index under `path`, a folder of its own. Raises StoreError if it cannot be read."""
        self._path = path
        self._generations = Generations(path, format=self.format, version=self.version)
        self.position = 0
        self._corpus = Corpus.of(no_rows(), Forward(*_nothing()), Frequencies(*_no_terms()))
        if (loaded := self._generations.load(self._load)) is not None:
            self.position, self._corpus = loaded

    def extend(self, entries: Sequence[LogEntry]) -> None:
        """See `Index.extend`."""
        if not entries:
            return
        before = self._corpus
        documents = [(terms(entry.event.text), terms(author(entry.event))) for entry in entries]
        packed, sizes = entries_of(documents)
        rows, frequencies = before.rows.extended(entries), before.frequencies.grown(packed)
        held = len(before.forward.entries)
        ends = np.concatenate([before.forward.ends, held + np.cumsum(sizes)])
        with unchanged_by_failure(self), self._generations.write(entries[-1].position, follows=self.position) as folder:
            append(self._path / "words.bin", packed, held)
            corpus = Corpus.of(rows, mapped(self._path / "words.bin", ends), frequencies)
            rows.save(folder / "events.msgpack")
            for name, column in (("ends", ends), ("terms", frequencies.terms), ("frequencies", frequencies.rows)):
                np.save(folder / f"{name}.npy", column)
            self._grow(folder, corpus, [text + name for text, name in documents])
        self._corpus, self.position = corpus, entries[-1].position

    def search(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """The k best events that hold a word of the query or stand near one that does.

        Near is at most `neighbours.REACH` events away in the session; the scope restricts which events are returned,
        not which neighbours count. Raises QueryError if the query has no word.
        """
        if not words(query):
            raise QueryError(f"the query {query!r} has no word in it: give at least one")
        asked = Counter(terms(query))
        numbers = {number(term): term for term in asked}
        corpus = self._corpus
        known = [one for one, df in zip(numbers, corpus.frequencies.of(list(numbers)), strict=True) if df]
        if not known or k < 1:
            return []
        weights = {one: asked[numbers[one]] * idf for one, idf in zip(known, corpus.idf(known).tolist(), strict=True)}
        inside = corpus.rows.inside(scope)
        if inside is not None and np.count_nonzero(inside) <= self.few:
            return self._best(np.flatnonzero(inside), weights, k)
        count = max(self.proposed, 4 * k)
        while True:
            rows, ceiling = self._propose({numbers[one]: weight for one, weight in weights.items()}, count)
            best = self._best(rows if inside is None else rows[inside[rows]], weights, k)
            if ceiling == 0 or (len(best) == k and best[-1].score > ceiling):
                return best
            count *= 4

    def __len__(self) -> int:
        return len(self._corpus.rows)

    def size_bytes(self) -> int:
        """See `Index.size_bytes`."""
        return self._generations.size_bytes() + self._corpus.forward.entries.nbytes

    def close(self) -> None:  # noqa: B027 (not abstract: doing nothing is what these engines want)
        """Nothing stays open between calls."""

    @abstractmethod
    def _grow(self, folder: Path, corpus: Corpus, documents: list[list[str]]) -> None:
        """Take in the last rows of the corpus, given as terms, and write into `folder` what the next opening needs."""

    @abstractmethod
    def _open(self, folder: Path, corpus: Corpus) -> None:
        """Open what `_grow` wrote."""

    @abstractmethod
    def _propose(self, weights: dict[str, float], count: int) -> Proposal:
        """Some `count` rows that may be the best for the terms; every row that scores, if there are no more."""

    def _best(self, rows: NDArray[np.int64], weights: dict[int, float], k: int) -> list[Hit]:
        rows = rows[self._corpus.rows.worded[rows]]
        scores = self._corpus.scores(rows, weights)
        return self._corpus.rows.best("bm25", rows[scores > 0], scores[scores > 0], k)

    def _load(self, folder: Path) -> Corpus:
        rows = Rows.load(folder / "events.msgpack")
        ends, known, counts = (np.load(folder / f"{name}.npy") for name in ("ends", "terms", "frequencies"))
        corpus = Corpus.of(rows, mapped(self._path / "words.bin", ends), Frequencies(known, counts))
        self._open(folder, corpus)
        return corpus


def _nothing() -> tuple[NDArray[Any], NDArray[np.int64]]:
    return entries_of([])


def _no_terms() -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    return np.empty(0, np.uint64), np.empty(0, np.int64)
