"""What can happen to a series: a step or a drift, with its size, its certainty, and the commits it lies between."""

import math
from dataclasses import dataclass
from enum import StrEnum

from retrospeed.watch.series import Series


class Kind(StrEnum):
    """How the change came."""

    STEP = "step"
    DRIFT = "drift"


@dataclass(frozen=True)
class Change:
    """One change of one series. Positions are those of the commit order; sizes are on the scale of `is_log`."""

    series: Series
    kind: Kind
    good: int
    """Position of the last point that is surely of the old level."""
    bad: int
    """Position of the first point that is surely of the new level."""
    likeliest: tuple[int, int]
    """The two neighbouring points between which the step most likely lies."""
    before: float
    """Level before, in the unit of the points (multiples of the reference for ratios)."""
    after: float
    low: float
    """Ends of the 95 % interval of the change, after minus before, of logs if `is_log`."""
    high: float
    is_log: bool
    p: float
    points: int
    """Points behind the smaller of its two sides."""
    exact: bool = False
    """Whether the series has no noise, so that no chance is involved."""
    now: float = math.nan
    """The level at the end of the series."""

    @property
    def ratio(self) -> float:
        """After / before; infinite, zero or one by the sign of the difference where before is not above zero."""
        if self.before > 0 and self.after >= 0:
            return self.after / self.before
        return 1.0 if self.after == self.before else math.inf if self.after > self.before else 0.0

    @property
    def worse(self) -> bool:
        """Whether it went the wrong way."""
        return (self.after > self.before) == self.series.benchmark.lower_is_better

    @property
    def unit_scale(self) -> float:
        """What one unit of the points is in the benchmark's unit: 1, or the reference's value for ratios."""
        series = self.series
        if not series.is_ratio:
            return 1.0
        return series.typical() / self.now if self.now else math.nan

    @property
    def difference(self) -> float:
        """After minus before in the benchmark's unit; NaN for ratios of which no absolute value is known."""
        return (self.after - self.before) * self.unit_scale
