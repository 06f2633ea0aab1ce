"""Reads ``results/benchmarks.json``: what each benchmark measures, in which unit, of which layer.

asv writes every attribute set on a benchmark function into this file; that is how a suite says what a number means.
Known here: ``layer``, ``metric`` (p50, p90, p99, build, throughput, peak_memory, index_bytes, quality, or any other),
``mode`` (cold or warm), ``label``, ``direction`` (lower or higher is better), ``deterministic``, ``target`` and
``target_of`` (`retrospeed.targets`). All are optional.
"""

from pathlib import Path
from typing import Literal

import msgspec

from retrospeed.errors import ResultsError
from retrospeed.measurement import SeriesKey
from retrospeed.result_file import load_versioned_json

FORMAT_VERSION = 2
FILE_NAME = "benchmarks.json"

Direction = Literal["lower", "higher"]


class Benchmark(msgspec.Struct, frozen=True, kw_only=True):
    """What asv knows of a benchmark, with the attributes that the suite gave it."""

    name: str
    type: str = "track"
    unit: str = "unit"
    version: str | None = None
    params: list[list[str]] = []
    param_names: list[str] = []
    layer: str = ""
    metric: str = ""
    mode: str = ""
    label: str = ""
    direction: Direction | None = None
    deterministic: bool = False
    target: float | None = None
    target_of: dict[str, float] = {}

    @property
    def lower_is_better(self) -> bool:
        """The declared direction; rates ("events/s") go up by themselves, all else down, as asv takes it."""
        if self.direction is not None:
            return self.direction == "lower"
        return not self.unit.endswith("/s")

    def named_params(self, key: SeriesKey) -> dict[str, str]:
        """The parameters of a series by name, values without the quotes that asv's ``repr`` gives to strings."""
        names = self.param_names if len(self.param_names) == len(key.params) else []
        names = names or [f"param{number}" for number in range(1, len(key.params) + 1)]
        return {name: unquoted(value) for name, value in zip(names, key.params, strict=True)}


def unquoted(value: str) -> str:
    """A parameter's value as people write it: ``'small'`` becomes ``small``."""
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value


def read(results_dir: Path) -> dict[str, Benchmark]:
    """All benchmarks of the suite by name.

    Raises ResultsError if the file is missing or broken, or if an attribute has a value that means nothing.
    """
    path = results_dir / FILE_NAME
    if not path.is_file():
        raise ResultsError(f"There is no {path}; measure something first (`asv run`).")
    content = load_versioned_json(path, FORMAT_VERSION, "list of benchmarks")
    benchmarks = {}
    for name, entry in content.items():
        if name == "version":
            continue
        try:
            benchmarks[name] = msgspec.convert(entry, Benchmark)
        except msgspec.ValidationError as error:
            raise ResultsError(f"{path} describes benchmark {name} in a way that cannot be used: {error}.") from error
    return benchmarks
