"""Where a session is cut, and what a new segment overlaps."""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from strata.event import Event
from strata.toc.segments import GAP, MAX_TOKENS, OVERLAP, OVERLAP_TOKENS, OpenSegment, count_tokens, place

MINUTE = 60_000


def event(number: int, minutes: float, tokens: int = 1, **fields: str) -> Event:
    return Event(
        event_id=f"e{number}",
        session_id="s",
        timestamp=round(minutes * MINUTE),
        text="x" * (4 * tokens),
        **fields,  # type: ignore[arg-type]
    )


def cut(events: list[Event]) -> list[tuple[list[str], tuple[str, ...]]]:
    """(own event ids, overlap) of each segment."""
    segments: list[tuple[list[str], tuple[str, ...]]] = []
    current: OpenSegment | None = None
    for position, one in enumerate(events, 1):
        current, overlap = place(current, position, one)
        if overlap is not None:
            segments.append(([], overlap))
            assert current.first == position and current.started == one.timestamp
        segments[-1][0].append(one.event_id)
    return segments


def test_a_gap_over_thirty_minutes_cuts_and_one_of_thirty_does_not() -> None:
    assert [own for own, _ in cut([event(1, 0), event(2, 30), event(3, 60.001)])] == [["e1", "e2"], ["e3"]]


def test_a_log_out_of_order_is_cut_at_a_jump_back() -> None:
    assert [own for own, _ in cut([event(1, 100), event(2, 80), event(3, 40)])] == [["e1", "e2"], ["e3"]]


def test_four_thousand_tokens_fit_and_one_more_cuts() -> None:
    assert [own for own, _ in cut([event(1, 0, 3_999), event(2, 1, 1), event(3, 2, 1)])] == [["e1", "e2"], ["e3"]]


def test_an_event_longer_than_a_segment_has_one_to_itself() -> None:
    assert [own for own, _ in cut([event(1, 0), event(2, 1, 9_000), event(3, 2)])] == [["e1"], ["e2"], ["e3"]]


def test_a_new_segment_overlaps_the_last_five_minutes() -> None:
    assert cut([event(1, 0), event(2, 5), event(3, 7), event(4, 10), event(5, 60)])[1] == (["e5"], ("e2", "e3", "e4"))


def test_the_overlap_stays_within_its_tokens() -> None:
    assert cut([event(1, 0, 300), event(2, 1, 300), event(3, 2, 200), event(4, 60)])[1][1] == ("e2", "e3")
    assert cut([event(1, 0, 501), event(2, 60)])[1][1] == ()


def test_tokens_are_a_quarter_of_the_characters_and_a_tool_result_counts_a_thousand_of_them() -> None:
    assert [count_tokens(event(1, 0, n)) for n in (0, 1, 2)] == [1, 1, 2]
    assert count_tokens(Event(event_id="e", session_id="s", timestamp=0, text="12345")) == 2
    assert count_tokens(event(1, 0, 9_000, kind="tool_result")) == 250


@given(st.lists(st.tuples(st.floats(-40, 40), st.integers(0, 5_000)), max_size=60))
@example([(0.0, 0), (-1.0, 0), (6.0, 0), (0.0, 3_998)])
def test_every_segment_keeps_the_bounds(steps: list[tuple[float, int]]) -> None:
    minutes = 1_000.0
    events = []
    for number, (step, tokens) in enumerate(steps):
        minutes += step
        events.append(event(number, minutes, tokens))
    by_id = {one.event_id: one for one in events}
    segments = cut(events)
    assert [event_id for own, _ in segments for event_id in own] == [one.event_id for one in events]
    before: list[str] = []
    for own, overlap in segments:
        assert len(own) == 1 or sum(count_tokens(by_id[one]) for one in own) <= MAX_TOKENS
        for one, following in pairwise(own):
            assert abs(by_id[following].timestamp - by_id[one].timestamp) <= GAP
        assert list(overlap) == (before[-len(overlap) :] if overlap else [])
        assert sum(count_tokens(by_id[one]) for one in overlap) <= OVERLAP_TOKENS
        assert all(by_id[one].timestamp >= by_id[before[-1]].timestamp - OVERLAP for one in overlap)
        before = own
