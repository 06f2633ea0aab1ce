"""The event log in one SQLite file.

Every append is one transaction, written with `synchronous = FULL`: SQLite syncs the write-ahead log before the
commit returns, so an acknowledged event survives `kill -9` and also a power cut (NORMAL would survive the first
only, as it syncs at checkpoints). The price is one sync per append, whatever the number of its events.

The log is immutable, and a trigger says so. Rows are inserted in chunks, passing over ids that are known; if a chunk
had any, it is inserted again in a form that turns a known id with other content into an update, which the trigger
refuses. So new events, the common case, pay for no comparison.

Checkpoints, which copy the write-ahead log into the database, are put off until 64 MB have gathered: they move work
out of the append that would pay for it, and change nothing about what is durable.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from strata import database
from strata.errors import ConflictError, StoreError
from strata.event import EARLIEST, LATEST, Event, LogEntry
from strata.event_row import COLUMNS, Row, to_event, to_row
from strata.protocols import AppendResult

APPLICATION_ID = 0x53545245
FORMAT = 1
PAGE = 2_000
CHECKPOINT_PAGES = 16_384

_SCHEMA = f"""
CREATE TABLE event (
    position INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE CHECK (event_id <> ''),
    session_id TEXT NOT NULL CHECK (session_id <> ''),
    timestamp INTEGER NOT NULL CHECK (timestamp BETWEEN {EARLIEST} AND {LATEST}),
    kind TEXT NOT NULL,
    role TEXT NOT NULL,
    agent TEXT NOT NULL,
    text TEXT NOT NULL,
    metadata TEXT NOT NULL
);

CREATE TRIGGER event_is_immutable BEFORE UPDATE ON event BEGIN SELECT raise(ABORT, 'conflict'); END;

CREATE TABLE agent (name TEXT PRIMARY KEY) WITHOUT ROWID;

CREATE TABLE outbox (last_position INTEGER PRIMARY KEY, first_position INTEGER NOT NULL);

CREATE TABLE reader (name TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID
"""

_CONTENT = ("session_id", "timestamp", "kind", "role", "agent", "text", "metadata")
_INSERT = f"INSERT INTO event ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO "
_INSERT_NEW = _INSERT + "NOTHING"
_REFUSE_CHANGED = (
    _INSERT
    + "UPDATE SET event_id = event_id WHERE "
    + " OR ".join(f"event.{column} IS NOT excluded.{column}" for column in _CONTENT)
)

_REFUSALS = (sqlite3.IntegrityError, UnicodeEncodeError, OverflowError)


class SqliteStore:
    """EventStore on the SQLite file at `path`, created when missing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = database.connect(
            path,
            kind="event log",
            application_id=APPLICATION_ID,
            version=FORMAT,
            schema=_SCHEMA,
            synchronous="FULL",
            mend="restore it from a copy, or ingest into a new store",
        )
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")

    def append(self, events: Iterable[Event]) -> AppendResult:
        """Store the events durably in one transaction, with one outbox row for what it added.

        Raises ConflictError naming the event if its id is stored, or comes earlier in `events`, with other content;
        StoreError if an event cannot be stored at all. Nothing of `events` is stored then.
        """
        added = duplicates = 0
        agents: set[str] = set()
        incoming = iter(events)
        try:
            with database.transaction(self._connection):
                first = last = self.position
                while chunk := [to_row(event) for event in islice(incoming, PAGE)]:
                    self._insert(_INSERT_NEW, chunk)
                    before, last = last, self.position
                    if last - before < len(chunk):
                        self._insert(_REFUSE_CHANGED, chunk)
                    added += last - before
                    duplicates += len(chunk) - (last - before)
                    agents.update([row[5] for row in chunk])
                if added:
                    self._connection.execute("INSERT INTO outbox VALUES (?, ?)", (last, first + 1))
                    names = [(agent,) for agent in agents if agent]
                    self._connection.executemany("INSERT INTO agent VALUES (?) ON CONFLICT DO NOTHING", names)
        except sqlite3.Error as error:
            raise StoreError(f"cannot write to {self._path}: {error}") from error
        return AppendResult(added=added, duplicates=duplicates)

    def _insert(self, statement: str, chunk: list[Row]) -> None:
        """Raises ConflictError or StoreError naming the first event that the database refuses."""
        try:
            self._connection.executemany(statement, chunk)
        except _REFUSALS:
            # Which row it was, the database does not say. The statements may be repeated: they skip what they did.
            for row in chunk:
                try:
                    self._connection.execute(statement, row)
                except _REFUSALS as error:
                    if str(error) == "conflict":
                        raise ConflictError(
                            f"event {row[0]!r} comes again with other content: an event never changes once it is stored"
                        ) from error
                    raise StoreError(f"event {row[0]!r} cannot be stored: {error}") from error
            raise

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[LogEntry]:
        """Yield the entries with `position > after` in log order, at most `limit` of them.

        Reads page by page, so that a slow consumer holds neither the log in memory nor a read transaction open.
        """
        left = limit
        while left is None or left > 0:
            size = PAGE if left is None else min(PAGE, left)
            rows = self._connection.execute(
                f"SELECT {COLUMNS}, position FROM event WHERE position > ? ORDER BY position LIMIT ?", (after, size)
            ).fetchall()
            for row in rows:
                yield LogEntry(row[8], to_event(row))
            if len(rows) < size:
                return
            after = rows[-1][8]
            if left is not None:
                left -= size

    def get(self, event_ids: Sequence[str]) -> dict[str, Event]:
        """Return the events that exist among `event_ids`."""
        rows = self._connection.execute(
            f"SELECT {COLUMNS} FROM event WHERE event_id IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode(list(event_ids)).decode(),),
        ).fetchall()
        # SQLite's JSON functions cut a text at NUL.
        for event_id in {event_id for event_id in event_ids if "\0" in event_id}:
            rows += self._connection.execute(f"SELECT {COLUMNS} FROM event WHERE event_id = ?", (event_id,))
        return {row[0]: to_event(row) for row in rows}

    @property
    def position(self) -> int:
        """The last position of the log; 0 when it is empty."""
        (position,) = self._connection.execute("SELECT coalesce(max(position), 0) FROM event").fetchone()
        return int(position)

    def agents(self) -> list[str]:
        """Every agent named in the log, sorted."""
        return [name for (name,) in self._connection.execute("SELECT name FROM agent ORDER BY name")]

    def newest(self, agent: str | None = None) -> int | None:
        """The time of the newest event, of one agent if it is given, epoch ms; None if there is none."""
        condition, values = ("", ()) if agent is None else ("WHERE agent = ?", (agent,))
        (newest,) = self._connection.execute(f"SELECT max(timestamp) FROM event {condition}", values).fetchone()
        return None if newest is None else int(newest)

    def acknowledge(self, index: str, position: int) -> None:
        """Tell the outbox that `index` holds everything up to `position`.

        An outbox row is deleted once every index that ever acknowledged has passed it.
        """
        with database.transaction(self._connection):
            self._connection.execute(
                "INSERT INTO reader VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position",
                (index, position),
            )
            self._connection.execute("DELETE FROM outbox WHERE last_position <= (SELECT min(position) FROM reader)")

    def pending(self) -> int:
        """Number of events that the outbox still holds for some index."""
        (count,) = self._connection.execute(
            "SELECT coalesce(sum(last_position - first_position + 1), 0) FROM outbox"
        ).fetchone()
        return int(count)

    def size_bytes(self) -> int:
        """Bytes on disk."""
        return database.size_bytes(self._path)

    def close(self) -> None:
        self._connection.close()
