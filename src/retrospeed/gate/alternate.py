"""One pair of samples of a timed benchmark: two live workers take turns, iteration by iteration, in random order.

Whatever changes on the machine over more than a few milliseconds (another job, the clock of the processor) then meets
both commits alike. What a process brings with it (memory layout, hash seed) does not average out within a pair, which
is why pairs, not iterations, are counted.
"""

import math
import os
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from retrospeed.gate.samples import Pair, Rhythm
from retrospeed.gate.worker_pair import BOTH, Job, LiveWorkers, Samples, Side, SideName, live_workers

ITERATION_SECONDS = 0.001
"""What an iteration should last at least: calls are repeated until it does, unless the suite says how often.

Short ones have a chance to be over before another job gets the CPU, and the fastest iteration is what counts."""
SIDE_SECONDS = 0.06
"""What the iterations of one process should take together, within these limits:"""
MOST_ITERATIONS = 40
FEWEST_SETTLED, AGREEING, AGREEMENT = 16, 3, 0.02
"""Iterations after which a pair may end, and how many of a process's have to lie within how much of its fastest."""
TURNS_TO_SETTLE = 4
"""Turns after which it is looked whether that is so."""
CPUS = 2
"""CPUs that a pair is measured on."""
_FEWEST_ITERATIONS = ((0.1, 5), (0.5, 3), (math.inf, 2))
"""Seconds an iteration, and how many are taken even so: the minimum of fewer is no longer a minimum."""
MOST_APART = 4
SEPARATE_ITERATIONS, SEPARATE_SECONDS = 2, 1.0
"""A timeraw sample is a process of its own: two of them in a pair, or one if it takes longer than this."""

Turns = list[SideName]


