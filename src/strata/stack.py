"""The whole stack in one folder: ingest into the log, let the indexes catch up with it, ask one layer or all."""

import fcntl
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec

from strata.engines import DEFAULTS, INDEXES, check, load
from strata.errors import QueryError, StoreError, UnknownNameError
from strata.event import Event
from strata.hit import Hit, Hits, Scope, missing_from
from strata.ingest import TraceResult, ingest_trace
from strata.parts import Parts
from strata.protocols import AppendResult, Index, KeywordIndex, Toc, TopicGraph
from strata.settings import FORMAT, Settings, read_settings, write_settings
from strata.tokens import words

if TYPE_CHECKING:
    from strata.route.bounds import Bounds
    from strata.route.explanation import RouteResult

BATCH = 20_000
SHOWN_AGENTS = 8

Progress = Callable[[str, int, int], None]
"""Called with a layer, the log position it has reached, and the last position of the log."""


class Strata(Parts):
    """An open store: what can be done with its parts."""

    def ingest(self, events: Iterable[Event]) -> AppendResult:
        """Store the events durably. The indexes take them in at the next `build`."""
        return self.store.append(events)

    def ingest_trace(self, trace: Path, *, skip_bad_lines: bool = False) -> TraceResult:
        """Store the events of a trace file; see `strata.ingest.ingest_trace`."""
        return ingest_trace(self.store, trace, skip_bad_lines=skip_bad_lines)

    def build(self, layers: Sequence[str] | None = None, progress: Progress | None = None) -> dict[str, int]:
        """Let the indexes of `layers` (all by default) catch up with the log; how many events each took in.

        Every batch is durable by itself: a build that is killed goes on where it was. Raises StoreError if another
        build is under way, or an index is ahead of the log.
        """
        chosen = [layer for layer in INDEXES if layers is None or layer in layers]
        for layer in layers or ():
            if layer not in INDEXES:
                raise UnknownNameError(f"no layer is called {layer!r}: there is {', '.join(INDEXES)}")
        with self._building():
            if (found := read_settings(self.path)) != self.settings:
                # An engine whose library is missing must not become the store's.
                for layer, name in self.engines.items():
                    if found is None or found.engines.get(layer) != name:
                        load(layer, name)
                write_settings(self.path, self.settings)
            return {layer: self._catch_up(layer, progress) for layer in chosen}

    def search(
        self,
        layer: str,
        query: str,
        k: int = 10,
        *,
        agent: str | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> Hits:
        """The k best hits of one layer. Times are epoch milliseconds, `[since, until)`.

        Their `missing` names the parts of an index on servers that could not be searched; it is empty otherwise.

        Raises QueryError if the query has no words or the bounds are impossible, UnknownNameError for an agent or a
        layer that does not exist, StoreError if there is nothing to search.
        """
        if k < 1:
            raise QueryError(f"asked for {k} results: ask for at least 1")
        if not words(query):
            raise QueryError(f"the query {query!r} has no words to search for")
        scope = self.scope(agent=agent, since=since, until=until)
        index = self.ready(layer)
        if layer == "vector":
            (vector,) = self.embedder.embed([query])
            return self._with_text(self.vector.search(vector, k, scope))
        return self._with_text(cast(Toc | KeywordIndex | TopicGraph, index).search(query, k, scope))

    def route(
        self,
        query: str,
        k: int = 10,
        *,
        agent: str | None = None,
        now: int | None = None,
        intent: str | None = None,
        tier: str | None = None,
        mode: str | None = None,
        bounds: "Bounds | None" = None,
        time_boxing: bool = True,
    ) -> "RouteResult":
        """The k best events by all layers that are ready, and an explanation of how they were found.

        `now` is the epoch ms at which the query is asked, for expressions such as "last Tuesday"; by default the time
        of the newest event (of the agent). `intent`, `tier` and `mode` force what is otherwise chosen by the query's
        words and by the layers that are ready. `time_boxing=False` ignores time expressions.

        Raises QueryError if the query has no words or asks for what is not ready, UnknownNameError for an agent that
        does not exist, StoreError if there is nothing to search, ModelError if only a missing model could answer.
        """
        from strata.route.router import route

        if self.store.position == 0:
            raise StoreError(f"{self.path} holds no events: fill it with `strata ingest`")
        positions = {layer: self.index(layer).position for layer in INDEXES if self.place(layer).exists()}
        return route(
            self,
            query,
            k,
            scope=self.scope(agent=agent),
            behind={layer: self.store.position - position for layer, position in positions.items() if position},
            now=now,
            intent=intent,
            tier=tier,
            mode=mode,
            bounds=bounds,
            time_boxing=time_boxing,
        )

    def _with_text(self, hits: list[Hit]) -> Hits:
        """Hits on events come from their index without the text, which only the log keeps."""
        events = self.store.get([hit.doc_id for hit in hits if not hit.text])
        told = (
            msgspec.structs.replace(hit, text=events[hit.doc_id].text) if hit.doc_id in events else hit for hit in hits
        )
        return Hits(told, missing_from(hits))

    def scope(self, *, agent: str | None = None, since: int | None = None, until: int | None = None) -> Scope:
        """The restriction, checked against the store."""
        if since is not None and until is not None and since >= until:
            raise QueryError("the time range is empty: its start is not before its end")
        if agent is not None and agent not in (known := self.store.agents()):
            shown = ", ".join(known[:SHOWN_AGENTS]) or "no agent at all"
            more = f" and {len(known) - SHOWN_AGENTS:,} more" if len(known) > SHOWN_AGENTS else ""
            raise UnknownNameError(f"no agent is called {agent!r}: there is {shown}{more}")
        return Scope(agent=agent, since=since, until=until)

    def ready(self, layer: str) -> Index:
        """The index of a layer that has something to search. Raises StoreError, saying what to do, if it has not."""
        if self.store.position == 0:
            raise StoreError(f"{self.path} holds no events: fill it with `strata ingest`")
        if (layer in INDEXES and not self.place(layer).exists()) or self.index(layer).position == 0:
            raise StoreError(
                f"{self.path} has no {layer} index of engine {self.engines[layer]}: make it with `strata build`"
            )
        return self.index(layer)

    def stats(self) -> dict[str, Any]:
        """What is in the store and how far each index is. Sizes in bytes."""
        return {
            "path": str(self.path),
            "events": self.store.position,
            "agents": len(self.store.agents()),
            "pending": self.store.pending(),
            "bytes": self.store.size_bytes(),
            "engines": self.engines,
            "layers": {layer: self._layer_stats(layer) for layer in INDEXES},
        }

    def _catch_up(self, layer: str, progress: Progress | None) -> int:
        index = self.index(layer)
        start, end = index.position, self.store.position
        if start > end:
            raise StoreError(
                f"the {layer} index holds events up to {start:,} and the log ends at {end:,}: "
                f"delete {self.place(layer)} and build again"
            )
        size = getattr(index, "batch_size", BATCH)
        taken = 0
        if progress is not None:
            progress(layer, start, end)
        while index.position < end:
            entries = list(self.store.read(index.position, size))
            index.extend(entries)
            taken += len(entries)
            if progress is not None:
                progress(layer, index.position, end)
        self.store.acknowledge(layer, index.position)
        return taken

    def _layer_stats(self, layer: str) -> dict[str, Any]:
        if not self.place(layer).exists():
            return {"position": 0, "behind": self.store.position, "items": 0, "bytes": 0}
        index = self.index(layer)
        return {
            "position": index.position,
            "behind": self.store.position - index.position,
            "items": len(index),
            "bytes": index.size_bytes(),
        }

    @contextmanager
    def _building(self) -> Iterator[None]:
        with (self.path / "build.lock").open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StoreError(f"another build of {self.path} is under way: wait for it to end") from error
            yield


def open(
    path: str | Path,
    *,
    store: str | None = None,
    toc: str | None = None,
    bm25: str | None = None,
    embedder: str | None = None,
    vector: str | None = None,
    topics: str | None = None,
    servers: Sequence[str] | None = None,
    create: bool = True,
) -> Strata:
    """Open the store in the folder `path`, making a new one if there is none and `create` allows it.

    An engine that is not named is the one the store was built with last, or the default for a new store. Every engine
    has an index of its own: that of another engine than before is empty until `build`, which also makes it the
    store's engine from then on. `servers` are the DSNs of PostgreSQL servers, for engines that live on them; they are
    remembered as the engines are.

    Raises UnknownNameError for an engine that does not exist, MissingLibraryError if a new store is to have one whose
    library is not installed, StoreError if the folder is not a store, was made by a
    newer version, keeps its log in another store engine, or is to be made on a server that cannot be used.
    """
    path = Path(path)
    asked = {"store": store, "toc": toc, "bm25": bm25, "embedder": embedder, "vector": vector, "topics": topics}
    chosen = {layer: name for layer, name in asked.items() if name is not None}
    for layer, name in chosen.items():
        check(layer, name)
    found = read_settings(path)
    if found is None:
        if not create:
            raise StoreError(f"there is no store at {path}: make one with `strata ingest`")
        for layer, name in chosen.items():
            if getattr(engine := load(layer, name), "on_servers", False):
                engine.check(servers or ())
        settings = Settings(format=FORMAT, engines=DEFAULTS | chosen, servers=_remembered(servers or ()))
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make a store at {path}: {error.strerror}") from error
    else:
        if chosen.get("store", found.engines["store"]) != found.engines["store"]:
            raise StoreError(
                f"{path} keeps its log in the {found.engines['store']} engine, not in {store}: ingest into a new store"
            )
        kept = found.servers if servers is None else _remembered(servers)
        settings = Settings(format=FORMAT, engines=DEFAULTS | found.engines | chosen, servers=kept)
    if found is None:
        write_settings(path, settings)
    return Strata(path, settings)


def _remembered(servers: Sequence[str]) -> list[str]:
    if not servers:
        return []
    load("store", "postgresql")  # which says what to install
    from strata.postgresql import without_password

    return [without_password(dsn) for dsn in servers]
