"""How much each point of a series resembles the one before: known poorly from one series, well from a whole suite.

Where neighbours resemble each other, ordinary thresholds find steps in nothing, two to fifteen times as often as they
say. Thirty points know their own correlation to within 0.2 only, and no test can be safe against 0.5 and find small
steps at the same time (docs/history.md has the bound). But the series of an environment were measured on one machine by
one method: their correlations are pooled, and each series is drawn towards what they have in common, as far as it does
not clearly differ (empirical Bayes; Efron and Morris, JASA 70, 1975).

Correlation that reaches further than one point is seen by permuting blocks of the residuals: put together in random
order they have the same resemblance and no step. The factor by which their max t exceeds that of independent points is
turned into the correlation that has the same effect.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from retrospeed.watch.max_t import best_split, threshold

Floats = npt.NDArray[np.float64]

HIGHEST = 0.9
_DOUBT = 4.4
"""Over the number of points: by how much a series' own correlation is believed to be lower than estimated. Lone short
series of independent noise would otherwise lose steps that they show."""
_NEGLIGIBLE = 0.2
_FEWEST_PERMUTED = 40
_PERMUTATIONS = 100
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
    # The bias is -(1 + 3 c) (1 + steps) / count at the true correlation c, for which this is solved.
    bias = min((1 + steps) / count, 0.2)
    return float(np.clip((found + bias) / (1 - 3 * bias), -1.0, 1.0))


def pooled(correlations: Sequence[float], counts: Sequence[int]) -> Floats:
    """What to believe of each series, given all estimates of series that are alike and their numbers of points."""
    estimates = np.array(correlations, dtype=float)
    errors = 1 / np.maximum(np.array(counts, dtype=float), 4)
    mean = float(np.average(estimates, weights=1 / errors))
    # The variance among the series that their own errors do not explain.
    spread = float(np.average((estimates - mean) ** 2, weights=1 / errors)) * len(errors) / max(len(errors) - 1, 1)
    between = max(0.0, spread - float(np.average(errors, weights=1 / errors))) if len(errors) > 1 else 1.0
    own = between / (between + errors)
    believed: Floats = np.clip(mean + own * (estimates - mean - _DOUBT * errors), 0.0, HIGHEST)
    return believed


def further(residuals: Floats, correlation: float, seed: int = 0) -> float:
    """The correlation, or the larger one that permuted blocks of the residuals show."""
    count = len(residuals)
    if count < _FEWEST_PERMUTED or correlation <= _NEGLIGIBLE:
        return correlation
    permuted = float(np.quantile(best_split(_permuted(residuals, correlation, seed))[0], 1 - _LEVEL))
    squared = (permuted / threshold(count, _LEVEL)) ** 2
    return float(np.clip((squared - 1) / (squared + 1), correlation, HIGHEST))


def _permuted(residuals: Floats, correlation: float, seed: int) -> Floats:
    """The residuals in random order of their blocks, shape (_PERMUTATIONS, n)."""
    count = len(residuals)
    # The block length that is best for the variance of a mean (Carlstein 1986).
    ideal = (2 * correlation / (1 - correlation**2)) ** (2 / 3) * count ** (1 / 3)
    length = int(np.clip(round(ideal), 2, count // 4))
    random = np.random.default_rng(seed)
    rows = []
    for offset in random.integers(0, length, _PERMUTATIONS):
        blocks = np.split(np.roll(residuals, offset), range(length, count, length))
        rows.append(np.concatenate([blocks[index] for index in random.permutation(len(blocks))]))
    return np.array(rows)
