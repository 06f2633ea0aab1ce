"""Which server holds which stretch of time: partitions are calendar months (UTC), each whole on one server."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from strata.hit import Missing, Scope

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Partition(msgspec.Struct, frozen=True):
    """A month, like "2023-05"; the number of the server it lies on, counted from 0; how many events it has."""

    name: str
    server: int
    events: int

    @property
    def since(self) -> int:
        """Its first millisecond since the epoch."""
        return _milliseconds(*map(int, self.name.split("-")))

    @property
    def until(self) -> int:
        """The first millisecond after it."""
        year, month = map(int, self.name.split("-"))
        return _milliseconds(year + month // 12, month % 12 + 1)


class Catalog(msgspec.Struct, frozen=True):
    """What an index on servers holds: the vectors' space, the number of servers, and its partitions by name."""

    space: str
    servers: int = 0
    partitions: dict[str, Partition] = {}

    def __len__(self) -> int:
        return sum(partition.events for partition in self.partitions.values())

    def extended(self, timestamps: Iterable[int], servers: int) -> "Catalog":
        """With events of these times too, on so many servers: a new month goes to the server with fewest events."""
        partitions = dict(self.partitions)
        held = Counter(dict.fromkeys(range(servers), 0))
        for partition in partitions.values():
            held[partition.server] += partition.events
        for name, events in Counter(map(month, timestamps)).items():
            old = partitions.get(name)
            server = old.server if old else min(range(servers), key=lambda number: (held[number], number))
            held[server] += events
            partitions[name] = Partition(name, server, events + (old.events if old else 0))
        return Catalog(self.space, max(servers, self.servers), dict(sorted(partitions.items())))

    def within(self, scope: Scope) -> list[Partition]:
        """The partitions that the scope's time touches, oldest first."""
        return [
            partition
            for partition in self.partitions.values()
            if (scope.since is None or partition.until > scope.since)
            and (scope.until is None or partition.since < scope.until)
        ]


def missing(partitions: Sequence[Partition], reasons: dict[int, str]) -> tuple[Missing, ...]:
    """What cannot be searched of these partitions, given why some servers did not answer."""
    return tuple(
        Missing(
            partition=partition.name,
            since=partition.since,
            until=partition.until,
            events=partition.events,
            reason=reasons[partition.server],
        )
        for partition in partitions
        if partition.server in reasons
    )


def month(timestamp: int) -> str:
    """The name of the partition of an event of that time, epoch ms."""
    moment = _EPOCH + timedelta(milliseconds=timestamp)
    return f"{moment.year:04}-{moment.month:02}"


def _milliseconds(year: int, month: int) -> int:
    # The month after December 9999 has no date; no event is that late (`strata.event.LATEST`).
    start = datetime(min(year, 9999), month if year <= 9999 else 12, 1 if year <= 9999 else 31, tzinfo=UTC)
    return (start - _EPOCH) // timedelta(milliseconds=1)
