"""A whole night: measure, publish, judge, inquire; every step goes on where an earlier night was broken off."""

from collections.abc import Callable, Sequence
from pathlib import Path

from retrospeed import asv_config, machine
from retrospeed.asv_config import Suite
from retrospeed.errors import RetrospeedError
from retrospeed.explain.sources import git
from retrospeed.nightly import filing, measuring, new_commits, publishing, ratios, standing, state, suspicion
from retrospeed.nightly.inquiry import Inquiry, Means
from retrospeed.nightly.only_one import only_one
from retrospeed.nightly.report import Night
from retrospeed.nightly.request import Listeners, Request
from retrospeed.nightly.state import Outcome
from retrospeed.nightly.suspicion import Suspect, Suspicion, has_values
from retrospeed.pairing import Selection
from retrospeed.result_store import ResultStore
from retrospeed.watch import ratio_file


def run(request: Request, listeners: Listeners) -> Night:
    """Do a night's work. Raises RetrospeedError if it cannot even begin; whatever happens later is in the report."""
    suite = asv_config.load(request.config)
    name = request.machine or machine.name_here()
    with only_one(suite.root):
        measuring.register(suite, name)
        repository = new_commits.fetched(suite)
        suite = asv_config.load(suite.config_file)
        return _Run(request, listeners, suite, repository, name).run()


class _Run:
    """What the steps of a night share."""

    def __init__(self, request: Request, listeners: Listeners, suite: Suite, repository: Path, name: str) -> None:
        self._request = request
        self._listeners = listeners
        self._suite = suite
        self._repository = repository
        self._state = state.load(suite.root, name)
        self._newest = new_commits.tip(suite, repository)
        standing.accept(self._state, repository, request.accept)
        self._has_before = new_commits.plan(self._state, suite, repository, self._newest, request.since)
        self._store = ResultStore(suite.results_dir)
        self._night = Night(name, commits=self._state.commits, first=not self._has_before)

    def run(self) -> Night:
        """All steps."""
        request, night, kept = self._request, self._night, self._state
        self._save()
        measuring.remove_partial_files(self._suite, kept.machine)
        try:
            tell = self._listeners.tell
            measuring.measure(kept, self._suite, kept.machine, request.bench, request.environment, tell)
            if request.ratios:
                ratios.take(kept, self._suite, self._repository, self._newest, request, self._listeners, night.missing)
            if request.publish and night.measured:
                night.missing += publishing.publish(self._suite, request.thresholds_file, tell)
            night.skipped += self._unreadable()
            if self._has_before:
                self._judge()
            kept.judged = self._newest
            kept.commits = [one for one in kept.commits if one.outcome is Outcome.PENDING]
            self._save()
        except KeyboardInterrupt:
            night.interrupted = True
        return night

    def _save(self) -> None:
        state.save(self._state, self._suite.root)

    def _unreadable(self) -> list[str]:
        machine_name = self._state.machine
        found = [str(error) for error in self._store.history(machine_name).unreadable]
        for path in sorted((self._suite.results_dir / machine_name / ratio_file.FOLDER).glob(f"*{ratio_file.SUFFIX}")):
            try:
                ratio_file.read(path)
            except RetrospeedError as error:
                found.append(str(error))
        return found

    def _judge(self) -> None:
        request, night, kept = self._request, self._night, self._state
        suspects = suspicion.merged(self._suspects())
        inquiry = Inquiry(
            kept,
            Means(
                suite=self._suite,
                repository=self._repository,
                environment=request.environment,
                thresholds_file=request.thresholds_file,
                rounds=request.rounds,
                issue_dir=request.issue_dir or self._suite.root / ".asv" / "retrospeed" / "nightly" / "issues",
                watcher=self._listeners.watcher,
                progress=self._listeners.progress,
                tell=self._listeners.tell,
            ),
        )
        known = set(kept.cases)
        inquiry.look_into(suspects)
        night.missing += inquiry.missing
        last = self._last_with_values()
        if last:
            night.missing += standing.review(kept, self._suite, last, inquiry.keys, request.forge)
        if request.forge is not None:
            night.missing += filing.file(standing.standing(kept), request.forge)
        self._save()
        # What an earlier night found is told again while watch sees it, or while it stands.
        standing_keys = [key for key, _ in standing.standing(kept)]
        told = dict.fromkeys(key for key in (*inquiry.keys, *standing_keys) if not kept.cases[key].ended_by)
        night.cases += [kept.cases[key] for key in told]
        night.known += [kept.cases[key] for key in told if key in known]
        night.ended += [case for case in kept.cases.values() if last and case.ended_by == last]

    def _suspects(self) -> list[Suspect]:
        request, night = self._request, self._night
        selection = Selection.of("|".join(request.bench) or None, None, request.environment)
        suspects: list[Suspect] = []
        hows = []
        line = self._line()
        looks: tuple[Callable[[], Suspicion], ...] = (
            lambda: suspicion.by_comparison(self._suite, self._state.machine, line, selection, request.thresholds_file),
            lambda: suspicion.by_history(
                self._suite, self._state.machine, selection, request.thresholds_file, request.since
            ),
        )
        for look in looks:
            try:
                found = look()
            except RetrospeedError as error:
                night.unjudged = True
                night.missing.append(f"a look at the results: {error}")
                continue
            suspects += found.suspects
            told = " ".join(night.failing)
            night.failing += [one for one in found.failing if one.removesuffix(" fails") not in told]
            night.gone += found.gone
            night.unsure += found.unsure
            night.skipped += [one for one in found.skipped if one not in night.skipped]
            hows.append(found.how)
        night.judged_by = "; ".join(hows)
        return suspects

    def _line(self) -> Sequence[str]:
        """The commits to judge, each by the one before it: from the last one judged, or measured, before tonight."""
        kept = self._state
        line = self._first_parents()
        tonight = {one.commit for one in kept.commits}
        measured = set(self._store.commits(kept.machine))
        start = line.index(kept.judged) if kept.judged in line else 0
        chosen = []
        for place, commit in enumerate(line):
            if commit in tonight or commit[:8] in measured:
                chosen.append(commit)
            if place >= start and commit not in tonight and has_values(self._store, kept.machine, commit):
                break
        return chosen[::-1]

    def _last_with_values(self) -> str:
        return next((c for c in self._first_parents() if has_values(self._store, self._state.machine, c)), "")

    def _first_parents(self) -> list[str]:
        return git(self._repository, "rev-list", "--first-parent", self._newest).split()
