"""Who said an event: questions name people, and a turn seldom names its own speaker."""

from strata.event import Event

_KEYS = ("speaker", "author")


def author(event: Event) -> str:
    """The speaker or author that the event's metadata names; empty if it names none."""
    return next((name for key in _KEYS if isinstance(name := event.metadata.get(key), str)), "")


def attributed(event: Event) -> str:
    """The event's text as a reader of a transcript sees it: after its author, if there is one."""
    name = author(event)
    return f"{name}: {event.text}" if name and event.text else event.text
