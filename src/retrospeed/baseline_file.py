"""The committed baseline: one JSON file that says what was measured, where, and how far one may go from it.

``docs/baseline.md`` describes the file; ``docs/schema/baseline.schema.json`` is made from these types.
"""

import math
from pathlib import Path
from typing import Any

import msgspec

from retrospeed import thresholds, whole_file
from retrospeed.benchmarks_file import Benchmark
from retrospeed.errors import BaselineError, ThresholdsError
from retrospeed.measurement import Measurement, Outcome, SeriesKey
from retrospeed.result_file import CommitResults
from retrospeed.thresholds import Thresholds

FILE_NAME = "baseline.json"
SCHEMA = 1


class Metric(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One series: a benchmark with one set of parameters, and what it gave."""

    benchmark: str
    params: dict[str, str] = {}
    """For people: values by name."""
    param_values: list[str] = []
    """For matching: values in order, as asv writes them."""
    layer: str = ""
    metric: str = ""
    tier: str = ""
    mode: str = ""
    unit: str
    direction: str
    version: str | None = None
    value: float | None
    """In the benchmark's unit; null if it failed or was skipped, as `outcome` says."""
    outcome: Outcome = Outcome.MEASURED
    interval: tuple[float | None, float | None] | None = None
    """asv's 99 % interval of the median; null for an infinite bound."""
    repeat: int | None = None
    samples: list[float] | None = None

    @property
    def key(self) -> SeriesKey:
        """The series this metric belongs to."""
        return SeriesKey(self.benchmark, tuple(self.param_values))


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file."""

    schema: int = SCHEMA
    created_at: str
    """ISO 8601, UTC."""
    commit: str
    commit_date: str
    """ISO 8601, UTC."""
    machine: dict[str, Any]
    """asv's facts of the machine; ``machine`` is its name."""
    environment: str
    python: str
    requirements: dict[str, str]
    """What the environment was asked to have, as asv notes it."""
    packages: list[str]
    """What it had (``pip freeze``), if such a list lies beside the results; else empty."""
    thresholds: Thresholds
    """All rules that held when the baseline was written, the built-in ones included."""
    metrics: list[Metric]

    @property
    def machine_name(self) -> str:
        """The name of the machine, as in the results folder."""
        return str(self.machine["machine"])

    def results(self, path: Path) -> CommitResults:
        """The baseline in the shape of a result file, so that it is paired and judged as one."""
        return CommitResults(
            path=path,
            commit=self.commit,
            machine=self.machine_name,
            environment=self.environment,
            date=0,
            measured_at=0,
            requirements=self.requirements,
            python=self.python,
            series={metric.key: _measurement(metric) for metric in self.metrics},
            versions={metric.benchmark: metric.version for metric in self.metrics},
        )

    def benchmarks(self) -> dict[str, Benchmark]:
        """What the baseline itself knows of its benchmarks."""
        return {
            metric.benchmark: Benchmark(
                name=metric.benchmark,
                unit=metric.unit,
                version=metric.version,
                param_names=list(metric.params),
                layer=metric.layer,
                metric=metric.metric,
                mode=metric.mode,
                direction="higher" if metric.direction == "higher" else "lower",
            )
            for metric in self.metrics
        }


def metric_of(benchmark: Benchmark, key: SeriesKey, measurement: Measurement, version: str | None) -> Metric:
    """The metric to write for a series. What failed is written too: it must not seem to begin to fail later."""
    params = benchmark.named_params(key)
    interval = measurement.interval
    return Metric(
        benchmark=key.benchmark,
        params=params,
        param_values=list(key.params),
        layer=benchmark.layer,
        metric=benchmark.metric,
        tier=params.get("tier", ""),
        mode=benchmark.mode,
        unit=benchmark.unit,
        direction="lower" if benchmark.lower_is_better else "higher",
        version=version,
        value=measurement.value,
        outcome=measurement.outcome,
        interval=None if interval is None else (_finite(interval[0]), _finite(interval[1])),
        repeat=measurement.repeat,
        samples=None if measurement.samples is None else list(measurement.samples),
    )


def read(path: Path) -> Baseline:
    """Read the baseline at `path`; raises BaselineError if it is missing, truncated, or of another schema."""
    if not path.is_file():
        raise BaselineError(f"There is no baseline at {path}; write one with `retrospeed baseline write`.")
    content = path.read_bytes()
    try:
        schema = msgspec.json.decode(content, type=_AnySchema).schema
        if schema != SCHEMA:
            raise BaselineError(f"{path} has schema {schema}, this program reads schema {SCHEMA}; write it again.")
        baseline = msgspec.json.decode(content, type=Baseline)
        thresholds.check(baseline.thresholds, f"{path}, thresholds")
    except msgspec.DecodeError as error:
        raise BaselineError(f"{path} is not a complete baseline ({error}); restore it or write it again.") from error
    except ThresholdsError as error:
        raise BaselineError(str(error)) from error
    if not isinstance(baseline.machine.get("machine"), str):
        raise BaselineError(f"{path} names no machine; write it again.")
    return baseline


def write(baseline: Baseline, path: Path) -> None:
    """Write the baseline; raises RetrospeedError if it cannot be written."""
    whole_file.write(path, msgspec.json.format(msgspec.json.encode(baseline), indent=2) + b"\n")


def json_schema() -> dict[str, Any]:
    """The JSON schema of the file."""
    return msgspec.json.schema(Baseline)


class _AnySchema(msgspec.Struct):
    schema: int


def _measurement(metric: Metric) -> Measurement:
    low, high = metric.interval or (None, None)
    bounds = (-math.inf if low is None else low, math.inf if high is None else high)
    return Measurement(
        value=metric.value,
        outcome=metric.outcome,
        interval=None if metric.interval is None else bounds,
        repeat=metric.repeat,
        samples=None if metric.samples is None else tuple(metric.samples),
    )


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None
