"""Words of a text: the one tokenizer that every layer which compares words uses."""

import re
import unicodedata

import Stemmer

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_APOSTROPHES = str.maketrans("\u2019\u02bc\uff07", "'''")

_STEMMER = Stemmer.Stemmer("english")

# The stop list of Lucene's StandardAnalyzer: words that carry no topic in any collection.
_STOP = (
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this "
    "to was will with"
)
STOP_WORDS = frozenset(_STOP.split())


def words(text: str) -> list[str]:
    """Lower-case words and numbers in the order of the text; an apostrophe inside a word belongs to it.

    Text is brought to Unicode form NFKC first, so that a letter and its composed form are one word.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES))
    return _WORD.findall(text.lower())


def terms(text: str) -> list[str]:
    """The words as an index stores them: English stems (Snowball), without possessive endings and stop words."""
    spoken = [word.removesuffix("'s") for word in words(text)]
    return _STEMMER.stemWords([word for word in spoken if word not in STOP_WORDS])  # type: ignore[no-any-return]
