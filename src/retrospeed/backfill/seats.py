"""The machines of a cluster: where a commit can be measured, and where one is being measured."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retrospeed.backfill.commits import Commit
from retrospeed.backfill.messages import PROTOCOL, Delivery, Introduction, Order

if TYPE_CHECKING:
    from distributed import Future

_STRIKES = 2


@dataclass(frozen=True)
class Running:
    """A commit being measured."""

    commit: Commit | None
    """None while the benchmarks are only listed."""
    order: Order
    address: str
    future: "Future[Delivery]"


@dataclass
class Seat:
    """One machine on one host, whatever the number of its workers; it measures one commit at a time."""

    machine: str
    host: str
    addresses: list[str] = field(default_factory=list)
    running: Running | None = None
    strikes: int = 0
    barred: str = ""
    """Why nothing more is given to it; "" if all is well."""

    @property
    def usable(self) -> bool:
        """Whether it can measure, now or when it is done with what it is at."""
        return bool(self.addresses) and not self.barred

    @property
    def free(self) -> bool:
        """Whether it can be given a commit."""
        return self.usable and self.running is None

    def strike(self, words: str) -> None:
        """It could not do an order for reasons of its own; twice in a row, and it is given no more."""
        self.strikes += 1
        if self.strikes >= _STRIKES:
            self.barred = words


def unusable(introduction: Introduction | BaseException) -> str:
    """Why a worker cannot be used; "" if it can."""
    if isinstance(introduction, ImportError):
        return f"{introduction.name or introduction} is not installed there; install retrospeed[backfill]"
    if not isinstance(introduction, Introduction):
        return (
            f"it does not answer as a worker of a backfill should ({introduction!r}); install the same retrospeed there"
        )
    if introduction.protocol != PROTOCOL:
        return "another version of retrospeed is installed there; install the same one everywhere"
    name = introduction.machine
    if not name or name.startswith(".") or "/" in name or "\\" in name:
        return f"{name!r} cannot be the name of a folder of results; set RETROSPEED_MACHINE there"
    return ""
