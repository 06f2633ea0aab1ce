"""Traces that nobody on this project wrote: ingested whole, cut into segments, found again.

They are not part of the repository. RETROSPEED_DATA names the folder that holds `locomo/` and `ubuntu-irc/`.
"""

import json
import os
from itertools import islice
from pathlib import Path

import pytest

import strata
from strata import Event
from strata.toc.segments import MAX_TOKENS, count_tokens
from strata.trace import read_trace

DATA = os.environ.get("RETROSPEED_DATA")
TRACES = ("locomo/events.jsonl", "ubuntu-irc/events.jsonl.gz")
PART = 30_000

pytestmark = pytest.mark.skipif(DATA is None, reason="RETROSPEED_DATA is not set")


@pytest.mark.parametrize("name", TRACES)
def test_every_event_of_a_trace_is_in_one_segment(tmp_path: Path, name: str) -> None:
    trace = Path(str(DATA)) / name
    if not trace.exists():
        pytest.skip(f"{trace} is not there")
    events = [found for _, found in islice(read_trace(trace), PART) if isinstance(found, Event)]
    with strata.open(tmp_path / "store") as stack:
        assert stack.ingest(events).added == len(events)
        assert stack.build(["toc"]) == {"toc": len(events)}
        assert sum(root.event_count for root in stack.toc.roots()) == len(events)
        by_id = {event.event_id: event for event in events}
        seen = []
        for segment in stack.toc.segments():
            own = [by_id[event_id] for event_id in stack.toc.events_of(segment.node_id)]
            seen += own
            assert len({event.session_id for event in own}) == 1
            assert len(own) == 1 or sum(map(count_tokens, own)) <= MAX_TOKENS
            assert (segment.start, segment.end) == (
                min(event.timestamp for event in own),
                max(event.timestamp for event in own),
            )
            for bullet in segment.bullets:
                for grip in map(stack.toc.grip, bullet.grip_ids):
                    assert grip.excerpt.removesuffix("…") in " ".join(by_id[grip.event_ids[0]].text.split())
        assert {event.event_id for event in seen} == set(by_id) and len(seen) == len(by_id)


def test_a_whole_file_goes_in_once(tmp_path: Path) -> None:
    trace = Path(str(DATA)) / "locomo/events.jsonl"
    if not trace.exists():
        pytest.skip(f"{trace} is not there")
    lines = trace.read_text().splitlines()
    with strata.open(tmp_path / "store") as stack:
        assert stack.ingest_trace(trace).added == len(lines)
        assert stack.ingest_trace(trace).duplicates == len(lines)
        assert stack.store.agents() == sorted({json.loads(line)["agent"] for line in lines})
