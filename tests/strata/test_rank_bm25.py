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


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(TEXT, min_size=1, max_size=15), query=TEXT)
def test_scores_are_those_of_the_package(
    texts: list[str], query: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assume(any(terms(text) for text in texts) and terms(query))
    index = RankBm25(tmp_path_factory.mktemp("bm25"))
    index.extend(log(*texts))
    expected = BM25Plus([terms(text) for text in texts], k1=K1, b=B, delta=0).get_scores(terms(query))
    hits = index.search(query, len(texts))
    np.testing.assert_allclose([hit.score for hit in hits], [expected[int(hit.doc_id[1:]) - 1] for hit in hits])


def test_opening_maps_the_postings_and_tokenizes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    RankBm25(tmp_path).extend(log("a fox", "a hen"))
    monkeypatch.setattr("strata.bm25.rank_bm25.terms", lambda text: pytest.fail(f"tokenized {text!r}"))
    assert len(RankBm25(tmp_path)) == 2
