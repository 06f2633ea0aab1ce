"""The commits of a range, oldest first, as git tells of them."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from retrospeed.errors import RevisionError
from retrospeed.revision import full_hash

_RECORD, _FIELD = "\x1e", "\x1f"


@dataclass(frozen=True)
class Commit:
    """One commit of the first-parent line, and what it changed against its first parent."""

    hash: str
    subject: str
    files: tuple[str, ...] = ()
    lines: int = 0
    """Lines added and removed; a binary file counts as one."""

    def __str__(self) -> str:
        return self.hash[:8]


def commits_in(repository: Path, wanted: str) -> list[Commit]:
    """GOOD and all commits after it up to BAD, for a range as typed, ``GOOD..BAD``; a side left out is HEAD.

    Along first parents: a merge counts as one commit, since what it brought in was never installed by itself on this
    line. Raises RevisionError.
    """
    good_name, dots, bad_name = wanted.partition("..")
    if not dots or bad_name.startswith("."):
        raise RevisionError(f"{wanted!r} is not a range; write GOOD..BAD, such as v1.0..HEAD.")
    good, bad = _hash(repository, good_name or "HEAD"), _hash(repository, bad_name or "HEAD")
    if good == bad:
        raise RevisionError(f"{wanted} holds no commit: both ends are {good[:8]}.")
    if _git(repository, "merge-base", "--is-ancestor", good, bad).returncode != 0:
        raise RevisionError(
            f"{good_name or 'HEAD'} ({good[:8]}) is not an ancestor of {bad_name or 'HEAD'} ({bad[:8]}), so no commit "
            "lies on the way from one to the other; use their merge base (`git merge-base`) as GOOD."
        )
    first = _log(repository, "--no-walk", good)[0]
    return [Commit(first.hash, first.subject), *_log(repository, "--first-parent", "--reverse", f"{good}..{bad}")]


def _hash(repository: Path, name: str) -> str:
    found = full_hash(repository, name)
    if found is None:
        raise RevisionError(f"{name} names no commit of {repository}.")
    return found


def _log(repository: Path, *arguments: str) -> list[Commit]:
    shape = f"--format={_RECORD}%H{_FIELD}%s{_FIELD}"
    done = _git(repository, "log", "--numstat", "--no-renames", "--diff-merges=first-parent", shape, *arguments)
    if done.returncode != 0:
        raise RevisionError(f"git cannot list the commits of {repository}: {done.stderr.strip()}.")
    return [_commit(record) for record in done.stdout.split(_RECORD)[1:]]


def _commit(record: str) -> Commit:
    name, subject, changes = record.split(_FIELD, 2)
    files, lines = [], 0
    for row in changes.splitlines():
        added, _, rest = row.partition("\t")
        removed, _, path = rest.partition("\t")
        if path:
            files.append(path)
            lines += int(added) + int(removed) if added.isdigit() and removed.isdigit() else 1
    return Commit(name, subject, tuple(files), lines)


def _git(repository: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = ["git", "-C", str(repository), "-c", "core.quotePath=false", *arguments]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
