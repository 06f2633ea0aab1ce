"""How far one measurement is from another, with its uncertainty: what every verdict is made from.

Four methods, chosen by what was measured:

- samples on both sides: Mann-Whitney, and the interval that belongs to it;
- sampled, but samples not kept: asv's stored 99 % intervals; different if they do not touch;
- one value a side of something deterministic (a loss, a size): compared exactly;
- one value a side with a known allowance for noise (memory): the allowance is the interval;
- one value a side of anything else has no spread: its distance is shown, and nothing can be called significant.
"""

import math
from enum import StrEnum

import msgspec

from retrospeed.measurement import Measurement
from retrospeed.significance import P_SIGNIFICANT, can_be_significant, mann_whitney_p, shift_interval


class Method(StrEnum):
    """Where the uncertainty comes from."""

    SAMPLES = "samples"
    STORED_INTERVALS = "stored intervals"
    EXACT = "exact"
    ALLOWANCE = "allowance"
    SINGLE_VALUE = "single value"


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """The step from BASE to HEAD, as a ratio (HEAD / BASE) and as a difference (HEAD - BASE) in the benchmark's unit.

    The ratio to a BASE that is not above zero is infinite, zero or one, by the sign of the difference.
    """

    ratio: float
    ratio_low: float
    ratio_high: float
    difference: float
    difference_low: float
    difference_high: float
    significant: bool
    method: Method
    p_value: float | None = None
    base_count: int = 1
    head_count: int = 1

    def reversed(self) -> "Effect":
        """The same step seen from a scale where higher is better: greater is worse again."""
        return msgspec.structs.replace(
            self,
            ratio=_inverse(self.ratio),
            ratio_low=_inverse(self.ratio_high),
            ratio_high=_inverse(self.ratio_low),
            difference=-self.difference,
            difference_low=-self.difference_high,
            difference_high=-self.difference_low,
        )


def estimate(base: Measurement, head: Measurement, single_value_noise: float | None) -> Effect:
    """The effect between two measurements that both have a value.

    `single_value_noise` is the relative allowance for something measured once: 0 for what is deterministic,
    None where a single value says nothing.
    """
    if base.value is None or head.value is None:
        raise ValueError("an effect needs a value on both sides")
    if base.is_sampled and head.is_sampled:
        return _from_spread(base, head)
    return _from_single_values(base.value, head.value, single_value_noise)


def differs(base: Measurement, head: Measurement) -> tuple[bool, float | None]:
    """asv's test of two sampled measurements: whether they differ significantly, and the p-value if there is one."""
    if base.samples and head.samples and can_be_significant(len(base.samples), len(head.samples)):
        p_value = mann_whitney_p(base.samples, head.samples)
        return p_value < P_SIGNIFICANT, p_value
    if base.interval is None or head.interval is None:
        return False, None
    return base.interval[1] < head.interval[0] or head.interval[1] < base.interval[0], None


def ratio_of(head: float, base: float) -> float:
    """HEAD / BASE; where BASE is not above zero, infinite, zero or one by the sign of the difference."""
    if base > 0 and head >= 0:
        return head / base
    if head == base:
        return 1.0
    return math.inf if head > base else 0.0


def _from_spread(base: Measurement, head: Measurement) -> Effect:
    assert base.value is not None and head.value is not None
    significant, p_value = differs(base, head)
    difference, ratio = head.value - base.value, ratio_of(head.value, base.value)
    if base.samples and head.samples:
        method = Method.SAMPLES
        difference_low, difference_high = shift_interval(base.samples, head.samples)
        if min(base.samples) > 0 and min(head.samples) > 0:
            low, high = shift_interval([math.log(x) for x in base.samples], [math.log(x) for x in head.samples])
            ratio_low, ratio_high = math.exp(low), math.exp(high)
        else:
            ratio_low = ratio_of(base.value + difference_low, base.value)
            ratio_high = ratio_of(base.value + difference_high, base.value)
    else:
        method = Method.STORED_INTERVALS
        assert base.interval is not None and head.interval is not None
        difference_low, difference_high = head.interval[0] - base.interval[1], head.interval[1] - base.interval[0]
        ratio_low = ratio_of(max(head.interval[0], 0.0), base.interval[1]) if base.interval[1] < math.inf else 0.0
        ratio_high = ratio_of(head.interval[1], max(base.interval[0], 0.0))
    # The medians can lie outside the interval of the shift by a hair; the interval must hold what the table shows.
    return Effect(
        ratio=ratio,
        ratio_low=min(ratio, ratio_low),
        ratio_high=max(ratio, ratio_high),
        difference=difference,
        difference_low=min(difference, difference_low),
        difference_high=max(difference, difference_high),
        significant=significant,
        method=method,
        p_value=p_value,
        base_count=base.repeat or 1,
        head_count=head.repeat or 1,
    )


def _from_single_values(base: float, head: float, noise: float | None) -> Effect:
    difference, ratio = head - base, ratio_of(head, base)
    if noise is None:
        method, noise = Method.SINGLE_VALUE, 0.0
    else:
        method = Method.ALLOWANCE if noise > 0 else Method.EXACT
    margin = noise * max(abs(base), abs(head))
    return Effect(
        ratio=ratio,
        ratio_low=ratio / (1 + noise),
        ratio_high=ratio * (1 + noise),
        difference=difference,
        difference_low=difference - margin,
        difference_high=difference + margin,
        significant=method is not Method.SINGLE_VALUE and abs(difference) > margin,
        method=method,
    )


def _inverse(ratio: float) -> float:
    if ratio == 0:
        return math.inf
    return 0.0 if math.isinf(ratio) else 1 / ratio
