"""A mean over rounds, and how sure it is."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import scipy


@dataclass(frozen=True)
class Estimate:
    """A mean over the rounds with the ends of its 95 % interval, infinitely wide for a single round."""

    mean: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether it is certainly not zero."""
        return self.low > 0 or self.high < 0

    @property
    def is_narrow(self) -> bool:
        """Whether its interval reaches at most half as far as to zero."""
        return self.high - self.mean <= abs(self.mean) / 2


def estimate(values: Sequence[float]) -> Estimate:
    """Mean and 95 % interval (Student's t)."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return Estimate(mean, -math.inf, math.inf)
    half = float(scipy.stats.t.ppf(0.975, len(values) - 1)) * statistics.stdev(values) / math.sqrt(len(values))
    return Estimate(mean, mean - half, mean + half)
