"""Two workers, one a commit, that live at the same time: what alternation needs."""

import contextlib
import random
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from retrospeed.gate.cpu_swaps import swapped
from retrospeed.gate.worker_process import WorkerError, WorkerProcess, WorkerSkippedError, WorkerTimeoutError

GATED = "RETROSPEED_GATE"
"""Environment variable that tells a suite that whole processes are repeated, so that each can do with fewer samples.

It is 1; while setup_cache runs again for another copy of its cache, 2, 3 and so on."""
TIMED_TYPES = ("time",)
"""What asv calls both time_ and timeraw_."""
LEAN_TYPES = (*TIMED_TYPES, "track")
"""Those for which little of asv_runner does: mem_ would miss pympler, and peakmem_ its share of the peak."""
BATON = str(Path(__file__).with_name("baton.py"))
"""The part of a worker that takes turns with the other."""


class SideName(StrEnum):
    """Which commit. Of equal length, so that neither side's paths and environment are longer."""

    BASE = "base"
    HEAD = "head"


BOTH = (SideName.BASE, SideName.HEAD)


@dataclass(frozen=True)
class Side:
    """What it takes to run a benchmark of one commit."""

    name: SideName
    python: Path
    variables: Mapping[str, str]
    """The whole environment, as asv would set it."""
    benchmark_dir: Path


@dataclass(frozen=True)
class Job:
    """One benchmark with one set of parameters, as workers are told of it."""

    names: Mapping[SideName, str]
    """Names for asv_runner: with ``-3`` after them for the fourth set of parameters."""
    type: str
    """As asv calls it: time, track, memory or peakmemory."""
    timeout: float
    """Seconds that its import and setup, and each answer after that, may take."""
    caches: Mapping[SideName, Path] = field(default_factory=dict)
    """Folders with ``cache.pickle`` made by setup_cache; they are the working directories."""


Samples = dict[SideName, list[dict[str, Any]]]


class SideError(Exception):
    """One or both of the sides could not go on."""

    def __init__(self, failures: Mapping[SideName, WorkerError]) -> None:
        super().__init__("; ".join(f"{side}: {failure}" for side, failure in failures.items()))
        self.failures = dict(failures)

    @property
    def skipped(self) -> bool:
        """Whether the benchmark said of itself that it does not apply, on every side that is named."""
        return all(isinstance(failure, WorkerSkippedError) for failure in self.failures.values())


@contextlib.contextmanager
def live_workers(sides: Mapping[SideName, Side], job: Job, hash_seed: int) -> Iterator["LiveWorkers"]:
    """Workers for the sides given, with the same hash seed, prepared at the same time. Raises SideError.

    Nothing that they started is left on leaving, whatever happened.
    """
    with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as root:
        workers: dict[SideName, WorkerProcess] = {}
        ends = dict(zip(BOTH, socket.socketpair(), strict=True))
        try:
            # Whichever starts first has its choice of CPU; no side may always be that one.
            for name, side in random.Random(hash_seed).sample(list(sides.items()), len(sides)):
                folder = job.caches.get(name)
                if folder is None:
                    folder = Path(root) / name
                    folder.mkdir()
                variables = {**side.variables, "PYTHONHASHSEED": str(hash_seed)}
                log = Path(root) / f"{name}.log"
                workers[name] = WorkerProcess(side.python, variables, folder, log, descriptors=[ends[name].fileno()])
            workers = {name: workers[name] for name in sides}
            for name, worker in workers.items():
                worker.send(
                    "prepare",
                    benchmark_dir=str(sides[name].benchmark_dir),
                    name=job.names[name],
                    has_cache=name in job.caches,
                    lean=job.type in LEAN_TYPES,
                )
            batons = {name: end.fileno() for name, end in ends.items()}
            for end in ends.values():
                # Held by the workers alone: the death of one of them is what the other reads the end of.
                end.close()
            yield LiveWorkers(workers, job, receive_all(workers, job.timeout), batons)
        finally:
            for end in ends.values():
                end.close()
            with ThreadPoolExecutor(max_workers=2) as pool:
                list(pool.map(WorkerProcess.close, workers.values()))


def receive_all(workers: Mapping[SideName, WorkerProcess], timeout: float) -> dict[SideName, dict[str, Any]]:
    """The answers of all workers. Raises SideError naming each side that has none."""
    answers, failures = {}, {}
    for name, worker in workers.items():
        try:
            answers[name] = worker.receive(timeout)
        except WorkerError as failure:
            failures[name] = failure
    if failures:
        raise SideError(failures)
    return answers


class LiveWorkers:
    """Prepared workers. `prepared` holds what each said of its benchmark when it was set up."""

    def __init__(
        self,
        workers: Mapping[SideName, WorkerProcess],
        job: Job,
        prepared: Mapping[SideName, dict[str, Any]],
        batons: Mapping[SideName, int],
    ) -> None:
        self._workers = workers
        self._job = job
        self._batons = batons
        self.prepared = prepared

    @property
    def names(self) -> tuple[SideName, ...]:
        """The sides that are here."""
        return tuple(self._workers)

    def ask_all(self, verb: str, **arguments: Any) -> dict[SideName, dict[str, Any]]:
        """The answers of all sides, which work at the same time and change CPUs meanwhile. Raises SideError."""
        for worker in self._workers.values():
            worker.send(verb, **arguments)
        with swapped([worker.session for worker in self._workers.values()]):
            return receive_all(self._workers, self._job.timeout)

    def ask(self, side: SideName, verb: str, **arguments: Any) -> dict[str, Any]:
        """One side's answer, while the other side waits. Raises SideError."""
        try:
            return self._workers[side].ask(verb, self._job.timeout, **arguments)
        except WorkerError as failure:
            raise SideError({side: failure}) from failure

    def take_turns(self, order: Sequence[SideName], number: int, cpu: int | None) -> Samples:
        """What each side's iterations gave, taken in the order given, of `number` calls each. Raises SideError.

        The sides hand over to each other, so this is for iterations of which all take no longer than one answer may.
        """
        for side, worker in self._workers.items():
            mine = [name is side for name in order]
            told = {"baton": self._batons[side], "mine": mine, "number": number, "cpu": cpu}
            worker.send("extend", script=BATON, function="run", patience=self._job.timeout, **told)
        late = WorkerTimeoutError(f"timed out after {self._job.timeout:g} s")
        try:
            # Whoever waits for the other in vain says so first.
            answers = receive_all(self._workers, 2 * self._job.timeout)
        except SideError as error:
            failures = error.failures.items()
            raise SideError(
                {side: late if isinstance(failure, WorkerTimeoutError) else failure for side, failure in failures}
            ) from error
        samples: Samples = {side: answer["samples"] for side, answer in answers.items()}
        if sum(map(len, samples.values())) < len(order):
            # An iteration ended after all, but the other side had given it up.
            slowest = max(samples, key=lambda side: max((one["spent"] for one in samples[side]), default=0.0))
            raise SideError({slowest: late})
        return samples
