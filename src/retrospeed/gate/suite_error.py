"""The error of a whole run, not of a single benchmark.

A suite of 100 benchmarks tested at 1 % each calls a change in 63 % of the runs of a commit against itself. Here an
alarm needs stage 2, and either stage 1 too, whose data are independent, or so much more of stage 2 alone: half of the
chance of an error is given to each of these ways. The sum over the suite bounds the chance of any alarm in the run
(Bonferroni), which holds however benchmarks depend on each other.
"""

STAGE_1_LEVEL = 0.05
"""One-sided level at which stage 1 holds a benchmark suspect; it may be loose, since stage 2 makes up for it."""
SURE_SUSPECT_LEVEL = 0.004
"""One-sided level at which stage 1 ends before its time, to hold a benchmark suspect."""
RUN_LEVEL = 0.01
"""The chance that a run of a commit against itself calls any benchmark slower."""
BENCHMARK_LEVEL = 1e-4
"""The chance that a comparison of a benchmark with itself does, however small the suite."""


def stage_2_level(series: int, looks: int, *, supported: bool) -> float:
    """One-sided level of each look at stage 2, for a suite of so many series.

    `supported` is whether stage 1 was significant by itself, at STAGE_1_LEVEL and in the same direction.
    """
    each_way = min(BENCHMARK_LEVEL, RUN_LEVEL / max(series, 1)) / 2
    return each_way / looks / (STAGE_1_LEVEL if supported else 1.0)
