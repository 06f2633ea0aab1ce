"""What every peer is given: a collection's documents, its questions, and the vectors of both, embedded once."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from judged import Collection, Question, read
from judged_options import Layout
from peers.peer import Document, Query
from strata.embed.minilm import MiniLm
from strata.engines import DEFAULTS, load
from vector_cache import CachedEmbedder

ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "RAYON_NUM_THREADS",
        "TOKIO_WORKER_THREADS",
        "LANCE_CPU_THREADS",
    ),
    "1",
)
"""Not LANCE_IO_THREADS: with one of them LanceDB waits for itself when it makes a full-text index."""
SILENT = {
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "LANGCHAIN_TRACING_V2": "false",
    "LANGSMITH_TRACING": "false",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_OFFLINE": "1",
}
"""No network and no telemetry."""


class Source(msgspec.Struct, frozen=True):
    """Where a collection is, how it is laid out, and where its vectors lie."""

    layout: Layout
    folder: Path
    vectors: Path

    def read(self) -> Collection:
        """The collection."""
        return read(self.layout, self.folder)

    def embed(self, cache: Path) -> None:
        """Write the vectors of its documents and questions where workers find them."""
        collection = self.read()
        embedder = CachedEmbedder(MiniLm(), cache)
        self.vectors.mkdir(parents=True)
        np.save(
            self.vectors / "documents.npy", embedder.embed([Document.of(event).text for event in collection.events])
        )
        np.save(self.vectors / "questions.npy", embedder.embed([question.text for question in collection.questions]))


class Given:
    """A source as one worker holds it."""

    def __init__(self, source: Source) -> None:
        collection = source.read()
        self.documents = [Document.of(event) for event in collection.events]
        self.questions = collection.questions
        self.vectors: NDArray[np.float32] = np.load(source.vectors / "documents.npy")
        self.asked: NDArray[np.float32] = np.load(source.vectors / "questions.npy")
        self._agents = np.array([document.agent for document in self.documents])

    def query(self, number: int, *, with_vector: bool) -> Query:
        """A question, with its vector for the peers that are given it."""
        question: Question = self.questions[number]
        return Query(question.text, question.agent, self.asked[number] if with_vector else None)

    def nearest(self, number: int, k: int) -> set[str]:
        """Ids of the k documents with the highest cosine, in the question's conversation."""
        agent = self.questions[number].agent
        scores = self.vectors @ self.asked[number]
        if agent is not None:
            scores[self._agents != agent] = -np.inf
        return {self.documents[row].doc_id for row in np.argsort(-scores, kind="stable")[:k]}


class Embedding:
    """What a hybrid peer embeds with: the model itself when `live`, else the vectors that are known."""

    def __init__(self, given: Given, embedder: str = DEFAULTS["embedder"]) -> None:
        self._model = load("embedder", embedder)()
        self._known = dict(zip((document.text for document in given.documents), given.vectors, strict=True))
        self._known |= zip((question.text for question in given.questions), given.asked, strict=True)
        self.live = False

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `peer.Embed`."""
        if self.live or any(text not in self._known for text in texts):
            vectors: NDArray[np.float32] = self._model.embed(list(texts))
            return vectors
        return np.stack([self._known[text] for text in texts])


def environment(put: Callable[[str, str], object] = os.environ.__setitem__) -> None:
    """Set what libraries read when they are imported: one thread each, no network, no telemetry."""
    for name, value in (ONE_THREAD | SILENT).items():
        put(name, value)
