"""The calendar nodes above a segment: ids, titles and parents of year, month, ISO week and day.

A week belongs to the month and year of its Thursday, so the days around New Year and at the ends of months hang where
their week does: 30 December 2024 is in week 1 of 2025, and found under January 2025.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import msgspec

LEVELS = ("year", "month", "week", "day", "segment")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Not strftime's names, which follow the locale.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class Place(msgspec.Struct, frozen=True):
    """A calendar node's identity."""

    node_id: str
    level: str
    title: str


def moment(milliseconds: int) -> datetime:
    """The UTC time of an epoch in milliseconds, over the whole range an event may have."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def calendar_path(milliseconds: int) -> tuple[Place, ...]:
    """Year, month, week and day of a time."""
    return _path_of_day(moment(milliseconds).date())


@lru_cache(maxsize=1024)
def _path_of_day(day: date) -> tuple[Place, ...]:
    thursday = day + timedelta(days=3 - day.weekday())
    monday, sunday = thursday - timedelta(days=3), thursday + timedelta(days=3)
    week = thursday.isocalendar().week
    return (
        Place(f"toc:year:{thursday.year:04}", "year", f"{thursday.year}"),
        Place(
            f"toc:month:{thursday.year:04}:{thursday.month:02}",
            "month",
            f"{_MONTHS[thursday.month - 1]} {thursday.year}",
        ),
        Place(
            f"toc:week:{thursday.year:04}:W{week:02}",
            "week",
            f"Week {week} of {thursday.year} ({_short(monday)} to {_short(sunday)})",
        ),
        Place(f"toc:day:{day.isoformat()}", "day", f"{_DAYS[day.weekday()]}, {_short(day)} {day.year}"),
    )


def segment_id(started: int, first_position: int) -> str:
    """Id of the segment whose first event has this time and log position."""
    return f"toc:segment:{moment(started).date().isoformat()}:{first_position}"


def segment_title(start: int, end: int, session_id: str) -> str:
    """The segment's hours in UTC, and its session."""
    return f"{moment(start):%H:%M} to {moment(end):%H:%M}, {session_id}"


def _short(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"
