"""A progress bar with the time left, on stderr, where it does not mix with the verdict.

Where stderr is no terminal (a CI log), each decided series gets a line instead.
"""

import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Bar:
    """Counts series; the one being measured moves it by the share of its pairs that are taken."""

    def __init__(self, check: Callable[[], None]) -> None:
        """`check` is called after each pair; it raises KeyboardInterrupt if the run was asked to end."""
        self._check = check
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._log = None if console.is_terminal else console
        self._task = self._bar.add_task("building")
        self._done, self._all = 0, 0
        self._name = ""
        self._started = time.monotonic()

    def __enter__(self) -> "Bar":
        self._bar.start()
        self._tell("building both commits")
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def importing(self) -> None:
        """Both commits are built, and import the suite."""
        self._bar.update(self._task, description="importing the suite")
        self._tell("built; importing the suite")

    def begin(self, series: int) -> None:
        """So many series will be measured."""
        self._all = series
        self._bar.reset(self._task, total=series, description="measuring")
        self._tell(f"measuring {series} series")

    def measuring(self, name: str, taken: int, asked: int) -> None:
        """A pair was taken of this series."""
        self._check()
        self._name = f"{name} ({taken} pairs)"
        share = taken / asked if asked else 1.0
        self._bar.update(self._task, completed=self._done + share, description=f"{name} {taken}/{asked}"[-60:])

    def done(self) -> None:
        """A series is decided."""
        self._done += 1
        self._bar.update(self._task, completed=self._done)
        self._tell(f"{self._done} of {self._all}: {self._name}")

    def _tell(self, what: str) -> None:
        if self._log is not None:
            self._log.print(f"{time.monotonic() - self._started:6.0f} s  {what}", markup=False)
