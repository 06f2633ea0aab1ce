"""How often the step detector of `retrospeed watch` finds a step, and how often it finds one in nothing.

    python studies/watch_detector.py [--series 1000]

A step is found if one is told within three points of it, in its direction; a series is false if any step is told in
it. The level is that of one series alone (2 %); a whole suite is judged more strictly, see studies/watch_archives.py.
"""

import argparse

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from retrospeed.benchmarks_file import Benchmark
from retrospeed.measurement import SeriesKey
from retrospeed.thresholds import Limits
from retrospeed.watch import findings, simple_rule
from retrospeed.watch.series import Series

LIMITS = Limits(0.05, 0.0, 0.20, 0.0, None)
BENCHMARK = Benchmark(name="drawn", type="time", unit="seconds")
NEAR = 3


def noise(rng: np.random.Generator, length: int, sigma: float, kind: str) -> npt.NDArray[np.float64]:
    """Log noise: normal, with one outlier in twenty, or autocorrelated."""
    values = rng.normal(0, sigma, length)
    if kind == "5 % outliers":
        values += np.where(rng.random(length) < 0.05, np.log(1.5), 0)
    if kind == "AR(1) 0.5":
        for index in range(1, length):
            values[index] = 0.5 * values[index - 1] + values[index] * np.sqrt(0.75)
    return values


def series(logs: npt.NDArray[np.float64]) -> Series:
    """A series of these log values at consecutive commits."""
    return Series(SeriesKey("drawn"), "drawn", BENCHMARK, np.arange(len(logs)), np.exp(logs))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=1000)
    count = parser.parse_args().series
    rng = np.random.default_rng(0)
    table = Table(title=f"{count} series each")
    for heading in (
        "points",
        "after",
        "step",
        "noise",
        "kind",
        "found",
        "false",
        "found, --rule simple",
        "false, simple",
    ):
        table.add_column(heading, justify="right")
    for length, after, step, sigma, kind in (
        (30, 15, 0.10, 0.05, "normal"),
        (30, 15, 0.10, 0.05, "5 % outliers"),
        (30, 15, 0.10, 0.05, "AR(1) 0.5"),
        (30, 5, 0.10, 0.05, "normal"),
        (30, 3, 0.10, 0.05, "normal"),
        (30, 2, 0.05, 0.01, "normal"),
        (100, 50, 0.05, 0.05, "normal"),
        (300, 150, 0.05, 0.05, "AR(1) 0.5"),
    ):
        hits = [0, 0]
        false = [0, 0]
        for _ in range(count):
            quiet, loud = (noise(rng, length, sigma, kind) for _ in range(2))
            loud[length - after :] += np.log1p(step)
            for column, find in enumerate((findings.changes, simple_rule.changes)):
                false[column] += bool(find(series(quiet), LIMITS))
                hits[column] += any(
                    change.worse and abs(change.likeliest[1] - (length - after)) <= NEAR
                    for change in find(series(loud), LIMITS)
                )
        shares = [f"{100 * n / count:.1f} %" for pair in zip(hits, false, strict=True) for n in pair]
        table.add_row(str(length), str(after), f"{step:.0%}", f"{sigma:.0%}", kind, *shares)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
