"""The table of contents in one SQLite file.

An `extend` is one transaction: new segments, the summaries of every segment it touched, of their ancestors, and the
log position. `synchronous = NORMAL` lets a power cut take back whole extends, which the next build repeats; a killed
process loses none.

A calendar node is summarised from its 50 heaviest children only, so that a day with very many segments costs no more at
each extend than another.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from heapq import nlargest
from pathlib import Path
from typing import Any

import msgspec

from strata import database
from strata.errors import UnknownNameError
from strata.event import LogEntry
from strata.hit import EVERYTHING, Hit, Scope
from strata.protocols import Grip, TocNode
from strata.toc.growth import SCHEMA, Growth
from strata.toc.rollup import Body
from strata.tokens import terms

APPLICATION_ID = 0x5354544F
FORMAT = 2
"""To be raised with every change of the tables, of the cuts, of the summaries or of `tokens.terms`."""

_NODE = """
SELECT node_id, level, title, start, "end", event_count, body,
    (SELECT json_group_array(agent) FROM (SELECT agent FROM node_agent WHERE node = number ORDER BY agent)),
    CASE level WHEN 'segment' THEN '[]' ELSE (
        SELECT json_group_array(node_id) FROM (
            SELECT child.node_id FROM node AS child WHERE child.parent = node.number
            ORDER BY child.start, child.node_id
        )
    ) END
