"""Looks into suspects: measures them again, finds the commit, and the function; each answer is a case, and kept.

A suspect is measured afresh before anything is concluded from it. Of the benchmarks that are confirmed the worst is
bisected and explained; the others are laid to the same commit only if they show the change there too.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from retrospeed.asv_config import Suite
from retrospeed.bisect import verdict as bisect_verdict
from retrospeed.bisect import wording
from retrospeed.bisect.request import Request, Watcher
from retrospeed.bisect.run import Found, run
from retrospeed.bisect.search import Kind
from retrospeed.comparison import Class
from retrospeed.errors import RetrospeedError
from retrospeed.explain.explanation import Explanation, explain
from retrospeed.explain.sources import git
from retrospeed.gate import builds, limits
from retrospeed.gate.judge_series import Finding
from retrospeed.gate.run import Progress
from retrospeed.nightly import case_text
from retrospeed.nightly.request import Tell
from retrospeed.nightly.state import CaseRecord, State, case_key, save
from retrospeed.nightly.suspicion import Suspect
from retrospeed.watch.measure import RestlessError, measured_again

MOST_CASES = 8
"""Suspects looked into in one night; each takes minutes. The others are listed, and come first in the next one."""
MOST_MEASURED = 8
"""Benchmarks of a suspect that are measured again, the worst ones."""
_WORSE = (Class.SEVERE, Class.WARNING)


@dataclass(frozen=True)
class Means:
    """What an inquiry works with."""

    suite: Suite
    repository: Path
    environment: str | None
    thresholds_file: Path | None
    rounds: int
    issue_dir: Path
    watcher: Watcher
    progress: Progress
    tell: Tell


@dataclass
class Inquiry:
    """What tonight's suspects come to."""

    state: State
    means: Means
    keys: list[str] = field(default_factory=list)
    """Of the cases that the suspects are, also of those looked into in an earlier night."""
    missing: list[str] = field(default_factory=list)
    """A line for all that went wrong or was left."""

    def look_into(self, suspects: Sequence[Suspect]) -> None:
        """Look into every suspect that was not looked into before; the state is saved after each."""
        waiting, looked_into = list(suspects), 0
        while waiting:
            suspect = self._new(waiting.pop(0))
            if suspect is None:
                continue
            if looked_into >= MOST_CASES:
                self._leave(suspect.names, suspect, f"{MOST_CASES} others were looked into first")
                continue
            looked_into += 1
            names, others = suspect.names[:MOST_MEASURED], suspect.names[MOST_MEASURED:]
            waiting[:0] = self._one(replace(suspect, names=names))
            if others:
                self._leave(others, suspect, f"{MOST_MEASURED} worse ones of the same commits were")
            save(self.state, self.means.suite.root)

    def _new(self, suspect: Suspect) -> Suspect | None:
        """What of a suspect belongs to no case yet."""
        between = self._between(suspect)
        left = []
        for name in suspect.names:
            key = next((key for key, case in self.state.cases.items() if self._covers(case, name, between)), None)
            if key is None:
                left.append(name)
            elif key not in self.keys:
                self.keys.append(key)
        return replace(suspect, names=tuple(left)) if left else None

    def _covers(self, case: CaseRecord, name: str, between: set[str]) -> bool:
        """Whether a case has the answer for a benchmark between these commits."""
        if case.culprit and name in (case.benchmark, *case.also):
            return case.culprit in between
        if name not in (case.benchmark, *case.also, *case.cleared):
            return False
        return between <= self._between(case)

    def _between(self, ends: Suspect | CaseRecord) -> set[str]:
        """The commits in question."""
        return set(git(self.means.repository, "rev-list", f"{ends.good}..{ends.bad}").split())

    def _leave(self, names: Sequence[str], suspect: Suspect, why: str) -> None:
        for name in names:
            command = shlex.join(["retrospeed", "bisect", suspect.span, name])
            self.missing.append(f"{name} was not looked into, {why}: {command}")

    def _one(self, suspect: Suspect) -> list[Suspect]:
        """Look into one suspect; what of it turns out to have another cause is a suspect of its own."""
        self.means.tell(f"measuring again what may have changed in {suspect.span}: {', '.join(suspect.names)}")
        try:
            findings = self._again(suspect)
            worse = [name for name, one in findings.items() if one.classification in _WORSE]
            cleared = [n for n, one in findings.items() if one.classification in (Class.UNCHANGED, Class.IMPROVED)]
            doubtful = [name for name in suspect.names if name not in (*worse, *cleared)]
            if not worse and not doubtful:
                self._keep(case_text.not_reproduced(suspect, cleared))
                return []
            if worse:
                self._leave(doubtful, suspect, "fresh pairs leave it open")
            lead, *others = worse or doubtful
            self.means.tell(f"bisecting {suspect.span}: {lead}")
            found = run(self._request(suspect, lead), self.means.watcher)
        except RetrospeedError as error:
            self.missing.append(f"{', '.join(suspect.names)} in {suspect.span} could not be looked into: {error}")
            self._keep(case_text.unanswered(suspect, str(error)))
            return []
        case = CaseRecord(
            benchmark=lead,
            good=suspect.good,
            bad=suspect.bad,
            classification=str(bisect_verdict.classification(found)),
            headline=wording.headline(found),
            cleared=cleared,
        )
        left = others
        if found.answer.kind is Kind.CULPRIT:
            case.culprit = found.commits[found.answer.high].hash
            left = self._laid_to_it(case, found, others, findings)
            known = next((key for key, one in self.state.cases.items() if self._same(one, case)), None)
            if known is not None:
                # People have been told of this commit; they are told what else it did, not of another issue.
                self.state.cases[known].also |= {lead: case.headline, **case.also}
                self.keys += [known] * (known not in self.keys)
                return [replace(suspect, names=(name,)) for name in left]
        explanation = self._explained(case, found) if case.classification in _WORSE and case.culprit else None
        if case.classification in _WORSE:
            case_text.write_issue(case, found, explanation, self.means.issue_dir)
        self._keep(case)
        return [replace(suspect, names=(name,)) for name in left]

    def _again(self, suspect: Suspect) -> dict[str, Finding]:
        """What fresh pairs show; nothing on a restless machine, and then the search for the commit has to tell."""
        try:
            return self._measured(suspect.names, suspect.good, suspect.bad, self_test=True)
        except RestlessError as error:
            self.means.tell(str(error))
            return {}

    def _measured(self, names: Sequence[str], base: str, head: str, *, self_test: bool) -> dict[str, Finding]:
        means = self.means
        found = measured_again(
            means.suite,
            base,
            head,
            names,
            means.progress,
            environment=means.environment,
            thresholds_file=means.thresholds_file,
            self_test=self_test,
        )
        return {str(one.key): one for one in found}

    def _request(self, suspect: Suspect, name: str) -> Request:
        return Request(
            f"{suspect.good}..{suspect.bad}",
            case_text.exactly(name),
            self.means.suite.config_file,
            self.means.environment,
            "worse",
            # Of one commit there is nothing to guess.
            guess_from_asv=len(self._between(suspect)) > 1,
            thresholds_file=self.means.thresholds_file,
        )

    def _laid_to_it(
        self, case: CaseRecord, found: Found, others: Sequence[str], findings: dict[str, Finding]
    ) -> list[str]:
        """Put the benchmarks that changed at the culprit too into the case; those left have changed elsewhere."""
        parent = found.commits[found.answer.low].hash
        if others and (parent, case.culprit) != (case.good, case.bad):
            try:
                # The machine has shown a moment ago that it can be trusted.
                findings = self._measured(others, parent, case.culprit, self_test=False)
            except RetrospeedError as error:
                self.missing.append(f"{', '.join(others)} could not be measured at {case.culprit[:8]}: {error}")
                return []
        left = []
        for name in others:
            one = findings.get(name)
            if one is not None and one.classification in _WORSE:
                case.also[name] = case_text.finding_in_words(one)
            else:
                left.append(name)
        return left

    def _same(self, one: CaseRecord, case: CaseRecord) -> bool:
        return one.culprit == case.culprit and one.classification in _WORSE and case.classification in _WORSE

    def _explained(self, case: CaseRecord, found: Found) -> Explanation | None:
        means, base = self.means, found.commits[found.answer.low].hash
        means.tell(f"explaining {case.culprit[:8]}")
        command = shlex.join(["retrospeed", "explain", case.culprit[:8], case.benchmark, "--against", base[:8]])
        try:
            built = builds.build(means.suite.config_file, base, case.culprit, means.environment)
            rules = limits.load(means.thresholds_file, means.suite.benchmark_dir)
            explanation = explain(built, means.repository, case.benchmark, rules, means.rounds, command, means.progress)
        except RetrospeedError as error:
            self.missing.append(f"{case.benchmark} could not be explained: {error}")
            return None
        case.cause = explanation.cause.sentence
        return explanation

    def _keep(self, case: CaseRecord) -> None:
        key = case_key(case.benchmark, case.good, case.bad)
        self.state.cases[key] = case
        self.keys += [key] * (key not in self.keys)
