"""How the search goes, on stderr: on a terminal one line that changes, elsewhere a line for each commit probed."""

from collections.abc import Sequence

from rich.console import Console
from rich.status import Status
from rich.text import Text

from retrospeed.bisect.commits import Commit
from retrospeed.bisect.observation import Probe
from retrospeed.bisect.search import Step
from retrospeed.interruption import Interruption

_SUBJECT = 50


class ProgressLine:
    """Tells people. To be used as a context."""

    def __init__(self, interruption: Interruption) -> None:
        self._interruption = interruption
        self._console = Console(stderr=True)
        self._status = Status("building both ends", console=self._console)
        self._commits: Sequence[Commit] = ()
        self._last: tuple[int, int, bool] | None = None
        self._pairs_here = 0

    def __enter__(self) -> "ProgressLine":
        if self._console.is_terminal:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def preparing(self, commits: Sequence[Commit]) -> None:
        """The two ends are built."""
        self._commits = commits
        self.note(f"{len(commits) - 1} commits after {commits[0]}, up to {commits[-1]}; building both ends")

    def probing(self, commit: Commit, probe: Probe, step: Step, measured: int) -> None:
        """A pair is about to be taken."""
        self._interruption.check()
        # The two ends are measured in turns with the noise: together they are one thing to tell.
        at_ends = probe.high == 0 or (probe.low, probe.high) == (0, len(self._commits) - 1)
        place = (0, 0, False) if at_ends and not probe.confirms else (probe.low, probe.high, probe.confirms)
        self._pairs_here = self._pairs_here + 1 if place == self._last else 1
        text = f"{self._what(commit, probe)}, pair {self._pairs_here}; {measured} measured; {self._belief(step)}"
        if self._console.is_terminal:
            self._status.update(Text(text))
        elif place != self._last:
            self._print(text)
        self._last = place

    def unmeasurable(self, commit: Commit, why: str) -> None:
        """A commit cannot be measured."""
        self.note(f"{commit} cannot be measured ({why}); its neighbours stand for it")

    def note(self, text: str) -> None:
        """A line of its own."""
        self._print(text)

    def _what(self, commit: Commit, probe: Probe) -> str:
        if probe.high == 0 and not self._console.is_terminal:
            return "GOOD against itself and against BAD"
        if probe.high == 0:
            return "GOOD against itself"
        if probe.high == len(self._commits) - 1 and probe.low == 0 and not probe.confirms:
            return "BAD against GOOD"
        subject = commit.subject[:_SUBJECT]
        if probe.confirms:
            return f"confirming {commit} ({subject}) against {self._commits[probe.low]}"
        return f"{commit} ({subject}) against GOOD"

    def _belief(self, step: Step) -> str:
        if step.belief is None:
            return "nothing known yet"
        if step.suspect is None or step.belief.none > step.belief.within(*step.suspect):
            return f"best: none, {step.belief.none:.0%}"
        low, high = step.suspect
        return f"best: {self._commits[high]}, {step.belief.within(low, high):.0%}"

    def _print(self, text: str) -> None:
        self._console.print(Text(text), soft_wrap=True, highlight=False)
