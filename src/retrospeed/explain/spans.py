"""Where the functions of a source file begin and end, by the names that a profile gives them."""

import ast
from collections.abc import Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """A function's name, as ``__qualname__`` has it, and its lines, from the first decorator to the last, from 1."""

    name: str
    first: int
    last: int


def spans(source: str) -> tuple[Span, ...]:
    """All functions of a file; none if this Python cannot parse it."""
    try:
        return tuple(_within(ast.parse(source), ""))
    except (SyntaxError, ValueError, RecursionError):
        return ()


def innermost(found: tuple[Span, ...], line: int) -> Span | None:
    """The smallest function around a line."""
    around = [span for span in found if span.first <= line <= span.last]
    return min(around, key=lambda span: span.last - span.first, default=None)


def _within(node: ast.AST, prefix: str) -> Iterator[Span]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            name = prefix + child.name
            first = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            yield Span(name, first, child.end_lineno or child.lineno)
            yield from _within(child, f"{name}.<locals>.")
        elif isinstance(child, ast.ClassDef):
            yield from _within(child, f"{prefix}{child.name}.")
        else:
            yield from _within(child, prefix)
