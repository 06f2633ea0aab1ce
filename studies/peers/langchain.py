"""LangChain's EnsembleRetriever (reciprocal rank fusion) over its BM25Retriever and its InMemoryVectorStore.

BM25Retriever splits at blanks unless it is given a function: it gets strata's.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from langchain_classic.retrievers import EnsembleRetriever
from langchain_community.retrievers import BM25Retriever
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore
from numpy.typing import NDArray

from peers.peer import Document, Embed, Query
from peers.per_agent import PerAgent
from strata.tokens import terms

CANDIDATES = 100


class LangChain:
    """A pair of retrievers a conversation, as BM25Retriever has no filter."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._embedding = _Embedding(embed)
        self._parts = PerAgent(self._indexed)

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        self._parts.build(documents, vectors)

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        retriever, _ = self._parts.of(query)
        return [found.metadata["doc_id"] for found in retriever.invoke(query.text)[:k]]

    def _indexed(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> Any:
        texts = [document.text for document in documents]
        named = [{"doc_id": document.doc_id} for document in documents]
        keyword = BM25Retriever.from_texts(texts, named, preprocess_func=terms, k=CANDIDATES)
        store = InMemoryVectorStore.from_texts(texts, self._embedding, named)
        vector = store.as_retriever(search_kwargs={"k": CANDIDATES})
        return EnsembleRetriever(retrievers=[keyword, vector], id_key="doc_id")


class _Embedding(Embeddings):
    def __init__(self, embed: Embed) -> None:
        self._embed = embed

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._embed(texts).tolist()

    def embed_query(self, text: str) -> list[float]:
        return self._embed([text])[0].tolist()
