"""all-MiniLM-L6-v2 by ONNX Runtime: the vectors of sentence-transformers without torch.

The model file is made once from the packaged weights (`strata.embed.made`), which needs torch then and never again.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from strata.embed.made import Form, ensure
from strata.embed.minilm import MiniLm
from strata.embed.word_pieces import WordPieces
from strata.errors import ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

INSTALL = 'install them with pip install "retrospeed[strata,onnx]"'
FORM = Form(
    name="onnx-1",
    module="strata.embed.make_onnx",
    packages=("torch", "onnx", "onnxscript", "onnxruntime", "sentence-transformers", "transformers"),
    install=INSTALL,
)


class OnnxMiniLm:
    """Embedder in the space of MiniLm, to 1e-5. The first `embed` loads the model, or makes it."""

    space = MiniLm.space
    dimensions = MiniLm.dimensions

    def __init__(self, threads: int = 1, batch_tokens: int = 512) -> None:
        """`batch_tokens` bounds the word pieces of one batch, padding included."""
        self._threads = threads
        self._batch_tokens = batch_tokens
        self._model: tuple[WordPieces, InferenceSession] | None = None

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.embed`. Raises ModelError if the model cannot be made, or is not what was made."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        if not texts:
            return vectors
        pieces, session = self._loaded()
        ids = pieces.of(texts)
        for rows, length in _batches([len(each) for each in ids], self._batch_tokens):
            padded = np.zeros((len(rows), length), np.int64)
            mask = np.zeros_like(padded)
            for place, row in enumerate(rows):
                padded[place, : len(ids[row])] = ids[row]
                mask[place, : len(ids[row])] = 1
            (vectors[rows],) = session.run(None, {"input_ids": padded, "attention_mask": mask})
        return vectors

    def _loaded(self) -> "tuple[WordPieces, InferenceSession]":
        if self._model is None:
            try:
                import onnxruntime
            except ImportError as error:
                raise ModelError(f"this embedder needs the package onnxruntime: {INSTALL}") from error
            folder = ensure(FORM)
            options: Any = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self._threads
            options.inter_op_num_threads = 1
            # A thread that waits for work must not take the processor from others.
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")
            session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
            config = msgspec.json.decode((folder / "sentence_bert_config.json").read_bytes())
            pieces = WordPieces(folder / "tokenizer.json", self._threads, longest=config["max_seq_length"])
            self._model = pieces, session
        return self._model


def _batches(lengths: Sequence[int], most: int) -> Iterator[tuple[list[int], int]]:
    """Rows in batches of like length, each at most `most` when padded to its longest, and that longest length."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: lengths[row]):
        if batch and lengths[row] * (len(batch) + 1) > most:
            yield batch, lengths[batch[-1]]
            batch = []
        batch.append(row)
    if batch:
        yield batch, lengths[batch[-1]]
