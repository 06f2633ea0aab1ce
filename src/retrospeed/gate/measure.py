"""Measures one series until it is decided, whatever the benchmark does meanwhile."""

import time
from collections.abc import Callable, Mapping

from retrospeed.gate import alternate, values
from retrospeed.gate.caches import SetupCaches
from retrospeed.gate.discovery import Series
from retrospeed.gate.judge_series import wanted
from retrospeed.gate.record import SeriesRecord, SideState
from retrospeed.gate.samples import Rhythm
from retrospeed.gate.two_stage import Plan
from retrospeed.gate.worker_pair import BOTH, TIMED_TYPES, Job, Side, SideError, SideName, live_workers
from retrospeed.gate.worker_process import WorkerError, WorkerSkippedError, WorkerTimeoutError
from retrospeed.measurement import Outcome
from retrospeed.thresholds import Limits

MOST_MISHAPS = 3
"""A side that fails in more of its pairs than this fails, even if it works at other times."""
STAGE_2_SEEDS = 101
"""Stage 2 goes on with hash seeds of its own: what one seed happens to do must not be found twice."""

Report = Callable[[int, int], None]
"""Told after every pair: pairs taken, and pairs that the rules ask for as things are."""


def blank_record(series: Series) -> SeriesRecord:
    """The record of a series of which nothing is known yet."""
    versions = series.versions
    return SeriesRecord(
        key=series.key,
        benchmark=series.benchmark,
        base=SideState(version=versions.get(SideName.BASE)),
        head=SideState(version=versions.get(SideName.HEAD)),
        timed=series.benchmark.type in TIMED_TYPES,
    )


class SeriesMeasurement:
    """One series in the making; `record` is whole at any moment, also if the run is broken off."""

    def __init__(self, series: Series, sides: Mapping[SideName, Side], limits: Limits, plan: Plan) -> None:
        self._series = series
        self._sides = sides
        self._limits = limits
        self._plan = plan
        self._rhythm: Rhythm | None = None
        self._mishaps = dict.fromkeys(BOTH, 0)
        self.record = blank_record(series)

    def state(self, side: SideName) -> SideState:
        """What became of it at one commit."""
        return self.record.base if side is SideName.BASE else self.record.head

    def run(self, caches: SetupCaches, report: Report = lambda taken, asked: None) -> None:
        """Measure. Whatever the benchmark does is in the record afterwards, and nothing is raised for it."""
        started = time.perf_counter()
        try:
            if len(self._series.names) < len(BOTH):
                self._run_alone(caches)
            elif self.record.base.version != self.record.head.version:
                for side in BOTH:
                    self.state(side).outcome = Outcome.SKIPPED
            else:
                self._run_pairs(caches, report)
            self.record.finished = True
        finally:
            self.record.seconds = time.perf_counter() - started

    def _run_alone(self, caches: SetupCaches) -> None:
        """There is nothing to compare, but a benchmark that is new has to work."""
        for side in self._series.names:
            try:
                self._probe(self._job(caches), side)
            except SideError as error:
                self._settle(error.failures)

    def _run_pairs(self, caches: SetupCaches, report: Report) -> None:
        try:
            self._first_pair(caches)
        except SideError as error:
            self._settle(error.failures)
            for side in BOTH:
                if side not in error.failures:
                    self.state(side).outcome = Outcome.MEASURED
            return
        for side in BOTH:
            self.state(side).outcome = Outcome.MEASURED
        while True:
            more, stage = wanted(self.record, self._limits, self._plan)
            taken = len(self.record.first) + len(self.record.second)
            report(taken, taken + more)
            if not more:
                return
            try:
                self._take(caches, stage)
            except SideError as error:
                self._note(error.failures)
                if max(self._mishaps.values()) > MOST_MISHAPS:
                    self._settle(error.failures)
                    return

    def _first_pair(self, caches: SetupCaches) -> None:
        """Take the first pair; if it fails, find out which side is to blame. Raises SideError if one is."""
        job = self._job(caches)
        try:
            self._take(caches, 1)
        except SideError as error:
            failures = dict(error.failures)
            for side in BOTH:
                # Skips and timeouts are not asked for twice, but a side that was interrupted by the other's failure is.
                if not isinstance(failures.get(side), WorkerSkippedError | WorkerTimeoutError):
                    failures.pop(side, None)
                    try:
                        self._probe(job, side)
                    except SideError as alone:
                        failures.update(alone.failures)
            if failures:
                raise SideError(failures) from error
            self._note(error.failures)
            self.record.together = False
            self._take(caches, 1)

    def _probe(self, job: Job, side: SideName) -> None:
        """Run one side once, by itself. Raises SideError."""
        with live_workers({side: self._sides[side]}, job, hash_seed=1) as workers:
            if self.record.timed:
                workers.ask(side, "iterate", number=1)
            else:
                workers.ask(side, "value")
        self.state(side).outcome = Outcome.MEASURED

    def _take(self, caches: SetupCaches, stage: int) -> None:
        """Take one more pair into the record. Raises SideError."""
        part = self.record.first if stage == 1 else self.record.second
        seed = (1 if stage == 1 else STAGE_2_SEEDS) + len(part) + sum(self._mishaps.values())
        together = self.record.together
        if self.record.timed:
            job = self._job(caches)
            pair, self._rhythm = alternate.take_pair(self._sides, job, seed, self._rhythm, together=together)
        else:
            copy = 0 if self.record.benchmark.deterministic else seed - 1
            pair = values.take_pair(self._sides, self._job(caches, copy), seed, together=together)
        part.append(pair)

    def _job(self, caches: SetupCaches, copy: int = 0) -> Job:
        series = self._series
        folders = caches.folders(series, copy)
        self.record.cache_seconds = caches.seconds(series)
        return Job(series.names, series.benchmark.type, series.timeout, folders)

    def _note(self, failures: Mapping[SideName, WorkerError]) -> None:
        for side, failure in failures.items():
            self._mishaps[side] += 1
            self.record.mishaps.append(f"{side}: {failure}")

    def _settle(self, failures: Mapping[SideName, WorkerError]) -> None:
        for side, failure in failures.items():
            state = self.state(side)
            state.outcome = Outcome.SKIPPED if isinstance(failure, WorkerSkippedError) else Outcome.FAILED
            state.error = str(failure)
