"""What every topic graph promises."""

import math
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sklearn.metrics import adjusted_rand_score

import strata
from strata.errors import StoreError
from strata.event import Event
from strata.hit import Scope
from strata.stack import Strata
from strata.topics.graph import Similar
from strata.topics.importance import importance
from strata.topics.labels import distinctive
from tests.strata import installed
from tests.strata.conversations import ms
from tests.strata.installed import names
from tests.strata.letters import WholeAlphabet

DAY = 86_400_000
SUBJECTS = {"fizz": "fizz fizzy fizz", "bubble": "bubble bubbles bubble", "moth": "moth moths moth"}


def _events(days: int = 12) -> list[Event]:
    """One session a day; the subjects take turns, and only claude speaks of fizz."""
    return [
        Event(
            event_id=f"{subject}-{day}-{number}",
            session_id=f"{subject}-{day}",
            timestamp=ms("2024-03-01") + day * DAY + number * 1000,
            text=text,
            agent="claude" if subject == "fizz" else "gemini",
        )
        for day in range(days)
        for subject, text in [list(SUBJECTS.items())[day % 3]]
        for number in range(3)
    ]


def _opened(path: Path, engine: str, days: int = 12) -> Strata:
    stack = strata.open(path, topics=engine)
    stack.__dict__["embedder"] = WholeAlphabet()
    if not stack.store.position:
        stack.ingest(_events(days))
    stack.build(["toc", "vector", "topics"])
    return stack


@pytest.fixture(scope="module", params=names("topics"))
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strata]:
    installed.engine("topics", request.param)
    with _opened(tmp_path_factory.mktemp("topics"), request.param) as built:
        yield built


def test_each_subject_is_a_topic_of_all_its_segments(stack: Strata) -> None:
    topics = stack.topics.topics()
    assert len(topics) == len(stack.topics) == 3
    for topic in topics:
        of = {event_id.split("-")[0] for segment in topic.segment_ids for event_id in stack.toc.events_of(segment)}
        assert len(of) == 1
        assert len(topic.segment_ids) == 4
        assert of.pop() in topic.keywords


def test_topics_go_by_importance_with_the_newest_first(stack: Strata) -> None:
    topics = stack.topics.topics()
    assert [topic.importance for topic in topics] == sorted((topic.importance for topic in topics), reverse=True)
    assert topics[0].last_seen == max(topic.last_seen for topic in topics)
    assert "moth" in topics[0].keywords


def test_search_goes_by_relevance_not_by_importance(stack: Strata) -> None:
    for subject, text in SUBJECTS.items():
        hits = stack.search("topics", text, 3)
        assert subject in hits[0].text
        assert hits[0].layer == "topics"
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert all(hit.score <= 1 for hit in hits)


def test_search_respects_the_scope(stack: Strata) -> None:
    assert ["fizz" in hit.text for hit in stack.search("topics", "moth", 5, agent="claude")] == [True]
    assert all("fizz" not in hit.text for hit in stack.search("topics", "fizz", 5, agent="gemini"))
    until = ms("2024-03-02")
    assert ["fizz" in hit.text for hit in stack.topics.search("moth", 5, Scope(until=until))] == [True]
    assert stack.topics.search("moth", 5, Scope(since=ms("2025-01-01"))) == []


def test_the_same_log_gives_the_same_topics(stack: Strata, tmp_path: Path) -> None:
    with _opened(tmp_path, stack.engines["topics"]) as again:
        assert again.topics.topics() == stack.topics.topics()


def test_it_opens_again_as_it_was_and_grows_with_the_log(stack: Strata, tmp_path: Path) -> None:
    with _opened(tmp_path, stack.engines["topics"], days=6) as small:
        before = small.topics.topics()
        assert sum(len(topic.segment_ids) for topic in before) == 6
        assert small.topics.size_bytes() > 0
    with _opened(tmp_path, stack.engines["topics"]) as again:
        assert again.topics.topics() == before
        again.ingest(_events(12)[18:])
        again.build(["toc", "vector", "topics"])
        assert sum(len(topic.segment_ids) for topic in again.topics.topics()) == 12
        assert again.topics.position == again.store.position


def test_an_index_it_stands_on_must_be_built_first(stack: Strata, tmp_path: Path) -> None:
    with strata.open(tmp_path, topics=stack.engines["topics"]) as bare:
        bare.__dict__["embedder"] = WholeAlphabet()
        bare.ingest(_events())
        bare.build(["toc"])
        with pytest.raises(StoreError, match="need the vector index, which is at 0: build it first"):
            bare.build(["topics"])


def _planted(communities: int, size: int) -> tuple[Similar, list[int]]:
    """A graph of communities, six edges a node inside and one in six as many between them; and each node's own."""
    chance = random.Random(3)
    nodes = communities * size
    pairs = {}
    for node in range(nodes):
        own = range(node // size * size, node // size * size + size)
        others = chance.sample(own, 6) + ([chance.randrange(nodes)] if chance.random() < 0.6 else [])
        pairs |= {(min(node, other), max(node, other)): chance.uniform(0.45, 1.0) for other in others if other != node}
    return Similar(nodes, pairs), [node // size for node in range(nodes)]


@pytest.mark.parametrize("name", names("topics"))
def test_communities_agree_with_what_was_planted_and_with_the_default_engine(name: str) -> None:
    graph, planted = _planted(20, 40)
    labels = {}
    for each in (name, names("topics")[0]):
        communities = installed.engine("topics", each)._communities(None, graph)
        labels[each] = {node: place for place, group in enumerate(communities) for node in group}
    found, default = ([labels[each][node] for node in range(graph.nodes)] for each in (name, names("topics")[0]))
    assert adjusted_rand_score(planted, found) >= 0.95
    assert adjusted_rand_score(default, found) >= 0.95


@pytest.mark.parametrize("name", names("topics"))
def test_page_rank_is_that_of_the_default_engine(name: str) -> None:
    graph, _ = _planted(5, 30)
    ranks, default = (installed.engine("topics", each)._ranks(None, graph) for each in (name, names("topics")[0]))
    assert sum(ranks.values()) == pytest.approx(1, abs=1e-6)
    for node in range(graph.nodes):
        assert ranks[node] == pytest.approx(default[node], abs=1e-5)


def test_importance_is_size_times_recency() -> None:
    assert importance(3, 0) == pytest.approx(2 * math.log(4))
    assert importance(3, 30 * DAY) == pytest.approx(0.5 * math.log(4))
    assert importance(3, 4 * DAY) == pytest.approx(1.5 * 2 ** (-4 / 30) * math.log(4))
    assert importance(1, 10_000 * DAY) == 0.01


def test_a_label_is_what_sets_a_topic_apart() -> None:
    classes = [Counter({"the": 9, "zebra": 4}), Counter({"the": 9, "jazz": 4, "note": 1})]
    assert [words[0] for words in distinctive(classes, 1)] == ["zebra", "jazz"]
