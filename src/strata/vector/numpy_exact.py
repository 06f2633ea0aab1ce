"""Exact nearest neighbours: one matrix product over vectors mapped from a file that only grows.

`vectors.f32` holds float32 unit vectors in log order. A batch is appended and synced, then a new generation with
the rows and the position is put in place: what a killed process left beyond the committed rows is cut off by the
next writer and never read. The engines after this one keep the same files, with halves in `vectors.f16`.

An event is searched as the direction of its vector and its neighbours' in the session together (`strata.neighbours`).
That takes no second embedding and no second copy: a sum of vectors times the query is the sum of their products, so
only the lengths of the sums are kept. An event alone in its session has exactly its own cosine.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from strata.author import attributed
from strata.errors import QueryError, StoreError
from strata.event import LogEntry
from strata.generation import Generations, unchanged_by_failure
from strata.hit import EVERYTHING, Hit, Scope
from strata.neighbours import Neighbourhood
from strata.protocols import Embedder
from strata.rows import Rows, no_rows

# Scores are rounded: a matrix product gives equal vectors scores that differ in the last bits by their row.
DECIMALS = 6
BLOCK = 8192
"""Rows whose vectors are summed at once."""
CACHED = 1 << 20
"""Bytes of vectors up to which BLAS multiplies the matrix at once: it has several rows on the way at a time. Beyond a
core's own cache, one row after the other is served up to twice as fast, the more so the further away they are."""


