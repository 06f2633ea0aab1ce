"""How often the gate cries wolf, how small a change it sees, and what it costs: its operating curve.

    python studies/gate_operating_curve.py record pairs.json     measure pairs on this machine (about 15 minutes)
    python studies/gate_operating_curve.py print pairs.json      print the table of docs/gate.md from them

`record` takes real pairs, with the gate's own workers, of two programs against themselves and against themselves doing
3, 5 and 10 % more, in three regimes: idle; beside two busy processes; and while busy processes are added one by one.
`print` replays the gate's rules over what was recorded, thousands of times: each replay walks along the recorded
stream from a random place, so that the load changes within a gate as it did while recording, and swaps the two sides
of each pair of a program with itself at random, which their being the same program allows. Changes that were not
measured are put in by multiplication. Printed beside: the gates that are real from end to end.
"""

import argparse
import contextlib
import math
import multiprocessing
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from scipy.stats import beta

from retrospeed.benchmarks_file import Benchmark
from retrospeed.gate import alternate, limits
from retrospeed.gate.effects import cpu_effects, effects, scale_for
from retrospeed.gate.two_stage import Bounds, Outcome, Plan, decide, pairs_wanted
from retrospeed.gate.worker_pair import Job, Side, SideName

SUITE = Path(__file__).with_name("gate_workloads")
PROGRAMS = ("dictionary", "vectors")
REGIMES = {"idle": (0, 0), "busy": (2, 2), "rising": (0, 4)}
"""Busy processes beside the gate, at the start and at the end of a recording."""
INJECTED = (0.0, 0.03, 0.05, 0.10)
CHANGES = (0.0, 0.02, 0.0249, 0.03, 0.05, 0.10)
"""Changes replayed over the pairs of a program with itself; the third is just below half of severe."""
SUITE_SIZE = 100
ALARMS = (Outcome.WARNING, Outcome.SEVERE)


class Recording(msgspec.Struct):
    """A stream of pairs: their log ratios by wall clock and by CPU time, and what they cost."""

    program: str
    regime: str
    injected: float
    wall: list[float]
    cpu: list[float]
    seconds: list[float]
    setup: list[float]
    """The part of the seconds that went into the suite's own imports and setup."""


def record(path: Path, equal_pairs: int, changed_pairs: int, regimes: Sequence[str]) -> None:
    """Measure, adding to what `path` holds already."""
    recordings = msgspec.json.decode(path.read_bytes(), type=list[Recording]) if path.exists() else []
    for regime in regimes:
        for program in PROGRAMS:
            streams = {injected: Recording(program, regime, injected, [], [], [], []) for injected in INJECTED}
            plan = [0.0] * equal_pairs + [injected for injected in INJECTED[1:] for _ in range(changed_pairs)]
            # Mixed, so that each stream sees all of a regime whose load changes.
            random.Random(0).shuffle(plan)
            with neighbours(regime) as set_load:
                rhythms: dict[float, alternate.Rhythm | None] = {}
                for number, injected in enumerate(plan):
                    set_load(number / len(plan))
                    pair, rhythms[injected] = alternate.take_pair(
                        sides(injected), job(program), number + 1, rhythms.get(injected)
                    )
                    scale = scale_for([pair], Benchmark(name="program"), limits.for_reference(), timed=True)
                    stream = streams[injected]
                    stream.wall += effects([pair], scale, timed=True)
                    stream.cpu += cpu_effects([pair])
                    stream.seconds.append(pair.seconds)
                    stream.setup.append(pair.setup)
            recordings = [r for r in recordings if (r.program, r.regime) != (program, regime)] + list(streams.values())
            path.write_bytes(msgspec.json.encode(recordings))
            print(f"{regime} {program}: {len(plan)} pairs", file=sys.stderr)


def sides(injected: float) -> dict[SideName, Side]:
    """The unchanged program, and the one that does more."""
    made = {}
    for name, units in ((SideName.BASE, 1000), (SideName.HEAD, round(1000 * (1 + injected)))):
        variables = {**os.environ, "OMP_NUM_THREADS": "1", "GATE_STUDY_UNITS": str(units)}
        made[name] = Side(name, Path(sys.executable), variables, SUITE)
    return made


def job(program: str) -> Job:
    """One of the programs."""
    return Job(dict.fromkeys(SideName, f"programs.time_{program}"), "time", 60.0)


@contextlib.contextmanager
def neighbours(regime: str) -> Iterator[object]:
    """Busy processes, as many as the regime has after the given share of a recording."""
    few, many = REGIMES[regime]
    running: list[multiprocessing.Process] = []

    def set_load(share: float) -> None:
        while len(running) < few + round((many - few) * share):
            running.append(multiprocessing.Process(target=spin, args=(os.getpid(),), daemon=True))
            running[-1].start()

    try:
        yield set_load
    finally:
        for process in running:
            process.terminate()
            process.join()


def spin(parent: int) -> None:
    """Keep a CPU and its caches busy, for as long as the process that asked for it is there."""
    table = list(range(200_000))
    while os.getppid() == parent:
        sum(table)


