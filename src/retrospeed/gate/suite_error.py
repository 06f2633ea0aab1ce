"""The error of a whole run, not of a single benchmark.

A suite of 100 benchmarks tested at 1 % each calls a change in 63 % of the runs of a commit against itself. Here an
alarm needs stage 2: the surer the less stage 1 supports it, whose data are independent. An equal part of the chance of
an error is given to each degree of support (a conditional error function in steps: Proschan & Hunsberger, Biometrics
51, 1995). The sum over the suite bounds the chance of any alarm in the run (Bonferroni), which holds however benchmarks
depend on each other.
"""

from collections.abc import Collection
from enum import Enum

STAGE_1_LEVEL = 0.05
"""One-sided level at which stage 1 holds a benchmark suspect; it may be loose, since stage 2 makes up for it."""
SURE_SUSPECT_LEVEL = 0.004
"""One-sided level at which stage 1 ends before its time, to hold a benchmark suspect."""
RUN_LEVEL = 0.01
"""The chance that a run of a commit against itself calls any benchmark slower."""
BENCHMARK_LEVEL = 1e-4
"""The chance that a comparison of a benchmark with itself does, however small the suite."""


class Support(Enum):
    """How much stage 1 says for what stage 2 is to show; the value is the chance that it says so for nothing."""

    NONE = 1.0
    SUSPECT = STAGE_1_LEVEL
    SURE = 2 * SURE_SUSPECT_LEVEL
    """It may say so after eight pairs, or after the last."""


def stage_2_level(series: int, looks: int, support: Support, degrees: int) -> float:
    """One-sided level of each look at stage 2, for a suite of so many series and so many degrees of support."""
    return min(BENCHMARK_LEVEL, RUN_LEVEL / max(series, 1)) / degrees / looks / support.value


def support_by(p: float, degrees: Collection[Support]) -> Support:
    """The support, of the degrees there are, that a one-sided p-value of stage 1 lends."""
    if p < SURE_SUSPECT_LEVEL and Support.SURE in degrees:
        return Support.SURE
    return Support.SUSPECT if p < STAGE_1_LEVEL else Support.NONE
