"""The rank-bm25 engine gives the package's own scores, without reading every document for every word."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rank_bm25 import BM25Plus

from strata.bm25.rank_bm25 import K1, B, RankBm25
from strata.tokens import terms
from tests.strata.events import log

TEXT = st.lists(st.sampled_from(["fox", "hen", "dog", "egg", "owl", "the"]), max_size=8).map(" ".join)


@settings(max_examples=40)
@given(texts=st.lists(TEXT, min_size=1, max_size=15), query=TEXT)
def test_scores_of_events_alone_in_their_session_are_those_of_the_package(
    texts: list[str], query: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assume(any(terms(text) for text in texts) and terms(query))
    index = RankBm25(tmp_path_factory.mktemp("bm25"))
    index.extend([log(text, session=f"s{n}", after=n)[0] for n, text in enumerate(texts)])
    expected = BM25Plus([terms(text) for text in texts], k1=K1, b=B, delta=0).get_scores(terms(query))
    hits = index.search(query, len(texts))
    np.testing.assert_allclose([hit.score for hit in hits], [expected[int(hit.doc_id[1:]) - 1] for hit in hits])


def test_opening_maps_the_postings_and_tokenizes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    RankBm25(tmp_path).extend(log("a fox", "a hen"))
    monkeypatch.setattr("strata.bm25.rank_bm25.terms", lambda text: pytest.fail(f"tokenized {text!r}"))
    assert len(RankBm25(tmp_path)) == 2


def test_an_answer_is_found_by_its_question(tmp_path: Path) -> None:
    index = RankBm25(tmp_path)
    index.extend(log("Which colour was the new bicycle?", "Green, I believe.", session="s1"))
    index.extend(log("Green, I believe.", session="s2", after=2))
    hits = {hit.doc_id: hit.score for hit in index.search("colour of the bicycle", 5)}
    assert hits["e1"] > hits["e2"] > 0
    assert "e3" not in hits


def test_words_spread_before_they_saturate(tmp_path: Path) -> None:
    """Definition: tf' = tf + half of each neighbour's, length' likewise, then the saturation of BM25."""
    index = RankBm25(tmp_path)
    index.extend(log("fox hen", "fox", "owl owl owl", session="s1") + log("hen", session="s2", after=3))
    idf = np.log((4 + 1) / 2)
    lengths = np.array([2 + 0.5 + 0.25 * 3, 1 + 0.5 * (2 + 3), 3 + 0.5 + 0.25 * 2, 1])
    counts = np.array([1.5, 1.5, 0.75])
    expected = idf * counts * (K1 + 1) / (counts + K1 * (1 - B + B * lengths[:3] / lengths.mean()))
    hits = {hit.doc_id: hit.score for hit in index.search("fox", 5)}
    np.testing.assert_allclose([hits["e1"], hits["e2"], hits["e3"]], expected)


def test_an_author_counts_for_the_own_turn_only(tmp_path: Path) -> None:
    index = RankBm25(tmp_path)
    index.extend([log("a hen", speaker="Mel")[0], log("an owl", after=1, speaker="Ann")[0]])
    assert [hit.doc_id for hit in index.search("Mel", 5)] == ["e1"]


def test_an_event_without_words_is_no_hit_whatever_stands_beside_it(tmp_path: Path) -> None:
    index = RankBm25(tmp_path)
    index.extend(log("", "a fox", "..."))
    assert [hit.doc_id for hit in index.search("fox", 5)] == ["e2"]
