"""LlamaIndex's QueryFusionRetriever (reciprocal rank fusion, no further queries) over its BM25Retriever and its
in-memory VectorStoreIndex."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import Stemmer
from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import TextNode
from llama_index.retrievers.bm25 import BM25Retriever
from numpy.typing import NDArray
from pydantic import PrivateAttr

from peers.peer import Document, Embed, Query
from peers.per_agent import PerAgent

CANDIDATES = 100


class LlamaIndex:
    """A pair of retrievers a conversation."""

    def __init__(self, folder: Path, embed: Embed) -> None:
        self._embedding = _Embedding(embed)
        self._parts = PerAgent(self._indexed)

    def build(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> None:
        """See `Peer.build`."""
        self._parts.build(documents, vectors)

    def search(self, query: Query, k: int) -> list[str]:
        """See `Peer.search`."""
        retriever, _ = self._parts.of(query)
        return [found.node.node_id for found in retriever.retrieve(query.text)[:k]]

    def _indexed(self, documents: Sequence[Document], vectors: NDArray[np.float32]) -> Any:
        nodes = [TextNode(id_=document.doc_id, text=document.text) for document in documents]
        for node, vector in zip(nodes, vectors, strict=True):
            node.embedding = vector.tolist()
        count = min(CANDIDATES, len(nodes))
        vector = VectorStoreIndex(nodes, embed_model=self._embedding).as_retriever(similarity_top_k=count)
        keyword = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=count, stemmer=Stemmer.Stemmer("english"))
        return QueryFusionRetriever(
            [vector, keyword],
            llm=MockLLM(),  # asked for further queries only, of which there are none
            mode="reciprocal_rerank",
            num_queries=1,
            similarity_top_k=10,
            use_async=False,
        )


class _Embedding(BaseEmbedding):
    _embed: Any = PrivateAttr()

    def __init__(self, embed: Embed) -> None:
        super().__init__(model_name="all-MiniLM-L6-v2")
        self._embed = embed

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._embed([text])[0].tolist()

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._embed([query])[0].tolist()

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)
