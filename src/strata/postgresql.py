"""PostgreSQL servers as engines meet them: where they are, a connection that comes back, errors in a sentence.

What a store keeps on servers lies in a schema of its own, under a random name that the store's folder remembers; so any
number of stores share a database, and a folder that moves finds what is its own.
"""

import os
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from strata.errors import StoreError
from strata.generation import replace, sync

ENVIRONMENT = "STRATA_SERVERS"
CONNECT_SECONDS = 3
START_SECONDS = 30.0
"""How long a server may be starting, or recovering from a crash, before it counts as unreachable."""
LOCK_SECONDS = 30

Connection = psycopg.Connection[tuple[Any, ...]]

_STARTING = re.compile("starting up|recovery|not yet accepting|closed the connection unexpectedly", re.IGNORECASE)
_LOST = "its connection was lost: what was not acknowledged may be asked for again"


def chosen_servers(given: Sequence[str]) -> list[str]:
    """The DSNs given, or else those of the environment: one, or several URIs with spaces between them.

    Raises StoreError, saying how to name one, if there is none.
    """
    found = list(given) or re.split(r"\s+(?=postgres(?:ql)?://)", os.environ.get(ENVIRONMENT, "").strip())
    if not any(found):
        raise StoreError(
            f"no PostgreSQL server is named: give --server DSN (servers= in Python) or set {ENVIRONMENT}, "
            "for example to postgresql://user@host/database"
        )
    return found


def without_password(dsn: str) -> str:
    """The DSN, which may be remembered in a file. Raises StoreError if it is none, or holds a password."""
    if _parsed(dsn).get("password"):
        raise StoreError(
            f"the DSN of {named(dsn)} holds a password, which a store does not keep: "
            "leave it out and put it into ~/.pgpass or PGPASSWORD"
        )
    return dsn


def named(dsn: str) -> str:
    """A server as messages name it: host, port and database, never a password."""
    parts = _parsed(dsn)
    host = parts.get("host") or parts.get("hostaddr") or os.environ.get("PGHOST") or "localhost"
    port = f":{parts['port']}" if "port" in parts else ""
    return f"{host}{port}/{parts.get('dbname') or os.environ.get('PGDATABASE') or parts.get('user') or ''}".rstrip("/")


def _parsed(dsn: str) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(dsn))
    except psycopg.Error as error:
        raise StoreError(
            f"a PostgreSQL server is named in a way that cannot be read ({_sentence(error)}): "
            "write it as postgresql://user@host/database"
        ) from error


class Server:
    """One server: connected when it is first used, and again when the connection was lost."""

    def __init__(self, dsn: str, prepare: Callable[[Connection], None]) -> None:
        """`prepare` is called with every new connection. Raises StoreError if the DSN cannot be read."""
        self.name = named(dsn)
        self._dsn = dsn
        self._prepare = prepare
        self._connection: Connection | None = None
        self._process = os.getpid()
        self._opening = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Run the block in one transaction: all of it is committed durably, or none if the block raises.

        Raises StoreError if the server cannot be reached, or is lost before it has acknowledged the transaction.
        """
        connection = self._connected()
        try:
            with connection.transaction():
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            if connection.broken or connection.closed:
                raise StoreError(f"PostgreSQL at {self.name}: {_LOST} ({_sentence(error)})") from error
            raise StoreError(f"PostgreSQL at {self.name} refuses: {_sentence(error)}") from error

    def rows(
        self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = (), *, binary: bool = False
    ) -> list[tuple[Any, ...]]:
        """The result of one statement. Raises StoreError as `transaction` does."""
        connection = self._connected()
        try:
            return connection.execute(query.encode(), parameters, binary=binary).fetchall()
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise StoreError(f"PostgreSQL at {self.name} does not answer: {_sentence(error)}") from error

    def check(self) -> None:
        """Connect once. Raises StoreError if that fails."""
        self._connected()
        self.close()

    def abandon(self) -> None:
        """Give up on what another thread waits for: it gets the error of a lost connection."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.closed:
            with socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._connection is not None and self._process == os.getpid():
            self._connection.close()
        self._connection = None

    def _connected(self) -> Connection:
        with self._opening:
            if self._process != os.getpid():
                # A forked process must not talk over its parent's connection.
                self._connection, self._process = None, os.getpid()
            if self._connection is None or self._connection.closed or self._connection.broken:
                self._connection = self._connect()
            return self._connection

    def _connect(self) -> Connection:
        patience = time.monotonic() + START_SECONDS
        given = _parsed(self._dsn)
        while True:
            connection = None
            try:
                connection = psycopg.connect(
                    self._dsn,
                    autocommit=True,
                    connect_timeout=int(given.get("connect_timeout") or CONNECT_SECONDS),
                    application_name=given.get("application_name") or "strata",
                )
                connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'; SET client_encoding = 'UTF8'")
                self._prepare(connection)
                return connection
            except psycopg.Error as error:
                if connection is not None:
                    connection.close()
                if not _STARTING.search(str(error)) or time.monotonic() > patience:
                    raise StoreError(
                        f"PostgreSQL at {self.name} cannot be used: {_sentence(error)}; "
                        "see that it runs and lets this user in"
                    ) from error
                time.sleep(0.05)
            except BaseException:
                if connection is not None:
                    connection.close()
                raise


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A store's note of where its part lies on servers. `made` once the schema was there."""

    schema: str
    made: bool = False


