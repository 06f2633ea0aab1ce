"""The maximum-t statistic: the best split of a series in two, and how often chance alone makes one as good.

For every split the pooled two-sample t is computed; the largest is compared with its distribution over series without
a step (Worsley, JASA 74, 1979, for the normal case). The many splits near the ends make the largest t of noise larger,
and few steps lie there, so the splits are in two zones, each with a distribution of its own. ``max_t_null.json`` holds
them for a range of lengths, simulated with the outlier filter in front by ``studies/max_t_null.py``; between the
lengths they are interpolated. Beyond the simulated quantiles the tail is that of Student's t times the effective number
of splits, which Bonferroni's inequality approaches as the level falls.
"""

from enum import StrEnum
from functools import cache
from importlib import resources

import msgspec
import numpy as np
import numpy.typing as npt
from scipy.special import stdtr, stdtrit

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FEWEST_A_SIDE = 2
FEWEST = 6
"""Points below which a split is not looked for."""
MARGIN = 0.3
"""Share of the points that a split of the middle zone leaves on either side."""
LARGEST = 1e6
"""What a split without any noise around it counts as."""
_FEWEST_DEGREES = 3.0


class Zone(StrEnum):
    """Which splits are looked at."""

    ALL = "all"
    MIDDLE = "middle"
    ENDS = "ends"


class NullTable(msgspec.Struct, frozen=True):
    """What chance does, by length (rows) and level (columns)."""

    trials: dict[str, int]
    lengths: list[int]
    levels: list[float]
    quantiles: dict[Zone, list[list[float]]]
    """Of max t in each zone, independent noise."""
    correlations: list[float] = []
    chances: list[list[list[float]]] = []
    """For each correlation of neighbours: the quantile of what ``search.nominal`` says, the level being the truth."""


def split_t(values: Floats) -> Floats:
    """|t| of every split of `values`, shape (m, n): column k - FEWEST_A_SIDE splits after k points."""
    count = values.shape[-1]
    centred = values - values.mean(axis=-1, keepdims=True)
    left = np.arange(FEWEST_A_SIDE, count - FEWEST_A_SIDE + 1)
    sums = np.cumsum(centred, axis=-1)[..., FEWEST_A_SIDE - 1 : count - FEWEST_A_SIDE]
    total = np.einsum("...i,...i->...", centred, centred)[..., None]
    # Sum of squares between the two sides; the means are around zero, so the right sum is minus the left.
    between = sums**2 * (count / (left * (count - left)))
    within = np.maximum(total - between, total * 1e-14)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.sqrt(between * (count - 2) / within)
    found: Floats = np.minimum(np.nan_to_num(t, nan=0.0, posinf=LARGEST), LARGEST)
    return found


def best_split(values: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
    """The largest |t| of each row of `values`, shape (m, n), and how many points come before that split."""
    t = split_t(values)
    best = t.argmax(axis=-1)
    return np.take_along_axis(t, best[..., None], axis=-1)[..., 0], best + FEWEST_A_SIDE


def is_middle(count: int) -> Bools:
    """Which columns of `split_t` are of the middle zone; for the shortest series all are."""
    left = np.arange(FEWEST_A_SIDE, count - FEWEST_A_SIDE + 1)
    found: Bools = np.minimum(left, count - left) >= (MARGIN * count if count >= 2 * FEWEST else 0)
    return found


def p_value(t: float | Floats, count: int, zone: Zone = Zone.ALL, correlation: float = 0.0) -> Floats:
    """The probability that a series of `count` points without a step has a max t of at least `t`; at most 1.

    Where each point resembles the one before by `correlation`, the variance of a mean is (1 + c) / (1 - c) times as
    large, and the points are worth as many fewer (Bartlett 1946): in the long run, so this is a first approximation.
    """
    worth = (1 - correlation) / (1 + correlation)
    t = np.asarray(t, dtype=float) * np.sqrt(worth)
    quantiles, splits = _row(count, zone)
    tail = 2 * stdtr(max(_FEWEST_DEGREES, count * worth - 2) if worth < 1 else count - 2, -t)
    # Effective number of splits at this t: interpolated in t, and held at its last value beyond the table.
    found: Floats = np.minimum(1.0, tail * np.interp(t, quantiles, splits))
    return found


def threshold(count: int, level: float) -> float:
    """The max t that a series of `count` points without a step exceeds with probability `level`."""
    low, high = 0.0, LARGEST
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if p_value(middle, count) > level else (low, middle)
    return high


@cache
def table() -> NullTable:
    """The simulated quantiles."""
    text = resources.files("retrospeed.watch").joinpath("max_t_null.json").read_bytes()
    return msgspec.json.decode(text, type=NullTable)


@cache
def _row(count: int, zone: Zone) -> tuple[Floats, Floats]:
    """Quantiles at this length, ascending, and the effective number of splits at each."""
    known = table()
    lengths = np.log(np.array(known.lengths, dtype=float))
    where = np.log(max(count, known.lengths[0]))
    levels = np.array(known.levels)
    rows = list(zip(known.lengths, known.quantiles[zone], strict=True))
    splits = []
    for column, level in enumerate(levels):
        tails = [2 * stdtr(n - 2, -row[column]) for n, row in rows]
        # The effective number of splits moves slowly with the length, unlike the quantiles of short series.
        splits.append(np.exp(np.interp(where, lengths, np.log(level / np.array(tails)))))
    ordered = np.argsort(-levels)
    effective = np.maximum.accumulate(np.array(splits)[ordered])
    return _t_at(levels[ordered] / effective, count), effective


def _t_at(tail: Floats, count: int) -> Floats:
    found: Floats = -stdtrit(count - 2, tail / 2)
    return found
