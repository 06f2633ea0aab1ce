"""One pair of samples of a benchmark that tells a number by itself (track, mem, peakmem): two fresh processes, running
at the same time, so that a number that depends on the load of the machine meets the same load on both sides."""

import random
import time
from collections.abc import Mapping

from retrospeed.gate.alternate import shuffled
from retrospeed.gate.samples import Pair
from retrospeed.gate.worker_pair import Job, Side, SideName, live_workers


def take_pair(sides: Mapping[SideName, Side], job: Job, hash_seed: int, *, together: bool = True) -> Pair:
    """One pair; a benchmark that returns several samples of its number gives as many. Raises SideError.

    With `together` false the processes run one after the other: for benchmarks that cannot be set up twice.
    """
    started = time.perf_counter()
    values: dict[SideName, tuple[float, ...]] = {}
    overhead = setup = 0.0
    order = shuffled(random.Random(f"{sorted(job.names.values())} {hash_seed}"))
    for names in [order] if together else [[name] for name in order]:
        before = time.perf_counter()
        with live_workers({name: sides[name] for name in names}, job, hash_seed) as workers:
            overhead += time.perf_counter() - before
            setup += max(said["setup"] for said in workers.prepared.values())
            for name, answer in workers.ask_all("value").items():
                values[name] = tuple(answer["values"])
    return Pair(
        hash_seed=hash_seed,
        base=values[SideName.BASE],
        head=values[SideName.HEAD],
        seconds=time.perf_counter() - started,
        overhead=overhead,
        setup=setup,
    )
