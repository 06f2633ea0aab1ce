"""What a node says: a segment from its events, a calendar node from its children's summaries."""

from collections.abc import Sequence

import msgspec

from strata.protocols import Bullet, Grip
from strata.toc.summary import (
    KEYWORDS,
    MAX_SENTENCE,
    Sentence,
    choose,
    clip,
    content_words,
    count_words,
    heaviest,
    split_sentences,
    weigh,
)

MAX_EXCERPT = 200
"""Characters of a grip's excerpt."""
HANDED_ON = 40
"""Words that a node hands on to its parent, with how often they are said."""


class Utterance(msgspec.Struct, frozen=True, array_like=True):
    """What a summary reads of an event. `spoken` is false for what the system itself wrote, such as who came in."""

    position: int
    event_id: str
    timestamp: int
    agent: str
    text: str
    spoken: bool


class Body(msgspec.Struct, frozen=True, array_like=True):
    """The summary of a node. `terms` are its heaviest words and how often they are said."""

    bullets: tuple[Bullet, ...] = ()
    keywords: tuple[str, ...] = ()
    terms: tuple[tuple[str, int], ...] = ()


def summarise(utterances: Sequence[Utterance]) -> tuple[Body, list[Grip]]:
    """Summary of a segment, and the grips that prove its bullets. What nobody spoke counts only if nobody spoke."""
    sentences: list[Sentence] = []
    grips: list[Grip] = []
    for utterance in [one for one in utterances if one.spoken] or utterances:
        for number, text in enumerate(split_sentences(utterance.text)):
            said = content_words(text)
            if not said:
                continue
            grip = Grip(
                grip_id=f"grip:{utterance.position}:{number}",
                excerpt=clip(text, MAX_EXCERPT),
                event_ids=(utterance.event_id,),
                timestamp=utterance.timestamp,
            )
            shown = f"{utterance.agent}: {text}" if utterance.agent else text
            sentences.append(Sentence(clip(shown, MAX_SENTENCE), (grip.grip_id,), tuple(said)))
            grips.append(grip)
    counts, frequencies = count_words(sentence.words for sentence in sentences)
    weights = weigh(counts, frequencies, len(sentences))
    chosen = choose(sentences, weights)
    taken = {grip_id for sentence in chosen for grip_id in sentence.grip_ids}
    return _body(chosen, weights, counts), [grip for grip in grips if grip.grip_id in taken]


def roll_up(children: Sequence[Body]) -> Body:
    """Summary of a calendar node from its children's, oldest first."""
    counts, frequencies = count_words([])
    for child in children:
        for word, count in child.terms:
            counts[word] += count
            frequencies[word] += 1
    weights = weigh(counts, frequencies, len(children))
    sentences = [
        Sentence(bullet.text, bullet.grip_ids, tuple(content_words(bullet.text)))
        for child in children
        for bullet in child.bullets
    ]
    return _body(choose(sentences, weights), weights, counts)


def _body(chosen: list[Sentence], weights: dict[str, float], counts: dict[str, int]) -> Body:
    heavy = heaviest(weights, HANDED_ON)
    return Body(
        bullets=tuple(Bullet(text=sentence.text, grip_ids=sentence.grip_ids) for sentence in chosen),
        keywords=tuple(heavy[:KEYWORDS]),
        terms=tuple((word, counts[word]) for word in heavy),
    )
