"""Sentences about a history, each computed from its data: health, what improved, what to watch, what to fix first."""

import math
from collections import Counter

from retrospeed import targets
from retrospeed.units import as_people_read_it, change_in_words, percent, three_digits, value_in_words
from retrospeed.watch.alert import Alert, Confirmation, Fate, Judged, Severity
from retrospeed.watch.analysis import Analysis
from retrospeed.watch.change import Change, Kind
from retrospeed.watch.findings import FEWEST_POINTS
from retrospeed.watch.series import Series
from retrospeed.watch.trend import Direction, Trend

MOST_NAMED = 3
_TIGHTER = 3.0
"""A threshold of so many times the noise could be lower."""


def where(analysis: Analysis, good: int, bad: int) -> str:
    """The commit, or the two commits that a change lies between."""
    commits = analysis.archive.order.commits
    if bad - good == 1:
        return f"{commits[bad].short} {commits[bad].subject}".strip()
    count = bad - good
    last = commits[bad].short
    unmeasured = f"one of {count} commits" if analysis.archive.order.from_git else f"one of {count} measured commits"
    return f"after {commits[good].short} up to {last} ({unmeasured})"


def size(change: Change) -> str:
    """How much, in words: ``38 % slower``, with the interval of the ratio where there is one."""
    benchmark = change.series.benchmark
    words = change_in_words(change.ratio, change.difference, benchmark, absolute=not change.is_log)
    if change.series.is_ratio and not change.is_log:
        words = change_in_words(change.ratio, change.after - change.before, benchmark, absolute=False)
    if not change.is_log or change.exact or change.low == change.high:
        return words
    return f"{words} (ratio {three_digits(math.exp(change.low))} to {three_digits(math.exp(change.high))})"


def levels(change: Change) -> str:
    """Before and after as people read them."""
    benchmark = change.series.benchmark
    scale = change.unit_scale
    if math.isnan(scale):
        return f"{three_digits(change.before)} → {three_digits(change.after)} of the reference"
    return " → ".join(as_people_read_it(level * scale, benchmark) for level in (change.before, change.after))


def fate(analysis: Analysis, one: Judged) -> str:
    """What became of it, empty while it stands."""
    if one.fate is Fate.OPEN:
        return ""
    at = "" if one.undone_at is None else f" by {analysis.archive.order.commits[one.undone_at].short}"
    return f"{one.fate}{at}"


def title(series: Series, analysis: Analysis) -> str:
    """The name of a series, with its environment if there are several."""
    several = len({one.environment for one in analysis.series if len(one) >= FEWEST_POINTS}) > 1
    return f"{series.name} [{series.environment}]" if several else series.name


def judged(analysis: Analysis) -> int:
    """How many series have enough points for anything to be said of them."""
    return len(analysis.series) - len(analysis.too_short)


def headline(analysis: Analysis) -> str:
    """Overall health in one sentence."""
    standing = analysis.open_alerts
    severe = sum(alert.severity is Severity.SEVERE for alert in standing)
    looked = judged(analysis)
    if not looked:
        return f"nothing can be said: no series has {FEWEST_POINTS} points yet"
    worse = sum(t.direction is Direction.WORSE for t in analysis.trends)
    better = sum(t.direction is Direction.BETTER for t in analysis.trends)
    parts = [f"{severe} severe"] if severe else []
    parts += [f"{len(standing) - severe} warning"] if len(standing) > severe else []
    parts += [f"{len(analysis.failing)} failing"] if analysis.failing else []
    state = ", ".join(parts) + " open" if parts else "no regression is open"
    return f"{state}; of {looked} series {worse} go worse, {better} better, the rest are steady"


def improved(analysis: Analysis) -> list[str]:
    """What got better and still is, the largest first."""
    found = [
        (one, alert)
        for alert in analysis.alerts
        for one in alert.changes
        if one.severity is Severity.IMPROVED and one.fate is Fate.OPEN
    ]
    found.sort(key=lambda pair: -abs(_log(pair[0].change)))
    lines = [
        f"{title(one.change.series, analysis)}: {size(one.change)} since {where(analysis, alert.good, alert.bad)}"
        for one, alert in found[:MOST_NAMED]
    ]
    return lines + _more(len(found))


def to_watch(analysis: Analysis) -> list[str]:
    """What may become a regression: drifts, notices, trends at half of their threshold."""
    lines = []
    for alert in analysis.alerts:
        for one in alert.changes:
            drifting = one.change.kind is Kind.DRIFT and one.change.worse
            if one.fate is Fate.OPEN and (one.severity is Severity.NOTICE or drifting):
                how = "drifts" if drifting else "moved"
                place = where(analysis, alert.good, alert.bad)
                lines.append(f"{title(one.change.series, analysis)} {how}: {size(one.change)}, {place}")
    lines += [
        f"{title(t.series, analysis)}: {trend_change(t)} over {t.commits} commits, half of its warning threshold"
        for t in analysis.trends
        if t.status == "watch"
    ]
    return lines[:MOST_NAMED] + _more(len(lines))


