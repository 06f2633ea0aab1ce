"""Nearest neighbours in two steps: a library proposes events, and those it proposes are scored exactly.

The library searches a segment: the directions of the events and their neighbours together, as they were when the
segment was made. Events that came later, and those whose session went on, are scored exactly at each search; when they
are many, the segment takes them in. A scope is met by asking the library for more, and one that admits few events by
scoring just these, so that a filter costs time and no recall.
"""

import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from strata.errors import QueryError
from strata.hit import EVERYTHING, Hit, Scope
from strata.vector.numpy_exact import DECIMALS
from strata.vector.numpy_half import NumpyHalf, products

BLOCK = 4096
SEARCHES_TO_KEEP = 3
"""After so many searches since the last append, the directions of what waits outside the segment are kept for those
that follow: to make them costs more than to search once."""
MOST_KEPT = 16_384
"""Unless they are more than this, which would take up tens of megabytes."""
BLUR = 1e-4
"""More than a cosine can differ by the order in which it was summed up."""

Directions = Callable[[NDArray[np.int64]], NDArray[np.float32]]
"""From rows to the unit vectors that are searched, shape (rows, dimensions)."""


class Proposed(NumpyHalf, ABC):
    """VectorIndex over proposals; an engine says in `_make`, `_view` and `_nearest` what its library does."""

    tail = 1024
    """Events outside the segment, from which on it takes them in if they are also a sixteenth of all."""
    longest_tail: ClassVar[int | None] = None
    """So many it takes in even if they are less than that; None for an engine that makes its segment anew."""
    proposed: ClassVar[int] = 64
    """Events that the library is asked for at first, at least; four times as many whenever they do not suffice."""
    few: ClassVar[int] = 1000
    """A scope of at most so many events is scored whole."""
    _held = 0
    _segment: Path | None = None
    _loose: NDArray[np.int64] = np.empty(0, np.int64)
    _loose_directions: NDArray[np.float32] | None = None
    _searches = 0

    def search(self, vector: NDArray[np.float32], k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """See `VectorIndex.search`. Raises QueryError if the vector has another shape or is not finite."""
        self._check(vector)
        admitted = self._rows.worded
        if (inside := self._rows.inside(scope)) is not None:
            admitted = admitted & inside
        count = max(self.proposed, 4 * k)
        if np.count_nonzero(admitted) <= min(self.few, len(admitted) // 16):
            return self._scored(vector, np.flatnonzero(admitted), k)
        while self._segment is not None and count <= self._held // 4:
            found = self._nearest(vector, count)
            found = found[admitted[found]]
            if len(found) >= k:
                found = np.union1d(found, self._loose_near(vector, k, admitted)) if len(self._loose) else np.sort(found)
                return self._scored(vector, found, k)
            count *= 4
        return super().search(vector, k, scope)

    def rank(
        self, vector: NDArray[np.float32], event_ids: Sequence[str], k: int, scope: Scope = EVERYTHING
    ) -> list[Hit]:
        """See `VectorIndex.rank`. Raises QueryError as `search` does."""
        self._check(vector)
        row_of = self._rows.row_of
        rows = np.array(sorted({row_of[event_id] for event_id in event_ids if event_id in row_of}), np.int64)
        rows = rows[self._rows.worded[rows]]
        if (inside := self._rows.inside(scope)) is not None:
            rows = rows[inside[rows]]
        return self._scored(vector, rows, k)

    @abstractmethod
    def _make(self, path: Path, old: Path | None, rows: NDArray[np.int64], directions: Directions) -> None:
        """Write a segment to `path`: what the segment `old` holds, with the directions of `rows` new or replaced."""

    @abstractmethod
    def _view(self, path: Path) -> None:
        """Open the segment at `path`."""

    @abstractmethod
    def _nearest(self, vector: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        """Some `count` rows of the segment, nearest to the vector."""

    def _check(self, vector: NDArray[np.float32]) -> None:
        if vector.shape != (self._embedder.dimensions,) or not np.isfinite(vector).all():
            raise QueryError(
                f"a query vector must hold {self._embedder.dimensions} finite numbers, not shape {vector.shape}"
            )

    def _scored(self, vector: NDArray[np.float32], rows: NDArray[np.int64], k: int) -> list[Hit]:
        if self._near.alone:
            sums: NDArray[Any] = products(self._vectors[rows], vector)
        else:
            owner, beside, share = self._near.around(rows)
            read, place = np.unique(beside, return_inverse=True)
            sums = np.bincount(owner, products(self._vectors[read], vector)[place] * share, len(rows))
        return self._rows.best("vector", rows, sums / self._lengths[rows], k, DECIMALS)

    def _loose_near(self, vector: NDArray[np.float32], k: int, admitted: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The rows outside the segment that may be among the k nearest; all of them while few searches were made."""
        wanted = admitted[self._loose]
        rows: NDArray[np.int64] = self._loose[wanted]
        self._searches += 1
        if len(rows) <= k or len(self._loose) > MOST_KEPT or self._searches <= SEARCHES_TO_KEEP:
            return rows
        if self._loose_directions is None:
            self._loose_directions = self._directions(self._loose)
        cosines = (self._loose_directions @ vector)[wanted]
        floor = np.partition(cosines, -k)[-k] - BLUR * np.linalg.norm(vector)
        near: NDArray[np.int64] = rows[cosines >= floor]
        return near

    def _directions(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return self._near.sums_of(rows, self._vectors) / self._lengths[rows, None]

    def _grow(self, folder: Path) -> None:
        place, count = folder / "segment", len(self._rows)
        loose = self._outside(self._held)
        share = count // 16 if self.longest_tail is None else min(count // 16, self.longest_tail)
        if len(loose) >= max(self.tail, share):
            self._make(place, self._segment, loose, self._directions)
            np.save(folder / "held.npy", np.array(count))
        elif self._segment is not None:
            linked(self._segment, place)
            np.save(folder / "held.npy", np.array(self._held))
        self._reopen(folder)

    def _reopen(self, folder: Path) -> None:
        if (folder / "held.npy").exists():
            held, place = int(np.load(folder / "held.npy")), folder / "segment"
            if held != self._held or self._segment is None:
                self._view(place)
            self._held, self._segment = held, place
        self._loose = self._outside(self._held)
        self._loose_directions, self._searches = None, 0

    def _outside(self, held: int) -> NDArray[np.int64]:
        """The rows after the first `held`, and whatever stands so near to one that its direction has changed."""
        _, beside, _ = self._near.around(np.arange(held, len(self._rows)))
        return np.unique(beside)


def blocks(rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The rows in parts whose vectors fit comfortably into memory."""
    return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]


def linked(source: Path, target: Path) -> None:
    """Let a file that never changes belong to another generation too."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
