"""Which machines of a cluster are there, by the workers that come and go."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from retrospeed.backfill.messages import Introduction
from retrospeed.backfill.parcel import Parcel
from retrospeed.backfill.seats import Running, Seat, unusable

if TYPE_CHECKING:
    from distributed import Client


class Roster:
    """The seats of a cluster, and the workers that cannot be used."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._seats: dict[tuple[str, str], Seat] = {}
        self._met: set[str] = set()
        self.refused: dict[str, str] = {}
        """Why a worker is not used, by its address."""

    @property
    def seats(self) -> list[Seat]:
        """All machines ever met."""
        return list(self._seats.values())

    @property
    def running(self) -> list[tuple[Seat, Running]]:
        """The machines that are measuring, and what."""
        return [(seat, seat.running) for seat in self.seats if seat.running is not None]

    def look(self) -> list[str]:
        """See who has gone, and meet who has come; the reasons why newcomers cannot be used, in sentences.

        Raises OSError if the scheduler cannot be reached.
        """
        present = set(self._client.scheduler_info(n_workers=-1)["workers"])
        self._met &= present
        for seat in self.seats:
            seat.addresses = [address for address in seat.addresses if address in present]
        strangers = sorted(present - self._met - self.refused.keys())
        return self._meet(strangers) if strangers else []

    def supply(self, address: str, parcels: Sequence[Parcel]) -> BaseException | None:
        """Send a worker those of the parcels that its machine lacks; what went wrong, None if nothing did."""
        from retrospeed.backfill.errand import keep, lacks

        def ask(function: Callable[..., Any], *arguments: object) -> Any:
            return self._client.run(function, *arguments, workers=[address], on_error="return")[address]

        lacking = ask(lacks, tuple(parcel.digest for parcel in parcels))
        if isinstance(lacking, BaseException):
            return lacking
        sent = [ask(keep, parcel.digest, parcel.content) for parcel in parcels if parcel.digest in lacking]
        return next((answer for answer in sent if isinstance(answer, BaseException)), None)

    def _meet(self, addresses: list[str]) -> list[str]:
        from retrospeed.backfill.errand import introduce

        sentences = []
        for address, answer in self._client.run(introduce, workers=addresses, on_error="return").items():
            if isinstance(answer, OSError):
                # It went as fast as it came, or is not quite there yet.
                continue
            why = unusable(answer)
            if why:
                self.refused[address] = why
                sentences.append(f"Worker {address} is not used: {why}.")
                continue
            assert isinstance(answer, Introduction)
            self._met.add(address)
            seat = self._seats.setdefault((answer.host, answer.machine), Seat(answer.machine, answer.host))
            seat.addresses.append(address)
        return sentences
