"""How the table of contents takes in new entries: cut them into segments, then summarise what that touched."""

import sqlite3
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from strata.event import LogEntry
from strata.toc.calendar import Place, calendar_path, segment_id, segment_title
from strata.toc.rollup import Body, Utterance, roll_up, summarise
from strata.toc.segments import OpenSegment, place
from strata.toc.summary import READ
from strata.tokens import terms

CHILDREN_READ = 50
"""A calendar node is summarised from so many of its children, those with most events."""

SCHEMA = """
CREATE TABLE node (
    number INTEGER PRIMARY KEY,
    node_id TEXT NOT NULL UNIQUE,
    level TEXT NOT NULL,
    parent INTEGER,
    title TEXT NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    body BLOB NOT NULL
);

CREATE INDEX node_children ON node (parent, start, node_id);

CREATE INDEX node_largest_children ON node (parent, event_count DESC, node_id);

CREATE INDEX node_level ON node (level, start, node_id);

CREATE TABLE node_agent (node INTEGER, agent TEXT, PRIMARY KEY (node, agent)) WITHOUT ROWID;

CREATE TABLE term (term TEXT, node INTEGER, PRIMARY KEY (term, node)) WITHOUT ROWID;

CREATE TABLE grip (
    grip_id TEXT PRIMARY KEY,
    excerpt TEXT NOT NULL,
    event_ids TEXT NOT NULL,
    timestamp INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE member (position INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, segment INTEGER NOT NULL);

CREATE INDEX member_segment ON member (segment);

CREATE TABLE overlap (segment INTEGER PRIMARY KEY, event_ids TEXT NOT NULL);

CREATE TABLE session (session_id TEXT PRIMARY KEY, open_segment BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE utterance (
    segment INTEGER, position INTEGER, body BLOB NOT NULL, PRIMARY KEY (segment, position)
) WITHOUT ROWID;

CREATE TABLE progress (position INTEGER NOT NULL);

INSERT INTO progress VALUES (0)
"""

_decode_body = msgspec.msgpack.Decoder(Body).decode
_decode_open = msgspec.msgpack.Decoder(OpenSegment).decode
_decode_utterance = msgspec.msgpack.Decoder(Utterance).decode
_encode = msgspec.msgpack.Encoder().encode


