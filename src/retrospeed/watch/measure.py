"""Measures with the gate's machinery: ratios of a commit to the reference, and suspects once more."""

import re
from dataclasses import replace
from pathlib import Path

from retrospeed.asv_config import Suite
from retrospeed.comparison import SEVERE_CLASSES, Class
from retrospeed.exit_codes import FailOn
from retrospeed.gate import builds, limits
from retrospeed.gate.run import Progress, Request, run
from retrospeed.gate.two_stage import Plan
from retrospeed.gate.verdict import verdict
from retrospeed.pairing import Selection
from retrospeed.watch import ratio_file
from retrospeed.watch.alert import Alert, Confirmation, Fate, Judged
from retrospeed.watch.analysis import Analysis

RATIO_PLAN = Plan(stage_1_pairs=6, stage_2_pairs=6, looks=1)
"""Fewer than five pairs a point leave ratios noisier than steps should be found in."""
MOST_SERIES = 3
"""Series of an alert that are measured again: the worst ones."""


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
    if path.is_file() and ratio_file.read(path).reference == names[0]:
        return path
    rules = limits.load(None, suite.benchmark_dir)
    request = Request(reference, commit, built, rules, selection or Selection(), plan=RATIO_PLAN, self_test=False)
    record = run(request, progress)
    if record.interrupted:
        raise KeyboardInterrupt
    return ratio_file.write(ratio_file.of_record(record, machine), suite.results_dir)


def confirm(analysis: Analysis, suite: Suite, progress: Progress, environment: str | None = None) -> None:
    """Measure every open alert again, the commit before against the commit after, and note what came out.

    Raises RetrospeedError if a commit does not build.
    """
    rules = limits.load(None, suite.benchmark_dir)
    commits = analysis.archive.order.commits
    for alert in analysis.open_alerts:
        names = "|".join(re.escape(one.change.series.name) for one in _suspects(alert))
        base, head = commits[alert.good].hash, commits[alert.bad].hash
        built = builds.build(suite.config_file, base, head, environment)
        selection = Selection(include=re.compile(f"^(?:{names})$"))
        record = run(Request(base, head, built, rules, selection), progress)
        if record.interrupted:
            raise KeyboardInterrupt
        found = verdict(record, FailOn.WARNING)
        if found.distrust is None:
            classes = {str(finding.key): finding.classification for finding in found.findings}
            alert.changes = [_noted(one, classes) for one in alert.changes]


def _suspects(alert: Alert) -> list[Judged]:
    return [one for one in alert.changes if one.change.worse and one.fate is not Fate.UNDONE][:MOST_SERIES]


def _noted(one: Judged, classes: dict[str, Class]) -> Judged:
    found = classes.get(one.change.series.name)
    if found in SEVERE_CLASSES or found is Class.WARNING:
        return replace(one, confirmation=Confirmation.CONFIRMED)
    if found in (Class.UNCHANGED, Class.IMPROVED):
        return replace(one, confirmation=Confirmation.NOT_REPRODUCED)
    return one
