"""Nearest neighbours with faiss: every event scanned, as halves, by its vectorised code."""

from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from strata.vector.proposed import Directions, Proposed, blocks


class Faiss(Proposed):
    """VectorIndex that scans everything, some times faster than numpy, without a graph to build."""

    format = "faiss"
    version = 1

    _flat: Any = None

    def _make(self, path: Path, old: Path | None, rows: NDArray[np.int64], directions: Directions) -> None:
        dimensions = self._embedder.dimensions
        flat = faiss.IndexScalarQuantizer(dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        # There is nothing to learn: the whole is made anew in less time than its file takes to write.
        for block in blocks(np.arange(len(self._rows))):
            flat.add(directions(block))
        faiss.write_index(flat, str(path))

    def _view(self, path: Path) -> None:
        self._flat = faiss.read_index(str(path))

    def _nearest(self, vector: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        _, (rows,) = self._flat.search(vector[None].astype(np.float32), count)
        found: NDArray[np.int64] = rows[rows >= 0]
        return found
