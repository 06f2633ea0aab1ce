"""Agentic search: browse the table of contents from the years down to segments, and read the events found there.

It needs no index over the events, so it stands behind every tier. A beam search: of the nodes looked at on a level the
`beam_width` that share most words with the query are opened; when the beam ends without enough events, the best of the
nodes passed over are opened next, until `max_nodes` is used up.
"""

import heapq
import math
from collections import Counter
from collections.abc import Sequence

import msgspec

from strata.author import attributed
from strata.event import Event
from strata.hit import Scope
from strata.protocols import EventStore, Toc, TocNode
from strata.route.bounds import Meter
from strata.tokens import has_word, shared, terms, words


class Browsed(msgspec.Struct, frozen=True):
    """What browsing found: event ids from best to worst, and the segments that were read."""

    event_ids: list[str]
    segment_ids: list[str]


def browse(toc: Toc, store: EventStore, query: str, k: int, scope: Scope, meter: Meter, *, any_event: bool) -> Browsed:
    """The k best events by the share of the query's words in them; with `any_event` also those that share none."""
    wanted = frozenset(terms(query) or words(query))
    walk = _Walk(toc, wanted, scope, meter)
    told: dict[str, frozenset[str]] = {}
    segment_ids = []
    matching = 0
    while matching < k and (segment := walk.next_segment()) is not None:
        segment_ids.append(segment.node_id)
        for event_id, event in store.get(toc.events_of(segment.node_id)).items():
            if _admits(scope, event) and has_word(event.text):
                told[event_id] = shared(wanted, attributed(event))
                matching += any_event or bool(told[event_id])
    return Browsed(_ranked(told, any_event)[:k], segment_ids)


class _Walk:
    def __init__(self, toc: Toc, wanted: frozenset[str], scope: Scope, meter: Meter) -> None:
        self._toc = toc
        self._wanted = wanted
        self._scope = scope
        self._meter = meter
        # Nodes to open, best first: those of the beam before those passed over, then by words shared, depth and time.
        self._waiting: list[tuple[bool, float, int, int, str, TocNode]] = []
        self._offer([root.node_id for root in reversed(toc.roots())], 0)

    def next_segment(self) -> TocNode | None:
        """The next segment worth reading; None when there is none, or a bound was hit."""
        bounds = self._meter.bounds
        while self._waiting and not self._meter.out_of_time():
            _, _, depth, _, _, node = heapq.heappop(self._waiting)
            depth = -depth
            if node.level == "segment":
                return node
            if depth >= bounds.max_depth:
                self._meter.note("max_depth")
            else:
                self._offer(node.child_ids, depth + 1)
        return None

    def _offer(self, node_ids: Sequence[str], depth: int) -> None:
        nodes = self._toc.nodes(node_ids[: self._meter.take_nodes(len(node_ids))])
        scored = [(-self._shared(node), -depth, -node.end, node.node_id, node) for node in nodes if self._inside(node)]
        scored.sort(key=lambda entry: entry[:4])
        beam = self._meter.bounds.beam_width
        for place, entry in enumerate(scored):
            heapq.heappush(self._waiting, (place >= beam, *entry))
        if len(scored) > beam:
            self._meter.note("beam_width")

    def _shared(self, node: TocNode) -> float:
        said = terms(" ".join((node.title, *node.keywords, *(bullet.text for bullet in node.bullets))))
        return len(self._wanted.intersection(said)) / max(1, len(self._wanted))

    def _inside(self, node: TocNode) -> bool:
        scope = self._scope
        return (
            (scope.agent is None or scope.agent in node.agents)
            and (scope.since is None or node.end >= scope.since)
            and (scope.until is None or node.start < scope.until)
        )


def _admits(scope: Scope, event: Event) -> bool:
    return (
        (scope.agent is None or event.agent == scope.agent)
        and (scope.since is None or event.timestamp >= scope.since)
        and (scope.until is None or event.timestamp < scope.until)
    )


def _ranked(shared: dict[str, frozenset[str]], any_event: bool) -> list[str]:
    """Ids of events, best first, from the words of the query that each has."""
    having = Counter(term for own in shared.values() for term in own)
    # A word weighs by how few of the events read have it.
    score = {
        event_id: sum(math.log1p(len(shared) / having[term]) for term in sorted(own))
        for event_id, own in shared.items()
    }
    chosen = [event_id for event_id, own in shared.items() if any_event or own]
    return sorted(chosen, key=lambda event_id: (-score[event_id], event_id))
