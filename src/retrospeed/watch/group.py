"""Groups changes by commit, and tells a cost that only moved between layers from one that grew."""

import math
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
    alerts: list[Alert] = []
    for one in sorted(judged, key=_closeness):
        alert = _joined(one, alerts)
        if alert is None:
            good, bad = _place(one.change)
            alert = Alert(good, bad)
            alerts.append(alert)
        alert.changes.append(one)
    alerts = _with_neighbours(_with_steps_of_drifts(alerts))
    order = list(Severity)
    for alert in alerts:
        _mark_shifts(alert)
        alert.changes.sort(key=lambda one: (order.index(one.severity), -abs(_size(one.change)), one.change.series.key))
    return sorted(alerts, key=lambda alert: (-alert.bad, -alert.good))


def _place(change: Change) -> tuple[int, int]:
    return change.likeliest if change.kind is Kind.STEP else (change.good, change.bad)


def _joined(one: Judged, alerts: Sequence[Alert]) -> Alert | None:
    """The alert that a change belongs to: the one with the most changes of those that fit."""
    change = one.change
    if change.kind is Kind.DRIFT:
        fitting = [a for a in alerts if _is_drift(a) and _goes_with(change, a) and _overlap(a, change)]
    else:
        same = [a for a in alerts if not _is_drift(a) and (a.good, a.bad) == change.likeliest]
        fitting = same or [a for a in alerts if not _is_drift(a) and change.good <= a.good and a.bad <= change.bad]
    return max(fitting, key=lambda a: len(a.changes), default=None)


def _is_drift(alert: Alert) -> bool:
    return alert.changes[0].change.kind is Kind.DRIFT


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


def _with_steps_of_drifts(alerts: list[Alert]) -> list[Alert]:
    """The alerts without those that are nothing but steps of the layers, way and range of a drift."""
    drifts = [alert for alert in alerts if _is_drift(alert)]
    kept = list(drifts)
    for alert in alerts:
        if _is_drift(alert):
            continue
        place = next(
            (
                drift
                for drift in drifts
                if drift.good <= alert.good
                and alert.bad <= drift.bad
                and len(drift.changes) > len(alert.changes)
                and all(_goes_with(one.change, drift) and not one.change.exact for one in alert.changes)
            ),
            None,
        )
        if place is None:
            kept.append(alert)
        else:
            place.changes.extend(alert.changes)
    return kept


def _with_neighbours(alerts: list[Alert]) -> list[Alert]:
    """The alerts without single series that moved one point beside many of their layer, in the same way.

    An outlier just before a step makes it look one point older, and no interval of one series can know.
    """
    kept: list[Alert] = []
    for alert in sorted(alerts, key=lambda alert: -len(alert.changes)):
        beside = None if len(alert.changes) > 1 else next((a for a in kept if _is_beside(alert.changes[0], a)), None)
        if beside is None:
            kept.append(alert)
        else:
            beside.changes.append(alert.changes[0])
    return kept


def _is_beside(one: Judged, alert: Alert) -> bool:
    change = one.change
    if change.kind is Kind.DRIFT or change.exact or _is_drift(alert) or len(alert.changes) < _MANY:
        return False
    alike = [o.change for o in alert.changes if o.change.worse == change.worse and _layer(o.change) == _layer(change)]
    place = int(np.searchsorted(change.series.positions, change.likeliest[1]))
    nearby = change.series.positions[max(0, place - 2) : place + 2]
    return len(alike) >= _MANY and int(nearby[0]) <= alert.good and alert.bad <= int(nearby[-1])


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
