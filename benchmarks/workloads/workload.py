"""The plain type that every source of events yields: events, queries and what answers them."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

Fields = dict[str, Any]
"""An event as plain values: `event_id`, `session_id`, `timestamp` (epoch ms, UTC), `text`, `kind`, `role`, `agent` and
`metadata`."""


class WorkloadError(Exception):
    """An input cannot be used as it is; the message says which, where and what to do."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """A question, and the ids of the events that answer it (empty when nobody judged it).

    `agent` restricts the search to one agent; `now` (epoch ms) is the moment at which it is asked, for "last
    Tuesday"; `since` and `until` (epoch ms, half open) are the span that its words mean, when they mean one.
    """

    query_id: str
    text: str
    relevant: tuple[str, ...] = ()
    category: str = ""
    agent: str | None = None
    now: int | None = None
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Events in the order of the log, queries, and for each session the subject it is about (where known)."""

    name: str
    events: list[Fields]
    queries: list[Query] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict)

    def texts(self) -> list[str]:
        """The texts of the events, in order."""
        return [event["text"] for event in self.events]

    def category(self, *names: str) -> list[Query]:
        """The queries of these categories, in order."""
        return [query for query in self.queries if query.category in names]


def checksum(workload: Workload) -> str:
    """SHA-256 (hex) of everything in the workload, in a form that does not depend on the machine."""
    return digest(_lines(workload))


def digest(lines: Iterable[str]) -> str:
    """SHA-256 (hex) of text lines; no two different sequences of lines share one."""
    total = hashlib.sha256()
    for line in lines:
        encoded = line.encode("utf-8", "surrogatepass")
        total.update(len(encoded).to_bytes(8, "little"))
        total.update(encoded)
    return total.hexdigest()


def _lines(workload: Workload) -> Iterator[str]:
    for event in workload.events:
        yield json.dumps(event, sort_keys=True)
    for query in workload.queries:
        yield json.dumps(asdict(query), sort_keys=True)
    yield json.dumps(workload.subjects, sort_keys=True)
