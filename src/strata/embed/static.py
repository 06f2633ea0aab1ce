"""A vector a word piece, looked up and averaged: no model runs, so texts embed some hundred times faster.

Words do not change each other's meaning here, which costs ranking quality; docs/embedders.md has the figures. The
table is distilled once from the packaged weights (`strata.embed.make_static`), which needs torch only then.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from strata.embed.made import Form, ensure
from strata.embed.packaged import INSTALL, SHA256
from strata.embed.word_pieces import WordPieces

FORM = Form(
    name="static-256-1",
    module="strata.embed.make_static",
    packages=("torch", "sentence-transformers", "transformers", "numpy"),
    install=INSTALL,
)
BATCH = 512
"""Texts that are looked up at once."""


class StaticMiniLm:
    """Embedder of 256 dimensions, in a space of its own. Texts are read whole. The table loads at the first `embed`."""

    space = f"all-MiniLM-L6-v2-{FORM.name}/{SHA256[:16]}"
    dimensions = 256

    def __init__(self, threads: int = 1) -> None:
        """`threads` other than 1 lets the tokenizer use every processor."""
        self._threads = threads
        self._model: tuple[WordPieces, NDArray[np.float32]] | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.embed`. A text without a word that the model knows gets the vector of no text.

        Raises ModelError if the table cannot be made, or is not what was made.
        """
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        if not texts:
            return vectors
        from scipy.sparse import csr_array

        pieces, table = self._loaded()
        unknown = pieces.id_of("[UNK]")
        for start in range(0, len(texts), BATCH):
            found = [
                [piece for piece in ids if piece != unknown] or [0] for ids in pieces.of(texts[start : start + BATCH])
            ]
            ends = np.cumsum([0, *map(len, found)])
            columns = np.fromiter((piece for ids in found for piece in ids), np.int32, ends[-1])
            # A sum of table rows for each text, as one sparse product: no copy of the rows is made.
            which = csr_array((np.ones(len(columns), np.float32), columns, ends), shape=(len(found), len(table)))
            vectors[start : start + BATCH] = which @ table
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def _loaded(self) -> tuple[WordPieces, NDArray[np.float32]]:
        if self._model is None:
            folder = ensure(FORM)
            table: NDArray[np.float32] = np.load(folder / "table.npy")
            self._model = WordPieces(folder / "tokenizer.json", self._threads, marked=False), table
        return self._model
