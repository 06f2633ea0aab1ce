"""The form for a terminal: trends, a sparkline a layer, the alerts, and the sentences that sum them up."""

from collections import defaultdict

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrospeed import targets
from retrospeed.units import as_people_read_it
from retrospeed.watch import summary
from retrospeed.watch.alert import Alert, Confirmation, Judged, Severity
from retrospeed.watch.analysis import Analysis
from retrospeed.watch.series import Series
from retrospeed.watch.trend import Direction, Trend

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 48
_ARROWS = {Direction.WORSE: "▲ worse", Direction.BETTER: "▼ better", Direction.STEADY: "· steady"}
_STYLES = {
    Severity.SEVERE: "bold red",
    Severity.WARNING: "yellow",
    Severity.NOTICE: "magenta",
    Severity.SHIFT: "cyan",
    Severity.IMPROVED: "green",
}
_STATUS = {"over severe": "bold red", "over warning": "yellow", "watch": "magenta", "better": "green"}
MOST_TRENDS = 30
MOST_CHANGES = 6


def show(analysis: Analysis, out: Console, *, every: bool = False) -> None:
    """Print all of it; with `every`, each series and each change, however many."""
    archive = analysis.archive
    of_commits = (
        f"{len(archive.measured)} of {len(archive.order.commits)} commits"
        if archive.order.from_git
        else (f"{len(archive.measured)} commits")
    )
    points = sum(len(one) for one in analysis.series)
    head = f"{archive.machine}: {points:,} points of {len(analysis.series)} series at {of_commits}"
    out.print(Text(head, style="bold"), soft_wrap=True)
    _trends(analysis, out, every=every)
    _sparklines(analysis, out)
    _alerts(analysis, out, every=every)
    for heading, lines in (
        ("Improved", summary.improved(analysis)),
        ("Watch", summary.to_watch(analysis)),
        ("Fix first", summary.fix_first(analysis)),
        ("Targets", summary.targets_missed(analysis)),
        ("Could be tightened", summary.could_tighten(analysis)),
        ("Not looked at, or to be known", summary.left_out(analysis)),
        ("Failing", [_failing(one, analysis) for one in analysis.failing]),
    ):
        _section(heading, lines, out)
    style = "bold red" if analysis.open_alerts or analysis.failing else "bold green"
    out.print(Text(summary.headline(analysis), style=style), soft_wrap=True)


def sparkline(values: "np.typing.NDArray[np.float64]", width: int = _WIDTH) -> str:
    """Bars from the lowest to the highest of `values`, the mean of several where there are more than `width`."""
    parts = [part.mean() for part in np.array_split(values, min(width, len(values)))]
    low, high = min(parts), max(parts)
    if high <= low:
        return _BARS[0] * len(parts)
    return "".join(_BARS[int((part - low) / (high - low) * (len(_BARS) - 1) + 0.5)] for part in parts)


def _trends(analysis: Analysis, out: Console, *, every: bool) -> None:
    rank = {"over severe": 0, "over warning": 1, "watch": 2, "better": 3, "ok": 4}
    ordered = sorted(analysis.trends, key=lambda t: (rank[t.status], -abs(t.change)))
    shown = ordered if every or len(ordered) <= MOST_TRENDS else [t for t in ordered if t.status != "ok"][:MOST_TRENDS]
    if shown:
        table = Table(box=None, pad_edge=False)
        table.add_column("benchmark", overflow="fold")
        table.add_column("direction", no_wrap=True)
        for heading in ("now", "change", "commits", "a commit"):
            table.add_column(heading, justify="right", no_wrap=True)
        table.add_column("status", no_wrap=True)
        if any(t.meets_target is not None for t in shown):
            table.add_column("target", no_wrap=True)
        for t in shown:
            table.add_row(*_trend_row(t, analysis)[: len(table.columns)])
        out.print(table)
    if len(shown) < len(ordered):
        out.print(Text(f"{len(ordered) - len(shown)} more series are within their thresholds (--all).", style="dim"))


