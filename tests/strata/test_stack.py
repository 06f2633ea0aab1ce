"""The stack as one folder: opened, built, searched, damaged, rebuilt."""

import json
import multiprocessing
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import strata
from strata import Event, engines
from strata.engines import INDEXES
from strata.errors import QueryError, StoreError, StrataError, UnknownNameError
from strata.protocols import AppendResult
from strata.sqlite_store import SqliteStore
from strata.toc.sqlite_toc import SqliteToc

EVENTS = [
    Event(
        event_id=f"e{n}",
        session_id=f"s{n % 3}",
        agent=("ada", "bob")[n % 2],
        timestamp=1_700_000_000_000 + n * 60_000,
        text=f"The orders service number {n} broke its index again.",
    )
    for n in range(40)
]


@pytest.fixture
def stack(tmp_path: Path) -> strata.Strata:
    opened = strata.open(tmp_path / "store")
    opened.ingest(EVENTS)
    return opened


def test_from_events_to_hits(stack: strata.Strata) -> None:
    assert stack.build(["toc"]) == {"toc": 40}
    assert stack.build(["toc"]) == {"toc": 0}
    assert stack.ingest(EVENTS[:1]) == AppendResult(added=0, duplicates=1)
    hits = stack.search("toc", "orders index", 3)
    assert len(hits) == 3 and all(hit.layer == "toc" for hit in hits)
    later = Event(event_id="later", session_id="s9", timestamp=1_800_000_000_000, text="A walrus visited the harbour.")
    stack.ingest([later])
    assert not stack.search("toc", "walrus")
    assert stack.build(["toc"]) == {"toc": 1}
    assert stack.search("toc", "walrus")


def test_a_store_is_found_again(stack: strata.Strata) -> None:
    stack.build(["toc"])
    before = stack.search("toc", "orders")
    stack.close()
    with strata.open(stack.path, create=False) as again:
        assert again.search("toc", "orders") == before
        assert again.store.position == 40


def test_a_closed_stack_opens_its_layers_anew(stack: strata.Strata) -> None:
    stack.close()
    assert stack.store.position == 40
    stack.close()


def test_progress_counts_up_to_the_end_of_the_log(stack: strata.Strata, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqliteToc, "batch_size", 15, raising=False)
    seen: list[tuple[str, int, int]] = []
    stack.build(["toc"], lambda *step: seen.append(step))
    assert seen == [("toc", 0, 40), ("toc", 15, 40), ("toc", 30, 40), ("toc", 40, 40)]


def test_building_empties_the_outbox(stack: strata.Strata) -> None:
    assert stack.store.pending() == 40
    stack.build(["toc"])
    assert stack.store.pending() == 0


def test_a_deleted_index_is_built_again(stack: strata.Strata) -> None:
    stack.build(["toc"])
    before = stack.search("toc", "orders index")
    stack.close()
    shutil.rmtree(stack.path / "toc")
    with pytest.raises(StoreError, match=r"has no toc index of engine sqlite: make it with `strata build`"):
        stack.search("toc", "orders index")
    assert stack.build(["toc"]) == {"toc": 40}
    assert stack.search("toc", "orders index") == before


def test_a_damaged_index_says_how_to_mend_it(stack: strata.Strata) -> None:
    stack.build(["toc"])
    stack.close()
    (stack.path / "toc" / "sqlite").write_bytes(b"nothing that a database would hold " * 300)
    with pytest.raises(StoreError, match=r"not a database\): delete it, and `strata build` makes it anew"):
        stack.search("toc", "orders")
    shutil.rmtree(stack.path / "toc")
    assert stack.build(["toc"]) == {"toc": 40}


def test_an_index_of_an_older_format_is_built_again(stack: strata.Strata) -> None:
    stack.build(["toc"])
    before = stack.search("toc", "orders index")
    stack.close()
    with sqlite3.connect(stack.path / "toc" / "sqlite") as connection:
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    with pytest.raises(StoreError, match="has no toc index"):
        stack.search("toc", "orders index")
    assert stack.build(["toc"]) == {"toc": 40}
    assert stack.search("toc", "orders index") == before


def test_stats(stack: strata.Strata) -> None:
    fresh = stack.stats()
    assert (fresh["events"], fresh["agents"], fresh["pending"]) == (40, 2, 40)
    assert set(fresh["layers"]) == set(INDEXES)
    assert fresh["layers"]["toc"] == {"position": 0, "behind": 40, "items": 0, "bytes": 0}
    assert not (stack.path / "toc").exists()
    stack.build(["toc"])
    toc = stack.stats()["layers"]["toc"]
    assert (toc["position"], toc["behind"]) == (40, 0) and toc["items"] > 0 and toc["bytes"] > 0
    json.dumps(stack.stats())


