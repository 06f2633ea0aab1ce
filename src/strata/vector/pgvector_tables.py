"""What the pgvector engine says to its servers: the tables, and the statements over them.

`stored` has every event's vector. `searched` has the direction of each event that can be found, in versions: a row is
seen at the positions from `made` on and before `replaced`. `state` has the position that the server was told of last.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from pgvector.psycopg import register_vector
from psycopg import sql

from strata.errors import StoreError
from strata.hit import Scope
from strata.postgresql import Connection, stored_text

VERSION = 1
NEVER = 2**63 - 1
SCALE = 1e6
"""Scores are rounded to six decimals, as those of `numpy_exact` are."""

TABLES = """
CREATE TABLE state (sealed bigint NOT NULL);
INSERT INTO state VALUES (0);
CREATE TABLE stored (position bigint PRIMARY KEY, event_id text, session text, vector vector({dimensions}));
CREATE INDEX ON stored (md5(session), position);
CREATE INDEX ON stored USING hash (event_id);
CREATE TABLE searched (position bigint, made bigint, replaced bigint, event_id text, agent text, timestamp bigint,
    direction vector({dimensions}), PRIMARY KEY (position, made));
ALTER TABLE searched ALTER direction SET STORAGE {storage};
CREATE INDEX ON searched (made);
CREATE INDEX ON searched (replaced) WHERE replaced < {never};
CREATE INDEX ON searched (timestamp);
CREATE INDEX ON searched USING hash (event_id);
"""
UNDO = f"""
DELETE FROM stored WHERE position > %(at)s;
DELETE FROM searched WHERE made > %(at)s;
UPDATE searched SET replaced = {NEVER} WHERE replaced > %(at)s AND replaced < {NEVER};
"""
SEAL = "WITH now AS (UPDATE state SET sealed = %(at)s) DELETE FROM searched WHERE replaced <= %(at)s"
TAILS = """
SELECT session, before.position, before.vector FROM unnest(%s::text[]) AS wanted (session) CROSS JOIN LATERAL (
    SELECT position, vector FROM stored
    WHERE md5(stored.session) = md5(wanted.session) AND stored.session = wanted.session AND position <= %s
    ORDER BY position DESC LIMIT %s) AS before
"""
RETIRE = f"""
UPDATE searched SET replaced = %(now)s FROM stored, unnest(%(sessions)s::text[]) AS retired (session)
WHERE md5(stored.session) = md5(retired.session) AND stored.session = retired.session
    AND searched.position = stored.position AND replaced = {NEVER}
"""
TURN = f"""
WITH old AS (UPDATE searched SET replaced = %(now)s WHERE position = %(position)s AND replaced = {NEVER} RETURNING *)
INSERT INTO searched
SELECT position, %(now)s, {NEVER}, event_id, agent, timestamp, %(direction)s FROM old
"""
NEAREST = """
SELECT sealed, event_id, agent, timestamp, score FROM state LEFT JOIN LATERAL (
    SELECT event_id, agent, timestamp, round((direction <#> %(query)s) * -{scale}) AS score FROM searched
    WHERE made <= %(at)s AND replaced > %(at)s {conditions}
    ORDER BY {order} LIMIT %(count)s) AS nearest ON true
"""

_EXTENSION = """
SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'vector'
"""


def enter_extension(connection: Connection) -> str:
    """The schema that pgvector lies in; it is made one of the database's extensions if it may be.

    Raises StoreError if it is not there.
    """
    found = connection.execute(_EXTENSION).fetchone()
    if found is None:
        try:
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(hashtext('strata vector'))")
                connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
        except psycopg.Error as error:
            raise StoreError(
                f"the database {connection.info.dbname} has no pgvector ({str(error).splitlines()[0]}): "
                "install it on the server, and let its administrator say CREATE EXTENSION vector"
            ) from error
        found = connection.execute(_EXTENSION).fetchone()
    beside = str(found[0]) if found else "public"
    connection.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(beside)))
    register_vector(connection)
    return beside


def copy_rows(connection: Connection, into: str, types: Sequence[str], rows: Iterator[tuple[Any, ...]]) -> None:
    with connection.cursor().copy(f"COPY {into} FROM STDIN (FORMAT BINARY)".encode()) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def restriction(scope: Scope, event_ids: Sequence[str] | None) -> dict[str, Any]:
    """The parameters of a restriction, and under "conditions" the text that uses them."""
    conditions: list[str] = []
    parameters: dict[str, Any] = {}
    for condition, value in (
        ("agent = %(agent)s", None if scope.agent is None else stored_text(scope.agent)),
        ("timestamp >= %(since)s", scope.since),
        ("timestamp < %(until)s", scope.until),
        ("event_id = ANY(%(ids)s)", None if event_ids is None else [stored_text(one) for one in event_ids]),
    ):
        if value is not None:
            conditions.append(f"AND {condition}")
            parameters[condition.split("%(")[1].split(")")[0]] = value
    return parameters | {"conditions": " ".join(conditions)}
