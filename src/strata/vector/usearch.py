"""Approximate nearest neighbours with usearch: a graph (HNSW) over bytes, mapped into memory from its file."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The C++ runtime inside usearch offers symbols to the whole process, and an onnxruntime that is loaded later takes them
# for its own and crashes (usearch 2.26.6, onnxruntime 1.31.1). Loaded first, it keeps to its own.
with suppress(ImportError):
    import onnxruntime  # noqa: F401
from usearch.index import Index

from strata.vector.proposed import Directions, Proposed, blocks

CONNECTIVITY = 24
EFFORT_ADD = 512
EFFORT_SEARCH = (224, 512)
"""Events that a search looks at, at least: as many as suffice among 100,000, and as many as two milliseconds allow."""
SHARE_SEARCHED = 446
"""One event in so many is looked at, between these bounds. Near-identical texts are hard for a graph: with 96,
recall@10 is 0.979 among 25,000 of them and 0.976 among 50,000; with 220 it is 0.994 and 0.990,
and 0.994 among 100,000."""


class Usearch(Proposed):
    """VectorIndex for logs beyond some 100,000 events: a search looks at some hundreds of them."""

    format = "usearch"
    version = 3
    # To copy a graph costs less than to insert so many events, and to scan more takes longer than to search it.
    longest_tail = 8192
    proposed = 32

    _graph: Any = None

    def _make(self, path: Path, old: Path | None, rows: NDArray[np.int64], directions: Directions) -> None:
        graph = self._empty()
        if old is not None:
            graph.load(old)
        replaced = rows[rows < self._held]
        if len(replaced):
            graph.remove(replaced.astype(np.uint64), threads=1)
        for block in blocks(rows):
            # One thread: the graph, and so which events it proposes, must not depend on how threads took turns.
            graph.add(block.astype(np.uint64), as_bytes(directions(block)), copy=True, threads=1)
        graph.save(path)

    def _view(self, path: Path) -> None:
        self._graph = self._empty()
        self._graph.view(path)
        self._graph.expansion_search = int(np.clip(len(self._graph) // SHARE_SEARCHED, *EFFORT_SEARCH))

    def _nearest(self, vector: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        direction = vector / max(float(np.linalg.norm(vector)), 1e-12)
        found: NDArray[np.int64] = self._graph.search(as_bytes(direction), count, threads=1).keys.astype(np.int64)
        return found

    def _empty(self) -> Index:
        return Index(
            ndim=self._embedder.dimensions,
            # A search waits for memory, and reads half as much of bytes as of halves; the exact step mends their blur.
            dtype="i8",
            # All are of one length but for that blur, so the cosine's other two products at each step tell nothing.
            metric="ip",
            connectivity=CONNECTIVITY,
            expansion_add=EFFORT_ADD,
            expansion_search=EFFORT_SEARCH[0],
        )


def as_bytes(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Unit vectors as the graph holds them: each component in 127ths."""
    return np.clip(np.rint(vectors * 127), -127, 127).astype(np.int8)
