"""Intents come from words and phrases, never from parts of words."""

import pytest

from strata.errors import QueryError
from strata.route.intent import checked_intent, intent_of
from strata.route.time_expression import Window

WINDOW = Window(since=1, until=2, words="in May 2023", relative=False)


@pytest.mark.parametrize(
    ("query", "intent"),
    [
        ("tell me about the new pipeline", "explore"),
        ("an overview of our storage choices", "explore"),
        ("what topics came up in the standups", "explore"),
        ("find the message with the build log", "locate"),
        ("where is the retry limit set", "locate"),
        ("what did Ann decide", "answer"),
        ("how does recovery work", "answer"),
        ("retry limit", "answer"),
    ],
)
def test_what_a_query_asks_for(query: str, intent: str) -> None:
    assert intent_of(query, None).intent == intent


@pytest.mark.parametrize(
    "query", ["the pipeline", "show me storage costs", "findings so far", "relocated offices", "exacting"]
)
def test_parts_of_words_say_nothing(query: str) -> None:
    found = intent_of(query, None)
    assert (found.intent, found.reason) == ("answer", "no phrase asks for anything else")


def test_a_query_that_speaks_of_a_time_is_time_boxed_and_says_why() -> None:
    found = intent_of("tell me about May", WINDOW)
    assert found.intent == "time-boxed"
    assert '"in May 2023"' in found.reason


def test_an_unknown_intent_lists_the_known() -> None:
    with pytest.raises(QueryError, match="explore, answer, locate, time-boxed"):
        checked_intent("guess")
