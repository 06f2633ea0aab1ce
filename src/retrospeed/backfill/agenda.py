"""Which commit a machine measures next."""

from collections import deque
from collections.abc import Callable, Sequence

from retrospeed.backfill.commits import Commit


class Agenda:
    """The commits still to be handed out, in the order given: each once, or each once to every machine."""

    def __init__(self, commits: Sequence[Commit], *, every_machine: bool) -> None:
        self.commits = tuple(commits)
        self.every_machine = every_machine
        self._waiting: dict[str, deque[Commit]] = {}

    def join(self, machine: str) -> bool:
        """A machine may be given commits from now on; whether that adds to what is to be done."""
        key = self._key(machine)
        if key in self._waiting:
            return False
        self._waiting[key] = deque(self.commits)
        return True

    def next(self, machine: str, suits: Callable[[Commit], bool] = lambda _: True) -> Commit | None:
        """Take the next commit for this machine, of those that suit it; None if there is none."""
        waiting = self._waiting.get(self._key(machine), deque())
        for commit in waiting:
            if suits(commit):
                waiting.remove(commit)
                return commit
        return None

    def give_back(self, commit: Commit, machine: str) -> None:
        """It is done again, before all others."""
        self._waiting[self._key(machine)].appendleft(commit)

    def left(self, machine: str | None = None) -> int:
        """How many commits wait, for one machine or in all."""
        if machine is not None:
            return len(self._waiting.get(self._key(machine), ()))
        return sum(len(waiting) for waiting in self._waiting.values())

    def rest(self) -> list[tuple[Commit, str]]:
        """Those that were not handed out, with the machine; "" where any would do."""
        if not self._waiting and not self.every_machine:
            return [(commit, "") for commit in self.commits]
        return [(commit, machine) for machine, waiting in self._waiting.items() for commit in waiting]

    def _key(self, machine: str) -> str:
        return machine if self.every_machine else ""
