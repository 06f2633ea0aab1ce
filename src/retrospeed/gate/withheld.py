"""How much of the processor time that this machine asked for its host gave to others."""

from pathlib import Path

import msgspec

PROC_STAT = Path("/proc/stat")
"""First line: ``cpu`` and the ticks of all CPUs as user, nice, system, idle, iowait, irq, softirq, steal, guest and
guest_nice; the guests' are part of the first two (proc_stat(5))."""
IDLE, STEAL, ALL = slice(3, 5), 7, 8


class Ticks(msgspec.Struct, frozen=True):
    """Ticks of all CPUs since the machine was started."""

    wanted: int
    """In which a CPU had something to do."""
    withheld: int
    """In which it had, and the host did something else: steal time."""


def read(stat: str) -> Ticks | None:
    """What the text of ``/proc/stat`` tells; None if it does not."""
    name, *columns = stat.partition("\n")[0].split() or [""]
    if name != "cpu" or len(columns) < ALL or not all(column.isdecimal() for column in columns):
        return None
    counts = [int(column) for column in columns[:ALL]]
    return Ticks(wanted=sum(counts) - sum(counts[IDLE]), withheld=counts[STEAL])


def now() -> Ticks | None:
    """The ticks until now; None where the system does not count them."""
    try:
        return read(PROC_STAT.read_text(encoding="ascii", errors="replace"))
    except OSError:
        return None


def share(before: Ticks | None, after: Ticks | None) -> float | None:
    """The part of the wanted time between two readings, 0 to 1, that was withheld; None if nobody knows."""
    if before is None or after is None or after.wanted <= before.wanted:
        return None
    return min(1.0, max(0.0, (after.withheld - before.withheld) / (after.wanted - before.wanted)))
