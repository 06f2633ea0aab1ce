"""Groups changes by commit, and tells a cost that only moved between layers from one that grew."""

import math
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from retrospeed.watch.alert import Alert, Judged, Severity
from retrospeed.watch.change import Change, Kind

SUM_UNCHANGED = 0.15
"""What may be left of the larger difference, as its share, when a cost moved from one layer to another."""
_MANY = 2
"""Series that must agree on a commit before a lone one beside it counts as theirs."""


def grouped(judged: Iterable[Judged]) -> list[Alert]:
    """Alerts, newest first.

    The change with the narrowest place, then the surest, says where; those that may lie at the same place join it.
    Drifts have no commit; those that overlap and go the same way are one, and so are the steps that they look like in
    other series of the layer.
    """
    ordered = sorted(judged, key=_closeness)
    drifts: list[Alert] = []
    for one in ordered:
        if one.change.kind is Kind.DRIFT:
            fitting = [a for a in drifts if _goes_with(one.change, a) and _overlap(a, one.change)]
            if not fitting:
                drifts.append(Alert(one.change.good, one.change.bad))
            max(fitting or drifts[-1:], key=lambda a: len(a.changes)).changes.append(one)
    steps = _Places()
    for one in ordered:
        if one.change.kind is Kind.STEP:
            steps.take(one)
    alerts = drifts + _with_neighbours(_without_steps_of(drifts, list(steps.alerts.values())))
    order = list(Severity)
    for alert in alerts:
        _mark_shifts(alert)
        alert.changes.sort(key=lambda one: (order.index(one.severity), -abs(_size(one.change)), one.change.series.key))
    return sorted(alerts, key=lambda alert: (-alert.bad, -alert.good))


class _Places:
    """The alerts of steps, found by their places without looking at all of them."""

    def __init__(self) -> None:
        self.alerts: dict[tuple[int, int], Alert] = {}
        self._ends: list[tuple[int, int]] = []
        """(bad, good) of each, ascending."""

    def take(self, one: Judged) -> None:
        """Put a step where it belongs: its own place, else the fullest that it may lie at, else a new one."""
        change = one.change
        alert = self.alerts.get(change.likeliest) or self._fullest(change.good, change.bad)
        if alert is None:
            alert = self.alerts[change.likeliest] = Alert(*change.likeliest)
            insort(self._ends, (alert.bad, alert.good))
        alert.changes.append(one)

    def _fullest(self, good: int, bad: int) -> Alert | None:
        inside = self._ends[bisect_left(self._ends, (good, good)) : bisect_right(self._ends, (bad, bad))]
        fitting = [self.alerts[g, b] for b, g in inside if g >= good]
        return max(fitting, key=lambda a: len(a.changes), default=None)


def _goes_with(change: Change, alert: Alert) -> bool:
    """Whether a change goes the way of an alert of drifts, in a layer of it."""
    layers = {_layer(other.change) for other in alert.changes}
    return change.worse == alert.changes[0].change.worse and _layer(change) in layers


def _layer(change: Change) -> str:
    """The layer; the module where the suite names none."""
    return change.series.benchmark.layer or change.series.key.benchmark.partition(".")[0]


def _overlap(alert: Alert, change: Change) -> bool:
    """Whether a drift shares half of the shorter of both with an alert."""
    shared = min(alert.bad, change.bad) - max(alert.good, change.good)
    return 2 * shared >= min(alert.bad - alert.good, change.bad - change.good)


def _without_steps_of(drifts: Sequence[Alert], alerts: Sequence[Alert]) -> list[Alert]:
    """The alerts without those that are nothing but steps of the layers, way and range of a drift: it takes them."""
    kept = []
    for alert in alerts:
        for drift in drifts:
            within = drift.good <= alert.good and alert.bad <= drift.bad and len(drift.changes) > len(alert.changes)
            if within and all(_goes_with(one.change, drift) and not one.change.exact for one in alert.changes):
                drift.changes.extend(alert.changes)
                break
        else:
            kept.append(alert)
    return kept


def _with_neighbours(alerts: Sequence[Alert]) -> list[Alert]:
    """The alerts without single series that moved one point beside many of their layer, in the same way.

    An outlier just before a step makes it look one point older, and no interval of one series can know.
    """
    full = sorted((alert for alert in alerts if len(alert.changes) >= _MANY), key=lambda alert: alert.bad)
    ends = [alert.bad for alert in full]
    kept = list(full)
    for alert in alerts:
        if len(alert.changes) >= _MANY:
            continue
        one = alert.changes[0]
        positions = one.change.series.positions
        place = int(np.searchsorted(positions, one.change.likeliest[1]))
        first, last = int(positions[max(0, place - 2)]), int(positions[min(place + 1, len(positions) - 1)])
        nearby = full[bisect_left(ends, first) : bisect_right(ends, last)] if not one.change.exact else []
        beside = [a for a in nearby if first <= a.good and _many_alike(one.change, a)]
        if beside:
            max(beside, key=lambda a: len(a.changes)).changes.append(one)
        else:
            kept.append(alert)
    return kept


def _many_alike(change: Change, alert: Alert) -> bool:
    layer = _layer(change)
    return sum(o.change.worse == change.worse and _layer(o.change) == layer for o in alert.changes) >= _MANY


def _closeness(one: Judged) -> tuple[int, float]:
    good, bad = one.change.likeliest
    return bad - good, one.change.p


def _size(change: Change) -> float:
    return math.log(change.ratio) if 0 < change.ratio < math.inf else change.difference


def _mark_shifts(alert: Alert) -> None:
    """Call a rise and a fall of two layers at one commit, equal in the unit, a shift."""
    alike: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, one in enumerate(alert.changes):
        series = one.change.series
        benchmark = series.benchmark
        if benchmark.layer and benchmark.unit not in ("loss", ""):
            alike[series.environment, benchmark.unit, benchmark.metric, benchmark.mode, *series.key.params].append(
                index
            )
    for indexes in alike.values():
        worse = [i for i in indexes if alert.changes[i].change.worse]
        better = [i for i in indexes if not alert.changes[i].change.worse]
        for up in worse:
            for down in better:
                if _is_shift(alert.changes[up].change, alert.changes[down].change):
                    layers = [alert.changes[i].change.series.benchmark.layer for i in (down, up)]
                    for i in (up, down):
                        moved = f"{layers[0]} to {layers[1]}"
                        alert.changes[i] = replace(alert.changes[i], severity=Severity.SHIFT, moved_to=moved)
                    better.remove(down)
                    break


def _is_shift(rise: Change, fall: Change) -> bool:
    if rise.series.benchmark.layer == fall.series.benchmark.layer:
        return False
    up, down = rise.difference, fall.difference
    if not (math.isfinite(up) and math.isfinite(down)) or up * down >= 0:
        return False
    return abs(up + down) <= SUM_UNCHANGED * max(abs(up), abs(down))
