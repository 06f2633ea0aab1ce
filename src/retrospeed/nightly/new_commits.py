"""Which commits a night has to measure."""

from pathlib import Path

from asv.config import Config
from asv.repo import get_repo
from asv.util import ProcessError, UserError

from retrospeed import asv_config, revision
from retrospeed.asv_config import Suite
from retrospeed.errors import RetrospeedError
from retrospeed.explain.sources import git
from retrospeed.nightly.state import CommitRecord, Outcome, State
from retrospeed.result_store import ResultStore


def fetched(suite: Suite) -> Path:
    """The repository that is measured; asv's clone of one that is elsewhere has been brought up to date.

    Raises RetrospeedError if it is neither here nor can be cloned.
    """
    try:
        repo = get_repo(Config.load(str(suite.config_file)))
        own = suite.root / str(suite.project)
        if suite.repository is None or suite.repository.resolve() == own.resolve():
            repo.pull()
    except (UserError, ProcessError, OSError) as error:
        raise RetrospeedError(f"The repository of {suite.config_file} could not be fetched: {error}") from error
    found = asv_config.load(suite.config_file).repository
    if found is None:
        raise RetrospeedError(f"The repository of {suite.config_file} is not here and asv could not clone it.")
    return found


def tip(suite: Suite, repository: Path) -> str:
    """Full hash of the newest commit of the first branch that the configuration names, or of HEAD.

    Raises RetrospeedError if there is no such branch.
    """
    for name in [*Config.load(str(suite.config_file)).branches, "HEAD"]:
        for candidate in (name, f"origin/{name}"):
            commit = revision.full_hash(repository, candidate) if name else None
            if commit is not None:
                return commit
    raise RetrospeedError(f"The repository {repository} has none of the branches that {suite.config_file} names.")


def plan(state: State, suite: Suite, repository: Path, newest: str, since: str | None) -> bool:
    """Add what is new to the commits of `state`; false if there is nothing yet that it could be compared with.

    New is what follows the last commit measured on this machine, along first parents, up to `newest`; `since` names
    another start. Where nothing was measured before, only `newest` is. Raises RetrospeedError.
    """
    start = _start(state, suite, repository, newest, since)
    if start is None:
        found = [newest]
    else:
        found = git(repository, "rev-list", "--first-parent", "--reverse", f"{start}..{newest}").split()
    # Those of a night that was broken off are still there, measured or not: they have not been judged.
    known = {one.commit for one in state.commits}
    state.commits += [CommitRecord(commit=commit) for commit in found if commit not in known]
    return start is not None


def _start(state: State, suite: Suite, repository: Path, newest: str, since: str | None) -> str | None:
    if since is not None:
        commit = revision.full_hash(repository, since)
        if commit is None:
            raise RetrospeedError(f"The repository has no commit {since}, named by --since.")
        return commit
    done = set(ResultStore(suite.results_dir).commits(state.machine))
    # A commit that was broken off has results too, but not all of them.
    done -= {one.commit[:8] for one in state.commits if one.outcome is Outcome.PENDING}
    # One of which not even a failure could be stored is not tried every night.
    done |= {state.judged[:8]} - {""}
    line = git(repository, "rev-list", "--first-parent", newest).split()
    return next((commit for commit in line if commit[:8] in done), None)