def claim(path: Path) -> Place:
    """The place noted in the file `path`; a new one, noted durably, if there is none.

    Of two processes that make one at once, both get the same. Raises StoreError if the file cannot be read or written.
    """
    try:
        if not path.exists():
            note = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
            replace(note, msgspec.json.encode(Place(schema=f"strata_{secrets.token_hex(8)}")))
            try:
                path.hardlink_to(note)
            except FileExistsError:
                pass
            finally:
                note.unlink()
            sync(path.parent)
        return msgspec.json.decode(path.read_bytes(), type=Place)
    except OSError as error:
        raise StoreError(f"cannot open {path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise StoreError(f"{path} is not a note of a place on a PostgreSQL server ({error}): restore it") from error


def settled(path: Path, place: Place) -> Place:
    """Note that the schema is there: from now on a server without it is the wrong one."""
    made = Place(schema=place.schema, made=True)
    replace(path, msgspec.json.encode(made))
    return made


def enter_schema(
    connection: Connection,
    place: Place,
    *,
    kind: str,
    version: int,
    statements: str,
    number: int = 0,
    beside: str = "public",
) -> None:
    """Use the schema of `place` on this connection, made with `statements` if it may be and is missing.

    Raises StoreError if the schema is missing that was there, belongs to a newer program, or is that of another
    server of the same store: its `number` says which one this should be. Names are looked up in `beside` too.
    """
    name = sql.Identifier(place.schema)
    connection.execute(sql.SQL("SET search_path = {}, {}").format(name, sql.Identifier(beside)))
    found = _signature(connection, place)
    if found is None and place.made:
        raise StoreError(
            f"PostgreSQL at {named(connection.info.dsn)} has no {kind} {place.schema}, which was there: "
            "it is another server or another database than the store was made on"
        )
    if found is None:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [place.schema])
            found = _signature(connection, place)
            if found is None:  # else another process was faster
                connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
                connection.execute("CREATE TABLE signature (kind text, version int, number int)")
                connection.execute("INSERT INTO signature VALUES (%s, %s, %s)", [kind, version, number])
                connection.execute(statements.encode())
                return
    if found[1] > version:
        raise StoreError(
            f"{place.schema} is a strata {kind} of format {found[1]}, this program reads up to {version}: update strata"
        )
    if (found[0], found[2]) != (kind, number):
        raise StoreError(
            f"PostgreSQL at {named(connection.info.dsn)} is server {found[2] + 1} of the {found[0]} {place.schema}, "
            f"not server {number + 1} of the {kind}: name the servers in their old order"
        )


def _signature(connection: Connection, place: Place) -> tuple[Any, ...] | None:
    known = connection.execute("SELECT to_regclass(%s)", [f"{place.schema}.signature"]).fetchone()
    if known is None or known[0] is None:
        return None
    return connection.execute("SELECT kind, version, number FROM signature").fetchone()


def stored_text(text: str) -> str:
    """Text as PostgreSQL can keep it, which has no NUL; the order of texts stays what it was."""
    if "\x00" in text or "\x01" in text:
        return text.replace("\x01", "\x01\x02").replace("\x00", "\x01\x01")
    return text


def read_text(stored: str) -> str:
    """The text that `stored_text` was given."""
    return stored.replace("\x01\x01", "\x00").replace("\x01\x02", "\x01") if "\x01" in stored else stored


def _sentence(error: Exception) -> str:
    said = getattr(getattr(error, "diag", None), "message_primary", None) or str(error) or type(error).__name__
    return " ".join(said.split())
