"""From what a person types (HEAD, a branch, a short hash) to a commit that was measured."""

import subprocess
from pathlib import Path

from retrospeed.asv_config import Suite
from retrospeed.errors import RevisionError
from retrospeed.result_store import ResultStore

_SHORTEST_PREFIX = 4


def full_hash(repository: Path | None, revision: str) -> str | None:
    """The full hash of the commit that git means by `revision`, None if git knows none."""
    if repository is None or revision.startswith("-"):
        return None
    command = ["git", "-C", str(repository), "rev-parse", "--verify", "--quiet", revision + "^{commit}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def measured(suite: Suite, store: ResultStore, machine: str, revision: str | None) -> str:
    """A hash, full if git knows the commit, of a commit measured on `machine`; of the newest, if `revision` is None.

    Results can outlive the commits they came from (a rebased branch, a repository that is not here), so a prefix
    of a measured commit is taken as well. Raises RevisionError listing what there is.
    """
    if revision is None:
        return store.newest(machine)
    commits = store.commits(machine)
    commit = full_hash(suite.repository, revision)
    if commit is not None:
        if commit[:8] in commits:
            return commit
        raise RevisionError(
            f"{revision} ({commit[:8]}) was not measured on {machine}: run `asv run '{revision}^!'`; "
            f"measured: {store.listing(machine)}."
        )
    digits = revision.lower()
    matches = [known for known in commits if known.startswith(digits[:8])] if len(digits) >= _SHORTEST_PREFIX else []
    if len(matches) == 1:
        return digits if len(digits) > 8 else matches[0]
    if matches:
        raise RevisionError(f"{revision} could be one of several measured commits: {', '.join(matches)}.")
    raise RevisionError(
        f"{revision} names neither a commit of the repository nor one measured on {machine}; "
        f"measured: {store.listing(machine)}."
    )


def previous(suite: Suite, store: ResultStore, machine: str, revision: str) -> str | None:
    """The nearest ancestor of `revision` that was measured on `machine`, by its full hash; None if there is none.

    Raises RevisionError if git does not know `revision`.
    """
    commit = full_hash(suite.repository, revision)
    if commit is None:
        raise RevisionError(f"{revision} names no commit of the repository, so nothing comes before it.")
    command = ["git", "-C", str(suite.repository), "rev-list", "--topo-order", commit]
    ancestors = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    commits = set(store.commits(machine))
    return next((ancestor for ancestor in ancestors[1:] if ancestor[:8] in commits), None)
