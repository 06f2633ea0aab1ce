"""The explanation of an answer: what was asked for, what was tried, what each layer gave, and why it ended."""

from typing import Literal

import msgspec

from strata.hit import Hit, Missing
from strata.route.bounds import Bounds
from strata.route.chains import Mode
from strata.route.intent import Intent
from strata.route.tiers import Layer, Tier

Status = Literal["answered", "empty", "failed"]


class RoutedHit(Hit, frozen=True, kw_only=True):
    """A hit of the fused answer.

    `score` is the fused score and compares only within the answer. `confidence`, from 0 to 1, compares between
    answers: the share of the query's distinct terms that the event and its author's name hold, or the cosine of the
    vector layer, whichever is higher. `found_by` names the layers that found it.
    """

    confidence: float
    found_by: tuple[str, ...]


class LayerReport(msgspec.Struct, frozen=True, kw_only=True):
    """One layer that was tried. `candidates` are the events it found, `boxed` those among them in the time window;
    `missing` are the parts of its index that could not be searched."""

    layer: Layer
    status: Status
    ms: float
    candidates: int
    boxed: int | None = None
    note: str = ""
    missing: tuple[Missing, ...] = ()


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """The time window of a query: epoch ms, `[since, until)`, the query's own words, the `now` they were read at,
    how many of the events found lie inside, and what it did."""

    since: int | None
    until: int | None
    words: str
    now: int
    candidates: int
    effect: str


class TopicReached(msgspec.Struct, frozen=True, kw_only=True):
    """A topic near the query, with its cosine; it expands to its segments' events."""

    topic_id: str
    label: str
    score: float
    segment_ids: tuple[str, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why the answer is what it is. `layers` are those attempted, in order; `behind` counts, for each layer that is
    built, the events of the log that it does not hold yet; `segment_ids` are the segments that browsing read."""

    intent: Intent
    intent_reason: str
    tier: Tier
    tier_reason: str
    mode: Mode
    chain: tuple[str, ...]
    layers: tuple[LayerReport, ...]
    behind: dict[str, int]
    winner: str
    winner_reason: str
    fallback: bool
    fallback_reason: str
    candidates: int
    bounds: Bounds
    bounds_hit: tuple[str, ...]
    window: Box | None
    topics: tuple[TopicReached, ...]
    nodes_looked_at: int
    segment_ids: tuple[str, ...]
    total_ms: float


class RouteResult(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a query: its hits, best first, and how they came about."""

    hits: list[RoutedHit]
    explanation: Explanation
