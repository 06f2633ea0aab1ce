"""How often `retrospeed watch` finds a step in one benchmark, and how often it finds one in nothing.

    python studies/watch_detector.py [--series 1000] [--suite 1] [--row 0 --row 3]

Each archive has `--suite` benchmarks with the same kind of noise, of which one has the step; the whole of `watch`
judges it. The step is *told* if a change in its direction is told that may lie at its commit, or lies within three
points of it; *near* counts only the latter, *named* only the commit itself. A series without a step is false if one is
told.
"""

import argparse

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from retrospeed.benchmarks_file import Benchmark
from retrospeed.measurement import SeriesKey
from retrospeed.thresholds import ThresholdsInUse, built_in
from retrospeed.watch.analysis import Rule, analyse
from retrospeed.watch.archive import Archive
from retrospeed.watch.change import Change
from retrospeed.watch.commit_order import Commit, CommitOrder
from retrospeed.watch.series import Series

NEAR = 3
ROWS = (
    (30, 15, 0.10, 0.05, "normal"),
    (30, 15, 0.10, 0.05, "5 % outliers"),
    (30, 15, 0.10, 0.05, "AR(1) 0.5"),
    (30, 0, 0.10, 0.05, "normal"),
    (30, 5, 0.10, 0.05, "normal"),
    (30, 3, 0.10, 0.05, "normal"),
    (30, 2, 0.05, 0.01, "normal"),
    (60, 30, 0.10, 0.05, "AR(1) 0.5"),
    (100, 50, 0.05, 0.05, "normal"),
    (300, 150, 0.05, 0.05, "AR(1) 0.5"),
)
"""Points, points after the step (0: anywhere with five on either side), step, noise, and its kind."""


def noise(rng: np.random.Generator, length: int, sigma: float, kind: str) -> npt.NDArray[np.float64]:
    """Log noise: normal, with one point in twenty half as slow again, or autocorrelated."""
    values = rng.normal(0, sigma, length)
    if kind == "5 % outliers":
        values += np.where(rng.random(length) < 0.05, np.log(1.5), 0)
    if kind == "AR(1) 0.5":
        for index in range(1, length):
            values[index] = 0.5 * values[index - 1] + values[index] * np.sqrt(0.75)
    return values


def archive(columns: list[npt.NDArray[np.float64]]) -> Archive:
    """An archive of these log values at consecutive commits; each benchmark has an environment of its own kind of time.

    Units differ from seconds so that nothing is taken out of all of them.
    """
    count = len(columns[0])
    commits = tuple(Commit(f"{number:040x}", number) for number in range(count))
    series = []
    for number, logs in enumerate(columns):
        benchmark = Benchmark(name=f"drawn.time_{number}", type="track", unit="milliseconds")
        series.append(Series(SeriesKey(benchmark.name), "drawn", benchmark, np.arange(count), np.exp(logs)))
    return Archive("drawn", CommitOrder(commits, from_git=False), series, list(range(count)))


def changes(columns: list[npt.NDArray[np.float64]], rules: ThresholdsInUse, rule: Rule) -> list[Change]:
    """What `watch` tells of these series."""
    return [one.change for alert in analyse(archive(columns), rules, rule=rule).alerts for one in alert.changes]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--suite", type=int, default=1)
    parser.add_argument("--row", type=int, action="append", help="only these rows, counted from 0")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn")
    arguments = parser.parse_args()
    rng, rules = np.random.default_rng(arguments.seed), built_in()
    table = Table(title=f"{arguments.series} archives each, {arguments.suite} series in an archive")
    for heading in ("points", "after", "step", "noise", "kind", "told", "near", "named", "false series"):
        table.add_column(heading, justify="right")
    for heading in ("told, --rule simple", "false, simple"):
        table.add_column(heading, justify="right")
    for length, after, step, sigma, kind in (ROWS[row] for row in arguments.row or range(len(ROWS))):
        told = near = named = false = simply = simply_false = 0
        for _ in range(arguments.series):
            quiet, loud = ([noise(rng, length, sigma, kind) for _ in range(arguments.suite)] for _ in range(2))
            at = length - after if after else int(rng.integers(5, length - 4))
            loud[0][at:] += np.log1p(step)
            false += len({id(change.series) for change in changes(quiet, rules, Rule.STEPS)})
            simply_false += len({id(change.series) for change in changes(quiet, rules, Rule.SIMPLE)})
            found = [c for c in changes(loud, rules, Rule.STEPS) if c.worse and c.series.name == "drawn.time_0"]
            places = [abs(change.likeliest[1] - at) for change in found]
            near += any(place <= NEAR for place in places)
            named += 0 in places
            told += any(p <= NEAR or c.good < at <= c.bad for c, p in zip(found, places, strict=True))
            simply += any(c.series.name == "drawn.time_0" for c in changes(loud, rules, Rule.SIMPLE))
        shares = [f"{100 * count / arguments.series:.1f} %" for count in (told, near, named)]
        shares.append(f"{100 * false / arguments.series / arguments.suite:.2f} %")
        shares.append(f"{100 * simply / arguments.series:.1f} %")
        shares.append(f"{100 * simply_false / arguments.series / arguments.suite:.2f} %")
        table.add_row(str(length), str(after or "any"), f"{step:.0%}", f"{sigma:.0%}", kind, *shares)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
