"""How a backfill goes, on stderr: a bar with the time left on a terminal, elsewhere a line for each event."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from retrospeed.interruption import Interruption

_ROOM = 60


class Bar:
    """Counts commits. To be used as a context."""

    def __init__(self, interruption: Interruption) -> None:
        self._interruption = interruption
        console = self._console = Console(stderr=True, soft_wrap=True, highlight=False)
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("connecting", total=None)
        self._started = time.monotonic()

    def __enter__(self) -> "Bar":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def check(self) -> None:
        """Raise KeyboardInterrupt if the backfill was asked to end."""
        self._interruption.check()

    def note(self, text: str) -> None:
        """Print a line."""
        prefix = "" if self._console.is_terminal else f"{time.monotonic() - self._started:6.0f} s  "
        self._console.print(f"{prefix}{text}", markup=False)

    def state(self, done: int, total: int, running: str) -> None:
        """Show how far it is."""
        self._bar.update(self._task, completed=done, total=total or None, description=running[:_ROOM])
