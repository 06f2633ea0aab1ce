"""Gives each pair of measurements its class.

Worse needs all three: significant, beyond the relative threshold, beyond the absolute floor; the last two are asked
of the near bound of the confidence interval, not of the point. What is neither worse nor better is unchanged only if
the far bound rules a severe change out; otherwise the data were not enough, and that is said.
"""

from collections.abc import Iterable, Mapping

from retrospeed.benchmarks_file import Benchmark
from retrospeed.comparison import Class, Comparison, Verdict
from retrospeed.effect import Effect, Method, estimate
from retrospeed.marks import asv_mark
from retrospeed.measurement import Measurement, Outcome
from retrospeed.pairing import Pair, Pairing
from retrospeed.thresholds import Limits, Thresholds
from retrospeed.units import change_in_words, limit_in_words, percent, ratio_in_words

_ORDER = {name: rank for rank, name in enumerate(Class)}


def judge(pairing: Pairing, benchmarks: Mapping[str, Benchmark], thresholds: Thresholds) -> Verdict:
    """The verdict over all pairs, worst first and within a class by name.

    A benchmark that is no longer in `benchmarks` is judged by its numbers alone, without unit or layer.
    """
    comparisons = [
        judge_pair(pair, benchmarks.get(pair.key.benchmark) or Benchmark(name=pair.key.benchmark), thresholds)
        for pair in pairing.pairs
    ]
    return Verdict(comparisons=worst_first(comparisons), unpaired_environments=pairing.unpaired_environments)


def worst_first(comparisons: Iterable[Comparison]) -> tuple[Comparison, ...]:
    """In the order in which people should read them."""
    return tuple(sorted(comparisons, key=lambda c: (_ORDER[c.classification], c.key, c.environment)))


def judge_pair(pair: Pair, benchmark: Benchmark, thresholds: Thresholds) -> Comparison:
    """The comparison of one series."""
    limits = thresholds.limits(benchmark, str(pair.key))
    effect = None
    outcome = _without_numbers(pair)
    if outcome is None:
        effect = estimate(pair.base, pair.head, limits.single_value_noise)
        classification = classify(effect, limits, lower_is_better=benchmark.lower_is_better)
        why = reason(classification, effect, limits, benchmark)
    else:
        classification, why = outcome
    return Comparison(
        key=pair.key,
        environment=pair.environment,
        benchmark=benchmark,
        base=pair.base,
        head=pair.head,
        classification=classification,
        why=why,
        mark=asv_mark(pair.base, pair.head, 1 + limits.warning_relative, same_version=pair.same_version),
        effect=effect,
        limits=limits,
    )


def classify(effect: Effect, limits: Limits, *, lower_is_better: bool = True) -> Class:
    """The class of a measured effect: severe, warning, improved, inconclusive or unchanged."""
    worse = effect if lower_is_better else effect.reversed()
    if worse.method is Method.SINGLE_VALUE:
        beyond = _beyond(worse.ratio, worse.difference, limits.warning_relative, limits.warning_absolute)
        return Class.INCONCLUSIVE if beyond else Class.UNCHANGED
    if worse.significant:
        low = (worse.ratio_low, worse.difference_low)
        if _beyond(*low, limits.severe_relative, limits.severe_absolute):
            return Class.SEVERE
        if _beyond(*low, limits.warning_relative, limits.warning_absolute):
            return Class.WARNING
        better = worse.reversed()
        if _beyond(better.ratio_low, better.difference_low, limits.warning_relative, limits.warning_absolute):
            return Class.IMPROVED
    if worse.method in (Method.SAMPLES, Method.STORED_INTERVALS) and _beyond(
        worse.ratio_high, worse.difference_high, limits.severe_relative, limits.severe_absolute
    ):
        return Class.INCONCLUSIVE
    return Class.UNCHANGED


def reason(classification: Class, effect: Effect, limits: Limits, benchmark: Benchmark) -> str:
    """Why an effect is in its class, in one line."""
    absolute = limits.warning_relative == 0
    change = change_in_words(effect.ratio, effect.difference, benchmark, absolute=absolute)
    if classification is Class.SEVERE:
        return f"{change}, beyond {_limit(limits.severe_relative, limits.severe_absolute, benchmark)}"
    if classification in (Class.WARNING, Class.IMPROVED):
        return f"{change}, beyond {_limit(limits.warning_relative, limits.warning_absolute, benchmark)}"
    if classification is Class.INCONCLUSIVE:
        if effect.method is Method.SINGLE_VALUE:
            return f"{change}, but one value a side cannot show it; record samples"
        count = min(effect.base_count, effect.head_count)
        severe = _limit(limits.severe_relative, limits.severe_absolute, benchmark)
        return f"{change}; {count} samples cannot rule out {severe}"
    if effect.method is Method.EXACT:
        return change
    if not effect.significant:
        return "no significant change"
    return f"{change}, within thresholds"


def _without_numbers(pair: Pair) -> tuple[Class, str] | None:
    """The class of a pair that cannot be measured against each other, None if it can."""
    if not pair.same_version:
        return Class.INCOMPARABLE, "measured by different versions of the benchmark"
    before, after = pair.base.outcome, pair.head.outcome
    if before is Outcome.MEASURED and after is Outcome.MEASURED:
        return None
    if after is Outcome.FAILED and before is not Outcome.FAILED:
        classification = Class.FAILED
    elif after is Outcome.MEASURED:
        classification = Class.FIXED if before is Outcome.FAILED else Class.NEW
    else:
        classification = Class.VANISHED if before is Outcome.MEASURED else Class.UNMEASURED
    return classification, f"{_state(pair.base)} at BASE, {_state(pair.head)} at HEAD"


def _state(measurement: Measurement) -> str:
    return "not measured" if measurement.outcome is Outcome.ABSENT else str(measurement.outcome)


def _beyond(ratio: float, difference: float, relative: float, absolute: float) -> bool:
    return ratio > 1 + relative and difference > absolute


def _limit(relative: float, absolute: float, benchmark: Benchmark) -> str:
    parts = [percent(relative)] if relative else []
    parts += [limit_in_words(absolute, benchmark.unit)] if absolute else []
    return " and ".join(parts) or "no change"


def interval_in_words(effect: Effect) -> str:
    """The ratio with its interval: ``1.38 (1.31 to 1.46)``; the ratio alone where there is no spread."""
    if effect.method in (Method.SINGLE_VALUE, Method.EXACT):
        return ratio_in_words(effect.ratio)
    bounds = f"{ratio_in_words(effect.ratio_low)} to {ratio_in_words(effect.ratio_high)}"
    return f"{ratio_in_words(effect.ratio)} ({bounds})"
