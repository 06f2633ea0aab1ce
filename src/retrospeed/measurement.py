"""What one benchmark gave at one commit: the small types that everything else passes along."""

from enum import StrEnum
from typing import NamedTuple

import msgspec


class SeriesKey(NamedTuple):
    """One line of the history: a benchmark and the values of its parameters, as asv writes them (``repr``)."""

    benchmark: str
    params: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.benchmark}({', '.join(self.params)})" if self.params else self.benchmark


class Outcome(StrEnum):
    """What became of a measurement."""

    MEASURED = "measured"
    FAILED = "failed"
    SKIPPED = "skipped"
    ABSENT = "absent"


class Measurement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One benchmark, with one set of parameters, at one commit in one environment."""

    value: float | None = None
    """asv's result, in the benchmark's unit: the median where it was sampled; None if there is none."""
    outcome: Outcome = Outcome.MEASURED
    interval: tuple[float, float] | None = None
    """asv's confidence interval of the median, coverage at least 99 %; infinite where samples were too few."""
    repeat: int | None = None
    """How many samples the value is made of; None where asv took a single value."""
    samples: tuple[float, ...] | None = None
    """The samples themselves, if they were recorded."""

    @property
    def is_sampled(self) -> bool:
        """Whether the value has a spread that can be tested."""
        return self.repeat is not None and self.repeat != 1 and self.interval is not None


FAILED = Measurement(outcome=Outcome.FAILED)
SKIPPED = Measurement(outcome=Outcome.SKIPPED)
ABSENT = Measurement(outcome=Outcome.ABSENT)
