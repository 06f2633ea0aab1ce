"""Several steps: the series is split where chance explains it least, and each part is looked at again."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrospeed.watch.max_t import FEWEST_A_SIDE, split_t
from retrospeed.watch.search import surest

Floats = npt.NDArray[np.float64]

_PLAUSIBLE = 0.95


@dataclass(frozen=True)
class Split:
    """A split of a series in two, by the number of points before it."""

    at: int
    p: float
    """The probability of a split as good somewhere in the part if the part has no step."""
    first: int = 0
    """Fewest and most points that may as well come before it: 95 % of the likelihood of its neighbourhood."""
    last: int = 0


def segment(values: Floats, level: float, correlation: float = 0.0) -> list[Split]:
    """The steps of `values`, in order, each with a probability below `level`.

    `correlation` is how much each point resembles the one before.
    """
    found: list[Split] = []
    parts = [(0, len(values))]
    while parts:
        start, end = parts.pop()
        best = surest(values[start:end], correlation)
        if best is not None and best[0] < level:
            p, at = best
            found.append(Split(start + at, p))
            parts += [(start, start + at), (start + at, end)]
    found.sort(key=lambda split: split.at)
    return refined(values, found, correlation)


def refined(values: Floats, splits: list[Split], correlation: float) -> list[Split]:
    """The splits with their places found again between their neighbours, and how sure the places are."""
    edges = [0, *(split.at for split in splits), len(values)]
    found = []
    for index, split in enumerate(splits):
        start, end = edges[index], edges[index + 2]
        at, first, last = place(values[start:end], split.at - start, correlation)
        edges[index + 1] = start + at
        found.append(Split(start + at, split.p, start + first, start + last))
    return found


def place(values: Floats, at: int, correlation: float = 0.0) -> tuple[int, int, int]:
    """The likeliest place of the one step in `values`, and the fewest and most points that may come before it.

    The likelihood of a split is its residual sum of squares to the power -n/2, n shrunk by autocorrelation (Bartlett).
    """
    count = len(values)
    if count < 2 * FEWEST_A_SIDE + 1:
        return at, at, at
    t = split_t(values[None])[0]
    # 1 + t²/(n-2) is the total over the residual sum of squares.
    log_likelihood = np.log1p(t**2 / (count - 2)) * (count / 2) * (1 - correlation) / (1 + correlation)
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
