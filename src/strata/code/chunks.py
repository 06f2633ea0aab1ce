"""A source text cut into chunks: a definition that is short enough is one, the rest goes by windows of lines.

A definition takes the comments and decorators right above it along. A long one is cut again, along the definitions
inside it. Windows of one stretch overlap, so that no two neighbouring lines are never seen together.
"""

from collections.abc import Iterator, Sequence

import msgspec

from strata.code.languages import Definition

REVISION = 1
"""Of the rules in this module: a file that was cut by other rules is cut again."""
MAX_LINES = 60
MAX_CHARACTERS = 6_000
OVERLAP = 10
"""Lines that two windows of one stretch have in common."""
_ABOVE = ("@", "#", "//", "/*", "*")


class Chunk(msgspec.Struct, frozen=True):
    """Lines `first` to `last` of a file, from 1, both included, and the dotted name of the definition they are in."""

    first: int
    last: int
    symbol: str
    text: str


class _Node(msgspec.Struct):
    first: int
    last: int
    name: str
    inside: list["_Node"] = []


def cut(text: str, definitions: Sequence[Definition] = ()) -> list[Chunk]:
    """The chunks of a text, in the order of their lines. Every line with a letter or digit in it is in one."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return list(_fill(lines, 0, len(lines) - 1, _nested(definitions), ""))


def _nested(definitions: Sequence[Definition]) -> list[_Node]:
    top: list[_Node] = []
    around: list[_Node] = []
    for definition in sorted(definitions, key=lambda each: (each.first, -each.last)):
        while around and around[-1].last < definition.first:
            around.pop()
        siblings = around[-1].inside if around else top
        node = _Node(definition.first, definition.last, definition.name)
        if around:
            node.last = min(node.last, around[-1].last)
            if (node.first, node.last) == (around[-1].first, around[-1].last):
                continue
        siblings.append(node)
        around.append(node)
    return top


def _fill(lines: list[str], first: int, last: int, nodes: list[_Node], symbol: str) -> Iterator[Chunk]:
    row = first
    for node in nodes:
        # Two definitions may share a line, which then belongs to the first.
        start = max(row, node.first)
        if start > node.last:
            continue
        while start > row and lines[start - 1].lstrip().startswith(_ABOVE):
            start -= 1
        yield from _windows(lines, row, start - 1, symbol)
        name = f"{symbol}.{node.name}" if symbol else node.name
        if _fits(lines, start, node.last):
            yield from _windows(lines, start, node.last, name)
        else:
            yield from _fill(lines, start, node.last, node.inside, name)
        row = node.last + 1
    yield from _windows(lines, row, last, symbol)


def _windows(lines: list[str], first: int, last: int, symbol: str) -> Iterator[Chunk]:
    """Rows `first` to `last` in as few windows as hold them, without the blank rows at their ends."""
    covered = first
    while first <= last:
        end = first
        while end < last and _fits(lines, first, end + 1):
            end += 1
        chunk = _chunk(lines, first, end, symbol)
        # Where blank rows follow, a window may hold nothing but what it shares with the one before.
        if chunk is not None and chunk.last > covered:
            yield chunk
            covered = chunk.last
        if end == last:
            return
        back = end + 1 - OVERLAP
        first = back if back > first and _fits(lines, back, end + 1) else end + 1


def _chunk(lines: list[str], first: int, last: int, symbol: str) -> Chunk | None:
    while first <= last and not lines[first].strip():
        first += 1
    while last >= first and not lines[last].strip():
        last -= 1
    text = "\n".join(lines[first : last + 1])
    return Chunk(first + 1, last + 1, symbol, text) if any(map(str.isalnum, text)) else None


def _fits(lines: list[str], first: int, last: int) -> bool:
    if last - first >= MAX_LINES:
        return False
    return sum(map(len, lines[first : last + 1])) + last - first <= MAX_CHARACTERS
