"""Latencies of many calls as quantiles of blocks: each block gives one sample of p50, p90 and p99.

asv turns `{"samples": [...], "number": 1}` of any benchmark into a median with a confidence interval, so a tail
latency gets the statistics that a single quantile cannot have.
"""

import gc
import itertools
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, Protocol, TypeVar

from .stopwatch import Stopwatch

T = TypeVar("T")
Measured = dict[str, list[float]]
"""Samples of `p50`, `p90`, `p95`, `p99` (seconds a call; p99 empty where there were too few calls) and `cpu`."""

GATED = bool(os.environ.get("RETROSPEED_GATE"))
"""The gate repeats whole processes, so each does with fewer samples."""
FIRST_COPY = os.environ.get("RETROSPEED_GATE", "1") == "1"
"""False while the gate has a cache made again: what is deterministic is known by then."""
BLOCKS = 4 if GATED else 10
MOST_BLOCKS = 250 if GATED else BLOCKS
BUILDS = MOST_BLOCKS if GATED else 6
"""Builds of an index at most, each a sample."""
LONG_ENOUGH = 0.8
"""Seconds after which the gate asks for no more than `BLOCKS`. Both processes meet each CPU tens of times in them, and
what they tell scatters a third as much as after four blocks of calls of microseconds."""
SHORTEST_BLOCK = 0.05 if GATED else 0.0
CALLS = 100
DEAR_CALLS = 25 if GATED else CALLS
"""Calls a block where a call takes tens of milliseconds."""
PASS = 25
FEWEST_CALLS = 20
WARM_UP = 5
LONGEST = 90.0
_QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}


def measure(
    call: Callable[[T], Any], arguments: Sequence[T], calls: int | None = None, most: int | None = None
) -> Measured:
    """Time `call` on the arguments, in order and again from the start when they run out.

    Ten blocks of `calls` (100 by default) calls; fewer where ten would take longer than 90 s, but 20 if as many are
    wanted. In the gate four blocks, or as many, up to 250, as begin within 0.8 s, none shorter than 0.05 s unless 100
    calls are. p99 needs 100 calls a block; in the gate, which takes one number of a process, four blocks of `calls` may
    have them together, so whether there is a p99 does not depend on the machine's speed; and what a call waited for a
    CPU is no part of it (`stopwatch`). A block's `cpu` is its processor time divided by its calls. Where arguments can
    be used only once, `most` says for how many blocks they are enough.

    Raises ValueError without arguments.
    """
    (measured,) = measure_in_turns([(call, arguments)], calls, most=most)
    return measured


def measure_in_turns(
    asked: Sequence[tuple[Callable[[T], Any], Sequence[T]]],
    calls: int | None = None,
    long_enough: float = LONG_ENOUGH,
    most: int | None = None,
) -> list[Measured]:
    """`measure` of several calls, each with its arguments, in the same order; a block of each, and again of each.

    So what slows the machine for a while meets all of them. In the gate there are more than four blocks while these
    took less than `long_enough` seconds for each that is asked for.
    """
    return take_in_turns([Blocks(call, arguments, calls) for call, arguments in asked], long_enough, most)


class Measurement(Protocol):
    """What can be measured piece by piece."""

    def take(self) -> None:
        """Measure one more piece."""

    def measured(self) -> Measured:
        """What all pieces say."""


def take_in_turns(
    asked: Sequence[Measurement], long_enough: float = LONG_ENOUGH, most: int | None = None
) -> list[Measured]:
    """A piece of each, and again of each, as often as `measure_in_turns` says."""
    gc.collect()
    for _ in rounds(most, long_enough * len(asked)):
        for measurement in asked:
            measurement.take()
    return [measurement.measured() for measurement in asked]


