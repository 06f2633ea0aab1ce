"""Ratios to a reference commit: one file a commit and environment, beside asv's own, written whole or not at all.

``results/<machine>/ratios/<hash, 8 digits>-<environment>.ratios`` is JSON; the name does not end in ``.json`` because
asv takes every such file for one of its own. It holds, for each series, the paired values of the reference commit and
of the commit, measured in alternation. docs/history.md is the reference of the format.
"""

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
import numpy as np

from retrospeed import whole_file
from retrospeed.benchmarks_file import Benchmark
from retrospeed.errors import ResultsError
from retrospeed.gate.effects import paired_values
from retrospeed.gate.record import GateRecord
from retrospeed.measurement import SeriesKey
from retrospeed.watch.commit_order import CommitOrder
from retrospeed.watch.series import Series

SCHEMA = 1
FOLDER = "ratios"
SUFFIX = ".ratios"


class PairedValues(msgspec.Struct, frozen=True, kw_only=True):
    """One series, two values a pair of processes, in the benchmark's unit; the ratio of the two is the pair's."""

    benchmark: str
    params: list[str]
    version: str | None
    reference: list[float]
    commit: list[float]

    @property
    def ratio(self) -> float | None:
        """Median over the pairs of commit / reference, None if a reference is not above zero."""
        if not self.reference or len(self.reference) != len(self.commit) or min(self.reference) <= 0:
            return None
        return statistics.median(c / r for r, c in zip(self.reference, self.commit, strict=True))


class RatioFile(msgspec.Struct, frozen=True, kw_only=True):
    """All ratios of one commit in one environment."""

    schema: int = SCHEMA
    machine: str
    commit: str
    reference: str
    environment: str
    series: list[PairedValues]


def path_of(results_dir: Path, machine: str, commit: str, environment: str) -> Path:
    """Where the ratios of a commit are."""
    return results_dir / machine / FOLDER / f"{commit[:8]}-{environment}{SUFFIX}"


def of_record(record: GateRecord, machine: str) -> RatioFile:
    """The ratios that a run of the gate, with the reference as its base, measured."""
    found = []
    for series in record.series:
        pairs = series.first + series.second
        if pairs:
            base, head = paired_values(pairs, timed=series.timed)
            found.append(
                PairedValues(
                    benchmark=series.key.benchmark,
                    params=list(series.key.params),
                    version=series.head.version,
                    reference=base,
                    commit=head,
                )
            )
    return RatioFile(
        machine=machine,
        commit=record.head.commit,
        reference=record.base.commit,
        environment=record.environment,
        series=found,
    )


def write(file: RatioFile, results_dir: Path) -> Path:
    """Store `file` and return its path. Raises RetrospeedError."""
    path = path_of(results_dir, file.machine, file.commit, file.environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    whole_file.write(path, msgspec.json.format(msgspec.json.encode(file), indent=1) + b"\n")
    return path


def read(path: Path) -> RatioFile:
    """Read what `write` wrote. Raises ResultsError, naming the file."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=RatioFile)
    except OSError as error:
        raise ResultsError(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise ResultsError(f"{path} is not a complete file of ratios: {error}.") from error
    if file.schema != SCHEMA:
        raise ResultsError(f"{path} has schema {file.schema}, this program reads schema {SCHEMA}.")
    return file


def load(
    results_dir: Path, machine: str, ordered: CommitOrder, known: Mapping[str, Benchmark]
) -> tuple[list[Series], list[str]]:
    """The series of ratios of `machine`, each to the reference of its newest point, and a sentence a skipped file."""
    files, unreadable = [], []
    for path in sorted((results_dir / machine / FOLDER).glob(f"*{SUFFIX}")):
        try:
            file = read(path)
        except ResultsError as error:
            unreadable.append(str(error))
            continue
        position = ordered.position(file.commit)
        if position is not None and file.machine == machine:
            files.append((position, file))
    return _series(files, known), unreadable


def _series(files: Iterable[tuple[int, RatioFile]], known: Mapping[str, Benchmark]) -> list[Series]:
    points: dict[tuple[SeriesKey, str], list[tuple[int, str, float]]] = defaultdict(list)
    for position, file in sorted(files, key=lambda one: one[0]):
        for one in file.series:
            benchmark = known.get(one.benchmark)
            if benchmark is None or (None not in (one.version, benchmark.version) and one.version != benchmark.version):
                continue
            if one.ratio is not None:
                key = SeriesKey(one.benchmark, tuple(one.params))
                points[key, file.environment].append((position, file.reference, one.ratio))
    found = []
    for (key, environment), all_points in sorted(points.items()):
        # Ratios to different references have different scales.
        newest = all_points[-1][1]
        own = {position: ratio for position, reference, ratio in all_points if reference == newest}
        positions = np.array(list(own), dtype=np.int64)
        values = np.array(list(own.values()))
        found.append(Series(key, environment, known[key.benchmark], positions, values, True))
    return found
