"""Arranges the results of one commit for reading: a row a layer and tier, a column a metric, cold beside warm.

Built only from what the suite says of its benchmarks: ``layer``, ``metric``, ``mode`` and ``label``, and parameters
named ``tier``, ``agents`` and ``engine``. What a suite does not label is listed plainly, by module.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from retrospeed.benchmarks_file import Benchmark
from retrospeed.measurement import Measurement, Outcome, SeriesKey
from retrospeed.units import as_people_read_it

METRICS = ("p50", "p90", "p95", "p99", "throughput", "build", "peak_memory", "index_bytes", "quality")
ROW_PARAMS = ("tier", "agents", "engine")
_TIERS = ("small", "medium", "large")
_HEADINGS = {"peak_memory": "peak memory", "index_bytes": "index size"}
_LOSS_PREFIX = "1 - "


@dataclass(frozen=True)
class Result:
    """One series of a commit, ready to be shown."""

    key: SeriesKey
    benchmark: Benchmark
    measurement: Measurement

    @property
    def params(self) -> dict[str, str]:
        """Parameters by name."""
        return self.benchmark.named_params(self.key)

    @property
    def text(self) -> str:
        """The value as people read it, or why there is none."""
        if self.measurement.value is None:
            return str(self.measurement.outcome)
        return as_people_read_it(self.measurement.value, self.benchmark)

    @property
    def label(self) -> str:
        """What tells this series from others in the same cell: its label, and the parameters that no column holds.

        A loss is shown as quality, so ``1 - recall@10`` is called ``recall@10``.
        """
        label = self.benchmark.label or self.benchmark.name.rpartition(".")[2]
        label = label.removeprefix(_LOSS_PREFIX) if self.benchmark.unit == "loss" else label
        return " ".join([label, *(value for name, value in self.params.items() if name not in ROW_PARAMS)])


@dataclass(frozen=True, order=True)
class Column:
    """One metric in one mode."""

    rank: int
    metric: str
    mode: str

    @classmethod
    def of(cls, benchmark: Benchmark) -> "Column":
        """The column of a benchmark: the known metrics first, and of each metric cold to the right of warm."""
        rank = METRICS.index(benchmark.metric) if benchmark.metric in METRICS else len(METRICS)
        # Warm is the usual state and needs no word, so a suite may as well leave the mode out.
        return cls(rank, benchmark.metric, benchmark.mode if benchmark.mode == "cold" else "")

    @property
    def heading(self) -> str:
        """The column's name, the mode in a line of its own: ``p50``, ``p50\\ncold``, ``peak memory``."""
        return "\n".join(part for part in (_HEADINGS.get(self.metric, self.metric), self.mode) if part)


@dataclass
class Row:
    """One layer with one set of tier, agents and engine."""

    layer: str
    variant: tuple[str, ...]
    cells: dict[Column, list[Result]] = field(default_factory=dict)

    def text(self, column: Column) -> str:
        """What stands in a cell: the value, or one labelled line a series if there are several.

        Quality always has its label: a number between 0 and 1 does not say by itself what it counts.
        """
        results = self.cells.get(column, [])
        if len(results) == 1:
            return f"{results[0].label} {results[0].text}" if column.metric == "quality" else results[0].text
        labels = told_apart([result.label for result in results])
        return "\n".join(f"{label} {result.text}" for label, result in zip(labels, results, strict=True))


@dataclass(frozen=True)
class LayerTable:
    """The whole table, and the series that are not in it."""

    columns: list[Column]
    rows: list[Row]
    unlabelled: list[Result]
    """Series whose benchmarks name no layer or no metric."""

    @property
    def variant_names(self) -> list[str]:
        """Which of tier, agents and engine any row has."""
        return [name for index, name in enumerate(ROW_PARAMS) if any(row.variant[index] for row in self.rows)]


def results_of(series: Mapping[SeriesKey, Measurement], benchmarks: Mapping[str, Benchmark]) -> list[Result]:
    """The series of a commit, by name, with what the suite says of them."""
    return [
        Result(key, benchmarks.get(key.benchmark) or Benchmark(name=key.benchmark), measurement)
        for key, measurement in sorted(series.items())
    ]


def arrange(results: Sequence[Result], layers: Sequence[str] = ()) -> LayerTable:
    """Arrange series that were not skipped: the layers in the order given, others after them by name; tiers by size."""
    rows: dict[tuple[str, tuple[str, ...]], Row] = {}
    unlabelled = []
    for result in results:
        benchmark = result.benchmark
        if result.measurement.outcome is Outcome.SKIPPED:
            continue
        if not (benchmark.layer and benchmark.metric):
            unlabelled.append(result)
        else:
            variant = tuple(result.params.get(name, "") for name in ROW_PARAMS)
            row = rows.setdefault((benchmark.layer, variant), Row(benchmark.layer, variant))
            row.cells.setdefault(Column.of(benchmark), []).append(result)
    rank = {layer: position for position, layer in enumerate(layers)}
    ordered = sorted(rows.values(), key=lambda row: (rank.get(row.layer, len(rank)), row.layer, _by_size(row.variant)))
    return LayerTable(sorted({column for row in ordered for column in row.cells}), ordered, unlabelled)


def told_apart(labels: Sequence[str]) -> list[str]:
    """The labels without the words that all of them begin or end with."""
    words = [label.split() for label in labels]
    shortest = min((len(each) for each in words), default=0)
    start = 0
    while start < shortest - 1 and len({each[start] for each in words}) == 1:
        start += 1
    end = 0
    while end < shortest - start - 1 and len({each[-1 - end] for each in words}) == 1:
        end += 1
    return [" ".join(each[start : len(each) - end]) for each in words]


def _by_size(variant: tuple[str, ...]) -> tuple[object, ...]:
    tier, *others = variant
    rank = _TIERS.index(tier) if tier in _TIERS else len(_TIERS)
    # Numbers of agents go by value, names by the alphabet.
    return (rank, tier, *((0, int(name), "") if name.isdigit() else (1, 0, name) for name in others))
