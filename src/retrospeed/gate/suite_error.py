"""The error of a whole run, not of a single benchmark.

A suite of 100 benchmarks tested at 1 % each calls a change in 63 % of the runs of a commit against itself. Here an
alarm needs both stages, whose data are independent: P(alarm) <= P(stage 1) x P(stage 2) for a benchmark, and the
sum of these over the suite bounds the chance of any alarm in the run (Bonferroni), which holds however benchmarks
depend on each other.
"""

STAGE_1_LEVEL = 0.02
"""One-sided level at which stage 1 holds a benchmark suspect."""
RUN_LEVEL = 0.01
"""The chance that a run of a commit against itself calls any benchmark slower."""
LOOSEST_STAGE_2_LEVEL = 0.005
"""Even in a suite of one benchmark: one in 10,000 comparisons at most."""


def stage_2_level(series: int, looks: int = 1) -> float:
    """One-sided level of stage 2 for a suite of so many series, if its data are looked at so many times."""
    return min(LOOSEST_STAGE_2_LEVEL, RUN_LEVEL / STAGE_1_LEVEL / max(series, 1)) / looks
