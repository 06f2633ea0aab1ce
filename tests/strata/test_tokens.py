"""The tokenizer: what counts as a word, for any text."""

from hypothesis import given
from hypothesis import strategies as st

from strata.tokens import has_word, shared, terms, words


def test_words_are_lower_case_and_keep_numbers_and_inner_apostrophes() -> None:
    assert words("Don't PANIC: 42 towels, rock 'n' roll_over!") == [
        "don't",
        "panic",
        "42",
        "towels",
        "rock",
        "n",
        "roll",
        "over",
    ]


def test_letters_of_any_script_are_words() -> None:
    assert words("Straße, ПРИВЕТ мир; cafe\u0301 café") == ["straße", "привет", "мир", "café", "café"]


def test_every_apostrophe_is_the_same() -> None:
    assert words("don\u2019t") == words("don't") == ["don't"]


def test_a_possessive_is_the_word_itself() -> None:
    assert terms("Caroline's") == terms("Caroline")


def test_forms_of_a_word_are_one_term() -> None:
    assert set(terms("connect connected connecting connections")) == {"connect"}


def test_stop_words_are_no_terms() -> None:
    assert terms("the cat was on the mat") == terms("cat mat")


@given(st.text(), st.text())
def test_a_line_break_separates(left: str, right: str) -> None:
    assert words(f"{left}\n{right}") == words(left) + words(right)


@given(st.text())
def test_words_have_no_spaces_and_are_found_again_in_themselves(text: str) -> None:
    for word in words(text):
        assert word
        assert not any(character.isspace() for character in word)
        assert "_" not in word


@given(st.text(alphabet=st.characters(max_codepoint=127)))
def test_case_makes_no_difference(text: str) -> None:
    assert terms(text.upper()) == terms(text.lower())


@given(st.integers(min_value=0))
def test_numbers_are_words(number: int) -> None:
    assert words(f"it was {number}.") == ["it", "was", str(number)]


@given(st.text())
def test_terms_are_at_most_the_words(text: str) -> None:
    assert len(terms(text)) <= len(words(text))
    assert all(terms(text))


@given(
    st.text(),
    st.text(),
    st.lists(st.sampled_from(["ties", "dying", "Skies'", "early", "yes", "the", "42nd", "\u00c9t\u00e9"])),
)
def test_the_shared_terms_are_those_of_both(query: str, text: str, more: list[str]) -> None:
    text = " ".join([text, *more])
    wanted = frozenset(terms(f"{query} die tying sky YES {text[:40]}"))
    assert shared(wanted, text) == wanted.intersection(terms(text))


@given(st.text())
def test_a_text_has_a_word_if_there_are_words_in_it(text: str) -> None:
    assert has_word(text) == bool(words(text))
