"""Takes the profiles of both commits in the same way: side by side, in turns, as often the one as the other."""

import math
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from retrospeed.explain.estimate import estimate
from retrospeed.gate.alternate import find_rhythm, shuffled
from retrospeed.gate.caches import SetupCaches
from retrospeed.gate.discovery import Series
from retrospeed.gate.worker_pair import BOTH, Job, LiveWorkers, Side, SideError, SideName, live_workers
from retrospeed.gate.worker_process import WorkerError, WorkerProcess

SAMPLING, COUNTING, ALLOCATIONS = (
    str(Path(__file__).with_name(f"{name}.py")) for name in ("sampling", "counting", "allocations")
)
ROUND_SECONDS = 1.5
"""What the slower side is profiled for in every round, if its calls may be repeated."""
SLICE_SECONDS = 0.05
"""After about so long it is the other side's turn."""
MOST_CALLS = 1_000_000
MOST_PATIENT = 3
"""Times as many rounds as were asked for are taken at most, if they disagree or were held up."""
HELD_UP = 1.5
"""Times as long as in the median round, and it was the machine that took long."""
MOST_NUMBERS = 5
"""Calls in a round of a benchmark that tells a number by itself."""
FRAMES = 30
"""Depth to which the stacks of allocations are kept."""

Raw = Mapping[SideName, dict[str, Any]]
Report = Callable[[str, int, int], None]
"""Told what is being done, how often it was, and how often it will be."""


class What(StrEnum):
    """What a profile is of."""

    TIME = "time"
    MEMORY = "memory"


@dataclass(frozen=True)
class RawProfiles:
    """What the workers told."""

    what: What
    rounds: tuple[Raw, ...]
    counts: Raw | None
    """Calls by function, None where they cannot be counted."""
    calls: int
    """Calls of the benchmark in each round, at each side."""


def take(
    sides: Mapping[SideName, Side], series: Series, what: What, rounds: int, report: Report, *, patient: bool = False
) -> RawProfiles:
    """Profile a series `rounds` times, each with processes of its own. Raises SideError.

    Rounds of time that were held up are replaced. `patient` is for a difference in time that is known to be there: as
    long as the rounds disagree about it, more are taken. Altogether at most three times as many.
    """
    with tempfile.TemporaryDirectory(prefix="explain-", ignore_cleanup_errors=True) as root:
        caches = SetupCaches(sides, Path(root))
        taken: list[Raw] = []
        if what is What.MEMORY:
            for number in range(rounds):
                report("profiling memory", number, rounds)
                taken.append(_memory(sides, series, caches, number + 1))
            return RawProfiles(what, tuple(taken), None, 1)
        calls = 0
        while not are_enough(taken, rounds, patient=patient):
            report("profiling", len(taken), max(rounds, len(taken) + 1))
            raw, calls = _time(sides, series, caches, len(taken) + 1, calls)
            taken.append(raw)
        report("counting calls", len(taken), len(taken))
        return RawProfiles(what, tuple(not_held_up(taken)), _counts(sides, series, caches), calls)


def are_enough(taken: Sequence[Raw], rounds: int, *, patient: bool) -> bool:
    """Whether so many rounds were taken that were not held up, and, for the `patient`, agree about the difference of a
    call's seconds."""
    if len(taken) >= MOST_PATIENT * rounds:
        return True
    kept = not_held_up(taken)
    if len(kept) < rounds or not patient:
        return len(kept) >= rounds
    return estimate([one[SideName.HEAD]["seconds"] - one[SideName.BASE]["seconds"] for one in kept]).is_narrow


def not_held_up(taken: Sequence[Raw]) -> list[Raw]:
    """Those rounds in which neither side took `HELD_UP` times as long as in its median round.

    All rounds make the same calls in new processes, so whatever a benchmark does now and then it does in each.
    """
    if not taken:
        return []
    longest = {name: HELD_UP * statistics.median(one[name]["seconds"] for one in taken) for name in BOTH}
    return [one for one in taken if all(one[name]["seconds"] <= longest[name] for name in BOTH)]


def _job(series: Series, caches: SetupCaches, copy: int) -> Job:
    return Job(series.names, series.benchmark.type, series.timeout, caches.folders(series, copy))


