"""Measures with the gate's machinery: ratios of a commit to the reference, and suspects once more."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from retrospeed.asv_config import Suite
from retrospeed.comparison import SEVERE_CLASSES, Class
from retrospeed.errors import ResultsError, RetrospeedError
from retrospeed.exit_codes import FailOn
from retrospeed.gate import builds, limits
from retrospeed.gate.judge_series import Finding
from retrospeed.gate.run import Progress, Request, run
from retrospeed.gate.two_stage import Plan
from retrospeed.gate.verdict import verdict
from retrospeed.pairing import Selection
from retrospeed.watch import ratio_file
from retrospeed.watch.alert import Alert, Confirmation, Fate, Judged
from retrospeed.watch.analysis import Analysis

RATIO_PLAN = Plan(stage_1_pairs=6, looks=(6,), early_looks=None)
"""Fewer than five pairs a point leave ratios noisier than steps should be found in."""
MOST_SERIES = 3
"""Series of an alert that are measured again: the worst ones."""


class RestlessError(RetrospeedError):
    """The machine was too restless: the run's self-test failed, so nothing can be concluded from it."""


def store_ratios(
    suite: Suite,
    machine: str,
    reference: str,
    commit: str,
    progress: Progress,
    *,
    environment: str | None = None,
    selection: Selection | None = None,
) -> Path:
    """Measure `commit` against `reference` in alternation and store the ratios; the path of the file.

    A commit of which the ratios to this reference are stored already is not measured again. Raises RetrospeedError if
    one of them does not build, or nothing can be measured; KeyboardInterrupt leaves nothing behind.
    """
    built = builds.build(suite.config_file, reference, commit, environment)
    names = list(built.commits.values())
    path = ratio_file.path_of(suite.results_dir, machine, names[1], built.environment)
    if _stored_reference(path) == names[0]:
        return path
    rules = limits.load(None, suite.benchmark_dir)
    request = Request(reference, commit, built, rules, selection or Selection(), plan=RATIO_PLAN, self_test=False)
    record = run(request, progress)
    if record.interrupted:
        raise KeyboardInterrupt
    return ratio_file.write(ratio_file.of_record(record, machine), suite.results_dir)


def _stored_reference(path: Path) -> str:
    """The reference of a file of ratios; empty if there is none, or one that was cut off and is measured anew."""
    try:
        return ratio_file.read(path).reference if path.is_file() else ""
    except ResultsError:
        return ""


def measured_again(
    suite: Suite,
    base: str,
    head: str,
    names: Sequence[str],
    progress: Progress,
    *,
    environment: str | None = None,
    thresholds_file: Path | None = None,
    self_test: bool = True,
) -> tuple[Finding, ...]:
    """What fresh pairs of two commits show of the series with these names, worst first.

    Raises RestlessError if the run's self-test fails, RetrospeedError if one of them does not build or nothing can be
    measured; KeyboardInterrupt leaves nothing behind.
    """
    built = builds.build(suite.config_file, base, head, environment)
    selection = Selection(include=re.compile(f"^(?:{'|'.join(map(re.escape, names))})$"))
    rules = limits.load(thresholds_file, suite.benchmark_dir)
    record = run(Request(base, head, built, rules, selection, self_test=self_test), progress)
    if record.interrupted:
        raise KeyboardInterrupt
    found = verdict(record, FailOn.WARNING)
    if found.distrust is not None:
        raise RestlessError(f"The machine is too restless to measure on: {found.distrust}")
    return found.findings


def confirm(
    analysis: Analysis,
    suite: Suite,
    progress: Progress,
    environment: str | None = None,
    thresholds_file: Path | None = None,
) -> list[str]:
    """Measure every open alert again, the commit before against the commit after, and note what came out.

    Returns a sentence for each alert that could not be measured; it stays unconfirmed.
    """
    commits = analysis.archive.order.commits
    failed = []
    for alert in analysis.open_alerts:
        base, head = commits[alert.good].hash, commits[alert.bad].hash
        names = [one.change.series.name for one in _suspects(alert)]
        try:
            found = measured_again(
                suite, base, head, names, progress, environment=environment, thresholds_file=thresholds_file
            )
        except RetrospeedError as error:
            failed.append(f"{base[:8]}..{head[:8]} was not measured again: {error}")
            continue
        classes = {str(finding.key): finding.classification for finding in found}
        alert.changes = [_noted(one, classes) for one in alert.changes]
    return failed


def _suspects(alert: Alert) -> list[Judged]:
    return [one for one in alert.changes if one.change.worse and one.fate is not Fate.UNDONE][:MOST_SERIES]


def _noted(one: Judged, classes: dict[str, Class]) -> Judged:
    found = classes.get(one.change.series.name)
    if found in SEVERE_CLASSES or found is Class.WARNING:
        return replace(one, confirmation=Confirmation.CONFIRMED)
    if found in (Class.UNCHANGED, Class.IMPROVED):
        return replace(one, confirmation=Confirmation.NOT_REPRODUCED)
    return one
