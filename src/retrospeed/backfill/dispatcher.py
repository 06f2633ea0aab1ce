"""Hands commits to the machines of a cluster, and takes what they send back.

The client decides who measures what, not Dask's scheduler: that fills every worker, and a machine must measure one
thing at a time, however many workers it has. Dask carries the orders, and tells which workers there are.
"""

import queue
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import TYPE_CHECKING

from retrospeed.backfill.agenda import Agenda
from retrospeed.backfill.arrivals import Arrivals, row_of
from retrospeed.backfill.cluster import ClusterError
from retrospeed.backfill.commits import Commit
from retrospeed.backfill.messages import Delivery, Order, Outcome
from retrospeed.backfill.parcel import Parcel
from retrospeed.backfill.record import Record, Row, State
from retrospeed.backfill.request import Watcher
from retrospeed.backfill.roster import Roster
from retrospeed.backfill.seats import Running, Seat
from retrospeed.backfill.survey import Survey
from retrospeed.errors import ResultsError

if TYPE_CHECKING:
    from distributed import Client, Future

_LOOK = 1.0
"""Seconds between looks at which workers there are."""
_FETCH = 60.0
"""Seconds in which a worker must hand over what it measured."""
_PATIENCE = 60.0
"""Seconds to wait for a worker to come when there is none; a nanny needs some to start another."""
_ATTEMPTS = 3
"""How often a commit is tried that takes its worker with it."""
_JUST_LIST = ("just-discover",)


