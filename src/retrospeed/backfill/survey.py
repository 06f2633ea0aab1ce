"""What is measured already, and so what to order of a machine."""

from dataclasses import dataclass, replace

from retrospeed.backfill.arrivals import Arrivals
from retrospeed.backfill.commits import Commit
from retrospeed.backfill.memory import Listing, Memory
from retrospeed.backfill.messages import Order
from retrospeed.backfill.missing import missing, patterns
from retrospeed.backfill.record import Row, State
from retrospeed.errors import ResultsError
from retrospeed.measurement import Outcome
from retrospeed.pairing import Selection
from retrospeed.result_file import CommitResults


@dataclass
class Survey:
    """Looks at the stored results of one commit and machine at a time."""

    arrivals: Arrivals
    memory: Memory
    selection: Selection
    bench: str
    again: bool
    listing: Listing | None
    """None until the benchmarks of this suite have been listed; then what is missing of a commit cannot be told."""

    def order(self, template: Order, commit: Commit, machine: str) -> Order | Row:
        """The order for this commit; a row if there is nothing to order."""
        order = replace(template, commit=commit.hash, machine=machine, patterns=(self.bench,) if self.bench else ())
        try:
            known = self.arrivals.known(machine, commit.hash)
        except ResultsError as error:
            return Row(commit, machine, State.UNUSABLE, words=str(error))
        if self.again or not known or self.listing is None:
            return order
        results = list(known.values())
        if len(known) < len(self.listing.environments) and not order.environment:
            files = {name: results.path.read_bytes() for name, results in known.items()}
            return replace(order, skip_existing=True, known=files)
        if order.environment:
            kind = order.environment.partition(":")[0]
            results = [one for one in results if order.environment == one.environment or kind == _kind(one)]
        tried = self.memory.tried(machine, commit.hash)
        lacking = missing(self.listing, results, tried, self.selection)
        if lacking:
            return replace(order, patterns=tuple(patterns(lacking)), partial=True)
        return self._done(commit, machine, results)

    def _done(self, commit: Commit, machine: str, results: list[CommitResults]) -> Row:
        outcomes = [value.outcome for one in results for key, value in one.series.items() if self.selection.takes(key)]
        measured, failed = outcomes.count(Outcome.MEASURED), outcomes.count(Outcome.FAILED)
        if failed and not measured:
            words = "all its benchmarks failed earlier; --again tries them again"
            return Row(commit, machine, State.EMPTY, failed=failed, words=words)
        return Row(commit, machine, State.ALREADY, series=measured, failed=failed)


def _kind(results: CommitResults) -> str:
    """asv begins the name of an environment with its type."""
    return results.environment.partition("-")[0]
