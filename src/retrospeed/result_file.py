"""Reads one asv result file, format version 2, strictly.

The format is asv's ``Results.save``: ``results/<machine>/<hash, 8 digits>-<environment>.json``, one row a benchmark,
with the columns named in ``result_columns`` and trailing empty ones cut off. A row holds one value for every
combination of the parameters, in the order of ``itertools.product``. ``null`` is a failure and ``NaN`` a skip, so it
is not strict JSON.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import msgspec

from retrospeed.errors import ResultsError
from retrospeed.measurement import FAILED, SKIPPED, Measurement, SeriesKey

FORMAT_VERSION = 2

_Column = list[float | None] | None


class _File(msgspec.Struct):
    commit_hash: str
    env_name: str
    date: int
    params: dict[str, Any]
    result_columns: list[str]
    results: dict[str, list[Any]]
    requirements: dict[str, str | None] = {}
    python: str = ""


class _Row(msgspec.Struct):
    result: _Column = None
    params: list[list[str]] | None = None
    version: str | None = None
    started_at: int | None = None
    stats_ci_99_a: _Column = None
    stats_ci_99_b: _Column = None
    stats_repeat: _Column = None
    samples: list[list[float] | None] | None = None


@dataclass(frozen=True)
class CommitResults:
    """All that one result file holds: one commit, one machine, one environment."""

    path: Path
    commit: str
    machine: str
    environment: str
    date: int
    """Date of the commit, milliseconds since the epoch."""
    measured_at: int
    """Start of the latest measurement, milliseconds since the epoch; 0 if unknown."""
    requirements: dict[str, str]
    python: str
    series: dict[SeriesKey, Measurement]
    versions: dict[str, str | None]
    """Version of each benchmark, by its name: values of different versions must not be compared."""


def read(path: Path) -> CommitResults:
    """Read the result file at `path`.

    Raises ResultsError, naming the file, if it is truncated, of another format version, or not a result file.
    """
    content = load_versioned_json(path, FORMAT_VERSION, "result file")
    try:
        file = msgspec.convert(content, _File)
    except msgspec.ValidationError as error:
        raise ResultsError(f"{path} is not an asv result file: {error}.") from error
    machine = file.params.get("machine")
    if not isinstance(machine, str):
        raise ResultsError(f"{path} is not an asv result file: it names no machine.")
    series: dict[SeriesKey, Measurement] = {}
    versions: dict[str, str | None] = {}
    measured_at = 0
    for name, values in file.results.items():
        try:
            row = msgspec.convert(dict(zip(file.result_columns, values, strict=False)), _Row)
            series.update(_measurements(name, row))
        except (msgspec.ValidationError, IndexError) as error:
            raise ResultsError(f"{path} is damaged at benchmark {name}: {error}.") from error
        versions[name] = row.version
        measured_at = max(measured_at, row.started_at or 0)
    return CommitResults(
        path=path,
        commit=file.commit_hash,
        machine=machine,
        environment=file.env_name,
        date=file.date,
        measured_at=measured_at,
        requirements={name: version or "" for name, version in file.requirements.items()},
        python=file.python,
        series=series,
        versions=versions,
    )


def load_versioned_json(path: Path, version: int, kind: str) -> dict[str, Any]:
    """Load one of asv's JSON files; raises ResultsError if it is not complete or not of this format version."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ResultsError(f"{path} is not complete JSON ({error}); restore it or measure again.") from error
    if not isinstance(content, dict) or not isinstance(content.get("version"), int):
        raise ResultsError(f"{path} is not an asv {kind}: it has no format version.")
    if content["version"] != version:
        raise ResultsError(
            f"{path} has format version {content['version']}, only {version} can be read; see `asv update`."
        )
    return content


def _measurements(name: str, row: _Row) -> Iterator[tuple[SeriesKey, Measurement]]:
    combinations = list(product(*(row.params or [])))
    values: list[float | None] = [None] * len(combinations) if row.result is None else row.result
    if len(values) != len(combinations):
        raise IndexError(f"{len(values)} values for {len(combinations)} combinations of parameters")
    for index, (params, value) in enumerate(zip(combinations, values, strict=True)):
        key = SeriesKey(name, params)
        if value is None:
            yield key, FAILED
        elif math.isnan(value):
            yield key, SKIPPED
        else:
            low, high = _at(row.stats_ci_99_a, index), _at(row.stats_ci_99_b, index)
            repeat = _at(row.stats_repeat, index)
            samples = None if row.samples is None else row.samples[index]
            yield (
                key,
                Measurement(
                    value=value,
                    interval=None if low is None or high is None else (low, high),
                    repeat=None if repeat is None else int(repeat),
                    samples=None if samples is None else tuple(x for x in samples if not math.isnan(x)),
                ),
            )


def _at(column: _Column, index: int) -> float | None:
    return None if column is None else column[index]
