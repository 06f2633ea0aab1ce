"""A verdict with all that a reader needs to believe it: what was compared, where, and by which thresholds."""

from dataclasses import dataclass

from retrospeed.comparison import Verdict
from retrospeed.exit_codes import ExitCode, FailOn
from retrospeed.thresholds import ThresholdsInUse


@dataclass(frozen=True)
class Side:
    """One of the two things compared."""

    name: str
    """What the user called it: a revision, or a baseline file."""
    commit: str

    def __str__(self) -> str:
        return self.commit[:8] if self.commit.startswith(self.name) else f"{self.name} ({self.commit[:8]})"


@dataclass(frozen=True)
class Judgement:
    """What every printed form (table, JSON, Markdown, annotations) is made from."""

    base: Side
    head: Side
    machine: str
    thresholds: ThresholdsInUse
    fail_on: FailOn
    verdict: Verdict

    @property
    def exit_code(self) -> ExitCode:
        """The exit status of the verb that came to this verdict."""
        return self.verdict.exit_code(self.fail_on)
