"""How much autocorrelation inflates max t: measured by permuting blocks of the residuals.

Where neighbouring points resemble each other, ordinary thresholds find steps in nothing (two to ten times as often as
they say). The residuals, cut into blocks and put together in random order, have the same resemblance and no step; the
factor by which their max t exceeds that of independent points is what every t of the series is divided by.
"""

import numpy as np
import numpy.typing as npt

from retrospeed.watch.max_t import best_split, threshold

Floats = npt.NDArray[np.float64]

NEGLIGIBLE = 0.2
FEWEST = 12
PERMUTATIONS = 100
_LEVEL = 0.2
"""The upper quantile at which the two distributions are compared: further out, so few permutations say little."""


def lag_1(residuals: Floats, steps: int = 0) -> float:
    """The correlation of each point with the next, without the bias that short series have (Marriott and Pope 1954).

    Each step taken out of the residuals adds as much bias again as their mean does.
    """
    count = len(residuals)
    if count < 4:
        return 0.0
    centred = residuals - residuals.mean()
    total = float(centred @ centred)
    if total == 0:
        return 0.0
    found = float(centred[1:] @ centred[:-1]) / total
    return found + (1 + 3 * found) * (1 + steps) / count


def deflation(residuals: Floats, steps: int = 0, seed: int = 0) -> float:
    """What every t of a series with these residuals is to be divided by; 1 if they are independent."""
    count = len(residuals)
    correlation = lag_1(residuals, steps)
    if count < FEWEST or correlation <= NEGLIGIBLE:
        return 1.0
    # What an autoregressive process of order one has in the long run; permuted blocks see only what fits in them.
    correlation = min(correlation, 0.95)
    asymptotic = np.sqrt((1 + correlation) / (1 - correlation))
    permuted = float(np.quantile(best_split(_permuted(residuals, correlation, seed))[0], 1 - _LEVEL))
    return float(max(1.0, asymptotic, permuted / threshold(count, _LEVEL)))


def _permuted(residuals: Floats, correlation: float, seed: int) -> Floats:
    """The residuals in random order of their blocks, shape (PERMUTATIONS, n)."""
    count = len(residuals)
    # The block length that is best for the variance of a mean (Carlstein 1986).
    ideal = (2 * correlation / (1 - correlation**2)) ** (2 / 3) * count ** (1 / 3)
    length = int(np.clip(round(ideal), 2, count // 4))
    random = np.random.default_rng(seed)
    rows = []
    for offset in random.integers(0, length, PERMUTATIONS):
        blocks = np.split(np.roll(residuals, offset), range(length, count, length))
        rows.append(np.concatenate([blocks[index] for index in random.permutation(len(blocks))]))
    return np.array(rows)
