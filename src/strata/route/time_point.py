"""Points of time in an English text: dates, months, years, and what is said relative to now."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import msgspec
from dateutil.relativedelta import relativedelta

_MONTH_NAMES = "january february march april may june july august september october november december"
_MONTHS = _MONTH_NAMES.split()
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_MONTH_OF = {name: number for number, name in enumerate(_MONTHS, 1)}
_MONTH_OF |= {name[:3]: number for name, number in _MONTH_OF.items()} | {"sept": 9}
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "couple": 2, "three": 3, "few": 3, "four": 4, "five": 5, "six": 6}
_COUNTS |= {"seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "several": 3}

_YEAR = r"(?P<year>(?:19|20)\d\d)"
_MONTH = r"(?P<month>" + "|".join(sorted(_MONTH_OF, key=len, reverse=True)) + r")\b\.?"
_DAY = r"(?P<day>[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_COUNT = r"(?P<count>\d{1,3}|" + "|".join(_COUNTS) + r")"
_SEASON = r"(?P<season>" + "|".join(_SEASONS) + ")"
_WEEKDAY = r"(?P<weekday>" + "|".join(_WEEKDAYS) + ")"
_IN = r"\b(?:in|during|since|before|after|until|till|of|by|around|throughout|between|early|late|mid)[ -](?:the\s+)?"
# The second end of a range, whose first end is a month or a year too; "rows 10 to 2000" is none.
_TO = (
    rf"\b(?:between|from)\s+(?:\w+\s+){{0,3}}?(?:{'|'.join(_MONTH_OF)}|(?:19|20)\d\d)(?:\s+\d+\w*)?(?:,?\s+\d{{4}})?"
    r"\s+(?:and|to|until|till|through)\s+(?:the\s+)?"
)
_FROM = r"\bfrom\s+(?=\w+\s+(?:\w+,?\s+){0,2}(?:to|until|till|through)\b)"

Span = tuple[datetime, datetime]


class Point(msgspec.Struct, frozen=True):
    """An expression at `text[start:end]` that means the time `[since, until)`.

    `dated` if it names its year; `relative` if it means something only to who knows when it was said.
    """

    start: int
    end: int
    since: datetime
    until: datetime
    dated: bool
    relative: bool


def points(text: str, now: datetime) -> list[Point]:
    """The points of time named in the text, in its order, without overlaps. A date that does not exist is none."""
    found: list[Point] = []
    taken: list[tuple[int, int]] = []
    for pattern, meaning in _RULES:
        for match in pattern.finditer(text):
            start, end = match.start("point"), match.end("point")
            if any(start < its_end and its_start < end for its_start, its_end in taken):
                continue
            taken.append((start, end))
            try:
                words = {name: said.lower() for name, said in match.groupdict().items() if said}
                since, until = meaning(words, now)
            except (ValueError, OverflowError):
                continue
            found.append(Point(start, end, since, until, "year" in words, meaning in _RELATIVE))
    return sorted(found, key=lambda point: point.start)


def _day(words: dict[str, str], now: datetime) -> Span:
    month = int(words["number"]) if "number" in words else _MONTH_OF[words["month"]]
    day = int(words["day"])
    if "year" in words:
        start = datetime(int(words["year"]), month, day, tzinfo=UTC)
    else:
        # The latest such day that has begun; 29 February may take a few years.
        start = next(date for date in _back(now, month, day) if date <= now)
    return start, start + timedelta(days=1)


def _back(now: datetime, month: int, day: int) -> Iterator[datetime]:
    if day > 29 and day > (datetime(2023, month % 12 + 1, 1) - timedelta(days=1)).day:
        raise ValueError(f"month {month} has no day {day}")
    for year in range(now.year, now.year - 9, -1):
        try:
            yield datetime(year, month, day, tzinfo=UTC)
        except ValueError:
            continue


def _month(words: dict[str, str], now: datetime) -> Span:
    month = int(words["number"]) if "number" in words else _MONTH_OF[words["month"]]
    return _stretch(words.get("year"), month, 1, now)


def _season(words: dict[str, str], now: datetime) -> Span:
    return _stretch(words.get("year"), _SEASONS[words["season"]], 3, now)


def _stretch(year: str | None, month: int, months: int, now: datetime) -> Span:
    start = datetime(int(year) if year else now.year, month, 1, tzinfo=UTC)
    if not year and start > now:
        start -= relativedelta(years=1)
    return start, start + relativedelta(months=months)


def _year(words: dict[str, str], now: datetime) -> Span:
    start = datetime(int(words["year"]), 1, 1, tzinfo=UTC)
    return start, start + relativedelta(years=1)


def _ago(words: dict[str, str], now: datetime) -> Span:
    count, unit = _count(words["count"]), words["unit"].rstrip("s")
    if unit in ("hour", "minute"):
        length = timedelta(hours=1) if unit == "hour" else timedelta(minutes=1)
        return now - count * length - length / 2, now - count * length + length / 2
    return _calendar(unit, now - relativedelta(**{f"{unit}s": count}))  # type: ignore[arg-type]


def _trailing(words: dict[str, str], now: datetime) -> Span:
    unit = words["unit"].rstrip("s")
    count = _count(words.get("count", "one"))
    return now - relativedelta(**{f"{unit}s": count}), _past(now)  # type: ignore[arg-type]


def _calendar_unit(words: dict[str, str], now: datetime) -> Span:
    unit = words["unit"]
    if words["which"] in ("this", "current"):
        return _calendar(unit, now)
    if unit == "weekend":
        return _calendar("weekend", _calendar("weekend", now)[0] - timedelta(days=7) if now.weekday() > 4 else now)
    return _calendar(unit, now - relativedelta(**{f"{unit}s": 1}))  # type: ignore[arg-type]


def _calendar(unit: str, inside: datetime) -> Span:
    day = inside.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "day":
        return day, day + timedelta(days=1)
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    if unit == "weekend":
        saturday = day - timedelta(days=(day.weekday() - 5) % 7)
        return saturday, saturday + timedelta(days=2)
    if unit == "month":
        return day.replace(day=1), day.replace(day=1) + relativedelta(months=1)
    january = day.replace(month=1, day=1)
    return january, january + relativedelta(years=1)


def _weekday(words: dict[str, str], now: datetime) -> Span:
    today, _ = _calendar("day", now)
    back = (today.weekday() - _WEEKDAYS.index(words["weekday"])) % 7
    # "Last Tuesday" said on a Tuesday is a week ago; "this Tuesday" and "on Tuesday" are today.
    start = today - timedelta(days=7 if back == 0 and words.get("which") in ("last", "past") else back)
    return start, start + timedelta(days=1)


def _last_named(words: dict[str, str], now: datetime) -> Span:
    """The latest month or season of that name that is over; with "this", the one of this year."""
    month, months = (_SEASONS[words["season"]], 3) if "season" in words else (_MONTH_OF[words["month"]], 1)
    start = datetime(now.year, month, 1, tzinfo=UTC)
    if words["which"] != "this":
        while start + relativedelta(months=months) > now:
            start -= relativedelta(years=1)
    return start, start + relativedelta(months=months)


def _near_day(words: dict[str, str], now: datetime) -> Span:
    said = words["point"]
    today, tomorrow = _calendar("day", now)
    back = 2 if "before yesterday" in said else 1 if "yesterday" in said or "last night" in said else 0
    part = next((span for name, span in _PARTS.items() if name in said), (0, 24))
    return today - timedelta(days=back) + timedelta(hours=part[0]), tomorrow + timedelta(days=-back, hours=part[1] - 24)


_PARTS = {"morning": (5, 12), "afternoon": (12, 18), "evening": (17, 24), "tonight": (17, 28), "night": (17, 28)}


def _past(now: datetime) -> datetime:
    return now + timedelta(milliseconds=1)


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _COUNTS[word]


_RELATIVE = (_ago, _trailing, _calendar_unit, _weekday, _last_named, _near_day)
_Meaning = Callable[[dict[str, str], datetime], Span]


def _rule(pattern: str, meaning: _Meaning, flags: int = re.IGNORECASE) -> tuple[re.Pattern[str], _Meaning]:
    return re.compile(pattern, flags), meaning


# Tried in this order: a longer form before the shorter one inside it. The group `point` is the expression itself.
_RULES = [
    _rule(rf"(?<![\w-])(?P<point>{_YEAR}-(?P<number>\d\d)-(?P<day>\d\d))(?![\w-])", _day),
    _rule(rf"(?<![\w-])(?P<point>{_YEAR}-(?P<number>0[1-9]|1[0-2]))(?![\w-])", _month),
    _rule(rf"\b(?P<point>{_MONTH}\s+(?:the\s+)?{_DAY},?\s+(?:of\s+|in\s+)?{_YEAR})\b", _day),
    _rule(rf"\b(?P<point>{_DAY}\s+(?:day\s+)?(?:of\s+)?{_MONTH},?\s+(?:of\s+|in\s+)?{_YEAR})\b", _day),
    _rule(rf"\b(?P<point>{_MONTH},?\s+(?:of\s+|in\s+)?{_YEAR})\b", _month),
    _rule(rf"\b(?P<point>{_SEASON},?\s+(?:of\s+|in\s+)?{_YEAR})\b", _season),
    _rule(rf"\b(?P<point>{_MONTH}\s+{_DAY})\b(?!\s*(?:[%:]|people|times|percent))", _day),
    _rule(rf"\b(?P<point>{_DAY}\s+(?:of\s+)?{_MONTH})(?!\w)", _day),
    _rule(
        rf"\b(?P<point>(?P<which>last|this|past)\s+(?!may\b|march\b|mar\b)(?:{_MONTH}|{_SEASON}))(?!\w)", _last_named
    ),
    _rule(r"\b(?P<point>(?P<which>[Ll]ast|[Tt]his|[Pp]ast)\s+(?P<month>May|March))\b", _last_named, 0),
    *(
        rule
        for before in (_IN, _TO, _FROM)
        for rule in (
            _rule(rf"{before}(?P<point>(?!may\b|march\b|mar\b){_MONTH})(?!\w)", _month),
            _rule(rf"{before}(?P<point>(?P<month>May|March))\b(?!\s+(?:I|we|you|it)\b)", _month, 0),
            _rule(rf"{before}(?:year\s+)?(?P<point>{_YEAR})\b(?![-:.]?\d)(?!\s+[a-z]{{3,}}s\b)", _year),
        )
    ),
    _rule(r"\b(?:in|during)\s+(?P<point>(?P<month>may|march))\b", _month),
    _rule(r"\b(?P<point>(?:the\s+)?day\s+before\s+yesterday)\b", _near_day),
    _rule(r"\b(?P<point>yesterday(?:\s+(?:morning|afternoon|evening|night))?)\b", _near_day),
    _rule(r"\b(?P<point>last\s+night|tonight|this\s+(?:morning|afternoon|evening)|today)\b", _near_day),
    _rule(
        rf"\b(?P<point>{_COUNT}(?:\s+of)?\s+(?P<unit>minutes?|hours?|days?|weeks?|months?|years?)\s+(?:ago|back|earlier))\b",
        _ago,
    ),
    _rule(
        rf"\b(?:in|over|during|within)\s+(?P<point>the\s+(?:last|past|previous)\s+(?:{_COUNT}\s+(?:of\s+)?)?"
        r"(?P<unit>hours?|days?|weeks?|months?|years?))\b",
        _trailing,
    ),
    _rule(rf"\b(?P<point>(?:last|past)\s+{_COUNT}\s+(?P<unit>hours?|days?|weeks?|months?|years?))\b", _trailing),
    _rule(
        r"\b(?P<point>(?P<which>last|past|previous|this|current)\s+(?P<unit>weekend|week|month|year))\b", _calendar_unit
    ),
    _rule(rf"\b(?P<point>(?P<which>last|past|this)\s+{_WEEKDAY})\b", _weekday),
    _rule(rf"\b(?:on|since|before|after|until|by)\s+(?P<point>{_WEEKDAY})\b(?!s)", _weekday),
]
