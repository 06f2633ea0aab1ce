"""What the suite's setup_cache functions make, in folders of the run's own."""

import time
from collections.abc import Mapping
from pathlib import Path

from retrospeed.gate.cpu_swaps import swapped
from retrospeed.gate.discovery import Series
from retrospeed.gate.worker_pair import GATED, LEAN_TYPES, Side, SideError, SideName
from retrospeed.gate.worker_process import WorkerError, WorkerProcess

_Made = Path | WorkerError


class SetupCaches:
    """Makes the caches of a series when they are first asked for; later series with the same setup_cache share them.

    There can be several copies of a cache, each made by a process of its own. A benchmark that is timed by the gate
    needs only one. But one that tells a number may have found it while its cache was made (suites measure there what
    several benchmarks then report), and a single noisy number told again and again would look like a certain one.
    """

    def __init__(self, sides: Mapping[SideName, Side], root: Path) -> None:
        self._sides = sides
        self._root = root
        self._made: dict[tuple[SideName, str, int], _Made] = {}
        self._numbers: dict[str, int] = {}
        self._seconds: dict[str, float] = {}

    def folders(self, series: Series, copy: int = 0) -> dict[SideName, Path]:
        """The folders holding ``cache.pickle``, none for a series without. Raises SideError."""
        missing = {side: key for side, key in series.cache_keys.items() if (side, key, copy) not in self._made}
        for side, made in self._make(series, missing, copy).items():
            self._made[side, missing[side], copy] = made
        found = {side: self._made[side, key, copy] for side, key in series.cache_keys.items()}
        failures = {side: made for side, made in found.items() if isinstance(made, WorkerError)}
        if failures:
            raise SideError(failures)
        return {side: made for side, made in found.items() if isinstance(made, Path)}

    def seconds(self, series: Series) -> float:
        """What the first copy of the series' cache cost; 0 if there is none."""
        return max((self._seconds.get(key, 0.0) for key in series.cache_keys.values()), default=0.0)

    def _make(self, series: Series, keys: Mapping[SideName, str], copy: int) -> dict[SideName, _Made]:
        """Make the caches of both sides at the same time, so that what is measured meanwhile meets the same load."""
        made: dict[SideName, _Made] = {}
        workers: dict[SideName, WorkerProcess] = {}
        started = time.perf_counter()
        try:
            for side, key in keys.items():
                # Folders of both sides get names of equal length: a path's length can move a process's memory.
                number = self._numbers.setdefault(key, len(self._numbers))
                folder = self._root / side / f"{number:04}-{copy:04}"
                folder.mkdir(parents=True)
                made[side] = folder
                of = self._sides[side]
                variables = {**of.variables, GATED: str(copy + 1), "PYTHONHASHSEED": str(copy + 1)}
                workers[side] = WorkerProcess(of.python, variables, folder, folder.with_suffix(".log"))
                told = {"benchmark_dir": str(of.benchmark_dir), "name": series.names[side]}
                workers[side].send("setup_cache", lean=series.benchmark.type in LEAN_TYPES, **told)
            with swapped([worker.session for worker in workers.values()]):
                for side, worker in workers.items():
                    try:
                        worker.receive(series.cache_timeout)
                    except WorkerError as error:
                        made[side] = type(error)(f"setup_cache: {error}")
        finally:
            for worker in workers.values():
                worker.close()
        for key in keys.values():
            self._seconds.setdefault(key, time.perf_counter() - started)
        return made
