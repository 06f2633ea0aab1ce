"""The event log in a PostgreSQL database.

It keeps what the SQLite log keeps, row for row: the same order, positions without gaps, the outbox row in the same
transaction. One append at a time holds the table's lock, which readers do not wait for; so positions become visible in
their order, and no reader that goes on from a position misses an event that was committed later. An append is
acknowledged when the server has synced its write-ahead log; `synchronous_commit = off` is not accepted from the
server's configuration. (`fsync = off` cannot be undone from here: such a server is not durable, whoever uses it.)

The log is immutable, and a trigger says so. A known id's content is compared here, page by page. Text is kept as text,
readable in psql; NUL and U+0001, which almost no text has, are kept as pairs (`strata.postgresql.stored_text`).
An event id that is longer than an index entry of the server may be (some 2,700 bytes) cannot be stored.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg

from strata.errors import ConflictError, StoreError
from strata.event import EARLIEST, LATEST, Event, LogEntry
from strata.event_row import COLUMNS, Row, to_event, to_row
from strata.postgresql import Connection, Server, chosen_servers, claim, enter_schema, read_text, settled, stored_text
from strata.protocols import AppendResult

FORMAT = 1
PAGE = 2_000

_SCHEMA = f"""
CREATE TABLE event (
    position bigint PRIMARY KEY,
    event_id text NOT NULL UNIQUE CHECK (event_id <> ''),
    session_id text NOT NULL CHECK (session_id <> ''),
    timestamp bigint NOT NULL CHECK (timestamp BETWEEN {EARLIEST} AND {LATEST}),
    kind text NOT NULL,
    role text NOT NULL,
    agent text NOT NULL,
    text text NOT NULL,
    metadata text NOT NULL
);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a stored event never changes'; END $$;
CREATE TRIGGER event_is_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON event EXECUTE FUNCTION refuse();
CREATE TABLE agent (name text NOT NULL);
CREATE TABLE outbox (last_position bigint PRIMARY KEY, first_position bigint NOT NULL);
CREATE TABLE reader (name text PRIMARY KEY, position bigint NOT NULL);
"""

_COPY = f"COPY event ({COLUMNS}, position) FROM STDIN"
_INSERT = f"INSERT INTO event ({COLUMNS}, position) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
_NEW_AGENTS = "INSERT INTO agent SELECT name FROM unnest(%s::text[]) AS name EXCEPT SELECT name FROM agent"
_REFUSALS = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded, UnicodeEncodeError)


class _RefusedError(Exception):
    def __init__(self, chunk: list[Row]) -> None:
        self.chunk = chunk


class PostgresqlStore:
    """EventStore in a schema of the first of `servers`; the file `path` remembers which. Made when missing."""

    on_servers = True

    def __init__(self, path: Path, servers: Sequence[str] = ()) -> None:
        """Raises StoreError if no server is named, it cannot be reached, or it is not the one that has the log."""
        dsn = chosen_servers(servers)[0]
        self._place = claim(path)
        self._server = Server(dsn, self._prepare)
        try:
            with self._server.transaction():
                pass
            if not self._place.made:
                self._place = settled(path, self._place)
        except BaseException:
            self._server.close()
            raise

    @staticmethod
    def check(servers: Sequence[str]) -> None:
        """Raises StoreError, saying why, if no log can be made there."""
        Server(chosen_servers(servers)[0], lambda connection: None).check()

    def _prepare(self, connection: Connection) -> None:
        connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        enter_schema(connection, self._place, kind="event log", version=FORMAT, statements=_SCHEMA)

    def append(self, events: Iterable[Event]) -> AppendResult:
        """Store the events durably in one transaction, with one outbox row for what it added.

        Raises ConflictError naming the event if its id is stored, or comes earlier in `events`, with other content;
        StoreError if an event cannot be stored at all, or the server is lost before it has acknowledged. Nothing of
        `events` is stored then; only when the server was lost while it committed, all of them may be.
        """
        added = duplicates = 0
        agents: set[str] = set()
        incoming = iter(events)
        try:
            with self._server.transaction() as connection:
                connection.execute("LOCK TABLE event IN SHARE ROW EXCLUSIVE MODE")
                first = _last(connection)
                while chunk := [_row(event) for event in islice(incoming, PAGE)]:
                    new = self._add(connection, chunk, first + added)
                    added += new
                    duplicates += len(chunk) - new
                    agents.update([row[5] for row in chunk])
                if added:
                    connection.execute("INSERT INTO outbox VALUES (%s, %s)", (first + added, first + 1))
                    connection.execute(_NEW_AGENTS, [[agent for agent in agents if agent]])
        except _RefusedError as refused:
            raise self._refusal(refused.chunk) or StoreError("the events cannot be stored") from refused.__cause__
        return AppendResult(added=added, duplicates=duplicates)

    def _add(self, connection: Connection, chunk: list[Row], last: int) -> int:
        """How many of the rows were new. Raises ConflictError, _RefusedError if the database refuses one of them."""
        try:
            stored = {
                row[0]: row
                for row in connection.execute(
                    f"SELECT {COLUMNS} FROM event WHERE event_id = ANY(%s)", [[row[0] for row in chunk]]
                )
            }
            new: dict[str, Row] = {}
            for row in chunk:
                if row != (stored.get(row[0]) or new.setdefault(row[0], row)):
                    raise ConflictError(
                        f"event {read_text(row[0])!r} comes again with other content: "
                        "an event never changes once it is stored"
                    )
            with connection.cursor().copy(_COPY) as copy:
                for position, row in enumerate(new.values(), last + 1):
                    copy.write_row((*row, position))
        except _REFUSALS as error:
            raise _RefusedError(chunk) from error
        return len(new)

    def _refusal(self, chunk: list[Row]) -> StoreError | None:
        """Which row it was, COPY does not say: each is tried by itself, and taken back."""
        for row in chunk:
            try:
                with self._server.transaction() as connection, connection.transaction(force_rollback=True):
                    connection.execute(_INSERT, (*row, _last(connection) + 1))
            except psycopg.errors.UniqueViolation:
                continue
            except _REFUSALS as error:
                said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
                return StoreError(f"event {read_text(row[0])!r} cannot be stored: {said or error}")
            except StoreError as error:
                if isinstance(error.__cause__, _REFUSALS):
                    return StoreError(f"event {read_text(row[0])!r} cannot be stored: {error}")
                raise
        return None

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[LogEntry]:
        """Yield the entries with `position > after` in log order, at most `limit` of them.

        Reads page by page, so that a slow consumer holds neither the log in memory nor a transaction open.
        """
        left = limit
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            rows = self._server.rows(
                f"SELECT {COLUMNS}, position FROM event WHERE position > %s ORDER BY position LIMIT %s", (after, size)
            )
            for row in rows:
                yield LogEntry(row[8], _event(row))
            if len(rows) < size:
                return
            after = rows[-1][8]
            if left is not None:
                left -= size

    def get(self, event_ids: Sequence[str]) -> dict[str, Event]:
        """Return the events that exist among `event_ids`."""
        ids = [stored_text(event_id) for event_id in event_ids]
        rows = self._server.rows(f"SELECT {COLUMNS} FROM event WHERE event_id = ANY(%s)", [ids])
        events = [_event(row) for row in rows]
        return {event.event_id: event for event in events}

    @property
    def position(self) -> int:
        """The last position of the log; 0 when it is empty."""
        return int(self._value("SELECT coalesce(max(position), 0) FROM event"))

    def agents(self) -> list[str]:
        """Every agent named in the log, sorted."""
        return sorted(read_text(name) for (name,) in self._server.rows("SELECT name FROM agent"))

    def newest(self, agent: str | None = None) -> int | None:
        """The time of the newest event, of one agent if it is given, epoch ms; None if there is none."""
        condition, values = ("", []) if agent is None else ("WHERE agent = %s", [stored_text(agent)])
        newest = self._value(f"SELECT max(timestamp) FROM event {condition}", values)
        return None if newest is None else int(newest)

    def acknowledge(self, index: str, position: int) -> None:
        """Tell the outbox that `index` holds everything up to `position`.

        An outbox row is deleted once every index that ever acknowledged has passed it.
        """
        with self._server.transaction() as connection:
            connection.execute(
                "INSERT INTO reader VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET position = excluded.position",
                (index, position),
            )
            connection.execute("DELETE FROM outbox WHERE last_position <= (SELECT min(position) FROM reader)")

    def pending(self) -> int:
        """Number of events that the outbox still holds for some index."""
        return int(self._value("SELECT coalesce(sum(last_position - first_position + 1), 0) FROM outbox"))

    def size_bytes(self) -> int:
        """Bytes on the server's disk, with indexes, without its write-ahead log."""
        return int(
            self._value(
                "SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class "
                "WHERE relkind = 'r' AND relnamespace = %s::regnamespace",
                [self._place.schema],
            )
        )

    def close(self) -> None:
        self._server.close()

    def _value(self, query: str, parameters: Sequence[Any] = ()) -> Any:
        ((value,),) = self._server.rows(query, parameters)
        return value


def _last(connection: Connection) -> int:
    ((last,),) = connection.execute("SELECT coalesce(max(position), 0) FROM event").fetchall()
    return int(last)


def _row(event: Event) -> Row:
    event_id, session_id, timestamp, kind, role, agent, text, metadata = to_row(event)
    stored = (stored_text(event_id), stored_text(session_id), timestamp, kind, role)
    return (*stored, stored_text(agent), stored_text(text), metadata)


def _event(row: tuple[Any, ...]) -> Event:
    event_id, session_id, timestamp, kind, role, agent, text, metadata = row[:8]
    stored = (read_text(event_id), read_text(session_id), timestamp, kind, role)
    return to_event((*stored, read_text(agent), read_text(text), metadata))
