"""From pairs to effects: one number a pair, greater meaning worse, on the scale on which the thresholds are given."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import scipy

from retrospeed.benchmarks_file import Benchmark
from retrospeed.gate.samples import Pair
from retrospeed.gate.two_stage import Bounds
from retrospeed.thresholds import Limits

SCREEN = 0.01
"""Relative change below which the estimate of stage 1 raises no suspicion, unless warnings start lower."""
FEWEST_TURNS = 5
"""Turns from which on their interquartile mean is taken, and not the fastest of each side.

What slows a virtual CPU slows two iterations on it alike, one after the other, and leaves few of them alone: pairs of
equal programs then scatter less by the turns than by the fastest of each (docs/gate.md has figures).
"""
CUT = 0.25
"""The share of the turns at either end that a mean leaves out: what one side met alone."""
SCREEN_SHARE = 0.5
"""Where warnings start higher, so does suspicion: at this share of them."""


@dataclass(frozen=True)
class Scale:
    """How effects are computed and read: as log ratios, or as differences where ratios mean nothing."""

    is_ratio: bool
    sign: int
    """-1 where higher is better."""
    bounds: Bounds

    def effect(self, base: float, head: float) -> float:
        """The effect of one pair of values."""
        return self.sign * (math.log(head / base) if self.is_ratio else head - base)

    def ratio(self, effect: float) -> float | None:
        """HEAD / BASE for an effect; None for differences."""
        return math.exp(self.sign * effect) if self.is_ratio else None


def process_value(samples: Sequence[float], *, timed: bool) -> float:
    """What one process says: the minimum of its timings, the median of anything else.

    Another job can only make an iteration slower, so the fastest one is the least disturbed.
    """
    return min(samples) if timed else statistics.median(samples)


def turns_value(effects: Sequence[float]) -> float:
    """What the turns of a pair say: the mean of those between their quartiles."""
    return float(scipy.stats.trim_mean(effects, CUT))


def side_values(pairs: Sequence[Pair], *, timed: bool) -> tuple[list[float], list[float]]:
    """The values of all processes of BASE, and of HEAD."""
    base = [process_value(pair.base, timed=timed) for pair in pairs]
    return base, [process_value(pair.head, timed=timed) for pair in pairs]


def scale_for(pairs: Sequence[Pair], benchmark: Benchmark, limits: Limits, *, timed: bool) -> Scale:
    """Log ratios, unless a value is not above zero or the thresholds are differences alone."""
    base, head = side_values(pairs, timed=timed)
    sign = 1 if benchmark.lower_is_better else -1
    centre = abs(statistics.median(base)) if base else 0.0
    if limits.warning_relative > 0 and min(base + head, default=1.0) > 0:
        # A floor in the unit is the same as a ratio, once the value is known.
        warning = max(limits.warning_relative, limits.warning_absolute / centre if centre else 0.0)
        severe = max(limits.severe_relative, limits.severe_absolute / centre if centre else 0.0)
        bounds = Bounds(math.log1p(warning), math.log1p(severe), math.log1p(_screen(warning, SCREEN)))
        return Scale(True, sign, bounds)
    warning = max(limits.warning_relative * centre, limits.warning_absolute)
    severe = max(limits.severe_relative * centre, limits.severe_absolute)
    return Scale(False, sign, Bounds(warning, severe, _screen(warning, SCREEN * centre)))


def _screen(warning: float, least: float) -> float:
    return max(min(least, warning), SCREEN_SHARE * warning)


def belongs_together(pair: Pair) -> bool:
    """Whether the turns of a pair of timings are compared one by one."""
    return pair.in_turns and len(pair.base) >= FEWEST_TURNS


def paired_values(pairs: Sequence[Pair], *, timed: bool) -> tuple[list[float], list[float]]:
    """The values of all processes of BASE, and these times the ratio of HEAD to BASE in the same pair: by their turns,
    where these belong together, else as HEAD's own processes say."""
    base, head = side_values(pairs, timed=timed)
    for place, pair in enumerate(pairs):
        if timed and belongs_together(pair):
            turns = zip(pair.base, pair.head, strict=True)
            head[place] = base[place] * math.exp(turns_value([math.log(after / before) for before, after in turns]))
    return base, head


def effects(pairs: Sequence[Pair], scale: Scale, *, timed: bool) -> list[float]:
    """One effect a pair: of what its processes say, or the interquartile mean of their turns, where these belong
    together."""
    values = zip(*side_values(pairs, timed=timed), strict=True)
    return [
        turns_value(list(map(scale.effect, pair.base, pair.head)))
        if timed and belongs_together(pair)
        else scale.effect(base, head)
        for pair, (base, head) in zip(pairs, values, strict=True)
    ]


def cpu_effects(pairs: Sequence[Pair]) -> list[float]:
    """The same of CPU time, as log ratios; empty if it is not known."""
    found = []
    for pair in pairs:
        if not pair.base_cpu or not pair.head_cpu:
            return []
        if min(pair.base_cpu) <= 0 or min(pair.head_cpu) <= 0:
            return []
        if belongs_together(pair):
            turns = zip(pair.base_cpu, pair.head_cpu, strict=True)
            found.append(turns_value([math.log(head / base) for base, head in turns]))
        else:
            found.append(math.log(min(pair.head_cpu) / min(pair.base_cpu)))
    return found
