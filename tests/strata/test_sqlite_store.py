"""The SQLite event log's file: what is refused, and that it is as durable as it says."""

import sqlite3
from pathlib import Path

import pytest

from strata.errors import StoreError
from strata.event import Event
from strata.sqlite_store import FORMAT, SqliteStore

EVENT = Event(event_id="a", session_id="s", timestamp=1, text="hello")


def test_every_commit_is_synced(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "events.db")
    connection = store._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_stored_event_cannot_be_changed(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "events.db")
    store.append([EVENT])
    with pytest.raises(sqlite3.IntegrityError, match="conflict"):
        store._connection.execute("UPDATE event SET text = 'bye'")


def test_a_file_of_a_newer_format(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    SqliteStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    with pytest.raises(StoreError, match=r"events\.db is a strata event log of format 2, this program reads up to 1"):
        SqliteStore(path)


def test_a_database_of_something_else_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE photo (id)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="a database of something else"):
        SqliteStore(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    path.write_bytes(b"not a database at all, but long enough to look like one" * 40)
    with pytest.raises(StoreError, match="file is not a database"):
        SqliteStore(path)
    with pytest.raises(StoreError, match="cannot open"):
        SqliteStore(tmp_path / "absent" / "events.db")


def test_an_empty_file_is_a_creation_that_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    path.touch()
    store = SqliteStore(path)
    assert store.append([EVENT]).added == 1
