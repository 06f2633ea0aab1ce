"""Where each series stands: its change over the newest commits, its rate a commit, and its room to the threshold."""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import scipy

from retrospeed import targets
from retrospeed.thresholds import Limits
from retrospeed.watch.series import Series

LAST = 20
"""Points that a trend is taken over."""
_ENDS = 5


class Direction(StrEnum):
    """Which way a series goes."""

    WORSE = "worse"
    BETTER = "better"
    STEADY = "steady"


@dataclass(frozen=True)
class Trend:
    """The newest points of a series in numbers."""

    series: Series
    direction: Direction
    change: float
    """Last level over first, minus one; a difference in the unit where only differences count."""
    rate: float
    """The same for one commit, by Theil and Sen's slope."""
    is_relative: bool
    noise: float
    """Robust standard deviation from neighbour to neighbour, on the same scale."""
    points: int
    commits: int
    """Commits between the first and the last of them."""
    status: str
    """Against the thresholds: ok, watch, over warning, over severe."""

    @property
    def meets_target(self) -> bool | None:
        """Whether its newest points meet what the suite wants of it; None if it wants nothing."""
        return targets.is_met(self.series.benchmark, self.series.key, self.series.typical())


def trend(series: Series, limits: Limits, last: int = LAST) -> Trend:
    """The trend of the newest `last` points."""
    values, positions = series.values[-last:], series.positions[-last:]
    is_relative = limits.warning_relative > 0 and bool((values > 0).all())
    scaled = np.log(values) if is_relative else values
    ends = max(1, min(_ENDS, len(scaled) // 3))
    total = float(np.median(scaled[-ends:]) - np.median(scaled[:ends]))
    slope = float(scipy.stats.theilslopes(scaled, positions).slope) if len(scaled) > 2 else 0.0
    noise = float(np.median(np.abs(np.diff(scaled)))) * 1.4826 / math.sqrt(2) if len(scaled) > 2 else 0.0
    margin = 2 * noise * math.sqrt(2 / ends) * 1.25
    change = math.expm1(total) if is_relative else total
    worse = total if series.benchmark.lower_is_better else -total
    fraction = abs(change) if is_relative else math.inf
    scale = abs(float(np.median(values[:ends]))) if is_relative else 1.0
    difference = abs(change) * scale * (series.typical() if series.is_ratio else 1.0)
    changed = abs(total) > margin and difference > 0
    if not changed:
        status, direction = "ok", Direction.STEADY
    else:
        direction = Direction.WORSE if worse > 0 else Direction.BETTER
        over_severe = fraction > limits.severe_relative and difference > limits.severe_absolute
        over_warning = fraction > limits.warning_relative and difference > limits.warning_absolute
        if not over_warning:
            half = 2 * fraction > limits.warning_relative and 2 * difference > limits.warning_absolute
            status = "watch" if half and worse > 0 else "ok"
        elif worse < 0:
            status = "better"
        else:
            status = "over severe" if over_severe else "over warning"
    return Trend(
        series=series,
        direction=direction,
        change=change,
        rate=math.expm1(slope) if is_relative else slope,
        is_relative=is_relative,
        noise=noise,
        points=len(scaled),
        commits=int(positions[-1] - positions[0]) if len(positions) else 0,
        status=status,
    )
