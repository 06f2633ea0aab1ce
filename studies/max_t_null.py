"""Simulates what chance does to the step search of `retrospeed watch`, by length, with the outlier filter in front.

    python studies/max_t_null.py                      # prints the tables
    python studies/max_t_null.py --write FILE         # src/retrospeed/watch/max_t_null.json is made so

First the null distribution of max t in each zone, over independent normal noise. Then how often the whole search, of
zones and intervals, says a probability below each level, over independent noise and over noise in which each point
resembles the one before. A series from which the filter drops points counts by the length that is left.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import msgspec
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from scipy.signal import lfilter

from retrospeed.watch import max_t, search
from retrospeed.watch.max_t import NullTable, Zone, is_middle, split_t
from retrospeed.watch.outliers import lone_outliers

Floats = npt.NDArray[np.float64]

LENGTHS = (6, 7, 8, 10, 12, 15, 20, 30, 45, 70, 100, 150, 250, 500, 1000, 2000)
LEVELS = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
CORRELATIONS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
POINTS, SEARCHED_POINTS = 10_000_000, 2_000_000
MOST_TRIALS, MOST_SEARCHES, BATCH = 100_000, 40_000, 1_000_000
LONGEST_START = 100


def noise(rng: np.random.Generator, trials: int, length: int, correlation: float) -> Floats:
    """Stationary autoregressive normal noise of order one, shape (trials, length)."""
    if not correlation:
        return rng.normal(size=(trials, length))
    drawn = rng.normal(size=(trials, LONGEST_START + length))
    return np.asarray(lfilter([1.0], [1.0, -correlation], drawn, axis=1)[:, LONGEST_START:])


def filtered(
    rng: np.random.Generator, length: int, trials: int, correlation: float, take: Callable[[Floats], None]
) -> None:
    """Give `take` series of noise after the filter, those of one length at a time."""
    size = max(1, BATCH // length)
    for start in range(0, trials, size):
        values = noise(rng, min(size, trials - start), length, correlation)
        kept = ~lone_outliers(values)
        groups: dict[int, list[int]] = defaultdict(list)
        for row, left in enumerate(kept.sum(axis=1)):
            groups[int(left)].append(row)
        for left, rows in groups.items():
            if left >= max_t.FEWEST:
                take(values[rows][kept[rows]].reshape(len(rows), left))


def zones(rng: np.random.Generator, length: int, trials: int) -> dict[Zone, Floats]:
    """max t of each series in each zone."""
    found: dict[Zone, list[float]] = {zone: [] for zone in Zone}

    def take(values: Floats) -> None:
        t, middle = split_t(values), is_middle(values.shape[1])
        for zone, mask in ((Zone.ALL, middle | True), (Zone.MIDDLE, middle), (Zone.ENDS, ~middle)):
            # The shortest series are all middle.
            found[zone] += (t[:, mask] if mask.any() else t).max(axis=1).tolist()

    filtered(rng, length, trials, 0.0, take)
    return {zone: np.array(t) for zone, t in found.items()}


def chances(rng: np.random.Generator, length: int, trials: int, correlation: float) -> Floats:
    """The nominal probability that the search gives each series."""
    found: list[float] = []
    filtered(rng, length, trials, correlation, lambda v: found.extend(search.nominal(v, correlation)[0].tolist()))
    return np.array(found)


def main() -> None:
    """Simulate, print, and write the table if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    rng = np.random.default_rng(20_240_229)
    trials = {length: min(MOST_TRIALS, POINTS // length) for length in LENGTHS}
    quantiles: dict[Zone, list[list[float]]] = {zone: [] for zone in Zone}
    for length in LENGTHS:
        for zone, drawn in zones(rng, length, trials[length]).items():
            quantiles[zone].append([round(float(q), 4) for q in np.quantile(drawn, 1 - np.array(LEVELS))])
    named = {str(n): count for n, count in trials.items()}
    table = NullTable(named, list(LENGTHS), list(LEVELS), quantiles, list(CORRELATIONS))
    with mock.patch.object(max_t, "table", lambda: table):
        max_t._row.cache_clear()
        for correlation in CORRELATIONS:
            rows = []
            for length in LENGTHS:
                drawn = chances(rng, length, min(MOST_SEARCHES, SEARCHED_POINTS // length), correlation)
                rows.append([float(f"{q:.3g}") for q in np.quantile(drawn, LEVELS)])
            table.chances.append(rows)
    levels = [f"{level:.1%}" for level in LEVELS]
    printed = Table("points", "trials", "zone", *levels, title="max t of series without a step")
    searched = Table("correlation", "points", *levels, title="nominal probability that the search falls below so often")
    for number, length in enumerate(LENGTHS):
        for zone in Zone:
            printed.add_row(str(length), str(trials[length]), zone, *(f"{q:.3f}" for q in quantiles[zone][number]))
    for correlation, rows in zip(CORRELATIONS, table.chances, strict=True):
        for length, row in zip(LENGTHS, rows, strict=True):
            searched.add_row(str(correlation), str(length), *(f"{q:.2g}" for q in row))
    console = Console(width=140)
    console.print(printed)
    console.print(searched)
    if arguments.write:
        arguments.write.write_bytes(msgspec.json.encode(table) + b"\n")


if __name__ == "__main__":
    main()
