"""The search itself: from all that was measured so far to the next measurement, or to the answer.

A pure function of the observations: an interrupted search goes on where it stopped once they are read again, and the
study that simulates thousands of searches runs this very code.

The order of things: the noise and the two ends first, and if they do not differ the answer is "none"; then the commit
that promises most information; once a commit holds 90 % of the probability, it is measured against its parent. Those
fresh pairs count like all others, so a wrong suspect loses its probability by them, and the search goes on. A commit is
named if it holds 97 % and the fresh pairs by themselves show the change.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from retrospeed.bisect.choice import Costs, best_place
from retrospeed.bisect.confirmation import Confirmation, Estimate, confirmation, estimate
from retrospeed.bisect.observation import Observation, Probe
from retrospeed.bisect.posterior import PRIOR_NONE, Posterior, Prior, posterior

SUSPECTED, SURE = 0.9, 0.97
"""Probability from which on a commit is measured against its parent, and without which it is not named."""
DIFFERS = 0.01
"""Probability of "none" below which the two ends are taken to differ."""
SAME_PAIRS = 4
"""Pairs of GOOD with itself."""
FEWEST_END_PAIRS, END_PAIRS_FOR_NONE, MOST_END_PAIRS = 4, 8, 32
"""Pairs of GOOD with BAD: before anything is decided; before "none" is said; and after which they are left alone."""
MOST_PAIRS = 200


class Kind(StrEnum):
    """What the search ends with."""

    CULPRIT = "culprit"
    """One commit, confirmed."""
    GROUP = "one of"
    """Several commits that cannot be told apart because those between them cannot be measured; confirmed."""
    NONE = "none"
    BETWEEN = "between"
    """There is a change, but its commit was not found within the measurements allowed, or not confirmed."""


@dataclass(frozen=True)
class Answer:
    """What the search found. The commits in question are those at places low + 1 to high."""

    kind: Kind
    low: int
    high: int
    probability: float
    """Of "none", or of the commits in question."""
    estimate: Estimate
    """Of high against low from fresh pairs; of BAD against GOOD where nothing was confirmed."""
    ends: Estimate
    """Of BAD against GOOD."""
    belief: Posterior


@dataclass(frozen=True)
class Step:
    """What to do next: measure, or give the answer."""

    probe: Probe | None
    answer: Answer | None = None
    belief: Posterior | None = None
    """As it is now; None before both ends are known."""
    suspect: tuple[int, int] | None = None
    """The places (low, high) between which the change most probably is."""


@dataclass(frozen=True)
class Search:
    """The range as the search sees it, and how long it may take."""

    prior: Prior
    unmeasurable: frozenset[int] = field(default_factory=frozenset)
    """Places of commits that do not build or cannot run the benchmark; neither end is among them."""
    timed: bool = True
    """Whether the number is a time: those are never taken for exact."""
    smallest: float = 0.0
    """Effects that are not surely larger than this are nothing;"""
    smallest_exact: float = 0.0
    """of numbers that come out the same every time, those up to this."""
    most_pairs: int = MOST_PAIRS

    @property
    def last(self) -> int:
        """The place of BAD."""
        return self.prior.last

    @property
    def measurable(self) -> list[int]:
        """Places of the commits after GOOD that can be measured."""
        return [place for place in range(1, self.last + 1) if place not in self.unmeasurable]

    def next_step(self, observations: Sequence[Observation], costs: Costs) -> Step:
        """What to do after `observations`, in the order they were made."""
        same = [o.effect for o in observations if o.low == o.high]
        ends = [o.effect for o in observations if o.place == (0, self.last) and not o.confirms]
        exact = self._is_exact(observations)
        if len(ends) < len(same):
            return Step(Probe(0, self.last))
        if len(same) < (2 if exact else SAME_PAIRS):
            return Step(Probe(0, 0))
        belief = posterior(self.prior, _first_of(observations, ends[0]) if exact else observations, exact=exact)
        low, high = self._most_probable(belief)
        if not exact and len(ends) < FEWEST_END_PAIRS:
            return Step(Probe(0, self.last), None, belief)
        between = self._ends_step(ends, belief, exact=exact)
        if between is not None:
            return between
        probability = belief.within(low, high)
        if probability >= SUSPECTED:
            fresh = [o.effect for o in observations if o.confirms and o.place == (low, high)]
            found = confirmation(fresh, belief, exact=exact)
            if found is Confirmation.CONFIRMED and probability >= SURE:
                kind = Kind.CULPRIT if high - low == 1 else Kind.GROUP
                return self._answered(kind, low, high, belief, ends, fresh, exact=exact)
            if found is not Confirmation.FAILED and len(observations) < self.most_pairs:
                return Step(Probe(low, high, confirms=True), None, belief, (low, high))
            return self._answered(Kind.BETWEEN, *self._credible(belief), belief, ends, ends, exact=exact)
        if len(observations) >= self.most_pairs:
            return self._answered(Kind.BETWEEN, *self._credible(belief), belief, ends, ends, exact=exact)
        return Step(Probe(0, best_place(belief, self.measurable, costs)), None, belief, (low, high))

    def _is_exact(self, observations: Sequence[Observation]) -> bool:
        """Whether the number came out the same whenever the same two commits were compared."""
        shown = {(o.place, o.effect) for o in observations}
        unanimous = len(shown) == len({place for place, _ in shown})
        return not self.timed and unanimous and not any(o.effect for o in observations if o.low == o.high)

    def _ends_step(self, ends: Sequence[float], belief: Posterior, *, exact: bool) -> Step | None:
        """Whether the two ends differ: None if they do; "none", or another measurement, if not."""
        if exact:
            differs = abs(ends[0]) > self.smallest_exact and _sign(ends[0]) in self.prior.signs
            return None if differs else self._none(ends, belief, exact=True)
        enough = len(ends) >= END_PAIRS_FOR_NONE
        near, far = _bounds(ends)
        # Two builds of the same code lie differently in memory, so their ends may differ, surely and for nothing.
        differs, matters = belief.none < DIFFERS, near >= self.smallest
        if differs and matters:
            return None
        if enough and (belief.none >= SURE or (differs and far < self.smallest)):
            return self._none(ends, belief, exact=False)
        if len(ends) >= MOST_END_PAIRS:
            # More of the same would not tell. What is probably there is looked for; it has to be confirmed in any case.
            return None if matters and belief.none <= PRIOR_NONE else self._none(ends, belief, exact=False)
        return Step(Probe(0, self.last), None, belief)

    def _none(self, ends: Sequence[float], belief: Posterior, *, exact: bool) -> Step:
        return self._answered(Kind.NONE, 0, self.last, belief, ends, ends, exact=exact)

    def _answered(
        self,
        kind: Kind,
        low: int,
        high: int,
        belief: Posterior,
        ends: Sequence[float],
        shown: Sequence[float],
        *,
        exact: bool,
    ) -> Step:
        probability = belief.none if kind is Kind.NONE else belief.within(low, high)
        answer = Answer(kind, low, high, probability, estimate(shown, exact=exact), estimate(ends, exact=exact), belief)
        return Step(None, answer, belief, (low, high))

    def _most_probable(self, belief: Posterior) -> tuple[int, int]:
        """The most probable commit, with those that cannot be told from it."""
        edges = [0, *self.measurable]
        return max(itertools.pairwise(edges), key=lambda edge: belief.within(*edge))

    def _credible(self, belief: Posterior) -> tuple[int, int]:
        """The shortest run of commits that holds 97 % of the probability of a change."""
        edges = [0, *self.measurable]
        wanted = SURE * (1 - belief.none)
        runs = [
            next(((low, high) for high in edges[at + 1 :] if belief.within(low, high) >= wanted), None)
            for at, low in enumerate(edges[:-1])
        ]
        return min((run for run in runs if run), key=lambda run: run[1] - run[0], default=(0, self.last))


def _first_of(observations: Sequence[Observation], whole: float) -> list[Observation]:
    """Exact observations, each taken as the whole change or as none.

    Of several changes the first that makes out a quarter of the whole is then found; a number half-way would otherwise
    say for ever that it could be either.
    """
    return [msgspec.structs.replace(o, effect=whole if o.effect * whole > whole**2 / 4 else 0.0) for o in observations]


def _bounds(effects: Sequence[float]) -> tuple[float, float]:
    """The sizes of the effect at the near and at the far end of its interval; near is 0 where that includes 0."""
    shown = estimate(effects, exact=False)
    near, far = sorted((abs(shown.low), abs(shown.high)))
    return (near if shown.low * shown.high > 0 else 0.0), far


def _sign(effect: float) -> int:
    return 1 if effect > 0 else -1
