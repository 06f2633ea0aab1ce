"""What a search returns, and what it may be restricted to."""

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
