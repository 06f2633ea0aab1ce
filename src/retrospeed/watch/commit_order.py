"""The order of the commits: git's, never the clock's, so that a wrong date or a late measurement moves no point."""

import subprocess
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from retrospeed.errors import RevisionError

_DIGITS = 8


@dataclass(frozen=True)
class Commit:
    """A commit of the history, measured or not."""

    hash: str
    date: int
    """Seconds since the epoch."""
    subject: str = ""

    @property
    def short(self) -> str:
        """The first digits, as asv's result files are named."""
        return self.hash[:_DIGITS]


@dataclass(frozen=True)
class CommitOrder:
    """All commits from the first to the newest; a commit's position in it is the x axis of every series."""

    commits: tuple[Commit, ...]
    from_git: bool
    """False where the repository is not here: then only measured commits are known, by the dates in their files."""
    outside: tuple[str, ...] = ()
    """Measured commits that the history of HEAD does not contain: left out."""
    positions: Mapping[str, int] = field(default_factory=dict)
    """Position by the first digits of the hash."""

    def position(self, commit: str) -> int | None:
        """Where a commit stands, None if the history does not contain it."""
        return self.positions.get(commit[:_DIGITS])

    def between(self, good: int, bad: int) -> tuple[Commit, ...]:
        """The commits after position `good`, up to and with position `bad`."""
        return self.commits[good + 1 : bad + 1]


def order(repository: Path | None, dates: Mapping[str, int]) -> CommitOrder:
    """Order the measured commits, given with their dates (seconds) by hash.

    With a repository: the first parents of HEAD if they contain every measured commit, else all ancestors of HEAD in
    topological order. Without one, or if it knows none of the commits: by date.
    """
    if repository is not None:
        for options in (["--first-parent"], ["--topo-order"]):
            commits = _log(repository, options)
            known = {commit.short for commit in commits}
            outside = tuple(sorted(hash_ for hash_ in dates if hash_[:_DIGITS] not in known))
            if not outside:
                break
        if commits and len(outside) < len(dates):
            return _ordered(commits, from_git=True, outside=outside)
    listed = [Commit(hash_, date) for hash_, date in sorted(dates.items(), key=lambda item: (item[1], item[0]))]
    return _ordered(listed, from_git=False)


def since(repository: Path | None, ordered: CommitOrder, revision: str | None) -> int:
    """The position of `revision`: only what happened after it is told; -1 for everything. Raises RevisionError."""
    if revision is None:
        return -1
    found = None
    if repository is not None and not revision.startswith("-"):
        command = ["git", "-C", str(repository), "rev-parse", "--verify", "--quiet", revision + "^{commit}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = ordered.position(done.stdout.strip()) if done.returncode == 0 else None
    if found is None:
        matches = [p for digits, p in ordered.positions.items() if digits.startswith(revision[:_DIGITS].lower())]
        found = matches[0] if len(matches) == 1 and len(revision) >= 4 else None
    if found is None:
        raise RevisionError(f"{revision} names no commit of the history that the results are of; see --since.")
    return found


def _ordered(commits: Collection[Commit], *, from_git: bool, outside: tuple[str, ...] = ()) -> CommitOrder:
    positions = {commit.short: position for position, commit in enumerate(commits)}
    return CommitOrder(tuple(commits), from_git, outside, positions)


def _log(repository: Path, options: Collection[str]) -> list[Commit]:
    command = ["git", "-C", str(repository), "log", "--reverse", *options, "--format=%H%x00%ct%x00%s", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        return []
    lines = (line.split("\0", 2) for line in done.stdout.splitlines() if line.count("\0") >= 2)
    return [Commit(hash_, int(date), subject) for hash_, date, subject in lines]
