"""A layered retrieval stack: an event log, and indexes that catch up with it.

with strata.open("notes") as stack:
    stack.ingest(events)
    stack.build()
    hits = stack.search("bm25", "durable append")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strata.event import Event
    from strata.stack import Strata, open

__all__ = ["Event", "Strata", "open"]

_HOMES = {"Event": "strata.event", "Strata": "strata.stack", "open": "strata.stack"}


def __getattr__(name: str) -> Any:
    # Imported when asked for, so that the command can say which of the stack's libraries is not installed.
    if name not in _HOMES:
        raise AttributeError(f"module 'strata' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
