"""Routing: which layers are tried for which query, what they give, and what the explanation says."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from strata.errors import ModelError, QueryError, StoreError, UnknownNameError
from strata.route.bounds import Bounds
from strata.route.explanation import RouteResult
from strata.stack import Strata
from tests.strata.conversations import ms, opened


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strata]:
    with opened(tmp_path_factory.mktemp("route")) as built:
        yield built


def _ids(result: RouteResult) -> list[str]:
    return [hit.doc_id for hit in result.hits]


def _tried(result: RouteResult) -> list[str]:
    return [report.layer for report in result.explanation.layers]


@pytest.mark.parametrize(
    ("tier", "layers"),
    [("hybrid", ["bm25", "vector"]), ("semantic", ["vector"]), ("keyword", ["bm25"]), ("agentic", ["agentic"])],
)
def test_a_forced_tier_asks_its_own_layers_and_answers(stack: Strata, tier: str, layers: list[str]) -> None:
    result = stack.route("retry limit", tier=tier)
    assert _tried(result) == layers
    assert {report.status for report in result.explanation.layers} == {"answered"}
    assert result.explanation.tier == tier
    assert {"s1-2", "s3-3"} <= set(_ids(result))
    assert not result.explanation.fallback


@pytest.mark.parametrize(
    ("intent", "mode", "chain"),
    [
        ("answer", None, ("hybrid", "bm25", "vector", "agentic")),
        ("locate", None, ("hybrid", "bm25", "vector", "agentic")),
        ("locate", "sequential", ("bm25", "hybrid", "vector", "agentic")),
        ("explore", None, ("hybrid", "agentic")),
        ("explore", "sequential", ("hybrid", "vector", "bm25", "agentic")),
        ("time-boxed", None, ("hybrid", "agentic")),
    ],
)
def test_intent_and_mode_choose_the_chain(stack: Strata, intent: str, mode: str | None, chain: tuple[str, ...]) -> None:
    explanation = stack.route("retry limit", intent=intent, mode=mode).explanation
    assert explanation.intent == intent
    assert explanation.chain == chain
    assert explanation.winner in ("bm25", "vector")


def test_hybrid_fuses_keywords_and_vectors(stack: Strata) -> None:
    result = stack.route("retry limit", k=15)
    found_by = {hit.doc_id: hit.found_by for hit in result.hits}
    assert found_by["s1-2"] == ("bm25", "vector")
    assert found_by["s4-1"] == ("vector",)
    keyword = {hit.doc_id for hit in stack.search("bm25", "retry limit", 15)}
    assert keyword < set(found_by)


def test_browsing_returns_real_events_with_their_text(stack: Strata) -> None:
    result = stack.route("quagga", tier="agentic")
    assert _ids(result) == ["s2-2"]
    assert result.hits[0].text == "In the quagga folder."
    assert result.hits[0].found_by == ("agentic",)
    assert result.explanation.winner == "agentic"
    assert result.explanation.nodes_looked_at > 0
    assert "s2-2" in [
        event_id for segment in result.explanation.segment_ids for event_id in stack.toc.events_of(segment)
    ]


def test_when_no_layer_finds_anything_browsing_is_tried_and_said(stack: Strata) -> None:
    result = stack.route("xylophone", tier="keyword")
    assert _tried(result) == ["bm25", "agentic"]
    assert result.hits == []
    assert result.explanation.fallback
    assert result.explanation.fallback_reason == "bm25 found nothing"
    assert (result.explanation.winner, result.explanation.winner_reason) == ("", "no layer found anything")


def test_default_queries_ask_every_layer_of_the_tier(stack: Strata) -> None:
    for query in ("what is the retry limit", "find the retry limit", "tell me about the retry limit"):
        assert sorted(_tried(stack.route(query))) == ["bm25", "vector"]


@pytest.mark.parametrize("tier", ["hybrid", "semantic", "keyword", "agentic"])
@pytest.mark.parametrize("query", ["retry limit", "what about the pipeline in June 2023"])
def test_only_the_agent_s_events_come_back_whatever_the_tier(stack: Strata, tier: str, query: str) -> None:
    result = stack.route(query, k=15, agent="gemini", tier=tier)
    assert result.hits
    assert {hit.agent for hit in result.hits} == {"gemini"}
    assert all(report.candidates <= 6 for report in result.explanation.layers)


def test_a_time_in_the_text_reaches_the_time_boxed_path(stack: Strata) -> None:
    query = "what about the retry limit in July 2023?"
    result = stack.route(query)
    explanation = result.explanation
    assert explanation.intent == "time-boxed"
    assert explanation.window is not None
    assert (explanation.window.since, explanation.window.until) == (ms("2023-07-01"), ms("2023-08-01"))
    assert explanation.window.words == "July 2023"
    assert all(report.boxed for report in explanation.layers)
    without = stack.route(query, time_boxing=False)
    assert without.explanation.window is None
    assert without.explanation.intent == "answer"
    assert without.hits[0].doc_id.startswith(("s1", "s3"))
    assert result.hits[0].doc_id.startswith("s5")
    assert _ids(result).index("s5-2") < _ids(without).index("s5-2")


def test_now_is_the_newest_event_unless_it_is_given(stack: Strata) -> None:
    assert stack.route("what was rolled back yesterday").explanation.window is not None
    window = stack.route("retry yesterday").explanation.window
    assert window is not None
    assert (window.since, window.now) == (ms("2023-07-02"), ms("2023-07-03") + 43_380_000)
    window = stack.route("retry yesterday", now=ms("2023-05-09")).explanation.window
    assert window is not None
    assert (window.since, window.until) == (ms("2023-05-08"), ms("2023-05-09"))
    window = stack.route("retry yesterday", agent="gemini").explanation.window
    assert window is not None
    assert window.since == ms("2023-07-01")


def test_what_is_told_in_the_days_after_a_window_counts_as_inside(stack: Strata) -> None:
    near = stack.route("the gateway on 1 July 2023").explanation.window
    far = stack.route("the gateway on 28 June 2023").explanation.window
    assert near is not None and near.candidates > 0
    assert far is not None and far.candidates == 0


def test_a_guessed_now_counts_half(stack: Strata) -> None:
    guessed = stack.route("pizza yesterday")
    given = stack.route("pizza yesterday", now=ms("2023-07-03") + 43_380_000)
    assert guessed.explanation.window is not None and given.explanation.window is not None
    assert "half weight" in guessed.explanation.window.effect
    assert "half weight" not in given.explanation.window.effect
    assert guessed.hits[0].doc_id == given.hits[0].doc_id
    assert guessed.hits[0].score < given.hits[0].score
    dated = stack.route("pizza on 2 July 2023").explanation.window
    assert dated is not None and "half weight" not in dated.effect


def test_a_window_without_events_changes_nothing_and_says_so(stack: Strata) -> None:
    boxed = stack.route("the retry limit in 1999")
    free = stack.route("the retry limit in 1999", time_boxing=False)
    assert _ids(boxed) == _ids(free)
    assert boxed.explanation.window is not None
    assert boxed.explanation.window.candidates == 0
    assert "changed nothing" in boxed.explanation.window.effect


def test_browsing_a_window_returns_its_events_whatever_their_words(stack: Strata) -> None:
    result = stack.route("what happened on 11 June 2023?", tier="agentic")
    assert sorted(_ids(result)) == ["s3-1", "s3-2", "s3-3"]


def test_the_explanation_accounts_for_every_layer(stack: Strata) -> None:
    explanation = stack.route("retry limit", k=5).explanation
    assert explanation.winner_reason.endswith("of the fused score of the 5 hits")
    assert explanation.candidates == 15
    assert explanation.behind == {"toc": 0, "bm25": 0, "vector": 0}
    assert 0 < sum(report.ms for report in explanation.layers) <= explanation.total_ms
    assert [(report.layer, report.candidates > 0) for report in explanation.layers] == [
        ("bm25", True),
        ("vector", True),
    ]
    assert msgspec.json.decode(msgspec.json.encode(explanation), type=type(explanation)) == explanation


def test_layers_that_lag_behind_the_log_are_named(tmp_path: Path) -> None:
    with opened(tmp_path, ("toc", "bm25")) as stack:
        late = msgspec.structs.replace(stack.store.get(["s5-3"])["s5-3"], event_id="late")
        stack.ingest([late])
        explanation = stack.route("retry limit").explanation
        assert explanation.behind == {"toc": 1, "bm25": 1}
        assert (explanation.tier, explanation.tier_reason) == (
            "keyword",
            "the highest whose layers are ready: agentic, bm25",
        )


@pytest.mark.parametrize(("layers", "tier"), [(("toc",), "agentic"), (("bm25",), "keyword"), (("vector",), "semantic")])
def test_the_tier_follows_from_what_is_built(tmp_path: Path, layers: tuple[str, ...], tier: str) -> None:
    with opened(tmp_path, layers) as stack:
        result = stack.route("retry limit")
        assert result.explanation.tier == tier
        assert "s1-2" in _ids(result)


def test_without_a_table_of_contents_there_is_nothing_to_fall_back_to(tmp_path: Path) -> None:
    with opened(tmp_path, ("bm25",)) as stack:
        result = stack.route("xylophone")
        assert (result.hits, result.explanation.chain, _tried(result)) == ([], ("bm25",), ["bm25"])


def test_a_tier_that_is_not_ready_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with opened(tmp_path, ("toc", "bm25")) as stack:
        with pytest.raises(QueryError, match="tier hybrid needs vector, not built yet: run strata build"):
            stack.route("retry", tier="hybrid")
        with pytest.raises(QueryError, match="full, hybrid, semantic, keyword, agentic"):
            stack.route("retry", tier="best")


def test_a_model_that_fails_leaves_the_other_layers_to_answer(tmp_path: Path) -> None:
    with opened(tmp_path) as stack:
        stack.__dict__["embedder"] = _Broken()
        result = stack.route("retry limit")
        assert [(report.layer, report.status) for report in result.explanation.layers] == [
            ("bm25", "answered"),
            ("vector", "failed"),
        ]
        assert result.explanation.fallback
        assert "the model is gone" in result.explanation.fallback_reason
        assert "s1-2" in _ids(result)


def test_a_model_that_fails_is_raised_when_nothing_else_can_answer(tmp_path: Path) -> None:
    with opened(tmp_path, ("vector",)) as stack:
        stack.__dict__["embedder"] = _Broken()
        with pytest.raises(ModelError, match="the model is gone"):
            stack.route("retry limit")


class _Broken:
    def embed(self, texts: list[str]) -> None:
        raise ModelError("the model is gone")


def test_bad_questions_are_refused_in_one_sentence(stack: Strata, tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="no words"):
        stack.route("?!")
    with pytest.raises(QueryError, match="at least 1"):
        stack.route("retry", k=0)
    with pytest.raises(QueryError, match="explore, answer"):
        stack.route("retry", intent="guess")
    with pytest.raises(QueryError, match="parallel, hybrid, sequential"):
        stack.route("retry", mode="fast")
    with pytest.raises(UnknownNameError, match="claude"):
        stack.route("retry", agent="nobody")
    with opened(tmp_path, ()) as unbuilt, pytest.raises(StoreError, match="strata build"):
        unbuilt.route("retry")


def test_sequential_goes_on_until_a_step_is_confident_enough(stack: Strata) -> None:
    sure = stack.route("retry limit", intent="locate", mode="sequential", bounds=Bounds(min_confidence=0.9))
    assert _tried(sure) == ["bm25"]
    unsure = stack.route("retry zebra olives", intent="locate", mode="sequential", bounds=Bounds(min_confidence=0.95))
    assert _tried(unsure) == ["bm25", "vector", "agentic"]
    assert unsure.hits == []
    assert "min_confidence" in unsure.explanation.bounds_hit


def test_the_full_tier_fuses_topics_and_shows_what_they_expand_to(tmp_path: Path) -> None:
    with opened(tmp_path, ("toc", "bm25", "vector", "topics")) as stack:
        assert stack.topics.topics()
        explored = stack.route("tell me about the retry limit", agent="claude")
        assert explored.explanation.tier == "full"
        assert sorted(_tried(explored)) == ["bm25", "topics", "vector"]
        assert explored.explanation.chain == ("topics+bm25+vector", "agentic")
        reached = explored.explanation.topics
        assert reached
        expanded = {
            event_id for topic in reached for segment in topic.segment_ids for event_id in stack.toc.events_of(segment)
        }
        through = {hit.doc_id for hit in explored.hits if "topics" in hit.found_by}
        assert through and through <= expanded
        assert {hit.agent for hit in explored.hits} == {"claude"}
        assert sorted(_tried(stack.route("what is the retry limit"))) == ["bm25", "vector"]
        assert stack.route("what is the retry limit").explanation.topics == ()


def test_topics_alone_answer_in_the_order_of_events_not_of_importance(tmp_path: Path) -> None:
    with opened(tmp_path, ("toc", "bm25", "vector", "topics")) as stack:
        result = stack.route("Where do we keep zebra fixtures?", intent="explore", mode="sequential")
        assert _tried(result) == ["topics"]
        assert result.hits[0].doc_id.startswith("s2")
        assert result.hits[0].confidence > 0.5
