"""The reason beside a verdict says no more and no less than the interval does."""

from collections.abc import Sequence

import pytest

from retrospeed.benchmarks_file import Benchmark
from retrospeed.comparison import Class
from retrospeed.gate.judge_series import judge_series
from retrospeed.gate.record import SeriesRecord, SideState
from retrospeed.gate.samples import Pair
from retrospeed.gate.two_stage import Plan
from retrospeed.measurement import Outcome, SeriesKey
from retrospeed.thresholds import Limits

LIMITS = Limits(
    warning_relative=0.01, warning_absolute=0.0, severe_relative=0.05, severe_absolute=0.0, single_value_noise=None
)
EQUAL = [1.0, 1.01, 0.99, 1.002, 0.998, 1.011, 0.989, 1.003, 0.997, 1.004]
WIDE = [1.04, 0.961, 1.041, 0.96, 1.042, 0.959, 1.039, 0.962, 1.038, 0.963]
"""Their interval ends between the middle of both thresholds and the severe one."""
WORSE = [1.15 + step / 1000 for step in range(11)]
SUSPECT = [*WORSE[:7], 0.97, 0.96, 0.95]
MOSTLY_WORSE = [*WORSE[:9], 0.99, 0.98]
HARDLY_WORSE = [1.03 + step / 1000 for step in range(10)] + [0.99]
HARDLY_BETTER = [1 / ratio for ratio in HARDLY_WORSE]


@pytest.mark.parametrize(
    ("first", "second", "classification", "why"),
    [
        (EQUAL, [], Class.UNCHANGED, "no change seen"),
        (WIDE, [], Class.UNCHANGED, "no change seen"),
        (WORSE, WORSE, Class.SEVERE, "worse by more than 5 %"),
        (SUSPECT, MOSTLY_WORSE, Class.INCONCLUSIVE, "probably worse by more than 1 %, but not surely"),
        (SUSPECT, HARDLY_WORSE, Class.UNCHANGED, "if changed, then worse by less than 5 %, but not surely"),
        ([1 / ratio for ratio in SUSPECT], HARDLY_BETTER, Class.UNCHANGED, "if changed, then better, but not surely"),
        (WORSE, [*EQUAL, 0.995], Class.UNCHANGED, "no change seen; 5 % is ruled out"),
    ],
)
def test_of_dear_numbers(first: Sequence[float], second: Sequence[float], classification: Class, why: str) -> None:
    pairs = [
        [Pair(hash_seed=1, base=(1.0,), head=(ratio,), seconds=10.0) for ratio in part] for part in (first[:10], second)
    ]
    state = SideState(outcome=Outcome.MEASURED)
    record = SeriesRecord(
        key=SeriesKey(benchmark="suite.track_number", params=()),
        benchmark=Benchmark(name="suite.track_number", unit="seconds"),
        base=state,
        head=state,
        timed=False,
        finished=True,
        first=pairs[0],
        second=pairs[1],
    )
    finding = judge_series(record, LIMITS, Plan(series=100))
    assert (finding.classification, finding.why) == (classification, why), finding.decision
