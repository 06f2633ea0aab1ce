"""Series and archives with known changes."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from retrospeed.benchmarks_file import Benchmark
from retrospeed.measurement import SeriesKey
from retrospeed.thresholds import Limits
from retrospeed.watch.series import Series
from tests.retrospeed.doctored import Given, Suite, make_suite

LIMITS = Limits(0.05, 0.0, 0.20, 0.0, None)


def series(values: npt.NDArray[np.float64], name: str = "search.time_query", **attributes: object) -> Series:
    benchmark = Benchmark(name=name, **({"type": "time", "unit": "seconds"} | attributes))  # type: ignore[arg-type]
    return Series(SeriesKey(name), "py3.11", benchmark, np.arange(len(values)), np.asarray(values, dtype=float))


def stepped(count: int, at: int, ratio: float, noise: float = 0.01, seed: int = 0) -> npt.NDArray[np.float64]:
    logs = np.random.default_rng(seed).normal(0, noise, count)
    logs[at:] += np.log(ratio)
    return 0.01 * np.exp(logs)


def write_history(root: Path, columns: dict[str, npt.NDArray[np.float64]], **described: dict[str, object]) -> Suite:
    """A repository with as many commits as the columns have values, and a result file for each; NaN leaves one out."""
    count = len(next(iter(columns.values())))
    suite = make_suite(root, count)
    suite.describe(**described)
    for number, commit in enumerate(suite.commits):
        given = {name: Given([float(column[number])]) for name, column in columns.items() if column[number] > 0}
        if given:
            suite.measured(commit, given)
    return suite
