"""What a search is asked for, and who is told how it goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from retrospeed.bisect.commits import Commit
from retrospeed.bisect.observation import Probe
from retrospeed.bisect.search import MOST_PAIRS, Step


class Watcher(Protocol):
    """Who is told how the search goes."""

    def preparing(self, commits: Sequence[Commit]) -> None:
        """The two ends are built."""

    def probing(self, commit: Commit, probe: Probe, step: Step, measured: int) -> None:
        """A pair is about to be taken."""

    def unmeasurable(self, commit: Commit, why: str) -> None:
        """A commit turned out not to build, or not to run the benchmark."""

    def note(self, text: str) -> None:
        """Something worth a line."""


@dataclass(frozen=True)
class Request:
    """What to look for."""

    range: str
    bench: str
    config: Path | None = None
    environment: str | None = None
    direction: str = "any"
    guess_from_asv: bool = False
    fresh: bool = False
    smallest: float | None = None
    """Relative change below which nothing is looked for; the threshold of the gate's first stage if None."""
    thresholds_file: Path | None = None
    most_pairs: int = MOST_PAIRS
