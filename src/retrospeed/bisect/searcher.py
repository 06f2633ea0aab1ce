"""Measures what the search asks for, keeps it, and asks again, until there is an answer."""

import math
import statistics
import time

from retrospeed import asv_config
from retrospeed.bisect import first_guess, prior
from retrospeed.bisect.choice import Costs
from retrospeed.bisect.commits import Commit
from retrospeed.bisect.observation import Observation, Probe
from retrospeed.bisect.posterior import Prior
from retrospeed.bisect.probe_log import KeptPair, ProbeLog
from retrospeed.bisect.request import Request, Watcher
from retrospeed.bisect.search import Answer, Search, Step
from retrospeed.bisect.series_pairs import SeriesPairs, UnmeasurableError
from retrospeed.errors import RetrospeedError
from retrospeed.gate.discovery import Series
from retrospeed.gate.effects import effects, scale_for, side_values
from retrospeed.gate.worker_pair import TIMED_TYPES
from retrospeed.thresholds import ThresholdsInUse

DIRECTIONS = {"worse": (1,), "better": (-1,), "any": (1, -1)}
_USUAL_BUILD = 5.0


class Searcher:
    """Measures what the search asks for, until it has the answer."""

    def __init__(
        self,
        request: Request,
        suite: asv_config.Suite,
        commits: list[Commit],
        weights: tuple[float, ...],
        series: Series,
        thresholds: ThresholdsInUse,
        log: ProbeLog,
        pairs: SeriesPairs,
        watcher: Watcher,
    ) -> None:
        self._request = request
        self._suite = suite
        self._commits = commits
        self.weights = weights
        self._series = series
        self._limits = thresholds.rules.limits(series.benchmark, str(series.key))
        self._log = log
        self._pairs = pairs
        self._watcher = watcher
        self._places = {commit.hash: place for place, commit in enumerate(commits)}
        self._timed = series.benchmark.type in TIMED_TYPES
        self._builds: list[float] = []
        self.scale = scale_for([], series.benchmark, self._limits, timed=self._timed)
        pairs.manner.rhythm, pairs.manner.together = log.facts.rhythm, log.facts.together
        for line in log.skipped:
            watcher.note(line)
        if log.pairs:
            watcher.note(f"{len(log.pairs)} pairs were measured before and are used; --fresh starts anew.")

    def search(self) -> Step:
        """The last step, with the answer."""
        while True:
            step = self._search().next_step(self._observations(), self._costs())
            if step.suspect is not None and step.answer is None:
                self._guess(step)
                step = self._search().next_step(self._observations(), self._costs())
            if step.probe is None:
                return step
            self._measure(step.probe, step)

    def values(self) -> dict[str, float]:
        """The median value of each commit that was measured."""
        found: dict[str, list[float]] = {}
        for kept in self._log.pairs:
            base, head = side_values([kept.pair], timed=self._timed)
            found.setdefault(kept.low, []).extend(base)
            found.setdefault(kept.high, []).extend(head)
        return {commit: statistics.median(values) for commit, values in found.items()}

    def unconfirmed(self, answer: Answer) -> list[tuple[int, int]]:
        """Suspects that were measured again, and are not the answer."""
        suspects = {o.place: None for o in self._observations() if o.confirms}
        return [place for place in suspects if place != (answer.low, answer.high)]

    def _search(self) -> Search:
        smallest = self._request.smallest
        if smallest is not None:
            smallest = math.log1p(smallest) if self.scale.is_ratio else smallest * self._unit()
        return Search(
            Prior(self._guessed(), DIRECTIONS[self._request.direction], 1.0 if self.scale.is_ratio else self._unit()),
            frozenset(self._places[commit] for commit in self._log.unmeasurable if commit in self._places),
            timed=self._timed,
            smallest=self.scale.bounds.screen if smallest is None else smallest,
            smallest_exact=smallest or 0.0,
            most_pairs=self._request.most_pairs,
        )

    def _unit(self) -> float:
        """What differences are measured against: the value at GOOD, or the largest seen where that is zero."""
        values = self.values()
        good = abs(values.get(self._commits[0].hash, 0.0))
        return good or max(map(abs, values.values()), default=0.0) or 1.0

    def _observations(self) -> list[Observation]:
        """All pairs as effects, on the scale that fits all of them."""
        kept = [k for k in self._log.pairs if k.low in self._places and k.high in self._places]
        pairs = [k.pair for k in kept]
        self.scale = scale_for(pairs, self._series.benchmark, self._limits, timed=self._timed)
        shown = effects(pairs, self.scale, timed=self._timed)
        return [
            Observation(self._places[k.low], self._places[k.high], effect, k.confirms)
            for k, effect in zip(kept, shown, strict=True)
        ]

    def _costs(self) -> Costs:
        build = statistics.median(self._builds) if self._builds else _USUAL_BUILD
        built = {place for place, commit in enumerate(self._commits) if self._pairs.builder.is_built(commit.hash)}
        return Costs(self._log.seconds_a_pair() or 1.0, build, built)

    def _measure(self, probe: Probe, step: Step) -> None:
        low, high = self._commits[probe.low], self._commits[probe.high]
        self._watcher.probing(high, probe, step, len(self._log.pairs))
        is_new = not self._pairs.builder.is_built(high.hash)
        started = time.perf_counter()
        try:
            pair = self._pairs.take(low.hash, high.hash, seed=len(self._log.pairs) + 1)
        except UnmeasurableError as error:
            place = self._places[error.commit]
            if place in (0, len(self._commits) - 1):
                name = "GOOD" if place == 0 else "BAD"
                raise RetrospeedError(f"{self._series.key} cannot be measured at {name}: {error.why}") from error
            self._log.mark(error.commit, error.why)
            self._watcher.unmeasurable(self._commits[place], error.why)
            return
        if is_new:
            self._builds.append(max(time.perf_counter() - started - pair.seconds, 0.0))
        manner, facts = self._pairs.manner, self._log.facts
        if (facts.rhythm, facts.together) != (manner.rhythm, manner.together):
            facts.rhythm, facts.together = manner.rhythm, manner.together
            self._log.save_facts()
        self._log.add(KeptPair(low=low.hash, high=high.hash, confirms=probe.confirms, pair=pair))

    def _guess(self, step: Step) -> None:
        """Ask asv once, as soon as it is known that there is something to find."""
        facts = self._log.facts
        if not self._request.guess_from_asv or facts.first_guess or facts.first_guess_why:
            return
        assert step.belief is not None
        self._watcher.note("asking asv find for a first guess")
        better = (step.belief.change < 0) == self._series.benchmark.lower_is_better
        try:
            place = first_guess.asv_find(
                self._suite.config_file,
                self._commits,
                self._series.key.benchmark,
                self._request.environment,
                better=better,
            )
            facts.first_guess = self._commits[place].hash
            self._watcher.note(f"asv find guesses {self._commits[place]} ({self._commits[place].subject})")
        except first_guess.NoGuessError as error:
            facts.first_guess_why = str(error)
            self._watcher.note(f"no first guess, going on without one: {error}")
        self._pairs.builder.forget()
        self._log.save_facts()

    def _guessed(self) -> tuple[float, ...]:
        place = self._places.get(self._log.facts.first_guess, 0) if self._request.guess_from_asv else 0
        return prior.boosted(self.weights, place) if place else self.weights