def fix_first(analysis: Analysis) -> list[str]:
    """The open regressions, worst first: by severity, then by how many series, then by size."""
    order = list(Severity)
    standing = sorted(analysis.open_alerts, key=lambda a: (order.index(a.severity), -_weight(a)))
    lines = [
        f"{where(analysis, alert.good, alert.bad)}: {_count(alert)}, worst {_worst(alert, analysis)}"
        for alert in standing
    ]
    return lines[:MOST_NAMED] + _more(len(lines))


def targets_missed(analysis: Analysis) -> list[str]:
    """The series whose newest points miss their targets, and how many meet theirs."""
    wanted = [t for t in analysis.trends if t.meets_target is not None]
    lines = [
        f"{title(t.series, analysis)}: {as_people_read_it(t.series.typical(), t.series.benchmark)}, "
        f"target {targets.in_words(t.series.benchmark, t.series.key)}"
        for t in wanted
        if not t.meets_target
    ]
    shown = lines[:MOST_NAMED] + _more(len(lines))
    return [*shown, f"{len(wanted) - len(lines)} of {len(wanted)} targets are met"] if wanted else []


def could_tighten(analysis: Analysis) -> list[str]:
    """Thresholds that lie far above the noise of every series they hold for."""
    rules = analysis.thresholds.rules
    groups: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for t in analysis.trends:
        benchmark = t.series.benchmark
        limit = rules.limits(benchmark, t.series.name).warning_relative
        if t.is_relative and t.points >= 2 * FEWEST_POINTS and limit > 0:
            groups.setdefault((benchmark.layer, benchmark.metric), []).append((t.noise, limit))
    lines = []
    for (layer, metric), found in sorted(groups.items()):
        noise, limit = max(n for n, _ in found), min(limit for _, limit in found)
        tighter = math.ceil(max(_TIGHTER * noise, 0.005) * 200) / 200
        if (layer or metric) and tighter <= limit / 2:
            name = " ".join(part for part in (layer, metric) if part)
            lines.append(
                f"{name}: noise is at most {percent(noise)} in {len(found)} series; "
                f"the warning could come at {percent(tighter)} instead of {percent(limit)}"
            )
    return lines


def left_out(analysis: Analysis) -> list[str]:
    """What was not looked at, or with less trust: nothing is left out in silence."""
    archive = analysis.archive
    lines = list(archive.unreadable)
    if not archive.order.from_git:
        lines.append("The repository is not here: commits are ordered by the dates in the result files.")
    if archive.order.outside:
        hashes = ", ".join(one[:8] for one in archive.order.outside[:MOST_NAMED])
        count = len(archive.order.outside)
        lines.append(f"{count} measured commits are not in the history of HEAD, among them {hashes}.")
    if archive.removed:
        names = f"{', '.join(archive.removed[:MOST_NAMED])}{' …' if len(archive.removed) > MOST_NAMED else ''}"
        lines.append(f"{len(archive.removed)} benchmarks with results are no longer in the suite: {names}.")
    if archive.other_versions:
        lines.append(f"{archive.other_versions} points were measured by other versions of their benchmarks.")
    if analysis.too_short:
        lines.append(f"{len(analysis.too_short)} series have fewer than {FEWEST_POINTS} points.")
    if analysis.stale:
        names = ", ".join(title(one, analysis) for one in analysis.stale[:MOST_NAMED])
        lines.append(f"{len(analysis.stale)} series have no point at the newest commit, among them {names}.")
    if analysis.excursions:
        lines.append(f"{analysis.excursions} steps came and went within a few points and are not told.")
    for change in analysis.common:
        place = where(analysis, change.good, change.bad)
        series = change.series
        lines.append(
            f"{series.name} in {series.environment} moved together, to {three_digits(change.ratio)} times: {place}; "
            "a change of the machine, or of everything. Ratios to a reference commit would tell."
        )
    return lines


def trend_change(t: Trend) -> str:
    """The change of a trend with its sign: ``+3.1 %``."""
    if t.is_relative:
        return f"{t.change * 100:+.1f} %"
    return ("+" if t.change >= 0 else "-") + value_in_words(abs(t.change), t.series.benchmark.unit)


def trend_rate(t: Trend) -> str:
    """The rate of a trend a commit."""
    if t.is_relative:
        return f"{t.rate * 100:+.2f} %"
    return ("+" if t.rate >= 0 else "-") + value_in_words(abs(t.rate), t.series.benchmark.unit)


def _count(alert: Alert) -> str:
    counts = Counter(one.severity for one in alert.changes)
    said = ", ".join(f"{counts[name]} {name}" for name in Severity if counts[name])
    return said if alert.confirmation is Confirmation.UNCONFIRMED else f"{said}, {alert.confirmation}"


def _worst(alert: Alert, analysis: Analysis) -> str:
    one = alert.changes[0]
    return f"{title(one.change.series, analysis)} {size(one.change)}"


def _weight(alert: Alert) -> float:
    return sum(abs(_log(one.change)) for one in alert.changes if one.change.worse)


def _log(change: Change) -> float:
    return math.log(change.ratio) if 0 < change.ratio < math.inf else 1.0


def _more(count: int) -> list[str]:
    return [f"and {count - MOST_NAMED} more"] if count > MOST_NAMED else []
