"""When to stop measuring, and what the pairs taken so far show.

Stage 1 is short, and clears what is clearly equal; nothing is ever called changed by it. Suspects are measured again
with fresh pairs, and only these give the verdict and its estimate: an estimate from the data that raised the suspicion
would be too large, by selection. Both stages end early if their first pairs clear the benchmark, which adds nothing to
the chance of a false alarm. Stage 2 also ends as soon as it can be significant, if it is; and it goes on, to a limit,
while more pairs could still settle it. The level is shared between these looks.

All numbers are effects (log ratios or differences), greater meaning worse.
"""

import math
from collections.abc import Sequence
from enum import StrEnum

import msgspec

from retrospeed.gate import signed_rank, suite_error
from retrospeed.gate.suite_error import Support

CONFIDENCE, FEW_PAIRS_CONFIDENCE = 0.95, 0.90
"""Of intervals of pairs, and of those of three or four pairs that may clear a benchmark."""


class Outcome(StrEnum):
    """What the effects show."""

    SEVERE = "severe"
    WARNING = "warning"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    INCONCLUSIVE = "inconclusive"


class Bounds(msgspec.Struct, frozen=True):
    """Effects from which on something is called by a name. An effect counts if the near end of its interval does."""

    warning: float
    severe: float
    screen: float
    """Estimates of stage 1 below this raise no suspicion; those of something better have to reach `warning` too, from
    which on it is called by a name."""

    @property
    def clear(self) -> float:
        """What the interval of stage 1 must stay below to be cleared: half-way between warning and severe."""
        return (self.warning + self.severe) / 2

    def is_of_interest(self, estimate: float) -> bool:
        """Whether a change of this size is worth being looked at."""
        return estimate > self.screen or estimate < -max(self.screen, self.warning)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How many pairs, and how sure."""

    series: int = 1
    """Series in the run: the more, the surer each has to be."""
    stage_1_pairs: int = 12
    clear_after: tuple[int, ...] = (8,)
    """Numbers of pairs, below `stage_1_pairs`, after which stage 1 ends already if they clear the benchmark."""
    looks: tuple[int, ...] = (20, 25, 30, 40, 60)
    """Stage 2 is judged after so many pairs."""
    early_pairs: int = 6
    """After so many of stage 2, it ends if they show no change of interest."""
    early_looks: tuple[int, ...] | None = (14, 17)
    """Stage 2 is judged as soon as it can be significant, and after so many pairs, and ends there if it is; None if
    there is no look before the others."""
    confidence: float = CONFIDENCE

    def at_most(self, stage_1_pairs: int, looks: tuple[int, ...], clear_after: tuple[int, ...]) -> "Plan":
        """The plan with other looks, and no more of stage 1, for benchmarks that tell one number a process."""
        return msgspec.structs.replace(
            self,
            stage_1_pairs=min(self.stage_1_pairs, stage_1_pairs),
            clear_after=clear_after,
            looks=min(self.looks, looks),
            early_looks=None,
        )

    def frugal(self, stage_1_pairs: int, clear_after: tuple[int, ...]) -> "Plan":
        """The plan for benchmarks whose pairs are dear: stage 1 may clear early, and stage 2 is one look at as many
        pairs as can be significant beside a significant stage 1; without one, there is none."""
        plan = msgspec.structs.replace(
            self,
            stage_1_pairs=min(self.stage_1_pairs, stage_1_pairs),
            clear_after=clear_after,
            looks=self.looks[:1],
            early_looks=None,
        )
        return msgspec.structs.replace(plan, looks=(min(self.looks[0], plan.fewest_significant(Support.SUSPECT)),))

    @property
    def looks_at_most(self) -> int:
        """How often stage 2 is judged at most."""
        return len(self.looks) + (0 if self.early_looks is None else 1 + len(self.early_looks))

    def level(self, support: Support) -> float:
        """One-sided level of each look at stage 2."""
        return suite_error.stage_2_level(self.series, self.looks_at_most, support, len(self.degrees))

    @property
    def degrees(self) -> tuple[Support, ...]:
        """The support that stage 1 can lend: ranks of a short one are never sure."""
        can_be_sure = 0.5**self.stage_1_pairs < suite_error.SURE_SUSPECT_LEVEL
        return tuple(support for support in Support if can_be_sure or support is not Support.SURE)

    def fewest_significant(self, support: Support) -> int:
        """As few pairs as can be significant, if all of them agree."""
        return math.ceil(-math.log2(self.level(support)))

    def stage_1_steps(self) -> tuple[int, ...]:
        """Numbers of pairs after which stage 1 may end."""
        return (*(count for count in self.clear_after if count < self.stage_1_pairs), self.stage_1_pairs)

    def early_steps(self, support: Support) -> tuple[int, ...]:
        """Numbers of pairs after which stage 2 ends if they are significant."""
        steps = () if self.early_looks is None else (self.fewest_significant(support), *self.early_looks)
        return tuple(count for count in steps if count < self.looks[0])

    def stage_2_steps(self, support: Support) -> tuple[int, ...]:
        """Numbers of pairs after which stage 2 may end."""
        clearing = {self.early_pairs} if self.early_pairs < self.looks[0] else set()
        return tuple(sorted(clearing | {*self.early_steps(support), *self.looks}))


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided, from which numbers."""

    outcome: Outcome
    estimate: float
    low: float
    high: float
    p_worse: float
    p_better: float
    pairs: int
    """Pairs behind the estimate: those of stage 2 if there was one."""
    stage: int


