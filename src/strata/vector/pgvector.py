"""Nearest neighbours on PostgreSQL servers with pgvector: an exact scan on each, merged here.

The servers hold the vectors and the directions that are searched: of each event and its neighbours in the session
together, as `numpy_exact` has them. This folder holds the catalog alone: the log position, and which calendar month
lies on which server. A search asks the servers whose months its scope touches; when one does not answer, the others'
hits come with a note of what is missing.

All servers change together, or none, in one step: the catalog. A row says at which position it was made, and at which
it was replaced; a search at the catalog's position sees no other rows. So what a killed `extend` left is never seen,
and the next one, which waits for what is still under way on a server, takes it back. After the catalog each server is
told the position, and drops what is replaced; one that is ahead of the catalog was extended by another folder.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from strata.author import attributed
from strata.errors import QueryError, StoreError
from strata.event import LogEntry
from strata.generation import Generations
from strata.hit import EVERYTHING, Hit, Hits, Scope
from strata.postgresql import Connection, Place, chosen_servers, claim, enter_schema, read_text, stored_text
from strata.protocols import Embedder
from strata.vector.partitions import Catalog, missing
from strata.vector.pgvector_tables import (
    NEAREST,
    NEVER,
    SCALE,
    SEAL,
    TABLES,
    VERSION,
    enter_extension,
    restriction,
)
from strata.vector.pgvector_writing import ahead, take_back, write
from strata.vector.servers import Servers


class Pgvector:
    """VectorIndex on `servers`; the folder `path` remembers what lies where. The same hits as an exact scan here."""

    on_servers = True
    batch_size = 1000
    format: ClassVar[str] = "pgvector"
    index: ClassVar[str] = ""
    """For engines with an index over the directions: the statement that makes it."""

    def __init__(self, path: Path, embedder: Embedder, servers: Sequence[str] = ()) -> None:
        """Open the index. No server is asked yet.

        Raises StoreError if no server is named, or the catalog cannot be read or is of another space.
        """
        self._path = path
        self._embedder = embedder
        self._generations = Generations(path, format=self.format, version=VERSION)
        self._place = claim(path / "place.json")
        self._catalog = Catalog(embedder.space)
        self.position = 0
        self._read_catalog()
        self._servers = Servers(chosen_servers(servers), self._prepare)

    @staticmethod
    def check(servers: Sequence[str]) -> None:
        """Raises StoreError, saying why, if one of the servers cannot be used."""

        def prepare(number: int, connection: Connection) -> None:
            enter_extension(connection)

        asked = Servers(chosen_servers(servers), prepare)
        for number in range(len(asked)):
            asked[number].check()

    def extend(self, entries: Sequence[LogEntry]) -> None:
        """See `Index.extend`. Raises ModelError if the embedder has no model, StoreError as `extend_vectors` does."""
        if entries:
            self.extend_vectors(entries, self._embedder.embed([attributed(entry.event) for entry in entries]))

    def extend_vectors(self, entries: Sequence[LogEntry], vectors: NDArray[np.float32]) -> None:
        """See `VectorIndex.extend_vectors`. Raises ValueError if the shape is wrong or a value is not finite,
        StoreError if one of the servers cannot be used: a session may go on from any of them."""
        if vectors.shape != (len(entries), self._embedder.dimensions):
            raise ValueError(
                f"vectors of shape {vectors.shape} given for {len(entries)} events "
                f"of {self._embedder.dimensions} dimensions"
            )
        vectors = np.ascontiguousarray(vectors, np.float32)
        if not np.isfinite(vectors).all():
            raise ValueError("vectors must be finite numbers of float32")
        if not entries:
            return
        now = entries[-1].position
        with self._generations.write(now, follows=self.position) as folder:
            catalog = self._catalog.extended([entry.event.timestamp for entry in entries], len(self._servers))
            with ExitStack() as together:
                connections = [
                    together.enter_context(self._servers[number].transaction()) for number in range(catalog.servers)
                ]
                for connection in connections:
                    take_back(connection, self.position)
                write(connections, catalog, entries, vectors, self.position)
            (folder / "catalog.json").write_bytes(msgspec.json.encode(catalog))
        self._catalog, self.position = catalog, now
        for number in range(catalog.servers):
            try:
                with self._servers[number].transaction() as connection:
                    connection.execute(SEAL, {"at": now})
            except StoreError:
                # Nothing is lost: the rows that it should drop are not seen, and the next extend has it do so.
                continue

    def search(self, vector: NDArray[np.float32], k: int, scope: Scope = EVERYTHING) -> Hits:
        """See `VectorIndex.search`; the hits say what is missing when a server does not answer.

        Raises QueryError if the vector has another shape or is not finite.
        """
        return self._best(vector, None, k, scope)

    def rank(self, vector: NDArray[np.float32], event_ids: Sequence[str], k: int, scope: Scope = EVERYTHING) -> Hits:
        """See `VectorIndex.rank`; otherwise as `search`."""
        return self._best(vector, event_ids, k, scope)

    def vectors_of(self, event_ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The stored vectors of those events. Raises StoreError if a server that may hold some does not answer."""
        answers, reasons = self._servers.ask(
            {partition.server for partition in self._catalog.partitions.values()},
            "SELECT event_id, vector FROM stored WHERE event_id = ANY(%s) AND position <= %s",
            ([stored_text(event_id) for event_id in event_ids], self.position),
        )
        if reasons:
            raise StoreError(next(iter(reasons.values())))
        return {read_text(event_id): vector.to_numpy() for rows in answers.values() for event_id, vector in rows}

    def __len__(self) -> int:
        return len(self._catalog)

    def size_bytes(self) -> int:
        """Bytes on the disks of the servers, with indexes. Raises StoreError if one does not answer."""
        answers, reasons = self._servers.ask(
            range(self._catalog.servers),
            "SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = %s::regnamespace",
            [self._place.schema],
        )
        if reasons:
            raise StoreError(next(iter(reasons.values())))
        return sum(int(rows[0][0]) for rows in answers.values()) + self._generations.size_bytes()

    def close(self) -> None:
        self._servers.close()

    def _best(self, vector: NDArray[np.float32], event_ids: Sequence[str] | None, k: int, scope: Scope) -> Hits:
        if vector.shape != (self._embedder.dimensions,) or not np.isfinite(vector).all():
            raise QueryError(
                f"a query vector must hold {self._embedder.dimensions} finite numbers, not shape {vector.shape}"
            )
        if k < 1 or (event_ids is not None and not event_ids):
            return Hits()
        while True:
            partitions = self._catalog.within(scope)
            wanted = restriction(scope, event_ids) | {"query": np.asarray(vector, np.float32), "at": self.position}
            answers, reasons = self._nearest({partition.server for partition in partitions}, wanted, k)
            sealed = max((rows[0][0] for rows in answers.values()), default=0)
            if sealed <= self.position:
                break
            # Another process has extended the index meanwhile, and what this one knows of may be replaced.
            self._read_catalog()
            if sealed > self.position:
                raise StoreError(ahead(self.position, sealed))
        found = sorted(
            (-score, read_text(event_id), read_text(agent), timestamp)
            for rows in answers.values()
            for _, event_id, agent, timestamp, score in rows
            if event_id is not None
        )
        hits = (
            Hit(doc_id=doc_id, score=-less / SCALE, layer="vector", timestamp=timestamp, agent=agent, text="")
            for less, doc_id, agent, timestamp in found[:k]
        )
        return Hits(hits, missing(partitions, reasons))

    def _nearest(
        self, numbers: set[int], wanted: dict[str, Any], k: int
    ) -> tuple[dict[int, list[tuple[Any, ...]]], dict[int, str]]:
        """The k best rows of each server, and why others did not answer."""
        query = NEAREST.format(scale=SCALE, conditions=wanted["conditions"], order='score DESC, event_id COLLATE "C"')
        return self._servers.ask(numbers, query, wanted | {"count": k})

    def _prepare(self, number: int, connection: Connection) -> None:
        beside = enter_extension(connection)
        dimensions = self._embedder.dimensions
        enter_schema(
            connection,
            Place(schema=self._place.schema, made=number < self._catalog.servers),
            kind=self.format,
            version=VERSION,
            # In its row a direction is read without a second look-up; a row must fit into a page.
            statements=TABLES.format(
                dimensions=dimensions, never=NEVER, storage="plain" if dimensions <= 1900 else "external"
            )
            + self.index,
            number=number,
            beside=beside,
        )

    def _read_catalog(self) -> None:
        loaded = self._generations.load(
            lambda folder: msgspec.json.decode((folder / "catalog.json").read_bytes(), type=Catalog)
        )
        if loaded is None:
            return
        position, catalog = loaded
        if catalog.space != self._embedder.space:
            raise StoreError(
                f"{self._path} holds vectors of {catalog.space}, which cannot be compared with "
                f"{self._embedder.space}: delete the folder to embed the log again"
            )
        self._catalog, self.position = catalog, position
