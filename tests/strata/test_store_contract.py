"""What every EventStore engine keeps, whichever it is."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strata.engines import ENGINES
from strata.errors import ConflictError, StoreError
from strata.event import LATEST, Event
from strata.protocols import AppendResult, EventStore
from tests.strata import installed


def event(event_id: str, **fields: object) -> Event:
    return Event(**{"event_id": event_id, "session_id": "s", "timestamp": 1, "text": "hello"} | fields)  # type: ignore[arg-type]


def ids(store: EventStore, after: int = 0, limit: int | None = None) -> list[str]:
    return [entry.event.event_id for entry in store.read(after, limit)]


@pytest.fixture(params=sorted(ENGINES["store"]))
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], EventStore]:
    engine = installed.engine("store", request.param)
    return lambda: engine(tmp_path / "events.db")


@pytest.fixture
def store(open_store: Callable[[], EventStore]) -> Iterator[EventStore]:
    opened = open_store()
    yield opened
    opened.close()


def test_an_empty_log(store: EventStore) -> None:
    assert (store.position, list(store.read()), store.agents(), store.pending()) == (0, [], [], 0)
    assert store.append([]) == AppendResult(added=0, duplicates=0)
    assert store.get(["a"]) == {}


def test_events_come_back_as_they_went_in_also_after_reopening(open_store: Callable[[], EventStore]) -> None:
    events = [
        event("a", agent="ada", role="tool", kind="tool_result", metadata={"z": 1, "a": None, "f": 1.5, "b": True}),
        event("b", timestamp=-5, text='\x00 NUL, "quotes", 中文, 🙂', metadata={"é": "ü"}),
        event("c", timestamp=LATEST, text=""),
    ]
    store = open_store()
    store.append(events)
    store.close()
    store = open_store()
    assert [entry.event for entry in store.read()] == events
    assert store.get(["c", "a", "absent"]) == {"a": events[0], "c": events[2]}
    store.close()


def test_an_id_may_hold_any_character(store: EventStore) -> None:
    events = [event(event_id) for event_id in ("a", "a\x00", "a\x00b", "\x00", '"', "\x01", "中")]
    store.append(events)
    assert store.get([one.event_id for one in events] + ["\x00\x00"]) == {one.event_id: one for one in events}


def test_positions_grow_and_follow_the_order_of_appending(store: EventStore) -> None:
    store.append([event("b"), event("a")])
    store.append([event("c", timestamp=0)])
    positions = [entry.position for entry in store.read()]
    assert ids(store) == ["b", "a", "c"]
    assert positions == sorted(set(positions)) and positions[0] >= 1 and positions[-1] == store.position


def test_reading_from_a_position_with_a_limit(store: EventStore) -> None:
    store.append([event(f"e{n:05}") for n in range(5_000)])
    entries = list(store.read())
    assert len(entries) == 5_000
    assert ids(store, entries[2].position, 3) == ["e00003", "e00004", "e00005"]
    assert len(ids(store, 0, 4_001)) == 4_001
    assert ids(store, entries[-1].position) == ids(store, 0, 0) == []


def test_the_log_may_grow_while_it_is_read(store: EventStore) -> None:
    store.append([event(f"e{n:05}") for n in range(3_000)])
    reading = store.read()
    next(reading)
    store.append([event("last")])
    assert [entry.event.event_id for entry in reading][-1] == "last"


def test_the_same_content_again_is_a_duplicate(store: EventStore) -> None:
    store.append([event("a", metadata={"x": 1, "y": 2}), event("b")])
    last = store.position
    again = [event("a", metadata={"y": 2, "x": 1}), event("c"), event("c"), event("b")]
    assert store.append(again) == AppendResult(added=1, duplicates=3)
    assert ids(store) == ["a", "b", "c"]
    assert ids(store, last) == ["c"]


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "bye"},
        {"session_id": "t"},
        {"timestamp": 2},
        {"kind": "tool_result"},
        {"role": "tool"},
        {"agent": "ada"},
        {"metadata": {"x": 1}},
    ],
)
def test_other_content_under_a_known_id_is_a_conflict_and_stores_nothing(
    store: EventStore, changed: dict[str, object]
) -> None:
    store.append([event("a"), event("b")])
    with pytest.raises(ConflictError, match="'b'"):
        store.append([event("new"), event("a"), event("b", **changed), event("newer")])
    assert ids(store) == ["a", "b"]
    assert store.get(["b"])["b"] == event("b")


def test_a_conflict_within_one_append_stores_nothing(store: EventStore) -> None:
    with pytest.raises(ConflictError, match="'b'"):
        store.append([event("a"), event("b"), event("b", text="bye"), event("c")])
    assert ids(store) == [] and store.pending() == 0


def test_an_error_in_the_source_of_events_stores_nothing(store: EventStore) -> None:
    def source() -> Iterator[Event]:
        for number in range(5_000):
            yield event(f"e{number}")
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        store.append(source())
    assert ids(store) == []
    assert store.append([event("a")]).added == 1


@pytest.mark.parametrize(
    "bad", [{"text": "\ud800"}, {"timestamp": LATEST + 1}, {"timestamp": 2**70}, {"session_id": ""}]
)
def test_an_event_that_cannot_be_stored_is_named(store: EventStore, bad: dict[str, object]) -> None:
    with pytest.raises(StoreError, match="'b'"):
        store.append([event("a"), event("b", **bad)])
    assert ids(store) == []


def test_agents_are_those_of_stored_events(store: EventStore) -> None:
    store.append([event("a", agent="zoe"), event("b", agent="ada"), event("c"), event("d", agent="zoe")])
    with pytest.raises(ConflictError):
        store.append([event("e", agent="ghost"), event("a")])
    assert store.agents() == ["ada", "zoe"]


def test_the_outbox_holds_events_until_every_index_has_them(store: EventStore) -> None:
    store.append([event("a"), event("b")])
    first = store.position
    store.append([event("c")])
    assert store.pending() == 3
    store.acknowledge("toc", first)
    assert store.pending() == 1
    store.acknowledge("bm25", 0)
    store.acknowledge("toc", store.position)
    assert store.pending() == 1
    store.acknowledge("bm25", store.position)
    assert store.pending() == 0
    assert ids(store) == ["a", "b", "c"]


def test_two_handles_see_one_log(open_store: Callable[[], EventStore]) -> None:
    one, other = open_store(), open_store()
    one.append([event("a")])
    assert other.append([event("a"), event("b")]) == AppendResult(added=1, duplicates=1)
    assert ids(one) == ["a", "b"]
    one.close()
    other.close()


@settings(max_examples=30)
@given(
    batches=st.lists(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["x", "y"])), max_size=6), max_size=5
    )
)
@pytest.mark.parametrize("engine", sorted(ENGINES["store"]))
def test_appending_behaves_like_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, engine: str, batches: list[list[tuple[str, str]]]
) -> None:
    store = installed.engine("store", engine)(tmp_path_factory.mktemp("store") / "events.db")
    model: dict[str, str] = {}
    for batch in batches:
        merged = dict(model)
        agrees = all(merged.setdefault(event_id, text) == text for event_id, text in batch)
        events = [event(event_id, text=text) for event_id, text in batch]
        if agrees:
            assert store.append(events).added == len(merged) - len(model)
            model = merged
        else:
            with pytest.raises(ConflictError):
                store.append(events)
        assert [(entry.event.event_id, entry.event.text) for entry in store.read()] == list(model.items())
    store.close()
