"""Reading traces: what an event becomes, and the message for everything that can be wrong with a line."""

import gzip
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strata.errors import TraceError
from strata.event import Event
from strata.trace import MAX_LINE, MAX_TEXT, parse_line, parse_timestamp, read_trace

MINIMAL = {"event_id": "e1", "session_id": "s1", "timestamp": 1_700_000_000_000, "text": "hello"}


def line(**fields: object) -> bytes:
    return json.dumps(MINIMAL | fields).encode()


def write(path: Path, *lines: bytes) -> Path:
    path.write_bytes(b"".join(one + b"\n" for one in lines))
    return path


def test_the_four_required_fields_are_enough() -> None:
    assert parse_line(line()) == Event(event_id="e1", session_id="s1", timestamp=1_700_000_000_000, text="hello")


def test_every_field_is_taken_and_unknown_ones_are_ignored() -> None:
    event = parse_line(
        line(kind="tool_result", role="tool", agent="ada", metadata={"n": 1, "x": None, "b": True}, extra={"deep": [1]})
    )
    assert (event.kind, event.role, event.agent) == ("tool_result", "tool", "ada")
    assert event.metadata == {"n": 1, "x": None, "b": True}


def test_null_in_an_optional_field_means_its_default() -> None:
    assert parse_line(line(kind=None, role=None, agent=None, metadata=None)) == parse_line(line())


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2023-05-08T13:56:00Z", "2023-05-08T13:56:00+00:00"),
        ("2023-05-08T13:56:00", "2023-05-08T13:56:00+00:00"),
        ("2023-05-08T15:56:00+02:00", "2023-05-08T13:56:00+00:00"),
        ("2023-05-08 13:56:00.123456Z", "2023-05-08T13:56:00.123+00:00"),
        ("2023-05-08", "2023-05-08T00:00:00+00:00"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999+00:00"),
    ],
)
def test_iso_times(written: str, expected: str) -> None:
    assert datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=parse_timestamp(written)) == datetime.fromisoformat(
        expected
    )


def test_epoch_milliseconds_as_an_integer_or_as_a_whole_float() -> None:
    assert parse_timestamp(1_700_000_000_123) == parse_timestamp(1_700_000_000_123.0) == 1_700_000_000_123


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31)),
    st.integers(min_value=-23 * 60, max_value=23 * 60),
)
def test_a_time_means_the_same_in_every_zone(time: datetime, offset: int) -> None:
    utc = time.replace(tzinfo=UTC)
    assert parse_timestamp(utc.isoformat()) == parse_timestamp(time.isoformat())
    assert parse_timestamp(utc.isoformat()) == parse_timestamp(
        utc.astimezone(timezone(timedelta(minutes=offset))).isoformat()
    )


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b'{"event_id": "e1",', "not valid JSON"),
        (b"hello", "not valid JSON"),
        (line() + b"{}", "not valid JSON"),
        (b"[1, 2]", "expected object, got array"),
        (b'{"session_id": "s", "timestamp": 1, "text": ""}', "field event_id: missing"),
        (b'{"event_id": "e", "session_id": "s", "timestamp": 1}', "field text: missing"),
        (line(event_id=7), "field event_id: expected str, got int"),
        (line(event_id=""), "field event_id: empty"),
        (line(session_id=""), "field session_id: empty"),
        (line(text=None), "field text: expected str, got null"),
        (line(text="x" * (MAX_TEXT + 1)), "field text: 1,000,001 characters, more than the 1,000,000 allowed"),
        (line(timestamp="last tuesday"), "field timestamp: 'last tuesday' is neither ISO 8601 nor"),
        (line(timestamp="2023-02-30"), "field timestamp: '2023-02-30' is neither ISO 8601 nor"),
        (line(timestamp=True), "field timestamp: expected int | float | str, got bool"),
        (line(timestamp=1.5), "field timestamp: 1.5 is not a whole number of epoch milliseconds"),
        (line(timestamp=10**18), "field timestamp: 1000000000000000000 is outside the years 1 to 9999"),
        (
            line(timestamp=10**40),
            "field timestamp: 1000000000000000000000000000000000000... is outside the years 1 to 9999",
        ),
        (
            line(timestamp=-(10**40)),
            "field timestamp: -100000000000000000000000000000000000... is outside the years 1 to 9999",
        ),
        (
            line(timestamp="0001-01-01T00:00:00+14:00"),
            "field timestamp: '0001-01-01T00:00:00+14:00' is outside the years 1 to 9999",
        ),
        (line(kind="chat"), "field kind: 'chat' is none of assistant_message, assistant_stop"),
        (line(role="bot"), "field role: 'bot' is none of assistant, system, tool, user"),
        (line(metadata={"a": [1]}), "field metadata: expected bool | int | float | str | null, got array"),
        (line(metadata=[]), "field metadata: expected object | null, got array"),
        (b'{"event_id": "\xff", "session_id": "s", "timestamp": 1, "text": ""}', "not valid UTF-8"),
        (b'{"event_id": "\\ud800", "session_id": "s", "timestamp": 1, "text": ""}', "not valid JSON"),
    ],
)
def test_a_bad_line_names_file_line_and_field(tmp_path: Path, bad: bytes, message: str) -> None:
    path = write(tmp_path / "t.jsonl", line(), bad, line(event_id="e3"))
    found = list(read_trace(path))
    assert [number for number, _ in found] == [1, 2, 3]
    assert isinstance(found[1][1], TraceError)
    assert f"{path}, line 2: {message}" in f"{found[1][1]}"
    assert isinstance(found[2][1], Event)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_a_trace_error(data: bytes) -> None:
    try:
        assert isinstance(parse_line(data), Event)
    except TraceError as error:
        assert str(error)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
