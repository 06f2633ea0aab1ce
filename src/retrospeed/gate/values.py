"""One pair of samples of a benchmark that tells a number by itself (track, mem, peakmem): two fresh processes, in
random order, one after the other."""

import random
import time
from collections.abc import Mapping

from retrospeed.gate.alternate import shuffled
from retrospeed.gate.samples import Pair
from retrospeed.gate.worker_pair import BOTH, Job, Side, SideName, live_workers


def take_pair(sides: Mapping[SideName, Side], job: Job, hash_seed: int) -> Pair:
    """One pair; a benchmark that returns several samples of its number gives as many. Raises SideError."""
    started = time.perf_counter()
    values: dict[SideName, tuple[float, ...]] = {}
    overhead = 0.0
    for name in shuffled(random.Random(f"{sorted(job.names.values())} {hash_seed}"), BOTH):
        before = time.perf_counter()
        with live_workers({name: sides[name]}, job, hash_seed) as workers:
            overhead += time.perf_counter() - before
            values[name] = tuple(workers.ask(name, "value")["values"])
    return Pair(
        hash_seed=hash_seed,
        base=values[SideName.BASE],
        head=values[SideName.HEAD],
        seconds=time.perf_counter() - started,
        overhead=overhead,
    )
