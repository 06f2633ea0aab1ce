"""What durable ingest is measured against: the same rows by one `executemany` into one SQLite table, as durable."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .workloads.workload import Fields

_COLUMNS = ("event_id", "session_id", "timestamp", "kind", "role", "agent", "text")


def rows(events: Sequence[Fields]) -> list[tuple[Any, ...]]:
    """The events as rows; metadata as JSON."""
    return [(*(event[column] for column in _COLUMNS), json.dumps(event["metadata"])) for event in events]


def table(folder: Path) -> sqlite3.Connection:
    """An empty table without any index, in a new file: write-ahead log, synchronous FULL."""
    connection = sqlite3.connect(folder / "events.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"CREATE TABLE event ({', '.join(_COLUMNS)}, metadata)")
    return connection


def fill(connection: sqlite3.Connection, values: Sequence[tuple[Any, ...]]) -> None:
    """All rows in one transaction."""
    connection.execute("BEGIN")
    connection.executemany(f"INSERT INTO event VALUES ({', '.join('?' * (len(_COLUMNS) + 1))})", values)
    connection.execute("COMMIT")
