"""Extractive summaries: what is chosen, and what proves it."""

from hypothesis import given
from hypothesis import strategies as st

from strata.toc.rollup import Body, Utterance, roll_up, summarise
from strata.toc.summary import BULLETS, KEYWORDS, MAX_SENTENCE, READ, content_words, split_sentences


def say(*texts: str, agent: str = "", spoken: bool = True) -> list[Utterance]:
    return [Utterance(n, f"e{n}", n * 1_000, agent, text, spoken) for n, text in enumerate(texts, 1)]


CHAT = say(
    "Hi! How are you?",
    "The database migration failed on the staging server last night.",
    "Oh no.",
    "The migration script dropped the index of the orders table on staging.",
    "Ok, thanks!",
    "Lunch will be pizza from the new Italian restaurant on Baker Street.",
)


def test_sentences_about_something_are_taken_and_small_talk_is_not() -> None:
    body, _ = summarise(CHAT)
    texts = [bullet.text for bullet in body.bullets]
    assert texts == [CHAT[1].text, CHAT[3].text, CHAT[5].text]
    assert set(body.keywords[:2]) == {"migration", "staging"}


def test_a_sentence_said_again_is_not_taken_again() -> None:
    body, grips = summarise(say(*["The migration script dropped the orders index."] * 4))
    assert len(body.bullets) == len(grips) == 1


def test_the_bullet_names_who_spoke_and_its_grip_says_where() -> None:
    body, (grip,) = summarise(say("Well. The migration dropped the orders index!", agent="ada"))
    (bullet,) = body.bullets
    assert bullet.text == "ada: The migration dropped the orders index!"
    assert bullet.grip_ids == (grip.grip_id,) == ("grip:1:1",)
    assert grip.excerpt == "The migration dropped the orders index!"
    assert (grip.event_ids, grip.timestamp) == (("e1",), 1_000)


def test_what_the_system_wrote_counts_only_if_nobody_spoke() -> None:
    notice = say("ada has joined the channel planning room", spoken=False)
    assert [bullet.text for bullet in summarise(notice)[0].bullets] == [notice[0].text]
    assert [bullet.text for bullet in summarise(notice + CHAT[1:2])[0].bullets] == [CHAT[1].text]


def test_nothing_to_say() -> None:
    assert summarise(say("", "?!", "the and of")) == (Body(), [])
    assert roll_up([]) == roll_up([Body()]) == Body()


def test_a_parent_takes_its_bullets_from_its_children_with_their_grips() -> None:
    children = [summarise(CHAT[:3])[0], summarise(CHAT[3:])[0]]
    parent = roll_up(children)
    offered = {(bullet.text, bullet.grip_ids) for child in children for bullet in child.bullets}
    assert {(bullet.text, bullet.grip_ids) for bullet in parent.bullets} == offered
    assert set(parent.keywords[:2]) == {"migration", "staging"}


def test_sentences_are_split_at_their_ends_and_at_lines() -> None:
    assert split_sentences("One. Two!  Three?\nv1.2 is four\n\n") == ["One.", "Two!", "Three?", "v1.2 is four"]
    assert content_words("Isn't Ada's server slow?") == ["ada", "server", "slow"]


@given(st.lists(st.text(), max_size=8))
def test_any_text_is_summarised_within_bounds(texts: list[str]) -> None:
    spoken = say(*texts, agent="ada")
    body, grips = summarise(spoken)
    assert len(body.bullets) <= BULLETS and len(body.keywords) <= KEYWORDS
    assert [grip.grip_id for grip in grips] == [grip_id for bullet in body.bullets for grip_id in bullet.grip_ids]
    for bullet, grip in zip(body.bullets, grips, strict=True):
        (event_id,) = grip.event_ids
        (source,) = (one for one in spoken if one.event_id == event_id)
        assert len(bullet.text) <= MAX_SENTENCE and len(grip.excerpt) <= 200
        assert grip.excerpt.removesuffix("…") in " ".join(source.text.split())
        assert bullet.text.startswith("ada: ")


def test_an_over_long_event_is_read_in_part() -> None:
    body, _ = summarise(say("filler words everywhere here. " * 200 + "The unreachable treasure chest remains buried."))
    assert READ < 6_000
    assert all("treasure" not in bullet.text for bullet in body.bullets)
