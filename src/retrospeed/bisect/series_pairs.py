"""Takes pairs of one benchmark: any two commits of the range, side by side, with the gate's workers."""

import math
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from retrospeed.bisect.builder import Builder
from retrospeed.errors import RetrospeedError
from retrospeed.gate import alternate, values
from retrospeed.gate.builds import BuildError
from retrospeed.gate.caches import SetupCaches
from retrospeed.gate.discovery import Discovery, Series, discover
from retrospeed.gate.measure import MOST_MISHAPS
from retrospeed.gate.samples import Pair, Rhythm
from retrospeed.gate.worker_pair import BOTH, TIMED_TYPES, Job, Side, SideError, SideName
from retrospeed.gate.worker_process import WorkerSkippedError, WorkerTimeoutError
from retrospeed.pairing import Selection

Sides = dict[SideName, Side]
_LISTED = 40


class UnmeasurableError(Exception):
    """A commit cannot be measured: it does not build, or the benchmark does not run there."""

    def __init__(self, commit: str, why: str) -> None:
        super().__init__(why)
        self.commit = commit
        self.why = why


@dataclass
class Manner:
    """How the pairs of a search are taken, the same for all of them."""

    rhythm: Rhythm | None = None
    together: bool = True
    """Whether both processes live at the same time; false for benchmarks that cannot be set up twice."""


class SeriesPairs:
    """Pairs of the series with this name. To be used as a context: what it makes on disk goes with it."""

    def __init__(self, builder: Builder, manner: Manner) -> None:
        self.builder = builder
        self.manner = manner
        self._selection = Selection()
        self._known: dict[tuple[str, str], tuple[Series, SetupCaches]] = {}
        self._stack = ExitStack()
        self._root = Path()

    def __enter__(self) -> "SeriesPairs":
        folder = tempfile.TemporaryDirectory(prefix="bisect-", ignore_cleanup_errors=True)
        self._root = Path(self._stack.enter_context(folder))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def find(self, good: str, bad: str) -> Discovery:
        """The whole suite, at the two ends. Raises UnmeasurableError."""
        return discover(self._sides(good, bad), Selection(), self.builder.default_timeout)

    def choose(self, exactly: Selection) -> None:
        """Take pairs of the only series that `exactly` selects."""
        self._selection = exactly

    def take(self, low: str, high: str, seed: int) -> Pair:
        """One pair of two commits, by their full hashes. Raises UnmeasurableError naming the one that cannot be."""
        series, caches = self._prepared(low, high)
        mishaps = 0
        while True:
            try:
                pair = self._take(series, self._sides(low, high), caches, seed + 1000 * mishaps)
            except SideError as error:
                mishaps += 1
                final = any(isinstance(f, WorkerSkippedError | WorkerTimeoutError) for f in error.failures.values())
                if not final and self.manner.together and self.manner.rhythm is None:
                    # Nothing was measured yet: perhaps two of it cannot live side by side.
                    self.manner.together = False
                elif final or mishaps > MOST_MISHAPS:
                    side = SideName.HEAD if SideName.HEAD in error.failures else SideName.BASE
                    commit = high if side is SideName.HEAD else low
                    raise UnmeasurableError(commit, str(error.failures[side])) from error
                continue
            for commit, samples in ((low, pair.base), (high, pair.head)):
                if not all(map(math.isfinite, samples)):
                    raise UnmeasurableError(commit, "not every value is a finite number")
            return pair

    def _take(self, series: Series, sides: Sides, caches: SetupCaches, seed: int) -> Pair:
        together = self.manner.together
        if series.benchmark.type in TIMED_TYPES:
            job = Job(series.names, series.benchmark.type, series.timeout, caches.folders(series))
            pair, self.manner.rhythm = alternate.take_pair(sides, job, seed, self.manner.rhythm, together=together)
            return pair
        with tempfile.TemporaryDirectory(dir=self._root, ignore_cleanup_errors=True) as folder:
            # The number may be found while the cache is made, so every pair has caches of its own.
            own = caches if series.benchmark.deterministic else SetupCaches(sides, Path(folder))
            job = Job(series.names, series.benchmark.type, series.timeout, own.folders(series, 0))
            pair = values.take_pair(sides, job, seed, together=together)
        self.manner.rhythm = self.manner.rhythm or Rhythm(1, 1)
        return pair

    def _prepared(self, low: str, high: str) -> tuple[Series, SetupCaches]:
        if (low, high) not in self._known:
            sides = self._sides(low, high)
            found = discover(sides, self._selection, self.builder.default_timeout)
            if not found.series:
                failed = found.broken[SideName.HEAD] or found.broken[SideName.BASE]
                raise UnmeasurableError(high, "; ".join(failed.values()) or "the suite has no such benchmark there")
            series = found.series[0]
            for name, commit in ((SideName.HEAD, high), (SideName.BASE, low)):
                if name not in series.names:
                    raise UnmeasurableError(commit, found.why_absent(series, name)[1])
            if len({series.versions.get(name) for name in BOTH}) > 1:
                raise UnmeasurableError(high, "the benchmark has another version there")
            folder = Path(tempfile.mkdtemp(dir=self._root))
            self._known[low, high] = series, SetupCaches(sides, folder)
        return self._known[low, high]

    def _sides(self, low: str, high: str) -> Sides:
        made = {}
        for name, commit in ((SideName.BASE, low), (SideName.HEAD, high)):
            try:
                made[name] = self.builder.side(name, commit)
            except BuildError as error:
                raise UnmeasurableError(commit, str(error)) from error
        return made


def the_one(found: Discovery, wanted: str) -> Series:
    """The series that is meant by `wanted`: its whole name, else an expression or a part of the name of only one.

    Raises RetrospeedError listing what matches.
    """
    expression = Selection.of(wanted, None, None)
    chosen = [series for series in found.series if wanted in (str(series.key), series.key.benchmark)]
    if not chosen:
        chosen = [s for s in found.series if expression.takes(s.key) or wanted in str(s.key)]
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        names = "".join(f"\n  {series.key}" for series in chosen[:_LISTED])
        more = f"\n  and {len(chosen) - _LISTED} more" if len(chosen) > _LISTED else ""
        raise RetrospeedError(f"{wanted!r} matches {len(chosen)} series, name one of them:{names}{more}")
    broken = {error for failures in found.broken.values() for error in failures.values()}
    why = f" The suite does not import everywhere: {'; '.join(sorted(broken))}." if broken else ""
    raise RetrospeedError(f"No benchmark of the suite matches {wanted!r}.{why}")
