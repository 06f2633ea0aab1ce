"""What a search returns, and what it may be restricted to."""

from collections.abc import Iterable, Sequence

import msgspec


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Restriction that every layer applies before it ranks. Times are epoch milliseconds, `[since, until)`."""

    agent: str | None = None
    since: int | None = None
    until: int | None = None


EVERYTHING = Scope()


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One ranked result. Scores compare only within one layer's answer to one query; higher is better.

    An index keeps no text: `text` is empty in its own answers, and the stack fills it in for the hits it returns.
    """

    doc_id: str
    score: float
    layer: str
    timestamp: int
    agent: str
    text: str


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an index that could not be searched: its time, `[since, until)` in epoch ms, its events, and why."""

    partition: str
    since: int
    until: int
    events: int
    reason: str


class Hits(list[Hit]):
    """Hits, best first, and the parts of the index that could not be searched for them, if it has such."""

    def __init__(self, hits: Iterable[Hit] = (), missing: Iterable[Missing] = ()) -> None:
        super().__init__(hits)
        self.missing = tuple(missing)


def missing_from(hits: Sequence[Hit]) -> tuple[Missing, ...]:
    """What could not be searched for these hits; nothing, for an index that is all there or not there at all."""
    return getattr(hits, "missing", ())
