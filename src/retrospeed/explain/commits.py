"""The commit to explain, and the one it is compared with."""

from dataclasses import dataclass
from pathlib import Path

from retrospeed import revision
from retrospeed.errors import RetrospeedError
from retrospeed.explain.sources import git


@dataclass(frozen=True)
class Commit:
    """A commit, and how people know it."""

    hash: str
    subject: str
    date: str
    """ISO 8601, of the author."""

    @property
    def short(self) -> str:
        """As asv abbreviates it."""
        return self.hash[:8]


def pair_of_commits(repository: Path, culprit: str, against: str | None) -> tuple[str, str]:
    """Full hashes of the commit to compare with, and of the culprit.

    Raises RetrospeedError if `culprit` has no parent, or several and `against` does not say which.
    """
    head = revision.full_hash(repository, culprit)
    if head is None:
        raise RetrospeedError(f"The repository has no commit {culprit}.")
    if against is not None:
        base = revision.full_hash(repository, against)
        if base is None:
            raise RetrospeedError(f"The repository has no commit {against}, named by --against.")
        return base, head
    parents = git(repository, "rev-list", "--parents", "-n", "1", head).split()[1:]
    if not parents:
        raise RetrospeedError(
            f"{culprit} ({head[:8]}) is the first commit: nothing comes before it that it could be slower than."
        )
    if len(parents) > 1:
        short = ", ".join(parent[:8] for parent in parents)
        raise RetrospeedError(
            f"{culprit} ({head[:8]}) is a merge of {len(parents)} commits ({short}): name the one to compare with, "
            f"for instance --against {parents[0][:8]}."
        )
    return parents[0], head


def described(repository: Path, commit: str) -> Commit:
    """A commit by its full hash."""
    subject, date = git(repository, "log", "-1", "--format=%s%x00%aI", commit).rstrip("\n").split("\0")
    return Commit(commit, subject, date)