class Dispatcher:
    """One backfill over one cluster. What it has done is in `record` at any time."""

    def __init__(
        self,
        client: "Client",
        agenda: Agenda,
        parcels: tuple[Parcel, ...],
        template: Order,
        survey: Survey,
        arrivals: Arrivals,
        watcher: Watcher,
        record: Record,
    ) -> None:
        self._client = client
        self._agenda = agenda
        self._parcels = parcels
        self._template = template
        self._survey = survey
        self._arrivals = arrivals
        self._watcher = watcher
        self._record = record
        self._roster = Roster(client)
        self._ended: queue.SimpleQueue[Future[Delivery]] = queue.SimpleQueue()
        self._attempts: Counter[tuple[str, str]] = Counter()
        self._unlisted: list[tuple[Commit, Delivery]] = []
        self._total = 0

    def run(self) -> None:
        """Go on until everything is done, or nobody is left to do it. Raises ClusterError if the scheduler is gone.

        However it ends, nothing goes on being measured.
        """
        lonely_since = time.monotonic()
        try:
            while True:
                self._watcher.check()
                self._through(self._look)
                self._through(self._assign)
                waiting = [seat for seat in self._roster.seats if self._agenda.left(seat.machine)]
                if self._roster.running or any(seat.free for seat in waiting):
                    lonely_since = time.monotonic()
                elif self._roster.seats and all(seat.barred for seat in waiting):
                    # Everything is done, or nobody may go on with it.
                    self._record.problem = "No machine is left that can measure; see above." if waiting else ""
                    break
                elif time.monotonic() - lonely_since > _PATIENCE:
                    self._give_up()
                    break
                self._tell()
                self._collect()
        finally:
            self._end()

    def _through(self, step: Callable[[], None]) -> None:
        """Do what goes through the scheduler."""
        try:
            if self._client.status != "running":
                raise OSError(f"the client is {self._client.status}")
            step()
        except (OSError, TimeoutError) as error:
            raise ClusterError(
                "The Dask scheduler has gone; what came in until then is kept, and the same command goes on from there."
            ) from error

    # Who is there

    def _look(self) -> None:
        for sentence in self._roster.look():
            self._note(sentence)
        for seat, running in self._roster.running:
            if running.address not in seat.addresses:
                self._lost(seat, running)
        for seat in self._roster.seats:
            before = self._agenda.left()
            if self._agenda.join(seat.machine):
                self._total += self._agenda.left() - before

    def _lost(self, seat: Seat, running: Running) -> None:
        seat.running = None
        running.future.cancel()
        if running.commit is not None:
            self._again(running.commit, seat, "its worker died")
            self._note(f"{running.commit}: its worker on {seat.machine} died.")

    def _again(self, commit: Commit, seat: Seat, words: str) -> None:
        self._attempts[commit.hash, seat.machine] += 1
        tries = sum(count for (name, _), count in self._attempts.items() if name == commit.hash)
        if tries >= _ATTEMPTS:
            self._add(Row(commit, seat.machine, State.LOST, words=f"{words}, {tries} times"))
        else:
            self._agenda.give_back(commit, seat.machine)

    # What is given to them

    def _assign(self) -> None:
        for seat in self._roster.seats:
            if seat.free and not self._listing_under_way():
                order = self._next(seat)
                if order is not None and not self._give(seat, *order) and order[0] is not None:
                    self._agenda.give_back(order[0], seat.machine)

    def _next(self, seat: Seat) -> tuple[Commit | None, Order] | None:
        others = (
            [] if self._agenda.every_machine else [one for one in self._roster.seats if one.machine != seat.machine]
        )
        here = self._arrivals.commits(seat.machine)
        # What another machine has begun, it goes on with.
        there = set().union(*(self._arrivals.commits(one.machine) for one in others if one.usable)) - here
        survey = self._survey
        while (commit := self._agenda.next(seat.machine, lambda one: one.hash[:8] not in there)) is not None:
            if survey.listing is None and not survey.again and commit.hash[:8] in here:
                self._agenda.give_back(commit, seat.machine)
                candidates = tuple(one.hash for one in self._agenda.commits)
                return None, replace(self._template, machine=seat.machine, patterns=_JUST_LIST, buildable=candidates)
            machines = dict.fromkeys([seat.machine, *(one.machine for one in others)])
            found = [survey.order(self._template, commit, machine) for machine in machines]
            row = next((one for one in found if isinstance(one, Row) and one.state is not State.UNUSABLE), found[0])
            if isinstance(row, Order):
                return commit, row
            self._add(row)
        return None

    def _listing_under_way(self) -> bool:
        return any(running.commit is None for _, running in self._roster.running)

    def _give(self, seat: Seat, commit: Commit | None, order: Order) -> bool:
        """Send an order, and before it what the machine lacks for it; False if the machine could not take it."""
        from retrospeed.backfill.errand import measure

        address = seat.addresses[0]
        error = self._roster.supply(address, self._parcels)
        if error is not None:
            # A worker that is just dying is missed at the next look.
            if not isinstance(error, OSError):
                self._strike(seat, str(error))
            return False
        future = self._client.submit(
            measure,
            order,
            workers=[address],
            allow_other_workers=False,
            pure=False,
            key=f"backfill-{order.commit[:8]}-{uuid.uuid4().hex}",
        )
        future.add_done_callback(self._ended.put)
        seat.running = Running(commit, order, address, future)
        return True

    # What they send back

    def _collect(self) -> None:
        try:
            future = self._ended.get(timeout=_LOOK)
        except queue.Empty:
            return
        for seat, running in self._roster.running:
            if running.future.key != future.key or self._client.status != "running":
                continue
            seat.running = None
            if future.status == "finished":
                try:
                    delivery = future.result(timeout=_FETCH)
                except (OSError, TimeoutError, CancelledError):
                    # The worker died with what it had measured.
                    self._lost(seat, running)
                else:
                    self._take(seat, running, delivery)
            elif future.status == "error":
                self._failed(seat, running, future.exception())
            else:
                self._lost(seat, running)
            future.release()

    def _failed(self, seat: Seat, running: Running, error: BaseException | None) -> None:
        from distributed import KilledWorker

        words = " ".join(str(error).split()) or repr(error)
        if isinstance(error, KilledWorker):
            words = "its workers died"
        else:
            self._strike(seat, words)
        if running.commit is not None:
            self._again(running.commit, seat, words)

    def _take(self, seat: Seat, running: Running, delivery: Delivery) -> None:
        if delivery.outcome is not Outcome.UNLISTED and delivery.benchmarks:
            self._survey.listing = self._arrivals.list(delivery) or self._survey.listing
        if delivery.outcome is Outcome.REFUSED or (delivery.outcome is Outcome.UNLISTED and running.order.buildable):
            self._strike(seat, delivery.words)
            if running.commit is not None:
                self._again(running.commit, seat, delivery.words)
            return
        seat.strikes = 0
        if running.commit is None:
            if self._survey.listing is None:
                self._strike(seat, delivery.words)
            return
        if delivery.outcome is Outcome.UNLISTED and self._template.buildable:
            self._agenda.give_back(running.commit, seat.machine)
        elif delivery.outcome is Outcome.UNLISTED:
            # Perhaps no commit builds here; that is known once another one has.
            self._unlisted.append((running.commit, delivery))
        else:
            self._keep(running.commit, delivery)

    def _keep(self, commit: Commit, delivery: Delivery) -> None:
        try:
            counts = self._arrivals.take(delivery, self._survey.selection)
        except ResultsError as error:
            self._add(Row(commit, delivery.machine, State.UNUSABLE, delivery.seconds, words=str(error)))
            return
        row = row_of(commit, delivery, counts)
        self._add(row)
        if row.state is State.MEASURED and not self._template.buildable:
            self._template = replace(self._template, buildable=(commit.hash,))
            for other, unlisted in self._unlisted:
                self._agenda.give_back(other, unlisted.machine)
            self._unlisted.clear()

    # What is told

    def _strike(self, seat: Seat, words: str) -> None:
        seat.strike(words)
        if seat.barred:
            self._note(f"Machine {seat.machine} is given no more commits: {words}")

    def _give_up(self) -> None:
        self._record.problem = (
            f"No worker that can be used was there for {_PATIENCE:g} s; start some with `dask worker ADDRESS`, "
            "and run the same command again: it goes on from here."
        )

    def _add(self, row: Row) -> None:
        self._record.rows.append(row)
        failed = f", {row.failed} failed" if row.failed else ""
        words = f": {row.words}" if row.words else ""
        self._watcher.note(f"{row.commit} on {row.machine}: {row.state}, {row.series} series{failed}{words}")

    def _note(self, text: str) -> None:
        self._record.notes.append(text)
        self._watcher.note(text)

    def _tell(self) -> None:
        names = [f"{running.commit or 'benchmarks'} on {seat.machine}" for seat, running in self._roster.running]
        self._watcher.state(len(self._record.rows), self._total, ", ".join(names) or "waiting for a worker")

    def _end(self) -> None:
        for seat, running in self._roster.running:
            if running.commit is not None:
                self._agenda.give_back(running.commit, seat.machine)
            if self._client.status == "running":
                running.future.cancel()
            seat.running = None
        for commit, delivery in self._unlisted:
            self._add(Row(commit, delivery.machine, State.UNBUILDABLE, delivery.seconds, words=delivery.words))
        self._unlisted.clear()
        self._record.rows += [Row(commit, machine, State.WAITING) for commit, machine in self._agenda.rest()]
