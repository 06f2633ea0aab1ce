"""Time expressions in an English query, as one window of time.

Points ("8 May 2023", "in May", "last Tuesday", "two weeks ago": `time_point`) and the relation in which the window
stands to them ("since", "before", "between … and …"). Only phrases count, never single words that also mean
something else: the modal "may", the verb "march", "second" and bare numbers are no time expressions.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from dateutil.relativedelta import relativedelta

from strata.route.time_point import Point, points


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The time a query speaks of: epoch ms, `[since, until)`, None where it is open; `words` are the query's own.

    `relative` if it means something only to who knows when the query is asked.
    """

    since: int | None
    until: int | None
    words: str
    relative: bool


class _Part(msgspec.Struct, frozen=True):
    start: int
    end: int
    since: datetime | None
    until: datetime | None


_RELATION = re.compile(r"\b(since|before|after|until|till|up to|prior to)\s+(?:the\s+|about\s+)?$", re.IGNORECASE)
_RANGE = re.compile(r"\b(?:between|from)\s+(?:the\s+)?$", re.IGNORECASE)
_TO = re.compile(r"\s*(?:,?\s+and|\s+to|\s+until|\s+till|\s+through|\s*[-\u2013])\s*(?:the\s+)?", re.IGNORECASE)
_SINCE, _AFTER, _BEFORE = {"since"}, {"after"}, {"before", "prior to"}


def time_window(query: str, now: int) -> Window | None:
    """The window that the query's time expressions span together, or None if it has none.

    `now` is epoch ms, UTC: "yesterday" is the day before it, and a date without its year is the latest that has begun.
    """
    found = points(query, datetime.fromtimestamp(now / 1000, UTC))
    relative = any(point.relative for point in found)
    parts = []
    while found:
        point = found.pop(0)
        opening = _RANGE.search(query, 0, point.start)
        if found and opening and _TO.fullmatch(query, point.end, found[0].start):
            other = found.pop(0)
            since, until = _range(query, point, other)
            parts.append(_Part(opening.start(), other.end, since, until))
        else:
            parts.append(_related(query, point))
    if not parts:
        return None
    return Window(
        since=_milliseconds([part.since for part in parts], min),
        until=_milliseconds([part.until for part in parts], max),
        words=", ".join(query[part.start : part.end] for part in parts),
        relative=relative,
    )


def _range(query: str, first: Point, second: Point) -> tuple[datetime, datetime]:
    if second.dated and not first.dated:
        # "From March to June 2022": the year is that of both.
        said = points(query, second.until - timedelta(microseconds=1))
        first = next((point for point in said if point.start == first.start), first)
    if first.dated and not second.dated:
        years = relativedelta(second.since, first.since).years
        until = second.until - relativedelta(years=years)
        return first.since, until if until > first.since else until + relativedelta(years=1)
    return min(first.since, second.since), max(first.until, second.until)


def _related(query: str, point: Point) -> _Part:
    relation = _RELATION.search(query, 0, point.start)
    word = relation[1].lower() if relation else ""
    start = relation.start() if relation else point.start
    if not word:
        return _Part(start, point.end, point.since, point.until)
    if word in _SINCE:
        return _Part(start, point.end, point.since, None)
    if word in _AFTER:
        return _Part(start, point.end, point.until, None)
    return _Part(start, point.end, None, point.since if word in _BEFORE else point.until)


def _milliseconds(bounds: list[datetime | None], choose: Callable[[list[datetime]], datetime]) -> int | None:
    closed = [bound for bound in bounds if bound is not None]
    return round(choose(closed).timestamp() * 1000) if len(closed) == len(bounds) else None
