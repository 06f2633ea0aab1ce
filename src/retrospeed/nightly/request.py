"""What a night is asked for, and who is told how it goes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retrospeed.bisect.request import Watcher
from retrospeed.gate.run import Progress
from retrospeed.nightly.forge import Forge

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """What to do."""

    config: Path | None = None
    machine: str | None = None
    since: str | None = None
    bench: tuple[str, ...] = ()
    environment: str | None = None
    thresholds_file: Path | None = None
    publish: bool = True
    ratios: bool = True
    reference: str | None = None
    rounds: int = 5
    issue_dir: Path | None = None
    forge: Forge | None = None
    accept: tuple[str, ...] = ()
    """Commits, by any name git knows, whose cost is accepted."""


@dataclass(frozen=True)
class Listeners:
    """Who is told how it goes."""

    tell: Tell
    watcher: Watcher
    progress: Progress
