"""A trace is stored whole or not at all, unless its bad lines are to be skipped."""

import json
from pathlib import Path

import pytest

from strata.errors import TraceError
from strata.event import Event
from strata.ingest import TraceResult, ingest_trace
from strata.sqlite_store import SqliteStore


def line(event_id: str, text: str = "hello", **fields: object) -> str:
    return json.dumps({"event_id": event_id, "session_id": "s", "timestamp": 1, "text": text} | fields)


def trace(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{one}\n" for one in lines))
    return path


@pytest.fixture
def store(tmp_path: Path) -> SqliteStore:
    return SqliteStore(tmp_path / "events.db")


def ids(store: SqliteStore) -> list[str]:
    return [entry.event.event_id for entry in store.read()]


def test_a_good_trace_twice(store: SqliteStore, tmp_path: Path) -> None:
    path = trace(tmp_path / "t", line("a"), line("b"), line("a"))
    assert ingest_trace(store, path) == TraceResult(added=2, duplicates=1)
    assert ingest_trace(store, path) == TraceResult(added=0, duplicates=3)
    assert ids(store) == ["a", "b"]


def test_one_bad_line_and_nothing_of_the_file_is_stored(store: SqliteStore, tmp_path: Path) -> None:
    path = trace(tmp_path / "t", line("a"), "{", line("b"))
    with pytest.raises(TraceError, match=r"t, line 2: not valid JSON: .*; nothing of this file was stored"):
        ingest_trace(store, path)
    assert ids(store) == []


def test_skipping_stores_the_rest_and_lists_what_it_left_out_in_order(store: SqliteStore, tmp_path: Path) -> None:
    path = trace(tmp_path / "t", line("a"), line("a", "other"), "{", line("b"), line("b", agent="ada"))
    result = ingest_trace(store, path, skip_bad_lines=True)
    assert (result.added, result.duplicates) == (2, 0)
    assert [message.split(": ")[0] for message in result.left_out] == [f"{path}, line {n}" for n in (2, 3, 5)]
    assert "field event_id: 'a' comes again with another text" in result.left_out[0]
    assert "field event_id: 'b' comes again with another agent" in result.left_out[2]
    assert ids(store) == ["a", "b"]


def test_a_duplicate_id_with_other_content_names_its_line(store: SqliteStore, tmp_path: Path) -> None:
    path = trace(tmp_path / "t", line("a"), line("a"), line("b"), line("a", "other", timestamp=2))
    with pytest.raises(TraceError, match="t, line 4: field event_id: 'a' comes again with another timestamp and text"):
        ingest_trace(store, path)
    assert ids(store) == []


def test_a_contradiction_with_the_store_names_its_line(store: SqliteStore, tmp_path: Path) -> None:
    store.append([Event(event_id="b", session_id="s", timestamp=1, text="first")])
    path = trace(tmp_path / "t", line("a"), line("b", "second"))
    with pytest.raises(TraceError, match="t, line 2: field event_id: 'b' comes again with another text"):
        ingest_trace(store, path)
    assert ids(store) == ["b"]
    result = ingest_trace(store, path, skip_bad_lines=True)
    assert (result.added, len(result.left_out)) == (1, 1)
    assert ids(store) == ["b", "a"]


def test_metadata_that_python_takes_for_equal_is_still_other_content(store: SqliteStore, tmp_path: Path) -> None:
    path = trace(tmp_path / "t", line("a", metadata={"n": 1}), line("a", metadata={"n": True}))
    with pytest.raises(TraceError, match="line 2: field event_id: 'a' comes again with another metadata"):
        ingest_trace(store, path)
    assert len(ingest_trace(store, path, skip_bad_lines=True).left_out) == 1


def test_the_order_of_metadata_keys_is_not_content(store: SqliteStore, tmp_path: Path) -> None:
    path = trace(tmp_path / "t", line("a", metadata={"m": 1, "n": 2}), line("a", metadata={"n": 2, "m": 1}))
    assert ingest_trace(store, path) == TraceResult(added=1, duplicates=1)
