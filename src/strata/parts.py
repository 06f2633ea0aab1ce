"""The parts of an open store: the log, the indexes and the embedder, each opened when it is first used."""

from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from strata.engines import DEFAULTS, INDEXES, SAME_VECTORS, load
from strata.errors import UnknownNameError
from strata.protocols import Embedder, EventStore, Index, KeywordIndex, Toc, TopicGraph, VectorIndex
from strata.settings import Settings


class Parts:
    """One engine a layer, in the folder `path`. An engine is imported when its layer is first used."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self.engines = settings.engines
        self.settings = settings
        self._opened: dict[str, Any] = {}

    @cached_property
    def store(self) -> EventStore:
        return cast(EventStore, self._open("store"))

    @cached_property
    def toc(self) -> Toc:
        return cast(Toc, self._open("toc"))

    @cached_property
    def bm25(self) -> KeywordIndex:
        return cast(KeywordIndex, self._open("bm25"))

    @cached_property
    def embedder(self) -> Embedder:
        return cast(Embedder, self._open("embedder"))

    @cached_property
    def vector(self) -> VectorIndex:
        return cast(VectorIndex, self._open("vector", self.embedder))

    @cached_property
    def topics(self) -> TopicGraph:
        return cast(TopicGraph, self._open("topics", self.toc, self.vector, self.embedder))

    def index(self, layer: str) -> Index:
        """The index of a layer. Raises UnknownNameError if the layer is none of `INDEXES`."""
        if layer not in INDEXES:
            raise UnknownNameError(f"no layer is called {layer!r}: there is {', '.join(INDEXES)}")
        return cast(Index, getattr(self, layer))

    def close(self) -> None:
        for part in self._opened.values():
            if hasattr(part, "close"):
                part.close()
        self._opened.clear()
        for layer in self.engines:
            self.__dict__.pop(layer, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _open(self, layer: str, *parts: object) -> object:
        engine = load(layer, self.engines[layer])
        if layer == "embedder":
            self._opened[layer] = engine()
        else:
            place = self.place(layer)
            place.parent.mkdir(parents=True, exist_ok=True)
            where = {"servers": self.settings.servers} if getattr(engine, "on_servers", False) else {}
            self._opened[layer] = engine(place, *parts, **where)
        return self._opened[layer]

    def place(self, layer: str) -> Path:
        """Each engine's index has a place of its own, so that no engine ever meets the files of another.

        Embedders that give the same vectors share the indexes over them.
        """
        name = self.engines[layer]
        if layer == "store":
            return self.path / ("events.db" if name == DEFAULTS["store"] else f"events.{name}")
        if layer in ("vector", "topics"):
            embedder = self.engines["embedder"]
            name += f"-{SAME_VECTORS.get(embedder, embedder)}"
        return self.path / layer / name
