"""All that `watch` knows of a machine's history: the series looked at, the alerts, the trends, and what was left."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from retrospeed.benchmarks_file import Benchmark
from retrospeed.exit_codes import ExitCode, FailOn, exit_code
from retrospeed.measurement import SeriesKey
from retrospeed.thresholds import Limits, ThresholdsInUse
from retrospeed.watch import common_component, findings, simple_rule
from retrospeed.watch.alert import Alert, Confirmation, Fate, Judged, Severity
from retrospeed.watch.archive import Archive
from retrospeed.watch.change import Change, Kind
from retrospeed.watch.common_component import Component
from retrospeed.watch.false_share import surely_changed
from retrospeed.watch.group import grouped
from retrospeed.watch.judge_change import fates, severity, went_away
from retrospeed.watch.series import Floats, Series
from retrospeed.watch.trend import LAST, Trend, trend

_SURE = 1e-4
_COMMON_LIMITS = Limits(0.05, 0.0, 0.20, 0.0, None)


class Rule(StrEnum):
    """How changes are found."""

    STEPS = "steps"
    SIMPLE = "simple"


@dataclass(frozen=True)
class Analysis:
    """What every form of the output is made from."""

    archive: Archive
    thresholds: ThresholdsInUse
    rule: Rule
    since: int
    """Position after which changes are told."""
    series: list[Series]
    """As they were looked at: ratios, or times without what the machine did to all of them."""
    alerts: list[Alert]
    trends: list[Trend]
    components: list[Component]
    common: list[Change]
    """Changes of everything at once."""
    too_short: list[Series]
    failing: list[Series]
    stale: list[Series] = field(default_factory=list)
    """Series that the newest measured commit of their environment has no point of."""
    excursions: int = 0
    """Changes of a few points that went away by themselves."""

    @property
    def open_alerts(self) -> list[Alert]:
        """Regressions that stand."""
        bad = (Severity.SEVERE, Severity.WARNING)
        return [
            alert
            for alert in self.alerts
            if any(
                one.severity in bad
                and one.fate is not Fate.UNDONE
                and one.confirmation is not Confirmation.NOT_REPRODUCED
                for one in alert.changes
            )
        ]

    def exit_code(self, fail_on: FailOn) -> ExitCode:
        """The exit status; inconclusive if no series was long enough to be looked at."""
        found = {alert.severity for alert in self.open_alerts}
        return exit_code(
            severe=Severity.SEVERE in found or bool(self.failing),
            inconclusive=len(self.too_short) == len(self.series),
            warning=Severity.WARNING in found,
            fail_on=fail_on,
        )


def analyse(
    archive: Archive,
    thresholds: ThresholdsInUse,
    *,
    since: int = -1,
    rule: Rule = Rule.STEPS,
    last: int = LAST,
    ratios: Sequence[Series] = (),
) -> Analysis:
    """Look at every series of `archive`; where there are `ratios`, they take the place of absolute points."""
    components = _components(archive.series, thresholds)
    absolute = [_without(series, components) for series in archive.series]
    watched = _ratios_first(absolute, ratios)
    limits = {id(one): thresholds.rules.limits(one.benchmark, one.name) for one in watched}
    excursions, judged = 0, []
    if rule is Rule.STEPS:
        found, excursions = surely_changed(watched, limits)
    else:
        found = {id(one): simple_rule.changes(one, limits[id(one)]) for one in watched}
    for one in watched:
        of_series = [(change, severity(change, limits[id(one)])) for change in found[id(one)]]
        judged += fates([Judged(change, s, limits[id(one)]) for change, s in of_series if s is not None])
    told = [one for one in judged if one.change.bad > since]
    newest = {e: max(int(s.positions[-1]) for s in watched if s.environment == e) for e in _environments(watched)}
    return Analysis(
        archive=archive,
        thresholds=thresholds,
        rule=rule,
        since=since,
        series=watched,
        alerts=grouped(told),
        trends=[trend(one, limits[id(one)], last) for one in watched if len(one) > 1],
        components=components,
        common=[change for change in _common(components) if change.bad > since],
        too_short=[one for one in watched if len(one) < findings.FEWEST_POINTS],
        failing=[one for one in archive.series if one.failing_since is not None],
        stale=[one for one in watched if one.failing_since is None and one.positions[-1] < newest[one.environment]],
        excursions=excursions,
    )


def _components(series: Sequence[Series], thresholds: ThresholdsInUse) -> list[Component]:
    """The components, estimated again without the steps that the first estimate leaves.

    A quarter of the suite that grows slower at one commit moves the median a little, and so every other series.
    """
    first = common_component.estimate(series)
    flattened = []
    for one in series:
        plain = _without(one, first)
        if plain is not one:
            steps = findings.changes(plain, thresholds.rules.limits(one.benchmark, one.name), _SURE)
            flattened.append(one.with_values(_flat(one, steps)))
    return common_component.estimate(flattened) if flattened else first


def _flat(series: Series, changes: Sequence[Change]) -> Floats:
    """The values with the steps taken out."""
    values = series.values.copy()
    for change in changes:
        if change.kind is Kind.STEP and change.ratio > 0:
            values[series.positions >= change.likeliest[1]] /= change.ratio
    return values


def _environments(series: Sequence[Series]) -> list[str]:
    return sorted({one.environment for one in series})


def _without(series: Series, components: Sequence[Component]) -> Series:
    if not common_component.eligible(series):
        return series
    own = [one for one in components if one.environment == series.environment]
    return common_component.without(series, own[0]) if own else series


def _ratios_first(absolute: Sequence[Series], ratios: Sequence[Series]) -> list[Series]:
    """Ratios from where they begin, absolute points up to there."""
    by_name = {(one.key, one.environment): one for one in ratios if len(one) > 0}
    found = []
    for one in absolute:
        ratio = by_name.pop((one.key, one.environment), None)
        if ratio is None:
            found.append(one)
            continue
        earlier = one.positions <= ratio.positions[0]
        if earlier.sum() >= findings.FEWEST_POINTS:
            found.append(Series(one.key, one.environment, one.benchmark, one.positions[earlier], one.values[earlier]))
        found.append(Series(one.key, one.environment, one.benchmark, ratio.positions, ratio.values, True, absolute=one))
    return [one for one in found if len(one) > 0]


def _common(components: Sequence[Component]) -> list[Change]:
    """The steps of the components: the machine changed, or a commit that touched everything."""
    found = []
    for component in components:
        benchmark = Benchmark(name=f"all {component.series} times", type="time", unit="ratio")
        series = Series(
            SeriesKey(benchmark.name), component.environment, benchmark, component.positions, component.as_values
        )
        found += [
            change
            for change in went_away(findings.changes(series, _COMMON_LIMITS, 1e-3))
            if severity(change, _COMMON_LIMITS) not in (None, Severity.NOTICE)
        ]
    return found
