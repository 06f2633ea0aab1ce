"""What people are told: the changes that happened at one commit, or between two measured ones, with a verdict."""

from dataclasses import dataclass, field
from enum import StrEnum

from retrospeed.thresholds import Limits
from retrospeed.watch.change import Change


class Severity(StrEnum):
    """How bad, worst first."""

    SEVERE = "severe"
    WARNING = "warning"
    NOTICE = "notice"
    """Surely a change for the worse, but not surely beyond the warning threshold."""
    SHIFT = "shift"
    """The cost moved from one layer to another; their sum is unchanged."""
    IMPROVED = "improved"


class Fate(StrEnum):
    """What became of a change since."""

    OPEN = "open"
    UNDONE = "undone"
    PARTLY_UNDONE = "partly undone"


class Confirmation(StrEnum):
    """Whether it was measured again."""

    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    NOT_REPRODUCED = "not reproduced"


@dataclass(frozen=True)
class Judged:
    """A change with its verdict."""

    change: Change
    severity: Severity
    limits: Limits
    fate: Fate = Fate.OPEN
    undone_at: int | None = None
    """Position of the first point of the level that undid it."""
    confirmation: Confirmation = Confirmation.UNCONFIRMED
    moved_to: str = ""
    """For a shift: the layers that the cost moved between."""


@dataclass
class Alert:
    """Changes grouped by commit."""

    good: int
    """Position of the last commit measured before."""
    bad: int
    """Position of the first commit measured after; the culprit if no commit lies between."""
    changes: list[Judged] = field(default_factory=list)

    @property
    def severity(self) -> Severity:
        """That of its worst change that still stands; of its worst one if none does."""
        standing = [one for one in self.changes if one.fate is not Fate.UNDONE] or self.changes
        return min((one.severity for one in standing), key=list(Severity).index)

    @property
    def fate(self) -> Fate:
        """Open while one of its regressions is."""
        fates = {one.fate for one in self.changes if one.severity is not Severity.IMPROVED}
        fates = fates or {one.fate for one in self.changes}
        return fates.pop() if len(fates) == 1 else Fate.OPEN if Fate.OPEN in fates else Fate.PARTLY_UNDONE

    @property
    def confirmation(self) -> Confirmation:
        """Confirmed if one of its changes is; not reproduced if none of those measured again was."""
        found = {one.confirmation for one in self.changes}
        for answer in (Confirmation.CONFIRMED, Confirmation.UNCONFIRMED):
            if answer in found:
                return answer
        return Confirmation.NOT_REPRODUCED

    @property
    def commits_between(self) -> int:
        """How many commits come into question."""
        return self.bad - self.good