def _trend_row(t: Trend, analysis: Analysis) -> list[str | Text]:
    now = as_people_read_it(t.series.typical(), t.series.benchmark)
    return [
        Text(summary.title(t.series, analysis)),
        _ARROWS[t.direction],
        now,
        summary.trend_change(t),
        str(t.commits),
        summary.trend_rate(t),
        Text(t.status, style=_STATUS.get(t.status, "")),
        _target(t),
    ]


def _target(t: Trend) -> Text:
    words = targets.in_words(t.series.benchmark, t.series.key)
    return Text(f"missed: {words}", style="yellow") if t.meets_target is False else Text(words)


def _sparklines(analysis: Analysis, out: Console) -> None:
    """One line a layer: the geometric mean of its times, each relative to its own middle."""
    groups: dict[str, list[Series]] = defaultdict(list)
    for one in analysis.series:
        if one.benchmark.unit == "seconds" and len(one) > 1 and (one.values > 0).all():
            groups[one.benchmark.layer or one.benchmark.name.partition(".")[0]].append(one)
    if not groups:
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("layer", "time over all commits", "now / median"):
        table.add_column(heading, no_wrap=True)
    for layer, group in groups.items():
        values = layer_curve(group)
        table.add_row(layer, sparkline(values), f"{float(np.exp(values[-3:].mean() - np.median(values))):.2f}")
    out.print(table)


def layer_curve(group: list[Series]) -> "np.typing.NDArray[np.float64]":
    """Mean over series of the log of each value over the series' median, at each commit that any has a point at."""
    positions = np.unique(np.concatenate([one.positions for one in group]))
    total, count = np.zeros(len(positions)), np.zeros(len(positions))
    for one in group:
        where = np.searchsorted(positions, one.positions)
        total[where] += np.log(one.values) - np.median(np.log(one.values))
        count[where] += 1
    curve: np.typing.NDArray[np.float64] = total / count
    return curve


def _alerts(analysis: Analysis, out: Console, *, every: bool) -> None:
    for alert in analysis.alerts:
        text = Text()
        text.append(f"{alert.severity}", style=_STYLES[alert.severity])
        text.append(f"  {summary.where(analysis, alert.good, alert.bad)}", style="bold")
        text.append(f"  {_confirmation(alert, analysis)}", style="dim")
        out.print(text, soft_wrap=True)
        shown = alert.changes if every else alert.changes[:MOST_CHANGES]
        for one in shown:
            out.print(Text(f"    {change_line(one, analysis)}"), soft_wrap=True)
        if len(shown) < len(alert.changes):
            out.print(Text(f"    and {len(alert.changes) - len(shown)} more (--all)", style="dim"))


def change_line(one: Judged, analysis: Analysis) -> str:
    """One change of an alert in a line."""
    change = one.change
    kind = "" if change.kind == "step" else " (drift)"
    parts = [f"{summary.title(change.series, analysis)}{kind}: {summary.levels(change)}, {summary.size(change)}"]
    if one.severity is Severity.SHIFT:
        parts.append(f"moved from {one.moved_to}")
    parts += [text for text in (summary.fate(analysis, one),) if text]
    return f"{one.severity:9}{'; '.join(parts)}"


def _confirmation(alert: Alert, analysis: Analysis) -> str:
    ratios = any(one.change.series.is_ratio for one in alert.changes)
    words = "from ratios, " if ratios else ""
    return (
        words + str(alert.confirmation)
        if alert.confirmation is not Confirmation.UNCONFIRMED or words
        else ("unconfirmed")
    )


def _failing(series: Series, analysis: Analysis) -> str:
    assert series.failing_since is not None
    return f"{summary.title(series, analysis)} since {analysis.archive.order.commits[series.failing_since].short}"


def _section(heading: str, lines: list[str], out: Console) -> None:
    if lines:
        out.print(Text(f"{heading}:", style="bold"))
        for line in lines:
            out.print(Text(f"  {line}"), soft_wrap=True)
