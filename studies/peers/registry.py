"""Who is compared, by kind. Strata's own layers come first: the first of a kind is what ratios refer to."""

from importlib import import_module, metadata
from typing import Any

import msgspec

from peers.peer import Kind


class Entry(msgspec.Struct, frozen=True):
    """A peer: its kind, "module:class" under `peers`, and the packages whose versions say what was measured."""

    kind: Kind
    place: str
    packages: tuple[str, ...] = ()

    def load(self) -> Any:
        """The peer's class. Raises ImportError if its library is not installed."""
        module, _, name = self.place.partition(":")
        return getattr(import_module(f"peers.{module}"), name)

    def versions(self) -> dict[str, str]:
        """Version by package. Raises PackageNotFoundError, which is an ImportError, if one is not installed."""
        return {package: metadata.version(package) for package in self.packages}


REGISTRY: dict[str, Entry] = {
    "strata bm25": Entry("keyword", "ours:Bm25", ("rank-bm25",)),
    "strata bm25, bm25s": Entry("keyword", "ours:Bm25WithBm25s", ("bm25s", "numba")),
    "strata bm25, tantivy": Entry("keyword", "ours:Bm25WithTantivy", ("tantivy",)),
    "rank-bm25": Entry("keyword", "rank_bm25:RankBm25", ("rank-bm25",)),
    "bm25s": Entry("keyword", "bm25s:Bm25s", ("bm25s", "numba", "PyStemmer")),
    "tantivy": Entry("keyword", "tantivy:Tantivy", ("tantivy",)),
    "sqlite-fts5": Entry("keyword", "sqlite_fts5:SqliteFts5"),
    "strata vector": Entry("vector", "ours:Vector", ("numpy",)),
    "strata vector, numpy-half": Entry("vector", "ours:VectorHalf", ("numpy",)),
    "strata vector, faiss": Entry("vector", "ours:VectorWithFaiss", ("faiss-cpu",)),
    "strata vector, usearch": Entry("vector", "ours:VectorWithUsearch", ("usearch",)),
    "numpy": Entry("vector", "numpy_scan:NumpyScan", ("numpy",)),
    "faiss-flat": Entry("vector", "faiss:Flat", ("faiss-cpu",)),
    "faiss-hnsw": Entry("vector", "faiss:Hnsw", ("faiss-cpu",)),
    "usearch": Entry("vector", "usearch:Usearch", ("usearch",)),
    "lancedb": Entry("vector", "lancedb:LanceDb", ("lancedb",)),
    "chroma": Entry("vector", "chroma:Chroma", ("chromadb",)),
    "qdrant-local": Entry("vector", "qdrant:QdrantLocal", ("qdrant-client",)),
    "strata routed": Entry("hybrid", "ours:Routed", ("sentence-transformers", "torch")),
    "strata routed, onnx": Entry("hybrid", "ours:RoutedOnnx", ("onnxruntime",)),
    "txtai": Entry("hybrid", "txtai:Txtai", ("txtai", "faiss-cpu")),
    "llama-index": Entry("hybrid", "llama_index:LlamaIndex", ("llama-index-core", "llama-index-retrievers-bm25")),
    "langchain": Entry("hybrid", "langchain:LangChain", ("langchain-core", "langchain-classic", "langchain-community")),
    "lancedb-hybrid": Entry("hybrid", "lancedb_hybrid:LanceDbHybrid", ("lancedb",)),
}
"""Name -> entry; a new peer is one module and one line here."""
