"""How source texts are cut: along definitions, into windows where there are none, and no line is lost."""

from itertools import pairwise
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strata.code.chunks import MAX_CHARACTERS, MAX_LINES, OVERLAP, Chunk, cut
from strata.code.languages import LANGUAGES, SUFFIXES, Definition, definitions, language_of, parser_version


def chunks(source: str, language: str = "python") -> list[Chunk]:
    return cut(source, definitions(source, language))


def spans(found: list[Chunk]) -> list[tuple[int, int, str]]:
    return [(chunk.first, chunk.last, chunk.symbol) for chunk in found]


def test_functions_and_classes_are_chunks_with_their_comments_and_decorators() -> None:
    source = dedent(
        '''\
        """What this is."""

        import os


        # Says where.
        @cached
        def where() -> str:
            return os.getcwd()

        LIMIT = 3
        class Point:
            def norm(self) -> float:
                return 0.0
        '''
    )
    assert spans(chunks(source)) == [(1, 3, ""), (6, 9, "where"), (11, 11, ""), (12, 14, "Point")]


def test_a_long_class_is_cut_along_its_methods_and_a_long_method_by_lines() -> None:
    long = "\n".join(f"        x{number} = {number}" for number in range(100))
    source = f'class Big:\n    """Doc."""\n\n    def first(self):\n        pass\n\n    def second(self):\n{long}\n'
    found = chunks(source)
    assert spans(found)[:2] == [(1, 2, "Big"), (4, 5, "Big.first")]
    assert {chunk.symbol for chunk in found[2:]} == {"Big.second"}
    assert [(chunk.first, chunk.last) for chunk in found[2:]] == [(7, 66), (57, 107)]


@pytest.mark.parametrize(
    ("language", "source", "names"),
    [
        ("c", "static int *find(int key)\n{\n  return 0;\n}\nstruct P { int x; };\nstruct P p;\n", ["find", "P"]),
        ("cpp", "namespace n {\nclass A { void f(); };\n}\nvoid A::f() {}\n", ["A", "A::f"]),
        ("go", "package p\n\ntype T struct{}\n\nfunc (t T) Name() string { return \"\" }\n", ["T", "Name"]),
        ("java", "class A {\n  interface B {}\n}\nenum C { X }\n", ["A", "B", "C"]),
        ("javascript", "export function f() {}\nconst g = (a) => a;\nclass C { m() {} }\n", ["f", "g", "C", "m"]),
        ("python", "async def f():\n    def g(): pass\n", ["f", "g"]),
        ("rust", "struct S;\nimpl S {\n  fn f(&self) {}\n}\nmacro_rules! m { () => {} }\n", ["S", "S", "f", "m"]),
        ("tsx", "export const A = () => <b/>;\ninterface P {}\n", ["A", "P"]),
        ("typescript", "export abstract class A {}\ntype T = string;\nenum E { X }\n", ["A", "T", "E"]),
    ],
)  # fmt: skip
def test_definitions_are_found_in_every_language(language: str, source: str, names: list[str]) -> None:
    found = sorted(definitions(source, language), key=lambda each: (each.first, -each.last))
    assert sorted(each.name for each in found) == sorted(names)
    lines = source.split("\n")
    assert all(each.name.rpartition(":")[2] in "".join(lines[each.first : each.last + 1]) for each in found)


def test_every_language_has_a_suffix_and_a_parser() -> None:
    assert set(SUFFIXES.values()) == set(LANGUAGES)
    assert (language_of("a/b.PY"), language_of("Makefile"), language_of("a.b/Makefile")) == ("python", None, None)
    for language, entry in LANGUAGES.items():
        assert (parser_version(language) or "").startswith(f"{entry.package} ")


def test_a_text_with_errors_in_it_is_cut_as_far_as_it_is_understood() -> None:
    found = chunks("def good():\n    return 1\n\ndef bad(:\n    return (\n\ndef other():\n    pass\n")
    assert found[0].symbol == "good"
    assert "return (" in "\n".join(chunk.text for chunk in found)


def test_definitions_that_share_a_line_do_not_share_it_twice() -> None:
    found = chunks("def a(): pass; x = 1\nclass B: pass\n")
    assert spans(found) == [(1, 1, "a"), (2, 2, "B")]
    shared = chunks("function a() {\n} function b() {\n}\n", "javascript")
    assert spans(shared) == [(1, 2, "a"), (3, 3, "b")] or spans(shared) == [(1, 2, "a")]


def test_text_without_definitions_goes_by_overlapping_windows() -> None:
    found = cut("\n".join(f"line {number}" for number in range(1, 201)))
    assert found[0].last - found[0].first + 1 == MAX_LINES
    for one, other in pairwise(found):
        assert other.first == one.last + 1 - OVERLAP
    assert found[-1].last == 200


def test_line_numbers_are_those_of_an_editor() -> None:
    # A form feed or a Unicode line separator ends no line in an editor.
    assert spans(cut("a\x0cb\u2028c\r\nd\n\n\n")) == [(1, 2, "")]
    assert cut("a\r\nb")[0].text == "a\nb"


@pytest.mark.parametrize("text", ["", "\n\n \n", "}\n  );\n"])
def test_what_has_no_word_is_no_chunk(text: str) -> None:
    assert cut(text) == []


_LINES = st.lists(st.sampled_from(["", "x", "  @a", "# b", "}", "word " * 300, "y" * 7000]), max_size=150)
_DEFINITIONS = st.lists(
    st.tuples(st.integers(0, 150), st.integers(0, 80)).map(lambda span: Definition(span[0], sum(span), "n")),
    max_size=20,
)


@given(_LINES, _DEFINITIONS)
def test_whatever_the_definitions_every_line_with_a_word_is_in_a_chunk_of_bounded_size(
    lines: list[str], found: list[Definition]
) -> None:
    within = [Definition(d.first, min(d.last, len(lines) - 1), d.name) for d in found if d.first < len(lines)]
    made = cut("\n".join(lines), within)
    covered = {number for chunk in made for number in range(chunk.first, chunk.last + 1)}
    assert covered >= {number for number, line in enumerate(lines, 1) if line.strip(" }")}
    places = [(chunk.last, chunk.first) for chunk in made]
    assert places == sorted(set(places))
    for chunk in made:
        assert chunk.text == "\n".join(lines[chunk.first - 1 : chunk.last])
        assert chunk.last - chunk.first < MAX_LINES
        assert chunk.first == chunk.last or len(chunk.text) <= MAX_CHARACTERS
