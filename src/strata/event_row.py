"""An event as the row that a log in a database keeps: metadata as JSON with sorted keys, all else as it is."""

from typing import Any

import msgspec

from strata.event import Event

COLUMNS = "event_id, session_id, timestamp, kind, role, agent, text, metadata"
Row = tuple[str, str, int, str, str, str, str, str]

_encode_metadata = msgspec.json.Encoder(order="sorted").encode
_decode_metadata = msgspec.json.Decoder(dict[str, str | int | float | bool | None]).decode


def to_row(event: Event) -> Row:
    """The values of the columns. Equal events give equal rows."""
    return (
        event.event_id,
        event.session_id,
        event.timestamp,
        event.kind,
        event.role,
        event.agent,
        event.text,
        _encode_metadata(event.metadata).decode() if event.metadata else "{}",
    )


def to_event(row: tuple[Any, ...]) -> Event:
    """The event of a row; what follows the columns is passed over."""
    return Event(
        event_id=row[0],
        session_id=row[1],
        timestamp=row[2],
        kind=row[3],
        role=row[4],
        agent=row[5],
        text=row[6],
        metadata=_decode_metadata(row[7]) if row[7] != "{}" else {},
    )
