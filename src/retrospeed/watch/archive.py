"""Reads all results of one machine, each file once, into one array of points a series."""

import math
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from retrospeed import benchmarks_file
from retrospeed.asv_config import Suite
from retrospeed.benchmarks_file import Benchmark
from retrospeed.errors import ResultsError
from retrospeed.measurement import SeriesKey
from retrospeed.pairing import Selection
from retrospeed.result_file import FORMAT_VERSION, load_versioned_json
from retrospeed.result_store import MACHINE_FILE, ResultStore
from retrospeed.watch.commit_order import CommitOrder, order
from retrospeed.watch.series import Series

_COLUMNS = ("result", "params", "version")


@dataclass
class Archive:
    """The history of a suite on one machine."""

    machine: str
    order: CommitOrder
    series: list[Series]
    measured: list[int]
    """Positions of the commits that have any result, ascending."""
    unreadable: list[str] = field(default_factory=list)
    """A sentence for each file that was skipped."""
    removed: list[str] = field(default_factory=list)
    """Benchmarks that the suite no longer has."""
    other_versions: int = 0
    """Points left out because another version of their benchmark measured them."""

    @property
    def points(self) -> int:
        """How many points there are in all."""
        return sum(len(series) for series in self.series)


@dataclass
class _Points:
    """A series in the making: file numbers and values, NaN for a failure; 12 bytes a point."""

    files: "array[int]" = field(default_factory=lambda: array("i"))
    values: "array[float]" = field(default_factory=lambda: array("d"))


class _Header(msgspec.Struct):
    commit_hash: str
    env_name: str
    date: int
    params: dict[str, Any]
    result_columns: list[str]
    results: dict[str, list[Any]]


def read(suite: Suite, machine: str, selection: Selection | None = None) -> Archive:
    """The archive of `machine`. Raises ResultsError if none of its files can be read.

    A truncated file, one that is not asv's, or one of another machine is skipped and named.
    """
    selection = selection or Selection()
    known = benchmarks_file.read(suite.results_dir)
    reader = _Reader(machine, known, selection)
    files = ResultStore(suite.results_dir).files(machine)
    for path in files:
        reader.take(path)
    for path in sorted({*(suite.results_dir / machine).glob("*.json")} - {*files}):
        if path.name != MACHINE_FILE:
            reader.unreadable.append(f"{path} is not named as asv names a result file; it was not read.")
    if not reader.commits:
        why = f": {reader.unreadable[0]}" if reader.unreadable else ""
        raise ResultsError(f"No result of {machine} in {suite.results_dir} can be read{why}")
    dates: dict[str, int] = {}
    for commit, date in zip(reader.commits, reader.dates, strict=True):
        dates.setdefault(commit, date // 1000)
    ordered = order(suite.repository, dates)
    return reader.archive(ordered)


class _Reader:
    def __init__(self, machine: str, known: Mapping[str, Benchmark], selection: Selection) -> None:
        self._machine = machine
        self._known = known
        self._selection = selection
        self._points: dict[tuple[SeriesKey, str], _Points] = {}
        self._keys: dict[tuple[str, str], tuple[list[SeriesKey], list[int]]] = {}
        self.commits: list[str] = []
        self.dates: list[int] = []
        self.unreadable: list[str] = []
        self._removed: Counter[str] = Counter()
        self._other_versions = 0

    def take(self, path: Path) -> None:
        """Add what the file holds, whole or not at all."""
        try:
            header = msgspec.convert(load_versioned_json(path, FORMAT_VERSION, "result file"), _Header)
            if header.params.get("machine") != self._machine:
                raise ResultsError(f"{path} comes from machine {header.params.get('machine')}, not {self._machine}.")
            rows = list(self._rows(path, header))
        except ResultsError as error:
            self.unreadable.append(str(error))
            return
        except msgspec.ValidationError as error:
            self.unreadable.append(f"{path} is not an asv result file: {error}.")
            return
        number = len(self.commits)
        self.commits.append(header.commit_hash)
        self.dates.append(header.date)
        if self._selection.environment not in (None, header.env_name):
            return
        for keys, values in rows:
            for key, value in zip(keys, values, strict=True):
                if value is None or value == value:  # a NaN is a skip: the benchmark does not apply there
                    points = self._points.setdefault((key, header.env_name), _Points())
                    points.files.append(number)
                    points.values.append(math.nan if value is None else value)

    def archive(self, ordered: CommitOrder) -> Archive:
        """All that was taken, in this order."""
        positions = np.array([-1 if (p := ordered.position(c)) is None else p for c in self.commits], dtype=np.int64)
        series = []
        for (key, environment), points in sorted(self._points.items()):
            where = positions[np.frombuffer(points.files, dtype=np.int32)]
            values = np.frombuffer(points.values, dtype=np.float64)
            sequence = np.argsort(where, kind="stable")
            sequence = sequence[where[sequence] >= 0]
            where, values = where[sequence], values[sequence]
            if len(where):
                series.append(_series(key, environment, self._known[key.benchmark], where, values))
        return Archive(
            machine=self._machine,
            order=ordered,
            series=series,
            measured=sorted({int(p) for p in positions if p >= 0}),
            unreadable=self.unreadable,
            removed=sorted(self._removed),
            other_versions=self._other_versions,
        )

    def _rows(self, path: Path, header: _Header) -> Iterator[tuple[list[SeriesKey], list[float | None]]]:
        columns = [header.result_columns.index(name) if name in header.result_columns else -1 for name in _COLUMNS]
        for name, row in header.results.items():
            if not isinstance(row, list):
                raise ResultsError(f"{path} is damaged at benchmark {name}: its results are not a list.")
            result, params, version = (row[c] if 0 <= c < len(row) else None for c in columns)
            benchmark = self._known.get(name)
            if benchmark is None:
                self._removed[name] += 1
                continue
            try:
                keys, chosen = self._series_keys(name, params or [])
                values = [None] * len(keys) if result is None else [None if v is None else float(v) for v in result]
            except (TypeError, ValueError) as error:
                raise ResultsError(f"{path} is damaged at benchmark {name}: {error}.") from error
            if len(keys) != len(values):
                raise ResultsError(f"{path} is damaged at benchmark {name}: {len(values)} values, not {len(keys)}.")
            if version is not None and benchmark.version is not None and version != benchmark.version:
                self._other_versions += len(values)
                continue
            yield [keys[index] for index in chosen], [values[index] for index in chosen]

    def _series_keys(self, name: str, params: list[list[str]]) -> tuple[list[SeriesKey], list[int]]:
        """The keys of a benchmark and which are selected; the same objects for every file with these parameters."""
        identity = (name, repr(params))
        if identity not in self._keys:
            keys = [SeriesKey(name, combination) for combination in product(*params)]
            self._keys[identity] = keys, [index for index, key in enumerate(keys) if self._selection.takes(key)]
        return self._keys[identity]


def _series(key: SeriesKey, environment: str, benchmark: Benchmark, where: Any, values: Any) -> Series:
    # Measured twice at one commit: the later file stands.
    keep = np.append(np.diff(where) > 0, True)
    where, values = where[keep], values[keep]
    good = np.isfinite(values)
    last = int(np.flatnonzero(good)[-1]) if good.any() else -1
    failing = int(where[last + 1]) if last + 1 < len(where) else None
    return Series(key, environment, benchmark, where[good], values[good].copy(), failing_since=failing)
