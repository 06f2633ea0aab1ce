"""Which engines there are, by layer and name, and how to get at one without importing the others.

An engine is a class, constructed with:

    store     Engine(path)                    path: a file or folder of its own, created when missing
    toc       Engine(path)
    bm25      Engine(path)
    embedder  Engine()                        loads its model at the first `embed`
    vector    Engine(path, embedder)
    topics    Engine(path, toc, vector, embedder)

An index may say in a class attribute `batch_size` how many events one `extend` takes best. An engine that lives on
servers says so in a class attribute `on_servers`, and is constructed with `servers=` too, their DSNs in a fixed order.
"""

from importlib import import_module
from typing import Any

from strata.errors import MissingLibraryError, UnknownNameError

ENGINES: dict[str, dict[str, str]] = {
    "store": {
        "sqlite": "strata.sqlite_store:SqliteStore",
        "postgresql": "strata.postgresql_store:PostgresqlStore [postgresql]",
    },
    "toc": {"sqlite": "strata.toc.sqlite_toc:SqliteToc"},
    "bm25": {
        "rank-bm25": "strata.bm25.rank_bm25:RankBm25",
        "bm25s": "strata.bm25.bm25s:Bm25s [fast]",
        "tantivy": "strata.bm25.tantivy:TantivyIndex [fast]",
    },
    "embedder": {
        "minilm": "strata.embed.minilm:MiniLm",
        "minilm-bf16": "strata.embed.minilm:MiniLmBf16",
        "onnx": "strata.embed.onnx:OnnxMiniLm",
        "static": "strata.embed.static:StaticMiniLm",
    },
    "vector": {
        "numpy": "strata.vector.numpy_exact:NumpyExact",
        "numpy-half": "strata.vector.numpy_half:NumpyHalf",
        "usearch": "strata.vector.usearch:Usearch [fast]",
        "faiss": "strata.vector.faiss:Faiss [faiss]",
        "pgvector": "strata.vector.pgvector:Pgvector [postgresql]",
        "pgvector-hnsw": "strata.vector.pgvector_hnsw:PgvectorHnsw [postgresql]",
    },
    "topics": {
        "networkx": "strata.topics.networkx:NetworkxTopics",
        "rustworkx": "strata.topics.rustworkx:RustworkxTopics [fast]",
        "igraph": "strata.topics.igraph:IgraphTopics [igraph]",
    },
}
"""Layer -> name -> "module:class", and in brackets the extra that brings the engine's library, as in an entry point.

The first engine of a layer is its default.
"""

SAME_VECTORS = {"onnx": "minilm"}
"""Embedder -> the embedder whose vectors it gives too: both use one index."""

DEFAULTS = {layer: next(iter(names)) for layer, names in ENGINES.items()}
INDEXES = tuple(layer for layer in ENGINES if layer not in ("store", "embedder"))
"""The layers that follow the log, in the order in which they are built."""


def check(layer: str, name: str) -> None:
    """Raises UnknownNameError, listing the engines there are, if the layer has none of that name."""
    if layer not in ENGINES:
        raise UnknownNameError(f"no layer is called {layer!r}: there is {', '.join(ENGINES)}")
    if name not in ENGINES[layer]:
        raise UnknownNameError(f"no {layer} engine is called {name!r}: there is {', '.join(sorted(ENGINES[layer]))}")


def load(layer: str, name: str) -> Any:
    """The engine's class.

    Raises UnknownNameError as `check` does, MissingLibraryError if the engine's library is not installed.
    """
    check(layer, name)
    place, _, extra = ENGINES[layer][name].removesuffix("]").partition(" [")
    module, _, attribute = place.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        if not extra or (error.name or "").partition(".")[0] == "strata":
            raise
        raise MissingLibraryError(
            f"the {layer} engine {name} needs the package {error.name}, which is not installed: "
            f"pip install 'retrospeed[{extra}]'"
        ) from error
