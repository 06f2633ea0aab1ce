"""Segments: stretches of one session that belong together in time and fit a language model's reading.

A session is cut before an event that lies more than 30 minutes from the event before it, or that would bring the
segment over 4,000 tokens. Sessions are cut one by one, in log order, because a log of many sessions interleaves them.
A cut depends on the session's open segment alone, so a log that grows is cut as if it had been there at once.

A new segment overlaps the one before it: it lists that one's last events, within 5 minutes of its end and 500 tokens.
"""

import msgspec

from strata.event import Event

GAP = 30 * 60 * 1000
"""Milliseconds of silence that end a segment."""
MAX_TOKENS = 4_000
OVERLAP = 5 * 60 * 1000
OVERLAP_TOKENS = 500
COUNTED_TOOL_RESULT = 1_000
"""Characters of a tool result that count: a dump of a file should not end a conversation's segment."""


class Recent(msgspec.Struct, frozen=True, array_like=True):
    """An event that the next segment may overlap."""

    event_id: str
    timestamp: int
    tokens: int


class OpenSegment(msgspec.Struct, array_like=True):
    """The last segment of a session, which may still grow.

    `first` is the log position of its first event, `started` that event's time, `last` the time of its last.
    """

    first: int
    started: int
    last: int
    tokens: int
    recent: list[Recent]


def count_tokens(event: Event) -> int:
    """About how many tokens a byte-pair encoding makes of the text: one for every four characters begun, at least one.

    That is the rule of thumb for English text. It costs no tokenizer and never changes, which cuts must not.
    """
    length = len(event.text)
    if event.kind == "tool_result":
        length = min(length, COUNTED_TOOL_RESULT)
    return max(1, (length + 3) // 4)


def place(open_segment: OpenSegment | None, position: int, event: Event) -> tuple[OpenSegment, tuple[str, ...] | None]:
    """Put the next event of a session into its open segment, or into a new one.

    Returns the segment, and for a new one the ids of the events it overlaps (None for the old one).
    """
    tokens = count_tokens(event)
    overlap: tuple[str, ...] | None = None
    if (
        open_segment is None
        or abs(event.timestamp - open_segment.last) > GAP
        or open_segment.tokens + tokens > MAX_TOKENS
    ):
        overlap = tuple(recent.event_id for recent in open_segment.recent) if open_segment else ()
        open_segment = OpenSegment(position, event.timestamp, event.timestamp, 0, [])
    open_segment.last = event.timestamp
    open_segment.tokens += tokens
    _remember(open_segment, Recent(event.event_id, event.timestamp, tokens))
    return open_segment, overlap


def _remember(segment: OpenSegment, newest: Recent) -> None:
    """Keep the last events that fit the overlap."""
    recent = segment.recent
    recent.append(newest)
    # Clocks of a session may go backwards: one event that is too old ends the overlap, wherever it stands.
    too_old = [index for index, one in enumerate(recent) if one.timestamp < segment.last - OVERLAP]
    drop = too_old[-1] + 1 if too_old else 0
    total = sum(one.tokens for one in recent[drop:])
    while total > OVERLAP_TOKENS:
        total -= recent[drop].tokens
        drop += 1
    del recent[:drop]