def pairs_wanted(first: Sequence[float], second: Sequence[float], plan: Plan, bounds: Bounds) -> tuple[int, int]:
    """How many more pairs to take, and in which stage; 0 if all is decided."""
    if not second:
        if is_cleared(first, plan, bounds):
            return 0, 1
        missing = 0 if is_sure_suspect(first, plan, bounds) else _up_to_next(plan.stage_1_steps(), first)
        if missing:
            return missing, 1
    elif is_cleared_early(second, plan, bounds):
        return 0, 2
    support = max(supports(first, plan), key=plan.level)
    if not second and plan.fewest_significant(support) > plan.looks[-1]:
        # Stage 2 could call nothing changed: the benchmark is not worth its pairs.
        return 0, 1
    if len(second) in plan.early_steps(support):
        is_over = decide(first, second, plan, bounds).outcome is not Outcome.UNCHANGED
    else:
        is_over = len(second) in plan.looks
    if is_over and not _could_settle(first, second, plan, bounds):
        return 0, 2
    return _up_to_next(plan.stage_2_steps(support), second), 2


def supports(first: Sequence[float], plan: Plan) -> tuple[Support, Support]:
    """How much stage 1 says for a change to the worse, and for one to the better."""
    tails = (signed_rank.p_greater(first), signed_rank.p_less(first)) if first else (1.0, 1.0)
    worse, better = (suite_error.support_by(p, plan.degrees) for p in tails)
    return worse, better


def _up_to_next(steps: Sequence[int], effects: Sequence[float]) -> int:
    """How many are missing to the next step; 0 after the last."""
    return next((count for count in steps if count > len(effects)), len(effects)) - len(effects)


def is_cleared(first: Sequence[float], plan: Plan, bounds: Bounds) -> bool:
    """Whether stage 1 is over, and shows no change."""
    enough = len(first) >= plan.stage_1_pairs or len(first) in plan.stage_1_steps()
    return enough and not is_suspect(first, bounds)


def is_suspect(first: Sequence[float], bounds: Bounds) -> bool:
    """Whether stage 1 cannot clear a benchmark: it looks changed, or is too noisy to be sure that it is not.

    The upper end of the interval is not reached with 97.5 %. Of three or four pairs, which scatter little by chance at
    times, 95 % will do, but then the whole interval must be narrow.
    """
    estimate = signed_rank.pseudo_median(first)
    few = len(first) < signed_rank.FEWEST
    low, high = signed_rank.interval(first, FEW_PAIRS_CONFIDENCE if few else CONFIDENCE)
    if high >= bounds.clear or (few and high - low >= 2 * bounds.clear):
        return True
    p = signed_rank.p_greater if estimate > 0 else signed_rank.p_less
    return bounds.is_of_interest(estimate) and p(first) < suite_error.STAGE_1_LEVEL


