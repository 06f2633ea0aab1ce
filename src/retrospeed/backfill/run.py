"""A whole backfill: the suite, the range, the cluster, and everything that came of it."""

import os

from retrospeed import asv_config, benchmarks_file
from retrospeed.asv_config import Suite
from retrospeed.backfill import cluster
from retrospeed.backfill.agenda import Agenda
from retrospeed.backfill.arrivals import Arrivals
from retrospeed.backfill.cluster import ClusterError
from retrospeed.backfill.commits import Commit, coarse_first, commits_of
from retrospeed.backfill.dispatcher import Dispatcher
from retrospeed.backfill.memory import Listing, Memory
from retrospeed.backfill.messages import Order
from retrospeed.backfill.parcel import history_parcel, shallow_list, suite_parcel
from retrospeed.backfill.record import Record, Row, State
from retrospeed.backfill.request import Request, Watcher
from retrospeed.backfill.seats import unusable
from retrospeed.backfill.survey import Survey
from retrospeed.errors import ResultsError, RetrospeedError
from retrospeed.machine import name_here
from retrospeed.pairing import Selection
from retrospeed.result_file import load_versioned_json


class Backfill:
    """A backfill that is ready to begin. Raises RetrospeedError if it cannot be."""

    def __init__(self, request: Request) -> None:
        self._request = request
        cluster.require()
        suite = self._suite = asv_config.load(request.config)
        if suite.repository is None:
            raise RetrospeedError(f"The repository of {suite.config_file} is not here; run `asv setup` first.")
        self._repository = suite.repository
        self.commits: list[Commit] = commits_of(self._repository, request.range)
        self._selection = Selection.of(request.bench, None, None)
        self._parcel = suite_parcel(suite)
        listing = suite.results_dir / benchmarks_file.FILE_NAME
        if listing.is_file():
            # Found out only when the first commit comes in, it would have been measured for nothing.
            load_versioned_json(listing, benchmarks_file.FORMAT_VERSION, "list of benchmarks")
        self._memory = Memory(suite.root)
        self._arrivals = Arrivals(suite.results_dir, self._memory, self._parcel.digest, again=request.again)
        self._survey = Survey(
            self._arrivals,
            self._memory,
            self._selection,
            request.bench or "",
            request.again,
            self._memory.listing(self._parcel.digest),
        )
        self.record = Record()

    def run(self, watcher: Watcher) -> None:
        """Measure; what was done is in `record`, however it ends. Raises KeyboardInterrupt, and RetrospeedError."""
        newest = self.commits[-1].hash
        history = history_parcel(self._repository, [newest])
        template = Order(
            newest,
            "",
            suite=self._parcel.digest,
            history=history.digest,
            tips=(newest,),
            shallow=shallow_list(self._repository),
            environment=self._request.environment or "",
        )
        with cluster.connected(self._request.scheduler) as client:
            dispatcher = Dispatcher(
                client,
                Agenda(coarse_first(self.commits), every_machine=self._request.every_machine),
                (self._parcel, history),
                template,
                self._survey,
                self._arrivals,
                watcher,
                self.record,
            )
            try:
                dispatcher.run()
            except RetrospeedError as error:
                self.record.problem = str(error)

    def plan(self) -> None:
        """Fill `record` with what would be measured, measuring nothing."""
        self.record.dry_run = True
        if self._survey.listing is None:
            self._survey.listing = _listed(self._suite)
        template = Order("", "", self._parcel.digest, "", (), environment=self._request.environment or "")
        machines = self._machines()
        for commit in self.commits:
            found = [(name, self._survey.order(template, commit, name)) for name in machines]
            rows = [
                one if isinstance(one, Row) else Row(commit, name, State.WOULD, words=_partly(one))
                for name, one in found
            ]
            if not self._request.every_machine:
                done = [row for row in rows if row.state in (State.ALREADY, State.EMPTY)]
                rows = done[:1] or ([Row(commit, "any", State.WOULD)] if len(rows) > 1 else rows)
            self.record.rows += rows

    def _machines(self) -> list[str]:
        if self._request.scheduler is None:
            return [os.environ.get("RETROSPEED_MACHINE") or name_here()]
        with cluster.connected(self._request.scheduler) as client:
            from retrospeed.backfill.errand import introduce

            answers = client.run(introduce, on_error="return")
        for address, answer in answers.items():
            if unusable(answer):
                self.record.notes.append(f"Worker {address} is not used: {unusable(answer)}.")
        machines = sorted({answer.machine for answer in answers.values() if not unusable(answer)})
        if not machines:
            raise ClusterError(f"No worker that can be used is connected to {self._request.scheduler}.")
        return machines


def _partly(order: Order) -> str:
    return f"{len(order.patterns)} series are missing" if order.partial else ""


def _listed(suite: Suite) -> Listing | None:
    """The benchmarks that asv listed last, perhaps of another state of the suite; None if it never did."""
    try:
        return Listing(benchmarks_file.read(suite.results_dir), [])
    except ResultsError:
        return None
