"""The router: from a query to fused hits with an explanation.

classify -> window -> tier -> chain -> ask the layers of a step -> fuse by rank -> hits that are confident enough,
or the next step of the chain; browsing the table of contents stands at its end.
"""

from collections.abc import Mapping, Sequence, Set

from strata.author import attributed
from strata.errors import QueryError, StoreError
from strata.event import Event
from strata.hit import Scope
from strata.route.bounds import Bounds, Meter
from strata.route.chains import DEFAULT_MODE, Mode, Step, chain, checked_mode
from strata.route.explanation import Box, Explanation, RoutedHit, RouteResult
from strata.route.fusion import Fused, fuse, total_shares
from strata.route.intent import Intention, checked_intent, intent_of
from strata.route.layers import Layers, Stack
from strata.route.tiers import Layer, Tier, best_tier, checked_tier
from strata.route.time_expression import Window, time_window
from strata.tokens import shared, terms, words

# Keywords find the right event more often than vectors of a small model do; from 1.25 to 1.75 it makes no difference.
WEIGHTS: Mapping[Layer, float] = {"bm25": 1.5, "vector": 1.0, "topics": 0.5, "agentic": 1.0}


TOLD_WITHIN = 3 * 86_400_000
"""Milliseconds after the end of a window in which its events are still told."""


GUESSED = 0.5
"""Weight of a window that depends on when the query is asked, if that is guessed from the newest event."""


class Router:
    """One query on its way through the layers."""

    def __init__(
        self,
        stack: Stack,
        query: str,
        k: int,
        *,
        scope: Scope,
        window: Window | None,
        now: int,
        guessed: bool,
        intention: Intention,
        tier: Tier,
        tier_reason: str,
        mode: Mode | None,
        meter: Meter,
        behind: Mapping[str, int],
    ) -> None:
        """`now` is epoch ms, `guessed` or given; `behind` are the events that each built layer still lacks."""
        self._stack = stack
        self._query = query
        self._k = k
        self._window = window
        self._now = now
        self._trust = GUESSED if window is not None and window.relative and guessed else 1.0
        self._intention = intention
        self._tier: Tier = tier
        self._tier_reason = tier_reason
        self._mode: Mode = mode or DEFAULT_MODE[intention.intent]
        self._meter = meter
        self._behind = behind
        self._chain = chain(intention.intent, tier, self._mode, browsable="toc" in behind)
        box = None if window is None else Scope(agent=scope.agent, since=window.since, until=_told_by(window))
        self._layers = Layers(stack, query, scope, box, meter)
        self._wanted = frozenset(terms(query) or words(query))
        self._fallback_reason = ""
        self._candidates: set[str] = set()

    def answer(self) -> RouteResult:
        """Walk the chain until a step gives hits. Raises ModelError if every layer asked needs a missing model."""
        fused: list[Fused] = []
        hits: list[RoutedHit] = []
        for step in self._chain:
            if self._meter.out_of_time():
                break
            fused = self._step(step)
            hits = self._hits(fused)
            if hits:
                break
            if step is not self._chain[-1]:
                self._fallback_reason = self._why_not(step, fused)
        else:
            if failure := self._layers.failure():
                raise failure
        return RouteResult(hits=hits, explanation=self._explain(hits, fused))

    def _step(self, step: Step) -> list[Fused]:
        lists: list[tuple[str, float, Sequence[str]]] = []
        for layer in step.layers:
            if self._meter.out_of_time():
                break
            found = self._layers.ask(layer, self._k)
            lists.append((layer, WEIGHTS[layer], found.ids))
            if found.boxed:
                lists.append((layer, WEIGHTS[layer] * self._trust, found.boxed))
        fused = fuse(lists)
        self._candidates.update(event.doc_id for event in fused)
        return fused

    def _hits(self, fused: Sequence[Fused]) -> list[RoutedHit]:
        """The first k events that are confident enough, as far as their words stay within the bound."""
        bounds = self._meter.bounds
        hits: list[RoutedHit] = []
        spoken = 0
        for start in range(0, len(fused), max(1, self._k)):
            page = fused[start : start + self._k]
            events = self._stack.store.get([event.doc_id for event in page])
            for found in page:
                event = events.get(found.doc_id)
                if event is None:
                    continue
                confidence = self._confidence(event)
                if confidence < bounds.min_confidence:
                    self._meter.note("min_confidence")
                    continue
                if bounds.max_tokens is not None:
                    spoken += len(words(event.text))
                    if spoken > bounds.max_tokens:
                        self._meter.note("max_tokens")
                        return hits
                hits.append(_routed(event, found, confidence))
                if len(hits) == self._k:
                    return hits
            if self._meter.out_of_time():
                break
        return hits

    def _confidence(self, event: Event) -> float:
        share = len(shared(self._wanted, attributed(event))) / max(1, len(self._wanted))
        cosine = self._layers.cosine(event.event_id)
        return round(max(share, min(1.0, cosine)), 6)

    def _why_not(self, step: Step, fused: Sequence[Fused]) -> str:
        if fused and "max_tokens" in self._meter.hit:
            return f"the best hit of {step.name} is longer than max_tokens allows"
        if fused:
            return f"{step.name} found nothing with a confidence of {self._meter.bounds.min_confidence:g} or more"
        failed = [report for report in self._layers.reports if report.layer in step.layers and report.note]
        if failed:
            return f"{step.name} failed: {failed[0].note}"
        if any(report.missing for report in self._layers.reports if report.layer in step.layers):
            return f"{step.name} found nothing in what could be searched"
        return f"{step.name} found nothing"

    def _explain(self, hits: Sequence[RoutedHit], fused: Sequence[Fused]) -> Explanation:
        winner, winner_reason = _winner(hits, fused)
        reports = tuple(self._layers.reports)
        failed = [f"{report.layer} failed: {report.note}" for report in reports if report.status == "failed"]
        return Explanation(
            intent=self._intention.intent,
            intent_reason=self._intention.reason,
            tier=self._tier,
            tier_reason=self._tier_reason,
            mode=self._mode,
            chain=tuple(step.name for step in self._chain),
            layers=reports,
            behind=dict(self._behind),
            winner=winner,
            winner_reason=winner_reason,
            fallback=bool(self._fallback_reason or failed),
            fallback_reason=self._fallback_reason or "; ".join(failed),
            candidates=len(self._candidates),
            bounds=self._meter.bounds,
            bounds_hit=tuple(self._meter.hit),
            window=self._boxed(),
            topics=self._layers.topics,
            nodes_looked_at=self._meter.nodes,
            segment_ids=self._layers.segment_ids,
            total_ms=self._meter.elapsed_ms(),
        )

    def _boxed(self) -> Box | None:
        if self._window is None:
            return None
        inside = sum(report.boxed or 0 for report in self._layers.reports)
        return Box(
            since=self._window.since,
            until=self._window.until,
            words=self._window.words,
            now=self._now,
            candidates=inside,
            effect=self._effect(inside),
        )

    def _effect(self, inside: int) -> str:
        if not inside:
            return "no event inside the window was found, so it changed nothing"
        effect = "events inside it, or told within three days after, were ranked once more and that ranking fused in"
        return effect if self._trust == 1 else f"{effect}, at half weight, as the time of asking is only guessed"