FROM node
"""

_decode_body = msgspec.msgpack.Decoder(Body).decode
_decode_ids = msgspec.json.Decoder(tuple[str, ...]).decode


class SqliteToc:
    """Toc on the SQLite file at `path`, created when missing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = database.connect(
            path,
            kind="table of contents",
            application_id=APPLICATION_ID,
            version=FORMAT,
            schema=SCHEMA,
            synchronous="NORMAL",
            mend="delete it, and `strata build` makes it anew",
            disposable=True,
        )

    @property
    def position(self) -> int:
        """The last log position the index holds durably; 0 when it is empty."""
        (position,) = self._connection.execute("SELECT position FROM progress").fetchone()
        return int(position)

    def extend(self, entries: Sequence[LogEntry]) -> None:
        """Take in the entries that follow `position`, durably, all or nothing.

        Raises ValueError if the first of them does not follow.
        """
        if not entries:
            return
        with database.transaction(self._connection):
            if entries[0].position <= self.position:
                raise ValueError(f"entry {entries[0].position} does not follow position {self.position}")
            Growth(self._connection).take(entries)
            self._connection.execute("UPDATE progress SET position = ?", (entries[-1].position,))

    def __len__(self) -> int:
        """Number of nodes."""
        (count,) = self._connection.execute("SELECT count(*) FROM node").fetchone()
        return int(count)

    def size_bytes(self) -> int:
        """Bytes on disk."""
        return database.size_bytes(self._path)

    def roots(self) -> list[TocNode]:
        """The years, oldest first."""
        return self._select("WHERE level = 'year' ORDER BY start, node_id")

    def node(self, node_id: str) -> TocNode:
        """Raises UnknownNameError if there is no such node."""
        found = self._select("WHERE node_id = ?", node_id)
        if not found:
            years = ", ".join(root.node_id for root in self.roots()[:5]) or "nothing yet"
            raise UnknownNameError(f"the table of contents has no node {node_id!r}: it starts at {years}")
        return found[0]

    def nodes(self, node_ids: Sequence[str]) -> list[TocNode]:
        """The nodes of these ids, in that order. Raises UnknownNameError if one is missing."""
        found = self._select("WHERE node_id IN (SELECT value FROM json_each(?))", _to_json(node_ids))
        by_id = {node.node_id: node for node in found}
        return [by_id[node_id] if node_id in by_id else self.node(node_id) for node_id in node_ids]

    def segments(self, scope: Scope = EVERYTHING) -> list[TocNode]:
        """Every segment that overlaps the scope, oldest first."""
        condition, values = _within(scope)
        return self._select(f"WHERE level = 'segment' {condition} ORDER BY start, node_id", *values)

    def events_of(self, segment_id: str) -> list[str]:
        """Ids of the segment's own events (without its overlap), in log order.

        Raises UnknownNameError if there is no such segment.
        """
        rows = self._connection.execute(
            "SELECT event_id FROM member WHERE segment = ? ORDER BY position", (self._segment_number(segment_id),)
        )
        return [event_id for (event_id,) in rows]

    def overlap_of(self, segment_id: str) -> list[str]:
        """Ids of the events just before the segment, in its session, that give it context.

        Raises UnknownNameError if there is no such segment.
        """
        (ids,) = self._connection.execute(
            "SELECT event_ids FROM overlap WHERE segment = ?", (self._segment_number(segment_id),)
        ).fetchone()
        return list(_decode_ids(ids))

    def segments_of(self, event_ids: Sequence[str]) -> dict[str, str]:
        """The segment that each event belongs to."""
        rows = self._connection.execute(
            "SELECT event_id, node_id FROM member JOIN node ON number = segment "
            "WHERE event_id IN (SELECT value FROM json_each(?))",
            (_to_json(event_ids),),
        )
        return dict(rows.fetchall())

    def grip(self, grip_id: str) -> Grip:
        """Raises UnknownNameError if there is no such grip."""
        row = self._connection.execute(
            "SELECT excerpt, event_ids, timestamp FROM grip WHERE grip_id = ?", (grip_id,)
        ).fetchone()
        if row is None:
            raise UnknownNameError(f"the table of contents has no grip {grip_id!r}: take one from a node's bullets")
        return Grip(grip_id=grip_id, excerpt=row[0], event_ids=_decode_ids(row[1]), timestamp=row[2])

    def search(self, query: str, k: int, scope: Scope = EVERYTHING) -> list[Hit]:
        """The nodes whose title, bullets and keywords share most words with the query; `doc_id` is the node id.

        The score is the share of the query's words that the node has, each word weighing `log(1 + N / n)` with N nodes
        of which n have it. Of equals, the node with fewest events comes first (a segment before its day), then the
        lower id.
        """
        condition, values = _within(scope)
        postings = "SELECT node FROM term WHERE term = ?"
        if condition:
            postings = f"SELECT number FROM term JOIN node ON number = term.node WHERE term = ? {condition}"
        scores: defaultdict[int, float] = defaultdict(float)
        size, total = len(self), 0.0
        for term in dict.fromkeys(terms(query)):
            (having,) = self._connection.execute("SELECT count(*) FROM term WHERE term = ?", (term,)).fetchone()
            weight = math.log1p(size / max(1, having))
            total += weight
            for (number,) in self._connection.execute(postings, (term, *values)):
                scores[number] += weight
        if not scores:
            return []
        least = nlargest(k, scores.values())[-1]
        rows = self._connection.execute(
            "SELECT node_id, number, event_count FROM node WHERE number IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode([number for number, score in scores.items() if score >= least]).decode(),),
        )
        best = sorted((-scores[number], events, node_id) for node_id, number, events in rows)[:k]
        nodes = self.nodes([node_id for _, _, node_id in best])
        return [_hit(node, -score / total) for node, (score, _, _) in zip(nodes, best, strict=True)]

    def close(self) -> None:
        self._connection.close()

    def _select(self, condition: str, *values: str | int) -> list[TocNode]:
        return [_node(row) for row in self._connection.execute(_NODE + condition, values)]

    def _segment_number(self, segment_id: str) -> int:
        row = self._connection.execute(
            "SELECT number FROM node WHERE node_id = ? AND level = 'segment'", (segment_id,)
        ).fetchone()
        if row is None:
            raise UnknownNameError(f"the table of contents has no segment {segment_id!r}: browse down from a year")
        return int(row[0])


def _node(row: tuple[Any, ...]) -> TocNode:
    body = _decode_body(row[6])
    return TocNode(
        node_id=row[0],
        level=row[1],
        title=row[2],
        start=row[3],
        end=row[4],
        bullets=body.bullets,
        keywords=body.keywords,
        child_ids=_decode_ids(row[8]),
        agents=_decode_ids(row[7]),
        event_count=row[5],
    )


def _hit(node: TocNode, score: float) -> Hit:
    return Hit(
        doc_id=node.node_id,
        score=score,
        layer="toc",
        timestamp=node.start,
        agent=node.agents[0] if len(node.agents) == 1 else "",
        text="\n".join((node.title, *(bullet.text for bullet in node.bullets))),
    )


def _within(scope: Scope) -> tuple[str, list[str | int]]:
    condition, values = "", list[str | int]()
    if scope.since is not None:
        condition += ' AND "end" >= ?'
        values.append(scope.since)
    if scope.until is not None:
        condition += " AND start < ?"
        values.append(scope.until)
    if scope.agent is not None:
        condition += " AND EXISTS (SELECT 1 FROM node_agent WHERE node_agent.node = number AND agent = ?)"
        values.append(scope.agent)
    return condition, values


def _to_json(ids: Sequence[str]) -> str:
    return msgspec.json.encode(list(ids)).decode()
