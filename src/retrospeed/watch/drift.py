"""Slow change: a ramp where it explains the points better than steps do, and a robust slope over a long window.

A cost that grows a little with every commit is cut into many steps by any step detector. So each run of steps in one
direction is held against a ramp between two commits, by the Bayesian information criterion. Where no step was found at
all, Theil and Sen's slope with Mann and Kendall's test tells a drift too slow for steps.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy
from scipy.special import ndtr

Floats = npt.NDArray[np.float64]

WINDOW = 60
"""Points that the slope is taken over, the newest ones."""
SHORTEST_RAMP = 8
LEVEL = 1e-3
_GRID = 12
_CLEARLY = 6.0
"""Difference of the criterion from which on one model is strongly preferred (Kass and Raftery, JASA 90, 1995)."""


@dataclass(frozen=True)
class Ramp:
    """A change spread over the points from `start` to `end`, by their indexes."""

    start: int
    end: int
    total: float
    """From before to after, on the scale of the values."""
    p: float = 0.0


def ramp_instead(values: Floats, splits: list[int]) -> Ramp | None:
    """The ramp that explains `values` clearly better than steps at `splits` do, None if none does."""
    count = len(values)
    if count < 2 * SHORTEST_RAMP:
        return None
    stepped = sum(float(np.sum((part - part.mean()) ** 2)) for part in np.split(values, splits))
    x = np.arange(count, dtype=float)
    grid = np.unique(np.linspace(0, count - 1, _GRID).round().astype(int))
    best, residual = Ramp(0, 0, 0.0), np.inf
    for start in grid:
        for end in grid[grid >= start + SHORTEST_RAMP]:
            shape = np.clip((x - start) / (end - start), 0, 1)
            shape -= shape.mean()
            slope = float(shape @ values) / float(shape @ shape)
            rest = values - values.mean() - slope * shape
            if float(rest @ rest) < residual:
                residual = float(rest @ rest)
                best = Ramp(int(start), int(end), slope)
    criterion_steps = count * np.log(max(stepped, 1e-300) / count) + (2 * len(splits) + 1) * np.log(count)
    criterion_ramp = count * np.log(max(residual, 1e-300) / count) + 4 * np.log(count)
    return best if criterion_steps - criterion_ramp > _CLEARLY else None


def slow_drift(values: Floats, positions: npt.NDArray[np.int64], deflation: float) -> Ramp | None:
    """The drift of the newest points, if Mann and Kendall's test, deflated for autocorrelation, is sure of it."""
    values, positions = values[-WINDOW:], positions[-WINDOW:]
    if len(values) < 2 * SHORTEST_RAMP:
        return None
    tau = scipy.stats.kendalltau(positions, values)
    # The normal approximation of the test, its deviation widened as a mean's is.
    z = abs(_z(float(tau.statistic), len(values))) / deflation
    p = float(2 * ndtr(-z))
    if not p < LEVEL:
        return None
    slope = float(scipy.stats.theilslopes(values, positions).slope)
    return Ramp(0, len(values) - 1, slope * float(positions[-1] - positions[0]), p)


def _z(tau: float, count: int) -> float:
    return tau / math.sqrt(2 * (2 * count + 5) / (9 * count * (count - 1)))
