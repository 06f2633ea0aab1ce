"""Sets of queries that take a known way through a router: each intent, each tier, and the fallback.

The expectations are those of the design, not of a commit: a commit that goes another way fails the benchmark.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

from . import words
from .workload import Query, Workload

_EXPLORE = ("Give me an overview of everything about the {thing}", "What themes came up around the {thing}?")
_LOCATE = ("Find the message about the {thing}", "Where did we mention the {thing}?")
_UNKNOWN = tuple(
    f"{first}{second}" for first in ("zorvex", "quillom", "brindap") for second in ("aq", "ib", "ux", "ey")
)


@dataclass(frozen=True)
class Way:
    """Queries, what is forced on them, and how they must be answered.

    `layers` are all the layers attempted, in alphabetical order. An `intent` that is not forced must be recognised
    from the words.
    """

    name: str
    queries: tuple[Query, ...]
    layers: tuple[str, ...]
    intent: str
    tier: str = "full"
    force_tier: bool = False
    fallback: bool = False


def mix(workload: Workload) -> list[Query]:
    """What people ask, in constant proportion: of ten queries seven facts, an overview, a search, one with a time."""
    facts = cycle(workload.category("phrasing", "literal", "paraphrase"))
    explore, locate, timed = (
        cycle(_about(workload, _EXPLORE)),
        cycle(_about(workload, _LOCATE)),
        cycle(_timed(workload)),
    )
    queries = []
    for _ in range(len(workload.category("phrasing")) // 7):
        queries += [next(facts) for _ in range(7)] + [next(explore), next(locate), next(timed)]
    return queries


def ways(workload: Workload) -> list[Way]:
    """Every intent recognised by its words, every tier forced, and the step that stands behind all others."""
    facts = tuple(workload.category("literal"))
    unknown = tuple(Query(query_id=f"unknown-{word}", text=f"What is a {word}?") for word in _UNKNOWN)
    hybrid = ("bm25", "vector")
    return [
        Way("explore", _about(workload, _EXPLORE), ("bm25", "topics", "vector"), "explore"),
        Way("answer", facts, hybrid, "answer"),
        Way("locate", _about(workload, _LOCATE), hybrid, "locate"),
        Way("time-boxed", _timed(workload), hybrid, "time-boxed"),
        Way("full", facts, hybrid, "answer", "full", force_tier=True),
        Way("hybrid", facts, hybrid, "answer", "hybrid", force_tier=True),
        Way("semantic", facts, ("vector",), "answer", "semantic", force_tier=True),
        Way("keyword", facts, ("bm25",), "answer", "keyword", force_tier=True),
        Way("agentic", facts, ("agentic",), "answer", "agentic", force_tier=True),
        Way("fallback", unknown, ("agentic", "bm25"), "answer", "keyword", force_tier=True, fallback=True),
    ]


WAYS = ("explore", "answer", "locate", "time-boxed", "full", "hybrid", "semantic", "keyword", "agentic", "fallback")
"""Names of all ways, in order."""


def _about(workload: Workload, frames: Sequence[str]) -> tuple[Query, ...]:
    subjects = set(workload.subjects.values())
    things = [thing for domain in words.DOMAINS if domain.name in subjects for thing in domain.things]
    return tuple(
        Query(query_id=f"about-{frames.index(frame)}-{thing}", text=frame.format(thing=thing))
        for frame in frames
        for thing in things
    )


def _timed(workload: Workload) -> tuple[Query, ...]:
    return tuple(workload.category("time"))
