"""How far pairs of equal programs scatter by the CPUs they run on: with what the gate does about it, and without.

    PYTHONPATH=. python studies/pair_cpus.py        about a quarter of an hour

`times` are those of a program timed in turns, which begin on the same CPU or, left alone, wherever the kernel has them;
`numbers` the median time that a program finds by itself in 0.7 s, as tracked latencies are found, while two processes
change CPUs or are left alone; `processes` those of a program with its start and imports, two of which run at once and
change CPUs or, left alone, one after the other. Pairs of either way are taken in turns. Scatter is 1.4826 times the
median distance of the log ratios from 0, their truth.
"""

import argparse
import contextlib
import math
import random
import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from unittest import mock

from studies.gate_operating_curve import REGIMES, job, neighbours, sides

from retrospeed.benchmarks_file import Benchmark
from retrospeed.gate import alternate, limits, values, worker_pair
from retrospeed.gate.effects import effects, scale_for
from retrospeed.gate.samples import Rhythm
from retrospeed.gate.worker_pair import BOTH, Job, LiveWorkers

NUMBER = Job(dict.fromkeys(BOTH, "programs.track_dictionary_p50"), "track", 60.0)
PROCESS = Job(dict.fromkeys(BOTH, "programs.timeraw_import"), "time", 60.0)
AS_THE_GATE, LEFT_ALONE = "as the gate does", "left alone"


def nowhere(chance: random.Random) -> list[int]:
    """No CPU is chosen."""
    return []


def left_alone(sessions: Sequence[int]) -> contextlib.AbstractContextManager[None]:
    """Processes stay where they are."""
    return contextlib.nullcontext()


def one_by_one(
    workers: LiveWorkers, rhythm: Rhythm, chance: random.Random, cpu: int | None, turns: int
) -> worker_pair.Samples:
    """One after the other, in random order."""
    order = alternate.shuffled(chance)
    return {name: [workers.ask(name, "iterate", number=rhythm.number, cpu=cpu)] for name in order}


def time_effect(seed: int, job: Job) -> float:
    """The log ratio of a pair of times."""
    pair, _ = alternate.take_pair(sides(0.0), job, seed, None)
    scale = scale_for([pair], Benchmark(name="program"), limits.for_reference(), timed=True)
    return effects([pair], scale, timed=True)[0]


def number_effect(seed: int) -> float:
    """The log ratio of a pair of numbers."""
    pair = values.take_pair(sides(0.0), NUMBER, seed)
    return math.log(pair.head[0] / pair.base[0])


KINDS: dict[str, tuple[Callable[[int], float], Any, str, Callable[..., Any]]] = {
    "times": (partial(time_effect, job=job("dictionary")), alternate, "some_cpus", nowhere),
    "numbers": (number_effect, worker_pair, "swapped", left_alone),
    "processes": (partial(time_effect, job=PROCESS), alternate, "taken", one_by_one),
}
"""How a pair is taken, and what stands for what in which module where processes are left alone."""


def scatter(kind: str, regime: str, pairs: int) -> dict[str, float]:
    """The scatter of pairs of the program with itself, by what was done about their CPUs."""
    take, module, name, nothing = KINDS[kind]
    found: dict[str, list[float]] = {AS_THE_GATE: [], LEFT_ALONE: []}
    ways = {AS_THE_GATE: getattr(module, name), LEFT_ALONE: nothing}
    with neighbours(regime) as set_load:
        for number in range(pairs):
            set_load(number / pairs)
            for way in sorted(ways, reverse=number % 2 == 0):
                with mock.patch.object(module, name, ways[way]):
                    found[way].append(take(number + 1))
    return {way: 1.4826 * statistics.median(map(abs, ratios)) for way, ratios in found.items()}


def main() -> None:
    """Measure, and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=40, help="pairs of either way in each regime (40)")
    parser.add_argument("--kind", action="append", choices=KINDS, help="what is measured (all)")
    parser.add_argument("--regime", action="append", choices=REGIMES, help="regimes (all)")
    options = parser.parse_args()
    print(f"| | regime | pairs of either way | {AS_THE_GATE} | {LEFT_ALONE} |", "| --- " * 5 + "|", sep="\n")
    for kind in options.kind or KINDS:
        for regime in options.regime or REGIMES:
            found = scatter(kind, regime, options.pairs)
            print(
                f"| {kind} | {regime} | {options.pairs} | {found[AS_THE_GATE]:.1%} | {found[LEFT_ALONE]:.1%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
