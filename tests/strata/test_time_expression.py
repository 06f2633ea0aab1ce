"""Time expressions: what they mean, and what is none."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from strata.route.time_expression import Window, time_window

NOW = datetime(2023, 8, 16, 15, 30, tzinfo=UTC)  # a Wednesday


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def _window(query: str, now: datetime = NOW) -> Window | None:
    return time_window(query, round(now.timestamp() * 1000))


@pytest.mark.parametrize(
    ("query", "since", "until"),
    [
        ("what did we decide yesterday?", "2023-08-15", "2023-08-16"),
        ("who called the day before yesterday", "2023-08-14", "2023-08-15"),
        ("what happened this morning", "2023-08-16T05:00", "2023-08-16T12:00"),
        ("what broke last night", "2023-08-15T17:00", "2023-08-16T04:00"),
        ("notes of today", "2023-08-16", "2023-08-17"),
        ("the meeting last Tuesday", "2023-08-15", "2023-08-16"),
        ("the meeting last Wednesday", "2023-08-09", "2023-08-10"),
        ("the meeting on Wednesday", "2023-08-16", "2023-08-17"),
        ("what was said on Friday?", "2023-08-11", "2023-08-12"),
        ("errors of 3 days ago", "2023-08-13", "2023-08-14"),
        ("what did she cook two weeks ago", "2023-07-31", "2023-08-07"),
        ("a month ago", "2023-07-01", "2023-08-01"),
        ("a couple of years ago", "2021-01-01", "2022-01-01"),
        ("what went on last week", "2023-08-07", "2023-08-14"),
        ("last weekend", "2023-08-12", "2023-08-14"),
        ("last month's bill", "2023-07-01", "2023-08-01"),
        ("where did he go last year", "2022-01-01", "2023-01-01"),
        ("trips this year", "2023-01-01", "2024-01-01"),
        ("in the last 7 days", "2023-08-09T15:30", "2023-08-16T15:30:00.001"),
        ("in the past two weeks", "2023-08-02T15:30", "2023-08-16T15:30:00.001"),
        ("what did Ann paint in May 2023?", "2023-05-01", "2023-06-01"),
        ("what did Ann paint in May?", "2023-05-01", "2023-06-01"),
        ("what did Ann paint in November?", "2022-11-01", "2022-12-01"),
        ("plans of last May", "2023-05-01", "2023-06-01"),
        ("what happened in 2022?", "2022-01-01", "2023-01-01"),
        ("on 8 May 2023", "2023-05-08", "2023-05-09"),
        ("on May 8th", "2023-05-08", "2023-05-09"),
        ("on May 8, 2022 we met", "2022-05-08", "2022-05-09"),
        ("the 2nd of December", "2022-12-02", "2022-12-03"),
        ("logs of 2023-05-08", "2023-05-08", "2023-05-09"),
        ("logs of 2023-05", "2023-05-01", "2023-06-01"),
        ("the summer of 2022", "2022-06-01", "2022-09-01"),
        ("between 8 May and 12 June 2023", "2023-05-08", "2023-06-13"),
        ("between May and July", "2023-05-01", "2023-08-01"),
        ("from Jan 3, 2023 to Feb 4, 2023", "2023-01-03", "2023-02-05"),
        ("from 2019 to 2021", "2019-01-01", "2022-01-01"),
        ("between 2019 and 2021", "2019-01-01", "2022-01-01"),
        ("from March to June 2022", "2022-03-01", "2022-07-01"),
        ("from 3 March 2021 to June", "2021-03-03", "2021-07-01"),
        ("between October 2022 and March", "2022-10-01", "2023-04-01"),
        ("between May 2023 and March", "2023-05-01", "2024-04-01"),
        ("between 8 December and 12 January 2022", "2021-12-08", "2022-01-13"),
        ("what did she study in 2022 as a nurse", "2022-01-01", "2023-01-01"),
        ("since last Monday", "2023-08-14", None),
        ("since 2021", "2021-01-01", None),
        ("before May 2023", None, "2023-05-01"),
        ("after 8 May 2023", "2023-05-09", None),
        ("until yesterday", None, "2023-08-16"),
        ("in May 2022 or in July 2022", "2022-05-01", "2022-08-01"),
    ],
)
def test_what_an_expression_means(query: str, since: str | None, until: str | None) -> None:
    window = _window(query)
    assert window is not None
    assert (window.since, window.until) == (since and _ms(since), until and _ms(until))
    assert all(words in query for words in window.words.split(", "))


@pytest.mark.parametrize(
    "query",
    [
        "may I ask who may march in?",
        "this may be wrong",
        "they march to the town hall",
        "the second question",
        "wait a second",
        "room 2023 has 365 seats",
        "error 404 after 1999 requests",
        "what does line 2020 say",
        "the last item of the week list",
        "how do I sort by date",
        "before lunch, after the talk",
        "a last resort",
        "what has she been painting recently or lately",
        "rows 10 to 2000",
        "from row 10 to 2000",
        "Ann and May went home",
        "a letter from April",
        "2023",
        "the 30th of February",
        "the april fools function",
        "she sat in the sun",
        "fall damage and spring configuration",
        "how many years of experience",
        "",
    ],
)
def test_what_is_no_time_expression(query: str) -> None:
    assert _window(query) is None


@pytest.mark.parametrize(
    ("query", "relative"),
    [("yesterday", True), ("in May 2023", False), ("last May", True), ("on 8 May", False), ("since 3 weeks ago", True)],
)
def test_what_depends_on_when_it_is_said_is_relative(query: str, relative: bool) -> None:
    window = _window(query)
    assert window is not None
    assert window.relative is relative


def test_the_words_are_the_query_s_own() -> None:
    window = _window("What changed between 8 May and 12 June 2023, exactly?")
    assert window is not None
    assert window.words == "between 8 May and 12 June 2023"


DAYS = st.datetimes(datetime(1950, 1, 1), datetime(2090, 12, 31)).map(lambda day: day.replace(tzinfo=UTC))
ORDINAL = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


@given(day=DAYS, form=st.integers(0, 5), now=DAYS)
def test_every_way_to_write_a_date_means_that_day(day: datetime, form: int, now: datetime) -> None:
    ordinal = f"{day.day}{ORDINAL.get(day.day, 'th')}"
    text = (
        f"{day:%Y-%m-%d}",
        f"{day.day} {day:%B %Y}",
        f"{day:%B} {day.day}, {day:%Y}",
        f"{day:%b} {ordinal} {day:%Y}",
        f"the {ordinal} of {day:%B}, {day:%Y}",
        f"{day:%d %b %Y}",
    )[form]
    window = _window(f"what did we say on {text}?", now)
    start = day.replace(hour=0, minute=0, second=0, microsecond=0)
    assert window is not None
    assert (window.since, window.until) == (_epoch(start), _epoch(start + timedelta(days=1)))


def _epoch(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@given(count=st.integers(1, 999), now=DAYS)
def test_n_days_ago_is_the_day_n_days_before_now(count: int, now: datetime) -> None:
    window = _window(f"what did we do {count} days ago", now)
    assert window is not None and window.since is not None and window.until is not None
    then = _epoch(now - timedelta(days=count))
    assert window.since <= then < window.until
    assert window.until - window.since == 86_400_000


RELATIVE = st.sampled_from(
    [
        "yesterday",
        "last week",
        "last month",
        "last year",
        "last Sunday",
        "last May",
        "in May",
        "on May 8",
        "5 weeks ago",
    ]
)


@given(expression=RELATIVE, now=DAYS)
def test_what_is_past_begins_before_now(expression: str, now: datetime) -> None:
    window = _window(expression, now)
    assert window is not None and window.since is not None and window.until is not None
    assert window.since <= _epoch(now)
    assert window.since < window.until


@given(expression=RELATIVE, now=DAYS)
def test_before_since_and_after_cut_where_the_expression_is(expression: str, now: datetime) -> None:
    inside = _window(expression.removeprefix("in ").removeprefix("on "), now) or _window(expression, now)
    bare = expression.removeprefix("in ").removeprefix("on ")
    before, after, since = (_window(f"{word} {bare}", now) for word in ("before", "after", "since"))
    assert inside and before and after and since
    assert (before.since, before.until) == (None, inside.since)
    assert (after.since, after.until) == (inside.until, None)
    assert (since.since, since.until) == (inside.since, None)


@given(st.text())
@example("999 years ago")
@example("in the last 999 years")
@example("February 31")
def test_no_text_breaks_it(text: str) -> None:
    window = _window(text)
    assert window is None or window.words
