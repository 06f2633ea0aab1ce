"""What a backfill did, commit by commit."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from retrospeed.backfill.commits import Commit
from retrospeed.exit_codes import ExitCode


class State(StrEnum):
    """What became of a commit."""

    MEASURED = "measured"
    ALREADY = "measured earlier"
    WOULD = "to be measured"
    UNBUILDABLE = "does not build"
    EMPTY = "nothing measured"
    """It was measured, now or earlier, and every benchmark failed, or it does not build."""
    LOST = "given up"
    """Its worker died, or asv could not work, again and again."""
    UNUSABLE = "result unusable"
    """A result file of it, here or sent back, cannot be read or belongs to something else."""
    WAITING = "not reached"


@dataclass(frozen=True)
class Row:
    """One commit on one machine."""

    commit: Commit
    machine: str
    state: State
    seconds: float = 0.0
    """What this backfill spent on it, the build included."""
    series: int = 0
    """How many series have a value."""
    failed: int = 0
    """How many selected series failed."""
    words: str = ""

    @property
    def complete(self) -> bool:
        """Whether nothing of what was asked for is missing."""
        return self.state in (State.MEASURED, State.ALREADY) and not self.failed


@dataclass
class Record:
    """A whole backfill."""

    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Machines that could not be used, and the like."""
    problem: str = ""
    """Why it could not be done to the end; "" if it was."""
    interrupted: bool = False
    dry_run: bool = False

    def sorted(self, commits: Sequence[Commit]) -> list[Row]:
        """The rows by machine and age, oldest first."""
        place = {commit.hash: number for number, commit in enumerate(commits)}
        return sorted(self.rows, key=lambda row: (place[row.commit.hash], row.machine))

    @property
    def exit_code(self) -> ExitCode:
        """2 if there was a problem, 4 if something is missing, else 0."""
        if self.problem:
            return ExitCode.CANNOT_WORK
        if self.dry_run or all(row.complete for row in self.rows):
            return ExitCode.OK
        return ExitCode.INCONCLUSIVE
