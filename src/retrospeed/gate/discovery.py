"""The series of a run: what each commit's environment makes of the suite, put side by side."""

import contextlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import msgspec

from retrospeed.benchmarks_file import Benchmark
from retrospeed.gate.worker_pair import BOTH, Side, SideName
from retrospeed.gate.worker_process import WorkerError, WorkerProcess
from retrospeed.measurement import SeriesKey
from retrospeed.pairing import Selection

DISCOVERY_TIMEOUT = 600.0
_ASV_FIELDS = ("name", "type", "unit", "version", "params", "param_names")


@dataclass
class Series:
    """One benchmark with one set of parameters, as the two commits know it."""

    key: SeriesKey
    benchmark: Benchmark
    names: dict[SideName, str] = field(default_factory=dict)
    """What each worker calls it; a side without a name does not have it."""
    versions: dict[SideName, str] = field(default_factory=dict)
    cache_keys: dict[SideName, str] = field(default_factory=dict)
    timeout: float = 60.0
    cache_timeout: float = 60.0
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """All that asv would write of it into benchmarks.json."""


@dataclass(frozen=True)
class Discovery:
    """What was found, and which modules or classes could not be imported, by side."""

    series: tuple[Series, ...]
    broken: Mapping[SideName, Mapping[str, str]]

    def why_absent(self, series: Series, side: SideName) -> tuple[bool, str]:
        """Whether a series is missing at a side because something failed there, and what."""
        for place, error in self.broken[side].items():
            if not place or series.key.benchmark.startswith(place + "."):
                return True, f"{place or 'the suite'} cannot be imported: {error}"
        return False, "the suite has no such benchmark there"


def discover(sides: Mapping[SideName, Side], selection: Selection, default_timeout: float) -> Discovery:
    """Ask both environments for their benchmarks; in the order of HEAD, what only BASE has last."""
    answers = _ask(sides)
    found: dict[SeriesKey, Series] = {}
    for name in (SideName.HEAD, SideName.BASE):
        for entry in answers[name]["benchmarks"]:
            _add(found, name, entry, default_timeout)
    chosen = tuple(series for key, series in found.items() if selection.takes(key))
    return Discovery(chosen, {name: answers[name]["failed"] for name in BOTH})


def _ask(sides: Mapping[SideName, Side]) -> dict[SideName, dict[str, Any]]:
    """The answers of both environments, which import their suites at the same time."""
    answers: dict[SideName, dict[str, Any]] = {}
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(tempfile.TemporaryDirectory(prefix="gate-", ignore_cleanup_errors=True))
        workers = {}
        for name, side in sides.items():
            folder = Path(root) / name
            folder.mkdir()
            workers[name] = WorkerProcess(side.python, side.variables, folder, folder.with_suffix(".log"))
            stack.callback(workers[name].close)
            workers[name].send("discover", benchmark_dir=str(side.benchmark_dir))
        for name, worker in workers.items():
            try:
                answers[name] = worker.receive(DISCOVERY_TIMEOUT)
            except WorkerError as error:
                answers[name] = {"benchmarks": [], "failed": {"": str(error)}}
    return answers


def _add(found: dict[SeriesKey, Series], side: SideName, entry: dict[str, Any], default_timeout: float) -> None:
    benchmark = _described(entry)
    for index, params in enumerate(product(*benchmark.params)):
        key = SeriesKey(benchmark.name, params)
        series = found.setdefault(key, Series(key, benchmark, attributes=entry))
        series.names[side] = f"{benchmark.name}-{index}" if benchmark.params else benchmark.name
        if benchmark.version is not None:
            series.versions[side] = benchmark.version
        if entry.get("setup_cache_key"):
            series.cache_keys[side] = entry["setup_cache_key"]
        series.timeout = float(entry.get("timeout") or default_timeout)
        series.cache_timeout = float(entry.get("setup_cache_timeout") or max(series.timeout, default_timeout))


def _described(entry: dict[str, Any]) -> Benchmark:
    try:
        return msgspec.convert(entry, Benchmark)
    except msgspec.ValidationError:
        # Another project may use a name like `label` for something of its own.
        return msgspec.convert({name: entry[name] for name in _ASV_FIELDS if name in entry}, Benchmark)
