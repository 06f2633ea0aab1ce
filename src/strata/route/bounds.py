"""Bounds: how much a query may cost and return; each is enforced, and named in the explanation when it was hit."""

import time

import msgspec

from strata.errors import QueryError


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one query; None is no limit.

    max_depth: levels of the table of contents below the years that agentic browsing descends.
    max_nodes: nodes of it that are looked at.
    max_candidates: events that a layer hands to fusion.
    max_tokens: words of all returned hits together; the first hit that would exceed it ends the answer.
    timeout_ms: time after which no further layer, node or event is looked at.
    beam_width: nodes kept at each level, 1 to 16.
    min_confidence: hits below it, from 0 to 1, are not returned, and a step whose best hit is below it is not enough.
    """

    max_depth: int = 5
    max_nodes: int = 200
    max_candidates: int = 100
    max_tokens: int | None = None
    timeout_ms: float = 5000.0
    beam_width: int = 4
    min_confidence: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.min_confidence <= 1:
            raise QueryError(f"min_confidence is {self.min_confidence}: give a number from 0 to 1")
        if not 1 <= self.beam_width <= 16:
            raise QueryError(f"beam_width is {self.beam_width}: give a number from 1 to 16")
        for name in ("max_depth", "max_nodes", "max_candidates", "max_tokens", "timeout_ms"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise QueryError(f"{name} is {value}: give a number above 0")


class Meter:
    """What one query has used of its bounds."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.hit: list[str] = []
        self.nodes = 0
        self._start = time.perf_counter()

    def elapsed_ms(self) -> float:
        """Time since the query came."""
        return (time.perf_counter() - self._start) * 1000

    def note(self, bound: str) -> None:
        """Remember that a bound was hit."""
        if bound not in self.hit:
            self.hit.append(bound)

    def take_nodes(self, wanted: int) -> int:
        """How many of the nodes wanted may still be looked at; they count as looked at."""
        given = min(wanted, self.bounds.max_nodes - self.nodes)
        if given < wanted:
            self.note("max_nodes")
        self.nodes += given
        return given

    def out_of_time(self) -> bool:
        """Whether `timeout_ms` is over; if so it is noted."""
        over = self.elapsed_ms() >= self.bounds.timeout_ms
        if over:
            self.note("timeout_ms")
        return over
