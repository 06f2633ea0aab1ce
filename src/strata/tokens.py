"""Words of a text: the one tokenizer that every layer which compares words uses."""

import re
import unicodedata

import Stemmer

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_APOSTROPHES = "\u2019\u02bc\uff07"

# It keeps the stems of so many words; a log of some thousand events holds more than the 10,000 it keeps by itself.
_STEMMER = Stemmer.Stemmer("english", 50_000)

# English function words by class: they carry no topic, and a question is full of them.
_FUNCTION_WORDS = """
a an the this that these those
i me my mine we us our you your he him his she her it its they them their myself yourself himself herself itself
am is are was were be been being have has had having do does did doing will would shall should can could may might must
isn't aren't wasn't weren't haven't hasn't hadn't don't doesn't didn't won't wouldn't shouldn't can't couldn't cannot
i'm i've i'll i'd you're you've you'll he'll she'll we're we've we'll they're they've they'll let's
what which who whom whose when where why how
in on at by for with about of to from as into through during before after between against over under up down out off
and but or nor if because while until so than though although
not no then there here again too very just also such both each only own same some any all more most other few
"""
STOP_WORDS = frozenset(_FUNCTION_WORDS.split())


def words(text: str) -> list[str]:
    """Lower-case words and numbers in the order of the text; an apostrophe inside a word belongs to it.

    Text is brought to Unicode form NFKC first, so that a letter and its composed form are one word.
    """
    return _WORD.findall(_normal(text))


def has_word(text: str) -> bool:
    """Whether the text has a word."""
    return _WORD.search(_normal(text)) is not None


def terms(text: str) -> list[str]:
    """The words as an index stores them: English stems (Snowball), without possessive endings and stop words."""
    text = _normal(text)
    spoken = _WORD.findall(text)
    if "'s" in text:
        spoken = [word.removesuffix("'s") for word in spoken]
    return _STEMMER.stemWords([word for word in spoken if word not in STOP_WORDS])  # type: ignore[no-any-return]


def _normal(text: str) -> str:
    if not text.isascii():
        for apostrophe in _APOSTROPHES:
            text = text.replace(apostrophe, "'")
        text = unicodedata.normalize("NFKC", text)
    return text.lower()


def shared(wanted: frozenset[str], text: str) -> frozenset[str]:
    """Those of the stems `wanted` that are among the text's: `wanted.intersection(terms(text))`, sooner.

    A stem begins with the letter that its word begins with, so that other words need no stemming.
    """
    letters = {term[0] for term in wanted}
    spoken = {word.removesuffix("'s") for word in set(words(text)) if word[0] in letters}
    return wanted.intersection(_STEMMER.stemWords([word for word in spoken if word not in STOP_WORDS]))
