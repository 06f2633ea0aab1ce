"""Groups changes by commit, and tells a cost that only moved between layers from one that grew."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from retrospeed.watch.alert import Alert, Judged, Severity
from retrospeed.watch.change import Change, Kind

SUM_UNCHANGED = 0.15
"""What may be left of the larger difference, as its share, when a cost moved from one layer to another."""


def grouped(judged: Iterable[Judged]) -> list[Alert]:
    """Alerts, newest first.

    The change with the narrowest place, then the surest, says where; those that may lie at the same place join it.
    Drifts have no commit: each stands alone.
    """
    alerts: list[Alert] = []
    steps: dict[tuple[int, int], Alert] = {}
    for one in sorted(judged, key=_closeness):
        change = one.change
        good, bad = change.likeliest if change.kind is Kind.STEP else (change.good, change.bad)
        alert = steps.get((good, bad))
        if alert is None and change.kind is Kind.STEP:
            fitting = [a for (g, b), a in steps.items() if change.good <= g and b <= change.bad]
            alert = max(fitting, key=lambda a: len(a.changes), default=None)
        if alert is None:
            alert = Alert(good, bad)
            alerts.append(alert)
            if change.kind is Kind.STEP:
                steps[good, bad] = alert
        alert.changes.append(one)
    order = list(Severity)
    for alert in alerts:
        _mark_shifts(alert)
        alert.changes.sort(key=lambda one: (order.index(one.severity), -abs(_size(one.change)), one.change.series.key))
    return sorted(alerts, key=lambda alert: (-alert.bad, -alert.good))


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