def is_sure_suspect(first: Sequence[float], plan: Plan, bounds: Bounds) -> bool:
    """Whether stage 1 is over before its last pair, since more of them would hardly clear the benchmark.

    Eight pairs have to agree in their direction. By chance 1 of 256 comparisons has eight that do, and 4.6 % are
    significant after twelve (4.2 % after ten): that one or the other happens is no more probable than
    `STAGE_1_LEVEL`.
    """
    if len(first) < signed_rank.FEWEST or len(first) not in plan.stage_1_steps():
        return False
    estimate = signed_rank.pseudo_median(first)
    p = signed_rank.p_greater if estimate > 0 else signed_rank.p_less
    return bounds.is_of_interest(estimate) and p(first) < suite_error.SURE_SUSPECT_LEVEL


def is_cleared_early(second: Sequence[float], plan: Plan, bounds: Bounds) -> bool:
    """Whether the first pairs of stage 2, and no more have been taken, show that there was no reason for it.

    Stricter than stage 1, because fewer pairs speak: the estimate itself must be of no interest.
    """
    if len(second) != plan.early_pairs or plan.early_pairs >= plan.looks[0]:
        return False
    return (
        not bounds.is_of_interest(signed_rank.pseudo_median(second)) and signed_rank.interval(second)[1] < bounds.clear
    )


def decide(first: Sequence[float], second: Sequence[float], plan: Plan, bounds: Bounds) -> Decision:
    """What the pairs show; inconclusive too if the run was broken off before there were enough."""
    effects = second or first
    if not effects:
        nothing = float("nan")
        return Decision(
            outcome=Outcome.INCONCLUSIVE,
            estimate=nothing,
            low=nothing,
            high=nothing,
            p_worse=1.0,
            p_better=1.0,
            pairs=0,
            stage=1,
        )
    low, high = signed_rank.interval(effects, plan.confidence)
    decision = Decision(
        outcome=Outcome.INCONCLUSIVE,
        estimate=signed_rank.pseudo_median(effects),
        low=low,
        high=high,
        p_worse=signed_rank.p_greater(effects),
        p_better=signed_rank.p_less(effects),
        pairs=len(effects),
        stage=2 if second else 1,
    )
    return msgspec.structs.replace(decision, outcome=_outcome(decision, first, second, plan, bounds))


def _outcome(
    decision: Decision, first: Sequence[float], second: Sequence[float], plan: Plan, bounds: Bounds
) -> Outcome:
    if decision.stage == 1:
        # Where there is no second stage to come, the first decides what it can.
        is_last = not pairs_wanted(first, second, plan, bounds)[0]
        is_clear = is_cleared(first, plan, bounds) or (is_last and _rules_severe_out(decision, bounds))
        return Outcome.UNCHANGED if is_clear else Outcome.INCONCLUSIVE
    if is_cleared_early(second, plan, bounds):
        return Outcome.UNCHANGED
    worse, better = supports(first, plan)
    if decision.pairs < plan.looks[0] and decision.pairs not in plan.early_steps(max(worse, better, key=plan.level)):
        return Outcome.INCONCLUSIVE
    if decision.p_worse < plan.level(worse) and decision.low > bounds.warning:
        return Outcome.SEVERE if decision.low > bounds.severe else Outcome.WARNING
    if decision.p_better < plan.level(better) and decision.high < -bounds.warning:
        return Outcome.IMPROVED
    return Outcome.UNCHANGED if _rules_severe_out(decision, bounds) else Outcome.INCONCLUSIVE


def _rules_severe_out(decision: Decision, bounds: Bounds) -> bool:
    return decision.high < bounds.severe and decision.high - decision.low < 2 * bounds.severe


def _could_settle(first: Sequence[float], second: Sequence[float], plan: Plan, bounds: Bounds) -> bool:
    decision = decide(first, second, plan, bounds)
    if decision.outcome is Outcome.INCONCLUSIVE:
        return True
    if decision.outcome is Outcome.WARNING:
        # Probably severe, and a narrower interval would say so.
        return decision.estimate - bounds.severe > (decision.estimate - decision.low) / 2
    if decision.outcome is Outcome.UNCHANGED:
        p = decision.p_worse if decision.estimate > 0 else decision.p_better
        return abs(decision.estimate) > bounds.warning and p < 1 - plan.confidence
    return False