class Blocks(Generic[T]):
    """Blocks of one call, which is warmed up first: what `measure` takes."""

    def __init__(self, call: Callable[[T], Any], arguments: Sequence[T], calls: int | None = None) -> None:
        """Warm up. Raises ValueError without arguments."""
        if not arguments:
            raise ValueError("there is nothing to call with")
        calls = calls or CALLS
        self._tells_p99 = calls * (BLOCKS if GATED else 1) >= CALLS
        once = min(WARM_UP, calls)
        for argument in arguments[:once]:
            call(argument)
        again = arguments[once : 2 * once] or arguments[:once]
        start = time.perf_counter()
        for argument in again:
            call(argument)
        each = max((time.perf_counter() - start) / len(again), 1e-9)
        calls = max(min(FEWEST_CALLS, calls), min(calls, int(LONGEST / 10 / each)))
        self._calls = max(calls, min(CALLS, int(SHORTEST_BLOCK / each)))
        # What warmed it up comes last, so that arguments that can be used only once are enough for all.
        self._endless = itertools.cycle([*arguments[2 * once :], *arguments[: 2 * once]])
        self._call = call
        self._measured: Measured = {"p50": [], "p90": [], "p95": [], "p99": [], "cpu": []}
        self._walls: list[float] = []

    def take(self) -> None:
        """One more block."""
        block = list(itertools.islice(self._endless, self._calls))
        stopwatch, call = Stopwatch(undisturbed=GATED), self._call
        processor = time.process_time()
        for argument in block:
            stopwatch.time(call, argument)
        self._measured["cpu"].append((time.process_time() - processor) / self._calls)
        walls = stopwatch.seconds()
        for name, quantile in zip(_QUANTILES, _quantiles(walls, list(_QUANTILES.values())), strict=True):
            if name != "p99" or (self._tells_p99 and self._calls >= CALLS):
                self._measured[name].append(quantile)
        self._walls += walls

    def measured(self) -> Measured:
        """What all blocks say."""
        if GATED and self._tells_p99 and not self._measured["p99"] and len(self._walls) >= CALLS:
            self._measured["p99"] += _quantiles(self._walls, [_QUANTILES["p99"]])
        return self._measured


def _quantiles(walls: list[float], wanted: list[float]) -> list[float]:
    # Not for whoever only reads what was measured: half of what starting such a process takes would be numpy.
    import numpy as np

    found: list[float] = np.quantile(walls, wanted).tolist()
    return found


def rounds(most: int | None = None, long_enough: float = LONG_ENOUGH) -> Iterator[int]:
    """Count `BLOCKS`, or as many as begin before it took long enough, if these are more; never above `most`."""
    started = time.perf_counter()
    for number in range(MOST_BLOCKS if most is None else min(most, MOST_BLOCKS)):
        if number >= BLOCKS and time.perf_counter() - started > long_enough:
            return
        yield number


def one_pass(items: Sequence[T]) -> Sequence[T]:
    """What a `time_` benchmark goes through in one call: everything; in the gate, whose iterations are to be short and
    many, some that are spread over it."""
    return items[:: max(1, len(items) // PASS)] if GATED else items


def measure_anew(
    prepare: Callable[[], T], call: Callable[[T], Any], times: int | None = None, units: float = 1.0
) -> Measured:
    """Wall and processor seconds of `call`, each time on what `prepare` made anew (not timed), divided by `units`.

    Samples of `wall` and `cpu`, `times` (10 by default) of each; in the gate four, or as many, up to 250, as begin
    within 0.8 s, and never more than `times`.
    """
    (measured,) = take_in_turns([Anew(prepare, call, units)], most=times)
    return measured


class Anew(Generic[T]):
    """Calls, each on something made anew: what `measure_anew` takes."""

    def __init__(self, prepare: Callable[[], T], call: Callable[[T], Any], units: float = 1.0) -> None:
        self._prepare, self._call, self._units = prepare, call, units
        self._measured: Measured = {"wall": [], "cpu": []}

    def take(self) -> None:
        """One more call."""
        subject = self._prepare()
        gc.collect()
        stopwatch, processor = Stopwatch(undisturbed=GATED), time.process_time()
        stopwatch.time(self._call, subject)
        self._measured["cpu"].append((time.process_time() - processor) / self._units)
        self._measured["wall"].append(stopwatch.seconds()[0] / self._units)

    def measured(self) -> Measured:
        """Samples of `wall` and `cpu`."""
        return self._measured


def samples(values: list[float]) -> dict[str, Any] | float:
    """What asv takes for a sampled result; NaN (skipped) where there are no samples."""
    return {"samples": values, "number": 1} if values else math.nan
