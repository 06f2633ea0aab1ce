"""Where a chunk of source is: what a reader needs to open it."""

from collections.abc import Sequence

from strata.event import Event
from strata.hit import Hit
from strata.protocols import EventStore


def place(event: Event) -> str | None:
    """`path:line`, and the definition's name after it; None if the event is no chunk of source."""
    path, line, symbol = (event.metadata.get(name) for name in ("path", "first_line", "symbol"))
    if not isinstance(path, str) or not isinstance(line, int):
        return None
    return f"{path}:{line}  {symbol}" if symbol else f"{path}:{line}"


def places(store: EventStore, hits: Sequence[Hit]) -> dict[str, str]:
    """The place of each hit that has one, by its id."""
    found = store.get([hit.doc_id for hit in hits])
    return {event_id: where for event_id, event in found.items() if (where := place(event))}
