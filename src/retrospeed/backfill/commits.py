"""The commits of a range as git means it, and the order that soonest shows the whole of it."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retrospeed.errors import RevisionError


@dataclass(frozen=True)
class Commit:
    """One commit of the first-parent line."""

    hash: str
    subject: str

    def __str__(self) -> str:
        return self.hash[:8]


def commits_of(repository: Path, wanted: str) -> list[Commit]:
    """The commits that `asv run RANGE` would measure, oldest first, along first parents.

    As for git, ``A..B`` leaves A out, ``A^!`` is A alone, and a revision by itself is all its history. Raises
    RevisionError.
    """
    if wanted.startswith("-"):
        raise RevisionError(f"{wanted!r} is not a range of commits; write A..B, or A^! for one.")
    command = ["git", "-C", str(repository), "log", "--first-parent", "--reverse", "--format=%H%x1f%s", wanted, "--"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["git gave no reason"])[0].removeprefix("fatal: ")
        raise RevisionError(f"{wanted} names no commits of {repository}: {reason}.")
    found = [Commit(*line.split("\x1f", 1)) for line in done.stdout.splitlines()]
    if not found:
        raise RevisionError(f"{wanted} holds no commit; A..B leaves A out, and A^! is A alone.")
    return found


def coarse_first(commits: Sequence[Commit]) -> list[Commit]:
    """The same commits: the newest, the oldest, then the middle of every gap, the widest gaps first.

    A backfill that is broken off has then sampled the whole history, not one end of it.
    """
    if len(commits) < 3:
        return list(reversed(commits))
    order = [len(commits) - 1, 0]
    gaps = [(0, len(commits) - 1)]
    while gaps:
        halves: list[tuple[int, int]] = []
        for low, high in gaps:
            middle = (low + high) // 2
            if middle > low:
                order.append(middle)
                halves += [(low, middle), (middle, high)]
        gaps = halves
    return [commits[index] for index in order]
