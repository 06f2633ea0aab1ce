"""What the command line prints: hits, nodes, JSON and progress."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from strata.hit import Hit
from strata.protocols import TocNode


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Bars on stderr: how much is done and since when."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        yield progress


def print_json(value: Any) -> None:
    """One indented JSON document."""
    print(msgspec.json.format(msgspec.json.encode(value)).decode())


def print_hits(hits: list[Hit], as_json: bool, where: dict[str, str] | None = None) -> None:
    """Each with its rank, score and first words; `where` replaces the ids it has as keys."""
    if as_json:
        print_json(hits)
        return
    if not hits:
        print("nothing found")
    for rank, hit in enumerate(hits, 1):
        who = f"  {hit.agent}" if hit.agent else ""
        print(f"{rank:>3}  {hit.score:.4f}  {minute(hit.timestamp)}{who}  {(where or {}).get(hit.doc_id, hit.doc_id)}")
        print(f"     {one_line(hit.text)}")


def print_node(node: TocNode, indent: str = "") -> None:
    """One line about a node of the table of contents."""
    print(f"{indent}{node.node_id}  {node.title}  ({events_in_words(node.event_count)})")


def events_in_words(count: int) -> str:
    """A count with its noun: 1 event, 2,000 events."""
    return f"{count:,} event{'' if count == 1 else 's'}"


def minute(milliseconds: int) -> str:
    """An epoch time in ms as a date and a time of day, UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def one_line(text: str, width: int = 100) -> str:
    """A text without line breaks, cut at `width` characters."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
