"""The engines whose library only proposes: their scores are those of the formula, and nothing better is missed."""

import math
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strata.bm25.rescored import K1, B
from strata.event import Event, LogEntry
from strata.hit import Scope
from strata.tokens import terms
from tests.strata import installed
from tests.strata.events import NOON

ENGINES = ("bm25s", "tantivy")
TOLERANCE = 1e-9


def _lucene(entries: list[LogEntry], query: str) -> dict[str, float]:
    """BM25 as Lucene defines it, idf = ln(1 + (N - df + 0.5) / (df + 0.5)), over counts that take in neighbours.

    Written plainly from the definition: a neighbour d steps away in the session adds its words 2^-d times, to d = 3.
    """
    documents = [Counter(terms(entry.event.text)) for entry in entries]
    sessions: dict[str, list[int]] = {}
    for row, entry in enumerate(entries):
        sessions.setdefault(entry.event.session_id, []).append(row)
    counted: list[dict[str, float]] = [{} for _ in entries]
    for rows in sessions.values():
        for place, row in enumerate(rows):
            for other in range(max(0, place - 3), min(len(rows), place + 4)):
                for term, count in documents[rows[other]].items():
                    counted[row][term] = counted[row].get(term, 0) + count / 2 ** abs(other - place)
    lengths = [sum(counts.values()) for counts in counted]
    mean = sum(lengths) / len(lengths)
    scores = {}
    for entry, counts, length in zip(entries, counted, lengths, strict=True):
        score = 0.0
        for term in terms(query):
            if (count := counts.get(term, 0.0)) > 0:
                df = sum(term in document for document in documents)
                idf = math.log(1 + (len(entries) - df + 0.5) / (df + 0.5))
                score += idf * count * (K1 + 1) / (count + K1 * (1 - B + B * length / mean))
        if score > 0 and any(character.isalnum() for character in entry.event.text):
            scores[entry.event.event_id] = score
    return scores


def _event(number: int, session: int, text: str) -> LogEntry:
    event = Event(
        event_id=f"e{number}", session_id=f"s{session}", timestamp=NOON + number, text=text, agent=f"a{number % 4}"
    )
    return LogEntry(number, event)


TEXT = st.lists(st.sampled_from(["fox", "hen", "dog", "egg", "owl", "the"]), max_size=8).map(" ".join)


@pytest.mark.parametrize("name", ENGINES)
@settings(max_examples=25)
@given(texts=st.lists(TEXT, min_size=1, max_size=18), query=TEXT, sessions=st.integers(1, 6), cut=st.integers(0, 18))
def test_scores_are_those_of_the_lucene_formula(
    name: str, texts: list[str], query: str, sessions: int, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    entries = [_event(number, number % sessions, text) for number, text in enumerate(texts, 1)]
    index = installed.engine("bm25", name)(tmp_path_factory.mktemp("bm25"))
    index.extend(entries[:cut])
    index.extend(entries[cut:])
    if not query:
        return
    expected = _lucene(entries, query)
    hits = index.search(query, len(texts))
    assert {hit.doc_id: hit.score for hit in hits} == pytest.approx(expected, rel=TOLERANCE)


@pytest.fixture(scope="module")
def crowd() -> list[LogEntry]:
    """3,000 events whose words are as uneven as those of a language."""
    chance = random.Random(2)
    vocabulary = [f"word{number}" for number in range(400)]
    weights = [1 / (rank + 3) for rank in range(400)]
    return [
        _event(number, chance.randrange(300), " ".join(chance.choices(vocabulary, weights, k=chance.randrange(3, 25))))
        for number in range(1, 3001)
    ]


QUERIES = ["word3 word40", "word120", "word0 word1 word2", "word200 word200 word7 word90"]


@pytest.mark.parametrize("query", QUERIES)
def test_bm25s_misses_nothing_however_old_its_segment_is(crowd: list[LogEntry], query: str, tmp_path: Path) -> None:
    index = installed.engine("bm25", "bm25s")(tmp_path)
    index.tail = 2000
    index.extend(crowd[:2100])
    assert index._segment.rows == 2100
    index.extend(crowd[2100:])
    assert index._segment.rows == 2100, "the rest is scored beside the segment"
    expected = _lucene(crowd, query)
    for scope, inside in ((Scope(), expected), (Scope(agent="a2"), _of_agent(crowd, expected, "a2"))):
        ranked = sorted(inside.items(), key=lambda item: (-round(item[1], 9), item[0]))[:10]
        hits = index.search(query, 10, scope)
        assert [hit.score for hit in hits] == pytest.approx([score for _, score in ranked], rel=TOLERANCE)
        assert {hit.doc_id for hit in hits if hit.score > ranked[-1][1] * (1 + TOLERANCE)} <= {one for one, _ in ranked}


def _of_agent(entries: list[LogEntry], scores: dict[str, float], agent: str) -> dict[str, float]:
    own = {entry.event.event_id for entry in entries if entry.event.agent == agent}
    return {event_id: score for event_id, score in scores.items() if event_id in own}


def test_tantivy_finds_nearly_all_of_the_best_as_it_comes(crowd: list[LogEntry], tmp_path: Path) -> None:
    index = installed.engine("bm25", "tantivy")(tmp_path)
    index.proposed, index.few = 256, 0
    index.extend(crowd)
    found = wanted = 0
    for query in QUERIES:
        expected = _lucene(crowd, query)
        for scope, inside in ((Scope(), expected), (Scope(agent="a2"), _of_agent(crowd, expected, "a2"))):
            best = sorted(inside.values(), reverse=True)[:10]
            hits = index.search(query, 10, scope)
            assert all(hit.score == pytest.approx(inside[hit.doc_id], rel=TOLERANCE) for hit in hits)
            found += sum(hit.score >= best[-1] * (1 - TOLERANCE) for hit in hits)
            wanted += len(best)
    assert found >= 0.98 * wanted


def test_what_a_killed_process_left_in_tantivy_is_neither_shown_nor_added_twice(
    crowd: list[LogEntry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = installed.engine("bm25", "tantivy")
    index = engine(tmp_path / "index")
    index.extend(crowd[:100])
    before = index.search(QUERIES[0], 20)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("strata.generation.replace", killed)
        index.extend(crowd[100:150])
    again = engine(tmp_path / "index")
    assert again._searcher.num_docs == 150, "tantivy had committed"
    assert (again.position, again.search(QUERIES[0], 20)) == (100, before)
    again.extend(crowd[100:200])
    assert again._searcher.num_docs == 200
    whole = engine(tmp_path / "whole")
    whole.extend(crowd[:200])
    assert again.search(QUERIES[0], 20) == whole.search(QUERIES[0], 20)
