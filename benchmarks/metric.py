"""What a benchmark's number means: attributes that asv writes into `results/benchmarks.json`."""

from collections.abc import Callable
from typing import Any, Literal, TypeVar

from .workloads import checksums
from .workloads.synthetic import SUITE_VERSION

Layer = Literal["ingest", "toc", "bm25", "vector", "embed", "topics", "route"]
Mode = Literal["cold", "warm", ""]
Function = TypeVar("Function", bound=Callable[..., Any])

SYNTHETIC = f"{SUITE_VERSION}-{checksums.short('synthetic-')}"
"""Version of every benchmark on the synthetic workload: results of another workload are never compared with these."""


def metric(
    layer: Layer,
    metric: str,
    mode: Mode,
    label: str,
    *,
    unit: str = "seconds",
    version: str = SYNTHETIC,
    deterministic: bool = False,
    instructions: bool = False,
) -> Callable[[Function], Function]:
    """Say what a benchmark function measures. Lower is better in all of them, as asv takes it everywhere.

    `metric` is p50, p90, p99, pass, throughput, build, cpu, peak_memory, index_bytes or quality; `mode` is cold (new
    process or new store), warm, or empty where it makes no difference; `label` is for people. `instructions` marks what
    `retrospeed gate --instructions` may count: Python and plain C, no numeric kernels, no waiting.
    """

    def attach(function: Function) -> Function:
        vars(function).update(
            layer=layer,
            metric=metric,
            mode=mode,
            label=label,
            unit=unit,
            direction="lower",
            # What asv-tachyon reads; without it, it takes every track_ benchmark for one where more is better.
            less_is_better=True,
            version=version,
            deterministic=deterministic,
            instructions=instructions,
        )
        return function

    return attach
