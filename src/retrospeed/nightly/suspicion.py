"""What may have become worse: a suspect is some benchmarks and the two measured commits that they changed between."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from retrospeed.asv_config import Suite
from retrospeed.compare import judged
from retrospeed.comparison import Class, Comparison
from retrospeed.errors import RetrospeedError
from retrospeed.measurement import Outcome
from retrospeed.pairing import Selection
from retrospeed.result_store import ResultStore
from retrospeed.watch.alert import Fate, Severity
from retrospeed.watch.change import Kind
from retrospeed.watch.command import watched

_OPEN = (Severity.SEVERE, Severity.WARNING)


@dataclass(frozen=True)
class Suspect:
    """Benchmarks that may have become worse after `good`, up to `bad`, both full hashes."""

    names: tuple[str, ...]
    """With their parameters, the worst first."""
    good: str
    bad: str
    severe: bool = True

    @property
    def span(self) -> str:
        """The range in short, as git writes it."""
        return f"{self.good[:8]}..{self.bad[:8]}"


@dataclass(frozen=True)
class Suspicion:
    """What a look at the stored results gives."""

    suspects: tuple[Suspect, ...]
    """Severe ones first."""
    failing: tuple[str, ...]
    """A line for every benchmark that fails where it did not."""
    gone: tuple[str, ...]
    """A line for every benchmark that can no longer be compared: it vanished, or is another version."""
    unsure: tuple[str, ...]
    """A line for everything else that could not be judged."""
    skipped: tuple[str, ...]
    """A sentence for every file that could not be read."""
    how: str
    """In words: by what it was judged."""


def by_history(
    suite: Suite, machine: str, selection: Selection, thresholds_file: Path | None, since: str | None
) -> Suspicion:
    """The open alerts of `watch`. Raises RetrospeedError."""
    analysis = watched(suite, machine_name=machine, since=since, selection=selection, thresholds_file=thresholds_file)
    commits = analysis.archive.order.commits
    suspects = []
    for alert in analysis.open_alerts:
        names = [
            one.change.series.name
            for one in alert.changes
            if one.severity in _OPEN and one.fate is not Fate.UNDONE and one.change.kind is Kind.STEP
        ]
        if names:
            good, bad = commits[alert.good].hash, commits[alert.bad].hash
            suspects.append(Suspect(tuple(dict.fromkeys(names)), good, bad, alert.severity is Severity.SEVERE))
    drifts = tuple(
        f"{one.change.series.name} drifts, {one.severity}: a drift has no one commit"
        for alert in analysis.open_alerts
        for one in alert.changes
        if one.severity in _OPEN and one.change.kind is Kind.DRIFT
    )
    failing = tuple(f"{one.name} fails" for one in analysis.failing)
    short = len(analysis.too_short)
    how = f"{len(analysis.series)} series of history, {short} of them too short to tell"
    return Suspicion(_severe_first(suspects), failing, (), drifts, tuple(analysis.archive.unreadable), how)


def by_comparison(
    suite: Suite, machine: str, commits: Sequence[str], selection: Selection, thresholds_file: Path | None
) -> Suspicion:
    """Judge each of `commits`, full hashes in their order, by the one before it that has values.

    A new step is found here before the history has enough points behind it. Raises RetrospeedError.
    """
    suspects: list[Suspect] = []
    failing: list[str] = []
    gone: list[str] = []
    unsure: list[str] = []
    store = ResultStore(suite.results_dir)
    line = [commit for commit in commits if has_values(store, machine, commit)]
    for good, bad in pairwise(line):
        verdict = judged(
            suite, good, bad, machine_name=machine, selection=selection, thresholds_file=thresholds_file
        ).verdict
        worse = [str(one.key) for one in verdict.comparisons if _is_suspect(one)]
        if worse:
            suspects.append(Suspect(tuple(dict.fromkeys(worse)), good, bad))
        for one in verdict.comparisons:
            told = f"{one.key} at {bad[:8]}: {one.classification}, {one.why}"
            if one.classification is Class.FAILED:
                failing.append(told)
            elif one.classification in (Class.VANISHED, Class.INCOMPARABLE):
                gone.append(told)
            elif one.classification is Class.INCONCLUSIVE and not _is_suspect(one):
                unsure.append(told)
    how = f"{len(line) - 1} commits compared with the one before" if len(line) > 1 else "no two commits to compare"
    return Suspicion(_severe_first(suspects), tuple(failing), tuple(gone), tuple(unsure), (), how)


def merged(suspects: Iterable[Suspect]) -> list[Suspect]:
    """Those between the same two commits are one suspect; severe ones first."""
    found: dict[tuple[str, str], Suspect] = {}
    for one in suspects:
        known = found.get((one.good, one.bad))
        if known is not None:
            names = tuple(dict.fromkeys((*known.names, *one.names)))
            one = replace(known, names=names, severe=known.severe or one.severe)
        found[one.good, one.bad] = one
    return list(_severe_first(found.values()))


def _severe_first(suspects: Iterable[Suspect]) -> tuple[Suspect, ...]:
    return tuple(sorted(suspects, key=lambda suspect: not suspect.severe))


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
