"""A progress bar with the time left, on stderr, where it does not mix with the verdict."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Bar:
    """Counts series; the one being measured moves it by the share of its pairs that are taken."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._bar.add_task("building")
        self._done = 0

    def __enter__(self) -> "Bar":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begin(self, series: int) -> None:
        """So many series will be measured."""
        self._bar.reset(self._task, total=series, description="measuring")

    def measuring(self, name: str, taken: int, asked: int) -> None:
        """A pair was taken of this series."""
        share = taken / asked if asked else 1.0
        self._bar.update(self._task, completed=self._done + share, description=f"{name} {taken}/{asked}"[-60:])

    def done(self) -> None:
        """A series is decided."""
        self._done += 1
        self._bar.update(self._task, completed=self._done)
