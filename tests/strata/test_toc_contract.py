"""What every Toc engine keeps, whichever it is."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strata.engines import ENGINES, load
from strata.errors import UnknownNameError
from strata.event import Event, LogEntry
from strata.hit import Scope
from strata.protocols import Grip, Toc, TocNode
from strata.toc.calendar import LEVELS
from strata.trace import parse_timestamp

MINUTE = 60_000
DAY = 24 * 60 * MINUTE


def entries(*said: tuple[str, str, str, str]) -> list[LogEntry]:
    """(session, agent, ISO time, text), positions from 1."""
    return [
        LogEntry(
            position,
            Event(
                event_id=f"e{position}",
                session_id=session,
                agent=agent,
                timestamp=parse_timestamp(time),
                text=text,
            ),
        )
        for position, (session, agent, time, text) in enumerate(said, 1)
    ]


LOG = entries(
    ("s1", "ada", "2024-01-15T09:00", "The staging database migration failed again."),
    ("s2", "bob", "2024-01-15T09:01", "The kitchen needs fresh coffee beans."),
    ("s1", "cy", "2024-01-15T09:02", "The migration dropped an index on the orders table."),
    ("s1", "ada", "2024-01-15T12:00", "Rebuilding the orders index took forty minutes."),
    ("s1", "ada", "2024-12-30T10:00", "Planning the quarterly budget review meeting."),
)


@pytest.fixture(params=sorted(ENGINES["toc"]))
def open_toc(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Toc]:
    engine = load("toc", request.param)
    return lambda: engine(tmp_path / "toc")


@pytest.fixture
def toc(open_toc: Callable[[], Toc]) -> Iterator[Toc]:
    opened = open_toc()
    yield opened
    opened.close()


@pytest.fixture
def built(toc: Toc) -> Toc:
    toc.extend(LOG)
    return toc


def walk(toc: Toc) -> dict[str, TocNode]:
    """Every node that can be reached from the top."""
    found: dict[str, TocNode] = {}
    waiting = toc.roots()
    while waiting:
        node = waiting.pop()
        assert node.node_id not in found
        found[node.node_id] = node
        children = toc.nodes(node.child_ids)
        assert all(LEVELS.index(child.level) == LEVELS.index(node.level) + 1 for child in children)
        assert [(child.start, child.node_id) for child in children] == sorted(
            (child.start, child.node_id) for child in children
        )
        waiting += children
    return found


def everything(toc: Toc) -> tuple[dict[str, TocNode], dict[str, list[str]], dict[str, list[str]], dict[str, Grip]]:
    nodes = walk(toc)
    segments = [node_id for node_id, node in nodes.items() if node.level == "segment"]
    grips = {
        grip_id: toc.grip(grip_id) for node in nodes.values() for bullet in node.bullets for grip_id in bullet.grip_ids
    }
    return (
        nodes,
        {one: toc.events_of(one) for one in segments},
        {one: toc.overlap_of(one) for one in segments},
        grips,
    )


def test_an_empty_toc(toc: Toc) -> None:
    assert (toc.position, len(toc), toc.roots(), toc.segments(), toc.search("anything", 5)) == (0, 0, [], [], [])
    toc.extend([])
    assert toc.position == 0


def test_from_the_years_down_to_the_events(built: Toc) -> None:
    assert [root.node_id for root in built.roots()] == ["toc:year:2024", "toc:year:2025"]
    assert built.roots()[0].child_ids == ("toc:month:2024:01",)
    assert built.node("toc:month:2024:01").child_ids == ("toc:week:2024:W03",)
    assert built.node("toc:week:2024:W03").child_ids == ("toc:day:2024-01-15",)
    day = built.node("toc:day:2024-01-15")
    assert day.child_ids == ("toc:segment:2024-01-15:1", "toc:segment:2024-01-15:2", "toc:segment:2024-01-15:4")
    assert (day.title, day.event_count, day.agents) == ("Monday, 15 January 2024", 4, ("ada", "bob", "cy"))
    assert (day.start, day.end) == (LOG[0].event.timestamp, LOG[3].event.timestamp)
    assert [built.events_of(child) for child in day.child_ids] == [["e1", "e3"], ["e2"], ["e4"]]
    assert built.overlap_of("toc:segment:2024-01-15:4") == ["e1", "e3"]
    assert built.segments_of(["e3", "e5", "absent"]) == {
        "e3": "toc:segment:2024-01-15:1",
        "e5": "toc:segment:2024-12-30:5",
    }
    assert built.node("toc:day:2024-12-30").child_ids == ("toc:segment:2024-12-30:5",)
    assert len(walk(built)) == len(built)


def test_every_bullet_of_every_level_has_a_grip_into_its_events(built: Toc) -> None:
    texts = {entry.event.event_id: entry.event.text for entry in LOG}
    for node in walk(built).values():
        assert node.bullets
        for bullet in node.bullets:
            for grip in map(built.grip, bullet.grip_ids):
                (event_id,) = grip.event_ids
                assert grip.excerpt in texts[event_id] and grip.excerpt in bullet.text
                assert node.start <= grip.timestamp <= node.end


def test_all_of_it_is_still_there_after_reopening(open_toc: Callable[[], Toc]) -> None:
    toc = open_toc()
    toc.extend(LOG)
    before = everything(toc)
    toc.close()
    toc = open_toc()
    assert everything(toc) == before and toc.position == 5 and toc.size_bytes() > 0
    toc.close()


def test_nodes_come_in_the_order_asked_for(built: Toc) -> None:
    ids = ["toc:year:2025", "toc:day:2024-01-15", "toc:year:2024", "toc:year:2025"]
    assert [node.node_id for node in built.nodes(ids)] == ids


def test_what_does_not_exist_is_named(built: Toc) -> None:
    with pytest.raises(UnknownNameError, match=r"no node 'toc:year:1999': it starts at toc:year:2024"):
        built.node("toc:year:1999")
    with pytest.raises(UnknownNameError, match="no node 'nope'"):
        built.nodes(["toc:year:2024", "nope"])
    with pytest.raises(UnknownNameError, match="no grip 'nope'"):
        built.grip("nope")
    for ask in (built.events_of, built.overlap_of):
        with pytest.raises(UnknownNameError, match="no segment 'toc:year:2024'"):
            ask("toc:year:2024")


def test_entries_that_do_not_follow_are_refused(built: Toc) -> None:
    before = everything(built)
    with pytest.raises(ValueError, match="does not follow"):
        built.extend(LOG[3:])
    assert everything(built) == before


def test_segments_within_a_scope(built: Toc) -> None:
    def ids(**scope: str | int) -> list[str]:
        return [segment.node_id.rpartition(":")[2] for segment in built.segments(Scope(**scope))]  # type: ignore[arg-type]

    nine, two_past = LOG[0].event.timestamp, LOG[2].event.timestamp
    assert ids() == ["1", "2", "4", "5"]
    assert ids(agent="ada") == ["1", "4", "5"] and ids(agent="cy") == ["1"] and ids(agent="dot") == []
    assert ids(until=nine) == [] and ids(until=nine + 1) == ["1"]
    assert ids(since=two_past, until=DAY * 20_000) == ["1", "4"]
    assert ids(since=two_past + 1) == ["4", "5"]
    assert ids(agent="bob", since=nine) == ["2"]


def test_search_finds_by_words_of_bullets_keywords_and_titles(built: Toc) -> None:
    def found(query: str, k: int = 10, **scope: str | int) -> list[str]:
        return [hit.doc_id for hit in built.search(query, k, Scope(**scope))]  # type: ignore[arg-type]

    assert "toc:segment:2024-01-15:2" in found("coffee")
    assert found("offee") == found("cof") == found("zebra") == []
    assert "toc:week:2025:W01" in found("Week 1 of 2025")
    assert found("coffee", agent="ada") != []  # bob's words, in a day and its ancestors that ada spoke in too
    assert "toc:segment:2024-01-15:2" not in found("coffee", agent="ada")
    assert found("coffee", since=LOG[4].event.timestamp) == []
    assert len(found("the orders index", 3)) == 3


def test_search_ranks_by_shared_words_then_the_smaller_node_then_by_id(built: Toc) -> None:
    hits = built.search("coffee beans zebra", 10)
    order = [(-hit.score, built.node(hit.doc_id).event_count, hit.doc_id) for hit in hits]
    assert order == sorted(order)
    assert hits[0].doc_id == "toc:segment:2024-01-15:2"
    assert all(0 < hit.score < 1 and hit.layer == "toc" for hit in hits)
    (best, *_) = built.search("coffee beans", 1)
    assert best.score == pytest.approx(1.0)
    assert hits[0].timestamp == built.node(hits[0].doc_id).start
    assert "coffee beans" in hits[0].text


def test_search_forgets_what_a_summary_no_longer_says(toc: Toc) -> None:
    said = [("s", "", f"2024-01-15T09:{minute:02}", "Lonely zebra wanders somewhere.") for minute in range(1)]
    busy = [
        ("s", "", "2024-01-15T09:10", f"The payments service retries failed card charges, attempt number {word} today.")
        for word in ("alpha beta", "gamma delta", "epsilon zeta", "theta iota", "kappa lambda", "omicron sigma")
        for _ in range(4)
    ]
    log = entries(*said, *busy)
    toc.extend(log[:1])
    assert toc.search("zebra", 1)
    toc.extend(log[1:])
    mentions = [hit.doc_id for hit in toc.search("zebra", 10)]
    for node_id in walk(toc):
        node = toc.node(node_id)
        said_in = "zebra" in node.keywords or any("zebra" in bullet.text for bullet in node.bullets)
        assert (node_id in mentions) == said_in


WORDS = st.sampled_from(
    ["ada's", "server", "index", "orders", "coffee", "broke", "again", "and", "the", "Zürich", "budget", "plan"]
)
SAID = st.tuples(
    st.sampled_from(["s1", "s2", "s3"]),
    st.sampled_from(["", "ada", "bob"]),
    st.sampled_from([-90, -1, 0, 1, 4, 20, 31, 600, 60 * 24 * 6]),
    st.lists(WORDS, max_size=12).map(" ".join),
    st.sampled_from([1, 1, 1, 400]),
)


@settings(max_examples=40)
@given(said=st.lists(SAID, min_size=1, max_size=30), cuts=st.sets(st.integers(1, 29)))
@pytest.mark.parametrize("engine", sorted(ENGINES["toc"]))
def test_a_log_that_grows_gives_the_same_as_one_that_was_there_at_once(
    tmp_path_factory: pytest.TempPathFactory,
    engine: str,
    said: list[tuple[str, str, int, str, int]],
    cuts: set[int],
) -> None:
    log = []
    minutes = 28_000_000
    for position, (session, agent, step, text, times) in enumerate(said, 1):
        minutes += step
        event = Event(
            event_id=f"e{position}",
            session_id=session,
            agent=agent,
            timestamp=minutes * MINUTE,
            text=". ".join([text] * times),
        )
        log.append(LogEntry(position, event))
    folder = tmp_path_factory.mktemp("toc")
    at_once, grown = load("toc", engine)(folder / "at-once"), load("toc", engine)(folder / "grown")
    at_once.extend(log)
    bounds = [0, *sorted(cut for cut in cuts if cut < len(log)), len(log)]
    for start, end in pairwise(bounds):
        grown.extend(log[start:end])
    assert everything(grown) == everything(at_once)
    assert len(grown) == len(at_once) and grown.position == at_once.position
    for query in ("server", "coffee broke", "Zürich plan", "s1"):
        assert grown.search(query, 20) == at_once.search(query, 20)
    members = [event_id for segment in at_once.segments() for event_id in at_once.events_of(segment.node_id)]
    assert sorted(members) == sorted(entry.event.event_id for entry in log)
    at_once.close()
    grown.close()
