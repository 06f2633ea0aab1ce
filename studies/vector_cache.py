"""A content-addressed cache in front of an embedder: a text is embedded once, whichever run asks for it."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strata.protocols import Embedder


class CachedEmbedder:
    """Embedder that keeps every vector under the SHA-256 of its text, in one file a vector space."""

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self._embedder = embedder
        self._path = folder / f"{embedder.space.replace('/', '-')}.npz"
        self.space = embedder.space
        self.dimensions = embedder.dimensions
        self._vectors: dict[str, NDArray[np.float32]] = {}
        if self._path.exists():
            with np.load(self._path) as kept:
                self._vectors = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.embed`."""
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._vectors}
        if missing:
            vectors = self._embedder.embed(list(missing.values()))
            self._vectors.update(zip(missing, vectors, strict=True))
            if len(missing) > 1:
                self.save()
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        return np.stack([self._vectors[key] for key in keys])

    def save(self) -> None:
        """Write the cache to its file."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_name(self._path.name + ".new")
        with temporary.open("wb") as file:
            np.savez(file, keys=np.array(list(self._vectors)), vectors=np.stack(list(self._vectors.values())))
        temporary.replace(self._path)
