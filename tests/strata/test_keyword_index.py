"""What every keyword index promises."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strata.errors import QueryError
from strata.event import Event, LogEntry
from strata.hit import Scope
from strata.protocols import KeywordIndex
from tests.strata import installed
from tests.strata.events import MINUTE, NOON, log
from tests.strata.installed import names

FISH = [
    "the quick brown fox jumps over a lazy dog",
    "a fox and a hen went to town",
    "dogs bark at every passing car",
    "the hen laid seven eggs on Tuesday",
    "nothing to see here",
]


@pytest.fixture(params=names("bm25"))
def engine(request: pytest.FixtureRequest) -> Callable[[Path], KeywordIndex]:
    return cast(Callable[[Path], KeywordIndex], installed.engine("bm25", request.param))


def _ids(index: KeywordIndex, query: str, k: int = 10, **scope: int | str) -> list[str]:
    return [hit.doc_id for hit in index.search(query, k, Scope(**scope))]  # type: ignore[arg-type]


def test_an_empty_index_finds_nothing(engine: Callable[[Path], KeywordIndex], tmp_path: Path) -> None:
    index = engine(tmp_path)
    assert (index.position, len(index), index.size_bytes()) == (0, 0, 0)
    assert index.search("fox", 5) == []


def test_the_event_with_the_rarest_words_comes_first(engine: Callable[[Path], KeywordIndex], tmp_path: Path) -> None:
    index = engine(tmp_path)
    index.extend(log(*FISH, agent="claude"))
    best = index.search("hen eggs", 10)[0]
    assert (best.doc_id, best.layer, best.agent, best.timestamp) == ("e4", "bm25", "claude", NOON + 3 * MINUTE)
    assert len(index) == index.position == 5


def test_scores_descend_and_k_bounds_the_answer(engine: Callable[[Path], KeywordIndex], tmp_path: Path) -> None:
    index = engine(tmp_path)
    index.extend(log(*FISH, *FISH))
    hits = index.search("fox hen dog", 4)
    assert len(hits) == 4
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_ties_go_by_id_whatever_k(engine: Callable[[Path], KeywordIndex], tmp_path: Path) -> None:
    sessions = [log("one fox", session=f"s{n}", after=n)[0] for n in range(12)]
    index = engine(tmp_path)
    index.extend([*sessions, *log("nothing", "else", session="z", after=12)])
    everyone = _ids(index, "fox", 12)
    assert everyone == sorted(f"e{n}" for n in range(1, 13))
    assert all(_ids(index, "fox", k) == everyone[:k] for k in range(1, 12))


def test_the_scope_filters_before_ranking(engine: Callable[[Path], KeywordIndex], tmp_path: Path) -> None:
    index = engine(tmp_path)
    index.extend(log(*["fox fox fox"] * 30, agent="a"))
    index.extend(log("a fox", "a hen", "a fox and a dog", agent="b", session="s2", after=30, start=NOON + 90 * MINUTE))
    assert set(_ids(index, "fox", 5, agent="b")) == {"e31", "e32", "e33"}
    assert _ids(index, "fox", 5, since=NOON + 92 * MINUTE) == ["e33"]
    assert set(_ids(index, "fox", 50, until=NOON + 2 * MINUTE)) == {"e1", "e2"}
    assert _ids(index, "fox", 5, agent="nobody") == []


def test_a_query_without_words_is_refused(engine: Callable[[Path], KeywordIndex], tmp_path: Path) -> None:
    index = engine(tmp_path)
    index.extend(log(*FISH))
    with pytest.raises(QueryError, match="no word"):
        index.search("?! ...", 5)


def test_a_query_of_stop_words_alone_finds_nothing(engine: Callable[[Path], KeywordIndex], tmp_path: Path) -> None:
    index = engine(tmp_path)
    index.extend(log(*FISH))
    assert index.search("to be or not to be", 5) == []


def test_another_form_of_the_word_is_found(engine: Callable[[Path], KeywordIndex], tmp_path: Path) -> None:
    index = engine(tmp_path)
    index.extend(log(*FISH))
    assert _ids(index, "jumping")[0] == "e1"


def test_an_event_is_found_by_the_name_of_its_speaker(engine: Callable[[Path], KeywordIndex], tmp_path: Path) -> None:
    index = engine(tmp_path)
    index.extend(log("I painted a hen", session="s1", speaker="Caroline"))
    index.extend(log("I painted a hen", session="s2", after=1, speaker="Melanie"))
    assert _ids(index, "what did Melanie paint?")[0] == "e2"


def test_words_that_nobody_said_find_nothing(engine: Callable[[Path], KeywordIndex], tmp_path: Path) -> None:
    index = engine(tmp_path)
    index.extend(log(*FISH))
    assert index.search("zeppelin", 5) == []


def test_a_word_in_every_event_still_finds_them(engine: Callable[[Path], KeywordIndex], tmp_path: Path) -> None:
    index = engine(tmp_path)
    index.extend(log("fox", "fox", "fox"))
    assert sorted(_ids(index, "fox")) == ["e1", "e2", "e3"]


def test_events_without_words_are_kept_and_never_found(engine: Callable[[Path], KeywordIndex], tmp_path: Path) -> None:
    index = engine(tmp_path)
    index.extend(log("", "..."))
    assert (len(index), index.search("fox", 5)) == (2, [])
    index.extend(log("fox", session="s2", after=2))
    assert _ids(index, "fox") == ["e3"]


def test_it_opens_again_as_it_was(engine: Callable[[Path], KeywordIndex], tmp_path: Path) -> None:
    index = engine(tmp_path)
    index.extend(log(*FISH))
    before = index.search("fox hen dog", 10)
    index.close()
    again = engine(tmp_path)
    assert (again.position, len(again)) == (5, 5)
    assert again.search("fox hen dog", 10) == before
    assert again.size_bytes() > 0


def test_an_extend_that_fails_changes_nothing(
    engine: Callable[[Path], KeywordIndex], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = engine(tmp_path)
    everyone = log(*FISH, *FISH)
    index.extend(everyone[:5])
    before = index.search("fox hen dog", 10)
    with monkeypatch.context() as patched, pytest.raises(OSError, match="no space"):
        patched.setattr("strata.generation.replace", _disk_full)
        index.extend(everyone[5:])
    assert (index.position, len(index), index.search("fox hen dog", 10)) == (5, 5, before)
    index.extend(everyone[5:])
    whole = engine(tmp_path / "whole")
    whole.extend(everyone)
    assert index.search("fox hen dog", 10) == whole.search("fox hen dog", 10)


def _disk_full(*_: object) -> None:
    raise OSError("no space left on device")


WORD = st.sampled_from(["fox", "hen", "dog", "egg", "the", "ran", "running", ""])
TEXT = st.lists(WORD, max_size=6).map(" ".join)


@pytest.mark.parametrize("name", names("bm25"))
@settings(max_examples=20)
@given(texts=st.lists(TEXT, min_size=1, max_size=20), cuts=st.lists(st.integers(0, 20), max_size=3), query=TEXT)
def test_it_does_not_matter_in_how_many_steps_the_log_came(
    name: str, texts: list[str], cuts: list[int], query: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    entries = [
        LogEntry(n, Event(event_id=f"e{n}", session_id=f"s{n % 3}", timestamp=NOON + n, text=text))
        for n, text in enumerate(texts, 1)
    ]
    engine = installed.engine("bm25", name)
    whole, stepwise = engine(tmp_path_factory.mktemp("whole")), engine(tmp_path_factory.mktemp("steps"))
    whole.extend(entries)
    edges = [0, *sorted(min(cut, len(entries)) for cut in cuts), len(entries)]
    for start, end in itertools.pairwise(edges):
        stepwise.extend(entries[start:end])
    if query.split():
        assert stepwise.search(query, 30) == whole.search(query, 30)
    assert stepwise.position == whole.position
