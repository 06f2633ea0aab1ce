"""Every run proves itself: a program against itself must raise no alarm, and one made 5 % slower must be caught.

Both go the way of every benchmark of the suite: same workers, same environment, same rules. The first is run before
the suite, the second after it, so that they see the machine as the suite saw it.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from retrospeed.benchmarks_file import Benchmark
from retrospeed.comparison import Class
from retrospeed.gate.discovery import Series
from retrospeed.gate.judge_series import Finding, judge_series
from retrospeed.gate.measure import SeriesMeasurement
from retrospeed.gate.record import SeriesRecord
from retrospeed.gate.two_stage import Plan
from retrospeed.gate.worker_pair import Side, SideName
from retrospeed.measurement import SeriesKey
from retrospeed.thresholds import Limits

SUITE = Path(__file__).with_name("selftest_suite")
NAME = "reference.time_reference"
UNITS = 200
INJECTED = 0.05
TIMEOUT = 60.0
VARIABLE = "RETROSPEED_SELF_TEST_UNITS"


def measurement(sides: Mapping[SideName, Side], limits: Limits, plan: Plan, injected: float) -> SeriesMeasurement:
    """The reference benchmark in BASE's environment against itself, made slower by the fraction `injected`."""
    base = sides[SideName.BASE]
    units = {SideName.BASE: UNITS, SideName.HEAD: round(UNITS * (1 + injected))}
    both = {
        name: replace(base, name=name, benchmark_dir=SUITE, variables={**base.variables, VARIABLE: str(units[name])})
        for name in units
    }
    benchmark = Benchmark(name=NAME, type="time", unit="seconds", label=f"injected {injected:+.0%}")
    series = Series(SeriesKey(NAME), benchmark, names=dict.fromkeys(units, NAME), timeout=TIMEOUT)
    return SeriesMeasurement(series, both, limits, plan)


def failure(equal: SeriesRecord | None, slower: SeriesRecord | None, limits: Limits, plan: Plan) -> str | None:
    """Why this run's verdict is not to be trusted; None if it is."""
    found = judged(equal, limits, plan)
    if found is not None and found.classification is not Class.UNCHANGED:
        return f"a program against itself was found {found.classification} ({found.why})"
    found = judged(slower, limits, plan)
    if found is not None and found.classification not in (Class.WARNING, Class.SEVERE):
        return f"an injected slowdown of {INJECTED:.0%} was found {found.classification} ({found.why})"
    return None


def judged(record: SeriesRecord | None, limits: Limits, plan: Plan) -> Finding | None:
    """The finding on a self-test, None if the run was broken off before it."""
    return judge_series(record, limits, plan) if record is not None and record.finished else None
