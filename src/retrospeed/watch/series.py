"""One line of the history: a benchmark with one set of parameters in one environment, as arrays over the commits."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from retrospeed.benchmarks_file import Benchmark
from retrospeed.measurement import SeriesKey

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Series:
    """The points of a series in the order of the commits, at most one a commit."""

    key: SeriesKey
    environment: str
    benchmark: Benchmark
    positions: Ints
    """Where each point's commit stands in the history; ascending."""
    values: Floats
    """In the benchmark's unit; for ratios, multiples of the reference commit's value."""
    is_ratio: bool = False
    """Whether the points are ratios to a reference commit, measured in alternation: the machine's drift spares them."""
    failing_since: int | None = None
    """Position of the first commit from which on, up to the newest, it gave no number because it failed."""
    absolute: "Series | None" = field(default=None, repr=False)
    """The stored absolute values of a series of ratios, to state what a ratio means."""

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def name(self) -> str:
        """Its name with parameters."""
        return str(self.key)

    def with_values(self, values: Floats) -> "Series":
        """The same series with other values at the same commits."""
        return replace(self, values=values)

    def typical(self, last: int = 5) -> float:
        """Median of its last absolute points, in the benchmark's unit."""
        of = self.absolute if self.is_ratio and self.absolute is not None else self
        return float(np.median(of.values[-last:])) if len(of) else float("nan")
