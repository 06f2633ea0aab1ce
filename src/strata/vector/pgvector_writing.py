"""How new events come to lie on the servers of a pgvector index: seen by nobody until the catalog says so."""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strata.errors import StoreError
from strata.event import LogEntry
from strata.neighbours import REACH, Neighbourhood
from strata.postgresql import Connection, stored_text
from strata.retired import retires
from strata.tokens import words
from strata.vector.partitions import Catalog, month
from strata.vector.pgvector_tables import NEVER, RETIRE, SEAL, TAILS, TURN, UNDO, copy_rows


def take_back(connection: Connection, position: int) -> None:
    """Have this server as the catalog of that position has it. Waits for what a killed client had begun.

    Raises StoreError if the server is ahead of the catalog.
    """
    ((sealed,),) = connection.execute("SELECT sealed FROM state FOR UPDATE").fetchall()
    if sealed > position:
        raise StoreError(ahead(position, sealed))
    for statement in (*UNDO.strip().split("\n"), SEAL):
        connection.execute(statement.encode(), {"at": position})


def write(
    connections: Sequence[Connection],
    catalog: Catalog,
    entries: Sequence[LogEntry],
    vectors: NDArray[np.float32],
    position: int,
) -> None:
    """Write the events, which follow `position`, with their vectors, to the servers that the catalog names."""
    now = entries[-1].position
    events = [entry.event for entry in entries]
    sessions = list(dict.fromkeys(stored_text(event.session_id) for event in events))
    before = _tails(connections, sessions, position)
    code = {session: number for number, session in enumerate(sessions)}
    every = np.concatenate([*(tail.vector[None] for tail in before), vectors])
    codes = [code[tail.session] for tail in before] + [code[stored_text(event.session_id)] for event in events]
    near = Neighbourhood(np.array(codes, np.int32))
    directions = near.sums_of(np.arange(len(every)), every)
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    directions /= np.where(lengths == 0, 1, lengths)
    retired = {stored_text(event.session_id) for event in events if retires(event)}
    old, new = len(before), [catalog.partitions[month(event.timestamp)].server for event in events]
    for number, connection in enumerate(connections):
        mine = [row for row, server in enumerate(new) if server == number]
        copy_rows(
            connection,
            "stored (position, event_id, session, vector)",
            ["int8", "text", "text", "vector"],
            (
                (
                    entries[row].position,
                    *map(stored_text, (events[row].event_id, events[row].session_id)),
                    vectors[row],
                )
                for row in mine
            ),
        )
        if retired:
            connection.execute(RETIRE, {"now": now, "sessions": list(retired)})
        with connection.cursor() as cursor:
            cursor.executemany(
                TURN,
                [
                    {"now": now, "position": tail.position, "direction": directions[row]}
                    for row, tail in enumerate(before)
                    if tail.server == number and tail.from_end < REACH
                ],
            )
        copy_rows(
            connection,
            "searched (position, made, replaced, event_id, agent, timestamp, direction)",
            ["int8", "int8", "int8", "text", "text", "int8", "vector"],
            (
                (
                    *(entries[row].position, now, NEVER),
                    *map(stored_text, (events[row].event_id, events[row].agent)),
                    *(events[row].timestamp, directions[old + row]),
                )
                for row in mine
                if words(events[row].text) and stored_text(events[row].session_id) not in retired
            ),
        )


def _tails(connections: Sequence[Connection], sessions: list[str], position: int) -> list["_Tail"]:
    """The last events of each session, in log order: all that new events change, and what stands beside those."""
    found: dict[str, list[tuple[int, int, NDArray[np.float32]]]] = {}
    for server, connection in enumerate(connections):
        rows = connection.execute(TAILS.encode(), (sessions, position, 2 * REACH), binary=True)
        for session, at, vector in rows:
            found.setdefault(session, []).append((at, server, vector.to_numpy()))
    tails = [
        _Tail(session, at, server, from_end, vector)
        for session, rows in found.items()
        for from_end, (at, server, vector) in enumerate(sorted(rows, key=itemgetter(0), reverse=True))
        if from_end < 2 * REACH
    ]
    return sorted(tails, key=lambda tail: tail.position)


class _Tail(NamedTuple):
    """An event near the end of its session, `from_end` steps before its last, on a server."""

    session: str
    position: int
    server: int
    from_end: int
    vector: NDArray[np.float32]


def ahead(position: int, sealed: int) -> str:
    """What to say when the servers know of a later position than the catalog."""
    return (
        f"the vectors in this folder go up to position {position:,}, and on their servers up to {sealed:,}: "
        "another copy of the folder was extended; delete this one to rebuild it"
    )