FIELDS = ["event_id", "session_id", "timestamp", "text", "kind", "role", "agent", "metadata", "other"]


@given(st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES))
def test_any_object_is_an_event_or_an_error_that_names_a_field(fields: dict[str, object]) -> None:
    try:
        event = parse_line(json.dumps(MINIMAL | fields).encode())
    except TraceError as error:
        assert any(f"field {name}: " in str(error) for name in fields)
    else:
        assert event.text == (MINIMAL | fields)["text"]


@given(
    st.builds(
        Event,
        event_id=st.text(min_size=1),
        session_id=st.text(min_size=1),
        timestamp=st.integers(min_value=-(10**13), max_value=10**14),
        text=st.text(),
        agent=st.text(),
        metadata=st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()),
    )
)
def test_an_event_written_as_json_is_read_back(event: Event) -> None:
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    assert parse_line(json.dumps(fields).encode()) == event
    assert parse_line(json.dumps(fields, ensure_ascii=False).encode()) == event


def test_blank_lines_crlf_bom_and_a_missing_last_newline(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + line() + b"\r\n\n   \n" + line(event_id="e2"))
    assert [(number, event.event_id) for number, event in read_trace(path) if isinstance(event, Event)] == [
        (1, "e1"),
        (4, "e2"),
    ]
    path.write_bytes(b"\xef\xbb\xbf\n\n")
    assert list(read_trace(path)) == []


def test_gzip_is_recognised_by_content(tmp_path: Path) -> None:
    for name in ("t.jsonl.gz", "t.jsonl"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(line() + b"\n"))
        assert [number for number, event in read_trace(path) if isinstance(event, Event)] == [1]


def test_an_over_long_line_is_one_bad_line(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", line(), b"x" * (2 * MAX_LINE + 5), line(event_id="e3"))
    first, second, third = read_trace(path)
    assert "line 2: longer than 16,777,216 bytes" in str(second[1])
    assert isinstance(first[1], Event) and isinstance(third[1], Event) and third[0] == 3


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"absent\.jsonl cannot be read: No such file"):
        list(read_trace(tmp_path / "absent.jsonl"))
    with pytest.raises(TraceError, match="cannot be read: Is a directory"):
        list(read_trace(tmp_path))
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(line() * 1000)[:-20])
    with pytest.raises(TraceError, match=r"cut\.jsonl\.gz cannot be read: "):
        list(read_trace(cut))
