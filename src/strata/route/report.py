"""An explanation in words for people."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from strata.hit import Missing
from strata.route.explanation import Box, Explanation, LayerReport

SHOWN_PARTS = 6


def lines(explanation: Explanation) -> Iterator[str]:
    """The explanation, a line a fact; times are UTC."""
    yield f"intent   {explanation.intent}: {explanation.intent_reason}"
    yield f"tier     {explanation.tier}: {explanation.tier_reason}"
    yield f"chain    {' -> '.join(explanation.chain)} ({explanation.mode})"
    if explanation.window is not None:
        yield f"window   {_window(explanation.window)}"
    for report in explanation.layers:
        yield f"layer    {_layer(report)}"
        for line in missing_parts(report.missing):
            yield f"missing  {report.layer}: {line}"
    for topic in explanation.topics:
        yield f"topic    {topic.label}: cosine {topic.score:.2f}, {len(topic.segment_ids)} segments ({topic.topic_id})"
    if explanation.segment_ids:
        yield (
            f"browsed  {explanation.nodes_looked_at} nodes of the table of contents, "
            f"read {len(explanation.segment_ids)} segments"
        )
    yield f"winner   {explanation.winner or 'none'}: {explanation.winner_reason}"
    if explanation.fallback:
        yield f"fallback {explanation.fallback_reason}"
    if explanation.bounds_hit:
        yield f"bounds   hit: {', '.join(explanation.bounds_hit)}"
    late = [f"{layer} by {count:,} events" for layer, count in explanation.behind.items() if count]
    if late:
        yield f"behind   {', '.join(late)}: run strata build"
    yield f"time     {explanation.total_ms:.1f} ms, {explanation.candidates:,} candidates"


def missing_parts(parts: Sequence[Missing]) -> Iterator[str]:
    """The parts of an index that could not be searched, a line each; of many only the first."""
    for part in parts[:SHOWN_PARTS]:
        yield (
            f"{part.partition} ({_time(part.since)} to {_time(part.until)}, {part.events:,} events) "
            f"could not be searched: {part.reason}"
        )
    if rest := parts[SHOWN_PARTS:]:
        events = sum(part.events for part in rest)
        yield f"and {len(rest)} more parts, {rest[0].partition} to {rest[-1].partition}, {events:,} events"


def _layer(report: LayerReport) -> str:
    inside = "" if report.boxed is None else f", {report.boxed:,} inside the window"
    note = f": {report.note}" if report.note else ""
    return f"{report.layer} {report.status} in {report.ms:.1f} ms, {report.candidates:,} candidates{inside}{note}"


def _window(box: Box) -> str:
    since = "the beginning" if box.since is None else _time(box.since)
    until = "the end" if box.until is None else _time(box.until)
    return f'{since} to {until}, from "{box.words}" said at {_time(box.now)}; {box.effect}'


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M")