def test_what_cannot_be_asked(stack: strata.Strata, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="has no toc index"):
        stack.search("toc", "orders")
    stack.build(["toc"])
    for query in ("", "   ", "?!"):
        with pytest.raises(QueryError, match="has no words to search for"):
            stack.search("toc", query)
    with pytest.raises(QueryError, match="ask for at least 1"):
        stack.search("toc", "orders", 0)
    with pytest.raises(QueryError, match="its start is not before its end"):
        stack.search("toc", "orders", since=5, until=5)
    with pytest.raises(UnknownNameError, match="no agent is called 'zoe': there is ada, bob"):
        stack.search("toc", "orders", agent="zoe")
    with pytest.raises(UnknownNameError, match="no layer is called 'cellar': there is toc"):
        stack.search("cellar", "orders")
    with pytest.raises(UnknownNameError, match="no layer is called 'cellar': there is toc"):
        stack.build(["cellar"])
    with pytest.raises(StoreError, match="holds no events: fill it with `strata ingest`"):
        strata.open(tmp_path / "empty").search("toc", "orders")


def test_a_long_list_of_agents_is_cut(tmp_path: Path) -> None:
    stack = strata.open(tmp_path / "store")
    stack.ingest([Event(event_id=f"e{n}", session_id="s", timestamp=0, text="", agent=f"a{n:02}") for n in range(30)])
    with pytest.raises(UnknownNameError, match=r"there is a00, a01, a02, a03, a04, a05, a06, a07 and 22 more$"):
        stack.scope(agent="nobody")


def test_a_scope_reaches_the_layer(stack: strata.Strata) -> None:
    stack.build(["toc"])
    assert stack.search("toc", "orders", agent="ada")
    assert stack.search("toc", "orders", since=1_900_000_000_000) == []


def test_folders_that_are_not_a_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"there is no store at .*absent: make one with `strata ingest`"):
        strata.open(tmp_path / "absent", create=False)
    assert not (tmp_path / "absent").exists()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").touch()
    with pytest.raises(StoreError, match=r"photos is not a strata store: it has files, and no strata\.json"):
        strata.open(tmp_path / "photos")
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file is not a strata store: Not a directory"):
        strata.open(tmp_path / "file")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"format": 2, "shelves": []}', "is a store of format 2, this program reads up to 1: update strata"),
        ("{", "is damaged"),
        ('{"format": 1}', "is damaged"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "strata.json").write_text(content)
    with pytest.raises(StoreError, match=message):
        strata.open(tmp_path)


def test_a_creation_that_was_killed_is_taken_up(tmp_path: Path) -> None:
    (tmp_path / "strata.json.new").write_text('{"for')
    with strata.open(tmp_path) as stack:
        assert stack.ingest(EVENTS).added == 40
    assert json.loads((tmp_path / "strata.json").read_text())["format"] == 1


def test_an_unknown_engine_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no toc engine is called 'paper': there is sqlite"):
        strata.open(tmp_path / "store", toc="paper")
    assert not (tmp_path / "store").exists()


def test_another_engine_has_an_index_of_its_own(stack: strata.Strata, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engines.ENGINES, "toc", {"sqlite": engines.ENGINES["toc"]["sqlite"]} | {"other": TOC})
    stack.build(["toc"])
    stack.close()
    other = strata.open(stack.path, toc="other")
    with pytest.raises(StoreError, match="has no toc index of engine other: make it with `strata build`"):
        other.search("toc", "orders")
    other.close()
    with strata.open(stack.path) as first:
        assert first.engines["toc"] == "sqlite"
    with strata.open(stack.path, toc="other") as other:
        assert other.build(["toc"]) == {"toc": 40}
    with strata.open(stack.path) as remembered:
        assert remembered.engines["toc"] == "other" and remembered.search("toc", "orders")


TOC = engines.ENGINES["toc"]["sqlite"]


def test_the_log_stays_in_its_engine(stack: strata.Strata, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        engines.ENGINES, "store", engines.ENGINES["store"] | {"other": engines.ENGINES["store"]["sqlite"]}
    )
    with pytest.raises(StoreError, match="keeps its log in the sqlite engine, not in other"):
        strata.open(stack.path, store="other")


def test_an_index_ahead_of_its_log_is_not_built_on(stack: strata.Strata) -> None:
    stack.build(["toc"])
    stack.close()
    for file in stack.path.glob("events.db*"):
        file.unlink()
    SqliteStore(stack.path / "events.db").append(EVENTS[:3])
    with pytest.raises(
        StoreError, match=r"holds events up to 40 and the log ends at 3: delete .*toc.* and build again"
    ):
        stack.build(["toc"])


def test_a_store_can_be_read_while_it_is_written(stack: strata.Strata) -> None:
    stack.build(["toc"])

    def events() -> Iterator[Event]:
        yield Event(event_id="new", session_id="s", timestamp=0, text="not yet")
        with strata.open(stack.path) as reader:
            assert reader.store.position == 40 and reader.search("toc", "orders")

    assert stack.ingest(events()).added == 1


def _build_elsewhere(path: Path) -> str:
    try:
        with strata.open(path) as stack:
            stack.build(["toc"])
    except StrataError as error:
        return str(error)
    return "built"


def test_two_builds_at_once_do_not_mix(stack: strata.Strata) -> None:
    answers: list[str] = []

    def while_building(*_: object) -> None:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            answers.append(pool.apply(_build_elsewhere, (stack.path,)))

    stack.build(["toc"], while_building)
    assert set(answers) == {f"another build of {stack.path} is under way: wait for it to end"}
    assert _build_elsewhere(stack.path) == "built"
