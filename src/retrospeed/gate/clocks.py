"""The clocks that a worker's benchmark is timed by: the benchmark's own, and beside it CPU time and waiting for a CPU.

Where other jobs want the CPU too, an iteration of a few milliseconds is hardly ever left alone, and the fastest of many
still holds some of what the others did.

A part of the worker, so it imports nothing but the standard library.
"""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable

READING_SECONDS = 2e-4
"""What reading the counter may take; longer, and the process was made to wait meanwhile."""


class Elapsed:
    """What timeit gets when it subtracts two readings of `Clocks`: seconds by the benchmark's clock, of CPU, and of
    waiting for a CPU, which is None where it is not known."""

    def __init__(self, wall: float, cpu: float, waited: float | None) -> None:
        self.wall = wall
        self.cpu = cpu
        self.waited = waited

    def __sub__(self, start: Elapsed) -> Elapsed:
        waited = None if self.waited is None or start.waited is None else self.waited - start.waited
        return Elapsed(self.wall - start.wall, self.cpu - start.cpu, waited)

    def __radd__(self, total: Elapsed | float) -> Elapsed:
        # asv_runner's timer for setups between calls adds the differences up, from 0.0.
        if isinstance(total, Elapsed):
            known = [one.waited for one in (self, total) if one.waited is not None]
            return Elapsed(self.wall + total.wall, self.cpu + total.cpu, sum(known) if known else None)
        return Elapsed(self.wall + total, self.cpu + total, self.waited)

    __add__ = __radd__

    def undisturbed(self) -> float:
        """Seconds by the benchmark's clock without those in which another process had the CPU.

        Never less than what the CPU worked.
        """
        return max(self.wall - (self.waited or 0.0), min(self.wall, self.cpu))


class Clocks:
    """A timer for timeit that reads three clocks; the benchmark's is always the one next to the timed statement."""

    def __init__(self, wall: Callable[[], float], waiting: Callable[[], float | None]) -> None:
        self._wall = wall
        # What is subtracted from a clock has to be of that clock.
        self._waiting = waiting if wall is timeit.default_timer else None
        self._is_running = False

    def __call__(self) -> Elapsed:
        self._is_running = not self._is_running
        if self._waiting is None:
            return self._in_order(None)
        began = time.perf_counter()
        if self._is_running:
            elapsed = self._in_order(self._waiting())
            took = elapsed.wall - began
        else:
            elapsed = self._in_order(None)
            elapsed.waited = self._waiting()
            took = time.perf_counter() - elapsed.wall
        if took > READING_SECONDS:
            # Some of what was waited may lie between the two readings, which is outside of the timed statement.
            elapsed.waited = None
        return elapsed

    def _in_order(self, waited: float | None) -> Elapsed:
        if self._is_running:
            cpu = time.process_time()
            return Elapsed(self._wall(), cpu, waited)
        wall = self._wall()
        return Elapsed(wall, time.process_time(), waited)
