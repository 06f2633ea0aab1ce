"""What a backfill is asked for, and whom it tells of its progress."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Request:
    """A backfill as typed."""

    range: str
    scheduler: str | None = None
    bench: str | None = None
    environment: str | None = None
    every_machine: bool = False
    again: bool = False
    config: Path | None = None


class Watcher(Protocol):
    """Told of what happens."""

    def check(self) -> None:
        """Raise KeyboardInterrupt if the backfill was asked to end."""

    def note(self, text: str) -> None:
        """Something to say."""

    def state(self, done: int, total: int, running: str) -> None:
        """So many commits are done, and these are being measured."""
