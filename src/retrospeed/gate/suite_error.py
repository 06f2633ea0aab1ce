"""The error of a whole run, not of a single benchmark.

A suite of 100 benchmarks tested at 1 % each calls a change in 63 % of the runs of a commit against itself. Here an
alarm needs both stages, whose data are independent: P(alarm) <= P(stage 1) x P(stage 2) for a benchmark, and the
sum of these over the suite bounds the chance of any alarm in the run (Bonferroni), which holds however benchmarks
depend on each other.
"""

STAGE_1_LEVEL = 0.05
"""One-sided level at which stage 1 holds a benchmark suspect; it may be loose, since stage 2 makes up for it."""
RUN_LEVEL = 0.01
"""The chance that a run of a commit against itself calls any benchmark slower."""
BENCHMARK_LEVEL = 1e-4
"""The chance that a comparison of a benchmark with itself does, however small the suite."""


def stage_2_level(series: int, looks: int = 1) -> float:
    """One-sided level of stage 2 for a suite of so many series, if its data are looked at so many times."""
    return min(BENCHMARK_LEVEL, RUN_LEVEL / max(series, 1)) / STAGE_1_LEVEL / looks
