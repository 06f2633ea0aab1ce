"""Ratios of each new commit to a pinned reference: points that a drifting machine cannot move."""

from pathlib import Path

from retrospeed import revision
from retrospeed.asv_config import Suite
from retrospeed.errors import RetrospeedError
from retrospeed.nightly.request import Listeners, Request
from retrospeed.nightly.state import Outcome, State, save
from retrospeed.pairing import Selection
from retrospeed.watch import ratio_file
from retrospeed.watch.measure import store_ratios


def take(
    state: State,
    suite: Suite,
    repository: Path,
    newest: str,
    request: Request,
    listeners: Listeners,
    missing: list[str],
) -> None:
    """Measure every commit of this night that has results against the reference; what is stored is not measured again.

    The reference is the one asked for, else that of the nights before, else the oldest commit measured tonight.
    A line is added to `missing` for each commit that has no ratios in the end. Raises RetrospeedError if the reference
    asked for is no commit.
    """
    measured = [one.commit for one in state.commits if one.outcome is Outcome.MEASURED]
    if request.reference is not None:
        commit = revision.full_hash(repository, request.reference)
        if commit is None:
            raise RetrospeedError(f"The repository has no commit {request.reference}, named by --reference.")
        state.reference = commit
    state.reference = state.reference or _stored(suite, state.machine) or (measured or [newest])[0]
    save(state, suite.root)
    selection = Selection.of("|".join(request.bench) or None, None, None)
    for commit in measured:
        if commit == state.reference:
            continue
        listeners.tell(f"measuring {commit[:8]} against the reference {state.reference[:8]}")
        try:
            store_ratios(
                suite,
                state.machine,
                state.reference,
                commit,
                listeners.progress,
                environment=request.environment,
                selection=selection,
            )
        except RetrospeedError as error:
            missing.append(f"ratios of {commit[:8]} to {state.reference[:8]}: {error}")


def _stored(suite: Suite, machine: str) -> str:
    """The reference of the newest file of ratios that can be read; empty if there is none."""
    folder = suite.results_dir / machine / ratio_file.FOLDER
    for path in sorted(folder.glob(f"*{ratio_file.SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            return ratio_file.read(path).reference
        except RetrospeedError:
            continue
    return ""
