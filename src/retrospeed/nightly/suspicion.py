"""What may have become worse: each suspect is a benchmark and the two measured commits that it lies between."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from retrospeed.asv_config import Suite
from retrospeed.compare import judged
from retrospeed.comparison import Class, Comparison
from retrospeed.errors import RetrospeedError
from retrospeed.measurement import Outcome, SeriesKey
from retrospeed.pairing import Selection
from retrospeed.result_store import ResultStore
from retrospeed.watch.alert import Fate, Severity
from retrospeed.watch.change import Kind
from retrospeed.watch.command import watched

_OPEN = (Severity.SEVERE, Severity.WARNING)


@dataclass(frozen=True)
class Suspect:
    """A benchmark that may have become worse after `good`, up to `bad`, both full hashes."""

    key: SeriesKey
    good: str
    bad: str
    severity: str
    environment: str
    also: tuple[str, ...] = ()
    """Other benchmarks that may have become worse there."""

    @property
    def name(self) -> str:
        """The benchmark with its parameters."""
        return str(self.key)


@dataclass(frozen=True)
class Suspicion:
    """What a look at the stored results gives."""

    suspects: tuple[Suspect, ...]
    """Worst first."""
    failing: tuple[str, ...]
    """A line for every benchmark that began to fail or vanished."""
    unsure: tuple[str, ...]
    """A line for everything that could not be judged."""
    how: str
    """In words: by what it was judged."""


def by_history(suite: Suite, machine: str, selection: Selection, thresholds_file: Path | None) -> Suspicion:
    """The open alerts of `watch`. Raises RetrospeedError."""
    analysis = watched(suite, machine_name=machine, selection=selection, thresholds_file=thresholds_file)
    commits = analysis.archive.order.commits
    suspects = []
    for alert in analysis.open_alerts:
        worse = [
            one.change
            for one in alert.changes
            if one.severity in _OPEN and one.fate is not Fate.UNDONE and one.change.kind is Kind.STEP
        ]
        if not worse:
            continue
        first = worse[0]
        also = tuple(sorted({one.series.name for one in worse[1:]} - {first.series.name}))
        good, bad = commits[alert.good].hash, commits[alert.bad].hash
        severity = str(alert.severity)
        suspects.append(Suspect(first.series.key, good, bad, severity, first.series.environment, also))
    suspects.sort(key=lambda suspect: suspect.severity != Severity.SEVERE)
    drifts = [
        f"{one.change.series.name} drifts, {one.severity}: a drift has no one commit"
        for alert in analysis.open_alerts
        for one in alert.changes
        if one.severity in _OPEN and one.change.kind is Kind.DRIFT
    ]
    failing = tuple(f"{one.name} fails" for one in analysis.failing)
    short = len(analysis.too_short)
    how = f"{len(analysis.series)} series of history, {short} of them too short to tell"
    return Suspicion(tuple(suspects), failing, tuple(drifts), how)


def by_comparison(
    suite: Suite, machine: str, commits: Sequence[str], selection: Selection, thresholds_file: Path | None
) -> Suspicion:
    """Judge each of `commits`, full hashes in their order, by the one before it that has values.

    A new step is found here before the history has enough points behind it. Raises RetrospeedError.
    """
    suspects: list[Suspect] = []
    failing: list[str] = []
    unsure: list[str] = []
    store = ResultStore(suite.results_dir)
    line = [commit for commit in commits if has_values(store, machine, commit)]
    for good, bad in pairwise(line):
        verdict = judged(
            suite, good, bad, machine_name=machine, selection=selection, thresholds_file=thresholds_file
        ).verdict
        worse = [one for one in verdict.comparisons if _is_suspect(one)]
        if worse:
            first, *others = worse
            also = tuple(str(one.key) for one in others)
            suspects.append(Suspect(first.key, good, bad, Severity.SEVERE, first.environment, also))
        for one in verdict.comparisons:
            where = f"{one.key} at {bad[:8]}: {one.classification}, {one.why}"
            if one.classification in (Class.FAILED, Class.VANISHED):
                failing.append(where)
            elif one.classification in (Class.INCOMPARABLE, Class.INCONCLUSIVE) and not _is_suspect(one):
                unsure.append(where)
    how = f"{len(line) - 1} commits compared with the one before" if len(line) > 1 else "no two commits to compare"
    return Suspicion(tuple(suspects), tuple(failing), tuple(unsure), how)


def _is_suspect(one: Comparison) -> bool:
    """Severe; or looks so, but from too few samples: the inquiry measures again before anything is called by a name."""
    if one.classification is not Class.INCONCLUSIVE or one.effect is None or one.limits is None:
        return one.classification is Class.SEVERE
    sign = 1 if one.benchmark.lower_is_better else -1
    relative = sign * (one.effect.ratio - 1)
    return relative > one.limits.severe_relative and sign * one.effect.difference > one.limits.severe_absolute


def has_values(store: ResultStore, machine: str, commit: str) -> bool:
    """Whether any benchmark of a commit, by its full hash, did not fail; of one that does not build, all did."""
    if commit[:8] not in store.commits(machine):
        return False
    try:
        results = store.load(machine, commit)
    except RetrospeedError:
        return False
    return any(value.outcome is not Outcome.FAILED for one in results for value in one.series.values())
