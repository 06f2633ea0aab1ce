"""The part of a commit's diff that touches given functions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retrospeed.explain.sources import Function, git

_HEADER = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
LONGEST = 80
"""Lines of a hunk that are shown."""


@dataclass(frozen=True)
class Hunk:
    """A piece of the diff; lines are counted from 1."""

    old_path: str
    new_path: str
    text: str
    """As git prints it, from its ``@@`` line on."""
    old_lines: frozenset[int]
    """Removed lines."""
    new_lines: frozenset[int]
    """Added lines."""

    @property
    def path(self) -> str:
        """Of the file at the commit, or at the parent if the commit removed it."""
        return self.new_path or self.old_path

    @property
    def shown(self) -> str:
        """The text, cut if it is very long."""
        lines = self.text.splitlines()
        if len(lines) <= LONGEST:
            return self.text
        return "\n".join([*lines[:LONGEST], f"… {len(lines) - LONGEST} more lines of this hunk"])


def hunks(repository: Path, base: str, head: str) -> list[Hunk]:
    """All hunks of the difference of two commits."""
    text = git(repository, "diff", "-M", "--unified=3", "--no-color", "--no-ext-diff", base, head, "--")
    found = []
    for file in re.split(r"^diff --git .*$", text, flags=re.MULTILINE)[1:]:
        old = _path(file, "---", "a/")
        new = _path(file, r"\+\+\+", "b/")
        for piece in re.split(r"^(?=@@ )", file, flags=re.MULTILINE)[1:]:
            found.append(_hunk(old, new, piece.rstrip("\n")))
    return found


def touching(found: Sequence[Hunk], functions: Sequence[tuple[Function | None, Function | None]]) -> list[Hunk]:
    """The hunks with a changed line in one of the functions, in the order of these, each once.

    A function is given as it stood at the parent and at the commit.
    """
    chosen: dict[int, Hunk] = {}
    for before, after in functions:
        for index, hunk in enumerate(found):
            if _touches(before, hunk.old_path, hunk.old_lines) or _touches(after, hunk.new_path, hunk.new_lines):
                chosen.setdefault(index, hunk)
    return list(chosen.values())


def _touches(function: Function | None, path: str, lines: frozenset[int]) -> bool:
    return (
        function is not None and function.path == path and any(function.line <= line <= function.last for line in lines)
    )


def _path(file: str, mark: str, prefix: str) -> str:
    found = re.search(rf"^{mark} (.*?)\t?$", file.partition("\n@@ ")[0], flags=re.MULTILINE)
    return found[1].removeprefix(prefix) if found and found[1] != "/dev/null" else ""


def _hunk(old_path: str, new_path: str, text: str) -> Hunk:
    header = _HEADER.match(text)
    assert header is not None, text[:80]
    old, new = int(header[1]), int(header[3])
    old_lines, new_lines = set(), set()
    for line in text.splitlines()[1:]:
        match line[:1]:
            case "-":
                old_lines.add(old)
                old += 1
            case "+":
                new_lines.add(new)
                new += 1
            case "\\":
                pass
            case _:
                old += 1
                new += 1
    return Hunk(old_path, new_path, text, frozenset(old_lines), frozenset(new_lines))
