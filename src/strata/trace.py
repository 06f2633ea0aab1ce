"""Traces: JSON Lines files of events, plain or gzip, and what can be wrong with a line of one.

A line is an object with `event_id`, `session_id`, `timestamp` and `text`; `kind`, `role`, `agent` and `metadata` are
optional, and other fields are ignored. `timestamp` is ISO 8601 (UTC unless it carries an offset) or a whole number of
milliseconds since the Unix epoch. Blank lines and a byte-order mark at the start of the file are skipped.
"""

import gzip
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BufferedReader
from pathlib import Path
from typing import get_args

import msgspec

from strata.errors import TraceError
from strata.event import EARLIEST, LATEST, Event, Kind, Role

MAX_TEXT = 1_000_000
"""Longest text of an event, in characters."""
MAX_LINE = 16 * 2**20
"""Longest line, in bytes: room for MAX_TEXT characters that are all written as escapes, and the other fields."""

_KINDS = frozenset(get_args(Kind))
_ROLES = frozenset(get_args(Role))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_GZIP_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"


class _Line(msgspec.Struct):
    event_id: str
    session_id: str
    timestamp: str | int | float
    text: str
    kind: Kind | None = None
    role: Role | None = None
    agent: str | None = None
    metadata: dict[str, str | int | float | bool | None] | None = None


_decode = msgspec.json.Decoder(_Line).decode
_decode_anything = msgspec.json.Decoder().decode


def read_trace(path: Path) -> Iterator[tuple[int, Event | TraceError]]:
    """Yield `(line number, event)` for each line that holds one, and `(line number, error)` for each that is bad.

    The error names file, line and field. Raises TraceError if the file cannot be read to its end.
    """
    try:
        with _open(path) as file:
            number = 0
            while line := file.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    while not line.endswith(b"\n") and (line := file.readline(MAX_LINE)):
                        pass
                    yield number, TraceError(f"{path}, line {number}: longer than {MAX_LINE:,} bytes")
                    continue
                if number == 1:
                    line = line.removeprefix(_BOM)
                if line.isspace() or not line:
                    continue
                try:
                    yield number, parse_line(line)
                except TraceError as error:
                    yield number, TraceError(f"{path}, line {number}: {error}")
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise TraceError(f"{path} cannot be read: {reason}") from error


def parse_line(line: bytes) -> Event:
    """The event of one line of a trace. Raises TraceError naming the field that is wrong."""
    try:
        found = _decode(line)
    except UnicodeDecodeError as error:
        raise TraceError("not valid UTF-8") from error
    except msgspec.ValidationError as error:
        raise TraceError(_explain(line, str(error))) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise TraceError(f"not valid JSON: {error}") from error
    if len(found.text) > MAX_TEXT:
        raise TraceError(f"field text: {len(found.text):,} characters, more than the {MAX_TEXT:,} allowed")
    for field, value in (("event_id", found.event_id), ("session_id", found.session_id)):
        if not value:
            raise TraceError(f"field {field}: empty")
    return Event(
        event_id=found.event_id,
        session_id=found.session_id,
        timestamp=parse_timestamp(found.timestamp),
        text=found.text,
        kind=found.kind or "user_message",
        role=found.role or "user",
        agent=found.agent or "",
        metadata=found.metadata or {},
    )


def parse_timestamp(value: str | int | float) -> int:
    """Milliseconds since the epoch of an ISO 8601 time, or of a number that already is that; finer parts are cut off.

    Raises TraceError if it is neither, or outside the years 1 to 9999.
    """
    if isinstance(value, str):
        try:
            time = datetime.fromisoformat(value)
        except ValueError as error:
            raise TraceError(
                f"field timestamp: {_show(value)} is neither ISO 8601 nor a number of epoch milliseconds"
            ) from error
        milliseconds = ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND
    else:
        milliseconds = int(value)
        if milliseconds != value:
            raise TraceError(f"field timestamp: {_show(value)} is not a whole number of epoch milliseconds")
    if not EARLIEST <= milliseconds <= LATEST:
        raise TraceError(f"field timestamp: {_show(value)} is outside the years 1 to 9999")
    return milliseconds


def _open(path: Path) -> BufferedReader | gzip.GzipFile:
    file = path.open("rb")
    if file.peek(2)[:2] != _GZIP_MAGIC:
        return file
    file.close()
    return gzip.open(path, "rb")


def _show(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:37] + "..."


def _explain(line: bytes, message: str) -> str:
    """msgspec's message with the field first; for a closed set of words, with the words."""
    if message.startswith("Object missing required field"):
        return f"field {message.split('`')[1]}: missing"
    reason, _, where = message.partition(" - at `$.")
    field = where.rstrip("`").removesuffix("[...]")
    for name, known in (("kind", _KINDS), ("role", _ROLES)):
        if field == name and reason.startswith("Invalid enum"):
            return f"field {name}: {_show(_decode_anything(line)[name])} is none of {', '.join(sorted(known))}"
    reason = reason[0].lower() + reason[1:].replace("`", "")
    return f"field {field}: {reason}" if field else reason
