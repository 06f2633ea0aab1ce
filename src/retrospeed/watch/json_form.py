"""The form for programs; ``docs/schema/history.schema.json`` is made from these types.

Infinite and unknown numbers become null.
"""

import math
from pathlib import Path
from typing import Any

import msgspec

from retrospeed import targets, whole_file
from retrospeed.watch import summary
from retrospeed.watch.alert import Alert, Confirmation, Fate, Judged, Severity
from retrospeed.watch.analysis import Analysis
from retrospeed.watch.change import Kind

SCHEMA = 1


class ChangeForm(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one series."""

    benchmark: str
    params: dict[str, str]
    environment: str
    layer: str
    metric: str
    unit: str
    kind: Kind
    severity: Severity
    fate: Fate
    undone_at: str | None
    confirmation: Confirmation
    moved_to: str
    from_ratios: bool
    before: float | None
    after: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    p_value: float
    plausible_good: str
    """The commit before the earliest place where the change may lie."""
    plausible_bad: str


class AlertForm(msgspec.Struct, frozen=True, kw_only=True):
    """The changes at one commit, or in one range of commits; `commits` are those that come into question."""

    good: str
    bad: str
    commits: list[str]
    severity: Severity
    fate: Fate
    confirmation: Confirmation
    is_open: bool
    changes: list[ChangeForm]


class TrendForm(msgspec.Struct, frozen=True, kw_only=True):
    """Where a series stands."""

    benchmark: str
    params: dict[str, str]
    environment: str
    layer: str
    direction: str
    now: float | None
    change: float | None
    rate_per_commit: float | None
    is_relative: bool
    noise: float | None
    commits: int
    status: str
    target: float | None
    target_met: bool | None


class WatchForm(msgspec.Struct, frozen=True, kw_only=True):
    """All that `watch` found."""

    schema: int = SCHEMA
    machine: str
    commits: int
    measured: int
    points: int
    rule: str
    health: str
    exit_code: int
    alerts: list[AlertForm]
    trends: list[TrendForm]
    failing: list[str]
    left_out: list[str]
    thresholds_source: str


def form(analysis: Analysis, exit_code: int) -> WatchForm:
    """The analysis as plain data."""
    return WatchForm(
        machine=analysis.archive.machine,
        commits=len(analysis.archive.order.commits),
        measured=len(analysis.archive.measured),
        points=sum(len(one) for one in analysis.series),
        rule=analysis.rule,
        health=summary.headline(analysis),
        exit_code=exit_code,
        alerts=[_alert(alert, analysis) for alert in analysis.alerts],
        trends=[
            TrendForm(
                benchmark=t.series.key.benchmark,
                params=t.series.benchmark.named_params(t.series.key),
                environment=t.series.environment,
                layer=t.series.benchmark.layer,
                direction=t.direction,
                now=_finite(t.series.typical()),
                change=_finite(t.change),
                rate_per_commit=_finite(t.rate),
                is_relative=t.is_relative,
                noise=_finite(t.noise),
                commits=t.commits,
                status=t.status,
                target=targets.target(t.series.benchmark, t.series.key),
                target_met=t.meets_target,
            )
            for t in analysis.trends
        ],
        failing=[one.name for one in analysis.failing],
        left_out=summary.left_out(analysis),
        thresholds_source=analysis.thresholds.source,
    )


def json_schema() -> dict[str, Any]:
    """The schema of what `write` writes."""
    return msgspec.json.schema(WatchForm)


def write(analysis: Analysis, exit_code: int, path: Path) -> None:
    """Write the analysis to `path`. Raises RetrospeedError."""
    whole_file.write(path, msgspec.json.format(msgspec.json.encode(form(analysis, exit_code)), indent=2) + b"\n")


def _alert(alert: Alert, analysis: Analysis) -> AlertForm:
    commits = analysis.archive.order.commits
    standing = {id(one) for one in analysis.open_alerts}
    return AlertForm(
        good=commits[alert.good].hash,
        bad=commits[alert.bad].hash,
        commits=[commit.hash for commit in analysis.archive.order.between(alert.good, alert.bad)],
        severity=alert.severity,
        fate=alert.fate,
        confirmation=alert.confirmation,
        is_open=id(alert) in standing,
        changes=[_change(one, analysis) for one in alert.changes],
    )


def _change(one: Judged, analysis: Analysis) -> ChangeForm:
    change = one.change
    benchmark, commits = change.series.benchmark, analysis.archive.order.commits
    return ChangeForm(
        benchmark=change.series.key.benchmark,
        params=benchmark.named_params(change.series.key),
        environment=change.series.environment,
        layer=benchmark.layer,
        metric=benchmark.metric,
        unit=benchmark.unit,
        kind=change.kind,
        severity=one.severity,
        fate=one.fate,
        undone_at=None if one.undone_at is None else commits[one.undone_at].hash,
        confirmation=one.confirmation,
        moved_to=one.moved_to,
        from_ratios=change.series.is_ratio,
        before=_finite(change.before),
        after=_finite(change.after),
        ratio=_finite(change.ratio),
        ratio_low=_finite(math.exp(change.low)) if change.is_log else None,
        ratio_high=_finite(math.exp(change.high)) if change.is_log else None,
        p_value=change.p,
        plausible_good=commits[change.good].hash,
        plausible_bad=commits[change.bad].hash,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
