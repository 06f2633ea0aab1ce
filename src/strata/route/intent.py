"""Intent: what a query asks for, from its words and phrases, never from parts of words."""

import re
from typing import Literal, get_args

import msgspec

from strata.errors import QueryError
from strata.route.time_expression import Window

Intent = Literal["explore", "answer", "locate", "time-boxed"]

# Phrases of whole words. A tie goes to the intent that stands first; without any phrase the intent is "answer".
_PHRASES: dict[Intent, tuple[str, ...]] = {
    "explore": (
        "explore", "overview", "summarize", "summarise", "summary", "themes", "topics", "topic", "brainstorm",
        "tell me about", "what do we know about", "everything about", "anything about", "related to", "in general",
        "what have we discussed", "what have we been", "what did we discuss", "what did we talk about",
        "walk me through",
    ),
    "locate": (
        "find", "locate", "where is", "where are", "where was", "where did i", "where did we", "which file",
        "which message", "which session", "show me the", "look up", "exact", "exactly", "verbatim", "quote", "link to",
    ),
    "answer": ("what", "why", "how", "who", "whom", "whose", "when", "which", "did", "does", "do", "is", "are", "was"),
}  # fmt: skip
_PATTERNS = {
    intent: re.compile(r"\b(?:" + "|".join(sorted(phrases, key=len, reverse=True)) + r")\b", re.IGNORECASE)
    for intent, phrases in _PHRASES.items()
}


class Intention(msgspec.Struct, frozen=True):
    """An intent and why it was chosen, in words for people."""

    intent: Intent
    reason: str


def intent_of(query: str, window: Window | None) -> Intention:
    """The intent of a query; one that speaks of a time is time-boxed whatever else it asks."""
    if window is not None:
        return Intention("time-boxed", f'it speaks of a time: "{window.words}"')
    for intent in ("explore", "locate", "answer"):
        said = _PATTERNS[intent].search(query)
        if said:
            return Intention(intent, f'it says "{said[0].lower()}"')
    return Intention("answer", "no phrase asks for anything else")


def checked_intent(name: str) -> Intent:
    """The intent of that name. Raises QueryError, which lists the intents, if there is none."""
    for intent in get_args(Intent):
        if intent == name:
            return intent  # type: ignore[no-any-return]
    raise QueryError(f"there is no intent {name!r}: choose one of {', '.join(get_args(Intent))}")
