"""The record of a gate run: all that was measured and by which rules; ``--json`` writes it, ``--from`` reads it.

Judging needs nothing else, so a verdict can be computed again from this file, with other thresholds too.
"""

import math
from pathlib import Path
from typing import Any

import msgspec

from retrospeed.benchmarks_file import Benchmark
from retrospeed.errors import RetrospeedError
from retrospeed.gate.samples import Pair
from retrospeed.gate.two_stage import Plan
from retrospeed.measurement import Outcome, SeriesKey
from retrospeed.thresholds import ThresholdsInUse

SCHEMA = 2


class SideState(msgspec.Struct, omit_defaults=True):
    """What became of a series at one commit."""

    outcome: Outcome = Outcome.ABSENT
    error: str = ""
    """What it raised, or why it is not there."""
    version: str | None = None
    """The benchmark's version as this commit's environment tells it."""


class SeriesRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One benchmark with one set of parameters at both commits."""

    key: SeriesKey
    benchmark: Benchmark
    base: SideState
    head: SideState
    timed: bool = True
    """Whether it was timed here; else it tells a number by itself."""
    together: bool = True
    """Whether its two processes lived at the same time and took turns."""
    first: list[Pair] = []
    """Pairs of stage 1."""
    second: list[Pair] = []
    """Pairs of stage 2."""
    mishaps: list[str] = []
    """Pairs that failed and were taken again."""
    finished: bool = False
    """Whether all pairs that the rules ask for were taken."""
    cache_seconds: float = 0.0
    """What one copy of its setup_cache cost, whoever made it."""
    seconds: float = 0.0
    """What it cost altogether."""

    @property
    def overhead(self) -> float:
        """Seconds of the cost that went into imports, setup and failures."""
        return self.seconds - sum(pair.seconds - pair.overhead for pair in self.first + self.second)


class InstructionRecord(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Instruction counts of one series; one count a run, each run with another layout of memory."""

    key: SeriesKey
    base: list[int] = []
    head: list[int] = []
    excluded: str = ""
    """Why it was not counted, if it was not."""
    error: str = ""


class CommitName(msgspec.Struct, frozen=True):
    """A commit, and what the user called it."""

    name: str
    commit: str

    def __str__(self) -> str:
        return self.commit[:8] if self.commit.startswith(self.name) else f"{self.name} ({self.commit[:8]})"


class GateRecord(msgspec.Struct, kw_only=True):
    """A whole run."""

    schema: int = SCHEMA
    base: CommitName
    head: CommitName
    environment: str
    environments_not_used: list[str] = []
    """The others that the configuration describes."""
    machine: dict[str, str]
    plan: Plan
    thresholds: ThresholdsInUse
    series: list[SeriesRecord]
    equal_test: SeriesRecord | None = None
    """The self-test of a program against itself."""
    slower_test: SeriesRecord | None = None
    """The self-test of a program against one that does 5 % more."""
    instructions: list[InstructionRecord] = []
    interrupted: bool = False
    seconds: float = 0.0
    withheld: float | None = None
    """Share, 0 to 1, of the processor time wanted in these seconds that the machine's host gave to others."""


def write(record: GateRecord, path: Path) -> None:
    """Write the record to `path`, whole or not at all. Raises RetrospeedError."""
    unfinished = path.with_name(path.name + ".part")
    try:
        unfinished.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
        unfinished.replace(path)
    except OSError as error:
        raise RetrospeedError(f"{path} cannot be written: {error.strerror}.") from error


def _with_nan(read: Any, *, of_a_pair: bool = False) -> Any:
    """What JSON said, with NaN where a pair's samples are null: JSON has no numbers that are not finite."""
    if isinstance(read, dict):
        return {key: _with_nan(value, of_a_pair=key in ("base", "head")) for key, value in read.items()}
    if isinstance(read, list):
        return [math.nan if item is None and of_a_pair else _with_nan(item) for item in read]
    return read


def read(path: Path) -> GateRecord:
    """Read what `write` wrote. Raises RetrospeedError."""
    try:
        record = msgspec.convert(_with_nan(msgspec.json.decode(path.read_bytes())), GateRecord)
    except OSError as error:
        raise RetrospeedError(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise RetrospeedError(f"{path} is not the JSON of a gate run: {error}.") from error
    if record.schema != SCHEMA:
        raise RetrospeedError(f"{path} has schema {record.schema}, this program reads schema {SCHEMA}.")
    return record
