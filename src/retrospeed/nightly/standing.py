"""Which cases of earlier nights still stand: a regression is no better for having been told before."""

from collections.abc import Collection, Iterator
from pathlib import Path

from retrospeed import revision
from retrospeed.asv_config import Suite
from retrospeed.comparison import Class
from retrospeed.errors import RetrospeedError
from retrospeed.measurement import Outcome, SeriesKey
from retrospeed.nightly.forge import Forge
from retrospeed.nightly.state import CaseRecord, State
from retrospeed.result_store import ResultStore
from retrospeed.watch import ratio_file

LEFT = 0.5
"""Part of the step that has to be gone from the newest commit for a case to be ended."""
_WORSE = (Class.SEVERE, Class.WARNING)


def review(state: State, suite: Suite, newest: str, seen: Collection[str], forge: Forge | None) -> list[str]:
    """Note which cases have ended or were accepted; a line for what could not be found out.

    `newest` is the full hash of the newest commit with values; `seen` are the keys of the cases that are tonight's
    suspects: one of these that had ended begins anew if the step is back.
    """
    missing = []
    for key, case in state.cases.items():
        if case.classification not in _WORSE or case.accepted:
            continue
        gone = case.bad != newest and is_gone(case, suite, state.machine, newest)
        if gone and not case.ended_by:
            case.ended_by = newest
        elif not gone and key in seen:
            case.ended_by = ""
        if not case.ended_by and forge is not None and case.issue_url:
            try:
                case.accepted = forge.is_closed(issue_key(key, case))
            except RetrospeedError as error:
                missing.append(f"whether the issue {case.issue_url} was closed: {error}")
    return missing


def standing(state: State) -> Iterator[tuple[str, CaseRecord]]:
    """The cases that are worse and have neither ended nor been accepted."""
    for key, case in state.cases.items():
        if case.classification in _WORSE and not case.ended_by and not case.accepted:
            yield key, case


def accept(state: State, repository: Path, names: tuple[str, ...]) -> None:
    """Accept all cases of these commits. Raises RetrospeedError for one that no case names."""
    for name in names:
        commit = revision.full_hash(repository, name)
        cases = [case for case in state.cases.values() if commit is not None and case.culprit == commit]
        if not cases:
            known = sorted({case.culprit[:8] for _, case in standing(state) if case.culprit})
            raise RetrospeedError(
                f"No case names {name}, given with --accept; there are cases of: {', '.join(known) or 'no commit'}."
            )
        for case in cases:
            case.accepted = True


def issue_key(key: str, case: CaseRecord) -> str:
    """What an issue is known by: one for each culprit, whichever benchmark showed it first."""
    return case.culprit or key


def is_gone(case: CaseRecord, suite: Suite, machine: str, newest: str) -> bool:
    """Whether less than half of the step is left at `newest`, by ratios to the reference if all three have them."""
    commits = (case.good, case.bad, newest)
    for levels in (_ratios(case, suite, machine, commits), _values(case, suite, machine, commits)):
        if levels is not None:
            good, bad, now = levels
            return bad != good and (now - good) / (bad - good) < LEFT
    return False


_Levels = tuple[float, float, float]
_Found = dict[str, dict[str, float]]
"""By what can be compared, by commit: a value."""


def _values(case: CaseRecord, suite: Suite, machine: str, commits: tuple[str, str, str]) -> _Levels | None:
    """The stored values at three commits, in one environment; None if one has none."""
    store = ResultStore(suite.results_dir)
    found: _Found = {}
    for commit in commits:
        try:
            results = store.load(machine, commit)
        except RetrospeedError:
            return None
        for one in results:
            measured = next((value for key, value in one.series.items() if str(key) == case.benchmark), None)
            if measured is not None and measured.outcome is Outcome.MEASURED and measured.value is not None:
                found.setdefault(one.environment, {})[commit] = measured.value
    return _whole(found, commits)


def _ratios(case: CaseRecord, suite: Suite, machine: str, commits: tuple[str, str, str]) -> _Levels | None:
    """The ratios of three commits to the same reference, in one environment; None if one has none."""
    folder = suite.results_dir / machine / ratio_file.FOLDER
    found: _Found = {}
    for commit in commits:
        for path in folder.glob(f"{commit[:8]}-*{ratio_file.SUFFIX}"):
            try:
                file = ratio_file.read(path)
            except RetrospeedError:
                continue
            ratio = next((one.ratio for one in file.series if _name(one) == case.benchmark), None)
            if ratio is not None:
                levels = found.setdefault(f"{file.environment} {file.reference}", {file.reference: 1.0})
                levels[commit] = ratio
    return _whole(found, commits)


def _name(one: ratio_file.PairedValues) -> str:
    return str(SeriesKey(one.benchmark, tuple(one.params)))


def _whole(found: _Found, commits: tuple[str, str, str]) -> _Levels | None:
    good, bad, now = commits
    for levels in found.values():
        if {*commits} <= levels.keys():
            return levels[good], levels[bad], levels[now]
    return None
