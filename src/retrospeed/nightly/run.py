"""A whole night: measure, publish, judge, inquire; every step goes on where an earlier night was broken off."""

from collections.abc import Callable, Sequence
from pathlib import Path

from retrospeed import asv_config, machine
from retrospeed.asv_config import Suite
from retrospeed.errors import RetrospeedError
from retrospeed.explain.sources import git
from retrospeed.nightly import inquiry, measuring, new_commits, publishing, ratios, state, suspicion
from retrospeed.nightly.report import Night
from retrospeed.nightly.request import Listeners, Request
from retrospeed.nightly.state import Outcome, State
from retrospeed.nightly.suspicion import Suspect, Suspicion
from retrospeed.pairing import Selection
from retrospeed.result_store import ResultStore


def run(request: Request, listeners: Listeners) -> Night:
    """Do a night's work. Raises RetrospeedError if it cannot even begin; whatever happens later is in the report."""
    suite = asv_config.load(request.config)
    name = request.machine or machine.name_here()
    measuring.register(suite, name)
    if suite.repository is None:
        # asv clones it.
        measuring.asv(suite, ["setup", "--config", suite.config_file.name])
        suite = asv_config.load(suite.config_file)
    repository = suite.repository
    if repository is None:
        raise RetrospeedError(f"The repository of {suite.config_file} is not here and asv could not clone it.")
    kept = state.load(suite.root, name)
    newest = new_commits.tip(suite, repository)
    has_before = new_commits.plan(kept, suite, repository, newest, request.since)
    state.save(kept, suite.root)
    night = Night(name, commits=kept.commits, first=not has_before)
    try:
        measuring.measure(kept, suite, name, request.bench, request.environment, listeners.tell)
        night.missing += _unreadable(suite, name)
        if request.ratios:
            ratios.take(kept, suite, repository, newest, request, listeners, night.missing)
        if request.publish and night.measured:
            night.missing += publishing.publish(suite, name, request.thresholds_file, listeners.tell)
        if has_before:
            _judge(request, suite, repository, kept, newest, night, listeners)
        kept.judged = newest
        kept.commits = [one for one in kept.commits if one.outcome is Outcome.PENDING]
        state.save(kept, suite.root)
    except KeyboardInterrupt:
        night.interrupted = True
    return night


def _unreadable(suite: Suite, name: str) -> list[str]:
    return [str(error) for error in ResultStore(suite.results_dir).history(name).unreadable]


def _judge(
    request: Request,
    suite: Suite,
    repository: Path,
    kept: State,
    newest: str,
    night: Night,
    listeners: Listeners,
) -> None:
    line = _line(repository, suite, kept, newest, request.since)
    selection = Selection.of("|".join(request.bench) or None, None, request.environment)
    suspects: list[Suspect] = []
    hows = []
    looks: tuple[Callable[[], Suspicion], ...] = (
        lambda: suspicion.by_history(suite, kept.machine, selection, request.thresholds_file),
        lambda: suspicion.by_comparison(suite, kept.machine, line, selection, request.thresholds_file),
    )
    for look in looks:
        try:
            found = look()
        except RetrospeedError as error:
            night.missing.append(f"a look at the results: {error}")
            continue
        suspects += found.suspects
        night.failing += found.failing
        night.unsure += found.unsure
        hows.append(found.how)
    night.judged_by = "; ".join(hows)
    means = inquiry.Means(
        suite=suite,
        repository=repository,
        environment=request.environment,
        thresholds_file=request.thresholds_file,
        rounds=request.rounds,
        issue_dir=request.issue_dir or suite.root / ".asv" / "retrospeed" / "nightly" / "issues",
        forge=request.forge,
        watcher=listeners.watcher,
        progress=listeners.progress,
        tell=listeners.tell,
    )
    keys, missing = inquiry.inquire(suspects, kept, means)
    night.cases += [kept.cases[key] for key in keys]
    night.missing += missing


def _line(repository: Path, suite: Suite, kept: State, newest: str, since: str | None) -> Sequence[str]:
    """The commits to judge, each by the one before: from the last one judged, or the last measured before tonight."""
    line = git(repository, "rev-list", "--first-parent", newest).split()
    tonight = {one.commit for one in kept.commits}
    measured = set(ResultStore(suite.results_dir).commits(kept.machine))
    start = kept.judged if kept.judged in line else ""
    chosen = []
    for commit in line:
        if commit in tonight or commit[:8] in measured:
            chosen.append(commit)
        before_tonight = commit not in tonight and commit[:8] in measured
        if before_tonight and (not start or commit == start):
            break
    return chosen[::-1]
