"""Puts what was measured at BASE beside what was measured at HEAD: by environment, benchmark and parameters."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrospeed.errors import RetrospeedError
from retrospeed.measurement import ABSENT, Measurement, SeriesKey
from retrospeed.result_file import CommitResults


@dataclass(frozen=True)
class Selection:
    """Which series to look at; an empty one selects all."""

    include: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None
    environment: str | None = None

    @classmethod
    def of(cls, include: str | None, exclude: str | None, environment: str | None) -> "Selection":
        """From regular expressions as typed; raises RetrospeedError if one is not."""
        return cls(_compiled(include, "--bench"), _compiled(exclude, "--exclude"), environment)

    def takes(self, key: SeriesKey) -> bool:
        """Whether the series, by its name with parameters, is looked at."""
        name = str(key)
        if self.include is not None and not self.include.search(name):
            return False
        return self.exclude is None or not self.exclude.search(name)


@dataclass(frozen=True)
class Pair:
    """One series at both commits; a side that was not measured is ABSENT."""

    key: SeriesKey
    environment: str
    base: Measurement
    head: Measurement
    base_version: str | None
    head_version: str | None

    @property
    def same_version(self) -> bool:
        """Whether the same code measured both sides, as far as both say."""
        return self.base_version is None or self.head_version is None or self.base_version == self.head_version


@dataclass(frozen=True)
class Pairing:
    """All pairs, and the environments that only one commit was measured in."""

    pairs: tuple[Pair, ...]
    unpaired_environments: tuple[str, ...]


def pair(base: Sequence[CommitResults], head: Sequence[CommitResults], selection: Selection) -> Pairing:
    """Pair two commits. Raises RetrospeedError if the selection leaves nothing at either of them."""
    bases, heads = {b.environment: b for b in base}, {h.environment: h for h in head}
    wanted = selection.environment
    if wanted is not None and wanted not in bases | heads:
        raise RetrospeedError(
            f"There are no results of environment {wanted}; there are of {', '.join(sorted(bases | heads))}."
        )
    pairs = []
    for environment in sorted(bases.keys() & heads.keys()):
        if wanted in (None, environment):
            pairs += _pairs(bases[environment], heads[environment], selection)
    unpaired = [f"{name} (only at BASE)" for name in sorted(bases.keys() - heads.keys()) if wanted in (None, name)]
    unpaired += [f"{name} (only at HEAD)" for name in sorted(heads.keys() - bases.keys()) if wanted in (None, name)]
    if not pairs and not unpaired:
        raise RetrospeedError("No benchmark is selected; see the names in benchmarks.json, and --bench and --exclude.")
    return Pairing(tuple(pairs), tuple(unpaired))


def _pairs(base: CommitResults, head: CommitResults, selection: Selection) -> list[Pair]:
    return [
        Pair(
            key=key,
            environment=base.environment,
            base=base.series.get(key, ABSENT),
            head=head.series.get(key, ABSENT),
            base_version=base.versions.get(key.benchmark),
            head_version=head.versions.get(key.benchmark),
        )
        for key in sorted(base.series.keys() | head.series.keys())
        if selection.takes(key)
    ]


def _compiled(pattern: str | None, option: str) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    try:
        return re.compile(pattern)
    except re.error as error:
        raise RetrospeedError(f"{option} is not a regular expression: {pattern!r} ({error}).") from error
