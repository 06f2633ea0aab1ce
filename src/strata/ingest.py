"""From a trace to the log: all of a file or nothing, or all but its bad lines."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.json import encode

from strata.errors import ConflictError, TraceError
from strata.event import Event
from strata.protocols import EventStore
from strata.trace import read_trace

CHUNK = 10_000


class TraceResult(msgspec.Struct, frozen=True):
    """What became of one trace; `left_out` has one message for each line that was not stored."""

    added: int
    duplicates: int
    left_out: tuple[str, ...] = ()


def ingest_trace(store: EventStore, path: Path, *, skip_bad_lines: bool = False) -> TraceResult:
    """Store the events of a trace.

    Raises TraceError naming file, line and field if a line is bad, and stores nothing of the file; with
    `skip_bad_lines` the rest is stored instead, and only a file that cannot be read to its end raises.
    """
    if skip_bad_lines:
        return _ingest_good_lines(store, path)
    try:
        result = store.append(_events(path))
    except ConflictError as error:
        raise TraceError(_first_conflict(store, path) or str(error)) from error
    return TraceResult(result.added, result.duplicates)


def _events(path: Path) -> Iterator[Event]:
    for _, found in read_trace(path):
        if isinstance(found, TraceError):
            raise TraceError(f"{found}; nothing of this file was stored")
        yield found


def _first_conflict(store: EventStore, path: Path) -> str | None:
    """The line that contradicts the store or an earlier line. Reads the file again: conflicts are rare."""
    seen: dict[str, Event] = {}
    for number, found in read_trace(path):
        if isinstance(found, Event):
            stored = store.get([found.event_id]).get(found.event_id) or seen.setdefault(found.event_id, found)
            if not _same(stored, found):
                return f"{_conflict(path, number, found, stored)}; nothing of this file was stored"
    return None


def _ingest_good_lines(store: EventStore, path: Path) -> TraceResult:
    added = duplicates = 0
    left_out: list[tuple[int, str]] = []
    chunk: list[tuple[int, Event]] = []

    def store_chunk() -> None:
        nonlocal added, duplicates
        known = store.get([event.event_id for _, event in chunk])
        good = []
        for number, event in chunk:
            first = known.setdefault(event.event_id, event)
            if _same(first, event):
                good.append(event)
            else:
                left_out.append((number, _conflict(path, number, event, first)))
        result = store.append(good)
        added += result.added
        duplicates += result.duplicates
        chunk.clear()

    for number, found in read_trace(path):
        if isinstance(found, TraceError):
            left_out.append((number, str(found)))
            continue
        chunk.append((number, found))
        if len(chunk) == CHUNK:
            store_chunk()
    store_chunk()
    return TraceResult(added, duplicates, tuple(message for _, message in sorted(left_out)))


def _same(one: Event, other: Event) -> bool:
    # As JSON, because Python takes 1, 1.0 and True in the metadata for equal and the log does not.
    return one == other and encode(one.metadata, order="sorted") == encode(other.metadata, order="sorted")


def _conflict(path: Path, number: int, event: Event, stored: Event) -> str:
    differing = [name for name in event.__struct_fields__ if getattr(event, name) != getattr(stored, name)] or [
        "metadata"
    ]
    return (
        f"{path}, line {number}: field event_id: {event.event_id!r} comes again with another {' and '.join(differing)}"
    )
