"""Reciprocal rank fusion, against its definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strata.route.fusion import fuse, total_shares

LISTS = st.lists(
    st.tuples(
        st.sampled_from(["bm25", "vector"]), st.floats(0.1, 3), st.lists(st.sampled_from("abcdefgh"), unique=True)
    ),
    max_size=4,
)


@given(LISTS, st.integers(1, 60))
def test_the_score_is_the_sum_over_lists_of_weight_by_rank(lists: list[tuple[str, float, list[str]]], k: int) -> None:
    fused = fuse(lists, k)
    for event in fused:
        expected = sum(weight / (k + ids.index(event.doc_id) + 1) for _, weight, ids in lists if event.doc_id in ids)
        assert event.score == pytest.approx(expected)
        assert event.score == pytest.approx(sum(event.shares.values()))
    assert {event.doc_id for event in fused} == {doc_id for _, _, ids in lists for doc_id in ids}
    assert fused == sorted(fused, key=lambda event: (-event.score, event.doc_id))


def test_an_event_in_both_lists_beats_the_first_of_either() -> None:
    fused = fuse([("bm25", 1, ["a", "x"]), ("vector", 1, ["b", "x"])])
    assert [event.doc_id for event in fused] == ["x", "a", "b"]
    assert set(fused[0].shares) == {"bm25", "vector"}
    assert total_shares(fused[:1])["bm25"] == pytest.approx(total_shares(fused[:1])["vector"])
