"""What the client and the workers of a backfill say to each other."""

from dataclasses import dataclass, field
from enum import StrEnum

PROTOCOL = 1
"""Changes whenever a worker with another version of this file would misunderstand."""


@dataclass(frozen=True)
class Introduction:
    """Who a worker is."""

    machine: str
    """The name under which results of its machine are kept."""
    host: str
    """The computer; workers of one host and one machine name never measure at the same time."""
    protocol: int = PROTOCOL


@dataclass(frozen=True)
class Order:
    """What a worker is to measure: one commit."""

    commit: str
    """Full hash."""
    machine: str
    suite: str
    """Digest of the parcel with the benchmarks and the configuration."""
    history: str
    """Digest of the parcel with the commits."""
    tips: tuple[str, ...]
    """Full hashes from which every commit of that parcel is reached."""
    shallow: str = ""
    """git's list of the commits whose parents are missing, where the repository is a shallow clone."""
    patterns: tuple[str, ...] = ()
    """Expressions for the series to measure; none for all."""
    partial: bool = False
    """Whether these name just what is missing of a commit."""
    environment: str = ""
    """asv's name of the environment, or a type; "" for all of the configuration."""
    skip_existing: bool = False
    """Leave out what `known` holds, environment by environment, as asv does."""
    buildable: tuple[str, ...] = ()
    """Full hashes of commits that may build: asv lists the benchmarks with one of them if it cannot with this one."""
    known: dict[str, bytes] = field(default_factory=dict)
    """The result files that there are of this commit and machine, by file name."""


class Outcome(StrEnum):
    """What came of an order."""

    RAN = "ran"
    UNLISTED = "unlisted"
    """asv could not list the benchmarks with this commit: it does not build, or the machine cannot build anything."""
    REFUSED = "refused"
    """asv could not work at all."""


@dataclass(frozen=True)
class Delivery:
    """What a worker sends back."""

    commit: str
    machine: str
    outcome: Outcome
    words: str
    """What asv said last, where it did not go well."""
    seconds: float
    """Of the whole order, the build included."""
    unbuilt: bool = False
    """Whether the commit did not build, in any environment."""
    files: dict[str, bytes] = field(default_factory=dict)
    """What belongs into the machine's folder of the results, by file name."""
    benchmarks: bytes = b""
    """The suite's benchmarks.json."""
    environments: tuple[str, ...] = ()
    """asv's names of all environments that were to be measured."""