def replay(
    stream: Recording, change: float, plan: Plan, bounds: Bounds, chance: random.Random
) -> tuple[Outcome, float, float]:
    """One gate over the recorded pairs, from a random place on: its outcome, seconds, and those beyond set-up."""
    at = chance.randrange(len(stream.wall))
    shift = math.log1p(change)
    first: list[float] = []
    second: list[float] = []
    seconds = beyond = 0.0
    while True:
        more, stage = pairs_wanted(first, second, plan, bounds)
        if not more:
            return decide(first, second, plan, bounds).outcome, seconds, beyond
        for _ in range(more):
            place = at % len(stream.wall)
            sign = chance.choice((-1, 1))
            (first if stage == 1 else second).append(sign * stream.wall[place] + shift)
            seconds += stream.seconds[place]
            beyond += stream.seconds[place] - stream.setup[place]
            at += 1


def real_gates(stream: Recording, plan: Plan, bounds: Bounds) -> list[Outcome]:
    """The gates that fit into the stream one after the other, each pair used once, nothing changed."""
    found, at = [], 0
    while True:
        first: list[float] = []
        second: list[float] = []
        while (wanted := pairs_wanted(first, second, plan, bounds))[0]:
            more, stage = wanted
            if at + more > len(stream.wall):
                return found
            (first if stage == 1 else second).extend(stream.wall[at : at + more])
            at += more
        found.append(decide(first, second, plan, bounds).outcome)


def show(path: Path, equal_replays: int, changed_replays: int) -> None:
    """Print the operating curve."""
    recordings = msgspec.json.decode(path.read_bytes(), type=list[Recording])
    rules = limits.for_reference()
    bounds = Bounds(math.log1p(rules.warning_relative), math.log1p(rules.severe_relative), math.log1p(0.01))
    plan = Plan(series=SUITE_SIZE)
    print(
        "| regime | program | change | pairs recorded | real gates: alarms | replays | alarms | severe | "
        "inconclusive | seconds beyond set-up, median | 95 % | with set-up, median |"
    )
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    false = replayed = 0
    for stream in sorted(recordings, key=lambda r: (list(REGIMES).index(r.regime), r.program, r.injected)):
        if stream.injected:
            real = real_gates(stream, plan, bounds)
            told = f"{sum(o in ALARMS for o in real)} of {len(real)}"
            print(
                f"| {stream.regime} | {stream.program} | {stream.injected:+.1%}, really done | {len(stream.wall)} "
                f"| {told} | | | | | | | |"
            )
            continue
        for change in CHANGES:
            chance = random.Random(f"{stream.regime} {stream.program} {change}")
            count = equal_replays if change == 0 else changed_replays
            started = time.perf_counter()
            outcomes = [replay(stream, change, plan, bounds, chance) for _ in range(count)]
            alarms = sum(outcome in ALARMS for outcome, _, _ in outcomes)
            if change == 0:
                false, replayed = false + alarms, replayed + count
            severe = sum(outcome is Outcome.SEVERE for outcome, _, _ in outcomes)
            unsure = sum(outcome is Outcome.INCONCLUSIVE for outcome, _, _ in outcomes)
            beyond = sorted(seconds for _, _, seconds in outcomes)
            real = real_gates(stream, plan, bounds) if change == stream.injected else None
            told = "" if real is None else f"{sum(o in ALARMS for o in real)} of {len(real)}"
            print(
                f"| {stream.regime} | {stream.program} | {change:+.1%} | {len(stream.wall)} | {told} | {count} | "
                f"{rate(alarms, count)} | {rate(severe, count)} | {rate(unsure, count)} | "
                f"{beyond[count // 2]:.1f} | {beyond[int(count * 0.95)]:.1f} | "
                f"{statistics.median(seconds for _, seconds, _ in outcomes):.1f} |",
                flush=True,
            )
            print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    each = beta.ppf(0.95, false + 1, replayed - false)
    print(
        f"\nEqual programs, all regimes: {false} alarms in {replayed} gates replayed; "
        f"at most {each:.4%} at 95 % confidence."
    )


def rate(hits: int, count: int) -> str:
    """A rate, with the upper end of its 95 % interval where nothing was hit (Clopper-Pearson)."""
    if hits == 0:
        return f"0 (< {beta.ppf(0.95, 1, count):.3%})"
    return f"{hits / count:.2%}"


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("record", "print"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--equal-pairs", type=int, default=200)
    parser.add_argument("--changed-pairs", type=int, default=60)
    parser.add_argument("--equal-replays", type=int, default=30_000)
    parser.add_argument("--changed-replays", type=int, default=2_000)
    parser.add_argument("--regime", action="append", choices=tuple(REGIMES))
    given = parser.parse_args()
    if given.what == "record":
        record(given.file, given.equal_pairs, given.changed_pairs, given.regime or list(REGIMES))
    else:
        show(given.file, given.equal_replays, given.changed_replays)


if __name__ == "__main__":
    main()
