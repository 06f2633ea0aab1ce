"""Simulates the null distribution of max t by length, with the outlier filter in front, for `retrospeed watch`.

    python studies/max_t_null.py                      # prints the table
    python studies/max_t_null.py --write FILE         # src/retrospeed/watch/max_t_null.json is made so

Normal noise. A series from which the filter drops points counts by the length that is left.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import msgspec
import numpy as np
from rich.console import Console
from rich.table import Table

from retrospeed.watch.max_t import NullTable, best_split
from retrospeed.watch.outliers import lone_outliers

LENGTHS = (6, 7, 8, 10, 12, 15, 20, 30, 45, 70, 100, 150, 250, 500, 1000, 2000)
LEVELS = (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
POINTS = 12_000_000
MOST_TRIALS, BATCH = 200_000, 2_000_000


def simulated(rng: np.random.Generator, length: int, trials: int) -> list[float]:
    """max t of `trials` series of normal noise of this length after the filter."""
    found: list[float] = []
    for start in range(0, trials, max(1, BATCH // length)):
        values = rng.normal(size=(min(max(1, BATCH // length), trials - start), length))
        kept = ~lone_outliers(values)
        groups: dict[int, list[int]] = defaultdict(list)
        for row, left in enumerate(kept.sum(axis=1)):
            groups[int(left)].append(row)
        for left, rows in groups.items():
            if left >= 5:
                found += best_split(values[rows][kept[rows]].reshape(len(rows), left))[0].tolist()
    return found


def main() -> None:
    """Simulate, print, and write the table if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    rng = np.random.default_rng(20_240_229)
    trials = {length: min(MOST_TRIALS, POINTS // length) for length in LENGTHS}
    quantiles = [
        [round(float(q), 4) for q in np.quantile(simulated(rng, length, trials[length]), 1 - np.array(LEVELS))]
        for length in LENGTHS
    ]
    printed = Table("points", "trials", *(f"{level:.1%}" for level in LEVELS), title="max t of series without a step")
    for length, row in zip(LENGTHS, quantiles, strict=True):
        printed.add_row(str(length), str(trials[length]), *(f"{q:.3f}" for q in row))
    Console(width=120).print(printed)
    if arguments.write:
        table = NullTable({str(n): count for n, count in trials.items()}, list(LENGTHS), list(LEVELS), quantiles)
        arguments.write.write_bytes(msgspec.json.encode(table) + b"\n")


if __name__ == "__main__":
    main()
