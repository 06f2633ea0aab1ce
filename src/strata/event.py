"""The event: one thing that was said or done, the only input of the stack."""

from datetime import UTC, datetime
from typing import Literal

import msgspec

EARLIEST = int(datetime(1, 1, 2, tzinfo=UTC).timestamp() * 1000)
"""First and last millisecond an event may carry: the whole weeks of the years 1 to 9999, with a day to spare."""
LATEST = int(datetime(9999, 12, 26, tzinfo=UTC).timestamp() * 1000)

Kind = Literal[
    "session_start",
    "user_message",
    "assistant_message",
    "tool_result",
    "assistant_stop",
    "subagent_start",
    "subagent_stop",
    "session_end",
]
Role = Literal["user", "assistant", "system", "tool"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a session.

    `timestamp` is in milliseconds since the Unix epoch, UTC. `agent` is empty when nobody is named.
    """

    event_id: str
    session_id: str
    timestamp: int
    text: str
    kind: Kind = "user_message"
    role: Role = "user"
    agent: str = ""
    metadata: dict[str, str | int | float | bool | None] = {}


class LogEntry(msgspec.Struct, frozen=True):
    """An event with its place in the log: positions start at 1, grow with every append and are never reused."""

    position: int
    event: Event
