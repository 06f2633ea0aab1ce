"""Which of all changes of a suite are told: those that so many series do not bring about by chance.

Benjamini and Hochberg's rule (JRSS B 57, 1995) keeps the false share of what is told below `FALSE_SHARE`. Because
changes are told in groups, by commit, and chance makes groups of one, places count and not series; the shape
(k + 1) / 2 instead of k leaves the whole share to a suite in which nothing happened, and half of it where much did.

A few wild points at either end look like a step, and neither t nor a filter can tell them from one. How often a suite
has them is seen elsewhere in it, as outliers and excursions; no step of so few points is surer than they are frequent.
"""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import comb

import numpy as np

from retrospeed.thresholds import Limits
from retrospeed.watch.autocorrelation import pooled
from retrospeed.watch.change import Change, Kind
from retrospeed.watch.findings import FirstLook, changes_of, first_look
from retrospeed.watch.judge_change import EXCURSION, went_away
from retrospeed.watch.series import Floats, Series

FALSE_SHARE = 0.02
_WILDER = 2.0
_ENOUGH = 50
"""Points of series that are alike from which on their correlation is worth a second estimate."""
_SHORT_SIDE = 8
"""Points at an end among which a few wild ones look like a step of all of them."""


def surely_changed(series: Sequence[Series], limits: Mapping[int, Limits]) -> tuple[dict[int, list[Change]], int]:
    """The changes to be told by the `id` of their series, and how many came and went away by themselves."""
    looks = [first_look(one, limits[id(one)]) for one in series]
    found = {}
    for look, correlation in zip(looks, _correlations(looks), strict=True):
        found[id(look.points.series)] = changes_of(look, correlation)
    # Before the unsure ones are dropped: the way back of an excursion may be among them.
    kept = {key: went_away(changes) for key, changes in found.items()}
    staying = {id(change) for changes in kept.values() for change in changes}
    gone = {key: [change for change in changes if id(change) not in staying] for key, changes in found.items()}
    wild = _Wild(looks, gone)
    sober = {key: [wild.sobered(change) for change in changes] for key, changes in kept.items()}
    for look in looks:
        if look.points.wild:
            # The thresholds are those of normal noise, and what is left of wilder noise still exceeds them more often.
            key = id(look.points.series)
            sober[key] = [replace(change, p=min(1.0, _WILDER * change.p)) for change in sober[key]]
    noisy = sum(look.is_noisy for look in looks)
    return _surely(sober, noisy), sum(map(len, gone.values()))


def _correlations(looks: Sequence[FirstLook]) -> list[float]:
    """How much each point resembles the one before, by series; those of one environment and unit are pooled."""
    alike = defaultdict(list)
    for index, look in enumerate(looks):
        if look.is_noisy:
            series = look.points.series
            alike[series.environment, series.benchmark.unit, series.is_ratio].append(index)
    found = [0.0] * len(looks)
    for indexes in alike.values():
        counts = [len(looks[index].points.scaled) for index in indexes]
        believed = pooled([looks[index].correlation for index in indexes], counts)
        if sum(counts) >= _ENOUGH:
            # Steps that are only correlation were taken out of the first estimate, which made it too small.
            again = [looks[i].again(float(c)).correlation for i, c in zip(indexes, believed, strict=True)]
            believed = pooled(again, counts)
        for index, correlation in zip(indexes, believed, strict=True):
            found[index] = float(correlation)
    return found


class _Wild:
    """How often points of a suite lie far off, one alone or some in a row, and how far."""

    def __init__(self, looks: Sequence[FirstLook], gone: Mapping[int, Sequence[Change]]) -> None:
        noisy = [look for look in looks if look.is_noisy]
        self._points = sum(len(look.points.series) for look in noisy)
        self._alone = {
            log: _sizes(far for look in noisy if look.points.is_log is log for far in look.points.wild)
            for log in (True, False)
        }
        episodes = [change for look in noisy for change in gone[id(look.points.series)]]
        self._in_a_row = {
            (log, length): _sizes(_size(c) for c in episodes if c.is_log is log and c.points >= length)
            for log in (True, False)
            for length in range(2, EXCURSION + 1)
        }

    def sobered(self, change: Change) -> Change:
        """The change, no surer than as many wild points are rare at the end of a series as would look like it."""
        if change.exact or change.kind is not Kind.STEP:
            return change
        points, beyond = _at_the_end(change)
        if points > _SHORT_SIDE or beyond > EXCURSION:
            return change
        alone = _as_large(self._alone[change.is_log], change)
        in_a_row = _as_large(self._in_a_row[change.is_log, beyond], change) if beyond > 1 else 0
        if alone + in_a_row == 0:
            return change
        # Its own points may be of the kind, and one more: few points do not show how frequent they are.
        rate = min(1.0, (alone + beyond + 1) / self._points)
        chance = max(comb(points, beyond) * rate**beyond, in_a_row / self._points)
        return replace(change, p=max(change.p, min(1.0, 2 * chance)))


def _size(change: Change) -> float:
    return abs(change.low + change.high) / 2


def _sizes(sizes: Iterable[float]) -> Floats:
    return np.sort(np.fromiter(sizes, dtype=float))


def _as_large(sizes: Floats, change: Change) -> int:
    """How many of `sizes`, ascending, are at least half as large as the change."""
    return len(sizes) - int(np.searchsorted(sizes, _size(change) / 2))


def _at_the_end(change: Change) -> tuple[int, int]:
    """Points on the shorter side of a step, to the end of the series, and those of them nearer to the new level."""
    series, middle = change.series, (change.before + change.after) / 2
    is_before = series.positions <= change.likeliest[0]
    is_first = 2 * int(is_before.sum()) < len(series)
    side = series.values[is_before if is_first else ~is_before]
    is_above = (change.after > change.before) != is_first
    return len(side), int((side > middle).sum() if is_above else (side < middle).sum())


def _surely(found: Mapping[int, Sequence[Change]], series: int) -> dict[int, list[Change]]:
    """The changes that the rule tells."""
    noisy = sorted((c for changes in found.values() for c in changes if not c.exact), key=lambda c: c.p)
    places: list[int] = []
    limit = -1.0
    for change in noisy:
        # What may lie at a place that is known already is told with it.
        if bisect_right(places, change.good) == bisect_right(places, change.bad):
            insort(places, change.likeliest[1])
        if change.p <= FALSE_SHARE * (len(places) + 1) / 2 / max(series, 1):
            limit = change.p
    return {key: [change for change in changes if change.exact or change.p <= limit] for key, changes in found.items()}
