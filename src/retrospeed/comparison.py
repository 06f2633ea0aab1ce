"""What comes out of judging: one comparison a series, and the verdict over all of them."""

from collections import Counter
from enum import StrEnum

import msgspec

from retrospeed.benchmarks_file import Benchmark
from retrospeed.effect import Effect
from retrospeed.exit_codes import ExitCode, FailOn, exit_code
from retrospeed.measurement import Measurement, SeriesKey
from retrospeed.thresholds import Limits


class Class(StrEnum):
    """What became of a series, worst first."""

    SEVERE = "severe"
    FAILED = "failed"
    """HEAD fails where BASE did not; as bad as severe."""
    VANISHED = "vanished"
    """BASE has a number, HEAD has none: not measured, or skipped."""
    INCOMPARABLE = "incomparable"
    """The two sides were measured by different versions of the benchmark."""
    INCONCLUSIVE = "inconclusive"
    """The data cannot rule a severe change out."""
    WARNING = "warning"
    IMPROVED = "improved"
    FIXED = "fixed"
    """HEAD has a number where BASE failed."""
    NEW = "new"
    """Only HEAD has a number."""
    UNMEASURED = "unmeasured"
    """Neither side has a number: failed or skipped on both."""
    UNCHANGED = "unchanged"


SEVERE_CLASSES = frozenset({Class.SEVERE, Class.FAILED})
INCONCLUSIVE_CLASSES = frozenset({Class.VANISHED, Class.INCOMPARABLE, Class.INCONCLUSIVE})
JUDGED_CLASSES = SEVERE_CLASSES | {Class.WARNING, Class.IMPROVED, Class.UNCHANGED, Class.INCONCLUSIVE}


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """One series at BASE and at HEAD, and what to make of it."""

    key: SeriesKey
    environment: str
    benchmark: Benchmark
    base: Measurement
    head: Measurement
    classification: Class
    why: str
    mark: str
    """What ``asv compare`` would print at the factor of the warning threshold."""
    effect: Effect | None = None
    limits: Limits | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Everything two commits were found to differ in, worst first, and everything that was not compared."""

    comparisons: tuple[Comparison, ...]
    unpaired_environments: tuple[str, ...] = ()
    """Environments measured at only one of the commits, in words."""

    @property
    def counts(self) -> dict[Class, int]:
        """How many series are in each class; classes without any are left out."""
        counted = Counter(comparison.classification for comparison in self.comparisons)
        return {name: counted[name] for name in Class if counted[name]}

    @property
    def judged(self) -> tuple[Comparison, ...]:
        """The series that were judged: those with a number on both sides, and those that began to fail."""
        return tuple(c for c in self.comparisons if c.classification in JUDGED_CLASSES)

    @property
    def not_compared(self) -> tuple[Comparison, ...]:
        """The series that could not be judged, for whatever reason."""
        return tuple(c for c in self.comparisons if c.classification not in JUDGED_CLASSES)

    def exit_code(self, fail_on: FailOn) -> ExitCode:
        """The exit status; with nothing to judge, inconclusive."""
        found = set(self.counts)
        return exit_code(
            severe=bool(found & SEVERE_CLASSES),
            inconclusive=bool(found & INCONCLUSIVE_CLASSES) or not self.judged,
            warning=Class.WARNING in found,
            fail_on=fail_on,
        )
