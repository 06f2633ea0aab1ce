"""What a verdict verb tells the shell; the same for every verb.

asv's own codes cannot be used: ``asv compare`` exits 0 whatever it found, and ``asv continuous`` exits 1 both for
a regression and for a crash.
"""

from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """Exit status of a verdict verb."""

    OK = 0
    """Nothing at or above the level asked for."""
    SEVERE = 1
    CANNOT_WORK = 2
    """Bad usage, broken configuration, no results, a failed build: there is no verdict."""
    WARNING = 3
    """A warning, where warnings were asked to fail."""
    INCONCLUSIVE = 4
    """Not enough data, a benchmark vanished, or versions differ: silence is not a pass."""


class FailOn(StrEnum):
    """The lowest level that makes a verdict verb fail."""

    SEVERE = "severe"
    WARNING = "warning"
    NEVER = "never"


def exit_code(*, severe: bool, inconclusive: bool, warning: bool, fail_on: FailOn) -> ExitCode:
    """The exit status of a verdict: severe first, then inconclusive, then (if asked for) warning."""
    if fail_on is FailOn.NEVER:
        return ExitCode.OK
    if severe:
        return ExitCode.SEVERE
    if inconclusive:
        return ExitCode.INCONCLUSIVE
    if warning and fail_on is FailOn.WARNING:
        return ExitCode.WARNING
    return ExitCode.OK