def take_pair(
    sides: Mapping[SideName, Side],
    job: Job,
    hash_seed: int,
    rhythm: Rhythm | None,
    *,
    together: bool = True,
) -> tuple[Pair, Rhythm]:
    """One pair, and the rhythm it was taken in: the given one, or one found here from how long the benchmark takes.

    With `together` false the two processes live one after the other: for benchmarks that cannot be set up twice at
    the same time (a fixed port, a lock), at the cost of what alternation is good for. Raises SideError.
    """
    started = time.perf_counter()
    chance = random.Random(f"{sorted(job.names.values())} {hash_seed}")
    found: Samples = {name: [] for name in BOTH}
    cpus = some_cpus(chance)
    overhead = setup = 0.0
    for names in [BOTH] if together else [(name,) for name in shuffled(chance)]:
        before = time.perf_counter()
        with live_workers({name: sides[name] for name in names}, job, hash_seed) as workers:
            overhead += time.perf_counter() - before
            setup += max(said["setup"] for said in workers.prepared.values())
            if rhythm is None:
                rhythm, counted = find_rhythm(workers)
                found |= counted
            turn = max(len(found[name]) for name in names)
            while turn < rhythm.iterations and not all(is_settled(walls(found[name])) for name in names):
                place = cpus[turn // turns_a_cpu(rhythm) % len(cpus)] if cpus else None
                turns = turns_at_once(rhythm, turn) if len(names) > 1 else 1
                turn += turns
                for name, samples in taken(workers, rhythm, chance, place, turns).items():
                    found[name] += samples
    assert rhythm is not None
    number = rhythm.number
    base, head = (tuple(wall / number for wall in walls(found[name])) for name in BOTH)
    base_cpu, head_cpu = (_complete([sample["cpu"] and sample["cpu"] / number for sample in found[n]]) for n in BOTH)
    waited = {name: [sample["waited"] for sample in found[name]] for name in BOTH}
    pair = Pair(
        hash_seed=hash_seed,
        base=base,
        head=head,
        base_cpu=base_cpu,
        head_cpu=head_cpu,
        number=number,
        in_turns=together and all(waited[name].count(None) <= len(waited[name]) // 2 for name in BOTH),
        waited=(math.fsum(filter(None, waited[SideName.BASE])), math.fsum(filter(None, waited[SideName.HEAD]))),
        seconds=time.perf_counter() - started,
        overhead=overhead,
        setup=setup,
    )
    return pair, rhythm


def walls(samples: Sequence[Mapping[str, Any]]) -> list[float]:
    """Seconds of each iteration."""
    return [sample["wall"] for sample in samples]


def find_rhythm(workers: LiveWorkers) -> tuple[Rhythm, Samples]:
    """The rhythm that suits the slower of the workers, and what was sampled meanwhile and counts, if anything does.

    The suite's own `number` and `repeat` are kept to.
    """
    said = workers.prepared[workers.names[0]]
    if said["separate"]:
        first = {name: [answer] for name, answer in workers.ask_all("iterate", number=said["number"]).items()}
        if max(sample["spent"] for samples in first.values() for sample in samples) >= SEPARATE_SECONDS:
            return Rhythm(said["number"], 1), first
        # It also brought the files that both need into memory: that counts for nothing where it can be had again.
        return Rhythm(said["number"], SEPARATE_ITERATIONS), {}
    if said["number"] and not said["warm"]:
        # Cold on purpose: no call may come before those that count.
        return Rhythm(said["number"], min(said["repeat"] or 3, 5)), {}
    if not said["fixed"]:
        # What the first call of all has to open or to read is there for those that follow.
        for name in workers.names:
            workers.ask(name, "iterate", number=1)
    if said["fixed"]:
        number = said["number"]
        seconds = max(workers.ask(name, "iterate", number=number)["spent"] for name in workers.names)
        # A suite that fixes both says how often its function may be called in one process.
        return Rhythm(number, min(iterations_for(seconds), said["repeat"] or MOST_ITERATIONS)), {}
    answers = [
        workers.ask(name, "calibrate", target=ITERATION_SECONDS, number=said["number"]) for name in workers.names
    ]
    fewest, number = sorted(answer["number"] for answer in (answers[0], answers[-1]))
    # Where one side is many times slower, as many calls as the other needs would take it forever.
    number = number if number <= MOST_APART * fewest else fewest
    return Rhythm(number, iterations_for(max(answer["spent"] * number / answer["number"] for answer in answers))), {}


def iterations_for(seconds: float) -> int:
    """How many iterations a process is asked for if one costs so many seconds."""
    fewest = next(count for limit, count in _FEWEST_ITERATIONS if seconds < limit)
    return max(fewest, min(MOST_ITERATIONS, round(SIDE_SECONDS / max(seconds, 1e-9))))


def some_cpus(chance: random.Random) -> list[int]:
    """The CPUs on which the iterations of a pair begin, those of both sides on the same one at a time.

    Of two CPUs of a virtual machine one may well be half as fast for a minute, because of what shares its core.
    """
    try:
        allowed = sorted(os.sched_getaffinity(0))
    except AttributeError:
        return []
    return chance.sample(allowed, min(CPUS, len(allowed)))


def turns_a_cpu(rhythm: Rhythm) -> int:
    """Turns after which the next CPU is taken: all are seen before a pair can be settled."""
    return max(1, min(rhythm.iterations, FEWEST_SETTLED) // CPUS)


def turns_at_once(rhythm: Rhythm, turn: int) -> int:
    """Turns for which the workers are left to each other: none of long iterations, each of which has its time limit."""
    if rhythm.iterations < FEWEST_SETTLED:
        return 1
    return min(turns_a_cpu(rhythm) if turn < FEWEST_SETTLED else TURNS_TO_SETTLE, rhythm.iterations - turn)


def taken(workers: LiveWorkers, rhythm: Rhythm, chance: random.Random, cpu: int | None, turns: int) -> Samples:
    """What so many turns gave, each in an order of its own, or at the same time. Raises SideError."""
    if workers.prepared[workers.names[0]]["separate"]:
        # What takes a process of its own takes long: what one such sample met, one seconds later did not.
        return {name: [answer] for name, answer in workers.ask_all("iterate", number=rhythm.number).items()}
    order = [name for _ in range(turns) for name in shuffled(chance, workers.names)]
    if turns > 1:
        return workers.take_turns(order, rhythm.number, cpu)
    return {name: [workers.ask(name, "iterate", number=rhythm.number, cpu=cpu)] for name in order}


def is_settled(samples: Sequence[float]) -> bool:
    """Whether more iterations would hardly be faster: the fastest was all but reached before."""
    return len(samples) >= FEWEST_SETTLED and sorted(samples)[AGREEING - 1] <= min(samples) * (1 + AGREEMENT)


def shuffled(chance: random.Random, names: tuple[SideName, ...] = BOTH) -> Turns:
    """The sides in random order."""
    return chance.sample(names, len(names))


def _complete(samples: list[float | None]) -> tuple[float, ...] | None:
    known = tuple(sample for sample in samples if sample is not None)
    return known if len(known) == len(samples) else None
