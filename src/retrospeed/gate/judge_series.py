"""The class of one series, from its record alone."""

import math
import statistics
from dataclasses import dataclass

import msgspec

from retrospeed.benchmarks_file import Benchmark
from retrospeed.comparison import Class
from retrospeed.gate import signed_rank
from retrospeed.gate.effects import Scale, cpu_effects, effects, scale_for, side_values
from retrospeed.gate.record import SeriesRecord, SideState
from retrospeed.gate.samples import Pair
from retrospeed.gate.two_stage import Decision, Plan, decide, pairs_wanted
from retrospeed.gate.worker_pair import BOTH, SideName
from retrospeed.measurement import Outcome, SeriesKey
from retrospeed.thresholds import Limits
from retrospeed.units import percent, value_in_words

NO_NUMBER = "tells no number"
CONFIRMATIONS = 2
"""Pairs that must agree before a value counts as deterministic."""

FEW_PAIRS, CLEARED_AFTER = 10, (3, 4, 6, 8)
"""Pairs in stage 1 of benchmarks that tell a number by themselves, and of dear ones; and after how few it may clear
them. After three or four it can only where they scatter little beside the severe threshold."""
VALUE_LOOKS = (14, 28, 42)
"""Pairs at each look at stage 2 of benchmarks that tell a number by themselves."""
FEW_SAMPLES = 2
"""Timed ones with no more iterations a process than this are not alternated to speak of, and treated like those."""
DEAR_SECONDS = 3.0
"""Dear are those whose first pair took longer than this, or that need a new cache for every pair, if that does. Caches
and their copies are shared by the benchmarks that read them."""


@dataclass(frozen=True)
class Finding:
    """What became of a series, and all that is printed of it."""

    key: SeriesKey
    benchmark: Benchmark
    classification: Class
    why: str
    base: float | None = None
    """Median over the processes, in the benchmark's unit."""
    head: float | None = None
    ratio: tuple[float, float, float] | None = None
    """HEAD / BASE: estimate, and ends of its interval; None where only the difference means something."""
    difference: tuple[float, float, float] | None = None
    cpu_ratio: float | None = None
    decision: Decision | None = None
    limits: Limits | None = None
    pairs: int = 0
    """All pairs measured, of both stages."""
    seconds: float = 0.0
    overhead: float = 0.0


def wanted(record: SeriesRecord, limits: Limits, plan: Plan) -> tuple[int, int]:
    """How many more pairs to take, and in which stage; 0 if the series is decided."""
    pairs = record.first + record.second
    if not record.timed:
        if not pairs:
            return 1, 1
        if any(_numbers_or_skipped(record, side).outcome is Outcome.SKIPPED for side in BOTH):
            return 0, 1
        if is_deterministic(pairs):
            settled = _same(pairs[0]) or len(pairs) >= CONFIRMATIONS
            return (0, 1) if settled else (1, 1)
    scale = scale_for(pairs, record.benchmark, limits, timed=record.timed)
    first, second = (effects(part, scale, timed=record.timed) for part in (record.first, record.second))
    return pairs_wanted(first, second, plan_for(record, plan), scale.bounds)


def plan_for(record: SeriesRecord, plan: Plan) -> Plan:
    """The plan for a series: fewer pairs where a process tells a number or two, and where a pair takes seconds."""
    dear_cache = not record.timed and record.cache_seconds > DEAR_SECONDS
    if dear_cache or (record.first and record.first[0].seconds > DEAR_SECONDS):
        return plan.frugal(FEW_PAIRS, CLEARED_AFTER)
    alternated = record.timed and not (record.first and len(record.first[0].base) <= FEW_SAMPLES)
    return plan if alternated else plan.at_most(FEW_PAIRS, VALUE_LOOKS, CLEARED_AFTER)


def is_deterministic(pairs: list[Pair]) -> bool:
    """Whether every process of a commit told the same."""
    return len({pair.base for pair in pairs}) == 1 and len({pair.head for pair in pairs}) == 1


def judge_series(record: SeriesRecord, limits: Limits, plan: Plan) -> Finding:
    """The finding on one series."""
    without = _without_numbers(record)
    if without is not None:
        return _finding(record, *without)
    pairs = record.second or record.first
    base, head = side_values(pairs, timed=record.timed)
    middle = statistics.median(base), statistics.median(head)
    if not all(map(math.isfinite, base + head)):
        return _finding(record, Class.INCONCLUSIVE, "not every value is a finite number")
    if not record.timed and is_deterministic(record.first) and not record.second:
        return _exact(record, limits, middle)
    scale = scale_for(record.first + record.second, record.benchmark, limits, timed=record.timed)
    first, second = (effects(part, scale, timed=record.timed) for part in (record.first, record.second))
    decision = decide(first, second, plan_for(record, plan), scale.bounds)
    ends = (decision.estimate, decision.low, decision.high)
    ratio = difference = None
    if scale.is_ratio:
        low, high = sorted((_ratio(scale, decision.low), _ratio(scale, decision.high)))
        ratio = (_ratio(scale, decision.estimate), low, high)
    else:
        estimate, low, high = (scale.sign * end for end in ends)
        difference = (estimate, min(low, high), max(low, high))
    cpu = cpu_effects(pairs)
    return _finding(
        record,
        Class(decision.outcome),
        _why(record, decision, scale),
        base=middle[0],
        head=middle[1],
        ratio=ratio,
        difference=difference,
        cpu_ratio=math.exp(signed_rank.pseudo_median(cpu)) if cpu else None,
        decision=decision,
        limits=limits,
    )


