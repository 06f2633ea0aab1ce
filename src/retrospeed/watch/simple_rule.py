"""The rule that people know from other tools: the newest point against the mean of the five before, and three in a row.

It asks nothing of the noise, so it is an option and not the default; docs/history.md has its error rates.
"""

import math

import numpy as np

from retrospeed.thresholds import Limits
from retrospeed.watch.change import Change, Kind
from retrospeed.watch.series import Series

LAST = 5
BEYOND = 0.20
RUNS = 3


def changes(series: Series, limits: Limits) -> list[Change]:
    """A step at the newest point if it is worse than the mean of the five before by over 20 %, or if each of the last
    three points is worse than the one before it; none if there are too few points."""
    values = series.values
    if len(values) < LAST + 1:
        return []
    mean, newest = float(values[-1 - LAST : -1].mean()), float(values[-1])
    sign = 1.0 if series.benchmark.lower_is_better else -1.0
    beyond = sign * (newest - mean) > BEYOND * abs(mean)
    in_a_row = bool((sign * np.diff(values[-1 - RUNS :]) > 0).all())
    if not beyond and not in_a_row:
        return []
    first = len(values) - 1 if beyond else len(values) - RUNS
    before = mean if beyond else float(values[-1 - RUNS])
    is_log = limits.warning_relative > 0 and before > 0 and newest > 0
    size = math.log(newest / before) if is_log else newest - before
    where = int(series.positions[first - 1]), int(series.positions[-1 if not beyond else first])
    return [Change(series, Kind.STEP, *where, where, before, newest, size, size, is_log, 0.0, 1, now=newest)]
