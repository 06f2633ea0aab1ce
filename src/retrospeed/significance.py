"""Do two sets of samples differ, and by how much: the two-sample statistics, without any policy.

Nothing is assumed of the distribution but that both sides have the same shape: timings are skewed and have outliers.
The test is Mann and Whitney's (Ann. Math. Stat. 18, 1947); the interval is the one that belongs to it, of Moses
(Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd ed., section 4.3): the sorted differences of all
pairs, cut at the quantiles of the same U distribution. Its middle is the estimate of Hodges and Lehmann
(Ann. Math. Stat. 34, 1963). On logarithms the shift is a ratio.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import scipy

Samples = Sequence[float]

P_SIGNIFICANT = 0.002
"""asv's own level (``asv._stats.is_different``), so that marks agree with ``asv compare``."""

CONFIDENCE = 0.90
"""Coverage of the interval on whose near bound a verdict is taken: each bound by itself holds with 95 %."""

_EXACT_UP_TO = 20
_EXACT_COUNT_UP_TO = 56
_MOST_SAMPLES = 1000


def can_be_significant(base_count: int, head_count: int) -> bool:
    """Whether a test of so few samples is worth asking; asv's rule, true from 6 samples a side."""
    return 1 / math.comb(base_count + head_count, base_count) < P_SIGNIFICANT


def mann_whitney_p(base: Samples, head: Samples) -> float:
    """Two-sided p-value; exact up to 20 samples a side. Ties count against a difference, as in asv."""
    x, y = np.asarray(base, dtype=float), np.asarray(head, dtype=float)
    above = int(np.sum(x[:, None] > y[None, :]))
    tied = int(np.sum(x[:, None] == y[None, :]))
    middle = x.size * y.size / 2
    if above <= middle <= above + tied:
        return 1.0
    # scipy's exact distribution knows no ties: break each in the direction that brings U nearer to its middle.
    base_last = above < middle
    order = np.lexsort((np.r_[np.full(x.size, base_last), np.full(y.size, not base_last)], np.r_[x, y]))
    ranks = np.empty(order.size)
    ranks[order] = np.arange(order.size)
    exact = max(x.size, y.size) <= _EXACT_UP_TO
    sides = ranks[: x.size].tolist(), ranks[x.size :].tolist()
    return float(
        scipy.stats.mannwhitneyu(*sides, use_continuity=False, method="exact" if exact else "asymptotic").pvalue
    )


def shift_interval(base: Samples, head: Samples, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Confidence interval of the shift from `base` to `head`, in the unit of the samples.

    Infinite on both sides where the samples are too few for the coverage asked for (fewer than 3 a side at 90 %).
    """
    x, y = _thinned(base), _thinned(head)
    differences = np.sort(np.subtract.outer(y, x), axis=None)
    cut = _cut(x.size, y.size, (1 - confidence) / 2)
    if cut < 1:
        return -math.inf, math.inf
    return float(differences[cut - 1]), float(differences[-cut])


def _thinned(samples: Samples) -> npt.NDArray[np.float64]:
    # All pairs of many thousand samples do not fit in memory; fewer, evenly spaced, only widen the interval.
    values: npt.NDArray[np.float64] = np.sort(np.asarray(samples, dtype=np.float64))
    if values.size <= _MOST_SAMPLES:
        return values
    evenly: npt.NDArray[np.float64] = values[np.linspace(0, values.size - 1, _MOST_SAMPLES).round().astype(int)]
    return evenly


@lru_cache(maxsize=256)
def _cut(base_count: int, head_count: int, tail: float) -> int:
    """The largest k with P(U < k) at most `tail`; 0 if there is none."""
    if base_count + head_count > _EXACT_COUNT_UP_TO:
        spread = math.sqrt(base_count * head_count * (base_count + head_count + 1) / 12)
        return math.floor(base_count * head_count / 2 + NormalDist().inv_cdf(tail) * spread)
    counts = _orderings(base_count, head_count)
    cumulative = np.cumsum(counts) / math.comb(base_count + head_count, base_count)
    # The tolerance keeps a tail of exactly 5 % in, which binary fractions would put a hair outside.
    return int(np.searchsorted(cumulative, tail + 1e-9, side="right"))


def _orderings(base_count: int, head_count: int) -> npt.NDArray[np.int64]:
    """How many orderings of the two samples give U = 0, 1, ...: coefficients of the Gaussian binomial.

    Exact in 64 bits for up to 56 samples together.
    """
    size = base_count * head_count + 1
    counts = np.zeros(size, dtype=np.int64)
    counts[0] = 1
    for step in range(1, base_count + 1):
        times = np.zeros_like(counts)
        times[head_count + step :] = counts[: max(0, size - head_count - step)]
        counts = counts - times
        for offset in range(step):
            counts[offset::step] = np.cumsum(counts[offset::step])
    return counts
