"""Rows of an index: id, agent, session and time of its events, to restrict a search and to order its hits."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from strata.event import LogEntry
from strata.hit import Hit, Scope
from strata.retired import retires
from strata.tokens import has_word

Chosen = NDArray[np.int64]

COLUMNS = 32
"""Times k: in so many columns scores are laid out to find what cannot be among the k best."""


class Rows(msgspec.Struct, frozen=True, dict=True):
    """Columns of equal length, one row an event, in log order. `agent[i]` and `session[i]` index into the names."""

    ids: list[str]
    agents: list[str]
    sessions: list[str]
    agent: NDArray[np.int32]
    session: NDArray[np.int32]
    timestamp: NDArray[np.int64]
    worded: NDArray[np.bool_]
    """Whether the event can be a hit: its text has a word in it, unlike the mark of a session's start, and its session
    is not retired."""

    def __len__(self) -> int:
        return len(self.ids)

    def extended(self, entries: Sequence[LogEntry]) -> "Rows":
        """These rows and those of the entries after them."""
        events = [entry.event for entry in entries]
        worded = np.array([has_word(event.text) for event in events], np.bool_)
        agents, agent = _encode(self.agents, [event.agent for event in events])
        sessions, session = _encode(self.sessions, [event.session_id for event in events])
        session = np.concatenate([self.session, session])
        worded = np.concatenate([self.worded, worded])
        if retired := {event.session_id for event in events if retires(event)}:
            worded[np.isin(session, [code for code, name in enumerate(sessions) if name in retired])] = False
        return Rows(
            ids=self.ids + [event.event_id for event in events],
            agents=agents,
            sessions=sessions,
            agent=np.concatenate([self.agent, agent]),
            session=session,
            timestamp=np.concatenate([self.timestamp, np.array([event.timestamp for event in events], np.int64)]),
            worded=worded,
        )

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each event id."""
        return {event_id: row for row, event_id in enumerate(self.ids)}

    def inside(self, scope: Scope) -> NDArray[np.bool_] | None:
        """Which rows the scope admits, shape (rows,); None if it admits all."""
        conditions = []
        if scope.agent is not None:
            code = self.agents.index(scope.agent) if scope.agent in self.agents else -1
            conditions.append(self.agent == code)
        if scope.since is not None:
            conditions.append(self.timestamp >= scope.since)
        if scope.until is not None:
            conditions.append(self.timestamp < scope.until)
        return np.logical_and.reduce(conditions) if conditions else None

    @cached_property
    def _hits(self) -> Chosen:
        return np.flatnonzero(self.worded)

    def admitted(self, scope: Scope) -> Chosen:
        """The rows that can be hits in the scope, ascending."""
        inside = self.inside(scope)
        return self._hits if inside is None else np.flatnonzero(self.worded & inside)

    def best(
        self, layer: str, rows: Chosen, scores: NDArray[np.floating], k: int, decimals: int | None = None
    ) -> list[Hit]:
        """The k best of `rows` by (score descending, id ascending); `scores` belong to `rows`, one each.

        With `decimals`, by the scores rounded to so many.
        """
        if k < 1 or not len(rows):
            return []
        # The rows laid out in columns: the k-th best of the columns' best is no better than the k-th best of all, and
        # leaves few for the second look. Every row that ties with the k-th, once rounded, stays in, so that the ids
        # alone decide between them.
        columns = COLUMNS * k
        if (height := len(rows) // columns) > 1:
            margin = 0.0 if decimals is None else 10.0**-decimals
            highest = scores[: height * columns].reshape(height, columns).max(axis=0)
            kept = (scores >= _greatest(highest, k) - margin).nonzero()[0]
            rows, scores = rows[kept], scores[kept]
        if decimals is not None:
            scores = scores.round(decimals)
        if len(rows) > 2 * k:
            kept = (scores >= _greatest(scores, k)).nonzero()[0]
            rows, scores = rows[kept], scores[kept]
        ranked = sorted(zip((-scores).tolist(), [self.ids[row] for row in rows.tolist()], rows.tolist(), strict=True))
        return [
            Hit(
                doc_id=doc_id,
                score=-negative,
                layer=layer,
                timestamp=int(self.timestamp[row]),
                agent=self.agents[self.agent[row]],
                text="",
            )
            for negative, doc_id, row in ranked[:k]
        ]

    def save(self, path: Path) -> None:
        """Write the rows to one file."""
        columns = [column.tobytes() for column in (self.agent, self.session, self.timestamp, self.worded)]
        path.write_bytes(msgspec.msgpack.encode(_Packed(self.ids, self.agents, self.sessions, *columns)))

    @staticmethod
    def load(path: Path) -> "Rows":
        """Read what `save` wrote. Raises ValueError if it is not that."""
        packed = msgspec.msgpack.decode(path.read_bytes(), type=_Packed)
        return Rows(
            ids=packed.ids,
            agents=packed.agents,
            sessions=packed.sessions,
            agent=np.frombuffer(packed.agent, np.int32),
            session=np.frombuffer(packed.session, np.int32),
            timestamp=np.frombuffer(packed.timestamp, np.int64),
            worded=np.frombuffer(packed.worded, np.bool_),
        )


class _Packed(msgspec.Struct, array_like=True):
    ids: list[str]
    agents: list[str]
    sessions: list[str]
    agent: bytes
    session: bytes
    timestamp: bytes
    worded: bytes


def _greatest(scores: NDArray[np.floating], k: int) -> Any:
    """The k-th greatest of more than k scores."""
    ordered = scores.copy()
    ordered.partition(len(ordered) - k)
    return ordered[len(ordered) - k]


def no_rows() -> Rows:
    """Rows of an empty index."""
    codes = np.empty(0, np.int32)
    return Rows([], [], [], codes, codes, np.empty(0, np.int64), np.empty(0, np.bool_))


def _encode(names: list[str], values: list[str]) -> tuple[list[str], NDArray[np.int32]]:
    codes = {name: code for code, name in enumerate(names)}
    encoded = np.array([codes.setdefault(value, len(codes)) for value in values], np.int32)
    return list(codes), encoded
