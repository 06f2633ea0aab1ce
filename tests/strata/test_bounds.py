"""Bounds: every one is enforced, and named in the explanation when it was hit."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strata.errors import QueryError
from strata.event import Event
from strata.route.bounds import Bounds
from strata.stack import Strata
from strata.tokens import words
from tests.strata.conversations import ms, opened


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strata]:
    with opened(tmp_path_factory.mktemp("bounds")) as built:
        yield built


@pytest.fixture(scope="module")
def broad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strata]:
    """Sixty sessions, one a day, only the first of which speaks of a heron."""
    with opened(tmp_path_factory.mktemp("broad"), ()) as built:
        built.ingest(
            Event(
                event_id=f"d{day}",
                session_id=f"d{day}",
                timestamp=ms("2024-01-01") + day * 86_400_000,
                text="a heron in the garden" if day == 0 else f"an owl number {day} in the garden",
            )
            for day in range(60)
        )
        built.build(("toc",))
        yield built


def test_without_pressure_no_bound_is_hit(stack: Strata) -> None:
    assert stack.route("retry limit").explanation.bounds_hit == ()


def test_max_candidates_limits_what_a_layer_hands_to_fusion(stack: Strata) -> None:
    explanation = stack.route("retry limit", k=15, bounds=Bounds(max_candidates=2)).explanation
    assert [report.candidates for report in explanation.layers] == [2, 2]
    assert "max_candidates" in explanation.bounds_hit
    assert explanation.candidates <= 4


@pytest.mark.parametrize("most", [1, 5, 9, 14])
def test_max_tokens_limits_the_words_of_all_hits(stack: Strata, most: int) -> None:
    result = stack.route("retry limit", k=15, bounds=Bounds(max_tokens=most))
    assert sum(len(words(hit.text)) for hit in result.hits) <= most
    assert "max_tokens" in result.explanation.bounds_hit


def test_min_confidence_drops_hits_and_works_on_a_scale_from_0_to_1(stack: Strata) -> None:
    free = stack.route("retry limit", k=15)
    assert all(0 <= hit.confidence <= 1 for hit in free.hits)
    bound = stack.route("retry limit", k=15, bounds=Bounds(min_confidence=0.75))
    assert [hit.doc_id for hit in bound.hits] == [hit.doc_id for hit in free.hits if hit.confidence >= 0.75]
    assert 0 < len(bound.hits) < len(free.hits)
    assert "min_confidence" in bound.explanation.bounds_hit


def test_a_high_keyword_score_is_no_high_confidence(stack: Strata) -> None:
    """A raw BM25 score is above any threshold from 0 to 1; the share of the query's words is not."""
    query = "zebra gateway olives unicorn"
    assert stack.search("bm25", query, 1)[0].score > 1
    result = stack.route(query, tier="keyword", bounds=Bounds(min_confidence=0.5))
    assert result.hits == []
    assert result.explanation.fallback_reason.startswith("bm25 found nothing with a confidence of 0.5")


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_max_depth_ends_browsing_above_the_segments(stack: Strata, depth: int) -> None:
    result = stack.route("quagga", tier="agentic", bounds=Bounds(max_depth=depth))
    assert result.hits == []
    assert "max_depth" in result.explanation.bounds_hit
    assert stack.route("quagga", tier="agentic", bounds=Bounds(max_depth=4)).hits


@pytest.mark.parametrize("most", [1, 4, 9])
def test_max_nodes_limits_the_nodes_looked_at(broad: Strata, most: int) -> None:
    result = broad.route("heron", tier="agentic", bounds=Bounds(max_nodes=most))
    assert 0 < result.explanation.nodes_looked_at <= most
    assert "max_nodes" in result.explanation.bounds_hit


def test_a_wider_beam_opens_more_nodes_at_once_and_a_narrow_one_still_finds_by_going_back(broad: Strata) -> None:
    for width in (1, 4):
        result = broad.route("heron", k=1, tier="agentic", bounds=Bounds(beam_width=width, max_nodes=200))
        assert [hit.doc_id for hit in result.hits] == ["d0"]
        assert "beam_width" in result.explanation.bounds_hit


def test_the_timeout_ends_the_query_between_layers(stack: Strata, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = stack.bm25.search

    def search(*arguments: Any) -> Any:
        time.sleep(0.03)
        return slow(*arguments)

    monkeypatch.setattr(stack.bm25, "search", search)
    result = stack.route("retry limit", bounds=Bounds(timeout_ms=20))
    assert [report.layer for report in result.explanation.layers] == ["bm25"]
    assert "timeout_ms" in result.explanation.bounds_hit
    assert result.hits


def test_the_timeout_ends_browsing(broad: Strata, monkeypatch: pytest.MonkeyPatch) -> None:
    browse = broad.toc.nodes

    def nodes(node_ids: Any) -> Any:
        time.sleep(0.02)
        return browse(node_ids)

    monkeypatch.setattr(broad.toc, "nodes", nodes)
    result = broad.route("nothing like it", tier="agentic", bounds=Bounds(timeout_ms=50, max_nodes=200))
    assert "timeout_ms" in result.explanation.bounds_hit
    assert result.explanation.nodes_looked_at < 60


@pytest.mark.parametrize(
    "bad",
    [
        {"min_confidence": 1.5},
        {"beam_width": 0},
        {"beam_width": 17},
        {"max_depth": 0},
        {"timeout_ms": -1},
        {"max_tokens": 0},
    ],
)
def test_impossible_bounds_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(QueryError, match=next(iter(bad))):
        Bounds(**bad)


def test_a_bound_is_per_query(stack: Strata, tmp_path: Path) -> None:
    assert stack.route("retry limit", bounds=Bounds(max_tokens=1)).explanation.bounds_hit
    assert stack.route("retry limit").explanation.bounds_hit == ()
