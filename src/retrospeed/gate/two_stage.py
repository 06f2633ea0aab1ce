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
    """Estimates of stage 1 below this raise no suspicion."""

    @property
    def clear(self) -> float:
        """What the interval of stage 1 must stay below to be cleared: half-way between warning and severe."""
        return (self.warning + self.severe) / 2


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How many pairs, and how sure."""

    series: int = 1
    """Series in the run: the more, the surer each has to be."""
    stage_1_pairs: int = 12
    clear_after: tuple[int, ...] = (8,)
    """Numbers of pairs, below `stage_1_pairs`, after which stage 1 ends already if they clear the benchmark."""
    stage_2_pairs: int = 20
    early_pairs: int = 6
    """After so many of stage 2, it ends if they show no change of interest."""
    looks: int = 3
    """Stage 2 is judged after each `stage_2_pairs` pairs, so many times at most."""
    early_look: bool = True
    """Whether stage 2 is judged once before, after `fewest_significant` pairs, and ends there if they are."""
    middle_look: bool = True
    """Whether stage 2 is judged half-way between the first and the second look, too."""
    confidence: float = 0.95

    def at_most(self, stage_1_pairs: int, stage_2_pairs: int, clear_after: tuple[int, ...]) -> "Plan":
        """The plan with fewer pairs, for benchmarks that tell one number a process."""
        return msgspec.structs.replace(
            self,
            stage_1_pairs=min(self.stage_1_pairs, stage_1_pairs),
            clear_after=clear_after,
            stage_2_pairs=min(self.stage_2_pairs, stage_2_pairs),
            early_look=False,
            middle_look=False,
        )

    def frugal(self, stage_1_pairs: int, clear_after: tuple[int, ...]) -> "Plan":
        """The plan for benchmarks whose pairs are dear: stage 1 may clear early, and stage 2 is one look at as many
        pairs as can be significant beside a significant stage 1."""
        plan = msgspec.structs.replace(self, looks=1, early_look=False, middle_look=False)
        return msgspec.structs.replace(
            plan,
            stage_1_pairs=min(self.stage_1_pairs, stage_1_pairs),
            clear_after=clear_after,
            stage_2_pairs=min(self.stage_2_pairs, plan.fewest_significant),
        )

    def level(self, *, supported: bool) -> float:
        """One-sided level of each look at stage 2, where stage 1 supports it or does not."""
        return suite_error.stage_2_level(self.series, self.all_looks, supported=supported)

    @property
    def all_looks(self) -> int:
        """How often stage 2 is judged at most."""
        return self.looks + self.early_look + (self.middle_pairs is not None)

    @property
    def middle_pairs(self) -> int | None:
        """After how many pairs of stage 2 the middle look comes; None if there is none."""
        return 3 * self.stage_2_pairs // 2 if self.middle_look and self.looks > 1 else None

    @property
    def fewest_significant(self) -> int:
        """As few pairs as can be significant beside a significant stage 1, if all of them agree."""
        return math.ceil(-math.log2(self.level(supported=True)))

    def stage_1_steps(self) -> tuple[int, ...]:
        """Numbers of pairs after which stage 1 may end."""
        return (*(count for count in self.clear_after if count < self.stage_1_pairs), self.stage_1_pairs)

    def stage_2_steps(self) -> tuple[int, ...]:
        """Numbers of pairs after which stage 2 may end."""
        early = {self.early_pairs, self.fewest_significant if self.early_look else self.early_pairs}
        before = {count for count in early if count < self.stage_2_pairs}
        middle = set() if self.middle_pairs is None else {self.middle_pairs}
        return tuple(sorted(before | middle | {self.stage_2_pairs * look for look in range(1, self.looks + 1)}))

    def is_early_look(self, pairs: int) -> bool:
        """Whether so many pairs of stage 2 are those of the early look."""
        return self.early_look and pairs == self.fewest_significant < self.stage_2_pairs


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
        return (missing, 1) if missing else (_up_to_next(plan.stage_2_steps(), second), 2)
    if is_cleared_early(second, plan, bounds):
        return 0, 2
    if plan.is_early_look(len(second)):
        is_over = decide(first, second, plan, bounds).outcome is not Outcome.UNCHANGED
    else:
        is_over = len(second) % plan.stage_2_pairs == 0 or len(second) == plan.middle_pairs
    if is_over and not _could_settle(first, second, plan, bounds):
        return 0, 2
    return _up_to_next(plan.stage_2_steps(), second), 2


def _up_to_next(steps: Sequence[int], effects: Sequence[float]) -> int:
    """How many are missing to the next step; 0 after the last."""
    return next((count for count in steps if count > len(effects)), len(effects)) - len(effects)


def is_cleared(first: Sequence[float], plan: Plan, bounds: Bounds) -> bool:
    """Whether stage 1 is over, and shows no change."""
    enough = len(first) >= plan.stage_1_pairs or len(first) in plan.stage_1_steps()
    return enough and not is_suspect(first, bounds)


def is_suspect(first: Sequence[float], bounds: Bounds) -> bool:
    """Whether stage 1 cannot clear a benchmark: it looks changed, or is too noisy to be sure that it is not."""
    estimate = signed_rank.pseudo_median(first)
    if signed_rank.interval(first)[1] >= bounds.clear:
        return True
    if estimate > bounds.screen:
        return signed_rank.p_greater(first) < suite_error.STAGE_1_LEVEL
    return estimate < -bounds.screen and signed_rank.p_less(first) < suite_error.STAGE_1_LEVEL


def is_sure_suspect(first: Sequence[float], plan: Plan, bounds: Bounds) -> bool:
    """Whether stage 1 is over before its last pair, since more of them would hardly clear the benchmark.

    Eight pairs have to agree in their direction. By chance 1 of 256 comparisons has eight that do, and 4.6 % are
    significant after twelve: that one or the other happens is no more probable than `STAGE_1_LEVEL`.
    """
    if len(first) < signed_rank.FEWEST or len(first) not in plan.stage_1_steps():
        return False
    estimate = signed_rank.pseudo_median(first)
    p = signed_rank.p_greater if estimate > 0 else signed_rank.p_less
    return abs(estimate) > bounds.screen and p(first) < suite_error.SURE_SUSPECT_LEVEL


def is_cleared_early(second: Sequence[float], plan: Plan, bounds: Bounds) -> bool:
    """Whether the first pairs of stage 2, and no more have been taken, show that there was no reason for it.

    Stricter than stage 1, because fewer pairs speak: the estimate itself has to be within the screen.
    """
    if len(second) != plan.early_pairs or plan.early_pairs >= plan.stage_2_pairs:
        return False
    return abs(signed_rank.pseudo_median(second)) < bounds.screen and signed_rank.interval(second)[1] < bounds.clear


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
        return Outcome.UNCHANGED if is_cleared(first, plan, bounds) else Outcome.INCONCLUSIVE
    if is_cleared_early(second, plan, bounds):
        return Outcome.UNCHANGED
    if decision.pairs < plan.stage_2_pairs and not plan.is_early_look(decision.pairs):
        return Outcome.INCONCLUSIVE
    level_worse, level_better = (
        plan.level(supported=bool(first) and p(first) < suite_error.STAGE_1_LEVEL)
        for p in (signed_rank.p_greater, signed_rank.p_less)
    )
    if decision.p_worse < level_worse and decision.low > bounds.warning:
        return Outcome.SEVERE if decision.low > bounds.severe else Outcome.WARNING
    if decision.p_better < level_better and decision.high < -bounds.warning:
        return Outcome.IMPROVED
    is_narrow = decision.high - decision.low < 2 * bounds.severe
    return Outcome.UNCHANGED if decision.high < bounds.severe and is_narrow else Outcome.INCONCLUSIVE


def _could_settle(first: Sequence[float], second: Sequence[float], plan: Plan, bounds: Bounds) -> bool:
    decision = decide(first, second, plan, bounds)
    if decision.outcome is Outcome.INCONCLUSIVE:
        return True
    if decision.outcome is Outcome.WARNING:
        # Probably severe, and a narrower interval would say so.
        return decision.estimate - bounds.severe > (decision.estimate - decision.low) / 2
    if decision.outcome is Outcome.UNCHANGED:
        return decision.estimate > bounds.warning and decision.p_worse < 1 - plan.confidence
    return False
