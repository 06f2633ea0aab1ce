"""SQLite files that say what they are: opened, or created, with an application id and a format version."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strata.errors import StoreError

BUSY_SECONDS = 30.0


def connect(
    path: Path,
    *,
    kind: str,
    application_id: int,
    version: int,
    schema: str,
    synchronous: str,
    mend: str,
    disposable: bool = False,
) -> sqlite3.Connection:
    """Open the database at `path`, creating it with `schema` if there is none.

    The schema and the two header fields that identify the file are written in one transaction, so that a process
    killed while it creates the file leaves an empty one, which the next call fills. A `disposable` database of an
    older version is emptied, to be filled anew.

    Raises StoreError if the file is not a `kind`, was made by a newer version of this program, or is damaged; `mend`
    says what to do about damage.
    """
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise StoreError(f"cannot open {path}: {error}") from error
    try:
        header = (connection, path, kind, application_id, version)
        if _version(*header) == 0:
            connection.execute("PRAGMA journal_mode = WAL")
        if _version(*header) < (version if disposable else 1):
            with transaction(connection):
                if _version(*header) < version:  # else another process was faster
                    _make_anew(connection, schema, application_id, version)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA cache_size = -32768")
    except sqlite3.Error as error:
        connection.close()
        raise StoreError(f"{path} is not a strata {kind} that can be read ({error}): {mend}") from error
    except BaseException:
        connection.close()
        raise
    return connection


def _version(connection: sqlite3.Connection, path: Path, kind: str, application_id: int, version: int) -> int:
    """The format version of the file; 0 if there is nothing in it yet."""
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    (made_by,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if found == 0 and made_by == 0 and tables == 0:
        return 0
    if found != application_id:
        raise StoreError(f"{path} is a database of something else, not a strata {kind}: give another path")
    if made_by > version:
        raise StoreError(
            f"{path} is a strata {kind} of format {made_by}, this program reads up to {version}: "
            "update strata, or use another store"
        )
    return int(made_by)


def _make_anew(connection: sqlite3.Connection, schema: str, application_id: int, version: int) -> None:
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        connection.execute(f"DROP TABLE {table}")
    for statement in schema.split(";\n\n"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {application_id}")
    connection.execute(f"PRAGMA user_version = {version}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block in one write transaction: all of it is committed, or none if the block raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def size_bytes(path: Path) -> int:
    """Bytes on disk of a database file and of its write-ahead log."""
    files = (path, path.with_name(path.name + "-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
