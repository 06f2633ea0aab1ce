"""The verdict on one change, by the thresholds of the suite, taken on the near end of its interval."""

import math

import numpy as np

from retrospeed.thresholds import Limits
from retrospeed.watch.alert import Fate, Judged, Severity
from retrospeed.watch.change import Change, Kind

SMALLEST = 0.01
"""Relative change below which nothing is told, unless the warning threshold is lower still."""
_BACK = 0.1
"""Share of a large change that two levels so far apart in time may differ by, and still be called the same."""
EXCURSION = 3
"""A level of so few points that came and went is noise of a shared machine more often than two commits."""


def severity(change: Change, limits: Limits) -> Severity | None:
    """How bad `change` is, None if it is too small to be told."""
    sign = 1 if (change.after > change.before) else -1
    near = (change.low if sign > 0 else change.high) * sign
    is_ratio = change.is_log and 0 < change.ratio < math.inf
    size = abs(math.log(change.ratio)) if is_ratio else abs(change.after - change.before)
    worse = change.worse
    if near > 0 and _beyond(change, near, limits.severe_relative, limits.severe_absolute):
        return Severity.SEVERE if worse else Severity.IMPROVED
    if near > 0 and _beyond(change, near, limits.warning_relative, limits.warning_absolute):
        return Severity.WARNING if worse else Severity.IMPROVED
    smallest = min(SMALLEST, limits.warning_relative)
    # Surely not nothing, and perhaps more than the threshold: worth an eye, not an alarm.
    if _beyond(change, size, max(smallest, limits.warning_relative / 2), limits.warning_absolute):
        return Severity.NOTICE if worse else Severity.IMPROVED
    return None


def _beyond(change: Change, size: float, relative: float, absolute: float) -> bool:
    """Whether a change of `size` on the change's own scale is beyond both limits."""
    base = abs(change.before)
    if change.is_log:
        # Towards zero a halving is a doubling's equal, as ratios go: 1 / 1.25 counts as 20 %, not 25.
        fraction = math.expm1(size) if change.after > change.before else -math.expm1(-size)
        difference = fraction * base * change.unit_scale
    else:
        difference = size * change.unit_scale
        fraction = size / base if base else math.inf
    if math.isnan(difference):
        difference = math.inf
    return fraction > relative and difference > absolute


def fates(judged: list[Judged]) -> list[Judged]:
    """The changes of one series, oldest first, each told whether later ones undid it.

    It is undone if the level now, or that after any later change, is back within the warning threshold of the level
    before; partly, if a later change took back half of it or more.
    """
    found = []
    after = np.array([one.change.after for one in judged])
    worse = np.array([one.change.worse for one in judged])
    for index, one in enumerate(judged):
        change = one.change
        fate, undone_at = Fate.OPEN, None
        size = change.after - change.before
        left = (after[index + 1 :] - change.before) / size if size else np.zeros(len(judged) - index - 1)
        opposite = worse[index + 1 :] != change.worse
        undone = np.flatnonzero(opposite & (left <= _tolerance(change, one.limits)))
        end = int(undone[0]) if len(undone) else len(left)
        partly = np.flatnonzero(opposite[:end] & (left[:end] <= 0.5))
        if len(undone):
            fate, undone_at = Fate.UNDONE, judged[index + 1 + end].change.bad
        elif len(partly):
            fate, undone_at = Fate.PARTLY_UNDONE, judged[index + 1 + int(partly[-1])].change.bad
        found.append(_with_fate(one, fate, undone_at))
    return found


def went_away(changes: list[Change]) -> list[Change]:
    """The changes without excursions: two steps, opposite and equal, around at most EXCURSION points."""
    kept: list[Change] = []
    for change in changes:
        before = kept[-1] if kept else None
        if (
            before is not None
            and before.kind is change.kind is Kind.STEP
            and not change.exact
            and min(before.points, change.points) <= EXCURSION
            and before.worse != change.worse
            and abs(_left(before, change.after)) <= 0.5
        ):
            kept.pop()
        else:
            kept.append(change)
    return kept


def _left(change: Change, level: float) -> float:
    """The share of a change that is left at `level`."""
    size = change.after - change.before
    return (level - change.before) / size if size else 0.0


def _tolerance(change: Change, limits: Limits) -> float:
    """The share of a change that may be left of one that is undone: what no warning would be given for, or a tenth."""
    size = abs(change.after - change.before)
    allowed = max(limits.warning_relative * abs(change.before), limits.warning_absolute / (change.unit_scale or 1.0))
    return min(0.4, max(_BACK, allowed / size)) if size and not math.isnan(allowed) else 0.25


def _with_fate(one: Judged, fate: Fate, undone_at: int | None) -> Judged:
    return Judged(one.change, one.severity, one.limits, fate, undone_at, one.confirmation, one.moved_to)
