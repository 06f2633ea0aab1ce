"""Functions are found in files, and what a commit did to them is told rightly."""

import pytest

from retrospeed.explain import functions, hunks
from retrospeed.explain.functions import Status
from retrospeed.explain.sources import FunctionId, Sources, module_name
from retrospeed.explain.spans import innermost, spans
from tests.retrospeed.gate.scratch_suite import ScratchSuite

SOURCE = """\
def plain():
    return 1


class Outer:
    @property
    def size(self):
        def inner():
            return 2
        return inner()

    class Nested:
        async def method(self):
            pass
"""


def test_names_and_lines_are_those_of_the_interpreter():
    namespace: dict = {}
    exec(compile(SOURCE, "x.py", "exec"), namespace)
    size = namespace["Outer"].size.fget
    found = {span.name: span for span in spans(SOURCE)}
    assert set(found) == {"plain", size.__qualname__, "Outer.size.<locals>.inner", "Outer.Nested.method"}
    assert found["Outer.size"].first == size.__code__.co_firstlineno == 6
    assert innermost(spans(SOURCE), 9).name == "Outer.size.<locals>.inner"
    assert innermost(spans(SOURCE), 4) is None
    assert spans("def broken(:") == ()


@pytest.mark.parametrize(
    ("path", "name"),
    [("src/a/b.py", "a.b"), ("a/__init__.py", "a"), ("one.py", "one"), ("src/main.c", "src/main.c")],
)
def test_modules_are_named_as_they_are_imported(path, name):
    assert module_name(path) == name


@pytest.fixture
def changed(tmp_path):
    suite = ScratchSuite(tmp_path / "scratch", {"empty": ""})
    parent = (
        "def kept():\n    return 1\n\n\ndef altered():\n    return 1\n\n\n"
        "def old_name(a):\n    b = a + 1\n    c = b * 2\n    return c\n\n\ndef dropped():\n    return [3, 4]\n"
    )
    base = suite.commit(parent)
    head = suite.commit(
        "'''Moves every line.'''\n\n"
        + parent.replace("def altered():\n    return 1", "def altered():\n    return 2")
        .replace("old_name", "new_name")
        .replace("\n\n\ndef dropped():\n    return [3, 4]", "")
        + "\n\ndef added(x):\n    return {x: 'x'}\n"
    )
    benchmarks = suite.folder / "benchmarks"
    return suite, Sources(suite.folder, base, benchmarks), Sources(suite.folder, head, benchmarks)


def test_each_function_has_the_status_that_the_commit_gave_it(changed):
    suite, base, head = changed
    found = functions.edits(suite.folder, base, head)

    def status(name):
        return found.of(FunctionId("work", name))

    assert [status(name) for name in ("kept", "altered", "new_name", "dropped", "added")] == [
        Status.SAME,
        Status.CHANGED,
        Status.RENAMED,
        Status.REMOVED,
        Status.NEW,
    ]
    assert found.renamed[FunctionId("work", "old_name")] == FunctionId("work", "new_name")
    assert status("altered.<locals>.<lambda>") is Status.CHANGED


def test_only_the_hunks_that_touch_a_function_are_shown(changed):
    suite, base, head = changed
    found = functions.edits(suite.folder, base, head)
    pieces = hunks.hunks(suite.folder, base.commit, head.commit)
    id = FunctionId("work", "added")
    (hunk,) = hunks.touching(pieces, [(found.base.get(id), found.head.get(id))])
    assert hunk.path == "work/__init__.py"
    assert "+def added(x):" in hunk.text
    assert hunks.touching(pieces, [(None, None)]) == []


def test_a_long_hunk_is_cut_and_says_so():
    text = "@@ -0,0 +1,200 @@\n" + "\n".join(f"+line {n}" for n in range(200))
    hunk = hunks.Hunk("", "a.py", text, frozenset(), frozenset(range(1, 201)))
    assert hunk.shown.endswith("… 121 more lines of this hunk")