def _told_by(window: Window) -> int | None:
    """When what happened in a window has been told: people speak of a day in the days after it."""
    return window.until + TOLD_WITHIN if window.until is not None and window.since is not None else window.until


def _routed(event: Event, found: Fused, confidence: float) -> RoutedHit:
    return RoutedHit(
        doc_id=event.event_id,
        score=found.score,
        layer=max(sorted(found.shares), key=lambda layer: found.shares[layer]),
        timestamp=event.timestamp,
        agent=event.agent,
        text=event.text,
        confidence=confidence,
        found_by=tuple(sorted(found.shares)),
    )


def _winner(hits: Sequence[RoutedHit], fused: Sequence[Fused]) -> tuple[str, str]:
    if not hits:
        return "", "no layer found anything"
    returned = {hit.doc_id for hit in hits}
    shares = total_shares([event for event in fused if event.doc_id in returned])
    winner = max(sorted(shares), key=lambda layer: shares[layer])
    if len(shares) == 1:
        return winner, f"it alone found the {len(hits)} hits" if len(hits) > 1 else "it alone found the hit"
    share = shares[winner] / sum(shares.values())
    return winner, f"it gave {share:.0%} of the fused score of the {len(hits)} hits"


def route(
    stack: Stack,
    query: str,
    k: int,
    *,
    scope: Scope,
    behind: Mapping[str, int],
    now: int | None = None,
    intent: str | None = None,
    tier: str | None = None,
    mode: str | None = None,
    bounds: Bounds | None = None,
    time_boxing: bool = True,
) -> RouteResult:
    """Answer a query; see `Strata.route`. `behind` are the built indexes, each with the events it still lacks."""
    meter = Meter(bounds or Bounds())
    if k < 1:
        raise QueryError(f"asked for {k} results: ask for at least 1")
    if not words(query):
        raise QueryError(f"the query {query!r} has no words to search for")
    ready = ready_layers(behind.keys())
    if not ready:
        raise StoreError("no layer can answer, because no index is built: run strata build")
    best = best_tier(ready)
    chosen = checked_tier(tier, ready) if tier else best
    window, moment = None, now or 0
    if time_boxing and time_window(query, moment) is not None:
        moment = now if now is not None else stack.store.newest(scope.agent) or 0
        window = time_window(query, moment)
    found = intent_of(query, window)
    router = Router(
        stack,
        query,
        k,
        scope=scope,
        window=window,
        now=moment,
        guessed=now is None,
        intention=Intention(checked_intent(intent), "it was asked for") if intent else found,
        tier=chosen,
        tier_reason="it was asked for" if tier else f"the highest whose layers are ready: {', '.join(sorted(ready))}",
        mode=checked_mode(mode) if mode else None,
        meter=meter,
        behind=behind,
    )
    return router.answer()


def ready_layers(built: Set[str]) -> frozenset[Layer]:
    """The layers that can answer, given the indexes that are built: topics rank by vectors and read segments."""
    return frozenset(layer for layer, indexes in _NEEDS.items() if indexes <= built)


_NEEDS: Mapping[Layer, Set[str]] = {
    "bm25": {"bm25"},
    "vector": {"vector"},
    "topics": {"topics", "vector", "toc"},
    "agentic": {"toc"},
}