class _Stretch:
    """What one batch adds to a node: its events' number, times and agents; to a segment, also what was said."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.end = start
        self.events = 0
        self.agents: set[str] = set()

    def add(self, part: "_Stretch") -> None:
        self.start = min(self.start, part.start)
        self.end = max(self.end, part.end)
        self.events += part.events
        self.agents |= part.agents


class _SegmentStretch(_Stretch):
    def __init__(self, session_id: str, started: int, start: int) -> None:
        super().__init__(start)
        self.session_id = session_id
        self.started = started
        self.utterances: list[Utterance] = []


class Growth:
    """One batch of entries on its way into the tables of `connection`, inside the caller's transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sessions: dict[str, OpenSegment] = {}
        self._segments: dict[int, _SegmentStretch] = {}
        self._closed: list[int] = []

    def take(self, entries: Sequence[LogEntry]) -> None:
        """Write the entries, and everything that follows from them."""
        self._cut(entries)
        levels: tuple[dict[Place, _Stretch], ...] = ({}, {}, {}, {})
        parents: dict[str, str] = {}
        for segment in self._segments.values():
            path = calendar_path(segment.started)
            for level, node in zip(levels, path, strict=True):
                level.setdefault(node, _Stretch(segment.start)).add(segment)
            for above, node in pairwise(path):
                parents[node.node_id] = above.node_id
        numbers: dict[str, int] = {}
        for level in levels:
            for node, stretch in level.items():
                above_id = parents.get(node.node_id)
                numbers[node.node_id] = self._count_in(node, numbers[above_id] if above_id else None, stretch)
        for first, segment in self._segments.items():
            self._write_segment(first, segment, numbers[calendar_path(segment.started)[-1].node_id])
        for level in reversed(levels):
            for node in level:
                self._roll_up(numbers[node.node_id], node.title)
        self._write_sessions()

    def _cut(self, entries: Sequence[LogEntry]) -> None:
        members = []
        overlaps = []
        for position, event in ((entry.position, entry.event) for entry in entries):
            before = self._open_segment(event.session_id)
            closing = before.first if before else None
            segment, overlap = place(before, position, event)
            self._sessions[event.session_id] = segment
            if overlap is not None:
                overlaps.append((segment.first, _to_json(overlap)))
                if closing is not None:
                    self._closed.append(closing)
            stretch = self._segments.get(segment.first)
            if stretch is None:
                stretch = _SegmentStretch(event.session_id, segment.started, event.timestamp)
                self._segments[segment.first] = stretch
            stretch.start = min(stretch.start, event.timestamp)
            stretch.end = max(stretch.end, event.timestamp)
            stretch.events += 1
            if event.agent:
                stretch.agents.add(event.agent)
            stretch.utterances.append(
                Utterance(
                    position, event.event_id, event.timestamp, event.agent, event.text[:READ], event.role != "system"
                )
            )
            members.append((position, event.event_id, segment.first))
        self._connection.executemany("INSERT INTO member VALUES (?, ?, ?)", members)
        self._connection.executemany("INSERT INTO overlap VALUES (?, ?)", overlaps)

    def _open_segment(self, session_id: str) -> OpenSegment | None:
        if session_id in self._sessions:
            return self._sessions[session_id]
        row = self._connection.execute(
            "SELECT open_segment FROM session WHERE session_id = ?", (session_id,)
        ).fetchone()
        return _decode_open(row[0]) if row else None

    def _write_sessions(self) -> None:
        """Keep the state of each session, and what was said in its open segment, for the next batch."""
        self._connection.executemany(
            "INSERT INTO session VALUES (?, ?) ON CONFLICT (session_id) DO UPDATE SET open_segment = "
            "excluded.open_segment",
            [(session_id, _encode(segment)) for session_id, segment in self._sessions.items()],
        )
        self._connection.executemany(
            "DELETE FROM utterance WHERE segment = ?", [(segment,) for segment in self._closed]
        )
        still_open = {segment.first for segment in self._sessions.values()}
        self._connection.executemany(
            "INSERT INTO utterance VALUES (?, ?, ?)",
            [
                (first, utterance.position, _encode(utterance))
                for first, segment in self._segments.items()
                if first in still_open
                for utterance in segment.utterances
            ],
        )

    def _count_in(self, node: Place, parent: int | None, stretch: _Stretch) -> int:
        """Add a batch's events to a calendar node, made if it is new. Their numbers are negative, a segment's is the
        log position of its first event."""
        row = self._connection.execute("SELECT number FROM node WHERE node_id = ?", (node.node_id,)).fetchone()
        if row:
            (number,) = row
            self._connection.execute(
                'UPDATE node SET start = min(start, ?), "end" = max("end", ?), event_count = event_count + ? '
                "WHERE number = ?",
                (stretch.start, stretch.end, stretch.events, number),
            )
        else:
            (lowest,) = self._connection.execute("SELECT coalesce(min(number), 0) FROM node").fetchone()
            number = min(lowest, 0) - 1
            self._connection.execute(
                "INSERT INTO node VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number,
                    node.node_id,
                    node.level,
                    parent,
                    node.title,
                    stretch.start,
                    stretch.end,
                    stretch.events,
                    _encode(Body()),
                ),
            )
        self._add_agents(number, stretch)
        return int(number)

    def _write_segment(self, first: int, stretch: _SegmentStretch, parent: int) -> None:
        row = self._connection.execute(
            'SELECT title, start, "end", event_count, body FROM node WHERE number = ?', (first,)
        ).fetchone()
        old_title, old = "", Body()
        start, end, events = stretch.start, stretch.end, stretch.events
        earlier: list[Utterance] = []
        if row:
            old_title, old = row[0], _decode_body(row[4])
            start, end, events = min(start, row[1]), max(end, row[2]), events + row[3]
            said = self._connection.execute("SELECT body FROM utterance WHERE segment = ? ORDER BY position", (first,))
            earlier = [_decode_utterance(body) for (body,) in said]
        body, grips = summarise([*earlier, *stretch.utterances])
        title = segment_title(start, end, stretch.session_id)
        self._connection.execute(
            "INSERT INTO node VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET title = "
            'excluded.title, start = excluded.start, "end" = excluded."end", event_count = excluded.event_count, '
            "body = excluded.body",
            (first, segment_id(stretch.started, first), "segment", parent, title, start, end, events, _encode(body)),
        )
        self._add_agents(first, stretch)
        self._write_terms(first, old_title, old, title, body)
        self._connection.executemany(
            "DELETE FROM grip WHERE grip_id = ?",
            [(grip_id,) for bullet in old.bullets for grip_id in bullet.grip_ids],
        )
        self._connection.executemany(
            "INSERT INTO grip VALUES (?, ?, ?, ?)",
            [(grip.grip_id, grip.excerpt, _to_json(grip.event_ids), grip.timestamp) for grip in grips],
        )

    def _roll_up(self, number: int, title: str) -> None:
        (old,) = self._connection.execute("SELECT body FROM node WHERE number = ?", (number,)).fetchone()
        children = self._connection.execute(
            "SELECT start, node_id, body FROM node WHERE parent = ? ORDER BY event_count DESC, node_id LIMIT ?",
            (number, CHILDREN_READ),
        ).fetchall()
        body = roll_up([_decode_body(child[2]) for child in sorted(children)])
        self._connection.execute("UPDATE node SET body = ? WHERE number = ?", (_encode(body), number))
        before = _decode_body(old)
        self._write_terms(number, title if before.bullets else "", before, title, body)

    def _write_terms(self, number: int, old_title: str, old: Body, title: str, body: Body) -> None:
        before, after = _search_terms(old_title, old), _search_terms(title, body)
        self._connection.executemany(
            "DELETE FROM term WHERE term = ? AND node = ?", [(term, number) for term in before - after]
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO term VALUES (?, ?)", [(term, number) for term in after - before]
        )

    def _add_agents(self, number: int, stretch: _Stretch) -> None:
        self._connection.executemany(
            "INSERT OR IGNORE INTO node_agent VALUES (?, ?)", [(number, agent) for agent in stretch.agents]
        )


def _search_terms(title: str, body: Body) -> set[str]:
    return set(terms("\n".join((title, *(bullet.text for bullet in body.bullets), *body.keywords))))


def _to_json(ids: tuple[str, ...]) -> str:
    return msgspec.json.encode(ids).decode()
