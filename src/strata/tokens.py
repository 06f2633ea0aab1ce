"""Words of a text: the one tokenizer that every layer which compares words uses."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_APOSTROPHES = str.maketrans("\u2019\u02bc\uff07", "'''")


def words(text: str) -> list[str]:
    """Lower-case words and numbers in the order of the text; an apostrophe inside a word belongs to it.

    Text is brought to Unicode form NFKC first, so that a letter and its composed form are one word.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES))
    return _WORD.findall(text.lower())


def terms(text: str) -> list[str]:
    """The words as an index stores them: each without its possessive ending."""
    return [word.removesuffix("'s") for word in words(text)]
