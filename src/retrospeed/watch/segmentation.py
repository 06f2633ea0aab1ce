"""Several steps: the series is split where chance explains it least, and each part is looked at again.

Every part is searched as a whole and through seeded intervals of all sizes (Kovács, Bühlmann, Li and Munk, Biometrika
110, 2023), because a slowdown that was undone hardly moves the means of the whole. Four fifths of the level go to the
whole, the rest to all intervals together. Time is O(n log n) a part.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from retrospeed.watch import max_t
from retrospeed.watch.max_t import FEWEST_A_SIDE, best_split, p_value, split_t

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SHORTEST_INTERVAL = 8
DECAY = 2**-0.5
_PLAUSIBLE = 0.95
_WHOLE_SHARE = 0.8


@dataclass(frozen=True)
class Split:
    """A split of a series in two, by the number of points before it."""

    at: int
    p: float
    """The probability of a split as good somewhere in the part if the part has no step."""
    first: int = 0
    """Fewest and most points that may as well come before it: 95 % of the likelihood of its neighbourhood."""
    last: int = 0


def segment(values: Floats, level: float, deflation: float = 1.0) -> list[Split]:
    """The steps of `values`, in order, each with a probability below `level`.

    Every t is divided by `deflation`: what autocorrelation makes of it.
    """
    found: list[Split] = []
    parts = [(0, len(values))]
    while parts:
        start, end = parts.pop()
        split = strongest(values[start:end], deflation)
        if split is not None and split.p < level:
            found.append(Split(start + split.at, split.p))
            parts += [(start, start + split.at), (start + split.at, end)]
    found.sort(key=lambda split: split.at)
    return refined(values, found, deflation)


def strongest(values: Floats, deflation: float = 1.0) -> Split | None:
    """The most significant split of a part, None if it is too short."""
    count = len(values)
    if count < max_t.FEWEST:
        return None
    t, at = best_split(values[None])
    whole = Split(int(at[0]), min(1.0, float(p_value(t[0] / deflation, count)) / _WHOLE_SHARE))
    best, intervals = Split(0, 1.0), 0
    for length, step in _levels(count):
        starts = np.unique(np.append(np.arange(0, count - length, step), count - length))
        intervals += len(starts)
        t, at = best_split(sliding_window_view(values, length)[starts])
        row = int(t.argmax())
        p = float(p_value(t[row] / deflation, length))
        if p < best.p:
            best = Split(int(starts[row] + at[row]), p)
    if not intervals:
        return whole
    # Bonferroni over the intervals, which overlap: chance finds less than this.
    inside = Split(best.at, min(1.0, intervals * best.p / (1 - _WHOLE_SHARE)))
    return inside if inside.p < whole.p else whole


@cache
def _levels(count: int) -> tuple[tuple[int, int], ...]:
    """Length of the intervals of each size, and the distance between their starts."""

    def sizes() -> Iterator[tuple[int, int]]:
        size = count * DECAY
        while size >= SHORTEST_INTERVAL:
            yield round(size), max(1, round(size / 2))
            size *= DECAY

    return tuple(sizes())


def refined(values: Floats, splits: list[Split], deflation: float) -> list[Split]:
    """The splits with their places found again between their neighbours, and how sure the places are."""
    edges = [0, *(split.at for split in splits), len(values)]
    found = []
    for index, split in enumerate(splits):
        start, end = edges[index], edges[index + 2]
        at, first, last = place(values[start:end], split.at - start, deflation)
        edges[index + 1] = start + at
        found.append(Split(start + at, split.p, start + first, start + last))
    return found


def place(values: Floats, at: int, deflation: float = 1.0) -> tuple[int, int, int]:
    """The likeliest place of the one step in `values`, and the fewest and most points that may come before it.

    The likelihood of a split is its residual sum of squares to the power -n/2, n shrunk by autocorrelation.
    """
    count = len(values)
    if count < 2 * FEWEST_A_SIDE + 1:
        return at, at, at
    t = split_t(values[None])[0]
    # 1 + t²/(n-2) is the total over the residual sum of squares.
    log_likelihood = np.log1p(t**2 / (count - 2)) * (count / 2) / deflation**2
    weights = np.exp(log_likelihood - log_likelihood.max())
    weights /= weights.sum()
    order = np.argsort(-weights)
    needed = int(np.searchsorted(np.cumsum(weights[order]), _PLAUSIBLE)) + 1
    plausible = order[:needed] + FEWEST_A_SIDE
    return int(order[0]) + FEWEST_A_SIDE, int(plausible.min()), int(plausible.max())


def exact_steps(values: Floats) -> list[Split]:
    """The steps of a series without noise: wherever the value changes."""
    changed = np.flatnonzero(values[1:] != values[:-1]) + 1
    return [Split(int(at), 0.0, int(at), int(at)) for at in changed]
