"""Is there a step in this part? One probability for a search of the whole, in two zones, and of intervals of all sizes.

The intervals (seeded, Kovács, Bühlmann, Li and Munk, Biometrika 110, 2023) are for a slowdown that was undone, which
hardly moves the means of the whole. Bonferroni's inequality adds the searches up to a nominal probability; because they
overlap, chance falls below it less often than it says, and how much less is simulated, by length and by how much each
point resembles the one before (``studies/max_t_null.py``). Time is O(n log n).
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from retrospeed.watch import max_t
from retrospeed.watch.max_t import FEWEST_A_SIDE, Zone, best_split, is_middle, p_value, split_t

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SHORTEST_INTERVAL = 8
DECAY = 2**-0.5
MIDDLE_SHARE = 0.75
"""Share of the level that goes to the middle of the whole."""
ENDS_SHARE = 0.15
"""Share that goes to its ends; the rest goes to the intervals, all together."""
_BLOCK = 4_000_000


def surest(values: Floats, correlation: float = 0.0) -> tuple[float, int] | None:
    """The probability of a split as good as the best of `values`, shape (n,), if there is no step, and its place.

    None if there are too few points.
    """
    count = len(values)
    if count < max_t.FEWEST:
        return None
    chance, at = nominal(values[None], correlation)
    return calibrated(float(chance[0]), count, correlation), int(at[0])


def nominal(values: Floats, correlation: float = 0.0) -> tuple[Floats, Ints]:
    """Bonferroni's bound on that probability for each row of `values`, shape (m, n), and the place of the split."""
    count = values.shape[-1]
    t, middle = split_t(values), is_middle(count)
    parts = [(Zone.MIDDLE, middle, MIDDLE_SHARE), (Zone.ENDS, ~middle, ENDS_SHARE)]
    if middle.all():
        parts = [(Zone.ALL, middle, MIDDLE_SHARE + ENDS_SHARE)]
    # Far beyond all noise every probability is zero; the negative t then tells which is the best.
    best = np.full(len(values), np.inf)
    best_t, best_at = np.zeros(len(values)), np.full(len(values), FEWEST_A_SIDE)
    for zone, mask, share in parts:
        columns = np.flatnonzero(mask)
        found = t[:, columns]
        at = found.argmax(axis=1)
        highest = found[np.arange(len(found)), at]
        chance = p_value(highest, count, zone, correlation) / share
        better = (chance < best) | ((chance == best) & (highest > best_t))
        best, best_t = np.where(better, chance, best), np.where(better, highest, best_t)
        best_at = np.where(better, columns[at] + FEWEST_A_SIDE, best_at)
    intervals = sum(len(starts) for _, starts in _intervals(count))
    for length, starts in _intervals(count):
        highest, at = _in_intervals(values, length, starts)
        chance = p_value(highest, length, Zone.ALL, correlation) * (intervals / (1 - MIDDLE_SHARE - ENDS_SHARE))
        better = chance < best
        best, best_at = np.where(better, chance, best), np.where(better, at, best_at)
    return best, best_at


def _in_intervals(values: Floats, length: int, starts: Ints) -> tuple[Floats, Ints]:
    """The largest t over all intervals of one length, for each row, and how many points come before that split."""
    highest, places = [], []
    for rows in np.array_split(values, max(1, values.size * 4 // _BLOCK)):
        t, at = best_split(sliding_window_view(rows, length, axis=-1)[:, starts])
        which = t.argmax(axis=1)
        row = np.arange(len(rows))
        highest.append(t[row, which])
        places.append(starts[which] + at[row, which])
    return np.concatenate(highest), np.concatenate(places)


@cache
def _intervals(count: int) -> tuple[tuple[int, Ints], ...]:
    """Length of the intervals of each size, and where they start."""

    def sizes() -> Iterator[tuple[int, Ints]]:
        size = count * DECAY
        while size >= SHORTEST_INTERVAL:
            length, step = round(size), max(1, round(size / 2))
            yield length, np.unique(np.append(np.arange(0, count - length, step), count - length))
            size *= DECAY

    return tuple(sizes())


def calibrated(chance: float, count: int, correlation: float) -> float:
    """What a nominal probability means: how often noise of this length and correlation goes below it."""
    if chance <= 0:
        return 0.0
    nominals, levels = _calibration(count, round(max(correlation, 0.0), 2))
    x = np.log(min(chance, 1.0))
    # Beyond the simulation the proportion of the two is taken to stay as it is there.
    beyond = min(0.0, x - float(nominals[0]))
    return float(min(1.0, np.exp(np.interp(x, nominals, levels) + beyond)))


@cache
def _calibration(count: int, correlation: float) -> tuple[Floats, Floats]:
    """Logs of nominal probabilities, ascending, and of the true ones."""
    known = max_t.table()
    lengths = np.log(np.array(known.lengths, dtype=float))
    where = np.log(np.clip(count, known.lengths[0], known.lengths[-1]))
    of_correlations = [
        [np.interp(where, lengths, column) for column in np.log(np.array(rows)).T] for rows in known.chances
    ]
    row = [np.interp(correlation, known.correlations, column) for column in np.array(of_correlations).T]
    order = np.argsort(known.levels)
    nominals = np.append(np.maximum.accumulate(np.array(row)[order]), max(0.0, max(row)))
    return nominals, np.append(np.log(np.array(known.levels)[order]), 0.0)