def _finding(record: SeriesRecord, classification: Class, why: str, **more: object) -> Finding:
    if record.mishaps:
        why += f"; {len(record.mishaps)} of its pairs failed and were taken again"
    if not record.together:
        why += "; its processes cannot live side by side, so it was not alternated"
    return Finding(
        key=record.key,
        benchmark=record.benchmark,
        classification=classification,
        why=why,
        pairs=len(record.first) + len(record.second),
        seconds=record.seconds,
        overhead=record.overhead,
        **more,  # type: ignore[arg-type]
    )


def _without_numbers(record: SeriesRecord) -> tuple[Class, str] | None:
    base, head = (_numbers_or_skipped(record, side) for side in BOTH)
    if not record.finished and not record.first:
        return Class.INCONCLUSIVE, "the run ended before it was measured"
    if base.version is not None and head.version is not None and base.version != head.version:
        return Class.INCOMPARABLE, "the benchmark has another version at BASE than at HEAD"
    if head.outcome is Outcome.FAILED and base.outcome is not Outcome.FAILED:
        return Class.FAILED, f"fails at HEAD: {head.error}"
    if head.outcome is Outcome.MEASURED:
        if base.outcome is Outcome.MEASURED:
            return None
        if base.outcome is Outcome.FAILED:
            return Class.FIXED, f"fails at BASE: {base.error}"
        return Class.NEW, f"at BASE {_state(base)}"
    if base.outcome is Outcome.MEASURED:
        return Class.VANISHED, f"at HEAD {_state(head)}"
    return Class.UNMEASURED, f"at BASE {_state(base)}; at HEAD {_state(head)}"


def _numbers_or_skipped(record: SeriesRecord, side: SideName) -> SideState:
    """The state of a side; skipped if it told no number at all, which is how a benchmark says NaN in asv."""
    state = record.base if side is SideName.BASE else record.head
    told = [sample for pair in record.first + record.second for sample in getattr(pair, side)]
    if state.outcome is not Outcome.MEASURED or not told or any(map(math.isfinite, told)):
        return state
    return msgspec.structs.replace(state, outcome=Outcome.SKIPPED, error=NO_NUMBER)


def _state(side: SideState) -> str:
    words = {
        Outcome.SKIPPED: NO_NUMBER if side.error == NO_NUMBER else "skipped",
        Outcome.FAILED: f"fails: {side.error}",
    }
    return words.get(side.outcome, side.error or "not there")


def _same(pair: Pair) -> bool:
    return pair.base == pair.head


def _exact(record: SeriesRecord, limits: Limits, values: tuple[float, float]) -> Finding:
    """A value without noise: every difference is real, and only its size is judged."""
    base, head = values
    change = (head - base) * (1 if record.benchmark.lower_is_better else -1)

    def beyond(relative: float, absolute: float) -> bool:
        return change > relative * abs(base) and change > absolute

    if base != head and len(record.first) < CONFIRMATIONS:
        classification, why = Class.INCONCLUSIVE, "the run ended before the difference was confirmed"
    elif beyond(limits.severe_relative, limits.severe_absolute):
        classification, why = Class.SEVERE, "deterministic, confirmed"
    elif beyond(limits.warning_relative, limits.warning_absolute):
        classification, why = Class.WARNING, "deterministic, confirmed"
    elif -change > limits.warning_relative * abs(base) and -change > limits.warning_absolute:
        classification, why = Class.IMPROVED, "deterministic, confirmed"
    else:
        classification, why = Class.UNCHANGED, "identical" if base == head else "deterministic, within thresholds"
    ratio = (head / base,) * 3 if base > 0 and head > 0 else None
    return _finding(
        record,
        classification,
        why,
        base=base,
        head=head,
        ratio=ratio,
        difference=(head - base,) * 3,
        limits=limits,
    )


def _ratio(scale: Scale, effect: float) -> float:
    return math.exp(max(-700.0, min(700.0, scale.sign * effect)))


def _why(record: SeriesRecord, decision: Decision, scale: Scale) -> str:
    def words(effect: float) -> str:
        return percent(math.expm1(effect)) if scale.is_ratio else value_in_words(effect, record.benchmark.unit)

    bounds, outcome = scale.bounds, Class(decision.outcome)
    if outcome is Class.SEVERE:
        return f"worse by more than {words(bounds.severe)}"
    if outcome is Class.WARNING:
        return f"worse by more than {words(bounds.warning)}"
    if outcome is Class.IMPROVED:
        return f"better by more than {words(bounds.warning)}"
    if outcome is Class.UNCHANGED:
        if decision.high < -bounds.warning:
            return "if changed, then better, but not surely"
        if decision.low > bounds.warning:
            return f"if changed, then worse by less than {words(bounds.severe)}, but not surely"
        return "no change seen" if decision.stage == 1 else f"no change seen; {words(bounds.severe)} is ruled out"
    if not record.finished:
        return "the run ended before it was decided"
    if decision.low > bounds.warning:
        return f"probably worse by more than {words(bounds.warning)}, but not surely"
    return f"too noisy: a change of {words(bounds.severe)} cannot be ruled out"