def _time(
    sides: Mapping[SideName, Side], series: Series, caches: SetupCaches, seed: int, calls: int
) -> tuple[Raw, int]:
    """One round; `calls` is how many were made in the rounds before, or 0."""
    timed = series.benchmark.type == "time"
    # A number found while its cache was made would be read, not measured, from a cache that was read before.
    job = _job(series, caches, 0 if timed else seed)
    chance = random.Random(seed)
    with live_workers(sides, job, hash_seed=seed) as workers:
        if timed and workers.prepared[SideName.HEAD]["separate"]:
            number = max(2, workers.prepared[SideName.HEAD]["repeat"] or 2)
            return _statements(workers, chance, seed, min(number, 5))
        if timed:
            number, slices = _slices(workers, calls)
        else:
            number = 1
            # The first call may only read what setup_cache has measured, and warms up what it can.
            started = time.perf_counter()
            for name in BOTH:
                workers.ask(name, "value")
            slices = calls or max(1, min(MOST_NUMBERS, round(2 * ROUND_SECONDS / (time.perf_counter() - started))))
        for _ in range(slices):
            for name in shuffled(chance):
                workers.ask(name, "extend", script=SAMPLING, function="sample", number=number, seed=seed)
        total = number * slices
        raw = {name: workers.ask(name, "extend", script=SAMPLING, function="collect", calls=total) for name in BOTH}
    return raw, total


def _slices(workers: LiveWorkers, calls: int) -> tuple[int, int]:
    """Calls a slice, and slices; both sides are warm afterwards if they may be."""
    said = workers.prepared[SideName.HEAD]
    rhythm, _ = find_rhythm(workers)
    if (said["number"] and not said["warm"]) or (said["fixed"] and said["repeat"]):
        return rhythm.number, rhythm.iterations
    spent = max(workers.ask(name, "iterate", number=rhythm.number)["wall"] for name in BOTH) / rhythm.number
    a_slice = max(rhythm.number, math.ceil(SLICE_SECONDS / max(spent, 1e-9)))
    if calls:
        # As many as in the rounds before, though this one finds another speed.
        return min(a_slice, calls), max(1, round(calls / a_slice))
    wanted = min(MOST_CALLS, math.ceil(ROUND_SECONDS / max(spent, 1e-9)))
    return min(a_slice, wanted), max(1, round(wanted / a_slice))


def _statements(workers: LiveWorkers, chance: random.Random, seed: int, times: int) -> tuple[Raw, int]:
    """A round of a benchmark whose statement runs in processes of its own: the mean of several."""
    told: dict[SideName, list[dict[str, Any]]] = {name: [] for name in BOTH}
    for turn in range(times):
        for name in shuffled(chance):
            told[name].append(
                workers.ask(name, "extend", script=SAMPLING, function="sample_statement", seed=seed * 100 + turn)
            )
    return {name: _mean(told[name]) for name in BOTH}, times


def _mean(told: list[dict[str, Any]]) -> dict[str, Any]:
    functions: list[Any] = []
    stacks: list[Any] = []
    lines: list[Any] = []
    for one in told:
        offset = len(functions)
        functions += one["functions"]
        stacks += [[[index + offset for index in stack], value / len(told)] for stack, value in one["stacks"]]
        lines += [[index + offset, line, value / len(told)] for index, line, value in one["lines"]]
    seconds = sum(one["seconds"] for one in told) / len(told)
    return {"seconds": seconds, "functions": functions, "stacks": stacks, "lines": lines}


def _counts(sides: Mapping[SideName, Side], series: Series, caches: SetupCaches) -> Raw | None:
    timed = series.benchmark.type == "time"
    try:
        with live_workers(sides, _job(series, caches, 0), hash_seed=1) as workers:
            said = workers.prepared[SideName.HEAD]
            if said.get("separate"):
                return None
            warm = not timed or said["warm"]
            return {name: workers.ask(name, "extend", script=COUNTING, function="count", warm=warm) for name in BOTH}
    except SideError:
        # Times are known by now: a benchmark that a second profiler disturbs goes without the counts.
        return None


def _memory(sides: Mapping[SideName, Side], series: Series, caches: SetupCaches, seed: int) -> Raw:
    """One round: both sides one after the other, since nothing is timed. Raises SideError."""
    folders = caches.folders(series, seed)
    told = {}
    for name, side in sides.items():
        prepare = {
            "benchmark_dir": str(side.benchmark_dir),
            "name": series.names[name],
            "has_cache": name in folders,
            # What pympler imports would stand in every list.
            "lean": series.benchmark.type == "peakmemory",
        }

        def ask(
            function: str,
            name: SideName = name,
            side: Side = side,
            prepare: dict[str, Any] = prepare,
            **more: Any,
        ) -> dict[str, Any]:
            variables = {**side.variables, "PYTHONHASHSEED": str(seed), "PYTHONTRACEMALLOC": str(FRAMES)}
            with tempfile.TemporaryDirectory(prefix="explain-", ignore_cleanup_errors=True) as folder:
                worker = WorkerProcess(side.python, variables, folders.get(name, Path(folder)), Path(folder) / "log")
                try:
                    return worker.ask(
                        "extend", series.timeout, script=ALLOCATIONS, function=function, prepare=prepare, **more
                    )
                except WorkerError as error:
                    raise SideError({name: error}) from error
                finally:
                    worker.close()

        if series.benchmark.type == "peakmemory":
            told[name] = ask("held_at", level=ask("highest")["bytes"])
        else:
            told[name] = ask("held_by_result")
    return told
