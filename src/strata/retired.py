"""Retired sessions: in a log that only grows, what is to be found no longer is marked by an event that says so.

It is the end of a session with `"retired": true` in its metadata. A keyword or vector index never finds the session's
earlier events again; they stay in the log, and count in its statistics. A retired session is not taken up again.
"""

from strata.event import Event

RETIRED = "retired"


def retires(event: Event) -> bool:
    """Whether the event takes its session out of what is found."""
    return event.kind == "session_end" and event.metadata.get(RETIRED) is True
