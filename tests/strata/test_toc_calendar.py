"""Ids, titles and parents of the calendar nodes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strata.event import EARLIEST, LATEST
from strata.toc.calendar import calendar_path, moment, segment_id, segment_title


def milliseconds(text: str) -> int:
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        milliseconds=1
    )


@pytest.mark.parametrize(
    ("time", "ids"),
    [
        ("2024-01-15T23:59:59.999", ("2024", "2024:01", "2024:W03", "2024-01-15")),
        ("2024-12-30", ("2025", "2025:01", "2025:W01", "2024-12-30")),
        ("2021-01-03", ("2020", "2020:12", "2020:W53", "2021-01-03")),
        ("2024-02-29", ("2024", "2024:02", "2024:W09", "2024-02-29")),
        ("2024-02-01", ("2024", "2024:02", "2024:W05", "2024-02-01")),
        ("2024-01-31", ("2024", "2024:02", "2024:W05", "2024-01-31")),
        ("1969-12-31T23:59:59.999", ("1970", "1970:01", "1970:W01", "1969-12-31")),
    ],
)
def test_a_week_and_its_days_hang_where_its_thursday_does(time: str, ids: tuple[str, ...]) -> None:
    levels = ("year", "month", "week", "day")
    path = calendar_path(milliseconds(time))
    assert [place.node_id for place in path] == [f"toc:{level}:{rest}" for level, rest in zip(levels, ids, strict=True)]
    assert [place.level for place in path] == list(levels)


def test_titles() -> None:
    assert [place.title for place in calendar_path(milliseconds("2024-12-30"))] == [
        "2025",
        "January 2025",
        "Week 1 of 2025 (30 December to 5 January)",
        "Monday, 30 December 2024",
    ]
    start = milliseconds("2024-01-15T09:30")
    assert segment_title(start, start + 95 * 60_000, "s-1") == "09:30 to 11:05, s-1"
    assert segment_id(start, 17) == "toc:segment:2024-01-15:17"


@given(st.integers(EARLIEST, LATEST))
def test_every_time_an_event_may_have_is_on_the_calendar(time: int) -> None:
    day = moment(time).date()
    week_year, week, _ = day.isocalendar()
    year, month, at_week, at_day = calendar_path(time)
    assert at_week.node_id == f"toc:week:{week_year:04}:W{week:02}"
    assert at_day.node_id == f"toc:day:{day.isoformat()}"
    assert month.node_id.startswith(f"toc:month:{year.node_id.removeprefix('toc:year:')}:")


@pytest.mark.parametrize("time", [EARLIEST, LATEST])
def test_the_ends_of_the_calendar(time: int) -> None:
    assert len(calendar_path(time)) == 4
