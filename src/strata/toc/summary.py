"""Extractive summaries: the sentences of a text that cover most of what it is about.

A word weighs `tf * log(1 + N / df)`: how often it is said, damped by the share of the N sentences (or children of a
node) it is said in. Sentences are then taken greedily, each time the one that adds the most weight of words not yet
covered, per square root of its length (budgeted maximum coverage: Lin and Bilmes, "A class of submodular functions
for document summarization", ACL 2011). Time is linear in the length of the text.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from strata.tokens import words

BULLETS = 5
KEYWORDS = 20
MAX_SENTENCE = 240
"""Characters of a bullet."""
MIN_WORDS = 4
"""Words that say something which a sentence needs to be taken, if any has as many."""
READ = 2_000
"""Characters of an event that a summary reads."""

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")

# Words that carry grammar or manners, not a topic.
_FUNCTION_WORDS_TEXT = """
a about above after again against ago ah all almost already also always am an and another any anyone anything are
aren't around as ask at away back be because been before being below between both bit but by bye came can can't cannot
come could couldn't did didn't do does doesn't doing don't done down during each either else enough etc even ever
every everyone everything far few fine first for from further get gets getting give glad go goes going gone gonna good
got great guess had hadn't haha happy hard has hasn't have haven't having he he'd he'll he's hello her here here's
hers herself hey hi him himself his hmm how how's i i'd i'll i'm i've if in instead into is isn't it it'd it'll it's
its itself just keep kind knew know last least less let let's like little ll lol long look looking looks lot lots made
make makes making many may maybe me mean might mine more most much must my myself nah need needs never new next nice
no nope nor not nothing now of off oh ok okay on once one ones only or other others our ours ourselves out over own
people perhaps please point pretty probably put quite rather re really right said same say says see seem seems seen
shall she she'd she'll she's should shouldn't since so some someone something sometimes soon sorry still stuff such
sure take talk tell than thank thanks that that'd that'll that's the their theirs them themselves then there there's
these they they'd they'll they're they've thing things think this those though thought through till time to today
together told tomorrow too took tried try trying two type uh um under until up upon us use used using ve very via want
wanted wants was wasn't way we we'd we'll we're we've well went were weren't what what's when where where's whether
which while who who's whole whom whose why will with within without won't wonder wonderful work works would wouldn't
wow ya yea yeah yep yes yesterday yet you you'd you'll you're you've your yours yourself yourselves
"""
_FUNCTION_WORDS = frozenset(_FUNCTION_WORDS_TEXT.split())


class Sentence(msgspec.Struct, frozen=True, array_like=True):
    """A candidate for a bullet: its text as shown, the ids of its grips, and its content words."""

    text: str
    grip_ids: tuple[str, ...]
    words: tuple[str, ...]


def content_words(text: str) -> list[str]:
    """The words of a text that say what it is about, in order."""
    return [
        word
        for word in (word.removesuffix("'s") for word in words(text))
        if len(word) > 1 and word not in _FUNCTION_WORDS
    ]


def split_sentences(text: str) -> list[str]:
    """The sentences of the first READ characters of a text."""
    return [sentence for part in _SENTENCE_END.split(text[:READ]) if (sentence := " ".join(part.split()))]


def count_words(units: Iterable[Iterable[str]]) -> tuple[Counter[str], Counter[str]]:
    """How often each word is said, and in how many units."""
    counts: Counter[str] = Counter()
    frequencies: Counter[str] = Counter()
    for unit in units:
        said = list(unit)
        counts.update(said)
        frequencies.update(set(said))
    return counts, frequencies


def weigh(counts: Counter[str], frequencies: Counter[str], units: int) -> dict[str, float]:
    """Weight of each word: `counts` is how often it is said, `frequencies` in how many of the `units`."""
    return {word: count * math.log1p(units / frequencies[word]) for word, count in counts.items()}


def heaviest(weights: dict[str, float], count: int) -> list[str]:
    """The words of most weight, heaviest first; of equals the first in the alphabet."""
    return sorted(weights, key=lambda word: (-weights[word], word))[:count]


def choose(sentences: Sequence[Sentence], weights: dict[str, float], count: int = BULLETS) -> list[Sentence]:
    """At most `count` of the sentences, in their own order, that together cover the most weight."""
    every = [(index, tuple(dict.fromkeys(sentence.words))) for index, sentence in enumerate(sentences)]
    candidates = [(index, said) for index, said in every if len(said) >= MIN_WORDS] or every
    left = dict(weights)
    chosen: list[int] = []
    # What a sentence can still add only ever falls, so the gain it had when last looked at bounds it from above: in the
    # later rounds few sentences need another look (lazy greedy, Minoux 1978).
    bounds = [math.inf] * len(candidates)
    while len(chosen) < count:
        best, best_gain = -1, 0.0
        for place, (index, said) in enumerate(candidates):
            if bounds[place] <= best_gain + 1e-9:
                continue
            gain = bounds[place] = sum([left[word] for word in said if word in left]) / math.sqrt(len(said) or 1)
            if gain > best_gain + 1e-9:
                best, best_gain = index, gain
        if best < 0:
            break
        chosen.append(best)
        for word in sentences[best].words:
            left.pop(word, None)
    return [sentences[index] for index in sorted(chosen)]


def clip(text: str, length: int) -> str:
    """At most `length` characters, with a sign if some are missing."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
