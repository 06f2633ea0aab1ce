"""Times a call by the wall, and how much of that the thread was ready to run and others had the CPU.

The gate runs two processes at once on a machine that may be busy: what each waits for a CPU is not its own, and it is
the tail that is full of it. Outside the gate nothing is known of waiting, and a wall is a wall.
"""

import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")

OWN_SHARE = 0.01
"""Of a measurement, how much processor time other threads of the process may take; with more, it may be these that the
thread waited for, which is the process's own affair."""


class Lap(NamedTuple):
    """Seconds of one call by the wall, and those of them in which it waited for a CPU."""

    wall: float
    waited: float


class Stopwatch:
    """Laps, one a call, until `seconds` says what they are."""

    def __init__(self, *, undisturbed: bool) -> None:
        """`undisturbed` takes off what was waited, on systems that count it (Linux)."""
        self._counter = _open_counter() if undisturbed else -1
        self._laps: list[Lap] = []
        self._others = _of_other_threads()

    def time(self, call: Callable[[T], Any], argument: T) -> None:
        """Call, and take the time of it."""
        waited = self._waited()
        start = time.perf_counter()
        call(argument)
        wall = time.perf_counter() - start
        self._laps.append(Lap(wall, self._waited() - waited))

    def seconds(self) -> list[float]:
        """Of each call since the last time this was asked."""
        laps, others = self._laps, _of_other_threads()
        own = others - self._others > OWN_SHARE * sum(lap.wall for lap in laps)
        self._laps, self._others = [], others
        # A wait longer than the call was none of the call's, but of reading the counter.
        return [wall if own or waited > wall else wall - waited for wall, waited in laps]

    def _waited(self) -> float:
        return 0.0 if self._counter < 0 else int(os.pread(self._counter, 64, 0).split()[1]) * 1e-9

    def __del__(self) -> None:
        if self._counter >= 0:
            os.close(self._counter)


def _open_counter() -> int:
    """The kernel's account of this thread (its documentation, scheduler/sched-stats); -1 where there is none."""
    try:
        return os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return -1


def _of_other_threads() -> float:
    return time.process_time() - time.thread_time()
