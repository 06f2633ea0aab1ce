"""A whole run: build, discover, self-test, every series, self-test."""

import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from retrospeed.errors import RetrospeedError
from retrospeed.gate import discovery, instructions, limits, selftest, withheld
from retrospeed.gate.builds import Built
from retrospeed.gate.caches import SetupCaches
from retrospeed.gate.discovery import Discovery, Series
from retrospeed.gate.measure import SeriesMeasurement, blank_record
from retrospeed.gate.record import CommitName, GateRecord, InstructionRecord
from retrospeed.gate.two_stage import Plan
from retrospeed.gate.worker_pair import BOTH, SideName
from retrospeed.machine import name_here
from retrospeed.measurement import Outcome
from retrospeed.pairing import Selection
from retrospeed.thresholds import Limits, ThresholdsInUse


class Progress(Protocol):
    """What a run tells whoever watches it."""

    def importing(self) -> None:
        """Both commits are built, and import the suite."""

    def begin(self, series: int) -> None:
        """So many series will be measured."""

    def measuring(self, name: str, taken: int, asked: int) -> None:
        """A pair was taken of this series."""

    def done(self) -> None:
        """A series is decided."""


@dataclass(frozen=True)
class Request:
    """What to measure, and by which rules."""

    base: str
    head: str
    built: Built
    thresholds: ThresholdsInUse
    selection: Selection
    plan: Plan = field(default_factory=Plan)
    self_test: bool = True
    injected: float = selftest.INJECTED
    """How much slower the second self-test is made."""
    count_instructions: bool = False
    instruction_layers: tuple[str, ...] = ()
    """Layers whose benchmarks are counted without a tag of their own."""


def run(request: Request, progress: Progress) -> GateRecord:
    """Measure; broken off by KeyboardInterrupt, the record holds what is known. Raises RetrospeedError."""
    started, ticks = time.perf_counter(), withheld.now()
    sides = request.built.sides
    progress.importing()
    found = discovery.discover(sides, request.selection, request.built.default_timeout)
    if not found.series:
        _refuse_nothing(found)
    plan = msgspec.structs.replace(request.plan, series=len(found.series))
    record = GateRecord(
        base=CommitName(request.base, request.built.commits[SideName.BASE]),
        head=CommitName(request.head, request.built.commits[SideName.HEAD]),
        environment=request.built.environment,
        environments_not_used=list(request.built.not_used),
        machine=machine_facts(),
        plan=plan,
        thresholds=request.thresholds,
        series=[],
    )
    counted = len(_counted(request, found))
    progress.begin(len(found.series) + counted + 2 * request.self_test)
    with tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True) as root, _whatever_happens(record):
        caches = SetupCaches(sides, Path(root))
        if request.self_test:
            test = selftest.measurement(sides, limits.for_reference(), plan, injected=0.0)
            record.equal_test = test.record
            _measure(test, caches, progress, "self-test: equal")
        for series in found.series:
            measurement = SeriesMeasurement(series, sides, _limits(request, series), plan)
            record.series.append(measurement.record)
            _name_absent(measurement, series, found)
            _measure(measurement, caches, progress, str(series.key))
        if request.count_instructions:
            _count(request, found, record, caches, progress)
        if request.self_test:
            test = selftest.measurement(sides, limits.for_reference(), plan, request.injected)
            record.slower_test = test.record
            _measure(test, caches, progress, "self-test: slower")
    _add_unreached(record, found)
    record.machine["load at the end"] = _load()
    record.withheld = withheld.share(ticks, withheld.now())
    record.seconds = time.perf_counter() - started
    return record


def machine_facts() -> dict[str, str]:
    """What a reader of the figures wants to know of the machine."""
    return {
        "name": name_here(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cpus": str(os.cpu_count()),
        "load at the start": _load(),
    }


def _load() -> str:
    return f"{os.getloadavg()[0]:.2f}"


@contextmanager
def _whatever_happens(record: GateRecord) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        record.interrupted = True


def _measure(measurement: SeriesMeasurement, caches: SetupCaches, progress: Progress, name: str) -> None:
    progress.measuring(name, 0, 1)
    measurement.run(caches, lambda taken, asked: progress.measuring(name, taken, asked))
    progress.done()


def _counted(request: Request, found: Discovery) -> list[Series]:
    if not request.count_instructions:
        return []
    return [s for s in found.series if not instructions.why_excluded(s, request.instruction_layers)]


def _count(request: Request, found: Discovery, record: GateRecord, caches: SetupCaches, progress: Progress) -> None:
    counted = _counted(request, found)
    for series in found.series:
        excluded = instructions.why_excluded(series, request.instruction_layers)
        if excluded:
            record.instructions.append(InstructionRecord(key=series.key, excluded=excluded))
    for series in counted:
        progress.measuring(f"{series.key} instructions", 0, 1)
        record.instructions.append(instructions.count_series(series, request.built.sides, caches))
        progress.done()


def _limits(request: Request, series: Series) -> Limits:
    return request.thresholds.rules.limits(series.benchmark, str(series.key))


def _name_absent(measurement: SeriesMeasurement, series: Series, found: Discovery) -> None:
    for side in BOTH:
        if side not in series.names:
            failed, why = found.why_absent(series, side)
            state = measurement.state(side)
            state.outcome, state.error = (Outcome.FAILED if failed else Outcome.ABSENT), why


def _add_unreached(record: GateRecord, found: Discovery) -> None:
    """Put the series that the run did not come to on record, so that they are listed."""
    reached = {series.key for series in record.series}
    for series in found.series:
        if series.key not in reached:
            record.series.append(blank_record(series))


def _refuse_nothing(found: Discovery) -> None:
    broken = {error for failures in found.broken.values() for error in failures.values()}
    if broken:
        raise RetrospeedError(f"No benchmark could be found; the suite does not import: {'; '.join(sorted(broken))}.")
    raise RetrospeedError("No benchmark is selected; see --bench and --exclude.")
