"""What holds the memory when a benchmark needs most of it.

Loaded by the gate's worker in the environment of a commit, whose interpreter traces allocations from its start
(PYTHONTRACEMALLOC). Traced is what Python's allocators hand out, and numpy's; a library's own malloc is not seen.

At every call and return of a function the traced memory is looked at. One process finds how high it gets, so that a
second one can stop at that height and list what is held.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from typing import Any

NEAR = 0.99
"""The list is taken at this part of the highest level: another process does not repeat it to the byte."""


class Watch:
    """Looks at the traced memory at every call and return; at `level` bytes it lists what is held, once."""

    def __init__(self, level: float | None) -> None:
        self.highest = 0
        self.held: tracemalloc.Snapshot | None = None
        self._level = level

    def __enter__(self) -> Watch:
        sys.setprofile(self._look)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _look(self, *_: object) -> None:
        now = tracemalloc.get_traced_memory()[0]
        if now > self.highest:
            self.highest = now
            if self._level is not None and self.held is None and now >= self._level:
                # Nothing of the rest can be of interest, and looking is dear.
                sys.setprofile(None)
                self.held = tracemalloc.take_snapshot()
                tracemalloc.stop()


def _run(worker: Any, prepare: dict[str, Any], whole: bool) -> tuple[Callable[[], Any], Any]:
    """Set the benchmark up; its call, and what the call returned, kept alive."""
    worker.prepare(**prepare)
    benchmark = worker.benchmark
    arguments = sys.modules[type(worker).__module__].benchmark_arguments(benchmark)
    return benchmark.func, benchmark.func(*arguments) if whole else arguments


def highest(worker: Any, prepare: dict[str, Any]) -> dict[str, Any]:
    """How high the traced memory gets from the import to the end of a call, in bytes."""
    with Watch(None) as watch:
        _run(worker, prepare, whole=True)
    return {"bytes": watch.highest}


def held_at(worker: Any, prepare: dict[str, Any], level: float) -> dict[str, Any]:
    """What is held when the traced memory reaches `level` bytes; or at the end, if it does not."""
    with Watch(level * NEAR) as watch:
        _run(worker, prepare, whole=True)
    if watch.held is None:
        watch.held = tracemalloc.take_snapshot()
    return _listed(watch.held, watch.highest)


def held_by_result(worker: Any, prepare: dict[str, Any]) -> dict[str, Any]:
    """What one call of the benchmark leaves behind while its result is alive."""
    function, arguments = _run(worker, prepare, whole=False)
    tracemalloc.clear_traces()
    result = function(*arguments)
    held = tracemalloc.take_snapshot()
    listed = _listed(held, tracemalloc.get_traced_memory()[0])
    del result
    return listed


def _listed(held: tracemalloc.Snapshot, total: int) -> dict[str, Any]:
    # By stack at once: there are many more blocks than stacks, and each would become forty objects.
    stacks = [
        [[(frame.filename, frame.lineno) for frame in statistic.traceback], statistic.size]
        for statistic in held.statistics("traceback")
    ]
    return {"bytes": total, "stacks": stacks}