class NumpyExact:
    """VectorIndex that scans everything: recall 1, about half a millisecond per 10,000 rows of 384 dimensions."""

    # Embedding takes some 20 ms an event: a build that is killed repeats at most this many.
    batch_size = 1000
    format: ClassVar[str] = "numpy-exact"
    version: ClassVar[int] = 4
    file: ClassVar[str] = "vectors.f32"
    dtype: ClassVar[type[np.floating]] = np.float32

    def __init__(self, path: Path, embedder: Embedder) -> None:
        """Open the index under `path`, a folder of its own.

        Raises StoreError if it cannot be read, or holds vectors of another space than the embedder's.
        """
        self._path = path
        self._embedder = embedder
        self._generations = Generations(path, format=self.format, version=self.version)
        self._rows, self._lengths = no_rows(), np.empty(0, np.float32)
        self._vectors, self._near = self._mapped(0), Neighbourhood(self._rows.session)
        self.position = 0
        if (loaded := self._generations.load(self._load)) is not None:
            self.position = loaded[0]

    def extend(self, entries: Sequence[LogEntry]) -> None:
        """See `Index.extend`. Raises ModelError if the embedder has no model."""
        if entries:
            self.extend_vectors(entries, self._embedder.embed([attributed(entry.event) for entry in entries]))

    def extend_vectors(self, entries: Sequence[LogEntry], vectors: NDArray[np.float32]) -> None:
        """See `VectorIndex.extend_vectors`. Raises ValueError if the shape is wrong or a value is not finite."""
        if vectors.shape != (len(entries), self._embedder.dimensions):
            raise ValueError(
                f"vectors of shape {vectors.shape} given for {len(entries)} events "
                f"of {self._embedder.dimensions} dimensions"
            )
        vectors = np.ascontiguousarray(vectors, self.dtype)
        if not np.isfinite(vectors).all():
            raise ValueError(f"vectors must be finite numbers of {self.dtype.__name__}")
        if not entries:
            return
        rows = self._rows.extended(entries)
        near = Neighbourhood(rows.session)
        with unchanged_by_failure(self), self._generations.write(entries[-1].position, follows=self.position) as folder:
            self._append(vectors)
            grown = self._mapped(len(rows))
            lengths = self._grown_lengths(rows, near, grown)
            np.save(folder / "lengths.npy", lengths)
            rows.save(folder / "events.msgpack")
            (folder / "space.json").write_bytes(msgspec.json.encode(self._embedder.space))
            self._rows, self._near, self._vectors, self._lengths = rows, near, grown, lengths
            self._grow(folder)
        self.position = entries[-1].position

    def search(self, vector: NDArray[np.float32], k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """See `VectorIndex.search`. Raises QueryError if the vector has another shape or is not finite."""
        return self._best(vector, self._rows.admitted(scope), k)

    def rank(
        self, vector: NDArray[np.float32], event_ids: Sequence[str], k: int, scope: Scope = EVERYTHING
    ) -> list[Hit]:
        """See `VectorIndex.rank`. Raises QueryError as `search` does."""
        row_of = self._rows.row_of
        among = np.zeros(len(self._rows), np.bool_)
        among[[row_of[event_id] for event_id in event_ids if event_id in row_of]] = True
        rows = self._rows.admitted(scope)
        return self._best(vector, rows[among[rows]], k)

    def _best(self, vector: NDArray[np.float32], rows: NDArray[np.int64], k: int) -> list[Hit]:
        if vector.shape != (self._embedder.dimensions,) or not np.isfinite(vector).all():
            raise QueryError(
                f"a query vector must hold {self._embedder.dimensions} finite numbers, not shape {vector.shape}"
            )
        if not len(rows):
            return []
        count = len(self._rows)
        # Conversations and times lie mostly together in the log: what is far from the scope need not be read.
        part = self._near.extent(rows) if 2 * len(rows) < count else slice(0, count)
        products = self._products(self._vectors[part], vector)
        if not self._near.alone:
            everywhere = np.zeros(count, np.float32)
            everywhere[part] = products
            products, part = self._near.spread(everywhere), slice(0, count)
        scores = products / self._lengths[part]
        if len(rows) < len(scores):
            scores = scores[rows - part.start]
        return self._rows.best("vector", rows, scores, k, DECIMALS)

    def vectors_of(self, event_ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The stored vectors of those events that the index holds."""
        row_of = self._rows.row_of
        return {
            event_id: self._vectors[row_of[event_id]].astype(np.float32, copy=False)
            for event_id in event_ids
            if event_id in row_of
        }

    def __len__(self) -> int:
        return len(self._rows)

    def size_bytes(self) -> int:
        """See `Index.size_bytes`."""
        return self._generations.size_bytes() + self._vectors.nbytes

    def close(self) -> None:
        """Nothing stays open between calls."""

    def _products(self, vectors: NDArray[Any], vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """The product of each of the vectors with the query."""
        products: NDArray[np.float32]
        products = vectors @ vector if vectors.nbytes <= CACHED else np.vecdot(vectors, vector)
        return products

    def _grow(self, folder: Path) -> None:
        """For engines that keep more than this one: the rows have grown; `folder` is of the generation to come."""

    def _reopen(self, folder: Path) -> None:
        """Open what `_grow` wrote."""

    def _load(self, folder: Path) -> None:
        space = msgspec.json.decode((folder / "space.json").read_bytes(), type=str)
        if space != self._embedder.space:
            raise StoreError(
                f"{self._path} holds vectors of {space}, which cannot be compared with {self._embedder.space}: "
                "delete the folder to embed the log again"
            )
        self._rows, self._lengths = Rows.load(folder / "events.msgpack"), np.load(folder / "lengths.npy")
        self._vectors, self._near = self._mapped(len(self._rows)), Neighbourhood(self._rows.session)
        self._reopen(folder)

    def _append(self, vectors: NDArray[Any]) -> None:
        file = self._path / self.file
        with file.open("r+b" if file.exists() else "x+b") as stream:
            stream.truncate(self._vectors.nbytes)
            stream.seek(self._vectors.nbytes)
            stream.write(vectors.data)
            stream.flush()
            os.fsync(stream.fileno())

    def _grown_lengths(self, rows: Rows, near: Neighbourhood, vectors: NDArray[Any]) -> NDArray[np.float32]:
        """Lengths of the summed vectors: only those of sessions that grew are new."""
        old = len(self._lengths)
        lengths = np.concatenate([self._lengths, np.empty(len(rows) - old, np.float32)])
        changed = np.flatnonzero(np.isin(rows.session, np.unique(rows.session[old:])))
        for start in range(0, len(changed), BLOCK):
            block = changed[start : start + BLOCK]
            lengths[block] = np.linalg.norm(near.sums_of(block, vectors), axis=1)
        # A sum of nothing, or of opposites, has no direction; it scores 0 rather than not at all.
        lengths[lengths == 0] = 1
        return lengths

    def _mapped(self, count: int) -> NDArray[Any]:
        shape = (count, self._embedder.dimensions)
        if not count:
            return np.empty(shape, self.dtype)
        try:
            # A plain array over the mapping: every operation on a numpy.memmap itself costs more.
            return np.asarray(np.memmap(self._path / self.file, self.dtype, mode="r", shape=shape))
        except (OSError, ValueError) as error:
            raise StoreError(f"{self._path} has lost vectors ({error}): delete the folder to rebuild it") from error
